#ifndef SWITCH_INCIDENT_INT_H
#define SWITCH_INCIDENT_INT_H
/*
 * Private to incident*.c.
 */
#include "incident.h"

/* The messages without doubles in fold order: topological by F_PARENTS, ties by id.  A cycle, which no honest station
 * can make, is cut at its smallest id.  Returns an array of *count pointers into msgs (caller frees; NULL when n is 0)
 * and appends the parents not in the set to *missing (sorted, unique; caller frees). */
const struct fold_msg **incident_order(
    const struct fold_msg *msgs, size_t n, size_t *count, struct msgid **missing, size_t *nmissing);
const struct body *incident_body(const struct fold_msg *);	/* never NULL */

/* A fold under way: the lines stand in fold order, their kinds and marks are filled in. */
struct fold {
	struct incident *inc;
	struct incident_line *all;
	size_t n;
	size_t *place;		/* position a line speaks from: its own, a correction's is that of what it corrects */
	const struct incident_line **by_id;
	size_t *who;		/* position of a line's station in station[] */
	const char **station;	/* the stations that wrote anything, by code, each once */
	size_t nstation;
};

bool incident_speaks(const struct incident_line *);		/* neither recalled nor a recall */
bool incident_counts(const struct incident_line *);		/* speaks, and was not split off: for this incident */
void incident_split(struct fold *);		/* the lines' split_off; after the corrections */
void incident_text(char *out, size_t size, const char *);	/* one clean line, cut to size */
void incident_figures(struct fold *);				/* inc->figures */
void incident_versions(struct fold *);				/* inc->version, gaps, missing_text */
void incident_grades(struct fold *);				/* inc->grade, grade_conflict, grades */
void incident_stations(struct fold *);		/* f->who, station, nstation; the caller frees both arrays */
void incident_steps(struct fold *);		/* inc->absorbed, split_to, split_from, adopted, verdicts */
/* Its life, after the steps: inc->state, states, closed, merged_into, final_reported, signatures_owed; the lines' state
 * and signatures. */
void incident_life(struct fold *);
/* Position of a message that stands before `end`, else f->n. */
size_t incident_find(const struct fold *, size_t end, const struct msgid *);
/* A step (enum step) of a named person that stands; 0: none. */
int incident_step(const struct incident_line *);

#endif
