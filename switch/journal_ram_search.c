/*
 * The journal's twin in memory: search by looking at every message (formats/search.h says what is a find).
 *
 * There is no index here; how far search_more() has come is kept all the same, so that whoever drives it sees what the
 * real journal would show.
 */
#include "journal_ram.h"
#include "../formats/search.h"

int
ram_search_more(struct journal *base, size_t max, uint64_t *left)
{
	struct ram *j = ram_of(base);
	size_t rest;

	*left = 0;
	if (base->failed)
		return -1;
	rest = j->tab[T_MESSAGE].n - j->indexed;
	j->indexed += rest < max ? rest : max;
	*left = j->tab[T_MESSAGE].n - j->indexed;
	return 0;
}

int
ram_search(struct journal *base, const char *query, uint64_t before, size_t limit, journal_msg_fn fn, void *ctx)
{
	struct ram *j = ram_of(base);
	const struct journal_msg *m;
	struct search_query *q;
	size_t at, found = 0;

	if (base->failed)
		return -1;
	if ((q = search_query_new(query)) == NULL)
		return 0;
	for (at = before > 0 ? ram_first_after(j, before - 1) : 0; at > 0 && found < limit && !base->failed; at--) {
		m = ram_row_at(j, T_MESSAGE, at - 1);
		if (!m->local || m->damaged || !search_finds_in(q, m->body.p, m->body.n))
			continue;
		found++;
		if (ram_show(base, m, fn, ctx) != 0)
			break;
	}
	search_query_free(q);
	return base->failed ? -1 : 0;
}
