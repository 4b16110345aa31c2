#ifndef SWITCH_QUERY_TRACK_H
#define SWITCH_QUERY_TRACK_H
/*
 * Private to query_track*.c and query_orders.c: one directive of this station and what each addressee has made of it, gathered from the
 * messages that refer to it and to what was added to it.
 */
#include "../formats/life.h"
#include "query_int.h"

struct track_figure {
	uint32_t key;
	struct figure fig;		/* source NULL */
	int64_t asof;			/* ms UTC it holds for */
	bool old;			/* older than its interval: not known any more, shown with its time */
	char by[STATION_MAX];		/* who wrote it down for the addressee; "" itself */
};

struct track_row {
	char to[STATION_MAX];
	struct journal_delivery delivery;
	int64_t signed_at, taken_at;	/* its own acts; ms UTC, 0 none */
	char signer[128], taker[128];
	/* 电话代签: written down here, nobody's own act. */
	struct { int64_t at; int act; char person[128], recording[97]; struct msgid id; } proxy;
	unsigned misread;		/* tries by telephone that were refused */
	char returned[256];		/* why it sent it back; "" */
	int64_t promised;		/* by the last 接办 or feedback, ms UTC, 0 none */
	int64_t said;			/* of its last feedback, ms UTC, 0 none */
	struct msgid feedback;		/* that one */
	char text[256];			/* its words, one line */
	char person[128];
	int progress;			/* enum progress of the last feedback that says one, 0 none */
	bool answered, finished;
	bool old;			/* 答旧版: its last feedback names a version that was corrected since */
	int64_t old_signed;		/* it signed for such a version when this one had been sent already; ms UTC, 0 none */
	struct track_figure *fig;
	size_t nfig;
	struct track_step { int64_t at; char text[256]; } *step;	/* 处置链: calls, chases, tries refused */
	size_t nstep;
	/* Made of the clocks. */
	int64_t sign_due, feedback_due;	/* ms UTC, 0 nothing is awaited */
	bool lapsed;
	const char *state;		/* machine name of the state, track_states */
};

struct track {
	struct msgid id;		/* of the directive followed */
	struct msgid asked_for;		/* the one the request named: it, or the one received that it passes on */
	struct journal_msg m;
	struct body *b;			/* NULL: its words are gone */
	int64_t sent, due, every;	/* ms UTC; every in ms, 0 none */
	char (*asks)[48];
	size_t nasks;
	struct track_row *row;
	size_t nrow;
	struct { struct msgid id; struct body *b; int64_t at; } *append;
	size_t nappend;
	bool revoked;
	int64_t revoked_at;
	char revoked_by[128], revoked_why[512];
};

/* 0; 1 when it is no directive that is held here; -1 the journal has failed.  track_free() whatever it was. */
int track_load(struct query *, const struct msgid *, struct track *);
void track_free(struct track *);
/* Fills what is made of the clocks.  (query_track_state.c, as the words that follow) */
void track_judge(struct query *, struct track *, struct track_row *);
/* One row in the words of query_track: "done", "normal" ...; late ones and open ones are counted by these. */
const char *track_state_name(const struct query *, const char *state);
bool track_open(const struct track *, const struct track_row *);	/* something is still awaited of it */
bool track_late(const struct track_row *);
struct track_figure *track_figure(const struct track_row *, uint32_t key);	/* NULL: it has said nothing of it */

/* A station that is dark: every way that is known of reaching it, as an array. (query_track_ways.c) */
json_t *track_ways(struct query *, const char *station);

#endif
