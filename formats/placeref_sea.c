/*
 * Positions at sea.
 *
 * Computed in integers (nanodegrees): no rounding of a double moves a ship, and NaN cannot be written.
 */
#include <string.h>
#include <sysexits.h>
#include "i18n.h"
#include "placeref_part.h"

#define NANO INT64_C(1000000000)
#define FRACTION_MAX 18	/* digits behind the point that are looked at; the first nine count */

static const struct word degrees[] = {{"°", 1}, {"度", 1}, {"º", 1}, {NULL, 0}};
static const struct word minutes[] = {{"'", 1}, {"′", 1}, {"’", 1}, {"分", 1}, {NULL, 0}};
static const struct word seconds[] = {{"\"", 1}, {"″", 1}, {"”", 1}, {"秒", 1}, {"''", 1}, {NULL, 0}};
enum { NORTH = 1, SOUTH, EAST, WEST };
static const struct word hemispheres[] = {{"北纬", NORTH}, {"南纬", SOUTH}, {"东经", EAST}, {"西经", WEST},
    {"n", NORTH}, {"s", SOUTH}, {"e", EAST}, {"w", WEST}, {NULL, 0}};

/* A decimal in units of 1e-9; *whole: it has no fraction.  Bytes, 0 when none. */
static size_t
decimal_at(const char *s, int64_t *out, bool *whole)
{
	int64_t v;
	size_t n = placeref_digits(s, 3, &v), d = 0;

	if (n == 0)
		return 0;
	v *= NANO;
	*whole = s[n] != '.';
	if (!*whole) {
		int64_t unit = NANO / 10;

		for (n++; is_digit(s[n]); n++, d++) {
			if (d == FRACTION_MAX)
				return 0;
			v += (s[n] - '0') * unit;
			unit /= 10;
		}
		if (d == 0)
			return 0;
	}
	*out = v;
	return n;
}

struct axis {
	int64_t nano;
	int hemisphere;	/* 0: not said */
};

/* One coordinate; moves *s on. */
static int
axis_at(const char **s, struct axis *a, struct fault *f)
{
	const char *p = placeref_skip(*s);
	bool whole, minus = false;
	int64_t part;
	size_t n;

	a->hemisphere = 0;
	if ((n = placeref_word(hemispheres, p, &a->hemisphere)) != 0)
		p = placeref_skip(p + n);
	else if (*p == '-' || *p == '+')
		minus = *p++ == '-';
	if ((n = decimal_at(p, &a->nano, &whole)) == 0)
		return placeref_refuse(f, _("a position is two coordinates, such as N29.208333 E122.051667 or 29.208333,122.051667"));
	p += n;
	if ((n = placeref_word(degrees, p, NULL)) != 0) {
		const char *q = p += n;

		while (*q == ' ')
			q++;
		if (is_digit(*q) && (n = decimal_at(q, &part, &whole)) != 0 && placeref_word(minutes, q + n, NULL) != 0) {
			if (a->nano % NANO != 0 || part >= 60 * NANO)
				return placeref_refuse(f, _("minutes go from 0 to below 60, after whole degrees"));
			a->nano += part / 60;
			p = q + n;
			p += placeref_word(minutes, p, NULL);
			for (q = p; *q == ' '; q++)
				;
			if (is_digit(*q) && (n = decimal_at(q, &part, &(bool){false})) != 0 &&
			    placeref_word(seconds, q + n, NULL) != 0) {
				if (!whole || part >= 60 * NANO)
					return placeref_refuse(f, _("seconds go from 0 to below 60, after whole minutes"));
				a->nano += part / 3600;
				p = q + n;
				p += placeref_word(seconds, p, NULL);
			}
		}
	}
	if (a->hemisphere == 0) {
		const char *q = p;

		while (*q == ' ')
			q++;
		/* N and E behind the number; a Chinese word belongs to the next coordinate */
		if (is_letter(*q) && (n = placeref_word(hemispheres, q, &a->hemisphere)) != 0)
			p = q + n;
	} else if (minus)
		return placeref_refuse(f, _("a sign and a hemisphere do not go together"));
	if (minus && a->hemisphere != 0)
		return placeref_refuse(f, _("a sign and a hemisphere do not go together"));
	if (minus || a->hemisphere == SOUTH || a->hemisphere == WEST)
		a->nano = -a->nano;
	*s = p;
	return 0;
}

static int32_t
micro(int64_t nano)
{
	return (int32_t)((nano + (nano < 0 ? -500 : 500)) / 1000);
}

int
placeref_sea(const char *s, struct placeref *r, struct fault *f)
{
	struct axis a, b;
	bool lon_first;

	if (axis_at(&s, &a, f) == -1 || axis_at(&s, &b, f) == -1)
		return -1;
	s = placeref_skip(s);
	if (*s != '\0')
		return fault_set(f, EX_DATAERR, PLACEREF_FIELD, _("\"%s\" after the position is not understood"), s);
	lon_first = a.hemisphere == EAST || a.hemisphere == WEST;
	if ((a.hemisphere == 0) != (b.hemisphere == 0) ||
	    (a.hemisphere != 0 && lon_first == (b.hemisphere == EAST || b.hemisphere == WEST)))
		return placeref_refuse(f, _("one latitude (N, S) and one longitude (E, W) are needed"));
	if (lon_first) {
		struct axis t = a;

		a = b;
		b = t;
	}
	r->geo.lat = 0;
	if (a.nano > 90 * NANO || a.nano < -90 * NANO || b.nano > 180 * NANO || b.nano < -180 * NANO)
		return placeref_refuse(f, _("latitude goes to 90 degrees, longitude to 180"));
	r->geo.lat = micro(a.nano);
	r->geo.lon = micro(b.nano);
	return 0;
}
