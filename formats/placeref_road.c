/*
 * Stakes on roads and kilometres of rivers.
 *
 * What stands before the first stake (or kilometre) is the road or river, what stands behind it the direction or bank.
 * Nothing is left over in silence.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "i18n.h"
#include "placeref_part.h"

#define KM_DIGITS 5
#define NUMBER_DIGITS 6

/* Longer spellings stand before those they begin with. */
static const struct word road_sides[] = {{"上行方向", PLACEREF_UP}, {"上行线", PLACEREF_UP}, {"上行", PLACEREF_UP},
    {"下行方向", PLACEREF_DOWN}, {"下行线", PLACEREF_DOWN}, {"下行", PLACEREF_DOWN}, {"左幅", PLACEREF_LEFT},
    {"左侧", PLACEREF_LEFT}, {"左线", PLACEREF_LEFT}, {"右幅", PLACEREF_RIGHT}, {"右侧", PLACEREF_RIGHT},
    {"右线", PLACEREF_RIGHT}, {"双向", PLACEREF_BOTH}, {"双幅", PLACEREF_BOTH}, {"upbound", PLACEREF_UP},
    {"downbound", PLACEREF_DOWN}, {"up", PLACEREF_UP}, {"down", PLACEREF_DOWN}, {"left", PLACEREF_LEFT},
    {"right", PLACEREF_RIGHT}, {"both", PLACEREF_BOTH}, {NULL, 0}};
static const struct word river_sides[] = {{"左岸", PLACEREF_LEFT}, {"右岸", PLACEREF_RIGHT}, {"两岸", PLACEREF_BOTH},
    {"left bank", PLACEREF_LEFT}, {"right bank", PLACEREF_RIGHT}, {"both banks", PLACEREF_BOTH}, {"left", PLACEREF_LEFT},
    {"right", PLACEREF_RIGHT}, {"both", PLACEREF_BOTH}, {NULL, 0}};
static const struct word kilometres[] = {{"公里", 1}, {"千米", 1}, {"km", 1}, {NULL, 0}};
static const struct word metres_words[] = {{"米", 1}, {"m", 1}, {NULL, 0}};
static const struct word highways[] = {{"国道", 'G'}, {"省道", 'S'}, {"县道", 'X'}, {"乡道", 'Y'}, {NULL, 0}};

/* A stake at s: [A-F L R Y Z]K1234+500 or K1234.  Bytes, 0 when it is none. */
size_t
placeref_stake(const char *s, struct placeref *r)
{
	size_t i = 0, n, k;
	int64_t km, m = 0;

	if (s[0] != '\0' && strchr("abcdeflryz", s[0] | 0x20) != NULL && is_letter(s[0]) && upper(s[1]) == 'K')
		i = 1;
	if (upper(s[i]) != 'K')
		return 0;
	k = i + 1;
	n = placeref_digits(s + k, KM_DIGITS, &km);
	if (n == 0)
		return 0;
	k += n;
	if (s[k] == '+') {
		n = placeref_digits(s + k + 1, 3, &m);
		if (n == 0 || s[k + 1 + n] == '.')
			return 0;
		k += n + 1;
	} else if (s[k] == '.')
		return 0;
	if (strncmp(s + k, "米", 3) == 0)
		k += 3;
	(void)snprintf(r->stake, sizeof(r->stake), "%.*s", (int)i + 1, s);
	r->stake[0] = upper(r->stake[0]);
	r->stake[i] = 'K';
	r->metres = km * 1000 + m;
	return k;
}

/* No digit, sign or Latin letter (but the K of a stake) before it: -12km and 1e3km are no kilometres. */
static bool
number_begins(const char *s, size_t at)
{
	return at == 0 || (!is_digit(s[at - 1]) && strchr(".+-", s[at - 1]) == NULL &&
			      (!is_letter(s[at - 1]) || upper(s[at - 1]) == 'K'));
}

/* 1234公里500米, 12.5km, 12公里.  Bytes, 0 when it is none; *m in metres. */
size_t
placeref_distance(const char *s, int64_t *m)
{
	int64_t km, part = 0;
	size_t n = placeref_digits(s, KM_DIGITS, &km), k, d = 0;

	if (n == 0)
		return 0;
	if (s[n] == '.') {
		for (d = 0; d < 4 && is_digit(s[n + 1 + d]); d++)
			part = part * 10 + (s[n + 1 + d] - '0');
		if (d == 0 || d > 3)
			return 0;
		n += d + 1;
		for (; d < 3; d++)
			part *= 10;
	}
	while (s[n] == ' ')
		n++;
	if ((k = placeref_word(kilometres, s + n, NULL)) == 0)
		return 0;
	n += k;
	if (d == 0 && (k = placeref_digits(s + n, 3, &part)) != 0) {
		size_t w = placeref_word(metres_words, s + n + k, NULL);

		if (w == 0)
			return 0;
		n += k + w;
	}
	*m = km * 1000 + part;
	return n;
}

/* A road number at s: G15, S34A, X801; 318国道.  Bytes, 0 when it is none. */
size_t
placeref_number(const char *s, char *out, size_t size)
{
	size_t n, w;
	int64_t v;
	int letter;

	if (is_letter(s[0]) && strchr("GSXYCZ", upper(s[0])) != NULL && (n = placeref_digits(s + 1, NUMBER_DIGITS, &v)) != 0) {
		n++;
		if (is_letter(s[n]) && !is_letter(s[n + 1]) && !is_digit(s[n + 1]))
			n++;
		if (is_letter(s[n]) || is_digit(s[n]))
			return 0;
		(void)snprintf(out, size, "%.*s", (int)n, s);
		for (char *p = out; *p != '\0'; p++)
			*p = upper(*p);
		return n;
	}
	if ((n = placeref_digits(s, 4, &v)) != 0 && (w = placeref_word(highways, s + n, &letter)) != 0) {
		(void)snprintf(out, size, "%c%.*s", letter, (int)n, s);
		return n + w;
	}
	return 0;
}

/* Tidied, without brackets around the whole and without the word for stake behind it.  Never longer than it was. */
static void
unwrap(const char *s, char *out, size_t size)
{
	static const char stake_word[] = "桩号";
	const size_t w = sizeof(stake_word) - 1;
	char inner[PLACEREF_TEXT_MAX];
	size_t n;

	(void)placeref_tidy(s, strlen(s), out, size);
	for (;;) {
		n = strlen(out);
		if (n >= 2 && out[0] == '(' && out[n - 1] == ')')
			(void)placeref_tidy(out + 1, n - 2, inner, sizeof(inner));
		else if (n >= w && strcmp(out + n - w, stake_word) == 0)
			(void)placeref_tidy(out, n - w, inner, sizeof(inner));
		else
			break;
		(void)placeref_tidy(inner, strlen(inner), out, size);
	}
}

/* "G15沈海高速", "沈海高速(G15)", "沈海高速 G15", "318国道" to number and name. */
static int
road_head(const char *head, struct placeref *r, struct fault *f)
{
	char s[PLACEREF_TEXT_MAX], rest[PLACEREF_TEXT_MAX], *p = s;
	size_t n, len;

	unwrap(head, s, sizeof(s));
	if ((n = placeref_number(s, r->number, sizeof(r->number))) != 0)
		p = s + n;
	else
		for (len = strlen(s), n = 1; n < len && r->number[0] == '\0'; n++) {
			char number[sizeof(r->number)];
			size_t k;
			bool bracket = s[n] == '(';

			if (is_letter(s[n - 1]) || is_digit(s[n - 1]) ||
			    (k = placeref_number(s + n + bracket, number, sizeof(number))) == 0)
				continue;
			k += n + bracket;
			if (bracket ? strcmp(s + k, ")") != 0 : s[k] != '\0')
				continue;
			memcpy(r->number, number, sizeof(number));
			s[n] = '\0';
		}
	unwrap(p, rest, sizeof(rest));
	if (!placeref_tidy(rest, strlen(rest), r->name, sizeof(r->name)))
		return placeref_refuse(f, _("the name is too long"));
	if (r->number[0] == '\0' && r->name[0] == '\0')
		return placeref_refuse(f, _("which road?  Its number or name goes before the stake"));
	return 0;
}

/* "上行 往宁波方向" */
static int
road_tail(const char *s, struct placeref *r, struct fault *f)
{
	/* not 向 and 朝: 向阳, 朝阳 */
	static const struct word toward[] = {{"to ", 0}, {"开往", 0}, {"往", 0}, {NULL, 0}};
	static const char ending[] = "方向";
	const size_t end = sizeof(ending) - 1;
	int side;
	size_t n;
	bool said = false;

	for (;;) {
		s = placeref_skip(s);
		if (strncmp(s, "处", 3) == 0 &&
		    (s[3] == '\0' || placeref_separator(s + 3) != 0 || placeref_word(road_sides, s + 3, NULL) != 0 ||
			placeref_word(toward, s + 3, NULL) != 0))
			s += 3; /* not of 处州 */
		else if (r->side == PLACEREF_NOT_SAID && (n = placeref_word(road_sides, s, &side)) != 0 &&
			 (!is_letter(s[0]) || (!is_letter(s[n]) && !is_digit(s[n])))) {
			r->side = (enum placeref_side)side;
			s += n;
		} else
			break;
	}
	if (*s == '\0')
		return 0;
	if ((n = placeref_word(toward, s, NULL)) != 0) {
		said = true;
		s += n;
	}
	if (!placeref_tidy(s, strlen(s), r->toward, sizeof(r->toward)))
		return placeref_refuse(f, _("the name is too long"));
	while ((n = strlen(r->toward)) > end && strcmp(r->toward + n - end, ending) == 0) {
		char cut[PLACEREF_TOWARD_MAX];

		said = true;
		(void)placeref_tidy(r->toward, n - end, cut, sizeof(cut));
		memcpy(r->toward, cut, sizeof(cut));
	}
	if (!said || r->toward[0] == '\0' || strcmp(r->toward, ending) == 0)
		return fault_set(f, EX_DATAERR, PLACEREF_FIELD,
		    _("\"%s\" after the stake is no direction (up, down, left, right, both, to NAME)"), s);
	return 0;
}

int
placeref_road(const char *s, struct placeref *r, struct fault *f)
{
	char head[PLACEREF_TEXT_MAX], bare[PLACEREF_TEXT_MAX];
	size_t n = 0, at, len;

	for (at = 0; s[at] != '\0' && n == 0; at++) {
		/* a K within a Latin word is no stake */
		if (at > 0 && is_letter(s[at]) && is_letter(s[at - 1]))
			continue;
		if ((n = placeref_stake(s + at, r)) != 0)
			break;
	}
	for (at = n != 0 ? at : 0; n == 0 && s[at] != '\0'; at++)
		if (is_digit(s[at]) && number_begins(s, at) && (n = placeref_distance(s + at, &r->metres)) != 0) {
			(void)snprintf(r->stake, sizeof(r->stake), "K");
			break;
		}
	if (n == 0)
		return placeref_refuse(f, _("a road needs a stake such as K1234+500"));
	(void)snprintf(head, sizeof(head), "%.*s", (int)at, s);
	/* 沈海高速桩号(K12+300): the brackets around the stake go */
	unwrap(head, bare, sizeof(bare));
	while ((len = strlen(bare)) > 0 && bare[len - 1] == '(' && s[at + n] == ')') {
		(void)snprintf(head, sizeof(head), "%.*s", (int)len - 1, bare);
		unwrap(head, bare, sizeof(bare));
		n++;
	}
	return road_head(bare, r, f) == -1 ? -1 : road_tail(s + at + n, r, f);
}

/* ---- rivers ---- */

int
placeref_river(const char *s, struct placeref *r, struct fault *f)
{
	struct placeref stake = {0};
	size_t n = 0, at;
	int side;

	for (at = 0; s[at] != '\0'; at++) {
		if (is_digit(s[at]) && number_begins(s, at) &&
		    (n = placeref_distance(s + at, &r->metres)) != 0)
			break;
		if (upper(s[at]) == 'K' && (at == 0 || !is_letter(s[at - 1])) && (n = placeref_stake(s + at, &stake)) != 0) {
			r->metres = stake.metres;
			break;
		}
	}
	if (n == 0)
		return placeref_refuse(f, _("a river needs its kilometre, such as 12.5km (at most three decimals)"));
	if (!placeref_tidy(s, at - (at > 0 && upper(s[at - 1]) == 'K' && is_digit(s[at])), r->name, sizeof(r->name)))
		return placeref_refuse(f, _("the name is too long"));
	if (r->name[0] == '\0')
		return placeref_refuse(f, _("which river?  Its name goes before the kilometre"));
	for (s += at + n;;) {
		s = placeref_skip(s);
		if (strncmp(s, "处", 3) == 0)
			s += 3;
		else if (r->side == PLACEREF_NOT_SAID && (n = placeref_word(river_sides, s, &side)) != 0) {
			r->side = (enum placeref_side)side;
			s += n;
		} else
			break;
	}
	if (*s != '\0')
		return fault_set(f, EX_DATAERR, PLACEREF_FIELD,
		    _("\"%s\" after the kilometre is no bank (left, right, both)"), s);
	return 0;
}
