/*
 * The texts made of one record, each as it will be read elsewhere: nothing is typed twice.  Digits choose; what a text had
 * to leave out or cut is said below it.  All of them are made here, from the record: no switch is needed for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/bulletin.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/figuretext.h"
#include "../formats/json.h"
#include "../formats/paste.h"
#include "../formats/phone.h"
#include "../formats/sms.h"
#include "compose.h"
#include "message_text.h"
#include "util.h"

enum output { OUT_BULLETIN, OUT_SMS, OUT_PHONE, OUT_PASTE, OUT_MAX };

struct outputs {
	struct view v;
	struct body *body;
	char self[256];		/* the station the texts speak for; "" = the record's own */
	enum output which;
	struct lines lines;
	int width;
};

static const char *
output_name(enum output o)
{
	switch (o) {
	case OUT_BULLETIN:
		return _("report on paper");
	case OUT_SMS:
		return _("short message");
	case OUT_PHONE:
		return _("telephone script");
	case OUT_PASTE:
		return _("text to paste");
	case OUT_MAX:
		break;
	}
	return "";
}

/* -1 + fault: a rules file cannot be read. */
static int
write_text(const struct outputs *o, struct buf *out, struct buf *lost, struct fault *f)
{
	const struct text_env env = { .cb = app_codebook(o->v.app), .self_name = *o->self ? o->self : NULL,
		.now = app_now(o->v.app), .zh = i18n_zh(), .exercise = o->v.exercise };
	struct bulletin_layout layout;
	struct paste *paste;
	char conf[512];
	int rc;

	switch (o->which) {
	case OUT_BULLETIN:
		if (!conf_dir(conf, sizeof(conf), f) || bulletin_layout_load(conf, &layout, f) != 0)
			return -1;
		if (layout.cells > o->width && o->width >= BULLETIN_CELLS_MIN)	/* the paper's width where the screen has it */
			layout.cells = o->width;
		(void)bulletin_write(o->body, BULLETIN_BRIEF, &layout, &env, out);
		return 0;
	case OUT_SMS:
		sms_write(o->body, &env, out, lost);
		return 0;
	case OUT_PHONE:
		phone_write(o->body, &env, out);
		return 0;
	case OUT_PASTE:
		if (!conf_dir(conf, sizeof(conf), f) || !(paste = paste_load(conf, f)))
			return -1;
		rc = paste_write(paste, NULL, o->body, &env, out, lost, f);
		paste_free(paste);
		return rc;
	case OUT_MAX:
		break;
	}
	return 0;
}

/* A page's empty rows stand on paper; on the screen one is enough, and a rule where the page ends. */
static void
add_text(struct outputs *o, const char *text)
{
	size_t empty = 0;

	while (*text) {
		size_t n = strcspn(text, "\n\f");
		char *line = xstrndup(text, n);

		empty = strspn(line, " ") == n ? empty + 1 : 0;
		if (empty <= 1)
			lines_add(&o->lines, "", line, o->width);
		free(line);
		text += n;
		if (*text == '\f')
			lines_add(&o->lines, "", "- - - - - - - - - -", o->width);
		text += *text != '\0';
	}
}

static void
make(struct outputs *o)
{
	struct buf out = { 0 }, lost = { 0 };
	struct fault f = { 0 };
	char text[200];

	o->width = term_cols() - 2;
	lines_clear(&o->lines);
	if (write_text(o, &out, &lost, &f) != 0) {
		lines_add(&o->lines, "", fault_format(&f, text, sizeof(text)), o->width);
	} else {
		if (o->which == OUT_SMS) {
			(void)snprintf(text, sizeof(text), _("%d of %d characters"), sms_units(buf_cstr(&out)), SMS_UNITS);
			lines_add(&o->lines, "", text, o->width);
			lines_add(&o->lines, "", "", o->width);
		}
		add_text(o, buf_cstr(&out));
		if (lost.n > 0) {
			lines_add(&o->lines, "", "", o->width);
			lines_add(&o->lines, _("did not fit"), buf_cstr(&lost), o->width);
		}
	}
	buf_free(&out);
	buf_free(&lost);
}

static void
outputs_title(struct view *v, char *buf, size_t size)
{
	const struct outputs *o = (const struct outputs *)v;

	(void)snprintf(buf, size, "%s: %s", _("Texts of one record"), output_name(o->which));
}

static void
outputs_paint(struct view *v)
{
	struct outputs *o = (struct outputs *)v;
	int row = app_top_row(v->app), col = 1;

	if (o->width != term_cols() - 2)
		make(o);
	for (int i = 0; i < OUT_MAX; i++)
		col += 2 + term_putf(row, col, term_cols() - col - 1, TERM_PLAIN, "%s%d%s", i == (int)o->which ? ">" : " ", i + 1,
		    output_name((enum output)i));
	term_rule(row + 1, '-');
	lines_paint(&o->lines, row + 2, app_bottom_row(v->app) - row - 1);
	v->cursor_row = row;
}

static bool
outputs_key(struct view *v, const struct key *k)
{
	struct outputs *o = (struct outputs *)v;
	uint32_t c = k->cp >= 0xff10 && k->cp <= 0xff19 ? k->cp - 0xff10 + '0' : k->cp;

	if (k->code == TK_LEFT || k->code == TK_RIGHT || k->code == TK_TAB)
		c = '1' + ((uint32_t)o->which + (k->code == TK_LEFT ? OUT_MAX - 1 : 1)) % OUT_MAX;
	else if (k->code != TK_CHAR || k->pasted)
		return false;
	if (c < '1' || c >= '1' + OUT_MAX)
		return false;
	o->which = (enum output)(c - '1');
	o->lines.top = 0;
	make(o);
	return true;
}

static bool
outputs_command(struct view *v, enum command_id id)
{
	return lines_turn(&((struct outputs *)v)->lines, id);
}

static bool
outputs_find(struct view *v, const char *text)
{
	return lines_find(&((struct outputs *)v)->lines, text);
}

static bool
outputs_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("1-4 which text"));
	hint_lines(buf, size);
	return true;
}

static void
outputs_free(struct view *v)
{
	struct outputs *o = (struct outputs *)v;

	lines_clear(&o->lines);
	body_free(o->body);
	free(o);
}

static const struct view_ops outputs_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = outputs_free,
	.title = outputs_title,
	.paint = outputs_paint,
	.key = outputs_key,
	.command = outputs_command,
	.hint = outputs_hint,
	.find = outputs_find,
};

/* self: whose words they are, NULL: the record says so itself. */
static void
open_with(struct app *app, struct body *b, const char *self, bool exercise)
{
	struct outputs *o = xcalloc(1, sizeof(*o));

	o->v.ops = &outputs_ops;
	o->v.app = app;
	o->v.exercise = exercise;
	o->body = b;
	(void)snprintf(o->self, sizeof(o->self), "%s", self ? self : "");
	make(o);
	app_push_view(app, &o->v);
}

void
outputs_open_body(struct app *app, const struct body *b, bool exercise)
{
	open_with(app, body_copy(b), app_hello(app, "name"), exercise);
}

void
outputs_open(struct app *app, const json_t *message)
{
	struct body *b = body_new();
	struct fault f = { 0 };

	if (json_to_body(json_object_get(message, "body"), b, app_codebook(app), app_now(app), true, &f) != 0) {
		app_note_fault(app, &f);
		body_free(b);
		return;
	}
	if (text_unsigned(b) && !jflag(message, "signature_owed") && *jtext(message, "signer"))
		text_signed(b, jtext(message, "signer"));
	open_with(app, b, jflag(message, "mine") ? app_hello(app, "name") : NULL, jexercise(message));
}
