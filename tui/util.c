/*
 * See util.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "util.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS (INT64_C(8) * 3600 * 1000)

const char *
jtext(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

int64_t
jnum(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? (int64_t)json_integer_value(v) : 0;
}

bool
jflag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

const json_t *
jarray(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_array(v) ? v : NULL;
}

size_t
jcount(const json_t *a)
{
	return json_is_array(a) ? json_array_size(a) : 0;
}

bool
jexercise(const json_t *o)
{
	return strcmp(jtext(o, "realm"), "exercise") == 0 || jnum(o, "realm") == 1 || strncmp(jtext(o, "id"), "X.", 2) == 0;
}

static int64_t
day_of(int64_t ms)
{
	int64_t t = ms + CHINA_MS;

	return t >= 0 ? t / DAY_MS : (t - DAY_MS + 1) / DAY_MS;
}

const char *
short_time(int64_t ms, int64_t now, char buf[24])
{
	if (ms == 0) {
		buf[0] = '\0';
		return buf;
	}
	return time_format(ms, day_of(ms) == day_of(now) ? TIME_CLOCK : TIME_DAY, buf, 24);
}

const char *
field_label(const struct field *f)
{
	return i18n_zh() ? f->zh : f->label;
}

const char *
enum_label(const char *set, int value)
{
	const struct enum_name *e = enum_by_value(set, value);

	if (!e)
		return "";
	return i18n_zh() ? e->zh : e->label;
}

const char *
one_line(const char *text, char *out, size_t size)
{
	size_t len = strlen(text), n;
	char *copy = xstrndup(text, len);

	for (n = 0; n < len; n++)
		if (copy[n] == '\n' || copy[n] == '\r' || copy[n] == '\t')
			copy[n] = ' ';
	(void)text_sanitise(copy, len, out, size, false);
	free(copy);
	return out;
}

const char *
subject(const char *kind, const char *title, char *out, size_t size)
{
	size_t n = strlen(kind);
	char row[512];

	(void)one_line(title, row, sizeof(row));
	if (n == 0 || strncmp(row, kind, n) == 0)
		(void)snprintf(out, size, "%s", row);
	else
		(void)snprintf(out, size, "%s %s", kind, row);
	return out;
}

static int
arrival_class(const json_t *m)
{
	bool exercise = jexercise(m);

	if (jflag(m, "attention") && !exercise && strcmp(jtext(m, "precedence"), "flash") == 0)
		return 0;
	if (strcmp(jtext(m, "state"), "unread") != 0)
		return 3;
	return exercise ? 2 : 1;
}

struct arrival {
	json_t *m;
	int class;
	int64_t at;
	size_t i;	/* place in the answer */
};

static int
arrival_cmp(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->class < 3 && x->at != y->at)
		return x->at > y->at ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

json_t *
inbox_order(const json_t *feed)
{
	size_t n = jcount(feed);
	struct arrival *v = xcalloc(n + 1, sizeof(*v));
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *m = json_array_get(feed, i);

		v[i] = (struct arrival){ .m = m, .class = arrival_class(m), .at = jnum(m, "at"), .i = i };
	}
	qsort(v, n, sizeof(*v), arrival_cmp);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append(out, v[i].m);
	free(v);
	return out;
}

const char *
said(const char *msgid)
{
	return *msgid ? _(msgid) : "";	/* the msgid "" is the catalogue's head */
}

const char *
alarm_label(const json_t *alarm)
{
	static const struct { const char *what, *label; } label[] = {
		{ "outbox", N_("waiting too long to be sent") }, { "refused", N_("refused by a neighbour") }, { "quarantine", N_("put into quarantine") },
		{ "gap", N_("numbers missing on a line") }, { "line", N_("numbers missing on a line") }, { "close", N_("the daily close differs") },
		{ "returned", N_("returned to us") }, { "disk", N_("disk nearly full") }, { "backup", N_("backup failed") },
		{ "reload", N_("changed files not taken over") }, { "outlet", N_("alarm outlet") }, { "chase", N_("nobody to be rung there") },
		{ "neighbour's clock", N_("neighbour's clock") },
		{ "given back", N_("after a restore, given back by") }, { "old peer", N_("restored; that station's program is too old to give back") },
	};
	const char *what = jtext(alarm, "what");

	for (size_t i = 0; i < sizeof(label) / sizeof(label[0]); i++)
		if (strcmp(what, label[i].what) == 0)
			return _(label[i].label);
	return said(what);
}

const char *
owed_label(const json_t *item)
{
	static const struct { const char *what, *label; } label[] = {
		{ "phone", N_("telephone report") }, { "written", N_("first written report") }, { "read", N_("to be read") },
		{ "sign", N_("to be signed for") }, { "feedback", N_("feedback owed") },
	};
	const char *what = jtext(item, "what");

	/* Waiting has an end: then the telephone is what is to be done. */
	if (jflag(item, "call"))
		return _("telephone now");
	if (jflag(item, "lapsed"))
		return _("not done");

	for (size_t i = 0; i < sizeof(label) / sizeof(label[0]); i++)
		if (strcmp(what, label[i].what) == 0)
			return _(label[i].label);
	return jtext(item, "what_name");
}

const char *
list_position(const struct list *l, int rows, char *buf, size_t size)
{
	size_t r = rows > 0 ? (size_t)rows : 0, below = l->n > l->top + r ? l->n - l->top - r : 0;

	buf[0] = '\0';
	if (l->top > 0 && below > 0)
		(void)snprintf(buf, size, _("  (%zu above, %zu below)"), l->top, below);
	else if (l->top > 0)
		(void)snprintf(buf, size, _("  (%zu above)"), l->top);
	else if (below > 0)
		(void)snprintf(buf, size, _("  (%zu below)"), below);
	return buf;
}

void
list_fit(struct list *l, int rows)
{
	size_t r = rows > 0 ? (size_t)rows : 1;

	if (l->n == 0) {
		l->sel = l->top = 0;
		return;
	}
	if (l->sel >= l->n)
		l->sel = l->n - 1;
	if (l->sel < l->top)
		l->top = l->sel;
	if (l->sel >= l->top + r)
		l->top = l->sel - r + 1;
	if (l->top + r > l->n)
		l->top = l->n > r ? l->n - r : 0;
}

bool
list_command(struct list *l, enum command_id id, int rows)
{
	size_t page = rows > 1 ? (size_t)rows - 1 : 1;

	switch (id) {
	case CMD_UP:
		l->sel -= l->sel > 0;
		break;
	case CMD_DOWN:
		l->sel += l->sel + 1 < l->n;
		break;
	case CMD_PAGE_UP:
		l->sel -= l->sel < page ? l->sel : page;
		break;
	case CMD_PAGE_DOWN:
		l->sel = l->n == 0 ? 0 : l->sel + page < l->n ? l->sel + page : l->n - 1;
		break;
	default:
		return false;
	}
	list_fit(l, rows);
	return true;
}

bool
text_has(const char *text, const char *needle)
{
	size_t tn = strlen(text) + 1, nn = strlen(needle) + 1;
	char *t = xmalloc(tn), *n = xmalloc(nn);
	bool found;

	(void)text_fold(text, t, tn);
	(void)text_fold(needle, n, nn);
	found = *n && strstr(t, n) != NULL;
	free(t);
	free(n);
	return found;
}
