/*
 * The duty clockwork on the loop.
 *
 * Between turns, two things in this order: what was committed is handed to the outlet, and what rings now is written.  The plan is made anew when
 * something was written since, and when the time has come that the last one named: an idle station does nothing in between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "duty_chase.h"
#include "log.h"
#include "loop_duty.h"
#include "outlet_feed.h"
#include "station_chase.h"

#define SOON_MOST 20	/* ms: when the readers want to go on sooner, they have more to prepare */
#define PRIME_MOST 2000	/* ms the readers' preparing may hold the clockwork up */

struct loop_duty {
	const struct loop_duty_ops *ops;
	void *ctx;
	struct station *station;
	struct desk *desk;
	struct outlet *outlet;
	struct outlet_feed *feed;
	uint64_t seq;		/* of the chain, at the last plan */
	int64_t next;		/* ms UTC of the next, 0: at once */
	int64_t last;		/* ms UTC of the last one */
};

static int64_t
on_now(void *ctx)
{
	struct loop_duty *l = ctx;

	return l->ops->now(l->ctx);
}

static void
on_alarm(void *ctx, const char *what, const char *detail)
{
	struct loop_duty *l = ctx;

	l->ops->alarm(l->ctx, what, detail);
}

static void
told(struct loop_duty *l, const struct fault *f, int rc)
{
	if (rc != 0)
		log_event(LOG_LV_WARN, "outlet", "what=\"not in the duty log\" why=%s", log_quote(f->text));
	l->ops->wrote(l->ctx);
}

static void
on_said(void *ctx, const char *name, bool ok, const char *detail)
{
	struct loop_duty *l = ctx;
	struct fault f = {0};
	char text[600];

	if (ok)
		(void)snprintf(text, sizeof text, _("the alarm outlet %s works again"), name);
	else
		(void)snprintf(text, sizeof text, _("the alarm outlet %s fails: %s"), name, detail);
	told(l, &f, station_log(l->station, on_now(l), DUTY_LOG_OUTLET, text, &f));
}

static void
on_tested(void *ctx, const char *name, bool ok, const char *detail, const char *person)
{
	struct loop_duty *l = ctx;
	struct fault f = {0};
	char what[64];

	(void)snprintf(what, sizeof what, "outlet %s", name);
	told(l, &f, station_log_test(l->station, on_now(l), what, ok, detail, person, &f));
}

static const struct outlet_ops outlet_effects = {on_now, on_alarm, on_said, on_tested};

struct loop_duty *
loop_duty_new(struct event_base *base, const struct stationdir *dir, struct station *s, struct desk *desk, const struct loop_duty_ops *ops,
    void *ctx)
{
	struct loop_duty *l = xcalloc(1, sizeof *l);
	struct fault f = {0};
	char text[700];

	l->ops = ops;
	l->ctx = ctx;
	l->station = s;
	l->desk = desk;
	l->feed = outlet_feed_new();
	if ((l->outlet = outlet_new(base, dir, &outlet_effects, l, &f)) == NULL)
		on_alarm(l, "outlet", fault_format(&f, text, sizeof text));
	desk_outlet(desk, l->outlet);
	return l;
}

void
loop_duty_free(struct loop_duty *l)
{
	if (l == NULL)
		return;
	desk_outlet(l->desk, NULL);
	outlet_free(l->outlet);
	outlet_feed_free(l->feed);
	free(l);
}

void
loop_duty_reload(struct loop_duty *l)
{
	if (l->outlet != NULL)
		outlet_reload(l->outlet);
	l->next = 0;
}

int64_t
loop_duty_idle(struct loop_duty *l, int64_t readers, bool *wrote)
{
	struct journal *j = station_journal(l->station);
	int64_t now = on_now(l), wait;
	struct query_env env;

	if (j->failed || (readers <= SOON_MOST && now - l->last < PRIME_MOST))
		return readers;
	desk_env(l->desk, &env);
	if (l->outlet != NULL)
		outlet_feed(l->feed, &env, l->outlet, now, wrote);
	if (!*wrote && (j->ops->chain_seq(j) != l->seq || now >= l->next)) {
		l->seq = j->ops->chain_seq(j);
		l->last = now;
		wait = duty_chase(&env, now, wrote);
		l->next = now + wait;
	}
	wait = l->next > now ? l->next - now : 1;
	return wait < readers ? wait : readers;
}
