#ifndef TESTS_UNIT_OUTLET_HELP_H
#define TESTS_UNIT_OUTLET_HELP_H
/* A folder of its own with outlets that work, fail or hang, as real children; for outlet_test.c and outlet_feed_test.c. */
#include "station_help.h"
#include <dirent.h>
#include <event2/event.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "../../switch/chase.h"
#include "../../switch/outlet.h"
#include "../../switch/outlet_feed.h"
#include "../../switch/station_chase.h"

#define MIN INT64_C(60000)

struct ox {
	struct stationdir dir;
	struct event_base *base;
	struct outlet *o;
	int64_t now;
	unsigned alarms, said, tested;
	bool said_ok, tested_ok;
	char last[256], tester[97];
	size_t want;
};

static inline int64_t
on_now(void *ctx)
{
	return ((struct ox *)ctx)->now;
}

static inline void
on_alarm(void *ctx, const char *what, const char *detail)
{
	struct ox *x = ctx;

	(void)what;
	x->alarms++;
	snprintf(x->last, sizeof x->last, "%s", detail);
}

static inline void
on_said(void *ctx, const char *name, bool ok, const char *detail)
{
	struct ox *x = ctx;

	(void)name;
	(void)detail;
	x->said++;
	x->said_ok = ok;
}

static inline void
on_tested(void *ctx, const char *name, bool ok, const char *detail, const char *person)
{
	struct ox *x = ctx;

	(void)name;
	(void)detail;
	x->tested++;
	x->tested_ok = ok;
	snprintf(x->tester, sizeof x->tester, "%s", person);
}

static const struct outlet_ops effects = {on_now, on_alarm, on_said, on_tested};

/* ---- the folder ---- */

static inline void
put_file(struct ox *x, const char *name, const char *text, mode_t mode)
{
	char path[512];
	FILE *fp;

	snprintf(path, sizeof path, "%s/%s", x->dir.path, name);
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline bool
there(struct ox *x, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", x->dir.path, name);
	return access(path, F_OK) == 0;
}

static inline size_t
lines(struct ox *x, const char *name)
{
	char path[512], line[4096];
	size_t n = 0;
	FILE *fp;

	snprintf(path, sizeof path, "%s/%s", x->dir.path, name);
	if ((fp = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof line, fp) != NULL)
		n++;
	fclose(fp);
	return n;
}

static inline size_t
jobs(struct ox *x, const char *place)
{
	char path[512];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/alarm/%s", x->dir.path, place);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static inline void
wipe(const char *path)
{
	char sub[800];
	struct dirent *e;
	DIR *d = opendir(path);

	if (d == NULL) {
		(void)unlink(path);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
			snprintf(sub, sizeof sub, "%.500s/%s", path, e->d_name);
			wipe(sub);
		}
	closedir(d);
	(void)rmdir(path);
}

static inline void
open_outlet(struct ox *x)
{
	struct fault f = {0};

	x->o = outlet_new(x->base, &x->dir, &effects, x, &f);
	if (x->o == NULL)
		fail_msg("%s %s", f.file, f.text);
}

/* outlets.tsv with one row; CMD: a script in the folder. */
static inline void
outlets(struct ox *x, const char *rows)
{
	char text[4096] = "name\tkind\tcommand\ttimeout\n";
	size_t n = strlen(text);

	/* @ stands for the folder. */
	for (const char *p = rows; *p != '\0' && n + 300 < sizeof text; p++)
		n += (size_t)snprintf(text + n, sizeof text - n, *p == '@' ? "%s" : "%.1s", *p == '@' ? x->dir.path : p);
	put_file(x, "outlets.tsv", text, 0600);
}

static inline int
ox_setup(void **state)
{
	struct ox *x = xcalloc(1, sizeof *x);

	snprintf(x->dir.path, sizeof x->dir.path, "/tmp/outlet_test.XXXXXX");
	assert_non_null(mkdtemp(x->dir.path));
	x->now = NOW;
	x->base = event_base_new();
	put_file(x, "ok", "#!/bin/sh\nD=${0%/*}\ncat >>\"$D/in\"\necho \"$DUTYDESK_ID $DUTYDESK_TIER $DUTYDESK_KIND [$DUTYDESK_NUMBERS] $*\" >>\"$D/rang\"\n", 0700);
	put_file(x, "bad", "#!/bin/sh\necho x >>\"${0%/*}/tried\"\necho 'no carrier' >&2\nexit 3\n", 0700);
	put_file(x, "hang", "#!/bin/sh\ntrap '' TERM\nread line </dev/zero &\nwhile :; do :; done\n", 0700);
	*state = x;
	return 0;
}

static inline int
ox_teardown(void **state)
{
	struct ox *x = *state;

	outlet_free(x->o);
	event_base_free(x->base);
	wipe(x->dir.path);
	free(x);
	return 0;
}

/* Turns the loop until cond, 20 s at most: by events, not by waiting. */
static inline void
until(struct ox *x, bool (*cond)(struct ox *))
{
	struct timespec a, b;

	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	while (!cond(x)) {
		struct timeval tv = {.tv_usec = 200000};

		(void)event_base_loopexit(x->base, &tv);
		(void)event_base_loop(x->base, EVLOOP_ONCE);
		(void)clock_gettime(CLOCK_MONOTONIC, &b);
		if (b.tv_sec - a.tv_sec > 20)
			fail_msg("it does not come: %s", x->last);
	}
}

static inline json_t *
job(const char *id, const char *tier)
{
	return json_pack("{s:s, s:s, s:s, s:[s], s:[s, s, s], s:I}", "id", id, "tier", tier, "text", "催办\x01指令", "persons", "赵 138", "numbers",
	    "13800000000", "$(id)", "+86-571", "at", (json_int_t)NOW);
}

static inline bool
one_done(struct ox *x)
{
	return jobs(x, "done") == 1;
}

static inline bool
was_said(struct ox *x)
{
	return x->said > 0;
}

static inline bool
one_failed(struct ox *x)
{
	return jobs(x, "failed") == 1;
}

static inline bool
was_tested(struct ox *x)
{
	return x->tested > 0;
}

static inline json_t *
status(struct ox *x)
{
	json_t *all = outlet_status(x->o), *row = json_incref(json_array_get(all, 0));

	json_decref(all);
	return row;
}

#define O(f) cmocka_unit_test_setup_teardown(f, ox_setup, ox_teardown)

#endif
