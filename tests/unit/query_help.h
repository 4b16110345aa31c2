#ifndef TESTS_UNIT_QUERY_HELP_H
#define TESTS_UNIT_QUERY_HELP_H
/*
 * A county's station over the RAM journal, messages put into it by hand, and requests to it.
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
#include "../../formats/wire.h"
#include "../../switch/incident.h"
#include "../../switch/query.h"

#define TOWN "330225102"
#define COUNTY "330225"
#define CITY "330200"
#define MIN 60000
#define T0 INT64_C(1763787393000)

static struct codebook *cb;
static struct rules *rules;
static struct journal *j;
static struct station *s;
static struct topology topo;
static struct query_env env;
static struct fault fault;
static int64_t clock_now;

static inline void
op_connect(void *ctx, const char *peer)
{
	(void)ctx;
	(void)peer;
}

static inline void
op_send(void *ctx, const char *peer, uint64_t conn, const void *p, size_t len)
{
	(void)ctx;
	(void)peer;
	(void)conn;
	(void)p;
	(void)len;
}

static inline void
op_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	(void)ctx;
	(void)ticket;
	(void)id;
	(void)duplicate;
	(void)f;
}

static inline void
op_push(void *ctx, uint64_t rev)
{
	(void)ctx;
	(void)rev;
}

static inline void
op_alarm(void *ctx, const char *what, const char *detail)
{
	(void)ctx;
	(void)what;
	(void)detail;
}

static const struct station_ops ops = { op_connect, op_connect, op_send, op_reply, op_push, op_alarm };

static inline int
group_setup(void **state)
{
	char dir[512];

	(void)state;
	if (conf_dir(dir, sizeof dir, &fault) == NULL || (cb = codebook_load(dir, &fault)) == NULL ||
	    (rules = rules_load(dir, &fault)) == NULL)
		fail_msg("%s %s:%zu", fault.text, fault.file, fault.line);
	return 0;
}

static inline int
group_teardown(void **state)
{
	(void)state;
	codebook_free(cb);
	rules_free(rules);
	return 0;
}

static inline void
neighbour(size_t i, const char *station, const char *name, enum role role)
{
	memset(&topo.n[i], 0, sizeof topo.n[i]);
	snprintf(topo.n[i].station, sizeof topo.n[i].station, "%s", station);
	snprintf(topo.n[i].name, sizeof topo.n[i].name, "%s", name);
	topo.n[i].role = role;
}

static inline void
open_station(const char *self, const char *parent)
{
	struct station_conf conf;

	memset(&conf, 0, sizeof conf);
	memset(&topo, 0, sizeof topo);
	memset(&env, 0, sizeof env);
	memset(&fault, 0, sizeof fault);
	clock_now = T0;
	snprintf(topo.self, sizeof topo.self, "%s", self);
	topo.n = calloc(3, sizeof *topo.n);
	assert_non_null(topo.n);
	neighbour(topo.count++, TOWN, "西周镇值班室", ROLE_CHILD);
	neighbour(topo.count++, "x-port", "石浦港区", ROLE_CHILD);
	if (parent != NULL)
		neighbour(topo.count++, parent, "上级", ROLE_PARENT);
	snprintf(conf.self, sizeof conf.self, "%s", self);
	conf.topology = &topo;
	conf.codebook = cb;
	conf.rules = rules;
	conf.seed = 1;
	j = journal_ram_open();
	s = station_new(&conf, j, T0, &ops, NULL, &fault);
	if (s == NULL)
		fail_msg("%s", fault.text);
	assert_int_equal(j->ops->commit(j), 0);
	env.station = s;
	env.zh = true;
}

static inline void
close_station(void)
{
	if (s != NULL)
		station_free(s);
	if (j != NULL)
		j->ops->close(j);
	free(topo.n);
	s = NULL;
	j = NULL;
	topo.n = NULL;
}

static inline int
setup(void **state)
{
	(void)state;
	open_station(COUNTY, CITY);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	close_station();
	return 0;
}

/* ---- messages ---- */

static inline struct msgid
mkid(const char *origin, uint64_t serial)
{
	struct msgid id;

	memset(&id, 0, sizeof id);
	snprintf(id.origin, sizeof id.origin, "%s", origin);
	id.epoch = 7;
	id.serial = serial;
	return id;
}

static inline const char *
idtext(const char *origin, uint64_t serial)
{
	static char text[MSGID_TEXT_MAX];
	struct msgid id = mkid(origin, serial);

	msgid_format(&id, text, sizeof text);
	return text;
}

static inline struct body *
make(int kind, const char *to)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, kind);
	if (kind == KIND_REPORT)
		body_set_num(b, F_STAGE, STAGE_FIRST);
	if (to != NULL)
		body_add_text(b, F_TO, to, strlen(to));
	return b;
}

static inline struct body *
refers(struct body *b, const char *origin, uint64_t serial)
{
	struct msgid id = mkid(origin, serial);

	body_add_id(b, F_REFS, &id);
	return b;
}

/* What station.c does for the cache of an incident. */
static inline void
recache(const struct msgid *id)
{
	struct folded fd;
	struct journal_incident inc;
	json_t *o;
	char *text;

	assert_int_equal(station_fold(s, id, &fd), 0);
	memset(&inc, 0, sizeof inc);
	inc.id = *id;
	snprintf(inc.number, sizeof inc.number, "%s", fd.incident->number);
	for (size_t i = 0; i < fd.n; i++) {
		if (fd.rows[i].stored > inc.changed)
			inc.changed = fd.rows[i].stored;
		if (fd.rows[i].seq > inc.seq)
			inc.seq = fd.rows[i].seq;
	}
	inc.history = fd.incident->history;
	inc.closed = fd.incident->final_reported;
	o = incident_summary(fd.incident);
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	buf_puts(&inc.summary, text);
	assert_int_equal(j->ops->incident_put(j, &inc), 0);
	buf_free(&inc.summary);
	free(text);
	json_decref(o);
	folded_free(&fd);
}

/* Stores a message; takes the body.  incident NULL: none. */
static inline void
store_as(struct body *b, const struct msgid *id, const struct msgid *incident, bool local)
{
	struct journal_msg m;

	memset(&m, 0, sizeof m);
	m.id = *id;
	body_set_id(b, F_ID, &m.id);
	if (incident != NULL) {
		m.incident = *incident;
		body_set_id(b, F_INCIDENT, incident);
	}
	clock_now += 1000;
	body_set_time(b, F_WRITTEN, clock_now);
	m.kind = body_enum(b, F_KIND);
	m.precedence = rules_precedence(rules, b);
	m.stored = clock_now;
	m.local = local;
	snprintf(m.from, sizeof m.from, "%s", id->origin);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	assert_int_equal(j->ops->put_message(j, &m), 0);
	buf_free(&m.body);
	if (incident != NULL && local)
		recache(incident);
	if (strcmp(id->origin, station_conf(s)->self) == 0)
		for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v)) {
			struct journal_delivery d = {
			    .id = *id, .state = DLV_OPEN, .since = clock_now, .offered = clock_now};

			snprintf(d.to, sizeof d.to, "%s", v->u.text.s);
			assert_int_equal(j->ops->delivery_put(j, &d), 0);
		}
	body_free(b);
}

static inline void
store(struct body *b, const char *origin, uint64_t serial, const char *opener, uint64_t open_serial)
{
	struct msgid id = mkid(origin, serial), inc = opener != NULL ? mkid(opener, open_serial) : mkid("", 0);

	store_as(b, &id, opener != NULL ? &inc : NULL, true);
}

static inline void
ack(uint64_t serial, int act, const char *origin, uint64_t of, const char *opener, uint64_t open_serial)
{
	struct body *b = refers(make(KIND_RECEIPT, origin), origin, of);

	body_set_num(b, F_ACT, act);
	body_set_text(b, F_PERSON, "李敏");
	store(b, COUNTY, serial, opener, open_serial);
}

/* A fire the town reports; county grades and reports. */
static inline void
fire(void)
{
	struct body *b = make(KIND_REPORT, COUNTY);
	struct figure f = { .q = FIG_ABOUT, .n = 3 };

	body_set_text(b, F_TITLE, "西周镇宏达仓库火灾");
	body_set_text(b, F_PLACE, "振兴路12号");
	body_set_text(b, F_TYPE, "yjpt:12G00");
	body_set_text(b, F_BRIEF, "14时10分起火。\n火势较大。");
	body_set_text(b, F_NUMBER, "1122-001");
	body_set_num(b, F_VERSION, 2);
	body_add_figure(b, F_DEAD, &f);
	f.q = FIG_UNKNOWN;
	f.n = 0;
	f.source = "119";
	body_add_figure(b, F_DEAD, &f);
	store(b, TOWN, 2, TOWN, 1);
}

/* ---- requests ---- */

static inline json_t *
ask(const char *op, json_t *request)
{
	json_t *o;

	memset(&fault, 0, sizeof fault);
	o = query_answer(&env, clock_now, op, request, &fault);
	json_decref(request);
	return o;
}

static inline json_t *
want(const char *op, json_t *request)
{
	json_t *o = ask(op, request);
	char text[1024];

	if (o == NULL)
		fail_msg("%s: %s", op, fault_format(&fault, text, sizeof text));
	return o;
}

static inline const char *
str(const json_t *o, const char *member)
{
	const char *t = json_string_value(json_object_get(o, member));

	if (t == NULL)
		fail_msg("no text %s", member);
	return t;
}

static inline json_int_t
num(const json_t *o, const char *member)
{
	if (!json_is_integer(json_object_get(o, member)))
		fail_msg("no number %s", member);
	return json_integer_value(json_object_get(o, member));
}

static inline bool
flag(const json_t *o, const char *member)
{
	if (!json_is_boolean(json_object_get(o, member)))
		fail_msg("no flag %s", member);
	return json_is_true(json_object_get(o, member));
}

static inline const json_t *
at(const json_t *o, const char *member, size_t i)
{
	const json_t *v = json_array_get(json_object_get(o, member), i);

	if (v == NULL)
		fail_msg("no %s[%zu]", member, i);
	return v;
}

static inline size_t
count(const json_t *o, const char *member)
{
	if (!json_is_array(json_object_get(o, member)))
		fail_msg("no array %s", member);
	return json_array_size(json_object_get(o, member));
}

#endif
