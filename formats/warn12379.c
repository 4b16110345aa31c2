/*
 * 12379 documents: the door.
 *
 * As with CAP (cap.c) the way in is one of narrowing: bytes bounded and brought to UTF-8, well-formed, no element where
 * it makes no sense, each value in its form, and only then a body.  The body keeps all elements, but it is a reading of
 * the document and never its replacement: whoever stores it keeps the original bytes under the digest given here.
 */
#include <string.h>
#include "charset.h"
#include "check.h"
#include "warn12379_part.h"

#define LOOK_MAX 65536 /* bytes looked at to tell what a document is */

/* The start tag of the root, behind declaration, comments and such; NULL when none begins. */
static const char *
root_of(const char *s)
{
	static const struct {
		const char *open, *close;
	} skips[] = {{"<?", "?>"}, {"<!--", "-->"}, {"<!", ">"}};

	for (;;) {
		size_t i = 0;

		s += strspn(s, W_BLANKS);
		while (i < sizeof(skips) / sizeof(skips[0]) && strncmp(s, skips[i].open, strlen(skips[i].open)) != 0)
			i++;
		if (i == sizeof(skips) / sizeof(skips[0]))
			return *s == '<' ? s + 1 : NULL;
		s = strstr(s + strlen(skips[i].open), skips[i].close);
		if (s == NULL)
			return NULL;
		s += strlen(skips[i].close);
	}
}

bool
warn12379_looks(const void *p, size_t n)
{
	static const char *const marks[] = {"<sendTime", "<senderCode", "<eventType"};
	struct charset_loss loss;
	struct buf text = {0};
	const char *root, *end;
	bool looks = false;
	size_t skip = 0;
	enum charset set;

	if (n == 0)
		return false;
	n = n < LOOK_MAX ? n : LOOK_MAX;
	set = charset_choose(p, n, CHARSET_NONE, &skip);
	charset_decode(set, (const char *)p + skip, n - skip, &text, &loss);
	root = root_of(buf_cstr(&text));
	if (root == NULL || strncmp(root, "alert", 5) != 0 || strchr(W_BLANKS ">/", root[5]) == NULL)
		goto out;
	end = strchr(root, '>');
	if (end == NULL || memmem(root, (size_t)(end - root), "emergency:cap:", 14) != NULL ||
	    memmem(root, (size_t)(end - root), "incident.com/cap/", 17) != NULL)
		goto out;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		looks = looks || strstr(end, marks[i]) != NULL;
out:
	buf_free(&text);
	return looks;
}

static enum warn12379_fate
fate_of(const char *status)
{
	if (strcmp(status, "Actual") == 0)
		return WARN12379_LIVE;
	return strcmp(status, "Exercise") == 0 ? WARN12379_EXERCISE : WARN12379_LOG;
}

int
warn12379_read(const void *p, size_t n, const struct codebook *cb, int64_t now, struct warn12379 *out, struct fault *f)
{
	struct w_doc doc = {.format = &w_format};
	uint8_t digest[DIGEST_LEN];
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (w_document(p, n, &doc, f) == -1)
		goto out;
	out->fate = fate_of(w_text(doc.alert, W_STATUS));
	out->body = w_body(&doc, out->fate, cb, now, &out->expired);
	digest_of(p, n, digest);
	body_set_digest(out->body, F_ORIGINAL, digest);
	body_set_num(out->body, F_ORIGINAL_SIZE, (int64_t)n);
	/* The mapping keeps every field's bounds, so this is about our own mistakes. */
	rc = check_body(out->body, cb, f);
	if (rc == -1)
		warn12379_free(out);
out:
	w_doc_free(&doc);
	return rc;
}

void
warn12379_free(struct warn12379 *w)
{
	body_free(w->body);
	memset(w, 0, sizeof(*w));
}
