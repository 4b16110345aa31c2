/*
 * The shell's main loop.  It owns the event base and everything that hangs on it, and decides nothing: inputs go to the
 * station, the station's effects go to zsock.c and desk.c.
 *
 * The turn.  Input events only note that a turn is wanted; it is run behind all events that were ready in the same
 * pass, so that whatever one pass of the loop brought is one transaction (DESIGN 4.2).  Order: prepare, COMMIT,
 * release, flush.  A COMMIT that fails is unknown, not rolled back (4.3): nothing of the turn leaves, the loop ends
 * with LOOP_REOPEN, and opening the journal anew finds out what is on disk; the same request, repeated, is then answered
 * from there.  How often that is tried, loop_reopen() says.
 *
 * The disk (space.h) is looked at while something is written, and otherwise with the timers that there are: an idle
 * station is not woken for it.
 *
 * The clock told to the station is UTC and never goes back: a small step back is waited out, a larger one ends this
 * life and starts another in the same process (LOOP_AGAIN), because every timer of the old one would stand still until
 * the clock had caught up with itself.
 */
#include "loop.h"
#include "loop_duty.h"
#include "loop_start.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "desk.h"
#include "journal.h"
#include "keep.h"
#include "log.h"
#include "space.h"
#include "station.h"
#include "zsock.h"

#define STEP_BACK_MAX 5000 /* ms of a clock set back that are waited out */
#define WAKE_MAX 30000	   /* ms between looks at the clock, whatever the station wants */
#define REST 20		   /* ms without a turn: what could wait for one is written; the journal does what can wait */
#define LOOK_WRITING 50	   /* ms between looks at the disk while commits come */
#define LOOK_WAKING 2000   /* ms between those a timer brings */

struct loop {
	const struct loop_conf *conf;
	struct event_base *base;
	struct event *sigs[3], *wake, *turn, *rest;
	struct journal *journal;
	struct topology *topology;
	struct station *station;
	struct zsock *z;
	struct desk *desk;
	struct space *space;
	struct keep *keep;
	struct loop_duty *duty;
	int64_t last_now, denied_at;
	int64_t looked;	/* ms monotonic of the last look at the disk */
	int64_t wake_at;	/* ms monotonic the wake timer is set for */
	uint64_t denied_n;
	bool wrote;	/* housekeeping has written */
	bool shorted;	/* room was short when this turn began */
	bool refused;	/* the last reload */
	bool ended;
	int code;
};

static int64_t
clock_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"no clock\"");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
end(struct loop *l, int code)
{
	if (l->ended)
		return;
	l->ended = true;
	l->code = code;
	event_base_loopbreak(l->base);
}

static int64_t
loop_now(struct loop *l)
{
	int64_t now = clock_ms(CLOCK_REALTIME);

	if (now < l->last_now) {
		if (l->last_now - now > STEP_BACK_MAX && !l->ended) {
			log_event(LOG_LV_WARN, "clock", "step_ms=%" PRId64 " what=\"set back; starting over\"",
			    now - l->last_now);
			end(l, LOOP_AGAIN);
		}
		return l->last_now;
	}
	l->last_now = now;
	return now;
}

static void do_alarm(void *ctx, const char *what, const char *detail);
static bool on_busy(void *ctx);

/* ---- the turn ---- */

static void
turn_wanted(struct loop *l)
{
	if (!l->ended)
		event_active(l->turn, EV_TIMEOUT, 0);
}

static void
after(struct event *ev, int64_t ms)
{
	struct timeval tv = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	if (event_add(ev, &tv) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"a timer cannot be set\"");
}

static bool
journal_failed(struct loop *l)
{
	log_event(LOG_LV_ERROR, "journal_failed",
	    "what=\"the journal could not be written; nothing of this turn is sent; it is opened anew and reconciles\"");
	end(l, LOOP_REOPEN);
	return false;
}

/* False when the journal failed: nothing may leave any more. */
static bool
commit(struct loop *l, int64_t now)
{
	bool ok;

	if (station_dirty(l->station) || l->wrote) {
		l->wrote = false;
		station_prepare(l->station, now);
		ok = !l->journal->failed && l->journal->ops->commit(l->journal) == 0;
		station_committed(l->station, now, ok);
		if (!ok)
			return journal_failed(l);
	}
	return l->journal->failed ? journal_failed(l) : true;
}

/* ---- the disk ---- */

static unsigned long long
free_mb(const struct loop *l)
{
	return (unsigned long long)(space_free_bytes(l->space) >> 20);
}

/* The station raises the alarm when it gets worse; that it is over is ours to say. */
static void
room_tell(struct loop *l, int64_t now, int before)
{
	int lowest = space_lowest(l->space);
	const struct enum_name *e = enum_by_value("precedence", lowest);
	char detail[256];

	log_event(lowest > before ? LOG_LV_INFO : LOG_LV_WARN, "room", "lowest=%d was=%d free_mb=%llu", lowest, before, free_mb(l));
	station_room(l->station, now, lowest);
	if (lowest <= before)
		return;
	if (lowest == PREC_ROUTINE)
		(void)snprintf(detail, sizeof(detail), "%s", _("the disk has room again: everything is taken"));
	else
		(void)snprintf(detail, sizeof(detail), _("the disk has more room: %s is taken again"), e != NULL ? _(e->label) : "?");
	do_alarm(l, "disk", detail);
}

static void
room_look(struct loop *l, int64_t now, int64_t pause)
{
	int64_t mono = clock_ms(CLOCK_MONOTONIC);
	int before = space_lowest(l->space);

	if (l->looked != 0 && mono - l->looked < pause)
		return;
	l->looked = mono;
	if (space_look(l->space))
		room_tell(l, now, before);
}

/* A timer that is due sooner is left: put off by every turn, it would never come while one follows the other. */
static void
wake_arm(struct loop *l, int64_t now)
{
	int64_t wake = station_wake(l->station), search = station_search_wake(l->station), again = space_again(l->space), at;

	if (search < wake)
		wake = search;
	wake = wake - now > WAKE_MAX ? WAKE_MAX : wake - now;
	if (again < wake)
		wake = again;
	if (wake < 1)
		wake = 1;
	at = clock_ms(CLOCK_MONOTONIC) + wake;
	if (at >= l->wake_at)
		return;
	l->wake_at = at;
	after(l->wake, wake);
}

static void
turn(struct loop *l)
{
	int64_t now = loop_now(l);
	bool wrote = station_dirty(l->station) || l->wrote;

	if (l->ended)
		return;
	l->shorted = space_lowest(l->space) != PREC_ROUTINE;
	/* Before the write, so that the ballast gives way to it; every time once room is short. */
	if (wrote)
		room_look(l, now, space_lowest(l->space) == PREC_ROUTINE ? LOOK_WRITING : 0);
	if (!commit(l, now))
		return;
	keep_committed(l->keep);
	/* The desks first: an answer does not wait for what goes to the neighbours. */
	desk_committed(l->desk);
	station_flush(l->station, now);
	wake_arm(l, now);
	/* What the release itself wrote goes with the next turn, after a look at the other descriptors. */
	if (station_dirty(l->station) || l->wrote)
		after(l->turn, 0);
	if (wrote)
		after(l->rest, REST);
}

static void
rest_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	if (l->ended)
		return;
	if (on_busy(l))
		turn(l);
	else
		l->journal->ops->idle(l->journal, loop_now(l));
}

static void
turn_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	turn(arg);
}

static void
wake_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	if (l->ended)
		return;
	l->wake_at = INT64_MAX;
	room_look(l, loop_now(l), space_again(l->space) < LOOK_WAKING ? 0 : LOOK_WAKING);
	station_tick(l->station, loop_now(l));
	if (!on_busy(l))
		(void)station_search_step(l->station, loop_now(l));
	turn(l);
}

/* ---- the station's effects ---- */

static void
do_connect(void *ctx, const char *peer)
{
	struct loop *l = ctx;
	const struct neighbour *n = topology_find(l->topology, peer);
	struct fault f = {0};

	/* Not even tried: the link's own patience runs out and tries again. */
	if (n != NULL && n->endpoint[0] != '\0' && zsock_connect(l->z, n, &f) == 0)
		log_event(LOG_LV_WARN, "connect", "peer=%s why=%s", log_quote(peer), log_quote(f.text));
}

static void
do_close(void *ctx, const char *peer)
{
	zsock_close(((struct loop *)ctx)->z, peer);
}

static void
do_send(void *ctx, const char *peer, uint64_t conn, const void *frame, size_t len)
{
	if (!zsock_send(((struct loop *)ctx)->z, peer, conn, frame, len))
		log_event(LOG_LV_DEBUG, "send_lost", "peer=%s conn=%" PRIu64 " bytes=%zu", log_quote(peer), conn, len);
}

static void
do_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct loop *l = ctx;
	struct fault told;

	/* Refused for now, while the disk is short: with the figure that people will ask for. */
	if (f != NULL && f->code == EX_TEMPFAIL && l->shorted) {
		told = *f;
		(void)fault_set(&told, f->code, f->field, _("%s (%llu MB free)"), f->text, free_mb(l));
		f = &told;
	}
	desk_reply(l->desk, ticket, id, duplicate, f);
}

static void
do_push(void *ctx, uint64_t revision)
{
	struct loop *l = ctx;

	if (l->desk != NULL)
		desk_push(l->desk, revision);
}

static void
do_alarm(void *ctx, const char *what, const char *detail)
{
	struct loop *l = ctx;
	char text[600];

	if (strcmp(what, "disk") == 0) {
		(void)snprintf(text, sizeof(text), _("%s (%llu MB free)"), detail, free_mb(l));
		detail = text;
	}
	log_event(LOG_LV_WARN, "alarm", "what=%s detail=%s", log_quote(what), log_quote(detail));
	if (l->desk != NULL)
		desk_alarm(l->desk, loop_now(l), what, detail);
}

static const struct station_ops station_effects = {do_connect, do_close, do_send, do_reply, do_push, do_alarm};

/* ---- inputs ---- */

static void
on_frame(void *ctx, const char *peer, uint64_t conn, const void *frame, size_t len)
{
	struct loop *l = ctx;

	if (!l->ended)
		station_frame(l->station, loop_now(l), peer, conn, frame, len);
}

static void
on_connected(void *ctx, const char *peer, uint64_t conn)
{
	struct loop *l = ctx;

	if (!l->ended)
		station_connected(l->station, loop_now(l), peer, conn);
}

static void
on_disconnected(void *ctx, const char *peer, uint64_t conn)
{
	struct loop *l = ctx;

	if (!l->ended)
		station_disconnected(l->station, loop_now(l), peer, conn);
}

static void
on_turn_end(void *ctx)
{
	turn_wanted(ctx);
}

/* A stranger who tries all day shall not fill the log: one line in ten seconds, with how many there were. */
static void
on_denied(void *ctx, const char *what)
{
	struct loop *l = ctx;
	int64_t now = clock_ms(CLOCK_MONOTONIC);

	l->denied_n++;
	if (l->denied_at != 0 && now - l->denied_at < 10000)
		return;
	log_event(LOG_LV_WARN, "denied", "what=%s so_far=%" PRIu64, log_quote(what), l->denied_n);
	l->denied_at = now;
}

/* That a neighbour has what we sent it may be written with the next turn: a COMMIT of its own would hold up the next hop's on a disk they
 * share, or the next report's here.  Until then it is only known less well. */
static void
on_frames_end(void *ctx)
{
	struct loop *l = ctx;

	if (l->ended)
		return;
	if (l->wrote || !station_can_wait(l->station))
		turn_wanted(l);
	else if (!evtimer_pending(l->rest, NULL))
		after(l->rest, REST);
}

static const struct zsock_ops zsock_inputs = {on_frame, on_connected, on_disconnected, on_frames_end, on_denied};

static int64_t
on_now(void *ctx)
{
	return loop_now(ctx);
}

static int
on_reload(void *ctx, struct fault *f)
{
	struct loop *l = ctx;
	struct topology *t = xcalloc(1, sizeof(*t)), *old = l->topology;
	struct rules *rules = NULL;
	bool again = l->refused || l->conf->dir->rules_fault[0] != '\0';
	char text[1024];

	/* Whoever asked for it: the desk hears of it, and hears when it has been put right. */
	if (loop_reread(l->conf, t, &rules, f) != 0) {
		l->refused = true;
		do_alarm(l, "reload", fault_format(f, text, sizeof(text)));
		free(t);
		return -1;
	}
	l->refused = false;
	l->topology = t;
	zsock_allow(l->z, t);
	station_reload(l->station, loop_now(l), t);
	topology_free(old);
	free(old);
	if (rules != NULL) {
		station_rules(l->station, loop_now(l), rules);
		l->conf->in_force(l->conf->ctx, rules);
	}
	log_event(LOG_LV_INFO, "reload", "ok=1 neighbours=%zu", t->count);
	if (again)
		do_alarm(l, "reload", _("what was refused has been put right: the settings are read again and in force"));
	loop_duty_reload(l->duty);
	turn_wanted(l);
	return 0;
}

static int
on_backup(void *ctx, uint64_t ticket, const char *path, struct fault *f)
{
	return keep_backup(((struct loop *)ctx)->keep, ticket, path, f);
}

static const struct desk_ops desk_inputs = {on_now, on_reload, on_turn_end, on_backup};

/* ---- housekeeping ---- */

static bool
on_busy(void *ctx)
{
	struct loop *l = ctx;

	return station_dirty(l->station) || l->wrote;
}

static void
on_wrote(void *ctx)
{
	((struct loop *)ctx)->wrote = true;
	turn_wanted(ctx);
}

static int64_t
on_idle(void *ctx, bool *wrote)
{
	int64_t next = desk_idle(((struct loop *)ctx)->desk, wrote);

	return *wrote ? next : loop_duty_idle(((struct loop *)ctx)->duty, next, wrote);
}

static void
on_done(void *ctx, uint64_t ticket, json_t *answer, const struct fault *f)
{
	desk_answer(((struct loop *)ctx)->desk, ticket, answer, f);
}

static const struct loop_duty_ops duty_effects = {on_now, do_alarm, on_wrote};

static const struct keep_ops keep_effects = {on_now, on_busy, on_wrote, do_alarm, on_done, on_idle};

static void
signal_cb(evutil_socket_t sig, short what, void *arg)
{
	struct loop *l = arg;
	struct fault f = {0};
	int64_t now;

	(void)what;
	if (l->ended)
		return;
	if (sig == SIGHUP) {
		if (l->conf->hup != NULL)
			l->conf->hup(l->conf->ctx);
		(void)on_reload(l, &f);	/* nobody waits for an answer: people hear of it at the desk */
		return;
	}
	log_event(LOG_LV_INFO, "stop", "signal=%d", (int)sig);
	now = loop_now(l);
	if (commit(l, now)) {
		station_stop(l->station, now);
		if (commit(l, now))
			station_flush(l->station, now);
	}
	end(l, 0);
}

/* ---- life ---- */

static int
events_open(struct loop *l, struct fault *f)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

	if ((l->base = event_base_new()) == NULL)
		return fault_set(f, EX_OSERR, "", _("no event loop: %s"), strerror(errno));
	l->wake = evtimer_new(l->base, wake_cb, l);
	l->turn = evtimer_new(l->base, turn_cb, l);
	l->rest = evtimer_new(l->base, rest_cb, l);
	if (l->wake == NULL || l->turn == NULL || l->rest == NULL)
		return fault_set(f, EX_OSERR, "", _("no event loop: %s"), strerror(errno));
	for (size_t i = 0; i < 3; i++)
		if ((l->sigs[i] = evsignal_new(l->base, numbers[i], signal_cb, l)) == NULL ||
		    event_add(l->sigs[i], NULL) != 0)
			return fault_set(f, EX_OSERR, "", _("no event loop: %s"), strerror(errno));
	return 0;
}

static int
station_open(struct loop *l, struct fault *f)
{
	const struct stationdir *dir = l->conf->dir;
	bool fresh = stationdir_fresh(dir);
	struct station_conf conf;

	if ((l->journal = loop_journal(dir, fresh, &l->space, f)) == NULL)
		return -1;
	if (!fresh && l->journal->ops->chain_seq(l->journal) == 0) {
		fault_set(f, EX_DATAERR, "", _("the journal is empty, and this station has been at work: restore it"));
		fault_at(f, dir->journal, 0);
		return -1;
	}
	loop_settings(l->conf, l->topology, &conf);
	if ((l->station = station_new(&conf, l->journal, loop_now(l), &station_effects, l, f)) == NULL)
		return -1;
	/* The epoch has to be on disk before the first message can be numbered in it. */
	if (l->journal->failed || l->journal->ops->commit(l->journal) != 0) {
		fault_set(f, EX_IOERR, "", _("the journal cannot be written"));
		fault_at(f, dir->journal, 0);
		return -1;
	}
	station_committed(l->station, loop_now(l), true);
	return fresh ? stationdir_used(dir, f) : 0;
}

static int
network_open(struct loop *l, struct fault *f)
{
	const struct stationdir *dir = l->conf->dir;

	if ((l->z = zsock_new(l->base, dir->public_key, dir->secret_key, &zsock_inputs, l, f)) == NULL)
		return -1;
	zsock_allow(l->z, l->topology);
	return dir->listen[0] != '\0' ? zsock_bind(l->z, dir->listen, f) : 0;
}

static void
keep_open(struct loop *l)
{
	struct keep_conf conf = {.base = l->base, .dir = l->conf->dir, .journal = l->journal, .day_begins = DAY_BEGINS,
	    .reserve = space_bounds(l->space)->need[PREC_ROUTINE]};

	l->keep = keep_new(&conf, &keep_effects, l);
}

int
loop_serve(const struct loop_conf *conf, struct fault *f)
{
	struct loop *l = xcalloc(1, sizeof(*l));
	int code;

	l->conf = conf;
	l->wake_at = INT64_MAX;
	l->topology = xcalloc(1, sizeof(*l->topology));
	if (loop_topology(conf->dir, l->topology, f) != 0 || events_open(l, f) != 0 || station_open(l, f) != 0 ||
	    network_open(l, f) != 0 || (l->desk = desk_new(l->base, conf->dir, l->station, &desk_inputs, l, f)) == NULL)
		goto out;
	l->duty = loop_duty_new(l->base, conf->dir, l->station, l->desk, &duty_effects, l);
	if (conf->dir->rules_fault[0] != '\0')
		do_alarm(l, "rules", conf->dir->rules_fault);
	keep_open(l);
	room_look(l, loop_now(l), 0);
	station_start(l->station, loop_now(l));
	station_rules(l->station, loop_now(l), conf->rules);	/* others than at the last run: recorded */
	turn(l);
	if (!l->ended) {
		log_event(LOG_LV_INFO, "ready", "station=%s epoch=%" PRIu64 " endpoint=%s neighbours=%zu pid=%ld",
		    conf->dir->station, station_epoch(l->station), log_quote(zsock_endpoint(l->z)), l->topology->count,
		    (long)getpid());
		if (conf->ready != NULL)
			conf->ready(conf->ctx, zsock_endpoint(l->z));
		if (event_base_dispatch(l->base) < 0)
			end(l, EX_OSERR);
	}
	log_event(LOG_LV_INFO, "stopped", "code=%d", l->code);
out:
	code = l->ended ? l->code : f->code != 0 ? f->code : EX_SOFTWARE;
	/* Desks first: they look into the station; then the sockets, so that the last frames have gone before the
	 * journal closes. */
	keep_free(l->keep);
	loop_duty_free(l->duty);
	desk_free(l->desk);
	zsock_free(l->z);
	station_free(l->station);
	if (l->journal != NULL)
		l->journal->ops->close(l->journal);
	space_free(l->space);
	for (size_t i = 0; i < 3; i++)
		if (l->sigs[i] != NULL)
			event_free(l->sigs[i]);
	if (l->wake != NULL)
		event_free(l->wake);
	if (l->turn != NULL)
		event_free(l->turn);
	if (l->rest != NULL)
		event_free(l->rest);
	if (l->base != NULL) {
		/* libevent finishes freed bufferevents in the loop: without this pass their descriptors would stay open. */
		(void)event_base_loop(l->base, EVLOOP_NONBLOCK);
		event_base_free(l->base);
	}
	topology_free(l->topology);
	free(l->topology);
	free(l);
	return code;
}
