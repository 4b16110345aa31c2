/*
 * The order in which what is owed is shown: what a tired person must do first stands first.
 *
 * By due alone, what others owe us since this morning buries what this room must do in twelve minutes.  So what is late or due within the hour comes in
 * bands: reports upwards and everything of a 特提 or 特急; then the rest of the matters at hand; then the daily round (zero reports, roll calls,
 * equipment, empty shifts).  Exercises come behind the live of all bands.  Behind them what is due later; last what has been late for longer than
 * anything is chased.  Within each: next due first.
 */
#include <stdlib.h>
#include <string.h>
#include "query_live.h"

#define SOON_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)

enum band { BAND_URGENT, BAND_MATTERS, BAND_ROUND, BAND_EXERCISE, BAND_LATER = 2 * BAND_EXERCISE, BAND_STALE };

struct placed {
	json_t *o;
	int band;
	int64_t due;
	size_t at;
};

static bool
is_one(const char *what, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(what, *names) == 0)
			return true;
	return false;
}

static int
band_of(const json_t *o, int64_t now, int64_t stale)
{
	static const char *const upwards[] = {"phone", "written", "verify", "supplement", NULL};
	static const char *const daily[] = {"zero", "await-zero", "roll", "await-roll", "equipment", "gap", NULL};
	const char *what = json_string_value(json_object_get(o, "what")), *realm = json_string_value(json_object_get(o, "realm"));
	json_int_t prec = json_integer_value(json_object_get(o, "precedence"));
	int64_t due = json_integer_value(json_object_get(o, "due"));
	int band = BAND_MATTERS;

	if (due < stale)
		return BAND_STALE;
	if (due > now + SOON_MS)
		return BAND_LATER;
	if (what != NULL && is_one(what, daily))
		band = BAND_ROUND;
	else if ((what != NULL && is_one(what, upwards)) || prec == PREC_FLASH || prec == PREC_URGENT)
		band = BAND_URGENT;
	return realm != NULL && strcmp(realm, "exercise") == 0 ? BAND_EXERCISE + band : band;
}

static int
cmp_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->band != y->band)
		return x->band < y->band ? -1 : 1;
	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

json_t *
owed_order(const struct query *q, json_t *list)
{
	int64_t days = rules_number(q->conf->rules, NUMBER_CHASE_DAYS), span, stale;
	size_t n = json_array_size(list);
	struct placed *v = xcalloc(n + 1, sizeof *v);
	json_t *out = json_array();

	if (__builtin_mul_overflow(days, DAY_MS, &span) || __builtin_sub_overflow(q->now, span, &stale))
		stale = INT64_MIN;
	for (size_t i = 0; i < n; i++) {
		v[i].o = json_array_get(list, i);
		v[i].due = json_integer_value(json_object_get(v[i].o, "due"));
		v[i].band = band_of(v[i].o, q->now, stale);
		v[i].at = i;
	}
	if (n > 1)
		qsort(v, n, sizeof *v, cmp_placed);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append(out, v[i].o);
	free(v);
	json_decref(list);
	return out;
}
