/*
 * The journal's two implementations against each other: the same random operations on both, with commits and crashes,
 * must leave the same answers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "journal_cases.h"

static uint64_t
next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s >> 11;
}

static int
dump_msg(void *ctx, const struct journal_msg *m)
{
	char id[MSGID_TEXT_MAX], inc[MSGID_TEXT_MAX];

	(void)msgid_format(&m->id, id, sizeof(id));
	(void)msgid_format(&m->incident, inc, sizeof(inc));
	buf_printf(ctx, "M %" PRIu64 " %s %s %d %d %d %" PRId64 " %zu%s%s%s\n", m->seq, id, inc, m->kind, m->local, m->quiet,
	    m->stored, m->body.n, m->destroyed ? " destroyed" : "", m->settled ? " settled" : "", m->retired ? " retired" : "");
	return 0;
}

static int
dump_delivery(void *ctx, const struct journal_delivery *d)
{
	buf_printf(ctx, "D %" PRIu64 " %s %d %" PRId64 " %s\n", d->id.serial, d->to, d->state, d->offered,
	    d->person);
	return 0;
}

static int
dump_outbox(void *ctx, const struct journal_outbox *o)
{
	buf_printf(ctx, "O %" PRIu64 " %s %" PRIu64 " %" PRIu64 ".%" PRIu64 " %zu %zu\n", o->row, o->link, o->id.serial,
	    o->stream, o->serial, o->envelope.n, o->body_len);
	return 0;
}

static int
dump_incident(void *ctx, const struct journal_incident *i)
{
	buf_printf(ctx, "I %" PRIu64 " %s %" PRId64 " %d\n", i->id.serial, i->number, i->changed, i->history);
	return 0;
}

static int
dump_draft(void *ctx, const struct journal_draft *d)
{
	buf_printf(ctx, "R %s %" PRId64 " %" PRId64 " %zu\n", d->rid, d->ms, d->begun, d->json.n);
	return 0;
}

static int
dump_line(void *ctx, const struct journal_line *l)
{
	buf_printf(ctx, "L %s %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\n", l->peer, l->out, l->stream, l->last, l->closed,
	    l->closed_at);
	return 0;
}

static int
dump_passage(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	char id[MSGID_TEXT_MAX];

	(void)msgid_format(&p->id, id, sizeof(id));
	buf_printf(ctx, "P %s %d %" PRIu64 " %" PRIu64 " %s %" PRId64 " %" PRId64 "\n", l->peer, l->out, l->stream, p->serial, id,
	    p->at, p->passed);
	return 0;
}

static int
dump_id(void *ctx, const struct msgid *id)
{
	buf_printf(ctx, "H %" PRIu64 "\n", id->serial);
	return 0;
}

static void
dump(struct ctx *c, uint64_t r, struct buf *out)
{
	struct msgid id = make_id(OWN, r % 40 + 1);
	struct journal_verify v;
	struct journal_counts n;
	struct journal_line line;
	char val[32] = "";
	int i;

	buf_clear(out);
	assert_int_equal(OP(c, each_after, 0, 0, false, dump_msg, out), 0);
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, each_before, r % 100, KIND_REPORT, r & 1, dump_msg, out), 0);
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, each_loud, r % 50, dump_msg, out), 0);
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, each_of_incident, &id, dump_msg, out), 0);
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, each_referring, &id, dump_msg, out), 0);
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, delivery_each, &id, dump_delivery, out), 0);
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, delivery_open, (int64_t)(r % 1000), dump_delivery, out), 0);
	assert_int_equal(OP(c, outbox_each, dump_outbox, out), 0);
	assert_int_equal(OP(c, incident_each, 0, r & 1, dump_incident, out), 0);
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, incident_by_number, 0, "n1", dump_incident, out), 0);
	assert_int_equal(OP(c, draft_each, dump_draft, out), 0);
	assert_int_equal(OP(c, line_each, dump_line, out), 0);
	assert_int_equal(OP(c, hold_each, dump_id, out), 0);
	buf_puts(out, "--\n");
	for (i = 0; i < 4; i++) {
		uint64_t first = i & 1 ? r % 30 + 1 : 0;

		assert_int_equal(OP(c, line_get, i & 1 ? "a" : "b", i & 2, 0, &line) >= 0, 1);
		(void)dump_line(out, &line);
		assert_int_equal(OP(c, passage_each, i & 1 ? "a" : "b", i & 2, line.stream, first, i & 1 ? first + r % 90 : UINT64_MAX,
		    dump_passage, out), 0);
	}
	buf_puts(out, "--\n");
	assert_int_equal(OP(c, passage_of, &id, dump_passage, out), 0);
	assert_true(OP(c, meta_get, "k", val, sizeof(val)) >= 0);
	assert_int_equal(OP(c, counts, &n), 0);
	buf_printf(out, "C %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", n.messages, n.outbox,
	    n.no_path, n.open, n.returned, n.drafts);
	assert_int_equal(OP(c, verify, "nobody", &v), 0);
	assert_int_equal(n.messages, v.messages);
	assert_int_equal(n.outbox, v.outbox);
	buf_printf(out, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %" PRIu64 " %d\n", val, v.messages,
	    v.chain, v.destroyed, v.deliveries, v.outbox, v.bad, c->j->ops->quarantine_count(c->j), OP(c, outbox_has, &id, "t1"));
	/* A crash can leave deliveries and parcels only together with their message; nothing else is wrong. */
	assert_string_equal(v.bad, "");
}

/* A number is given, comes, is taken back or forgotten; the line is as both ends keep it. */
static int
random_line_op(struct ctx *c, uint64_t a, uint64_t b, const struct msgid *id, bool here)
{
	struct journal_passage p, got;
	struct journal_line l;
	const char *peer = a & 1 ? "a" : "b";
	bool out = (a & 2) != 0;
	int rc;

	rc = OP(c, line_get, peer, out, 0, &l);
	if (rc == 1 || a % 23 == 0) {		/* another start */
		snprintf(l.peer, sizeof(l.peer), "%s", peer);
		l.out = out;
		l.stream += b % 5 + 1;
		l.last = l.closed = 0;
		l.closed_at = 0;
		return OP(c, line_put, &l);
	}
	memset(&p, 0, sizeof(p));
	p.at = (int64_t)(b % 1000);
	if (here && b % 7 != 0)
		p.id = *id;
	switch (a / 4 % 5) {
	case 0:
	case 1:
		p.serial = l.last + 1;		/* the next; of those that come, some are only told of, and come later */
		if (out || b % 3 != 0)
			rc = OP(c, passage_put, peer, out, l.stream, &p);
		l.last++;
		return rc * 10 + OP(c, line_put, &l);
	case 2:
		p.serial = b % (l.last + 1);
		if (p.serial == 0)
			return 0;
		rc = OP(c, passage_get, peer, out, l.stream, p.serial, &got);
		if (rc == 1 && (out || p.serial <= l.closed))
			return rc;		/* forgotten: it does not come again */
		if (out) {
			p.id = got.id;
			p.passed = 5;
		}
		return rc * 10 + OP(c, passage_put, peer, out, l.stream, &p);
	case 3:
		if (b % 4 == 0) {
			l.closed = l.last - l.last % 3;
			l.closed_at = (int64_t)b % 100;
			rc = OP(c, line_put, &l);
			return rc * 10 + OP(c, passage_trim, peer, out, l.stream, l.closed / 2);
		}
		return OP(c, passage_trim, peer, !out, l.stream + 99, 5);
	default:
		rc = OP(c, hold_put, id);
		return b % 3 == 0 ? rc : rc * 10 + OP(c, hold_del, id);
	}
}

/* One random operation, the same on both. */
static int
random_op(struct ctx *c, uint64_t what, uint64_t a, uint64_t b, uint64_t *serial)
{
	struct msgid id = make_id(OWN, a % (*serial + 1) + 1), ref = make_id(OWN, b % (*serial + 1) + 1);
	struct journal_outbox o;
	struct journal_msg m;
	char text[32];
	bool known, here = false;
	size_t gone;
	int rc = 0;

	snprintf(text, sizeof(text), "t%" PRIu64, b % 3);
	known = OP(c, get_message, &id, &m) == 0;
	if (known) {
		here = !m.destroyed && !m.retired;
		buf_free(&m.body);
	}
	switch (what % 18) {
	case 0:
	case 1:
	case 2:
		make_msg(&m, OWN, a % 8 == 0 ? a % (*serial + 1) + 1 : ++*serial, b % 3 == 0 ? KIND_REPORT : b % 3 == 1 ? KIND_NOTE : KIND_RECEIPT,
		    &ref, &ref, 1);
		m.quiet = a % 5 == 0;
		make_body(&m, &ref, 1);
		m.local = a & 1;
		rc = OP(c, put_message, &m);
		buf_free(&m.body);
		break;
	case 3:
	case 4:
		if (known)
			put_delivery(c, &id, text, (int)(b % 7) + 1, (int64_t)(b % 1000));
		break;
	case 5:
		if (here) {	/* nobody sends what is not there */
			make_outbox(&o, &id, b & 1 ? "" : "link", text);
			o.stream = b % 3;
			o.serial = b % 9;
			rc = OP(c, outbox_add, &o) * 100000 + (int)o.row;
			buf_free(&o.envelope);
		}
		break;
	case 6:
		if (b & 1)
			rc = OP(c, outbox_del, a % 60);
		else if ((rc = OP(c, outbox_take, a % 60, &o)) == 0) {
			rc = (int)(o.row * 1000 + o.serial * 10 + o.stream);
			buf_free(&o.envelope);
		}
		break;
	case 7:
		rc = OP(c, outbox_move, a % 60, text);
		break;
	case 8:
		put_incident(c, a % 12, REALM_LIVE, b & 1 ? "n1" : "n2", (int64_t)(b % 100), b & 2);
		break;
	case 9:
		if (a & 1)
			put_draft(c, text, (int64_t)(a % 100), text);
		else
			rc = OP(c, draft_del, text);
		break;
	case 10:
		rc = OP(c, set_local, &id);
		break;
	case 12:
	case 13:
	case 14:
		rc = known ? random_line_op(c, a, b, &id, here) : 0;
		break;
	case 15:
	case 16:
		rc = OP(c, settle, &id, b % 3 != 0);
		break;
	case 17:
		if (a % 3 == 0) {
			rc = OP(c, retire, (int64_t)a, 1763787393000 + (int64_t)(*serial - *serial / 4), b % 5, &gone) * 1000;
			rc += (int)gone;
		}
		break;
	case 11:
		if (a % 4 == 0)
			rc = OP(c, destroy, (int64_t)a, &id, "甲", "乙", text);
		break;
	default:
		if (a & 1)
			rc = OP(c, quarantine, (int64_t)a, "x", text, text, strlen(text));
		else
			rc = OP(c, meta_set, "k", text);
		break;
	}
	return rc;
}

static void
twins(void **state)
{
	struct buf x = { 0 }, y = { 0 };
	uint64_t seed = 20261122, sa, sb, saved = 0, what, a, b;
	struct ctx c[2];
	int i, step;

	(void)state;
	ctx_open(&c[0], false);
	ctx_open(&c[1], true);
	sa = 0;
	for (step = 0; step < 3000; step++) {
		what = next_random(&seed);
		a = next_random(&seed);
		b = next_random(&seed);
		sb = sa;
		i = random_op(&c[0], what, a, b, &sa);
		assert_int_equal(i, random_op(&c[1], what, a, b, &sb));
		assert_int_equal(sa, sb);
		if (a % 11 == 0) {
			commit(&c[0]);
			commit(&c[1]);
			saved = sa;
		} else if (a % 37 == 1) {
			ctx_crash(&c[0]);
			ctx_crash(&c[1]);
			sa = saved;
		}
		if (step % 20 == 0) {
			dump(&c[0], b, &x);
			dump(&c[1], b, &y);
			assert_string_equal(buf_cstr(&x), buf_cstr(&y));
		}
	}
	buf_free(&x);
	buf_free(&y);
	ctx_close(&c[0]);
	ctx_close(&c[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
