/*
 * The day's work: taking down and reporting in the township, arrival, receipts, grade, own report and directive in the
 * county, feedback, exercise, and what happens when the desk or the switch goes in the middle of it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "world.h"

#define F2 "\033OQ"
#define F5 "\033[15~"
#define F6 "\033[17~"
#define F7 "\033[18~"
#define F10 "\033[21~"

static size_t
count(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
		n++;
	return n;
}

static void
form_fill(struct pty *p)
{
	pty_send(p, F2);
	SEE(p, "接报登记");
	pty_send(p, "火灾");
	SEE(p, ">12G00 火灾事故");
	pty_send(p, "\r");
	SEE(p, "12G00 火灾事故");
	pty_send(p, "柳河路仓库起火\t西周镇柳河路12号宏达仓库\t\t");
	pty_send(p, "\t1\t张某\t柳河村委会\t主任\t13800000000\t");
	pty_send(p, "仓库起火，火势向东侧民房蔓延\t消防2车到场\t\t请县支援水罐车1\t带班14:12\t孙镇长\t");
	pty_send(p, "0\t?\t?\t>=2@119\t~10\t12");
	SEE(p, "~10");
}

/* The line drops in the middle of typing: words, field and cursor are there on the next one. */
static void
draft_survives(void)
{
	struct pty *p = desk_up("town");
	int row, col;

	form_fill(p);
	SEE(p, "已存稿");	/* by itself, at a pause */
	SCREEN(p, "intake");
	pty_send(p, "\033[D");
	row = p->vt->row;
	col = p->vt->col - 1;
	pty_send(p, "3");	/* not saved yet when the line goes */
	SEE(p, "132");
	desk_end(p);
	p = desk_up("town");
	SEE(p, "[5]草稿1");
	pty_send(p, "5");
	SEE(p, "柳河路仓库起火");
	pty_send(p, "\r");
	SEE(p, "132");
	CHECK(p, p->vt->row == row && p->vt->col == col + 1);
	pty_send(p, "\177");
	GONE(p, "132");
	CHECK(p, vt_find(p->vt, ">=2@119", NULL) >= 0);
	/* A figure that is none is said at once, with the field's name, and stays as typed. */
	pty_send(p, "\033[Fx\t");
	SEE(p, "避险转移: ");
	pty_send(p, "\033[Z\033[F\177");
	GONE(p, "12x");
	pty_send(p, "\033");
	SEE(p, "草稿 1");
}

/* F2 offers what was begun, as it was left; a digit takes it or begins anew. */
static void
draft_is_offered(void)
{
	struct pty *p = desk_up("town");

	SEE(p, "[5]草稿1");
	pty_send(p, F2);
	SEE(p, "有未发的接报草稿：");
	CHECK(p, vt_find(p->vt, "柳河路仓库起火", NULL) >= 0);
	pty_send(p, "\r");	/* the default is neither */
	SEE(p, "已取消");
	pty_send(p, F2);
	SEE(p, "1=继续草稿 2=新建");
	pty_send(p, "2");
	SEE(p, "接报登记");
	CHECK(p, vt_find(p->vt, "柳河路仓库起火", NULL) < 0);
	pty_send(p, "\033");
	SEE(p, "[5]草稿1");
	pty_send(p, F2);
	SEE(p, "1=继续草稿 2=新建");
	pty_send(p, "1");
	SEE(p, "西周镇柳河路12号宏达仓库");
	SEE(p, ">避险转移");
	pty_send(p, "\033");
	SEE(p, "[5]草稿1");
}

static void
time_ahead_is_asked(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "5");
	SEE(p, "柳河路仓库起火");
	pty_send(p, "\r");
	SEE(p, "接报登记");
	pty_send(p, "\033[5~\t\t\t2037-01-01 10:00\t");
	SEE(p, "[2037-01-01 10:00]");
	pty_send(p, F10);
	SEE(p, "所填时间超前于本站时钟");
	pty_send(p, "\r");	/* the default is no */
	SEE(p, "已取消");
	pty_send(p, "\033[Z");	/* back to the field, emptied */
	for (int i = 0; i < 16; i++)
		pty_send(p, "\177");
	GONE(p, "2037-01-01");
	pty_send(p, "\x13");
	SEE(p, "已存稿");
}

/* The county's desk shows the arrival without a key, within a second, and rings once. */
static void
report_arrives(void)
{
	struct pty *c = desk_up("county"), *t = desk_up("town");
	unsigned bells = c->vt->bells;
	long long sent;

	pty_send(t, "5");
	SEE(t, "柳河路仓库起火");
	pty_send(t, "\r");
	SEE(t, "接报登记");
	sent = pty_clock();
	pty_send(t, F6);
	SEE(c, "新到");
	CHECK(c, pty_clock() - sent < 1500);	/* two desks, two switches, three commits */
	SEE(c, "[2]未签收1");
	CHECK(c, c->vt->bells == bells + 1);
	SCREEN(c, "county_arrival");
	SEE(t, "已存，待送达：首报");
	SEE(t, "1/1");
	SCREEN(t, "town_incident");
	pty_send(t, "\033");
	SEE(t, "草稿 0");
}

static void
marker_is_cheap(void)
{
	struct pty *c = desk_up("county");
	size_t before;

	SEE(c, "签收   西周");
	pty_settle(c, 300, 2000);
	before = c->nraw;
	pty_send(c, "\033[B");
	pty_settle(c, 200, 2000);
	CHECK(c, c->nraw > before);
	CHECK(c, c->nraw - before <= 8);
}

/* An owed row leads to the message it is about, whatever came after it; a telephone report that is owed is recorded there. */
static void
owed_rows(void)
{
	struct pty *c = desk_up("county");
	char *out;
	int row;

	SEE(c, "待签收   西周");
	pty_send(c, "1");
	SEE(c, "F5签收");
	CHECK(c, CTL("county", NULL, "log", "--text", "x") >= 0);
	pty_send(c, "/待签\r");
	pty_send(c, "\r");
	SEE(c, "时刻            内容");
	row = vt_find(c->vt, "西周镇 首报", NULL);
	CHECK(c, row > 0 && c->vt->row == row);
	pty_send(c, "n补记一行\r");	/* a newer line does not move the marker */
	SEE(c, "补记一行");
	row = vt_find(c->vt, "西周镇 首报", NULL);
	CHECK(c, row > 0 && c->vt->row == row);
	pty_send(c, "\033");
	SEE(c, "待签收   西周");
	pty_send(c, "1\033[5~" F5);
	SEE(c, "签收：");
	CHECK(c, vt_find(c->vt, "柳河路仓库起火", NULL) >= 0);
	pty_send(c, "\033");
	SEE(c, "已取消");
	CHECK(c, CTL("county", &out, "list", "--messages", "--kind", "receipt", "--json") == 0);
	CHECK(c, count(out, "签收") == 0);
	free(out);
}

static void
phone_report(void)
{
	struct pty *t = desk_up("town");
	char *out;

	CHECK(t, CTL("town", NULL, "intake", "--title", "化工厂泄漏", "--place", "西周镇", "--type", "12C00", "--dead", "3") == 0);
	SEE(t, "化工厂泄漏");
	pty_send(t, "1/化工厂\r");
	SEE(t, "F8电话报");
	pty_send(t, "t");
	SEE(t, ">电话报时间");
	pty_send(t, "2037-01-01 10:00\r");
	SEE(t, "时刻未到");
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, "\r");	/* Enter: the incident, and the question over it */
	SEE(t, "化工厂泄漏");
	SEE(t, ">电话报时间");
	pty_send(t, "\r");
	SEE(t, ">接听人");
	pty_send(t, "王建国\r\r");
	SEE(t, "记下？1=是");
	pty_send(t, "1");
	SEE(t, "已办：电话报 象山县 接听人 王建国");
	pty_send(t, "\033");
	SEE(t, "[1]限时");
	CHECK(t, CTL("town", &out, "owed", "--json") == 0);
	CHECK(t, count(strstr(out, "化工厂泄漏") ? out : "", "written") > 0);
	free(out);
	pty_send(t, "1/书面首报\r");	/* what the record satisfied is no longer owed: no telephone report of this incident */
	pty_send(t, "/化工厂\r");
	pty_settle(t, 200, 2000);
	CHECK(t, vt_find(t->vt, "F8电话报", NULL) < 0);
	CHECK(t, CTL("town", &out, "list", "--messages", "--kind", "log", "--json") == 0);
	CHECK(t, count(out, "接听人 王建国") > 0);
	free(out);
}

static void
read_sign_take(void)
{
	struct pty *c = desk_up("county"), *t = desk_up("town");
	char *out;

	pty_send(t, "3\r");
	SEE(t, "首报");
	pty_send(c, "2\r");
	SEE(c, "未阅：回车打开");
	SEE(t, "1/1 0/1 0/1 0/1");
	pty_send(c, "\r");	/* opening it is reading it */
	SEE(c, "宏达仓库");
	SEE(t, "1/1 1/1 0/1 0/1");
	pty_send(c, F5);
	SEE(c, "签收人");
	pty_send(c, "\r");	/* nobody: refused */
	SEE(c, "必填");
	pty_send(c, "李敏\r");
	SEE(c, "时限是几点几分");	/* two hurt severely, and not all known: 特急, whose limit is asked for */
	pty_send(c, "\r");
	SEE(c, "签收？1=是");
	pty_send(c, "\r");	/* the default is cancel */
	SEE(c, "已取消");
	CHECK(c, CTL("county", &out, "list", "--messages", "--kind", "receipt", "--json") == 0);
	CHECK(c, count(out, "签收") == 0);	/* nothing was signed */
	free(out);
	pty_send(c, "s李敏\r");
	SEE(c, "时限是几点几分");
	pty_send(c, "\r");
	SEE(c, "签收？1=是");
	pty_send(c, "1");
	SEE(c, "已存，待送达：签收 李敏");
	SEE(t, "1/1 1/1 1/1 0/1");
	pty_send(c, "j\r");	/* the name is prefilled now */
	SEE(c, ">下次反馈时刻");
	pty_send(c, "2001-01-01 10:00\r");
	SEE(c, "时刻已过");
	pty_send(c, "\033[F");
	for (int i = 0; i < 16; i++)
		pty_send(c, "\177");
	pty_send(c, "2037-01-01 10:00\r");
	SEE(c, "接办？1=是");
	pty_send(c, "1");
	SEE(c, "已存，待送达：接办 李敏");
	SEE(t, "1/1 1/1 1/1 1/1");
	SCREEN(c, "county_inbox");
}

static void
grade_report_direct(void)
{
	struct pty *c = desk_up("county"), *t = desk_up("town");

	pty_send(t, "3\r");
	SEE(t, "首报");
	pty_send(c, "3\r");
	SEE(c, "首报");
	pty_send(c, "g");
	SEE(c, "国务院令第493号第三条");
	pty_send(c, "2");	/* nothing is chosen before the digit */
	SEE(c, "定级人");
	pty_send(c, "\r");	/* nobody: refused */
	SEE(c, "必填");
	pty_send(c, "王建国\r被困不明\r");
	SEE(c, "确定此等级？");
	SCREEN(c, "grade_prompt");
	pty_send(c, "\r");	/* the default is cancel */
	SEE(c, "已取消");
	CHECK(c, vt_find(c->vt, "当前 未定级", NULL) >= 0);
	pty_send(c, "2王建国\r被困不明\r1");
	SEE(c, "等级 II级 重大");
	SEE(t, "等级 II级 重大");	/* at the township, without a key */
	/* Lowering asks for the leader and the reason. */
	pty_send(c, "g");
	SEE(c, "现定");
	pty_send(c, "4");
	SEE(c, "降级：须有领导和理由");
	pty_send(c, "\033");
	SEE(c, "已取消");
	pty_send(c, "\033");
	SEE(c, "时刻            内容");
	/* The county's own report, prefilled from the town's. */
	pty_send(c, F6);
	SEE(c, "首报 西周");
	SEE(c, "[>=2@119");
	SEE(c, "要素核对");
	SCREEN(c, "county_report");
	pty_send(c, F10);
	SEE(c, "已存，待送达：首报");
	/* A directive to where it came from. */
	pty_send(c, F7);
	SEE(c, "[330225102");
	pty_send(c, "\t立即清点人数\t请15分钟内反馈\t\t2");
	pty_send(c, F10);
	SEE(c, "已存，待送达：指令");
	SEE(t, "立即清点人数");
	SCREEN(t, "town_directed");
}

static void
feedback(void)
{
	struct pty *t = desk_up("town"), *c = desk_up("county");

	pty_send(c, "3\r");
	SEE(c, "立即清点人数");
	pty_send(t, "2");
	SEE(t, "立即清点人数");
	pty_send(t, "\r");
	SEE(t, "收件箱");
	pty_send(t, "/清点\r");
	pty_send(t, "\r");
	SEE(t, "请15分钟内反馈");
	pty_send(t, "f");
	SEE(t, "经办人");
	pty_send(t, "2\t已清点，无人失联\t周强\t0\t0\t0");
	SCREEN(t, "feedback");
	pty_send(t, F10);
	SEE(t, "已存，待送达：反馈");
	SEE(c, "已清点，无人失联");	/* at the county, without a key */
	SCREEN(c, "county_timeline");
}

/* A follow-up repeats no course: figures stand prefilled, the rest is empty; the stage is a digit. */
static void
follow_up(void)
{
	struct pty *t = desk_up("town"), *c = desk_up("county");

	pty_send(c, "3\r");
	SEE(c, "第1报");
	pty_send(t, "3/柳河\r\r");
	SEE(t, "第1报");
	pty_send(t, F6);
	SEE(t, "续报 ");
	SEE(t, "失联[0");	/* as the feedback said it, not as the last report did */
	SEE(t, "要素核对");
	SCREEN(t, "town_follow_up");
	CHECK(t, vt_find(t->vt, "火势向东侧", NULL) < 0);
	pty_send(t, "明火已扑灭");
	pty_send(t, F10);
	SEE(t, "已存，待送达：续报");
	SEE(c, "第2报");
	SEE(c, "续报");
}

/* The exercise realm: marked in every list, a band on its incident, and never a mode to be in. */
static void
exercise(void)
{
	struct pty *t = desk_up("town");

	CHECK(t, CTL("town", NULL, "intake", "--realm", "exercise", "--title", "防汛演练", "--place", "西周镇", "--type", "11D01") == 0);
	SEE(t, "【演练】防汛演练");
	pty_send(t, "3");
	SCREEN(t, "overview_exercise");
	pty_send(t, "/防汛\r\r");
	SEE(t, "【演练】本件为演练，不是实情");
	CHECK(t, vt_find(t->vt, "【演练】本件为演练，不是实情", NULL) == 1);
}

static void
warning(void)
{
	struct pty *t = desk_up("town");
	unsigned bells = t->vt->bells;

	CHECK(t, CTL("county", NULL, "submit", "--kind", "warning", "--title", "暴雨橙色预警", "--colour", "orange", "--event_name", "暴雨",
	    "--severity", "Severe", "--urgency", "Soon", "--to", "330225102") == 0);
	SEE(t, "暴雨橙色预警");
	CHECK(t, t->vt->bells == bells + 1);
	SEE(t, "[4]预警1 ");
	CHECK(t, CTL("county", NULL, "submit", "--realm", "exercise", "--kind", "warning", "--title", "演练预警", "--colour", "blue", "--event_name",
	    "大风", "--to", "330225102") == 0);
	SEE(t, "新到：");
	SEE(t, "[4]预警1 演练1");	/* counted apart */
	pty_send(t, "4");
	SEE(t, "收到的预警   未阅1 演练1");
	SEE(t, "暴雨橙色预警");
	pty_send(t, "/橙色\r\r\r");
	SEE(t, "严重 (Severe)");
	CHECK(t, vt_find(t->vt, "Soon", NULL) >= 0);	/* a word that is none of the standard's stays as it is */
	CHECK(t, vt_find(t->vt, "先后序", NULL) < 0);
}

/* A directive on no incident is none: it does not stand among the incidents. */
static void
directive_alone(void)
{
	struct pty *t = desk_up("town");
	char before[512], after[512];

	SEE(t, "[3]在办事件");
	(void)vt_row(t->vt, 2, before, sizeof(before));
	CHECK(t, CTL("county", NULL, "direct", "-", "--to", "330225102", "--title", "报送值班表", "--text", "请于今日报送") == 0);
	SEE(t, "报送值班表");
	(void)vt_row(t->vt, 2, after, sizeof(after));
	CHECK(t, strstr(before, "[3]") && strstr(after, "[3]"));
	CHECK(t, strncmp(strstr(before, "[3]"), strstr(after, "[3]"), strcspn(strstr(before, "[3]"), " ")) == 0);
}

/* Sent while the switch is away: said so, sent by itself when it is back, once. */
static void
sent_without_switch(void)
{
	struct pty *t = desk_up("town");
	char *out;

	pty_send(t, F2);
	SEE(t, "接报登记");
	pty_send(t, "\t断线时登记");
	SEE(t, "断线时登记");
	switch_stop(&town, SIGKILL);
	SEE(t, "交换机未运行");
	pty_send(t, F10);
	SEE(t, "交换机恢复后自动发出");
	town = switch_start("town");
	SEE(t, "已登记（未上报）：");
	CHECK(t, CTL("town", &out, "list", "--json") == 0);
	CHECK(t, count(out, "断线时登记") == 1);
	free(out);
}

/* The desk dies with the answer outstanding: the next desk asks again under the same request id, and it is one. */
static void
unanswered_is_resumed(void)
{
	struct pty *t = desk_up("town");
	char *out;

	pty_send(t, F2);
	SEE(t, "接报登记");
	pty_send(t, "\t未得回音的一件\t西周镇");
	SEE(t, "已存稿");
	(void)kill(town, SIGSTOP);
	pty_send(t, F10);
	SEE(t, "发送中");
	(void)kill(t->pid, SIGKILL);
	CHECK(t, pty_wait_exit(t, WAIT));
	desk_end(t);
	(void)kill(town, SIGCONT);
	t = desk_up("town");
	SEE(t, "[5]草稿0");
	CHECK(t, CTL("town", &out, "list", "--json") == 0);
	CHECK(t, count(out, "未得回音的一件") == 1);
	free(out);
}

const struct test cases_work[] = {
	{ "draft_survives", draft_survives },
	{ "draft_is_offered", draft_is_offered },
	{ "time_ahead_is_asked", time_ahead_is_asked },
	{ "report_arrives", report_arrives },
	{ "marker_is_cheap", marker_is_cheap },
	{ "owed_rows", owed_rows },
	{ "read_sign_take", read_sign_take },
	{ "grade_report_direct", grade_report_direct },
	{ "feedback", feedback },
	{ "follow_up", follow_up },
	{ "exercise", exercise },
	{ "warning", warning },
	{ "directive_alone", directive_alone },
	{ "sent_without_switch", sent_without_switch },
	{ "phone_report", phone_report },
	{ "unanswered_is_resumed", unanswered_is_resumed },
	{ NULL, NULL },
};
