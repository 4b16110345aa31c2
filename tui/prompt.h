#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H
/*
 * A question in the rows above the hint: up to PROMPT_FIELDS texts, one after the other, then one confirmation.  The default is cancel:
 * only the digit 1 (or y) confirms; Enter, Esc and everything else leave things as they were.
 */
#include <stdbool.h>
#include <stddef.h>
#include "app.h"

#define PROMPT_FIELDS 5

enum prompt_flag {
	PROMPT_REQUIRED = 1,
	PROMPT_TIME = 2,	/* a time; refused when it is none */
	PROMPT_FUTURE = 4,	/* ... and must lie ahead */
	PROMPT_LINES = 8,
	PROMPT_PAST = 16,	/* a time that must not lie ahead */
	PROMPT_SECRET = 32	/* a PIN: shown as asterisks, wiped when the prompt goes; what is in arg and elsewhere is the caller's to wipe */
};

struct prompt;
/* value[i]: what was typed, never NULL, valid during the call.  The prompt is closed before the call. */
typedef void (*prompt_fn)(struct view *owner, void *arg, const char *const *value);

/* title: what is about to be done.  arg is freed with free() when the prompt goes. */
struct prompt *prompt_new(struct app *, struct view *owner, const char *title, prompt_fn, void *arg);
void prompt_field(struct prompt *, const char *label, const char *initial, unsigned flags);
void prompt_info(struct prompt *, const char *text);	/* one more line of explanation */
/* Without: no confirmation, the last Enter does it (finding, choosing). */
void prompt_confirm(struct prompt *, const char *text);
/* A choice instead of a confirmation: the digits 1..n take it, value[PROMPT_FIELDS - 1] is the digit. */
void prompt_choice(struct prompt *, const char *text, int n);
/* When it is given up: called instead of the prompt_fn (may be NULL). */
void prompt_cancelled(struct prompt *, void (*)(struct view *owner));

/* Fields for the PINs of these persons, one each (label "PIN of NAME"); index of the first. */
size_t prompt_pins(struct prompt *, const char *const *person, size_t n);
/* {person, pin} pairs as member pins[] of a request, of values that are not empty. */
void prompt_pins_put(json_t *request, const char *const *person, const char *const *value, size_t n);

/* For app.c. */
struct view *prompt_owner(const struct prompt *);
void prompt_free(struct prompt *);
int prompt_rows(const struct prompt *);
void prompt_paint(struct prompt *, int *crow, int *ccol);
void prompt_hint(const struct prompt *, char *buf, size_t size);
void prompt_key(struct prompt *, const struct key *);	/* may free it */

#endif
