/*
 * People on duty: a register of five, shifts planned (or forgotten), who signs on and hands over in time or hours late; zero reports and roll calls,
 * made, forgotten and slept through; messages signed for, taken on by reflex and forgotten; a directive signed for over the telephone.
 *
 * They act on what they see at their own station, never on what ought to be: that is the judge's (duty_judge.c), who does not look here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../formats/phone.h"
#include "../../formats/wire.h"
#include "../../switch/duty_roll.h"
#include "../../switch/duty_staff.h"
#include "../../switch/duty_zero.h"
#include "../../switch/query_handover.h"
#include "run.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define PEOPLE 5	/* two teams of two, and their leader */
#define MAIL_SEEN 40

struct rooms {
	int64_t shift;		/* ms a shift lasts */
	unsigned sleepy, lazy;	/* per mille */
	struct room {
		bool kept;	/* this one keeps a register and a roster */
		size_t pending;	/* an entry that is not answered yet; SIZE_MAX none */
		int64_t asleep;	/* virtual ms until */
		int64_t late;	/* ms after its hour at which the next handover begins */
		int64_t spans;	/* of the watch, when `late` was drawn */
		int64_t zero;	/* day whose zero report was thought of */
	} v[];
};

static bool
often(struct run *r, unsigned per_mille)
{
	return rng_chance(world_rng(r->w), per_mille);
}

static int64_t
below(struct run *r, int64_t n)
{
	return (int64_t)rng_below(world_rng(r->w), (uint64_t)n);
}

void
duty_open(struct run *r)
{
	size_t n = world_size(r->w);

	r->rooms = xcalloc(1, sizeof *r->rooms + n * sizeof r->rooms->v[0]);
	r->rooms->shift = r->conf->week ? 12 * HOUR : (1 + below(r, 8)) * HOUR;
	r->rooms->sleepy = r->conf->week ? 10 : 5 + (unsigned)below(r, 60);
	r->rooms->lazy = (unsigned)below(r, 500);
	for (size_t i = 0; i < n; i++) {
		r->rooms->v[i].kept = r->conf->week || often(r, 650);
		r->rooms->v[i].pending = SIZE_MAX;
	}
}

void
duty_close(struct run *r)
{
	free(r->rooms);
	r->rooms = NULL;
}

bool
duty_asleep(const struct run *r, size_t node)
{
	return r->rooms != NULL && world_now(r->w) < r->rooms->v[node].asleep;
}

bool
duty_keeps(const struct run *r, size_t node)
{
	return r->rooms != NULL && r->rooms->v[node].kept;
}

/* ---- the register and the roster ---- */

static void
name_of(size_t i, char out[16])
{
	(void)snprintf(out, 16, i < PEOPLE - 1 ? "officer%zu" : "leader%zu", i);
}

/* The next step is made when this one was answered. */
static void
step(struct run *r, size_t node, struct entry *e)
{
	size_t i = (size_t)(e - r->e);

	r->rooms->v[node].pending = i;
	people_ask(r, i);
}

static struct entry *
entry(struct run *r, size_t node, int kind, int what)
{
	struct entry *e = people_entry(r, node, kind);

	if (what != 0)
		body_set_num(e->body, F_DUTY_STEP, what);
	return e;
}

/* Enters who is not on it yet.  False: all are. */
static bool
enter(struct run *r, size_t node, const struct duty *d)
{
	char name[16], phone[24];
	struct entry *e;

	for (size_t i = 0; i < PEOPLE; i++) {
		name_of(i, name);
		if (staff_find(d->staff, name) != NULL)
			continue;
		e = entry(r, node, KIND_STAFF, DUTY_PERSON);
		body_set_text(e->body, F_PERSON, name);
		body_set_text(e->body, F_AUTHOR, name);
		body_set_num(e->body, F_DUTY_ROLE, i == PEOPLE - 1 ? ROLE_DUTY_LEADER : i % 2 == 0 ? ROLE_DUTY_SENIOR : ROLE_DUTY_OFFICER);
		/* One or the other has no telephone. */
		if (!often(r, 100)) {
			(void)snprintf(phone, sizeof phone, "1370000%02zu%02zu", node % 100, i);
			body_set_text(e->body, F_PHONE, phone);
		}
		step(r, node, e);
		return true;
	}
	return false;
}

/* Plans the next shift, a day ahead; now and then one is left out. */
static bool
plan(struct run *r, size_t node, const struct duty *d, int64_t now)
{
	const struct rooms *rooms = r->rooms;
	size_t n = roster_count(d->roster);
	int64_t from = n > 0 ? roster_at(d->roster, n - 1)->to : now - now % (30 * MINUTE);
	size_t team = (size_t)(from / rooms->shift % 2);
	struct entry *e;
	char name[16];

	if (from > now + DAY || (n > 0 && from > now && !often(r, 300)))
		return false;
	if (n > 0 && !r->conf->week && often(r, 50))
		from += rooms->shift;
	e = entry(r, node, KIND_ROSTER, DUTY_SHIFT);
	body_set_text(e->body, F_SHIFT, team == 0 ? "day" : "night");
	body_set_time(e->body, F_PERIOD_FROM, from);
	body_set_time(e->body, F_PERIOD_TO, from + rooms->shift);
	name_of(PEOPLE - 1, name);
	body_add_text(e->body, F_DUTY_LEADER, name, strlen(name));
	for (size_t k = 0; k < 2; k++) {
		name_of(2 * team + k, name);
		body_add_text(e->body, F_DUTY_OFFICER, name, strlen(name));
	}
	step(r, node, e);
	return true;
}

/* ---- the watch ---- */

static bool
sign_on(struct run *r, size_t node, const struct duty *d, int64_t now)
{
	const struct roster_shift *sh = roster_shift(d->roster, now);
	const struct watch_span *s = watch_now(d->watch);
	struct entry *e;

	if (sh == NULL || (s != NULL && !s->founded) || watch_handover(d->watch) != NULL)
		return false;
	for (size_t i = 0; i < sh->nofficer; i++) {
		if (watch_signed_on(d->watch, sh->officer[i], 0))
			continue;
		e = entry(r, node, KIND_ROSTER, DUTY_SIGN_ON);
		body_set_text(e->body, F_PERSON, sh->officer[i]);
		step(r, node, e);
		return true;
	}
	return false;
}

/* What the person reads off the desk and says. */
static void
answer_for(struct run *r, size_t node, const char *ask, int64_t now, char out[32])
{
	struct query_env env = {.station = world_station(r->w, node)};
	struct handover h;
	struct query q;
	char when[24];

	query_begin(&env, now, &q);
	memset(&h, 0, sizeof h);
	(void)snprintf(out, 32, "0");
	if (handover_collect(&q, &h) == 0) {
		if (strcmp(ask, ASK_OPEN) == 0)
			(void)snprintf(out, 32, "%zu", h.open + (often(r, 150) ? 1 : 0));
		else if (h.soonest != 0)
			(void)snprintf(out, 32, "%s", handover_time(h.soonest, now, when));
	}
	handover_free(&h);
}

static bool
sign_over(struct run *r, size_t node, const struct watch_handover *h, int side)
{
	const char (*v)[97] = side == SIDE_OUT ? h->outgoing : h->incoming;
	const bool *needed = side == SIDE_OUT ? h->out_needed : h->in_needed;
	struct entry *e;

	for (size_t i = 0; i < (side == SIDE_OUT ? h->nout : h->nin); i++) {
		if (!needed[i] || watch_signed(h, v[i], side))
			continue;
		e = entry(r, node, KIND_HANDOVER, DUTY_HANDOVER_SIGNED);
		body_set_text(e->body, F_PERSON, v[i]);
		body_set_num(e->body, F_SIDE, side);
		step(r, node, e);
		return true;
	}
	return false;
}

static bool
hand_over(struct run *r, size_t node, const struct duty *d, int64_t now)
{
	const struct watch_handover *h = watch_handover(d->watch);
	struct room *room = &r->rooms->v[node];
	const struct watch_span *v;
	struct entry *e;
	char said[32];
	int64_t due = 0;

	if (watch_now(d->watch) == NULL)
		return false;
	if ((int64_t)watch_spans(d->watch, &v) != room->spans) {
		room->spans = (int64_t)watch_spans(d->watch, &v);
		room->late = often(r, r->rooms->lazy) ? below(r, 3 * HOUR) : below(r, 20 * MINUTE) - 10 * MINUTE;
	}
	if (h == NULL) {
		if (watch_relief(d->watch, d->roster, now, &due) == NULL || due == 0 || now < due + room->late)
			return false;
		step(r, node, entry(r, node, KIND_HANDOVER, DUTY_HANDOVER_BEGUN));
		return true;
	}
	for (size_t i = 0; i < h->nask; i++) {
		if (watch_answered(h, h->ask[i]))
			continue;
		answer_for(r, node, h->ask[i], now, said);
		e = entry(r, node, KIND_HANDOVER, DUTY_HANDOVER_ITEM);
		body_set_text(e->body, F_QUESTION, h->ask[i]);
		body_set_text(e->body, F_ANSWER, said);
		step(r, node, e);
		return true;
	}
	/* Whoever has the time signs first. */
	if (often(r, 500))
		return sign_over(r, node, h, SIDE_IN) || sign_over(r, node, h, SIDE_OUT);
	return sign_over(r, node, h, SIDE_OUT) || sign_over(r, node, h, SIDE_IN);
}

/* ---- zero reports and roll calls ---- */

static bool
zero(struct run *r, size_t node, const struct duty *d, int64_t now)
{
	int64_t today = zero_day(now);
	struct room *room = &r->rooms->v[node];
	struct entry *e;

	if (node == 0 || room->zero == today || zeros_of(d->zeros, world_code(r->w, node), today - DAY) != NULL)
		return false;
	if (!often(r, 20))
		return false;
	room->zero = today;
	if (often(r, 250))
		return false; /* forgotten, for good */
	e = entry(r, node, KIND_ZERO, 0);
	body_set_time(e->body, F_PERIOD_TO, today);
	body_set_text(e->body, F_PERSON, "officer0");
	people_to(r, e, world_map(r->w)->p[node].up);
	step(r, node, e);
	return true;
}

static bool
answer_roll(struct run *r, size_t node, const struct duty *d)
{
	const struct roll_owed *v;
	size_t n = rolls_owed(d->rolls, &v);
	struct entry *e;
	struct msgid id;

	if (n == 0 || often(r, 300))
		return false;
	id = v[rng_below(world_rng(r->w), n)].id;
	e = entry(r, node, KIND_ROLLANSWER, 0);
	body_add_id(e->body, F_REFS, &id);
	body_set_text(e->body, F_PERSON, often(r, 800) ? "officer1" : "somebody");
	step(r, node, e);
	return true;
}

static void
call_roll(struct run *r, size_t node)
{
	struct entry *e = entry(r, node, KIND_ROLLCALL, 0);

	for (size_t i = 1; i < world_size(r->w); i++)
		if (world_map(r->w)->p[i].up == node)
			people_to(r, e, i);
	if (body_first(e->body, F_TO) == NULL)
		people_to(r, e, node == 0 ? 1 : 0);
	step(r, node, e);
}

/* ---- mail ---- */

struct mail {
	struct run *r;
	size_t node, left;
	struct msgid id;
	bool found;
	int kind;
};

static bool
acted(const struct run *r, size_t node, const struct msgid *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->e[i].node == node && (r->e[i].kind == KIND_RECEIPT || r->e[i].kind == KIND_FEEDBACK) && r->e[i].act != ACT_READ &&
		    msgid_cmp(&r->e[i].ref, id) == 0)
			return true;
	return false;
}

static int
mail_row(void *ctx, const struct journal_msg *m)
{
	struct mail *c = ctx;

	if (strcmp(m->id.origin, world_code(c->r->w, c->node)) != 0 && m->kind != KIND_RECEIPT && m->kind != KIND_SERVICE &&
	    m->kind != KIND_STEP && m->kind != KIND_ZERO && m->kind != KIND_ROLLCALL && m->kind != KIND_ROLLANSWER &&
	    !acted(c->r, c->node, &m->id)) {
		c->found = true;
		c->id = m->id;
		c->kind = m->kind;
		return 1;
	}
	return c->left-- == 0;
}

/* The newest that nobody has touched: signed for, or taken on for a time that is then missed. */
static bool
mail(struct run *r, size_t node)
{
	struct journal *j = world_journal(r->w, node);
	struct mail c = {.r = r, .node = node, .left = MAIL_SEEN};
	struct entry *e;

	if (j->ops->each_before(j, UINT64_MAX, 0, true, mail_row, &c) == -1 || !c.found || often(r, 300))
		return false;
	e = entry(r, node, KIND_RECEIPT, 0);
	e->realm = c.id.realm;
	e->ref = c.id;
	e->act = c.kind == KIND_FEEDBACK || c.kind == KIND_CHASE ? ACT_READ : often(r, 400) ? ACT_TAKEN : ACT_SIGNED;
	body_set_num(e->body, F_ACT, e->act);
	body_add_id(e->body, F_REFS, &c.id);
	body_set_text(e->body, F_PERSON, "officer0");
	if (e->act == ACT_TAKEN)
		body_set_time(e->body, F_DUE, world_now(r->w) + (2 + below(r, 90)) * MINUTE);
	step(r, node, e);
	return true;
}

/* What was taken on is answered, some of it, and not always for good. */
static bool
keep_promise(struct run *r, size_t node)
{
	size_t n = 0, want;

	for (size_t i = 0; i < r->n; i++)
		n += r->e[i].node == node && r->e[i].act == ACT_TAKEN && r->e[i].answered;
	want = rng_below(world_rng(r->w), n);
	for (size_t i = 0; n > 0 && i < r->n; i++)
		if (r->e[i].node == node && r->e[i].act == ACT_TAKEN && r->e[i].answered && want-- == 0) {
			struct msgid id = r->e[i].ref;
			struct entry *e = entry(r, node, KIND_FEEDBACK, 0);

			e->realm = id.realm;
			e->ref = id;
			body_add_id(e->body, F_REFS, &id);
			body_set_text(e->body, F_TEXT, "so far");
			if (often(r, 500))
				body_set_num(e->body, F_PROGRESS, PROGRESS_DONE);
			else if (often(r, 600))
				body_set_time(e->body, F_DUE, world_now(r->w) + (5 + below(r, 60)) * MINUTE);
			step(r, node, e);
			return true;
		}
	return false;
}

/* The line is down, or nobody signs: somebody there is rung up and reads the code back. */
static bool
telephone(struct run *r, size_t node)
{
	struct journal *j = world_journal(r->w, node);
	struct journal_msg m = {0};
	struct body *order = NULL;
	size_t i = r->n, to;
	struct fault f;
	struct entry *e;
	char code[5];

	while (i > 0 && !(r->e[i - 1].node == node && r->e[i - 1].kind == KIND_DIRECTIVE && r->e[i - 1].answered && r->e[i - 1].nto > 0))
		i--;
	if (i == 0)
		return false;
	if (j->ops->get_message(j, &r->e[i - 1].id, &m) != 0 || (order = wire_decode(m.body.p, m.body.n, &f)) == NULL) {
		buf_free(&m.body);
		return false;
	}
	to = r->e[i - 1].to[rng_below(world_rng(r->w), r->e[i - 1].nto)].node;
	phone_code(order, code);
	e = entry(r, node, KIND_RECEIPT, 0);
	e->realm = m.id.realm;
	body_set_num(e->body, F_ACT, ACT_SIGNED);
	body_add_id(e->body, F_REFS, &m.id);
	body_add_text(e->body, F_ON_BEHALF, world_code(r->w, to), strlen(world_code(r->w, to)));
	body_set_text(e->body, F_PERSON, "officer1");
	body_set_text(e->body, F_RECEIPT_NO, e->rid);
	body_set_text(e->body, F_READBACK, code);
	step(r, node, e);
	body_free(order);
	buf_free(&m.body);
	return true;
}

/* A leader has an order given, with a time or from time to time, or asks what is true of an event; now and then one is taken back. */
static void
order(struct run *r, size_t node)
{
	const struct entry *event = NULL, *own = NULL;
	struct entry *e;
	struct msgid id;
	size_t what = rng_below(world_rng(r->w), 6);
	int realm = REALM_LIVE;

	for (size_t i = r->n; i-- > 0 && (event == NULL || own == NULL);) {
		const struct entry *x = &r->e[i];

		if (x->node == node && x->kind == KIND_DIRECTIVE && x->answered && own == NULL && body_first(x->body, F_ORDER_TYPE) == NULL)
			own = x;
		for (size_t k = 0; k < x->nto && event == NULL; k++)
			if (x->to[k].node == node && x->to[k].here && x->stage == STAGE_FIRST && x->answered)
				event = x;
	}
	if ((what == 0 && own == NULL) || (what == 1 && event == NULL))
		return;
	if (what <= 1) {
		id = what == 0 ? own->id : event->id; /* the entries move */
		realm = what == 0 ? own->realm : event->realm;
	}
	e = entry(r, node, KIND_DIRECTIVE, 0);
	e->realm = realm;
	body_set_text(e->body, F_TEXT, "count the people, report back");
	if (what == 0) {
		body_set_num(e->body, F_ORDER_TYPE, ORDER_REVOKED);
		body_add_id(e->body, F_REFS, &id);
		body_set_text(e->body, F_REASON, "not needed");
	} else if (what == 1) {
		body_set_num(e->body, F_ORDER_TYPE, ORDER_VERIFY);
		body_set_id(e->body, F_INCIDENT, &id);
		people_to(r, e, map_find(world_map(r->w), id.origin));
	} else if (what == 2)
		body_set_num(e->body, F_EVERY, 10 + below(r, 120));
	if (what == 1 || (what > 2 && often(r, 700)))
		body_set_time(e->body, F_DUE, world_now(r->w) + (5 + below(r, 240)) * MINUTE);
	for (size_t i = 1; i < world_size(r->w) && what > 1; i++)
		if (world_map(r->w)->p[i].up == node || often(r, 100))
			people_to(r, e, i);
	if (what > 1 && body_first(e->body, F_TO) == NULL)
		people_to(r, e, node == 0 ? 1 : 0);
	step(r, node, e);
}

/* ---- everybody ---- */

static void
book(struct run *r, size_t node)
{
	struct room *room = &r->rooms->v[node];
	const struct duty *d = station_duty(world_station(r->w, node));
	int64_t now = world_clock(r->w, node);

	if (d == NULL)
		return;
	if (room->kept && (enter(r, node, d) || sign_on(r, node, d, now) || plan(r, node, d, now) || hand_over(r, node, d, now)))
		return;
	if ((room->kept && zero(r, node, d, now)) || (often(r, 300) && answer_roll(r, node, d)))
		return;
	if (often(r, 12))
		call_roll(r, node);
	else if (often(r, r->conf->week ? 700 : 350))
		(void)mail(r, node);
	else if (often(r, r->conf->week ? 400 : 100))
		(void)keep_promise(r, node);
	else if (often(r, 60))
		(void)telephone(r, node);
	else if (often(r, 70))
		order(r, node);
}

void
duty_act(struct run *r)
{
	for (size_t i = 0; i < world_size(r->w) && *world_wrong(r->w) == '\0'; i++) {
		struct room *room = &r->rooms->v[i];

		if (duty_asleep(r, i))
			continue;
		if (often(r, r->rooms->sleepy)) {
			room->asleep = world_now(r->w) + 5 * MINUTE + below(r, often(r, 300) ? 6 * HOUR : 40 * MINUTE);
			continue;
		}
		if (room->pending != SIZE_MAX && (r->e[room->pending].answered || r->e[room->pending].refused))
			room->pending = SIZE_MAX;
		if (world_station(r->w, i) == NULL)
			continue;
		if (room->pending == SIZE_MAX)
			book(r, i);
		else
			people_ask(r, room->pending);
	}
}
