/*
 * What is odd about limits that load: told, not refused, because somebody may mean it.
 *
 * Two rows of equal rank that say different things of the same clock; a row that can never count; an undetermined grade
 * that would run slower than III; a level for which no written report is ever owed; a profile that changes nothing.  Limits beside each other: rules_odd.c.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"

#define DAYS_MAX 64
#define LAST_DAY 99991231
#define TRY_MAX 200 /* rows of one thing up to which it is tried whether each can count */
#define OTHERS 64

struct telling {
	const struct rules_limits *all;
	const struct rules_telling *to;
};

void
rules_say(const struct rules_telling *t, const char *file, size_t line, const char *fmt, ...)
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
			rules_say(t->to, b->d.file, b->d.line,
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
				rules_say(t->to, u->d.file, u->d.line, _("%s gives an undetermined grade %lld min, and %s gives III %lld (%s:%zu)"),
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

bool
limit_counts(const struct rules_trial *y)
{
	struct rule_other o[OTHERS];
	size_t n = limits_judge(y->among, &y->ask, o, OTHERS);

	for (size_t i = 0; i < n; i++)
		if (o[i].d.file == y->l->d.file && o[i].d.line == y->l->d.line)
			return o[i].why[0] == '\0' || o[i].why == limit_same;
	return false;
}

/* Days on which something may be other than on the day before.  Of a row without a first day those before all the others' are left out: it has been
 * written for what holds now. */
struct days {
	int v[DAYS_MAX];
	size_t n;
};

static void
day_add(struct days *d, const struct limit_row *l, int day)
{
	if (day == 0 || day < l->since || (l->until != 0 && day > l->until) || d->n == DAYS_MAX)
		return;
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i] == day)
			return;
	d->v[d->n++] = day;
}

static void
days_of(const struct rules_limits *among, const struct limit_row *l, struct days *d)
{
	d->n = 0;
	day_add(d, l, l->until != 0 ? l->until : LAST_DAY);
	day_add(d, l, l->since);
	for (size_t k = 0; k < among->n; k++) {
		day_add(d, l, among->v[k].since);
		if (among->v[k].until != 0)
			day_add(d, l, limit_day_after(among->v[k].until));
	}
}

struct asking {
	struct rules_trial *y;
	struct days days;
	bool precs, marks;	/* some row tells them apart */
	bool (*fn)(const struct rules_trial *);
};

static bool
on_days(const struct asking *a)
{
	for (size_t i = 0; i < a->days.n; i++) {
		a->y->ask.at = limit_instant(a->days.v[i]);
		if (a->fn(a->y))
			return true;
	}
	return false;
}

static bool
by_rest(const struct asking *a)
{
	static const char *const levels[] = {"-", "unit", "township", "county", "city", "province"};
	static const int grades[] = {GRADE_UNDETERMINED, GRADE_IV, GRADE_III, GRADE_II, GRADE_I};
	const struct deadline *d = &a->y->l->d;
	struct rule_ask *ask = &a->y->ask;

	for (size_t lv = 0; lv < sizeof(levels) / sizeof(levels[0]); lv++) {
		ask->level = d->level[0] == '*' ? levels[lv] : d->level;
		for (size_t g = 0; g < sizeof(grades) / sizeof(grades[0]); g++) {
			ask->grade = d->grade == RULES_ANY ? grades[g] : d->grade;
			for (int p = a->precs && d->prec == RULES_ANY ? PREC_ROUTINE : 0; p >= 0; p--) {
				ask->prec = d->prec == RULES_ANY ? p : d->prec;
				for (int m = 0; m <= (a->marks && !d->marked); m++) {
					ask->risk = d->marked || m == 1;
					if (on_days(a))
						return true;
				}
			}
			if (d->grade != RULES_ANY)
				break;
		}
		if (d->level[0] != '*')
			break;
	}
	return false;
}

/* Does a row before this one name the same code (place)? */
static bool
code_before(const struct rules_limits *among, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(among->v[k].d.code, among->v[i].d.code) == 0)
			return true;
	return false;
}

static bool
place_before(const struct rules_limits *among, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(among->v[k].d.place, among->v[i].d.place) == 0)
			return true;
	return false;
}

static bool
at_places(const struct asking *a, bool own)
{
	const struct rules_limits *among = a->y->among;
	const struct limit_row *l = a->y->l;

	a->y->ask.station = l->place_len == 0 ? "-" : l->d.place;
	if (by_rest(a))
		return true;
	for (size_t p = 0; p < among->n && !own; p++) {
		a->y->ask.station = among->v[p].d.place;
		if (among->v[p].place_len > 0 && strcmp(among->v[p].d.place, l->d.place) != 0 && !place_before(among, p) &&
		    rules_place_holds(l->d.place, l->place_len, l->private_, a->y->ask.station) && by_rest(a))
			return true;
	}
	return false;
}

bool
limit_tries(struct rules_trial *y, bool own, bool (*fn)(const struct rules_trial *))
{
	const struct limit_row *l = y->l;
	struct asking a = {.y = y, .fn = fn};

	days_of(y->among, l, &a.days);
	for (size_t k = 0; k < y->among->n; k++) {
		a.precs = a.precs || y->among->v[k].d.prec != RULES_ANY;
		a.marks = a.marks || y->among->v[k].d.marked;
	}
	y->ask.what = l->d.what;
	y->ask.scope = l->d.scope;
	y->ask.code = l->d.code[0] == '*' ? "" : l->d.code;
	if (at_places(&a, own))
		return true;
	for (size_t c = 0; c < y->among->n && !own; c++) {
		y->ask.code = y->among->v[c].d.code;
		if (y->ask.code[0] != '*' && strcmp(y->ask.code, l->d.code) != 0 && !code_before(y->among, c) &&
		    (l->d.code[0] == '*' || strncmp(y->ask.code, l->d.code, strlen(l->d.code)) == 0) && at_places(&a, own))
			return true;
	}
	return false;
}

static bool *
reachable(const struct telling *t)
{
	bool *can = xcalloc(t->all->n + 1, sizeof(*can));
	struct rules_limits upto = {.v = xcalloc(t->all->n + 1, sizeof(*upto.v))};
	struct rules_trial y = {.among = &upto};

	for (size_t i = 0; i < t->all->n; i++) {
		const struct limit_row *l = &t->all->v[i];

		upto.n = 0;
		for (size_t k = 0; k < t->all->n; k++)
			if (t->all->v[k].rank <= l->rank && t->all->v[k].d.what == l->d.what)
				upto.v[upto.n++] = t->all->v[k];
		y.l = l;
		/* a nearer table's row may take its place, that is what it is for */
		can[i] = upto.n > TRY_MAX || (!impossible(l) && limit_tries(&y, false, limit_counts));
		if (!can[i])
			rules_say(t->to, l->d.file, l->d.line, _("%s can never count: others hold wherever it does"), l->d.id);
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
			rules_say(t->to, t->all->v[0].d.file, 0, _("no written report is ever owed at level \"%s\""), levels[i]);
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
			rules_say(t->to, file, 0, _("the profile %s changes nothing"), rf->profile[p]);
	}
}

void
limits_remarks(const struct rules_limits *all, const struct rules_files *rf, const struct rules_telling *to)
{
	struct telling t = {.all = all, .to = to};
	bool *can;

	contradictions(&t);
	undetermined(&t);
	can = reachable(&t);
	levels_without(&t);
	idle_profiles(&t, rf, can);
	free(can);
}
