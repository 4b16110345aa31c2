#ifndef TESTS_UNIT_WARN12379_MAKE_H
#define TESTS_UNIT_WARN12379_MAKE_H
/*
 * Documents for the tests of the 12379 warning XML, and what must hold of each that is taken.
 *
 * Round trips are compared canonically: the elements in order with their texts, without blanks at the ends, taken from
 * the two documents by a walk of the test's own, not by the reader under test.
 */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include "../lib/wiretrip.h"
#include "../../formats/buf.h"
#include "../../formats/check.h"
#include "../../formats/conf.h"
#include "../../formats/limits.h"
#include "../../formats/warn12379.h"

#define NOW INT64_C(1795327800000) /* 2026-11-22T14:10:00+08:00 */
#define ID "33022541600000_20261122140000"
#define ID_AND_SENDER                                                                                                  \
	"<identifier>" ID "</identifier><sender>象山县气象局</sender><senderCode>33022541600000</senderCode>"
#define TIME "<sendTime>2026-11-22 14:00:00+08:00</sendTime>"
#define LIVE "<status>Actual</status><msgType>Alert</msgType>"
#define HEAD ID_AND_SENDER TIME LIVE "<scope>Public</scope>"
#define WORDS "<urgency>Expected</urgency><severity>Orange</severity><certainty>Likely</certainty>"
#define TIMES                                                                                                          \
	"<effective>2026-11-22 14:00:00+08:00</effective><onset>2026-11-22 15:00:00+08:00</onset>"                     \
	"<expires>2026-11-23 14:00:00+08:00</expires>"
#define TEXTS                                                                                                          \
	"<senderName>象山县气象台</senderName><headline>象山县气象台发布暴雨橙色预警</headline>"   \
	"<description>过去3小时雨量已达50毫米。</description><instruction>停止户外作业。</instruction>"
#define AREA(more) "<area><areaDesc>象山县西周镇</areaDesc>" more "</area>"
#define GEO "<geocode>330225102000</geocode>"
#define INFO(more) "<info><language>zh-CN</language><eventType>11B03</eventType>" WORDS TIMES TEXTS more "</info>"
#define DOC(more) "<alert>" HEAD INFO(more) "</alert>"

static struct codebook *cb;

static inline int
setup(void **state)
{
	char conf[3072];
	struct fault f = {0};

	(void)state;
	return conf_dir(conf, sizeof(conf), &f) == NULL || (cb = codebook_load(conf, &f)) == NULL ? -1 : 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	codebook_free(cb);
	return 0;
}

static inline bool
has_remark(const struct body *b, const char *part)
{
	for (const struct value *v = body_first(b, F_REMARKS); v != NULL; v = body_next(b, v))
		if (strstr(v->u.text.s, part) != NULL)
			return true;
	return false;
}

static inline bool
has_kept(const struct body *b, const char *value)
{
	for (const struct value *v = body_first(b, F_EXTENSION); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, value) == 0)
			return true;
	return false;
}

static inline void
read_len(const void *p, size_t n, struct warn12379 *w)
{
	struct fault f = {0};
	char why[1024];
	uint8_t digest[DIGEST_LEN];

	if (warn12379_read(p, n, cb, NOW, w, &f) == -1)
		fail_msg("%s", fault_format(&f, why, sizeof(why)));
	assert_int_equal(check_body(w->body, NULL, &f), 0);
	assert_int_equal(check_body(w->body, cb, &f), 0);
	assert_int_equal(body_enum(w->body, F_KIND), w->fate == WARN12379_LOG ? KIND_LOG : KIND_WARNING);
	digest_of(p, n, digest);
	assert_memory_equal(body_first(w->body, F_ORIGINAL)->u.digest, digest, sizeof(digest));
	wiretrip(w->body, BODY_MAX - 8192);
}

static inline void
read_ok(const char *xml, struct warn12379 *w)
{
	read_len(xml, strlen(xml), w);
}

/* ---- canonical comparison ---- */

static inline void
canonical_node(const xmlNode *n, struct buf *out, int depth)
{
	for (; n != NULL; n = n->next) {
		const xmlNode *c;
		xmlChar *text;
		char *s;
		size_t len;

		if (n->type != XML_ELEMENT_NODE)
			continue;
		buf_printf(out, "%d %s", depth, (const char *)n->name);
		for (c = n->children; c != NULL && c->type != XML_ELEMENT_NODE;)
			c = c->next;
		if (c == NULL) {
			text = xmlNodeGetContent(n);
			s = (char *)text + strspn((char *)text, " \t\r\n");
			len = strlen(s);
			while (len > 0 && strchr(" \t\r\n", s[len - 1]) != NULL)
				len--;
			buf_puts(out, "=");
			buf_put(out, s, len);
			xmlFree(text);
		}
		buf_puts(out, "\n");
		canonical_node(n->children, out, depth + 1);
	}
}

static inline void
canonical(const void *p, size_t n, struct buf *out)
{
	xmlDoc *doc = xmlReadMemory(p, (int)n, "x", NULL, XML_PARSE_NONET | XML_PARSE_HUGE);

	if (doc == NULL)
		fail_msg("libxml2 cannot read: %.*s", (int)(n > 2000 ? 2000 : n), (const char *)p);
	canonical_node(xmlDocGetRootElement(doc), out, 0);
	xmlFreeDoc(doc);
}

static inline void
there_and_back(const void *p, size_t n)
{
	struct buf out = {0}, was = {0}, is = {0}, told = {0}, again = {0};
	struct warn12379 w, second;
	struct fault f = {0};
	char why[1024];

	read_len(p, n, &w);
	if (warn12379_write(w.body, cb, &out, &told, &f) == -1)
		fail_msg("%s", fault_format(&f, why, sizeof(why)));
	assert_int_equal(told.n, 0);
	canonical(p, n, &was);
	canonical(out.p, out.n, &is);
	assert_string_equal(buf_cstr(&was), buf_cstr(&is));
	read_len(out.p, out.n, &second);
	assert_int_equal(warn12379_write(second.body, NULL, &again, NULL, &f), 0);
	assert_int_equal(out.n, again.n);
	assert_memory_equal(out.p, again.p, out.n);
	warn12379_free(&w);
	warn12379_free(&second);
	buf_free(&out);
	buf_free(&was);
	buf_free(&is);
	buf_free(&told);
	buf_free(&again);
}

#endif
