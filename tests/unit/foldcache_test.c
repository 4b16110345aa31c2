/*
 * The cache of the folds and what else verify holds against the messages: damage made with SQLite itself behind the
 * journal's back is found offline (dutyctl) and online (the switch's answer), named, mended online, and then clean.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>
#include "station_help.h"
#include "journal_make.h"
#include "../../switch/journal_guard.h"
#include "../../switch/ctl.h"
#include "../../switch/foldcache.h"
#include "../../switch/query.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SELF "330225"

struct bed {
	struct world w;
	char root[64], dir[96], journal[128], db[160], said[160];
	struct msgid fire, flood;	/* incidents; the fire is closed, by its final report */
};

/* ---- the bed ---- */

static void
copy(const char *from, const char *to)
{
	FILE *a = fopen(from, "rb"), *b = fopen(to, "wb");
	char part[65536];
	size_t n;

	assert_non_null(a);
	assert_non_null(b);
	while ((n = fread(part, 1, sizeof part, a)) > 0)
		assert_int_equal(fwrite(part, 1, n, b), n);
	assert_int_equal(fclose(b), 0);
	fclose(a);
}

static void
up(struct bed *b)
{
	struct fault f = {0};

	if ((b->w.j = journal_sqlite_open(b->journal, false, &f)) == NULL)
		fail_msg("%s: %s", f.file, f.text);
	start(&b->w);
}

static void
down(struct bed *b)
{
	station_stop(b->w.s, b->w.now);
	turn(&b->w);
	station_free(b->w.s);
	b->w.s = NULL;
	b->w.j->ops->close(b->w.j);
	b->w.j = NULL;
}

/* What dutyctl says goes to a file, so that it can be looked at. */
static int
ctl_says(struct bed *b, int (*verb)(struct ctl *, int, char **), int argc, char **argv, char *said, size_t size)
{
	struct ctl ctl = {.dir = b->dir};
	int keep[2] = {dup(1), dup(2)}, fd = open(b->said, O_RDWR | O_CREAT | O_TRUNC, 0600), rc;
	ssize_t n;

	assert_true(fd >= 0 && keep[0] >= 0 && keep[1] >= 0);
	fflush(stdout);
	fflush(stderr);
	dup2(fd, 1);
	dup2(fd, 2);
	rc = verb(&ctl, argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(keep[0], 1);
	dup2(keep[1], 2);
	close(keep[0]);
	close(keep[1]);
	n = pread(fd, said, size - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	close(fd);
	codebook_free(ctl.codebook);
	return rc;
}

static void
sql(struct bed *b, const char *text)
{
	char *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(b->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	assert_true(strncmp(text, "SELECT", 6) == 0 || sqlite3_changes(db) > 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct msgid
import(struct bed *b)
{
	static const char *const fields[] = {"kind", "warning", "title", "暴雨橙色预警", "to", "330200", NULL};
	struct body *body = make(fields);
	struct station_submit r = {.rid = "cap", .seat = "s", .body = body, .blob = "<alert/>", .blob_len = 8};

	station_submit(b->w.s, b->w.now, 42, &r);
	turn(&b->w);
	if (b->w.refused)
		fail_msg("%s: %s", b->w.fault.field, b->w.fault.text);
	body_free(body);
	return b->w.id;
}

static int
bed(void **state)
{
	static const char *const fire[] = {FIRST, NULL};
	static const char *const flood[] = {
	    "kind", "report", "place", "丹城", "title", "内涝", "type", "11B00", "learned", "2026-09-21T21:00:00+08:00",
	    NULL};
	struct bed *b = xcalloc(1, sizeof *b);
	char text[MSGID_TEXT_MAX], good[160], said[4096];
	char *init[] = {(char[]){"--station"}, (char[]){SELF}, (char[]){"--name"}, (char[]){"象山县"}};

	make_dir(b->root, sizeof b->root);
	snprintf(b->dir, sizeof b->dir, "%s/station", b->root);
	snprintf(b->said, sizeof b->said, "%s/said", b->root);
	if (ctl_says(b, ctl_init, 4, init, said, sizeof said) != EX_OK)
		fail_msg("%s", said);
	snprintf(b->journal, sizeof b->journal, "%s/journal", b->dir);
	snprintf(b->db, sizeof b->db, "%s/journal.db", b->journal);
	b->w.now = NOW;
	snprintf(b->w.topo.self, sizeof b->w.topo.self, "%s", SELF);
	b->w.topo.n = b->w.nb;
	b->w.topo.count = 1;
	snprintf(b->w.nb[0].station, STATION_MAX, "330200");
	b->w.nb[0].role = ROLE_PARENT;
	up(b);
	b->fire = sent(&b->w, "fire", fire);
	b->w.now += 1000;
	b->flood = sent(&b->w, "flood", flood);
	b->w.now += 1000;
	msgid_format(&b->fire, text, sizeof text);
	(void)sent(&b->w, "final", (const char *const[]){"kind", "report", "incident", text, "stage", "final", "title",
	    "火灾终报", "place", "西周镇", "type", "12G00", "text", "明火已扑灭", NULL});
	(void)import(b);
	down(b);
	snprintf(good, sizeof good, "%s/good", b->root);
	copy(b->db, good);
	*state = b;
	return 0;
}

static int
unbed(void **state)
{
	struct bed *b = *state;

	if (b->w.s != NULL)
		down(b);
	remove_dir(b->journal);
	remove_dir(b->dir);
	remove_dir(b->root);
	free(b);
	return 0;
}

static void
restore(struct bed *b)
{
	char good[160];

	snprintf(good, sizeof good, "%s/good", b->root);
	copy(good, b->db);
	assert_int_equal(journal_anchor_drop(b->journal), 0);
}

static json_t *
verify(struct bed *b)
{
	struct query_env env = {.station = b->w.s};
	struct fault f = {0};
	json_t *request = json_object(), *o = query_answer(&env, b->w.now, "verify", request, &f);

	json_decref(request);
	if (o == NULL)
		fail_msg("%s", f.text);
	turn(&b->w);
	return o;
}

static const char *
str(const json_t *o, const char *member)
{
	return json_string_value(json_object_get(o, member));
}

static json_int_t
num(const json_t *o, const char *member)
{
	return json_integer_value(json_object_get(o, member));
}

static void
is_clean(struct bed *b)
{
	json_t *o = verify(b);

	if (str(o, "bad")[0] != '\0' || str(o, "fold_bad")[0] != '\0')
		fail_msg("not clean: %s %s %s", str(o, "bad"), str(o, "fold_bad"), str(o, "fold_why"));
	assert_int_equal(num(o, "fold_count"), 0);
	assert_int_equal(num(o, "rebuilt"), 0);
	json_decref(o);
}

static void
number_of(struct bed *b, const struct msgid *id, char number[96])
{
	struct journal_incident inc;

	memset(&inc, 0, sizeof inc);
	assert_int_equal(b->w.j->ops->incident_get(b->w.j, id, &inc), 0);
	memcpy(number, inc.number, sizeof inc.number);
	buf_free(&inc.summary);
}

static void
offline(struct bed *b, int status, const char *word, const char *more)
{
	char said[4096];
	int rc = ctl_says(b, ctl_verify, 0, NULL, said, sizeof said);

	if (rc != status || strstr(said, word) == NULL || strstr(said, more) == NULL)
		fail_msg("offline: %d, expected %d with \"%s\" and \"%s\": %s", rc, status, word, more, said);
}

/* ---- cases ---- */

#define FIRE " WHERE serial=1"

static void
damaged_cache(void **state)
{
	static const struct {
		const char *sql, *why;
		json_int_t n;
	} rows[] = {
		{"UPDATE incident SET summary=CAST('{\"title\":\"水灾\"}' AS BLOB)" FIRE,
		    "summary", 1},
		{"UPDATE incident SET summary=x'ff00'" FIRE, "summary", 1},
		{"UPDATE incident SET summary=x''" FIRE, "summary", 1},
		{"UPDATE incident SET summary=CAST('[]' AS BLOB)" FIRE, "summary", 1},
		{"UPDATE incident SET number='0101-099'" FIRE, "number", 1},
		{"UPDATE incident SET closed=1-closed" FIRE, "closed", 1},
		{"UPDATE incident SET history=1-history" FIRE, "history", 1},
		{"UPDATE incident SET changed=changed+1" FIRE, "changed", 1},
		{"UPDATE incident SET seq=seq+1" FIRE, "seq", 1},
		{"UPDATE incident SET number='',changed=0,seq=0,history=1,closed=1,summary=CAST('{}' AS BLOB)" FIRE,
		    "number", 1},
		{"DELETE FROM incident" FIRE, "missing", 1},
		{"DELETE FROM incident", "missing", 3},
		{"INSERT INTO source VALUES(99,1,'x',1); UPDATE incident SET source=99,realm=1" FIRE, "missing", 2},
		{"INSERT INTO incident SELECT NULL,realm,source,serial+500,'0101-001',changed,seq,closed,history,"
		 "summary FROM incident" FIRE, "phantom", 1},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char number[96], before[96];
		struct msgid id;
		struct fault f = {0};
		uint64_t seq;
		json_t *o;

		restore(b);
		offline(b, EX_OK, "clean (verified offline)", "incidents    3");
		up(b);
		is_clean(b);
		number_of(b, &b->fire, before);
		down(b);
		sql(b, rows[i].sql);
		/* Offline it is named, and left as it is. */
		for (int k = 0; k < 2; k++) {
			char why[32];

			snprintf(why, sizeof why, "(%s)", rows[i].why);
			offline(b, EX_DATAERR, "cached fold differs: ", why);
		}
		up(b);
		seq = station_revision(b->w.s);
		o = verify(b);
		if (strcmp(str(o, "fold_why"), rows[i].why) != 0 || str(o, "fold_bad")[0] == '\0')
			fail_msg("%s: \"%s\", expected \"%s\"", rows[i].sql, str(o, "fold_why"), rows[i].why);
		assert_string_equal(str(o, "bad"), "");
		assert_int_equal(num(o, "incidents"), 3);
		assert_int_equal(num(o, "fold_count"), rows[i].n);
		assert_int_equal(num(o, "rebuilt"), rows[i].n);
		json_decref(o);
		assert_int_equal(station_revision(b->w.s), seq + 1);	/* the chain tells */
		is_clean(b);
		assert_int_equal(station_revision(b->w.s), seq + 1);
		number_of(b, &b->fire, number);
		assert_string_equal(number, before);
		assert_int_equal(station_resolve(b->w.s, REALM_LIVE, number, &id, &f), 0);
		assert_int_equal(msgid_cmp(&id, &b->fire), 0);
		id.serial += 500;
		assert_int_equal(station_resolve(b->w.s, REALM_LIVE, text_of(&id), &id, &f), -1);
		down(b);
		offline(b, EX_OK, "clean (verified offline)", "incidents    3");
	}
}

static void
damaged_rows(void **state)
{
	static const struct {
		const char *sql, *bad, *more;
		json_int_t rebuilt;
	} rows[] = {
		{"DELETE FROM original", ".4: its original ", "is missing", 0},
		{"DELETE FROM delivery WHERE serial=2", ".2: its delivery to 330200 is missing", "", 0},
		{"DELETE FROM delivery", ".1: its delivery to 330200 is missing", "", 0},
		{"UPDATE delivery SET station=(SELECT max(n) FROM name WHERE n<>station) WHERE serial=1", ".1: its delivery to", "",
		    0},
		/* With it the cache: what is missing is made again, what differs may be the last to tell. */
		{"DELETE FROM incident; DELETE FROM original", ".4: its original ", "is missing", 3},
		{"UPDATE incident SET number='1'; DELETE FROM original", ".4: its original ", "is missing", 0},
		{"UPDATE payload SET body=x'a0' WHERE seq=(SELECT min(seq) FROM payload)", ".1: its bytes are not those",
		    "", 0},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		restore(b);
		sql(b, rows[i].sql);
		offline(b, EX_DATAERR, rows[i].bad, rows[i].more);
		up(b);
		for (int k = 0; k < 2; k++) {
			json_t *o = verify(b);

			if (strstr(str(o, "bad"), rows[i].bad) == NULL || strstr(str(o, "bad"), rows[i].more) == NULL)
				fail_msg("%s: \"%s\"", rows[i].sql, str(o, "bad"));
			assert_int_equal(num(o, "rebuilt"), k == 0 ? rows[i].rebuilt : 0);
			json_decref(o);
		}
		down(b);
	}
}

/* A row of the wrong kind fails the journal, as any reader of it would: offline says so, and does not crash. */
static void
unreadable_row(void **state)
{
	struct bed *b = *state;

	sql(b, "UPDATE incident SET changed='yesterday'" FIRE);
	offline(b, EX_DATAERR, "cannot be read", "");
}

/* What two persons have destroyed is not missing; nor are the bytes an addressee has not asked for. */
static void
not_owed(void **state)
{
	static const struct msgid none;
	struct bed *b = *state;
	struct journal_msg m;
	struct msgid id;
	struct body *body;
	uint8_t digest[DIGEST_LEN];

	up(b);
	id = b->flood;
	id.serial = 4;
	assert_int_equal(b->w.j->ops->destroy(b->w.j, b->w.now, &id, "张三", "李四", "误入"), 0);
	station_changed(b->w.s, &id);	/* what destroying leaves to the caller */
	turn(&b->w);
	memset(&m, 0, sizeof m);
	m.id = id;
	snprintf(m.id.origin, sizeof m.id.origin, "330200");
	m.incident = none;
	m.kind = KIND_WARNING;
	m.local = true;
	m.stored = b->w.now;
	snprintf(m.from, sizeof m.from, "330200");
	digest_of("elsewhere", 9, digest);
	body = body_new();
	body_set_num(body, F_KIND, KIND_WARNING);
	body_set_id(body, F_ID, &m.id);
	body_set_text(body, F_TO, SELF);
	body_set_digest(body, F_ORIGINAL, digest);
	wire_encode(body, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	assert_int_equal(b->w.j->ops->put_message(b->w.j, &m), 0);
	assert_int_equal(b->w.j->ops->commit(b->w.j), 0);
	buf_free(&m.body);
	body_free(body);
	is_clean(b);
	down(b);
	offline(b, EX_OK, "clean", "destroyed    1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(damaged_cache, bed, unbed),
		cmocka_unit_test_setup_teardown(damaged_rows, bed, unbed),
		cmocka_unit_test_setup_teardown(unreadable_row, bed, unbed),
		cmocka_unit_test_setup_teardown(not_owed, bed, unbed),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
