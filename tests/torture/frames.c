/*
 * What a switch promised, read from what it sent: answers to submits on desk sockets, and custody told to neighbours.
 *
 * A custody item names serials of the neighbour's stream; which messages those are is known from the parcels that came
 * in.  Whose stream it is follows from the nonces that the HELLOs exchange: a frame is addressed to a nonce its
 * receiver has issued.
 */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "../../formats/body.h"
#include "../../formats/wire.h"
#include "../../switch/link_frame.h"
#include "power.h"

#define DESKS 1024
#define NONCES 4096

struct nonce {
	uint64_t nonce;
	char station[STATION_MAX];
};

struct parcel_seen {
	char station[STATION_MAX];
	uint64_t serial;
	struct msgid id;
};

struct watcher {
	struct buf desk[DESKS]; /* by descriptor: an answer not whole yet */
	struct nonce ours[NONCES], theirs[NONCES];
	size_t nours, ntheirs;
	struct {
		char station[STATION_MAX];
		uint64_t epoch;
	} epochs[8];
	struct parcel_seen *v;
	size_t n, cap;
};

static void
promise(struct promises *ps, size_t at, const struct msgid *id, bool custody)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].custody == custody && msgid_cmp(&ps->v[i].id, id) == 0)
			return;
	if (ps->n == ps->cap) {
		ps->cap = ps->cap == 0 ? 256 : ps->cap * 2;
		ps->v = xreallocarray(ps->v, ps->cap, sizeof *ps->v);
	}
	ps->v[ps->n++] = (struct promise){*id, at, custody};
}

/* ---- desks ---- */

static void
answer(struct promises *ps, size_t at, const uint8_t *p, size_t n)
{
	json_error_t e;
	json_t *o = json_loadb((const char *)p, n, 0, &e);
	const char *text = json_string_value(json_object_get(o, "id"));
	struct msgid id;

	/* an answer to a submit is the one that says whether it was known already */
	if (json_is_true(json_object_get(o, "ok")) && json_object_get(o, "duplicate") != NULL && text != NULL &&
	    msgid_parse(text, &id))
		promise(ps, at, &id, false);
	json_decref(o);
}

static void
desk_feed(struct promises *ps, size_t at, uint64_t fd, const uint8_t *p, size_t n)
{
	struct buf *b;
	size_t done = 0;

	ST_CHECK(fd < DESKS, "a descriptor of %llu", (unsigned long long)fd);
	b = &ps->w->desk[fd];
	buf_put(b, p, n);
	while (b->n - done >= 5) {
		const uint8_t *f = b->p + done;
		size_t len = (size_t)f[0] << 24 | (size_t)f[1] << 16 | (size_t)f[2] << 8 | f[3];

		if (b->n - done < 4 + len)
			break;
		if (f[4] == 'J' && len >= 1)
			answer(ps, at, f + 5, len - 1);
		done += 4 + len;
	}
	if (done > 0) {
		memmove(b->p, b->p + done, b->n - done);
		b->n -= done;
	}
}

/* ---- links ---- */

static const char *
station_of(const struct nonce *v, size_t n, uint64_t nonce)
{
	for (size_t i = n; i-- > 0;)
		if (v[i].nonce == nonce)
			return v[i].station;
	return NULL;
}

static void
nonce_put(struct nonce *v, size_t *n, uint64_t nonce, const char *station)
{
	if (nonce == 0 || station == NULL || station_of(v, *n, nonce) != NULL || *n == NONCES)
		return;
	v[*n].nonce = nonce;
	memcpy(v[*n].station, station, strnlen(station, STATION_MAX - 1) + 1);
	++*n;
}

/* Another epoch of the neighbour: its serials begin anew. */
static void
epoch_seen(struct watcher *w, const char *station, uint64_t epoch)
{
	size_t i, keep = 0;

	for (i = 0;
	     i < COUNT_OF(w->epochs) && w->epochs[i].station[0] != '\0' && strcmp(w->epochs[i].station, station) != 0;
	     i++)
		;
	ST_CHECK(i < COUNT_OF(w->epochs), "too many neighbours");
	memcpy(w->epochs[i].station, station, strnlen(station, STATION_MAX - 1) + 1);
	if (w->epochs[i].epoch == epoch)
		return;
	w->epochs[i].epoch = epoch;
	for (i = 0; i < w->n; i++)
		if (strcmp(w->v[i].station, station) != 0)
			w->v[keep++] = w->v[i];
	w->n = keep;
}

static void
parcel_in(struct watcher *w, const char *station, const struct frame_item *it)
{
	struct envelope env;
	struct fault f = {0};
	const uint8_t *bytes;
	struct body *b;
	struct parcel_seen *seen;
	size_t n;

	if (parcel_decode(it->p, it->n, &env, &bytes, &n, &f) != 0)
		return;
	if ((b = wire_decode(bytes, n, &f)) != NULL) {
		if (w->n == w->cap) {
			w->cap = w->cap == 0 ? 256 : w->cap * 2;
			w->v = xreallocarray(w->v, w->cap, sizeof *w->v);
		}
		seen = &w->v[w->n];
		memset(seen, 0, sizeof *seen);
		memcpy(seen->station, station, strnlen(station, STATION_MAX - 1) + 1);
		seen->serial = it->serial;
		if (body_id(b, F_ID, &seen->id))
			w->n++;
		body_free(b);
	}
	envelope_free(&env);
}

static void
custody_out(struct promises *ps, size_t at, const char *station, const struct frame_item *it)
{
	for (size_t r = 0; r < it->n_ranges; r++)
		for (size_t i = 0; i < ps->w->n; i++) {
			const struct parcel_seen *s = &ps->w->v[i];

			if (strcmp(s->station, station) == 0 && s->serial >= it->ranges[r].first &&
			    s->serial - it->ranges[r].first < it->ranges[r].count)
				promise(ps, at, &s->id, true);
		}
}

static void
link_feed(struct promises *ps, size_t at, bool out, const uint8_t *p, size_t n)
{
	struct watcher *w = ps->w;
	struct reader r = reader_of(p, n);
	struct frame_head head;
	struct frame_hello hello;
	struct frame_item it;
	const char *who;

	if (!link_frame_head_get(&r, &head))
		return;
	if (head.type == FRAME_HELLO && link_frame_hello_get(&r, &hello)) {
		if (out)
			nonce_put(w->ours, &w->nours, hello.nonce, station_of(w->theirs, w->ntheirs, head.to));
		else {
			nonce_put(w->theirs, &w->ntheirs, hello.nonce, hello.station);
			nonce_put(w->ours, &w->nours, head.to, hello.station);
			epoch_seen(w, hello.station, hello.epoch);
		}
		return;
	}
	if (head.type != FRAME_DATA)
		return;
	who = out ? station_of(w->theirs, w->ntheirs, head.to) : station_of(w->ours, w->nours, head.to);
	if (who == NULL)
		return;
	while (link_frame_item_get(&r, &it) == 1) {
		if (!out && it.type == ITEM_PARCEL)
			parcel_in(w, who, &it);
		else if (out && it.type == ITEM_CUSTODY)
			custody_out(ps, at, who, &it);
	}
}

/* ---- together ---- */

void
promises_feed(struct promises *ps, size_t at, const struct shim_record *r, const uint8_t *p)
{
	if (ps->w == NULL)
		ps->w = xcalloc(1, sizeof *ps->w);
	switch (r->what) {
	case REC_START:
		for (size_t i = 0; i < DESKS; i++)
			buf_clear(&ps->w->desk[i]);
		break;
	case REC_CLOSE:
		if (r->ino < DESKS)
			buf_clear(&ps->w->desk[r->ino]);
		break;
	case REC_DESK:
		desk_feed(ps, at, r->ino, p, (size_t)r->len);
		break;
	case REC_LINK_IN:
	case REC_LINK_OUT:
		link_feed(ps, at, r->what == REC_LINK_OUT, p, (size_t)r->len);
		break;
	default:
		break;
	}
}

void
promises_free(struct promises *ps)
{
	if (ps->w != NULL) {
		for (size_t i = 0; i < DESKS; i++)
			buf_free(&ps->w->desk[i]);
		free(ps->w->v);
		free(ps->w);
	}
	free(ps->v);
	memset(ps, 0, sizeof *ps);
}
