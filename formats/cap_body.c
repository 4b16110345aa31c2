/*
 * A checked CAP alert into a message body.
 *
 * A duty officer reads one warning, so one <info> is chosen: the first Chinese one, else the first.  Further ones in
 * the same language are parts of the same warning: their areas are listed with the others, their headlines told in
 * remarks, and the warning is over when the last of them is.  Other languages say the same again.  The whole, element
 * by element, is in F_CAP_TREE (cap_tree.c).
 *
 * Everything is brought within its field's bounds here: blanks at the ends go, line breaks in one-line fields become
 * blanks, long texts are cut at a character, what no screen may get is replaced; each but the blanks leaves a remark.
 * Together the texts stay well below BODY_MAX, so that the station has room for what it adds.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cap_part.h"
#include "i18n.h"
#include "text.h"
#include "wire.h"

#define TEXTS_MAX                                                                                                      \
	(224u * 1024) /* bytes of all texts; descriptions, instructions and references have at most 192 Ki             \
		       */
#define WHOLE_MAX (BODY_MAX - 32768) /* bytes of the body with F_CAP_TREE; the station adds to it */
#define PARTS_TOLD 8		     /* further parts whose headlines are told */

struct mapping {
	struct body *b;
	struct cap_doc *doc;
	const struct codebook *cb;
	const struct cap_node *info; /* the chosen one; NULL when there is none */
	size_t used;		     /* bytes of text so far */
};

static void put(struct mapping *, uint32_t key, const char *, size_t line);
static void put_child(struct mapping *, uint32_t key, const struct cap_node *parent, enum cap_el);
static void put_time(struct mapping *, uint32_t key, const struct cap_node *parent, enum cap_el);
static void put_foreign_id(struct mapping *);
static void put_ends(struct mapping *, int64_t now, bool *expired);
static void put_areas(struct mapping *);
static void put_warning(struct mapping *);
static void put_log(struct mapping *, const char *status);
static void put_remarks(struct mapping *);

static bool
blank(const char *s)
{
	return s[strspn(s, XML_BLANKS)] == '\0';
}

static void
put(struct mapping *m, uint32_t key, const char *s, size_t line)
{
	const struct field *fd = field_by_key(key);
	struct xml_note *r = m->doc->notes.r;
	struct buf clean = {0};
	char *out;
	size_t len;

	xml_tidy(s, (fd->flags & FF_LINES) != 0, &clean);
	out = xml_bound(fd, &clean, &len, &r[CAP_R_CONTROL], &r[CAP_R_CUT], line);
	len = xml_trimmed(out, len);
	if (len > 0) {
		body_add_text(m->b, key, out, len);
		m->used += len;
	}
	free(out);
	buf_free(&clean);
}

static void
put_child(struct mapping *m, uint32_t key, const struct cap_node *parent, enum cap_el el)
{
	const struct cap_node *n = cap_child(parent, el);

	if (n != NULL)
		put(m, key, cap_text(parent, el), n->line);
}

static bool
time_of(const struct mapping *m, const struct cap_node *parent, enum cap_el el, struct when *w,
    char norm[CAP_TIME_TEXT_MAX])
{
	return cap_child(parent, el) != NULL && cap_time(cap_text(parent, el), m->doc->version, w, norm);
}

static void
put_time(struct mapping *m, uint32_t key, const struct cap_node *parent, enum cap_el el)
{
	char norm[CAP_TIME_TEXT_MAX];
	struct when w;

	if (!time_of(m, parent, el, &w, norm))
		return;
	w.text = norm;
	body_add_when(m->b, key, &w);
}

/* ---- which part of the message ---- */

void
cap_language(const struct cap_node *info, char *out, size_t size)
{
	const char *s = cap_text(info, CAP_EL_LANGUAGE);

	(void)text_fold(blank(s) ? "en-us" : s + strspn(s, XML_BLANKS), out, size);
	out[strcspn(out, XML_BLANKS)] = '\0';
}

static bool
chinese(const struct cap_node *info)
{
	static const char *const tags[] = {"zh", "zho", "chi", "cmn"};
	char lang[64];

	cap_language(info, lang, sizeof(lang));
	lang[strcspn(lang, "-_")] = '\0';
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strcmp(lang, tags[i]) == 0)
			return true;
	return false;
}

static const struct cap_node *
choose(const struct cap_node *alert)
{
	const struct cap_node *first = cap_child(alert, CAP_EL_INFO), *n;

	for (n = first; n != NULL; n = cap_next(n))
		if (chinese(n))
			return n;
	return first;
}

/* The next part in the language of the chosen one; begin with the chosen one. */
static const struct cap_node *
next_part(const struct mapping *m, const struct cap_node *n)
{
	char lang[64], other[64];

	cap_language(m->info, lang, sizeof(lang));
	while ((n = cap_next(n)) != NULL) {
		cap_language(n, other, sizeof(other));
		if (strcmp(lang, other) == 0)
			return n;
	}
	return NULL;
}

static enum cap_el
headline_of(const struct cap_node *info)
{
	return blank(cap_text(info, CAP_EL_HEADLINE)) ? CAP_EL_EVENT : CAP_EL_HEADLINE;
}

/* ---- fields ---- */

static void
put_foreign_id(struct mapping *m)
{
	const struct cap_node *a = m->doc->alert;
	const char *sender = cap_text(a, CAP_EL_SENDER), *id = cap_text(a, CAP_EL_IDENTIFIER);
	char norm[CAP_TIME_TEXT_MAX];
	struct buf shown = {0};
	struct when w;
	bool changed;

	if (!time_of(m, a, CAP_EL_SENT, &w, norm))
		norm[0] = '\0';
	cap_foreign_id(sender, strlen(sender), id, strlen(id), norm, &shown, &changed);
	if (changed)
		cap_note(&m->doc->notes, CAP_R_ID_LONG, 0, NULL);
	body_set_text(m->b, F_FOREIGN_ID, buf_cstr(&shown));
	buf_free(&shown);
}

/* The end of the whole, and whether it has come: that of the part that lasts longest, none if one has none. */
static void
put_ends(struct mapping *m, int64_t now, bool *expired)
{
	const struct cap_node *n;
	char norm[CAP_TIME_TEXT_MAX], last[CAP_TIME_TEXT_MAX] = "";
	struct when w, end = {0};
	bool open = false, differ = false;

	*expired = m->info != NULL;
	for (n = cap_child(m->doc->alert, CAP_EL_INFO); n != NULL; n = cap_next(n))
		if (!time_of(m, n, CAP_EL_EXPIRES, &w, norm) || w.ms > now)
			*expired = false;
	for (n = m->info; n != NULL; n = next_part(m, n)) {
		if (!time_of(m, n, CAP_EL_EXPIRES, &w, norm)) {
			differ = differ || last[0] != '\0';
			open = true;
			continue;
		}
		differ = differ || open || (last[0] != '\0' && w.ms != end.ms);
		if (last[0] == '\0' || w.ms > end.ms) {
			end = w;
			memcpy(last, norm, sizeof(last));
		}
	}
	if (differ)
		cap_note(&m->doc->notes, CAP_R_ENDS, 0, NULL);
	if (open || last[0] == '\0')
		return;
	end.text = last;
	body_add_when(m->b, F_EXPIRES, &end);
}

/* body.h takes no single value back, so an area is tried in a body of its own. */
static bool
area_new(const struct mapping *m, const struct value *v)
{
	for (const struct value *o = body_first(m->b, F_AREA); o != NULL; o = body_next(m->b, o))
		if (o->u.text.len == v->u.text.len && memcmp(o->u.text.s, v->u.text.s, v->u.text.len) == 0)
			return false;
	return true;
}

static void
put_areas(struct mapping *m)
{
	size_t n = 0;

	for (const struct cap_node *part = m->info; part != NULL; part = next_part(m, part))
		for (const struct cap_node *a = cap_child(part, CAP_EL_AREA); a != NULL; a = cap_next(a)) {
			struct mapping one = {.b = body_new(), .doc = m->doc};
			const struct value *v;

			put(&one, F_AREA, cap_text(a, CAP_EL_AREADESC), a->line);
			v = body_first(one.b, F_AREA);
			if (v != NULL && (n >= FIELD_REPEAT_MAX || m->used + one.used > TEXTS_MAX)) {
				cap_note(&m->doc->notes, CAP_R_AREAS, a->line, NULL);
			} else if (v != NULL && area_new(m, v)) {
				body_add_value(m->b, v);
				m->used += one.used;
				n++;
			}
			body_free(one.b);
		}
}

/* ---- the whole ---- */

static void
put_warning(struct mapping *m)
{
	const struct cap_node *a = m->doc->alert, *info = m->info;
	struct buf title = {0};
	char division[STATION_MAX], code[STATION_MAX + 4];

	if (info != NULL) {
		put_child(m, F_TITLE, info, headline_of(info));
		put_child(m, F_EVENT_NAME, info, CAP_EL_EVENT);
		put_child(m, F_TEXT, info, CAP_EL_DESCRIPTION);
		put_child(m, F_MEASURES, info, CAP_EL_INSTRUCTION);
		put_time(m, F_EFFECTIVE, info, CAP_EL_EFFECTIVE);
		put_time(m, F_ONSET, info, CAP_EL_ONSET);
		put_child(m, F_SEVERITY, info, CAP_EL_SEVERITY);
		put_child(m, F_URGENCY, info, CAP_EL_URGENCY);
		put_child(m, F_CERTAINTY, info, CAP_EL_CERTAINTY);
		if (body_first(m->b, F_TITLE) == NULL)
			cap_note(&m->doc->notes, CAP_R_EVENT, info->line, NULL);
	}
	/* a cancellation may have nothing but a note */
	if (body_first(m->b, F_TEXT) == NULL)
		put_child(m, F_TEXT, a, CAP_EL_NOTE);
	if (body_first(m->b, F_TITLE) == NULL) {
		buf_printf(&title, "CAP %s %s", cap_text(a, CAP_EL_MSGTYPE), cap_text(a, CAP_EL_IDENTIFIER));
		put(m, F_TITLE, buf_cstr(&title), a->line);
		buf_free(&title);
	}
	put_areas(m);
	body_set_num(m->b, F_COLOUR, cap_colour(m->doc, info));
	if (cap_division(m->doc, m->cb, division)) {
		(void)snprintf(code, sizeof(code), "div:%s", division);
		body_set_text(m->b, F_DIVISION, code);
	}
}

/* What a document does to those it refers to, as far as it says so itself. */
static void
put_life(struct mapping *m)
{
	const struct cap_node *a = m->doc->alert, *note = cap_child(a, CAP_EL_NOTE);
	int stage, kind = cap_life_of(cap_text(a, CAP_EL_MSGTYPE), &stage);

	if (stage != 0)
		body_set_num(m->b, F_STAGE, stage);
	if (note != NULL && (kind == KIND_RECEIPT || stage == STAGE_WITHDRAWAL))
		put(m, F_REASON, cap_text(a, CAP_EL_NOTE), note->line);
}

/* What is only noted is told in one text, so that nothing of it can be taken for a warning. */
static void
put_log(struct mapping *m, const char *status)
{
	const struct cap_node *a = m->doc->alert;
	struct buf text = {0};

	buf_printf(&text, "CAP %s %s %s %s %s", status, cap_text(a, CAP_EL_IDENTIFIER), cap_text(a, CAP_EL_MSGTYPE),
	    cap_text(a, CAP_EL_SENDER), cap_text(a, CAP_EL_SENT));
	if (m->info != NULL && !blank(cap_text(m->info, headline_of(m->info))))
		buf_printf(&text, ": %s", cap_text(m->info, headline_of(m->info)));
	else if (!blank(cap_text(a, CAP_EL_NOTE)))
		buf_printf(&text, ": %s", cap_text(a, CAP_EL_NOTE));
	put(m, F_TEXT, buf_cstr(&text), a->line);
	buf_free(&text);
}

static void
put_remarks(struct mapping *m)
{
	const size_t max = field_by_key(F_REMARKS)->max;
	struct buf text = {0}, line = {0};
	char shown[1024];
	size_t told = 0;

	assert(max >= sizeof(shown) - 1);
	/* the notes first: telling a part may add none any more */
	for (int k = 0; k < CAP_R_COUNT; k++) {
		buf_clear(&text);
		if (cap_note_text(&m->doc->notes, (enum cap_remark)k, &text)) {
			(void)text_sanitise((const char *)text.p, text.n, shown, sizeof(shown), false);
			body_add_text(m->b, F_REMARKS, shown, strlen(shown));
		}
	}
	for (const struct cap_node *n = m->info; n != NULL && told < PARTS_TOLD; n = next_part(m, n)) {
		if (n == m->info)
			continue;
		told++;
		buf_clear(&text);
		buf_clear(&line);
		xml_tidy(cap_text(n, headline_of(n)), false, &line);
		buf_printf(&text, _("further part: %s (%s)"), buf_cstr(&line), cap_text(n, CAP_EL_SEVERITY));
		(void)text_sanitise((const char *)text.p, text.n, shown, sizeof(shown), false);
		body_add_text(m->b, F_REMARKS, shown, strlen(shown));
	}
	buf_free(&line);
	buf_free(&text);
}

/* Every element, as far as there is room. */
static void
put_tree(struct mapping *m)
{
	const size_t max = field_by_key(F_CAP_TREE)->max;
	struct buf wire = {0}, text = {0};
	size_t room;

	wire_encode(m->b, &wire);
	room = wire.n < WHOLE_MAX ? WHOLE_MAX - wire.n : 0;
	cap_tree_text(m->doc, m->b, room < max ? room : max, &text);
	body_add_text(m->b, F_CAP_TREE, (const char *)text.p, text.n);
	buf_free(&text);
	buf_free(&wire);
}

/* Other languages and parameters have fields of their own beside that, if there still is room. */
static void
put_more(struct mapping *m)
{
	struct buf wire = {0};

	wire_encode(m->b, &wire);
	cap_more_take(m->doc, m->info, m->b, wire.n < WHOLE_MAX ? WHOLE_MAX - wire.n : 0);
	buf_free(&wire);
}

struct body *
cap_body(struct cap_doc *doc, enum cap_fate fate, const struct codebook *cb, int64_t now, bool *expired)
{
	struct mapping m = {.b = body_new(), .doc = doc, .cb = cb, .info = choose(doc->alert)};
	const struct cap_node *a = doc->alert, *n;
	bool log;
	int stage;

	log = fate == CAP_LOG || cap_life_of(cap_text(a, CAP_EL_MSGTYPE), &stage) == KIND_RECEIPT;
	body_set_num(m.b, F_KIND, log ? KIND_LOG : KIND_WARNING);
	body_set_text(m.b, F_SOURCE_FORMAT, "cap");
	put_foreign_id(&m);
	put_child(&m, F_CAP_STATUS, a, CAP_EL_STATUS);
	put_child(&m, F_CAP_MSGTYPE, a, CAP_EL_MSGTYPE);
	put_child(&m, F_CAP_REFERENCES, a, CAP_EL_REFERENCES);
	put_time(&m, F_SENT, a, CAP_EL_SENT);
	if (m.info != NULL) {
		put_child(&m, F_LANGUAGE, m.info, CAP_EL_LANGUAGE);
		put_child(&m, F_ISSUER, m.info, CAP_EL_SENDERNAME);
	}
	if (body_first(m.b, F_ISSUER) == NULL)
		put_child(&m, F_ISSUER, a, CAP_EL_SENDER);
	put_ends(&m, now, expired);
	if (log)
		put_log(&m, cap_text(a, CAP_EL_STATUS));
	else
		put_warning(&m);
	if (fate != CAP_LOG)
		put_life(&m);
	for (n = m.info; n != NULL; n = next_part(&m, n))
		if (n != m.info)
			cap_note(&doc->notes, CAP_R_PARTS, n->line, NULL);
	put_tree(&m);
	if (!log)
		put_more(&m);
	put_remarks(&m);
	return m.b;
}
