/*
 * The folds a turn caches: whatever came together in one turn, each row is the one its messages in the journal make, and the
 * short cut by what the turn kept gives the very same bytes.
 */
#include "station_help.h"
#include "../../switch/foldcache.h"

/* Several in one turn: nothing is committed until the caller ends it. */
static void
enter(struct world *w, const char *rid, const char *const *fields, struct msgid *id)
{
	struct body *b = make(fields);
	struct station_submit r = {.rid = rid, .seat = "seat1", .realm = REALM_LIVE, .body = b};

	station_submit(w->s, w->now, 42, &r);
	if (id != NULL) {
		struct journal_request q;

		assert_int_equal(w->j->ops->request_get(w->j, rid, &q), 0);
		*id = q.id;
	}
	body_free(b);
}

static void
clean(struct world *w, uint64_t incidents)
{
	struct foldcache_result r;

	assert_int_equal(foldcache_verify(w->j, FOLDCACHE_LOOK, &r), 0);
	if (r.bad != 0)
		fail_msg("%s: %s", text_of(&r.first), r.why);
	assert_int_equal(r.incidents, incidents);
}

static int
same_bytes(void *ctx, const struct journal_incident *kept)
{
	struct world *w = ctx;
	struct journal_incident fresh;
	struct folded fd;

	fold(w, &kept->id, &fd);
	foldcache_row(&kept->id, &fd, &fresh);
	assert_int_equal(kept->summary.n, fresh.summary.n);
	assert_memory_equal(kept->summary.p, fresh.summary.p, fresh.summary.n);
	assert_string_equal(kept->number, fresh.number);
	assert_int_equal(kept->seq, fresh.seq);
	assert_int_equal(kept->changed, fresh.changed);
	buf_free(&fresh.summary);
	folded_free(&fd);
	return 0;
}

static void
test_openers(void **state)
{
	struct world *w = *state;
	char rid[32];

	for (int i = 0; i < 20; i++) {
		snprintf(rid, sizeof rid, "open-%d", i);
		enter(w, rid, (const char *[]){FIRST, "dead", "1", "missing", "?", "grade", "IV", "reason", "一般", NULL}, NULL);
	}
	turn(w);
	assert_int_equal(w->replies, 20);
	clean(w, 20);
	assert_int_equal(w->j->ops->incident_each(w->j, REALM_LIVE, true, same_bytes, w), 0);
}

/* An incident that begins and goes on in one turn, and goes on in the next. */
static void
test_goes_on(void **state)
{
	struct world *w = *state;
	struct msgid first;

	enter(w, "a", (const char *[]){FIRST, "dead", "1", NULL}, &first);
	enter(w, "b", (const char *[]){"kind", "report", "stage", "followup", "incident", text_of(&first), "brief", "火已扑灭", "dead", "2",
	    NULL}, NULL);
	enter(w, "c", (const char *[]){FIRST, NULL}, NULL);
	turn(w);
	assert_int_equal(w->replies, 3);
	clean(w, 2);
	assert_int_equal(w->j->ops->incident_each(w->j, REALM_LIVE, true, same_bytes, w), 0);
	enter(w, "d", (const char *[]){"kind", "report", "stage", "followup", "incident", text_of(&first), "brief", "无人被困", "dead", "2",
	    NULL}, NULL);
	turn(w);
	clean(w, 2);
	assert_int_equal(w->j->ops->incident_each(w->j, REALM_LIVE, true, same_bytes, w), 0);
}

/* A change told in another way counts, whatever was kept. */
static void
test_told_otherwise(void **state)
{
	struct world *w = *state;
	struct msgid first, incident;

	enter(w, "a", (const char *[]){FIRST, NULL}, &first);
	assert_non_null(station_kept(w->s, &first, &incident));
	assert_int_equal(msgid_cmp(&first, &incident), 0);
	station_changed(w->s, &first);
	turn(w);
	assert_null(station_kept(w->s, &first, &incident)); /* its answer is out */
	clean(w, 1);
	assert_int_equal(w->j->ops->incident_each(w->j, REALM_LIVE, true, same_bytes, w), 0);
}

/* Spoken numbers go on without a gap over turns and restarts. */
static void
test_numbers(void **state)
{
	struct world *w = *state;
	static const char *const want[] = {"0921-001", "0921-002", "0921-003", "0921-004"};
	struct msgid id[4];
	char rid[8];

	for (int i = 0; i < 4; i++) {
		snprintf(rid, sizeof rid, "n%d", i);
		enter(w, rid, (const char *[]){FIRST, NULL}, &id[i]);
		if (i == 1)
			turn(w);
		if (i == 2) {
			turn(w);
			station_free(w->s);
			start(w);
		}
	}
	turn(w);
	for (int i = 0; i < 4; i++) {
		struct body *b = stored(w, &id[i]);

		assert_string_equal(body_text(b, F_NUMBER) + 4, want[i] + 4);
		body_free(b);
	}
}

/* Members in order, nothing that another printer would write in another way: kept rows compare by bytes. */
static void
test_canonical(void **state)
{
	struct world *w = *state;
	struct msgid id = sent(w, "one", (const char *[]){FIRST, "dead", "~3", "missing", "?", "brief", "引号\"与反斜线\\", NULL});
	struct buf text = {0};
	struct folded fd;
	json_error_t e;
	json_t *o;
	char *again;

	fold(w, &id, &fd);
	incident_summary_text(fd.incident, &text);
	o = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
	assert_non_null(o);
	again = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(buf_cstr(&text), again);
	free(again);
	json_decref(o);
	buf_free(&text);
	folded_free(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_openers), T(test_goes_on), T(test_told_otherwise), T(test_numbers), T(test_canonical)};

	return cmocka_run_group_tests(tests, load, unload);
}
