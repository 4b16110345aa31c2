/*
 * Lines at the close of the day: what both ends agree on, what they find when they do not, and what of custody stands
 * in the chain.
 */
#include "line_net.h"

/* Every day both ends agree on everything that has passed. */
static void
daily_close(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[40];
	struct line_status a, b;

	net_start(net);
	for (int day = 0; day < 3; day++) {
		char what[16];

		snprintf(what, sizeof what, "day%d", day);
		reports(town, what, 40, ids);
		net_run(net, DAY + HOUR);
		a = node_line(town, COUNTY, true);
		b = node_line(county, TOWN, false);
		assert_true(a.closed >= (uint64_t)(day + 1) * 40 && a.closed_at > NOW);
		assert_int_equal(a.closed, a.last);
		assert_int_equal(b.closed, a.closed);
		assert_true(b.closed_at <= a.closed_at);
	}
	settled(net);
	for (int i = 0; i < NNODE; i++)
		assert_int_equal(net->node[i].closes, 0);
}

struct passed_since {
	int64_t t;
	size_t n;
	uint64_t serial;
};

static int
count_passed(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct passed_since *c = ctx;

	(void)l;
	if (p->passed > c->t) {
		c->n++;
		c->serial = p->serial;
	}
	return 0;
}

/* One number of two hundred is another here than there: found and mended, and nothing else is sent again. */
static void
close_differs(void **state)
{
	static const char *const how[] = {"another-message", "nothing", "no-row", "withdrawn"};

	for (size_t k = 0; k < 4; k++) {
		struct net *net;
		struct node *town, *county;
		struct msgid ids[200];
		struct journal_passage p, q;
		struct passed_since c = {0};
		struct line_status st;
		uint64_t stream;

		if (k > 0)
			assert_int_equal(net_teardown(state), 0);
		if (k > 0)
			assert_int_equal(net_setup(state), 0);
		net = *state;
		net->t = NOW - NOW % DAY + 20 * HOUR; /* the close of the day is behind */
		town = &net->node[TOWN];
		county = &net->node[COUNTY];
		net_start(net);
		net_run(net, 300000);
		reports(town, how[k], 200, ids);
		net_run(net, 10000);
		stream = town->epochs[0];
		assert_int_equal(county->j->ops->passage_get(county->j, "330225102", false, stream, 77, &p), 0);
		assert_int_equal(county->j->ops->passage_get(county->j, "330225102", false, stream, 78, &q), 0);
		if (k == 0)
			p.id = q.id;
		if (k == 1)
			memset(&p.id, 0, sizeof p.id);
		if (k == 3) { /* the sender took it back when it was on the line already: no difference */
			assert_int_equal(town->j->ops->passage_get(town->j, "330225", true, stream, 77, &p), 0);
			memset(&p.id, 0, sizeof p.id);
			assert_int_equal(town->j->ops->passage_put(town->j, "330225", true, stream, &p), 0);
			assert_int_equal(town->j->ops->commit(town->j), 0);
		} else if (k < 2) {
			assert_int_equal(county->j->ops->passage_put(county->j, "330225102", false, stream, &p), 0);
		} else {
			uint64_t last = node_line(county, TOWN, false).last;
			struct journal_passage all[400];
			size_t n = 0;

			for (uint64_t s = 1; s <= last; s++)
				if (s != 77 && county->j->ops->passage_get(county->j, "330225102", false, stream, s, &all[n]) == 0)
					n++;
			assert_int_equal(county->j->ops->passage_trim(county->j, "330225102", false, stream, last), 0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(county->j->ops->passage_put(county->j, "330225102", false, stream, &all[i]), 0);
		}
		assert_int_equal(county->j->ops->commit(county->j), 0);
		c.t = net->t;
		net_run(net, DAY);
		st = node_line(county, TOWN, false);
		assert_int_equal(county->closes, k < 3); /* it was noticed */
		assert_false(st.differs);	     /* and mended */
		assert_true(st.closed >= 200);
		assert_int_equal(node_line(town, COUNTY, true).closed, st.closed);
		assert_int_equal(town->j->ops->passage_each(town->j, "330225", true, stream, 1, 200, count_passed, &c), 0);
		assert_int_equal(c.n, k < 3);
		if (k == 3)
			continue;
		assert_int_equal(c.serial, 77);
		assert_int_equal(town->j->ops->passage_get(town->j, "330225", true, stream, 77, &q), 0);
		assert_int_equal(county->j->ops->passage_get(county->j, "330225102", false, stream, 77, &p), 0);
		assert_int_equal(msgid_cmp(&p.id, &q.id), 0);
	}
}

/* Input that is kept in quarantine has a number too.  The close has it sent once more; then both ends know where they are. */
static void
quarantined(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct body *b = make((const char *const[]){FIRST, NULL});
	struct msgid stranger = {.origin = "500237", .epoch = 1700000000, .serial = 1}, ids[2];
	struct journal_passage p;
	struct journal_msg m;
	struct envelope e;
	struct line_status st;

	net->t = NOW - NOW % DAY + 20 * HOUR;
	net_start(net);
	net_run(net, 300000);
	memset(&m, 0, sizeof m);
	memset(&e, 0, sizeof e);
	body_set_id(b, F_ID, &stranger);
	m.id = stranger;
	m.kind = KIND_REPORT;
	m.precedence = PREC_ROUTINE;
	m.stored = net->t;
	snprintf(m.from, sizeof m.from, "500237");
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	assert_int_equal(town->j->ops->put_message(town->j, &m), 0);
	envelope_add_to(&e, "330225");
	envelope_add_hop(&e, "330225102");
	station_parcel(town->s, &m, "330225", PREC_ROUTINE, &e, 0, 0);
	node_turn(town);
	reports(town, "a", 2, ids);
	net_run(net, 5000);
	assert_int_equal(county->j->ops->quarantine_count(county->j), 1);
	assert_int_equal(county->j->ops->passage_get(county->j, "330225102", false, town->epochs[0], 1, &p), 0);
	assert_false(msgid_is_set(&p.id));
	net_run(net, DAY);
	st = node_line(county, TOWN, false);
	assert_true(st.closed >= 3);
	assert_false(st.differs);
	assert_int_equal(node_line(town, COUNTY, true).closed, st.closed);
	assert_false(node_holds(county, &stranger));
	net_run(net, DAY);
	assert_int_equal(county->closes, 1);
	envelope_free(&e);
	buf_free(&m.body);
	body_free(b);
}

/* What is asked for and refused for want of room is not missing, it is on its way; but nothing below it is agreed on either. */
static void
on_its_way(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[6];
	struct buf b = {0};
	uint64_t last;

	net->t = NOW - NOW % DAY + 20 * HOUR;
	net_start(net);
	net_run(net, 300000);
	reports(town, "a", 6, ids);
	net_run(net, 5000);
	last = node_line(county, TOWN, false).last;
	node_stop(county);
	node_restore(county, node_backup(county, &ids[2]));
	station_room(county->s, node_now(county), 0);
	net_run(net, HOUR);
	assert_false(node_holds(county, &ids[2]));
	assert_int_equal(node_line(county, TOWN, false).missing, 0);
	token_put_array(&b, 6);
	token_put_uint(&b, 4);
	token_put_uint(&b, town->epochs[0]);
	token_put_uint(&b, last);
	token_put_uint(&b, last);
	token_put_uint(&b, 1);
	token_put_bytes(&b, "0123456789abcdef0123456789abcdef", 32);
	line_note(county->s, node_now(county), "330225102", b.p, b.n);
	buf_free(&b);
	node_turn(county);
	station_room(county->s, node_now(county), PREC_ROUTINE);
	net_run(net, DAY);
	assert_true(node_holds(county, &ids[2]));
	for (uint64_t k = 1; k <= last; k++)
		assert_int_equal(county->j->ops->passage_get(county->j, "330225102", false, town->epochs[0], k,
				     &(struct journal_passage){0}), 0);
	settled(net);
	assert_int_equal(county->closes, 0);
}

static const struct journal_ops *real_ops;
static char entries[64][192];
static size_t nentries, ncustody;

static int
spy_chain(struct journal *j, int64_t ms, int what, const char *ref, const char *who, const uint8_t digest[DIGEST_LEN])
{
	ncustody += what == CHAIN_CUSTODY_OUT;
	if (what == CHAIN_CUSTODY_OUT && strchr(ref, ':') != NULL && nentries < 64)
		snprintf(entries[nentries++], sizeof entries[0], "%s", ref);
	return real_ops->chain_add(j, ms, what, ref, who, digest);
}

/* Custody of a turn stands in the chain as few entries, none too long, every number once. */
static void
custody_entries(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN];
	struct journal_ops spy;
	bool seen[401] = {false};
	struct msgid ids[100];

	net_start(net);
	net->cut[COUNTY] = true;
	net_cut(net, COUNTY);
	reports(town, "a", 100, ids);
	net->cut[COUNTY] = false;
	net_run(net, 60000);
	real_ops = town->j->ops;
	spy = *real_ops;
	spy.chain_add = spy_chain;
	town->j->ops = &spy;
	nentries = 0;
	/* every second number of four hundred passes in one turn */
	for (uint64_t k = 0; k < 400; k++) {
		struct journal_outbox o;
		struct envelope e;

		memset(&o, 0, sizeof o);
		memset(&e, 0, sizeof e);
		snprintf(o.link, sizeof o.link, "330225");
		o.id = ids[k % 100];
		line_number(town->s, node_now(town), &o, &e);
		o.row = 1000000 + k;
		if (k % 2 == 0 || k > 380)
			line_passed(town->s, node_now(town), &o);
		else
			line_withdraw(town->s, node_now(town), &o);
	}
	uint64_t first = node_line(town, COUNTY, true).last - 399;

	node_turn(town);
	assert_true(nentries > 1 && nentries < 10);
	for (size_t i = 0; i < nentries; i++) {
		char *at = strchr(entries[i], ':');
		unsigned long long from, to;

		assert_true(strlen(entries[i]) < 192 && strncmp(entries[i], "330225 ", 7) == 0);
		assert_true(at != NULL);
		for (at++; *at != '\0'; at += *at == ',') {
			from = to = strtoull(at, &at, 10);
			if (*at == '-')
				to = strtoull(at + 1, &at, 10);
			for (; from <= to; from++) {
				assert_true(from >= first && from < first + 400);
				assert_false(seen[from - first]);
				seen[from - first] = true;
			}
		}
	}
	for (size_t k = 0; k < 400; k++)
		assert_int_equal(seen[k], k % 2 == 0 || k > 380);
	/* ... and by the whole way of a parcel none stands twice */
	nentries = ncustody = 0;
	reports(town, "b", 5, ids);
	net_run(net, 60000);
	assert_true(ncustody > 0);
	assert_int_equal(ncustody, nentries);
	town->j->ops = real_ops;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    L(daily_close),
	    L(close_differs),
	    L(quarantined),
	    L(on_its_way),
	    L(custody_entries),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
