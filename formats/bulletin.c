/*
 * One record as a bulletin on paper.
 *
 * The order of the sections is the form's (DOMAIN 7); a section without anything to say is left out, but for time,
 * place and casualties, which a reader must see are empty.  What the record holds and no section names stands under
 * others at the end: a bulletin that quietly lacks a figure is worse than a long one.  Only what belongs to the machine
 * is left out.
 */
#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "bulletin_part.h"
#include "conf.h"
#include "i18n.h"
#include "text.h"
#include "value.h"

#define INDENT 4 /* two characters, as a paragraph begins */
#define HEAD_TITLE_CELLS 200

enum { FILES = 2 }; /* shipped and local */

/* ---- layout ---- */

static int
layout_number(const struct tsv *t, size_t row, long min, long max, int *out, struct fault *f)
{
	const char *s = tsv_get(t, row, "value");
	size_t digits = strspn(s, "0123456789");
	long n = digits > 0 && digits <= 6 && s[digits] == '\0' ? strtol(s, NULL, 10) : -1;

	if (n < min || n > max)
		return fault_set(
		    f, EX_CONFIG, "value", _("must be a whole number from %ld to %ld, not \"%s\""), min, max, s);
	*out = (int)n;
	return 0;
}

static int
layout_name(const struct tsv *t, size_t row, char *out, size_t size, struct fault *f)
{
	const char *s = tsv_get(t, row, "value");

	if (*s == '\0' || strlen(s) >= size)
		return fault_set(f, EX_CONFIG, "value", _("must be a text of 1 to %zu bytes"), size - 1);
	(void)snprintf(out, size, "%s", s);
	return 0;
}

static int
layout_row(const struct tsv *t, size_t row, struct bulletin_layout *l, struct fault *f)
{
	const char *item = tsv_get(t, row, "item");

	if (strcmp(item, "bulletin_cells") == 0)
		return layout_number(t, row, BULLETIN_CELLS_MIN, BULLETIN_CELLS_MAX, &l->cells, f);
	if (strcmp(item, "bulletin_lines") == 0)
		return layout_number(t, row, BULLETIN_LINES_MIN, BULLETIN_LINES_MAX, &l->lines, f);
	if (strcmp(item, "brief") == 0)
		return layout_name(t, row, l->brief, sizeof l->brief, f);
	if (strcmp(item, "special") == 0)
		return layout_name(t, row, l->special, sizeof l->special, f);
	return fault_set(f, EX_CONFIG, "item", _("\"%s\" is not known here"), item);
}

int
bulletin_layout_load(const char *confdir, struct bulletin_layout *l, struct fault *f)
{
	char path[PATH_MAX] = "";

	*l = (struct bulletin_layout){0};
	for (int file = 0; file < FILES; file++) {
		struct tsv *t;
		int rc = 0;

		if (tsv_open(confdir, "rules/texts", file == 1, true, path, sizeof path, &t, f) == -1)
			return -1;
		for (size_t i = 0; rc == 0 && t != NULL && i < tsv_rows(t); i++)
			if ((rc = layout_row(t, i, l, f)) != 0)
				fault_at(f, path, tsv_line(t, i));
		tsv_free(t);
		if (rc != 0)
			return -1;
	}
	if (l->cells == 0 || l->lines == 0 || l->brief[0] == '\0' || l->special[0] == '\0') {
		(void)fault_set(
		    f, EX_CONFIG, "item", _("bulletin_cells, bulletin_lines, brief and special must all be set"));
		(void)snprintf(path, sizeof path, "%s/rules/texts.tsv", confdir);
		fault_at(f, path, 0);
		return -1;
	}
	return 0;
}

/* ---- sections ---- */

#define KEYS_MAX 6

static const struct section {
	const char *zh, *en;
	bool always;		 /* said even when the record has nothing of it */
	uint32_t keys[KEYS_MAX]; /* 0 ends them */
} sections[] = {
    {"接报时间", "time received", true, {F_LEARNED, F_TELEPHONED}},
    {"信息来源", "source", false, {F_ON_BEHALF, F_CHANNEL, F_CALLER_UNIT, F_CALLER, F_CALLER_POST, F_CALLER_PHONE}},
    {"事发时间", "time of the event", true, {F_OCCURRED}},
    {"事发地点", "place", true, {F_PLACE, F_DIVISION, F_WHERE, F_POSITION}},
    {"事件性质", "nature", true, {F_TYPE, F_GRADE, F_VERDICT, F_MARKS, F_RESPONSE}},
    {"简要经过", "course", false, {F_BRIEF, F_TEXT, F_CAUSE}},
    {"影响范围", "scope", false, {F_SCOPE, F_AREA}},
    {"伤亡和损失", "casualties and losses", true, {F_CASUALTIES_TEXT}},
    {"发展趋势", "trend", false, {F_TREND}},
    {"现场负责人和已采取措施", "leaders and measures taken", false, {F_LEADERS, F_MEASURES, F_TOLD}},
    {"建议和下步措施", "advice and next steps", false, {F_NEXT}},
    {"请求事项", "asked for", false, {F_REQUEST}},
};
#define SECTIONS (sizeof sections / sizeof sections[0])
#define FIGURES_SECTION 7 /* the one the figures stand in */

/* Said at the head or the foot, or of no use to who reads paper. */
static const uint32_t elsewhere[] = {F_TITLE, F_STAGE, F_VERSION, F_ISSUE_NO, F_AUTHOR, F_CHECKER, F_SIGNER, F_REFS,
    F_REASON, F_SOURCE_FORMAT, F_ORIGINAL, F_ORIGINAL_SIZE, F_REMARKS, F_CAP_TREE, F_CAP_REFERENCES, F_TRANSLATION,
    F_EXTENSION, F_FOREIGN_ID, F_FOREIGN_INCIDENT, F_FOREIGN_STATION, F_FOREIGN_TO, F_FOREIGN_PREV, F_UNIT};

static bool
is_elsewhere(const struct field *f)
{
	if ((f->flags & FF_HEADER) != 0 || field_decimals(f) >= 0)
		return true;
	for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
		if (elsewhere[i] == f->key)
			return true;
	for (size_t i = 0; i < SECTIONS; i++)
		for (size_t k = 0; k < KEYS_MAX; k++)
			if (sections[i].keys[k] == f->key)
				return true;
	return false;
}

/* Text of several lines: clean, each line on its own. */
static void
put_paragraphs(struct buf *out, const struct value *v)
{
	char *clean = xcalloc(v->u.text.len * 3 + 1, 1);
	size_t n = text_sanitise(v->u.text.s, v->u.text.len, clean, v->u.text.len * 3 + 1, true);

	for (size_t i = 0; i < n; i++)
		buf_put_u8(out, clean[i] == '\t' ? ' ' : (uint8_t)clean[i]);
	free(clean);
}

static bool
is_lines(const struct field *f)
{
	return f->type == FT_TEXT && (f->flags & FF_LINES) != 0;
}

/* What the section's heading says already, or its place among the others. */
static bool
goes_without_saying(uint32_t key)
{
	static const uint32_t keys[] = {F_LEARNED, F_CHANNEL, F_CALLER_UNIT, F_CALLER, F_CALLER_POST, F_OCCURRED,
	    F_PLACE, F_TYPE, F_BRIEF, F_TEXT, F_SCOPE, F_CASUALTIES_TEXT, F_TREND, F_LEADERS, F_MEASURES, F_NEXT,
	    F_REQUEST};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* "label: value, value" of each key that is there; texts of several lines as paragraphs of their own. */
static void
put_keys(struct buf *line, struct buf *paragraphs, const struct body *b, const uint32_t *keys, size_t n,
    const struct text_env *e)
{
	for (size_t i = 0; i < n && keys[i] != 0; i++) {
		const struct value *v = body_first(b, keys[i]);
		const struct field *f = field_by_key(keys[i]);
		struct buf *to;

		assert(f != NULL);
		if (v == NULL)
			continue;
		to = is_lines(f) ? paragraphs : line;
		if (to->n > 0)
			buf_puts(to, is_lines(f) ? "\n" : text_say(e, "，", ", "));
		if (n > 1 && !goes_without_saying(f->key))
			buf_printf(to, "%s%s", e->zh ? f->zh : f->label, text_say(e, "：", ": "));
		for (bool first = true; v != NULL; v = body_next(b, v), first = false) {
			if (!first)
				buf_puts(to, is_lines(f) ? "\n" : text_say(e, "、", ", "));
			if (is_lines(f))
				put_paragraphs(to, v);
			else
				text_value(to, v, e);
		}
	}
}

/* A heading, then what it is of: on its line when that is short, in paragraphs below it otherwise. */
static void
add_section(struct page_lines *l, const char *name, struct buf *line, struct buf *paragraphs, bool again,
    const struct text_env *e)
{
	struct buf head = {0};

	buf_printf(&head, "%s%s", name, text_say(e, "：", ": "));
	if (line->n > 0)
		buf_puts(&head, buf_cstr(line));
	else if (paragraphs->n == 0)
		buf_puts(&head, again ? text_say(e, "(本报没有新数字)", "(no new figures in this report)")
				     : text_say(e, "(未报)", "(not reported)"));
	page_text(l, buf_cstr(&head), 0, INDENT, false);
	if (paragraphs->n > 0) {
		l->of[l->n - 1].keep = true;
		page_text(l, buf_cstr(paragraphs), INDENT, 0, false);
	}
	buf_free(&head);
}

static void
add_body(struct page_lines *l, const struct body *b, const struct text_env *e)
{
	struct buf line = {0}, paragraphs = {0};
	const struct field *f;
	int stage = body_enum(b, F_STAGE);

	for (size_t i = 0; i < SECTIONS; i++) {
		const struct section *s = &sections[i];

		buf_clear(&line);
		buf_clear(&paragraphs);
		if (i == FIGURES_SECTION && figuretext_all(&line, b, FIGURES_FULL, e))
			buf_puts(&line, text_say(e, "。", "."));
		put_keys(&line, &paragraphs, b, s->keys, KEYS_MAX, e);
		if (line.n > 0 || paragraphs.n > 0 || s->always)
			add_section(l, text_say(e, s->zh, s->en), &line, &paragraphs,
			    i == FIGURES_SECTION && stage != STAGE_FIRST && stage != 0, e);
	}
	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		if (is_elsewhere(f) || body_first(b, f->key) == NULL)
			continue;
		buf_clear(&line);
		buf_clear(&paragraphs);
		put_keys(&line, &paragraphs, b, &f->key, 1, e);
		add_section(l, e->zh ? f->zh : f->label, &line, &paragraphs, false, e);
	}
	buf_free(&line);
	buf_free(&paragraphs);
}

/* ---- head and foot ---- */

static const char *
clean_text(const struct body *b, uint32_t key, char *buf, size_t size)
{
	const char *s = body_text(b, key);

	(void)text_sanitise(s != NULL ? s : "", s != NULL ? strlen(s) : 0, buf, size, false);
	return buf;
}

static void
date_of(int64_t ms, const struct text_env *e, char *buf, size_t size)
{
	char full[40];

	buf[0] = '\0';
	if (ms == 0)
		return;
	(void)time_format(ms, TIME_FULL, full, sizeof full); /* YYYY-MM-DD HH:MM */
	if (e->zh && strlen(full) >= 10)
		(void)snprintf(buf, size, "%ld年%ld月%ld日", strtol(full, NULL, 10), strtol(full + 5, NULL, 10),
		    strtol(full + 8, NULL, 10));
	else
		(void)snprintf(buf, size, "%.10s", full);
}

/* "第12期"; an empty place for a hand to fill in when nobody numbered it. */
static void
issue_of(const struct body *b, const struct text_env *e, char *buf, size_t size)
{
	char number[64];
	int64_t n;

	(void)clean_text(b, F_ISSUE_NO, number, sizeof number);
	if (number[0] == '\0' && body_num(b, F_VERSION, &n))
		(void)snprintf(number, sizeof number, "%" PRId64, n);
	(void)snprintf(buf, size, text_say(e, "第%s期", "No. %s"), number[0] != '\0' ? number : "    ");
}

/* 【更正】 and what it stands in place of; 【撤回】 likewise. */
static void
add_stage(struct page_lines *l, const struct body *b, const struct text_env *e)
{
	int stage = body_enum(b, F_STAGE);
	struct buf text = {0};
	char reason[512];

	if (stage == STAGE_CORRECTION)
		buf_puts(&text, text_say(e, "【更正】本件更正并替代", "[CORRECTION] this corrects and replaces"));
	else if (stage == STAGE_WITHDRAWAL)
		buf_puts(&text, text_say(e, "【撤回】本件撤回", "[WITHDRAWN] this withdraws"));
	else
		goto out;
	if (body_first(b, F_REFS) == NULL)
		buf_puts(&text, text_say(e, "前报", " the report before"));
	for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v)) {
		buf_puts(&text, v == body_first(b, F_REFS) ? " " : text_say(e, "、", ", "));
		value_format(&text, v, e->cb, e->zh);
	}
	if (clean_text(b, F_REASON, reason, sizeof reason)[0] != '\0')
		buf_printf(&text, "%s%s", text_say(e, "，理由：", ", reason: "), reason);
	page_text(l, buf_cstr(&text), 0, INDENT, true);
out:
	buf_free(&text);
}

static void
add_unsigned(struct page_lines *l, const struct body *b, const struct text_env *e)
{
	char who[128], line[256];

	if (!text_unsigned(b))
		return;
	(void)snprintf(line, sizeof line,
	    body_flag(b, F_UNSIGNED) ? text_say(e, "【先报后签 待补签: %s】", "[SENT BEFORE SIGNATURE, OWED BY: %s]")
				     : text_say(e, "【未签发 待补签: %s】", "[NOT SIGNED, OWED BY: %s]"),
	    clean_text(b, F_SIGNATURE_OWED, who, sizeof who));
	page_centred(l, line);
}

/* Bounded: a title of a hundred lines would leave no room for what it is the title of. */
static void
add_title(struct page_lines *l, const struct body *b, const struct text_env *e)
{
	char stage[64], title[512], type[256];
	struct buf text = {0};

	(void)clean_text(b, F_TITLE, title, sizeof title);
	(void)text_enum(b, F_STAGE, e, stage, sizeof stage);
	if (title[0] == '\0')
		buf_printf(&text, "%s%s", text_type(b, e, type, sizeof type), stage);
	else if (stage[0] != '\0')
		buf_printf(&text, text_say(e, "%s(%s)", "%s (%s)"), title, stage);
	else
		buf_puts(&text, title);
	page_centred(l, buf_cstr(&text));
	buf_free(&text);
}

/* "报：A、B" of the addressees named, or an empty place. */
static void
add_addressees(struct page_lines *l, const struct body *b, uint32_t key, uint32_t foreign, const char *label,
    const struct text_env *e)
{
	struct buf line = {0};
	const struct value *v = body_first(b, key);

	if (v == NULL && foreign != 0)
		v = body_first(b, foreign);
	buf_printf(&line, "%s%s", label, text_say(e, "：", ": "));
	for (bool first = true; v != NULL; v = body_next(b, v), first = false) {
		buf_puts(&line, first ? "" : text_say(e, "、", ", "));
		text_value(&line, v, e);
	}
	page_text(l, buf_cstr(&line), 0, INDENT, true);
	buf_free(&line);
}

static void
add_foot(struct page_lines *l, const struct body *b, const struct text_env *e)
{
	char author[128], checker[128], signer[128];
	struct buf line = {0};

	page_rule(l, '-');
	add_addressees(l, b, F_TO, F_FOREIGN_TO, text_say(e, "报", "to"), e);
	add_addressees(l, b, F_CC, 0, text_say(e, "送", "copies"), e);
	page_rule(l, '-');
	buf_printf(&line, text_say(e, "编辑：%s  审核：%s  签发：%s", "edited: %s  checked: %s  approved: %s"),
	    clean_text(b, F_AUTHOR, author, sizeof author), clean_text(b, F_CHECKER, checker, sizeof checker),
	    clean_text(b, F_SIGNER, signer, sizeof signer));
	page_text(l, buf_cstr(&line), 0, INDENT, false);
	buf_free(&line);
}

size_t
bulletin_write(const struct body *b, enum bulletin_kind kind, const struct bulletin_layout *layout,
    const struct text_env *e, struct buf *out)
{
	struct page_lines top = {.cells = layout->cells}, head = top, body = top, foot = top;
	const char *form = kind == BULLETIN_SPECIAL ? layout->special : layout->brief;
	char unit[256], date[64], issue[160], again[640];
	const char *drill = text_exercise(b, e) ? text_say(e, "【演练】", "[EXERCISE] ") : "";
	int64_t when = text_instant(b);
	size_t pages;

	assert(layout->cells >= BULLETIN_CELLS_MIN && layout->cells <= BULLETIN_CELLS_MAX);
	assert(layout->lines >= BULLETIN_LINES_MIN && layout->lines <= BULLETIN_LINES_MAX);
	(void)text_unit(b, e, unit, sizeof unit);
	date_of(when != 0 ? when : e->now, e, date, sizeof date);
	issue_of(b, e, issue, sizeof issue);
	if (!e->zh)
		form = kind == BULLETIN_SPECIAL ? "SPECIAL REPORT" : "DUTY BULLETIN";
	(void)snprintf(again, sizeof again, "%s%s", drill, form);
	page_centred(&top, again);
	page_centred(&top, issue);
	page_sides(&top, unit, date);
	page_rule(&top, '=');
	add_unsigned(&top, b, e);
	add_stage(&top, b, e);
	add_title(&top, b, e);
	page_text(&top, "", 0, 0, false);
	/* on one line, whatever it says: it stands on every page */
	(void)snprintf(again, sizeof again, "%s%s %s", drill, form, issue);
	if (text_cells(again) + text_cells(date) < layout->cells)
		page_sides(&head, again, date);
	else
		page_sides(&head, again, "");
	page_rule(&head, '=');
	add_body(&body, b, e);
	add_foot(&foot, b, e);
	pages = page_emit(&top, &head, &body, &foot, layout->lines, e->zh, out);
	page_lines_free(&top);
	page_lines_free(&head);
	page_lines_free(&body);
	page_lines_free(&foot);
	return pages;
}
