/*
 * convert, check and codes as they are called: words in, standard output, standard error and exit status out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../formats/charset.h"
#include "../../formats/conf.h"
#include "../../formats/i18n.h"
#include "../../switch/ctl.h"

static char dir[] = "/tmp/convert-XXXXXX";
static struct ctl ctl;	/* one, so that the codebook is loaded once */

struct ran {
	int rc;
	struct buf out, err;
};

static const char *
path_of(const char *name)
{
	static char path[16][512];	/* of several in one call */
	static unsigned turn;

	turn = (turn + 1) % 16;
	(void)snprintf(path[turn], sizeof path[0], "%s/%s", dir, name);
	return path[turn];
}

static const char *
put_file(const char *name, const void *p, size_t n)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void
slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	char piece[65536];
	size_t n;

	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_put(out, piece, n);
	(void)fclose(f);
}

/* The verb in argv[0]; stdin is empty. */
static struct ran
run(const char *const *argv)
{
	int (*verb)(struct ctl *, int, char **) = strcmp(argv[0], "convert") == 0 ? ctl_convert
	    : strcmp(argv[0], "check") == 0					   ? ctl_check
										   : ctl_codes;
	struct ran r = { 0 };
	int argc = 0, kept[3], fd;

	while (argv[argc + 1] != NULL)
		argc++;
	(void)fflush(NULL);
	for (int i = 0; i < 3; i++) {
		kept[i] = dup(i);
		fd = i == 0 ? open("/dev/null", O_RDONLY)
			    : open(path_of(i == 1 ? "out" : "err"), O_RDWR | O_CREAT | O_TRUNC, 0600);
		assert_true(kept[i] >= 0 && fd >= 0 && dup2(fd, i) == i);
		(void)close(fd);
	}
	ctl.json = false;
	r.rc = verb(&ctl, argc, (char **)(uintptr_t)(argv + 1));
	(void)fflush(NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dup2(kept[i], i), i);
		(void)close(kept[i]);
	}
	slurp(path_of("out"), &r.out);
	slurp(path_of("err"), &r.err);
	return r;
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void
done(struct ran *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

static void
expect(struct ran r, int rc, const char *out, const char *err)
{
	if (r.rc != rc || (out != NULL && strstr(buf_cstr(&r.out), out) == NULL) ||
	    (err != NULL && (*err == '\0' ? r.err.n > 0 : strstr(buf_cstr(&r.err), err) == NULL)))
		fail_msg("status %d (wanted %d)\n%.1500s\n%.1500s", r.rc, rc, buf_cstr(&r.out), buf_cstr(&r.err));
	done(&r);
}

/* Runs and keeps what came out as a file. */
static const char *
into(const char *name, struct ran r, int rc)
{
	const char *path;

	if (r.rc != rc)
		fail_msg("status %d (wanted %d): %.1500s", r.rc, rc, buf_cstr(&r.err));
	path = put_file(name, r.out.p, r.out.n);
	done(&r);
	return path;
}

static void
same_file(const char *a, const char *b)
{
	struct buf x = { 0 }, y = { 0 };

	slurp(a, &x);
	slurp(b, &y);
	if (x.n != y.n || memcmp(x.p, y.p, x.n) != 0)
		fail_msg("%s (%zu bytes) and %s (%zu bytes) differ", a, x.n, b, y.n);
	buf_free(&x);
	buf_free(&y);
}

static const char *
data_file(const char *name)
{
	static char path[512];
	const char *conf = getenv("DUTYDESK_CONF");

	(void)snprintf(path, sizeof path, "%s/../tests/data/%s", conf, name);
	return path;
}

/* Two thousand reports of another system, through everything that is exact. */
static void
test_two_thousand(void **state)
{
	const char *json, *wire, *again, *gb, *utf16;
	struct buf text = { 0 }, coded = { 0 };
	struct charset_loss loss;
	size_t lines = 0;

	(void)state;
	json = into("a.json",
	    RUN("convert", "--from", "report-jsonl", "--to", "json", data_file("reports/dev.jsonl")), EX_OK);
	slurp(json, &text);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	assert_int_equal(lines, 2000);
	wire = into("a.wire", RUN("convert", "--from", "json", "--to", "wire", path_of("a.json")), EX_OK);
	again = into("b.json", RUN("convert", "--from", "wire", "--to", "json", wire), EX_OK);
	same_file(path_of("a.json"), again);
	/* found by their looks, too */
	again = into("b.json", RUN("convert", "--to", "json", path_of("a.wire")), EX_OK);
	same_file(path_of("a.json"), again);
	again = into("b.wire", RUN("convert", "--to", "wire", path_of("a.json")), EX_OK);
	same_file(path_of("a.wire"), again);
	/* and in other character sets */
	charset_encode(CHARSET_GB18030, (const char *)text.p, text.n, &coded, &loss);
	gb = put_file("gb.json", coded.p, coded.n);
	again = into("b.json", RUN("convert", "--charset", "gb18030", "--to", "json", gb), EX_OK);
	same_file(path_of("a.json"), again);
	again = into("b.json", RUN("convert", "--to", "json", path_of("gb.json")), 1);	/* guessed: warned */
	same_file(path_of("a.json"), again);
	buf_clear(&coded);
	buf_puts(&coded, "\xff\xfe");
	charset_encode(CHARSET_UTF16LE, (const char *)text.p, text.n, &coded, &loss);
	utf16 = put_file("16.json", coded.p, coded.n);
	again = into("b.json", RUN("convert", "--to", "json", utf16), EX_OK);
	same_file(path_of("a.json"), again);
	buf_free(&text);
	buf_free(&coded);
}

#define GOOD "{\"kind\":\"report\",\"stage\":\"first\",\"type\":\"yjpt:12G00\",\"title\":\"\xe7\x81\xab\"," \
	"\"place\":\"A\",\"learned\":\"2026-11-22T14:10:00+08:00\",\"dead\":\"?\",\"missing\":0,"             \
	"\"trapped\":{\"q\":\"about\",\"n\":20,\"source\":\"119\"}}\n"

static void
test_unknown_stays(void **state)
{
	const char *json = put_file("q.json", GOOD, sizeof GOOD - 1), *wire;

	(void)state;
	wire = into("q.wire", RUN("convert", "--to", "wire", json), EX_OK);
	expect(RUN("convert", "--to", "json", wire), EX_OK, "\"dead\":\"?\",\"missing\":0,", "");
	expect(RUN("convert", "--to", "csv", path_of("q.json")), EX_OK, ",?,0,~20@119,", "");
	expect(RUN("convert", "--to", "text", path_of("q.json")), EX_OK, "dead: ?\nmissing: 0\ntrapped: ", "");
	(void)into("q.cap", RUN("convert", "--to", "cap", path_of("q.json")), EX_OK);
	expect(RUN("convert", "--to", "json", path_of("q.cap")), EX_OK, "\"dead\":\"?\",\"missing\":0,", "");
}

/* A line in the middle is bad: refused by line and member, the others are taken, the status says so. */
static void
test_bad_lines(void **state)
{
	static const struct {
		const char *line;
		size_t n;
		const char *says;
	} cases[] = {
#define B(s) s, sizeof(s) - 1
	    {B("{\"title\":\"a\xc0\xaf\"}"), ":2: title: an overlong UTF-8 form at byte 12"},
	    {B("{\"title\":\"a\xed\xa0\x80\"}"), ":2: title: a lone surrogate at byte 12"},
	    {B("{\"title\":\"a\xe7\x81"), ":2: title: half a character at byte 12"},
	    {B("{\"title\":\"\\ud800\"}"), ":2: title: no JSON"},
	    {B("{\"dead\":9223372036854775808}"), ":2: dead: no JSON at column 27: a number is too large"},
	    {B("{\"dead\":-1}"), ":2: dead: a count cannot be negative"},
	    {B("{\"position\":[NaN,1]}"), ":2: position: no JSON"},
	    {B("{\"position\":[91,1]}"), ":2: position: lies outside"},
	    {B("{\"learned\":\"2026-02-30T10:00:00+08:00\"}"), ":2: learned: "},
	    {B("{\"learned\":\"2026-02-03T24:00:00+08:00\"}"), ":2: learned: "},
	    {B("{\"title\":\"a\",\"title\":\"b\"}"), ":2: title: no JSON"},
	    {B("{\"nonsense\":1}"), ":2: nonsense: unknown field"},
	    {B("{}"), ":2: holds no field"},
	    {B("[1]"), ":2: is no JSON object"},
	    {B("{\"title\""), ":2: title: no JSON"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf file = { 0 };
		struct ran r;
		const char *first;

		buf_puts(&file, GOOD);
		buf_put(&file, cases[i].line, cases[i].n);
		buf_puts(&file, "\r\n\n" GOOD);
		r = RUN("convert", "--from", "json", "--to", "json", put_file("bad.json", file.p, file.n));
		if (r.rc != EX_DATAERR || strstr(buf_cstr(&r.err), cases[i].says) == NULL ||
		    strstr(buf_cstr(&r.err), "taken 2, refused 1") == NULL)
			fail_msg("case %zu: status %d, %s", i, r.rc, buf_cstr(&r.err));
		first = strchr(buf_cstr(&r.out), '\n');
		assert_true(first != NULL && r.out.n == 2 * (size_t)(first + 1 - (const char *)r.out.p));
		done(&r);
		expect(RUN("check", "--format", "json", path_of("bad.json")), EX_DATAERR, "(1 of 3 messages refused)", "");
		buf_free(&file);
	}
}

static void
test_lossy(void **state)
{
	static const char gbk[] = "{\"title\":\"\xbb\xf0\xd4\xd6\xbb\xf0\xd4\xd6\xb1\xa8\xb8\xe6\xbb\xf0\xd4\"}\n";

	(void)state;
	(void)put_file("l.json", gbk, sizeof gbk - 1);
	expect(RUN("convert", "--charset", "gbk", "--to", "json", path_of("l.json")), EX_DATAERR, NULL,
	    ":1: title: half a character at byte 25");
	expect(RUN("convert", "--charset", "gbk", "--lossy", "--to", "json", path_of("l.json")), 1,
	    "火灾火灾报告火\xef\xbf\xbd\"", "1 in all became U+FFFD");
}

static void
test_output_charset(void **state)
{
	static const char rare[] = "{\"title\":\"=\xf0\xa0\xae\xb7\"}\n";

	(void)state;
	(void)put_file("r.json", rare, sizeof rare - 1);
	expect(RUN("convert", "--to", "csv", "--output-charset", "gbk", path_of("r.json")), 1, "'=[U+20BB7]",
	    "1 characters are not in GBK");
	expect(RUN("convert", "--to", "csv", "--bom", path_of("r.json")), 1, "\xef\xbb\xbfkind,", "formulas");
	expect(RUN("convert", "--to", "json", "--bom", path_of("r.json")), EX_USAGE, NULL, "bom");
	expect(RUN("convert", "--to", "csv", "--bom", "--output-charset", "gbk", path_of("r.json")), EX_USAGE, NULL,
	    "GBK has no byte order mark");
}

static void
test_refusals(void **state)
{
	(void)state;
	(void)put_file("good.json", GOOD, sizeof GOOD - 1);
	expect(RUN("convert", path_of("good.json")), EX_USAGE, NULL, "to: which format?");
	expect(RUN("convert", "--to", "pdf", path_of("good.json")), EX_USAGE, NULL, "to: ");
	expect(RUN("convert", "--to", "report-jsonl", path_of("good.json")), EX_USAGE, NULL, "read only");
	expect(RUN("convert", "--from", "csv", "--to", "json", path_of("good.json")), EX_USAGE, NULL, "from: ");
	expect(RUN("convert", "--charset", "utf-7", "--to", "json", path_of("good.json")), EX_USAGE, NULL, "charset: ");
	expect(RUN("convert", "--to", "json", path_of("nowhere")), EX_NOINPUT, NULL, "nowhere");
	expect(RUN("convert", "--to", "json"), EX_DATAERR, NULL, "stdin: the file is empty");
	expect(RUN("convert", "--to", "json", put_file("x", "hello", 5)), EX_DATAERR, NULL, "looks like none");
	expect(RUN("convert", "--to", "json", put_file("x", "{\n", 2)), EX_DATAERR, NULL, "x:1: ");
	expect(RUN("convert", "--from", "json", "--to", "csv", put_file("x", " \n\n", 3)), EX_DATAERR, NULL,
	    "holds no message");
	expect(RUN("convert", "--to", "json", put_file("x", "\xa1\x18", 2)), EX_DATAERR, NULL, "x:1: ");
	expect(RUN("convert", "--to", "json", put_file("x", "\xa1\x09\x01\xa2", 4)), EX_DATAERR, "\"stage\":\"first\"",
	    "x:2: ");
	expect(RUN("convert", "--to", "json", put_file("x", "<!DOCTYPE a [<!ENTITY b \"c\">]><a/>", 34)), EX_DATAERR,
	    NULL, "x:1: ");
}

/* What is needed and missing, and what is not understood, is warned of and carried all the same. */
static void
test_warned(void **state)
{
	(void)state;
	expect(RUN("convert", "--to", "json", put_file("w", "{\"kind\":\"report\",\"dead\":\"?\"}", 28)), 1,
	    "\"dead\":\"?\"", "a station would not send this");
	expect(RUN("convert", "--to", "json", put_file("w", "\xa2\x01\x11\x19\xea\x61\x01", 7)), 1,
	    "\"unknown\":{\"60001\":\"01\"}", "must be understood");
}

static void
test_export_line(void **state)
{
	static const char line[] = "{\"id\":\"x\",\"digest\":\"00\",\"body\":{\"stage\":\"first\"}}\n";

	(void)state;
	expect(RUN("convert", "--to", "json", put_file("e", line, sizeof line - 1)), 1, "{\"stage\":\"first\"}",
	    "digest: is not that of the message");
}

/* The files of the data set, as labelled. */
static void
test_check_index(void **state)
{
	char dirname[512], path[1024], want[8], verdict[1200];
	struct fault f = { 0 };
	struct tsv *t;

	(void)state;
	(void)snprintf(dirname, sizeof dirname, "%s", data_file("cap"));
	(void)snprintf(path, sizeof path, "%s/INDEX.tsv", dirname);
	t = tsv_load(path, &f);
	assert_non_null(t);
	assert_true(tsv_rows(t) >= 94);
	for (size_t i = 0; i < tsv_rows(t); i++) {
		const char *file = tsv_get(t, i, "file"), *label = tsv_get(t, i, "suggested_import");
		struct ran r;

		(void)snprintf(want, sizeof want, "%s",
		    strcmp(label, "accept") == 0 ? "accept" : strcmp(label, "reject") == 0 ? "reject" : "warn");
		(void)snprintf(path, sizeof path, "%s/%s", dirname, file);
		(void)snprintf(verdict, sizeof verdict, "%s\t%s\t", want, path);
		r = RUN("check", path);
		if (strncmp(buf_cstr(&r.out), verdict, strlen(verdict)) != 0 || r.err.n > 0 ||
		    strchr((const char *)r.out.p, '\n') != (const char *)r.out.p + r.out.n - 1 ||
		    r.rc != (want[0] == 'a' ? EX_OK : want[0] == 'w' ? 1 : EX_DATAERR))
			fail_msg("%s: %d, %s%s", verdict, r.rc, buf_cstr(&r.out), buf_cstr(&r.err));
		done(&r);
		r = RUN("convert", "--from", "cap", "--to", "json", path);
		assert_int_equal(r.rc, want[0] == 'a' ? EX_OK : want[0] == 'w' ? 1 : EX_DATAERR);
		assert_true((r.out.n > 0) == (want[0] != 'r'));
		done(&r);
	}
	tsv_free(t);
}

/* What is only lost on the way is no fault of the document: a check says nothing of it, a conversion does, and where
 * something is wrong both warn. */
static void
test_check_lossy(void **state)
{
#define OLD(area) \
	"<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.1\"><identifier>I</identifier><sender>s</sender>" \
	"<sent>2026-11-22T14:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>" \
	"<info><category>Met</category><event>E</event><urgency>Past</urgency><severity>Minor</severity>" \
	"<certainty>Likely</certainty><area><areaDesc>d</areaDesc>" area "</area></info></alert>"
	static const char lossy[] = OLD("<altitude>high</altitude>"), odd[] = OLD("<polygon>1,2</polygon>");

	(void)state;
	(void)put_file("lossy.xml", lossy, sizeof lossy - 1);
	(void)put_file("odd.xml", odd, sizeof odd - 1);
	expect(RUN("check", path_of("lossy.xml")), EX_OK, "accept\t", "");
	expect(RUN("convert", "--to", "json", path_of("lossy.xml")), EX_OK, "{", "altitude");
	expect(RUN("check", path_of("odd.xml")), 1, "warn\t", "");
	expect(RUN("convert", "--to", "json", path_of("odd.xml")), 1, "{", "four points");
#undef OLD
}

static void
test_check_several(void **state)
{
	struct ran r;

	(void)state;
	(void)put_file("good.json", GOOD, sizeof GOOD - 1);
	(void)put_file("a\tb\x1b", "x", 1);
	r = RUN("check", path_of("good.json"), path_of("nowhere"), path_of("a\tb\x1b"));
	assert_int_equal(r.rc, EX_NOINPUT);
	assert_non_null(strstr(buf_cstr(&r.out), "a\xef\xbf\xbd" "b\xef\xbf\xbd\t"));
	assert_int_equal(strncmp((const char *)r.out.p, "accept\t", 7), 0);
	done(&r);
	expect(RUN("check"), EX_USAGE, NULL, "which file?");
	expect(RUN("check", "--json", path_of("good.json")), EX_OK, "{\"verdict\":\"accept\",\"file\":", "");
}

/* The texts, without a station. */
static void
test_texts(void **state)
{
	struct ran r;

	(void)state;
	(void)put_file("q.json", GOOD, sizeof GOOD - 1);
	r = RUN("convert", "--to", "sms", path_of("q.json"));
	if (r.rc != 1 || strcmp(buf_cstr(&r.out), "A \xe7\x81\xab\xe7\x81\xbe\xe4\xba\x8b\xe6\x95\x85, "
	    "dead: unknown, missing: 0 persons. see the system\n") != 0 || strstr(buf_cstr(&r.err), "no room for: trapped") == NULL)
		fail_msg("%d %s%s", r.rc, buf_cstr(&r.out), buf_cstr(&r.err));
	done(&r);
	expect(RUN("convert", "--to", "sms", "--parts", path_of("q.json")), EX_OK, "(1/", "");
	expect(RUN("convert", "--to", "bulletin", "--self", "330225", "--exercise", path_of("q.json")), EX_OK, "[EXERCISE] DUTY BULLETIN", "");
	expect(RUN("convert", "--to", "bulletin", "--self", "330225", path_of("q.json")), EX_OK, "\xe8\xb1\xa1\xe5\xb1\xb1\xe5\x8e\xbf  ", "");
	expect(RUN("convert", "--to", "bulletin", "--kind", "special", path_of("q.json"), path_of("q.json")), EX_OK, "page 1 of 1\n\f ", "");
	expect(RUN("convert", "--to", "phone", "--self", "My Station", path_of("q.json")), EX_OK, "This is the duty room of My Station", "");
	expect(RUN("convert", "--to", "phone", path_of("q.json")), EX_OK, "Read-back code: ", "");
	expect(RUN("convert", "--to", "paste", path_of("q.json")), EX_OK, ":unknown\n", "");
	expect(RUN("convert", "--to", "paste", "--profile", "sample", path_of("q.json")), EX_OK, ":0 persons (reporting unit 14:10)\n", "");
	expect(RUN("convert", "--to", "paste", "--output-charset", "gbk", "--profile", "sample", path_of("q.json")), EX_OK, ":unknown\n", "");
	/* what a form does not take is a warning: a person must see it */
	(void)put_file("w", "{\"kind\":\"note\",\"text\":\"a\",\"signer\":\"a b c d e f g h i j k l m n o p q r s t u v\"}", 81);
	expect(RUN("convert", "--to", "paste", path_of("w")), 1, NULL, "cut, the form takes no more");
	/* an option for another format, and a form that is none */
	expect(RUN("convert", "--to", "paste", "--profile", "other", path_of("q.json")), EX_USAGE, NULL, "there are: sample");
	expect(RUN("convert", "--to", "json", "--profile", "sample", path_of("q.json")), EX_USAGE, NULL, "profile: is for paste");
	expect(RUN("convert", "--to", "json", "--self", "330225", path_of("q.json")), EX_USAGE, NULL, "self: is for");
	expect(RUN("convert", "--to", "json", "--exercise", path_of("q.json")), EX_USAGE, NULL, "exercise: is for");
	expect(RUN("convert", "--to", "sms", "--kind", "brief", path_of("q.json")), EX_USAGE, NULL, "kind: is for");
	expect(RUN("convert", "--to", "phone", "--parts", path_of("q.json")), EX_USAGE, NULL, "parts: is for");
	expect(RUN("convert", "--to", "bulletin", "--kind", "red", path_of("q.json")), EX_USAGE, NULL, "must be brief or special");
	expect(RUN("convert", "--to", "bulletin", "--self", "", path_of("q.json")), EX_USAGE, NULL, "which station?");
}

#define ALERT(id, status) "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>" id "</identifier>" \
	"<sender>s@x</sender><sent>2026-11-22T14:10:00+08:00</sent><status>" status "</status><msgType>Alert</msgType>" \
	"<scope>Public</scope></alert>"
#define FEED "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<entry>" ALERT("one", "Actual") \
	"</entry>\n<entry>" ALERT("two", "Nonsense") "</entry>\n<entry>" ALERT("three", "Exercise") "</entry></feed>"

/* Each alert of a feed is a message; one that is bad refuses itself, by the feed's line. */
static void
test_feed(void **state)
{
	static const char good[] = "<rss version=\"2.0\"><channel><item>" ALERT("one", "Actual") "</item></channel></rss>";
	struct ran r;
	size_t lines = 0;

	(void)state;
	(void)put_file("x", FEED, sizeof FEED - 1);
	r = RUN("convert", "--to", "json", path_of("x"));
	for (size_t i = 0; i < r.out.n; i++)
		lines += r.out.p[i] == '\n';
	if (r.rc != EX_DATAERR || lines != 2 || strstr(buf_cstr(&r.out), "s@x,one,") == NULL ||
	    strstr(buf_cstr(&r.out), "s@x,three,") == NULL || strstr(buf_cstr(&r.err), "x:4: status: ") == NULL ||
	    strstr(buf_cstr(&r.err), "taken 2, refused 1") == NULL)
		fail_msg("%d %s%s", r.rc, buf_cstr(&r.out), buf_cstr(&r.err));
	done(&r);
	expect(RUN("check", path_of("x")), EX_DATAERR, "(1 of 3 messages refused)", "");
	(void)put_file("x", good, sizeof good - 1);
	expect(RUN("check", path_of("x")), EX_OK, "accept\t", "");
	expect(RUN("convert", "--to", "cap", path_of("x")), EX_OK, "<identifier>one</identifier>", NULL);
	expect(RUN("convert", "--to", "json", put_file("x", "<feed><entry/></feed>", 21)), EX_DATAERR, NULL, "holds no alert");
}

/* Deep nesting is told before a parser goes down into it. */
static void
test_deep(void **state)
{
	struct buf deep = { 0 };

	(void)state;
	buf_puts(&deep, "{\"title\":");
	for (int i = 0; i < 10000; i++)
		buf_puts(&deep, "[");
	expect(RUN("convert", "--from", "json", "--to", "json", put_file("x", deep.p, deep.n)), EX_DATAERR, NULL,
	    ":1: nested deeper than 16 levels");
	/* brackets within a text are none */
	expect(RUN("convert", "--to", "json", put_file("x", "{\"title\":\"[[[[[[[[[[[[[[[[[[[[[[\\\"{{\"}", 38)), 1, "[[[[", NULL);
	buf_clear(&deep);
	for (int i = 0; i < 10000; i++)
		buf_puts(&deep, "<a>");
	expect(RUN("convert", "--to", "json", put_file("x", deep.p, deep.n)), EX_DATAERR, NULL, "x:1: ");
	buf_free(&deep);
}

static void
test_12379(void **state)
{
	static const char warning[] = "{\"kind\":\"warning\",\"title\":\"A\",\"type\":\"yjpt:11B03\",\"division\":\"div:330225\","
	    "\"colour\":\"red\",\"sent\":\"2026-11-22T14:10:00+08:00\",\"issuer\":\"B\",\"cap_status\":\"Actual\","
	    "\"cap_msgtype\":\"Alert\",\"area\":\"C\"}\n";
	struct ran r;

	(void)state;
	(void)put_file("w", warning, sizeof warning - 1);
	r = RUN("convert", "--to", "12379", path_of("w"));
	if ((r.rc != EX_OK && r.rc != 1) || strstr(buf_cstr(&r.out), "<senderCode>330225") == NULL)
		fail_msg("%d %s%s", r.rc, buf_cstr(&r.out), buf_cstr(&r.err));
	(void)put_file("x", r.out.p, r.out.n);
	done(&r);
	expect(RUN("convert", "--to", "json", path_of("x")), EX_OK, "\"colour\":\"red\"", NULL);	/* by its looks */
	expect(RUN("convert", "--from", "12379", "--to", "12379", path_of("x")), EX_OK, "<senderCode>330225", NULL);
	expect(RUN("check", path_of("x")), EX_OK, "accept\t", "");
	expect(RUN("convert", "--from", "cap", "--to", "json", path_of("x")), EX_DATAERR, NULL, "x:");
	(void)put_file("q.json", GOOD, sizeof GOOD - 1);
	expect(RUN("convert", "--to", "12379", path_of("q.json")), EX_DATAERR, NULL, "q.json:1: ");
}

#define EBRID "43301000000000103010101"

static void
test_ebd(void **state)
{
	static const char warning[] = "{\"kind\":\"warning\",\"title\":\"A\",\"type\":\"yjpt:11B03\",\"division\":\"div:330225\","
	    "\"colour\":\"red\",\"sent\":\"2026-11-22T14:10:00+08:00\",\"issuer\":\"B\",\"cap_status\":\"Actual\","
	    "\"cap_msgtype\":\"Alert\",\"area\":\"C\",\"brief\":\"D\",\"id\":\"330225.1763787393.17\"}\n";
	struct ran r;

	(void)state;
	(void)put_file("w", warning, sizeof warning - 1);
	expect(RUN("convert", "--to", "ebd", path_of("w")), EX_DATAERR, NULL, "resource codes are needed");
	expect(RUN("convert", "--to", "json", "--src", EBRID, path_of("w")), EX_USAGE, NULL, "src: is for ebd");
	r = RUN("convert", "--to", "ebd", "--src", EBRID, "--dest", EBRID, path_of("w"));
	if (r.rc != 1 || strstr(buf_cstr(&r.out), "<EBRID>" EBRID) == NULL)
		fail_msg("%d %s%s", r.rc, buf_cstr(&r.out), buf_cstr(&r.err));
	(void)put_file("x", r.out.p, r.out.n);
	done(&r);
	expect(RUN("convert", "--to", "json", path_of("x")), EX_OK, "\"colour\":\"red\"", NULL);	/* by its looks */
	expect(RUN("convert", "--from", "ebd", "--to", "ebd", path_of("x")), EX_OK, "<EBRID>" EBRID, NULL);
	expect(RUN("convert", "--to", "ebd", path_of("x"), path_of("x")), EX_DATAERR, NULL, "one is written already");
	expect(RUN("check", path_of("x")), EX_OK, "accept\t", "");
}

static void
test_codes(void **state)
{
	static const struct {
		const char *query, *first;	/* code of the first line */
	} cases[] = {{"12G00", "yjpt:12G00"}, {"yjpt:12g00", "yjpt:12G00"}, {"火灾事故", "yjpt:12G00"},
	    {"hzsg", "yjpt:12G00"}, {"象山", "div:330225"}, {"xsx", "div:330225"}, {"div:330225", "div:330225"},
	    {"330225102", "div:330225102"}, {"西周镇", "div:330225102"}, {"ｘｓｘ", "div:330225"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ran r = RUN("codes", cases[i].query);
		const char *line = strchr(buf_cstr(&r.out), '\n');

		if (r.rc != EX_OK || line == NULL || strncmp(line + 1, cases[i].first, strlen(cases[i].first)) != 0 ||
		    line[1 + strlen(cases[i].first)] != ' ')
			fail_msg("%s: %d, %.300s%s", cases[i].query, r.rc, buf_cstr(&r.out), buf_cstr(&r.err));
		done(&r);
	}
	expect(RUN("codes", "--json", "330225"), EX_OK, "{\"code\":\"div:330225\",\"kind\":\"division\",", NULL);
	expect(RUN("codes", "象山", "火灾"), EX_NOINPUT, NULL, "no event type");
	expect(RUN("codes", "高层", "火灾"), EX_OK, "12G04", "");
	expect(RUN("codes", "--limit", "1", "火"), EX_OK, NULL, "more match");
	expect(RUN("codes"), EX_USAGE, NULL, "which code");
	expect(RUN("codes", "\x1b[2J"), EX_USAGE, NULL, "plain text");
	expect(RUN("codes", "%s%n"), EX_NOINPUT, NULL, NULL);
}

static int
set_up(void **state)
{
	(void)state;
	i18n_init("en");
	if (getenv("DUTYDESK_CONF") == NULL)
		(void)setenv("DUTYDESK_CONF", "conf", 1);
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "out", "err", "a.json", "a.wire", "b.json", "b.wire", "gb.json", "16.json",
		"q.json", "q.wire", "q.cap", "bad.json", "l.json", "r.json", "good.json", "lossy.xml", "odd.xml",
		"x", "w", "e", "a\tb\x1b" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unlink(path_of(names[i]));
	codebook_free(ctl.codebook);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_thousand),
	    cmocka_unit_test(test_unknown_stays),
	    cmocka_unit_test(test_bad_lines),
	    cmocka_unit_test(test_lossy),
	    cmocka_unit_test(test_output_charset),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_warned),
	    cmocka_unit_test(test_export_line),
	    cmocka_unit_test(test_check_index),
	    cmocka_unit_test(test_check_lossy),
	    cmocka_unit_test(test_check_several),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_feed),
	    cmocka_unit_test(test_deep),
	    cmocka_unit_test(test_12379),
	    cmocka_unit_test(test_ebd),
	    cmocka_unit_test(test_codes),
	};

	return cmocka_run_group_tests_name("convert", tests, set_up, tear_down);
}
