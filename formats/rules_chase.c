/*
 * Chains of chasing, and the hours of zero reports.
 *
 * The rungs of one chain for one thing owed and one precedence are a group; the group that names most counts, whole: a
 * local chain takes the place of the shipped one of the same name, thing and precedence, not of single rungs.  All rungs
 * of a group count from the same instant and climb in time, so that "the next rung" always means something.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"

#define AFTER_MAX 100000 /* minutes: some ten weeks */
#define RUNGS_MAX 32
#define DEFAULT "default"

static const char *const chase_columns[] = {"chain", "what", "prec", "rung", "after", "from", "to", "by", "clause", NULL};
static const char *const zero_columns[] = {"place", "level", "time", "clause", "in_force_since", NULL};

struct group {
	const char *chain, *profile;
	int what, prec;	/* RULES_ANY */
	const struct rules_source *source;
	struct chase_rung *rung;
	size_t n;
};

struct zero_row {
	const char *place, *level, *clause, *profile;
	size_t place_len;
	bool private_;
	int time;
	size_t line;
	const struct rules_source *source;
};

struct rules_chains {
	struct group *g;	/* the nearest first */
	size_t n;
	struct zero_row *zero;	/* likewise */
	size_t nzero;
};

static const struct {
	const char *name;
	int value;
} tos[] = {{"seat", CHASE_SEAT}, {"officer", CHASE_OFFICER}, {"second", CHASE_SECOND}, {"senior", CHASE_SENIOR},
    {"leader", CHASE_LEADER}, {"parent", CHASE_PARENT}, {"sender", CHASE_SENDER}},
  bys[] = {{"screen", CHASE_BY_SCREEN}, {"bell", CHASE_BY_BELL}, {"phone", CHASE_BY_PHONE}, {"sms", CHASE_BY_SMS},
      {"message", CHASE_BY_MESSAGE}};

const char *
rules_chase_to_name(enum chase_to to)
{
	for (size_t i = 0; i < sizeof(tos) / sizeof(tos[0]); i++)
		if (tos[i].value == (int)to)
			return tos[i].name;
	return "";
}

static int
read_set(const struct tsv *t, size_t row, const char *column, const char *set, int *out, struct fault *f)
{
	const char *s = tsv_get(t, row, column);
	const struct enum_name *e;

	*out = RULES_ANY;
	if (s[0] == '\0' || strcmp(s, "*") == 0)
		return 0;
	if ((e = enum_by_name(set, s)) == NULL)
		return fault_set(f, EX_CONFIG, column, _("\"%s\" is not known here"), s);
	*out = e->value;
	return 0;
}

/* "sms+phone" */
static int
read_by(const char *s, unsigned *out, struct fault *f)
{
	const char *p = s;

	for (*out = 0;; p++) {
		size_t len = strcspn(p, "+"), i;

		for (i = 0; i < sizeof(bys) / sizeof(bys[0]); i++)
			if (strlen(bys[i].name) == len && strncmp(bys[i].name, p, len) == 0)
				break;
		if (i == sizeof(bys) / sizeof(bys[0]))
			return fault_set(f, EX_CONFIG, "by", _("\"%s\" is not known here"), s);
		*out |= (unsigned)bys[i].value;
		if (*(p += len) == '\0')
			return 0;
	}
}

static int
read_rung(const struct tsv *t, size_t row, struct chase_rung *r, struct fault *f)
{
	const char *from = tsv_get(t, row, "from"), *to = tsv_get(t, row, "to");
	int64_t rung;

	if (rules_minutes(tsv_get(t, row, "rung"), 1, RUNGS_MAX, &rung) == -1)
		return fault_set(f, EX_CONFIG, "rung", _("must be a whole number from %d to %d, not \"%s\""), 1, RUNGS_MAX,
		    tsv_get(t, row, "rung"));
	r->rung = (unsigned)rung;
	r->from_due = strcmp(from, "due") == 0;
	if (!r->from_due && strcmp(from, "origin") != 0)
		return fault_set(f, EX_CONFIG, "from", _("\"%s\" is not known here"), from);
	if (rules_minutes(tsv_get(t, row, "after"), r->from_due ? -AFTER_MAX : 0, AFTER_MAX, &r->after) == -1)
		return fault_set(f, EX_CONFIG, "after", _("must be a whole number from %d to %d, not \"%s\""),
		    r->from_due ? -AFTER_MAX : 0, AFTER_MAX, tsv_get(t, row, "after"));
	for (size_t i = 0; i < sizeof(tos) / sizeof(tos[0]); i++)
		if (strcmp(tos[i].name, to) == 0)
			r->to = (enum chase_to)tos[i].value;
	if (r->to == 0)
		return fault_set(f, EX_CONFIG, "to", _("\"%s\" is not known here"), to);
	if (read_by(tsv_get(t, row, "by"), &r->by, f) == -1)
		return -1;
	if ((r->by & CHASE_BY_MESSAGE) != 0 && r->to != CHASE_PARENT && r->to != CHASE_SENDER)
		return fault_set(f, EX_CONFIG, "by", _("a message goes to another station: parent or sender"));
	r->clause = tsv_get(t, row, "clause");
	return rules_says(r->clause) ? 0 : fault_set(f, EX_CONFIG, "clause", _("a limit must cite its clause"));
}

static int
chase_row(struct rules_chains *c, const struct rules_source *s, size_t row, struct fault *f)
{
	const char *chain = tsv_get(s->t, row, "chain");
	struct chase_rung r = {.file = s->path, .line = tsv_line(s->t, row)};
	struct group *g = NULL;
	int what, prec;

	if (chain[0] == '\0')
		return fault_set(f, EX_CONFIG, "chain", _("is missing"));
	if (strlen(chain) > 47)
		return fault_set(f, EX_CONFIG, "chain", _("must have at most %d bytes"), 47);
	if (read_set(s->t, row, "what", "owed", &what, f) == -1 || read_set(s->t, row, "prec", "precedence", &prec, f) == -1 ||
	    read_rung(s->t, row, &r, f) == -1)
		return -1;
	for (size_t i = 0; i < c->n && g == NULL; i++)
		if (c->g[i].source == s && strcmp(c->g[i].chain, chain) == 0 && c->g[i].what == what && c->g[i].prec == prec)
			g = &c->g[i];
	if (g == NULL) {
		c->g = xreallocarray(c->g, c->n + 1, sizeof(*c->g));
		g = &c->g[c->n++];
		*g = (struct group){.chain = chain, .profile = s->profile, .what = what, .prec = prec, .source = s};
	}
	if (g->n > 0) {
		const struct chase_rung *last = &g->rung[g->n - 1];

		if (r.rung <= last->rung)
			return fault_set(f, EX_CONFIG, "rung", _("the rungs of a chain ascend: %u does not come after %u"), r.rung,
			    last->rung);
		if (r.from_due != last->from_due)
			return fault_set(f, EX_CONFIG, "from", _("the rungs of one chain count from the same instant"));
		if (r.after < last->after)
			return fault_set(f, EX_CONFIG, "after", _("the rungs of a chain ascend in time: %lld comes before %lld"),
			    (long long)r.after, (long long)last->after);
	}
	g->rung = xreallocarray(g->rung, g->n + 1, sizeof(*g->rung));
	g->rung[g->n++] = r;
	return 0;
}

static int
zero_row(struct rules_chains *c, const struct rules_source *s, size_t row, struct fault *f)
{
	static const char *const levels[] = {"*", "unit", "township", "county", "city", "province"};
	const char *place = tsv_get(s->t, row, "place"), *level = tsv_get(s->t, row, "level"), *time = tsv_get(s->t, row, "time");
	struct zero_row z = {.place = place[0] != '\0' ? place : "*", .clause = tsv_get(s->t, row, "clause"), .profile = s->profile,
	    .line = tsv_line(s->t, row), .source = s};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i], level[0] != '\0' ? level : "*") == 0)
			z.level = levels[i];
	if (z.level == NULL)
		return fault_set(f, EX_CONFIG, "level", _("\"%s\" is not known here"), level);
	if (!rules_place(z.place, &z.place_len, &z.private_))
		return fault_set(f, EX_CONFIG, "place", _("\"%s\" is no place: a division's code of 6, 9 or 12 digits, a private code, or *"),
		    place);
	if (!rules_time_of_day(time, strlen(time), &z.time))
		return fault_set(f, EX_CONFIG, "time", _("must be a time of the day: 08:00"));
	if (!tsv_date(tsv_get(s->t, row, "in_force_since")))
		return fault_set(f, EX_CONFIG, "in_force_since", _("\"%s\" is no date"), tsv_get(s->t, row, "in_force_since"));
	if (!rules_says(z.clause))
		return fault_set(f, EX_CONFIG, "clause", _("a limit must cite its clause"));
	for (size_t i = 0; i < c->nzero; i++)
		if (c->zero[i].source == s && c->zero[i].level == z.level && strcmp(c->zero[i].place, z.place) == 0)
			return fault_set(f, EX_CONFIG, "level", _("the same rule stands here twice"));
	c->zero = xreallocarray(c->zero, c->nzero + 1, sizeof(*c->zero));
	c->zero[c->nzero++] = z;
	return 0;
}

struct rules_chains *
rules_chains_load(struct rules_files *rf, struct fault *f)
{
	struct rules_chains *c = xcalloc(1, sizeof(*c));
	const struct rules_source *src[RULES_LAYERS_MAX];
	size_t n, row;

	if (rules_files_table(rf, "chase", chase_columns, src, &n, f) == -1)
		goto fail;
	while (n-- > 0)
		for (row = 0; row < tsv_rows(src[n]->t); row++)
			if (chase_row(c, src[n], row, f) == -1)
				goto refused;
	if (!rules_chain_known(c, DEFAULT)) {
		(void)fault_set(f, EX_CONFIG, "chain", _("the chain \"%s\" is missing"), DEFAULT);
		fault_at(f, src[0]->path, 0);
		goto fail;
	}
	if (rules_files_table(rf, "zero", zero_columns, src, &n, f) == -1)
		goto fail;
	while (n-- > 0)
		for (row = 0; row < tsv_rows(src[n]->t); row++)
			if (zero_row(c, src[n], row, f) == -1)
				goto refused;
	return c;
refused:
	fault_at(f, src[n]->path, tsv_line(src[n]->t, row));
fail:
	rules_chains_free(c);
	return NULL;
}

void
rules_chains_free(struct rules_chains *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->g[i].rung);
	free(c->g);
	free(c->zero);
	free(c);
}

bool
rules_chain_known(const struct rules_chains *c, const char *chain)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->g[i].chain, chain) == 0)
			return true;
	return false;
}

size_t
rules_chain_rungs(const struct rules_chains *c, const char *chain, enum owed what, int prec, const struct chase_rung **out)
{
	const struct group *best = NULL;
	int names, most = -1;

	if (chain == NULL || chain[0] == '\0')
		chain = DEFAULT;
	for (size_t i = 0; i < c->n; i++) {
		const struct group *g = &c->g[i];

		if (strcmp(g->chain, chain) != 0 || (g->what != RULES_ANY && g->what != (int)what) ||
		    (g->prec != RULES_ANY && g->prec != prec))
			continue;
		names = 2 * (g->what != RULES_ANY) + (g->prec != RULES_ANY);
		if (names > most) { /* the nearest of equals stands first */
			most = names;
			best = g;
		}
	}
	if (best == NULL && strcmp(chain, DEFAULT) != 0)
		return rules_chain_rungs(c, DEFAULT, what, prec, out);
	*out = best != NULL ? best->rung : NULL;
	return best != NULL ? best->n : 0;
}

bool
rules_chains_zero_at(const struct rules_chains *c, size_t i, struct zero_hour *out)
{
	const struct zero_row *z = i < c->nzero ? &c->zero[i] : NULL;

	if (z == NULL)
		return false;
	*out = (struct zero_hour){.place = z->place, .level = z->level, .clause = z->clause, .profile = z->profile,
	    .file = z->source->path, .line = z->line, .minutes = z->time};
	return true;
}

static const struct zero_row *
zero_best(const struct rules_chains *c, const char *station, const char *level)
{
	const struct zero_row *best = NULL;

	for (size_t i = 0; i < c->nzero; i++) {
		const struct zero_row *z = &c->zero[i];

		if (!rules_place_holds(z->place, z->place_len, z->private_, station) ||
		    (z->level[0] != '*' && (level == NULL || strcmp(z->level, level) != 0)))
			continue;
		if (best == NULL || z->place_len > best->place_len ||
		    (z->place_len == best->place_len && best->level[0] == '*' && z->level[0] != '*'))
			best = z;
	}
	return best;
}

int
rules_chains_zero(const struct rules_chains *c, const char *station, const char *level, const char **clause)
{
	const struct zero_row *best = zero_best(c, station, level);

	if (clause != NULL)
		*clause = best != NULL ? best->clause : "";
	return best != NULL ? best->time : -1;
}

/* ---- what is odd ---- */

static bool
only_shown(const struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->rung[i].by != CHASE_BY_SCREEN)
			return false;
	return true;
}

/* Is it asked for something that is more than routine?  What is routine may be shown and no more. */
static enum owed
used_for(const struct rules_chains *c, const struct group *g)
{
	const struct chase_rung *rung;

	for (int what = 1; what <= UINT8_MAX; what++)
		for (int prec = PREC_FLASH; prec < PREC_ROUTINE; prec++)
			if (enum_by_value("owed", what) != NULL && (g->what == RULES_ANY || g->what == what) &&
			    rules_chain_rungs(c, g->chain, (enum owed)what, prec, &rung) > 0 && rung == g->rung)
				return (enum owed)what;
	return 0;
}

static void
silent(const struct rules_chains *c, const struct rules_telling *t)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct group *g = &c->g[i];
		enum owed what = only_shown(g) ? used_for(c, g) : 0;

		if (what != 0)
			rules_say(t, g->rung[0].file, g->rung[0].line, _("chain %s, \"%s\": all of it is only shown on the screen, nobody is rung"),
			    g->chain, g->what == RULES_ANY ? "*" : enum_by_value("owed", (int)what)->name);
	}
}

static const char *const up[] = {"unit", "township", "county", "city", "province"};
#define LEVELS (sizeof(up) / sizeof(up[0]))

/* Where z sets the hour of that level: does a level above, there, have an earlier one?  Told once. */
static bool
later_than_above(const struct rules_chains *c, const struct zero_row *z, size_t level, const struct rules_telling *t)
{
	for (size_t above = level + 1; above < LEVELS; above++)
		for (size_t i = 0; i < c->nzero; i++) {
			const struct zero_row *u = &c->zero[i];
			bool within = rules_place_holds(u->place, u->place_len, u->private_, z->place);
			const char *where = within ? z->place : u->place;

			if ((!within && !rules_place_holds(z->place, z->place_len, z->private_, u->place)) || u->time >= z->time ||
			    zero_best(c, where, up[level]) != z || zero_best(c, where, up[above]) != u)
				continue;
			rules_say(t, z->source->path, z->line,
			    _("the zero report of level %s is due at %02d:%02d, later than that of level %s above it (%02d:%02d, %s:%zu)"), up[level],
			    z->time / 60, z->time % 60, up[above], u->time / 60, u->time % 60, u->source->path, u->line);
			return true;
		}
	return false;
}

void
rules_chains_odd(const struct rules_chains *c, const struct rules_telling *t)
{
	silent(c, t);
	for (size_t i = 0; i < c->nzero; i++)
		for (size_t level = 0; level < LEVELS; level++)
			if ((c->zero[i].level[0] == '*' || strcmp(c->zero[i].level, up[level]) == 0) &&
			    later_than_above(c, &c->zero[i], level, t))
				break;
}
