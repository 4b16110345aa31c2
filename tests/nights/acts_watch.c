/*
 * Lines about the watch: going through a handover as two people would, and reading whether every minute had one owner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "night.h"

#define EAST 28800000

static json_t *
ask(struct night *n, struct wstation *s, json_t *q)
{
	struct fault f = {0};
	json_t *a = ws_ask(&n->w, s, q, &f);

	if (a == NULL) {
		buf_puts(&n->saw, f.field);
		buf_puts(&n->saw, ": ");
		buf_puts(&n->saw, f.text);
		(void)fail(n, "%s must answer", s->alias);
	}
	return a;
}

/* Takes body. */
static bool
submit(struct night *n, struct wstation *s, json_t *body)
{
	char rid[33];
	json_t *a;

	client_rid(rid);
	a = ask(n, s, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", "live", "body", body));
	json_decref(a);
	return a != NULL;
}

static const char *
member(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text != NULL ? text : "";
}

static bool
answer(struct night *n, struct wstation *s, const char *question, const char *text)
{
	return submit(n, s,
	    json_pack("{s:s, s:s, s:s, s:s}", "kind", "handover", "duty_step", "item", "question", question, "answer", text));
}

static bool
is_right(struct night *n, struct wstation *s, const char *question)
{
	json_t *a = ask(n, s, json_pack("{s:s}", "op", "handover")), *v;
	size_t i;
	bool right = false;

	json_array_foreach(json_object_get(a, "questions"), i, v)
		if (strcmp(member(v, "key"), question) == 0)
			right = json_is_true(json_object_get(v, "right"));
	json_decref(a);
	return right;
}

static void
clock_text(int64_t ms, char out[16])
{
	time_t t = (time_t)((ms + EAST) / 1000);
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(out, 16, "%H:%M", &tm);
}

/* The soonest limit of what is owed here: read off the list of limits, top to bottom. */
static bool
answer_limit(struct night *n, struct wstation *s)
{
	json_t *a = ask(n, s, json_pack("{s:s}", "op", "owed")), *v;
	size_t i;
	char text[16], last[16] = "";
	bool ok = a != NULL;

	json_array_foreach(json_object_get(a, "items"), i, v) {
		if (!ok || strncmp(member(v, "what"), "await", 5) == 0)
			continue;
		clock_text((int64_t)json_integer_value(json_object_get(v, "due")), text);
		if (strcmp(text, last) == 0)
			continue;
		memcpy(last, text, sizeof last);
		ok = answer(n, s, "limit", text);
		if (ok && is_right(n, s, "limit"))
			break;
	}
	json_decref(a);
	return ok && (is_right(n, s, "limit") || answer(n, s, "limit", "0"));
}

/* walk STATION: every item is gone through, the read-back questions are answered */
bool
act_walk(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k == 2 ? act_station(n, &v[1]) : NULL;
	json_t *a, *item;
	size_t i;
	long open = 0;
	bool ok = true;
	char number[24];

	if (s == NULL)
		return fail(n, "walk STATION");
	if ((a = ask(n, s, json_pack("{s:s}", "op", "handover"))) == NULL)
		return false;
	json_array_foreach(json_object_get(a, "items"), i, item) {
		open += strcmp(member(item, "kind"), "incident") == 0;
		if (ok && !json_is_true(json_object_get(item, "passed")))
			ok = submit(n, s, json_pack("{s:s, s:s, s:s, s:s*}", "kind", "handover", "duty_step", "item", "topic", member(item, "key"),
			    "person", member(item, "new_owner")[0] != '\0' ? member(item, "new_owner") : NULL));
	}
	json_decref(a);
	(void)snprintf(number, sizeof number, "%ld", open);
	if (ok && !is_right(n, s, "open"))
		ok = answer(n, s, "open", number);
	if (ok && !is_right(n, s, "limit"))
		ok = answer_limit(n, s);
	if (ok && (!is_right(n, s, "open") || !is_right(n, s, "limit"))) {
		a = ask(n, s, json_pack("{s:s}", "op", "handover"));
		if (a != NULL) {
			char *text = json_dumps(json_object_get(a, "questions"), JSON_COMPACT);

			buf_puts(&n->saw, text != NULL ? text : "");
			free(text);
		}
		json_decref(a);
		ok = fail(n, "the read-back answers must be right (open %s)", number);
	}
	return ok;
}

/* spans STATION FROM TO: in the replay each span of responsibility ends where the next begins, the first begins by FROM, the
 * last is open */
bool
act_spans(struct night *n, struct word *v, size_t k)
{
	struct wstation *s = k == 4 ? act_station(n, &v[1]) : NULL;
	int64_t from, to;
	json_t *a, *row, *before = NULL;
	char at[16];
	size_t i;
	bool ok = true;

	if (s == NULL || !time_read(n, v[2].text, false, &from) || !time_read(n, v[3].text, false, &to))
		return fail(n, "spans STATION FROM TO");
	if ((a = ask(n, s, json_pack("{s:s, s:I, s:I}", "op", "replay", "from", (json_int_t)from, "to", (json_int_t)to))) == NULL)
		return false;
	json_array_foreach(json_object_get(a, "rows"), i, row) {
		int64_t ms = (int64_t)json_integer_value(json_object_get(row, "at"));

		if (strcmp(member(row, "kind"), "span") != 0)
			continue;
		buf_puts(&n->saw, "\n");
		buf_puts(&n->saw, member(row, "text"));
		clock_text(ms, at);
		if (before == NULL)
			ok = ms <= from + 60000;
		else {
			const char *text = member(before, "text");

			ok = ok && strlen(text) > 5 && strcmp(text + strlen(text) - 5, at) == 0;
		}
		before = row;
	}
	ok = ok && before != NULL && (strstr(member(before, "text"), "至今") != NULL || strstr(member(before, "text"), "now") != NULL);
	json_decref(a);
	return ok || fail(n, "spans of responsibility that leave no minute out and none to two");
}
