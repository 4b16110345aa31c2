#ifndef FORMATS_EBD_H
#define FORMATS_EBD_H
/*
 * The emergency broadcast's message (EBM) in its data package (EBD), in and out: what asks the loudspeakers of a
 * division to say something.
 *
 * The standard's text (GY/T 385-2023) is not at hand; element names, the numbers of MsgType and Severity, and the make
 * of the identifiers are those public programs use.  No conformance is claimed.  Signatures are files of their own and
 * neither read nor made.
 *
 * Read as warn12379.h says (what is refused of XML, F_EXTENSION with "ebd:" for "12379:", remarks), and:
 *   MsgType    1 live; 2 live, a cancellation; 3, 4, 5 exercise; anything else is refused
 *   Severity   1 red, 2 orange, 3 yellow, 4 blue, 0 unknown
 *   times      of any form warn12379.h has; Beijing time without an offset
 * Refused besides: packages whose EBDType is not EBM; EBMID, MsgBasicInfo or any time of sending missing.
 */
#include "body.h"
#include "buf.h"
#include "codebook.h"
#include "fault.h"

enum ebd_fate { EBD_LIVE, EBD_EXERCISE };

struct ebd_message {
	struct body
	    *body; /* KIND_WARNING; F_FOREIGN_ID the EBMID; F_CAP_STATUS and F_CAP_MSGTYPE as CAP would say it; owned */
	enum ebd_fate fate;
	bool expired; /* at `now`: EndTime has come */
};

/* Whether the bytes begin like such a package.  Says nothing about the rest. */
bool ebd_looks(const void *, size_t);
/* One package.  cb may be NULL.  now: ms UTC.  0, or -1 + fault (line and element named) and *out empty. */
int ebd_read(const void *, size_t, const struct codebook *, int64_t now, struct ebd_message *out, struct fault *);
void ebd_free(struct ebd_message *);

/* The two platforms: resource codes of 23 digits, which no field and no table here has. */
struct ebd_ends {
	const char *src, *dest;
};

/*
 * Appends a KIND_WARNING as one package.  What came as such a package goes out with the elements it came with (ends is
 * not looked at then, and may be NULL).  Of a warning of our own
 *   EBMID   is src, the day of sending and the last four digits of the serial; EBDID "10", src and sixteen digits of it
 *   MsgType is 3 in the exercise realm, else 2 for F_CAP_MSGTYPE Cancel, else 1
 * It must have an id, a time, a division with a code of its own (a broadcast to nowhere is none) and a text or title.
 * *told gets a line for each field there is no element for; may be NULL.
 * 0, or -1 + fault and nothing appended: EX_UNAVAILABLE when the original bytes are needed, EX_USAGE for bad ends,
 * EX_DATAERR for what the body lacks.
 */
int ebd_write(const struct body *, const struct codebook *, const struct ebd_ends *, struct buf *out, struct buf *told,
    struct fault *);

#endif
