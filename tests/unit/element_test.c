/* Elements of a report by stage and type, and numbers in its words against its figures. */
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
#include "../../formats/buf.h"
#include "../../formats/check.h"
#include "../../formats/conf.h"
#include "../../formats/element.h"
#include "../../formats/value.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct element_rules *shipped;
static char dir[CONFDIR_MAX];

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "rules", name, text);
}

static int
setup(void **state)
{
	char conf[4096];
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL)
		return -1;
	shipped = element_rules_load(conf, &f);
	if (shipped == NULL) {
		(void)fprintf(stderr, "%s:%zu: %s: %s\n", f.file, f.line, f.field, f.text);
		return -1;
	}
	return confdir_make(dir, "element_test", "rules") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	put("elements", NULL);
	put("elements.local", NULL);
	element_rules_free(shipped);
	element_rules_free(NULL);
	return confdir_remove(dir, "rules");
}

/* "name=value;name=value" */
static struct body *
body_of(const char *text)
{
	char copied[2048], *w = copied, *next;
	struct body *b = body_new();
	struct fault f = {0};

	(void)snprintf(copied, sizeof(copied), "%s", text);
	for (; w != NULL && *w != '\0'; w = next) {
		char *eq = strchr(w, '=');

		if ((next = strchr(w, ';')) != NULL)
			*next++ = '\0';
		assert_non_null(eq);
		*eq = '\0';
		if (value_parse(b, field_by_name(w), eq + 1, NULL, INT64_C(1795000000000), &f) != 0)
			fail_msg("%s: %s", w, f.text);
	}
	return b;
}

static enum element_state
state_of(const struct element_rules *r, const struct body *b, const char *id)
{
	struct element e;

	for (size_t i = 0; element_at(r, b, i, &e); i++)
		if (strcmp(e.id, id) == 0)
			return e.state;
	return 0;
}

/* The walk finds what element_at() calls missing, in its order, and nothing else. */
static void
same_missing(const struct element_rules *r, const struct body *b)
{
	struct element_walk w;
	struct element at, next;

	element_walk_begin(&w, r, b);
	for (size_t i = 0; element_at(r, b, i, &at); i++) {
		if (at.state != ELEMENT_MISSING)
			continue;
		assert_true(element_walk_next(&w, &next));
		assert_string_equal(next.id, at.id);
		assert_ptr_equal(next.field, at.field);
		assert_int_equal(next.state, ELEMENT_MISSING);
		assert_int_equal(next.must, at.must);
	}
	assert_false(element_walk_next(&w, &next));
}

static void
test_walk(void **state)
{
	static const char *const heads[] = {"kind=report", "kind=report;stage=first", "kind=report;stage=followup", "kind=report;stage=final",
	    "kind=report;stage=withdrawal", "kind=intake", "kind=intake;stage=withdrawal", "kind=log", "kind=report;stage=first;type=yjpt:12G00",
	    "kind=report;stage=first;type=yjpt:11B01"};
	static const char *const rests[] = {"", ";place=不详", ";place=镇东;title=某化工厂区起火", ";brief=起因不明，已启动四级响应，消防到场", ";dead=?;light=2",
	    ";text=原因初步判断为线路老化。已转移12人", ";title=火", ";severe_hh=3", ";where=road:G15 K12+300", ";brief=采取措施：救援力量赶赴现场"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++)
		for (size_t k = 0; k < COUNT(rests); k++) {
			struct body *b;

			(void)snprintf(text, sizeof(text), "%s%s", heads[i], rests[k]);
			b = body_of(text);
			same_missing(shipped, b);
			body_free(b);
		}
}

static void
test_states(void **state)
{
	static const struct {
		const char *text, *id;
		enum element_state state;
	} c[] = {
	    {"kind=report;stage=first", "place", ELEMENT_MISSING},
	    {"kind=report;stage=first;place= ", "place", ELEMENT_MISSING},
	    {"kind=report;stage=first;place=镇东", "place", ELEMENT_PRESENT},
	    {"kind=report;stage=first;position=29.4,121.8", "place", ELEMENT_PRESENT},
	    {"kind=report;stage=first;place=不详", "place", ELEMENT_UNKNOWN},
	    {"kind=report;stage=first;dead=?", "dead", ELEMENT_UNKNOWN},
	    {"kind=report;stage=first;dead=0", "dead", ELEMENT_PRESENT},
	    {"kind=report;stage=first;dead=?@119;dead=2@120", "dead", ELEMENT_PRESENT},
	    {"kind=report;stage=first", "dead", ELEMENT_MISSING},
	    {"kind=report;stage=followup", "dead", ELEMENT_MISSING},
	    {"kind=report;stage=withdrawal", "dead", ELEMENT_NA},
	    /* a follow-up does not repeat the course */
	    {"kind=report;stage=followup", "course", ELEMENT_NA},
	    {"kind=report;stage=followup", "place", ELEMENT_NA},
	    {"kind=report;stage=followup;place=镇东", "place", ELEMENT_PRESENT},
	    /* by event type */
	    {"kind=report;stage=first;type=yjpt:12G00", "crops", ELEMENT_NA},
	    {"kind=report;stage=first;type=yjpt:11B01", "crops", ELEMENT_MISSING},
	    {"kind=report;stage=first;type=yjpt:11B01;severe_hh=3", "houses", ELEMENT_PRESENT},
	    {"kind=report;stage=first", "crops", ELEMENT_MISSING},
	    {"kind=report;stage=first;type=yjpt:12G00", "unit", ELEMENT_MISSING},
	    {"kind=report;stage=first;type=yjpt:12G00;title=某化工厂区起火", "unit", ELEMENT_PRESENT},
	    {"kind=report;stage=first;where=road:G15 K12+300", "place", ELEMENT_PRESENT},
	    {"kind=report;stage=followup;type=yjpt:11B01", "transfer", ELEMENT_MISSING},
	    {"kind=report;stage=followup;type=yjpt:11B01;moved=?", "transfer", ELEMENT_UNKNOWN},
	    {"kind=report;stage=followup;type=yjpt:11B01;moved_hh=3", "transfer", ELEMENT_PRESENT},
	    {"kind=report;stage=first;type=yjpt:12G00", "transfer", ELEMENT_NA},
	    {"kind=report;stage=first;type=yjpt:12G00;endangered=3", "endangered", ELEMENT_PRESENT},
	    {"kind=report;stage=first;type=yjpt:11B01", "endangered", ELEMENT_NA},
	    {"kind=intake", "learned", ELEMENT_MISSING},
	    {"kind=directive;text=x", "learned", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *b = body_of(c[i].text);
		enum element_state s = state_of(shipped, b, c[i].id);

		if (s != c[i].state)
			fail_msg("%s, %s: %d", c[i].text, c[i].id, (int)s);
		body_free(b);
	}
}

/* What must be there is what check_body() asks of a first report, and no more: nothing else holds it up. */
static void
test_never_blocks(void **state)
{
	struct body *b =
	    body_of("kind=report;stage=first;place=镇东;learned=2026-11-22T14:10+08:00;type=yjpt:12G00;title=起火");
	struct element e;
	struct fault f = {0};
	size_t missing = 0, must = 0;

	(void)state;
	assert_int_equal(check_body(b, NULL, &f), 0);
	for (size_t i = 0; element_at(shipped, b, i, &e); i++) {
		must += e.must;
		if (e.must)
			assert_int_equal(e.state, ELEMENT_PRESENT);
		missing += e.state == ELEMENT_MISSING;
		assert_true(e.basis[0] != '\0' && e.name[0] != '\0');
	}
	assert_int_equal(must, 4);
	assert_true(missing > 5);
	body_free(b);
}

static void
test_numbers(void **state)
{
	/* want: FIELD:KIND:NUMBER, kinds d(iffers) u(nknown) a(bsent) s(um) */
	static const struct {
		const char *text, *want;
	} c[] = {
	    {"dead=3;brief=事故造成3人死亡", ""},
	    {"dead=2;brief=事故造成3人死亡", "dead:d:3 "},
	    {"dead=?;brief=事故造成3人死亡", "dead:u:3 "},
	    {"brief=事故造成3人死亡", "dead:a:3 "},
	    {"dead=2;brief=事故造成三人遇难", "dead:d:3 "},
	    {"dead=13;brief=事故造成十三人遇难", ""},
	    {"dead=20;brief=二十名群众遇难", ""},
	    {"dead=103;brief=一百零三人死亡", ""},
	    {"dead=1;brief=死亡叁人", "dead:d:3 "},
	    {"dead=13;brief=壹拾叁人死亡", ""},
	    {"dead=230;brief=两百三十人死亡", ""},
	    {"dead=230;brief=两百三人死亡", ""},
	    {"dead=1200;brief=1,200人死亡", ""},
	    {"dead=30000;brief=三万人死亡", ""},
	    {"dead=12;brief=１２人死亡", ""},
	    {"dead=2;brief=死亡3人", "dead:d:3 "},
	    {"dead=2;brief=死亡人数上升到12人", "dead:d:12 "},
	    {"dead=2;brief=死亡：3", "dead:d:3 "},
	    {"dead=2;brief=遇难者3名", "dead:d:3 "},
	    {"dead=3;injured=5;brief=3死5伤", ""},
	    {"dead=3;injured=6;brief=事故致3死5伤", "injured:d:5 "},
	    {"missing=1;trapped=4;brief=4名施工人员在井下被困,2人失联", "missing:d:2 "},
	    {"dead=3;injured=2;brief=死亡3人受伤2人", ""},
	    {"dead=3;injured=2;brief=3人死亡2人受伤", ""},
	    {"dead=2;injured=3;brief=3人死亡2人受伤", "dead:d:3 injured:d:2 "},
	    {"trapped=2;brief=出动30人救援2名被困人员", ""},
	    {"trapped=0;brief=出动30人救出被困2人", ""},
	    {"trapped=0;brief=5名被困人员获救", ""},
	    /* degrees */
	    {"serious=2;light=3;brief=5人受伤", ""},
	    {"serious=2;light=3;brief=6人受伤", "injured:d:6 "},
	    {"serious=2;light=3;brief=10人受伤（其中重伤2人、轻伤8人）", "injured:d:10 light:d:8 "},
	    {"serious=?;brief=5人受伤", "injured:u:5 "},
	    /* none is a number too */
	    {"dead=1;brief=暂无人员伤亡", "dead:d:0 serious:a:0 light:a:0 injured:a:0 "},
	    {"dead=?;serious=0;light=0;brief=未造成人员伤亡", "dead:u:0 "},
	    {"dead=0;serious=0;light=0;brief=无人员伤亡", ""},
	    {"trapped=2;brief=未发现被困人员", "trapped:d:0 "},
	    {"trapped=2;brief=没有人员被困", "trapped:d:0 "},
	    {"dead=2;brief=无法确认死亡人数", ""},
	    {"dead=2;brief=无锡人死亡2名", ""},
	    {"dead=2;brief=无证驾驶致人死亡", ""},
	    /* at least, about, at most */
	    {"dead=>=3;brief=至少3人死亡", ""},
	    {"dead=5;brief=至少3人死亡", ""},
	    {"dead=2;brief=至少3人死亡", "dead:d:3 "},
	    {"dead=35;brief=30余人死亡", ""},
	    {"dead=29;brief=30余人死亡", "dead:d:30 "},
	    {"dead=10;brief=约11人死亡", ""},
	    {"dead=10;brief=死亡20人左右", "dead:d:20 "},
	    {"dead=<=2;brief=3人死亡", "dead:d:3 "},
	    /* the last word counts, parts and increments do not */
	    {"dead=5;brief=14时死亡2人。16时死亡升至5人", ""},
	    {"dead=5;brief=死亡5人,其中学生死亡1人", ""},
	    {"dead=5;brief=新增死亡2人,累计死亡5人", ""},
	    /* several sources: one that agrees is enough */
	    {"dead=2@119;dead=3@120;brief=3人死亡", ""},
	    /* no persons */
	    {"dead=1;brief=死亡猪300头,1人死亡", ""},
	    {"dead=1;brief=第3人民医院确认1人死亡", ""},
	    {"brief=11月22日14:10接报3号楼起火,2026年受伤情况不明", ""},
	    {"brief=三门县十字路口3车相撞,伤亡不明", ""},
	    {"brief=死亡2-3人", ""},
	    {"brief=死亡1.5人", ""},
	    {"brief=99999999999999999999999999人死亡", ""},
	    {"brief=九九九九九九九九九九九九九九九九九九九九九九人死亡", ""},
	    {"brief=千万亿人死亡", ""},
	    {"title=3人死亡;dead=2;text=2人死亡", "dead:d:3 "},
	    {"casualties=死亡3人;dead=2", "dead:d:3 "},
	    /* the total is stated, the degrees are not */
	    {"dead=0;injured=0;casualties=无人员伤亡", ""},
	    {"injured=5;casualties=受伤5人,其中重伤3人", ""},
	    {"injured=2;casualties=其中重伤3人", "serious:d:3 "},
	    {"injured=?;casualties=其中重伤3人", "serious:u:3 "},
	    {"injured=5;light=1;casualties=轻伤2人", "light:d:2 "},
	    {"injured=4;casualties=初步统计轻重伤4人", ""},
	    {"serious=1;light=3;casualties=轻重伤4人", ""},
	    {"injured=3;casualties=轻重伤4人", "injured:d:4 "},
	    {"injured=0;brief=卫生院接诊23例伤寒聚集性病例", ""},
	    /* those who help, and kin */
	    {"brief=医护人员5人到场救治受伤群众", ""},
	    {"brief=出动消防救援人员30人搜救被困群众", ""},
	    {"brief=组织120名群众参与搜寻失联人员", ""},
	    {"brief=派出12人小组寻找失踪渔民", ""},
	    {"brief=重伤员已由3名医生转运", ""},
	    {"brief=死者家属5人到场", ""},
	    {"brief=慰问遇难者家属8人", ""},
	    {"brief=被困群众已转移35人", ""},
	    {"brief=死亡率3人/万", ""},
	    {"dead=1;brief=救援人员3人死亡", "dead:d:3 "},
	    {"dead=1;brief=2人经抢救无效死亡", "dead:d:2 "},
	    {"trapped=2;brief=出动30人救援3名被困人员", "trapped:d:3 "},
	    {"dead=2;brief=死亡人数由2人上升至3人", "dead:d:3 "},
	    {"dead=3;brief=死亡人数由2人上升至3人", ""},
	    {"dead=3;injured=5;brief=死亡3人受伤人数增至5人", ""},
	    /* transfers */
	    {"to_move=10;moved=7;refused=3", ""},
	    {"to_move=10;moved=7;refused=2", "to_move:s:10 "},
	    {"to_move=10;moved=8;refused=3", "to_move:s:10 "},
	    {"to_move=10;moved=7", ""},
	    {"to_move=10;moved=7;refused=?", ""},
	    {"to_move=10;moved=?;refused=2", ""},
	    {"to_move=?;moved=7;refused=2", ""},
	    {"moved=7;refused=2", ""},
	    {"to_move=10;moved=11", "to_move:s:10 "},
	    {"to_move=10;moved=?;refused=11", "to_move:s:10 "},
	    {"to_move=~10;moved=7;refused=2", ""},
	    {"to_move=>=10;moved=17;refused=2", ""},
	    {"to_move=<=10;moved=17;refused=2", "to_move:s:10 "},
	    {"to_move=10;moved=>=7;refused=2", ""},
	    {"to_move=10@a;moved=7@b;refused=2@b", ""},
	    {"to_move=10@a;moved=7@a;refused=2@a;to_move=9@b;moved=7@b;refused=2@b", "to_move:s:10 "},
	    {"to_move=10@a/10:00;moved=7@a/10:00;refused=3@a;moved=8@a/11:00", "to_move:s:10 "},
	    {"moved=10;went_back=10", ""},
	    {"moved=10;went_back=11", "went_back:s:11 "},
	    {"moved=?;went_back=11", ""},
	    {"went_back=11", ""},
	    {"to_move_hh=5;moved_hh=4;refused_hh=2", "to_move_hh:s:5 "},
	    {"moved_hh=4;went_back_hh=5", "went_back_hh:s:5 "},
	    {"moved=10;moved_hh=11", "moved_hh:s:11 "},
	    {"moved=10;moved_hh=10", ""},
	    {"moved=?;moved_hh=11", ""},
	    {"to_move=9223372036854775807;moved=9223372036854775807;refused=9223372036854775807", ""} /* no overflow */,
	};
	static const char kinds[] = " duas";

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *b = body_of(c[i].text);
		struct element_conflict x[16];
		char got[512] = "";
		size_t n = element_conflicts(b, x, COUNT(x));

		assert_true(n <= COUNT(x));
		for (size_t k = 0; k < n; k++) {
			size_t len = strlen(got);

			(void)snprintf(got + len, sizeof(got) - len, "%s:%c:%lld ", x[k].field->name, kinds[x[k].kind],
			    (long long)x[k].n);
			assert_true(x[k].text[0] != '\0' && (x[k].said[0] != '\0' || x[k].kind == ELEMENT_SUM));
		}
		if (strcmp(got, c[i].want) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", c[i].text, got, c[i].want);
		assert_int_equal(element_conflicts(b, NULL, 0), n);
		body_free(b);
	}
}

/* Any bytes are read to their end, in time that grows with their number. */
static void
test_hostile(void **state)
{
	static const char *const pieces[] = {"3人", "死亡", "无", "其中", "九", "十", "万", "999", "被困", "\xe4",
	    "\xe4\xb8", "，", "约", "\x1b[2J", "伤亡", ",000"};
	unsigned seed = 7;
	struct element_conflict x[4];

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct body *b = body_new();
		struct buf s = {0};

		while (s.n < (round == 0 ? 60000u : 200u)) {
			seed = seed * 1103515245u + 12345u;
			buf_puts(&s, pieces[seed >> 16 & 15u]);
		}
		body_add_text(b, F_BRIEF, buf_cstr(&s), s.n);
		(void)element_conflicts(b, x, COUNT(x));
		assert_null(strchr(x[0].text, '\x1b'));
		buf_free(&s);
		body_free(b);
	}
}

#define H "element\tname\tlabel\tfields\twords\tstages\tcodes\tmust\tbasis\n"

static void
test_tables(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} bad[] = {{"element\tname\n", 1}, {H "a\t\tl\tdead\t\t*\t*\t\tb\n", 2}, {H "a\tn\tl\tdeath\t\t*\t*\t\tb\n", 2},
	    {H "a\tn\tl\t\t\t*\t*\t\tb\n", 2}, {H "a\tn\tl\tdead\t\tlast\t*\t\tb\n", 2},
	    {H "a\tn\tl\tdead\t\t\t*\t\tb\n", 2}, {H "a\tn\tl\tdead\t\t*\t\t\tb\n", 2},
	    {H "a\tn\tl\tdead\t\t*\t*\talways\tb\n", 2}, {H "a\tn\tl\tdead\t\t*\t*\t\t\n", 2},
	    {H "a\tn\tl\tdead\t\t*\t*\t\tb\na\tn\tl\tlight\t\t*\t*\t\tb\n", 3}};
	struct fault f = {0};
	struct element_rules *r;
	struct body *b;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		put("elements", bad[i].text);
		r = element_rules_load(dir, &f);
		if (r != NULL || f.code != EX_CONFIG || f.line != bad[i].line)
			fail_msg("case %zu: code %d line %zu: %s", i, f.code, f.line, f.text);
	}
	put("elements", H "a\tn\tl\tdead\t\t*\t*\t\tb\n");
	put("elements.local",
	    "element\tname\tfields\tstages\tcodes\tbasis\na\tn\tlight\t*\t*\tb\nc\tn\tloss\t*\t*\tb\n");
	r = element_rules_load(dir, &f);
	assert_non_null(r);
	b = body_of("kind=report;stage=first;light=1");
	assert_int_equal(state_of(r, b, "a"), ELEMENT_PRESENT);
	assert_int_equal(state_of(r, b, "c"), ELEMENT_MISSING);
	body_free(b);
	element_rules_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_states), cmocka_unit_test(test_never_blocks),
	    cmocka_unit_test(test_numbers), cmocka_unit_test(test_hostile), cmocka_unit_test(test_tables), cmocka_unit_test(test_walk)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
