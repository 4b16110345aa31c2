/*
 * The journal's twin in memory, for tests and simulation: the same answers as SQLite, a crash that can be had at will,
 * and commits that fail as unknown.
 *
 * It is a log of operations.  Every write appends one: "in this table, row number N is now this" (or is gone).  The
 * tables, and the one hash map that finds their rows by key, follow from the log and from nothing else; a crash cuts
 * the log back to the last commit and replays it.  So what survives is what was committed by construction, not by an
 * undo that might forget something.  Rows belong to the log; the tables only point at them.
 *
 * Row numbers count from 0 in the order of first insertion and are never reused; a message's and a chain entry's order
 * is that of its table.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "journal_ram.h"

struct ram_slot {			/* of the map: open addressing, keys are never taken out (row numbers stay) */
	uint64_t hash;
	uint8_t *key;		/* owned; NULL: free */
	size_t len;
	size_t val;		/* row number, or which list */
};

struct ram *
ram_of(struct journal *base)
{
	return (struct ram *)base;
}

void *
ram_copy(const void *p, size_t n)
{
	return memcpy(xmalloc(n), p, n);
}

struct buf
ram_buf(const void *p, size_t n)
{
	struct buf out = { NULL, 0, 0 };

	if (n > 0)
		buf_put(&out, p, n);
	return out;
}

/* ---- the map ---- */

static uint64_t
hash_bytes(const uint8_t *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;	/* FNV-1a, then mixed: the low bits choose the slot */
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static struct ram_slot *
map_slot(const struct ram *j, const struct ram_key *k, uint64_t hash)
{
	size_t i = (size_t)hash & (j->capmap - 1);

	while (j->map[i].key != NULL && (j->map[i].hash != hash || j->map[i].len != k->n ||
	    memcmp(j->map[i].key, k->b, k->n) != 0))
		i = (i + 1) & (j->capmap - 1);
	return &j->map[i];
}

static bool
map_get(const struct ram *j, const struct ram_key *k, size_t *val)
{
	const struct ram_slot *s;

	if (j->capmap == 0 || (s = map_slot(j, k, hash_bytes(k->b, k->n)))->key == NULL)
		return false;
	*val = s->val;
	return true;
}

static void
map_grow(struct ram *j)
{
	struct ram_slot *old = j->map;
	size_t cap = j->capmap, i, to;

	j->capmap = cap > 0 ? cap * 2 : 1024;
	j->map = xcalloc(j->capmap, sizeof(*j->map));
	for (i = 0; i < cap; i++) {
		if (old[i].key == NULL)
			continue;
		to = (size_t)old[i].hash & (j->capmap - 1);
		while (j->map[to].key != NULL)
			to = (to + 1) & (j->capmap - 1);
		j->map[to] = old[i];
	}
	free(old);
}

static void
map_put(struct ram *j, const struct ram_key *k, size_t val)
{
	uint64_t hash = hash_bytes(k->b, k->n);
	struct ram_slot *s;

	if (j->nmap * 2 >= j->capmap)
		map_grow(j);
	s = map_slot(j, k, hash);
	assert(s->key == NULL);
	s->hash = hash;
	s->key = xmalloc(k->n);
	memcpy(s->key, k->b, k->n);
	s->len = k->n;
	s->val = val;
	j->nmap++;
}

static void
numbers_add(struct numbers *l, size_t at)
{
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 4;
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n++] = at;
}

static void
list_add(struct ram *j, const struct ram_key *k, size_t at)
{
	struct numbers *l;
	size_t which;

	if (!map_get(j, k, &which)) {
		if (j->nlists == j->caplists) {
			j->caplists = j->caplists > 0 ? j->caplists * 2 : 64;
			j->lists = xreallocarray(j->lists, j->caplists, sizeof(*j->lists));
		}
		which = j->nlists++;
		memset(&j->lists[which], 0, sizeof(j->lists[which]));
		map_put(j, k, which);
	}
	l = &j->lists[which];
	if (l->n == 0 || l->v[l->n - 1] != at)	/* a body may name the same message twice */
		numbers_add(l, at);
}

/* A copy of a list's row numbers, so that callbacks may write; *v is the caller's. */
size_t
ram_list(const struct ram *j, const struct ram_key *k, size_t **v)
{
	const struct numbers *l;
	size_t which;

	*v = NULL;
	if (!map_get(j, k, &which) || j->lists[which].n == 0)
		return 0;
	l = &j->lists[which];
	*v = xreallocarray(NULL, l->n, sizeof(**v));
	memcpy(*v, l->v, l->n * sizeof(**v));
	return l->n;
}

bool
ram_list_has(const struct ram *j, const struct ram_key *k, size_t at)
{
	size_t which, lo = 0, hi, mid;

	if (!map_get(j, k, &which))
		return false;
	hi = j->lists[which].n;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (j->lists[which].v[mid] < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < j->lists[which].n && j->lists[which].v[lo] == at;
}

/* ---- the log ---- */

static void
op_free(struct op *op)
{
	struct ram_meta *meta;
	struct ram_foreign *foreign;

	if (op->row == NULL)
		return;
	switch (op->table) {
	case T_META:
		meta = op->row;
		free(meta->key);
		free(meta->val);
		break;
	case T_FOREIGN:
		foreign = op->row;
		free(foreign->space);
		free(foreign->key);
		break;
	case T_MESSAGE:
		if (!op->borrows)
			buf_free(&((struct journal_msg *)op->row)->body);
		break;
	case T_OUTBOX:
		if (!op->borrows)
			buf_free(&((struct journal_outbox *)op->row)->envelope);
		break;
	case T_DRAFT:
		buf_free(&((struct journal_draft *)op->row)->json);
		buf_free(&((struct journal_draft *)op->row)->life);
		break;
	case T_INCIDENT:
		buf_free(&((struct journal_incident *)op->row)->summary);
		break;
	case T_BLOB:
		buf_free(&((struct ram_blob *)op->row)->bytes);
		break;
	case T_QUARANTINE:
		buf_free(&((struct ram_quarantine *)op->row)->bytes);
		break;
	default:
		break;
	}
	free(op->row);
}

/* A row's first appearance: everything it is found by. */
static void
index_row(struct ram *j, enum table t, const void *row, size_t at)
{
	const struct journal_delivery *dlv = row;
	const struct journal_incident *inc = row;
	const struct ram_foreign *foreign = row;
	const struct journal_outbox *out = row;
	const struct ram_passage *pass = row;
	const struct journal_line *line = row;
	const struct journal_msg *m = row;
	struct msgid *refs;
	struct ram_key k;
	bool quiet;
	size_t n, i;

	switch (t) {
	case T_META:
		k = ram_key_str(t, ((const struct ram_meta *)row)->key);
		break;
	case T_MESSAGE:
		if (msgid_is_set(&m->incident)) {
			k = ram_key_id(L_OF_INCIDENT, &m->incident);
			list_add(j, &k, at);
		}
		n = journal_refs(&m->body, &refs, &quiet);
		for (i = 0; i < n; i++) {
			k = ram_key_id(L_REFERRING, &refs[i]);
			list_add(j, &k, at);
		}
		free(refs);
		k = ram_key_id(t, &m->id);
		break;
	case T_DELIVERY:
		k = ram_key_id(L_DELIVERIES, &dlv->id);
		list_add(j, &k, at);
		k = ram_key_delivery(&dlv->id, dlv->to);
		break;
	case T_OUTBOX:		/* found by its number */
		k = ram_key_id(L_OUTBOX, &out->id);
		list_add(j, &k, at);
		return;
	case T_REQUEST:
		k = ram_key_str(t, ((const struct journal_request *)row)->rid);
		break;
	case T_DRAFT:
		k = ram_key_str(t, ((const struct journal_draft *)row)->rid);
		break;
	case T_INCIDENT:
		k = ram_key_id(t, &inc->id);
		break;
	case T_FOREIGN:
		k = ram_key_foreign(foreign->space, foreign->key);
		break;
	case T_BLOB:
		k = ram_key_blob(((const struct ram_blob *)row)->digest);
		break;
	case T_LINE:
		k = ram_key_lines(line->peer, line->out);
		list_add(j, &k, at);
		k = ram_key_line(line->peer, line->out, line->stream);
		break;
	case T_PASSAGE:
		k = ram_key_passages(pass->line);
		list_add(j, &k, at);
		k = ram_key_passage(pass->line, pass->p.serial);
		break;
	case T_HOLD:
		k = ram_key_id(t, &((const struct ram_hold *)row)->id);
		break;
	default:		/* chain, quarantine: by position */
		return;
	}
	map_put(j, &k, at);
}

static void
note_open(struct ram *j, const struct journal_delivery *d, size_t at)
{
	size_t cap = j->cap_in_open;

	if (at >= cap) {
		cap = cap > 0 ? cap * 2 : 256;
		assert(at < cap);
		j->in_open = xreallocarray(j->in_open, cap, sizeof(*j->in_open));
		memset(j->in_open + j->cap_in_open, 0, (cap - j->cap_in_open) * sizeof(*j->in_open));
		j->cap_in_open = cap;
	}
	if (journal_delivery_is_open(d) && !j->in_open[at]) {
		j->in_open[at] = true;
		numbers_add(&j->open, at);
	}
}

static void
apply(struct ram *j, const struct op *op)
{
	const struct journal_incident *inc = op->row, *was;
	const struct ram_passage *pass = op->row, *before;
	bool new_row = op->at == j->tab[op->table].n;
	struct ram_key k;

	if (new_row) {
		if (j->tab[op->table].n == j->tab[op->table].cap) {
			j->tab[op->table].cap = op->at > 0 ? op->at * 2 : 64;
			j->tab[op->table].v = xreallocarray(j->tab[op->table].v, j->tab[op->table].cap, sizeof(void *));
		}
		j->tab[op->table].v[j->tab[op->table].n++] = NULL;
		index_row(j, op->table, op->row, op->at);
	}
	assert(op->at < j->tab[op->table].n);
	if (op->table == T_DELIVERY)
		note_open(j, op->row, op->at);
	if (op->table == T_INCIDENT) {
		/* A number may come or change later; rows of a list are checked when read. */
		was = j->tab[T_INCIDENT].v[op->at];
		if (was == NULL || strcmp(was->number, inc->number) != 0) {
			k = ram_key_number(inc->id.realm, inc->number);
			list_add(j, &k, op->at);
		}
	} else if (op->table == T_PASSAGE && pass != NULL && msgid_is_set(&pass->p.id)) {
		/* So may what went under a number. */
		before = j->tab[T_PASSAGE].v[op->at];
		if (before == NULL || msgid_cmp(&before->p.id, &pass->p.id) != 0) {
			k = ram_key_id(L_PASSAGE_OF, &pass->p.id);
			list_add(j, &k, op->at);
		}
	}
	j->tab[op->table].v[op->at] = op->row;
}

/* Appends and applies.  row is given away. */
void
ram_write(struct ram *j, enum table t, size_t at, void *row, bool borrows)
{
	if (j->nlog == j->caplog) {
		j->caplog = j->caplog > 0 ? j->caplog * 2 : 256;
		j->log = xreallocarray(j->log, j->caplog, sizeof(*j->log));
	}
	j->log[j->nlog] = (struct op) { t, at, row, borrows };
	apply(j, &j->log[j->nlog++]);
}

static void
forget_tables(struct ram *j)
{
	size_t i;

	for (i = 0; i < T_COUNT; i++)
		j->tab[i].n = 0;
	for (i = 0; i < j->capmap; i++)
		free(j->map[i].key);
	if (j->capmap > 0)
		memset(j->map, 0, j->capmap * sizeof(*j->map));
	j->nmap = 0;
	for (i = 0; i < j->nlists; i++)
		free(j->lists[i].v);
	j->nlists = 0;
	j->open.n = 0;
	if (j->cap_in_open > 0)
		memset(j->in_open, 0, j->cap_in_open * sizeof(*j->in_open));
}

void *
ram_row_at(const struct ram *j, enum table t, size_t at)
{
	return at < j->tab[t].n ? j->tab[t].v[at] : NULL;
}

/* The row of a key, NULL when there is none (any more); *at is where it is, or where a new one goes. */
void *
ram_row_of(const struct ram *j, enum table t, const struct ram_key *k, size_t *at)
{
	size_t found;

	if (!map_get(j, k, &found)) {
		if (at != NULL)
			*at = j->tab[t].n;
		return NULL;
	}
	if (at != NULL)
		*at = found;
	return ram_row_at(j, t, found);
}

void
journal_ram_crash(struct journal *base)
{
	struct ram *j = (struct ram *)base;
	size_t i;

	journal_forget(base);
	forget_tables(j);
	while (j->nlog > j->committed)
		op_free(&j->log[--j->nlog]);
	for (i = 0; i < j->nlog; i++)
		apply(j, &j->log[i]);
	j->indexed = j->indexed_committed;
	base->failed = false;
}

void
journal_ram_fail_commits(struct journal *base, int n, bool applied)
{
	struct ram *j = (struct ram *)base;

	j->fail_commits = n;
	j->fail_applied = applied;
}

void
journal_ram_damage(struct journal *base, const struct msgid *id)
{
	struct ram *j = (struct ram *)base;
	struct ram_key k = ram_key_id(T_MESSAGE, id);
	struct journal_msg *m = ram_row_of(j, T_MESSAGE, &k, NULL), *row;
	size_t i;

	assert(m != NULL && m->body.n > 0);
	m->body.p[m->body.n / 2] ^= 1;
	for (i = 0; i < j->nlog; i++) {		/* every state of the row has these bytes */
		row = j->log[i].row;
		if (j->log[i].table == T_MESSAGE && row->body.p == m->body.p)
			row->damaged = true;
	}
}

int
ram_commit(struct journal *base)
{
	struct ram *j = (struct ram *)base;
	bool failed;

	if (base->failed)
		return -1;
	if (j->nlog == j->committed && j->indexed == j->indexed_committed)
		return 0;
	failed = j->fail_commits > 0;
	if (failed) {
		j->fail_commits--;
		base->failed = true;
	}
	if (!failed || j->fail_applied) {
		j->committed = j->nlog;
		j->indexed_committed = j->indexed;
	}
	return failed ? -1 : 0;
}

void
ram_close(struct journal *base)
{
	struct ram *j = (struct ram *)base;
	size_t i;

	if (j == NULL)
		return;
	journal_forget(base);
	forget_tables(j);
	while (j->nlog > 0)
		op_free(&j->log[--j->nlog]);
	for (i = 0; i < T_COUNT; i++)
		free(j->tab[i].v);
	free(j->log);
	free(j->map);
	free(j->lists);
	free(j->open.v);
	free(j->in_open);
	free(j);
}
