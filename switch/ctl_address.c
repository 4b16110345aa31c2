/*
 * Addressees as people type them: station codes, and address groups (@NAME) and divisions (330225/children) that stand
 * for many.  A group is spelt out here, before the message is made: what is sent names stations only, and who was meant
 * is told.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/groups.h"
#include "../formats/i18n.h"
#include "ctl.h"

/* Adds what is not among the body's yet; the station itself needs no word from itself. */
static size_t
add_each(struct body *b, uint32_t key, const char *list, const char *self)
{
	size_t n = 0;

	while (*list != '\0') {
		size_t len = strcspn(list, ",");
		bool there = self != NULL && strlen(self) == len && strncmp(self, list, len) == 0;

		for (const struct value *v = body_first(b, key); v != NULL && !there; v = body_next(b, v))
			there = v->u.text.len == len && strncmp(v->u.text.s, list, len) == 0;
		if (!there) {
			body_add_text(b, key, list, len);
			n++;
		}
		list += len;
		list += *list == ',';
	}
	return n;
}

int
ctl_addressees(struct ctl *ctl, struct body *b, uint32_t key, const char *list, struct fault *f)
{
	const struct codebook *cb;
	struct groups *groups = NULL;
	struct buf out = { 0 }, line = { 0 };
	const char *field = field_by_key(key)->name, *self;
	char path[512];
	int rc = -1;

	if (strpbrk(list, "@/*") == NULL)
		return ctl_stations(b, key, list, f);
	if ((cb = ctl_codebook(ctl, f)) == NULL || conf_dir(path, sizeof path, f) == NULL ||
	    (groups = groups_load(path, cb, f)) == NULL || groups_expand(groups, cb, list, field, &out, f) != 0 ||
	    ctl_connect(ctl, f) != 0)
		goto out;
	self = json_string_value(json_object_get(client_hello(ctl->client), "station"));
	if (add_each(b, key, buf_cstr(&out), self) == 0) {
		(void)fault_set(f, EX_DATAERR, field, _("nobody but this station is meant by %.60s"), list);
		goto out;
	}
	buf_printf(&line, "%s: ", field);
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v)) {
		char name[160];

		buf_printf(&line, "%s%s", line.n > strlen(field) + 2 ? ", " : "",
		    codebook_station(cb, v->u.text.s, name, sizeof name));
	}
	ctl_note(buf_cstr(&line));
	rc = 0;
out:
	buf_free(&out);
	buf_free(&line);
	groups_free(groups);
	return rc;
}
