/*
 * A checked 12379 document into a message body.
 *
 * A duty officer reads one warning, so of several <info> the first Chinese one is chosen, else the first; their areas
 * are listed together and the warning is over when the last of them is.  Every element, chosen or not, is in
 * F_EXTENSION (warn12379_keep.c).
 *
 * Texts are brought within their field's bounds here: line breaks in one-line fields become blanks, long texts are cut
 * at a character, what no screen may get is replaced; the last two leave a remark.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "limits.h"
#include "text.h"
#include "warn12379_part.h"
#include "wire.h"

#define TEXTS_MAX (224u * 1024)	     /* bytes of all texts */
#define WHOLE_MAX (BODY_MAX - 32768) /* bytes of the body with what is kept; the station adds to it */
#define LANGUAGE_HERE "zh-CN"	     /* of a document that does not say: the system is a Chinese one */

/* Adds the text to the field, which it may then be found in again (node->key); false when nothing of it is left. */
bool
w_put(struct w_mapping *m, uint32_t key, const char *s, size_t line)
{
	const struct field *fd = field_by_key(key);
	struct xml_note *r = m->doc->notes.r;
	struct buf clean = {0};
	size_t len;
	char *out;

	xml_tidy(s, (fd->flags & FF_LINES) != 0, &clean);
	out = xml_bound(fd, &clean, &len, &r[W_R_CONTROL], &r[W_R_CUT], line);
	len = xml_trimmed(out, len);
	if (len > 0) {
		body_add_text(m->b, key, out, len);
		m->used += len;
	}
	free(out);
	buf_free(&clean);
	return len > 0;
}

bool
w_put_child(struct w_mapping *m, uint32_t key, const struct w_node *parent, enum w_el el)
{
	struct w_node *n = w_child(parent, el);

	if (n == NULL || n->text.n == 0 || !w_put(m, key, (const char *)n->text.p, n->line))
		return false;
	n->key = key;
	return true;
}

void
w_put_time(struct w_mapping *m, uint32_t key, struct w_node *n)
{
	struct when w;

	if (n == NULL || !w_time((const char *)n->text.p, &w))
		return;
	w.text = (const char *)n->text.p;
	body_add_when(m->b, key, &w);
	n->key = key;
}

static bool
chinese(const struct w_node *info)
{
	const char *s = w_text(info, W_LANGUAGE);

	return *s == '\0' || strncasecmp(s, "zh", 2) == 0 || strncasecmp(s, "chi", 3) == 0 ||
	       strncasecmp(s, "cmn", 3) == 0;
}

static struct w_node *
choose(const struct w_node *alert)
{
	struct w_node *first = w_child(alert, W_INFO), *n;

	for (n = first; n != NULL; n = w_next(n))
		if (chinese(n))
			return n;
	return first;
}

/* The end of the whole, and whether it has come: the latest of all parts, none if one has none. */
static void
put_ends(struct w_mapping *m, int64_t now, bool *expired)
{
	struct w_node *end = NULL, *n;
	struct when w, last = {0};
	bool open = false, differ = false;

	*expired = false;
	for (struct w_node *i = w_child(m->doc->alert, W_INFO); i != NULL; i = w_next(i)) {
		n = w_child(i, W_EXPIRES);
		if (n == NULL || !w_time((const char *)n->text.p, &w)) {
			differ = differ || end != NULL;
			open = true;
			continue;
		}
		differ = differ || open || (end != NULL && w.ms != last.ms);
		if (end == NULL || w.ms > last.ms) {
			end = n;
			last = w;
		}
	}
	if (differ)
		w_note(&m->doc->notes, W_R_ENDS, 0, NULL);
	if (open || end == NULL)
		return;
	w_put_time(m, F_EXPIRES, end);
	*expired = last.ms <= now;
}

void
w_put_type(struct w_mapping *m, struct w_node *n)
{
	const char *s = n == NULL ? "" : (const char *)n->text.p;
	const struct code_entry *e;
	char code[64];

	if (*s == '\0')
		return;
	if (strlen(s) > 16 || s[strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] != '\0') {
		w_note(&m->doc->notes, W_R_EVENT_FORM, n->line, s);
		(void)w_put(m, F_EVENT_NAME, s, n->line);
		return;
	}
	e = m->cb == NULL ? NULL : codebook_event(m->cb, s);
	if (e == NULL && m->cb != NULL) {
		w_note(&m->doc->notes, W_R_EVENT_UNKNOWN, n->line, s);
		(void)w_put(m, F_EVENT_NAME, s, n->line);
	} else if (e != NULL) {
		(void)w_put(m, F_EVENT_NAME, e->name, n->line);
	}
	(void)snprintf(code, sizeof(code), "%s:%s", e != NULL ? e->scheme : m->cb == NULL ? "yjpt" : W_OTHER_SCHEME, s);
	body_set_text(m->b, F_TYPE, code);
	n->key = F_TYPE;
}

static void
put_areas(struct w_mapping *m)
{
	const size_t max = limits_get()->repeats;
	size_t count = 0, n;

	for (const struct w_node *i = w_child(m->doc->alert, W_INFO); i != NULL; i = w_next(i))
		for (const struct w_node *a = w_child(i, W_AREA); a != NULL; a = w_next(a)) {
			struct w_node *d = w_child(a, W_AREA_DESC);

			if (d == NULL || d->text.n == 0)
				continue;
			if (count >= max || m->used > TEXTS_MAX - field_by_key(F_AREA)->max) {
				w_note(&m->doc->notes, W_R_AREAS, a->line, NULL);
				continue;
			}
			n = count;
			if (w_put(m, F_AREA, (const char *)d->text.p, d->line)) {
				d->key = F_AREA;
				d->nth = n;
				count++;
			}
		}
}

void
w_put_divisions(struct w_mapping *m, const struct w_node *n)
{
	char station[STATION_MAX], code[STATION_MAX + 4];

	for (const char *p = n == NULL ? "" : (const char *)n->text.p; *p != '\0';) {
		size_t len = strcspn(p, "," W_BLANKS);

		if (len > 0 && !w_division(m->cb, p, len, station)) {
			(void)snprintf(code, sizeof(code), "%.*s", (int)(len < 16 ? len : 16), p);
			w_note(&m->doc->notes, W_R_DIVISION, n->line, code);
		} else if (len > 0 && m->divisions++ == 0) {
			(void)snprintf(code, sizeof(code), "div:%s", station);
			body_set_text(m->b, F_DIVISION, code);
		} else if (len > 0 && m->divisions == 2) {
			w_note(&m->doc->notes, W_R_DIVISIONS, 0, body_text(m->b, F_DIVISION));
		}
		p += len;
		p += strspn(p, "," W_BLANKS);
	}
}

static void
put_warning(struct w_mapping *m)
{
	const struct w_node *a = m->doc->alert;
	struct buf title = {0};
	bool titled = false;

	body_set_num(m->b, F_COLOUR, COLOUR_UNKNOWN);
	if (m->info != NULL) {
		titled = w_put_child(m, F_TITLE, m->info, W_HEADLINE);
		w_put_type(m, w_child(m->info, W_EVENT_TYPE));
		(void)w_put_child(m, F_TEXT, m->info, W_DESCRIPTION);
		(void)w_put_child(m, F_MEASURES, m->info, W_INSTRUCTION);
		w_put_time(m, F_EFFECTIVE, w_child(m->info, W_EFFECTIVE));
		w_put_time(m, F_ONSET, w_child(m->info, W_ONSET));
		(void)w_put_child(m, F_SEVERITY, m->info, W_SEVERITY);
		(void)w_put_child(m, F_URGENCY, m->info, W_URGENCY);
		(void)w_put_child(m, F_CERTAINTY, m->info, W_CERTAINTY);
		body_set_num(m->b, F_COLOUR, w_colour(w_text(m->info, W_SEVERITY)));
	}
	/* a cancellation may have nothing but a note */
	if (body_first(m->b, F_TEXT) == NULL)
		(void)w_put_child(m, F_TEXT, a, W_NOTE);
	if (!titled) {
		if (m->info != NULL)
			w_note(&m->doc->notes, W_R_HEADLINE, m->info->line, NULL);
		buf_printf(&title, "12379 %s %s", w_text(a, W_MSG_TYPE), w_text(a, W_IDENTIFIER));
		if (body_text(m->b, F_EVENT_NAME) != NULL)
			buf_printf(&title, " %s", body_text(m->b, F_EVENT_NAME));
		(void)w_put(m, F_TITLE, buf_cstr(&title), 0);
		buf_free(&title);
	}
	put_areas(m);
	for (const struct w_node *i = w_child(a, W_INFO); i != NULL; i = w_next(i))
		for (const struct w_node *area = w_child(i, W_AREA); area != NULL; area = w_next(area))
			for (const struct w_node *g = w_child(area, W_GEOCODE); g != NULL; g = w_next(g))
				w_put_divisions(m, g);
}

/* What is only noted is told in one text, so that nothing of it can be taken for a warning. */
static void
put_log(struct w_mapping *m)
{
	const struct w_node *a = m->doc->alert;
	struct buf text = {0};

	buf_printf(&text, "12379 %s %s %s %s %s", w_text(a, W_STATUS), w_text(a, W_IDENTIFIER), w_text(a, W_MSG_TYPE),
	    w_text(a, W_SENDER), w_text(a, W_SEND_TIME));
	if (m->info != NULL && *w_text(m->info, W_HEADLINE) != '\0')
		buf_printf(&text, ": %s", w_text(m->info, W_HEADLINE));
	(void)w_put(m, F_TEXT, buf_cstr(&text), a->line);
	buf_free(&text);
}

static void
put_remarks(struct w_mapping *m)
{
	struct buf text = {0};
	char shown[512];

	for (int k = 0; k < W_R_COUNT; k++) {
		buf_clear(&text);
		if (!w_note_text(&m->doc->notes, (enum w_remark)k, &text))
			continue;
		(void)text_sanitise((const char *)text.p, text.n, shown, sizeof(shown), false);
		body_add_text(m->b, F_REMARKS, shown, strlen(shown));
	}
	buf_free(&text);
}

void
w_put_rest(struct w_mapping *m)
{
	struct buf wire = {0};

	wire_encode(m->b, &wire);
	w_keep(m->doc, m->b, wire.n < WHOLE_MAX ? WHOLE_MAX - wire.n : 0);
	put_remarks(m);
	buf_free(&wire);
}

struct body *
w_body(struct w_doc *doc, enum warn12379_fate fate, const struct codebook *cb, int64_t now, bool *expired)
{
	struct w_mapping m = {.b = body_new(), .doc = doc, .cb = cb, .info = choose(doc->alert)};
	struct w_node *a = doc->alert;

	body_set_num(m.b, F_KIND, fate == WARN12379_LOG ? KIND_LOG : KIND_WARNING);
	body_set_text(m.b, F_SOURCE_FORMAT, "12379");
	(void)w_put_child(&m, F_FOREIGN_ID, a, W_IDENTIFIER);
	(void)w_put_child(&m, F_CAP_STATUS, a, W_STATUS);
	(void)w_put_child(&m, F_CAP_MSGTYPE, a, W_MSG_TYPE);
	(void)w_put_child(&m, F_CAP_REFERENCES, a, W_REFERENCES);
	w_put_time(&m, F_SENT, w_child(a, W_SEND_TIME));
	if (m.info == NULL || !w_put_child(&m, F_LANGUAGE, m.info, W_LANGUAGE))
		body_set_text(m.b, F_LANGUAGE, LANGUAGE_HERE);
	if (m.info == NULL || !w_put_child(&m, F_ISSUER, m.info, W_SENDER_NAME))
		(void)w_put_child(&m, F_ISSUER, a, W_SENDER);
	put_ends(&m, now, expired);
	if (fate == WARN12379_LOG)
		put_log(&m);
	else
		put_warning(&m);
	for (const struct w_node *i = w_child(a, W_INFO); i != NULL; i = w_next(i))
		if (i != m.info)
			w_note(&doc->notes, W_R_PARTS, i->line, NULL);
	w_put_rest(&m);
	return m.b;
}
