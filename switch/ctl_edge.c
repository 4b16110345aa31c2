/*
 * The edge of dutyctl to people whose locale is not UTF-8 (a GBK terminal, a serial console).
 *
 * Inside everything is UTF-8.  What is typed comes in the locale's character set and is converted once; what is printed
 * for people is converted on its way out, with [U+20BB7] in the place of a character the set does not have.  What
 * programs read (JSON, convert's files) stays as it is: it goes to ctl_bytes().  Names of files are bytes of the
 * file system and go back to the form they were typed in.  In a UTF-8 locale, and in one whose set is not known here,
 * nothing of this happens.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/charset.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "ctl.h"

static enum charset edge = CHARSET_UTF8;	/* of the person */
static FILE *raw;				/* the real standard output; NULL: stdout is it */
static struct buf tail;				/* bytes of a character of which the rest is still to come */

/* How many bytes at the end are the beginning of a character. */
static size_t
unfinished(const uint8_t *p, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		uint8_t c = p[n - back];

		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return back < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? back : 0;
	}
	return 0;
}

static ssize_t
edge_write(void *cookie, const char *p, size_t n)
{
	struct buf coded = { 0 };
	struct charset_loss loss;
	size_t keep;
	bool ok;

	(void)cookie;
	buf_put(&tail, p, n);
	keep = unfinished(tail.p, tail.n);
	charset_encode(edge, (const char *)tail.p, tail.n - keep, &coded, &loss);
	ok = fwrite(coded.p, 1, coded.n, raw) == coded.n && fflush(raw) == 0;
	if (keep > 0)
		memmove(tail.p, tail.p + tail.n - keep, keep);
	tail.n = keep;
	buf_free(&coded);
	return ok ? (ssize_t)n : 0;
}

void
ctl_edge_open(void)
{
	cookie_io_functions_t io = { .write = edge_write };
	enum charset set = charset_by_name(nl_langinfo(CODESET));
	FILE *people;

	edge = set == CHARSET_NONE ? CHARSET_UTF8 : set;
	if (edge == CHARSET_UTF8 || raw != NULL || (people = fopencookie(NULL, "w", io)) == NULL)
		return;
	raw = stdout;
	(void)setvbuf(raw, NULL, _IOLBF, BUFSIZ);
	if (isatty(STDOUT_FILENO))
		(void)setvbuf(people, NULL, _IOLBF, BUFSIZ);
	stdout = people;
}

int
ctl_edge_close(void)
{
	bool ok = fflush(stdout) == 0 && !ferror(stdout);

	if (raw != NULL)
		ok = fflush(raw) == 0 && !ferror(raw) && ok;
	buf_free(&tail);
	return ok ? 0 : -1;
}

FILE *
ctl_bytes(void)
{
	if (raw == NULL)
		return stdout;
	(void)fflush(stdout);	/* in the order things happened */
	return raw;
}

char **
ctl_edge_words(int argc, char **argv, struct fault *f)
{
	char **word = xcalloc((size_t)argc + 1, sizeof *word);

	for (int i = 0; i < argc; i++) {
		struct buf text = { 0 };
		struct charset_loss loss = { 0 };

		/* in UTF-8 the parser of the value names the field and the byte that is wrong: that says more */
		if (edge == CHARSET_UTF8)
			buf_puts(&text, argv[i]);
		else
			charset_decode(edge, argv[i], strlen(argv[i]), &text, &loss);
		if (loss.count > 0 && f->code == 0)
			(void)fault_set(f, EX_DATAERR, "",
			    _("word %d of the command is not in %s, the character set of this locale (byte %zu: %s)"),
			    i, charset_name(edge), loss.offset, charset_why_text(loss.why));
		word[i] = xstrdup(buf_cstr(&text));
		buf_free(&text);
	}
	return word;
}

void
ctl_edge_words_free(char **word)
{
	for (size_t i = 0; word != NULL && word[i] != NULL; i++)
		free(word[i]);
	free(word);
}

char *
ctl_edge_native(const char *text)
{
	struct buf coded = { 0 };
	struct charset_loss loss;
	char *out;

	if (edge == CHARSET_UTF8)
		return xstrdup(text);
	charset_encode(edge, text, strlen(text), &coded, &loss);
	out = xstrdup(buf_cstr(&coded));
	buf_free(&coded);
	return out;
}
