/*
 * The life of events and reports at the desk (grading: cases_life_grade.c): correction and differences, recall, the steps
 * of an event with merging and reopening, adopted figures, signing afterwards, destroying.  What the switch decides is
 * decided by a real one.
 */
#include <signal.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../lib/fakeswitch.h"
#include "world.h"
#include "cases_life.h"

#define F10 "\033[21~"

/* The value of a text member after `from` in an answer of dutyctl --json, into buf. */
bool
member(const char *json, const char *name, char *buf, size_t size)
{
	char want[64];
	const char *p;
	size_t n;

	(void)snprintf(want, sizeof(want), "\"%s\"", name);
	p = strstr(json, want);
	if (!p)
		return false;
	p += strlen(want);
	p += strspn(p, ": \"");
	n = strcspn(p, "\",}");
	if (n == 0 || n >= size)
		return false;
	memcpy(buf, p, n);
	buf[n] = '\0';
	return true;
}

/* A fresh incident of the town; its number. */
void
opened(const char *title, const char *type, char number[32])
{
	char *out;

	if (CTL("town", &out, "intake", "--title", title, "--place", "西周镇", "--type", type, "--json") != 0 ||
	    !member(out, "number", number, 32))
		fail(NULL, __FILE__, __LINE__, "intake of %s: %s", title, out);
	free(out);
}

static const char *
now_text(char buf[32])
{
	time_t at = time(NULL);
	struct tm tm;

	(void)strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
	return buf;
}

/* Among the incidents of the overview (the same may be owed as well). */
static bool
listed(const struct pty *p, const char *word)
{
	char row[1024];

	for (int i = 0; i < 24; i++)
		if (vt_row(p->vt, i, row, sizeof(row)) && strstr(row, word) && strstr(row, "火灾事故"))
			return true;
	return false;
}

/* A report of the town on it, with deaths; its id. */
static void
reported(const char *number, const char *title, const char *stage, const char *dead, char id[80])
{
	char *out, now[32];

	if (CTL("town", &out, "submit", "--kind", "report", "--stage", stage, "--incident", number, "--title", title, "--place", "西周镇",
	    "--learned", now_text(now), "--type", "12G00", "--brief", "起火", "--dead", dead, "--signer", "孙镇长", "--json") != 0 || !member(out, "id", id, 80))
		fail(NULL, __FILE__, __LINE__, "report on %s: %s", number, out);
	free(out);
}

/* The incident with this word in its title, opened from the overview. */
void
open_incident(struct pty *p, const char *word)
{
	char keys[128];

	SEE(p, word);
	(void)snprintf(keys, sizeof(keys), "3/%s\r\r", word);
	pty_send(p, keys);
	SEE(p, "时刻            内容");
	SEE(p, word);
}

static void
correction_and_diff(void)
{
	struct pty *t = desk_up("town"), *c = desk_up("county");
	char number[32], id[80];

	opened("码头起火", "12G00", number);
	reported(number, "码头起火", "first", "5", id);
	SEE(c, "码头起火");
	open_incident(t, "码头起火");
	SEE(t, "首报");
	pty_send(t, "c");
	SEE(t, "更正 ");
	SEE(t, "全文重发");
	pty_send(t, "重复计数\t");
	SEE(t, "重复计数");
	for (int i = 0; i < 40 && vt_find(t->vt, ">死亡", NULL) < 0; i++) {
		pty_send(t, "\033[Z");
		pty_settle(t, 60, 1000);
	}
	CHECK(t, vt_find(t->vt, ">死亡", NULL) >= 0);
	pty_send(t, "\0253\t");
	pty_send(t, F10);
	SEE(t, "更正 码头起火");
	SEE(t, "[已更正]");
	SCREEN(t, "corrected");
	pty_send(t, "y");	/* the marker stands on what was just sent */
	SEE(t, "撤回：更正 码头起火");
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, "=");
	SEE(t, "差异 ");
	SEE(t, "减少 死亡");
	SEE(t, "重复计数");
	SCREEN(t, "diff");
	pty_send(t, "\033[D");
	SEE(t, "没有更早的版本");
	/* It rings at the county, says that it corrects, and marks what it takes the place of. */
	SEE(c, "更正 码头起火");
	pty_send(c, "2\r");
	SEE(c, "更正 码头起火");
	SEE(c, "已更正");
}

static void
recall(void)
{
	struct pty *t = desk_up("town");
	char number[32], id[80];

	opened("误发一件", "12G00", number);
	reported(number, "误发一件", "first", "0", id);
	open_incident(t, "误发一件");
	SEE(t, "首报");
	SEE(t, "1/1 0/1");
	pty_send(t, "y");
	SEE(t, "还剩");
	pty_send(t, "\r");	/* no reason: refused */
	SEE(t, "必填");
	pty_send(t, "发错单位\r");
	SEE(t, "撤回？1=是");
	pty_send(t, "1");
	SEE(t, "[已撤回]");
	pty_send(t, "y");
	SEE(t, "撤回");
	/* Once it was read the switch refuses, and says what to do instead. */
	reported(number, "误发一件", "first", "0", id);
	SEE(t, "1/1 0/1");
	CHECK(t, CTL("county", NULL, "ack", id, "--as", "read") == 0);
	SEE(t, "1/1 1/1");
	pty_send(t, "\033[6~");
	pty_send(t, "y");
	SEE(t, "已有1家阅过");
	pty_send(t, "仍要撤回\r1");
	SEE(t, "已阅");
	SEE(t, "请写更正");
}

static void
merge(void)
{
	struct pty *t = desk_up("town");
	char one[32], two[32], keys[64];

	opened("重复来电", "12G00", one);
	opened("仓库冒烟", "12G00", two);
	open_incident(t, "重复来电");
	pty_send(t, "e");
	SEE(t, "事件环节");
	SCREEN(t, "step_menu");
	pty_send(t, "6");	/* not from here: the menu stays */
	SEE(t, "现在不能走这一步");
	pty_send(t, "7");
	SEE(t, "并入哪一件");
	pty_send(t, "0000-999\r");
	SEE(t, "对方编号: ");
	CHECK(t, vt_find(t->vt, "[0000-999", NULL) > 0);	/* what was typed stays */
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, "e7");
	SEE(t, "并入哪一件");
	(void)snprintf(keys, sizeof(keys), "%s\r", one);
	pty_send(t, keys);
	SEE(t, "就是本事件");	/* asked again, the number to be typed over */
	(void)snprintf(keys, sizeof(keys), "%s\r", two);
	pty_send(t, keys);
	SEE(t, "仓库冒烟");
	SEE(t, "本件");
	pty_send(t, "李敏\r同一起\r");
	SEE(t, "把本件并入下一行的事件？1=是");
	SCREEN(t, "merge");
	pty_send(t, "1");
	SEE(t, "环节 并案");
	SEE(t, "并入 ");
	pty_send(t, "\033");
	SEE(t, "[3]在办事件");
	pty_settle(t, 300, 2000);
	CHECK(t, !listed(t, "重复来电"));	/* out of the list, not out of reach */
	pty_send(t, "3a");
	SEE(t, "[3]全部事件");
	pty_send(t, "/重复来电\r");
	SEE(t, "并案");
	/* Where it went says which it had been, though no list holds it any more; never by its id. */
	open_incident(t, "仓库冒烟");
	(void)snprintf(keys, sizeof(keys), "并有 %s", one);
	SEE(t, keys);
	CHECK(t, vt_find(t->vt, "330225102.", NULL) < 0);
}

static void
archive_and_reopen(void)
{
	struct pty *t = desk_up("town");
	char number[32];

	opened("虚惊一场", "12G00", number);
	open_incident(t, "虚惊一场");
	pty_send(t, "e3李敏\r\r1");
	SEE(t, "环节 处置毕");
	pty_send(t, "e5\r\r");	/* the digit of 归档, whatever else may be done */
	SEE(t, "记下？1=是");
	pty_send(t, "1");
	SEE(t, "环节 归档");
	pty_send(t, "\033");
	SEE(t, "[3]在办事件");
	pty_settle(t, 300, 2000);
	CHECK(t, !listed(t, "虚惊一场"));
	pty_send(t, "3a/虚惊\r\r");
	SEE(t, "环节 归档");
	pty_send(t, "e");
	SEE(t, "重开");
	pty_send(t, "6\r\r");	/* reopening says why */
	SEE(t, "必填");
	pty_send(t, "复燃\r1");
	SEE(t, "环节 在办");
	SCREEN(t, "reopened");
}

static void
adopt(void)
{
	struct pty *t = desk_up("town");
	char *out;

	CHECK(t, CTL("town", &out, "intake", "--title", "大巴侧翻", "--place", "西周镇", "--type", "12H00", "--dead", "3@119", "--dead", "4@120", "--injured", "~20@120",
	    "--json") == 0);
	free(out);
	open_incident(t, "大巴侧翻");
	SEE(t, "3(119)");
	pty_send(t, "a");
	SEE(t, "采用数");
	SEE(t, "120");
	SEE(t, "约20");
	pty_send(t, "/");	/* no list to search here */
	pty_send(t, "\033[B\r");
	SEE(t, "采用人");
	pty_send(t, "\r李敏\r\r");
	SEE(t, "采用这个数？1=是");
	SCREEN(t, "adopt");
	pty_send(t, "1");
	SEE(t, "采用 死亡");
	SEE(t, "李敏");
	SCREEN(t, "adopted");
}

/* 先报后签: the report went, its signature is owed, and is given afterwards. */
static void
countersign(void)
{
	struct pty *t = desk_up("town");
	char number[32], rid[80], now[32], seat[96];
	char *out;

	opened("夜间塌方", "12G00", number);
	CHECK(t, CTL("town", &out, "draft", "new", "--kind", "report", "--stage", "first", "--incident", number, "--title", "夜间塌方", "--place",
	    "西周镇", "--learned", now_text(now), "--type", "12G00", "--brief", "塌方") == 0);
	(void)snprintf(rid, sizeof(rid), "%.*s", (int)strcspn(out, " \n"), out);
	free(out);
	CHECK(t, CTL("town", NULL, "draft", "submit", rid) == 0);
	CHECK(t, CTL("town", NULL, "draft", "pass", rid, "--by", "李敏") == 0);
	CHECK(t, CTL("town", NULL, "draft", "try", rid, "--by", "孙镇长", "--number", "13800000001", "--outcome", "no-answer") == 0);
	CHECK(t, CTL("town", NULL, "draft", "try", rid, "--by", "孙镇长", "--number", "13800000002", "--outcome", "off") == 0);
	CHECK(t, CTL("town", NULL, "draft", "unsigned", rid, "--by", "孙镇长") == 0);
	SEE(t, "夜间塌方");
	pty_send(t, "1/补签\r");	/* among what is owed */
	SEE(t, "补签     1");
	open_incident(t, "夜间塌方");
	SEE(t, "待补签1件");
	SEE(t, "[待补签]");
	SCREEN(t, "signature_owed");
	pty_send(t, "k");
	SEE(t, "欠签人 孙镇长");
	pty_send(t, "\r");	/* nobody is filled in */
	SEE(t, "必填");
	(void)snprintf(seat, sizeof(seat), "%s\r1", getpwuid(getuid()) ? getpwuid(getuid())->pw_name : "root");
	pty_send(t, seat);
	SEE(t, "不是领导姓名");
	pty_send(t, "孙镇长\r");
	SEE(t, "确认补签？1=是");
	pty_send(t, "1");
	GONE(t, "待补签1件");
	GONE(t, "[待补签]");
	pty_send(t, "k");
	SEE(t, "没有待补签的报告");
}

/* Two names, a reason, a word, a confirmation: and only from the board of commands. */
static void
destroy(void)
{
	struct pty *t = desk_up("town");
	char number[32], id[80];
	char *out;

	opened("不该在此的内容", "12G00", number);
	CHECK(t, CTL("town", &out, "show", number, "--json") == 0);
	CHECK(t, member(out, "id", id, sizeof(id)));
	free(out);
	open_incident(t, "不该在此的内容");
	pty_send(t, "\r");
	SEE(t, "接报");
	pty_send(t, ":destroy\r");
	SEE(t, "误入清除：不该在此的内容");
	pty_send(t, "李敏\r王建国\r内容不宜\r不\r1");
	SEE(t, "未生效");
	CHECK(t, vt_find(t->vt, "[内容不宜", NULL) > 0);	/* what was typed stays, the marker on what was wrong */
	pty_send(t, "\033");
	SEE(t, "已取消");
	pty_send(t, ":destroy\r李敏\r李 敏\r内容不宜\r清除\r1");	/* one person twice */
	SEE(t, "第二人: 必须与第一人不是同一人");
	CHECK(t, vt_find(t->vt, "[李 敏", NULL) > 0);
	pty_send(t, "王建国\r\r\r");
	SEE(t, "永久清除？1=是");
	pty_send(t, "1");
	SEE(t, "两人销毁");
	SEE(t, "已由 李敏 王建国 清除");
	CHECK(t, vt_find(t->vt, "摘要", NULL) > 0);	/* the tombstone */
	CHECK(t, vt_find(t->vt, "不该在此", NULL) < 0);
	CHECK(t, CTL("town", &out, "message", id, "--json") == 0);
	CHECK(t, strstr(out, "不该在此") == NULL);
	free(out);
}

/* What is made of a report opens from its incident, whatever line the marker is on. */
static void
texts(void)
{
	struct pty *t = desk_up("town");
	char number[32], id[80];

	opened("管道漏气", "12G00", number);
	reported(number, "管道漏气", "first", "0", id);
	open_incident(t, "管道漏气");
	SEE(t, "首报");
	pty_send(t, "\033[5~o");
	SEE(t, "值班快报");
	pty_send(t, "\033");
	SEE(t, "时刻            内容");
	pty_send(t, "p");
	SEE(t, "请复诵时间、地点、类别和数字");
}

/* Members missing, of another type, from a later version: nothing of it stops the desk. */
static void
strange_answers(void)
{
	static const char *const shows[] = {
		"{\"incident\": {\"id\": \"330225.1.2\", \"number\": \"7\", \"title\": \"怪事\", \"state_name\": \"未来态\", \"state\": 5, "
		"\"states\": [1, {\"station\": 2}], \"adopted\": [null, {\"at\": \"x\", \"source\": []}], \"absorbed\": [7, {}], \"merged_into\": [\"x\"], "
		"\"figure_sources\": [3, {\"name\": \"later\", \"text\": \"4\"}, {\"name\": \"dead\"}], \"signatures_owed\": \"two\"}, "
		"\"lines\": [{\"id\": \"330225.1.3\", \"mine\": true, \"kind\": \"report\", \"state\": [], \"text\": \"一条\"}, 4]}",
		"{\"incident\": {\"id\": \"330225.1.2\", \"title\": \"怪事\", \"state_name\": \"归档\", \"states\": {}, \"adopted\": 1}, \"lines\": []}",
	};
	static const char *const proposals[] = {
		"{\"scope\": 4, \"points\": [1, {\"next\": 3, \"more\": 2}], \"open\": {}, \"risk\": [], \"marks\": [\"x\"], \"notes\": [3], \"stated\": \"later\"}",
		"{\"scope\": \"covered\", \"points\": [{\"name\": \"\\u001b[2J\", \"decides\": true}], \"risk\": {\"covered\": true, \"name\": 3, \"points\": [[]], "
		"\"verdicts\": 1}, \"ask_again\": \"x\", \"stated\": \"II\"}",
	};
	static const char *const keys[] = { "g", "x", "\033", "\033[6~", "5", "\033", "\033", "=", "\033[D", "\033", "a", "\r", "\033", "\033", "e", "\033", "k", "y",
		"\033", "c", "o", "p", "\r", ":destroy\r", "\033", "\033", "\033", "\033" };

	for (size_t n = 0; n < 2; n++) {
		char dir[128], answers[4096];
		struct pty *p;
		pid_t pid;

		(void)snprintf(dir, sizeof(dir), "%s/strange%zu", world.dir, n);
		(void)snprintf(answers, sizeof(answers), "{\"hello\": {\"proto\": 1, \"station\": \"330225\", \"name\": \"怪站\", \"rev\": 1}, "
		    "\"incidents\": {\"incidents\": [{\"id\": \"330225.1.2\", \"number\": \"7\", \"title\": \"怪事\", \"state\": 9}]}, \"show\": %s, "
		    "\"propose\": %s, \"diff\": {\"a\": 1, \"b\": {\"version\": \"x\"}, \"rows\": [1, {\"kind\": 4}], \"versions\": [{}, 3]}, "
		    "\"message\": {\"destroyed\": 1, \"superseded\": \"yes\", \"kind\": \"report\", \"body\": []}}", shows[n], proposals[n]);
		pid = fakeswitch_start(dir, answers);
		(void)snprintf(dir, sizeof(dir), "strange%zu", n);
		p = desk(dir, "xterm-256color", 24, 80);
		SEE(p, "怪事");
		pty_send(p, "3\r");
		pty_settle(p, 200, 1000);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			pty_send(p, keys[i]);
			pty_settle(p, keys[i][0] == 27 && keys[i][1] == 0 ? 300 : 40, 600);
			CHECK(p, !pty_wait_exit(p, 0));
		}
		pty_send(p, "\033OP");
		SEE(p, "帮助：按键与命令");
		CHECK(p, p->vt->unknown == 0);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		desk_end(p);
	}
}

/* Opening a warning does not carry it, nor the marker, to another place in the list. */
static void
marker_stays(void)
{
	struct pty *t = desk_up("town");
	int row;

	for (int i = 0; i < 3; i++) {
		static const char *const title[] = { "预警甲", "预警乙", "预警丙" };

		CHECK(t, CTL("county", NULL, "submit", "--kind", "warning", "--title", title[i], "--colour", "blue", "--event_name", "大风", "--to",
		    "330225102") == 0);
	}
	SEE(t, "预警丙");
	pty_send(t, "4");
	SEE(t, "收到的预警");
	pty_send(t, "/预警乙\r");
	pty_settle(t, 200, 2000);
	row = t->vt->row;
	CHECK(t, vt_find(t->vt, "预警乙", NULL) == row);
	pty_send(t, "\r");
	SEE(t, "大风");
	pty_settle(t, 400, 2000);	/* the read receipt is stored, the list is read again */
	CHECK(t, t->vt->row == row && vt_find(t->vt, "预警乙", NULL) == row);
	pty_send(t, "\033[A");
	pty_settle(t, 200, 2000);
	CHECK(t, t->vt->row == row - 1 && vt_find(t->vt, "预警丙", NULL) == row - 1);
}

const struct test cases_life[] = {
	{ "grade_screen", grade_screen },
	{ "second_verdict", second_verdict },
	{ "grade_uncovered", grade_uncovered },
	{ "grade_below_proof", grade_below_proof },
	{ "english_hints", english_hints },
	{ "correction_and_diff", correction_and_diff },
	{ "recall", recall },
	{ "merge", merge },
	{ "archive_and_reopen", archive_and_reopen },
	{ "adopt", adopt },
	{ "countersign", countersign },
	{ "destroy", destroy },
	{ "texts_of_incident", texts },
	{ "marker_stays", marker_stays },
	{ "grade_asked_again", grade_asked_again },
	{ "strange_answers", strange_answers },
	{ NULL, NULL },
};
