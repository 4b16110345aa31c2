#ifndef TUI_TERM_H
#define TUI_TERM_H
/*
 * The terminal: the only file pair (term.c, term_key.c) that calls ncurses.
 *
 * Everything drawn passes through term_put(): control characters never reach the terminal, a glyph the locale cannot
 * encode is replaced by a visible '?', text is clipped by cells.  Input is read by getch() byte by byte and decoded here: one stray
 * byte costs one character and at most 100 ms.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/fault.h"

#define TERM_ROWS_MIN 24
#define TERM_COLS_MIN 80

enum term_key_code {
	TK_NONE = 0,
	TK_CHAR,	/* a printable character, in cp */
	TK_CTRL,	/* Ctrl and the letter in cp ('A'-'Z') */
	TK_ENTER,
	TK_TAB,
	TK_BTAB,
	TK_ESC,
	TK_BACKSPACE,
	TK_DELETE,
	TK_UP,
	TK_DOWN,
	TK_LEFT,
	TK_RIGHT,
	TK_HOME,
	TK_END,
	TK_PGUP,
	TK_PGDN,
	TK_RESIZE,
	TK_F0 = 100	/* TK_F0 + n is F n, n = 1..12 */
};

struct key {
	int code;	/* enum term_key_code */
	uint32_t cp;	/* TK_CHAR: code point; TK_CTRL: 'A'-'Z' */
	bool pasted;	/* came inside a bracketed paste: text, never a command */
	bool esc;	/* an F key typed as Esc and a digit: Esc alone may have been meant */
};

enum term_attr {
	TERM_PLAIN = 0,
	TERM_STRONG,	/* bold */
	TERM_ALERT	/* bold, red where there are colours; the text always says it too */
};

int term_open(struct fault *);	/* 0, or -1 + fault EX_UNAVAILABLE when stdin/stdout is no usable terminal */
void term_close(void);		/* restores the terminal; harmless when not open */
int term_rows(void);
int term_cols(void);
bool term_too_small(void);	/* below 80x24 */

void term_erase(void);
/* Draws text at row/col, at most `cells` cells; returns the cells used.  What does not fit is cut at a character. */
int term_put(int row, int col, int cells, enum term_attr, const char *text);
int term_putf(int row, int col, int cells, enum term_attr, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Cells that term_put() would use for the text. */
int term_cells(const char *text);
void term_rule(int row, char c);
/* Shows what was drawn and leaves the cursor at row/col. */
void term_flush(int row, int col);
void term_repaint(void);	/* Ctrl-L: the next flush draws every cell */
void term_resized(void);	/* after TK_RESIZE */
void term_bell(void);

/* Next key from the input; false when nothing (more) waits. */
bool term_key(struct key *);
/* ms until a half-read key must be decided (then call term_key again), -1: nothing is pending. */
int term_key_wait(void);
bool term_hung_up(void);	/* the terminal is gone: end of file on input */

/* Byte-level decoder, exposed for its tests.  Feed one byte at a time; `at` is a monotonic ms clock. */
struct decoder {
	unsigned char byte[8];
	size_t n;
	int64_t since;	/* when the first byte of a half-read character came */
	bool utf8;	/* charset of the terminal; else mbrtowc() of the locale decides */
};
/* Takes the byte; returns the number of code points put into cp[2] (0 while a character is incomplete). */
int decoder_feed(struct decoder *, unsigned char byte, int64_t at, uint32_t cp[2]);
/* 100 ms after the first byte of an incomplete character: gives it up (U+FFFD); returns 1 then, else 0. */
int decoder_expire(struct decoder *, int64_t at, uint32_t cp[2]);

/* "F2", "Ctrl-S", "S", ":", "Enter", "PgDn", "Up", "Esc+2" ... as written in the command table; false when not known. */
bool key_named(const char *name, size_t len, struct key *);
/* Same key for a command: letters without case, full-width forms as ASCII. */
bool key_same(const struct key *, const struct key *);

int64_t term_clock(void);	/* monotonic ms */

/* Is there still a terminal at the other end?  A line of SSH can be dead for an hour without anybody saying so.  Asks for a status report (ESC[5n, four
 * bytes there, four back); false: this terminal speaks no ANSI and is not asked. */
bool term_ask(void);
bool term_reported(void);	/* a report has come since this was last asked */

/* When to ask, and what follows from silence: pure (term_probe.c).  Times are monotonic ms; limit: ms within which a dead line has to be known
 * (numbers.tsv seat_seconds).  A terminal that has never answered is never called dead. */
struct probe {
	bool asked, answers;	/* once; and it did */
	bool waiting, dead;
	int64_t heard, sent;	/* the last sign of life; the last question */
};
void probe_heard(struct probe *, int64_t now, bool report);	/* a report, or (false) a key */
bool probe_step(struct probe *, int64_t now, int64_t limit);	/* true: ask now */
int64_t probe_wake(const struct probe *, int64_t limit);	/* when to step again; INT64_MAX: not by the time */

#endif
