/*
 * Reading verbs that print lists.  With --json one object a line as the switch gave it; else a table.
 * Lists without --limit are read page by page to their end; what changes place meanwhile is printed once.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "ctl.h"

#define PAGE 500
#define INBOX_MAX 1000	/* rows the switch gives in one answer */

static const struct ctl_option no_options[] = { { NULL, false, false } };

/* Options of a verb without words.  EX_OK, or the exit status after having said why. */
static int
options(struct ctl *ctl, const char *verb, const struct ctl_option *known, int argc, char **argv, struct ctl_args *a)
{
	struct fault f = { 0 };

	if (ctl_args_parse(a, known, false, argc, argv, &f) != 0)
		return ctl_usage(verb, f.field, f.text);
	if (a->nword > 0)
		return ctl_usage(verb, a->word[0], _("one word too many"));
	ctl->json = ctl->json || a->json;
	return EX_OK;
}

/* A row of the table from one object of the list. */
typedef void (*row_fn)(struct ctl_table *, const json_t *);

struct listing {
	const char *member;		/* array in the answer */
	const char *identity;		/* member that tells rows apart, NULL: none */
	const char *cursor;		/* request member that pages: "offset", "after", NULL: one answer holds all */
	const struct ctl_column *column;
	size_t ncolumns;
	row_fn row;
};

/* Live or exercise stands in the id; programs need not take it apart. */
static void
put_realm(json_t *row)
{
	const char *text = json_string_value(json_object_get(row, "id"));
	struct msgid id;

	if (text != NULL && json_object_get(row, "realm") == NULL && msgid_parse(text, &id))
		(void)json_object_set_new(row, "realm", json_string(id.realm == REALM_EXERCISE ? "exercise" : "live"));
}

/* Asks page by page; request is taken over.  limit 0 = everything; after -1: the newest, in one answer. */
static int
list_run(struct ctl *ctl, const struct listing *l, json_t *request, long limit, int64_t after)
{
	struct ctl_table *t = ctl->json ? NULL : ctl_table_new(l->column, l->ncolumns);
	json_t *seen = json_object(), *answer, *array, *e;
	struct fault f = { 0 };
	json_int_t cursor = after > 0 ? after : 0, next;
	long printed = 0, page;
	size_t i, n;
	bool more;
	int rc = EX_OK;

	do {
		page = limit > 0 && limit - printed < PAGE ? limit - printed : PAGE;
		if (l->cursor != NULL)
			(void)json_object_set_new(request, "limit", json_integer(page));
		if (l->cursor != NULL && after >= 0)
			(void)json_object_set_new(request, l->cursor, json_integer(cursor));
		json_incref(request);
		if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL) {
			rc = ctl_fail(&f);
			break;
		}
		array = json_object_get(answer, l->member);
		n = json_array_size(array);
		for (i = 0; i < n && (limit == 0 || printed < limit); i++) {
			const char *id;

			e = json_array_get(array, i);
			id = l->identity != NULL ? json_string_value(json_object_get(e, l->identity)) : NULL;
			if (id != NULL && json_object_get(seen, id) != NULL)
				continue;
			if (id != NULL)
				(void)json_object_set_new(seen, id, json_true());
			printed++;
			if (t == NULL) {
				put_realm(e);
				ctl_json(stdout, e);
			} else {
				l->row(t, e);
				ctl_table_row(t);
			}
		}
		more = json_is_true(json_object_get(answer, "more"));
		next = cursor + (json_int_t)n;
		if (l->cursor != NULL && strcmp(l->cursor, "after") == 0) {
			next = json_integer_value(json_object_get(json_array_get(array, n > 0 ? n - 1 : 0), "seq"));
			if (json_is_integer(json_object_get(answer, "last")))
				next = json_integer_value(json_object_get(answer, "last"));
		}
		if (more && (l->cursor == NULL || after < 0) && limit == 0)
			ctl_note(_("there is more than is listed here"));
		more = more && after >= 0 && next > cursor;	/* no way forward: better short than for ever */
		cursor = next;
		json_decref(answer);
	} while (l->cursor != NULL && more && (limit == 0 || printed < limit));
	if (t != NULL)
		ctl_table_print(t, rc == EX_OK || printed > 0 ? stdout : NULL);
	json_decref(request);
	json_decref(seen);
	return rc;
}

static void
set_text(struct ctl_table *t, size_t column, const json_t *o, const char *key)
{
	char buf[1024];

	ctl_table_set(t, column, ctl_text(o, key, buf, sizeof buf));
}

/* The first of two members that is there. */
static void
set_named(struct ctl_table *t, size_t column, const json_t *o, const char *name, const char *code)
{
	const char *s = json_string_value(json_object_get(o, name));

	set_text(t, column, o, s != NULL && *s != '\0' ? name : code);
}

static void
set_time(struct ctl_table *t, size_t column, const json_t *o, const char *key)
{
	char buf[64];

	ctl_table_set(t, column, ctl_time(o, key, buf, sizeof buf));
}

/* ---- list ---- */

static const struct ctl_column incident_columns[] = {{N_("number"), "number", 24, false},
    {N_("grade"), "grade", 12, false}, {N_("state"), "state", 10, false}, {N_("type"), "type_name", 16, false},
    {N_("title"), "title", 48, false}, {N_("place"), "place", 32, false}, {N_("changed"), "changed", 0, false},
    {N_("id"), "id", 0, false}};

static void
incident_row(struct ctl_table *t, const json_t *o)
{
	char grade[128], text[160];
	bool named = json_string_length(json_object_get(o, "grade_name")) > 0;

	set_text(t, 0, o, "number");
	(void)snprintf(text, sizeof text, "%s%s",
	    named ? ctl_text(o, "grade_name", grade, sizeof grade) : ctl_enum(o, "grade", "grade", grade, sizeof grade),
	    json_is_true(json_object_get(o, "conflict")) ? "!" : "");
	ctl_table_set(t, 1, text);
	set_named(t, 2, o, "state_name", "state");
	set_named(t, 3, o, "type_name", "type");
	set_text(t, 4, o, "title");
	set_text(t, 5, o, "place");
	set_time(t, 6, o, "changed");
	set_text(t, 7, o, "id");
}

static const struct ctl_column message_columns[] = {
	{ N_("seq"), "seq", 0, true }, { N_("stored"), "stored", 0, false }, { N_("from"), "from", 24, false },
	{ N_("kind"), "kind_name", 12, false }, { N_("title"), "title", 48, false }, { N_("id"), "id", 0, false }
};

static void
message_row(struct ctl_table *t, const json_t *o)
{
	set_text(t, 0, o, "seq");
	set_time(t, 1, o, "stored");
	set_named(t, 2, o, "from_name", "from");
	set_named(t, 3, o, "kind_name", "kind");
	set_text(t, 4, o, "title");
	set_text(t, 5, o, "id");
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct listing incidents = {
    "incidents", "id", "offset", incident_columns, COUNT(incident_columns), incident_row};
static const struct listing messages = {
    "messages", "id", "after", message_columns, COUNT(message_columns), message_row};

int
ctl_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"history", false, false}, {"realm", true, false},
	    {"limit", true, false}, {"messages", false, false}, {"all", false, false}, {"kind", true, false},
	    {"after", true, false}, {NULL, false, false}};
	struct ctl_args a;
	struct fault f = { 0 };
	const struct enum_name *kind = NULL;
	json_t *r = NULL;
	long limit = 0, after = 0;
	int realm = -1, rc = options(ctl, "list", known, argc, argv, &a);
	bool msgs = ctl_flag(&a, "messages");

	if (rc != 0)
		goto out;
	if (!msgs && (ctl_arg(&a, "kind") != NULL || ctl_arg(&a, "after") != NULL || ctl_flag(&a, "all"))) {
		rc = ctl_usage("list",
		    ctl_arg(&a, "kind") != NULL ? "kind"
		    : ctl_flag(&a, "all")	? "all"
						: "after",
		    _("goes with --messages"));
		goto out;
	}
	if (ctl_arg_realm(&a, &realm, &f) != 0 || ctl_arg_num(&a, "limit", 1, 1000000000, &limit, &f) != 0 ||
	    ctl_arg_num(&a, "after", 0, INT32_MAX, &after, &f) != 0) {
		rc = ctl_fail(&f);
		goto out;
	}
	if (ctl_arg(&a, "kind") != NULL && (kind = enum_by_name("kind", ctl_arg(&a, "kind"))) == NULL) {
		(void)fault_set(&f, EX_DATAERR, "kind", _("unknown kind: %.60s"), ctl_arg(&a, "kind"));
		rc = ctl_fail(&f);
		goto out;
	}
	r = json_pack("{s:s}", "op", msgs ? "list" : "incidents");
	if (realm >= 0)
		(void)json_object_set_new(r, "realm", json_string(realm == REALM_EXERCISE ? "exercise" : "live"));
	if (!msgs && ctl_flag(&a, "history"))
		(void)json_object_set_new(r, "history", json_true());
	if (msgs && ctl_flag(&a, "all"))
		(void)json_object_set_new(r, "all", json_true());
	if (kind != NULL)
		(void)json_object_set_new(r, "kind", json_string(kind->name));
	rc = list_run(ctl, msgs ? &messages : &incidents, r, limit, after);
out:
	ctl_args_free(&a);
	return rc;
}

/* ---- inbox, owed, log, drafts ---- */

static const struct ctl_column inbox_columns[] = {{N_("precedence"), "precedence_name", 8, false},
    {N_("at"), "at", 0, false}, {N_("from"), "from_name", 24, false}, {N_("kind"), "kind_name", 10, false},
    {N_("title"), "title", 48, false}, {N_("state"), "state", 10, false}, {N_("due"), "due", 0, false},
    {N_("incident"), "number", 24, false}, {N_("id"), "id", 0, false}};

static void
inbox_row(struct ctl_table *t, const json_t *o)
{
	set_named(t, 0, o, "precedence_name", "precedence");
	set_time(t, 1, o, "at");
	set_named(t, 2, o, "from_name", "from");
	set_named(t, 3, o, "kind_name", "kind");
	set_named(t, 4, o, "title", "text");
	set_named(t, 5, o, "state_name", "state");
	set_time(t, 6, o, "due");
	set_text(t, 7, o, "number");
	set_text(t, 8, o, "id");
}

int
ctl_inbox(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"all", false, false}, {"limit", true, false}, {NULL, false, false}};
	static const struct listing inbox = { "messages", "id", NULL, inbox_columns, COUNT(inbox_columns), inbox_row };
	struct ctl_args a;
	struct fault f = { 0 };
	json_t *r;
	long limit = 0;
	int rc = options(ctl, "inbox", known, argc, argv, &a);

	if (rc == 0 && ctl_arg_num(&a, "limit", 1, INBOX_MAX, &limit, &f) != 0)
		rc = ctl_fail(&f);
	if (rc == 0) {
		r = json_pack("{s:s}", "op", "inbox");
		(void)json_object_set_new(r, "limit", json_integer(limit > 0 ? limit : INBOX_MAX));
		if (ctl_flag(&a, "all"))
			(void)json_object_set_new(r, "all", json_true());
		rc = list_run(ctl, &inbox, r, limit, 0);
	}
	ctl_args_free(&a);
	return rc;
}

static const struct ctl_column owed_columns[] = {{N_("due"), "due", 0, false}, {N_("what"), "what_name", 20, false},
    {N_("incident"), "number", 24, false}, {N_("title"), "title", 40, false},
    {N_("towards"), "towards_name", 24, false}, {N_("since"), "origin", 0, false}, {N_("clause"), "clause", 48, false},
    {N_("about"), "about", 0, false}, {N_("counted from"), "origin_name", 12, false}, {N_("rule"), "rule", 32, false},
    {N_("person"), "person", 16, false}, {N_("note"), "note", 48, false}};

static void
owed_row(struct ctl_table *t, const json_t *o)
{
	set_time(t, 0, o, "due");
	set_named(t, 1, o, "what_name", "what");
	set_text(t, 2, o, "number");
	set_text(t, 3, o, "title");
	set_named(t, 4, o, "towards_name", "towards");
	set_time(t, 5, o, "origin");
	set_text(t, 6, o, "clause");
	set_text(t, 7, o, "about");
	set_named(t, 8, o, "origin_name", "from");
	set_text(t, 9, o, "rule");
	set_text(t, 10, o, "person");
	set_text(t, 11, o, "note");
}

int
ctl_owed(struct ctl *ctl, int argc, char **argv)
{
	static const struct listing owed = { "items", NULL, NULL, owed_columns, COUNT(owed_columns), owed_row };
	struct ctl_args a;
	int rc = options(ctl, "owed", no_options, argc, argv, &a);

	if (rc == 0)
		rc = list_run(ctl, &owed, json_pack("{s:s}", "op", "owed"), 0, 0);
	ctl_args_free(&a);
	return rc;
}

static const struct ctl_column log_columns[] = {
	{ N_("seq"), "seq", 0, true }, { N_("stored"), "stored", 0, false }, { N_("from"), "from", 24, false },
	{ N_("title"), "title", 48, false }, { N_("text"), "text", 80, false }, { N_("id"), "id", 0, false }
};

static void
log_row(struct ctl_table *t, const json_t *o)
{
	set_text(t, 0, o, "seq");
	set_time(t, 1, o, "stored");
	set_named(t, 2, o, "from_name", "from");
	set_text(t, 3, o, "title");
	set_text(t, 4, o, "text");
	set_text(t, 5, o, "id");
}

int
ctl_log(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"after", true, false}, {"limit", true, false}, {NULL, false, false}};
	static const struct listing duty_log = { "messages", "id", "after", log_columns, COUNT(log_columns), log_row };
	struct ctl_args a;
	struct fault f = { 0 };
	long limit = 0, after = -1;
	int rc = options(ctl, "log", known, argc, argv, &a);

	if (rc == 0 && (ctl_arg_num(&a, "limit", 1, 1000000000, &limit, &f) != 0 ||
	    ctl_arg_num(&a, "after", 0, INT32_MAX, &after, &f) != 0))
		rc = ctl_fail(&f);
	if (rc == 0 && limit == 0 && after < 0)
		after = 0;	/* all of it; with --limit alone the newest */
	if (rc == 0 && after < 0 && limit > PAGE)
		rc = ctl_usage("log", "limit", _("more than one answer holds: name where to begin with --after"));
	if (rc == 0)
		rc = list_run(ctl, &duty_log, json_pack("{s:s}", "op", "log"), limit, after);
	ctl_args_free(&a);
	return rc;
}

static const struct ctl_column draft_columns[] = { { N_("saved"), "ms", 0, false }, { N_("seat"), "seat", 24, false },
	{ N_("state"), "state", 10, false }, { N_("title"), "title", 48, false }, { N_("request id"), "rid", 0, false } };

static void
draft_row(struct ctl_table *t, const json_t *o)
{
	const json_t *content = json_object_get(o, "json");

	set_time(t, 0, o, "ms");
	set_text(t, 1, o, "seat");
	set_named(t, 2, o, "state_name", "state");
	set_text(t, 3, json_object_get(content, "title") == NULL && json_is_object(json_object_get(content, "body")) ?
	    json_object_get(content, "body") : content, "title");
	set_text(t, 4, o, "rid");
}

int
ctl_drafts(struct ctl *ctl, int argc, char **argv)
{
	static const struct listing drafts = { "drafts", "rid", NULL, draft_columns, COUNT(draft_columns), draft_row };
	struct ctl_args a;
	int rc = options(ctl, "drafts", no_options, argc, argv, &a);

	if (rc == 0)
		rc = list_run(ctl, &drafts, json_pack("{s:s}", "op", "drafts"), 0, 0);
	ctl_args_free(&a);
	return rc;
}

/* ---- watch ---- */

struct watch { bool json; long left; };

static void
on_push(void *ctx, uint64_t revision)
{
	struct watch *w = ctx;

	if (w->json)
		(void)printf("{\"rev\":%" PRIu64 "}\n", revision);
	else
		(void)printf("%" PRIu64 "\n", revision);
	(void)fflush(stdout);
	if (w->left > 0)
		w->left--;
}

int
ctl_watch(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = { { "count", true, false }, { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	struct watch w = { .left = -1 };
	json_t *answer;
	int rc = options(ctl, "watch", known, argc, argv, &a);

	if (rc == 0 && ctl_arg_num(&a, "count", 1, 1000000000, &w.left, &f) != 0)
		rc = ctl_fail(&f);
	ctl_args_free(&a);
	if (rc != 0)
		return rc;
	w.json = ctl->json;
	if ((answer = ctl_ask(ctl, json_pack("{s:s}", "op", "watch"), 0, &f)) == NULL)
		return ctl_fail(&f);
	json_decref(answer);
	while (w.left != 0 && !ferror(stdout))
		if (client_step(ctl->client, 60000, NULL, on_push, &w, &f) < 0)
			return ctl_fail(&f);
	return EX_OK;
}
