/*
 * Drafts: what was typed and not sent yet, and how far each has come on its way to the signature.
 *
 * The station keeps the review of a draft beside it as JSON (journal.h, station_review.c); what of that is not as expected
 * is left out, the draft itself never.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/life.h"
#include "query_int.h"

#define DRAFTS_MAX 1000

struct drafts {
	const struct query *q;
	json_t *list;
	size_t bytes;
	bool cut;
};

/* One step that was taken, in the reader's words. */
static json_t *
step_json(const json_t *kept, bool zh)
{
	static const char *const texts[] = { "seat", "person", "reason", "number" };
	const char *event = json_string_value(json_object_get(kept, "event"));
	const char *outcome = json_string_value(json_object_get(kept, "outcome"));
	const struct life_name *name = event != NULL ? life_draft_event(life_draft_event_by_name(event)) : NULL;
	const struct enum_name *e = outcome != NULL ? enum_by_name("outcome", outcome) : NULL;
	json_t *o = json_object();

	query_put_text(o, "event", event);
	query_put_text(o, "event_name", name == NULL ? event : zh ? name->zh : name->label);
	query_put(o, "at", json_integer(json_integer_value(json_object_get(kept, "at"))));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		query_put_text(o, texts[i], json_string_value(json_object_get(kept, texts[i])));
	query_put_text(o, "outcome", outcome);
	query_put_text(o, "outcome_name", e == NULL ? outcome : zh ? e->zh : e->label);
	return o;
}

static json_t *
trail_json(const struct buf *life, bool zh)
{
	json_error_t err;
	json_t *o = life->n > 0 ? json_loadb((const char *)life->p, life->n, 0, &err) : NULL, *list = json_array(), *e;
	size_t i;

	json_array_foreach(json_object_get(o, "trail"), i, e)
		if (json_is_object(e))
			(void)json_array_append_new(list, step_json(e, zh));
	json_decref(o);
	return list;
}

json_t *
query_draft(struct station *s, const struct journal_draft *d, int64_t now, bool zh)
{
	int state = d->state != 0 ? d->state : DRAFT_WRITING;
	const struct life_name *name = life_draft_state(state);
	json_t *o = json_object();
	int64_t from = INT64_MAX;
	bool ok = station_draft_unsigned(s, d, now, &from);

	query_put_text(o, "rid", d->rid);
	query_put_text(o, "seat", d->seat);
	query_put(o, "ms", json_integer(d->ms));
	query_put(o, "begun", json_integer(d->begun != 0 ? d->begun : d->ms));
	query_put_text(o, "state", name != NULL ? name->name : "");
	query_put_text(o, "state_name", name == NULL ? "" : zh ? name->zh : name->label);
	query_put(o, "trail", trail_json(&d->life, zh));
	/* null: nobody was tried yet, so no instant makes it right */
	query_put(o, "unsigned_from", from == INT64_MAX ? json_null() : json_integer(from));
	query_put(o, "unsigned_ok", json_boolean(ok));
	return o;
}

static int
draft_row(void *ctx, const struct journal_draft *d)
{
	struct drafts *ds = ctx;
	json_error_t err;
	json_t *o, *content;

	if (json_array_size(ds->list) == DRAFTS_MAX || ds->bytes + d->json.n + d->life.n > QUERY_BYTES) {
		ds->cut = true;
		return 1;
	}
	ds->bytes += d->json.n + d->life.n + 300;
	o = query_draft(ds->q->s, d, ds->q->now, ds->q->zh);
	content = d->json.n > 0 ? json_loadb((const char *)d->json.p, d->json.n, 0, &err) : NULL;
	query_put(o, "json", content != NULL ? content : json_object());
	(void)json_array_append_new(ds->list, o);
	return 0;
}

json_t *
query_drafts(struct query *q)
{
	struct drafts ds = { .q = q, .list = json_array() };
	json_t *o;

	if (q->j->ops->draft_each(q->j, draft_row, &ds) == -1) {
		json_decref(ds.list);
		return query_unreadable(q);
	}
	o = json_object();
	query_put(o, "drafts", ds.list);
	query_put(o, "more", json_boolean(ds.cut));
	return o;
}
