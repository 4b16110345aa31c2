/*
 * Deterministic simulation: stations under a storm, people who act, and a ledger kept outside of them.
 *
 *   sim [--seed S] [--count N] [--stations K] [--minutes M] [--journal sqlite|ram] [--jobs J] [--replay]
 *      [--stop] [--duty|--week] [-v]
 *
 * For every seed: a storm of M virtual minutes (lost sends, frames of dead connections, silent breaks and half-open lines,
 * crashes at any turn and power failures in any write, commits of unknown outcome, clocks that drift and jump a day,
 * disks full, burnt and put back from old backups), then calm, until all is settled and judged.  Without --stations a run
 * has 3 to 12 of them.  A failure prints its seed and how to run it again; the same seed gives the same run to
 * the byte (--replay runs each twice and compares what happened and every file).  --stop ends with the first failure.
 *
 * One seed in twenty-five (--duty: every one) is hours of duty instead, near a month's or a year's end: with the duty clockwork (tick.c) at every station
 * and people in the rooms (duty.c), some asleep, in a gentler storm, and judged for what is owed and chased (duty_judge.c).  --week is seven days of it at three
 * stations, day and night shifts; a line tells the sums.  The clockwork runs in a tenth of the other seeds as well.
 *
 * Exit: 0 all passed, 1 a run failed, 64 usage.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../formats/buf.h"
#include "run.h"

#define DUTY_SHARE 40 /* per mille of the seeds */
#define STATIONS_MAX 400
#define JOBS_MAX 64
#define DAY_CLOSED 1500000 /* ms from the start: by then a day's close is behind all */

struct options {
	uint64_t seed, count, jobs;
	size_t stations;
	int64_t minutes;
	bool replay, ram, stop, verbose, duty, week;
};

struct sums {
	uint64_t passed, failed, messages, submits, refusals, returned, lost;
	uint64_t virtual_ms;
	uint64_t duties, owed, late, chases, spans;
	struct world_stats w;
};
_Static_assert(sizeof(struct sums) % sizeof(uint64_t) == 0, "nothing but counts: all() adds them up as such");

/* ---- a run ---- */

static void
count(struct sums *t, const struct run *r)
{
	const struct world_stats *s = world_stats(r->w);

	t->messages += r->n;
	t->submits += r->submits;
	t->refusals += r->refusals;
	t->returned += r->returned;
	t->lost += r->lost;
	t->virtual_ms += (uint64_t)(world_now(r->w) - world_began(r->w));
	t->duties += r->rooms != NULL;
	t->owed += r->sums.owed;
	t->late += r->sums.late;
	t->chases += r->sums.chases;
	t->spans += r->sums.spans;
	t->w.ticks += s->ticks;
	t->w.rang += s->rang;
	t->w.crashes += s->crashes;
	t->w.stops += s->stops;
	t->w.cuts += s->cuts;
	t->w.burnt += s->burnt;
	t->w.restored += s->restored;
	t->w.frames += s->frames;
	t->w.commits += s->commits;
	t->w.disk.crashes += s->disk.crashes;
	t->w.disk.lost += s->disk.lost;
	t->w.disk.torn += s->disk.torn;
	t->w.disk.kept += s->disk.kept;
	t->w.disk.errors += s->disk.errors;
}

/* Some hours before something that clocks and calendars are to get over. */
static int64_t
beginning(struct rng *g, const struct run_conf *conf)
{
	static const int64_t ends[] = {
	    INT64_C(1798732800000),	/* 2027-01-01 00:00 at UTC+08:00 */
	    INT64_C(1801411200000),	/* 2027-02-01 */
	    INT64_C(1803830400000),	/* 2027-03-01, of a common year */
	    INT64_C(1835366400000),	/* 2028-02-29 */
	    INT64_C(1835452800000),	/* 2028-03-01 */
	    INT64_C(1790784000000),	/* 2026-10-01 */
	};
	int64_t before = (int64_t)rng_below(g, (uint64_t)conf->minutes) * 60000;

	return ends[rng_below(g, sizeof ends / sizeof ends[0])] - before;
}

static uint64_t
simulate(const struct run_conf *conf, char *why, size_t size, struct sums *t)
{
	struct rng g = rng_of(conf->seed ^ UINT64_C(0x5eed));
	struct world_conf wc = {.seed = conf->seed, .stations = conf->stations, .ram = conf->ram, .verbose = conf->verbose};
	struct run *r = xcalloc(1, sizeof *r);
	struct rng of_duty = rng_of(conf->seed ^ UINT64_C(0xd0d0));
	uint64_t trace;

	r->conf = conf;
	wc.duty = r->duty = conf->duty || conf->week || rng_chance(&of_duty, 100);
	wc.tick = conf->duty ? 30000 + (int64_t)rng_below(&of_duty, 210000) : conf->week ? 120000 : 60000;
	wc.start = conf->duty || conf->week ? beginning(&of_duty, conf) : WORLD_START;
	wc.reoffer = rng_chance(&g, 500) ? 0 : 60000 + (int64_t)rng_below(&g, 300000);
	wc.return_after = rng_chance(&g, 700) ? 0 : 180000 + (int64_t)rng_below(&g, 900000);
	r->patient = wc.return_after == 0;
	wc.old = rng_chance(&g, 800) ? 0 : 100 + (unsigned)rng_below(&g, 500);
	/* a day's close falls into the run */
	wc.day_begins = rng_chance(&g, 500) ? 0 : wc.start % 86400000 + (int64_t)rng_below(&g, 900000);
	r->not_before = wc.day_begins != 0 && rng_chance(&g, 500) ? wc.start + DAY_CLOSED : 0;
	wc.ppm = rng_chance(&g, 500) ? 0 : 200;
	r->w = world_new(&wc);
	for (size_t i = 0; i < world_size(r->w); i++)
		r->old_peers = r->old_peers || world_is_old(r->w, i);
	world_on_reply(r->w, people_reply, r);
	r->looked = world_now(r->w);
	if (conf->duty || conf->week) {
		duty_open(r);
		duty_hours(r);
	} else
		storm(r);
	if (*r->why == '\0')
		calm(r);
	trace = world_trace(r->w);
	snprintf(why, size, "%s", r->why);
	if (t != NULL)
		count(t, r);
	for (size_t i = 0; i < r->n; i++) {
		body_free(r->e[i].body);
		free(r->e[i].request);
	}
	free(r->e);
	duty_close(r);
	world_free(r->w);
	free(r);
	return trace;
}

/* An assertion or worse ends all runs: it must not leave without saying of which it was. */
static char last_words[256];

static void
dies(int sig)
{
	ssize_t n = write(STDOUT_FILENO, last_words, strlen(last_words));

	(void)n;
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
again(const struct options *o, uint64_t seed, char *out, size_t size)
{
	char stations[40] = "", minutes[40] = "";

	if (o->stations != 0)
		snprintf(stations, sizeof stations, " --stations %zu", o->stations);
	if (o->minutes != 0)
		snprintf(minutes, sizeof minutes, " --minutes %" PRId64, o->minutes);
	snprintf(out, size, "  again: build/tests/sim --seed %" PRIu64 "%s%s%s%s --count 1\n", seed, o->ram ? " --journal ram" : "", stations,
	    minutes, o->week ? " --week" : o->duty ? " --duty" : "");
}

static void
one(const struct options *o, uint64_t seed, struct sums *t)
{
	struct run_conf c = {.seed = seed, .stations = o->stations, .minutes = o->minutes, .ram = o->ram, .verbose = o->verbose};
	struct rng g = rng_of(seed ^ UINT64_C(0x517e));
	char why[1200];
	uint64_t trace;

	if (c.stations == 0)
		c.stations = 3 + rng_below(&g, rng_chance(&g, 700) ? 4 : 10);
	c.week = o->week;
	c.duty = !c.week && (o->duty || (o->stations == 0 && o->minutes == 0 && rng_chance(&g, DUTY_SHARE)));
	if (c.week || c.duty)
		c.stations = o->stations != 0 ? o->stations : c.week ? 3 : 3 + c.stations % 3;
	if (c.minutes == 0)
		c.minutes = c.week ? 7 * 24 * 60 : c.duty ? 180 + (int64_t)rng_below(&g, 900) : 10;
	snprintf(last_words, sizeof last_words, "seed %" PRIu64 ": died\n", seed);
	again(o, seed, last_words + strlen(last_words), sizeof last_words - strlen(last_words));
	trace = simulate(&c, why, sizeof why, t);
	if (*why == '\0' && o->replay && simulate(&c, why, sizeof why, NULL) != trace)
		snprintf(why, sizeof why, "the same seed ran differently");
	if (o->verbose)
		printf("seed %" PRIu64 " stations %zu trace %016" PRIx64 "\n", seed, c.stations, trace);
	if (*why == '\0') {
		t->passed++;
		return;
	}
	t->failed++;
	printf("seed %" PRIu64 ", %zu stations: %s\n", seed, c.stations, why);
	again(o, seed, why, sizeof why);
	printf("%s", why);
	fflush(stdout);
}

static void
some(const struct options *o, uint64_t job, struct sums *t)
{
	for (uint64_t i = job; i < o->count && !(o->stop && t->failed > 0); i += o->jobs)
		one(o, o->seed + i, t);
}

/* A process a job; each hands its sums over when it is done, and has said itself what failed. */
static void
all(const struct options *o, struct sums *t)
{
	uint64_t part[sizeof *t / sizeof(uint64_t)], *whole = (uint64_t *)t;
	int fd[JOBS_MAX][2], status;

	if (o->jobs == 1) {
		some(o, 0, t);
		return;
	}
	fflush(stdout);
	for (uint64_t job = 0; job < o->jobs; job++) {
		pid_t pid = pipe(fd[job]) == 0 ? fork() : -1;

		if (pid == -1) {
			perror("sim");
			exit(EX_OSERR);
		}
		if (pid == 0) {
			close(fd[job][0]);
			some(o, job, t);
			fflush(stdout);
			_exit(write(fd[job][1], t, sizeof *t) == (ssize_t)sizeof *t ? 0 : EX_IOERR);
		}
		close(fd[job][1]);
	}
	for (uint64_t job = 0; job < o->jobs; job++) {
		if (read(fd[job][0], part, sizeof part) == (ssize_t)sizeof part)
			for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
				whole[i] += part[i];
		else
			t->failed++;
		close(fd[job][0]);
	}
	while (wait(&status) != -1)
		if (status != 0 && t->failed == 0)
			t->failed++;
}

static void
sum_up(const struct options *o, const struct sums *t)
{
	printf("sim: seeds %" PRIu64 "-%" PRIu64 " on %s: %.0f virtual hours, %" PRIu64 " messages, %" PRIu64 " submits (%" PRIu64
	       " refused), %" PRIu64 " frames, %" PRIu64 " commits\n",
	    o->seed, o->seed + o->count - 1, o->ram ? "ram" : "sqlite", (double)t->virtual_ms / 3600000.0, t->messages,
	    t->submits, t->refusals, t->w.frames, t->w.commits);
	printf("sim: %" PRIu64 " crashes (%" PRIu64 " by power; of the writes then under way %" PRIu64 " kept, %" PRIu64 " lost, %" PRIu64
	       " torn), %" PRIu64 " disk errors, %" PRIu64 " stops, %" PRIu64 " cuts, %" PRIu64 " disks burnt, %" PRIu64
	       " restored, %" PRIu64 " returned, %" PRIu64 " lost with their disk\n",
	    t->w.crashes, t->w.disk.crashes, t->w.disk.kept, t->w.disk.lost, t->w.disk.torn, t->w.disk.errors, t->w.stops,
	    t->w.cuts, t->w.burnt, t->w.restored, t->returned, t->lost);
	if (t->duties > 0)
		printf("sim: %" PRIu64 " of hours of duty: %" PRIu64 " looks of the clockwork, %" PRIu64 " rungs rung, %" PRIu64 " shifts responsible; at the end %" PRIu64
		       " things owed, %" PRIu64 " of them late\n",
		    t->duties, t->w.ticks, t->chases, t->spans, t->owed, t->late);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", t->passed, t->failed);
}

static bool
number(const char *text, uint64_t *out)
{
	char *end;

	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0';
}

static int
usage(void)
{
	fprintf(stderr, "usage: sim [--seed S] [--count N] [--stations 3..%d] [--minutes M] [--journal sqlite|ram] [--jobs J]\n           [--replay] [--stop] [--duty|--week] [-v]\n",
	    STATIONS_MAX);
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option opts[] = {{"seed", required_argument, NULL, 's'},
	    {"count", required_argument, NULL, 'n'}, {"stations", required_argument, NULL, 'k'},
	    {"minutes", required_argument, NULL, 'm'}, {"journal", required_argument, NULL, 'j'},
	    {"jobs", required_argument, NULL, 'p'},
	    {"replay", no_argument, NULL, 'r'}, {"stop", no_argument, NULL, 'x'}, {"duty", no_argument, NULL, 'd'},
	    {"week", no_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};
	struct options o = {.seed = 1, .count = 100, .jobs = 1};
	struct sums t = {0};
	uint64_t v = 0;
	int c;

	while ((c = getopt_long(argc, argv, "v", opts, NULL)) != -1) {
		if (strchr("snkmp", c) != NULL && !number(optarg, &v))
			return usage();
		switch (c) {
		case 's':
			o.seed = v;
			break;
		case 'n':
			o.count = v;
			break;
		case 'k':
			o.stations = (size_t)v;
			if (v < 3 || v > STATIONS_MAX)
				return usage();
			break;
		case 'm':
			o.minutes = (int64_t)v;
			if (v == 0)
				return usage();
			break;
		case 'j':
			o.ram = strcmp(optarg, "ram") == 0;
			if (!o.ram && strcmp(optarg, "sqlite") != 0)
				return usage();
			break;
		case 'p':
			o.jobs = v;
			if (v < 1 || v > JOBS_MAX)
				return usage();
			break;
		case 'r':
			o.replay = true;
			break;
		case 'd':
			o.duty = true;
			break;
		case 'w':
			o.week = true;
			break;
		case 'x':
			o.stop = true;
			break;
		case 'v':
			o.verbose = true;
			break;
		default:
			return usage();
		}
	}
	if (optind != argc || o.count == 0 || o.minutes > 100000)
		return usage();
	signal(SIGABRT, dies);
	signal(SIGSEGV, dies);
	all(&o, &t);
	sum_up(&o, &t);
	return t.failed > 0;
}
