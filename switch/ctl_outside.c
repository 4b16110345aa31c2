/*
 * What went another way: the ledger of outside channels, and the stub of what must not go through here at all.
 *
 *     outside REF|- --channel system --system ... --receipt-no ... --done-at ... --by ... [--to A,B]
 *     stub    REF|- --route ... --receipt-no ... --done-at ... --by ... [--to A,B]
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "ctl_submit.h"

static const struct ctl_option options[] = {SUBMIT_OPTIONS, {"by", true, false}, {NULL, false, false}};

static int
outside(struct ctl *ctl, const char *verb, bool classified, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	const char *by;
	int channel, rc = submit_begin(ctl, verb, options, 1, 1, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	channel = body_enum(b, F_CHANNEL);
	if (classified && channel != 0)
		return submit_end(&a, b, ctl_usage(verb, "channel", _("is said by the verb")));
	if (!classified && channel == CHANNEL_CLASSIFIED)
		return submit_end(&a, b,
		    ctl_usage(verb, "channel", _("what went by the classified channel leaves a stub: dutyctl stub")));
	if (classified)
		body_set_num(b, F_CHANNEL, CHANNEL_CLASSIFIED);
	else if (channel == 0)
		return submit_end(&a, b, ctl_usage(verb, "channel", _("by which channel did it go?")));
	if ((by = ctl_arg(&a, "by")) != NULL) {
		if (body_text(b, F_PERSON) != NULL)
			return submit_end(&a, b, ctl_usage(verb, "by", _("given twice")));
		if (value_parse(b, field_by_key(F_PERSON), by, NULL, ctl_now(), &f) != 0)
			return submit_end(&a, b, ctl_fail(&f));
	}
	if (body_text(b, F_PERSON) == NULL)
		return submit_end(&a, b, ctl_usage(verb, "by", _("names the person who does it")));
	/* Whom it was told to is what the clock asks; guessing it would stop a clock that still runs. */
	if (ctl_arg(&a, "to") == NULL && (body_text(b, F_SYSTEM) == NULL || strncmp(body_text(b, F_SYSTEM), "ext:", 4) != 0))
		ctl_note(_("without --to it stops the clock only if the station above takes part in the incident already"));
	submit_kind(b, KIND_OUTSIDE);
	return submit_end(&a, b, submit_send(ctl, &a, b, strcmp(a.word[0], "-") == 0 ? NULL : a.word[0], -1));
}

int
ctl_outside(struct ctl *ctl, int argc, char **argv)
{
	return outside(ctl, "outside", false, argc, argv);
}

int
ctl_stub(struct ctl *ctl, int argc, char **argv)
{
	return outside(ctl, "stub", true, argc, argv);
}
