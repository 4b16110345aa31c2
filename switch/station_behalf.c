/*
 * 代报, 代录: what is entered for another station is its word, so figures without a source have that station as theirs and hold for the time
 * on the paper; two entries of one matter then are one source, the newer of which counts, and never a sum.  The station gets a copy and
 * claims it later.  A pre-printed slip that is known here is not entered twice: it goes as a supplement to the first, when that is meant.
 *
 * Kept in the journal's map of foreign numbers: space "slip", "STATION/SLIP" to the message entered from it, the first that was known here;
 * space "claim", the n-th message on behalf of this station.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "station_order.h"

#define SLIP_SPACE "slip"
#define CLAIM_SPACE "claim"
#define CLAIMS "claims"			/* meta: how many have been noted */
#define CLAIMS_DONE "claims.done"	/* meta: so many of the first are claimed */

/* ---- slips ---- */

static bool
slip_key(const struct body *b, const char *origin, char *out, size_t size)
{
	const char *slip = body_said(b, F_SLIP), *station = body_text(b, F_ON_BEHALF);
	char folded[160];
	size_t n = 0;

	if (slip == NULL)
		return false;
	(void)text_fold(slip, folded, sizeof folded);
	for (size_t i = 0; folded[i] != '\0'; i++)
		if (folded[i] != ' ' && folded[i] != '\t')
			folded[n++] = folded[i];
	folded[n] = '\0';
	return snprintf(out, size, "%s/%s", station != NULL ? station : origin, folded) < (int)size;
}

static bool
amends_or_goes_on(const struct draft *d, const struct journal_msg *first)
{
	int stage = body_enum(d->b, F_STAGE);
	struct msgid incident;

	if (strcmp(first->id.origin, d->s->conf.self) != 0)
		return false;
	if (stage == STAGE_CORRECTION || stage == STAGE_WITHDRAWAL)
		return true;
	/* The report made of the intake that was entered from it. */
	return d->kind != first->kind && body_id(d->b, F_INCIDENT, &incident) && msgid_cmp(&incident, &first->incident) == 0;
}

int
draft_slip(struct draft *d)
{
	char key[256], name[160], text[MSGID_TEXT_MAX], remark[640];
	struct journal_msg m;
	struct msgid first;
	bool supplement;

	if ((d->kind != KIND_INTAKE && d->kind != KIND_REPORT && d->kind != KIND_FEEDBACK) || d->history || d->machine ||
	    body_first(d->req->body, F_SLIP) == NULL || !slip_key(d->b, d->s->conf.self, key, sizeof key))
		return 0;
	memset(&m, 0, sizeof m);
	if (d->s->j->ops->foreign_get(d->s->j, SLIP_SPACE, key, &first) != 0 || first.realm != d->req->realm ||
	    d->s->j->ops->get_message(d->s->j, &first, &m) != 0)
		return 0;
	buf_free(&m.body);
	if (amends_or_goes_on(d, &m))
		return 0;
	supplement = d->req->confirmed || incident_refers(d->b, &first);
	(void)codebook_station(d->s->conf.codebook, first.origin, name, sizeof name);
	(void)msgid_format(&first, text, sizeof text);
	if (!supplement)
		return fault_set(&d->f, EX_DATAERR, "slip",
		    _("this slip number was entered by %s already (%s): confirm, and it goes as a supplement to that"), name, text);
	if (!incident_refers(d->b, &first))
		body_add_id(d->b, F_REFS, &first);
	if (body_first(d->b, F_INCIDENT) == NULL && msgid_is_set(&m.incident))
		body_set_id(d->b, F_INCIDENT, &m.incident);
	if (d->kind == KIND_REPORT && body_enum(d->b, F_STAGE) == STAGE_FIRST)
		body_set_num(d->b, F_STAGE, STAGE_FOLLOWUP);
	(void)snprintf(remark, sizeof remark, _("supplement: slip %s was entered by %s already"), body_text(d->b, F_SLIP), name);
	body_add_text(d->b, F_REMARKS, remark, strlen(remark));
	return 0;
}

/* ---- on behalf of another station ---- */

static void
copy_to(struct draft *d, const char *station)
{
	const struct neighbour *n = topology_find(d->s->conf.topology, station);

	if ((n == NULL || n->role != ROLE_PHONE) && route_next(d->s->conf.topology, station, NULL, 0) != NULL)
		draft_add_to(d, F_CC, station);
}

/* Its figures are that station's word, of the time on the paper. */
static void
figures_of(struct draft *d, const char *station)
{
	int64_t paper = 0;

	if (!body_time(d->b, F_LEARNED, &paper) && !body_time(d->b, F_OCCURRED, &paper))
		paper = 0;
	for (size_t i = 0; i < d->b->n; i++) {
		struct value *v = &d->b->v[i];

		if (v->field == NULL || field_decimals(v->field) < 0 || v->key == F_QUANTITY)
			continue;
		if (v->u.fig.source != NULL)
			continue;
		v->u.fig.source = xstrdup(station); /* the body's, as all of it */
		if (v->u.fig.asof == 0 && paper != 0 && paper < d->now)
			v->u.fig.asof = paper;
	}
}

int
draft_behalf(struct draft *d)
{
	const struct station_conf *c = &d->s->conf;
	const char *given = body_text(d->b, F_ON_BEHALF);
	char station[STATION_MAX], place[STATION_MAX], above[STATION_MAX], name[160];

	if (given == NULL || (d->kind != KIND_INTAKE && d->kind != KIND_REPORT && d->kind != KIND_FEEDBACK) || d->history ||
	    d->machine)
		return 0;
	if (!station_code_valid(given))
		return fault_set(&d->f, EX_DATAERR, "on_behalf", _("'%s' is no station code"), given);
	(void)snprintf(station, sizeof station, "%s", given); /* the body moves */
	(void)codebook_station(c->codebook, station, name, sizeof name);
	if (strcmp(station, c->self) == 0)
		return draft_refuse(d, EX_DATAERR, "on_behalf", _("that is this station itself"));
	if (station_under(c->self, station))
		return fault_set(&d->f, EX_NOPERM, "on_behalf", _("%s stands above this station: nothing is entered on its behalf"), name);
	(void)snprintf(place, sizeof place, "%s", station);
	place[strcspn(place, "-")] = '\0';
	if (topology_find(c->topology, station) == NULL && codebook_division(c->codebook, place) == NULL)
		return fault_set(&d->f, EX_NOHOST, "on_behalf", _("unknown station %s"), station);
	if (body_said(d->b, F_AUTHOR) == NULL && d->req->seat != NULL && *d->req->seat != '\0')
		body_set_text(d->b, F_AUTHOR, d->req->seat);
	figures_of(d, station);
	copy_to(d, station);
	if (codebook_parent_station(c->codebook, place, above, sizeof above)[0] != '\0' && strcmp(above, c->self) != 0)
		copy_to(d, above);
	return 0;
}

/* ---- what has been stored ---- */

static uint64_t
counter(struct journal *j, const char *key)
{
	char val[32];

	return j->ops->meta_get(j, key, val, sizeof val) == 0 ? strtoull(val, NULL, 10) : 0;
}

static void
counter_set(struct journal *j, const char *key, uint64_t n)
{
	char val[32];

	(void)snprintf(val, sizeof val, "%" PRIu64, n);
	(void)j->ops->meta_set(j, key, val);
}

uint64_t
order_claims_begin(struct journal *j)
{
	return counter(j, CLAIMS_DONE);
}

bool
order_claim_next(struct journal *j, uint64_t *at, struct msgid *id)
{
	char key[32];

	if (*at >= counter(j, CLAIMS))
		return false;
	(void)snprintf(key, sizeof key, "%" PRIu64, *at);
	++*at;
	return j->ops->foreign_get(j, CLAIM_SPACE, key, id) == 0;
}

struct claimed {
	const char *self;
	bool yes;
};

static int
claimed_row(void *ctx, const struct journal_msg *m)
{
	struct claimed *c = ctx;
	struct fault bad;
	struct body *b;

	if (m->kind != KIND_RECEIPT || strcmp(m->id.origin, c->self) != 0 || m->body.n == 0 ||
	    (b = wire_decode(m->body.p, m->body.n, &bad)) == NULL)
		return 0;
	c->yes = !order_proxied(b) && (body_enum(b, F_ACT) == ACT_SIGNED || body_enum(b, F_ACT) == ACT_TAKEN);
	body_free(b);
	return c->yes;
}

bool
order_claimed(struct journal *j, const char *self, const struct msgid *id)
{
	struct claimed c = {.self = self};

	(void)j->ops->each_referring(j, id, claimed_row, &c);
	return c.yes;
}

/* Those in front that are claimed are not looked at again. */
static void
trim_claims(struct station *s)
{
	uint64_t done = counter(s->j, CLAIMS_DONE), was = done, at = done;
	struct msgid id;

	while (order_claim_next(s->j, &at, &id) && order_claimed(s->j, s->conf.self, &id))
		done = at;
	if (done != was)
		counter_set(s->j, CLAIMS_DONE, done);
}

void
order_stored(struct station *s, const struct msgid *id, const struct body *b)
{
	int kind = body_enum(b, F_KIND);
	const char *behalf = body_text(b, F_ON_BEHALF);
	char key[256];
	struct msgid first;

	if (body_flag(b, F_HISTORY))
		return;
	if (kind == KIND_RECEIPT && strcmp(id->origin, s->conf.self) == 0 && behalf == NULL &&
	    (body_enum(b, F_ACT) == ACT_SIGNED || body_enum(b, F_ACT) == ACT_TAKEN))
		trim_claims(s);
	if (kind != KIND_INTAKE && kind != KIND_REPORT && kind != KIND_FEEDBACK && kind != KIND_RECEIPT)
		return;
	if (kind != KIND_RECEIPT && slip_key(b, id->origin, key, sizeof key) &&
	    s->j->ops->foreign_get(s->j, SLIP_SPACE, key, &first) == 1)
		(void)s->j->ops->foreign_put(s->j, SLIP_SPACE, key, id);
	if (behalf != NULL && strcmp(behalf, s->conf.self) == 0 && strcmp(id->origin, s->conf.self) != 0) {
		uint64_t n = counter(s->j, CLAIMS);

		(void)snprintf(key, sizeof key, "%" PRIu64, n);
		(void)s->j->ops->foreign_put(s->j, CLAIM_SPACE, key, id);
		counter_set(s->j, CLAIMS, n + 1);
	}
}
