/* The station: what it takes from people, what it refuses and why, what it fills in. */
#include "station_help.h"
#include "../../switch/journal_ram.h"

static void
refusals(void **state)
{
	static const struct {
		const char *what;
		int code;
		const char *field;
		const char *fields[24];
	} t[] = {
	    {"no kind", EX_DATAERR, "kind", {"place", "x", NULL}},
	    {"zero report of no period", EX_DATAERR, "period_to", {"kind", "zero", "person", "张", NULL}},
	    {"service message to nobody", EX_DATAERR, "to", {"kind", "service", "topic", "x", NULL}},
	    {"roll answer to nothing", EX_DATAERR, "refs", {"kind", "rollanswer", "person", "张", NULL}},
	    {"step of nothing", EX_DATAERR, "incident", {"kind", "step", "step", "verify", "person", "张", NULL}},
	    {"unknown station", EX_NOHOST, "to", {FIRST, "to", "999999", NULL}},
	    {"station below that nobody leads to", EX_NOHOST, "to", {FIRST, "to", "330225103", NULL}},
	    {"unknown station in cc", EX_NOHOST, "cc", {FIRST, "cc", "120999", NULL}},
	    {"no place", EX_DATAERR, "place",
		{"kind", "report", "title", "火灾", "type", "12G00", "learned", "2026-09-21T21:00:00+08:00", NULL}},
	    {"follow-up without a first", EX_DATAERR, "stage", {FIRST, "stage", "followup", NULL}},
	    {"time ahead", EX_DATAERR, "learned",
		{"kind", "report", "place", "x", "title", "火灾", "type", "12G00", "learned",
		    "2026-09-22T21:00:00+08:00", NULL}},
	    {"directive of blanks", EX_DATAERR, "text", {"kind", "directive", "to", "330200", "text", "　　 ", NULL}},
	    {"a deadline already past", EX_DATAERR, "due", {"kind", "directive", "to", "330200", "text", "x", "due", "2026-09-21T20:00:00+08:00", NULL}},
	    {"directive to nobody", EX_DATAERR, "to", {"kind", "directive", "text", "x", NULL}},
	    {"receipt of nothing", EX_DATAERR, "refs", {"kind", "receipt", "act", "signed", "person", "x", NULL}},
	    {"receipt of what is not here", EX_NOINPUT, "refs",
		{"kind", "receipt", "act", "signed", "person", "x", "refs", "330225102.1.1", NULL}},
	    {"a person says delivered", EX_DATAERR, "act",
		{"kind", "receipt", "act", "delivered", "refs", "330225102.1.1", NULL}},
	    {"grade of nothing", EX_DATAERR, "incident", {"kind", "grade", "grade", "II", "author", "x", NULL}},
	    {"incident not here", EX_NOINPUT, "incident", {FIRST, "incident", "330225102.1.1", NULL}},
	    {"intake addressed", EX_DATAERR, "to",
		{"kind", "intake", "to", "330200", "place", "x", "title", "y", NULL}},
	    {"original without bytes", EX_DATAERR, "original",
		{FIRST, "original", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", NULL}},
	};
	struct world *w = *state;
	uint64_t before = w->j->ops->chain_seq(w->j);

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		if (submit(w, "r", t[i].fields))
			fail_msg("taken: %s", t[i].what);
		if (w->fault.code != t[i].code || strcmp(w->fault.field, t[i].field) != 0 || *w->fault.text == '\0')
			fail_msg("%s: %d %s: %s", t[i].what, w->fault.code, w->fault.field, w->fault.text);
	}
	assert_int_equal(w->j->ops->chain_seq(w->j), before); /* nothing half-stored */
}

static void
idempotent(void **state)
{
	static const char *const a[] = {FIRST, NULL}, *const b[] = {FIRST, "dead", "1", NULL};
	struct world *w = *state;
	struct msgid first;

	assert_true(submit(w, "rid-1", a));
	assert_false(w->duplicate);
	first = w->id;
	assert_true(submit(w, "rid-1", a));
	assert_true(w->duplicate);
	assert_int_equal(msgid_cmp(&first, &w->id), 0);
	assert_false(submit(w, "rid-1", b));
	assert_string_equal(w->fault.field, "rid");
	assert_false(submit(w, "", a));
	assert_string_equal(w->fault.field, "rid");
	/* ... also over a restart */
	station_free(w->s);
	w->now += 1000;
	start(w);
	assert_true(submit(w, "rid-1", a));
	assert_true(w->duplicate);
	assert_int_equal(msgid_cmp(&first, &w->id), 0);
}

static void
epochs_rise(void **state)
{
	struct world *w = *state;
	uint64_t e = station_epoch(w->s);

	assert_int_equal(e, NOW / 1000);
	for (int i = 0; i < 3; i++) { /* within one second, and with the clock set back a day */
		station_free(w->s);
		w->now -= i == 2 ? 86400000 : 0;
		start(w);
		assert_true(station_epoch(w->s) > e);
		e = station_epoch(w->s);
	}
}

static void
intake_then_report(void **state)
{
	static const char *const intake[] = {"kind", "intake", "place", "西周镇振兴路12号", "title", "仓库火灾", "type",
	    "12G00", "learned", "2026-09-21T21:00:00+08:00", "dead", "0", "missing", "?", "channel", "phone", NULL};
	struct world *w = *state;
	struct msgid opener;
	struct body *b;
	char id[MSGID_TEXT_MAX];
	struct msgid inc;
	struct journal_delivery d;
	struct fault f;

	assert_true(submit(w, "i", intake));
	opener = w->id;
	b = stored(w, &opener);
	assert_string_equal(body_text(b, F_NUMBER), "0921-001");
	assert_null(body_first(b, F_GRADE)); /* no default grade */
	body_free(b);
	msgid_format(&opener, id, sizeof id);
	const char *const report[] = {"kind", "report", "incident", id, NULL};
	assert_true(submit(w, "r", report));
	b = stored(w, &w->id);
	assert_string_equal(body_text(b, F_PLACE), "西周镇振兴路12号");
	assert_string_equal(body_text(b, F_TYPE), "yjpt:12G00");
	assert_int_equal(body_enum(b, F_STAGE), STAGE_FIRST);
	assert_string_equal(body_text(b, F_TO), "330200");
	assert_int_equal(body_count(b, F_PARENTS), 1);
	assert_int_equal(body_first(b, F_MISSING)->u.fig.q, FIG_UNKNOWN);
	assert_int_equal(body_first(b, F_DEAD)->u.fig.q, FIG_EXACT);
	assert_string_equal(body_text(b, F_NUMBER), "0921-001"); /* the opener stays here, its number goes along */
	assert_true(body_id(b, F_INCIDENT, &inc));
	assert_int_equal(msgid_cmp(&inc, &opener), 0);
	body_free(b);
	assert_int_equal(w->j->ops->delivery_get(w->j, &w->id, "330200", &d), 0);
	assert_int_equal(d.state, DLV_OPEN);
	assert_int_equal(w->j->ops->outbox_has(w->j, &w->id, "330200"), 0);
	/* a second first report is refused, a follow-up taken and numbered */
	const char *const again[] = {"kind", "report", "incident", id, "stage", "first", NULL};
	assert_false(submit(w, "r2", again));
	assert_string_equal(w->fault.field, "stage");
	const char *const follow[] = {"kind", "report", "incident", id, "brief", "明火已扑灭", NULL};
	assert_true(submit(w, "r3", follow));
	b = stored(w, &w->id);
	int64_t v;
	assert_true(body_num(b, F_VERSION, &v));
	assert_int_equal(v, 2);
	body_free(b);
	/* names people use */
	assert_int_equal(station_resolve(w->s, REALM_LIVE, "0921-001", &inc, &f), 0);
	assert_int_equal(station_resolve(w->s, REALM_LIVE, "象山0921-001", &inc, &f), 0);
	assert_int_equal(station_resolve(w->s, REALM_LIVE, id, &inc, &f), 0);
	assert_int_equal(station_resolve(w->s, REALM_LIVE, "宁波0921-001", &inc, &f), -1);
	assert_int_equal(station_resolve(w->s, REALM_EXERCISE, "0921-001", &inc, &f), -1);
	assert_int_equal(f.code, EX_NOINPUT);
}

static void
grades(void **state)
{
	struct world *w = *state;
	static const char *const first[] = {FIRST, "grade", "III", NULL};
	char id[MSGID_TEXT_MAX];

	assert_true(submit(w, "r", first));
	msgid_format(&w->id, id, sizeof id);
	const char *const raise[] = {"kind", "grade", "incident", id, "grade", "II", "author", "李敏", NULL};
	const char *const lower[] = {"kind", "grade", "incident", id, "grade", "IV", "author", "李敏", NULL};
	const char *const led[] = {
	    "kind", "grade", "incident", id, "grade", "IV", "author", "李敏", "signer", "赵", "reason", "核实", NULL};
	assert_true(submit(w, "g1", raise)); /* raising: the reason may follow */
	assert_false(submit(w, "g2", lower));
	assert_string_equal(w->fault.field, "signer");
	assert_true(submit(w, "g3", led));
}

static void
realms(void **state)
{
	struct world *w = *state;
	static const char *const first[] = {FIRST, NULL};
	char id[MSGID_TEXT_MAX];

	assert_true(submit_as(w, "x", REALM_EXERCISE, first));
	assert_int_equal(w->id.realm, REALM_EXERCISE);
	msgid_format(&w->id, id, sizeof id);
	const char *const cross[] = {"kind", "report", "incident", id, "brief", "x", NULL};
	assert_false(submit(w, "y", cross));
	assert_string_equal(w->fault.field, "incident");
	assert_true(submit_as(w, "z", REALM_EXERCISE, cross));
}

/* The chain names who entered something, and from which terminal. */
struct told {
	const char *who;
	unsigned n;
};

static int
count_who(void *ctx, const struct journal_chain *c)
{
	struct told *t = ctx;

	t->n += strcmp(c->who, t->who) == 0;
	return 0;
}

static unsigned
entries_by(struct world *w, const char *who)
{
	struct journal_verify v = {.bad = ""};
	struct told t = {.who = who};

	assert_int_equal(journal_ram_scan.each_chain(w->j, &v, count_who, &t), 0);
	return t.n;
}

static void
terminal(void **state)
{
	struct world *w = *state;
	struct journal_verify v = {.bad = ""};

	(void)sent(w, "a", (const char *const[]){"kind", "log", "text", "x", NULL}); /* a script's: it has no terminal */
	assert_int_equal(entries_by(w, "seat1@pts/3"), 0);
	station_actor(w->s, "seat1", "pts/3");
	(void)sent(w, "b", (const char *const[]){"kind", "log", "text", "y", NULL});
	assert_int_equal(entries_by(w, "seat1@pts/3"), 1);
	assert_int_equal(station_draft_put(w->s, w->now, "d", "seat1", "{}", 2), 0);
	assert_int_equal(station_draft_throw(w->s, w->now, "d", "seat1"), 0);
	turn(w);
	station_actor(w->s, "seat2", "pts/4"); /* what seat1 does is not said to be seat2's */
	(void)sent(w, "c", (const char *const[]){"kind", "log", "text", "z", NULL});
	assert_int_equal(entries_by(w, "seat1@pts/4"), 0);
	assert_int_equal(w->j->ops->verify(w->j, "330225", &v), 0);
	assert_string_equal(v.bad, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(refusals), T(idempotent), T(epochs_rise), T(intake_then_report), T(grades), T(realms), T(terminal)};

	return cmocka_run_group_tests(tests, load, unload);
}
