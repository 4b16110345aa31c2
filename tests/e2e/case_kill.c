/*
 * Reports flow up and directives down while the county is killed at random moments, and the ends now and then: none lost,
 * none doubled.
 *
 * A flow posts its submits through the client library with a window; whatever was unanswered when its switch died is posted
 * again with the same request id on the next connection.  Each submit has a title of its own, so that a message made twice
 * shows under two ids.  The county is killed while it starts, soon after it is ready, or soon after something has reached it.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "e2e.h"

#define WINDOW 16
#define SLICE_UP 40		/* reports between two kills */
#define SLICE_DOWN 8

struct item {
	char rid[40], id[80];
	char incident[80];	/* of a follow-up; decided at the first post: a repeated submit must say the same */
	uint64_t n;		/* number of the request under way, 0 = none */
	bool answered;
};

struct flow {
	struct station_proc *s;
	struct client *c;
	char letter;
	struct item *v;
	size_t n, total, allowed, answered, reposted, duplicates;
	size_t first;		/* lowest not answered */
};

enum { BY_CLOCK, BY_PUSH, BY_REPORT };

struct plan {
	struct e2e *e;
	struct flow up, down;
	int64_t kill_at[STATIONS], start_at[STATIONS];	/* ms monotonic, 0 = not planned */
	int wait;		/* what the county's kill waits for */
	json_int_t seq;		/* newest report seen at the county */
	int county, town, city, starting, flowing;	/* kills */
};

static json_t *
flow_request(const struct flow *fl, const struct plan *p, size_t i)
{
	char title[64];
	json_t *body;

	(void)snprintf(title, sizeof title, "%c%06zu", fl->letter, i);
	if (fl->letter == 'D')
		body = json_pack("{s:s, s:s, s:s, s:s, s:[s, s]}", "kind", "directive", "title", title, "text", "注意防范", "author", "陈立",
		    "to", p->e->st.s[TOWN].code, p->e->st.s[COUNTY].code);
	else {
		body = report_body(title);
		if (fl->v[i].incident[0] != '\0')
			(void)json_object_set_new(body, "incident", json_string(fl->v[i].incident));
		(void)json_object_set_new(body, "learned", json_string("2026-01-02T03:04:00+08:00"));
		(void)json_object_set_new(body, "to", json_pack("[s, s]", p->e->st.s[COUNTY].code, p->e->st.s[CITY].code));
	}
	ST_CHECK(body != NULL, "json_pack");
	return json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", fl->v[i].rid, "realm", "live", "body", body);
}

static void
flow_new(struct flow *fl, struct station_proc *s, char letter, size_t total)
{
	memset(fl, 0, sizeof *fl);
	fl->s = s;
	fl->letter = letter;
	fl->total = total;
	fl->v = xcalloc(total, sizeof *fl->v);
	for (size_t i = 0; i < total; i++) {
		char rid[33];

		client_rid(rid);
		(void)snprintf(fl->v[i].rid, sizeof fl->v[i].rid, "%s", rid);
	}
}

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct flow *fl = ctx;
	size_t i = fl->first;

	while (i < fl->n && (fl->v[i].answered || fl->v[i].n != n))
		i++;
	ST_CHECK(i < fl->n, "%s: an answer to nothing", fl->s->code);
	fl->v[i].n = 0;
	if (!json_is_true(json_object_get(answer, "ok"))) {
		ST_CHECK(json_integer_value(json_object_get(answer, "code")) == EX_TEMPFAIL, "%s refused %s: %s: %s", fl->s->code,
		    fl->v[i].rid, text_of(answer, "field"), text_of(answer, "text"));
		return;		/* not now: it goes again */
	}
	fl->v[i].answered = true;
	(void)snprintf(fl->v[i].id, sizeof fl->v[i].id, "%s", text_of(answer, "id"));
	fl->duplicates += json_is_true(json_object_get(answer, "duplicate"));
	fl->answered++;
	while (fl->first < fl->n && fl->v[fl->first].answered)
		fl->first++;
}

static void
flow_drop(struct flow *fl)
{
	client_close(fl->c);
	fl->c = NULL;
	for (size_t i = fl->first; i < fl->n; i++)
		if (!fl->v[i].answered && fl->v[i].n != 0) {
			fl->v[i].n = 0;
			fl->reposted++;
		}
}

/* Opens, posts what may go, takes what came.  Never waits. */
static void
flow_step(struct flow *fl, struct plan *p)
{
	struct fault f = { 0 };
	size_t under_way = 0, i;

	if (fl->c == NULL && (fl->s->pid == 0 || (fl->c = client_open(fl->s->dir, "e2e", &f)) == NULL))
		return;
	for (i = fl->first; i < fl->n; i++)
		under_way += fl->v[i].n != 0;
	for (i = fl->first; i < fl->total && i < fl->allowed && under_way < WINDOW; i++) {
		if (fl->v[i].answered || fl->v[i].n != 0)
			continue;
		if (i >= fl->n) {
			fl->n = i + 1;
			/* A quarter of the reports goes on with an incident that is known already. */
			if (fl->letter == 'R' && i % 4 == 3 && fl->v[i - 3].answered)
				memcpy(fl->v[i].incident, fl->v[i - 3].id, sizeof fl->v[i].incident);
		}
		fl->v[i].n = client_post(fl->c, flow_request(fl, p, i), NULL, 0);
		under_way++;
	}
	if (client_step(fl->c, 0, on_answer, NULL, fl, &f) < 0) {
		ST_CHECK(f.code == EX_TEMPFAIL, "%s: %s", fl->s->code, f.text);
		flow_drop(fl);
	}
}

/* ---- kills ---- */

/* Whether reports have come to the county since it was asked last.  Its link to the city is up at once, because it connects; the
 * township's may take a second more, and a kill before that would never meet a report. */
static bool
reports_came(struct plan *p)
{
	struct station_proc *s = &p->e->st.s[COUNTY];
	json_int_t before = p->seq;
	json_t *a;

	do {
		a = st_ask(s, json_pack("{s:s, s:s, s:I, s:i}", "op", "list", "kind", "report", "after", p->seq, "limit", 2000));
		p->seq = json_integer_value(json_object_get(a, "last"));
		if (json_array_size(json_object_get(a, "messages")) == 0)
			break;
		json_decref(a);
	} while (true);
	json_decref(a);
	return p->seq != before;
}

static void
plan_county(struct plan *p, bool ready)
{
	static const struct { int wait, latest; } how[] = { { BY_CLOCK, 300 }, { BY_PUSH, 4000 }, { BY_REPORT, 4000 }, { BY_REPORT, 4000 } };
	size_t k = (size_t)chance(5);
	int64_t now = mono_ms();

	if (!ready) {
		p->kill_at[COUNTY] = k == 4 ? now + (int64_t)chance(12 * (uint64_t)p->e->slow) : 0;
	} else if (p->kill_at[COUNTY] == 0) {
		k %= 4;
		(void)reports_came(p);
		p->wait = how[k].wait;
		/* Where something is waited for, this is the latest; its coming brings it forward. */
		p->kill_at[COUNTY] = now + (p->wait == BY_CLOCK ? (int64_t)chance((uint64_t)how[k].latest) : how[k].latest);
	}
}

static void
on_push(void *ctx, uint64_t revision)
{
	(void)revision;
	*(bool *)ctx = true;
}

static void
look_at_county(struct plan *p)
{
	struct station_proc *s = &p->e->st.s[COUNTY];
	struct fault f = { 0 };
	bool pushed = false;

	if (s->client == NULL)
		return;
	ST_CHECK(client_step(s->client, 0, NULL, on_push, &pushed, &f) >= 0, "the county: %s", f.text);
	if (!pushed || p->wait == BY_CLOCK || (p->wait == BY_REPORT && !reports_came(p)))
		return;
	p->flowing += p->wait == BY_REPORT;
	p->wait = BY_CLOCK;
	p->kill_at[COUNTY] = mono_ms() + (int64_t)chance(chance(2) == 0 ? 10 : 150);
}

/* Before the township dies: submits that are committed and answered, and whose answers nobody will have read. */
static void
lose_answers(struct plan *p)
{
	struct pollfd fd = { .events = POLLIN };

	p->up.allowed += WINDOW;
	flow_step(&p->up, p);
	if (p->up.c == NULL)
		return;
	fd.fd = client_fd(p->up.c);
	(void)poll(&fd, 1, 200);
}

static void
kills_due(struct plan *p)
{
	int *count[STATIONS] = { [TOWN] = &p->town, [COUNTY] = &p->county, [CITY] = &p->city };
	int64_t now = mono_ms();

	for (size_t i = 0; i < STATIONS; i++) {
		struct station_proc *s = &p->e->st.s[i];

		if (s->pid != 0 && p->kill_at[i] != 0 && now >= p->kill_at[i]) {
			bool lose = i == TOWN && chance(2) == 0;

			if (lose)
				lose_answers(p);
			p->starting += i == COUNTY && s->ready_fd >= 0;
			st_kill(s);
			if (lose)
				flow_drop(&p->up);
			p->kill_at[i] = 0;
			p->start_at[i] = now + (int64_t)chance(100);
			++*count[i];
			if (i == COUNTY && p->town == 0 && p->county > 1)
				p->kill_at[TOWN] = now + (int64_t)chance(150);	/* at least once */
			else if (i == COUNTY && chance(4) == 0)
				p->kill_at[TOWN] = now + (int64_t)chance(150);
			if (i == COUNTY && chance(8) == 0)
				p->kill_at[CITY] = now + (int64_t)chance(150);
		}
		if (s->pid == 0 && now >= p->start_at[i]) {
			st_launch(s);
			if (i == COUNTY && p->county < p->e->kills)
				plan_county(p, false);
		}
	}
}

/* Waits for whatever comes first: answers, readiness, a push of the county, the next kill or start. */
static void
wait_turn(struct plan *p)
{
	struct pollfd fd[6];
	struct station_proc *county = &p->e->st.s[COUNTY];
	int64_t now = mono_ms(), next = now + 100;
	nfds_t n = 0;

	for (size_t i = 0; i < STATIONS; i++) {
		if (p->kill_at[i] != 0 && p->e->st.s[i].pid != 0 && p->kill_at[i] < next)
			next = p->kill_at[i];
		if (p->e->st.s[i].pid == 0 && p->start_at[i] < next)
			next = p->start_at[i];
		if (p->e->st.s[i].ready_fd >= 0)
			fd[n++] = (struct pollfd){ .fd = p->e->st.s[i].ready_fd, .events = POLLIN };
	}
	if (p->up.c != NULL)
		fd[n++] = (struct pollfd){ .fd = client_fd(p->up.c), .events = (short)(POLLIN | (client_wants_write(p->up.c) ? POLLOUT : 0)) };
	if (p->down.c != NULL)
		fd[n++] = (struct pollfd){ .fd = client_fd(p->down.c), .events = POLLIN };
	if (county->client != NULL)
		fd[n++] = (struct pollfd){ .fd = client_fd(county->client), .events = POLLIN };
	(void)poll(fd, n, next > now ? (int)(next - now) : 0);
	for (size_t i = 0; i < STATIONS; i++) {
		struct station_proc *s = &p->e->st.s[i];
		struct pollfd r = { .fd = s->ready_fd, .events = POLLIN };

		if (s->ready_fd < 0 || poll(&r, 1, 0) <= 0)
			continue;
		st_ready(s, 0);
		if (i == COUNTY) {
			(void)st_client(s);	/* watches */
			if (p->county < p->e->kills)
				plan_county(p, true);
		}
	}
	look_at_county(p);
}

static bool
going_on(const struct plan *p)
{
	bool planned = p->county < p->e->kills;

	for (size_t i = 0; i < STATIONS; i++)
		planned |= p->kill_at[i] != 0 || p->e->st.s[i].pid == 0 || p->e->st.s[i].ready_fd >= 0;
	return planned || p->up.answered < p->up.total || p->down.answered < p->down.total;
}

/* ---- counting ---- */

struct count {
	const struct flow *fl;
	const struct station_proc *s;
	size_t *seen;
};

static void
count_row(void *ctx, const json_t *row)
{
	struct count *c = ctx;
	const char *title = text_of(row, "title");
	char *rest;
	unsigned long i;

	ST_CHECK(title[0] == c->fl->letter, "%s holds '%s', which nobody sent", c->s->code, title);
	i = strtoul(title + 1, &rest, 10);
	ST_CHECK(*rest == '\0' && i < c->fl->total, "%s holds '%s', which nobody sent", c->s->code, title);
	ST_CHECK(strcmp(text_of(row, "id"), c->fl->v[i].id) == 0, "doubled: %s holds %s as %s, the answer named %s", c->s->code, title,
	    text_of(row, "id"), c->fl->v[i].id);
	ST_CHECK(c->seen[i]++ == 0, "doubled: %s holds %s twice", c->s->code, title);
}

static void
count(const struct flow *fl, struct station_proc *s, const char *kind)
{
	struct count c = { .fl = fl, .s = s, .seen = xcalloc(fl->total, sizeof(size_t)) };

	(void)st_each(s, kind, false, count_row, &c);
	for (size_t i = 0; i < fl->total; i++)
		ST_CHECK(c.seen[i] == 1, "lost: %s does not hold %c%06zu (%s)", s->code, fl->letter, i, fl->v[i].id);
	free(c.seen);
}

static void
delivered(void *ctx, const char *id, const json_t *answer)
{
	check_delivered(ctx, id, answer);
}

void
case_kill_county(struct e2e *e)
{
	struct plan p;
	int64_t deadline = mono_ms() + (120000 + (int64_t)e->kills * 8000) * e->slow;

	memset(&p, 0, sizeof p);
	p.e = e;
	flow_new(&p.up, &e->st.s[TOWN], 'R', SLICE_UP * ((size_t)e->kills + 1));
	flow_new(&p.down, &e->st.s[CITY], 'D', SLICE_DOWN * ((size_t)e->kills + 1));
	stations_start(&e->st);
	(void)st_client(&e->st.s[COUNTY]);
	plan_county(&p, true);
	while (going_on(&p)) {
		ST_CHECK(mono_ms() < deadline, "not done in time: %d kills, %zu of %zu reports and %zu of %zu directives answered", p.county,
		    p.up.answered, p.up.total, p.down.answered, p.down.total);
		p.up.allowed = SLICE_UP * ((size_t)p.county + 1);
		p.down.allowed = SLICE_DOWN * ((size_t)p.county + 1);
		kills_due(&p);
		flow_step(&p.up, &p);
		flow_step(&p.down, &p);
		wait_turn(&p);
	}
	stations_settle(&e->st, 120000 * e->slow);
	for (size_t i = 0; i < STATIONS; i++) {
		count(&p.up, &e->st.s[i], "report");
		count(&p.down, &e->st.s[i], "directive");
		ST_CHECK(st_status(&e->st.s[i], "quarantine") == 0, "%s has put something into quarantine", e->st.s[i].code);
	}
	ST_CHECK(each_message(&e->st.s[TOWN], "report", delivered, &e->st.s[TOWN]) == p.up.total, "reports miscounted");
	ST_CHECK(each_message(&e->st.s[CITY], "directive", delivered, &e->st.s[CITY]) == p.down.total, "directives miscounted");
	verify_all(e);
	(void)snprintf(e->note, sizeof e->note,
	    "%zu reports up, %zu directives down; killed: county %d (%d while starting, %d with reports coming in), township %d, city %d; submits repeated %zu, of these taken before %zu",
	    p.up.total, p.down.total, p.county, p.starting, p.flowing, p.town, p.city, p.up.reposted + p.down.reposted,
	    p.up.duplicates + p.down.duplicates);
	client_close(p.up.c);
	client_close(p.down.c);
	free(p.up.v);
	free(p.down.v);
}
