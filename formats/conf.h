#ifndef FORMATS_CONF_H
#define FORMATS_CONF_H
/*
 * Readers of the files under conf/ and of a station's directory: tab-separated tables with a heading line, and
 * `key = value` settings.  Comments start with '#'.  Every error names file and line.
 */
#include <stdbool.h>
#include <stddef.h>
#include "fault.h"

struct tsv;	/* a table in memory */
/* Reads a table; columns found by heading name.  Refuses ragged rows, bad UTF-8, control characters, more than 1e6 rows. */
struct tsv *tsv_load(const char *path, struct fault *);
/* DIR/NAME.tsv or, local, DIR/NAME.local.tsv; NAME may begin with a folder.  *out is NULL where it need not be there (a
 * local one never need be; must: the other) and is not.  path gets the file's name.  0 or -1 + fault. */
int tsv_open(const char *dir, const char *name, bool local, bool must, char *path, size_t size, struct tsv **out,
    struct fault *);
void tsv_free(struct tsv *);
size_t tsv_rows(const struct tsv *);
const char *tsv_get(const struct tsv *, size_t row, const char *column);	/* "" when the column is not there */
size_t tsv_line(const struct tsv *, size_t row);				/* line in the file, 1-based */
bool tsv_has(const struct tsv *, const char *column);
bool tsv_date(const char *);	/* "", a year, or YYYY-MM-DD that is in the calendar */

struct settings;
/* `key = value` lines; keys [a-z0-9_.-]; a key twice is refused; the caller names the allowed keys (NULL-terminated). */
struct settings *settings_load(const char *path, const char *const *allowed, struct fault *);
void settings_free(struct settings *);
const char *settings_get(const struct settings *, const char *key, const char *dflt);
/* Number within [min,max]; a bad value is refused with file and line. */
int settings_num(const struct settings *, const char *key, long dflt, long min, long max, long *out, struct fault *);

/* Where conf/ lies: $DUTYDESK_CONF, else beside the build tree of the running program (../conf of its folder), else the installed
 * place (compile-time DUTYDESK_DATADIR).  Returns buf, or NULL + fault naming what was tried. */
const char *conf_dir(char *buf, size_t size, struct fault *);

#endif
