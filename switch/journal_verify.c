/*
 * What a journal must satisfy to be called sound.
 *
 * Verification is written once, against a small set of scans, so that the RAM twin and SQLite cannot come to disagree
 * about what "clean" means.  The chain is walked first: it says which positions hold a message, and with which digest.
 * Then every message is held against it.  So a row that was changed, taken away or slipped in shows on one side or the
 * other.  What retention let go is held against the entries that say so, and the numbers of lines against each other.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_verify.h"
#include "../formats/i18n.h"
#include "../formats/wire.h"

/* For %llu: msgids of gettext hold no PRIu64. */
static unsigned long long
ull(uint64_t v)
{
	return v;
}

int
journal_bad(struct journal_verify *v, const char *fmt, ...)
{
	va_list ap;

	if (v->bad[0] == '\0') {
		va_start(ap, fmt);
		(void)vsnprintf(v->bad, sizeof(v->bad), fmt, ap);
		va_end(ap);
	}
	return 1;
}

/* One run of verification. */
struct verifier {
	struct rows rows;		/* what may change, against what may not */
	struct journal *j;
	const struct journal_scan *scan;
	const char *station;
	struct journal_verify *out;
	struct journal_chain last;	/* seq and hash */
	uint8_t *stored;		/* bit per chain position: a CHAIN_STORED entry */
	size_t nstored;			/* bytes */
	char **destroyed;		/* refs of CHAIN_DESTROYED entries, sorted */
	size_t ndestroyed;
	struct msgid own;		/* last message of our own */
	struct msgid *given;		/* series a neighbour gave back after a restore: realm and epoch */
	size_t ngiven;
	struct owed_blob {		/* originals taken in here, sorted before the blobs are walked */
		uint8_t digest[DIGEST_LEN];
		struct msgid by;
		bool here;
	} *owed;
	size_t nowed, capowed;
	struct retirement {		/* CHAIN_RETIRED entries, as they say it */
		uint64_t seq, first, last;
		size_t n;
		uint8_t digest[DIGEST_LEN];
	} *retirements;
	size_t nretirements;
	struct gone {			/* messages without bytes by retention */
		uint64_t seq;
		uint8_t digest[DIGEST_LEN];
	} *gone;
	size_t ngone, capgone;
	char foreign[MSGID_TEXT_MAX];	/* a message that is not ours and has a delivery */
	int failed;
};

static void
mark_stored(struct verifier *v, uint64_t seq)
{
	size_t at = (size_t)(seq / 8), want;

	if (at >= v->nstored) {
		want = v->nstored > 0 ? v->nstored * 2 : 1024;
		while (want <= at)
			want *= 2;
		v->stored = xreallocarray(v->stored, want, 1);
		memset(v->stored + v->nstored, 0, want - v->nstored);
		v->nstored = want;
	}
	v->stored[at] = (uint8_t)(v->stored[at] | 1u << (seq % 8));
}

static bool
is_stored(const struct verifier *v, uint64_t seq)
{
	size_t at = (size_t)(seq / 8);

	return seq / 8 < v->nstored && (v->stored[at] >> (seq % 8) & 1) != 0;
}

/* "FIRST-LAST COUNT" */
static bool
was_given(const struct verifier *v, const struct msgid *id)
{
	for (size_t i = 0; i < v->ngiven; i++)
		if (v->given[i].realm == id->realm && v->given[i].epoch == id->epoch)
			return true;
	return false;
}

/* "ID given back": station_recv.c took one of our own back from a neighbour. */
static void
add_given(struct verifier *v, const char *ref)
{
	static const char mark[] = " given back";
	size_t n = strlen(ref), tail = sizeof(mark) - 1;
	char text[MSGID_TEXT_MAX];
	struct msgid id;

	if (n <= tail || strcmp(ref + n - tail, mark) != 0 || n - tail >= sizeof(text))
		return;
	memcpy(text, ref, n - tail);
	text[n - tail] = '\0';
	if (!msgid_parse(text, &id) || was_given(v, &id))
		return;
	v->given = xreallocarray(v->given, v->ngiven + 1, sizeof(*v->given));
	v->given[v->ngiven++] = id;
}

static int
add_retirement(struct verifier *v, const struct journal_chain *c)
{
	unsigned long long first, last, n;
	struct retirement *r;
	char end;

	if (sscanf(c->ref, "%20llu-%20llu %20llu%c", &first, &last, &n, &end) != 3 || first == 0 || first > last || n == 0 ||
	    n > last - first + 1 || last >= c->seq)
		return journal_bad(v->out, _("chain %llu: does not say what retention let go"), ull(c->seq));
	v->retirements = xreallocarray(v->retirements, v->nretirements + 1, sizeof(*v->retirements));
	r = &v->retirements[v->nretirements++];
	*r = (struct retirement) { .seq = c->seq, .first = first, .last = last, .n = (size_t)n };
	memcpy(r->digest, c->digest, DIGEST_LEN);
	return 0;
}

static void
add_gone(struct verifier *v, const struct journal_msg *m)
{
	if (v->ngone == v->capgone) {
		v->capgone = v->capgone > 0 ? v->capgone * 2 : 64;
		v->gone = xreallocarray(v->gone, v->capgone, sizeof(*v->gone));
	}
	v->gone[v->ngone].seq = m->seq;
	memcpy(v->gone[v->ngone++].digest, m->digest, DIGEST_LEN);
}

static int
compare_gone(const void *a, const void *b)
{
	const struct gone *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static size_t
gone_from(const struct verifier *v, uint64_t seq)
{
	size_t low = 0, high = v->ngone, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (v->gone[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * The entries speak of as many as there are, each of its first and its last; and where an entry's span holds no more than it speaks
 * of, of exactly these.  (One that skipped a message, which a later one took, cannot be told by its span.)
 */
static void
check_retirements(struct verifier *v)
{
	struct buf digests = { NULL, 0, 0 };
	uint8_t digest[DIGEST_LEN];
	struct retirement *r;
	size_t i, k, from, upto, sum = 0;
	uint64_t reached = 0;

	if (v->ngone > 0)
		qsort(v->gone, v->ngone, sizeof(*v->gone), compare_gone);
	for (i = 0; i < v->nretirements && v->out->bad[0] == '\0'; i++) {
		r = &v->retirements[i];
		from = gone_from(v, r->first);
		upto = gone_from(v, r->last + 1);
		sum += r->n;
		if (upto - from < r->n || v->gone[from].seq != r->first || v->gone[upto - 1].seq != r->last) {
			(void)journal_bad(v->out, _("chain %llu: what it says retention let go is here"), ull(r->seq));
			break;
		}
		if (upto - from > r->n)
			continue;
		buf_clear(&digests);
		for (k = from; k < upto; k++)
			buf_put(&digests, v->gone[k].digest, DIGEST_LEN);
		digest_of(digests.p, digests.n, digest);
		if (memcmp(digest, r->digest, DIGEST_LEN) != 0)
			(void)journal_bad(v->out, _("chain %llu: retention let go others than it says"), ull(r->seq));
	}
	buf_free(&digests);
	/* One that no entry's span reaches, or one too many. */
	for (i = 0; i < v->ngone && v->out->bad[0] == '\0' && sum != v->ngone; i++) {
		for (k = 0, reached = 0; k < v->nretirements; k++)
			reached += v->gone[i].seq >= v->retirements[k].first && v->gone[i].seq <= v->retirements[k].last;
		if (reached == 0)
			(void)journal_bad(v->out, _("message %llu: its bytes are gone, and the chain knows of no retention"),
			    ull(v->gone[i].seq));
	}
	if (v->out->bad[0] == '\0' && sum != v->ngone)
		(void)journal_bad(v->out, _("retention let go %llu messages, the chain knows of %llu"), ull(v->ngone), ull(sum));
}

/* The thing a chain entry speaks of is there, and is the one it speaks of. */
static int
check_entry_subject(struct verifier *v, const struct journal_chain *c)
{
	uint8_t digest[DIGEST_LEN];
	char text[MSGID_TEXT_MAX];
	struct buf bytes = { NULL, 0, 0 };
	struct msgid id;
	int rc;

	if (c->what == CHAIN_STORED) {
		if ((rc = v->scan->message_at(v->j, c->seq, &id, digest)) < 0)
			return -1;
		if (rc != 0)
			return journal_bad(v->out, _("chain %llu: message %s is missing"), ull(c->seq), c->ref);
		(void)msgid_format(&id, text, sizeof(text));
		if (strcmp(text, c->ref) != 0)
			return journal_bad(v->out, _("chain %llu: holds message %s, the journal has %s there"),
			    ull(c->seq), c->ref, text);
		if (memcmp(digest, c->digest, DIGEST_LEN) != 0)
			return journal_bad(v->out, _("message %s: its digest is not the one in the chain (%llu)"), text,
			    ull(c->seq));
		mark_stored(v, c->seq);
	} else if (c->what == CHAIN_QUARANTINE) {
		rc = v->scan->quarantine_at(v->j, c->seq, &bytes);
		if (rc == 0)
			digest_of(bytes.p, bytes.n, digest);
		buf_free(&bytes);
		if (rc < 0)
			return -1;
		if (rc != 0)
			return journal_bad(v->out, _("chain %llu: the quarantined input is missing"), ull(c->seq));
		if (memcmp(digest, c->digest, DIGEST_LEN) != 0)
			return journal_bad(v->out, _("quarantine %llu: its bytes are not those the chain holds"),
			    ull(c->seq));
	} else if (c->what == CHAIN_RETIRED) {
		return add_retirement(v, c);
	} else if (c->what == CHAIN_ADMIN) {
		add_given(v, c->ref);
	} else if (c->what == CHAIN_DESTROYED) {
		v->destroyed = xreallocarray(v->destroyed, v->ndestroyed + 1, sizeof(*v->destroyed));
		v->destroyed[v->ndestroyed++] = xstrdup(c->ref);
	}
	return 0;
}

static int
check_chain(void *ctx, const struct journal_chain *c)
{
	struct verifier *v = ctx;
	struct journal_chain again = *c;
	int rc;

	if (c->seq != v->last.seq + 1)
		return journal_bad(v->out, _("chain %llu: missing (the next entry is %llu)"), ull(v->last.seq + 1),
		    ull(c->seq));
	journal_chain_hash(v->last.hash, &again);
	if (memcmp(again.hash, c->hash, DIGEST_LEN) != 0)
		return journal_bad(v->out, _("chain %llu: its hash does not follow from it and the entry before"),
		    ull(c->seq));
	v->last = again;
	v->out->chain++;
	rows_chain(&v->rows, &again);
	if ((rc = check_entry_subject(v, c)) < 0)
		v->failed = 1;
	return rc;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
compare_owed(const void *a, const void *b)
{
	const struct owed_blob *x = a, *y = b;
	int c = memcmp(x->digest, y->digest, DIGEST_LEN);

	return c != 0 ? c : msgid_cmp(&x->by, &y->by);
}

static void
owe_blob(struct verifier *v, const uint8_t digest[DIGEST_LEN], const struct msgid *by)
{
	struct owed_blob *o;

	if (v->nowed == v->capowed) {
		v->capowed = v->capowed > 0 ? v->capowed * 2 : 64;
		v->owed = xreallocarray(v->owed, v->capowed, sizeof(*v->owed));
	}
	o = &v->owed[v->nowed++];
	memcpy(o->digest, digest, DIGEST_LEN);
	o->by = *by;
	o->here = false;
}

/* The blob is here: so it is for every message that names it. */
static void
blob_is_here(struct verifier *v, const uint8_t digest[DIGEST_LEN])
{
	size_t low = 0, high = v->nowed, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(v->owed[mid].digest, digest, DIGEST_LEN) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < v->nowed && memcmp(v->owed[low].digest, digest, DIGEST_LEN) == 0; low++)
		v->owed[low].here = true;
}

/* Written here: the originals it names were taken in with it. */
static void
owe_originals(struct verifier *v, const struct journal_msg *m, const struct body *body)
{
	const struct value *val;

	if (strcmp(m->id.origin, v->station) != 0 || strcmp(m->from, v->station) != 0 || !m->local)
		return;
	for (val = body_first(body, F_ORIGINAL); val != NULL; val = body_next(body, val))
		owe_blob(v, val->u.digest, &m->id);
}

static int check_rows(struct verifier *, const struct journal_msg *, const struct body *, const char *);

/* Columns copied out of the body must still say what it says, and the index of references must know its own. */
static int
check_columns(struct verifier *v, const struct journal_msg *m, const char *text)
{
	const struct value *val;
	struct fault fault;
	struct body *body;
	struct msgid id;
	int rc = 0;

	memset(&fault, 0, sizeof(fault));
	body = wire_decode(m->body.p, m->body.n, &fault);
	if (body == NULL)	/* its bytes are as they came; the decoder's opinion is not the journal's business */
		return check_rows(v, m, NULL, text);
	if (body_id(body, F_ID, &id) && msgid_cmp(&id, &m->id) != 0)
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "id");
	else if (body_enum(body, F_KIND) != 0 && body_enum(body, F_KIND) != m->kind)
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "kind");
	else if (body_id(body, F_INCIDENT, &id) && msgid_cmp(&id, &m->incident) != 0)
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "incident");
	else if (m->quiet && !journal_body_quiet(body))	/* the other way round nothing is overlooked */
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "quiet");
	for (val = body_first(body, F_REFS); rc == 0 && val != NULL; val = body_next(body, val)) {
		rc = v->scan->has_ref(v->j, &val->u.id, m->seq);
		if (rc > 0)
			rc = journal_bad(v->out, _("message %s: what it refers to is missing from the index"), text);
	}
	if (rc == 0) {
		owe_originals(v, m, body);
		rc = check_rows(v, m, body, text);
	}
	body_free(body);
	return rc;
}

/* Our own serials run 1..n in every realm and epoch; messages come in the order of their ids.  Of what a neighbour gave back after a
 * restore nobody can say that it is whole: what had not left this station yet went with the old journal. */
static int
check_serial(struct verifier *v, const struct journal_msg *m)
{
	const struct msgid *own = &v->own;
	uint64_t want = 1;
	struct msgid gap;
	char text[MSGID_TEXT_MAX];

	if (strcmp(m->id.origin, v->station) != 0)
		return 0;
	if (own->origin[0] != '\0' && own->realm == m->id.realm && own->epoch == m->id.epoch)
		want = own->serial + 1;
	if (m->id.serial != want && (m->id.serial < want || !was_given(v, &m->id))) {
		gap = m->id;
		gap.serial = want;
		(void)msgid_format(&gap, text, sizeof(text));
		return journal_bad(v->out, _("message %s: missing from our own series (the next one is %llu)"), text,
		    ull(m->id.serial));
	}
	v->own = m->id;
	return 0;
}

/* Deliveries are of our own messages: what others have made of theirs is not ours to tell. */
static int
check_rows(struct verifier *v, const struct journal_msg *m, const struct body *body, const char *text)
{
	bool any = false;
	int rc;

	if ((rc = rows_message(&v->rows, m, body, text, &any)) < 0)
		v->failed = 1;
	if (any && strcmp(m->id.origin, v->station) != 0 && v->foreign[0] == '\0')
		(void)snprintf(v->foreign, sizeof(v->foreign), "%s", text);
	return rc;
}

static bool
is_destroyed(const struct verifier *v, const char *ref)
{
	return v->ndestroyed > 0 &&
	    bsearch(&ref, v->destroyed, v->ndestroyed, sizeof(*v->destroyed), compare_texts) != NULL;
}

static int
check_message(void *ctx, const struct journal_msg *m, enum payload_state payload)
{
	struct verifier *v = ctx;
	char text[MSGID_TEXT_MAX];
	bool told;
	int rc;

	(void)msgid_format(&m->id, text, sizeof(text));
	v->out->messages++;
	if (!is_stored(v, m->seq))
		return journal_bad(v->out, _("message %s: the chain does not know it"), text);
	if (check_serial(v, m) != 0)
		return 1;
	if (m->retired && payload != PAYLOAD_DESTROYED) {
		if (m->body.n > 0)
			return journal_bad(v->out, _("message %s: retention let its bytes go, and they are here"), text);
		add_gone(v, m);
		return check_rows(v, m, NULL, text);
	}
	if (m->retired)
		add_gone(v, m);
	if (payload == PAYLOAD_MISSING)
		return journal_bad(v->out, _("message %s: its bytes are missing"), text);
	told = is_destroyed(v, text);
	if (payload == PAYLOAD_DESTROYED) {
		v->out->destroyed++;
		return told ? check_rows(v, m, NULL, text) : journal_bad(v->out,
		    _("message %s: its bytes are gone, and the chain knows of no destruction"), text);
	}
	if (payload == PAYLOAD_DAMAGED)
		return journal_bad(v->out, _("message %s: its bytes are not those the chain holds"), text);
	if (told)
		return journal_bad(v->out, _("message %s: the chain says it was destroyed, and its bytes are here"), text);
	if ((rc = check_columns(v, m, text)) < 0)
		v->failed = 1;
	return rc;
}

static int
check_blob(void *ctx, const uint8_t digest[DIGEST_LEN], const void *p, size_t n)
{
	struct verifier *v = ctx;
	enum payload_state payload = journal_payload(p, n, digest);
	char ref[sizeof(JOURNAL_BLOB_REF) + 2 * DIGEST_LEN] = JOURNAL_BLOB_REF;
	char *hex = ref + strlen(JOURNAL_BLOB_REF);
	bool told;

	digest_hex(digest, hex);
	told = is_destroyed(v, ref);
	blob_is_here(v, digest);
	if (payload == PAYLOAD_DESTROYED && told)
		return 0;
	v->out->blobs++;
	if (payload != PAYLOAD_HERE)
		return journal_bad(v->out, _("blob %s: its bytes do not have this digest"), hex);
	if (told)
		return journal_bad(v->out, _("blob %s: the chain says it was destroyed, and its bytes are here"), hex);
	return 0;
}

/* Addressees do without the bytes until somebody asks for them; the station that took them in may not. */
static void
check_owed(struct verifier *v)
{
	char ref[sizeof(JOURNAL_BLOB_REF) + 2 * DIGEST_LEN] = JOURNAL_BLOB_REF, text[MSGID_TEXT_MAX];
	char *hex = ref + strlen(JOURNAL_BLOB_REF);
	size_t i;

	for (i = 0; i < v->nowed && v->out->bad[0] == '\0'; i++) {
		if (v->owed[i].here)
			continue;
		digest_hex(v->owed[i].digest, hex);
		(void)msgid_format(&v->owed[i].by, text, sizeof(text));
		if (!is_destroyed(v, ref))
			(void)journal_bad(v->out, _("message %s: its original %s is missing"), text, hex);
	}
}

int
journal_verify_rows(struct journal *j, const struct journal_scan *scan, const char *station, struct journal_verify *out)
{
	struct verifier v;
	size_t i;
	int rc = -1;

	memset(&v, 0, sizeof(v));
	v.j = j;
	v.scan = scan;
	v.station = station;
	v.out = out;
	rows_open(&v.rows, j, station, out);
	memset(out, 0, sizeof(*out));

	if (scan->counts(j, &out->deliveries, &out->outbox) != 0)
		goto out;
	if (scan->each_chain(j, out, check_chain, &v) != 0 || v.failed)
		goto out;
	if (v.ndestroyed > 0)
		qsort(v.destroyed, v.ndestroyed, sizeof(*v.destroyed), compare_texts);
	if (out->bad[0] == '\0' && (scan->each_message(j, out, check_message, &v) != 0 || v.failed))
		goto out;
	if (v.nowed > 0)
		qsort(v.owed, v.nowed, sizeof(*v.owed), compare_owed);
	if (out->bad[0] == '\0' && (scan->each_blob(j, out, check_blob, &v) != 0 || v.failed))
		goto out;
	if (out->bad[0] == '\0')
		check_owed(&v);
	/* Of a journal that holds nothing of this station we cannot say. */
	if (v.foreign[0] != '\0' && v.own.origin[0] != '\0')
		(void)journal_bad(out, _("message %s: has a delivery, and is not ours"), v.foreign);
	if (out->bad[0] == '\0')
		check_retirements(&v);
	if (out->bad[0] == '\0' && (rows_end(&v.rows, scan) < 0 || (out->bad[0] == '\0' && rows_lines(&v.rows) < 0)))
		goto out;
	rc = 0;
out:
	for (i = 0; i < v.ndestroyed; i++)
		free(v.destroyed[i]);
	free(v.owed);
	free(v.retirements);
	free(v.gone);
	free(v.destroyed);
	free(v.given);
	free(v.stored);
	rows_free(&v.rows);
	return rc;
}
