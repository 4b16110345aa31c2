/*
 * The desk service: the local socket and everything that belongs to no single connection.
 *
 * The socket lies in run/, which the desk's group may enter; its file is made with mode 0660.  A file left by a killed
 * switch is removed only because the caller holds the station's lock: then no other switch can be listening on it.  The
 * account behind a connection (SO_PEERCRED) is its seat; what the JSON says about that is ignored.
 *
 * Tickets tie what the station will answer, after its COMMIT, to a connection and its request number.  A connection
 * that has gone leaves its tickets behind: the answer then reaches nobody, the submit stands, and a repetition under
 * the same request id is told so.
 */
#include "desk.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "../formats/i18n.h"
#include "../formats/jsontext.h"
#include "../formats/text.h"
#include "../formats/wire.h"
#include "desk_int.h"
#include "../formats/life.h"
#include "log.h"
#include "query.h"

int64_t
desk_now(struct desk *d)
{
	struct timespec ts;

	if (d->ops->now != NULL)
		return d->ops->now(d->ctx);
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- tickets ---- */

uint64_t
desk_ticket_new(struct desk *d, struct desk_conn *c, json_int_t n)
{
	struct desk_ticket *t = xcalloc(1, sizeof(*t));
	struct desk_ticket **bucket;

	t->id = ++d->last_ticket;
	t->conn = c;
	t->n = n;
	bucket = &d->tickets[t->id % DESK_TICKETS];
	t->next = *bucket;
	*bucket = t;
	c->unanswered++;
	return t->id;
}

uint64_t
desk_ticket_draft(struct desk *d, struct desk_conn *c, json_int_t n, const char *rid)
{
	uint64_t id = desk_ticket_new(d, c, n);
	struct desk_ticket *t = d->tickets[id % DESK_TICKETS];

	assert(t != NULL && t->id == id);
	t->draft = xmalloc(strlen(rid) + 1);
	memcpy(t->draft, rid, strlen(rid) + 1);
	return id;
}

/* Takes the ticket out; *draft is the caller's to free.  False when there is none: answered already. */
static bool
ticket_take(struct desk *d, uint64_t id, struct desk_conn **conn, json_int_t *n, char **draft)
{
	struct desk_ticket **at = &d->tickets[id % DESK_TICKETS], *t;

	for (; (t = *at) != NULL; at = &t->next)
		if (t->id == id) {
			*at = t->next;
			*conn = t->conn;
			*n = t->n;
			*draft = t->draft;
			if (t->conn != NULL) {
				assert(t->conn->unanswered > 0);
				t->conn->unanswered--;
			}
			free(t);
			return true;
		}
	return false;
}

void
desk_forget(struct desk *d, struct desk_conn *c)
{
	for (size_t i = 0; i < DESK_TICKETS && c->unanswered > 0; i++)
		for (struct desk_ticket *t = d->tickets[i]; t != NULL; t = t->next)
			if (t->conn == c) {
				t->conn = NULL;
				c->unanswered--;
			}
}

void
desk_ack_later(struct desk *d, uint64_t ticket)
{
	if (d->nacks == d->capacks) {
		d->capacks = d->capacks == 0 ? 16 : d->capacks * 2;
		d->acks = xreallocarray(d->acks, d->capacks, sizeof(*d->acks));
	}
	d->acks[d->nacks++] = ticket;
}

static void
put_remark(void *ctx, const char *text)
{
	jsontext_element(ctx, text);
}

static void
put_number(struct desk *d, const struct msgid *incident, struct buf *out)
{
	struct journal *j = station_journal(d->station);
	struct journal_incident inc;
	bool found;

	memset(&inc, 0, sizeof(inc));
	found = j->ops->incident_get(j, incident, &inc) == 0;
	jsontext_text(out, "number", found ? inc.number : "");
	buf_free(&inc.summary);
}

/* The answer to a submit, without its end: written for every report, hence as text. */
static void
submit_text(struct desk *d, const struct msgid *id, bool duplicate, struct buf *out)
{
	struct journal *j = station_journal(d->station);
	char text[MSGID_TEXT_MAX];
	struct journal_msg m;
	struct msgid incident;
	struct body *read = NULL;
	const struct body *b;
	struct fault ignored = {0};

	memset(&m, 0, sizeof(m));
	memset(&incident, 0, sizeof(incident));
	if ((b = station_kept(d->station, id, &incident)) == NULL && j->ops->get_message(j, id, &m) == 0) {
		incident = m.incident;
		b = read = wire_decode(m.body.p, m.body.n, &ignored);
	}
	msgid_format(id, text, sizeof(text));
	jsontext_begin(out, '{');
	jsontext_text(out, "id", text);
	jsontext_bool(out, "duplicate", duplicate);
	jsontext_name(out, "remarks");
	buf_put_u8(out, '[');
	if (b != NULL)
		query_remarks(station_conf(d->station)->rules, b, desk_now(d), put_remark, out);
	if (b != NULL)
		query_duty_remarks(d->station, b, desk_now(d), put_remark, out);
	if (b != NULL)
		query_stale_remark(&(struct query_env){.station = d->station}, b, desk_now(d), put_remark, out);
	if (b != NULL)
		query_supplement_remark(&(struct query_env){.station = d->station}, id, b, &incident, desk_now(d), put_remark, out);
	jsontext_end(out, ']');
	if (msgid_is_set(&incident)) {
		bool opens = msgid_cmp(id, &incident) == 0;
		const char *number = opens && b != NULL ? body_text(b, F_NUMBER) : NULL;

		if (!opens)
			msgid_format(&incident, text, sizeof(text));
		jsontext_text(out, "incident", text);
		if (number != NULL) /* the opener's own is the incident's */
			jsontext_text(out, "number", number);
		else
			put_number(d, &incident, out);
	} else {
		jsontext_text(out, "incident", "");
		jsontext_text(out, "number", "");
	}
	body_free(read);
	buf_free(&m.body);
}

/* Where the draft stands after the step; that it is gone when nobody can say. */
static json_t *
draft_answer(struct desk *d, const struct desk_conn *c, const char *rid)
{
	struct journal *j = station_journal(d->station);
	struct journal_draft draft;
	json_t *answer;

	memset(&draft, 0, sizeof(draft));
	if (j->ops->draft_get(j, rid, &draft) == 0)
		answer = query_draft(d->station, &draft, desk_now(d), c->zh);
	else
		answer = json_object();
	buf_free(&draft.json);
	buf_free(&draft.life);
	return answer;
}

/* It went: the submit's answer, and that it did. */
static json_t *
sent_answer(struct desk *d, const struct desk_conn *c, const struct msgid *id, bool duplicate)
{
	const struct life_name *sent = life_draft_state(DRAFT_SENT);
	struct buf text = {0};
	json_error_t err;
	json_t *answer;

	submit_text(d, id, duplicate, &text);
	jsontext_end(&text, '}');
	if ((answer = json_loadb((const char *)text.p, text.n, 0, &err)) == NULL)
		log_fatal(EX_SOFTWARE, "fatal", "what=\"an answer that is no JSON\"");
	buf_free(&text);
	json_object_set_new(answer, "state", json_string(sent != NULL ? sent->name : ""));
	json_object_set_new(answer, "state_name", json_string(sent == NULL ? "" : c->zh ? sent->zh : sent->label));
	return answer;
}

void
desk_reply(struct desk *d, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct desk_conn *c;
	json_int_t n;
	char *draft;

	if (!ticket_take(d, ticket, &c, &n, &draft)) {
		log_event(LOG_LV_ERROR, "reply_twice", "ticket=%" PRIu64, ticket);
		return;
	}
	if (c == NULL || c->dead)
		goto out;
	if (f != NULL && f->code != 0)
		desk_conn_refuse(c, n, f);
	else if (draft != NULL)
		desk_conn_answer(c, n,
		    id != NULL && msgid_is_set(id) ? sent_answer(d, c, id, duplicate) : draft_answer(d, c, draft));
	else if (id != NULL) {
		struct buf text = {0};

		submit_text(d, id, duplicate, &text);
		desk_conn_text(c, n, &text);
		buf_free(&text);
	} else
		desk_conn_answer(c, n, json_object());
	desk_conn_resume(c);
out:
	free(draft);
}

void
desk_answer(struct desk *d, uint64_t ticket, json_t *answer, const struct fault *f)
{
	struct desk_conn *c = NULL;
	char *draft = NULL;
	json_int_t n = 0;

	if (d == NULL || !ticket_take(d, ticket, &c, &n, &draft) || c == NULL || c->dead)
		json_decref(answer);
	else {
		if (answer != NULL)
			desk_conn_answer(c, n, answer);
		else
			desk_conn_refuse(c, n, f);
		desk_conn_resume(c);
	}
	free(draft);
}

void
desk_committed(struct desk *d)
{
	struct desk_conn *c;
	json_int_t n;
	char *draft;

	for (size_t i = 0; i < d->nacks; i++) {
		if (!ticket_take(d, d->acks[i], &c, &n, &draft))
			continue;
		free(draft);
		if (c != NULL && !c->dead) {
			desk_conn_answer(c, n, json_object());
			desk_conn_resume(c);
		}
	}
	d->nacks = 0;
	/* First the one read that waits on each, so that nobody's writes keep another's read waiting for ever. */
	for (c = d->conns; c != NULL; c = c->next)
		if (c->request != NULL && !c->dead && !station_dirty(d->station)) {
			json_t *request = c->request;
			c->request = NULL;
			desk_op_read(c, request);
			desk_conn_resume(c);
		}
	for (c = d->conns; c != NULL; c = c->next)
		desk_conn_flush(c);
}

void
desk_push(struct desk *d, uint64_t revision)
{
	(void)revision; /* read afresh when it is sent: the newest is the one that counts */
	for (struct desk_conn *c = d->conns; c != NULL; c = c->next)
		if (c->watch && !c->dead)
			desk_conn_push(c);
}

int64_t
desk_idle(struct desk *d, bool *wrote)
{
	struct query_env env = { .station = d->station, .dir = d->dir, .zh = strcmp(d->dir->language, "zh") == 0,
	    .alarms = d->alarms, .outlet = d->outlet };

	return query_idle(&env, desk_now(d), wrote);
}

void
desk_alarm(struct desk *d, int64_t now, const char *what, const char *detail)
{
	char w[128], t[512];

	text_sanitise(what, strlen(what), w, sizeof(w), false);
	text_sanitise(detail, strlen(detail), t, sizeof(t), false);
	json_array_append_new(d->alarms, json_pack("{s:I, s:s, s:s}", "at", (json_int_t)now, "what", w, "detail", t));
	while (json_array_size(d->alarms) > DESK_ALARMS)
		json_array_remove(d->alarms, 0);
}

/* ---- the socket ---- */

static void
seat_of(uid_t uid, char *out, size_t size)
{
	char buf[4096];
	struct passwd pw, *found = NULL;

	if (getpwuid_r(uid, &pw, buf, sizeof(buf), &found) == 0 && found != NULL && found->pw_name[0] != '\0')
		text_sanitise(found->pw_name, strlen(found->pw_name), out, size, false);
	else
		snprintf(out, size, "uid:%lu", (unsigned long)uid);
}

/* The terminal a process was started on, by its number in proc(5) stat (field 7): what the kernel says, not the process. */
static void
terminal_of(pid_t pid, char *out, size_t size)
{
	char path[64], text[1024];
	const char *p;
	long nr = 0;
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((f = fopen(path, "re")) == NULL)
		return;
	if (fgets(text, sizeof(text), f) != NULL && (p = strrchr(text, ')')) != NULL)
		for (int field = 2; p != NULL && field < 7; field++)
			if ((p = strchr(p + 1, ' ')) != NULL && field == 6)
				nr = strtol(p + 1, NULL, 10);
	fclose(f);
	if (nr > 0 && major((dev_t)nr) >= 136 && major((dev_t)nr) <= 143)
		snprintf(out, size, "pts/%u", (major((dev_t)nr) - 136) * 256 + minor((dev_t)nr));
	else if (nr > 0)
		snprintf(out, size, major((dev_t)nr) == 4 && minor((dev_t)nr) < 64 ? "tty%u" : "dev%u", minor((dev_t)nr));
}

static void
sweep_wanted(struct desk *d)
{
	static const struct timeval every = {5, 0};

	if (!event_pending(d->sweep, EV_TIMEOUT, NULL) && event_add(d->sweep, &every) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"a timer cannot be set\"");
}

static void
accept_cb(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int salen, void *arg)
{
	struct desk *d = arg;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	size_t same = 0;
	char seat[96], terminal[32];

	(void)l;
	(void)sa;
	(void)salen;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
		log_event(LOG_LV_WARN, "desk_refused", "why=%s", log_quote(strerror(errno)));
		evutil_closesocket(fd);
		return;
	}
	for (const struct desk_conn *c = d->conns; c != NULL; c = c->next)
		same += c->uid == cred.uid && !c->dead;
	if (d->nconns >= DESK_CONNS_MAX || same >= DESK_CONNS_ACCOUNT) {
		log_event(LOG_LV_WARN, "desk_refused", "uid=%lu why=\"too many connections\"", (unsigned long)cred.uid);
		evutil_closesocket(fd);
		return;
	}
	seat_of(cred.uid, seat, sizeof(seat));
	terminal_of(cred.pid, terminal, sizeof(terminal));
	if (desk_conn_new(d, fd, cred.uid, seat, terminal) == NULL)
		evutil_closesocket(fd);
	else
		log_event(LOG_LV_DEBUG, "desk_open", "seat=%s pid=%ld", log_quote(seat), (long)cred.pid);
	sweep_wanted(d);
}

/* Out of descriptors: libevent would spin on the waiting connection.  Rest until the next sweep. */
static void
accept_failed(struct evconnlistener *l, void *arg)
{
	log_event(
	    LOG_LV_ERROR, "desk_accept", "why=%s", log_quote(evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR())));
	evconnlistener_disable(l);
	sweep_wanted(arg);
}

static void
reap_cb(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	struct desk_conn **at = &d->conns, *c;

	(void)fd;
	(void)what;
	while ((c = *at) != NULL)
		if (c->dead) {
			*at = c->next;
			d->nconns--;
			desk_conn_free(c);
		} else {
			at = &c->next;
		}
	desk_seats_left(d);
}

/* Behind the turn that wrote the answers, in the same pass of the loop. */
static void
flush_cb(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;

	(void)fd;
	(void)what;
	for (struct desk_conn *c = d->conns; c != NULL; c = c->next)
		desk_conn_flush(c);
}

static void
sweep_cb(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	int64_t now = desk_now(d);

	(void)fd;
	(void)what;
	for (struct desk_conn *c = d->conns; c != NULL; c = c->next)
		if (!c->dead)
			desk_conn_sweep(c, now);
	evconnlistener_enable(d->listener);
	if (d->conns == NULL)
		(void)event_del(d->sweep); /* an idle switch is not woken for nobody */
}

static int
run_fault(const struct desk *d, int code, const char *what, struct fault *f)
{
	fault_set(f, code, "run", "%s: %s", what, strerror(errno));
	fault_at(f, d->dir->socket, 0);
	return -1;
}

/* run/ with its mode and group; *gid is (gid_t)-1 when none is set. */
static int
folder_prepare(const struct desk *d, gid_t *gid, struct fault *f)
{
	char run[288], buf[8192];
	struct group gr, *found = NULL;

	*gid = (gid_t)-1;
	snprintf(run, sizeof(run), "%s/run", d->dir->path);
	if (mkdir(run, 0750) != 0 && errno != EEXIST)
		return run_fault(d, EX_CANTCREAT, _("the folder cannot be made"), f);
	if (d->dir->group[0] != '\0') {
		if (getgrnam_r(d->dir->group, &gr, buf, sizeof(buf), &found) != 0 || found == NULL)
			return fault_set(f, EX_CONFIG, "group", _("no such group: %s"), d->dir->group);
		*gid = gr.gr_gid;
		if (chown(run, (uid_t)-1, *gid) != 0)
			return run_fault(d, EX_NOPERM, _("the folder cannot be given to its group"), f);
	}
	if (chmod(run, 0750) != 0)
		return run_fault(d, EX_NOPERM, _("the folder's mode cannot be set"), f);
	return 0;
}

static int
socket_open(struct desk *d, struct fault *f)
{
	const char *path = d->dir->socket;
	struct sockaddr_un sa;
	struct stat st;
	mode_t mask;
	gid_t gid;
	int fd = -1, rc;

	memset(&sa, 0, sizeof(sa));
	sa.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa.sun_path))
		return fault_set(f, EX_CONFIG, "directory", _("the path is too long for a local socket: %s"), path);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (folder_prepare(d, &gid, f) != 0)
		return -1;
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode)) {
			fault_set(f, EX_CANTCREAT, "run", _("something that is not a socket lies in the way"));
			fault_at(f, path, 0);
			return -1;
		}
		if (unlink(path) != 0)
			return run_fault(d, EX_CANTCREAT, _("the old socket cannot be removed"), f);
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
		return run_fault(d, EX_OSERR, _("no socket"), f);
	mask = umask(0117);
	rc = bind(fd, (const struct sockaddr *)&sa, sizeof(sa));
	umask(mask);
	if (rc != 0) {
		run_fault(d, EX_CANTCREAT, _("the socket cannot be made"), f);
		close(fd);
		return -1;
	}
	d->bound = true;
	if (gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) != 0) {
		run_fault(d, EX_NOPERM, _("the socket cannot be given to its group"), f);
		close(fd);
		return -1;
	}
	d->listener = evconnlistener_new(d->base, accept_cb, d, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 128, fd);
	if (d->listener == NULL) {
		run_fault(d, EX_OSERR, _("the socket cannot be listened on"), f);
		close(fd);
		return -1;
	}
	evconnlistener_set_error_cb(d->listener, accept_failed);
	return 0;
}

struct desk *
desk_new(struct event_base *base, const struct stationdir *dir, struct station *s, const struct desk_ops *ops,
    void *ctx, struct fault *f)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	d->base = base;
	d->dir = dir;
	d->station = s;
	d->ops = ops;
	d->ctx = ctx;
	d->alarms = json_array();
	d->sweep = event_new(base, -1, EV_PERSIST, sweep_cb, d);
	d->reap = event_new(base, -1, 0, reap_cb, d);
	d->flush = event_new(base, -1, 0, flush_cb, d);
	if (d->alarms == NULL || d->sweep == NULL || d->reap == NULL || d->flush == NULL)
		log_fatal(EX_OSERR, "fatal", "what=\"out of memory\"");
	if (socket_open(d, f) != 0) {
		desk_free(d);
		return NULL;
	}
	return d;
}

void
desk_free(struct desk *d)
{
	struct desk_conn *c;
	struct desk_ticket *t;

	if (d == NULL)
		return;
	while ((c = d->conns) != NULL) {
		d->conns = c->next;
		desk_conn_free(c);
	}
	for (size_t i = 0; i < DESK_TICKETS; i++)
		while ((t = d->tickets[i]) != NULL) {
			d->tickets[i] = t->next;
			free(t->draft);
			free(t);
		}
	if (d->listener != NULL)
		evconnlistener_free(d->listener);
	if (d->bound)
		(void)unlink(d->dir->socket);
	if (d->sweep != NULL)
		event_free(d->sweep);
	if (d->reap != NULL)
		event_free(d->reap);
	if (d->flush != NULL)
		event_free(d->flush);
	json_decref(d->alarms);
	free(d->acks);
	free(d);
}
