/*
 * The texts made of one record: options in, the right writer called, records parted from one another.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/phone.h"
#include "../formats/sms.h"
#include "ctl_texts.h"

static const struct {
	enum texts_format format;
	const char *name;
} names[] = {{TEXTS_BULLETIN, "bulletin"}, {TEXTS_SMS, "sms"}, {TEXTS_PHONE, "phone"}, {TEXTS_PASTE, "paste"}};

enum texts_format
texts_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].format;
	return TEXTS_NONE;
}

/* An option given for another format is a mistake somebody should hear of. */
static int
only_for(const struct ctl_args *a, const char *option, bool good, const char *formats, struct fault *f)
{
	if (good || (ctl_arg(a, option) == NULL && !ctl_flag(a, option)))
		return 0;
	return fault_set(f, EX_USAGE, option, _("is for %s"), formats);
}

static int
bulletin_kind(const struct ctl_args *a, enum bulletin_kind *out, struct fault *f)
{
	const char *s = ctl_arg(a, "kind");

	*out = BULLETIN_BRIEF;
	if (s == NULL || strcmp(s, "brief") == 0 || strcmp(s, "值班快报") == 0)
		return 0;
	*out = BULLETIN_SPECIAL;
	if (strcmp(s, "special") == 0 || strcmp(s, "专报") == 0 || strcmp(s, "突发事件信息专报") == 0)
		return 0;
	return fault_set(f, EX_USAGE, "kind", _("must be brief or special"));
}

/* A form that is not there is told with those that are. */
static int
profile_known(const struct texts *t, struct fault *f)
{
	char all[300] = "";
	const char *name;
	size_t n = 0;

	if (t->profile == NULL)
		return 0;
	for (size_t i = 0; (name = paste_profile_at(t->paste, i)) != NULL; i++) {
		int more;

		if (strcmp(name, t->profile) == 0)
			return 0;
		more = snprintf(all + n, sizeof all - n, "%s%s", i > 0 ? ", " : "", name);
		if (more > 0 && (size_t)more < sizeof all - n)
			n += (size_t)more;
	}
	return fault_set(f, EX_USAGE, "profile", _("no such form; there are: %s"), all);
}

int
texts_open(struct texts *t, const struct ctl_args *a, const char *confdir, const struct codebook *cb, struct fault *f)
{
	const char *self = ctl_arg(a, "self");

	if (only_for(a, "kind", t->format == TEXTS_BULLETIN, "bulletin", f) != 0 ||
	    only_for(a, "parts", t->format == TEXTS_SMS, "sms", f) != 0 ||
	    only_for(a, "profile", t->format == TEXTS_PASTE, "paste", f) != 0 ||
	    only_for(a, "self", t->format != TEXTS_NONE, "bulletin, sms, phone, paste", f) != 0 ||
	    only_for(a, "exercise", t->format != TEXTS_NONE, "bulletin, sms, phone, paste", f) != 0 ||
	    bulletin_kind(a, &t->kind, f) != 0)
		return -1;
	t->env = (struct text_env){.cb = cb, .now = ctl_now(), .zh = i18n_zh(), .exercise = ctl_flag(a, "exercise")};
	if (self != NULL) {
		if (*self == '\0')
			return fault_set(f, EX_USAGE, "self", _("which station?"));
		/* a code by its name; a name as it is */
		t->env.self_name =
		    station_code_valid(self) ? codebook_station(cb, self, t->self, sizeof t->self) : self;
	}
	t->parts = ctl_flag(a, "parts");
	t->profile = ctl_arg(a, "profile");
	if (t->format == TEXTS_BULLETIN)
		return bulletin_layout_load(confdir, &t->layout, f);
	if (t->format == TEXTS_PASTE)
		return (t->paste = paste_load(confdir, f)) == NULL ? -1 : profile_known(t, f);
	return 0;
}

void
texts_close(struct texts *t)
{
	paste_free(t->paste);
	t->paste = NULL;
}

int
texts_write(struct texts *t, const struct body *b, size_t nth, struct buf *out, struct buf *lost, struct fault *f)
{
	struct buf whole = {0};

	switch (t->format) {
	case TEXTS_BULLETIN:
		buf_puts(out, nth > 0 ? "\f" : "");
		(void)bulletin_write(b, t->kind, &t->layout, &t->env, out);
		return 0;
	case TEXTS_SMS:
		if (t->parts) {
			buf_puts(out, nth > 0 ? "\n" : "");
			sms_whole(b, &t->env, &whole);
			(void)sms_split(buf_cstr(&whole), out);
			buf_free(&whole);
			return 0;
		}
		sms_write(b, &t->env, out, lost);
		buf_puts(out, "\n");
		return 0;
	case TEXTS_PHONE:
		buf_puts(out, nth > 0 ? "\n" : "");
		phone_write(b, &t->env, out);
		return 0;
	case TEXTS_PASTE:
		buf_puts(out, nth > 0 ? "\n" : "");
		return paste_write(t->paste, t->profile, b, &t->env, out, lost, f);
	case TEXTS_NONE:
		break;
	}
	return fault_set(f, EX_SOFTWARE, "", "no text format");
}
