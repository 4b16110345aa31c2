/*
 * Refusals with their reason.
 *
 * A fault is shown on a terminal, written to a log line and sent to a desk, and it often quotes what it refuses; so all
 * three of its texts are sanitised here, once, and nobody after has to think of it.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "fault.h"
#include "text.h"

static void append(char *buf, size_t size, size_t *n, const char *s);

int
fault_set(struct fault *f, int code, const char *field, const char *fmt, ...)
{
	char raw[2 * sizeof(f->text)];
	struct fault now = { .code = code };
	va_list ap;
	int n;

	assert(code != 0);
	if (f == NULL)
		return -1;
	va_start(ap, fmt);
	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (n < 0)
		raw[0] = '\0';
	(void)text_sanitise(raw, strlen(raw), now.text, sizeof(now.text), false);
	if (field != NULL)
		(void)text_sanitise(field, strlen(field), now.field, sizeof(now.field), false);
	/* Assembled aside: the arguments may well point into *f (a reason that wraps an earlier one). */
	*f = now;
	return -1;
}

void
fault_at(struct fault *f, const char *file, size_t line)
{
	if (f == NULL)
		return;
	if (f->file[0] == '\0' && file != NULL)
		(void)text_sanitise(file, strlen(file), f->file, sizeof(f->file), false);
	if (f->line == 0)
		f->line = line;
}

static void
append(char *buf, size_t size, size_t *n, const char *s)
{
	*n += text_sanitise(s, strlen(s), buf + *n, size - *n, false);
}

const char *
fault_format(const struct fault *f, char *buf, size_t size)
{
	char line[24];
	size_t n = 0;

	if (size == 0)
		return "";
	buf[0] = '\0';
	append(buf, size, &n, f->file);
	if (f->line > 0) {
		(void)snprintf(line, sizeof(line), "%s%zu", f->file[0] != '\0' ? ":" : "", f->line);
		append(buf, size, &n, line);
	}
	if (n > 0)
		append(buf, size, &n, ": ");
	if (f->field[0] != '\0') {
		append(buf, size, &n, f->field);
		append(buf, size, &n, ": ");
	}
	append(buf, size, &n, f->text);
	return buf;
}
