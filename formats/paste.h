#ifndef FORMATS_PASTE_H
#define FORMATS_PASTE_H
/*
 * One record as text to be pasted into the forms of national and provincial systems: a line a field, 标签:值, in the
 * form's order and within the form's lengths.  The forms are rows of conf/rules/paste.tsv (its head says how); a profile of
 * paste.local.tsv replaces the one of the same name.  A field the record does not have is a line without value.
 */
#include "fault.h"
#include "figuretext.h"

struct paste;	/* immutable after load */

struct paste *paste_load(const char *confdir, struct fault *);	/* NULL + fault naming file and line */
void paste_free(struct paste *);
const char *paste_profile_at(const struct paste *, size_t i);	/* names of the forms; NULL past the end */
/* Appends the lines.  *cut gets a line "label: N of M characters" for each value that was longer than its field; what is
 * left ends between words and with [略].  profile NULL: the only one, or the first.  -1 + EX_USAGE: no such profile. */
int paste_write(const struct paste *, const char *profile, const struct body *, const struct text_env *, struct buf *out,
    struct buf *cut, struct fault *);

#endif
