/*
 * Presence between stations: what a neighbour is told, by what acts, how soon, and that nonsense is refused; stations without a terminal never
 * show 送达 or 已阅; clocks that are off.  Numbers of the scenarios: S1-1, S1-3, S3-2, S6-9, K11.
 */
#include "line_net.h"
#include "../../formats/wire.h"
#include "../../switch/presence.h"
#include "../../switch/query.h"

#define MIN INT64_C(60000)

static struct presence
seen(struct node *n, int of)
{
	struct presence pr;

	station_presence(n->s, node_now(n), node_codes[of], &pr);
	return pr;
}

static const char *
said(struct node *n, int of)
{
	static char text[128];
	struct presence pr = seen(n, of);

	return presence_text(&pr, node_now(n), true, text, sizeof text);
}

static void
seats(struct node *n, unsigned open)
{
	station_seats(n->s, node_now(n), open);
	node_turn(n);
}

static void
key(struct node *n)
{
	station_attended(n->s, node_now(n));
	node_turn(n);
}

/* S1-1: a key at the desk, not a host that runs. */
static void
s1_1_key_not_host(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	char text[128];

	net_start(net);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_NO_SEAT);
	seats(town, 1);
	net_run(net, 2000);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_IDLE);
	assert_int_equal(seen(county, TOWN).last_key, 0);
	key(town);
	net_run(net, 2000);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_ATTENDED);
	assert_true(seen(county, TOWN).last_key >= node_now(county) - 3000);
	time_format(seen(county, TOWN).last_key, TIME_CLOCK, text, sizeof text);
	assert_non_null(strstr(said(county, TOWN), "坐席有键 "));
	assert_non_null(strstr(said(county, TOWN), text));
	/* nobody for attended_minutes: online, nobody there (S6-10) */
	net_run(net, 16 * MIN);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_IDLE);
	assert_non_null(strstr(said(county, TOWN), "在线无人"));
	/* the last desk is closed: at once */
	key(town);
	net_run(net, 2000);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_ATTENDED);
	seats(town, 0);
	net_run(net, 2000);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_NO_SEAT);
	assert_non_null(strstr(said(county, TOWN), "坐席无人"));
	/* a person at dutyctl is a person */
	key(town);
	net_run(net, 2000);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_ATTENDED);
	/* the city knows nothing of the town but what its people send */
	assert_int_equal(seen(&net->node[CITY], TOWN).state, PRESENCE_UNKNOWN);
}

/* Keys that go on are told again, at most once in five minutes; a desk left alone says nothing. */
static void
thin(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	int64_t told;
	unsigned moved = 0;
	uint64_t frames;

	net_start(net);
	seats(town, 1);
	key(town);
	net_run(net, 2000);
	told = seen(county, TOWN).last_key;
	for (int i = 0; i < 60; i++) {
		net_run(net, MIN / 2);
		key(town);
		moved += seen(county, TOWN).last_key - told > 1000;
		told = seen(county, TOWN).last_key;
	}
	assert_in_range(moved, 5, 7); /* 30 minutes */
	assert_true(node_now(county) - seen(county, TOWN).last_key < 6 * MIN);
	net_run(net, 20 * MIN);
	frames = net->frames;
	net_run(net, 60 * MIN);
	seats(town, 1);
	assert_true(net->frames - frames < 2000);	/* probes of the links, no storm */
}

/* S1-3, K11: a hosted seat's line is cut: the county sees it, and no 送达 is made. */
static void
s1_3_hosted_seat_cut(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct station_conf *c;
	struct msgid id;

	net_start(net);
	c = (struct station_conf *)(uintptr_t)station_conf(town->s);
	c->hosted = true;
	seats(town, 1);
	key(town);
	net_run(net, 2000);
	id = order(county, "one", "330225102");
	net_run(net, 2000);
	assert_int_equal(node_delivery(county, &id, "330225102"), DLV_DELIVERED);
	seats(town, 0); /* the key was pressed seconds ago, and it counts no more */
	net_run(net, 60000);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_NO_SEAT);
	assert_true(seen(county, TOWN).hosted);
	assert_non_null(strstr(said(county, TOWN), "坐席断 "));
	assert_non_null(strstr(said(county, TOWN), "(托管,不算在线)"));
	id = order(county, "two", "330225102");
	net_run(net, 30 * MIN);
	assert_int_equal(node_delivery(county, &id, "330225102"), DLV_CUSTODY);
	seats(town, 1);
	net_run(net, 2 * MIN);
	assert_int_equal(node_delivery(county, &id, "330225102"), DLV_CUSTODY); /* a desk is no person yet */
	key(town);
	net_run(net, 2000);
	assert_int_equal(node_delivery(county, &id, "330225102"), DLV_DELIVERED);
}

/* What this station is shown of handovers others owe: how many, the last one's title and limit. */
static int
unhanded(struct node *n, char title[256], int64_t *due)
{
	struct query_env env = {.station = n->s, .zh = true};
	struct fault f = {0};
	json_t *request = json_object(), *o = query_answer(&env, node_now(n), "owed", request, &f), *e;
	size_t i;
	int found = 0;

	if (o == NULL)
		fail_msg("%s", f.text);
	json_array_foreach(json_object_get(o, "items"), i, e)
		if (strcmp(json_string_value(json_object_get(e, "what")), "await-handover") == 0) {
			found++;
			*due = json_integer_value(json_object_get(e, "due"));
			if (title != NULL)
				(void)snprintf(title, 256, "%s", json_string_value(json_object_get(e, "title")));
		}
	json_decref(o);
	json_decref(request);
	return found;
}

/* S6-9: the hour of the handover goes by: nothing is handed over by itself, and the county sees who is still responsible, and since when it is due. */
static void
s6_9_handover_past(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	char from[40], until[40], later[40], title[256];
	int64_t end, due, before;

	net_start(net);
	end = node_now(town) + 10 * MIN;
	time_format(end - 24 * HOUR, TIME_RFC3339, from, sizeof from);
	time_format(end, TIME_RFC3339, until, sizeof until);
	time_format(end + 24 * HOUR, TIME_RFC3339, later, sizeof later);
	(void)node_says(town, "shift1", (const char *const[]){"kind", "roster", "duty_step", "shift", "shift", "一", "period_from", from, "period_to", until,
	    "duty_officer", "何勇", "author", "何勇", NULL});
	(void)node_says(town, "shift2", (const char *const[]){"kind", "roster", "duty_step", "shift", "shift", "二", "period_from", until, "period_to", later,
	    "duty_officer", "许宁", "author", "何勇", NULL});
	(void)node_says(town, "on", (const char *const[]){"kind", "roster", "duty_step", "sign-on", "person", "何勇", "author", "何勇", NULL});
	net_run(net, MIN);
	assert_string_equal(seen(county, TOWN).on_duty, "何勇");
	assert_int_equal(seen(county, TOWN).due_handover, 0);
	/* The parent does not stand behind them at the hour: the rules give them 20 minutes (numbers.tsv handover_parent_minutes). */
	net_run(net, 20 * MIN);
	assert_string_equal(seen(county, TOWN).on_duty, "何勇");
	assert_true(seen(county, TOWN).due_handover > end - MIN && seen(county, TOWN).due_handover < end + MIN);
	assert_int_equal(unhanded(county, NULL, &due), 0);
	net_run(net, 10 * MIN);
	assert_int_equal(unhanded(county, title, &due), 1);
	assert_non_null(strstr(title, "未交接 责任仍何勇"));
	assert_true(due >= end + 19 * MIN && due <= end + 21 * MIN && due % MIN == 0);
	/* The same thing stays the same: chased once. */
	before = due;
	net_run(net, 15 * MIN);
	assert_int_equal(unhanded(county, title, &due), 1);
	assert_int_equal(due, before);
	/* It is nobody's concern but the one above. */
	assert_int_equal(unhanded(&net->node[CITY], NULL, &due), 0);
	(void)node_says(town, "begin", (const char *const[]){"kind", "handover", "duty_step", "begin", "incoming", "许宁", "author", "何勇", NULL});
	(void)node_says(town, "out", (const char *const[]){"kind", "handover", "duty_step", "sign", "person", "何勇", "side", "out", NULL});
	for (size_t i = 0; i < 2; i++)
		(void)node_says(town, i == 0 ? "q1" : "q2", (const char *const[]){"kind", "handover", "duty_step", "item", "question", i == 0 ? "open" : "limit",
		    "answer", i == 0 ? "0" : "无", NULL});
	(void)node_says(town, "in", (const char *const[]){"kind", "handover", "duty_step", "sign", "person", "许宁", "side", "in", NULL});
	net_run(net, 2 * MIN);
	assert_string_equal(seen(county, TOWN).on_duty, "许宁");
	assert_int_equal(unhanded(county, NULL, &due), 0);
}

/* The line between the stations: since when, and what came back with it; an older peer tells nothing. */
static void
line_down(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	int64_t cut;

	net_start(net);
	seats(town, 2);
	key(town);
	net_run(net, 2000);
	cut = node_now(county);
	net->cut[COUNTY] = true;
	net_cut(net, COUNTY);
	net_run(net, 3 * 60 * MIN);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_DOWN);
	assert_true(seen(county, TOWN).since >= cut && seen(county, TOWN).since < cut + MIN);
	assert_non_null(strstr(said(county, TOWN), "断线 "));
	assert_int_equal(seen(town, COUNTY).state, PRESENCE_DOWN);
	net->cut[COUNTY] = false;
	net_run(net, MIN);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_IDLE);
	node_stop(town);
	town->version = 1;
	node_start(town);
	net_run(net, MIN);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_UNKNOWN);
	(void)report(town, "said");
	net_run(net, MIN);
	assert_int_equal(seen(county, TOWN).state, PRESENCE_ATTENDED); /* what comes from there was written by somebody */
}

/* The acts of a station that is no neighbour are known again after a restart. */
static void
by_acts(void **state)
{
	struct net *net = *state;
	struct node *city = &net->node[CITY];
	struct msgid id;

	net_start(net);
	id = order(city, "order", "330225102");
	net_run(net, MIN);
	/* 送达 is the machine's */
	assert_int_equal(node_delivery(city, &id, "330225102"), DLV_DELIVERED);
	assert_int_equal(presence_last_act(city->s, node_now(city), "330225102"), 0);
	(void)node_says(&net->node[TOWN], "fb", (const char *const[]){"kind", "feedback", "text", "已清点", "refs", text_of(&id), NULL});
	net_run(net, MIN);
	assert_true(presence_last_act(city->s, node_now(city), "330225102") > node_now(city) - 2 * MIN);
	node_stop(city);
	node_start(city);
	assert_true(presence_last_act(city->s, node_now(city), "330225102") > node_now(city) - 2 * MIN);
	net_run(net, 20 * MIN);
	assert_int_equal(seen(city, TOWN).state, PRESENCE_UNKNOWN);
}

/* What a neighbour may say: bounded, clean, of states it can be in; the rest changes nothing. */
static void
garbage(void **state)
{
	struct net *net = *state;
	struct node *county = &net->node[COUNTY];
	static const struct {
		uint64_t state, since;
		int64_t key, over;
		const char *names;
		int hosted;	/* -1: a number where a yes or no stands; -2 the note ends */
		bool ok;
	} cases[] = {
	    {4, 5, 5, -1, "周强", 0, true},
	    {2, 5, -1, 60000, "", 1, true},
	    {0, 5, 5, -1, "周强", 0, false},
	    {1, 5, 5, -1, "周强", 0, false},
	    {5, 5, 5, -1, "周强", 0, false},
	    {99, 5, 5, -1, "周强", 0, false},
	    {4, UINT64_MAX, 5, -1, "周强", 0, false},
	    {4, 5, -2, -1, "周强", 0, false},
	    {4, 5, INT64_MAX, -1, "周强", 0, false},
	    {4, 5, 5, INT64_MAX, "周强", 0, false},
	    {4, 5, 5, -1, "a\033[2Jb", 0, false},
	    {4, 5, 5, -1, "a\nb", 0, false},
	    {4, 5, 5, -1, "周强", -1, false},
	    {4, 5, 5, -1, "周强", -2, false},
	};

	net_start(net);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct presence before = seen(county, TOWN);
		struct buf note = {0};
		bool taken;

		token_put_array(&note, 8);
		token_put_uint(&note, 8);
		token_put_uint(&note, cases[i].state);
		token_put_uint(&note, cases[i].since);
		token_put_int(&note, cases[i].key);
		if (cases[i].hosted == -1)
			token_put_uint(&note, 1);
		else if (cases[i].hosted >= 0)
			token_put_bool(&note, cases[i].hosted);
		if (cases[i].hosted != -2) {
			token_put_text(&note, cases[i].names, strlen(cases[i].names));
			token_put_int(&note, cases[i].over);
			token_put_text(&note, "later", 5); /* of a later version: passed over */
		}
		line_note(county->s, node_now(county), "330225102", note.p, note.n);
		taken = seen(county, TOWN).state == (int)cases[i].state && strcmp(seen(county, TOWN).on_duty, cases[i].names) == 0;
		if (cases[i].ok && !taken)
			fail_msg("case %zu is not taken", i);
		if (!cases[i].ok && memcmp(&before, (struct presence[]){seen(county, TOWN)}, sizeof before) != 0)
			fail_msg("case %zu changed something", i);
		buf_free(&note);
	}
	{
		char long_names[400];
		struct buf note = {0};

		memset(long_names, 'x', sizeof long_names);
		token_put_array(&note, 7);
		token_put_uint(&note, 8);
		token_put_uint(&note, 4);
		token_put_uint(&note, 1);
		token_put_int(&note, 1);
		token_put_bool(&note, false);
		token_put_text(&note, long_names, sizeof long_names);
		token_put_int(&note, -1);
		line_note(county->s, node_now(county), "330225102", note.p, note.n);
		assert_null(strstr(seen(county, TOWN).on_duty, "xxx"));
		buf_free(&note);
	}
}

/* A clock three hours off is alarmed once, and again when it was right between. */
static void
clock_off(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	int64_t diff;

	net_start(net);
	assert_false(presence_clock_off(county->s, "330225102", &diff));
	town->off += 3 * HOUR;
	net_run(net, 10 * MIN);
	assert_true(presence_clock_off(county->s, "330225102", &diff));
	assert_true(diff > 3 * HOUR - MIN && diff < 3 * HOUR + MIN);
	assert_int_equal(county->clocks, 1);
	assert_non_null(strstr(county->alarm, "330225102"));
	net_run(net, 3 * HOUR);
	assert_int_equal(county->clocks, 1);
	town->off -= 3 * HOUR;
	net_run(net, 10 * MIN);
	assert_false(presence_clock_off(county->s, "330225102", &diff));
	town->off -= HOUR;
	net_run(net, 10 * MIN);
	assert_int_equal(county->clocks, 2);
}

/* S3-2: an addressee by telephone: taken, open, nothing on its way, never returned from silence, no receipt believed. */
static void
s3_2_phone_only(void **state)
{
	struct world *w = *state;
	struct journal_delivery d;
	struct journal_counts c;
	struct msgid id, forged = {.origin = "330225203", .epoch = 5, .serial = 1};
	struct presence pr;
	struct envelope e;
	struct buf bytes = {0}, out = {0};
	struct body *b;

	memset(&d, 0, sizeof d);
	w->nb[2].role = ROLE_PHONE;
	snprintf(w->nb[2].station, STATION_MAX, "330225203");
	memset(w->nb[2].key, 0, sizeof w->nb[2].key);
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	assert_null(station_link(w->s, "330225203"));
	id = sent(w, "order", (const char *const[]){"kind", "directive", "text", "核查省道", "to", "330225203", "to", "330225102", NULL});
	assert_int_equal(w->j->ops->delivery_get(w->j, &id, "330225203", &d), 0);
	assert_int_equal(d.state, DLV_OPEN);
	assert_int_equal(w->j->ops->counts(w->j, &c), 0);
	assert_int_equal(c.no_path, 0);
	assert_int_equal(c.outbox, 1); /* the one with a terminal */
	assert_true(w->j->ops->outbox_has(w->j, &id, "330225203") != 0);
	station_presence(w->s, w->now, "330225203", &pr);
	assert_int_equal(pr.state, PRESENCE_PHONE);
	/* A receipt in its name, by either neighbour. */
	for (size_t k = 0; k < 2; k++) {
		static const int acts[] = {ACT_DELIVERED, ACT_READ};

		b = body_new();
		forged.serial++;
		body_set_num(b, F_KIND, KIND_RECEIPT);
		body_set_id(b, F_ID, &forged);
		body_set_num(b, F_ACT, acts[k]);
		body_set_id(b, F_REFS, &id);
		body_add_text(b, F_TO, "330225", 6);
		body_set_time(b, F_WRITTEN, w->now);
		memset(&e, 0, sizeof e);
		e.precedence = 4;
		envelope_add_to(&e, "330225");
		(void)envelope_add_hop(&e, k == 0 ? "330200" : "330225102");
		wire_encode(b, &bytes);
		parcel_encode(&e, bytes.p, bytes.n, &out);
		station_received(w->s, w->now, station_link(w->s, k == 0 ? "330200" : "330225102"), k + 1, out.p, out.n);
		turn(w);
		buf_clear(&bytes);
		buf_clear(&out);
		envelope_free(&e);
		body_free(b);
		assert_int_equal(w->j->ops->delivery_get(w->j, &id, "330225203", &d), 0);
		assert_int_equal(d.state, DLV_OPEN);
		assert_true(d.delivered == 0 && d.read == 0);
	}
	/* A week of silence concludes nothing. */
	for (int t = 0; t < 7 * 24 * 6; t++) {
		w->now += 10 * MIN;
		station_tick(w->s, w->now);
		turn(w);
	}
	assert_int_equal(w->j->ops->delivery_get(w->j, &id, "330225203", &d), 0);
	assert_int_equal(d.state, DLV_OPEN);
	assert_int_equal(w->j->ops->delivery_get(w->j, &id, "330225102", &d), 0);
	assert_int_equal(d.state, DLV_RETURNED); /* whereas of a terminal it does */
	buf_free(&bytes);
	buf_free(&out);
}

/* A warning to all below names it too; a roll call over the switch does not. */
static void
phone_by_default(void **state)
{
	struct world *w = *state;
	struct msgid id;
	struct body *b;

	w->nb[2].role = ROLE_PHONE;
	snprintf(w->nb[2].station, STATION_MAX, "330225203");
	station_reload(w->s, w->now, &w->topo);
	id = sent(w, "roll", (const char *const[]){"kind", "rollcall", NULL});
	b = stored(w, &id);
	assert_true(addressed(b, "330225102"));
	assert_false(addressed(b, "330225203"));
	assert_non_null(body_first(b, F_DUE));
	body_free(b);
	id = sent(w, "rung", (const char *const[]){"kind", "rollcall", "regarding", "330225203", "outcome", "reached", "rings", "2", "answered_by", "老丁", NULL});
	b = stored(w, &id);
	assert_null(body_first(b, F_TO));
	body_free(b);
	id = sent(w, "zero", (const char *const[]){"kind", "zero", "period_to", "2026-09-21T00:00:00+08:00", "person", "王建国", "on_behalf", "330225203",
	    NULL});
	b = stored(w, &id);
	assert_null(body_first(b, F_TO));
	assert_non_null(body_first(b, F_PERIOD_FROM));
	body_free(b);
	id = sent(w, "total", (const char *const[]){"kind", "zero", "period_to", "2026-09-21T00:00:00+08:00", "person", "李敏", NULL});
	b = stored(w, &id);
	assert_true(addressed(b, "330200"));
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    L(s1_1_key_not_host),
	    L(thin),
	    L(s1_3_hosted_seat_cut),
	    L(s6_9_handover_past),
	    L(line_down),
	    L(by_acts),
	    L(garbage),
	    L(clock_off),
	    T(s3_2_phone_only),
	    T(phone_by_default),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
