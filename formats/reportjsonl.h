#ifndef FORMATS_REPORTJSONL_H
#define FORMATS_REPORTJSONL_H
/*
 * The report-jsonl shape: one incident report of another system a line (id station dtg event seq stage prev prec type
 * grade lat lon dead missing injured trapped evacuated loss occurred to author approver phone title type_name place
 * brief casualties measures next).  Imported they are history (F_HISTORY): they start no clocks.  The original id, event,
 * station and addressees are kept as F_FOREIGN_*.
 */
#include "body.h"
#include "codebook.h"
#include "fault.h"

/* One line without its line feed.  NULL + fault (member named) when refused: truncated JSON, missing members, negative counts,
 * bad UTF-8, unknown type code, over 1 MiB.  now: ms UTC. */
struct body *reportjsonl_read(const char *, size_t, const struct codebook *, int64_t now, struct fault *);

#endif
