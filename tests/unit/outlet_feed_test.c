/* From the journal to the outlet: what was committed and is not yet spooled, many at once, a chase from another station, the mute. */
#include "outlet_help.h"

static void
feed_step(struct world *w, struct ox *x, struct outlet_feed *feed)
{
	struct query_env env = {.station = w->s, .zh = true};
	bool wrote = false;

	outlet_feed(feed, &env, x->o, w->now, &wrote);
	if (wrote)
		assert_int_equal(w->j->ops->commit(w->j), 0);
}

static void
chase(struct world *w, uint64_t serial, int prec, unsigned by, int realm)
{
	struct chase_due d;
	struct fault f = {0};

	memset(&d, 0, sizeof d);
	d.it.what = OWED_SIGN;
	d.it.due = w->now;
	d.it.prec = prec;
	d.it.about = (struct msgid){.realm = (uint8_t)realm, .origin = "330225102", .epoch = 7, .serial = serial};
	d.rung = (struct chase_rung){.rung = 2, .by = by, .to = CHASE_SEAT};
	chase_key(&d.it, NULL, d.key, sizeof d.key);
	assert_int_equal(station_chase(w->s, w->now, realm, &d, "催办", "", NULL, 0, NULL, &f), 0);
}

static void *
world_of(void)
{
	void *state = NULL;

	assert_int_equal(setup(&state), 0);
	return state;
}

static void
storm_is_one_job(void **state)
{
	struct ox *x = *state;
	struct world *w = world_of();
	struct outlet_feed *feed = outlet_feed_new();
	void *state_w = w;

	outlets(x, "bell\tbell\t@/ok\t5\nmodem\tsms\t@/ok\t5\n");
	open_outlet(x);
	feed_step(w, x, feed); /* the cursor begins here */
	for (uint64_t i = 1; i <= 18; i++)
		chase(w, i, PREC_FLASH, CHASE_BY_BELL, REALM_LIVE);
	chase(w, 30, PREC_URGENT, CHASE_BY_BELL, REALM_LIVE);
	chase(w, 40, PREC_FLASH, CHASE_BY_BELL, REALM_EXERCISE);
	chase(w, 50, PREC_FLASH, CHASE_BY_MESSAGE, REALM_LIVE);
	turn(w);
	feed_step(w, x, feed);
	assert_int_equal(jobs(x, "new"), 2); /* one a tier */
	assert_int_equal(jobs(x, "exercise"), 1);
	feed_step(w, x, feed);
	assert_int_equal(jobs(x, "new") + jobs(x, "done"), 2);
	outlet_feed_free(feed);
	assert_int_equal(teardown(&state_w), 0);
}

/* Of the job in the spool. */
static json_t *
job_of(struct ox *x)
{
	char path[600];
	struct dirent *e;
	json_t *o = NULL;
	DIR *dir;

	(void)snprintf(path, sizeof path, "%s/alarm/new", x->dir.path);
	dir = opendir(path);
	assert_non_null(dir);
	while (o == NULL && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.') {
			(void)snprintf(path, sizeof path, "%s/alarm/new/%s", x->dir.path, e->d_name);
			o = json_load_file(path, 0, NULL);
		}
	(void)closedir(dir);
	assert_non_null(o);
	return o;
}

/* S6-9: who has no number is named; a name with a blank in it is no number. */
static void
named_without_a_number(void **state)
{
	static const char persons[3][192] = {"镇带班", "John Smith", "赵副县长 13805740001"};
	struct ox *x = *state;
	struct world *w = world_of();
	struct outlet_feed *feed = outlet_feed_new();
	struct fault f = {0};
	struct chase_due d;
	void *state_w = w;
	json_t *o;

	outlets(x, "modem\tsms\t@/ok\t5\n");
	open_outlet(x);
	feed_step(w, x, feed);
	memset(&d, 0, sizeof d);
	d.it.what = OWED_RELIEF;
	d.it.due = w->now;
	d.it.prec = PREC_FLASH;
	d.rung = (struct chase_rung){.rung = 1, .by = CHASE_BY_SMS | CHASE_BY_BELL, .to = CHASE_LEADER};
	(void)snprintf(d.key, sizeof d.key, "relief 1");
	assert_int_equal(station_chase(w->s, w->now, REALM_LIVE, &d, "催办", "", persons, 3, NULL, &f), 0);
	turn(w);
	feed_step(w, x, feed);
	o = job_of(x);
	assert_int_equal(json_array_size(json_object_get(o, "persons")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "persons"), 0)), "镇带班");
	assert_int_equal(json_array_size(json_object_get(o, "numbers")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "numbers"), 0)), "13805740001");
	json_decref(o);
	outlet_feed_free(feed);
	assert_int_equal(teardown(&state_w), 0);
}

/* Killed between the COMMIT and the spool; and between the spool and its cursor. */
static void
nothing_between_commit_and_spool(void **state)
{
	struct ox *x = *state;
	struct world *w = world_of();
	struct outlet_feed *feed = outlet_feed_new();
	void *state_w = w;
	struct query_env env;
	bool wrote = false;

	outlets(x, "bell\tbell\t@/ok\t5\n");
	open_outlet(x);
	feed_step(w, x, feed);
	chase(w, 1, PREC_FLASH, CHASE_BY_BELL, REALM_LIVE);
	chase(w, 2, PREC_FLASH, CHASE_BY_BELL, REALM_LIVE);
	turn(w);
	outlet_feed_free(feed);
	station_free(w->s);
	journal_ram_crash(w->j);
	start(w);
	feed = outlet_feed_new();
	env = (struct query_env){.station = w->s, .zh = true};
	outlet_feed(feed, &env, x->o, w->now, &wrote);
	assert_true(wrote);
	assert_int_equal(jobs(x, "new"), 1);
	outlet_feed_free(feed);
	station_free(w->s);
	journal_ram_crash(w->j); /* the cursor has not moved */
	start(w);
	feed = outlet_feed_new();
	until(x, one_done);
	feed_step(w, x, feed);
	assert_int_equal(jobs(x, "new"), 0);
	assert_int_equal(lines(x, "rang"), 1);
	outlet_feed_free(feed);
	assert_int_equal(teardown(&state_w), 0);
}

/* A message of another station, as it lies in the journal when it has come. */
static void
comes(struct world *w, uint64_t serial, const char *to)
{
	struct body *b = body_new();
	struct journal_msg m;

	memset(&m, 0, sizeof m);
	m.id = (struct msgid){.origin = "330225102", .epoch = 7, .serial = serial};
	m.kind = KIND_CHASE;
	m.precedence = PREC_PRIORITY;
	m.stored = w->now;
	m.local = true;
	snprintf(m.from, sizeof m.from, "330225102");
	body_set_num(b, F_KIND, KIND_CHASE);
	body_set_id(b, F_ID, &m.id);
	body_set_text(b, F_TEXT, "下级催办");
	body_set_text(b, F_ROUTE, "bell phone sms message");
	body_add_text(b, F_TO, to, strlen(to));
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	assert_int_equal(w->j->ops->put_message(w->j, &m), 0);
	assert_int_equal(w->j->ops->commit(w->j), 0);
	buf_free(&m.body);
	body_free(b);
}

/* It rings this desk's bell, and nobody's telephone: whom it calls is its own station's affair. */
static void
from_another_station(void **state)
{
	struct ox *x = *state;
	struct world *w = world_of();
	struct outlet_feed *feed = outlet_feed_new();
	void *state_w = w;

	outlets(x, "bell\tbell\t@/ok\t5\nmodem\tsms\t@/ok\t5\n");
	open_outlet(x);
	feed_step(w, x, feed);
	comes(w, 1, "330225");
	comes(w, 2, "330200"); /* passes through */
	feed_step(w, x, feed);
	assert_true(there(x, "alarm/new/330225102.7.1@bell.json"));
	assert_int_equal(jobs(x, "new"), 1);
	outlet_feed_free(feed);
	assert_int_equal(teardown(&state_w), 0);
}

static void
mute(struct world *w, int64_t until_, const char *reason)
{
	struct body *b = body_new();
	struct fault f = {0};
	struct msgid id;

	body_set_num(b, F_KIND, KIND_LOG);
	body_set_num(b, F_DUTY_STEP, DUTY_LOG_MUTE);
	body_set_text(b, F_TEXT, "静音");
	body_set_time(b, F_DUE, until_);
	if (reason != NULL)
		body_set_text(b, F_REASON, reason);
	assert_int_equal(station_issue(w->s, w->now, REALM_LIVE, b, "seat1", false, &id, &f), 0);
	body_free(b);
	turn(w);
}

static void
muted(void **state)
{
	struct ox *x = *state;
	struct world *w = world_of();
	struct outlet_feed *feed = outlet_feed_new();
	void *state_w = w;
	const char *reason;

	outlets(x, "bell\tbell\t@/ok\t5\nmodem\tsms\t@/ok\t5\n");
	open_outlet(x);
	feed_step(w, x, feed);
	mute(w, w->now + 30 * MIN, NULL); /* without a reason: nothing */
	feed_step(w, x, feed);
	assert_int_equal(outlet_muted(x->o, w->now, NULL), 0);
	mute(w, w->now + 30 * MIN, "开会");
	chase(w, 1, PREC_PRIORITY, CHASE_BY_BELL | CHASE_BY_SMS, REALM_LIVE);
	chase(w, 2, PREC_FLASH, CHASE_BY_BELL, REALM_LIVE);
	turn(w);
	feed_step(w, x, feed);
	assert_int_equal(outlet_muted(x->o, w->now, &reason), w->now + 30 * MIN);
	assert_string_equal(reason, "开会");
	assert_int_equal(jobs(x, "new"), 2); /* the SMS, and the flash bell */
	/* After a restart it is still silent, and after its end it is not. */
	outlet_feed_free(feed);
	feed = outlet_feed_new();
	outlet_mute(x->o, 0, NULL);
	feed_step(w, x, feed);
	assert_int_equal(outlet_muted(x->o, w->now, NULL), w->now + 30 * MIN);
	w->now += 31 * MIN;
	chase(w, 3, PREC_PRIORITY, CHASE_BY_BELL, REALM_LIVE);
	turn(w);
	feed_step(w, x, feed);
	assert_int_equal(outlet_muted(x->o, w->now, NULL), 0);
	assert_int_equal(jobs(x, "new") + jobs(x, "done"), 3);
	outlet_feed_free(feed);
	assert_int_equal(teardown(&state_w), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    O(storm_is_one_job),
	    O(named_without_a_number),
	    O(nothing_between_commit_and_spool),
	    O(from_another_station),
	    O(muted),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
