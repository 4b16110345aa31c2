#ifndef FORMATS_WARN12379_H
#define FORMATS_WARN12379_H
/*
 * The warning XML of the national 12379 system, in and out.
 *
 * It looks like CAP and is none: no namespace, sendTime with a blank for the T, one comma list of divisions, radii in
 * metres, references that are the first alert's identifier alone.  The standard's text is not at hand (DOMAIN 7 has
 * what is known), so nothing here claims conformance, and the reader is made for that: elements it does not know, and
 * any sequence of them, are taken and kept.
 *
 * Refused: what cap.h refuses of XML as such (DOCTYPE, entities, depth, size, an encoding nobody declared); any
 * namespace; a root that is not alert; text beside elements; a known element twice where only one can be meant;
 * identifier, sendTime, status or msgType missing or bad; any time that is none; Update, Cancel, Ack, Error without
 * references; an Alert or Update without info.  Everything else that is odd is kept with a remark (F_REMARKS).
 *
 * The body keeps every element in order in F_EXTENSION, one value each:
 *   12379:PATH=TEXT     an element with text; blanks at its ends are cut; \\ and \u{HEX} stand for what no field may
 * hold 12379:PATH@FIELD=   its text is that of the body's field FIELD (the next value of it, where it repeats)
 *   12379:PATH/=        an element with elements; those that follow with its path lie in it
 *   12379:+=TEXT        goes on with the text of the value before it
 *   12379:PATH!=        too long for a message: it stands in the original only;  12379:!=  the whole does
 * PATH is of the names below alert: "info/area/geocode".
 */
#include "body.h"
#include "buf.h"
#include "codebook.h"
#include "fault.h"

enum warn12379_fate {
	WARN12379_LIVE,	    /* status Actual */
	WARN12379_EXERCISE, /* status Exercise */
	WARN12379_LOG	    /* Test, System, Draft: never on a live screen */
};

struct warn12379 {
	struct body *body; /* KIND_WARNING (WARN12379_LOG: KIND_LOG); F_FOREIGN_ID the identifier; F_ORIGINAL; owned */
	enum warn12379_fate fate;
	bool expired; /* at `now`: stored, not rung */
};

/* Whether the bytes begin like such a document, in any encoding that is read.  Says nothing about the rest. */
bool warn12379_looks(const void *, size_t);
/* One document.  cb may be NULL: no names of types, divisions by their form alone.  now: ms UTC.  0, or -1 + fault
 * (line and element named) and *out empty. */
int warn12379_read(const void *, size_t, const struct codebook *, int64_t now, struct warn12379 *out, struct fault *);
void warn12379_free(struct warn12379 *);

/*
 * Appends the body as one document in UTF-8.  What came as 12379 goes out with the elements it came with, without what
 * the station added.  Any other KIND_WARNING:
 *   identifier   senderCode, "_" and the sending time in Beijing time, for a message with an id "_" and the last digit
 * of its serial (two of one second are told apart) senderCode   six digits of the station's division (else of
 * F_DIVISION), and zeros: no table here has the agencies' codes (GB/T 4657), so the unit is not told apart from others
 * of its division times        Beijing time with +08:00, whole seconds references   the identifier of the first message
 * F_CAP_REFERENCES names *told gets a line for each field there is no element for, and each text that was changed; may
 * be NULL. 0, or -1 + fault and nothing appended: EX_UNAVAILABLE when the original bytes are needed, EX_DATAERR when
 * the body is no warning or lacks a time or a division.  What is handed out has been read again by warn12379_read()'s
 * checks.
 */
int warn12379_write(const struct body *, const struct codebook *, struct buf *out, struct buf *told, struct fault *);

#endif
