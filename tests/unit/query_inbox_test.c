/* The desk's reading requests: inbox, owed, list, log, status, verify, drafts, hostile texts. */
#include "query_help.h"

static const json_t *
inbox_find(const json_t *o, const char *id)
{
	for (size_t i = 0; i < count(o, "messages"); i++)
		if (strcmp(str(at(o, "messages", i), "id"), id) == 0)
			return at(o, "messages", i);
	return NULL;
}

static void
test_inbox(void **state)
{
	struct body *b;
	json_t *o;
	const json_t *it;
	struct msgid id;

	(void)state;
	fire();							/* priority, unsigned */
	b = make(KIND_DIRECTIVE, COUNTY);			/* urgent, of no incident, signed: feedback left */
	body_set_text(b, F_TEXT, "立即清点人数，15分钟内反馈。");
	body_set_time(b, F_DUE, T0 + 15 * MIN);
	store(b, CITY, 10, NULL, 0);
	ack(1, ACT_SIGNED, CITY, 10, NULL, 0);
	ack(2, ACT_READ, CITY, 10, NULL, 0);			/* later, and takes nothing back */
	b = make(KIND_WARNING, COUNTY);				/* flash, unread */
	body_set_text(b, F_TITLE, "暴雨红色预警");
	body_set_num(b, F_COLOUR, COLOUR_RED);
	body_set_num(b, F_RING, 1);
	store(b, CITY, 11, CITY, 11);
	b = make(KIND_WARNING, COUNTY);				/* stored, not rung */
	store(b, CITY, 12, CITY, 12);
	b = make(KIND_REPORT, COUNTY);				/* history */
	body_set_num(b, F_HISTORY, 1);
	store(b, TOWN, 20, TOWN, 20);
	b = refers(make(KIND_FEEDBACK, COUNTY), COUNTY, 77);
	body_set_num(b, F_PROGRESS, PROGRESS_ONGOING);
	body_set_text(b, F_TEXT, "正在清点");
	store(b, TOWN, 21, TOWN, 1);
	ack(3, ACT_READ, TOWN, 21, TOWN, 1);
	b = refers(make(KIND_RECEIPT, COUNTY), COUNTY, 77);	/* sent back to us */
	body_set_num(b, F_ACT, ACT_RETURNED);
	store(b, TOWN, 22, TOWN, 1);
	b = refers(make(KIND_RECEIPT, COUNTY), COUNTY, 77);	/* a mere receipt is no mail */
	body_set_num(b, F_ACT, ACT_SIGNED);
	store(b, TOWN, 23, TOWN, 1);
	store(make(KIND_REPORT, CITY), TOWN, 24, TOWN, 1);	/* not for us */
	b = make(KIND_WARNING, TOWN);				/* taken in here from another system */
	body_set_text(b, F_FOREIGN_ID, "a,b,c");
	body_set_num(b, F_RING, 1);
	store(b, COUNTY, 30, COUNTY, 30);
	store(make(KIND_WARNING, TOWN), COUNTY, 31, COUNTY, 31);
	b = make(KIND_REPORT, COUNTY);				/* recalled before anybody looked */
	store(b, TOWN, 25, TOWN, 1);
	b = refers(make(KIND_REPORT, COUNTY), TOWN, 25);
	body_set_num(b, F_STAGE, STAGE_WITHDRAWAL);
	store(b, TOWN, 26, TOWN, 1);
	b = make(KIND_REPORT, COUNTY);				/* exercise */
	body_set_num(b, F_GRADE, GRADE_I);
	id = mkid(TOWN, 27);
	id.realm = REALM_EXERCISE;
	store_as(b, &id, &id, true);

	o = want("inbox", json_object());
	assert_int_equal(count(o, "messages"), 10);
	assert_false(flag(o, "more"));
	it = at(o, "messages", 0);
	assert_string_equal(str(it, "title"), "暴雨红色预警");
	assert_string_equal(str(it, "state"), "unread");
	assert_string_equal(str(it, "state_name"), "未阅");
	assert_string_equal(str(it, "precedence"), "flash");
	assert_string_equal(str(it, "precedence_name"), "特提");
	assert_true(flag(it, "ring"));
	assert_true(num(it, "due") > num(it, "at"));
	/* Live before exercise, though the exercise is of the highest degree. */
	for (size_t i = 0; i < 10; i++)
		if (strcmp(str(at(o, "messages", i), "realm"), "exercise") == 0)
			for (size_t k = i + 1; k < 10; k++)
				assert_false(flag(at(o, "messages", k), "attention"));
	it = inbox_find(o, idtext(CITY, 10));
	assert_non_null(it);
	assert_string_equal(str(it, "state"), "signed");
	assert_false(flag(it, "attention"));
	assert_int_equal(num(it, "due"), T0 + 15 * MIN);
	assert_string_equal(str(it, "number"), "");
	assert_string_equal(str(it, "title"), "立即清点人数，15分钟内反馈。");
	it = inbox_find(o, idtext(CITY, 12));
	assert_non_null(it);
	assert_false(flag(it, "attention"));
	assert_int_equal(num(it, "due"), 0);
	it = inbox_find(o, idtext(TOWN, 21));
	assert_non_null(it);
	assert_string_equal(str(it, "state"), "read");
	assert_string_equal(str(it, "title"), "进行中 正在清点");
	assert_int_equal(num(it, "due"), 0);
	it = inbox_find(o, idtext(TOWN, 22));
	assert_non_null(it);
	assert_true(flag(it, "attention"));
	assert_non_null(inbox_find(o, idtext(COUNTY, 30)));
	assert_false(flag(inbox_find(o, idtext(COUNTY, 30)), "attention"));
	assert_null(inbox_find(o, idtext(COUNTY, 31)));
	assert_null(inbox_find(o, idtext(TOWN, 23)));
	assert_null(inbox_find(o, idtext(TOWN, 24)));
	assert_null(inbox_find(o, idtext(TOWN, 20)));
	assert_true(flag(inbox_find(o, idtext(TOWN, 25)), "recalled"));
	assert_false(flag(inbox_find(o, idtext(TOWN, 25)), "attention"));
	it = inbox_find(o, idtext(TOWN, 2));
	assert_string_equal(str(it, "number"), "西周1122-001");
	assert_string_equal(str(it, "text"), "14时10分起火。\n火势较大。");
	/* fire, red warning, recall and exercise are to be signed for */
	assert_int_equal(num(o, "unsigned"), 4);
	json_decref(o);

	o = want("inbox", json_pack("{s:b, s:i}", "all", 1, "limit", 1000000));
	assert_int_equal(count(o, "messages"), 11);
	assert_non_null(inbox_find(o, idtext(TOWN, 20)));
	assert_false(flag(inbox_find(o, idtext(TOWN, 20)), "attention"));
	json_decref(o);
	o = want("inbox", json_pack("{s:i}", "limit", 2));
	assert_int_equal(count(o, "messages"), 2);
	assert_true(flag(o, "more"));
	json_decref(o);
}

/* A correction takes the place of what it corrects, until it is recalled itself; of reports, directives and warnings alike, whether
 * it was looked at in between or not, and in whatever order they come. */
static void
test_amended(void **state)
{
	static const int kinds[] = { KIND_REPORT, KIND_DIRECTIVE, KIND_WARNING };
	uint64_t serial = 100;

	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (int way = 0; way < 3; way++, serial += 10) {	/* looked at, not looked at, the recall first */
			struct body *b[3] = { make(kinds[k], COUNTY), refers(make(kinds[k], COUNTY), CITY, serial),
				refers(make(kinds[k], COUNTY), CITY, serial + 1) };
			const json_t *it;
			json_t *o;

			body_set_num(b[0], F_RING, 1);
			body_set_num(b[1], F_STAGE, STAGE_CORRECTION);
			body_set_num(b[1], F_RING, 1);
			body_set_num(b[2], F_STAGE, STAGE_WITHDRAWAL);
			store(b[0], CITY, serial, CITY, serial);
			if (way == 0) {
				o = want("inbox", json_pack("{s:i}", "limit", 200));
				assert_true(flag(inbox_find(o, idtext(CITY, serial)), "attention"));
				json_decref(o);
			}
			if (way == 2) {
				store(b[2], CITY, serial + 2, CITY, serial);
				json_decref(want("inbox", json_object()));
			}
			store(b[1], CITY, serial + 1, CITY, serial);
			if (way == 0) {
				o = want("inbox", json_pack("{s:i}", "limit", 200));
				it = inbox_find(o, idtext(CITY, serial));
				if (!flag(it, "corrected") || flag(it, "attention"))
					fail_msg("kind %d: a corrected one still asks", kinds[k]);
				assert_true(flag(inbox_find(o, idtext(CITY, serial + 1)), "attention"));
				json_decref(o);
			}
			if (way != 2)
				store(b[2], CITY, serial + 2, CITY, serial);
			o = want("inbox", json_pack("{s:i}", "limit", 200));
			it = inbox_find(o, idtext(CITY, serial));
			if (flag(it, "corrected") || !flag(it, "attention"))
				fail_msg("kind %d, way %d: the correction was recalled, and what it corrected does not stand", kinds[k], way);
			it = inbox_find(o, idtext(CITY, serial + 1));
			if (!flag(it, "recalled") || flag(it, "attention"))
				fail_msg("kind %d, way %d: a recalled correction still asks", kinds[k], way);
			json_decref(o);
		}
}

static void
test_owed(void **state)
{
	struct body *b;
	json_t *o;
	bool phone = false, written = false, feedback = false, exercise = false;
	struct msgid id;

	(void)state;
	fire();
	b = make(KIND_DIRECTIVE, COUNTY);
	body_set_text(b, F_TEXT, "值班电话变更");
	body_set_time(b, F_DUE, T0 + MIN);
	store(b, CITY, 10, NULL, 0);
	b = make(KIND_REPORT, COUNTY);
	body_set_num(b, F_HISTORY, 1);
	store(b, TOWN, 20, TOWN, 20);
	id = mkid(TOWN, 27);
	id.realm = REALM_EXERCISE;
	b = make(KIND_REPORT, COUNTY);
	store_as(b, &id, &id, true);
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++) {
		const json_t *it = at(o, "items", i);
		const char *what = str(it, "what");

		assert_true(num(it, "due") > 0);	/* the order: query_order_test */
		assert_string_not_equal(str(it, "about"), idtext(TOWN, 20));
		exercise |= strcmp(str(it, "realm"), "exercise") == 0;
		if (strcmp(str(it, "about"), idtext(TOWN, 2)) == 0)
			assert_string_equal(str(it, "number"), "西周1122-001");
		phone |= strcmp(what, "phone") == 0;
		if (strcmp(what, "written") == 0 && strcmp(str(it, "realm"), "live") == 0) {
			written = true;
			assert_string_equal(str(it, "what_name"), "书面首报");
			assert_string_equal(str(it, "towards"), CITY);
			assert_string_equal(str(it, "title"), "西周镇宏达仓库火灾");
			assert_true(str(it, "clause")[0] != '\0');
		}
		if (strcmp(what, "feedback") == 0) {
			feedback = true;
			assert_string_equal(str(it, "incident"), "");
			assert_string_equal(str(it, "title"), "值班电话变更");
			assert_string_equal(str(it, "clause"), "按来文时限");
			assert_int_equal(num(it, "due"), T0 + MIN);
		}
	}
	assert_true(written && feedback && exercise);
	(void)phone;		/* the shipped rules may or may not set one for a county */
	json_decref(o);
	/* Signed for, answered, reported: nothing is left of the live ones. */
	ack(1, ACT_SIGNED, TOWN, 2, TOWN, 1);
	ack(2, ACT_SIGNED, CITY, 10, NULL, 0);
	store(refers(make(KIND_FEEDBACK, CITY), CITY, 10), COUNTY, 3, NULL, 0);
	store(make(KIND_REPORT, CITY), COUNTY, 4, TOWN, 1);
	/* Of the report the city's signature is awaited, with its telephone when it does not come. */
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++)
		if (strcmp(str(at(o, "items", i), "realm"), "live") == 0) {
			assert_string_equal(str(at(o, "items", i), "what"), "await-sign");
			assert_string_equal(str(at(o, "items", i), "about"), idtext(COUNTY, 4));
			assert_string_equal(str(at(o, "items", i), "towards"), CITY);
			assert_string_equal(str(at(o, "items", i), "scope"), "hop");
			assert_true(str(at(o, "items", i), "rule")[0] != '\0' && str(at(o, "items", i), "presence_name")[0] != '\0');
			assert_non_null(json_object_get(at(o, "items", i), "call"));
		}
	json_decref(o);
	b = refers(make(KIND_RECEIPT, COUNTY), COUNTY, 4);
	body_set_num(b, F_ACT, ACT_SIGNED);
	store(b, CITY, 11, TOWN, 1);
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++)
		assert_string_equal(str(at(o, "items", i), "realm"), "exercise");
	json_decref(o);
}

static void
test_list_and_log(void **state)
{
	json_t *o;
	json_int_t after = 0;
	size_t seen = 0;
	struct msgid id = mkid(TOWN, 90), inc = mkid(TOWN, 1);

	(void)state;
	fire();
	ack(1, ACT_SIGNED, TOWN, 2, TOWN, 1);
	store_as(make(KIND_REPORT, CITY), &id, &inc, false);
	for (uint64_t i = 0; i < 5; i++) {
		struct body *b = make(KIND_LOG, NULL);
		char text[64];

		snprintf(text, sizeof text, "第%d条\n次行", (int)i);
		body_set_text(b, F_TEXT, text);
		store(b, COUNTY, 40 + i, NULL, 0);
	}
	for (;;) {
		o = want("list", json_pack("{s:i, s:I}", "limit", 2, "after", after));
		for (size_t i = 0; i < count(o, "messages"); i++, seen++)
			assert_true(num(at(o, "messages", i), "seq") > after);
		assert_true(count(o, "messages") <= 2);
		if (count(o, "messages") == 0)
			break;
		after = num(o, "last");
		json_decref(o);
	}
	json_decref(o);
	assert_int_equal(seen, 7);
	o = want("list", json_pack("{s:s}", "kind", "report"));
	assert_int_equal(count(o, "messages"), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(at(o, "messages", 0), "to"), 0)), COUNTY);
	assert_string_equal(str(at(o, "messages", 0), "kind_name"), "报告");
	json_decref(o);
	o = want("list", json_pack("{s:i, s:b}", "kind", KIND_REPORT, "all", 1));
	assert_int_equal(count(o, "messages"), 2);
	json_decref(o);
	o = want("list", json_pack("{s:s}", "kind", "receipt"));
	assert_string_equal(str(at(o, "messages", 0), "title"), "签收 西周镇宏达仓库火灾");
	json_decref(o);
	o = want("list", json_pack("{s:s}", "realm", "exercise"));
	assert_int_equal(count(o, "messages"), 0);
	json_decref(o);
	o = want("log", json_pack("{s:i}", "limit", 2));		/* the newest, oldest first */
	assert_int_equal(count(o, "messages"), 2);
	assert_string_equal(str(at(o, "messages", 0), "text"), "第3条\n次行");
	assert_string_equal(str(at(o, "messages", 1), "title"), "第4条 次行");
	json_decref(o);
	o = want("log", json_pack("{s:i, s:i}", "limit", 2, "after", 0));
	assert_string_equal(str(at(o, "messages", 0), "text"), "第0条\n次行");
	json_decref(o);
}

static void
test_status_and_verify(void **state)
{
	json_t *o, *alarms = json_pack("[{s:i, s:s, s:s}]", "at", 1, "what", "quarantine", "detail", "x");
	struct journal_draft draft;
	struct journal_incident row;
	struct journal_delivery d;
	struct msgid id = mkid(TOWN, 1), own = mkid(COUNTY, 1);

	(void)state;
	env.alarms = alarms;
	fire();
	store(make(KIND_REPORT, CITY), COUNTY, 1, TOWN, 1);
	store(make(KIND_REPORT, CITY), COUNTY, 2, TOWN, 1);
	assert_int_equal(j->ops->delivery_get(j, &own, CITY, &d), 0);
	d.state = DLV_RETURNED;
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
	memset(&draft, 0, sizeof draft);
	snprintf(draft.rid, sizeof draft.rid, "r1");
	snprintf(draft.seat, sizeof draft.seat, "duty");
	draft.ms = T0;
	buf_puts(&draft.json, "{\"title\": \"草稿\"}");
	assert_int_equal(j->ops->draft_put(j, &draft), 0);
	buf_free(&draft.json);

	o = want("status", json_object());
	assert_string_equal(str(o, "station"), COUNTY);
	assert_int_equal(count(o, "links"), 3);
	assert_string_equal(str(at(o, "links", 0), "station"), TOWN);
	assert_string_equal(str(at(o, "links", 0), "role"), "child");
	assert_int_equal(count(at(o, "links", 0), "queued"), 4);
	assert_true(json_is_null(json_object_get(at(o, "links", 0), "clock_diff")));
	assert_int_equal(num(o, "messages"), 3);
	assert_int_equal(num(o, "open_deliveries"), 1);
	assert_int_equal(num(o, "returned"), 1);
	assert_int_equal(num(o, "incidents"), 1);
	assert_int_equal(num(o, "unsigned"), 1);
	assert_int_equal(num(o, "drafts"), 1);
	assert_int_equal(num(o, "outbox"), 0);
	assert_int_equal(num(o, "quarantine"), 0);
	assert_int_equal(count(o, "alarms"), 1);
	assert_true(num(o, "pid") > 0);
	json_decref(o);
	json_decref(alarms);
	env.alarms = NULL;

	o = want("drafts", json_object());
	assert_string_equal(str(json_object_get(at(o, "drafts", 0), "json"), "title"), "草稿");
	assert_string_equal(str(at(o, "drafts", 0), "rid"), "r1");
	json_decref(o);

	/* What no entry of the chain tells is nothing that verification bears. */
	d.state = DLV_OPEN;
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
	o = want("verify", json_object());
	assert_int_equal(num(o, "messages"), 3);
	assert_string_equal(str(o, "fold_bad"), "");
	json_decref(o);
	/* A cached number that was tampered with is found. */
	memset(&row, 0, sizeof row);
	assert_int_equal(j->ops->incident_get(j, &id, &row), 0);
	snprintf(row.number, sizeof row.number, "1122-002");
	assert_int_equal(j->ops->incident_put(j, &row), 0);
	o = want("verify", json_object());
	assert_string_equal(str(o, "fold_bad"), idtext(TOWN, 1));
	json_decref(o);
	buf_free(&row.summary);
	recache(&id);
	o = want("verify", json_object());
	assert_string_equal(str(o, "fold_bad"), "");
	json_decref(o);
}

/* A title may hold anything: what is shown holds no controls and stays within its length. */
static void
test_hostile_text(void **state)
{
	struct body *b = make(KIND_DIRECTIVE, COUNTY);
	struct buf big = { 0 };
	json_t *o;
	const json_t *it;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_puts(&big, i % 3 == 0 ? "灾" : i % 3 == 1 ? "\xe2\x80\xae" : "\n");
	body_set_text(b, F_TEXT, buf_cstr(&big));
	store(b, CITY, 1, CITY, 1);
	o = want("inbox", json_object());
	it = at(o, "messages", 0);
	assert_null(strstr(str(it, "title"), "\xe2\x80\xae"));
	assert_null(strchr(str(it, "title"), '\n'));
	assert_true(strlen(str(it, "title")) <= 64 * 3);
	assert_null(strstr(str(it, "text"), "\xe2\x80\xae"));
	assert_true(strlen(str(it, "text")) <= 2000);
	json_decref(o);
	o = want("show", json_pack("{s:s}", "ref", idtext(CITY, 1)));
	assert_true(strlen(str(at(o, "lines", 0), "text")) <= 204 * 3);
	json_decref(o);
	buf_free(&big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_inbox, setup, teardown),
		cmocka_unit_test_setup_teardown(test_amended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list_and_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_status_and_verify, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
