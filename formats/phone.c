/*
 * One record to be read out on the telephone.
 *
 * On a bad line 四 and 十 sound alike and a number heard wrongly travels on.  So each figure is said in digits and in
 * numerals, the listener gives his name and reads back, and the code at the end binds what was read to the record: who
 * wrote down other figures and enters them gets another code.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "phone.h"
#include "text.h"
#include "value.h"
#include "wire.h"

/* An order is its words and its time; a report its figures: what it says in words is read out, not read back. */
static bool
bound(const struct field *f, int kind)
{
	switch (f->key) {
	case F_TEXT:
	case F_TITLE:
	case F_DUE:
	case F_ASKS:
	case F_EVERY:
		return kind == KIND_DIRECTIVE;
	case F_STAGE:
	case F_TYPE:
	case F_PLACE:
	case F_WHERE:
	case F_POSITION:
	case F_OCCURRED:
	case F_GRADE:
		return true;
	default:
		return field_decimals(f) >= 0;
	}
}

void
phone_code(const struct body *b, char out[5])
{
	struct body *only = body_new();
	int kind = body_enum(b, F_KIND);
	uint8_t digest[DIGEST_LEN];
	struct buf bytes = {0};
	uint64_t n = 0;
	int64_t ms;

	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->field == NULL || !bound(v->field, kind))
			continue;
		if ((v->key == F_OCCURRED || v->key == F_DUE) && body_time(b, v->key, &ms))
			body_set_time(only, v->key, ms);
		else
			body_add_value(only, v);
	}
	wire_encode(only, &bytes);
	digest_of(bytes.p, bytes.n, digest);
	for (size_t i = 0; i < sizeof n; i++)
		n = n << 8 | digest[i];
	(void)snprintf(out, 5, "%04u", (unsigned)(n % 10000));
	buf_free(&bytes);
	body_free(only);
}

/* 11月22日14时10分(十一月二十二日十四时十分) */
static void
put_time(struct buf *out, int64_t ms, const struct text_env *e)
{
	static const char *const part[] = {"月", "日", "时", "分"};
	char text[40];
	long n[4] = {0};
	const char *s = text;
	char *end;

	(void)time_format(ms, TIME_DAY, text, sizeof text); /* MM-DD HH:MM */
	if (!e->zh) {
		buf_puts(out, text);
		return;
	}
	for (size_t i = 0; i < 4; i++, s = *end != '\0' ? end + 1 : end)
		n[i] = strtol(s, &end, 10);
	for (size_t i = 0; i < 4; i++)
		buf_printf(out, "%ld%s", n[i], part[i]);
	buf_puts(out, "(");
	for (size_t i = 0; i < 4; i++) {
		figuretext_numeral(out, n[i], 0);
		buf_puts(out, part[i]);
	}
	buf_puts(out, ")");
}

static void
put_text(struct buf *out, const struct body *b, uint32_t key, const struct text_env *e)
{
	const struct value *v = body_first(b, key);

	if (v == NULL)
		buf_puts(out, text_say(e, "不详", "not known"));
	for (bool first = true; v != NULL; v = body_next(b, v), first = false) {
		buf_puts(out, first ? "" : text_say(e, "、", ", "));
		text_value(out, v, e);
	}
}

static void
put_marks(struct buf *out, const struct body *b, const struct text_env *e)
{
	int stage = body_enum(b, F_STAGE);

	if (text_exercise(b, e))
		buf_puts(out, text_say(e, "这是演练,这是演练。\n", "This is an exercise, this is an exercise.\n"));
	if (stage == STAGE_CORRECTION)
		buf_puts(out, text_say(e, "这是更正,请划掉前报数字。\n",
				  "This is a correction: strike out the earlier figures.\n"));
	if (stage == STAGE_WITHDRAWAL)
		buf_puts(out, text_say(e, "这是撤回,前报作废。\n", "This withdraws the earlier report.\n"));
	if (body_flag(b, F_UNSIGNED))
		buf_puts(out, text_say(e, "本报先报后签,尚未签发。\n", "This report goes before its signature.\n"));
	else if (text_unsigned(b))
		buf_puts(out, text_say(e, "本报尚未签发。\n", "This report is not signed yet.\n"));
}

/* A name may say already that it is a duty room. */
static void
put_room(struct buf *out, const char *unit, const struct text_env *e)
{
	static const char room[] = "值班室";
	size_t len = strlen(unit), n = sizeof room - 1;
	bool is = len >= n && strcmp(unit + len - n, room) == 0;

	if (len == 0)
		unit = text_say(e, "(本单位)", "(our unit)");
	if (e->zh)
		buf_printf(out, "我是%s%s", unit, is ? "" : room);
	else
		buf_printf(out, is ? "This is %s" : "This is the duty room of %s", unit);
}

void
phone_write(const struct body *b, const struct text_env *e, struct buf *out)
{
	static const char *const digit[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
	char unit[256], stage[64], grade[64], type[256], code[5];
	const char *s;
	int64_t ms;

	put_marks(out, b, e);
	(void)text_unit(b, e, unit, sizeof unit);
	(void)text_enum(b, F_STAGE, e, stage, sizeof stage);
	put_room(out, unit, e);
	if ((s = body_text(b, F_AUTHOR)) != NULL) {
		buf_puts(out, text_say(e, "值班员", ", "));
		put_text(out, b, F_AUTHOR, e);
	}
	buf_printf(out, "%s%s%s\n", text_say(e, ",现在电话报告", ", reporting by telephone"),
	    stage[0] != '\0' ? text_say(e, ":", ": ") : "", stage[0] != '\0' ? stage : "");
	buf_puts(out, text_say(e, "什么事:", "What: "));
	buf_puts(out, text_type(b, e, type, sizeof type)[0] != '\0' ? type : text_say(e, "不详", "not known"));
	if (body_text(b, F_TITLE) != NULL) {
		buf_puts(out, text_say(e, " ", ". "));
		put_text(out, b, F_TITLE, e);
	}
	buf_puts(out, text_say(e, "\n在哪里:", "\nWhere: "));
	put_text(out, b, F_PLACE, e);
	if (body_first(b, F_WHERE) != NULL) {
		buf_puts(out, text_say(e, ",", ", "));
		put_text(out, b, F_WHERE, e);
	}
	buf_puts(out, text_say(e, "\n什么时候:", "\nWhen: "));
	if (body_time(b, F_OCCURRED, &ms))
		put_time(out, ms, e);
	else
		buf_puts(out, text_say(e, "不详", "not known"));
	buf_puts(out, text_say(e, "\n人员和损失:", "\nPeople and losses: "));
	if (!figuretext_all(out, b, FIGURES_SPOKEN, e))
		buf_puts(out, body_enum(b, F_STAGE) <= STAGE_FIRST ? text_say(e, "未报", "not reported")
								  : text_say(e, "本报没有新数字", "no new figures in this report"));
	if (body_enum(b, F_GRADE) != 0)
		buf_printf(
		    out, "%s%s", text_say(e, "\n等级:", "\nGrade: "), text_enum(b, F_GRADE, e, grade, sizeof grade));
	if (body_text(b, F_REQUEST) != NULL) {
		buf_puts(out, text_say(e, "\n请求:", "\nAsked for: "));
		put_text(out, b, F_REQUEST, e);
	}
	phone_code(b, code);
	buf_puts(out, text_say(e, "\n请问您贵姓,什么职务?请复诵时间、地点、类别和数字。\n",
			  "\nYour name and post, please.  Please read back time, place, type and figures.\n"));
	buf_printf(
	    out, text_say(e, "复诵码:%c %c %c %c", "Read-back code: %c %c %c %c"), code[0], code[1], code[2], code[3]);
	if (e->zh)
		buf_printf(out, "(%s%s%s%s)", digit[code[0] - '0'], digit[code[1] - '0'], digit[code[2] - '0'],
		    digit[code[3] - '0']);
	buf_puts(out, "\n");
}
