#ifndef TESTS_LIB_STATIONS_H
#define TESTS_LIB_STATIONS_H
/*
 * Three stations on this machine, made and run by the real programs of a build folder: 330225102 西周镇 -> 330225 象山县 -> 330200 宁波市.
 * For tests and benchmarks of whole processes.
 *
 * Nothing sleeps: every wait ends with the event or at a deadline.  Whatever cannot be done ends in stations_fail(), which the
 * program may catch (stations_on_failure); every process started here dies with the one that started it.  Addresses are
 * drawn from 127/8, so that several test runs at once do not meet, and stay the same over restarts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <jansson.h>
#include "../../formats/buf.h"
#include "../../switch/client.h"

enum { TOWN, COUNTY, CITY, STATIONS };

struct station_proc {
	const char *code, *name;
	char dir[256], log[272];	/* the switch's log: every start appends */
	char endpoint[64], key[65];
	char program[512];		/* dutyswitch */
	char ctl[512];			/* dutyctl */
	pid_t pid;			/* 0: not running */
	int ready_fd;			/* -1: none waited for */
	struct client *client;		/* see st_client(); NULL: none */
};

struct stations {
	char root[256];
	struct station_proc s[STATIONS];
};

/* What a command printed and how it ended. */
struct output {
	int status;			/* exit status; 128 + signal */
	struct buf out, err;
};

/* ---- failure ---- */
typedef void (*stations_failure_fn)(const char *why);	/* does not return */
void stations_on_failure(stations_failure_fn);		/* default: prints it and exits 1 */
_Noreturn void stations_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define ST_CHECK(cond, ...) do { if (!(cond)) stations_fail(__VA_ARGS__); } while (0)

/* ---- life ---- */
void stations_setup(const char *build);			/* once: $DUTYDESK_CONF (unless set), English, SIGPIPE */
const char *stations_conf(void);			/* the conf/ folder in use */
void stations_make(struct stations *, const char *build);	/* directories, keys, enrolment; nothing runs yet */
void stations_start(struct stations *);			/* all three, ready */
void stations_free(struct stations *, bool keep);	/* kills what runs; keep: leaves the folders */
/* First trace of a sanitizer or an assertion in a station's log, NULL = none; static buffer. */
const char *stations_trace(const struct stations *);

void st_launch(struct station_proc *);			/* does not wait */
void st_ready(struct station_proc *, int ms);		/* until the launched switch is ready */
void st_start(struct station_proc *);			/* both */
void st_kill(struct station_proc *);			/* SIGKILL, reaped */
int st_wait(struct station_proc *, int ms);		/* for its end; exit status, or 128 + signal */
int st_stop(struct station_proc *, int ms);		/* SIGTERM, and st_wait() */

/* ---- commands ---- */
void output_free(struct output *);
const char *output_text(struct output *);		/* out and err, for messages */
/* `dutyctl -D DIR ARGS... NULL`; input may be NULL. */
void st_ctl(const struct station_proc *, const void *input, size_t len, struct output *, ...) __attribute__((sentinel));
/* The same without waiting: its output goes to the file. */
pid_t st_ctl_spawn(const struct station_proc *, const char *file, const char *const args[]);
pid_t spawn(const char *const argv[], int in, int out, int err, int keep);	/* keep: a descriptor passed on, -1 none */
int wait_pid(pid_t, int ms);				/* exit status, 128 + signal; fails the test at the deadline */
bool wait_poll(pid_t, int *status);			/* true: has ended */
void run_command(const char *const argv[], const void *input, size_t len, int ms, struct output *);

/* ---- questions ---- */
/* The kept connection of the test to this switch, watching; opened anew when it has died.  Waits for a switch that is starting. */
struct client *st_client(struct station_proc *);
json_t *st_ask(struct station_proc *, json_t *request);	/* the answer; a refusal fails the test */
/* NULL + fault when refused. */
json_t *st_try(struct station_proc *, json_t *request, const void *blob, size_t len, struct fault *);
/* The id of what was submitted (borrowed from *answer, which the caller decrefs). */
json_t *st_submit(struct station_proc *, const char *realm, json_t *body);
/* Until test() holds: asked after every push and twice a second; at the deadline fails naming `what`. */
typedef bool (*st_test_fn)(struct station_proc *, void *ctx);
void st_await(struct station_proc *, const char *what, int ms, st_test_fn, void *ctx);
void st_await_status(struct station_proc *, const char *member, json_int_t value, int ms);	/* == value */
void st_await_status_min(struct station_proc *, const char *member, json_int_t value, int ms);	/* >= value */
json_int_t st_status(struct station_proc *, const char *member);
/* Nothing on its way any more: open deliveries and outboxes empty everywhere. */
void stations_settle(struct stations *, int ms);
/* Calls fn for every message of a kind ("" = any) here, in chain order; all: also what only passes through. */
typedef void (*st_row_fn)(void *ctx, const json_t *row);
size_t st_each(struct station_proc *, const char *kind, bool all, st_row_fn, void *ctx);
/* Fails unless the journal, the chain and the folds are clean; returns the answer (caller decrefs). */
json_t *st_verify(struct station_proc *);

/* ---- time, chance, files ---- */
int64_t mono_ms(void);
double mono_s(void);
char *when_text(int64_t ahead_ms, char out[40]);		/* now + ahead as text, +08:00 */
void chance_seed(uint64_t);
uint64_t chance(uint64_t n);				/* 0 .. n - 1 */
void file_read(const char *path, struct buf *out);
void file_write(const char *path, const void *, size_t);

#endif
