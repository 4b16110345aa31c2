/*
 * The words of an explanation: names that have no codebook, in English and Chinese.
 */
#include <stdio.h>
#include <string.h>
#include "query_explain.h"

const char *
explain_from(const struct query *q, enum owed_origin from)
{
	switch (from) {
	case ORIGIN_LEARNED:
		return query_say(q, "learned", "接报");
	case ORIGIN_OCCURRED:
		return query_say(q, "occurred", "发生");
	case ORIGIN_DELIVERED:
		return query_say(q, "delivered", "送达");
	case ORIGIN_DUE:
		return query_say(q, "as the message says", "来文");
	case ORIGIN_REPORTED:
		return query_say(q, "last report", "上次报告");
	case ORIGIN_SENT:
		return query_say(q, "sent", "发出");
	case ORIGIN_RESOLVED:
		return query_say(q, "brought under control", "处置毕");
	case ORIGIN_SHIFT:
		return query_say(q, "beginning of the shift", "接班");
	}
	return "";
}

const char *
explain_why_not(const struct query *q, const char *why)
{
	static const struct { const char *en, *zh; } words[] = {
		{ "a stricter one counts", "有更严的一条" },
		{ "as strict, but its clock starts later", "同样严,但起算较晚" },
		{ "as strict; the nearer table's row counts", "同样严,以本地(规则档)的为准" },
		{ "a nearer table (local, or a profile's) has a row in its place", "已由本地(规则档)的同一条代替" },
		{ "a row that names more counts", "有规定更具体的一条" },
		{ "it says the same", "规定相同" },
		{ "not yet in force when the clock started", "起算时尚未施行" },
		{ "no longer in force when the clock started", "起算时已失效" },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].en, why) == 0)
			return query_say(q, words[i].en, words[i].zh);
	return why;
}

const char *
explain_to(const struct query *q, enum chase_to to)
{
	static const struct { const char *en, *zh; } names[] = {
		[CHASE_SEAT] = { "seat", "坐席" }, [CHASE_OFFICER] = { "officer", "值班员" }, [CHASE_SECOND] = { "second officer", "第二值班员" },
		[CHASE_SENIOR] = { "senior officer", "值班长" }, [CHASE_LEADER] = { "duty leader", "带班领导" },
		[CHASE_PARENT] = { "next level", "上级" }, [CHASE_SENDER] = { "sender", "发方" },
	};

	return query_say(q, names[to].en, names[to].zh);
}

void
explain_by(const struct query *q, unsigned by, char *out, size_t size)
{
	static const struct { unsigned by; const char *en, *zh; } names[] = {
		{ CHASE_BY_SCREEN, "screen", "屏显" }, { CHASE_BY_BELL, "bell", "响铃" }, { CHASE_BY_PHONE, "telephone", "电话" },
		{ CHASE_BY_SMS, "short message", "短信" }, { CHASE_BY_MESSAGE, "message", "发文" },
	};
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if ((by & names[i].by) != 0 && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? "+" : "", query_say(q, names[i].en, names[i].zh));
}

const char *
explain_how(const struct query *q, const char *how)
{
	static const struct { const char *how, *zh; } names[] = { { "telephone", "电话" }, { "report", "报告" }, { "fax", "传真" },
		{ "net", "网络" }, { "visit", "当面" }, { "sms", "短信" }, { "radio", "电台" }, { "paper", "纸质" }, { "classified", "机要渠道" },
		{ "proxy", "代报" }, { "feedback", "反馈" }, { "receipt", "回执" } };

	if (q->zh)
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (strcmp(names[i].how, how) == 0)
				return names[i].zh;
	return how;
}
