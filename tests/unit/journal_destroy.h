#ifndef TESTS_UNIT_JOURNAL_DESTROY_H
#define TESTS_UNIT_JOURNAL_DESTROY_H
/*
 * What tests of destruction share.  Include after journal_cases.h.
 */

/* A message of ours with a text of its own, and perhaps an original. */
static inline struct msgid
put_text(struct ctx *c, uint64_t serial, const char *text, const uint8_t *original)
{
	struct body *b = body_new();
	struct journal_msg m;

	make_msg(&m, OWN, serial, KIND_REPORT, NULL, NULL, 0);
	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_id(b, F_ID, &m.id);
	body_set_text(b, F_TITLE, text);
	if (original != NULL)
		body_set_digest(b, F_ORIGINAL, original);
	buf_clear(&m.body);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	put(c, &m);
	body_free(b);
	buf_free(&m.body);
	return m.id;
}

static inline int
destroy(struct ctx *c, const struct msgid *id)
{
	return OP(c, destroy, 77, id, "王芳", "李强", "误入清除");
}

static inline void
assert_destroyed(struct ctx *c, const struct msgid *id, const uint8_t *digest)
{
	struct journal_msg m;

	assert_int_equal(OP(c, get_message, id, &m), 0);
	assert_true(m.destroyed);
	assert_false(m.damaged);
	assert_int_equal(m.body.n, 0);
	if (digest != NULL)
		assert_memory_equal(m.digest, digest, DIGEST_LEN);
	buf_free(&m.body);
}

static inline void
assert_destroyed_count(struct ctx *c, uint64_t n)
{
	struct journal_verify v;

	assert_int_equal(OP(c, verify, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_int_equal(v.destroyed, n);
}

#endif
