#ifndef FORMATS_LIFE_H
#define FORMATS_LIFE_H
/*
 * The life of a report before and after it is sent, and of an event: const tables, pure (DOMAIN 1 and 5).
 *
 *   report  草稿 → 待核 → 待签 → 已发 → 办结      before sending it is a draft of the station, after it a message
 *   event   接报 → 核实 → 在办 → 处置毕 → 终报 → 归档     a station's own view; 并案 when it was merged away
 *
 * Friction is for lowering and silencing only: a person may always send at once (no leader need be reached), and a
 * message from the wire that does not fit the table is kept and shown; it just moves nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "body.h"
#include "rules.h"

/* ---- before sending: the draft ---- */

enum draft_state {
	DRAFT_WRITING = 1,  /* 草稿 */
	DRAFT_CHECKING = 2, /* 待核 */
	DRAFT_SIGNING = 3,  /* 待签 */
	DRAFT_SENT = 4	    /* the draft is gone, the message stands */
};
enum draft_event {
	DRAFT_EDIT = 1,	    /* its text changed: whatever was checked or signed no longer is */
	DRAFT_SUBMIT = 2,   /* 送核 */
	DRAFT_PASS = 3,	    /* 核过 by a named person */
	DRAFT_RETURN = 4,   /* 退回 with a reason */
	DRAFT_TAKE_BACK = 5, /* its author takes it back */
	DRAFT_TRY = 6,	    /* a leader's number was tried: number, outcome */
	DRAFT_APPROVE = 7,  /* 签发 by a named person: it goes */
	DRAFT_UNSIGNED = 8, /* 先报后签: it goes now, the signature is owed */
	DRAFT_SEND = 9	    /* sent by its author as it is (no signature, or the signer typed) */
};
/* The state after it, 0 when the table does not have it. */
int life_draft_next(int state, int event);
/* ASCII name, msgid and Chinese of a state or event, NULL when unknown; the value of an ASCII name, 0. */
struct life_name {
	int value;
	const char *name, *label, *zh;
};
const struct life_name *life_draft_state(int);
const struct life_name *life_draft_event(int);
int life_draft_event_by_name(const char *);

/* A try to reach a leader; one value of F_TRIES: "INSTANT NUMBER OUTCOME NAME": RFC 3339 with offset, no blanks in the
 * number, the ASCII name of an outcome, the leader's name to the end. */
struct life_try {
	int64_t at; /* ms UTC, stamped by the switch */
	char number[49];
	int outcome; /* enum outcome */
	char person[97];
};
void life_try_format(const struct life_try *, char *out, size_t size);
bool life_try_parse(const char *, struct life_try *);
/* 先报后签 is in order when `unsigned_numbers` different numbers were tried, or `unsigned_minutes` have passed since the
 * first try (conf/rules/numbers.tsv).  Fills *from with the instant from which it will be in order (INT64_MAX: nobody was
 * tried yet).  Pure. */
bool life_unsigned_ok(const struct life_try *, size_t n, int64_t now, const struct rules *, int64_t *from);

/* ---- after sending: the report as a message ---- */

enum report_state {
	REPORT_SENT = 1,      /* 已发 */
	REPORT_RETURNED = 2,  /* 退回: somebody sent it back with a reason, and it was not corrected since */
	REPORT_CORRECTED = 3, /* 更正: superseded by a later one */
	REPORT_WITHDRAWN = 4, /* 撤回 */
	REPORT_CLOSED = 5     /* 办结 */
};
const struct life_name *life_report_state(int);

/* ---- the event ---- */

enum event_state {
	EVENT_REPORTED = 1, /* 接报 */
	EVENT_VERIFIED = 2, /* 核实 */
	EVENT_HANDLING = 3, /* 在办 */
	EVENT_RESOLVED = 4, /* 处置毕 */
	EVENT_FINAL = 5,    /* 终报 */
	EVENT_ARCHIVED = 6, /* 归档 */
	EVENT_MERGED = 7    /* 并案 */
};
enum event_event { /* enum step values, and what other messages mean for the event */
	EVENT_BY_TAKEN = 101, /* 接办 or a directive: somebody is at work */
	EVENT_BY_FINAL = 102, /* a final report (终报, 核报) */
	EVENT_BY_NEWS = 103   /* a report that is not final */
};
/* The station's state after a step (enum step) or event_event; 0 when the table does not have it: nothing moves. */
int life_event_next(int state, int event);
const struct life_name *life_event_state(int);
/* Which step leads on from here, for the desk's menu: i-th enum step allowed in the state, 0 past the end. */
int life_event_step(int state, size_t i);

#endif
