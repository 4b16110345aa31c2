/*
 * Places that have no address: which of the three kinds a text is, and the canonical text.  placeref_road.c reads roads and
 * rivers, placeref_sea.c positions.
 *
 * The callers of such a room are drivers, skippers and dyke watchers: they give a stake, a kilometre or a position, in a
 * dozen spellings.  All of them become one canonical text, so that two reports of one place can be told to be of one
 * place.  Nothing is guessed: what is left over after reading is a reason to refuse, by name.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "i18n.h"
#include "placeref_part.h"
#include "text.h"

#define MICRO INT64_C(1000000)

static const struct word prefixes[] = {{"road:", PLACEREF_ROAD}, {"公路:", PLACEREF_ROAD}, {"道路:", PLACEREF_ROAD},
    {"river:", PLACEREF_RIVER}, {"河流:", PLACEREF_RIVER}, {"河道:", PLACEREF_RIVER}, {"sea:", PLACEREF_SEA},
    {"海上:", PLACEREF_SEA}, {"海域:", PLACEREF_SEA}, {NULL, 0}};

int
placeref_refuse(struct fault *f, const char *reason)
{
	return fault_set(f, EX_DATAERR, PLACEREF_FIELD, "%s", reason);
}

size_t
placeref_word(const struct word *list, const char *s, int *v)
{
	for (; list->s != NULL; list++) {
		size_t n = strlen(list->s);

		if (strncasecmp(s, list->s, n) == 0) {
			if (v != NULL)
				*v = list->v;
			return n;
		}
	}
	return 0;
}

size_t
placeref_separator(const char *s)
{
	if (*s == ' ' || *s == ',' || *s == ';')
		return 1;
	return strncmp(s, "、", 3) == 0 || strncmp(s, "。", 3) == 0 ? 3 : 0;
}

const char *
placeref_skip(const char *s)
{
	size_t n;

	while ((n = placeref_separator(s)) != 0)
		s += n;
	return s;
}

bool
placeref_tidy(const char *s, size_t len, char *out, size_t size)
{
	char tidy[PLACEREF_TEXT_MAX];	/* measured without the separators at its ends */
	const char *end = s + len;
	size_t o = 0;

	out[0] = '\0';
	for (size_t n; s < end && (n = placeref_separator(s)) != 0;)
		s += n;
	while (s < end) {
		if (*s == ' ' && (o == 0 || tidy[o - 1] == ' ')) {
			s++;
			continue;
		}
		if (o + 1 >= sizeof(tidy))
			return false;
		tidy[o++] = *s++;
	}
	tidy[o] = '\0';
	for (;;) {
		if (o > 0 && placeref_separator(tidy + o - 1) == 1)
			o--;
		else if (o >= 3 && placeref_separator(tidy + o - 3) == 3)
			o -= 3;
		else
			break;
		tidy[o] = '\0';
	}
	if (o >= size)
		return false;
	memcpy(out, tidy, o + 1);
	return true;
}

/* Full-width forms and the ideographic blank to ASCII, case kept.  Control characters and bytes that are no UTF-8 are refused. */
static int
narrow(const char *text, char *out, size_t size, struct fault *f)
{
	size_t len = strlen(text), n, o = 0;
	uint32_t cp;

	if (len >= PLACEREF_TEXT_MAX)
		return fault_set(f, EX_DATAERR, PLACEREF_FIELD, _("is longer than %d bytes"), PLACEREF_TEXT_MAX - 1);
	if (!text_clean(text, len, false, NULL) || !text_utf8_valid(text, len, NULL))
		return placeref_refuse(f, _("holds control characters or is no UTF-8"));
	assert(size >= PLACEREF_TEXT_MAX);
	for (size_t i = 0; i < len; i += n) {
		n = text_decode(text + i, len - i, &cp);
		if (cp >= 0xff01 && cp <= 0xff5e)
			out[o++] = (char)(cp - 0xff01 + '!');
		else if (cp == 0x3000 || cp == 0xa0)
			out[o++] = ' ';
		else {
			memcpy(out + o, text + i, n);
			o += n;
		}
	}
	out[o] = '\0';
	return 0;
}

size_t
placeref_digits(const char *s, size_t max, int64_t *out)
{
	size_t n = 0;

	for (*out = 0; is_digit(s[n]); n++) {
		if (n == max)
			return 0;
		*out = *out * 10 + (s[n] - '0');
	}
	return n;
}

/* ---- which of the three ---- */

static bool
holds(const char *s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strstr(s, *list) != NULL)
			return true;
	return false;
}

/* Without a prefix: what the text itself shows.  0: it does not. */
static int
kind_of(const char *s)
{
	static const char *const sea[] = {"°", "º", "北纬", "南纬", "东经", "西经", NULL};
	static const char *const river[] = {"左岸", "右岸", "两岸", "bank", NULL};
	static const char *const road[] = {"国道", "省道", "县道", "乡道", "高速", "公路", "大道", "路", "线", NULL};
	static const char *const water[] = {"江", "河", "溪", "港", "渠", "浦", "湖", "水", "塘", "浜", "泾", NULL};
	struct placeref unread = {0};
	char number[sizeof(unread.number)];
	int64_t m;

	if (holds(s, sea) || s[strspn(s, "0123456789.,;+- nsewNSEW")] == '\0')
		return PLACEREF_SEA;
	if (holds(s, river))
		return PLACEREF_RIVER;
	if (placeref_number(s, number, sizeof(number)) != 0 || holds(s, road))
		return PLACEREF_ROAD;
	if (holds(s, water))
		return PLACEREF_RIVER;
	for (size_t i = 0; s[i] != '\0'; i++)
		if (placeref_stake(s + i, &unread) != 0 || placeref_distance(s + i, &m) != 0)
			return PLACEREF_ROAD;
	return 0;
}

int
placeref_parse(const char *text, struct placeref *out, struct fault *f)
{
	char s[PLACEREF_TEXT_MAX];
	const char *p = s;
	struct placeref r;
	int kind = 0, rc;

	memset(out, 0, sizeof(*out));
	memset(&r, 0, sizeof(r));
	if (narrow(text, s, sizeof(s), f) == -1)
		return -1;
	p = placeref_skip(p);
	if (*p == '\0')
		return placeref_refuse(f, _("is empty"));
	p += placeref_word(prefixes, p, &kind);
	if (kind == 0 && (kind = kind_of(p)) == 0)
		return placeref_refuse(f, _("begins with road:, river: or sea:"));
	r.kind = (enum placeref_kind)kind;
	rc = kind == PLACEREF_ROAD ? placeref_road(p, &r, f) : kind == PLACEREF_RIVER ? placeref_river(p, &r, f) : placeref_sea(p, &r, f);
	if (rc == -1)
		return -1;
	/* field by field: nothing is left behind the ends of the strings, so that equal places are equal bytes */
	out->kind = r.kind;
	out->side = r.side;
	out->metres = r.metres;
	out->geo = r.geo;
	(void)snprintf(out->number, sizeof(out->number), "%s", r.number);
	(void)snprintf(out->name, sizeof(out->name), "%s", r.name);
	(void)snprintf(out->stake, sizeof(out->stake), "%s", r.stake);
	(void)snprintf(out->toward, sizeof(out->toward), "%s", r.toward);
	return 0;
}

/* ---- writing ---- */

/* Degrees and decimal minutes, with the fewest decimals that read back as the same microdegree. */
static void
put_axis(char *out, size_t size, int32_t micros, bool zh, const char *hemisphere)
{
	int64_t v = micros < 0 ? -(int64_t)micros : micros, deg = v / MICRO, rest = v % MICRO, scale = 1, m = 0;
	int d;

	for (d = 0; d < 5; d++, scale *= 10) {
		m = (rest * 60 * scale + MICRO / 2) / MICRO;
		if (m < 60 * scale && (m * MICRO + 30 * scale) / (60 * scale) == rest)
			break;
	}
	if (d == 5)
		m = (rest * 60 * scale + MICRO / 2) / MICRO;
	/* a precision of 0 prints nothing for a fraction of 0 */
	if (zh)
		(void)snprintf(out, size, "%s%" PRId64 "度%" PRId64 "%s%.*" PRId64 "分", hemisphere, deg, m / scale,
		    d > 0 ? "." : "", d, m % scale);
	else
		(void)snprintf(out, size, "%" PRId64 "°%02" PRId64 "%s%.*" PRId64 "'%s", deg, m / scale, d > 0 ? "." : "", d,
		    m % scale, hemisphere);
}

/* Ends with a letter: what follows would be read as more of it. */
static bool
latin(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && is_letter(s[n - 1]);
}

const char *
placeref_format(const struct placeref *r, bool zh, char *buf, size_t size)
{
	static const char *const en[] = {"", " up", " down", " left", " right", " both"};
	static const char *const zh_road[] = {"", "上行", "下行", "左幅", "右幅", "双向"};
	static const char *const zh_river[] = {"", "", "", "左岸", "右岸", "两岸"};
	static const char *const ns[2][2] = {{"N", "S"}, {"北纬", "南纬"}}, *const ew[2][2] = {{"E", "W"}, {"东经", "西经"}};
	char lat[48], lon[48], km[32];
	int64_t part = r->metres % 1000;
	int d = 3;

	assert(size > 0 && r->side >= PLACEREF_NOT_SAID && r->side <= PLACEREF_BOTH);
	switch (r->kind) {
	case PLACEREF_ROAD:
		if (zh)
			(void)snprintf(buf, size, "%s%s%s%s%s%" PRId64 "+%03" PRId64 "%s%s%s%s", r->number,
			    latin(r->number) && is_letter(r->name[0]) ? " " : "", r->name,
			    latin(r->name[0] != '\0' ? r->name : r->number) ? " " : "", r->stake, r->metres / 1000, part, zh_road[r->side], r->toward[0] != '\0' ? "往" : "", r->toward,
			    r->toward[0] != '\0' ? "方向" : "");
		else
			(void)snprintf(buf, size, "road:%s%s%s %s%" PRId64 "+%03" PRId64 "%s%s%s", r->number,
			    r->number[0] != '\0' && r->name[0] != '\0' ? " " : "", r->name, r->stake, r->metres / 1000, part,
			    en[r->side], r->toward[0] != '\0' ? " to " : "", r->toward);
		break;
	case PLACEREF_RIVER:
		(void)snprintf(km, sizeof(km), "%" PRId64, r->metres / 1000);
		if (part != 0) {
			for (; part % 10 == 0; part /= 10)
				d--;
			(void)snprintf(km, sizeof(km), "%" PRId64 ".%0*" PRId64, r->metres / 1000, d, part);
		}
		if (zh)
			(void)snprintf(buf, size, "%s%s公里%s", r->name, km, zh_river[r->side]);
		else
			(void)snprintf(buf, size, "river:%s %skm%s", r->name, km, en[r->side]);
		break;
	case PLACEREF_SEA:
		put_axis(lat, sizeof(lat), r->geo.lat, zh, ns[zh][r->geo.lat < 0]);
		put_axis(lon, sizeof(lon), r->geo.lon, zh, ew[zh][r->geo.lon < 0]);
		(void)snprintf(buf, size, "%s%s %s", zh ? "" : "sea:", lat, lon);
		break;
	default:
		buf[0] = '\0';
	}
	return buf;
}
