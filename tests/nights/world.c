/*
 * The stations of a night: made by the real dutyctl, run by the real dutyswitch, looked at by the real dutydesk.
 *
 * Whatever is started gets the shim and the page by its environment; this process itself never does.  The links go through
 * the proxy: who connects is told the proxy's port, so a line can be slow, die and come back.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"

#define READY_MS 60000
#define COMMAND_MS 60000
#define ASK_MS 20000

static void
real_path(const char *build, const char *name, char *out, size_t size)
{
	char path[700], *real;

	(void)snprintf(path, sizeof path, "%s/%s", build, name);
	real = realpath(path, NULL);
	ST_CHECK(real != NULL && strlen(real) < size, "no %s in %s", name, build);
	(void)snprintf(out, size, "%s", real);
	free(real);
}

/* A conf folder of the night's own, by links to the shipped files, so that it can have local tables (world_table()). */
static void
conf_fill(const char *from, const char *to, int depth)
{
	DIR *d = opendir(from);
	struct dirent *e;
	struct stat st;
	char a[1200], b[1200];

	ST_CHECK(d != NULL && (mkdir(to, 0700) == 0 || errno == EEXIST), "%s: %s", to, strerror(errno));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || snprintf(a, sizeof a, "%s/%s", from, e->d_name) >= (int)sizeof a ||
		    snprintf(b, sizeof b, "%s/%s", to, e->d_name) >= (int)sizeof b || stat(a, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < 3)
			conf_fill(a, b, depth + 1);
		else
			ST_CHECK(symlink(a, b) == 0, "%s: %s", b, strerror(errno));
	}
	(void)closedir(d);
}

void
world_init(struct world *w, const char *build)
{
	const char *tmp = getenv("TMPDIR");
	char path[300];

	memset(w, 0, sizeof *w);
	(void)snprintf(w->build, sizeof w->build, "%s", build);
	real_path(build, "tests/nights_shim.so", w->shim, sizeof w->shim);
	real_path(build, "dutydesk", w->desk, sizeof w->desk);
	(void)snprintf(w->root, sizeof w->root, "%.200s/dutydesk-night.XXXXXX", tmp != NULL ? tmp : "/tmp");
	ST_CHECK(mkdtemp(w->root) != NULL, "%s: %s", w->root, strerror(errno));
	(void)snprintf(path, sizeof path, "%s/conf", w->root);
	conf_fill(stations_conf(), path, 0);
	(void)setenv("DUTYDESK_CONF", path, 1);
}

struct wstation *
world_add(struct world *w, const char *alias, const char *code, const char *name)
{
	struct wstation *s = &w->s[w->n];

	ST_CHECK(w->n < W_STATIONS, "more than %d stations", W_STATIONS);
	ST_CHECK(world_find(w, alias) == NULL && world_find(w, code) == NULL, "station %s (%s) twice", alias, code);
	w->n++;
	(void)snprintf(s->alias, sizeof s->alias, "%s", alias);
	(void)snprintf(s->code, sizeof s->code, "%s", code);
	(void)snprintf(s->name, sizeof s->name, "%s", name);
	s->up = -1;
	s->p.code = s->code;
	s->p.name = s->name;
	s->p.ready_fd = -1;
	return s;
}

struct wstation *
world_find(struct world *w, const char *who)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->s[i].alias, who) == 0 || strcmp(w->s[i].code, who) == 0)
			return &w->s[i];
	return NULL;
}

/* ---- the environment of what is started ---- */

static char *asan_kept;

static void
env_on(const struct world *w, const struct wstation *s)
{
	const char *asan = getenv("ASAN_OPTIONS");
	char text[600];

	asan_kept = asan != NULL ? strdup(asan) : NULL;
	(void)snprintf(text, sizeof text, "%.400s%sverify_asan_link_order=0", asan != NULL ? asan : "", asan != NULL ? ":" : "");
	(void)setenv("ASAN_OPTIONS", text, 1);
	(void)setenv("LD_PRELOAD", w->shim, 1);
	(void)setenv("NIGHT_PAGE", w->page_path, 1);
	(void)snprintf(text, sizeof text, "%d", (int)(s - w->s) + 1);
	(void)setenv("NIGHT_STATION", text, 1);
}

static void
env_off(void)
{
	if (asan_kept != NULL)
		(void)setenv("ASAN_OPTIONS", asan_kept, 1);
	else
		(void)unsetenv("ASAN_OPTIONS");
	free(asan_kept);
	asan_kept = NULL;
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv("NIGHT_PAGE");
	(void)unsetenv("NIGHT_STATION");
}

void
ws_ctl(struct world *w, struct wstation *s, const char *const args[], struct output *o)
{
	const char *argv[160];
	size_t n = 0;

	argv[n++] = s->p.ctl;
	argv[n++] = "-D";
	argv[n++] = s->p.dir;
	for (size_t i = 0; args[i] != NULL; i++) {
		ST_CHECK(n < 159, "too many words");
		argv[n++] = args[i];
	}
	argv[n] = NULL;
	env_on(w, s);
	run_command(argv, NULL, 0, COMMAND_MS, o);
	env_off();
}

/* ---- making ---- */

/* One of 127/8 nobody else uses. */
static void
endpoint_choose(char *out, size_t size)
{
	struct sockaddr_in sa;
	char host[32];

	for (int i = 0; i < 200; i++) {
		int fd, rc;

		(void)snprintf(host, sizeof host, "127.%u.%u.%u", (unsigned)chance(250) + 1, (unsigned)chance(250) + 1,
		    (unsigned)chance(250) + 1);
		memset(&sa, 0, sizeof sa);
		sa.sin_family = AF_INET;
		sa.sin_port = htons((uint16_t)(10000 + chance(20000)));
		if (inet_pton(AF_INET, host, &sa.sin_addr) != 1 || (fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
			continue;
		rc = bind(fd, (const struct sockaddr *)&sa, sizeof sa);
		(void)close(fd);
		if (rc == 0) {
			(void)snprintf(out, size, "tcp://%s:%u", host, (unsigned)ntohs(sa.sin_port));
			return;
		}
	}
	stations_fail("no free address on this machine");
}

static void
ctl_must(struct world *w, struct wstation *s, struct output *o, ...)
{
	const char *args[64];
	size_t n = 0;
	va_list ap;

	va_start(ap, o);
	while (n < 63 && (args[n] = va_arg(ap, const char *)) != NULL)
		n++;
	va_end(ap);
	args[n] = NULL;
	ws_ctl(w, s, args, o);
	ST_CHECK(o->status == 0, "%s: dutyctl %s: %s", s->alias, args[0], output_text(o));
}

/* An alarm outlet of each kind that always works: what it got stands in DIR/alarm/done. */
static const char outlets[] = "name\tkind\tcommand\ttimeout\nbell\tbell\ttrue\t\nphone\tphone\ttrue\t\nsms\tsms\ttrue\t\n";

static void
settings_write(struct world *w, struct wstation *s)
{
	struct buf b = {0};
	char path[320], line[256];

	(void)snprintf(path, sizeof path, "%.255s/dutyswitch.conf", s->p.dir);
	file_read(path, &b);
	buf_puts(&b, "\nballast_mb = 1\nroom_mb = 1\n");
	if (w->profile[0] != '\0') {
		(void)snprintf(line, sizeof line, "profile = %s\n", w->profile);
		buf_puts(&b, line);
	}
	if (s->hosted)
		buf_puts(&b, "hosted = yes\n");
	buf_puts(&b, s->settings);
	file_write(path, b.p, b.n);
	buf_free(&b);
	if (s->outlet) {
		(void)snprintf(path, sizeof path, "%.255s/outlets.tsv", s->p.dir);
		file_write(path, outlets, sizeof outlets - 1);
	}
}

static struct wlink *
link_of(struct world *w, const struct wstation *a, const struct wstation *b)
{
	for (size_t i = 0; i < w->nlinks; i++)
		if (w->link[i].a == (unsigned)(a - w->s) && w->link[i].b == (unsigned)(b - w->s))
			return &w->link[i];
	return NULL;
}

void
world_table(struct world *w, const char *name, const char *text)
{
	char path[700];

	ST_CHECK(strstr(name, "..") == NULL && strlen(name) < 200, "no table: %s", name);
	(void)snprintf(path, sizeof path, "%s/conf/%s", w->root, name);
	(void)unlink(path);
	file_write(path, text, strlen(text));
}

static void
station_make(struct world *w, struct wstation *s)
{
	struct output o;
	struct wstation *up = s->up >= 0 ? &w->s[s->up] : NULL;
	char through[64] = "", rate[16];

	if (up == NULL || strcmp(s->role, "neighbour") == 0)
		ctl_must(w, s, &o, "init", "--station", s->code, "--name", s->name, "--listen", s->p.endpoint, NULL);
	else {
		(void)snprintf(through, sizeof through, "tcp://127.0.0.1:%u", link_of(w, s, up)->port);
		(void)snprintf(rate, sizeof rate, "%u", s->rate);
		ctl_must(w, s, &o, "init", "--station", s->code, "--name", s->name, "--listen", s->p.endpoint, "--parent", through,
		    "--parent-key", up->p.key, "--parent-station", up->code, s->rate > 0 ? "--parent-rate" : NULL, rate, NULL);
	}
	ST_CHECK(o.out.n >= 64, "dutyctl init of %s: %s", s->code, output_text(&o));
	(void)snprintf(s->p.key, sizeof s->p.key, "%.64s", buf_cstr(&o.out));
	output_free(&o);
	settings_write(w, s);
	if (up == NULL)
		return;
	if (strcmp(s->role, "neighbour") == 0) {
		(void)snprintf(through, sizeof through, "tcp://127.0.0.1:%u", link_of(w, s, up)->port);
		ctl_must(w, s, &o, "enrol", "--station", up->code, "--key", up->p.key, "--role", "neighbour", "--endpoint", through,
		    "--name", up->name, NULL);
		output_free(&o);
	}
	ctl_must(w, up, &o, "enrol", "--station", s->code, "--key", s->p.key, "--role", s->role, "--name", s->name, NULL);
	output_free(&o);
}

void
world_make(struct world *w)
{
	chance_seed((uint64_t)getpid() * 2654435761u + (uint64_t)mono_ms());
	for (size_t i = 0; i < w->n; i++) {
		struct wstation *s = &w->s[i];

		(void)snprintf(s->p.dir, sizeof s->p.dir, "%.200s/%s", w->root, s->code);
		(void)snprintf(s->p.log, sizeof s->p.log, "%.255s.log", s->p.dir);
		real_path(w->build, "dutyswitch", s->p.program, sizeof s->p.program);
		real_path(w->build, "dutyctl", s->p.ctl, sizeof s->p.ctl);
		if (s->phone)
			continue;
		endpoint_choose(s->p.endpoint, sizeof s->p.endpoint);
		if (s->up >= 0) {
			struct wlink *l = &w->link[w->nlinks++];

			l->a = (unsigned)i;
			l->b = (unsigned)s->up;
			l->rate = s->rate;
			l->rtt = s->rtt;
		}
	}
	w->proxy = proxy_new(w);
	for (size_t i = 0; i < w->n; i++)
		if (!w->s[i].phone)
			station_make(w, &w->s[i]);
	for (size_t i = 0; i < w->nlinks; i++)
		(void)snprintf(w->link[i].to, sizeof w->link[i].to, "%s", w->s[w->link[i].b].p.endpoint);
	proxy_aim(w);
}

/* ---- life ---- */

static void
launch(struct world *w, struct wstation *s)
{
	env_on(w, s);
	st_launch(&s->p);
	env_off();
}

static const char *
log_tail(const struct wstation *s)
{
	static char text[1200];
	struct buf b = {0};

	file_read(s->p.log, &b);
	(void)snprintf(text, sizeof text, "%s", b.n > 1000 ? buf_cstr(&b) + b.n - 1000 : buf_cstr(&b));
	buf_free(&b);
	return text;
}

/* Time must not stand still while they start: they may wait for each other. */
static void
ready(struct wstation *s)
{
	struct pollfd p = {.fd = s->p.ready_fd, .events = POLLIN};

	ST_CHECK(poll(&p, 1, READY_MS) > 0 && (p.revents & POLLIN) != 0, "the switch of %s did not become ready; its log ends: %s",
	    s->alias, log_tail(s));
	st_ready(&s->p, READY_MS);
	s->runs = true;
}

void
ws_start(struct world *w, struct wstation *s)
{
	ST_CHECK(!s->phone, "%s has no machine", s->alias);
	launch(w, s);
	ready(s);
}

void
world_start(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->s[i].phone)
			launch(w, &w->s[i]);
	for (size_t i = 0; i < w->n; i++)
		if (!w->s[i].phone)
			ready(&w->s[i]);
}

void
ws_kill(struct world *w, struct wstation *s)
{
	pid_t pid = s->p.pid;

	st_kill(&s->p);
	clock_forget(w, pid);
	s->runs = false;
}

int
ws_stop(struct world *w, struct wstation *s)
{
	pid_t pid = s->p.pid;
	int status = st_stop(&s->p, 30000);

	clock_forget(w, pid);
	s->runs = false;
	return status;
}

json_t *
ws_ask(struct world *w, struct wstation *s, json_t *request, struct fault *f)
{
	struct client *c;
	json_t *answer;

	(void)w;
	memset(f, 0, sizeof *f);
	if ((c = client_open(s->p.dir, "dutyctl", f)) == NULL) {
		json_decref(request);
		return NULL;
	}
	answer = client_call(c, request, NULL, 0, ASK_MS, f);
	client_close(c);
	return answer;
}

/* ---- desks ---- */

void
ws_desk(struct world *w, struct wstation *s, int rows, int cols)
{
	static char term[] = "TERM=xterm-256color", lang[] = "LC_ALL=C.UTF-8";
	const char *env[] = {term, lang, NULL};
	char flag[] = "-D", *argv[] = {w->desk, flag, s->p.dir, NULL};

	ws_desk_close(s);
	env_on(w, s);
	s->desk = pty_spawn(argv, env, rows, cols);
	env_off();
	s->unplugged = false;
	s->desk->answers = true;
}

void
ws_desk_close(struct wstation *s)
{
	if (s->desk != NULL)
		pty_free(s->desk);
	s->desk = NULL;
	s->unplugged = false;
}

void
world_desks(struct world *w, int ms)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->s[i].desk != NULL && !w->s[i].unplugged)
			while (pty_step(w->s[i].desk, ms))
				ms = 0;
}

/* ---- the end ---- */

static void
tree_remove(const char *path)
{
	struct dirent *e;
	struct stat st;
	char below[1200];
	DIR *d;

	if (lstat(path, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		(void)unlink(path);
		return;
	}
	if ((d = opendir(path)) != NULL) {
		while ((e = readdir(d)) != NULL)
			if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
			    snprintf(below, sizeof below, "%s/%s", path, e->d_name) < (int)sizeof below)
				tree_remove(below);
		(void)closedir(d);
	}
	(void)rmdir(path);
}

void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		ws_desk_close(&w->s[i]);
		if (w->s[i].p.pid > 0) {
			(void)kill(w->s[i].p.pid, SIGKILL);
			(void)waitpid(w->s[i].p.pid, NULL, 0);
			w->s[i].p.pid = 0;
		}
		if (w->s[i].p.ready_fd >= 0)
			(void)close(w->s[i].p.ready_fd);
	}
	proxy_free(w->proxy);
	w->proxy = NULL;
	clock_free(w);
	if (!w->keep && w->root[0] != '\0')
		tree_remove(w->root);
	w->root[0] = '\0';
}
