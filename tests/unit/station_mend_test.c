/*
 * What reviewers found: a grade laxer than the figures, times ahead in what is taken back, what a split takes along,
 * follow-ups with nothing new, whose signature is owed, and what a merged incident still owes.
 */
#include "station_help.h"

#define AHEAD "2026-09-21T23:00:00+08:00" /* NOW is 2026-09-21T21:33:20 */

static struct msgid
first(struct world *w, const char *dead)
{
	return sent(w, "first", (const char *const[]){FIRST, "dead", dead, "to", "330200", NULL});
}

static void
grades(void **state)
{
	struct world *w = *state;
	struct msgid a = first(w, "3@119");
	const char *id = text_of(&a);

	refused(w, "laxer", EX_DATAERR, "signer",
	    (const char *const[]){"kind", "grade", "incident", id, "grade", "IV", "reason", "x", "author", "王", NULL});
	assert_non_null(strstr(w->fault.text, "III"));
	refused(w, "no reason", EX_DATAERR, "reason",
	    (const char *const[]){"kind", "grade", "incident", id, "grade", "IV", "signer", "赵", NULL});
	refused(w, "in a report", EX_DATAERR, "signer",
	    (const char *const[]){"kind", "report", "incident", id, "brief", "x", "grade", "IV", NULL});
	refused(w, "in the first", EX_DATAERR, "signer",
	    (const char *const[]){FIRST, "dead", "3", "grade", "IV", "reason", "x", NULL});
	refused(w, "in an intake", EX_DATAERR, "signer",
	    (const char *const[]){"kind", "intake", "title", "x", "type", "12G00", "dead", "10@119", "grade", "III", NULL});
	sent(w, "undetermined", (const char *const[]){"kind", "report", "incident", id, "brief", "x", "grade", "undetermined", NULL});
	sent(w, "proper",
	    (const char *const[]){"kind", "grade", "incident", id, "grade", "IV", "reason", "复核", "signer", "赵", NULL});
	/* the decision stands, and is said again without asking */
	sent(w, "again", (const char *const[]){"kind", "report", "incident", id, "brief", "y", "grade", "IV", NULL});
	refused(w, "until more is proven", EX_DATAERR, "signer",
	    (const char *const[]){"kind", "report", "incident", id, "brief", "z", "grade", "IV", "dead", "4@119", NULL});
	sent(w, "raise", (const char *const[]){"kind", "grade", "incident", id, "grade", "II", "author", "王", NULL});
	refused(w, "lower", EX_DATAERR, "signer",
	    (const char *const[]){"kind", "report", "incident", id, "brief", "y", "grade", "III", NULL});
}

/* Whoever was told of the incident, by whatever channel, hears of its grade. */
static void
grade_goes_up(void **state)
{
	struct world *w = *state;
	struct msgid inc = sent(w, "intake", (const char *const[]){"kind", "intake", "title", "火", "type", "12G00", NULL}), g;
	const char *id = text_of(&inc);
	struct body *b;

	g = sent(w, "before", (const char *const[]){"kind", "grade", "incident", id, "grade", "III", "author", "王", NULL});
	b = stored(w, &g);
	assert_false(addressed(b, "330200"));
	body_free(b);
	sent(w, "told", (const char *const[]){"kind", "report", "incident", id, "stage", "first", "place", "x", "title", "火",
			    "learned", "2026-09-21T21:00:00+08:00", "telephoned", "2026-09-21T21:10:00+08:00", "to", "330225102", NULL});
	g = sent(w, "after", (const char *const[]){"kind", "grade", "incident", id, "grade", "II", "author", "王", NULL});
	b = stored(w, &g);
	assert_true(addressed(b, "330200"));
	body_free(b);
}

static void
ahead(void **state)
{
	struct world *w = *state;
	struct station_submit r = {.rid = "a", .seat = "seat1", .confirmed = true};
	struct body *b = make((const char *const[]){FIRST, "occurred", AHEAD, "to", "330200", NULL});
	const char *id;
	struct msgid a;

	r.body = b;
	station_submit(w->s, w->now, 1, &r);
	turn(w);
	assert_false(w->refused);
	body_free(b);
	a = w->id;
	id = text_of(&a);
	sent(w, "carried", (const char *const[]){"kind", "report", "stage", "correction", "refs", id, "title", "x", "reason", "y", NULL});
	sent(w, "said again",
	    (const char *const[]){"kind", "report", "incident", id, "brief", "x", "occurred", AHEAD, NULL});
	refused(w, "another", EX_DATAERR, "occurred",
	    (const char *const[]){"kind", "report", "incident", id, "brief", "x", "occurred", "2026-09-21T23:30:00+08:00", NULL});
	sent(w, "recall", (const char *const[]){"kind", "report", "stage", "withdrawal", "refs", id, "reason", "x", "occurred", AHEAD, NULL});
}

static void
followups(void **state)
{
	struct world *w = *state;
	struct msgid a = sent(w, "first", (const char *const[]){FIRST, "dead", "1@119", "dead", "2@120", "missing", "?", NULL}), f;
	const char *id = text_of(&a);
	struct body *b;

	sent(w, "adopt", (const char *const[]){"kind", "step", "step", "adopt", "incident", id, "person", "王", "dead", "1@119", NULL});
	f = sent(w, "nothing", (const char *const[]){"kind", "report", "incident", id, "brief", "续", NULL});
	b = stored(w, &f);
	assert_null(body_first(b, F_DEAD));
	assert_null(body_first(b, F_MISSING));
	assert_null(body_first(b, F_ADOPTER));
	body_free(b);
	f = sent(w, "something", (const char *const[]){"kind", "report", "incident", id, "brief", "续", "missing", "2", NULL});
	b = stored(w, &f);
	assert_int_equal(body_count(b, F_DEAD), 1);
	body_free(b);
	f = sent(w, "last", (const char *const[]){"kind", "report", "stage", "final", "incident", id, "brief", "完", NULL});
	b = stored(w, &f);
	assert_int_equal(body_count(b, F_DEAD), 1); /* the adopted one, as this station's */
	assert_null(body_first(b, F_DEAD)->u.fig.source);
	assert_non_null(body_first(b, F_MISSING));
	assert_true(body_first(b, F_MISSING)->u.fig.asof != 0);
	assert_string_equal(body_text(b, F_ADOPTER), "王");
	body_free(b);
}

static void
owed(struct world *w, const struct msgid *id, const char *who)
{
	struct body *b = stored(w, id);

	assert_string_equal(body_text(b, F_SIGNATURE_OWED), who);
	assert_false(body_flag(b, F_UNSIGNED));
	body_free(b);
}

static void
signatures(void **state)
{
	struct world *w = *state;
	static const char request[] = "{\"body\":{\"kind\":\"report\",\"place\":\"西周镇\",\"title\":\"火\",\"type\":\"12G00\",\"learned\":"
				      "\"2026-09-21T21:00:00+08:00\",\"author\":\"王\"}}";
	struct station_review y = {.rid = "d", .seat = "seat1", .event = DRAFT_TRY, .person = "赵局长", .number = "1",
	    .outcome = OUTCOME_NO_ANSWER, .request = request, .len = sizeof request - 1};
	struct station_review send = {.rid = "d", .seat = "seat1", .event = DRAFT_SEND, .request = request, .len = sizeof request - 1};
	struct msgid a, c;

	station_review(w->s, w->now, 1, &y); /* one number, and no time has passed: not in order yet */
	turn(w);
	station_review(w->s, w->now, 2, &send);
	turn(w);
	assert_false(w->refused);
	a = w->id;
	owed(w, &a, "赵局长");
	a = sent(w, "signed", (const char *const[]){FIRST, "signer", "钱", "author", "王", NULL});
	c = sent(w, "corrected", (const char *const[]){"kind", "report", "stage", "correction", "refs", text_of(&a), "title", "x",
				     "reason", "y", "author", "李", NULL});
	owed(w, &c, "钱");
	c = sent(w, "alone", (const char *const[]){FIRST, "author", "李", NULL});
	owed(w, &c, "李");
	c = sent(w, "nobody", (const char *const[]){FIRST, NULL});
	owed(w, &c, "seat1");
}

static int64_t
deaths(const struct incident *inc, const char *source)
{
	for (size_t i = 0; i < inc->nfigures; i++)
		if (inc->figures[i].key == F_DEAD && strcmp(inc->figures[i].source, source) == 0)
			return inc->figures[i].fig.n;
	return -1;
}

static void
split(void **state)
{
	struct world *w = *state;
	struct msgid a = first(w, "1@119"), other, b, step;
	const char *id = text_of(&a);
	struct folded fd;
	struct body *body;

	b = sent(w, "mixed in", (const char *const[]){"kind", "report", "incident", id, "brief", "另一处", "title", "车祸", "place",
				    "丹城", "dead", "4@120", "injured", "2", NULL});
	refused(w, "all of it", EX_DATAERR, "refs",
	    (const char *const[]){"kind", "step", "step", "split", "incident", id, "refs", id, "refs", text_of(&b), "person", "王",
		"reason", "x", NULL});
	step = sent(w, "split", (const char *const[]){"kind", "step", "step", "split", "incident", id, "refs", text_of(&b), "person",
				    "王", "reason", "两起", NULL});
	body = stored(w, &step);
	assert_true(body_id(body, F_OTHER, &other));
	body_free(body);
	fold(w, &a, &fd);
	assert_int_equal(deaths(fd.incident, "119"), 1);
	assert_int_equal(deaths(fd.incident, "120"), -1);
	assert_string_equal(fd.incident->title, "火灾");
	assert_int_equal(fd.incident->version, 1);
	assert_int_equal(fd.incident->ngaps, 0);
	for (size_t i = 0; i < fd.incident->nlines; i++)
		assert_int_equal(fd.incident->lines[i].split_off, msgid_cmp(&fd.incident->lines[i].id, &b) == 0);
	folded_free(&fd);
	fold(w, &other, &fd);
	assert_string_equal(fd.incident->title, "车祸");
	assert_string_equal(fd.incident->place, "丹城");
	assert_int_equal(deaths(fd.incident, "120"), 4);
	assert_true(body_first(fd.bodies[0], F_DEAD)->u.fig.asof != 0);
	assert_null(body_first(fd.bodies[0], F_INJURED)->u.fig.source);
	folded_free(&fd);
	/* taken in again, it speaks again */
	sent(w, "back", (const char *const[]){"kind", "step", "step", "merge", "incident", text_of(&other), "other", id, "person",
			    "王", "reason", "同一起", NULL});
	fold(w, &a, &fd);
	assert_int_equal(deaths(fd.incident, "120"), 4);
	folded_free(&fd);
}

/* What another desk has done with it is said with its name. */
static void
ended(void **state)
{
	struct world *w = *state;
	struct station_review pass = {.rid = "d", .seat = "seat2", .event = DRAFT_PASS};

	assert_int_equal(station_draft_put(w->s, w->now, "d", "seat1", "{}", 2), 0);
	assert_int_equal(station_draft_throw(w->s, w->now, "d", "老王"), 0);
	turn(w);
	station_review(w->s, w->now, 1, &pass);
	turn(w);
	assert_int_equal(w->fault.code, EX_NOINPUT);
	assert_non_null(strstr(w->fault.text, "老王"));
	sent(w, "s", (const char *const[]){FIRST, "signer", "赵", NULL});
	pass.rid = "s";
	station_review(w->s, w->now, 1, &pass);
	turn(w);
	assert_int_equal(w->fault.code, EX_DATAERR);
	assert_non_null(strstr(w->fault.text, "赵"));
	assert_non_null(strstr(w->fault.text, "0921-001"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(grades), T(grade_goes_up), T(ahead), T(followups), T(signatures), T(split), T(ended)};

	return cmocka_run_group_tests(tests, load, unload);
}
