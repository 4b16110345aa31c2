#ifndef TESTS_UNIT_LINE_NET_H
#define TESTS_UNIT_LINE_NET_H
/*
 * City, county and township over RAM journals, their real links joined by a network in memory without delay, and one
 * virtual clock.  A journal can be copied as it is, which is what a backup is, and put back later.
 */
#include "station_help.h"
#include "../../formats/wire_token.h"

enum { CITY, COUNTY, TOWN, NNODE };
static const char *const node_codes[NNODE] = {"330200", "330225", "330225102"};

struct node {
	struct net *net;
	int id;
	struct topology topo;
	struct neighbour nb[2];
	struct journal *j;
	struct station *s;
	int64_t off;		/* its clock against the net's */
	unsigned version;	/* of the link protocol; 0: the highest */
	int64_t resend_days;
	uint64_t epochs[64];
	size_t nepochs;
	unsigned alarms, gaps, closes, clocks;
	char alarm[256];
	struct msgid said;
	bool refused;
	struct fault fault;
};

enum net_kind { NET_CONNECTED, NET_DISCONNECTED, NET_FRAME };
struct net_event {
	enum net_kind kind;
	int to, from;
	uint64_t conn;
	uint8_t *p;
	size_t n;
	struct net_event *next;
};

struct net {
	struct node node[NNODE];
	int64_t t;
	struct net_event *first, **last;
	uint64_t conns, conn[2];	/* of the pair (k + 1 -> k); 0: none */
	bool cut[2];
	uint64_t frames;
	bool holes;		/* what somebody lost lies beyond what the others keep: its own series has a hole */
};

static inline int64_t
node_now(const struct node *n)
{
	return n->net->t + n->off;
}

static inline void
net_post(struct net *net, enum net_kind kind, int to, int from, uint64_t conn, const void *p, size_t n)
{
	struct net_event *e = xcalloc(1, sizeof *e);

	e->kind = kind;
	e->to = to;
	e->from = from;
	e->conn = conn;
	e->n = n;
	if (n > 0) {
		e->p = xmalloc(n);
		memcpy(e->p, p, n);
	}
	*net->last = e;
	net->last = &e->next;
}

static inline int
node_id(const char *code)
{
	for (int i = 0; i < NNODE; i++)
		if (strcmp(node_codes[i], code) == 0)
			return i;
	fail_msg("no station %s", code);
	return -1;
}

static inline void
net_cut(struct net *net, int pair)
{
	if (net->conn[pair] == 0)
		return;
	net_post(net, NET_DISCONNECTED, pair, pair + 1, net->conn[pair], NULL, 0);
	net_post(net, NET_DISCONNECTED, pair + 1, pair, net->conn[pair], NULL, 0);
	net->conn[pair] = 0;
}

static inline void
net_connect(void *ctx, const char *peer)
{
	struct node *n = ctx;
	int to = node_id(peer), pair = to;

	assert_int_equal(n->id, to + 1);
	net_cut(n->net, pair);
	n->net->conns++;
	if (n->net->cut[pair] || n->net->node[to].s == NULL) {
		net_post(n->net, NET_DISCONNECTED, n->id, to, n->net->conns, NULL, 0);
		return;
	}
	n->net->conn[pair] = n->net->conns;
	net_post(n->net, NET_CONNECTED, n->id, to, n->net->conns, NULL, 0);
}

static inline void
net_close(void *ctx, const char *peer)
{
	struct node *n = ctx;
	int pair = node_id(peer);

	if (n->net->conn[pair] == 0)
		return;
	net_post(n->net, NET_DISCONNECTED, pair, pair + 1, n->net->conn[pair], NULL, 0);
	n->net->conn[pair] = 0;
}

static inline void
net_send(void *ctx, const char *peer, uint64_t conn, const void *p, size_t len)
{
	struct node *n = ctx;

	n->net->frames++;
	net_post(n->net, NET_FRAME, node_id(peer), n->id, conn, p, len);
}

static inline void
net_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct node *n = ctx;

	(void)ticket;
	(void)duplicate;
	n->refused = id == NULL;
	if (id != NULL)
		n->said = *id;
	if (f != NULL)
		n->fault = *f;
}

static inline void
net_push(void *ctx, uint64_t revision)
{
	(void)ctx;
	(void)revision;
}

static inline void
net_alarm(void *ctx, const char *what, const char *detail)
{
	struct node *n = ctx;

	n->alarms++;
	n->gaps += strcmp(what, "gap") == 0;
	n->closes += strcmp(what, "close") == 0;
	n->clocks += strcmp(what, "neighbour's clock") == 0;
	snprintf(n->alarm, sizeof n->alarm, "%s: %s", what, detail);
}

static const struct station_ops net_ops = {net_connect, net_close, net_send, net_reply, net_push, net_alarm};

static inline void
node_turn(struct node *n)
{
	for (int k = 0; k < 4 && n->s != NULL; k++) {
		if (station_dirty(n->s)) {
			station_prepare(n->s, node_now(n));
			assert_int_equal(n->j->ops->commit(n->j), 0);
			station_committed(n->s, node_now(n), true);
		}
		station_flush(n->s, node_now(n));
		if (!station_dirty(n->s))
			break;
	}
}

static inline void
node_start(struct node *n)
{
	struct station_conf c;
	struct fault f = {0};

	memset(&c, 0, sizeof c);
	snprintf(c.self, sizeof c.self, "%s", node_codes[n->id]);
	c.topology = &n->topo;
	c.codebook = cb;
	c.rules = rules;
	c.seed = (uint64_t)n->id + n->nepochs * 10;
	c.resend_days = n->resend_days;
	c.link.version_max = n->version;
	if (n->j == NULL)
		n->j = journal_ram_open();
	n->s = station_new(&c, n->j, node_now(n), &net_ops, n, &f);
	if (n->s == NULL)
		fail_msg("%s", f.text);
	assert_int_equal(n->j->ops->commit(n->j), 0);
	station_committed(n->s, node_now(n), true);
	assert_true(n->nepochs < 64);
	n->epochs[n->nepochs++] = station_epoch(n->s);
	station_start(n->s, node_now(n));
	node_turn(n);
}

/* As by a crash: nothing is said to anybody but by the connections' ends. */
static inline void
node_stop(struct node *n)
{
	station_free(n->s);
	n->s = NULL;
	journal_ram_crash(n->j);
	if (n->id > 0)
		net_cut(n->net, n->id - 1);
	if (n->id < NNODE - 1)
		net_cut(n->net, n->id);
}

/* One event; false: there is none. */
static inline bool
net_step(struct net *net)
{
	if (net->first != NULL) {
		struct net_event *e = net->first;
		struct node *n = &net->node[e->to];
		const char *from = node_codes[e->from];

		net->first = e->next;
		if (net->first == NULL)
			net->last = &net->first;
		if (n->s != NULL) {
			switch (e->kind) {
			case NET_CONNECTED:
				station_connected(n->s, node_now(n), from, e->conn);
				break;
			case NET_DISCONNECTED:
				station_disconnected(n->s, node_now(n), from, e->conn);
				break;
			case NET_FRAME:
				if (net->conn[e->to < e->from ? e->to : e->from] == e->conn)
					station_frame(n->s, node_now(n), from, e->conn, e->p, e->n);
				break;
			}
			node_turn(n);
		}
		free(e->p);
		free(e);
		return true;
	}
	return false;
}

static inline void
net_deliver(struct net *net)
{
	while (net_step(net))
		continue;
}

static inline void
net_run(struct net *net, int64_t ms)
{
	int64_t end = net->t + ms;
	unsigned at_once = 0;

	for (;;) {
		int64_t next = INT64_MAX;

		net_deliver(net);
		for (int i = 0; i < NNODE; i++)
			if (net->node[i].s != NULL) {
				int64_t wake = station_wake(net->node[i].s) - net->node[i].off;

				next = wake < next ? wake : next;
			}
		if (next > end)
			break;
		at_once = next <= net->t ? at_once + 1 : 0;
		if (at_once >= 1000)
			fail_msg("a storm of timers");
		net->t = next > net->t ? next : net->t;
		for (int i = 0; i < NNODE; i++)
			if (net->node[i].s != NULL && station_wake(net->node[i].s) <= node_now(&net->node[i])) {
				station_tick(net->node[i].s, node_now(&net->node[i]));
				node_turn(&net->node[i]);
			}
	}
	net->t = end;
}

static inline int
net_setup(void **state)
{
	struct net *net = xcalloc(1, sizeof *net);

	net->t = NOW;
	net->last = &net->first;
	for (int i = 0; i < NNODE; i++) {
		struct node *n = &net->node[i];
		size_t k = 0;

		n->net = net;
		n->id = i;
		n->topo.n = n->nb;
		snprintf(n->topo.self, sizeof n->topo.self, "%s", node_codes[i]);
		if (i > 0) {
			snprintf(n->nb[k].station, STATION_MAX, "%s", node_codes[i - 1]);
			snprintf(n->nb[k].endpoint, sizeof n->nb[k].endpoint, "tcp://127.0.0.1:1");
			n->nb[k++].role = ROLE_PARENT;
		}
		if (i + 1 < NNODE) {
			snprintf(n->nb[k].station, STATION_MAX, "%s", node_codes[i + 1]);
			n->nb[k++].role = ROLE_CHILD;
		}
		for (size_t x = 0; x < k; x++)
			n->nb[x].key[0] = (uint8_t)(x + 1);
		n->topo.count = k;
	}
	*state = net;
	return 0;
}

static inline void
net_start(struct net *net)
{
	for (int i = 0; i < NNODE; i++)
		node_start(&net->node[i]);
	net_run(net, 5000);
}

static inline int
net_teardown(void **state)
{
	struct net *net = *state;

	for (int i = 0; i < NNODE; i++) {
		struct journal_verify v;

		if (net->node[i].j == NULL)
			continue;
		memset(&v, 0, sizeof v);
		station_free(net->node[i].s);
		assert_int_equal(net->node[i].j->ops->verify(net->node[i].j, node_codes[i], &v), 0);
		if (!net->holes || strstr(v.bad, "own series") == NULL)
			assert_string_equal(v.bad, "");
		net->node[i].j->ops->close(net->node[i].j);
	}
	while (net->first != NULL) {
		struct net_event *e = net->first;

		net->first = e->next;
		free(e->p);
		free(e);
	}
	free(net);
	return 0;
}

/* ---- copies of a journal ---- */

struct copying {
	struct node *n;
	struct journal *to;
	const struct msgid *but;	/* NULL: nothing is left out */
};

static inline int
copy_delivery(void *ctx, const struct journal_delivery *d)
{
	struct copying *c = ctx;

	return c->to->ops->delivery_put(c->to, d);
}

static inline int
copy_message(void *ctx, const struct journal_msg *row)
{
	struct copying *c = ctx;
	struct journal_msg m = *row;

	if (c->but != NULL && msgid_cmp(&m.id, c->but) == 0)
		return 0;
	assert_int_equal(c->to->ops->put_message(c->to, &m), 0);
	return c->n->j->ops->delivery_each(c->n->j, &m.id, copy_delivery, c);
}

static inline int
copy_outbox(void *ctx, const struct journal_outbox *row)
{
	struct copying *c = ctx;
	struct journal_outbox o = *row;

	return c->to->ops->outbox_add(c->to, &o);
}

static inline int
copy_passage(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct copying *c = ctx;

	if (c->but != NULL && msgid_cmp(&p->id, c->but) == 0)
		return 0;
	return c->to->ops->passage_put(c->to, l->peer, l->out, l->stream, p);
}

static inline int
copy_line(void *ctx, const struct journal_line *l)
{
	struct copying *c = ctx;

	assert_int_equal(c->to->ops->line_put(c->to, l), 0);
	return c->n->j->ops->passage_each(c->n->j, l->peer, l->out, l->stream, 1, INT64_MAX, copy_passage, c);
}

static inline void
copy_meta(struct node *n, struct journal *to, const char *key)
{
	char val[256];

	if (n->j->ops->meta_get(n->j, key, val, sizeof val) == 0)
		assert_int_equal(to->ops->meta_set(to, key, val), 0);
}

static inline struct journal *
node_backup(struct node *n, const struct msgid *but)
{
	struct copying c = {n, journal_ram_open(), but};
	char key[64];

	copy_meta(n, c.to, "epoch");
	copy_meta(n, c.to, "station");
	copy_meta(n, c.to, "epoch.first");
	for (size_t i = 0; i < n->nepochs; i++) {
		snprintf(key, sizeof key, "epoch.%llu", (unsigned long long)n->epochs[i]);
		copy_meta(n, c.to, key);
	}
	assert_int_equal(n->j->ops->each_after(n->j, 0, 0, false, copy_message, &c), 0);
	assert_int_equal(n->j->ops->line_each(n->j, copy_line, &c), 0);
	assert_int_equal(n->j->ops->outbox_each(n->j, copy_outbox, &c), 0);
	assert_int_equal(c.to->ops->commit(c.to), 0);
	return c.to;
}

/* The journal is another one from now on; the station starts again on it. */
static inline void
node_restore(struct node *n, struct journal *j)
{
	if (n->s != NULL)
		node_stop(n);
	n->j->ops->close(n->j);
	n->j = j;
	net_run(n->net, 2000);
	node_start(n);
}

/* ---- looking ---- */

static inline struct msgid
node_says(struct node *n, const char *rid, const char *const *fields)
{
	struct body *b = make(fields);
	struct station_submit r = {.rid = rid, .seat = "seat1", .realm = REALM_LIVE, .body = b, .confirmed = true};

	station_submit(n->s, node_now(n), 1, &r);
	node_turn(n);
	if (n->refused)
		fail_msg("%s: %s: %s", rid, n->fault.field, n->fault.text);
	body_free(b);
	return n->said;
}

static inline bool
node_holds(struct node *n, const struct msgid *id)
{
	return n->j->ops->get_message(n->j, id, NULL) == 0;
}

static inline int
node_delivery(struct node *n, const struct msgid *id, const char *to)
{
	struct journal_delivery d;

	return n->j->ops->delivery_get(n->j, id, to, &d) == 0 ? d.state : 0;
}

static inline struct line_status
node_line(struct node *n, int peer, bool out)
{
	struct line_status st;

	assert_true(station_line_status(n->s, node_codes[peer], out, &st));
	return st;
}

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define L(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)

static inline struct msgid
report(struct node *n, const char *rid)
{
	return node_says(n, rid, (const char *const[]){FIRST, NULL});
}

static inline struct msgid
order(struct node *n, const char *rid, const char *to)
{
	return node_says(n, rid, (const char *const[]){"kind", "directive", "text", "清点人数", "to", to, NULL});
}

static inline void
reports(struct node *n, const char *what, size_t k, struct msgid *ids)
{
	char rid[64];

	for (size_t i = 0; i < k; i++) {
		snprintf(rid, sizeof rid, "%s-%zu", what, i);
		ids[i] = report(n, rid);
	}
}

static inline void
settled(struct net *net)
{
	for (int i = 0; i < NNODE; i++)
		for (int k = 0; k < NNODE; k++) {
			struct line_status st;

			if (net->node[i].s == NULL || !station_line_status(net->node[i].s, node_codes[k], false, &st))
				continue;
			assert_int_equal(st.missing, 0);
			assert_int_equal(st.missing_since, 0);
			assert_false(st.differs);
		}
}

#endif
