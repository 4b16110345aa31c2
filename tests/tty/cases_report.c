/*
 * Writing a report: the strip under the form, the way to the signature with two desks of one station, sending before the
 * signature, the telephone script with its code, the texts made of one record.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "../lib/fakeswitch.h"
#include "world.h"

#define F6 "\033[17~"
#define F8 "\033[19~"
#define F9 "\033[20~"
#define F10 "\033[21~"

/* An incident of the town's own, opened on the desk; its timeline shows. */
static struct pty *
on_incident(const char *title, const char *find)
{
	struct pty *p = desk_up("town");
	time_t learned = time(NULL) - 300 + 8 * 3600;	/* shown at UTC+08:00 */
	struct tm tm;
	char when[40];

	CHECK(p, gmtime_r(&learned, &tm) && strftime(when, sizeof(when), "%Y-%m-%dT%H:%M+08:00", &tm) > 0);
	CHECK(p, CTL("town", NULL, "intake", "--learned", when, "--title", title, "--place", "西周镇柳河路7号", "--type", "12G00",
	    "--brief", "三层民房起火", "--dead", "1", "--missing", "?") == 0);
	pty_send(p, "3");
	SEE(p, title);
	pty_send(p, find);
	SEE(p, "地点 西周镇柳河路7号");
	return p;
}

/* The message of a kind whose JSON line holds the word, as `list --json` gives it: its id. */
static void
id_of(struct pty *p, const char *kind, const char *word, char *id, size_t size)
{
	char *out, *line, *at;

	CHECK(p, CTL("town", &out, "list", "--messages", "--kind", kind, "--json") == 0);
	id[0] = '\0';
	for (line = out; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (strstr(line, word) && (at = strstr(line, "\"id\":")) != NULL) {
			at = strchr(at + 5, '"') + 1;
			(void)snprintf(id, size, "%.*s", (int)strcspn(at, "\""), at);
		}
		if (!end)
			break;
		*end = '\n';
	}
	free(out);
	CHECK(p, *id);
}

static bool
message_has(struct pty *p, const char *id, const char *word)
{
	char *out;
	bool has;

	CHECK(p, CTL("town", &out, "message", id, "--json") == 0);
	has = strstr(out, word) != NULL;
	if (!has)
		printf("%s\n", out);
	free(out);
	return has;
}

/* What is missing stands first; a number in the words that is not the figure's is pointed out; nothing is held up. */
static void
strip(void)
{
	struct pty *p = on_incident("民房起火甲", "/民房起火甲\r\r");

	pty_send(p, F6);
	SEE(p, "F6送审");
	SEE(p, "要素核对");
	pty_send(p, "\t\t\t\t\t\t\t\t\t\t");
	SEE(p, ">经过");
	pty_send(p, "，已致死亡3人");
	SEE(p, "数字核对");
	SEE(p, "已存稿");
	SCREEN(p, "report_strip");
	/* Read in full, with the figure as it was entered; back in the form nothing is lost. */
	pty_send(p, "\033[13~");
	SEE(p, "核对提示全文");
	SEE(p, "(栏内1)");
	SEE(p, "信息来源");
	SCREEN(p, "report_list");
	pty_send(p, "\033");
	SEE(p, "已致死亡3人");
	SEE(p, "F6送审");
	CHECK(p, vt_find(p->vt, ">经过", NULL) > 0 && p->vt->row < vt_find(p->vt, "数字核对", NULL));
	/* The last cell is in sight too, above the strip. */
	pty_send(p, "\033[6~");
	SEE(p, ">事件等级");
	CHECK(p, p->vt->row < vt_find(p->vt, "数字核对", NULL));
	pty_send(p, F10);	/* pointed out, not refused */
	SEE(p, "未签先发，待");
	SEE(p, "已存，待送达：首报");
}

/* A figure that falls asks for its reason: the cell comes, and with it filled in the report goes. */
static void
falls(void)
{
	struct pty *p = desk_up("town");
	char id[96];

	pty_send(p, "3/民房起火甲\r\r");
	SEE(p, "第1报");
	pty_send(p, F6);
	SEE(p, "续报 ");
	CHECK(p, vt_find(p->vt, "理由", NULL) < 0);
	pty_send(p, "核实后死亡更正");
	SEE(p, ">经过");
	for (int i = 0; i < 6; i++)
		pty_send(p, "\t");
	SEE(p, ">死亡[1");
	pty_send(p, "\0250");
	SEE(p, "减少，请填理由");
	SEE(p, " 理由");
	SEE(p, "已存稿");
	SCREEN(p, "report_falls");
	pty_send(p, F10);
	SEE(p, ">理由");	/* refused without it, and the cursor goes there */
	pty_send(p, "误报，医院核实");
	SEE(p, "理由已填");
	pty_send(p, F10);
	SEE(p, "未签先发，待");
	id_of(p, "report", "民房起火甲", id, sizeof(id));
	CHECK(p, message_has(p, id, "误报，医院核实"));
}

/* Written at one desk, checked and signed at another: the text is read as it will be sent, and it goes with all names. */
static void
chain(void)
{
	struct pty *a = on_incident("民房起火乙", "/民房起火乙\r\r"), *b;
	char id[96];

	pty_send(a, F6);
	SEE(a, "F6送审");
	pty_send(a, F6);
	SEE(a, "待核，在[5]草稿");
	b = desk_up("town");
	SEE(b, "[5]草稿1");
	pty_send(b, "5");
	SEE(b, "待核");
	SCREEN(b, "drafts");
	/* Returned with a reason: not without one. */
	pty_send(b, "b李敏\r\r");
	SEE(b, "必填");
	pty_send(b, "起火时间不明\r1");
	SEE(b, "李敏已退回: 草稿");
	SEE(b, ">草稿");
	pty_send(b, "k");
	SEE(b, "此稿尚未送审");
	/* The author opens it where it was and hands it on again. */
	pty_send(a, "\033");
	SEE(a, "[5]草稿1");
	pty_send(a, "5");
	SEE(a, "民房起火乙");
	pty_send(a, "\r");
	SEE(a, "F6送审");
	pty_send(a, F6);
	SEE(a, "待核，在[5]草稿");
	SEE(b, "待核");
	pty_send(b, "\r");
	SEE(b, "1核过 2退回");
	SEE(b, "要素核对");
	SCREEN(b, "review");
	pty_send(b, "7");
	SEE(b, "一经改动，原核稿即失效");
	pty_send(b, "nq");	/* letters are no answer, nor are they commands after it */
	SEE(b, "1 或 Esc");
	SEE(b, "一经改动，原核稿即失效");
	pty_send(b, "\r");	/* the default is to leave it */
	SEE(b, "已取消");
	pty_send(b, "1\025王建国\r1");
	SEE(b, "王建国已核过: 待签");
	SEE(b, "待签 核过 王建国");
	SEE(a, "待签");	/* at the author's desk, without a key */
	pty_send(b, F10);
	SEE(b, "签发领导");
	pty_send(b, "赵副县长\r\r");
	SEE(b, "已取消");
	pty_send(b, "4赵副县长\r1");
	SEE(b, "已存，待送达：首报");
	SEE(b, "经手人");	/* back in the list */
	GONE(a, "待签");
	id_of(a, "report", "民房起火乙", id, sizeof(id));
	CHECK(a, message_has(a, id, "\"signer\":\"赵副县长\""));
	CHECK(a, message_has(a, id, "\"checker\":\"王建国\""));
}

/* No leader answers: two numbers tried, then it goes before its signature; before that it says from when. */
static void
before_signature(void)
{
	struct pty *p = on_incident("民房起火丙", "/民房起火丙\r\r");
	char id[96];

	pty_send(p, F6);
	SEE(p, "F6送审");
	pty_send(p, F6);
	SEE(p, "待核，在[5]草稿");
	pty_send(p, "\033");
	SEE(p, "[3]在办事件");
	pty_send(p, "5");
	SEE(p, "起于");
	SEE(p, "民房起火丙");
	pty_send(p, "u");
	SEE(p, "尚无请示记录");
	pty_send(p, "2");
	SEE(p, "被叫号码");
	pty_send(p, "赵副县长\r13800000001\r1");
	SEE(p, "已记请示赵副县长");
	pty_send(p, "\r");
	SEE(p, "请示 赵副县长 13800000001 无人接听");
	pty_send(p, "5");
	SEE(p, "起，或再试一个号码后");
	SCREEN(p, "unsigned_early");
	pty_send(p, "\033");
	SEE(p, "已取消");
	pty_send(p, "t赵副县长\r13800000002\r3");
	SEE(p, "请示 赵副县长 13800000002 关机");
	pty_send(p, "w1");
	SEE(p, "收回: 草稿");
	pty_send(p, "\033");
	SEE(p, ">草稿");
	pty_send(p, "u");	/* from a draft as well */
	SEE(p, "报出人");
	pty_send(p, "\025孙值班\r1");
	SEE(p, "未签先发，待赵副县长补签");
	id_of(p, "report", "民房起火丙", id, sizeof(id));
	CHECK(p, message_has(p, id, "\"signature_owed\":\"赵副县长\""));
	CHECK(p, message_has(p, id, "13800000002"));
}

/* The four digits of the script on the screen. */
static void
code_on(struct pty *p, char code[5])
{
	char row[512];
	const char *at;
	int n = vt_find(p->vt, "复诵码:", NULL);

	CHECK(p, n >= 0);
	(void)vt_row(p->vt, n, row, sizeof(row));
	at = strstr(row, "复诵码:") + strlen("复诵码:");
	for (int i = 0; i < 4; i++)
		code[i] = at[2 * i];
	code[4] = '\0';
}

/* Whether the town owes its county the telephone report of that title. */
static bool
owes_call(struct pty *p, const char *title)
{
	char *out, *line, *end;
	bool owes = false;

	CHECK(p, CTL("town", &out, "owed") == 0);
	for (line = out; *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		owes |= memmem(line, (size_t)(end - line), title, strlen(title)) != NULL &&
		    memmem(line, (size_t)(end - line), "电话报", strlen("电话报")) != NULL;
	}
	free(out);
	return owes;
}

static void
script(void)
{
	struct pty *p = on_incident("民房起火丁", "/民房起火丁\r\r");
	char code[5], wrong[5], id[96], text[64];

	pty_send(p, F6);
	SEE(p, "F6送审");
	pty_send(p, "\023");
	SEE(p, "已存稿");
	pty_send(p, F8);
	SEE(p, "请复诵时间、地点、类别和数字");
	code_on(p, code);
	memcpy(wrong, code, sizeof(wrong));
	wrong[3] = code[3] == '9' ? '0' : (char)(code[3] + 1);
	CHECK(p, owes_call(p, "民房起火丁"));
	pty_send(p, "\r");
	SEE(p, ">电话报时间");
	pty_send(p, "\r县总值班室陈某\r");
	pty_send(p, wrong);
	pty_send(p, "\r\025孙值班\r");
	SEE(p, "不符，请重读数字");
	pty_send(p, "2");	/* asked again: what was typed stands */
	SEE(p, "县总值班室陈某");
	pty_send(p, "\r\r");
	pty_send(p, code);
	pty_send(p, "\r\r");
	(void)snprintf(text, sizeof(text), "复诵码%s：相符", code);
	SEE(p, text);
	pty_send(p, "1");
	SEE(p, "复诵码相符");
	SEE(p, "F6送审");	/* back in the form */
	CHECK(p, !owes_call(p, "民房起火丁"));	/* and the telephone clock has stopped */
	id_of(p, "outside", "", id, sizeof(id));
	CHECK(p, message_has(p, id, "\"answered_by\":\"县总值班室陈某\""));
	CHECK(p, message_has(p, id, "\"readback_ok\":true"));
	/* Recorded as it was said. */
	pty_send(p, "\020");
	SEE(p, "请复诵时间、地点、类别和数字");
	pty_send(p, "\r\r县总值班室陈某\r");
	pty_send(p, wrong);
	pty_send(p, "\r\r");
	SEE(p, "不符，请重读数字");
	pty_send(p, "1");
	SEE(p, "复诵码不符");
	id_of(p, "outside", "", id, sizeof(id));
	CHECK(p, message_has(p, id, "\"readback_ok\":false"));
	CHECK(p, message_has(p, id, wrong));
}

static void
texts(void)
{
	struct pty *p = desk_up("town");

	pty_send(p, "5");
	SEE(p, "民房起火丁");
	pty_send(p, "\r");
	SEE(p, "F6送审");
	pty_send(p, F9);
	SEE(p, ">1正式报告");
	SEE(p, "值班快报");
	pty_send(p, "2");
	SEE(p, ">2短信");
	SEE(p, "限70字");
	SCREEN(p, "outputs_sms");
	pty_send(p, "3");
	SEE(p, "复诵码:");
	pty_send(p, "４");
	SEE(p, "报送单位");
	SCREEN(p, "outputs_paste");
	pty_send(p, "\033");
	SEE(p, "F6送审");
}

/* What bears a mark of secrecy is kept by nobody: said at once, and before the words are lost. */
static void
secret(void)
{
	struct pty *p = on_incident("民房起火戊", "/民房起火戊\r\r");

	pty_send(p, F6);
	SEE(p, "F6送审");
	pty_send(p, "\t机密★一年");
	SEE(p, " 涉密");
	SEE(p, "未存：被拒");
	pty_send(p, "\033");
	SEE(p, "离开即丢失");
	pty_send(p, "\r");
	SEE(p, "已取消");
	for (int i = 0; i < 5; i++)
		pty_send(p, "\177");
	GONE(p, " 涉密");	/* and kept again */
	SEE(p, "已存稿");
}

/* On a vt100, in English: the same strip, Chinese as it can be shown. */
static void
english(void)
{
	char program[512], dir[128];
	char *argv[] = { program, "-D", dir, NULL };
	const char *env[] = { "TERM=vt100", "DUTYDESK_LANG=en", NULL };
	struct pty *p;

	(void)snprintf(program, sizeof(program), "%s/dutydesk", world.build);
	(void)snprintf(dir, sizeof(dir), "%s/town", world.dir);
	if (town <= 0)
		town = switch_start("town");
	p = pty_spawn(argv, env, 24, 80);
	SEE(p, "link up");
	pty_send(p, "5");
	SEE(p, "subject");
	pty_send(p, "/民房起火丁\r");
	pty_send(p, "\r");
	SEE(p, "sign+send");
	SEE(p, "elements");
	SCREEN(p, "report_en");
	desk_end(p);
}

/* Words and shapes that no honest switch sends, in the strip, the trail and the list. */
static void
hostile_review(void)
{
	static const char answers[] = "{\"hello\": {\"proto\": 1, \"station\": \"330225102\", \"name\": \"x\", \"rev\": 1}, "
	    "\"drafts\": {\"drafts\": [{\"rid\": \"r1\", \"seat\": \"a\\u001b[2J\", \"ms\": 1795000000000, \"state\": \"checking\", "
	    "\"state_name\": \"\\u001b]0;pwned\\u0007\", \"trail\": [5, {\"event_name\": \"e\\u009b5m\", \"person\": \"p\\u202ez\", "
	    "\"reason\": \"a\\nb\", \"at\": \"x\"}], \"json\": {\"form\": \"report\", \"fields\": {\"title\": \"t\\u001b[31mX\", "
	    "\"dead\": 7, \"type\": \"nope\"}, \"initial\": []}}, {\"rid\": \"r2\", \"state\": \"signing\", \"trail\": {}, "
	    "\"json\": {\"request\": {\"body\": {\"nofield\": 1}}}}]}, "
	    "\"review\": {\"elements\": [1, {\"state\": \"missing\", \"name\": \"n\\u001b[5m\", \"state_name\": \"\\u0007\"}, "
	    "{\"state\": \"odd\"}], \"conflicts\": [null, {\"text\": \"c\\u001b[2Jd\"}], \"falls\": [[], {\"name\": 3, \"old\": \"9\\n9\"}], "
	    "\"remarks\": 4}}";
	static const char *const keys[] = { "5", "k", "\033", "b", "\033", "t", "\033", "u", "\033", "w", "\033", "\033[21~", "\033", "\r", "1", "\033",
	    "8", "\033", "9", "4", "\033", "7", "1", "\033", "j", "\r", "3", "\033", "9", "\033" };
	char dir[128];
	pid_t pid;
	struct pty *p;

	(void)snprintf(dir, sizeof(dir), "%s/fake", world.dir);
	pid = fakeswitch_start(dir, answers);
	p = desk("fake", "xterm-256color", 24, 80);
	SEE(p, "[5]草稿2");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		pty_send(p, keys[i]);
		pty_settle(p, keys[i][0] == 27 && keys[i][1] == 0 ? 600 : 60, 1000);
		CHECK(p, !pty_wait_exit(p, 0));
	}
	CHECK(p, p->vt->unknown == 0);
	CHECK(p, memmem(p->raw, p->nraw, "pwned\007", 6) == NULL);
	CHECK(p, memmem(p->raw, p->nraw, "\033[31mX", 6) == NULL);
	CHECK(p, memmem(p->raw, p->nraw, "\xe2\x80\xae", 3) == NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

const struct test cases_report[] = {
	{ "strip", strip },
	{ "falls", falls },
	{ "chain", chain },
	{ "before_signature", before_signature },
	{ "script", script },
	{ "texts", texts },
	{ "secret", secret },
	{ "english", english },
	{ "hostile_review", hostile_review },
	{ NULL, NULL },
};
