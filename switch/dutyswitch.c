/*
 * dutyswitch: the daemon of one station.  This file reads the command line, checks what it is given, takes the
 * station's lock, and hands over to loop.c.  Everything that can be wrong with a station's directory is found before
 * anything is opened for writing; `-n` stops there.
 *
 * Detaching (-d): the parent waits until the child is ready, or has failed, and leaves with the child's status: a start
 * that fails is seen where it was ordered, and what is returned from is up.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/limits.h"
#include "journal.h"
#include "log.h"
#include "outlet.h"
#include "loop.h"
#include "rules_kept.h"

#define VERSION "0.1"

struct options {
	const char *dir;
	bool check, detach, verbose;
	int ready_fd;
};

struct service {
	struct stationdir dir;
	struct codebook *codebook;
	struct rules *rules;
	char confdir[1024];
	int ready_fd;	    /* -1: none */
	int parent_fd;	    /* of a detached start; -1: none */
	char log_path[512]; /* of a detached one */
	enum log_level level;
};

static _Noreturn void
usage(int code)
{
	FILE *out = code == 0 ? stdout : stderr;

	fprintf(out, "%s: dutyswitch -D DIR [-n | -d | -f] [-v]\n       dutyswitch -V\n", _("usage"));
	fprintf(out, "  -D DIR  %s\n", _("the station's directory (made by dutyctl init)"));
	fprintf(out, "  -n      %s\n", _("check configuration and journal, and leave"));
	fprintf(out, "  -f      %s\n", _("stay in the foreground, log to standard error (default)"));
	fprintf(out, "  -d      %s\n", _("go into the background once ready, log to DIR/dutyswitch.log"));
	fprintf(out, "  -v      %s\n", _("log more"));
	fprintf(out, "  -V      %s\n", _("print the version and leave"));
	exit(code);
}

static int
fd_parse(const char *s)
{
	char *rest;
	long v;

	errno = 0;
	v = strtol(s, &rest, 10);
	if (errno != 0 || *s == '\0' || *rest != '\0' || v < 0 || v > 65535 || fcntl((int)v, F_GETFD) < 0) {
		fprintf(stderr, "dutyswitch: --ready-fd: %s\n", _("not an open descriptor"));
		exit(EX_USAGE);
	}
	return (int)v;
}

static void
options_parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"ready-fd", required_argument, NULL, 'R'},
	    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
	int c;

	memset(o, 0, sizeof(*o));
	o->ready_fd = -1;
	while ((c = getopt_long(argc, argv, "D:nfdvVh", longs, NULL)) != -1)
		switch (c) {
		case 'D':
			o->dir = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'f':
			o->detach = false;
			break;
		case 'd':
			o->detach = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'R':
			o->ready_fd = fd_parse(optarg);
			break;
		case 'V':
			printf("dutyswitch %s\n", VERSION);
			exit(0);
		case 'h':
			usage(0);
		default:
			usage(EX_USAGE);
		}
	if (o->dir == NULL || optind != argc)
		usage(EX_USAGE);
}

static int
complain(const struct fault *f)
{
	char text[1024];

	fault_format(f, text, sizeof(text));
	fprintf(stderr, "dutyswitch: %s\n", text);
	log_event(LOG_LV_ERROR, "start_failed", "code=%d why=%s", f->code, log_quote(text));
	return f->code != 0 ? f->code : EX_SOFTWARE;
}

/* A table on the disk is bad, and nobody may be there to mend it: the rules that were in force before, and everybody is told.  Who asks for the
 * check alone, or has no earlier rules, is refused. */
static int
service_rules(struct service *s, bool check, struct fault *f)
{
	struct fault none = {0};

	if ((s->rules = rules_load_profiles(s->confdir, s->dir.profile, f)) != NULL)
		return 0;
	if (check || (s->rules = rules_kept_load(s->dir.path, &none)) == NULL)
		return -1;
	fault_format(f, s->dir.rules_fault, sizeof(s->dir.rules_fault));
	log_event(LOG_LV_ERROR, "rules_old", "what=\"started with the last good rules\" why=%s", log_quote(s->dir.rules_fault));
	memset(f, 0, sizeof(*f));
	return 0;
}

/* What is in force, for a start at which the tables are bad.  Without a copy the station works all the same. */
static void
rules_keep(const struct service *s)
{
	struct fault f = {0};
	char text[1024];

	if (s->dir.rules_fault[0] == '\0' && rules_kept_save(s->dir.path, s->confdir, s->rules, &f) != 0)
		log_event(LOG_LV_ERROR, "rules_kept", "why=%s", log_quote(fault_format(&f, text, sizeof(text))));
}

/* Everything that is read at the start. */
static int
service_load(struct service *s, const struct options *o, struct fault *f)
{
	char *whole;

	if (stationdir_load(o->dir, &s->dir, f) != 0)
		return -1;
	i18n_init(getenv("DUTYDESK_LANG") != NULL ? NULL : s->dir.language);
	if (o->verbose)
		s->level = LOG_LV_DEBUG;
	else if (!log_level_parse(s->dir.log_level, &s->level))
		s->level = LOG_LV_INFO;
	log_init(s->level, STDERR_FILENO);
	if (conf_dir(s->confdir, sizeof(s->confdir), f) == NULL)
		return -1;
	/* It is read again after chdir("/"). */
	if ((whole = realpath(s->confdir, NULL)) != NULL && strlen(whole) < sizeof(s->confdir))
		memcpy(s->confdir, whole, strlen(whole) + 1);
	free(whole);
	if (limits_load(s->confdir, f) != 0 ||
	    (s->codebook = codebook_load(s->confdir, f)) == NULL || service_rules(s, o->check, f) != 0)
		return -1;
	return 0;
}

/* The journal, when nobody has it open: as the start would read it, and nothing is written or made. */
static int
check_journal(const struct service *s, bool *checked, struct fault *f)
{
	struct journal *j;
	int lock = stationdir_lock(&s->dir, f), rc = 0;

	*checked = false;
	if (lock < 0)
		return f->code == EX_TEMPFAIL ? 0 : -1;
	if ((j = journal_sqlite_open(s->dir.journal, false, f)) != NULL) {
		j->ops->close(j);
		*checked = true;
	} else if (f->code == EX_NOINPUT && stationdir_fresh(&s->dir)) {
		memset(f, 0, sizeof(*f)); /* there is none yet, and none is missing */
		*checked = true;
	} else
		rc = -1;
	close(lock);
	return rc;
}

/* What is odd about rules that were taken. */
static void
remark_print(void *ctx, const char *file, size_t line, const char *text)
{
	(void)ctx;
	printf("%s:%zu: %s\n", file, line, text);
}

static void
remark_log(void *ctx, const char *file, size_t line, const char *text)
{
	char where[600];

	(void)ctx;
	(void)snprintf(where, sizeof(where), "%s:%zu", file, line);
	log_event(LOG_LV_WARN, "rules_odd", "at=%s what=%s", log_quote(where), log_quote(text));
}

static int
check_only(const struct service *s, struct fault *f)
{
	struct topology t;
	size_t n;
	bool checked;

	if (loop_topology(&s->dir, &t, f) != 0)
		return complain(f);
	n = t.count;
	topology_free(&t);
	if (outlet_check(&s->dir, f) != 0)
		return complain(f);
	if (check_journal(s, &checked, f) != 0)
		return complain(f);
	rules_remarks(s->rules, remark_print, NULL);
	printf(_("%s %s: the configuration is in order, %zu neighbours\n"), s->dir.station, s->dir.name, n);
	if (!checked)
		printf(_("the journal was not checked: %s\n"), f->text);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

/* As many connections as the system lets us have: at its limit libzmq spins. */
static void
files_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static int
log_open(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
}

/* SIGHUP: whoever rotated the log's file wants a new one. */
static void
on_hup(void *ctx)
{
	struct service *s = ctx;
	int fd;

	if (s->log_path[0] == '\0')
		return;
	if ((fd = log_open(s->log_path)) < 0) {
		log_event(LOG_LV_ERROR, "log", "why=%s", log_quote(strerror(errno)));
		return;
	}
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
}

/* The rules again, by the profiles the settings name now; no other setting changes without a start. */
static struct rules *
on_reread(void *ctx, struct fault *f)
{
	struct service *s = ctx;
	struct stationdir *again = xcalloc(1, sizeof(*again));
	struct rules *rules = NULL;

	if (stationdir_load(s->dir.path, again, f) == 0) {
		if ((rules = rules_load_profiles(s->confdir, again->profile, f)) != NULL) {
			memcpy(s->dir.profile, again->profile, sizeof(s->dir.profile));
			rules_remarks(rules, remark_log, NULL);
		} else
			fault_format(f, s->dir.rules_fault, sizeof(s->dir.rules_fault));
	}
	explicit_bzero(again, sizeof(*again));
	free(again);
	return rules;
}

static void
on_rules(void *ctx, struct rules *rules)
{
	struct service *s = ctx;

	rules_free(s->rules);
	s->rules = rules;
	s->dir.rules_fault[0] = '\0';
	rules_keep(s);
}

static void
say(int *fd, const char *text)
{
	size_t n = strlen(text);

	if (*fd < 0)
		return;
	if (write(*fd, text, n) != (ssize_t)n)
		log_event(LOG_LV_WARN, "ready_fd", "why=%s", log_quote(strerror(errno)));
	close(*fd);
	*fd = -1;
}

static void
on_ready(void *ctx, const char *endpoint)
{
	struct service *s = ctx;
	char text[300];

	if (s->parent_fd >= 0)
		on_hup(s); /* from here on standard error is the log's file */
	snprintf(text, sizeof(text), endpoint[0] != '\0' ? "ready %s\n" : "ready\n", endpoint);
	say(&s->ready_fd, text);
	say(&s->parent_fd, "ready\n");
}

/* In the parent: never returns. */
static _Noreturn void
wait_for_child(int fd, pid_t child)
{
	char text[8];
	ssize_t n;
	int status;

	do
		n = read(fd, text, sizeof(text));
	while (n < 0 && errno == EINTR);
	if (n > 0)
		_exit(0);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(EX_OSERR);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE);
}

static void
detach(struct service *s)
{
	int pipefd[2], null;
	pid_t child;

	if (snprintf(s->log_path, sizeof(s->log_path), "%s/dutyswitch.log", s->dir.path) >= (int)sizeof(s->log_path) ||
	    pipe2(pipefd, O_CLOEXEC) != 0 || (child = fork()) < 0)
		log_fatal(EX_OSERR, "detach", "why=%s", log_quote(strerror(errno)));
	if (child > 0) {
		close(pipefd[1]);
		wait_for_child(pipefd[0], child);
	}
	close(pipefd[0]);
	s->parent_fd = pipefd[1];
	if (setsid() < 0 || (null = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
		log_fatal(EX_OSERR, "detach", "why=%s", log_quote(strerror(errno)));
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	close(null);
	/* Not the folder it was called in: that may be on a stick somebody wants to pull out. */
	if (chdir("/") != 0)
		log_fatal(EX_OSERR, "detach", "why=%s", log_quote(strerror(errno)));
}

/* The journal failed while serving: whether to open it anew, after a pause.  Neighbours and desks connect again by themselves. */
static bool
again(struct loop_reopens *r)
{
	struct timespec ts = {0};
	int64_t wait;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	if ((wait = loop_reopen(r, (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000)) < 0) {
		log_event(LOG_LV_ERROR, "alarm",
		    "what=\"the journal cannot be written, again and again: the switch stays down; look at the disk\"");
		return false;
	}
	log_event(LOG_LV_WARN, "reopen", "in_ms=%lld", (long long)wait);
	ts = (struct timespec){.tv_sec = (time_t)(wait / 1000), .tv_nsec = (long)(wait % 1000) * 1000000};
	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
	return true;
}

/* Until it is told to stop, or cannot go on. */
static int
serve(struct service *s, struct fault *f)
{
	struct loop_conf conf = {.dir = &s->dir, .codebook = s->codebook, .ready = on_ready, .hup = on_hup, .reread = on_reread,
	    .in_force = on_rules, .ctx = s};
	struct loop_reopens reopens = {.n = 0};
	bool served = false;
	int code;

	for (;;) {
		memset(f, 0, sizeof(*f));
		conf.rules = s->rules; /* a life before may have read others */
		code = loop_serve(&conf, f);
		served = served || code == LOOP_REOPEN || code == LOOP_AGAIN;
		if (code == LOOP_AGAIN)
			continue;
		/* A journal that was open a moment ago and now is not to be had: the same failure. */
		if (code != LOOP_REOPEN && !(served && code == EX_IOERR))
			return code;
		if (code == EX_IOERR)
			complain(f);
		if (!again(&reopens)) {
			f->code = 0; /* said */
			return EX_IOERR;
		}
	}
}

int
main(int argc, char **argv)
{
	struct service s;
	struct options o;
	struct fault f = {0};
	int lock = -1, code;

	memset(&s, 0, sizeof(s));
	s.parent_fd = -1;
	i18n_init(NULL);
	log_init(LOG_LV_INFO, STDERR_FILENO);
	options_parse(argc, argv, &o);
	s.ready_fd = o.ready_fd;
	if (o.ready_fd >= 0)
		(void)fcntl(o.ready_fd, F_SETFD, FD_CLOEXEC);
	if (service_load(&s, &o, &f) != 0) {
		code = complain(&f);
		goto out;
	}
	if (o.check) {
		code = check_only(&s, &f);
		goto out;
	}
	rules_remarks(s.rules, remark_log, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is a write that failed, not the end */
	files_raise();
	if (o.detach)
		detach(&s);
	if ((lock = stationdir_lock(&s.dir, &f)) < 0) {
		code = complain(&f);
		goto out;
	}
	rules_keep(&s);
	code = serve(&s, &f);
	if (code != 0 && f.code != 0)
		complain(&f);
out:
	if (lock >= 0)
		close(lock);
	codebook_free(s.codebook);
	rules_free(s.rules);
	explicit_bzero(&s.dir.secret_key, sizeof(s.dir.secret_key));
	return code;
}
