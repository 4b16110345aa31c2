/*
 * One value as a person types it, into a body.
 *
 * Whoever types at three in the morning has a Chinese input method on, so full-width digits and signs count as what
 * they look like. Beyond that nothing is guessed: a number that is not quite one, an impossible date, a word that fits
 * two codes are refused with the field's name and what would have been taken; the body is touched last, when everything
 * is known to fit.
 *
 * Header fields are taken as well: whether they may come from this hand is the caller's question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "i18n.h"
#include "placeref.h"
#include "text.h"
#include "value.h"
#include "value_part.h"

#define TYPED_MAX 512 /* bytes of a typed value that is no text */
#define CANDIDATES_MAX 5
#define CODE_TEXT_MAX 64

struct input {
	struct body *body;
	const struct field *field;
	const struct codebook *cb;
	int64_t now;
	struct fault *fault;
};

static int no(const struct input *, const char *why, const char *given);

/* Refuses with what was given, shortened by fault_set(). */
static int
no(const struct input *in, const char *why, const char *given)
{
	return fault_set(in->fault, EX_DATAERR, in->field->name, "%s: \"%.80s\"", why, given);
}

bool
value_narrow(const char *s, char *out, size_t size)
{
	size_t len = strlen(s), i = 0, o = 0, n;
	uint32_t cp;

	while (i < len) {
		n = text_decode(s + i, len - i, &cp);
		if (o + n >= size)
			return false;
		if (cp >= 0xff01 && cp <= 0xff5e)
			cp -= 0xfee0;
		else if (cp == 0x3000)
			cp = ' ';
		if (cp < 0x80 && (o > 0 || cp != ' '))
			out[o++] = (char)cp;
		else if (cp >= 0x80) {
			memcpy(out + o, s + i, n);
			o += n;
		}
		i += n;
	}
	while (o > 0 && out[o - 1] == ' ')
		o--;
	out[o] = '\0';
	return true;
}

int
value_text_ok(const struct field *f, const char *s, size_t len, struct fault *fault)
{
	size_t bad, invalid, line = 1;

	if (f->max > 0 && len > f->max)
		return fault_set(
		    fault, EX_DATAERR, f->name, _("is %zu bytes long, at most %zu are allowed"), len, f->max);
	if (text_clean(s, len, (f->flags & FF_LINES) != 0, &bad))
		return 0;
	if (!text_utf8_valid(s, len, &invalid))
		return fault_set(fault, EX_DATAERR, f->name, _("is not UTF-8 (byte %zu)"), invalid + 1);
	for (size_t i = 0; i < bad; i++)
		line += s[i] == '\n';
	return fault_set(fault, EX_DATAERR, f->name, _("holds a control character (line %zu, byte %zu)"), line, bad + 1);
}

/* Whether any event of the codebook is of this scheme: only then can a code of it be called unknown. */
static bool
scheme_known(const struct codebook *cb, const char *scheme, size_t len)
{
	const struct code_entry *e;

	for (size_t i = 0; (e = codebook_event_at(cb, i)) != NULL; i++)
		if (strlen(e->scheme) == len && memcmp(e->scheme, scheme, len) == 0)
			return true;
	return false;
}

int
value_code_ok(const struct field *f, const char *code, const struct codebook *cb, struct fault *fault)
{
	bool division = strcmp(f->arg, "division") == 0;
	size_t n = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789");
	bool is_div = n == 3 && memcmp(code, "div", 3) == 0;

	if (n == 0 || code[n] != ':' || code[n + 1] == '\0' || strlen(code) > f->max || strchr(code, ' ') != NULL ||
	    !text_clean(code, strlen(code), false, NULL))
		return fault_set(fault, EX_DATAERR, f->name, _("\"%.80s\" is no code of the form scheme:code"), code);
	if (cb == NULL)
		return 0;
	if (is_div != division && (is_div || scheme_known(cb, code, n)))
		return fault_set(fault, EX_DATAERR, f->name,
		    division ? _("\"%s\" is no division") : _("\"%s\" is no event type"), code);
	if (is_div ? codebook_division(cb, code) == NULL
		   : scheme_known(cb, code, n) && codebook_event(cb, code) == NULL)
		return fault_set(fault, EX_DATAERR, f->name, _("unknown code \"%s\""), code);
	return 0;
}

static int
parse_text(const struct input *in, const char *s)
{
	if (value_text_ok(in->field, s, strlen(s), in->fault) == -1)
		return -1;
	body_add_text(in->body, in->field->key, s, strlen(s));
	return 0;
}

static int
add_code(const struct input *in, const char *scheme, const char *code)
{
	char text[CODE_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s:%s", scheme, code);
	if (value_code_ok(in->field, text, in->cb, in->fault) == -1)
		return -1;
	body_add_text(in->body, in->field->key, text, strlen(text));
	return 0;
}

/* The rows a word fits, named for the person to choose from. */
static int
ambiguous(const struct input *in, const char *given, const struct code_entry *const *e, size_t n, bool more)
{
	struct buf list = {0};
	int rc;

	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s %s", i > 0 ? ", " : "", e[i]->code, e[i]->name);
	rc = fault_set(in->fault, EX_DATAERR, in->field->name, _("\"%.80s\" may mean: %s%s"), given, buf_cstr(&list),
	    more ? " ..." : "");
	buf_free(&list);
	return rc;
}

/* By the whole name, with or without the word "event", "accident", "disaster" behind it. */
static bool
is_name(const char *name, const char *typed)
{
	static const char *const tails[] = {"", "事件", "事故", "灾害"};
	size_t n = strlen(typed);

	if (strncmp(name, typed, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		if (strcmp(name + n, tails[i]) == 0)
			return true;
	return false;
}

static int
parse_event(const struct input *in, const char *s)
{
	const struct code_entry *cand[CANDIDATES_MAX], *e;
	char upper[CODE_TEXT_MAX];
	size_t n = 0, i;

	if (strlen(s) < sizeof(upper)) {
		for (i = 0; s[i] != '\0'; i++)
			upper[i] = (char)(s[i] >= 'a' && s[i] <= 'z' ? s[i] - 'a' + 'A' : s[i]);
		upper[i] = '\0';
		if ((e = codebook_event(in->cb, upper)) != NULL)
			return add_code(in, e->scheme, e->code);
	}
	for (i = 0; (e = codebook_event_at(in->cb, i)) != NULL; i++)
		if (strcmp(e->name, s) == 0)
			return add_code(in, e->scheme, e->code);
	for (i = 0; (e = codebook_event_at(in->cb, i)) != NULL; i++)
		if (is_name(e->name, s)) {
			if (n < CANDIDATES_MAX)
				cand[n] = e;
			n++;
		}
	if (n == 0)
		for (i = 0; (e = codebook_event_match(in->cb, s, i)) != NULL && n <= CANDIDATES_MAX; i++) {
			if (n < CANDIDATES_MAX)
				cand[n] = e;
			n++;
		}
	if (n == 0)
		return no(in, _("no event type is called so"), s);
	if (n == 1)
		return add_code(in, cand[0]->scheme, cand[0]->code);
	return ambiguous(in, s, cand, n < CANDIDATES_MAX ? n : CANDIDATES_MAX, n > CANDIDATES_MAX);
}

static int
add_division(const struct input *in, const struct code_entry *e)
{
	size_t n = strlen(e->code);
	char code[STATION_MAX];

	/* provinces and cities are written with six digits, as their stations are */
	if (n < 6 && e->code[strspn(e->code, "0123456789")] == '\0')
		(void)snprintf(code, sizeof(code), "%s%.*s", e->code, (int)(6 - n), "000000");
	else
		(void)snprintf(code, sizeof(code), "%s", e->code);
	return add_code(in, "div", code);
}

static int
parse_division(const struct input *in, const char *s)
{
	const struct code_entry *cand[CANDIDATES_MAX], *e;
	size_t n = 0, i;

	if (in->cb == NULL)
		return add_code(in, "div", s);
	if ((e = codebook_division(in->cb, s)) != NULL)
		return add_division(in, e);
	for (i = 0; (e = codebook_division_at(in->cb, i)) != NULL; i++)
		if (strcmp(e->name, s) == 0) {
			if (n < CANDIDATES_MAX)
				cand[n] = e;
			n++;
		}
	if (n == 0)
		return no(in, _("unknown division"), s);
	if (n == 1)
		return add_division(in, cand[0]);
	return ambiguous(in, s, cand, n < CANDIDATES_MAX ? n : CANDIDATES_MAX, n > CANDIDATES_MAX);
}

static int
parse_code(const struct input *in, const char *s)
{
	const char *colon = strchr(s, ':');
	char scheme[CODE_TEXT_MAX], code[CODE_TEXT_MAX];
	size_t i;

	if (colon == NULL && strcmp(in->field->arg, "division") == 0)
		return parse_division(in, s);
	if (colon == NULL && in->cb != NULL)
		return parse_event(in, s);
	if (colon == NULL || strlen(s) >= sizeof(scheme))
		return no(in, _("is no code of the form scheme:code"), s);
	(void)snprintf(scheme, sizeof(scheme), "%.*s", (int)(colon - s), s);
	(void)snprintf(code, sizeof(code), "%s", colon + 1);
	for (i = 0; scheme[i] != '\0'; i++)
		if (scheme[i] >= 'A' && scheme[i] <= 'Z')
			scheme[i] = (char)(scheme[i] - 'A' + 'a');
	/* letters of a code of ours are capital; what other tables do is not known */
	if (in->cb != NULL && scheme_known(in->cb, scheme, strlen(scheme)))
		for (i = 0; code[i] != '\0'; i++)
			if (code[i] >= 'a' && code[i] <= 'z')
				code[i] = (char)(code[i] - 'a' + 'A');
	return add_code(in, scheme, code);
}

static int
parse_enum(const struct input *in, const char *s)
{
	const char *set = in->field->arg;
	const struct enum_name *e = NULL;
	struct buf list = {0};
	int v = in->cb == NULL ? 0 : codebook_enum(in->cb, set, s), rc;

	if (v == 0 && (e = enum_by_name(set, s)) != NULL)
		v = e->value;
	if (v == 0 && s[0] != '\0' && s[strspn(s, "0123456789")] == '\0' && strlen(s) <= 5 &&
	    (e = enum_by_value(set, (int)strtol(s, NULL, 10))) != NULL)
		v = e->value;
	if (v > 0 && v <= ENUM_VALUE_MAX) {
		body_set_num(in->body, in->field->key, v);
		return 0;
	}
	for (size_t i = 0; (e = enum_at(set, i)) != NULL; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", e->name);
	rc = fault_set(in->fault, EX_DATAERR, in->field->name, _("\"%.80s\" is none of: %s"), s, buf_cstr(&list));
	buf_free(&list);
	return rc;
}

static int
parse_time(const struct input *in, const char *s)
{
	struct when w;

	/* an instant nobody declares as past is a limit */
	if (!value_time_typed(s, in->now, (in->field->flags & FF_DECLARED) == 0, &w))
		return no(in, _("is no time (2026-11-22T14:10, 11-22 14:10 or 14:10)"), s);
	body_add_when(in->body, in->field->key, &w);
	return 0;
}

static const char *
skip(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* A decimal number as fixed point, nothing left over.  Says why not. */
static const char *
fixed_point(const char *s, int decimals, int64_t *out)
{
	int64_t v = 0;
	int places = 0;
	bool point = false, any = false;

	for (; *s != '\0'; s++) {
		if (*s == '.' && !point && any && s[1] != '\0') {
			point = true;
			continue;
		}
		if (*s < '0' || *s > '9')
			return _("is no number");
		if (point && ++places > decimals)
			return decimals == 0 ? _("must be a whole number") : _("has too many decimals");
		if (v > (INT64_MAX - (*s - '0')) / 10)
			return _("is too large");
		v = 10 * v + (*s - '0');
		any = true;
	}
	if (!any)
		return _("is no number");
	for (; places < decimals; places++) {
		if (v > INT64_MAX / 10)
			return _("is too large");
		v *= 10;
	}
	*out = v;
	return NULL;
}

static const char *
quantity(const struct field *f, char *s, struct figure *g)
{
	static const struct {
		const char *word;
		enum figure_q q;
	} words[] = {{"~", FIG_ABOUT}, {"大约", FIG_ABOUT}, {"约", FIG_ABOUT}, {"about", FIG_ABOUT},
	    {">=", FIG_ATLEAST}, {"≥", FIG_ATLEAST}, {"至少", FIG_ATLEAST}, {"不少于", FIG_ATLEAST},
	    {"at least", FIG_ATLEAST}, {"<=", FIG_ATMOST}, {"≤", FIG_ATMOST}, {"至多", FIG_ATMOST},
	    {"最多", FIG_ATMOST}, {"不超过", FIG_ATMOST}, {"at most", FIG_ATMOST}};
	static const char *const unknown[] = {"?", "不明", "未知", "不详", "unknown"};
	static const char *const minus[] = {"-", "−", "负"};
	const char *p = s, *after;
	size_t n = strlen(s), unit = strlen(f->arg);
	char *end;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (strcmp(s, unknown[i]) == 0) {
			g->q = FIG_UNKNOWN;
			return NULL;
		}
	g->q = FIG_EXACT;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((after = skip(s, words[i].word)) != NULL) {
			g->q = words[i].q;
			p = after;
			break;
		}
	if (unit > 0 && n > unit && strcmp(s + n - unit, f->arg) == 0 && s + n - unit >= p)
		s[n - unit] = '\0';
	p += strspn(p, " ");
	for (end = s + strlen(s); end > p && end[-1] == ' ';)
		*--end = '\0';
	for (size_t i = 0; i < sizeof(minus) / sizeof(minus[0]); i++)
		if (skip(p, minus[i]) != NULL)
			return _("a count cannot be negative");
	return fixed_point(p, field_decimals(f), &g->n);
}

static int
parse_figure(const struct input *in, const char *given)
{
	struct figure g = {.q = FIG_UNKNOWN};
	char text[TYPED_MAX], *at, *slash;
	const char *why;
	struct when w;

	(void)snprintf(text, sizeof(text), "%s", given);
	at = strchr(text, '@');
	if (at != NULL) {
		*at++ = '\0';
		slash = strrchr(at, '/');
		if (slash != NULL) {
			*slash++ = '\0';
			if (!value_time_typed(slash, in->now, false, &w))
				return no(in, _("the figure's time is none"), slash);
			g.asof = w.ms;
		}
		if (strlen(at) > SOURCE_MAX || !text_clean(at, strlen(at), false, NULL))
			return no(in, _("the figure's source is too long or holds a control character"), at);
		if (*at != '\0')
			g.source = at;
		else if (slash == NULL)
			return no(in, _("the figure's source is empty"), given);
		for (char *end = text + strlen(text); end > text && end[-1] == ' ';)
			*--end = '\0';
	}
	why = quantity(in->field, text, &g);
	if (why != NULL)
		return no(in, why, given);
	body_add_figure(in->body, in->field->key, &g);
	return 0;
}

static int
parse_bool(const struct input *in, const char *s)
{
	static const char *const yes[] = {"yes", "true", "是"}, *const nay[] = {"no", "false", "否"};
	char folded[TYPED_MAX];

	(void)text_fold(s, folded, sizeof(folded));
	for (size_t i = 0; i < 3; i++)
		if (strcmp(folded, yes[i]) == 0 || strcmp(folded, nay[i]) == 0) {
			body_set_num(in->body, in->field->key, strcmp(folded, yes[i]) == 0);
			return 0;
		}
	return no(in, _("must be yes or no"), s);
}

/* Degrees to microdegrees; digits beyond the sixth place are rounded, which is ten centimetres. */
static bool
degrees(const char *s, size_t len, int64_t limit, int32_t *out)
{
	char text[32];
	const char *p = text;
	bool negative;
	int64_t v;
	size_t dot, extra;
	bool up = false;

	while (len > 0 && *s == ' ') {
		s++;
		len--;
	}
	while (len > 0 && s[len - 1] == ' ')
		len--;
	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if (p[strspn(p, "0123456789.")] != '\0')
		return false;
	dot = strcspn(p, ".");
	extra = p[dot] == '\0' ? 0 : strlen(p + dot + 1);
	if (extra > 6) {
		up = p[dot + 7] >= '5';
		text[(size_t)(p - text) + dot + 7] = '\0';
	}
	if (fixed_point(p, 6, &v) != NULL || v > limit)
		return false;
	v += up;
	if (v > limit)
		return false;
	*out = (int32_t)(negative ? -v : v);
	return true;
}

int32_t
value_microdegrees(double x)
{
	return (int32_t)(x < 0 ? x * 1e6 - 0.5 : x * 1e6 + 0.5);
}

static int
parse_geo(const struct input *in, const char *s)
{
	size_t comma = strcspn(s, ",");
	int32_t lat, lon;

	if (s[comma] == '\0' || !degrees(s, comma, 90000000, &lat) ||
	    !degrees(s + comma + 1, strlen(s + comma + 1), 180000000, &lon))
		return no(in, _("is no position (29.4,121.8: latitude, longitude)"), s);
	body_set_geo(in->body, in->field->key, lat, lon);
	return 0;
}

/* Kept in its canonical form, so that equal places are equal; a position at sea is the message's position, too. */
static int
parse_where(const struct input *in, const char *s)
{
	struct placeref r;
	char canonical[PLACEREF_TEXT_MAX];

	if (placeref_parse(s, &r, in->fault) == -1)
		return -1;
	(void)placeref_format(&r, false, canonical, sizeof(canonical));
	body_add_text(in->body, in->field->key, canonical, strlen(canonical));
	if (r.kind == PLACEREF_SEA && body_first(in->body, F_POSITION) == NULL)
		body_set_geo(in->body, F_POSITION, r.geo.lat, r.geo.lon);
	return 0;
}

static int
parse_typed(const struct input *in, const char *s)
{
	uint8_t digest[DIGEST_LEN];
	struct msgid id;
	const char *why;
	int64_t n;

	switch (in->field->type) {
	case FT_TEXT:
		break;
	case FT_CODE:
		return parse_code(in, s);
	case FT_ENUM:
		return parse_enum(in, s);
	case FT_TIME:
		return parse_time(in, s);
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		return parse_figure(in, s);
	case FT_STATION:
		if (!station_code_valid(s))
			return no(in, _("is no station code"), s);
		body_add_text(in->body, in->field->key, s, strlen(s));
		return 0;
	case FT_MSGID:
		if (!msgid_parse(s, &id) || !msgid_valid(&id))
			return no(in, _("is no message id"), s);
		body_add_id(in->body, in->field->key, &id);
		return 0;
	case FT_UINT:
		if (s[0] == '-')
			return no(in, _("a count cannot be negative"), s);
		if ((why = fixed_point(s, 0, &n)) != NULL)
			return no(in, why, s);
		body_set_num(in->body, in->field->key, n);
		return 0;
	case FT_BOOL:
		return parse_bool(in, s);
	case FT_GEO:
		return parse_geo(in, s);
	case FT_DIGEST:
		if (!digest_parse(s, digest))
			return no(in, _("is no digest (64 hex digits)"), s);
		body_set_digest(in->body, in->field->key, digest);
		return 0;
	}
	return parse_text(in, s);
}

int
value_parse(
    struct body *b, const struct field *f, const char *s, const struct codebook *cb, int64_t now, struct fault *fault)
{
	const struct input in = {.body = b, .field = f, .cb = cb, .now = now, .fault = fault};
	char typed[TYPED_MAX];
	size_t bad;

	if ((f->flags & FF_REPEAT) != 0 && body_count(b, f->key) >= FIELD_REPEAT_MAX)
		return fault_set(fault, EX_DATAERR, f->name, _("at most %d values are allowed"), FIELD_REPEAT_MAX);
	if (*s == '\0')
		return fault_set(fault, EX_DATAERR, f->name, _("is empty"));
	if (f->key == F_WHERE)
		return parse_where(&in, s);
	if (f->type == FT_TEXT)
		return parse_text(&in, s);
	if (!text_utf8_valid(s, strlen(s), &bad))
		return fault_set(fault, EX_DATAERR, f->name, _("is not UTF-8 (byte %zu)"), bad + 1);
	if (!text_clean(s, strlen(s), false, &bad))
		return fault_set(fault, EX_DATAERR, f->name, _("holds a control character (line %zu, byte %zu)"),
		    (size_t)1, bad + 1);
	if (!value_narrow(s, typed, sizeof(typed)))
		return fault_set(fault, EX_DATAERR, f->name, _("is %zu bytes long, at most %zu are allowed"), strlen(s),
		    sizeof(typed) - 1);
	if (typed[0] == '\0')
		return fault_set(fault, EX_DATAERR, f->name, _("is empty"));
	return parse_typed(&in, typed);
}
