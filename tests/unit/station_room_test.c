/* Room on the disk by precedence, a hosted station's 送达 that waits for somebody at the desk, the way told with it, and the share a
 * neighbour has of the quarantine. */
#include "station_help.h"
#include "../../switch/query.h"

/* ---- two stations and a wire between them ---- */

enum { TOWN, COUNTY };
static const char *const codes[] = {"330225102", "330225"};

struct frame {
	struct buf b;
	size_t to;
	uint64_t conn;
};

struct end {
	struct pair *p;
	size_t at;
	struct topology topo;
	struct neighbour nb;
	struct journal *j;
	struct station *s;
	bool hosted;
	bool connect;
	struct fault fault;
	struct msgid id;
	unsigned refused, alarms;
};

struct pair {
	struct end e[2];
	struct frame q[512];
	size_t nq;
	uint64_t conn;
	int64_t now;
};

static void
pair_connect(void *ctx, const char *peer)
{
	(void)peer;
	((struct end *)ctx)->connect = true;
}

static void
pair_close(void *ctx, const char *peer)
{
	(void)ctx;
	(void)peer;
}

static void
pair_send(void *ctx, const char *peer, uint64_t conn, const void *p, size_t n)
{
	struct end *e = ctx;
	struct frame *f = &e->p->q[e->p->nq++];

	(void)peer;
	assert_true(e->p->nq < 512);
	memset(f, 0, sizeof *f);
	buf_put(&f->b, p, n);
	f->to = 1 - e->at;
	f->conn = conn;
}

static void
pair_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct end *e = ctx;

	(void)ticket;
	(void)duplicate;
	memset(&e->fault, 0, sizeof e->fault);
	if (id != NULL)
		e->id = *id;
	if (f != NULL)
		e->fault = *f;
}

static void
pair_push(void *ctx, uint64_t rev)
{
	(void)ctx;
	(void)rev;
}

static void
pair_alarm(void *ctx, const char *what, const char *detail)
{
	(void)detail;
	((struct end *)ctx)->alarms++;
	((struct end *)ctx)->refused += strcmp(what, "refused") == 0;
}

static const struct station_ops pair_ops = {
    .connect = pair_connect, .close = pair_close, .send = pair_send, .reply = pair_reply, .push = pair_push, .alarm = pair_alarm};

static void
end_turn(struct end *e)
{
	for (int i = 0; i < 3; i++) {
		if (station_dirty(e->s)) {
			station_prepare(e->s, e->p->now);
			assert_int_equal(e->j->ops->commit(e->j), 0);
			station_committed(e->s, e->p->now, true);
		}
		station_flush(e->s, e->p->now);
	}
}

static void
end_start(struct end *e)
{
	struct station_conf c;
	struct fault f = {0};

	memset(&c, 0, sizeof c);
	snprintf(c.self, sizeof c.self, "%s", codes[e->at]);
	c.topology = &e->topo;
	c.codebook = cb;
	c.rules = rules;
	c.seed = e->at + 3;
	c.hosted = e->hosted;
	e->s = station_new(&c, e->j, e->p->now, &pair_ops, e, &f);
	if (e->s == NULL)
		fail_msg("%s", f.text);
	end_turn(e);
	station_start(e->s, e->p->now);
	end_turn(e);
}

static void
pump(struct pair *p)
{
	for (int i = 0; i < 400; i++) {
		bool moved = false;

		for (size_t k = 0; k < 2; k++)
			if (p->e[k].connect) {
				p->e[k].connect = false;
				station_connected(p->e[k].s, p->now, codes[1 - k], ++p->conn);
				end_turn(&p->e[k]);
				moved = true;
			}
		while (p->nq > 0) {
			struct frame f = p->q[0];
			struct end *e = &p->e[f.to];

			memmove(p->q, p->q + 1, --p->nq * sizeof *p->q);
			station_frame(e->s, p->now, codes[1 - f.to], f.conn, f.b.p, f.b.n);
			end_turn(e);
			buf_free(&f.b);
			moved = true;
		}
		if (!moved)
			return;
	}
	fail_msg("no end of frames");
}

static void
pass_time(struct pair *p, int64_t ms)
{
	for (int64_t step; ms > 0; ms -= step) {
		step = ms > 5000 ? 5000 : ms;
		p->now += step;
		for (size_t k = 0; k < 2; k++) {
			station_tick(p->e[k].s, p->now);
			end_turn(&p->e[k]);
		}
		pump(p);
	}
}

static int
pair_setup(void **state)
{
	struct pair *p = xcalloc(1, sizeof *p);

	p->now = NOW;
	for (size_t k = 0; k < 2; k++) {
		struct end *e = &p->e[k];

		e->p = p;
		e->at = k;
		e->j = journal_ram_open();
		e->topo.n = &e->nb;
		e->topo.count = 1;
		snprintf(e->topo.self, STATION_MAX, "%s", codes[k]);
		snprintf(e->nb.station, STATION_MAX, "%s", codes[1 - k]);
		e->nb.role = k == TOWN ? ROLE_PARENT : ROLE_CHILD;
		e->nb.key[0] = (uint8_t)(k + 1);
		if (k == TOWN)
			snprintf(e->nb.endpoint, sizeof e->nb.endpoint, "tcp://127.0.0.1:1");
		e->hosted = k == COUNTY;
	}
	*state = p;
	return 0;
}

static void
both(struct pair *p, bool hosted)
{
	p->e[COUNTY].hosted = hosted;
	end_start(&p->e[COUNTY]);
	end_start(&p->e[TOWN]);
	pass_time(p, 5000);
}

static int
pair_teardown(void **state)
{
	struct pair *p = *state;

	for (size_t k = 0; k < 2; k++) {
		struct journal_verify v;

		memset(&v, 0, sizeof v);
		assert_int_equal(p->e[k].j->ops->verify(p->e[k].j, codes[k], &v), 0);
		assert_string_equal(v.bad, "");
		station_free(p->e[k].s);
		p->e[k].j->ops->close(p->e[k].j);
	}
	while (p->nq > 0)
		buf_free(&p->q[--p->nq].b);
	free(p);
	return 0;
}

static bool
post_body(struct pair *p, size_t at, const char *rid, struct body *b)
{
	struct end *e = &p->e[at];
	struct station_submit r = {.rid = rid, .seat = "seat1", .body = b};

	station_submit(e->s, p->now, 1, &r);
	end_turn(e);
	body_free(b);
	return e->fault.code == 0;
}

static bool
post(struct pair *p, size_t at, const char *rid, const char *precedence)
{
	return post_body(p, at, rid,
	    at == TOWN ? make((const char *const[]){FIRST, "precedence", precedence, NULL})
		       : make((const char *const[]){"kind", "directive", "text", "x", "to", codes[TOWN], NULL}));
}

static bool
enter(struct pair *p, const char *rid, const char *precedence)
{
	return post_body(p, COUNTY, rid, make((const char *const[]){"kind", "log", "text", "x", "precedence", precedence, NULL}));
}

static int
state_at(struct pair *p, size_t at, const struct msgid *id)
{
	struct journal_delivery d;

	assert_int_equal(p->e[at].j->ops->delivery_get(p->e[at].j, id, codes[1 - at], &d), 0);
	return d.state;
}

static bool
has(struct pair *p, size_t at, const struct msgid *id)
{
	return p->e[at].j->ops->get_message(p->e[at].j, id, NULL) == 0;
}

/* What there is no room for stays with the neighbour, and is taken once when there is. */
static void
refused_and_taken(void **state)
{
	struct pair *p = *state;
	struct msgid routine, urgent;
	struct journal_counts c;

	both(p, false);
	station_room(p->e[COUNTY].s, p->now, PREC_URGENT);
	assert_int_equal(station_room_lowest(p->e[COUNTY].s), PREC_URGENT);
	assert_int_equal(p->e[COUNTY].alarms, 1);
	assert_true(post(p, TOWN, "a", "routine"));
	routine = p->e[TOWN].id;
	assert_true(post(p, TOWN, "b", "urgent"));
	urgent = p->e[TOWN].id;
	pump(p);
	assert_false(has(p, COUNTY, &routine));
	assert_int_equal(state_at(p, TOWN, &routine), DLV_OPEN);
	assert_int_equal(state_at(p, TOWN, &urgent), DLV_DELIVERED);
	pass_time(p, 40000); /* offered again by the link, refused again */
	assert_false(has(p, COUNTY, &routine));
	assert_int_equal(state_at(p, TOWN, &routine), DLV_OPEN);
	station_room(p->e[COUNTY].s, p->now, PREC_ROUTINE);
	pass_time(p, 40000);
	assert_true(has(p, COUNTY, &routine));
	assert_int_equal(state_at(p, TOWN, &routine), DLV_DELIVERED);
	assert_int_equal(p->e[COUNTY].j->ops->counts(p->e[COUNTY].j, &c), 0);
	assert_int_equal(c.messages, 2 + 2); /* each once, and their two 送达 */
	assert_int_equal(p->e[COUNTY].j->ops->quarantine_count(p->e[COUNTY].j), 0);
}

static void
people_refused(void **state)
{
	static const struct {
		int lowest;
		bool taken[4]; /* flash urgent priority routine */
	} t[] = {
	    {PREC_ROUTINE, {true, true, true, true}},
	    {PREC_PRIORITY, {true, true, true, false}},
	    {PREC_URGENT, {true, true, false, false}},
	    {PREC_FLASH, {true, false, false, false}},
	    {0, {false, false, false, false}},
	};
	static const char *const names[] = {"flash", "urgent", "priority", "routine"};
	struct pair *p = *state;
	struct end *e = &p->e[COUNTY];
	struct fault f = {0};
	char rid[32];

	both(p, false);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		station_room(e->s, p->now, t[i].lowest);
		for (size_t k = 0; k < 4; k++) {
			uint64_t before = e->j->ops->chain_seq(e->j);

			snprintf(rid, sizeof rid, "r%zu-%zu", i, k);
			if (enter(p, rid, names[k]) != t[i].taken[k])
				fail_msg("%s at %d: %s", names[k], t[i].lowest, e->fault.text);
			if (!t[i].taken[k]) {
				assert_int_equal(e->fault.code, EX_TEMPFAIL);
				assert_true(*e->fault.text != '\0');
				assert_int_equal(e->j->ops->chain_seq(e->j), before);
			}
		}
	}
	assert_int_equal(station_draft_keep(e->s, p->now, "d", "seat", "{}", 2, &f), -1);
	assert_int_equal(f.code, EX_TEMPFAIL);
	/* the same request is taken when there is room again, and then not twice */
	station_room(e->s, p->now, PREC_ROUTINE);
	assert_true(enter(p, "r4-0", "flash"));
	struct msgid id = e->id;
	assert_true(enter(p, "r4-0", "flash"));
	assert_int_equal(msgid_cmp(&id, &e->id), 0);
	assert_int_equal(station_draft_keep(e->s, p->now, "d", "seat", "{}", 2, &f), 0);
	end_turn(e);
}

/* Receipts go as long as anything does, what the switches tell each other one step further. */
static void
receipts_further(void **state)
{
	struct world *w = *state;

	station_room(w->s, w->now, PREC_PRIORITY);
	assert_true(room_takes(w->s, KIND_RECEIPT, PREC_ROUTINE));
	assert_true(room_takes(w->s, KIND_SERVICE, PREC_ROUTINE));
	assert_false(room_takes(w->s, KIND_REPORT, PREC_ROUTINE));
	station_room(w->s, w->now, PREC_URGENT);
	assert_true(room_takes(w->s, KIND_RECEIPT, PREC_ROUTINE));
	assert_false(room_takes(w->s, KIND_SERVICE, PREC_ROUTINE));
	station_room(w->s, w->now, PREC_FLASH);
	assert_true(room_takes(w->s, KIND_RECEIPT, PREC_ROUTINE));
	station_room(w->s, w->now, 0);
	assert_false(room_takes(w->s, KIND_RECEIPT, PREC_FLASH));
}

/* ---- the seat ---- */

static const char *
last_hop(struct pair *p, size_t at, const struct msgid *id)
{
	static char how[32];
	struct query_env env = {.station = p->e[at].s};
	struct fault f = {0};
	json_t *req = json_pack("{s:s, s:s}", "op", "trace", "id", text_of(id)), *a = query_answer(&env, p->now, "trace", req, &f);
	const json_t *hops;

	if (a == NULL)
		fail_msg("trace: %s", f.text);
	hops = json_object_get(json_array_get(json_object_get(a, "to"), 0), "hops");
	snprintf(how, sizeof how, "%s",
	    json_string_value(json_object_get(json_array_get(hops, json_array_size(hops) - 1), "how")));
	json_decref(a);
	json_decref(req);
	return how;
}

static void
hosted(void **state)
{
	struct pair *p = *state;
	struct msgid a, b, mine;

	both(p, true);
	assert_false(station_is_attended(p->e[COUNTY].s, p->now));
	assert_true(post(p, TOWN, "a", "routine"));
	a = p->e[TOWN].id;
	pump(p);
	assert_true(has(p, COUNTY, &a));
	assert_int_equal(state_at(p, TOWN, &a), DLV_CUSTODY); /* nobody is there */
	pass_time(p, 11 * 60000); /* offered again: still nobody */
	assert_int_equal(state_at(p, TOWN, &a), DLV_CUSTODY);
	assert_string_equal(last_hop(p, TOWN, &a), "held"); /* ... which is what a trace says */
	station_free(p->e[COUNTY].s); /* a restart forgets nothing */
	end_start(&p->e[COUNTY]);
	pass_time(p, 60000);
	assert_int_equal(state_at(p, TOWN, &a), DLV_CUSTODY);
	station_attended(p->e[COUNTY].s, p->now);
	assert_true(station_is_attended(p->e[COUNTY].s, p->now));
	end_turn(&p->e[COUNTY]);
	pump(p);
	assert_int_equal(state_at(p, TOWN, &a), DLV_DELIVERED);
	assert_string_equal(last_hop(p, TOWN, &a), "told");
	assert_true(post(p, TOWN, "b", "routine")); /* while somebody is there: at once */
	b = p->e[TOWN].id;
	pump(p);
	assert_int_equal(state_at(p, TOWN, &b), DLV_DELIVERED);
	pass_time(p, 15 * 60000); /* gone again */
	assert_false(station_is_attended(p->e[COUNTY].s, p->now));
	assert_true(post(p, TOWN, "c", "flash"));
	b = p->e[TOWN].id;
	pump(p);
	assert_int_equal(state_at(p, TOWN, &b), DLV_CUSTODY);
	/* what the station's own switch is told is told at once: its message's 送达 */
	assert_true(post(p, COUNTY, "d", "routine"));
	mine = p->e[COUNTY].id;
	pump(p);
	assert_int_equal(state_at(p, COUNTY, &mine), DLV_DELIVERED);
	/* not hosted any more: what was held goes out by itself */
	station_free(p->e[COUNTY].s);
	p->e[COUNTY].hosted = false;
	end_start(&p->e[COUNTY]);
	pass_time(p, 60000);
	assert_int_equal(state_at(p, TOWN, &b), DLV_DELIVERED);
}

/* ---- the way ---- */

static int
told_way(void *ctx, const struct journal_msg *m)
{
	struct buf *out = ctx;
	struct body *b;
	struct fault f;

	if (strcmp(m->id.origin, "330225") != 0 || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	assert_true(body_first(b, F_WAY) == NULL || body_count(b, F_WAY) == body_count(b, F_REFS));
	for (const struct value *v = body_first(b, F_WAY); v != NULL; v = body_next(b, v))
		buf_printf(out, "%s|", v->u.text.s);
	buf_puts(out, ";");
	body_free(b);
	return 0;
}

static void
give(struct world *w, uint64_t serial, const char *origin, const char *const *hops)
{
	struct body *b = make((const char *const[]){"kind", "directive", "text", "x", "to", "330225", NULL});
	struct msgid id = {.epoch = 1, .serial = serial};
	struct envelope e;
	struct buf bytes = {0}, parcel = {0};
	const char *from = NULL;

	snprintf(id.origin, sizeof id.origin, "%s", origin);
	body_set_id(b, F_ID, &id);
	memset(&e, 0, sizeof e);
	envelope_add_to(&e, "330225");
	for (; *hops != NULL; hops++) {
		from = *hops;
		assert_true(envelope_add_hop(&e, from));
		e.hop_ms[e.nhops - 1] = (int64_t)(1000 * e.nhops);
	}
	e.precedence = PREC_ROUTINE;
	wire_encode(b, &bytes);
	parcel_encode(&e, bytes.p, bytes.n, &parcel);
	station_received(w->s, w->now, station_link(w->s, from), 1, parcel.p, parcel.n);
	envelope_free(&e);
	buf_free(&bytes);
	buf_free(&parcel);
	body_free(b);
}

static void
way(void **state)
{
	struct world *w = *state;
	struct buf got = {0};
	char want[256];

	give(w, 1, "330200", (const char *const[]){"330200", NULL});
	turn(w);
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, told_way, &got);
	assert_string_equal(buf_cstr(&got), ";"); /* straight from its origin: nothing is said */
	buf_clear(&got);
	give(w, 2, "330200", (const char *const[]){"330200", NULL});
	give(w, 3, "330200", (const char *const[]){"330200", "330225102", NULL});
	turn(w);
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, told_way, &got);
	assert_string_equal(buf_cstr(&got), ";;"); /* a child is no way from the city: quarantined */
	buf_clear(&got);
	give(w, 4, "330000", (const char *const[]){"330000", "330200", NULL});
	give(w, 5, "330000", (const char *const[]){"330000", "330200", NULL});
	turn(w);
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, told_way, &got);
	snprintf(want, sizeof want, ";;330000@1000 330200@2000 330225@%lld|330000@1000 330200@2000 330225@%lld|;", (long long)NOW,
	    (long long)NOW);
	assert_string_equal(buf_cstr(&got), want);
	buf_free(&got);
}

/* ---- what cannot be read ---- */

static void
quarantine_share(void **state)
{
	struct world *w = *state;
	struct slink *l = station_link(w->s, "330200");
	unsigned alarms;
	char junk[32];

	for (uint64_t i = 0; i < 10100; i++) {
		snprintf(junk, sizeof junk, "garbage %llu", (unsigned long long)i);
		station_received(w->s, w->now, l, i, junk, strlen(junk));
		if (i < 10000)
			assert_int_equal(w->s->open.g[w->s->open.n - 1].kind, GATE_CUSTODY);
		else
			assert_int_equal(w->s->open.g[w->s->open.n - 1].kind, GATE_REFUSE);
	}
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 10000);
	assert_int_equal(l->bad_n, 10100); /* counted, not kept */
	alarms = w->alarms;
	station_received(w->s, w->now, l, 1, "more", 4);
	turn(w);
	assert_int_equal(w->alarms, alarms); /* said once */
	/* another neighbour has its own share, and the next day begins a new one */
	station_received(w->s, w->now, station_link(w->s, "330225102"), 1, "other", 5);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 10001);
	w->now += INT64_C(86400000);
	station_received(w->s, w->now, l, 1, "more of it", 10);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 10002);
	/* and by bytes */
	static char big[4 << 20];
	for (int i = 0; i < 20; i++) {
		memcpy(big, &i, sizeof i);
		station_received(w->s, w->now, l, 1, big, sizeof big);
		turn(w);
	}
	assert_int_equal(w->j->ops->quarantine_count(w->j), 10002 + 15);
}

#define P(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {P(refused_and_taken), P(people_refused), T(receipts_further), P(hosted), T(way),
	    T(quarantine_share)};

	return cmocka_run_group_tests(tests, load, unload);
}
