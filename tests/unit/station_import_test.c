/* The station: a document that is imported again, in other bytes, with another content, or after it was destroyed. */
#include "station_help.h"

#define DOC                                                                                                            \
	"kind", "warning", "title", "暴雨橙色预警", "issuer", "象山县气象台", "source_format", "cap", "foreign_id",   \
	    "w@qx,QX-1,2026-09-21T20:00:00+08:00", "cap_status", "Actual", "cap_msgtype", "Alert", "language", "zh-CN"

/* As an import does: the request id is that of the bytes. */
static bool
import_as(struct world *w, const char *rid, int realm, const char *bytes, const char *const *fields)
{
	struct body *b = make(fields);
	struct station_submit r = {.rid = rid, .seat = "seat1", .realm = realm, .body = b, .blob = bytes,
	    .blob_len = strlen(bytes), .confirmed = true};
	uint8_t digest[DIGEST_LEN];
	unsigned before = w->replies;

	digest_of(bytes, strlen(bytes), digest);
	body_set_digest(b, F_ORIGINAL, digest);
	body_set_num(b, F_ORIGINAL_SIZE, (int64_t)strlen(bytes));
	station_submit(w->s, w->now, 42, &r);
	assert_int_equal(w->replies, before);
	turn(w);
	assert_int_equal(w->replies, before + 1);
	body_free(b);
	return !w->refused;
}

static bool
import(struct world *w, const char *bytes, const char *const *fields)
{
	char hex[2 * DIGEST_LEN + 1];
	uint8_t digest[DIGEST_LEN];

	digest_of(bytes, strlen(bytes), digest);
	digest_hex(digest, hex);
	return import_as(w, hex, REALM_LIVE, bytes, fields);
}

static int
count_one(void *ctx, const struct journal_msg *m)
{
	size_t *n = ctx;

	(void)m;
	++*n;
	return 0;
}

static size_t
count(struct world *w)
{
	size_t n = 0;

	assert_int_equal(w->j->ops->each_after(w->j, 0, 0, false, count_one, &n), 0);
	return n;
}

static void
must_refuse(struct world *w, int line, int code, const char *field, const struct msgid *named)
{
	if (!w->refused || w->fault.code != code || strcmp(w->fault.field, field) != 0 ||
	    (named != NULL && strstr(w->fault.text, text_of(named)) == NULL))
		fail_msg("line %d: %d %d %s: %s", line, w->refused, w->fault.code, w->fault.field, w->fault.text);
}

#define MUST_REFUSE(w, code, field, named) must_refuse(w, __LINE__, code, field, named)

static void
other_bytes(void **state)
{
	struct world *w = *state;
	const char *const doc[] = {DOC, NULL};
	const char *const remarked[] = {DOC, "remarks", "read out of a feed", NULL};
	const char *const changed[] = {DOC, "text", "改过的正文", NULL};
	const char *const fewer[] = {"kind", "warning", "title", "暴雨橙色预警", "source_format", "cap", "foreign_id",
	    "w@qx,QX-1,2026-09-21T20:00:00+08:00", NULL};
	const char *const other_name[] = {"kind", "warning", "title", "暴雨橙色预警", "source_format", "cap",
	    "foreign_id", "w@qx,QX-2,2026-09-21T20:00:00+08:00", NULL};
	struct msgid first;
	uint64_t seq;
	size_t n;

	assert_true(import(w, "<alert/>", doc));
	assert_false(w->duplicate);
	first = w->id;
	n = count(w);
	/* the same bytes, a line feed more, a remark on how it was read: one warning */
	seq = w->j->ops->chain_seq(w->j);
	assert_true(import(w, "<alert/>", doc));
	assert_true(w->duplicate && msgid_cmp(&w->id, &first) == 0);
	assert_true(import(w, "<alert/>\n", doc));
	assert_true(w->duplicate && msgid_cmp(&w->id, &first) == 0);
	assert_true(import(w, "<?xml version='1.0'?><alert/>", remarked));
	assert_true(w->duplicate && msgid_cmp(&w->id, &first) == 0);
	assert_int_equal(count(w), n);
	assert_int_equal(w->j->ops->chain_seq(w->j), seq);
	/* another content: refused by name, and in the chain, once each */
	assert_false(import(w, "<alert>x</alert>", changed));
	MUST_REFUSE(w, EX_DATAERR, "foreign_id", &first);
	assert_int_equal(w->j->ops->chain_seq(w->j), seq + 1);
	assert_false(import(w, "<alert>x</alert>\n", changed));
	MUST_REFUSE(w, EX_DATAERR, "foreign_id", &first);
	assert_int_equal(w->j->ops->chain_seq(w->j), seq + 1);
	assert_false(import(w, "<alert>y</alert>", fewer));
	MUST_REFUSE(w, EX_DATAERR, "foreign_id", &first);
	assert_int_equal(w->j->ops->chain_seq(w->j), seq + 2);
	assert_false(import_as(w, "exercise", REALM_EXERCISE, "<alert>z</alert>", doc));
	MUST_REFUSE(w, EX_DATAERR, "foreign_id", &first);
	assert_int_equal(count(w), n);
	/* what was refused changes nothing for the one that stands */
	assert_true(import(w, "<alert/> ", doc));
	assert_true(w->duplicate && msgid_cmp(&w->id, &first) == 0);
	/* another document is another */
	assert_true(import(w, "<alert>2</alert>", other_name));
	assert_false(w->duplicate);
	assert_int_not_equal(msgid_cmp(&w->id, &first), 0);
	/* still so after a restart */
	station_free(w->s);
	w->now += 1000;
	start(w);
	assert_true(import(w, "<alert/>  ", doc));
	assert_true(w->duplicate && msgid_cmp(&w->id, &first) == 0);
}

/* "Already there" must not be said to someone who names a station it never went to. */
static void
other_addressees(void **state)
{
	struct world *w = *state;
	const char *const one[] = {DOC, "to", "330225101", NULL};
	const char *const two[] = {DOC, "to", "330225101", "to", "330225102", NULL};
	struct msgid first;

	assert_true(import(w, "<alert/>", two));
	first = w->id;
	assert_true(import(w, "<alert/>\n", one));
	assert_true(w->duplicate);
	const char *const far[] = {DOC, "to", "330225101", "to", "330200", NULL};
	assert_false(import(w, "<alert/>\n\n", far));
	MUST_REFUSE(w, EX_DATAERR, "to", &first);
	assert_non_null(strstr(w->fault.text, "330200"));
}

/* An Update takes over what it leaves unsaid: it is compared by what was read, not by what became of it. */
static void
updates(void **state)
{
	struct world *w = *state;
	const char *const doc[] = {DOC, "text", "雨", "severity", "Severe", NULL};
	const char *const update[] = {"kind", "warning", "stage", "correction", "title", "暴雨红色预警", "source_format",
	    "cap", "foreign_id", "w@qx,QX-2,2026-09-21T21:00:00+08:00", "cap_msgtype", "Update", "cap_references",
	    "w@qx,QX-1,2026-09-21T20:00:00+08:00", NULL};
	const char *const cancel[] = {"kind", "warning", "stage", "withdrawal", "reason", "解除", "title", "暴雨红色预警",
	    "source_format", "cap", "foreign_id", "w@qx,QX-3,2026-09-21T22:00:00+08:00", "cap_msgtype", "Cancel",
	    "cap_references", "w@qx,QX-2,2026-09-21T21:00:00+08:00", NULL};
	const char *const more[] = {"kind", "warning", "stage", "correction", "title", "暴雨红色预警", "source_format",
	    "cap", "foreign_id", "w@qx,QX-2,2026-09-21T21:00:00+08:00", "cap_msgtype", "Update", "cap_references",
	    "w@qx,QX-1,2026-09-21T20:00:00+08:00", "severity", "Severe", NULL};
	const char *const *docs[] = {doc, update, cancel};
	struct msgid ids[3];
	size_t n;

	for (size_t i = 0; i < 3; i++) {
		char bytes[16];

		snprintf(bytes, sizeof bytes, "<a>%zu</a>", i);
		if (!import(w, bytes, docs[i]))
			fail_msg("%zu: %s: %s", i, w->fault.field, w->fault.text);
		ids[i] = w->id;
	}
	n = count(w);
	for (size_t i = 0; i < 3; i++) {
		char bytes[16];

		snprintf(bytes, sizeof bytes, "<a>%zu</a>\n", i);
		if (!import(w, bytes, docs[i]))
			fail_msg("%zu again: %s: %s", i, w->fault.field, w->fault.text);
		assert_true(w->duplicate && msgid_cmp(&w->id, &ids[i]) == 0);
	}
	assert_false(import(w, "<a>more</a>", more));
	MUST_REFUSE(w, EX_DATAERR, "foreign_id", &ids[1]);
	assert_int_equal(count(w), n);
}

static void
destroyed(void **state)
{
	struct world *w = *state;
	const char *const doc[] = {DOC, NULL}, *const changed[] = {DOC, "text", "改", NULL};
	struct msgid first;
	size_t n;

	assert_true(import(w, "<alert/>", doc));
	first = w->id;
	station_destroy(w->s, w->now, 43, &first, "destroy-1", "seat1", "甲某", "乙某", "误入");
	turn(w);
	if (w->refused)
		fail_msg("%s: %s", w->fault.field, w->fault.text);
	n = count(w);
	for (int i = 0; i < 4; i++) {
		assert_false(import(w, i == 0 ? "<alert/>" : i == 1 ? "<alert/>\n" : i == 2 ? "<alert>x</alert>" : "<alert/>\n",
		    i == 2 ? changed : doc));
		MUST_REFUSE(w, EX_NOPERM, "foreign_id", NULL);
	}
	assert_int_equal(count(w), n);
}

/* A history is told apart by its lines alone; what is typed by hand bears no format. */
static void
others(void **state)
{
	struct world *w = *state;
	const char *const history[] = {"kind", "report", "history", "yes", "title", "火灾", "source_format", "report-jsonl",
	    "foreign_id", "r1", "foreign_incident", "e1", "learned", "2026-09-21T20:00:00+08:00", "type", "12G00", "place",
	    "西周镇", "version", "1", "stage", "first", NULL};
	const char *const by_hand[] = {"kind", "warning", "title", "x", "foreign_id", "h1", NULL};
	struct msgid id;

	id = sent(w, "r1", history);
	assert_true(submit(w, "r1-other-bytes", history) && !w->duplicate);
	assert_int_not_equal(msgid_cmp(&id, &w->id), 0);
	id = sent(w, "h1", by_hand);
	assert_true(submit(w, "h1-again", by_hand) && !w->duplicate);
}

/* A journal from before the content was recorded: by what is stored, which an Update may have taken over in part. */
static void
unrecorded(void **state)
{
	struct world *w = *state;
	const char *const doc[] = {DOC, NULL}, *const changed[] = {DOC, "severity", "Minor", NULL};
	const char *const more[] = {DOC, "urgency", "Future", NULL};
	const char *const as_stored[] = {DOC, "severity", "Severe", "stage", "correction", "to", "330225101", NULL};
	struct msgid id = {.epoch = 1, .serial = 4};
	struct journal_msg m = {.kind = KIND_WARNING, .precedence = PREC_PRIORITY, .stored = NOW, .local = true};
	struct body *b = make(as_stored);

	snprintf(id.origin, sizeof id.origin, "330225");
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_INCIDENT, &id);
	m.id = m.incident = id;
	snprintf(m.from, sizeof m.from, "330225");
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	assert_int_equal(w->j->ops->put_message(w->j, &m), 0);
	assert_int_equal(w->j->ops->foreign_put(w->j, "message", "/w@qx,QX-1,2026-09-21T20:00:00+08:00", &id), 0);
	assert_int_equal(w->j->ops->commit(w->j), 0);
	buf_free(&m.body);
	body_free(b);
	assert_true(import(w, "<alert/>", doc));
	assert_true(w->duplicate && msgid_cmp(&w->id, &id) == 0);
	assert_false(import(w, "<alert>1</alert>", changed));
	MUST_REFUSE(w, EX_DATAERR, "foreign_id", &id);
	assert_false(import(w, "<alert>2</alert>", more));
	MUST_REFUSE(w, EX_DATAERR, "foreign_id", &id);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(other_bytes),
	    T(other_addressees),
	    T(updates),
	    T(destroyed),
	    T(others),
	    T(unrecorded),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
