#ifndef SWITCH_CTL_SUBMIT_H
#define SWITCH_CTL_SUBMIT_H
/* Shared by ctl_submit.c (one message from options), ctl_jsonl.c (one a line) and ctl_import.c.  Private to dutyctl. */
#include "../formats/msgid.h"
#include "ctl.h"

/* What every verb that sends a message takes besides its own options and the fields. */
#define SUBMIT_OPTIONS                                                                                                 \
	{"to", true, false}, {"cc", true, false}, {"realm", true, false}, {"rid", true, false},                        \
	    {"retry", true, false}, {"pin", false, false}, {"pin-fd", true, false},                                    \
	{                                                                                                              \
		"confirm", false, false                                                                                \
	}

/* Options into a fresh body; from least to most words.  0, or the exit status after having said why.  submit_end() either
 * way. */
int submit_begin(struct ctl *, const char *verb, const struct ctl_option *, size_t least, size_t most, int argc, char **argv,
    struct ctl_args *, struct body **);
int submit_end(struct ctl_args *, struct body *, int rc);	/* frees both, returns rc */
/* Addressees, realm, incident, request id from the options, then away with it; prints what became of it.  ref: NULL or the
 * incident; realm: of the message answered, -1 = none. */
int submit_send(struct ctl *, const struct ctl_args *, struct body *, const char *ref, int realm);
/* --to and --cc into the body; a group is named by @, and who is meant by it is told. */
int submit_addressees(struct ctl *, const struct ctl_args *, struct body *, struct fault *);
/* Any other request that is answered like a submit; its reference is taken over.  Without a rid it gets --rid or a fresh one.
 * again: repeating it makes nothing twice, so it is tried again for --retry seconds. */
int submit_post(struct ctl *, const struct ctl_args *, json_t *request, bool again);
void submit_seat(struct body *, uint32_t key);	/* the account that types */
/* A time by which something is to be done lies ahead, or it is a slip of the hand: EX_DATAERR. */
int submit_due_ahead(const struct body *, struct fault *);
/* The message that is answered, as F_REFS; its realm. */
int submit_refer(struct body *, const char *word, int *realm, struct fault *);

/* The submit request for a body; rid 1-191 bytes. */
json_t *submit_request(const char *rid, int realm, const struct body *, bool confirmed);
/* REF (number or id) to the incident's id.  *realm: in: asked for, or -1; out: the incident's.  Drain the pipe first.
 */
int submit_incident(struct ctl_pipe *, const char *ref, int *realm, struct msgid *, struct fault *);
bool submit_rid_valid(const char *);
/* Sets F_KIND (and F_STAGE first for a report without one). */
void submit_kind(struct body *, int kind);
int submit_kind_parse(const char *, int *kind, struct fault *);	/* EX_DATAERR naming `kind` */

/* A declared time ahead of the clock that nobody has confirmed: EX_DATAERR naming the field and the way to confirm it.
 */
int submit_ahead(const struct body *, bool confirmed, struct fault *);

/* What became of many: counted, told line by line, summed up. */
struct submit_tally {
	struct ctl *ctl;
	size_t taken, there, refused, unread,
	    unknown;	/* unread: files that cannot be opened; unknown: no answer came */
	bool each;	/* a line for every one taken, not only for those refused */
};
void submit_tally_done(void *tally, const struct ctl_done *);	/* a ctl_done_fn */
int submit_tally_end(const struct submit_tally *);		/* prints the sum, returns the exit status */

/* ctl_jsonl.c */
int submit_jsonl(struct ctl *, const struct ctl_args *, const char *path, long retry, int kind, int realm);
/* Member of a JSON object's text in which byte `at` lies; "" when it cannot be told. */
void jsonl_member_at(const char *text, size_t n, size_t at, char *out, size_t size);

#endif
