/*
 * Bodies to deterministic CBOR.
 *
 * The same body always makes the same bytes, because digests and signatures are taken over them: map keys
 * ascending, shortest heads, definite lengths, and one form only for each value (an optional element is there when
 * it says something, else it is not).  Unknown values go out as the bytes they came in.
 */
#include <assert.h>
#include <string.h>
#include "wire.h"
#include "wire_token.h"

static void put_time(struct buf *, const struct when *);
static void put_figure(struct buf *, const struct figure *);
static void put_value(struct buf *, const struct value *);

static void
put_time(struct buf *out, const struct when *w)
{
	token_put_array(out, w->text != NULL ? 3 : 2);
	token_put_int(out, w->ms);
	token_put_int(out, w->offset);
	if (w->text != NULL)
		token_put_text(out, w->text, strlen(w->text));
}

static void
put_figure(struct buf *out, const struct figure *g)
{
	token_put_array(out, g->asof != 0 ? 4 : g->source != NULL ? 3 : 2);
	token_put_uint(out, (uint64_t)g->q);
	token_put_int(out, g->n);
	if (g->source != NULL)
		token_put_text(out, g->source, strlen(g->source));
	else if (g->asof != 0)
		token_put_null(out);
	if (g->asof != 0)
		token_put_int(out, g->asof);
}

static void
put_value(struct buf *out, const struct value *v)
{
	if (v->field == NULL) {
		buf_put(out, v->u.raw.p, v->u.raw.len);
		return;
	}
	switch (v->field->type) {
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
		token_put_text(out, v->u.text.s, v->u.text.len);
		break;
	case FT_ENUM:
	case FT_UINT:
		token_put_int(out, v->u.num);
		break;
	case FT_BOOL:
		token_put_bool(out, v->u.num != 0);
		break;
	case FT_TIME:
		put_time(out, &v->u.when);
		break;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		put_figure(out, &v->u.fig);
		break;
	case FT_MSGID:
		token_put_array(out, 4);
		token_put_uint(out, v->u.id.realm);
		token_put_text(out, v->u.id.origin, strnlen(v->u.id.origin, STATION_MAX));
		token_put_uint(out, v->u.id.epoch);
		token_put_uint(out, v->u.id.serial);
		break;
	case FT_GEO:
		token_put_array(out, 2);
		token_put_int(out, v->u.geo.lat);
		token_put_int(out, v->u.geo.lon);
		break;
	case FT_DIGEST:
		token_put_bytes(out, v->u.digest, DIGEST_LEN);
		break;
	}
}

void
wire_encode(const struct body *b, struct buf *out)
{
	size_t i, run, keys = 0;

	for (i = 0; i < b->n; i++)
		if (i == 0 || b->v[i].key != b->v[i - 1].key)
			keys++;
	token_put_map(out, keys);
	for (i = 0; i < b->n; i += run) {
		const struct value *v = &b->v[i];
		size_t j;

		assert(i == 0 || b->v[i - 1].key < v->key);
		run = 1;
		while (i + run < b->n && b->v[i + run].key == v->key)
			run++;
		token_put_uint(out, v->key);
		if (v->field != NULL && (v->field->flags & FF_REPEAT) != 0)
			token_put_array(out, run);
		else
			assert(run == 1);
		for (j = 0; j < run; j++)
			put_value(out, &v[j]);
	}
}
