#ifndef SWITCH_JOURNAL_H
#define SWITCH_JOURNAL_H
/*
 * The journal: everything a station must not forget, behind a table of functions with two implementations:
 * journal_sqlite.c (the only file that knows SQL) and journal_ram.c (its twin for tests and simulation).
 *
 * Writes go into the open transaction and are seen by later reads at once; they are durable only after commit()
 * returned 0.  A commit that fails is UNKNOWN, not rolled back (DESIGN 4.3): the caller must send neither ack nor nack,
 * stop, reopen and reconcile.  Any other function that fails has logged why and the journal is unusable (`failed`):
 * the caller stops likewise.  Only one process may have a journal open (lock on the directory, taken by the caller).
 *
 * Invariants: a message row, once written, never changes (but that it turns out to be for us too, and that two persons
 * destroy its bytes); the chain only grows; an outbox row lives until custody of
 * it has passed (outbox_del); a delivery row exists for every (message of our own, addressee) from the moment the
 * message is stored.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/fault.h"

struct journal_msg {
	struct msgid id;
	struct msgid incident;		/* origin "" when it belongs to none */
	int kind;			/* enum kind */
	int precedence;			/* effective here */
	int64_t stored;			/* ms UTC, this switch's clock */
	char from[STATION_MAX];		/* neighbour it came from; own code when submitted here */
	const char *who;		/* put_message: who entered it, seat and terminal, for the chain; NULL: from.  Borrowed, never set by reads */
	bool local;			/* addressed to this station, or written here */
	uint8_t digest[DIGEST_LEN];
	uint64_t seq;			/* position in the chain; set by put_message and by reads */
	struct buf body;		/* exact bytes; empty after destruction, and when they are damaged */
	bool destroyed;			/* set by reads: two persons destroyed it; the row is its tombstone */
	bool damaged;			/* set by reads: its bytes are missing or not those of the digest, and are not handed out;
					 * one error line an id; verify() names it */
	bool quiet;			/* asks nobody for anything: history, or a receipt that sends nothing back; set by
					 * put_message, which reads it from the body, and by reads */
	bool settled;			/* set by reads: nothing is owed of it any more (settle()); disposable, like every cache */
	bool retired;			/* set by reads: its bytes were let go by retention; the row is its tombstone */
	const struct body *decoded;	/* for put_message: the body as the bytes decode, so that it is not done again; borrowed, NULL: not
					 * at hand.  Never set by reads. */
};

enum delivery_state { DLV_OPEN = 1, DLV_CUSTODY = 2 /* first hop has it */, DLV_DELIVERED = 3, DLV_READ = 4, DLV_SIGNED = 5,
	DLV_TAKEN = 6, DLV_RETURNED = 7 };

struct journal_delivery {		/* of our own messages: what each addressee has made of them */
	struct msgid id;
	char to[STATION_MAX];
	int state;			/* enum delivery_state; people's receipts only climb; RETURNED is overridden by any of them */
	int64_t since;			/* ms UTC of the last change */
	int64_t offered;		/* ms UTC of the last (re-)offer */
	int64_t delivered, read, signed_, taken;	/* ms UTC each act was learned of here; 0 = not */
	char person[128];		/* who signed or took, or the reason of a return */
};

struct journal_outbox {			/* one parcel waiting for a neighbour's custody */
	uint64_t row;			/* set by outbox_add */
	char link[STATION_MAX];		/* neighbour; "" = no path at the moment */
	struct msgid id;
	int precedence;
	uint64_t stream, serial;	/* its number on the line to that neighbour (struct journal_line); 0 = none */
	struct buf envelope;		/* encoded, formats/wire.h */
	size_t body_len;		/* bytes of the message; set by reads; says nothing when they are destroyed */
};

struct journal_incident {		/* cache of the fold: disposable */
	struct msgid id;
	char number[96];		/* as spoken by its opener */
	int64_t changed;		/* ms UTC of the last message stored */
	uint64_t seq;			/* chain position of the last message of it */
	bool closed;
	bool history;
	struct buf summary;		/* JSON object, see incident.h */
};

enum chain_what { CHAIN_EPOCH = 1, CHAIN_STORED = 2, CHAIN_CUSTODY_OUT = 3, CHAIN_DELIVERY = 4, CHAIN_QUARANTINE = 5, CHAIN_ADMIN = 6,
	CHAIN_DESTROYED = 7, CHAIN_CLOSE = 8 /* daily close of a line */, CHAIN_RETIRED = 9 /* bytes let go by retention */ };

struct journal_chain {
	uint64_t seq;			/* from 1, continuous */
	int64_t ms;
	int what;			/* enum chain_what */
	char ref[192];			/* message id, addressee, key: what it is about */
	char who[128];			/* seat or neighbour */
	uint8_t digest[DIGEST_LEN];	/* of the thing (message bytes), zero when none */
	uint8_t hash[DIGEST_LEN];	/* BLAKE2b-256(previous hash, be64 seq, be64 ms, be64 what, ref NUL, who NUL, digest) */
};
void journal_chain_hash(const uint8_t prev[DIGEST_LEN], struct journal_chain *);	/* fills hash; journal_common.c */

struct journal_request {		/* idempotency: client request id -> what became of it */
	char rid[192];
	uint8_t digest[DIGEST_LEN];	/* of the request's content: another content under the same id is refused */
	struct msgid id;
	int64_t ms;
};

struct journal_draft {
	char rid[192];			/* the request id it will be sent under */
	char seat[128];
	int64_t ms;
	struct buf json;		/* the form's content, the desk's business */
	int state;			/* enum draft_state (life.h); 0 is read as DRAFT_WRITING */
	int64_t begun;			/* ms UTC of the first save; kept by later ones */
	struct buf life;		/* JSON the station keeps of its review: request, trail; "" = none */
};

/* A line: the parcels to one neighbour, or from it, under continuous numbers that outlive sessions, restarts and links made anew
 * (DESIGN 4.16).  A journal restored or made afresh begins another stream, because numbers after the backup were used. */
struct journal_line {
	char peer[STATION_MAX];
	bool out;			/* we send; else they do */
	uint64_t stream;		/* which count; never 0, never 2^63 or above */
	uint64_t last;			/* out: last serial given; in: last the peer has told of */
	uint64_t closed;		/* both ends have agreed on everything up to here at a daily close */
	int64_t closed_at;		/* ms UTC, 0 never */
};

struct journal_passage {		/* what went under one number */
	uint64_t serial;		/* from 1, below 2^63 */
	struct msgid id;		/* a message held here, or origin "": nothing stands under this number (withdrawn, quarantined) */
	int64_t at;			/* ms UTC; out: given its number; in: taken into custody here */
	int64_t passed;			/* ms UTC; out: the neighbour's custody was learned of, 0 not yet; in: unused, 0 */
};

struct journal_counts {			/* exact, however long the journal */
	uint64_t messages;		/* all of them, what only passes through included */
	uint64_t outbox, no_path;	/* parcels waiting; those of them without a link */
	uint64_t open;			/* deliveries neither at DELIVERED or beyond nor RETURNED */
	uint64_t returned;		/* deliveries at RETURNED, of messages that are not receipts */
	uint64_t drafts;
};

struct journal_verify {			/* result of verify() */
	uint64_t messages, chain, deliveries, outbox, blobs, destroyed;
	char bad[512];			/* first thing wrong, naming table and row; "" = clean */
};

/* ms: longer than an origin goes on offering what it has concluded to be returned (return_hours and thirty days). */
#define JOURNAL_PASSING_KEPT (INT64_C(33) * 86400000)

struct journal;

typedef int (*journal_msg_fn)(void *ctx, const struct journal_msg *);		/* return non-zero to stop */
typedef int (*journal_delivery_fn)(void *ctx, const struct journal_delivery *);
typedef int (*journal_outbox_fn)(void *ctx, const struct journal_outbox *);
typedef int (*journal_incident_fn)(void *ctx, const struct journal_incident *);
typedef int (*journal_line_fn)(void *ctx, const struct journal_line *);
typedef int (*journal_passage_fn)(void *ctx, const struct journal_line *, const struct journal_passage *);
typedef int (*journal_id_fn)(void *ctx, const struct msgid *);
typedef int (*journal_draft_fn)(void *ctx, const struct journal_draft *);

/* All int functions: 0 done / found, 1 not found (or already there for put_message), -1 failed (journal unusable). */
struct journal_ops {
	const char *name;
	void (*close)(struct journal *);
	/* Makes everything written since the last commit durable (synchronous=FULL).  -1: outcome unknown. */
	int (*commit)(struct journal *);
	/* Work that can wait, for when nothing else does: called outside a transaction, any number of times (tens of ms may pass).  What
	 * goes wrong in it is logged and tried again; nothing durable depends on it.  now: ms UTC. */
	void (*idle)(struct journal *, int64_t now);

	int (*meta_get)(struct journal *, const char *key, char *val, size_t size);
	int (*meta_set)(struct journal *, const char *key, const char *val);

	/* Appends the CHAIN_STORED entry itself; sets m->seq.  1 when the id is already there (nothing written). */
	int (*put_message)(struct journal *, struct journal_msg *m);
	int (*get_message)(struct journal *, const struct msgid *, struct journal_msg *out);	/* out->body: caller frees; out may be NULL: only whether it exists */
	int (*set_local)(struct journal *, const struct msgid *);	/* a relayed message turns out to be for us too */
	int (*each_of_incident)(struct journal *, const struct msgid *incident, journal_msg_fn, void *);	/* by seq */
	/* Messages with seq > after, ascending; kind 0 = any; local_only: those with local set. */
	int (*each_after)(struct journal *, uint64_t after, int kind, bool local_only, journal_msg_fn, void *);
	/* The same, newest first, seq < before (UINT64_MAX: from the end). */
	int (*each_before)(struct journal *, uint64_t before, int kind, bool local_only, journal_msg_fn, void *);
	/* Messages that are local, not quiet and not settled, seq > after, ascending: what may still ask something of this station. */
	int (*each_loud)(struct journal *, uint64_t after, journal_msg_fn, void *);
	/* Messages that refer (F_REFS) to id, by seq.  put_message keeps the index (it decodes F_REFS of the body). */
	int (*each_referring)(struct journal *, const struct msgid *id, journal_msg_fn, void *);

	int (*chain_add)(struct journal *, int64_t ms, int what, const char *ref, const char *who, const uint8_t digest[DIGEST_LEN]);
	uint64_t (*chain_seq)(struct journal *);	/* last seq, 0 when empty */

	int (*delivery_put)(struct journal *, const struct journal_delivery *);		/* insert or replace */
	int (*delivery_get)(struct journal *, const struct msgid *, const char *to, struct journal_delivery *);
	int (*delivery_each)(struct journal *, const struct msgid *, journal_delivery_fn, void *);
	/* Deliveries not yet at DELIVERED or beyond and not RETURNED, offered before `before`, oldest first. */
	int (*delivery_open)(struct journal *, int64_t before, journal_delivery_fn, void *);

	int (*outbox_add)(struct journal *, struct journal_outbox *);		/* sets row */
	int (*outbox_del)(struct journal *, uint64_t row);
	int (*outbox_take)(struct journal *, uint64_t row, struct journal_outbox *);	/* deletes it and says what it was: outbox_get, but no body_len */
	int (*outbox_each)(struct journal *, journal_outbox_fn, void *);		/* by row: oldest first */
	int (*outbox_get)(struct journal *, uint64_t row, struct journal_outbox *);	/* envelope: caller frees */
	int (*outbox_move)(struct journal *, uint64_t row, const char *link);
	/* 0 when an outbox row for this message whose link is `link` exists and its envelope serves `to`; else 1. */
	int (*outbox_has)(struct journal *, const struct msgid *, const char *to);

	/* Lines.  stream 0 in line_get: the one begun last.  line_put: insert or replace by (peer, out, stream). */
	int (*line_get)(struct journal *, const char *peer, bool out, uint64_t stream, struct journal_line *);
	int (*line_put)(struct journal *, const struct journal_line *);
	int (*line_each)(struct journal *, journal_line_fn, void *);			/* in the order they were begun */
	/* Insert or replace by (line, serial); the line must have been put. */
	int (*passage_put)(struct journal *, const char *peer, bool out, uint64_t stream, const struct journal_passage *);
	int (*passage_get)(struct journal *, const char *peer, bool out, uint64_t stream, uint64_t serial, struct journal_passage *);
	/* first <= serial <= last, ascending. */
	int (*passage_each)(struct journal *, const char *peer, bool out, uint64_t stream, uint64_t first, uint64_t last,
	    journal_passage_fn, void *);
	int (*passage_of)(struct journal *, const struct msgid *, journal_passage_fn, void *);	/* of one message, all lines */
	int (*passage_trim)(struct journal *, const char *peer, bool out, uint64_t stream, uint64_t upto);	/* forgets serials <= upto */

	/* Messages here whose 送达 waits until somebody is at the desk (hosted stations). */
	int (*hold_put)(struct journal *, const struct msgid *);		/* 1: already there */
	int (*hold_del)(struct journal *, const struct msgid *);
	int (*hold_each)(struct journal *, journal_id_fn, void *);		/* oldest first */

	/* Nothing is owed of it any more, or something is again.  1: no such message. */
	int (*settle)(struct journal *, const struct msgid *, bool settled);

	/* Retention (what only passes through stays JOURNAL_PASSING_KEPT longer: its origin may still offer it): lets go the bytes of up to max messages stored before `before` that are settled or quiet or not local, of which no
	 * outbox row waits and no delivery of ours is open, oldest first; the originals only they name; their passages of lines.  Rows,
	 * digests and chain stay (an id that comes again is known).  One CHAIN_RETIRED entry a call, who "retention", ref
	 * "FIRSTSEQ-LASTSEQ COUNT", digest over the digests of those let go in order.  *n: how many; 0 = nothing left to do. */
	int (*retire)(struct journal *, int64_t ms, int64_t before, size_t max, size_t *n);

	/* Search (formats/search.h).  search_more: takes up to max more messages into the index, in the open transaction; *left: how many
	 * are not indexed yet.  search: local messages that hold every term of the query, newest first, seq < before, at most limit; the
	 * tail not indexed yet is looked through.  EX: a query without a term finds nothing. */
	int (*search_more)(struct journal *, size_t max, uint64_t *left);
	int (*search)(struct journal *, const char *query, uint64_t before, size_t limit, journal_msg_fn, void *);

	int (*request_get)(struct journal *, const char *rid, struct journal_request *);
	int (*request_put)(struct journal *, const struct journal_request *);

	/* Insert or replace; begun stays that of the first save (0 there: its ms). */
	int (*draft_put)(struct journal *, const struct journal_draft *);
	int (*draft_get)(struct journal *, const char *rid, struct journal_draft *);	/* json, life: caller frees */
	int (*draft_del)(struct journal *, const char *rid);
	int (*draft_each)(struct journal *, journal_draft_fn, void *);			/* newest first */

	/* Two persons destroy what must not be here (误入清除): the bytes of the message go (its row, digest and chain entries stay as the
	 * tombstone), and those of the blob its F_ORIGINAL names unless another message names it; its outbox rows go, its open
	 * deliveries become RETURNED with `why` as person; a CHAIN_DESTROYED entry names both persons ("FIRST + SECOND", made clean,
	 * each cut to its share of `who`), one more the blob (ref "blob HEX").  After the next commit the bytes are in no file of the
	 * journal any more (secure_delete, WAL truncated); a commit that cannot see to that is unknown, and the next open does
	 * it.  Neither comes back: put_message and blob_put answer 1, blob_get 1.
	 * The names are the caller's to check (given, two, different).  So is the rest of what says the same: the incident's
	 * summary must be put again, drafts of the same text deleted, before that commit; a quarantined copy stays.
	 * 1: no such message, or destroyed already. */
	int (*destroy)(struct journal *, int64_t ms, const struct msgid *, const char *first, const char *second, const char *why);

	int (*incident_put)(struct journal *, const struct journal_incident *);
	int (*incident_get)(struct journal *, const struct msgid *, struct journal_incident *);	/* summary: caller frees */
	/* Realm's incidents, last changed first; history ones only when asked. */
	int (*incident_each)(struct journal *, int realm, bool history, journal_incident_fn, void *);
	int (*incident_by_number)(struct journal *, int realm, const char *number, journal_incident_fn, void *);

	int (*foreign_get)(struct journal *, const char *space, const char *key, struct msgid *);	/* space: "incident", "message" */
	int (*foreign_put)(struct journal *, const char *space, const char *key, const struct msgid *);

	int (*blob_put)(struct journal *, const uint8_t digest[DIGEST_LEN], const void *, size_t);	/* 1: already there */
	/* 1: not here, destroyed, or damaged (logged): what is handed out has the digest. */
	int (*blob_get)(struct journal *, const uint8_t digest[DIGEST_LEN], struct buf *out);

	/* Input that cannot be taken is kept: bytes, from whom, why.  Appends a CHAIN_QUARANTINE entry. */
	int (*quarantine)(struct journal *, int64_t ms, const char *from, const char *why, const void *, size_t);
	uint64_t (*quarantine_count)(struct journal *);
	/* Without walking anything that is settled. */
	int (*counts)(struct journal *, struct journal_counts *);

	/* Walks the chain, recomputes every hash, checks serial continuity of our own messages per realm and epoch, that every message's
	 * bytes (where not destroyed) have the digest the chain holds, that every CHAIN_STORED has its message and the
	 * reverse, that what a CHAIN_DESTROYED names is gone and nothing else is but what a CHAIN_RETIRED let go, that blobs have their
	 * digests, that the numbers of every line are continuous and lead to messages, that what waits in the outbox and what has not passed
	 * on a line are the same, that every delivery row belongs to a message of ours and is as chain and receipts tell, that every addressee of
	 * one of our messages has its row, and the backend's own integrity check.  Not seen: `settled`, `precedence`, offers, requests, drafts. */
	int (*verify)(struct journal *, const char *station, struct journal_verify *);
};

/* What a reader keeps between its readings (query_live.c); dropped when the journal is closed, or (RAM twin) crashes. */
struct journal_memo {
	void (*drop)(struct journal_memo *);
};

struct journal {
	const struct journal_ops *ops;
	bool failed;			/* unusable: stop, reopen, reconcile */
	struct journal_memo *memo;	/* NULL: none */
	/* Messages set_local() has changed since the opening, in that order: the one change to a message that each_after() does
	 * not show to who has read further. */
	struct msgid *localised;	/* owned by the journal */
	size_t nlocalised;
	struct msgid *damaged;		/* owned by the journal: messages whose damage has been logged */
	size_t ndamaged;
};

/* Opens or (create) creates the journal in dir (0700).  Integrity check at open: a corrupt file is refused with a fault, never
 * replaced (every page while the file has 16 MiB or less; above, its length, the edges of every tree and the last 256 chain entries:
 * the rest is found when it is read, and by verify()); one written by a newer program is refused; one of an older is brought forward, whole or not at all.  A missing file without `create` is EX_NOINPUT.  readonly: for offline verify. */
struct journal *journal_sqlite_open(const char *dir, bool create, struct fault *);
/* The same on another VFS of SQLite (tests/sim): `name` is that VFS's, the file is made in place, no directory is looked at. */
struct journal *journal_sqlite_open_vfs(const char *vfs, const char *name, bool create, struct fault *);
struct journal *journal_ram_open(void);
/* What a crash leaves: everything since the last commit is gone.  RAM twin only. */
void journal_ram_crash(struct journal *);
/* The RAM twin's next commits (n of them) fail as unknown: applied says whether the writes stay. */
void journal_ram_fail_commits(struct journal *, int n, bool applied);
/* What a disk may do: a byte of the message's body is another from now on.  RAM twin only; the message is there, its body not empty. */
void journal_ram_damage(struct journal *, const struct msgid *);

#endif
