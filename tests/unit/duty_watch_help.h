#ifndef TESTS_UNIT_DUTY_WATCH_HELP_H
#define TESTS_UNIT_DUTY_WATCH_HELP_H
/*
 * A watch and a roster without a station: messages put into them by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../switch/duty_roster.h"
#include "../../switch/duty_staff.h"
#include "../../switch/duty_watch.h"

#define MIN INT64_C(60000)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)
#define MIDNIGHT INT64_C(1790956800000) /* 2026-10-02T16:00Z = 2026-10-03T00:00+08:00 */

struct note { struct msgid id; int64_t stored; int kind; struct body *b; };

static struct watch *w;
static struct roster *r;
static struct note kept[4096];
static size_t nkept;
static uint64_t serial;

static inline int64_t
at(int h, int m)
{
	return MIDNIGHT + h * HOUR + m * MIN;
}

static inline int
setup(void **state)
{
	(void)state;
	w = watch_new();
	r = roster_new();
	nkept = 0;
	serial = 0;
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	watch_free(w);
	roster_free(r);
	for (size_t i = 0; i < nkept; i++)
		body_free(kept[i].b);
	nkept = 0;
	return 0;
}

static inline void
give_watch(struct watch *to, const struct note *n)
{
	struct duty_msg m = {.id = n->id, .stored = n->stored, .kind = n->kind, .own = true, .body = n->b};

	watch_take(to, &m);
}

static inline struct msgid
put(int kind, int step, struct body *b, int64_t stored)
{
	struct note *n = &kept[nkept];
	struct duty_msg m;

	assert_true(nkept < sizeof kept / sizeof kept[0]);
	memset(n, 0, sizeof *n);
	(void)snprintf(n->id.origin, sizeof n->id.origin, "330225");
	n->id.epoch = 7;
	n->id.serial = ++serial;
	n->stored = stored;
	n->kind = kind;
	n->b = b;
	body_set_num(b, F_KIND, kind);
	if (step != 0)
		body_set_num(b, F_DUTY_STEP, step);
	nkept++;
	give_watch(w, n);
	m = (struct duty_msg){.id = n->id, .stored = stored, .kind = kind, .own = true, .body = b};
	roster_take(r, &m);
	return n->id;
}

/* Names separated by blanks. */
static inline void
list(struct body *b, uint32_t key, const char *names)
{
	while (names != NULL && *names != '\0') {
		size_t n = strcspn(names, " ");

		body_add_text(b, key, names, n);
		names += n + (names[n] == ' ');
	}
}

static inline void
plan(const char *name, int64_t from, int64_t to, const char *leader, const char *people)
{
	struct body *b = body_new();

	body_set_text(b, F_SHIFT, name);
	body_set_time(b, F_PERIOD_FROM, from);
	body_set_time(b, F_PERIOD_TO, to);
	list(b, F_DUTY_LEADER, leader);
	list(b, F_DUTY_OFFICER, people);
	(void)put(KIND_ROSTER, DUTY_SHIFT, b, from - 10 * DAY);
}

static inline void
sign_on(const char *who, const char *shift, int64_t t)
{
	struct body *b = body_new();

	body_set_text(b, F_PERSON, who);
	if (shift != NULL)
		body_set_text(b, F_SHIFT, shift);
	(void)put(KIND_ROSTER, DUTY_SIGN_ON, b, t);
}

static inline struct msgid
begin(const char *in, const char *shift, int64_t due, int64_t t)
{
	struct body *b = body_new();

	list(b, F_INCOMING, in);
	if (shift != NULL)
		body_set_text(b, F_SHIFT, shift);
	if (due != 0)
		body_set_time(b, F_PERIOD_FROM, due);
	return put(KIND_HANDOVER, DUTY_HANDOVER_BEGUN, b, t);
}

static inline void
item(const char *key, const char *owner, int64_t t)
{
	struct body *b = body_new();

	body_set_text(b, F_TOPIC, key);
	body_set_text(b, F_ITEM, "text");
	if (owner != NULL)
		body_set_text(b, F_PERSON, owner);
	(void)put(KIND_HANDOVER, DUTY_HANDOVER_ITEM, b, t);
}

static inline void
sign(const char *who, int side, int64_t t)
{
	struct body *b = body_new();

	body_set_text(b, F_PERSON, who);
	if (side != 0)
		body_set_num(b, F_SIDE, side);
	body_add_text(b, F_PROVEN, who, strlen(who));
	(void)put(KIND_HANDOVER, DUTY_HANDOVER_SIGNED, b, t);
}

static inline void
stay(const char *who, const char *leader, const char *in, int64_t t)
{
	struct body *b = body_new();

	body_set_text(b, F_PERSON, who);
	body_set_text(b, F_SIGNER, leader);
	list(b, F_INCOMING, in);
	(void)put(KIND_ROSTER, DUTY_STAY, b, t);
}

static inline void
assert_span(int line, int64_t t, const char *people)
{
	struct watch_span s;
	char got[WATCH_PEOPLE * 98] = "";

	if (watch_at(w, t, &s))
		for (size_t i = 0; i < s.n; i++)
			(void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i > 0 ? " " : "", s.person[i]);
	if (strcmp(got, people) != 0)
		fail_msg("line %d: responsible [%s], not [%s]", line, got, people);
}
#define RESPONSIBLE(t, people) assert_span(__LINE__, (t), (people))

/* Every minute has one owner, and every span an end that is the next one's beginning. */
static inline void
assert_contiguous(const struct watch *of, const char *what)
{
	const struct watch_span *v;
	size_t n = watch_spans(of, &v);

	for (size_t i = 0; i < n; i++) {
		if (v[i].n == 0)
			fail_msg("%s: span %zu has nobody", what, i);
		if (i + 1 < n ? v[i].to != v[i + 1].from || v[i].to < v[i].from : v[i].to != 0)
			fail_msg("%s: span %zu does not meet the next one", what, i);
	}
}

#endif
