#ifndef SWITCH_SPACE_H
#define SWITCH_SPACE_H
/*
 * Room on the disk (DESIGN 4.4): which degrees of precedence are taken while the journal's file system fills, and the
 * ballast, a file beside the journal whose only purpose is to be given up so that the most urgent goes on.
 *
 * The core is pure: bytes in, decision out.  The shell beside it looks at the file system and moves the ballast file.
 */
#include <stdbool.h>
#include <stdint.h>
#include "../formats/field.h"

/* Bounds in bytes, worked out once of the settings and the size of the file system. */
struct space_limits {
	uint64_t need[PREC_ROUTINE + 1];	/* by precedence: free bytes below which it is refused; 特提 has a rule of its own */
	uint64_t floor;		/* below it the ballast is given up; without ballast it is kept for what must be written anyway */
	uint64_t ballast;	/* size of the whole ballast */
};

/* room_mb: below it routine traffic is refused, below a half 加急, below a quarter 特急; ballast_mb.  On a small file system they shrink to
 * 10 % and 2 % of its size (total bytes; 0: not known). */
void space_limits(struct space_limits *, uint64_t total, long room_mb, long ballast_mb);

struct space_now {
	uint64_t free;		/* bytes an ordinary account can still take */
	uint64_t ballast;	/* bytes the ballast file holds */
	int lowest;		/* lowest precedence taken until now; 0: none */
};

struct space_verdict {
	int lowest;		/* lowest precedence taken from now on: PREC_ROUTINE all, 0 none */
	uint64_t ballast;	/* what the ballast file is to hold from now on */
};

/*
 * Refuses at once, takes again late: a degree comes back only when its bound is passed by a quarter with the ballast whole, so that
 * the ballast is made again before it.  The ballast is given up so far that two floors are free, and grows again only from
 * what lies above the bound of 特急.  特提 is refused only when the ballast is used up and less than the floor is free.
 */
struct space_verdict space_judge(const struct space_limits *, const struct space_now *);

/* ---- the shell ---- */

struct space;

/* Never fails: what cannot be seen is logged and judged as enough. */
struct space *space_open(const char *journal, long room_mb, long ballast_mb);
void space_free(struct space *);			/* the ballast file stays */
/* Before the journal is opened: on a full disk the ballast gives way until two floors are free.  `all`: all of it. */
void space_make_way(struct space *, bool all);
/* Looks, moves the ballast one step.  True when the lowest precedence taken has changed. */
bool space_look(struct space *);
int space_lowest(const struct space *);
uint64_t space_free_bytes(const struct space *);	/* when last looked at */
const struct space_limits *space_bounds(const struct space *);
/* ms until another look is needed though nothing is written: the ballast is being made, or something is refused; INT64_MAX: none. */
int64_t space_again(const struct space *);

#endif
