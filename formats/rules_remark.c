/*
 * What is odd about limits that load: told, not refused, because somebody may mean it.
 *
 * Two rows of equal rank that say different things of the same clock; a row that can never count; an undetermined grade
 * that would run slower than III; a level for which no written report is ever owed; a profile that changes nothing.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"

#define TRY_MAX 200 /* rows of one thing up to which it is tried whether each can count */
#define OTHERS 64

struct telling {
	const struct rules_limits *all;
	rules_remark_fn fn;
	void *ctx;
};

static void say(const struct telling *, const char *file, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
say(const struct telling *t, const char *file, size_t line, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->fn(t->ctx, file, line, text);
}

static int
names(const struct limit_row *l)
{
	return (l->place_len > 0) + (l->d.level[0] != '*') + (l->d.code[0] != '*') + (l->d.grade != RULES_ANY) + l->d.marked +
	    (l->d.prec != RULES_ANY);
}

/* Does a row name all that both name?  Then it says what holds where they overlap. */
static bool
settled(const struct rules_limits *all, const struct limit_row *a, const struct limit_row *b)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct limit_row *c = &all->v[i];

		if (c != a && c != b && c->d.what == a->d.what && c->d.scope == a->d.scope && limit_names_all_of(c, a) &&
		    limit_names_all_of(c, b) && limit_both_match(c, a) && limit_both_match(c, b))
			return true;
	}
	return false;
}

static void
contradictions(const struct telling *t)
{
	for (size_t i = 0; i < t->all->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct limit_row *a = &t->all->v[k], *b = &t->all->v[i], *less;

			if (a->rank != b->rank || names(a) != names(b) || !limit_both_match(a, b) ||
			    a->d.minutes == b->d.minutes)
				continue;
			/* One that names more than the other is no contradiction: it counts. */
			if (limit_names_all_of(a, b) != limit_names_all_of(b, a) || settled(t->all, a, b))
				continue;
			less = a->d.minutes < b->d.minutes ? a : b;
			say(t, b->d.file, b->d.line,
			    _("%s (%lld min) and %s (%lld min, %s:%zu) overlap and neither names more: %s counts, the stricter"), b->d.id,
			    (long long)b->d.minutes, a->d.id, (long long)a->d.minutes, a->d.file, a->d.line, less->d.id);
		}
}

static void
undetermined(const struct telling *t)
{
	for (size_t i = 0; i < t->all->n; i++) {
		const struct limit_row *u = &t->all->v[i];
		struct limit_row like = *u;

		if (u->d.grade != GRADE_UNDETERMINED)
			continue;
		like.d.grade = GRADE_III;
		for (size_t k = 0; k < t->all->n; k++) {
			const struct limit_row *a = &t->all->v[k];

			if (a->d.grade == GRADE_III && a->d.what == u->d.what && a->d.scope == u->d.scope &&
			    limit_names_all_of(a, &like) && limit_names_all_of(&like, a) && limit_overlap(a, u) &&
			    a->rank == u->rank && a->d.minutes < u->d.minutes)
				say(t, u->d.file, u->d.line, _("%s gives an undetermined grade %lld min, and %s gives III %lld (%s:%zu)"),
				    u->d.id, (long long)u->d.minutes, a->d.id, (long long)a->d.minutes, a->d.file, a->d.line);
		}
	}
}

/* A station of that level does not lie in a place of that size. */
static bool
impossible(const struct limit_row *l)
{
	static const struct {
		const char *level;
		size_t longest;
	} most[] = {{"province", 2}, {"city", 4}, {"county", 6}};

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]) && !l->private_; i++)
		if (strcmp(l->d.level, most[i].level) == 0 && l->place_len > most[i].longest)
			/* a district of a direct municipality stands in the place of a city */
			return strcmp(l->d.level, "city") != 0 || l->place_len > 6;
	return false;
}

struct trial {
	const struct rules_limits *all;	/* the row's table and those further off: a nearer one may take its place, that is what it is for */
	const struct limit_row *l;
	struct rule_ask ask;
};

static bool
counts_now(const struct trial *y)
{
	struct rule_other o[OTHERS];
	size_t n = limits_judge(y->all, &y->ask, o, OTHERS);

	for (size_t i = 0; i < n; i++)
		if (o[i].d.file == y->l->d.file && o[i].d.line == y->l->d.line)
			return o[i].why[0] == '\0' || o[i].why == limit_same;
	return false;
}

static bool
counts_by_rest(struct trial *y)
{
	static const char *const levels[] = {"-", "unit", "township", "county", "city", "province"};
	static const int grades[] = {GRADE_UNDETERMINED, GRADE_IV, GRADE_III, GRADE_II, GRADE_I};
	const struct deadline *d = &y->l->d;

	for (size_t lv = 0; lv < sizeof(levels) / sizeof(levels[0]); lv++) {
		y->ask.level = d->level[0] == '*' ? levels[lv] : d->level;
		for (size_t g = 0; g < sizeof(grades) / sizeof(grades[0]); g++) {
			y->ask.grade = d->grade == RULES_ANY ? grades[g] : d->grade;
			for (int p = PREC_ROUTINE; p >= 0; p--) {
				y->ask.prec = d->prec == RULES_ANY ? p : d->prec;
				for (int m = 0; m < 2; m++) {
					y->ask.risk = d->marked || m == 1;
					if (counts_now(y))
						return true;
				}
				if (d->prec != RULES_ANY)
					break;
			}
			if (d->grade != RULES_ANY)
				break;
		}
		if (d->level[0] != '*')
			break;
	}
	return false;
}

/* Is there any clock it would count for?  The codes and places tried are those the tables name. */
static bool
can_count(const struct telling *t, const struct rules_limits *upto, const struct limit_row *l)
{
	struct trial y = {.all = upto, .l = l, .ask = {.what = l->d.what, .scope = l->d.scope}};

	for (size_t c = 0; c <= t->all->n; c++) {
		y.ask.code = c == 0 ? (l->d.code[0] == '*' ? "" : l->d.code) : t->all->v[c - 1].d.code;
		if (c > 0 && (l->d.code[0] == '*' ? y.ask.code[0] == '*' : strncmp(y.ask.code, l->d.code, strlen(l->d.code)) != 0))
			continue;
		for (size_t p = 0; p <= t->all->n; p++) {
			y.ask.station = p == 0 ? (l->place_len == 0 ? "-" : l->d.place) : t->all->v[p - 1].d.place;
			if (p > 0 && (t->all->v[p - 1].place_len == 0 || l->place_len == 0 ||
			    !rules_place_holds(l->d.place, l->place_len, l->private_, y.ask.station)))
				continue;
			if (counts_by_rest(&y))
				return true;
		}
	}
	return false;
}

static bool *
reachable(const struct telling *t)
{
	bool *can = xcalloc(t->all->n + 1, sizeof(*can));
	struct rules_limits upto = {.v = xcalloc(t->all->n + 1, sizeof(*upto.v))};

	for (size_t i = 0; i < t->all->n; i++) {
		const struct limit_row *l = &t->all->v[i];

		upto.n = 0;
		for (size_t k = 0; k < t->all->n; k++)
			if (t->all->v[k].rank <= l->rank && t->all->v[k].d.what == l->d.what)
				upto.v[upto.n++] = t->all->v[k];
		can[i] = upto.n > TRY_MAX || (!impossible(l) && can_count(t, &upto, l));
		if (!can[i])
			say(t, l->d.file, l->d.line, _("%s can never count: others hold wherever it does"), l->d.id);
	}
	free(upto.v);
	return can;
}

static void
levels_without(const struct telling *t)
{
	static const char *const levels[] = {"unit", "township", "county", "city", "province"};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]) && t->all->n > 0; i++) {
		struct rule_ask ask = {.what = OWED_REPORT_WRITTEN, .level = levels[i], .scope = SCOPE_HOP, .grade = GRADE_UNDETERMINED};
		bool any = false;

		for (size_t k = 0; k < t->all->n && !any; k++) {
			struct rule_other o;

			ask.station = t->all->v[k].place_len == 0 ? "-" : t->all->v[k].d.place;
			any = limits_judge(t->all, &ask, &o, 1) > 0;
		}
		if (!any)
			say(t, t->all->v[0].d.file, 0, _("no written report is ever owed at level \"%s\""), levels[i]);
	}
}

static void
idle_profiles(const struct telling *t, const struct rules_files *rf, const bool *can)
{
	for (size_t p = 0; p < rf->nprofile; p++) {
		bool counts = false;
		const char *file = "";

		for (size_t i = 0; i < rf->n; i++)
			if (strcmp(rf->v[i]->profile, rf->profile[p]) == 0) {
				file = rf->v[i]->path;
				/* other tables than this: any row of them counts */
				if (strstr(file, "/deadlines.tsv") == NULL && tsv_rows(rf->v[i]->t) > 0)
					counts = true;
			}
		for (size_t i = 0; i < t->all->n && !counts; i++)
			counts = can[i] && strcmp(t->all->v[i].d.profile, rf->profile[p]) == 0;
		if (!counts)
			say(t, file, 0, _("the profile %s changes nothing"), rf->profile[p]);
	}
}

void
limits_remarks(const struct rules_limits *all, const struct rules_files *rf, rules_remark_fn fn, void *ctx)
{
	struct telling t = {.all = all, .fn = fn, .ctx = ctx};
	bool *can;

	contradictions(&t);
	undetermined(&t);
	can = reachable(&t);
	levels_without(&t);
	idle_profiles(&t, rf, can);
	free(can);
}
