/*
 * Fuzz target: what a neighbour that is enrolled, and mad or hostile, may say about the line, and hand over.
 *
 * A county on the RAM journal with a city above and a township below.  The input is a series of (kind, length, bytes): notes as they
 * come, parcels as they come, parcels made of a decodable envelope and a body, turns with time passing, custody of what waits.  At the end
 * the journal must verify, and no message of the county's own may be there that it did not write.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/conf.h"
#include "../../formats/text.h"
#include "../../switch/log.h"
#include "../../switch/presence.h"
#include "../../switch/station_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW INT64_C(1790000000000)

static struct codebook *cb;
static struct rules *rules;
static struct neighbour nb[2];
static struct topology topo = { .self = "330225", .n = nb, .count = 2 };

static void op_peer(void *ctx, const char *peer) { (void)ctx; (void)peer; }
static void op_send(void *ctx, const char *peer, uint64_t conn, const void *p, size_t n)
{ (void)ctx; (void)peer; (void)conn; (void)p; (void)n; }
static void op_reply(void *ctx, uint64_t t, const struct msgid *id, bool again, const struct fault *f)
{ (void)ctx; (void)t; (void)id; (void)again; (void)f; }
static void op_push(void *ctx, uint64_t rev) { (void)ctx; (void)rev; }
static void op_alarm(void *ctx, const char *what, const char *detail) { (void)ctx; (void)what; (void)detail; }
static const struct station_ops ops = { op_peer, op_peer, op_send, op_reply, op_push, op_alarm };

static void
turn(struct station *s, struct journal *j, int64_t now)
{
	if (station_dirty(s)) {
		station_prepare(s, now);
		if (j->ops->commit(j) != 0)
			abort();
		station_committed(s, now, true);
	}
	station_flush(s, now);
}

static void
once(void)
{
	char dir[512];
	struct fault f = { 0 };

	if (cb != NULL)
		return;
	log_init(LOG_LV_ERROR + 1, 2);
	if (conf_dir(dir, sizeof dir, &f) == NULL || (cb = codebook_load(dir, &f)) == NULL || (rules = rules_load(dir, &f)) == NULL)
		abort();
	(void)snprintf(nb[0].station, sizeof nb[0].station, "330200");
	nb[0].role = ROLE_PARENT;
	(void)snprintf(nb[0].endpoint, sizeof nb[0].endpoint, "tcp://127.0.0.1:1");
	(void)snprintf(nb[1].station, sizeof nb[1].station, "330225102");
	nb[1].role = ROLE_CHILD;
}

static int
foreign(void *ctx, const struct journal_msg *m)
{
	const struct station *s = ctx;

	/* Whatever bears our code was written here, in this life. */
	if (strcmp(m->id.origin, "330225") == 0 && m->id.epoch != station_epoch(s))
		abort();
	return 0;
}

/* Whatever was said of presence, what is shown is a state there is, by clean names, never ahead of our clock. */
static void
present(const struct station *s, int64_t now)
{
	for (size_t i = 0; i < 3; i++) {
		static const char *const of[] = { "330200", "330225102", "330226" };
		struct presence pr;
		char text[128];

		station_presence(s, now, of[i], &pr);
		if (pr.state < PRESENCE_UNKNOWN || pr.state > PRESENCE_PHONE || pr.since > now || pr.last_key > now || pr.due_handover > now ||
		    memchr(pr.on_duty, '\0', sizeof pr.on_duty) == NULL || !text_clean(pr.on_duty, strlen(pr.on_duty), false, NULL) ||
		    *presence_text(&pr, now, true, text, sizeof text) == '\0')
			abort();
	}
}

static void
parcel(struct station *s, int64_t now, const char *peer, const uint8_t *p, size_t n)
{
	struct envelope e = { .precedence = n > 0 ? p[0] % 4 + 1 : 4 };
	struct buf out = { 0 };

	if (n < 5)
		return;
	envelope_add_to(&e, p[1] & 1 ? "330225" : p[1] & 2 ? "330200" : "330225102");
	(void)envelope_add_hop(&e, peer);
	e.given_back = (p[1] & 4) != 0;
	e.stream = p[2];
	e.serial = e.stream != 0 ? (uint64_t)p[3] + 1 : 0;
	parcel_encode(&e, p + 4, n - 4, &out);
	station_received(s, now, station_link(s, peer), 1, out.p, out.n);
	buf_free(&out);
	envelope_free(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct station_conf c;
	struct journal_verify v = { .bad = "" };
	struct fault f = { 0 };
	struct journal *j;
	struct station *s;
	int64_t now = NOW;

	once();
	memset(&c, 0, sizeof c);
	memset(c.seal, 7, sizeof c.seal);
	memcpy(c.self, topo.self, sizeof c.self);
	c.topology = &topo;
	c.codebook = cb;
	c.rules = rules;
	c.seed = 1;
	j = journal_ram_open();
	if ((s = station_new(&c, j, now, &ops, NULL, &f)) == NULL || j->ops->commit(j) != 0)
		abort();
	station_committed(s, now, true);
	station_start(s, now);
	while (n >= 3) {
		const char *peer = nb[p[0] & 1].station;
		int kind = p[0] >> 1 & 3;
		size_t len = (size_t)p[1] | (size_t)p[2] << 8;

		p += 3;
		n -= 3;
		len = len < n ? len : n;
		if (kind == 0)
			line_note(s, now, peer, p, len < LINK_NOTE_MAX ? len : LINK_NOTE_MAX);
		else if (kind == 1 && len > 0)
			station_received(s, now, station_link(s, peer), 1, p, len);
		else if (kind == 2)
			parcel(s, now, peer, p, len);
		else {
			turn(s, j, now);
			now += (int64_t)len * 1000;
			station_tick(s, now);
			turn(s, j, now);
		}
		p += len;
		n -= len;
	}
	turn(s, j, now);
	present(s, now);
	if (j->ops->each_after(j, 0, 0, false, foreign, s) != 0 || j->ops->verify(j, "330225", &v) != 0)
		abort();
	if (v.bad[0] != '\0') {
		fprintf(stderr, "%s\n", v.bad);
		abort();
	}
	station_free(s);
	j->ops->close(j);
	return 0;
}
