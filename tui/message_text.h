#ifndef TUI_MESSAGE_TEXT_H
#define TUI_MESSAGE_TEXT_H
/*
 * A message, an incident's facts or a help text as rows of cells, with a scroll position.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "../formats/codebook.h"
#include "../switch/client.h"

/* A row of the inbox that corrects another message: its title says so in front of everything (the switch puts it there). */
bool message_corrects(const json_t *row);

struct lines {
	char **line;	/* owned */
	size_t n, top;
	int rows;	/* of the last paint */
};

void lines_clear(struct lines *);
/* Appends text broken at `width` cells; the first row after `label`, the others indented as wide. */
void lines_add(struct lines *, const char *label, const char *text, int width);
/* The answer of op message: every field with its name, then deliveries and receipts. */
void lines_message(struct lines *, const json_t *answer, const struct codebook *, int64_t now, int width);
void lines_paint(struct lines *, int row, int rows);
bool lines_command(struct lines *, enum command_id);	/* up, down, pages; false also where a page cannot be turned */
bool lines_turn(struct lines *, enum command_id);	/* the same, but true for each of the four */
bool lines_find(struct lines *, const char *text);

#endif
