#ifndef TESTS_TORTURE_SHIM_INT_H
#define TESTS_TORTURE_SHIM_INT_H
/* What the shim's files share; hidden, so that no name meets one of the program it is loaded into. */
#include <sys/uio.h>
#include "page.h"

#pragma GCC visibility push(hidden)
extern struct shim_page *shim_page; /* NULL: no orders */
extern int shim_log_fd;		    /* -1: nothing is recorded */
void shim_record_put(uint32_t what, uint64_t ino, uint64_t off, const struct iovec *, int n);
/* From the record of a call to its end nothing else is recorded: the order there is the order of the disk. */
void shim_hold(void);
void shim_release(void);
#pragma GCC visibility pop

#endif
