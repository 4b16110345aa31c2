/*
 * Three tiers, durable at each: a report handed to the township for the city goes by the county, which takes custody of it after
 * its own COMMIT, and is measured until the city has committed it.
 *   tiers_rate   a stream, 64 in flight at the township, until the city has the last one
 *   tiers_10     ten a second: from handing it over until the city's desk is told, which is after the city's COMMIT
 * Three switches, the client and whatever else there is share this machine's processors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/stations.h"
#include "bench.h"
#include "load.h"

#define ROUNDS 7
#define STREAM 4096
#define PACED 100	/* a round; the last ones of all rounds make the percentiles */
#define PACE_MS 100

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Microseconds a report. */
static double
stream(struct stations *st, int count)
{
	double began = mono_s();
	struct load sent;

	(void)load_submit(&st->s[TOWN], count, 64, st->s[CITY].code, &sent);
	load_await_message(&st->s[CITY], sent.id);	/* equal precedence goes first come first served */
	return (mono_s() - began) * 1e6 / count;
}

struct told {
	double at;
	bool any;
};

static void
on_push(void *ctx, uint64_t revision)
{
	struct told *t = ctx;

	(void)revision;
	if (!t->any)
		t->at = mono_s();
	t->any = true;
}

/* Takes in what still comes of the one before, until its time is over. */
static void
rest(struct stations *st, double until)
{
	struct client *c = st_client(&st->s[CITY]);
	struct fault f = { 0 };
	struct told old = { 0, false };
	double left;

	while ((left = until - mono_s()) > 0)
		(void)client_step(c, (int)(left * 1000) + 1, NULL, on_push, &old, &f);
}

static double
one(struct stations *st)
{
	struct client *town = st_client(&st->s[TOWN]), *city = st_client(&st->s[CITY]);
	struct fault f = { 0 };
	struct told told = { 0, false };
	double began = mono_s(), until = began + 10;

	(void)client_post(town, load_report(st->s[CITY].code), NULL, 0);
	(void)client_step(town, 0, NULL, NULL, NULL, &f);
	while (!told.any) {
		ST_CHECK(mono_s() < until, "the city was told nothing");
		ST_CHECK(client_step(city, 10000, NULL, on_push, &told, &f) >= 0, "the city's switch: %s", f.text);
	}
	while (client_pending(town) > 0)
		ST_CHECK(client_step(town, 10000, NULL, NULL, NULL, &f) >= 0, "the township's switch: %s", f.text);
	return told.at - began;
}

int
main(int argc, char **argv)
{
	struct rounds us = { .n = 0 }, p50 = { .n = 0 }, p99 = { .n = 0 }, cpu[STATIONS] = { { .n = 0 }, { .n = 0 }, { .n = 0 } };
	static const char *const names[STATIONS] = { "tiers_cpu_township", "tiers_cpu_county", "tiers_cpu_city" };
	struct stations st;
	struct bench b;

	bench_begin(&b, argc, argv, "tiers: township, county, city, durable at each (medians of 7 rounds)");
	stations_make(&st, b.build);
	stations_start(&st);
	(void)stream(&st, 512);
	stations_settle(&st, 60000);
	for (int r = 0; r < ROUNDS; r++) {
		double before[STATIONS], ms[PACED];

		for (int i = 0; i < STATIONS; i++)
			before[i] = load_cpu_us(st.s[i].pid);
		rounds_add(&us, stream(&st, STREAM));
		for (int i = 0; i < STATIONS; i++)
			rounds_add(&cpu[i], (load_cpu_us(st.s[i].pid) - before[i]) / STREAM);
		stations_settle(&st, 60000);
		for (int i = 0; i < PACED; i++) {
			double next = mono_s() + PACE_MS / 1000.0;

			ms[i] = one(&st) * 1e3;
			rest(&st, next);
		}
		qsort(ms, PACED, sizeof ms[0], by_value);
		rounds_add(&p50, ms[PACED / 2]);
		rounds_add(&p99, ms[PACED * 99 / 100]);
	}
	bench_plain(&b, "tiers_64", rounds_median(&us), "us/report");
	bench_figure(&b, "tiers_rate", 1e6 / rounds_median(&us), "reports/s", 5100, false);
	for (int i = 0; i < STATIONS; i++)
		bench_plain(&b, names[i], rounds_median(&cpu[i]), "us/report");
	bench_figure(&b, "tiers_10_p50", rounds_median(&p50), "ms", 4, true);
	bench_figure(&b, "tiers_10_p99", rounds_median(&p99), "ms", 10, true);
	stations_free(&st, false);
	return bench_end(&b);
}
