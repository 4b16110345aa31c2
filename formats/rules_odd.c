/*
 * What is odd about limits beside each other: told, not refused.
 *
 * A telephone call that may come later than the written report, or after a day; more time for the graver grade; a rule that ends and is followed by
 * another only some days later.  Two limits are compared where both would set a clock of the same station, event and grade, on a day both are in
 * force: what a nearer or a more particular row has taken the place of is not spoken of.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"

#define TELEPHONE_LONG 1440	/* minutes: no rule reads like that, a typing error does */
#define TRY_MAX 100	/* rows beyond which only places and codes a row names itself are tried */

/* A clock from a never starts before one from b. */
static bool
not_earlier(enum owed_origin a, enum owed_origin b)
{
	return a == b || (a == ORIGIN_LEARNED && b == ORIGIN_OCCURRED);
}

static bool
slower(const struct deadline *a, const struct deadline *b)
{
	return a->minutes > b->minutes && not_earlier(a->origin, b->origin) && a->scope == b->scope && strcmp(a->endpoint, b->endpoint) == 0;
}

static bool
telephone_after_written(const struct rules_trial *y)
{
	struct rule_ask ask = y->ask;
	const struct deadline *d = &y->l->d;
	struct rule_other w;

	ask.what = OWED_REPORT_WRITTEN;
	if (!limit_counts(y) || limits_judge(y->among, &ask, &w, 1) == 0 || !slower(d, &w.d))
		return false;
	rules_say(y->told, d->file, d->line, _("%s: the telephone has %lld min, longer than the written report (%lld min, %s, %s:%zu)"), d->id,
	    (long long)d->minutes, (long long)w.d.minutes, w.d.id, w.d.file, w.d.line);
	return true;
}

static bool
graver_slower(const struct rules_trial *y)
{
	struct rule_ask ask = y->ask;
	const struct deadline *d = &y->l->d;
	struct rule_other o;

	if (!limit_counts(y))
		return false;
	for (ask.grade = d->grade + 1; ask.grade <= GRADE_IV; ask.grade++) {
		if (limits_judge(y->among, &ask, &o, 1) == 0 || !slower(d, &o.d))
			continue;
		rules_say(y->told, d->file, d->line, _("%s gives grade %s %lld min, more than the less grave %s has (%lld min, %s, %s:%zu)"), d->id,
		    enum_by_value("grade", d->grade)->name, (long long)d->minutes, enum_by_value("grade", ask.grade)->name,
		    (long long)o.d.minutes, o.d.id, o.d.file, o.d.line);
		return true;
	}
	return false;
}

static void
beside(const struct rules_limits *all, const struct rules_telling *t)
{
	struct rules_limits among = {.v = xcalloc(all->n + 1, sizeof(*among.v))};
	struct rules_trial y = {.among = &among, .told = t};

	for (size_t i = 0; i < all->n; i++) {
		const struct deadline *d = &all->v[i].d;
		bool phone = d->what == OWED_REPORT_PHONE;

		if (phone && d->minutes > TELEPHONE_LONG)
			rules_say(t, d->file, d->line, _("%s: %lld min to telephone are longer than a day"), d->id, (long long)d->minutes);
		among.n = 0;
		for (size_t k = 0; k < all->n; k++)
			if (all->v[k].d.what == d->what || (phone && all->v[k].d.what == OWED_REPORT_WRITTEN))
				among.v[among.n++] = all->v[k];
		y.l = &all->v[i];
		if (phone)
			(void)limit_tries(&y, among.n > TRY_MAX, telephone_after_written);
		if (d->grade >= GRADE_I && d->grade < GRADE_IV)
			(void)limit_tries(&y, among.n > TRY_MAX, graver_slower);
	}
	free(among.v);
}

/* The same but for its days, and for the instant it starts from: what a rule is changed into. */
static bool
same_but_days(const struct limit_row *a, const struct limit_row *b)
{
	return a->d.what == b->d.what && a->d.scope == b->d.scope && limit_names_all_of(a, b) && limit_names_all_of(b, a);
}

/* The row that begins next after a's end and is like it; NULL: none, or one holds on the day after it already. */
static const struct limit_row *
after_a_gap(const struct rules_limits *all, const struct limit_row *a, bool same_file)
{
	const struct limit_row *next = NULL;
	int day = limit_day_after(a->until);

	for (size_t i = 0; i < all->n; i++) {
		const struct limit_row *b = &all->v[i];

		if ((same_file && b->d.file != a->d.file) || !same_but_days(a, b))
			continue;
		if (b->since <= day && (b->until == 0 || b->until >= day))
			return NULL;
		if (b->since > day && (next == NULL || b->since < next->since))
			next = b;
	}
	return next;
}

static bool
follower_in_file(const struct rules_limits *all, const struct limit_row *a)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].d.file == a->d.file && same_but_days(a, &all->v[i]) && all->v[i].since > a->until)
			return true;
	return false;
}

static void
gaps(const struct rules_limits *all, const struct rules_telling *t)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct limit_row *a = &all->v[i], *b;

		if (a->until == 0 || (b = after_a_gap(all, a, follower_in_file(all, a))) == NULL)
			continue;
		rules_say(t, b->d.file, b->d.line, _("%s ends on %s (%s:%zu) and %s, which follows it, begins on %s: neither holds in between"),
		    a->d.id, a->d.until, a->d.file, a->d.line, b->d.id, b->d.since);
	}
}

void
limits_odd(const struct rules_limits *all, const struct rules_telling *t)
{
	beside(all, t);
	gaps(all, t);
}
