/* What is refused as saying nothing, what is pointed out of limits beside each other and in time, chains, zero reports, codes; points off. */
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
#include "../../formats/codebook.h"
#include "../../formats/conf.h"
#include "../../formats/rules.h"
#include "../lib/confdir.h"
#include "../lib/rulesdir.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD "id\twhat\tplace\tlevel\tcode\tgrade\tmarked\tprec\torigin\tscope\tendpoint\tminutes\tclause\tin_force_since\tin_force_until\n"
#define ALL "all\twritten\t*\t*\t*\t*\t*\t*\tlearned\thop\t\t120\ts\t\t\n"
/* id, what, place, level, code, grade, marked; minutes; since, until */
#define ROW(id, names, min, dates) id "\t" names "\t*\tlearned\thop\t\t" min "\ts\t" dates "\n"
#define CHAIN(id, names, min) id "\t" names "\t*\toccurred\tchain\text:guojia\t" min "\ts\t\t\n"
#define ANY "\t*\t*\t*\t*\t*"
#define CHASE_HEAD "chain\twhat\tprec\trung\tafter\tfrom\tto\tby\tclause\n"
#define ZERO_HEAD "place\tlevel\ttime\tclause\n"
#define NUMBER_HEAD "name\tnumber\tunit\tclause\n"
#define SCORE_HEAD "item\tpoints\tclause\n"

static char conf[4096], dir[CONFDIR_MAX];

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "rules", name, text);
}

/* A table of the profile p; NULL: takes it and the folder away. */
static void
profile(const char *table, const char *text)
{
	char folder[128];

	snprintf(folder, sizeof folder, "%s/rules/profiles", dir);
	(void)mkdir(folder, 0700);
	snprintf(folder, sizeof folder, "%s/rules/profiles/p", dir);
	(void)mkdir(folder, 0700);
	confdir_put(dir, "rules/profiles/p", table, text);
	if (text == NULL) {
		(void)rmdir(folder);
		snprintf(folder, sizeof folder, "%s/rules/profiles", dir);
		(void)rmdir(folder);
	}
}

static void
base(void)
{
	rulesdir_clear(dir);
	put("deadlines", HEAD ALL);
	assert_true(rulesdir_fill(dir));
}

static int
setup(void **state)
{
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof conf, &f) == NULL)
		return -1;
	return confdir_make(dir, "rules_odd_test", "rules") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	rulesdir_clear(dir);
	return confdir_remove(dir, "rules");
}

static struct rules *
load(const char *profiles)
{
	struct fault f = {0};
	struct rules *r = rules_load_profiles(dir, profiles, &f);
	char text[1024];

	if (r == NULL)
		fail_msg("%s", fault_format(&f, text, sizeof text));
	return r;
}

struct remarks {
	size_t n, line;
	char text[4000], file[512];
};

static void
remark(void *ctx, const char *file, size_t line, const char *text)
{
	struct remarks *m = ctx;
	size_t at = strlen(m->text);

	m->n++;
	m->line = line;
	snprintf(m->file, sizeof m->file, "%s", file);
	snprintf(m->text + at, sizeof m->text - at, "%zu: %s\n", line, text);
}

/* ---- what cites nothing ---- */

static void
refused(const char *table, const char *text, size_t line, const char *field)
{
	struct fault f = {0};
	struct rules *r;

	base();
	put(table, text);
	r = rules_load(dir, &f);
	if (r != NULL || f.code != EX_CONFIG || f.line != line || strcmp(f.field, field) != 0 || strstr(f.file, table) == NULL)
		fail_msg("%s\n%s:%zu %s %s", text, f.file, f.line, f.field, f.text);
	rules_free(r);
	base();
}

static void
blank_clauses(void **state)
{
	static const char *const blanks[] = {"", " ", "  ", "\xe3\x80\x80", " \xe3\x80\x80 ", "\xc2\xa0", "\xe2\x80\x83\xe2\x80\x8b"};
	static const struct {
		const char *table, *before, *after, *field;
	} t[] = {
	    {"deadlines", HEAD "a\tread" ANY "\t*\tdelivered\thop\t\t5\t", "\t\t\n", "clause"},
	    {"chase.local", CHASE_HEAD "default\t*\t*\t1\t5\tdue\tseat\tbell\t", "\n", "clause"},
	    {"zero.local", ZERO_HEAD "*\tcounty\t08:00\t", "\n", "clause"},
	    {"numbers.local", NUMBER_HEAD "recall_seconds\t30\ts\t", "\n", "clause"},
	    {"scores.local", SCORE_HEAD "late\t5\t", "\n", "clause"},
	    {"classified.local", "mark\tbasis\n内部\t", "\n", "basis"},
	    {"classified.local", "basis\tmark\nx\t", "\n", "mark"},
	};
	char text[600];

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		for (size_t k = 0; k < COUNT(blanks); k++) {
			snprintf(text, sizeof text, "%s%s%s", t[i].before, blanks[k], t[i].after);
			refused(t[i].table, text, 2, t[i].field);
		}
	base();
	put("zero.local", ZERO_HEAD "*\tcounty\t08:00\t\xe3\x80\x80县\xe3\x80\x80\n");
	rules_free(load(""));
	refused("zero.local", "place\tlevel\ttime\tclause\tin_force_since\n*\tcounty\t08:00\ts\tsoon\n", 2, "in_force_since");
}

/* ---- limits beside each other, and in time ---- */

static void
odd_limits(void **state)
{
	static const struct {
		const char *text;
		size_t n, line;
		const char *says;
	} t[] = {
	    {HEAD ALL, 0, 0, ""},
	    /* the telephone after the written report */
	    {HEAD ALL ROW("a", "phone" ANY, "120", "\t"), 0, 0, ""},
	    {HEAD ALL ROW("a", "phone" ANY, "121", "\t"), 1, 3, "a: the telephone has 121 min"},
	    {HEAD ALL ROW("a", "phone\t*\tcounty\t*\t*\t*", "40", "\t") ROW("b", "written\t*\tcounty\tyjpt:12\t*\t*", "30", "\t"), 1, 3, "(30 min, b,"},
	    {HEAD ALL ROW("a", "phone\t*\tcounty\t*\t*\t*", "40", "\t") ROW("b", "written\t*\tcity\t*\t*\t*", "30", "\t"), 0, 0, ""},
	    {HEAD ALL ROW("a", "phone\t330225\t*\t*\tI\t*", "40", "\t") ROW("b", "written\t330225102\t*\t*\tI\t*", "30", "\t"), 1, 3, "(30 min, b,"},
	    {HEAD ALL ROW("a", "phone" ANY, "40", "\t") ROW("b", "written\t*\t*\t*\t*\tyes", "30", "\t"), 1, 3, "(30 min, b,"},
	    /* other clocks, other days */
	    {HEAD ALL CHAIN("a", "phone" ANY, "130"), 0, 0, ""},
	    {HEAD ALL CHAIN("a", "phone" ANY, "70") CHAIN("b", "written" ANY, "60"), 1, 3, "(60 min, b,"},
	    {HEAD ALL ROW("a", "phone\t*\tcounty\t*\t*\t*", "40", "\t2026") ROW("b", "written\t*\tcounty\t*\t*\t*", "30", "2027\t"), 0, 0, ""},
	    {HEAD ALL ROW("a", "phone\t*\tcounty\t*\t*\t*", "40", "\t2026") ROW("b", "written\t*\tcounty\t*\t*\t*", "30", "2026-12-31\t"), 1, 3,
	        "(30 min, b,"},
	    {HEAD "all\twritten" ANY "\t*\tlearned\thop\t\t2000\ts\t\t\n" ROW("a", "phone" ANY, "1440", "\t"), 0, 0, ""},
	    {HEAD "all\twritten" ANY "\t*\tlearned\thop\t\t2000\ts\t\t\n" ROW("a", "phone" ANY, "1441", "\t"), 1, 3, "longer than a day"},
	    /* more time for the graver */
	    {HEAD ALL ROW("u", "written\t*\t*\t*\tundetermined\t*", "60", "\t") ROW("a", "written\t*\t*\t*\tIII\t*", "300", "\t")
	        ROW("b", "written\t*\t*\t*\tIV\t*", "60", "\t"), 1, 4, "a gives grade III 300 min, more than the less grave IV has (60 min, b,"},
	    {HEAD ALL ROW("a", "written\t*\t*\t*\tII\t*", "121", "\t"), 1, 3, "less grave III has (120 min, all,"},
	    {HEAD ALL ROW("a", "written\t*\t*\t*\tI\t*", "60", "\t") ROW("b", "written\t*\t*\t*\tII\t*", "30", "\t"), 1, 3, "grade I 60 min"},
	    {HEAD ALL ROW("a", "written\t*\tcity\t*\tII\t*", "60", "\t") ROW("b", "written\t*\tcounty\t*\tII\t*", "30", "\t"), 0, 0, ""},
	    {HEAD ALL ROW("a", "followup\t*\t*\t*\tI\t*", "60", "\t"), 0, 0, ""},
	    /* one after the other is how a rule is changed */
	    {HEAD ALL ROW("a", "followup" ANY, "30", "\t2026-12-31") ROW("b", "followup" ANY, "60", "2027-01-01\t"), 0, 0, ""},
	    {HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t2026-12-31") ROW("b", "written\t*\tcounty\t*\t*\t*", "60", "2027-01-01\t"), 0, 0, ""},
	    {HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "60", "\t2026-12-31") ROW("b", "written\t*\tcounty\t*\t*\t*", "30", "2027-01-01\t"), 0, 0, ""},
	    {HEAD ALL ROW("b", "written\t*\tcounty\t*\t*\t*", "60", "2027\t") ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "2025\t2026"), 0, 0, ""},
	    {HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t2026-12-30") ROW("b", "written\t*\tcounty\t*\t*\t*", "60", "2027-01-01\t"), 1, 4,
	        "a ends on 2026-12-30"},
	    {HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t2028-02-28") ROW("b", "written\t*\tcounty\t*\t*\t*", "60", "2028-02-29\t"), 0, 0, ""},
	    {HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t2028-02-28") ROW("b", "written\t*\tcounty\t*\t*\t*", "60", "2028-03-01\t"), 1, 4, "ends on"},
	    {HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t2026") ROW("c", "written\t*\tcounty\t*\t*\t*", "60", "2029\t")
	        ROW("b", "written\t*\tcounty\t*\t*\t*", "40", "2027\t2028"), 0, 0, ""},
	    /* what a nearer one takes the place of throughout still never counts */
	    {HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t") "b\twritten\t*\tcounty\t*\t*\t*\t*\toccurred\thop\t\t90\ts\t2027\t\n", 2, 4, "never count"},
	    /* an undetermined limit changes by itself */
	    {HEAD ALL ROW("a", "written\t*\t*\t*\tIV\t*", "60", "\t") ROW("u", "written\t*\t*\t*\tundetermined\t*", "60", "\t2026")
	        ROW("v", "written\t*\t*\t*\tundetermined\t*", "50", "2027\t"), 0, 0, ""},
	};
	struct remarks m;
	struct rules *r;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		base();
		put("deadlines", t[i].text);
		r = load("");
		memset(&m, 0, sizeof m);
		rules_remarks(r, remark, &m);
		if (m.n != t[i].n || m.line != t[i].line || strstr(m.text, t[i].says) == NULL)
			fail_msg("%zu: %s\n%zu remarks:\n%s", i, t[i].text, m.n, m.text);
		rules_free(r);
	}
	base();
}

/* What is the same in one file on one day is refused, and says which day. */
static void
overlaps(void **state)
{
	static const char text[] = HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t2026-12-31")
		ROW("b", "written\t*\tcounty\t*\t*\t*", "60", "2026-12-31\t");
	struct fault f = {0};
	struct deadline d;
	struct remarks m = {0};
	struct rules *r;

	(void)state;
	base();
	put("deadlines", text);
	assert_null(rules_load(dir, &f));
	assert_int_equal(f.line, 4);
	assert_non_null(strstr(f.text, "line 3): both are in force on 2026-12-31"));
	/* in two tables: the national one ends, and the local one begins late */
	put("deadlines", HEAD ALL ROW("a", "written\t*\tcounty\t*\t*\t*", "30", "\t2026-12-31"));
	put("deadlines.local", HEAD ROW("b", "written\t*\tcounty\t*\t*\t*", "60", "2027-02-01\t"));
	r = load("");
	rules_remarks(r, remark, &m);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.line, 2);
	assert_non_null(strstr(m.file, "deadlines.local.tsv"));
	assert_non_null(strstr(m.text, "neither holds in between"));
	/* 23:59:59 on the last day, 00:00 on the first; the other says why not */
	for (int next = 0; next < 2; next++) {
		struct rule_ask ask = {.what = OWED_REPORT_WRITTEN, .station = "330225", .level = "county", .scope = SCOPE_HOP,
		    .at = next ? INT64_C(1801411200000) : INT64_C(1798732799999)};
		struct rule_other o[8];
		size_t n = rules_deadline_all(r, &ask, o, COUNT(o));

		assert_int_equal(n, 3);
		assert_true(rules_deadline(r, &ask, &d));
		assert_string_equal(d.id, next ? "b" : "a");
		for (size_t i = 1; i < n; i++)
			if (strcmp(o[i].d.id, "all") != 0)
				assert_string_equal(o[i].why, next ? "no longer in force when the clock started" :
				    "not yet in force when the clock started");
	}
	rules_free(r);
	base();
}

/* A nearer row may take the place of one that would be odd. */
static void
odd_by_layers(void **state)
{
	struct remarks m = {0};
	struct rules *r;

	(void)state;
	base();
	put("deadlines", HEAD ALL ROW("a", "phone\t*\tcounty\t*\t*\t*", "130", "\t"));
	put("deadlines.local", HEAD ROW("b", "phone\t*\tcounty\t*\t*\t*", "20", "\t"));
	r = load("");
	rules_remarks(r, remark, &m);
	assert_int_equal(m.n, 0);
	rules_free(r);
	put("deadlines.local", HEAD ROW("b", "written\t*\tcounty\t*\t*\t*", "140", "\t"));
	r = load("");
	rules_remarks(r, remark, &m);
	assert_int_equal(m.n, 0);
	rules_free(r);
	put("deadlines.local", HEAD ROW("b", "written\t330225\tcounty\t*\t*\t*", "100", "\t"));
	profile("deadlines", HEAD ROW("c", "written\t*\tcounty\t*\t*\t*", "200", "\t"));
	r = load("p");
	rules_remarks(r, remark, &m);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.line, 3);
	assert_non_null(strstr(m.text, "(100 min, b,"));
	rules_free(r);
	profile("deadlines", NULL);
	base();
}

/* ---- chains, zero reports, codes ---- */

static void
odd_chains(void **state)
{
	static const struct {
		const char *table, *text;
		size_t n, line;
		const char *says;
	} t[] = {
	    {"chase.local", CHASE_HEAD "default\tsign\tflash\t1\t0\tdue\tseat\tscreen\ts\ndefault\tsign\tflash\t2\t5\tdue\tleader\tscreen\ts\n", 1, 2,
	        "chain default, \"sign\""},
	    {"chase.local", CHASE_HEAD "default\tsign\tflash\t1\t0\tdue\tseat\tscreen\ts\ndefault\tsign\tflash\t2\t5\tdue\tleader\tsms\ts\n", 0, 0, ""},
	    {"chase.local", CHASE_HEAD "default\tsign\troutine\t1\t0\tdue\tseat\tscreen\ts\n", 0, 0, ""},
	    {"chase.local", CHASE_HEAD "quiet\t*\t*\t1\t0\tdue\tseat\tscreen\ts\n", 1, 2, "chain quiet, \"*\""},
	    {"chase.local", CHASE_HEAD "default\tphone\t*\t1\t0\tdue\tparent\tscreen+message\ts\n", 0, 0, ""},
	    {"zero.local", ZERO_HEAD "*\ttownship\t08:00\ts\n*\tcounty\t09:00\ts\n", 0, 0, ""},
	    {"zero.local", ZERO_HEAD "*\ttownship\t08:00\ts\n*\tcounty\t08:00\ts\n", 0, 0, ""},
	    {"zero.local", ZERO_HEAD "*\ttownship\t24:00\ts\n*\tcounty\t08:00\ts\n", 1, 2, "township is due at 24:00, later than that of level county above it (08:00"},
	    {"zero.local", ZERO_HEAD "*\ttownship\t09:30\ts\n*\tcity\t09:00\ts\n", 1, 2, "level city"},
	    {"zero.local", ZERO_HEAD "330225102\ttownship\t09:30\ts\n330225\tcounty\t09:00\ts\n", 1, 2, "level county"},
	    {"zero.local", ZERO_HEAD "330226102\ttownship\t09:30\ts\n330225\tcounty\t09:00\ts\n", 0, 0, ""},
	    {"zero.local", ZERO_HEAD "330225\ttownship\t08:00\ts\n*\ttownship\t09:30\ts\n330225\tcounty\t09:00\ts\n", 0, 0, ""},
	    {"zero.local", ZERO_HEAD "*\t*\t09:30\ts\n330225\tcounty\t09:00\ts\n", 1, 2, "level unit"},
	};
	struct remarks m;
	struct rules *r;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		base();
		put(t[i].table, t[i].text);
		r = load("");
		memset(&m, 0, sizeof m);
		rules_remarks(r, remark, &m);
		if (m.n != t[i].n || m.line != t[i].line || strstr(m.text, t[i].says) == NULL || (m.n > 0 && strstr(m.file, t[i].table) == NULL))
			fail_msg("%zu: %zu remarks:\n%s", i, m.n, m.text);
		rules_free(r);
	}
	base();
}

static void
codes(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *says;
	} t[] = {
	    {HEAD ALL ROW("a", "written\t330225\tcounty\tyjpt:12G\t*\t*", "30", "\t"), 0, ""},
	    {HEAD ALL ROW("a", "written\t410122\tcounty\tyjpt:1\t*\t*", "30", "\t"), 0, ""},	/* of Henan the codebook has nothing */
	    {HEAD ALL ROW("a", "written\t339999\tcounty\t*\t*\t*", "30", "\t"), 1, "no division 339999"},
	    {HEAD ALL ROW("a", "written\t330225999\t*\t*\t*\t*", "30", "\t"), 1, "no division 330225999"},
	    {HEAD ALL ROW("a", "written\t990100\t*\t*\t*\t*", "30", "\t"), 1, "no division 990100"},
	    {HEAD ALL ROW("a", "written\tx-nowhere\t*\t*\t*\t*", "30", "\t"), 1, "no division x-nowhere"},
	    {HEAD ALL ROW("a", "written\t*\t*\tyjpt:99Z\t*\t*", "30", "\t"), 1, "no event of the codebook begins with yjpt:99Z"},
	    {HEAD ALL ROW("a", "written\t*\t*\tyjpx:12G\t*\t*", "30", "\t"), 1, "yjpx:12G"},
	    {HEAD ALL ROW("a", "written\t330299\t*\tyjpt:12G000\t*\t*", "30", "\t"), 2, "yjpt:12G000"},
	};
	struct fault f = {0};
	struct codebook *cb = codebook_load(conf, &f);
	struct remarks m;
	struct rules *r;

	(void)state;
	assert_non_null(cb);
	for (size_t i = 0; i < COUNT(t); i++) {
		base();
		put("deadlines", t[i].text);
		r = load("");
		memset(&m, 0, sizeof m);
		rules_remarks_codes(r, cb, remark, &m);
		if (m.n != t[i].n || (m.n > 0 && m.line != 3) || strstr(m.text, t[i].says) == NULL)
			fail_msg("%zu: %zu remarks:\n%s", i, m.n, m.text);
		rules_free(r);
	}
	base();
	put("zero.local", ZERO_HEAD "*\tcounty\t08:00\ts\n339999\tcounty\t08:00\ts\n");
	r = load("");
	memset(&m, 0, sizeof m);
	rules_remarks_codes(r, cb, remark, &m);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.line, 3);
	rules_free(r);
	codebook_free(cb);
	base();
}

/* ---- points off ---- */

static void
scores(void **state)
{
	static const char *const names[] = {[SCORE_LATE] = "late", [SCORE_UNTOLD] = "untold", [SCORE_FOLLOWUP] = "followup",
	    [SCORE_FINAL] = "final", [SCORE_ROLL] = "roll", [SCORE_ZERO] = "zero"};
	static const struct {
		const char *text;
		size_t line;
		const char *field;
	} bad[] = {
	    {SCORE_HEAD "late\t5\ts\nlate\t6\ts\n", 3, "item"},
	    {SCORE_HEAD "lateness\t5\ts\n", 2, "item"},
	    {SCORE_HEAD "\t5\ts\n", 2, "item"},
	    {SCORE_HEAD "late\t-1\ts\n", 2, "points"},
	    {SCORE_HEAD "late\t101\ts\n", 2, "points"},
	    {SCORE_HEAD "late\tx\ts\n", 2, "points"},
	    {SCORE_HEAD "late\t5.5\ts\n", 2, "points"},
	    {SCORE_HEAD "late\t\ts\n", 2, "points"},
	    {SCORE_HEAD "late\t99999999999999999999\ts\n", 2, "points"},
	    {SCORE_HEAD "zero\t5\ts\nlate\t5\t\n", 3, "clause"},
	    {"item\tpoint\tclause\nlate\t5\ts\n", 1, "point"},
	};
	const char *clause;
	struct score_row row;
	struct rules *r;
	int64_t points;
	uint8_t was[32], now[32];

	(void)state;
	base();
	r = load("");
	rules_digest(r, was);
	for (int i = SCORE_LATE; i <= SCORE_ZERO; i++) {
		assert_false(rules_score(r, (enum rule_score)i, &points, &clause));
		assert_false(rules_score_row(r, (enum rule_score)i, &row));
	}
	rules_free(r);
	profile("scores", SCORE_HEAD "late\t50\tp late\nroll\t2\tp roll\n");
	put("scores.local", SCORE_HEAD "late\t10\tlocal late\nzero\t0\tlocal zero\nuntold\t100\tlocal untold\n");
	r = load("p");
	rules_digest(r, now);
	assert_memory_not_equal(was, now, sizeof was);
	for (int i = SCORE_LATE; i <= SCORE_ZERO; i++) {
		static const int64_t want[] = {[SCORE_LATE] = 10, [SCORE_UNTOLD] = 100, [SCORE_FOLLOWUP] = -1, [SCORE_FINAL] = -1, [SCORE_ROLL] = 2,
		    [SCORE_ZERO] = 0};
		bool any = rules_score_row(r, (enum rule_score)i, &row);

		assert_int_equal(any, want[i] >= 0);
		assert_int_equal(rules_score(r, (enum rule_score)i, &points, NULL), any);
		if (!any)
			continue;
		assert_int_equal(points, want[i]);
		assert_int_equal(row.points, want[i]);
		assert_string_equal(row.item, names[i]);
		assert_string_equal(row.profile, i == SCORE_ROLL ? "p" : "local");
	}
	assert_true(rules_score(r, SCORE_LATE, &points, &clause));
	assert_string_equal(clause, "local late");
	assert_true(rules_score_row(r, SCORE_ROLL, &row));
	assert_int_equal(row.line, 3);
	assert_non_null(strstr(row.file, "/profiles/p/scores.tsv"));
	rules_free(r);
	put("scores.local", NULL);
	r = load("p");
	assert_true(rules_score(r, SCORE_LATE, &points, &clause));
	assert_int_equal(points, 50);
	rules_free(r);
	profile("scores", NULL);
	for (size_t i = 0; i < COUNT(bad); i++)
		refused("scores.local", bad[i].text, bad[i].line, bad[i].field);
	base();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blank_clauses),
	    cmocka_unit_test(odd_limits),
	    cmocka_unit_test(overlaps),
	    cmocka_unit_test(odd_by_layers),
	    cmocka_unit_test(odd_chains),
	    cmocka_unit_test(codes),
	    cmocka_unit_test(scores),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
