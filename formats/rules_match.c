/*
 * Which limit counts for a clock.  Pure.
 *
 * Of the rows that match and are in force when the clock starts, one gives way to another that names everything it names
 * and more (a longer place or event code names more), and to a nearer table's row of the same key.  Of those left the
 * strictest counts.  Nothing depends on the order of rows but the choice between two that say the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS (INT64_C(8) * 3600000)
#define MINUTE_MS 60000
#define FEW 64

const char limit_same[] = N_("it says the same");

bool
limit_matches(const struct limit_row *l, const struct rule_ask *ask)
{
	int grade = ask->grade >= GRADE_I && ask->grade <= GRADE_IV ? ask->grade : GRADE_UNDETERMINED;
	const char *code = ask->code != NULL ? ask->code : "";

	return l->d.what == ask->what && l->d.scope == (ask->scope == SCOPE_CHAIN ? SCOPE_CHAIN : SCOPE_HOP) &&
	    (l->d.level[0] == '*' || (ask->level != NULL && strcmp(l->d.level, ask->level) == 0)) &&
	    (l->d.grade == RULES_ANY || l->d.grade == grade) && (l->d.prec == RULES_ANY || l->d.prec == ask->prec) &&
	    (!l->d.marked || ask->risk) && (l->d.code[0] == '*' || strncmp(code, l->d.code, strlen(l->d.code)) == 0) &&
	    rules_place_holds(l->d.place, l->place_len, l->private_, ask->station);
}

/* The day in China, as YYYYMMDD: the civil calendar from days since 1970 (proleptic Gregorian). */
static int
day_of(int64_t ms)
{
	int64_t days = (ms + CHINA_MS) / DAY_MS - ((ms + CHINA_MS) % DAY_MS < 0), era, doe, yoe, doy, mp;

	days += 719468; /* from 0000-03-01 */
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	days = yoe + era * 400 + (mp >= 10);
	if (days < 0 || days > 9999)
		return days < 0 ? 101 : 99991231;
	return (int)(days * 10000 + (mp < 10 ? mp + 3 : mp - 9) * 100 + doy - (153 * mp + 2) / 5 + 1);
}

int64_t
limit_instant(int day)
{
	int64_t y = day / 10000 - (day / 100 % 100 <= 2), mp = (day / 100 % 100 + 9) % 12, doy = (153 * mp + 2) / 5 + day % 100 - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;

	return (era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468) * DAY_MS + DAY_MS / 2 - CHINA_MS;
}

int
limit_day_after(int day)
{
	return day_of(limit_instant(day) + DAY_MS);
}

bool
limit_in_force(const struct limit_row *l, int64_t at)
{
	int day;

	if (at == 0 || (l->since == 0 && l->until == 0))
		return true;
	if (at > INT64_MAX - CHINA_MS)
		return l->until == 0;
	day = day_of(at);
	return day >= l->since && (l->until == 0 || day <= l->until);
}

/* Does the place of b hold that of a? */
static bool
place_within(const struct limit_row *a, const struct limit_row *b)
{
	if (b->place_len == 0)
		return true;
	if (a->place_len < b->place_len || strncmp(a->d.place, b->d.place, b->place_len) != 0)
		return false;
	return !b->private_ || a->place_len == b->place_len || a->d.place[b->place_len] == '-';
}

bool
limit_names_all_of(const struct limit_row *a, const struct limit_row *b)
{
	return place_within(a, b) && (b->d.level[0] == '*' || strcmp(a->d.level, b->d.level) == 0) &&
	    (b->d.code[0] == '*' || strncmp(a->d.code, b->d.code, strlen(b->d.code)) == 0) &&
	    (b->d.grade == RULES_ANY || a->d.grade == b->d.grade) && (!b->d.marked || a->d.marked) &&
	    (b->d.prec == RULES_ANY || a->d.prec == b->d.prec);
}

static bool
same_names(const struct limit_row *a, const struct limit_row *b)
{
	return limit_names_all_of(a, b) && limit_names_all_of(b, a);
}

bool
limit_same_key(const struct limit_row *a, const struct limit_row *b)
{
	return a->d.what == b->d.what && a->d.scope == b->d.scope && a->d.origin == b->d.origin &&
	    strcmp(a->d.endpoint, b->d.endpoint) == 0 && same_names(a, b);
}

bool
limit_overlap(const struct limit_row *a, const struct limit_row *b)
{
	return (a->until == 0 || b->since <= a->until) && (b->until == 0 || a->since <= b->until);
}

bool
limit_both_match(const struct limit_row *a, const struct limit_row *b)
{
	size_t ca = a->d.code[0] == '*' ? 0 : strlen(a->d.code), cb = b->d.code[0] == '*' ? 0 : strlen(b->d.code);

	return a->d.what == b->d.what && a->d.scope == b->d.scope && limit_overlap(a, b) &&
	    (place_within(a, b) || place_within(b, a)) &&
	    (a->d.level[0] == '*' || b->d.level[0] == '*' || strcmp(a->d.level, b->d.level) == 0) &&
	    strncmp(a->d.code, b->d.code, ca < cb ? ca : cb) == 0 &&
	    (a->d.grade == RULES_ANY || b->d.grade == RULES_ANY || a->d.grade == b->d.grade) &&
	    (a->d.prec == RULES_ANY || b->d.prec == RULES_ANY || a->d.prec == b->d.prec);
}

/* Earlier instants first: of equal minutes the clock that started earlier is the stricter. */
static int
origin_rank(enum owed_origin o)
{
	static const int rank[] = {[ORIGIN_OCCURRED] = 0, [ORIGIN_LEARNED] = 1, [ORIGIN_SENT] = 2, [ORIGIN_DELIVERED] = 3,
	    [ORIGIN_REPORTED] = 4, [ORIGIN_RESOLVED] = 5, [ORIGIN_SHIFT] = 6, [ORIGIN_DUE] = 7};

	return rank[o];
}

/* Why a counts less than b, both left; NULL: it does not.  Of two that say the same, the nearer. */
static const char *
weighs_less(const struct limit_row *a, const struct limit_row *b)
{
	if (a->d.minutes != b->d.minutes)
		return a->d.minutes < b->d.minutes ? NULL : N_("a stricter one counts");
	if (origin_rank(a->d.origin) != origin_rank(b->d.origin))
		return origin_rank(a->d.origin) < origin_rank(b->d.origin) ? NULL : N_("as strict, but its clock starts later");
	return a->rank >= b->rank ? NULL : N_("as strict; the nearer table's row counts");
}

/* Of a row that is not in force at that time. */
static const char *
out_of_force(const struct limit_row *l, int64_t at)
{
	return at <= INT64_MAX - CHINA_MS && day_of(at) < l->since ? N_("not yet in force when the clock started") :
	    N_("no longer in force when the clock started");
}

/* Why a gives way; NULL: it is left. */
static const char *
gives_way(const struct limit_row *a, const struct limit_row *const *m, size_t n, int64_t at)
{
	const char *why = NULL;

	for (size_t k = 0; k < n; k++) {
		if (m[k] == a || !limit_in_force(m[k], at))
			continue;
		if (m[k]->rank > a->rank && limit_same_key(a, m[k]))
			return N_("a nearer table (local, or a profile's) has a row in its place");
		if (limit_names_all_of(m[k], a) && !limit_names_all_of(a, m[k]))
			why = N_("a row that names more counts");
	}
	return why;
}

size_t
limits_judge(const struct rules_limits *all, const struct rule_ask *ask, struct rule_other *out, size_t max)
{
	const struct limit_row *few[FEW], **m = few, *best = NULL;
	size_t n = 0, told = 0;

	if (all->n > FEW)
		m = xreallocarray(NULL, all->n, sizeof(const struct limit_row *));
	for (size_t i = 0; i < all->n; i++)
		if (limit_matches(&all->v[i], ask))
			m[n++] = &all->v[i];
	for (size_t i = 0; i < n; i++)
		if (limit_in_force(m[i], ask->at) && (best == NULL || m[i]->d.minutes < best->d.minutes ||
		    weighs_less(best, m[i]) != NULL) && gives_way(m[i], m, n, ask->at) == NULL)
			best = m[i];
	if (best != NULL && max > 0)
		out[told++] = (struct rule_other){.d = best->d, .why = ""};
	for (size_t i = 0; i < n && best != NULL && told < max; i++) {
		const char *why = !limit_in_force(m[i], ask->at) ? out_of_force(m[i], ask->at) :
		    gives_way(m[i], m, n, ask->at);

		if (m[i] == best)
			continue;
		if (why == NULL && (why = weighs_less(m[i], best)) == NULL)
			why = limit_same;
		out[told++] = (struct rule_other){.d = m[i]->d, .why = why};
	}
	/* Rows out of force alone set nothing, and are worth being told of when they are asked for. */
	for (size_t i = 0; i < n && best == NULL && told < max && max > 1; i++)
		out[told++] = (struct rule_other){.d = m[i]->d, .why = out_of_force(m[i], ask->at)};
	if (m != few)
		free(m);
	return told;
}

int64_t
rules_due(const struct deadline *d, int64_t origin)
{
	int64_t early, midnight, due;

	if (d->nat == 0)
		return __builtin_mul_overflow(d->minutes, (int64_t)MINUTE_MS, &due) ||
		    __builtin_add_overflow(origin, due, &due) ? origin : due;
	early = d->early * MINUTE_MS;
	if (origin > INT64_MAX - CHINA_MS - 3 * DAY_MS || origin < INT64_MIN + 3 * DAY_MS)
		return origin;
	midnight = (origin + CHINA_MS) - (((origin + CHINA_MS) % DAY_MS + DAY_MS) % DAY_MS) - CHINA_MS;
	for (int day = 0; day < 3; day++)
		for (size_t i = 0; i < d->nat; i++) {
			due = midnight + day * DAY_MS + (int64_t)d->at[i] * MINUTE_MS;
			if (due > origin && due - origin > early)
				return due;
		}
	return origin; /* the longest pause is longer than early, and shorter than two days */
}
