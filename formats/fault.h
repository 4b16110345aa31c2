#ifndef FORMATS_FAULT_H
#define FORMATS_FAULT_H
/*
 * A refusal with its reason.  Everything that comes from outside and cannot be taken is answered with one of these:
 * what (a sysexits code), where (field, station, file, line) and why.  `text` is an English msgid filled in with
 * values (already translated by the caller where it passes through gettext); it never holds control characters.
 */
#include <stdbool.h>
#include <stddef.h>

struct fault {
	int code;		/* 0 = none; else EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOHOST, EX_UNAVAILABLE, EX_SOFTWARE,
				 * EX_CANTCREAT, EX_IOERR, EX_TEMPFAIL, EX_PROTOCOL, EX_NOPERM, EX_CONFIG */
	char field[64];		/* name of the field or option, or "" */
	char file[256];		/* file concerned, or "" */
	size_t line;		/* 1-based line, 0 = none */
	char text[512];		/* the reason */
};

/* Sets code, field and a formatted, sanitised reason; returns -1 so that callers can `return fault_set(...)`. */
int fault_set(struct fault *, int code, const char *field, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds the place; keeps what is there. */
void fault_at(struct fault *, const char *file, size_t line);
/* "file:line: field: reason" with the parts that are known; returns buf. */
const char *fault_format(const struct fault *, char *buf, size_t size);

#endif
