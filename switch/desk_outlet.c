/*
 * The alarm outlet at the desk: op outlet_test runs it, in a person's name.  What came of it is read with op outlets and stands in the duty log; the
 * answer says only that it was begun, because a siren may take its time.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "desk_int.h"
#include "log.h"
#include "outlet.h"
#include "query.h"

#define PERSON_MOST 96

void
desk_outlet(struct desk *d, struct outlet *o)
{
	d->outlet = o;
}

void
desk_env(struct desk *d, struct query_env *env)
{
	*env = (struct query_env){.station = d->station, .dir = d->dir, .zh = strcmp(d->dir->language, "zh") == 0, .alarms = d->alarms,
	    .outlet = d->outlet};
}

/* A member that is a text of at most max bytes; absent: "". NULL + fault. */
static const char *
member(const json_t *request, const char *name, size_t max, struct fault *f)
{
	const json_t *v = json_object_get(request, name);
	const char *s = json_string_value(v);
	size_t bad;

	if (v == NULL || json_is_null(v))
		return "";
	if (s == NULL || strlen(s) != json_string_length(v) || strlen(s) > max || !text_clean(s, strlen(s), false, &bad)) {
		(void)fault_set(f, EX_DATAERR, name, _("must be a text"));
		return NULL;
	}
	return s;
}

json_t *
desk_op_outlet_test(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const char *name = member(request, "name", 32, f), *person = name != NULL ? member(request, "person", PERSON_MOST, f) : NULL;
	struct desk *d = c->desk;

	if (name == NULL || person == NULL)
		return NULL;
	if (person[0] == '\0')
		(void)fault_set(f, EX_DATAERR, "person", _("who tests it is not said"));
	else if (d->outlet == NULL || outlet_count(d->outlet) == 0)
		(void)fault_set(f, EX_NOINPUT, "name", _("this station has no alarm outlet (outlets.tsv)"));
	else if (name[0] != '\0' && !outlet_known(d->outlet, name))
		(void)fault_set(f, EX_NOINPUT, "name", _("no such outlet: %s"), name);
	if (f->code != 0)
		return NULL;
	log_event(LOG_LV_INFO, "outlet", "test=%s seat=%s", log_quote(name), log_quote(c->seat));
	desk_ack_later(d, desk_ticket_new(d, c, n));
	outlet_test(d->outlet, name[0] != '\0' ? name : NULL, person);
	return NULL;
}
