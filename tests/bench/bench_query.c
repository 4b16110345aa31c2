/*
 * What the desk's reading requests cost on the SQLite journal, at 2000 and at 20 000 messages, nine in ten of them
 * history or settled: the answer made (and, apart, written as JSON) each time after one more message has come in, which
 * is when desks read again; and the first answers after a start, which have nothing kept to stand on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/wire.h"
#include "../../switch/incident.h"
#include "../../switch/query.h"
#include "../lib/stations.h"
#include "bench.h"

#define ROUNDS 11
#define TOWN "330225102"
#define COUNTY "330225"
#define CITY "330200"
#define T0 INT64_C(1763787393000)

struct world {
	struct codebook *cb;
	struct rules *rules;
	struct topology topo;
	struct neighbour n[2];
	struct station *s;
	struct journal *j;
	struct query_env env;
	int64_t now;
	uint64_t serial;	/* of the last message made */
	size_t messages;
	struct msgid open[2000];	/* reports not signed for yet, and their incidents */
	struct msgid open_incident[2000];
	size_t nopen, answered;
};

static void on_peer(void *ctx, const char *peer) { (void)ctx; (void)peer; }
static void on_send(void *ctx, const char *peer, uint64_t conn, const void *p, size_t n)
{ (void)ctx; (void)peer; (void)conn; (void)p; (void)n; }
static void on_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool again, const struct fault *f)
{ (void)ctx; (void)ticket; (void)id; (void)again; (void)f; }
static void on_push(void *ctx, uint64_t rev) { (void)ctx; (void)rev; }
static void on_alarm(void *ctx, const char *what, const char *detail) { (void)ctx; (void)what; (void)detail; }
static const struct station_ops ops = { on_peer, on_peer, on_send, on_reply, on_push, on_alarm };

static void
open_world(struct world *w, const char *dir)
{
	struct station_conf conf;
	struct fault f = { 0 };

	memset(&conf, 0, sizeof conf);
	(void)snprintf(conf.self, sizeof conf.self, "%s", COUNTY);
	conf.topology = &w->topo;
	conf.codebook = w->cb;
	conf.rules = w->rules;
	conf.seed = 1;
	ST_CHECK((w->j = journal_sqlite_open(dir, true, &f)) != NULL, "%s", f.text);
	ST_CHECK((w->s = station_new(&conf, w->j, T0, &ops, NULL, &f)) != NULL, "%s", f.text);
	ST_CHECK(w->j->ops->commit(w->j) == 0, "commit");
	w->env = (struct query_env) { .station = w->s, .zh = true };
}

static void
close_world(struct world *w)
{
	station_free(w->s);
	w->j->ops->close(w->j);
}

static struct body *
make(int kind, const char *to, const char *title)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, kind);
	if (kind == KIND_REPORT)
		body_set_num(b, F_STAGE, STAGE_FIRST);
	if (to != NULL)
		body_add_text(b, F_TO, to, strlen(to));
	body_set_text(b, F_TITLE, title);
	body_set_text(b, F_BRIEF, "14时10分起火，过火面积约300平方米，无人员被困，消防救援站两车十二人到场，"
	    "火势已得到控制，原因正在调查。");
	return b;
}

static struct body *
receipt(int act, const struct msgid *of)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, act);
	body_set_text(b, F_PERSON, "李敏");
	body_add_text(b, F_TO, of->origin, strlen(of->origin));
	body_add_id(b, F_REFS, of);
	return b;
}

/* Stores it as the station does; takes the body.  incident NULL: its own. */
static struct msgid
put(struct world *w, struct body *b, const char *origin, const struct msgid *incident)
{
	struct journal_msg m;
	struct msgid id;

	memset(&m, 0, sizeof m);
	(void)snprintf(m.id.origin, sizeof m.id.origin, "%s", origin);
	m.id.epoch = 7;
	m.id.serial = ++w->serial;
	m.incident = incident != NULL ? *incident : m.id;
	body_set_id(b, F_ID, &m.id);
	body_set_id(b, F_INCIDENT, &m.incident);
	w->now += 1000;
	body_set_time(b, F_WRITTEN, w->now);
	m.kind = body_enum(b, F_KIND);
	m.precedence = rules_precedence(w->rules, b);
	m.stored = w->now;
	m.local = true;
	(void)snprintf(m.from, sizeof m.from, "%s", origin);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	ST_CHECK(w->j->ops->put_message(w->j, &m) == 0, "put_message");
	if (strcmp(origin, COUNTY) == 0 && m.kind != KIND_RECEIPT) {
		struct journal_delivery d = { .id = m.id, .state = DLV_SIGNED, .since = w->now, .offered = w->now };

		(void)snprintf(d.to, sizeof d.to, "%s", CITY);
		ST_CHECK(w->j->ops->delivery_put(w->j, &d) == 0, "delivery_put");
	}
	id = m.id;
	buf_free(&m.body);
	body_free(b);
	w->messages++;
	return id;
}

static void
cache(struct world *w, const struct msgid *id)
{
	struct journal_incident inc;
	struct folded fd;
	json_t *o;
	char *text;

	ST_CHECK(station_fold(w->s, id, &fd) == 0, "station_fold");
	memset(&inc, 0, sizeof inc);
	inc.id = *id;
	(void)snprintf(inc.number, sizeof inc.number, "%s", fd.incident->number);
	inc.changed = w->now;
	inc.seq = w->j->ops->chain_seq(w->j);
	inc.history = fd.incident->history;
	inc.closed = fd.incident->final_reported;
	o = incident_summary(fd.incident);
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	buf_puts(&inc.summary, text);
	ST_CHECK(w->j->ops->incident_put(w->j, &inc) == 0, "incident_put");
	buf_free(&inc.summary);
	free(text);
	json_decref(o);
	folded_free(&fd);
}

/* Six in ten are another system's history, three settled, one waits. */
static void
fill(struct world *w, size_t total)
{
	for (size_t i = 0; w->messages < total; i++) {
		char title[64];
		struct msgid in, own;
		struct body *b;

		(void)snprintf(title, sizeof title, "西周镇仓库火灾%zu", i);
		for (int h = 0; h < 24; h++) {
			b = make(KIND_REPORT, COUNTY, title);
			body_set_num(b, F_HISTORY, 1);
			in = put(w, b, TOWN, NULL);
			cache(w, &in);
		}
		for (int k = 0; k < 3; k++) {
			b = make(KIND_REPORT, COUNTY, title);
			body_set_num(b, F_STAGE, STAGE_FINAL);
			in = put(w, b, TOWN, NULL);
			(void)put(w, receipt(ACT_SIGNED, &in), COUNTY, &in);
			own = put(w, make(KIND_REPORT, CITY, title), COUNTY, &in);
			(void)put(w, receipt(ACT_SIGNED, &own), CITY, &in);
			cache(w, &in);
		}
		in = put(w, make(KIND_REPORT, COUNTY, title), TOWN, NULL);
		w->open[w->nopen] = in;
		w->open_incident[w->nopen++] = in;
		(void)put(w, receipt(ACT_READ, &in), COUNTY, &in);
		own = put(w, make(KIND_DIRECTIVE, COUNTY, title), CITY, &in);
		(void)put(w, receipt(ACT_READ, &own), COUNTY, &in);
		cache(w, &in);
	}
	ST_CHECK(w->j->ops->commit(w->j) == 0, "commit");
}

/* Something comes in: one more report is signed for. */
static void
arrive(struct world *w)
{
	size_t i = w->answered++;

	ST_CHECK(i < w->nopen, "nothing left to sign for");
	(void)put(w, receipt(ACT_SIGNED, &w->open[i]), COUNTY, &w->open_incident[i]);
	cache(w, &w->open_incident[i]);
	ST_CHECK(w->j->ops->commit(w->j) == 0, "commit");
}

/* Milliseconds of one answer, and of writing it; *size: its bytes. */
static double
answer(struct world *w, const char *op, double *writing, size_t *size)
{
	struct fault f = { 0 };
	json_t *request = json_object(), *o;
	double began = mono_s(), made;
	char *text;

	o = query_answer(&w->env, w->now, op, request, &f);
	made = mono_s() - began;
	ST_CHECK(o != NULL, "%s: %s", op, f.text);
	began = mono_s();
	text = json_dumps(o, JSON_COMPACT);
	*writing = (mono_s() - began) * 1000;
	*size = strlen(text);
	free(text);
	json_decref(o);
	json_decref(request);
	return made * 1000;
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "status", "inbox", "owed", "incidents" };
	static const size_t totals[] = { 2000, 20000 };
	struct fault f = { 0 };
	struct world *w = xcalloc(1, sizeof *w);
	struct bench b;
	char path[600], name[96];
	double ms;
	size_t size;

	bench_begin(&b, argc, argv,
	    "reading requests on the SQLite journal, nine messages in ten history or settled (medians of 11)");
	ST_CHECK((w->cb = codebook_load(stations_conf(), &f)) != NULL && (w->rules = rules_load(stations_conf(), &f)) != NULL,
	    "%s", f.text);
	(void)snprintf(w->topo.self, sizeof w->topo.self, "%s", COUNTY);
	w->topo.n = w->n;
	w->topo.count = 2;
	(void)snprintf(w->n[0].station, sizeof w->n[0].station, "%s", TOWN);
	w->n[0].role = ROLE_CHILD;
	(void)snprintf(w->n[1].station, sizeof w->n[1].station, "%s", CITY);
	w->n[1].role = ROLE_PARENT;
	for (size_t t = 0; t < sizeof totals / sizeof totals[0]; t++) {
		w->now = T0;
		w->serial = w->messages = w->nopen = w->answered = 0;
		open_world(w, b.dir);
		fill(w, totals[t]);
		close_world(w);
		open_world(w, b.dir);
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
			ms = answer(w, names[k], &(double) { 0 }, &size);
			(void)snprintf(name, sizeof name, "query_%zu_first_%s", totals[t], names[k]);
			bench_plain(&b, name, ms, "ms");
		}
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
			struct rounds made = { .n = 0 }, written = { .n = 0 };
			double writing;

			for (int r = 0; r < ROUNDS && w->answered < w->nopen; r++) {
				arrive(w);
				rounds_add(&made, answer(w, names[k], &writing, &size));
				rounds_add(&written, writing);
			}
			(void)snprintf(name, sizeof name, "query_%zu_%s", totals[t], names[k]);
			bench_figure(&b, name, rounds_median(&made), "ms", 1.0, true);
			(void)snprintf(name, sizeof name, "query_%zu_%s_as_json", totals[t], names[k]);
			bench_plain(&b, name, rounds_median(&written), "ms");
			(void)snprintf(name, sizeof name, "query_%zu_%s_size", totals[t], names[k]);
			bench_plain(&b, name, (double)size / 1024, "KiB");
		}
		close_world(w);
		/* With the anchor, which else says of the next journal here that its end is gone. */
		scratch_file(&b, "journal.db", path, sizeof path);
		scratch_remove(path);
		scratch_file(&b, "anchor", path, sizeof path);
		scratch_remove(path);
	}
	codebook_free(w->cb);
	rules_free(w->rules);
	free(w);
	return bench_end(&b);
}
