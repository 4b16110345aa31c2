/* The station: every kind and where it goes, what is too secret to be kept, and imports that refer to others. */
#include "station_help.h"

/* ---- kinds ---- */

static void
kinds(void **state)
{
	static const struct {
		const char *rid;
		const char *fields[GIVEN];
		const char *to; /* NULL: stays here */
	} t[] = {
	    {"zero", {"kind", "zero", "period_to", "2026-09-21T08:00:00+08:00", "person", "张", NULL}, "330200"},
	    {"handover", {"kind", "handover", "outgoing", "张", "incoming", "李", NULL}, NULL},
	    {"rollcall", {"kind", "rollcall", "due", "2026-09-22T23:00:00+08:00", NULL}, "330225102"},
	    {"callout", {"kind", "callout", "outcome", "no-answer", "phone", "13800000000", NULL}, NULL},
	    {"resource", {"kind", "resource", "resource_step", "request", "resource", "冲锋舟", NULL}, "330200"},
	    {"hazard", {"kind", "hazard", "hazard_step", "found", "point", "后山", NULL}, "330200"},
	    {"note", {"kind", "note", "text", "会商", NULL}, NULL},
	    {"outside",
		{"kind", "outside", "channel", "fax", "done_at", "2026-09-21T08:00:00+08:00", "person", "张", "receipt_no",
		    "7", NULL},
		NULL},
	    {"stub",
		{"kind", "outside", "channel", "classified", "done_at", "2026-09-21T08:00:00+08:00", "person", "张",
		    "receipt_no", "7", "route", "机要", NULL},
		NULL},
	    {"service", {"kind", "service", "topic", "时钟", "to", "330225101", NULL}, "330225101"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct msgid id = sent(w, t[i].rid, t[i].fields);
		struct body *b = stored(w, &id);

		if (t[i].to == NULL ? body_count(b, F_TO) != 0 : !addressed(b, t[i].to))
			fail_msg("%s goes wrong", t[i].rid);
		body_free(b);
	}
	const char *const first[] = {FIRST, NULL};
	struct msgid inc = sent(w, "first", first);
	const char *const outside[] = {"kind", "outside", "incident", text_of(&inc), "channel", "fax", "done_at",
	    "2026-09-21T08:00:00+08:00", "person", "张", "receipt_no", "7", NULL};
	struct msgid id = sent(w, "outside of it", outside);
	struct body *b = stored(w, &id);

	assert_true(addressed(b, "330200")); /* who takes part */
	assert_false(addressed(b, "330225102"));
	body_free(b);
}

/* ---- secrecy ---- */

static void
secrecy(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *field;
		const char *fields[GIVEN];
	} t[] = {
	    {"brief", {FIRST, "brief", "机密★十年 详情", NULL}},
	    {"brief", {FIRST, "brief", "机 密 ★十年 详情", NULL}},
	    {"text", {"kind", "directive", "to", "330225102", "text", "绝密★", NULL}},
	    {"text", {"kind", "log", "text", "秘密★一年", NULL}},
	    {"title", {"kind", "intake", "title", "秘密★一年", NULL}},
	};
	static const char draft[] = "{\"form\":{\"rows\":[\"a\",{\"brief\":\"机密★\"}]}}", fine[] = "{\"brief\":\"x\"}";
	struct journal_draft jd;
	struct fault f = {0};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		refused(w, "secret", EX_DATAERR, t[i].field, t[i].fields);
		assert_non_null(strstr(w->fault.text, "★"));
	}
	assert_int_equal(station_draft_keep(w->s, w->now, "d", "seat1", fine, sizeof fine - 1, &f), 0);
	assert_int_equal(station_draft_keep(w->s, w->now, "d", "seat1", draft, sizeof draft - 1, &f), -1);
	assert_int_equal(f.code, EX_DATAERR);
	assert_string_equal(f.field, "brief");
	turn(w);
	memset(&jd, 0, sizeof jd);
	assert_int_equal(w->j->ops->draft_get(w->j, "d", &jd), 0);
	assert_memory_equal(jd.json.p, fine, sizeof fine - 1); /* what was there before stays */
	buf_free(&jd.json);
	buf_free(&jd.life);
	/* ... nor the bytes of an import */
	struct body *b = make((const char *const[]){"kind", "warning", "title", "x", NULL});
	struct station_submit r = {.rid = "blob", .seat = "s", .body = b, .blob = "<a>绝密★</a>", .blob_len = 16};

	station_submit(w->s, w->now, 1, &r);
	turn(w);
	assert_true(w->refused);
	assert_string_equal(w->fault.field, "original");
	body_free(b);
}

/* ---- imports that refer to others ---- */

static void
foreign(void **state)
{
	struct world *w = *state;
#define CAP(type, id) "kind", "warning", "source_format", "cap", "cap_status", "Actual", "cap_msgtype", type, "title", "暴雨", \
	"language", "zh-CN", "foreign_id", id
	const char *const alert[] = {CAP("Alert", "nmc,1,2026-09-21T08:00:00+08:00"), NULL};
	const char *const cma[] = {"kind", "warning", "source_format", "12379", "cap_msgtype", "Alert", "title", "暴雨", "language",
	    "zh-CN", "foreign_id", "33022541600000_20260921080000", NULL};
	const char *const cmb[] = {"kind", "warning", "source_format", "12379", "cap_msgtype", "Cancel", "title", "暴雨", "language",
	    "zh-CN", "foreign_id", "33022541600000_20260921090000", "cap_references", "33022541600000_20260921080000", NULL};
	struct msgid a = sent(w, "alert", alert), id, inc;
	static const struct {
		const char *what;
		const char *fields[GIVEN];
		int kind, stage, act;
		bool refers, rings;
	} t[] = {
	    {"update",
		{CAP("Update", "nmc,2,2026-09-21T09:00:00+08:00"), "stage", "correction", "cap_references",
		    "nmc,1,2026-09-21T08:00:00+08:00", NULL},
		KIND_WARNING, STAGE_CORRECTION, 0, true, true},
	    {"of another sender",
		{CAP("Update", "xyz,2,2026-09-21T09:00:00+08:00"), "stage", "correction", "cap_references",
		    "nmc,1,2026-09-21T08:00:00+08:00", NULL},
		KIND_WARNING, STAGE_CORRECTION, 0, false, true},
	    {"of what never came",
		{CAP("Cancel", "nmc,8,2026-09-21T09:00:00+08:00"), "stage", "withdrawal", "reason", "x", "cap_references",
		    "nmc,7,2026-09-21T08:00:00+08:00", NULL},
		KIND_WARNING, STAGE_WITHDRAWAL, 0, false, false},
	    {"cancel, hours later",
		{CAP("Cancel", "nmc,3,2026-09-21T20:00:00+08:00"), "stage", "withdrawal", "reason", "x", "cap_references",
		    "nmc,1,2026-09-21T08:00:00+08:00 nmc,2,2026-09-21T09:00:00+08:00", NULL},
		KIND_WARNING, STAGE_WITHDRAWAL, 0, true, false},
	    {"ack",
		{"kind", "log", "text", "x", "source_format", "cap", "cap_status", "Actual", "cap_msgtype", "Ack", "foreign_id",
		    "xyz,9,2026-09-21T20:00:00+08:00", "cap_references", "nmc,1,2026-09-21T08:00:00+08:00", NULL},
		KIND_RECEIPT, 0, ACT_DELIVERED, true, false},
	    {"error",
		{"kind", "log", "text", "x", "source_format", "cap", "cap_status", "Actual", "cap_msgtype", "Error",
		    "foreign_id", "xyz,10,2026-09-21T20:00:00+08:00", "cap_references", "nmc,1,2026-09-21T08:00:00+08:00",
		    NULL},
		KIND_RECEIPT, 0, ACT_RETURNED, true, false},
	};
	struct body *b;

	w->now += 600000;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		id = sent(w, t[i].what, t[i].fields);
		b = stored(w, &id);
		if (body_enum(b, F_KIND) != t[i].kind || body_enum(b, F_STAGE) != t[i].stage || body_enum(b, F_ACT) != t[i].act ||
		    incident_refers(b, &a) != t[i].refers || body_flag(b, F_RING) != t[i].rings)
			fail_msg("%s", t[i].what);
		if (t[i].refers && t[i].kind == KIND_WARNING) {
			assert_true(body_id(b, F_INCIDENT, &inc));
			assert_int_equal(msgid_cmp(&inc, &a), 0);
			assert_true(addressed(b, "330225101"));
		}
		body_free(b);
	}
	inc = sent(w, "12379", cma);
	id = sent(w, "12379 cancel", cmb);
	b = stored(w, &id);
	assert_int_equal(body_enum(b, F_STAGE), STAGE_WITHDRAWAL);
	assert_true(incident_refers(b, &inc));
	assert_false(body_flag(b, F_RING));
	body_free(b);
}

/* An Update or Cancel is of the whole warning, whichever of its messages it names: CAP the last, 12379 the first. */
static void
foreign_chain(void **state)
{
	struct world *w = *state;
#define CMA(type, id) "kind", "warning", "source_format", "12379", "cap_msgtype", type, "title", "暴雨", "language", "zh-CN", "foreign_id", id
	const char *const caps[4][GIVEN] = {{CAP("Alert", "p,1,2026-09-21T08:00:00+08:00")},
	    {CAP("Update", "p,2,2026-09-21T09:00:00+08:00"), "stage", "correction", "cap_references", "p,1,2026-09-21T08:00:00+08:00"},
	    {CAP("Update", "p,3,2026-09-21T10:00:00+08:00"), "stage", "correction", "cap_references", "p,2,2026-09-21T09:00:00+08:00"},
	    {CAP("Cancel", "p,4,2026-09-21T11:00:00+08:00"), "stage", "withdrawal", "reason", "x", "cap_references",
		"p,3,2026-09-21T10:00:00+08:00"}};
	const char *const cmas[4][GIVEN] = {{CMA("Alert", "33022541600000_20260921080000")},
	    {CMA("Update", "33022541600000_20260921090000"), "cap_references", "33022541600000_20260921080000"},
	    {CMA("Update", "33022541600000_20260921100000"), "cap_references", "33022541600000_20260921080000"},
	    {CMA("Cancel", "33022541600000_20260921110000"), "cap_references", "33022541600000_20260921080000"}};

	static const char *const rids[2][4] = {{"c1", "c2", "c3", "c4"}, {"w1", "w2", "w3", "w4"}};

	for (int format = 0; format < 2; format++) {
		struct msgid id[4];
		struct folded fd;

		for (size_t i = 0; i < 4; i++) {
			struct body *b;

			id[i] = sent(w, rids[format][i], format == 0 ? caps[i] : cmas[i]);
			b = stored(w, &id[i]);
			for (size_t k = 0; k < i; k++)
				if (!incident_refers(b, &id[k]))
					fail_msg("format %d: message %zu does not speak of message %zu", format, i, k);
			assert_false(incident_refers(b, &id[i]));
			body_free(b);
		}
		fold(w, &id[0], &fd);
		for (size_t i = 0; i < fd.incident->nlines; i++)
			for (size_t k = 0; k < 3; k++)
				if (msgid_cmp(&fd.incident->lines[i].id, &id[k]) == 0 && !fd.incident->lines[i].withdrawn)
					fail_msg("format %d: message %zu stands after the cancel", format, k);
		folded_free(&fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(kinds), T(secrecy), T(foreign), T(foreign_chain)};

	return cmocka_run_group_tests(tests, load, unload);
}
