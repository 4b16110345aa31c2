#ifndef FORMATS_LIMITS_H
#define FORMATS_LIMITS_H
/*
 * Bounds on what comes from outside, so that no file and no neighbour can take the memory of a duty room's machine.
 *
 * conf/limits.tsv holds them, limits.local.tsv wins: limit number unit why.  Every limit has a ceiling built in (beyond it
 * other parts of the program could not hold what is let in) and a floor (below it ordinary messages would be refused);
 * a file moves a limit between the two.  Until a file was loaded the defaults below hold.
 */
#include <stddef.h>
#include "fault.h"

struct limits {
	size_t cap_bytes;	/* one XML document: CAP, a feed of them, 12379 */
	size_t cap_depth;	/* nesting of its elements */
	size_t cap_attrs;	/* attributes of one element */
	size_t cap_tag_bytes;	/* one start tag */
	size_t xml_nodes;	/* elements of one document */
	size_t file_bytes;	/* one file of messages */
	size_t line_bytes;	/* one line of such a file */
	size_t body_bytes;	/* one message on the wire; never above BODY_MAX */
	size_t repeats;		/* values of one repeatable field; never above FIELD_REPEAT_MAX */
	size_t json_depth;	/* nesting of JSON */
};

/* Reads DIR/limits.tsv and DIR/limits.local.tsv over the defaults; a file that is not there sets nothing.  0, or -1 +
 * fault (EX_CONFIG) with file and line, and what held before goes on holding.  Before threads and before reading. */
int limits_load(const char *confdir, struct fault *);
const struct limits *limits_get(void);		/* never NULL */
void limits_reset(void);			/* the defaults again */

#endif
