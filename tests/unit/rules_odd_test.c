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
	    {HEAD ALL ROW("a", "followup\t*\t*\t*\tI\t*", "60", "\t"), 0, 0, NULL},
	    /* one after the other is how a rule is changed */
	    {HEAD ALL ROW("a", "read" ANY, "30", "\t2026-12-31") ROW("b", "read" ANY, "60", "2027-01-01\t"), 0, 0, NULL},
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
	        ROW("v", "written\t*\t*\t*\tundetermined\t*", "50", "2027\t"), 0, 0, NULL},
	};
	struct remarks m;
	struct rules *r;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		base();
		put("deadlines", t[i].text);
		/* origins of what is no report */
		if (t[i].says == NULL) {
			char *other = strdup(t[i].text), *p;

			while ((p = strstr(other, "read\t")) != NULL && (p = strstr(p, "learned")) != NULL)
				memcpy(p - 0, "learned", 7), memcpy(strstr(other, "read\t"), "foll\t", 5);
			free(other);
		}
		r = load("");
		memset(&m, 0, sizeof m);
		rules_remarks(r, remark, &m);
		if (m.n != t[i].n || m.line != t[i].line || (t[i].says != NULL && strstr(m.text, t[i].says) == NULL))
			fail_msg("%zu: %s\n%zu remarks:\n%s", i, t[i].text, m.n, m.text);
		rules_free(r);
	}
	base();
}
