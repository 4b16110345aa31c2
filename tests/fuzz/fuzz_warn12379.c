/*
 * libFuzzer entry for the 12379 reader and writer, and those of the emergency broadcast, which share their machinery.
 *
 * The properties beyond "does not crash": a refusal has a reason; an accepted document's body passes the checks,
 * encodes within bounds and decodes to the same bytes; it is written, or else the original is needed, and what was
 * written is read with the same elements kept and written the same again.  An input that begins like a value of
 * F_EXTENSION is taken for a list of them, one a line, as it may come over the wire.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/check.h"
#include "../../formats/ebd.h"
#include "../../formats/warn12379.h"
#include "../../formats/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW INT64_C(1795327800000)

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

/* Written, read, written again. */
static void
out_again(const struct body *b, bool kept)
{
	struct buf xml = {0}, again = {0};
	struct fault f = {0};
	struct warn12379 w;

	if (warn12379_write(b, NULL, &xml, NULL, &f) == -1) {
		must(f.code != 0 && f.text[0] != '\0' && xml.n == 0);
		must(!kept || f.code == EX_UNAVAILABLE);
		return;
	}
	must(warn12379_read(xml.p, xml.n, NULL, NOW, &w, &f) == 0);
	if (kept && warn12379_write(w.body, NULL, &again, NULL, &f) == 0)
		must(same(&xml, &again));
	warn12379_free(&w);
	buf_free(&xml);
	buf_free(&again);
}

static void
stranger(const char *p, size_t n)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, KIND_WARNING);
	body_set_text(b, F_TITLE, "a title");
	body_set_text(b, F_FOREIGN_ID, "33022500000000_20261122141000");
	body_set_text(b, F_DIVISION, "div:330225");
	body_set_time(b, F_SENT, NOW);
	while (n > 0) {
		const char *end = memchr(p, '\n', n);
		size_t len = end == NULL ? n : (size_t)(end - p);

		body_add_text(b, F_EXTENSION, p, len);
		n -= end == NULL ? len : len + 1;
		p += end == NULL ? len : len + 1;
	}
	out_again(b, false);
	body_free(b);
}

static void
broadcast(const uint8_t *p, size_t n)
{
	static const struct ebd_ends ends = {"43415230000000103010101", "43415230000000303010201"};
	struct buf xml = {0}, again = {0};
	struct fault f = {0};
	struct ebd_message e, back;
	struct msgid id = {.origin = "330225", .epoch = 1, .serial = 17};

	if (ebd_read(p, n, NULL, NOW, &e, &f) == -1) {
		must(f.code != 0 && f.text[0] != '\0' && e.body == NULL);
		return;
	}
	must(check_body(e.body, NULL, &f) == 0);
	if (ebd_write(e.body, NULL, NULL, &xml, NULL, &f) == 0) {
		must(ebd_read(xml.p, xml.n, NULL, NOW, &back, &f) == 0);
		must(back.fate == e.fate);
		if (ebd_write(back.body, NULL, NULL, &again, NULL, &f) == 0)
			must(same(&xml, &again));
		ebd_free(&back);
	} else {
		must(f.code == EX_UNAVAILABLE && xml.n == 0);
	}
	body_unset(e.body, F_EXTENSION);
	body_unset(e.body, F_SOURCE_FORMAT);
	body_set_id(e.body, F_ID, &id);
	buf_clear(&xml);
	if (ebd_write(e.body, NULL, &ends, &xml, NULL, &f) == 0) {
		must(ebd_read(xml.p, xml.n, NULL, NOW, &back, &f) == 0);
		must(back.fate == e.fate);
		ebd_free(&back);
	}
	ebd_free(&e);
	buf_free(&xml);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf one = {0}, two = {0};
	struct fault f = {0};
	struct warn12379 w;
	struct body *b;

	if (n > 6 && memcmp(p, "12379:", 6) == 0 && memchr(p, '\0', n) == NULL) {
		stranger((const char *)p, n);
		return 0;
	}
	(void)warn12379_looks(p, n);
	if (ebd_looks(p, n))
		broadcast(p, n);
	if (warn12379_read(p, n, NULL, NOW, &w, &f) == -1) {
		must(f.code != 0 && f.text[0] != '\0' && w.body == NULL);
		return 0;
	}
	must(check_body(w.body, NULL, &f) == 0);
	wire_encode(w.body, &one);
	must(one.n <= BODY_MAX);
	b = wire_decode(one.p, one.n, &f);
	must(b != NULL);
	wire_encode(b, &two);
	must(same(&one, &two));
	out_again(b, true);
	/* and from its fields alone, as another format would give it */
	body_unset(b, F_EXTENSION);
	body_unset(b, F_SOURCE_FORMAT);
	out_again(b, false);
	body_free(b);
	warn12379_free(&w);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
