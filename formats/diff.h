#ifndef FORMATS_DIFF_H
#define FORMATS_DIFF_H
/*
 * What differs between two versions of a report, field by field, and whether a count falls.
 *
 * Left out: the header fields (FF_HEADER) and what every version has of its own (report number, stage, references, the
 * imported id and previous id, size and digest of the original).  Keys this version does not know are told when their
 * bytes differ.  Figures are compared source by source: what 119 said with what 119 says now; of several by one source
 * the latest (as-of time, then order) counts.  Values of other repeating fields are compared as a set: their order is
 * not told.
 *
 * figure_falls(old, new): a count that goes down, or an old number that is hidden; such a version needs a reason.
 *
 *   old \ new   unknown          exact n'    about n'    at least n'  at most n'
 *   unknown     no               no          no          no           no
 *   exact n     yes              n' < n      n' <= n     n' < n       n > 0
 *   about n     yes              n' < n      n' < n      n' < n       n > 0
 *   at least n  yes              n' < n      n' < n      n' < n       n > 0
 *   at most n   yes              no          no          no           no
 *
 * What counts is what is proven: "at most" after a number proves nothing any more, "about" after an exact number that is
 * no smaller hides it; step by step, each of them harmless to look at, one could get from a death to none.  An upper
 * bound has promised no number, so an exact one below it is the count becoming known; but "unknown" after it hides what
 * was said.  Zero is a number: unknown after it hides it; a vaguer word after it hides nobody.
 */
#include <stdbool.h>
#include <stddef.h>
#include "body.h"
#include "codebook.h"

enum diff_kind { DIFF_ADDED = 1, DIFF_REMOVED, DIFF_CHANGED };

struct diff {
	enum diff_kind kind;
	uint32_t key;
	const struct field *field;	/* NULL: a key this version does not know */
	const char *source;		/* figures: whose; NULL: the author station's, or no figure */
	const char *before, *after;	/* for people (value_format()); "" when there is none.  Texts of several lines: the
					 * first line that differs */
	size_t line;			/* texts of several lines: its number, from 1; else 0 */
	size_t lines;			/* and how many lines differ */
	bool falls;			/* a count falls, is hidden or is taken out */
};

typedef void (*diff_fn)(void *ctx, const struct diff *);	/* strings live until it returns */

/* Table order; returns how many differences were told.  fn NULL: only counts.  cb may be NULL. */
size_t body_diff(const struct body *before, const struct body *after, const struct codebook *cb, bool zh, diff_fn fn,
    void *ctx);

bool figure_falls(const struct figure *before, const struct figure *after);
/* The first figure, in table order, that falls from one body to the next, the same source's; NULL: none does.
 * supersedes (更正): a figure that is gone has fallen too; a follow-up need not repeat what it does not change.
 * *from, *to (each may be NULL): the two values; *to is NULL when it is gone.  A count of nobody gone has not fallen. */
const struct field *body_falls(const struct body *before, const struct body *after, bool supersedes,
    const struct value **from, const struct value **to);

#endif
