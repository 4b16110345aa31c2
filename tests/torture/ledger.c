/*
 * The outside ledger: what was asked of the switches, under which request ids, what they answered, and whether the
 * journals agree.
 *
 * A submit is repeated with the same id until it is answered, over as many connections and lives of the switch as it
 * takes. Everything has a title (or, a receipt, what it refers to) of its own, so that what was made twice shows.  An
 * answer is a promise: from then on the message must be found, under that id, at its origin and at every addressee,
 * once, and the origin must come to know of each 送达.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "torture.h"

#define WINDOW 16
#define AGAIN_MS 30

static const char *const kinds[L_KINDS] = {"report", "directive", "log", "receipt"};
static const char *const arrived[] = {"delivered", "read", "signed", "taken"};

static const char *
text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s != NULL ? s : "";
}

/* ---- asking ---- */

static json_t *
body_of(const struct ledger *l, const struct rig *r, const struct ledger_item *it)
{
	const struct station_proc *s = r->st.s;

	switch (it->kind) {
	case L_REPORT:
		return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s, s]}", "kind", "report", "title",
		    it->title, "type", "12G00", "place", "西周镇振兴路12号", "brief", "仓库起火,火势向东侧民房蔓延",
		    "learned", "2026-01-02T03:04:00+08:00", "signer", "吴镇长", "precedence",
		    it->flash ? "flash" : "routine", "to", s[COUNTY].code, s[CITY].code);
	case L_DIRECTIVE:
		return json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s, s]}", "kind", "directive", "title", it->title, "text",
		    "注意防范", "author", "陈立", "precedence", it->flash ? "flash" : "routine", "to", s[TOWN].code,
		    s[COUNTY].code);
	case L_LOG:
		return json_pack("{s:s, s:s}", "kind", "log", "text", it->title);
	default:
		return json_pack("{s:s, s:s, s:[s], s:s}", "kind", "receipt", "act", "signed", "refs", l->v[it->of].id,
		    "person", "李敏");
	}
}

static struct ledger_item *
item_new(struct ledger *l, enum ledger_kind kind, int at)
{
	struct ledger_item *it;

	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 256 : l->cap * 2;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	it = &l->v[l->n];
	memset(it, 0, sizeof *it);
	client_rid(it->rid);
	it->kind = kind;
	it->at = at;
	(void)snprintf(it->title, sizeof it->title, "%s%06zu", kinds[kind], l->n);
	l->n++;
	return it;
}

static void
request_make(struct ledger *l, struct rig *r, struct ledger_item *it)
{
	json_t *body = body_of(l, r, it);

	ST_CHECK(body != NULL, "json_pack");
	it->request = json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", it->rid, "realm", "live", "body", body);
	ST_CHECK(it->request != NULL, "json_pack");
}

void
ledger_add(struct ledger *l, struct rig *r, enum ledger_kind kind, int at, bool flash)
{
	struct ledger_item *it = item_new(l, kind, at);

	it->flash = flash;
	request_make(l, r, it);
	atomic_fetch_add(&tally->reports, 1);
}

/* A receipt for something old that has arrived: for a report by the county, for a directive by the township. */
static void
receipt_add(struct ledger *l, struct rig *r)
{
	for (size_t i = l->n; i-- > 0;) {
		struct ledger_item *it;

		if (!l->v[i].acked || l->v[i].receipted || !l->v[i].checked || l->v[i].kind > L_DIRECTIVE)
			continue;
		l->v[i].receipted = true;
		it = item_new(l, L_RECEIPT, l->v[i].kind == L_REPORT ? COUNTY : TOWN);
		it->of = i;
		request_make(l, r, it);
		return;
	}
}

void
ledger_traffic(struct ledger *l, struct rig *r, size_t n)
{
	static const struct {
		enum ledger_kind kind;
		int at;
	} some[] = {{L_REPORT, TOWN}, {L_DIRECTIVE, CITY}, {L_REPORT, TOWN}, {L_LOG, COUNTY}, {L_LOG, TOWN}};

	for (size_t i = 0; i < n; i++) {
		size_t k = i < 2 ? i : (size_t)chance(COUNT_OF(some) + 1);

		if (k == COUNT_OF(some))
			receipt_add(l, r);
		else
			ledger_add(l, r, some[k].kind, some[k].at, chance(4) == 0);
	}
}

/* ---- answers ---- */

struct taking {
	struct ledger *l;
	struct rig *r;
	int at;
	bool any;
};

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct taking *t = ctx;
	const struct station_proc *s = &t->r->st.s[t->at];
	const char *id = text_of(answer, "id");
	struct ledger_item *it = NULL;

	t->any = true;
	for (size_t i = t->l->n; i-- > 0 && it == NULL;)
		if (t->l->v[i].at == t->at && t->l->v[i].n == n)
			it = &t->l->v[i];
	ST_CHECK(it != NULL, "%s: an answer to nothing", s->code);
	it->n = 0;
	if (!json_is_true(json_object_get(answer, "ok"))) {
		ST_CHECK(json_integer_value(json_object_get(answer, "code")) == EX_TEMPFAIL,
		    "%s refused %s: %s: %s (%d)", s->code, it->title, text_of(answer, "field"), text_of(answer, "text"),
		    (int)json_integer_value(json_object_get(answer, "code")));
		it->not_before = t->l->no_retry ? INT64_MAX : mono_ms() + AGAIN_MS;
		t->l->refused++;
		t->l->refused_flash += it->flash;
		atomic_fetch_add(&tally->refused, 1);
		return;
	}
	if (json_is_true(json_object_get(answer, "duplicate"))) {
		t->l->duplicates++;
		atomic_fetch_add(&tally->duplicates, 1);
	}
	ST_CHECK(id[0] != '\0', "%s: an answer without an id", s->code);
	if (it->acked) {
		ST_CHECK(strcmp(it->id, id) == 0, "doubled: %s answered %s with %s, before with %s", s->code, it->title,
		    id, it->id);
		ST_CHECK(json_is_true(json_object_get(answer, "duplicate")), "%s has forgotten that it answered %s",
		    s->code, it->title);
		it->again = false;
		return;
	}
	it->acked = true;
	(void)snprintf(it->id, sizeof it->id, "%s", id);
}

void
ledger_drop(struct ledger *l, int at)
{
	client_close(l->c[at]);
	l->c[at] = NULL;
	for (size_t i = l->first; i < l->n; i++)
		if (l->v[i].at == at && l->v[i].n != 0) {
			l->v[i].n = 0;
			l->reposted++;
			atomic_fetch_add(&tally->reposted, 1);
		}
}

void
ledger_ask_again(struct ledger *l, int at)
{
	size_t some = 3;

	for (size_t i = l->n; i-- > 0 && some > 0;)
		if (l->v[i].at == at && l->v[i].acked) {
			l->v[i].again = true;
			if (i < l->first)
				l->first = i;
			some--;
		}
}

bool
ledger_settled(const struct ledger *l)
{
	for (size_t i = l->first; i < l->n; i++)
		if (!l->v[i].acked || l->v[i].again)
			return false;
	return true;
}

size_t
ledger_open(const struct ledger *l, bool flash)
{
	size_t n = 0;

	for (size_t i = l->first; i < l->n; i++)
		n += !l->v[i].acked && l->v[i].flash == flash;
	return n;
}

void
ledger_retry(struct ledger *l)
{
	l->no_retry = false;
	for (size_t i = l->first; i < l->n; i++)
		l->v[i].not_before = 0;
}

bool
ledger_step(struct ledger *l, struct rig *r)
{
	struct taking t = {l, r, 0, false};
	int64_t now = mono_ms();
	struct fault f = {0};

	for (int at = 0; at < STATIONS; at++) {
		size_t under_way = 0;

		t.at = at;
		if (!r->ready[at] || r->stopped[at])
			continue;
		if (l->c[at] == NULL && (l->c[at] = client_open(r->st.s[at].dir, "torture", &f)) == NULL)
			continue;
		for (size_t i = l->first; i < l->n; i++)
			under_way += l->v[i].at == at && l->v[i].n != 0;
		for (size_t i = l->first; i < l->n && under_way < WINDOW; i++) {
			struct ledger_item *it = &l->v[i];

			if (it->at != at || it->n != 0 || (it->acked && !it->again) || now < it->not_before)
				continue;
			it->n = client_post(l->c[at], json_incref(it->request), NULL, 0);
			under_way++;
		}
		if (client_step(l->c[at], 0, on_answer, NULL, &t, &f) < 0) {
			ST_CHECK(f.code == EX_TEMPFAIL, "%s: %s", r->st.s[at].code, f.text);
			ledger_drop(l, at);
		}
	}
	while (l->first < l->n && l->v[l->first].acked && !l->v[l->first].again && l->v[l->first].n == 0)
		l->first++;
	return t.any;
}

void
ledger_free(struct ledger *l)
{
	for (size_t i = 0; i < l->n; i++)
		json_decref(l->v[i].request);
	for (int i = 0; i < STATIONS; i++)
		client_close(l->c[i]);
	free(l->v);
	memset(l, 0, sizeof *l);
}

/* ---- comparing ---- */

struct count {
	const struct ledger *l;
	const struct station_proc *s;
	enum ledger_kind kind;
	uint8_t *seen;
};

static void
count_row(void *ctx, const json_t *row)
{
	struct count *c = ctx;
	const char *title = text_of(row, c->kind == L_LOG ? "text" : "title"), *id = text_of(row, "id");
	size_t i;

	if (c->kind == L_LOG && title[0] == '\0')
		title = text_of(row, "title");
	for (i = 0; i < c->l->n; i++)
		if (c->l->v[i].kind == c->kind &&
		    (c->kind == L_RECEIPT ? strcmp(c->l->v[i].id, id) == 0 : strcmp(c->l->v[i].title, title) == 0))
			break;
	if (i == c->l->n) {
		/* receipts a switch gives by itself (送达) are rows of the same kind */
		ST_CHECK(c->kind == L_RECEIPT, "%s holds a %s '%s' (%s) that nobody sent", c->s->code, kinds[c->kind],
		    title, id);
		return;
	}
	ST_CHECK(strcmp(c->l->v[i].id, id) == 0, "doubled: %s holds %s as %s, the answer named %s", c->s->code,
	    c->l->v[i].title, id, c->l->v[i].id);
	ST_CHECK(c->seen[i]++ == 0, "doubled: %s holds %s twice", c->s->code, c->l->v[i].title);
}

static void
station_check(const struct ledger *l, struct rig *r, int at)
{
	struct count c = {.l = l, .s = &r->st.s[at], .seen = xcalloc(l->n + 1, 1)};

	for (c.kind = L_REPORT; c.kind < L_KINDS; c.kind++)
		(void)st_each(&r->st.s[at], kinds[c.kind], false, count_row, &c);
	for (size_t i = 0; i < l->n; i++) {
		const struct ledger_item *it = &l->v[i];
		bool due = it->at == at || it->kind == L_REPORT || it->kind == L_DIRECTIVE ||
			   (it->kind == L_RECEIPT && l->v[it->of].at == at);

		ST_CHECK(c.seen[i] == 1 || !due, "lost: %s does not hold %s %s (%s), acknowledged at %s", c.s->code,
		    kinds[it->kind], it->title, it->id, r->st.s[it->at].code);
	}
	ST_CHECK(st_status(&r->st.s[at], "quarantine") == 0, "%s has put something into quarantine", c.s->code);
	ST_CHECK(st_status(&r->st.s[at], "returned") == 0, "%s says that something was returned", c.s->code);
	json_decref(st_verify(&r->st.s[at]));
	free(c.seen);
}

/* What the switch's own ledger says of it: each addressee once, and none in nothing. */
static void
own_ledger_check(struct station_proc *s, const struct ledger_item *it)
{
	struct fault f = {0};
	json_t *a = st_try(s, json_pack("{s:s, s:s}", "op", "ledger", "id", it->id), NULL, 0, &f), *e, *other;
	size_t i, k;

	ST_CHECK(a != NULL, "%s refused the ledger of %s: %s", s->code, it->id, f.text);
	ST_CHECK(json_array_size(json_object_get(a, "entries")) == 2, "%s: the ledger has %zu entries for %s", s->code,
	    json_array_size(json_object_get(a, "entries")), it->id);
	json_array_foreach(json_object_get(a, "entries"), i, e)
	{
		for (k = 0; k < COUNT_OF(arrived) && strcmp(text_of(e, "state"), arrived[k]) != 0; k++)
			;
		ST_CHECK(k < COUNT_OF(arrived), "%s: the ledger has %s as '%s' at %s", s->code, it->id,
		    text_of(e, "state"), text_of(e, "to"));
		json_array_foreach(json_object_get(a, "entries"), k, other)
		    ST_CHECK(k == i || strcmp(text_of(e, "to"), text_of(other, "to")) != 0,
			"%s: the ledger has %s twice for %s", s->code, it->id, text_of(e, "to"));
	}
	json_decref(a);
}

static void
deliveries_check(struct station_proc *s, const struct ledger_item *it, unsigned receipts)
{
	json_t *a = st_ask(s, json_pack("{s:s, s:s}", "op", "message", "id", it->id)), *d;
	unsigned signed_ = 0;
	size_t i;

	ST_CHECK(json_array_size(json_object_get(a, "deliveries")) == 2, "%s: %s has %zu deliveries", s->code, it->id,
	    json_array_size(json_object_get(a, "deliveries")));
	json_array_foreach(json_object_get(a, "deliveries"), i, d)
	{
		bool ok = false;

		for (size_t k = 0; k < COUNT_OF(arrived); k++)
			ok |= strcmp(text_of(d, "state"), arrived[k]) == 0;
		ST_CHECK(ok, "%s: %s is '%s' at %s", s->code, it->id, text_of(d, "state"), text_of(d, "to"));
	}
	json_array_foreach(json_object_get(a, "receipts"), i, d) signed_ += strcmp(text_of(d, "act"), "signed") == 0;
	ST_CHECK(
	    signed_ == receipts, "%s: %s has %u receipts that were signed, not %u", s->code, it->id, signed_, receipts);
	json_decref(a);
	own_ledger_check(s, it);
}

void
ledger_check(struct ledger *l, struct rig *r)
{
	unsigned *receipts = xcalloc(l->n + 1, sizeof *receipts);

	for (size_t i = 0; i < l->n; i++) {
		ST_CHECK(l->v[i].acked, "%s was never answered", l->v[i].title);
		if (l->v[i].kind == L_RECEIPT) {
			receipts[l->v[i].of]++;
			if (!l->v[i].checked)
				l->v[l->v[i].of].checked = false;
			l->v[i].checked = true;
		}
	}
	for (int at = 0; at < STATIONS; at++)
		station_check(l, r, at);
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].kind <= L_DIRECTIVE && !l->v[i].checked) {
			deliveries_check(&r->st.s[l->v[i].at], &l->v[i], receipts[i]);
			l->v[i].checked = true;
			atomic_fetch_add(&tally->acked_checked, 1);
		}
	free(receipts);
}
