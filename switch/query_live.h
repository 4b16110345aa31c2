#ifndef SWITCH_QUERY_LIVE_H
#define SWITCH_QUERY_LIVE_H
/*
 * Private to query*.c: what the answers read again after every push is kept, and brought up to date by what has come in
 * since (query_live.c), so that an answer costs by what is new and by what is shown.
 */
#include "query_int.h"

#define LIVE_MAX 1000			/* rows of an inbox, items of what is owed, in one answer */
#define LIVE_OBJECTS 2000		/* things owed that are kept as objects: what is not shown is asked as well, by chasing */
#define LIVE_SORT 64			/* more news than this is sorted at once, not put in one by one */
#define LIVE_SLICE 10			/* ms that nobody waits for are spent on it at a time */
#define LIVE_SHOWN 400			/* incidents as lists show them that are kept */

enum live_language { LIVE_EN, LIVE_ZH, LIVE_LANGUAGES };

struct live_owed {			/* what one incident, or one message of no incident, owes */
	struct live_due {
		int64_t due;
		struct msgid about;
		int what;
		uint32_t len;
		json_t *o;		/* as answers show it; or, which takes a quarter of the room: */
		char *text;		/* the same as text */
	} *v;
	size_t n;
	bool made;			/* v is of the present state */
};

struct live_incident {
	struct msgid id;		/* first: the map's key */
	int grade;
	char number[96];
	int64_t changed;		/* ms UTC its last message was stored */
	uint64_t seq;			/* and that one's place in the chain */
	bool listed;			/* an event, and no history */
	bool open;			/* listed and not reported as over */
	bool over;			/* reported as over, closed, or no event: nothing more is expected of it */
	bool fresh;			/* has not been folded yet: its mail is read with its fold */
	bool stale;			/* has to be folded again */
	uint64_t judged;		/* the pass of settling that looked at it last */
	uint64_t version;		/* changes with every folding */
	struct live_owed owed[LIVE_LANGUAGES];
	json_t *shown[LIVE_LANGUAGES];	/* as lists show it; NULL: to be made */
	size_t shown_bytes[LIVE_LANGUAGES];
};

struct live_mail {			/* something addressed to this station */
	struct msgid id;		/* first: the map's key */
	struct inbox_item it;
	struct live_owed owed[LIVE_LANGUAGES];	/* of a message that belongs to no incident */
	json_t *row[LIVE_LANGUAGES];	/* as the inbox shows it; NULL: to be made */
	uint64_t row_version;		/* of its incident, when the rows were made */
	bool known;			/* what was done about it has been asked for, once */
};

struct live_map {			/* by id: open addressing */
	void **slot;
	size_t slots, n;		/* slots: 0 or a power of two, at least twice n */
};

struct live {
	struct journal_memo memo;	/* first */
	uint64_t print;			/* of the settings the answers depend on */
	bool loaded;
	uint64_t seq;			/* chain position read up to; until it is loaded: of what is loud */
	size_t localised;		/* the same of journal->localised */
	uint64_t version;
	/* What was read and is to be worked in. */
	struct live_mail **fresh;	/* new mail, in no order yet; of the first atfresh all is known */
	size_t nfresh, capfresh, atfresh;
	struct live_note *notes;
	size_t nnotes, capnotes;
	struct live_incident **stale;	/* those before atstale are folded */
	size_t nstale, capstale, atstale;
	struct msgid *revived;		/* settled in the journal, and live again (query_settle.c) */
	size_t nrevived, caprevived;
	struct live_map incidents, mail;
	struct live_mail **order;	/* all of the mail, as the inbox shows it */
	size_t n, cap, attention;	/* the first `attention` of them ask for it */
	size_t unsigned_;		/* of those, to be signed for */
	struct live_incident **listed;	/* by realm, the last changed first */
	size_t nlisted, caplisted;
	size_t open;			/* live (no exercise) incidents that are open */
	size_t trim_at;			/* rows of order at which settled mail is dropped */
	struct live_incident *shown[LIVE_SHOWN];	/* whose `shown` is there, the oldest to go first */
	size_t atshown;
	size_t objects;			/* things owed by incidents that are there as objects: LIVE_OBJECTS at most */
	struct {			/* settling (query_settle.c) */
		uint64_t pass;		/* 0: none yet */
		uint64_t after;		/* loud messages up to here have been looked at in this pass */
		bool under_way;
		int64_t next;		/* ms UTC the next one begins */
	} settle;
	/* What is owed, next due first, in one language; NULL: to be made. */
	struct live_due **due[LIVE_LANGUAGES];
	size_t ndue[LIVE_LANGUAGES];
};

/* The journal's, brought up to date; owned by it.  NULL: the journal has failed. */
struct live *live_get(struct query *);
/* The same as far as what is owed goes: what is in no order yet may be asked for attention, unless it belongs to no incident. */
struct live *live_get_owed(struct query *);
/* Does it answer for itself in what is owed?  Other mail is answered for by its incident. */
bool live_alone(const struct live_mail *);
/* The same for LIVE_SLICE ms at most: 0 it is up to date, 1 there is more to do, -1 the journal has failed. */
int live_prime(struct query *);
int64_t live_clock(void);		/* ms monotonic */
/* Settled: an incident and its mail, or a mail alone, are held no longer. */
void live_incident_drop(struct live *, struct live_incident *, const struct folded *);
void live_mail_drop(struct live *, struct live_mail *);
bool live_current(const struct query *, const struct live *);	/* nothing has come since it was brought up to date */
const struct live_mail *live_mail_find(const struct live *, const struct msgid *);
const struct live_incident *live_incident_find(const struct live *, const struct msgid *);
/* An incident as lists show it (query_incident()): borrowed.  NULL: the journal has failed. */
json_t *live_shown(struct query *, struct live_incident *, size_t *bytes);
/* Is the message mail: has it come in for people here? */
bool live_is_mail(const struct query *, const struct journal_msg *, const struct body *);
/* An item without what was done about it; and that, by the messages that refer to it (0, -1 failed). */
void live_item(const struct journal_msg *, const struct body *, bool own, struct inbox_item *);
int live_deeds(struct query *, struct inbox_item *);
/* ---- the mail held (query_mail.c) ---- */
struct live_note {			/* something done about a message */
	struct msgid of;
	int done;			/* enum act */
	bool answered, recalled, corrected;
};
void *live_map_find(const struct live_map *, const struct msgid *);
void live_map_put(struct live_map *, void *v);	/* v begins with its id, which is not in the map */
void live_map_take(struct live_map *, const struct msgid *);	/* it is in the map */
void live_mail_free(struct live_mail *);
void live_mail_changed(struct live_mail *);	/* drops what was made of it */
void live_order_put(struct live *, struct live_mail *);
void live_order_all(struct live *, struct live_mail **, size_t n);
void live_order_take(struct live *, struct live_mail *);	/* before anything the order depends on changes */
void live_trim(struct live *);
void live_listed_put(struct live *, struct live_incident *);
void live_listed_take(struct live *, const struct live_incident *);	/* before it changes */
/* What this message does to those it refers to: our own receipts and feedback, its author's recall or correction. */
bool live_note_of(const struct query *, const struct journal_msg *, const struct body *, struct live_note *);
/* May a note by this message speak of that one?  Recalls and corrections are their author's. */
bool live_note_binds(const struct live_note *, const struct msgid *by, const struct msgid *of);
void live_note_add(struct inbox_item *, const struct live_note *);

/* ---- what is owed, made (query_owed.c) ---- */
int owed_of_incident(struct query *, const struct incident *, struct live_owed *);
int owed_of_mail(struct query *, const struct inbox_item *, const struct body *, struct live_owed *);
void owed_clear(struct live_owed *);
void owed_pack(struct live_owed *);	/* all of it as text */
/* The item to show, a reference (it may be the one kept); NULL: it went into another incident, and the level above was told of that. */
json_t *owed_merged(struct query *, const struct live_due *);
/* Of those items, how many are still owed (what went into another incident may be reported there).  A signature others owe us is theirs: what is
 * over is put away without it, long after anybody has chased it, and it stays owed where it is owed. */
size_t owed_standing(struct query *, const struct live_owed *);
int owed_mail(struct query *, struct live_mail *);	/* made where it is not, in the language asked for.  0 or -1 */
void owed_forget_due(struct live *);
/* The items of an answer as they are to be shown (query_owed_order.c).  Takes the array's reference, returns another. */
json_t *owed_order(const struct query *, json_t *list);
/* Fills due and ndue of the language asked for.  0 or -1. */
int owed_due(struct query *, struct live *);
/* The clock's view of an item, whatever incident it belongs to. */
void owed_judge(struct query *, const struct inbox_item *, const struct body *, int grade, owed_fn add, void *ctx);
/* For chasing (query_owed_answer.c): everything owed or awaited, the duty book's items as well, next due first, but for what has been late
 * for longer than anything is chased.  key: chase_key().  0 or -1. */
typedef void (*owed_each_fn)(void *ctx, const struct owed_item *, const char *key, const char *title);
int query_owed_each(struct query *, owed_each_fn, void *ctx);

#endif
