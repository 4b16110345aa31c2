/*
 * codes: what stands in the codebooks, found the way people ask.
 *
 * A query is a code or its beginning (with or without scheme), a name or part of one, or pinyin initials; several words
 * must all match.  The best matches come first: the very code or name, then what begins so, then what holds it.  Within
 * these the order is the codebook's.
 *
 * Divisions rarely carry initials.  They are worked out from GB 2312, whose first level is ordered by pronunciation; of a
 * character with two of them (重庆) it gives the one it is filed under, which is good enough to find by.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/charset.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "ctl.h"

#define QUERY_MAX 256	/* bytes of one word */
#define INITIALS_MAX 64

enum rank { RANK_EXACT, RANK_BEGINS, RANK_HOLDS, RANK_NONE };

struct hit {
	const struct code_entry *e;
	char initials[INITIALS_MAX];
};

static const struct ctl_option codes_options[] = {{"limit", true, false}, {NULL, false, false}};

static const struct ctl_column code_columns[] = {
	{N_("code"), "code", 0, false},
	{N_("name"), "name", 40, false},
	{N_("initials"), "initials", 16, false},
	{N_("above"), "parent", 40, false},
	{N_("level"), "level", 0, false},
};

/* Where each initial begins in the first level of GB 2312 (B0A1-D7F9); no syllable begins with i, u or v. */
static char
initial_of(unsigned code)
{
	static const struct {
		unsigned from;
		char letter;
	} begins[] = {{0xd4d1, 'z'}, {0xd1b9, 'y'}, {0xcef4, 'x'}, {0xcdda, 'w'}, {0xcbfa, 't'}, {0xc8f6, 's'},
	    {0xc8bb, 'r'}, {0xc6da, 'q'}, {0xc5be, 'p'}, {0xc5b6, 'o'}, {0xc4c3, 'n'}, {0xc2e8, 'm'}, {0xc0ac, 'l'},
	    {0xbfa6, 'k'}, {0xbbf7, 'j'}, {0xb9fe, 'h'}, {0xb8c1, 'g'}, {0xb7a2, 'f'}, {0xb6ea, 'e'}, {0xb4ee, 'd'},
	    {0xb2c1, 'c'}, {0xb0c5, 'b'}, {0xb0a1, 'a'}};

	if (code > 0xd7f9)
		return '\0';	/* the second level goes by strokes */
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (code >= begins[i].from)
			return begins[i].letter;
	return '\0';
}

/* "" when a character of the name has none. */
static void
initials_of(const char *name, char *out, size_t size)
{
	struct charset_loss loss;
	struct buf gb = { 0 };
	size_t n = 0;
	char c;

	out[0] = '\0';
	charset_encode(CHARSET_GB2312, name, strlen(name), &gb, &loss);
	for (size_t i = 0; loss.count == 0 && i < gb.n; i++) {
		if (gb.p[i] < 0x80)
			c = gb.p[i] >= 'A' && gb.p[i] <= 'Z' ? (char)(gb.p[i] + ('a' - 'A')) : (char)gb.p[i];
		else if (i + 1 < gb.n) {
			c = initial_of((unsigned)gb.p[i] << 8 | gb.p[i + 1]);
			i++;
		} else
			c = '\0';
		if (c == '\0' || n + 1 >= size) {
			n = 0;
			break;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	buf_free(&gb);
}

/* folded: lower case, half width. */
static enum rank
rank_word(const struct hit *h, const char *word)
{
	const struct code_entry *e = h->e;
	char code[QUERY_MAX], name[QUERY_MAX], whole[2 * QUERY_MAX];
	size_t n = strlen(word);
	const char *at;

	(void)text_fold(e->code, code, sizeof code);
	(void)text_fold(e->name, name, sizeof name);
	(void)snprintf(whole, sizeof whole, "%s:%s", e->scheme, code);
	if (strcmp(word, code) == 0 || strcmp(word, name) == 0 || strcmp(word, whole) == 0 ||
	    (h->initials[0] != '\0' && strcmp(word, h->initials) == 0))
		return RANK_EXACT;
	if (strncmp(word, code, n) == 0 || strncmp(word, whole, n) == 0 || strncmp(word, name, n) == 0 ||
	    strncmp(word, h->initials, n) == 0)
		return RANK_BEGINS;
	at = strstr(name, word);
	if (at == NULL && n >= 2)	/* one letter stands in most of them */
		at = strstr(h->initials, word);
	return at != NULL ? RANK_HOLDS : RANK_NONE;
}

/* The worst of the words' ranks: all must match. */
static enum rank
rank_of(const struct hit *h, const struct ctl_args *a)
{
	enum rank worst = RANK_EXACT, r;
	char folded[QUERY_MAX];

	for (size_t i = 0; i < a->nword; i++) {
		(void)text_fold(a->word[i], folded, sizeof folded);
		r = rank_word(h, folded);
		if (r > worst)
			worst = r;
	}
	return worst;
}

static void
hit_of(struct hit *h, const struct code_entry *e)
{
	h->e = e;
	if (e->initials[0] != '\0')
		(void)text_fold(e->initials, h->initials, sizeof h->initials);
	else
		initials_of(e->name, h->initials, sizeof h->initials);
}

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
show(const struct ctl *ctl, const struct codebook *cb, struct ctl_table *t, const struct hit *h)
{
	const struct code_entry *e = h->e;
	char code[QUERY_MAX];
	json_t *j;

	(void)snprintf(code, sizeof code, "%s:%s", e->scheme, e->code);
	if (ctl->json) {
		j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "code", code, "kind",
		    strcmp(e->scheme, "div") == 0 ? "division" : "event", "scheme", e->scheme, "name", e->name,
		    "initials", h->initials, "parent", e->parent, "parent_name", parent_name(cb, e), "level", e->level);
		if (j == NULL)
			abort();	/* memory: the codebook's texts are clean UTF-8 */
		ctl_json(stdout, j);
		json_decref(j);
		return;
	}
	ctl_table_set(t, 0, code);
	ctl_table_set(t, 1, e->name);
	ctl_table_set(t, 2, h->initials);
	ctl_table_set(t, 3, parent_name(cb, e));
	/* an event's level is how well its row is attested: nothing to read out in a list */
	ctl_table_set(t, 4, strcmp(e->scheme, "div") == 0 ? level_name(e->level) : "");
	ctl_table_row(t);
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

int
ctl_codes(struct ctl *ctl, int argc, char **argv)
{
	const struct code_entry *(*const at[])(const struct codebook *, size_t) = {
		codebook_event_at, codebook_division_at };
	const struct code_entry *e;
	const struct codebook *cb;
	struct ctl_table *t = NULL;
	struct hit *hit = NULL;
	unsigned char *rank = NULL;
	size_t nhit = 0, cap = 0, shown = 0;
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
	if ((cb = ctl_codebook(ctl, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	for (size_t k = 0; k < sizeof at / sizeof at[0]; k++)
		for (size_t i = 0; (e = at[k](cb, i)) != NULL; i++) {
			struct hit h;
			enum rank r;

			hit_of(&h, e);
			if ((r = rank_of(&h, &a)) == RANK_NONE)
				continue;
			if (nhit == cap) {
				cap = cap == 0 ? 64 : cap * 2;
				hit = xreallocarray(hit, cap, sizeof *hit);
				rank = xreallocarray(rank, cap, sizeof *rank);
			}
			hit[nhit] = h;
			rank[nhit++] = (unsigned char)r;
		}
	if (nhit == 0) {
		(void)fault_set(&f, EX_NOINPUT, "", _("no event type and no division matches"));
		rc = ctl_fail(&f);
		goto out;
	}
	if (!ctl->json)
		t = ctl_table_new(code_columns, sizeof code_columns / sizeof code_columns[0]);
	for (enum rank r = RANK_EXACT; r < RANK_NONE; r++)
		for (size_t i = 0; i < nhit && shown < (size_t)limit; i++)
			if (rank[i] == r) {
				show(ctl, cb, t, &hit[i]);
				shown++;
			}
	if (t != NULL)
		ctl_table_print(t, stdout);
	if (shown < nhit) {
		(void)snprintf(text, sizeof text, _("%zu more match; --limit shows more"), nhit - shown);
		ctl_note(text);
	}
	rc = EX_OK;
out:
	free(hit);
	free(rank);
	ctl_args_free(&a);
	return rc;
}
