/*
 * The field table and the enumerations it names.
 *
 * Everything stands in constant tables: the fields' rows come from fields.def, and a second pass over the same
 * rows makes the index by wire key, in which the compiler itself reports a key used twice.  Names are looked up by
 * walking: a hundred short compares a JSON member, far below what parsing it costs.
 */
#include <string.h>
#include "field.h"
#include "i18n.h"

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

const struct field *
field_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
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
