/*
 * The events a zero report names: those of its own day, neither what is older nor what became known after midnight.
 */
#include "station_help.h"

static void
known(struct world *w, const char *rid, const char *learned)
{
	struct body *b = make((const char *const[]){"kind", "intake", "place", "西周镇", "title", rid, "type", "12G00", "learned", learned, NULL});
	struct station_submit r = {.rid = rid, .seat = "seat1", .body = b, .confirmed = true};

	station_submit(w->s, w->now, 42, &r);
	turn(w);
	body_free(b);
	if (w->refused)
		fail_msg("%s: %s: %s", rid, w->fault.field, w->fault.text);
}

static void
of_the_day(void **state)
{
	static const struct {
		const char *to;
		size_t n;
	} t[] = {{"2026-09-21T00:00:00+08:00", 2}, {"2026-09-20T00:00:00+08:00", 1}, {"2026-09-19T00:00:00+08:00", 0},
	    {"2026-09-21T08:00:00+08:00", 2}};
	struct world *w = *state;

	known(w, "a", "2026-09-19T10:00:00+08:00");
	known(w, "b", "2026-09-20T00:00:00+08:00");
	known(w, "c", "2026-09-20T23:59:00+08:00");
	known(w, "d", "2026-09-21T00:12:00+08:00");
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *const zero[] = {"kind", "zero", "period_to", t[i].to, "person", "张", NULL};
		struct msgid id = sent(w, t[i].to, zero);
		struct body *b = stored(w, &id);

		if (body_count(b, F_ITEM) != t[i].n)
			fail_msg("%s: %zu events, not %zu: %s", t[i].to, body_count(b, F_ITEM), t[i].n,
			    body_text(b, F_TEXT) != NULL ? body_text(b, F_TEXT) : "");
		body_free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(of_the_day, setup, teardown),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
