/*
 * What a report is prefilled with: the same as it would be completed with, nothing written, nothing older made newer.
 */
#include "station_help.h"

#define RECEIVED "2026-09-21T20:30:00+08:00"

static struct body *
preview(struct world *w, const struct msgid *incident, int stage)
{
	struct body *b = NULL;
	struct fault f = {0};
	uint64_t before = w->j->ops->chain_seq(w->j);

	if (station_preview(w->s, w->now, incident->realm, incident, stage, &b, &f) != 0)
		fail_msg("%s: %s", f.field, f.text);
	assert_int_equal(w->j->ops->chain_seq(w->j), before);
	assert_false(station_dirty(w->s));
	return b;
}

static struct msgid
intake(struct world *w, const char *rid)
{
	return sent(w, rid, (const char *const[]){"kind", "intake", "title", "仓库起火", "place", "西周镇", "type", "12G00",
	    "brief", "三层民房起火", "measures", "消防2车到场", "caller", "张某", "learned", RECEIVED, "dead", "1", "trapped",
	    "2@119", NULL});
}

static void
first(void **state)
{
	struct world *w = *state;
	struct msgid inc = intake(w, "i");
	struct body *b = preview(w, &inc, 0);
	const struct value *v;
	int64_t t, at;

	assert_int_equal(body_enum(b, F_STAGE), STAGE_FIRST);
	assert_string_equal(body_text(b, F_BRIEF), "三层民房起火");
	assert_string_equal(body_text(b, F_MEASURES), "消防2车到场");
	assert_string_equal(body_text(b, F_CALLER), "张某");
	assert_null(body_first(b, F_SIGNATURE_OWED));
	assert_null(body_first(b, F_ID));
	assert_true(body_time(b, F_LEARNED, &t));
	v = body_first(b, F_TRAPPED);
	assert_non_null(v);
	assert_string_equal(v->u.fig.source, "119");
	assert_int_equal(v->u.fig.asof, t); /* said when it was taken down, and no later */
	at = w->now;
	body_free(b);
	w->now = at + 60000;
	b = preview(w, &inc, 0); /* asked again, the same */
	assert_true(body_time(b, F_LEARNED, &at));
	assert_int_equal(at, t);
	body_free(b);
}

static void
follow_up(void **state)
{
	struct world *w = *state;
	struct msgid inc = intake(w, "i");
	struct body *b;
	const struct value *v;
	int64_t t, first_at;

	(void)sent(w, "r1", (const char *const[]){"kind", "report", "incident", text_of(&inc), "stage", "first", NULL});
	w->now += 600000;
	(void)sent(w, "r2", (const char *const[]){"kind", "report", "incident", text_of(&inc), "stage", "followup", "brief",
	    "火势已控", "dead", "2", "learned", "2026-09-21T20:50:00+08:00", NULL});
	b = preview(w, &inc, 0);
	assert_int_equal(body_enum(b, F_STAGE), STAGE_FOLLOWUP);
	assert_null(body_first(b, F_BRIEF)); /* what is new is the person's to say */
	assert_null(body_first(b, F_MEASURES));
	v = body_first(b, F_DEAD);
	assert_non_null(v);
	assert_int_equal(v->u.fig.n, 2);
	assert_true(v->u.fig.asof > 0 && v->u.fig.asof <= w->now);
	assert_string_equal(body_first(b, F_TRAPPED)->u.fig.source, "119");
	assert_true(body_time(b, F_LEARNED, &t));
	body_free(b);
	b = make((const char *const[]){"learned", RECEIVED, NULL});
	assert_true(body_time(b, F_LEARNED, &first_at));
	assert_int_equal(t, first_at); /* the first receipt, whatever was said later */
	body_free(b);
}

static void
grade_goes_along(void **state)
{
	struct world *w = *state;
	struct msgid inc = intake(w, "i");
	struct body *b = preview(w, &inc, 0);

	assert_int_equal(body_enum(b, F_GRADE), 0); /* none was stated, none is made up */
	body_free(b);
	(void)sent(w, "g", (const char *const[]){"kind", "grade", "incident", text_of(&inc), "grade", "III", "person", "王建国", NULL});
	b = preview(w, &inc, 0);
	assert_int_equal(body_enum(b, F_GRADE), GRADE_III);
	body_free(b);
}

static void
recalled(void **state)
{
	struct world *w = *state;
	struct msgid inc = intake(w, "i"), r;
	struct body *b;

	r = sent(w, "r1", (const char *const[]){"kind", "report", "incident", text_of(&inc), "stage", "first", "brief",
	    "误写的经过", "missing", "3", NULL});
	(void)sent(w, "x", (const char *const[]){"kind", "report", "incident", text_of(&inc), "stage", "withdrawal", "refs",
	    text_of(&r), "reason", "误报", NULL});
	b = preview(w, &inc, 0);
	assert_int_equal(body_enum(b, F_STAGE), STAGE_FIRST);
	assert_string_equal(body_text(b, F_BRIEF), "误写的经过");
	assert_non_null(body_first(b, F_MISSING));
	assert_int_equal(body_first(b, F_MISSING)->u.fig.n, 3);
	body_free(b);
}

/* Without place, course or anything else: what there is comes back, and what is not there is refused by name. */
static void
little_known(void **state)
{
	struct world *w = *state;
	struct msgid inc = sent(w, "i", (const char *const[]){"kind", "intake", "title", "来电", "learned", RECEIVED, NULL}), none;
	struct body *b = preview(w, &inc, 0);
	struct fault f = {0};

	assert_string_equal(body_text(b, F_TITLE), "来电");
	body_free(b);
	b = preview(w, &inc, STAGE_FOLLOWUP); /* too early; still no refusal of a form */
	assert_int_equal(body_enum(b, F_STAGE), STAGE_FOLLOWUP);
	body_free(b);
	none = inc;
	none.serial += 99;
	assert_int_equal(station_preview(w->s, w->now, REALM_LIVE, &none, 0, &b, &f), -1);
	assert_int_equal(f.code, EX_NOINPUT);
	assert_int_equal(station_preview(w->s, w->now, REALM_EXERCISE, &inc, 0, &b, &f), -1);
	assert_string_equal(f.field, "realm");
}

/* What a form shows and sends is what would have been sent empty. */
static void
same_as_sent(void **state)
{
	struct world *w = *state;
	struct msgid inc = intake(w, "i"), r;
	struct body *b = preview(w, &inc, 0), *s;
	static const uint32_t keys[] = {F_TYPE, F_TITLE, F_PLACE, F_BRIEF, F_LEARNED, F_DEAD, F_TRAPPED};

	r = sent(w, "r", (const char *const[]){"kind", "report", "incident", text_of(&inc), NULL});
	s = stored(w, &r);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct buf x = {0}, y = {0};

		assert_int_equal(body_count(b, keys[i]), body_count(s, keys[i]));
		value_format(&x, body_first(b, keys[i]), cb, true);
		value_format(&y, body_first(s, keys[i]), cb, true);
		assert_string_equal(buf_cstr(&x), buf_cstr(&y));
		buf_free(&x);
		buf_free(&y);
	}
	body_free(b);
	body_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(first), T(follow_up), T(grade_goes_along), T(recalled), T(little_known),
	    T(same_as_sent)};

	return cmocka_run_group_tests(tests, load, unload);
}
