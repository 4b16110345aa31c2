/*
 * The frame: starting, the link line, keys of every spelling, sizes, thin lines, a switch that is stopped or gone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "world.h"

static void
setup(void)
{
	world_open();
	county = switch_start("county");
}

/* The desk comes up without a switch, says so in row 1, and finds it by itself; and the same again when it goes. */
static void
switch_comes_and_goes(void)
{
	struct pty *p = desk("town", "xterm-256color", 24, 80);

	SEE(p, "交换机未运行");
	CHECK(p, vt_find(p->vt, "交换机未运行", NULL) == 0);
	SCREEN(p, "no_switch");
	town = switch_start("town");
	GONE(p, "交换机未运行");
	SEE(p, "西周镇总值班室");
	SEE(p, "链路通");
	switch_stop(&town, SIGKILL);
	SEE(p, "交换机未运行");
	pty_send(p, "\033[11~");	/* keys work all the same */
	SEE(p, "帮助：按键与命令");
	town = switch_start("town");
	GONE(p, "交换机未运行");
}

static void
start(void)
{
	struct pty *p = desk_up("town");

	pty_settle(p, 200, 2000);
	CHECK(p, p->nraw <= 1500);
	SCREEN(p, "overview_empty");
}

/* Leaves the form and throws its draft away. */
static void
drop_draft(struct pty *p)
{
	pty_send(p, "\033");
	SEE(p, "[5]草稿1");
	pty_send(p, "5\033[3~");
	SEE(p, "作废这份草稿");
	pty_send(p, "\r");	/* the default is to keep it */
	SEE(p, "已取消");
	pty_send(p, "\033[3~");
	SEE(p, "作废这份草稿");
	pty_send(p, "1");
	SEE(p, "草稿已作废");
	pty_send(p, "\033");
	SEE(p, "[5]草稿0");
}

/* Every spelling of a key does the same. */
static void
keys(void)
{
	static const char *const help[] = { "\033OP", "\033[11~", "\0331", "?", "？", "\033[[A" };
	struct pty *p = desk_up("town");

	for (size_t i = 0; i < sizeof(help) / sizeof(help[0]); i++) {
		pty_send(p, help[i]);
		SEE(p, "帮助：按键与命令");
		pty_send(p, "\033");
		GONE(p, "帮助：按键与命令");
	}
	pty_send(p, "：");
	SEE(p, "命令（英文");
	pty_send(p, "\033");
	GONE(p, "命令（英文");
	pty_send(p, "４");	/* a full-width digit chooses the pane */
	SEE(p, "收到的预警");
	pty_send(p, "0");
	SEE(p, "[2]来件");
}

static void
help_and_board(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "\033OP");
	SEE(p, "帮助：按键与命令");
	SCREEN(p, "help");
	pty_send(p, "\033");
	GONE(p, "帮助：按键与命令");
	pty_send(p, ":sj");
	SEE(p, "收件");
	SCREEN(p, "board");
	pty_send(p, "\r");
	SEE(p, "收件箱");
}

/* One stray byte, half a character, C1: nothing that follows is swallowed. */
static void
stray_bytes(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "\033OQ");
	SEE(p, "接报登记");
	pty_send(p, "\t");
	pty_bytes(p, "\xff" "abc\xe4\xb8" "de\xc2\x9b" "f", 12);
	SEE(p, "abcdef");
	CHECK(p, vt_find(p->vt, "abcdef", NULL) == 3);
	drop_draft(p);
}

/* F6 is both or neither: what a first report must have is asked for before the intake is stored, and the words stay. */
static void
report_needs_place(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "\033OQ");
	SEE(p, "接报登记");
	pty_send(p, "12G00\t标题甲\033[17~");
	SEE(p, "地点: 缺少");
	CHECK(p, vt_find(p->vt, "标题甲", NULL) > 0);	/* still the form */
	pty_send(p, "\033");
	SEE(p, "[5]草稿1");
	SEE(p, "[3]在办事件0");
	pty_send(p, "\033OQ1");
	SEE(p, "标题甲");
	drop_draft(p);
}

/* What finds no room is said, not dropped in silence; a text wider than its cells says where it is cut. */
static void
full_field(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "\033OQ");
	SEE(p, "接报登记");
	pty_send(p, "\t\t\t\t");
	SEE(p, ">接报时间[20");	/* a time shows its beginning */
	pty_send(p, "\t太空站\t");
	SEE(p, "不在可选之列：电话 传真");
	pty_send(p, "\033[Z\025\t");
	for (int i = 0; i < 16; i++)
		pty_send(p, "abcdef");
	SEE(p, "[<");
	CHECK(p, vt_find(p->vt, "字数已满", NULL) < 0);
	pty_send(p, "g");
	SEE(p, "报告人: 字数已满，96字节");
	pty_send(p, "\t");
	SEE(p, "[abcdefabcde>]");
	drop_draft(p);
}

static void
ctrl_s_saves(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "\033OQ");
	SEE(p, "接报登记");
	pty_send(p, "\t试存\x13");
	SEE(p, "已存稿");
	pty_send(p, "还能打字");	/* XOFF would have stopped the screen */
	SEE(p, "试存还能打字");
	drop_draft(p);
}

static void
paste_is_text(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "\033[200~q1\r\033[201~");	/* pasted over the overview: no command runs */
	pty_send(p, "\033OQ");
	SEE(p, "接报登记");
	pty_send(p, "\t\033[200~第一行\r第二行\033[201~");
	SEE(p, "第一行 第二行");
	CHECK(p, vt_find(p->vt, "第一行 第二行", NULL) == 3);
	pty_send(p, "\025");
	GONE(p, "第一行 第二行");
	pty_send(p, "\025");	/* and what it took away comes back */
	SEE(p, "第一行 第二行");
	drop_draft(p);
}

static void
sizes(void)
{
	struct pty *p = desk_up("town");

	pty_resize(p, 20, 60);
	SEE(p, "请放大窗口80x24");
	pty_resize(p, 5, 20);
	SEE(p, "请放大窗口80x24");
	pty_send(p, "\033OP");	/* the key works though nothing fits */
	pty_resize(p, 40, 120);
	SEE(p, "帮助：按键与命令");
	pty_send(p, "\033");
	SEE(p, "[1]限时0");
	SCREEN(p, "overview_120x40");
	/* Rubbish another program wrote is gone after Ctrl-L. */
	vt_feed(p->vt, "\033[5;5Hrubbish", 13);
	CHECK(p, vt_find(p->vt, "rubbish", NULL) >= 0);
	pty_send(p, "\014");
	GONE(p, "rubbish");
	SCREEN(p, "overview_120x40");
}

static void
vt100(void)
{
	struct pty *p = desk("town", "vt100", 24, 80);

	SEE(p, "链路通");
	SCREEN(p, "overview_empty");	/* the same screen, without colour and without half the sequences */
	CHECK(p, memmem(p->raw, p->nraw, "2004", 4) == NULL);
	pty_send(p, "2");
	pty_send(p, "\033" "2");
	SEE(p, "接报登记");
}

/* A minute of idling is about 30 bytes; three seconds hold one change of the minute at most. */
static void
idle(void)
{
	struct pty *p = desk_up("town");
	long long until;
	size_t before;

	SEE(p, "链路通");
	pty_settle(p, 300, 2000);
	before = p->nraw;
	for (until = pty_clock() + 3000; pty_clock() < until;)
		(void)pty_step(p, (int)(until - pty_clock()));
	CHECK(p, p->nraw - before <= 40);
}

/* A switch that is stopped holds up nothing. */
static void
stopped_switch(void)
{
	struct pty *p = desk_up("town"), *q;

	(void)kill(town, SIGSTOP);
	pty_send(p, "\033OP");
	SEE(p, "帮助：按键与命令");
	q = desk("town", "xterm-256color", 24, 80);	/* one that connects to it now */
	SEE(q, "连接中");
	pty_send(q, "\033OP");
	SEE(q, "帮助：按键与命令");
	(void)kill(town, SIGCONT);
	pty_send(q, "\033");
	SEE(q, "链路通");
}

static void
quitting(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "\177\004\003");	/* Backspace, Ctrl-D, Ctrl-C: nothing happens */
	pty_send(p, "q");
	SEE(p, "离开？");
	pty_send(p, "\r");	/* the default is to stay */
	SEE(p, "已取消");
	pty_send(p, "q");
	SEE(p, "离开？");
	pty_send(p, "1");
	CHECK(p, pty_wait_exit(p, WAIT));
	CHECK(p, WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0);
	CHECK(p, !p->vt->alt && !p->vt->paste);
}

static void
no_terminal(void)
{
	char *argv[] = { NULL, "-D", "/nonexistent", NULL };
	char program[512], version[] = "--version";
	const char *env[] = { "TERM=dumb", NULL };
	struct pty *p;

	(void)snprintf(program, sizeof(program), "%s/dutydesk", world.build);
	argv[0] = program;
	p = pty_spawn(argv, env, 24, 80);
	CHECK(p, pty_wait_exit(p, WAIT));
	CHECK(p, WIFEXITED(p->status) && WEXITSTATUS(p->status) == 69);
	CHECK(p, vt_find(p->vt, "dutyctl", NULL) >= 0);
	pty_free(p);
	argv[1] = NULL;
	p = pty_spawn(argv, env, 24, 80);
	CHECK(p, pty_wait_exit(p, WAIT));
	CHECK(p, WIFEXITED(p->status) && WEXITSTATUS(p->status) == 64);
	CHECK(p, vt_find(p->vt, "DUTYDESK_DIR", NULL) >= 0);
	pty_free(p);
	argv[1] = version;
	argv[2] = NULL;
	p = pty_spawn(argv, env, 24, 80);
	CHECK(p, pty_wait_exit(p, WAIT));
	CHECK(p, WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0);
	CHECK(p, vt_find(p->vt, "dutydesk (Dutydesk) ", NULL) == 0);
	pty_free(p);
}

const struct test cases_basic[] = {
	{ "setup", setup },
	{ "switch_comes_and_goes", switch_comes_and_goes },
	{ "start", start },
	{ "keys", keys },
	{ "help_and_board", help_and_board },
	{ "stray_bytes", stray_bytes },
	{ "report_needs_place", report_needs_place },
	{ "full_field", full_field },
	{ "ctrl_s_saves", ctrl_s_saves },
	{ "paste_is_text", paste_is_text },
	{ "sizes", sizes },
	{ "vt100", vt100 },
	{ "idle", idle },
	{ "stopped_switch", stopped_switch },
	{ "quitting", quitting },
	{ "no_terminal", no_terminal },
	{ NULL, NULL },
};
