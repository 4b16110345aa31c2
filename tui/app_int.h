#ifndef TUI_APP_INT_H
#define TUI_APP_INT_H
/* Between app.c (loop, keys), app_paint.c (the frame) and app_link.c (the switch) only. */
#include "app.h"
#include "prompt.h"

struct ask {
	uint64_t n;		/* request number of the connection */
	struct view *owner;	/* NULL: nobody's */
	ask_fn fn;
	void *arg;
};

struct submit {
	json_t *request;
	uint64_t n;		/* 0: to be posted (again) */
	submit_fn fn;		/* NULL: the outcome is noted */
	json_t *context;
	bool quiet;		/* drafts, read receipts: success says nothing */
	struct submit *next;
};

struct opening;	/* a connection being made, app_link.c */

struct app {
	char *dir;
	const struct codebook *cb;
	struct client *client;
	struct opening *opening;
	int64_t retry_at;	/* monotonic: when to try the switch again */
	char why_down[256];
	bool ever_connected;
	json_t *hello;		/* of the last connection */

	struct ask *asks;
	size_t nasks, asks_cap;
	struct submit *submits, **submits_tail;

	struct {
		json_t *data;
		bool want;
		bool in_flight;
		int64_t asked;	/* monotonic */
		int64_t took;	/* ms the last answer took */
	} feed[FEED_MAX];
	int64_t load_at;	/* monotonic: the top view reads again then; 0 = no need */
	int64_t poll_at;	/* monotonic: owed and status are read anew without a push */

	int64_t attended_at;	/* monotonic: when the switch was told last that somebody presses keys; 0 never on this connection */

	struct probe probe;	/* of the terminal's line */
	bool line_dead;		/* as the switch was told */

	json_t *seen;		/* ids of the inbox that have rung or were there at the start */
	json_t *ended;		/* rids of drafts sent or thrown away here */
	int64_t newest_at;	/* when the newest of them was stored, ms UTC */
	bool flash_unsigned;
	int64_t bell_at;	/* monotonic: the next repetition */

	struct view *top;
	struct prompt *prompt;
	struct pin_wait *pin_wait;	/* a submit that waits for a PIN, app_pin.c */
	char note[512];
	bool note_alert;
	char person[96];

	bool dirty;
	bool dirty_slow;	/* only data came: answers still to come may be painted together */
	int64_t dirty_at;
	int64_t minute;
	int64_t tick_at;
	bool quit;
	int status;
};

/* app_pin.c: a refused submit for which a PIN is asked; true: it has the request now, and calls fn when it is given up. */
bool app_pin_wanted(struct app *, json_t *request, submit_fn, json_t *context, const struct fault *);
void app_pin_check(struct app *);	/* its question was closed by another one: it ends as refused */
void app_pin_free(struct app *);

/* app_link.c */
void deskline_step(struct app *, bool readable);	/* moves bytes, connects, repeats */
void deskline_attend(struct app *);			/* a key was pressed: somebody is there */
void deskline_close(struct app *);
int deskline_fds(struct app *, int fd[2], bool *writes);	/* descriptors to poll for reading; the first also for writing when *writes */
int64_t deskline_wake(const struct app *);		/* monotonic ms of the next thing to do */
void deskline_disown(struct app *, const struct view *);
void deskline_free(struct app *);

/* app_bell.c */
#define BELL_MS 30000	/* a flash message rings again after this until it is signed for */
void inbox_bell(struct app *);

/* app_alert.c: what row 1 says; "" nothing */
void app_alert(const struct app *, char *buf, size_t size);

/* app_paint.c */
struct more_key {
	const char *key;	/* as in the command table */
	enum command_id id;
};
extern const struct more_key more_keys[];	/* ends with key NULL */
void app_paint(struct app *);

/* app.c */
void app_fed(struct app *, enum feed);

#endif
