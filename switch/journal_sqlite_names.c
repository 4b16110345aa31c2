/*
 * The journal on SQLite: numbers for what every row repeats.  `source` holds the first three parts of message ids, `name`
 * station codes and seats.  A number is given once and never taken back; a transaction that is lost takes its numbers with
 * it, and the handle that knew them too.
 *
 * What was asked for lately is kept in tables of fixed size, so that neither a busy switch asks twice nor a neighbour that makes up
 * ids fills the memory.
 */
#include <stdio.h>
#include <string.h>

#include "journal_sqlite.h"
#include "../formats/text.h"

static size_t
slot_of(const char *s, uint64_t salt)
{
	uint64_t h = 1469598103934665603u ^ salt;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	h ^= h >> 32;
	return (size_t)(h % SQ_KNOWN);
}

static bool
same_source(const struct msgid *a, const struct msgid *b)
{
	return a->epoch == b->epoch && a->realm == b->realm && strcmp(a->origin, b->origin) == 0;
}

static bool
is_none(const struct msgid *id)
{
	return id->origin[0] == '\0' && id->realm == 0 && id->epoch == 0 && id->serial == 0;
}

static void
know_source(struct sq *j, const struct msgid *id, int64_t n)
{
	struct sq_known_source *k = &j->sources[slot_of(id->origin, id->epoch * 31 + id->realm)];

	k->id = *id;
	k->id.serial = 0;
	k->n = n;
	j->sources_by[(uint64_t)n % SQ_KNOWN] = *k;
}

static int
ask_source(struct sq *j, enum query query, const struct msgid *id, int64_t *n)
{
	struct q q;
	int rc;

	if (q_begin(&q, &j->base, query) != 0)
		return -1;
	q_int(&q, id->realm);
	q_text(&q, id->origin);
	q_u64(&q, id->epoch);
	if ((rc = q_step(&q)) == 0) {
		*n = q_get_int(&q);
		if (query == Q_SOURCE_PUT && q_step(&q) < 0)
			rc = -1;
	}
	return q_end(&q, rc);
}

int
sq_source(struct sq *j, const struct msgid *id, bool make, int64_t *n)
{
	const struct sq_known_source *k = &j->sources[slot_of(id->origin, id->epoch * 31 + id->realm)];
	int rc;

	*n = 0;
	if (is_none(id))
		return 0;
	if (k->n > 0 && same_source(&k->id, id)) {
		*n = k->n;
		return 0;
	}
	if ((rc = ask_source(j, Q_SOURCE_OF, id, n)) == 1 && make)
		rc = ask_source(j, Q_SOURCE_PUT, id, n);
	if (rc == 0)
		know_source(j, id, *n);
	else
		*n = -1;
	return rc < 0 ? -1 : 0;
}

int
sq_source_at(struct sq *j, int64_t n, struct msgid *id)
{
	const struct sq_known_source *k = &j->sources_by[(uint64_t)n % SQ_KNOWN];
	uint64_t serial = id->serial;
	struct q q;
	int rc, realm;

	memset(id, 0, sizeof(*id));
	id->serial = serial;
	if (n == 0)
		return 0;
	if (k->n == n) {
		*id = k->id;
		id->serial = serial;
		return 0;
	}
	if (q_begin(&q, &j->base, Q_SOURCE_AT) != 0)
		return -1;
	q_int(&q, n);
	if ((rc = q_step(&q)) == 0) {
		realm = q_get_small(&q);
		id->realm = (uint8_t)realm;
		q_get_text(&q, id->origin, sizeof(id->origin));
		id->epoch = q_get_u64(&q);
		if (realm < 0 || realm > UINT8_MAX || q.bad)
			rc = 1;
		q.bad = false;		/* of whom this is a part says so */
	}
	if ((rc = q_end(&q, rc)) == 0)
		know_source(j, id, n);
	return rc;
}

static void
know_name(struct sq *j, const char *s, int64_t n)
{
	struct sq_known_name *k = &j->names[slot_of(s, 0)];

	if (strlen(s) >= sizeof(k->text))
		return;
	memcpy(k->text, s, strlen(s) + 1);
	k->n = n;
	j->names_by[(uint64_t)n % SQ_KNOWN] = *k;
}

static int
ask_name(struct sq *j, enum query query, const char *s, int64_t *n)
{
	struct q q;
	int rc;

	if (q_begin(&q, &j->base, query) != 0)
		return -1;
	q_text(&q, s);
	if ((rc = q_step(&q)) == 0) {
		*n = q_get_int(&q);
		if (query == Q_NAME_PUT && q_step(&q) < 0)
			rc = -1;
	}
	return q_end(&q, rc);
}

int
sq_name(struct sq *j, const char *s, bool make, int64_t *n)
{
	const struct sq_known_name *k = &j->names[slot_of(s, 0)];
	int rc;

	*n = 0;
	if (s[0] == '\0')
		return 0;
	if (k->n > 0 && strcmp(k->text, s) == 0) {
		*n = k->n;
		return 0;
	}
	if ((rc = ask_name(j, Q_NAME_OF, s, n)) == 1 && make)
		rc = ask_name(j, Q_NAME_PUT, s, n);
	if (rc == 0)
		know_name(j, s, *n);
	else
		*n = -1;
	return rc < 0 ? -1 : 0;
}

int
sq_name_at(struct sq *j, int64_t n, char *dst, size_t size)
{
	const struct sq_known_name *k = &j->names_by[(uint64_t)n % SQ_KNOWN];
	char text[sizeof(k->text)];
	struct q q;
	int rc;

	dst[0] = '\0';
	if (n == 0)
		return 0;
	if (k->n == n) {
		if (strlen(k->text) >= size)
			return 1;
		memcpy(dst, k->text, strlen(k->text) + 1);
		return 0;
	}
	if (q_begin(&q, &j->base, Q_NAME_AT) != 0)
		return -1;
	q_int(&q, n);
	if ((rc = q_step(&q)) == 0) {
		q_get_text(&q, text, sizeof(text));
		if (q.bad || strlen(text) >= size)
			rc = 1;
		q.bad = false;
	}
	if ((rc = q_end(&q, rc)) != 0)
		return rc;
	know_name(j, text, n);
	memcpy(dst, text, strlen(text) + 1);
	return 0;
}

/* ---- what a chain entry is about ---- */

#define REF_WHO 0x80		/* a blank and `who` follow the id */
/* What stands behind: the words the station uses, by their number; 0: as it follows. */
static const char *const rests[] = { NULL, "", " delivered", " read", " signed", " taken", " returned" };

int
sq_ref_pack(struct sq *j, const char *ref, const char *who, struct buf *out)
{
	char head[MSGID_TEXT_MAX], again[MSGID_TEXT_MAX];
	size_t n = strcspn(ref, " "), i;
	const char *rest = ref + n;
	struct msgid id;
	int64_t source;
	bool is_who;

	buf_clear(out);
	if (n >= sizeof(head))
		return 0;
	memcpy(head, ref, n);
	head[n] = '\0';
	/* Only what comes back as it was. */
	if (!msgid_parse(head, &id) || msgid_format(&id, again, sizeof(again)) != n || strcmp(head, again) != 0)
		return 0;
	if (sq_source(j, &id, true, &source) != 0)
		return -1;
	n = strlen(who);
	is_who = rest[0] == ' ' && n > 0 && strncmp(rest + 1, who, n) == 0;
	if (is_who)
		rest += n + 1;
	for (i = 1; i < sizeof(rests) / sizeof(rests[0]) && strcmp(rest, rests[i]) != 0;)
		i++;
	i = i < sizeof(rests) / sizeof(rests[0]) ? i : 0;
	buf_put_u8(out, (uint8_t)(i | (is_who ? REF_WHO : 0)));
	buf_put_varint(out, (uint64_t)source);
	buf_put_varint(out, id.serial);
	if (i == 0)
		buf_puts(out, rest);
	return 0;
}

int
sq_ref_unpack(struct sq *j, const void *p, size_t n, const char *who, char *dst, size_t size)
{
	struct reader r = reader_of(p, n);
	char text[MSGID_TEXT_MAX];
	const char *rest;
	uint64_t source, serial;
	struct msgid id;
	uint8_t how;
	int rc, len;

	dst[0] = '\0';
	if (!reader_u8(&r, &how) || (how & ~REF_WHO) >= (int)(sizeof(rests) / sizeof(rests[0])) || !reader_varint(&r, &source) || !reader_varint(&r, &serial) ||
	    source > INT64_MAX || memchr(r.p, '\0', r.n) != NULL || r.n >= size)
		return 1;
	if ((rc = sq_source_at(j, (int64_t)source, &id)) != 0)
		return rc;
	id.serial = serial;
	(void)msgid_format(&id, text, sizeof(text));
	rest = rests[how & ~REF_WHO];
	len = snprintf(dst, size, "%s%s%s%s%.*s", text, (how & REF_WHO) != 0 ? " " : "", (how & REF_WHO) != 0 ? who : "",
	    rest != NULL ? rest : "", rest != NULL ? 0 : (int)r.n, (const char *)r.p);
	return len < 0 || (size_t)len >= size ? 1 : 0;
}
