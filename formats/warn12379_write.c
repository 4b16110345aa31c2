/*
 * Bodies as 12379 documents: what warn12379.h says.
 *
 * Two sources: the values of F_EXTENSION for what came as such a document, and the fields for what is ours.  Nothing is
 * made up to please a schema nobody here has seen: elements whose words are not known (scope's restriction,
 * secClassification, code) are left out, and the order of a position's two numbers is not guessed at.  The format has
 * no place for fields of ours, so each that stays behind is told.
 *
 * The bytes are read again with the reader's own checks before anybody gets them.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"
#include "limits.h"
#include "text.h"
#include "value.h"
#include "warn12379_part.h"

#define NO_AGENCY "00000000" /* agency, sub-unit and extension of a sender whose codes are not known */

void
w_carry(struct w_writing *w, uint32_t key)
{
	for (size_t i = 0; i < w->ncarried; i++)
		if (w->carried[i] == key)
			return;
	assert(w->ncarried < sizeof(w->carried) / sizeof(w->carried[0]));
	w->carried[w->ncarried++] = key;
}

void
w_emit(struct w_writing *w, const char *element, const char *s)
{
	cap_emit(w->out, element, s, strlen(s));
}

void
w_tell(struct w_writing *w, const char *fmt, ...)
{
	char line[512], clean[1024];
	va_list ap;

	if (w->told == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)text_sanitise(line, strlen(line), clean, sizeof(clean), false);
	buf_printf(w->told, "%s\n", clean);
}

/* The value as the element; false when it is absent or blank. */
bool
w_emit_value(struct w_writing *w, const char *element, const struct value *v)
{
	const char *s = v == NULL ? "" : v->u.text.s;
	size_t len = v == NULL ? 0 : v->u.text.len, clean;
	char *out;

	while (len > 0 && strchr(W_BLANKS, s[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(W_BLANKS, *s) != NULL) {
		s++;
		len--;
	}
	if (len == 0)
		return false;
	out = xmalloc(3 * len + 1);
	clean = text_sanitise(s, len, out, 3 * len + 1, true);
	cap_emit(w->out, element, out, clean);
	if (clean != len || memcmp(out, s, len) != 0)
		w_tell(w, _("%s: characters that cannot be shown were replaced"), v->field->name);
	free(out);
	w_carry(w, v->key);
	return true;
}

bool
w_emit_text(struct w_writing *w, const char *element, uint32_t key)
{
	return w_emit_value(w, element, body_first(w->b, key));
}

bool
w_stamp(int64_t ms, char out[W_STAMP_MAX])
{
	char rfc[64];
	struct when w;

	(void)time_format(ms, TIME_RFC3339, rfc, sizeof(rfc));
	(void)snprintf(out, W_STAMP_MAX, "%.10s %.8s", rfc, rfc + 11);
	/* time_format() shows what no calendar holds as its edge */
	return w_time(out, &w) && w.ms <= ms && ms - w.ms < 1000;
}

static bool
time_text(int64_t ms, char out[W_TIME_MAX])
{
	char stamp[W_STAMP_MAX];

	if (!w_stamp(ms, stamp))
		return false;
	(void)snprintf(out, W_TIME_MAX, "%s+08:00", stamp);
	return true;
}

static int
put_time(struct w_writing *w, const char *element, uint32_t key, struct fault *f)
{
	char text[W_TIME_MAX];
	int64_t ms;

	if (!body_time(w->b, key, &ms))
		return 0;
	if (!time_text(ms, text))
		return fault_set(f, EX_DATAERR, field_by_key(key)->name, _("no year of four digits holds this time"));
	w_emit(w, element, text);
	w_carry(w, key);
	return 0;
}

/* ---- who and when ---- */

/* Six digits of the station, else of the division the body names; false when there is neither. */
static bool
sender_code(const struct body *b, char out[STATION_MAX])
{
	const char *division = body_text(b, F_DIVISION), *s = NULL;
	struct msgid id;

	if (body_id(b, F_ID, &id) && strspn(id.origin, "0123456789") >= 6)
		s = id.origin;
	else if (division != NULL && strncmp(division, "div:", 4) == 0 && strspn(division + 4, "0123456789") >= 6)
		s = division + 4;
	if (s == NULL)
		return false;
	(void)snprintf(out, STATION_MAX, "%.6s" NO_AGENCY, s);
	return true;
}

static void
identifier(const struct body *b, const char *code, const char *sent, char *out, size_t size)
{
	struct msgid id;
	int n;

	n = snprintf(
	    out, size, "%s_%.4s%.2s%.2s%.2s%.2s%.2s", code, sent, sent + 5, sent + 8, sent + 11, sent + 14, sent + 17);
	if (n > 0 && (size_t)n < size && body_id(b, F_ID, &id) && msgid_is_set(&id))
		(void)snprintf(out + n, size - (size_t)n, "_%u", (unsigned)(id.serial % 10));
}

static void
put_sender(struct w_writing *w, const char *code)
{
	char name[256];
	struct msgid id;

	if (w_emit_text(w, "sender", F_ISSUER))
		return;
	if (w->cb != NULL && body_id(w->b, F_ID, &id) && msgid_is_set(&id))
		w_emit(w, "sender", codebook_station(w->cb, id.origin, name, sizeof(name)));
	else
		w_emit(w, "sender", code);
}

/* The identifier of the first message named: CAP has sender,identifier,sent of each. */
static void
reference(struct w_writing *w, struct buf *out)
{
	const char *s = body_text(w->b, F_CAP_REFERENCES), *first;
	size_t len, n;

	if (s == NULL)
		return;
	s += strspn(s, W_BLANKS);
	len = strcspn(s, W_BLANKS);
	first = memchr(s, ',', len);
	n = len;
	if (first != NULL) {
		first++;
		n = strcspn(first, "," W_BLANKS);
	} else {
		first = s;
	}
	buf_put(out, first, n);
	(void)buf_cstr(out);
	if (n > 0)
		w_carry(w, F_CAP_REFERENCES);
	if (n != strlen(body_text(w->b, F_CAP_REFERENCES)))
		w_tell(w, _("%s: only the first message's identifier is carried"), "cap_references");
}

static int
put_head(struct w_writing *w, struct fault *f)
{
	const char *status = body_text(w->b, F_CAP_STATUS), *type = body_text(w->b, F_CAP_MSGTYPE);
	char code[STATION_MAX], sent[W_TIME_MAX], id[W_ID_MAX];
	struct buf ref = {0};
	struct msgid mid;
	int64_t ms;
	int rc = -1, stage = body_enum(w->b, F_STAGE);
	bool amends = stage == STAGE_CORRECTION || stage == STAGE_WITHDRAWAL;

	/* a correction or recall of our own went when it was written; what it corrects keeps its time */
	if (!(amends && body_time(w->b, F_WRITTEN, &ms)) && !body_time(w->b, F_SENT, &ms) &&
	    !body_time(w->b, F_WRITTEN, &ms))
		return fault_set(f, EX_DATAERR, "sent", _("is missing"));
	if (!time_text(ms, sent))
		return fault_set(f, EX_DATAERR, "sent", _("no year of four digits holds this time"));
	w_carry(w, F_SENT);
	if (!sender_code(w->b, code))
		return fault_set(f, EX_DATAERR, "division", _("is missing: the sender's code begins with it"));
	identifier(w->b, code, sent, id, sizeof(id));
	reference(w, &ref);
	if (type != NULL && w_is_msg_type(type))
		w_carry(w, F_CAP_MSGTYPE);
	else
		type = stage == STAGE_CORRECTION ? "Update" : stage == STAGE_WITHDRAWAL ? "Cancel" : "Alert";
	if (amends && strcmp(type, "Alert") != 0)
		w_carry(w, F_STAGE);
	if (strcmp(type, "Alert") != 0 && ref.n == 0) {
		(void)fault_set(f, EX_DATAERR, "cap_references", _("is missing: %s must say to what"), type);
		goto out;
	}
	if (body_id(w->b, F_ID, &mid) && mid.realm == REALM_EXERCISE)
		status = "Exercise";
	else if (status == NULL || !w_is_status(status))
		status = "Actual";
	if (body_text(w->b, F_CAP_STATUS) != NULL && strcmp(body_text(w->b, F_CAP_STATUS), status) == 0)
		w_carry(w, F_CAP_STATUS);
	w_emit(w, "identifier", id);
	put_sender(w, code);
	w_emit(w, "senderCode", code);
	w_emit(w, "sendTime", sent);
	w_emit(w, "status", status);
	w_emit(w, "msgType", type);
	w_emit(w, "scope", "Public");
	(void)w_emit_text(w, "note", F_REASON);
	if (ref.n > 0)
		w_emit(w, "references", (const char *)ref.p);
	rc = 0;
out:
	buf_free(&ref);
	return rc;
}

/* ---- what ---- */

const char *
w_event_code(struct w_writing *w)
{
	static const char *const schemes[] = {"yjpt:", "12379:", W_OTHER_SCHEME ":"};
	const char *type = body_text(w->b, F_TYPE), *name = body_text(w->b, F_EVENT_NAME);
	const struct code_entry *e;

	for (size_t i = 0; type != NULL && i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(type, schemes[i], strlen(schemes[i])) == 0) {
			w_carry(w, F_TYPE);
			e = w->cb == NULL ? NULL : codebook_event(w->cb, type);
			if (e != NULL && name != NULL && strcmp(e->name, name) == 0)
				w_carry(w, F_EVENT_NAME); /* the code says it */
			return type + strlen(schemes[i]);
		}
	return NULL;
}

bool
w_division_code(struct w_writing *w, char out[16])
{
	const char *division = body_text(w->b, F_DIVISION);
	size_t n;

	if (division == NULL || strncmp(division, "div:", 4) != 0)
		return false;
	division += 4;
	n = strspn(division, "0123456789");
	if (n < 6 || n > 12 || division[n] != '\0')
		return false;
	(void)snprintf(out, 16, "%s%.*s", division, (int)(12 - n), "000000");
	w_carry(w, F_DIVISION);
	return true;
}

static void
put_severity(struct w_writing *w)
{
	static const struct {
		int colour;
		const char *word;
	} rows[] = {{COLOUR_RED, "Red"}, {COLOUR_ORANGE, "Orange"}, {COLOUR_YELLOW, "Yellow"}, {COLOUR_BLUE, "Blue"}};
	const char *word = "Unknown", *severity = body_text(w->b, F_SEVERITY);
	int colour = body_enum(w->b, F_COLOUR);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].colour == colour)
			word = rows[i].word;
	w_emit(w, "severity", word);
	w_carry(w, F_COLOUR);
	if (severity != NULL && strcmp(severity, word) == 0)
		w_carry(w, F_SEVERITY);
}

static void
put_area(struct w_writing *w, const struct value *area, bool first)
{
	char code[16];

	cap_emit_begin(w->out, "area");
	(void)w_emit_value(w, "areaDesc", area);
	if (first && w_division_code(w, code))
		w_emit(w, "geocode", code);
	cap_emit_end(w->out, "area");
}

static int
put_info(struct w_writing *w, struct fault *f)
{
	const struct value *v = body_first(w->b, F_AREA);
	const char *code;

	cap_emit_begin(w->out, "info");
	if (!w_emit_text(w, "language", F_LANGUAGE))
		w_emit(w, "language", "zh-CN");
	if ((code = w_event_code(w)) != NULL)
		w_emit(w, "eventType", code);
	if (!w_emit_text(w, "urgency", F_URGENCY))
		w_emit(w, "urgency", "Unknown");
	put_severity(w);
	if (!w_emit_text(w, "certainty", F_CERTAINTY))
		w_emit(w, "certainty", "Unknown");
	if (put_time(w, "effective", F_EFFECTIVE, f) == -1 || put_time(w, "onset", F_ONSET, f) == -1 ||
	    put_time(w, "expires", F_EXPIRES, f) == -1)
		return -1;
	(void)w_emit_text(w, "senderName", F_ISSUER);
	if (!w_emit_text(w, "headline", F_TITLE))
		(void)w_emit_text(w, "headline", F_EVENT_NAME);
	(void)w_emit_text(w, "description", F_TEXT);
	(void)w_emit_text(w, "instruction", F_MEASURES);
	if (v == NULL) {
		/* the place stands for the area, when there is nothing better */
		v = body_first(w->b, F_PLACE);
		if (v != NULL || body_first(w->b, F_DIVISION) != NULL)
			put_area(w, v, true);
	} else {
		for (bool first = true; v != NULL; v = body_next(w->b, v), first = false)
			put_area(w, v, first);
	}
	cap_emit_end(w->out, "info");
	return 0;
}

/* Every field that stays behind, but for those that move a message between stations. */
void
w_tell_rest(struct w_writing *w)
{
	static const uint32_t own[] = {
	    F_KIND, F_PARENTS, F_ID, F_CC, F_INCIDENT, F_WRITTEN, F_TO, F_SEAT, F_HISTORY, F_RING, F_ORDER, F_DRAFTED};

	for (size_t i = 0; i < w->b->n; i++) {
		const struct value *v = &w->b->v[i];
		bool done = i > 0 && v[-1].key == v->key;

		for (size_t k = 0; !done && k < sizeof(own) / sizeof(own[0]); k++)
			done = own[k] == v->key;
		for (size_t k = 0; !done && k < w->ncarried; k++)
			done = w->carried[k] == v->key;
		if (done)
			continue;
		if (v->field == NULL)
			w_tell(w, _("the unknown field %u is not carried"), (unsigned)v->key);
		else
			w_tell(w, _("%s is not carried"), v->field->name);
	}
}

static int
write_own(struct w_writing *w, const void *arg, struct fault *f)
{
	(void)arg;
	if (body_enum(w->b, F_KIND) != KIND_WARNING)
		return fault_set(f, EX_DATAERR, "kind", _("only warnings can be written as %s"), w_format.name);
	buf_puts(w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert>\n");
	if (put_head(w, f) == -1 || put_info(w, f) == -1)
		return -1;
	buf_puts(w->out, "</alert>\n");
	w_tell_rest(w);
	return 0;
}

int
w_write(const struct w_format *format, const struct body *b, const struct codebook *cb,
    int (*own)(struct w_writing *, const void *, struct fault *), const void *arg, struct buf *out, struct buf *told,
    struct fault *f)
{
	const char *source = body_text(b, F_SOURCE_FORMAT);
	struct buf xml = {0}, lines = {0};
	struct w_writing w = {.b = b, .cb = cb, .out = &xml, .told = &lines};
	struct w_doc doc = {.format = format};
	int rc;

	if (w_kept(format, b))
		rc = w_keep_write(format, b, &xml, f);
	else if (source != NULL && strcmp(source, format->source) == 0)
		rc = fault_set(f, EX_UNAVAILABLE, "extension",
		    _("the message holds its document in part only: the original bytes are needed"));
	else
		rc = own(&w, arg, f);
	/* what this reader would refuse must not go out */
	if (rc == 0)
		rc = w_document(xml.p, xml.n, &doc, f);
	if (rc == 0) {
		buf_put(out, xml.p, xml.n);
		if (told != NULL && lines.n > 0)
			buf_put(told, lines.p, lines.n);
	}
	w_doc_free(&doc);
	buf_free(&lines);
	buf_free(&xml);
	return rc;
}

int
warn12379_write(const struct body *b, const struct codebook *cb, struct buf *out, struct buf *told, struct fault *f)
{
	return w_write(&w_format, b, cb, write_own, NULL, out, told, f);
}
