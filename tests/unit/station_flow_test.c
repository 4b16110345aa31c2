/* Three stations, city, county and township, passing parcels by hand: what one says of a message reaches all who hold
 * it. */
#include "station_help.h"

enum { CITY, COUNTY, TOWN, NSTATION };
static const char *const codes[] = {"330200", "330225", "330225102"};

struct chain {
	struct world w[NSTATION];
};

static int
chain_setup(void **state)
{
	struct chain *c = xcalloc(1, sizeof *c);

	for (size_t i = 0; i < NSTATION; i++) {
		struct world *w = &c->w[i];
		size_t n = 0;

		w->now = NOW;
		w->j = journal_ram_open();
		w->topo.n = w->nb;
		snprintf(w->topo.self, sizeof w->topo.self, "%s", codes[i]);
		if (i > 0) {
			snprintf(w->nb[n].station, STATION_MAX, "%s", codes[i - 1]);
			snprintf(w->nb[n].endpoint, sizeof w->nb[n].endpoint, "tcp://127.0.0.1:1");
			w->nb[n++].role = ROLE_PARENT;
		}
		if (i + 1 < NSTATION) {
			snprintf(w->nb[n].station, STATION_MAX, "%s", codes[i + 1]);
			w->nb[n++].role = ROLE_CHILD;
		}
		for (size_t k = 0; k < n; k++)
			w->nb[k].key[0] = (uint8_t)(k + 1);
		w->topo.count = n;
		start(w);
	}
	*state = c;
	return 0;
}

static int
chain_teardown(void **state)
{
	struct chain *c = *state;

	for (size_t i = 0; i < NSTATION; i++) {
		struct journal_verify v;

		memset(&v, 0, sizeof v);
		assert_int_equal(c->w[i].j->ops->verify(c->w[i].j, codes[i], &v), 0);
		assert_string_equal(v.bad, "");
		assert_int_equal(c->w[i].alarms, 0);
		station_free(c->w[i].s);
		c->w[i].j->ops->close(c->w[i].j);
	}
	free(c);
	return 0;
}

struct parcels {
	struct journal_outbox row[64];
	size_t n;
};

static int
gather(void *ctx, const struct journal_outbox *o)
{
	struct parcels *p = ctx;

	assert_true(p->n < 64);
	p->row[p->n] = *o;
	memset(&p->row[p->n].envelope, 0, sizeof p->row[p->n].envelope);
	buf_put(&p->row[p->n++].envelope, o->envelope.p, o->envelope.n);
	return 0;
}

static bool
carry(struct chain *c, size_t from, size_t to)
{
	struct parcels p = {.n = 0};
	struct world *a = &c->w[from], *b = &c->w[to];
	bool moved = false;

	a->j->ops->outbox_each(a->j, gather, &p);
	for (size_t i = 0; i < p.n; i++) {
		struct journal_msg m;
		struct envelope e;
		struct buf parcel = {0};
		struct fault f;

		if (strcmp(p.row[i].link, codes[to]) == 0) {
			memset(&m, 0, sizeof m);
			assert_int_equal(a->j->ops->get_message(a->j, &p.row[i].id, &m), 0);
			assert_int_equal(envelope_decode(p.row[i].envelope.p, p.row[i].envelope.n, &e, &f), 0);
			parcel_encode(&e, m.body.p, m.body.n, &parcel);
			station_received(b->s, b->now, station_link(b->s, codes[from]), 1, parcel.p, parcel.n);
			turn(b);
			station_passed(a->s, a->now, p.row[i].row);
			turn(a);
			envelope_free(&e);
			buf_free(&m.body);
			buf_free(&parcel);
			moved = true;
		}
		buf_free(&p.row[i].envelope);
	}
	return moved;
}

/* Until nothing is under way any more. */
static void
pump(struct chain *c)
{
	bool moved = true;

	for (int i = 0; moved; i++) {
		assert_true(i < 100);
		moved = false;
		for (size_t k = 0; k + 1 < NSTATION; k++)
			moved = carry(c, k, k + 1) || carry(c, k + 1, k) || moved;
	}
}

static void
later(struct chain *c, int64_t ms)
{
	for (size_t i = 0; i < NSTATION; i++)
		c->w[i].now += ms;
}

static struct msgid
say(struct chain *c, size_t at, const char *rid, const char *const *fields)
{
	if (!submit(&c->w[at], rid, fields))
		fail_msg("%s: %s: %s", rid, c->w[at].fault.field, c->w[at].fault.text);
	return c->w[at].id;
}

static bool
holds(struct chain *c, size_t at, const struct msgid *id)
{
	struct journal_msg m;
	bool yes;

	memset(&m, 0, sizeof m);
	yes = c->w[at].j->ops->get_message(c->w[at].j, id, &m) == 0 && m.body.n > 0;
	buf_free(&m.body);
	return yes;
}

static const struct incident_line *
line_at(struct chain *c, size_t at, const struct msgid *incident, const struct msgid *id, struct folded *fd)
{
	assert_int_equal(station_fold(c->w[at].s, incident, fd), 0);
	for (size_t i = 0; i < fd->incident->nall; i++)
		if (msgid_cmp(&fd->incident->all[i].id, id) == 0)
			return &fd->incident->all[i];
	return NULL;
}

static void
read_it(struct chain *c, size_t at, const char *rid, const struct msgid *id)
{
	char text[MSGID_TEXT_MAX];

	msgid_format(id, text, sizeof text);
	(void)say(c, at, rid, (const char *const[]){"kind", "receipt", "act", "read", "refs", text, NULL});
	pump(c);
}

/* A correction reaches every earlier reader, and takes the place of what it corrects everywhere. */
static void
correction(void **state)
{
	struct chain *c = *state;
	struct msgid a = say(c, TOWN, "a", (const char *const[]){FIRST, "dead", "1", "cc", "330200", NULL}), fix;
	char id[MSGID_TEXT_MAX];
	struct folded fd;
	const struct incident_line *l;

	msgid_format(&a, id, sizeof id);
	pump(c);
	assert_true(holds(c, COUNTY, &a) && holds(c, CITY, &a));
	fix = say(c, TOWN, "fix",
	    (const char *const[]){"kind", "report", "stage", "correction", "refs", id, "dead", "2", "brief", "更正", NULL});
	pump(c);
	for (size_t i = 0; i < NSTATION; i++) {
		assert_true(holds(c, i, &fix));
		l = line_at(c, i, &a, &a, &fd);
		assert_non_null(l);
		assert_true(l->superseded);
		assert_int_equal(l->state, REPORT_CORRECTED);
		assert_int_equal(fd.incident->nfigures, 1);
		assert_int_equal(fd.incident->figures[0].fig.n, 2);
		folded_free(&fd);
	}
	struct body *b = stored(&c->w[CITY], &fix);

	assert_true(body_flag(b, F_RING));
	body_free(b);
}

static void
recall(void **state)
{
	struct chain *c = *state;
	struct msgid a = say(c, TOWN, "a", (const char *const[]){FIRST, NULL}), b, r;
	char id[MSGID_TEXT_MAX], id2[MSGID_TEXT_MAX];
	struct folded fd;
	const struct incident_line *l;
	struct world *town = &c->w[TOWN];

	msgid_format(&a, id, sizeof id);
	pump(c); /* delivered, and not read */
	later(c, 20000);
	const char *const back[] = {"kind", "report", "stage", "withdrawal", "refs", id, "reason", "误发", NULL};
	r = say(c, TOWN, "back", back);
	pump(c);
	for (size_t i = COUNTY; i < NSTATION; i++) {
		assert_true(holds(c, i, &r) && holds(c, i, &a)); /* the text is kept */
		l = line_at(c, i, &a, &a, &fd);
		assert_non_null(l);
		assert_true(l->withdrawn);
		assert_int_equal(l->state, REPORT_WITHDRAWN);
		folded_free(&fd);
	}
	/* ... and another one that was read at once */
	b = say(c, TOWN, "b", (const char *const[]){FIRST, NULL});
	msgid_format(&b, id2, sizeof id2);
	pump(c);
	read_it(c, COUNTY, "read", &b);
	assert_false(submit(town, "late", (const char *const[]){"kind", "report", "stage", "withdrawal", "refs", id2, "reason", "误发", NULL}));
	assert_string_equal(town->fault.field, "refs");
	assert_non_null(strstr(town->fault.text, "330225"));
}

/* 先报后签: every reader sees whose signature is owed, until it is given. */
static void
signed_later(void **state)
{
	static const char request[] = "{\"body\":{\"kind\":\"report\",\"place\":\"西周镇\",\"title\":\"火灾\",\"type\":\"yjpt:12G00\","
				      "\"learned\":\"2026-09-21T21:00:00+08:00\"}}";
	struct chain *c = *state;
	struct world *w = &c->w[TOWN];
	struct station_review r = {.rid = "d",
	    .seat = "s",
	    .event = DRAFT_SUBMIT,
	    .request = request,
	    .len = sizeof request - 1,
	    .person = "赵镇长",
	    .outcome = OUTCOME_NO_ANSWER};
	static const char *const numbers[] = {"1380000", "1390000"};
	struct msgid a;
	char id[MSGID_TEXT_MAX];
	struct folded fd;
	const struct incident_line *l;

	station_review(w->s, w->now, 1, &r);
	turn(w);
	r.event = DRAFT_TRY;
	for (size_t i = 0; i < 2; i++) {
		r.number = numbers[i];
		station_review(w->s, w->now, 1, &r);
		turn(w);
		assert_int_equal(w->fault.code, 0);
	}
	r.event = DRAFT_UNSIGNED;
	r.person = "王值班长";
	station_review(w->s, w->now, 1, &r);
	turn(w);
	assert_false(w->refused);
	a = w->id;
	msgid_format(&a, id, sizeof id);
	pump(c);
	for (size_t i = COUNTY; i < NSTATION; i++) {
		l = line_at(c, i, &a, &a, &fd);
		assert_true(l->signature_owed);
		assert_string_equal(l->owed_by, "赵镇长");
		folded_free(&fd);
	}
	(void)say(c, TOWN, "sign", (const char *const[]){"kind", "step", "step", "countersign", "refs", id, "person", "赵镇长", NULL});
	pump(c);
	for (size_t i = COUNTY; i < NSTATION; i++) {
		l = line_at(c, i, &a, &a, &fd);
		assert_false(l->signature_owed);
		assert_string_equal(l->signer, "赵镇长");
		folded_free(&fd);
	}
}

/* ---- 误入清除 ---- */

static bool
destroy(struct chain *c, size_t at, const char *rid, const struct msgid *id, const char *first, const char *second, const char *why)
{
	struct world *w = &c->w[at];

	station_destroy(w->s, w->now, 7, id, rid, "seat1", first, second, why);
	turn(w);
	return w->fault.code == 0;
}

static void
destroyed(void **state)
{
	struct chain *c = *state;
	struct msgid a = say(c, TOWN, "a", (const char *const[]){FIRST, "brief", "不该在此的内容", "cc", "330200", NULL}), told,
		     none = {.origin = "330225", .epoch = 1, .serial = 1};
	struct {
		const char *what, *first, *second, *why, *field;
		const struct msgid *id;
	} t[] = {
	    {"one person", "赵", "赵", "误入", "second", &a},
	    {"one person, blanks", "赵 一", "赵　一", "误入", "second", &a},
	    {"nobody", "", "钱", "误入", "first", &a},
	    {"no second", "赵", NULL, "误入", "second", &a},
	    {"no reason", "赵", "钱", "", "reason", &a},
	    {"not here", "赵", "钱", "误入", "id", &none},
	    {"the reason repeats it", "赵", "钱", "机密★一年", "reason", &a},
	};
	struct folded fd;
	const struct incident_line *l;
	struct journal_incident inc;
	struct body *b;
	char rid[32];

	pump(c);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		snprintf(rid, sizeof rid, "bad-%zu", i);
		if (destroy(c, COUNTY, rid, t[i].id, t[i].first, t[i].second, t[i].why))
			fail_msg("taken: %s", t[i].what);
		if (strcmp(c->w[COUNTY].fault.field, t[i].field) != 0)
			fail_msg("%s: %s", t[i].what, c->w[COUNTY].fault.field);
		assert_true(holds(c, COUNTY, &a));
	}
	assert_true(destroy(c, COUNTY, "gone", &a, "赵", "钱", "误入"));
	told = c->w[COUNTY].id;
	assert_true(destroy(c, COUNTY, "gone", &a, "赵", "钱", "误入")); /* a retry */
	assert_true(c->w[COUNTY].duplicate);
	assert_int_equal(msgid_cmp(&told, &c->w[COUNTY].id), 0);
	assert_false(destroy(c, COUNTY, "gone2", &a, "赵", "钱", "误入"));
	assert_string_equal(c->w[COUNTY].fault.field, "id");
	pump(c);
	assert_false(holds(c, COUNTY, &a));
	assert_true(holds(c, TOWN, &a) && holds(c, CITY, &a)); /* each destroys its own */
	assert_true(holds(c, TOWN, &told) && holds(c, CITY, &told));
	b = stored(&c->w[TOWN], &told);
	assert_int_equal(body_enum(b, F_STEP), STEP_DESTROYED);
	assert_true(incident_refers(b, &a));
	assert_null(body_text(b, F_BRIEF));
	assert_null(body_text(b, F_TITLE));
	body_free(b);
	l = line_at(c, COUNTY, &a, &a, &fd); /* a line that says nothing */
	assert_non_null(l);
	assert_string_equal(fd.incident->title, "");
	folded_free(&fd);
	memset(&inc, 0, sizeof inc);
	assert_int_equal(c->w[COUNTY].j->ops->incident_get(c->w[COUNTY].j, &a, &inc), 0);
	assert_null(strstr(buf_cstr(&inc.summary), "火灾"));
	buf_free(&inc.summary);
	assert_true(destroy(c, TOWN, "own", &a, "孙", "李", "误入"));
	pump(c);
	assert_false(holds(c, TOWN, &a));
	assert_true(destroy(c, CITY, "city", &a, "周", "吴", "误入"));
	pump(c);
	assert_false(holds(c, CITY, &a));
	/* the sweep finds nothing to offer again, and what was destroyed is not taken in a second time */
	later(c, INT64_C(48) * 3600 * 1000);
	for (size_t i = 0; i < NSTATION; i++) {
		station_tick(c->w[i].s, c->w[i].now);
		turn(&c->w[i]);
	}
	pump(c);
	for (size_t i = 0; i < NSTATION; i++)
		assert_false(holds(c, i, &a));
}

/* Destroyed while it is under way: the relay cannot pass it on, and says so. */
static void
destroyed_on_the_way(void **state)
{
	struct chain *c = *state;
	struct msgid a = say(c, TOWN, "a", (const char *const[]){FIRST, "to", "330200", NULL});
	struct journal_delivery d;

	assert_true(carry(c, TOWN, COUNTY));
	assert_true(destroy(c, COUNTY, "gone", &a, "赵", "钱", "误入"));
	pump(c);
	assert_false(holds(c, CITY, &a));
	later(c, INT64_C(3600) * 1000);
	station_tick(c->w[TOWN].s, c->w[TOWN].now); /* the origin offers it again */
	turn(&c->w[TOWN]);
	pump(c);
	assert_false(holds(c, COUNTY, &a) || holds(c, CITY, &a));
	assert_int_equal(c->w[TOWN].j->ops->delivery_get(c->w[TOWN].j, &a, "330200", &d), 0);
	assert_int_equal(d.state, DLV_RETURNED);
	assert_non_null(strstr(d.person, "330225")); /* who says so */
	assert_int_equal(c->w[TOWN].alarms, 1);
	c->w[TOWN].alarms = 0;
}

#define F(f) cmocka_unit_test_setup_teardown(f, chain_setup, chain_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    F(correction), F(recall), F(signed_later), F(destroyed), F(destroyed_on_the_way)};

	return cmocka_run_group_tests(tests, load, unload);
}
