#ifndef SWITCH_JOURNAL_SQLITE_DICT_H
#define SWITCH_JOURNAL_SQLITE_DICT_H
#include "../formats/buf.h"

/* The dictionary of packed version 2, for good: what is kept in a journal can be read with no other. */
void sq_dict_1(struct buf *out);

#endif
