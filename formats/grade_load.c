/*
 * The grading tables as they are written down, checked once at the start.
 *
 * A table that contradicts itself, or two tables for one event code, would make the proposal depend on the order of
 * rows; both are refused with file and line, because nobody would notice before the night it mattered.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "grade_part.h"
#include "i18n.h"

#define NUMBER_MAX INT64_C(1000000000000) /* whole units: beyond it a typing error is likelier than a rule */

static const struct {
	const char *name;
	enum grade_rule rule;
	bool grading, risk;
} rule_names[] = {{"applies", RULE_APPLIES, true, true}, {"excepts", RULE_EXCEPTS, true, true},
    {"from", RULE_FROM, true, true}, {"needs", RULE_NEEDS, true, false}, {"told", RULE_TOLD, true, false},
    {"unsorted", RULE_UNSORTED, true, false}, {"worst", RULE_WORST, true, false}, {"note", RULE_NOTE, true, false},
    {"ask", RULE_ASK, false, true}};

static const char *const grading_columns[] = {
    "table", "rule", "code", "field", "of", "grade", "number", "unit", "clause", "in_force_since", NULL};
static const char *const risk_columns[] = {
    "verdict", "rule", "code", "fields", "number", "unit", "text", "clause", "in_force_since", NULL};

struct source { /* a row on its way in */
	const struct tsv *t;
	size_t row;
	bool risk;
	struct fault *f;
};

static int refuse(const struct grade_row *, struct fault *, const char *column, const char *reason);
static int read_fields(const struct source *, struct grade_row *);
static int read_number(const struct source *, struct grade_row *);
static int read_row(const struct source *, struct grade_row *);
static int add_row(struct grade_rows *, const struct grade_row *, struct fault *);
static int load_rows(
    struct grade_rules *, struct grade_rows *, const char *dir, const char *name, bool risk, struct fault *);
static int check_thresholds(const struct grade_rows *, struct fault *);
static int check_scopes(const struct grade_rows *, struct fault *);
static int check_whole(const struct grade_rows *, bool risk, struct fault *);

const struct tsv *
grade_open(struct grade_rules *r, const char *dir, const char *name, bool local, const char **path, struct fault *f)
{
	char text[PATH_MAX];
	struct tsv *t;

	f->code = 0;
	if (tsv_open(dir, name, local, true, text, sizeof(text), &t, f) == -1 || t == NULL)
		return NULL;
	assert(r->ntsv < sizeof(r->tsv) / sizeof(r->tsv[0]));
	r->path[r->ntsv] = xstrdup(text);
	*path = r->path[r->ntsv];
	return r->tsv[r->ntsv++] = t;
}

int
grade_columns(const struct tsv *t, const char *path, const char *const *columns, bool local, struct fault *f)
{
	for (; !local && *columns != NULL; columns++)
		if (!tsv_has(t, *columns)) {
			(void)fault_set(f, EX_CONFIG, *columns, _("the table lacks this column"));
			fault_at(f, path, 1);
			return -1;
		}
	return 0;
}

bool
grade_code_begins(const char *code, const char *prefix, size_t len)
{
	return len > 0 && strncmp(code, prefix, len) == 0;
}

static int
refuse(const struct grade_row *r, struct fault *f, const char *column, const char *reason)
{
	(void)fault_set(f, EX_CONFIG, column, "%s", reason);
	fault_at(f, r->file, r->line);
	return -1;
}

/* Fields joined by "+", all figures of one unit, which the row must name. */
static int
read_fields(const struct source *s, struct grade_row *r)
{
	const char *column = s->risk ? "fields" : "field", *p = tsv_get(s->t, s->row, column);
	const char *unit = tsv_get(s->t, s->row, "unit");

	while (*p != '\0') {
		size_t len = strcspn(p, "+");
		const struct field *fd;
		char name[64];

		if (len >= sizeof(name))
			return refuse(r, s->f, column, _("no such field"));
		memcpy(name, p, len);
		name[len] = '\0';
		fd = field_by_name(name);
		if (fd == NULL || field_decimals(fd) < 0)
			return refuse(r, s->f, column, _("is no figure of a report"));
		if (r->nfield == (s->risk ? sizeof(r->field) / sizeof(r->field[0]) : 1))
			return refuse(r, s->f, column, _("too many fields"));
		for (size_t i = 0; i < r->nfield; i++)
			if (r->field[i] == fd)
				return refuse(r, s->f, column, _("the same field twice"));
		if (strcmp(unit, fd->arg) != 0)
			return refuse(r, s->f, "unit", _("is not the unit of the field"));
		r->field[r->nfield++] = fd;
		p += len;
		if (*p == '+' && *++p == '\0')
			return refuse(r, s->f, column, _("no such field"));
	}
	p = s->risk ? "" : tsv_get(s->t, s->row, "of");
	if (*p != '\0' && ((r->of = field_by_name(p)) == NULL || field_decimals(r->of) < 0))
		return refuse(r, s->f, "of", _("is no figure of a report"));
	return 0;
}

static int
read_number(const struct source *s, struct grade_row *r)
{
	const char *p = tsv_get(s->t, s->row, "number");
	int64_t n = 0;

	r->number = -1;
	if (*p == '\0')
		return 0;
	for (; *p >= '0' && *p <= '9'; p++)
		if ((n = n * 10 + (*p - '0')) > NUMBER_MAX)
			break;
	if (*p != '\0')
		return refuse(r, s->f, "number", _("must be a whole number that is not absurd"));
	for (int i = r->nfield == 0 ? 0 : field_decimals(r->field[0]); i > 0; i--)
		n *= 10; /* at most 10^12 * 10^4 */
	r->number = n;
	return 0;
}

static int
read_row(const struct source *s, struct grade_row *r)
{
	const char *rule = tsv_get(s->t, s->row, "rule"), *grade = s->risk ? "" : tsv_get(s->t, s->row, "grade");
	const char *since = tsv_get(s->t, s->row, "in_force_since");
	const struct enum_name *e;
	bool code, field;

	r->table = tsv_get(s->t, s->row, s->risk ? "verdict" : "table");
	r->code = tsv_get(s->t, s->row, "code");
	r->text = s->risk ? tsv_get(s->t, s->row, "text") : "";
	r->clause = tsv_get(s->t, s->row, "clause");
	for (size_t i = 0; i < sizeof(rule_names) / sizeof(rule_names[0]); i++)
		if (strcmp(rule_names[i].name, rule) == 0 && (s->risk ? rule_names[i].risk : rule_names[i].grading))
			r->rule = rule_names[i].rule;
	if (r->table[0] == '\0')
		return refuse(r, s->f, s->risk ? "verdict" : "table", _("is empty"));
	if (r->rule == 0)
		return refuse(r, s->f, "rule", _("is not known here"));
	if (r->clause[0] == '\0')
		return refuse(r, s->f, "clause", _("a rule must cite its clause"));
	if (!tsv_date(since))
		return refuse(r, s->f, "in_force_since", _("is no date"));
	if (read_fields(s, r) == -1 || read_number(s, r) == -1)
		return -1;
	code = r->rule == RULE_APPLIES || r->rule == RULE_EXCEPTS;
	field = !code && r->rule != RULE_NOTE && r->rule != RULE_ASK;
	if (code != (r->code[0] != '\0') || (code && strchr(r->code, ':') == NULL))
		return refuse(r, s->f, "code",
		    code ? _("needs the beginning of an event code with its scheme, like yjpt:12")
			 : _("must be empty here"));
	if (field != (r->nfield > 0))
		return refuse(
		    r, s->f, s->risk ? "fields" : "field", field ? _("needs a field") : _("must be empty here"));
	if ((r->rule == RULE_UNSORTED || r->rule == RULE_WORST) != (r->of != NULL) || r->of == r->field[0])
		if (r->of != NULL || r->rule == RULE_UNSORTED || r->rule == RULE_WORST)
			return refuse(r, s->f, "of", _("unsorted and worst name another field, the others none"));
	if (r->rule == RULE_FROM ? r->number < 0 : r->number >= 0 && r->rule != RULE_ASK)
		return refuse(r, s->f, "number", r->rule == RULE_FROM ? _("is missing") : _("must be empty here"));
	if (r->rule == RULE_FROM && s->risk && r->number < 1)
		return refuse(r, s->f, "number", _("must be a whole number that is not absurd"));
	if ((r->rule == RULE_FROM && !s->risk) != (grade[0] != '\0'))
		return refuse(r, s->f, "grade", grade[0] == '\0' ? _("is missing") : _("must be empty here"));
	if (grade[0] != '\0') {
		e = enum_by_name("grade", grade);
		if (e == NULL || e->value < GRADE_I || e->value > GRADE_IV)
			return refuse(r, s->f, "grade", _("must be I, II, III or IV"));
		r->grade = e->value;
	}
	if (r->rule == RULE_ASK && r->text[0] == '\0')
		return refuse(r, s->f, "text", _("is missing"));
	return 0;
}

static bool
same_key(const struct grade_row *a, const struct grade_row *b)
{
	if (strcmp(a->table, b->table) != 0 || strcmp(a->code, b->code) != 0 || a->nfield != b->nfield ||
	    a->of != b->of || a->grade != b->grade)
		return false;
	/* "applies" and "excepts" for one code are one question, and "needs" and "told" for one field another */
	if (a->rule != b->rule && !(a->rule <= RULE_EXCEPTS && b->rule <= RULE_EXCEPTS) &&
	    !((a->rule == RULE_NEEDS || a->rule == RULE_TOLD) && (b->rule == RULE_NEEDS || b->rule == RULE_TOLD)))
		return false;
	for (size_t i = 0; i < a->nfield; i++)
		if (a->field[i] != b->field[i])
			return false;
	return a->rule == RULE_NOTE ? strcmp(a->clause, b->clause) == 0
				    : strcmp(a->text, b->text) == 0 || a->rule != RULE_ASK;
}

static int
add_row(struct grade_rows *rows, const struct grade_row *r, struct fault *f)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (!same_key(&rows->v[i], r))
			continue;
		if (rows->v[i].local == r->local)
			return refuse(r, f, "rule", _("the same rule stands here twice"));
		rows->v[i] = *r;
		return 0;
	}
	rows->v = xreallocarray(rows->v, rows->n + 1, sizeof(*rows->v));
	rows->v[rows->n++] = *r;
	return 0;
}

static int
load_rows(
    struct grade_rules *rules, struct grade_rows *rows, const char *dir, const char *name, bool risk, struct fault *f)
{
	for (int local = 0; local < 2; local++) {
		const char *path = NULL;
		const struct tsv *t = grade_open(rules, dir, name, local == 1, &path, f);

		if (t == NULL && f->code != 0)
			return -1;
		if (t == NULL)
			continue;
		if (grade_columns(t, path, risk ? risk_columns : grading_columns, local == 1, f) == -1)
			return -1;
		for (size_t i = 0; i < tsv_rows(t); i++) {
			struct grade_row r = {.file = path, .line = tsv_line(t, i), .local = local == 1};
			struct source s = {.t = t, .row = i, .risk = risk, .f = f};

			if (read_row(&s, &r) == -1 || add_row(rows, &r, f) == -1)
				return -1;
		}
	}
	return check_whole(rows, risk, f);
}

/* More must never make less: a graver grade starts at a larger number. */
static int
check_thresholds(const struct grade_rows *rows, struct fault *f)
{
	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < rows->n; k++) {
			const struct grade_row *a = &rows->v[i], *b = &rows->v[k];

			if (a->rule != RULE_FROM || b->rule != RULE_FROM || strcmp(a->table, b->table) != 0 ||
			    a->field[0] != b->field[0] || a->grade >= b->grade || a->number > b->number)
				continue;
			return refuse(i > k || a->local > b->local ? a : b, f, "number",
			    _("contradicts another row: a graver grade must start at a larger number"));
		}
	return 0;
}

/* Two tables cover a code when the longer of two beginnings is excepted by neither. */
static int
check_scopes(const struct grade_rows *rows, struct fault *f)
{
	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct grade_row *a = &rows->v[i], *b = &rows->v[k], *longer;
			size_t la = strlen(a->code), lb = strlen(b->code);
			bool excepted = false;

			if (a->rule != RULE_APPLIES || b->rule != RULE_APPLIES ||
			    strncmp(a->code, b->code, la < lb ? la : lb) != 0 || strcmp(a->table, b->table) == 0)
				continue;
			longer = la >= lb ? a : b;
			for (size_t j = 0; j < rows->n && !excepted; j++) {
				const struct grade_row *e = &rows->v[j];

				excepted = e->rule == RULE_EXCEPTS &&
					   (strcmp(e->table, a->table) == 0 || strcmp(e->table, b->table) == 0) &&
					   grade_code_begins(longer->code, e->code, strlen(e->code));
			}
			if (!excepted)
				return refuse(
				    a, f, "code", _("two tables cover the same event code: except it in one of them"));
		}
	return 0;
}

/* Every table has a scope and thresholds, every exception something to except from, every helper rule its criterion. */
static int
check_whole(const struct grade_rows *rows, bool risk, struct fault *f)
{
	if (!risk && check_thresholds(rows, f) == -1)
		return -1;
	if (check_scopes(rows, f) == -1)
		return -1;
	for (size_t i = 0; i < rows->n; i++) {
		const struct grade_row *a = &rows->v[i];
		bool scope = false, from = false, of = a->of == NULL, told = a->rule != RULE_TOLD;

		for (size_t k = 0; k < rows->n; k++) {
			const struct grade_row *b = &rows->v[k];

			if (strcmp(a->table, b->table) != 0)
				continue;
			scope |= b->rule == RULE_APPLIES &&
				 (a->rule != RULE_EXCEPTS || grade_code_begins(a->code, b->code, strlen(b->code)));
			from |= b->rule == RULE_FROM;
			of |= b->rule == RULE_FROM && b->field[0] == a->of;
			told |= b->rule == RULE_FROM && b->field[0] == a->field[0];
			if (a->rule == RULE_APPLIES && b->rule == RULE_EXCEPTS &&
			    grade_code_begins(a->code, b->code, strlen(b->code)))
				return refuse(a, f, "code", _("is covered and excepted at once"));
		}
		if (!scope)
			return refuse(a, f, "code",
			    a->rule == RULE_EXCEPTS ? _("excepts what the table does not cover")
						    : _("the table names no event code it applies to"));
		if (!from)
			return refuse(a, f, "rule", _("the table has no thresholds"));
		if (!of || !told)
			return refuse(a, f, of ? "field" : "of", _("is no criterion of the table"));
	}
	return 0;
}

struct grade_rules *
grade_rules_load(const char *confdir, struct fault *f)
{
	struct grade_rules *r = xcalloc(1, sizeof(*r));
	struct fault unread = {0};

	if (f == NULL)
		f = &unread;
	memset(f, 0, sizeof(*f));
	if (load_rows(r, &r->grading, confdir, "rules/grading", false, f) == 0 &&
	    load_rows(r, &r->risk, confdir, "rules/risk", true, f) == 0 && grade_marks_load(r, confdir, f) == 0)
		return r;
	grade_rules_free(r);
	return NULL;
}

void
grade_rules_free(struct grade_rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->ntsv; i++) {
		tsv_free(r->tsv[i]);
		free(r->path[i]);
	}
	free(r->grading.v);
	free(r->risk.v);
	free(r->mark);
	free(r);
}
