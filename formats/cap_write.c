/*
 * Bodies as CAP 1.2: what cap_write.h says, element by element in the schema's order.
 *
 * Two sources: the text of F_CAP_TREE for what came as CAP, and the fields for what is ours.  Both end in the same
 * place: the bytes are read again with the reader's own checks and the stricter ones for what we write ourselves, and
 * for a message of ours the body is compared, before anybody gets them.  A station that would refuse its own document
 * must not send it.
 *
 * Nothing is made up to please the schema: severity, urgency and certainty are Unknown unless a person set them (a
 * warning colour is none of them), and a message without any time is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "cap_write.h"
#include "i18n.h"
#include "text.h"
#include "wire.h"

#define BLANKS " \t\r\n"
#define FAR 253402300799u /* the last second of 9999 */

struct writing {
	const struct body *b;
	const struct codebook *cb;
	cap_sent_fn *sent;
	void *ctx;
	json_t *said;
	struct buf *out;
};

static int put_head(struct writing *, struct fault *);
static void put_info(struct writing *, bool whole);
static int check_document(const struct buf *, const struct body *own, const struct codebook *, struct fault *);

/* ---- texts ---- */

/* Whether an element gives the very text back: nothing to replace, and no blanks that others take for layout. */
static bool
exact(const struct value *v)
{
	const char *s = v->u.text.s;
	size_t len = v->u.text.len;

	return len > 0 && strchr(BLANKS, s[0]) == NULL && strchr(BLANKS, s[len - 1]) == NULL &&
	       text_clean(s, len, true, NULL);
}

/* The field as the element; false when it is absent or blank. */
static bool
put_text(struct writing *w, const char *element, uint32_t key)
{
	const struct value *v = body_first(w->b, key);
	char *clean;
	size_t len;

	if (v == NULL || v->u.text.s[strspn(v->u.text.s, BLANKS)] == '\0')
		return false;
	clean = xmalloc(3 * v->u.text.len + 1);
	len = text_sanitise(v->u.text.s, v->u.text.len, clean, 3 * v->u.text.len + 1, true);
	cap_emit(w->out, element, clean, len);
	free(clean);
	if (exact(v) && json_object_set_new(w->said, v->field->name, json_string(element)) == -1)
		abort();
	return true;
}

static void
put_str(struct writing *w, const char *element, const char *s)
{
	cap_emit(w->out, element, s, strlen(s));
}

static void
put_time(struct writing *w, const char *element, uint32_t key)
{
	const struct value *v = body_first(w->b, key);
	char text[CAP_TIME_TEXT_MAX];

	if (v != NULL && cap_time_text(&v->u.when, text))
		put_str(w, element, text);
}

/* ---- the alert ---- */

static bool
exercise(const struct body *b)
{
	static const uint32_t keys[] = {F_ID, F_INCIDENT, F_REFS, F_PARENTS};
	struct msgid id;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (body_id(b, keys[i], &id))
			return id.realm == REALM_EXERCISE;
	return false;
}

static const char *
status_of(const struct body *b)
{
	int kind = body_enum(b, F_KIND);

	if (exercise(b))
		return "Exercise";
	return kind == KIND_LOG || kind == KIND_HANDOVER || kind == KIND_SERVICE ? "System" : "Actual";
}

/* References to what is ours, else those a warning came with. */
static void
references_of(const struct writing *w, struct buf *out)
{
	uint32_t key = body_first(w->b, F_REFS) != NULL ? F_REFS : F_PARENTS;
	const char *foreign = body_text(w->b, F_CAP_REFERENCES);

	if (key == F_PARENTS && body_enum(w->b, F_KIND) != KIND_REPORT)
		key = F_REFS;
	for (const struct value *v = body_first(w->b, key); v != NULL; v = body_next(w->b, v)) {
		char id[MSGID_TEXT_MAX], time[CAP_TIME_TEXT_MAX];
		struct when sent = {0};

		if (!msgid_is_set(&v->u.id))
			continue;
		(void)msgid_format(&v->u.id, id, sizeof(id));
		if (w->sent == NULL || !w->sent(w->ctx, &v->u.id, &sent) || !cap_time_text(&sent, time)) {
			sent = (struct when){.ms = (int64_t)(v->u.id.epoch > FAR ? 0 : v->u.id.epoch) * 1000};
			(void)cap_time_text(&sent, time);
		}
		buf_printf(out, "%s%s,%s,%s", out->n > 0 ? " " : "", v->u.id.origin, id, time);
	}
	if (out->n == 0 && foreign != NULL)
		buf_puts(out, foreign);
}

static bool
sent_of(const struct body *b, char text[CAP_TIME_TEXT_MAX])
{
	static const uint32_t keys[] = {F_WRITTEN, F_SENT, F_SIGNED_AT, F_LEARNED, F_TELEPHONED, F_OCCURRED};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct value *v = body_first(b, keys[i]);

		if (v != NULL && cap_time_text(&v->u.when, text))
			return true;
	}
	return false;
}

static void
put_scope(struct writing *w)
{
	static const uint32_t keys[] = {F_TO, F_CC};
	struct buf to = {0};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (const struct value *v = body_first(w->b, keys[i]); v != NULL; v = body_next(w->b, v))
			if (station_code_valid(v->u.text.s))
				buf_printf(&to, "%s%s", to.n > 0 ? " " : "", v->u.text.s);
	if (body_enum(w->b, F_KIND) == KIND_WARNING) {
		put_str(w, "scope", "Public");
	} else if (to.n > 0) {
		put_str(w, "scope", "Private");
	} else {
		put_str(w, "scope", "Restricted");
		put_str(w, "restriction", "值班机构内部");
	}
	if (to.n > 0)
		put_str(w, "addresses", buf_cstr(&to));
	buf_free(&to);
}

static int
put_head(struct writing *w, struct fault *f)
{
	char id[MSGID_TEXT_MAX] = "", sent[CAP_TIME_TEXT_MAX], hex[2 * DIGEST_LEN + 1];
	struct buf refs = {0}, wire = {0};
	uint8_t digest[DIGEST_LEN];
	struct msgid mid;
	const char *type;
	bool set = body_id(w->b, F_ID, &mid) && msgid_is_set(&mid);
	int rc = -1;

	references_of(w, &refs);
	type = cap_msgtype(w->b, refs.n > 0);
	if (strcmp(type, "Alert") != 0 && refs.n == 0) {
		(void)fault_set(f, EX_DATAERR, "refs", _("is missing: %s must say to what"), type);
		goto out;
	}
	if (!sent_of(w->b, sent)) {
		(void)fault_set(f, EX_DATAERR, "written", _("is missing"));
		goto out;
	}
	if (set) {
		(void)msgid_format(&mid, id, sizeof(id));
	} else {
		wire_encode(w->b, &wire);
		digest_of(wire.p, wire.n, digest);
		digest_hex(digest, hex);
		(void)snprintf(id, sizeof(id), "unsent-%.32s", hex);
	}
	put_str(w, "identifier", id);
	put_str(w, "sender", set ? mid.origin : "unsent");
	put_str(w, "sent", sent);
	put_str(w, "status", status_of(w->b));
	put_str(w, "msgType", type);
	put_scope(w);
	(void)put_text(w, "note", F_REASON);
	if (refs.n > 0)
		put_str(w, "references", buf_cstr(&refs));
	if (body_id(w->b, F_INCIDENT, &mid) && msgid_is_set(&mid)) {
		(void)msgid_format(&mid, id, sizeof(id));
		put_str(w, "incidents", id);
	}
	rc = 0;
out:
	buf_free(&wire);
	buf_free(&refs);
	return rc;
}

/* ---- its info ---- */

/* "scheme:code" without the scheme. */
static const char *
code_of(const struct body *b, uint32_t key)
{
	const char *s = body_text(b, key), *colon = s == NULL ? NULL : strchr(s, ':');

	return colon == NULL ? s : colon + 1;
}

/* By the letters of the platform's codes (conf/codebooks/events.tsv); anything else is Other. */
static const char *
category_of(const struct body *b)
{
	static const struct {
		const char *begin, *category;
	} rows[] = {{"yjpt:11C", "Geo"}, {"yjpt:11D", "Geo"}, {"yjpt:11G", "Fire"}, {"yjpt:11F", "Env"},
	    {"yjpt:11A", "Met"}, {"yjpt:11B", "Met"}, {"yjpt:11E", "Met"}, {"yjpt:12G", "Fire"},
	    {"yjpt:12H", "Transport"}, {"yjpt:12J", "Transport"}, {"yjpt:12K", "Transport"}, {"yjpt:12L", "Transport"},
	    {"yjpt:12M", "Transport"}, {"yjpt:12P", "Infra"}, {"yjpt:12U", "Infra"}, {"yjpt:12Q", "Env"},
	    {"yjpt:12T", "CBRNE"}, {"yjpt:12", "Safety"}, {"yjpt:13", "Health"}, {"yjpt:14", "Security"}};
	const char *type = body_text(b, F_TYPE);

	for (size_t i = 0; type != NULL && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(type, rows[i].begin, strlen(rows[i].begin)) == 0)
			return rows[i].category;
	return "Other";
}

/* What the event is called when no text says it. */
static const char *
event_of(const struct writing *w)
{
	const char *type = body_text(w->b, F_TYPE), *code = code_of(w->b, F_TYPE);
	const struct code_entry *e = type == NULL || w->cb == NULL ? NULL : codebook_event(w->cb, type);
	const struct enum_name *kind = enum_by_value("kind", body_enum(w->b, F_KIND));

	if (e != NULL)
		return e->name;
	if (code != NULL && *code != '\0')
		return code;
	return kind != NULL ? kind->zh : "?";
}

static void
put_word(struct writing *w, const char *element, uint32_t key)
{
	const struct cap_rule *info = cap_rule_named(cap_root.inside, "info", 4);
	const struct cap_rule *row = cap_rule_named(info->inside, element, strlen(element));
	const struct value *v = body_first(w->b, key);

	put_str(w, element,
	    v != NULL && cap_rule_word(row, v->u.text.s, v->u.text.len, CAP_V12) ? v->u.text.s : "Unknown");
}

static void
put_event_code(struct writing *w)
{
	const char *type = body_text(w->b, F_TYPE), *code = code_of(w->b, F_TYPE);
	char *scheme;

	if (type == NULL || code == type || *code == '\0')
		return;
	scheme = xstrndup(type, (size_t)(code - type) - 1);
	cap_emit_pair(w->out, "eventCode", scheme, code);
	free(scheme);
}

static void
put_sender_name(struct writing *w)
{
	char name[256];
	struct msgid id;

	if (!put_text(w, "senderName", F_ISSUER) && w->cb != NULL && body_id(w->b, F_ID, &id) && msgid_is_set(&id))
		put_str(w, "senderName", codebook_station(w->cb, id.origin, name, sizeof(name)));
}

/* One element holds one field: the first the kind has. */
static void
put_first(struct writing *w, const char *element, const uint32_t *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (put_text(w, element, keys[i]))
			return;
}

static void
put_area(struct writing *w, const struct value *area, bool first)
{
	const char *code = code_of(w->b, F_DIVISION), *place = body_text(w->b, F_PLACE), *name = NULL;
	const struct value *at = body_first(w->b, F_POSITION);
	const struct code_entry *e = code == NULL || w->cb == NULL ? NULL : codebook_division(w->cb, code);

	name = area != NULL ? area->u.text.s : place != NULL ? place : e != NULL ? e->name : code != NULL ? code : "?";
	cap_emit_begin(w->out, "area");
	put_str(w, "areaDesc", name);
	if (first && at != NULL) {
		int32_t lat = at->u.geo.lat, lon = at->u.geo.lon;
		char text[64];

		(void)snprintf(text, sizeof(text), "%s%d.%06d,%s%d.%06d 0", lat < 0 ? "-" : "", abs(lat) / 1000000,
		    abs(lat) % 1000000, lon < 0 ? "-" : "", abs(lon) / 1000000, abs(lon) % 1000000);
		put_str(w, "circle", text);
	}
	if (first && code != NULL)
		cap_emit_pair(w->out, "geocode", "GB/T 2260", code);
	cap_emit_end(w->out, "area");
}

static void
put_info(struct writing *w, bool whole)
{
	static const uint32_t texts[] = {F_BRIEF, F_TEXT}, asks[] = {F_MEASURES}, wishes[] = {F_REQUEST};
	bool warning = body_enum(w->b, F_KIND) == KIND_WARNING;
	const struct value *v = body_first(w->b, F_AREA);

	struct buf words = {0};
	size_t from;

	cap_emit_begin(w->out, "info");
	put_str(w, "language", "zh-CN");
	put_str(w, "category", category_of(w->b));
	if (!put_text(w, "event", F_EVENT_NAME))
		put_str(w, "event", event_of(w));
	from = w->out->n;
	put_word(w, "urgency", F_URGENCY);
	put_word(w, "severity", F_SEVERITY);
	put_word(w, "certainty", F_CERTAINTY);
	put_event_code(w);
	cap_more_codes(w->b, w->out);
	buf_put(&words, w->out->p + from, w->out->n - from);
	put_time(w, "effective", F_EFFECTIVE);
	put_time(w, "onset", F_ONSET);
	put_time(w, "expires", F_EXPIRES);
	put_sender_name(w);
	(void)put_text(w, "headline", F_TITLE);
	put_first(w, "description", texts, 2);
	put_first(w, "instruction", warning ? asks : wishes, 1);
	cap_own_write(w->b, w->said, whole, w->out);
	cap_more_parameters(w->b, w->out);
	if (v == NULL && (body_first(w->b, F_PLACE) != NULL || body_first(w->b, F_DIVISION) != NULL ||
			     body_first(w->b, F_POSITION) != NULL))
		put_area(w, NULL, true);
	for (bool first = true; v != NULL; v = body_next(w->b, v), first = false)
		put_area(w, v, first);
	cap_emit_end(w->out, "info");
	cap_more_infos(w->b, category_of(w->b), event_of(w), &words, w->out);
	buf_free(&words);
}

static int
write_own(struct writing *w, bool whole, struct fault *f)
{
	int rc;

	w->said = json_object();
	if (w->said == NULL)
		abort();
	buf_puts(w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"" CAP_NS12 "\">\n");
	rc = put_head(w, f);
	if (rc == 0) {
		put_info(w, whole);
		buf_puts(w->out, "</alert>\n");
	}
	json_decref(w->said);
	return rc;
}

/* ---- what was written, read again ---- */

static const struct cap_node *
not_strict(const struct cap_node *n)
{
	for (const struct cap_node *c = n->child, *bad; c != NULL; c = c->next)
		if (!cap_strict(c))
			return c;
		else if ((bad = not_strict(c)) != NULL)
			return bad;
	return NULL;
}

static bool
same(const struct body *a, const struct body *b)
{
	struct buf one = {0}, two = {0};
	bool equal;

	wire_encode(a, &one);
	wire_encode(b, &two);
	equal = one.n == two.n && memcmp(one.p, two.p, one.n) == 0;
	buf_free(&one);
	buf_free(&two);
	return equal;
}

/* 0, 1 when the body did not come back, -1 + fault. */
static int
check_document(const struct buf *xml, const struct body *own, const struct codebook *cb, struct fault *f)
{
	struct buf text = {0};
	struct cap_doc doc = {.whole = true};
	const struct cap_node *bad;
	struct body *back = NULL;
	int rc = -1;

	if (xml->n > CAP_MAX) {
		(void)fault_set(
		    f, EX_DATAERR, "", _("the document has %zu bytes, at most %zu are allowed"), xml->n, CAP_MAX);
		goto out;
	}
	if (cap_scan(xml->p, xml->n, &text, f) == -1 || cap_parse(&text, &doc, f) == -1)
		goto out;
	if ((bad = not_strict(doc.alert)) != NULL) {
		(void)fault_set(f, EX_DATAERR, bad->rule->name, _("has a value CAP 1.2 does not write so"));
		fault_at(f, NULL, bad->line);
		goto out;
	}
	rc = 0;
	if (own != NULL) {
		back = cap_own(&doc, cb, 0);
		rc = back == NULL || !same(own, back);
	}
out:
	body_free(back);
	cap_doc_free(&doc);
	buf_free(&text);
	return rc;
}

int
cap_write_refs(const struct body *b, const struct codebook *cb, cap_sent_fn *sent, void *ctx, struct buf *out,
    struct fault *f)
{
	const char *tree = body_text(b, F_CAP_TREE), *format = body_text(b, F_SOURCE_FORMAT);
	struct buf xml = {0};
	struct writing w = {.b = b, .cb = cb, .sent = sent, .ctx = ctx, .out = &xml};
	int rc;

	if (tree != NULL) {
		rc = cap_tree_write(tree, b, &xml, f);
		if (rc == 0)
			rc = check_document(&xml, NULL, cb, f);
	} else if (format != NULL && strcmp(format, "cap") == 0) {
		/* taken in before there was F_CAP_TREE */
		rc = fault_set(f, EX_UNAVAILABLE, "cap_tree",
		    _("the message holds its CAP document in part only: the original bytes are needed"));
	} else {
		rc = write_own(&w, false, f);
		if (rc == 0)
			rc = check_document(&xml, b, cb, f);
		if (rc == 1) {
			buf_clear(&xml);
			rc = write_own(&w, true, f);
			if (rc == 0)
				rc = check_document(&xml, b, cb, f);
		}
		if (rc == 1)
			rc = fault_set(f, EX_SOFTWARE, "", _("the message does not come back from its CAP document"));
	}
	if (rc == 0)
		buf_put(out, xml.p, xml.n);
	buf_free(&xml);
	return rc;
}

int
cap_write(const struct body *b, const struct codebook *cb, struct buf *out, struct fault *f)
{
	return cap_write_refs(b, cb, NULL, NULL, out, f);
}

int
cap_rewrite(const void *p, size_t n, struct buf *out, struct buf *told, struct fault *f)
{
	struct buf text = {0}, tree = {0}, xml = {0};
	struct cap_doc doc = {.whole = true};
	struct body *none = body_new();
	int rc = -1;

	if (n == 0 || n > CAP_MAX) {
		(void)fault_set(
		    f, EX_DATAERR, "", _("the document has %zu bytes, at most %zu are allowed"), n, CAP_MAX);
		goto out;
	}
	if (cap_scan(p, n, &text, f) == -1 || cap_parse(&text, &doc, f) == -1 || cap_signature(&text, &doc, f) == -1)
		goto out;
	cap_tree_text(&doc, none, SIZE_MAX, &tree);
	rc = cap_tree_write(buf_cstr(&tree), none, &xml, f);
	if (rc == 0)
		rc = check_document(&xml, NULL, NULL, f);
	if (rc == -1)
		goto out;
	buf_put(out, xml.p, xml.n);
	for (int k = 0; told != NULL && k < CAP_R_COUNT; k++)
		if (cap_note_text(&doc.notes, (enum cap_remark)k, told))
			buf_put_u8(told, '\n');
out:
	cap_doc_free(&doc);
	body_free(none);
	buf_free(&xml);
	buf_free(&tree);
	buf_free(&text);
	return rc;
}
