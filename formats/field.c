/*
 * The field table and the enumerations it names.
 *
 * Everything stands in constant tables: the fields' rows come from fields.def, and a second pass over the same
 * rows makes the index by wire key, in which the compiler itself reports a key used twice.  Names are looked up in
 * chains by their hash, linked at the first look.
 */
#include <string.h>
#include "field.h"
#include "i18n.h"

#define NAME_BUCKETS 256
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define FIELD(key, NAME, json, en, zh, type, flags, max, arg) ROW_##NAME,
enum row {
#include "fields.def"
	ROWS
};
#undef FIELD

#define FIELD(key, NAME, json, en, zh, type, flags, max, arg) { key, json, N_(en), zh, type, flags, max, arg },
static const struct field rows[ROWS] = {
#include "fields.def"
};
#undef FIELD

/* Row + 1; 0: no such key. */
#define FIELD(key, NAME, json, en, zh, type, flags, max, arg) [key] = ROW_##NAME + 1,
static const uint16_t row_of_key[] = {
#include "fields.def"
};
#undef FIELD

const struct field *
field_by_key(uint32_t key)
{
	if (key >= COUNT(row_of_key) || row_of_key[key] == 0)
		return NULL;
	return &rows[row_of_key[key] - 1];
}

static unsigned
name_bucket(const char *name)
{
	unsigned h = 0;

	for (; *name != '\0'; name++)
		h = h * 31u + (unsigned char)*name;
	return h % NAME_BUCKETS;
}

const struct field *
field_by_name(const char *name)
{
	static _Thread_local uint16_t first[NAME_BUCKETS], next[ROWS];	/* row + 1; 0: none */
	static _Thread_local bool made;
	size_t i;

	if (!made) {
		for (i = ROWS; i-- > 0;) {
			unsigned b = name_bucket(rows[i].name);

			next[i] = first[b];
			first[b] = (uint16_t)(i + 1);
		}
		made = true;
	}
	for (i = first[name_bucket(name)]; i != 0; i = next[i - 1])
		if (strcmp(rows[i - 1].name, name) == 0)
			return &rows[i - 1];
	return NULL;
}

const struct field *
field_at(size_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

int
field_decimals(const struct field *f)
{
	switch (f->type) {
	case FT_FIGURE:
		return 0;
	case FT_FIGURE2:
		return 2;
	case FT_FIGURE4:
		return 4;
	default:
		return -1;
	}
}

static const struct enum_name kinds[] = {
	{ "kind", KIND_REPORT, "report", N_("report"), "报告" },
	{ "kind", KIND_GRADE, "grade", N_("grade decision"), "定级" },
	{ "kind", KIND_RECEIPT, "receipt", N_("receipt"), "回执" },
	{ "kind", KIND_DIRECTIVE, "directive", N_("directive"), "指令" },
	{ "kind", KIND_FEEDBACK, "feedback", N_("feedback"), "反馈" },
	{ "kind", KIND_WARNING, "warning", N_("warning"), "预警" },
	{ "kind", KIND_CALLOUT, "callout", N_("call-out"), "叫应" },
	{ "kind", KIND_ROLLCALL, "rollcall", N_("roll call"), "点名" },
	{ "kind", KIND_ROLLANSWER, "rollanswer", N_("roll call answer"), "点名应答" },
	{ "kind", KIND_ZERO, "zero", N_("zero report"), "零报告" },
	{ "kind", KIND_LOG, "log", N_("duty log entry"), "值班日志" },
	{ "kind", KIND_HANDOVER, "handover", N_("handover"), "交接班" },
	{ "kind", KIND_RESOURCE, "resource", N_("resource"), "资源" },
	{ "kind", KIND_HAZARD, "hazard", N_("hazard"), "隐患" },
	{ "kind", KIND_NOTE, "note", N_("consultation note"), "会商记录" },
	{ "kind", KIND_OUTSIDE, "outside", N_("outside channel"), "外部渠道" },
	{ "kind", KIND_SERVICE, "service", N_("service message"), "业务报文" },
	{ "kind", KIND_INTAKE, "intake", N_("intake"), "接报" },
	{ "kind", KIND_STEP, "step", N_("step"), "环节" },
	{ "kind", KIND_CHASE, "chase", N_("chase"), "催办" },
	{ "kind", KIND_STAFF, "staff", N_("staff register"), "在册人员" },
	{ "kind", KIND_ROSTER, "roster", N_("roster"), "排班" },
	{ "kind", KIND_EXPLAIN, "explain", N_("explanation"), "说明" },
};

static const struct enum_name stages[] = {
	{ "stage", STAGE_FIRST, "first", N_("first report"), "首报" },
	{ "stage", STAGE_FOLLOWUP, "followup", N_("follow-up"), "续报" },
	{ "stage", STAGE_FINAL, "final", N_("final report"), "终报" },
	{ "stage", STAGE_VERIFIED, "verified", N_("verified report"), "核报" },
	{ "stage", STAGE_CORRECTION, "correction", N_("correction"), "更正" },
	{ "stage", STAGE_WITHDRAWAL, "withdrawal", N_("withdrawal"), "撤回" },
};

static const struct enum_name grades[] = {
	{ "grade", GRADE_I, "I", N_("grade I"), "特别重大" },
	{ "grade", GRADE_II, "II", N_("grade II"), "重大" },
	{ "grade", GRADE_III, "III", N_("grade III"), "较大" },
	{ "grade", GRADE_IV, "IV", N_("grade IV"), "一般" },
	{ "grade", GRADE_UNDETERMINED, "undetermined", N_("undetermined"), "未定" },
};

static const struct enum_name precedences[] = {
	{ "precedence", PREC_FLASH, "flash", N_("flash"), "特提" },
	{ "precedence", PREC_URGENT, "urgent", N_("urgent"), "特急" },
	{ "precedence", PREC_PRIORITY, "priority", N_("priority"), "加急" },
	{ "precedence", PREC_ROUTINE, "routine", N_("routine"), "平急" },
};

static const struct enum_name acts[] = {
	{ "act", ACT_DELIVERED, "delivered", N_("delivered"), "送达" },
	{ "act", ACT_READ, "read", N_("read"), "已阅" },
	{ "act", ACT_SIGNED, "signed", N_("signed for"), "签收" },
	{ "act", ACT_TAKEN, "taken", N_("taken on"), "接办" },
	{ "act", ACT_RETURNED, "returned", N_("returned"), "退回" },
};

static const struct enum_name channels[] = {
	{ "channel", CHANNEL_PHONE, "phone", N_("telephone"), "电话" },
	{ "channel", CHANNEL_FAX, "fax", N_("fax"), "传真" },
	{ "channel", CHANNEL_NET, "net", N_("network"), "网络" },
	{ "channel", CHANNEL_VISIT, "visit", N_("visit"), "来人" },
	{ "channel", CHANNEL_SUPERIOR, "superior", N_("passed down by a superior"), "上级转" },
	{ "channel", CHANNEL_PATROL, "patrol", N_("patrol"), "巡查" },
	{ "channel", CHANNEL_MEDIA, "media", N_("media"), "舆情" },
	{ "channel", CHANNEL_SYSTEM, "system", N_("outside system"), "外部系统" },
	{ "channel", CHANNEL_SMS, "sms", N_("short message"), "短信" },
	{ "channel", CHANNEL_RADIO, "radio", N_("radio"), "电台" },
	{ "channel", CHANNEL_PAPER, "paper", N_("paper"), "纸质" },
	{ "channel", CHANNEL_CLASSIFIED, "classified", N_("classified channel"), "涉密渠道" },
};

static const struct enum_name steps[] = {
	{ "step", STEP_VERIFIED, "verify", N_("verified"), "核实" },
	{ "step", STEP_HANDLING, "handle", N_("being handled"), "在办" },
	{ "step", STEP_RESOLVED, "resolve", N_("resolved"), "处置毕" },
	{ "step", STEP_ARCHIVED, "archive", N_("archived"), "归档" },
	{ "step", STEP_REOPENED, "reopen", N_("reopened"), "重开" },
	{ "step", STEP_MERGED, "merge", N_("merged into"), "并入" },
	{ "step", STEP_ABSORBED, "absorb", N_("absorbed"), "并有" },
	{ "step", STEP_SPLIT, "split", N_("split off"), "拆出" },
	{ "step", STEP_ADOPTED, "adopt", N_("adopted figures"), "采用数" },
	{ "step", STEP_COUNTERSIGNED, "countersign", N_("signed afterwards"), "补签" },
	{ "step", STEP_VERDICT, "verdict", N_("verdict given"), "研判结论" },
	{ "step", STEP_CLOSED, "close", N_("report closed"), "办结" },
	{ "step", STEP_DESTROYED, "destroy", N_("destroyed"), "销毁" },
};

static const struct enum_name outcomes[] = {
	{ "outcome", OUTCOME_REACHED, "reached", N_("reached"), "已叫应" },
	{ "outcome", OUTCOME_NO_ANSWER, "no-answer", N_("no answer"), "无人接听" },
	{ "outcome", OUTCOME_BUSY, "busy", N_("line busy"), "占线" },
	{ "outcome", OUTCOME_OFF, "off", N_("switched off"), "关机" },
	{ "outcome", OUTCOME_WRONG, "wrong-number", N_("wrong number"), "空号错号" },
	{ "outcome", OUTCOME_REFUSED, "refused", N_("refused"), "拒绝" },
	{ "outcome", OUTCOME_BY_OTHER, "by-other", N_("reached by another"), "他人叫应" },
};

static const struct enum_name resource_steps[] = {
	{ "resource_step", RESOURCE_STATE, "state", N_("state"), "现状" },
	{ "resource_step", RESOURCE_REQUEST, "request", N_("requested"), "请求" },
	{ "resource_step", RESOURCE_DISPATCH, "dispatch", N_("dispatched"), "调派" },
	{ "resource_step", RESOURCE_ARRIVED, "arrived", N_("arrived"), "到达" },
	{ "resource_step", RESOURCE_RELEASED, "released", N_("sent home"), "归建" },
	{ "resource_step", RESOURCE_DECLINED, "declined", N_("declined"), "不能支援" },
};

static const struct enum_name hazard_steps[] = {
	{ "hazard_step", HAZARD_FOUND, "found", N_("found"), "排查发现" },
	{ "hazard_step", HAZARD_LISTED, "listed", N_("put on the list"), "挂牌" },
	{ "hazard_step", HAZARD_ASSIGNED, "assigned", N_("assigned"), "交办" },
	{ "hazard_step", HAZARD_RECTIFIED, "rectified", N_("rectified"), "整改" },
	{ "hazard_step", HAZARD_REVIEWED, "reviewed", N_("reviewed"), "复查" },
	{ "hazard_step", HAZARD_CLEARED, "cleared", N_("taken off the list"), "销号" },
	{ "hazard_step", HAZARD_RESURFACED, "resurfaced", N_("has come back"), "反弹" },
};

static const struct enum_name hazard_levels[] = {
	{ "hazard_level", HAZARD_GENERAL, "general", N_("general hazard"), "一般隐患" },
	{ "hazard_level", HAZARD_MAJOR, "major", N_("major hazard"), "重大隐患" },
};

static const struct enum_name responses[] = {
	{ "response", RESPONSE_1, "1", N_("response level 1"), "一级响应" },
	{ "response", RESPONSE_2, "2", N_("response level 2"), "二级响应" },
	{ "response", RESPONSE_3, "3", N_("response level 3"), "三级响应" },
	{ "response", RESPONSE_4, "4", N_("response level 4"), "四级响应" },
	{ "response", RESPONSE_ENDED, "ended", N_("response ended"), "响应结束" },
};

static const struct enum_name progresses[] = {
	{ "progress", PROGRESS_STARTED, "started", N_("started"), "已开始" },
	{ "progress", PROGRESS_ONGOING, "ongoing", N_("under way"), "进行中" },
	{ "progress", PROGRESS_DONE, "done", N_("done"), "已完成" },
	{ "progress", PROGRESS_CANNOT, "cannot", N_("cannot be done"), "无法完成" },
};

static const struct enum_name colours[] = {
	{ "colour", COLOUR_RED, "red", N_("red"), "红" },
	{ "colour", COLOUR_ORANGE, "orange", N_("orange"), "橙" },
	{ "colour", COLOUR_YELLOW, "yellow", N_("yellow"), "黄" },
	{ "colour", COLOUR_BLUE, "blue", N_("blue"), "蓝" },
	{ "colour", COLOUR_UNKNOWN, "unknown", N_("unknown"), "未知" },
};

static const struct enum_name duty_steps[] = {
	{ "duty_step", DUTY_PERSON, "person", N_("person entered"), "登记人员" },
	{ "duty_step", DUTY_LEFT, "left", N_("person has left"), "离册" },
	{ "duty_step", DUTY_NUMBER, "number-new", N_("number proposed"), "拟改号码" },
	{ "duty_step", DUTY_NUMBER_CONFIRMED, "number-confirm", N_("number confirmed"), "核准号码" },
	{ "duty_step", DUTY_NUMBER_DECLINED, "number-decline", N_("number declined"), "不准改号" },
	{ "duty_step", DUTY_NUMBER_TRIED, "number-tried", N_("number tried"), "验号" },
	{ "duty_step", DUTY_SHIFT, "shift", N_("shift planned"), "排班" },
	{ "duty_step", DUTY_SHIFT_CANCELLED, "shift-cancel", N_("shift cancelled"), "取消班次" },
	{ "duty_step", DUTY_SWAP, "swap", N_("swap asked for"), "申请换班" },
	{ "duty_step", DUTY_SWAP_CONSENT, "swap-consent", N_("swap consented to"), "同意换班" },
	{ "duty_step", DUTY_SWAP_APPROVED, "swap-approve", N_("swap approved"), "批准换班" },
	{ "duty_step", DUTY_SWAP_DECLINED, "swap-decline", N_("swap declined"), "不准换班" },
	{ "duty_step", DUTY_SIGN_ON, "sign-on", N_("signed on"), "到岗" },
	{ "duty_step", DUTY_STAY, "stay", N_("ordered to stay"), "令留岗" },
	{ "duty_step", DUTY_UNABLE, "unable", N_("cannot come"), "不能到岗" },
	{ "duty_step", DUTY_HANDOVER_BEGUN, "begin", N_("handover begun"), "开始交班" },
	{ "duty_step", DUTY_HANDOVER_ITEM, "item", N_("item gone through"), "逐项交接" },
	{ "duty_step", DUTY_HANDOVER_SIGNED, "sign", N_("handover signed"), "签交接" },
	{ "duty_step", DUTY_HANDOVER_ABANDONED, "abandon", N_("handover abandoned"), "中止交班" },
	{ "duty_step", DUTY_LOG_EQUIPMENT, "equipment", N_("equipment tested"), "试机" },
	{ "duty_step", DUTY_LOG_OPINION, "opinion", N_("a leader's opinion"), "领导意见" },
	{ "duty_step", DUTY_LOG_MUTE, "mute", N_("sound muted"), "静音" },
	{ "duty_step", DUTY_LOG_RULES, "rules", N_("rules changed"), "规则变更" },
	{ "duty_step", DUTY_LOG_CORRECTED, "addition", N_("addition to an entry"), "补充更正" },
	{ "duty_step", DUTY_LOG_OUTLET, "outlet", N_("alarm outlet"), "报警出口" },
};

static const struct enum_name duty_roles[] = {
	{ "duty_role", ROLE_DUTY_LEADER, "leader", N_("duty leader"), "带班领导" },
	{ "duty_role", ROLE_DUTY_SENIOR, "senior", N_("senior officer"), "值班长" },
	{ "duty_role", ROLE_DUTY_OFFICER, "officer", N_("duty officer"), "值班员" },
	{ "duty_role", ROLE_DUTY_OTHER, "other", N_("other"), "其他" },
};

static const struct enum_name number_ofs[] = {
	{ "number_of", NUMBER_A, "A", N_("number A"), "A号" },
	{ "number_of", NUMBER_B, "B", N_("number B"), "B号" },
	{ "number_of", NUMBER_DUTY, "duty", N_("duty telephone"), "值班电话" },
	{ "number_of", NUMBER_FAX, "fax", N_("fax"), "传真" },
	{ "number_of", NUMBER_SATELLITE, "satellite", N_("satellite telephone"), "卫星电话" },
	{ "number_of", NUMBER_OTHER, "other", N_("other"), "其他" },
};

static const struct enum_name order_types[] = {
	{ "order_type", ORDER_PLAIN, "order", N_("order"), "指令" },
	{ "order_type", ORDER_INSTRUCTION, "instruction", N_("leader's instruction"), "批示" },
	{ "order_type", ORDER_SUPERVISION, "supervision", N_("supervised order"), "督办" },
	{ "order_type", ORDER_VERIFY, "verify", N_("request to verify"), "核报要求" },
	{ "order_type", ORDER_APPEND, "append", N_("addition"), "追加" },
	{ "order_type", ORDER_REVOKED, "revoke", N_("revoked"), "收回" },
};

static const struct enum_name charges[] = {
	{ "charge", CHARGE_LINK, "link", N_("line down"), "断网" },
	{ "charge", CHARGE_NO_ANSWER, "no-answer", N_("nobody answered"), "无人接听" },
	{ "charge", CHARGE_LEADER, "leader", N_("waiting for a signature"), "等领导签发" },
	{ "charge", CHARGE_POWER, "power", N_("power cut"), "停电" },
	{ "charge", CHARGE_UNKNOWN_FACTS, "facts", N_("facts not known"), "情况不明" },
	{ "charge", CHARGE_OTHER, "other", N_("other"), "其他" },
};

static const struct enum_name sides[] = {
	{ "side", SIDE_OUT, "out", N_("outgoing side"), "交班" },
	{ "side", SIDE_IN, "in", N_("incoming side"), "接班" },
	{ "side", SIDE_LEADER, "leader", N_("duty leader"), "带班" },
};

static const struct enum_name oweds[] = {
	{ "owed", 1, "phone", N_("telephone report"), "电话报" },
	{ "owed", 2, "written", N_("first written report"), "书面首报" },
	{ "owed", 3, "read", N_("read"), "已阅" },
	{ "owed", 4, "sign", N_("sign for"), "签收" },
	{ "owed", 5, "feedback", N_("feedback"), "反馈" },
	{ "owed", 6, "followup", N_("follow-up"), "续报" },
	{ "owed", 7, "final", N_("final report"), "终报" },
	{ "owed", 8, "supplement", N_("supplementary report"), "补报" },
	{ "owed", 9, "await-sign", N_("their signature"), "对方签收" },
	{ "owed", 10, "await-feedback", N_("their feedback"), "对方反馈" },
	{ "owed", 11, "zero", N_("zero report"), "零报告" },
	{ "owed", 12, "await-zero", N_("their zero report"), "对方零报" },
	{ "owed", 13, "roll", N_("roll call"), "点名应答" },
	{ "owed", 14, "await-roll", N_("their answer to the roll call"), "对方应点" },
	{ "owed", 15, "handover", N_("handover"), "交班" },
	{ "owed", 16, "relief", N_("relief"), "接班人未到" },
	{ "owed", 17, "equipment", N_("equipment test"), "试机" },
	{ "owed", 18, "gap", N_("empty shift"), "空班" },
	{ "owed", 19, "verify", N_("verified report"), "核报" },
	{ "owed", 20, "await-handover", N_("their handover"), "对方交接班" },
	{ "owed", 100, "grade", N_("grade to be stated"), "定级" },
	{ "owed", 101, "signature", N_("signature"), "补签" },
	{ "owed", 102, "returned", N_("not delivered"), "未送达" },
};

static const struct enum_set {
	const char *name;
	const struct enum_name *row;
	size_t n;
} sets[] = {
	{ "kind", kinds, COUNT(kinds) },
	{ "stage", stages, COUNT(stages) },
	{ "grade", grades, COUNT(grades) },
	{ "precedence", precedences, COUNT(precedences) },
	{ "act", acts, COUNT(acts) },
	{ "channel", channels, COUNT(channels) },
	{ "progress", progresses, COUNT(progresses) },
	{ "colour", colours, COUNT(colours) },
	{ "step", steps, COUNT(steps) },
	{ "outcome", outcomes, COUNT(outcomes) },
	{ "resource_step", resource_steps, COUNT(resource_steps) },
	{ "hazard_step", hazard_steps, COUNT(hazard_steps) },
	{ "hazard_level", hazard_levels, COUNT(hazard_levels) },
	{ "response", responses, COUNT(responses) },
	{ "duty_step", duty_steps, COUNT(duty_steps) },
	{ "duty_role", duty_roles, COUNT(duty_roles) },
	{ "number_of", number_ofs, COUNT(number_ofs) },
	{ "order_type", order_types, COUNT(order_types) },
	{ "charge", charges, COUNT(charges) },
	{ "side", sides, COUNT(sides) },
	{ "owed", oweds, COUNT(oweds) },
};

static const struct enum_set *
set_named(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(sets); i++)
		if (strcmp(sets[i].name, name) == 0)
			return &sets[i];
	return NULL;
}

const struct enum_name *
enum_at(const char *set, size_t i)
{
	const struct enum_set *s = set_named(set);

	return s != NULL && i < s->n ? &s->row[i] : NULL;
}

const struct enum_name *
enum_by_value(const char *set, int value)
{
	const struct enum_set *s = set_named(set);
	size_t i;

	for (i = 0; s != NULL && i < s->n; i++)
		if (s->row[i].value == value)
			return &s->row[i];
	return NULL;
}

const struct enum_name *
enum_by_name(const char *set, const char *name)
{
	const struct enum_set *s = set_named(set);
	size_t i;

	for (i = 0; s != NULL && i < s->n; i++) {
		const struct enum_name *e = &s->row[i];

		if (strcmp(e->name, name) == 0 || strcmp(e->label, name) == 0 || strcmp(e->zh, name) == 0)
			return e;
	}
	return NULL;
}
