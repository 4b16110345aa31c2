#ifndef SWITCH_STATION_LINE_H
#define SWITCH_STATION_LINE_H
/*
 * Inside of the lines (private to switch/station_line*.c): station_line.c keeps numbers, station_line_turn.c writes,
 * tells and looks in time, station_line_mend.c notices what is missing and asks for it, station_line_back.c gives it
 * again, station_line_close.c agrees with the other end once a day, station_line_say.c has what notes are made of.
 *
 * Notes (CBOR arrays, link.h): [type, ...]; unknown types and further elements belong to later versions and are
 * passed over.  Ranges are flat: [first, count, first, count, ...], ascending, disjoint.
 *   STATE   [1, current, upto, from, [[stream, floor, last, rest, [waiting...]] ...]]: all streams of mine with
 *           from <= stream <= upto; `current` is this start's; numbers below floor cannot be told of any more; those
 *           in `waiting`, and all from `rest` on (0: none), are still on their way.
 *   NEED    [2, stream, [ranges]]            VOID    [3, stream, [withdrawn], [not kept any more]]
 *   CLOSE   [4, stream, from, to, count, digest]    CLOSED  [5, stream, to]
 *   DIFF    [6, stream, from, to]: digests of that stretch, please
 *   LIST    [7, stream, from, to, step, bytes]: 8 bytes for each `step` numbers; step 1: of the id, LIST_NONE or
 *           LIST_VOID.  The one number out of a day's that differs is found in three questions, not by telling all.
 *   PRESENCE [8, state, ms since, ms since the last key or -1, hosted, on duty, ms past the handover or -1]: presence.h; spans, not
 *           instants: clocks differ.  station_presence.c
 */
#include "../formats/wire_token.h"
#include "link_recv.h"
#include "station_int.h"

#define LINE_DAY INT64_C(86400000)
#define LINE_STREAMS_MAX 1024	/* kept of one neighbour and direction: a mad one shall not fill our memory */
#define LINE_GAPS_MAX 4096	/* ranges of one stream */
#define LINE_NOTES_MAX 32	/* waiting to be told; what finds no room is said again by the timers */
#define LINE_NEED_MOST 256	/* numbers of one NEED */
#define LINE_RANGES_MOST 40	/* ranges of a note */
#define LINE_VOID_MOST 24	/* of each kind in a VOID */
#define LINE_WAITING_MOST 12	/* of one stream in a STATE */
#define LINE_STREAMS_TOLD 16	/* of one STATE */
#define LINE_PAGES 8		/* STATEs at the beginning of a session */
#define LINE_CLOSE_MOST 65536	/* numbers of one CLOSE */
#define LINE_BLOCKS 64		/* of one LIST */
#define LINE_WORK 400000	/* rows a neighbour may have us read between two looks */

enum note_type { NOTE_STATE = 1, NOTE_NEED, NOTE_VOID, NOTE_CLOSE, NOTE_CLOSED, NOTE_DIFF, NOTE_LIST, NOTE_PRESENCE };

struct line {			/* one stream of one direction */
	struct journal_line row;
	bool dirty;		/* row differs from the journal's */
	bool loaded;		/* in: held is what the journal has above row.closed */
	uint64_t floor;		/* out: lowest number that can be told of; 0: not looked at */
	struct serial_set waiting;	/* out: in the outbox */
	struct serial_set held;	/* in: above row.closed */
	struct serial_set missing;	/* in: told of, not on their way, not here */
	struct serial_set again;	/* in: something stands under it that differs: asked for once more */
	struct serial_set settled;	/* in: came again as it was: nothing more can be done about it */
	uint64_t told;		/* in: last number told of in a STATE of this life */
	uint64_t asked;		/* in: numbers of the last NEED not answered */
	int64_t missing_since;	/* ms UTC */
	bool looked, alarmed;	/* a look has seen it missing; so has a second one */
	bool conflict;		/* one number came with two messages: said */
	bool lost;		/* in: the peer has forgotten what it sent under numbers above lost_after */
	uint64_t lost_after;
	bool gave_known;
	uint64_t gave;		/* in: handed back up to here ... */
	uint64_t gave_after;	/* ... beginning behind this one */
	bool differs;
};

struct line_stretch { uint64_t from, to; };

struct line_diff {		/* the close found a difference: where? */
	uint64_t stream, from, to;	/* 0: none under way */
	struct line_stretch todo[LINE_BLOCKS];
	size_t n;
	bool more;		/* there was not room for all of it */
	unsigned bad;		/* numbers that differ, asked for again */
	int64_t at;		/* mono of the last step */
};

struct line_pass { uint64_t stream, serial; uint8_t digest[DIGEST_LEN]; };

struct line_peer {
	char peer[STATION_MAX];
	struct line *out, *in;	/* in the order they were begun */
	size_t nout, nin;
	bool old;		/* spoke version 1 when last heard: no numbers are given */
	bool begun;		/* a session has begun: STATE is due, all of it */
	bool changed;		/* since the last STATE */
	bool need;		/* NEED is due */
	bool touched;		/* in this turn: rows or custody entries are to be written */
	unsigned looks;		/* since the last STATE */
	uint64_t beyond;	/* numbers lost for good */
	int64_t give_at;	/* mono of the next batch to hand back; -1: none */
	struct buf notes[LINE_NOTES_MAX];
	size_t nnotes;
	struct line_pass *passed;	/* this turn's */
	size_t npassed, cappassed;
	int64_t day;		/* of the last close that was gone through; INT64_MIN: none */
	int64_t trim_day;
	struct { uint64_t stream, from, to; int64_t at; } closing;	/* stream 0: none */
	struct line_diff diff;
	uint64_t work;		/* rows left */
	int64_t bad_at;		/* mono of the last note that could not be read and was logged; 0 none */
	uint64_t bad;		/* such notes since */
};

#define LINE_DIGESTS 1024

struct lines {
	struct line_peer **p;
	size_t n, cap, hit;
	bool touched;
	bool timed;
	int64_t now, mono;	/* as link.c keeps them: steps of the clock are not time passing */
	int64_t stepped;	/* mono at the start, and at the last step forward of an hour and more since */
	int64_t step_from, step_by;	/* ms UTC before the last such step, and by how much; 0: none in this life */
	int64_t look_at;	/* mono */
	struct { uint64_t row; uint8_t digest[DIGEST_LEN]; } digests[LINE_DIGESTS];	/* of what was sent last */
	struct { char peer[STATION_MAX]; uint64_t row; } *forget;	/* to be taken out of the links */
	size_t nforget, capforget;
};

/* station_line.c */
void lines_time(struct lines *, int64_t now);
int64_t line_idle(const struct station *);
struct line_peer *line_peer_of(struct station *, const char *peer, bool make);
struct line *line_find(struct line_peer *, bool out, uint64_t stream);
struct line *line_new_in(struct station *, struct line_peer *, uint64_t stream);	/* NULL: too many */
void line_load(struct station *, struct line_peer *, struct line *);	/* in: held */
void line_touch(struct station *, struct line_peer *, struct line *);	/* its row is to be written */
void line_closed(struct line *, uint64_t upto);			/* row.closed rises */
uint64_t line_floor(struct station *, struct line_peer *, struct line *);
void line_alarm(struct station *, const char *what, const char *detail);
bool line_spends(struct line_peer *, uint64_t rows);		/* false: it has had us work enough for now */
void line_say(struct line_peer *, struct buf *note);		/* takes the bytes; told after COMMIT */

/* station_line_mend.c */
void line_state_build(struct station *, struct line_peer *);	/* says STATE; as a session begins all of it */
void line_state_heard(struct station *, int64_t now, struct line_peer *, struct tokens *);
void line_need_build(struct station *, struct line_peer *);
void line_need_heard(struct station *, int64_t now, struct line_peer *, struct tokens *);
void line_void_heard(struct station *, int64_t now, struct line_peer *, struct tokens *);
void line_gaps(struct station *, int64_t now, struct line_peer *);	/* alarms */
void line_mended(struct station *, struct line_peer *, struct line *, uint64_t serial);

/* station_line_back.c */
void line_give(struct station *, int64_t now, struct line_peer *);	/* hands back the next of what it has lost */
/* serial 0: under the next number.  False: its bytes are not here. */
bool line_offer(struct station *, struct line_peer *, const struct msgid *, uint64_t stream, uint64_t serial,
    bool back);

/* station_line_close.c */
void line_close_next(struct station *, int64_t now, struct line_peer *);
void line_close_heard(struct station *, int64_t now, struct line_peer *, struct tokens *);
void line_closed_heard(struct station *, int64_t now, struct line_peer *, struct tokens *);
void line_diff_heard(struct station *, int64_t now, struct line_peer *, struct tokens *);
void line_list_heard(struct station *, int64_t now, struct line_peer *, struct tokens *);
void line_trim(struct station *, int64_t now, struct line_peer *);
int64_t line_day(const struct station *, int64_t now);

/* station_line_say.c */
struct line_ranges { struct line_stretch v[LINE_RANGES_MOST]; size_t n; };
void line_put_ranges(struct buf *, const struct line_ranges *);
bool line_get_ranges(struct tokens *, struct line_ranges *);	/* false: not decodable */

#endif
