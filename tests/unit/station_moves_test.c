/* What was known when is corrected with a reason (SCENARIOS S3-9), of reports and of feedback; what a corrected feedback leaves behind. */
#include "order_help.h"

#define PHONE "330225203"

static void
assert_time(const struct body *b, uint32_t key, const char *text)
{
	struct body *want = make((const char *const[]){field_by_key(key)->name, text, NULL});

	assert_non_null(body_first(b, key));
	assert_true(body_first(b, key)->u.when.ms == body_first(want, key)->u.when.ms);
	body_free(want);
}

static void
reports(void **state)
{
	struct world *w = county_new(NOW);
	const char *const first[] = {FIRST, NULL};
	struct msgid a = sent(w, "a", first), c;
	struct body *b;
	static const struct {
		const char *what, *field, *value, *reason, *refused;
	} t[] = {
	    {"learned again the same", "learned", "2026-09-21T21:00:00+08:00", NULL, NULL},
	    {"learned later", "learned", "2026-09-21T21:10:00+08:00", NULL, "learned"},
	    {"learned earlier", "learned", "2026-09-21T20:50:00+08:00", NULL, "learned"},
	    {"blank is no reason", "learned", "2026-09-21T20:50:00+08:00", "　", "learned"},
	    {"learned, with a reason", "learned", "2026-09-21T21:10:00+08:00", "乡里来电更正", NULL},
	    {"back again is a move", "learned", "2026-09-21T21:00:00+08:00", NULL, "learned"},
	    {"occurred for the first time", "occurred", "2026-09-21T20:40:00+08:00", NULL, NULL},
	    {"occurred moves", "occurred", "2026-09-21T20:45:00+08:00", NULL, "occurred"},
	    {"occurred, with a reason", "occurred", "2026-09-21T20:45:00+08:00", "监控时间", NULL},
	    {"something else", "scope", "三间", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *const f[] = {"kind", "report", "stage", "correction", "refs", text_of(&a), "brief", "更正", t[i].field, t[i].value,
		    t[i].reason != NULL ? "reason" : NULL, t[i].reason, NULL};

		if (t[i].refused != NULL)
			refused(w, t[i].what, EX_DATAERR, t[i].refused, f);
		else
			c = sent(w, t[i].what, f);
	}
	/* Both stay: the first word as it was, the last as it is now. */
	b = stored(w, &a);
	assert_time(b, F_LEARNED, "2026-09-21T21:00:00+08:00");
	body_free(b);
	b = stored(w, &c);
	assert_time(b, F_LEARNED, "2026-09-21T21:10:00+08:00");
	assert_time(b, F_OCCURRED, "2026-09-21T20:45:00+08:00");
	body_free(b);
	world_free(w);
}

static bool
superseded(struct world *w, const struct msgid *id)
{
	json_t *o = ask_id(w, "message", id);
	bool yes;

	assert_true(json_is_boolean(json_object_get(o, "superseded")));
	yes = json_is_true(json_object_get(o, "superseded"));
	json_decref(o);
	return yes;
}

static struct msgid
ordered(struct world *w, const char *rid)
{
	const char *const intake[] = {"kind", "intake", "title", "客车翻坠", "place", "省道", "type", "12G00", "learned",
	    "2026-08-12T21:25:00+08:00", NULL};
	struct msgid inc = sent(w, rid, intake);
	char second[64];
	const char *const order[] = {"kind", "directive", "incident", text_of(&inc), "to", PHONE, "text", "核查", "every", "30", NULL};

	snprintf(second, sizeof second, "%s order", rid);
	return sent(w, second, order);
}

static const char *const by_phone[] = {"on_behalf", PHONE, "channel", "phone", "answered_by", "老丁"};

static struct msgid
answered(struct world *w, const char *rid, const struct msgid *order, const char *learned, const char *moved)
{
	const char *const f[] = {"kind", "feedback", "refs", text_of(order), "text", rid, by_phone[0], by_phone[1], by_phone[2], by_phone[3],
	    by_phone[4], by_phone[5], "learned", learned, "to_move", "50", "moved", moved, NULL};

	return sent(w, rid, f);
}

/* The feedback is corrected, what it answered is not, and is answered by the newest wording of it. */
static void
feedback(void **state)
{
	struct world *w = county_new(S1(21, 30));
	struct msgid order = ordered(w, "i"), m1, m2, m3, m4;
	struct body *b;
	json_t *o;

	(void)state;
	w->now = S1(21, 41);
	m1 = answered(w, "first word", &order, "2026-08-12T21:32:00+08:00", "10");
	w->now = S1(21, 51);
	m2 = answered(w, "second word", &order, "2026-08-12T21:50:00+08:00", "20");
	w->now = S1(21, 55);
	const char *const bare[] = {"kind", "feedback", "stage", "correction", "refs", text_of(&m1), "learned", "2026-08-12T21:40:00+08:00", NULL};
	refused(w, "moved without a reason", EX_DATAERR, "learned", bare);
	assert_false(superseded(w, &m1));
	const char *const why[] = {"kind", "feedback", "stage", "correction", "refs", text_of(&m1), "learned", "2026-08-12T21:40:00+08:00",
	    "moved", "12", "reason", "茅洋乡来电更正", NULL};
	m3 = sent(w, "moved", why);
	assert_true(superseded(w, &m1));
	assert_false(superseded(w, &m2));
	assert_false(superseded(w, &order));
	b = stored(w, &m1);
	assert_time(b, F_LEARNED, "2026-08-12T21:32:00+08:00");
	body_free(b);
	b = stored(w, &m3);
	assert_time(b, F_LEARNED, "2026-08-12T21:40:00+08:00");
	assert_string_equal(body_text(b, F_TEXT), "first word");
	assert_string_equal(body_text(b, F_ON_BEHALF), PHONE);
	assert_true(incident_refers(b, &order) && incident_refers(b, &m1));
	assert_false(incident_refers(b, &m2));
	body_free(b);
	/* The older one corrected does not become the newest. */
	o = ask_id(w, "track", &order);
	assert_string_equal(str(row_where(o, "rows", "to", PHONE), "progress_text"), "20/50");
	json_decref(o);
	const char *const newest[] = {"kind", "feedback", "stage", "correction", "refs", text_of(&m2), "moved", "25", NULL};
	m4 = sent(w, "newest", newest);
	assert_true(superseded(w, &m2));
	assert_false(superseded(w, &m3));
	b = stored(w, &m4);
	assert_false(incident_refers(b, &m1) || incident_refers(b, &m3)); /* another word, of another time */
	body_free(b);
	o = ask_id(w, "track", &order);
	assert_string_equal(str(row_where(o, "rows", "to", PHONE), "progress_text"), "25/50");
	json_decref(o);
	world_free(w);
}

/* No correction resets the clock of the next feedback; the two are owed when they were. */
static void
next_one(void **state)
{
	struct world *w = county_new(S1(21, 30));
	struct msgid order = ordered(w, "i"), m;
	int64_t due;
	json_t *o;

	(void)state;
	w->now = S1(21, 41);
	m = answered(w, "first word", &order, "2026-08-12T21:32:00+08:00", "10");
	o = ask(w, "owed", json_object());
	due = num(row_where(o, "items", "what", "await-feedback"), "due");
	assert_true(due == S1(22, 11));
	json_decref(o);
	w->now = S1(22, 5);
	const char *const f[] = {"kind", "feedback", "stage", "correction", "refs", text_of(&m), "moved", "11", NULL};
	(void)sent(w, "c", f);
	o = ask(w, "owed", json_object());
	assert_true(num(row_where(o, "items", "what", "await-feedback"), "due") == due);
	json_decref(o);
	world_free(w);
}

static void
refusals(void **state)
{
	struct world *w = county_new(S1(21, 30));
	struct msgid order = ordered(w, "i"), other = ordered(w, "j"), m;

	(void)state;
	w->now = S1(21, 41);
	m = answered(w, "first word", &order, "2026-08-12T21:32:00+08:00", "10");
	const char *const recall[] = {"kind", "feedback", "stage", "withdrawal", "refs", text_of(&m), "reason", "x", NULL};
	refused(w, "a feedback recalled", EX_DATAERR, "stage", recall);
	const char *const takes_order[] = {"kind", "feedback", "stage", "withdrawal", "refs", text_of(&order), "reason", "x", NULL};
	refused(w, "an order recalled by a feedback", EX_DATAERR, "stage", takes_order);
	const char *const order_only[] = {"kind", "feedback", "stage", "correction", "refs", text_of(&order), "text", "x", NULL};
	refused(w, "an order corrected by a feedback", EX_DATAERR, "refs", order_only);
	const char *const foreign[] = {"kind", "feedback", "stage", "correction", "refs", text_of(&m), "refs", text_of(&other), "text", "x", NULL};
	refused(w, "what it did not answer", EX_DATAERR, "refs", foreign);
	const char *const both[] = {"kind", "feedback", "stage", "correction", "refs", text_of(&m), "refs", text_of(&order), "text", "x", NULL};
	(void)sent(w, "what it answered named", both);
	assert_false(superseded(w, &order));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reports), cmocka_unit_test(feedback), cmocka_unit_test(next_one),
	    cmocka_unit_test(refusals)};

	return cmocka_run_group_tests(tests, load, unload);
}
