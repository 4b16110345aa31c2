#ifndef SWITCH_DUTY_KEPT_H
#define SWITCH_DUTY_KEPT_H
/*
 * The messages a part of the duty book has taken, in the order their station wrote them (id), whatever order they come in: after a restore a
 * station's own messages are given back by its neighbours as they please.  Private to duty_staff.c and duty_roster.c.
 */
#include "duty.h"

struct kept_msg {
	struct msgid id;
	int64_t at;		/* ms UTC it was written; when that is not said, stored */
	int kind;
	struct body *body;	/* owned */
};
struct kept {
	struct kept_msg *m;
	size_t n, cap;
};

/* Keeps a copy.  True: it is the last one, so what was made of the others stands; false: it lies between them (make it all anew), or is here already
 * (*again). */
bool kept_add(struct kept *, const struct duty_msg *, bool *again);
void kept_free(struct kept *);
/* The text of a field in a field of `size` bytes, cut at a character, "" when absent or blank. */
void kept_text(const struct body *, uint32_t key, char *out, size_t size);

#endif
