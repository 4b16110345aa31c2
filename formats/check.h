#ifndef FORMATS_CHECK_H
#define FORMATS_CHECK_H
/*
 * What a body must hold before this station sends it, and what is worth pointing out.
 * Refusals come from check_body; remarks never block (a first report is never blocked by unknown fields, DOMAIN 5).
 */
#include "body.h"
#include "codebook.h"
#include "fault.h"

/* By kind: mandatory fields, lengths, repeats, known enumerations and event codes, clean UTF-8, non-negative counts, a grade from a person,
 * a reason where one is due (lowering; not for raising), refs where the kind answers something.  A first report needs place, learned,
 * type and one sentence (title or brief).  Returns 0 or -1 + fault with field and reason.
 * Whether a grade is being lowered cannot be seen from the body: that reason is asked for by who knows the incident.  Codes of a
 * scheme no codebook here has, and unknown keys, are left alone.  cb NULL: codes are checked for their form. */
int check_body(const struct body *, const struct codebook *, struct fault *);

/* Remarks: i-th thing missing or odd ("trapped is unknown", "signer missing"), false past the end.
 * A declared time ahead of now is remark CHECK_AHEAD, which one's own keyboard must confirm (never applied to the wire); not in what speaks of things to
 * come: warnings, rosters, handovers, F_ETA. */
enum check_remark_kind { CHECK_MISSING, CHECK_UNKNOWN, CHECK_AHEAD };
struct check_remark {
	enum check_remark_kind kind;
	const struct field *field;
	char text[256];
};
bool check_remark(const struct body *, int64_t now, size_t i, struct check_remark *);

/* All of them in one walk, in the same order.  The body must stay as it is meanwhile. */
struct check_walk {
	const struct body *b;
	int64_t now;
	unsigned kinds;		/* bits 1u << enum check_remark_kind that are wanted */
	int kind;
	bool form, injured;
	uint64_t held[8];	/* bit a key below 512: the body has it */
	uint64_t rows[8];	/* bit a row of the table still to come of which something may be said */
};
#define CHECK_ALL_KINDS (1u << CHECK_MISSING | 1u << CHECK_UNKNOWN | 1u << CHECK_AHEAD)
void check_walk_begin(struct check_walk *, const struct body *, int64_t now, unsigned kinds);
bool check_walk_next(struct check_walk *, struct check_remark *);	/* false past the end; r NULL: is there another? */
/* All of them in one walk, in the same order: fills up to max, returns how many it filled. */
size_t check_remarks(const struct body *, int64_t now, struct check_remark *, size_t max);

#endif
