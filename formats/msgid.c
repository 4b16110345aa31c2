/*
 * Message identities and station codes.
 *
 * An id has one text form and one only (no leading zeros, no spaces), so that two texts are the same message
 * exactly when they are the same bytes.  Epoch and serial stay within INT64_MAX because every journal keeps them
 * as signed 64-bit.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "msgid.h"

static bool digit(char);
static bool lower_or_digit(char);
static bool parse_number(const char **, uint64_t *);
static uint64_t mix(uint64_t, const void *, size_t);

/* The C locale's notion of these, whatever the user's is. */
static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
lower_or_digit(char c)
{
	return digit(c) || (c >= 'a' && c <= 'z');
}

bool
station_code_valid(const char *s)
{
	size_t len = strnlen(s, STATION_MAX), i = 0;

	if (len == 0 || len >= STATION_MAX)
		return false;
	if (digit(s[0])) {
		while (digit(s[i]))
			i++;
		if (i != 6 && i != 9 && i != 12)
			return false;
		if (s[i] == '\0')
			return true;
		if (s[i] != '-' || s[i + 1] == '\0')
			return false;
		for (i++; s[i] != '\0'; i++)
			if (!lower_or_digit(s[i]))
				return false;
		return true;
	}
	if (!((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z')))
		return false;
	/* "X" alone would read like the mark of the exercise realm. */
	if (len == 1 && s[0] == 'X')
		return false;
	for (i = 1; i < len; i++)
		if (!lower_or_digit(s[i]) && s[i] != '-')
			return false;
	return true;
}

bool
msgid_is_set(const struct msgid *id)
{
	return id->origin[0] != '\0';
}

bool
msgid_valid(const struct msgid *id)
{
	return id->realm <= REALM_EXERCISE && memchr(id->origin, '\0', STATION_MAX) != NULL &&
	    station_code_valid(id->origin) && id->epoch <= INT64_MAX && id->serial >= 1 && id->serial <= INT64_MAX;
}

int
msgid_cmp(const struct msgid *a, const struct msgid *b)
{
	int c;

	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	c = strncmp(a->origin, b->origin, STATION_MAX);
	if (c != 0)
		return c < 0 ? -1 : 1;
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	if (a->serial != b->serial)
		return a->serial < b->serial ? -1 : 1;
	return 0;
}

/* Ends before p; where it begins. */
static char *
put_number(char *p, uint64_t n)
{
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return p;
}

size_t
msgid_format(const struct msgid *id, char *buf, size_t size)
{
	char text[MSGID_TEXT_MAX], *p = text + sizeof(text);
	size_t len, n;

	if (size == 0)
		return 0;
	buf[0] = '\0';
	if (!msgid_is_set(id))
		return 0;
	assert(memchr(id->origin, '\0', STATION_MAX) != NULL);
	/* from its end, without printf: several are written for every message */
	p = put_number(p, id->serial);
	*--p = '.';
	p = put_number(p, id->epoch);
	*--p = '.';
	len = strlen(id->origin);
	p -= len;
	memcpy(p, id->origin, len);
	if (id->realm == REALM_EXERCISE) {
		*--p = '.';
		*--p = 'X';
	}
	n = (size_t)(text + sizeof(text) - p);
	if (n >= size)
		return 0;	/* half an id is another message's id */
	memcpy(buf, p, n);
	buf[n] = '\0';
	return n;
}

static bool
parse_number(const char **sp, uint64_t *v)
{
	const char *s = *sp;
	uint64_t x = 0;

	if (!digit(*s) || (*s == '0' && digit(s[1])))
		return false;
	for (; digit(*s); s++) {
		uint64_t d = (uint64_t)(*s - '0');

		if (x > ((uint64_t)INT64_MAX - d) / 10)
			return false;
		x = x * 10 + d;
	}
	*sp = s;
	*v = x;
	return true;
}

bool
msgid_parse(const char *s, struct msgid *out)
{
	struct msgid id;
	const char *dot;
	size_t len;

	memset(&id, 0, sizeof(id));
	if (s[0] == 'X' && s[1] == '.') {
		id.realm = REALM_EXERCISE;
		s += 2;
	}
	dot = strchr(s, '.');
	if (dot == NULL)
		return false;
	len = (size_t)(dot - s);
	if (len == 0 || len >= STATION_MAX)
		return false;
	memcpy(id.origin, s, len);
	s = dot + 1;
	if (!parse_number(&s, &id.epoch) || *s != '.')
		return false;
	s++;
	if (!parse_number(&s, &id.serial) || *s != '\0' || !msgid_valid(&id))
		return false;
	*out = id;
	return true;
}

/* FNV-1a. */
static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *c = p;
	size_t i;

	for (i = 0; i < n; i++) {
		h ^= c[i];
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

uint64_t
msgid_hash(const struct msgid *id)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	h = mix(h, &id->realm, sizeof(id->realm));
	/* With its NUL, so that the origin's end is part of what is hashed. */
	h = mix(h, id->origin, strnlen(id->origin, STATION_MAX - 1) + 1);
	h = mix(h, &id->epoch, sizeof(id->epoch));
	h = mix(h, &id->serial, sizeof(id->serial));
	/* FNV leaves its low bits weak for tables that are a power of two long. */
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 32;
	return h;
}
