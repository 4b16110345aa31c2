/*
 * People who act: officers report, follow up, correct, sign, take on, send back and give feedback; leaders direct, grade
 * and approve what was reviewed; whoever gets no answer asks again under the same request id.
 *
 * A ticket is the entry's number times four, and the step of a review; the last step (or a plain submit) is TICKET_SENT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/buf.h"
#include "../../formats/life.h"
#include "../../formats/value.h"
#include "run.h"

#define TICKET_SENT 3
#define BRIEF_MAX 1800

struct entry *
people_entry(struct run *r, size_t node, int kind)
{
	struct entry *e;

	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 64 : r->cap * 2;
		r->e = xreallocarray(r->e, r->cap, sizeof *r->e);
	}
	e = &r->e[r->n];
	memset(e, 0, sizeof *e);
	e->node = node;
	e->kind = kind;
	snprintf(e->rid, sizeof e->rid, "sim-%zu", r->n);
	e->body = body_new();
	body_set_num(e->body, F_KIND, kind);
	body_set_text(e->body, F_FOREIGN_ID, e->rid); /* the ledger's mark, carried along */
	r->n++;
	return e;
}

void
people_to(struct run *r, struct entry *e, size_t node)
{
	const char *code = world_code(r->w, node);

	for (const struct value *v = body_first(e->body, F_TO); v != NULL; v = body_next(e->body, v))
		if (strcmp(v->u.text.s, code) == 0)
			return;
	if (node != e->node)
		body_add_text(e->body, F_TO, code, strlen(code));
}

static size_t
anybody(struct run *r)
{
	return rng_below(world_rng(r->w), world_size(r->w));
}

static bool
often(struct run *r, unsigned per_mille)
{
	return rng_chance(world_rng(r->w), per_mille);
}

/* ---- what they write ---- */

static void
report(struct run *r, size_t node)
{
	struct entry *e = people_entry(r, node, KIND_REPORT);
	struct figure unknown = {.q = FIG_UNKNOWN};
	char text[BRIEF_MAX + 21];
	size_t len = rng_below(world_rng(r->w), BRIEF_MAX) + 20;

	memset(text, 'x', len);
	text[len] = '\0';
	e->must = true;
	e->stage = STAGE_FIRST;
	body_set_num(e->body, F_STAGE, STAGE_FIRST);
	body_set_text(e->body, F_PLACE, "somewhere");
	body_set_text(e->body, F_TITLE, e->rid);
	body_set_text(e->body, F_TYPE, "yjpt:12G00");
	body_set_text(e->body, F_BRIEF, text);
	body_set_time(e->body, F_LEARNED, world_now(r->w));
	body_add_figure(e->body, F_DEAD, &unknown);
	if (often(r, 300))
		body_set_num(e->body, F_GRADE, GRADE_II);
	if (often(r, 100))
		e->realm = REALM_EXERCISE;
	people_to(r, e, node == 0 ? 1 + rng_below(world_rng(r->w), world_size(r->w) - 1) : world_map(r->w)->p[node].up);
	if (often(r, 500))
		people_to(r, e, 0);
	if (often(r, 150))
		people_to(r, e, anybody(r));
}

/* The same, checked by one and approved by another before it goes. */
static void
reviewed(struct run *r, size_t node)
{
	struct entry *e = people_entry(r, node, KIND_REPORT);
	struct buf b = {0};
	char learned[64];

	e->must = true;
	e->stage = STAGE_FIRST;
	if (r->rooms != NULL && often(r, 500))
		e->approve_at = world_now(r->w) + (int64_t)rng_below(world_rng(r->w), 90) * 60000;
	time_format(world_now(r->w) - 3600000, TIME_RFC3339, learned, sizeof learned);
	buf_printf(&b,
	    "{\"realm\":\"live\",\"body\":{\"kind\":\"report\",\"foreign_id\":\"%s\",\"place\":\"somewhere\",\"title\":\"%s\","
	    "\"type\":\"yjpt:12G00\",\"brief\":\"reviewed\",\"learned\":\"%s\",\"dead\":\"?\",\"to\":\"%s\"}}",
	    e->rid, e->rid, learned, world_code(r->w, node == 0 ? 1 : world_map(r->w)->p[node].up));
	e->request = xstrdup(buf_cstr(&b));
	buf_free(&b);
	body_unset(e->body, F_TO);
}

static void
direct(struct run *r, size_t node)
{
	struct entry *e = people_entry(r, node, KIND_DIRECTIVE);
	size_t n = 1 + rng_below(world_rng(r->w), 3);

	e->must = true;
	body_set_text(e->body, F_TEXT, "count the people, report back");
	while (n-- > 0)
		people_to(r, e, anybody(r));
	people_to(r, e, node == 0 ? 1 : 0);
}

/* ---- what they answer ---- */

struct pick {
	const char *self;
	size_t left;
	bool found;
	struct msgid id;
};

static int
pick_one(void *ctx, const struct journal_msg *m)
{
	struct pick *p = ctx;

	if (strcmp(m->id.origin, p->self) == 0)
		return 0;
	p->found = true;
	p->id = m->id;
	return p->left-- == 0;
}

/* Something of this kind that arrived lately. */
static bool
pick(struct run *r, size_t node, int kind, struct msgid *id)
{
	struct journal *j = world_journal(r->w, node);
	struct pick p = {.self = world_code(r->w, node), .left = rng_below(world_rng(r->w), 8)};

	if (j->ops->each_before(j, UINT64_MAX, kind, true, pick_one, &p) != 0)
		return false;
	*id = p.id;
	return p.found;
}

static void
answer(struct run *r, size_t node)
{
	static const int acts[] = {ACT_READ, ACT_SIGNED, ACT_SIGNED, ACT_TAKEN, ACT_RETURNED};
	struct msgid id;
	struct entry *e;

	if (!pick(r, node, often(r, 700) ? KIND_REPORT : KIND_DIRECTIVE, &id))
		return;
	e = people_entry(r, node, KIND_RECEIPT);
	e->realm = id.realm;
	e->ref = id;
	e->act = acts[rng_below(world_rng(r->w), 5)];
	e->must = e->act == ACT_SIGNED || e->act == ACT_READ;
	body_set_num(e->body, F_ACT, e->act);
	body_add_id(e->body, F_REFS, &id);
	body_set_text(e->body, F_PERSON, "sim");
	if (e->act == ACT_TAKEN)
		body_set_time(e->body, F_DUE, world_now(r->w) + 3 * 86400000);
	if (e->act == ACT_RETURNED)
		body_set_text(e->body, F_REASON, "not ours");
}

static void
feed_back(struct run *r, size_t node)
{
	struct msgid id;
	struct entry *e;

	if (!pick(r, node, KIND_DIRECTIVE, &id))
		return;
	e = people_entry(r, node, KIND_FEEDBACK);
	e->realm = id.realm;
	e->ref = id;
	body_add_id(e->body, F_REFS, &id);
	body_set_text(e->body, F_TEXT, "counted");
}

/* A first report that stands: of this station, or one that came to it. */
static bool
stands(const struct entry *e, size_t node, bool own)
{
	if (!e->answered || e->stage != STAGE_FIRST || e->lost)
		return false;
	for (size_t k = 0; !own && k < e->nto; k++)
		if (e->to[k].node == node && e->to[k].here)
			return true;
	return own && e->node == node;
}

static const struct entry *
some_report(struct run *r, size_t node)
{
	bool own = often(r, 400);
	size_t n = 0, want;

	for (size_t i = 0; i < r->n; i++)
		n += stands(&r->e[i], node, own);
	want = rng_below(world_rng(r->w), n);
	for (size_t i = 0; n > 0 && i < r->n; i++)
		if (stands(&r->e[i], node, own) && want-- == 0)
			return &r->e[i];
	return NULL;
}

/* Somebody follows up, corrects a report, adopts a figure, grades, or moves the event on, here or where it was sent. */
static void
go_on(struct run *r, size_t node)
{
	static const int kinds[] = {KIND_REPORT, KIND_REPORT, KIND_REPORT, KIND_STEP, KIND_STEP, KIND_GRADE};
	struct figure three = {.q = FIG_EXACT, .n = 3};
	const struct entry *of = some_report(r, node);
	struct msgid id;
	struct entry *e;
	unsigned what = (unsigned)rng_below(world_rng(r->w), 6);
	int realm;

	if (of == NULL)
		return;
	id = of->id; /* people_entry() may move it */
	realm = of->realm;
	e = people_entry(r, node, kinds[what]);
	e->realm = realm;
	switch (what) {
	case 0:
		e->stage = STAGE_CORRECTION;
		body_set_text(e->body, F_BRIEF, "corrected");
		body_add_id(e->body, F_REFS, &id);
		body_add_figure(e->body, F_DEAD, &three);
		break;
	case 1:
	case 2:
		e->stage = STAGE_FOLLOWUP;
		body_set_text(e->body, F_BRIEF, "more of it");
		body_set_id(e->body, F_INCIDENT, &id);
		break;
	case 3:
		body_set_num(e->body, F_STEP, STEP_ADOPTED);
		body_set_text(e->body, F_REASON, "sim");
		body_add_id(e->body, F_REFS, &id);
		body_add_figure(e->body, F_DEAD, &three);
		break;
	case 4:
		body_set_num(e->body, F_STEP, often(r, 600) ? STEP_VERIFIED : STEP_HANDLING);
		body_set_id(e->body, F_INCIDENT, &id);
		break;
	default:
		body_set_num(e->body, F_GRADE, often(r, 500) ? GRADE_I : GRADE_III);
		body_set_text(e->body, F_SIGNER, "leader");
		body_set_text(e->body, F_REASON, "sim");
		body_set_id(e->body, F_INCIDENT, &id);
		break;
	}
	if (e->kind == KIND_REPORT)
		body_set_num(e->body, F_STAGE, e->stage);
	if (e->kind == KIND_STEP)
		body_set_text(e->body, F_PERSON, "sim");
}

/* ---- asking ---- */

static void
review(struct run *r, size_t i)
{
	const struct entry *e = &r->e[i];
	struct station_review v = {.rid = e->rid, .seat = "sim", .person = "checker"};

	world_draft(r->w, e->node, e->rid, "{}");
	v.event = DRAFT_SUBMIT;
	v.request = e->request;
	v.len = strlen(e->request);
	world_review(r->w, e->node, i * 4, &v);
	v.request = NULL;
	v.len = 0;
	v.event = DRAFT_PASS;
	world_review(r->w, e->node, i * 4 + 1, &v);
	/* A leader who is late lets it lie, checked and not sent. */
	if (!r->calm && world_now(r->w) < e->approve_at)
		return;
	v.event = DRAFT_APPROVE;
	v.person = "leader";
	world_review(r->w, e->node, i * 4 + TICKET_SENT, &v);
}

void
people_ask(struct run *r, size_t i)
{
	struct entry *e = &r->e[i];
	struct station_submit s = {.rid = e->rid, .seat = "sim", .realm = e->realm, .body = e->body, .confirmed = true};

	r->submits++;
	if (e->request != NULL)
		review(r, i);
	else
		world_submit(r->w, e->node, i * 4 + TICKET_SENT, &s);
}

void
people_ask_again(struct run *r, unsigned per_mille)
{
	for (size_t i = r->settled_below; i < r->n; i++)
		if (!r->e[i].answered && !r->e[i].refused && world_station(r->w, r->e[i].node) != NULL &&
		    often(r, per_mille))
			people_ask(r, i);
}

void
people_attend(struct run *r)
{
	for (size_t i = 0; i < world_size(r->w); i++)
		if (world_map(r->w)->p[i].hosted)
			world_attend(r->w, i);
}

void
people_act(struct run *r)
{
	size_t node = anybody(r), before = r->n;

	if (world_station(r->w, node) != NULL && !duty_asleep(r, node)) {
		switch (rng_below(world_rng(r->w), 16)) {
		case 0:
		case 1:
		case 2:
		case 3:
			answer(r, node);
			break;
		case 4:
		case 5:
		case 6:
			go_on(r, node);
			break;
		case 7:
			feed_back(r, node);
			break;
		case 8:
			reviewed(r, node);
			break;
		case 9:
			direct(r, often(r, 500) ? 0 : node);
			break;
		default:
			report(r, node);
			break;
		}
		if (r->n > before)
			people_ask(r, before);
	}
	people_ask_again(r, 500);
}

/* A desk that was told no may be told so for want of room only. */
static void
refused(struct run *r, size_t i, const struct fault *f)
{
	struct entry *e = &r->e[i];

	r->refusals++;
	if (r->conf->verbose)
		fprintf(stderr, "refused %s (kind %d stage %d act %d): %d %s: %s\n", e->rid, e->kind, e->stage, e->act,
		    f != NULL ? f->code : 0, f != NULL ? f->field : "", f != NULL ? f->text : "");
	if (f == NULL || *f->text == '\0')
		run_fail(r, "refused without a reason", i, SIZE_MAX);
	else if (f->code == EX_TEMPFAIL || e->request != NULL || world_room_is(r->w, e->node) != PREC_ROUTINE)
		return;
	else if (e->answered && !e->lost && !e->twice)
		run_fail(r, "what was accepted is refused when asked again", i, SIZE_MAX);
	else if (e->must && r->disasters == 0)
		run_fail(r, f->text, i, SIZE_MAX);
	else
		e->refused = true;
}

void
people_reply(void *ctx, size_t node, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct run *r = ctx;
	size_t i = (size_t)(ticket / 4);
	struct entry *e = &r->e[i];

	(void)node;
	(void)duplicate;
	if (ticket % 4 != TICKET_SENT) {
		if (f != NULL && r->conf->verbose)
			fprintf(stderr, "review %s: %s: %s\n", e->rid, f->field, f->text);
		return;
	}
	if (!r->calm && often(r, r->lose_reply))
		return;
	if (id == NULL) {
		refused(r, i, f);
		return;
	}
	if (e->answered && msgid_cmp(&e->id, id) != 0 && !e->lost && !e->twice)
		run_fail(r, "one request, two messages", i, SIZE_MAX);
	if (e->refused)
		run_fail(r, "what was refused is accepted when asked again", i, SIZE_MAX);
	e->id = *id;
	e->answered = true;
}
