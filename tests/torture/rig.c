/*
 * The rig: three switches under the shim, joined through the proxy.
 *
 * One turn waits for the first of: an answer, a process that became ready, a process that ended.  An end that was not
 * ordered is a failure, told with the end of that switch's log.  What has ended is started again at once, without
 * orders.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../switch/journal.h"
#include "torture.h"

#define READY_MS 60000

/* ---- making ---- */

static void
page_make(struct rig *r, int i)
{
	char zero = 0, path[sizeof r->page_path[i]];
	int fd;

	(void)snprintf(path, sizeof path, "%.250s/page%d", r->st.root, i);
	memcpy(r->page_path[i], path, sizeof path);
	fd = open(r->page_path[i], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ST_CHECK(fd >= 0 && pwrite(fd, &zero, 1, (off_t)sizeof(struct shim_page) - 1) == 1, "%s: %s", r->page_path[i],
	    strerror(errno));
	r->page[i] = mmap(NULL, sizeof(struct shim_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ST_CHECK(r->page[i] != MAP_FAILED, "mmap: %s", strerror(errno));
	close(fd);
	(void)snprintf(r->page[i]->dir, sizeof r->page[i]->dir, "%.255s/journal", r->st.s[i].dir);
}

/* In the topology of who connects: the proxy stands where the neighbour listens. */
static void
reroute(struct station_proc *s, const struct station_proc *to, unsigned port)
{
	struct buf in = {0}, out = {0};
	char path[320], endpoint[64];
	const char *at;

	(void)snprintf(path, sizeof path, "%.255s/topology.tsv", s->dir);
	(void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", port);
	file_read(path, &in);
	at = strstr(buf_cstr(&in), to->endpoint);
	ST_CHECK(at != NULL, "%s does not name %s", path, to->endpoint);
	buf_put(&out, in.p, (size_t)(at - buf_cstr(&in)));
	buf_puts(&out, endpoint);
	buf_puts(&out, at + strlen(to->endpoint));
	file_write(path, out.p, out.n);
	buf_free(&in);
	buf_free(&out);
}

void
rig_settings(struct rig *r, int i, const char *lines)
{
	static const char mark[] = "# torture\n";
	struct buf b = {0};
	char path[320];
	const char *at;

	(void)snprintf(path, sizeof path, "%.255s/dutyswitch.conf", r->st.s[i].dir);
	file_read(path, &b);
	if ((at = strstr(buf_cstr(&b), mark)) != NULL)
		b.n = (size_t)(at - buf_cstr(&b));
	buf_puts(&b, mark);
	buf_puts(&b, lines);
	file_write(path, b.p, b.n);
	buf_free(&b);
}

void
rig_make(struct rig *r, const struct torture *t)
{
	unsigned ports[2];
	char *real, path[512];

	memset(r, 0, sizeof *r);
	r->build = t->build;
	r->slow = t->slow;
	for (int i = 0; i < STATIONS; i++)
		r->netns[i] = -1;
	(void)snprintf(path, sizeof path, "%s/tests/torture_shim.so", t->build);
	real = realpath(path, NULL);
	ST_CHECK(real != NULL && strlen(real) < sizeof r->shim, "no %s", path);
	(void)snprintf(r->shim, sizeof r->shim, "%s", real);
	free(real);
	stations_make(&r->st, t->build);
	for (int i = 0; i < STATIONS; i++) {
		page_make(r, i);
		/* however little this machine has left; and a ballast that is quickly written into a thousand states */
		rig_settings(r, i, "ballast_mb = 1\nroom_mb = 1\n");
	}
	r->proxy = proxy_new(&r->st, ports);
	reroute(&r->st.s[TOWN], &r->st.s[COUNTY], ports[0]);
	reroute(&r->st.s[COUNTY], &r->st.s[CITY], ports[1]);
}

void
rig_free(struct rig *r)
{
	ledger_free(&r->ledger);
	proxy_free(r->proxy);
	r->proxy = NULL;
	for (int i = 0; i < STATIONS; i++) {
		if (r->page[i] != NULL)
			(void)munmap(r->page[i], sizeof *r->page[i]);
		if (r->st.s[i].pid > 0 && r->stopped[i])
			(void)kill(r->st.s[i].pid, SIGCONT);
		if (r->netns[i] >= 0)
			close(r->netns[i]);
	}
	stations_free(&r->st, r->keep);
	memset(r, 0, sizeof *r);
}

/* ---- life ---- */

void
rig_launch(struct rig *r, int i)
{
	const char *asan = getenv("ASAN_OPTIONS");
	char options[512], *old = asan != NULL ? xstrdup(asan) : NULL;
	int home = -1;

	/* A sanitizer wants to come first; it does as well after a library that calls the kernel itself. */
	(void)snprintf(options, sizeof options, "%.400s%sverify_asan_link_order=0", old != NULL ? old : "",
	    old != NULL ? ":" : "");
	(void)setenv("ASAN_OPTIONS", options, 1);
	(void)setenv("LD_PRELOAD", r->shim, 1);
	(void)setenv("TORTURE_PAGE", r->page_path[i], 1);
	if (r->netns[i] >= 0) {
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		ST_CHECK(home >= 0 && setns(r->netns[i], CLONE_NEWNET) == 0, "setns: %s", strerror(errno));
	}
	st_launch(&r->st.s[i]);
	if (home >= 0) {
		ST_CHECK(setns(home, CLONE_NEWNET) == 0, "setns: %s", strerror(errno));
		close(home);
	}
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv("TORTURE_PAGE");
	if (old != NULL)
		(void)setenv("ASAN_OPTIONS", old, 1);
	else
		(void)unsetenv("ASAN_OPTIONS");
	free(old);
	r->ready[i] = false;
}

void
rig_disarm(struct rig *r, int i)
{
	struct shim_page *p = r->page[i];

	atomic_store(&p->kill_at, 0);
	atomic_store(&p->fail_from, 0);
	atomic_store(&p->fail_short, 0);
	atomic_store(&p->clock_at, 0);
}

const char *
rig_tail(struct rig *r, int i)
{
	static char text[1600];
	struct buf b = {0};

	file_read(r->st.s[i].log, &b);
	(void)snprintf(text, sizeof text, "%s", b.n > 1500 ? buf_cstr(&b) + b.n - 1500 : buf_cstr(&b));
	buf_free(&b);
	return text;
}

static void
notice_end(struct rig *r, int i)
{
	struct station_proc *s = &r->st.s[i];
	siginfo_t info;
	int status, excused = r->excused[i];
	bool ready = r->ready[i];

	memset(&info, 0, sizeof info);
	if (s->pid <= 0 || waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
		return;
	status = st_wait(s, 1000);
	ledger_drop(&r->ledger, i);
	r->ready[i] = false;
	r->stopped[i] = false;
	r->last_status[i] = status;
	r->ends[i]++;
	atomic_fetch_add(&tally->restarts, 1);
	ST_CHECK((status == 128 + SIGKILL && (excused & MAY_DIE) != 0) ||
		     (status >= 64 && status <= 78 && (excused & MAY_FAIL) != 0),
	    "the switch of %s ended %swith status %d; its log ends: %s", s->code, ready ? "" : "while starting ",
	    status, rig_tail(r, i));
	if (status == 128 + SIGKILL)
		rig_disarm(r, i);
}

static void
notice_ready(struct rig *r, int i)
{
	struct station_proc *s = &r->st.s[i];
	struct pollfd p = {.fd = s->ready_fd, .events = POLLIN};
	char text[8];

	if (s->pid <= 0 || s->ready_fd < 0 || r->ready[i] || r->stopped[i] || poll(&p, 1, 0) <= 0)
		return;
	if ((p.revents & POLLIN) == 0 || read(s->ready_fd, text, sizeof text) <= 0)
		return; /* it is ending: notice_end() will tell */
	close(s->ready_fd);
	s->ready_fd = -1;
	r->ready[i] = true;
}

void
rig_turn(struct rig *r, int ms)
{
	struct pollfd fd[STATIONS * 2];
	nfds_t n = 0;

	for (int i = 0; i < STATIONS; i++) {
		notice_end(r, i);
		if (r->st.s[i].pid == 0 && !r->hold[i])
			rig_launch(r, i);
		notice_ready(r, i);
	}
	if (ledger_step(&r->ledger, r))
		ms = 0;
	for (int i = 0; i < STATIONS; i++) {
		if (r->ledger.c[i] != NULL)
			fd[n++] = (struct pollfd){.fd = client_fd(r->ledger.c[i]),
			    .events = (short)(POLLIN | (client_wants_write(r->ledger.c[i]) ? POLLOUT : 0))};
		if (r->st.s[i].ready_fd >= 0 && !r->stopped[i])
			fd[n++] = (struct pollfd){.fd = r->st.s[i].ready_fd, .events = POLLIN};
	}
	(void)poll(fd, n, ms);
}

void
rig_turns(struct rig *r, int ms)
{
	int64_t until = mono_ms() + ms, left;

	while ((left = until - mono_ms()) > 0)
		rig_turn(r, left < 20 ? (int)left : 20);
}

json_t *
rig_status(struct rig *r, int i)
{
	struct fault f = {0};
	json_t *a;

	if (!r->ready[i] || r->stopped[i] || r->ledger.c[i] == NULL)
		return NULL;
	a = client_call(r->ledger.c[i], json_pack("{s:s}", "op", "status"), NULL, 0, 10000 * (int)r->slow, &f);
	if (a == NULL && !client_alive(r->ledger.c[i]))
		ledger_drop(&r->ledger, i);
	return a;
}

static bool
station_quiet(struct rig *r, int i, char why[300])
{
	json_t *st = rig_status(r, i), *l;
	const char *code = r->st.s[i].code;
	size_t k;
	bool ok = true;

	if (st == NULL) {
		(void)snprintf(why, 300, "%s does not answer", code);
		return false;
	}
	if (json_integer_value(json_object_get(st, "outbox")) != 0 ||
	    json_integer_value(json_object_get(st, "open_deliveries")) != 0) {
		(void)snprintf(why, 300, "%s: outbox %d, open deliveries %d", code,
		    (int)json_integer_value(json_object_get(st, "outbox")),
		    (int)json_integer_value(json_object_get(st, "open_deliveries")));
		ok = false;
	}
	json_array_foreach(json_object_get(st, "links"), k, l)
	{
		const char *state = json_string_value(json_object_get(l, "state"));

		if (ok && (state == NULL || strcmp(state, "up") != 0)) {
			(void)snprintf(why, 300, "%s: its link to %s is %s: %.100s", code,
			    json_string_value(json_object_get(l, "station")), state,
			    json_string_value(json_object_get(l, "why")));
			ok = false;
		}
	}
	json_decref(st);
	return ok;
}

bool
rig_is_quiet(struct rig *r, char why[300])
{
	if (!ledger_settled(&r->ledger)) {
		(void)snprintf(why, 300, "submits are not answered");
		return false;
	}
	for (int i = 0; i < STATIONS; i++)
		if (!station_quiet(r, i, why))
			return false;
	return true;
}

/* Each is quiet at its own moment: the second look in a row is the quiet of all. */
void
rig_quiet(struct rig *r, int ms)
{
	int64_t deadline = mono_ms() + (int64_t)ms * r->slow, look = 0;
	char why[300] = "";
	int in_a_row = 0;

	while (in_a_row < 2) {
		rig_turn(r, 10);
		if (mono_ms() < look)
			continue;
		in_a_row = rig_is_quiet(r, why) ? in_a_row + 1 : 0;
		look = mono_ms() + (in_a_row > 0 ? 0 : 15);
		ST_CHECK(in_a_row > 0 || mono_ms() < deadline, "not quiet after %d ms: %s", ms, why);
	}
	for (int i = 0; i < STATIONS; i++)
		r->excused[i] = 0;
}

/* ---- comparing ---- */

void
rig_check(struct rig *r)
{
	rig_quiet(r, 30000);
	for (int i = 0; i < STATIONS;
	     i++) { /* of a life before, perhaps: a clock set back ends one within the process */
		client_close(r->st.s[i].client);
		r->st.s[i].client = NULL;
	}
	ledger_check(&r->ledger, r);
}

/* As an auditor would, on the files of switches that have stopped. */
void
rig_verify_files(struct rig *r)
{
	for (int i = 0; i < STATIONS; i++) {
		struct station_proc *s = &r->st.s[i];
		struct journal_verify v;
		struct fault f = {0};
		struct journal *j;
		struct output o;
		char dir[320];
		int status;

		r->hold[i] = true;
		status = st_stop(s, 20000 * (int)r->slow);
		r->ready[i] = false;
		ledger_drop(&r->ledger, i);
		ST_CHECK(status == 0, "%s did not stop well: %d: %s", s->code, status, rig_tail(r, i));
		(void)snprintf(dir, sizeof dir, "%.255s/journal", s->dir);
		j = journal_sqlite_open(dir, false, &f);
		ST_CHECK(j != NULL, "%s: %s", dir, f.text);
		memset(&v, 0, sizeof v);
		ST_CHECK(j->ops->verify(j, s->code, &v) == 0 && v.bad[0] == '\0', "%s: verify of the files: %s",
		    s->code, v.bad);
		for (size_t k = 0; k < r->ledger.n; k++) {
			const struct ledger_item *it = &r->ledger.v[k];
			struct msgid id;

			ST_CHECK(!it->acked || it->at != i ||
				     (msgid_parse(it->id, &id) && j->ops->get_message(j, &id, NULL) == 0),
			    "lost: %s is not in the files of %s", it->title, s->code);
		}
		j->ops->close(j);
		st_ctl(s, NULL, 0, &o, "verify", NULL); /* and the folds */
		ST_CHECK(o.status == 0, "dutyctl verify of %s: %s", s->code, output_text(&o));
		output_free(&o);
	}
}
