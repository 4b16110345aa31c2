/* Topology file and routing: tables of cases. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../switch/route.h"

static const char HEAD[] = "station\tname\trole\tkey\tendpoint\trate\tvia\n";
#define K(c) c c c c c c c c c c c c c c c c

static char dir[64], path[96];

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/route_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/topology.tsv", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void
under(void **state)
{
	static const struct {
		const char *station, *place;
		int want;
	} t[] = {
	    {"330225102", "330225", 1},
	    {"330225102", "330200", 1},
	    {"330225102", "330000", 1},
	    {"330225", "330200", 1},
	    {"330200", "330225", 0},
	    {"330225", "330225", 1},
	    {"330226", "330225", 0},
	    {"330225102001", "330225102", 1},
	    {"330225102000", "330225", 1},
	    {"331022", "330200", 0},
	    {"330225-gongan", "330225", 1},
	    {"330225-gongan", "330200", 1},
	    {"330225102", "330225-gongan", 0},
	    {"gaoxinqu", "330225", 0},
	    {"330225", "gaoxinqu", 0},
	    {"330225", "330225-gongan", 0},
	    {"110101", "330000", 0},
	    {"3302", "330200", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (station_under(t[i].station, t[i].place) != t[i].want)
			fail_msg("%s under %s is not %d", t[i].station, t[i].place, t[i].want);
}

static struct topology
county(void)
{
	struct topology t;
	struct fault f = {0};
	char text[4096];

	snprintf(text, sizeof text,
	    "%s330200\t宁波市\tparent\t" K(
		"01aa") "\ttcp://127.0.0.1:7000\t0\t-\n"
			"330225102\t西周镇\tchild\t" K(
			    "02aa") "\t-\t9600\tgaoxinqu,331022\n"
				    "330225101\t石浦镇\tchild\t" K(
					"03aa") "\t-\t0\t-\n"
						"330225-gongan\t公安\tdepartment\t" K(
						    "04aa") "\t-\t0\t-\n"
							    "330226\t宁海县\tneighbour\t" K(
								"05aa") "\ttcp://127.0.0.1:7001\t0\t-\n"
									"330000\t浙江省\tparent\t" K(
									    "06aa") "\ttcp://127.0.0.1:7002\t0\t-\n",
	    HEAD);
	write_file(text);
	if (topology_load(path, "330225", &t, &f) != 0)
		fail_msg("%s", f.text);
	return t;
}

static void
next_hop(void **state)
{
	static const struct {
		const char *to, *hop, *want;
	} t[] = {
	    {"330225102", "", "330225102"},
	    {"330225102001", "", "330225102"},
	    {"330225101", "", "330225101"},
	    {"330200", "", "330200"},
	    {"330100", "", "330200"},
	    {"110000", "", "330200"},
	    {"330226", "", "330226"},
	    {"gaoxinqu", "", "330225102"},
	    {"331022", "", "330225102"},
	    {"330225-gongan", "", "330225-gongan"},
	    {"330225", "", NULL},
	    {"330225199", "", NULL},
	    {"330225-shuili", "", NULL},
	    {"110000", "330200", "330000"},
	    {"330226", "330226", "330200"},
	    {"330225102", "330225102", NULL},
	    {"330226105", "", "330200"},
	};
	struct topology topo = county();

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char hops[1][STATION_MAX];
		const struct neighbour *n;

		snprintf(hops[0], STATION_MAX, "%s", t[i].hop);
		n = route_next(&topo, t[i].to, (const char(*)[STATION_MAX])hops, *t[i].hop != '\0');
		if ((n == NULL) != (t[i].want == NULL) || (n != NULL && strcmp(n->station, t[i].want) != 0))
			fail_msg("to %s without %s goes to %s, not %s", t[i].to, t[i].hop,
			    n != NULL ? n->station : "nobody", t[i].want != NULL ? t[i].want : "nobody");
	}
	topology_free(&topo);
}

/* All the ways, the best first; a neighbour that is down fits no more. */
static bool
not_named(const void *ctx, const struct neighbour *n)
{
	return strcmp(n->station, ctx) != 0;
}

static void
ways(void **state)
{
	static const struct {
		const char *to, *hop, *down, *want;
	} t[] = {
	    {"110000", "", "", "330200 330000"},
	    {"110000", "330200", "", "330000"},
	    {"110000", "", "330200", "330000"},
	    {"330200", "", "", "330200 330000"},
	    {"330226", "", "", "330226 330200 330000"},
	    {"330226", "330200", "330226", "330000"},
	    {"330225102", "", "", "330225102 330225101"},
	    {"330225102001", "", "330225102", "330225101"},
	    {"330225101", "", "", "330225101"},
	    {"330225101", "", "330225101", ""},
	    {"gaoxinqu", "", "", "330225102 330200 330000"},
	    {"331022", "", "", "330225102 330200 330000"},
	    {"330225", "", "", ""},
	};
	struct topology topo = county();

	(void)state;
	snprintf(topo.n[2].via, sizeof topo.n[2].via, "someone,~330225102");
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const struct neighbour *out[8];
		char hops[1][STATION_MAX], got[256] = "";
		size_t n;

		snprintf(hops[0], STATION_MAX, "%s", t[i].hop);
		n = route_ways(&topo, t[i].to, (const char(*)[STATION_MAX])hops, *t[i].hop != '\0', not_named, t[i].down, out, 8);
		for (size_t k = 0; k < n; k++)
			snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", k > 0 ? " " : "", out[k]->station);
		if (strcmp(got, t[i].want) != 0)
			fail_msg("to %s: '%s', not '%s'", t[i].to, got, t[i].want);
		if (n > 1)
			assert_int_equal(route_ways(&topo, t[i].to, (const char(*)[STATION_MAX])hops, *t[i].hop != '\0',
					     not_named, t[i].down, out, 1), 1);
	}
	/* ... and what it may send itself that way is not refused as forged */
	assert_true(route_plausible(&topo, "330225101", "330225102"));
	assert_true(route_plausible(&topo, "330225101", "330225102001"));
	assert_false(route_plausible(&topo, "330225101", "330225103"));
	assert_false(route_plausible(&topo, "330225101", "330225"));
	snprintf(topo.n[0].via, sizeof topo.n[0].via, "~330225101");
	assert_true(route_plausible(&topo, "330200", "330225101"));
	assert_false(route_plausible(&topo, "330200", "330225102"));
	topology_free(&topo);
}

/* A neighbour that can reach our own place is no way to what lies below us, unless it leads to somebody who has one past us. */
static void
dead_ends(void **state)
{
	static const struct {
		const char *to, *hop, *want;
	} t[] = {
	    {"330225102", "", "330225102"},
	    {"330225102", "330200", "330225102"},
	    {"330225-gongan", "", "330225-gongan"},
	    {"330225101", "", "330225101 330200 330226"}, /* it has a line to the city */
	    {"330225101", "330200", "330225101"},	  /* where this copy has been */
	    {"330226105", "", "330200 330226 330000"},
	    {"330200-huanbao", "330200", "330226 330000"},
	    {"huagong", "", "huagong"}, /* a child of ours outside the tree: the parents would send it back */
	    {"gaoxinqu", "", "330225102 330200 330000"},
	};
	struct topology topo = county();

	(void)state;
	snprintf(topo.n[0].via, sizeof topo.n[0].via, "~330226,~330225101");
	snprintf(topo.n[4].via, sizeof topo.n[4].via, "~330226,~330200");
	snprintf(topo.n[3].station, sizeof topo.n[3].station, "330225-gongan");
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
			const struct neighbour *out[8];
			char hops[1][STATION_MAX], got[256] = "";
			size_t n;

			/* the public security's line and the works' are the same row */
			snprintf(topo.n[3].station, sizeof topo.n[3].station, "%s", k == 0 ? "330225-gongan" : "huagong");
			if ((strcmp(t[i].to, "huagong") == 0) != (k == 1) && t[i].want[0] != '3')
				continue;
			if (k == 1 && strcmp(t[i].to, "330225-gongan") == 0)
				continue;
			snprintf(hops[0], STATION_MAX, "%s", t[i].hop);
			n = route_ways(&topo, t[i].to, (const char(*)[STATION_MAX])hops, *t[i].hop != '\0', NULL, NULL, out, 8);
			for (size_t x = 0; x < n; x++)
				snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", x > 0 ? " " : "", out[x]->station);
			if (strcmp(got, t[i].want) != 0)
				fail_msg("to %s: '%s', not '%s'", t[i].to, got, t[i].want);
		}
	topology_free(&topo);
}

/* At the city: a township with a line to it, whose county the parcel has come from, is not reached by the other county. */
static void
dead_end_below(void **state)
{
	struct topology topo = county();
	const char hops[1][STATION_MAX] = {"330225"};
	const struct neighbour *out[8];

	(void)state;
	snprintf(topo.self, sizeof topo.self, "330200");
	topo.count = 3;
	for (size_t i = 0; i < 3; i++)
		topo.n[i].role = ROLE_CHILD;
	snprintf(topo.n[0].station, sizeof topo.n[0].station, "330225");
	snprintf(topo.n[0].via, sizeof topo.n[0].via, "~330226");
	snprintf(topo.n[1].station, sizeof topo.n[1].station, "330226");
	snprintf(topo.n[1].via, sizeof topo.n[1].via, "~330225");
	snprintf(topo.n[2].station, sizeof topo.n[2].station, "330225300");
	*topo.n[2].via = '\0';
	assert_int_equal(route_ways(&topo, "330225300", NULL, 0, NULL, NULL, out, 8), 3);
	assert_int_equal(route_ways(&topo, "330225300", hops, 1, NULL, NULL, out, 8), 1);
	assert_string_equal(out[0]->station, "330225300");
	assert_int_equal(route_ways(&topo, "330226105", hops, 1, NULL, NULL, out, 8), 1);
	assert_string_equal(out[0]->station, "330226");
	topology_free(&topo);
}

static void
plausible(void **state)
{
	static const struct {
		const char *from, *origin;
		int want;
	} t[] = {
	    {"330225102", "330225102", 1},
	    {"330225102", "330225101", 0},
	    {"330225102", "330200", 0},
	    {"330225102", "330225", 0},
	    {"330225102", "gaoxinqu", 1},
	    {"330225102", "330225102001", 1},
	    {"330200", "330200", 1},
	    {"330200", "330225", 0},
	    {"330200", "330225102", 0},
	    {"330200", "330281", 1},
	    {"330200", "330226", 0},
	    {"330226", "330226", 1},
	    {"330226", "330225101", 0},
	    {"999999", "999999", 0},
	    {"330225-gongan", "330225-gongan", 1},
	    {"330225-gongan", "330225", 0},
	};
	struct topology topo = county();

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (route_plausible(&topo, t[i].from, t[i].origin) != t[i].want)
			fail_msg("%s from %s is not %d", t[i].origin, t[i].from, t[i].want);
	topology_free(&topo);
}

static void
bad_files(void **state)
{
	static const struct {
		const char *row, *field;
	} t[] = {
	    {"33022\tx\tchild\t" K("01aa") "\t-\t0\t-\n", "station"},
	    {"330225\tself\tchild\t" K("01aa") "\t-\t0\t-\n", "station"},
	    {"330225102\tx\tuncle\t" K("01aa") "\t-\t0\t-\n", "role"},
	    {"330225102\tx\tchild\tabc\t-\t0\t-\n", "key"},
	    {"330225102\tx\tchild\t" K("01aa") "\thttp://x\t0\t-\n", "endpoint"},
	    {"330225102\tx\tchild\t" K("01aa") "\t-\tfast\t-\n", "rate"},
	    {"330225102\tx\tchild\t" K("01aa") "\t-\t-1\t-\n", "rate"},
	    {"330225102\tx\tchild\t" K("01aa") "\t-\t99999999999999999999\t-\n", "rate"},
	    {"330225102\tx\tchild\t" K("01aa") "\t-\t0\t-\n330225102\tx\tchild\t" K("02aa") "\t-\t0\t-\n", "station"},
	    {"330225102\tx\tchild\t" K("01aa") "\t-\t0\t-\n330225101\tx\tchild\t" K("01aa") "\t-\t0\t-\n", "key"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct topology topo;
		struct fault f = {0};
		char text[2048];

		snprintf(text, sizeof text, "%s%s", HEAD, t[i].row);
		write_file(text);
		if (topology_load(path, "330225", &topo, &f) != -1)
			fail_msg("case %zu was taken", i);
		assert_string_equal(f.field, t[i].field);
		assert_int_equal(f.code, EX_CONFIG);
		assert_true(f.line >= 2);
		assert_non_null(strstr(f.file, "topology.tsv"));
	}
}

static void
round_trip(void **state)
{
	struct topology a = county(), b;
	struct fault f = {0};

	(void)state;
	assert_int_equal(topology_save(path, &a, &f), 0);
	assert_int_equal(topology_load(path, "330225", &b, &f), 0);
	assert_int_equal(a.count, b.count);
	for (size_t i = 0; i < a.count; i++)
		assert_memory_equal(&a.n[i], &b.n[i], sizeof a.n[i]);
	topology_free(&b);
	unlink(path);
	assert_int_equal(topology_load(path, "330225", &b, &f), 0); /* none yet: empty */
	assert_int_equal(b.count, 0);
	topology_free(&a);
	topology_free(&b);
}

/* A station with a telephone only: known, an addressee, and never on any way (SCENARIOS S3-2). */
static void
telephone_only(void **state)
{
	static const char line[] = "330225203\t茅洋乡\tphone\t-\t-\t0\t-\n";
	static const struct { const char *row, *field; } bad[] = {
	    {"330225203\tx\tphone\t" K("abcd") "\t-\t0\t-\n", "key"},
	    {"330225203\tx\tphone\t-\ttcp://10.0.0.1:7001\t0\t-\n", "endpoint"},
	    {"330225203\tx\tphone\t-\t-\t0\t330225203-x\n", "via"},
	    {"330225203\tx\tchild\t-\t-\t0\t-\n", "key"},
	};
	static const char *const senders[] = {"330200", "330225101", "330225-gongan", "330226"};
	const struct neighbour *ways[4];
	struct topology a, b;
	struct fault f = {0};
	uint8_t none[32] = {0};
	char text[2048];

	(void)state;
	snprintf(text, sizeof text,
	    "%s330200\t市\tparent\t" K("a1b2") "\ttcp://10.0.0.1:7001\t0\t~330225203\n%s330225101\t石浦镇\tchild\t" K("c3d4")
	    "\t-\t0\t330225203\n330225-gongan\t公安\tdepartment\t" K("e5f6") "\t-\t0\t-\n330226\t宁海县\tneighbour\t" K("0718")
	    "\t-\t0\t~330225\n330225204\t高塘岛乡\tphone\t\t\t\t\n", HEAD, line);
	write_file(text);
	if (topology_load(path, "330225", &a, &f) != 0)
		fail_msg("%s: %s", f.field, f.text);
	assert_int_equal(a.count, 6);
	assert_true(topology_phone(&a, "330225203") && topology_phone(&a, "330225204"));
	assert_false(topology_phone(&a, "330225101") || topology_phone(&a, "330225205"));
	assert_null(topology_by_key(&a, none));
	/* No way, not even where somebody claims one. */
	assert_null(route_next(&a, "330225203", NULL, 0));
	assert_int_equal(route_ways(&a, "330225203", NULL, 0, NULL, NULL, ways, 4), 0);
	/* Whoever brings a receipt of it has made it up. */
	for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++)
		assert_false(route_plausible(&a, senders[i], "330225203"));
	assert_false(route_plausible(&a, "330225203", "330225203"));
	assert_true(route_plausible(&a, "330225101", "330225101"));
	if (topology_save(path, &a, &f) != 0 || topology_load(path, "330225", &b, &f) != 0)
		fail_msg("%s: %s", f.field, f.text);
	assert_int_equal(b.count, a.count);
	for (size_t i = 0; i < a.count; i++)
		assert_memory_equal(&a.n[i], &b.n[i], sizeof a.n[i]);
	topology_free(&a);
	topology_free(&b);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text, "%s%s", HEAD, bad[i].row);
		write_file(text);
		memset(&f, 0, sizeof f);
		assert_int_equal(topology_load(path, "330225", &a, &f), -1);
		assert_string_equal(f.field, bad[i].field);
	}
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(under),
	    cmocka_unit_test(next_hop),
	    cmocka_unit_test(ways),
	    cmocka_unit_test(dead_ends),
	    cmocka_unit_test(dead_end_below),
	    cmocka_unit_test(plausible),
	    cmocka_unit_test(bad_files),
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(telephone_only),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
