#ifndef TESTS_NIGHTS_PAGE_H
#define TESTS_NIGHTS_PAGE_H
/*
 * What the shim inside the programs of a night and the player outside share: one page of memory, a file named by
 * $NIGHT_PAGE.
 *
 * The monotonic clock of a night is the kernel's plus `leap`, which the player alone adds to: time runs as ever while somebody
 * acts, and leaps while everybody waits.  The wall clock is that plus `wall`, plus the shift of the station
 * ($NIGHT_STATION, its number).  Every thread that has ever waited owns a slot, where it says whether it waits and until
 * when; so the player knows when nobody has anything to do, and which instant is the next somebody waits for.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#define NIGHT_MAGIC 0x4e494748u
#define NIGHT_SLOTS 1024
#define NIGHT_STATIONS 64
#define NIGHT_SIGNAL (SIGRTMAX - 3) /* "look at the clock"; blocked but in waits, so that it is never lost */
#define NIGHT_EVER INT64_MAX

enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_WAITING };

struct night_slot {
	_Atomic uint32_t state;
	_Atomic int32_t pid, tid;
	_Atomic uint64_t turn; /* one more at every wait */
	_Atomic int64_t due;   /* ns monotonic of the night; NIGHT_EVER: no timer */
};

struct night_page {
	uint32_t magic;
	_Atomic int64_t leap;			/* ns */
	_Atomic int64_t wall;			/* ns */
	_Atomic int64_t shift[NIGHT_STATIONS];	/* ns */
	_Atomic uint64_t reads;			/* of clocks, by programs */
	struct night_slot slot[NIGHT_SLOTS];
};

#endif
