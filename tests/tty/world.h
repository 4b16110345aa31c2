#ifndef TESTS_TTY_WORLD_H
#define TESTS_TTY_WORLD_H
/*
 * What the desk's tests run in: a temporary folder with real stations, their switches, desks on ptys, and the screens they are compared
 * with.  Waits have deadlines; nothing sleeps.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "../lib/pty.h"

struct world {
	const char *build;	/* folder of the programs */
	const char *screens;	/* folder of the .screen files */
	bool update;		/* write them instead of comparing */
	char dir[64];
	int port;
};
extern struct world world;

#define WAIT 8000	/* ms: how long anything may take on a busy machine */

/* A station's folder, initialised; county listens, town has the county as parent.  Both enrolled. */
void world_open(void);
void world_close(void);
pid_t switch_start(const char *station);	/* waits until it answers */
pid_t switch_spawn(const char *station);	/* does not wait */
void switch_stop(pid_t *, int sig);		/* and waits for its end */
/* Runs dutyctl -D DIR/station ARGS...; its exit status; output (stdout) malloc'd into *out when out is not NULL. */
int ctl(const char *station, char **out, const char *const *args);
#define CTL(station, out, ...) ctl((station), (out), (const char *const[]){ __VA_ARGS__, NULL })

/* A desk on a pty; those still open when a case ends are ended. */
struct pty *desk(const char *station, const char *term, int rows, int cols);
struct pty *desk_up(const char *station);	/* xterm, 80x24, with the link shown up; starts the town's switch when it is down */
void desk_end(struct pty *);
void desks_end(bool check);		/* check: each must leave with status 0 */
extern pid_t town, county;	/* the switches, 0 = not running */

/* Checks: print FAIL with place and the screen, and leave the case. */
struct test {
	const char *name;
	void (*run)(void);
};
void fail(struct pty *, const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 4, 5), noreturn));
#define CHECK(p, cond) do { if (!(cond)) fail((p), __FILE__, __LINE__, "%s", #cond); } while (0)
#define SEE(p, text) do { if (!pty_wait((p), (text), WAIT)) fail((p), __FILE__, __LINE__, "never saw \"%s\"", (text)); } while (0)
#define GONE(p, text) do { if (!pty_wait_gone((p), (text), WAIT)) fail((p), __FILE__, __LINE__, "still there: \"%s\"", (text)); } while (0)
/* The screen equals tests/tty/NAME.screen.  Mask: 2026-11-22 -> YYYY-MM-DD, 1122-001 -> MMDD-nnn, 11-22 -> MM-DD, 14:10 -> hh:mm, the temporary folder. */
void compare(struct pty *, const char *name, const char *file, int line);
#define SCREEN(p, name) compare((p), (name), __FILE__, __LINE__)

extern const struct test cases_basic[], cases_work[], cases_report[], cases_chain[], cases_life[], cases_line[], cases_fake[];

#endif
