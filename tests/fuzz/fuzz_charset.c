/*
 * libFuzzer entry for the character sets.
 *
 * The first byte chooses the set; the rest is text.  Properties: what is read is valid UTF-8, ASCII bytes outside of
 * characters are never eaten (as many line feeds and quotes come out as stood there in sets where no character holds
 * them), a loss has its reason and offset, and what was read without loss is the same again after writing and reading.
 */
#include <stdlib.h>
#include <string.h>
#include "../../formats/charset.h"
#include "../../formats/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static size_t
count(const uint8_t *p, size_t n, uint8_t c)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += p[i] == c;
	return k;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf text = {0}, again = {0}, back = {0};
	struct charset_loss loss, written, ignored;
	enum charset set, other;
	char name[40];
	size_t skip;

	if (n < 2)
		return 0;
	set = (enum charset)(CHARSET_UTF8 + p[0] % 7);
	other = (enum charset)(CHARSET_UTF8 + p[0] / 7 % 7);
	p++;
	n--;
	must(charset_detect(p, n) != CHARSET_NONE);
	(void)charset_declared(p, n, name, sizeof(name));
	must(text_clean(name, strlen(name), false, NULL));
	must(charset_choose(p, n, CHARSET_NONE, &skip) != CHARSET_NONE && skip <= n);
	charset_decode(set, p, n, &text, &loss);
	must(text_utf8_valid((const char *)text.p, text.n, NULL));
	must(loss.count == 0 || (loss.offset < n && loss.why != CHARSET_WHY_NONE));
	if (set < CHARSET_UTF16LE)
		must(count(text.p, text.n, '\n') == count(p, n, '\n') && count(text.p, text.n, '"') == count(p, n, '"'));
	charset_encode(other, (const char *)text.p, text.n, &again, &written);
	must(written.count == 0 || written.offset < text.n);
	if (written.count == 0 && (other == CHARSET_GB18030 || other == CHARSET_UTF8 || other >= CHARSET_UTF16LE)) {
		charset_decode(other, again.p, again.n, &back, &ignored);
		must(back.n == text.n && (text.n == 0 || memcmp(back.p, text.p, text.n) == 0));
	}
	buf_free(&text);
	buf_free(&again);
	buf_free(&back);
	return 0;
}
