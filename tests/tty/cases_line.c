/*
 * The line between desk and terminal: a terminal that answers reports is asked and its answers are no keys; when it stops answering, the county sees the
 * seat go, and come back (SCENARIOS K11).  With a limit of seconds instead of a minute.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"

static char before[512];

/* A copy of the rules in which a dead seat has to show within three seconds; the switches started from now on go by it. */
static void
hurry(void)
{
	char from[640], to[128], path[192], line[1024];
	const char *env = getenv("DUTYDESK_CONF");
	FILE *in, *out;
	int status;
	pid_t pid;

	(void)snprintf(before, sizeof(before), "%s", env ? env : "");
	(void)snprintf(from, sizeof(from), env ? "%.600s" : "%.600s/../conf", env ? env : world.build);
	(void)snprintf(to, sizeof(to), "%s/conf", world.dir);
	pid = fork();
	if (pid == 0) {
		(void)execlp("cp", "cp", "-r", from, to, (char *)NULL);
		_exit(127);
	}
	CHECK(NULL, pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	(void)snprintf(path, sizeof(path), "%s/rules/numbers.tsv", to);
	in = fopen(path, "r");
	(void)snprintf(from, sizeof(from), "%s.new", path);
	out = fopen(from, "w");
	CHECK(NULL, in && out);
	while (fgets(line, sizeof(line), in))
		(void)fprintf(out, strncmp(line, "seat_seconds\t", 13) == 0 ? "seat_seconds\t3\ts\ttest\t\n" : "%s", line);
	(void)fclose(in);
	CHECK(NULL, fclose(out) == 0 && rename(from, path) == 0);
	(void)setenv("DUTYDESK_CONF", to, 1);
}

static void
as_before(void)
{
	if (*before)
		(void)setenv("DUTYDESK_CONF", before, 1);
	else
		(void)unsetenv("DUTYDESK_CONF");
}

/* Until the county says that of the town's seat. */
static bool
county_says(struct pty *p, const char *presence)
{
	long long until = pty_clock() + WAIT;
	char want[64];
	bool yes = false;

	(void)snprintf(want, sizeof(want), "\"presence\":\"%s\"", presence);
	while (!yes && pty_clock() < until) {
		char *text = NULL, *at;

		(void)pty_step(p, 50);
		if (CTL("county", &text, "status", "--json") == 0 && text)
			for (at = text; !yes && (at = strstr(at, "\"presence\"")) != NULL; at++) {
				char tight[64];
				size_t n = 0;

				for (const char *s = at; *s && n + 1 < sizeof(tight) && *s != ','; s++)
					if (*s != ' ')
						tight[n++] = *s;
				tight[n] = '\0';
				yes = strcmp(tight, want) == 0;
			}
		free(text);
	}
	return yes;
}

static void
terminal_dies(void)
{
	struct pty *p;

	switch_stop(&town, SIGTERM);
	hurry();
	town = switch_start("town");
	p = desk("town", "xterm-256color", 24, 80);
	p->answers = true;
	SEE(p, "链路通");
	CHECK(p, county_says(p, "idle") || county_says(p, "attended"));
	pty_send(p, "\033[B");
	CHECK(p, county_says(p, "attended"));
	p->answers = false;	/* the cable is cut: nothing ends, nothing fails */
	CHECK(p, county_says(p, "no-seat"));
	CHECK(p, !p->ended);
	p->answers = true;
	CHECK(p, county_says(p, "idle"));
	pty_send(p, "\033[11~");	/* what was answered was no key: the first one still opens the help */
	SEE(p, "帮助：按键与命令");
	CHECK(p, county_says(p, "attended"));
	CHECK(p, p->vt->unknown == 0);
	/* one that comes byte by byte on a bad line is no Esc and no text either */
	pty_settle(p, 100, 1000);
	p->answers = false;
	for (long long until = pty_clock() + WAIT; p->vt->asked == 0 && pty_clock() < until;)
		(void)pty_step(p, 50);
	CHECK(p, p->vt->asked > 0);
	for (size_t i = 0; i < 4; i++) {
		pty_bytes(p, &"\033[0n"[i], 1);
		(void)pty_step(p, 150);
	}
	pty_settle(p, 700, 3000);
	SEE(p, "帮助：按键与命令");
	desk_end(p);
	as_before();
	switch_stop(&town, SIGTERM);
	town = switch_start("town");
}

const struct test cases_line[] = {
	{ "terminal_dies", terminal_dies },
	{ NULL, NULL },
};
