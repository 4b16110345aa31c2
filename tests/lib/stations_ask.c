/*
 * Questions to the switches of stations.h, through the real client library.
 *
 * One connection a station is kept, watching; waiting means: ask, wait for a push, ask again.  A look twice a second besides
 * covers what no push tells (a link's state, a restart of the switch).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "stations.h"

#define OPEN_MS 60000
#define LOOK_MS 500

static struct client *
open_once(struct station_proc *s, struct fault *f)
{
	struct client *c = client_open(s->dir, "e2e", f);
	json_t *answer;

	if (c == NULL)
		return NULL;
	if ((answer = client_call(c, json_pack("{s:s}", "op", "watch"), NULL, 0, OPEN_MS, f)) == NULL) {
		client_close(c);
		return NULL;
	}
	json_decref(answer);
	return c;
}

struct client *
st_client(struct station_proc *s)
{
	int64_t deadline = mono_ms() + OPEN_MS;
	struct fault f = { 0 };

	if (s->client != NULL && !client_alive(s->client)) {
		client_close(s->client);
		s->client = NULL;
	}
	while (s->client == NULL) {
		st_ready(s, OPEN_MS);
		if ((s->client = open_once(s, &f)) != NULL)
			break;
		ST_CHECK(s->pid > 0 && (f.code == EX_UNAVAILABLE || f.code == EX_TEMPFAIL) && mono_ms() < deadline,
		    "no connection to the switch of %s: %s", s->code, f.text);
		(void)poll(NULL, 0, 10);
	}
	return s->client;
}

json_t *
st_try(struct station_proc *s, json_t *request, const void *blob, size_t len, struct fault *f)
{
	memset(f, 0, sizeof *f);
	return client_call(st_client(s), request, blob, len, OPEN_MS, f);
}

json_t *
st_ask(struct station_proc *s, json_t *request)
{
	json_t *answer, *op = json_incref(json_object_get(request, "op"));
	struct fault f;

	ST_CHECK(request != NULL && op != NULL, "a request that is none");
	answer = st_try(s, request, NULL, 0, &f);
	ST_CHECK(answer != NULL, "%s refused %s: %s: %s", s->code, json_string_value(op), f.field, f.text);
	json_decref(op);
	return answer;
}

json_t *
st_submit(struct station_proc *s, const char *realm, json_t *body)
{
	char rid[33];

	ST_CHECK(body != NULL, "a body that is none");
	client_rid(rid);
	return st_ask(s, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", realm, "body", body));
}

void
st_await(struct station_proc *s, const char *what, int ms, st_test_fn test, void *ctx)
{
	int64_t deadline = mono_ms() + ms, left;
	struct fault f = { 0 };

	/* Asking first: what the call reads of pushes is kept and ends the step below at once. */
	while (!test(s, ctx)) {
		left = deadline - mono_ms();
		ST_CHECK(left > 0, "%s: waited %d ms for %s", s->code, ms, what);
		(void)client_step(st_client(s), left < LOOK_MS ? (int)left : LOOK_MS, NULL, NULL, NULL, &f);
	}
}

json_int_t
st_status(struct station_proc *s, const char *member)
{
	json_t *answer = st_ask(s, json_pack("{s:s}", "op", "status")), *v = json_object_get(answer, member);
	json_int_t n = json_integer_value(v);

	ST_CHECK(json_is_integer(v), "%s: status tells no number %s", s->code, member);
	json_decref(answer);
	return n;
}

struct wanted {
	const char *member;
	json_int_t value, seen;
	bool least;
};

static bool
status_is(struct station_proc *s, void *ctx)
{
	struct wanted *w = ctx;

	w->seen = st_status(s, w->member);
	return w->least ? w->seen >= w->value : w->seen == w->value;
}

static void
await_status(struct station_proc *s, const char *member, json_int_t value, bool least, int ms)
{
	struct wanted w = { member, value, 0, least };
	char what[128];

	(void)snprintf(what, sizeof what, "%s %s %lld", member, least ? "to reach" : "to be", (long long)value);
	st_await(s, what, ms, status_is, &w);
}

void
st_await_status(struct station_proc *s, const char *member, json_int_t value, int ms)
{
	await_status(s, member, value, false, ms);
}

void
st_await_status_min(struct station_proc *s, const char *member, json_int_t value, int ms)
{
	await_status(s, member, value, true, ms);
}

static bool
quiet(struct station_proc *s, void *ctx)
{
	json_t *st = st_ask(s, json_pack("{s:s}", "op", "status"));
	bool done = json_integer_value(json_object_get(st, "outbox")) == 0 &&
	    json_integer_value(json_object_get(st, "open_deliveries")) == 0;

	(void)ctx;
	json_decref(st);
	return done;
}

/* One pass finds each quiet at its own moment; a second pass in which none has anything is the quiet of all. */
void
stations_settle(struct stations *all, int ms)
{
	int64_t deadline = mono_ms() + ms, left;
	bool again = true;

	while (again) {
		for (size_t i = 0; i < STATIONS; i++) {
			left = deadline - mono_ms();
			st_await(&all->s[i], "outbox and open deliveries to be empty", left > 1 ? (int)left : 1, quiet, NULL);
		}
		again = false;
		for (size_t i = 0; i < STATIONS; i++)
			again |= !quiet(&all->s[i], NULL);
	}
}

size_t
st_each(struct station_proc *s, const char *kind, bool all, st_row_fn fn, void *ctx)
{
	json_int_t after = 0;
	size_t n = 0, i;
	bool more = true;

	while (more) {
		json_t *request = json_pack("{s:s, s:b, s:I, s:i}", "op", "list", "all", all, "after", after, "limit", 2000), *answer, *row;

		if (kind[0] != '\0')
			(void)json_object_set_new(request, "kind", json_string(kind));
		answer = st_ask(s, request);
		json_array_foreach(json_object_get(answer, "messages"), i, row) {
			if (fn != NULL)
				fn(ctx, row);
			n++;
		}
		more = json_is_true(json_object_get(answer, "more"));
		ST_CHECK(!more || json_integer_value(json_object_get(answer, "last")) > after, "%s: a list that does not go on", s->code);
		after = json_integer_value(json_object_get(answer, "last"));
		json_decref(answer);
	}
	return n;
}

json_t *
st_verify(struct station_proc *s)
{
	json_t *v = st_ask(s, json_pack("{s:s}", "op", "verify"));
	const char *bad = json_string_value(json_object_get(v, "bad")), *fold = json_string_value(json_object_get(v, "fold_bad"));

	ST_CHECK(bad != NULL && fold != NULL && bad[0] == '\0' && fold[0] == '\0', "%s: verify says: %s %s", s->code, bad, fold);
	return v;
}
