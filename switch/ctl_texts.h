#ifndef SWITCH_CTL_TEXTS_H
#define SWITCH_CTL_TEXTS_H
/* The texts made of one record (bulletin, SMS, telephone script, paste), for convert.  Private to it. */
#include "../formats/bulletin.h"
#include "../formats/figuretext.h"
#include "../formats/paste.h"
#include "ctl.h"

enum texts_format { TEXTS_NONE, TEXTS_BULLETIN, TEXTS_SMS, TEXTS_PHONE, TEXTS_PASTE };

struct texts {
	enum texts_format format;
	struct text_env env;
	struct bulletin_layout layout;
	enum bulletin_kind kind;
	bool parts;			/* SMS: the whole, in parts */
	struct paste *paste;
	const char *profile;
	char self[256];
};

enum texts_format texts_by_name(const char *);	/* "bulletin", "sms", "phone", "paste" */
/* Takes --self, --exercise, --kind, --parts, --profile; an option that is of no use for the format is refused: EX_USAGE,
 * EX_CONFIG.  What they say must live on. */
int texts_open(struct texts *, const struct ctl_args *, const char *confdir, const struct codebook *, struct fault *);
void texts_close(struct texts *);
/* Appends the text of the nth message (from 0), parted from the one before.  lost gets a line for each thing there was no
 * room for (SMS: the text itself says where the rest stands; paste: it does not). */
int texts_write(struct texts *, const struct body *, size_t nth, struct buf *out, struct buf *lost, struct fault *);

#endif
