/*
 * Messages as the XML documents of neighbours.
 *
 * Each format says in lines of its own what of a message it has no element for; a person reads them on standard error.
 * They are notes: nothing is wrong with what was read.
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/cap.h"
#include "../formats/cap_write.h"
#include "../formats/i18n.h"
#include "../formats/warn12379.h"
#include "ctl_document.h"

static void
note(const struct document *d, const struct record *r, const char *text, size_t len)
{
	struct fault w = {0};

	(void)fault_set(&w, EX_DATAERR, "", "%.*s", (int)len, text);
	fault_at(&w, r->file, r->line);
	d->noted(d->ctx, &w);
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A line of what was found odd with the document the message was: it has been told on reading.  Here, what the new one
 * lacks or says otherwise. */
static void
note_cap(const struct document *d, const struct record *r, const char *line, size_t len)
{
	static const char *const signatures[] = {N_("the signature is not verified"),
	    N_("the signature is not verified as to who made it; the content is what was signed"),
	    N_("the signature is not verified as to who made it; the content is what was signed, its layout is not")};
	const char *lost = _("the signature is not carried over");

	for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
		if (begins(line, _(signatures[i]))) {
			note(d, r, lost, strlen(lost));
			return;
		}
	if (begins(line, _("what CAP 1.2 does not have, or wants besides, was changed to its form")))
		note(d, r, line, len);
}

int
document_write(const struct document *d, const struct record *r, struct buf *out, struct fault *f)
{
	struct buf lines = {0};
	size_t start = out->n, len;
	int rc = -1;

	switch (d->format) {
	case RECORD_CAP:
		rc = r->format == RECORD_CAP ? cap_rewrite(r->document, r->size, out, &lines, f)
					     : cap_write(r->body, d->cb, out, f);
		break;
	case RECORD_12379:
		rc = warn12379_write(r->body, d->cb, out, &lines, f);
		break;
	case RECORD_EBD:
		rc = ebd_write(
		    r->body, d->cb, d->ends.src != NULL && d->ends.dest != NULL ? &d->ends : NULL, out, &lines, f);
		break;
	case RECORD_NONE:
	case RECORD_WIRE:
	case RECORD_JSON:
	case RECORD_REPORTS:
		(void)fault_set(f, EX_SOFTWARE, "", "no document format");
		break;
	}
	if (rc != 0 && f->code == EX_UNAVAILABLE && r->format == d->format && r->document != NULL) {
		*f = (struct fault){0};
		out->n = start;
		buf_put(out, r->document, r->size);
		rc = 0;
		buf_clear(&lines);
	}
	for (const char *p = rc == 0 && lines.n > 0 ? buf_cstr(&lines) : ""; *p != '\0'; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		if (d->format == RECORD_CAP)
			note_cap(d, r, p, len);
		else
			note(d, r, p, len);
	}
	if (rc != 0 && f->code == 0)
		f->code = EX_DATAERR;
	buf_free(&lines);
	return rc;
}
