#ifndef TUI_ACT_LOG_H
#define TUI_ACT_LOG_H
/* Entries of the duty log (act_log.c). */
#include "app.h"

/* Writes one line at once; false: there is nothing in it. */
bool act_note(struct app *, const char *text);
/* What follows the verb of `:note TEXT' as typed on the board; NULL: it is no such line (yet). */
const char *act_note_words(const char *typed);
void act_entry(struct app *, struct view *owner);	/* asks which kind */
void act_test(struct app *, struct view *owner, const char *what);	/* an equipment test */
void act_addition(struct app *, struct view *owner, const char *id);	/* to an entry of the log */

#endif
