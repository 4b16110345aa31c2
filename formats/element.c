/*
 * Which elements a report has: present, missing, said to be unknown, or not to be looked for.
 *
 * The list is data, because every province prints another form; this file knows how an element is found.  It refuses
 * nothing: a first report that waits for a complete list is a late report.
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "conf.h"
#include "element.h"
#include "i18n.h"

#define FIELDS_MAX 8
#define HELD_KEYS (sizeof(((struct element_walk *)0)->held) * 8)

struct element_row {
	const char *id, *name, *label, *words, *stages, *codes, *basis;
	const struct field *field[FIELDS_MAX];
	size_t nfield;
	bool must, local;
};

struct element_rules {
	struct element_row *row;
	size_t n;
	struct tsv *tsv[2];
};

static const char *const columns[] = {
    "element", "name", "label", "fields", "words", "stages", "codes", "must", "basis", NULL};
static const uint32_t texts[] = {F_TITLE, F_PLACE, F_BRIEF, F_TEXT, F_SCOPE, F_CALLER_UNIT};

static int read_row(struct element_rules *, const struct tsv *, size_t i, bool local, struct fault *);
static int load_table(struct element_rules *, const char *dir, bool local, struct fault *);
static bool listed(const char *list, char sep, const char *item, bool prefix);
static enum element_state field_state(const struct body *, const struct field *);
static enum element_state row_state(const struct element_row *, const struct body *);

/* Is item (or, with prefix, its beginning) one of the list? "*" is all. */
static bool
listed(const char *list, char sep, const char *item, bool prefix)
{
	const char seps[2] = {sep, '\0'};
	size_t want = strlen(item);

	if (strcmp(list, "*") == 0)
		return true;
	while (*list != '\0') {
		size_t len = strcspn(list, seps);

		if (len > 0 && strncmp(item, list, len) == 0 && (prefix || len == want))
			return true;
		list += len + (list[len] == sep);
	}
	return false;
}

static int
read_row(struct element_rules *r, const struct tsv *t, size_t i, bool local, struct fault *f)
{
	struct element_row e = {.id = tsv_get(t, i, "element"),
	    .name = tsv_get(t, i, "name"),
	    .label = tsv_get(t, i, "label"),
	    .words = tsv_get(t, i, "words"),
	    .stages = tsv_get(t, i, "stages"),
	    .codes = tsv_get(t, i, "codes"),
	    .basis = tsv_get(t, i, "basis"),
	    .local = local};
	const char *p = tsv_get(t, i, "fields"), *must = tsv_get(t, i, "must");
	char name[64];
	size_t len;

	if (e.id[0] == '\0' || e.name[0] == '\0')
		return fault_set(f, EX_CONFIG, e.id[0] == '\0' ? "element" : "name", _("is empty"));
	if (e.label[0] == '\0')
		e.label = e.id;
	for (; *p != '\0'; p += len + (p[len] == '|')) {
		len = strcspn(p, "|");
		if (len >= sizeof(name) || e.nfield == FIELDS_MAX)
			return fault_set(f, EX_CONFIG, "fields", _("too many fields"));
		memcpy(name, p, len);
		name[len] = '\0';
		if ((e.field[e.nfield++] = field_by_name(name)) == NULL)
			return fault_set(f, EX_CONFIG, "fields", _("no such field"));
	}
	if (e.nfield == 0 && e.words[0] == '\0')
		return fault_set(f, EX_CONFIG, "fields", _("nothing says how the element is found"));
	for (p = e.stages; strcmp(p, "*") != 0 && *p != '\0'; p += len + (p[len] == '+')) {
		len = strcspn(p, "+");
		(void)snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), p);
		if (enum_by_name("stage", name) == NULL)
			return fault_set(f, EX_CONFIG, "stages", _("\"%s\" is not known here"), name);
	}
	if (e.stages[0] == '\0' || e.codes[0] == '\0')
		return fault_set(f, EX_CONFIG, e.stages[0] == '\0' ? "stages" : "codes", _("is empty; * means all"));
	if (must[0] != '\0' && strcmp(must, "first") != 0)
		return fault_set(f, EX_CONFIG, "must", _("must be first or empty"));
	e.must = must[0] != '\0';
	if (e.basis[0] == '\0')
		return fault_set(f, EX_CONFIG, "basis", _("a rule must cite its clause"));
	for (size_t k = 0; k < r->n; k++) {
		if (strcmp(r->row[k].id, e.id) != 0)
			continue;
		if (r->row[k].local == local)
			return fault_set(f, EX_CONFIG, "element", _("the same rule stands here twice"));
		r->row[k] = e;
		return 0;
	}
	r->row = xreallocarray(r->row, r->n + 1, sizeof(*r->row));
	r->row[r->n++] = e;
	return 0;
}

static int
load_table(struct element_rules *r, const char *dir, bool local, struct fault *f)
{
	char path[PATH_MAX];
	struct tsv *t;

	if (tsv_open(dir, "rules/elements", local, true, path, sizeof(path), &r->tsv[local], f) == -1)
		return -1;
	if ((t = r->tsv[local]) == NULL)
		return 0;
	for (size_t i = 0; !local && columns[i] != NULL; i++)
		if (!tsv_has(t, columns[i])) {
			(void)fault_set(f, EX_CONFIG, columns[i], _("the table lacks this column"));
			fault_at(f, path, 1);
			return -1;
		}
	for (size_t i = 0; i < tsv_rows(t); i++)
		if (read_row(r, t, i, local, f) == -1) {
			fault_at(f, path, tsv_line(t, i));
			return -1;
		}
	return 0;
}

struct element_rules *
element_rules_load(const char *confdir, struct fault *f)
{
	struct element_rules *r = xcalloc(1, sizeof(*r));
	struct fault unread;

	if (f == NULL)
		f = &unread;
	memset(f, 0, sizeof(*f));
	if (load_table(r, confdir, false, f) == 0 && load_table(r, confdir, true, f) == 0)
		return r;
	element_rules_free(r);
	return NULL;
}

void
element_rules_free(struct element_rules *r)
{
	if (r == NULL)
		return;
	tsv_free(r->tsv[0]);
	tsv_free(r->tsv[1]);
	free(r->row);
	free(r);
}

/* Texts that say that it is not known. */
static bool
says_unknown(const char *s)
{
	static const char *const words[] = {
	    "?", "？", "不详", "不明", "未知", "不清楚", "待查", "待核", "待核实", "待定"};
	size_t n;

	s += strspn(s, " \t\n");
	n = strlen(s);
	while (n > 0 && strchr(" \t\n", s[n - 1]) != NULL)
		n--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0)
			return true;
	return false;
}

static enum element_state
field_state(const struct body *b, const struct field *fd)
{
	enum element_state state = ELEMENT_MISSING;

	for (const struct value *v = body_first(b, fd->key); v != NULL; v = body_next(b, v)) {
		bool unknown = false;

		if (fd->type == FT_TEXT) {
			if (v->u.text.s[strspn(v->u.text.s, " \t\n")] == '\0')
				continue; /* blanks say nothing */
			unknown = says_unknown(v->u.text.s);
		} else if (field_decimals(fd) >= 0) {
			unknown = v->u.fig.q == FIG_UNKNOWN;
		}
		if (!unknown)
			return ELEMENT_PRESENT;
		state = ELEMENT_UNKNOWN;
	}
	return state;
}

/* Where a pair of bytes has its bit. */
static size_t
pair_bit(const char *p)
{
	return ((uint8_t)p[0] * 61u ^ (uint8_t)p[1]) % (sizeof(((struct element_walk *)0)->pairs) * 8);
}

/* False: the word stands in none of the texts.  The pairs across its characters tell most. */
static bool
may_hold(const struct element_walk *w, const char *word, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		size_t bit = pair_bit(word + i);

		if ((w->pairs[bit / 64] >> bit % 64 & 1) == 0)
			return false;
	}
	return true;
}

/* One of the words that say it stands in the texts.  w NULL: nothing is known of these yet. */
static bool
words_said(const char *words, const struct body *b, const struct element_walk *w)
{
	for (const char *p = words; *p != '\0';) {
		size_t len = strcspn(p, "|");

		for (size_t i = 0; len > 0 && (w == NULL || may_hold(w, p, len)) && i < sizeof(texts) / sizeof(texts[0]); i++) {
			const struct value *v = body_first(b, texts[i]);

			if (v != NULL && memmem(v->u.text.s, v->u.text.len, p, len) != NULL)
				return true;
		}
		p += len + (p[len] == '|');
	}
	return false;
}

static bool
has(const struct element_walk *w, uint32_t key)
{
	return w == NULL || key >= HELD_KEYS || (w->held[key / 64] >> key % 64 & 1) != 0;
}

/* What the body says of it, looked for or not. */
static enum element_state
row_said(const struct element_row *e, const struct body *b, const struct element_walk *w)
{
	enum element_state state = ELEMENT_MISSING;

	for (size_t i = 0; i < e->nfield; i++) {
		enum element_state s = has(w, e->field[i]->key) ? field_state(b, e->field[i]) : ELEMENT_MISSING;

		if (s == ELEMENT_PRESENT)
			return s;
		if (s == ELEMENT_UNKNOWN)
			state = s;
	}
	return words_said(e->words, b, w) ? ELEMENT_PRESENT : state;
}

static enum element_state
row_state(const struct element_row *e, const struct body *b)
{
	const struct enum_name *stage;
	const char *type;
	int said;
	enum element_state state = row_said(e, b, NULL);

	if (state != ELEMENT_MISSING)
		return state;
	/* an intake is a first report in the making; a stage or type not known here is looked at for everything */
	if ((said = body_enum(b, F_STAGE)) == STAGE_WITHDRAWAL)
		return ELEMENT_NA;
	stage = enum_by_value("stage", body_enum(b, F_KIND) == KIND_INTAKE ? STAGE_FIRST : said);
	type = body_text(b, F_TYPE);
	if (stage != NULL && !listed(e->stages, '+', stage->name, false))
		return ELEMENT_NA;
	if (type != NULL && !listed(e->codes, '|', type, true))
		return ELEMENT_NA;
	return state;
}

bool
element_at(const struct element_rules *r, const struct body *b, size_t i, struct element *out)
{
	int kind = body_enum(b, F_KIND);
	const struct element_row *e;

	if ((kind != KIND_REPORT && kind != KIND_INTAKE) || i >= r->n)
		return false;
	e = &r->row[i];
	*out = (struct element){.id = e->id,
	    .name = e->name,
	    .label = e->label,
	    .basis = e->basis,
	    .field = e->nfield > 0 ? e->field[0] : NULL,
	    .state = row_state(e, b),
	    .must = e->must};
	assert(out->state >= ELEMENT_PRESENT && out->state <= ELEMENT_NA);
	return true;
}

void
element_walk_begin(struct element_walk *w, const struct element_rules *r, const struct body *b)
{
	int kind = body_enum(b, F_KIND), said = body_enum(b, F_STAGE);
	const struct enum_name *stage = enum_by_value("stage", kind == KIND_INTAKE ? STAGE_FIRST : said);

	*w = (struct element_walk){.rules = r,
	    .b = b,
	    .stage = stage != NULL ? stage->name : NULL,
	    .type = body_text(b, F_TYPE),
	    .none = (kind != KIND_REPORT && kind != KIND_INTAKE) || said == STAGE_WITHDRAWAL};
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].key < HELD_KEYS)
			w->held[b->v[i].key / 64] |= UINT64_C(1) << b->v[i].key % 64;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct value *v = body_first(b, texts[i]);

		for (size_t k = 1; v != NULL && k < v->u.text.len; k++) {
			size_t bit = pair_bit(v->u.text.s + k - 1);

			w->pairs[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	}
}

bool
element_walk_next(struct element_walk *w, struct element *out)
{
	while (!w->none && w->at < w->rules->n) {
		const struct element_row *e = &w->rules->row[w->at++];

		/* what is not looked for is not missing, said or not */
		if ((w->stage != NULL && !listed(e->stages, '+', w->stage, false)) ||
		    (w->type != NULL && !listed(e->codes, '|', w->type, true)) || row_said(e, w->b, w) != ELEMENT_MISSING)
			continue;
		*out = (struct element){.id = e->id,
		    .name = e->name,
		    .label = e->label,
		    .basis = e->basis,
		    .field = e->nfield > 0 ? e->field[0] : NULL,
		    .state = ELEMENT_MISSING,
		    .must = e->must};
		return true;
	}
	return false;
}
