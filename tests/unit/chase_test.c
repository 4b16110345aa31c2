/* Which rung rings when: tables over time, restarts in between, a clock set back, a storm; and that the station writes each once. */
#include "station_help.h"
#include "../../switch/chase.h"
#include "../../switch/duty_chase.h"
#include "../../switch/outlet_feed.h"
#include "../../switch/station_chase.h"

#define MIN INT64_C(60000)
#define DAY INT64_C(86400000)
#define T0 INT64_C(1796032740000) /* 2026-11-30T11:59 UTC+08:00: a month's end is near */

/* ---- what has rung ---- */

static char heard[256][CHASE_KEY + 16];
static size_t nheard;

static bool
rang(void *ctx, const char *key, unsigned rung)
{
	char k[CHASE_KEY + 16];

	(void)ctx;
	snprintf(k, sizeof k, "%s#%u", key, rung);
	for (size_t i = 0; i < nheard; i++)
		if (strcmp(heard[i], k) == 0)
			return true;
	return false;
}

static void
hear(const struct chase_due *d)
{
	assert_true(nheard < 256);
	snprintf(heard[nheard++], sizeof heard[0], "%s#%u", d->key, d->rung.rung);
}

static const struct chase_rung chain[] = {
    {.rung = 1, .after = -10, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_SCREEN},
    {.rung = 2, .after = 0, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
    {.rung = 3, .after = 5, .from_due = true, .to = CHASE_SECOND, .by = CHASE_BY_PHONE},
    {.rung = 4, .after = 10, .from_due = true, .to = CHASE_LEADER, .by = CHASE_BY_SMS | CHASE_BY_PHONE},
    {.rung = 5, .after = 20, .from_due = true, .to = CHASE_PARENT, .by = CHASE_BY_MESSAGE},
};
#define CHAIN (sizeof chain / sizeof chain[0])

static struct owed_item
item(int64_t origin, int64_t due)
{
	struct owed_item it;

	memset(&it, 0, sizeof it);
	it.what = OWED_SIGN;
	it.origin = origin;
	it.due = due;
	it.prec = PREC_FLASH;
	it.about = (struct msgid){.origin = "330225102", .epoch = 7, .serial = 9};
	snprintf(it.towards, sizeof it.towards, "330225102");
	return it;
}

/* The rung that rings at that time, 0 none; it has rung then. */
static unsigned
ring_at(const struct owed_item *it, int64_t now, struct chase_due *d, int64_t *next)
{
	char key[CHASE_KEY];

	chase_key(it, NULL, key, sizeof key);
	if (!chase_pick(chain, CHAIN, 7, it, key, now, rang, NULL, d, next))
		return 0;
	hear(d);
	return d->rung.rung;
}

static int
reset(void **state)
{
	(void)state;
	nheard = 0;
	return 0;
}

static void
rungs_over_time(void **state)
{
	static const struct { int64_t at; unsigned rung; int64_t next; } steps[] = {
	    {-20, 0, 0}, {-10, 0, 0}, {-1, 0, 0}, {0, 2, 5}, {1, 0, 5}, {5, 3, 10}, {6, 0, 10}, {10, 4, 20}, {19, 0, 20}, {20, 5, -1}, {21, 0, -1},
	    {600, 0, -1}};
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		unsigned r = ring_at(&it, T0 + steps[i].at * MIN, &d, &next);

		if (r != steps[i].rung || next != (steps[i].next == -1 ? INT64_MAX : T0 + steps[i].next * MIN))
			fail_msg("at %d: rung %u", (int)steps[i].at, r);
		if (r != 0) {
			assert_int_equal(d.skipped, 0);
			assert_int_equal(d.at, T0 + steps[i].at * MIN);
		}
	}
	assert_int_equal(nheard, 4);
}

/* Down over several: the highest rings once, with the bell of those passed over; none of them is made up for. */
static void
down_over_several(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_int_equal(ring_at(&it, T0 + 13 * MIN, &d, &next), 4);
	assert_int_equal(d.skipped, 2);
	assert_int_equal(d.at, T0 + 10 * MIN);
	assert_true((d.rung.by & CHASE_BY_BELL) != 0 && (d.rung.by & CHASE_BY_SMS) != 0);
	assert_int_equal(next, T0 + 20 * MIN);
	assert_int_equal(ring_at(&it, T0 + 14 * MIN, &d, &next), 0);
	assert_int_equal(ring_at(&it, T0 + 25 * MIN, &d, &next), 5);
	assert_int_equal(d.skipped, 2); /* those before the one that rang were never heard */
}

static void
a_new_promise_rearms(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0), again = item(T0 - 30 * MIN, T0 + 60 * MIN);
	struct chase_due d;
	int64_t next;

	(void)state;
	it.what = again.what = OWED_FEEDBACK;
	assert_int_equal(ring_at(&it, T0, &d, &next), 2);
	assert_int_equal(ring_at(&again, T0 + MIN, &d, &next), 0);
	assert_int_equal(ring_at(&again, T0 + 60 * MIN, &d, &next), 2);
	assert_int_equal(ring_at(&again, T0 + 65 * MIN, &d, &next), 3);
}

static void
clock_set_back(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	/* An hour ahead when the station came up, then set right: what is below was heard with the higher one. */
	assert_int_equal(ring_at(&it, T0 + 10 * MIN, &d, &next), 4);
	for (int64_t t = -5; t < 20; t++)
		assert_int_equal(ring_at(&it, T0 + t * MIN, &d, &next), 0);
	assert_int_equal(ring_at(&it, T0 + 20 * MIN, &d, &next), 5);
}

static void
late_for_days(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_int_equal(ring_at(&it, T0 + 7 * DAY + MIN, &d, &next), 0);
	assert_int_equal(next, INT64_MAX);
	assert_int_equal(ring_at(&it, T0 + 7 * DAY - MIN, &d, &next), 5);
}

/* Over a month's and a year's end nothing is special: instants are milliseconds. */
static void
month_and_year_end(void **state)
{
	static const int64_t ends[] = {INT64_C(1796054399000) /* 2026-11-30T23:59:59+08:00 */, INT64_C(1798732799000) /* 12-31 */};
	struct chase_due d;
	int64_t next;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct owed_item it = item(ends[i] - 30 * MIN, ends[i]);
		unsigned n = 0;

		for (int64_t t = -15; t < 40; t++)
			n += ring_at(&it, ends[i] + t * MIN, &d, &next) != 0;
		assert_int_equal(n, 4);
	}
}

static void
several_at_one_instant(void **state)
{
	static const struct chase_rung three[] = {{.rung = 1, .after = 5, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
	    {.rung = 2, .after = 5, .to = CHASE_SECOND, .by = CHASE_BY_PHONE}, {.rung = 3, .after = 5, .to = CHASE_LEADER, .by = CHASE_BY_SMS}};
	struct owed_item it = item(T0, T0 + 10 * MIN);
	struct chase_due d;
	int64_t next;
	unsigned seen = 0;

	(void)state;
	while (chase_pick(three, 3, 7, &it, "k", T0 + 6 * MIN, rang, NULL, &d, &next)) {
		seen |= 1u << d.rung.rung;
		assert_int_equal(d.skipped, 0);
		hear(&d);
	}
	assert_int_equal(seen, 14);
}

/* A warning before the limit of what has a shorter limit than that does not ring at once. */
static void
limit_shorter_than_the_warning(void **state)
{
	static const struct chase_rung two[] = {{.rung = 1, .after = -10, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
	    {.rung = 2, .after = 0, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL}};
	struct owed_item it = item(T0, T0 + 5 * MIN);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_false(chase_pick(two, 2, 7, &it, "k", T0, rang, NULL, &d, &next));
	assert_int_equal(next, T0 + 5 * MIN);
	assert_true(chase_pick(two, 2, 7, &it, "k", T0 + 5 * MIN, rang, NULL, &d, &next));
	assert_int_equal(d.rung.rung, 2);
	assert_int_equal(d.skipped, 0);
}

static void
at_the_sender(void **state)
{
	static const struct chase_rung one[] = {{.rung = 1, .after = 0, .from_due = true, .to = CHASE_SENDER, .by = CHASE_BY_MESSAGE | CHASE_BY_BELL}};
	struct owed_item it = item(T0 - MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_false(chase_pick(one, 1, 7, &it, "k", T0, rang, NULL, &d, &next)); /* the sender waits for the same receipt */
	it.what = OWED_AWAIT_SIGN;
	assert_true(chase_pick(one, 1, 7, &it, "k", T0, rang, NULL, &d, &next));
	it.what = OWED_VERIFY;
	assert_true(chase_pick(one, 1, 7, &it, "k", T0, rang, NULL, &d, &next));
}

static void
times_at_the_edge(void **state)
{
	static const struct chase_rung odd[] = {{.rung = 1, .after = INT64_MAX, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
	    {.rung = 2, .after = INT64_MIN, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL}};
	struct owed_item it = item(T0, INT64_MAX - 5);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_false(chase_pick(odd, 2, INT64_MAX, &it, "k", T0, rang, NULL, &d, &next));
	assert_int_equal(next, INT64_MAX);
	assert_false(chase_pick(odd, 0, 7, &it, "k", T0, rang, NULL, &d, &next));
}

static void
keys(void **state)
{
	struct owed_item a = item(T0, T0 + MIN), b = a;
	char x[CHASE_KEY], y[CHASE_KEY];

	(void)state;
	chase_key(&a, NULL, x, sizeof x);
	assert_string_equal(x, "330225102.7.9 4 1796032800000");
	b.origin++;
	chase_key(&b, NULL, y, sizeof y);
	assert_string_equal(x, y);
	/* One message to eighteen towns: each owes its own receipt. */
	a.what = b.what = OWED_AWAIT_SIGN;
	snprintf(b.towards, sizeof b.towards, "330225101");
	chase_key(&a, NULL, x, sizeof x);
	chase_key(&b, NULL, y, sizeof y);
	assert_string_not_equal(x, y);
	memset(&a.about, 0, sizeof a.about);
	a.what = OWED_ZERO;
	chase_key(&a, "zero 330225 20787", x, sizeof x);
	assert_string_equal(x, "zero 330225 20787 11 1796032800000");
	b = a;
	b.scope = SCOPE_CHAIN;
	snprintf(b.endpoint, sizeof b.endpoint, "ext:guojia");
	chase_key(&b, "zero 330225 20787", y, sizeof y);
	assert_string_not_equal(x, y);
}

static void
words(void **state)
{
	struct chase_due d;
	char text[512];

	(void)state;
	memset(&d, 0, sizeof d);
	d.it = item(T0 - 30 * MIN, T0);
	d.it.what = OWED_AWAIT_SIGN;
	chase_text(&d, T0 + 3 * MIN, true, "指0812-02\x1b[2J", "西周镇", text, sizeof text);
	assert_non_null(strstr(text, "西周镇"));
	assert_non_null(strstr(text, "请改打电话"));
	assert_non_null(strstr(text, "已超3分"));
	assert_null(strchr(text, '\x1b'));
	chase_text(&d, T0 - 3 * MIN, false, "order", "Xizhou", text, sizeof text);
	assert_non_null(strstr(text, "3 min left"));
	chase_text(&d, T0, false, "order", "Xizhou", text, 24);
	assert_true(strlen(text) < 24);
}

/* ---- the station ---- */

struct count { int kind; size_t n; };

static int
count_row(void *ctx, const struct journal_msg *m)
{
	struct count *c = ctx;

	c->n += m->kind == c->kind;
	return 0;
}

static size_t
chases(struct world *w, int kind)
{
	struct count c = {.kind = kind};

	w->j->ops->each_after(w->j, 0, kind, true, count_row, &c);
	return c.n;
}

static void
again(struct world *w)
{
	station_free(w->s);
	journal_ram_crash(w->j);
	w->now += 1000;
	start(w);
}

static void
written_once_over_a_restart(void **state)
{
	struct world *w = *state;
	struct chase_due d;
	struct msgid id, same;
	struct fault f = {0};
	char person[1][192] = {"赵副县长 13800000000"};
	struct body *b;

	memset(&d, 0, sizeof d);
	d.it = item(w->now - 30 * MIN, w->now - 5 * MIN);
	d.rung = chain[3];
	chase_key(&d.it, NULL, d.key, sizeof d.key);
	assert_int_equal(station_chase(w->s, w->now, REALM_LIVE, &d, "催办", "330200", (const char (*)[192])person, 1, &id, &f), 0);
	assert_true(station_chased(w->s, d.key, 4));
	assert_int_equal(station_chase(w->s, w->now, REALM_LIVE, &d, "催办", "330200", (const char (*)[192])person, 1, &same, &f), 1);
	assert_int_equal(msgid_cmp(&id, &same), 0);
	/* Killed before the COMMIT: neither the message nor its memory are there. */
	again(w);
	assert_false(station_chased(w->s, d.key, 4));
	assert_int_equal(chases(w, KIND_CHASE), 0);
	assert_int_equal(station_chase(w->s, w->now, REALM_LIVE, &d, "催办", "330200", (const char (*)[192])person, 1, &id, &f), 0);
	turn(w);
	again(w);
	assert_true(station_chased(w->s, d.key, 4));
	assert_false(station_chased(w->s, d.key, 5));
	assert_int_equal(station_chase(w->s, w->now, REALM_LIVE, &d, "催办", "330200", (const char (*)[192])person, 1, NULL, &f), 1);
	assert_int_equal(chases(w, KIND_CHASE), 1);
	b = stored(w, &id);
	assert_int_equal(body_enum(b, F_CHASED), OWED_SIGN);
	assert_true(addressed(b, "330200"));
	assert_string_equal(body_text(b, F_RUNG_TO), person[0]);
	assert_int_equal(chase_ways_parse(body_text(b, F_ROUTE)), CHASE_BY_SMS | CHASE_BY_PHONE);
	body_free(b);
}

static void
log_entries(void **state)
{
	struct world *w = *state;
	struct fault f = {0};

	assert_int_equal(station_log(w->s, w->now, DUTY_LOG_OUTLET, "the bell\nfails", &f), 0);
	assert_int_equal(station_log_test(w->s, w->now, "outlet bell", true, "", "周强", &f), 0);
	turn(w);
	assert_int_equal(chases(w, KIND_LOG), 2);
}

static void
rules_told_once(void **state)
{
	struct world *w = *state;

	station_rules(w->s, w->now, rules);
	turn(w);
	assert_int_equal(chases(w, KIND_LOG), 0); /* the first ones have changed nothing */
	station_rules(w->s, w->now, rules);
	turn(w);
	assert_int_equal(chases(w, KIND_LOG), 0);
	w->j->ops->meta_set(w->j, "rules.digest", "00");
	station_rules(w->s, w->now, rules);
	turn(w);
	again(w);
	station_rules(w->s, w->now, rules);
	turn(w);
	assert_int_equal(chases(w, KIND_LOG), 1);
}

/* ---- the tick ---- */

static size_t
tick(struct world *w, int64_t *wait)
{
	struct query_env env = {.station = w->s, .zh = true};
	size_t before = chases(w, KIND_CHASE);
	bool wrote;

	*wait = duty_chase(&env, w->now, &wrote);
	turn(w);
	assert_int_equal(wrote, chases(w, KIND_CHASE) > before);
	return chases(w, KIND_CHASE) - before;
}

/* Ticks until nothing more is to be written now. */
static size_t
ticks(struct world *w)
{
	size_t n = 0, one;
	int64_t wait;

	do
		n += one = tick(w, &wait);
	while (one > 0);
	return n;
}

static void
intake(struct world *w, const char *rid)
{
	const char *const fields[] = {"kind", "intake", "title", "火灾", "place", "西周镇", "type", "12G00", "learned", "2026-09-21T21:00:00+08:00", NULL};

	(void)sent(w, rid, fields);
}

/* An intake nobody reports: rungs come as time goes by, each once, whatever restarts lie between. */
static void
owed_is_chased(void **state)
{
	struct world *w = *state;
	int64_t wait, end = w->now + 8 * 60 * MIN;
	size_t total = 0, with_restarts = 0;

	intake(w, "fire");
	total += ticks(w);
	for (; w->now < end; w->now += 5 * MIN) {
		total += ticks(w);
		assert_int_equal(tick(w, &wait), 0);
		assert_true(wait > 0);
		if (w->now / MIN % 7 == 0) {
			again(w);
			with_restarts += ticks(w);
		}
	}
	assert_true(total >= 4);
	assert_int_equal(with_restarts, 0);
	again(w);
	assert_int_equal(ticks(w), 0);
}

/* Many at once: so many a tick, all in the end. */
static void
storm(void **state)
{
	struct world *w = *state;
	int64_t wait;
	size_t n, total;

	for (int i = 0; i < 30; i++) {
		char rid[32];

		snprintf(rid, sizeof rid, "storm-%d", i);
		intake(w, rid);
	}
	w->now += 10 * 60 * MIN;
	n = tick(w, &wait);
	assert_int_equal(n, CHASE_TICK_MOST);
	assert_true(wait < 1000);
	total = n + ticks(w);
	assert_true(total >= 30);
	again(w);
	assert_int_equal(ticks(w), 0);
}

struct realms { size_t n[2]; };

static int
realm_row(void *ctx, const struct journal_msg *m)
{
	((struct realms *)ctx)->n[m->id.realm]++;
	return 0;
}

/* What is live goes first; the exercise follows, in its own realm. */
static void
live_before_exercise(void **state)
{
	static const char *const fields[] = {"kind", "intake", "title", "演练火灾", "place", "西周镇", "type", "12G00", "learned",
	    "2026-09-21T21:00:00+08:00", NULL};
	struct world *w = *state;
	struct realms r = {{0, 0}};
	int64_t wait;

	assert_true(submit_as(w, "drill", REALM_EXERCISE, fields));
	intake(w, "fire");
	w->now += 10 * 60 * MIN;
	assert_true(tick(w, &wait) > 0);
	w->j->ops->each_after(w->j, 0, KIND_CHASE, true, realm_row, &r);
	assert_true(r.n[REALM_LIVE] > 0);
	assert_int_equal(r.n[REALM_EXERCISE], 0);
	(void)ticks(w);
	w->j->ops->each_after(w->j, 0, KIND_CHASE, true, realm_row, &r);
	assert_true(r.n[REALM_EXERCISE] > 0);
}

struct last { struct msgid id; unsigned rung; };

static int
last_row(void *ctx, const struct journal_msg *m)
{
	struct last *l = ctx;
	struct fault f;
	struct body *b = wire_decode(m->body.p, m->body.n, &f);
	int64_t rung = 0;

	if (b != NULL && body_num(b, F_RUNG, &rung) && (unsigned)rung == l->rung)
		l->id = m->id;
	body_free(b);
	return 0;
}

/* The last chase of that rung: caller frees. */
static struct body *
chase_of_rung(struct world *w, unsigned rung)
{
	struct last l = {.rung = rung};

	w->j->ops->each_after(w->j, 0, KIND_CHASE, true, last_row, &l);
	if (!msgid_is_set(&l.id))
		fail_msg("rung %u never rang", rung);
	return stored(w, &l.id);
}

static void
person(struct world *w, const char *name, const char *role, const char *phone)
{
	const char *with[] = {"kind", "staff", "duty_step", "person", "author", name, "person", name, "duty_role", role, phone != NULL ? "phone" : NULL,
	    phone, "number_of", "A", NULL};

	(void)sent(w, role, with);
}

/* Ticks minute by minute for two hours from the intake. */
static void
two_hours(struct world *w)
{
	intake(w, "fire2");
	for (int i = 0; i < 125; i++, w->now += MIN)
		(void)ticks(w);
}

/* The leader is called by name and number; a leader without a telephone cannot be, and it goes further up at once. */
static void
whom_a_rung_calls(void **state)
{
	struct world *w = *state;
	struct body *b;

	person(w, "王建国", "officer", NULL);
	person(w, "赵副县长", "leader", "13805740001");
	two_hours(w);
	b = chase_of_rung(w, 4);
	assert_string_equal(body_text(b, F_RUNG_TO), "赵副县长 13805740001");
	assert_false(addressed(b, "330200"));
	body_free(b);
}

static void
leader_without_a_telephone(void **state)
{
	struct world *w = *state;
	struct body *b;

	person(w, "赵副县长", "leader", NULL);
	two_hours(w);
	b = chase_of_rung(w, 4);
	assert_true(addressed(b, "330200"));
	assert_true((chase_ways_parse(body_text(b, F_ROUTE)) & CHASE_BY_BELL) != 0);
	body_free(b);
	assert_true(w->alarms > 0);
}

/* No register at all: nobody above is bothered for that, the desk's bell rings. */
static void
no_register(void **state)
{
	struct world *w = *state;
	struct body *b;

	two_hours(w);
	b = chase_of_rung(w, 4);
	assert_false(addressed(b, "330200"));
	assert_true((chase_ways_parse(body_text(b, F_ROUTE)) & CHASE_BY_BELL) != 0);
	body_free(b);
	assert_true(w->alarms > 0);
}

/* What was chased leaves nothing to be followed: no next message names it as its parent. */
static void
no_head(void **state)
{
	struct world *w = *state;
	struct msgid opener;
	struct folded fd;

	intake(w, "fire");
	opener = w->id;
	w->now += 24 * 60 * MIN;
	assert_true(ticks(w) > 0);
	fold(w, &opener, &fd);
	assert_true(fd.n > 1);
	assert_int_equal(fd.incident->nheads, 1);
	assert_int_equal(msgid_cmp(&fd.incident->heads[0], &opener), 0);
	folded_free(&fd);
}

/* A chase that comes in asks to be read. */
static void
received_is_mail(void **state)
{
	struct body *b = body_new();

	(void)state;
	body_set_num(b, F_KIND, KIND_CHASE);
	assert_int_equal(clock_demands(b), ACT_READ);
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(rungs_over_time, reset),
	    cmocka_unit_test_setup(down_over_several, reset),
	    cmocka_unit_test_setup(a_new_promise_rearms, reset),
	    cmocka_unit_test_setup(clock_set_back, reset),
	    cmocka_unit_test_setup(late_for_days, reset),
	    cmocka_unit_test_setup(month_and_year_end, reset),
	    cmocka_unit_test_setup(several_at_one_instant, reset),
	    cmocka_unit_test_setup(limit_shorter_than_the_warning, reset),
	    cmocka_unit_test_setup(at_the_sender, reset),
	    cmocka_unit_test_setup(times_at_the_edge, reset),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(words),
	    T(written_once_over_a_restart),
	    T(log_entries),
	    T(rules_told_once),
	    T(owed_is_chased),
	    T(storm),
	    T(whom_a_rung_calls),
	    T(leader_without_a_telephone),
	    T(no_register),
	    T(no_head),
	    T(live_before_exercise),
	    cmocka_unit_test(received_is_mail),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
