/*
 * Seventy characters.
 *
 * Every element has one or more wordings, longest first.  First each takes its shortest, in order of what matters, as
 * long as there is room; then, in the same order, longer ones where there is room left.  So a long place costs the
 * sources of the figures before it costs a figure.  What the reader gets is ordered as one speaks, whatever the queue
 * was.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "linebreak.h"
#include "sms.h"
#include "text.h"
#include "value.h"

#define WORDINGS 2
#define ELEMENTS_MAX 64 /* the field table has 28 figures */

struct element {
	char *wording[WORDINGS]; /* longest first; NULL: there is none.  Owned */
	const char *name;	 /* of what it says, for who is told that it was left out */
	int spoken;		 /* place in the sentence */
	const char *before;	 /* what parts it from the one before it in the sentence */
	int taken;		 /* index of the wording taken, -1: none */
};

struct message {
	struct element of[ELEMENTS_MAX]; /* in order of what matters */
	size_t n;
	const struct text_env *e;
	const char *end;
};

enum spoken { SAY_MARK, SAY_WITHDRAWN, SAY_TIME, SAY_PLACE, SAY_TYPE, SAY_GRADE, SAY_FIGURES, SAY_UNIT };

int
sms_units(const char *s)
{
	size_t len = strlen(s), n;
	uint32_t cp;
	int units = 0;

	for (size_t i = 0; i < len; i += n) {
		n = text_decode(s + i, len - i, &cp);
		units += cp > 0xffff ? 2 : 1;
	}
	return units;
}

static int
units_of(uint32_t cp)
{
	return cp > 0xffff ? 2 : 1;
}

/* Nothing is added without any wording. */
static struct element *
add(struct message *m, int spoken, const char *before, const char *name, const char *longer, const char *shorter)
{
	struct element *el;

	if ((longer == NULL || *longer == '\0') && (shorter == NULL || *shorter == '\0'))
		return NULL;
	assert(m->n < ELEMENTS_MAX);
	el = &m->of[m->n++];
	*el = (struct element){.name = name, .spoken = spoken, .before = before, .taken = -1};
	if (longer != NULL && *longer != '\0')
		el->wording[0] = xstrdup(longer);
	if (shorter != NULL && *shorter != '\0')
		el->wording[1] = xstrdup(shorter);
	return el;
}

/* What is withdrawn: its title, else the number it was sent under. */
static void
put_withdrawn(struct buf *out, const struct body *b, const struct text_env *e)
{
	const struct value *what = body_first(b, F_TITLE);
	struct buf text = {0};

	if (what == NULL && (what = body_first(b, F_EVENT_NAME)) == NULL)
		what = body_first(b, F_NUMBER);
	if (what == NULL)
		return;
	text_value(&text, what, e);
	buf_puts(out, buf_cstr(&text));
	buf_free(&text);
}

static void
add_marks(struct message *m, const struct body *b)
{
	const struct text_env *e = m->e;
	struct buf marks = {0};
	int stage = body_enum(b, F_STAGE);

	if (text_exercise(b, e))
		buf_puts(&marks, text_say(e, "【演练】", "[EXERCISE]"));
	if (stage == STAGE_CORRECTION)
		buf_puts(&marks, text_say(e, "【更正】", "[CORRECTION]"));
	if (stage == STAGE_WITHDRAWAL)
		buf_puts(&marks, text_say(e, "【撤回】", "[WITHDRAWN]"));
	else if (body_flag(b, F_UNSIGNED))
		buf_puts(&marks, text_say(e, "【先报后签】", "[BEFORE SIGNATURE]"));
	else if (text_unsigned(b))
		buf_puts(&marks, text_say(e, "【未签发】", "[UNSIGNED]"));
	(void)add(m, SAY_MARK, "", text_say(e, "标记", "mark"), marks.n > 0 ? buf_cstr(&marks) : NULL, NULL);
	buf_free(&marks);
}

static void
add_place(struct message *m, const struct body *b)
{
	const struct value *place = body_first(b, F_PLACE), *division = body_first(b, F_DIVISION);
	struct buf text = {0}, area = {0};

	if (place != NULL)
		text_value(&text, place, m->e);
	if (division != NULL)
		text_value(&area, division, m->e);
	(void)add(m, SAY_PLACE, text_say(m->e, "", " "), text_say(m->e, "地点", "place"),
	    text.n > 0 ? buf_cstr(&text) : NULL,
	    area.n > 0 && (place == NULL || area.n < text.n) ? buf_cstr(&area) : NULL);
	buf_free(&text);
	buf_free(&area);
}

/* The casualties, or all other figures, in the field table's order. */
static void
add_figures(struct message *m, const struct body *b, bool casualties)
{
	const struct field *f;
	struct buf whole = {0}, brief = {0};

	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		if (field_decimals(f) < 0 || ((f->flags & FF_CASUALTY) != 0) != casualties ||
		    body_first(b, f->key) == NULL)
			continue;
		buf_clear(&whole);
		buf_clear(&brief);
		(void)figuretext(&whole, b, f->key, true, FIGURES_FULL, m->e);
		(void)figuretext(&brief, b, f->key, true, FIGURES_SHORT, m->e);
		(void)add(m, SAY_FIGURES, text_say(m->e, ",", ", "), m->e->zh ? f->zh : f->label, buf_cstr(&whole),
		    buf_cstr(&brief));
	}
	buf_free(&whole);
	buf_free(&brief);
}

static void
add_others(struct message *m, const struct body *b)
{
	const struct text_env *e = m->e;
	int64_t ms, now = e->now != 0 ? e->now : text_instant(b);
	char day[40], clock[40], grade[64], text[160], unit[256];
	bool occurred = body_time(b, F_OCCURRED, &ms);

	if (occurred || body_time(b, F_LEARNED, &ms)) {
		(void)time_format(ms, TIME_DAY, day, sizeof day);
		(void)time_format(ms, TIME_CLOCK, clock, sizeof clock);
		if (!occurred) {
			(void)snprintf(text, sizeof text, text_say(e, "%s接报", "%s learned,"), day);
			(void)add(m, SAY_TIME, "", text_say(e, "时间", "time"), text, NULL);
		} else /* without the day only when nobody could take it for another */
			(void)add(m, SAY_TIME, "", text_say(e, "时间", "time"), day,
			    now - ms >= 0 && now - ms < INT64_C(43200000) ? clock : NULL);
	}
	if (body_enum(b, F_GRADE) != 0) {
		(void)text_enum(b, F_GRADE, e, grade, sizeof grade);
		(void)snprintf(text, sizeof text, text_say(e, "(等级%s)", " (grade %s)"), grade);
		(void)add(m, SAY_GRADE, "", text_say(e, "等级", "grade"), text, NULL);
	}
	if (text_unit(b, e, unit, sizeof unit)[0] != '\0') {
		(void)snprintf(text, sizeof text, text_say(e, "%.140s报", "%.130s reports"), unit);
		if (strlen(unit) <= 130) /* a name is not cut */
			(void)add(m, SAY_UNIT, text_say(e, "。", ". "), text_say(e, "报送单位", "reporting unit"), text,
			    NULL);
	}
}

/* The message as it stands. */
static void
compose(const struct message *m, struct buf *out)
{
	bool any = false, mark = false;

	for (int say = 0; say <= SAY_UNIT; say++)
		for (size_t i = 0; i < m->n; i++) {
			const struct element *el = &m->of[i];

			if (el->spoken != say || el->taken < 0)
				continue;
			buf_puts(out, any && !mark ? el->before : "");
			if (say == SAY_PLACE && any && !mark && m->e->zh)
				buf_puts(out, " ");
			buf_puts(out, el->wording[el->taken]);
			mark = say == SAY_MARK;
			any = true;
		}
	buf_puts(out, any && !mark ? text_say(m->e, "。", ". ") : "");
	buf_puts(out, m->end);
}

static bool
fits(const struct message *m)
{
	struct buf text = {0};
	bool yes;

	compose(m, &text);
	yes = sms_units(buf_cstr(&text)) <= SMS_UNITS;
	buf_free(&text);
	return yes;
}

static bool
says_figures(const struct body *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].field != NULL && field_decimals(b->v[i].field) >= 0)
			return true;
	return false;
}

/* Another station's incident is asked for by its name and number: 西周1122-001; each counts its own from 001. */
static void
number_of(const struct body *b, const struct text_env *e, char *out, size_t size)
{
	static const char *const suffix[] = {"街道", "镇", "乡", "区", "县", "市", "省"};
	const char *no = body_text(b, F_NUMBER);
	char name[160] = "", unit[256];
	struct msgid incident, id;

	out[0] = '\0';
	if (no == NULL || *no == '\0')
		return;
	if (e->cb != NULL && body_id(b, F_INCIDENT, &incident) && incident.origin[0] != '\0' &&
	    ((no[0] >= '0' && no[0] <= '9') || no[0] == 'X')) {
		(void)codebook_station(e->cb, incident.origin, name, sizeof name);
		(void)text_unit(b, e, unit, sizeof unit);
		/* A draft has no id yet: a room's name begins with its place's. */
		if (body_id(b, F_ID, &id) && id.origin[0] != '\0' ? strcmp(id.origin, incident.origin) == 0
								  : strncmp(unit, name, strlen(name)) == 0)
			name[0] = '\0';
	}
	for (size_t i = 0, len = strlen(name); i < sizeof suffix / sizeof suffix[0]; i++) {
		size_t cut = strlen(suffix[i]);

		if (len < cut + 6 || strcmp(name + len - cut, suffix[i]) != 0) /* two characters must be left to be a name */
			continue;
		name[len - cut] = '\0';
		break;
	}
	(void)text_sanitise(name, strlen(name), out, size, false);
	(void)text_sanitise(no, strlen(no), out + strlen(out), size - strlen(out), false);
}

static void
collect(struct message *m, const struct body *b)
{
	char type[256];

	add_marks(m, b);
	if (body_enum(b, F_STAGE) == STAGE_WITHDRAWAL) {
		struct buf what = {0};

		put_withdrawn(&what, b, m->e);
		(void)add(m, SAY_WITHDRAWN, "", text_say(m->e, "撤回的报告", "what is withdrawn"), buf_cstr(&what), NULL);
		buf_free(&what);
	}
	add_place(m, b);
	(void)add(m, SAY_TYPE, text_say(m->e, "", " "), text_say(m->e, "类别", "type"),
	    text_type(b, m->e, type, sizeof type), NULL);
	add_figures(m, b, true);
	/* Who reads no number must not take it for none. */
	if (body_enum(b, F_STAGE) == STAGE_FOLLOWUP && !says_figures(b))
		(void)add(m, SAY_FIGURES, text_say(m->e, ",", ", "), text_say(m->e, "数字", "figures"),
		    text_say(m->e, "本报没有新数字", "no new figures in this report"), text_say(m->e, "无新数字", "no new figures"));
	add_others(m, b);
	add_figures(m, b, false);
}

static void
message_free(struct message *m)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < WORDINGS; k++)
			free(m->of[i].wording[k]);
}

void
sms_write(const struct body *b, const struct text_env *e, struct buf *out, struct buf *dropped)
{
	struct message m = {.e = e};
	char number[256], end[320];

	number_of(b, e, number, sizeof number);
	(void)snprintf(end, sizeof end, text_say(e, "详见%s", "see %s"),
	    number[0] != '\0' && sms_units(number) <= 20 ? number : text_say(e, "系统", "the system"));
	m.end = end;
	collect(&m, b);
	for (size_t i = 0; i < m.n; i++) {
		struct element *el = &m.of[i];

		el->taken = el->wording[1] != NULL ? 1 : 0;
		if (!fits(&m))
			el->taken = -1;
	}
	for (size_t i = 0; i < m.n; i++) {
		struct element *el = &m.of[i];
		int was = el->taken;

		if (was == 0 || el->wording[0] == NULL)
			continue;
		el->taken = 0;
		if (!fits(&m))
			el->taken = was;
	}
	compose(&m, out);
	for (size_t i = 0; i < m.n && dropped != NULL; i++)
		if (m.of[i].taken < 0) {
			buf_puts(dropped, m.of[i].name);
			buf_puts(dropped, "\n");
		}
	message_free(&m);
}

void
sms_whole(const struct body *b, const struct text_env *e, struct buf *out)
{
	struct message m = {.e = e, .end = ""};
	const struct value *brief = body_first(b, F_BRIEF);

	collect(&m, b);
	for (size_t i = 0; i < m.n; i++)
		m.of[i].taken = m.of[i].wording[0] != NULL ? 0 : 1;
	compose(&m, out);
	if (brief != NULL)
		text_value(out, brief, e);
	message_free(&m);
}

/* Parts are read one by one: 至少|200人 must not fall apart, so a part ends where one pauses, if that is in its second
 * half. */
static size_t
at_pause(const char *s, size_t len)
{
	static const char *const pauses[] = {"。", "；", "，", ";", ",", "、"};
	size_t best = 0;

	for (size_t at = 0, n; at < len; at += n) {
		n = linebreak_next(s + at, len - at);
		for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
			size_t m = strlen(pauses[i]);

			if (n >= m && memcmp(s + at + n - m, pauses[i], m) == 0)
				best = at + n;
		}
	}
	return best > len / 2 ? best : len;
}

/* Parts of a text when the number before each takes `digits` places for which and for how many. */
static size_t
parts(const char *s, size_t len, int digits, size_t total, struct buf *out)
{
	int most = SMS_PART_UNITS - 3 - 2 * digits;
	size_t n, shown, count = 0;

	for (size_t at = 0; at < len; at += n) {
		n = linebreak_line(s + at, len - at, most, units_of, &shown);
		if (shown == 0)
			continue;
		if (at + n < len && s[at + n - 1] != '\n')
			n = shown = at_pause(s + at, shown);
		count++;
		if (out == NULL)
			continue;
		buf_printf(out, "(%zu/%zu)", count, total);
		buf_put(out, s + at, shown);
		buf_put_u8(out, '\n');
	}
	return count;
}

size_t
sms_split(const char *text, struct buf *out)
{
	struct text_env none = {.zh = true};
	struct value v = {.field = field_by_key(F_TEXT)};
	struct buf clean = {0};
	size_t total = 0, limit = 10;
	int digits = 1;

	v.u.text.s = (char *)(uintptr_t)text;
	v.u.text.len = strlen(text);
	text_value(&clean, &v, &none); /* one line, without control characters */
	for (; digits < 8; digits++, limit *= 10)
		if ((total = parts(buf_cstr(&clean), clean.n, digits, 0, NULL)) < limit)
			break;
	(void)parts(buf_cstr(&clean), clean.n, digits, total, out);
	buf_free(&clean);
	return total;
}
