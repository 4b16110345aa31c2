#ifndef SWITCH_JOURNAL_SQLITE_SEARCH_H
#define SWITCH_JOURNAL_SQLITE_SEARCH_H
/*
 * Private to journal_sqlite*.c: the index of full-text search.
 */
#include "journal_common.h"

/* To be in the schema, and in the migration to it.  Tokens are ours (formats/search.h): pairs of characters and words between
 * spaces, of which tokenizer `ascii` makes exactly the same tokens, whatever characters they are of (unicode61 knows
 * no character younger than its tables).  Rows are numbered as messages are (seq); nothing but the tokens is kept. */
#define SEARCH_SCHEMA "CREATE VIRTUAL TABLE find USING fts5(t,content='',detail=none,columnsize=0,tokenize='ascii');"

/* Rows of journal_ops. */
int sq_search_more(struct journal *, size_t max, uint64_t *left);
int sq_search(struct journal *, const char *query, uint64_t before, size_t limit, journal_msg_fn, void *);

/* In the transaction of a destruction: the whole index goes, and is made again from the messages that are left.  Its bytes
 * are in no file after the next commit (secure_delete, WAL truncated). */
int sq_search_forget(struct journal *);
/* set_local() has changed this message: only local ones are in the index, and it may have passed this one. */
int sq_search_localised(struct journal *, const struct msgid *);

#endif
