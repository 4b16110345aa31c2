#ifndef TUI_UTIL_H
#define TUI_UTIL_H
/*
 * Small helpers of the views: members of the switch's answers (absent or of another type reads as empty: an older or newer switch never
 * crashes the desk), short times, a list's selection.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "../formats/field.h"
#include "../switch/client.h"

const char *jtext(const json_t *, const char *key);	/* "" when absent */
int64_t jnum(const json_t *, const char *key);		/* 0 when absent */
bool jflag(const json_t *, const char *key);
const json_t *jarray(const json_t *, const char *key);	/* NULL when absent */
size_t jcount(const json_t *array);			/* 0 for NULL */
/* The exercise realm, from member realm or from the id. */
bool jexercise(const json_t *);

/* "14:10" on the day of now (UTC+08:00), else "11-22 14:10"; "" for 0. */
const char *short_time(int64_t ms, int64_t now, char buf[24]);
const char *field_label(const struct field *);		/* in the desk's language */
const char *enum_label(const char *set, int value);	/* "" when unknown */

/* Text without line feeds, control characters replaced, for one row; returns out. */
const char *one_line(const char *text, char *out, size_t size);

/* "kind title", the kind only where the title does not begin with it already; one row; returns out. */
const char *subject(const char *kind, const char *title, char *out, size_t size);

/* Rows of the inbox as the desk lists them: flash messages that ask for something, what has not been opened (newest first, exercises
 * after), then as the switch ordered them.  A new array. */
json_t *inbox_order(const json_t *feed);
/* A message of the switch in the desk's language, where it is one of ours. */
const char *said(const char *msgid);
const char *alarm_label(const json_t *alarm);
/* What an item of `owed` asks for, as a thing still to be done: by its machine name. */
const char *owed_label(const json_t *item);

struct list {
	size_t n, sel, top;
};
/* Keeps sel inside and visible in `rows` rows. */
void list_fit(struct list *, int rows);
/* CMD_UP, CMD_DOWN, CMD_PAGE_UP, CMD_PAGE_DOWN; true when it was one of them. */
bool list_command(struct list *, enum command_id, int rows);
/* " (3 above, 9 below)": rows outside the window of `rows`; "" when all show. */
const char *list_position(const struct list *, int rows, char *buf, size_t size);
/* True when folded text holds the folded needle. */
bool text_has(const char *text, const char *needle);

#endif
