/*
 * Copies of the journal under traffic, and putting one back: nothing disturbed, nothing overwritten, no number used twice.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <sqlite3.h>
#include "../../switch/journal_sqlite_backup.h"
#include "e2e.h"

#define WAIT 60000
#define BLOB ((size_t)4 << 20)
#define BLOBS 26

static size_t
files_in(const char *folder, const char *start, const char *end, char last[400])
{
	struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(folder);

	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (strncmp(e->d_name, start, strlen(start)) == 0 && len >= strlen(end) && strcmp(e->d_name + len - strlen(end), end) == 0) {
			(void)snprintf(last, 400, "%s/%s", folder, e->d_name);
			n++;
		}
	}
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* ---- under traffic ---- */

/* Originals that do not compress, until the journal has 100 MB. */
static void
fill(struct station_proc *s)
{
	uint8_t *blob = xmalloc(BLOB);
	struct fault f;

	for (int i = 0; i < BLOBS; i++) {
		json_t *answer;
		char rid[33];

		for (size_t k = 0; k + 8 <= BLOB; k += 8) {
			uint64_t r = chance(UINT64_MAX);

			memcpy(blob + k, &r, sizeof r);
		}
		client_rid(rid);
		answer = st_try(s, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", "live", "body", report_body("原件")),
		    blob, BLOB, &f);
		ST_CHECK(answer != NULL, "%s: %s: %s", s->code, f.field, f.text);
		json_decref(answer);
	}
	free(blob);
}

struct asked { uint64_t n; json_t *answer; };

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct asked *a = ctx;

	if (n == a->n)
		a->answer = json_deep_copy(answer);
}

/* Submits one after the other while the copy is made; the slowest is what counts. */
static void
submits_stay_fast(struct e2e *e, struct station_proc *s)
{
	struct journal_backup_info info;
	struct asked a = { .n = 0 };
	struct fault f = { 0 };
	struct client *c = client_open(s->dir, "e2e", &f);
	int64_t slowest = 0, began = mono_ms(), sum = 0;
	size_t n = 0;

	ST_CHECK(c != NULL, "%s", f.text);
	a.n = client_post(c, json_pack("{s:s}", "op", "backup"), NULL, 0);
	while (a.answer == NULL) {
		int64_t t = mono_ms();

		ST_CHECK(client_step(c, 0, on_answer, NULL, &a, &f) >= 0, "%s", f.text);
		json_decref(st_submit(s, "live", report_body("其间")));
		t = mono_ms() - t;
		sum += t;
		slowest = t > slowest ? t : slowest;
		n++;
		ST_CHECK(mono_ms() - began < WAIT * e->slow, "the copy is not made in time");
	}
	ST_CHECK(json_is_true(json_object_get(a.answer, "ok")), "backup: %s", text_of(a.answer, "text"));
	ST_CHECK(slowest < 500 * e->slow, "a submit took %lld ms beside the copy", (long long)slowest);
	ST_CHECK(n >= 10, "only %zu submits beside the copy", n);
	ST_CHECK(journal_backup_check(text_of(a.answer, "path"), s->code, &info, &f) == 0, "%s", f.text);
	ST_CHECK(info.bytes > 100u << 20 && info.messages >= BLOBS, "%llu bytes, %llu messages", (unsigned long long)info.bytes,
	    (unsigned long long)info.messages);
	(void)snprintf(e->note, sizeof e->note, "(%llu MB in %lld ms beside %zu submits, mean %.1f ms, slowest %lld ms)",
	    (unsigned long long)(info.bytes >> 20), (long long)json_integer_value(json_object_get(a.answer, "ms")), n,
	    (double)sum / (double)n, (long long)slowest);
	json_decref(a.answer);
	client_close(c);
}

void
case_backup_online(struct e2e *e)
{
	struct station_proc *s = &e->st.s[COUNTY];
	char folder[300], last[400], path[400], other[400];
	struct client *c;
	struct fault f = { 0 };
	struct output o;
	struct stat st;

	(void)snprintf(folder, sizeof folder, "%s/backup", s->dir);
	st_start(s);
	fill(s);
	submits_stay_fast(e, s);
	ST_CHECK(files_in(folder, "20", ".db", last) == 1, "not one copy in %s", folder);
	ST_CHECK(stat(folder, &st) == 0 && (st.st_mode & 07777) == 0700, "%s: mode %o", folder, st.st_mode & 07777u);
	ST_CHECK(stat(last, &st) == 0 && (st.st_mode & 07777) == 0600, "%s: mode %o", last, st.st_mode & 07777u);
	/* To a place of one's own, named from one's own folder; what is there is left alone. */
	(void)snprintf(path, sizeof path, "%s/mine.db", e->st.root);
	st_ctl(s, NULL, 0, &o, "backup", path, NULL);
	ST_CHECK(o.status == 0 && stat(path, &st) == 0, "backup PATH: %s", output_text(&o));
	output_free(&o);
	st_ctl(s, NULL, 0, &o, "backup", path, NULL);
	ST_CHECK(o.status == EX_CANTCREAT, "a copy over another: %s", output_text(&o));
	output_free(&o);
	(void)snprintf(other, sizeof other, "%s/nowhere/mine.db", e->st.root);
	st_ctl(s, NULL, 0, &o, "backup", other, NULL);
	ST_CHECK(o.status == EX_CANTCREAT, "a copy to nowhere: %s", output_text(&o));
	output_free(&o);
	/* Killed in the middle of one: no copy, and its half goes with the next start. */
	c = client_open(s->dir, "e2e", &f);
	ST_CHECK(c != NULL, "%s", f.text);
	(void)client_post(c, json_pack("{s:s}", "op", "backup"), NULL, 0);
	(void)client_step(c, 0, NULL, NULL, NULL, &f);
	for (int i = 0; i < 500 && files_in(folder, "20", ".db.part", last) == 0; i++)
		(void)poll(NULL, 0, 2);
	ST_CHECK(files_in(folder, "20", ".db.part", last) == 1, "no copy was begun");
	st_kill(s);
	client_close(c);
	ST_CHECK(files_in(folder, "20", ".db", last) == 1, "half a copy has the name of one");
	st_start(s);
	ST_CHECK(files_in(folder, "20", ".db.part", last) == 0, "half a copy is left");
	/* The stop does not wait for one. */
	c = client_open(s->dir, "e2e", &f);
	ST_CHECK(c != NULL, "%s", f.text);
	(void)client_post(c, json_pack("{s:s}", "op", "backup"), NULL, 0);
	(void)client_step(c, 0, NULL, NULL, NULL, &f);
	(void)st_status(s, "messages");
	ST_CHECK(st_stop(s, 20000) == 0, "stopped badly");
	client_close(c);
	ST_CHECK(files_in(folder, "20", ".db.part", last) == 0, "half a copy is left");
}

/* ---- putting one back ---- */

struct ids { char id[200][80]; size_t n; };

static void
id_row(void *ctx, const json_t *row)
{
	struct ids *ids = ctx;

	ST_CHECK(ids->n < 200, "too many");
	(void)snprintf(ids->id[ids->n++], 80, "%s", text_of(row, "id"));
}

static void
report_up(struct e2e *e, const char *title)
{
	json_t *body = report_body(title);

	(void)json_object_set_new(body, "to", json_pack("[s]", e->st.s[COUNTY].code));
	json_decref(st_submit(&e->st.s[TOWN], "live", body));
}

static void
restore_ends(struct station_proc *s, const char *what, int status, const char *const args[], const char *says)
{
	struct output o;

	st_ctl(s, NULL, 0, &o, "restore", args[0], args[1], NULL);
	ST_CHECK(o.status == status, "%s: wanted %d: %s", what, status, output_text(&o));
	ST_CHECK(says == NULL || strstr(buf_cstr(&o.err), says) != NULL, "%s: does not say %s: %s", what, says, output_text(&o));
	output_free(&o);
}

static void
damage(const char *path, off_t at)
{
	static const char bad[64] = "damaged damaged damaged damaged";
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ST_CHECK(fd >= 0 && pwrite(fd, bad, sizeof bad, at) == sizeof bad, "%s: %s", path, strerror(errno));
	close(fd);
}

static bool
has_reports(struct station_proc *s, void *ctx)
{
	struct ids ids = { .n = 0 };

	(void)st_each(s, "report", false, id_row, &ids);
	return ids.n == *(const size_t *)ctx;
}

void
case_restore(struct e2e *e)
{
	struct station_proc *s = &e->st.s[COUNTY];
	char folder[300], journal[300], db[400], copy[400], bad[400], path[400], number[32];
	struct ids before = { .n = 0 }, after = { .n = 0 };
	struct buf bytes = { 0 };
	json_int_t epoch;
	size_t reports = 8;

	(void)snprintf(folder, sizeof folder, "%s/backup", s->dir);
	(void)snprintf(journal, sizeof journal, "%s/journal", s->dir);
	(void)snprintf(db, sizeof db, "%s/journal.db", journal);
	(void)snprintf(bad, sizeof bad, "%s/bad.db", e->st.root);
	stations_start(&e->st);
	for (int i = 0; i < 4; i++)
		report_up(e, "早先");
	stations_settle(&e->st, WAIT);
	json_decref(st_ask(s, json_pack("{s:s}", "op", "backup")));
	ST_CHECK(files_in(folder, "20", ".db", copy) == 1, "not one copy");
	/* After the backup: more from below, and something of its own. */
	for (int i = 0; i < 4; i++)
		report_up(e, "后来");
	json_decref(st_submit(s, "live", json_pack("{s:s, s:s}", "kind", "log", "text", "备份以后")));
	stations_settle(&e->st, WAIT);
	(void)st_each(s, "log", false, id_row, &before);
	epoch = st_status(s, "epoch");
	/* Never under a running switch. */
	(void)snprintf(number, sizeof number, "%ld", (long)s->pid);
	restore_ends(s, "restore under a running switch", EX_TEMPFAIL, (const char *const[]){ "--from", copy }, number);
	ST_CHECK(st_stop(s, 20000) == 0, "stopped badly");
	/* Not another station's, not a damaged one, not nothing: and the journal stays as it is. */
	file_read(db, &bytes);
	restore_ends(&e->st.s[CITY], "restore under a running switch", EX_TEMPFAIL, (const char *const[]){ "--from", copy }, NULL);
	ST_CHECK(st_stop(&e->st.s[CITY], 20000) == 0, "stopped badly");
	restore_ends(&e->st.s[CITY], "another station's backup", EX_CONFIG, (const char *const[]){ "--from", copy }, s->code);
	st_start(&e->st.s[CITY]);
	restore_ends(s, "no file", EX_NOINPUT, (const char *const[]){ "--from", "/nowhere.db" }, "nowhere");
	restore_ends(s, "neither", EX_USAGE, (const char *const[]){ NULL, NULL }, NULL);
	{
		struct buf b = { 0 };

		file_read(copy, &b);
		file_write(bad, b.p, b.n);
		damage(bad, 0);
		restore_ends(s, "a damaged backup", EX_DATAERR, (const char *const[]){ "--from", bad }, "bad.db");
		file_write(bad, b.p, b.n / 2 / 4096 * 4096);
		restore_ends(s, "half a backup", EX_DATAERR, (const char *const[]){ "--from", bad }, "bad.db");
		buf_free(&b);
	}
	{
		struct buf now = { 0 };

		file_read(db, &now);
		ST_CHECK(now.n == bytes.n && memcmp(now.p, bytes.p, now.n) == 0, "a refused restore has changed the journal");
		buf_free(&now);
	}
	buf_free(&bytes);
	/* The disk has eaten the journal. */
	damage(db, 0);
	st_launch(s);
	ST_CHECK(st_wait(s, 20000) == EX_DATAERR, "a damaged journal was taken");
	restore_ends(s, "restore", EX_OK, (const char *const[]){ "--from", copy }, "kept as");
	ST_CHECK(files_in(journal, "journal.db.before-", "", path) >= 1, "the old journal is gone");
	(void)snprintf(path, sizeof path, "%s/restore.tmp", s->dir);
	ST_CHECK(access(path, F_OK) != 0, "%s is left", path);
	st_start(s);
	ST_CHECK(st_status(s, "epoch") > epoch, "the epoch was not opened anew");
	json_decref(st_verify(s));
	/* What it writes now has no number that was used. */
	json_decref(st_submit(s, "live", json_pack("{s:s, s:s}", "kind", "log", "text", "恢复以后")));
	(void)st_each(s, "log", false, id_row, &after);
	for (size_t i = 0; i < after.n; i++)
		for (size_t k = 0; k < before.n; k++)
			ST_CHECK(strcmp(after.id[i], before.id[k]) != 0, "%s was used twice", after.id[i]);
	/* What it had received since comes back from the neighbours. */
	st_await(s, "the reports from below", WAIT * 3, has_reports, &reports);
	/* No backup at all: an empty one, and again what the neighbours hold. */
	ST_CHECK(st_stop(s, 20000) == 0, "stopped badly");
	restore_ends(s, "restore --empty", EX_OK, (const char *const[]){ "--empty", NULL }, "kept as");
	st_start(s);
	st_await(s, "the reports from below", WAIT * 3, has_reports, &reports);
	report_up(e, "最后");
	stations_settle(&e->st, WAIT);
	verify_all(e);
}

/* ---- retention ---- */

/* Fifty days pass for what is in the journal. */
static void
age(const char *db)
{
	sqlite3 *h = NULL;

	ST_CHECK(sqlite3_open_v2(db, &h, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_exec(h, "UPDATE chain SET ms=(SELECT stored FROM message m WHERE m.seq=chain.seq) WHERE ref IS NULL;"
	    "UPDATE message SET stored=stored-4320000000; UPDATE incident SET changed=changed-4320000000", NULL, NULL, NULL) == SQLITE_OK, "%s: %s", db,
	    h != NULL ? sqlite3_errmsg(h) : "");
	ST_CHECK(sqlite3_close(h) == SQLITE_OK, "%s", db);
}

static bool
log_tells(struct station_proc *s, void *ctx)
{
	struct buf log = { 0 };
	bool found;

	file_read(s->log, &log);
	found = strstr(buf_cstr(&log), ctx) != NULL;
	buf_free(&log);
	return found;
}

/* Its bytes are in the journal; the switch is stopped. */
static bool
has_bytes(const struct station_proc *s, const char *text)
{
	char dir[300];
	struct journal_msg m;
	struct journal *j;
	struct msgid id;
	struct fault f = { 0 };
	bool has;

	memset(&m, 0, sizeof m);
	(void)snprintf(dir, sizeof dir, "%s/journal", s->dir);
	ST_CHECK(msgid_parse(text, &id), "'%s' is no id", text);
	ST_CHECK((j = journal_sqlite_open(dir, false, &f)) != NULL, "%s", f.text);
	ST_CHECK(j->ops->get_message(j, &id, &m) == 0, "%s: %s is not there at all", s->code, text);
	has = m.body.n > 0;
	ST_CHECK(has != m.retired, "%s: %s is %s retired", s->code, text, m.retired ? "" : "not");
	buf_free(&m.body);
	j->ops->close(j);
	return has;
}

static void
submit_log(struct station_proc *s, const char *text, const char *to, char id[80])
{
	json_t *body = to == NULL ? json_pack("{s:s, s:s}", "kind", "log", "text", text)
				  : json_pack("{s:s, s:s, s:s, s:s, s:[s]}", "kind", "directive", "title", text, "text", text, "author", "陈立",
					"to", to), *answer = st_submit(s, "live", body);

	(void)snprintf(id, 80, "%s", text_of(answer, "id"));
	json_decref(answer);
}

/* A fire from its first report to its last, the town's and delivered; ids of both. */
static void
burn_down(struct station_proc *town, const char *county, char first[80], char last[80])
{
	json_t *body = report_body("仓库火灾"), *answer;
	char incident[80];

	(void)json_object_set_new(body, "to", json_pack("[s]", county));
	answer = st_submit(town, "live", body);
	(void)snprintf(first, 80, "%s", text_of(answer, "id"));
	(void)snprintf(incident, sizeof incident, "%s", text_of(answer, "incident"));
	json_decref(answer);
	body = report_body("仓库火灾终报");
	(void)json_object_set_new(body, "to", json_pack("[s]", county));
	(void)json_object_set_new(body, "stage", json_string("final"));
	(void)json_object_set_new(body, "incident", json_string(incident));
	answer = st_submit(town, "live", body);
	(void)snprintf(last, 80, "%s", text_of(answer, "id"));
	json_decref(answer);
}

static size_t
incidents_listed(struct station_proc *s, bool history)
{
	json_t *o = st_ask(s, json_pack("{s:s, s:b}", "op", "incidents", "history", history));
	size_t n = json_array_size(json_object_get(o, "incidents"));

	json_decref(o);
	return n;
}

/* The real program settles what is over (the county's copy still asks for a signature, and stays), and retention lets the reports go. */
void
case_settling(struct e2e *e)
{
	struct station_proc *s = &e->st.s[COUNTY], *town = &e->st.s[TOWN];
	char db[400], conf[400], first[80], last[80], news[80];
	struct buf text = { 0 };
	json_t *body, *o;

	(void)snprintf(db, sizeof db, "%s/journal/journal.db", town->dir);
	(void)snprintf(conf, sizeof conf, "%s/dutyswitch.conf", town->dir);
	stations_start(&e->st);
	burn_down(town, s->code, first, last);
	stations_settle(&e->st, WAIT);
	ST_CHECK(incidents_listed(town, false) == 1, "not one incident at the town");
	ST_CHECK(st_stop(town, 20000) == 0 && st_stop(s, 20000) == 0, "stopped badly");
	age(db);
	(void)snprintf(db, sizeof db, "%s/journal/journal.db", s->dir);
	age(db);
	file_read(conf, &text);
	buf_puts(&text, "keep_days = 5\nsettle_days = 2\n");
	file_write(conf, text.p, text.n);
	buf_free(&text);
	(void)snprintf(conf, sizeof conf, "%s/dutyswitch.conf", s->dir);
	file_read(conf, &text);
	buf_puts(&text, "keep_days = 5\n");
	file_write(conf, text.p, text.n);
	buf_free(&text);
	st_start(s);
	st_start(town);
	st_await(town, "retention", WAIT, log_tells, (void *)(uintptr_t)"event=retention");
	ST_CHECK(incidents_listed(town, false) == 0, "what is settled is listed");
	ST_CHECK(incidents_listed(town, true) == 1, "what is settled is not found with history");
	ST_CHECK(incidents_listed(s, false) == 1, "the county owes a signature, and does not list it");
	verify_all(e);
	ST_CHECK(st_stop(town, 20000) == 0, "stopped badly");
	ST_CHECK(!has_bytes(town, first) && !has_bytes(town, last), "what is settled was not let go");
	/* Something new is said about it: it is live again, and nothing of what came is let go. */
	st_start(town);
	body = report_body("复燃");
	(void)json_object_set_new(body, "to", json_pack("[s]", town->code));
	o = st_ask(s, json_pack("{s:s}", "op", "incidents"));
	(void)json_object_set(body, "incident", json_object_get(json_array_get(json_object_get(o, "incidents"), 0), "id"));
	json_decref(o);
	o = st_submit(s, "live", body);
	(void)snprintf(news, sizeof news, "%s", text_of(o, "id"));
	json_decref(o);
	stations_settle(&e->st, WAIT);
	ST_CHECK(incidents_listed(town, false) == 1, "news of what was settled does not bring it back");
	verify_all(e);
	ST_CHECK(st_stop(town, 20000) == 0 && st_stop(s, 20000) == 0, "stopped badly");
	ST_CHECK(has_bytes(s, first) && has_bytes(s, last), "the county has not signed, and let it go");
	ST_CHECK(has_bytes(town, news), "the news was let go");
}

/* What nobody waits for loses its bytes after keep_days; what a neighbour has not taken does not, however old, and still arrives. */
void
case_retention(struct e2e *e)
{
	struct station_proc *s = &e->st.s[COUNTY], *town = &e->st.s[TOWN];
	char db[400], conf[400], old[80], waiting[80], fresh[80];
	struct buf text = { 0 };

	(void)snprintf(db, sizeof db, "%s/journal/journal.db", s->dir);
	(void)snprintf(conf, sizeof conf, "%s/dutyswitch.conf", s->dir);
	stations_start(&e->st);
	submit_log(&e->st.s[CITY], "早已过站", town->code, old); /* passes through */
	stations_settle(&e->st, WAIT);
	ST_CHECK(st_stop(town, 20000) == 0, "stopped badly");
	submit_log(s, "还没收到", town->code, waiting);
	ST_CHECK(st_stop(s, 20000) == 0, "stopped badly");
	ST_CHECK(has_bytes(s, old), "what passed through has no bytes");
	age(db);
	file_read(conf, &text);
	buf_puts(&text, "keep_days = 5\n");
	file_write(conf, text.p, text.n);
	buf_free(&text);
	st_start(s);
	submit_log(s, "刚刚", NULL, fresh);
	st_await(s, "retention", WAIT, log_tells, (void *)(uintptr_t)"event=retention");
	json_decref(st_verify(s));
	ST_CHECK(st_stop(s, 20000) == 0, "stopped badly");
	ST_CHECK(!has_bytes(s, old), "what passed through long ago was not let go");
	ST_CHECK(has_bytes(s, fresh), "a fresh entry was let go");
	ST_CHECK(has_bytes(s, waiting), "what waits for its neighbour was let go");
	st_start(s);
	st_start(town);
	stations_settle(&e->st, WAIT);
	verify_all(e);
	ST_CHECK(st_stop(town, 20000) == 0, "stopped badly");
	ST_CHECK(has_bytes(town, waiting), "what waited did not arrive whole");
}
