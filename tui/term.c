/*
 * Drawing.  ncurses keeps two pictures and sends the difference, so views erase and draw whole screens; what must be kept
 * small is the difference itself: no reverse bars, no boxes, no ACS lines, a marker that moves (TERMINAL.md).
 * Keys are in term_key.c.
 */
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "term.h"
#include "term_key.h"

static struct {
	bool open;
	bool colours;
	bool paste;	/* bracketed paste is on */
	bool ansi;	/* speaks ECMA-48: may be asked for a report */
	SCREEN *screen;
} term;

int64_t
term_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* XON/XOFF would let Ctrl-S freeze the screen; raw() turns it off, and this makes sure of it. */
static void
flow_control_off(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t) != 0)
		return;
	t.c_iflag &= ~(tcflag_t)(IXON | IXOFF | ISTRIP);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

/* Terminals that know bracketed paste; a real vt100 is left alone. */
static bool
knows_paste(const char *name)
{
	static const char *const known[] = { "xterm", "screen", "tmux", "putty", "linux", "rxvt", "konsole", "gnome", "vte", "foot",
		"alacritty", "kitty" };

	for (size_t i = 0; name && i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(name, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

int
term_open(struct fault *f)
{
	const char *name = getenv("TERM");
	int err = 0;
	bool can;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return fault_set(f, EX_UNAVAILABLE, "", _("the desk needs a terminal; use dutyctl without one"));
	if (!name || !*name || setupterm((char *)name, STDOUT_FILENO, &err) != OK)
		return fault_set(f, EX_UNAVAILABLE, "TERM", _("unknown terminal type \"%s\""), name ? name : "");
	can = cursor_address != NULL;
	term.ansi = can && strncmp(cursor_address, "\033[", 2) == 0;
	(void)del_curterm(cur_term);	/* newterm() makes its own */
	if (!can)
		return fault_set(f, EX_UNAVAILABLE, "TERM", _("terminal type \"%s\" cannot place the cursor; use dutyctl"), name);
	term.screen = newterm(name, stdout, stdin);
	if (!term.screen)
		return fault_set(f, EX_UNAVAILABLE, "TERM", _("unknown terminal type \"%s\""), name);
	(void)set_term(term.screen);
	(void)raw();
	(void)noecho();
	(void)nonl();
	flow_control_off();
	(void)def_prog_mode();
	(void)idlok(stdscr, TRUE);
	(void)leaveok(stdscr, FALSE);
	term.colours = has_colors() && start_color() == OK;
	if (term.colours) {
		short back = use_default_colors() == OK ? -1 : COLOR_BLACK;
		(void)init_pair(1, COLOR_RED, back);
	}
	term.open = true;
	term.paste = knows_paste(name);
	if (term.paste) {
		(void)fputs("\033[?2004h", stdout);
		(void)fflush(stdout);
	}
	term_key_open();
	return 0;
}

void
term_close(void)
{
	if (!term.open)
		return;
	term.open = false;
	if (term.paste)
		(void)fputs("\033[?2004l", stdout);
	term_key_close();
	(void)endwin();
	delscreen(term.screen);
	term.screen = NULL;
	(void)fflush(stdout);
}

bool
term_ask(void)
{
	if (!term.open || !term.ansi)
		return false;
	term_key_expect();
	(void)fputs("\033[5n", stdout);
	(void)fflush(stdout);
	return true;
}

int
term_rows(void)
{
	return LINES;
}

int
term_cols(void)
{
	return COLS;
}

bool
term_too_small(void)
{
	return LINES < TERM_ROWS_MIN || COLS < TERM_COLS_MIN;
}

void
term_resized(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0)
		(void)resize_term(ws.ws_row, ws.ws_col);	/* resizeterm() would push KEY_RESIZE back, without end */
	(void)clearok(curscr, TRUE);
}

void
term_erase(void)
{
	(void)erase();
}

void
term_repaint(void)
{
	(void)clearok(curscr, TRUE);
}

void
term_bell(void)
{
	(void)beep();
}

static attr_t
attr_of(enum term_attr a)
{
	switch (a) {
	case TERM_STRONG:
		return A_BOLD;
	case TERM_ALERT:
		return term.colours ? A_BOLD | (attr_t)COLOR_PAIR(1) : A_BOLD;
	case TERM_PLAIN:
		break;
	}
	return A_NORMAL;
}

/*
 * What is drawn for a code point: its wide character and cells, or a '?' for each cell it would have taken when the
 * locale has no bytes for it (ncurses would print a blank in silence) or libc does not know its width.
 */
static int
glyph(uint32_t cp, wchar_t out[2])
{
	char mb[MB_LEN_MAX];
	mbstate_t st;
	int cells = text_cells_cp(cp);
	int width;

	out[0] = L'?';
	out[1] = L'?';
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp > 0x10ffff)
		return 1;
	memset(&st, 0, sizeof(st));
	width = wcwidth((wchar_t)cp);
	if (wcrtomb(mb, (wchar_t)cp, &st) == (size_t)-1 || width < 0)
		return cells < 1 ? 1 : cells;
	out[0] = (wchar_t)cp;
	out[1] = 0;
	return width;
}

int
term_cells(const char *text)
{
	size_t len = strlen(text), used;
	uint32_t cp;
	wchar_t wc[2];
	int cells = 0;

	for (size_t i = 0; i < len; i += used) {
		used = text_decode(text + i, len - i, &cp);
		if (used == 0)
			break;
		cells += glyph(cp, wc);
	}
	return cells;
}

int
term_put(int row, int col, int cells, enum term_attr attr, const char *text)
{
	size_t len = strlen(text), used, marks = 0;
	wchar_t line[1024];
	size_t n = 0;
	uint32_t cp;
	int done = 0;

	if (row < 0 || col < 0 || row >= LINES || col >= COLS || cells <= 0)
		return 0;
	if (cells > COLS - col)
		cells = COLS - col;
	for (size_t i = 0; i < len && n + 3 < sizeof(line) / sizeof(line[0]); i += used) {
		wchar_t wc[2];
		int w;

		used = text_decode(text + i, len - i, &cp);
		if (used == 0)
			break;
		if (cp == '\t')
			cp = ' ';	/* one_line() says the same */
		w = glyph(cp, wc);
		if (w == 0) {	/* combining: only after a base, and not without end */
			if (n == 0 || ++marks > 3)
				continue;
			line[n++] = wc[0];
			continue;
		}
		if (done + w > cells)
			break;
		marks = 0;
		line[n++] = wc[0];
		if (w == 2 && wc[1] != 0)
			line[n++] = wc[1];
		done += w;
	}
	if (n == 0)
		return 0;
	if (attr != TERM_PLAIN)
		(void)attrset((NCURSES_ATTR_T)attr_of(attr));
	(void)mvaddnwstr(row, col, line, (int)n);
	if (attr != TERM_PLAIN)
		(void)attrset(A_NORMAL);
	return done;
}

int
term_putf(int row, int col, int cells, enum term_attr attr, const char *fmt, ...)
{
	char text[2048];
	char clean[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* vsnprintf may have cut a character: sanitise shows that instead of passing half of it on. */
	(void)text_sanitise(text, strlen(text), clean, sizeof(clean), false);
	return term_put(row, col, cells, attr, clean);
}

void
term_rule(int row, char c)
{
	if (row >= 0 && row < LINES)
		(void)mvhline(row, 0, (chtype)(unsigned char)c, COLS);
}

void
term_flush(int row, int col)
{
	if (row >= LINES)
		row = LINES - 1;
	if (col >= COLS)
		col = COLS - 1;
	(void)move(row < 0 ? 0 : row, col < 0 ? 0 : col);
	(void)refresh();
}
