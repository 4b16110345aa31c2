#ifndef TESTS_TTY_CASES_LIFE_H
#define TESTS_TTY_CASES_LIFE_H
/*
 * Private to cases_life*.c: what both use, and the cases of the second for the list in the first.
 */
#include <stdbool.h>
#include <stddef.h>
#include "../lib/pty.h"

/* The value of a text member in an answer of dutyctl --json, into buf. */
bool member(const char *json, const char *name, char *buf, size_t size);
void opened(const char *title, const char *type, char number[32]);	/* a fresh incident of the town */
void open_incident(struct pty *, const char *word);	/* the one with this word in its title, from the overview */

void grade_screen(void);
void grade_below_proof(void);
void grade_uncovered(void);
void grade_asked_again(void);
void second_verdict(void);
void english_hints(void);

#endif
