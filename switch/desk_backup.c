/*
 * The request for a copy of the journal.  Everyone at the desk may have one made in its place, DIR/backup/; where else the
 * switch's account shall write, only that account or root may say: a member of the desk's group must not be able to make it
 * lay files anywhere.
 */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "desk_int.h"
#include "log.h"

#define PATH_MOST 480

json_t *
desk_op_backup(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const json_t *v = json_object_get(request, "path");
	const char *path = NULL;
	struct desk *d = c->desk;
	uint64_t ticket;
	size_t bad;

	if (v != NULL && !json_is_null(v)) {
		path = json_string_value(v);
		if (path == NULL || path[0] != '/' || strlen(path) != json_string_length(v) || strlen(path) > PATH_MOST ||
		    !text_clean(path, strlen(path), false, &bad)) {
			(void)fault_set(f, EX_DATAERR, "path", _("must be a whole path of at most %d bytes"), PATH_MOST);
			return NULL;
		}
		if (c->uid != geteuid() && c->uid != 0) {
			(void)fault_set(f, EX_NOPERM, "path",
			    _("only the switch's own account or root may say where; without a path it goes into the station's directory"));
			return NULL;
		}
	}
	if (d->ops->backup == NULL) {
		(void)fault_set(f, EX_UNAVAILABLE, "op", _("no backup can be made here"));
		return NULL;
	}
	log_event(LOG_LV_INFO, "backup", "seat=%s path=%s", log_quote(c->seat), log_quote(path != NULL ? path : ""));
	ticket = desk_ticket_new(d, c, n);
	if (d->ops->backup(d->ctx, ticket, path, f) != 0) {
		/* answered here and now */
		desk_answer(d, ticket, NULL, f);
		f->code = 0;
	}
	return NULL;
}
