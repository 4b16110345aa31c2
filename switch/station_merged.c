/*
 * What was merged into an incident (并案), for those who put its figures before people: proposing, showing, filling a form.
 *
 * Promises: two incidents that are one event after all keep their messages and their folds; nothing is added up, and a figure keeps its source.  What was
 * taken out again, or reopened, is not counted: both sides have to say that it is merged.  Of one source and field the survivor's own word
 * stands, unless what was merged in says more, and says it later: merging loosens nothing.
 */
#include <string.h>
#include "station_int.h"
#include "incident.h"

#define MERGED_MAX 32	/* a typhoon's worth: what is beyond stands in the lists by its own name */

static bool
has(const struct merged *m, const struct msgid *id)
{
	for (size_t i = 0; i < m->n; i++)
		if (msgid_cmp(&m->fd[i].incident->id, id) == 0)
			return true;
	return false;
}

static int
take_in(struct station *s, const struct incident *inc, struct merged *m)
{
	for (size_t i = 0; i < inc->nabsorbed && m->n < MERGED_MAX; i++) {
		struct folded fd;

		if (has(m, &inc->absorbed[i]))
			continue;
		if (station_fold(s, &inc->absorbed[i], &fd) == -1)
			return -1;
		if (fd.n == 0 || fd.incident->history || msgid_cmp(&fd.incident->merged_into, &inc->id) != 0) {
			folded_free(&fd);
			continue;
		}
		m->fd = xreallocarray(m->fd, m->n + 1, sizeof *m->fd);
		m->fd[m->n++] = fd;
	}
	return 0;
}

int
station_merged(struct station *s, const struct incident *inc, struct merged *m)
{
	int rc;

	memset(m, 0, sizeof *m);
	rc = take_in(s, inc, m);
	for (size_t i = 0; i < m->n && rc == 0; i++)	/* grows as it goes: what was merged into those */
		rc = take_in(s, m->fd[i].incident, m);
	return rc;
}

void
merged_free(struct merged *m)
{
	for (size_t i = 0; i < m->n; i++)
		folded_free(&m->fd[i]);
	free(m->fd);
	memset(m, 0, sizeof *m);
}

static int64_t
said_at(const struct incident *inc, const struct incident_figure *g)
{
	if (g->fig.asof != 0)
		return g->fig.asof;
	for (size_t i = 0; i < inc->nall; i++)
		if (msgid_cmp(&inc->all[i].id, &g->by) == 0)
			return inc->all[i].at;
	return 0;
}

static const char *
source_of(const struct incident_figure *g)
{
	return g->source[0] != '\0' ? g->source : g->station;
}

/* Does the word of the one still say something beside the same source's word of the other? */
static bool
adds(const struct incident *inc, const struct incident_figure *g, int64_t at)
{
	for (size_t i = 0; i < inc->nfigures; i++) {
		const struct incident_figure *own = &inc->figures[i];

		if (own->key != g->key || strcmp(source_of(own), source_of(g)) != 0)
			continue;
		if (g->fig.q == FIG_UNKNOWN)
			return false;
		return own->fig.q == FIG_UNKNOWN || (g->fig.n > own->fig.n && at > said_at(inc, own));
	}
	return true;
}

void
merged_figures(const struct merged *m, const struct incident *inc, merged_figure_fn fn, void *ctx)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < m->fd[i].incident->nfigures; k++) {
			const struct incident_figure *g = &m->fd[i].incident->figures[k];
			int64_t at = said_at(m->fd[i].incident, g);

			if (adds(inc, g, at))
				fn(ctx, m->fd[i].incident, g, source_of(g), at);
		}
}
