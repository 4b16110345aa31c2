#ifndef FORMATS_PLACEREF_PART_H
#define FORMATS_PLACEREF_PART_H
/*
 * What placeref.c, placeref_road.c and placeref_sea.c share and nobody else needs.  Texts are narrowed (full-width forms to
 * ASCII) and below PLACEREF_TEXT_MAX bytes.
 */
#include "placeref.h"

#define PLACEREF_FIELD "where"

struct word {
	const char *s;
	int v;
};

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int placeref_refuse(struct fault *, const char *reason);	/* -1 */
/* Bytes of the first word of the list (ended by NULL) that s begins with, ASCII without case; 0 when none.  *v its value. */
size_t placeref_word(const struct word *list, const char *s, int *v);
size_t placeref_separator(const char *);	/* bytes of what may stand between two parts, 0 when it is none */
const char *placeref_skip(const char *);	/* past all separators */
/* Copies len bytes without separators at the ends and with single blanks within; false when it does not fit. */
bool placeref_tidy(const char *s, size_t len, char *out, size_t size);
/* 1 to max digits; their number, 0 when none or too many. */
size_t placeref_digits(const char *s, size_t max, int64_t *out);

/* A stake at s ([A-F L R Y Z]K1234+500, K1234), a distance (1234公里500米, 12.5km), a road number (G15, 318国道): bytes, 0
 * when it is none. */
size_t placeref_stake(const char *s, struct placeref *);
size_t placeref_distance(const char *s, int64_t *metres);
size_t placeref_number(const char *s, char *out, size_t size);

int placeref_road(const char *, struct placeref *, struct fault *);
int placeref_river(const char *, struct placeref *, struct fault *);
int placeref_sea(const char *, struct placeref *, struct fault *);

#endif
