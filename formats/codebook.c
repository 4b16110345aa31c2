/*
 * The codebooks: event types, divisions, the enumerations with further spellings, and the organs behind station codes.
 *
 * Loaded once and never changed, so entries are handed out as plain pointers.  Shipped rows keep the order of the file
 * and local ones take the place of the row they replace: lists on the screen stay where people know them.  Look-ups by
 * code go through a sorted index (a whole country has 700 000 divisions); searching by what people type walks the
 * table.
 *
 * What is looked up here is only ever compared: unknown codes are the caller's to keep (relay) or to refuse (keyboard).
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "codebook_part.h"
#include "i18n.h"
#include "text.h"

#define CODE_MAX 32  /* "scheme:code" and NUL, as the field table allows */
#define CLIMB_MAX 16 /* placeholder rows passed over on the way up */

static const struct {
	const char *set, *file;
} enum_files[] = {{"grade", "codebooks/grades"}, {"precedence", "codebooks/precedences"},
    {"colour", "codebooks/colours"}};

typedef int (*row_fn)(struct codebook *, const char *set, const struct tsv *, size_t row, struct fault *);

static int load_pair(struct codebook *, const char *dir, const char *name, const char *set, row_fn, struct fault *);
static int event_row(struct codebook *, const char *, const struct tsv *, size_t, struct fault *);
static int division_row(struct codebook *, const char *, const struct tsv *, size_t, struct fault *);
static int enum_row(struct codebook *, const char *, const struct tsv *, size_t, struct fault *);
static int organ_row(struct codebook *, const char *, const struct tsv *, size_t, struct fault *);
static int index_list(struct codebook *, struct list *, struct fault *);
static int index_spellings(struct codebook *, struct fault *);

bool
codebook_code12(const char *code, char *out)
{
	size_t n = strspn(code, "0123456789");

	if (code[n] != '\0' || (n != 2 && n != 4 && n != 6 && n != 9 && n != 12))
		return false;
	memset(out, '0', CODE12_MAX - 1);
	memcpy(out, code, n);
	out[CODE12_MAX - 1] = '\0';
	return true;
}

void
codebook_item_station(const struct item *d, char *buf, size_t size)
{
	int n = 12;

	if (d->key[0] < '0' || d->key[0] > '9')
		n = (int)strlen(d->key);
	else if (strcmp(d->key + 6, "000000") == 0)
		n = 6;
	else if (strcmp(d->key + 9, "000") == 0)
		n = 9;
	(void)snprintf(buf, size, "%.*s", n, d->key);
}

/* Equal keys stay in the order of loading, so that the local row comes last. */
static int
compare_items(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
	int c = strcmp(x->key, y->key);

	return c != 0 ? c : (x > y) - (x < y);
}

static struct item *
list_add(struct list *l, const struct codebook *cb, const struct code_entry *e, size_t line)
{
	struct item *it = &l->v[l->n++];

	memset(it, 0, sizeof(*it));
	it->e = *e;
	it->table = cb->tables - 1;
	it->line = line;
	return it;
}

static int
event_row(struct codebook *cb, const char *set, const struct tsv *t, size_t row, struct fault *f)
{
	struct code_entry e = {
	    .scheme = tsv_get(t, row, "scheme"),
	    .code = tsv_get(t, row, "code"),
	    .parent = tsv_get(t, row, "parent"),
	    .name = tsv_get(t, row, "name"),
	    .initials = tsv_get(t, row, "pinyin"),
	    .level = tsv_get(t, row, "confidence"),
	};
	struct item *it;

	(void)set;
	if (e.scheme[0] == '\0' || strchr(e.scheme, ':') != NULL)
		return fault_set(f, EX_CONFIG, "scheme", _("must be a word without a colon"));
	if (e.code[0] == '\0' || strchr(e.code, ':') != NULL || strlen(e.scheme) + strlen(e.code) + 2 > CODE_MAX)
		return fault_set(f, EX_CONFIG, "code", _("must be a short word without a colon"));
	if (e.name[0] == '\0')
		return fault_set(f, EX_CONFIG, "name", _("is empty"));
	it = list_add(&cb->event, cb, &e, tsv_line(t, row));
	(void)snprintf(it->key, sizeof(it->key), "%s:%s", e.code, e.scheme);
	return 0;
}

static int
division_row(struct codebook *cb, const char *set, const struct tsv *t, size_t row, struct fault *f)
{
	static const char placeholder[] = "placeholder";
	const char *code12 = tsv_get(t, row, "code12"), *note = tsv_get(t, row, "note");
	struct code_entry e = {
	    .scheme = "div",
	    .code = tsv_get(t, row, "code"),
	    .parent = tsv_get(t, row, "parent"),
	    .name = tsv_get(t, row, "name"),
	    .initials = tsv_get(t, row, "pinyin"),
	    .level = tsv_get(t, row, "level"),
	};
	char key[STATION_MAX], given[CODE12_MAX];
	struct item *it;

	(void)set;
	if (!codebook_code12(e.code, key)) {
		if (!station_code_valid(e.code) || (e.code[0] >= '0' && e.code[0] <= '9'))
			return fault_set(f, EX_CONFIG, "code", _("\"%s\" is no division code"), e.code);
		(void)snprintf(key, sizeof(key), "%s", e.code);
		if (code12[0] != '\0')
			return fault_set(f, EX_CONFIG, "code12", _("a private code has none"));
	} else if (code12[0] != '\0' && (!codebook_code12(code12, given) || strcmp(given, key) != 0))
		return fault_set(f, EX_CONFIG, "code12", _("\"%s\" is not the code \"%s\""), code12, e.code);
	if (e.name[0] == '\0')
		return fault_set(f, EX_CONFIG, "name", _("is empty"));
	if (strcmp(e.level, "province") != 0 && strcmp(e.level, "city") != 0 && strcmp(e.level, "county") != 0 &&
	    strcmp(e.level, "township") != 0)
		return fault_set(
		    f, EX_CONFIG, "level", _("must be province, city, county or township, not \"%s\""), e.level);
	it = list_add(&cb->division, cb, &e, tsv_line(t, row));
	(void)snprintf(it->key, sizeof(it->key), "%s", key);
	it->e.placeholder = it->placeholder = strncmp(note, placeholder, sizeof(placeholder) - 1) == 0;
	return 0;
}

static int
enum_row(struct codebook *cb, const char *set, const struct tsv *t, size_t row, struct fault *f)
{
	struct enum_row r = {
	    .set = set,
	    .name = tsv_get(t, row, "name"),
	    .zh = tsv_get(t, row, "zh"),
	    .label = tsv_get(t, row, "label"),
	    .spellings = tsv_get(t, row, "spellings"),
	    .path = cb->path[cb->tables - 1],
	    .line = tsv_line(t, row),
	};
	const char *v = tsv_get(t, row, "value");
	size_t i;

	if (v[0] == '\0' || strlen(v) > 4 || v[strspn(v, "0123456789")] != '\0' || strtol(v, NULL, 10) == 0)
		return fault_set(f, EX_CONFIG, "value", _("must be a number from 1, not \"%s\""), v);
	r.value = (int)strtol(v, NULL, 10);
	if (r.name[0] == '\0' || r.zh[0] == '\0' || r.label[0] == '\0')
		return fault_set(f, EX_CONFIG, "name", _("name, zh and label must not be empty"));
	for (i = 0; i < cb->rows; i++)
		if (strcmp(cb->row[i].set, set) == 0 && cb->row[i].value == r.value) {
			if (cb->row[i].path == r.path)
				return fault_set(f, EX_CONFIG, "value", _("%d stands here twice"), r.value);
			cb->row[i] = r;
			return 0;
		}
	cb->row = xreallocarray(cb->row, cb->rows + 1, sizeof(*cb->row));
	cb->row[cb->rows++] = r;
	return 0;
}

static int
organ_row(struct codebook *cb, const char *set, const struct tsv *t, size_t row, struct fault *f)
{
	struct organ o = {
	    .suffix = tsv_get(t, row, "suffix"),
	    .zh = tsv_get(t, row, "zh"),
	    .label = tsv_get(t, row, "label"),
	};

	(void)set;
	if (o.suffix[0] == '\0' || o.suffix[strspn(o.suffix, "abcdefghijklmnopqrstuvwxyz0123456789")] != '\0' ||
	    o.zh[0] == '\0')
		return fault_set(f, EX_CONFIG, "suffix", _("must be of a-z and 0-9, with a name"));
	for (size_t i = 0; i < cb->organs; i++)
		if (strcmp(cb->organ[i].suffix, o.suffix) == 0) {
			cb->organ[i] = o;
			return 0;
		}
	cb->organ = xreallocarray(cb->organ, cb->organs + 1, sizeof(*cb->organ));
	cb->organ[cb->organs++] = o;
	return 0;
}

/* NAME.tsv and, where there is one, NAME.local.tsv after it. */
static int
load_pair(struct codebook *cb, const char *dir, const char *name, const char *set, row_fn add, struct fault *f)
{
	struct list *l = add == event_row ? &cb->event : add == division_row ? &cb->division : NULL;
	char path[PATH_MAX];
	struct tsv *t;

	for (size_t i = 0; i < 2; i++) {
		if (tsv_open(dir, name, i == 1, true, path, sizeof(path), &t, f) == -1)
			return -1;
		if (t == NULL)
			break;
		assert(cb->tables < TABLES_MAX);
		cb->path[cb->tables] = xstrdup(path);
		cb->table[cb->tables++] = t;
		if (l != NULL)
			l->v = xreallocarray(l->v, l->n + tsv_rows(t) + 1, sizeof(*l->v));
		for (size_t row = 0; row < tsv_rows(t); row++)
			if (add(cb, set, t, row, f) == -1) {
				fault_at(f, path, tsv_line(t, row));
				return -1;
			}
	}
	return 0;
}

/* Finds the rows of the same key: a local one takes the other's place, two in one table are refused.  Then sorts. */
static int
index_list(struct codebook *cb, struct list *l, struct fault *f)
{
	struct item **p = xcalloc(l->n + 1, sizeof(*p));
	size_t i, live = 0;

	for (i = 0; i < l->n; i++)
		p[i] = &l->v[i];
	if (l->n > 0)
		qsort(p, l->n, sizeof(*p), compare_items);
	for (i = 1; i < l->n; i++) {
		if (strcmp(p[i - 1]->key, p[i]->key) != 0)
			continue;
		if (p[i - 1]->table == p[i]->table) {
			(void)fault_set(f, EX_CONFIG, "code", _("%s stands here twice"), p[i]->e.code);
			fault_at(f, cb->path[p[i]->table], p[i]->line);
			free(p);
			return -1;
		}
		*p[i - 1] = *p[i];
		p[i]->dead = true;
	}
	for (i = 0; i < l->n; i++)
		if (!l->v[i].dead)
			l->v[live++] = l->v[i];
	l->n = live;
	for (i = 0; i < l->n; i++)
		p[i] = &l->v[i];
	if (l->n > 0)
		qsort(p, l->n, sizeof(*p), compare_items);
	l->by_key = (const struct item **)p;
	return 0;
}

/* First item whose key is not less than the one given. */
static size_t
lower_bound(const struct list *l, const char *key)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(l->by_key[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct item *
list_find(const struct list *l, const char *key)
{
	size_t i = lower_bound(l, key);

	return i < l->n && strcmp(l->by_key[i]->key, key) == 0 ? l->by_key[i] : NULL;
}

static int
add_spelling(struct codebook *cb, const struct enum_row *r, const char *text, size_t len, struct fault *f)
{
	char raw[FOLD_MAX], folded[FOLD_MAX];

	if (len == 0)
		return 0;
	if (len >= sizeof(raw))
		return fault_set(f, EX_CONFIG, "spellings", _("a spelling is too long"));
	memcpy(raw, text, len);
	raw[len] = '\0';
	(void)text_fold(raw, folded, sizeof(folded));
	for (size_t i = 0; i < cb->spellings; i++) {
		const struct spelling *s = &cb->spelling[i];

		if (strcmp(s->set, r->set) != 0 || strcmp(s->folded, folded) != 0)
			continue;
		if (s->value != r->value)
			return fault_set(
			    f, EX_CONFIG, "spellings", _("\"%s\" is already a spelling of %d"), raw, s->value);
		return 0;
	}
	cb->spelling = xreallocarray(cb->spelling, cb->spellings + 1, sizeof(*cb->spelling));
	cb->spelling[cb->spellings++] = (struct spelling){.set = r->set, .value = r->value, .folded = xstrdup(folded)};
	return 0;
}

static int
index_spellings(struct codebook *cb, struct fault *f)
{
	for (size_t i = 0; i < cb->rows; i++) {
		const struct enum_row *r = &cb->row[i];
		const char *p = r->spellings;

		if (add_spelling(cb, r, r->name, strlen(r->name), f) == -1 ||
		    add_spelling(cb, r, r->zh, strlen(r->zh), f) == -1 ||
		    add_spelling(cb, r, r->label, strlen(r->label), f) == -1)
			goto refused;
		for (;;) {
			size_t n = strcspn(p, "|");

			if (add_spelling(cb, r, p, n, f) == -1)
				goto refused;
			if (p[n] == '\0')
				break;
			p += n + 1;
		}
		continue;
	refused:
		fault_at(f, r->path, r->line);
		return -1;
	}
	return 0;
}

struct codebook *
codebook_load(const char *confdir, struct fault *f)
{
	struct codebook *cb = xcalloc(1, sizeof(*cb));

	if (load_pair(cb, confdir, "codebooks/events", "", event_row, f) == -1 ||
	    load_pair(cb, confdir, "codebooks/divisions", "", division_row, f) == -1)
		goto fail;
	for (size_t i = 0; i < sizeof(enum_files) / sizeof(enum_files[0]); i++)
		if (load_pair(cb, confdir, enum_files[i].file, enum_files[i].set, enum_row, f) == -1)
			goto fail;
	if (load_pair(cb, confdir, "codebooks/organs", "", organ_row, f) == -1 || index_list(cb, &cb->event, f) == -1 ||
	    index_list(cb, &cb->division, f) == -1 || index_spellings(cb, f) == -1)
		goto fail;
	codebook_fill_initials(cb);
	return cb;
fail:
	codebook_free(cb);
	return NULL;
}

void
codebook_free(struct codebook *cb)
{
	if (cb == NULL)
		return;
	for (size_t i = 0; i < cb->tables; i++) {
		tsv_free(cb->table[i]);
		free(cb->path[i]);
	}
	for (size_t i = 0; i < cb->spellings; i++)
		free(cb->spelling[i].folded);
	free(cb->spelling);
	free(cb->event.v);
	free(cb->event.by_key);
	free(cb->division.v);
	free(cb->division.by_key);
	free(cb->row);
	free(cb->organ);
	free(cb->initials);
	free(cb);
}

const struct code_entry *
codebook_event(const struct codebook *cb, const char *code)
{
	const char *colon = strchr(code, ':');
	const struct item *it;
	char key[KEY_MAX];
	size_t i, n;

	if (colon != NULL) {
		n = (size_t)snprintf(key, sizeof(key), "%s:%.*s", colon + 1,
		    (int)(colon - code > KEY_MAX ? KEY_MAX : colon - code), code);
		if (n >= sizeof(key))
			return NULL;
		it = list_find(&cb->event, key);
		return it == NULL ? NULL : &it->e;
	}
	n = (size_t)snprintf(key, sizeof(key), "%s:", code);
	if (n >= sizeof(key))
		return NULL;
	i = lower_bound(&cb->event, key);
	return i < cb->event.n && strncmp(cb->event.by_key[i]->key, key, n) == 0 ? &cb->event.by_key[i]->e : NULL;
}

const struct item *
codebook_item(const struct codebook *cb, const char *code)
{
	char key[CODE12_MAX];

	if (strncmp(code, "div:", 4) == 0)
		code += 4;
	return list_find(&cb->division, codebook_code12(code, key) ? key : code);
}

const struct code_entry *
codebook_division(const struct codebook *cb, const char *code)
{
	const struct item *it = codebook_item(cb, code);

	return it == NULL ? NULL : &it->e;
}

static bool
event_matches(const struct code_entry *e, const char *query)
{
	char folded[FOLD_MAX];

	(void)text_fold(e->code, folded, sizeof(folded));
	if (strncmp(folded, query, strlen(query)) == 0 || strncmp(e->initials, query, strlen(query)) == 0)
		return true;
	(void)text_fold(e->name, folded, sizeof(folded));
	return strstr(folded, query) != NULL;
}

const struct code_entry *
codebook_event_match(const struct codebook *cb, const char *query, size_t i)
{
	const char *colon = strchr(query, ':');
	const struct code_entry *e;
	char folded[FOLD_MAX];

	/* a query too long for the buffer would be cut and then match what was not asked for */
	if (strlen(query) >= sizeof(folded))
		return NULL;
	if (colon != NULL) {
		e = codebook_event(cb, query);
		return i == 0 ? e : NULL;
	}
	(void)text_fold(query, folded, sizeof(folded));
	for (size_t k = 0; k < cb->event.n; k++)
		if (event_matches(&cb->event.v[k].e, folded) && i-- == 0)
			return &cb->event.v[k].e;
	return NULL;
}

const struct code_entry *
codebook_event_at(const struct codebook *cb, size_t i)
{
	return i < cb->event.n ? &cb->event.v[i].e : NULL;
}

const struct code_entry *
codebook_division_at(const struct codebook *cb, size_t i)
{
	return i < cb->division.n ? &cb->division.v[i].e : NULL;
}

int
codebook_enum(const struct codebook *cb, const char *set, const char *spelling)
{
	char folded[FOLD_MAX];

	if (*spelling == '\0' || strlen(spelling) >= sizeof(folded))
		return 0;
	(void)text_fold(spelling, folded, sizeof(folded));
	for (size_t i = 0; i < cb->spellings; i++)
		if (cb->spelling[i].folded[0] == folded[0] && strcmp(cb->spelling[i].set, set) == 0 &&
		    strcmp(cb->spelling[i].folded, folded) == 0)
			return cb->spelling[i].value;
	return 0;
}

const char *
codebook_enum_name(const struct codebook *cb, const char *set, int value, bool zh)
{
	for (size_t i = 0; i < cb->rows; i++)
		if (cb->row[i].value == value && strcmp(cb->row[i].set, set) == 0)
			return zh ? cb->row[i].zh : cb->row[i].label;
	return NULL;
}

const char *
codebook_entry_station(const struct code_entry *e, char *buf, size_t size)
{
	struct item it = {.placeholder = false};

	assert(size > 0);
	buf[0] = '\0';
	if (strcmp(e->scheme, "div") != 0)
		return buf;
	if (!codebook_code12(e->code, it.key))
		(void)snprintf(it.key, sizeof(it.key), "%s", e->code);
	codebook_item_station(&it, buf, size);
	return buf;
}

/* Splits "330225-gongan"; returns the organ's part, or NULL.  A private code may hold hyphens of its own. */
static const char *
organ_part(const char *station, char *base, size_t size)
{
	size_t digits = strspn(station, "0123456789");

	if (digits == 0 || station[digits] != '-' || digits >= size)
		return NULL;
	memcpy(base, station, digits);
	base[digits] = '\0';
	return station + digits + 1;
}

const char *
codebook_station(const struct codebook *cb, const char *station, char *buf, size_t size)
{
	char base[STATION_MAX], raw[FOLD_MAX];
	const struct item *it = codebook_item(cb, station);
	const char *organ = NULL;

	assert(size > 0);
	(void)snprintf(raw, sizeof(raw), "%s", it != NULL ? it->e.name : station);
	if (it == NULL && (organ = organ_part(station, base, sizeof(base))) != NULL &&
	    (it = codebook_item(cb, base)) != NULL) {
		(void)snprintf(raw, sizeof(raw), "%s-%s", it->e.name, organ);
		for (size_t i = 0; i < cb->organs; i++)
			if (strcmp(cb->organ[i].suffix, organ) == 0)
				(void)snprintf(raw, sizeof(raw), "%s%s", it->e.name, cb->organ[i].zh);
	}
	(void)text_sanitise(raw, strlen(raw), buf, size, false);
	return buf;
}

const char *
codebook_parent_station(const struct codebook *cb, const char *station, char *buf, size_t size)
{
	const struct item *it;
	char base[STATION_MAX];

	assert(size > 0);
	buf[0] = '\0';
	if (organ_part(station, base, sizeof(base)) != NULL) {
		(void)snprintf(buf, size, "%s", base);
		return buf;
	}
	it = codebook_item(cb, station);
	for (int i = 0; it != NULL && i < CLIMB_MAX; i++) {
		it = it->e.parent[0] == '\0' ? NULL : codebook_item(cb, it->e.parent);
		if (it != NULL && !it->placeholder) {
			codebook_item_station(it, buf, size);
			break;
		}
	}
	return buf;
}
