#ifndef TUI_VIEW_SEARCH_H
#define TUI_VIEW_SEARCH_H
/*
 * Search through all messages of this station (op search): asks for words, then lists what was found, newest first.
 */
#include "app.h"

/* Asks for the words and opens the list; from a list of finds, again. */
void view_search_ask(struct app *);

#endif
