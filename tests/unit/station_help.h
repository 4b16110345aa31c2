#ifndef TESTS_UNIT_STATION_HELP_H
#define TESTS_UNIT_STATION_HELP_H
/*
 * A county's station over a RAM journal, city above and two townships below, without any network: for the tests of
 * what people enter (station_test.c) and of what arrives (station_recv_test.c).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/conf.h"
#include "../../formats/value.h"
#include "../../formats/wire.h"
#include "../../switch/incident.h"
#include "../../formats/life.h"
#include "../../switch/log.h"
#include "../../switch/station_int.h"

#define NOW INT64_C(1790000000000)

static struct codebook *cb;
static struct rules *rules;

struct world {
	struct topology topo;
	struct neighbour nb[3];
	struct journal *j;
	struct station *s;
	int64_t now;
	/* the last reply */
	uint64_t ticket;
	struct msgid id;
	bool duplicate, refused;
	struct fault fault;
	unsigned replies, pushes, alarms;
};

static inline void
op_peer(void *ctx, const char *peer)
{
	(void)ctx;
	(void)peer;
}

static inline void
op_send(void *ctx, const char *peer, uint64_t conn, const void *p, size_t n)
{
	(void)ctx;
	(void)peer;
	(void)conn;
	(void)p;
	(void)n;
}

static inline void
op_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct world *w = ctx;

	w->replies++;
	w->ticket = ticket;
	w->duplicate = duplicate;
	w->refused = id == NULL;
	memset(&w->fault, 0, sizeof w->fault);
	if (id != NULL)
		w->id = *id;
	if (f != NULL)
		w->fault = *f;
}

static inline void
op_push(void *ctx, uint64_t rev)
{
	struct world *w = ctx;

	(void)rev;
	w->pushes++;
}

static inline void
op_alarm(void *ctx, const char *what, const char *detail)
{
	struct world *w = ctx;

	(void)what;
	(void)detail;
	w->alarms++;
}

static const struct station_ops ops = {
    .connect = op_peer, .close = op_peer, .send = op_send, .reply = op_reply, .push = op_push, .alarm = op_alarm};

static inline void
turn(struct world *w)
{
	if (station_dirty(w->s)) {
		station_prepare(w->s, w->now);
		assert_int_equal(w->j->ops->commit(w->j), 0);
		station_committed(w->s, w->now, true);
	}
	station_flush(w->s, w->now);
}

static inline void
start(struct world *w)
{
	struct station_conf c;
	struct fault f = {0};

	memset(&c, 0, sizeof c);
	snprintf(c.self, sizeof c.self, "%s", w->topo.self);
	c.topology = &w->topo;
	c.codebook = cb;
	c.rules = rules;
	c.seed = 7;
	w->s = station_new(&c, w->j, w->now, &ops, w, &f);
	if (w->s == NULL)
		fail_msg("%s", f.text);
	turn(w);
	station_start(w->s, w->now);
	turn(w);
}

/* The county: city above, two townships below. */
static inline int
setup(void **state)
{
	static const struct {
		const char *code;
		enum role role;
	} n[] = {{"330200", ROLE_PARENT}, {"330225102", ROLE_CHILD}, {"330225101", ROLE_CHILD}};
	struct world *w = xcalloc(1, sizeof *w);

	w->now = NOW;
	w->j = journal_ram_open();
	snprintf(w->topo.self, sizeof w->topo.self, "330225");
	w->topo.n = w->nb;
	w->topo.count = 3;
	for (size_t i = 0; i < 3; i++) {
		snprintf(w->nb[i].station, STATION_MAX, "%s", n[i].code);
		w->nb[i].role = n[i].role;
		w->nb[i].key[0] = (uint8_t)i;
	}
	snprintf(w->nb[0].endpoint, sizeof w->nb[0].endpoint, "tcp://127.0.0.1:1");
	start(w);
	*state = w;
	return 0;
}

static inline int
teardown(void **state)
{
	struct world *w = *state;

	station_free(w->s);
	w->j->ops->close(w->j);
	free(w);
	return 0;
}

static inline struct body *
make(const char *const *fields)
{
	struct body *b = body_new();
	struct fault f = {0};

	for (; *fields != NULL; fields += 2) {
		const struct field *fd = field_by_name(fields[0]);

		if (fd == NULL)
			fail_msg("no field %s", fields[0]);
		if (value_parse(b, fd, fields[1], cb, NOW, &f) != 0)
			fail_msg("%s: %s", f.field, f.text);
	}
	return b;
}

static inline bool
submit_as(struct world *w, const char *rid, int realm, const char *const *fields)
{
	struct body *b = make(fields);
	struct station_submit r = {.rid = rid, .seat = "seat1", .realm = realm, .body = b};
	unsigned before = w->replies;

	station_submit(w->s, w->now, 42, &r);
	assert_int_equal(w->replies, before); /* nothing is said before COMMIT */
	turn(w);
	assert_int_equal(w->replies, before + 1);
	assert_int_equal(w->ticket, 42);
	body_free(b);
	return !w->refused;
}

static inline bool
submit(struct world *w, const char *rid, const char *const *fields)
{
	return submit_as(w, rid, REALM_LIVE, fields);
}

static inline struct body *
stored(struct world *w, const struct msgid *id)
{
	struct journal_msg m;
	struct fault f;
	struct body *b;

	assert_int_equal(w->j->ops->get_message(w->j, id, &m), 0);
	b = wire_decode(m.body.p, m.body.n, &f);
	assert_non_null(b);
	buf_free(&m.body);
	return b;
}

#define FIRST                                                                                                          \
	"kind", "report", "place", "西周镇", "title", "火灾", "type", "12G00", "learned", "2026-09-21T21:00:00+08:00"

#define GIVEN 26

static inline const char *
rid_of(const char *what)
{
	static char rid[96];
	size_t i;

	for (i = 0; what[i] != '\0' && i + 1 < sizeof rid; i++)
		rid[i] = what[i] == ' ' ? '-' : what[i];
	rid[i] = '\0';
	return rid;
}

static inline struct msgid
sent(struct world *w, const char *rid, const char *const *fields)
{
	if (!submit(w, rid_of(rid), fields))
		fail_msg("%s: %s: %s", rid, w->fault.field, w->fault.text);
	return w->id;
}

static inline void
refused(struct world *w, const char *what, int code, const char *field, const char *const *fields)
{
	uint64_t before = w->j->ops->chain_seq(w->j);

	if (submit(w, rid_of(what), fields))
		fail_msg("taken: %s", what);
	if (w->fault.code != code || strcmp(w->fault.field, field) != 0 || *w->fault.text == '\0')
		fail_msg("%s: %d %s: %s", what, w->fault.code, w->fault.field, w->fault.text);
	assert_int_equal(w->j->ops->chain_seq(w->j), before);
}

static inline const char *
text_of(const struct msgid *id)
{
	static char text[64][MSGID_TEXT_MAX];
	static size_t n;

	n = (n + 1) % 64;
	msgid_format(id, text[n], sizeof text[n]);
	return text[n];
}

static inline void
fold(struct world *w, const struct msgid *incident, struct folded *fd)
{
	assert_int_equal(station_fold(w->s, incident, fd), 0);
}

static inline bool
addressed(const struct body *b, const char *station)
{
	return incident_addressed(b, station, true);
}

static inline int
load(void **state)
{
	char dir[256];
	struct fault f = {0};

	(void)state;
	log_init(LOG_LV_ERROR + 1, 2);
	if (conf_dir(dir, sizeof dir, &f) == NULL || (cb = codebook_load(dir, &f)) == NULL ||
	    (rules = rules_load(dir, &f)) == NULL) {
		fprintf(stderr, "%s\n", f.text);
		return -1;
	}
	return 0;
}

static inline int
unload(void **state)
{
	(void)state;
	codebook_free(cb);
	rules_free(rules);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
