/*
 * Settling: what may be put away, and that nothing which is owed, asked or on its way ever is; what is put away comes back whole
 * when something new is said about it, after a restart as well.
 */
#include "query_help.h"
#include "../../switch/query_settle.h"

#define DAY ((int64_t)24 * 3600 * 1000)

static struct stationdir dir;
static uint64_t seed;

static uint64_t
random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

static void
restart(void)
{
	if (j->memo != NULL)
		j->memo->drop(j->memo);
	j->memo = NULL;
}

/* Idle work until there is no more.  Commits what it writes. */
static void
idle(void)
{
	int64_t next = 0;
	bool wrote;

	for (int i = 0; i < 100000; i++) {
		next = query_idle(&env, clock_now, &wrote);
		if (wrote)
			assert_int_equal(j->ops->commit(j), 0);
		if (next >= 1000)
			return;
	}
	fail_msg("it never ends");
}

/* Time passes, and the next pass with it. */
static void
days(int n)
{
	clock_now += n * DAY;
	idle();
}

static int
count_loud(void *ctx, const struct journal_msg *m)
{
	(void)m;
	++*(size_t *)ctx;
	return 0;
}

static size_t
loud(void)
{
	size_t n = 0;

	assert_int_equal(j->ops->each_loud(j, 0, count_loud, &n), 0);
	return n;
}

static bool
settled(const char *origin, uint64_t serial)
{
	struct msgid id = mkid(origin, serial);
	struct journal_msg m;

	memset(&m, 0, sizeof m);
	assert_int_equal(j->ops->get_message(j, &id, &m), 0);
	buf_free(&m.body);
	return m.settled;
}

static size_t
items(void)
{
	json_t *o = want("owed", json_object());
	size_t n = count(o, "items");

	json_decref(o);
	return n;
}

static json_int_t
attention(void)
{
	json_t *o = want("inbox", json_pack("{s:b, s:i}", "all", 1, "limit", 1000));
	json_int_t n = 0;

	for (size_t i = 0; i < count(o, "messages"); i++)
		n += flag(at(o, "messages", i), "attention");
	json_decref(o);
	return n;
}

static size_t
listed(bool history)
{
	json_t *o = want("incidents", json_pack("{s:b, s:i}", "history", history, "limit", 1000));
	size_t n = count(o, "incidents");

	json_decref(o);
	return n;
}

static int
settle_setup(void **state)
{
	memset(&dir, 0, sizeof dir);
	dir.settle_days = 3;
	(void)setup(state);
	env.dir = &dir;
	return 0;
}

/* ---- the rule ---- */

static void
test_rule(void **state)
{
	static const struct {
		const char *what;
		struct settle_facts f;
		int64_t now, after;
		bool may;
	} cases[] = {
		{ "over and quiet", { .over = true, .changed = 100 }, 200, 100, true },
		{ "not quiet for long enough", { .over = true, .changed = 101 }, 200, 100, false },
		{ "not over", { .changed = 100 }, 1000000, 100, false },
		{ "owed", { .over = true, .owed = 1, .changed = 100 }, 1000000, 100, false },
		{ "to be looked at", { .over = true, .attention = 1, .changed = 100 }, 1000000, 100, false },
		{ "on its way", { .over = true, .open = 1, .changed = 100 }, 1000000, 100, false },
		{ "came back and nobody was told", { .over = true, .returned = 1, .changed = 100 }, 1000000, 100, false },
		{ "a warning in force", { .over = true, .in_force = 150, .changed = 10 }, 200, 100, false },
		{ "a warning no longer in force", { .over = true, .in_force = 150, .changed = 10 }, 250, 100, true },
		{ "never", { .over = true, .changed = 100 }, INT64_MAX, 0, false },
		{ "the clock was ahead", { .over = true, .changed = 300 }, 200, 100, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (settle_may(&cases[i].f, cases[i].now, cases[i].after) != cases[i].may)
			fail_msg("%s", cases[i].what);
}

/* ---- one fire, from report to rest and back ---- */

static struct body *
report(int stage, const char *to, const char *title)
{
	struct body *b = make(KIND_REPORT, to);

	body_set_num(b, F_STAGE, stage);
	body_set_text(b, F_TITLE, title);
	return b;
}

static void
delivered(uint64_t serial, const char *to, int state)
{
	struct journal_delivery d = { .id = mkid(COUNTY, serial), .state = state, .since = clock_now, .offered = clock_now };

	snprintf(d.to, sizeof d.to, "%s", to);
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
}

/* The receipt has arrived, as receipts do. */
static void
sign(uint64_t serial, uint64_t of)
{
	struct body *b = refers(make(KIND_RECEIPT, TOWN), TOWN, of);

	body_set_num(b, F_ACT, ACT_SIGNED);
	body_set_text(b, F_PERSON, "李敏");
	body_set_num(b, F_ORDER, (int64_t)serial + 100);
	store(b, COUNTY, serial, TOWN, 1);
	delivered(serial, TOWN, DLV_DELIVERED);
}

static void
up(uint64_t serial, int stage)
{
	struct body *b = report(stage, CITY, "宏达仓库火灾");

	body_set_num(b, F_ORDER, (int64_t)serial + 100);
	store(b, COUNTY, serial, TOWN, 1);
}

/* The city has signed for a report of ours: until then its signature is awaited. */
static void
signed_above(uint64_t serial, uint64_t of)
{
	struct body *b = refers(make(KIND_RECEIPT, COUNTY), COUNTY, of);

	body_set_num(b, F_ACT, ACT_SIGNED);
	body_set_text(b, F_PERSON, "陈立");
	body_set_num(b, F_ORDER, (int64_t)serial + 100);
	store(b, CITY, serial, TOWN, 1);
}

/* The town's report and its end, signed for; our own reports upwards, signed for above, whose 送达 are on their way. */
static void
burn_down(void)
{
	fire();
	sign(11, 2);
	up(12, STAGE_FIRST);
	store(report(STAGE_FINAL, COUNTY, "火灾终报"), TOWN, 3, TOWN, 1);
	sign(13, 3);
	up(14, STAGE_FINAL);
	assert_int_equal(items(), 2);
	signed_above(1, 12);
	signed_above(2, 14);
	assert_int_equal(j->ops->commit(j), 0);
}

static void
test_life(void **state)
{
	json_t *o;
	bool wrote;

	(void)state;
	burn_down();
	assert_int_equal(items(), 0);
	days(10);
	assert_false(settled(TOWN, 2));		/* ours are on their way */
	delivered(12, CITY, DLV_DELIVERED);
	days(1);
	assert_false(settled(TOWN, 2));
	delivered(14, CITY, DLV_SIGNED);
	assert_int_equal(listed(false), 1);
	days(1);
	assert_true(settled(TOWN, 2) && settled(TOWN, 3) && settled(COUNTY, 12) && settled(COUNTY, 14));
	assert_int_equal(loud(), 0);
	for (int pass = 0; pass < 2; pass++, restart()) {
		assert_int_equal(listed(false), 0);
		assert_int_equal(listed(true), 1);
		assert_int_equal(items(), 0);
		o = want("show", json_pack("{s:s}", "ref", "西周1122-001"));
		json_decref(o);
		o = want("verify", json_object());
		assert_string_equal(str(o, "fold_bad"), "");
		json_decref(o);
	}
	/* It has flared up: owed at once, after a restart before anything was written back, and after one behind that. */
	store(report(STAGE_FOLLOWUP, COUNTY, "复燃"), TOWN, 4, TOWN, 1);
	assert_int_equal(j->ops->commit(j), 0);
	for (int pass = 0; pass < 4; pass++) {
		assert_int_equal(listed(false), 1);
		assert_true(items() >= 2);	/* to be read and signed for */
		assert_int_equal(attention(), 1);
		if (pass == 2) {
			idle();
			assert_false(settled(TOWN, 2) || settled(COUNTY, 14) || settled(TOWN, 4));
		}
		restart();
	}
	days(30);
	assert_false(settled(TOWN, 2));
	assert_true(items() >= 2);
	sign(15, 4);
	store(report(STAGE_FINAL, COUNTY, "再终报"), TOWN, 5, TOWN, 1);
	sign(16, 5);
	assert_int_equal(items(), 0);
	(void)query_idle(&env, clock_now, &wrote);
	assert_false(settled(TOWN, 4));
	days(3);
	assert_true(settled(TOWN, 2) && settled(TOWN, 4) && settled(TOWN, 5));
	assert_int_equal(listed(false), 0);
}

/* 接办 of something long over promises a feedback: that is owed, though a receipt is nothing that speaks up by itself. */
static void
test_taken(void **state)
{
	struct body *b;

	(void)state;
	burn_down();
	delivered(12, CITY, DLV_DELIVERED);
	delivered(14, CITY, DLV_DELIVERED);
	days(4);
	assert_true(settled(TOWN, 3));
	b = refers(make(KIND_RECEIPT, TOWN), TOWN, 3);
	body_set_num(b, F_ACT, ACT_TAKEN);
	body_set_text(b, F_PERSON, "李敏");
	body_set_time(b, F_DUE, clock_now + 60 * MIN);
	store(b, COUNTY, 20, TOWN, 1);
	assert_int_equal(items(), 1);
	restart();
	assert_int_equal(items(), 1);
	idle();
	assert_false(settled(TOWN, 3));
	restart();
	assert_int_equal(items(), 1);
	days(30);
	assert_int_equal(items(), 1);
	assert_false(settled(TOWN, 2));
}

/* What a recalled correction had corrected stands again, though it was put away. */
static void
test_released(void **state)
{
	struct body *b;

	(void)state;
	b = make(KIND_DIRECTIVE, COUNTY);
	body_set_text(b, F_TITLE, "通知");
	store(b, CITY, 1, NULL, 0);
	b = refers(make(KIND_DIRECTIVE, COUNTY), CITY, 1);
	body_set_num(b, F_STAGE, STAGE_CORRECTION);
	store(b, CITY, 2, NULL, 0);
	ack(1, ACT_SIGNED, CITY, 2, NULL, 0);
	delivered(1, CITY, DLV_DELIVERED);
	store(refers(make(KIND_FEEDBACK, CITY), CITY, 2), COUNTY, 2, NULL, 0);
	delivered(2, CITY, DLV_DELIVERED);
	days(4);
	assert_true(settled(CITY, 1) && settled(CITY, 2));
	b = refers(make(KIND_DIRECTIVE, COUNTY), CITY, 2);
	body_set_num(b, F_STAGE, STAGE_WITHDRAWAL);
	store(b, CITY, 3, NULL, 0);
	for (int pass = 0; pass < 3; pass++) {
		json_t *o = want("inbox", json_object());
		bool found = false;

		for (size_t i = 0; i < count(o, "messages"); i++)
			if (strcmp(str(at(o, "messages", i), "id"), idtext(CITY, 1)) == 0)
				found = flag(at(o, "messages", i), "attention");
		json_decref(o);
		assert_true(found);
		assert_true(items() >= 1);
		if (pass == 1)
			idle();
		restart();
	}
	days(30);
	assert_false(settled(CITY, 1));
	assert_true(items() >= 1);
}

/* ---- messages of no incident ---- */

static void
test_alone(void **state)
{
	struct body *b;

	(void)state;
	store(make(KIND_LOG, NULL), COUNTY, 1, NULL, 0);
	store(make(KIND_WARNING, COUNTY), CITY, 1, NULL, 0);		/* asks for nothing */
	b = make(KIND_WARNING, COUNTY);					/* in force for ten days */
	body_set_time(b, F_EXPIRES, clock_now + 10 * DAY);
	store(b, CITY, 2, NULL, 0);
	b = make(KIND_WARNING, COUNTY);					/* to be signed for */
	body_set_num(b, F_RING, 1);
	store(b, CITY, 3, NULL, 0);
	store(make(KIND_DIRECTIVE, COUNTY), CITY, 4, NULL, 0);		/* to be answered */
	store(make(KIND_DIRECTIVE, TOWN), COUNTY, 2, NULL, 0);		/* ours, on its way */
	store(make(KIND_DIRECTIVE, TOWN), COUNTY, 3, NULL, 0);		/* ours, came back, and nobody was told */
	delivered(3, TOWN, DLV_RETURNED);
	assert_int_equal(j->ops->commit(j), 0);
	days(2);
	assert_false(settled(COUNTY, 1));
	days(2);
	assert_true(settled(COUNTY, 1) && settled(CITY, 1));
	assert_false(settled(CITY, 2) || settled(CITY, 3) || settled(CITY, 4) || settled(COUNTY, 2) || settled(COUNTY, 3));
	ack(11, ACT_SIGNED, CITY, 3, NULL, 0);
	ack(12, ACT_SIGNED, CITY, 4, NULL, 0);
	delivered(2, TOWN, DLV_DELIVERED);
	days(10);
	assert_true(settled(CITY, 2) && settled(CITY, 3) && settled(COUNTY, 2));
	assert_false(settled(CITY, 4) || settled(COUNTY, 3));
	dir.settle_days = 0;
	store(refers(make(KIND_FEEDBACK, CITY), CITY, 4), COUNTY, 4, NULL, 0);
	days(1000);
	assert_false(settled(CITY, 4));
	dir.settle_days = 3;
	days(1);
	assert_true(settled(CITY, 4));
	assert_int_equal(items(), 0);
}

/* ---- anything ---- */

#define NMESSAGES 150

static struct body *
any_message(size_t i, struct msgid *id, struct msgid *incident)
{
	static const int kinds[] = {KIND_REPORT, KIND_REPORT, KIND_REPORT, KIND_DIRECTIVE, KIND_FEEDBACK, KIND_WARNING,
	    KIND_RECEIPT, KIND_RECEIPT, KIND_RECEIPT, KIND_RECEIPT, KIND_LOG, KIND_INTAKE};
	static const char *const origins[] = {TOWN, CITY, COUNTY, COUNTY};
	static const int acts[] = {ACT_READ, ACT_SIGNED, ACT_SIGNED, ACT_TAKEN, ACT_RETURNED};
	int kind = kinds[random_below(sizeof kinds / sizeof kinds[0])];
	const char *origin = kind == KIND_LOG || kind == KIND_INTAKE || (kind == KIND_RECEIPT && random_below(4) > 0) ? COUNTY :
	    origins[random_below(4)];
	struct body *b = make(kind, strcmp(origin, COUNTY) == 0 ? CITY : COUNTY);

	*id = mkid(origin, i + 1);
	for (size_t n = 0; i > 0 && n < 3; n++) {
		size_t of = (size_t)random_below(i);

		for (size_t k = 0; k < 3; k++) {
			struct msgid ref = mkid(origins[k], of + 1);

			body_add_id(b, F_REFS, &ref);
		}
	}
	if (kind == KIND_REPORT)
		body_set_num(b, F_STAGE, random_below(8) == 0 ? STAGE_WITHDRAWAL : random_below(6) == 0 ? STAGE_CORRECTION :
		    random_below(2) == 0 ? STAGE_FINAL : STAGE_FIRST);
	if (kind == KIND_RECEIPT)
		body_set_num(b, F_ACT, acts[random_below(5)]);
	if (kind == KIND_RECEIPT && random_below(3) == 0)
		body_set_time(b, F_DUE, clock_now + 30 * MIN);
	if (kind == KIND_WARNING)
		body_set_num(b, F_RING, random_below(2) == 0);
	*incident = mkid(TOWN, 1000 + random_below(15));
	if (random_below(4) == 0)
		*incident = mkid("", 0);
	return b;
}

/* What people are asked for, in one text: every thing owed here (a signature that others owe is asked of them), every message that asks
 * for attention, and the figures. */
static char *
asked(void)
{
	json_t *all = json_object(), *o = want("owed", json_object()), *in = want("inbox", json_pack("{s:i}", "limit", 1000)),
	       *st = want("status", json_object()), *list = json_array();
	char *text;

	for (size_t i = 0; i < count(in, "messages"); i++)
		if (flag(at(in, "messages", i), "attention"))
			(void)json_array_append(list, json_array_get(json_object_get(in, "messages"), i));
	(void)json_object_set_new(all, "attention", list);
	for (size_t i = count(o, "items"); i-- > 0;)
		if (strcmp(str(at(o, "items", i), "what"), "await-sign") == 0)
			(void)json_array_remove(json_object_get(o, "items"), i);
	(void)json_object_set(all, "owed", o);
	(void)json_object_set(all, "unsigned", json_object_get(st, "unsigned"));
	text = json_dumps(all, JSON_SORT_KEYS | JSON_INDENT(1));
	json_decref(all);
	json_decref(o);
	json_decref(in);
	json_decref(st);
	return text;
}

static void
same(const char *what, char *a, char *b, uint64_t run, size_t i)
{
	if (strcmp(a, b) != 0)
		fail_msg("run %llu, message %zu: %s\nbefore %s\nafter %s", (unsigned long long)run, i, what, a, b);
	free(b);
}

struct day {
	struct msgid id[NMESSAGES], incident[NMESSAGES];
	size_t n;
	uint64_t serial;
};

/* People put one incident in order: all of it signed for, answered, reported upwards as over. */
static void
tidy(const struct day *d, const struct msgid *incident, uint64_t serial)
{
	static const int kinds[] = {KIND_RECEIPT, KIND_FEEDBACK, KIND_REPORT};

	for (size_t k = 0; k < 3; k++) {
		struct body *b = make(kinds[k], CITY);
		struct msgid id = mkid(COUNTY, serial + k);

		for (size_t i = 0; k < 2 && i < d->n; i++)
			if (msgid_cmp(&d->incident[i], incident) == 0)
				body_add_id(b, F_REFS, &d->id[i]);
		if (k == 0)
			body_set_num(b, F_ACT, ACT_SIGNED);
		if (k == 2)
			body_set_num(b, F_STAGE, STAGE_FINAL);
		body_set_num(b, F_ORDER, (int64_t)serial);
		store_as(b, &id, msgid_is_set(incident) ? incident : NULL, true);
		if (k < 2 || random_below(6) > 0)
			delivered(serial + k, CITY, DLV_DELIVERED);
	}
}

static int
count_settled(void *ctx, const struct journal_msg *m)
{
	*(size_t *)ctx += m->settled;
	return 0;
}

static void
test_nothing_owed_is_settled(void **state)
{
	size_t put_away = 0;

	for (uint64_t run = 1; run <= 6; run++) {
		struct day d = { .n = 0, .serial = 10000 };

		(void)settle_setup(state);
		seed = run * UINT64_C(0x9e3779b97f4a7c15);
		for (size_t i = 0; i < NMESSAGES; i++) {
			struct msgid id, incident;
			struct body *b = any_message(i, &id, &incident);
			size_t of = (size_t)random_below(i + 1);
			char *before, *here;
			int64_t now;

			store_as(b, &id, msgid_is_set(&incident) ? &incident : NULL, true);
			if (strcmp(id.origin, COUNTY) == 0 && random_below(8) > 0)
				delivered(id.serial, CITY, random_below(10) == 0 ? DLV_RETURNED : DLV_DELIVERED);
			d.id[d.n] = id;
			d.incident[d.n++] = incident;
			if (i % 4 == 0)
				tidy(&d, &d.incident[of], d.serial += 10);
			assert_int_equal(j->ops->commit(j), 0);
			if (i % 5 != 0)
				continue;
			before = asked();
			now = clock_now;
			if (i % 2 == 0)
				days(4);
			clock_now = now;	/* a grade asked for again is owed by the clock */
			here = asked();
			same("settled", before, here, run, i);
			restart();
			here = asked();
			same("settled, and started again", before, here, run, i);
			idle();
			free(before);
		}
		assert_int_equal(j->ops->each_after(j, 0, 0, true, count_settled, &put_away), 0);
		(void)teardown(state);
	}
	assert_true(put_away > NMESSAGES);	/* else nothing was tried */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule),
		cmocka_unit_test_setup_teardown(test_life, settle_setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken, settle_setup, teardown),
		cmocka_unit_test_setup_teardown(test_released, settle_setup, teardown),
		cmocka_unit_test_setup_teardown(test_alone, settle_setup, teardown),
		cmocka_unit_test(test_nothing_owed_is_settled),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
