/*
 * libFuzzer entry for the CAP reader.
 *
 * clang -fsanitize=fuzzer,address,undefined; the properties beyond "does not crash": a refusal has a reason, and an
 * accepted document's body passes the checks, encodes within bounds and decodes to the same bytes; what was accepted is
 * written, from the body or else from the original, and what was written is accepted and written the same again.  A
 * message of ours in it goes out and comes back.  Containers of alerts are looked into, and an input that begins like
 * the text of F_CAP_TREE is taken for one.
 *
 * What refers to messages we hold becomes what it is of them, and passes the checks still.
 *
 * Written as it came is every document but one with a time no CAP 1.2 can write (before the year 1).
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/cap.h"
#include "../../formats/cap_write.h"
#include "../../formats/check.h"
#include "../../formats/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

#define NOW INT64_C(1795327800000)

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static void
there_and_back(const struct body *own)
{
	struct buf xml = {0}, one = {0}, two = {0};
	struct fault f = {0};
	struct cap_alert a;

	if (cap_write(own, NULL, &xml, &f) == -1) {
		must(f.code != 0 && f.text[0] != '\0' && xml.n == 0);
		return;
	}
	must(cap_read(xml.p, xml.n, NULL, NOW, &a, &f) == 0);
	if (body_text(own, F_CAP_TREE) == NULL) {
		must(a.own != NULL);
		wire_encode(own, &one);
		wire_encode(a.own, &two);
		must(same(&one, &two));
	}
	cap_alert_free(&a);
	buf_free(&xml);
	buf_free(&one);
	buf_free(&two);
}

static void
out_again(const struct body *b, const uint8_t *p, size_t n)
{
	struct buf xml = {0}, again = {0}, third = {0};
	struct fault f = {0};
	struct cap_alert a;

	if (cap_rewrite(p, n, &again, NULL, &f) == -1) {
		must(f.code != 0 && f.text[0] != '\0' && again.n == 0);
		must(strcmp(f.field, "sent") == 0 || strcmp(f.field, "effective") == 0 ||
		     strcmp(f.field, "onset") == 0 || strcmp(f.field, "expires") == 0);
		return;
	}
	if (cap_write(b, NULL, &xml, &f) == 0)
		must(same(&xml, &again));
	else
		must(f.code == EX_UNAVAILABLE); /* too large for the body */
	must(cap_read(again.p, again.n, NULL, NOW, &a, &f) == 0);
	must(cap_rewrite(again.p, again.n, &third, NULL, &f) == 0);
	must(same(&again, &third));
	cap_alert_free(&a);
	buf_free(&xml);
	buf_free(&again);
	buf_free(&third);
}

/* A list of elements as it may come over the wire. */
static void
stranger(const uint8_t *p, size_t n)
{
	struct body *b = body_new();
	struct buf xml = {0};
	struct fault f = {0};
	struct cap_alert a;

	body_set_num(b, F_KIND, KIND_WARNING);
	body_set_text(b, F_TITLE, "a title");
	body_add_text(b, F_CAP_TREE, (const char *)p, n);
	if (cap_write(b, NULL, &xml, &f) == 0) {
		must(cap_read(xml.p, xml.n, NULL, NOW, &a, &f) == 0);
		cap_alert_free(&a);
	} else {
		must(f.code != 0 && f.text[0] != '\0' && xml.n == 0);
	}
	body_free(b);
	buf_free(&xml);
}

static void
each(void *ctx, const void *p, size_t n, struct cap_alert *a, const struct fault *f)
{
	uint8_t digest[DIGEST_LEN];

	++*(int *)ctx;
	must((a == NULL) == (f->code != 0));
	if (a != NULL) {
		digest_of(p, n, digest);
		must(memcmp(body_first(a->body, F_ORIGINAL)->u.digest, digest, sizeof(digest)) == 0);
	}
}

static bool
known(void *ctx, const char *id, const struct msgid *own)
{
	struct body *b = ctx;
	struct msgid some = {.origin = "330225", .epoch = 1763787393, .serial = 1};

	must(id[0] != '\0' && strlen(id) <= field_by_key(F_FOREIGN_ID)->max);
	body_add_id(b, F_REFS, own != NULL ? own : &some);
	return true;
}

/* As the station would do with a document whose references it knows. */
static void
settled(const struct body *b)
{
	struct body *one = body_copy(b);
	struct fault f = {0};
	size_t n = cap_refs(one, known, one);

	must(n == body_count(one, F_REFS));
	cap_settle(one);
	must(body_enum(one, F_KIND) != KIND_RECEIPT || n > 0);
	must(check_body(one, NULL, &f) == 0);
	body_free(one);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf one = {0}, two = {0};
	struct fault f = {0};
	struct cap_alert a;
	struct body *b;
	int found = 0;

	if (n > 8 && memcmp(p, "alert 1.", 8) == 0) {
		stranger(p, n);
		return 0;
	}
	must(cap_read_all(p, n, NULL, NOW, each, &found, &f) == (found == 0 ? -1 : found));
	if (cap_read(p, n, NULL, NOW, &a, &f) == -1) {
		must(f.code != 0 && f.text[0] != '\0' && a.body == NULL);
		return 0;
	}
	must(check_body(a.body, NULL, &f) == 0);
	wire_encode(a.body, &one);
	must(one.n <= BODY_MAX);
	b = wire_decode(one.p, one.n, &f);
	must(b != NULL);
	wire_encode(b, &two);
	must(one.n == two.n && memcmp(one.p, two.p, one.n) == 0);
	out_again(b, p, n);
	settled(b);
	if (a.own != NULL)
		there_and_back(a.own);
	body_free(b);
	cap_alert_free(&a);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
