/*
 * The handover at a station: what the switch collects, what it fills in and refuses, that nothing else is held up by it, and the replay.
 */
#include "station_help.h"
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/conf.h"
#include "../../switch/duty_watch.h"
#include "../../switch/equipment.h"
#include "../../switch/query.h"

#define MIN INT64_C(60000)
/* NOW is 2026-09-21T21:33:20+08:00 */
#define CLOCK(h, m) (INT64_C(1789920000000) + (((h) * 60) + (m)) * MIN) /* of 2026-09-21, +08:00 */

static struct query_env env;
static struct fault fault;
static unsigned rids;

static int
begin(void **state)
{
	struct world *w;

	if (setup(state) != 0)
		return -1;
	w = *state;
	w->now = CLOCK(0, 0);
	env = (struct query_env){.station = w->s, .zh = true};
	rids = 0;
	return 0;
}

/* Members of a body by their names; a time is one of the day. */
static bool
say(struct world *w, int64_t at, const char *const *fields)
{
	struct body *b = make(fields);
	char rid[32];
	struct station_submit r = {.rid = rid, .seat = "seat1", .realm = REALM_LIVE, .body = b, .confirmed = true};

	(void)snprintf(rid, sizeof rid, "rid-%u", ++rids);
	w->now = at;
	station_submit(w->s, w->now, 42, &r);
	turn(w);
	body_free(b);
	return !w->refused;
}
#define SAY(w, at, ...)                                                                                                \
	do {                                                                                                           \
		if (!say((w), (at), (const char *const[]){__VA_ARGS__, NULL}))                                         \
			fail_msg("line %d: %s: %s", __LINE__, (w)->fault.field, (w)->fault.text);                      \
	} while (0)
#define REFUSED(w, at, name, ...)                                                                                      \
	do {                                                                                                           \
		if (say((w), (at), (const char *const[]){__VA_ARGS__, NULL}))                                          \
			fail_msg("line %d: was taken", __LINE__);                                                      \
		assert_string_equal((w)->fault.field, (name));                                                         \
	} while (0)

static json_t *
ask(struct world *w, int64_t at, const char *op, json_t *request)
{
	json_t *o;

	w->now = at;
	memset(&fault, 0, sizeof fault);
	o = query_answer(&env, at, op, request, &fault);
	json_decref(request);
	if (o == NULL)
		fail_msg("%s: %s: %s", op, fault.field, fault.text);
	return o;
}

static const char *
str_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static const json_t *
item_of(const json_t *answer, const char *key)
{
	const json_t *list = json_object_get(answer, "items");
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
		if (strncmp(str_of(o, "key"), key, strlen(key)) == 0)
			return o;
	return NULL;
}

static void
assert_names(const json_t *list, const char *names)
{
	char got[512] = "";
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
		(void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i > 0 ? " " : "", json_string_value(o));
	assert_string_equal(got, names);
}

static void
plan(struct world *w)
{
	SAY(w, CLOCK(0, 1), "kind", "roster", "duty_step", "shift", "shift", "夜班", "period_from", "2026-09-20T20:00+08:00", "period_to",
	    "2026-09-21T08:00+08:00", "duty_leader", "赵副县长", "duty_senior", "李敏", "duty_officer", "王建国");
	SAY(w, CLOCK(0, 1), "kind", "roster", "duty_step", "shift", "shift", "白班", "period_from", "2026-09-21T08:00+08:00", "period_to",
	    "2026-09-21T20:00+08:00", "duty_leader", "赵副县长", "duty_senior", "陈亮", "duty_officer", "刘芳");
	SAY(w, CLOCK(0, 2), "kind", "roster", "duty_step", "sign-on", "person", "李敏");
	SAY(w, CLOCK(0, 3), "kind", "roster", "duty_step", "sign-on", "person", "王建国");
}

static bool
row_has(const json_t *replay, const char *one, const char *two)
{
	const json_t *list = json_object_get(replay, "rows");
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
		if (strstr(str_of(o, "text"), one) != NULL && strstr(str_of(o, "text"), two) != NULL)
			return true;
	return false;
}

/* A directive of the neighbour above. */
static void
comes(struct world *w, int64_t at, char id[MSGID_TEXT_MAX])
{
	struct msgid m = {.origin = "330200", .epoch = 1, .serial = 1};
	struct body *b = body_new();
	struct buf bytes = {0}, parcel = {0};
	struct envelope e;

	body_set_num(b, F_KIND, KIND_DIRECTIVE);
	body_set_id(b, F_ID, &m);
	body_set_id(b, F_INCIDENT, &m);
	body_add_text(b, F_TO, station_conf(w->s)->self, strlen(station_conf(w->s)->self));
	body_set_text(b, F_TEXT, "报道路管制情况");
	body_set_time(b, F_WRITTEN, at);
	wire_encode(b, &bytes);
	memset(&e, 0, sizeof e);
	envelope_add_to(&e, station_conf(w->s)->self);
	assert_true(envelope_add_hop(&e, m.origin));
	e.precedence = PREC_URGENT;
	parcel_encode(&e, bytes.p, bytes.n, &parcel);
	w->now = at;
	station_received(w->s, at, station_link(w->s, m.origin), 1, parcel.p, parcel.n);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 0);
	msgid_format(&m, id, MSGID_TEXT_MAX);
	body_free(b);
	buf_free(&bytes);
	buf_free(&parcel);
	envelope_free(&e);
}

static void
test_s6(void **state)
{
	static const char draft[] = "{\"fields\":{\"title\":\"续报稿\"}}";
	struct world *w = *state;
	const struct watch_span *now;
	char key[96], id[MSGID_TEXT_MAX], about[MSGID_TEXT_MAX], promise[96];
	struct msgid incident;
	const json_t *it;
	struct body *b;
	json_t *o;

	plan(w);
	SAY(w, CLOCK(6, 0), "kind", "intake", "place", "石浦镇", "title", "道路塌方", "learned", "2026-09-21T05:58+08:00");
	b = stored(w, &w->id);
	assert_true(body_id(b, F_INCIDENT, &incident));
	body_free(b);
	msgid_format(&incident, id, sizeof id);
	(void)snprintf(key, sizeof key, "incident %s", id);
	comes(w, CLOCK(6, 30), about);
	SAY(w, CLOCK(6, 40), "kind", "receipt", "act", "taken", "refs", about, "person", "王建国", "due", "2026-09-21T08:20+08:00");
	assert_int_equal(station_draft_put(w->s, CLOCK(7, 0), "draft-1", "seat1", draft, strlen(draft)), 0);
	turn(w);

	/* S6-1: collected by the machine. */
	o = ask(w, CLOCK(7, 40), "handover", json_object());
	assert_names(json_object_get(o, "outgoing"), "李敏 王建国");
	assert_names(json_object_get(o, "incoming"), "陈亮 刘芳");
	assert_true(json_integer_value(json_object_get(o, "due")) == CLOCK(8, 0));
	assert_false(json_is_true(json_object_get(o, "under_way")));
	it = item_of(o, key);
	assert_non_null(it);
	assert_non_null(strstr(str_of(it, "text"), "道路塌方"));
	assert_string_equal(str_of(it, "owner"), "李敏");
	assert_non_null(item_of(o, "draft draft-1"));
	assert_non_null(strstr(str_of(item_of(o, "draft "), "text"), "续报稿"));
	assert_non_null(item_of(o, "equipment"));
	assert_non_null(strstr(str_of(item_of(o, "equipment"), "text"), "传真纸未试"));
	assert_non_null(item_of(o, "spoken"));
	assert_true(json_integer_value(json_object_get(json_object_get(o, "counts"), "calls")) == 1);
	json_decref(o);

	SAY(w, CLOCK(7, 40), "kind", "handover", "duty_step", "begin");
	b = stored(w, &w->id);
	assert_int_equal(body_count(b, F_INCOMING), 2);
	assert_int_equal(body_count(b, F_OUTGOING), 2);
	assert_int_equal(body_count(b, F_ASKS), 2);
	assert_string_equal(body_text(b, F_SHIFT), "白班");
	body_free(b);
	SAY(w, CLOCK(7, 50), "kind", "roster", "duty_step", "sign-on", "person", "陈亮");

	/* S6-2: an emergency is taken, reported and signed for while the handover is under way. */
	SAY(w, CLOCK(7, 55), "kind", "intake", "place", "石浦镇", "title", "山体滑坡埋工棚", "learned", "2026-09-21T07:55+08:00");
	SAY(w, CLOCK(7, 57), FIRST);
	o = ask(w, CLOCK(7, 58), "handover", json_object());
	assert_true(json_is_true(json_object_get(o, "under_way")));
	assert_names(json_object_get(o, "responsible"), "李敏 王建国");
	json_decref(o);

	/* S6-3: nothing passes at the hour. */
	o = ask(w, CLOCK(8, 5), "handover", json_object());
	assert_names(json_object_get(o, "responsible"), "李敏 王建国");
	assert_true(json_integer_value(json_object_get(o, "overdue")) == 5 * MIN);
	assert_true(json_integer_value(json_object_get(o, "lacking")) == 4);
	json_decref(o);

	/* S6-4: not without all four; a leader's order, by telephone. */
	REFUSED(w, CLOCK(8, 6), "incoming", "kind", "handover", "duty_step", "begin", "incoming", "陈亮");
	REFUSED(w, CLOCK(8, 11), "signer", "kind", "roster", "duty_step", "stay", "person", "王建国", "incoming", "陈亮");
	SAY(w, CLOCK(8, 12), "kind", "roster", "duty_step", "stay", "person", "王建国", "incoming", "陈亮", "signer", "赵副县长");

	/* The read-back, checked here whatever the desk says of it. */
	REFUSED(w, CLOCK(8, 13), "question", "kind", "handover", "duty_step", "sign", "person", "陈亮");
	SAY(w, CLOCK(8, 13), "kind", "handover", "duty_step", "item", "question", "open", "answer", "1", "answer_ok", "true");
	b = stored(w, &w->id);
	assert_false(body_flag(b, F_ANSWER_OK));
	body_free(b);
	REFUSED(w, CLOCK(8, 13), "question", "kind", "handover", "duty_step", "sign", "person", "陈亮");
	SAY(w, CLOCK(8, 13), "kind", "handover", "duty_step", "item", "question", "open", "answer", "4");
	b = stored(w, &w->id);
	assert_false(body_flag(b, F_ANSWER_OK)); /* a directive alone is no incident */
	body_free(b);
	SAY(w, CLOCK(8, 13), "kind", "handover", "duty_step", "item", "question", "open", "answer", "3");
	o = ask(w, CLOCK(8, 13), "owed", json_object());
	assert_true(json_array_size(json_object_get(o, "items")) > 0);
	json_decref(o);
	{
		char when[24] = "无";
		int64_t soonest = 0;
		size_t i;
		json_t *e;

		o = ask(w, CLOCK(8, 13), "owed", json_object());
		json_array_foreach(json_object_get(o, "items"), i, e)
			if (strcmp(str_of(e, "what"), "written") == 0 || strcmp(str_of(e, "what"), "phone") == 0) {
				int64_t due = json_integer_value(json_object_get(e, "due"));

				soonest = soonest == 0 || due < soonest ? due : soonest;
			}
		json_decref(o);
		if (soonest != 0)
			(void)snprintf(when, sizeof when, "%02d:%02d", (int)((soonest - CLOCK(0, 0)) / MIN / 60 % 24),
			    (int)((soonest - CLOCK(0, 0)) / MIN % 60));
		SAY(w, CLOCK(8, 13), "kind", "handover", "duty_step", "item", "question", "limit", "answer", when);
		b = stored(w, &w->id);
		assert_true(body_flag(b, F_ANSWER_OK));
		body_free(b);
	}

	/* S6-6: gone through; the rest goes along as open. */
	REFUSED(w, CLOCK(8, 14), "topic", "kind", "handover", "duty_step", "item", "topic", "incident nonsense");
	REFUSED(w, CLOCK(8, 14), "person", "kind", "handover", "duty_step", "item", "topic", key, "person", "周强");
	SAY(w, CLOCK(8, 14), "kind", "handover", "duty_step", "item", "topic", key);
	SAY(w, CLOCK(8, 14), "kind", "handover", "duty_step", "item", "topic", "draft draft-1", "person", "陈亮");
	(void)snprintf(promise, sizeof promise, "promise %s", about);
	SAY(w, CLOCK(8, 14), "kind", "handover", "duty_step", "item", "topic", promise, "person", "陈亮");
	SAY(w, CLOCK(8, 14), "kind", "handover", "duty_step", "item", "topic", "spoken", "text", "赵副县长在现场,22时回县");
	o = ask(w, CLOCK(8, 14), "handover", json_object());
	it = item_of(o, key);
	assert_true(json_is_true(json_object_get(it, "passed")));
	assert_string_equal(str_of(it, "new_owner"), "陈亮");
	assert_non_null(strstr(str_of(item_of(o, "spoken"), "text"), "22时回县"));
	json_decref(o);

	/* S6-5: each for himself. */
	REFUSED(w, CLOCK(8, 15), "person", "kind", "handover", "duty_step", "sign", "person", "周强");
	SAY(w, CLOCK(8, 15), "kind", "handover", "duty_step", "sign", "person", "李敏");
	REFUSED(w, CLOCK(8, 15), "person", "kind", "handover", "duty_step", "sign", "person", "李敏", "side", "out");
	SAY(w, CLOCK(8, 15), "kind", "handover", "duty_step", "sign", "person", "陈亮");
	b = stored(w, &w->id);
	assert_int_equal(body_enum(b, F_SIDE), SIDE_IN);
	assert_true(body_count(b, F_ITEM) >= 4);
	body_free(b);
	now = watch_now(station_duty(w->s)->watch);
	assert_non_null(now);
	assert_int_equal(now->n, 2);
	assert_string_equal(now->person[0], "陈亮");
	assert_true(now->from == CLOCK(8, 15));

	/* S6-7: what he took on and passed is the new one's, in what is owed as well, though he is there still. */
	o = ask(w, CLOCK(8, 20), "owed", json_object());
	{
		const json_t *e;
		size_t i, found = 0;

		json_array_foreach(json_object_get(o, "items"), i, e)
			if (strcmp(str_of(e, "about"), about) == 0 && *str_of(e, "person") != '\0') {
				found++;
				assert_string_equal(str_of(e, "person"), "陈亮");
				assert_string_equal(str_of(e, "taken_by"), "王建国");
			}
		assert_true(found > 0);
	}
	json_decref(o);
	assert_string_equal(watch_owner(station_duty(w->s)->watch, id, "王建国", CLOCK(8, 20)), "陈亮");

	/* S6-6: any seat opens the draft; it is the new one's. */
	o = ask(w, CLOCK(8, 20), "drafts", json_object());
	assert_int_equal(json_array_size(json_object_get(o, "drafts")), 1);
	json_decref(o);

	/* S6-10: the replay. */
	o = ask(w, CLOCK(9, 30), "replay", json_pack("{s:I}", "from", (json_int_t)CLOCK(7, 30)));
	assert_true(row_has(o, "责任", "李敏 王建国"));
	assert_true(row_has(o, "责任", "陈亮 王建国"));
	assert_true(row_has(o, "应交 08:00 未交", "李敏 王建国"));
	assert_true(row_has(o, "到岗", "陈亮"));
	assert_true(row_has(o, "令留岗", "王建国"));
	assert_true(row_has(o, "签交接", "李敏"));
	assert_true(row_has(o, "签交接", "陈亮"));
	assert_true(row_has(o, "山体滑坡埋工棚", ""));
	assert_true(row_has(o, "不对", "open"));
	json_decref(o);
	o = ask(w, CLOCK(9, 30), "replay", json_pack("{s:s}", "shift", "last"));
	assert_true(json_integer_value(json_object_get(o, "to")) == CLOCK(8, 15));
	json_decref(o);
}

static size_t
times(const char *text, const char *name)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, name)) != NULL; p += strlen(name))
		n++;
	return n;
}

/* A directive on no incident: one item, each addressee named once, however much is awaited of him; the questions say whose limit they mean. */
static void
test_directive(void **state)
{
	struct world *w = *state;
	const json_t *it;
	json_t *o, *owed, *v;
	size_t i, seen = 0;

	SAY(w, CLOCK(1, 0), "kind", "roster", "duty_step", "sign-on", "person", "何勇", "shift", "班");
	SAY(w, CLOCK(1, 1), "kind", "directive", "to", "330225101", "to", "330225102", "text", "排查危房", "due", "2026-09-21T02:00+08:00");
	SAY(w, CLOCK(1, 2), "kind", "handover", "duty_step", "begin", "incoming", "郑海");
	o = ask(w, CLOCK(1, 3), "handover", json_object());
	assert_null(item_of(o, "incident"));
	it = item_of(o, "directive");
	assert_non_null(it);
	owed = ask(w, CLOCK(1, 3), "owed", json_object());
	json_array_foreach(json_object_get(owed, "items"), i, v) {
		if (strncmp(str_of(v, "what"), "await-", 6) != 0 || *str_of(v, "towards_name") == '\0')
			continue;
		seen++;
		if (times(str_of(it, "text"), str_of(v, "towards_name")) != 1)
			fail_msg("%s: %s", str_of(v, "towards_name"), str_of(it, "text"));
	}
	assert_true(seen > 2); /* signature and feedback of each */
	assert_string_equal(str_of(json_array_get(json_object_get(o, "questions"), 1), "text"), "本站最近时限");
	json_decref(owed);
	json_decref(o);
}

/* A retry of the same request is answered with what became of it, though the handover is over by then. */
static void
test_again(void **state)
{
	struct world *w = *state;
	const char *const fields[] = {"kind", "handover", "duty_step", "begin", "incoming", "郑海", NULL};
	struct body *b = make(fields);
	struct station_submit r = {.rid = "same", .seat = "s", .realm = REALM_LIVE, .body = b};
	struct msgid first;

	SAY(w, CLOCK(1, 0), "kind", "roster", "duty_step", "sign-on", "person", "何勇", "shift", "班");
	for (int i = 0; i < 2; i++) {
		station_submit(w->s, w->now, 42, &r);
		turn(w);
		assert_false(w->refused);
		if (i == 0)
			first = w->id;
		else
			assert_true(w->duplicate && msgid_cmp(&first, &w->id) == 0);
		w->now += 5 * MIN;
	}
	body_free(b);
}

/* An empty station: nothing to hand over to, nothing crashes, and the reason is said. */
static void
test_empty(void **state)
{
	struct world *w = *state;
	json_t *o = ask(w, CLOCK(1, 0), "handover", json_object());

	assert_int_equal(json_array_size(json_object_get(o, "outgoing")), 0);
	assert_true(json_integer_value(json_object_get(o, "due")) == 0);
	json_decref(o);
	REFUSED(w, CLOCK(1, 0), "incoming", "kind", "handover", "duty_step", "begin");
	REFUSED(w, CLOCK(1, 0), "duty_step", "kind", "handover", "duty_step", "sign", "person", "李敏");
	REFUSED(w, CLOCK(1, 0), "duty_step", "kind", "handover", "duty_step", "item", "topic", "spoken");
	REFUSED(w, CLOCK(1, 0), "duty_step", "kind", "handover", "duty_step", "abandon", "person", "李敏", "reason", "x");
	json_decref(ask(w, CLOCK(1, 0), "replay", json_object()));
	memset(&fault, 0, sizeof fault);
	o = json_pack("{s:s}", "shift", "next");
	assert_null(query_answer(&env, w->now, "replay", o, &fault));
	assert_string_equal(fault.field, "shift");
	json_decref(o);
	o = json_pack("{s:I, s:I}", "from", (json_int_t)CLOCK(2, 0), "to", (json_int_t)CLOCK(1, 0));
	assert_null(query_answer(&env, w->now, "replay", o, &fault));
	assert_string_equal(fault.field, "from");
	json_decref(o);
	/* the first shift of a station: who takes over signs, nobody hands over */
	SAY(w, CLOCK(2, 0), "kind", "handover", "duty_step", "begin", "incoming", "何勇");
	SAY(w, CLOCK(2, 0), "kind", "handover", "duty_step", "item", "question", "open", "answer", "0");
	SAY(w, CLOCK(2, 0), "kind", "handover", "duty_step", "item", "question", "limit", "answer", "无");
	SAY(w, CLOCK(2, 1), "kind", "handover", "duty_step", "sign", "person", "何勇");
	o = ask(w, CLOCK(2, 2), "handover", json_object());
	assert_names(json_object_get(o, "responsible"), "何勇");
	json_decref(o);
}

/* Equipment: shipped table, tests of this shift, a bad row named by file and line. */
static void
test_equipment(void **state)
{
	struct world *w = *state;
	struct equipment v[EQUIPMENT_MAX];
	char dir[1024], tmp[] = "/tmp/equipment-XXXXXX", path[128];
	struct fault f = {0};
	FILE *file;
	json_t *o;
	size_t n;

	assert_non_null(conf_dir(dir, sizeof dir, &f));
	assert_int_equal(equipment_load(dir, v, &n, &f), 0);
	assert_true(n >= 6);
	SAY(w, CLOCK(1, 0), "kind", "roster", "duty_step", "sign-on", "person", "何勇", "shift", "班");
	SAY(w, CLOCK(1, 1), "kind", "log", "duty_step", "equipment", "equipment", "fax", "outcome", "reached", "text", "-", "person", "何勇");
	SAY(w, CLOCK(1, 2), "kind", "log", "duty_step", "equipment", "equipment", "satellite", "outcome", "no-answer", "text", "-", "person", "何勇");
	o = ask(w, CLOCK(1, 3), "handover", json_object());
	assert_non_null(strstr(str_of(item_of(o, "equipment"), "text"), "传真纸正常"));
	assert_non_null(strstr(str_of(item_of(o, "equipment"), "text"), "卫星电话!"));
	assert_non_null(strstr(str_of(item_of(o, "equipment"), "text"), "值班电话未试"));
	json_decref(o);
	assert_non_null(mkdtemp(tmp));
	assert_int_equal(equipment_load(tmp, v, &n, &f), 0); /* none: an empty list */
	assert_int_equal(n, 0);
	(void)snprintf(path, sizeof path, "%s/rules", tmp);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/rules/equipment.tsv", tmp);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs("name\ten\tzh\tbasis\nfax\tfax\t传真\tx\nBad name\ta\tb\tx\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(equipment_load(tmp, v, &n, &f), -1);
	assert_int_equal(f.line, 3);
	assert_non_null(strstr(f.file, "equipment.tsv"));
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/rules", tmp);
	(void)rmdir(path);
	(void)rmdir(tmp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_s6, begin, teardown),
	    cmocka_unit_test_setup_teardown(test_directive, begin, teardown),
	    cmocka_unit_test_setup_teardown(test_again, begin, teardown),
	    cmocka_unit_test_setup_teardown(test_empty, begin, teardown),
	    cmocka_unit_test_setup_teardown(test_equipment, begin, teardown),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
