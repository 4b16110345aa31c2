/*
 * Where a message is, and what became of every addressee: from deliveries, numbered lines and the ways told by 送达.
 */
#include "query_help.h"

static const char *
member(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

static json_t *
ask_id(const char *op, const struct msgid *id)
{
	char text[MSGID_TEXT_MAX];

	msgid_format(id, text, sizeof text);
	return ask(op, json_pack("{s:s}", "id", text));
}

static struct msgid
own_report(uint64_t serial)
{
	struct msgid id = mkid(COUNTY, serial);
	struct body *b = make(KIND_REPORT, CITY);

	body_add_text(b, F_TO, TOWN, strlen(TOWN));
	body_set_text(b, F_TITLE, "西周镇宏达仓库火灾");
	store_as(b, &id, NULL, true);
	return id;
}

static void
delivery(const struct msgid *id, const char *to, int state, int64_t delivered, const char *person)
{
	struct journal_delivery d = { .id = *id, .state = state, .since = clock_now, .offered = T0, .delivered = delivered };

	snprintf(d.to, sizeof d.to, "%s", to);
	snprintf(d.person, sizeof d.person, "%s", person);
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
}

static const json_t *
addressee(const json_t *answer, const char *to)
{
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(answer, "to"), i, e)
		if (strcmp(member(e, "to"), to) == 0)
			return e;
	fail_msg("no addressee %s", to);
	return NULL;
}

/* A 送达 that came through a relay tells the way; the instants are those it tells. */
static void
test_way(void **state)
{
	struct msgid id = own_report(5), other = mkid(COUNTY, 4);
	struct msgid rid = mkid(CITY, 9);
	struct body *r = make(KIND_RECEIPT, COUNTY);
	const json_t *hops;
	json_t *o;

	(void)state;
	body_set_num(r, F_ACT, ACT_DELIVERED);
	body_add_id(r, F_REFS, &other);
	body_add_id(r, F_REFS, &id);
	body_add_text(r, F_WAY, "-", 1);
	body_add_text(r, F_WAY, "330225@1000 330226@2000 330200@3000", 35);
	store_as(r, &rid, NULL, false);
	delivery(&id, CITY, DLV_DELIVERED, T0 + 5000, "");
	o = ask_id("trace", &id);
	assert_non_null(o);
	hops = json_object_get(addressee(o, CITY), "hops");
	assert_int_equal(json_array_size(hops), 3);
	assert_string_equal(member(json_array_get(hops, 0), "how"), "stored");
	assert_string_equal(member(json_array_get(hops, 1), "station"), "330226");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(hops, 1), "at")), 2000);
	assert_string_equal(member(json_array_get(hops, 1), "how"), "custody");
	assert_string_equal(member(json_array_get(hops, 2), "station"), CITY);
	assert_string_equal(member(json_array_get(hops, 2), "how"), "delivered");
	assert_string_equal(member(addressee(o, TOWN), "state"), "open");
	assert_int_equal(json_array_size(json_object_get(addressee(o, TOWN), "hops")), 1);
	json_decref(o);
}

/* What another station tells of a way is taken for text: garbage ends it, and never the answer. */
static void
test_way_garbage(void **state)
{
	static const char *const bad[] = { "@", "x y z", "330225@999999999999999999999999999 330200@1", "330225@1 \x01@2", "330225",
		"330225@1  330200", "a/b@1 c@2" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct msgid id = own_report(10 + i), rid = mkid(CITY, 100 + i);
		struct body *r = make(KIND_RECEIPT, COUNTY);
		json_t *o;

		body_set_num(r, F_ACT, ACT_DELIVERED);
		body_add_id(r, F_REFS, &id);
		body_add_text(r, F_WAY, bad[i], strlen(bad[i]));
		store_as(r, &rid, NULL, false);
		delivery(&id, CITY, DLV_DELIVERED, T0, "");
		o = ask_id("trace", &id);
		assert_non_null(o);
		assert_true(json_array_size(json_object_get(addressee(o, CITY), "hops")) >= 1);
		json_decref(o);
	}
}

static void
test_lines(void **state)
{
	struct msgid id = own_report(6);
	struct journal_line out = { .peer = CITY, .out = true, .stream = 7, .last = 2 };
	struct journal_line in = { .peer = TOWN, .stream = 3, .last = 40 };
	struct journal_passage p = { .serial = 2, .id = id, .at = T0 + 1 }, q = { .serial = 40, .id = id, .at = T0 };
	json_t *o, *rows;

	(void)state;
	assert_int_equal(j->ops->line_put(j, &out), 0);
	assert_int_equal(j->ops->line_put(j, &in), 0);
	assert_int_equal(j->ops->passage_put(j, CITY, true, 7, &p), 0);
	assert_int_equal(j->ops->passage_put(j, TOWN, false, 3, &q), 0);
	o = ask_id("trace", &id);
	assert_non_null(o);
	rows = json_object_get(o, "offers");
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(member(json_array_get(rows, 0), "link"), CITY);
	assert_true(json_is_true(json_object_get(json_array_get(rows, 0), "waiting")));
	assert_int_equal(json_array_size(json_object_get(o, "came")), 1);
	json_decref(o);
	p.passed = T0 + 9;
	assert_int_equal(j->ops->passage_put(j, CITY, true, 7, &p), 0);
	o = ask_id("trace", &id);
	rows = json_object_get(o, "offers");
	assert_true(json_is_false(json_object_get(json_array_get(rows, 0), "waiting")));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "passed")), T0 + 9);
	json_decref(o);
}

static void
test_ledger(void **state)
{
	struct msgid a = own_report(20), b = own_report(21);
	json_t *o, *e;
	size_t i, open = 0, returned = 0, delivered = 0;

	(void)state;
	store(make(KIND_REPORT, COUNTY), TOWN, 50, TOWN, 50);	/* not ours: in no ledger of ours */
	delivery(&a, CITY, DLV_DELIVERED, T0, "");
	delivery(&a, TOWN, DLV_RETURNED, 0, "no way");
	delivery(&b, CITY, DLV_CUSTODY, 0, "");
	o = ask("ledger", json_object());
	assert_non_null(o);
	json_array_foreach(json_object_get(o, "entries"), i, e) {
		const char *st = member(e, "state");

		open += strcmp(st, "open") == 0 || strcmp(st, "custody") == 0;
		delivered += strcmp(st, "delivered") == 0;
		if (strcmp(st, "returned") == 0) {
			returned++;
			assert_string_equal(member(e, "reason"), "no way");
		}
	}
	assert_int_equal(open, 2);
	assert_int_equal(delivered, 1);
	assert_int_equal(returned, 1);
	json_decref(o);
	o = ask("ledger", json_pack("{s:b}", "open", true));
	assert_int_equal(json_array_size(json_object_get(o, "entries")), 2);
	json_decref(o);
	o = ask_id("ledger", &a);
	assert_int_equal(json_array_size(json_object_get(o, "entries")), 2);
	json_decref(o);
	o = ask("ledger", json_pack("{s:i}", "limit", 1));	/* newest first, then on from there */
	assert_int_equal(json_array_size(json_object_get(o, "entries")), 2);
	assert_true(json_is_true(json_object_get(o, "more")));
	e = ask("ledger", json_pack("{s:i, s:I}", "limit", 1, "before", json_integer_value(json_object_get(o, "before"))));
	assert_int_equal(json_array_size(json_object_get(e, "entries")), 2);
	json_decref(e);
	json_decref(o);
}

static void
test_bad(void **state)
{
	static const struct { const char *op, *request, *field; int code; } bad[] = {
		{ "trace", "{}", "id", EX_DATAERR }, { "trace", "{\"id\":3}", "id", EX_DATAERR },
		{ "trace", "{\"id\":\"330225.7.99\"}", "id", EX_NOINPUT }, { "ledger", "{\"id\":\"x\"}", "id", EX_DATAERR },
		{ "ledger", "{\"limit\":0}", "limit", EX_DATAERR }, { "ledger", "{\"open\":1}", "open", EX_DATAERR },
		{ "ledger", "{\"before\":-1}", "before", EX_DATAERR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		json_t *o = ask(bad[i].op, json_loads(bad[i].request, 0, NULL));

		if (o != NULL || fault.code != bad[i].code || strcmp(fault.field, bad[i].field) != 0)
			fail_msg("case %zu: %d %s: %s", i, fault.code, fault.field, fault.text);
	}
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_way), T(test_way_garbage), T(test_lines), T(test_ledger), T(test_bad) };

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
