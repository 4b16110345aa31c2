/*
 * One value as people read it.
 *
 * The result is one line without control characters, whatever the value holds: it goes to screens, timelines and logs.
 * (Whoever lays out a text of several lines takes it by body_text() and breaks it himself.)  Codes and stations are
 * shown with their name and their code, since towns of one name are many; what no codebook knows is shown as it came.
 */
#include <inttypes.h>
#include <string.h>
#include "placeref.h"
#include "text.h"
#include "value.h"
#include "value_part.h"

#define PIECE_MAX 256

static void put_line(struct buf *, const char *, size_t);
static void put_figure(struct buf *, const struct value *, bool zh);
static void put_code(struct buf *, const struct value *, const struct codebook *);
static void put_station(struct buf *, const char *, const struct codebook *);
static void put_enum(struct buf *, const struct value *, const struct codebook *, bool zh);

/* Line feeds and tabs become a space, other control characters the replacement sign. */
static void
put_line(struct buf *out, const char *s, size_t len)
{
	char piece[PIECE_MAX];
	size_t i = 0, n, o;
	uint32_t cp;

	while (i < len) {
		for (o = 0; i < len && o + 4 < sizeof(piece); i += n) {
			n = text_decode(s + i, len - i, &cp);
			if (s[i] == '\n' || s[i] == '\t')
				piece[o++] = ' ';
			else
				o += text_sanitise(s + i, n, piece + o, sizeof(piece) - o, false);
		}
		buf_put(out, piece, o);
	}
}

void
value_fixed(struct buf *out, int64_t n, int decimals)
{
	int64_t scale = 1, rest;

	for (int i = 0; i < decimals; i++)
		scale *= 10;
	buf_printf(out, "%" PRId64, n / scale);
	rest = n % scale;
	if (rest == 0)
		return;
	while (rest % 10 == 0) {
		rest /= 10;
		decimals--;
	}
	buf_printf(out, ".%0*" PRId64, decimals, rest);
}

const char *
value_unit(const struct field *f, bool zh)
{
	static const struct {
		const char *zh, *en;
	} units[] = {{"万元", " x 10 000 yuan"}, {"公顷", " ha"}, {"间", " rooms"}, {"户", " households"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(f->arg, units[i].zh) == 0)
			return zh ? units[i].zh : units[i].en;
	return ""; /* persons need none; the unit of a resource is said by the message */
}

static void
put_figure(struct buf *out, const struct value *v, bool zh)
{
	static const char *const zh_word[] = {"", "", "约", "至少", "至多"};
	static const char *const en_word[] = {"", "", "about ", "at least ", "at most "};
	const struct figure *g = &v->u.fig;
	char at[16];

	if (g->q == FIG_UNKNOWN)
		buf_puts(out, "?");
	else {
		buf_puts(out, (zh ? zh_word : en_word)[g->q]);
		value_fixed(out, g->n, field_decimals(v->field));
		buf_puts(out, value_unit(v->field, zh));
	}
	if (g->source == NULL && g->asof == 0)
		return;
	buf_puts(out, "(");
	if (g->source != NULL)
		put_line(out, g->source, strlen(g->source));
	if (g->asof != 0)
		buf_printf(out, "%s%s", g->source != NULL ? " " : "", time_format(g->asof, TIME_CLOCK, at, sizeof(at)));
	buf_puts(out, ")");
}

static void
put_code(struct buf *out, const struct value *v, const struct codebook *cb)
{
	const char *code = v->u.text.s, *colon = strchr(code, ':');
	const struct code_entry *e = NULL;

	if (cb != NULL)
		e = strncmp(code, "div:", 4) == 0 ? codebook_division(cb, code) : codebook_event(cb, code);
	if (e == NULL || colon == NULL) {
		put_line(out, code, v->u.text.len);
		return;
	}
	put_line(out, e->name, strlen(e->name));
	buf_puts(out, "(");
	put_line(out, colon + 1, strlen(colon + 1));
	buf_puts(out, ")");
}

static void
put_station(struct buf *out, const char *code, const struct codebook *cb)
{
	char name[PIECE_MAX];

	if (cb != NULL) {
		(void)codebook_station(cb, code, name, sizeof(name));
		if (strcmp(name, code) != 0) {
			buf_puts(out, name);
			buf_puts(out, "(");
			put_line(out, code, strlen(code));
			buf_puts(out, ")");
			return;
		}
	}
	put_line(out, code, strlen(code));
}

static void
put_enum(struct buf *out, const struct value *v, const struct codebook *cb, bool zh)
{
	const char *set = v->field->arg, *name = NULL;
	const struct enum_name *e;
	int n = v->u.num > 0 && v->u.num <= ENUM_VALUE_MAX ? (int)v->u.num : 0;

	if (cb != NULL)
		name = codebook_enum_name(cb, set, n, zh);
	if (name == NULL && (e = enum_by_value(set, n)) != NULL)
		name = zh ? e->zh : e->label;
	if (name != NULL)
		buf_puts(out, name);
	else
		buf_printf(out, "%" PRId64, v->u.num);
}

static void
put_degrees(struct buf *out, int32_t n)
{
	int64_t v = n;

	if (v < 0) {
		buf_puts(out, "-");
		v = -v;
	}
	value_fixed(out, v, 6);
}

void
value_format(struct buf *out, const struct value *v, const struct codebook *cb, bool zh)
{
	char text[MSGID_TEXT_MAX];
	char hex[2 * DIGEST_LEN + 1], place[PLACEREF_TEXT_MAX];
	struct placeref where;

	if (v->field == NULL) {
		buf_printf(out, zh ? "%zu字节,未能识别" : "%zu bytes, not understood", v->u.raw.len);
		return;
	}
	switch (v->field->type) {
	case FT_TEXT:
		if (v->key == F_WHERE && placeref_parse(v->u.text.s, &where, NULL) == 0)
			buf_puts(out, placeref_format(&where, zh, place, sizeof(place)));
		else
			put_line(out, v->u.text.s, v->u.text.len);
		break;
	case FT_CODE:
		put_code(out, v, cb);
		break;
	case FT_STATION:
		put_station(out, v->u.text.s, cb);
		break;
	case FT_ENUM:
		put_enum(out, v, cb, zh);
		break;
	case FT_TIME:
		buf_puts(out, time_format(v->u.when.ms, TIME_FULL, text, sizeof(text)));
		break;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		put_figure(out, v, zh);
		break;
	case FT_MSGID:
		(void)msgid_format(&v->u.id, text, sizeof(text));
		buf_puts(out, text);
		break;
	case FT_UINT:
		buf_printf(out, "%" PRId64, v->u.num);
		break;
	case FT_BOOL:
		buf_puts(out, v->u.num != 0 ? (zh ? "是" : "yes") : (zh ? "否" : "no"));
		break;
	case FT_GEO:
		put_degrees(out, v->u.geo.lat);
		buf_puts(out, ",");
		put_degrees(out, v->u.geo.lon);
		break;
	case FT_DIGEST:
		digest_hex(v->u.digest, hex);
		buf_puts(out, hex);
		break;
	}
}
