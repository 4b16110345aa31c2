/*
 * The alarm outlet: which job goes to which outlet when, and what came of it.
 *
 * A job is one file for one outlet (outlet_spool.c) from the moment it is rung until it is done or given up; memory holds only where each stands.  So a
 * switch that is killed goes on where it was: what was being rung is rung again.  Two run at a time, one an outlet, the more urgent first; what fails is
 * tried again after growing pauses.  People are told when an outlet begins to fail and when it works again, not each time.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "log.h"
#include "outlet_int.h"

static const int64_t pauses[] = {5000, 30000, 120000, 300000}; /* ms before the next try; then it is given up */
#define TRIES (sizeof pauses / sizeof pauses[0] + 1)
#define ALARM "outlet"

static void outlet_arm(struct outlet *);

static int64_t
now_ms(const struct outlet *o)
{
	return o->ops->now(o->ctx);
}

static struct outlet_def *
def_of(struct outlet *o, const char *name)
{
	for (size_t i = 0; i < o->defs.n; i++)
		if (strcmp(o->defs.v[i].name, name) == 0)
			return &o->defs.v[i];
	return NULL;
}

static void
alarm_row(struct outlet *o, const char *text)
{
	o->ops->alarm(o->ctx, ALARM, text);
}

/* ---- jobs in memory ---- */

static struct outlet_job *
job_add(struct outlet *o, const char *id, const char *name, int tier)
{
	struct outlet_job *j = xcalloc(1, sizeof *j), **at = &o->jobs;

	(void)snprintf(j->id, sizeof j->id, "%s", id);
	(void)snprintf(j->name, sizeof j->name, "%s", name);
	j->tier = tier;
	j->at = 0;
	while (*at != NULL)
		at = &(*at)->next;
	*at = j;
	return j;
}

static void
job_drop(struct outlet *o, struct outlet_job *j)
{
	struct outlet_job **at = &o->jobs;

	assert(!j->running);
	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	free(j);
}

static int
tier_of(const json_t *job)
{
	const char *s = json_string_value(json_object_get(job, "tier"));
	const struct enum_name *e = s != NULL ? enum_by_name("precedence", s) : NULL;

	return e != NULL ? e->value : PREC_ROUTINE;
}

/* Left in the spool by a life before this one. */
static void
found(void *ctx, const char *id, const char *name, const json_t *job)
{
	struct outlet *o = ctx;

	for (const struct outlet_job *j = o->jobs; j != NULL; j = j->next)
		if (strcmp(j->id, id) == 0 && strcmp(j->name, name) == 0)
			return;
	if (json_is_true(json_object_get(job, "test"))) /* who waited for it is gone */
		spool_remove(o->dir, id, name);
	else if (job == NULL || def_of(o, name) == NULL) {
		log_event(LOG_LV_WARN, "outlet", "job=%s outlet=%s why=\"no such outlet, or no job\"", log_quote(id), log_quote(name));
		(void)spool_move(o->dir, id, name, PLACE_FAILED);
	} else
		(void)job_add(o, id, name, tier_of(job));
}

/* ---- what came of it ---- */

static void
def_state(struct outlet *o, struct outlet_def *d, bool ok, const char *said)
{
	int64_t now = now_ms(o);
	int before = d->ok;
	char text[OUTLET_SAID + 160];

	(void)text_sanitise(said, strlen(said), d->detail, sizeof d->detail, false);
	if (ok)
		d->last_ok = now;
	if (before == (ok ? 1 : 0))
		return;
	d->ok = ok ? 1 : 0;
	d->since = now;
	log_event(ok ? LOG_LV_INFO : LOG_LV_WARN, "outlet", "name=%s ok=%d said=%s", d->name, ok ? 1 : 0, log_quote(said));
	if (ok && before == -1)
		return;
	if (ok)
		(void)snprintf(text, sizeof text, _("the alarm outlet %s works again"), d->name);
	else
		(void)snprintf(text, sizeof text, _("the alarm outlet %s fails: %s"), d->name, said);
	alarm_row(o, text);
	o->ops->said(o->ctx, d->name, ok, said);
}

static void
job_done(struct outlet *o, struct outlet_job *j, bool ok, const char *said)
{
	struct outlet_def *d = def_of(o, j->name);

	log_event(LOG_LV_INFO, "outlet", "job=%s outlet=%s ok=%d try=%u said=%s", log_quote(j->id), j->name, ok ? 1 : 0, j->tries + 1,
	    log_quote(said));
	if (d != NULL)
		def_state(o, d, ok, said);
	if (j->test) {
		if (d != NULL) {
			d->tested = now_ms(o);
			d->tested_ok = ok;
		}
		spool_remove(o->dir, j->id, j->name);
		if (o->ops->tested != NULL)
			o->ops->tested(o->ctx, j->name, ok, said, j->person);
		job_drop(o, j);
	} else if (ok) {
		(void)spool_move(o->dir, j->id, j->name, PLACE_DONE);
		job_drop(o, j);
	} else if (++j->tries >= TRIES || d == NULL) {
		(void)spool_move(o->dir, j->id, j->name, PLACE_FAILED);
		if (d != NULL)
			d->failed++;
		job_drop(o, j);
	} else
		j->at = now_ms(o) + pauses[j->tries - 1];
}

/* ---- what goes now ---- */

static bool
runs(const struct outlet *o, const char *name)
{
	for (size_t i = 0; i < OUTLET_RUNS; i++)
		if (o->run[i].pid != 0 && strcmp(o->run[i].job->name, name) == 0)
			return true;
	return false;
}

static struct outlet_job *
job_next(const struct outlet *o, int64_t now)
{
	struct outlet_job *best = NULL;

	for (struct outlet_job *j = o->jobs; j != NULL; j = j->next)
		if (!j->running && j->at <= now && !runs(o, j->name) && (best == NULL || j->tier < best->tier))
			best = j;
	return best;
}

static struct outlet_run *
run_free(struct outlet *o)
{
	for (size_t i = 0; i < OUTLET_RUNS; i++)
		if (o->run[i].pid == 0)
			return &o->run[i];
	return NULL;
}

void
outlet_tick(struct outlet *o)
{
	char said[OUTLET_SAID];
	struct outlet_job *j;
	struct outlet_run *r;

	while ((r = run_free(o)) != NULL && (j = job_next(o, now_ms(o))) != NULL) {
		const struct outlet_def *d = def_of(o, j->name);

		if (d == NULL)
			job_done(o, j, false, "no such outlet");
		else if (outlet_run_begin(o, r, j, d, said) != 0)
			job_done(o, j, false, said);
	}
	outlet_arm(o);
}

static void
outlet_arm(struct outlet *o)
{
	int64_t now = now_ms(o), next = INT64_MAX;
	struct timeval tv;

	for (const struct outlet_job *j = o->jobs; j != NULL; j = j->next)
		if (!j->running && !runs(o, j->name) && j->at < next)
			next = j->at;
	(void)event_del(o->timer);
	if (next == INT64_MAX || run_free(o) == NULL)
		return; /* a child's end goes on */
	next = next - now < 1 ? 1 : next - now > 600000 ? 600000 : next - now;
	tv = (struct timeval){.tv_sec = (time_t)(next / 1000), .tv_usec = (suseconds_t)(next % 1000 * 1000)};
	if (event_add(o->timer, &tv) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"a timer cannot be set\"");
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	outlet_tick(arg);
}

static void
child_cb(evutil_socket_t sig, short what, void *arg)
{
	struct outlet *o = arg;
	char said[OUTLET_SAID];
	bool ok;

	(void)sig;
	(void)what;
	for (size_t i = 0; i < OUTLET_RUNS; i++) {
		struct outlet_job *j = o->run[i].job;

		if (o->run[i].pid != 0 && outlet_run_ended(&o->run[i], &ok, said))
			job_done(o, j, ok, said);
	}
	outlet_tick(o);
}

/* ---- ringing ---- */

static bool
takes(const struct outlet_def *d, unsigned by)
{
	switch (d->kind) {
	case OUTLET_BELL:
		return (by & CHASE_BY_BELL) != 0;
	case OUTLET_PHONE:
		return (by & CHASE_BY_PHONE) != 0;
	case OUTLET_SMS:
		return (by & CHASE_BY_SMS) != 0;
	case OUTLET_SPOOL:
		return (by & (CHASE_BY_BELL | CHASE_BY_PHONE | CHASE_BY_SMS)) != 0;
	}
	return false;
}

static void
unheard(struct outlet *o)
{
	o->unheard = true;
	if (o->unheard_told)
		return;
	o->unheard_told = true;
	alarm_row(o, _("no alarm outlet could ring this: it stands on the screens only (outlets.tsv)"));
}

static int
ring_one(struct outlet *o, const struct outlet_def *d, const char *id, json_t *job)
{
	int rc;

	(void)json_object_set_new(job, "outlet", json_string(d->name));
	(void)json_object_set_new(job, "kind", json_string(outlet_kind_name(d->kind)));
	if ((rc = spool_put(o->dir, PLACE_NEW, id, d->name, job)) == 0)
		(void)job_add(o, id, d->name, tier_of(job));
	return rc == -1 ? -1 : 0;
}

int
outlet_ring(struct outlet *o, json_t *job, unsigned by, bool sink)
{
	const char *id = json_string_value(json_object_get(job, "id"));
	bool any = false;
	int rc = 0;

	if (id == NULL || !spool_id_valid(id)) {
		log_event(LOG_LV_ERROR, "outlet", "why=\"a job without a name of its own\"");
		goto out;
	}
	if (sink) {
		rc = spool_put(o->dir, PLACE_EXERCISE, id, "", job) == -1 ? -1 : 0;
		goto out;
	}
	for (size_t i = 0; i < o->defs.n; i++)
		if (takes(&o->defs.v[i], by)) {
			any = true;
			rc |= ring_one(o, &o->defs.v[i], id, job);
		}
	if (!any && (by & (CHASE_BY_BELL | CHASE_BY_PHONE | CHASE_BY_SMS)) != 0)
		unheard(o);
	if (rc != 0)
		alarm_row(o, _("the alarm spool cannot be written"));
	outlet_tick(o);
out:
	json_decref(job);
	return rc;
}

void
outlet_test(struct outlet *o, const char *name, const char *person)
{
	char id[OUTLET_ID];

	for (size_t i = 0; i < o->defs.n; i++) {
		struct outlet_def *d = &o->defs.v[i];
		struct outlet_job *j;
		json_t *job;

		if (name != NULL && strcmp(name, d->name) != 0)
			continue;
		(void)snprintf(id, sizeof id, "test-%lld-%llu", (long long)now_ms(o), (unsigned long long)++o->tests);
		job = json_pack("{s:s, s:b, s:s, s:s, s:[], s:[], s:I, s:s, s:s}", "id", id, "test", 1, "tier", "routine", "text",
		    _("test of the alarm outlet"), "persons", "numbers", "at", (json_int_t)now_ms(o), "outlet", d->name, "kind",
		    outlet_kind_name(d->kind));
		if (job != NULL && spool_put(o->dir, PLACE_NEW, id, d->name, job) == 0) {
			j = job_add(o, id, d->name, PREC_FLASH); /* somebody is waiting */
			j->test = true;
			(void)snprintf(j->person, sizeof j->person, "%s", person != NULL ? person : "");
		} else {
			def_state(o, d, false, _("the alarm spool cannot be written"));
			d->tested = now_ms(o);
			d->tested_ok = false;
			if (o->ops->tested != NULL)
				o->ops->tested(o->ctx, d->name, false, _("the alarm spool cannot be written"), person != NULL ? person : "");
		}
		json_decref(job);
	}
	outlet_tick(o);
}

/* ---- what is known ---- */

bool
outlet_known(const struct outlet *o, const char *name)
{
	for (size_t i = 0; i < o->defs.n; i++)
		if (strcmp(o->defs.v[i].name, name) == 0)
			return true;
	return false;
}

size_t
outlet_count(const struct outlet *o)
{
	return o->defs.n;
}

const char *
outlet_name(const struct outlet *o, size_t i)
{
	return i < o->defs.n ? o->defs.v[i].name : NULL;
}

json_t *
outlet_status(const struct outlet *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->defs.n; i++) {
		const struct outlet_def *d = &o->defs.v[i];
		size_t waiting = 0;
		json_t *row;

		for (const struct outlet_job *j = o->jobs; j != NULL; j = j->next)
			waiting += strcmp(j->name, d->name) == 0;
		row = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:b, s:s, s:I, s:I}", "name", d->name, "kind", outlet_kind_name(d->kind),
		    "ok", d->ok == -1 ? json_null() : json_boolean(d->ok == 1), "since", (json_int_t)d->since, "last_ok",
		    (json_int_t)d->last_ok, "tested", (json_int_t)d->tested, "tested_ok", d->tested_ok ? 1 : 0, "detail", d->detail,
		    "waiting", (json_int_t)waiting, "failed", (json_int_t)d->failed);
		if (row != NULL)
			(void)json_array_append_new(list, row);
	}
	return list;
}

void
outlet_mute(struct outlet *o, int64_t until, const char *reason)
{
	o->mute_until = until;
	(void)snprintf(o->mute_why, sizeof o->mute_why, "%s", reason != NULL ? reason : "");
}

void
outlet_mute_by(struct outlet *o, const char *person)
{
	(void)snprintf(o->mute_by, sizeof o->mute_by, "%s", person);
}

const char *
outlet_muted_by(const struct outlet *o)
{
	return o->mute_by;
}

int64_t
outlet_muted(const struct outlet *o, int64_t now, const char **reason)
{
	if (o->mute_until <= now)
		return 0;
	if (reason != NULL)
		*reason = o->mute_why;
	return o->mute_until;
}

bool
outlet_idle(const struct outlet *o)
{
	for (size_t i = 0; i < OUTLET_RUNS; i++)
		if (o->run[i].pid != 0)
			return false;
	return true;
}

bool
outlet_unheard(const struct outlet *o)
{
	return o->unheard;
}

/* ---- life ---- */

static void
load(struct outlet *o)
{
	struct outlet_defs fresh;
	struct fault f = {0};
	char text[700], all[900];

	if (outlet_defs_load(&fresh, o->dir, &f) != 0) {
		(void)snprintf(all, sizeof all, _("the alarm outlets cannot be read: %s"), fault_format(&f, text, sizeof text));
		alarm_row(o, all);
		return; /* those there were go on */
	}
	for (size_t i = 0; i < fresh.n; i++) {
		struct outlet_def *d = &fresh.v[i];
		const struct outlet_def *was = def_of(o, d->name);

		d->failed = spool_count(o->dir, PLACE_FAILED, d->name);
		if (was == NULL)
			continue;
		d->ok = was->ok;
		d->since = was->since;
		d->last_ok = was->last_ok;
		d->tested = was->tested;
		d->tested_ok = was->tested_ok;
		memcpy(d->detail, was->detail, sizeof d->detail);
	}
	outlet_defs_free(&o->defs);
	o->defs = fresh;
	o->unheard = o->unheard_told = false;
}

void
outlet_reload(struct outlet *o)
{
	load(o);
	outlet_tick(o);
}

struct outlet *
outlet_new(struct event_base *base, const struct stationdir *dir, const struct outlet_ops *ops, void *ctx, struct fault *f)
{
	struct outlet *o;

	if (spool_open(dir, f) != 0)
		return NULL;
	o = xcalloc(1, sizeof *o);
	o->base = base;
	o->dir = dir;
	o->ops = ops;
	o->ctx = ctx;
	if ((o->timer = evtimer_new(base, timer_cb, o)) == NULL || (o->child = evsignal_new(base, SIGCHLD, child_cb, o)) == NULL ||
	    event_add(o->child, NULL) != 0) {
		(void)fault_set(f, EX_OSERR, "", _("no event loop: %s"), strerror(errno));
		outlet_free(o);
		return NULL;
	}
	load(o);
	spool_each(dir, found, o);
	outlet_tick(o);
	return o;
}

void
outlet_free(struct outlet *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < OUTLET_RUNS; i++)
		outlet_run_stop(&o->run[i]);
	if (o->timer != NULL)
		event_free(o->timer);
	if (o->child != NULL)
		event_free(o->child);
	while (o->jobs != NULL)
		job_drop(o, o->jobs);
	outlet_defs_free(&o->defs);
	free(o);
}
