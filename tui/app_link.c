/*
 * The desk's side of the connection: opening it (in a thread of its own, because a switch that is stopped takes a
 * connection and says nothing, and the desk never freezes), requests and their callbacks, submits that are repeated with
 * their rid until somebody has answered, feeds that are read again on a push, and the bell.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "app_int.h"
#include "compose_int.h"
#include "util.h"

#define RETRY_MS 1000	/* between tries while the switch does not run */
#define FEED_GAP_MS 200	/* a feed is not asked for more often than this, */
#define FEED_SHARE 4	/* nor does it take more than this part of the switch's time while pushes rain */
#define FEED_GAP_MAX 3000
#define SLOW_MS 1500	/* no answer for so long is shown */
#define POLL_MS 10000	/* owed and status move with time, not only with pushes */
#define ATTEND_MS 60000		/* between two words that somebody presses keys */
#define LINE_LIMIT_S 60		/* until the switch has said what the rules want */

struct opening {
	pthread_mutex_t lock;
	char *dir;
	int pipe[2];
	struct client *client;	/* NULL: fault says why */
	struct fault fault;
	bool abandoned;		/* the desk has gone on: the thread frees it */
	bool done;
};

struct feed_ask {	/* which feed an answer belongs to */
	struct app *app;
	enum feed feed;
};

static void deskline_up(struct app *, struct client *);

static void
opening_free(struct opening *o)
{
	if (o->client)
		client_close(o->client);
	(void)close(o->pipe[0]);
	(void)close(o->pipe[1]);
	(void)pthread_mutex_destroy(&o->lock);
	free(o->dir);
	free(o);
}

static void *
opening_run(void *arg)
{
	struct opening *o = arg;
	struct fault f = { 0 };
	struct client *c = client_open(o->dir, "dutydesk", &f);
	bool abandoned;

	(void)pthread_mutex_lock(&o->lock);
	o->client = c;
	o->fault = f;
	o->done = true;
	abandoned = o->abandoned;
	if (!abandoned && write(o->pipe[1], "x", 1) != 1)
		o->abandoned = false;	/* the loop also looks once a second */
	(void)pthread_mutex_unlock(&o->lock);
	if (abandoned)
		opening_free(o);
	return NULL;
}

static void
opening_start(struct app *app)
{
	struct opening *o = xcalloc(1, sizeof(*o));
	pthread_t t;

	app->retry_at = term_clock() + RETRY_MS;
	if (pipe2(o->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(o);
		return;
	}
	(void)pthread_mutex_init(&o->lock, NULL);
	o->dir = xstrdup(app->dir);
	if (pthread_create(&t, NULL, opening_run, o) != 0) {
		opening_free(o);
		return;
	}
	(void)pthread_detach(t);
	app->opening = o;
}

static void
opening_look(struct app *app)
{
	struct opening *o = app->opening;
	bool done;

	(void)pthread_mutex_lock(&o->lock);
	done = o->done;
	(void)pthread_mutex_unlock(&o->lock);
	if (!done)
		return;
	app->opening = NULL;
	app->retry_at = term_clock() + RETRY_MS;
	if (o->client) {
		struct client *c = o->client;

		o->client = NULL;
		deskline_up(app, c);
	} else if (strcmp(app->why_down, o->fault.text) != 0) {
		(void)one_line(o->fault.text, app->why_down, sizeof(app->why_down));
		app_dirty(app);
	}
	opening_free(o);
}

/* Requests. */

static void
ask_add(struct app *app, uint64_t n, struct view *owner, ask_fn fn, void *arg)
{
	if (app->nasks == app->asks_cap) {
		app->asks_cap = app->asks_cap ? app->asks_cap * 2 : 16;
		app->asks = xreallocarray(app->asks, app->asks_cap, sizeof(*app->asks));
	}
	app->asks[app->nasks++] = (struct ask){ .n = n, .owner = owner, .fn = fn, .arg = arg };
}

void
app_ask(struct app *app, struct view *owner, json_t *request, ask_fn fn, void *arg)
{
	struct fault f = { 0 };
	uint64_t n;

	if (!app->client) {
		json_decref(request);
		(void)fault_set(&f, EX_TEMPFAIL, "", _("the switch is not running"));
		fn(owner, arg, NULL, &f);
		free(arg);
		return;
	}
	n = client_post(app->client, request, NULL, 0);
	if (n == 0) {
		(void)fault_set(&f, EX_DATAERR, "", _("the request is too large"));
		fn(owner, arg, NULL, &f);
		free(arg);
		return;
	}
	ask_add(app, n, owner, fn, arg);
}

static void
submit_queue(struct app *app, json_t *request, submit_fn fn, json_t *context, bool quiet)
{
	struct submit *s = xcalloc(1, sizeof(*s));

	s->request = request;
	s->fn = fn;
	s->context = context;
	s->quiet = quiet;
	if (app->client)
		s->n = client_post(app->client, json_incref(request), NULL, 0);
	if (app->client && s->n == 0)
		app_note(app, true, _("the request is too large"));
	*app->submits_tail = s;
	app->submits_tail = &s->next;
}

void
app_submit(struct app *app, json_t *request, submit_fn fn, json_t *context)
{
	assert(*jtext(request, "rid") != '\0');
	submit_queue(app, request, fn, context, false);
}

size_t
app_unanswered(const struct app *app)
{
	size_t n = 0;

	for (const struct submit *s = app->submits; s; s = s->next)
		n += !s->quiet;
	return n;
}

void
app_post(struct app *app, json_t *request)
{
	const char *op = jtext(request, "op"), *rid = jtext(request, "rid");

	/* Of one draft only the newest text needs to reach the switch. */
	for (struct submit *s = app->submits; s; s = s->next)
		if (s->quiet && s->n == 0 && strncmp(op, "draft_", 6) == 0 && strcmp(jtext(s->request, "rid"), rid) == 0) {
			json_decref(s->request);
			s->request = request;
			return;
		}
	submit_queue(app, request, NULL, NULL, true);
}

static void
submit_remove(struct app *app, struct submit *s)
{
	struct submit **at = &app->submits;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (app->submits_tail == &s->next)
		app->submits_tail = at;
	json_decref(s->request);
	json_decref(s->context);
	free(s);
}

void
deskline_disown(struct app *app, const struct view *v)
{
	for (size_t i = 0; i < app->nasks; i++)
		if (app->asks[i].owner == v)
			app->asks[i].fn = NULL;
}

static void
submit_answered(struct app *app, struct submit *s, const json_t *answer)
{
	struct fault f = { 0 };
	bool ok = json_is_true(json_object_get(answer, "ok"));
	bool quiet = s->quiet, asked;
	submit_fn fn = s->fn;
	json_t *context;

	if (!ok) {
		client_fault(answer, &f);
		if (f.code == EX_TEMPFAIL && !quiet && strcmp(f.field, "pin") != 0) {	/* a full disk, a stopping switch: again, with the same rid */
			s->n = 0;
			app_note_fault(app, &f);
			return;
		}
	}
	context = json_incref(s->context);
	asked = !ok && !quiet && app_pin_wanted(app, s->request, fn, context, &f);
	submit_remove(app, s);	/* first: the callback may submit the next step */
	if (asked)
		;
	else if (fn)
		fn(app, context, ok ? answer : NULL, ok ? NULL : &f);
	else if (!ok && (!quiet || f.code != EX_TEMPFAIL))
		app_note_fault(app, &f);
	else if (ok && !quiet)
		app_note(app, false, _("sent: %s"), jtext(answer, "id"));
	json_decref(context);
}

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct app *app = ctx;
	struct ask a;
	struct fault f = { 0 };

	for (struct submit *s = app->submits; s; s = s->next)
		if (s->n == n) {
			submit_answered(app, s, answer);
			app_dirty(app);
			return;
		}
	for (size_t i = 0; i < app->nasks; i++) {
		if (app->asks[i].n != n)
			continue;
		a = app->asks[i];
		app->asks[i] = app->asks[--app->nasks];
		if (a.fn && json_is_true(json_object_get(answer, "ok"))) {
			a.fn(a.owner, a.arg, answer, NULL);
		} else if (a.fn) {
			client_fault(answer, &f);
			a.fn(a.owner, a.arg, NULL, &f);
		}
		free(a.arg);
		return;
	}
}

/* Feeds. */

void
app_want(struct app *app, enum feed f)
{
	app->feed[f].want = true;
}

const json_t *
app_feed(const struct app *app, enum feed f)
{
	return app->feed[f].data;
}

static void
want_all(struct app *app)
{
	app_want(app, FEED_INBOX);
	for (int f = 0; f < FEED_MAX; f++)
		if (app->top && (app->top->ops->feeds & FEED_BIT(f)))
			app_want(app, (enum feed)f);
}

static void
on_push(void *ctx, uint64_t revision)
{
	struct app *app = ctx;

	(void)revision;
	want_all(app);
	if (app->load_at == 0)
		app->load_at = term_clock();
}

/* When the feed may be asked for again.  What has arrived is always looked at within the second. */
static int64_t
feed_due(const struct app *app, int f)
{
	int64_t gap = app->feed[f].took * FEED_SHARE, max = f == FEED_INBOX ? 500 : FEED_GAP_MAX;

	gap = gap < FEED_GAP_MS ? FEED_GAP_MS : gap > max ? max : gap;
	return app->feed[f].asked == 0 ? 0 : app->feed[f].asked + gap;
}

static json_t *
feed_request(enum feed f)
{
	switch (f) {
	case FEED_INBOX:
		return json_pack("{s:s, s:i}", "op", "inbox", "limit", 500);
	case FEED_OWED:
		return json_pack("{s:s}", "op", "owed");
	case FEED_INCIDENTS:
		return json_pack("{s:s, s:s, s:i}", "op", "incidents", "realm", "live", "limit", 200);
	case FEED_EXERCISE:
		return json_pack("{s:s, s:s, s:i}", "op", "incidents", "realm", "exercise", "limit", 50);
	case FEED_STATUS:
		return json_pack("{s:s}", "op", "status");
	case FEED_DRAFTS:
		return json_pack("{s:s}", "op", "drafts");
	case FEED_MAX:
		break;
	}
	return NULL;
}

static const char *const feed_member[FEED_MAX] = { "messages", "items", "incidents", "incidents", NULL, "drafts" };

static void
feed_answer(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	struct feed_ask *what = arg;
	struct app *app = what->app;
	json_t *data;

	(void)owner;
	app->feed[what->feed].in_flight = false;
	app->feed[what->feed].took = term_clock() - app->feed[what->feed].asked;
	if (!answer) {
		if (f->code != EX_TEMPFAIL)
			app_note_fault(app, f);
		return;
	}
	if (feed_member[what->feed]) {
		data = json_object_get(answer, feed_member[what->feed]);
		data = json_is_array(data) ? json_incref(data) : json_array();
	} else {
		data = json_deep_copy(answer);
	}
	json_decref(app->feed[what->feed].data);
	app->feed[what->feed].data = data;
	if (what->feed == FEED_INBOX)
		inbox_bell(app);
	app_fed(app, what->feed);
}

static void
feeds_ask(struct app *app, int64_t now)
{
	for (int f = 0; f < FEED_MAX; f++) {
		struct feed_ask *what;

		if (!app->feed[f].want || app->feed[f].in_flight || now < feed_due(app, f))
			continue;
		app->feed[f].want = false;
		app->feed[f].in_flight = true;
		app->feed[f].asked = now;
		what = xmalloc(sizeof(*what));
		what->app = app;
		what->feed = (enum feed)f;
		app_ask(app, NULL, feed_request((enum feed)f), feed_answer, what);
	}
}

bool
app_waiting(const struct app *app)
{
	for (int f = 0; app->client && f < FEED_MAX; f++)
		if (app->feed[f].in_flight && term_clock() - app->feed[f].asked >= SLOW_MS)
			return true;
	return false;
}

/* The connection as a whole. */

static void
watch_answer(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	(void)owner;
	(void)arg;
	(void)answer;
	(void)f;
}

/* ms within which the switch wants to know that the line is dead. */
static int64_t
line_limit(const struct app *app)
{
	int64_t seconds = jnum(app->feed[FEED_STATUS].data, "seat_seconds");

	return (seconds > 0 && seconds < 86400 ? seconds : LINE_LIMIT_S) * 1000;
}

/* Whether somebody can see this desk at all, when that has changed. */
static void
line_tell(struct app *app)
{
	if (!app->client || app->probe.dead == app->line_dead)
		return;
	app->line_dead = app->probe.dead;
	if (app->line_dead)
		app->attended_at = 0;	/* the next key is told at once */
	app_ask(app, NULL, json_pack("{s:s, s:s}", "op", "attend", "seat", app->line_dead ? "dead" : "alive"), watch_answer, NULL);
}

static void
line_step(struct app *app)
{
	int64_t now = term_clock();

	if (term_reported())
		probe_heard(&app->probe, now, true);
	if (probe_step(&app->probe, now, line_limit(app)))
		(void)term_ask();
	line_tell(app);
}

/* A hosted station's messages count as arrived when somebody is there to see them: the switch is told, once a minute. */
void
deskline_attend(struct app *app)
{
	int64_t now = term_clock();

	probe_heard(&app->probe, now, false);
	line_tell(app);
	if (!app->client || (app->attended_at != 0 && now - app->attended_at < ATTEND_MS))
		return;
	app->attended_at = now;
	app_ask(app, NULL, json_pack("{s:s}", "op", "attend"), watch_answer, NULL);
}

static void
deskline_up(struct app *app, struct client *c)
{
	app->client = c;
	app->attended_at = 0;
	app->line_dead = false;	/* a new connection counts as a seat until it says otherwise */
	app->ever_connected = true;
	app->why_down[0] = '\0';
	json_decref(app->hello);
	app->hello = json_deep_copy(client_hello(c));
	app_ask(app, NULL, json_pack("{s:s}", "op", "watch"), watch_answer, NULL);
	for (struct submit *s = app->submits; s; s = s->next)
		s->n = client_post(c, json_incref(s->request), NULL, 0);
	for (int f = 0; f < FEED_MAX; f++) {
		app->feed[f].in_flight = false;
		app->feed[f].asked = 0;
	}
	want_all(app);
	app->load_at = term_clock();
	app->poll_at = term_clock() + POLL_MS;
	app_dirty(app);
}

static void
deskline_down(struct app *app, const struct fault *f)
{
	struct ask *asks = app->asks;
	size_t n = app->nasks;

	client_close(app->client);
	app->client = NULL;
	app->retry_at = term_clock() + RETRY_MS;
	(void)one_line(f->text, app->why_down, sizeof(app->why_down));
	for (struct submit *s = app->submits; s; s = s->next)
		s->n = 0;
	app->asks = NULL;
	app->nasks = app->asks_cap = 0;
	for (size_t i = 0; i < n; i++) {
		struct fault gone = { .code = EX_TEMPFAIL };

		if (asks[i].fn)
			asks[i].fn(asks[i].owner, asks[i].arg, NULL, &gone);
		free(asks[i].arg);
	}
	free(asks);
	app_dirty(app);
}

void
deskline_step(struct app *app, bool readable)
{
	int64_t now = term_clock();
	struct fault f = { 0 };

	line_step(app);
	if (app->opening)
		opening_look(app);
	if (!app->client) {
		if (!app->opening && now >= app->retry_at)
			opening_start(app);
		return;
	}
	if (readable || client_wants_write(app->client)) {
		if (client_step(app->client, 0, on_answer, on_push, app, &f) < 0 || !client_alive(app->client)) {
			deskline_down(app, &f);
			return;
		}
	}
	if (now >= app->poll_at) {
		app->poll_at = now + POLL_MS;
		if (app->top && (app->top->ops->feeds & FEED_BIT(FEED_OWED)))
			app_want(app, FEED_OWED);
		app_want(app, FEED_STATUS);
		for (struct submit *s = app->submits; s; s = s->next)	/* refused for the moment: again */
			if (s->n == 0)
				s->n = client_post(app->client, json_incref(s->request), NULL, 0);
	}
	if (app->load_at != 0 && now >= app->load_at) {
		app->load_at = 0;
		if (app->top && app->top->ops->load)	/* the views below read again when they come up */
			app->top->ops->load(app->top);
	}
	feeds_ask(app, now);
	if (app_waiting(app))
		app_dirty(app);
	/* Requests just posted leave at once. */
	if (client_wants_write(app->client) && client_step(app->client, 0, on_answer, on_push, app, &f) < 0)
		deskline_down(app, &f);
	if (app->flash_unsigned && app->bell_at != 0 && now >= app->bell_at) {
		app->bell_at = now + BELL_MS;
		term_bell();
	}
}

int
deskline_fds(struct app *app, int fd[2], bool *writes)
{
	*writes = false;
	if (app->client) {
		fd[0] = client_fd(app->client);
		*writes = client_wants_write(app->client);
		return 1;
	}
	if (app->opening) {
		fd[0] = app->opening->pipe[0];
		return 1;
	}
	return 0;
}

int64_t
deskline_wake(const struct app *app)
{
	int64_t at = term_clock() + 60000, probe = probe_wake(&app->probe, line_limit(app));

	if (!app->client) {
		at = app->opening ? term_clock() + 1000 : app->retry_at;
		return probe < at ? probe : at;
	}
	if (probe < at)
		at = probe;
	if (app->poll_at < at)
		at = app->poll_at;
	if (app->load_at != 0 && app->load_at < at)
		at = app->load_at;
	if (app->flash_unsigned && app->bell_at != 0 && app->bell_at < at)
		at = app->bell_at;
	for (int f = 0; f < FEED_MAX; f++)
		if (app->feed[f].in_flight && app->feed[f].asked + SLOW_MS > term_clock() && app->feed[f].asked + SLOW_MS < at)
			at = app->feed[f].asked + SLOW_MS;
	for (int f = 0; f < FEED_MAX; f++)
		if (app->feed[f].want && !app->feed[f].in_flight && feed_due(app, f) < at)
			at = feed_due(app, f);
	return at;
}

/* The desk goes: what is queued (drafts above all) gets a second to reach the switch. */
void
deskline_close(struct app *app)
{
	int64_t until = term_clock() + 1000;
	struct fault f = { 0 };

	while (app->client && app->submits && term_clock() < until)
		if (client_step(app->client, 100, on_answer, NULL, app, &f) < 0)
			deskline_down(app, &f);
}

void
deskline_free(struct app *app)
{
	if (app->opening) {
		struct opening *o = app->opening;
		bool done;

		(void)pthread_mutex_lock(&o->lock);
		o->abandoned = true;
		done = o->done;
		(void)pthread_mutex_unlock(&o->lock);
		if (done)
			opening_free(o);
		app->opening = NULL;
	}
	if (app->client)
		client_close(app->client);
	app->client = NULL;
	while (app->submits)
		submit_remove(app, app->submits);
	for (size_t i = 0; i < app->nasks; i++)
		free(app->asks[i].arg);
	free(app->asks);
	for (int i = 0; i < FEED_MAX; i++)
		json_decref(app->feed[i].data);
	json_decref(app->seen);
	json_decref(app->ended);
	json_decref(app->hello);
}
