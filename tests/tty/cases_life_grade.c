/*
 * Grading at the desk: the tables' proposal, raising, lowering and the first grade below what is proven, the second verdict,
 * what no table covers, being asked again; and the hints in English, which are the longest.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "../lib/fakeswitch.h"
#include "cases_life.h"
#include "world.h"

void
grade_screen(void)
{
	struct pty *t = desk_up("town");
	char number[32];
	char *out;

	CHECK(t, CTL("town", &out, "intake", "--title", "作坊爆燃", "--place", "西周镇", "--type", "12G00", "--dead", "2", "--serious", "9", "--missing",
	    "?", "--trapped", "0", "--json") == 0);
	CHECK(t, member(out, "number", number, sizeof(number)));
	free(out);
	open_incident(t, "作坊爆燃");
	pty_send(t, "g");
	SEE(t, "再增1即III级");
	SEE(t, "未定级（按III级 较大计时）");
	CHECK(t, vt_find(t->vt, "order493", NULL) < 0);
	SCREEN(t, "grade_covered");
	/* Undetermined: laxer than the clock's grade is a lowering, though nothing has been stated yet. */
	pty_send(t, "4");
	SEE(t, "等级未定，按III级 较大计时");
	pty_send(t, "\033");
	SEE(t, "已取消");
	/* Raising: one confirmation, the reason may follow. */
	pty_send(t, "3王建国\r\r");
	SEE(t, "确定此等级？");
	pty_send(t, "1");
	SEE(t, "等级 III级 较大");
	/* Lowering: leader, reason, and the grade's word; another word changes nothing. */
	pty_send(t, "g");
	SEE(t, "当前 III级 较大");
	pty_send(t, "4");
	SEE(t, "降级：须有领导和理由");
	pty_send(t, "孙镇长\r核实为轻伤\r较大\r1");
	SEE(t, "未生效");
	CHECK(t, vt_find(t->vt, "核实为轻伤", NULL) > 0);	/* what was typed stays */
	SCREEN(t, "grade_lower");
	pty_send(t, "一般\r1");	/* the marker stands on the word that was wrong */
	SEE(t, "等级 IV级 一般");
	CHECK(t, CTL("town", &out, "show", number, "--json") == 0);
	CHECK(t, strstr(out, "核实为轻伤") != NULL);
	free(out);
}

/* The first grade stated below what the figures prove: a leader, a reason and the grade's word, like any other lowering. */
void
grade_below_proof(void)
{
	struct pty *t = desk_up("town");
	char *out;

	CHECK(t, CTL("town", &out, "intake", "--title", "锅炉爆炸", "--place", "西周镇", "--type", "12G00", "--dead", "5", "--serious", "~20",
	    "--missing", "0", "--trapped", "0", "--injured", "0", "--json") == 0);
	free(out);
	/* Somebody answered the telephone: no name for a grade. */
	open_incident(t, "锅炉爆炸");
	pty_send(t, "\033[19~");
	SEE(t, "接听人");
	pty_send(t, "\r陈晨\r\r1");
	SEE(t, "已办");
	pty_send(t, "g");
	SEE(t, "约20");		/* neither a zero nor nothing */
	SCREEN(t, "grade_proven");
	pty_send(t, "4\r");
	SEE(t, "降级：须有领导和理由；数字已证明III级 较大");
	SEE(t, "必填");
	CHECK(t, vt_find(t->vt, "陈晨", NULL) < 0);
	pty_send(t, "孙镇长\r\r");
	SEE(t, "理由：必填");
	SCREEN(t, "grade_below");
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, "2");
	SEE(t, "由 未定级 改为 II 重大");
	CHECK(t, vt_find(t->vt, "降级", NULL) < 0 && vt_find(t->vt, "陈晨", NULL) < 0);
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, "5");	/* it is undetermined: saying so takes nothing back */
	SEE(t, "由 未定级 改为 未定");
	CHECK(t, vt_find(t->vt, "降级", NULL) < 0);
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, "\033");
	SEE(t, "时刻            内容");
	pty_send(t, "\033");
	SEE(t, "[3]在办事件");
	/* Where the figures determine it, "undetermined" is a lowering, and the proven grade is free. */
	CHECK(t, CTL("town", &out, "intake", "--title", "脚手架坍塌", "--place", "西周镇", "--type", "12G00", "--dead", "5", "--serious", "0",
	    "--missing", "0", "--trapped", "0", "--injured", "0", "--loss", "0", "--json") == 0);
	free(out);
	open_incident(t, "脚手架坍塌");
	pty_send(t, "g");
	SEE(t, "现报数字");
	pty_send(t, "5");
	SEE(t, "数字已证明III级 较大");
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, "3王建国\r\r1");
	SEE(t, "等级 III级 较大");
}

/* English at 80 columns: words go whole, and the ways back and to the help stay. */
void
english_hints(void)
{
	char program[200], dir[128];
	char *argv[] = { program, "-D", dir, NULL };
	const char *env[] = { "TERM=vt100", "DUTYDESK_LANG=en", NULL };
	struct pty *p;

	(void)snprintf(program, sizeof(program), "%s/dutydesk", world.build);
	(void)snprintf(dir, sizeof(dir), "%s/town", world.dir);
	p = pty_spawn(argv, env, 24, 80);
	SEE(p, "link up");
	pty_send(p, "3\r");
	SEE(p, "contents");
	SEE(p, ".. Esc back F1 help");
	pty_send(p, "g");
	SEE(p, "second verdict");
	SEE(p, "Esc back F1 help");
	pty_send(p, "\033");
	SEE(p, "contents");
	pty_send(p, "a");
	SEE(p, "as of");
	SEE(p, "Esc back F1 help");
	pty_send(p, "\033");
	SEE(p, "contents");
	pty_send(p, "=");
	SEE(p, "Left Right");
	SEE(p, "Esc back F1 help");
	desk_end(p);
}

/* The second verdict is a person's; nothing follows from the figures alone. */
void
second_verdict(void)
{
	struct pty *t = desk_up("town");

	open_incident(t, "作坊爆燃");
	pty_send(t, "g");
	SEE(t, "较大涉险");
	pty_send(t, "x");
	SEE(t, "1=确认  2=否定");
	pty_send(t, "\r");	/* the default is neither */
	SEE(t, "已取消");
	pty_send(t, "x1王建国\r\r1");
	SEE(t, "西周镇 确认 王建国");
}

void
grade_uncovered(void)
{
	struct pty *t = desk_up("town");
	char number[32];

	opened("河水上涨", "11D01", number);
	open_incident(t, "河水上涨");
	pty_send(t, "g");
	SEE(t, "没有定级表适用于");
	SCREEN(t, "grade_uncovered");
	pty_send(t, "x");
	SEE(t, "没有第二项认定");
	pty_send(t, "４");	/* a person grades it all the same; full-width digits too */
	SEE(t, "定级人");
	pty_send(t, "\033");
	SEE(t, "已取消");
}

/* A grade that is asked for again stands among what is owed, late or not, and its row opens the grading screen. */
void
grade_asked_again(void)
{
	char dir[128];
	struct pty *p;
	pid_t pid;

	(void)snprintf(dir, sizeof(dir), "%s/again", world.dir);
	pid = fakeswitch_start(dir, "{\"hello\": {\"proto\": 1, \"station\": \"330225\", \"name\": \"县站\", \"rev\": 1}, "
	    "\"owed\": {\"items\": [{\"what\": \"grade\", \"what_name\": \"定级\", \"incident\": \"330225.1.2\", \"number\": \"1122-007\", "
	    "\"title\": \"厂房起火\", \"about\": \"330225.1.2\", \"due\": 1795000000000, \"origin\": 1794998200000, \"towards\": \"330225\"}]}, "
	    "\"incidents\": {\"incidents\": [{\"id\": \"330225.1.2\", \"number\": \"1122-007\", \"title\": \"厂房起火\", \"opener_kind\": \"intake\", "
	    "\"state\": \"handling\", \"state_name\": \"在办\"}]}, \"show\": {\"incident\": {\"id\": \"330225.1.2\", \"number\": \"1122-007\"}, \"lines\": []}, "
	    "\"propose\": {\"scope\": \"no-type\", \"stated\": \"\", \"clock_grade\": \"undetermined\", \"undetermined\": true}}");
	p = desk("again", "xterm-256color", 24, 80);
	SEE(p, "厂房起火");
	CHECK(p, vt_find(p->vt, "超时", NULL) > 0);
	pty_send(p, "1\r");
	SEE(p, "定级研判  1122-007   当前 未定级");
	SEE(p, "未填事件类别");
	pty_send(p, "\033");
	SEE(p, "时刻            内容");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}
