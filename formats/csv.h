#ifndef FORMATS_CSV_H
#define FORMATS_CSV_H
/*
 * Bodies as CSV (RFC 4180) for spreadsheets: out only.
 *
 * A heading line, then a line a body, CRLF at the end of each.  The columns are the field table's rows in its order, by
 * their JSON names, and "unknown" at the end: always the same ones, so that files of several days can be put together.
 *
 *   enum  ASCII name      time  RFC 3339 in its own offset, " (original text)" behind it where that says something else
 *   figure  3  ?  ~20  >=3  <=5, then @source and /as-of where given: unknown stays "?", absent stays an empty cell
 *   figures counted in anything but persons have their unit in the heading: loss(万元) crops(公顷) collapsed(间)
 *   position  latitude longitude in degrees      unknown  4000=<hex of CBOR>      several values: joined by " | "
 *
 * Cells are safe to open: one that begins with = + - @ or their full-width forms, a tab, or an apostrophe gets an
 * apostrophe before it (taking one leading apostrophe away gives the text back).  Control characters become U+FFFD.
 */
#include <stddef.h>
#include "body.h"
#include "buf.h"

struct csv_notes {
	size_t guarded;		/* cells given an apostrophe */
	size_t replaced;	/* control characters that became U+FFFD */
};

void csv_heading(struct buf *);
void csv_body(const struct body *, struct buf *, struct csv_notes *);	/* one line; adds to the notes */
/* One cell, text of any kind: made safe and quoted where it must be.  No comma, no line end. */
void csv_cell(const char *, size_t, struct buf *, struct csv_notes *);

#endif
