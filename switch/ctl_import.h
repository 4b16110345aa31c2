#ifndef SWITCH_CTL_IMPORT_H
#define SWITCH_CTL_IMPORT_H
/* Private to ctl_import*.c. */
#include <jansson.h>
#include "../formats/body.h"
#include "../formats/codebook.h"
#include "../formats/fault.h"

/*
 * A message of this program that came as a CAP document instead of over a link: what a duty room makes of it.  Nothing
 * proves who wrote the document, so it is not entered as that station's message.  A report or an intake is taken down as
 * a call is (接报: an incident of this station's, each figure as that station's), anything else goes into the log.
 * came: what was read of the document.  New body.
 */
struct body *import_own(const struct body *own, const struct body *came);

/* The same message, as the switch answered op message: 0 it says the same, -1 + fault when it does not, or was
 * destroyed. */
int import_held(const struct body *own, const json_t *answer, const struct codebook *, int64_t now, struct fault *);

#endif
