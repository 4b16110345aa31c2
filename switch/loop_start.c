/*
 * The start: settings, topology, and how often a failed journal is opened again; and what is read again while it runs.
 */
#include <sodium.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "log.h"
#include "loop_start.h"
#include "seal.h"
#include "space.h"

int
loop_topology(const struct stationdir *dir, struct topology *t, struct fault *f)
{
	const struct neighbour *n;

	memset(t, 0, sizeof(*t));
	if (topology_load(dir->topology, dir->station, t, f) != 0)
		return -1;
	if ((n = topology_by_key(t, dir->public_key)) != NULL) {
		fault_set(f, EX_CONFIG, "key", _("%s has this station's own key"), n->station);
		fault_at(f, dir->topology, 0);
		topology_free(t);
		return -1;
	}
	return 0;
}

int
loop_reread(const struct loop_conf *c, struct topology *t, struct rules **rules, struct fault *f)
{
	char text[1024];

	*rules = NULL;
	if (loop_topology(c->dir, t, f) != 0)
		goto refused;
	if (c->reread != NULL && (*rules = c->reread(c->ctx, f)) == NULL) {
		topology_free(t);
		goto refused;
	}
	return 0;
refused:
	log_event(LOG_LV_ERROR, "reload", "ok=0 why=%s", log_quote(fault_format(f, text, sizeof(text))));
	return -1;
}

void
loop_settings(const struct loop_conf *c, const struct topology *t, struct station_conf *out)
{
	const struct stationdir *dir = c->dir;

	memset(out, 0, sizeof(*out));
	memcpy(out->self, dir->station, sizeof(out->self));
	out->topology = t;
	out->codebook = c->codebook;
	out->rules = c->rules;
	out->reoffer = (int64_t)dir->reoffer_minutes * 60000;
	out->return_after = (int64_t)dir->return_hours * 3600000;
	out->hosted = dir->hosted;
	out->attended = (int64_t)dir->attended_minutes * 60000;
	out->resend_days = dir->resend_days;
	out->divert[PREC_FLASH] = (int64_t)dir->divert_seconds * 1000;
	out->divert[PREC_URGENT] = 3 * out->divert[PREC_FLASH];
	out->divert[PREC_PRIORITY] = 10 * out->divert[PREC_FLASH];
	out->divert[PREC_ROUTINE] = 30 * out->divert[PREC_FLASH];
	out->day_begins = DAY_BEGINS;
	randombytes_buf(&out->seed, sizeof(out->seed));
	seal_key(dir->secret_key, out->seal);
}

struct journal *
loop_journal(const struct stationdir *dir, bool fresh, struct space **space, struct fault *f)
{
	struct journal *j;

	*space = space_open(dir->journal, dir->room_mb, dir->ballast_mb);
	space_make_way(*space, false);
	if ((j = journal_sqlite_open(dir->journal, fresh, f)) == NULL && (f->code == EX_IOERR || f->code == EX_CANTCREAT)) {
		space_make_way(*space, true);
		memset(f, 0, sizeof(*f));
		j = journal_sqlite_open(dir->journal, fresh, f);
	}
	return j;
}

int64_t
loop_reopen(struct loop_reopens *r, int64_t now)
{
	static const int64_t pause[LOOP_REOPENS] = {200, 1000, 3000};
	size_t recent = 0;

	for (size_t i = 0; i < r->n; i++)
		if (now - r->at[i] < LOOP_REOPEN_SPAN)
			r->at[recent++] = r->at[i];
	r->n = recent;
	if (recent == LOOP_REOPENS)
		return -1;
	r->at[r->n++] = now;
	return pause[recent];
}
