/*
 * What the helpers of stations.h stand on: failing, time, chance, whole files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <string.h>
#include <unistd.h>
#include "stations.h"

static stations_failure_fn on_failure;
static uint64_t chance_state = 1;

/* ---- failure ---- */

void
stations_on_failure(stations_failure_fn fn)
{
	on_failure = fn;
}

void
stations_fail(const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (on_failure != NULL)
		on_failure(text);
	fprintf(stderr, "failed: %s\n", text);
	exit(1);
}

/* ---- time, chance, files ---- */

int64_t
mono_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

double
mono_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

char *
when_text(int64_t ahead_ms, char out[40])
{
	time_t t = time(NULL) + (time_t)(ahead_ms / 1000) + 8 * 3600;
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(out, 40, "%Y-%m-%dT%H:%M:%S+08:00", &tm);
	return out;
}

void
chance_seed(uint64_t seed)
{
	chance_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* splitmix64 */
uint64_t
chance(uint64_t n)
{
	uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return n == 0 ? 0 : z % n;
}

void
file_read(const char *path, struct buf *out)
{
	char block[16384];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ST_CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	while ((n = read(fd, block, sizeof block)) > 0)
		buf_put(out, block, (size_t)n);
	close(fd);
	ST_CHECK(n == 0, "%s: %s", path, strerror(errno));
}

void
file_write(const char *path, const void *p, size_t n)
{
	const char *at = p;
	ssize_t k = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ST_CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	for (; n > 0 && (k = write(fd, at, n)) > 0; at += k)
		n -= (size_t)k;
	ST_CHECK(n == 0 && close(fd) == 0, "%s: %s", path, strerror(errno));
}
