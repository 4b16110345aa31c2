/*
 * CAP documents: the door.
 *
 * What comes in here was written by strangers' programs, and some of it by people who mean harm; what goes out is shown
 * to duty officers as a warning.  So the way is one of narrowing: bytes are bounded and brought to UTF-8 (cap_scan.c),
 * well-formed and in the standard's sequence (cap_xml.c, cap_rules.c), each value in its form and the whole consistent
 * (cap_check.c), and only then written into a body (cap_body.c).  Anything before that refuses with line and element.
 *
 * The body is a reading of the document, never its replacement: whoever stores it keeps the original bytes under the
 * digest given here, for signatures and for what the body has no room for (large geometry).
 *
 * A signature that is provably broken refuses the document (cap_sign.c).  Who made one that fits is not verified: there
 * is no list of keys to trust.  A remark says which of the two, or that it could not be judged.
 */
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "check.h"
#include "i18n.h"

static enum cap_fate fate_of(const char *status);

static enum cap_fate
fate_of(const char *status)
{
	if (strcmp(status, "Actual") == 0)
		return CAP_LIVE;
	return strcmp(status, "Exercise") == 0 ? CAP_EXERCISE : CAP_LOG;
}

int
cap_read(const void *p, size_t n, const struct codebook *cb, int64_t now, struct cap_alert *a, struct fault *f)
{
	struct buf text = {0};
	struct cap_doc doc = {0};
	uint8_t digest[DIGEST_LEN];
	int rc = -1;

	memset(a, 0, sizeof(*a));
	if (n == 0)
		return fault_set(f, EX_DATAERR, "", _("the document is empty"));
	if (n > CAP_MAX)
		return fault_set(
		    f, EX_DATAERR, "", _("the document has %zu bytes, at most %zu are allowed"), n, CAP_MAX);
	if (cap_scan(p, n, &text, f) == -1 || cap_parse(&text, &doc, f) == -1 || cap_signature(&text, &doc, f) == -1)
		goto out;
	a->own = cap_own(&doc, cb, now);
	a->fate = fate_of(cap_text(doc.alert, CAP_EL_STATUS));
	a->body = cap_body(&doc, a->fate, cb, now, &a->expired);
	a->odd = cap_notes_odd(&doc.notes);
	a->lossy = cap_notes_lossy(&doc.notes);
	digest_of(p, n, digest);
	body_set_digest(a->body, F_ORIGINAL, digest);
	body_set_num(a->body, F_ORIGINAL_SIZE, (int64_t)n);
	/* The mapping keeps every field's bounds, so this is about our own mistakes; the document must not pay for them
	 * with a crash. */
	rc = check_body(a->body, cb, f);
	if (rc == -1)
		cap_alert_free(a);
out:
	cap_doc_free(&doc);
	buf_free(&text);
	return rc;
}

void
cap_alert_free(struct cap_alert *a)
{
	body_free(a->body);
	body_free(a->own);
	memset(a, 0, sizeof(*a));
}
