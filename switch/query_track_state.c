/*
 * A directive and its addressees, judged: what is still awaited of each of them by the clocks, and the word for where it stands.
 *
 * The clocks are those of clock_await.c, computed anew; which word it is follows from them, from what was done and said, and from whether the
 * station can be reached at all.
 */
#include <string.h>
#include "presence.h"
#include "query_track.h"

struct await {
	struct track_row *r;
	int64_t now;
};

static void
await_add(void *ctx, const struct owed_item *it)
{
	struct await *a = ctx;
	int64_t *due = it->what == OWED_AWAIT_SIGN ? &a->r->sign_due : it->what == OWED_AWAIT_FEEDBACK ? &a->r->feedback_due : NULL;

	if (due == NULL || it->met != 0)
		return;
	if (*due == 0 || it->due < *due)
		*due = it->due;
	a->r->lapsed |= clock_lapsed(it, a->now);
}

static int
done_of(const struct track_row *r)
{
	int done = r->delivery.state == DLV_RETURNED && r->delivery.delivered != 0 ? ACT_RETURNED :
	    r->delivery.taken != 0 ? ACT_TAKEN : r->delivery.signed_ != 0 ? ACT_SIGNED : r->delivery.read != 0 ? ACT_READ :
	    r->delivery.delivered != 0 ? ACT_DELIVERED : 0;

	return done != ACT_RETURNED && r->proxy.act > done ? r->proxy.act : done;
}

static bool
phone_only(const struct query *q, const char *station)
{
	const struct neighbour *n = topology_find(q->conf->topology, station);

	return n != NULL && n->role == ROLE_PHONE;
}

/* Of what was to be moved less has been than of the time has gone. */
static bool
behind(const struct query *q, const struct track *t, const struct track_row *r)
{
	static const uint32_t pairs[][2] = { { F_TO_MOVE, F_MOVED }, { F_TO_MOVE_HH, F_MOVED_HH } };

	if (t->due <= t->sent || q->now <= t->sent)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const struct track_figure *all = track_figure(r, pairs[i][0]), *part = track_figure(r, pairs[i][1]);
		double gone = (double)(q->now - t->sent) / (double)(t->due - t->sent);

		if (all != NULL && part != NULL && all->fig.q != FIG_UNKNOWN && part->fig.q != FIG_UNKNOWN && all->fig.n > 0)
			return (double)part->fig.n / (double)all->fig.n < (gone < 1 ? gone : 1);
	}
	return false;
}

static const char *
state_of(struct query *q, const struct track *t, const struct track_row *r)
{
	int done = done_of(r);
	bool phone = phone_only(q, r->to), dark;
	struct presence p;

	if (t->revoked)
		return "revoked";
	if (r->finished)
		return r->progress == PROGRESS_CANNOT ? "cannot" : "done";
	if (done == ACT_RETURNED)
		return "returned";
	memset(&p, 0, sizeof p);
	station_presence(q->s, q->now, r->to, &p);
	dark = p.state == PRESENCE_DOWN || p.state == PRESENCE_NO_SEAT;
	phone |= p.state == PRESENCE_PHONE;
	if (r->feedback_due != 0 && r->feedback_due < q->now && (phone || done >= ACT_SIGNED || r->answered))
		return "late";
	if (phone)
		return done >= ACT_SIGNED || r->answered ? "normal" : "phone";
	if (done < ACT_DELIVERED && !r->answered && (dark || (r->sign_due != 0 && r->sign_due < q->now)))
		return "undelivered";
	if (done < ACT_SIGNED && !r->answered && r->sign_due != 0 && r->sign_due < q->now)
		return "unsigned";
	if (r->feedback_due != 0 && r->feedback_due < q->now)
		return "late";
	for (size_t i = 0; i < r->nfig; i++)
		if (r->fig[i].old)
			return "slow";
	return behind(q, t, r) ? "slow" : "normal";
}

const char *
track_state_name(const struct query *q, const char *state)
{
	static const struct { const char *name, *en, *zh; } words[] = {
		{ "normal", "normal", "正常" },
		{ "slow", "slow", "慢" },
		{ "undelivered", "not delivered: telephone", "未达 改电话" },
		{ "unsigned", "not signed: telephone", "未签 改电话" },
		{ "late", "overdue, not done", "超时 未办" },
		{ "done", "done", "已办结" },
		{ "cannot", "cannot be done", "办不到" },
		{ "returned", "returned", "退回" },
		{ "revoked", "taken back", "收回" },
		{ "phone", "telephone (no terminal)", "电话(无终端)" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].name, state) == 0)
			return query_say(q, words[i].en, words[i].zh);
	return state;
}

bool
track_late(const struct track_row *r)
{
	return strcmp(r->state, "late") == 0 || strcmp(r->state, "undelivered") == 0 || strcmp(r->state, "unsigned") == 0;
}

bool
track_open(const struct track *t, const struct track_row *r)
{
	return !t->revoked && !r->finished && strcmp(r->state, "returned") != 0 &&
	    (t->b == NULL || incident_addressed(t->b, r->to, false));
}

void
track_judge(struct query *q, struct track *t, struct track_row *r)
{
	struct await a = { .r = r, .now = q->now };
	struct clock_sent sent = { .id = t->id, .incident = t->m.incident, .sent = t->sent, .body = t->b, .to = r->to, .done = done_of(r),
		.answered = r->answered, .old = r->old, .finished = r->finished, .promised = r->promised, .last_feedback = r->said,
		.person = r->person[0] != '\0' ? r->person : NULL };

	/* A figure holds for the interval that was set; without one until the time that was promised. */
	for (size_t i = 0; i < r->nfig; i++) {
		int64_t until = t->every != 0 ? r->fig[i].asof + t->every : r->promised > r->fig[i].asof ? r->promised : 0;

		r->fig[i].old = !r->finished && until != 0 && until < q->now;
	}
	if (t->b != NULL && !t->revoked && incident_addressed(t->b, r->to, false))
		clock_awaited(&sent, q->level, q->conf->rules, await_add, &a);
	r->state = state_of(q, t, r);
}
