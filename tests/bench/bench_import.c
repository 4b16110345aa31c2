/*
 * 2000 reports imported at the township for both stations above it, end to end: dutyctl started until its end, and until every
 * 送达 is back at the township.  Beside it what reading and encoding the file alone costs in this process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../../formats/codebook.h"
#include "../../formats/reportjsonl.h"
#include "../../formats/wire.h"
#include "../lib/stations.h"
#include "bench.h"

#define ROUNDS 3
#define REPORTS 2000

static double
read_alone(const struct buf *file, const struct codebook *cb)
{
	const char *at = (const char *)file->p, *end = at + file->n;
	double began = mono_s();
	struct buf out = { 0 };
	struct fault f = { 0 };
	size_t n = 0;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		struct body *b = reportjsonl_read(at, (size_t)((nl != NULL ? nl : end) - at), cb, (int64_t)time(NULL) * 1000, &f);

		ST_CHECK(b != NULL, "line %zu: %s", n + 1, f.text);
		buf_clear(&out);
		wire_encode(b, &out);
		body_free(b);
		n++;
		at = nl != NULL ? nl + 1 : end;
	}
	buf_free(&out);
	ST_CHECK(n == REPORTS, "%zu lines", n);
	return mono_s() - began;
}

int
main(int argc, char **argv)
{
	struct rounds imported = { .n = 0 }, delivered = { .n = 0 }, reading = { .n = 0 };
	struct buf bytes = { 0 };
	struct fault f = { 0 };
	struct codebook *cb;
	struct bench b;
	char file[600], out[600];

	bench_begin(&b, argc, argv, "import: 2000 reports, township to county and city (medians of 3 rounds)");
	(void)snprintf(file, sizeof file, "%.500s/../tests/data/reports/dev.jsonl", stations_conf());
	file_read(file, &bytes);
	ST_CHECK((cb = codebook_load(stations_conf(), &f)) != NULL, "codebooks: %s", f.text);
	for (int r = 0; r < ROUNDS; r++) {
		const char *args[] = { "import", "--format", "report-jsonl", "--from", "330225102", "--to", "330225,330200", file, NULL };
		struct stations st;
		double began;

		rounds_add(&reading, read_alone(&bytes, cb));
		stations_make(&st, b.build);
		stations_start(&st);
		for (size_t i = 0; i < STATIONS; i++)
			(void)st_client(&st.s[i]);
		scratch_file(&b, "import.out", out, sizeof out);
		began = mono_s();
		ST_CHECK(wait_pid(st_ctl_spawn(&st.s[TOWN], out, args), 300000) == 0, "the import failed; its output: %s", out);
		rounds_add(&imported, mono_s() - began);
		stations_settle(&st, 300000);
		rounds_add(&delivered, mono_s() - began);
		for (size_t i = COUNTY; i < STATIONS; i++)
			ST_CHECK(st_each(&st.s[i], "report", false, NULL, NULL) == REPORTS, "%s does not hold %d reports", st.s[i].code, REPORTS);
		stations_free(&st, false);
	}
	bench_plain(&b, "import_taken", rounds_median(&imported), "s");
	bench_plain(&b, "import_delivered", rounds_median(&delivered), "s");
	bench_plain(&b, "import_rate", REPORTS / rounds_median(&delivered), "reports/s");
	bench_plain(&b, "import_reading_alone", rounds_median(&reading), "s");
	bench_plain(&b, "import_delivered_to_reading", rounds_ratio(&delivered, &reading), "x");
	codebook_free(cb);
	buf_free(&bytes);
	return bench_end(&b);
}
