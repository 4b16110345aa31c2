#ifndef SWITCH_PRESENCE_H
#define SWITCH_PRESENCE_H
/*
 * Is anybody there?  Told between neighbours by a note of the link (NOTE_PRESENCE; peers that do not know it pass it over), proven by ordinary
 * acts: a key at the desk, a receipt.  A host that runs is no person.  station_presence.c
 */
#include <stdbool.h>
#include <stdint.h>

enum presence_state { PRESENCE_UNKNOWN = 0 /* an older peer */, PRESENCE_DOWN = 1 /* no link */, PRESENCE_NO_SEAT = 2 /* link, no desk open or its line is dead */,
	PRESENCE_IDLE = 3 /* a desk, no key for attended_minutes */, PRESENCE_ATTENDED = 4, PRESENCE_PHONE = 5 /* a station without a terminal */ };
struct presence {
	int state;			/* enum presence_state */
	int64_t since;			/* ms UTC, by our clock */
	int64_t last_key;		/* ms UTC, 0 unknown */
	bool hosted;			/* it runs on another's machine */
	char on_duty[192];		/* names of who is responsible there, as told; "" */
	int64_t due_handover;		/* ms UTC: its handover is past this; 0 none */
};
struct station;
/* Of a neighbour; of another station what its own acts have proven (UNKNOWN where nothing has). */
void station_presence(const struct station *, int64_t now, const char *of, struct presence *);
/* The desk service tells: desks open here, and whether one's line has gone dead. */
void station_seats(struct station *, int64_t now, unsigned open);
const char *presence_name(int state, bool zh);
const char *presence_ascii(int state);	/* "attended", "idle", "no-seat", "down", "phone", "unknown" */
/* With its time, as it stands on a row: "坐席有键 21:28", "坐席断 22:47(托管,不算在线)", "断线 22:47"; size 96 holds all; returns buf. */
const char *presence_text(const struct presence *, int64_t now, bool zh, char *buf, size_t size);
/* ms UTC of the last act of a person there that is known of here, 0 none. */
int64_t presence_last_act(const struct station *, int64_t now, const char *of);
/* Is that neighbour's clock off by more than the rules allow (numbers.tsv clock_minutes)?  *diff: ms it is ahead of ours. */
bool presence_clock_off(const struct station *, const char *peer, int64_t *diff);

#endif
