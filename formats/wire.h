#ifndef FORMATS_WIRE_H
#define FORMATS_WIRE_H
/*
 * Bodies and envelopes as deterministic CBOR (RFC 8949 4.2.1: shortest forms, definite lengths, keys ascending).
 *
 * A body is one map, key -> value; a repeatable field's value is an array.
 *   text, code, station  text string        time    [ms, offset] or [ms, offset, original text]; ms may be negative
 *   enum, uint           unsigned           figure  [q, n] or [q, n, source] or [q, n, source, asof]; source may be null
 *   bool                 true/false         msgid   [realm, origin, epoch, serial]
 *   geo                  [lat, lon]         digest  byte string of 32
 * Decoding uses libcbor's streaming decoder only, with bounds: BODY_MAX bytes, depth 8 inside unknown values, counts as
 * the bytes left allow; duplicate or descending keys, indefinite lengths, wrong types, bad UTF-8 and trailing bytes
 * are refused with the field's name.  Unknown keys are kept as they are.
 */
#include "body.h"
#include "buf.h"
#include "fault.h"

void wire_encode(const struct body *, struct buf *out);
struct body *wire_decode(const void *, size_t, struct fault *);	/* NULL + fault when refused; caller frees */
bool wire_check(const void *, size_t, struct fault *);	/* would wire_decode() take it?  false + fault: no */
/* Whether the bytes are one CBOR item that wire_decode() would take as the value of an unknown key. */
bool wire_value_valid(const void *, size_t);

#define ENVELOPE_HOPS_MAX 16
#define ENVELOPE_TO_MAX FIELD_REPEAT_MAX

/* Unhashed, per hop: which addressees this copy serves, where it has been. */
struct envelope {
	char (*to)[STATION_MAX];	/* owned; the addressees this copy is for */
	size_t nto;
	char hops[ENVELOPE_HOPS_MAX][STATION_MAX];	/* stations that had custody, origin first */
	size_t nhops;
	int64_t hop_ms[ENVELOPE_HOPS_MAX];	/* ms UTC each of them took custody, by its own clock; 0 not told */
	uint64_t stream, serial;	/* number on the line it comes over (switch/journal.h); 0 = none told */
	bool given_back;		/* returned to a station that has lost it (restored from a backup) */
	int precedence;			/* effective, enum precedence */
	struct buf sig;			/* detached signatures, opaque here; may be empty */
};
void envelope_free(struct envelope *);
void envelope_add_to(struct envelope *, const char *station);
bool envelope_add_hop(struct envelope *, const char *station);	/* false: too many hops */
bool envelope_has_hop(const struct envelope *, const char *station);
/* [1, [to...], [hops...], precedence, sig, [stream, serial] or [], [hop ms..., each less the one told before; null: not told],
 * given back]; the last three may be missing (peers of version 1), further elements are ignored on decode.  Decoding writes the whole envelope
 * (what it held before is not freed); precedences other than 1..4 and invalid station codes are refused; 0 or
 * -1 + fault, then there is nothing to free. */
void envelope_encode(const struct envelope *, struct buf *out);
int envelope_decode(const void *, size_t, struct envelope *, struct fault *);

/* What a link carries as one item: varint envelope length, envelope, body bytes (1 to BODY_MAX, asserted on encode).
 * Decoding does not look into the body; *body is a view into the input. */
void parcel_encode(const struct envelope *, const void *body, size_t len, struct buf *out);
int parcel_decode(const void *, size_t, struct envelope *, const uint8_t **body, size_t *len, struct fault *);

#endif
