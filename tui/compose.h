#ifndef TUI_COMPOSE_H
#define TUI_COMPOSE_H
/*
 * A message being written: form, draft and sending, common to intake, reports, directives and feedback.
 *
 * The draft lies at the switch under the request id that the message will be sent with: saved two seconds after the last key, on Ctrl-S, on
 * leaving and when the line drops; restored with words, field and cursor.  A draft that was sent and not answered is sent
 * again when the desk comes back, under the same id: nothing is lost and nothing is doubled.
 */
#include <stdbool.h>
#include <jansson.h>
#include "app.h"
#include "form.h"
#include "review.h"

enum compose_kind { COMPOSE_INTAKE = 1, COMPOSE_REPORT, COMPOSE_DIRECTIVE, COMPOSE_FEEDBACK };

struct compose {
	struct view v;
	enum compose_kind kind;
	struct form form;
	char rid[192];
	char writer[192];		/* this opening of the form; a draft that another one has written since is not overwritten */
	char on[224];			/* writer:rev of the text it was opened from; "" = none */
	int64_t rev;			/* counted up with every text that is kept */
	char incident[MSGID_TEXT_MAX];	/* "" = none (yet) */
	char number[96];		/* spoken number, for the heading */
	json_t *refs, *parents;		/* arrays of ids */
	bool report_too;		/* intake: the first report follows */
	bool sending;
	bool confirmed;			/* a time ahead of the clock is meant */
	bool for_review;		/* being handed on to be checked, not sent */
	bool follows;			/* prefilled from this station's last version: its figures stand beside the new ones */
	bool prefill;			/* what the switch would fill in is still to come */
	bool prefill_asked;
	int64_t opened_at;		/* ms UTC, with prefill */
	bool refused;			/* the switch would not keep the text */
	bool dirty;			/* typed since the last save */
	bool ever_saved;
	int64_t changed_at, saved_at;	/* ms UTC */
	const struct compose_ops *ops;
	struct review review;		/* reports: the strip */
};

/* What differs between the kinds. */
struct compose_ops {
	const char *name;				/* in the draft */
	void (*fields)(struct compose *);		/* adds the cells */
	void (*title)(const struct compose *, char *, size_t);
	bool (*hint)(const struct compose *, char *, size_t);
	/* Adds kind, stage, ... to the message; report: the second message of an intake. */
	void (*fill)(const struct compose *, json_t *body, bool report);
};
extern const struct compose_ops compose_intake_ops, compose_report_ops, compose_directive_ops, compose_feedback_ops;

struct compose *compose_new(struct app *, enum compose_kind, bool exercise);	/* fresh rid, empty form */
/* From a draft's JSON; NULL when it is none of this desk's forms. */
struct compose *compose_restore(struct app *, const char *rid, const json_t *draft);
struct view *compose_view(struct compose *);
void compose_send(struct compose *, bool report_too);
/* Hands a report on to be checked and signed (送核). */
void compose_submit(struct compose *);
/* What can be read of it now, with kind and incident; the caller's. */
struct body *compose_body(const struct compose *);
/* What it will be sent with: {realm, confirmed, body{}}; NULL + fault naming the field, which has the focus. */
json_t *compose_request(struct compose *, struct fault *);
/* Notes whose signature the report just stored (an answer of submit) owes, if any. */
void compose_signature(struct app *, const json_t *answer, const char *label, const char *number, const char *link);
/* Sends a draft again that was under way when a desk went. */
void compose_resume(struct app *, const char *rid, const json_t *draft);
/* A form with this request id stands on the stack of views. */
bool compose_is_open(struct app *, const char *rid);
void compose_set_enum(json_t *body, uint32_t key, const char *set, int value);

/* What opens them. */
void intake_open(struct app *);
void directive_open(struct app *, const json_t *incident);	/* incident: answer of show, or NULL */
void report_open(struct app *, struct view *owner, const json_t *incident);
/* Asks the switch, once, what it would fill in (op prefill); the cells nobody has typed into take it, whenever it comes. */
void report_prefill(struct compose *);
void feedback_open(struct app *, const json_t *message, const char *id);

/* The texts made of one record, view_outputs.c: bulletin, SMS, telephone script, paste text.
 * message: answer of op message. */
void outputs_open(struct app *, const json_t *message);
void outputs_open_body(struct app *, const struct body *, bool exercise);	/* copies the body */
/* The telephone script and the record of the call, phone.c.  message: answer of op message. */
void phone_open(struct app *, const json_t *message);
/* incident, id of the message it reads out, its number: "" = none. */
void phone_open_body(struct app *, const struct body *, const char *incident, const char *id, const char *number,
    bool exercise);

/* Prompts that act on an incident or a message, act.c. */
void act_grade(struct app *, struct view *owner, const json_t *incident);
void act_log(struct app *, struct view *owner, const json_t *incident);	/* incident may be NULL */
/* message: a row of inbox or of a timeline with id, incident, title, due, precedence. */
void act_sign(struct app *, struct view *owner, const json_t *message);
void act_take(struct app *, struct view *owner, const json_t *message);
/* Records a telephone report: incident, number, towards_name, realm of `about`.  F8 or T everywhere it applies. */
bool phone_key(const struct key *);
void act_phone(struct app *, struct view *owner, const json_t *about);
void act_read(struct app *, const json_t *message);	/* the read receipt; nothing is asked */

#endif
