/* `dutyctl rules check' and `list' without a switch: exit status, file and line of what is wrong, what is odd. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../formats/conf.h"
#include "../../formats/i18n.h"
#include "../../switch/ctl.h"
#include "../lib/confdir.h"
#include "../lib/rulesdir.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD "what\tplace\tlevel\torigin\tminutes\tclause\n"

static const char *station_dir;
static char settings[160], shipped[4096], dir[CONFDIR_MAX], out[65536], err[8192];

static void
read_back(FILE *f, char *into, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(into, 1, size - 1, f);
	into[n] = '\0';
	(void)fclose(f);
}

/* Words separated by spaces; what was said is in out and err. */
static int
run(const char *words)
{
	char copied[256], *argv[16], *w = copied;
	struct ctl ctl = {.dir = station_dir};
	FILE *heard = tmpfile(), *errors = tmpfile();
	int argc = 0, rc, kept[2];

	assert_true(heard != NULL && errors != NULL);
	snprintf(copied, sizeof copied, "%s", words);
	while (*w != '\0' && argc < 15) {
		argv[argc++] = w;
		w += strcspn(w, " ");
		if (*w == ' ')
			*w++ = '\0';
	}
	argv[argc] = NULL;
	fflush(stdout);
	fflush(stderr);
	kept[0] = dup(STDOUT_FILENO);
	kept[1] = dup(STDERR_FILENO);
	assert_true(kept[0] >= 0 && kept[1] >= 0);
	assert_true(dup2(fileno(heard), STDOUT_FILENO) != -1 && dup2(fileno(errors), STDERR_FILENO) != -1);
	rc = ctl_rules(&ctl, argc, argv);
	fflush(stdout);
	fflush(stderr);
	(void)dup2(kept[0], STDOUT_FILENO);
	(void)dup2(kept[1], STDERR_FILENO);
	(void)close(kept[0]);
	(void)close(kept[1]);
	read_back(heard, out, sizeof out);
	read_back(errors, err, sizeof err);
	codebook_free(ctl.codebook);
	return rc;
}

static int
setup(void **state)
{
	char from[4400], to[128];
	struct fault f = {0};

	(void)state;
	i18n_init("en");
	if (conf_dir(shipped, sizeof shipped, &f) == NULL || !confdir_make(dir, "ctl_rules_test", "rules") || !rulesdir_fill(dir))
		return -1;
	snprintf(from, sizeof from, "%s/codebooks", shipped);
	snprintf(to, sizeof to, "%s/codebooks", dir);
	return symlink(from, to);
}

static int
teardown(void **state)
{
	char path[128];

	(void)state;
	rulesdir_clear(dir);
	snprintf(path, sizeof path, "%s/codebooks", dir);
	(void)unlink(path);
	return confdir_remove(dir, "rules");
}

static void
shipped_ones(void **state)
{
	static const char *const names[] = {"-", "chongqing", "county-towns", "henan", "wuhan", "xs-sample", "zero-daily"};
	char line[128];

	(void)state;
	assert_int_equal(setenv("DUTYDESK_CONF", shipped, 1), 0);
	assert_int_equal(run("check --all"), 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(line, sizeof line, "profiles: %s\n", names[i]);
		assert_non_null(strstr(out, line));
	}
	assert_string_equal(err, "");
	assert_int_equal(run("list --profile xs-sample --what read"), 0);
	assert_non_null(strstr(out, "K6-read"));
	assert_null(strstr(out, "K1-phone"));
	assert_int_equal(run("list --place 410122 --profile henan --json"), 0);
	assert_non_null(strstr(out, "\"at\":\"08:00|17:00\""));
	assert_non_null(strstr(out, "\"early\":120"));
}

static void
wrong_ones(void **state)
{
	static const struct {
		const char *words, *local; /* deadlines.local.tsv */
		int code;
		const char *out, *err;
	} t[] = {
	    {"check", NULL, 0, "in order", ""},
	    {"check", HEAD "phone\t*\tcounty\tlearned\t0\tx\n", 65, "", "deadlines.local.tsv:2: minutes"},
	    {"check", HEAD "phone\t*\tcounty\tlearned\t5\t\n", 65, "", "deadlines.local.tsv:2: clause"},
	    {"check --json", HEAD "phone\t*\tcounty\tlearned\t0\tx\n", 65, "\"ok\":false", "minutes"},
	    {"check", HEAD "phone\t339999\tcounty\tlearned\t5\tx\n", 1, "deadlines.local.tsv:2: phone-339999-county@local: the codebook knows no division", ""},
	    {"check", HEAD "phone\t330225\t*\tlearned\t5\tx\nphone\t*\tcounty\tlearned\t9\tx\n", 1, "neither names more", ""},
	    {"check", HEAD "phone\t*\tcounty\tlearned\t1500\tx\n", 1, "deadlines.local.tsv:2: phone-county@local: 1500 min to telephone are longer", ""},
	    {"check", "what\tcode\torigin\tminutes\tclause\nphone\tyjpt:99\tlearned\t5\tx\n", 1, "deadlines.local.tsv:2: phone-yjpt:99@local: no event", ""},
	    {"check --json", HEAD "phone\t330225\t*\tlearned\t5\tx\nphone\t*\tcounty\tlearned\t9\tx\n", 1, "\"line\":3", ""},
	    {"check --profile nowhere", NULL, 65, "", "no such profile"},
	    {"check now", NULL, 64, "", "one word too many"},
	    {"", NULL, 64, "", "check, list or explain?"},
	    {"verify", NULL, 64, "", "check, list or explain?"},
	    {"list --what fish", NULL, 64, "", "no such thing"},
	    {"list", HEAD "phone\t*\tcounty\tlearned\t0\tx\n", 78, "", "deadlines.local.tsv:2"},
	    {"explain", NULL, 64, "", "which one?"},
	};

	(void)state;
	assert_int_equal(setenv("DUTYDESK_CONF", dir, 1), 0);
	for (size_t i = 0; i < COUNT(t); i++) {
		int rc;

		confdir_put(dir, "rules", "deadlines.local", t[i].local);
		rc = run(t[i].words);
		if (rc != t[i].code || strstr(out, t[i].out) == NULL || strstr(err, t[i].err) == NULL || (t[i].err[0] == '\0') != (err[0] == '\0'))
			fail_msg("%zu: %d\n%s%s", i, rc, out, err);
	}
	confdir_put(dir, "rules", "deadlines.local", NULL);
}

/* Points off are mentioned where a place has them, and nowhere else. */
static void
points_off(void **state)
{
	(void)state;
	assert_int_equal(setenv("DUTYDESK_CONF", dir, 1), 0);
	assert_int_equal(run("check"), 0);
	assert_null(strstr(out, "points off"));
	assert_int_equal(run("list"), 0);
	assert_null(strstr(out, "points off"));
	confdir_put(dir, "rules", "scores.local", "item\tpoints\tclause\nlate\t50\there\n");
	assert_int_equal(run("check"), 0);
	assert_non_null(strstr(out, "points off for late: 50 (here; "));
	assert_non_null(strstr(out, "scores.local.tsv:2)"));
	assert_int_equal(run("check --json"), 0);
	assert_non_null(strstr(out, "\"points\":50"));
	assert_int_equal(run("list"), 0);
	assert_non_null(strstr(out, "late 50  here"));
	assert_int_equal(run("list --json"), 0);
	assert_non_null(strstr(out, "\"item\":\"late\""));
	confdir_put(dir, "rules", "scores.local", "item\tpoints\tclause\nlate\t101\there\n");
	assert_int_equal(run("check"), 65);
	assert_non_null(strstr(err, "scores.local.tsv:2: points"));
	confdir_put(dir, "rules", "scores.local", NULL);
}

/* A profile named twice, by the settings of a station: where. */
static void
profile_twice(void **state)
{
	char path[128];
	FILE *fp;

	(void)state;
	assert_int_equal(setenv("DUTYDESK_CONF", shipped, 1), 0);
	snprintf(path, sizeof path, "%s/rules", dir);
	station_dir = path;
	snprintf(settings, sizeof settings, "%s/dutyswitch.conf", path);
	assert_non_null(fp = fopen(settings, "w"));
	fputs("# ours\nstation = 330225\n  profile = henan, henan\n", fp);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(run("check"), 65);
	assert_non_null(strstr(err, "dutyswitch.conf:3: profile"));
	assert_non_null(strstr(err, "henan is named twice"));
	assert_int_equal(run("check --profile henan,henan"), 65);
	assert_null(strstr(err, "dutyswitch.conf"));
	station_dir = NULL;
	(void)unlink(settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(shipped_ones), cmocka_unit_test(wrong_ones), cmocka_unit_test(points_off),
	    cmocka_unit_test(profile_twice)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
