/*
 * The limits in force as JSON: every row with where it stands, so that whoever wonders about one can open the file.
 */
#include <stdio.h>
#include <string.h>
#include <sodium.h>
#include "../formats/field.h"
#include "query_int.h"
#include "rules_json.h"

const char *
rules_json_file(const char *path)
{
	const char *at = path, *p;

	for (p = path; (p = strstr(p, "/rules/")) != NULL; p++)
		at = p + 1;
	return at;
}

void
rules_json_times(const struct deadline *d, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < d->nat && n + 7 < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%02d:%02d", i > 0 ? "|" : "", d->at[i] / 60, d->at[i] % 60);
}

static void
put_named(json_t *o, const char *member, const char *set, int value)
{
	const struct enum_name *e = value < 0 ? NULL : enum_by_value(set, value);

	query_put_text(o, member, e != NULL ? e->name : "*");
}

static json_t *
row(const struct deadline *d, bool zh)
{
	const struct enum_name *what = enum_by_value("owed", (int)d->what);
	json_t *o = json_object();
	char times[200];

	query_put_text(o, "id", d->id);
	query_put_text(o, "what", what->name);
	query_put_text(o, "what_name", zh ? what->zh : what->label);
	query_put_text(o, "place", d->place);
	query_put_text(o, "level", d->level);
	query_put_text(o, "code", d->code);
	put_named(o, "grade", "grade", d->grade);
	query_put(o, "marked", json_boolean(d->marked));
	put_named(o, "prec", "precedence", d->prec);
	query_put_text(o, "origin", rules_origin_name(d->origin));
	query_put_text(o, "scope", rules_scope_name(d->scope));
	query_put_text(o, "endpoint", d->endpoint);
	query_put_text(o, "who", d->who);
	query_put(o, "minutes", json_integer(d->minutes));
	rules_json_times(d, times, sizeof times);
	query_put_text(o, "at", times);
	query_put(o, "early", json_integer(d->early));
	query_put_text(o, "chase", d->chase);
	query_put_text(o, "clause", d->clause);
	query_put_text(o, "since", d->since);
	query_put_text(o, "until", d->until);
	query_put_text(o, "profile", d->profile);
	query_put_text(o, "file", rules_json_file(d->file));
	query_put(o, "line", json_integer((json_int_t)d->line));
	return o;
}

static void
remark(void *ctx, const char *file, size_t line, const char *text)
{
	json_t *o = json_object();

	query_put_text(o, "file", rules_json_file(file));
	query_put(o, "line", json_integer((json_int_t)line));
	query_put_text(o, "text", text);
	(void)json_array_append_new(ctx, o);
}

static json_t *
scores(const struct rules *r)
{
	json_t *list = json_array();
	struct score_row s;

	for (int item = SCORE_LATE; item <= SCORE_ZERO; item++) {
		json_t *e;

		if (!rules_score_row(r, (enum rule_score)item, &s))
			continue;
		e = json_object();
		query_put_text(e, "item", s.item);
		query_put(e, "points", json_integer(s.points));
		query_put_text(e, "clause", s.clause);
		query_put_text(e, "profile", s.profile);
		query_put_text(e, "file", rules_json_file(s.file));
		query_put(e, "line", json_integer((json_int_t)s.line));
		(void)json_array_append_new(list, e);
	}
	return list;
}

json_t *
rules_json(const struct rules *r, const char *what, const char *place, bool zh)
{
	json_t *o = json_object(), *rows = json_array(), *zero = json_array(), *remarks = json_array();
	struct deadline d;
	struct zero_hour z;
	uint8_t digest[32];
	char hex[65], time[16];

	for (size_t i = 0; rules_deadline_at(r, i, &d); i++)
		if ((what == NULL || strcmp(enum_by_value("owed", (int)d.what)->name, what) == 0) &&
		    (place == NULL || rules_deadline_holds(&d, place)))
			(void)json_array_append_new(rows, row(&d, zh));
	for (size_t i = 0; rules_zero_at(r, i, &z); i++) {
		json_t *e = json_object();

		(void)snprintf(time, sizeof time, "%02d:%02d", z.minutes / 60, z.minutes % 60);
		query_put_text(e, "place", z.place);
		query_put_text(e, "level", z.level);
		query_put_text(e, "time", time);
		query_put_text(e, "clause", z.clause);
		query_put_text(e, "profile", z.profile);
		query_put_text(e, "file", rules_json_file(z.file));
		query_put(e, "line", json_integer((json_int_t)z.line));
		(void)json_array_append_new(zero, e);
	}
	rules_remarks(r, remark, remarks);
	rules_digest(r, digest);
	(void)sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
	query_put(o, "rows", rows);
	query_put(o, "zero", zero);
	query_put(o, "scores", scores(r));
	query_put_text(o, "profiles", rules_profiles(r));
	query_put(o, "remarks", remarks);
	query_put_text(o, "digest", hex);
	return o;
}
