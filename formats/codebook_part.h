#ifndef FORMATS_CODEBOOK_PART_H
#define FORMATS_CODEBOOK_PART_H
/*
 * What codebook.c, codebook_find.c and codebook_initials.c share and nobody else needs.
 */
#include <stdbool.h>
#include <stddef.h>
#include "codebook.h"
#include "conf.h"
#include "msgid.h"

#define TABLES_MAX 12
#define CODE12_MAX 13 /* twelve digits and NUL */
#define KEY_MAX 48
#define FOLD_MAX 256 /* bytes of a folded spelling or query */

struct item {
	struct code_entry e;
	char key[KEY_MAX];	/* divisions: twelve digits or the private code; events: "code:scheme" */
	const char *other;	/* initials with the second reading of characters that have two, NULL when there is none */
	bool placeholder;	/* a division that is no real superior */
	bool dead;		/* replaced by a local row */
	size_t table, line;
};

struct list {
	struct item *v; /* in the order of the file */
	const struct item **by_key;
	size_t n;
};

struct spelling {
	const char *set;
	int value;
	char *folded;
};

struct enum_row {
	const char *set;
	int value;
	const char *name, *zh, *label, *spellings;
	const char *path;
	size_t line;
};

struct organ {
	const char *suffix, *zh, *label;
};

struct codebook {
	struct tsv *table[TABLES_MAX];
	char *path[TABLES_MAX];
	size_t tables;
	struct list event, division;
	struct enum_row *row;
	size_t rows;
	struct spelling *spelling;
	size_t spellings;
	struct organ *organ;
	size_t organs;
	char *initials; /* what was worked out, one string behind the other */
};

/* 2, 4, 6, 9 or 12 digits to 12 (out: CODE12_MAX bytes or more); false for anything else. */
bool codebook_code12(const char *code, char *out);
/* The division of a code in any of its lengths, with or without "div:"; NULL when unknown. */
const struct item *codebook_item(const struct codebook *, const char *code);
/* The station code of a division: shortest of 6, 9 and 12 digits that says it all; a private code as it is. */
void codebook_item_station(const struct item *, char *buf, size_t size);
/* Works out the initials of the rows whose table gives none. */
void codebook_fill_initials(struct codebook *);

#endif
