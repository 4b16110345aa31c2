#ifndef SWITCH_CTL_DOCUMENT_H
#define SWITCH_CTL_DOCUMENT_H
/* Messages as the XML documents of neighbours (CAP, 12379, EBD), for convert: one document holds one.  Private to it. */
#include "../formats/ebd.h"
#include "ctl_records.h"

struct document {
	enum record_format format;	/* RECORD_CAP, RECORD_12379, RECORD_EBD */
	const struct codebook *cb;
	struct ebd_ends ends;		/* EBD: NULL when not given */
	void *ctx;
	void (*noted)(void *ctx, const struct fault *);	/* what the document lacks of the message, or says otherwise */
};

/*
 * Appends the message.  One that came as a document of this format is written from its own elements (12379, EBD: where the
 * message holds only a part of it, as the bytes it came in).  -1 + fault, never without a code, and nothing appended.
 */
int document_write(const struct document *, const struct record *, struct buf *out, struct fault *);

#endif
