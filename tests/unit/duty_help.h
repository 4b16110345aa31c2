#ifndef TESTS_UNIT_DUTY_HELP_H
#define TESTS_UNIT_DUTY_HELP_H
/* Messages of the duty book for tests of its folds: fields by name, ids in the order they are made. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../formats/value.h"
#include "../../switch/duty.h"

#define SELF "330225"
#define T0 INT64_C(1790000000000)

struct made {
	struct msgid id;
	int64_t at;
	int kind;
	struct body *b;
};
struct makes {
	struct made v[64];
	size_t n;
};

/* fields: name, value pairs, NULL at the end.  refs: index of an earlier one + 1, 0 none. */
static inline size_t
put(struct makes *m, int kind, const char *step, int64_t at, const size_t *refs, const char *const *fields)
{
	struct made *x = &m->v[m->n];
	struct fault f = {0};

	assert_true(m->n < 64);
	*x = (struct made){.id = {.realm = REALM_LIVE, .epoch = 7, .serial = m->n + 1}, .at = at, .kind = kind, .b = body_new()};
	(void)snprintf(x->id.origin, sizeof x->id.origin, "%s", SELF);
	body_set_num(x->b, F_KIND, kind);
	if (value_parse(x->b, field_by_name("duty_step"), step, NULL, T0, &f) != 0)
		fail_msg("%s: %s", step, f.text);
	body_set_time(x->b, F_WRITTEN, at);
	for (; refs != NULL && *refs != 0; refs++)
		body_add_id(x->b, F_REFS, &m->v[*refs - 1].id);
	for (; fields != NULL && *fields != NULL; fields += 2)
		if (value_parse(x->b, field_by_name(fields[0]), fields[1], NULL, T0, &f) != 0)
			fail_msg("%s %s: %s", fields[0], fields[1], f.text);
	return ++m->n;
}

#define PUT(m, kind, step, at, refs, ...) put(m, kind, step, at, refs, (const char *const[]){__VA_ARGS__, NULL})
#define REFS(...) ((const size_t[]){__VA_ARGS__, 0})

static inline struct duty_msg
msg_of(const struct made *x)
{
	return (struct duty_msg){.id = x->id, .stored = x->at, .kind = x->kind, .own = true, .body = x->b};
}

static inline void
makes_free(struct makes *m)
{
	for (size_t i = 0; i < m->n; i++)
		body_free(m->v[i].b);
	m->n = 0;
}

/* A permutation of 0..n-1 from a seed. */
static inline void
shuffle(size_t *order, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k, t;

		*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		k = (size_t)(*seed >> 33) % i;
		t = order[i - 1];
		order[i - 1] = order[k];
		order[k] = t;
	}
}

#endif
