#ifndef SWITCH_OUTLET_INT_H
#define SWITCH_OUTLET_INT_H
/*
 * Inside of the alarm outlet: outlet.c (which job goes when, what came of it), outlet_conf.c (outlets.tsv), outlet_spool.c (the folder),
 * outlet_run.c (one child).  Nobody else includes it.
 */
#include <sys/types.h>
#include "outlet.h"
#include "chase.h"

#define OUTLET_NAME 33
#define OUTLET_ARGS 32
#define OUTLET_ID 112			/* bytes of a job's id with NUL */
#define OUTLET_RUNS 2			/* children at a time */
#define OUTLET_SAID 240

enum outlet_kind { OUTLET_BELL = 1, OUTLET_PHONE, OUTLET_SMS, OUTLET_SPOOL };

struct outlet_def {
	char name[OUTLET_NAME];
	enum outlet_kind kind;
	char *words;			/* owned: what argv points into */
	char *argv[OUTLET_ARGS + 1];
	char program[512];		/* argv[0] where it is one of conf/outlets; "" : as it stands */
	int64_t timeout;		/* ms */
	int ok;				/* 1 works, 0 fails, -1 not known */
	int64_t since, last_ok;		/* ms UTC */
	int64_t tested;			/* ms UTC of the last test's end, 0 never since the start */
	bool tested_ok;
	size_t failed;			/* jobs given up */
	char detail[OUTLET_SAID];
};

struct outlet_defs { struct outlet_def v[OUTLETS_MAX]; size_t n; };

struct outlet_run {			/* one child */
	struct outlet *o;
	pid_t pid;			/* 0: free */
	struct outlet_job *job;
	struct event *end, *say;	/* timeout; its standard error */
	int fd;
	bool late;
	char said[OUTLET_SAID];		/* the beginning of what it said */
	size_t nsaid;
};

struct outlet_job {
	struct outlet_job *next;
	char id[OUTLET_ID], name[OUTLET_NAME];
	int tier;			/* enum precedence */
	unsigned tries;
	int64_t at;			/* ms UTC it may run */
	bool running, test;
	char person[97];		/* who tests */
};

struct outlet {
	struct event_base *base;
	const struct stationdir *dir;
	const struct outlet_ops *ops;
	void *ctx;
	struct outlet_defs defs;
	struct event *timer, *child;
	struct outlet_run run[OUTLET_RUNS];
	struct outlet_job *jobs;	/* by arrival */
	uint64_t tests;			/* given numbers */
	bool unheard, unheard_told;
	int64_t mute_until;
	char mute_why[OUTLET_SAID], mute_by[100];
};

/* outlet_conf.c: 0, or -1 + fault.  A missing file is no outlets. */
int outlet_defs_load(struct outlet_defs *, const struct stationdir *, struct fault *);
void outlet_defs_free(struct outlet_defs *);
const char *outlet_kind_name(enum outlet_kind);

/* outlet_spool.c */
enum outlet_place { PLACE_NEW, PLACE_DONE, PLACE_FAILED, PLACE_EXERCISE, PLACES };
int spool_open(const struct stationdir *, struct fault *);	/* makes the folders, clears alarm/tmp */
bool spool_id_valid(const char *);
/* Writes alarm/PLACE/ID@NAME.json (name "": ID.json) whole and synced.  1: it is there already, in any of new, done, failed. */
int spool_put(const struct stationdir *, enum outlet_place, const char *id, const char *name, const json_t *job);
int spool_move(const struct stationdir *, const char *id, const char *name, enum outlet_place to);	/* from new; bounded there */
void spool_remove(const struct stationdir *, const char *id, const char *name);
int spool_fd(const struct stationdir *, const char *id, const char *name, char path[512]);	/* of a job in new: to be read; -1 */
typedef void (*spool_fn)(void *ctx, const char *id, const char *name, const json_t *job);
void spool_each(const struct stationdir *, spool_fn, void *ctx);	/* those in new, oldest name first */
size_t spool_count(const struct stationdir *, enum outlet_place, const char *name);	/* of an outlet */

/* outlet_run.c: 0 it runs, -1: it could not be begun, said: why. */
int outlet_run_begin(struct outlet *, struct outlet_run *, struct outlet_job *, const struct outlet_def *, char said[OUTLET_SAID]);
/* Has it ended?  *ok: as it should; said: what it said, or why not. */
bool outlet_run_ended(struct outlet_run *, bool *ok, char said[OUTLET_SAID]);
void outlet_run_stop(struct outlet_run *);

#endif
