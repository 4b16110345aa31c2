/*
 * Emergency broadcast messages, both ways: what ebd.h says.
 *
 * A package is XML of the same kind as the 12379 warning: no namespace, no text of the standard at hand, elements to be
 * kept whatever they are.  So all machinery is that one's (warn12379_part.h); here are the tables, the meanings and the
 * numbers.
 *
 * MsgType decides whether a loudspeaker says it for real.  A number that is not known is refused and never guessed at.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "charset.h"
#include "check.h"
#include "ebd.h"
#include "i18n.h"
#include "text.h"
#include "warn12379_part.h"

#define DIGITS "0123456789"
#define LOOK_MAX 4096	  /* bytes looked at to tell what a document is */
#define EBRID_LEN 23	  /* digits of a platform's resource code */
#define DAY_SERIALS 10000 /* messages of a day an EBMID can tell apart */

static const struct w_rule related_rules[] = {
    {"EBMID", W_REFERENCES, W_TEXT, false, false, NULL},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule basic_rules[] = {
    {"MsgType", W_MSG_TYPE, W_TEXT, false, true, NULL},
    {"SenderName", W_SENDER, W_TEXT, false, false, NULL},
    {"SenderCode", W_OTHER, W_TEXT, false, false, NULL},
    {"SendTime", W_SEND_TIME, W_TEXT, false, false, NULL},
    {"SentTime", W_SEND_TIME, W_TEXT, false, false, NULL}, /* of older programs */
    {"EventType", W_EVENT_TYPE, W_TEXT, false, false, NULL},
    {"Severity", W_SEVERITY, W_TEXT, false, false, NULL},
    {"StartTime", W_EFFECTIVE, W_TEXT, false, false, NULL},
    {"EndTime", W_EXPIRES, W_TEXT, false, false, NULL},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule content_rules[] = {
    {"LanguageCode", W_LANGUAGE, W_TEXT, false, false, NULL},
    {"MsgTitle", W_HEADLINE, W_TEXT, false, false, NULL},
    {"MsgDesc", W_DESCRIPTION, W_TEXT, false, false, NULL},
    {"AreaCode", W_GEOCODE, W_TEXT, false, false, NULL},
    {"ProgramNum", W_OTHER, W_TEXT, false, false, NULL},
    {"Auxiliary", W_OTHER, W_ANY, true, false, NULL},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule ebm_rules[] = {
    {"EBMVersion", W_OTHER, W_TEXT, false, false, NULL},
    {"EBMID", W_IDENTIFIER, W_TEXT, false, true, NULL},
    {"RelatedInfo", W_RELATED, W_GROUP, false, false, related_rules},
    {"RelatedEBM", W_RELATED, W_GROUP, false, false, related_rules}, /* of older programs */
    {"MsgBasicInfo", W_BASIC, W_GROUP, false, true, basic_rules},
    {"MsgContent", W_CONTENT, W_GROUP, false, false, content_rules},
    {"Dispatch", W_OTHER, W_ANY, true, false, NULL},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule ebd_rules[] = {
    {"EBDVersion", W_OTHER, W_TEXT, false, false, NULL},
    {"EBDID", W_OTHER, W_TEXT, false, true, NULL},
    {"EBDType", W_EBD_TYPE, W_TEXT, false, true, NULL},
    {"SRC", W_OTHER, W_ANY, false, false, NULL},
    {"DEST", W_OTHER, W_ANY, true, false, NULL},
    {"EBDTime", W_EBD_TIME, W_TEXT, false, false, NULL},
    {"RelatedEBD", W_OTHER, W_ANY, true, false, NULL},
    {"EBM", W_EBM, W_GROUP, false, false, ebm_rules},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule root = {"EBD", W_OTHER, W_GROUP, false, true, ebd_rules};
static int check(struct w_doc *, struct fault *);

static const struct w_format format = {&root, "ebd:", "EBD", "ebd", check};

/* ---- reading ---- */

bool
ebd_looks(const void *p, size_t n)
{
	struct charset_loss loss;
	struct buf text = {0};
	const char *s;
	size_t skip = 0;
	enum charset set;
	bool looks;

	if (n == 0)
		return false;
	n = n < LOOK_MAX ? n : LOOK_MAX;
	set = charset_choose(p, n, CHARSET_NONE, &skip);
	charset_decode(set, (const char *)p + skip, n - skip, &text, &loss);
	s = buf_cstr(&text);
	/* the name is like no other, so where it stands in the first bytes matters little */
	s = *(s + strspn(s, W_BLANKS)) == '<' ? strstr(s, "<EBD") : NULL;
	looks = s != NULL && s[4] != '\0' && strchr(W_BLANKS ">", s[4]) != NULL;
	buf_free(&text);
	return looks;
}

static int
check_times(const struct w_node *parent, struct fault *f)
{
	struct when w;

	for (const struct w_node *n = parent->child; n != NULL; n = n->next)
		if ((n->rule->el == W_SEND_TIME || n->rule->el == W_EFFECTIVE || n->rule->el == W_EXPIRES ||
			n->rule->el == W_EBD_TIME) &&
		    n->text.n > 0 && !w_time((const char *)n->text.p, &w)) {
			(void)fault_set(f, EX_DATAERR, n->name,
			    _("\"%.80s\" is no time of the form 2026-11-22 14:10:00"), (const char *)n->text.p);
			fault_at(f, NULL, n->line);
			return -1;
		}
	return 0;
}

static int
check(struct w_doc *d, struct fault *f)
{
	const struct w_node *type = w_child(d->alert, W_EBD_TYPE), *ebm = w_child(d->alert, W_EBM), *basic, *n;
	const char *s = (const char *)type->text.p;

	if (strcmp(s, "EBM") != 0) {
		(void)fault_set(f, EX_DATAERR, type->name, _("\"%.80s\" is no message to be broadcast"), s);
		fault_at(f, NULL, type->line);
		return -1;
	}
	if (ebm == NULL) {
		(void)fault_set(f, EX_DATAERR, "EBM", _("is missing"));
		fault_at(f, NULL, d->alert->line);
		return -1;
	}
	n = w_child(ebm, W_IDENTIFIER);
	if (w_check_cited(n, f) == -1) {
		fault_at(f, NULL, n->line);
		return -1;
	}
	basic = w_child(ebm, W_BASIC);
	n = w_child(basic, W_MSG_TYPE);
	s = (const char *)n->text.p;
	if (strlen(s) != 1 || *s < '1' || *s > '5') {
		(void)fault_set(f, EX_DATAERR, n->name, _("\"%.80s\" is no word known here"), s);
		fault_at(f, NULL, n->line);
		return -1;
	}
	if (check_times(d->alert, f) == -1 || check_times(basic, f) == -1)
		return -1;
	if (*w_text(basic, W_SEND_TIME) == '\0' && *w_text(d->alert, W_EBD_TIME) == '\0') {
		(void)fault_set(f, EX_DATAERR, "SendTime", _("is missing"));
		fault_at(f, NULL, basic->line);
		return -1;
	}
	n = w_child(basic, W_SEVERITY);
	if (n != NULL && (n->text.n != 1 || *n->text.p < '0' || *n->text.p > '4') &&
	    w_colour((const char *)n->text.p) == COLOUR_UNKNOWN)
		w_note(&d->notes, W_R_LEVEL, n->line, (const char *)n->text.p);
	n = w_child(ebm, W_CONTENT);
	if (n != NULL && (n = w_child(n, W_GEOCODE)) != NULL)
		w_check_divisions(n, &d->notes);
	return 0;
}

static int
colour_of(const char *severity)
{
	static const int colours[] = {COLOUR_UNKNOWN, COLOUR_RED, COLOUR_ORANGE, COLOUR_YELLOW, COLOUR_BLUE};

	if (severity[0] >= '0' && severity[0] <= '4' && severity[1] == '\0')
		return colours[severity[0] - '0'];
	return w_colour(severity);
}

static struct body *
body_of(struct w_doc *doc, enum ebd_fate fate, const struct codebook *cb, int64_t now, bool *expired)
{
	struct w_mapping m = {.b = body_new(), .doc = doc, .cb = cb};
	const struct w_node *ebm = w_child(doc->alert, W_EBM), *basic = w_child(ebm, W_BASIC),
			    *content = w_child(ebm, W_CONTENT), *related = w_child(ebm, W_RELATED);
	bool cancel = strcmp(w_text(basic, W_MSG_TYPE), "2") == 0;
	struct buf title = {0};
	int64_t end;

	body_set_num(m.b, F_KIND, KIND_WARNING);
	body_set_text(m.b, F_SOURCE_FORMAT, "ebd");
	(void)w_put_child(&m, F_FOREIGN_ID, ebm, W_IDENTIFIER);
	body_set_text(m.b, F_CAP_STATUS, fate == EBD_EXERCISE ? "Exercise" : "Actual");
	body_set_text(m.b, F_CAP_MSGTYPE, cancel ? "Cancel" : "Alert");
	if (related != NULL)
		(void)w_put_child(&m, F_CAP_REFERENCES, related, W_REFERENCES);
	(void)w_put_child(&m, F_ISSUER, basic, W_SENDER);
	if (*w_text(basic, W_SEND_TIME) != '\0')
		w_put_time(&m, F_SENT, w_child(basic, W_SEND_TIME));
	else
		w_put_time(&m, F_SENT, w_child(doc->alert, W_EBD_TIME));
	w_put_type(&m, w_child(basic, W_EVENT_TYPE));
	(void)w_put_child(&m, F_SEVERITY, basic, W_SEVERITY);
	body_set_num(m.b, F_COLOUR, colour_of(w_text(basic, W_SEVERITY)));
	w_put_time(&m, F_EFFECTIVE, w_child(basic, W_EFFECTIVE));
	w_put_time(&m, F_EXPIRES, w_child(basic, W_EXPIRES));
	*expired = body_time(m.b, F_EXPIRES, &end) && end <= now;
	if (content != NULL) {
		(void)w_put_child(&m, F_TITLE, content, W_HEADLINE);
		(void)w_put_child(&m, F_TEXT, content, W_DESCRIPTION);
		w_put_divisions(&m, w_child(content, W_GEOCODE));
	}
	/* a package that does not say is a Chinese one, and must not be taken for a foreign warning */
	if (content == NULL || !w_put_child(&m, F_LANGUAGE, content, W_LANGUAGE))
		body_set_text(m.b, F_LANGUAGE, "zh-CN");
	if (body_first(m.b, F_TITLE) == NULL) {
		if (!cancel)
			w_note(&doc->notes, W_R_HEADLINE, 0, NULL);
		buf_printf(&title, "EBM %s %s", cancel ? "Cancel" : "Alert", w_text(ebm, W_IDENTIFIER));
		(void)w_put(&m, F_TITLE, buf_cstr(&title), 0);
		buf_free(&title);
	}
	w_put_rest(&m);
	return m.b;
}

int
ebd_read(const void *p, size_t n, const struct codebook *cb, int64_t now, struct ebd_message *out, struct fault *f)
{
	struct w_doc doc = {.format = &format};
	uint8_t digest[DIGEST_LEN];
	const char *type;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (w_document(p, n, &doc, f) == -1)
		goto out;
	type = w_text(w_child(w_child(doc.alert, W_EBM), W_BASIC), W_MSG_TYPE);
	out->fate = *type == '1' || *type == '2' ? EBD_LIVE : EBD_EXERCISE;
	out->body = body_of(&doc, out->fate, cb, now, &out->expired);
	digest_of(p, n, digest);
	body_set_digest(out->body, F_ORIGINAL, digest);
	body_set_num(out->body, F_ORIGINAL_SIZE, (int64_t)n);
	/* The mapping keeps every field's bounds, so this is about our own mistakes. */
	rc = check_body(out->body, cb, f);
	if (rc == -1)
		ebd_free(out);
out:
	w_doc_free(&doc);
	return rc;
}

void
ebd_free(struct ebd_message *e)
{
	body_free(e->body);
	memset(e, 0, sizeof(*e));
}

/* ---- writing ---- */

static bool
ebrid_ok(const char *s)
{
	return s != NULL && strlen(s) == EBRID_LEN && strspn(s, DIGITS) == EBRID_LEN;
}

static void
put_end(struct w_writing *w, const char *element, const char *ebrid)
{
	cap_emit_begin(w->out, element);
	w_emit(w, "EBRID", ebrid);
	cap_emit_end(w->out, element);
}

static int
put_basic(struct w_writing *w, const struct ebd_ends *ends, const char *sent, const char *type, struct fault *f)
{
	static const uint32_t times[] = {F_EFFECTIVE, F_EXPIRES};
	static const char *const elements[] = {"StartTime", "EndTime"};
	static const struct {
		int colour;
		const char *level;
	} rows[] = {{COLOUR_RED, "1"}, {COLOUR_ORANGE, "2"}, {COLOUR_YELLOW, "3"}, {COLOUR_BLUE, "4"}};
	const char *level = "0", *code;
	char stamp[W_STAMP_MAX];
	int64_t ms;

	cap_emit_begin(w->out, "MsgBasicInfo");
	w_emit(w, "MsgType", type);
	if (!w_emit_text(w, "SenderName", F_ISSUER))
		w_emit(w, "SenderName", ends->src);
	w_emit(w, "SenderCode", ends->src);
	w_emit(w, "SendTime", sent);
	if ((code = w_event_code(w)) != NULL)
		w_emit(w, "EventType", code);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].colour == body_enum(w->b, F_COLOUR))
			level = rows[i].level;
	w_emit(w, "Severity", level);
	w_carry(w, F_COLOUR);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const char *text = stamp;

		if (!body_time(w->b, times[i], &ms)) {
			if (times[i] != F_EFFECTIVE) {
				w_tell(w, _("%s: no end is given, the broadcast may go on"), "expires");
				continue;
			}
			text = sent; /* at once */
		} else if (!w_stamp(ms, stamp)) {
			return fault_set(
			    f, EX_DATAERR, field_by_key(times[i])->name, _("no year of four digits holds this time"));
		}
		w_emit(w, elements[i], text);
		w_carry(w, times[i]);
	}
	cap_emit_end(w->out, "MsgBasicInfo");
	return 0;
}

static int
write_own(struct w_writing *w, const void *arg, struct fault *f)
{
	const struct ebd_ends *ends = arg;
	const char *type = body_text(w->b, F_CAP_MSGTYPE), *status = body_text(w->b, F_CAP_STATUS);
	char sent[W_STAMP_MAX], division[16], id[96];
	bool cancel = type != NULL && strcmp(type, "Cancel") == 0;
	bool exercise;
	struct msgid mid;
	int64_t ms;

	if (body_enum(w->b, F_KIND) != KIND_WARNING)
		return fault_set(f, EX_DATAERR, "kind", _("only warnings can be written as %s"), format.name);
	if (ends == NULL || !ebrid_ok(ends->src) || !ebrid_ok(ends->dest))
		return fault_set(
		    f, EX_USAGE, "", _("the platforms' resource codes are needed, %d digits each"), EBRID_LEN);
	if (!body_id(w->b, F_ID, &mid) || !msgid_is_set(&mid))
		return fault_set(f, EX_DATAERR, "id", _("is missing"));
	exercise = mid.realm == REALM_EXERCISE || (status != NULL && strcmp(status, "Exercise") == 0);
	if (status != NULL && !exercise && strcmp(status, "Actual") != 0)
		return fault_set(f, EX_DATAERR, "cap_status", _("\"%.80s\" is nothing to be broadcast"), status);
	if ((!body_time(w->b, F_SENT, &ms) && !body_time(w->b, F_WRITTEN, &ms)) || !w_stamp(ms, sent))
		return fault_set(f, EX_DATAERR, "sent", _("is missing"));
	w_carry(w, F_SENT);
	if (!w_division_code(w, division))
		return fault_set(f, EX_DATAERR, "division", _("is missing: a broadcast must say where"));
	buf_puts(w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	cap_emit_begin(w->out, "EBD");
	w_emit(w, "EBDVersion", "1");
	(void)snprintf(id, sizeof(id), "10%s%016llu", ends->src, (unsigned long long)(mid.serial % 10000000000000000));
	w_emit(w, "EBDID", id);
	w_emit(w, "EBDType", "EBM");
	put_end(w, "SRC", ends->src);
	put_end(w, "DEST", ends->dest);
	w_emit(w, "EBDTime", sent);
	cap_emit_begin(w->out, "EBM");
	w_emit(w, "EBMVersion", "1");
	(void)snprintf(id, sizeof(id), "%s%.4s%.2s%.2s%04u", ends->src, sent, sent + 5, sent + 8,
	    (unsigned)(mid.serial % DAY_SERIALS));
	w_emit(w, "EBMID", id);
	if (cancel && body_text(w->b, F_CAP_REFERENCES) != NULL) {
		cap_emit_begin(w->out, "RelatedInfo");
		(void)w_emit_text(w, "EBMID", F_CAP_REFERENCES);
		cap_emit_end(w->out, "RelatedInfo");
	}
	/* a cancelled exercise must not reach a loudspeaker as anything but an exercise */
	if (put_basic(w, ends, sent, exercise ? "3" : cancel ? "2" : "1", f) == -1)
		return -1;
	if (type == NULL || strcmp(type, "Alert") == 0 || (cancel && !exercise))
		w_carry(w, F_CAP_MSGTYPE);
	w_carry(w, F_CAP_STATUS);
	cap_emit_begin(w->out, "MsgContent");
	w_emit(w, "LanguageCode", "zho");
	(void)w_emit_text(w, "MsgTitle", F_TITLE);
	if (!w_emit_text(w, "MsgDesc", F_TEXT) && body_text(w->b, F_TITLE) != NULL)
		(void)w_emit_text(w, "MsgDesc", F_TITLE);
	w_emit(w, "AreaCode", division);
	cap_emit_end(w->out, "MsgContent");
	cap_emit_end(w->out, "EBM");
	cap_emit_end(w->out, "EBD");
	w_tell_rest(w);
	return 0;
}

int
ebd_write(const struct body *b, const struct codebook *cb, const struct ebd_ends *ends, struct buf *out,
    struct buf *told, struct fault *f)
{
	return w_write(&format, b, cb, write_own, ends, out, told, f);
}
