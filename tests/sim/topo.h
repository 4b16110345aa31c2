#ifndef TESTS_SIM_TOPO_H
#define TESTS_SIM_TOPO_H
/*
 * Who is connected to whom: a city, its counties, their townships, departments of both; from four stations on also
 * neighbouring counties with a line of their own, townships with the city for a second parent, and stations that others
 * host.  Three stations are the plain chain.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../../switch/route.h"
#include "rng.h"

#define MAP_COUNTY 25	/* 330225 is the first county, known to the shipped codebook */
#define MAP_TOWNSHIP 300	/* the first township's last three digits: none of those shipped */
#define MAP_TOWNSHIPS 80	/* at most in a county */

struct place {
	char code[STATION_MAX];
	struct topology topo;
	size_t *peer;		/* by row of topo: which place that is */
	size_t *line;		/* by row of topo: which line leads there */
	size_t up;		/* its first parent; itself at the top */
	bool hosted;
};

struct map {
	struct place *p;
	size_t n;
	struct { size_t a, b; } *line;	/* a connects to b */
	size_t nlines;
	bool ways;		/* somewhere there is more than one way */
};

struct map *map_new(struct rng *, size_t stations);
void map_free(struct map *);
size_t map_find(const struct map *, const char *code);	/* SIZE_MAX: no such place */

#endif
