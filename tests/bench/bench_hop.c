/*
 * One durable hop through real processes.
 *   submit_N   a report handed to the township's switch until its answer, which comes after COMMIT; N in flight
 *   hop_N      until the county has committed it too and its 送达 is in the township's journal: two more COMMITs and the way back
 * The reference is the disk's: 8 KiB made durable, in the same rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/stations.h"
#include "bench.h"

#define ROUNDS 9
#define EACH_1 100
#define EACH_64 512
#define HOPS 5		/* single ones a round */

static json_t *
report(void)
{
	static unsigned long n;
	char title[64], rid[33];

	(void)snprintf(title, sizeof title, "关于第%lu号社区发生火灾事故的初报", ++n);
	client_rid(rid);
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}}", "op", "submit", "rid", rid, "realm", "live", "body",
	    "kind", "report", "title", title, "type", "12G00", "place", "西周镇振兴路12号", "learned", "2026-01-02T03:04:00+08:00", "brief",
	    "一楼门面起火，火势借风势扩大，波及相邻10户。初步判断为有待调查，烧毁粮仓、羊3只、鱼塘15亩。明火已扑灭，一人返回屋内取财物被困。",
	    "dead", 0, "missing", "?");
}

struct sent {
	int answered;
	uint64_t last;		/* number of the newest request answered */
	char id[80];		/* its message */
};

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct sent *s = ctx;

	ST_CHECK(json_is_true(json_object_get(answer, "ok")), "refused: %s: %s", json_string_value(json_object_get(answer, "field")),
	    json_string_value(json_object_get(answer, "text")));
	s->answered++;
	if (n > s->last) {
		s->last = n;
		(void)snprintf(s->id, sizeof s->id, "%s", json_string_value(json_object_get(answer, "id")));
	}
}

/* Seconds until all are answered. */
static double
submit(struct station_proc *s, int count, int window, struct sent *sent)
{
	struct client *c = st_client(s);
	struct fault f = { 0 };
	double began = mono_s();
	int posted = 0;

	memset(sent, 0, sizeof *sent);
	while (sent->answered < count) {
		for (; posted < count && posted - sent->answered < window; posted++)
			(void)client_post(c, report(), NULL, 0);
		ST_CHECK(client_step(c, 30000, on_answer, NULL, sent, &f) > 0, "no answer: %s", f.text);
	}
	return mono_s() - began;
}

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
	struct sent sent;

	(void)submit(s, count, 64, &sent);
	st_await(s, "the last report's delivery", 60000, delivered, sent.id);
	began = mono_s() - began;
	st_await_status(s, "open_deliveries", 0, 60000);
	return began;
}

int
main(int argc, char **argv)
{
	static const int windows[2] = { 1, 64 }, counts[2] = { EACH_1, EACH_64 };
	struct rounds us[2] = { { .n = 0 }, { .n = 0 } }, hop1 = { .n = 0 }, hop64 = { .n = 0 }, disk = { .n = 0 };
	struct stations st;
	struct bench b;
	struct sent sent;
	char name[64];

	bench_begin(&b, argc, argv, "hop: reports through real switches (medians of 9 rounds)");
	stations_make(&st, b.build);
	st_start(&st.s[COUNTY]);
	st_start(&st.s[TOWN]);
	(void)hop(&st.s[TOWN], 64);	/* links up, caches warm */
	for (int r = 0; r < ROUNDS; r++) {
		rounds_add(&disk, sync_us(&b, 8192, 100));
		for (int w = 0; w < 2; w++) {
			rounds_add(&us[w], submit(&st.s[TOWN], counts[w], windows[w], &sent) * 1e6 / counts[w]);
			st_await_status(&st.s[TOWN], "open_deliveries", 0, 60000);
		}
		for (int i = 0; i < HOPS; i++)
			rounds_add(&hop1, hop(&st.s[TOWN], 1) * 1e6);
		rounds_add(&hop64, hop(&st.s[TOWN], EACH_64) * 1e6 / EACH_64);
	}
	bench_plain(&b, "sync_reference_8k", rounds_median(&disk), "us");
	for (int w = 0; w < 2; w++) {
		(void)snprintf(name, sizeof name, "submit_%d", windows[w]);
		bench_plain(&b, name, rounds_median(&us[w]), "us/report");
		(void)snprintf(name, sizeof name, "submit_%d_to_sync", windows[w]);
		bench_plain(&b, name, rounds_ratio(&us[w], &disk), "x");
	}
	bench_plain(&b, "hop_1_delivered", rounds_median(&hop1), "us");
	bench_plain(&b, "hop_1_to_sync", rounds_median(&hop1) / rounds_median(&disk), "x");
	bench_plain(&b, "hop_64_delivered", rounds_median(&hop64), "us/report");
	bench_plain(&b, "hop_64_rate", 1e6 / rounds_median(&hop64), "reports/s");
	stations_free(&st, false);
	return bench_end(&b);
}
