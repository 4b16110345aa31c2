/*
 * What ends the clocks upwards: what this station has told, by whatever channel (DOMAIN 4: any accepted channel satisfies a clock), and what has
 * become known of the endpoint of a chain.
 *
 * What is on paper or in a system is a written report; it also is the first word, so it settles the telephone as well.  Channels by which
 * things are only learned of (media, patrol, a superior) settle nothing, nor does a call nobody answered.  The receipt number of an outside system
 * of the superiors ("ext:...") settles the report to the next level: it counts even where the line to that level is down.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock_int.h"
#include "route.h"

#define OUTSIDE_PREFIX "ext:"

static const struct {
	int channel;
	bool phone, written;
	const char *how;
} outside[] = {
	{ CHANNEL_PHONE, true, false, "telephone" },
	{ CHANNEL_FAX, true, true, "fax" },
	{ CHANNEL_NET, true, true, "net" },
	{ CHANNEL_VISIT, true, false, "visit" },
	{ CHANNEL_SYSTEM, true, true, "outside" },
	{ CHANNEL_SMS, true, false, "sms" },
	{ CHANNEL_RADIO, true, false, "radio" },
	{ CHANNEL_PAPER, true, true, "paper" },
	{ CHANNEL_CLASSIFIED, true, true, "classified" },
};

static bool
names(const struct body *b, const char *whom)
{
	const char *system = body_text(b, F_SYSTEM);

	if (incident_addressed(b, whom, true) || (system != NULL && strcmp(system, whom) == 0))
		return true;
	for (const struct value *v = body_first(b, F_REGARDING); v != NULL; v = body_next(b, v))
		if (v->u.text.s != NULL && strcmp(v->u.text.s, whom) == 0)
			return true;
	return false;
}

static bool
upward(const char *system)
{
	return system != NULL && strncmp(system, OUTSIDE_PREFIX, strlen(OUTSIDE_PREFIX)) == 0 && system[strlen(OUTSIDE_PREFIX)] != '\0';
}

/* An upward system outside, and no other station named: what went there went to the next level. */
static bool
upward_system(const struct body *b)
{
	return body_enum(b, F_CHANNEL) == CHANNEL_SYSTEM && upward(body_text(b, F_SYSTEM));
}

/* A call, a fax to an outside system's own room: whom the entry is sent to was told of the call, and not by it. */
static bool
called_there(const struct body *b, const char *whom)
{
	const char *system = body_text(b, F_SYSTEM);

	return body_enum(b, F_CHANNEL) != CHANNEL_SYSTEM && upward(system) && strcmp(system, whom) != 0;
}

bool
clock_outside(const struct clock *c, const struct body *b, const char *whom, bool *phone, bool *written)
{
	int channel = body_enum(b, F_CHANNEL), outcome = body_enum(b, F_OUTCOME);
	bool named = whom != NULL ? names(b, whom) : names(b, c->parent) || upward_system(b);

	*phone = *written = false;
	if (!named || called_there(b, whom != NULL ? whom : c->parent) || (outcome != 0 && outcome != OUTCOME_REACHED) || body_flag(b, F_HISTORY))
		return false;
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
		if (outside[i].channel == channel) {
			*phone = outside[i].phone;
			*written = outside[i].written;
			return true;
		}
	return false;
}

static void
how_of(const struct body *b, char *how, size_t size)
{
	int channel = body_enum(b, F_CHANNEL);
	const char *system = body_text(b, F_SYSTEM);

	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
		if (outside[i].channel == channel) {
			if (channel == CHANNEL_SYSTEM && system != NULL)
				(void)snprintf(how, size, "%s:%s", outside[i].how, system);
			else
				(void)snprintf(how, size, "%s", outside[i].how);
			return;
		}
	(void)snprintf(how, size, "outside");
}

bool
clock_addressed_up(const struct clock *c, const struct body *b)
{
	return c->parent[0] != '\0' && incident_addressed(b, c->parent, true);
}

static void
tell(struct clock *c, size_t *cap, const struct clock_told *t)
{
	if (c->ntold == *cap) {
		*cap = *cap == 0 ? 8 : *cap * 2;
		c->told = xreallocarray(c->told, *cap, sizeof *c->told);
	}
	c->told[c->ntold++] = *t;
}

/* What another has entered for this station: what it said by telephone, on a slip, to whoever typed it. */
static bool
on_behalf(const struct clock *c, const struct incident_line *l)
{
	const char *whom = body_text(l->body, F_ON_BEHALF);

	return (l->kind == KIND_REPORT || l->kind == KIND_INTAKE) && whom != NULL && strcmp(whom, c->self) == 0 && !clock_is(c, l) &&
	    c->parent[0] != '\0' && (strcmp(l->id.origin, c->parent) == 0 || clock_addressed_up(c, l->body));
}

static int
cmp_told(const void *a, const void *b)
{
	const struct clock_told *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void
clock_tell(struct clock *c)
{
	size_t cap = 0;

	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];
		struct clock_told t = { .line = l };

		if (!clock_counts(l) || l->kind == KIND_RECEIPT || body_flag(l->body, F_HISTORY))
			continue;
		if (on_behalf(c, l)) {
			t.phone = t.written = t.declared = true;
			if (!body_time(l->body, F_LEARNED, &t.at))
				t.at = l->stored;
			(void)snprintf(t.how, sizeof t.how, "proxy");
			tell(c, &cap, &t);
			continue;
		}
		if (!clock_is(c, l))
			continue;
		if (body_time(l->body, F_TELEPHONED, &t.at)) {
			t.phone = t.declared = true;
			(void)snprintf(t.how, sizeof t.how, "telephone");
			tell(c, &cap, &t);
		}
		t = (struct clock_told) { .line = l, .at = clock_known(c, l) };
		if (l->kind == KIND_REPORT && clock_addressed_up(c, l->body)) {
			t.phone = t.written = true;
			(void)snprintf(t.how, sizeof t.how, "report");
			tell(c, &cap, &t);
		} else if (l->kind == KIND_OUTSIDE && c->parent[0] != '\0' && clock_outside(c, l->body, NULL, &t.phone, &t.written)) {
			t.declared = body_time(l->body, F_DONE_AT, &t.at);
			how_of(l->body, t.how, sizeof t.how);
			tell(c, &cap, &t);
		}
	}
	if (c->ntold > 1)
		qsort(c->told, c->ntold, sizeof *c->told, cmp_told);
}

const struct clock_told *
clock_first_told(const struct clock *c, bool written, int64_t from)
{
	for (size_t i = 0; i < c->ntold; i++) {
		const struct clock_told *t = &c->told[i];

		if (!(written ? t->written : t->phone))
			continue;
		/* Typed to the minute: the minute it began in counts as after. */
		if (t->at >= from || (t->declared && t->at / CLOCK_MINUTE == from / CLOCK_MINUTE))
			return t;
	}
	return NULL;
}

/* ---- the endpoint of a chain ---- */

/* Levels as codes tell them; NULL: a private code. */
static const char *
level_of(const char *station)
{
	size_t n = strcspn(station, "-");

	if (!isdigit((unsigned char)station[0]))
		return NULL;
	if (n > 6)
		return "township";
	if (n == 6 && strncmp(station + 2, "0000", 4) == 0)
		return "province";
	return n == 6 && strncmp(station + 4, "00", 2) == 0 ? "city" : "county";
}

static bool
at_endpoint(const struct clock *c, const char *station, const char *endpoint)
{
	const char *level;

	if (strcmp(station, endpoint) == 0)
		return true;
	level = level_of(station);
	return level != NULL && strcmp(level, endpoint) == 0 && (strcmp(station, c->parent) == 0 || station_under(c->self, station));
}

static bool
sent_there(const struct clock *c, const struct body *b, const char *endpoint)
{
	static const uint32_t keys[] = { F_TO, F_CC };

	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v))
			if (v->u.text.s != NULL && at_endpoint(c, v->u.text.s, endpoint))
				return true;
	return false;
}

bool
clock_arrived(const struct clock *c, const char *endpoint, bool written, struct owed_item *it)
{
	const struct incident_line *best = NULL;
	char how[64] = "", best_how[64] = "";
	int64_t at, best_at = INT64_MAX;

	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];
		bool phone = false, paper = false;

		if (!clock_counts(l) || body_flag(l->body, F_HISTORY))
			continue;
		at = clock_is(c, l) ? clock_known(c, l) : l->stored;
		if (l->kind == KIND_OUTSIDE) {
			const struct value *to = body_first(l->body, F_TO);

			if (!clock_outside(c, l->body, endpoint, &phone, &paper) &&
			    !(to != NULL && sent_there(c, l->body, endpoint) &&
				clock_outside(c, l->body, to->u.text.s, &phone, &paper)))
				continue;
			(void)body_time(l->body, F_DONE_AT, &at);
			how_of(l->body, how, sizeof how);
		} else if (l->kind != KIND_RECEIPT && at_endpoint(c, l->id.origin, endpoint)) {
			/* Whoever speaks of it there has been told. */
			phone = paper = true;
			(void)snprintf(how, sizeof how, "superior");
		} else if (l->kind == KIND_REPORT && sent_there(c, l->body, endpoint)) {
			phone = paper = true;
			(void)snprintf(how, sizeof how, "report");
		}
		if ((written ? paper : phone) && at < best_at) {
			best = l;
			best_at = at;
			memcpy(best_how, how, sizeof best_how);
		}
	}
	if (best == NULL)
		return false;
	clock_met(it, best_at, &best->id, best_how);
	return true;
}
