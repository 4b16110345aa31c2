/*
 * Limits as deadlines.tsv writes them down: each row read, checked, and given an id.
 *
 * A row that could only be misunderstood is refused with its line: a limit of zero, one without its clause, the same one
 * twice, a chain of chasing that does not exist.  What may be meant and looks odd is pointed out by rules_remark.c.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"
#include "text.h"

#define MINUTES_MAX 525600 /* a year: beyond it a typing error is likelier than a rule */
#define TIMES_MAX 24
#define DAY 1440
#define DONE (-1)

static const char *const columns[] = {"id", "what", "place", "level", "code", "grade", "marked", "prec", "origin", "scope",
    "endpoint", "who", "minutes", "at", "chase", "clause", "in_force_since", "in_force_until", NULL};

static const struct {
	const char *name;
	enum owed_origin origin;
} origins[] = {{"learned", ORIGIN_LEARNED}, {"occurred", ORIGIN_OCCURRED}, {"delivered", ORIGIN_DELIVERED}, {"due", ORIGIN_DUE},
    {"report", ORIGIN_REPORTED}, {"sent", ORIGIN_SENT}, {"resolved", ORIGIN_RESOLVED}, {"shift", ORIGIN_SHIFT}};

/* What has its limit in this table, and from when it may run.  The others have theirs in zero.tsv, numbers.tsv or the roster. */
#define O(x) (1u << ORIGIN_##x)
static const struct {
	enum owed what;
	unsigned origins;
} whats[] = {
    {OWED_REPORT_PHONE, O(LEARNED) | O(OCCURRED)},
    {OWED_REPORT_WRITTEN, O(LEARNED) | O(OCCURRED)},
    {OWED_READ, O(DELIVERED)},
    {OWED_SIGN, O(DELIVERED)},
    {OWED_FEEDBACK, O(DELIVERED) | O(DUE)},
    {OWED_FOLLOWUP, O(REPORTED) | O(LEARNED) | O(OCCURRED)},
    {OWED_FINAL, O(RESOLVED) | O(LEARNED) | O(OCCURRED)},
    {OWED_SUPPLEMENT, O(OCCURRED) | O(LEARNED) | O(REPORTED)},
    {OWED_AWAIT_SIGN, O(SENT) | O(DELIVERED)},
    {OWED_AWAIT_FEEDBACK, O(SENT) | O(DELIVERED) | O(DUE)},
    {OWED_EQUIPMENT, O(SHIFT)},
    {OWED_VERIFY, O(DELIVERED) | O(DUE)},
};

static const char *const levels[] = {"*", "unit", "township", "county", "city", "province"};
static const char *const whose[] = {"station", "leader", "unit"};

const char *
rules_origin_name(enum owed_origin o)
{
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		if (origins[i].origin == o)
			return origins[i].name;
	return "";
}

const char *
rules_scope_name(enum rule_scope s)
{
	return s == SCOPE_HOP ? "hop" : s == SCOPE_CHAIN ? "chain" : "";
}

int
rules_minutes(const char *text, int64_t min, int64_t max, int64_t *out)
{
	size_t sign = min < 0 && text[0] == '-';

	if (text[sign] == '\0' || strlen(text + sign) > 6 || text[sign + strspn(text + sign, "0123456789")] != '\0')
		return -1;
	*out = strtol(text, NULL, 10);
	return *out < min || *out > max ? -1 : 0;
}

bool
rules_time_of_day(const char *s, size_t len, int *minutes)
{
	if (len != 5 || s[2] != ':')
		return false;
	for (size_t i = 0; i < 5; i++)
		if (i != 2 && (s[i] < '0' || s[i] > '9'))
			return false;
	*minutes = ((s[0] - '0') * 10 + (s[1] - '0')) * 60 + (s[3] - '0') * 10 + (s[4] - '0');
	return s[3] < '6' && *minutes <= DAY;
}

bool
rules_says(const char *clause)
{
	size_t n = strlen(clause), k;
	uint32_t cp;

	for (size_t i = 0; i < n; i += k) {
		k = text_decode(clause + i, n - i, &cp);
		if (cp > 0x20 && cp != 0x7f && cp != 0xa0 && cp != 0x3000 && cp != 0xfeff && (cp < 0x2000 || cp > 0x200f))
			return true;
	}
	return false;
}

int
rules_day(const char *s, bool last)
{
	int n = 0;

	for (size_t i = 0; s[i] != '\0'; i++)
		if (s[i] != '-')
			n = n * 10 + (s[i] - '0');
	return strlen(s) == 4 ? n * 10000 + (last ? 1231 : 101) : n;
}

bool
rules_place(const char *place, size_t *len, bool *private_)
{
	size_t n = strlen(place), digits = strspn(place, "0123456789");

	*private_ = false;
	*len = 0;
	if (n == 0 || strcmp(place, "*") == 0)
		return true;
	if (digits == 0) {
		*private_ = true;
		*len = n;
		return station_code_valid(place);
	}
	if (digits != n || (n != 6 && n != 9 && n != 12) || strncmp(place, "00", 2) == 0)
		return false;
	/* 330000 holds all that begins with 33, 330200 all that begins with 3302, 330225000 all that begins with 330225. */
	for (; n > 6 && strcmp(place + n - 3, "000") == 0 && n == strlen(place); n -= 3)
		;
	if (n > 6 && strspn(place + 6, "0") == strlen(place) - 6)
		n = 6;
	while (n <= 6 && n > 2 && strncmp(place + n - 2, "00", 2) == 0)
		n -= 2;
	*len = n;
	return true;
}

bool
rules_place_holds(const char *place, size_t len, bool private_, const char *station)
{
	if (len == 0)
		return true;
	if (station == NULL || strncmp(place, station, len) != 0)
		return false;
	/* A private code is a station with its organs, not whatever begins like it. */
	return !private_ || station[len] == '\0' || station[len] == '-';
}

/* ---- one row ---- */

struct reading {
	struct rules_limits *all;
	const struct rules_source *s;
	size_t row;
	struct fault *f;
};

static const char *
cell(const struct reading *r, const char *column)
{
	return tsv_get(r->s->t, r->row, column);
}

static const char *
one_of(const char *const *names, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], s) == 0)
			return names[i];
	return NULL;
}

static int
unknown(const struct reading *r, const char *column)
{
	return fault_set(r->f, EX_CONFIG, column, _("\"%s\" is not known here"), cell(r, column));
}

static int
read_enum(const struct reading *r, const char *column, const char *set, int *out)
{
	const char *s = cell(r, column);
	const struct enum_name *e;

	*out = RULES_ANY;
	if (s[0] == '\0' || strcmp(s, "*") == 0)
		return 0;
	if ((e = enum_by_name(set, s)) == NULL)
		return unknown(r, column);
	*out = e->value;
	return 0;
}

static int
read_what(const struct reading *r, struct limit_row *l)
{
	const char *what = cell(r, "what"), *origin = cell(r, "origin");
	const struct enum_name *e = enum_by_name("owed", what);
	size_t i;

	if (e == NULL)
		return unknown(r, "what");
	for (i = 0; i < sizeof(whats) / sizeof(whats[0]) && (int)whats[i].what != e->value; i++)
		;
	if (i == sizeof(whats) / sizeof(whats[0]))
		return fault_set(r->f, EX_CONFIG, "what", _("\"%s\" has its time elsewhere (numbers.tsv, zero.tsv, the roster)"), what);
	l->d.what = whats[i].what;
	for (size_t k = 0; k < sizeof(origins) / sizeof(origins[0]); k++)
		if (strcmp(origins[k].name, origin) == 0)
			l->d.origin = origins[k].origin;
	if (l->d.origin == 0 || (whats[i].origins & 1u << l->d.origin) == 0)
		return fault_set(r->f, EX_CONFIG, "origin", _("\"%s\" is no origin of \"%s\""), origin, what);
	return 0;
}

static int
read_names(const struct reading *r, struct limit_row *l)
{
	const char *level = cell(r, "level"), *place = cell(r, "place"), *code = cell(r, "code"), *marked = cell(r, "marked");

	l->d.level = one_of(levels, sizeof(levels) / sizeof(levels[0]), level[0] != '\0' ? level : "*");
	if (l->d.level == NULL)
		return unknown(r, "level");
	l->d.place = place[0] != '\0' ? place : "*";
	if (!rules_place(l->d.place, &l->place_len, &l->private_))
		return fault_set(r->f, EX_CONFIG, "place", _("\"%s\" is no place: a division's code of 6, 9 or 12 digits, a private code, or *"),
		    place);
	l->d.code = code[0] != '\0' ? code : "*";
	if (strcmp(l->d.code, "*") != 0 && (strchr(code, ':') == NULL || code[0] == ':' || strpbrk(code, " |*") != NULL))
		return fault_set(r->f, EX_CONFIG, "code", _("\"%s\" is no beginning of an event code with its scheme (yjpt:12)"), code);
	l->d.marked = strcmp(marked, "yes") == 0;
	if (!l->d.marked && marked[0] != '\0' && strcmp(marked, "*") != 0)
		return fault_set(r->f, EX_CONFIG, "marked", _("must be yes or *, not \"%s\""), marked);
	return read_enum(r, "grade", "grade", &l->d.grade) == -1 ? -1 : read_enum(r, "prec", "precedence", &l->d.prec);
}

static int
read_scope(const struct reading *r, struct limit_row *l)
{
	const char *scope = cell(r, "scope"), *end = cell(r, "endpoint"), *who = cell(r, "who");

	/* A table without the column is an older one: its clocks are the station's own. */
	if (scope[0] == '\0' || strcmp(scope, "hop") == 0)
		l->d.scope = SCOPE_HOP;
	else if (strcmp(scope, "chain") == 0)
		l->d.scope = SCOPE_CHAIN;
	else
		return unknown(r, "scope");
	l->d.endpoint = strcmp(end, "*") == 0 ? "" : end;
	if (l->d.scope == SCOPE_HOP && l->d.endpoint[0] != '\0')
		return fault_set(r->f, EX_CONFIG, "endpoint", _("a clock of one hop ends at the next level; leave it empty"));
	if (l->d.scope == SCOPE_CHAIN && l->d.endpoint[0] == '\0')
		return fault_set(r->f, EX_CONFIG, "endpoint", _("a clock of the whole chain must say where it ends"));
	if (l->d.scope == SCOPE_CHAIN && strncmp(l->d.endpoint, "ext:", 4) != 0 &&
	    one_of(levels + 1, sizeof(levels) / sizeof(levels[0]) - 1, l->d.endpoint) == NULL)
		return fault_set(r->f, EX_CONFIG, "endpoint", _("\"%s\" is neither a level nor ext:NAME, an outside system"), end);
	if (l->d.scope == SCOPE_CHAIN && strcmp(l->d.endpoint, "ext:") == 0)
		return fault_set(r->f, EX_CONFIG, "endpoint", _("\"%s\" is neither a level nor ext:NAME, an outside system"), end);
	l->d.who = who[0] == '\0' ? whose[0] : one_of(whose, sizeof(whose) / sizeof(whose[0]), who);
	return l->d.who == NULL ? unknown(r, "who") : 0;
}

/* Times of the day, ascending: the longest pause between two of them is what weighs it against other rows. */
static int
read_times(const struct reading *r, struct limit_row *l)
{
	const char *s = cell(r, "at");
	uint16_t at[TIMES_MAX];
	int m, pause = 0;
	size_t n = 0, len;

	for (;; s += len + 1) {
		len = strcspn(s, "|");
		if (n == TIMES_MAX || !rules_time_of_day(s, len, &m) || (n > 0 && m <= at[n - 1]) || (n > 0 && m - at[0] >= DAY))
			return fault_set(r->f, EX_CONFIG, "at", _("must be times of the day, ascending: 08:00|17:00"));
		if (n > 0 && m - at[n - 1] > pause)
			pause = m - at[n - 1];
		at[n++] = (uint16_t)m;
		if (s[len] == '\0')
			break;
	}
	if (at[0] + DAY - at[n - 1] > pause)
		pause = at[0] + DAY - at[n - 1];
	if (l->d.what != OWED_FOLLOWUP)
		return fault_set(r->f, EX_CONFIG, "at", _("times of the day are for follow-ups"));
	l->d.early = l->d.minutes;
	if (l->d.early >= pause)
		return fault_set(r->f, EX_CONFIG, "minutes", _("a report would be that of more than one of the times"));
	l->d.minutes = pause;
	l->at = xcalloc(n, sizeof(*l->at));
	memcpy(l->at, at, n * sizeof(*at));
	l->d.at = l->at;
	l->d.nat = n;
	return 0;
}

static int
read_limit(const struct reading *r, struct limit_row *l)
{
	const char *minutes = cell(r, "minutes");

	if (rules_minutes(minutes, 1, MINUTES_MAX, &l->d.minutes) == -1)
		return fault_set(r->f, EX_CONFIG, "minutes", _("must be a whole number from %d to %d, not \"%s\""), 1, MINUTES_MAX,
		    minutes);
	if (cell(r, "at")[0] != '\0' && read_times(r, l) == -1)
		return -1;
	l->d.clause = cell(r, "clause");
	if (!rules_says(l->d.clause))
		return fault_set(r->f, EX_CONFIG, "clause", _("a limit must cite its clause"));
	l->d.since = cell(r, "in_force_since");
	l->d.until = cell(r, "in_force_until");
	if (!tsv_date(l->d.since))
		return fault_set(r->f, EX_CONFIG, "in_force_since", _("\"%s\" is no date"), l->d.since);
	if (!tsv_date(l->d.until))
		return fault_set(r->f, EX_CONFIG, "in_force_until", _("\"%s\" is no date"), l->d.until);
	l->since = rules_day(l->d.since, false);
	l->until = rules_day(l->d.until, true);
	if (l->until != 0 && l->until < l->since)
		return fault_set(r->f, EX_CONFIG, "in_force_until", _("ends before it begins"));
	return 0;
}

/* A row without an id is called by what it names. */
static void
make_id(struct rules_limits *all, struct limit_row *l)
{
	struct buf b = {0};
	bool taken = true;

	buf_puts(&b, enum_by_value("owed", (int)l->d.what)->name);
	if (l->place_len > 0)
		buf_printf(&b, "-%s", l->d.place);
	if (l->d.level[0] != '*')
		buf_printf(&b, "-%s", l->d.level);
	if (l->d.code[0] != '*')
		buf_printf(&b, "-%s", l->d.code);
	if (l->d.grade != RULES_ANY)
		buf_printf(&b, "-%s", enum_by_value("grade", l->d.grade)->name);
	if (l->d.marked)
		buf_puts(&b, "-marked");
	if (l->d.prec != RULES_ANY)
		buf_printf(&b, "-%s", enum_by_value("precedence", l->d.prec)->name);
	if (l->d.scope == SCOPE_CHAIN)
		buf_puts(&b, "-chain");
	if (l->rank != RANK_NATIONAL)
		buf_printf(&b, "@%s", l->d.profile);
	while (taken) {
		taken = false;
		for (size_t i = 0; i < all->n && !taken; i++)
			taken = strcmp(all->v[i].d.id, buf_cstr(&b)) == 0;
		if (taken)
			buf_puts(&b, "+");
	}
	all->made = xreallocarray(all->made, all->nmade + 1, sizeof(*all->made));
	l->d.id = all->made[all->nmade++] = xstrdup(buf_cstr(&b));
	buf_free(&b);
}

static int
read_id(const struct reading *r, struct limit_row *l)
{
	l->d.id = cell(r, "id");
	if (l->d.id[0] == '\0') {
		make_id(r->all, l);
		return 0;
	}
	if (strlen(l->d.id) > 90 || l->d.id[strcspn(l->d.id, " \t")] != '\0')
		return fault_set(r->f, EX_CONFIG, "id", _("must be one word of at most %d bytes"), 90);
	for (size_t i = 0; i < r->all->n; i++) {
		const struct limit_row *o = &r->all->v[i];

		/* The same id in a nearer table is the same rule, otherwise said. */
		if (strcmp(o->d.id, l->d.id) == 0 && (o->d.file == l->d.file || !limit_same_key(o, l)))
			return fault_set(r->f, EX_CONFIG, "id", _("\"%s\" is the id of another rule (%s:%zu)"), l->d.id, o->d.file,
			    o->d.line);
	}
	return 0;
}

static int
read_row(const struct reading *r, const struct rules_chains *chains)
{
	struct limit_row l = {.rank = r->s->rank,
	    .d = {.file = r->s->path, .line = tsv_line(r->s->t, r->row), .profile = r->s->profile, .chase = cell(r, "chase")}};

	if (read_what(r, &l) == -1 || read_names(r, &l) == -1 || read_scope(r, &l) == -1 || read_limit(r, &l) == -1)
		goto fail;
	if (l.d.chase[0] != '\0' && !rules_chain_known(chains, l.d.chase)) {
		(void)fault_set(r->f, EX_CONFIG, "chase", _("there is no chain \"%s\" in chase.tsv"), l.d.chase);
		goto fail;
	}
	for (size_t i = 0; i < r->all->n; i++) {
		const struct limit_row *o = &r->all->v[i];

		if (o->d.file != l.d.file || !limit_same_key(o, &l) || !limit_overlap(o, &l))
			continue;
		if (o->since == l.since || (o->until == 0 && l.until == 0 && o->since == 0 && l.since == 0))
			(void)fault_set(r->f, EX_CONFIG, "what", _("the same rule stands here twice (line %zu)"), o->d.line);
		else
			(void)fault_set(r->f, EX_CONFIG, "what", _("the same rule stands here twice (line %zu): both are in force on %s"),
			    o->d.line, o->since > l.since ? o->d.since : l.d.since);
		goto fail;
	}
	if (read_id(r, &l) == -1)
		goto fail;
	r->all->v = xreallocarray(r->all->v, r->all->n + 1, sizeof(*r->all->v));
	r->all->v[r->all->n++] = l;
	return 0;
fail:
	fault_at(r->f, l.d.file, l.d.line);
	free(l.at);
	return -1;
}

/* A row for undetermined that holds wherever a does, on that day (0: since ever). */
static const struct limit_row *
undetermined_on(const struct rules_limits *all, const struct limit_row *a, int day)
{
	for (size_t k = 0; k < all->n; k++) {
		struct limit_row like = all->v[k];

		if (like.d.grade != GRADE_UNDETERMINED)
			continue;
		like.d.grade = a->d.grade;
		if (like.d.what == a->d.what && like.d.scope == a->d.scope && limit_names_all_of(a, &like) && like.since <= day &&
		    (like.until == 0 || like.until >= day))
			return &all->v[k];
	}
	return NULL;
}

/* Where III or IV has a limit of its own, undetermined must be named too, or it would run slower than what it may turn
 * out to be. */
static int
complete(const struct rules_limits *all, struct fault *f)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct limit_row *a = &all->v[i];
		int day = a->since;

		if (a->d.grade != GRADE_III && a->d.grade != GRADE_IV)
			continue;
		/* Row after row, until the last day of the other. */
		for (const struct limit_row *u; day != DONE && (u = undetermined_on(all, a, day)) != NULL;)
			day = u->until == 0 || (a->until != 0 && u->until >= a->until) ? DONE : limit_day_after(u->until);
		if (day != DONE) {
			(void)fault_set(f, EX_CONFIG, "grade", _("deadlines for III or IV at level \"%s\" need a row for undetermined too"),
			    a->d.level);
			fault_at(f, a->d.file, a->d.line);
			return -1;
		}
	}
	return 0;
}

int
rules_limits_load(struct rules_limits *all, struct rules_files *rf, const struct rules_chains *chains, struct fault *f)
{
	const struct rules_source *src[RULES_LAYERS_MAX];
	struct reading r = {.all = all, .f = f};
	size_t n;

	if (rules_files_table(rf, "deadlines", columns, src, &n, f) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		for (r.s = src[i], r.row = 0; r.row < tsv_rows(r.s->t); r.row++)
			if (read_row(&r, chains) == -1)
				return -1;
	return complete(all, f);
}

void
rules_limits_free(struct rules_limits *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->v[i].at);
	for (size_t i = 0; i < all->nmade; i++)
		free(all->made[i]);
	free(all->made);
	free(all->v);
}
