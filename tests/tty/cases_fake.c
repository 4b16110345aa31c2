/*
 * What no honest switch sends: control sequences in names and titles, members of the wrong type, silence.  And the end of
 * the run: everything started is stopped.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "../lib/fakeswitch.h"
#include "world.h"

#define HELLO "\"hello\": {\"proto\": 1, \"station\": \"330225102\", \"name\": \"%s\", \"level\": \"township\", \"rev\": 1}"

static pid_t
fake(const char *name, const char *more)
{
	char dir[128], answers[8192], hello[512];

	(void)snprintf(dir, sizeof(dir), "%s/fake", world.dir);
	(void)snprintf(hello, sizeof(hello), HELLO, name);
	(void)snprintf(answers, sizeof(answers), "{%s%s%s}", hello, *more ? ", " : "", more);
	return fakeswitch_start(dir, answers);
}

/* Escape sequences, C1, bidi, line feeds and a title of 3000 bytes out of the wire: data, on one row, cut. */
static void
hostile_words(void)
{
	char more[8000], longest[3001];
	pid_t pid;
	struct pty *p;

	memset(longest, 'W', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	(void)snprintf(more, sizeof(more),
	    "\"inbox\": {\"messages\": [{\"id\": \"330225.1.1\", \"at\": 1795000000000, \"from_name\": \"\\u001b]0;pwned\\u0007\", "
	    "\"precedence\": \"flash\", \"precedence_name\": \"特提\", \"kind\": \"directive\", \"kind_name\": \"指令\", "
	    "\"title\": \"a\\u001b[2Jb\\u009b5mc\\u202ed\\ne\\r%s\", \"state\": \"unread\", \"state_name\": \"未阅\", \"attention\": true, "
	    "\"demands\": \"signed\"}]}, \"incidents\": {\"incidents\": [{\"id\": \"330225.1.2\", \"number\": \"\\u001b[31m7\", "
	    "\"title\": \"e\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301 \\ufeffz\", \"changed\": 1795000000000}]}",
	    longest);
	pid = fake("站\\u001b[5m名", more);
	p = desk("fake", "xterm-256color", 24, 80);
	SEE(p, "特提");
	SEE(p, "WWWWW");
	pty_settle(p, 200, 2000);
	CHECK(p, p->vt->unknown == 0);
	CHECK(p, p->vt->bells == 1);	/* an unsigned flash message rings when the desk comes up */
	CHECK(p, memmem(p->raw, p->nraw, "pwned\007", 6) == NULL);
	CHECK(p, memmem(p->raw, p->nraw, "\033]", 2) == NULL);
	CHECK(p, memmem(p->raw, p->nraw, "\033[31m7", 6) == NULL);
	CHECK(p, memmem(p->raw, p->nraw, "\xe2\x80\xae", 3) == NULL);
	CHECK(p, memmem(p->raw, p->nraw, "\xef\xbb\xbf", 3) == NULL);
	CHECK(p, vt_find(p->vt, "[1]限时", NULL) == 2);
	SCREEN(p, "hostile");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void
wrong_shapes(void)
{
	static const char *const keys[] = { "1", "2\r", "\033", "3\r", "\033", "4", "\033", "5", "\r", "\033", "6", "\033", "\033OQ", "\033", ":",
		"\033", "g", "s", "j", "f", "n" };
	pid_t pid = fake("x", "\"inbox\": {\"messages\": [5, null, {\"id\": 7, \"attention\": \"yes\", \"at\": \"x\"}, [[]]]}, "
	    "\"owed\": {\"items\": {\"a\": 1}}, \"incidents\": {\"incidents\": [\"x\", {\"figures\": 3, \"id\": {}}]}, \"status\": {\"links\": 9, "
	    "\"alarms\": [1, {\"at\": true}]}, \"drafts\": {\"drafts\": [{\"rid\": 1, \"json\": \"text\"}, {\"rid\": \"r\", \"json\": {\"form\": "
	    "\"intake\", \"fields\": [], \"cursor\": -5, \"focus\": 3}}]}, \"show\": {\"incident\": [], \"lines\": {}}, \"message\": {\"body\": 1}");
	struct pty *p = desk("fake", "xterm-256color", 24, 80);

	SEE(p, "[1]限时0");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		pty_send(p, keys[i]);
		pty_settle(p, keys[i][0] == 27 && keys[i][1] == 0 ? 600 : 60, 1000);
		CHECK(p, !pty_wait_exit(p, 0));
	}
	pty_send(p, "\033");
	pty_settle(p, 600, 1000);
	pty_send(p, "\033OP");
	SEE(p, "帮助：按键与命令");
	CHECK(p, p->vt->unknown == 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void
silence(void)
{
	pid_t pid = fake("哑站", "\"inbox\": null, \"owed\": null, \"incidents\": null, \"status\": null, \"drafts\": null, \"watch\": null, "
	    "\"show\": null, \"draft_put\": null, \"submit\": null");
	struct pty *p = desk("fake", "xterm-256color", 24, 80);

	SEE(p, "哑站 330225102");
	pty_send(p, "\033OQ");
	SEE(p, "接报登记");
	pty_send(p, "\t没有回音\033[21~");
	SEE(p, "发送中");
	pty_send(p, "\033");	/* one may go on with other things */
	SEE(p, "[1]限时");
	pty_send(p, "q");
	SEE(p, "有1件已发出但交换机尚未确认");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	SEE(p, "交换机未运行");
}

static void
teardown(void)
{
	switch_stop(&town, SIGTERM);
	switch_stop(&county, SIGTERM);
	world_close();
}

const struct test cases_fake[] = {
	{ "hostile_words", hostile_words },
	{ "wrong_shapes", wrong_shapes },
	{ "silence", silence },
	{ "teardown", teardown },
	{ NULL, NULL },
};
