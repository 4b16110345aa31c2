/*
 * How urgently a report goes whose grade nobody has stated, and to whom a signature is booked that nobody was asked for.
 */
#include "station_help.h"

#define WHO 97

static int
precedence_of(struct world *w, const struct msgid *id)
{
	struct journal_msg m;

	assert_int_equal(w->j->ops->get_message(w->j, id, &m), 0);
	buf_free(&m.body);
	return m.precedence;
}

/* 3 dead is III; 3 missing keep it undetermined: the clock runs by II. */
static void
by_the_clock(void **state)
{
	static const struct {
		const char *rid;
		const char *fields[GIVEN];
		int prec;
	} t[] = {
	    {"nothing proven", {FIRST, NULL}, PREC_PRIORITY},
	    {"one dead: not below IV, the clock III", {FIRST, "dead", "1", NULL}, PREC_URGENT},
	    {"undetermined", {FIRST, "dead", "7", "missing", "3", "severe", "0", NULL}, PREC_FLASH},
	    {"said to be undetermined", {FIRST, "dead", "7", "missing", "3", "severe", "0", "grade", "undetermined", NULL}, PREC_FLASH},
	    {"stated", {FIRST, "dead", "3", "missing", "0", "severe", "0", "grade", "III", NULL}, PREC_URGENT},
	    {"raised by a person", {FIRST, "precedence", "flash", "dead", "3", "missing", "0", "severe", "0", NULL}, PREC_FLASH},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct msgid id = sent(w, t[i].rid, t[i].fields);

		if (precedence_of(w, &id) != t[i].prec)
			fail_msg("%s: %d, not %d", t[i].rid, precedence_of(w, &id), t[i].prec);
	}
}

/* What the intake said counts for the report; a directive of the event asks the same, a final report is no alarm. */
static void
by_the_incident(void **state)
{
	struct world *w = *state;
	const char *const intake[] = {"kind", "intake", "place", "西周镇", "title", "火灾", "type", "12G00", "learned", "2026-09-21T21:00:00+08:00",
	    "dead", "7", "missing", "3", NULL};
	struct msgid in = sent(w, "in", intake), id;
	const char *const report[] = {"kind", "report", "refs", text_of(&in), NULL};
	const char *const order[] = {"kind", "directive", "to", "330225102", "text", "核实", "incident", text_of(&in), NULL};
	const char *const final[] = {"kind", "report", "stage", "final", "incident", text_of(&in), "brief", "完", NULL};

	assert_int_equal(precedence_of(w, &in), PREC_ROUTINE);
	id = sent(w, "rep", report);
	assert_int_equal(precedence_of(w, &id), PREC_FLASH);
	id = sent(w, "ord", order);
	assert_int_equal(precedence_of(w, &id), PREC_URGENT);
	if (submit(w, "fin", final))
		assert_int_equal(precedence_of(w, &w->id), PREC_ROUTINE);
}

static const char *
booked(struct world *w, const char *rid, const char *const *fields, char out[WHO])
{
	struct msgid id = sent(w, rid, fields);
	struct body *b = stored(w, &id);

	(void)snprintf(out, WHO, "%s", body_text(b, F_SIGNATURE_OWED) != NULL ? body_text(b, F_SIGNATURE_OWED) : "");
	body_free(b);
	return out;
}

static void
signature(void **state)
{
	struct world *w = *state;
	char who[WHO];
	const char *const by[] = {FIRST, "author", "李敏", NULL};
	const char *const signed_[] = {FIRST, "author", "李敏", "signer", "钱县长", NULL};
	const char *const shift[] = {"kind", "roster", "duty_step", "shift", "shift", "夜班", "period_from", "2026-09-21T20:00+08:00", "period_to",
	    "2026-09-22T08:00+08:00", "duty_leader", "赵副县长", "duty_officer", "李敏", NULL};
	const char *const on[] = {"kind", "roster", "duty_step", "sign-on", "person", "李敏", "duty_leader", "孙副县长", NULL};

	assert_string_equal(booked(w, "nobody", by, who), "李敏");
	struct body *b = make(shift);
	struct station_submit r = {.rid = "shift", .seat = "seat1", .body = b, .confirmed = true};

	station_submit(w->s, w->now, 42, &r);
	turn(w);
	body_free(b);
	assert_false(w->refused);
	assert_string_equal(booked(w, "planned", by, who), "赵副县长");
	sent(w, "on", on);
	assert_string_equal(booked(w, "responsible", by, who), "孙副县长");
	assert_string_equal(booked(w, "signed", signed_, who), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(by_the_clock, setup, teardown),
	    cmocka_unit_test_setup_teardown(by_the_incident, setup, teardown),
	    cmocka_unit_test_setup_teardown(signature, setup, teardown),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
