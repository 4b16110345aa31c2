/* The desk's reading requests: hello, refusals, incidents, show, message. */
#include "query_help.h"

static void
test_hello(void **state)
{
	static const struct {
		const char *self, *parent, *level;
	} cases[] = {{COUNTY, CITY, "county"}, {"330226104", COUNTY, "township"}, {CITY, "330000", "city"},
	    {"330000", NULL, "province"}, {"330225-gongan", COUNTY, "county"}, {"x-scenic", COUNTY, "township"},
	    {"x-new", CITY, "county"}, {"x-plant", TOWN, "unit"}, {"x-lone", NULL, "unit"}, {"999999", NULL, "county"},
	    {"990000", NULL, "province"}, {"999900", NULL, "city"}, {"999999999", NULL, "township"}};
	json_t *o;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		open_station(cases[i].self, cases[i].parent);
		o = want("hello", json_pack("{s:i, s:s}", "proto", 1, "program", "test"));
		assert_string_equal(str(o, "station"), cases[i].self);
		if (strcmp(str(o, "level"), cases[i].level) != 0)
			fail_msg("%s: level %s", cases[i].self, str(o, "level"));
		assert_string_equal(str(o, "parent"), cases[i].parent != NULL ? cases[i].parent : "");
		assert_true(num(o, "epoch") > 0);
		assert_int_equal(num(o, "now"), clock_now);
		json_decref(o);
		close_station();
	}
}

static void
test_bad_requests(void **state)
{
	static const struct { const char *op, *request; int code; const char *field; } cases[] = {
		{ "nonsense", "{}", EX_USAGE, "op" },
		{ "", "{}", EX_USAGE, "op" },
		{ "hello", "{\"proto\": 99}", EX_PROTOCOL, "proto" },
		{ "hello", "{\"proto\": \"1\"}", EX_DATAERR, "proto" },
		{ "incidents", "{\"realm\": 3}", EX_DATAERR, "realm" },
		{ "incidents", "{\"realm\": \"dream\"}", EX_DATAERR, "realm" },
		{ "incidents", "{\"history\": 1}", EX_DATAERR, "history" },
		{ "incidents", "{\"limit\": 0}", EX_DATAERR, "limit" },
		{ "incidents", "{\"limit\": \"5\"}", EX_DATAERR, "limit" },
		{ "incidents", "{\"limit\": 1.5}", EX_DATAERR, "limit" },
		{ "incidents", "{\"offset\": -1}", EX_DATAERR, "offset" },
		{ "show", "{}", EX_DATAERR, "ref" },
		{ "show", "{\"ref\": 7}", EX_DATAERR, "ref" },
		{ "show", "{\"ref\": \"9999-999\"}", EX_NOINPUT, "incident" },
		{ "message", "{}", EX_DATAERR, "id" },
		{ "message", "{\"id\": []}", EX_DATAERR, "id" },
		{ "message", "{\"id\": \"what\"}", EX_DATAERR, "id" },
		{ "message", "{\"id\": \"330225102.7.99\"}", EX_NOINPUT, "id" },
		{ "inbox", "{\"limit\": {}}", EX_DATAERR, "limit" },
		{ "inbox", "{\"all\": \"yes\"}", EX_DATAERR, "all" },
		{ "list", "{\"kind\": \"novel\"}", EX_DATAERR, "kind" },
		{ "list", "{\"kind\": true}", EX_DATAERR, "kind" },
		{ "list", "{\"kind\": 0}", EX_DATAERR, "kind" },
		{ "list", "{\"after\": -1}", EX_DATAERR, "after" },
		{ "list", "{\"realm\": []}", EX_DATAERR, "realm" },
		{ "log", "{\"after\": \"x\"}", EX_DATAERR, "after" },
		{ "list", "[]", EX_DATAERR, "" },
		{ "list", "null", EX_DATAERR, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *o = ask(cases[i].op, json_loads(cases[i].request, JSON_DECODE_ANY, NULL));

		if (o != NULL || fault.code != cases[i].code || strcmp(fault.field, cases[i].field) != 0)
			fail_msg("%s %s: code %d field %s", cases[i].op, cases[i].request, fault.code, fault.field);
		assert_true(fault.text[0] != '\0');
	}
}

static void
test_empty(void **state)
{
	static const char *const list[][2] = {{"incidents", "incidents"}, {"inbox", "messages"}, {"owed", "items"},
	    {"list", "messages"}, {"log", "messages"}, {"drafts", "drafts"}};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		json_t *o = want(list[i][0], json_object());

		assert_int_equal(count(o, list[i][1]), 0);
		json_decref(o);
	}
}

static void
test_incidents(void **state)
{
	json_t *o;
	const json_t *in;
	struct body *b;
	struct msgid id;
	struct journal_incident row;

	(void)state;
	fire();
	b = make(KIND_GRADE, TOWN);
	body_set_num(b, F_GRADE, GRADE_II);
	store(b, COUNTY, 1, TOWN, 1);
	b = make(KIND_WARNING, COUNTY);			/* has an incident of its own and is none */
	body_set_text(b, F_TITLE, "暴雨橙色预警");
	store(b, CITY, 50, CITY, 50);
	b = make(KIND_REPORT, COUNTY);
	body_set_num(b, F_HISTORY, 1);
	body_set_text(b, F_TITLE, "旧事");
	store(b, TOWN, 60, TOWN, 60);
	b = make(KIND_INTAKE, NULL);
	body_set_text(b, F_TITLE, "断水\x1b[2J");
	body_set_text(b, F_NUMBER, "1122-009");
	store(b, COUNTY, 2, COUNTY, 2);

	o = want("incidents", json_object());
	assert_int_equal(count(o, "incidents"), 2);
	assert_false(flag(o, "more"));
	assert_true(num(o, "rev") > 0);
	in = at(o, "incidents", 0);			/* last changed first */
	assert_string_equal(str(in, "number"), "1122-009");
	assert_null(strchr(str(in, "title"), '\x1b'));
	assert_string_equal(str(in, "grade"), "");
	in = at(o, "incidents", 1);
	assert_string_equal(str(in, "number"), "西周1122-001");
	assert_string_equal(str(in, "title"), "西周镇宏达仓库火灾");
	assert_string_equal(str(in, "type"), "yjpt:12G00");
	assert_string_equal(str(in, "type_name"), codebook_event(cb, "12G00")->name);
	assert_string_equal(str(in, "grade"), "II");
	assert_string_equal(str(in, "grade_name"), "II级 重大");
	assert_int_equal(num(in, "version"), 2);
	assert_string_equal(str(in, "missing"), "西周镇第2报已到，缺第1报");
	assert_string_equal(str(json_object_get(in, "figures"), "dead"), "?(119)/约3(西周镇)");
	assert_false(flag(in, "final"));
	assert_false(flag(in, "history"));
	assert_int_equal(count(in, "stations"), 2);
	assert_string_equal(str(in, "id"), idtext(TOWN, 1));
	assert_string_equal(str(in, "realm"), "live");
	json_decref(o);

	env.zh = false;
	o = want("incidents", json_pack("{s:b, s:i, s:i}", "history", 1, "limit", 1, "offset", 2));
	assert_int_equal(count(o, "incidents"), 1);
	assert_false(flag(o, "more"));
	in = at(o, "incidents", 0);
	assert_string_equal(str(in, "grade_name"), "grade II");
	assert_non_null(strstr(str(in, "missing"), "report 2 without 1"));
	assert_string_equal(str(json_object_get(in, "figures"), "dead"), "?(119)/~3(西周镇)");
	json_decref(o);
	o = want("incidents", json_pack("{s:i}", "limit", 1));
	assert_int_equal(count(o, "incidents"), 1);
	assert_true(flag(o, "more"));
	json_decref(o);
	o = want("incidents", json_pack("{s:s, s:I}", "realm", "exercise", "limit", INT64_C(1) << 60));
	assert_int_equal(count(o, "incidents"), 0);
	json_decref(o);

	/* A cache that is no JSON is folded anew. */
	id = mkid(TOWN, 1);
	memset(&row, 0, sizeof row);
	assert_int_equal(j->ops->incident_get(j, &id, &row), 0);
	buf_clear(&row.summary);
	buf_puts(&row.summary, "{\"id\":");
	assert_int_equal(j->ops->incident_put(j, &row), 0);
	buf_free(&row.summary);
	o = want("incidents", json_object());
	assert_int_equal(count(o, "incidents"), 2);
	json_decref(o);
	o = want("verify", json_object());
	assert_string_equal(str(o, "fold_bad"), idtext(TOWN, 1));
	json_decref(o);
}

static void
test_show(void **state)
{
	static const char *const refs[] = {
	    "1122-001", "西周1122-001", "西周镇1122-001", "330225102.7.1", "330225102.7.2"};
	struct journal_delivery d;
	struct msgid id = mkid(COUNTY, 1);
	struct body *b;
	json_t *o;
	const json_t *l;

	(void)state;
	fire();
	b = make(KIND_GRADE, TOWN);
	body_add_text(b, F_TO, CITY, strlen(CITY));
	body_add_text(b, F_TO, "x-port", 6);
	body_set_num(b, F_GRADE, GRADE_II);
	body_set_text(b, F_REASON, "可能三人以上被困");
	body_set_text(b, F_SIGNER, "赵");
	store(b, COUNTY, 1, TOWN, 1);
	ack(2, ACT_SIGNED, TOWN, 2, TOWN, 1);
	assert_int_equal(j->ops->delivery_get(j, &id, TOWN, &d), 0);
	d.state = DLV_SIGNED;
	d.signed_ = clock_now;
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
	assert_int_equal(j->ops->delivery_get(j, &id, CITY, &d), 0);
	d.state = DLV_DELIVERED;
	d.delivered = clock_now;
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
	assert_int_equal(j->ops->delivery_get(j, &id, "x-port", &d), 0);
	d.state = DLV_RETURNED;
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
	for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
		o = want("show", json_pack("{s:s}", "ref", refs[i]));
		assert_string_equal(str(json_object_get(o, "incident"), "id"), idtext(TOWN, 1));
		json_decref(o);
	}
	o = want("show", json_pack("{s:s, s:s}", "ref", "1122-001", "realm", "live"));
	assert_int_equal(count(o, "lines"), 3);
	assert_int_equal(count(json_object_get(o, "incident"), "heads"), 2);
	assert_string_equal(str(at(json_object_get(o, "incident"), "grades", 0), "station"), COUNTY);
	assert_string_equal(str(at(json_object_get(o, "incident"), "grades", 0), "grade"), "II");
	for (size_t i = 0; i < 3; i++) {
		const json_t *r;

		l = at(o, "lines", i);
		r = json_object_get(l, "receipts");
		if (strcmp(str(l, "kind"), "report") == 0) {
			assert_string_equal(str(l, "text"), "西周镇宏达仓库火灾");
			assert_string_equal(str(l, "stage_name"), "首报");
			assert_string_equal(str(l, "from_name"), "西周镇");
			assert_false(flag(l, "mine"));
			assert_int_equal(num(r, "total"), 1);
			assert_int_equal(num(r, "signed"), 1);
			assert_int_equal(num(r, "read"), 1);
			assert_int_equal(num(r, "taken"), 0);
		} else if (strcmp(str(l, "kind"), "grade") == 0) {
			assert_string_equal(str(l, "text"), "定级 II级 重大：可能三人以上被困");
			assert_string_equal(str(l, "author"), "赵");
			assert_string_equal(str(l, "precedence_name"), "特提");
			assert_true(flag(l, "mine"));
			assert_int_equal(num(r, "total"), 3);
			assert_int_equal(num(r, "delivered"), 2);
			assert_int_equal(num(r, "read"), 1);
			assert_int_equal(num(r, "signed"), 1);
			assert_int_equal(num(r, "returned"), 1);
		} else {
			assert_string_equal(str(l, "act"), "signed");
			assert_string_equal(str(l, "text"), "签收 西周镇宏达仓库火灾");
			assert_string_equal(str(l, "author"), "李敏");
		}
	}
	json_decref(o);
}

static void
test_message(void **state)
{
	struct msgid id = mkid(TOWN, 9), inc = mkid(TOWN, 1);
	json_t *o;

	(void)state;
	fire();
	ack(1, ACT_READ, TOWN, 2, TOWN, 1);
	store_as(make(KIND_REPORT, CITY), &id, &inc, false);	/* passes through */
	o = want("message", json_pack("{s:s}", "id", idtext(TOWN, 2)));
	assert_string_equal(str(o, "from"), TOWN);
	assert_string_equal(str(json_object_get(o, "body"), "place"), "振兴路12号");
	assert_int_equal(strlen(str(o, "digest")), 2 * DIGEST_LEN);
	assert_int_equal(count(o, "receipts"), 1);
	assert_string_equal(str(at(o, "receipts", 0), "act"), "read");
	assert_string_equal(str(at(o, "receipts", 0), "person"), "李敏");
	assert_int_equal(count(o, "deliveries"), 0);
	json_decref(o);
	o = want("message", json_pack("{s:s}", "id", idtext(COUNTY, 1)));
	assert_int_equal(count(o, "deliveries"), 1);
	assert_string_equal(str(at(o, "deliveries", 0), "to_name"), "西周镇");
	assert_string_equal(str(at(o, "deliveries", 0), "state"), "open");
	assert_string_equal(str(at(o, "deliveries", 0), "state_name"), "待发");
	json_decref(o);
	assert_null(ask("message", json_pack("{s:s}", "id", idtext(TOWN, 9))));
	assert_int_equal(fault.code, EX_NOPERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test_setup_teardown(test_bad_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_incidents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_show, setup, teardown),
		cmocka_unit_test_setup_teardown(test_message, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
