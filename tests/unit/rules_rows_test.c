/* Which limit counts: place, event, grade, marks, dates, profiles; chains of chasing; hours of zero reports; what is said of odd tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/conf.h"
#include "../../formats/rules.h"
#include "../lib/confdir.h"
#include "../lib/rulesdir.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD "id\twhat\tplace\tlevel\tcode\tgrade\tmarked\tprec\torigin\tscope\tendpoint\twho\tminutes\tat\tchase\tclause\tin_force_since\tin_force_until\n"
#define CHASE_HEAD "chain\twhat\tprec\trung\tafter\tfrom\tto\tby\tclause\n"
#define ZERO_HEAD "place\tlevel\ttime\tclause\n"
#define T_2026 INT64_C(1795305600000) /* 2026-11-22 00:00 UTC */

static char conf[4096], dir[CONFDIR_MAX];

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "rules", name, text);
}

/* A table of a profile; text NULL: takes it and the folder away. */
static void
profile(const char *name, const char *table, const char *text)
{
	char folder[128];

	snprintf(folder, sizeof folder, "%s/rules/profiles", dir);
	(void)mkdir(folder, 0700);
	snprintf(folder, sizeof folder, "%s/rules/profiles/%s", dir, name);
	(void)mkdir(folder, 0700);
	snprintf(folder, sizeof folder, "rules/profiles/%s", name);
	confdir_put(dir, folder, table, text);
	if (text == NULL) {
		snprintf(folder, sizeof folder, "%s/rules/profiles/%s", dir, name);
		(void)rmdir(folder);
		snprintf(folder, sizeof folder, "%s/rules/profiles", dir);
		(void)rmdir(folder);
	}
}

static void
base(void)
{
	rulesdir_clear(dir);
	put("deadlines", HEAD);
	assert_true(rulesdir_fill(dir));
}

static int
setup(void **state)
{
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof conf, &f) == NULL)
		return -1;
	return confdir_make(dir, "rules_rows_test", "rules") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	rulesdir_clear(dir);
	return confdir_remove(dir, "rules");
}

static struct rules *
load(const char *from, const char *profiles)
{
	struct fault f = {0};
	struct rules *r = rules_load_profiles(from, profiles, &f);
	char text[1024];

	if (r == NULL)
		fail_msg("%s", fault_format(&f, text, sizeof text));
	return r;
}

struct remarks {
	size_t n;
	size_t line;
	char text[600];
};

static void
remark(void *ctx, const char *file, size_t line, const char *text)
{
	struct remarks *m = ctx;

	assert_non_null(strstr(file, "/rules/"));
	m->n++;
	m->line = line;
	snprintf(m->text, sizeof m->text, "%s", text);
}

/* ---- how rows are weighed ---- */

static void
names_more(void **state)
{
	static const char text[] = HEAD "all\twritten\t*\t*\t*\t*\t*\t*\tlearned\thop\t\t\t90\t\t\ts\t\t\n"
		"zj\twritten\t330000\t*\t*\t*\t*\t*\tlearned\thop\t\t\t100\t\t\ts\t\t\n"
		"nb\twritten\t330200\t*\t*\t*\t*\t*\tlearned\thop\t\t\t110\t\t\ts\t\t\n"
		"xs\twritten\t330225\t*\t*\t*\t*\t*\tlearned\thop\t\t\t120\t\t\ts\t\t\n"
		"port\twritten\tx-port\t*\t*\t*\t*\t*\tlearned\thop\t\t\t130\t\t\ts\t\t\n"
		"acc\twritten\t*\t*\tyjpt:12\t*\t*\t*\tlearned\thop\t\t\t80\t\t\ts\t\t\n"
		"fire\twritten\t*\t*\tyjpt:12G\t*\t*\t*\tlearned\thop\t\t\t85\t\t\ts\t\t\n"
		"xs-fire\twritten\t330225\t*\tyjpt:12G\t*\t*\t*\tlearned\thop\t\t\t200\t\t\ts\t\t\n"
		"risk\twritten\t330225\t*\t*\t*\tyes\t*\tlearned\thop\t\t\t300\t\t\ts\t\t\n"
		"chain\twritten\t*\t*\t*\t*\t*\t*\toccurred\tchain\text:guojia\t\t60\t\t\ts\t\t\n"
		"old\tphone\t*\t*\t*\t*\t*\t*\tlearned\thop\t\t\t10\t\t\ts\t2010\t2019-12-31\n"
		"new\tphone\t*\t*\t*\t*\t*\t*\tlearned\thop\t\t\t20\t\t\ts\t2020-01-01\t\n";
	static const struct {
		enum owed what;
		const char *station, *code;
		bool risk;
		enum rule_scope scope;
		int64_t at;
		const char *id; /* NULL: none */
	} t[] = {
	    {OWED_REPORT_WRITTEN, "110101", "", false, SCOPE_HOP, 0, "all"},
	    {OWED_REPORT_WRITTEN, "331022", "", false, SCOPE_HOP, 0, "zj"},
	    {OWED_REPORT_WRITTEN, "330226", "", false, SCOPE_HOP, 0, "nb"},
	    {OWED_REPORT_WRITTEN, "330225", "", false, SCOPE_HOP, 0, "xs"},
	    {OWED_REPORT_WRITTEN, "330225102", "", false, SCOPE_HOP, 0, "xs"},
	    {OWED_REPORT_WRITTEN, "330225-gongan", "", false, SCOPE_HOP, 0, "xs"},
	    {OWED_REPORT_WRITTEN, "x-port", "", false, SCOPE_HOP, 0, "port"},
	    {OWED_REPORT_WRITTEN, "x-port-gongan", "", false, SCOPE_HOP, 0, "port"},
	    {OWED_REPORT_WRITTEN, "x-porter", "", false, SCOPE_HOP, 0, "all"},
	    {OWED_REPORT_WRITTEN, "110101", "yjpt:12A00", false, SCOPE_HOP, 0, "acc"},
	    {OWED_REPORT_WRITTEN, "110101", "yjpt:12G05", false, SCOPE_HOP, 0, "fire"},
	    {OWED_REPORT_WRITTEN, "110101", "other:12G05", false, SCOPE_HOP, 0, "all"},
	    {OWED_REPORT_WRITTEN, "330225", "yjpt:12A00", false, SCOPE_HOP, 0, "acc"}, /* neither names more: the strictest */
	    {OWED_REPORT_WRITTEN, "330225", "yjpt:12G05", false, SCOPE_HOP, 0, "xs-fire"},
	    {OWED_REPORT_WRITTEN, "330225", "", true, SCOPE_HOP, 0, "risk"},
	    {OWED_REPORT_WRITTEN, "330225", "", false, SCOPE_CHAIN, 0, "chain"},
	    {OWED_REPORT_PHONE, "330225", "", false, SCOPE_HOP, 0, "old"},
	    {OWED_REPORT_PHONE, "330225", "", false, SCOPE_HOP, INT64_C(1577807999999), "old"}, /* 2019-12-31 23:59:59 in China */
	    {OWED_REPORT_PHONE, "330225", "", false, SCOPE_HOP, INT64_C(1577808000000), "new"},
	    {OWED_REPORT_PHONE, "330225", "", false, SCOPE_HOP, INT64_C(1262275199999), NULL}, /* 2009 */
	    {OWED_REPORT_PHONE, "330225", "", false, SCOPE_HOP, INT64_C(1262275200000), "old"},
	};
	struct rule_other o[16];
	struct rules *r;
	struct deadline d;
	size_t n;

	(void)state;
	base();
	put("deadlines", text);
	r = load(dir, "");
	for (size_t i = 0; i < COUNT(t); i++) {
		struct rule_ask ask = {.what = t[i].what, .station = t[i].station, .level = "county", .code = t[i].code, .risk = t[i].risk,
		    .scope = t[i].scope, .at = t[i].at};
		bool any = rules_deadline(r, &ask, &d);

		if (any != (t[i].id != NULL) || (any && strcmp(d.id, t[i].id) != 0))
			fail_msg("%zu: %s for %s", i, any ? d.id : "-", t[i].id != NULL ? t[i].id : "-");
	}
	/* all of them, and why the others do not count */
	n = rules_deadline_all(r, &(struct rule_ask){.what = OWED_REPORT_WRITTEN, .station = "330225", .level = "county", .code = "yjpt:12A00",
	    .scope = SCOPE_HOP}, o, COUNT(o));
	assert_int_equal(n, 5);
	assert_string_equal(o[0].d.id, "acc");
	assert_string_equal(o[0].why, "");
	for (size_t i = 1; i < n; i++)
		assert_string_equal(o[i].why, strcmp(o[i].d.id, "xs") == 0 ? "a stricter one counts" : "a row that names more counts");
	n = rules_deadline_all(r, &(struct rule_ask){.what = OWED_REPORT_PHONE, .station = "330225", .level = "county", .scope = SCOPE_HOP,
	    .at = INT64_C(1577808000000)}, o, COUNT(o));
	assert_int_equal(n, 2);
	assert_string_equal(o[1].why, "no longer in force when the clock started");
	rules_free(r);
	base();
}

static void
layers(void **state)
{
	static const char row[] = HEAD "\tread\t*\t*\t*\t*\t*\t*\tdelivered\thop\t\t\t%d\t\t\ts\t%s\t\n";
	struct rule_ask ask = {.what = OWED_READ, .station = "330225", .level = "county", .scope = SCOPE_HOP, .at = T_2026};
	struct rule_other o[8];
	struct deadline d;
	struct rules *r;
	uint8_t was[32], now[32];
	char text[512];

	(void)state;
	base();
	snprintf(text, sizeof text, row, 30, "");
	put("deadlines", text);
	r = load(dir, "");
	rules_digest(r, was);
	assert_true(rules_deadline(r, &ask, &d));
	assert_int_equal(d.minutes, 30);
	assert_string_equal(d.profile, "");
	rules_free(r);
	/* a profile's row takes the national one's place, though laxer; a local one that of both */
	snprintf(text, sizeof text, row, 60, "");
	profile("p", "deadlines", text);
	r = load(dir, "p");
	rules_digest(r, now);
	assert_memory_not_equal(was, now, sizeof was);
	assert_true(rules_deadline(r, &ask, &d));
	assert_int_equal(d.minutes, 60);
	assert_string_equal(d.profile, "p");
	rules_free(r);
	snprintf(text, sizeof text, row, 45, "");
	put("deadlines.local", text);
	r = load(dir, "p");
	assert_int_equal(rules_deadline_all(r, &ask, o, COUNT(o)), 3);
	assert_string_equal(o[0].d.profile, "local");
	assert_non_null(strstr(o[1].why, "nearer table"));
	rules_free(r);
	/* not before it is in force */
	snprintf(text, sizeof text, row, 45, "2030-01-01");
	put("deadlines.local", text);
	r = load(dir, "p");
	assert_true(rules_deadline(r, &ask, &d));
	assert_string_equal(d.profile, "p");
	ask.at = INT64_C(1900000000000);
	assert_true(rules_deadline(r, &ask, &d));
	assert_string_equal(d.profile, "local");
	rules_free(r);
	/* the digest is over what is said, not over comments; the profile's precedence and numbers count, too */
	put("deadlines.local", NULL);
	r = load(dir, "p");
	rules_digest(r, was);
	rules_free(r);
	profile("p", "numbers", "# a comment\nname\tnumber\tunit\tclause\nrecall_seconds\t45\ts\there\n");
	r = load(dir, "p");
	rules_digest(r, now);
	assert_memory_not_equal(was, now, sizeof was);
	assert_int_equal(rules_number(r, NUMBER_RECALL_SECONDS), 45);
	rules_free(r);
	profile("p", "numbers", "name\tnumber\tunit\tclause\n\n# another\nrecall_seconds\t45\ts\there\n");
	r = load(dir, "p");
	rules_digest(r, was);
	assert_memory_equal(was, now, sizeof was);
	rules_free(r);
	profile("p", "numbers", NULL);
	profile("p", "deadlines", NULL);
	base();
}

/* Follow-ups by 08:00 and 17:00, where a report of the two hours before is that time's. */
static void
times_of_day(void **state)
{
	static const struct {
		int64_t report, due; /* minutes after 2026-11-22 00:00 in China */
	} t[] = {{0, 480}, {359, 480}, {360, 1020}, {480, 1020}, {481, 1020}, {899, 1020}, {900, 1440 + 480}, {1020, 1440 + 480},
	    {1439, 1440 + 480}, {-120, 480}};
	const int64_t midnight = T_2026 - INT64_C(8) * 3600000;
	struct rules *r = load(conf, "henan");
	struct deadline d;

	(void)state;
	assert_true(rules_deadline(r, &(struct rule_ask){.what = OWED_FOLLOWUP, .station = "410122", .level = "county", .scope = SCOPE_HOP}, &d));
	assert_int_equal(d.nat, 2);
	assert_int_equal(d.early, 120);
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal((rules_due(&d, midnight + t[i].report * 60000) - midnight) / 60000, t[i].due);
	assert_int_equal(rules_due(&d, INT64_MAX), INT64_MAX);
	assert_int_equal(rules_due(&d, INT64_MIN), INT64_MIN);
	d.nat = 0;
	assert_int_equal(rules_due(&d, 0), d.minutes * 60000);
	assert_int_equal(rules_due(&d, INT64_MAX), INT64_MAX);
	rules_free(r);
}

/* ---- tables that are refused ---- */

static void
refused(void **state)
{
	static const struct {
		const char *table, *text;
		size_t line;
		const char *says;
	} t[] = {
#define R(x) "deadlines", HEAD x
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t0\t\t\ts\t\t\n"), 2, "whole number"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\t\t\t\n"), 2, "clause"},
	    {R("a\twritten\t33022\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "no place"},
	    {R("a\twritten\tNingbo City\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "no place"},
	    {R("a\twritten\t*\tcounty\t12\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "scheme"},
	    {R("a\twritten\t*\tcounty\t*\t*\tmaybe\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "yes or *"},
	    {R("a\twritten\t*\tcounty\t*\tV\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "\"V\""},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\tslow\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "slow"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\tleap\t\t\t60\t\t\ts\t\t\n"), 2, "leap"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\tcity\t\t60\t\t\ts\t\t\n"), 2, "next level"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\toccurred\tchain\t\t\t60\t\t\ts\t\t\n"), 2, "where it ends"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\toccurred\tchain\text:\t\t60\t\t\ts\t\t\n"), 2, "outside system"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\toccurred\tchain\tmoon\t\t60\t\t\ts\t\t\n"), 2, "moon"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\tnobody\t60\t\t\ts\t\t\n"), 2, "nobody"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\tnone\ts\t\t\n"), 2, "no chain \"none\""},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t2020\t2019\n"), 2, "before it begins"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\tsoon\n"), 2, "date"},
	    {R("a\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t08:00\t\ts\t\t\n"), 2, "follow-ups"},
	    {R("a\tfollowup\t*\t*\t*\t*\t*\t*\treport\thop\t\t\t60\t17:00|08:00\t\ts\t\t\n"), 2, "ascending"},
	    {R("a\tfollowup\t*\t*\t*\t*\t*\t*\treport\thop\t\t\t60\t08:60\t\ts\t\t\n"), 2, "times of the day"},
	    {R("a\tfollowup\t*\t*\t*\t*\t*\t*\treport\thop\t\t\t1440\t08:00|20:00\t\ts\t\t\n"), 2, "more than one"},
	    {R("a\tzero\t*\t*\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "zero.tsv"},
	    {R("a\tread\t*\t*\t*\t*\t*\t*\tdelivered\thop\t\t\t60\t\t\ts\t\t\na\tsign\t*\t*\t*\t*\t*\t*\tdelivered\thop\t\t\t60\t\t\ts\t\t\n"), 3,
	        "another rule"},
	    {R("a\tread\t*\t*\t*\t*\t*\t*\tdelivered\thop\t\t\t60\t\t\ts\t\t\nb\tread\t\t\t\t\t\t\tdelivered\t\t\t\t50\t\t\ts\t\t\n"), 3, "twice"},
	    {R("a\tread\t*\t*\t*\t*\t*\t*\tdelivered\thop\t\t\t60\t\t\ts\t\t2020\nb\tread\t\t\t\t\t\t\tdelivered\t\t\t\t50\t\t\ts\t2020-12-31\t\n"), 3,
	        "twice"},
	    /* undetermined must be there for all of the place, not of a part of it */
	    {R("a\twritten\t330000\tcounty\t*\tIII\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"
	       "b\twritten\t330200\tcounty\t*\tundetermined\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n"), 2, "undetermined"},
	    {"deadlines", "what\tlevel\tgrde\torigin\tminutes\tclause\nread\t*\tI\tdelivered\t5\ts\n", 1, "no column"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t0\tdue\tseat\tbell\ts\ndefault\t*\t*\t1\t5\tdue\tleader\tsms\ts\n", 3, "ascend"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t5\tdue\tseat\tbell\ts\ndefault\t*\t*\t2\t0\tdue\tleader\tsms\ts\n", 3, "ascend in time"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t5\tdue\tseat\tbell\ts\ndefault\t*\t*\t2\t9\torigin\tleader\tsms\ts\n", 3, "same instant"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t-5\torigin\tseat\tbell\ts\n", 2, "whole number"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t5\tdue\tmayor\tbell\ts\n", 2, "mayor"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t5\tdue\tseat\tbell+horn\ts\n", 2, "horn"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t5\tdue\tseat\tmessage\ts\n", 2, "another station"},
	    {"chase", CHASE_HEAD "default\tfax\t*\t1\t5\tdue\tseat\tbell\ts\n", 2, "fax"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t5\tlater\tseat\tbell\ts\n", 2, "later"},
	    {"chase", CHASE_HEAD "default\t*\t*\t1\t5\tdue\tseat\tbell\t\n", 2, "clause"},
	    {"chase", CHASE_HEAD "other\t*\t*\t1\t5\tdue\tseat\tbell\ts\n", 0, "default"},
	    {"zero", ZERO_HEAD "*\tcounty\t25:00\ts\n", 2, "time of the day"},
	    {"zero", ZERO_HEAD "*\tvillage\t08:00\ts\n", 2, "village"},
	    {"zero", ZERO_HEAD "*\tcounty\t08:00\t\n", 2, "clause"},
	    {"zero", ZERO_HEAD "*\tcounty\t08:00\ts\n*\tcounty\t09:00\ts\n", 3, "twice"},
	};
	struct fault f;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		base();
		put(t[i].table, t[i].text);
		memset(&f, 0, sizeof f);
		assert_null(rules_load_profiles(dir, "", &f));
		if (f.code != EX_CONFIG || f.line != t[i].line || strstr(f.text, t[i].says) == NULL || strstr(f.file, t[i].table) == NULL)
			fail_msg("%zu: %s:%zu %s", i, f.file, f.line, f.text);
	}
	base();
}

static void
refused_profiles(void **state)
{
	static const struct {
		const char *names, *says;
	} t[] = {{"nowhere", "no such profile"}, {"../..", "not the name"}, {"p,p", "twice"}, {"p,", NULL}, {"local", "not the name"}, {"p, ,q", "not the name"}};
	struct fault f;
	struct rules *r;

	(void)state;
	base();
	profile("p", "zero", ZERO_HEAD "*\tcounty\t09:00\ts\n");
	for (size_t i = 0; i < COUNT(t); i++) {
		memset(&f, 0, sizeof f);
		r = rules_load_profiles(dir, t[i].names, &f);
		if ((r == NULL) != (t[i].says != NULL) || (r == NULL && strstr(f.text, t[i].says) == NULL))
			fail_msg("%zu: %s", i, f.text);
		rules_free(r);
	}
	profile("p", "grading", "table\n");
	assert_null(rules_load_profiles(dir, "p", &f));
	assert_non_null(strstr(f.text, "counts for nothing"));
	profile("p", "grading", NULL);
	profile("p", "deadlines", HEAD "a\tread\t*\t*\t*\t*\t*\t*\tdelivered\thop\t\t\t0\t\t\ts\t\t\n");
	memset(&f, 0, sizeof f);
	assert_null(rules_load_profiles(dir, "p", &f));
	assert_int_equal(f.line, 2);
	assert_non_null(strstr(f.file, "/profiles/p/deadlines.tsv"));
	profile("p", "deadlines", NULL);
	profile("p", "zero", NULL);
	base();
}

/* ---- tables that are odd ---- */

static void
remarks(void **state)
{
#define ALL "\twritten\t*\t*\t*\t*\t*\t*\tlearned\thop\t\t\t120\t\t\ts\t\t\n"
	static const struct {
		const char *text;
		size_t n, line;
		const char *says;
	} t[] = {
	    {HEAD ALL, 0, 0, ""},
	    {HEAD "\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t120\t\t\ts\t\t\n", 4, 0, "ever owed"},
	    /* the same said twice, from other instants */
	    {HEAD ALL "\twritten\t*\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n\twritten\t*\tcounty\t*\t*\t*\t*\toccurred\thop\t\t\t90\t\t\ts\t\t\n",
	        2, 4, "can never count"},
	    /* of as many names, and neither within the other: the stricter counts */
	    {HEAD ALL "\twritten\t330225\t*\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n\twritten\t*\t*\tyjpt:12\t*\t*\t*\tlearned\thop\t\t\t90\t\t\ts\t\t\n",
	        1, 4, "neither names more: written-330225 counts"},
	    /* ... unless a row says what holds for both */
	    {HEAD ALL "\twritten\t330225\t*\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n\twritten\t*\t*\tyjpt:12\t*\t*\t*\tlearned\thop\t\t\t90\t\t\ts\t\t\n"
	        "\twritten\t330225\t*\tyjpt:12\t*\t*\t*\tlearned\thop\t\t\t90\t\t\ts\t\t\n", 0, 0, ""},
	    /* at other times they do not meet */
	    {HEAD ALL "\twritten\t330225\t*\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t2020\n\twritten\t*\t*\tyjpt:12\t*\t*\t*\tlearned\thop\t\t\t90\t\t\ts\t2021\t\n",
	        0, 0, ""},
	    {HEAD ALL "\twritten\t330225102\tcounty\t*\t*\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n", 1, 3, "can never count"},
	    {HEAD ALL "\twritten\t*\tcounty\t*\tIII\t*\t*\tlearned\thop\t\t\t60\t\t\ts\t\t\n\twritten\t*\tcounty\t*\tundetermined\t*\t*\tlearned\thop\t\t\t90\t\t\ts\t\t\n",
	        1, 4, "undetermined"},
	};
	struct remarks m;
	struct rules *r;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		base();
		put("deadlines", t[i].text);
		r = load(dir, "");
		memset(&m, 0, sizeof m);
		rules_remarks(r, remark, &m);
		if (m.n != t[i].n || m.line != t[i].line || strstr(m.text, t[i].says) == NULL)
			fail_msg("%zu: %zu remarks, line %zu: %s", i, m.n, m.line, m.text);
		rules_free(r);
	}
	/* a profile that changes nothing */
	base();
	put("deadlines", HEAD ALL);
	profile("p", "deadlines", HEAD);
	r = load(dir, "p");
	memset(&m, 0, sizeof m);
	rules_remarks(r, remark, &m);
	assert_int_equal(m.n, 1);
	assert_non_null(strstr(m.text, "changes nothing"));
	rules_free(r);
	profile("p", "deadlines", NULL);
	base();
}

/* ---- chains, zero reports ---- */

static void
chains(void **state)
{
	static const char text[] = CHASE_HEAD "default\t*\t*\t1\t0\tdue\tseat\tbell\tany\n"
		"default\tread\t*\t1\t0\tdue\tseat\tscreen\tread\n"
		"default\t*\tflash\t1\t0\tdue\tseat\tbell\tflash\n"
		"default\tread\tflash\t1\t-2\tdue\tseat\tscreen\tboth\n"
		"default\tread\tflash\t2\t5\tdue\tleader\tsms+phone\tboth\n"
		"K6\tsign\t*\t1\t3\torigin\tsender\tmessage\tK6\n";
	static const struct {
		const char *chain;
		enum owed what;
		int prec;
		size_t n;
		const char *clause;
	} t[] = {{"", OWED_SIGN, PREC_ROUTINE, 1, "any"}, {NULL, OWED_SIGN, 0, 1, "any"}, {"default", OWED_READ, PREC_ROUTINE, 1, "read"},
	    {"", OWED_SIGN, PREC_FLASH, 1, "flash"}, {"", OWED_READ, PREC_FLASH, 2, "both"}, {"K6", OWED_SIGN, PREC_FLASH, 1, "K6"},
	    {"K6", OWED_READ, PREC_FLASH, 2, "both"}, {"gone", OWED_READ, PREC_FLASH, 2, "both"}};
	const struct chase_rung *g;
	struct rules *r;

	(void)state;
	base();
	put("chase", text);
	r = load(dir, "");
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(rules_chase(r, t[i].chain, t[i].what, t[i].prec, &g), t[i].n);
		assert_string_equal(g[0].clause, t[i].clause);
	}
	assert_int_equal(rules_chase(r, "", OWED_READ, PREC_FLASH, &g), 2);
	assert_int_equal(g[0].after, -2);
	assert_int_equal(g[1].to, CHASE_LEADER);
	assert_int_equal(g[1].by, CHASE_BY_SMS | CHASE_BY_PHONE);
	assert_int_equal(g[1].line, 6);
	rules_free(r);
	/* a local group takes the shipped one's place, whole */
	put("chase.local", CHASE_HEAD "default\tread\tflash\t1\t1\torigin\tseat\tbell\there\n");
	r = load(dir, "");
	assert_int_equal(rules_chase(r, "", OWED_READ, PREC_FLASH, &g), 1);
	assert_string_equal(g[0].clause, "here");
	assert_false(g[0].from_due);
	rules_free(r);
	base();
	/* what is shipped: routine rings no bell; K6 and K7 */
	r = load(conf, "");
	for (int what = OWED_READ; what <= OWED_SIGN; what++)
		for (size_t n = rules_chase(r, "", (enum owed)what, PREC_ROUTINE, &g); n > 0; n--)
			assert_int_equal(g[n - 1].by, CHASE_BY_SCREEN);
	rules_free(r);
	r = load(conf, "xs-sample");
	assert_int_equal(rules_chase(r, "K6", OWED_READ, PREC_FLASH, &g), 2);
	assert_int_equal(g[0].after, 1);
	assert_int_equal(rules_chase(r, "K6", OWED_AWAIT_SIGN, PREC_FLASH, &g), 1);
	assert_int_equal(g[0].after, 3);
	assert_int_equal(rules_chase(r, "", OWED_FEEDBACK, PREC_URGENT, &g), 2);
	assert_int_equal(g[1].after, 5);
	assert_int_equal(g[1].to, CHASE_LEADER);
	rules_free(r);
}

static void
zero_hours(void **state)
{
	const char *clause = NULL;
	struct rules *r = load(conf, "");
	struct zero_hour z;

	(void)state;
	assert_int_equal(rules_zero_due(r, "330225", "county", &clause), -1);
	assert_string_equal(clause, "");
	assert_false(rules_zero_at(r, 0, &z));
	rules_free(r);
	r = load(conf, "xs-sample");
	assert_int_equal(rules_zero_due(r, "330225102", "township", &clause), 480);
	assert_string_equal(clause, "样例 K10");
	assert_int_equal(rules_zero_due(r, "330225", "county", NULL), 540);
	assert_int_equal(rules_zero_due(r, "330200", "city", NULL), 600);
	assert_int_equal(rules_zero_due(r, "330000", "province", NULL), -1);
	assert_true(rules_zero_at(r, 2, &z));
	assert_false(rules_zero_at(r, 3, &z));
	rules_free(r);
	base();
	put("zero", ZERO_HEAD "*\t*\t07:00\tall\n330000\t*\t06:00\tzj\n330225\tcounty\t05:30\txs\n330225\t*\t24:00\txs all\n");
	r = load(dir, "");
	assert_int_equal(rules_zero_due(r, "110101", "county", NULL), 420);
	assert_int_equal(rules_zero_due(r, "330226", "county", NULL), 360);
	assert_int_equal(rules_zero_due(r, "330225", "county", NULL), 330);
	assert_int_equal(rules_zero_due(r, "330225102", "township", NULL), 1440);
	rules_free(r);
	base();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_more),
	    cmocka_unit_test(layers),
	    cmocka_unit_test(times_of_day),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(refused_profiles),
	    cmocka_unit_test(remarks),
	    cmocka_unit_test(chains),
	    cmocka_unit_test(zero_hours),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
