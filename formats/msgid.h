#ifndef FORMATS_MSGID_H
#define FORMATS_MSGID_H
/*
 * Identity of a message: (realm, origin station, epoch, serial), DESIGN 3.
 *
 * Text form: `330225102.1763787393.17`, in the exercise realm `X.330225102.1763787393.17`.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATION_MAX 32		/* bytes with NUL: 6, 9 or 12 digits, optionally '-' and an organ suffix [a-z0-9]+;
				 * or a private code: a letter, then [a-z0-9-] */
#define MSGID_TEXT_MAX 80	/* bytes with NUL */

enum realm {
	REALM_LIVE = 0,
	REALM_EXERCISE = 1
};

struct msgid {
	uint8_t realm;			/* enum realm */
	char origin[STATION_MAX];	/* "" = no id */
	uint64_t epoch;			/* max(last + 1, UTC seconds) of the switch's start */
	uint64_t serial;		/* from 1, one series a realm and epoch */
};

bool station_code_valid(const char *);
bool msgid_is_set(const struct msgid *);
/* A whole id: known realm, valid origin, epoch and serial within INT64_MAX, serial from 1. */
bool msgid_valid(const struct msgid *);
int msgid_cmp(const struct msgid *, const struct msgid *);	/* realm, origin, epoch, serial */
size_t msgid_format(const struct msgid *, char *buf, size_t size);	/* bytes without NUL; "" for none */
bool msgid_parse(const char *, struct msgid *);
uint64_t msgid_hash(const struct msgid *);

#endif
