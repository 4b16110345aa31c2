#ifndef FORMATS_BODY_H
#define FORMATS_BODY_H
/*
 * A message body in memory: values of the field table, in key order (repeats in the order they were added), and the
 * keys this version does not know, kept as raw CBOR.  The exact bytes of a received body are kept beside it by whoever
 * stores it; a relay never encodes again.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fault.h"
#include "field.h"
#include "msgid.h"

#define DIGEST_LEN 32

enum figure_q { FIG_UNKNOWN = 0, FIG_EXACT = 1, FIG_ABOUT = 2, FIG_ATLEAST = 3, FIG_ATMOST = 4 };

struct figure {
	enum figure_q q;	/* FIG_UNKNOWN: n is 0 and means nothing; unknown is a value, not zero and not absent */
	int64_t n;		/* fixed point with field_decimals() places; never negative */
	const char *source;	/* who says so ("119", "消防", a station code); NULL: the message's author station */
	int64_t asof;		/* ms UTC the figure holds for; 0: the message's own time */
};

/* Bounds of an instant, ms UTC: every time with a four-digit year and an offset below 24 h lies within. */
#define WHEN_MS_MIN (-INT64_C(62200000000000))
#define WHEN_MS_MAX INT64_C(253500000000000)
#define WHEN_OFFSET_MAX 1439	/* minutes, either way */
#define ENUM_VALUE_MAX 65535	/* values of enumerations run from 1 */

struct when {
	int64_t ms;		/* ms UTC since 1970 */
	int16_t offset;		/* minutes east of UTC as written; 480 for our own */
	const char *text;	/* the original text of an imported time, or NULL */
};

struct geo { int32_t lat, lon; };	/* microdegrees */

struct value {
	uint32_t key;
	const struct field *field;	/* NULL: unknown key, raw/rawlen hold the CBOR value */
	union {
		struct { char *s; size_t len; } text;	/* FT_TEXT, FT_CODE, FT_STATION; NUL-terminated; owned */
		int64_t num;				/* FT_ENUM, FT_UINT, FT_BOOL */
		struct when when;			/* text owned */
		struct figure fig;			/* source owned */
		struct msgid id;
		struct geo geo;
		uint8_t digest[DIGEST_LEN];
		struct { uint8_t *p; size_t len; } raw;
	} u;
};

struct body {
	struct value *v;	/* sorted by key, stable */
	size_t n, cap;
	bool not_understood;	/* holds an unknown odd key: shown as "not fully understood" */
};

struct body *body_new(void);
void body_free(struct body *);			/* NULL is fine */
struct body *body_copy(const struct body *);

/* Readers.  NULL / false / 0 when the field is absent. */
const struct value *body_first(const struct body *, uint32_t key);
const struct value *body_next(const struct body *, const struct value *);	/* next value of the same key */
size_t body_count(const struct body *, uint32_t key);
const char *body_text(const struct body *, uint32_t key);
const char *body_said(const struct body *, uint32_t key);	/* its text, NULL when that is blanks only (U+3000, too) */
bool body_num(const struct body *, uint32_t key, int64_t *);
int body_enum(const struct body *, uint32_t key);		/* 0 when absent (no enumeration uses 0) */
bool body_flag(const struct body *, uint32_t key);		/* absent = false */
bool body_time(const struct body *, uint32_t key, int64_t *ms);
bool body_id(const struct body *, uint32_t key, struct msgid *);

/*
 * Writers.  set replaces all values of the key, add appends (and replaces where the field does not repeat).  The
 * caller's memory is copied, and may lie in this body.  The key must be in the table and of the right type, the value
 * one the wire can carry: enumerations 1..ENUM_VALUE_MAX, numbers not negative, bools 0 or 1, instants and offsets
 * within WHEN_*, figures with a known q and n >= 0, ids msgid_valid(), positions within +-90 and +-180 degrees.  All
 * that is asserted: what comes from outside is checked before it gets here.  Lengths of texts, the number of
 * repeats and the size of the whole are not measured here: check_body() and the station do.
 */
void body_unset(struct body *, uint32_t key);
void body_set_text(struct body *, uint32_t key, const char *);		/* NULL: as body_unset() */
void body_add_text(struct body *, uint32_t key, const char *, size_t len);
void body_set_num(struct body *, uint32_t key, int64_t);
void body_set_time(struct body *, uint32_t key, int64_t ms);		/* offset 480, no text */
void body_add_when(struct body *, uint32_t key, const struct when *);
void body_add_figure(struct body *, uint32_t key, const struct figure *);
void body_set_id(struct body *, uint32_t key, const struct msgid *);
void body_add_id(struct body *, uint32_t key, const struct msgid *);
void body_set_geo(struct body *, uint32_t key, int32_t lat, int32_t lon);
void body_set_digest(struct body *, uint32_t key, const uint8_t[DIGEST_LEN]);
void body_add_raw(struct body *, uint32_t key, const uint8_t *, size_t);	/* unknown key; replaces;
										 * one wire_value_valid() CBOR item */
void body_add_value(struct body *, const struct value *);		/* deep copy of a value of another body */

/* BLAKE2b-256. */
void digest_of(const void *, size_t, uint8_t out[DIGEST_LEN]);
void digest_hex(const uint8_t[DIGEST_LEN], char out[2 * DIGEST_LEN + 1]);
bool digest_parse(const char *hex, uint8_t out[DIGEST_LEN]);

#endif
