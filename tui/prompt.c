/*
 * See prompt.h.  Confirmation is by digit: an input method swallows letters, a vt100 types no Chinese.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "edit.h"
#include "prompt.h"

struct prompt {
	struct app *app;
	struct view *owner;
	char *title, *info, *confirm;
	prompt_fn done;
	void (*cancelled)(struct view *);
	void *arg;
	struct {
		char *label;
		unsigned flags;
		struct edit text;
		bool fresh;	/* as prefilled: the first character typed replaces it */
	} f[PROMPT_FIELDS];
	size_t n, at;	/* at == n: the confirmation */
	int choices;	/* 1 = a mere confirmation */
	char chosen[2];
};

struct prompt *
prompt_new(struct app *app, struct view *owner, const char *title, prompt_fn done, void *arg)
{
	struct prompt *p = xcalloc(1, sizeof(*p));

	p->app = app;
	p->owner = owner;
	p->title = xstrdup(title);
	p->done = done;
	p->arg = arg;
	p->choices = 1;
	return p;
}

void
prompt_field(struct prompt *p, const char *label, const char *initial, unsigned flags)
{
	assert(p->n < PROMPT_FIELDS);
	p->f[p->n].label = xstrdup(label);
	p->f[p->n].flags = flags;
	edit_init(&p->f[p->n].text, flags & PROMPT_LINES ? 16384 : flags & PROMPT_SECRET ? 64 : 960, (flags & PROMPT_LINES) != 0);
	edit_set(&p->f[p->n].text, initial);
	p->f[p->n].fresh = true;
	p->n++;
}

void
prompt_info(struct prompt *p, const char *text)
{
	free(p->info);
	p->info = xstrdup(text);
}

void
prompt_confirm(struct prompt *p, const char *text)
{
	free(p->confirm);
	p->confirm = xstrdup(text);
}

void
prompt_choice(struct prompt *p, const char *text, int n)
{
	assert(n >= 1 && n <= 9 && p->n < PROMPT_FIELDS);
	prompt_confirm(p, text);
	p->choices = n;
}

void
prompt_cancelled(struct prompt *p, void (*fn)(struct view *))
{
	p->cancelled = fn;
}

struct view *
prompt_owner(const struct prompt *p)
{
	return p->owner;
}

size_t
prompt_pins(struct prompt *p, const char *const *person, size_t n)
{
	size_t first = p->n;
	char label[160];

	for (size_t i = 0; i < n && p->n < PROMPT_FIELDS; i++) {
		(void)snprintf(label, sizeof(label), _("PIN of %s"), person[i]);
		prompt_field(p, label, "", PROMPT_SECRET);
	}
	return first;
}

void
prompt_pins_put(json_t *request, const char *const *person, const char *const *value, size_t n)
{
	json_t *pins = json_array();

	for (size_t i = 0; i < n; i++)
		if (*value[i] != '\0')
			(void)json_array_append_new(pins, json_pack("{s:s, s:s}", "person", person[i], "pin", value[i]));
	if (json_array_size(pins) > 0)
		(void)json_object_set(request, "pins", pins);
	json_decref(pins);
}

/* What an edit holds must not stay in memory that is given back. */
static void
wipe(struct edit *e)
{
	if (e->s)
		explicit_bzero(e->s, e->cap);
	if (e->cleared)
		explicit_bzero(e->cleared, strlen(e->cleared));
}

void
prompt_free(struct prompt *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		if (p->f[i].flags & PROMPT_SECRET)
			wipe(&p->f[i].text);
		free(p->f[i].label);
		edit_free(&p->f[i].text);
	}
	free(p->title);
	free(p->info);
	free(p->confirm);
	free(p->arg);
	free(p);
}

int
prompt_rows(const struct prompt *p)
{
	return 1 + (int)p->n + (p->info ? 1 : 0) + (p->confirm ? 1 : 0);
}

/* An asterisk a character: that something was typed is seen, what is not. */
static void
paint_secret(const struct edit *e, int row, int col, int cols, bool focused, int *crow, int *ccol)
{
	int n = 0, at = 0;

	for (size_t i = 0; i < e->len; i++)
		if (((unsigned char)e->s[i] & 0xc0) != 0x80) {
			at += i < e->cur;
			if (n < cols)
				(void)term_put(row, col + n++, 1, TERM_PLAIN, "*");
		}
	if (focused) {
		*crow = row;
		*ccol = col + (at < cols ? at : cols - 1);
	}
}

void
prompt_paint(struct prompt *p, int *crow, int *ccol)
{
	int row = term_rows() - 2 - prompt_rows(p), width = 0;

	term_rule(row - 1, '-');
	(void)term_put(row++, 1, term_cols() - 2, TERM_STRONG, p->title);
	if (p->info)
		(void)term_put(row++, 1, term_cols() - 2, TERM_PLAIN, p->info);
	for (size_t i = 0; i < p->n; i++)
		if (term_cells(p->f[i].label) > width)
			width = term_cells(p->f[i].label);
	for (size_t i = 0; i < p->n; i++, row++) {
		int cols = term_cols() - width - 6;

		(void)term_put(row, 0, 1, TERM_PLAIN, i == p->at ? ">" : " ");
		(void)term_put(row, 1, width, TERM_PLAIN, p->f[i].label);
		(void)term_put(row, width + 2, 1, TERM_PLAIN, "[");
		(void)term_put(row, width + 3 + cols, 1, TERM_PLAIN, "]");
		if (p->f[i].flags & PROMPT_SECRET)
			paint_secret(&p->f[i].text, row, width + 3, cols, i == p->at, crow, ccol);
		else
			(void)edit_paint(&p->f[i].text, row, width + 3, cols, 1, i == p->at, crow, ccol);
	}
	if (p->confirm) {
		(void)term_put(row, 0, 1, TERM_PLAIN, p->at == p->n ? ">" : " ");
		if (p->at == p->n) {
			*ccol = 1 + term_put(row, 1, term_cols() - 2, TERM_STRONG, p->confirm);
			*crow = row;
		}
	}
}

void
prompt_hint(const struct prompt *p, char *buf, size_t size)
{
	buf[0] = '\0';
	if (p->at == p->n && p->choices > 1)
		hint_text(buf, size, _("a digit chooses  Enter or Esc: cancel"));
	else if (p->at == p->n)
		hint_text(buf, size, _("1 confirm  Enter or Esc: cancel"));
	else
		hint_text(buf, size, _("Enter next  Up back  Esc cancel"));
}

static void
finish(struct prompt *p, bool confirmed)
{
	const char *value[PROMPT_FIELDS];
	char *copy[PROMPT_FIELDS];
	struct view *owner = p->owner;
	struct app *app = p->app;
	void (*cancelled)(struct view *) = p->cancelled;
	prompt_fn done = p->done;
	void *arg = p->arg;
	size_t n = p->n;

	if (!confirmed) {
		app_prompt(app, NULL);
		app_note(app, false, _("cancelled, nothing was changed"));
		if (cancelled)
			cancelled(owner);
		return;
	}
	for (size_t i = 0; i < PROMPT_FIELDS; i++) {
		copy[i] = xstrdup(i < n ? p->f[i].text.s : i == PROMPT_FIELDS - 1 ? p->chosen : "");
		value[i] = copy[i];
	}
	p->arg = NULL;
	app_prompt(app, NULL);	/* frees p: the callback may open another */
	done(owner, arg, value);
	free(arg);
	for (size_t i = 0; i < PROMPT_FIELDS; i++) {
		explicit_bzero(copy[i], strlen(copy[i]));
		free(copy[i]);
	}
}

/* Whether the field at hand may be left. */
static bool
acceptable(struct prompt *p, size_t i)
{
	const struct field *due = field_by_key(F_DUE);
	const char *s = p->f[i].text.s;
	struct body *b;
	struct fault f = { 0 };
	int64_t ms = 0;
	int rc;

	if (*s == '\0') {
		if (!(p->f[i].flags & PROMPT_REQUIRED))
			return true;
		app_note(p->app, true, _("%s: must be filled in"), p->f[i].label);
		return false;
	}
	if (!(p->f[i].flags & PROMPT_TIME))
		return true;
	b = body_new();
	rc = value_parse(b, due, s, app_codebook(p->app), app_now(p->app), &f);
	if (rc == 0)
		(void)body_time(b, F_DUE, &ms);
	body_free(b);
	if (rc != 0) {
		app_note(p->app, true, "%s: %s", p->f[i].label, f.text);
		return false;
	}
	if ((p->f[i].flags & PROMPT_FUTURE) && ms <= app_now(p->app)) {
		app_note(p->app, true, _("%s: lies in the past"), p->f[i].label);
		return false;
	}
	if ((p->f[i].flags & PROMPT_PAST) && ms > app_now(p->app)) {
		app_note(p->app, true, _("%s: lies ahead"), p->f[i].label);
		return false;
	}
	return true;
}

/* A digit of the choice, or 1 and y for a confirmation. */
static bool
chosen(struct prompt *p, const struct key *k)
{
	uint32_t c = k->cp >= 0xff10 && k->cp <= 0xff19 ? k->cp - 0xff10 + '0' : k->cp;

	if (k->code != TK_CHAR || k->pasted)
		return false;
	if (p->choices == 1 && (c == 'y' || c == 'Y'))
		c = '1';
	if (c < '1' || c >= '1' + (uint32_t)p->choices)
		return false;
	p->chosen[0] = (char)c;
	return true;
}

static void
ask_again(const struct prompt *p)
{
	term_bell();
	if (p->choices > 1)
		app_note(p->app, true, _("1-%d, or Esc"), p->choices);
	else
		app_note(p->app, true, "%s", _("1 or Esc"));
}

static void
next_field(struct prompt *p)
{
	if (!acceptable(p, p->at))
		return;
	p->at++;
	if (p->at == p->n && !p->confirm)
		finish(p, true);
}

void
prompt_key(struct prompt *p, const struct key *k)
{
	bool changed;
	char why[96];

	app_dirty(p->app);
	if (k->code == TK_ESC || (k->code == TK_CTRL && k->cp == 'C')) {
		finish(p, false);
		return;
	}
	if (p->at == p->n) {
		/* Any other key belongs to no question: were it to cancel, the letters after it would be commands. */
		if (k->code == TK_UP && p->n > 0)
			p->at--;
		else if (chosen(p, k))
			finish(p, true);
		else if (k->code == TK_ENTER && !k->pasted)
			finish(p, false);
		else
			ask_again(p);
		return;
	}
	if (p->f[p->at].fresh && k->code == TK_CHAR)
		edit_set(&p->f[p->at].text, "");
	if (edit_key(&p->f[p->at].text, k, &changed)) {
		p->f[p->at].fresh = false;
		if (p->f[p->at].text.refused)
			app_note(p->app, true, "%s: %s", p->f[p->at].label, edit_refusal(&p->f[p->at].text, why, sizeof(why)));
		return;
	}
	if (k->code == TK_ENTER || k->code == TK_TAB || k->code == TK_DOWN)
		next_field(p);
	else if ((k->code == TK_UP || k->code == TK_BTAB) && p->at > 0)
		p->at--;
}
