/* The station: what it does with what arrives, with receipts, and with a topology that changes. */
#include "station_help.h"

/* ---- what arrives ---- */

static void
arrive(struct world *w, const char *from, struct body *b, const char *const *to)
{
	struct envelope e;
	struct buf bytes = {0}, parcel = {0};

	memset(&e, 0, sizeof e);
	for (; *to != NULL; to++)
		envelope_add_to(&e, *to);
	assert_true(envelope_add_hop(&e, from));
	e.precedence = PREC_URGENT;
	wire_encode(b, &bytes);
	parcel_encode(&e, bytes.p, bytes.n, &parcel);
	station_received(w->s, w->now, station_link(w->s, from), 1, parcel.p, parcel.n);
	turn(w);
	buf_free(&bytes);
	buf_free(&parcel);
	envelope_free(&e);
}

static struct body *
foreign_report(const char *origin, uint64_t serial, const char *title, const char *const *to)
{
	static const char *const base[] = {
	    "kind", "report", "stage", "first", "place", "西周镇", "type", "12G00", NULL};
	struct body *b = make(base);
	struct msgid id = {.epoch = 1, .serial = serial};

	snprintf(id.origin, sizeof id.origin, "%s", origin);
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_INCIDENT, &id);
	body_set_text(b, F_TITLE, title);
	body_set_text(b, F_NUMBER, "0921-001");
	body_set_time(b, F_WRITTEN, NOW);
	for (; *to != NULL; to++)
		body_add_text(b, F_TO, *to, strlen(*to));
	return b;
}

static int
count_kind(void *ctx, const struct journal_msg *m)
{
	size_t *n = ctx;

	(void)m;
	(*n)++;
	return 0;
}

static size_t
receipts(struct world *w)
{
	size_t n = 0;

	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, count_kind, &n);
	return n;
}

static void
receive(void **state)
{
	static const char *const both[] = {"330225", "330200", NULL}, *const here[] = {"330225", NULL},
				 *const up[] = {"330200", NULL};
	struct world *w = *state;
	struct body *b = foreign_report("330225102", 5, "火灾", both);
	struct msgid id;
	struct journal_msg m;

	assert_true(body_id(b, F_ID, &id));
	arrive(w, "330225102", b, up); /* only passing through */
	assert_int_equal(w->j->ops->get_message(w->j, &id, &m), 0);
	assert_false(m.local);
	buf_free(&m.body);
	assert_int_equal(receipts(w), 0);
	assert_int_equal(w->j->ops->outbox_has(w->j, &id, "330200"), 0);
	arrive(w, "330225102", b, here); /* now for us as well */
	assert_int_equal(w->j->ops->get_message(w->j, &id, &m), 0);
	assert_true(m.local);
	buf_free(&m.body);
	assert_int_equal(receipts(w), 1);
	arrive(w, "330225102", b, both); /* offered anew: 送达 again, nothing twice */
	assert_int_equal(receipts(w), 2);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 0);
	body_free(b);
	b = foreign_report("330225102", 5, "别的", both); /* same id, other content */
	arrive(w, "330225102", b, here);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 1);
	assert_true(w->alarms > 0);
	body_free(b);
	b = foreign_report("330225101", 1, "冒名", here); /* an origin that cannot come from there */
	arrive(w, "330225102", b, here);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 2);
	body_free(b);
	station_received(w->s, w->now, station_link(w->s, "330200"), 9, "garbage", 7);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 3);
}

static void
answering(void **state)
{
	static const char *const here[] = {"330225", NULL};
	struct world *w = *state;
	struct body *b = foreign_report("330225102", 5, "火灾", here), *mine;
	char id[MSGID_TEXT_MAX];
	struct msgid rid, first;

	assert_true(body_id(b, F_ID, &rid));
	msgid_format(&rid, id, sizeof id);
	arrive(w, "330225102", b, here);
	body_free(b);
	const char *const sign[] = {"kind", "receipt", "act", "signed", "person", "李敏", "refs", id, NULL};
	assert_true(submit(w, "s1", sign));
	first = w->id;
	mine = stored(w, &w->id);
	assert_string_equal(body_text(mine, F_TO), "330225102");
	body_free(mine);
	assert_true(submit(w, "s2", sign)); /* signing twice is signing once */
	assert_true(w->duplicate);
	assert_int_equal(msgid_cmp(&first, &w->id), 0);
	/* the county's own report cites the town's, says whose figures they are, and goes to the city */
	const char *const report[] = {"kind", "report", "incident", id, "refs", id, NULL};
	assert_true(submit(w, "c1", report));
	mine = stored(w, &w->id);
	assert_string_equal(body_text(mine, F_TO), "330200");
	assert_string_equal(body_text(mine, F_PLACE), "西周镇");
	int64_t learned;
	assert_true(body_time(mine, F_LEARNED, &learned));
	assert_int_equal(learned, NOW); /* its own 接报: when the town's report arrived */
	body_free(mine);
	/* one receipt for several messages goes to each origin once */
	struct body *second = foreign_report("330225101", 6, "又一起", here),
		    *third = foreign_report("330225102", 7, "第三起", here);
	arrive(w, "330225101", second, here);
	arrive(w, "330225102", third, here);
	body_free(second);
	body_free(third);
	const char *const many[] = {"kind", "receipt", "act", "signed", "person", "李敏", "refs", id, "refs",
	    "330225101.1.6", "refs", "330225102.1.7", NULL};
	struct msgid cited = w->id;
	assert_true(submit(w, "s4", many));
	mine = stored(w, &w->id);
	assert_int_equal(body_count(mine, F_TO), 2);
	body_free(mine);
	w->id = cited;
	const char *const own[] = {"kind", "receipt", "act", "read", "refs", NULL, NULL};
	char cid[MSGID_TEXT_MAX];
	const char *fields[8];
	msgid_format(&w->id, cid, sizeof cid);
	memcpy(fields, own, sizeof own);
	fields[5] = cid;
	fields[6] = NULL;
	assert_false(submit(w, "s3", fields)); /* no receipt for one's own */
	assert_string_equal(w->fault.field, "refs");
}

static void
delivered_by_receipt(void **state)
{
	static const char *const first[] = {FIRST, NULL};
	static const char *const here[] = {"330225", NULL};
	struct world *w = *state;
	struct msgid mine, rid = {.origin = "330200", .epoch = 1, .serial = 1};
	struct journal_delivery d;
	struct body *b;

	assert_true(submit(w, "r", first));
	mine = w->id;
	station_passed(w->s, w->now, 1);
	turn(w);
	b = body_new();
	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, ACT_RETURNED);
	body_set_id(b, F_ID, &rid);
	body_set_id(b, F_REFS, &mine);
	body_set_text(b, F_TO, "330225");
	body_set_text(b, F_REASON, "no path");
	const char *to = "330200";
	struct value v = {.key = F_REGARDING, .field = field_by_key(F_REGARDING)};
	char code[STATION_MAX];
	snprintf(code, sizeof code, "%s", to);
	v.u.text.s = code;
	v.u.text.len = strlen(code);
	body_add_value(b, &v);
	arrive(w, "330200", b, here);
	assert_int_equal(w->j->ops->delivery_get(w->j, &mine, "330200", &d), 0);
	assert_int_equal(d.state, DLV_RETURNED);	/* there is no other way */
	assert_non_null(strstr(d.person, "330200"));
	/* a later 送达 overrides */
	rid.serial = 2;
	body_unset(b, F_REGARDING);
	body_unset(b, F_REASON);
	body_set_id(b, F_ID, &rid);
	body_set_num(b, F_ACT, ACT_DELIVERED);
	arrive(w, "330200", b, here);
	assert_int_equal(w->j->ops->delivery_get(w->j, &mine, "330200", &d), 0);
	assert_int_equal(d.state, DLV_DELIVERED);
	assert_int_equal(d.delivered, NOW);
	body_free(b);
}

static int
count_outbox(void *ctx, const struct journal_outbox *o)
{
	size_t *n = ctx;

	(void)o;
	(*n)++;
	return 0;
}

static void
reoffered(void **state)
{
	static const char *const first[] = {FIRST, NULL};
	struct world *w = *state;
	size_t n = 0;

	assert_true(submit(w, "r", first));
	w->j->ops->outbox_each(w->j, count_outbox, &n);
	assert_int_equal(n, 1);
	station_passed(w->s, w->now, 1); /* the city's switch took custody and then burnt */
	turn(w);
	for (int k = 0; k < 5; k++) {
		w->now += 300000;
		station_tick(w->s, w->now);
		turn(w);
	}
	assert_int_equal(w->j->ops->outbox_has(w->j, &w->id, "330200"), 0);
	n = 0;
	w->j->ops->outbox_each(w->j, count_outbox, &n);
	assert_int_equal(n, 1); /* once, not once a sweep */
}

static void
say(struct world *w, const char *from, uint64_t serial, int realm, int act, const struct msgid *about,
    const char *regarding)
{
	static const char *const here[] = {"330225", NULL};
	struct msgid id = {.realm = (uint8_t)realm, .epoch = 1, .serial = serial};
	struct body *b = body_new();
	char code[STATION_MAX];

	snprintf(id.origin, sizeof id.origin, "%s", from);
	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, act);
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_REFS, about);
	body_set_text(b, F_TO, "330225");
	body_set_text(b, F_REASON, "no path");
	if (regarding != NULL) {
		struct value v = {.key = F_REGARDING, .field = field_by_key(F_REGARDING)};

		snprintf(code, sizeof code, "%s", regarding);
		v.u.text.s = code;
		v.u.text.len = strlen(code);
		body_add_value(b, &v);
	}
	arrive(w, from, b, here);
	body_free(b);
}

static int
state_of(struct world *w, const struct msgid *id, const char *to)
{
	struct journal_delivery d;

	assert_int_equal(w->j->ops->delivery_get(w->j, id, to, &d), 0);
	return d.state;
}

/* Who may say what of whom. */
static void
forged_receipts(void **state)
{
	static const char *const order[] = {
	    "kind", "directive", "text", "清点人数", "to", "330225102", "to", "330200", NULL};
	struct world *w = *state;
	struct msgid mine;

	assert_true(submit(w, "d", order));
	mine = w->id;
	say(w, "330225101", 1, REALM_LIVE, ACT_RETURNED, &mine, "330225102"); /* a neighbour of the addressee */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_OPEN);
	say(w, "330225101", 2, REALM_LIVE, ACT_SIGNED, &mine, "330225102");
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_OPEN);
	say(w, "330225101", 3, REALM_LIVE, ACT_SIGNED, &mine, NULL); /* no addressee of it */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_OPEN);
	say(w, "330225102", 1, REALM_EXERCISE, ACT_SIGNED, &mine, NULL); /* an exercise never touches the live */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_OPEN);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 1);
	say(w, "330225102", 2, REALM_LIVE, ACT_SIGNED, &mine, NULL);
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_SIGNED);
	say(w, "330225102", 3, REALM_LIVE, ACT_RETURNED, &mine, "330225102"); /* a relay's late word */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_SIGNED);
	say(w, "330225102", 4, REALM_LIVE, ACT_RETURNED, &mine, NULL); /* 退回 by the addressee itself */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_RETURNED);
	say(w, "330225102", 5, REALM_LIVE, ACT_DELIVERED, &mine, NULL); /* ... which a copy confirmed once more does not lift */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_RETURNED);
	say(w, "330225102", 7, REALM_LIVE, ACT_TAKEN, &mine, NULL); /* ... but what people there do later */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_TAKEN);
	say(w, "330225102", 6, REALM_LIVE, ACT_RETURNED, &mine, NULL); /* and not what they had done before and was overtaken */
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_TAKEN);
	say(w, "330225102", 9, REALM_LIVE, ACT_RETURNED, &mine, NULL);
	say(w, "330225102", 8, REALM_LIVE, ACT_READ, &mine, NULL);
	assert_int_equal(state_of(w, &mine, "330225102"), DLV_RETURNED);
}

static void
long_foreign_number(void **state)
{
	struct world *w = *state;
	static const char *const h[] = {"kind", "report", "stage", "first", "place", "x", "title", "火灾", "type",
	    "12G00", "learned", "2023-09-21T21:00:00+08:00", "history", "yes", "foreign_id", "1", "foreign_incident",
	    "某某省应急管理厅某某系统二〇二三年第一千零一号事件登记编号甲乙丙丁", NULL};
	struct body *b;

	assert_true(submit(w, "h", h));
	b = stored(w, &w->id); /* decodes: what we send can be read */
	assert_true(strlen(body_text(b, F_NUMBER)) <= 64);
	body_free(b);
}

static void
many_addressees(void **state)
{
	struct world *w = *state;
	struct body *b;
	struct station_submit r = {.rid = "many", .seat = "seat1", .realm = REALM_LIVE};
	static const char *const base[] = {"kind", "directive", "text", "x", NULL};
	struct journal_delivery d;
	size_t n = 0;

	b = make(base);
	for (int i = 0; i < 600; i++) {
		char code[STATION_MAX];

		snprintf(code, sizeof code, "330200-%c%c%c", 'a' + i / 26 / 26, 'a' + i / 26 % 26, 'a' + i % 26);
		body_add_text(b, i < 400 ? F_TO : F_CC, code, strlen(code));
	}
	r.body = b;
	station_submit(w->s, w->now, 1, &r);
	turn(w);
	assert_false(w->refused);
	w->j->ops->outbox_each(w->j, count_outbox, &n);
	assert_int_equal(n, 2); /* 512 addressees an envelope */
	assert_int_equal(w->j->ops->delivery_get(w->j, &w->id, "330200-axb", &d), 0);
	assert_int_equal(w->j->ops->outbox_has(w->j, &w->id, "330200-axb"), 0);
	body_free(b);
}

/* A parcel for two whose ways part under a new topology; and a reload in the turn of a submit. */
static void
topology_changes(void **state)
{
	static const char *const two[] = {"kind", "directive", "text", "x", "to", "330200", "to", "330000", NULL};
	static const char *const down[] = {"kind", "directive", "text", "x", "to", "330225102", NULL};
	struct world *w = *state;
	struct link_status ls;
	struct body *b;
	struct station_submit r = {.rid = "same-turn", .seat = "seat1", .realm = REALM_LIVE};

	assert_true(submit(w, "two", two));
	w->topo.count = 2; /* the city is gone, 330000 is a direct neighbour now */
	snprintf(w->nb[0].station, STATION_MAX, "330000");
	w->nb[0].role = ROLE_NEIGHBOUR;
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	assert_true(station_link_status(w->s, "330000", &ls));
	assert_int_equal(ls.queued[1] + ls.queued[2] + ls.queued[3] + ls.queued[4], 1);
	assert_int_equal(w->j->ops->outbox_has(w->j, &w->id, "330200"), 0); /* waits for a way */
	w->nb[0].role = ROLE_PARENT;
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	assert_true(station_link_status(w->s, "330000", &ls));
	assert_int_equal(ls.queued[1] + ls.queued[2] + ls.queued[3] + ls.queued[4], 2);
	b = make(down);
	r.body = b;
	station_submit(w->s, w->now, 1, &r);
	w->nb[1].rate_bps = 9600; /* the link is made anew before the COMMIT */
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	assert_false(w->refused);
	assert_true(station_link_status(w->s, "330225102", &ls));
	assert_int_equal(ls.queued[1] + ls.queued[2] + ls.queued[3] + ls.queued[4], 1);
	body_free(b);
}

static void
clock_put_right(void **state)
{
	static const char *const first[] = {FIRST, NULL};
	struct world *w = *state;

	w->now += INT64_C(365) * 86400000; /* a year ahead */
	assert_true(submit(w, "r", first));
	station_passed(w->s, w->now, 1);
	turn(w);
	w->now = NOW;
	station_tick(w->s, w->now);
	turn(w);
	assert_int_equal(w->j->ops->outbox_has(w->j, &w->id, "330200"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(receive), T(answering), T(delivered_by_receipt), T(reoffered),
	    T(forged_receipts), T(long_foreign_number), T(many_addressees), T(topology_changes), T(clock_put_right)};

	return cmocka_run_group_tests(tests, load, unload);
}
