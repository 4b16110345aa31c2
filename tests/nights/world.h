#ifndef TESTS_NIGHTS_WORLD_H
#define TESTS_NIGHTS_WORLD_H
/*
 * The stations of a night: real programs on a clock of their own (shim/page.h), joined by links that can be slow or cut.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../lib/pty.h"
#include "../lib/stations.h"
#include "shim/page.h"

#define W_STATIONS 40
#define W_LINKS 64

enum link_mode { LINK_PASS, LINK_DEAD /* nothing comes through, nobody is told */, LINK_DROP /* reset, and refused */ };

struct wlink {
	unsigned a, b;		/* stations; a connects */
	unsigned rate;		/* bit/s, 0: as fast as it goes */
	unsigned rtt;		/* ms */
	unsigned port;		/* where a connects to */
	char to[64];		/* where b listens */
};

struct wstation {
	char alias[32], code[40], name[97];
	int up;			/* index; -1 none */
	char role[16];		/* towards up */
	bool hosted, phone, outlet, runs;
	unsigned rate, rtt;
	char settings[512];	/* lines for dutyswitch.conf */
	struct station_proc p;
	struct pty *desk;
	bool unplugged;		/* its line is dead: nothing is read, nothing typed arrives */
};

struct proxy;

struct world {
	char root[256], build[512], shim[512], desk[512], page_path[280];
	char profile[128];
	struct wstation s[W_STATIONS];
	size_t n;
	struct wlink link[W_LINKS];
	size_t nlinks;
	struct proxy *proxy;
	struct night_page *page;
	uint64_t leaps, looks, forced;
	bool keep;
};

/* ---- life ---- */
void world_init(struct world *, const char *build);
struct wstation *world_add(struct world *, const char *alias, const char *code, const char *name);
struct wstation *world_find(struct world *, const char *alias_or_code);	/* NULL */
void world_make(struct world *);	/* directories, keys, links; nothing runs */
/* Writes a table of the night's own conf folder: "rules/deadlines.local.tsv". */
void world_table(struct world *, const char *name, const char *text);
void world_start(struct world *);	/* all, ready */
void world_free(struct world *);
void ws_start(struct world *, struct wstation *);
void ws_kill(struct world *, struct wstation *);
int ws_stop(struct world *, struct wstation *);
/* `dutyctl -D DIR ARGS` of that station, on its clock. */
void ws_ctl(struct world *, struct wstation *, const char *const args[], struct output *);
/* A question over a connection of its own.  NULL + fault when refused or nobody answers. */
json_t *ws_ask(struct world *, struct wstation *, json_t *request, struct fault *);
void ws_desk(struct world *, struct wstation *, int rows, int cols);	/* opens a desk */
void ws_desk_close(struct wstation *);
void world_desks(struct world *, int ms);	/* reads what desks write */

/* ---- the clock (clock.c) ---- */
void clock_make(struct world *, int64_t wall_ms);
void clock_free(struct world *);
int64_t clock_wall(const struct world *);	/* ms UTC of the night, without any station's shift */
void clock_shift(struct world *, const struct wstation *, int64_t ms);	/* added to its wall clock */
void clock_forget(struct world *, pid_t);	/* a process that has ended */
void clock_nudge(struct world *);		/* everybody looks at the clock and at orders */
/* One leap: waits until nobody has anything to do, then on to the next instant somebody waits for, but at least `least` ms
 * (several timers at once) and never past `until` (ms UTC). */
void clock_leap(struct world *, int64_t least, int64_t until);
void clock_run(struct world *, int64_t until, int64_t least);

/* ---- links (proxy.c) ---- */
struct proxy *proxy_new(struct world *);	/* one listener a link; fills in the ports */
void proxy_aim(struct world *);			/* after the endpoints are known; starts it */
void proxy_set(struct world *, size_t link, enum link_mode);
void proxy_free(struct proxy *);

#endif
