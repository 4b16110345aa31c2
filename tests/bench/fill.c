/*
 * Made from the generated reports; what the station adds to a body (id, incident, addressees, written, seat, order) is added here.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../formats/codebook.h"
#include "../../formats/field.h"
#include "../../formats/reportjsonl.h"
#include "../../formats/wire.h"
#include "../../switch/incident.h"
#include "../lib/stations.h"
#include "bench.h"
#include "fill.h"

static const char *const to[2] = { "330225", "330200" };

static void
own(struct body *b)
{
	static const uint32_t foreign[] = { F_HISTORY, F_FOREIGN_ID, F_FOREIGN_INCIDENT, F_FOREIGN_STATION, F_FOREIGN_TO, F_FOREIGN_PREV,
		F_SOURCE_FORMAT, F_REMARKS, F_ORIGINAL };

	for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
		body_unset(b, foreign[i]);
	body_set_text(b, F_TO, to[0]);
	body_add_text(b, F_TO, to[1], strlen(to[1]));
}

void
fill_load(struct fill *x, const char *file, size_t from, size_t upto)
{
	struct buf bytes = { 0 };
	struct fault f = { 0 };
	struct codebook *cb = codebook_load(stations_conf(), &f);
	const char *at, *end;
	size_t line = 0;

	memset(x, 0, sizeof *x);
	ST_CHECK(cb != NULL, "codebooks: %s", f.text);
	file_read(file, &bytes);
	x->v = xcalloc(upto - from, sizeof *x->v);
	x->event = xcalloc(upto - from, sizeof *x->event);
	at = (const char *)bytes.p;
	end = at + bytes.n;
	for (; at < end && line < upto; line++) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		if (line >= from) {
			struct body *b = reportjsonl_read(at, (size_t)((nl != NULL ? nl : end) - at), cb, 1763787393000, &f);

			ST_CHECK(b != NULL, "line %zu: %s", line + 1, f.text);
			(void)snprintf(x->event[x->n], sizeof x->event[x->n], "%s", body_text(b, F_FOREIGN_INCIDENT));
			own(b);
			x->v[x->n++] = b;
		}
		at = nl != NULL ? nl + 1 : end;
	}
	ST_CHECK(x->n == upto - from, "%s: %zu lines", file, line);
	x->of = xcalloc(x->n, sizeof *x->of);
	buf_free(&bytes);
	codebook_free(cb);
}

void
fill_free(struct fill *x)
{
	for (size_t i = 0; i < x->n; i++)
		body_free(x->v[i]);
	free(x->v);
	free(x->event);
	free(x->of);
}

/* Reports of one event follow each other in the file: the first opens the incident. */
static size_t
first_of(const struct fill *x, size_t k)
{
	while (k > 0 && strcmp(x->event[k - 1], x->event[k]) == 0)
		k--;
	return k;
}

static void
finish(struct body *b, struct journal_msg *m)
{
	body_set_id(b, F_ID, &m->id);
	body_set_id(b, F_INCIDENT, &m->incident);
	body_set_time(b, F_WRITTEN, m->stored);
	m->kind = (int)body_enum(b, F_KIND);
	m->precedence = PREC_ROUTINE;
	wire_encode(b, &m->body);
	digest_of(m->body.p, m->body.n, m->digest);
}

void
fill_report(struct fill *x, size_t k, struct journal_msg *m)
{
	size_t first = first_of(x, k);
	struct incident_of *of = &x->of[first];

	memset(m, 0, sizeof *m);
	(void)snprintf(m->id.origin, sizeof m->id.origin, FILL_SELF);
	m->id.epoch = FILL_EPOCH;
	m->id.serial = ++x->serial;
	if (k == first)
		of->n = 0;
	if (of->n == 0)
		of->id = m->id;
	m->incident = of->id;
	m->stored = FILL_EPOCH * 1000LL + (int64_t)x->serial * 97;
	m->local = true;
	(void)snprintf(m->from, sizeof m->from, FILL_SELF);
	body_set_num(x->v[k], F_ORDER, (int64_t)of->n + 1);
	body_set_text(x->v[k], F_SEAT, "1号席");
	body_unset(x->v[k], F_PARENTS);
	if (of->n > 0)
		body_add_id(x->v[k], F_PARENTS, &of->ids[of->n - 1]);
	finish(x->v[k], m);
	if (of->n < 16) {
		of->b[of->n] = x->v[k];
		of->ids[of->n++] = m->id;
	}
}

void
fill_receipt(struct fill *x, const struct journal_msg *of, int addressee, struct journal_msg *m)
{
	struct body *b = body_new();

	memset(m, 0, sizeof *m);
	(void)snprintf(m->id.origin, sizeof m->id.origin, "%s", to[addressee]);
	m->id.epoch = FILL_EPOCH + 86;
	m->id.serial = ++x->there[addressee];
	m->stored = of->stored + 310;
	m->local = false;	/* a switch tells it, nobody reads it */
	(void)snprintf(m->from, sizeof m->from, "%s", to[addressee]);
	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, ACT_DELIVERED);
	body_set_text(b, F_SEAT, to[addressee]);
	body_set_text(b, F_TO, FILL_SELF);
	body_add_id(b, F_REFS, &of->id);
	body_set_id(b, F_ID, &m->id);
	body_set_time(b, F_WRITTEN, m->stored);
	m->kind = KIND_RECEIPT;
	m->precedence = PREC_ROUTINE;
	wire_encode(b, &m->body);
	digest_of(m->body.p, m->body.n, m->digest);
	body_free(b);
}

static char *
summary_of(struct fill *x, size_t k)
{
	struct incident_of *of = &x->of[first_of(x, k)];
	struct fold_msg v[16];
	struct incident *inc;
	json_t *json;
	char *text;

	memset(v, 0, sizeof v);
	for (size_t i = 0; i < of->n; i++)
		v[i] = (struct fold_msg){ .id = of->ids[i], .stored = FILL_EPOCH * 1000LL, .body = of->b[i], .kind = KIND_REPORT };
	inc = incident_fold(v, of->n);
	json = incident_summary(inc);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	incident_free(inc);
	return text;
}

static void
ok(int rc)
{
	ST_CHECK(rc == 0, "the journal failed (%d)", rc);
}

static void
put_line(struct journal *j, const char *peer, bool out, uint64_t last)
{
	struct journal_line l = { .out = out, .stream = FILL_EPOCH, .last = last };

	(void)snprintf(l.peer, sizeof l.peer, "%s", peer);
	ok(j->ops->line_put(j, &l));
}

static void
pass(struct journal *j, int addressee, bool out, uint64_t serial, const struct journal_msg *m)
{
	struct journal_passage p = { .serial = serial, .id = m->id, .at = m->stored, .passed = out ? m->stored + 200 : 0 };

	put_line(j, to[addressee], out, serial);
	ok(j->ops->passage_put(j, to[addressee], out, FILL_EPOCH, &p));
}

void
fill_put(struct fill *x, struct journal *j, size_t k)
{
	const struct journal_ops *ops = j->ops;
	struct journal_request r;
	struct journal_incident inc;
	struct journal_msg m, back;
	char text[MSGID_TEXT_MAX], ref[192], *summary;

	fill_report(x, k, &m);
	ok(ops->put_message(j, &m));
	(void)msgid_format(&m.id, text, sizeof text);
	memset(&r, 0, sizeof r);
	(void)snprintf(r.rid, sizeof r.rid, "seat1-%016llx-%08llx", (unsigned long long)m.stored * 2654435761u, (unsigned long long)x->serial);
	memcpy(r.digest, m.digest, DIGEST_LEN);
	r.id = m.id;
	r.ms = m.stored;
	ok(ops->request_put(j, &r));
	for (int a = 0; a < 2; a++) {
		struct journal_delivery d = { .id = m.id, .state = DLV_DELIVERED, .since = m.stored + 400, .offered = m.stored,
			.delivered = m.stored + 400 };

		(void)snprintf(d.to, sizeof d.to, "%s", to[a]);
		ok(ops->delivery_put(j, &d));
		pass(j, a, true, ++x->number[a], &m);
		(void)snprintf(ref, sizeof ref, "%s %s", text, to[a]);
		ok(ops->chain_add(j, m.stored + 200, CHAIN_CUSTODY_OUT, ref, to[a], NULL));
		fill_receipt(x, &m, a, &back);
		ok(ops->put_message(j, &back));
		pass(j, a, false, ++x->back[a], &back);
		(void)snprintf(ref, sizeof ref, "%s %s delivered", text, to[a]);
		ok(ops->chain_add(j, m.stored + 400, CHAIN_DELIVERY, ref, to[a], NULL));
		buf_free(&back.body);
	}
	ok(ops->settle(j, &m.id, true));
	memset(&inc, 0, sizeof inc);
	inc.id = m.incident;
	(void)snprintf(inc.number, sizeof inc.number, "1122-%llu", (unsigned long long)inc.id.serial);
	inc.changed = m.stored;
	inc.seq = m.seq;
	summary = summary_of(x, k);
	buf_puts(&inc.summary, summary);
	ok(ops->incident_put(j, &inc));
	buf_free(&inc.summary);
	buf_free(&m.body);
	free(summary);
}

static void
sample(const char *dir, size_t n, const char *what, const void *p, size_t len)
{
	char path[600];
	FILE *f;

	(void)snprintf(path, sizeof path, "%.500s/%05zu.%s", dir, n, what);
	ST_CHECK((f = fopen(path, "wb")) != NULL && fwrite(p, 1, len, f) == len && fclose(f) == 0, "%s cannot be written", path);
}

void
fill_samples(struct fill *x, const char *dir)
{
	struct journal_msg m, back;
	char *summary;

	for (size_t k = 0; k < x->n; k++) {
		fill_report(x, k, &m);
		sample(dir, k, "report", m.body.p, m.body.n);
		summary = summary_of(x, k);
		sample(dir, k, "summary", summary, strlen(summary));
		for (int a = 0; a < 2; a++) {
			fill_receipt(x, &m, a, &back);
			sample(dir, k, a == 0 ? "receipt0" : "receipt1", back.body.p, back.body.n);
			buf_free(&back.body);
		}
		free(summary);
		buf_free(&m.body);
	}
}

void
fill_remove(const char *dir)
{
	char path[500];

	(void)snprintf(path, sizeof path, "%s/journal.db", dir);
	scratch_remove(path);
	(void)snprintf(path, sizeof path, "%s/anchor", dir);
	scratch_remove(path);
	ST_CHECK(rmdir(dir) == 0, "%s is not empty", dir);
}
