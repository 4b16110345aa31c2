#ifndef FORMATS_CAP_H
#define FORMATS_CAP_H
/*
 * CAP 1.0, 1.1 and 1.2 (OASIS) into a warning body.  cap_write.h writes them.
 *
 * Refused: DOCTYPE of any kind, entities beyond the five, external anything, depth > 32, size > CAP_MAX, not well-formed, wrong
 * namespace or root, elements out of the schema's sequence or vocabulary, missing mandatory elements, bad times,
 * identifier/sender empty or with whitespace , < &, Update/Cancel/Ack/Error without references.
 * Kept with a remark (F_REMARKS): polygons too short, open or out of range, references that are no triples or name the
 * message itself.
 */
#include "body.h"
#include "codebook.h"
#include "fault.h"

#define CAP_MAX (8u << 20)	/* bytes */

enum cap_fate {
	CAP_LIVE,	/* status Actual */
	CAP_EXERCISE,	/* status Exercise */
	CAP_LOG		/* Test, System, Draft: never on a live screen */
};

struct cap_alert {
	struct body *body;	/* KIND_WARNING (CAP_LOG: KIND_LOG); F_FOREIGN_ID "sender,identifier,sent"; F_ORIGINAL digest; owned */
	enum cap_fate fate;
	bool expired;		/* at `now`: stored, not rung */
	struct body *own;	/* a message of ours as cap_write() was given it, kind and headers too; NULL: none.
				 * As true as the hand it came from: nothing proves who wrote the document; owned */
};

/* One document with one <alert>.  0 or -1 + fault (line and element named).  now: ms UTC. */
int cap_read(const void *, size_t, const struct codebook *, int64_t now, struct cap_alert *, struct fault *);
void cap_alert_free(struct cap_alert *);

/* An alert of a container: its bytes, which digest and size in the body are of, and what was read of them; or NULL and
 * why it was refused.  The alert is the caller's to look at, or to take (then it empties it). */
typedef void cap_each_fn(void *ctx, const void *bytes, size_t len, struct cap_alert *, const struct fault *);
/* Every <alert> in a feed (Atom, RSS) or any other XML around it, in order; a document that is one itself as it is.
 * How many were handed over, at least one; or -1 + fault when the container is refused or holds none. */
int cap_read_all(const void *, size_t, const struct codebook *, int64_t now, cap_each_fn *, void *ctx, struct fault *);

#endif
