#ifndef TUI_TERM_KEY_H
#define TUI_TERM_KEY_H
/* Between term.c and term_key.c only. */
void term_key_open(void);
void term_key_close(void);
void term_key_expect(void);	/* a report may come */
#endif
