/*
 * Deterministic simulation: stations under a storm, people who report, sign and retry, and a ledger kept outside of
 * them.
 *
 *   sim [--seed S] [--count N] [--stations K] [--minutes M] [--replay] [-v]
 *
 * For every seed: a storm of M virtual minutes (lost sends, frames of dead connections, silent breaks, crashes at any
 * turn, commits of unknown outcome, clocks that jump a day), then calm.  In the end every accepted message is at every
 * addressee exactly once, every request has one answer, every origin knows of each 送达, nothing is left in an outbox
 * or in quarantine, the journals verify, and all who hold the same messages of an incident fold them alike.  While it
 * goes on, custody is checked: whoever has let go of an outbox row has a neighbour that holds the message. A failure
 * prints the seed; the same seed gives the same run (--replay runs each twice and compares).
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/wire.h"
#include "../../switch/incident.h"
#include "world.h"

#define MAX_ENTRIES 400

struct entry { /* one thing a person wants sent */
	size_t node;
	char rid[40];
	struct body *body;
	int realm;
	char to[4][STATION_MAX];
	size_t nto;
	struct msgid id; /* as answered */
	bool answered;
};

struct run {
	struct world *w;
	uint64_t seed;
	struct entry e[MAX_ENTRIES];
	size_t n;
	bool verbose;
	char why[512];
	uint64_t crashes, submits, refused;
};

static void
fail(struct run *r, const char *what, size_t entry)
{
	if (*r->why == '\0')
		snprintf(r->why, sizeof r->why, "%s (entry %zu %s, virtual time %+.1f s)", what, entry,
		    entry < r->n ? r->e[entry].rid : "-", (double)(world_now(r->w) - WORLD_START) / 1000.0);
}

static void
on_reply(void *ctx, size_t node, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct run *r = ctx;
	struct entry *e = &r->e[ticket];

	(void)node;
	(void)duplicate;
	if (id == NULL) {
		r->refused++;
		if (r->verbose)
			fprintf(stderr, "refused %s: %s: %s\n", e->rid, f->field, f->text);
		fail(r, f != NULL ? f->text : "refused without a reason", ticket);
		return;
	}
	if (e->answered && msgid_cmp(&e->id, id) != 0)
		fail(r, "one request, two messages", ticket);
	e->id = *id;
	e->answered = true;
}

static void
offer(struct run *r, size_t i)
{
	struct entry *e = &r->e[i];
	struct station_submit s = {.rid = e->rid, .seat = "sim", .realm = e->realm, .body = e->body, .confirmed = true};

	r->submits++;
	world_submit(r->w, e->node, i, &s);
}

static struct entry *
new_entry(struct run *r, size_t node, int kind)
{
	struct entry *e = &r->e[r->n];

	memset(e, 0, sizeof *e);
	e->node = node;
	snprintf(e->rid, sizeof e->rid, "sim-%zu", r->n);
	e->body = body_new();
	body_set_num(e->body, F_KIND, kind);
	body_set_text(e->body, F_FOREIGN_ID, e->rid); /* the ledger's mark, carried along */
	r->n++;
	return e;
}

static void
add_to(struct entry *e, const char *code)
{
	snprintf(e->to[e->nto++], STATION_MAX, "%s", code);
	body_add_text(e->body, F_TO, code, strlen(code));
}

static void
report(struct run *r, size_t node)
{
	struct entry *e = new_entry(r, node, KIND_REPORT);
	struct figure unknown = {.q = FIG_UNKNOWN};
	char text[2000];
	size_t len = rng_below(world_rng(r->w), 1800) + 20;

	memset(text, 'x', len);
	text[len] = '\0';
	body_set_num(e->body, F_STAGE, STAGE_FIRST);
	body_set_text(e->body, F_PLACE, "somewhere");
	body_set_text(e->body, F_TITLE, e->rid);
	body_set_text(e->body, F_TYPE, "yjpt:12G00");
	body_set_text(e->body, F_BRIEF, text);
	body_set_time(e->body, F_LEARNED, world_now(r->w));
	body_add_figure(e->body, F_DEAD, &unknown);
	if (rng_chance(world_rng(r->w), 300))
		body_set_num(e->body, F_GRADE, GRADE_II);
	if (rng_chance(world_rng(r->w), 100))
		e->realm = REALM_EXERCISE;
	add_to(e, world_code(r->w, node == 0 ? 1 : node == 1 ? 0 : 1));
	if (node > 1 && rng_chance(world_rng(r->w), 500))
		add_to(e, world_code(r->w, 0));
}

static void
direct(struct run *r, size_t node)
{
	struct entry *e = new_entry(r, node, KIND_DIRECTIVE);
	size_t n = world_size(r->w);

	body_set_text(e->body, F_TEXT, "count the people, report back");
	if (node == 0)
		add_to(e, world_code(r->w, 1));
	for (int k = 0; k < 2 && n > 2; k++) {
		const char *code = world_code(r->w, 2 + rng_below(world_rng(r->w), n - 2));

		if (e->nto == 0 || strcmp(e->to[e->nto - 1], code) != 0)
			add_to(e, code);
	}
}

struct pick {
	struct run *r;
	size_t node, left;
	struct msgid id;
};

static int
pick_one(void *ctx, const struct journal_msg *m)
{
	struct pick *p = ctx;

	if (strcmp(m->id.origin, world_code(p->r->w, p->node)) == 0)
		return 0;
	p->id = m->id;
	return p->left-- == 0;
}

/* Somebody at the station signs for something that arrived. */
static void
sign(struct run *r, size_t node)
{
	struct pick p = {.r = r, .node = node, .left = rng_below(world_rng(r->w), 8)};
	struct journal *j = world_journal(r->w, node);
	struct entry *e;

	j->ops->each_before(j, UINT64_MAX, KIND_REPORT, true, pick_one, &p);
	if (!msgid_is_set(&p.id))
		return;
	e = new_entry(r, node, KIND_RECEIPT);
	e->realm = p.id.realm;
	body_set_num(e->body, F_ACT, ACT_SIGNED);
	body_add_id(e->body, F_REFS, &p.id);
	body_set_text(e->body, F_PERSON, "sim");
	snprintf(e->to[e->nto++], STATION_MAX, "%s", p.id.origin);
}

/* Somebody corrects a report that stands, or adopts a figure: both go to whoever had it. */
static void
amend(struct run *r, size_t node)
{
	struct figure three = {.q = FIG_EXACT, .n = 3};
	const struct entry *of;
	struct entry *e;
	bool step = rng_chance(world_rng(r->w), 300);
	size_t i, n = 0, want;

	for (i = 0; i < r->n; i++)
		n += r->e[i].node == node && r->e[i].answered && body_enum(r->e[i].body, F_STAGE) == STAGE_FIRST;
	if (n == 0)
		return;
	want = rng_below(world_rng(r->w), n);
	for (i = 0; i < r->n; i++)
		if (r->e[i].node == node && r->e[i].answered && body_enum(r->e[i].body, F_STAGE) == STAGE_FIRST &&
		    want-- == 0)
			break;
	of = &r->e[i];
	e = new_entry(r, node, step ? KIND_STEP : KIND_REPORT);
	e->realm = of->realm;
	e->nto = of->nto;
	memcpy(e->to, of->to, sizeof e->to);
	if (step) {
		body_set_num(e->body, F_STEP, STEP_ADOPTED);
		body_set_text(e->body, F_PERSON, "sim");
		body_set_text(e->body, F_REASON, "sim");
	} else {
		body_set_num(e->body, F_STAGE, STAGE_CORRECTION);
		body_set_text(e->body, F_BRIEF, "corrected");
	}
	body_add_id(e->body, F_REFS, &of->id);
	body_add_figure(e->body, F_DEAD, &three);
}

/* ---- checks ---- */

struct count {
	const char *rid;
	bool here; /* count only what is addressed to this station or its own */
	size_t n;
	struct msgid id;
};

static int
count_mark(void *ctx, const struct journal_msg *m)
{
	struct count *c = ctx;
	struct fault f;
	struct body *b = wire_decode(m->body.p, m->body.n, &f);
	const char *mark;

	if (b == NULL || (c->here && !m->local)) {
		body_free(b);
		return 0;
	}
	mark = body_text(b, F_FOREIGN_ID);
	if (mark != NULL && strcmp(mark, c->rid) == 0) {
		c->n++;
		c->id = m->id;
	}
	body_free(b);
	return 0;
}

static size_t
held(struct run *r, size_t node, const char *rid, struct msgid *id)
{
	struct count c = {.rid = rid, .here = true};
	struct journal *j = world_journal(r->w, node);

	j->ops->each_after(j, 0, 0, false, count_mark, &c);
	if (id != NULL)
		*id = c.id;
	return c.n;
}

static size_t
node_of(const struct run *r, const char *code)
{
	for (size_t i = 0; i < world_size(r->w); i++)
		if (strcmp(world_code(r->w, i), code) == 0)
			return i;
	return SIZE_MAX;
}

/* Next hop in the tree from a towards b. */
static size_t
hop(size_t a, size_t b)
{
	if (a == 0)
		return 1;
	if (a == 1)
		return b;
	return 1;
}

/* Custody: from the origin on, either the row is in the outbox or the next holds the message. */
static void
check_custody(struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->e[i];

		if (!e->answered)
			continue;
		for (size_t k = 0; k < e->nto; k++) {
			size_t at = e->node, to = node_of(r, e->to[k]);

			while (at != to) {
				struct journal *j = world_journal(r->w, at);
				size_t next = hop(at, to);
				struct journal *nj = world_journal(r->w, next);

				if (j->ops->get_message(j, &e->id, NULL) != 0) {
					fail(r, "an accepted message is gone", i);
					return;
				}
				if (j->ops->outbox_has(j, &e->id, e->to[k]) == 0)
					break;
				if (nj->ops->get_message(nj, &e->id, NULL) != 0) {
					fail(r, "custody let go of before the next had it", i);
					return;
				}
				at = next;
			}
		}
	}
}

static int
count_row(void *ctx, const struct journal_outbox *o)
{
	size_t *n = ctx;

	(void)o;
	(*n)++;
	return 0;
}

static bool
settled(struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->e[i];
		struct journal *j = world_journal(r->w, e->node);
		struct journal_delivery d;

		if (!e->answered)
			return false;
		for (size_t k = 0; k < e->nto; k++)
			if (j->ops->delivery_get(j, &e->id, e->to[k], &d) != 0 || d.state < DLV_DELIVERED)
				return false;
	}
	for (size_t i = 0; i < world_size(r->w); i++) {
		struct journal *j = world_journal(r->w, i);
		size_t n = 0;

		j->ops->outbox_each(j, count_row, &n);
		if (n > 0)
			return false;
	}
	return true;
}

/* Stations that hold the same messages of an incident fold them alike. */
static void
check_folds(struct run *r)
{
	for (size_t i = 0; i < r->n && *r->why == '\0'; i++) {
		struct folded a;

		if (body_enum(r->e[i].body, F_KIND) != KIND_REPORT ||
		    station_fold(world_station(r->w, r->e[i].node), &r->e[i].id, &a) != 0)
			continue;
		for (size_t k = 0; k < r->e[i].nto; k++) {
			struct folded b;
			bool same;

			if (station_fold(world_station(r->w, node_of(r, r->e[i].to[k])), &r->e[i].id, &b) != 0)
				continue;
			same = a.incident->nlines == b.incident->nlines;
			for (size_t l = 0; same && l < a.incident->nlines; l++)
				same = msgid_cmp(&a.incident->lines[l].id, &b.incident->lines[l].id) == 0;
			if (same && (a.incident->grade != b.incident->grade ||
					strcmp(a.incident->number, b.incident->number) != 0))
				fail(r, "the same messages fold differently", i);
			folded_free(&b);
		}
		folded_free(&a);
	}
}

static void
check_end(struct run *r)
{
	if (!settled(r))
		for (size_t i = 0; i < r->n; i++) {
			struct entry *e = &r->e[i];
			struct journal *j = world_journal(r->w, e->node);
			struct journal_delivery d = {0};

			if (!e->answered)
				fail(r, "never answered", i);
			for (size_t k = 0; k < e->nto; k++)
				if (j->ops->delivery_get(j, &e->id, e->to[k], &d) != 0 || d.state < DLV_DELIVERED)
					fail(r, "the origin never learned of its delivery", i);
		}
	if (!settled(r))
		fail(r, "something is left in an outbox", r->n);
	for (size_t i = 0; i < r->n && *r->why == '\0'; i++) {
		struct msgid id;
		size_t n = held(r, r->e[i].node, r->e[i].rid, &id);

		/* Signing what is signed gives the standing receipt again: then nothing of this request exists. */
		if (n == 0 && body_enum(r->e[i].body, F_KIND) == KIND_RECEIPT)
			continue;
		if (n != 1)
			fail(r, "not exactly once at its origin", i);
		for (size_t k = 0; k < r->e[i].nto; k++)
			if (held(r, node_of(r, r->e[i].to[k]), r->e[i].rid, &id) != 1 ||
			    msgid_cmp(&id, &r->e[i].id) != 0)
				fail(r, "not exactly once at an addressee", i);
	}
	for (size_t i = 0; i < world_size(r->w) && *r->why == '\0'; i++) {
		struct journal *j = world_journal(r->w, i);
		struct journal_verify v;

		if (j->ops->verify(j, world_code(r->w, i), &v) != 0 || *v.bad != '\0')
			fail(r, *v.bad != '\0' ? v.bad : "verify failed", r->n);
		if (j->ops->quarantine_count(j) != 0)
			fail(r, "something sits in quarantine", r->n);
	}
	check_folds(r);
}

/* ---- the run ---- */

static void
mishap(struct run *r)
{
	struct rng *g = world_rng(r->w);
	size_t node = rng_below(g, world_size(r->w));

	switch (rng_below(g, 9)) {
	case 0:
	case 1:
		r->crashes++;
		world_crash(r->w, node);
		break;
	case 2:
	case 3:
	case 4:
		world_restart(r->w, node);
		break;
	case 5:
		world_cut(r->w, node, true);
		break;
	case 6:
		world_cut(r->w, node, false);
		break;
	case 7:
		world_reload(r->w, node);
		break;
	default:
		world_skew(r->w, node, ((int64_t)rng_below(g, 3) - 1) * (rng_chance(g, 300) ? 86400000 : 30000));
		break;
	}
}

static void
act(struct run *r)
{
	struct rng *g = world_rng(r->w);
	size_t node = rng_below(g, world_size(r->w));

	if (r->n < MAX_ENTRIES && world_station(r->w, node) != NULL) {
		size_t before = r->n;

		if (rng_chance(g, 250))
			sign(r, node);
		else if (node < 2 && rng_chance(g, 400))
			direct(r, node);
		else if (rng_chance(g, 250))
			amend(r, node);
		else
			report(r, node);
		if (r->n > before)
			offer(r, before);
	}
	for (size_t i = 0; i < r->n; i++)
		if (!r->e[i].answered && world_station(r->w, r->e[i].node) != NULL && rng_chance(g, 500))
			offer(r, i);
}

static uint64_t
simulate(uint64_t seed, size_t stations, int64_t minutes, bool verbose, char *why, size_t size, struct run *out)
{
	struct run *r = out;
	int64_t end;
	uint64_t tr;

	memset(r, 0, sizeof *r);
	r->seed = seed;
	r->verbose = verbose;
	r->w = world_new(seed, stations);
	world_on_reply(r->w, on_reply, r);
	struct rng *g = world_rng(r->w);
	struct weather *wx = world_weather(r->w);
	*wx = (struct weather){.lose_send = (unsigned)rng_below(g, 40),
	    .late_dead = (unsigned)rng_below(g, 300),
	    .silent = (unsigned)rng_below(g, 900),
	    .break_conn = (unsigned)rng_below(g, 15),
	    .commit_fail = (unsigned)rng_below(g, 30),
	    .delay = (int64_t)rng_below(g, 800),
	    .jitter = (int64_t)rng_below(g, 400)};
	end = WORLD_START + minutes * 60000;
	while (world_now(r->w) < end && *r->why == '\0') {
		int64_t next = world_now(r->w) + 100 + (int64_t)rng_below(g, 9000);

		while (world_step(r->w, next))
			;
		if (rng_chance(g, 350))
			mishap(r);
		else
			act(r);
		check_custody(r);
	}
	/* Calm. */
	*wx = (struct weather){.delay = 20, .jitter = 10};
	for (size_t i = 0; i < world_size(r->w); i++) {
		world_skew(r->w, i, 0);
		world_cut(r->w, i, false);
		while (world_station(r->w, i) == NULL)
			world_restart(r->w, i);
	}
	end = world_now(r->w) + 30 * 3600000; /* the slowest re-offer is a day */
	while (world_now(r->w) < end && !settled(r) && *r->why == '\0') {
		int64_t next = world_now(r->w) + 20000;

		/* A commit failure planned in the storm may come due only now: whoever died of it is started again. */
		for (size_t i = 0; i < world_size(r->w); i++)
			while (world_station(r->w, i) == NULL)
				world_restart(r->w, i);
		for (size_t i = 0; i < r->n; i++)
			if (!r->e[i].answered)
				offer(r, i);
		while (world_step(r->w, next))
			;
	}
	if (*r->why == '\0') {
		check_custody(r);
		check_end(r);
	}
	tr = world_trace(r->w);
	snprintf(why, size, "%s", r->why);
	for (size_t i = 0; i < r->n; i++)
		body_free(r->e[i].body);
	world_free(r->w);
	return tr;
}

int
main(int argc, char **argv)
{
	static const struct option opts[] = {{"seed", required_argument, NULL, 's'},
	    {"count", required_argument, NULL, 'n'}, {"stations", required_argument, NULL, 'k'},
	    {"minutes", required_argument, NULL, 'm'}, {"replay", no_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	uint64_t seed = 1, count = 100, submits = 0, crashes = 0, messages = 0, passed = 0, failed = 0;
	size_t stations = 3;
	int64_t minutes = 10;
	bool replay = false, verbose = false;
	struct run *r = calloc(1, sizeof *r);
	int c;

	while ((c = getopt_long(argc, argv, "v", opts, NULL)) != -1)
		switch (c) {
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			count = strtoull(optarg, NULL, 10);
			break;
		case 'k':
			stations = strtoull(optarg, NULL, 10);
			break;
		case 'm':
			minutes = strtoll(optarg, NULL, 10);
			break;
		case 'r':
			replay = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return 64;
		}
	if (stations < 3 || stations > 200 || count == 0 || minutes < 1) {
		fprintf(stderr, "sim: --stations 3..200, --count and --minutes from 1\n");
		return 64;
	}
	for (uint64_t i = 0; i < count; i++) {
		char why[512];
		uint64_t tr = simulate(seed + i, stations, minutes, verbose, why, sizeof why, r);

		submits += r->submits;
		crashes += r->crashes;
		messages += r->n;
		if (*why == '\0' && replay && simulate(seed + i, stations, minutes, verbose, why, sizeof why, r) != tr)
			snprintf(why, sizeof why, "the same seed ran differently");
		if (*why != '\0') {
			failed++;
			printf("seed %" PRIu64 " stations %zu: %s\n", seed + i, stations, why);
		} else
			passed++;
	}
	printf("sim: %zu stations, seeds %" PRIu64 "-%" PRIu64 ": %" PRIu64 " messages, %" PRIu64 " submits, %" PRIu64
	       " crashes\n",
	    stations, seed, seed + count - 1, messages, submits, crashes);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", passed, failed);
	free(r);
	return failed > 0;
}
