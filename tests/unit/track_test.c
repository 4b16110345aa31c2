/* What a directive's addressees have made of it: SCENARIOS S1-1 to S1-6 and screen 07, in numbers. */
#include "order_help.h"
#include "../../formats/jsontext.h"

#define TOWNS 18
#define MAOYANG "330225203" /* no terminal */

static const char *const town[TOWNS] = {XIZHOU, "330225001", "330225002", "330225003", "330225101", "330225103", "330225104", "330225105",
    "330225106", "330225107", "330225108", "330225109", "330225110", "330225200", "330225201", "330225202", MAOYANG, "330225204"};

static struct world *
night(int64_t now)
{
	struct place n[TOWNS + 1] = {{CITY, ROLE_PARENT}};

	for (size_t i = 0; i < TOWNS; i++)
		n[i + 1] = (struct place){town[i], strcmp(town[i], MAOYANG) == 0 ? ROLE_PHONE : ROLE_CHILD};
	return world_new(COUNTY, n, TOWNS + 1, now);
}

/* A message of a neighbour's, as it comes over the line. */
static void
arrives(struct world *w, const char *origin, const struct msgid *of, const char *const *fields)
{
	static uint64_t serial;
	struct body *b = make(fields);
	struct msgid id = {.epoch = 1, .serial = ++serial};
	struct buf bytes = {0}, parcel = {0};
	struct envelope e;

	snprintf(id.origin, sizeof id.origin, "%s", origin);
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_INCIDENT, of);
	body_add_id(b, F_REFS, of);
	body_add_text(b, F_TO, COUNTY, strlen(COUNTY));
	body_set_time(b, F_WRITTEN, w->now);
	wire_encode(b, &bytes);
	memset(&e, 0, sizeof e);
	envelope_add_to(&e, COUNTY);
	assert_true(envelope_add_hop(&e, origin));
	e.precedence = PREC_URGENT;
	parcel_encode(&e, bytes.p, bytes.n, &parcel);
	station_received(w->s, w->now, station_link(w->s, origin), 1, parcel.p, parcel.n);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 0);
	body_free(b);
	buf_free(&bytes);
	buf_free(&parcel);
	envelope_free(&e);
}

static void
moved(struct world *w, const char *origin, const struct msgid *of, const char *all, const char *part, const char *refused_)
{
	static unsigned n;
	char rid[32];
	const char *const f[] = {"kind", "feedback", "text", "进度", "to_move", all, "moved", part, "refused", refused_, "went_back", "0", NULL};
	const char *const by[] = {"kind", "feedback", "refs", text_of(of), "text", "电话报进度", "on_behalf", origin, "to_move", all, "moved", part, "refused",
	    refused_, "went_back", "0", NULL};

	if (strcmp(origin, MAOYANG) != 0) {
		arrives(w, origin, of, f);
		return;
	}
	snprintf(rid, sizeof rid, "phone%u", ++n);
	(void)sent(w, rid, by); /* written down at the county */
}

static void
round_of(struct world *w, int64_t at, const struct msgid *of, const char *part, size_t from)
{
	w->now = at;
	for (size_t i = from; i < TOWNS; i++)
		moved(w, town[i], of, "100", part, "0");
}

static const json_t *
total(const json_t *o, const char *field)
{
	return row_where(o, "totals", "field", field);
}

static void
typhoon(void **state)
{
	struct world *w = night(S1(21, 30));
	const char *order[2 * (TOWNS + 8)] = {"kind", "directive", "text", "危险区23:00前转移到位", "due", "2026-08-12T23:00:00+08:00", "asks",
	    "to_move,moved,refused,went_back", "every", "30"};
	json_t *o;
	size_t n = 10;

	(void)state;
	for (size_t i = 0; i < TOWNS; i++) {
		order[n++] = "to";
		order[n++] = town[i];
	}
	struct msgid id = sent(w, "0812-01", order);

	o = ask_id(w, "track", &id);
	assert_int_equal(json_array_size(json_object_get(o, "rows")), TOWNS);
	assert_int_equal(num(total(o, "moved"), "known"), 0);
	assert_string_equal(str(total(o, "moved"), "value"), "?");	/* nothing is known: that is not 0 */
	assert_string_equal(str(row_where(o, "rows", "to", MAOYANG), "state_name"), "电话(无终端)");
	assert_int_equal(num(row_where(o, "rows", "to", MAOYANG), "delivered"), 0); /* S3-2 */
	json_decref(o);
	/* S1-2 */
	w->now = S1(22, 2);
	moved(w, XIZHOU, &id, "412", "260", "9");
	round_of(w, S1(22, 2), &id, "90", 1);
	o = ask_id(w, "track", &id);
	assert_string_equal(str(total(o, "moved"), "value"), "1790");
	json_decref(o);
	w->now = S1(22, 32);
	moved(w, XIZHOU, &id, "412", "331", "9");
	round_of(w, S1(22, 32), &id, "95", 1);
	w->now = S1(22, 33);
	o = ask_id(w, "track", &id);
	assert_string_equal(str(total(o, "to_move"), "value"), "2112");
	assert_string_equal(str(total(o, "moved"), "value"), "1946");
	assert_string_equal(str(total(o, "refused"), "value"), "9");
	assert_string_equal(str(total(o, "moved"), "coverage"), "18/18 口径 22:32");
	assert_string_equal(str(total(o, "moved"), "text"), "已转移 1946");
	assert_string_equal(str(row_where(o, "rows", "to", XIZHOU), "progress_text"), "331/412");
	json_decref(o);
	/* S1-3: the line has gone; 22:50 another one, urgent; 22:53 it has not arrived. */
	w->now = S1(22, 50);
	const char *const second[] = {"kind", "directive", "to", XIZHOU, "text", "封闭水库下游道路", "precedence", "flash", NULL};
	struct msgid two = sent(w, "0812-02", second);

	w->now = S1(22, 53) + 1;
	o = ask_id(w, "track", &two);
	assert_string_equal(str(row_where(o, "rows", "to", XIZHOU), "state_name"), "未达 改电话");
	json_decref(o);
	/* S1-5 */
	round_of(w, S1(23, 2), &id, "98", 1);
	w->now = S1(23, 26);
	o = ask_id(w, "track", &id);
	assert_string_equal(str(total(o, "moved"), "value"), "1666");
	assert_string_equal(str(total(o, "moved"), "text"), "已转移 1666 + 西周镇不明(22:32 为331)");
	assert_string_equal(str(total(o, "moved"), "coverage"), "17/18 口径 23:02");
	assert_string_equal(str(json_array_get(json_object_get(total(o, "moved"), "missing"), 0), "why"), "old");
	const json_t *r = row_where(o, "rows", "to", XIZHOU);

	assert_true(json_is_true(json_object_get(r, "missing")));
	assert_true(json_is_true(json_object_get(json_object_get(json_object_get(r, "figures"), "moved"), "old")));
	assert_string_equal(str(json_object_get(json_object_get(r, "figures"), "moved"), "value"), "331"); /* the old value stays to be seen */
	assert_true(json_array_size(json_object_get(r, "ways")) > 0);	/* neighbours at least */
	json_decref(o);
	/* S1-6: by satellite telephone, written down here */
	w->now = S1(23, 41);
	const char *const sat[] = {"kind", "feedback", "refs", text_of(&id), "text", "卫星电话", "on_behalf", XIZHOU, "to_move", "412", "moved", "398", "refused",
	    "6", "went_back", "3", "author", "李敏", NULL};

	(void)sent(w, "satellite", sat);
	round_of(w, S1(23, 32), &id, "99", 1);
	w->now = S1(23, 42);
	o = ask_id(w, "track", &id);
	assert_string_equal(str(total(o, "moved"), "value"), "2081");
	assert_string_equal(str(json_object_get(json_object_get(row_where(o, "rows", "to", XIZHOU), "figures"), "moved"), "by"), COUNTY);
	json_decref(o);
	world_free(w);
}

/* "?", about and at least are added up honestly. */
static void
sums(void **state)
{
	static const struct {
		const char *what, *part[3];	/* NULL: it says nothing */
		const char *value, *q;
		int known;
	} table[] = {
	    {"all exact", {"1", "2", "3"}, "6", "exact", 3},
	    {"zero is a number", {"0", "0", "0"}, "0", "exact", 3},
	    {"one about", {"1", "~2", "3"}, "~6", "about", 3},
	    {"one at least", {"1", ">=2", "3"}, ">=6", "at_least", 3},
	    {"at least and about", {"~1", ">=2", "3"}, "~6", "about", 3},
	    {"at most", {"1", "<=2", "3"}, "<=6", "at_most", 3},
	    {"at least and at most", {"<=1", ">=2", "3"}, "~6", "about", 3},
	    {"one unknown", {"1", "?", "3"}, "4", "at_least", 2},
	    {"one silent", {"1", NULL, "3"}, "4", "at_least", 2},
	    {"at most, and one silent", {"<=1", NULL, "3"}, "<=4", "about", 2},
	    {"nobody knows", {"?", "?", NULL}, "?", "unknown", 0},
	};
	static const char *const to[] = {XIZHOU, QIANGTOU, "330225101"};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct world *w = county_new(S1(21, 30));
		const char *const order[] = {"kind", "directive", "to", XIZHOU, "to", QIANGTOU, "to", "330225101", "text", "报", "asks", "moved", NULL};
		struct msgid id = sent(w, "order", order);
		json_t *o;

		w->now = S1(21, 40);
		for (size_t k = 0; k < 3; k++) {
			const char *const f[] = {"kind", "feedback", "text", "数", table[i].part[k] != NULL ? "moved" : NULL, table[i].part[k], NULL};

			arrives(w, to[k], &id, f);
		}
		o = ask_id(w, "track", &id);
		if (strcmp(str(total(o, "moved"), "value"), table[i].value) != 0 || strcmp(str(total(o, "moved"), "q"), table[i].q) != 0)
			fail_msg("%s: %s %s", table[i].what, str(total(o, "moved"), "value"), str(total(o, "moved"), "q"));
		assert_int_equal(num(total(o, "moved"), "known"), table[i].known);
		assert_int_equal(json_array_size(json_object_get(total(o, "moved"), "missing")), 3 - table[i].known);
		json_decref(o);
		world_free(w);
	}
}

/* Until when a figure holds. */
static void
freshness(void **state)
{
	static const struct {
		const char *what, *every, *promise, *progress;
		int minutes;	/* later */
		bool old;
	} table[] = {
	    {"no interval, no promise", NULL, NULL, "ongoing", 600, false},
	    {"within the interval", "30", NULL, "ongoing", 30, false},
	    {"past it", "30", NULL, "ongoing", 31, true},
	    {"within what was promised", NULL, "2026-08-12T22:40:00+08:00", "ongoing", 60, false},
	    {"past what was promised", NULL, "2026-08-12T22:40:00+08:00", "ongoing", 61, true},
	    {"a promise stretches no interval", "30", "2026-08-12T23:40:00+08:00", "ongoing", 31, true},
	    {"done stays done", "30", NULL, "done", 600, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct world *w = county_new(S1(21, 30));
		const char *const order[] = {"kind", "directive", "to", XIZHOU, "text", "报", "asks", "moved", table[i].every != NULL ? "every" : NULL,
		    table[i].every, NULL};
		struct msgid id = sent(w, "order", order);
		const char *const f[] = {"kind", "feedback", "text", "数", "moved", "7", "progress", table[i].progress,
		    table[i].promise != NULL ? "due" : NULL, table[i].promise, NULL};
		json_t *o;

		w->now = S1(21, 40);
		arrives(w, XIZHOU, &id, f);
		w->now = S1(21, 40 + table[i].minutes);
		o = ask_id(w, "track", &id);
		if ((num(total(o, "moved"), "known") == 0) != table[i].old)
			fail_msg("%s: known %d", table[i].what, (int)num(total(o, "moved"), "known"));
		if (strcmp(table[i].progress, "done") == 0)
			assert_string_equal(str(row_where(o, "rows", "to", XIZHOU), "state_name"), "已办结");
		json_decref(o);
		world_free(w);
	}
}

/* Screen 07: 31 of 40 households at half time is as it should be, 12 of 60 is slow. */
static void
screen(void **state)
{
	struct world *w = county_new(S1(21, 2));
	const char *const order[] = {"kind", "directive", "to", XIZHOU, "to", QIANGTOU, "to", "330225101", "text", "低洼区140户全部转移", "due",
	    "2026-08-12T22:00:00+08:00", "asks", "to_move_hh,moved_hh", "every", "30", NULL};
	struct msgid id = sent(w, "0712-04", order);
	const char *const good[] = {"kind", "feedback", "text", "剩9户均为独居老人", "person", "孙", "to_move_hh", "40", "moved_hh", "31", NULL};
	const char *const bad[] = {"kind", "feedback", "text", "进度", "to_move_hh", "60", "moved_hh", "12", NULL};
	const char *const takes[] = {"kind", "receipt", "act", "taken", "person", "孙", "due", "2026-08-12T21:36:00+08:00", NULL};
	json_t *o;
	const json_t *r;

	(void)state;
	w->now = S1(21, 6);
	arrives(w, XIZHOU, &id, takes);
	w->now = S1(21, 31);
	arrives(w, XIZHOU, &id, good);
	arrives(w, QIANGTOU, &id, bad);
	w->now = S1(21, 32);
	o = ask_id(w, "track", &id);
	r = row_where(o, "rows", "to", XIZHOU);
	assert_string_equal(str(r, "progress_text"), "31/40户");
	assert_string_equal(str(r, "state_name"), "正常");
	assert_string_equal(str(r, "taker"), "孙");
	assert_false(json_is_true(json_object_get(r, "lapsed")));
	assert_string_equal(str(row_where(o, "rows", "to", QIANGTOU), "progress_text"), "12/60户");
	assert_string_equal(str(row_where(o, "rows", "to", QIANGTOU), "state_name"), "慢");
	assert_string_equal(str(row_where(o, "rows", "to", "330225101"), "state_name"), "未达 改电话");
	assert_string_equal(str(total(o, "moved_hh"), "value"), "43");
	assert_string_equal(str(total(o, "moved_hh"), "text"), "已转移户数 43户 + 石浦镇不明");
	assert_string_equal(str(o, "title"), "低洼区140户全部转移");
	json_decref(o);
	o = ask(w, "orders", json_object());
	r = json_array_get(json_object_get(o, "orders"), 0);
	assert_int_equal(num(r, "open"), 3);
	assert_int_equal(num(r, "total"), 3);
	json_decref(o);
	world_free(w);
}

/* S1-7: taken on until 21:36 and nothing said since: the matter is nobody's again, and that comes by the time alone. */
static void
promise_lapses(void **state)
{
	struct world *w = night(S1(21, 0));
	const char *const order[] = {"kind", "directive", "to", XIZHOU, "text", "核查水库", NULL};
	const char *const takes[] = {"kind", "receipt", "act", "taken", "person", "孙", "due", "2026-08-12T21:36:00+08:00", NULL};
	struct msgid id = sent(w, "0712-05", order);
	json_t *o;

	(void)state;
	w->now = S1(21, 6);
	arrives(w, XIZHOU, &id, takes);
	for (int minute = 35; minute <= 37; minute += 2) {
		w->now = S1(21, minute);
		o = ask_id(w, "track", &id);
		assert_int_equal(json_is_true(json_object_get(row_where(o, "rows", "to", XIZHOU), "lapsed")), minute > 36);
		json_decref(o);
	}
	world_free(w);
}

/* S3-2, S3-4: a station with nothing but a telephone. */
static void
telephone_only(void **state)
{
	struct world *w = night(S1(19, 8));
	const char *const order[] = {"kind", "directive", "to", MAOYANG, "text", "核查翻坠", "due", "2026-08-12T19:18:00+08:00", NULL};
	struct msgid id = sent(w, "verify it", order);
	static const struct { int minute; const char *state; } table[] = {{9, "phone"}, {18, "phone"}, {19, "late"}};
	json_t *o;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		w->now = S1(19, table[i].minute);
		o = ask_id(w, "track", &id);
		assert_string_equal(str(row_where(o, "rows", "to", MAOYANG), "state"), table[i].state);
		assert_int_equal(num(row_where(o, "rows", "to", MAOYANG), "delivered"), 0);
		assert_int_equal(num(row_where(o, "rows", "to", MAOYANG), "read"), 0);
		json_decref(o);
	}
	w->now = S1(19, 21);
	const char *const says[] = {"kind", "feedback", "refs", text_of(&id), "on_behalf", MAOYANG, "text", "死2伤8", "answered_by", "老丁", "progress", "done",
	    "dead", "2", "light", "8", NULL};

	(void)sent(w, "answered", says);
	o = ask_id(w, "track", &id);
	assert_string_equal(str(row_where(o, "rows", "to", MAOYANG), "state_name"), "已办结");
	assert_string_equal(str(total(o, "dead"), "value"), "2"); /* nothing was asked for by name */
	json_decref(o);
	world_free(w);
}

/* A directive of the level above that is passed on is followed by what was passed on. */
static void
passed_on(void **state)
{
	struct world *w = county_new(S1(21, 30)), *city;
	static const struct place below[] = {{COUNTY, ROLE_CHILD}};
	json_t *o;

	(void)state;
	city = world_new(CITY, below, 1, S1(21, 30));
	const char *const from[] = {"kind", "directive", "order_type", "supervision", "to", COUNTY, "text", "督办转移", "asks", "moved", NULL};
	struct msgid theirs = sent(city, "theirs", from);

	carry(city, w, CITY, &theirs);
	o = ask(w, "orders", json_pack("{s:s}", "type", "supervision"));
	assert_string_equal(str(json_array_get(json_object_get(o, "orders"), 0), "state_name"), "待签收");
	json_decref(o);
	const char *const on[] = {"kind", "directive", "refs", text_of(&theirs), "to", XIZHOU, "text", "落实市督办", "asks", "moved", NULL};
	struct msgid ours = sent(w, "ours", on);

	o = ask_id(w, "track", &theirs);
	assert_string_equal(str(o, "id"), text_of(&ours));
	assert_string_equal(str(o, "asked_for"), text_of(&theirs));
	assert_string_equal(str(row_where(o, "rows", "to", XIZHOU), "to_name"), "西周镇");
	json_decref(o);
	/* the incident's number or id leads there, too */
	o = ask(w, "track", json_pack("{s:s}", "ref", text_of(&theirs)));
	assert_string_equal(str(o, "id"), text_of(&ours));
	json_decref(o);
	world_free(w);
	world_free(city);
}

/* A directive is corrected, and a town answers the version on its screen: it has answered, and which version is said. */
static void
old_version(void **state)
{
	static const struct {
		const char *what;
		int minute;		/* of the answer to the first version; corrected at 10, asked at 46 */
		const char *progress;
		bool done;		/* the matter is done with */
		const char *state_name;
	} table[] = {
	    {"done, after the correction", 45, "done", true, "已办结 答旧版"},
	    {"goes on, after the correction", 45, "ongoing", false, NULL},
	    {"done, before it", 5, "done", false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct world *w = county_new(S1(21, 0));
		const char *const order[] = {"kind", "directive", "to", XIZHOU, "to", QIANGTOU, "text", "封路", "due", "2026-08-12T22:00:00+08:00", "asks", "moved", NULL};
		struct msgid one = sent(w, "one", order), two = {0};
		const char *const mends[] = {"kind", "directive", "stage", "correction", "refs", text_of(&one), "to", XIZHOU, "to", QIANGTOU, "text", "封路", "due",
		    "2026-08-12T21:40:00+08:00", "asks", "moved", "reason", "提前", "author", "李敏", NULL};
		const char *const says[] = {"kind", "feedback", "text", "已封", "progress", table[i].progress, "moved", "7", NULL};
		const char *const signs[] = {"kind", "receipt", "act", "signed", "person", "周平", NULL};
		json_t *o, *owed;
		const json_t *r, *it;
		size_t k;
		bool awaited = false, unsigned_ = false;

		for (int minute = 1; minute <= 46; minute++) {
			w->now = S1(21, minute);
			if (minute == 1)
				arrives(w, XIZHOU, &one, signs);
			if (minute == 10)
				two = sent(w, "two", mends);
			if (minute == table[i].minute)
				arrives(w, XIZHOU, &one, says);
		}
		o = ask_id(w, "track", &one);	/* the old one leads to the new one */
		assert_string_equal(str(o, "id"), text_of(&two));
		assert_string_equal(str(o, "asked_for"), text_of(&one));
		json_decref(o);
		o = ask_id(w, "track", &two);
		r = row_where(o, "rows", "to", XIZHOU);
		assert_string_equal(str(total(o, "moved"), "value"), "7");
		assert_int_equal(num(total(o, "moved"), "known"), 1);
		assert_true(json_is_true(json_object_get(r, "old")));
		assert_string_equal(str(r, "old_name"), "答旧版");
		assert_string_equal(str(r, "text"), "已封");
		if (json_is_true(json_object_get(r, "open")) == table[i].done)
			fail_msg("%s: %s", table[i].what, str(r, "state_name"));
		if (table[i].state_name != NULL)
			assert_string_equal(str(r, "state_name"), table[i].state_name);
		assert_false(json_is_true(json_object_get(row_where(o, "rows", "to", QIANGTOU), "old")));
		owed = ask(w, "owed", json_object());
		json_array_foreach(json_object_get(owed, "items"), k, it) {
			if (strcmp(str(it, "towards"), XIZHOU) != 0)
				continue;
			awaited |= strcmp(str(it, "what"), "await-feedback") == 0;
			unsigned_ |= strcmp(str(it, "what"), "await-sign") == 0;
		}
		if (awaited != (table[i].minute < 10))
			fail_msg("%s: awaited %d", table[i].what, awaited);
		if (unsigned_ == table[i].done)	/* who answered the old one has not read this one */
			fail_msg("%s: signature awaited %d", table[i].what, unsigned_);
		json_decref(owed);
		json_decref(o);
		world_free(w);
	}
}

static void
keep_remark(void *ctx, const char *text)
{
	struct buf *all = ctx;

	buf_printf(all, "%s\n", text);
}

/* At the town: an answer to what was taken back or corrected is taken, and says so. */
static void
stale_remark(void **state)
{
	static const struct {
		const char *what, *type, *stage, *says;
		bool other;	/* the answer names the new message */
	} table[] = {
	    {"as it stands", NULL, NULL, NULL, false},
	    {"taken back", "revoked", NULL, "taken back at 21:50", false},
	    {"corrected", NULL, "correction", "corrected at 21:50", false},
	    {"corrected, the new one answered", NULL, "correction", NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct world *w = county_new(S1(21, 30)), *below = town_new(XIZHOU, S1(21, 30));
		struct query_env env = {.station = below->s, .zh = true};
		const char *const order[] = {"kind", "directive", "to", XIZHOU, "text", "封路", NULL};
		struct msgid id = sent(w, "order", order), next = id;
		const char *const then[] = {"kind", "directive", "refs", text_of(&id), "to", XIZHOU, "text", "封路", "reason", "x", "author", "李敏",
		    table[i].type != NULL ? "order_type" : "stage", table[i].type != NULL ? table[i].type : table[i].stage, NULL};
		struct buf said = {0};

		carry(w, below, COUNTY, &id);
		w->now = below->now = S1(21, 50);
		if (table[i].type != NULL || table[i].stage != NULL) {
			next = sent(w, "then", then);
			carry(w, below, COUNTY, &next);
		}
		below->now = S1(21, 52);
		const char *const back[] = {"kind", "feedback", "refs", text_of(table[i].other ? &next : &id), "text", "已封", "progress", "done", NULL};
		struct msgid answer = sent(below, "back", back);	/* taken, whatever it answers */
		struct body *b = stored(below, &answer);

		query_stale_remark(&env, b, below->now, keep_remark, &said);
		if (table[i].says == NULL ? said.n != 0 : strstr(buf_cstr(&said), table[i].says) == NULL)
			fail_msg("%s: %s", table[i].what, buf_cstr(&said));
		buf_free(&said);
		body_free(b);
		world_free(w);
		world_free(below);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(typhoon),
	    cmocka_unit_test(sums),
	    cmocka_unit_test(freshness),
	    cmocka_unit_test(screen),
	    cmocka_unit_test(promise_lapses), cmocka_unit_test(telephone_only),
	    cmocka_unit_test(passed_on), cmocka_unit_test(old_version),
	    cmocka_unit_test(stale_remark),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
