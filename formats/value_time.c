/*
 * Times as people and protocols write them.
 *
 * Calendar arithmetic is our own and works on integers alone: the C library's takes the time zone from the environment
 * of whoever started the program, and a report's hour must not depend on that.  The duty room's zone is UTC+08:00; what
 * came with another offset keeps it.  An impossible date is refused, never rolled over into the next month.
 */
#include <stdio.h>
#include <string.h>
#include "text.h"
#include "value.h"
#include "value_part.h"

#define HOME_OFFSET 480 /* minutes east */
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define YEARS_TRIED 4 /* 29 February lies at most this far off, bar 1900s */

struct civil {
	int year, month, day;
};

static int64_t days_of(struct civil);
static struct civil civil_of(int64_t days);
static bool civil_valid(struct civil);
static bool number(const char **, int min, int max, int *);
static bool clock_of(const char **, int min, int64_t *ms, bool *leap);
static bool offset_of(const char **, int *);
static bool put(struct when *, int64_t days, int64_t clock, bool leap, int offset);
static bool dated(const char *, int min, bool need_offset, struct when *);
static int64_t floor_div(int64_t, int64_t);

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool
leap_year(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static bool
civil_valid(struct civil c)
{
	static const int len[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return c.year >= 0 && c.year <= 9999 && c.month >= 1 && c.month <= 12 && c.day >= 1 &&
	       c.day <= len[c.month - 1] + (c.month == 2 && leap_year(c.year));
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March here, so that the leap day is the
 * last. */
static int64_t
days_of(struct civil c)
{
	int64_t y = c.month > 2 ? c.year : c.year - 1;
	int64_t month = (c.month + 9) % 12;

	return 365 * y + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) + (153 * month + 2) / 5 + c.day - 1 -
	       719468;
}

static struct civil
civil_of(int64_t days)
{
	int64_t era, doe, yoe, doy, month;
	struct civil c;

	days += 719468;
	era = floor_div(days, 146097);
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	month = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * month + 2) / 5 + 1);
	c.month = (int)(month < 10 ? month + 3 : month - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	return c;
}

/* A number of min to max digits. */
static bool
number(const char **p, int min, int max, int *out)
{
	int n = 0, v = 0;

	while (n < max && (*p)[n] >= '0' && (*p)[n] <= '9')
		v = 10 * v + ((*p)[n++] - '0');
	if (n < min)
		return false;
	*p += n;
	*out = v;
	return true;
}

/* HH:MM[:SS[.fraction]] as ms of the day; a leap second counts as the last of its minute and is told apart. */
static bool
clock_of(const char **p, int min, int64_t *ms, bool *leap)
{
	int h, m, s = 0, part = 0, scale = 100;

	*leap = false;
	if (!number(p, min, 2, &h) || *(*p)++ != ':' || !number(p, 2, 2, &m) || h > 23 || m > 59)
		return false;
	if (**p == ':') {
		(*p)++;
		if (!number(p, 2, 2, &s) || s > 60)
			return false;
		if (**p == '.') {
			(*p)++;
			if (**p < '0' || **p > '9')
				return false;
			for (; **p >= '0' && **p <= '9'; (*p)++, scale /= 10)
				part += scale * (**p - '0');
		}
	}
	*leap = s == 60;
	*ms = h * HOUR_MS + m * MINUTE_MS + s * INT64_C(1000) + part;
	return true;
}

static bool
offset_of(const char **p, int *offset)
{
	int sign, h, m;

	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		*offset = 0;
		return true;
	}
	if (**p != '+' && **p != '-')
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	if (!number(p, 2, 2, &h) || *(*p)++ != ':' || !number(p, 2, 2, &m) || h > 23 || m > 59)
		return false;
	*offset = sign * (60 * h + m);
	return true;
}

static bool
put(struct when *w, int64_t days, int64_t clock, bool leap, int offset)
{
	int64_t ms = days * DAY_MS + clock - offset * MINUTE_MS;

	/* RFC 3339 5.7: a 61st second there is only at the end of a UTC day */
	if (leap && floor_div(ms, DAY_MS) * DAY_MS + 999 < ms)
		return false;
	if (ms < WHEN_MS_MIN || ms > WHEN_MS_MAX)
		return false;
	*w = (struct when){.ms = ms, .offset = (int16_t)offset, .text = NULL};
	return true;
}

static bool
dated(const char *p, int min, bool need_offset, struct when *w)
{
	struct civil c;
	int64_t clock;
	int offset = HOME_OFFSET;
	bool leap;

	if (!number(&p, 4, 4, &c.year) || *p++ != '-' || !number(&p, min, 2, &c.month) || *p++ != '-' ||
	    !number(&p, min, 2, &c.day) || !civil_valid(c))
		return false;
	if (*p != 'T' && *p != 't' && *p != ' ')
		return false;
	p++;
	if (!clock_of(&p, min, &clock, &leap))
		return false;
	if ((need_offset || *p != '\0') && !offset_of(&p, &offset))
		return false;
	return *p == '\0' && put(w, days_of(c), clock, leap, offset);
}

bool
time_parse_rfc3339(const char *s, struct when *w)
{
	return dated(s, 2, true, w);
}

/* "11-22 14:10": of the years in question the one that lies nearest to now, as a year's turn is crossed both ways (a
 * report of last night, a limit of next week). */
static bool
yearless(const char *p, int64_t now, struct when *w)
{
	int64_t clock, best = INT64_MAX, today = floor_div(now + HOME_OFFSET * MINUTE_MS, DAY_MS);
	struct civil c = {0, 0, 0}, base = civil_of(today);
	struct when at;
	bool leap;

	if (!number(&p, 1, 2, &c.month) || *p++ != '-' || !number(&p, 1, 2, &c.day) || (*p != ' ' && *p != 'T'))
		return false;
	p++;
	if (!clock_of(&p, 1, &clock, &leap) || *p != '\0')
		return false;
	for (int dy = -YEARS_TRIED; dy <= YEARS_TRIED; dy++) {
		int64_t far;

		c.year = base.year + dy;
		if (!civil_valid(c) || !put(&at, days_of(c), clock, leap, HOME_OFFSET))
			continue;
		far = at.ms > now ? at.ms - now : now - at.ms;
		if (far < best) {
			best = far;
			*w = at;
		}
	}
	return best != INT64_MAX;
}

bool
value_time_typed(const char *s, int64_t now, bool later, struct when *w)
{
	char text[64];
	const char *p = text;
	int64_t clock, today;
	bool leap;

	if (!value_narrow(s, text, sizeof(text)) || now < WHEN_MS_MIN + 2 * DAY_MS || now > WHEN_MS_MAX - 2 * DAY_MS)
		return false;
	if (dated(text, 1, false, w) || yearless(text, now, w))
		return true;
	if (!clock_of(&p, 1, &clock, &leap) || *p != '\0')
		return false;
	today = floor_div(now + HOME_OFFSET * MINUTE_MS, DAY_MS);
	if (!put(w, today, clock, leap, HOME_OFFSET))
		return false;
	if (later) {
		/* a limit just gone by is more likely meant (and seen to be over at once) than one a day ahead */
		if (w->ms < now - HOUR_MS)
			w->ms += DAY_MS;
	} else if (w->ms > now + 12 * HOUR_MS)
		w->ms -= DAY_MS;
	return true;
}

bool
value_time_rfc3339(int64_t ms, int offset, char *buf, size_t size)
{
	int64_t local, days, clock;
	struct civil c;
	char part[8] = "", zone[8];
	int away = offset < 0 ? -offset : offset, n;

	if (ms < WHEN_MS_MIN || ms > WHEN_MS_MAX || away > WHEN_OFFSET_MAX)
		return false;
	local = ms + offset * MINUTE_MS;
	days = floor_div(local, DAY_MS);
	clock = local - days * DAY_MS;
	c = civil_of(days);
	if (c.year < 0 || c.year > 9999)
		return false;
	if (clock % 1000 != 0)
		(void)snprintf(part, sizeof(part), ".%03d", (int)(clock % 1000));
	(void)snprintf(zone, sizeof(zone), "%c%02d:%02d", offset < 0 ? '-' : '+', away / 60 % 24, away % 60);
	n = snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", c.year, c.month, c.day, (int)(clock / HOUR_MS),
	    (int)(clock / MINUTE_MS % 60), (int)(clock / 1000 % 60), part, zone);
	return n > 0 && (size_t)n < size;
}

const char *
time_format(int64_t ms, enum time_form form, char *buf, size_t size)
{
	int64_t local, days, clock;
	struct civil c;
	int h, m;

	/* what no calendar of ours holds is shown as its edge: the arithmetic below stays exact */
	if (ms < WHEN_MS_MIN)
		ms = WHEN_MS_MIN;
	if (ms > WHEN_MS_MAX)
		ms = WHEN_MS_MAX;
	local = ms + HOME_OFFSET * MINUTE_MS;
	days = floor_div(local, DAY_MS);
	clock = local - days * DAY_MS;
	c = civil_of(days);
	h = (int)(clock / HOUR_MS);
	m = (int)(clock / MINUTE_MS % 60);
	switch (form) {
	case TIME_FULL:
		(void)snprintf(buf, size, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, h, m);
		break;
	case TIME_DAY:
		(void)snprintf(buf, size, "%02d-%02d %02d:%02d", c.month, c.day, h, m);
		break;
	case TIME_CLOCK:
		(void)snprintf(buf, size, "%02d:%02d", h, m);
		break;
	case TIME_RFC3339:
		(void)snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+08:00", c.year, c.month, c.day, h, m,
		    (int)(clock / 1000 % 60), (int)(clock % 1000));
		break;
	}
	return buf;
}
