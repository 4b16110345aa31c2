/*
 * Register, roster and PINs through station_submit(): what is taken, what is refused and with which field, and that the book is the same after a restart.
 */
#include "station_help.h"
#include "../../switch/duty_pin.h"
#include "../../switch/duty_roster.h"
#include "../../switch/duty_staff.h"

#define F(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STAFF(step, ...) F("kind", "staff", "duty_step", step, __VA_ARGS__)
#define ROSTER(step, ...) F("kind", "roster", "duty_step", step, __VA_ARGS__)

static unsigned rids;

static bool
with_pins(struct world *w, const char *const *fields, const char *const *proven, size_t n)
{
	struct body *b = make(fields);
	char rid[32];
	struct station_submit r = {.rid = rid, .seat = "seat1", .body = b, .proven = proven, .nproven = n};

	snprintf(rid, sizeof rid, "pin-%u", rids++);
	station_submit(w->s, w->now, 42, &r);
	turn(w);
	body_free(b);
	return !w->refused;
}

/* As confirmed by the person. */
static bool
meant(struct world *w, const char *const *fields)
{
	struct body *b = make(fields);
	char rid[32];
	struct station_submit r = {.rid = rid, .seat = "seat1", .body = b, .confirmed = true};

	snprintf(rid, sizeof rid, "meant-%u", rids++);
	station_submit(w->s, w->now, 42, &r);
	turn(w);
	body_free(b);
	return !w->refused;
}

static void
people(struct world *w)
{
	sent(w, "p1", STAFF("person", "person", "李敏", "duty_role", "senior", "phone", "13800000001"));
	sent(w, "p2", STAFF("person", "person", "王建国", "duty_role", "officer", "phone", "13800000002"));
	sent(w, "p3", STAFF("person", "person", "陈亮", "duty_role", "officer"));
	sent(w, "p4", STAFF("person", "person", "赵副县长", "duty_role", "leader", "phone", "13800000009"));
}

/* by: who vouched for it (his proof is the desk's matter, desk_pin_test) */
static void
pin_by(struct world *w, const char *who, const char *text, const char *by)
{
	struct fault f = {0};

	if (station_pin_set(w->s, w->now, "seat1", who, "", text, by, &f) == -1)
		fail_msg("%s: %s", f.field, f.text);
	turn(w);
}

static void
pin(struct world *w, const char *who, const char *text)
{
	pin_by(w, who, text, "");
}

static void
reg(void **state)
{
	struct world *w = *state;
	struct msgid change;
	const struct duty *d = station_duty(w->s);

	assert_int_equal(staff_count(d->staff), 0);
	people(w);
	d = station_duty(w->s);
	assert_int_equal(staff_count(d->staff), 4);
	assert_ptr_equal(station_duty(w->s), d);
	refused(w, "no step", EX_DATAERR, "duty_step", F("kind", "staff", "person", "甲"));
	refused(w, "roster's", EX_DATAERR, "duty_step", STAFF("shift", "person", "甲"));
	refused(w, "two persons", EX_NOPERM, "phone", STAFF("person", "person", "李敏", "phone", "13811111111"));
	sent(w, "the same", STAFF("person", "person", "李敏", "phone", "13800000001"));
	refused(w, "own backup", EX_DATAERR, "backup", STAFF("person", "person", "李敏", "backup", "李敏"));
	refused(w, "no phone", EX_DATAERR, "phone", STAFF("person", "person", "孙", "phone", "明天"));
	refused(w, "by nobody", EX_DATAERR, "author", STAFF("number-new", "person", "李敏", "phone", "13811111111"));
	refused(w, "by a stranger", EX_DATAERR, "author", STAFF("number-new", "person", "李敏", "phone", "13811111111", "author", "生人"));
	refused(w, "of a stranger", EX_NOINPUT, "person", STAFF("number-new", "person", "生人", "phone", "13811111111", "author", "李敏"));
	refused(w, "no change", EX_DATAERR, "phone", STAFF("number-new", "person", "李敏", "phone", "13800000001", "author", "李敏"));
	change = sent(w, "new number", STAFF("number-new", "person", "李敏", "phone", "13811111111", "author", "李敏"));
	refused(w, "by the same", EX_NOPERM, "author", STAFF("number-confirm", "refs", text_of(&change), "author", "李敏"));
	sent(w, "by another", STAFF("number-confirm", "refs", text_of(&change), "author", "王建国"));
	refused(w, "once more", EX_NOINPUT, "refs", STAFF("number-confirm", "refs", text_of(&change), "author", "陈亮"));
	assert_string_equal(staff_number(staff_find(station_duty(w->s)->staff, "李敏"), NUMBER_A)->phone, "13811111111");
	refused(w, "tried nothing", EX_NOINPUT, "person", STAFF("number-tried", "person", "陈亮", "outcome", "reached"));
	refused(w, "tried another", EX_NOINPUT, "phone", STAFF("number-tried", "person", "李敏", "phone", "110110", "outcome", "reached"));
	refused(w, "no outcome", EX_DATAERR, "outcome", STAFF("number-tried", "person", "李敏"));
	sent(w, "tried", STAFF("number-tried", "person", "李敏", "outcome", "reached"));
	refused(w, "left who", EX_NOINPUT, "person", STAFF("left", "person", "生人", "author", "李敏"));
	refused(w, "to the parent", EX_DATAERR, "to", STAFF("person", "person", "周", "to", "330200"));
	if (submit_as(w, "exercise", REALM_EXERCISE, STAFF("person", "person", "周")))
		fail_msg("an exercise registers nobody");
	assert_string_equal(w->fault.field, "realm");
	/* the same after a restart */
	station_free(w->s);
	start(w);
	assert_int_equal(staff_count(station_duty(w->s)->staff), 4);
	assert_int_equal(staff_number(staff_find(station_duty(w->s)->staff, "李敏"), NUMBER_A)->verified, NOW);
}

static void
shifts(void **state)
{
	struct world *w = *state;
	struct msgid one, two;
	const struct duty *d;

	people(w);
	one = sent(w, "night", ROSTER("shift", "shift", "夜", "period_from", "2026-10-02 20:00", "period_to", "2026-10-03 08:00", "duty_officer", "李敏"));
	refused(w, "overlap", EX_DATAERR, "period_from",
	    ROSTER("shift", "period_from", "2026-10-03 07:00", "period_to", "2026-10-03 20:00", "duty_officer", "陈亮"));
	assert_non_null(strstr(w->fault.text, "夜"));
	assert_non_null(strstr(w->fault.text, "李敏"));
	two = sent(w, "day", ROSTER("shift", "shift", "白", "period_from", "2026-10-03 08:00", "period_to", "2026-10-03 20:00", "duty_officer", "陈亮"));
	refused(w, "backwards", EX_DATAERR, "period_to", ROSTER("shift", "period_from", "2026-10-05 20:00", "period_to", "2026-10-05 08:00", "duty_officer", "陈亮"));
	refused(w, "nobody", EX_DATAERR, "duty_officer", ROSTER("shift", "period_from", "2026-10-05 08:00", "period_to", "2026-10-05 20:00"));
	refused(w, "30 hours", EX_DATAERR, "period_to", ROSTER("shift", "period_from", "2026-10-05 08:00", "period_to", "2026-10-06 14:00", "duty_officer", "陈亮"));
	assert_true(meant(w, ROSTER("shift", "period_from", "2026-10-05 08:00", "period_to", "2026-10-06 14:00", "duty_officer", "陈亮")));
	sent(w, "24 hours", ROSTER("shift", "period_from", "2026-10-06 14:00", "period_to", "2026-10-07 14:00", "duty_officer", "生人"));	/* taken, and told */
	sent(w, "in its place", ROSTER("shift", "refs", text_of(&two), "period_from", "2026-10-03 08:00", "period_to", "2026-10-03 18:00", "duty_officer", "陈亮"));
	refused(w, "cancel why", EX_DATAERR, "reason", ROSTER("shift-cancel", "refs", text_of(&one)));
	sent(w, "cancel", ROSTER("shift-cancel", "refs", text_of(&one), "reason", "停"));
	refused(w, "replaces none", EX_NOINPUT, "refs",
	    ROSTER("shift", "refs", text_of(&one), "period_from", "2026-11-03 08:00", "period_to", "2026-11-03 18:00", "duty_officer", "陈亮"));
	refused(w, "unable who", EX_DATAERR, "person", ROSTER("unable", "person", "王建国"));
	sent(w, "unable", ROSTER("unable", "person", "陈亮"));
	d = station_duty(w->s);
	assert_int_equal(roster_count(d->roster), 3);
	assert_int_equal(roster_at(d->roster, 0)->nunable, 1);
}

static void
swaps(void **state)
{
	struct world *w = *state;
	struct msgid shift, swap;

	people(w);
	shift = sent(w, "night", ROSTER("shift", "shift", "夜", "period_from", "2026-10-02 20:00", "period_to", "2026-10-03 08:00", "duty_officer", "李敏"));
	refused(w, "not on it", EX_DATAERR, "outgoing", ROSTER("swap", "refs", text_of(&shift), "outgoing", "陈亮", "incoming", "王建国", "author", "陈亮"));
	refused(w, "with himself", EX_DATAERR, "incoming", ROSTER("swap", "refs", text_of(&shift), "outgoing", "李敏", "incoming", "李敏", "author", "李敏"));
	swap = sent(w, "swap", ROSTER("swap", "refs", text_of(&shift), "outgoing", "李敏", "incoming", "王建国", "author", "李敏"));
	refused(w, "too early", EX_DATAERR, "refs", ROSTER("swap-approve", "refs", text_of(&swap), "person", "赵副县长"));
	refused(w, "not between", EX_NOPERM, "person", ROSTER("swap-consent", "refs", text_of(&swap), "person", "陈亮"));
	refused(w, "twice", EX_DATAERR, "person", ROSTER("swap-consent", "refs", text_of(&swap), "person", "李敏"));
	sent(w, "consents", ROSTER("swap-consent", "refs", text_of(&swap), "person", "王建国"));
	refused(w, "no leader", EX_NOPERM, "person", ROSTER("swap-approve", "refs", text_of(&swap), "person", "陈亮"));
	refused(w, "his own", EX_NOPERM, "person", ROSTER("swap-approve", "refs", text_of(&swap), "person", "李敏"));
	assert_string_equal(roster_at(station_duty(w->s)->roster, 0)->officer[0], "李敏");	/* only then officers change */
	sent(w, "approved", ROSTER("swap-approve", "refs", text_of(&swap), "person", "赵副县长"));
	assert_string_equal(roster_at(station_duty(w->s)->roster, 0)->officer[0], "王建国");
	refused(w, "in force", EX_DATAERR, "refs", ROSTER("swap-decline", "refs", text_of(&swap), "person", "王建国"));
}

/* S6-5: in Li Min's session nobody signs for Chen Liang; and who is not on the register is never kept from anything. */
static void
proven(void **state)
{
	static const char *const chen[] = {"陈亮"}, *const li[] = {"李敏"};
	struct world *w = *state;
	struct msgid inc, id;
	struct body *b;

	people(w);
	pin(w, "陈亮", "246801");
	pin_by(w, "李敏", "135790", "陈亮");
	inc = sent(w, "intake", F("kind", "intake", "place", "西周镇", "title", "火灾", "learned", "2026-09-21T21:00:00+08:00", "person", "陈亮"));
	/* signing a report */
	assert_false(with_pins(w, F(FIRST, "incident", text_of(&inc), "signer", "陈亮"), li, 1));
	assert_int_equal(w->fault.code, EX_NOPERM);
	assert_string_equal(w->fault.field, "pin");
	assert_non_null(strstr(w->fault.text, "陈亮"));
	assert_true(with_pins(w, F(FIRST, "incident", text_of(&inc), "signer", "陈亮"), chen, 1));
	id = w->id;
	b = stored(w, &id);
	assert_int_equal(body_count(b, F_PROVEN), 1);
	assert_string_equal(body_first(b, F_PROVEN)->u.text.s, "陈亮");
	body_free(b);
	/* without a signature it goes as it always did; a name not on the register, or without a PIN, is taken unproven */
	assert_true(with_pins(w, F("kind", "report", "stage", "followup", "incident", text_of(&inc), "brief", "续"), NULL, 0));
	assert_true(with_pins(w, F("kind", "report", "stage", "followup", "incident", text_of(&inc), "brief", "续二", "signer", "生人"), NULL, 0));
	b = stored(w, &w->id);
	assert_int_equal(body_count(b, F_PROVEN), 0);
	body_free(b);
	assert_true(with_pins(w, F("kind", "report", "stage", "followup", "incident", text_of(&inc), "brief", "续三", "signer", "王建国"), NULL, 0));
	/* nobody writes F_PROVEN himself */
	b = make(F("kind", "note", "text", "x", "incident", text_of(&inc)));
	body_add_text(b, F_PROVEN, "陈亮", strlen("陈亮"));
	{
		struct station_submit r = {.rid = "forged", .seat = "seat1", .body = b};

		station_submit(w->s, w->now, 42, &r);
		turn(w);
		assert_false(w->refused);
	}
	body_free(b);
	b = stored(w, &w->id);
	assert_int_equal(body_count(b, F_PROVEN), 0);
	body_free(b);
	/* swaps and numbers */
	assert_false(with_pins(w, STAFF("number-new", "person", "李敏", "phone", "13811111111", "author", "李敏"), chen, 1));
	assert_string_equal(w->fault.field, "pin");
	assert_true(with_pins(w, STAFF("number-new", "person", "李敏", "phone", "13811111111", "author", "李敏"), li, 1));
	id = w->id;
	assert_false(with_pins(w, STAFF("number-confirm", "refs", text_of(&id), "author", "陈亮"), li, 1));
	assert_true(with_pins(w, STAFF("number-confirm", "refs", text_of(&id), "author", "陈亮"), chen, 1));
	/* the setting switches it off */
	station_pins(w->s, false);
	assert_true(with_pins(w, F("kind", "report", "stage", "followup", "incident", text_of(&inc), "brief", "续四", "signer", "陈亮"), NULL, 0));
	station_pins(w->s, true);
	/* who has left signs nothing by PIN */
	assert_true(with_pins(w, STAFF("left", "person", "陈亮", "author", "李敏"), li, 1));
	assert_true(with_pins(w, F("kind", "report", "stage", "followup", "incident", text_of(&inc), "brief", "续五", "signer", "陈亮"), NULL, 0));
}

static void
grades(void **state)
{
	struct world *w = *state;
	struct msgid inc;

	people(w);
	pin(w, "赵副县长", "246801");
	inc = sent(w, "intake", F("kind", "intake", "place", "西周镇", "title", "火灾", "type", "12G00", "learned", "2026-09-21T21:00:00+08:00"));
	/* raising never waits for anybody, whatever names stand beside it */
	sent(w, "IV", F("kind", "grade", "incident", text_of(&inc), "grade", "III", "author", "李敏"));
	sent(w, "raise", F("kind", "grade", "incident", text_of(&inc), "grade", "II", "signer", "赵副县长", "reason", "升"));
	refused(w, "lower", EX_NOPERM, "pin", F("kind", "grade", "incident", text_of(&inc), "grade", "III", "signer", "赵副县长", "reason", "降"));
	/* lowering is a leader's by the register: no senior, no stranger */
	refused(w, "senior", EX_DATAERR, "signer", F("kind", "grade", "incident", text_of(&inc), "grade", "III", "signer", "李敏", "reason", "降"));
	refused(w, "stranger", EX_DATAERR, "signer", F("kind", "grade", "incident", text_of(&inc), "grade", "III", "signer", "生人", "reason", "降"));
	refused(w, "report", EX_DATAERR, "signer", F(FIRST, "incident", text_of(&inc), "grade", "III", "signer", "李敏", "reason", "降"));
	assert_true(with_pins(w, F("kind", "grade", "incident", text_of(&inc), "grade", "III", "signer", "赵副县长", "reason", "降"),
	    (const char *const[]){"赵副县长"}, 1));
	/* nor is a grade below what the figures prove */
	inc = sent(w, "intake2", F("kind", "intake", "place", "西周镇", "title", "火灾", "type", "12G00", "dead", "3"));
	refused(w, "laxer", EX_DATAERR, "signer", F("kind", "grade", "incident", text_of(&inc), "grade", "IV", "signer", "李敏", "reason", "降"));
	assert_true(with_pins(w, F("kind", "grade", "incident", text_of(&inc), "grade", "IV", "signer", "赵副县长", "reason", "降"),
	    (const char *const[]){"赵副县长"}, 1));
}

/* 较大涉险: denying what the figures propose or somebody has confirmed loosens; confirming never asks. */
static void
verdicts(void **state)
{
	struct world *w = *state;
	struct msgid inc, quiet;

#define SAYS(of, yes, who, ...) F("kind", "step", "step", "verdict", "incident", text_of(&of), "verdict", "较大涉险", "confirmed", yes, "person", who, __VA_ARGS__)
	inc = sent(w, "before", F("kind", "intake", "place", "石浦小学", "title", "泄漏", "type", "12D02", "evacuated", "600"));
	/* a register that names nobody knows nobody: a reason will do */
	refused(w, "empty, bare", EX_DATAERR, "reason", SAYS(inc, "no", "路人甲", NULL));
	sent(w, "empty", SAYS(inc, "no", "路人甲", "reason", "已疏散完毕"));
	people(w);
	inc = sent(w, "in1", F("kind", "intake", "place", "石浦小学", "title", "泄漏", "type", "12D02", "evacuated", "600"));
	refused(w, "no reason", EX_DATAERR, "reason", SAYS(inc, "no", "李敏", NULL));
	refused(w, "blank", EX_DATAERR, "reason", SAYS(inc, "no", "李敏", "reason", "　"));
	refused(w, "stranger", EX_DATAERR, "person", SAYS(inc, "no", "路人甲", "reason", "小"));
	sent(w, "confirm", SAYS(inc, "yes", "路人甲", NULL));
	sent(w, "deny", SAYS(inc, "no", "李敏", "reason", "已核"));
	/* nothing proposes it: anybody may say so, until somebody has confirmed it */
	quiet = sent(w, "in2", F("kind", "intake", "place", "西周镇", "title", "泄漏", "type", "12D02", "evacuated", "0"));
	sent(w, "quiet", SAYS(quiet, "no", "路人甲", NULL));
	sent(w, "quiet yes", SAYS(quiet, "yes", "李敏", NULL));
	refused(w, "quiet stranger", EX_DATAERR, "person", SAYS(quiet, "no", "路人甲", "reason", "小"));
	refused(w, "quiet bare", EX_DATAERR, "reason", SAYS(quiet, "no", "李敏", NULL));
#undef SAYS
}

static struct msgid
town_reports(struct world *w, uint64_t serial)
{
	struct body *b = make(F(FIRST, "stage", "first", "to", "330225"));
	struct msgid id = {.epoch = 1, .serial = serial};
	struct buf bytes = {0}, parcel = {0};
	struct envelope e;

	snprintf(id.origin, sizeof id.origin, "330225102");
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_INCIDENT, &id);
	body_set_time(b, F_WRITTEN, w->now);
	wire_encode(b, &bytes);
	memset(&e, 0, sizeof e);
	envelope_add_to(&e, "330225");
	assert_true(envelope_add_hop(&e, id.origin));
	e.precedence = PREC_URGENT;
	parcel_encode(&e, bytes.p, bytes.n, &parcel);
	station_received(w->s, w->now, station_link(w->s, id.origin), 1, parcel.p, parcel.n);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 0);
	body_free(b);
	buf_free(&bytes);
	buf_free(&parcel);
	envelope_free(&e);
	return id;
}

/* A stranger's signature is taken, and says that he is one. */
static void
stranger(void **state)
{
	static const struct { const char *act, *person; int on; } t[] = { { "signed", "门卫老张", 0 }, { "signed", "王建国", 1 }, { "read", "门卫老张", -1 } };
	struct world *w = *state;
	struct msgid inc = town_reports(w, 1), id;
	struct body *b;

	id = sent(w, "unknown", F("kind", "receipt", "act", "signed", "refs", text_of(&inc), "person", "门卫老张"));
	b = stored(w, &id);
	assert_null(body_first(b, F_ON_ROSTER));	/* no register: nothing is known of him */
	body_free(b);
	people(w);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char rid[8];

		(void)snprintf(rid, sizeof rid, "r%zu", i);
		inc = town_reports(w, i + 2);
		id = sent(w, rid, F("kind", "receipt", "act", t[i].act, "refs", text_of(&inc), "person", t[i].person));
		b = stored(w, &id);
		if ((body_first(b, F_ON_ROSTER) != NULL) != (t[i].on >= 0))
			fail_msg("%zu: %d", i, body_flag(b, F_ON_ROSTER));
		if (t[i].on >= 0)
			assert_int_equal(body_flag(b, F_ON_ROSTER), t[i].on == 1);
		body_free(b);
	}
}

static void
locks(void **state)
{
	struct world *w = *state;
	int64_t left, until;

	people(w);
	pin(w, "李敏", "135790");
	assert_int_equal(station_pin_check(w->s, w->now, "生人", "135790", &left, &until), PIN_NONE);
	assert_int_equal(station_pin_check(w->s, w->now, "陈亮", "135790", &left, &until), PIN_NONE);
	for (int i = 0; i < 5; i++) {
		(void)station_pin_check(w->s, w->now, "李敏", "999111", &left, &until);
		assert_true(station_dirty(w->s));	/* committed with the turn */
		turn(w);
	}
	station_free(w->s);
	start(w);
	assert_int_equal(station_pin_check(w->s, w->now, "李敏", "135790", &left, &until), PIN_LOCKED);
	turn(w);
	/* the person is locked, the seat is not */
	sent(w, "intake", F("kind", "intake", "place", "西周镇", "title", "火灾", "learned", "2026-09-21T21:00:00+08:00"));
}

static void
reviews(void **state)
{
	static const char *const zhao[] = {"赵副县长"};
	struct world *w = *state;
	char request[1024];
	struct station_review r = {.rid = "draft-1", .seat = "seat1", .event = DRAFT_SUBMIT, .person = "", .reason = "", .number = ""};
	struct msgid inc;

	people(w);
	pin(w, "赵副县长", "246801");
	inc = sent(w, "intake", F("kind", "intake", "place", "西周镇", "title", "火灾", "learned", "2026-09-21T21:00:00+08:00"));
	snprintf(request, sizeof request,
	    "{\"realm\":\"live\",\"body\":{\"kind\":\"report\",\"stage\":\"first\",\"place\":\"西周镇\",\"title\":\"火灾\",\"type\":\"12G00\","
	    "\"learned\":\"2026-09-21T21:00:00+08:00\",\"incident\":\"%s\"}}", text_of(&inc));
	r.request = request;
	r.len = strlen(request);
	station_review(w->s, w->now, 42, &r);
	turn(w);
	assert_string_equal(w->fault.text, "");
	r.request = NULL;
	r.len = 0;
	r.event = DRAFT_PASS;
	r.person = "王建国";
	station_review(w->s, w->now, 42, &r);
	turn(w);
	assert_string_equal(w->fault.text, "");
	r.event = DRAFT_APPROVE;
	r.person = "赵副县长";
	station_review(w->s, w->now, 42, &r);
	turn(w);
	assert_int_equal(w->fault.code, EX_NOPERM);
	assert_string_equal(w->fault.field, "pin");
	r.proven = zhao;
	r.nproven = 1;
	station_review(w->s, w->now, 42, &r);
	turn(w);
	assert_string_equal(w->fault.text, "");
	assert_true(msgid_is_set(&w->id));
}

static void
who(void **state)
{
	static const struct {
		enum chase_to role;
		const char *name, *a, *b;
		bool known, stale;
	} t[] = {
	    {CHASE_OFFICER, "李敏", "13800000001", "", true, true},
	    {CHASE_SECOND, "王建国", "13800000002", "", true, true},
	    {CHASE_SENIOR, "李敏", "13800000001", "", true, true},
	    {CHASE_LEADER, "钱副县长", "", "", true, false},	/* of the shift, not on the register: named, without a number */
	    {CHASE_PARENT, "", "", "", false, false},
	};
	struct world *w = *state;
	struct duty_contact c;

	assert_false(duty_who(station_duty(w->s), rules, CHASE_LEADER, w->now, &c));
	people(w);
	assert_true(duty_who(station_duty(w->s), rules, CHASE_LEADER, w->now, &c));
	assert_string_equal(c.name, "赵副县长");	/* nothing planned: the register */
	assert_string_equal(c.number[0], "13800000009");
	sent(w, "shift", ROSTER("shift", "period_from", "2026-09-21 20:00", "period_to", "2026-09-22 08:00", "duty_senior", "李敏", "duty_officer", "王建国",
	    "duty_leader", "钱副县长"));
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		assert_int_equal(duty_who(station_duty(w->s), rules, t[i].role, w->now, &c), t[i].known);
		assert_string_equal(c.name, t[i].name);
		assert_string_equal(c.number[0], t[i].a);
		assert_string_equal(c.number[1], t[i].b);
		assert_int_equal(c.stale, t[i].stale);
	}
	sent(w, "tried", STAFF("number-tried", "person", "李敏", "outcome", "reached"));
	assert_true(duty_who(station_duty(w->s), rules, CHASE_OFFICER, w->now, &c));
	assert_false(c.stale);
}

/* What two persons destroy is out of the book at once, as after a restart. */
static void
destroyed(void **state)
{
	struct world *w = *state;
	struct msgid id = sent(w, "p", STAFF("person", "person", "李敏", "phone", "13800000001"));

	sent(w, "q", STAFF("person", "person", "王建国"));
	assert_int_equal(staff_count(station_duty(w->s)->staff), 2);
	station_destroy(w->s, w->now, 42, &id, "destroy-1", "seat1", "王建国", "陈亮", "误入");
	turn(w);
	assert_string_equal(w->fault.text, "");
	assert_int_equal(staff_count(station_duty(w->s)->staff), 1);
	station_free(w->s);
	start(w);
	assert_int_equal(staff_count(station_duty(w->s)->staff), 1);
}

static void
entries(void **state)
{
	struct world *w = *state;
	struct body *b;

	refused(w, "mute until", EX_DATAERR, "due", F("kind", "log", "duty_step", "mute", "text", "静音", "reason", "会议"));
	refused(w, "the switch's", EX_DATAERR, "duty_step", F("kind", "log", "duty_step", "rules", "text", "x"));
	refused(w, "another's", EX_DATAERR, "duty_step", F("kind", "log", "duty_step", "person", "text", "x"));
	refused(w, "whose", EX_DATAERR, "person", F("kind", "log", "duty_step", "opinion", "text", "先压一压"));
	sent(w, "opinion", F("kind", "log", "duty_step", "opinion", "text", "先压一压", "person", "赵副县长"));
	sent(w, "report", F(FIRST));
	sent(w, "explained", F("kind", "explain", "refs", text_of(&w->id), "person", "周强", "text", "断网", "charge", "link"));
	b = stored(w, &w->id);
	assert_true(addressed(b, "330200"));	/* to the station above */
	body_free(b);
	refused(w, "own", EX_NOPERM, "refs", F("kind", "explain", "refs", text_of(&w->id), "person", "周强", "confirmed", "yes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(reg), T(shifts), T(swaps), T(proven), T(grades), T(verdicts), T(stranger), T(locks), T(reviews), T(who), T(destroyed), T(entries)};

	return cmocka_run_group_tests(tests, load, unload);
}
