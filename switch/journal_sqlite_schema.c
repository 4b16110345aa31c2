/*
 * The journal on SQLite: its tables, and how those of an older version become these.
 *
 * What is small and what is repeated decides the layout, for a station keeps millions of rows.  The first three columns of a
 * message id (realm, origin, epoch: one triple a start of a switch) stand in `source` and are an integer everywhere else;
 * station codes and seats stand in `name`.  A chain entry that says a message was stored repeats nothing that stands in the
 * message's row at the same position (NULL: journal_sqlite_messages.c puts it back before it is hashed), and keeps eight bytes of
 * its hash, which tell where a damage is: the whole of it stands at every 256th entry, and for the end in `head`.  Bodies and
 * summaries are packed (journal_sqlite_pack.c).  `head` repeats the chain's end and the counts at every commit, so that a
 * tail cut off is seen at the next open and nothing is counted there.
 */
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>

#include "journal_sqlite_int.h"
#include "log.h"

#if __has_include("journal_sqlite_search.h")
#include "journal_sqlite_search.h"
#else
#define SEARCH_SCHEMA ""
#endif
#if __has_include("journal_sqlite_backup.h")
#include "journal_sqlite_backup.h"
#define BACKUP_BEFORE_MIGRATION 1
#endif

#define VERSION_3 \
	"CREATE TABLE source(n INTEGER PRIMARY KEY, realm INTEGER NOT NULL, origin TEXT NOT NULL, epoch INTEGER NOT NULL," \
	" UNIQUE(realm,origin,epoch));" \
	"CREATE TABLE name(n INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);" \
	"CREATE TABLE meta(key TEXT PRIMARY KEY, val TEXT NOT NULL) WITHOUT ROWID;" \
	"CREATE TABLE chain(seq INTEGER PRIMARY KEY, ms INTEGER, what INTEGER NOT NULL, ref, who INTEGER, digest BLOB," \
	" hash BLOB NOT NULL);" \
	"CREATE TABLE head(one INTEGER PRIMARY KEY CHECK(one=1), seq INTEGER NOT NULL, hash BLOB NOT NULL," \
	" outbox INTEGER NOT NULL, messages INTEGER NOT NULL, quarantined INTEGER NOT NULL, clean INTEGER NOT NULL);" \
	"CREATE TABLE message(seq INTEGER PRIMARY KEY REFERENCES chain(seq), source INTEGER NOT NULL, serial INTEGER NOT NULL," \
	" isource INTEGER NOT NULL, iserial INTEGER NOT NULL, kind INTEGER NOT NULL, precedence INTEGER NOT NULL," \
	" stored INTEGER NOT NULL, sender INTEGER NOT NULL, local INTEGER NOT NULL, digest BLOB NOT NULL," \
	" quiet INTEGER NOT NULL, settled INTEGER NOT NULL, retired INTEGER NOT NULL, UNIQUE(source,serial));" \
	"CREATE INDEX message_incident ON message(isource,iserial) WHERE isource<>0;" \
	"CREATE INDEX message_kind ON message(kind) WHERE kind<>1 AND kind<>3;" /* reports, receipts: nearly all there are */ \
	"CREATE INDEX message_loud ON message(seq) WHERE local=1 AND quiet=0 AND settled=0;" \
	"CREATE TABLE payload(seq INTEGER PRIMARY KEY REFERENCES message(seq), body BLOB);" \
	"CREATE TABLE ref(source INTEGER, serial INTEGER, seq INTEGER REFERENCES message(seq)," \
	" PRIMARY KEY(source,serial,seq)) WITHOUT ROWID;" \
	"CREATE TABLE names(digest BLOB, seq INTEGER, PRIMARY KEY(digest,seq)) WITHOUT ROWID;" \
	"CREATE TABLE delivery(n INTEGER PRIMARY KEY, source INTEGER NOT NULL, serial INTEGER NOT NULL," \
	" station INTEGER NOT NULL, state INTEGER NOT NULL, since INTEGER NOT NULL, offered INTEGER NOT NULL," \
	" delivered INTEGER, read INTEGER, signed INTEGER, taken INTEGER," /* all but `offered` after it */ \
	" person TEXT NOT NULL, UNIQUE(source,serial,station)," \
	" FOREIGN KEY(source,serial) REFERENCES message(source,serial));" \
	"CREATE INDEX delivery_open ON delivery(offered) WHERE state<=2;" \
	"CREATE INDEX delivery_returned ON delivery(n) WHERE state=7;" \
	"CREATE TABLE outbox(n INTEGER PRIMARY KEY, link INTEGER NOT NULL, source INTEGER NOT NULL, serial INTEGER NOT NULL," \
	" precedence INTEGER NOT NULL, stream INTEGER NOT NULL, number INTEGER NOT NULL, envelope BLOB NOT NULL," \
	" FOREIGN KEY(source,serial) REFERENCES message(source,serial));" \
	"CREATE INDEX outbox_message ON outbox(source,serial);" \
	"CREATE INDEX outbox_nowhere ON outbox(n) WHERE link=0;" \
	"CREATE TABLE request(rid TEXT PRIMARY KEY, digest BLOB NOT NULL, source INTEGER NOT NULL, serial INTEGER NOT NULL," \
	" ms INTEGER NOT NULL) WITHOUT ROWID;" \
	"CREATE TABLE draft(n INTEGER PRIMARY KEY, rid TEXT NOT NULL UNIQUE, seat TEXT NOT NULL, ms INTEGER NOT NULL," \
	" json BLOB NOT NULL, state INTEGER NOT NULL DEFAULT 0, begun INTEGER NOT NULL DEFAULT 0," \
	" life BLOB NOT NULL DEFAULT x'');" \
	"CREATE TABLE incident(n INTEGER PRIMARY KEY, realm INTEGER NOT NULL, source INTEGER NOT NULL, serial INTEGER NOT NULL," \
	" number TEXT NOT NULL, changed INTEGER NOT NULL, seq INTEGER NOT NULL, closed INTEGER NOT NULL," \
	" history INTEGER NOT NULL, summary BLOB NOT NULL, UNIQUE(source,serial));" \
	"CREATE INDEX incident_changed ON incident(realm,changed,seq,history);" \
	"CREATE INDEX incident_number ON incident(number);" \
	"CREATE TABLE alias(space TEXT, key TEXT, source INTEGER NOT NULL, serial INTEGER NOT NULL," \
	" PRIMARY KEY(space,key)) WITHOUT ROWID;" \
	"CREATE TABLE original(digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);" \
	"CREATE TABLE quarantine(seq INTEGER PRIMARY KEY REFERENCES chain(seq), ms INTEGER NOT NULL, sender TEXT NOT NULL," \
	" why TEXT NOT NULL, bytes BLOB NOT NULL);" \
	"CREATE TABLE line(n INTEGER PRIMARY KEY, peer INTEGER NOT NULL, out INTEGER NOT NULL, stream INTEGER NOT NULL," \
	" last INTEGER NOT NULL, closed INTEGER NOT NULL, closed_at INTEGER NOT NULL, UNIQUE(peer,out,stream));" \
	"CREATE TABLE passage(line INTEGER, number INTEGER, source INTEGER NOT NULL, serial INTEGER NOT NULL," \
	" at INTEGER NOT NULL, passed INTEGER, PRIMARY KEY(line,number)) WITHOUT ROWID;" /* passed: after `at` */ \
	"CREATE INDEX passage_message ON passage(source,serial) WHERE source<>0;" \
	"CREATE TABLE hold(n INTEGER PRIMARY KEY, source INTEGER NOT NULL, serial INTEGER NOT NULL, UNIQUE(source,serial));"

_Static_assert(KIND_REPORT == 1 && KIND_RECEIPT == 3, "message_kind leaves them out");

const char sq_schema[] = VERSION_3 "INSERT INTO head VALUES(1,0,zeroblob(32),0,0,0,0);" SEARCH_SCHEMA;

#define OLD_TABLES(X) X("meta") X("chain") X("head") X("message") X("payload") X("ref") X("delivery") X("outbox") X("request") \
	X("draft") X("incident") X("alias") X("original") X("quarantine")
#define RENAME(t) "ALTER TABLE " t " RENAME TO old_" t ";"
#define DROP(t) "DROP TABLE old_" t ";"
#define SOURCE(realm, origin, epoch) "(SELECT n FROM source WHERE realm=" realm " AND origin=" origin " AND epoch=" epoch ")"
#define SOURCE_OF SOURCE("o.realm", "o.origin", "o.epoch")
#define NAME(text) "coalesce((SELECT n FROM name WHERE text=" text "),0)"

/*
 * From one version of the schema to the next, in one transaction.
 * 2: the review of a draft.
 * 3: ids and names as integers, packed bodies, lines, holds, retention, search.  duty_pack() and duty_id() are below.
 */
static const char *const migrations[SQ_USER_VERSION] = {
	[1] = "ALTER TABLE draft ADD COLUMN state INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE draft ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE draft ADD COLUMN life BLOB NOT NULL DEFAULT x'';"
	    "UPDATE draft SET begun=ms;",
	[2] = "DROP INDEX message_incident; DROP INDEX message_kind; DROP INDEX message_loud; DROP INDEX delivery_open;"
	    "DROP INDEX delivery_returned; DROP INDEX outbox_message; DROP INDEX outbox_nowhere; DROP INDEX incident_changed;"
	    "DROP INDEX incident_number;" OLD_TABLES(RENAME) VERSION_3
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT realm,origin,epoch FROM old_message ORDER BY seq;"
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT irealm,iorigin,iepoch FROM old_message WHERE iorigin<>'';"
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT realm,origin,epoch FROM old_ref;"
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT realm,origin,epoch FROM old_delivery;"
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT realm,origin,epoch FROM old_outbox;"
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT realm,origin,epoch FROM old_request;"
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT realm,origin,epoch FROM old_incident;"
	    "INSERT OR IGNORE INTO source(realm,origin,epoch) SELECT realm,origin,epoch FROM old_alias;"
	    "INSERT OR IGNORE INTO name(text) SELECT sender FROM old_message WHERE sender<>'';"
	    "INSERT OR IGNORE INTO name(text) SELECT who FROM old_chain WHERE who<>'';"
	    "INSERT OR IGNORE INTO name(text) SELECT station FROM old_delivery WHERE station<>'';"
	    "INSERT OR IGNORE INTO name(text) SELECT link FROM old_outbox WHERE link<>'';"
	    "INSERT INTO meta SELECT * FROM old_meta;"
	    "INSERT INTO chain SELECT o.seq,iif(t.stored IS NULL,o.ms,NULL),o.what,iif(t.stored IS NULL,o.ref,NULL),"
	    "iif(t.stored IS NULL," NAME("o.who") ",NULL),iif(t.stored IS NULL AND o.digest<>zeroblob(32),o.digest,NULL),"
	    "iif(o.seq%256=0,o.hash,substr(o.hash,1,8))"
	    " FROM old_chain o LEFT JOIN old_message t ON t.seq=o.seq AND o.what=2 AND o.ms=t.stored AND o.who=t.sender"
	    " AND o.digest=t.digest AND o.ref=duty_id(t.realm,t.origin,t.epoch,t.serial) ORDER BY o.seq;"
	    "INSERT INTO message SELECT o.seq," SOURCE_OF ",o.serial,iif(o.iorigin<>'',"
	    SOURCE("o.irealm", "o.iorigin", "o.iepoch") ",0),iif(o.iorigin<>'',o.iserial,0),o.kind,o.precedence,o.stored,"
	    NAME("o.sender") ",o.local,o.digest,o.quiet,0,0 FROM old_message o ORDER BY o.seq;"
	    "INSERT INTO payload SELECT o.seq,duty_pack(o.body,t.digest) FROM old_payload o LEFT JOIN old_message t"
	    " ON t.seq=o.seq ORDER BY o.seq;"
	    "INSERT INTO ref SELECT " SOURCE_OF ",o.serial,o.seq FROM old_ref o;"
	    "INSERT INTO delivery SELECT o.n," SOURCE_OF ",o.serial," NAME("o.station") ",o.state,o.since-o.offered,o.offered,"
	    "iif(o.delivered=0,NULL,o.delivered-o.offered),iif(o.read=0,NULL,o.read-o.offered),"
	    "iif(o.signed=0,NULL,o.signed-o.offered),iif(o.taken=0,NULL,o.taken-o.offered),o.person FROM old_delivery o ORDER BY o.n;"
	    "INSERT INTO outbox SELECT o.n," NAME("o.link") "," SOURCE_OF ",o.serial,o.precedence,0,0,o.envelope"
	    " FROM old_outbox o ORDER BY o.n;"
	    "INSERT INTO request SELECT o.rid,o.digest,iif(o.origin<>''," SOURCE_OF ",0),o.serial,o.ms FROM old_request o;"
	    "INSERT INTO draft SELECT n,rid,seat,ms,json,state,begun,life FROM old_draft ORDER BY n;"
	    "INSERT INTO incident SELECT o.n,o.realm," SOURCE_OF ",o.serial,o.number,o.changed,o.seq,o.closed,o.history,"
	    "duty_pack(o.summary,NULL) FROM old_incident o ORDER BY o.n;"
	    "INSERT INTO alias SELECT o.space,o.key," SOURCE_OF ",o.serial FROM old_alias o;"
	    "INSERT INTO original SELECT digest,bytes FROM old_original ORDER BY rowid;"
	    "INSERT INTO quarantine SELECT seq,ms,sender,why,bytes FROM old_quarantine ORDER BY seq;"
	    "INSERT INTO head SELECT one,seq,hash,outbox,(SELECT count(*) FROM message),(SELECT count(*) FROM quarantine),0"
	    " FROM old_head;" OLD_TABLES(DROP) SEARCH_SCHEMA,
};

/* duty_id(realm, origin, epoch, serial): the id as text. */
static void
sql_id(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *origin = (const char *)sqlite3_value_text(v[1]);
	char text[MSGID_TEXT_MAX];
	struct msgid id;

	(void)n;
	memset(&id, 0, sizeof(id));
	if (origin == NULL || strlen(origin) >= sizeof(id.origin)) {
		sqlite3_result_null(ctx);
		return;
	}
	id.realm = (uint8_t)sqlite3_value_int(v[0]);
	memcpy(id.origin, origin, strlen(origin));
	id.epoch = (uint64_t)sqlite3_value_int64(v[2]);
	id.serial = (uint64_t)sqlite3_value_int64(v[3]);
	(void)msgid_format(&id, text, sizeof(text));
	sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

/* duty_pack(bytes, digest): packed.  What is destroyed stays zeros or NULL; of what is not a blob nothing is changed, so that
 * it is found damaged as before.  Without a digest everything is packed. */
static void
sql_pack(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct sq *j = sqlite3_user_data(ctx);
	const void *p = sqlite3_value_blob(v[0]), *digest = sqlite3_value_blob(v[1]);
	size_t len = (size_t)sqlite3_value_bytes(v[0]);

	(void)n;
	if (sqlite3_value_type(v[0]) != SQLITE_BLOB || (digest != NULL && sqlite3_value_bytes(v[1]) == DIGEST_LEN &&
	    journal_payload(p, len, digest) == PAYLOAD_DESTROYED)) {
		sqlite3_result_value(ctx, v[0]);
		return;
	}
	sq_pack(j, p, len, &j->packed);
	sqlite3_result_blob64(ctx, j->packed.p, j->packed.n, SQLITE_TRANSIENT);
}

int
sq_migrate(struct sq *j, const char *dir, const char *path, int64_t *from, struct fault *fault)
{
	char sql[64];
	int64_t v;

	if (sq_version(j, path, from, fault) != 0)
		return -1;
	if (*from == SQ_USER_VERSION)
		return 0;
#ifdef BACKUP_BEFORE_MIGRATION
	if (dir != NULL && journal_backup_before_migration(j->db, dir, (int)*from, fault) != 0)
		return -1;
#else
	(void)dir;
#endif
	if (sqlite3_create_function(j->db, "duty_id", 4, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_id, NULL, NULL) !=
	    SQLITE_OK || sqlite3_create_function(j->db, "duty_pack", 2, SQLITE_UTF8, j, sql_pack, NULL, NULL) != SQLITE_OK)
		return sq_fault(j->db, path, fault);
	/* Renaming must not rewrite what refers to the table: that is dropped. */
	if (sq_exec(j->db, path, "PRAGMA legacy_alter_table=ON; BEGIN IMMEDIATE", fault) != 0)
		return -1;
	for (v = *from; v < SQ_USER_VERSION; v++)
		if (sq_exec(j->db, path, migrations[v], fault) != 0)
			return -1;
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", SQ_USER_VERSION);
	return sq_exec(j->db, path, sql, fault);
}

/*
 * VACUUM leaves out what the old tables gave back (up to version 1 pages that were given back even kept what they held), once; it
 * needs room for a second copy, and where there is none the journal is as good as it was before.
 */
int
sq_migrated(struct sq *j, const char *path, int64_t from, struct fault *fault)
{
	if (from == SQ_USER_VERSION)
		return 0;
	if (sq_exec(j->db, path, "COMMIT; PRAGMA legacy_alter_table=OFF;", fault) != 0)
		return -1;
	j->writing = false;
	log_event(LOG_LV_INFO, "journal_migrated", "from=%lld to=%d", (long long)from, SQ_USER_VERSION);
	(void)sq_vacuum(j);
	return 0;
}

/* Lays the whole file out anew: no page holds anything but rows that are there.  0, or -1 (logged; nothing is lost). */
int
sq_vacuum(struct sq *j)
{
	int rc = sqlite3_exec(j->db, "PRAGMA temp_store=FILE; VACUUM;", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		log_event(LOG_LV_WARN, "journal_vacuum", "error=%s", log_quote(sqlite3_errmsg(j->db)));
	(void)sqlite3_exec(j->db, "PRAGMA temp_store=MEMORY;", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : -1;
}
