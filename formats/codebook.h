#ifndef FORMATS_CODEBOOK_H
#define FORMATS_CODEBOOK_H
/*
 * Codebooks: TSV under conf/codebooks, loaded once, read-only after.  A row of NAME.local.tsv wins over NAME.tsv.
 *   events.tsv      code parent name scheme confidence pinyin     divisions.tsv  code12 code parent name level kind note pinyin
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
	const char *initials;	/* pinyin initials: the row's, else worked out from the name ("?" for a character that is
				 * not in the first level of GB 2312); "" when unknown */
	const char *level;	/* divisions: province city county township; events: confidence */
	bool placeholder;	/* divisions: no real superior and no station (县, 市辖区) */
};

struct codebook *codebook_load(const char *confdir, struct fault *);	/* NULL + fault naming file and line */
void codebook_free(struct codebook *);

/* Lookups return NULL when unknown; entries live as long as the codebook. */
const struct code_entry *codebook_event(const struct codebook *, const char *code);	/* with or without scheme */
const struct code_entry *codebook_division(const struct codebook *, const char *code);	/* 6, 9 or 12 digits; 3302 and 330200 alike */
/* i-th event type whose code, name, part of name or initials match; table order; NULL past the end. */
const struct code_entry *codebook_event_match(const struct codebook *, const char *query, size_t i);

/*
 * Search by what people type: codes or their beginning (with or without scheme, any length of a division's), names or a
 * part, pinyin initials (one letter only at the beginning); divisions with an organ as 330225-gongan or 象山公安.  Case
 * and width do not matter.  Several words must all match.
 */
enum code_kind { CODE_EVENT = 1, CODE_DIVISION = 2, CODE_ORGAN = 4, CODE_STATION = 8 /* a division's organ */ };
enum code_rank { CODE_NO_MATCH = 0, CODE_EXACT, CODE_BEGINS, CODE_HOLDS };
struct code_hit {	/* strings live as long as the codebook */
	enum code_kind kind;
	enum code_rank rank;
	const struct code_entry *entry;		/* NULL for an organ by itself */
	const char *organ, *organ_zh;		/* suffix and name; NULL for events and divisions */
};
/* kinds: enum code_kind or'd.  Fills at most max, best rank first, then by kind, then in table order; returns how many match. */
size_t codebook_find(const struct codebook *, const char *const *word, size_t nword, unsigned kinds, struct code_hit *,
    size_t max);
const char *codebook_hit_code(const struct code_hit *, char *buf, size_t size);	/* yjpt:12G00, div:330225, -gongan, 330225-gongan */
const char *codebook_hit_name(const struct code_hit *, char *buf, size_t size);	/* 火灾事故, 象山县, 公安, 象山县公安 */
/* The same ranking for one word against somebody else's row (address groups). */
enum code_rank codebook_rank(const char *scheme, const char *code, const char *name, const char *initials, const char *word);

/* Rows by number, table order; NULL past the end. */
const struct code_entry *codebook_event_at(const struct codebook *, size_t i);
const struct code_entry *codebook_division_at(const struct codebook *, size_t i);
/* Enumerated codebook (set "grade", "precedence", "colour"): value of any accepted spelling, 0 when none; name in zh/en. */
int codebook_enum(const struct codebook *, const char *set, const char *spelling);
const char *codebook_enum_name(const struct codebook *, const char *set, int value, bool zh);
/* Short name of a station for people: 象山县, 西周镇; the code itself when unknown.  An organ suffix is appended. */
const char *codebook_station(const struct codebook *, const char *station, char *buf, size_t size);
/* The station code of a division's row: 330200 for 3302; "" for an event. */
const char *codebook_entry_station(const struct code_entry *, char *buf, size_t size);
/* The station above by the divisions' tree ("330225" for 330225102, "330200" for 330225); "" when unknown.
 * Rows marked "placeholder" (县 and 市辖区 of the direct municipalities) are passed over: 500237 reports to 500000.  A station with an
 * organ suffix has the station without it above. */
const char *codebook_parent_station(const struct codebook *, const char *station, char *buf, size_t size);

#endif
