/* The station: a draft's life before it is sent, and what of it goes along. */
#include "station_help.h"

#define REQUEST "{\"realm\":\"live\",\"body\":{\"kind\":\"report\",\"place\":\"西周镇\",\"title\":\"火灾\",\"type\":\"yjpt:12G00\"," \
	"\"learned\":\"2026-09-21T21:00:00+08:00\"}}"
#define OTHER_TEXT "{\"realm\":\"live\",\"body\":{\"kind\":\"report\",\"place\":\"西周镇\",\"title\":\"爆炸\",\"type\":\"yjpt:12G00\"," \
	"\"learned\":\"2026-09-21T21:00:00+08:00\"}}"

static bool
move(struct world *w, const struct station_review *r)
{
	unsigned before = w->replies;

	station_review(w->s, w->now, 43, r);
	assert_int_equal(w->replies, before); /* nothing is said before COMMIT */
	turn(w);
	assert_int_equal(w->replies, before + 1);
	assert_int_equal(w->ticket, 43);
	return w->fault.code == 0;
}

static bool
step(struct world *w, const char *rid, int event, const char *person)
{
	struct station_review r = {.rid = rid, .seat = "seat2", .event = event, .person = person};

	return move(w, &r);
}

static void
submitted(struct world *w, const char *rid)
{
	struct station_review r = {
	    .rid = rid, .seat = "seat1", .event = DRAFT_SUBMIT, .request = REQUEST, .len = sizeof REQUEST - 1};

	if (!move(w, &r))
		fail_msg("%s: %s", w->fault.field, w->fault.text);
	assert_true(w->refused); /* nothing was sent */
}

static void
tried(struct world *w, const char *rid, const char *number, int outcome)
{
	struct station_review r = {
	    .rid = rid, .seat = "seat1", .event = DRAFT_TRY, .person = "赵局长", .number = number, .outcome = outcome};

	if (!move(w, &r))
		fail_msg("%s: %s", w->fault.field, w->fault.text);
}

static int
state_of(struct world *w, const char *rid)
{
	struct journal_draft d;
	int state = 0;

	memset(&d, 0, sizeof d);
	if (w->j->ops->draft_get(w->j, rid, &d) == 0)
		state = d.state;
	buf_free(&d.json);
	buf_free(&d.life);
	return state;
}

static void
saved(struct world *w, const char *rid, const char *json)
{
	assert_int_equal(station_draft_put(w->s, w->now, rid, "seat1", json, strlen(json)), 0);
	turn(w);
}

static void
signed_and_sent(void **state)
{
	struct world *w = *state;
	struct msgid id;
	struct body *b;
	int64_t t;

	saved(w, "d", "{}");
	w->now += 1000;
	submitted(w, "d");
	assert_int_equal(state_of(w, "d"), DRAFT_CHECKING);
	submitted(w, "d"); /* the answer was lost */
	assert_true(step(w, "d", DRAFT_PASS, "钱科长"));
	assert_int_equal(state_of(w, "d"), DRAFT_SIGNING);
	tried(w, "d", "138 0000", OUTCOME_REACHED);
	w->now += 1000;
	assert_true(step(w, "d", DRAFT_APPROVE, "赵局长"));
	assert_false(w->refused);
	id = w->id;
	b = stored(w, &id);
	assert_string_equal(body_text(b, F_CHECKER), "钱科长");
	assert_string_equal(body_text(b, F_SIGNER), "赵局长");
	assert_true(body_time(b, F_SIGNED_AT, &t));
	assert_int_equal(t, w->now);
	assert_true(body_time(b, F_DRAFTED, &t));
	assert_int_equal(t, NOW + 1000); /* when it was put before others */
	assert_int_equal(body_count(b, F_TRIES), 1);
	assert_non_null(strstr(body_text(b, F_TRIES), "reached"));
	assert_false(body_flag(b, F_UNSIGNED));
	assert_int_equal(body_enum(b, F_STAGE), STAGE_FIRST);
	body_free(b);
	assert_int_equal(state_of(w, "d"), 0); /* the draft is gone */
	/* again, after an unanswered one */
	assert_true(step(w, "d", DRAFT_APPROVE, "赵局长"));
	assert_true(w->duplicate);
	assert_int_equal(msgid_cmp(&id, &w->id), 0);
	assert_false(step(w, "d", DRAFT_PASS, "钱科长"));
	assert_string_equal(w->fault.field, "event");
	saved(w, "d", "{\"late\":1}"); /* a late autosave brings nothing back */
	assert_int_equal(state_of(w, "d"), 0);
}

static void
refusals(void **state)
{
	struct world *w = *state;
	static const char bad[] = "{\"body\":{\"kind\":\"report\",\"title\":\"x\"}}", half[] = "{\"body\":{",
			  secret[] = "{\"body\":{\"kind\":\"report\",\"place\":\"x\",\"title\":\"机密★\",\"type\":\"yjpt:12G00\","
				     "\"learned\":\"2026-09-21T21:00:00+08:00\"}}";
	struct {
		const char *what;
		struct station_review r;
		int code;
		const char *field;
	} t[] = {
	    {"no draft", {.rid = "none", .event = DRAFT_PASS, .person = "钱"}, EX_NOINPUT, "rid"},
	    {"no event", {.rid = "d"}, EX_DATAERR, "event"},
	    {"no rid", {.rid = "", .event = DRAFT_PASS}, EX_DATAERR, "rid"},
	    {"nothing submitted", {.rid = "d", .event = DRAFT_SUBMIT}, EX_DATAERR, "request"},
	    {"half a request", {.rid = "d", .event = DRAFT_SUBMIT, .request = half, .len = sizeof half - 1}, EX_DATAERR,
		"request"},
	    {"what no submit would take", {.rid = "d", .event = DRAFT_SUBMIT, .request = bad, .len = sizeof bad - 1},
		EX_DATAERR, "place"},
	    {"secret", {.rid = "d", .event = DRAFT_SUBMIT, .request = secret, .len = sizeof secret - 1}, EX_DATAERR,
		"title"},
	    {"pass of what is written still", {.rid = "d", .event = DRAFT_PASS, .person = "钱"}, EX_DATAERR, "event"},
	    {"approve of what is written still", {.rid = "d", .event = DRAFT_APPROVE, .person = "赵"}, EX_DATAERR, "event"},
	    {"pass by nobody", {.rid = "c", .event = DRAFT_PASS}, EX_DATAERR, "person"},
	    {"approve by blanks", {.rid = "c", .event = DRAFT_APPROVE, .person = " 　"}, EX_DATAERR, "person"},
	    {"return without reason", {.rid = "c", .event = DRAFT_RETURN, .person = "钱"}, EX_DATAERR, "reason"},
	    {"try of no number", {.rid = "c", .event = DRAFT_TRY, .person = "赵", .outcome = OUTCOME_BUSY}, EX_DATAERR,
		"number"},
	    {"try without outcome", {.rid = "c", .event = DRAFT_TRY, .person = "赵", .number = "1"}, EX_DATAERR, "outcome"},
	    {"secret reason", {.rid = "c", .event = DRAFT_RETURN, .person = "钱", .reason = "绝密★"}, EX_DATAERR, "reason"},
	    {"unsigned, nobody tried", {.rid = "c", .event = DRAFT_UNSIGNED, .person = "王"}, EX_UNAVAILABLE, "event"},
	};
	uint64_t before;

	saved(w, "d", "{}");
	submitted(w, "c");
	before = w->j->ops->chain_seq(w->j);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		t[i].r.seat = "seat2";
		if (move(w, &t[i].r))
			fail_msg("taken: %s", t[i].what);
		if (w->fault.code != t[i].code || strcmp(w->fault.field, t[i].field) != 0 || *w->fault.text == '\0')
			fail_msg("%s: %d %s: %s", t[i].what, w->fault.code, w->fault.field, w->fault.text);
	}
	assert_int_equal(w->j->ops->chain_seq(w->j), before);
	assert_int_equal(state_of(w, "d"), DRAFT_WRITING);
	assert_int_equal(state_of(w, "c"), DRAFT_CHECKING);
}

static void
unsigned_first(void **state)
{
	struct world *w = *state;
	struct journal_draft d;
	struct body *b;
	struct folded fd;
	struct msgid inc;
	int64_t from;
	char id[MSGID_TEXT_MAX];

	submitted(w, "d");
	tried(w, "d", "1380000", OUTCOME_NO_ANSWER);
	assert_false(step(w, "d", DRAFT_UNSIGNED, "王值班长"));
	assert_int_equal(w->fault.code, EX_UNAVAILABLE);
	memset(&d, 0, sizeof d);
	assert_int_equal(w->j->ops->draft_get(w->j, "d", &d), 0);
	assert_false(station_draft_unsigned(w->s, &d, w->now, &from));
	assert_int_equal(from, w->now + 300000);
	buf_free(&d.json);
	buf_free(&d.life);
	tried(w, "d", "1390000", OUTCOME_OFF);
	assert_true(step(w, "d", DRAFT_UNSIGNED, "王值班长"));
	inc = w->id;
	b = stored(w, &inc);
	assert_true(body_flag(b, F_UNSIGNED));
	assert_string_equal(body_text(b, F_SIGNATURE_OWED), "赵局长"); /* booked to who was tried */
	assert_string_equal(body_text(b, F_PERSON), "王值班长");
	assert_int_equal(body_count(b, F_TRIES), 2);
	assert_null(body_text(b, F_SIGNER));
	body_free(b);
	msgid_format(&inc, id, sizeof id);
	/* a follow-up never waits for that signature */
	assert_true(submit(w, "f", (const char *const[]){"kind", "report", "incident", id, "brief", "x", "signer", "赵", NULL}));
	assert_true(submit(w, "s",
	    (const char *const[]){"kind", "step", "step", "countersign", "incident", id, "refs", id, "person", "赵局长", NULL}));
	assert_int_equal(station_fold(w->s, &inc, &fd), 0);
	assert_int_equal(fd.incident->signatures_owed, 0);
	folded_free(&fd);
}

static void
after_minutes(void **state)
{
	struct world *w = *state;

	submitted(w, "d");
	tried(w, "d", "1380000", OUTCOME_NO_ANSWER);
	w->now += 299000;
	assert_false(step(w, "d", DRAFT_UNSIGNED, "王"));
	w->now += 1000;
	assert_true(step(w, "d", DRAFT_UNSIGNED, "王"));
}

/* Whatever changes the text takes check and signature away. */
static void
edited(void **state)
{
	struct world *w = *state;
	struct body *b;

	saved(w, "d", "{\"a\":1}");
	submitted(w, "d");
	saved(w, "d", "{\"a\":1}"); /* saved again as it was */
	assert_int_equal(state_of(w, "d"), DRAFT_CHECKING);
	assert_true(step(w, "d", DRAFT_PASS, "钱"));
	/* a text that is late, or of who does not know how far it has come, changes nothing */
	assert_int_equal(station_draft_put(w->s, w->now, "d", "seat2", "{\"a\":2}", 7), -1);
	assert_int_equal(station_draft_put(w->s, w->now, "d", "seat2", "{\"a\":2,\"trail\":1}", 17), -1);
	assert_int_equal(state_of(w, "d"), DRAFT_SIGNING);
	saved(w, "d", "{\"a\":2,\"trail\":2}");
	assert_int_equal(state_of(w, "d"), DRAFT_WRITING);
	assert_false(step(w, "d", DRAFT_APPROVE, "赵"));
	tried(w, "d", "1", OUTCOME_BUSY);
	/* sent by its author as it is: with the names typed, as there is no review any more */
	assert_true(submit(w, "d", (const char *const[]){FIRST, "signer", "赵", "author", "王", NULL}));
	b = stored(w, &w->id);
	assert_null(body_text(b, F_CHECKER));
	assert_string_equal(body_text(b, F_SIGNER), "赵");
	assert_int_equal(body_count(b, F_TRIES), 1);
	body_free(b);
}

/* Two desks with the same draft: neither text goes in silence. */
static void
two_desks(void **state)
{
	static const struct {
		const char *json;
		int rc;
	} t[] = {
	    {"{\"a\":1,\"writer\":\"A\",\"rev\":1}", 0},
	    {"{\"a\":2,\"writer\":\"A\",\"rev\":2}", 0},
	    {"{\"a\":3,\"writer\":\"B\",\"rev\":3,\"on\":\"A:1\"}", -1}, /* has not read the newest */
	    {"{\"a\":3,\"writer\":\"B\",\"rev\":3}", -1},
	    {"{\"a\":4,\"writer\":\"B\",\"rev\":3,\"on\":\"A:2\"}", 0},
	    {"{\"a\":5,\"writer\":\"A\",\"rev\":4}", -1},
	    {"{\"a\":6,\"writer\":\"A\",\"rev\":9,\"on\":\"A:2\"}", -1},
	    {"{\"a\":4,\"writer\":\"B\",\"rev\":3,\"on\":\"A:2\"}", 0}, /* the very same again */
	    {"{\"a\":1,\"writer\":\"B\",\"rev\":2}", -1},		     /* its own, overtaken */
	    {"{\"a\":7,\"writer\":\"B\",\"rev\":4,\"on\":\"A:2\"}", 0},
	};
	struct world *w = *state;
	struct journal_draft d;

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct fault f = {0};

		if (station_draft_keep(w->s, w->now, "d", "seat1", t[i].json, strlen(t[i].json), &f) != t[i].rc)
			fail_msg("%s: %s", t[i].json, f.text);
		if (t[i].rc == -1 && (f.code != EX_DATAERR || *f.text == '\0'))
			fail_msg("%s: code %d", t[i].json, f.code);
		turn(w);
	}
	memset(&d, 0, sizeof d);
	assert_int_equal(w->j->ops->draft_get(w->j, "d", &d), 0);
	assert_non_null(strstr(buf_cstr(&d.json), "\"a\":7"));
	buf_free(&d.json);
	buf_free(&d.life);
}

static void
sent_as_it_is(void **state)
{
	struct world *w = *state;
	struct station_review other = {
	    .rid = "e", .seat = "seat1", .event = DRAFT_SEND, .request = OTHER_TEXT, .len = sizeof OTHER_TEXT - 1};
	struct body *b;

	submitted(w, "d");
	assert_true(step(w, "d", DRAFT_PASS, "钱"));
	assert_true(step(w, "d", DRAFT_SEND, NULL)); /* no leader need be reached */
	b = stored(w, &w->id);
	assert_string_equal(body_text(b, F_CHECKER), "钱");
	assert_false(body_flag(b, F_UNSIGNED));
	assert_string_equal(body_text(b, F_SIGNATURE_OWED), "seat1");
	body_free(b);
	/* another text than the one that was checked */
	submitted(w, "e");
	assert_true(step(w, "e", DRAFT_PASS, "钱"));
	assert_true(move(w, &other));
	b = stored(w, &w->id);
	assert_null(body_text(b, F_CHECKER));
	assert_string_equal(body_text(b, F_TITLE), "爆炸");
	body_free(b);
	/* submit under the draft's id does the same */
	submitted(w, "f");
	assert_true(step(w, "f", DRAFT_PASS, "钱"));
	assert_true(submit(w, "f", (const char *const[]){"kind", "report", "place", "西周镇", "title", "火灾", "type", "12G00",
					"learned", "2026-09-21T21:00:00+08:00", NULL}));
	b = stored(w, &w->id);
	assert_string_equal(body_text(b, F_CHECKER), "钱");
	body_free(b);
}

static void
returned(void **state)
{
	struct world *w = *state;
	struct station_review r = {.rid = "d", .seat = "seat2", .event = DRAFT_RETURN, .person = "钱", .reason = "缺地点"};
	struct journal_draft d;

	submitted(w, "d");
	assert_true(move(w, &r));
	assert_int_equal(state_of(w, "d"), DRAFT_WRITING);
	submitted(w, "d");
	assert_true(step(w, "d", DRAFT_TAKE_BACK, NULL));
	assert_int_equal(state_of(w, "d"), DRAFT_WRITING);
	memset(&d, 0, sizeof d);
	assert_int_equal(w->j->ops->draft_get(w->j, "d", &d), 0);
	assert_non_null(strstr(buf_cstr(&d.life), "缺地点"));
	assert_null(strstr(buf_cstr(&d.life), "\"request\""));
	buf_free(&d.json);
	buf_free(&d.life);
	/* a restart loses nothing */
	submitted(w, "d");
	station_free(w->s);
	w->now += 1000;
	start(w);
	assert_true(step(w, "d", DRAFT_APPROVE, "赵"));
	assert_false(w->refused);
}

/* What stood in the way at the last moment leaves the draft where it was. */
static void
refused_at_the_end(void **state)
{
	struct world *w = *state;
	static const char request[] = "{\"body\":{\"kind\":\"directive\",\"to\":\"330225102\",\"text\":\"x\",\"due\":\"2026-09-21T22:00:00+08:00\"}}";
	struct station_review r = {
	    .rid = "d", .seat = "seat1", .event = DRAFT_SUBMIT, .request = request, .len = sizeof request - 1};

	w->now = NOW - 3600000;
	assert_true(move(w, &r));
	w->now = NOW + 3600000;
	assert_false(step(w, "d", DRAFT_APPROVE, "赵"));
	assert_string_equal(w->fault.field, "due");
	assert_int_equal(state_of(w, "d"), DRAFT_CHECKING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(signed_and_sent), T(refusals), T(unsigned_first), T(after_minutes), T(edited), T(two_desks),
	    T(sent_as_it_is), T(returned), T(refused_at_the_end)};

	return cmocka_run_group_tests(tests, load, unload);
}
