/*
 * codes: what stands in the codebooks, found the way people ask.
 *
 * A query is a code or its beginning (with or without scheme), a name or part of one, pinyin initials, a station as
 * division and organ (330225-gongan, 象山公安) or an address group; several words must all match.  The best matches come
 * first: the very code or name, then what begins so, then what holds it.  Within these: event types, divisions, organs,
 * stations, groups, each in the codebook's order.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/groups.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "ctl.h"

#define QUERY_MAX 256	/* bytes of one word */

static const struct ctl_option codes_options[] = {{"limit", true, false}, {NULL, false, false}};

static const struct ctl_column code_columns[] = {
	{N_("code"), "code", 0, false},
	{N_("name"), "name", 40, false},
	{N_("initials"), "initials", 16, false},
	{N_("above"), "parent", 40, false},
	{N_("level"), "level", 0, false},
};

static const char *
parent_name(const struct codebook *cb, const struct code_entry *e)
{
	char code[QUERY_MAX];
	const struct code_entry *p;

	if (e->parent[0] == '\0')
		return "";
	if (strcmp(e->scheme, "div") == 0)
		p = codebook_division(cb, e->parent);
	else {
		(void)snprintf(code, sizeof code, "%s:%s", e->scheme, e->parent);
		p = codebook_event(cb, code);
		if (p == NULL)
			p = codebook_event(cb, e->parent);
	}
	return p != NULL ? p->name : e->parent;
}

static const char *
level_name(const char *level)
{
	static const char *const known[] = {N_("province"), N_("city"), N_("county"), N_("township")};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i], level) == 0)
			return _(known[i]);
	return level;
}

static void
show_hit(const struct ctl *ctl, const struct codebook *cb, struct ctl_table *t, const struct code_hit *h)
{
	static const char *const kinds[] = {[CODE_EVENT] = "event", [CODE_DIVISION] = "division", [CODE_ORGAN] = "organ",
		[CODE_STATION] = "station"};
	const struct code_entry *e = h->entry;
	char code[QUERY_MAX], name[QUERY_MAX], parent[QUERY_MAX] = "", above[QUERY_MAX] = "";
	const char *scheme = "organ", *initials = "", *level = "";
	json_t *j;

	(void)codebook_hit_code(h, code, sizeof code);
	(void)codebook_hit_name(h, name, sizeof name);
	if (h->kind == CODE_STATION) {
		scheme = "station";
		(void)codebook_entry_station(e, parent, sizeof parent);
		(void)snprintf(above, sizeof above, "%s", e->name);
	} else if (h->kind != CODE_ORGAN) {
		scheme = e->scheme;
		initials = e->initials;
		level = e->level;
		(void)snprintf(parent, sizeof parent, "%s", e->parent);
		(void)snprintf(above, sizeof above, "%s", parent_name(cb, e));
	}
	if (ctl->json) {
		j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "code", code, "kind", kinds[h->kind], "scheme", scheme,
		    "name", name, "initials", initials, "parent", parent, "parent_name", above, "level", level);
		if (j == NULL)
			abort();	/* memory: the codebook's texts are clean UTF-8 */
		ctl_json(stdout, j);
		json_decref(j);
		return;
	}
	ctl_table_set(t, 0, code);
	ctl_table_set(t, 1, name);
	ctl_table_set(t, 2, initials);
	ctl_table_set(t, 3, above);
	/* an event's level is how well its row is attested: nothing to read out in a list */
	ctl_table_set(t, 4, h->kind == CODE_DIVISION ? level_name(level) : "");
	ctl_table_row(t);
}

static void
show_group(const struct ctl *ctl, struct ctl_table *t, const struct group *g)
{
	char code[QUERY_MAX];
	json_t *j;

	(void)snprintf(code, sizeof code, "@%s", g->id);
	if (ctl->json) {
		j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "code", code, "kind", "group", "scheme", "group", "name",
		    g->name, "initials", g->initials, "members", g->members, "note", g->note);
		if (j == NULL)
			abort();
		ctl_json(stdout, j);
		json_decref(j);
		return;
	}
	ctl_table_set(t, 0, code);
	ctl_table_set(t, 1, g->name);
	ctl_table_set(t, 2, g->initials);
	ctl_table_set(t, 3, g->members);
	ctl_table_set(t, 4, _("group"));
	ctl_table_row(t);
}

/* All words, as for the codebooks; "@" before a group's name may be typed. */
static enum code_rank
group_rank(const struct group *g, const struct ctl_args *a)
{
	enum code_rank worst = CODE_EXACT, r;

	for (size_t i = 0; i < a->nword && worst != CODE_NO_MATCH; i++) {
		const char *word = a->word[i][0] == '@' && a->word[i][1] != '\0' ? a->word[i] + 1 : a->word[i];

		r = codebook_rank("group", g->id, g->name, g->initials, word);
		worst = r == CODE_NO_MATCH ? r : r > worst ? r : worst;
	}
	return worst;
}

static int
words_ok(const struct ctl_args *a, struct fault *f)
{
	if (a->nword == 0)
		return fault_set(f, EX_USAGE, "", _("which code, name or initials?"));
	for (size_t i = 0; i < a->nword; i++) {
		size_t len = strlen(a->word[i]);

		if (len == 0 || len >= QUERY_MAX || !text_clean(a->word[i], len, false, NULL))
			return fault_set(f, EX_USAGE, "", _("a word must have 1 to %d bytes of plain text"), QUERY_MAX - 1);
	}
	return 0;
}

static struct groups *
load_groups(const struct codebook *cb, struct fault *f)
{
	char dir[4096];

	return conf_dir(dir, sizeof dir, f) == NULL ? NULL : groups_load(dir, cb, f);
}

int
ctl_codes(struct ctl *ctl, int argc, char **argv)
{
	const unsigned kinds = CODE_EVENT | CODE_DIVISION | CODE_ORGAN | CODE_STATION;
	const struct codebook *cb;
	struct groups *groups = NULL;
	const struct group *g;
	struct ctl_table *t = NULL;
	struct code_hit *hit = NULL;
	enum code_rank r;
	size_t nhit, all, shown = 0, k = 0;
	struct fault f = { 0 };
	struct ctl_args a;
	long limit = 200;
	char text[160];
	int rc;

	if (ctl_args_parse(&a, codes_options, false, argc, argv, &f) != 0 || words_ok(&a, &f) != 0 ||
	    ctl_arg_num(&a, "limit", 1, 1000000, &limit, &f) != 0) {
		rc = ctl_usage("codes", f.field, f.text);
		goto out;
	}
	ctl->json = ctl->json || a.json;
	if ((cb = ctl_codebook(ctl, &f)) == NULL || (groups = load_groups(cb, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	nhit = all = codebook_find(cb, a.word, a.nword, kinds, NULL, 0);
	for (size_t i = 0; (g = groups_at(groups, i)) != NULL; i++)
		all += group_rank(g, &a) != CODE_NO_MATCH;
	if (all == 0) {
		(void)fault_set(&f, EX_NOINPUT, "", _("no event type, division, station or group matches"));
		rc = ctl_fail(&f);
		goto out;
	}
	if (nhit > (size_t)limit)
		nhit = (size_t)limit;
	hit = xcalloc(nhit + 1, sizeof *hit);
	(void)codebook_find(cb, a.word, a.nword, kinds, hit, nhit);
	if (!ctl->json)
		t = ctl_table_new(code_columns, sizeof code_columns / sizeof code_columns[0]);
	for (r = CODE_EXACT; r <= CODE_HOLDS; r++) {
		for (; k < nhit && hit[k].rank == r && shown < (size_t)limit; k++, shown++)
			show_hit(ctl, cb, t, &hit[k]);
		for (size_t i = 0; (g = groups_at(groups, i)) != NULL && shown < (size_t)limit; i++)
			if (group_rank(g, &a) == r) {
				show_group(ctl, t, g);
				shown++;
			}
	}
	if (t != NULL)
		ctl_table_print(t, stdout);
	if (shown < all) {
		(void)snprintf(text, sizeof text, _("%zu more match; --limit shows more"), all - shown);
		ctl_note(text);
	}
	rc = EX_OK;
out:
	free(hit);
	groups_free(groups);
	ctl_args_free(&a);
	return rc;
}
