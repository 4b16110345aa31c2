/*
 * Lines that look: at answers of the switch, at screens, at what the alarm outlet got, at the books.
 *
 * A look that may take a while lets the night's time pass in small leaps until it holds or its time is up; what it says of
 * seconds is said of the night's, so nothing depends on how busy this machine is.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "night.h"

#define WITHIN 20000 /* ms, where a line says nothing */
#define LEAP 250     /* ms at a time while looking */

/* Takes `within N` off the end. */
static bool
within(struct night *n, struct word *v, size_t *k, int64_t *ms)
{
	*ms = WITHIN;
	if (*k < 3 || v[*k - 2].quoted || strcmp(v[*k - 2].text, "within") != 0)
		return true;
	if (!span_read(v[*k - 1].text, ms))
		return fail(n, "within %s?", v[*k - 1].text);
	*k -= 2;
	return true;
}

/* STATION OP [{JSON}]; NULL + why. */
static json_t *
request_of(struct night *n, struct word *v, size_t k, size_t *used, struct wstation **s)
{
	json_t *q;
	json_error_t e;

	if (k < 3 || (*s = act_station(n, &v[1])) == NULL)
		return NULL;
	*used = 3;
	if (k > 3 && v[3].json) {
		(*used)++;
		if ((q = json_loads(v[3].text, 0, &e)) == NULL) {
			(void)fail(n, "JSON: %s: %s", v[3].text, e.text);
			return NULL;
		}
	} else
		q = json_object();
	(void)json_object_set_new(q, "op", json_string(v[2].text));
	return q;
}

/* see STATION OP [{JSON}] PATH TEST [VALUE] [within N] */
bool
act_see(struct night *n, struct word *v, size_t k, bool wanted)
{
	struct wstation *s = NULL;
	struct fault f = {0};
	json_t *q, *a;
	size_t i;
	int64_t ms, deadline;
	const char *value;
	int yes = -1;

	if (!within(n, v, &k, &ms) || (q = request_of(n, v, k, &i, &s)) == NULL)
		return n->why != NULL ? false : fail(n, "see STATION OP [{JSON}] PATH TEST [VALUE] [within N]");
	if (i + 2 > k || i + 3 < k) {
		json_decref(q);
		return fail(n, "see STATION OP [{JSON}] PATH TEST [VALUE] [within N]");
	}
	value = i + 2 < k ? v[i + 2].text : "";
	deadline = clock_wall(&n->w) + (wanted ? ms : 0);
	for (;;) {
		buf_clear(&n->saw);
		if ((a = ws_ask(&n->w, s, json_incref(q), &f)) == NULL) {
			buf_puts(&n->saw, f.field);
			buf_puts(&n->saw, ": ");
			buf_puts(&n->saw, f.text);
			yes = 0;
		} else {
			char *all = json_dumps(a, JSON_COMPACT);

			yes = look_test(a, v[i].text, v[i + 1].text, value, &n->saw);
			buf_puts(&n->saw, "\nof: ");
			buf_puts(&n->saw, all != NULL ? all : "");
			free(all);
			json_decref(a);
		}
		if (yes < 0 || (yes > 0) == wanted || clock_wall(&n->w) >= deadline || a == NULL)
			break;
		clock_leap(&n->w, LEAP, clock_wall(&n->w) + 1000);
	}
	json_decref(q);
	if (yes < 0)
		return fail(n, "no path or test: %s %s %s", v[i].text, v[i + 1].text, value);
	if (a == NULL)
		return fail(n, "%s does not answer %s", v[1].text, v[2].text);
	return (yes > 0) == wanted || fail(n, "%s %s: %s %s %s%s", v[1].text, v[2].text, v[i].text, v[i + 1].text, value,
	    wanted ? "" : " must not hold");
}

/* let NAME = STATION OP [{JSON}] PATH */
bool
act_let(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = NULL;
	struct fault f = {0};
	json_t *q, *a;
	size_t i = 0;
	char *text;

	if (k < 6 || strcmp(v[2].text, "=") != 0 || (q = request_of(n, v + 2, k - 2, &i, &s)) == NULL)
		return n->why != NULL ? false : fail(n, "let NAME = STATION OP [{JSON}] PATH");
	if (i + 3 != k || (a = ws_ask(&n->w, s, q, &f)) == NULL)
		return fail(n, "let NAME = STATION OP [{JSON}] PATH: %s", f.text);
	text = look_first(a, v[i + 2].text);
	if (text == NULL) {
		char *all = json_dumps(a, JSON_COMPACT);

		buf_puts(&n->saw, all != NULL ? all : "");
		free(all);
	} else
		var_set(n, v[1].text, text);
	json_decref(a);
	if (text == NULL)
		return fail(n, "nothing at %s", v[i + 2].text);
	free(text);
	return true;
}

/* dump STATION OP [{JSON}] [PATH], or dump STATION: its screen.  For who writes a night. */
bool
act_dump(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k > 1 ? act_station(n, &v[1]) : NULL;
	struct fault f = {0};
	json_t *q, *a = NULL;
	size_t i = 0;
	struct buf saw = {0};
	char *all;

	if (s == NULL)
		return false;
	if (k == 2 && s->desk != NULL) {
		pty_settle(s->desk, 100, 2000);
		all = vt_screen(s->desk->vt);
		printf("%s\n", all);
		free(all);
		return true;
	}
	if ((q = request_of(n, v, k, &i, &s)) == NULL || (a = ws_ask(&n->w, s, q, &f)) == NULL)
		return n->why != NULL ? false : fail(n, "%s: %s", f.field, f.text);
	if (i < k) {
		(void)look_test(a, v[i].text, "exists", "", &saw);
		printf("%s %s: %s\n", v[1].text, v[i].text, saw.n > 0 ? buf_cstr(&saw) : "");
	} else {
		all = json_dumps(a, JSON_INDENT(1));
		printf("%s\n", all != NULL ? all : "");
		free(all);
	}
	buf_free(&saw);
	json_decref(a);
	return true;
}

/* screen STATION TEXT... [within N]: all of the texts */
bool
act_screen(struct night *n, struct word *v, size_t k, bool wanted)
{
	struct wstation *s;
	int64_t ms, deadline;
	bool all = false;
	size_t miss = 0;

	if (!within(n, v, &k, &ms) || k < 3 || (s = act_station(n, &v[1])) == NULL)
		return fail(n, "screen STATION TEXT... [within N]");
	if (s->desk == NULL)
		return fail(n, "%s has no desk open", v[1].text);
	deadline = clock_wall(&n->w) + ms;
	for (;;) {
		pty_settle(s->desk, 15, 300);
		all = true;
		for (size_t i = 2; i < k; i++)
			if ((vt_find(s->desk->vt, v[i].text, NULL) >= 0) != wanted) {
				all = false;
				miss = i;
			}
		if (all || clock_wall(&n->w) >= deadline)
			break;
		clock_leap(&n->w, LEAP, clock_wall(&n->w) + 1000);
	}
	if (!all) {
		char *text = vt_screen(s->desk->vt);

		buf_puts(&n->saw, "\n");
		buf_puts(&n->saw, text);
		free(text);
		return fail(n, "the screen of %s %s \"%s\"", v[1].text, wanted ? "must show" : "must not show", v[miss].text);
	}
	return true;
}

/* ---- the alarm outlet ---- */

static bool
file_holds(const char *path, char *const texts[], size_t k, struct buf *saw)
{
	struct buf b = {0};
	bool all = true;

	file_read(path, &b);
	for (size_t i = 0; i < k; i++)
		all = all && b.n > 0 && strstr(buf_cstr(&b), texts[i]) != NULL;
	if (!all && saw->n < 4000) {
		buf_puts(saw, "\n");
		buf_puts(saw, b.n > 0 ? buf_cstr(&b) : "");
	}
	buf_free(&b);
	return all;
}

static bool
tree_holds(const char *dir, char *const texts[], size_t k, struct buf *saw)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	char path[1200];
	bool yes = false;

	if (d == NULL)
		return false;
	while (!yes && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path ||
		    lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			yes = tree_holds(path, texts, k, saw);
		else if (S_ISREG(st.st_mode))
			yes = file_holds(path, texts, k, saw);
	}
	(void)closedir(d);
	return yes;
}

/* rung STATION TEXT... [within N]: one job with all of the texts, anywhere below DIR/alarm */
bool
act_rung(struct night *n, struct word *v, size_t k, bool wanted)
{
	struct wstation *s;
	int64_t ms, deadline;
	char dir[300], *texts[WORDS];
	bool yes;

	if (!within(n, v, &k, &ms) || k < 3 || (s = act_station(n, &v[1])) == NULL)
		return fail(n, "rung STATION TEXT... [within N]");
	(void)snprintf(dir, sizeof dir, "%.255s/alarm", s->p.dir);
	for (size_t i = 2; i < k; i++)
		texts[i - 2] = v[i].text;
	deadline = clock_wall(&n->w) + (wanted ? ms : 0);
	for (;;) {
		buf_clear(&n->saw);
		yes = tree_holds(dir, texts, k - 2, &n->saw);
		if (yes == wanted || clock_wall(&n->w) >= deadline)
			break;
		clock_leap(&n->w, LEAP, clock_wall(&n->w) + 1000);
	}
	return yes == wanted || fail(n, "%s: %s with \"%s\" in %s", v[1].text, wanted ? "no alarm" : "an alarm", texts[0], dir);
}

/* ---- the books ---- */

static bool
verify_one(struct night *n, struct wstation *s)
{
	struct fault f = {0};
	json_t *a = ws_ask(&n->w, s, json_pack("{s:s}", "op", "verify"), &f);
	const char *bad = json_string_value(json_object_get(a, "bad")), *fold = json_string_value(json_object_get(a, "fold_bad"));
	bool ok = bad != NULL && fold != NULL && bad[0] == '\0' && fold[0] == '\0';

	if (!ok) {
		char *all = json_dumps(a, JSON_COMPACT | JSON_ENCODE_ANY);

		buf_puts(&n->saw, all != NULL ? all : f.text);
		free(all);
		(void)fail(n, "verify of %s is not clean", s->alias);
	}
	json_decref(a);
	return ok;
}

/* verify all | STATION...: journal, chain and folds */
bool
act_verify(struct night *n, struct word *v, size_t k)
{
	bool all = k == 2 && strcmp(v[1].text, "all") == 0, ok = true;
	struct wstation *s;

	for (size_t i = 0; all && ok && i < n->w.n; i++)
		if (n->w.s[i].runs)
			ok = verify_one(n, &n->w.s[i]);
	for (size_t i = 1; !all && ok && i < k; i++)
		ok = (s = act_station(n, &v[i])) != NULL && verify_one(n, s);
	return k > 1 ? ok : fail(n, "verify all | STATION...");
}
