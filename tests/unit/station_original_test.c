/* Originals: two stations' switches handed each other's messages by the test, over RAM journals. */
#include <sodium.h>
#include "station_help.h"
#include "../../formats/limits.h"

#define COUNTY "330225"
#define CITY "330200"
#define TOWN "330225102"
#define OTHER "330225101"

struct pair {
	struct world *county, *city;
};

static struct world *
city_new(void)
{
	struct world *w = xcalloc(1, sizeof *w);

	w->now = NOW;
	w->j = journal_ram_open();
	snprintf(w->topo.self, sizeof w->topo.self, CITY);
	w->topo.n = w->nb;
	w->topo.count = 1;
	snprintf(w->nb[0].station, STATION_MAX, COUNTY);
	w->nb[0].role = ROLE_CHILD;
	start(w);
	return w;
}

static int
pair_setup(void **state)
{
	struct pair *p = xcalloc(1, sizeof *p);

	assert_int_equal(setup((void **)&p->county), 0);
	p->city = city_new();
	*state = p;
	return 0;
}

static int
pair_teardown(void **state)
{
	struct pair *p = *state;
	void *v = p->county;

	limits_reset();
	teardown(&v);
	v = p->city;
	teardown(&v);
	free(p);
	return 0;
}

/* ---- carrying ---- */

static void
hand(struct world *to, const char *from, const struct journal_msg *m)
{
	struct envelope e;
	struct buf parcel = {0};

	memset(&e, 0, sizeof e);
	envelope_add_to(&e, to->topo.self);
	assert_true(envelope_add_hop(&e, from));
	e.precedence = m->precedence;
	parcel_encode(&e, m->body.p, m->body.n, &parcel);
	station_received(to->s, to->now, station_link(to->s, from), 1, parcel.p, parcel.n);
	turn(to);
	buf_free(&parcel);
	envelope_free(&e);
}

struct mail {
	const char *self, *to;
	struct journal_msg v[64];
	size_t n;
};

static int
mail_row(void *ctx, const struct journal_msg *m)
{
	struct mail *l = ctx;
	struct fault f;
	struct body *b;

	if (strcmp(m->id.origin, l->self) != 0 || m->body.n == 0)
		return 0;
	b = wire_decode(m->body.p, m->body.n, &f);
	assert_non_null(b);
	if (addressed(b, l->to)) {
		assert_in_range(l->n, 0, 63);
		l->v[l->n] = *m;
		memset(&l->v[l->n].body, 0, sizeof(struct buf));
		buf_put(&l->v[l->n++].body, m->body.p, m->body.n);
	}
	body_free(b);
	return 0;
}

/* What `from` has written to `to` since. */
static void
mail_since(struct world *from, uint64_t since, const char *to, int kind, struct mail *l)
{
	memset(l, 0, sizeof *l);
	l->self = from->topo.self;
	l->to = to;
	from->j->ops->each_after(from->j, since, kind, false, mail_row, l);
}

static void
mail_free(struct mail *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_free(&l->v[i].body);
	l->n = 0;
}

static void
carry(struct world *from, uint64_t since, struct world *to, int kind)
{
	struct mail l;

	mail_since(from, since, to->topo.self, kind, &l);
	for (size_t i = 0; i < l.n; i++)
		hand(to, from->topo.self, &l.v[i]);
	mail_free(&l);
}

static uint64_t
mark(struct world *w)
{
	return w->j->ops->chain_seq(w->j);
}

/* ---- documents ---- */

static void
document(struct buf *b, size_t n, uint8_t digest[DIGEST_LEN])
{
	uint32_t x = 12345;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		buf_put_u8(b, (uint8_t)(x >> 24 | 0x80));	/* no UTF-8: no text to look for marks in */
	}
	digest_of(n > 0 ? (const void *)b->p : "", n, digest);
}

/* Taken in at the county, addressed to the city (and to who else there is); the city has the message. */
static struct msgid
import(struct pair *p, const char *rid, const struct buf *doc, const char *cc)
{
	const char *fields[] = {"kind", "warning", "title", "暴雨橙色预警", "to", CITY, cc != NULL ? "cc" : NULL, cc, NULL};
	struct body *b = make(fields);
	struct station_submit r = {.rid = rid, .seat = "s", .body = b, .blob = doc->n > 0 ? (const void *)doc->p : "",
	    .blob_len = doc->n};
	uint64_t since = mark(p->county);

	station_submit(p->county->s, p->county->now, 42, &r);
	turn(p->county);
	if (p->county->refused)
		fail_msg("%s: %s", p->county->fault.field, p->county->fault.text);
	body_free(b);
	carry(p->county, since, p->city, KIND_WARNING);
	return p->county->id;
}

static int
want(struct world *w, const struct msgid *id)
{
	unsigned before = w->replies;

	station_original_want(w->s, w->now, 7, id);
	assert_int_equal(w->replies, before);	/* nothing is said before COMMIT */
	turn(w);
	assert_int_equal(w->replies, before + 1);
	assert_true(w->refused);
	assert_int_equal(w->ticket, 7);
	return w->fault.code;
}

static bool
has(struct world *w, const uint8_t digest[DIGEST_LEN], const struct buf *doc)
{
	struct buf b = {0};
	int rc = w->j->ops->blob_get(w->j, digest, &b);
	bool same = rc == 0 && b.n == doc->n && (b.n == 0 || memcmp(b.p, doc->p, b.n) == 0);

	assert_true(rc == 1 || same);
	buf_free(&b);
	return same;
}

/* Everything either has written to the other, one turn of carrying. */
static void
ask_and_answer(struct pair *p, const struct msgid *id, struct mail *parts)
{
	uint64_t city = mark(p->city), county = mark(p->county);

	assert_int_equal(want(p->city, id), EX_TEMPFAIL);
	carry(p->city, city, p->county, KIND_SERVICE);
	mail_since(p->county, county, CITY, KIND_SERVICE, parts);
}

static void
verified(struct world *w)
{
	struct journal_verify v;

	assert_int_equal(w->j->ops->verify(w->j, w->topo.self, &v), 0);
	assert_string_equal(v.bad, "");
}

/* ---- cases ---- */

static void
any_order(void **state)
{
	static const size_t sizes[] = {0, 1, 40959, 40960, 40961, 300000};
	struct pair *p = *state;

	for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
		struct buf doc = {0};
		uint8_t digest[DIGEST_LEN];
		struct mail parts;
		struct msgid id;
		char rid[32];

		document(&doc, sizes[k], digest);
		snprintf(rid, sizeof rid, "doc-%zu", k);
		id = import(p, rid, &doc, NULL);
		ask_and_answer(p, &id, &parts);
		assert_int_equal(parts.n, sizes[k] == 0 ? 1 : (sizes[k] + 40959) / 40960);
		for (size_t i = parts.n; i > 0; i--) {	/* the last first, each twice */
			assert_int_equal(parts.v[i - 1].precedence, PREC_ROUTINE);
			assert_false(has(p->city, digest, &doc));
			hand(p->city, COUNTY, &parts.v[i - 1]);
			hand(p->city, COUNTY, &parts.v[i - 1]);
		}
		assert_true(has(p->city, digest, &doc));
		mail_free(&parts);
		buf_free(&doc);
	}
	assert_int_equal(p->city->j->ops->quarantine_count(p->city->j), 0);
	assert_int_equal(p->city->alarms, 0);
	verified(p->city);
	verified(p->county);
}

static void
asked_once(void **state)
{
	struct pair *p = *state;
	struct buf doc = {0};
	uint8_t digest[DIGEST_LEN];
	struct mail wanted, parts;
	struct msgid id;
	uint64_t city, county;

	document(&doc, 100000, digest);
	id = import(p, "doc", &doc, NULL);
	city = mark(p->city);
	assert_int_equal(want(p->city, &id), EX_TEMPFAIL);
	assert_non_null(strstr(p->city->fault.text, COUNTY));
	p->city->now += 1000;
	assert_int_equal(want(p->city, &id), EX_TEMPFAIL);
	mail_since(p->city, city, COUNTY, KIND_SERVICE, &wanted);
	assert_int_equal(wanted.n, 1);
	mail_free(&wanted);
	p->city->now += 600000;		/* unanswered: again, the first may have been lost with a journal */
	assert_int_equal(want(p->city, &id), EX_TEMPFAIL);
	mail_since(p->city, city, COUNTY, KIND_SERVICE, &wanted);
	assert_int_equal(wanted.n, 2);
	mail_free(&wanted);

	/* The county answers once while its answer is under way. */
	county = mark(p->county);
	carry(p->city, city, p->county, KIND_SERVICE);
	mail_since(p->county, county, CITY, KIND_SERVICE, &parts);
	assert_int_equal(parts.n, 3);
	hand(p->city, COUNTY, &parts.v[1]);
	/* A restart in between: what has come is read again. */
	station_free(p->city->s);
	start(p->city);
	hand(p->city, COUNTY, &parts.v[2]);
	assert_false(has(p->city, digest, &doc));
	hand(p->city, COUNTY, &parts.v[0]);
	assert_true(has(p->city, digest, &doc));
	mail_free(&parts);
	buf_free(&doc);
	verified(p->city);
}

static void
refused_to_strangers(void **state)
{
	struct pair *p = *state;
	static const struct {
		const char *by;
		const char *why;	/* NULL: given */
	} t[] = {{TOWN, NULL}, {OTHER, "not-addressed"}};
	struct buf doc = {0};
	uint8_t digest[DIGEST_LEN];
	struct msgid id, absent;

	document(&doc, 10, digest);
	id = import(p, "doc", &doc, TOWN);
	for (size_t i = 0; i < 4; i++) {
		const char *by = i < 2 ? t[i].by : CITY;
		const char *why = i < 2 ? t[i].why : "absent";
		struct journal_msg m = {.precedence = PREC_ROUTINE};
		struct msgid own = {.epoch = 1, .serial = 9 + i};
		struct body *b;
		struct mail answer;
		uint64_t since = mark(p->county);

		absent = id;
		if (i == 2)
			absent.serial += 100;	/* no such message */
		if (i == 3)			/* a message of theirs names a digest of ours: fishing */
			snprintf(absent.origin, sizeof absent.origin, CITY);
		snprintf(own.origin, sizeof own.origin, "%s", by);
		const char *const fields[] = {"kind", "service", "topic", "original-wanted", "to", COUNTY, NULL};
		if (i == 3) {
			const char *const warn[] = {"kind", "warning", "title", "x", "to", COUNTY, NULL};

			b = make(warn);
			absent.serial = 77;
			body_set_id(b, F_ID, &absent);
			body_set_time(b, F_WRITTEN, NOW);
			body_set_digest(b, F_ORIGINAL, digest);
			wire_encode(b, &m.body);
			hand(p->county, by, &m);
			buf_free(&m.body);
			body_free(b);
		}
		b = make(fields);
		body_set_id(b, F_ID, &own);
		body_set_id(b, F_REFS, &absent);
		body_set_time(b, F_WRITTEN, NOW);
		wire_encode(b, &m.body);
		hand(p->county, by, &m);
		buf_free(&m.body);
		body_free(b);
		mail_since(p->county, since, by, KIND_SERVICE, &answer);
		assert_int_equal(answer.n, 1);
		b = stored(p->county, &answer.v[0].id);
		assert_string_equal(body_text(b, F_TOPIC), why != NULL ? "original-refused" : "original");
		if (why != NULL) {
			assert_string_equal(body_text(b, F_REASON), why);
			assert_null(body_first(b, F_TEXT));
		}
		body_free(b);
		mail_free(&answer);
	}
	buf_free(&doc);
}

static void
refusal_is_told(void **state)
{
	struct pair *p = *state;
	struct buf doc = {0};
	uint8_t digest[DIGEST_LEN];
	struct mail answer;
	struct msgid id, none;
	uint64_t city;

	document(&doc, 50000, digest);
	id = import(p, "doc", &doc, NULL);
	/* Destroyed there, and the city not told yet. */
	station_destroy(p->county->s, NOW, 9, &id, "d", "s", "甲", "乙", "误入");
	turn(p->county);
	assert_false(p->county->refused);
	ask_and_answer(p, &id, &answer);
	assert_int_equal(answer.n, 1);
	hand(p->city, COUNTY, &answer.v[0]);
	mail_free(&answer);
	assert_int_equal(want(p->city, &id), EX_NOINPUT);
	assert_non_null(strstr(p->city->fault.text, "destroyed"));
	p->city->now += 600000;
	city = mark(p->city);
	assert_int_equal(want(p->city, &id), EX_TEMPFAIL);	/* asked again */
	assert_true(mark(p->city) > city);
	/* Nothing to ask for. */
	assert_int_equal(want(p->county, &id), EX_NOINPUT);
	none = id;
	none.serial += 50;
	assert_int_equal(want(p->city, &none), EX_NOINPUT);
	const char *const note[] = {"kind", "note", "text", "x", "to", CITY, NULL};
	none = sent(p->county, "note", note);
	carry(p->county, 0, p->city, KIND_NOTE);
	assert_int_equal(want(p->city, &none), EX_NOINPUT);
	buf_free(&doc);
}

/* Parts that lie: another document of the same size, numbers out of range, base64 that is none. */
static void
false_parts(void **state)
{
	struct pair *p = *state;
	static const struct {
		const char *text;
		int64_t part, parts, size;
	} t[] = {
	    {"QUJD", 0, 1, 3}, {"QUJD", 2, 1, 3}, {"QUJD", 1, 0, 3}, {"QUJD", 1, 2, 3}, {"QUJD", 1, 1, 4},
	    {"QUJD", 1, INT64_MAX, 3}, {"QUJD", 1, 1, INT64_MAX}};
	static const char *const whole[] = {"QUJD", "QUJ", "????", "QUJDQUJD", ""};
	struct buf doc = {0};
	uint8_t digest[DIGEST_LEN];
	struct journal_msg m = {.precedence = PREC_ROUTINE};
	struct msgid id, asked;
	struct mail wanted;
	uint64_t quarantined = 0;

	document(&doc, 3, digest);
	for (size_t i = 0; i < sizeof t / sizeof t[0] + sizeof whole / sizeof whole[0]; i++) {
		const char *const fields[] = {"kind", "service", "topic", "original", "to", CITY, NULL};
		bool number = i < sizeof t / sizeof t[0];
		struct body *b = make(fields);
		struct msgid own = {.epoch = 5, .serial = i + 1};
		uint64_t since;
		char rid[32];

		doc.p[0] = (uint8_t)(0x80 + i);	/* another document each */
		digest_of(doc.p, doc.n, digest);
		snprintf(rid, sizeof rid, "false-%zu", i);
		id = import(p, rid, &doc, NULL);
		since = mark(p->city);
		assert_int_equal(want(p->city, &id), EX_TEMPFAIL);
		mail_since(p->city, since, COUNTY, KIND_SERVICE, &wanted);
		assert_int_equal(wanted.n, 1);
		asked = wanted.v[0].id;
		mail_free(&wanted);
		snprintf(own.origin, sizeof own.origin, COUNTY);
		body_set_id(b, F_ID, &own);
		body_set_id(b, F_REFS, &asked);
		body_set_time(b, F_WRITTEN, NOW);
		body_set_num(b, F_PART, number ? t[i].part : 1);
		body_set_num(b, F_PARTS, number ? t[i].parts : 1);
		body_set_num(b, F_ORIGINAL_SIZE, number ? t[i].size : 3);
		body_set_text(b, F_TEXT, number ? t[i].text : whole[i - sizeof t / sizeof t[0]]);
		memset(&m.body, 0, sizeof m.body);
		wire_encode(b, &m.body);
		hand(p->city, COUNTY, &m);
		buf_free(&m.body);
		body_free(b);
		assert_false(has(p->city, digest, &doc));
		if (p->city->j->ops->quarantine_count(p->city->j) <= quarantined && number)
			fail_msg("case %zu: nothing in quarantine", i);
		quarantined = p->city->j->ops->quarantine_count(p->city->j);
		assert_int_equal(want(p->city, &id), number ? EX_TEMPFAIL : EX_DATAERR);
		assert_true(p->city->alarms > 0);
	}
	buf_free(&doc);
	verified(p->city);
}

static void
bounded(void **state)
{
	struct pair *p = *state;
	struct buf doc = {0};
	uint8_t digest[DIGEST_LEN];
	struct msgid id;
	char dir[] = "/tmp/original.XXXXXX", path[64];
	struct fault f = {0};
	FILE *file;

	document(&doc, 100000, digest);
	id = import(p, "doc", &doc, NULL);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/limits.tsv", dir);
	assert_non_null(file = fopen(path, "w"));
	fputs("limit\tnumber\tunit\twhy\ncap_bytes\t65536\tbytes\ttest\n", file);
	assert_int_equal(fclose(file), 0);
	if (limits_load(dir, &f) != 0)
		fail_msg("%s", f.text);
	assert_int_equal(want(p->city, &id), EX_DATAERR);
	assert_string_equal(p->city->fault.field, "original_size");
	remove(path);
	remove(dir);
	buf_free(&doc);
}

struct search {
	const char *text;
	size_t found;
};

static int
search_row(void *ctx, const struct journal_msg *m)
{
	struct search *w = ctx;

	w->found += m->body.n > 0 && memmem(m->body.p, m->body.n, w->text, strlen(w->text)) != NULL;
	return 0;
}

/* Two persons destroy the message: the document's parts go with it, at both ends, and what comes later goes too. */
static void
destroyed(void **state)
{
	struct pair *p = *state;
	struct world *both[2] = {p->county, p->city};
	struct buf doc = {0};
	uint8_t digest[DIGEST_LEN];
	struct mail parts;
	struct msgid id;
	char some[41];

	document(&doc, 100000, digest);
	sodium_bin2base64(some, sizeof some, doc.p, 30, sodium_base64_VARIANT_ORIGINAL);
	id = import(p, "doc", &doc, NULL);
	ask_and_answer(p, &id, &parts);
	assert_int_equal(parts.n, 3);
	hand(p->city, COUNTY, &parts.v[0]);
	hand(p->city, COUNTY, &parts.v[1]);
	for (size_t i = 0; i < 2; i++) {
		struct search w = {some, 0};

		both[i]->j->ops->each_after(both[i]->j, 0, 0, false, search_row, &w);
		assert_int_equal(w.found, 1);
		station_destroy(both[i]->s, NOW, 9, &id, "d", "s", "甲", "乙", "误入");
		turn(both[i]);
		assert_false(both[i]->refused);
		w.found = 0;
		both[i]->j->ops->each_after(both[i]->j, 0, 0, false, search_row, &w);
		assert_int_equal(w.found, 0);
		assert_false(has(both[i], digest, &doc));
		verified(both[i]);
	}
	hand(p->city, COUNTY, &parts.v[2]);
	hand(p->city, COUNTY, &parts.v[0]);
	struct journal_msg m;
	assert_int_equal(p->city->j->ops->get_message(p->city->j, &parts.v[2].id, &m), 0);
	assert_true(m.destroyed);
	buf_free(&m.body);
	assert_int_equal(want(p->city, &id), EX_NOINPUT);
	mail_free(&parts);
	buf_free(&doc);
	verified(p->city);
}

/* Nobody enters the switches' own words; the rest of the kind is people's. */
static void
nobodys_to_enter(void **state)
{
	struct pair *p = *state;
	const char *const mine[] = {"kind", "service", "topic", "授时", "to", CITY, NULL};
	static const char *const own[] = {"original-wanted", "original", "original-refused"};

	for (size_t i = 0; i < 3; i++) {
		const char *const f[] = {"kind", "service", "topic", own[i], "to", CITY, NULL};

		refused(p->county, own[i], EX_DATAERR, "topic", f);
	}
	(void)sent(p->county, "mine", mine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(any_order, pair_setup, pair_teardown),
	    cmocka_unit_test_setup_teardown(asked_once, pair_setup, pair_teardown),
	    cmocka_unit_test_setup_teardown(refused_to_strangers, pair_setup, pair_teardown),
	    cmocka_unit_test_setup_teardown(refusal_is_told, pair_setup, pair_teardown),
	    cmocka_unit_test_setup_teardown(false_parts, pair_setup, pair_teardown),
	    cmocka_unit_test_setup_teardown(bounded, pair_setup, pair_teardown),
	    cmocka_unit_test_setup_teardown(destroyed, pair_setup, pair_teardown),
	    cmocka_unit_test_setup_teardown(nobodys_to_enter, pair_setup, pair_teardown),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
