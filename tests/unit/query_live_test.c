/*
 * What is kept between readings: whatever comes in and in whatever order, the answers are those of a station that has
 * just started and reads its journal for the first time; and nothing that asks for something is ever dropped.
 */
#include "query_help.h"

static uint64_t seed;

static uint64_t
random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

static void
forget(void)
{
	if (j->memo != NULL)
		j->memo->drop(j->memo);
	j->memo = NULL;
}

/* Answers now and after forgetting everything, which must be equal. */
static void
compare(size_t step)
{
	static const char *const asked[][2] = {{"owed", "{}"}, {"status", "{}"}, {"inbox", "{}"}, {"inbox", "{\"limit\": 7}"},
	    {"inbox", "{\"all\": true}"}, {"owed", "{}"}, {"incidents", "{}"},
	    {"incidents", "{\"limit\": 3, \"offset\": 2}"}, {"incidents", "{\"realm\": \"exercise\"}"}};
	json_t *kept[2][sizeof asked / sizeof asked[0]], *o;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
			for (int zh = 0; zh < 2; zh++) {
				env.zh = zh != 0;
				o = want(asked[i][0], json_loads(asked[i][1], 0, NULL));
				if (pass == 0) {
					kept[zh][i] = json_deep_copy(o);
				} else if (!json_equal(o, kept[zh][i])) {
					char *a = json_dumps(kept[zh][i], JSON_SORT_KEYS | JSON_INDENT(1)),
					     *b = json_dumps(o, JSON_SORT_KEYS | JSON_INDENT(1));

					fail_msg("step %zu: %s %s: kept %s\nanew %s", step, asked[i][0], asked[i][1], a, b);
				}
				json_decref(o);
				if (pass == 1)
					json_decref(kept[zh][i]);
				else if (i + 1 == sizeof asked / sizeof asked[0] && zh == 1)
					forget();
			}
	env.zh = true;
}

/* The list without history must also be what the journal's own rows say, by the walk that reads them. */
static void
compare_rows(void)
{
	json_t *held = want("incidents", json_object()), *rows = want("incidents", json_pack("{s:b}", "history", 1));
	size_t k = 0;

	for (size_t i = 0; i < count(rows, "incidents"); i++) {
		if (flag(at(rows, "incidents", i), "history"))
			continue;
		if (!json_equal(at(held, "incidents", k), at(rows, "incidents", i)))
			fail_msg("incident %zu differs from its row", k);
		k++;
	}
	assert_int_equal(k, count(held, "incidents"));
	json_decref(held);
	json_decref(rows);
}

#define NMESSAGES 260

/* A message of a made-up day; what it refers to may come later, or never. */
static struct body *
any_message(size_t i, struct msgid *id, struct msgid *incident)
{
	static const int kinds[] = {KIND_REPORT, KIND_REPORT, KIND_REPORT, KIND_DIRECTIVE, KIND_FEEDBACK, KIND_WARNING,
	    KIND_GRADE, KIND_RECEIPT, KIND_RECEIPT, KIND_RECEIPT, KIND_LOG, KIND_INTAKE};
	static const char *const origins[] = {TOWN, CITY, COUNTY, COUNTY};
	int kind = kinds[random_below(sizeof kinds / sizeof kinds[0])];
	const char *origin = kind == KIND_LOG || kind == KIND_INTAKE ? COUNTY : origins[random_below(4)];
	struct body *b = make(kind, strcmp(origin, COUNTY) == 0 ? CITY : COUNTY);
	size_t of = (size_t)random_below(NMESSAGES);
	char title[64];

	*id = mkid(origin, i + 1);
	id->realm = i % 7 == 0 ? REALM_EXERCISE : REALM_LIVE;
	/* Referred to by its place in the day, as anything it may have been. */
	for (size_t k = 0; k < 3; k++) {
		struct msgid ref = mkid(origins[k], of + 1);

		ref.realm = of % 7 == 0 ? REALM_EXERCISE : REALM_LIVE;
		body_add_id(b, F_REFS, &ref);
	}
	snprintf(title, sizeof title, "第%zu件", i);
	body_set_text(b, F_TITLE, title);
	if (kind == KIND_REPORT)
		body_set_num(b, F_STAGE, random_below(4) == 0 ? STAGE_WITHDRAWAL : random_below(4) == 0 ? STAGE_CORRECTION :
		    random_below(4) == 0 ? STAGE_FINAL : STAGE_FIRST);
	if (kind == KIND_RECEIPT) {
		static const int acts[] = {ACT_READ, ACT_SIGNED, ACT_TAKEN, ACT_RETURNED};

		body_set_num(b, F_ACT, acts[random_below(4)]);
	}
	if (kind == KIND_GRADE)
		body_set_num(b, F_GRADE, GRADE_II);
	if (kind == KIND_WARNING) {
		body_set_num(b, F_RING, random_below(2) == 0);
		if (strcmp(origin, COUNTY) == 0)
			body_set_text(b, F_FOREIGN_ID, "a,b,c");
	}
	if (random_below(6) == 0)
		body_set_num(b, F_HISTORY, 1);
	*incident = mkid(TOWN, 1000 + random_below(12));
	incident->realm = id->realm;
	if (random_below(3) == 0)
		*incident = mkid("", 0);
	return b;
}

static void
test_any_order(void **state)
{
	(void)state;
	for (uint64_t run = 1; run <= 4; run++) {
		struct { struct msgid id, incident; struct body *b; } m[NMESSAGES], t;
		struct msgid passing[NMESSAGES];
		size_t npassing = 0;

		open_station(COUNTY, CITY);
		seed = run * UINT64_C(0x9e3779b97f4a7c15);
		for (size_t i = 0; i < NMESSAGES; i++)
			m[i].b = any_message(i, &m[i].id, &m[i].incident);
		for (size_t i = NMESSAGES - 1; i > 0; i--) {
			size_t k = (size_t)random_below(i + 1);

			t = m[i];
			m[i] = m[k];
			m[k] = t;
		}
		for (size_t i = 0; i < NMESSAGES; i++) {
			bool passes = strcmp(m[i].id.origin, COUNTY) != 0 && random_below(8) == 0;
			struct msgid incident = m[i].incident;

			store_as(m[i].b, &m[i].id, msgid_is_set(&incident) ? &incident : NULL, !passes);
			if (passes)
				passing[npassing++] = m[i].id;
			/* What passed through turns out to be for us too. */
			if (npassing > 0 && random_below(12) == 0) {
				struct journal_msg have;
				struct msgid id = passing[--npassing];

				assert_int_equal(j->ops->set_local(j, &id), 0);
				assert_int_equal(j->ops->get_message(j, &id, &have), 0);
				if (msgid_is_set(&have.incident))
					recache(&have.incident);
				buf_free(&have.body);
			}
			if (random_below(3) == 0)
				json_decref(want(random_below(2) == 0 ? "inbox" : "owed", json_object()));
			if (i % 9 == 0 || i + 1 == NMESSAGES)
				compare(i);
		}
		assert_int_equal(j->ops->commit(j), 0);
		compare_rows();
		close_station();
	}
}

/* More mail than an inbox shows: what is old and unsigned, or unanswered, stays; the figures stay exact. */
static void
test_nothing_dropped(void **state)
{
	const uint64_t many = 9000;
	struct body *b;
	json_t *o;

	(void)state;
	b = make(KIND_DIRECTIVE, COUNTY);				/* signed for, not answered */
	body_set_time(b, F_DUE, T0 + MIN);
	store(b, CITY, 1, NULL, 0);
	ack(1, ACT_SIGNED, CITY, 1, NULL, 0);
	store(make(KIND_REPORT, COUNTY), TOWN, 1, NULL, 0);		/* never looked at */
	for (uint64_t i = 2; i <= many; i++) {
		store(make(KIND_WARNING, COUNTY), TOWN, i, NULL, 0);	/* asks for nothing */
		if (i % 1500 == 0)
			json_decref(want("status", json_object()));
	}
	for (int pass = 0; pass < 2; pass++) {
		o = want("status", json_object());
		assert_int_equal(num(o, "messages"), many + 2);
		assert_int_equal(num(o, "unsigned"), 1);
		json_decref(o);
		o = want("inbox", json_pack("{s:i}", "limit", 1000));
		assert_int_equal(count(o, "messages"), 1000);
		assert_true(flag(o, "more"));
		assert_string_equal(str(at(o, "messages", 0), "id"), idtext(TOWN, 1));
		assert_string_equal(str(at(o, "messages", 1), "id"), idtext(TOWN, many));
		assert_string_equal(str(at(o, "messages", 999), "id"), idtext(TOWN, many - 998));
		json_decref(o);
		o = want("inbox", json_pack("{s:i, s:b}", "limit", 5, "all", 1));
		assert_string_equal(str(at(o, "messages", 0), "id"), idtext(TOWN, 1));
		assert_string_equal(str(at(o, "messages", 4), "id"), idtext(TOWN, many - 3));
		assert_true(flag(o, "more"));
		json_decref(o);
		o = want("owed", json_object());
		assert_string_equal(str(at(o, "items", 0), "what"), "feedback");
		assert_string_equal(str(at(o, "items", 0), "about"), idtext(CITY, 1));
		json_decref(o);
		forget();
	}
	store(refers(make(KIND_FEEDBACK, CITY), CITY, 1), COUNTY, 3, NULL, 0);
	ack(2, ACT_SIGNED, TOWN, 1, NULL, 0);
	o = want("owed", json_object());
	assert_int_equal(count(o, "items"), 0);
	json_decref(o);
	o = want("status", json_object());
	assert_int_equal(num(o, "unsigned"), 0);
	json_decref(o);
}

/* A crash takes back what was not committed, and what was kept of it. */
static void
test_crash(void **state)
{
	json_t *o;

	(void)state;
	fire();
	assert_int_equal(j->ops->commit(j), 0);
	ack(1, ACT_SIGNED, TOWN, 2, TOWN, 1);
	o = want("status", json_object());
	assert_int_equal(num(o, "unsigned"), 0);
	json_decref(o);
	journal_ram_crash(j);
	o = want("status", json_object());
	assert_int_equal(num(o, "unsigned"), 1);
	json_decref(o);
	/* The same chain position, another message there. */
	ack(1, ACT_READ, TOWN, 2, TOWN, 1);
	o = want("inbox", json_object());
	assert_string_equal(str(at(o, "messages", 0), "state"), "read");
	assert_int_equal(num(o, "unsigned"), 1);
	json_decref(o);
}

/* A neighbour gets another name, the station another parent: nothing is answered from before. */
static void
test_settings(void **state)
{
	json_t *o;

	(void)state;
	store(make(KIND_REPORT, COUNTY), "x-port", 1, "x-port", 1);
	o = want("inbox", json_object());
	assert_string_equal(str(at(o, "messages", 0), "from_name"), "石浦港区");
	json_decref(o);
	snprintf(topo.n[1].name, sizeof topo.n[1].name, "新港区");
	o = want("inbox", json_object());
	assert_string_equal(str(at(o, "messages", 0), "from_name"), "新港区");
	json_decref(o);
	o = want("owed", json_object());
	assert_true(count(o, "items") > 1);
	json_decref(o);
	topo.count = 2;					/* no parent: nobody to report to */
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++)
		assert_string_not_equal(str(at(o, "items", i), "what"), "written");
	json_decref(o);
}

/* A row shows its incident's number, which another message may bring. */
static void
test_number_comes_later(void **state)
{
	json_t *o;

	(void)state;
	store(make(KIND_DIRECTIVE, COUNTY), CITY, 1, TOWN, 1);
	o = want("inbox", json_object());
	assert_string_equal(str(at(o, "messages", 0), "number"), "");
	json_decref(o);
	fire();
	o = want("inbox", json_object());
	assert_int_equal(count(o, "messages"), 2);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(str(at(o, "messages", i), "number"), "西周1122-001");
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test_setup_teardown(test_nothing_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_number_comes_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
