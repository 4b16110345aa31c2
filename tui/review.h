#ifndef TUI_REVIEW_H
#define TUI_REVIEW_H
/*
 * The strip under a report: what the switch has to say about the text as it stands (op review), a second after the last
 * key.  One question is under way at a time; typing and sending never wait for it, and nothing in it refuses anything.
 *
 *   涉密     a mark of secrecy: the switch keeps nothing of it
 *   数字核对 numbers in the words that are not those of the figures
 *   与上版差 figures that fall, then those that changed
 *   要素核对 what is missing, said to be unknown, present
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "app.h"

#define REVIEW_ROWS 4	/* at most */

struct review {
	struct app *app;
	struct view *owner;		/* asks; what it has asked for is dropped with it */
	json_t *answer;			/* the last one; NULL: none yet */
	char *changes;			/* figures that differ from the last version without falling; NULL: none */
	char *secret;			/* the switch's refusal; NULL: none */
	json_t *body;			/* what was asked about last; NULL */
	json_t *last;			/* this station's figures as they were said last; NULL: not known */
	bool own_changes;		/* the owner knows what changed (a form does); else it is asked for */
	bool last_asked;
	bool numbers_only;		/* no elements: what is taken down is not complete yet */
	bool reason;			/* a reason for what falls is given */
	bool want, asking;
	int64_t touched;		/* ms UTC, of the last key */
	void (*answered)(struct view *owner);	/* may be NULL */
};

void review_init(struct review *, struct app *, struct view *owner);
void review_free(struct review *);
/* The text is another (or was never looked at). */
void review_touch(struct review *, int64_t now);
/* Whether it is time to ask; then review_ask() with the body as it stands and the incident ("" = none). */
bool review_due(const struct review *, int64_t now);
void review_ask(struct review *, json_t *body, bool exercise);	/* takes body over */
void review_secret(struct review *, const struct fault *);	/* NULL: no longer */
size_t review_falls(const struct review *);
int review_rows(const struct review *);		/* 0 .. REVIEW_ROWS */
void review_paint(const struct review *, int row, int cols);

/* All of it, nothing cut, as a view of lines; NULL when there is nothing to say.  compose_list.c */
struct view *review_list_new(struct app *, const struct review *, bool exercise);

/* Joins the rows of one heading within `cells`; what does not fit is counted: " +3".  Exposed for its tests. */
struct buf;
void review_elements(const json_t *answer, int cells, struct buf *out);
void review_conflicts(const json_t *answer, int cells, struct buf *out);
void review_differences(const struct review *, int cells, struct buf *out);

#endif
