/*
 * 更正 and 撤回: what a station takes back of its own words, and who must hear of it.
 *
 * Promises: nobody amends another's message; a correction reaches every addressee of everything it stands in the place
 * of, whoever was added on the way; it rings where it touches what people act on (grade, limits, orders, deaths,
 * missing, trapped) and marks elsewhere; a recall is for the slip of the finger: within the time the rules give, while
 * nobody has read.  After that the way is a correction, and the refusal says so.  The text stays in either case.
 * What was known when decides what is late: a correction that moves that says why, and both times stay to be read.
 * A feedback is corrected, never recalled: that it was given settled a clock; its correction answers what it answered.
 * History, and what another system says of its own messages (CAP Update, Cancel), is not judged by these rules.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "../formats/wire.h"
#include "station_draft.h"

static bool
amends(int kind, int stage)
{
	return (kind == KIND_REPORT || kind == KIND_DIRECTIVE || kind == KIND_WARNING || kind == KIND_FEEDBACK) &&
	       (stage == STAGE_CORRECTION || stage == STAGE_WITHDRAWAL);
}

/* What an import says it amends may never have come here: then it stands for itself. */
bool
draft_amends(const struct draft *d)
{
	if (body_text(d->b, F_SOURCE_FORMAT) != NULL && body_first(d->b, F_REFS) == NULL)
		return false;
	return !d->history && amends(d->kind, body_enum(d->b, F_STAGE));
}

static const struct incident_line *
line_of(const struct draft *d, const struct msgid *id)
{
	for (size_t i = 0; d->fd.incident != NULL && i < d->fd.incident->nall; i++)
		if (msgid_cmp(&d->fd.incident->all[i].id, id) == 0)
			return &d->fd.incident->all[i];
	return NULL;
}

static bool
in_list(const struct idlist *l, const struct msgid *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (msgid_cmp(&l->v[i], id) == 0)
			return true;
	return false;
}

/* A correction of a feedback names besides what that answered, which it does not correct. */
static bool
may_stand_for(const struct draft *d, const struct msgid *id)
{
	const struct incident_line *l = d->kind == KIND_FEEDBACK ? line_of(d, id) : NULL;

	return d->kind != KIND_FEEDBACK || (l != NULL && l->kind == KIND_FEEDBACK);
}

/* Everything that hangs together by this station's corrections: what is referred to, what that corrected, and what
 * else was said in the place of either. */
static void
chain_of(const struct draft *d, struct idlist *out)
{
	const struct incident *inc = d->fd.incident;
	bool grown = true;

	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v))
		if (may_stand_for(d, &v->u.id))
			idlist_add(out, &v->u.id);
	while (grown && inc != NULL) {
		size_t before = out->n;

		for (size_t i = 0; i < inc->nall; i++) {
			const struct incident_line *l = &inc->all[i];
			bool touches = in_list(out, &l->id);

			if (strcmp(l->id.origin, d->s->conf.self) != 0 || body_enum(l->body, F_STAGE) != STAGE_CORRECTION)
				continue;
			for (const struct value *v = body_first(l->body, F_REFS); !touches && v != NULL;
			     v = body_next(l->body, v))
				touches = in_list(out, &v->u.id);
			if (!touches)
				continue;
			idlist_add(out, &l->id);
			for (const struct value *v = body_first(l->body, F_REFS); v != NULL; v = body_next(l->body, v))
				if (strcmp(v->u.id.origin, d->s->conf.self) == 0 && may_stand_for(d, &v->u.id))
					idlist_add(out, &v->u.id);
		}
		grown = out->n > before;
	}
}

/* ---- who must hear of it ---- */

static void
add_readers(struct draft *d, const struct msgid *id)
{
	struct journal_msg m;
	struct body *b;
	struct fault f;

	memset(&m, 0, sizeof m);
	if (d->s->j->ops->get_message(d->s->j, id, &m) == 0 && m.body.n > 0 &&
	    (b = wire_decode(m.body.p, m.body.n, &f)) != NULL) {
		for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v))
			draft_add_to(d, F_TO, v->u.text.s);
		for (const struct value *v = body_first(b, F_CC); v != NULL; v = body_next(b, v))
			draft_add_to(d, F_CC, v->u.text.s);
		body_free(b);
	}
	buf_free(&m.body);
}

static int
add_delivery(void *ctx, const struct journal_delivery *dl)
{
	draft_add_to(ctx, F_TO, dl->to);
	return 0;
}

void
draft_amend_address(struct draft *d)
{
	struct idlist chain = {0};

	chain_of(d, &chain);
	for (size_t i = 0; i < chain.n; i++) {
		add_readers(d, &chain.v[i]);
		/* the bytes may be destroyed: whom they went to is still known */
		d->s->j->ops->delivery_each(d->s->j, &chain.v[i], add_delivery, d);
	}
	free(chain.v);
}

/* ---- does it ring ---- */

static bool
same_figure(const struct value *a, const struct value *b)
{
	return a->u.fig.q == b->u.fig.q && a->u.fig.n == b->u.fig.n;
}

static const char *
source_of(const struct value *v)
{
	return v->u.fig.source != NULL ? v->u.fig.source : "";
}

/* Is this value of the new body in the old one?  Figures: of the same source. */
static bool
said_so(const struct body *old, const struct value *v)
{
	for (const struct value *o = body_first(old, v->key); o != NULL; o = body_next(old, o))
		switch (v->field->type) {
		case FT_ENUM:
			if (o->u.num == v->u.num)
				return true;
			break;
		case FT_TIME:
			if (o->u.when.ms == v->u.when.ms)
				return true;
			break;
		case FT_FIGURE:
			if (strcmp(source_of(o), source_of(v)) == 0)
				return same_figure(o, v);
			break;
		case FT_TEXT:
			if (strcmp(o->u.text.s, v->u.text.s) == 0)
				return true;
			break;
		default:
			return true;
		}
	return false;
}

/* The latest of the chain that says anything of the field. */
static const struct body *
latest(const struct draft *d, const struct idlist *chain, uint32_t key)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = inc != NULL ? inc->nall : 0; i > 0; i--)
		if (in_list(chain, &inc->all[i - 1].id) && body_first(inc->all[i - 1].body, key) != NULL)
			return inc->all[i - 1].body;
	return NULL;
}

static bool
touches_action(const struct draft *d)
{
	static const struct {
		uint32_t key;
		int kind; /* 0 = any */
	} act_on[] = {{F_GRADE, 0}, {F_DUE, 0}, {F_DEAD, 0}, {F_MISSING, 0}, {F_TRAPPED, 0}, {F_COLOUR, 0},
	    {F_RESPONSE, 0}, {F_MEASURES, KIND_DIRECTIVE}, {F_TEXT, KIND_DIRECTIVE}, {F_NEXT, KIND_DIRECTIVE},
	    {F_REQUEST, KIND_DIRECTIVE}, {F_TITLE, KIND_DIRECTIVE}};
	struct idlist chain = {0};
	bool yes = false;

	chain_of(d, &chain);
	for (size_t k = 0; k < sizeof act_on / sizeof act_on[0] && !yes; k++) {
		const struct body *old;

		if (act_on[k].kind != 0 && act_on[k].kind != d->kind)
			continue;
		old = latest(d, &chain, act_on[k].key);
		for (const struct value *v = body_first(d->b, act_on[k].key); v != NULL && !yes; v = body_next(d->b, v))
			yes = old == NULL || !said_so(old, v);
	}
	free(chain.v);
	return yes;
}

/* ---- may it ---- */

struct first_reader {
	char station[STATION_MAX];
};

static int
find_reader(void *ctx, const struct journal_delivery *dl)
{
	struct first_reader *r = ctx;

	if (dl->read == 0 && dl->signed_ == 0 && dl->taken == 0 && dl->state != DLV_READ && dl->state != DLV_SIGNED &&
	    dl->state != DLV_TAKEN)
		return 0;
	memcpy(r->station, dl->to, sizeof r->station);
	return 1;
}

static int
may_recall(struct draft *d, const struct msgid *id, const struct incident_line *l)
{
	int64_t seconds = rules_number(d->s->conf.rules, NUMBER_RECALL_SECONDS), written;
	struct first_reader r = {""};

	d->s->j->ops->delivery_each(d->s->j, id, find_reader, &r);
	if (*r.station != '\0')
		return fault_set(&d->f, EX_DATAERR, "refs", _("%s has read it already: write a correction (stage correction)"),
		    r.station);
	if (!body_time(l->body, F_WRITTEN, &written))
		written = l->stored;
	if (d->now - written > seconds * 1000)
		return fault_set(&d->f, EX_DATAERR, "refs",
		    _("it was sent more than %lld seconds ago (%s): write a correction (stage correction)"),
		    (long long)seconds, rules_number_clause(d->s->conf.rules, NUMBER_RECALL_SECONDS));
	return 0;
}

/* By this station's own word, whatever kind it is of. */
static bool
recalled(const struct draft *d, const struct msgid *id)
{
	for (size_t i = 0; i < d->fd.incident->nall; i++) {
		const struct incident_line *l = &d->fd.incident->all[i];

		if (body_enum(l->body, F_STAGE) == STAGE_WITHDRAWAL && strcmp(l->id.origin, d->s->conf.self) == 0 &&
		    incident_refers(l->body, id))
			return true;
	}
	return false;
}

static int
may_amend(struct draft *d, const struct msgid *id)
{
	const struct incident_line *l;
	int stage = body_enum(d->b, F_STAGE);
	char text[MSGID_TEXT_MAX];

	msgid_format(id, text, sizeof text);
	if (strcmp(id->origin, d->s->conf.self) != 0)
		return fault_set(&d->f, EX_DATAERR, "refs",
		    _("%s is not this station's own message: only its author corrects or recalls it"), text);
	if ((l = line_of(d, id)) == NULL)
		return fault_set(&d->f, EX_DATAERR, "refs", _("%s is not of this incident, or its text is destroyed"), text);
	if (l->kind != d->kind)
		return fault_set(&d->f, EX_DATAERR, "refs",
		    _("%s is of another kind: a report is amended by a report, a directive by a directive"), text);
	if (body_enum(l->body, F_STAGE) == STAGE_WITHDRAWAL)
		return fault_set(&d->f, EX_DATAERR, "refs", _("%s is itself a recall"), text);
	if (recalled(d, id))
		return fault_set(&d->f, EX_DATAERR, "refs", _("%s was recalled already"), text);
	return stage == STAGE_WITHDRAWAL ? may_recall(d, id, l) : 0;
}

/* What takes an urgent message back must not come in long after it. */
static void
keep_pace(struct draft *d, const struct idlist *refs)
{
	int own = body_enum(d->b, F_PRECEDENCE);

	for (size_t i = 0; i < d->fd.n; i++) {
		int p = d->fd.rows[i].precedence;

		if (in_list(refs, &d->fd.rows[i].id) && p >= PREC_FLASH && p <= PREC_ROUTINE && (own == 0 || p < own))
			own = p;
	}
	if (own != 0)
		body_set_num(d->b, F_PRECEDENCE, own);
}

/* A directive or warning says what it is about; so does its recall, in the words of what it takes back. */
static void
name_recalled(struct draft *d, const struct msgid *id)
{
	static const uint32_t names[] = {F_TITLE, F_EVENT_NAME, F_TEXT};
	const struct incident_line *l = line_of(d, id);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (body_first(d->b, names[i]) != NULL)
			return;
	for (size_t i = 0; l != NULL && i < sizeof names / sizeof names[0]; i++) {
		const char *name = body_text(l->body, names[i]);

		if (name == NULL || *name == '\0')
			continue;
		body_set_text(d->b, names[i], name);
		return;
	}
}

/*
 * A correction takes the place of all that was said in the place of what it names: who corrects the first report again
 * does not mean the correction in between to stand beside it.  Another system's Update or Cancel is of the whole warning:
 * CAP may name the last message alone, 12379 names the first, and a cancelled warning must neither stand again in an
 * older wording nor go on in a newer one.  A recall of our own is of the one message it names.
 */
static void
refer_to_all(struct draft *d)
{
	struct idlist chain = {0};

	chain_of(d, &chain);
	for (size_t i = 0; i < chain.n && body_count(d->b, F_REFS) < FIELD_REPEAT_MAX; i++)
		if (!incident_refers(d->b, &chain.v[i]) && (d->foreign || !recalled(d, &chain.v[i])))
			body_add_id(d->b, F_REFS, &chain.v[i]);
	free(chain.v);
}

static bool
answered_by(const struct draft *d, const struct idlist *refs, const struct msgid *id)
{
	for (size_t i = 0; i < refs->n; i++) {
		const struct incident_line *l = may_stand_for(d, &refs->v[i]) ? line_of(d, &refs->v[i]) : NULL;

		if (l != NULL && incident_refers(l->body, id))
			return true;
	}
	return false;
}

/* What the corrected feedback answered is answered by the correction: the newest word of it is found there. */
static void
answer_the_same(struct draft *d, const struct idlist *refs)
{
	for (size_t i = 0; i < refs->n; i++) {
		const struct incident_line *l = line_of(d, &refs->v[i]);

		for (const struct value *v = l != NULL && l->kind == KIND_FEEDBACK ? body_first(l->body, F_REFS) : NULL; v != NULL;
		     v = body_next(l->body, v))
			if (!incident_refers(d->b, &v->u.id) && body_count(d->b, F_REFS) < FIELD_REPEAT_MAX)
				body_add_id(d->b, F_REFS, &v->u.id);
	}
}

int
draft_amend(struct draft *d)
{
	struct idlist refs = {0}; /* a copy: judging does not touch the body, but be safe from its moving */
	int rc = 0;

	if (d->kind == KIND_FEEDBACK && body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL)
		return draft_refuse(d, EX_DATAERR, "stage", _("a feedback is not recalled: write a correction (stage correction)"));

	if (body_first(d->b, F_REFS) == NULL)
		return draft_refuse(d, EX_DATAERR, "refs", _("which message is corrected or recalled is not said"));
	if (d->foreign || body_enum(d->b, F_STAGE) == STAGE_CORRECTION)
		refer_to_all(d);
	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v))
		idlist_add(&refs, &v->u.id);
	for (size_t i = 0; i < refs.n && rc == 0 && !d->foreign; i++)
		/* the first is what is corrected: its words are those that are carried on */
		if (i == 0 || d->kind != KIND_FEEDBACK || may_stand_for(d, &refs.v[i]) || !answered_by(d, &refs, &refs.v[i]))
			rc = may_amend(d, &refs.v[i]);
	if (rc == 0 && d->kind == KIND_FEEDBACK)
		answer_the_same(d, &refs);
	if (rc == 0 && body_enum(d->b, F_STAGE) == STAGE_CORRECTION)
		body_set_num(d->b, F_RING, touches_action(d));
	if (rc == 0 && d->kind != KIND_REPORT && body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL)
		name_recalled(d, &refs.v[0]);
	if (rc == 0 && (body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL || body_flag(d->b, F_RING)))
		keep_pace(d, &refs);
	free(refs.v);
	return rc;
}

/* ---- what was known when ---- */

static int
refuse_move(struct draft *d, const struct value *was, const struct value *v)
{
	struct buf a = {0}, b = {0};
	int rc;

	value_format(&a, was, d->s->conf.codebook, i18n_zh());
	value_format(&b, v, d->s->conf.codebook, i18n_zh());
	rc = fault_set(&d->f, EX_DATAERR, v->field->name,
	    _("%s moves from %s to %s: such a time is corrected only with a reason (field reason)"),
	    i18n_zh() ? v->field->zh : v->field->label, buf_cstr(&a), buf_cstr(&b));
	buf_free(&a);
	buf_free(&b);
	return rc;
}

int
draft_moves(struct draft *d)
{
	static const uint32_t times[] = {F_LEARNED, F_OCCURRED};
	struct idlist chain = {0};
	int rc = 0;

	if (!draft_amends(d) || body_enum(d->b, F_STAGE) != STAGE_CORRECTION || d->machine || d->foreign ||
	    body_said(d->b, F_REASON) != NULL)
		return 0;
	chain_of(d, &chain);
	for (size_t i = 0; i < sizeof times / sizeof times[0] && rc == 0; i++) {
		const struct value *v = body_first(d->b, times[i]);
		const struct body *old = v != NULL ? latest(d, &chain, times[i]) : NULL;

		if (old != NULL && !said_so(old, v))
			rc = refuse_move(d, body_first(old, times[i]), v);
	}
	free(chain.v);
	return rc;
}
