/*
 * Words for figures in text that goes upward.
 *
 * A reader who sees "死亡3人" takes it for settled.  So an exact figure nobody has adopted is said as what it proves:
 * at least so many, by whom and as of when.  Of several sources none is chosen and none is added: adoption is a
 * person's act (F_ADOPTER), and it cannot be told which of several values it was for, so several values are never said
 * as adopted.
 *
 * The words stand in both languages here rather than in the catalogue: a text may be wanted in Chinese by somebody
 * whose screen is English, and the phrases are put together from parts whose order differs.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "figuretext.h"
#include "i18n.h"
#include "text.h"
#include "value.h"
#include "value_part.h"

#define DAY_MS INT64_C(86400000)
#define EAST_MS INT64_C(28800000) /* UTC+08:00 */
#define NAME_MAX_BYTES 256

static const struct {
	const char *zh, *one, *many;
} units[] = {
    {"人", "person", "persons"},
    {"间", "room", "rooms"},
    {"户", "household", "households"},
    {"万元", "x10,000 yuan", "x10,000 yuan"},
    {"公顷", "hectare", "hectares"},
};

bool
text_unsigned(const struct body *b)
{
	return body_flag(b, F_UNSIGNED) || body_text(b, F_SIGNATURE_OWED) != NULL;
}

void
text_signed(struct body *b, const char *signer)
{
	body_unset(b, F_UNSIGNED);
	body_unset(b, F_SIGNATURE_OWED);
	body_set_text(b, F_SIGNER, signer);
}

const char *
text_say(const struct text_env *e, const char *zh, const char *en)
{
	return e->zh ? zh : en;
}

bool
text_exercise(const struct body *b, const struct text_env *e)
{
	struct msgid id;

	return e->exercise || (body_id(b, F_ID, &id) && id.realm == REALM_EXERCISE) ||
	       (body_id(b, F_INCIDENT, &id) && id.realm == REALM_EXERCISE);
}

/* Without control characters, in one line. */
static void
put_clean(struct buf *out, const char *s, size_t len)
{
	char piece[512];
	size_t n, o;
	uint32_t cp;

	for (size_t i = 0; i < len;) {
		for (o = 0; i < len && o + 4 < sizeof piece; i += n) {
			n = text_decode(s + i, len - i, &cp);
			if (cp == '\n' || cp == '\t')
				piece[o++] = ' ';
			else if (cp != '\r')
				o += text_sanitise(s + i, n, piece + o, sizeof piece - o, false);
		}
		buf_put(out, piece, o);
	}
}

const char *
text_unit(const struct body *b, const struct text_env *e, char *buf, size_t size)
{
	const char *foreign = body_text(b, F_FOREIGN_STATION);
	struct msgid id;

	assert(size > 0);
	buf[0] = '\0';
	if (e->self_name != NULL)
		(void)text_sanitise(e->self_name, strlen(e->self_name), buf, size, false);
	else if (body_id(b, F_ID, &id) && id.origin[0] != '\0') {
		if (e->cb != NULL)
			return codebook_station(e->cb, id.origin, buf, size);
		(void)snprintf(buf, size, "%s", id.origin);
	} else if (foreign != NULL)
		(void)text_sanitise(foreign, strlen(foreign), buf, size, false);
	return buf;
}

int64_t
text_instant(const struct body *b)
{
	static const uint32_t keys[] = {F_WRITTEN, F_SIGNED_AT, F_LEARNED, F_SENT, F_OCCURRED};
	int64_t ms;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (body_time(b, keys[i], &ms))
			return ms;
	return 0;
}

const char *
text_enum(const struct body *b, uint32_t key, const struct text_env *e, char *buf, size_t size)
{
	const struct field *f = field_by_key(key);
	int n = body_enum(b, key);
	const struct enum_name *name;
	const char *s = NULL;

	assert(f != NULL && f->type == FT_ENUM && size > 0);
	buf[0] = '\0';
	if (n == 0)
		return buf;
	if (e->cb != NULL)
		s = codebook_enum_name(e->cb, f->arg, n, e->zh);
	if (s == NULL && (name = enum_by_value(f->arg, n)) != NULL)
		s = e->zh ? name->zh : name->label;
	if (s != NULL)
		(void)snprintf(buf, size, "%s", s);
	else
		(void)snprintf(buf, size, "%d", n);
	return buf;
}

const char *
text_type(const struct body *b, const struct text_env *e, char *buf, size_t size)
{
	const char *code = body_text(b, F_TYPE);
	const struct code_entry *entry = code != NULL && e->cb != NULL ? codebook_event(e->cb, code) : NULL;
	const char *s = entry != NULL ? entry->name : code != NULL ? code : "";

	(void)text_sanitise(s, strlen(s), buf, size, false);
	return buf;
}

void
text_value(struct buf *out, const struct value *v, const struct text_env *e)
{
	const struct code_entry *entry = NULL;
	char name[NAME_MAX_BYTES];

	if (v->field == NULL) {
		value_format(out, v, e->cb, e->zh);
		return;
	}
	if (v->field->type == FT_CODE && e->cb != NULL)
		entry = strcmp(v->field->arg, "division") == 0 ? codebook_division(e->cb, v->u.text.s)
							       : codebook_event(e->cb, v->u.text.s);
	if (entry != NULL)
		buf_puts(out, entry->name);
	else if (v->field->type == FT_STATION && e->cb != NULL)
		buf_puts(out, codebook_station(e->cb, v->u.text.s, name, sizeof name));
	else if (v->field->type == FT_TEXT)
		put_clean(out, v->u.text.s, v->u.text.len);
	else
		value_format(out, v, e->cb, e->zh);
}

/* ---- figures ---- */

/* Below ten thousand. */
static void
put_section(struct buf *out, int64_t n, bool first)
{
	static const char *const digit[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
	static const struct {
		int64_t of;
		const char *name;
	} places[] = {{1000, "千"}, {100, "百"}, {10, "十"}, {1, ""}};
	bool gap = !first && n < 1000;

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		int64_t d = n / places[i].of % 10;

		if (d == 0) {
			gap = gap || (n >= places[i].of && n % places[i].of != 0);
			continue;
		}
		if (gap)
			buf_puts(out, digit[0]);
		gap = false;
		if (!(first && n >= 10 && n < 20 && places[i].of == 10))
			buf_puts(out, digit[d]);
		buf_puts(out, places[i].name);
	}
}

void
figuretext_numeral(struct buf *out, int64_t n, int decimals)
{
	static const char *const digit[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
	static const struct {
		int64_t of;
		const char *name;
	} groups[] = {{INT64_C(10000000000000000), "京"}, {INT64_C(1000000000000), "兆"}, {100000000, "亿"},
	    {10000, "万"}, {1, ""}};
	int64_t scale = 1, whole, rest;
	bool first = true;

	assert(n >= 0 && decimals >= 0 && decimals <= 4);
	for (int i = 0; i < decimals; i++)
		scale *= 10;
	whole = n / scale;
	rest = n % scale;
	if (whole == 0)
		buf_puts(out, digit[0]);
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		int64_t part = whole / groups[i].of % 10000;

		if (part == 0)
			continue;
		/* an empty group between is said once, as the gap before a section below a thousand */
		if (!first && part >= 1000 && whole / groups[i].of / 10000 % 10000 == 0)
			buf_puts(out, digit[0]);
		put_section(out, part, first);
		buf_puts(out, groups[i].name);
		first = false;
	}
	if (rest == 0)
		return;
	buf_puts(out, "点");
	for (scale /= 10; scale > 0 && rest > 0; scale /= 10) {
		buf_puts(out, digit[rest / scale]);
		rest %= scale;
	}
}

static void
put_unit(struct buf *out, const struct body *b, const struct field *f, int64_t n, const struct text_env *e)
{
	const char *unit = f->arg[0] != '\0' ? f->arg : body_text(b, F_UNIT);
	int64_t one = 1;

	if (unit == NULL)
		return;
	for (int i = 0; i < field_decimals(f); i++)
		one *= 10;
	for (size_t i = 0; i < sizeof units / sizeof units[0] && !e->zh; i++)
		if (strcmp(units[i].zh, unit) == 0) {
			buf_printf(out, " %s", n == one ? units[i].one : units[i].many);
			return;
		}
	if (!e->zh)
		buf_puts(out, " ");
	put_clean(out, unit, strlen(unit));
}

static int64_t
day_of(int64_t ms)
{
	ms += EAST_MS;
	return ms >= 0 ? ms / DAY_MS : -((-ms + DAY_MS - 1) / DAY_MS);
}

static void
put_source(struct buf *out, const struct body *b, const struct figure *g, const struct text_env *e)
{
	char name[NAME_MAX_BYTES];
	const char *s = g->source;

	if (s == NULL)
		s = text_unit(b, e, name, sizeof name);
	else if (e->cb != NULL && station_code_valid(s))
		s = codebook_station(e->cb, s, name, sizeof name);
	if (*s == '\0')
		s = text_say(e, "报送单位", "reporting unit");
	put_clean(out, s, strlen(s));
}

/* "119 14:10"; the day before it when it is not the message's. */
static void
put_origin(struct buf *out, const struct body *b, const struct figure *g, bool spoken, const struct text_env *e)
{
	int64_t base = text_instant(b), at = g->asof != 0 ? g->asof : base, of_day, day;
	bool same = base != 0 && day_of(at) == day_of(base);
	char text[40];

	put_source(out, b, g, e);
	if (at == 0) {
		buf_puts(out, spoken ? text_say(e, "报", "") : "");
		return;
	}
	if (!spoken || !e->zh) {
		buf_printf(out, " %s", time_format(at, same ? TIME_CLOCK : TIME_DAY, text, sizeof text));
		return;
	}
	(void)time_format(at, TIME_DAY, text, sizeof text); /* MM-DD HH:MM */
	day = day_of(at);
	of_day = (at + EAST_MS) - day * DAY_MS;
	buf_puts(out, "报,");
	if (!same && strlen(text) >= 5)
		buf_printf(out, "%ld月%ld日", strtol(text, NULL, 10), strtol(text + 3, NULL, 10));
	buf_printf(out, "%" PRId64 "时%" PRId64 "分", of_day / 3600000, of_day / 60000 % 60);
}

static void
put_figure(struct buf *out, const struct body *b, const struct value *v, bool adopted, enum figure_form form,
    const struct text_env *e)
{
	static const char *const zh[] = {"", "", "约", "至少", "至多"};
	static const char *const en[] = {"", "", "about ", "at least ", "at most "};
	const struct figure *g = &v->u.fig;
	enum figure_q q = g->q;
	int decimals = field_decimals(v->field);
	bool told = form != FIGURES_SHORT && !adopted;

	if (q == FIG_UNKNOWN) {
		buf_puts(out, text_say(e, "不详", "unknown"));
		told = told && (g->source != NULL || g->asof != 0);
	} else {
		if (q == FIG_EXACT && !adopted && g->n > 0)
			q = FIG_ATLEAST;
		buf_puts(out, (e->zh ? zh : en)[q]);
		value_fixed(out, g->n, decimals);
		put_unit(out, b, v->field, g->n, e);
		if (form == FIGURES_SPOKEN && e->zh) {
			buf_puts(out, "(");
			figuretext_numeral(out, g->n, decimals);
			put_unit(out, b, v->field, g->n, e);
			buf_puts(out, ")");
		}
	}
	/* who speaks has said who he is */
	if (form == FIGURES_SPOKEN)
		told = told && (g->source != NULL || g->asof != 0);
	if (!told)
		return;
	buf_puts(out, form == FIGURES_SPOKEN ? text_say(e, ",", ", ") : e->zh ? "(" : " (");
	put_origin(out, b, g, form == FIGURES_SPOKEN, e);
	buf_puts(out, form == FIGURES_SPOKEN ? "" : ")");
}

/* What is proven most stands first: exact and at least by their number, then about, then at most, then unknown. */
static int
rank_cmp(const struct figure *a, const struct figure *b)
{
	static const int rank[] = {
	    [FIG_UNKNOWN] = 3, [FIG_EXACT] = 0, [FIG_ABOUT] = 1, [FIG_ATLEAST] = 0, [FIG_ATMOST] = 2};

	if (rank[a->q] != rank[b->q])
		return rank[a->q] - rank[b->q];
	return a->n == b->n ? 0 : a->n > b->n ? -1 : 1;
}

bool
figuretext(
    struct buf *out, const struct body *b, uint32_t key, bool label, enum figure_form form, const struct text_env *e)
{
	const struct value *of[FIELD_REPEAT_MAX], *v;
	const struct field *f = field_by_key(key);
	bool adopted;
	size_t n = 0, k;

	assert(f != NULL && field_decimals(f) >= 0);
	for (v = body_first(b, key); v != NULL && n < FIELD_REPEAT_MAX; v = body_next(b, v)) {
		for (k = n++; k > 0 && rank_cmp(&of[k - 1]->u.fig, &v->u.fig) > 0; k--)
			of[k] = of[k - 1];
		of[k] = v;
	}
	if (n == 0)
		return false;
	/* an adopted figure is the station's own word: one that names its source is still that source's */
	adopted = n == 1 && body_text(b, F_ADOPTER) != NULL &&
	    (of[0]->u.fig.source == NULL || of[0]->u.fig.source[0] == '\0');
	if (label) {
		buf_puts(out, e->zh ? f->zh : f->label);
		buf_puts(out, e->zh ? "" : ": ");
	}
	if (form == FIGURES_SHORT)
		n = 1;
	for (k = 0; k < n; k++) {
		if (k > 0)
			buf_puts(out, form == FIGURES_SPOKEN ? text_say(e, ";", "; ") : text_say(e, "、", ", "));
		put_figure(out, b, of[k], adopted, form, e);
	}
	return true;
}

bool
figuretext_all(struct buf *out, const struct body *b, enum figure_form form, const struct text_env *e)
{
	const struct field *f;
	bool any = false;

	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		if (field_decimals(f) < 0 || body_first(b, f->key) == NULL)
			continue;
		if (any)
			buf_puts(out, form == FIGURES_SPOKEN ? text_say(e, "。", ". ") : text_say(e, "，", "; "));
		any = figuretext(out, b, f->key, true, form, e) || any;
	}
	return any;
}
