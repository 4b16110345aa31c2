/*
 * What the journal costs: a message with its chain entry and one delivery, 1 and 64 a transaction, beside a bare SQLite loop that
 * writes equivalent rows into equivalent tables (same indexes, WAL, synchronous=FULL) and hashes nothing.
 *
 * The bare loop is the one place in tests that calls SQLite itself.
 */
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/field.h"
#include "../../formats/wire.h"
#include "../../switch/journal.h"
#include "../lib/stations.h"
#include "bench.h"

#define ROUNDS 9
#define OWN "330225102"

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-8192;"
    "CREATE TABLE chain(seq INTEGER PRIMARY KEY, ms INTEGER, what INTEGER, ref TEXT, who TEXT, digest BLOB, hash BLOB);"
    "CREATE TABLE head(one INTEGER PRIMARY KEY, seq INTEGER, hash BLOB, outbox INTEGER); INSERT INTO head VALUES(1,0,zeroblob(32),0);"
    "CREATE TABLE message(seq INTEGER PRIMARY KEY, realm INTEGER, origin TEXT, epoch INTEGER, serial INTEGER, irealm INTEGER,"
    " iorigin TEXT, iepoch INTEGER, iserial INTEGER, kind INTEGER, precedence INTEGER, stored INTEGER, sender TEXT, local INTEGER,"
    " digest BLOB, UNIQUE(realm,origin,epoch,serial));"
    "CREATE INDEX mi ON message(iorigin,iepoch,iserial,irealm) WHERE iorigin<>''; CREATE INDEX mk ON message(kind);"
    "CREATE TABLE payload(seq INTEGER PRIMARY KEY, body BLOB);"
    "CREATE TABLE delivery(n INTEGER PRIMARY KEY, realm INTEGER, origin TEXT, epoch INTEGER, serial INTEGER, station TEXT,"
    " state INTEGER, since INTEGER, offered INTEGER, delivered INTEGER, read INTEGER, signed INTEGER, taken INTEGER, person TEXT,"
    " UNIQUE(realm,origin,epoch,serial,station)); CREATE INDEX dopen ON delivery(offered) WHERE state<=2;";

enum { BEGIN, COMMIT, CHAIN, HEAD, MESSAGE, PAYLOAD, DELIVERY, STATEMENTS };
static const char *const sql[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE", [COMMIT] = "COMMIT",
	[CHAIN] = "INSERT INTO chain VALUES(?1,?2,2,?3,?4,?5,?5)",
	[HEAD] = "UPDATE head SET seq=?1,hash=?2 WHERE one=1",
	[MESSAGE] = "INSERT INTO message VALUES(?1,0,?2,1000,?1,0,?2,1000,?1,1,4,?3,?2,1,?4)",
	[PAYLOAD] = "INSERT INTO payload VALUES(?1,?2)",
	[DELIVERY] = "INSERT INTO delivery VALUES(NULL,0,?2,1000,?1,'330225',1,?3,?3,0,0,0,0,'')",
};

struct bare {
	sqlite3 *db;
	sqlite3_stmt *s[STATEMENTS];
	sqlite3_int64 seq;
};

static void
sq(struct bare *b, int rc)
{
	ST_CHECK(rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW, "sqlite: %s", sqlite3_errmsg(b->db));
}

static void
bare_open(struct bare *b, const char *path)
{
	memset(b, 0, sizeof *b);
	sq(b, sqlite3_open(path, &b->db));
	sq(b, sqlite3_exec(b->db, schema, NULL, NULL, NULL));
	for (size_t i = 0; i < STATEMENTS; i++)
		sq(b, sqlite3_prepare_v3(b->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &b->s[i], NULL));
}

static void
run(struct bare *b, int which)
{
	sq(b, sqlite3_step(b->s[which]));
	sq(b, sqlite3_reset(b->s[which]));
}

static void
bare_put(struct bare *b, const struct buf *body)
{
	static const unsigned char digest[32] = { 1 };
	sqlite3_stmt **s = b->s;
	sqlite3_int64 n = ++b->seq, ms = 1763787393000 + n;
	char ref[80];

	(void)snprintf(ref, sizeof ref, OWN ".1000.%lld", (long long)n);
	sqlite3_bind_int64(s[CHAIN], 1, n);
	sqlite3_bind_int64(s[CHAIN], 2, ms);
	sqlite3_bind_text(s[CHAIN], 3, ref, -1, SQLITE_STATIC);
	sqlite3_bind_text(s[CHAIN], 4, OWN, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s[CHAIN], 5, digest, 32, SQLITE_STATIC);
	run(b, CHAIN);
	sqlite3_bind_int64(s[MESSAGE], 1, n);
	sqlite3_bind_text(s[MESSAGE], 2, OWN, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s[MESSAGE], 3, ms);
	sqlite3_bind_blob(s[MESSAGE], 4, digest, 32, SQLITE_STATIC);
	run(b, MESSAGE);
	sqlite3_bind_int64(s[PAYLOAD], 1, n);
	sqlite3_bind_blob(s[PAYLOAD], 2, body->p, (int)body->n, SQLITE_STATIC);
	run(b, PAYLOAD);
	sqlite3_bind_int64(s[DELIVERY], 1, n);
	sqlite3_bind_text(s[DELIVERY], 2, OWN, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s[DELIVERY], 3, ms);
	run(b, DELIVERY);
}

/* Microseconds a message. */
static double
bare_round(struct bare *b, const struct buf *bodies, int batches, int batch)
{
	static const unsigned char hash[32] = { 2 };
	double began = mono_s();

	for (int i = 0; i < batches; i++) {
		run(b, BEGIN);
		for (int k = 0; k < batch; k++)
			bare_put(b, &bodies[i * batch + k]);
		sqlite3_bind_int64(b->s[HEAD], 1, b->seq);
		sqlite3_bind_blob(b->s[HEAD], 2, hash, 32, SQLITE_STATIC);
		run(b, HEAD);
		run(b, COMMIT);
	}
	return (mono_s() - began) * 1e6 / (batches * batch);
}

static void
bare_close(struct bare *b)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(b->s[i]);
	sqlite3_close(b->db);
}

/* ---- the journal ---- */

/* Bodies of about the size of a report, made before the clock runs: encoding is not the journal's. */
static void
message_make(struct journal_msg *m, uint64_t serial)
{
	struct body *b = body_new();
	char title[64];

	memset(m, 0, sizeof *m);
	(void)snprintf(m->id.origin, sizeof m->id.origin, OWN);
	m->id.epoch = 1000;
	m->id.serial = serial;
	m->incident = m->id;
	m->kind = KIND_REPORT;
	m->precedence = PREC_ROUTINE;
	m->local = true;
	m->stored = 1763787393000 + (int64_t)serial;
	(void)snprintf(m->from, sizeof m->from, OWN);
	(void)snprintf(title, sizeof title, "关于第%llu号社区发生火灾事故的初报", (unsigned long long)serial);
	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_id(b, F_ID, &m->id);
	body_set_id(b, F_INCIDENT, &m->incident);
	body_set_text(b, F_TO, "330225");
	body_set_text(b, F_TITLE, title);
	body_set_text(b, F_PLACE, "双楼镇竹营社区1社");
	body_set_text(b, F_BRIEF, "7月15日0时18分，竹营社区黄某某家一楼门面起火，火势借风势扩大，波及相邻10户。初步判断为有待调查，烧毁粮仓、羊3只、"
	    "鱼塘15亩。燃烧物质为棉纱，明火已扑灭。夏某玛（男，8岁）返回屋内取财物被困。");
	body_set_text(b, F_MEASURES, "发放棉被354床、编织袋19691条；抢修竹营社区电站闸门，7月15日0时40分恢复；夜视仪2台对海域侦察，暂无发现；"
	    "崔涛家属要求尽快给说法，镇民政所发放慰问金7千元；启动镇级危险化学品四级应急响应。");
	wire_encode(b, &m->body);
	digest_of(m->body.p, m->body.n, m->digest);
	body_free(b);
}

static double
journal_round(struct journal *j, struct journal_msg *m, int batches, int batch)
{
	double began = mono_s();

	for (int i = 0; i < batches; i++) {
		for (int k = 0; k < batch; k++) {
			struct journal_msg *one = &m[i * batch + k];
			struct journal_delivery d = { .id = one->id, .to = "330225", .state = DLV_OPEN, .since = one->stored, .offered = one->stored };

			ST_CHECK(j->ops->put_message(j, one) == 0 && j->ops->delivery_put(j, &d) == 0, "the journal failed");
		}
		ST_CHECK(j->ops->commit(j) == 0, "commit failed");
	}
	return (mono_s() - began) * 1e6 / (batches * batch);
}

static void
compare(struct bench *b, const char *dir, int batches, int batch)
{
	char path[600], name[64];
	int n = batches * batch;
	struct journal_msg *m = xcalloc((size_t)n, sizeof *m);
	struct buf *bodies = xcalloc((size_t)n, sizeof *bodies);
	struct rounds ours = { .n = 0 }, theirs = { .n = 0 };
	struct fault f = { 0 };
	struct journal *j;
	struct bare bare;

	scratch_file(b, "bare.db", path, sizeof path);
	bare_open(&bare, path);
	j = journal_sqlite_open(dir, true, &f);
	ST_CHECK(j != NULL, "journal: %s", f.text);
	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < n; i++) {
			message_make(&m[i], (uint64_t)r * (uint64_t)n + (uint64_t)i + 1);
			bodies[i] = m[i].body;
		}
		/* turn about, so that a slow moment of the disk hits both */
		if (r % 2 == 0)
			rounds_add(&theirs, bare_round(&bare, bodies, batches, batch));
		rounds_add(&ours, journal_round(j, m, batches, batch));
		if (r % 2 != 0)
			rounds_add(&theirs, bare_round(&bare, bodies, batches, batch));
		for (int i = 0; i < n; i++)
			buf_free(&m[i].body);
	}
	j->ops->close(j);
	bare_close(&bare);
	scratch_remove(path);
	(void)snprintf(name, sizeof name, "store_batch%d", batch);
	bench_plain(b, name, rounds_median(&ours), "us/message");
	(void)snprintf(name, sizeof name, "store_batch%d_bare_sqlite", batch);
	bench_plain(b, name, rounds_median(&theirs), "us/message");
	(void)snprintf(name, sizeof name, "store_batch%d_ratio", batch);
	bench_plain(b, name, rounds_ratio(&ours, &theirs), "x");
	free(m);
	free(bodies);
}

int
main(int argc, char **argv)
{
	struct bench b;
	char dir[400], db[450];

	bench_begin(&b, argc, argv, "store: a message, its chain entry and a delivery, made durable (medians of 9 rounds)");
	bench_plain(&b, "sync_reference_8k", sync_us(&b, 8192, 200), "us");
	for (int batch = 1; batch <= 64; batch *= 64) {
		(void)snprintf(dir, sizeof dir, "%s/journal", b.dir);
		compare(&b, dir, batch == 1 ? 200 : 20, batch);
		(void)snprintf(db, sizeof db, "%s/journal.db", dir);
		scratch_remove(db);
		ST_CHECK(rmdir(dir) == 0, "%s is not empty", dir);
	}
	return bench_end(&b);
}
