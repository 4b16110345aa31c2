#ifndef TUI_APP_H
#define TUI_APP_H
/*
 * The desk's frame: event loop, connection to the switch, stack of views, feeds of data that views show, the note line.
 *
 * Screen: row 0 heading (view's title, link state, date and minute), row 1 a rule or the exercise band, then the
 * view, and from the bottom: hint, note, rule.  Views draw into rows app_top() .. app_bottom() only.
 * Nothing here waits for the switch: requests are posted and answered through callbacks; a submit is repeated with its rid until it
 * has been answered, also over a restart of the switch.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "../formats/body.h"
#include "../formats/codebook.h"
#include "../formats/fault.h"
#include "../switch/client.h"
#include "term.h"

enum feed {
	FEED_INBOX,	/* op inbox: what asks for something first, then the newest; no history */
	FEED_OWED,
	FEED_INCIDENTS,	/* live */
	FEED_EXERCISE,	/* incidents of the exercise realm */
	FEED_STATUS,
	FEED_DRAFTS,
	FEED_MAX
};
#define FEED_BIT(f) (1u << (f))

struct app;
struct view;
struct prompt;

struct view_ops {
	unsigned feeds;		/* FEED_BITs it shows */
	bool editing;		/* characters are text, not commands */
	void (*free)(struct view *);	/* frees the view too */
	void (*title)(struct view *, char *buf, size_t size);
	void (*paint)(struct view *);
	/* Optional. */
	bool (*key)(struct view *, const struct key *);		/* raw keys, before commands; true: used */
	bool (*command)(struct view *, enum command_id);	/* true: done here */
	void (*fed)(struct view *, enum feed);			/* a feed has new data */
	void (*load)(struct view *);				/* on opening, on push, on reconnection: ask again */
	void (*tick)(struct view *, int64_t now);		/* about each second; now: ms UTC */
	bool (*hint)(struct view *, char *buf, size_t size);	/* the last row */
	void (*leave)(struct view *);				/* the desk closes: save */
	bool (*find)(struct view *, const char *text);		/* select the next match */
};

struct view {
	const struct view_ops *ops;
	struct app *app;
	struct view *below;
	int cursor_row, cursor_col;	/* set by paint */
	bool exercise;			/* row 1 shows the band */
};

/* answer: borrowed, NULL when it failed; then the fault says why. */
typedef void (*ask_fn)(struct view *owner, void *arg, const json_t *answer, const struct fault *);

struct app *app_new(const char *dir, const struct codebook *);
int app_run(struct app *);		/* exit status */
void app_free(struct app *);

const struct codebook *app_codebook(const struct app *);
int64_t app_now(const struct app *);	/* ms UTC */
bool app_connected(const struct app *);
const char *app_station(const struct app *);		/* own code, "" before the first hello */
const char *app_hello(const struct app *, const char *key);	/* text of the hello answer, "" */
const json_t *app_feed(const struct app *, enum feed);	/* array, possibly empty; NULL before the first answer; status: object */
void app_want(struct app *, enum feed);			/* read it again soon */

/* Reading requests.  arg is freed with free() after the callback (may be NULL).  Dropped when the owner goes; failed when the switch goes. */
void app_ask(struct app *, struct view *owner, json_t *request, ask_fn, void *arg);
/* A submit: request holds op submit and rid; repeated until answered, whatever views come and go.  request and context (may be NULL) are taken
 * over; fn NULL: the outcome is noted. */
typedef void (*submit_fn)(struct app *, json_t *context, const json_t *answer, const struct fault *);
void app_submit(struct app *, json_t *request, submit_fn, json_t *context);
size_t app_unanswered(const struct app *);	/* submits without an answer yet */
/* The draft of this request id has been sent or thrown away in this desk: an older answer of the switch may still list it. */
void app_draft_ended(struct app *, const char *rid);
bool app_draft_has_ended(const struct app *, const char *rid);
/* Words about links that are down, with a leading separator, "" when none is; up_only: only the one to the station above. */
const char *app_link_note(const struct app *, bool up_only, char *buf, size_t size);
/* A submit that belongs to nobody: draft_put / draft_del and read receipts. */
void app_post(struct app *, json_t *request);

void app_push_view(struct app *, struct view *);	/* takes over; asks for its feeds */
void app_pop_view(struct app *, struct view *);		/* closes it (and what is above) */
void app_home(struct app *);				/* back to the overview */
struct view *app_top_view(const struct app *);
void app_prompt(struct app *, struct prompt *);		/* takes over; NULL closes */
void app_dirty(struct app *);				/* paint again */
void app_note(struct app *, bool alert, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void app_note_fault(struct app *, const struct fault *);
const char *app_fault_label(const char *field);	/* what people call it, NULL: no word */
void app_quit(struct app *);
/* Runs a command as if its key had been pressed. */
void app_command(struct app *, enum command_id);

int app_top_row(const struct app *);
int app_bottom_row(const struct app *);		/* last row a view may draw in */

/* The person at the desk as last typed, for prefilling; "" at first. */
const char *app_person(const struct app *);
void app_set_person(struct app *, const char *);

/* Hint text "F2 label" from the command table's first key; appends with a space. */
void hint_add(char *buf, size_t size, enum command_id, const char *label);
void hint_key(char *buf, size_t size, const char *text);	/* a key that is not in the command table */
void hint_text(char *buf, size_t size, const char *text);
void hint_lines(char *buf, size_t size);	/* what every view of lines ends with: more, find, back, help */

/* Views. */
struct view *view_overview_new(struct app *);
struct view *view_inbox_new(struct app *, const char *select);	/* select: message id or NULL */
/* about: id of the message the marker is put on; "" = the newest line. */
struct view *view_incident_new(struct app *, const char *ref, bool exercise, const char *about);
struct view *view_message_new(struct app *, const char *id);
struct view *view_help_new(struct app *);
struct view *view_palette_new(struct app *);
struct view *view_drafts_new(struct app *);
struct view *view_status_new(struct app *);
struct view *view_log_new(struct app *);
struct view *view_handover_new(struct app *);			/* screen 09 */
struct view *view_roster_new(struct app *);			/* screen 10: roster, telephone numbers, roll calls */
struct view *view_stats_new(struct app *);			/* screen 13 */
struct view *view_track_new(struct app *, const char *id);	/* screen 07: a directive's addressees */
struct view *view_orders_new(struct app *);			/* 督办, 批示, directives that wait */
struct view *view_rolls_new(struct app *);
struct view *view_zeros_new(struct app *);
struct view *view_replay_new(struct app *);
struct view *view_explain_new(struct app *, const char *ref);	/* which rule set which clock */

#endif
