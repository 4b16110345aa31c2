#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H
/*
 * Reports handed to a switch as a desk would, so that every benchmark measures the same kind of report.
 */
#include <stddef.h>
#include <stdint.h>
#include "../lib/stations.h"

struct load {
	int answered;
	uint64_t last;		/* number of the newest request answered */
	char id[80];		/* its message */
};

/* A submit of a first report of about 480 bytes; to: station, NULL: as the switch addresses it. */
json_t *load_report(const char *to);
/* Hands over `count` reports, at most `window` unanswered; seconds until all are answered, which they are after COMMIT. */
double load_submit(struct station_proc *, int count, int window, const char *to, struct load *);
/* Until this switch has the message of that id; asked after every push. */
void load_await_message(struct station_proc *, const char *id);

/* Of a running process. */
long load_rss_kb(pid_t);		/* resident now */
long load_wakeups(pid_t);		/* voluntary context switches of all its threads so far */
double load_cpu_us(pid_t);		/* user and system so far */

#endif
