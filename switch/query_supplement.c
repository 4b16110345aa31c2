/*
 * 补报, in words: casualties that changed after the final report or the archiving (clock_supplement(), Order 493 art. 13).
 *
 * While the window of the rules is open the event is put before people again: reopen it and report, by when.  After it nothing is owed any more, and that
 * is said as well, with the clause: what has changed is entered all the same, and nobody has to wonder why no clock runs.  The words are the same in
 * propose, show, explain and in the answer to whoever has just entered the change.
 */
#include <inttypes.h>
#include <string.h>
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "query_int.h"

#define DAY_MINUTES 1440

/* Without what it adds in brackets, which would stand in brackets here. */
static int
clause_len(const char *clause)
{
	return (int)strcspn(clause, "(");
}

static int64_t
days_of(const struct rules *rules, const struct clock_change *c)
{
	struct deadline d;

	for (size_t i = 0; rules_deadline_at(rules, i, &d); i++)
		if (d.id != NULL && strcmp(d.id, c->rule) == 0)
			return d.minutes / DAY_MINUTES;
	return 0;
}

static void
words(const struct rules *rules, const struct clock_change *c, bool zh, struct buf *out)
{
	int64_t days = days_of(rules, c);
	char end[48] = "";

	if (c->window != 0)
		(void)time_format(c->window, TIME_CLOCK, end, sizeof end);
	if (c->over)
		buf_printf(out, zh ? "终报(归档)后伤亡有变,已过%" PRId64 "日(%.*s):照常登记,不再计补报时限" :
		    "casualties have changed after the final report, and the %" PRId64 " days are over (%.*s): it is entered all the same, no limit runs",
		    days, clause_len(c->clause), c->clause);
	else if (c->window != 0)
		buf_printf(out, zh ? "终报(归档)后伤亡有变:重开、补报,%s前(%.*s)" :
		    "casualties have changed after the final report: reopen and report it by %s (%.*s)", end, clause_len(c->clause), c->clause);
	else
		buf_puts(out, zh ? "终报(归档)后伤亡有变:重开、补报" : "casualties have changed after the final report: reopen and report it");
}

json_t *
query_supplement(const struct query *q, const struct incident *inc)
{
	struct clock_change c;
	struct buf text = { 0 };
	json_t *o;

	if (!clock_supplement(inc, q->self, q->parent, q->level, q->conf->rules, &c))
		return NULL;
	words(q->conf->rules, &c, q->zh, &text);
	o = json_object();
	query_put_id(o, "about", &c.about);
	query_put(o, "at", json_integer(c.at));
	query_put(o, "window", json_integer(c.window));
	query_put(o, "over", json_boolean(c.over));
	query_put_text(o, "rule", c.rule);
	query_put_text(o, "clause", c.clause);
	query_put_text(o, "mark", c.over ? query_say(q, "[window over] ", "[已过补报期] ") : query_say(q, "[reopen? report again] ", "[重开? 补报] "));
	query_put_text(o, "text", buf_cstr(&text));
	buf_free(&text);
	return o;
}

static bool
says_casualties(const struct body *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].field != NULL && (b->v[i].field->flags & FF_CASUALTY) != 0)
			return true;
	return false;
}

void
query_supplement_remark(const struct query_env *env, const struct msgid *id, const struct body *b, const struct msgid *incident, int64_t now,
    query_remark_fn fn, void *ctx)
{
	struct query q;
	struct folded fd;
	struct clock_change c;
	struct buf text = { 0 };

	if (b == NULL || !msgid_is_set(incident) || msgid_cmp(id, incident) == 0 || !says_casualties(b))
		return;
	query_begin(env, now, &q);
	memset(&fd, 0, sizeof fd);
	if (station_fold(q.s, incident, &fd) == 0 && fd.n > 0 &&
	    clock_supplement(fd.incident, q.self, q.parent, q.level, q.conf->rules, &c)) {
		words(q.conf->rules, &c, i18n_zh(), &text);
		fn(ctx, buf_cstr(&text));
	}
	folded_free(&fd);
	buf_free(&text);
}
