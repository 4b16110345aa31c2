/*
 * The rules from the command line: whether those on the disk would be taken, which are in force, and which set which clock.
 *
 * `check' needs no switch and no station; with one it reads the profiles its settings name.  `list' asks the running switch, because what stands in
 * the files may be newer than what is in force; where none runs it reads the files and says so.
 */
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/rules.h"
#include "ctl.h"
#include "rules_json.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct ctl_option known[] = {{"profile", true, false}, {"all", false, false}, {"what", true, false},
    {"place", true, false}, {"realm", true, false}, {NULL, false, false}};

/* The station's profiles, malloc'd; "" when no station is named, or there are no settings yet. */
static char *
station_profiles(const struct ctl *ctl, struct fault *f)
{
	static const char *const keys[] = {"station", "name", "listen", "language", "group", "log_level", "reoffer_minutes",
	    "return_hours", "hosted", "attended_minutes", "divert_seconds", "settle_days", "keep_days", "resend_days", "ballast_mb",
	    "room_mb", "backup_keep", "profile", "pins", NULL};
	struct settings *s;
	struct buf path = {0};
	char *out = NULL;

	if (ctl->dir == NULL)
		return xstrdup("");
	buf_printf(&path, "%s/dutyswitch.conf", ctl->dir);
	if ((s = settings_load(buf_cstr(&path), keys, f)) != NULL)
		out = xstrdup(settings_get(s, "profile", ""));
	settings_free(s);
	buf_free(&path);
	return out;
}

struct checked {
	bool json;
	json_t *remarks;
	size_t n;
};

static void
remark(void *ctx, const char *file, size_t line, const char *text)
{
	struct checked *c = ctx;

	c->n++;
	if (c->json)
		(void)json_array_append_new(c->remarks, json_pack("{s:s, s:I, s:s}", "file", file, "line", (json_int_t)line, "text", text));
	else if (line > 0)
		(void)printf("%s:%zu: %s\n", file, line, text);
	else
		(void)printf("%s: %s\n", file, text);
}

/* Where a place takes points off, that is worth seeing beside the limits: most do not, and nothing is shipped. */
static void
print_scores(const struct rules *r, json_t *o)
{
	json_t *list = json_array();
	struct score_row s;

	for (int item = SCORE_LATE; item <= SCORE_ZERO; item++) {
		if (!rules_score_row(r, (enum rule_score)item, &s))
			continue;
		if (o == NULL)
			(void)printf(_("points off for %s: %lld (%s; %s:%zu)\n"), s.item, (long long)s.points, s.clause, s.file, s.line);
		else
			(void)json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:I}", "item", s.item, "points", (json_int_t)s.points,
			    "clause", s.clause, "file", s.file, "line", (json_int_t)s.line));
	}
	if (o != NULL)
		(void)json_object_set(o, "scores", list);
	json_decref(list);
}

/* A profile that cannot be taken is named by the station's settings: the line is where it is to be mended. */
static void
fault_at_settings(const struct ctl *ctl, struct fault *f)
{
	struct buf path = {0};
	char *line = NULL;
	size_t cap = 0, no = 0, at = 0;
	FILE *fp;

	if (ctl->dir == NULL || f->file[0] != '\0' || strcmp(f->field, "profile") != 0)
		return;
	buf_printf(&path, "%s/dutyswitch.conf", ctl->dir);
	if ((fp = fopen(buf_cstr(&path), "rbe")) != NULL) {
		while (getline(&line, &cap, fp) > 0 && at == 0) {
			const char *p = line + strspn(line, " \t");

			no++;
			if (strncmp(p, "profile", 7) == 0 && strchr(" \t=", p[7]) != NULL)
				at = no;
		}
		free(line);
		(void)fclose(fp);
	}
	if (at > 0)
		fault_at(f, buf_cstr(&path), at);
	buf_free(&path);
}

/* One set of profiles: 0 clean, 1 remarks, EX_DATAERR refused. */
static int
check_one(struct ctl *ctl, const char *confdir, const struct codebook *cb, const char *profiles, bool settings)
{
	struct checked c = {.json = ctl->json, .remarks = json_array()};
	struct fault f = {0};
	struct rules *r = rules_load_profiles(confdir, profiles, &f);
	const char *name = profiles[0] != '\0' ? profiles : "-";
	char text[1024];
	json_t *o = NULL;
	int rc = EX_OK;

	if (r == NULL) {
		if (settings)
			fault_at_settings(ctl, &f);
		if (ctl->json && (o = json_pack("{s:s, s:b, s:s, s:I, s:s, s:s}", "profiles", profiles, "ok", 0, "file", f.file, "line",
		    (json_int_t)f.line, "field", f.field, "text", f.text)) != NULL)
			ctl_json(stdout, o);
		ctl_note(fault_format(&f, text, sizeof text));
		rc = EX_DATAERR;
		goto out;
	}
	rules_remarks(r, remark, &c);
	rules_remarks_codes(r, cb, remark, &c);
	rc = c.n > 0 ? 1 : EX_OK;
	if (ctl->json) {
		o = json_pack("{s:s, s:b, s:O}", "profiles", profiles, "ok", 1, "remarks", c.remarks);
		print_scores(r, o);
		ctl_json(stdout, o);
		goto out;
	}
	print_scores(r, NULL);
	if (c.n == 0)
		(void)printf(_("rules in order, profiles: %s\n"), name);
	else
		(void)printf(_("the rules would be taken, with %zu remarks, profiles: %s\n"), c.n, name);
out:
	json_decref(o);
	json_decref(c.remarks);
	rules_free(r);
	return rc;
}

static int
cmp_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The national rules, and each profile that is there. */
static int
check_all(struct ctl *ctl, const char *confdir, const struct codebook *cb)
{
	struct buf path = {0};
	struct dirent *e;
	char **name = NULL;
	size_t n = 0;
	int worst = check_one(ctl, confdir, cb, "", false), rc;
	DIR *d;

	buf_printf(&path, "%s/rules/profiles", confdir);
	d = opendir(buf_cstr(&path));
	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			name = xreallocarray(name, n + 1, sizeof(char *));
			name[n++] = xstrdup(e->d_name);
		}
	if (d != NULL)
		(void)closedir(d);
	if (n > 1)
		qsort(name, n, sizeof(char *), cmp_name);
	for (size_t i = 0; i < n; i++) {
		rc = check_one(ctl, confdir, cb, name[i], false);
		if (rc > worst)
			worst = rc;
		free(name[i]);
	}
	free(name);
	buf_free(&path);
	return worst;
}

static int
rules_check(struct ctl *ctl, const struct ctl_args *a)
{
	struct fault f = {0};
	const struct codebook *cb;
	char confdir[1024], *profiles;
	int rc;

	if (conf_dir(confdir, sizeof confdir, &f) == NULL || (cb = ctl_codebook(ctl, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl_flag(a, "all"))
		return check_all(ctl, confdir, cb);
	profiles = ctl_arg(a, "profile") != NULL ? xstrdup(ctl_arg(a, "profile")) : station_profiles(ctl, &f);
	if (profiles == NULL) {
		rc = ctl_fail(&f);
		return rc == EX_CONFIG ? EX_DATAERR : rc;
	}
	rc = check_one(ctl, confdir, cb, profiles, ctl_arg(a, "profile") == NULL);
	free(profiles);
	return rc;
}

/* ---- list ---- */

static const struct ctl_column columns[] = {{N_("rule"), "id", 32, false}, {N_("what"), "what_name", 10, false},
    {N_("place"), "place", 12, false}, {N_("level"), "level", 9, false}, {N_("event"), "code", 10, false}, {N_("grade"), "grade", 12, false},
    {N_("precedence"), "prec", 8, false}, {N_("from when"), "origin", 9, false}, {N_("min"), "minutes", 6, true}, {N_("profile"), "profile", 12, false},
    {N_("clause"), "clause", 0, false}};

static void
print_list(const json_t *o)
{
	struct ctl_table *t = ctl_table_new(columns, COUNT(columns));
	const json_t *e;
	char buf[1024];
	size_t i;

	json_array_foreach(json_object_get(o, "rows"), i, e)
	{
		for (size_t k = 0; k < COUNT(columns); k++)
			ctl_table_set(t, k, strcmp(columns[k].key, "minutes") == 0 && json_string_length(json_object_get(e, "at")) > 0 ?
			    json_string_value(json_object_get(e, "at")) : ctl_text(e, columns[k].key, buf, sizeof buf));
		ctl_table_row(t);
	}
	ctl_table_print(t, stdout);
	json_array_foreach(json_object_get(o, "zero"), i, e)
	{
		char place[32], level[32], at[16], clause[512], text[640];

		(void)snprintf(text, sizeof text, "%s %s %s  %s", ctl_text(e, "place", place, sizeof place),
		    ctl_text(e, "level", level, sizeof level), ctl_text(e, "time", at, sizeof at), ctl_text(e, "clause", clause, sizeof clause));
		ctl_line(stdout, _("zero report"), text);
	}
	json_array_foreach(json_object_get(o, "scores"), i, e)
	{
		char item[32], points[16], clause[512], text[640];

		(void)snprintf(text, sizeof text, "%s %s  %s", ctl_text(e, "item", item, sizeof item),
		    ctl_text(e, "points", points, sizeof points), ctl_text(e, "clause", clause, sizeof clause));
		ctl_line(stdout, _("points off"), text);
	}
	ctl_line(stdout, _("profiles"), json_string_length(json_object_get(o, "profiles")) > 0 ? ctl_text(o, "profiles", buf, sizeof buf) : "-");
	ctl_line(stdout, _("fingerprint"), ctl_text(o, "digest", buf, sizeof buf));
}

static json_t *
list_of_files(const struct ctl *ctl, const struct ctl_args *a, struct fault *f)
{
	char confdir[1024], *profiles;
	struct rules *r;
	json_t *o;

	if (conf_dir(confdir, sizeof confdir, f) == NULL)
		return NULL;
	profiles = ctl_arg(a, "profile") != NULL ? xstrdup(ctl_arg(a, "profile")) : station_profiles(ctl, f);
	r = profiles != NULL ? rules_load_profiles(confdir, profiles, f) : NULL;
	free(profiles);
	if (r == NULL)
		return NULL;
	o = rules_json(r, ctl_arg(a, "what"), ctl_arg(a, "place"), i18n_zh());
	rules_free(r);
	return o;
}

static int
rules_list(struct ctl *ctl, const struct ctl_args *a)
{
	const char *what = ctl_arg(a, "what"), *place = ctl_arg(a, "place");
	struct fault f = {0};
	json_t *o = NULL, *request;

	if (what != NULL && enum_by_name("owed", what) == NULL)
		return ctl_usage("rules", "what", _("no such thing is owed"));
	if (ctl->dir != NULL && ctl_arg(a, "profile") == NULL) {
		request = json_pack("{s:s}", "op", "rules");
		if (what != NULL)
			(void)json_object_set_new(request, "what", json_string(what));
		if (place != NULL)
			(void)json_object_set_new(request, "place", json_string(place));
		if ((o = ctl_ask(ctl, request, 0, &f)) == NULL && f.code != EX_UNAVAILABLE && f.code != EX_TEMPFAIL && f.code != EX_NOINPUT)
			return ctl_fail(&f);
		if (o == NULL)
			ctl_note(_("no switch answers: this is what the files say"));
		memset(&f, 0, sizeof f);
	}
	if (o == NULL && (o = list_of_files(ctl, a, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json)
		ctl_json_answer(stdout, o);
	else
		print_list(o);
	json_decref(o);
	return EX_OK;
}

/* ---- explain ---- */

static void
print_clocks(const json_t *o)
{
	const json_t *c, *l;
	size_t i, k;
	char number[400], title[600], text[1024];

	(void)snprintf(text, sizeof text, "%s %s", json_string_length(json_object_get(o, "number")) > 0 ? ctl_text(o, "number", number, sizeof number) : "",
	    ctl_text(o, "title", title, sizeof title));
	ctl_line(stdout, _("incident"), text);
	if (json_string_length(json_object_get(o, "profiles")) > 0)
		ctl_line(stdout, _("profiles"), ctl_text(o, "profiles", text, sizeof text));
	json_array_foreach(json_object_get(o, "clocks"), i, c)
	{
		(void)putchar('\n');
		json_array_foreach(json_object_get(c, "lines"), k, l)
			(void)printf("%s\n", json_string_value(l));
	}
	if (json_array_size(json_object_get(o, "clocks")) == 0)
		(void)printf("%s\n", _("no clock runs, and none has run"));
	json_array_foreach(json_object_get(o, "notes"), i, l)
		(void)printf("\n%s\n", json_string_value(l));
}

static int
rules_explain(struct ctl *ctl, const struct ctl_args *a)
{
	struct fault f = {0};
	struct msgid id;
	json_t *request, *o;
	int realm = -1;

	if (a->nword != 2)
		return ctl_usage("rules", a->nword > 2 ? a->word[2] : "",
		    a->nword > 2 ? _("one word too many") : _("a word is missing: which one?"));
	if (ctl_arg_realm(a, &realm, &f) != 0)
		return ctl_fail(&f);
	if (realm < 0)
		realm = msgid_parse(a->word[1], &id) ? id.realm : REALM_LIVE;
	if ((request = json_pack("{s:s, s:s, s:s}", "op", "explain", "ref", a->word[1], "realm",
	    realm == REALM_EXERCISE ? "exercise" : "live")) == NULL) {
		(void)fault_set(&f, EX_DATAERR, "ref", _("is no UTF-8 text"));
		return ctl_fail(&f);
	}
	if ((o = ctl_ask(ctl, request, 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json)
		ctl_json_answer(stdout, o);
	else
		print_clocks(o);
	json_decref(o);
	return EX_OK;
}

int
ctl_rules(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct ctl *, const struct ctl_args *);
		size_t words;
	} verbs[] = {{"check", rules_check, 1}, {"list", rules_list, 1}, {"explain", rules_explain, 2}};
	struct ctl_args a;
	struct fault f = {0};
	int rc;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0) {
		rc = ctl_usage("rules", f.field, f.text);
		goto out;
	}
	ctl->json = ctl->json || a.json;
	for (size_t i = 0; a.nword > 0 && i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, a.word[0]) == 0) {
			rc = a.nword > verbs[i].words ? ctl_usage("rules", a.word[verbs[i].words], _("one word too many")) : verbs[i].run(ctl, &a);
			goto out;
		}
	rc = ctl_usage("rules", a.nword > 0 ? a.word[0] : "", _("check, list or explain?"));
out:
	ctl_args_free(&a);
	return rc;
}
