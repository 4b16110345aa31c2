#ifndef SWITCH_INCIDENT_H
#define SWITCH_INCIDENT_H
/*
 * An incident is the fold of its messages (DESIGN 3): pure.  Any arrival order and any subset gives the same incident
 * as far as the messages go.  Order: topological by parents, ties by the
 * authors' logical count (F_ORDER), then by id, never by clock.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/codebook.h"
#include <jansson.h>

struct fold_msg {			/* input: one message of the incident */
	struct msgid id;
	int64_t stored;			/* ms UTC here */
	const struct body *body;	/* not owned */
	int kind;			/* as stored: shown where the body is gone; 0 = not known */
	bool destroyed;			/* two persons have destroyed its contents (误入清除) */
};

struct incident_line {			/* one row of the timeline, in fold order */
	struct msgid id;
	int kind, stage, act, grade;	/* enums, 0 when not of the kind */
	int64_t at;			/* ms UTC shown: learned (intake), else written */
	int64_t stored;
	const struct body *body;	/* of the input; an empty body where the input had none (destroyed) */
	bool destroyed; /* its contents are gone: the line is the tombstone */
	bool withdrawn; /* its author station has recalled it: it says nothing any more, but stays readable */
	bool superseded;		/* its author station has corrected it */
	bool split_off;			/* taken out into an incident of its own (STEP_SPLIT): it no longer speaks for this one */
	int state;			/* reports: enum report_state; else 0 */
	bool signature_owed;		/* sent unsigned (F_UNSIGNED: 先报后签), and not yet signed afterwards (补签) by its own station */
	const char *signer;		/* who has approved it, at once or afterwards; NULL.  In the bodies */
	const char *owed_by;		/* signature owed: who is booked for it; NULL */
};

struct incident_gap {			/* report numbers a station must have written and that are not held here */
	char station[STATION_MAX];
	int have;			/* the highest held */
	char without[128];		/* "2", "1-3, 5" */
};

/* settled: a superior station has decided on it by a grade that refers to it (F_REFS): still shown, no longer counted */
struct incident_grade { char station[STATION_MAX]; int grade; struct msgid by; bool settled; };
/* A station's view, enum event_state; by: the message that brought it there; reported: it has written a report that
 * stands, so that its 归档 wants its 终报 first (without any, 处置毕 is enough). */
struct incident_state { char station[STATION_MAX]; int state; struct msgid by; bool reported; };
struct incident_adopted {		/* 采用数: a named person's act, per station and field */
	uint32_t key;
	struct figure fig;		/* source: whose figure was adopted, may be NULL; points into the bodies */
	char station[STATION_MAX];
	const char *person;		/* in the bodies */
	int64_t at;			/* ms UTC, written */
	struct msgid by;
};
struct incident_verdict { char station[STATION_MAX]; const char *name, *person; bool confirmed; struct msgid by; };
struct incident_figure {		/* the newest figure per field and source */
	uint32_t key;
	struct figure fig;		/* source set, points into the input bodies or into station[] */
	char source[128];
	char station[STATION_MAX];	/* who reported it */
	struct msgid by;
};

struct incident {
	struct msgid id;
	char number[96], title[512], place[512], type[48];
	int grade;			/* effective: gravest of the stations' standing opinions; 0 = none stated */
	bool grade_conflict;		/* opinions differ */
	struct incident_grade *grades; size_t ngrades;	/* each station's standing opinion */
	struct incident_figure *figures; size_t nfigures;
	struct incident_line *lines; size_t nlines;	/* the timeline: all but the receipts 送达 and 已阅 */
	struct incident_line *all; size_t nall;	/* every message in fold order, all receipts included */
	char opener[STATION_MAX];	/* origin of the incident's id */
	int opener_kind;		/* enum kind of the first line held, 0 when there is none */
	struct incident_gap *gaps; size_t ngaps;	/* the opener's first, then by station */
	struct msgid *heads; size_t nheads;	/* ids no other message names as parent: parents of the next message */
	struct msgid *missing; size_t nmissing;	/* parents named and not held */
	char missing_text[512];		/* gaps in words: "330225102 report 3 without 2"; "" when nothing is missing */
	int64_t occurred, learned;	/* ms UTC, 0 = unknown */
	int version; /* highest report number of the opener; where no report of the opener is held, of anybody */
	bool final_reported, history, not_understood;
	/* Its life.  Each station states its own view; the incident as a whole is no further than the least of them, so
	 * that nobody hides what another still works on.  A reopening counts for every station. */
	int state;			/* enum event_state; EVENT_REPORTED at least, 0 when n was 0 */
	bool closed;	/* archived, or merged away and nothing reported here since: lists may leave it out */
	struct incident_state *states; size_t nstates;	/* by station */
	struct msgid merged_into;	/* origin "" = not merged away */
	struct msgid *absorbed; size_t nabsorbed;	/* incidents merged into this one, sorted */
	struct msgid split_from;	/* origin "" = was not split off */
	struct msgid *split_to; size_t nsplit;		/* sorted */
	struct incident_adopted *adopted; size_t nadopted;	/* by key, then station; the newest of each */
	struct incident_verdict *verdicts; size_t nverdicts;	/* by station and name; the newest of each */
	size_t signatures_owed;		/* lines with signature_owed */
};

/* The bodies must outlive the incident.  Never NULL; n may be 0. */
struct incident *incident_fold(const struct fold_msg *, size_t n);
void incident_free(struct incident *);
/* The cached summary: {id, number, title, place, type, grade, conflict, version, occurred, learned, figures{name:
 * text}, stations[], final, history, missing} and {opener, opener_kind, gaps[{station have without}],
 * figure_sources[{name text source station}], not_understood, state (ASCII name),
 * states[{station state}], merged_into, absorbed[], split_from, split_to[] (ids), adopted[{name text source station person at}],
 * verdicts[{station name confirmed person}], signatures_owed}. grade and opener_kind are ASCII names ("" = none),
 * figures "3", "?", "~20", ">=3", "<=5".  The same in every language, so that a fold made elsewhere compares equal. */
json_t *incident_summary(const struct incident *);
/* The same as text, compact, members sorted by name: appended to out. */
void incident_summary_text(const struct incident *, struct buf *out);

/* Is `station` among the addressees (F_TO, and with cc also F_CC)? */
bool incident_addressed(const struct body *, const char *station, bool cc);
/* Does the body refer (F_REFS) to id? */
bool incident_refers(const struct body *, const struct msgid *id);

#endif
