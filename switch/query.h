#ifndef SWITCH_QUERY_H
#define SWITCH_QUERY_H
/*
 * Answers to the reading requests of deskproto.h, built from the journal and the folds.  Reads only.
 */
#include <jansson.h>
#include "station.h"
#include "stationdir.h"

struct query_env {
	struct station *station;
	const struct stationdir *dir;
	bool zh;			/* language of *_name */
	const json_t *alarms;		/* array kept by desk.c, borrowed */
};

/* op: incidents, show, message, inbox, owed, list, status, verify, drafts, log, hello.  New reference: the answer without "re";
 * NULL + fault when refused or op unknown (EX_USAGE). */
json_t *query_answer(const struct query_env *, int64_t now, const char *op, const json_t *request, struct fault *);

#endif
