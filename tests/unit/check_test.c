/* What this station sends: refusals by kind and field, and remarks that never block. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/check.h"
#include "../../formats/conf.h"
#include "../../formats/value.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW INT64_C(1795327800000) /* 2026-11-22T14:10:00+08:00 */
#define REF "330225102.1763787393.17"
#define FIRST "kind=report;stage=first;place=西周镇;learned=14:00;type=12G00;title=火灾"

static struct codebook *cb;

static int
setup(void **state)
{
	char conf[4096];
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL)
		return -1;
	cb = codebook_load(conf, &f);
	return cb == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	codebook_free(cb);
	return 0;
}

/* "name=value;..." as a body. */
static struct body *
body_of(const char *spec)
{
	struct body *b = body_new();
	char *copy = xstrdup(spec), *p = copy;

	while (*p != '\0') {
		char *end = p + strcspn(p, ";"), *eq = strchr(p, '=');
		bool last = *end == '\0';
		struct fault f = {0};

		*end = '\0';
		assert_non_null(eq);
		*eq = '\0';
		if (value_parse(b, field_by_name(p), eq + 1, cb, NOW, &f) == -1)
			fail_msg("%s: %s: %s", spec, f.field, f.text);
		p = last ? end : end + 1;
	}
	free(copy);
	return b;
}

static void
kinds(void **state)
{
	static const struct {
		const char *spec, *field; /* field refused, NULL: accepted */
	} cases[] = {
	    {FIRST, NULL},
	    {"kind=report;stage=first;place=西周镇;learned=14:00;type=12G00;brief=着火", NULL},
	    {FIRST ";dead=?;missing=?;trapped=?;serious=?;light=?", NULL}, /* unknown never blocks */
	    {"kind=report;place=西周镇;learned=14:00;type=12G00;title=火灾", "stage"},
	    {"kind=report;stage=first;learned=14:00;type=12G00;title=火灾", "place"},
	    {"kind=report;stage=first;place=西周镇;type=12G00;title=火灾", "learned"},
	    {"kind=report;stage=first;place=西周镇;learned=14:00;title=火灾", "type"},
	    {"kind=report;stage=first;place=西周镇;learned=14:00;type=12G00", "brief"},
	    {"kind=report;stage=first;place= ;learned=14:00;type=12G00;title=火灾", "place"},
	    {"kind=report;stage=followup;brief=伤员好转", NULL},
	    {"kind=report;stage=followup;dead=0", NULL},
	    {"kind=report;stage=final;text=完", NULL},
	    {"kind=report;stage=followup;loss=?", NULL},
	    {"kind=report;stage=followup;title=续报", "brief"},
	    {"kind=report;stage=correction;dead=2", "refs"},
	    {"kind=report;stage=correction;dead=2;refs=" REF, NULL},
	    {"kind=report;stage=withdrawal;refs=" REF, "reason"},
	    {"kind=grade;grade=II;author=周", NULL},
	    {"kind=grade;grade=II;signer=周", NULL},
	    {"kind=grade;grade=II;reason=伤亡", "signer"},
	    {"kind=grade;author=周", "grade"},
	    {"kind=receipt;act=delivered;refs=" REF, NULL},
	    {"kind=receipt;act=read;refs=" REF ";refs=330225102.1763787393.18", NULL},
	    {"kind=receipt;refs=" REF, "act"},
	    {"kind=receipt;act=read", "refs"},
	    {"kind=receipt;act=signed;refs=" REF, "person"},
	    {"kind=receipt;act=signed;refs=" REF ";person=周", NULL},
	    {"kind=receipt;act=taken;refs=" REF ";person=周", "due"},
	    {"kind=receipt;act=taken;refs=" REF ";due=18:00", "person"},
	    {"kind=receipt;act=taken;refs=" REF ";person=周;due=18:00", NULL},
	    {"kind=receipt;act=returned;refs=" REF, "reason"},
	    {"kind=receipt;act=returned;refs=" REF ";reason=地点不明", NULL},
	    {"kind=directive;text=立即转移", NULL},
	    {"kind=directive;title=转移", NULL},
	    {"kind=directive;due=18:00", "text"},
	    {"kind=feedback;text=已转移;refs=" REF, NULL},
	    {"kind=feedback;text=已转移", "refs"},
	    {"kind=feedback;refs=" REF, "text"},
	    {"kind=warning;title=暴雨", NULL},
	    {"kind=warning;event_name=暴雨", NULL},
	    {"kind=warning;colour=red", "title"},
	    {"kind=log;text=交接", NULL},
	    {"kind=log;title=交接", "text"},
	    {"kind=intake;place=西周镇", NULL},
	    {"kind=intake;brief=着火", NULL},
	    {"kind=intake;caller=周", "brief"},
	    {"title=火灾", "kind"},
	    {"kind=report;stage=correction;place=西周镇上张村;refs=" REF, NULL},
	    {"kind=report;stage=correction;grade=III;refs=" REF, NULL},
	    {"kind=report;stage=correction;reason=笔误;refs=" REF, "brief"},
	    {"kind=callout;outcome=reached;person=周", NULL},
	    {"kind=callout;outcome=no-answer;point=上张滑坡点", NULL},
	    {"kind=callout;outcome=reached", "person"},
	    {"kind=callout;person=周", "outcome"},
	    {"kind=outside;channel=phone;done_at=18:00;person=周;outcome=no-answer", NULL},
	    {"kind=outside;channel=phone;done_at=18:00;person=周;outcome=busy", NULL},
	    {"kind=outside;channel=phone;done_at=18:00;person=周;outcome=off", NULL},
	    {"kind=outside;channel=phone;done_at=18:00;person=周;outcome=wrong-number", NULL},
	    {"kind=outside;channel=phone;done_at=18:00;person=周;outcome=refused", NULL},
	    {"kind=outside;channel=phone;done_at=18:00;person=周;outcome=reached", "answered_by"},
	    {"kind=outside;channel=phone;done_at=18:00;person=周;system=ext:guojia;answered_by=吴", NULL},
	    {"kind=outside;channel=fax;done_at=18:00;person=周;outcome=busy", NULL},
	    {"kind=rollcall;due=18:00", NULL},
	    {"kind=rollcall;text=x", "due"},
	    {"kind=rollanswer;person=周;refs=" REF, NULL},
	    {"kind=rollanswer;person=周", "refs"},
	    {"kind=rollanswer;refs=" REF, "person"},
	    {"kind=zero;period_to=08:00;person=周", NULL},
	    {"kind=zero;period_to=08:00", "person"},
	    {"kind=zero;text=x", "period_to"},
	    {"kind=handover;outgoing=周;incoming=吴", NULL},
	    {"kind=handover;outgoing=周", "incoming"},
	    {"kind=handover;text=x", "outgoing"},
	    {"kind=resource;resource_step=request;resource=冲锋舟;quantity=6;unit=艘", NULL},
	    {"kind=resource;resource=冲锋舟", "resource_step"},
	    {"kind=resource;resource_step=state", "resource"},
	    {"kind=hazard;hazard_step=found;point=上张滑坡点", NULL},
	    {"kind=hazard;hazard_step=found;place=西周镇", NULL},
	    {"kind=hazard;hazard_step=found", "point"},
	    {"kind=note;conclusion=转移", NULL},
	    {"kind=note;title=会商", "text"},
	    {"kind=service;topic=通电", NULL},
	    {"kind=service;text=x", "topic"},
	    {"kind=step;step=verify;person=周", NULL},
	    {"kind=step;step=verify", "person"},
	    {"kind=step;person=周", "step"},
	    {"kind=step;step=reopen;person=周", "reason"},
	    {"kind=step;step=merge;person=周;reason=同一事件", "other"},
	    {"kind=step;step=merge;person=周;other=" REF, "reason"},
	    {"kind=step;step=merge;person=周;reason=同一事件;other=" REF, NULL},
	    {"kind=step;step=adopt;person=周", "dead"},
	    {"kind=step;step=adopt;person=周;dead=3", NULL},
	    {"kind=step;step=countersign;person=周", "refs"},
	    {"kind=step;step=verdict;person=周;verdict=较大涉险", "confirmed"},
	    {"kind=step;step=verdict;person=周;verdict=较大涉险;confirmed=true", NULL},
	    {"kind=step;step=destroy;person=周;refs=" REF, "reason"},
	    {"kind=outside;channel=phone;done_at=03:10;person=周;answered_by=吴", NULL},
	    {"kind=outside;channel=phone;done_at=03:10;person=周", "answered_by"},
	    {"kind=outside;channel=fax;done_at=03:10;person=周", "receipt_no"},
	    {"kind=outside;channel=fax;done_at=03:10;person=周;receipt_no=0574-1", NULL},
	    {"kind=outside;channel=system;done_at=03:10;person=周;receipt_no=1", "system"},
	    {"kind=outside;channel=system;done_at=03:10;person=周;system=省系统;receipt_no=1", NULL},
	    {"kind=outside;done_at=03:10;person=周", "channel"},
	    {"kind=outside;channel=sms;person=周", "done_at"},
	    {"kind=outside;channel=classified;done_at=03:10;person=周;route=机要交通;receipt_no=12", NULL},
	    {"kind=outside;channel=classified;done_at=03:10;person=周;receipt_no=12", "route"},
	    {"kind=outside;channel=classified;done_at=03:10;person=周;route=机要交通;receipt_no=12;title=关于", "title"},
	    {"kind=outside;channel=classified;done_at=03:10;person=周;route=机要交通;receipt_no=12;text=详", "text"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct body *b = body_of(cases[i].spec);
		struct fault f = {0};
		int rc = check_body(b, cb, &f);

		if (rc == 0 && cases[i].field != NULL)
			fail_msg("accepted: %s", cases[i].spec);
		if (rc == -1 && cases[i].field == NULL)
			fail_msg("%s: %s: %s", cases[i].spec, f.field, f.text);
		if (rc == -1) {
			if (strcmp(f.field, cases[i].field) != 0)
				fail_msg("%s: %s, not %s", cases[i].spec, f.field, cases[i].field);
			assert_true(f.code == EX_DATAERR || f.code == EX_UNAVAILABLE);
			assert_true(f.text[0] != '\0');
		}
		body_free(b);
	}
}

static void
refused(struct body *b, const char *field, const char *says)
{
	struct fault f = {0};

	assert_int_equal(check_body(b, cb, &f), -1);
	assert_string_equal(f.field, field);
	if (strstr(f.text, says) == NULL)
		fail_msg("%s: %s, not %s", field, f.text, says);
	body_free(b);
}

/* What no parser of ours lets through, but another client might send. */
static void
odd_values(void **state)
{
	struct figure g = {.q = FIG_EXACT, .n = 1};
	struct when w = {.ms = NOW, .offset = 480};
	struct body *b;
	struct fault f = {0};
	char *big = malloc(70001);

	(void)state;
	b = body_of(FIRST);
	body_set_text(b, F_TITLE, "火\x1b[2J");
	refused(b, "title", "control");
	b = body_of(FIRST);
	body_set_text(b, F_TITLE, "火\n灾");
	refused(b, "title", "control");
	b = body_of(FIRST);
	body_set_text(b, F_BRIEF, "火\n灾");
	assert_int_equal(check_body(b, cb, &f), 0);
	body_set_text(b, F_BRIEF, "火\xff");
	refused(b, "brief", "UTF-8");
	b = body_of(FIRST);
	body_add_text(b, F_TOLD, "a\0b", 3);
	refused(b, "told", "control");
	b = body_of(FIRST);
	body_set_text(b, F_CAUSE, "");
	refused(b, "cause", "empty");
	assert_non_null(big);
	memset(big, 'x', 70000);
	big[70000] = '\0';
	b = body_of(FIRST);
	body_set_text(b, F_BRIEF, big);
	refused(b, "brief", "70000");
	free(big);

	b = body_of(FIRST);
	body_set_text(b, F_TYPE, "yjpt:12G98");
	refused(b, "type", "unknown code");
	b = body_of(FIRST);
	body_set_text(b, F_TYPE, "12G00");
	refused(b, "type", "form");
	b = body_of(FIRST);
	body_set_text(b, F_TYPE, "gb35561:777");
	assert_int_equal(check_body(b, cb, &f), 0); /* a scheme nobody here has: not ours to judge */
	body_set_text(b, F_DIVISION, "div:999999");
	refused(b, "division", "unknown code");
	b = body_of(FIRST);
	body_set_text(b, F_TO, "33022");
	refused(b, "to", "station");
	b = body_of(FIRST);
	body_set_num(b, F_GRADE, 5);
	refused(b, "grade", "not known");
	b = body_of(FIRST);
	body_set_num(b, F_CHANNEL, 4711);
	refused(b, "channel", "not known");
	b = body_of(FIRST);
	body_set_num(b, F_KIND, 999);
	refused(b, "kind", "not known");

	b = body_of(FIRST);
	g.source = "";
	body_add_figure(b, F_DEAD, &g);
	refused(b, "dead", "source");
	b = body_of(FIRST);
	g.source = "119\n";
	body_add_figure(b, F_DEAD, &g);
	refused(b, "dead", "source");
	b = body_of(FIRST);
	g.source = NULL;
	body_add_figure(b, F_DEAD, &g);
	b->v[b->n - 1].u.fig.n = -1; /* behind the writers' back */
	refused(b, "dead", "negative");
	b = body_of(FIRST);
	w.text = "14:10\x1b";
	body_add_when(b, F_OCCURRED, &w);
	refused(b, "occurred", "control");
	b = body_of(FIRST);
	for (size_t i = 0; i <= FIELD_REPEAT_MAX; i++)
		body_add_figure(b, F_DEAD, &g);
	refused(b, "dead", "512");
	/* unknown keys are somebody else's */
	b = body_of(FIRST);
	body_add_raw(b, 4001, (const uint8_t *)"\x01", 1);
	assert_int_equal(check_body(b, cb, &f), 0);
	assert_int_equal(check_body(b, NULL, &f), 0);
	body_free(b);
}

static bool
has(const struct body *b, enum check_remark_kind kind, const char *field)
{
	struct check_remark r;

	for (size_t i = 0; check_remark(b, NOW, i, &r); i++) {
		assert_in_range(i, 0, 100);
		assert_non_null(r.field);
		assert_true(r.text[0] != '\0');
		if (r.kind == kind && strcmp(r.field->name, field) == 0)
			return true;
	}
	return false;
}

static void
remarks(void **state)
{
	struct body *b = body_of(FIRST ";trapped=?;dead=0");
	struct check_remark r;

	(void)state;
	assert_true(has(b, CHECK_UNKNOWN, "trapped"));
	assert_false(has(b, CHECK_MISSING, "trapped"));
	assert_false(has(b, CHECK_MISSING, "dead"));
	assert_false(has(b, CHECK_UNKNOWN, "dead"));
	assert_true(has(b, CHECK_MISSING, "missing"));
	assert_true(has(b, CHECK_MISSING, "serious"));
	assert_true(has(b, CHECK_MISSING, "signer"));
	assert_true(has(b, CHECK_MISSING, "grade"));
	assert_true(has(b, CHECK_MISSING, "occurred"));
	assert_false(has(b, CHECK_MISSING, "learned"));
	assert_false(has(b, CHECK_MISSING, "evacuated"));
	assert_false(has(b, CHECK_AHEAD, "learned"));
	body_free(b);

	b = body_of(FIRST ";injured=5;occurred=14:11;signer=周");
	assert_true(has(b, CHECK_AHEAD, "occurred"));
	assert_false(has(b, CHECK_MISSING, "serious"));
	assert_false(has(b, CHECK_MISSING, "signer"));
	body_free(b);

	b = body_of(FIRST ";occurred=14:10");
	assert_false(has(b, CHECK_AHEAD, "occurred"));
	body_free(b);

	/* a limit lies ahead by nature, a warning's times as well, and a follow-up need not repeat */
	b = body_of("kind=receipt;act=taken;refs=" REF ";person=周;due=18:00");
	assert_false(check_remark(b, NOW, 0, &r));
	body_free(b);
	b = body_of("kind=warning;title=暴雨;expires=23:00");
	assert_false(check_remark(b, NOW, 0, &r));
	body_free(b);
	/* ... and what is planned */
	b = body_of("kind=roster;duty_step=shift;shift=夜班;period_from=20:00;period_to=23:00;duty_officer=周");
	assert_false(has(b, CHECK_AHEAD, "period_from"));
	assert_false(has(b, CHECK_AHEAD, "period_to"));
	body_free(b);
	b = body_of("kind=handover;duty_step=begin;incoming=周;period_from=20:00;due=20:00");
	assert_false(has(b, CHECK_AHEAD, "period_from"));
	body_free(b);
	b = body_of("kind=note;text=救护车已出;eta=18:00");
	assert_false(has(b, CHECK_AHEAD, "eta"));
	body_free(b);
	b = body_of("kind=report;stage=followup;dead=?;signer=周");
	assert_true(has(b, CHECK_UNKNOWN, "dead"));
	assert_false(check_remark(b, NOW, 1, &r));
	body_free(b);
	b = body_of("kind=intake;title=火灾");
	assert_true(has(b, CHECK_MISSING, "place"));
	assert_true(has(b, CHECK_MISSING, "learned"));
	assert_false(has(b, CHECK_MISSING, "signer"));
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(odd_values),
	    cmocka_unit_test(remarks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
