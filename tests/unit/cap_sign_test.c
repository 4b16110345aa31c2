/*
 * Signed alerts: what fits is taken and said to fit, what was changed is refused, what cannot be judged is taken and
 * told.
 *
 * The documents are signed here, with a key made for the run, over texts that are their own canonical form: written out
 * by hand, so that the reader's canonical forms are judged by something else than themselves.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sysexits.h>
#include <time.h>
#include "../../formats/cap_write.h"
#include "cap_make.h"

#define DS "http://www.w3.org/2000/09/xmldsig#"
#define INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define BODY                                                                                                           \
	"<alert xmlns=\"" NS12 "\"><identifier>I1</identifier><sender>s@x.cn</sender>"                                 \
	"<sent>2026-11-22T14:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"   \
	"<info><category>Met</category><event>E</event><urgency>Expected</urgency><severity>Severe</severity>"         \
	"<certainty>Likely</certainty><headline>Evacuate 120 houses</headline>"                                        \
	"<description>one line only</description></info>%s</alert>"

static EVP_PKEY *key, *other;

static int
setup(void **state)
{
	key = EVP_RSA_gen(2048);
	other = EVP_RSA_gen(2048);
	return key == NULL || other == NULL ? -1 : cap_setup(state);
}

static int
teardown(void **state)
{
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return cap_teardown(state);
}

static char *
base64(const uint8_t *p, size_t n)
{
	char *s = xmalloc(4 * (n / 3 + 1) + 1);

	(void)EVP_EncodeBlock((unsigned char *)s, p, (int)n);
	return s;
}

static char *
number(const EVP_PKEY *k, const char *name)
{
	BIGNUM *bn = NULL;
	uint8_t bytes[512];
	int n;

	assert_int_equal(EVP_PKEY_get_bn_param(k, name, &bn), 1);
	n = BN_bn2bin(bn, bytes);
	BN_free(bn);
	return base64(bytes, (size_t)n);
}

struct signing {
	const char *body;      /* with %s where the signature goes; NULL: BODY */
	const char *uri;       /* attribute and all; NULL: URI="" */
	const char *transform; /* a further one; NULL: none */
	const char *method;    /* NULL: RSA with SHA-256 */
	const char *form;      /* NULL: inclusive */
	bool keyless, strange; /* no key; that of another */
};

/* The document, signed. */
static void
sign(const struct signing *s, struct buf *out)
{
	const char *body = s->body != NULL ? s->body : BODY, *hole = strstr(body, "%s");
	struct buf plain = {0}, info = {0}, sig = {0};
	uint8_t digest[32], value[512];
	unsigned dlen;
	size_t vlen = sizeof(value);
	char *d, *v, *n, *e;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	buf_put(&plain, body, (size_t)(hole - body));
	buf_puts(&plain, hole + 2);
	assert_int_equal(EVP_Digest(plain.p, plain.n, digest, &dlen, EVP_sha256(), NULL), 1);
	d = base64(digest, dlen);
	buf_printf(&info,
	    "<SignedInfo xmlns=\"" DS "\"><CanonicalizationMethod Algorithm=\"%s\"></CanonicalizationMethod>"
	    "<SignatureMethod Algorithm=\"%s\"></SignatureMethod><Reference%s><Transforms>"
	    "<Transform Algorithm=\"" DS "enveloped-signature\"></Transform>%s</Transforms>"
	    "<DigestMethod Algorithm=\"" SHA256
	    "\"></DigestMethod><DigestValue>%s</DigestValue></Reference></SignedInfo>",
	    s->form != NULL ? s->form : INCLUSIVE, s->method != NULL ? s->method : RSA_SHA256,
	    s->uri != NULL ? s->uri : " URI=\"\"", s->transform != NULL ? s->transform : "", d);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, value, &vlen, info.p, info.n), 1);
	v = base64(value, vlen);
	n = number(s->strange ? other : key, OSSL_PKEY_PARAM_RSA_N);
	e = number(s->strange ? other : key, OSSL_PKEY_PARAM_RSA_E);
	/* within the signature, SignedInfo does not say its namespace again */
	buf_printf(&sig, "<Signature xmlns=\"" DS "\"><SignedInfo>%s<SignatureValue>%s</SignatureValue>",
	    strchr(buf_cstr(&info), '>') + 1, v);
	if (!s->keyless)
		buf_printf(&sig,
		    "<KeyInfo><KeyValue><RSAKeyValue><Modulus>%s</Modulus><Exponent>%s</Exponent></RSAKeyValue></"
		    "KeyValue>"
		    "</KeyInfo>",
		    n, e);
	buf_puts(&sig, "</Signature>");
	buf_put(out, body, (size_t)(hole - body));
	buf_put(out, sig.p, sig.n);
	buf_puts(out, hole + 2);
	free(d), free(v), free(n), free(e);
	EVP_MD_CTX_free(ctx);
	buf_free(&plain), buf_free(&info), buf_free(&sig);
}

/* The first `from` becomes `to`; "" puts it in front. */
static void
change(struct buf *doc, const char *from, const char *to)
{
	struct buf out = {0};
	const char *s = buf_cstr(doc), *at = strstr(s, from);

	assert_non_null(at);
	buf_put(&out, s, (size_t)(at - s));
	buf_puts(&out, to);
	buf_puts(&out, at + strlen(from));
	buf_free(doc);
	*doc = out;
}

/* A new line and four blanks between every two tags, but within nothing that is empty. */
static void
lay_out(struct buf *doc)
{
	struct buf out = {0};
	bool ending = false;

	for (size_t i = 0; i + 1 < doc->n; i++) {
		buf_put_u8(&out, doc->p[i]);
		if (doc->p[i] == '<')
			ending = doc->p[i + 1] == '/';
		if (doc->p[i] == '>' && doc->p[i + 1] == '<' && (ending || doc->p[i + 2] != '/'))
			buf_puts(&out, "\n    ");
	}
	buf_put_u8(&out, doc->p[doc->n - 1]);
	buf_free(doc);
	*doc = out;
}

#define FITS "the content is what was signed"
#define LAID "its layout is not"

static void
verdicts(void **state)
{
	static const struct {
		const char *what;
		struct signing s;
		bool laid;
		const char *from, *to;	      /* changed after signing; NULL: nothing */
		const char *refused, *remark; /* why; or what is said */
	} cases[] = {
	    {"as signed", {0}, false, NULL, NULL, NULL, FITS " (line 1)"},
	    {"exclusive", {.form = EXCLUSIVE}, false, NULL, NULL, NULL, FITS " (line 1)"},
	    {"no URI at all", {.uri = ""}, false, NULL, NULL, NULL, FITS " (line 1)"},
	    {"a form for the content", {.transform = "<Transform Algorithm=\"" EXCLUSIVE "\"></Transform>"}, false,
		NULL, NULL, NULL, FITS " (line 1)"},
	    {"a figure", {0}, false, "Evacuate 120", "Evacuate 12", "not what was signed", NULL},
	    {"one letter", {0}, false, "one line", "one lime", "not what was signed", NULL},
	    {"a blank in a text", {0}, false, "one line only", "one line  only", "not what was signed", NULL},
	    {"severity", {0}, false, "Severe", "Minor", "not what was signed", NULL},
	    {"one element more", {0}, false, "</info>", "<contact>110</contact></info>", "not what was signed", NULL},
	    {"the digest", {0}, false, "<DigestValue>", "<DigestValue>AAAA", "does not fit", NULL},
	    {"the digest's method", {0}, false, "xmlenc#sha256", "xmlenc#sha512", "does not fit", NULL},
	    {"the value", {0}, false, "<SignatureValue>", "<SignatureValue>AAAA", "does not fit", NULL},
	    {"the value's bits nobody reads", {0}, false, "==</SignatureValue>", "\x01", "no base64", NULL},
	    {"the value is text", {0}, false, "<SignatureValue>", "<SignatureValue>!", "no base64", NULL},
	    {"no value", {0}, false, "<SignatureValue>", "<X/><SignatureValue>", NULL, FITS " (line 1)"},
	    {"another key", {.strange = true}, false, NULL, NULL, "does not fit", NULL},
	    {"no key", {.keyless = true}, false, NULL, NULL, NULL, "holds no key"},
	    {"a secret key", {.method = DS "hmac-sha1"}, false, NULL, NULL, NULL, "not known here " DS "hmac-sha1"},
	    {"a key of another kind", {.method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"}, false, NULL,
		NULL, NULL, "holds no key"},
	    {"a program",
		{.transform = "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"></Transform>"},
		false, NULL, NULL, NULL, "REC-xslt"},
	    {"a file", {.uri = " URI=\"file:///etc/passwd\""}, false, NULL, NULL, NULL, "something else file:"},
	    {"a page", {.uri = " URI=\"http://127.0.0.1:1/\""}, false, NULL, NULL, NULL, "something else http:"},
	    {"another element", {.uri = " URI=\"#x\""}, false, NULL, NULL, NULL, "something else #x"},
	    {"laid out", {0}, true, NULL, NULL, NULL, LAID},
	    {"laid out and changed", {0}, true, "120", "20", "not what was signed", NULL},
	    {"laid out and rewrapped", {0}, true, "one line only", "one\n      line only", NULL,
		"lines were broken anew"},
	    {"a style sheet", {0}, false, "<alert", "<?xml-stylesheet href='x'?>\n<alert", NULL, LAID},
	    {"rewrapped only", {0}, false, "one line only", "one\n      line only", "not what was signed", NULL},
	    {"a namespace more", {0}, false, "<alert", "<alert xmlns:a=\"urn:a\"", NULL, LAID},
	    {"a second one beside it", {0}, false, "</alert>", "<Signature xmlns=\"" DS "\"/></alert>", NULL,
		"not complete"},
	    {"a second one that is broken", {0}, false, "</Signature>", "</Signature>\x02", "does not fit", NULL},
	    {"an endless namespace", {.body = "<alert xmlns=\"" NS12 "\" xmlns:a=\"\x03\">" IDS LIVE "%s</alert>"},
		false, NULL, NULL, NULL, "too long a name"},
	};

	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf doc = {0};
		struct cap_alert a;
		struct fault f;
		int rc;

		sign(&cases[i].s, &doc);
		if (cases[i].laid)
			lay_out(&doc);
		if (cases[i].to != NULL && strcmp(cases[i].to, "\x01") == 0) {
			/* the last digit holds four bits that are no part of any byte */
			char *s = (char *)(uintptr_t)strstr(buf_cstr(&doc), cases[i].from);

			assert_non_null(strchr("AQgw", s[-1]));
			s[-1]++;
		} else if (cases[i].to != NULL && strstr(cases[i].to, "\x02") != NULL) {
			struct buf two = {0};
			const char *s = buf_cstr(&doc), *sig = strstr(s, "<Signature"), *end = strstr(s, "</alert>");

			buf_put(&two, s, (size_t)(end - s));
			buf_put(&two, sig, (size_t)(end - sig));
			buf_puts(&two, end);
			buf_free(&doc);
			doc = two;
			change(&doc, "<DigestValue>", "<DigestValue>BBBB");
		} else if (cases[i].from != NULL) {
			change(&doc, cases[i].from, cases[i].to);
		}
		if (strstr(buf_cstr(&doc), "\x03") != NULL) {
			char name[1001];

			memset(name, 'n', sizeof(name) - 1);
			name[sizeof(name) - 1] = '\0';
			change(&doc, "\x03", name);
		}
		rc = read_bytes(doc.p, doc.n, &a, &f);
		if ((rc == -1) != (cases[i].refused != NULL))
			fail_msg("%s: %s", cases[i].what, rc == -1 ? f.text : "taken");
		if (rc == -1) {
			if (strcmp(f.field, "Signature") != 0 || strstr(f.text, cases[i].refused) == NULL ||
			    f.code != EX_DATAERR || f.line == 0)
				fail_msg("%s: %s:%zu: %s", cases[i].what, f.field, f.line, f.text);
		} else if (!has_remark(a.body, cases[i].remark) ||
			   !has_remark(a.body, "the signature is not verified")) {
			fail_msg("%s: %s", cases[i].what, body_text(a.body, F_REMARKS));
		}
		cap_alert_free(&a);
		buf_free(&doc);
	}
	assert_int_equal(quiet_end(), 0);
}

/* Every character of a signed alert, changed: never taken as intact. */
static void
every_byte(void **state)
{
	struct buf doc = {0};
	struct cap_alert a;
	struct fault f;
	size_t end, caught = 0;

	(void)state;
	sign(&(struct signing){0}, &doc);
	end = (size_t)(strstr(buf_cstr(&doc), "<KeyInfo>") - (const char *)doc.p);
	quiet_begin();
	for (size_t i = 0; i < end; i++) {
		uint8_t was = doc.p[i];

		doc.p[i] = was == 'Q' ? 'R' : was == ' ' ? '_' : (uint8_t)(was ^ 1);
		if (read_bytes(doc.p, doc.n, &a, &f) == 0) {
			if (has_remark(a.body, FITS))
				fail_msg("byte %zu, %c for %c, is not noticed", i, doc.p[i], was);
			cap_alert_free(&a);
		} else if (strcmp(f.field, "Signature") == 0) {
			caught++;
		}
		doc.p[i] = was;
	}
	assert_int_equal(quiet_end(), 0);
	assert_true(caught > 300);
	buf_free(&doc);
}

static void
each(void *ctx, const void *p, size_t n, struct cap_alert *a, const struct fault *f)
{
	(void)p, (void)n, (void)f;
	*(int *)ctx += a == NULL ? 100 : has_remark(a->body, FITS) ? 1 : 10;
}

/* In a feed, and on the way out again. */
static void
carried(void **state)
{
	struct buf doc = {0}, feed = {0}, out = {0};
	struct fault f = {0};
	int score = 0;

	(void)state;
	sign(&(struct signing){0}, &doc);
	buf_printf(&feed,
	    "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:z=\"urn:z\">\n<entry><content>%s</content></entry>",
	    buf_cstr(&doc));
	assert_int_equal(cap_rewrite(doc.p, doc.n, &out, NULL, &f), 0);
	assert_null(strstr(buf_cstr(&out), "Signature"));
	change(&doc, "120", "121");
	buf_printf(&feed, "<entry><content>%s</content></entry></feed>", buf_cstr(&doc));
	assert_int_equal(cap_read_all(feed.p, feed.n, cb, NOW, each, &score, &f), 2);
	assert_int_equal(score, 101);
	buf_clear(&out);
	assert_int_equal(cap_rewrite(doc.p, doc.n, &out, NULL, &f), -1);
	assert_int_equal(out.n, 0);
	buf_free(&doc), buf_free(&feed), buf_free(&out);
}

/* Large documents with signatures that fit no form: every form is tried, and that must end soon. */
static void
costs(void **state)
{
	struct buf body = {0}, doc = {0};
	struct cap_alert a;
	struct fault f;
	clock_t began;
	double took;

	(void)state;
	buf_puts(&body,
	    "<c:alert xmlns:c=\"" NS12 "\"><c:identifier>I</c:identifier><c:sender>s</c:sender>"
	    "<c:sent>2026-11-22T14:00:00+08:00</c:sent><c:status>Actual</c:status><c:msgType>Alert</c:msgType>"
	    "<c:scope>Public</c:scope>");
	for (int i = 0; i < 200000; i++)
		buf_puts(&body, "<c:code>abcdefghi</c:code>\n");
	buf_puts(&body, "%s</c:alert>");
	sign(&(struct signing){.body = buf_cstr(&body)}, &doc);
	change(&doc, "abcdefghi", "abcdefghj");
	lay_out(&doc);
	began = clock();
	assert_int_equal(read_bytes(doc.p, doc.n, &a, &f), -1);
	took = (double)(clock() - began) / CLOCKS_PER_SEC;
	print_message("%zu bytes in %.2f s: %s\n", doc.n, took, f.text);
	assert_non_null(strstr(f.text, "not what was signed"));
	assert_true(took < 10 * SLOW);
	buf_free(&body), buf_free(&doc);
}

/* A certificate that names itself its signer can be judged without knowing anyone. */
static void
certificates(void **state)
{
	static const struct {
		const char *what, *refused; /* NULL: taken */
		size_t cut;		    /* bytes off its end */
		uint8_t flip;		    /* in the last byte of what is left */
	} table[] = {
	    {"as it was signed", NULL, 0, 0},
	    {"another signature", "certificate is not what was signed", 0, 1},
	    {"cut short", "certificate cannot be read", 5, 0},
	};
	static const struct signing plain = {.body = NULL};
	X509 *x = X509_new();
	unsigned char *der = NULL;
	int len;

	(void)state;
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
	assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
			     (const unsigned char *)"duty", -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(x, X509_get_subject_name(x)), 1);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	assert_true(len > 10);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t n = (size_t)len - table[i].cut;
		struct buf doc = {0}, out = {0};
		struct cap_alert a = {0};
		struct fault f = {0};
		const char *from, *to;
		char *text;
		int rc;

		der[n - 1] ^= table[i].flip;
		text = base64(der, n);
		der[n - 1] ^= table[i].flip;
		sign(&plain, &doc);
		from = strstr(buf_cstr(&doc), "<KeyValue>");
		to = strstr(from, "</KeyInfo>");
		buf_put(&out, doc.p, (size_t)(from - (const char *)doc.p));
		buf_printf(&out, "<X509Data><X509Certificate>%s</X509Certificate></X509Data>%s", text, to);
		rc = read_bytes(out.p, out.n, &a, &f);
		if ((rc == -1) != (table[i].refused != NULL))
			fail_msg("%s: %s", table[i].what, rc == 0 ? "taken" : f.text);
		if (rc == -1 && strstr(f.text, table[i].refused) == NULL)
			fail_msg("%s: %s", table[i].what, f.text);
		cap_alert_free(&a);
		buf_free(&doc);
		buf_free(&out);
		free(text);
	}
	OPENSSL_free(der);
	X509_free(x);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    quiet_test(verdicts),
	    quiet_test(every_byte),
	    quiet_test(certificates),
	    quiet_test(carried),
	    quiet_test(costs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
