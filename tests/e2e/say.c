/*
 * say.h: the command line spoken and heard, and waiting for what it shows.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../switch/journal.h"
#include "say.h"

#define WORDS 60

/* ---- speaking ---- */

static void
run(const struct station_proc *s, bool json, va_list ap, char *shown, size_t size, struct output *o)
{
	const char *argv[WORDS + 6];
	size_t n = 0, len = 0;

	argv[n++] = s->ctl;
	argv[n++] = "-D";
	argv[n++] = s->dir;
	if (json)
		argv[n++] = "--json";
	(void)snprintf(shown, size, "%s:", s->name);
	while ((argv[n] = va_arg(ap, const char *)) != NULL) {
		len = strlen(shown);
		(void)snprintf(shown + len, size - len, " %.60s", argv[n]);
		ST_CHECK(++n < WORDS + 5, "too many words");
	}
	run_command(argv, NULL, 0, 120000, o);
}

static json_t *
objects(const char *shown, struct output *o)
{
	json_t *list = json_array(), *row;
	const char *p = buf_cstr(&o->out);
	json_error_t e;

	while (p != NULL && *p != '\0') {
		size_t n = strcspn(p, "\n");

		if (n > 0) {
			row = json_loadb(p, n, JSON_DECODE_ANY, &e);
			ST_CHECK(row != NULL, "%s: no JSON (%s): %s", shown, e.text, output_text(o));
			(void)json_array_append_new(list, row);
		}
		p += n + (p[n] == '\n');
	}
	return list;
}

static json_t *
listed(const struct station_proc *s, va_list ap, char shown[600])
{
	struct output o;
	json_t *list;

	run(s, true, ap, shown, 600, &o);
	ST_CHECK(o.status == 0, "%s: %s", shown, output_text(&o));
	list = objects(shown, &o);
	output_free(&o);
	return list;
}

static json_t *
single(const struct station_proc *s, va_list ap, char shown[600])
{
	json_t *list = listed(s, ap, shown), *one = json_incref(json_array_get(list, 0));

	ST_CHECK(json_array_size(list) == 1, "%s: %zu objects", shown, json_array_size(list));
	json_decref(list);
	return one;
}

json_t *
say(const struct station_proc *s, ...)
{
	char shown[600];
	json_t *o;
	va_list ap;

	va_start(ap, s);
	o = single(s, ap, shown);
	va_end(ap);
	return o;
}

json_t *
say_list(const struct station_proc *s, ...)
{
	char shown[600];
	json_t *o;
	va_list ap;

	va_start(ap, s);
	o = listed(s, ap, shown);
	va_end(ap);
	return o;
}

void
say_id(const struct station_proc *s, char out[80], ...)
{
	char shown[600];
	json_t *o;
	va_list ap;

	va_start(ap, out);
	o = single(s, ap, shown);
	va_end(ap);
	ST_CHECK(text_of(o, "id")[0] != '\0', "%s: no id", shown);
	(void)snprintf(out, 80, "%s", text_of(o, "id"));
	json_decref(o);
}

void
say_text(const struct station_proc *s, struct buf *out, ...)
{
	char shown[600];
	struct output o;
	va_list ap;

	va_start(ap, out);
	run(s, false, ap, shown, sizeof shown, &o);
	va_end(ap);
	ST_CHECK(o.status == 0, "%s: %s", shown, output_text(&o));
	buf_put(out, o.out.p, o.out.n);
	output_free(&o);
}

void
say_refused(const struct station_proc *s, int status, const char *needle, ...)
{
	char shown[600];
	struct output o;
	va_list ap;

	va_start(ap, needle);
	run(s, true, ap, shown, sizeof shown, &o);
	va_end(ap);
	ST_CHECK(o.status == status && strstr(buf_cstr(&o.err), needle) != NULL, "%s: not status %d with '%s', but %s",
	    shown, status,
	    needle, output_text(&o));
	output_free(&o);
}

/* ---- hearing ---- */

const char *
member(const json_t *o, const char *path)
{
	static char text[4][600];
	static unsigned turn;
	char *out = text[turn++ % 4], name[64];

	while (o != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		(void)snprintf(name, sizeof name, "%.*s", (int)n, path);
		o = json_object_get(o, name);
		path += n + (path[n] == '.');
	}
	if (json_is_string(o))
		(void)snprintf(out, sizeof text[0], "%s", json_string_value(o));
	else if (json_is_integer(o))
		(void)snprintf(out, sizeof text[0], "%lld", (long long)json_integer_value(o));
	else
		(void)snprintf(out, sizeof text[0], "%s", json_is_true(o) ? "true" : json_is_false(o) ? "false" : "");
	return out;
}

void
expect(const struct station_proc *s, const json_t *o, const char *path, const char *value)
{
	char *all;

	if (strcmp(member(o, path), value) == 0)
		return;
	all = json_dumps(o, JSON_COMPACT);
	stations_fail("%s: %s is '%s', not '%s', in %.2500s", s->name, path, member(o, path), value,
	    all != NULL ? all : "nothing");
}

json_t *
row_of(const json_t *array, const char *name, const char *value)
{
	json_t *e;
	size_t i;

	json_array_foreach(array, i, e)
		if (strcmp(member(e, name), value) == 0)
			return e;
	return NULL;
}

json_t *
line_at(const struct station_proc *s, const json_t *show, const char *id)
{
	json_t *l = row_of(json_object_get(show, "lines"), "id", id);

	ST_CHECK(l != NULL, "%s: no line %s", s->name, id);
	return l;
}

/* ---- waiting ---- */

struct until {
	const char *op, *arg, *ref;
	const char *line;	/* id, NULL: the answer itself */
	const char *path, *value;
};

static bool
reached(struct station_proc *s, void *ctx)
{
	const struct until *u = ctx;
	struct fault f = { 0 };
	json_t *a = st_try(s, json_pack("{s:s, s:s}", "op", u->op, u->arg, u->ref), NULL, 0, &f);
	const json_t *o = a == NULL || u->line == NULL ? a : row_of(json_object_get(a, "lines"), "id", u->line);
	bool yes = o != NULL && strcmp(member(o, u->path), u->value) == 0;

	json_decref(a);
	return yes;
}

static void
await(struct e2e *e, struct station_proc *s, const struct until *u)
{
	char what[300];

	(void)snprintf(what, sizeof what, "%s %s %s %s '%s'", u->op, u->ref, u->line != NULL ? u->line : "", u->path, u->value);
	st_await(s, what, SAY_WAIT * e->slow, reached, (void *)(uintptr_t)u);
}

void
await_message(struct e2e *e, struct station_proc *s, const char *id, const char *path, const char *value)
{
	await(e, s, &(struct until){ .op = "message", .arg = "id", .ref = id, .path = path, .value = value });
}

void
await_incident(struct e2e *e, struct station_proc *s, const char *incident, const char *path, const char *value)
{
	await(e, s, &(struct until){ .op = "show", .arg = "ref", .ref = incident, .path = path, .value = value });
}

void
await_line(struct e2e *e, struct station_proc *s, const char *incident, const char *id, const char *path, const char *value)
{
	await(e, s, &(struct until){ .op = "show", .arg = "ref", .ref = incident, .line = id, .path = path, .value = value });
}

bool
owes(const struct station_proc *s, const char *what, const char *incident)
{
	json_t *list = say_list(s, "owed", NULL), *o;
	bool yes = false;
	size_t i;

	json_array_foreach(list, i, o)
		yes |= strcmp(text_of(o, "what"), what) == 0 && strcmp(text_of(o, "incident"), incident) == 0;
	json_decref(list);
	return yes;
}

/* ---- beginnings ---- */

void
open_fire(struct e2e *e, const char *title, char incident[80])
{
	char learned[40];

	say_id(&e->st.s[TOWN], incident, "intake", "--type", "12G00", "--place", "西周镇振兴路12号", "--learned",
	    when_text(-60000, learned),
	    "--title", title, "--channel", "phone", "--caller", "张某", NULL);
}

void
first_report(struct e2e *e, const char *incident, char report[80])
{
	say_id(&e->st.s[TOWN], report, "report", incident, "--brief", "仓库起火,正在扑救", "--dead", "1@119", "--missing",
	    "?", "--signer",
	    "吴镇长", NULL);
	await_message(e, &e->st.s[COUNTY], report, "id", report);
}

/* ---- files ---- */

bool
holds(const struct buf *b, const char *text)
{
	return b->n > 0 && memmem(b->p, b->n, text, strlen(text)) != NULL;
}

bool
folder_holds(const char *dir, const char *text)
{
	char path[1024];
	struct dirent *d;
	struct stat st;
	struct buf b = { 0 };
	bool yes = false;
	DIR *h = opendir(dir);

	ST_CHECK(h != NULL, "no folder %s", dir);
	while (!yes && (d = readdir(h)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
		    snprintf(path, sizeof path, "%s/%s", dir, d->d_name) >= (int)sizeof path || lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			yes = folder_holds(path, text);
		else if (S_ISREG(st.st_mode)) {
			buf_clear(&b);
			file_read(path, &b);
			yes = holds(&b, text);
		}
	}
	(void)closedir(h);
	buf_free(&b);
	return yes;
}

struct sought {
	const char *text;
	bool found;
};

static int
body_holds(void *ctx, const struct journal_msg *m)
{
	struct sought *k = ctx;

	k->found = holds(&m->body, k->text);
	return k->found;
}

bool
journal_holds(const struct station_proc *s, const char *text)
{
	static const char *const names[] = { "journal.db", "journal.db-wal" };
	struct sought k = { .text = text };
	char dir[300], from[400], to[400];
	struct fault f = { 0 };
	struct buf b = { 0 };
	struct journal *j;

	/* A copy: the file itself is the running switch's. */
	(void)snprintf(dir, sizeof dir, "%.250s.copy", s->dir);
	ST_CHECK(mkdir(dir, 0700) == 0, "%s: %s", dir, strerror(errno));
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(from, sizeof from, "%.250s/journal/%s", s->dir, names[i]);
		(void)snprintf(to, sizeof to, "%s/%s", dir, names[i]);
		if (access(from, F_OK) != 0)
			continue;
		buf_clear(&b);
		file_read(from, &b);
		file_write(to, b.p, b.n);
	}
	j = journal_sqlite_open(dir, false, &f);
	ST_CHECK(j != NULL, "%s: %s", dir, f.text);
	ST_CHECK(j->ops->each_after(j, 0, 0, false, body_holds, &k) == 0, "%s: cannot be read", dir);
	j->ops->close(j);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(to, sizeof to, "%s/%s", dir, names[i]);
		(void)unlink(to);
	}
	ST_CHECK(rmdir(dir) == 0, "%s: %s", dir, strerror(errno));
	buf_free(&b);
	return k.found;
}
