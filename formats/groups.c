/*
 * Address groups.
 *
 * A message goes to stations, never to a group: the group is taken apart where the message is written, so that what was
 * sent to whom stays readable years after the table has changed.  Nobody gets it twice, and a name nobody knows is an
 * error and not a silence: a group that lost a member unnoticed loses a warning.
 *
 * A group's members may be groups; cycles are refused at loading, so that expanding always ends.
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "conf.h"
#include "groups.h"
#include "i18n.h"
#include "msgid.h"
#include "text.h"

#define MEMBER_MAX 160	/* bytes of one member with NUL */

struct row {
	struct group g;
	const char *path;
	size_t line;
	int local;
	enum { UNSEEN, WITHIN, DONE } seen;	/* while looking for cycles */
};

struct groups {
	struct row *row;
	size_t n;
	struct tsv *tsv[2];
	char *path[2];
};

struct expansion {
	const struct groups *g;
	const struct codebook *cb;
	const char *field;
	struct buf *out;
	size_t start;		/* of what this call appends */
	size_t stations;
	bool *done;		/* groups taken apart already: a second time adds nobody */
};

static const char *next_member(const char *list, char *out, size_t size, bool *fits);
static const struct row *find_row(const struct groups *, const char *name);
static int read_row(struct groups *, const struct tsv *, size_t i, int local, struct fault *);
static int check_row(struct groups *, struct row *, const struct codebook *, struct fault *);
static int add_list(struct expansion *, const char *list, struct fault *);

/* The first member without blanks, and where the list goes on behind its comma; NULL when it was the last. */
static const char *
next_member(const char *list, char *out, size_t size, bool *fits)
{
	static const char *const commas[] = {",", "，", "、"};
	const char *end, *p;
	size_t step = 0, len;

	for (end = list; *end != '\0'; end++) {
		for (size_t i = 0; i < sizeof(commas) / sizeof(commas[0]) && step == 0; i++)
			if (strncmp(end, commas[i], strlen(commas[i])) == 0)
				step = strlen(commas[i]);
		if (step != 0)
			break;
	}
	p = step != 0 ? end + step : NULL;
	while (list < end && *list == ' ')
		list++;
	for (len = (size_t)(end - list); len > 0 && list[len - 1] == ' '; len--)
		;
	*fits = len < size;
	(void)snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1), list);
	return p;
}

/* "330225/children" and "330225*" to "330225"; false when it is neither. */
static bool
children_of(const char *member, char *base, size_t size)
{
	static const char word[] = "/children";
	const size_t w = sizeof(word) - 1;
	size_t n = strlen(member), cut;

	if (n > w && strcmp(member + n - w, word) == 0)
		cut = n - w;
	else if (n > 1 && member[n - 1] == '*')
		cut = n - 1;
	else
		return false;
	if (cut >= size)
		return false;
	(void)snprintf(base, size, "%.*s", (int)cut, member);
	return true;
}

static const struct row *
find_row(const struct groups *g, const char *name)
{
	char want[MEMBER_MAX], have[MEMBER_MAX];

	if (*name == '@')
		name++;
	if (*name == '\0' || strlen(name) >= sizeof(want))
		return NULL;
	(void)text_fold(name, want, sizeof(want));
	for (size_t i = 0; i < g->n; i++) {
		(void)text_fold(g->row[i].g.name, have, sizeof(have));
		if (strcmp(want, g->row[i].g.id) == 0 || strcmp(want, have) == 0)
			return &g->row[i];
	}
	return NULL;
}

/* ---- loading ---- */

static int
read_row(struct groups *g, const struct tsv *t, size_t i, int local, struct fault *f)
{
	struct row r = {.g = {.id = tsv_get(t, i, "group"),
			    .name = tsv_get(t, i, "name"),
			    .initials = tsv_get(t, i, "pinyin"),
			    .members = tsv_get(t, i, "members"),
			    .note = tsv_get(t, i, "note")},
	    .path = g->path[local],
	    .line = tsv_line(t, i),
	    .local = local};

	if (r.g.id[0] == '\0' || strlen(r.g.id) >= STATION_MAX ||
	    r.g.id[strspn(r.g.id, "abcdefghijklmnopqrstuvwxyz0123456789_-")] != '\0')
		return fault_set(f, EX_CONFIG, "group", _("must be a short word of a-z, 0-9, _ and -"));
	if (r.g.name[0] == '\0' || strlen(r.g.name) >= MEMBER_MAX - 1 || strpbrk(r.g.name, ",@*/ ") != NULL ||
	    strstr(r.g.name, "，") != NULL || strstr(r.g.name, "、") != NULL)
		return fault_set(f, EX_CONFIG, "name", _("must be a short word without comma, blank, @, * and /"));
	if (r.g.members[0] == '\0')
		return fault_set(f, EX_CONFIG, "members", _("is empty"));
	for (size_t k = 0; k < g->n; k++)
		if (strcmp(g->row[k].g.id, r.g.id) == 0) {
			if (g->row[k].local == local)
				return fault_set(f, EX_CONFIG, "group", _("%s stands here twice"), r.g.id);
			g->row[k] = r;
			return 0;
		}
	g->row = xreallocarray(g->row, g->n + 1, sizeof(*g->row));
	g->row[g->n++] = r;
	return 0;
}

/* Depth first.  The stack is as deep as groups hold one another, at most as many as there are. */
static int
check_row(struct groups *g, struct row *r, const struct codebook *cb, struct fault *f)
{
	char member[MEMBER_MAX], base[MEMBER_MAX];
	const struct row *other;
	const char *p = r->g.members;
	bool fits;

	if (r->seen == DONE)
		return 0;
	r->seen = WITHIN;
	while (p != NULL) {
		p = next_member(p, member, sizeof(member), &fits);
		if (member[0] == '\0' || !fits) {
			(void)fault_set(f, EX_CONFIG, "members", _("a member is empty or too long"));
			goto refused;
		}
		if (member[0] == '@') {
			if ((other = find_row(g, member)) == NULL) {
				(void)fault_set(f, EX_CONFIG, "members", _("%s is no group"), member);
				goto refused;
			}
			if (other->seen == WITHIN) {
				(void)fault_set(f, EX_CONFIG, "members",
				    _("%s holds this group itself: groups must not go round in a circle"), member);
				goto refused;
			}
			if (check_row(g, &g->row[other - g->row], cb, f) == -1)
				return -1;	/* the fault names the inner row */
			continue;
		}
		if (!children_of(member, base, sizeof(base)))
			(void)snprintf(base, sizeof(base), "%.*s",
			    member[0] >= '0' && member[0] <= '9' ? (int)strcspn(member, "-") : (int)strlen(member), member);
		/* an organ's suffix is any word; what it belongs to must be known */
		if (codebook_division(cb, base) == NULL || (member[strlen(base)] == '-' && !station_code_valid(member))) {
			(void)fault_set(f, EX_CONFIG, "members", _("%s is in no codebook"), member);
			goto refused;
		}
	}
	r->seen = DONE;
	return 0;
refused:
	fault_at(f, r->path, r->line);
	return -1;
}

/* One word must mean one group. */
static int
check_names(const struct groups *g, struct fault *f)
{
	for (size_t i = 0; i < g->n; i++)
		for (int k = 0; k < 2; k++) {
			const struct row *r = find_row(g, k == 0 ? g->row[i].g.id : g->row[i].g.name);
			const struct row *later = r > &g->row[i] ? r : &g->row[i];

			if (r == &g->row[i])
				continue;
			(void)fault_set(f, EX_CONFIG, k == 0 ? "group" : "name", _("\"%s\" names two groups"),
			    k == 0 ? g->row[i].g.id : g->row[i].g.name);
			fault_at(f, later->path, later->line);
			return -1;
		}
	return 0;
}

struct groups *
groups_load(const char *confdir, const struct codebook *cb, struct fault *f)
{
	static const char *const columns[] = {"group", "name", "members"};
	struct groups *g = xcalloc(1, sizeof(*g));
	char path[PATH_MAX];

	for (int local = 0; local < 2; local++) {
		if (tsv_open(confdir, "codebooks/groups", local, false, path, sizeof(path), &g->tsv[local], f) == -1)
			goto fail;
		if (g->tsv[local] == NULL)
			continue;
		g->path[local] = xstrdup(path);
		for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
			if (!tsv_has(g->tsv[local], columns[i])) {
				(void)fault_set(f, EX_CONFIG, columns[i], _("the table lacks this column"));
				fault_at(f, path, 1);
				goto fail;
			}
		for (size_t i = 0; i < tsv_rows(g->tsv[local]); i++)
			if (read_row(g, g->tsv[local], i, local, f) == -1) {
				fault_at(f, path, tsv_line(g->tsv[local], i));
				goto fail;
			}
	}
	if (check_names(g, f) == -1)
		goto fail;
	for (size_t i = 0; i < g->n; i++)
		if (check_row(g, &g->row[i], cb, f) == -1)
			goto fail;
	return g;
fail:
	groups_free(g);
	return NULL;
}

void
groups_free(struct groups *g)
{
	if (g == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		tsv_free(g->tsv[i]);
		free(g->path[i]);
	}
	free(g->row);
	free(g);
}

const struct group *
groups_at(const struct groups *g, size_t i)
{
	return i < g->n ? &g->row[i].g : NULL;
}

const struct group *
groups_find(const struct groups *g, const char *name)
{
	const struct row *r = find_row(g, name);

	return r == NULL ? NULL : &r->g;
}

/* ---- taking apart ---- */

static bool
has_station(const struct expansion *x, const char *code)
{
	size_t n = strlen(code), at = x->start, len;

	for (; at < x->out->n; at += len + 1) {
		const uint8_t *p = x->out->p + at, *comma = memchr(p, ',', x->out->n - at);

		len = comma != NULL ? (size_t)(comma - p) : x->out->n - at;
		if (len == n && memcmp(p, code, n) == 0)
			return true;
	}
	return false;
}

static int
add_station(struct expansion *x, const char *code, struct fault *f)
{
	if (has_station(x, code))
		return 0;
	if (x->stations == GROUPS_STATIONS_MAX)
		return fault_set(f, EX_DATAERR, x->field, _("are more than %d stations"), GROUPS_STATIONS_MAX);
	if (x->stations++ > 0)
		buf_puts(x->out, ",");
	buf_puts(x->out, code);
	return 0;
}

/* The stations directly below, in table order; 县 and 市辖区 are passed over. */
static int
add_children(struct expansion *x, const char *base, struct fault *f)
{
	char code[STATION_MAX], above[STATION_MAX], child[STATION_MAX];
	const struct code_entry *e = codebook_division(x->cb, base);
	bool any = false;

	if (e == NULL)
		return fault_set(f, EX_NOHOST, x->field, _("%s is in no codebook"), base);
	(void)codebook_entry_station(e, code, sizeof(code));
	for (size_t i = 0; (e = codebook_division_at(x->cb, i)) != NULL; i++) {
		/* the whole country has 700 000: only the same province's, and private codes, are looked up */
		if (e->placeholder || (e->code[0] >= '0' && e->code[0] <= '9' && code[0] >= '0' && code[0] <= '9' &&
					  strncmp(e->code, code, 2) != 0))
			continue;
		(void)codebook_entry_station(e, child, sizeof(child));
		if (strcmp(codebook_parent_station(x->cb, child, above, sizeof(above)), code) != 0)
			continue;
		any = true;
		if (add_station(x, child, f) == -1)
			return -1;
	}
	return any ? 0 : fault_set(f, EX_NOHOST, x->field, _("no station is known below %s"), base);
}

static int
add_group(struct expansion *x, const char *name, struct fault *f)
{
	const struct row *r = find_row(x->g, name);

	if (r == NULL)
		return fault_set(f, EX_NOHOST, x->field, _("%s is no group"), name);
	if (x->done[r - x->g->row])
		return 0;
	x->done[r - x->g->row] = true;
	return add_list(x, r->g.members, f);
}

static int
add_list(struct expansion *x, const char *list, struct fault *f)
{
	char member[MEMBER_MAX], base[MEMBER_MAX];
	const char *p = list;
	bool fits;

	while (p != NULL) {
		p = next_member(p, member, sizeof(member), &fits);
		if (member[0] == '\0' || !fits)
			return fault_set(f, EX_DATAERR, x->field, _("a member is empty or too long"));
		if (member[0] == '@') {
			if (add_group(x, member, f) == -1)
				return -1;
		} else if (children_of(member, base, sizeof(base))) {
			if (add_children(x, base, f) == -1)
				return -1;
		} else if (!station_code_valid(member))
			return fault_set(f, EX_DATAERR, x->field, _("\"%s\" is no station code"), member);
		else if (add_station(x, member, f) == -1)
			return -1;
	}
	return 0;
}

int
groups_expand(const struct groups *g, const struct codebook *cb, const char *list, const char *field, struct buf *out,
    struct fault *f)
{
	struct expansion x = {.g = g, .cb = cb, .field = field, .out = out, .start = out->n};
	int rc;

	x.done = xcalloc(g->n + 1, sizeof(*x.done));
	rc = add_list(&x, list, f);
	if (rc == -1)
		out->n = x.start;
	free(x.done);
	return rc;
}
