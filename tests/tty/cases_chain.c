/*
 * One draft at two desks: who comes second is told who was quicker and how, and steps taken while the switch is away wait.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "world.h"

/* A report of the town's own, submitted for checking by dutyctl; both desks read it. */
static void
submitted(const char *rid, const char *title, struct pty **a, struct pty **b)
{
	time_t learned = time(NULL) - 300 + 8 * 3600; /* shown at UTC+08:00 */
	struct tm tm;
	char when[40];

	*a = desk_up("town");
	CHECK(*a, gmtime_r(&learned, &tm) && strftime(when, sizeof(when), "%Y-%m-%dT%H:%M+08:00", &tm) > 0);
	CHECK(*a, CTL("town", NULL, "draft", "new", "--rid", rid, "--title", title, "--place", "西周镇柳河路7号", "--type",
	    "12G00", "--learned", when, "--brief", "正在扑救") == 0);
	CHECK(*a, CTL("town", NULL, "draft", "submit", rid) == 0);
	pty_send(*a, "5");
	SEE(*a, title);
	*b = desk_up("town");
	pty_send(*b, "5");
	SEE(*b, title);
	pty_send(*a, "\r");
	SEE(*a, "1核过 2退回");
}

static void
signed_elsewhere(void)
{
	struct pty *a, *b;

	submitted("two-desks", "两台同稿", &a, &b);
	pty_send(b, "\r");
	SEE(b, "1核过 2退回");
	pty_send(b, "4吴镇长\r1");
	SEE(b, "已存，待送达");
	SEE(a, "已由吴镇长签发发出");
	GONE(a, "1核过 2退回");
	pty_send(a, "4");
	SEE(a, "已由吴镇长签发发出");
	pty_send(a, "\033");
	SEE(a, "经手人");
}

static void
switch_away(void)
{
	struct pty *a, *b;

	submitted("while-away", "断开时办理", &a, &b);
	switch_stop(&town, SIGKILL);
	SEE(a, "交换机未运行");
	pty_send(a, "1\025王建国\r1");
	SEE(a, "已排队：核过");
	pty_send(a, "4\025赵副县长\r1");
	SEE(a, "已排队：核过、签发");
	town = switch_start("town");
	GONE(b, "断开时办理");
}

const struct test cases_chain[] = {
	{ "signed_elsewhere", signed_elsewhere }, { "steps_while_away", switch_away }, { NULL, NULL },
};
