/*
 * The journal on SQLite: every statement, prepared once at open (so that a journal with another schema is refused there).
 */
#include "journal_sqlite_int.h"

#define ID "source,serial"
#define IS_ID "source=? AND serial=?"
#define MSG_FROM(how) "SELECT m.seq,m.source,m.serial,m.isource,m.iserial,m.kind," \
	"m.precedence,m.stored,m.sender,m.local,m.digest,m.quiet,m.settled,m.retired,p.body,p.seq IS NOT NULL FROM message m" \
	how " LEFT JOIN payload p ON p.seq=m.seq "
#define MSG MSG_FROM("")
/* A stored message's entry repeats nothing of its row. */
#define CHAIN "SELECT c.seq,c.ms,c.what,c.ref,c.who,c.digest,c.hash,m.seq IS NOT NULL,m.stored,m.source,m.serial,m.sender,m.digest" \
	" FROM chain c LEFT JOIN message m ON m.seq=c.seq AND c.what=2 "
#define DELIVERY "SELECT " ID ",station,state,since,offered,delivered,read,signed,taken,person FROM delivery "
#define OUTBOX "SELECT o.n,o.link,o.source,o.serial,o.precedence,o.stream,o.number,o.envelope,length(p.body)," \
	"substr(p.body,1,24) FROM outbox o LEFT JOIN message m ON m.source=o.source AND m.serial=o.serial" \
	" LEFT JOIN payload p ON p.seq=m.seq "
#define DRAFT "SELECT rid,seat,ms,json,state,begun,life FROM draft "
#define BYTES_OF(column) "CAST(" column " AS BLOB)"
#define ZEROS_FOR(column) "zeroblob(length(" BYTES_OF(column) "))"
#define INCIDENT "SELECT " ID ",number,changed,seq,closed,history,summary FROM incident "
#define INCIDENT_PUT "INSERT INTO incident(realm," ID ",number,changed,seq,closed,history,summary) VALUES(?,?,?,?,?,?,?,?,?)" \
	" ON CONFLICT(" ID ") DO "
#define LINE "SELECT peer,out,stream,last,closed,closed_at FROM line "
#define PASSAGE "SELECT number,source,serial,at,passed FROM passage "
/* Walks by page: bound last are seq after, seq up to, least `local`, rows. */
#define PAGE "m.seq>? AND m.seq<=? AND m.local>=? ORDER BY m.seq LIMIT ?"
#define PAGE_DOWN "m.seq>? AND m.seq<=? AND m.local>=? ORDER BY m.seq DESC LIMIT ?"

const char *const sq_sql[Q_COUNT] = {
	[Q_VERSION] = "PRAGMA user_version",
	[Q_BEGIN] = "BEGIN IMMEDIATE",
	[Q_COMMIT] = "COMMIT",
	[Q_HEAD_GET] = "SELECT seq,hash,outbox,messages,quarantined,clean FROM head WHERE one=1",
	[Q_HEAD_SET] = "UPDATE head SET seq=?,hash=?,outbox=?,messages=?,quarantined=?,clean=? WHERE one=1",
	[Q_SOURCE_AT] = "SELECT realm,origin,epoch FROM source WHERE n=?",
	[Q_SOURCE_OF] = "SELECT n FROM source WHERE realm=? AND origin=? AND epoch=?",
	[Q_SOURCE_PUT] = "INSERT INTO source(realm,origin,epoch) VALUES(?,?,?) RETURNING n",
	[Q_NAME_AT] = "SELECT text FROM name WHERE n=?",
	[Q_NAME_OF] = "SELECT n FROM name WHERE text=?",
	[Q_NAME_PUT] = "INSERT INTO name(text) VALUES(?) RETURNING n",
	[Q_META_GET] = "SELECT val FROM meta WHERE key=?",
	[Q_META_SET] = "INSERT INTO meta VALUES(?,?) ON CONFLICT(key) DO UPDATE SET val=excluded.val",
	[Q_MSG_PUT] = "INSERT INTO message VALUES(?,?,?,?,?,?,?,?,?,?,?,?,0,0) ON CONFLICT(" ID ") DO NOTHING",
	[Q_PAYLOAD_PUT] = "INSERT INTO payload VALUES(?,?)",
	/* Nothing, and zeros, are told from what is destroyed by being NULL: there was nothing to see in them. */
	[Q_PAYLOAD_WIPE] = "UPDATE payload SET body=CASE WHEN " BYTES_OF("body") "=" ZEROS_FOR("body") " THEN NULL ELSE "
	    ZEROS_FOR("body") " END WHERE seq=?",
	[Q_PAYLOAD_NONE] = "INSERT INTO payload VALUES(?,NULL)",
	[Q_PAYLOAD_DEL] = "DELETE FROM payload WHERE seq=?",
	[Q_REF_PUT] = "INSERT OR IGNORE INTO ref VALUES(?,?,?)",
	[Q_REF_HAS] = "SELECT 1 FROM ref WHERE " IS_ID " AND seq=?",
	[Q_NAMES_PUT] = "INSERT OR IGNORE INTO names VALUES(?,?)",
	[Q_NAMES_OF] = "SELECT seq FROM names WHERE digest=? ORDER BY seq",
	[Q_NAMES_DEL] = "DELETE FROM names WHERE digest=? AND seq=?",
	[Q_MSG_GET] = MSG "WHERE " IS_ID,
	[Q_MSG_HAS] = "SELECT 1 FROM message WHERE " IS_ID,
	[Q_MSG_SEQ] = MSG "WHERE m.seq=?",
	[Q_MSG_AT] = "SELECT " ID ",digest FROM message WHERE seq=?",
	[Q_MSG_LOCAL] = "UPDATE message SET local=1 WHERE " IS_ID,
	[Q_MSG_SETTLE] = "UPDATE message SET settled=? WHERE " IS_ID,
	[Q_MSG_RETIRE] = "UPDATE message SET retired=1 WHERE seq=?",
	/* Of what has bytes: those retired have none. */
	[Q_MSG_OLD] = "SELECT m.seq FROM payload p CROSS JOIN message m ON m.seq=p.seq WHERE p.seq>? AND m.stored<?-(m.local=0)*2851200000 AND m.retired=0"	/* JOURNAL_PASSING_KEPT */
	    " AND (m.settled<>0 OR m.quiet<>0 OR m.local=0) AND p.body IS NOT NULL"
	    " AND NOT EXISTS(SELECT 1 FROM outbox o WHERE o.source=m.source AND o.serial=m.serial)"
	    " AND NOT EXISTS(SELECT 1 FROM delivery d WHERE d.source=m.source AND d.serial=m.serial AND d.state<=2)"
	    " ORDER BY p.seq LIMIT ?",
	[Q_MSG_INCIDENT] = MSG "WHERE m.isource<>0 AND m.isource=? AND m.iserial=? AND " PAGE,
	[Q_MSG_REFERRING] = MSG "JOIN ref r ON r.seq=m.seq WHERE r.source=? AND r.serial=?"
	    " AND r.seq>? AND r.seq<=? AND m.local>=? ORDER BY r.seq LIMIT ?",
	[Q_MSG_AFTER] = MSG "WHERE " PAGE,
	[Q_MSG_AFTER_KIND] = MSG_FROM(" INDEXED BY message_kind") "WHERE m.kind=? AND m.kind<>1 AND m.kind<>3 AND " PAGE,
	[Q_MSG_AFTER_MANY] = MSG "WHERE +m.kind=? AND " PAGE,
	[Q_MSG_BEFORE_MANY] = MSG "WHERE +m.kind=? AND " PAGE_DOWN,
	[Q_MSG_BEFORE] = MSG "WHERE " PAGE_DOWN,
	[Q_MSG_BEFORE_KIND] = MSG_FROM(" INDEXED BY message_kind") "WHERE m.kind=? AND m.kind<>1 AND m.kind<>3 AND " PAGE_DOWN,
	[Q_MSG_LOUD] = MSG_FROM(" INDEXED BY message_loud") "WHERE m.local=1 AND m.quiet=0 AND m.settled=0 AND " PAGE,
	[Q_MSG_COUNT] = "SELECT count(*) FROM message",
	[Q_MSG_ALL] = MSG "JOIN source s ON s.n=m.source ORDER BY s.realm,s.origin,s.epoch,m.serial",
	[Q_CHAIN_PUT] = "INSERT INTO chain VALUES(?,?,?,?,?,?,?)",
	[Q_CHAIN_AFTER] = CHAIN "WHERE c.seq>? ORDER BY c.seq",
	[Q_CHAIN_LAST] = "SELECT seq,hash FROM chain ORDER BY seq DESC LIMIT 1",
	[Q_CHAIN_HASH] = "SELECT hash FROM chain WHERE seq=?",
	[Q_DLV_PUT] = "INSERT INTO delivery(" ID ",station,state,since,offered,delivered,read,signed,taken,person)"
	    " VALUES(?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(" ID ",station) DO UPDATE SET state=excluded.state,"
	    "since=excluded.since,offered=excluded.offered,delivered=excluded.delivered,read=excluded.read,"
	    "signed=excluded.signed,taken=excluded.taken,person=excluded.person",
	[Q_DLV_SET] = "UPDATE delivery SET state=?,since=?,offered=?,delivered=?,read=?,signed=?,taken=?,person=? WHERE " IS_ID
	    " AND station=?",
	[Q_DLV_GET] = DELIVERY "WHERE " IS_ID " AND station=?",
	[Q_DLV_AT] = DELIVERY "WHERE n=?",
	[Q_DLV_KEYS] = "SELECT n FROM delivery WHERE " IS_ID " ORDER BY n",
	[Q_DLV_OPEN] = "SELECT n FROM delivery WHERE state<=2 AND offered<? ORDER BY offered,n",
	[Q_DLV_COUNT] = "SELECT count(*) FROM delivery",
	[Q_OUT_PUT] = "INSERT INTO outbox VALUES(?,?,?,?,?,?,?,?)",
	[Q_OUT_DEL] = "DELETE FROM outbox WHERE n=?",
	[Q_OUT_ROW] = "SELECT n,link," ID ",precedence,stream,number,envelope FROM outbox WHERE n=?",
	[Q_OUT_KEYS] = "SELECT n FROM outbox ORDER BY n",
	[Q_OUT_AT] = OUTBOX "WHERE o.n=?",
	[Q_OUT_MOVE] = "UPDATE outbox SET link=? WHERE n=?",
	[Q_OUT_OF] = "SELECT envelope FROM outbox WHERE " IS_ID " ORDER BY n",
	[Q_OUT_COUNT] = "SELECT count(*) FROM outbox",
	[Q_LINE_GET] = "SELECT n,peer,out,stream,last,closed,closed_at FROM line WHERE peer=? AND out=? AND stream=?",
	[Q_LINE_LAST] = "SELECT n,peer,out,stream,last,closed,closed_at FROM line WHERE peer=? AND out=? ORDER BY n DESC LIMIT 1",
	[Q_LINE_AT] = "SELECT n,peer,out,stream,last,closed,closed_at FROM line WHERE n=?",
	[Q_LINE_PUT] = "INSERT INTO line(peer,out,stream,last,closed,closed_at) VALUES(?,?,?,?,?,?) ON CONFLICT(peer,out,stream)"
	    " DO UPDATE SET last=excluded.last,closed=excluded.closed,closed_at=excluded.closed_at",
	[Q_LINE_KEYS] = "SELECT n FROM line ORDER BY n",
	[Q_PASS_PUT] = "INSERT INTO passage VALUES(?,?,?,?,?,?) ON CONFLICT(line,number) DO UPDATE SET source=excluded.source,"
	    "serial=excluded.serial,at=excluded.at,passed=excluded.passed",
	/* The index over ids is left alone. */
	[Q_PASS_SET] = "UPDATE passage SET at=?,passed=? WHERE line=? AND number=? AND " IS_ID,
	[Q_PASS_GET] = PASSAGE "WHERE line=? AND number=?",
	[Q_PASS_PAGE] = PASSAGE "WHERE line=? AND number>=? AND number<=? ORDER BY number LIMIT ?",
	[Q_PASS_OF] = "SELECT line,number FROM passage WHERE source<>0 AND " IS_ID " ORDER BY line,number",
	[Q_PASS_TRIM] = "DELETE FROM passage WHERE line=? AND number<=?",
	[Q_PASS_DEL] = "DELETE FROM passage WHERE source<>0 AND " IS_ID,
	[Q_HOLD_PUT] = "INSERT INTO hold(" ID ") VALUES(?,?) ON CONFLICT(" ID ") DO NOTHING",
	[Q_HOLD_DEL] = "DELETE FROM hold WHERE " IS_ID,
	[Q_HOLD_KEYS] = "SELECT n FROM hold ORDER BY n",
	[Q_HOLD_AT] = "SELECT " ID " FROM hold WHERE n=?",
	[Q_REQ_GET] = "SELECT digest," ID ",ms FROM request WHERE rid=?",
	[Q_REQ_PUT] = "INSERT INTO request(rid,digest," ID ",ms) VALUES(?,?,?,?,?) ON CONFLICT(rid) DO NOTHING",
	[Q_DRAFT_PUT] = "INSERT INTO draft(rid,seat,ms,json,state,begun,life) VALUES(?,?,?,?,?,?,?) ON CONFLICT(rid) DO UPDATE"
	    " SET seat=excluded.seat,ms=excluded.ms,json=excluded.json,state=excluded.state,life=excluded.life",
	[Q_DRAFT_GET] = DRAFT "WHERE rid=?",
	[Q_DRAFT_AT] = DRAFT "WHERE n=?",
	[Q_DRAFT_DEL] = "DELETE FROM draft WHERE rid=? RETURNING state>1 OR length(life)>0",
	[Q_DRAFT_KEYS] = "SELECT n FROM draft ORDER BY ms DESC,rid",
	[Q_INC_NEW] = INCIDENT_PUT "NOTHING",
	[Q_INC_PUT] = INCIDENT_PUT "UPDATE SET number=excluded.number,"
	    "changed=excluded.changed,seq=excluded.seq,closed=excluded.closed,history=excluded.history,"
	    "summary=excluded.summary",
	/* The index over numbers is left alone. */
	[Q_INC_SET] = "UPDATE incident SET changed=?,seq=?,closed=?,history=?,summary=? WHERE " IS_ID " AND number=?",
	[Q_INC_GET] = INCIDENT "WHERE " IS_ID,
	[Q_INC_AT] = INCIDENT "WHERE n=?",
	[Q_INC_KEYS] = "SELECT n FROM incident WHERE realm=? AND history<=? ORDER BY changed DESC,seq DESC,n",
	[Q_INC_NUMBER] = "SELECT n FROM incident WHERE +realm=? AND number=? ORDER BY changed DESC,seq DESC,n",
	[Q_ALIAS_GET] = "SELECT " ID " FROM alias WHERE space=? AND key=?",
	[Q_ALIAS_PUT] = "INSERT INTO alias VALUES(?,?,?,?) ON CONFLICT(space,key) DO UPDATE"
	    " SET source=excluded.source,serial=excluded.serial",
	[Q_BLOB_PUT] = "INSERT INTO original VALUES(?,?) ON CONFLICT(digest) DO NOTHING",
	[Q_BLOB_GET] = "SELECT bytes FROM original WHERE digest=?",
	[Q_BLOB_ALL] = "SELECT digest,bytes FROM original",
	[Q_BLOB_WIPE] = "UPDATE original SET bytes=" ZEROS_FOR("bytes") " WHERE digest=? AND " BYTES_OF("bytes") "<>"
	    ZEROS_FOR("bytes"),
	[Q_BLOB_DEL] = "DELETE FROM original WHERE digest=? AND " BYTES_OF("bytes") "<>" ZEROS_FOR("bytes"),
	[Q_QUAR_PUT] = "INSERT INTO quarantine VALUES(?,?,?,?,?)",
	[Q_QUAR_AT] = "SELECT bytes FROM quarantine WHERE seq=?",
	[Q_QUAR_COUNT] = "SELECT count(*) FROM quarantine",
	[Q_COUNTS] = "SELECT (SELECT count(*) FROM outbox),"
	    "(SELECT count(*) FROM outbox INDEXED BY outbox_nowhere WHERE link=0),"
	    "(SELECT count(*) FROM delivery INDEXED BY delivery_open WHERE state<=2),"
	    "(SELECT count(*) FROM delivery d INDEXED BY delivery_returned JOIN message m ON m.source=d.source"
	    " AND m.serial=d.serial WHERE d.state=7 AND m.kind<>?),"
	    "(SELECT count(*) FROM draft)",
	[Q_CHECK_QUICK] = "PRAGMA quick_check(1)",
	[Q_CHECK_FULL] = "PRAGMA integrity_check(1)",
	[Q_CHECK_KEYS] = "PRAGMA foreign_key_check",
	/* What points at a message that is not there: table, source, serial, key. */
	[Q_CHECK_IDS] = "SELECT 'passage',p.source,p.serial,p.number,l.peer FROM passage p LEFT JOIN line l ON l.n=p.line"
	    " LEFT JOIN message m ON m.source=p.source AND m.serial=p.serial WHERE p.source<>0 AND m.seq IS NULL"
	    " UNION ALL SELECT 'request',r.source,r.serial,r.rid,0 FROM request r LEFT JOIN message m ON m.source=r.source"
	    " AND m.serial=r.serial WHERE r.source<>0 AND m.seq IS NULL"
	    " UNION ALL SELECT 'passage',0,0,p.number,0 FROM passage p LEFT JOIN line l ON l.n=p.line WHERE l.n IS NULL LIMIT 1",
};
