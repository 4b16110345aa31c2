/*
 * What several cases need.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "e2e.h"

#define WINDOW 64

const char *
text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s != NULL ? s : "";
}

json_t *
report_body(const char *title)
{
	char now[40];
	json_t *b = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "kind", "report", "title", title, "type", "12G00", "place",
	    "西周镇振兴路12号", "brief", "仓库起火,火势向东侧民房蔓延", "learned", when_text(-60000, now), "dead", 0, "missing", "?",
	    "signer", "吴镇长");

	ST_CHECK(b != NULL, "json_pack");
	return b;
}

struct seek {
	const char *kind;
	char id[80];
};

static bool
in_inbox(struct station_proc *s, void *ctx)
{
	struct seek *k = ctx;
	json_t *answer = st_ask(s, json_pack("{s:s}", "op", "inbox")), *m;
	size_t i;

	json_array_foreach(json_object_get(answer, "messages"), i, m)
		if (strcmp(text_of(m, "kind"), k->kind) == 0)
			(void)snprintf(k->id, sizeof k->id, "%s", text_of(m, "id"));
	json_decref(answer);
	return k->id[0] != '\0';
}

void
await_inbox(struct station_proc *s, const char *kind, char out[80], int ms)
{
	struct seek k = { .kind = kind };
	char what[64];

	(void)snprintf(what, sizeof what, "a %s in the inbox", kind);
	st_await(s, what, ms, in_inbox, &k);
	memcpy(out, k.id, sizeof k.id);
}

/* ---- many messages ---- */

struct ids {
	char (*v)[80];
	size_t n, cap;
};

static void
id_add(void *ctx, const json_t *row)
{
	struct ids *ids = ctx;

	if (ids->n == ids->cap) {
		ids->cap = ids->cap == 0 ? 256 : ids->cap * 2;
		ids->v = xreallocarray(ids->v, ids->cap, sizeof *ids->v);
	}
	(void)snprintf(ids->v[ids->n++], sizeof *ids->v, "%s", text_of(row, "id"));
}

struct asked {
	const char *station;
	struct ids ids;
	uint64_t base;		/* number of the first request */
	size_t answered;
	message_fn fn;
	void *ctx;
};

static void
on_message(void *ctx, uint64_t n, const json_t *answer)
{
	struct asked *a = ctx;
	const char *id;

	ST_CHECK(n >= a->base && n - a->base < a->ids.n, "%s: an answer to nothing", a->station);
	id = a->ids.v[n - a->base];
	ST_CHECK(json_is_true(json_object_get(answer, "ok")), "%s: message %s: %s", a->station, id, text_of(answer, "text"));
	a->answered++;
	a->fn(a->ctx, id, answer);
}

size_t
each_message(struct station_proc *s, const char *kind, message_fn fn, void *ctx)
{
	struct asked a = { .station = s->code, .fn = fn, .ctx = ctx };
	struct fault f = { 0 };
	struct client *c;
	size_t posted = 0;

	(void)st_each(s, kind, false, id_add, &a.ids);
	c = st_client(s);
	while (a.answered < a.ids.n) {
		for (; posted < a.ids.n && posted - a.answered < WINDOW; posted++) {
			uint64_t n = client_post(c, json_pack("{s:s, s:s}", "op", "message", "id", a.ids.v[posted]), NULL, 0);

			if (posted == 0)
				a.base = n;
		}
		ST_CHECK(client_step(c, 30000, on_message, NULL, &a, &f) > 0, "%s: no answers: %s", s->code, f.text);
	}
	free(a.ids.v);
	return a.answered;
}

void
check_delivered(const struct station_proc *s, const char *id, const json_t *answer)
{
	static const char *const known[] = { "delivered", "read", "signed", "taken" };
	const json_t *list = json_object_get(answer, "deliveries"), *d;
	size_t i;

	ST_CHECK(json_array_size(list) > 0, "%s: %s has no deliveries", s->code, id);
	json_array_foreach(list, i, d) {
		bool ok = false;

		for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
			ok |= strcmp(text_of(d, "state"), known[k]) == 0;
		ST_CHECK(ok, "%s: %s is '%s' at %s", s->code, id, text_of(d, "state"), text_of(d, "to"));
	}
}

void
verify_all(struct e2e *e)
{
	for (size_t i = 0; i < STATIONS; i++)
		json_decref(st_verify(&e->st.s[i]));
}
