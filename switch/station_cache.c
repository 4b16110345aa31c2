/*
 * The folds this turn has changed, cached in its transaction: a list or a search reads one row an incident.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "incident.h"
#include "log.h"
#include "station_int.h"

static void
cache_incident(struct station *s, const struct msgid *id)
{
	struct folded fd;
	struct journal_incident inc;
	json_t *summary;
	char *text;

	if (station_fold(s, id, &fd) != 0)
		return;
	if (fd.n > 0) {
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
		summary = incident_summary(fd.incident);
		if ((text = json_dumps(summary, JSON_COMPACT | JSON_SORT_KEYS)) == NULL)
			log_fatal(EX_SOFTWARE, "summary", "incident=%s", inc.number);
		buf_puts(&inc.summary, text);
		free(text);
		json_decref(summary);
		s->j->ops->incident_put(s->j, &inc);
		s->wrote = true;
		buf_free(&inc.summary);
	}
	folded_free(&fd);
}

void
station_cache(struct station *s, int64_t now)
{
	(void)now;
	for (size_t i = 0; i < s->changed.n; i++)
		cache_incident(s, &s->changed.v[i]);
	s->changed.n = 0;
}
