/*
 * A switch's life: journals that are damaged or gone, two daemons on one directory, being down and coming back, ending in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "e2e.h"

/* ---- journals ---- */

static void
refuses_to_start(struct station_proc *s, const char *what, int status, const char *word)
{
	const char *argv[] = { s->program, "-D", s->dir, NULL };
	struct output o;

	run_command(argv, NULL, 0, 60000, &o);
	ST_CHECK(o.status == status || (status == 0 && o.status != 0 && o.status < 128), "%s: %s", what, output_text(&o));
	ST_CHECK(strstr(buf_cstr(&o.err), word) != NULL, "%s: the message does not name %s: %s", what, word, output_text(&o));
	output_free(&o);
}

static void
damage(struct station_proc *s, const char *db, const struct buf *good, size_t from, size_t n, const char *what)
{
	struct buf bad = { 0 }, after = { 0 };
	struct output o;

	ST_CHECK(good->n >= from + n, "the journal has only %zu bytes", good->n);
	buf_put(&bad, good->p, good->n);
	for (size_t i = from; i < from + n; i++)
		bad.p[i] ^= 0xa5;
	file_write(db, bad.p, bad.n);
	refuses_to_start(s, what, 0, "journal");
	file_read(db, &after);
	ST_CHECK(after.n == bad.n && memcmp(after.p, bad.p, bad.n) == 0, "%s: the damaged journal was changed or replaced", what);
	st_ctl(s, NULL, 0, &o, "verify", NULL);
	ST_CHECK(o.status != 0, "%s: verify finds it clean: %s", what, output_text(&o));
	output_free(&o);
	buf_free(&bad);
	buf_free(&after);
}

void
case_bad_journal(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	const char *again[] = { town->program, "-D", town->dir, NULL };
	char db[400], away[400], pid[32], wal[420], title[32];
	struct buf good = { 0 };
	struct output o;
	json_int_t chain;
	json_t *v;

	st_start(town);
	(void)snprintf(pid, sizeof pid, "%ld", (long)town->pid);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(title, sizeof title, "第%d件", i);
		json_decref(st_submit(town, "live", report_body(title)));
	}
	/* Two daemons on one directory: the second says who has it and stops; the first goes on. */
	run_command(again, NULL, 0, 60000, &o);
	ST_CHECK(o.status == EX_TEMPFAIL && strstr(buf_cstr(&o.err), pid) != NULL, "the second daemon: %s", output_text(&o));
	output_free(&o);
	v = st_verify(town);
	chain = json_integer_value(json_object_get(v, "chain"));
	json_decref(v);
	ST_CHECK(st_stop(town, 5000 * e->slow) == 0, "SIGTERM: no clean end");
	st_ctl(town, NULL, 0, &o, "verify", NULL);
	ST_CHECK(o.status == 0, "offline verify: %s", output_text(&o));
	output_free(&o);

	(void)snprintf(db, sizeof db, "%s/journal/journal.db", town->dir);
	(void)snprintf(wal, sizeof wal, "%s-wal", db);
	(void)snprintf(away, sizeof away, "%s/away.db", e->st.root);
	ST_CHECK(access(wal, F_OK) != 0, "an ended switch has left a WAL");
	file_read(db, &good);
	damage(town, db, &good, 0, 64, "a journal with a damaged header");
	damage(town, db, &good, 4096, 4096, "a journal with a damaged page");
	damage(town, db, &good, good.n / 2 / 4096 * 4096, 3 * 4096, "a journal with damaged pages");
	/* Cut short, empty, gone: none of them is a reason to start over. */
	file_write(db, good.p, good.n / 2);
	refuses_to_start(town, "half a journal", 0, "journal");
	file_write(db, good.p, 0);
	refuses_to_start(town, "an empty journal", 0, "journal");
	{
		struct stat st;

		ST_CHECK(stat(db, &st) == 0 && st.st_size == 0, "an empty journal was made into one");
	}
	ST_CHECK(rename(db, away) == 0, "%s: %s", db, strerror(errno));
	refuses_to_start(town, "a journal that is gone", 0, "journal");
	ST_CHECK(access(db, F_OK) != 0, "a new journal was made where one is missing");
	/* Gone without a trace beside it: not even then. */
	(void)unlink(wal);
	refuses_to_start(town, "a journal that is gone without a trace", EX_NOINPUT, "journal");
	ST_CHECK(access(db, F_OK) != 0, "a new journal was made where one is missing");

	/* The good one back in its place is as before. */
	file_write(db, good.p, good.n);
	st_start(town);
	v = st_verify(town);
	ST_CHECK(json_integer_value(json_object_get(v, "chain")) >= chain, "the chain has become shorter");
	ST_CHECK(json_integer_value(json_object_get(v, "messages")) >= 100, "messages are missing");
	json_decref(v);
	buf_free(&good);
}

/* ---- down and up ---- */

struct counted {
	const char *kind;
	size_t n;
};

static bool
holds(struct station_proc *s, void *ctx)
{
	const struct counted *c = ctx;

	return st_each(s, c->kind, false, NULL, NULL) >= c->n;
}

void
case_down_and_up(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	struct counted one = { "report", 1 }, all = { "report", 6 }, orders = { "directive", 2 };
	int limit = 3500 * e->slow, rounds = 2;
	double worst = 0, took;
	json_int_t epoch;
	pid_t pid;
	char title[64];
	json_t *b;

	stations_start(&e->st);
	json_decref(st_submit(town, "live", report_body("之前")));
	st_await(county, "the first report", 30000, holds, &one);
	stations_settle(&e->st, 30000);
	pid = town->pid;
	epoch = st_status(town, "epoch");
	/* Once ended in order, once killed. */
	for (int r = 0; r < rounds; r++) {
		if (r == 0)
			ST_CHECK(st_stop(county, 5000 * e->slow) == 0, "the county did not end in order");
		else
			st_kill(county);
		for (int i = 0; i < 5; i++) {
			(void)snprintf(title, sizeof title, "断线%d-%d", r, i);
			b = report_body(title);
			(void)json_object_set_new(b, "to", json_pack("[s, s]", county->code, city->code));
			json_decref(st_submit(town, "live", b));
		}
		for (int i = 0; i < 2; i++)
			json_decref(st_submit(city, "live", json_pack("{s:s, s:s, s:[s, s], s:s}", "kind", "directive", "text", "加强值守", "to",
			    town->code, county->code, "author", "陈立")));
		ST_CHECK(st_status(town, "open_deliveries") == 10, "the township does not keep its addressees open");
		all.n = 1 + 5 * ((size_t)r + 1);
		orders.n = 2 * ((size_t)r + 1);
		st_start(county);
		took = mono_s();
		st_await(county, "what it missed from below", limit, holds, &all);
		st_await(county, "what it missed from above", limit, holds, &orders);
		took = mono_s() - took;
		worst = took > worst ? took : worst;
		ST_CHECK(took * 1000 <= limit, "it took %.1f s until the county had what it missed", took);
		st_await(town, "the directives", 30000, holds, &orders);
		stations_settle(&e->st, 30000 * e->slow);
	}
	ST_CHECK(st_each(city, "report", false, NULL, NULL) == 10, "the city does not hold the ten reports");
	ST_CHECK(town->pid == pid && st_status(town, "epoch") == epoch, "the township was started anew");
	verify_all(e);
	(void)snprintf(e->note, sizeof e->note, "the county had what it missed %.2f s after it was ready (worst of %d)", worst, rounds);
}

/* ---- ending ---- */

/* Reads the script's output until the text comes. */
static void
await_text(int fd, const char *text, int ms)
{
	struct buf b = { 0 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline = mono_ms() + ms;
	char block[4096];
	ssize_t n = 1;

	while (strstr(buf_cstr(&b), text) == NULL) {
		int64_t left = deadline - mono_ms();

		ST_CHECK(left > 0 && n > 0, "run.sh did not say '%s' but: %.800s", text, buf_cstr(&b));
		if (poll(&p, 1, (int)left) > 0 && (n = read(fd, block, sizeof block)) > 0)
			buf_put(&b, block, (size_t)n);
	}
	buf_free(&b);
}

static size_t
entries(const char *dir)
{
	struct dirent *d;
	size_t n = 0;
	DIR *h = opendir(dir);

	while (h != NULL && (d = readdir(h)) != NULL)
		n += d->d_name[0] != '.';
	if (h != NULL)
		(void)closedir(h);
	return n;
}

static void
run_twice(struct e2e *e)
{
	char script[600], root[300];
	const char *argv[] = { "/bin/bash", script, e->build, root, NULL };
	int fd[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct output o;
	pid_t pid;

	(void)snprintf(script, sizeof script, "%s/run.sh", e->conf);
	(void)snprintf(root, sizeof root, "%.250s/run", e->st.root);
	ST_CHECK(null >= 0 && pipe2(fd, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
	pid = spawn(argv, null, fd[1], null, -1);
	close(fd[1]);
	close(null);
	await_text(fd[0], "== ", 120000 * e->slow);	/* all three switches run */
	(void)kill(pid, SIGKILL);
	ST_CHECK(wait_pid(pid, 20000) == 128 + SIGKILL, "run.sh was not killed");
	close(fd[0]);
	ST_CHECK(entries(root) == 1, "the killed run left %zu folders", entries(root));
	run_command(argv, NULL, 0, 180000 * e->slow, &o);
	ST_CHECK(o.status == 0, "the run after a killed one: %s", output_text(&o));
	output_free(&o);
	ST_CHECK(entries(root) == 0, "%zu folders are left", entries(root));
}

void
case_graceful(struct e2e *e)
{
	double began, worst = 0;

	stations_start(&e->st);
	for (int i = 0; i < 20; i++)
		json_decref(st_submit(&e->st.s[TOWN], "live", report_body("结束前")));
	for (size_t i = 0; i < STATIONS; i++) {
		struct station_proc *s = &e->st.s[i];

		(void)st_client(s);	/* a watching desk is no reason to stay */
		began = mono_s();
		ST_CHECK(st_stop(s, 5000 * e->slow) == 0, "%s: SIGTERM, and no clean end", s->code);
		worst = mono_s() - began > worst ? mono_s() - began : worst;
	}
	stations_start(&e->st);
	stations_settle(&e->st, 30000 * e->slow);
	ST_CHECK(st_each(&e->st.s[COUNTY], "report", false, NULL, NULL) == 20, "the county does not hold the twenty reports");
	verify_all(e);
	run_twice(e);
	(void)snprintf(e->note, sizeof e->note, "slowest end %.2f s", worst);
}
