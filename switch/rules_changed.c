/*
 * What differs between two sets of rules.
 *
 * A digest proves that the rules were others; it tells nobody which limit a town was measured by that night.  The duty log names the rows.  What is
 * neither limit, number nor chain (precedences, grading, marks) is known by the digest alone.
 */
#include "rules_changed.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../formats/body.h"
#include "../formats/i18n.h"

#define ROOM 40		/* bytes kept for "and N more" */

struct list {
	char *out;
	size_t size, len, n, named;
};

static void item(struct list *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
item(struct list *l, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	int n;

	if (l->n++ >= RULES_CHANGED_MOST)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof text || l->named + 1 != l->n || l->len + (size_t)n + 2 + ROOM > l->size)
		return; /* told by number, and so is what follows */
	l->len += (size_t)snprintf(l->out + l->len, l->size - l->len, "%s%s", l->len > 0 ? "; " : "", text);
	l->named++;
}

static bool
find(const struct rules *r, const char *id, struct deadline *out)
{
	for (size_t i = 0; rules_deadline_at(r, i, out); i++)
		if (strcmp(out->id, id) == 0)
			return true;
	return false;
}

static bool
same_row(const struct deadline *a, const struct deadline *b)
{
	return a->origin == b->origin && a->scope == b->scope && a->what == b->what && a->grade == b->grade && a->prec == b->prec &&
	    a->marked == b->marked && a->nat == b->nat && a->early == b->early &&
	    (a->nat == 0 || memcmp(a->at, b->at, a->nat * sizeof a->at[0]) == 0) && strcmp(a->place, b->place) == 0 &&
	    strcmp(a->level, b->level) == 0 && strcmp(a->code, b->code) == 0 && strcmp(a->endpoint, b->endpoint) == 0 &&
	    strcmp(a->who, b->who) == 0 && strcmp(a->chase, b->chase) == 0 && strcmp(a->since, b->since) == 0 &&
	    strcmp(a->until, b->until) == 0 && strcmp(a->clause, b->clause) == 0;
}

static void
limits(struct list *l, const struct rules *was, const struct rules *is)
{
	struct deadline a, b;

	for (size_t i = 0; rules_deadline_at(is, i, &b); i++)
		if (!find(was, b.id, &a))
			item(l, _("new limit %s: %" PRId64 " min"), b.id, b.minutes);
		else if (a.minutes != b.minutes)
			item(l, _("limit %s: %" PRId64 " -> %" PRId64 " min"), b.id, a.minutes, b.minutes);
		else if (!same_row(&a, &b))
			item(l, _("limit %s: other conditions"), b.id);
	for (size_t i = 0; rules_deadline_at(was, i, &a); i++)
		if (!find(is, a.id, &b))
			item(l, _("limit %s (%" PRId64 " min) is gone"), a.id, a.minutes);
}

static void
numbers(struct list *l, const struct rules *was, const struct rules *is)
{
	const char *name;

	for (int i = 1; (name = rules_number_name((enum rule_number)i)) != NULL; i++) {
		int64_t a = rules_number(was, (enum rule_number)i), b = rules_number(is, (enum rule_number)i);

		if (a != b)
			item(l, _("%s: %" PRId64 " -> %" PRId64), name, a, b);
	}
}

/* ---- chains ---- */

static bool
same_rungs(const struct rules *was, const struct rules *is, const char *chain, enum owed what, int prec)
{
	const struct chase_rung *a, *b;
	size_t n = rules_chase(was, chain, what, prec, &a);

	if (rules_chase(is, chain, what, prec, &b) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (a[i].rung != b[i].rung || a[i].after != b[i].after || a[i].from_due != b[i].from_due || a[i].to != b[i].to || a[i].by != b[i].by)
			return false;
	return true;
}

static void
chain(struct list *l, const struct rules *was, const struct rules *is, const char *name)
{
	for (int what = 1; what <= OWED_AWAIT_HANDOVER; what++)
		for (int prec = 0; prec <= PREC_ROUTINE; prec++)
			if (!same_rungs(was, is, name, (enum owed)what, prec)) {
				item(l, _("chain of chasing %s changed"), *name != '\0' ? name : "default");
				return;
			}
}

/* Those the limits name, each once, and the default. */
static bool
named_before(const struct rules *r, size_t n, const char *name)
{
	struct deadline d;

	for (size_t i = 0; i < n && rules_deadline_at(r, i, &d); i++)
		if (strcmp(d.chase, name) == 0)
			return true;
	return false;
}

static void
chains(struct list *l, const struct rules *was, const struct rules *is)
{
	struct deadline d;

	chain(l, was, is, "");
	for (size_t i = 0; rules_deadline_at(is, i, &d); i++)
		if (*d.chase != '\0' && strcmp(d.chase, "default") != 0 && !named_before(is, i, d.chase))
			chain(l, was, is, d.chase);
}

size_t
rules_changed(const struct rules *was, const struct rules *is, char *out, size_t size)
{
	struct list l = {.out = out, .size = size};

	out[0] = '\0';
	limits(&l, was, is);
	numbers(&l, was, is);
	chains(&l, was, is);
	if (l.n > l.named)
		(void)snprintf(out + l.len, size - l.len, _("%s and %zu more"), l.len > 0 ? ";" : "", l.n - l.named);
	return l.n;
}
