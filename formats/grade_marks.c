/*
 * Sensitive marks: what makes a matter sensitive, found in the text, the event code or the day.  They act on the clock
 * and the addressees and never on the grade (DOMAIN 3), so they live beside the verdict and not in it.
 *
 * A word found is a hint and no more: "no pupils were there" finds the school too.  A person confirms.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "grade_part.h"
#include "i18n.h"
#include "text.h"
#include "value.h"

static const char *const mark_columns[] = {"mark", "name", "words", "codes", "from", "to", "acts", "clause", NULL};
static const uint32_t searched[] = {
    F_TITLE, F_PLACE, F_BRIEF, F_SCOPE, F_CASUALTIES_TEXT, F_CAUSE, F_CALLER_UNIT, F_TEXT};

static bool day_valid(const char *);
static bool acts_read(const char *, bool *clock, bool *addressees);
static int mark_row(struct grade_rules *, const struct mark_row *, struct fault *);
struct text;
static bool found_word(const struct mark_row *, const struct text *, char *why, size_t size);
static bool found_code(const struct mark_row *, const struct body *, char *why, size_t size);
static bool found_day(const struct mark_row *, const struct body *, int64_t now, char *why, size_t size);

static bool
digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

/* "" or MM-DD or YYYY-MM-DD. */
static bool
day_valid(const char *s)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	size_t n = strlen(s);
	int month, day;

	if (n == 0)
		return true;
	if (n == 10 && digits(s, 4) && s[4] == '-')
		s += 5;
	else if (n != 5)
		return false;
	if (!digits(s, 2) || s[2] != '-' || !digits(s + 3, 2))
		return false;
	month = (s[0] - '0') * 10 + s[1] - '0';
	day = (s[3] - '0') * 10 + s[4] - '0';
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static bool
acts_read(const char *s, bool *clock, bool *addressees)
{
	*clock = strcmp(s, "clock") == 0 || strcmp(s, "clock+addressees") == 0 || strcmp(s, "addressees+clock") == 0;
	*addressees = strcmp(s, "addressees") == 0 || (*clock && strchr(s, '+') != NULL);
	return *clock || *addressees;
}

static int
mark_row(struct grade_rules *r, const struct mark_row *m, struct fault *f)
{
	bool clock, addressees;

	if (m->mark[0] == '\0' || m->name[0] == '\0')
		return fault_set(f, EX_CONFIG, m->mark[0] == '\0' ? "mark" : "name", _("is empty"));
	if (!acts_read(m->acts, &clock, &addressees))
		return fault_set(f, EX_CONFIG, "acts", _("must be clock, addressees or both joined by +"));
	if (m->clause[0] == '\0')
		return fault_set(f, EX_CONFIG, "clause", _("a rule must cite its clause"));
	if (!day_valid(m->from) || !day_valid(m->to) || strlen(m->from) != strlen(m->to))
		return fault_set(
		    f, EX_CONFIG, "from", _("from and to must be two days, both MM-DD or both YYYY-MM-DD"));
	if (strlen(m->from) == 10 && strcmp(m->from, m->to) > 0)
		return fault_set(f, EX_CONFIG, "to", _("lies before from"));
	if (m->words[0] == '\0' && m->codes[0] == '\0' && m->from[0] == '\0')
		return fault_set(f, EX_CONFIG, "words", _("nothing says how the mark is found"));
	for (size_t i = 0; i < r->nmark; i++) {
		if (strcmp(r->mark[i].mark, m->mark) != 0)
			continue;
		if (r->mark[i].local == m->local)
			return fault_set(f, EX_CONFIG, "mark", _("the same rule stands here twice"));
		r->mark[i] = *m;
		return 0;
	}
	r->mark = xreallocarray(r->mark, r->nmark + 1, sizeof(*r->mark));
	r->mark[r->nmark++] = *m;
	return 0;
}

int
grade_marks_load(struct grade_rules *r, const char *confdir, struct fault *f)
{
	for (int local = 0; local < 2; local++) {
		const char *path = NULL;
		const struct tsv *t = grade_open(r, confdir, "rules/marks", local == 1, &path, f);

		if (t == NULL && f->code != 0)
			return -1;
		if (t == NULL)
			continue;
		if (grade_columns(t, path, mark_columns, local == 1, f) == -1)
			return -1;
		for (size_t i = 0; i < tsv_rows(t); i++) {
			struct mark_row m = {.mark = tsv_get(t, i, "mark"),
			    .name = tsv_get(t, i, "name"),
			    .words = tsv_get(t, i, "words"),
			    .codes = tsv_get(t, i, "codes"),
			    .from = tsv_get(t, i, "from"),
			    .to = tsv_get(t, i, "to"),
			    .acts = tsv_get(t, i, "acts"),
			    .clause = tsv_get(t, i, "clause"),
			    .local = local == 1};

			if (mark_row(r, &m, f) == -1) {
				fault_at(f, path, tsv_line(t, i));
				return -1;
			}
		}
	}
	return 0;
}

static void
why_set(char *why, size_t size, const char *s, size_t len)
{
	(void)text_sanitise(s, len, why, size, false);
}

/*
 * What a body says, to be searched for many words: which three bytes (a Chinese character) stand in it somewhere, as a set that errs towards "perhaps".
 * Clocks are judged by every report of every open incident, and hardly any of them holds hardly any of the words.
 */
#define TRIPLES 4096

struct text {
	const struct value *v[sizeof(searched) / sizeof(searched[0])];
	size_t n;
	uint64_t has[TRIPLES / 64];
};

static unsigned
triple(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	return (((p[2] & 0x3fu) | (p[1] & 0x3fu) << 6) ^ (p[0] & 0x0fu) * 1031u) % TRIPLES;
}

static void
text_of(const struct body *b, struct text *t)
{
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < sizeof(searched) / sizeof(searched[0]); i++) {
		const struct value *v = body_first(b, searched[i]);

		if (v == NULL || v->u.text.len == 0)
			continue;
		t->v[t->n++] = v;
		for (size_t k = 0; k + 3 <= v->u.text.len; k++) {
			unsigned h = triple(v->u.text.s + k);

			t->has[h / 64] |= UINT64_C(1) << h % 64;
		}
	}
}

static bool
holds(const struct text *t, const char *word, size_t len)
{
	unsigned h = len >= 3 ? triple(word) : 0;

	if (len == 0 || (len >= 3 && (t->has[h / 64] >> h % 64 & 1) == 0))
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (memmem(t->v[i]->u.text.s, t->v[i]->u.text.len, word, len) != NULL)
			return true;
	return false;
}

static bool
found_word(const struct mark_row *m, const struct text *t, char *why, size_t size)
{
	for (const char *p = m->words; *p != '\0';) {
		size_t len = strcspn(p, "|");

		if (holds(t, p, len)) {
			why_set(why, size, p, len);
			return true;
		}
		p += len + (p[len] == '|');
	}
	return false;
}

static bool
found_code(const struct mark_row *m, const struct body *b, char *why, size_t size)
{
	const char *type = body_text(b, F_TYPE);

	for (const char *p = m->codes; type != NULL && *p != '\0';) {
		size_t len = strcspn(p, "|");

		if (grade_code_begins(type, p, len)) {
			why_set(why, size, type, strlen(type));
			return true;
		}
		p += len + (p[len] == '|');
	}
	return false;
}

static bool
found_day(const struct mark_row *m, const struct body *b, int64_t now, char *why, size_t size)
{
	char full[32], *day = full;
	int64_t ms = now;
	bool in;

	if (m->from[0] == '\0')
		return false;
	if (!body_time(b, F_OCCURRED, &ms))
		(void)body_time(b, F_LEARNED, &ms);
	(void)time_format(ms, TIME_FULL, full, sizeof(full));
	if (strlen(full) < 10)
		return false;
	full[10] = '\0';
	if (strlen(m->from) == 5)
		day = full + 5;
	if (strcmp(m->from, m->to) <= 0)
		in = strcmp(day, m->from) >= 0 && strcmp(day, m->to) <= 0;
	else /* over the turn of the year */
		in = strcmp(day, m->from) >= 0 || strcmp(day, m->to) <= 0;
	if (in)
		(void)snprintf(why, size, "%s", full);
	return in;
}

bool
grade_mark(const struct grade_rules *r, const struct body *b, int64_t now, size_t i, struct grade_mark *out)
{
	struct text t;

	text_of(b, &t);
	for (size_t k = 0, n = 0; k < r->nmark; k++) {
		const struct mark_row *m = &r->mark[k];

		if (!found_code(m, b, out->why, sizeof(out->why)) && !found_word(m, &t, out->why, sizeof(out->why)) &&
		    !found_day(m, b, now, out->why, sizeof(out->why)))
			continue;
		if (n++ < i)
			continue;
		out->mark = m->mark;
		out->name = m->name;
		out->acts = m->acts;
		out->clause = m->clause;
		(void)acts_read(m->acts, &out->clock, &out->addressees);
		return true;
	}
	return false;
}
