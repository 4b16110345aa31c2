#ifndef FORMATS_CAP_WRITE_H
#define FORMATS_CAP_WRITE_H
/*
 * Message bodies as CAP 1.2 (OASIS), UTF-8, without a signature.
 *
 * A body that came from CAP goes out as the document it was, element by element (F_CAP_TREE), without what the station
 * added.  Any other body goes out as:
 *   identifier, sender, sent   id, its station, time written (a message never sent: "unsent-" and a digest, "unsent")
 *   status                     Exercise in the exercise realm; System for the duty log; else Actual
 *   msgType                    receipt: Ack, returned: Error; correction: Update; withdrawal: Cancel; report: Alert,
 *                              Update (follow-up, final, verified); all others Alert (the table is in cap_life.c)
 *   scope                      warning: Public; else Private with the addressees, Restricted when there are none
 *   references                 what it refers to; reports without: the messages its author had seen.  The third part
 *                              of each is the time the caller's look-up knows, else the begin of the number series
 *                              (the body does not know when another message was sent): match by identifier
 *   info                       the first, zh-CN: texts, times, type, area, division, position; CAP's words nobody set are
 *                              Unknown
 *   info in other languages    F_TRANSLATION of title, event_name, text, measures, area; at most 16 languages
 *   eventCode, parameter       F_EXTENSION "eventCode:NAME=VALUE" and "NAME=VALUE", for others to read
 *   parameter "dutydesk:NAME"  every field no element holds exactly, in the form of json.h; "dutydesk:#elements" says
 *                              which elements hold the others.  cap_read() gives the very body back (own)
 * What is written has been read again by cap_read()'s own checks, and the body compared, before it is handed out.
 */
#include "body.h"
#include "buf.h"
#include "codebook.h"
#include "fault.h"

/* Appends one document.  cb may be NULL: names of stations and types stay codes.  0, or -1 + fault and nothing
 * appended: EX_UNAVAILABLE when the original bytes are needed (F_ORIGINAL; cap_rewrite() writes those), EX_DATAERR when
 * the body lacks what CAP must have (a time, what a receipt is for). */
int cap_write(const struct body *, const struct codebook *, struct buf *out, struct fault *);

/* When a message was sent; false when that is not known. */
typedef bool cap_sent_fn(void *ctx, const struct msgid *, struct when *);
int cap_write_refs(
    const struct body *, const struct codebook *, cap_sent_fn *, void *ctx, struct buf *out, struct fault *);

/* The bytes of one CAP document of any version and size cap_read() takes, as CAP 1.2.  *told gets a line for each thing
 * that was found odd or could not be written as it was; may be NULL.  0 or -1 + fault and nothing appended. */
int cap_rewrite(const void *, size_t, struct buf *out, struct buf *told, struct fault *);

#endif
