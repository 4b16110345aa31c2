/*
 * torture: real switches, killed, starved, stopped, cut off and robbed of power, and the ledger that says whether
 * anything acknowledged was lost or doubled.
 *
 *     torture -B BUILD [--seed S] [--rounds N] [--only kill|clock|stop|disk|net|power] [--jobs J] [--first I]
 *
 * Rounds are dealt out to a few workers, each with three stations of its own; what a round does follows from the seed
 * and its number alone, so `--seed S --first I --rounds 1 --jobs 1` plays round I again (real processes: the kernel's
 * scheduling is not repeated).  Prints the seed first and, on failure, the line to repeat it.
 */
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "torture.h"

#define CHECK_EVERY 12 /* rounds between two comparisons */
#define FRESH_EVERY 96 /* rounds after which new stations are made */

struct tally *tally;

typedef void (*rig_round_fn)(struct rig *, uint64_t turn);
typedef void (*own_round_fn)(const struct torture *, uint64_t turn);

struct family {
	const char *name, *only;
	rig_round_fn rig;
	own_round_fn own; /* on stations of its own */
};

static const struct family families[] = {
    {"kill", "kill", round_kill, NULL},
    {"disk", "disk", round_disk, NULL},
    {"net", "net", round_net, NULL},
    {"clock", "clock", round_clock, NULL},
    {"stop", "stop", round_stop, NULL},
    {"power", "power", NULL, round_power},
    {"tmpfs", "disk", NULL, round_tmpfs},
    {"netns", "net", NULL, round_netns},
};

static jmp_buf escape;
static char why[4096];
static bool in_worker;

static void
on_failure(const char *text)
{
	(void)snprintf(why, sizeof why, "%s", text);
	if (!in_worker) {
		fprintf(stderr, "failed: %s\n", why);
		exit(1);
	}
	longjmp(escape, 1);
}

void
skipped(const char *reason)
{
	if (atomic_fetch_add(&tally->skipped, 1) < 4)
		printf("skipped: %s\n", reason);
	(void)fflush(stdout);
}

/* Which family a round is of: what takes long stands first, so that it runs beside the rest; short runs see all of
 * them. */
static const struct family *
deal(const struct torture *t, uint64_t round, uint64_t *turn)
{
	static const char order[] =
	    "pMNkskdnkckdkknckdkskkdknkkdckkdskkdnkkdkkdnkckdkknkdkskkdknkkdckkdskkdnkkdkkknk"; /* first letters; M:
												   tmpfs, N: netns */
	static const struct {
		char c;
		size_t family;
	} letters[] = {{'k', 0}, {'d', 1}, {'n', 2}, {'c', 3}, {'s', 4}, {'p', 5}, {'M', 6}, {'N', 7}};
	size_t mine[COUNT_OF(families)], n = 0, f = 0;

	if (t->only != NULL) {
		for (size_t i = 0; i < COUNT_OF(families); i++)
			if (strcmp(families[i].only, t->only) == 0)
				mine[n++] = i;
		/* what makes stations of its own is one in twelve */
		f = n > 1 && round % 12 == 5 ? mine[n - 1] : mine[0];
		*turn = round;
		return &families[f];
	}
	for (size_t i = 0; i < COUNT_OF(letters); i++)
		if (letters[i].c == order[round % (sizeof order - 1)])
			f = letters[i].family;
	*turn = round;
	return &families[f];
}

static void
play(const struct torture *t, struct rig *r, uint64_t round)
{
	uint64_t turn;
	const struct family *f = deal(t, round, &turn);

	chance_seed(t->seed * 1000003 + round);
	if (f->own != NULL) {
		f->own(t, turn);
	} else {
		if (r->build != NULL && r->rounds_here >= FRESH_EVERY) {
			rig_check(r);
			rig_verify_files(r);
			rig_free(r);
		}
		if (r->build == NULL) {
			rig_make(r, t);
			rig_quiet(r, 60000);
		}
		f->rig(r, turn);
		if (++r->rounds_here % CHECK_EVERY == 0)
			rig_check(r);
	}
	atomic_fetch_add(&tally->rounds, 1);
}

/* Rounds, as long as there are any. */
static bool
work(const struct torture *t)
{
	static struct rig rig;
	static uint64_t round;
	const char *trace;
	uint64_t turn;
	volatile bool ok = false;

	in_worker = true;
	why[0] = '\0';
	if (setjmp(escape) == 0) {
		while ((round = t->first_round + atomic_fetch_add(&tally->dealt, 1)) < t->first_round + t->rounds)
			play(t, &rig, round);
		if (rig.build != NULL) {
			rig_check(&rig);
			rig_verify_files(&rig);
		}
		ok = true;
	}
	if (rig.build != NULL && (trace = stations_trace(&rig.st)) != NULL) {
		ok = false;
		(void)snprintf(why + strlen(why), sizeof why - strlen(why), "%s%s", why[0] != '\0' ? "; " : "", trace);
	}
	if (!ok) {
		printf("FAIL round %llu (%s): %s\n     again: --seed %llu --first %llu --rounds 1 --jobs 1%s%s%s%s\n",
		    (unsigned long long)round,
		    round < t->first_round + t->rounds ? deal(t, round, &turn)->name : "the end", why,
		    (unsigned long long)t->seed, (unsigned long long)round, t->only != NULL ? " --only " : "",
		    t->only != NULL ? t->only : "", rig.build != NULL ? "   kept: " : "",
		    rig.build != NULL ? rig.st.root : "");
		(void)fflush(stdout);
		rig.keep = true;
	}
	if (rig.build != NULL)
		rig_free(&rig);
	return ok;
}

static void
report(const struct torture *t, double seconds)
{
	static const struct {
		size_t at;
		const char *what;
	} parts[] = {
#define PART(m, what) {offsetof(struct tally, m), what}
	    PART(rounds, "rounds"),
	    PART(kills, "killed"),
	    PART(missed, "not reached"),
	    PART(restarts, "restarts"),
	    PART(faults, "disk faults"),
	    PART(cuts, "cuts"),
	    PART(stops, "stops"),
	    PART(steps, "clock steps"),
	    PART(states, "states after power loss"),
	    PART(custody_checked, "promises looked for in them"),
	    PART(reports, "submits"),
	    PART(reposted, "repeated"),
	    PART(duplicates, "known already"),
	    PART(refused, "refused for now"),
	    PART(acked_checked, "found delivered"),
	    PART(skipped, "skipped"),
#undef PART
	};

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		printf("%s%llu %s", i == 0 ? "" : ", ",
		    (unsigned long long)atomic_load((_Atomic uint64_t *)((char *)tally + parts[i].at)), parts[i].what);
	printf(" (%.1f s, %u at once)\n", seconds, t->jobs);
}

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: torture -B BUILD [--seed S] [--rounds N] [--only kill|clock|stop|disk|net|power] "
			"[--jobs J] [--first I]\n");
	exit(64);
}

static uint64_t
number(const char *s)
{
	char *rest;
	unsigned long long v = strtoull(s, &rest, 10);

	if (*s == '\0' || *rest != '\0')
		usage();
	return v;
}

static void
options(int argc, char **argv, struct torture *t)
{
	static const struct option longs[] = {{"seed", required_argument, NULL, 's'},
	    {"rounds", required_argument, NULL, 'r'}, {"only", required_argument, NULL, 'o'},
	    {"jobs", required_argument, NULL, 'j'}, {"first", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	bool known = false;
	int c;

	while ((c = getopt_long(argc, argv, "B:", longs, NULL)) != -1)
		switch (c) {
		case 'B':
			t->build = optarg;
			break;
		case 's':
			t->seed = number(optarg);
			break;
		case 'r':
			t->rounds = number(optarg);
			break;
		case 'o':
			t->only = optarg;
			break;
		case 'j':
			t->jobs = (unsigned)number(optarg);
			break;
		case 'f':
			t->first_round = number(optarg);
			break;
		default:
			usage();
		}
	for (size_t i = 0; i < COUNT_OF(families); i++)
		known |= t->only == NULL || strcmp(t->only, families[i].only) == 0;
	if (t->build == NULL || optind != argc || t->jobs < 1 || t->jobs > 64 || t->rounds < 1 || !known)
		usage();
	if (t->jobs > t->rounds)
		t->jobs = (unsigned)t->rounds;
}

int
main(int argc, char **argv)
{
	struct torture t = {
	    .seed = (uint64_t)time(NULL) * 1000 + (uint64_t)getpid(), .rounds = 60, .jobs = 4, .slow = 1};
	double began = mono_s();
	pid_t parent = getpid(), pid[64];
	bool ok = true;

#if defined(__SANITIZE_ADDRESS__)
	t.sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	t.sanitized = true;
#endif
#endif
	t.slow = t.sanitized ? 5 : 1;
	options(argc, argv, &t);
	stations_setup(t.build);
	stations_on_failure(on_failure);
	tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		return 71;
	printf("seed %llu rounds %llu\n", (unsigned long long)t.seed, (unsigned long long)t.rounds);
	(void)fflush(stdout);
	for (unsigned w = 0; w < t.jobs; w++) {
		if ((pid[w] = fork()) != 0)
			continue;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		_exit(work(&t) ? 0 : 1);
	}
	for (unsigned w = 0; w < t.jobs; w++) {
		int status = 1;

		if (pid[w] < 0 || waitpid(pid[w], &status, 0) != pid[w] || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != 0) {
			if (pid[w] > 0 && !WIFEXITED(status))
				printf("FAIL a worker died of signal %d\n", WTERMSIG(status));
			ok = false;
		}
	}
	report(&t, mono_s() - began);
	printf("%d passed, %d failed\n", ok, !ok);
	return ok ? 0 : 1;
}
