/* What is chased by a station: each rung written once over restarts, whom it calls, many at once, the live before the exercise. */
#include "station_help.h"
#include "../../switch/chase.h"
#include "../../switch/duty_chase.h"
#include "../../switch/station_chase.h"

#define MIN INT64_C(60000)

static const struct chase_rung chain[] = {
    {.rung = 1, .after = -10, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_SCREEN},
    {.rung = 2, .after = 0, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
    {.rung = 3, .after = 5, .from_due = true, .to = CHASE_SECOND, .by = CHASE_BY_PHONE},
    {.rung = 4, .after = 10, .from_due = true, .to = CHASE_LEADER, .by = CHASE_BY_SMS | CHASE_BY_PHONE},
    {.rung = 5, .after = 20, .from_due = true, .to = CHASE_PARENT, .by = CHASE_BY_MESSAGE},
};

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
	static unsigned n;
	char rid[32];

	(void)snprintf(rid, sizeof rid, "%s %u", role, ++n);
	(void)sent(w, rid, with);
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
	/* Whoever hears the bell knows whom it was for. */
	assert_int_equal(body_count(b, F_RUNG_TO), 1);
	assert_string_equal(body_text(b, F_RUNG_TO), "赵副县长");
	body_free(b);
	assert_true(w->alarms > 0);
}

/* The second officer has no number: he is named, and the leader, who has one, is rung. */
static void
second_without_a_telephone(void **state)
{
	struct world *w = *state;
	const struct value *v;
	struct body *b;

	person(w, "周强", "officer", "13805740009"); /* the register's order is that of the names */
	person(w, "王建国", "officer", NULL);
	person(w, "赵副县长", "leader", "13805740001");
	two_hours(w);
	b = chase_of_rung(w, 3);
	v = body_first(b, F_RUNG_TO);
	assert_int_equal(body_count(b, F_RUNG_TO), 2);
	assert_string_equal(v->u.text.s, "王建国");
	assert_string_equal(body_next(b, v)->u.text.s, "赵副县长 13805740001");
	assert_false(addressed(b, "330200"));
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
	/* Nor does it stand before the incident's first word: that one says what the incident is. */
	assert_int_equal(fd.incident->opener_kind, KIND_INTAKE);
	assert_int_equal(fd.incident->lines[0].kind, KIND_INTAKE);
	folded_free(&fd);
}

/* At the level above a chase may come before the report it is about: the incident is listed as what the report makes it. */
static void
chase_before_the_report(void **state)
{
	struct msgid inc = {.origin = "330225102", .epoch = 7, .serial = 1}, ids[2] = {inc, inc};
	struct body *b[2] = {body_new(), body_new()};
	struct fold_msg m[2];
	struct incident *i;

	(void)state;
	memset(m, 0, sizeof m);
	for (int k = 0; k < 2; k++) {
		ids[k].serial = (uint64_t)k + 2;
		body_set_num(b[k], F_KIND, k == 0 ? KIND_CHASE : KIND_REPORT);
		body_set_num(b[k], F_ORDER, k + 2);
		body_set_id(b[k], F_INCIDENT, &inc);
		m[k] = (struct fold_msg){.id = ids[k], .stored = NOW + k, .body = b[k]};
	}
	body_set_num(b[1], F_STAGE, STAGE_FIRST);
	i = incident_fold(m, 1);
	assert_int_equal(i->opener_kind, KIND_CHASE);
	incident_free(i);
	i = incident_fold(m, 2);
	assert_int_equal(i->opener_kind, KIND_REPORT);
	assert_int_equal(i->nheads, 1);
	incident_free(i);
	body_free(b[0]);
	body_free(b[1]);
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
	    T(written_once_over_a_restart),
	    T(log_entries),
	    T(rules_told_once),
	    T(owed_is_chased),
	    T(storm),
	    T(whom_a_rung_calls),
	    T(leader_without_a_telephone),
	    T(second_without_a_telephone),
	    T(no_register),
	    T(no_head),
	    cmocka_unit_test(chase_before_the_report),
	    T(live_before_exercise),
	    cmocka_unit_test(received_is_mail),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
