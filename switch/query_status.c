/*
 * The station's state in figures, and the check of everything kept.
 *
 * Of all queries verify alone writes: what it finds wrong in the cache of the folds it mends.
 */
#include <string.h>
#include <unistd.h>
#include "duty.h"
#include "foldcache.h"
#include "presence.h"
#include "query_chase.h"
#include "query_live.h"

/* ---- status ---- */

/* One direction's continuous numbers (station.h). */
static void
put_line(const struct query *q, json_t *o, const char *member, const char *peer, bool out)
{
	struct line_status ls;
	json_t *l;

	if (!station_line_status(q->s, peer, out, &ls))
		return;
	l = json_object();
	query_put(l, "stream", json_integer((json_int_t)ls.stream));
	query_put(l, "last", json_integer((json_int_t)ls.last));
	query_put(l, "missing", json_integer((json_int_t)ls.missing));
	query_put(l, "first_missing", json_integer((json_int_t)ls.first_missing));
	query_put(l, "missing_since", json_integer(ls.missing_since));
	query_put(l, "closed", json_integer((json_int_t)ls.closed));
	query_put(l, "closed_at", json_integer(ls.closed_at));
	query_put(l, "differs", json_boolean(ls.differs));
	if (!out)
		query_put(l, "beyond", json_integer((json_int_t)ls.beyond));
	query_put(o, member, l);
}

/* Is anybody there?  By its own word, or by what has come from there. */
static void
put_presence(const struct query *q, json_t *o, const char *station)
{
	struct presence pr;
	char text[128];

	station_presence(q->s, q->now, station, &pr);
	query_put_text(o, "presence", presence_ascii(pr.state));
	query_put_text(o, "presence_name", presence_text(&pr, q->now, q->zh, text, sizeof text));
	query_put(o, "presence_since", json_integer(pr.since));
	query_put(o, "last_key", json_integer(pr.last_key));
	query_put(o, "hosted", json_boolean(pr.hosted));
	query_put_text(o, "on_duty", pr.on_duty);
	query_put(o, "due_handover", json_integer(pr.due_handover));
}

/* Neighbours whose clocks are off by more than the rules allow. */
static json_t *
clocks_json(const struct query *q)
{
	const struct topology *t = q->conf->topology;
	json_t *a = json_array();

	for (size_t i = 0; t != NULL && i < t->count; i++) {
		json_t *o;
		int64_t diff;
		char name[160];

		if (!presence_clock_off(q->s, t->n[i].station, &diff))
			continue;
		o = json_object();
		query_put_text(o, "station", t->n[i].station);
		query_put_text(o, "name", t->n[i].name[0] != '\0' ? t->n[i].name : query_station(q, t->n[i].station, name, sizeof name));
		query_put(o, "diff", json_integer(diff));
		(void)json_array_append_new(a, o);
	}
	return a;
}

static json_t *
link_json(const struct query *q, const struct neighbour *n)
{
	static const struct { const char *name, *en, *zh; } states[] = {
		[LINK_IDLE] = { "idle", "down", "断" },
		[LINK_CONNECTING] = { "connecting", "connecting", "连接中" },
		[LINK_UP] = { "up", "up", "通" },
		[LINK_UP + 1] = { "phone", "telephone", "电话" },
	};
	struct link_status ls;
	json_t *o = json_object(), *queued = json_array(), *oldest = json_array();
	size_t s;

	memset(&ls, 0, sizeof ls);
	ls.rtt = -1;
	ls.clock_diff = INT64_MIN;
	(void)station_link_status(q->s, n->station, &ls);
	s = n->role == ROLE_PHONE ? LINK_UP + 1 : ls.state <= LINK_UP ? (size_t)ls.state : LINK_IDLE;
	query_put_text(o, "station", n->station);
	query_put_text(o, "name", n->name);
	query_put_text(o, "role", role_name(n->role));
	query_put_text(o, "state", states[s].name);
	query_put_text(o, "state_name", query_say(q, states[s].en, states[s].zh));
	query_put(o, "since", json_integer(ls.since));
	query_put(o, "rtt", json_integer(ls.rtt));
	query_put(o, "clock_diff", ls.clock_diff == INT64_MIN ? json_null() : json_integer(ls.clock_diff));
	for (int p = PREC_FLASH; p <= PREC_ROUTINE; p++) {
		(void)json_array_append_new(queued, json_integer((json_int_t)ls.queued[p]));
		(void)json_array_append_new(oldest, json_integer(ls.oldest[p]));
	}
	query_put(o, "queued", queued);
	query_put(o, "oldest", oldest);
	query_put(o, "version", json_integer(ls.version));
	query_put(o, "sessions", json_integer((json_int_t)ls.sessions));
	put_presence(q, o, n->station);
	put_line(q, o, "out", n->station, true);
	put_line(q, o, "in", n->station, false);
	query_put(o, "in_flight", json_integer((json_int_t)ls.in_flight));
	query_put(o, "last_heard", json_integer(ls.last_heard));
	query_put_text(o, "why", ls.why);
	return o;
}

/* The least urgent precedence that is taken; 0: none. */
static void
put_room(const struct query *q, json_t *o)
{
	int lowest = station_room_lowest(q->s);
	char word[64];

	query_put(o, "room", json_integer(lowest));
	query_put_text(o, "room_name", lowest >= PREC_ROUTINE ? query_say(q, "all is taken", "全部接收") :
	    lowest < PREC_FLASH ? query_say(q, "nothing is taken", "停止接收") :
	    query_word(q, "precedence", lowest, word, sizeof word));
}

json_t *
query_status(struct query *q)
{
	const struct topology *t = q->conf->topology;
	struct journal_counts c;
	const struct duty *duty;
	struct live *l;
	char name[160];
	json_t *o, *links;

	if (q->j->ops->counts(q->j, &c) == -1 || (l = live_get(q)) == NULL)
		return query_unreadable(q);
	o = json_object();
	links = json_array();
	for (size_t i = 0; t != NULL && i < t->count; i++)
		(void)json_array_append_new(links, link_json(q, &t->n[i]));
	query_put_text(o, "station", q->self);
	query_put_text(o, "name", q->env->dir != NULL && q->env->dir->name[0] != '\0' ? q->env->dir->name :
	    query_station(q, q->self, name, sizeof name));
	query_put_text(o, "level", q->level);
	query_put(o, "rev", json_integer((json_int_t)station_revision(q->s)));
	query_put(o, "now", json_integer(q->now));
	query_put(o, "epoch", json_integer((json_int_t)station_epoch(q->s)));
	query_put(o, "links", links);
	query_put(o, "hosted", json_boolean(q->conf->hosted));
	query_put(o, "attended", json_boolean(station_is_attended(q->s, q->now)));
	put_room(q, o);
	query_put(o, "clock_warn", clocks_json(q));
	query_put(o, "seat_seconds", json_integer(rules_number(q->conf->rules, NUMBER_SEAT_SECONDS)));
	query_put(o, "outbox", json_integer((json_int_t)c.outbox));
	query_put(o, "no_path", json_integer((json_int_t)c.no_path));
	query_put(o, "open_deliveries", json_integer((json_int_t)c.open));
	query_put(o, "returned", json_integer((json_int_t)c.returned));
	query_put(o, "quarantine", json_integer((json_int_t)q->j->ops->quarantine_count(q->j)));
	query_put(o, "messages", json_integer((json_int_t)c.messages));
	query_put(o, "alarms", q->env->alarms != NULL ? json_deep_copy(q->env->alarms) : json_array());
	query_put(o, "incidents", json_integer((json_int_t)l->open));
	query_put(o, "unsigned", json_integer((json_int_t)l->unsigned_));
	query_put(o, "drafts", json_integer((json_int_t)c.drafts));
	query_put_chases(q, o);
	query_put(o, "rules_old", json_boolean(q->env->dir != NULL && q->env->dir->rules_fault[0] != '\0'));
	query_put_text(o, "rules_fault", q->env->dir != NULL ? q->env->dir->rules_fault : "");
	if ((duty = station_duty(q->s)) != NULL)
		query_put(o, "on_duty", query_on_duty(q, duty));
	query_put(o, "duty_remarks", query_duty_remark_list(q));
	query_put(o, "pid", json_integer((json_int_t)getpid()));
	return o;
}

/* ---- verify ---- */

/* The cache is disposable: what differs from the messages is made again of them at once.  Where the messages themselves
 * do not verify, an old row may be the last to say what one of them said: it stays, and missing ones only are made. */
json_t *
query_verify(struct query *q)
{
	struct foldcache_result folds;
	struct journal_verify v;
	json_t *o;

	memset(&v, 0, sizeof v);
	if (q->j->ops->verify(q->j, q->self, &v) == -1)
		return query_unreadable(q);
	if (foldcache_mend(q->s, q->now, v.bad[0] == '\0' ? FOLDCACHE_ALL : FOLDCACHE_ADD, &folds) == -1)
		return query_unreadable(q);
	o = json_object();
	query_put(o, "messages", json_integer((json_int_t)v.messages));
	query_put(o, "chain", json_integer((json_int_t)v.chain));
	query_put(o, "deliveries", json_integer((json_int_t)v.deliveries));
	query_put(o, "outbox", json_integer((json_int_t)v.outbox));
	query_put(o, "blobs", json_integer((json_int_t)v.blobs));
	query_put(o, "destroyed", json_integer((json_int_t)v.destroyed));
	query_put_text(o, "bad", v.bad);
	foldcache_answer(o, &folds);
	return o;
}
