#ifndef FORMATS_SEARCH_H
#define FORMATS_SEARCH_H
/*
 * Full-text search: what of a message can be found, what is a find, and how text is cut for an index (DESIGN 4.12).
 *
 * Text is folded first: full-width forms to half-width, letters to lower case, Roman numerals (Ⅳ) to letters; a line feed
 * between two Chinese characters is a wrapped line and goes.  Characters that need no spaces between words (Chinese and
 * its neighbours) form runs, other letters and digits form words, all else separates.
 *
 * A query is one or more terms, all of which must be found: what stands between separators, but that one of .:-/ between
 * two letters or digits belongs to the term (2026-11-22, 0712-003).  A term is found where the folded text holds it
 * literally, its words whole: "滑坡" in "山体滑坡", "g15" not in "g150".  Nothing is found across two values.
 *
 * An index holds tokens, which are only a first sieve (search_finds() has the last word): of a run its overlapping
 * pairs of characters and its last character alone, of a word the word.  So one character alone is found by the tokens that
 * begin with it: every occurrence begins a pair or ends its run.
 */
#include <stdbool.h>
#include <stddef.h>
#include "body.h"
#include "buf.h"

#define SEARCH_QUERY_MAX 512		/* bytes of a query; what is longer is cut at a character */
#define SEARCH_TAIL_MAX 10000		/* messages not indexed yet that one search looks through */
#define SEARCH_TOKENS_MAX 24		/* of a query: the index is asked for no more */

struct search_token { char *s; bool prefix; };
struct search_query {
	char **term;			/* folded */
	size_t nterm;
	struct search_token *token;	/* each once; what every message found has in the index */
	size_t ntoken;
};

/* NULL when it holds no term: nothing is found then.  Bytes that are no UTF-8 separate. */
struct search_query *search_query_new(const char *);
void search_query_free(struct search_query *);		/* NULL is fine */

/* The folded text of every value that can be found: texts and station codes, but what only machines read (the CAP tree, the
 * way of a message); each ends with a line feed. */
void search_text(const struct body *, struct buf *out);
/* Appends the tokens of a folded text, each followed by a space.  No token holds a space, a quote or another ASCII character
 * than lower-case letters and digits. */
void search_cut(const struct buf *text, struct buf *out);

bool search_finds(const struct search_query *, const struct buf *text);
/* The same of a message's bytes; false when they cannot be read. */
bool search_finds_in(const struct search_query *, const void *, size_t);
/* Appends the text around the first find, as it was written, with `chars` characters either side and "..." where more
 * follows; running texts before short ones.  Nothing when nothing is found. */
void search_around(const struct search_query *, const struct body *, size_t chars, struct buf *out);

#endif
