/*
 * The log: one event a line, made whole in memory and handed over by one write(), so that lines of several writers on
 * one file never mix and a line is there when the process dies in the next moment.
 *
 * Promises: whatever the values held, a line is one line of clean UTF-8 (log_quote() escapes what came from outside;
 * the finished line is sanitised once more, should a caller have forgotten).  A log that cannot be written never stops
 * the switch: the message passes, the line is lost.
 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../formats/text.h"

#define LINE_MAX_BYTES 2048
#define QUOTE_CUT 200
#define QUOTE_BUFFERS 8

static enum log_level level_min = LOG_LV_INFO;
static int log_fd = STDERR_FILENO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void
log_init(enum log_level min, int fd)
{
	level_min = min;
	log_fd = fd;
}

bool
log_level_parse(const char *s, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
		if (strcmp(s, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

/* Writes all of it, or gives up: a full pipe (EAGAIN) must not hold up the switch. */
static void
line_write(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(log_fd, p, n);
		if (w < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		p += w;
		n -= (size_t)w;
	}
}

static void log_line(enum log_level, const char *event, const char *fmt, va_list) __attribute__((format(printf, 3, 0)));

static void
log_line(enum log_level level, const char *event, const char *fmt, va_list ap)
{
	char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 8];
	struct timespec ts;
	struct tm tm;
	int n, saved = errno;

	if (level < level_min)
		return;
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0 || gmtime_r(&ts.tv_sec, &tm) == NULL)
		memset(&tm, 0, sizeof(tm)), ts.tv_nsec = 0;
	n = snprintf(raw, sizeof(raw), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s event=%s", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ts.tv_nsec / 1000000),
	    level_names[level], event);
	if (n < 0)
		n = 0;
	if ((size_t)n < sizeof(raw) - 1 && fmt[0] != '\0') {
		raw[n++] = ' ';
		/* A line too long is cut by vsnprintf; text_sanitise() below takes a character cut in two. */
		if (vsnprintf(raw + n, sizeof(raw) - (size_t)n, fmt, ap) < 0)
			raw[n] = '\0';
	}
	size_t len = text_sanitise(raw, strlen(raw), line, sizeof(line) - 1, false);
	line[len++] = '\n';
	line_write(line, len);
	errno = saved;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(level, event, fmt, ap);
	va_end(ap);
}

_Noreturn void
log_fatal(int code, const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LV_ERROR, event, fmt, ap);
	va_end(ap);
	exit(code);
}

/* Appends at most what fits before `limit`; false when it does not fit whole. */
static bool
quote_put(char *out, size_t limit, size_t *n, const char *s, size_t len)
{
	if (len > limit - *n)
		return false;
	memcpy(out + *n, s, len);
	*n += len;
	return true;
}

const char *
log_quote(const char *s)
{
	static char buffers[QUOTE_BUFFERS][QUOTE_CUT + 8];
	static unsigned turn;
	char *out = buffers[turn++ % QUOTE_BUFFERS];
	size_t n = 0, left, bad;
	bool cut = false;

	out[n++] = '"';
	if (s == NULL)
		s = "";
	/* Never look further than could be shown: the value may be a megabyte. */
	left = strnlen(s, 4 * QUOTE_CUT);
	while (left > 0 && !cut) {
		char esc[8];
		uint32_t cp;
		size_t len = text_decode(s, left, &cp);

		if (len == 0)
			break;
		if (*s == '"' || *s == '\\') {
			esc[0] = '\\';
			esc[1] = *s;
			cut = !quote_put(out, QUOTE_CUT, &n, esc, 2);
		} else if (*s == '\n') {
			cut = !quote_put(out, QUOTE_CUT, &n, "\\n", 2);
		} else if (*s == '\t') {
			cut = !quote_put(out, QUOTE_CUT, &n, "\\t", 2);
		} else if (text_clean(s, len, false, &bad)) {
			cut = !quote_put(out, QUOTE_CUT, &n, s, len);
		} else {
			for (size_t i = 0; i < len && !cut; i++) {
				snprintf(esc, sizeof(esc), "\\x%02x", (unsigned)(unsigned char)s[i]);
				cut = !quote_put(out, QUOTE_CUT, &n, esc, 4);
			}
		}
		s += len;
		left -= len;
	}
	if (cut || *s != '\0') {
		memcpy(out + n, "...", 3);
		n += 3;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
