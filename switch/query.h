#ifndef SWITCH_QUERY_H
#define SWITCH_QUERY_H
/*
 * Answers to the reading requests of deskproto.h, built from the journal and the folds.  Reads only; verify alone rebuilds cached folds that differ, and
 * query_idle() marks what is settled.
 */
#include <jansson.h>
#include "station.h"
#include "stationdir.h"

struct outlet;

struct query_env {
	struct station *station;
	const struct stationdir *dir;
	bool zh;			/* language of *_name */
	const json_t *alarms;		/* array kept by desk.c, borrowed */
	const struct outlet *outlet;	/* the alarm outlet, NULL: none is served here */
};

/* op: incidents, show, message, inbox, owed, list, status, verify, drafts, log, review, propose, diff, hello.  New reference: the answer without "re";
 * NULL + fault when refused or op unknown (EX_USAGE). */
json_t *query_answer(const struct query_env *, int64_t now, const char *op, const json_t *request, struct fault *);

/* Between turns, when nothing is uncommitted and nothing else is to be done: reads ahead what the next answers need, and puts away
 * what is settled, for some 10 ms at a time.  *wrote: something was written into the journal; commit it.  Returns in how many ms it
 * wants to be called again at the latest; it may be called any time.  (query_settle.c) */
int64_t query_idle(const struct query_env *, int64_t now, bool *wrote);

/* What a submit's answer points out, told one by one: missing and odd fields, numbers in the words that are not those of
 * the figures, and in one line the elements a first or final report says nothing of. (query_review.c) */
typedef void (*query_remark_fn)(void *ctx, const char *text);
/* What is wrong with register and roster: of this message of them, or (NULL) of the whole.  (query_staff.c) */
void query_duty_remarks(struct station *, const struct body *, int64_t now, query_remark_fn, void *ctx);
void query_remarks(const struct rules *, const struct body *, int64_t now, query_remark_fn, void *ctx);
/* Feedback on a directive that was taken back or corrected here already.  (query_review.c) */
void query_stale_remark(const struct query_env *, const struct body *, int64_t now, query_remark_fn, void *ctx);
/* Casualties that change after the final report or the archiving: of this message of the incident.  (query_supplement.c) */
void query_supplement_remark(const struct query_env *, const struct msgid *id, const struct body *, const struct msgid *incident, int64_t now,
    query_remark_fn, void *ctx);
/* A draft as `drafts` shows it but for its content: rid seat ms begun state state_name trail[] unsigned_from.  (query_drafts.c) */
json_t *query_draft(struct station *, const struct journal_draft *, int64_t now, bool zh);

#endif
