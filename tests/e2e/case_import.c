/*
 * An import of 2000 reports that is killed twice, and whose switches are killed under it; then run again to the end, and
 * once more: both upper stations hold each report once.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "e2e.h"

#define REPORTS 2000

static const char *const import_args[] = { "import", "--format", "report-jsonl", "--from", "330225102", "--to", "330225,330200", NULL, NULL };

static pid_t
import_spawn(struct e2e *e, const char *file, const char *out)
{
	const char *args[9];

	memcpy(args, import_args, sizeof args);
	args[7] = file;
	return st_ctl_spawn(&e->st.s[TOWN], out, args);
}

static void
import_kill(pid_t pid)
{
	int status = 0;

	ST_CHECK(!wait_poll(pid, &status), "the import ended before it was killed, with status %d", status);
	(void)kill(pid, SIGKILL);
	ST_CHECK(wait_pid(pid, 20000) == 128 + SIGKILL, "the import was not killed");
}

/* "taken N, already there N, refused N" */
static void
tally(const char *path, unsigned long n[3])
{
	struct buf b = { 0 };
	const char *at;

	file_read(path, &b);
	at = strstr(buf_cstr(&b), "taken ");
	ST_CHECK(at != NULL && sscanf(at, "taken %lu, already there %lu, refused %lu", &n[0], &n[1], &n[2]) == 3,
	    "the import's last word is: %.600s", buf_cstr(&b));
	buf_free(&b);
}

struct foreign {
	const struct station_proc *s;
	unsigned char seen[REPORTS];
	bool origin;
};

static void
foreign_seen(void *ctx, const char *id, const json_t *answer)
{
	struct foreign *fo = ctx;
	const json_t *body = json_object_get(answer, "body");
	long i = strtol(text_of(body, "foreign_id"), NULL, 10) - 1000001;

	ST_CHECK(i >= 0 && i < REPORTS, "%s: %s has the foreign id '%s'", fo->s->code, id, text_of(body, "foreign_id"));
	ST_CHECK(fo->seen[i]++ == 0, "doubled: %s holds the foreign id %ld twice", fo->s->code, i + 1000001);
	ST_CHECK(json_is_true(json_object_get(body, "history")), "%s: %s is not marked as history", fo->s->code, id);
	if (fo->origin)
		check_delivered(fo->s, id, answer);
}

void
case_import_killed(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char file[600], out[300];
	struct buf before = { 0 }, after = { 0 };
	unsigned long n[3], first_there;
	double began, imported, settled;
	json_int_t chain;
	pid_t pid;
	json_t *a;

	(void)snprintf(file, sizeof file, "%s/reports/dev.jsonl", e->data);
	(void)snprintf(out, sizeof out, "%s/import.out", e->st.root);
	file_read(file, &before);
	stations_start(&e->st);
	began = mono_s();
	pid = import_spawn(e, file, out);
	st_await_status_min(town, "messages", 150 + (json_int_t)chance(100), 60000 * e->slow);
	import_kill(pid);
	pid = import_spawn(e, file, out);
	st_await_status_min(town, "messages", 450 + (json_int_t)chance(100), 60000 * e->slow);
	import_kill(pid);
	/* The third goes to the end, whatever happens to the switches: dutyctl itself comes again. */
	pid = import_spawn(e, file, out);
	st_await_status_min(town, "messages", 750 + (json_int_t)chance(200), 60000 * e->slow);
	st_kill(town);
	st_start(town);
	st_await_status_min(county, "messages", 900 + (json_int_t)chance(200), 120000 * e->slow);
	st_kill(county);
	st_start(county);
	ST_CHECK(wait_pid(pid, 300000 * e->slow) == 0, "the import ended with an error; its output: %s", out);
	imported = mono_s() - began;
	tally(out, n);
	first_there = n[1];
	ST_CHECK(n[0] + n[1] == REPORTS && n[2] == 0 && n[1] > 0, "the third import: taken %lu, already there %lu, refused %lu", n[0], n[1], n[2]);
	stations_settle(&e->st, 300000 * e->slow);
	settled = mono_s() - began;

	a = st_verify(town);
	chain = json_integer_value(json_object_get(a, "chain"));
	json_decref(a);
	pid = import_spawn(e, file, out);
	ST_CHECK(wait_pid(pid, 300000 * e->slow) == 0, "the fourth import ended with an error; its output: %s", out);
	tally(out, n);
	ST_CHECK(n[0] == 0 && n[1] == REPORTS && n[2] == 0, "the fourth import: taken %lu, already there %lu, refused %lu", n[0], n[1], n[2]);
	a = st_verify(town);
	ST_CHECK(json_integer_value(json_object_get(a, "chain")) == chain, "the fourth import has written something");
	json_decref(a);
	stations_settle(&e->st, 60000 * e->slow);

	for (size_t i = 0; i < STATIONS; i++) {
		struct station_proc *s = &e->st.s[i];
		struct foreign fo = { .s = s, .origin = i == TOWN };
		size_t held = each_message(s, "report", foreign_seen, &fo);

		ST_CHECK(held == REPORTS, "%s holds %zu reports", s->code, held);
		a = st_ask(s, json_pack("{s:s}", "op", "owed"));
		ST_CHECK(json_array_size(json_object_get(a, "items")) == 0, "%s: an import has started clocks", s->code);
		json_decref(a);
		ST_CHECK(st_status(s, "quarantine") == 0 && st_status(s, "returned") == 0, "%s: quarantine or returned", s->code);
	}
	verify_all(e);
	file_read(file, &after);
	ST_CHECK(before.n == after.n && memcmp(before.p, after.p, before.n) == 0, "the import has changed its input");
	buf_free(&before);
	buf_free(&after);
	(void)snprintf(e->note, sizeof e->note, "import with 2 kills of dutyctl, 1 of the township, 1 of the county: %.1f s, delivered everywhere after %.1f s; the last found %lu there",
	    imported, settled, first_there);
}
