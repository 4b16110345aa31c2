#ifndef SWITCH_LOG_H
#define SWITCH_LOG_H
/*
 * Logs: English, structured, one event a line on standard error (or a file):
 * `2026-11-22T06:10:00.123Z level event=NAME k=v k="v v"`.
 * Values are escaped: no control characters, no line feeds, whatever came from outside.
 */
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LV_DEBUG, LOG_LV_INFO, LOG_LV_WARN, LOG_LV_ERROR };

void log_init(enum log_level min, int fd);
/* "debug", "info", "warn", "error".  False when it is none of them. */
bool log_level_parse(const char *, enum log_level *);
/* fmt makes the `k=v` part; use log_quote() for text from outside. */
void log_event(enum log_level, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *log_quote(const char *);	/* quoted, escaped, cut at 200 bytes; one of 8 static buffers in turn */
_Noreturn void log_fatal(int code, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
