/*
 * Envelopes and parcels: the part of a message that changes from hop to hop.
 *
 * An envelope is not hashed and every relay writes it anew, so decoding is lenient in one thing only: elements
 * after the eighth belong to a later version and are passed over, as the first version passes over those after its
 * fifth.  The sixth to eighth are written only when they say something.  Instants of hops go as differences, the
 * first as it is: on a thin line eight bytes a hop would be felt.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "i18n.h"
#include "wire.h"
#include "wire_token.h"

#define ENVELOPE_VERSION 1

static void copy_station(char *to, const char *from);
static bool get(struct tokens *, struct envelope *);

void
envelope_free(struct envelope *e)
{
	free(e->to);
	buf_free(&e->sig);
	memset(e, 0, sizeof(*e));
}

static void
copy_station(char *to, const char *from)
{
	size_t len = strnlen(from, STATION_MAX);

	assert(len < STATION_MAX);
	memset(to, 0, STATION_MAX);
	memcpy(to, from, len);
}

void
envelope_add_to(struct envelope *e, const char *station)
{
	assert(e->nto < ENVELOPE_TO_MAX);
	e->to = xreallocarray(e->to, e->nto + 1, sizeof(*e->to));
	copy_station(e->to[e->nto], station);
	e->nto++;
}

bool
envelope_add_hop(struct envelope *e, const char *station)
{
	if (e->nhops >= ENVELOPE_HOPS_MAX)
		return false;
	copy_station(e->hops[e->nhops], station);
	e->hop_ms[e->nhops] = 0;
	e->nhops++;
	return true;
}

bool
envelope_has_hop(const struct envelope *e, const char *station)
{
	size_t i;

	for (i = 0; i < e->nhops; i++)
		if (strcmp(e->hops[i], station) == 0)
			return true;
	return false;
}

/* Elements to be written: those at the end that say nothing are left out. */
static size_t
elements(const struct envelope *e)
{
	if (e->given_back)
		return 8;
	for (size_t i = 0; i < e->nhops; i++)
		if (e->hop_ms[i] != 0)
			return 7;
	return e->stream != 0 ? 6 : 5;
}

static void
put_hop_ms(struct buf *out, const struct envelope *e)
{
	int64_t last = 0;

	token_put_array(out, e->nhops);
	for (size_t i = 0; i < e->nhops; i++) {
		int64_t ms = e->hop_ms[i];

		if (ms <= 0) {
			token_put_null(out);
			continue;
		}
		token_put_int(out, ms - last);
		last = ms;
	}
}

void
envelope_encode(const struct envelope *e, struct buf *out)
{
	size_t i, n = elements(e);

	assert(e->nto <= ENVELOPE_TO_MAX && e->nhops <= ENVELOPE_HOPS_MAX);
	assert((e->stream == 0) == (e->serial == 0) && e->stream <= INT64_MAX && e->serial <= INT64_MAX);
	token_put_array(out, n);
	token_put_uint(out, ENVELOPE_VERSION);
	token_put_array(out, e->nto);
	for (i = 0; i < e->nto; i++)
		token_put_text(out, e->to[i], strnlen(e->to[i], STATION_MAX));
	token_put_array(out, e->nhops);
	for (i = 0; i < e->nhops; i++)
		token_put_text(out, e->hops[i], strnlen(e->hops[i], STATION_MAX));
	token_put_int(out, e->precedence);
	token_put_bytes(out, e->sig.p, e->sig.n);
	if (n > 5) {
		token_put_array(out, e->stream != 0 ? 2 : 0);
		if (e->stream != 0) {
			token_put_uint(out, e->stream);
			token_put_uint(out, e->serial);
		}
	}
	if (n > 6)
		put_hop_ms(out, e);
	if (n > 7)
		token_put_bool(out, e->given_back);
}

/* [stream, serial], [] when there is none. */
static bool
get_number(struct tokens *in, struct envelope *e)
{
	uint64_t n;

	in->field = "envelope.number";
	if (!tokens_array(in, 0, 2, &n))
		return false;
	if (n == 1)
		return tokens_wrong(in, _("a number"));
	return n == 0 ||
	    (tokens_uint(in, 1, INT64_MAX, &e->stream) && tokens_uint(in, 1, INT64_MAX, &e->serial));
}

static bool
get_hop_ms(struct tokens *in, struct envelope *e)
{
	int64_t last = 0, ms;
	struct token t;
	uint64_t n;

	in->field = "envelope.hop_ms";
	if (!tokens_array(in, e->nhops, e->nhops, &n))
		return false;
	for (size_t i = 0; i < e->nhops; i++) {
		if (!tokens_next(in, &t))
			return false;
		if (t.type == TOKEN_NULL)
			continue;
		if ((t.type != TOKEN_UINT && t.type != TOKEN_NEGATIVE) || t.n > INT64_MAX)
			return tokens_wrong(in, _("a number"));
		if (__builtin_add_overflow(last, t.type == TOKEN_UINT ? (int64_t)t.n : -1 - (int64_t)t.n, &ms) || ms <= 0)
			return tokens_wrong(in, _("a number"));
		e->hop_ms[i] = last = ms;
	}
	return true;
}

static bool
get_given_back(struct tokens *in, struct envelope *e)
{
	struct token t;

	in->field = "envelope.given_back";
	if (!tokens_next(in, &t))
		return false;
	if (t.type != TOKEN_BOOL)
		return tokens_wrong(in, _("true or false"));
	e->given_back = t.n != 0;
	return true;
}

static bool
get(struct tokens *in, struct envelope *e)
{
	char station[STATION_MAX];
	uint64_t items, version, n, precedence;
	const uint8_t *sig;
	size_t len;

	in->field = "envelope";
	if (!tokens_array(in, 5, UINT64_MAX, &items) || !tokens_uint(in, 0, UINT64_MAX, &version))
		return false;
	if (version != ENVELOPE_VERSION) {
		(void)fault_set(in->fault, EX_PROTOCOL, in->field, _("version %llu is not known here"),
		    (unsigned long long)version);
		return false;
	}
	in->field = "envelope.to";
	if (!tokens_array(in, 0, ENVELOPE_TO_MAX, &n))
		return false;
	for (; n > 0; n--) {
		if (!tokens_station(in, station))
			return false;
		envelope_add_to(e, station);
	}
	in->field = "envelope.hops";
	if (!tokens_array(in, 0, ENVELOPE_HOPS_MAX, &n))
		return false;
	for (; n > 0; n--) {
		if (!tokens_station(in, station))
			return false;
		(void)envelope_add_hop(e, station);
	}
	in->field = "envelope.precedence";
	if (!tokens_uint(in, PREC_FLASH, PREC_ROUTINE, &precedence))
		return false;
	e->precedence = (int)precedence;
	in->field = "envelope.sig";
	if (!tokens_bytes(in, 0, SIZE_MAX, &sig, &len))
		return false;
	buf_put(&e->sig, sig, len);
	if ((items > 5 && !get_number(in, e)) || (items > 6 && !get_hop_ms(in, e)) ||
	    (items > 7 && !get_given_back(in, e)))
		return false;
	in->field = "envelope";
	for (items -= items > 8 ? 8 : items; items > 0; items--)
		if (!tokens_skip(in))
			return false;
	if (in->n > 0) {
		(void)fault_set(in->fault, EX_DATAERR, in->field, _("%zu trailing bytes"), in->n);
		return false;
	}
	return true;
}

int
envelope_decode(const void *bytes, size_t len, struct envelope *e, struct fault *fault)
{
	struct tokens in = { .p = bytes, .n = len, .field = "envelope", .fault = fault };

	memset(e, 0, sizeof(*e));
	if (get(&in, e))
		return 0;
	envelope_free(e);
	return -1;
}

void
parcel_encode(const struct envelope *e, const void *body, size_t len, struct buf *out)
{
	struct buf env = { 0 };

	assert(len > 0 && len <= BODY_MAX);
	envelope_encode(e, &env);
	buf_put_varint(out, env.n);
	buf_put(out, env.p, env.n);
	buf_put(out, body, len);
	buf_free(&env);
}

int
parcel_decode(const void *bytes, size_t len, struct envelope *e, const uint8_t **body, size_t *body_len,
    struct fault *fault)
{
	struct reader r = reader_of(bytes, len);
	const uint8_t *env;
	uint64_t n;

	memset(e, 0, sizeof(*e));
	*body = NULL;
	*body_len = 0;
	if (!reader_varint(&r, &n) || n > r.n)
		return fault_set(fault, EX_DATAERR, "parcel", "%s", _("truncated"));
	if (!reader_bytes(&r, (size_t)n, &env))
		return fault_set(fault, EX_DATAERR, "parcel", "%s", _("truncated"));
	if (r.n == 0)
		return fault_set(fault, EX_DATAERR, "parcel", "%s", _("no body"));
	if (r.n > BODY_MAX)
		return fault_set(fault, EX_DATAERR, "parcel", _("body of %zu bytes, at most %d are allowed"), r.n,
		    BODY_MAX);
	if (envelope_decode(env, (size_t)n, e, fault) != 0)
		return -1;
	*body = r.p;
	*body_len = r.n;
	return 0;
}
