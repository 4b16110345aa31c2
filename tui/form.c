/*
 * See form.h.  Layout is in form_layout.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "form.h"
#include "util.h"

void
form_init(struct form *f, const struct codebook *cb)
{
	*f = (struct form){ .cb = cb, .given = body_new() };
}

void
form_free(struct form *f)
{
	for (size_t i = 0; i < f->n; i++) {
		edit_free(&f->cell[i].text);
		free(f->cell[i].initial);
	}
	free(f->cell);
	body_free(f->given);
	*f = (struct form){ 0 };
}

static bool
is_figure(const struct field *f)
{
	return field_decimals(f) >= 0;
}

void
form_add(struct form *f, uint32_t key)
{
	const struct field *field = field_by_key(key);
	struct cell *c;
	size_t max = field->max > 0 ? field->max : 96;

	f->cell = xreallocarray(f->cell, f->n + 1, sizeof(*f->cell));
	c = &f->cell[f->n++];
	*c = (struct cell){ .field = field, .given = f->given };
	if (is_figure(field) || (field->flags & FF_REPEAT))
		max = 1024;
	else if (field->type != FT_TEXT)
		max = 96;
	edit_init(&c->text, max, (field->flags & FF_LINES) != 0);
	c->initial = xstrdup("");
	f->cols = 0;
}

void
form_add_table(struct form *f)
{
	const struct field *field;

	for (size_t i = 0; (field = field_at(i)) != NULL; i++)
		if (field->flags & FF_FORM)
			form_add(f, field->key);
}

struct cell *
form_cell(const struct form *f, uint32_t key)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->cell[i].field->key == key)
			return &f->cell[i];
	return NULL;
}

void
form_set(struct form *f, uint32_t key, const char *text)
{
	struct cell *c = form_cell(f, key);

	if (!c)
		return;
	body_unset(f->given, key);
	edit_set(&c->text, text);
	free(c->initial);
	c->initial = xstrdup(c->text.s);
}

const char *
form_get(const struct form *f, uint32_t key)
{
	const struct cell *c = form_cell(f, key);

	return c ? c->text.s : "";
}

bool
form_changed(const struct cell *c)
{
	return strcmp(c->text.s, c->initial) != 0;
}

/* Values. */

/* Bytes of a separator between figures or stations at p; 0 when there is none. */
static size_t
separator(const char *p)
{
	static const char *const seps[] = { " ", ",", ";", "\xef\xbc\x8c", "\xef\xbc\x9b", "\xe3\x80\x81", "\xe3\x80\x80" };

	for (size_t i = 0; i < sizeof(seps) / sizeof(seps[0]); i++)
		if (strncmp(p, seps[i], strlen(seps[i])) == 0)
			return strlen(seps[i]);
	return 0;
}

/* A source as a cell shows it: a station by its name, where that is one word. */
static const char *
source_name(const struct codebook *cb, const char *source, char *buf, size_t size)
{
	const char *name = cb ? codebook_station(cb, source, buf, size) : source;

	if (*name == '\0' || strpbrk(name, "@/") != NULL)
		return source;
	for (const char *p = name; *p; p++)
		if (separator(p) > 0)
			return source;
	return name;
}

static void
figure_text(struct buf *out, const struct field *field, const struct figure *fig, const struct codebook *cb)
{
	int dec = field_decimals(field);
	int64_t unit = dec == 4 ? 10000 : dec == 2 ? 100 : 1, part = fig->n % unit;
	char name[128];

	if (fig->q == FIG_UNKNOWN) {
		buf_puts(out, "?");
	} else {
		buf_puts(out, fig->q == FIG_ABOUT ? "~" : fig->q == FIG_ATLEAST ? ">=" : fig->q == FIG_ATMOST ? "<=" : "");
		buf_printf(out, "%lld", (long long)(fig->n / unit));
		if (part != 0) {
			int digits = dec;

			while (part % 10 == 0) {
				part /= 10;
				digits--;
			}
			buf_printf(out, ".%0*lld", digits, (long long)part);
		}
	}
	if (fig->source && *fig->source)
		buf_printf(out, "@%s", source_name(cb, fig->source, name, sizeof(name)));
}

/* The prefilled figure that this word stands for; each once. */
static const struct value *
given_figure(const struct cell *c, const char *word, const struct codebook *cb, uint64_t *used)
{
	const struct value *v = body_first(c->given, c->field->key);

	for (size_t i = 0; v && i < 64; v = body_next(c->given, v), i++) {
		struct buf b = { 0 };
		bool same;

		figure_text(&b, c->field, &v->u.fig, cb);
		same = strcmp(buf_cstr(&b), word) == 0 && (*used >> i & 1) == 0;
		buf_free(&b);
		if (same) {
			*used |= UINT64_C(1) << i;
			return v;
		}
	}
	return NULL;
}

/* A new number of a source that the form shows by its name is still that source's: "2@西周镇" as the codes would be typed. */
static char *
with_code(const struct cell *c, const char *word, const struct codebook *cb)
{
	const char *at = strchr(word, '@'), *end;
	struct buf b = { 0 };
	char name[128];

	if (!at)
		return xstrdup(word);
	end = at + 1 + strcspn(at + 1, "/");
	for (size_t i = 0; i < c->given->n; i++) {
		const struct value *v = &c->given->v[i];
		const char *shown;
		char *made;

		if (!v->field || !is_figure(v->field) || !v->u.fig.source || !*v->u.fig.source)
			continue;
		shown = source_name(cb, v->u.fig.source, name, sizeof(name));
		if (strlen(shown) != (size_t)(end - at - 1) || strncmp(shown, at + 1, strlen(shown)) != 0)
			continue;
		buf_put(&b, word, (size_t)(at + 1 - word));
		buf_printf(&b, "%s%s", v->u.fig.source, end);
		made = xstrdup(buf_cstr(&b));
		buf_free(&b);
		return made;
	}
	return xstrdup(word);
}

static int
cell_repeated(const struct cell *c, struct body *b, const struct codebook *cb, int64_t now, struct fault *f)
{
	const char *p = c->text.s;
	uint64_t used = 0;

	while (*p) {
		const struct value *v;
		size_t n = 0, skip;
		char *word, *coded;
		int rc = 0;

		while ((skip = separator(p)) > 0)
			p += skip;
		while (p[n] && separator(p + n) == 0)
			n++;
		if (n == 0)
			break;
		word = xstrndup(p, n);
		if (is_figure(c->field) && (v = given_figure(c, word, cb, &used)) != NULL) {
			body_add_value(b, v);
		} else {
			coded = with_code(c, word, cb);
			rc = value_parse(b, c->field, coded, cb, now, f);
			free(coded);
		}
		free(word);
		if (rc != 0)
			return -1;
		p += n;
	}
	return 0;
}

int
cell_value(const struct cell *c, struct body *b, const struct codebook *cb, int64_t now, struct fault *f)
{
	char *trimmed;
	const char *s = c->text.s;
	size_t len;
	int rc;

	while (*s == ' ' || *s == '\n')
		s++;
	len = strlen(s);
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\n'))
		len--;
	if (len == 0)
		return 0;
	if (is_figure(c->field) || c->field->type == FT_STATION)
		return cell_repeated(c, b, cb, now, f);
	if (c->field->type == FT_TIME && !form_changed(c) && body_first(c->given, c->field->key)) {
		body_unset(b, c->field->key);
		body_add_value(b, body_first(c->given, c->field->key));
		return 0;
	}
	trimmed = xstrndup(s, len);
	rc = value_parse(b, c->field, trimmed, cb, now, f);
	free(trimmed);
	return rc;
}

int
form_body(struct form *f, struct body *b, int64_t now, struct fault *fault)
{
	for (size_t i = 0; i < f->n; i++)
		if (cell_value(&f->cell[i], b, f->cb, now, fault) != 0) {
			f->focus = i;
			return -1;
		}
	return 0;
}

void
form_prefill(struct form *f, uint32_t key, const struct body *b)
{
	const struct field *field = field_by_key(key);
	const struct value *v = body_first(b, key);
	struct buf out = { 0 };
	char clock[24];

	if (!v || !form_cell(f, key))
		return;
	for (; v; v = body_next(b, v)) {
		if (out.n > 0)
			buf_puts(&out, field->flags & FF_LINES ? "\n" : " ");
		if (is_figure(field))
			figure_text(&out, field, &v->u.fig, f->cb);
		else if (field->type == FT_TIME)
			buf_puts(&out, time_format(v->u.when.ms, TIME_FULL, clock, sizeof(clock)));
		else if (field->type == FT_CODE && codebook_event(f->cb, v->u.text.s))
			buf_puts(&out, codebook_event(f->cb, v->u.text.s)->code);
		else if (field->type == FT_CODE || field->type == FT_TEXT || field->type == FT_STATION)
			buf_put(&out, v->u.text.s, v->u.text.len);
		else
			value_format(&out, v, f->cb, i18n_zh());
	}
	form_set(f, key, buf_cstr(&out));
	for (v = body_first(b, key); v; v = body_next(b, v))
		body_add_value(f->given, v);
	buf_free(&out);
}

void
form_offer(struct form *f, uint32_t key, const struct body *b)
{
	const struct cell *c = form_cell(f, key);

	if (c && !form_changed(c))
		form_prefill(f, key, b);
}

/* Keys. */

static bool
is_type(const struct cell *c)
{
	return c->field->type == FT_CODE && strcmp(c->field->arg, "event") == 0;
}

/* "火灾" names 火灾事故 before all the longer names it stands in, as in formats/value.c. */
static bool
named(const struct code_entry *e, const char *typed)
{
	static const char *const tails[] = { "", "事故", "事件",
		"灾害" };
	size_t n = strlen(typed);

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		if (strncmp(e->name, typed, n) == 0 && strcmp(e->name + n, tails[i]) == 0)
			return true;
	return false;
}

/* The i-th event type that fits what is typed.  The codebook answers in table order; a name typed in full comes first. */
const struct code_entry *
form_candidate(const struct form *f, size_t i)
{
	const char *typed = f->cell[f->focus].text.s;
	const struct code_entry *e;
	size_t exact;

	if (!*typed)
		return NULL;
	for (exact = 0; (e = codebook_event_match(f->cb, typed, exact)) != NULL; exact++)
		if (named(e, typed))
			break;
	if (!e)
		return codebook_event_match(f->cb, typed, i);
	if (i == 0)
		return e;
	return codebook_event_match(f->cb, typed, i <= exact ? i - 1 : i);
}

/* A type left with candidates open takes the one marked; what names exactly one code is left alone. */
static bool
accept_candidate(struct form *f, struct cell *c)
{
	const struct code_entry *e;

	if (!is_type(c) || !*c->text.s || codebook_event(f->cb, c->text.s) != NULL)
		return false;
	e = form_candidate(f, f->candidate);
	if (!e)
		return false;
	edit_set(&c->text, e->code);
	return true;
}

static void
move_focus(struct form *f, bool forward, bool *changed, struct cell **left)
{
	struct cell *c = &f->cell[f->focus];

	if (accept_candidate(f, c))
		*changed = true;
	*left = c;
	f->candidate = 0;
	if (forward)
		f->focus = f->focus + 1 < f->n ? f->focus + 1 : 0;
	else
		f->focus = f->focus > 0 ? f->focus - 1 : f->n - 1;
}

static bool
candidate_key(struct form *f, struct cell *c, const struct key *k)
{
	if (!is_type(c) || codebook_event(f->cb, c->text.s) != NULL || !form_candidate(f, 1))
		return false;
	if (k->code == TK_DOWN) {
		if (form_candidate(f, f->candidate + 1))
			f->candidate++;
		return true;
	}
	if (k->code == TK_UP && f->candidate > 0) {
		f->candidate--;
		return true;
	}
	return false;
}

/* Within a text of several rows the arrows first move in the text. */
static bool
move_row(struct cell *c, bool down)
{
	struct edit *e = &c->text;
	int cells = c->width > 0 ? c->width : 1, used;
	size_t step;

	if (!(c->field->flags & FF_LINES) || e->len == 0)
		return false;
	if (down) {
		if (e->cur == e->len)
			return false;
		step = text_clip(e->s + e->cur, cells, &used);
		e->cur += step > 0 ? step : 1;
		if (e->cur > e->len)
			e->cur = e->len;
	} else {
		if (e->cur == 0)
			return false;
		for (used = 0; e->cur > 0 && used < cells;) {
			uint32_t cp;

			do
				e->cur--;
			while (e->cur > 0 && ((unsigned char)e->s[e->cur] & 0xc0) == 0x80);
			(void)text_decode(e->s + e->cur, e->len - e->cur, &cp);
			used += text_cells_cp(cp);
		}
	}
	return true;
}

bool
form_key(struct form *f, const struct key *k, bool *changed, struct cell **left)
{
	struct cell *c = &f->cell[f->focus];

	*changed = false;
	*left = NULL;
	if (candidate_key(f, c, k))
		return true;
	if (edit_key(&c->text, k, changed)) {
		if (*changed)
			f->candidate = 0;
		return true;
	}
	switch (k->code) {
	case TK_UP:
		if (!move_row(c, false))
			move_focus(f, false, changed, left);
		return true;
	case TK_DOWN:
		if (!move_row(c, true))
			move_focus(f, true, changed, left);
		return true;
	case TK_ENTER:
	case TK_TAB:
		move_focus(f, true, changed, left);
		return true;
	case TK_BTAB:
		move_focus(f, false, changed, left);
		return true;
	case TK_PGUP:
		f->focus = 0;
		return true;
	case TK_PGDN:
		f->focus = f->n - 1;
		return true;
	case TK_CTRL:
		if (k->cp == 'T' && c->field->type == FT_TEXT) {	/* the time at this moment, into the words */
			char now[24];
			struct timespec ts;

			(void)clock_gettime(CLOCK_REALTIME, &ts);
			(void)time_format((int64_t)ts.tv_sec * 1000, TIME_CLOCK, now, sizeof(now));
			*changed = edit_insert(&c->text, now, strlen(now));
			c->text.refused = !*changed;
			return true;
		}
		if (k->cp == 'T' && c->field->type == FT_TIME) {
			char now[24];
			struct timespec ts;

			(void)clock_gettime(CLOCK_REALTIME, &ts);
			edit_set(&c->text, time_format((int64_t)ts.tv_sec * 1000, TIME_FULL, now, sizeof(now)));
			*changed = true;
			return true;
		}
		return false;
	default:
		return false;
	}
}

/* Drafts. */

json_t *
form_save(const struct form *f)
{
	json_t *fields = json_object(), *initial = json_object();

	for (size_t i = 0; i < f->n; i++) {
		const struct cell *c = &f->cell[i];

		if (*c->text.s)
			(void)json_object_set_new(fields, c->field->name, json_string(c->text.s));
		if (is_figure(c->field) && *c->initial)
			(void)json_object_set_new(initial, c->field->name, json_string(c->initial));
	}
	return json_pack("{s:o, s:o, s:o, s:s, s:I}", "fields", fields, "initial", initial, "given", json_from_body(f->given), "focus", f->cell[f->focus].field->name, "cursor",
	    (json_int_t)f->cell[f->focus].text.cur);
}

void
form_restore(struct form *f, const json_t *saved)
{
	const json_t *fields = json_object_get(saved, "fields"), *initial = json_object_get(saved, "initial");
	const char *focus = jtext(saved, "focus");
	int64_t cur = jnum(saved, "cursor");
	struct body *given = body_new();
	struct fault bad = { 0 };

	/* A draft of an older desk has none of this, and its cells say what they say. */
	if (json_is_object(json_object_get(saved, "given")) &&
	    json_to_body(json_object_get(saved, "given"), given, f->cb, 0, true, &bad) != 0) {
		body_free(given);
		given = body_new();
	}
	for (size_t i = 0; i < f->n; i++) {
		struct cell *c = &f->cell[i];

		if (is_figure(c->field) && *jtext(initial, c->field->name))
			form_set(f, c->field->key, jtext(initial, c->field->name));
		form_prefill(f, c->field->key, given);
		edit_set(&c->text, jtext(fields, c->field->name));
		if (strcmp(c->field->name, focus) != 0)
			continue;
		f->focus = i;
		if (cur >= 0 && (size_t)cur <= c->text.len && ((unsigned char)c->text.s[cur] & 0xc0) != 0x80)
			c->text.cur = (size_t)cur;
	}
	body_free(given);
}
