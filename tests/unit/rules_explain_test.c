/*
 * Op explain over every row of tests/data/clocks/cases.tsv that names a rule: the clock is there, by that rule, with the clause that the rule's row
 * has in the tables; and no clause it tells differs from its row's.  The stories are read by the table's own test.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../../formats/buf.h"
#include "../../formats/conf.h"
#include "../../formats/value.h"
#include "../../formats/wire.h"
#include "../../switch/clock.h"
#include "../../switch/query.h"
#include "../lib/confdir.h"
#include "../lib/rulesdir.h"

#define conf cases_conf
#define group_setup cases_setup
#define group_teardown cases_teardown
#define main cases_main
int cases_main(void);
#include "clock_cases_test.c"
#undef conf
#undef group_setup
#undef group_teardown
#undef main
#include "query_help.h"

static void
keep(const struct fold_msg *m, struct body *b, const struct msgid *incident)
{
	struct journal_msg row;

	memset(&row, 0, sizeof row);
	row.id = m->id;
	row.incident = *incident;
	body_set_id(b, F_ID, &row.id);
	row.kind = m->kind;
	row.precedence = rules_precedence(rules, b);
	row.stored = m->stored;
	row.local = true;
	snprintf(row.from, sizeof row.from, "%s", row.id.origin);
	wire_encode(b, &row.body);
	digest_of(row.body.p, row.body.n, row.digest);
	assert_int_equal(j->ops->put_message(j, &row), 0);
	buf_free(&row.body);
}

static bool
row_of(const char *id, struct deadline *d)
{
	for (size_t i = 0; rules_deadline_at(rules, i, d); i++)
		if (strcmp(d->id, id) == 0)
			return true;
	return false;
}

/* "written/chain 12:00 ext:guojia ROW ...": is it among the clocks, with the clause of ROW? */
static bool
explained(const json_t *answer, const struct story *st, char *item, size_t *named)
{
	char *what = word(&item), *due = word(&item), *towards = word(&item), *rule = word(&item), *chain;
	struct deadline d;
	const json_t *c;
	int64_t ms;
	size_t i;

	if (rule == NULL || !row_of(rule, &d))
		return true;
	++*named;
	assert_true(instant(st, due, &ms));
	if ((chain = strchr(what, '/')) != NULL)
		*chain = '\0';
	json_array_foreach(json_object_get(answer, "clocks"), i, c)
		if (strcmp(str(c, "what"), what) == 0 && strcmp(str(c, "rule"), rule) == 0 && num(c, "due") == ms &&
		    strcmp(str(c, "scope"), chain != NULL ? "chain" : "hop") == 0)
			return strcmp(str(c, "clause"), d.clause) == 0 && num(c, "minutes") == d.minutes && num(c, "line") == (json_int_t)d.line;
	print_error("no %s %s %s %s\n", what, due, towards, rule);
	return false;
}

/* No clock without its clause, and none with another's. */
static bool
all_cite(const json_t *answer)
{
	struct deadline d;
	const json_t *c, *o;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "clocks"), i, c)
	{
		if (str(c, "rule")[0] != '\0' && (!row_of(str(c, "rule"), &d) || strcmp(str(c, "clause"), d.clause) != 0)) {
			print_error("%s: %s\n", str(c, "rule"), str(c, "clause"));
			return false;
		}
		json_array_foreach(json_object_get(c, "others"), k, o)
			if (!row_of(str(o, "rule"), &d) || strcmp(str(o, "clause"), d.clause) != 0 || str(o, "why")[0] == '\0') {
				print_error("other %s: %s\n", str(o, "rule"), str(o, "clause"));
				return false;
			}
	}
	return true;
}

static const char *
above(const char *station, const char **level)
{
	for (size_t i = 0; i < sizeof stations / sizeof stations[0]; i++)
		if (strcmp(stations[i].station, station) == 0) {
			*level = stations[i].level;
			return stations[i].parent;
		}
	fail_msg("%s", station);
	return "";
}

static bool
row_explained(size_t row, size_t *named)
{
	const char *station = tsv_get(table, row, "station"), *now = tsv_get(table, row, "now"), *level, *parent = above(station, &level);
	char *owed = strdup(tsv_get(table, row, "owed")), *p = owed, *end, text[MSGID_TEXT_MAX];
	int64_t until = INT64_MAX;
	struct story st;
	bool right = true;
	json_t *o;

	rules = (struct rules *)(uintptr_t)rules_of(tsv_get(table, row, "profile"));
	assert_true(story_read(&st, tsv_get(table, row, "day"), tsv_get(table, row, "done"), tsv_get(table, row, "type")));
	assert_true(now[0] == '\0' || instant(&st, now, &until));
	open_station(station, parent);
	for (size_t i = 0; i < st.n; i++)
		if (st.m[i].stored <= until)
			keep(&st.m[i], st.b[i], &st.incident);
	clock_now = until < INT64_MAX ? until : st.last;
	msgid_format(&st.incident, text, sizeof text);
	o = want("explain", json_pack("{s:s}", "id", text));
	for (; p != NULL && right; p = end) {
		if ((end = strstr(p, "; ")) != NULL) {
			*end = '\0';
			end += 2;
		}
		right = explained(o, &st, p, named);
	}
	right = right && all_cite(o);
	if (!right)
		print_error("line %zu (%s)\n", tsv_line(table, row), tsv_get(table, row, "case"));
	json_decref(o);
	close_station();
	story_free(&st);
	free(owed);
	return right;
}

static void
test_every_case(void **state)
{
	size_t wrong = 0, named = 0, left = 0;

	(void)state;
	for (size_t i = 0; i < tsv_rows(table); i++)
		if (strcmp(tsv_get(table, i, "station"), "x-plant") == 0)
			left++;	/* a switch takes a private code for a station one below its parent, the table for a unit */
		else
			wrong += !row_explained(i, &named);
	if (wrong > 0)
		fail_msg("%zu of %zu rows", wrong, tsv_rows(table));
	print_message("%zu rows, %zu clocks by rules explained, %zu rows left out\n", tsv_rows(table), named, left);
	assert_true(named > 100 && left < 5);
}

/* A rule that was changed: what holds for a clock is what was in force when it started, and of the other explain says why not. */
static void
test_changed_rule(void **state)
{
	static const struct {
		const char *rows, *rule, *why;
	} t[] = {
	    {"old\twritten\t*\tcounty\tyjpt:12\tlearned\t50\tsold\t\t2026-04-17\nnew\twritten\t*\tcounty\tyjpt:12\tlearned\t40\tsnew\t2026-04-18\t\n", "new", "起算时已失效"},
	    {"old\twritten\t*\tcounty\tyjpt:12\tlearned\t50\tsold\t\t2026-04-18\nnew\twritten\t*\tcounty\tyjpt:12\tlearned\t40\tsnew\t2026-04-19\t\n", "old", "起算时尚未施行"},
	};
	char text[MSGID_TEXT_MAX], path[] = "2026-04-18", rows[1024], done[] = "10:00 330225 intake learned=10:00 grade=IV known";

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char dir[CONFDIR_MAX];
		struct rules *mine;
		struct story st;
		const json_t *c, *other;
		size_t k, n, found = 0;
		json_t *o;

		assert_true(confdir_make(dir, "rules_explain_test", "rules"));
		assert_true(rulesdir_fill(dir));
		snprintf(rows, sizeof rows, "id\twhat\tplace\tlevel\tcode\torigin\tminutes\tclause\tin_force_since\tin_force_until\n%s", t[i].rows);
		confdir_put(dir, "rules", "deadlines.local", rows);
		if ((mine = rules_load(dir, &fault)) == NULL)
			fail_msg("%s", fault.text);
		rules = mine;
		assert_true(story_read(&st, path, done, "yjpt:12G00"));
		open_station(COUNTY, CITY);
		keep(&st.m[0], st.b[0], &st.incident);
		clock_now = st.last;
		msgid_format(&st.incident, text, sizeof text);
		o = want("explain", json_pack("{s:s}", "id", text));
		json_array_foreach(json_object_get(o, "clocks"), k, c)
		{
			if (strcmp(str(c, "what"), "written") != 0)
				continue;
			assert_string_equal(str(c, "rule"), t[i].rule);
			json_array_foreach(json_object_get(c, "others"), n, other)
				if (strcmp(str(other, "rule"), strcmp(t[i].rule, "old") == 0 ? "new" : "old") == 0) {
					assert_string_equal(str(other, "why"), t[i].why);
					found++;
				}
		}
		assert_int_equal(found, 1);
		json_decref(o);
		close_station();
		story_free(&st);
		rules_free(mine);
		rulesdir_clear(dir);
		assert_int_equal(confdir_remove(dir, "rules"), 0);
	}
}

static int
begin(void **state)
{
	char dir[512];

	if (cases_setup(state) != 0 || conf_dir(dir, sizeof dir, &fault) == NULL)
		return -1;
	return (cb = codebook_load(dir, &fault)) != NULL ? 0 : -1;
}

static int
end(void **state)
{
	codebook_free(cb);
	return cases_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_case), cmocka_unit_test(test_changed_rule)};

	return cmocka_run_group_tests(tests, begin, end);
}
