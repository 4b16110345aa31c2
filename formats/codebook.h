#ifndef FORMATS_CODEBOOK_H
#define FORMATS_CODEBOOK_H
/*
 * Codebooks: TSV under conf/codebooks, loaded once, read-only after.  A row of NAME.local.tsv wins over NAME.tsv.
 *   events.tsv      code parent name scheme confidence pinyin     divisions.tsv  code12 code parent name level kind note
 *   grades.tsv      value name zh label spellings                 precedences.tsv, colours.tsv likewise
 *   organs.tsv      suffix zh label: the organ behind a station code (330225-gongan)
 * Two rows of one table with the same key, and one spelling for two values of a set, are refused at loading.
 */
#include <stdbool.h>
#include <stddef.h>
#include "fault.h"

struct codebook;	/* immutable after load */

struct code_entry {
	const char *scheme;	/* "yjpt", "12379", "div" */
	const char *code;	/* "12G00", "330225102" */
	const char *parent;	/* "" at the top */
	const char *name;	/* Chinese */
	const char *initials;	/* pinyin initials, "" when unknown */
	const char *level;	/* divisions: province city county township; events: confidence */
};

struct codebook *codebook_load(const char *confdir, struct fault *);	/* NULL + fault naming file and line */
void codebook_free(struct codebook *);

/* Lookups return NULL when unknown; entries live as long as the codebook. */
const struct code_entry *codebook_event(const struct codebook *, const char *code);	/* with or without scheme */
const struct code_entry *codebook_division(const struct codebook *, const char *code);	/* 6, 9 or 12 digits; 3302 and 330200 alike */
/* i-th event type whose code, name, part of name or initials match; table order; NULL past the end. */
const struct code_entry *codebook_event_match(const struct codebook *, const char *query, size_t i);
const struct code_entry *codebook_event_at(const struct codebook *, size_t i);
const struct code_entry *codebook_division_at(const struct codebook *, size_t i);
/* Enumerated codebook (set "grade", "precedence", "colour"): value of any accepted spelling, 0 when none; name in zh/en. */
int codebook_enum(const struct codebook *, const char *set, const char *spelling);
const char *codebook_enum_name(const struct codebook *, const char *set, int value, bool zh);
/* Short name of a station for people: 象山县, 西周镇; the code itself when unknown.  An organ suffix is appended. */
const char *codebook_station(const struct codebook *, const char *station, char *buf, size_t size);
/* The station above by the divisions' tree ("330225" for 330225102, "330200" for 330225); "" when unknown.
 * Rows marked "placeholder" (县 and 市辖区 of the direct municipalities) are passed over: 500237 reports to 500000.  A station with an
 * organ suffix has the station without it above. */
const char *codebook_parent_station(const struct codebook *, const char *station, char *buf, size_t size);

#endif
