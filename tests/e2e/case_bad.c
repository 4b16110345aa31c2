/*
 * Bad input: refused with the field and the reason, nothing half-stored, the caller's input intact.  Once through dutyctl, as a
 * person types it, and once over the desk socket, as a program might send it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "e2e.h"

static json_int_t
chain_of(struct station_proc *s)
{
	json_t *v = st_verify(s);
	json_int_t n = json_integer_value(json_object_get(v, "chain"));

	json_decref(v);
	return n;
}

/* Refused: the status, the field's name in the message, no word on standard output. */
static void
refused(const char *what, struct output *o, int status, const char *field)
{
	ST_CHECK(o->status == status, "%s: wanted status %d: %s", what, status, output_text(o));
	ST_CHECK(strstr(buf_cstr(&o->err), field) != NULL, "%s: the message does not name %s: %s", what, field, output_text(o));
	for (size_t i = 0; i < o->err.n; i++)
		ST_CHECK(o->err.p[i] >= ' ' || o->err.p[i] == '\n', "%s: a control character in the message", what);
	output_free(o);
}

static void
typed(struct e2e *e, const char *incident)
{
	struct station_proc *town = &e->st.s[TOWN];
	struct output o;

#define SUBMIT(what, field, status, ...) do { \
	st_ctl(town, NULL, 0, &o, "submit", "--place", "西周镇", "--learned", "2026-01-02T03:04+08:00", "--brief", "试", __VA_ARGS__, NULL); \
	refused(what, &o, status, field); } while (0)
	SUBMIT("unknown station", "to", EX_NOHOST, "--title", "t", "--type", "12G00", "--to", "999999");
	SUBMIT("no station code", "to", EX_DATAERR, "--title", "t", "--type", "12G00", "--to", "33-02-25!");
	SUBMIT("unknown code", "type", EX_DATAERR, "--title", "t", "--type", "ZZZ99");
	SUBMIT("wrong grade name", "grade", EX_DATAERR, "--title", "t", "--type", "12G00", "--grade", "VII");
	SUBMIT("invalid UTF-8", "title", EX_DATAERR, "--type", "12G00", "--title", "\xe8\xa5\xbf\xff\xfe");
	SUBMIT("half a character", "title", EX_DATAERR, "--type", "12G00", "--title", "\xe8\xa5");
	SUBMIT("control character", "title", EX_DATAERR, "--type", "12G00", "--title", "a\033[2Jb");
	SUBMIT("negative count", "dead", EX_DATAERR, "--title", "t", "--type", "12G00", "--dead=-1");
	SUBMIT("too large a count", "dead", EX_DATAERR, "--title", "t", "--type", "12G00", "--dead", "99999999999999999999999999");
	SUBMIT("no time", "occurred", EX_DATAERR, "--title", "t", "--type", "12G00", "--occurred", "2026-02-30 25:61");
	SUBMIT("no field", "colonel", EX_USAGE, "--title", "t", "--type", "12G00", "--colonel", "x");
#undef SUBMIT
	st_ctl(town, NULL, 0, &o, "grade", incident, "V", "--reason", "r", "--author", "a", NULL);
	refused("wrong grade name", &o, EX_DATAERR, "grade");
	st_ctl(town, NULL, 0, &o, "ack", incident, "--as", "accepted", "--person", "a", NULL);
	refused("wrong receipt", &o, EX_DATAERR, "as");
	st_ctl(town, NULL, 0, &o, "show", "9999-999", NULL);
	ST_CHECK(o.status != 0 && o.err.n > 0, "an unknown incident: %s", output_text(&o));
	output_free(&o);
}

static void
line(struct station_proc *s, const char *what, const char *text, size_t len, const char *field, const char *dir)
{
	char path[400];
	struct buf before = { 0 }, after = { 0 };
	struct output o;

	/* As a file, which must be left alone, and as a stream. */
	(void)snprintf(path, sizeof path, "%s/input.jsonl", dir);
	buf_put(&before, text, len);
	file_write(path, text, len);
	st_ctl(s, NULL, 0, &o, "submit", "--jsonl", path, NULL);
	refused(what, &o, EX_DATAERR, field);
	file_read(path, &after);
	ST_CHECK(before.n == after.n && memcmp(before.p, after.p, before.n) == 0, "%s: the input was changed", what);
	st_ctl(s, text, len, &o, "submit", "--jsonl", "-", NULL);
	refused(what, &o, EX_DATAERR, field);
	buf_free(&before);
	buf_free(&after);
}

static void
lines(struct e2e *e)
{
#define HEAD "{\"kind\":\"report\",\"place\":\"西周镇\",\"type\":\"12G00\",\"learned\":\"2026-01-02T03:04:00+08:00\","
	static const struct { const char *what, *text, *field; } cases[] = {
		{ "truncated JSON", HEAD "\"title\":\"西周", "title" },
		{ "truncated JSON", HEAD "\"brief\":\"x\",\"title\":", "title" },
		{ "no JSON", "hello\n", "1" },
		{ "no object", "[1,2]\n", "1" },
		{ "invalid UTF-8", HEAD "\"title\":\"\xff\xfe\"}\n", "title" },
		{ "negative count", HEAD "\"title\":\"t\",\"dead\":-1}\n", "dead" },
		{ "negative count", HEAD "\"title\":\"t\",\"dead\":{\"q\":\"about\",\"n\":-20}}\n", "dead" },
		{ "unknown code", HEAD "\"title\":\"t\",\"type\":\"ZZZ99\"}\n", "type" },
		{ "unknown code", "{\"kind\":\"report\",\"place\":\"p\",\"title\":\"t\",\"learned\":\"2026-01-02T03:04:00+08:00\",\"type\":\"ZZZ99\"}\n", "type" },
		{ "wrong grade name", HEAD "\"title\":\"t\",\"grade\":\"VII\"}\n", "grade" },
		{ "unknown member", HEAD "\"title\":\"t\",\"colonel\":1}\n", "colonel" },
		{ "wrong type", HEAD "\"title\":17}\n", "title" },
		{ "unknown kind", "{\"kind\":\"rumour\",\"title\":\"t\"}\n", "kind" },
	};
	struct station_proc *town = &e->st.s[TOWN];
	struct buf big = { 0 };
	struct output o;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		line(town, cases[i].what, cases[i].text, strlen(cases[i].text), cases[i].field, e->st.root);
	buf_puts(&big, HEAD "\"title\":\"t\",\"brief\":\"");
	while (big.n < (2u << 20))
		buf_puts(&big, "水位上涨");
	buf_puts(&big, "\"}\n");
	line(town, "a text of 2 MB", buf_cstr(&big), big.n, "brief", e->st.root);
	buf_free(&big);
	/* An unknown station among good lines: its line is named, the others are not held up. */
	{
		static const char mixed[] = HEAD "\"title\":\"t\",\"to\":\"999999\"}\n{\"kind\":\"log\",\"text\":\"好行\",\"rid\":\"good-line\"}\n";

		st_ctl(town, mixed, sizeof mixed - 1, &o, "submit", "--jsonl", "-", NULL);
		ST_CHECK(o.status == EX_DATAERR && strstr(buf_cstr(&o.err), "1: to: ") != NULL && strstr(buf_cstr(&o.out), "taken 1") != NULL,
		    "one bad line of two: %s", output_text(&o));
		output_free(&o);
	}
#undef HEAD
}

/* Over the socket, where no dutyctl has looked before. */
static void
raw(struct station_proc *s, const char *what, const char *member, json_t *value, const char *field)
{
	json_t *body = report_body("t"), *answer;
	struct fault f;
	char rid[33];

	(void)json_object_set_new(body, member, value);
	client_rid(rid);
	answer = st_try(s, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", "live", "body", body), NULL, 0, &f);
	ST_CHECK(answer == NULL, "%s was taken over the socket", what);
	ST_CHECK(strcmp(f.field, field) == 0 && f.text[0] != '\0', "%s over the socket: field '%s': %s", what, f.field, f.text);
}

static void
socketed(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	struct buf big = { 0 };

	raw(town, "an unknown station", "to", json_pack("[s]", "999999"), "to");
	raw(town, "an unknown code", "type", json_string("ZZZ99"), "type");
	raw(town, "a wrong grade name", "grade", json_string("VII"), "grade");
	raw(town, "a negative count", "dead", json_integer(-1), "dead");
	raw(town, "a negative count as text", "dead", json_string("-1"), "dead");
	raw(town, "a fraction of a person", "dead", json_real(0.5), "dead");
	raw(town, "an unknown member", "colonel", json_integer(1), "colonel");
	raw(town, "a wrong type", "title", json_integer(1), "title");
	raw(town, "a control character", "title", json_string("a\033b"), "title");
	raw(town, "an incident not known", "incident", json_string("330225102.1.1"), "incident");
	while (big.n < (2u << 20))
		buf_puts(&big, "水位上涨");
	raw(town, "a text of 2 MB", "brief", json_string(buf_cstr(&big)), "brief");
	buf_free(&big);
}

static void
ahead(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char when[40];
	struct output o;
	json_int_t chain = chain_of(town);

	(void)when_text(7200000, when);
	st_ctl(town, NULL, 0, &o, "submit", "--place", "西周镇", "--type", "12G00", "--title", "时钟", "--brief", "b", "--learned", when, NULL);
	refused("a time ahead", &o, EX_DATAERR, "learned");
	ST_CHECK(chain_of(town) == chain, "a time ahead: something was stored");
	st_ctl(town, NULL, 0, &o, "submit", "--place", "西周镇", "--type", "12G00", "--title", "时钟", "--brief", "b", "--learned", when, "--confirm",
	    NULL);
	ST_CHECK(o.status == 0, "a time ahead, confirmed: %s", output_text(&o));
	output_free(&o);
	/* From the wire it is never refused. */
	stations_settle(&e->st, 30000);
	ST_CHECK(st_each(county, "report", false, NULL, NULL) == 1 && st_status(county, "quarantine") == 0,
	    "the county did not take a report with a time ahead");
}

void
case_bad_input(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	char incident[80];
	json_int_t chain;
	json_t *a;

	stations_start(&e->st);
	a = st_submit(town, "live", json_pack("{s:s, s:s, s:s}", "kind", "intake", "title", "起火", "place", "西周镇"));
	(void)snprintf(incident, sizeof incident, "%s", text_of(a, "incident"));
	json_decref(a);
	chain = chain_of(town);
	typed(e, incident);
	ST_CHECK(chain_of(town) == chain, "refused on the command line, and yet something was stored");
	socketed(e);
	ST_CHECK(chain_of(town) == chain, "refused over the socket, and yet something was stored");
	lines(e);
	ST_CHECK(st_each(town, "", true, NULL, NULL) == 2, "refused lines, and yet something was stored");
	ahead(e);
	verify_all(e);
}
