/*
 * One durable hop through real processes, beside what SQLite alone makes of the same rows in the same rounds (bare.h).
 *   submit_N       a report handed to the township's switch until its answer, which comes after COMMIT; N in flight
 *   submit_N_busy  the same while the county takes each report over and sends its 送达 back: up to two more COMMITs here, and the
 *                  county's, which shares this machine
 *   hop_N          until the county has committed it too and its 送达 is in the township's journal
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/stations.h"
#include "bare.h"
#include "bench.h"
#include "load.h"

#define ROUNDS 9
#define EACH_1 128
#define EACH_64 1024
#define LEARN (ROUNDS * (EACH_1 + EACH_64))
#define HOPS 5		/* single ones a round */

static const int windows[2] = { 1, 64 }, counts[2] = { EACH_1, EACH_64 };

static bool
delivered(struct station_proc *s, void *ctx)
{
	json_t *a = st_ask(s, json_pack("{s:s, s:s}", "op", "message", "id", (const char *)ctx));
	const char *state = json_string_value(json_object_get(json_array_get(json_object_get(a, "deliveries"), 0), "state"));
	bool yes = state != NULL && strcmp(state, "delivered") == 0;

	json_decref(a);
	return yes;
}

/* Seconds until the last one's 送达 is here; equal precedence goes first come first served, so the others' is too, which is looked at
 * after the clock has stopped (status walks the journal, and would be measured instead). */
static double
hop(struct station_proc *s, int count)
{
	double began = mono_s();
	struct load sent;

	(void)load_submit(s, count, 64, NULL, &sent);
	st_await(s, "the last report's delivery", 60000, delivered, sent.id);
	began = mono_s() - began;
	st_await_status(s, "open_deliveries", 0, 60000);
	return began;
}

/* The raw limit, from the rows the township itself has written. */
static struct bare *
learn(const struct bench *b, struct stations *st)
{
	struct station_proc *town = &st->s[TOWN];
	struct load sent;
	char journal[300];

	st_start(town);
	(void)load_submit(town, LEARN, 64, NULL, &sent);
	ST_CHECK(st_stop(town, 30000) == 0, "the township's switch did not stop well");
	(void)snprintf(journal, sizeof journal, "%s/journal/journal.db", town->dir);
	return bare_learn(b, journal, LEARN);
}

static void
tell(struct bench *b, const char *what, int window, const struct rounds *us, const struct rounds *bare, double ratio, double rate)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%s_%d", what, window);
	bench_plain(b, name, rounds_median(us), "us/report");
	(void)snprintf(name, sizeof name, "%s_%d_rate", what, window);
	bench_figure(b, name, 1e6 / rounds_median(us), "reports/s", rate, false);
	(void)snprintf(name, sizeof name, "%s_%d_of_bare", what, window);
	bench_figure(b, name, 100 * rounds_ratio(bare, us), "%", ratio, false);
}

int
main(int argc, char **argv)
{
	struct rounds us[2] = { { .n = 0 }, { .n = 0 } }, busy[2] = { { .n = 0 }, { .n = 0 } }, raw[2] = { { .n = 0 }, { .n = 0 } };
	struct rounds hop1 = { .n = 0 }, hop64 = { .n = 0 }, disk = { .n = 0 };
	double cpu[2] = { 0, 0 };	/* the switch's, all rounds */
	struct stations st;
	struct bench b;
	struct bare *bare;
	struct load sent;
	char name[64];

	bench_begin(&b, argc, argv, "hop: reports through real switches (medians of 9 rounds)");
	stations_make(&st, b.build);
	bare = learn(&b, &st);
	st_start(&st.s[TOWN]);
	for (int r = 0; r < ROUNDS; r++)
		for (int w = 0; w < 2; w++) {
			rounds_add(&raw[w], bare_round(bare, counts[w] / windows[w], windows[w]));
			cpu[w] -= load_cpu_us(st.s[TOWN].pid);
			rounds_add(&us[w], load_submit(&st.s[TOWN], counts[w], windows[w], NULL, &sent) * 1e6 / counts[w]);
			cpu[w] += load_cpu_us(st.s[TOWN].pid);
		}
	st_start(&st.s[COUNTY]);
	st_await_status(&st.s[TOWN], "open_deliveries", 0, 120000);
	(void)hop(&st.s[TOWN], 64);
	for (int r = 0; r < ROUNDS; r++) {
		rounds_add(&disk, sync_us(&b, 8192, 100));
		for (int w = 0; w < 2; w++) {
			rounds_add(&busy[w], load_submit(&st.s[TOWN], counts[w], windows[w], NULL, &sent) * 1e6 / counts[w]);
			st_await_status(&st.s[TOWN], "open_deliveries", 0, 60000);
		}
		for (int i = 0; i < HOPS; i++)
			rounds_add(&hop1, hop(&st.s[TOWN], 1) * 1e6);
		rounds_add(&hop64, hop(&st.s[TOWN], EACH_64) * 1e6 / EACH_64);
	}
	bench_plain(&b, "sync_reference_8k", rounds_median(&disk), "us");
	bench_plain(&b, "rows_a_report", bare_rows(bare), "");
	for (int w = 1; w >= 0; w--) {
		(void)snprintf(name, sizeof name, "bare_sqlite_%d", windows[w]);
		bench_plain(&b, name, rounds_median(&raw[w]), "us/report");
		tell(&b, "submit", windows[w], &us[w], &raw[w], w == 1 ? 60 : 50, w == 1 ? 10000 : (double)NAN);
		(void)snprintf(name, sizeof name, "submit_%d_cpu", windows[w]);
		bench_plain(&b, name, cpu[w] / (ROUNDS * counts[w]), "us/report");
		tell(&b, "submit_busy", windows[w], &busy[w], &raw[w], (double)NAN, (double)NAN);
	}
	bench_plain(&b, "hop_1_delivered", rounds_median(&hop1), "us");
	bench_plain(&b, "hop_64_delivered", rounds_median(&hop64), "us/report");
	bench_plain(&b, "hop_64_rate", 1e6 / rounds_median(&hop64), "reports/s");
	bare_free(bare);
	stations_free(&st, false);
	return bench_end(&b);
}
