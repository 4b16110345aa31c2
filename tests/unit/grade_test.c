/* Grading: the shipped tables at their boundaries, what is not known, several sources, scopes, and tables that are
 * refused. */
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
#include "../lib/confdir.h"
#include "../../formats/conf.h"
#include "../../formats/grade.h"
#include "../../formats/value.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define U GRADE_UNDETERMINED

static struct grade_rules *shipped;
static char dir[CONFDIR_MAX], shipped_dir[4096];

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "rules", name, text);
}

static void
copy(const char *name)
{
	char path[4200], *text = malloc(65536);
	size_t n;
	FILE *fp;

	assert_non_null(text);
	(void)snprintf(path, sizeof(path), "%s/rules/%s.tsv", shipped_dir, name);
	fp = fopen(path, "r");
	assert_non_null(fp);
	n = fread(text, 1, 65535, fp);
	text[n] = '\0';
	(void)fclose(fp);
	put(name, text);
	free(text);
}

static int
setup(void **state)
{
	struct fault f = {0};

	(void)state;
	if (conf_dir(shipped_dir, sizeof(shipped_dir), &f) == NULL)
		return -1;
	shipped = grade_rules_load(shipped_dir, &f);
	if (shipped == NULL) {
		(void)fprintf(stderr, "%s:%zu: %s: %s\n", f.file, f.line, f.field, f.text);
		return -1;
	}
	return confdir_make(dir, "grade_test", "rules") ? 0 : -1;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"grading", "grading.local", "risk", "risk.local", "marks", "marks.local"};
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		put(names[i], NULL);
	grade_rules_free(shipped);
	grade_rules_free(NULL);
	return confdir_remove(dir, "rules");
}

/* "dead=3 serious=>=10@119 type=yjpt:12G00" */
static struct body *
body_of(const char *text)
{
	char copied[1024], *save = NULL;
	struct body *b = body_new();
	struct fault f = {0};

	(void)snprintf(copied, sizeof(copied), "%s", text);
	for (char *w = strtok_r(copied, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(w, '=');
		const struct field *fd;

		assert_non_null(eq);
		*eq = '\0';
		fd = field_by_name(w);
		assert_non_null(fd);
		if (value_parse(b, fd, eq + 1, NULL, INT64_C(1795000000000), &f) != 0)
			fail_msg("%s: %s", w, f.text);
	}
	return b;
}

#define FIRE "type=yjpt:12G00 "
#define KNOWN FIRE "missing=0 trapped=0 " /* all but the figures of the criteria */

static void
test_cases(void **state)
{
	static const struct {
		const char *text;
		int grade, proposal, possible;
	} c[] = {
	    /* Order 493 art. 3: every boundary, from both sides */
	    {KNOWN "dead=0 serious=0 loss=0", 4, 4, 4},
	    {KNOWN "dead=2 serious=0 loss=0", 4, 4, 4},
	    {KNOWN "dead=3 serious=0 loss=0", 3, 3, 3},
	    {KNOWN "dead=9 serious=0 loss=0", 3, 3, 3},
	    {KNOWN "dead=10 serious=0 loss=0", 2, 2, 2},
	    {KNOWN "dead=29 serious=0 loss=0", 2, 2, 2},
	    {KNOWN "dead=30 serious=0 loss=0", 1, 1, 1},
	    {KNOWN "dead=0 serious=9 loss=0", 4, 4, 4},
	    {KNOWN "dead=2 serious=10 loss=0", 3, 3, 3},
	    {KNOWN "dead=0 serious=49 loss=0", 3, 3, 3},
	    {KNOWN "dead=0 serious=50 loss=0", 2, 2, 2},
	    {KNOWN "dead=0 serious=99 loss=0", 2, 2, 2},
	    {KNOWN "dead=0 serious=100 loss=0", 1, 1, 1},
	    {KNOWN "dead=0 serious=0 loss=999.9999", 4, 4, 4},
	    {KNOWN "dead=0 serious=0 loss=1000", 3, 3, 3},
	    {KNOWN "dead=0 serious=0 loss=4999.9999", 3, 3, 3},
	    {KNOWN "dead=0 serious=0 loss=5000", 2, 2, 2},
	    {KNOWN "dead=0 serious=0 loss=9999.9999", 2, 2, 2},
	    {KNOWN "dead=0 serious=0 loss=10000", 1, 1, 1},
	    /* OR: one criterion is enough, they do not add up */
	    {KNOWN "dead=2 serious=9 loss=999", 4, 4, 4},
	    {KNOWN "dead=3 serious=50 loss=0", 2, 2, 2},
	    {KNOWN "dead=1 serious=1 loss=6000", 2, 2, 2},
	    /* nothing known: no proposal, no default */
	    {FIRE, U, 0, 1},
	    {FIRE "dead=? serious=? missing=? trapped=? loss=?", U, 0, 1},
	    {FIRE "light=3", U, 0, 1},
	    /* unknown is not zero */
	    {FIRE "dead=3", U, 3, 1},
	    {FIRE "dead=0", U, 4, 1},
	    {KNOWN "dead=3 loss=0", U, 3, 1},
	    {KNOWN "dead=3 serious=?", U, 3, 1},
	    {KNOWN "dead=? serious=10 loss=0", U, 3, 1},
	    {FIRE "dead=3 serious=0 loss=0 trapped=0", U, 3, 1},
	    {FIRE "dead=3 serious=0 loss=0 missing=0 trapped=?", U, 3, 1},
	    {FIRE "dead=30", 1, 1, 1}, /* graver there is none */
	    {FIRE "serious=100 dead=? missing=?", 1, 1, 1},
	    /* a loss nobody has stated holds nothing up; one stated as unknown does */
	    {KNOWN "dead=3 serious=0", 3, 3, 3},
	    {KNOWN "dead=3 serious=0 loss=?", U, 3, 1},
	    /* at least, at most, about */
	    {KNOWN "dead=>=3 serious=0", U, 3, 1},
	    {KNOWN "dead=>=2 serious=0", U, 4, 1},
	    {KNOWN "dead=>=30 serious=0", 1, 1, 1},
	    {KNOWN "dead=<=2 serious=0", 4, 4, 4},
	    {KNOWN "dead=<=3 serious=0", U, 4, 3},
	    {KNOWN "dead=<=29 serious=0", U, 4, 2},
	    {KNOWN "dead=<=9 serious=10", 3, 3, 3},
	    {KNOWN "dead=~3 serious=0", U, 4, 1},
	    {FIRE "dead=~30", U, 0, 1},
	    {KNOWN "dead=3 serious=<=49 loss=<=4999", 3, 3, 3},
	    {KNOWN "dead=3 serious=<=50 loss=<=4999", U, 3, 2},
	    /* injured, degree not said */
	    {KNOWN "dead=0 serious=5 injured=4", 4, 4, 4},
	    {KNOWN "dead=0 serious=5 injured=5", U, 4, 3},
	    {KNOWN "dead=0 serious=5 injured=?", U, 4, 1},
	    /* missing and trapped that are known prove nothing about deaths */
	    {FIRE "dead=1 missing=5 trapped=0 serious=0", 4, 4, 4},
	    /* several sources: the gravest a single one proves, never added */
	    {KNOWN "dead=2@119 dead=1@120 serious=0", 4, 4, 4},
	    {KNOWN "dead=2@119 dead=3@120 serious=0", 3, 3, 3},
	    {KNOWN "dead=9@119 dead=9@120 dead=9@110 serious=0", 3, 3, 3},
	    {KNOWN "dead=?@119 dead=3@120 serious=0", 3, 3, 3},
	    {KNOWN "dead=<=2@119 dead=3@120 serious=0", 3, 3, 3},
	    {KNOWN "dead=2@119 dead=>=1@120 serious=0", U, 4, 1},
	    /* numbers at the end of what fits */
	    {KNOWN "dead=0 serious=0 loss=900000000000000", 1, 1, 1},
	    {KNOWN "dead=9223372036854775807 serious=0 injured=9223372036854775807", 1, 1, 1},
	    {KNOWN "dead=0 serious=9 injured=9223372036854775807", U, 4, 1},
	    {"type=yjpt:12G00 dead=1 missing=9223372036854775807 trapped=9223372036854775807 serious=0", 4, 4, 4},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *b = body_of(c[i].text);
		struct grade_verdict v;

		grade_judge(shipped, b, &v);
		if (v.scope != GRADE_COVERED || v.grade != c[i].grade || v.proposal != c[i].proposal ||
		    v.possible != c[i].possible)
			fail_msg("%s: scope %d grade %d proposal %d possible %d", c[i].text, (int)v.scope, v.grade,
			    v.proposal, v.possible);
		assert_true((v.nopen > 0) >= (v.grade == U));
		grade_verdict_free(&v);
		body_free(b);
	}
}

static void
test_scope(void **state)
{
	static const struct {
		const char *text;
		enum grade_scope scope;
	} c[] = {{"dead=30", GRADE_NO_TYPE}, {"type=yjpt:12000 dead=30", GRADE_COVERED},
	    {"type=yjpt:12H05 dead=30", GRADE_COVERED}, {"type=yjpt:12Q01 dead=30", GRADE_EXCEPTED},
	    {"type=yjpt:12T01 dead=30", GRADE_EXCEPTED}, {"type=yjpt:11D01 dead=30", GRADE_NO_TABLE},
	    {"type=yjpt:13A00 dead=30", GRADE_NO_TABLE}, {"type=yjpt:14A00 dead=30", GRADE_NO_TABLE},
	    {"type=other:12G00 dead=30", GRADE_NO_TABLE}};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *b = body_of(c[i].text);
		struct grade_verdict v;

		grade_judge(shipped, b, &v);
		assert_int_equal(v.scope, c[i].scope);
		if (v.scope != GRADE_COVERED) {
			assert_int_equal(v.grade, 0);
			assert_int_equal(v.proposal, 0);
			assert_int_equal(grade_for_clock(&v), 0);
			assert_false(v.risk.covered);
		}
		assert_int_equal(v.scope == GRADE_EXCEPTED || v.scope == GRADE_COVERED, v.clause != NULL);
		grade_verdict_free(&v);
		body_free(b);
	}
}

static const struct grade_point *
point(const struct grade_verdict *v, uint32_t key)
{
	for (size_t i = 0; i < v->npoints; i++)
		if (v->points[i].field->key == key)
			return &v->points[i];
	fail_msg("no criterion %u", key);
	return NULL;
}

static void
test_explained(void **state)
{
	struct body *b = body_of(FIRE "dead=2@119 dead=4@120 serious=>=12 loss=800 missing=0 trapped=0");
	struct grade_verdict v;
	const struct grade_point *p;

	(void)state;
	grade_judge(shipped, b, &v);
	assert_int_equal(v.grade, U);
	assert_int_equal(grade_for_clock(&v), 2);
	p = point(&v, F_DEAD);
	assert_true(p->decides && p->differ);
	assert_string_equal(p->fig->source, "120");
	assert_non_null(strstr(p->clause, "493"));
	assert_int_equal(p->next, 2);
	assert_int_equal(p->next_from, 10);
	assert_int_equal(p->more, 6);
	p = point(&v, F_SERIOUS);
	assert_true(p->decides);
	assert_int_equal(p->more, 38);
	p = point(&v, F_LOSS);
	assert_false(p->decides);
	assert_int_equal(p->next, 2);
	assert_int_equal(p->more, INT64_C(42000000));
	assert_int_equal(v.nopen, 1);
	assert_int_equal(v.open[0].why, GRADE_WHY_RANGE);
	assert_true(v.nnotes > 0);
	grade_verdict_free(&v);
	body_free(b);

	b = body_of(FIRE "dead=1 missing=2 trapped=7 serious=0");
	grade_judge(shipped, b, &v);
	assert_int_equal(v.worst, 2);
	assert_int_equal(v.worst_n, 10);
	grade_verdict_free(&v);
	body_free(b);

	b = body_of(FIRE "dead=1@119 missing=2@120 trapped=0@120 serious=0"); /* 3 only when added across sources */
	grade_judge(shipped, b, &v);
	assert_int_equal(v.worst, 0);
	grade_verdict_free(&v);
	body_free(b);

	b = body_of(KNOWN "dead=~3 serious=0");
	grade_judge(shipped, b, &v);
	assert_int_equal(v.about, 3);
	assert_int_equal(grade_for_clock(&v), 3);
	assert_int_equal(point(&v, F_DEAD)->lo, -1);
	grade_verdict_free(&v);
	body_free(b);

	b = body_of(FIRE "dead=?");
	grade_judge(shipped, b, &v);
	assert_int_equal(grade_for_clock(&v), U);
	p = point(&v, F_DEAD);
	assert_int_equal(p->next, 3);
	assert_int_equal(p->more, 3);
	grade_verdict_free(&v);
	body_free(b);

	b = body_of(KNOWN "dead=30 serious=0");
	grade_judge(shipped, b, &v);
	assert_int_equal(point(&v, F_DEAD)->next, 0);
	assert_int_equal(v.nopen, 0);
	grade_verdict_free(&v);
	body_free(b);
}

static void
test_risk(void **state)
{
	static const struct {
		const char *text;
		bool met, likely;
	} c[] = {{FIRE "endangered=~20", false, true}, {FIRE "endangered=~10", false, true}, {FIRE "endangered=~9", false, false},
	    {FIRE "endangered=>=10", true, false}, {FIRE "endangered=>=9", false, false}, {FIRE "endangered=<=9", false, false},
	    {FIRE "endangered=<=20", false, false}, {FIRE "endangered=10", true, false}, {FIRE "endangered=?", false, false},
	    {FIRE "missing=~2 trapped=1", false, true}, {FIRE "missing=~2@119 trapped=1@120", false, false},
	    {FIRE "missing=3 endangered=~20", true, true}, {"type=yjpt:11D01 endangered=~20", false, false},
	    {FIRE "missing=3", true, false}, {FIRE "missing=2", false, false}, {FIRE "missing=1 trapped=2", true, false},
	    {FIRE "missing=1@119 trapped=2@120", false, false}, {FIRE "trapped=>=3", true, false}, {FIRE "trapped=~5", false, true},
	    {FIRE "trapped=<=9", false, false}, {FIRE "trapped=?", false, false}, {FIRE "evacuated=499", false, false},
	    {FIRE "evacuated=500", true, false}, {FIRE, false, false}, {"type=yjpt:11D01 missing=9", false, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *b = body_of(c[i].text);
		struct grade_verdict v;
		size_t asked = 0;

		grade_judge(shipped, b, &v);
		if (v.risk.met != c[i].met)
			fail_msg("%s: %d", c[i].text, v.risk.met);
		if (v.risk.likely != c[i].likely)
			fail_msg("%s: likely %d", c[i].text, v.risk.likely);
		for (size_t k = 0; k < v.risk.npoints; k++)
			asked += v.risk.points[k].nfield == 0;
		assert_int_equal(asked > 0, v.risk.covered);
		grade_verdict_free(&v);
		body_free(b);
	}
}

static void
test_marks(void **state)
{
	static const struct {
		const char *text, *marks;
	} c[] = {{FIRE "title=西周小学食堂起火", "school "}, {FIRE "title=槽罐车侧翻 place=学校门口", "school hazmat "},
	    {"type=yjpt:12D02 title=泄漏", "hazmat "}, {FIRE "title=民房起火 occurred=2026-11-22T14:10+08:00", ""},
	    {FIRE "title=民房起火 occurred=2026-10-01T00:10+08:00", "period "},
	    {FIRE "title=民房起火 occurred=2026-09-30T17:00Z", "period "},
	    {FIRE "title=民房起火 occurred=2026-10-08T00:00+08:00", ""},
	    {FIRE "title=民房起火 learned=2026-10-07T23:59+08:00", "period "}};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *b = body_of(c[i].text);
		struct grade_mark m;
		char got[128] = "";

		for (size_t k = 0; grade_mark(shipped, b, INT64_C(1795000000000), k, &m); k++) {
			size_t n = strlen(got);

			(void)snprintf(got + n, sizeof(got) - n, "%s ", m.mark);
			assert_true(m.clock || m.addressees);
			assert_true(m.why[0] != '\0');
		}
		assert_string_equal(got, c[i].marks);
		body_free(b);
	}
}

#define GH "table\trule\tcode\tfield\tof\tgrade\tnumber\tunit\tclause\tin_force_since\n"
#define GA "t\tapplies\tyjpt:12\t\t\t\t\t\tc\t\n"
#define GF(f, g, n) "t\tfrom\t\t" f "\t\t" g "\t" n "\t人\tc\t\n"
#define RH "verdict\trule\tcode\tfields\tnumber\tunit\ttext\tclause\tin_force_since\n"
#define MH "mark\tname\twords\tcodes\tfrom\tto\tacts\tclause\n"

static void
test_refused(void **state)
{
	static const struct {
		const char *table, *text;
		size_t line;
	} c[] = {
	    {"grading", GH GA, 2},		      /* no thresholds */
	    {"grading", GH GF("dead", "I", "30"), 2}, /* no scope */
	    {"grading", GH GA GF("dead", "I", "30") GF("dead", "I", "31"), 4},
	    {"grading", GH GA GF("dead", "I", "10") GF("dead", "II", "10"), 4},
	    {"grading", GH GA GF("dead", "II", "30") GF("dead", "I", "10"), 4},
	    {"grading", GH GA GF("dead", "I", "-3"), 3},
	    {"grading", GH GA GF("dead", "I", "3.5"), 3},
	    {"grading", GH GA GF("dead", "I", ""), 3},
	    {"grading", GH GA GF("dead", "I", "99999999999999999999"), 3},
	    {"grading", GH GA GF("dead", "V", "3"), 3},
	    {"grading", GH GA GF("dead", "undetermined", "3"), 3},
	    {"grading", GH GA GF("title", "I", "3"), 3},
	    {"grading", GH GA GF("deaths", "I", "3"), 3},
	    {"grading", GH GA GF("", "I", "3"), 3},
	    {"grading", GH GA GF("loss", "I", "3"), 3}, /* its unit is 万元 */
	    {"grading", GH GA GF("dead", "I", "30") "t\texcepts\tyjpt:11\t\t\t\t\t\tc\t\n", 4},
	    {"grading", GH GA GF("dead", "I", "30") "t\texcepts\tyjpt:12\t\t\t\t\t\tc\t\n", 4},
	    {"grading", GH GA GF("dead", "I", "30") "t\texcepts\tyjpt:1\t\t\t\t\t\tc\t\n", 2},
	    {"grading",
		GH GA GF("dead", "I", "30") "u\tapplies\tyjpt:12G\t\t\t\t\t\tc\t\nu\tfrom\t\tdead\t\tI\t9\t人\tc\t\n",
		4},
	    {"grading", GH GA GF("dead", "I", "30") "t\tunsorted\t\tinjured\tserious\t\t\t人\tc\t\n", 4},
	    {"grading", GH GA GF("dead", "I", "30") "t\ttold\t\tloss\t\t\t\t万元\tc\t\n", 4},
	    {"grading", GH GA GF("dead", "I", "30") "t\tguess\t\tdead\t\t\t\t人\tc\t\n", 4},
	    {"grading", GH GA "t\tfrom\t\tdead\t\tI\t30\t人\t\t\n", 3},
	    {"grading", GH "t\tapplies\t12\t\t\t\t\t\tc\t\n", 2},
	    {"grading", "table\trule\tcode\n", 1},
	    {"risk", RH "r\tapplies\tyjpt:12\t\t\t\t\tc\t\nr\tfrom\t\tmissing+missing\t3\t人\t\tc\t\n", 3},
	    {"risk", RH "r\tapplies\tyjpt:12\t\t\t\t\tc\t\nr\tfrom\t\tmissing+\t3\t人\t\tc\t\n", 3},
	    {"risk", RH "r\tapplies\tyjpt:12\t\t\t\t\tc\t\nr\tfrom\t\tmissing+loss\t3\t人\t\tc\t\n", 3},
	    {"risk", RH "r\tapplies\tyjpt:12\t\t\t\t\tc\t\nr\tfrom\t\tmissing\t0\t人\t\tc\t\n", 3},
	    {"risk", RH "r\tapplies\tyjpt:12\t\t\t\t\tc\t\nr\tneeds\t\tmissing\t\t人\t\tc\t\n", 3},
	    {"marks", MH "m\tn\tw\t\t\t\tgrade\tc\n", 2},
	    {"marks", MH "m\tn\t\t\t\t\tclock\tc\n", 2},
	    {"marks", MH "m\tn\t\t\t02-30\t03-01\tclock\tc\n", 2},
	    {"marks", MH "m\tn\t\t\t10-01\t2026-10-07\tclock\tc\n", 2},
	    {"marks", MH "m\tn\t\t\t2026-10-07\t2026-10-01\tclock\tc\n", 2},
	    {"marks", MH "m\tn\tw\t\t\t\tclock\tc\nm\tn\tx\t\t\t\tclock\tc\n", 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct fault f = {0};
		struct grade_rules *r;

		copy("grading");
		copy("risk");
		copy("marks");
		put(c[i].table, c[i].text);
		r = grade_rules_load(dir, &f);
		if (r != NULL || f.code != EX_CONFIG || f.line != c[i].line || strstr(f.file, c[i].table) == NULL)
			fail_msg(
			    "case %zu: code %d file %s line %zu: %s: %s", i, f.code, f.file, f.line, f.field, f.text);
	}
}

static void
test_local(void **state)
{
	struct fault f = {0};
	struct grade_rules *r;
	struct grade_verdict v;
	struct body *b = body_of("type=yjpt:12G00 dead=1 serious=0 missing=0 trapped=0");

	(void)state;
	copy("grading");
	copy("risk");
	copy("marks");
	/* a stricter local number, loss that must be known, and a table of its own for road traffic */
	put("grading.local", GH "order493\tfrom\t\tdead\t\tIII\t1\t人\t本地\t\n"
				"order493\tneeds\t\tloss\t\t\t\t万元\t本地\t\n"
				"order493\texcepts\tyjpt:12H\t\t\t\t\t\t本地\t\n"
				"road\tapplies\tyjpt:12H\t\t\t\t\t\t本地\t\nroad\tfrom\t\tdead\t\tII\t5\t人\t本地\t\n");
	r = grade_rules_load(dir, &f);
	if (r == NULL)
		fail_msg("%s:%zu %s", f.file, f.line, f.text);
	grade_judge(r, b, &v);
	assert_int_equal(v.proposal, 3);
	assert_int_equal(v.grade, U);
	grade_verdict_free(&v);
	body_free(b);
	b = body_of("type=yjpt:12H01 dead=4");
	grade_judge(r, b, &v);
	assert_string_equal(v.table, "road");
	assert_int_equal(v.grade, 0); /* all is known, and it reaches no row: still no default */
	assert_int_equal(v.scope, GRADE_COVERED);
	assert_int_equal(point(&v, F_DEAD)->more, 1);
	grade_verdict_free(&v);
	body_free(b);
	grade_rules_free(r);
	put("grading.local", NULL);
	put("grading", NULL);
	assert_null(grade_rules_load(dir, &f));
	assert_int_not_equal(f.code, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_scope),
	    cmocka_unit_test(test_explained), cmocka_unit_test(test_risk), cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_local)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
