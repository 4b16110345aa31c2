#ifndef SWITCH_QUERY_INT_H
#define SWITCH_QUERY_INT_H
/*
 * Private to query*.c: one request being answered, and what its answers share.
 *
 * Rules inside: nothing calls the journal from within one of its callbacks (rows are collected first); every walk is
 * bounded, but for the first one after a start (query_live.c); every text put into an answer is sanitised (jansson
 * takes valid UTF-8 only, terminals no controls).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "../formats/body.h"
#include "../formats/fault.h"
#include "clock.h"
#include "incident.h"
#include "query.h"

#define QUERY_BYTES (3u << 20)		/* bytes of an answer's list before it is cut (DESK_JSON_MAX is 4 MiB) */
#define QUERY_TITLE 60			/* characters of a running text that stand in for a title */
#define QUERY_LINE 200			/* characters of it in a timeline */

struct query {
	const struct query_env *env;
	struct station *s;
	struct journal *j;
	const struct station_conf *conf;
	const json_t *req;
	struct fault *f;
	int64_t now;
	const char *self;
	const char *parent;		/* "" at the top */
	const char *level;		/* of self, as the rules name it */
	bool zh;
};

void query_begin(const struct query_env *, int64_t now, struct query *);	/* without a request (query.c) */
/* Level of a station below, as the rules name it. */
const char *query_level(const struct query *, const char *station);
/* ---- members of the request (query.c) ----
 * false + fault EX_DATAERR naming the member when it is of the wrong type or out of range */
bool query_get_int(struct query *, const char *member, int64_t dflt, int64_t min, int64_t max, int64_t *);
bool query_get_limit(struct query *, int64_t dflt, int64_t max, int64_t *); /* "limit", from 1; more than max is max */
bool query_get_bool(struct query *, const char *member, bool *);			/* absent: false */
bool query_get_text(struct query *, const char *member, bool needed, const char **);	/* absent: NULL; borrowed */
bool query_get_realm(struct query *, int dflt, int *);					/* "live", "exercise", 0, 1 */
bool query_get_kind(struct query *, int *);						/* absent: 0 = any */
bool query_get_id(struct query *, const char *member, struct msgid *);			/* needed */
/* An object of fields as a body (caller frees); absent: true and NULL. (query_review.c) */
bool query_get_body(struct query *, const char *member, struct body **);
json_t *query_unreadable(struct query *); /* sets EX_IOERR, returns NULL */

/* ---- words (query_name.c) ---- */
const char *query_say(const struct query *, const char *en, const char *zh);
void query_put(json_t *, const char *member, json_t *);					/* takes the reference */
void query_put_text(json_t *, const char *member, const char *);			/* one line; NULL = "" */
void query_put_lines(json_t *, const char *member, const char *, size_t max); /* line feeds kept; cut at max bytes */
void query_put_id(json_t *, const char *member, const struct msgid *);			/* "" when unset */
/* Two members each: `member` and `member`_name. */
void query_put_enum(const struct query *, json_t *, const char *member, const char *set, int value);
void query_put_station(const struct query *, json_t *, const char *member, const char *station);
const char *query_ascii(const char *set, int value, char *buf, size_t size);	/* "" for 0, the number when unknown */
const char *query_word(const struct query *, const char *set, int value, char *buf, size_t size);
const char *query_station(const struct query *, const char *station, char *buf, size_t size);
/* An incident's number as spoken here: another opener's goes with its name (西周1122-001). */
/* A figure of a source with the time it holds for, added to the list: borrowed from it.  NULL: its field is not known here. */
struct incident_figure;
json_t *query_put_source(const struct query *, json_t *list, const struct incident_figure *, const char *source, int64_t at);
const char *query_number(const struct query *, const char *opener, const char *number, char *buf, size_t size);
const char *query_realm_name(int realm);
const char *query_field_name(const struct query *, const struct field *);	/* query_review.c */
/* A figure in the reader's words, without source and unit. (query_review.c) */
void query_put_figure(const struct query *, json_t *, const char *member, uint32_t key, const struct figure *);
/* What a message is called; made up where it has no title.  chars: characters of a running text. */
void query_title(struct query *, const struct body *, int chars, struct buf *out);

/* ---- rows ---- */
struct body *query_decode(const struct journal_msg *); /* NULL when destroyed or unreadable */
/* The message and its body: 0 (caller frees *b and m->body), 1 not here or destroyed, -1 failed. */
int query_message(struct query *, const struct msgid *, struct journal_msg *m, struct body **b);
/* The message the request's "id" names; destroyed or unreadable: *b is NULL.  -1 + fault: no id, not here, not readable. (query_show.c) */
int query_wanted(struct query *, struct msgid *, struct journal_msg *, struct body **b);
/* Cached summary as an object, folded anew where the cache is of no use; NULL when that fails too. */
json_t *query_summary(struct query *, const struct msgid *, const struct buf *cached);
/* The summary in the words of the language asked for.  Takes the summary's reference. */
json_t *query_incident(struct query *, json_t *summary, int64_t changed);
bool query_is_event(const json_t *summary); /* listed among the incidents; warnings are not */
struct grade_cache {		/* grade and number of the incidents met in one request */
	struct msgid *id;
	int *grade;
	char (*number)[96];
	size_t n;
};
/* Index into the cache; grade 0 and number "" when unknown. */
size_t query_incident_of(struct query *, struct grade_cache *, const struct msgid *);
void grade_cache_free(struct grade_cache *);

json_t *query_delivery(const struct query *, const struct journal_delivery *);	/* one addressee (query_show.c) */

/* ---- an undetermined grade is asked for again (query_propose.c) ---- */
struct ask_again {
	int64_t origin, due;		/* ms UTC: the last word on it; when it is asked for again */
	struct msgid about;		/* that word */
	const char *clause;		/* lives as long as the rules */
};
/* False when nobody has to be asked: graded, over, history. */
bool query_ask_again(const struct incident *, const struct rules *, struct ask_again *);

/* Casualties changed after the final report or the archiving: {about at window over rule clause mark text}; NULL: they did not, or it was reported
 * since.  (query_supplement.c) */
json_t *query_supplement(const struct query *, const struct incident *);

/* ---- what has come in (query_live.c, query_inbox.c) ---- */
struct inbox_item {
	struct msgid id, incident;
	int kind, precedence;
	int64_t stored;
	uint64_t seq;
	int demands;			/* 0, ACT_READ, ACT_SIGNED */
	int done;			/* highest enum act of ours */
	bool answered, own, history, ring, recalled, corrected;
	bool notice;			/* our own: something could not be delivered */
	bool attention;
};
/* ---- answers: new reference, or NULL + fault ---- */
json_t *query_incidents(struct query *);
json_t *query_list(struct query *);
json_t *query_log(struct query *);
json_t *query_show(struct query *);
json_t *query_message_answer(struct query *);
json_t *query_inbox(struct query *);
json_t *query_owed(struct query *);
json_t *query_status(struct query *);
json_t *query_rolls(struct query *);	/* query_rolls.c */
json_t *query_zeros(struct query *);
json_t *query_trace(struct query *);
json_t *query_ledger(struct query *);
json_t *query_search(struct query *);
json_t *query_track(struct query *);
json_t *query_orders(struct query *);
json_t *query_claims(struct query *);
json_t *query_stats(struct query *);
struct duty;
json_t *query_on_duty(const struct query *, const struct duty *);	/* who is responsible; null: nobody ever signed on (query_staff.c) */
json_t *query_verify(struct query *);
json_t *query_review(struct query *);
json_t *query_propose(struct query *);
json_t *query_diff(struct query *);
json_t *query_drafts(struct query *);
json_t *query_explain(struct query *);
json_t *query_rules(struct query *);
json_t *query_staff(struct query *);
json_t *query_roster(struct query *);
json_t *query_duty_remark_list(struct query *);	/* what is wrong with register and roster (query_staff.c) */
json_t *query_handover(struct query *);
json_t *query_replay(struct query *);
/* An item of what is owed with the person it is now, when who took it on has handed over (query_handover.c).  Takes o; what: enum owed. */
json_t *query_owner(struct query *, json_t *o, int what);

#endif
