/*
 * The loop: all waiting input is read, then one paint; what the switch sends is painted together when its answers are in,
 * at most 100 ms later.  The screen moves by itself for arrivals and once a minute for the clock, and for nothing else.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "act_log.h"
#include "app_int.h"
#include "util.h"
#include "view_search.h"

#define DATA_PAINT_MS 100	/* answers of one push are painted together */
#define TICK_MS 1000

static volatile sig_atomic_t got_winch, got_end;

static void
on_signal(int sig)
{
	if (sig == SIGWINCH)
		got_winch = 1;
	else
		got_end = 1;
}

struct app *
app_new(const char *dir, const struct codebook *cb)
{
	struct app *app = xcalloc(1, sizeof(*app));

	app->dir = xstrdup(dir);
	app->cb = cb;
	app->submits_tail = &app->submits;
	app->minute = -1;
	return app;
}

void
app_free(struct app *app)
{
	if (!app)
		return;
	app_pin_free(app);
	prompt_free(app->prompt);
	while (app->top) {
		struct view *v = app->top;

		app->top = v->below;
		v->ops->free(v);
	}
	deskline_free(app);
	free(app->dir);
	free(app);
}

const struct codebook *
app_codebook(const struct app *app)
{
	return app->cb;
}

int64_t
app_now(const struct app *app)
{
	struct timespec ts;

	(void)app;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool
app_connected(const struct app *app)
{
	return app->client != NULL;
}

const char *
app_hello(const struct app *app, const char *key)
{
	return jtext(app->hello, key);
}

const char *
app_station(const struct app *app)
{
	return jtext(app->hello, "station");
}

const char *
app_person(const struct app *app)
{
	return app->person;
}

void
app_set_person(struct app *app, const char *name)
{
	(void)text_sanitise(name, strlen(name), app->person, sizeof(app->person), false);
}

void
app_dirty(struct app *app)
{
	app->dirty = true;
	app->dirty_slow = false;
}

static void
dirty_by_data(struct app *app)
{
	if (app->dirty)
		return;
	app->dirty = app->dirty_slow = true;
	app->dirty_at = term_clock();
}

void
app_fed(struct app *app, enum feed f)
{
	for (struct view *v = app->top; v; v = v->below)
		if ((v->ops->feeds & FEED_BIT(f)) && v->ops->fed)
			v->ops->fed(v, f);
	dirty_by_data(app);
}

void
app_note(struct app *app, bool alert, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)one_line(text, app->note, sizeof(app->note));
	app->note_alert = alert;
	app_dirty(app);
}

/* The word for what a fault is of; NULL: none a person would know (the text says it then). */
const char *
app_fault_label(const char *name)
{
	static const struct { const char *name, *label; } requests[] = {{"pin", N_("PIN")}, {"by_pin", N_("PIN")}, {"old", N_("PIN")},
	    {"pins", N_("PIN")}, {"questions", N_("read back")}};
	const struct field *field = field_by_name(name);

	if (field)
		return field_label(field);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (strcmp(requests[i].name, name) == 0)
			return _(requests[i].label);
	return NULL;
}

void
app_note_fault(struct app *app, const struct fault *f)
{
	const char *label = app_fault_label(f->field);
	bool locked = f->code == EX_TEMPFAIL && (strcmp(f->field, "pin") == 0 || strcmp(f->field, "by_pin") == 0 || strcmp(f->field, "old") == 0);

	app_note(app, true, "%s%s%s%s", label ? label : "", label ? ": " : "", f->text,
	    locked ? _("; a leader can set the PIN anew (dutyctl pin set)") : "");
}

void
app_draft_ended(struct app *app, const char *rid)
{
	if (!app->ended)
		app->ended = json_object();
	(void)json_object_set_new(app->ended, rid, json_true());
}

bool
app_draft_has_ended(const struct app *app, const char *rid)
{
	return json_object_get(app->ended, rid) != NULL;
}

void
app_quit(struct app *app)
{
	app->quit = true;
}

/* Views. */

struct view *
app_top_view(const struct app *app)
{
	return app->top;
}

static void
show_top(struct app *app)
{
	for (int f = 0; f < FEED_MAX; f++)
		if (app->top->ops->feeds & FEED_BIT(f))
			app_want(app, (enum feed)f);
	if (app->top->ops->load && app->client)
		app->top->ops->load(app->top);
	app_dirty(app);
}

void
app_push_view(struct app *app, struct view *v)
{
	app_prompt(app, NULL);
	v->app = app;
	v->below = app->top;
	app->top = v;
	app->note[0] = '\0';
	show_top(app);
}

static void
pop(struct app *app)
{
	struct view *v = app->top;

	app->top = v->below;
	deskline_disown(app, v);
	v->ops->free(v);
}

void
app_pop_view(struct app *app, struct view *v)
{
	bool there = false;

	for (struct view *w = app->top; w; w = w->below)
		there |= w == v;
	if (!there || !v->below)
		return;
	app_prompt(app, NULL);
	while (app->top != v)
		pop(app);
	pop(app);
	show_top(app);
}

void
app_home(struct app *app)
{
	app_prompt(app, NULL);
	while (app->top->below)
		pop(app);
	show_top(app);
}

void
app_prompt(struct app *app, struct prompt *p)
{
	if (app->prompt)
		prompt_free(app->prompt);
	app->prompt = p;
	app_dirty(app);
}

int
app_top_row(const struct app *app)
{
	(void)app;
	return 2;
}

int
app_bottom_row(const struct app *app)
{
	(void)app;
	return term_rows() - 4;
}

/* Keys and commands. */

static void
ask_quit_done(struct view *owner, void *arg, const char *const *value)
{
	(void)arg;
	(void)value;
	app_quit(owner->app);
}

static void
find_done(struct view *owner, void *arg, const char *const *value)
{
	(void)arg;
	if (*value[0] && !owner->ops->find(owner, value[0]))
		app_note(owner->app, true, _("not found: %s"), value[0]);
}

/* Commands that mean the same everywhere. */
static bool
common_command(struct app *app, enum command_id id)
{
	struct prompt *p;

	switch (id) {
	case CMD_HELP:
		app_push_view(app, view_help_new(app));
		return true;
	case CMD_PALETTE:
		app_push_view(app, view_palette_new(app));
		return true;
	case CMD_REFRESH:
		term_repaint();
		app_dirty(app);
		return true;
	case CMD_BACK:
		if (app->top->below)
			app_pop_view(app, app->top);
		return true;
	case CMD_OVERVIEW:
		app_home(app);
		return true;
	case CMD_INBOX:
		app_home(app);
		app_push_view(app, view_inbox_new(app, NULL));
		return true;
	case CMD_OWED:
	case CMD_LIST:
		app_home(app);
		(void)app->top->ops->command(app->top, id);
		return true;
	case CMD_STATUS:
		app_push_view(app, view_status_new(app));
		return true;
	case CMD_STATS:
		app_push_view(app, view_stats_new(app));
		return true;
	case CMD_ROSTER:
		app_push_view(app, view_roster_new(app));
		return true;
	case CMD_ROLLCALL:
		app_push_view(app, view_rolls_new(app));
		return true;
	case CMD_ZERO:
		app_push_view(app, view_zeros_new(app));
		return true;
	case CMD_HANDOVER:
		app_push_view(app, view_handover_new(app));
		return true;
	case CMD_REPLAY:
		app_push_view(app, view_replay_new(app));
		return true;
	case CMD_NOTE:
		act_entry(app, app->top);
		return true;
	case CMD_LOG:
		app_push_view(app, view_log_new(app));
		return true;
	case CMD_ORDERS:
	case CMD_CLAIM:	/* what there is to claim stands above them */
		app_push_view(app, view_orders_new(app));
		return true;
	case CMD_SEARCH:
		view_search_ask(app);
		return true;
	case CMD_FIND:
		if (!app->top->ops->find)
			return false;
		p = prompt_new(app, app->top, _("find in this list"), find_done, NULL);
		prompt_field(p, _("text"), "", 0);
		app_prompt(app, p);
		return true;
	case CMD_QUIT:
		p = prompt_new(app, app->top, _("leave the desk; the switch runs on"), ask_quit_done, NULL);
		if (app_unanswered(app) > 0) {
			char text[128];

			(void)snprintf(text, sizeof(text), _("%zu sent but NOT YET CONFIRMED by the switch"), app_unanswered(app));
			prompt_info(p, text);
		}
		prompt_confirm(p, _("leave? 1 = yes "));
		app_prompt(app, p);
		return true;
	default:
		return false;
	}
}

static bool
run_command(struct app *app, enum command_id id)
{
	struct view *v = app->top;

	app_dirty(app);
	if (v->ops->command && v->ops->command(v, id))
		return true;
	if (id == CMD_INTAKE || id == CMD_DIRECT) {	/* from anywhere: the overview knows how to begin one */
		while (v->below)
			v = v->below;
		return v->ops->command(v, id);
	}
	return common_command(app, id);
}

void
app_command(struct app *app, enum command_id id)
{
	if (!run_command(app, id))
		app_note(app, true, _("that does not apply here"));
}

static bool
key_in(const char *keys, const struct key *k)
{
	struct key named;

	for (size_t n; *keys; keys += n + (keys[n] == ' ')) {
		n = strcspn(keys, " ");
		if (key_named(keys, n, &named) && key_same(&named, k))
			return true;
	}
	return false;
}

static void
key_command(struct app *app, const struct key *k)
{
	const struct command *c;
	bool known = false;

	/* Some keys stand in several rows (F6 first report, follow-up): the first that applies here wins. */
	for (size_t i = 0; (c = command_at(i)) != NULL; i++)
		if ((c->flags & CMDF_DESK) && key_in(c->keys, k)) {
			known = true;
			if (run_command(app, c->id))
				return;
		}
	for (size_t i = 0; more_keys[i].key; i++)
		if (key_in(more_keys[i].key, k)) {
			known = true;
			if (run_command(app, more_keys[i].id))
				return;
		}
	if (known)
		app_note(app, true, _("that does not apply here"));
}

static void
handle_key(struct app *app, const struct key *k)
{
	struct view *v = app->top;

	if (k->code == TK_RESIZE) {
		term_resized();
		app_dirty(app);
		return;
	}
	if (k->code == TK_CTRL && k->cp == 'L') {
		term_repaint();
		app_dirty(app);
		return;
	}
	if (app->note[0] && !k->pasted) {	/* a refusal in the middle of a paste stays to be read */
		app->note[0] = '\0';
		app_dirty(app);
	}
	if (app->prompt) {
		prompt_key(app->prompt, k);
		return;
	}
	if (v->ops->key && v->ops->key(v, k)) {
		app_dirty(app);
		return;
	}
	if (k->pasted || (v->ops->editing && k->code == TK_CHAR))
		return;
	key_command(app, k);
}

/* The loop. */

static void
signals(sigset_t *waiting)
{
	static const int caught[] = { SIGWINCH, SIGHUP, SIGTERM, SIGINT };
	struct sigaction sa;
	sigset_t block;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	(void)sigemptyset(&sa.sa_mask);
	(void)sigemptyset(&block);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		(void)sigaction(caught[i], &sa, NULL);
		(void)sigaddset(&block, caught[i]);
	}
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	/* Blocked except while waiting: a signal between the look and the wait is not lost. */
	(void)pthread_sigmask(SIG_BLOCK, &block, waiting);
}

static int64_t
wait_ms(struct app *app)
{
	int64_t now = term_clock(), at = deskline_wake(app), minute;
	int key = term_key_wait();

	if (app->tick_at < at && app->top->ops->tick)
		at = app->tick_at;
	if (app->dirty && app->dirty_at + DATA_PAINT_MS < at)
		at = app->dirty_at + DATA_PAINT_MS;
	minute = now + 60000 - app_now(app) % 60000;
	if (minute < at)
		at = minute;
	if (key >= 0 && now + key < at)
		at = now + key;
	return at <= now ? 0 : at - now;
}

static bool
wait_for_something(struct app *app, const sigset_t *waiting, int64_t ms)
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	struct timespec ts = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };
	bool writes;
	int fd[2], n = 1;

	if (deskline_fds(app, fd, &writes) > 0) {
		p[1] = (struct pollfd){ .fd = fd[0], .events = (short)(POLLIN | (writes ? POLLOUT : 0)) };
		n = 2;
	}
	if (ppoll(p, (nfds_t)n, &ts, waiting) < 0 && errno != EINTR)
		return false;
	if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		got_end = 1;	/* the line is gone: save and leave */
	return n == 2 && p[1].revents != 0;
}

static void
turn(struct app *app, const sigset_t *waiting)
{
	bool readable = wait_for_something(app, waiting, wait_ms(app));
	struct key k;

	if (got_winch) {
		got_winch = 0;
		term_resized();
		app_dirty(app);
	}
	while (!app->quit && term_key(&k)) {
		deskline_attend(app);
		handle_key(app, &k);
	}
	deskline_step(app, readable);
	app_pin_check(app);
	if (term_clock() >= app->tick_at) {
		app->tick_at = term_clock() + TICK_MS;
		for (struct view *v = app->top; v; v = v->below)
			if (v->ops->tick)
				v->ops->tick(v, app_now(app));
	}
	if (app_now(app) / 60000 != app->minute)
		app_dirty(app);
	if (app->dirty && (!app->dirty_slow || !app->client || client_pending(app->client) == 0 ||
	    term_clock() >= app->dirty_at + DATA_PAINT_MS))
		app_paint(app);
}

int
app_run(struct app *app)
{
	sigset_t waiting;
	int64_t patience = term_clock() + 1000;

	signals(&waiting);
	app_push_view(app, view_overview_new(app));
	/* The first paint waits a moment for the first answers: one screen instead of two on a slow line. */
	app->dirty = false;
	while (!app->feed[FEED_OWED].data && !got_end && term_clock() < patience && *app->why_down == '\0') {
		bool readable;

		readable = wait_for_something(app, &waiting, 50);
		deskline_step(app, readable);
	}
	app_dirty(app);
	while (!app->quit && !got_end && !term_hung_up())
		turn(app, &waiting);
	for (struct view *v = app->top; v; v = v->below)
		if (v->ops->leave)
			v->ops->leave(v);
	deskline_close(app);
	return app->status;
}
