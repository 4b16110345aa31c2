/*
 * From bytes to UTF-8 text that an XML parser may safely be given.
 *
 * Decoding is done here and not by the parser, for two reasons.  The encodings a document may ask for are a list of
 * ours: the C library knows some hundred and fifty, and the odd ones have had holes.  And the limits below must be
 * measured on characters: a parser compares each attribute of an element with each other and takes hours over a
 * million of them, before it tells us anything.
 *
 * The walk over the markup knows just enough of XML to find tags.  What is broken in other ways it may read otherwise
 * than the parser does; but the parser gives up at its first error and is fed in small pieces (cap_xml.c), so that
 * nothing behind the break is looked at.
 */
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"
#include "text.h"

#define DECL_MAX 512 /* bytes within which an XML declaration ends */
#define CHARSET_MAX 40

struct charset {
	const char *name;  /* as declared, any case */
	const char *iconv; /* NULL: UTF-8 or a part of it */
};

/* GB 2312 and GBK are read as the standard that contains both: many a document says the one and holds the other. */
static const struct charset charsets[] = {
    {"utf-8", NULL},
    {"utf8", NULL},
    {"us-ascii", NULL},
    {"ascii", NULL},
    {"gb18030", "GB18030"},
    {"gbk", "GB18030"},
    {"gb2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"euc-cn", "GB18030"},
    {"cp936", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5-hkscs", "BIG5-HKSCS"},
    {"iso-8859-1", "ISO-8859-1"},
    {"latin1", "ISO-8859-1"},
    {"latin-1", "ISO-8859-1"},
    {"iso_8859-1", "ISO-8859-1"},
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-9", "ISO-8859-9"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-15", "ISO-8859-15"},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"windows-1252", "CP1252"},
    {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"},
    {"windows-1255", "CP1255"},
    {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},
    {"cp1250", "CP1250"},
    {"cp1251", "CP1251"},
    {"cp1252", "CP1252"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"shift_jis", "SHIFT_JIS"},
    {"euc-jp", "EUC-JP"},
    {"euc-kr", "EUC-KR"},
};

static int choose(const uint8_t *, size_t, const char **charset, size_t *skip, struct fault *);
static int declared(const uint8_t *, size_t, const char **charset, struct fault *);
static int decode(const char *charset, const uint8_t *, size_t, struct buf *, struct fault *);
static int walk(const char *, size_t, struct fault *);
static const char *close_of(const char *, const char *end, const char *mark);
static const char *tag_end(const char *, const char *end, size_t *attrs, bool *empty);
static int refuse(const char *text, const char *at, struct fault *);

static bool
begins(const uint8_t *p, size_t n, const char *s, size_t len)
{
	return n >= len && memcmp(p, s, len) == 0;
}

/* By byte order mark, else by the look of the first characters, else by declaration (XML 1.0, appendix F). */
static int
choose(const uint8_t *p, size_t n, const char **charset, size_t *skip, struct fault *f)
{
	*charset = NULL;
	*skip = 0;
	if (begins(p, n, "\xef\xbb\xbf", 3)) {
		*skip = 3;
		return 0;
	}
	if (begins(p, n, "\xff\xfe\0\0", 4) || begins(p, n, "\0\0\xfe\xff", 4) || begins(p, n, "<\0\0\0", 4) ||
	    begins(p, n, "\0\0\0<", 4))
		return fault_set(f, EX_DATAERR, "", _("the encoding %s is not read"), "UTF-32");
	if (begins(p, n, "\xff\xfe", 2) || begins(p, n, "\xfe\xff", 2)) {
		*charset = p[0] == 0xff ? "UTF-16LE" : "UTF-16BE";
		*skip = 2;
		return 0;
	}
	if (begins(p, n, "<\0", 2) || begins(p, n, "\0<", 2)) {
		*charset = p[0] == '<' ? "UTF-16LE" : "UTF-16BE";
		return 0;
	}
	return declared(p, n, charset, f);
}

/* The charset of <?xml ... encoding="..."?>; what is wrong with the declaration otherwise is the parser's to say. */
static int
declared(const uint8_t *p, size_t n, const char **charset, struct fault *f)
{
	const char *s = (const char *)p, *end, *e;
	char name[CHARSET_MAX];
	size_t len;

	if (!begins(p, n, "<?xml", 5))
		return 0;
	end = memmem(s, n < DECL_MAX ? n : DECL_MAX, "?>", 2);
	if (end == NULL || (e = memmem(s, (size_t)(end - s), "encoding", 8)) == NULL)
		return 0;
	e += 8;
	while (e < end && strchr(" \t\r\n=", *e) != NULL && *e != '\0')
		e++;
	if (e == end || (*e != '"' && *e != '\''))
		return 0;
	e++;
	for (len = 0; e + len < end && e[len] != '"' && e[len] != '\'' && len < sizeof(name) - 1; len++)
		name[len] = e[len];
	name[len] = '\0';
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (strcasecmp(charsets[i].name, name) == 0) {
			*charset = charsets[i].iconv;
			return 0;
		}
	(void)fault_set(f, EX_DATAERR, "", _("the encoding %s is not read"), name);
	fault_at(f, NULL, 1);
	return -1;
}

static int
decode(const char *charset, const uint8_t *p, size_t n, struct buf *out, struct fault *f)
{
	iconv_t cd = iconv_open("UTF-8", charset);
	char *in = (char *)(uintptr_t)p;
	size_t left = n;
	bool more = true;
	int rc = 0;

	if (cd == (iconv_t)-1)
		return fault_set(f, EX_UNAVAILABLE, "", _("the encoding %s is not known to this system"), charset);
	while (more) {
		char piece[8192], *to = piece;
		size_t room = sizeof(piece);

		if (iconv(cd, &in, &left, &to, &room) != (size_t)-1) {
			/* in shift encodings something may be left to say */
			more = false;
			(void)iconv(cd, NULL, NULL, &to, &room);
		} else if (errno != E2BIG) {
			rc = fault_set(f, EX_DATAERR, "", _("is not %s (byte %zu)"), charset, n - left + 1);
			break;
		}
		buf_put(out, piece, (size_t)(to - piece));
	}
	(void)iconv_close(cd);
	return rc;
}

static int
refuse(const char *text, const char *at, struct fault *f)
{
	size_t line = 1;

	for (const char *p = text; (p = memchr(p, '\n', (size_t)(at - p))) != NULL; p++)
		line++;
	fault_at(f, NULL, line);
	return -1;
}

static int
cut_off(const char *text, const char *at, struct fault *f)
{
	(void)fault_set(f, EX_DATAERR, "", _("not well-formed: the document ends within what begins here"));
	return refuse(text, at, f);
}

/* Behind the closing mark, all of which end in '>'; NULL when there is none. */
static const char *
close_of(const char *p, const char *end, const char *mark)
{
	size_t len = strlen(mark);

	for (const char *q = p; (q = memchr(q, '>', (size_t)(end - q))) != NULL; q++)
		if ((size_t)(q - p) >= len - 1 && memcmp(q - (len - 1), mark, len) == 0)
			return q + 1;
	return NULL;
}

/* Behind the '>' that ends the start tag at p; NULL when there is none within bounds. */
static const char *
tag_end(const char *p, const char *end, size_t *attrs, bool *empty)
{
	const char *q;

	*attrs = 0;
	for (q = p + 1; q < end; q++) {
		if (*q == '"' || *q == '\'') {
			q = memchr(q + 1, *q, (size_t)(end - q - 1));
			if (q == NULL)
				return NULL;
		} else if (*q == '=') {
			++*attrs;
		} else if (*q == '>') {
			*empty = q[-1] == '/';
			return q + 1;
		}
	}
	return NULL;
}

static int
walk(const char *s, size_t n, struct fault *f)
{
	static const struct {
		const char *open, *close;
	} skips[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
	const struct limits *max = limits_get();
	const char *p = s, *end = s + n, *q, *limit;
	size_t depth = 0, elements = 0, attrs;
	bool empty;

next:
	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		for (size_t i = 0; i < sizeof(skips) / sizeof(skips[0]); i++) {
			size_t len = strlen(skips[i].open);

			if ((size_t)(end - p) >= len && memcmp(p, skips[i].open, len) == 0) {
				q = close_of(p + len, end, skips[i].close);
				if (q == NULL)
					return cut_off(s, p, f);
				p = q;
				goto next;
			}
		}
		if (end - p >= 2 && p[1] == '!') {
			(void)fault_set(f, EX_DATAERR, "", _("document type declarations are refused"));
			return refuse(s, p, f);
		}
		if (end - p >= 2 && p[1] == '/') {
			depth -= depth > 0;
			p++;
			continue;
		}
		limit = (size_t)(end - p) > max->cap_tag_bytes ? p + max->cap_tag_bytes : end;
		q = tag_end(p, limit, &attrs, &empty);
		if (attrs > max->cap_attrs) {
			(void)fault_set(
			    f, EX_DATAERR, "", _("an element has more than %zu attributes"), max->cap_attrs);
			return refuse(s, p, f);
		}
		if (q == NULL && limit < end) {
			(void)fault_set(f, EX_DATAERR, "", _("a tag is longer than %zu bytes"), max->cap_tag_bytes);
			return refuse(s, p, f);
		}
		if (q == NULL)
			return cut_off(s, p, f);
		if (++elements > max->xml_nodes) {
			(void)fault_set(f, EX_DATAERR, "", _("there are more than %zu elements"), max->xml_nodes);
			return refuse(s, p, f);
		}
		if (!empty && ++depth > max->cap_depth) {
			(void)fault_set(f, EX_DATAERR, "", _("elements are nested more than %zu deep"), max->cap_depth);
			return refuse(s, p, f);
		}
		p = q;
	}
	return 0;
}

int
cap_scan(const uint8_t *p, size_t n, struct buf *out, struct fault *f)
{
	const char *charset, *text;
	size_t skip, bad;

	if (choose(p, n, &charset, &skip, f) == -1)
		return -1;
	if (charset == NULL)
		buf_put(out, p + skip, n - skip);
	else if (decode(charset, p + skip, n - skip, out, f) == -1)
		return -1;
	text = out->n == 0 ? "" : (const char *)out->p;
	if (!text_utf8_valid(text, out->n, &bad)) {
		(void)fault_set(f, EX_DATAERR, "", _("is not %s (byte %zu)"), "UTF-8", bad + skip + 1);
		return refuse(text, text + bad, f);
	}
	if (out->n > 0 && memchr(text, '\0', out->n) != NULL) {
		(void)fault_set(f, EX_DATAERR, "", _("holds a NUL character"));
		return refuse(text, memchr(text, '\0', out->n), f);
	}
	return walk(text, out->n, f);
}
