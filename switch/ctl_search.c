/*
 * dutyctl search: messages by their text.
 */
#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "ctl.h"

#define PAGE 500

static const struct ctl_column columns[] = {
	{ N_("seq"), "seq", 0, true }, { N_("stored"), "stored", 0, false }, { N_("from"), "from", 20, false },
	{ N_("kind"), "kind_name", 10, false }, { N_("title"), "title", 36, false }, { N_("text"), "text", 72, false },
	{ N_("id"), "id", 0, false }
};

static void
set_text(struct ctl_table *t, size_t column, const json_t *o, const char *key)
{
	char buf[1024];

	ctl_table_set(t, column, ctl_text(o, key, buf, sizeof buf));
}

static void
row(struct ctl_table *t, const json_t *o)
{
	char at[64];

	set_text(t, 0, o, "seq");
	ctl_table_set(t, 1, ctl_time(o, "stored", at, sizeof at));
	set_text(t, 2, o, json_string_length(json_object_get(o, "from_name")) > 0 ? "from_name" : "from");
	set_text(t, 3, o, json_string_length(json_object_get(o, "kind_name")) > 0 ? "kind_name" : "kind");
	set_text(t, 4, o, "title");
	set_text(t, 5, o, "text");
	set_text(t, 6, o, "id");
	ctl_table_row(t);
}

/* What an answer says beside its rows. */
static void
notes(const json_t *answer, json_int_t last)
{
	json_int_t missing = json_integer_value(json_object_get(answer, "unsearched"));
	char text[200];

	if (json_is_true(json_object_get(answer, "more"))) {
		(void)snprintf(text, sizeof text, _("there is more: --before %lld goes on"), (long long)last);
		ctl_note(text);
	}
	if (missing > 0) {
		(void)snprintf(text, sizeof text, _("%lld older messages are not indexed yet and were not searched; try again in some minutes"),
		    (long long)missing);
		ctl_note(text);
	}
}

/* limit 0: what one answer gives without. */
static int
search(struct ctl *ctl, const char *text, long before, long limit)
{
	struct ctl_table *t = ctl->json ? NULL : ctl_table_new(columns, sizeof columns / sizeof columns[0]);
	struct fault f = { 0 };
	json_int_t last = before;
	long printed = 0;
	bool more = true;
	int rc = EX_OK;

	while (more && rc == EX_OK) {
		json_t *request = json_pack("{s:s, s:s}", "op", "search", "text", text), *answer;
		const json_t *e;
		size_t i;

		if (last >= 0)
			(void)json_object_set_new(request, "before", json_integer(last));
		if (limit > 0)
			(void)json_object_set_new(request, "limit", json_integer(limit - printed < PAGE ? limit - printed : PAGE));
		if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL) {
			rc = ctl_fail(&f);
			break;
		}
		json_array_foreach(json_object_get(answer, "messages"), i, e) {
			last = json_integer_value(json_object_get(e, "seq"));
			printed++;
			if (t == NULL)
				ctl_json(stdout, e);
			else
				row(t, e);
		}
		more = json_is_true(json_object_get(answer, "more")) && i > 0 && printed < limit;
		if (!more)
			notes(answer, last);
		json_decref(answer);
	}
	if (t != NULL)
		ctl_table_print(t, rc == EX_OK || printed > 0 ? stdout : NULL);
	return rc;
}

int
ctl_search(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = { { "before", true, false }, { "limit", true, false }, { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	struct buf text = { 0 };
	long before = -1, limit = 0;
	int rc;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0)
		rc = ctl_usage("search", f.field, f.text);
	else if (a.nword == 0)
		rc = ctl_usage("search", "TEXT", _("is needed"));
	else if (ctl_arg_num(&a, "before", 0, LONG_MAX, &before, &f) != 0 ||
	    ctl_arg_num(&a, "limit", 1, 1000000000, &limit, &f) != 0)
		rc = ctl_fail(&f);
	else {
		for (size_t i = 0; i < a.nword; i++)
			buf_printf(&text, "%s%s", i > 0 ? " " : "", a.word[i]);
		ctl->json = ctl->json || a.json;
		rc = search(ctl, buf_cstr(&text), before, limit);
	}
	buf_free(&text);
	ctl_args_free(&a);
	return rc;
}
