/*
 * A county's switch with a long memory: 1 000 000 messages in 50 000 incidents, of which 200 are open and the rest reported as over,
 * delivered and settled (marked so as they are made: the switch's own settling, which needs days to pass, is tried elsewhere), made by the journal's own functions of the 2000 sample reports, then run as the real program.
 *
 *   ready       from its start until it says so, and what it keeps resident
 *   owed        `owed` as a desk asks for it: at once after the start, and again after each of a few new reports; as plain figures,
 *               when nothing has come since, and with 3000 more incidents open
 *   search      two-character words, frequent and rare
 *   submit      one report handed in, 64 in flight, beside an empty station's switch in the same rounds
 *   bytes       of disk a report, with and without the index
 *
 * $BENCH_MESSAGES makes it smaller for a look (20 messages an incident); with $BENCH_KEEP it is only made, and
 * moved to that place (on the same file system), for a profiler.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/reportjsonl.h"
#include "../../formats/wire.h"
#include "../../switch/incident.h"
#include "../../switch/query.h"
#include "../../switch/stationdir.h"
#include "../lib/stations.h"
#include "bench.h"

#define EACH 20			/* messages an incident */
#define OPEN 200		/* incidents that are open */
#define SAMPLES 2000
#define ROUNDS 5
#define SUBMITS 512
#define TOWN_CODE "330225102"
#define COUNTY_CODE "330225"
#define CITY_CODE "330200"

struct filler {
	struct codebook *cb;
	struct rules *rules;
	struct topology topo;
	struct journal *j;
	struct station *s;
	struct body *sample[SAMPLES];
	size_t nsamples;
	int64_t now;
	uint64_t serial, reports, messages;
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
samples(struct filler *w)
{
	struct buf text = { 0 };
	struct fault f = { 0 };
	const char *p, *end, *nl;
	char path[600];

	(void)snprintf(path, sizeof path, "%s/../tests/data/reports/dev.jsonl", stations_conf());
	file_read(path, &text);
	end = (const char *)text.p + text.n;
	for (p = (const char *)text.p; p < end && w->nsamples < SAMPLES; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		w->sample[w->nsamples] = reportjsonl_read(p, (size_t)(nl - p), w->cb, w->now, &f);
		if (w->sample[w->nsamples] != NULL)
			w->nsamples++;
	}
	buf_free(&text);
	ST_CHECK(w->nsamples > 100, "the sample reports are not there: %s %s", path, f.text);
}

/* A report with the sample's texts and figures; `n` makes each one's title its own. */
static struct body *
report(struct filler *w, int stage, const char *to, uint64_t n)
{
	static const uint32_t keys[] = { F_TYPE, F_PLACE, F_BRIEF, F_MEASURES, F_NEXT, F_DEAD, F_MISSING, F_INJURED,
		F_OCCURRED, F_AUTHOR };
	const struct body *from = w->sample[n % w->nsamples];
	struct body *b = body_new();
	char title[256];

	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_num(b, F_STAGE, stage);
	body_add_text(b, F_TO, to, strlen(to));
	(void)snprintf(title, sizeof title, "%.180s（%llu）", body_text(from, F_TITLE) != NULL ? body_text(from, F_TITLE) : "报告",
	    (unsigned long long)n);
	body_set_text(b, F_TITLE, title);
	for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
		for (const struct value *v = body_first(from, keys[k]); v != NULL; v = body_next(from, v))
			body_add_value(b, v);
	return b;
}

static struct msgid
put(struct filler *w, struct body *b, const char *origin, const struct msgid *incident, bool local)
{
	struct journal_msg m;
	struct msgid id;

	memset(&m, 0, sizeof m);
	(void)snprintf(m.id.origin, sizeof m.id.origin, "%s", origin);
	m.id.epoch = 7;
	m.id.serial = ++w->serial;
	if (incident != NULL)
		m.incident = msgid_is_set(incident) ? *incident : m.id;
	body_set_id(b, F_ID, &m.id);
	if (incident != NULL)
		body_set_id(b, F_INCIDENT, &m.incident);
	w->now += 300;
	body_set_time(b, F_WRITTEN, w->now);
	m.kind = body_enum(b, F_KIND);
	m.precedence = rules_precedence(w->rules, b);
	m.stored = w->now;
	m.local = local;
	(void)snprintf(m.from, sizeof m.from, "%s", origin);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	ST_CHECK(w->j->ops->put_message(w->j, &m) == 0, "put_message");
	for (const struct value *v = body_first(b, F_TO);
	    strcmp(origin, COUNTY_CODE) == 0 && m.kind == KIND_REPORT && v != NULL; v = body_next(b, v)) {
		struct journal_delivery d = { .id = m.id, .state = DLV_SIGNED, .since = w->now, .offered = w->now, .delivered = w->now,
			.read = w->now, .signed_ = w->now };

		(void)snprintf(d.to, sizeof d.to, "%s", v->u.text.s);
		(void)snprintf(d.person, sizeof d.person, "李敏");
		ST_CHECK(w->j->ops->delivery_put(w->j, &d) == 0, "delivery_put");
	}
	w->messages++;
	w->reports += m.kind == KIND_REPORT;
	id = m.id;
	buf_free(&m.body);
	body_free(b);
	return id;
}

static void
receipt(struct filler *w, int act, const char *origin, const struct msgid *of, const struct msgid *incident)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, act);
	if (act != ACT_DELIVERED)
		body_set_text(b, F_PERSON, "李敏");
	body_add_text(b, F_TO, of->origin, strlen(of->origin));
	body_add_id(b, F_REFS, of);
	(void)put(w, b, origin, act != ACT_DELIVERED ? incident : NULL, act != ACT_DELIVERED);
}

static void
cache(struct filler *w, const struct msgid *id, bool settle)
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
	inc.closed = fd.incident->final_reported;
	o = incident_summary(fd.incident);
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	buf_puts(&inc.summary, text);
	ST_CHECK(w->j->ops->incident_put(w->j, &inc) == 0, "incident_put");
	for (size_t i = 0; settle && i < fd.n; i++)
		ST_CHECK(w->j->ops->settle(w->j, &fd.rows[i].id, true) == 0, "settle");
	buf_free(&inc.summary);
	free(text);
	json_decref(o);
	folded_free(&fd);
}

/* Twenty messages: nine of the town's, signed for; five of the county's, delivered and signed for. */
static void
incident(struct filler *w, uint64_t n, bool open)
{
	struct msgid none = { .origin = "" }, id = none, m;
	char number[32];
	struct body *b;

	for (int i = 0; i < 5; i++) {
		b = report(w, i == 0 ? STAGE_FIRST : i == 4 && !open ? STAGE_FINAL : STAGE_FOLLOWUP, COUNTY_CODE, n * 7 + (uint64_t)i);
		if (i == 0) {
			(void)snprintf(number, sizeof number, "%04llu-%03llu", (unsigned long long)(n / 900 % 1231) + 101,
			    (unsigned long long)(n % 900) + 1);
			body_set_text(b, F_NUMBER, number);
		}
		m = put(w, b, TOWN_CODE, i == 0 ? &none : &id, true);
		if (i == 0)
			id = m;
		receipt(w, ACT_DELIVERED, COUNTY_CODE, &m, NULL);
		if (!open || i < 4)
			receipt(w, ACT_SIGNED, COUNTY_CODE, &m, &id);
		else
			w->serial++;
	}
	for (int i = 0; i < 5; i++)
		(void)put(w, report(w, i == 4 && !open ? STAGE_FINAL : i == 0 ? STAGE_FIRST : STAGE_FOLLOWUP, CITY_CODE,
		    n * 7 + (uint64_t)i), COUNTY_CODE, &id, true);
	cache(w, &id, !open);
}

static double
megabytes(const char *dir)
{
	static const char *const names[] = { "journal.db", "journal.db-wal" };
	struct stat sb;
	char path[600];
	double sum = 0;

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (stat(path, &sb) == 0)
			sum += (double)sb.st_size;
	}
	return sum / 1e6;
}

static void
fill(struct bench *b, struct station_proc *p, uint64_t total)
{
	struct filler *w = xcalloc(1, sizeof *w);
	struct station_conf conf;
	struct stationdir d;
	struct fault f = { 0 };
	double began = mono_s(), plain;
	uint64_t left = 1, incidents = total / EACH;

	memset(&conf, 0, sizeof conf);
	w->now = INT64_C(1763787393000);
	ST_CHECK(stationdir_load(p->dir, &d, &f) == 0, "%s", f.text);
	ST_CHECK((w->cb = codebook_load(stations_conf(), &f)) != NULL && (w->rules = rules_load(stations_conf(), &f)) != NULL, "%s",
	    f.text);
	ST_CHECK(topology_load(d.topology, d.station, &w->topo, &f) == 0, "%s", f.text);
	samples(w);
	(void)snprintf(conf.self, sizeof conf.self, "%s", COUNTY_CODE);
	conf.topology = &w->topo;
	conf.codebook = w->cb;
	conf.rules = w->rules;
	ST_CHECK((w->j = journal_sqlite_open(d.journal, stationdir_fresh(&d), &f)) != NULL, "%s", f.text);
	ST_CHECK((w->s = station_new(&conf, w->j, w->now, &ops, NULL, &f)) != NULL, "%s", f.text);
	for (uint64_t n = 0; n < incidents; n++) {
		incident(w, n, n + OPEN >= incidents);
		if (n % 50 == 49)
			ST_CHECK(w->j->ops->commit(w->j) == 0, "commit");
	}
	ST_CHECK(w->j->ops->commit(w->j) == 0, "commit");
	station_free(w->s);
	w->j->ops->close(w->j);
	plain = megabytes(d.journal);
	bench_plain(b, "messages", (double)w->messages, "");
	bench_plain(b, "fill", (mono_s() - began) * 1e6 / (double)w->messages, "us/message");
	bench_plain(b, "disk_without_index", plain, "MB");
	bench_figure(b, "bytes_a_message", plain * 1e6 / (double)w->messages, "bytes", 1500, true);
	bench_figure(b, "bytes_a_report_with_all_its_receipts", plain * 1e6 / (double)w->reports, "bytes", 1500, true);
	ST_CHECK((w->j = journal_sqlite_open(d.journal, false, &f)) != NULL, "%s", f.text);
	began = mono_s();
	while (left > 0) {
		ST_CHECK(w->j->ops->search_more(w->j, 500, &left) == 0, "search_more");
		ST_CHECK(w->j->ops->commit(w->j) == 0, "commit");
	}
	w->j->ops->close(w->j);
	bench_plain(b, "index", (mono_s() - began) * 1e6 / (double)w->messages, "us/message");
	bench_plain(b, "index_bytes_a_report", (megabytes(d.journal) - plain) * 1e6 / (double)w->reports, "bytes");
	ST_CHECK(stationdir_used(&d, &f) == 0, "%s", f.text);
	for (size_t i = 0; i < w->nsamples; i++)
		body_free(w->sample[i]);
	topology_free(&w->topo);
	codebook_free(w->cb);
	rules_free(w->rules);
	free(w);
}

static double
resident_mb(pid_t pid)
{
	struct buf text = { 0 };
	char path[64], *p;
	double kb = -1;

	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file_read(path, &text);
	buf_put(&text, "", 1);
	if ((p = strstr((char *)text.p, "VmRSS:")) != NULL)
		kb = strtod(p + 6, NULL);
	buf_free(&text);
	return kb / 1024;
}

static double
ask_ms(struct station_proc *p, json_t *request)
{
	double began = mono_s();

	json_decref(st_ask(p, request));
	return (mono_s() - began) * 1000;
}

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	(void)n;
	ST_CHECK(json_is_true(json_object_get(answer, "ok")), "refused: %s", json_string_value(json_object_get(answer, "text")));
	++*(int *)ctx;
}

static double
submit_us(struct station_proc *p)
{
	struct client *c = st_client(p);
	struct fault f = { 0 };
	double began = mono_s();
	int posted = 0, answered = 0;

	while (answered < SUBMITS) {
		for (; posted < SUBMITS && posted - answered < 64; posted++) {
			char rid[33];

			client_rid(rid);
			(void)client_post(c, json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:i}}", "op", "submit", "rid",
			    rid, "realm", "live", "body", "kind", "report", "title", "关于社区发生火灾事故的初报", "type", "12G00",
			    "place", "西周镇振兴路12号", "learned", "2026-01-02T03:04:00+08:00", "brief",
			    "一楼门面起火，火势借风势扩大，波及相邻10户。明火已扑灭，一人返回屋内取财物被困。", "dead", 0), NULL, 0);
		}
		ST_CHECK(client_step(c, 30000, on_answer, NULL, &answered, &f) > 0, "no answer: %s", f.text);
	}
	return (mono_s() - began) * 1e6 / SUBMITS;
}

static void
submit_one(struct station_proc *p)
{
	json_decref(st_submit(p, "live", json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "kind", "report", "title", "关于社区发生火灾事故的初报",
	    "type", "12G00", "place", "西周镇振兴路12号", "learned", "2026-01-02T03:04:00+08:00", "dead", 0)));
}

static json_t *
find(const char *text)
{
	return json_pack("{s:s, s:s, s:i}", "op", "search", "text", text, "limit", 50);
}

int
main(int argc, char **argv)
{
	static const char *const words[] = { "滑坡", "火灾", "被困", "鱼塘", "西周", "返回屋内取财物", "无此词语" };
	const char *want = getenv("BENCH_MESSAGES");
	uint64_t total = want != NULL ? strtoull(want, NULL, 10) : 1000000;
	struct rounds big = { .n = 0 }, small = { .n = 0 }, owed = { .n = 0 }, one = { .n = 0 }, again = { .n = 0 };
	struct station_proc *p, *empty;
	struct stations st;
	struct bench b;
	double began;

	bench_begin(&b, argc, argv, "a long memory: 1 000 000 messages in 50 000 incidents (medians of 5 rounds)");
	stations_make(&st, b.build);
	p = &st.s[COUNTY];
	empty = &st.s[TOWN];
	fill(&b, p, total);
	if (getenv("BENCH_KEEP") != NULL) {
		ST_CHECK(rename(p->dir, getenv("BENCH_KEEP")) == 0, "the folder cannot be moved to %s", getenv("BENCH_KEEP"));
		stations_free(&st, false);
		return bench_end(&b);
	}
	began = mono_s();
	st_start(p);
	bench_figure(&b, "ready", mono_s() - began, "s", 1.0, true);
	bench_plain(&b, "resident_at_start", resident_mb(p->pid), "MB");
	bench_figure(&b, "owed_first", ask_ms(p, json_pack("{s:s}", "op", "owed")), "ms", 50, true);
	for (int r = 0; r < ROUNDS; r++) {
		submit_one(p);
		rounds_add(&one, ask_ms(p, json_pack("{s:s}", "op", "owed")));
		rounds_add(&again, ask_ms(p, json_pack("{s:s}", "op", "owed")));
	}
	bench_figure(&b, "owed_after_one_more", rounds_median(&one), "ms", 50, true);
	bench_plain(&b, "owed_again", rounds_median(&again), "ms");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct rounds r = { .n = 0 };
		char name[96];

		for (int k = 0; k < ROUNDS; k++)
			rounds_add(&r, ask_ms(p, find(words[i])));
		(void)snprintf(name, sizeof name, "search_%s", words[i]);
		bench_figure(&b, name, rounds_median(&r), "ms", 100, true);
	}
	st_start(empty);
	(void)submit_us(empty);
	(void)submit_us(p);
	for (int r = 0; r < ROUNDS; r++) {
		rounds_add(&big, submit_us(p));
		rounds_add(&small, submit_us(empty));
		rounds_add(&owed, ask_ms(p, json_pack("{s:s}", "op", "owed")));
	}
	bench_plain(&b, "owed_after_512_more_of_3000", rounds_median(&owed), "ms");
	bench_plain(&b, "submit_empty", rounds_median(&small), "us/report");
	bench_plain(&b, "submit_million", rounds_median(&big), "us/report");
	bench_figure(&b, "submit_million_to_empty", rounds_ratio(&big, &small), "x", 1.2, true);
	bench_figure(&b, "resident", resident_mb(p->pid), "MB", 64, true);
	stations_free(&st, false);
	return bench_end(&b);
}
