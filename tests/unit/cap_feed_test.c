/*
 * Containers of CAP alerts: every alert is found once, as a document that stands on its own, and a bad one costs no other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include <time.h>
#include "cap_make.h"

#define ATOM "<feed xmlns='http://www.w3.org/2005/Atom'>"
#define ENTRY(x) "<entry><title>t</title><content type='text/xml'>" x "</content></entry>"

struct seen {
	size_t taken, refused;
	char ids[512];
	struct fault last;
};

static void
see(void *ctx, const void *p, size_t n, struct cap_alert *a, const struct fault *f)
{
	struct seen *s = ctx;
	size_t used = strlen(s->ids);
	struct cap_alert again;
	struct fault g;

	if (a == NULL) {
		s->refused++;
		s->last = *f;
		assert_int_not_equal(f->code, 0);
		return;
	}
	s->taken++;
	must_hold(a, p, n);
	/* it stands on its own */
	assert_int_equal(read_bytes(p, n, &again, &g), 0);
	cap_alert_free(&again);
	(void)snprintf(s->ids + used, sizeof(s->ids) - used, "%s ", body_text(a->body, F_TITLE));
}

static void
containers(void **state)
{
#define TITLED(t) DOC("<headline>" t "</headline>")
	static const struct {
		const char *doc;
		size_t taken, refused; /* none of either: the container is refused */
		const char *titles;
	} cases[] = {
	    {TITLED("A"), 1, 0, "A "},
	    {ATOM ENTRY(TITLED("A")) ENTRY(TITLED("B")) "</feed>", 2, 0, "A B "},
	    {"<?xml version='1.0'?>\n<rss version='2.0'><channel><item><description>x</description>" TITLED(
		 "A") "</item><item>" TITLED("B") "</item></channel></rss>",
		2, 0, "A B "},
	    /* the prefix is declared by the container */
	    {"<f xmlns:c='" NS12 "'><c:alert><c:identifier>a</c:identifier><c:sender>b</c:sender>"
	     "<c:sent>2026-11-22T14:00:00+08:00</c:sent><c:status>Actual</c:status><c:msgType>Alert</c:msgType>"
	     "<c:scope>Public</c:scope></c:alert></f>",
		1, 0, "CAP Alert a "},
	    {"<f xmlns='" NS12 "'><alert>" IDS LIVE "</alert></f>", 1, 0, "CAP Alert I1 "},
	    {ATOM ENTRY(TITLED("A")) ENTRY(HEAD "<x/></alert>") ENTRY(TITLED("&lt;B&gt;")) "</feed>", 2, 1, "A <B> "},
	    /* within one another: the outer is one bad alert */
	    {ATOM ENTRY(HEAD TITLED("A") "</alert>") "</feed>", 0, 1, ""},
	    {HEAD "<x/></alert>", 0, 1, ""},
	    {ATOM "<entry><alert>no namespace</alert></entry></feed>", 0, 0, NULL},
	    {ATOM "<entry><link href='http://x.cn/a.xml'/></entry></feed>", 0, 0, NULL},
	    {"<!DOCTYPE feed>" ATOM ENTRY(TITLED("A")) "</feed>", 0, 0, NULL},
	    {ATOM ENTRY(TITLED("A")) "</fed>", 0, 0, NULL},
	    {ATOM ENTRY(TITLED("&nbsp;")) "</feed>", 0, 0, NULL},
	    {"", 0, 0, NULL},
	    {"no xml", 0, 0, NULL},
	};

	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen s = {0};
		struct fault f = {0};
		int rc = cap_read_all(cases[i].doc, strlen(cases[i].doc), cb, NOW, see, &s, &f);

		if (cases[i].titles == NULL) {
			if (rc != -1 || f.code == 0 || s.taken + s.refused > 0)
				fail_msg("case %zu: %d", i, rc);
			continue;
		}
		if (rc != (int)(s.taken + s.refused) || s.taken != cases[i].taken || s.refused != cases[i].refused ||
		    strcmp(s.ids, cases[i].titles) != 0)
			fail_msg("case %zu: %d: %zu taken, %zu refused: %s%s%s", i, rc, s.taken, s.refused, s.ids,
			    f.text, s.last.text);
	}
	assert_int_equal(quiet_end(), 0);
}

struct cut {
	char *bytes; /* of the alert handed over last; owned */
	size_t n;
};

static void
take_cut(void *ctx, const void *p, size_t n, struct cap_alert *a, const struct fault *f)
{
	struct cut *c = ctx;

	if (a == NULL)
		fail_msg("%s", f->text);
	must_hold(a, p, n);
	free(c->bytes);
	c->bytes = xstrndup(p, n);
	c->n++;
}

/* The original of an alert that stands on its own is what the feed holds, to the byte; of one that does not, a document. */
static void
originals(void **state)
{
#define ODD(more)                                                                                                      \
	"<alert  xmlns = '" NS12 "' ><!-- </alert> --><?x </alert> ?>\r\n\t" IDS LIVE                                    \
	"<info><category>Met</category><event><![CDATA[</alert>]]></event><urgency>Future</urgency><severity>Minor</severity>" \
	"<certainty>Likely</certainty><headline>&gt;&#x4e2d;" more "</headline></info>\r\n</alert >"
#define PREFIXED                                                                                                       \
	"<c:alert" NSC "><c:identifier>a</c:identifier><c:sender>b</c:sender><c:sent>2026-11-22T14:00:00+08:00</c:sent>" \
	"<c:status>Actual</c:status><c:msgType>Alert</c:msgType><c:scope>Public</c:scope></c:alert>"
#define NSC " xmlns:c='" NS12 "'"
#define BARE                                                                                                           \
	"<c:alert><c:identifier>a</c:identifier><c:sender>b</c:sender><c:sent>2026-11-22T14:00:00+08:00</c:sent>"      \
	"<c:status>Actual</c:status><c:msgType>Alert</c:msgType><c:scope>Public</c:scope></c:alert>"
	static const struct {
		const char *before, *alert, *after;
		bool kept;
	} cases[] = {
	    {ATOM "<entry><alert>none of ours</alert><alert/></entry><entry>", ODD(""), "</entry></feed>", true},
	    {"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?>\r\n<f a=\"'>\" b='>'>", ODD("中"), "<alert b='/'></alert></f>", true},
	    {"<f" NSC ">", PREFIXED, "</f>", true},
	    {"<f xmlns:d='urn:other'><d:alert x='/>'>", PREFIXED, "</d:alert></f>", true},
	    {"<f" NSC ">", BARE, "</f>", false},
	    {"<f xmlns='" NS12 "'>", "<alert>" IDS LIVE "</alert>", "</f>", false},
	    {"<?xml version='1.0' encoding='GBK'?><f>", ODD("\xd6\xd0"), "</f>", false},
	    /* all characters are those of UTF-8 */
	    {"<?xml version='1.0' encoding='ISO-8859-1'?><f>", ODD(""), "</f>", true},
	    /* a prefix nobody declared: what elements are named is told otherwise, and nothing is cut out wrongly */
	    {"<f><x:alert/>", PREFIXED, "</f>", false},
	};

	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf d = {0};
		struct cut c = {0};
		struct fault f = {0};
		bool same;

		buf_puts(&d, cases[i].before);
		buf_puts(&d, cases[i].alert);
		buf_puts(&d, cases[i].after);
		if (cap_read_all(d.p, d.n, cb, NOW, take_cut, &c, &f) != 1)
			fail_msg("case %zu: %s", i, f.text);
		same = c.bytes != NULL && strcmp(c.bytes, cases[i].alert) == 0;
		if (c.n != 1 || same != cases[i].kept)
			fail_msg("case %zu: %s", i, c.bytes);
		free(c.bytes);
		buf_free(&d);
	}
	assert_int_equal(quiet_end(), 0);
}

/* Each document of the collection, once by itself and once in a feed: taken or refused alike. */
static void
collection(void **state)
{
	char path[5000];
	struct fault f = {0};
	struct tsv *t;
	size_t compared = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/INDEX.tsv", data_dir);
	t = tsv_load(path, &f);
	assert_non_null(t);
	quiet_begin();
	for (size_t i = 0; i < tsv_rows(t); i++) {
		struct buf raw = {0}, feed = {0};
		struct seen one = {0}, two = {0};
		const char *s, *root;
		int rc;

		slurp(tsv_get(t, i, "file"), &raw);
		rc = cap_read_all(raw.p, raw.n, cb, NOW, see, &one, &f);
		s = buf_cstr(&raw);
		root = strstr(s, "<alert");
		if (rc == 1 && one.taken == 1 && root != NULL && text_utf8_valid(s, raw.n, NULL)) {
			buf_puts(&feed, ATOM "<entry><content>");
			buf_puts(&feed, root);
			buf_puts(&feed, "</content></entry></feed>");
			if (cap_read_all(feed.p, feed.n, cb, NOW, see, &two, &f) != 1 || strcmp(one.ids, two.ids) != 0)
				fail_msg("%s: %s %s", tsv_get(t, i, "file"), two.ids, two.last.text);
		}
		compared += two.taken;
		buf_free(&raw);
		buf_free(&feed);
	}
	assert_int_equal(quiet_end(), 0);
	assert_true(compared >= 60);
	tsv_free(t);
}

/* As many alerts as fit: in linear time. */
static void
many(void **state)
{
	struct buf d = {0};
	struct seen s = {0};
	struct fault f = {0};
	clock_t began = clock();

	(void)state;
	buf_puts(&d, ATOM);
	for (int i = 0; i < 10000; i++)
		buf_puts(&d, ENTRY(HEAD "<x/></alert>"));
	buf_puts(&d, "</feed>");
	assert_int_equal(cap_read_all(d.p, d.n, cb, NOW, see, &s, &f), 10000);
	assert_int_equal(s.refused, 10000);
	if ((double)(clock() - began) / CLOCKS_PER_SEC > 20)
		fail();
	buf_free(&d);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    quiet_test(containers),
	    quiet_test(originals),
	    quiet_test(collection),
	    cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, cap_setup, cap_teardown);
}
