/*
 * Search over both journals: what is found, in which order, with and without an index, after a crash, a destruction and
 * retention; and the two against each other over random texts and queries.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "journal_cases.h"

static struct msgid
put_text(struct ctx *c, uint64_t serial, bool local, const char *text)
{
	struct body *b = body_new();
	struct journal_msg m;

	make_msg(&m, OWN, serial, KIND_NOTE, NULL, NULL, 0);
	m.local = local;
	body_set_num(b, F_KIND, KIND_NOTE);
	body_set_id(b, F_ID, &m.id);
	body_set_text(b, F_TEXT, text);
	buf_clear(&m.body);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	body_free(b);
	put(c, &m);
	buf_free(&m.body);
	return m.id;
}

static int
see_find(void *ctx, const struct journal_msg *m)
{
	struct seen *s = ctx;

	assert_true(m->local && m->body.n > 0);
	buf_printf(&s->text, "%" PRIu64 " ", m->id.serial);
	return ++s->n == s->stop_after;
}

#define assert_search(c, query, before, limit, expected) do { \
	struct seen seen_ = { .n = 0 }; \
	assert_int_equal(OP(c, search, query, before, limit, see_find, &seen_), 0); \
	assert_seen(seen_, expected); \
} while (0)

static uint64_t
more(struct ctx *c, size_t max)
{
	uint64_t left = 999;

	assert_int_equal(OP(c, search_more, max, &left), 0);
	return left;
}

/* The same is found however far the index has come. */
static void
indexed_or_not(struct ctx *c)
{
	size_t i;

	(void)put_text(c, 1, true, "西周镇山体滑坡，死亡3人");
	(void)put_text(c, 2, true, "G15沈海高速塌方");
	(void)put_text(c, 3, false, "西周镇山体滑坡，过境");
	(void)put_text(c, 4, true, "山体有滑坡迹象 g15");
	(void)put_text(c, 5, true, "");
	for (i = 0; i <= 5; i++) {
		assert_search(c, "滑坡", UINT64_MAX, 10, "4 1 ");
		assert_search(c, "山体滑坡", UINT64_MAX, 10, "1 ");
		assert_search(c, "G15", UINT64_MAX, 10, "4 2 ");
		assert_search(c, "G15 滑坡", UINT64_MAX, 10, "4 ");
		assert_search(c, "方", UINT64_MAX, 10, "2 ");
		assert_search(c, "塌", UINT64_MAX, 10, "2 ");
		assert_search(c, "g1", UINT64_MAX, 10, "");
		assert_search(c, "滑坡", UINT64_MAX, 1, "4 ");
		assert_search(c, "滑坡", UINT64_MAX, 0, "");
		assert_search(c, "滑坡", 4, 10, "1 ");
		assert_search(c, "滑坡", 1, 10, "");
		assert_search(c, "滑坡", 0, 10, "");
		assert_search(c, "", UINT64_MAX, 10, "");
		assert_search(c, "\"*) OR (", UINT64_MAX, 10, "");
		assert_int_equal(more(c, 0), 5 - i);
		if (i < 5)
			assert_int_equal(more(c, 1), 4 - i);
		commit(c);
	}
	assert_int_equal(more(c, 100), 0);
	assert_clean(c);
}

/* What passed through and turns out to be for us is found, on either side of where the index has come. */
static void
localised(struct ctx *c)
{
	struct msgid a = put_text(c, 1, false, "甲地滑坡"), b;

	(void)put_text(c, 2, true, "乙地滑坡");
	assert_int_equal(more(c, 10), 0);
	b = put_text(c, 3, false, "丙地滑坡");
	assert_search(c, "滑坡", UINT64_MAX, 10, "2 ");
	assert_int_equal(OP(c, set_local, &a), 0);
	assert_int_equal(OP(c, set_local, &b), 0);
	assert_search(c, "滑坡", UINT64_MAX, 10, "3 2 1 ");
	assert_int_equal(more(c, 10), 0);
	commit(c);
	assert_int_equal(OP(c, set_local, &a), 0);	/* again: still found once */
	assert_search(c, "滑坡", UINT64_MAX, 10, "3 2 1 ");
	commit(c);
	ctx_crash(c);
	assert_search(c, "地滑", UINT64_MAX, 10, "3 2 1 ");
}

/* Index and cursor are of one transaction. */
static void
crash(struct ctx *c)
{
	(void)put_text(c, 1, true, "甲地滑坡");
	(void)put_text(c, 2, true, "乙地滑坡");
	commit(c);
	assert_int_equal(more(c, 1), 1);
	ctx_crash(c);
	assert_int_equal(more(c, 0), 2);
	assert_search(c, "滑坡", UINT64_MAX, 10, "2 1 ");
	assert_int_equal(more(c, 1), 1);
	commit(c);
	ctx_crash(c);
	assert_int_equal(more(c, 0), 1);
	assert_search(c, "滑坡", UINT64_MAX, 10, "2 1 ");
	assert_int_equal(more(c, 64), 0);
	commit(c);
	ctx_crash(c);
	assert_int_equal(more(c, 0), 0);
	assert_search(c, "滑坡", UINT64_MAX, 10, "2 1 ");
}

static void
destroyed(struct ctx *c)
{
	struct msgid id;

	(void)put_text(c, 1, true, "甲地滑坡");
	id = put_text(c, 2, true, "乙地滑坡");
	(void)put_text(c, 3, true, "丙地滑坡");
	assert_int_equal(more(c, 10), 0);
	commit(c);
	assert_int_equal(OP(c, destroy, 9, &id, "甲", "乙", "误入"), 0);
	assert_search(c, "滑坡", UINT64_MAX, 10, "3 1 ");
	commit(c);
	assert_search(c, "滑坡", UINT64_MAX, 10, "3 1 ");
	while (more(c, 1) > 0)
		;
	commit(c);
	ctx_crash(c);
	assert_search(c, "滑坡", UINT64_MAX, 10, "3 1 ");
	assert_search(c, "乙地", UINT64_MAX, 10, "");
	assert_clean(c);
}

static void
retired(struct ctx *c)
{
	struct msgid id;
	size_t n;

	id = put_text(c, 1, true, "甲地滑坡");
	(void)put_text(c, 2, true, "乙地滑坡");
	assert_int_equal(more(c, 10), 0);
	assert_int_equal(OP(c, settle, &id, true), 0);
	commit(c);
	assert_int_equal(OP(c, retire, 9, INT64_MAX, 10, &n), 0);
	assert_int_equal(n, 1);
	assert_search(c, "滑坡", UINT64_MAX, 10, "2 ");
	commit(c);
	assert_search(c, "滑坡", UINT64_MAX, 10, "2 ");
	assert_int_equal(more(c, 10), 0);
}

/* A find may be written about while it is looked at. */
struct busy { struct ctx *c; size_t n; uint64_t serial; };

static int
write_more(void *ctx, const struct journal_msg *m)
{
	struct busy *b = ctx;

	(void)m;
	(void)put_text(b->c, ++b->serial, true, "又一处滑坡");
	b->n++;
	return 0;
}

static void
callbacks_write(struct ctx *c)
{
	struct busy b = { .c = c };

	for (b.serial = 0; b.serial < 300; b.serial++)
		(void)put_text(c, b.serial + 1, true, "一处滑坡");
	assert_int_equal(more(c, 200), 100);
	assert_int_equal(OP(c, search, "滑坡", UINT64_MAX, 1000, write_more, &b), 0);
	assert_int_equal(b.n, 300);
	commit(c);
	assert_int_equal(more(c, 1000), 0);
}

/* More candidates than a page, most of them no finds. */
static void
pages(struct ctx *c)
{
	struct seen s = { .n = 0 };
	uint64_t i;

	for (i = 1; i <= 700; i++)
		(void)put_text(c, i, true, i % 100 == 7 ? "山体滑坡" : "体滑坡山体，山体有滑坡，滑坡体");
	assert_int_equal(more(c, 10000), 0);
	assert_search(c, "山体滑坡", UINT64_MAX, 10, "607 507 407 307 207 107 7 ");
	assert_search(c, "山体滑坡", UINT64_MAX, 2, "607 507 ");
	s.stop_after = 3;
	assert_int_equal(OP(c, search, "山体滑坡", UINT64_MAX, 10, see_find, &s), 0);
	assert_seen(s, "607 507 407 ");
}

static const struct journal_case cases[] = {
	{ "indexed or not", indexed_or_not },
	{ "localised", localised },
	{ "crash", crash },
	{ "destroyed", destroyed },
	{ "retired", retired },
	{ "callbacks write", callbacks_write },
	{ "pages", pages },
};

static void
in_ram(void **state)
{
	(void)state;
	run_cases(cases, COUNT(cases), true);
}

static void
in_sqlite(void **state)
{
	(void)state;
	run_cases(cases, COUNT(cases), false);
}

/* Bytes of a destroyed text are in no file, nor are the tokens it was cut into. */
static bool
in_files(const char *dir, const char *what)
{
	static const char *const names[] = { "journal.db", "journal.db-wal" };
	char path[128];
	uint8_t *p;
	bool found = false;
	ssize_t got;
	off_t size;
	size_t i;
	int fd;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if ((fd = open(path, O_RDONLY)) < 0)
			continue;
		assert_true((size = lseek(fd, 0, SEEK_END)) >= 0);
		p = xmalloc((size_t)size + 1);
		got = pread(fd, p, (size_t)size, 0);
		assert_true(got == size);
		found = found || memmem(p, (size_t)size, what, strlen(what)) != NULL;
		free(p);
		close(fd);
	}
	return found;
}

static void
no_bytes_left(void **state)
{
	static const char *const secret[] = { "xyzzysecret", "密钥", "钥匙" };
	struct ctx c;
	struct msgid id = { .serial = 0 };
	char text[128];
	uint64_t i;
	size_t k;

	(void)state;
	ctx_open(&c, false);
	for (i = 1; i <= 600; i++) {	/* enough for several segments and their merging */
		snprintf(text, sizeof(text), i == 300 ? "机要密钥匙 XYZZYsecret %d" : "某地滑坡 no%d", (int)i);
		id = i == 300 ? put_text(&c, i, true, text) : (put_text(&c, i, true, text), id);
		if (i % 7 == 0) {
			(void)more(&c, 64);
			commit(&c);
		}
	}
	(void)more(&c, 64);
	commit(&c);
	assert_search(&c, "xyzzysecret", UINT64_MAX, 10, "300 ");
	for (k = 0; k < COUNT(secret); k++)
		assert_true(in_files(c.dir, secret[k]));
	assert_int_equal(OP(&c, destroy, 9, &id, "甲", "乙", "误入"), 0);
	commit(&c);
	for (k = 0; k < COUNT(secret); k++)
		if (in_files(c.dir, secret[k]))
			fail_msg("%s is still in a file", secret[k]);
	while (more(&c, 64) > 0)
		commit(&c);
	commit(&c);
	assert_search(&c, "xyzzysecret", UINT64_MAX, 10, "");
	assert_search(&c, "no7", UINT64_MAX, 10, "7 ");
	ctx_close(&c);
}

/* ---- the two against each other ---- */

static uint64_t
next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s >> 11;
}

static const char *
random_text(uint64_t *s, size_t parts, struct buf *out)
{
	static const char *const part[] = { "山", "体", "滑", "坡", "山体滑坡", "死亡", "亡", "3", "人", "G15", "g", "15", " ", "，",
		"\n", "2026-11-22", "１", "Ⅳ", "级", "a", "б", "𠀀", "।", "\"", "*", "OR", "。" };

	buf_clear(out);
	while (parts-- > 0)
		buf_puts(out, part[next_random(s) % COUNT(part)]);
	return buf_cstr(out);
}

static void
twins(void **state)
{
	struct buf text = { 0 };
	struct seen a, b;
	uint64_t s = 20261122, serial = 0, before;
	size_t step, limit, max, finds = 0;
	struct ctx c[2];
	bool local;
	int i;

	(void)state;
	ctx_open(&c[0], false);
	ctx_open(&c[1], true);
	for (step = 0; step < 4000; step++) {
		switch (next_random(&s) % 8) {
		case 0:
		case 1:
		case 2:
			local = next_random(&s) % 4 != 0;
			(void)random_text(&s, next_random(&s) % 12, &text);
			serial++;
			for (i = 0; i < 2; i++)
				(void)put_text(&c[i], serial, local, buf_cstr(&text));
			break;
		case 3:
			max = next_random(&s) % 9;
			assert_int_equal(more(&c[0], max), more(&c[1], max));
			break;
		case 4:
			if (serial > 0) {
				struct msgid id = make_id(OWN, next_random(&s) % serial + 1);
				uint64_t act = next_random(&s) % 80;

				for (i = 0; i < 2; i++)
					if (act == 0)
						assert_true(OP(&c[i], destroy, 9, &id, "甲", "乙", "误入") >= 0);
					else if (act < 20)
						assert_int_equal(OP(&c[i], set_local, &id), 0);
			}
			break;
		default:
			(void)random_text(&s, next_random(&s) % 3 + 1, &text);
			before = next_random(&s) % 3 != 0 ? UINT64_MAX : next_random(&s) % (serial + 2);
			limit = next_random(&s) % 5 == 0 ? next_random(&s) % 4 : 100000;
			memset(&a, 0, sizeof(a));
			memset(&b, 0, sizeof(b));
			assert_int_equal(OP(&c[0], search, buf_cstr(&text), before, limit, see_find, &a), 0);
			assert_int_equal(OP(&c[1], search, buf_cstr(&text), before, limit, see_find, &b), 0);
			if (strcmp(buf_cstr(&a.text), buf_cstr(&b.text)) != 0)
				fail_msg("\"%s\" before %" PRIu64 ": %s, in RAM %s", buf_cstr(&text), before, buf_cstr(&a.text),
				    buf_cstr(&b.text));
			finds += a.n;
			buf_free(&a.text);
			buf_free(&b.text);
			break;
		}
		if (next_random(&s) % 10 == 0)
			for (i = 0; i < 2; i++)
				commit(&c[i]);
	}
	assert_true(finds > 1000);
	buf_free(&text);
	ctx_close(&c[0]);
	ctx_close(&c[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_ram), cmocka_unit_test(in_sqlite), cmocka_unit_test(no_bytes_left), cmocka_unit_test(twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
