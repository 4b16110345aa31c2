/*
 * Is anybody there?  What this station tells its neighbours about its own seat, and what it knows of others'.
 *
 * A host that runs is no person: what counts is a desk that is open over a line that answers, and the last act of a person at it.
 * The word goes out as a note of the link (NOTE_PRESENCE) when a session begins, when the state or the names change, and while keys
 * are pressed once in five minutes; it is small, and a neighbour that never gets it says "not known", nothing better.  Spans travel,
 * not instants: clocks differ.  Of a station that is no neighbour only what its people have sent proves anything.
 *
 * When the last desk closes or its line dies, whatever key was pressed before proves nothing any more: a hosted station's 送达 waits
 * from that instant on (station_room.c asks station_is_attended()).
 *
 * A neighbour whose clock is off by more than the rules allow is alarmed here, once until it is right again.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "duty.h"
#include "duty_watch.h"
#include "log.h"
#include "presence.h"
#include "station_line.h"

#define ATTENDED_DEFAULT 900000	/* as in station_room.c */
#define REFRESH_EVERY 300000	/* ms between two words that keys are still pressed */
#define LOOK_EVERY 30000	/* ms between two looks at the names and the handover */
#define NOTE_MOST 59		/* bytes of a note: a thin line carries it beside the night's work */
#define SPAN_MOST (INT64_C(3660) * 24 * 3600 * 1000)
#define ACTS_MOST 4096		/* stations whose acts are remembered */
#define ACTS_LOOK 500		/* messages looked at after a start */

struct peer_presence {
	char station[STATION_MAX];
	bool neighbour;		/* a note is owed to it and may come from it */
	bool owed;		/* own state is to be told */
	int64_t told;		/* ms UTC, 0 never in this session */
	int64_t told_key;	/* the last key it was told of */
	bool heard;		/* in this session */
	struct presence word;	/* as heard, by our clock */
	int64_t act;		/* ms UTC of the last message a person there wrote, 0 none */
	bool clock_off;		/* said */
};

struct presences {
	unsigned seats;
	int64_t key;		/* ms UTC of the last key before the seats went; 0 none */
	struct presence own;	/* as last looked at */
	int64_t looked;		/* ms UTC */
	bool once;		/* looked at all */
	bool read;		/* the journal was looked at for what others did before this start */
	struct peer_presence *p;
	size_t n, cap;
};

static struct presences *
presences_of(struct station *s)
{
	if (s->presences == NULL)
		s->presences = xcalloc(1, sizeof *s->presences);
	return s->presences;
}

void
presences_free(struct presences *ps)
{
	if (ps == NULL)
		return;
	free(ps->p);
	free(ps);
}

static struct peer_presence *
find(const struct presences *ps, const char *station)
{
	for (size_t i = 0; ps != NULL && i < ps->n; i++)
		if (strcmp(ps->p[i].station, station) == 0)
			return &ps->p[i];
	return NULL;
}

/* NULL: there are too many already. */
static struct peer_presence *
peer_of(struct station *s, const char *station)
{
	struct presences *ps = presences_of(s);
	struct peer_presence *p = find(ps, station);

	if (p != NULL || ps->n == ACTS_MOST)
		return p;
	if (ps->n == ps->cap) {
		ps->cap = ps->cap == 0 ? 16 : ps->cap * 2;
		ps->p = xreallocarray(ps->p, ps->cap, sizeof *ps->p);
	}
	p = &ps->p[ps->n++];
	memset(p, 0, sizeof *p);
	snprintf(p->station, sizeof p->station, "%s", station);
	return p;
}

/* ---- our own seat ---- */

static int64_t
attended_span(const struct station *s)
{
	return s->conf.attended > 0 ? s->conf.attended : ATTENDED_DEFAULT;
}

static int
own_state(const struct station *s, int64_t now)
{
	if (station_is_attended(s, now))
		return PRESENCE_ATTENDED;
	return s->presences != NULL && s->presences->seats > 0 ? PRESENCE_IDLE : PRESENCE_NO_SEAT;
}

static int64_t
own_key(const struct station *s)
{
	return s->attended_at != 0 ? s->attended_at : s->presences != NULL ? s->presences->key : 0;
}

/* Names of who is responsible now, and how long the handover is past its time. */
static void
own_duty(struct station *s, int64_t now, struct presence *pr)
{
	const struct duty *d = station_duty(s);
	struct watch_span span;
	int64_t over;
	size_t n = 0;

	pr->on_duty[0] = '\0';
	pr->due_handover = 0;
	if (d == NULL || !watch_at(d->watch, now, &span))
		return;
	for (size_t i = 0; i < span.n; i++) {
		size_t len = strlen(span.person[i]);

		if (len == 0 || n + len + 2 > sizeof pr->on_duty)
			continue;
		n += (size_t)snprintf(pr->on_duty + n, sizeof pr->on_duty - n, "%s%s", n > 0 ? " " : "", span.person[i]);
	}
	if ((over = watch_overdue(d->watch, d->roster, now)) >= 0)
		pr->due_handover = now - over;
}

/* What has changed is owed to every neighbour. */
static void
look(struct station *s, int64_t now)
{
	struct presences *ps = presences_of(s);
	struct presence pr = ps->own;
	bool late;

	pr.state = own_state(s, now);
	pr.hosted = s->conf.hosted;
	pr.last_key = own_key(s);
	own_duty(s, now, &pr);
	late = (pr.due_handover != 0) != (ps->own.due_handover != 0);
	if (pr.state != ps->own.state || late || strcmp(pr.on_duty, ps->own.on_duty) != 0) {
		if (pr.state != ps->own.state) {
			log_event(LOG_LV_INFO, "presence", "station=%s old=%d new=%d seats=%u", s->conf.self, ps->own.state,
			    pr.state, ps->seats);
			pr.since = now;
		}
		for (size_t i = 0; i < ps->n; i++)
			ps->p[i].owed = ps->p[i].neighbour;
		s->push = true;
	}
	ps->own = pr;
	ps->looked = now;
	ps->once = true;
}

void
station_seats(struct station *s, int64_t now, unsigned open)
{
	struct presences *ps = presences_of(s);

	s->last_now = now;
	if (open == ps->seats)
		return;
	if (open == 0) { /* a key pressed before that says nothing of now */
		ps->key = own_key(s);
		s->attended_at = 0;
	}
	ps->seats = open;
	look(s, now);
}

/* ---- telling ---- */

static int64_t
passed(int64_t from, int64_t to)
{
	return to <= from ? 0 : to - from > SPAN_MOST ? SPAN_MOST : to - from;
}

/* Takes the last name away; false: there is none. */
static bool
drop_name(char *names)
{
	char *last = strrchr(names, ' ');

	if (*names == '\0')
		return false;
	*(last != NULL ? last : names) = '\0';
	return true;
}

static void
tell(struct station *s, int64_t now, struct peer_presence *p)
{
	const struct presence *own = &s->presences->own;
	struct buf note = {0};
	char names[sizeof own->on_duty];

	snprintf(names, sizeof names, "%s", own->on_duty);
	do {
		buf_clear(&note);
		token_put_array(&note, 7);
		token_put_uint(&note, NOTE_PRESENCE);
		token_put_uint(&note, (uint64_t)own->state);
		token_put_uint(&note, (uint64_t)passed(own->since, now));
		token_put_int(&note, own->last_key == 0 ? -1 : passed(own->last_key, now));
		token_put_bool(&note, own->hosted);
		token_put_text(&note, names, strlen(names));
		token_put_int(&note, own->due_handover == 0 ? -1 : passed(own->due_handover, now));
	} while (note.n > NOTE_MOST && drop_name(names));
	line_say(line_peer_of(s, p->station, true), &note);
	p->owed = false;
	p->told = now;
	p->told_key = own->last_key;
}

void
presence_up(struct station *s, int64_t now, const char *peer)
{
	struct peer_presence *p = peer_of(s, peer);

	(void)now;
	if (p == NULL)
		return;
	p->neighbour = p->owed = true;
	p->heard = false;
	p->told = 0;
}

static bool
can_hear(const struct station *s, const struct peer_presence *p)
{
	const struct slink *l = p->neighbour ? station_link((struct station *)(uintptr_t)s, p->station) : NULL;

	return l != NULL && link_version(l->link) >= 2;
}

/* ms UTC at which this neighbour is to be told; INT64_MAX: not by the time alone. */
static int64_t
tell_due(const struct station *s, const struct peer_presence *p)
{
	const struct presence *own = &s->presences->own;

	if (!can_hear(s, p))
		return INT64_MAX;
	if (p->owed)
		return 0;
	return own->state == PRESENCE_ATTENDED && own_key(s) != p->told_key ? p->told + REFRESH_EVERY : INT64_MAX;
}

/* ---- hearing ---- */

void
presence_heard(struct station *s, int64_t now, const char *peer, struct tokens *in)
{
	struct peer_presence *p = peer_of(s, peer);
	struct presence w;
	struct token hosted;
	const char *names;
	uint64_t state, since;
	int64_t key, over;
	size_t len, bad;

	memset(&w, 0, sizeof w);
	if (!tokens_uint(in, PRESENCE_NO_SEAT, PRESENCE_ATTENDED, &state) || !tokens_uint(in, 0, SPAN_MOST, &since) ||
	    !tokens_int(in, -1, SPAN_MOST, &key) || !tokens_next(in, &hosted))
		return;
	if (hosted.type != TOKEN_BOOL) {
		(void)tokens_wrong(in, _("true or false"));
		return;
	}
	if (!tokens_text(in, sizeof w.on_duty - 1, &names, &len) || !tokens_int(in, -1, SPAN_MOST, &over))
		return;
	if (!text_clean(names, len, false, &bad)) {
		(void)fault_set(in->fault, EX_DATAERR, "note", _("holds control characters"));
		return;
	}
	if (p == NULL)
		return;
	w.state = (int)state;
	w.since = now - (int64_t)since;
	w.last_key = key < 0 ? 0 : now - key;
	w.hosted = hosted.n != 0;
	memcpy(w.on_duty, names, len);
	w.due_handover = over < 0 ? 0 : now - over;
	if (!p->heard || p->word.state != w.state || strcmp(p->word.on_duty, w.on_duty) != 0 ||
	    (p->word.due_handover != 0) != (w.due_handover != 0)) {
		log_event(LOG_LV_INFO, "presence", "station=%s peer=%s state=%d hosted=%d", s->conf.self, peer, w.state, w.hosted);
		s->push = true;
	} else if (w.last_key / 60000 != p->word.last_key / 60000) {
		s->push = true;
	}
	p->neighbour = p->heard = true;
	p->word = w;
}

/* A person there has written this: by its own clock, yet never later than now. */
static void
acted(struct station *s, int64_t now, const struct msgid *id, const struct body *b)
{
	static const int nobody[] = {KIND_SERVICE, KIND_CHASE, KIND_WARNING};
	struct peer_presence *p;
	int64_t at = now;

	for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++)
		if (body_enum(b, F_KIND) == nobody[i])
			return;
	if (strcmp(id->origin, s->conf.self) == 0 || body_flag(b, F_HISTORY) || body_text(b, F_SEAT) == NULL ||
	    body_enum(b, F_ACT) == ACT_DELIVERED || (body_enum(b, F_ACT) == ACT_RETURNED && body_first(b, F_REGARDING) != NULL))
		return;
	(void)body_time(b, F_WRITTEN, &at);
	if (at > now)
		at = now;
	if ((p = peer_of(s, id->origin)) != NULL && at > p->act)
		p->act = at;
}

void
presence_act(struct station *s, int64_t now, const struct msgid *id, const struct body *b)
{
	acted(s, now, id, b);
}

struct past { struct station *s; int64_t now; size_t n; };

static int
past_row(void *ctx, const struct journal_msg *m)
{
	struct past *w = ctx;
	struct body *b;
	struct fault f;

	if (strcmp(m->id.origin, w->s->conf.self) != 0 && m->body.n > 0 && (b = wire_decode(m->body.p, m->body.n, &f)) != NULL) {
		acted(w->s, m->stored < w->now ? m->stored : w->now, &m->id, b);
		body_free(b);
	}
	return ++w->n >= ACTS_LOOK;
}

static void
read_past(struct station *s, int64_t now)
{
	struct past w = {.s = s, .now = now};

	if (presences_of(s)->read)
		return;
	s->presences->read = true;
	s->j->ops->each_before(s->j, UINT64_MAX, 0, false, past_row, &w);
}

/* ---- clocks ---- */

bool
presence_clock_off(const struct station *s, const char *peer, int64_t *diff)
{
	const struct slink *l = station_link((struct station *)(uintptr_t)s, peer);
	int64_t most = rules_number(s->conf.rules, NUMBER_CLOCK_MINUTES) * 60000;
	struct link_status st;

	if (l == NULL)
		return false;
	link_status(l->link, &st);
	if (st.state != LINK_UP || st.clock_diff == INT64_MIN)
		return false;
	*diff = st.clock_diff;
	return st.clock_diff > most || st.clock_diff < -most;
}

static void
look_at_clocks(struct station *s)
{
	for (size_t i = 0; i < s->nlinks; i++) {
		const struct neighbour *n = &s->links[i]->n;
		struct peer_presence *p;
		char text[STATION_MAX + 256];
		int64_t diff, minutes;
		bool off = presence_clock_off(s, n->station, &diff);

		if ((p = peer_of(s, n->station)) == NULL || (!off && s->links[i]->up == false) || off == p->clock_off)
			continue;
		p->clock_off = off;
		if (!off)
			continue;
		minutes = (diff > 0 ? diff : -diff) / 60000;
		snprintf(text, sizeof text,
		    diff > 0 ? _("the clock of %s %s is %lld h %lld min ahead of ours") : _("the clock of %s %s is %lld h %lld min behind ours"),
		    n->station, n->name, (long long)(minutes / 60), (long long)(minutes % 60));
		log_event(LOG_LV_WARN, "clock", "station=%s peer=%s diff_ms=%" PRId64, s->conf.self, n->station, diff);
		s->ops->alarm(s->ctx, N_("neighbour's clock"), text);
		s->push = true;
	}
}

/* ---- time ---- */

void
presence_tick(struct station *s, int64_t now)
{
	struct presences *ps = presences_of(s);

	read_past(s, now);
	if (!ps->once || now - ps->looked >= LOOK_EVERY || now < ps->looked || own_state(s, now) != ps->own.state) {
		look(s, now);
		look_at_clocks(s);
	}
	for (size_t i = 0; i < ps->n; i++) {
		struct peer_presence *p = &ps->p[i];

		if (p->told > now)
			p->told = now; /* the clock was set back */
		if (tell_due(s, p) <= now) {
			ps->own.last_key = own_key(s);
			tell(s, now, p);
		}
	}
}

int64_t
presence_wake(const struct station *s)
{
	const struct presences *ps = s->presences;
	int64_t at, due;

	if (ps == NULL || !ps->once || own_state(s, s->last_now) != ps->own.state)
		return s->last_now;
	at = ps->looked + LOOK_EVERY;
	if (ps->own.state == PRESENCE_ATTENDED) {
		int64_t lasts = attended_span(s);

		if (s->attended_at + lasts < at)
			at = s->attended_at + lasts;
	}
	for (size_t i = 0; i < ps->n; i++)
		if ((due = tell_due(s, &ps->p[i])) < at)
			at = due;
	return at < s->last_now ? s->last_now : at;
}

/* ---- asking ---- */

/* Of a station without a link of its own to us, or with one that does not tell: what its people have sent. */
static void
by_acts(const struct station *s, int64_t now, const struct peer_presence *p, struct presence *pr)
{
	pr->state = PRESENCE_UNKNOWN;
	if (p == NULL || p->act == 0)
		return;
	pr->last_key = pr->since = p->act;
	if (now - p->act < attended_span(s))
		pr->state = PRESENCE_ATTENDED;
}

void
station_presence(const struct station *s, int64_t now, const char *of, struct presence *pr)
{
	const struct peer_presence *p;
	const struct neighbour *n = s->conf.topology != NULL ? topology_find(s->conf.topology, of) : NULL;
	const struct slink *l;

	memset(pr, 0, sizeof *pr);
	read_past((struct station *)(uintptr_t)s, now);
	p = find(s->presences, of);
	if (strcmp(of, s->conf.self) == 0) {
		assert(s->presences != NULL);
		*pr = s->presences->own;
		pr->last_key = own_key(s);
		if (own_state(s, now) != pr->state)
			pr->since = now;
		pr->state = own_state(s, now);
		pr->hosted = s->conf.hosted;
		return;
	}
	if (n != NULL && n->role == ROLE_PHONE) {
		pr->state = PRESENCE_PHONE;
		return;
	}
	l = n != NULL ? station_link((struct station *)(uintptr_t)s, of) : NULL;
	if (l == NULL) {
		by_acts(s, now, p, pr);
		return;
	}
	if (!l->up) {
		if (p != NULL)
			*pr = p->word;
		pr->state = PRESENCE_DOWN;
		pr->since = l->down_since;
	} else if (p != NULL && p->heard)
		*pr = p->word;
	else
		by_acts(s, now, p, pr);
	if (p != NULL && p->act > pr->last_key)
		pr->last_key = p->act;
}

int64_t
presence_last_act(const struct station *s, int64_t now, const char *of)
{
	struct presence pr;

	station_presence(s, now, of, &pr);
	return pr.last_key;
}

/* ---- words ---- */

static const struct { const char *name, *en, *zh; } words[] = {
    [PRESENCE_UNKNOWN] = {"unknown", "not known", "不明"},
    [PRESENCE_DOWN] = {"down", "line down", "断线"},
    [PRESENCE_NO_SEAT] = {"no-seat", "nobody at the desk", "坐席无人"},
    [PRESENCE_IDLE] = {"idle", "online, nobody there", "在线无人"},
    [PRESENCE_ATTENDED] = {"attended", "attended", "在席"},
    [PRESENCE_PHONE] = {"phone", "telephone (no terminal)", "电话(无终端)"},
};

static size_t
word_of(int state)
{
	return state >= PRESENCE_UNKNOWN && state <= PRESENCE_PHONE ? (size_t)state : PRESENCE_UNKNOWN;
}

const char *
presence_name(int state, bool zh)
{
	return zh ? words[word_of(state)].zh : words[word_of(state)].en;
}

const char *
presence_ascii(int state)
{
	return words[word_of(state)].name;
}

/* "14:10" of today, "11-22 14:10" of another day; by UTC+08:00. */
static const char *
clock_text(int64_t t, int64_t now, char *buf, size_t size)
{
	const int64_t day = INT64_C(86400000), east = INT64_C(28800000);

	return time_format(t, (t + east) / day == (now + east) / day ? TIME_CLOCK : TIME_DAY, buf, size);
}

const char *
presence_text(const struct presence *pr, int64_t now, bool zh, char *buf, size_t size)
{
	char at[32] = "";
	const char *word = presence_name(pr->state, zh), *tail = "";
	int64_t t = pr->state == PRESENCE_DOWN || pr->state == PRESENCE_NO_SEAT ? pr->since : pr->last_key;

	if (pr->state == PRESENCE_ATTENDED && t != 0)
		word = zh ? "坐席有键" : "key at the desk";
	else if (pr->state == PRESENCE_NO_SEAT && pr->hosted) {
		word = zh ? "坐席断" : "seat down";
		tail = zh ? "(托管,不算在线)" : " (hosted: not online)";
	} else if (pr->state == PRESENCE_PHONE || pr->state == PRESENCE_UNKNOWN)
		t = 0;
	if (t != 0)
		(void)clock_text(t, now, at, sizeof at);
	snprintf(buf, size, "%s%s%s%s", word, *at != '\0' ? " " : "", at, tail);
	return buf;
}
