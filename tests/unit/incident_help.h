#ifndef TESTS_UNIT_INCIDENT_HELP_H
#define TESTS_UNIT_INCIDENT_HELP_H
/*
 * Messages made by hand for the tests of the fold: a pool of them, emptied after each test.
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
#include "../../formats/buf.h"
#include "../../switch/incident.h"

#define TOWN "330225102"
#define COUNTY "330225"
#define CITY "330200"
#define MAX 600

static struct fold_msg m[MAX];
static struct body *bodies[MAX];
static size_t n;

static inline struct msgid
mkid(const char *origin, uint64_t serial)
{
	struct msgid id;

	memset(&id, 0, sizeof id);
	snprintf(id.origin, sizeof id.origin, "%s", origin);
	id.epoch = 1763787393;
	id.serial = serial;
	return id;
}

static inline void
reset(void)
{
	for (size_t i = 0; i < n; i++)
		body_free(bodies[i]);
	memset(bodies, 0, sizeof bodies);
	memset(m, 0, sizeof m);
	n = 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	reset();
	return 0;
}

/* A message of the incident TOWN/1; returns its body to add to. */
static inline struct body *
put(const char *origin, uint64_t serial, int kind)
{
	struct msgid id = mkid(origin, serial), inc = mkid(TOWN, 1);
	struct body *b = body_new();

	assert_true(n < MAX);
	body_set_num(b, F_KIND, kind);
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_INCIDENT, &inc);
	bodies[n] = b;
	m[n].id = id;
	m[n].stored = 1000 + (int64_t)n;
	m[n++].body = b;
	return b;
}

static inline struct body *
report(const char *origin, uint64_t serial, int stage)
{
	struct body *b = put(origin, serial, KIND_REPORT);

	body_set_num(b, F_STAGE, stage);
	return b;
}

static inline void
after(struct body *b, const char *origin, uint64_t serial)
{
	struct msgid id = mkid(origin, serial);

	body_add_id(b, F_PARENTS, &id);
}

static inline void
refers(struct body *b, const char *origin, uint64_t serial)
{
	struct msgid id = mkid(origin, serial);

	body_add_id(b, F_REFS, &id);
}

static inline void
receipt(const char *origin, uint64_t serial, int act, const char *of, uint64_t which)
{
	struct body *b = put(origin, serial, KIND_RECEIPT);

	body_set_num(b, F_ACT, act);
	refers(b, of, which);
}

static inline void
says(struct body *b, uint32_t key, enum figure_q q, int64_t number, const char *source)
{
	struct figure f = { .q = q, .n = number, .source = source };

	body_add_figure(b, key, &f);
}

static inline void
grades(struct body *b, int grade, const char *reason, const char *signer)
{
	body_set_num(b, F_GRADE, grade);
	if (reason != NULL)
		body_set_text(b, F_REASON, reason);
	if (signer != NULL)
		body_set_text(b, F_SIGNER, signer);
}

static inline struct body *
step(const char *origin, uint64_t serial, int which, const char *person)
{
	struct body *b = put(origin, serial, KIND_STEP);

	body_set_num(b, F_STEP, which);
	if (person != NULL)
		body_set_text(b, F_PERSON, person);
	return b;
}

/* The newest message has seen all the others. */
static inline void
after_all(void)
{
	for (size_t i = 0; i + 1 < n; i++)
		body_add_id(bodies[n - 1], F_PARENTS, &m[i].id);
}

static inline void
print_id(struct buf *b, const struct msgid *id)
{
	buf_printf(b, "%s/%" PRIu64 " ", id->origin, id->serial);
}

/* Everything a fold says, as text: two folds are the same when these are. */
static inline char *
fingerprint(const struct incident *inc)
{
	struct buf b = { 0 };
	json_t *s = incident_summary(inc);
	char *text = json_dumps(s, JSON_SORT_KEYS), *out;

	assert_non_null(text);
	buf_puts(&b, text);
	buf_puts(&b, "\nall ");
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];

		print_id(&b, &l->id);
		buf_printf(&b, "%d%d%d%d%s,%s ", l->withdrawn, l->superseded, l->state, l->signature_owed,
		    l->signer != NULL ? l->signer : "", l->owed_by != NULL ? l->owed_by : "");
	}
	buf_puts(&b, "\nlines ");
	for (size_t i = 0; i < inc->nlines; i++)
		print_id(&b, &inc->lines[i].id);
	buf_puts(&b, "\nheads ");
	for (size_t i = 0; i < inc->nheads; i++)
		print_id(&b, &inc->heads[i]);
	buf_puts(&b, "\nmissing ");
	for (size_t i = 0; i < inc->nmissing; i++)
		print_id(&b, &inc->missing[i]);
	buf_puts(&b, "\ngrades ");
	for (size_t i = 0; i < inc->ngrades; i++) {
		buf_printf(&b, "%s=%d%s by ", inc->grades[i].station, inc->grades[i].grade,
		    inc->grades[i].settled ? "s" : "");
		print_id(&b, &inc->grades[i].by);
	}
	buf_printf(&b, "\nstates %d ", inc->closed);
	for (size_t i = 0; i < inc->nstates; i++) {
		buf_printf(&b, "%s=%d%d by ", inc->states[i].station, inc->states[i].state, inc->states[i].reported);
		print_id(&b, &inc->states[i].by);
	}
	buf_puts(&b, "\nby ");
	for (size_t i = 0; i < inc->nadopted; i++)
		print_id(&b, &inc->adopted[i].by);
	for (size_t i = 0; i < inc->nverdicts; i++)
		print_id(&b, &inc->verdicts[i].by);
	for (size_t i = 0; i < inc->nfigures; i++)
		print_id(&b, &inc->figures[i].by);
	out = xstrdup(buf_cstr(&b));
	buf_free(&b);
	free(text);
	json_decref(s);
	return out;
}

static inline char *
fold_text(const struct fold_msg *v, size_t count)
{
	struct incident *inc = incident_fold(v, count);
	char *s = fingerprint(inc);

	incident_free(inc);
	return s;
}

#endif
