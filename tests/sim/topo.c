/*
 * Who is connected to whom.  See topo.h.
 */
#include "topo.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"

#define COUNTIES_MAX 80

static void
add_row(struct map *m, size_t at, size_t peer, enum role role, size_t line, bool connects)
{
	struct place *p = &m->p[at];
	size_t n = p->topo.count++;
	struct neighbour *nb;

	p->topo.n = xreallocarray(p->topo.n, n + 1, sizeof *p->topo.n);
	p->peer = xreallocarray(p->peer, n + 1, sizeof *p->peer);
	p->line = xreallocarray(p->line, n + 1, sizeof *p->line);
	p->peer[n] = peer;
	p->line[n] = line;
	nb = &p->topo.n[n];
	memset(nb, 0, sizeof *nb);
	snprintf(nb->station, sizeof nb->station, "%s", m->p[peer].code);
	nb->role = role;
	nb->key[0] = (uint8_t)(peer + 1);
	nb->key[1] = (uint8_t)((peer + 1) >> 8);
	if (connects)
		snprintf(nb->endpoint, sizeof nb->endpoint, "tcp://127.0.0.1:1");
}

/* a connects to b, which is a's `up`; b calls it `down`. */
static void
join(struct map *m, size_t a, size_t b, enum role up, enum role down)
{
	m->line = xreallocarray(m->line, m->nlines + 1, sizeof *m->line);
	m->line[m->nlines].a = a;
	m->line[m->nlines].b = b;
	add_row(m, a, b, up, m->nlines, true);
	add_row(m, b, a, down, m->nlines, false);
	m->nlines++;
}

static void
name(struct map *m, size_t i, const char *code)
{
	size_t n = strlen(code) + 1;

	assert(n <= STATION_MAX);
	memcpy(m->p[i].code, code, n);
	memcpy(m->p[i].topo.self, code, n);
}

/* One more name in `via` of the row at `at` that leads to `neighbour`; none when the row is full. */
static void
via(struct map *m, size_t at, size_t neighbour, const char *mark, const char *code)
{
	struct place *p = &m->p[at];

	for (size_t r = 0; r < p->topo.count; r++) {
		struct neighbour *nb = &p->topo.n[r];
		size_t n = strlen(nb->via);

		if (p->peer[r] == neighbour && n + STATION_MAX + 2 < sizeof nb->via)
			snprintf(nb->via + n, sizeof nb->via - n, "%s%s%s", n > 0 ? "," : "", mark, code);
	}
}

/*
 * What lies under b may come to a over the city, and what comes from anywhere over their own line, when another is down.
 * The city knows that too.
 */
static void
way(struct map *m, size_t a, size_t b, bool first)
{
	for (size_t i = 0; first && i < m->n; i++)
		if (i != b && m->p[i].up == b)
			via(m, a, b, "", m->p[i].code);
	via(m, a, b, "~", m->p[0].code);
	via(m, a, 0, "~", m->p[b].code);
	via(m, 0, a, "~", m->p[b].code);
}

static void
cross(struct map *m, struct rng *g, size_t a, size_t b)
{
	bool first = rng_chance(g, 500);

	join(m, a, b, ROLE_NEIGHBOUR, ROLE_NEIGHBOUR);
	way(m, a, b, first);
	way(m, b, a, first);
	m->ways = true;
}

struct map *
map_new(struct rng *g, size_t stations)
{
	struct map *m = xcalloc(1, sizeof *m);
	size_t counties = stations <= 4 ? 1 : 1 + rng_below(g, stations / 4), made[COUNTIES_MAX + 1] = {0};
	bool crossed = stations > 4 && rng_chance(g, 600), second = stations > 3 && rng_chance(g, 500);
	char code[96];

	if (counties > COUNTIES_MAX)
		counties = COUNTIES_MAX;
	if (stations / counties > 60) /* a county's townships have three digits, and one line each */
		counties = stations / 60 + 1;
	m->n = stations;
	m->p = xcalloc(stations, sizeof *m->p);
	name(m, 0, "330200");
	for (size_t i = 1; i < stations; i++) {
		size_t up = i <= counties ? 0 : 1 + (i - counties - 1) % counties;
		bool organ = i > counties && stations > 3 && rng_chance(g, 150);

		if (organ && rng_chance(g, 400))
			up = 0;
		m->p[i].up = up;
		if (organ)
			snprintf(code, sizeof code, "%s-d%zu", m->p[up].code, i);
		else if (i <= counties)
			snprintf(code, sizeof code, "3302%02zu", (MAP_COUNTY + i - 2) % 99 + 1);
		else
			snprintf(code, sizeof code, "%s%03zu", m->p[up].code, MAP_TOWNSHIP + made[up]++);
		name(m, i, code);
		join(m, i, up, ROLE_PARENT, organ ? ROLE_DEPARTMENT : ROLE_CHILD);
		m->p[i].hosted = i > counties && stations > 3 && rng_chance(g, 150);
		if (second && !organ && i > counties && up != 0 && rng_chance(g, 300)) {
			join(m, i, 0, ROLE_PARENT, ROLE_CHILD);
			via(m, up, 0, "~", code);
			m->ways = true;
		}
	}
	for (size_t i = 1; crossed && i < counties; i += 2)
		if (rng_chance(g, 600))
			cross(m, g, i, i + 1);
	return m;
}

void
map_free(struct map *m)
{
	for (size_t i = 0; i < m->n; i++) {
		topology_free(&m->p[i].topo);
		free(m->p[i].peer);
		free(m->p[i].line);
	}
	free(m->p);
	free(m->line);
	free(m);
}

size_t
map_find(const struct map *m, const char *code)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->p[i].code, code) == 0)
			return i;
	return SIZE_MAX;
}
