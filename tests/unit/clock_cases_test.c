/*
 * The table of cases (tests/data/clocks/cases.tsv): what happened -> what is owed, by when, to whom, by which row and clause, chased how;
 * with the shipped rules and the profile each row names.  How a row is written stands at the head of the table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../../formats/buf.h"
#include "../../formats/conf.h"
#include "../../formats/value.h"
#include "../../switch/clock.h"

#define MESSAGES 64
#define ITEMS 128
#define ROUNDS 200
#define MINUTE INT64_C(60000)
#define DAY INT64_C(86400000)

static char conf[4096];

struct story {
	struct fold_msg m[MESSAGES];
	struct body *b[MESSAGES];
	size_t n;
	int64_t day;		/* ms UTC its day begins (UTC+08:00) */
	int64_t last;
	int realm;
	char opener[STATION_MAX];
	struct msgid incident;
	char why[256];		/* what cannot be read; "" */
};

static void
story_free(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		body_free(s->b[i]);
}

/* "19:06", "1+00:11" (the day after), "7+10:00". */
static bool
instant(const struct story *s, const char *text, int64_t *out)
{
	int64_t days = 0;
	char *end;
	const char *p = text, *plus = strchr(text, '+');
	long h, m;

	if (plus != NULL) {
		days = strtol(p, &end, 10);
		if (end != plus)
			return false;
		p = plus + 1;
	}
	h = strtol(p, &end, 10);
	if (*end != ':' || end == p)
		return false;
	p = end + 1;
	m = strtol(p, &end, 10);
	if (*end != '\0' || end == p)
		return false;
	*out = s->day + days * DAY + (h * 60 + m) * MINUTE;
	return true;
}

static int64_t
day_begin(const char *text)
{
	char full[64];
	struct when w;

	(void)snprintf(full, sizeof full, "%sT00:00:00+08:00", text);
	assert_true(time_parse_rfc3339(full, &w));
	return w.ms;
}

static bool
figure_of(const char *text, struct figure *f)
{
	char *end;

	memset(f, 0, sizeof *f);
	if (strcmp(text, "?") == 0)
		return true;
	f->q = text[0] == '~' ? FIG_ABOUT : strncmp(text, ">=", 2) == 0 ? FIG_ATLEAST : strncmp(text, "<=", 2) == 0 ? FIG_ATMOST : FIG_EXACT;
	f->n = strtol(text + (f->q == FIG_ABOUT ? 1 : f->q == FIG_EXACT ? 0 : 2), &end, 10);
	return *end == '\0';
}

/* NAME=VALUE, with names of the field table and a few shorter ones. */
static bool
member(struct story *s, struct body *b, const char *name, char *value)
{
	static const struct { const char *name, *field; } shorter[] = { { "ch", "channel" }, { "order", "order_type" }, { "done", "done_at" },
		{ "behalf", "on_behalf" } };
	const struct field *f;
	struct msgid id;
	struct figure fig;
	int64_t t;
	char *at;

	for (size_t i = 0; i < sizeof shorter / sizeof shorter[0]; i++)
		if (strcmp(shorter[i].name, name) == 0)
			name = shorter[i].field;
	if ((f = field_by_name(name)) == NULL)
		return false;
	switch (f->type) {
	case FT_MSGID:
		t = strtol(value, &at, 10);
		if (*at != '\0' || t < 1 || t > (int64_t)s->n)
			return false;
		id = s->m[t - 1].id;
		body_add_id(b, f->key, &id);
		return true;
	case FT_TIME:
		if (!instant(s, value, &t))
			return false;
		body_set_time(b, f->key, t);
		return true;
	case FT_ENUM:
		if (enum_by_name(f->arg, value) == NULL)
			return false;
		body_set_num(b, f->key, enum_by_name(f->arg, value)->value);
		return true;
	case FT_BOOL:
	case FT_UINT:
		body_set_num(b, f->key, strtol(value, NULL, 10));
		return true;
	case FT_FIGURE:
		if ((at = strchr(value, '@')) != NULL)
			*at = '\0';
		if (!figure_of(value, &fig))
			return false;
		fig.source = at != NULL ? at + 1 : NULL;
		body_add_figure(b, f->key, &fig);
		return true;
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
		body_add_text(b, f->key, value, strlen(value));
		return true;
	default:
		return false;
	}
}

static char *
word(char **rest)
{
	char *w = *rest + strspn(*rest, " ");
	size_t n = strcspn(w, " ");

	if (*w == '\0')
		return NULL;
	*rest = w + n;
	if (w[n] == ' ')
		*(*rest)++ = '\0';
	return w;
}

/* "19:06 330225-gongan report to=330225 endangered=~20 ..." */
static bool
event(struct story *s, char *text, const char *type)
{
	static const uint32_t rest[] = { F_DEAD, F_MISSING, F_TRAPPED, F_SERIOUS, F_LIGHT, F_INJURED };
	char *time = word(&text), *who = word(&text), *kind = word(&text), *w, *eq;
	const struct enum_name *k;
	struct body *b;

	(void)snprintf(s->why, sizeof s->why, "%s %s", time != NULL ? time : "", kind != NULL ? kind : "");
	if (kind == NULL || s->n == MESSAGES || !instant(s, time, &s->last))
		return false;
	if ((k = enum_by_name("kind", kind)) == NULL)
		return false;
	s->b[s->n] = b = body_new();
	s->m[s->n] = (struct fold_msg) { .stored = s->last, .body = b, .kind = k->value };
	s->m[s->n].id = (struct msgid) { .epoch = 1, .serial = s->n + 1, .realm = (uint8_t)s->realm };
	(void)snprintf(s->m[s->n].id.origin, STATION_MAX, "%s", who);
	if (s->n++ == 0)
		s->incident = s->m[0].id;
	body_set_num(b, F_KIND, k->value);
	body_set_id(b, F_INCIDENT, &s->incident);
	body_set_num(b, F_ORDER, (int64_t)s->n);
	if (type[0] != '\0' && (k->value == KIND_INTAKE || k->value == KIND_REPORT))
		body_set_text(b, F_TYPE, type);
	if (k->value == KIND_REPORT)
		body_set_num(b, F_STAGE, STAGE_FIRST);
	while ((w = word(&text)) != NULL) {
		(void)snprintf(s->why, sizeof s->why, "%s", w);
		if (strcmp(w, "known") == 0) {	/* all that is not said is known to be none */
			struct figure none = { .q = FIG_EXACT };

			for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
				if (body_first(b, rest[i]) == NULL)
					body_add_figure(b, rest[i], &none);
			continue;
		}
		if ((eq = strchr(w, '=')) == NULL)
			return false;
		*eq = '\0';
		if (!member(s, b, w, eq + 1))
			return false;
	}
	s->why[0] = '\0';
	return true;
}

static bool
story_read(struct story *s, const char *day, const char *done, const char *type)
{
	char *all = strdup(done), *p = all, *end;
	bool ok = true;

	memset(s, 0, sizeof *s);
	s->day = day_begin(day);
	while (ok && p != NULL && *p != '\0') {
		end = strchr(p, ';');
		if (end != NULL)
			*end++ = '\0';
		p += strspn(p, " ");
		if (strcmp(p, "exercise") == 0)
			s->realm = REALM_EXERCISE;
		else
			ok = event(s, p, type);
		p = end;
	}
	free(all);
	return ok;
}

/* ---- the answer ---- */

struct items {
	struct owed_item v[ITEMS];
	size_t n;
};

static void
add(void *ctx, const struct owed_item *it)
{
	struct items *l = ctx;

	assert_true(l->n < ITEMS);
	l->v[l->n++] = *it;
}

static const struct { const char *station, *parent, *level; } stations[] = {
	{ "330225102", "330225", "township" }, { "330225", "330200", "county" }, { "330200", "330000", "city" },
	{ "330000", "100000", "province" }, { "420102", "420100", "county" }, { "500101", "500000", "county" },
	{ "410102", "410100", "county" }, { "410100", "410000", "city" }, { "x-plant", "330225", "unit" }, { "100000", "", "province" },
};

static void
judge(const struct fold_msg *m, size_t n, const char *station, const struct rules *r, struct items *out)
{
	struct incident *inc = incident_fold(m, n);
	size_t i;

	for (i = 0; i < sizeof stations / sizeof stations[0] && strcmp(stations[i].station, station) != 0; i++)
		;
	assert_true(i < sizeof stations / sizeof stations[0]);
	out->n = 0;
	clock_owed(inc, station, stations[i].parent, stations[i].level, r, add, out);
	incident_free(inc);
}

static int
cmp_item(const void *a, const void *b)
{
	const struct owed_item *x = a, *y = b;
	int c;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	if ((c = strcmp(x->towards, y->towards)) != 0)
		return c;
	return msgid_cmp(&x->about, &y->about);
}

static bool
listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; (p = strstr(p, name)) != NULL; p += n)
		if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* Local: "19:36", of another day "1+00:11". */
static void
put_time(struct buf *b, const struct story *s, int64_t ms)
{
	int64_t since = ms - s->day, days = since >= 0 ? since / DAY : -((DAY - 1 - since) / DAY);

	since -= days * DAY;
	if (days != 0)
		buf_printf(b, "%" PRId64 "+", days);
	buf_printf(b, "%02" PRId64 ":%02" PRId64, since / 3600000, since / MINUTE % 60);
}

/* "phone 19:36 330200 K2-phone-III; written/chain ..." */
static void
items_text(struct items *l, const struct story *s, const char *look, struct buf *out)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof l->v[0], cmp_item);
	for (size_t i = 0; i < l->n; i++) {
		const struct owed_item *it = &l->v[i];
		const struct enum_name *e = enum_by_value("owed", (int)it->what);

		assert_non_null(e);
		if (!listed(look, e->name))
			continue;
		buf_printf(out, "%s%s%s ", out->n > 0 ? "; " : "", e->name, it->scope == SCOPE_CHAIN ? "/chain" : "");
		put_time(out, s, it->due);
		buf_printf(out, " %s%s%s%s%s", it->towards, it->rule[0] != '\0' ? " " : "", it->rule, it->promised ? " promised" : "",
		    it->passed != 0 ? " passed" : "");
		if (it->passed != 0) {
			buf_puts(out, " ");
			put_time(out, s, it->passed);
		}
	}
	if (out->n == 0)
		buf_puts(out, "-");
}

static const struct owed_item *
first_looked_at(const struct items *l, const char *look)
{
	for (size_t i = 0; i < l->n; i++)
		if (listed(look, enum_by_value("owed", (int)l->v[i].what)->name))
			return &l->v[i];
	return NULL;
}

/* "0 seat; 5 second; 10 leader" */
static void
chased_text(const struct rules *r, const struct owed_item *it, struct buf *out)
{
	const struct chase_rung *rung;
	size_t n = it != NULL ? rules_chase(r, it->chase, it->what, it->prec, &rung) : 0;

	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%s%" PRId64 " %s", i > 0 ? "; " : "", rung[i].from_due ? "" : "origin+", rung[i].after,
		    rules_chase_to_name(rung[i].to));
	if (out->n == 0)
		buf_puts(out, "-");
}

/* ---- the table ---- */

struct profile {
	char name[64];
	struct rules *rules;
};
static struct profile profiles[16];
static size_t nprofiles;

static const struct rules *
rules_of(const char *name)
{
	struct fault f = { 0 };

	for (size_t i = 0; i < nprofiles; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return profiles[i].rules;
	assert_true(nprofiles < 16);
	(void)snprintf(profiles[nprofiles].name, sizeof profiles[0].name, "%s", name);
	profiles[nprofiles].rules = rules_load_profiles(conf, strcmp(name, "-") == 0 ? "" : name, &f);
	if (profiles[nprofiles].rules == NULL)
		fail_msg("profile %s: %s:%zu %s", name, f.file, f.line, f.text);
	return profiles[nprofiles++].rules;
}

static struct tsv *table;

static int
group_setup(void **state)
{
	struct fault f = { 0 };

	(void)state;
	if (conf_dir(conf, sizeof conf, &f) == NULL)
		fail_msg("%s", f.text);
	if ((table = tsv_load("tests/data/clocks/cases.tsv", &f)) == NULL)
		fail_msg("%s:%zu %s", f.file, f.line, f.text);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < nprofiles; i++)
		rules_free(profiles[i].rules);
	tsv_free(table);
	return 0;
}

static bool
row_right(size_t row)
{
	const char *station = tsv_get(table, row, "station"), *look = tsv_get(table, row, "look"), *now = tsv_get(table, row, "now");
	const char *clause = tsv_get(table, row, "clause"), *want = tsv_get(table, row, "owed"), *chased = tsv_get(table, row, "chased");
	const struct rules *r = rules_of(tsv_get(table, row, "profile"));
	const struct owed_item *first;
	struct buf got = { 0 }, rungs = { 0 };
	struct items l = { .n = 0 };
	struct story s;
	int64_t until = INT64_MAX;
	size_t n = 0;
	bool right = true;

	if (look[0] == '\0')
		look = "phone,written";
	if (!story_read(&s, tsv_get(table, row, "day"), tsv_get(table, row, "done"), tsv_get(table, row, "type")) ||
	    (now[0] != '\0' && !instant(&s, now, &until))) {
		print_error("line %zu: \"%s\" cannot be read\n", tsv_line(table, row), s.why);
		story_free(&s);
		return false;
	}
	for (size_t i = 0; i < s.n; i++)
		if (s.m[i].stored <= until)
			s.m[n++] = s.m[i];
	judge(s.m, n, station, r, &l);
	items_text(&l, &s, look, &got);
	first = first_looked_at(&l, look);
	chased_text(r, first, &rungs);
	if (strcmp(buf_cstr(&got), want) != 0) {
		print_error("line %zu (%s):\n  is   %s\n  want %s\n", tsv_line(table, row), tsv_get(table, row, "case"), buf_cstr(&got), want);
		right = false;
	}
	if (clause[0] != '\0' && (first == NULL || strstr(first->clause, clause) == NULL)) {
		print_error("line %zu: clause %s, not %s\n", tsv_line(table, row), first != NULL ? first->clause : "-", clause);
		right = false;
	}
	if (chased[0] != '\0' && strcmp(buf_cstr(&rungs), chased) != 0) {
		print_error("line %zu: chased %s, not %s\n", tsv_line(table, row), buf_cstr(&rungs), chased);
		right = false;
	}
	buf_free(&got);
	buf_free(&rungs);
	story_free(&s);
	return right;
}

static void
test_cases(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < tsv_rows(table); i++)
		wrong += !row_right(i);
	if (wrong > 0)
		fail_msg("%zu of %zu rows", wrong, tsv_rows(table));
	print_message("%zu rows\n", tsv_rows(table));
}

/* ---- properties ---- */

static uint64_t seed;

static uint32_t
below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static uint64_t
seed_of(void)
{
	const char *s = getenv("CLOCK_SEED");
	uint64_t v = s != NULL ? strtoull(s, NULL, 10) : (uint64_t)time(NULL);

	print_message("CLOCK_SEED=%" PRIu64 "\n", v);
	return v;
}

static void
whole_text(const struct fold_msg *m, size_t n, const char *station, const struct rules *r, const struct story *s, struct buf *out)
{
	struct items l = { .n = 0 };

	judge(m, n, station, r, &l);
	items_text(&l, s, "phone,written,read,sign,feedback,followup,final,supplement,await-sign,await-feedback,verify", out);
}

/* The same messages with the same stored instants, in any order: the same is owed.  And the clocks of one moment do not depend on having been asked
 * at another: every prefix in time gives what it gave. */
static void
test_order(void **state)
{
	(void)state;
	seed = seed_of();
	for (int round = 0; round < ROUNDS; round++) {
		size_t row = below((uint32_t)tsv_rows(table));
		const char *station = tsv_get(table, row, "station");
		const struct rules *r = rules_of(tsv_get(table, row, "profile"));
		struct buf a = { 0 }, b = { 0 };
		struct story s;

		assert_true(story_read(&s, tsv_get(table, row, "day"), tsv_get(table, row, "done"), tsv_get(table, row, "type")));
		whole_text(s.m, s.n, station, r, &s, &a);
		for (size_t i = s.n; i > 1; i--) {
			size_t k = below((uint32_t)i);
			struct fold_msg t = s.m[i - 1];

			s.m[i - 1] = s.m[k];
			s.m[k] = t;
		}
		whole_text(s.m, s.n, station, r, &s, &b);
		if (strcmp(buf_cstr(&a), buf_cstr(&b)) != 0)
			fail_msg("round %d, line %zu:\n%s\n%s", round, tsv_line(table, row), buf_cstr(&a), buf_cstr(&b));
		buf_free(&a);
		buf_free(&b);
		story_free(&s);
	}
}

/* Random lives of an incident: no figure, no later message ever makes what is owed upwards later, unless it was told, nor does a grade but where a leader
 * lowers it; and then no later than if the milder one had been said at once. */
static void
test_never_later(void **state)
{
	static const char *const type = "yjpt:12G00";
	const struct rules *r = rules_of("xs-sample");

	(void)state;
	seed = seed_of();
	for (int round = 0; round < ROUNDS; round++) {
		struct story s;
		char text[256];
		int64_t due = INT64_MAX, latest;
		unsigned stated = 3;
		int last = 0;

		assert_true(story_read(&s, "2026-04-18", "19:06 330225 intake learned=19:06 known grade=IV", type));
		assert_true(instant(&s, "21:06", &latest));
		for (int step = 0; step < 12; step++) {
			struct items l = { .n = 0 };
			int64_t now_due = INT64_MAX;
			bool lowers = false;
			unsigned g;

			last += 1 + (int)below(20);
			switch (below(4)) {
			case 0:
				g = below(4);
				lowers = g > stated;
				stated = g;
				(void)snprintf(text, sizeof text, "%d:%02d 330225 grade grade=%s reason=x signer=y", 19 + (6 + last) / 60,
				    (6 + last) % 60, (const char *const[]) { "I", "II", "III", "IV" }[g]);
				break;
			case 1:
				(void)snprintf(text, sizeof text, "%d:%02d 330225-gongan report to=330225 dead=%u", 19 + (6 + last) / 60,
				    (6 + last) % 60, below(40));
				break;
			case 2:
				(void)snprintf(text, sizeof text, "%d:%02d 330225 log text=x", 19 + (6 + last) / 60, (6 + last) % 60);
				break;
			default:
				(void)snprintf(text, sizeof text, "%d:%02d 330225102 report to=330225 endangered=%u", 19 + (6 + last) / 60,
				    (6 + last) % 60, below(30));
				break;
			}
			assert_true(event(&s, text, type));
			judge(s.m, s.n, "330225", r, &l);
			for (size_t i = 0; i < l.n; i++)
				if (l.v[i].what == OWED_REPORT_WRITTEN && l.v[i].scope == SCOPE_HOP)
					now_due = l.v[i].due;
			if (now_due > latest || (now_due > due && !lowers))
				fail_msg("round %d step %d: later than it was", round, step);
			due = now_due;
		}
		assert_true(due < INT64_MAX);
		story_free(&s);
	}
}

/* A large event: the whole of it in milliseconds. */
static void
test_large(void **state)
{
	enum { MANY = 2000 };
	const struct rules *r = rules_of("xs-sample");
	struct fold_msg *m = xcalloc(MANY, sizeof *m);
	struct incident *inc;
	struct items *l = xcalloc(1, sizeof *l);
	struct timespec a, b;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		struct body *body = body_new();
		struct figure f = { .q = FIG_EXACT, .n = (int64_t)i / 100 };

		m[i].id = (struct msgid) { .epoch = 1, .serial = i + 1 };
		(void)snprintf(m[i].id.origin, STATION_MAX, "%s", i % 3 == 0 ? "330225102" : "330225");
		m[i].stored = INT64_C(1776510360000) + (int64_t)i * MINUTE;
		m[i].body = body;
		body_set_num(body, F_KIND, i % 3 == 0 ? KIND_REPORT : i % 3 == 1 ? KIND_RECEIPT : KIND_LOG);
		body_set_id(body, F_INCIDENT, &m[0].id);
		body_set_num(body, F_ORDER, (int64_t)i + 1);
		if (i > 0)
			body_add_id(body, i % 3 == 1 ? F_REFS : F_PARENTS, &m[i - 1].id);
		if (i % 3 == 0) {
			body_set_num(body, F_STAGE, i == 0 ? STAGE_FIRST : STAGE_FOLLOWUP);
			body_add_text(body, F_TO, "330225", 6);
			body_set_text(body, F_TYPE, "yjpt:12G00");
			body_add_figure(body, F_DEAD, &f);
			f.n = (int64_t)i;	/* changes every time, and changes no grade */
			body_add_figure(body, F_MOVED, &f);
		}
		if (i % 3 == 1)
			body_set_num(body, F_ACT, ACT_SIGNED);
	}
	inc = incident_fold(m, MANY);
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	clock_owed(inc, "330225", "330200", "county", r, add, l);
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
	print_message("2000 messages: %" PRId64 " ms\n", ms);
	assert_true(l->n > 0);
	assert_true(ms < 2000);		/* on any machine, under any load: no fold for each of its messages */
	incident_free(inc);
	for (size_t i = 0; i < MANY; i++)
		body_free((struct body *)(uintptr_t)m[i].body);
	free(m);
	free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_never_later),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
