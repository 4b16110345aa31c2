#ifndef TESTS_UNIT_JOURNAL_CASES_H
#define TESTS_UNIT_JOURNAL_CASES_H
/*
 * Cases that run against both journals: opening and crashing either, writing the usual rows, and seeing rows as text.
 * Include after cmocka.h.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include "journal_make.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A journal of either kind, and what a crash leaves of it. */
struct ctx {
	bool ram;
	char dir[64];
	struct journal *j;
};

#define OP(c, f, ...) ((c)->j->ops->f((c)->j, __VA_ARGS__))

static inline void
ctx_open(struct ctx *c, bool ram)
{
	struct fault fault = { 0 };

	memset(c, 0, sizeof(*c));
	c->ram = ram;
	if (ram) {
		c->j = journal_ram_open();
		return;
	}
	make_dir(c->dir, sizeof(c->dir));
	c->j = journal_sqlite_open(c->dir, true, &fault);
	if (c->j == NULL)
		fail_msg("%s", fault.text);
}

/* What a crash leaves. */
static inline void
ctx_crash(struct ctx *c)
{
	struct fault fault = { 0 };

	if (c->ram) {
		journal_ram_crash(c->j);
		return;
	}
	c->j->ops->close(c->j);
	c->j = journal_sqlite_open(c->dir, false, &fault);
	if (c->j == NULL)
		fail_msg("%s", fault.text);
}

/* A byte of a stored body changes, as on a disk; what is not committed is lost. */
static inline void
ctx_damage(struct ctx *c, const struct msgid *id)
{
	struct fault fault = { 0 };
	char path[128];
	sqlite3_stmt *st;
	sqlite3 *db;
	uint8_t *p;
	int n;

	if (c->ram) {
		journal_ram_crash(c->j);
		journal_ram_damage(c->j, id);
		return;
	}
	c->j->ops->close(c->j);
	snprintf(path, sizeof(path), "%s/journal.db", c->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT m.seq,p.body FROM message m JOIN payload p ON p.seq=m.seq"
	    " JOIN source s ON s.n=m.source WHERE s.origin=?1 AND s.epoch=?2 AND m.serial=?3", -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_text(st, 1, id->origin, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)id->epoch);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)id->serial);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_bytes(st, 1);
	p = xmalloc((size_t)n);
	memcpy(p, sqlite3_column_blob(st, 1), (size_t)n);
	p[n / 2] ^= 1;
	snprintf(path, sizeof(path), "UPDATE payload SET body=?1 WHERE seq=%lld", (long long)sqlite3_column_int64(st, 0));
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_prepare_v2(db, path, -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_blob(st, 1, p, n, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	sqlite3_close(db);
	free(p);
	c->j = journal_sqlite_open(c->dir, false, &fault);
	if (c->j == NULL)
		fail_msg("%s", fault.text);
}

static inline void
ctx_close(struct ctx *c)
{
	c->j->ops->close(c->j);
	if (!c->ram)
		remove_dir(c->dir);
}

static inline void
commit(struct ctx *c)
{
	assert_int_equal(c->j->ops->commit(c->j), 0);
}

static inline void
put(struct ctx *c, struct journal_msg *m)
{
	assert_int_equal(OP(c, put_message, m), 0);
}

/* Puts one and forgets it; returns its id. */
static inline struct msgid
put_new(struct ctx *c, const char *origin, uint64_t serial, int kind, const struct msgid *incident,
    const struct msgid *ref)
{
	struct journal_msg m;
	struct msgid id;

	make_msg(&m, origin, serial, kind, incident, ref, ref != NULL ? 1 : 0);
	put(c, &m);
	id = m.id;
	buf_free(&m.body);
	return id;
}

static inline void
assert_clean(struct ctx *c)
{
	struct journal_verify v;

	assert_int_equal(OP(c, verify, OWN, &v), 0);
	assert_string_equal(v.bad, "");
}

static inline void
assert_bad(struct ctx *c, const char *what)
{
	struct journal_verify v;

	assert_int_equal(OP(c, verify, OWN, &v), 0);
	if (strstr(v.bad, what) == NULL)
		fail_msg("verify says \"%s\", expected \"%s\"", v.bad, what);
}

/* Rows seen by a walk, as text. */
struct seen {
	struct buf text;
	size_t n, stop_after;
	struct ctx *c;			/* for callbacks that write */
	uint64_t serial;
};

static inline int
see_msg(void *ctx, const struct journal_msg *m)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%" PRIu64 ":%s.%" PRIu64 "%s%s%s ", m->seq, m->id.origin, m->id.serial, m->local ? "L" : "",
	    m->destroyed ? "X" : "", m->damaged ? "!" : "");
	assert_true((m->body.n > 0) != (m->destroyed || m->damaged));
	return ++s->n == s->stop_after;
}

#define assert_seen(s, expected) do { \
	assert_string_equal(buf_cstr(&(s).text), expected); \
	buf_free(&(s).text); \
	memset(&(s), 0, sizeof(s)); \
} while (0)

static inline void
put_delivery(struct ctx *c, const struct msgid *id, const char *to, int state, int64_t offered)
{
	struct journal_delivery d = { .id = *id, .state = state, .offered = offered, .since = 7 };

	snprintf(d.to, sizeof(d.to), "%s", to);
	assert_int_equal(OP(c, delivery_put, &d), 0);
}

static inline int
see_delivery(void *ctx, const struct journal_delivery *d)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%s=%d@%" PRId64 " ", d->to, d->state, d->offered);
	return ++s->n == s->stop_after;
}

static inline uint64_t
put_outbox(struct ctx *c, const struct msgid *id, const char *link, const char *to)
{
	struct journal_outbox o;

	make_outbox(&o, id, link, to);
	assert_int_equal(OP(c, outbox_add, &o), 0);
	buf_free(&o.envelope);
	return o.row;
}

static inline int
see_outbox(void *ctx, const struct journal_outbox *o)
{
	struct seen *s = ctx;

	assert_true(o->envelope.n > 0);
	assert_true(o->body_len > 0);
	buf_printf(&s->text, "%" PRIu64 ":%s:%" PRIu64 " ", o->row, o->link, o->id.serial);
	return ++s->n == s->stop_after;
}

static inline void
put_draft(struct ctx *c, const char *rid, int64_t ms, const char *json)
{
	struct journal_draft d;

	memset(&d, 0, sizeof(d));
	snprintf(d.rid, sizeof(d.rid), "%s", rid);
	snprintf(d.seat, sizeof(d.seat), "1号席");
	d.ms = ms;
	buf_puts(&d.json, json);
	assert_int_equal(OP(c, draft_put, &d), 0);
	buf_free(&d.json);
}

static inline void
put_incident(struct ctx *c, uint64_t serial, int realm, const char *number, int64_t changed, bool history)
{
	struct journal_incident i;

	memset(&i, 0, sizeof(i));
	i.id = make_id("330225", serial);
	i.id.realm = (uint8_t)realm;
	snprintf(i.number, sizeof(i.number), "%s", number);
	i.changed = changed;
	i.seq = serial;
	i.closed = serial == 1;
	i.history = history;
	buf_puts(&i.summary, "{}");
	assert_int_equal(OP(c, incident_put, &i), 0);
	buf_free(&i.summary);
}

struct journal_case {
	const char *name;
	void (*run)(struct ctx *);
};

static inline void
run_cases(const struct journal_case *cases, size_t n, bool ram)
{
	struct ctx c;
	size_t i;

	for (i = 0; i < n; i++) {
		print_message("           %s: %s\n", ram ? "ram" : "sqlite", cases[i].name);
		ctx_open(&c, ram);
		cases[i].run(&c);
		ctx_close(&c);
	}
}

#endif
