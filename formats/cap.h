#ifndef FORMATS_CAP_H
#define FORMATS_CAP_H
/*
 * CAP 1.0, 1.1 and 1.2 (OASIS) into a warning body.  cap_write.h writes them.
 *
 * Refused: DOCTYPE of any kind, entities beyond the five, external anything, depth and size beyond limits.h, not
 * well-formed, wrong namespace or root, elements out of the schema's sequence or vocabulary, attributes, missing mandatory
 * elements, bad times, languages, numbers and URIs, identifier/sender empty or with whitespace , < &,
 * Update/Cancel/Ack/Error without references.
 * Kept with a remark (F_REMARKS): polygons too short, open or out of range, references that are no triples or name the
 * message itself.
 *
 * msgType and the life of messages here, on the way in | on the way out (cap_write.h):
 *   Alert    a warning | what is none of the others
 *   Update   a warning that corrects (F_STAGE correction) what it refers to | a correction; a report that follows up
 *   Cancel   a warning that withdraws (F_STAGE withdrawal, F_REASON the note) | a withdrawal
 *   Ack      an entry of the log; with its references known here a receipt, delivered | any receipt but
 *   Error    the same, returned, F_REASON the note | a receipt that returns
 * What it refers to stands in F_CAP_REFERENCES; who knows the messages here sets F_REFS with cap_refs() and
 * cap_settle().
 *
 * A signature (XML Signature) that is provably broken refuses the document.  One that fits shows that nothing was
 * changed and not who made it: the key comes with the document.  The remark on a signed document says what was found.
 *
 * Further <info> in other languages are F_TRANSLATION, parameters and event codes of others F_EXTENSION ("NAME=VALUE",
 * "eventCode:NAME=VALUE"), as far as there is room; F_CAP_TREE has them all.
 */
#include "body.h"
#include "codebook.h"
#include "fault.h"
#include "limits.h"

#define CAP_MAX (limits_get()->cap_bytes)

enum cap_fate {
	CAP_LIVE,	/* status Actual */
	CAP_EXERCISE,	/* status Exercise */
	CAP_LOG		/* Test, System, Draft: never on a live screen */
};

struct cap_alert {
	struct body *body;	/* KIND_WARNING (CAP_LOG, and every Ack and Error: KIND_LOG); owned.  F_FOREIGN_ID is
				 * "sender,identifier,sent", F_ORIGINAL the digest of the bytes */
	enum cap_fate fate;
	bool expired;		/* at `now`: stored, not rung */
	bool odd;		/* a remark tells something wrong with the document; the others only how it was read */
	bool lossy;		/* a remark tells what the body does not carry, or carries otherwise */
	struct body *own;	/* a message of ours as cap_write() was given it, kind and headers too; NULL: none.
				 * As true as the hand it came from: nothing proves who wrote the document; owned */
};

/* One document with one <alert>.  0 or -1 + fault (line and element named).  now: ms UTC. */
int cap_read(const void *, size_t, const struct codebook *, int64_t now, struct cap_alert *, struct fault *);
void cap_alert_free(struct cap_alert *);

/* One message a body refers to: its id as F_FOREIGN_ID has it, and as an id of ours when it is one (else NULL).  True
 * when it is known (and was put into F_REFS, say); else it is called again with the time as others write it. */
typedef bool cap_ref_fn(void *ctx, const char *foreign_id, const struct msgid *own);
/* Those of F_CAP_REFERENCES, in order, without the message itself; how many were known.  The body may be changed by the
 * function except for F_CAP_REFERENCES and F_FOREIGN_ID. */
size_t cap_refs(const struct body *, cap_ref_fn *, void *ctx);
/* After that: an Ack or Error whose F_REFS are set becomes the receipt it is; other bodies stay as they are. */
void cap_settle(struct body *);

/* An alert of a container: its bytes, which digest and size in the body are of, and what was read of them; or NULL and
 * why it was refused.  The alert is the caller's to look at, or to take (then it empties it). */
typedef void cap_each_fn(void *ctx, const void *bytes, size_t len, struct cap_alert *, const struct fault *);
/* Every <alert> in a feed (Atom, RSS) or any other XML around it, in order; a document that is one itself as it is.
 * How many were handed over, at least one; or -1 + fault when the container is refused or holds none. */
int cap_read_all(const void *, size_t, const struct codebook *, int64_t now, cap_each_fn *, void *ctx, struct fault *);

#endif
