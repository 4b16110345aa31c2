/*
 * Looking at a station: folding an incident, resolving the names people use for it, small views.  Reads only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "foldcache.h"
#include "incident.h"
#include "log.h"
#include "station_int.h"

struct journal *
station_journal(struct station *s)
{
	return s->j;
}

const struct station_conf *
station_conf(const struct station *s)
{
	return &s->conf;
}

uint64_t
station_revision(const struct station *s)
{
	return s->j->ops->chain_seq(s->j);
}

uint64_t
station_epoch(const struct station *s)
{
	return s->epoch;
}

bool
station_link_status(const struct station *s, const char *peer, struct link_status *out)
{
	for (size_t i = 0; i < s->nlinks; i++)
		if (strcmp(s->links[i]->n.station, peer) == 0) {
			link_status(s->links[i]->link, out);
			return true;
		}
	return false;
}

/* ---- folding ---- */

int
station_fold(struct station *s, const struct msgid *incident, struct folded *fd)
{
	return foldcache_fold(s->j, incident, fd);
}

void
folded_free(struct folded *fd)
{
	if (fd->incident != NULL)
		incident_free(fd->incident);
	for (size_t i = 0; i < fd->n; i++)
		body_free(fd->bodies[i]);
	free(fd->bodies);
	free(fd->msgs);
	free(fd->rows);
	memset(fd, 0, sizeof *fd);
}

/* ---- names ---- */

struct candidates {
	struct station *s;
	const char *prefix; /* opener's name as typed, "" = any */
	size_t prefix_len;
	struct msgid id;
	size_t n;
	char names[400];
};

static int
candidate(void *ctx, const struct journal_incident *inc)
{
	struct candidates *c = ctx;
	char name[160], id[MSGID_TEXT_MAX];
	size_t len = strlen(c->names);

	codebook_station(c->s->conf.codebook, inc->id.origin, name, sizeof name);
	if (c->prefix_len > 0 && strncmp(name, c->prefix, c->prefix_len) != 0 &&
	    (strlen(inc->id.origin) != c->prefix_len || strncmp(inc->id.origin, c->prefix, c->prefix_len) != 0))
		return 0;
	c->id = inc->id;
	c->n++;
	msgid_format(&inc->id, id, sizeof id);
	if (len + strlen(name) + strlen(id) + strlen(inc->number) + 8 < sizeof c->names)
		snprintf(
		    c->names + len, sizeof c->names - len, "%s%s%s (%s)", len > 0 ? ", " : "", name, inc->number, id);
	return 0;
}

int
station_resolve(struct station *s, int realm, const char *text, struct msgid *incident, struct fault *f)
{
	struct candidates c = {.s = s};
	struct journal_msg m;
	struct msgid id;

	memset(&m, 0, sizeof m);
	if (msgid_parse(text, &id)) {
		int rc = s->j->ops->get_message(s->j, &id, &m);

		buf_free(&m.body);
		if (rc == 0 && msgid_is_set(&m.incident)) {
			*incident = m.incident;
			return 0;
		}
		if (rc == 0)
			return fault_set(f, EX_NOINPUT, "incident", _("message %s belongs to no incident"), text);
		/* An incident may be known by its id though its opener was never addressed to us. */
		struct journal_incident inc;

		memset(&inc, 0, sizeof inc);
		if ((rc = s->j->ops->incident_get(s->j, &id, &inc)) == 0 && foldcache_blank(&inc))
			rc = 1;
		buf_free(&inc.summary);
		if (rc == 0) {
			*incident = id;
			return 0;
		}
		return fault_set(f, EX_NOINPUT, "incident", _("no message or incident %s here"), text);
	}
	c.prefix = text;
	s->j->ops->incident_by_number(s->j, realm, text, candidate, &c);
	for (const char *p = text; c.n == 0 && *p != '\0'; p++) {
		if (((unsigned char)*p & 0xC0) == 0x80 || p == text)
			continue;
		c.prefix_len = (size_t)(p - text);
		s->j->ops->incident_by_number(s->j, realm, p, candidate, &c);
	}
	if (c.n == 1) {
		*incident = c.id;
		return 0;
	}
	if (c.n > 1)
		return fault_set(f, EX_DATAERR, "incident", _("%s is ambiguous: %s"), text, c.names);
	return fault_set(f, EX_NOINPUT, "incident", _("no incident %s here"), text);
}
