/*
 * An incident is the fold of its messages: nothing here is edited, everything is recomputed from what is held.
 *
 * Promises: the same set gives the same incident, whatever the order of arrival and whatever the clocks said; any
 * subset gives an incident of its own without crashing; what is absent is named.  Rules (DOMAIN 2, 3, 5; DESIGN 3):
 *  - the gravest of the stations' standing opinions is the grade, until a person decides (incident_grade.c);
 *  - figures stand per field and source, the newest in fold order; nothing is added up or overwritten across sources;
 *    what a station says of itself is not overwritten by another that cites it, perhaps an older word of it;
 *  - a correction by the same station takes the place of what it refers to: it overrides that and what was before, not
 *    what a later report said; a recalled report says nothing any more, but a grade it stated stands until lowered in
 *    the proper way;
 *  - its life, merges and adopted figures are acts of named persons (incident_life.c, incident_steps.c);
 *  - what was split off (拆出) stays readable here, but says nothing of this incident any more: the other one has it;
 *  - title, place, type and times are the opener's; where nothing of the opener is held, those of the first who said.
 * Left to others: which messages belong together (station.c), the words of a language (query*.c), clocks (clock.c).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/text.h"
#include "incident_int.h"

#define TITLE_CHARS 60	/* characters of a running text that stand in for a title */

void
incident_text(char *out, size_t size, const char *s)
{
	(void)text_sanitise(s, strlen(s), out, size, false);
}

/* Cuts at a line's end or after TITLE_CHARS characters. */
static void
copy_opening(char *out, size_t size, const char *s)
{
	size_t len = strcspn(s, "\n"), at = 0;
	uint32_t cp;

	for (int i = 0; i < TITLE_CHARS && at < len; i++)
		at += text_decode(s + at, len - at, &cp);
	(void)text_sanitise(s, at, out, size, false);
}

static bool
is_statement(const struct incident_line *l)
{
	return l->kind == KIND_REPORT || l->kind == KIND_INTAKE;
}

bool
incident_addressed(const struct body *b, const char *station, bool cc)
{
	for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v))
		if (v->u.text.s != NULL && strcmp(v->u.text.s, station) == 0)
			return true;
	if (cc)
		for (const struct value *v = body_first(b, F_CC); v != NULL; v = body_next(b, v))
			if (v->u.text.s != NULL && strcmp(v->u.text.s, station) == 0)
				return true;
	return false;
}

bool
incident_refers(const struct body *b, const struct msgid *id)
{
	for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v))
		if (msgid_cmp(&v->u.id, id) == 0)
			return true;
	return false;
}

static void
line_fill(struct incident_line *l, const struct fold_msg *m)
{
	const struct body *b = incident_body(m);
	int64_t t;

	l->id = m->id;
	l->body = b;
	l->stored = m->stored;
	l->kind = b->n == 0 ? m->kind : body_enum(b, F_KIND);
	l->destroyed = m->destroyed;
	/* directives and warnings are corrected and recalled like reports */
	if (l->kind == KIND_REPORT || l->kind == KIND_DIRECTIVE || l->kind == KIND_WARNING)
		l->stage = body_enum(b, F_STAGE);
	/* a feedback is corrected, never recalled */
	if (l->kind == KIND_FEEDBACK && body_enum(b, F_STAGE) == STAGE_CORRECTION)
		l->stage = STAGE_CORRECTION;
	if (l->kind == KIND_RECEIPT)
		l->act = body_enum(b, F_ACT);
	if (l->kind == KIND_GRADE || is_statement(l))
		l->grade = body_enum(b, F_GRADE);
	l->at = m->stored;
	if (body_time(b, F_WRITTEN, &t))
		l->at = t;
	if (l->kind == KIND_INTAKE && body_time(b, F_LEARNED, &t))
		l->at = t;
}

/* The incident's id: what the messages say; an opener that does not say is its own incident. */
static void
fold_identity(struct fold *f)
{
	struct incident *inc = f->inc;

	for (size_t i = 0; i < f->n; i++) {
		struct msgid id;

		if (!body_id(f->all[i].body, F_INCIDENT, &id) || !msgid_is_set(&id))
			continue;
		if (!msgid_is_set(&inc->id) || msgid_cmp(&id, &inc->id) < 0)
			inc->id = id;
	}
	if (!msgid_is_set(&inc->id) && f->n > 0)
		inc->id = f->all[0].id;
	memcpy(inc->opener, inc->id.origin, sizeof inc->opener);
}

static int
cmp_line(const void *a, const void *b)
{
	const struct incident_line *x = *(const struct incident_line *const *)a,
				   *y = *(const struct incident_line *const *)b;

	return msgid_cmp(&x->id, &y->id);
}

size_t
incident_find(const struct fold *f, size_t end, const struct msgid *id)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2, at = (size_t)(f->by_id[mid] - f->all);
		int c = msgid_cmp(&f->by_id[mid]->id, id);

		if (c == 0)
			return at < end ? at : f->n;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return f->n;
}

/* What a correction of a feedback names besides is what that answered: it stands for its own kind alone. */
static bool
stands_for(const struct incident_line *correction, const struct incident_line *l)
{
	return correction->kind != KIND_FEEDBACK || l->kind == KIND_FEEDBACK;
}

/* Recalls first, wherever they stand; then the places corrections speak from. */
static void
fold_corrections(struct fold *f)
{
	size_t i, at;

	for (i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];

		/* a directive taken back says nothing any more either (ORDER_REVOKED) */
		if (l->stage != STAGE_WITHDRAWAL && !(l->kind == KIND_DIRECTIVE && body_enum(l->body, F_ORDER_TYPE) == ORDER_REVOKED))
			continue;
		for (const struct value *v = body_first(l->body, F_REFS); v != NULL; v = body_next(l->body, v))
			if (strcmp(v->u.id.origin, l->id.origin) == 0 && (at = incident_find(f, f->n, &v->u.id)) < f->n &&
			    at != i && f->all[at].stage != STAGE_WITHDRAWAL && stands_for(l, &f->all[at]))
				f->all[at].withdrawn = true;
	}
	for (i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];
		bool found = false;

		f->place[i] = i;
		if (l->stage != STAGE_CORRECTION || l->withdrawn)
			continue;
		for (const struct value *v = body_first(l->body, F_REFS); v != NULL; v = body_next(l->body, v)) {
			if (strcmp(v->u.id.origin, l->id.origin) != 0 || (at = incident_find(f, i, &v->u.id)) == f->n ||
			    !stands_for(l, &f->all[at]))
				continue;
			f->all[at].superseded = true;
			if (!found || f->place[at] > f->place[i])
				f->place[i] = f->place[at];
			found = true;
		}
	}
}

int
incident_step(const struct incident_line *l)
{
	int step = l->kind == KIND_STEP && !l->withdrawn ? body_enum(l->body, F_STEP) : 0;

	/* A signature is a person's by its own field, too. */
	if (step == 0 || enum_by_value("step", step) == NULL)
		return 0;
	if (body_said(l->body, F_PERSON) == NULL &&
	    (step != STEP_COUNTERSIGNED || body_said(l->body, F_SIGNER) == NULL))
		return 0;
	return step;
}

bool
incident_speaks(const struct incident_line *l)
{
	return !l->withdrawn && l->stage != STAGE_WITHDRAWAL;
}

bool
incident_counts(const struct incident_line *l)
{
	return incident_speaks(l) && !l->split_off;
}

/* The line whose value of `key` stands: the opener's latest; without any of the opener's, the latest of whoever said it
 * first. */
static const struct incident_line *
standing(const struct fold *f, uint32_t key)
{
	const char *speaker = NULL;
	size_t best = f->n, i;

	for (i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];

		if (!incident_counts(l) || !(is_statement(l) || i == 0) || body_first(l->body, key) == NULL)
			continue;
		if (strcmp(l->id.origin, f->inc->opener) == 0) {
			speaker = f->inc->opener;
			break;
		}
		if (speaker == NULL)
			speaker = l->id.origin;
	}
	if (speaker == NULL)
		return NULL;
	for (i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];

		if (!incident_counts(l) || !(is_statement(l) || i == 0) || strcmp(l->id.origin, speaker) != 0 ||
		    body_first(l->body, key) == NULL)
			continue;
		if (best == f->n || f->place[i] >= f->place[best])
			best = i;
	}
	assert(best < f->n);
	return &f->all[best];
}

static bool
standing_text(const struct fold *f, uint32_t key, char *out, size_t size, bool opening)
{
	const struct incident_line *l = standing(f, key);
	const char *s = l != NULL ? body_text(l->body, key) : NULL;

	if (s == NULL || s[0] == '\0')
		return false;
	if (opening)
		copy_opening(out, size, s);
	else
		incident_text(out, size, s);
	return out[0] != '\0';
}

static void
fold_texts(struct fold *f)
{
	static const uint32_t stand_in[] = { F_BRIEF, F_TEXT, F_EVENT_NAME };
	struct incident *inc = f->inc;
	const struct incident_line *l;
	const char *s;
	bool done = standing_text(f, F_TITLE, inc->title, sizeof inc->title, false);

	for (size_t i = 0; !done && i < sizeof stand_in / sizeof stand_in[0]; i++)
		done = standing_text(f, stand_in[i], inc->title, sizeof inc->title, true);
	(void)standing_text(f, F_PLACE, inc->place, sizeof inc->place, false);
	(void)standing_text(f, F_TYPE, inc->type, sizeof inc->type, false);
	if ((l = standing(f, F_OCCURRED)) != NULL)
		(void)body_time(l->body, F_OCCURRED, &inc->occurred);
	if ((l = standing(f, F_LEARNED)) != NULL)
		(void)body_time(l->body, F_LEARNED, &inc->learned);

	/* The spoken number is given once, by the opener; what others copied from it comes second. */
	for (size_t i = 0; i < f->n; i++) {
		if ((s = body_text(f->all[i].body, F_NUMBER)) == NULL || s[0] == '\0' || f->all[i].kind == KIND_RECEIPT)
			continue;
		if (strcmp(f->all[i].id.origin, inc->opener) == 0) {
			incident_text(inc->number, sizeof inc->number, s);
			break;
		}
		if (inc->number[0] == '\0')
			incident_text(inc->number, sizeof inc->number, s);
	}
}

/* What says nothing of the matter itself, so that nothing need follow it: receipts, and that something was chased. */
static bool
aside(const struct incident_line *l)
{
	return l->kind == KIND_RECEIPT || l->kind == KIND_CHASE;
}

/* Heads: what the next message must name to have everything before it.  A receipt (or chase) neither is one nor covers one; an
 * edge that points forward in fold order (a forged cycle) does not count, so there always is a head. */
static void
fold_heads(struct fold *f)
{
	struct incident *inc = f->inc;
	bool *covered = xcalloc(f->n + 1, sizeof *covered);
	size_t i, p;

	for (i = 0; i < f->n; i++) {
		const struct body *b = f->all[i].body;

		if (aside(&f->all[i]))
			continue;
		for (const struct value *v = body_first(b, F_PARENTS); v != NULL; v = body_next(b, v))
			if ((p = incident_find(f, i, &v->u.id)) < f->n)
				covered[p] = true;
	}
	inc->heads = xcalloc(f->n + 1, sizeof *inc->heads);
	for (i = 0; i < f->n; i++)
		if (!covered[i] && !aside(&f->all[i]))
			inc->heads[inc->nheads++] = f->all[i].id;
	free(covered);
}

static void
fold_lines(struct fold *f)
{
	struct incident *inc = f->inc;
	bool any = false, all_history = true, receipts_history = f->n > 0;

	inc->lines = xcalloc(f->n + 1, sizeof *inc->lines);
	for (size_t i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];
		bool history = body_flag(l->body, F_HISTORY);

		inc->not_understood |= l->body->not_understood;
		if (l->kind != KIND_RECEIPT) {
			any = true;
			all_history &= history;
		} else {
			receipts_history &= history;
		}
		if (l->act != ACT_DELIVERED && l->act != ACT_READ)
			inc->lines[inc->nlines++] = *l;
	}
	if (inc->nlines > 0)
		inc->opener_kind = inc->lines[0].kind;
	/* A chase may be here before what it is about. */
	for (size_t i = 0; i < inc->nlines && inc->opener_kind == KIND_CHASE; i++)
		inc->opener_kind = inc->lines[i].kind;
	/* Receipts are of today even for an import: they make nothing live. */
	inc->history = any ? all_history : receipts_history;
}

struct incident *
incident_fold(const struct fold_msg *msgs, size_t n)
{
	struct incident *inc = xcalloc(1, sizeof *inc);
	struct fold f = { .inc = inc };
	const struct fold_msg **order = incident_order(msgs, n, &f.n, &inc->missing, &inc->nmissing);

	f.all = inc->all = xcalloc(f.n + 1, sizeof *inc->all);
	inc->nall = f.n;
	f.place = xcalloc(f.n + 1, sizeof *f.place);
	f.by_id = xcalloc(f.n + 1, sizeof *f.by_id);
	for (size_t i = 0; i < f.n; i++) {
		line_fill(&inc->all[i], order[i]);
		f.by_id[i] = &inc->all[i];
	}
	free(order);
	if (f.n > 1)
		qsort(f.by_id, f.n, sizeof *f.by_id, cmp_line);
	fold_identity(&f);
	fold_corrections(&f);
	incident_split(&f);
	fold_texts(&f);
	incident_stations(&f);
	incident_grades(&f);
	incident_figures(&f);
	incident_versions(&f);
	fold_heads(&f);
	incident_steps(&f);
	incident_life(&f);
	fold_lines(&f);
	free(f.place);
	free(f.who);
	free(f.station);
	free(f.by_id);
	assert(inc->nheads > 0 || inc->nlines == 0 || aside(&inc->lines[0]));
	return inc;
}

void
incident_free(struct incident *inc)
{
	if (inc == NULL)
		return;
	free(inc->grades);
	free(inc->figures);
	free(inc->lines);
	free(inc->all);
	free(inc->gaps);
	free(inc->heads);
	free(inc->missing);
	free(inc->states);
	free(inc->absorbed);
	free(inc->split_to);
	free(inc->adopted);
	free(inc->verdicts);
	free(inc);
}
