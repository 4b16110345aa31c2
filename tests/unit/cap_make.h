#ifndef TESTS_UNIT_CAP_MAKE_H
#define TESTS_UNIT_CAP_MAKE_H
/*
 * Documents for the tests of the CAP reader, and what must hold of every answer it gives.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/wiretrip.h"
#include "../../formats/buf.h"
#include "../../formats/cap.h"
#include "../../formats/check.h"
#include "../../formats/conf.h"
#include "../../formats/text.h"

/* How many times longer a bound on time or memory is under the sanitisers. */
#if defined(__SANITIZE_ADDRESS__)
#define SLOW 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW 10
#endif
#endif
#ifndef SLOW
#define SLOW 1
#endif

#define NOW INT64_C(1795327800000) /* 2026-11-22T14:10:00+08:00 */
#define NS12 "urn:oasis:names:tc:emergency:cap:1.2"
#define NS11 "urn:oasis:names:tc:emergency:cap:1.1"
#define NS10 "http://www.incident.com/cap/1.0"
#define ALERT12 "<alert xmlns=\"" NS12 "\">"
#define IDS "<identifier>I1</identifier><sender>s@x.cn</sender><sent>2026-11-22T14:00:00+08:00</sent>"
#define LIVE "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
#define HEAD ALERT12 IDS LIVE
#define EVENT "<category>Met</category><event>Rain</event>"
#define WORDS "<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty>"
#define INFO(more) "<info>" EVENT WORDS more "</info>"
#define DOC(more) HEAD INFO(more) "</alert>"
#define AREA(more) "<area><areaDesc>Here</areaDesc>" more "</area>"

static struct codebook *cb;
static char data_dir[4096];
static int saved_stderr = -1;
static FILE *heard;

static inline int
cap_setup(void **state)
{
	char conf[3072];
	struct fault f = {0};
	struct stat st;

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL || (cb = codebook_load(conf, &f)) == NULL)
		return -1;
	(void)snprintf(data_dir, sizeof(data_dir), "tests/data/cap");
	if (stat(data_dir, &st) == -1)
		(void)snprintf(data_dir, sizeof(data_dir), "%s/../tests/data/cap", conf);
	return 0;
}

static inline int
cap_teardown(void **state)
{
	(void)state;
	codebook_free(cb);
	return 0;
}

/* Whatever is printed to standard error from here to quiet_end() is counted. */
static inline void
quiet_begin(void)
{
	(void)fflush(stderr);
	heard = tmpfile();
	saved_stderr = dup(STDERR_FILENO);
	if (heard == NULL || saved_stderr == -1 || dup2(fileno(heard), STDERR_FILENO) == -1)
		abort();
}

static inline long
quiet_end(void)
{
	long n;

	(void)fflush(stderr);
	(void)dup2(saved_stderr, STDERR_FILENO);
	(void)close(saved_stderr);
	saved_stderr = -1;
	n = fseek(heard, 0, SEEK_END) == 0 ? ftell(heard) : -1;
	(void)fclose(heard);
	return n;
}

/* A test that failed in between: what it had to say is said now. */
static inline int
quiet_teardown(void **state)
{
	char piece[1024];
	size_t n;

	(void)state;
	if (saved_stderr == -1)
		return 0;
	(void)fflush(stderr);
	(void)dup2(saved_stderr, STDERR_FILENO);
	(void)close(saved_stderr);
	saved_stderr = -1;
	rewind(heard);
	while ((n = fread(piece, 1, sizeof(piece), heard)) > 0)
		(void)fwrite(piece, 1, n, stderr);
	(void)fclose(heard);
	return 0;
}
#define quiet_test(t) cmocka_unit_test_teardown(t, quiet_teardown)

static inline void
slurp(const char *name, struct buf *out)
{
	char path[5000], piece[8192];
	size_t n;
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/%s", data_dir, name);
	fp = fopen(path, "rb");
	if (fp == NULL) {
		print_error("%s: cannot be opened\n", path);
		fail();
		return;
	}
	while ((n = fread(piece, 1, sizeof(piece), fp)) > 0)
		buf_put(out, piece, n);
	(void)fclose(fp);
}

static inline bool
has_remark(const struct body *b, const char *part)
{
	for (const struct value *v = body_first(b, F_REMARKS); v != NULL; v = body_next(b, v))
		if (strstr(v->u.text.s, part) != NULL)
			return true;
	return false;
}

/* What holds of every accepted document, whatever is in it. */
static inline void
must_hold(const struct cap_alert *a, const void *p, size_t n)
{
	uint8_t digest[DIGEST_LEN];
	struct fault f = {0};
	const char *type;
	int64_t size;

	assert_non_null(a->body);
	type = body_text(a->body, F_CAP_MSGTYPE);
	assert_non_null(type);
	assert_int_equal(body_enum(a->body, F_KIND),
	    a->fate == CAP_LOG || strcmp(type, "Ack") == 0 || strcmp(type, "Error") == 0 ? KIND_LOG : KIND_WARNING);
	assert_int_equal(check_body(a->body, NULL, &f), 0);
	assert_int_equal(check_body(a->body, cb, &f), 0);
	assert_string_equal(body_text(a->body, F_SOURCE_FORMAT), "cap");
	assert_non_null(body_text(a->body, F_FOREIGN_ID));
	assert_true(body_num(a->body, F_ORIGINAL_SIZE, &size));
	assert_int_equal((size_t)size, n);
	digest_of(p, n, digest);
	assert_memory_equal(body_first(a->body, F_ORIGINAL)->u.digest, digest, DIGEST_LEN);
	wiretrip(a->body, BODY_MAX - 16384);
}

/* cap_read() with what must hold of its answer. */
static inline int
read_bytes(const void *p, size_t n, struct cap_alert *a, struct fault *f)
{
	int rc;

	memset(f, 0, sizeof(*f));
	rc = cap_read(p, n, cb, NOW, a, f);
	if (rc == 0) {
		assert_int_equal(f->code, 0);
		must_hold(a, p, n);
	} else {
		assert_null(a->body);
		assert_int_not_equal(f->code, 0);
		assert_int_not_equal(f->text[0], '\0');
		assert_true(text_clean(f->text, strlen(f->text), false, NULL));
	}
	return rc;
}

/* A text that must be taken. */
static inline struct cap_alert
taken(const char *doc)
{
	struct cap_alert a;
	struct fault f;
	char why[1024];

	if (read_bytes(doc, strlen(doc), &a, &f) == -1)
		fail_msg("refused: %s\n%.400s", fault_format(&f, why, sizeof(why)), doc);
	return a;
}

#endif
