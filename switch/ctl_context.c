/*
 * What every verb of dutyctl stands on: saying what is wrong, the station's directory, the connection, the codebook.
 * All are come by when first needed, so that a verb that needs none of them works without.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "ctl.h"

void
ctl_note(const char *text)
{
	char clean[2048], *native;

	(void)text_sanitise(text, strlen(text), clean, sizeof clean, false);
	(void)fflush(stdout);	/* in the order things happened, when both go to one place */
	native = ctl_edge_native(clean);
	(void)fprintf(stderr, "dutyctl: %s\n", native);
	free(native);
}

int
ctl_fail(const struct fault *f)
{
	char text[1024];

	ctl_note(fault_format(f, text, sizeof text));
	return f->code != 0 ? f->code : EX_SOFTWARE;
}

int
ctl_usage(const char *verb, const char *field, const char *reason)
{
	struct fault f = { 0 };
	char hint[160];

	(void)fault_set(&f, EX_USAGE, field, "%s", reason);
	(void)ctl_fail(&f);
	(void)snprintf(
	    hint, sizeof hint, *verb != '\0' ? _("`dutyctl help %s' says how") : _("`dutyctl help' says how"), verb);
	ctl_note(hint);
	return EX_USAGE;
}

int64_t
ctl_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
ctl_dir(struct ctl *ctl, struct fault *f)
{
	struct stat st;

	if (ctl->dir == NULL)
		return fault_set(f, EX_USAGE, "-D", _("names no station directory, nor does $DUTYDESK_DIR"));
	if (stat(ctl->dir, &st) != 0 && errno != EACCES)
		return fault_set(f, EX_NOINPUT, "", _("%s: no station directory: %s"), ctl->dir, strerror(errno));
	return 0;
}

int
ctl_connect(struct ctl *ctl, struct fault *f)
{
	if (ctl->client != NULL && client_alive(ctl->client))
		return 0;
	if (ctl_dir(ctl, f) != 0)
		return -1;
	client_close(ctl->client);
	ctl->client = client_open(ctl->dir, "dutyctl", f);
	return ctl->client != NULL ? 0 : -1;
}

const struct codebook *
ctl_codebook(struct ctl *ctl, struct fault *f)
{
	char path[512];

	if (ctl->codebook == NULL && conf_dir(path, sizeof path, f) != NULL)
		ctl->codebook = codebook_load(path, f);
	return ctl->codebook;
}

json_t *
ctl_ask(struct ctl *ctl, json_t *request, int timeout, struct fault *f)
{
	if (ctl_connect(ctl, f) != 0) {
		json_decref(request);
		return NULL;
	}
	return client_call(ctl->client, request, NULL, 0, timeout, f);
}
