#ifndef FORMATS_CHECK_PART_H
#define FORMATS_CHECK_PART_H
/*
 * Private to check*.c.
 */
#include "check.h"

int check_missing(const struct body *, uint32_t key, struct fault *); /* -1 + fault when absent or blank */
bool check_present(const struct body *, uint32_t key);
bool check_any_figure(const struct body *);
int check_kind(const struct body *, struct fault *); /* check_kind.c: what each kind must hold */

#endif
