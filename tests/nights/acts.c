/*
 * What a line of a night does: setting the stage, acting, letting time pass.  Looking is in acts_look.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "night.h"

#define RUN_LEAST 1000	/* ms: timers of one second fire together */
#define LATE_MOST 180000 /* ms a step may begin behind its time: what came before took longer */

bool
fail(struct night *n, const char *fmt, ...)
{
	static char text[1500];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	n->why = text;
	return false;
}

struct wstation *
act_station(struct night *n, const struct word *w)
{
	struct wstation *s = world_find(&n->w, w->text);

	if (s == NULL)
		(void)fail(n, "no station %s", w->text);
	return s;
}

/* ---- the stage ---- */

static bool
do_begin(struct night *n, struct word *v, size_t k)
{
	char text[64];
	int64_t ms;

	(void)snprintf(text, sizeof text, "%s %s", v[1].text, k > 2 ? v[2].text : "00:00");
	if (k < 2 || n->begun || !time_read(n, text, false, &ms))
		return fail(n, "begin YYYY-MM-DD HH:MM, once");
	clock_make(&n->w, ms);
	n->begun = true;
	return true;
}

static bool
do_station(struct night *n, struct word *v, size_t k)
{
	struct wstation *s, *up;
	char text[200];

	if (k < 4 || n->started)
		return fail(n,
		    "station ALIAS CODE NAME [under ALIAS] [as ROLE] [rate N] [rtt MS] [hosted] [phone] [outlet] [set LINE]; before start");
	s = world_add(&n->w, v[1].text, v[2].text, v[3].text);
	(void)snprintf(s->role, sizeof s->role, "child");
	for (size_t i = 4; i < k; i++) {
		bool more = i + 1 < k;

		if (strcmp(v[i].text, "hosted") == 0)
			s->hosted = true;
		else if (strcmp(v[i].text, "phone") == 0)
			s->phone = true;
		else if (strcmp(v[i].text, "outlet") == 0)
			s->outlet = true;
		else if (more && strcmp(v[i].text, "under") == 0) {
			if ((up = act_station(n, &v[++i])) == NULL)
				return false;
			s->up = (int)(up - n->w.s);
		} else if (more && strcmp(v[i].text, "as") == 0)
			(void)snprintf(s->role, sizeof s->role, "%s", v[++i].text);
		else if (more && strcmp(v[i].text, "rate") == 0)
			s->rate = (unsigned)strtoul(v[++i].text, NULL, 10);
		else if (more && strcmp(v[i].text, "rtt") == 0)
			s->rtt = (unsigned)strtoul(v[++i].text, NULL, 10);
		else if (more && strcmp(v[i].text, "set") == 0) {
			(void)snprintf(text, sizeof text, "%s\n", v[++i].text);
			if (strlen(s->settings) + strlen(text) < sizeof s->settings)
				memcpy(s->settings + strlen(s->settings), text, strlen(text) + 1);
		} else
			return fail(n, "station: %s?", v[i].text);
	}
	return true;
}

static bool
do_start(struct night *n, struct word *v, size_t k)
{
	struct wstation *s;

	if (k == 2) {
		if ((s = act_station(n, &v[1])) == NULL)
			return false;
		if (s->runs)
			return fail(n, "%s runs already", v[1].text);
		ws_start(&n->w, s);
		return true;
	}
	if (!n->begun || n->started)
		return fail(n, "start comes once, after begin and the stations");
	world_make(&n->w);
	world_start(&n->w);
	n->started = true;
	return true;
}

/* ---- time ---- */

static bool
run_to(struct night *n, int64_t at)
{
	if (at + LATE_MOST < clock_wall(&n->w)) {
		char now[40], then[40];

		return fail(n, "it is %s already, not %s", time_text(clock_wall(&n->w), now), time_text(at, then));
	}
	clock_run(&n->w, at, RUN_LEAST);
	return true;
}

static bool
do_wait(struct night *n, struct word *v, size_t k)
{
	char text[64];
	int64_t at;

	(void)snprintf(text, sizeof text, "%s%s%s", k > 1 ? v[1].text : "", k > 2 ? " " : "", k > 2 ? v[2].text : "");
	if (!n->started || !time_read(n, text, false, &at))
		return fail(n, "wait [YYYY-MM-DD] HH:MM | +30m, after start");
	return run_to(n, at);
}

/* ---- commands ---- */

/* Members of the answer become variables: $NAME the id, $NAME_number and so on. */
static void
remember(struct night *n, const char *name, const char *line)
{
	json_t *o = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL), *m;
	const char *key;
	char var[64], number[32];

	json_object_foreach(o, key, m) {
		const char *text = json_string_value(m);

		if (json_is_integer(m)) {
			(void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(m));
			text = number;
		}
		if (text == NULL)
			continue;
		(void)snprintf(var, sizeof var, "%.30s_%.30s", name, key);
		var_set(n, var, text);
		if (strcmp(key, "id") == 0)
			var_set(n, name, text);
	}
	json_decref(o);
}

/* on|refuse|plain STATION [CODE] [as NAME]: WORDS */
static bool
do_command(struct night *n, struct word *v, size_t k)
{
	const char *args[WORDS + 2], *name = NULL;
	struct wstation *s;
	struct output o;
	size_t i = 1, c = 0, len;
	bool refuse = strcmp(v[0].text, "refuse") == 0, plain = strcmp(v[0].text, "plain") == 0, last = false;
	long code = 0;
	char alias[64] = "";

	for (; i < k && !last; i++) {
		len = strlen(v[i].text);
		last = !v[i].quoted && len > 0 && v[i].text[len - 1] == ':';
		if (last)
			v[i].text[len - 1] = '\0';
		if (alias[0] == '\0')
			(void)snprintf(alias, sizeof alias, "%s", v[i].text);
		else if (strcmp(v[i].text, "as") != 0 && name == NULL && strcmp(v[i - 1].text, "as") == 0)
			name = v[i].text;
		else if (strcmp(v[i].text, "as") != 0)
			code = strtol(v[i].text, NULL, 10);
	}
	if (!last || i == k || (s = world_find(&n->w, alias)) == NULL || s->phone)
		return fail(n, "%s STATION [as NAME]: WORDS (a station with a machine)", v[0].text);
	if (!plain)
		args[c++] = "--json";
	for (; i < k; i++)
		args[c++] = v[i].text;
	args[c] = NULL;
	ws_ctl(&n->w, s, args, &o);
	buf_clear(&n->said);
	buf_put(&n->said, o.out.p, o.out.n);
	buf_put(&n->said, o.err.p, o.err.n);
	buf_puts(&n->saw, output_text(&o));
	if (name != NULL && o.out.n > 0)
		remember(n, name, buf_cstr(&o.out));
	if (o.status >= 128)
		code = (long)fail(n, "dutyctl ended with status %d", o.status);
	else if (refuse)
		code = (o.status >= 64 && o.status <= 78 && (code == 0 || code == o.status)) ||
		    fail(n, "it must be refused%s%.0ld", code != 0 ? " with status " : "", code);
	else
		code = o.status == 0 || fail(n, "it must be taken");
	output_free(&o);
	return code != 0;
}

/* ask|deny STATION [as NAME] OP [{JSON}]: a request of switch/deskproto.h as it stands, taken or refused */
static bool
do_ask(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k > 2 ? act_station(n, &v[1]) : NULL;
	const char *name = k > 4 && strcmp(v[2].text, "as") == 0 ? v[3].text : NULL, *op;
	bool deny = v[0].text[0] == 'd';
	size_t i = name != NULL ? 4 : 2;
	struct fault f = {0};
	json_t *q, *a;
	json_error_t e;
	char rid[33], *text, number[32];

	if (s == NULL || i >= k || i + 2 < k || (i + 1 < k && !v[i + 1].json))
		return n->why != NULL ? false : fail(n, "ask|deny STATION [as NAME] OP [{JSON}]");
	op = v[i].text;
	q = i + 1 < k ? json_loads(v[i + 1].text, 0, &e) : json_object();
	if (q == NULL)
		return fail(n, "JSON: %s: %s", v[i + 1].text, e.text);
	(void)json_object_set_new(q, "op", json_string(op));
	if (strcmp(op, "submit") == 0 && json_object_get(q, "rid") == NULL) {
		client_rid(rid);
		(void)json_object_set_new(q, "rid", json_string(rid));
	}
	if (strcmp(op, "submit") == 0 && json_object_get(q, "realm") == NULL)
		(void)json_object_set_new(q, "realm", json_string("live"));
	a = ws_ask(&n->w, s, q, &f);
	buf_clear(&n->said);
	if (a == NULL) {
		(void)snprintf(number, sizeof number, "%d ", f.code);
		buf_puts(&n->said, number);
		buf_puts(&n->said, f.field);
		buf_puts(&n->said, ": ");
		buf_puts(&n->said, f.text);
	} else if ((text = json_dumps(a, JSON_COMPACT)) != NULL) {
		buf_puts(&n->said, text);
		if (name != NULL)
			remember(n, name, text);
		free(text);
	}
	json_decref(a);
	buf_put(&n->saw, n->said.p, n->said.n);
	if (deny)
		return (a == NULL && f.code >= 64 && f.code <= 78) || fail(n, "it must be refused");
	return a != NULL || fail(n, "it must be taken");
}

static bool
do_said(struct night *n, struct word *v, size_t k)
{
	bool wanted = v[0].text[0] == 's';

	if (k != 2)
		return fail(n, "said|unsaid TEXT");
	if ((n->said.n > 0 && strstr(buf_cstr(&n->said), v[1].text) != NULL) == wanted)
		return true;
	buf_put(&n->saw, n->said.p, n->said.n);
	return fail(n, "the last command %s \"%s\"", wanted ? "must say" : "must not say", v[1].text);
}

/* ---- what befalls the stations ---- */

static bool
do_link(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k > 1 ? act_station(n, &v[1]) : NULL;
	bool mend = strcmp(v[0].text, "mend") == 0;
	enum link_mode mode = mend ? LINK_PASS : k > 2 && strcmp(v[2].text, "drop") == 0 ? LINK_DROP : LINK_DEAD;
	bool any = false;

	if (s == NULL)
		return fail(n, "cut|mend STATION [drop]");
	for (size_t i = 0; i < n->w.nlinks; i++)
		if (n->w.link[i].a == (unsigned)(s - n->w.s)) {
			proxy_set(&n->w, i, mode);
			any = true;
		}
	return any || fail(n, "%s has no line upwards", v[1].text);
}

static bool
do_power(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k == 2 ? act_station(n, &v[1]) : NULL;
	int status;

	if (s == NULL || !s->runs)
		return fail(n, "%s a station that runs", v[0].text);
	if (strcmp(v[0].text, "kill") == 0) {
		ws_kill(&n->w, s);
		return true;
	}
	status = ws_stop(&n->w, s);
	return status == 0 || fail(n, "the switch of %s stopped with status %d", v[1].text, status);
}

static bool
do_clock(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k == 3 ? act_station(n, &v[1]) : NULL;
	int64_t ms;

	if (s == NULL || !span_read(v[2].text, &ms))
		return fail(n, "clock STATION [+-]N[dhms]");
	clock_shift(&n->w, s, ms);
	clock_nudge(&n->w);
	return true;
}

/* ---- desks ---- */

static bool
do_desk(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k > 1 ? act_station(n, &v[1]) : NULL;
	int rows = 24, cols = 80;

	if (s == NULL || !s->runs || (k > 2 && sscanf(v[2].text, "%3dx%3d", &cols, &rows) != 2))
		return fail(n, "desk|undesk|unplug|plug STATION [COLSxROWS]");
	if (v[0].text[0] == 'd') {
		ws_desk(&n->w, s, rows, cols);
		pty_settle(s->desk, 200, 5000);
	} else if (s->desk == NULL)
		return fail(n, "%s has no desk open", v[1].text);
	else if (strcmp(v[0].text, "undesk") == 0)
		ws_desk_close(s);
	else
		s->unplugged = strcmp(v[0].text, "unplug") == 0;
	return true;
}

static bool
do_type(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k == 3 ? act_station(n, &v[1]) : NULL;
	char keys[2000];
	size_t len;

	if (s == NULL || s->desk == NULL || s->unplugged)
		return fail(n, "type STATION KEYS, at an open desk");
	len = keys_read(v[2].text, keys, sizeof keys);
	/* One after the other: an escape that another key follows at once is another key. */
	for (size_t i = 0; i < len;) {
		size_t one = 1;

		while (keys[i] == '\033' && i + one < len && keys[i + one] != '\033' && one < 8 &&
		       (one == 1 ? keys[i + 1] == 'O' || keys[i + 1] == '[' : !(keys[i + one - 1] >= '@' && one > 2)))
			one++;
		while (keys[i] != '\033' && i + one < len && keys[i + one] != '\033' && keys[i + one] != '\r' && keys[i] != '\r')
			one++;
		pty_bytes(s->desk, keys + i, one);
		pty_settle(s->desk, one == 1 && keys[i] == '\033' ? 700 : 30, 2000);
		i += one;
	}
	pty_settle(s->desk, 60, 3000);
	return true;
}

/* ---- the table ---- */

typedef bool (*act_fn)(struct night *, struct word *, size_t);

static bool
do_see(struct night *n, struct word *v, size_t k)
{
	return act_see(n, v, k, v[0].text[0] == 's');
}

static bool
do_screen(struct night *n, struct word *v, size_t k)
{
	return act_screen(n, v, k, v[0].text[0] == 's');
}

static bool
do_rung(struct night *n, struct word *v, size_t k)
{
	return act_rung(n, v, k, v[0].text[0] == 'r');
}

static bool
do_profile(struct night *n, struct word *v, size_t k)
{
	if (k != 2)
		return fail(n, "profile NAMES");
	(void)snprintf(n->w.profile, sizeof n->w.profile, "%s", v[1].text);
	return true;
}

/* table NAME "a|b|c" ...: a row each, | for the tabs */
static bool
do_table(struct night *n, struct word *v, size_t k)
{
	struct buf b = {0};

	if (k < 2)
		return fail(n, "table FOLDER/NAME.local.tsv ROW...");
	for (size_t i = 2; i < k; i++) {
		for (char *c = v[i].text; *c != '\0'; c++)
			*c = *c == '|' ? '\t' : *c;
		buf_puts(&b, v[i].text);
		buf_puts(&b, "\n");
	}
	world_table(&n->w, v[1].text, b.n > 0 ? buf_cstr(&b) : "");
	buf_free(&b);
	return true;
}

static const struct { const char *name; bool before; act_fn fn; } acts[] = {
	{"begin", true, do_begin}, {"table", true, do_table}, {"profile", true, do_profile},
	{"station", true, do_station}, {"start", true, do_start}, {"wait", false, do_wait},
	{"on", false, do_command}, {"refuse", false, do_command}, {"plain", false, do_command},
	{"ask", false, do_ask}, {"deny", false, do_ask}, {"said", false, do_said}, {"unsaid", false, do_said},
	{"see", false, do_see}, {"unsee", false, do_see}, {"let", false, act_let}, {"dump", false, act_dump},
	{"screen", false, do_screen}, {"noscreen", false, do_screen}, {"rung", false, do_rung},
	{"unrung", false, do_rung}, {"verify", false, act_verify}, {"walk", false, act_walk},
	{"spans", false, act_spans}, {"cut", false, do_link}, {"mend", false, do_link},
	{"kill", false, do_power}, {"stop", false, do_power}, {"clock", false, do_clock},
	{"desk", false, do_desk}, {"undesk", false, do_desk}, {"unplug", false, do_desk},
	{"plug", false, do_desk}, {"type", false, do_type}};

bool
act_line(struct night *n, struct word *v, size_t k)
{
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		if (strcmp(acts[i].name, v[0].text) == 0) {
			if (!acts[i].before && !n->started)
				return fail(n, "%s comes after start", v[0].text);
			return acts[i].fn(n, v, k);
		}
	return fail(n, "%s: no such word; see the head of tests/nights/night.c", v[0].text);
}
