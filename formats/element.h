#ifndef FORMATS_ELEMENT_H
#define FORMATS_ELEMENT_H
/*
 * What a report should hold (Order 493 art. 12 and the practice list, conf/rules/elements.tsv), numbers in its
 * words that are not those of its figures, and sums that do not balance.  It points out and refuses nothing: what blocks is check.h's. elements.tsv
 * element name label fields words stages codes must basis      (.local.tsv: same key replaces, else added)
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "body.h"
#include "fault.h"

struct element_rules;							       /* immutable after load */
struct element_rules *element_rules_load(const char *confdir, struct fault *); /* NULL + fault naming file and line */
void element_rules_free(struct element_rules *);

enum element_state {
	ELEMENT_PRESENT = 1,
	ELEMENT_MISSING, /* nothing is said of it */
	ELEMENT_UNKNOWN, /* it is said to be unknown ("?", 不详): an answer, not a gap */
	ELEMENT_NA	 /* not looked for at this stage or for this event type */
};
struct element {			       /* strings live as long as the rules */
	const char *id, *name, *label, *basis; /* name: Chinese; label: English */
	const struct field *field;	       /* where to fill it in; NULL: in the text */
	enum element_state state;
	bool must; /* one of those a first report must have (check_body() refuses without) */
};
/* i-th element of a report or intake, table order; false past the end and for every other kind. */
bool element_at(const struct element_rules *, const struct body *, size_t i, struct element *);

/* Those of them that are missing, table order, in one walk; the body must stay as it is meanwhile. */
struct element_walk {
	const struct element_rules *rules;
	const struct body *b;
	const char *stage, *type;	/* NULL: not known here */
	size_t at;
	bool none;			/* nothing is looked for */
	uint64_t held[8];		/* bit a key below 512: the body has it */
	uint64_t pairs[64];		/* bit a hash of two bytes that follow one another in its texts */
};
void element_walk_begin(struct element_walk *, const struct element_rules *, const struct body *);
bool element_walk_next(struct element_walk *, struct element *);

enum element_conflict_kind {
	ELEMENT_DIFFERS = 1,	/* the figures say another number */
	ELEMENT_LEDGER_UNKNOWN, /* the figure stands as "?" */
	ELEMENT_LEDGER_ABSENT,	/* no figure is stated */
	ELEMENT_SUM		/* figures of one source that cannot be true together (transfers, persons and households) */
};
struct element_conflict {
	const struct field *field; /* the count: dead, missing, trapped, serious, light, injured; of a sum its first */
	const struct field *where; /* the text it was read in; of a sum the second count */
	size_t at;		   /* byte offset of the clause in that text; 0 for a sum */
	enum element_conflict_kind kind;
	enum figure_q q; /* the text's number: exact, about, at least, at most */
	int64_t n;
	char said[96];	/* the clause, cut and clean; "" for a sum */
	char text[256]; /* in words, in the reader's language */
};
/* Numbers near 死亡 遇难 失联 被困 重伤 受伤 ... in the texts, Chinese or Arabic, that no figure of the body agrees
 * with; "no casualties" is a zero.  At most one for each count and text, the last said.  A degree of injury no figure
 * states contradicts only when it is more than all the injured.  Then, source by source, transfers that do not balance:
 * 应转 = 已转 + 拒转, 返流 at most 已转, in persons and in households; households at most persons; what is unknown or not
 * stated may be anything.  Fills up to max, returns how many there are. */
size_t element_conflicts(const struct body *, struct element_conflict *, size_t max);

#endif
