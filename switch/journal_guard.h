#ifndef SWITCH_JOURNAL_GUARD_H
#define SWITCH_JOURNAL_GUARD_H
/*
 * What SQLite itself would pass over in silence at an open: a write-ahead log that was lost, or damaged in its middle.  It then
 * goes on from the last state it can read, and what was acknowledged since is gone without a word.
 *
 *  - The log is read before SQLite does.  A power loss may tear what was written last and not synced; whatever lies before a
 *    commit that was followed by another was synced.  So a bad frame with two commits of the same log behind it is damage.
 *  - The anchor, a file beside the journal, repeats position and hash of the chain's end after each commit.  It is
 *    written after the commit is on disk and never synced, so it is never ahead of the journal; where the journal is behind
 *    it, the journal has lost something.  A torn or missing anchor says nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/fault.h"

#define GUARD_HASH 8	/* bytes of the chain hash an anchor repeats */

/* 0, or -1 + fault (EX_DATAERR, at the file) when commits are lost in it.  A file that is not there is sound. */
int journal_guard_log(const char *wal, struct fault *);

struct journal_anchor { uint64_t seq; uint8_t hash[GUARD_HASH]; };
int journal_anchor_open(const char *dir);			/* for writing; -1: none can be kept (logged) */
void journal_anchor_set(int fd, const struct journal_anchor *);	/* fd -1: nothing */
bool journal_anchor_get(const char *dir, struct journal_anchor *);	/* false: none that can be read */
/* The journal is another from now on (restored): what was known of the old one does not hold.  0, or -1 with errno. */
int journal_anchor_drop(const char *dir);

#endif
