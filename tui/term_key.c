/*
 * Keys.  getch() recognises the terminal's function keys; text is decoded here byte by byte, because one stray 0xFF made
 * blocking get_wch() swallow 56 keys.  A character that stays incomplete for 100 ms is given up.  F keys come as terminfo
 * says, as ESC[11~ (PuTTY), ESC OP, ESC[[A (Linux console), or as Esc and a digit within half a second (0 is F10).
 */
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include "../formats/text.h"
#include "term.h"
#include "term_key.h"

#define RESYNC_MS 100	/* an incomplete character is given up after this */
#define ESC_MS 500	/* Esc waits this long for the digit that makes it an F key */
#define KEY_PASTE_BEGIN (KEY_MAX + 1)
#define KEY_PASTE_END (KEY_MAX + 2)
#define KEY_REPORT (KEY_MAX + 3)	/* of the terminal's state: it is alive */
#define KEY_ESC_DIGIT (KEY_MAX + 10)	/* .. + 19 */

static struct {
	WINDOW *win;	/* a pad that is never drawn: reading from it refreshes nothing */
	struct decoder dec;
	bool esc;	/* an Esc waits for its digit */
	int64_t esc_at;
	bool pasting;
	bool hung_up;
	bool expected;	/* a report: its bytes may come one by one on a bad line, and are no keys */
	bool tail;	/* inside of one that came so */
	int64_t tail_at;
	bool reported;
	struct key queue[4];
	size_t queued;
} in;

static void
define(const char *seq, int code)
{
	(void)define_key(seq, code);
}

void
term_key_open(void)
{
	/* Both spellings of F1-F12 beside the one terminfo names; vt220 numbers leave gaps. */
	static const int vt220[12] = { 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24 };
	char seq[16];

	memset(&in, 0, sizeof(in));
	in.win = newpad(1, 1);
	(void)keypad(in.win, TRUE);
	(void)nodelay(in.win, TRUE);
	(void)set_escdelay(RESYNC_MS);
	for (int i = 0; i < 12; i++) {
		(void)snprintf(seq, sizeof(seq), "\033[%d~", vt220[i]);
		define(seq, KEY_F(i + 1));
	}
	for (int i = 0; i < 4; i++) {
		(void)snprintf(seq, sizeof(seq), "\033O%c", 'P' + i);
		define(seq, KEY_F(i + 1));
	}
	for (int i = 0; i < 5; i++) {
		(void)snprintf(seq, sizeof(seq), "\033[[%c", 'A' + i);
		define(seq, KEY_F(i + 1));
	}
	for (int i = 0; i < 10; i++) {
		(void)snprintf(seq, sizeof(seq), "\033%d", i);
		define(seq, KEY_ESC_DIGIT + i);
	}
	for (int i = 0; i < 4; i++) {
		static const int arrow[4] = { KEY_UP, KEY_DOWN, KEY_RIGHT, KEY_LEFT };
		(void)snprintf(seq, sizeof(seq), "\033[%c", 'A' + i);
		define(seq, arrow[i]);
		(void)snprintf(seq, sizeof(seq), "\033O%c", 'A' + i);
		define(seq, arrow[i]);
	}
	define("\033[H", KEY_HOME);
	define("\033[F", KEY_END);
	define("\033[1~", KEY_HOME);
	define("\033[4~", KEY_END);
	define("\033[3~", KEY_DC);
	define("\033[5~", KEY_PPAGE);
	define("\033[6~", KEY_NPAGE);
	define("\033[Z", KEY_BTAB);
	define("\033[0n", KEY_REPORT);
	define("\033[3n", KEY_REPORT);	/* "malfunction" is alive too */
	define("\033[200~", KEY_PASTE_BEGIN);
	define("\033[201~", KEY_PASTE_END);
	in.dec.utf8 = strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void
term_key_close(void)
{
	if (in.win)
		(void)delwin(in.win);
	in.win = NULL;
}

void
term_key_expect(void)
{
	in.expected = true;
}

bool
term_reported(void)
{
	bool yes = in.reported;

	in.reported = false;
	if (yes)
		in.expected = false;
	return yes;
}

bool
term_hung_up(void)
{
	return in.hung_up;
}

/* Bytes a UTF-8 sequence with this first byte has; 0 when no sequence starts so. */
static size_t
utf8_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	if (c >= 0xf0 && c <= 0xf4)
		return 4;
	return 0;
}

static int
decode_locale(struct decoder *d, uint32_t cp[2])
{
	mbstate_t st;
	wchar_t wc;
	size_t r;

	memset(&st, 0, sizeof(st));
	r = mbrtowc(&wc, (const char *)d->byte, d->n, &st);
	if (r == (size_t)-2 && d->n < sizeof(d->byte))
		return 0;
	d->n = 0;
	cp[0] = r == (size_t)-1 || r == (size_t)-2 ? 0xfffd : (uint32_t)wc;
	return 1;
}

int
decoder_feed(struct decoder *d, unsigned char byte, int64_t at, uint32_t cp[2])
{
	int done = decoder_expire(d, at, cp);
	size_t need;

	/* A byte that cannot continue what was begun ends it: the broken character is shown, the byte starts afresh. */
	if (d->utf8 && d->n > 0 && (byte & 0xc0) != 0x80) {
		d->n = 0;
		cp[done++] = 0xfffd;
	}
	if (d->n == 0)
		d->since = at;
	d->byte[d->n++] = byte;
	if (!d->utf8)
		return done + (done < 2 ? decode_locale(d, cp + done) : 0);
	need = utf8_length(d->byte[0]);
	if (need == 0) {
		d->n = 0;
		cp[done++] = 0xfffd;
	} else if (d->n >= need) {
		uint32_t c;
		size_t used = text_decode((const char *)d->byte, d->n, &c);

		cp[done++] = used == d->n ? c : 0xfffd;
		d->n = 0;
	}
	return done;
}

int
decoder_expire(struct decoder *d, int64_t at, uint32_t cp[2])
{
	if (d->n == 0 || at - d->since < RESYNC_MS)
		return 0;
	d->n = 0;
	cp[0] = 0xfffd;
	return 1;
}

static void
queue_key(int code, uint32_t cp)
{
	if (in.queued < sizeof(in.queue) / sizeof(in.queue[0]))
		in.queue[in.queued++] = (struct key){ .code = code, .cp = cp, .pasted = in.pasting };
}

static void
queue_cp(uint32_t cp)
{
	if (cp == 0xfffd)	/* nothing anyone typed */
		return;
	if (cp == '\r' || cp == '\n')
		queue_key(TK_ENTER, 0);
	else if (cp == '\t')
		queue_key(TK_TAB, 0);
	else if (cp == 8 || cp == 127)
		queue_key(TK_BACKSPACE, 0);
	else if (cp == 27)
		queue_key(TK_ESC, 0);
	else if (cp >= 1 && cp <= 26)
		queue_key(TK_CTRL, 'A' + cp - 1);
	else if (cp >= 0x20 && !(cp >= 0x80 && cp < 0xa0))
		queue_key(TK_CHAR, cp);
}

static int
function_key(int c)
{
	static const struct {
		int curses, code;
	} map[] = {
		{ KEY_UP, TK_UP }, { KEY_DOWN, TK_DOWN }, { KEY_LEFT, TK_LEFT }, { KEY_RIGHT, TK_RIGHT }, { KEY_HOME, TK_HOME },
		{ KEY_END, TK_END }, { KEY_PPAGE, TK_PGUP }, { KEY_NPAGE, TK_PGDN }, { KEY_DC, TK_DELETE }, { KEY_BTAB, TK_BTAB },
		{ KEY_ENTER, TK_ENTER }, { KEY_BACKSPACE, TK_BACKSPACE }, { KEY_RESIZE, TK_RESIZE },
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].curses == c)
			return map[i].code;
	if (c >= KEY_F(1) && c <= KEY_F(12))
		return TK_F0 + (c - KEY_F(0));
	if (c >= KEY_ESC_DIGIT && c <= KEY_ESC_DIGIT + 9)
		return TK_F0 + (c == KEY_ESC_DIGIT ? 10 : c - KEY_ESC_DIGIT);
	return TK_NONE;
}

/* One byte or function key from curses into the queue; false when nothing waits. */
static bool
take(void)
{
	uint32_t cp[2];
	int c, n;

	errno = 0;
	c = wgetch(in.win);
	if (c == ERR) {
		if (errno == EIO || errno == EBADF)
			in.hung_up = true;
		return false;
	}
	if (c == KEY_PASTE_BEGIN || c == KEY_PASTE_END) {
		in.pasting = c == KEY_PASTE_BEGIN;
		return true;
	}
	if (c == KEY_REPORT) {
		in.reported = true;
		return true;
	}
	if (in.tail && (c >= KEY_MIN || term_clock() - in.tail_at >= ESC_MS))
		in.tail = false;
	if (in.tail) {
		in.tail = (c >= '0' && c <= '9') || c == ';' || c == '?';
		in.reported |= c == 'n';
		return true;
	}
	if (in.esc && in.expected && c == '[') {
		in.esc = false;
		in.tail = true;
		in.tail_at = term_clock();
		return true;
	}
	if (c >= KEY_MIN) {
		if (in.esc) {
			in.esc = false;
			queue_key(TK_ESC, 0);
		}
		if (function_key(c) != TK_NONE)
			queue_key(function_key(c), 0);
		if (c >= KEY_ESC_DIGIT && c <= KEY_ESC_DIGIT + 9 && in.queued > 0)
			in.queue[in.queued - 1].esc = true;
		return true;
	}
	if (in.esc) {
		in.esc = false;
		if (c >= '0' && c <= '9') {
			queue_key(TK_F0 + (c == '0' ? 10 : c - '0'), 0);
			in.queue[in.queued - 1].esc = true;
			return true;
		}
		queue_key(TK_ESC, 0);
	}
	if (c == 27 && !in.pasting && in.dec.n == 0) {
		in.esc = true;
		in.esc_at = term_clock();
		return true;
	}
	n = decoder_feed(&in.dec, (unsigned char)c, term_clock(), cp);
	for (int i = 0; i < n; i++)
		queue_cp(cp[i]);
	return true;
}

bool
term_key(struct key *k)
{
	uint32_t cp[2];

	while (in.queued == 0) {
		if (take())
			continue;
		if (in.esc && term_clock() - in.esc_at >= ESC_MS) {
			in.esc = false;
			queue_key(TK_ESC, 0);
			continue;
		}
		if (decoder_expire(&in.dec, term_clock(), cp))
			continue;	/* given up; nothing to hand out */
		return false;
	}
	*k = in.queue[0];
	in.queued--;
	memmove(in.queue, in.queue + 1, in.queued * sizeof(in.queue[0]));
	return true;
}

int
term_key_wait(void)
{
	int64_t until = -1, left;

	if (in.queued > 0)
		return 0;
	if (in.esc)
		until = in.esc_at + ESC_MS;
	if (in.dec.n > 0 && (until < 0 || in.dec.since + RESYNC_MS < until))
		until = in.dec.since + RESYNC_MS;
	if (until < 0)
		return -1;
	left = until - term_clock();
	return left < 0 ? 0 : (int)left;
}

/* Key names. */

static bool
name_is(const char *name, size_t len, const char *want)
{
	return strlen(want) == len && strncasecmp(name, want, len) == 0;
}

static bool
key_fnumber(const char *p, size_t len, int *n)
{
	if (len < 1 || len > 2)
		return false;
	*n = 0;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*n = *n * 10 + (p[i] - '0');
	}
	return *n >= 1 && *n <= 12;
}

bool
key_named(const char *name, size_t len, struct key *k)
{
	static const struct {
		const char *name;
		int code;
	} names[] = {
		{ "Enter", TK_ENTER }, { "Return", TK_ENTER }, { "Tab", TK_TAB }, { "Shift-Tab", TK_BTAB }, { "Esc", TK_ESC },
		{ "Backspace", TK_BACKSPACE }, { "Del", TK_DELETE }, { "Delete", TK_DELETE }, { "Up", TK_UP }, { "Down", TK_DOWN },
		{ "Left", TK_LEFT }, { "Right", TK_RIGHT }, { "Home", TK_HOME }, { "End", TK_END }, { "PgUp", TK_PGUP },
		{ "PgDn", TK_PGDN }, { "PageUp", TK_PGUP }, { "PageDown", TK_PGDN },
	};
	uint32_t cp;
	int n;

	*k = (struct key){ .code = TK_NONE };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name_is(name, len, names[i].name)) {
			k->code = names[i].code;
			return true;
		}
	if (len >= 2 && (name[0] == 'F' || name[0] == 'f') && key_fnumber(name + 1, len - 1, &n)) {
		k->code = TK_F0 + n;
		return true;
	}
	if ((len == 6 && strncasecmp(name, "Ctrl-", 5) == 0) || (len == 2 && name[0] == '^')) {
		char c = name[len - 1];

		c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		if (c < 'A' || c > 'Z')
			return false;
		k->code = TK_CTRL;
		k->cp = (uint32_t)c;
		return true;
	}
	if (name_is(name, len, "Space")) {
		k->code = TK_CHAR;
		k->cp = ' ';
		return true;
	}
	if (len > 0 && text_decode(name, len, &cp) == len) {
		k->code = TK_CHAR;
		k->cp = cp;
		return true;
	}
	return false;
}

static uint32_t
fold(uint32_t cp)
{
	if (cp >= 0xff01 && cp <= 0xff5e)
		cp -= 0xfee0;
	if (cp >= 'A' && cp <= 'Z')
		cp += 'a' - 'A';
	return cp;
}

bool
key_same(const struct key *a, const struct key *b)
{
	if (a->pasted || b->pasted || a->code != b->code)
		return false;
	return a->code != TK_CHAR && a->code != TK_CTRL ? true : fold(a->cp) == fold(b->cp);
}
