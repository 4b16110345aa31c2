#ifndef TESTS_UNIT_JOURNAL_MAKE_H
#define TESTS_UNIT_JOURNAL_MAKE_H
/*
 * Messages, parcels and folders for the journal's tests.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../formats/buf.h"
#include "../../formats/field.h"
#include "../../formats/wire.h"
#include "../../switch/journal.h"

#define OWN "330225102"
#define EPOCH 1000

static inline struct msgid
make_id(const char *origin, uint64_t serial)
{
	struct msgid id;

	memset(&id, 0, sizeof(id));
	snprintf(id.origin, sizeof(id.origin), "%s", origin);
	id.epoch = EPOCH;
	id.serial = serial;
	return id;
}

/* Encodes a body that agrees with the row; of what is set quiet, history. */
static inline void
make_body(struct journal_msg *m, const struct msgid *refs, size_t nrefs)
{
	struct body *b = body_new();
	size_t i;

	body_set_num(b, F_KIND, m->kind);
	body_set_id(b, F_ID, &m->id);
	if (msgid_is_set(&m->incident))
		body_set_id(b, F_INCIDENT, &m->incident);
	for (i = 0; i < nrefs; i++)
		body_add_id(b, F_REFS, &refs[i]);
	if (m->quiet)
		body_set_num(b, F_HISTORY, 1);
	body_set_text(b, F_TITLE, "山体滑坡");
	buf_clear(&m->body);
	wire_encode(b, &m->body);
	digest_of(m->body.p, m->body.n, m->digest);
	body_free(b);
}

static inline void
remake_body(struct journal_msg *m)
{
	make_body(m, NULL, 0);
}

static inline void
make_msg(struct journal_msg *m, const char *origin, uint64_t serial, int kind, const struct msgid *incident,
    const struct msgid *refs, size_t nrefs)
{
	memset(m, 0, sizeof(*m));
	m->id = make_id(origin, serial);
	if (incident != NULL)
		m->incident = *incident;
	m->kind = kind;
	m->precedence = PREC_ROUTINE;
	m->stored = 1763787393000 + (int64_t)serial;
	snprintf(m->from, sizeof(m->from), "%s", origin);
	make_body(m, refs, nrefs);
}

/* One parcel; the envelope is the caller's. */
static inline void
make_outbox(struct journal_outbox *o, const struct msgid *id, const char *link, const char *to)
{
	struct envelope e;

	memset(o, 0, sizeof(*o));
	memset(&e, 0, sizeof(e));
	snprintf(o->link, sizeof(o->link), "%s", link);
	o->id = *id;
	o->precedence = PREC_ROUTINE;
	e.precedence = PREC_ROUTINE;
	envelope_add_to(&e, to);
	(void)envelope_add_hop(&e, OWN);
	envelope_encode(&e, &o->envelope);
	envelope_free(&e);
}

static inline void
make_dir(char *dir, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, size, "%s/journal.XXXXXX", tmp != NULL && strlen(tmp) < 32 ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		abort();
}

static inline void
remove_dir(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path))
			continue;
		if (unlink(path) != 0)
			remove_dir(path);	/* what a migration backed up */
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
}

#endif
