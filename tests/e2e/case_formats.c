/*
 * Documents of neighbours through the command line: the life of a CAP and of a 12379 warning, answers to a message of ours, the
 * original bytes, also fetched from another station; and a message of every kind, seen with all its fields by whom it was sent to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "say.h"

#define SENDER "w@qx.xiangshan.example"

static void
write_text(struct e2e *e, const char *name, char path[400], const char *text)
{
	(void)snprintf(path, 400, "%s/%s", e->st.root, name);
	file_write(path, text, strlen(text));
}

/* A document of the neighbour's; references NULL: none; info: with one. */
static void
cap_file(struct e2e *e, char path[400], const char *sender, const char *id, const char *type, const char *refs, bool info,
    const char *headline)
{
	struct buf b = { 0 };
	char sent[40], expires[40], name[64];

	(void)when_text(-60000, sent);
	(void)when_text(7200000, expires);
	sent[19] = expires[19] = '\0';	/* whole seconds, offset again */
	buf_printf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\r\n"
	    "<identifier>%s</identifier><sender>%s</sender><sent>%.19s+08:00</sent><status>Actual</status><msgType>%s</msgType>"
	    "<scope>Public</scope>", id, sender, sent, type);
	if (strcmp(type, "Error") == 0)
		buf_puts(&b, "<note>number unreadable</note>");
	if (refs != NULL)
		buf_printf(&b, "<references>%s</references>", refs);
	if (info)
		buf_printf(&b, "<info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Expected</urgency>"
		    "<severity>Severe</severity><certainty>Likely</certainty><expires>%.19s+08:00</expires><headline>%s</headline>"
		    "<description>过去3小时雨量已达50毫米</description><area><areaDesc>西周镇</areaDesc></area></info>",
		    expires, headline);
	buf_puts(&b, "</alert>\r\n");
	(void)snprintf(name, sizeof name, "%s.xml", id);
	write_text(e, name, path, buf_cstr(&b));
	buf_free(&b);
}

/* What stands between <name> and </name>, the first. */
static void
element(const struct buf *b, const char *name, char *out, size_t size)
{
	char open[64], *at, *end;
	struct buf text = { 0 };

	buf_put(&text, b->p, b->n);
	(void)snprintf(open, sizeof open, "<%s>", name);
	at = strstr(buf_cstr(&text), open);
	ST_CHECK(at != NULL, "no %s in %.800s", open, buf_cstr(&text));
	at += strlen(open);
	end = strchr(at, '<');
	ST_CHECK(end != NULL && (size_t)(end - at) < size, "no end of %s", open);
	(void)snprintf(out, size, "%.*s", (int)(end - at), at);
	buf_free(&text);
}

static void
reference(const char *path, char out[300])
{
	char sender[80], id[100], sent[48];
	struct buf b = { 0 };

	file_read(path, &b);
	element(&b, "sender", sender, sizeof sender);
	element(&b, "identifier", id, sizeof id);
	element(&b, "sent", sent, sizeof sent);
	(void)snprintf(out, 300, "%s,%s,%s", sender, id, sent);
	buf_free(&b);
}

static void
import(const struct station_proc *s, const char *format, const char *path, const char *to)
{
	struct buf b = { 0 };

	if (to != NULL)
		say_text(s, &b, "import", "--format", format, "--to", to, path, NULL);
	else
		say_text(s, &b, "import", "--format", format, path, NULL);
	ST_CHECK(holds(&b, "taken 1, already there 0, refused 0"), "%s: import of %s: %s", s->name, path, buf_cstr(&b));
	buf_free(&b);
}

/* before, the file from `from` on with `was` replaced by `is` (NULL: as it is), after: as another file. */
static void
other_file(struct e2e *e, const char *name, char path[400], const char *file, const char *before, const char *from,
    const char *was, const char *is, const char *after)
{
	struct buf b = { 0 }, out = { 0 };
	const char *at, *hit = NULL;

	file_read(file, &b);
	at = strstr(buf_cstr(&b), from);
	ST_CHECK(at != NULL && (was == NULL || (hit = strstr(at, was)) != NULL), "%s: no %s or %s", file, from, was);
	buf_puts(&out, before);
	if (hit != NULL) {
		buf_put(&out, at, (size_t)(hit - at));
		buf_puts(&out, is);
		at = hit + strlen(was);
	}
	buf_puts(&out, at);
	buf_puts(&out, after);
	write_text(e, name, path, buf_cstr(&out));
	buf_free(&b);
	buf_free(&out);
}

/* Told as being there, and nothing more is here than before. */
static void
import_again(struct station_proc *s, const char *path)
{
	json_int_t base = st_status(s, "messages");
	struct buf b = { 0 };

	say_text(s, &b, "import", "--format", "cap", path, NULL);
	ST_CHECK(holds(&b, "taken 0, already there 1, refused 0"), "%s: import of %s again: %s", s->name, path, buf_cstr(&b));
	ST_CHECK(st_status(s, "messages") == base, "%s: %s was entered again", s->name, path);
	buf_free(&b);
}

/* The same warning with a line feed more, out of a feed, and changed. */
static void
same_in_other_bytes(struct e2e *e, struct station_proc *s, const char *file)
{
	char path[400];

	import_again(s, file);
	other_file(e, "line.xml", path, file, "", "<", NULL, NULL, "\n");
	import_again(s, path);
	other_file(e, "feed.xml", path, file, "<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='text/xml'>",
	    "<alert", NULL, NULL, "</content></entry></feed>");
	import_again(s, path);
	other_file(e, "changed.xml", path, file, "", "<", "50毫米", "80毫米", "");
	say_refused(s, 65, "foreign_id", "import", "--format", "cap", path, NULL);
}

struct newest {
	char id[80];
	size_t n;
};

static void
note_newest(void *ctx, const json_t *row)
{
	struct newest *w = ctx;

	(void)snprintf(w->id, sizeof w->id, "%s", text_of(row, "id"));
	w->n++;
}

static void
newest(struct station_proc *s, const char *kind, size_t count, char out[80])
{
	struct newest w = { "", 0 };

	(void)st_each(s, kind, false, note_newest, &w);
	ST_CHECK(w.n == count, "%s: %zu messages of kind %s, not %zu", s->name, w.n, kind, count);
	memcpy(out, w.id, sizeof w.id);
}

static void
original_same(struct station_proc *s, const char *id, const char *path)
{
	struct buf file = { 0 }, out = { 0 };

	file_read(path, &file);
	say_text(s, &out, "export", id, "--format", "original", NULL);
	ST_CHECK(out.n == file.n && memcmp(out.p, file.p, file.n) == 0,
	    "%s: the original of %s is not the file's %zu bytes", s->name, id,
	    file.n);
	buf_free(&out);
	buf_free(&file);
}

/* What a message says written as CAP again: the same document by sender, identifier and time. */
static void
says_the_same(struct e2e *e, struct station_proc *s, const char *id, const char *path)
{
	char json[400], xml[400], was[300], is[300], *text;
	json_t *m = say(s, "message", id, NULL);
	struct buf b = { 0 };

	text = json_dumps(json_object_get(m, "body"), JSON_COMPACT);
	ST_CHECK(text != NULL, "no body");
	write_text(e, "again.json", json, text);
	say_text(s, &b, "convert", "--from", "json", "--to", "cap", json, NULL);
	write_text(e, "again.xml", xml, buf_cstr(&b));
	reference(path, was);
	reference(xml, is);
	ST_CHECK(strcmp(was, is) == 0, "%s: %s became %s", s->name, was, is);
	free(text);
	buf_free(&b);
	json_decref(m);
}

static void
cap_chain(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	char first[400], update[400], foreign[400], cancel[400], ref[300], digest[80], a[80], u[80], c[80], x[80];
	json_t *m;

	cap_file(e, first, SENDER, "QX-1", "Alert", NULL, true, "暴雨橙色预警");
	import(county, "cap", first, "330225102,330200");
	newest(county, "warning", 1, a);
	await_message(e, town, a, "id", a);
	await_message(e, city, a, "id", a);
	original_same(county, a, first);
	m = say(county, "message", a, NULL);
	(void)snprintf(digest, sizeof digest, "%s", member(m, "body.original"));
	json_decref(m);
	says_the_same(e, city, a, first);
	same_in_other_bytes(e, county, first);
	m = say(city, "message", a, NULL);
	expect(city, m, "body.foreign_id", (reference(first, ref), ref));
	expect(city, m, "body.title", "暴雨橙色预警");
	expect(city, m, "body.original", digest);
	expect(city, m, "not_understood", "false");
	json_decref(m);

	/* Another sender's word about it moves nothing. */
	cap_file(e, foreign, "someone@else.example", "QX-X", "Cancel", ref, true, "解除");
	import(county, "cap", foreign, NULL);
	newest(county, "warning", 2, x);
	m = say(county, "message", a, NULL);
	expect(county, m, "withdrawn", "false");
	json_decref(m);

	cap_file(e, update, SENDER, "QX-2", "Update", ref, true, "暴雨红色预警");
	import(county, "cap", update, NULL);
	newest(county, "warning", 3, u);
	await_message(e, town, a, "superseded", "true");
	await_message(e, city, a, "superseded", "true");
	m = say(town, "message", u, NULL);
	expect(town, m, "body.stage", "correction");
	expect(town, m, "body.title", "暴雨红色预警");
	json_decref(m);

	reference(update, ref);
	cap_file(e, cancel, SENDER, "QX-3", "Cancel", ref, true, "暴雨预警解除");
	import(county, "cap", cancel, NULL);
	newest(county, "warning", 4, c);
	await_message(e, town, u, "withdrawn", "true");
	await_message(e, city, u, "withdrawn", "true");
	await_message(e, town, a, "withdrawn", "true");	/* it does not stand again because its Update was cancelled */
	m = say(town, "message", c, NULL);
	expect(town, m, "body.stage", "withdrawal");
	json_decref(m);
	/* Only what stands asks for anything. */
	m = say_list(town, "inbox", "--all", "--limit", "200", NULL);
	expect(town, row_of(m, "id", a), "attention", "false");
	expect(town, row_of(m, "id", a), "recalled", "true");
	expect(town, row_of(m, "id", u), "attention", "false");
	expect(town, row_of(m, "id", u), "recalled", "true");
	json_decref(m);
}

/* A document that must not be here: message, elements and original bytes go, at both stations. */
static void
destroy_imported(struct e2e *e)
{
	static const char marker[] = "误入标记ORIGINAL4410";
	char path[400], id[80];
	json_t *v;

	cap_file(e, path, SENDER, "QX-9", "Alert", NULL, true, marker);
	import(&e->st.s[COUNTY], "cap", path, NULL);
	newest(&e->st.s[COUNTY], "warning", 9, id);
	await_message(e, &e->st.s[TOWN], id, "id", id);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	for (int i = TOWN; i <= COUNTY; i++) {
		ST_CHECK(journal_holds(&e->st.s[i], marker), "%s: the words are not found where they stand", e->st.s[i].name);
		json_decref(say(&e->st.s[i], "destroy", id, "--first", "甲某", "--second", "乙某", "--reason", "误入", NULL));
		ST_CHECK(!folder_holds(e->st.s[i].dir, marker) && !journal_holds(&e->st.s[i], marker), "%s: the words stand in %s",
		    e->st.s[i].name, e->st.s[i].dir);
		v = st_verify(&e->st.s[i]);
		ST_CHECK(strcmp(member(v, "destroyed"), "0") != 0, "%s: verify counts nothing destroyed", e->st.s[i].name);
		json_decref(v);
	}
	say_refused(&e->st.s[COUNTY], 66, "destroyed", "export", id, "--format", "original", NULL);
	/* It does not come back, in whatever bytes. */
	say_refused(&e->st.s[COUNTY], 65, "destroyed", "import", "--format", "cap", path, NULL);
	other_file(e, "back.xml", path, path, "", "<", NULL, NULL, "\n");
	say_refused(&e->st.s[COUNTY], 65, "destroyed", "import", "--format", "cap", path, NULL);
	ST_CHECK(!folder_holds(e->st.s[COUNTY].dir, marker), "the words are back");
}

/* A message of ours goes out as CAP, and what comes back is a receipt. */
static void
cap_answers(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	char incident[80], report[80], json[400], cap[400], ack[400], error[400], forged[400], ref[300], *text;
	struct buf b = { 0 };
	json_t *m;

	open_fire(e, "出县文书", incident);
	first_report(e, incident, report);
	m = say(town, "message", report, NULL);
	text = json_dumps(json_object_get(m, "body"), JSON_COMPACT);
	ST_CHECK(text != NULL, "no body");
	write_text(e, "own.json", json, text);
	free(text);
	json_decref(m);
	say_text(town, &b, "convert", "--from", "json", "--to", "cap", json, NULL);
	write_text(e, "own.xml", cap, buf_cstr(&b));
	buf_free(&b);
	reference(cap, ref);
	ST_CHECK(strstr(ref, report) != NULL, "%s is not named by its id: %s", report, ref);
	/* Our own report comes back: at the station that wrote it, and at one that holds it. */
	await_message(e, &e->st.s[COUNTY], report, "id", report);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	import_again(town, cap);
	import_again(&e->st.s[COUNTY], cap);
	other_file(e, "forged.xml", forged, cap, "", "<", "振兴路12号", "振兴路21号", "");
	say_refused(&e->st.s[COUNTY], 65, "another content", "import", "--format", "cap", forged, NULL);

	cap_file(e, ack, "desk@neighbour.example", "N-1", "Ack", ref, false, "");
	import(town, "cap", ack, NULL);
	m = say(town, "message", report, NULL);
	ST_CHECK(row_of(json_object_get(m, "receipts"), "from", town->code) != NULL, "the Ack is no receipt");
	expect(town, row_of(json_object_get(m, "receipts"), "from", town->code), "act", "delivered");
	expect(town, m, "state", "sent");
	json_decref(m);
	cap_file(e, error, "desk@neighbour.example", "N-2", "Error", ref, false, "");
	import(town, "cap", error, NULL);
	m = say(town, "message", report, NULL);
	expect(town, row_of(json_object_get(m, "receipts"), "act", "returned"), "reason", "number unreadable");
	json_decref(m);
}

static void
warning_12379(struct e2e *e, char path[400], const char *second, const char *type, const char *refs, const char *headline)
{
	struct buf b = { 0 };
	char name[64];

	buf_printf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert><identifier>33022541600000_202611221400%s</identifier>"
	    "<sender>象山县气象局</sender><senderCode>33022541600000</senderCode><sendTime>2026-11-22 14:00:%s+08:00</sendTime>"
	    "<status>Actual</status><msgType>%s</msgType><scope>Public</scope>", second, second, type);
	if (refs != NULL)
		buf_printf(&b, "<references>%s</references>", refs);
	buf_printf(&b, "<info><language>zh-CN</language><eventType>11B03</eventType><urgency>Expected</urgency><severity>Orange</severity>"
	    "<certainty>Likely</certainty><effective>2026-11-22 14:00:00+08:00</effective><onset>2026-11-22 15:00:00+08:00</onset>"
	    "<expires>2036-11-23 14:00:00+08:00</expires><senderName>象山县气象台</senderName><headline>%s</headline>"
	    "<description>过去3小时雨量已达50毫米。</description><instruction>停止户外作业。</instruction><area><areaDesc>象山县西周镇"
	    "</areaDesc><geocode>330225102000</geocode></area></info></alert>\n", headline);
	(void)snprintf(name, sizeof name, "12379-%s.xml", second);
	write_text(e, name, path, buf_cstr(&b));
	buf_free(&b);
}

static void
chain_12379(struct e2e *e)
{
	static const char first_id[] = "33022541600000_20261122140000";
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char first[400], update[400], second[400], cancel[400], a[80], u[80], u2[80], c[80];
	json_t *m;

	warning_12379(e, first, "00", "Alert", NULL, "象山县发布暴雨橙色预警");
	import(county, "12379", first, NULL);
	newest(county, "warning", 5, a);
	await_message(e, town, a, "id", a);
	m = say(town, "message", a, NULL);
	expect(town, m, "body.colour", "orange");
	expect(town, m, "body.type", "yjpt:11B03");
	expect(town, m, "body.title", "象山县发布暴雨橙色预警");
	expect(town, m, "body.foreign_id", first_id);
	json_decref(m);
	original_same(county, a, first);
	warning_12379(e, update, "10", "Update", first_id, "象山县更新暴雨橙色预警");
	import(county, "12379", update, NULL);
	newest(county, "warning", 6, u);
	await_message(e, town, a, "superseded", "true");
	warning_12379(e, second, "15", "Update", first_id, "象山县再更新暴雨橙色预警");
	import(county, "12379", second, NULL);
	newest(county, "warning", 7, u2);
	await_message(e, town, u, "superseded", "true");
	warning_12379(e, cancel, "20", "Cancel", first_id, "象山县解除暴雨橙色预警");
	import(county, "12379", cancel, NULL);
	newest(county, "warning", 8, c);
	await_message(e, town, a, "withdrawn", "true");
	await_message(e, town, u, "withdrawn", "true");
	await_message(e, town, u2, "withdrawn", "true");	/* the Cancel names the first alone, and is of the warning */
}

void
case_foreign_life(struct e2e *e)
{
	struct station_proc *county = &e->st.s[COUNTY];
	char bad[400];

	stations_start(&e->st);
	cap_chain(e);
	chain_12379(e);
	destroy_imported(e);
	cap_answers(e);
	write_text(e, "doctype.xml", bad, "<!DOCTYPE alert [<!ENTITY a \"b\">]><alert><identifier>&a;</identifier></alert>");
	say_refused(county, 65, "doctype.xml", "import", "--format", "12379", bad, NULL);
	say_refused(county, 65, "doctype.xml", "import", "--format", "cap", bad, NULL);
	say_refused(county, 64, "12379", "import", "--format", "telex", bad, NULL);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	verify_all(e);
}

/* ---- originals of another station ---- */

#define LARGE 300000

static json_t *
blob_request(const char *digest, const char *id)
{
	return json_pack("{s:s, s:s, s:s}", "op", "blob", "digest", digest, "id", id);
}

struct fetched {
	const char *digest, *id;
};

static bool
is_here(struct station_proc *s, void *ctx)
{
	const struct fetched *w = ctx;
	struct fault f = { 0 };
	json_t *a = st_try(s, blob_request(w->digest, w->id), NULL, 0, &f);

	ST_CHECK(a != NULL || f.code == 75, "%s: %s: %s", s->name, f.field, f.text);
	json_decref(a);
	return a != NULL;
}

/* Two hops: imported at the township, wanted by the city; asking again gives the same. */
static void
original_from_afar(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *city = &e->st.s[CITY];
	char path[400], id[80], digest[80];
	struct fetched w = { digest, id };
	json_t *m;

	cap_file(e, path, SENDER, "QX-AFAR", "Alert", NULL, true, "雷电黄色预警");
	import(town, "cap", path, "330200");
	newest(town, "warning", 1, id);
	await_message(e, city, id, "id", id);
	m = say(city, "message", id, NULL);
	(void)snprintf(digest, sizeof digest, "%s", member(m, "body.original"));
	json_decref(m);
	say_refused(city, 75, "330225102", "export", id, "--format", "original", NULL);
	st_await(city, "the township's original", SAY_WAIT * e->slow, is_here, &w);
	original_same(city, id, path);
	original_same(city, id, path);
}

/* Imported at the county, wanted by a person at the city, while the county is killed twice; nobody else gets it. */
void
case_originals(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	char path[400], id[80], digest[80];
	struct buf doc = { 0 }, large = { 0 };
	struct fetched w = { digest, id };
	json_t *m, *list;
	json_int_t base;

	stations_start(&e->st);
	cap_file(e, path, SENDER, "QX-LARGE", "Alert", NULL, true, "暴雨橙色预警");
	file_read(path, &doc);
	buf_put(&large, doc.p, doc.n);
	for (unsigned i = 0; large.n < LARGE; i++)
		buf_printf(&large, "<!-- %u %lld -->\r\n", i, (long long)chance(1000000));
	file_write(path, large.p, large.n);
	import(county, "cap", path, "330200");
	newest(county, "warning", 1, id);
	await_message(e, city, id, "id", id);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	m = say(city, "message", id, NULL);
	(void)snprintf(digest, sizeof digest, "%s", member(m, "body.original"));
	json_decref(m);
	st_kill(county);
	base = st_status(city, "messages");
	say_refused(city, 75, "330225", "export", id, "--format", "original", NULL);
	say_refused(city, 75, "330225", "export", id, "--format", "original", NULL);
	ST_CHECK(st_status(city, "messages") == base + 1, "the city asks more than once");
	st_start(county);
	st_await_status_min(city, "messages", base + 3, SAY_WAIT * e->slow);
	st_kill(county);
	st_start(county);
	st_await(city, "the original", SAY_WAIT * e->slow, is_here, &w);
	original_same(city, id, path);
	original_same(county, id, path);

	/* It was not addressed to the township, and whoever has only heard of it gets nothing. */
	say_refused(town, 66, "", "export", id, "--format", "original", NULL);
	{
		struct fault f = { 0 };

		m = st_try(town, blob_request(digest, id), NULL, 0, &f);
		ST_CHECK(m == NULL && f.code == 66, "the township's answer: %d %s", f.code, f.text);
	}
	say_refused(town, 65, "topic", "submit", "--kind", "service", "--topic", "original-wanted", "--to", "330225", NULL);

	original_from_afar(e);

	/* The station's own talk is nobody's mail and starts no clock. */
	for (int i = TOWN; i <= CITY; i++) {
		list = say_list(&e->st.s[i], "inbox", "--all", "--limit", "200", NULL);
		ST_CHECK(row_of(list, "kind", "service") == NULL, "%s: a service message in the inbox", e->st.s[i].name);
		json_decref(list);
		list = say_list(&e->st.s[i], "owed", NULL);
		ST_CHECK(row_of(list, "what", "feedback") == NULL, "%s owes something", e->st.s[i].name);
		json_decref(list);
		ST_CHECK(st_status(&e->st.s[i], "quarantine") == 0, "%s: something in quarantine", e->st.s[i].name);
	}
	stations_settle(&e->st, SAY_WAIT * e->slow);
	verify_all(e);
	ST_CHECK(journal_holds(city, "PCEtLSA"), "the parts are not found where they stand");	/* "<!-- " */
	/* Two persons destroy it at the city: the parts it came in go as well. */
	json_decref(say(city, "destroy", id, "--first", "甲某", "--second", "乙某", "--reason", "误入", NULL));
	ST_CHECK(!folder_holds(city->dir, "PCEtLSA") && !journal_holds(city, "PCEtLSA"), "the document's parts stand at the city");
	say_refused(city, 66, "", "export", id, "--format", "original", NULL);
	verify_all(e);
	buf_free(&doc);
	buf_free(&large);
}

/* ---- every kind ---- */

struct pair {
	const char *name, *value, *seen;	/* seen NULL: as said */
};

/* Sends it and compares every field where it arrives. */
static void
kind(struct e2e *e, int from, int to, const char *name, const char *incident, const struct pair *p, char id[80])
{
	struct station_proc *s = &e->st.s[from], *r = &e->st.s[to];
	const char *words[40] = { "--json", "submit", "--kind", name, "--to", r->code };
	char options[20][40], file[300];
	struct buf b = { 0 };
	size_t n = 6, k = 0;
	json_error_t je;
	json_t *m, *o;

	if (incident != NULL) {
		words[n++] = "--incident";
		words[n++] = incident;
	}
	for (; p[k].name != NULL; k++) {
		ST_CHECK(k < 16, "too many fields");
		(void)snprintf(options[k], sizeof options[k], "--%s", p[k].name);
		words[n++] = options[k];
		words[n++] = p[k].value;
	}
	words[n++] = "--confirm";
	words[n] = NULL;
	(void)snprintf(file, sizeof file, "%s/kind.out", e->st.root);
	ST_CHECK(wait_pid(st_ctl_spawn(s, file, words), 60000) == 0, "%s: submit of a %s (%s)", s->name, name, file);
	file_read(file, &b);
	o = json_loadb((const char *)b.p, b.n, JSON_DISABLE_EOF_CHECK, &je);
	ST_CHECK(o != NULL && text_of(o, "id")[0] != '\0', "a %s answers %.400s", name, buf_cstr(&b));
	(void)snprintf(id, 80, "%s", text_of(o, "id"));
	json_decref(o);
	buf_free(&b);

	await_message(e, r, id, "kind", name);
	m = say(r, "message", id, NULL);
	expect(r, m, "not_understood", "false");
	expect(r, m, "from", s->code);
	for (k = 0; p[k].name != NULL; k++) {
		const json_t *v = json_object_get(json_object_get(m, "body"), p[k].name);
		const char *want = p[k].seen != NULL ? p[k].seen : p[k].value;
		bool found = false;

		for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++)
			found |= json_is_string(json_array_get(v, i)) && strcmp(json_string_value(json_array_get(v, i)),
			    want) == 0;
		if (!json_is_array(v)) {
			char path[60];

			(void)snprintf(path, sizeof path, "body.%s", p[k].name);
			expect(r, m, path, want);
		} else
			ST_CHECK(found, "%s: %s of the %s lacks %s", r->name, p[k].name, name, want);
	}
	json_decref(m);
}

#define P(...) ((const struct pair[]) { __VA_ARGS__, { NULL, NULL, NULL } })
#define DAY0 "2026-11-21T00:00:00+08:00"
#define DAY1 "2026-11-22T00:00:00+08:00"
#define DUE "2036-11-22T00:00:00+08:00"

void
case_kinds(struct e2e *e)
{
	char incident[80], report[80], id[80], call[80];

	stations_start(&e->st);
	open_fire(e, "各类报文", incident);
	first_report(e, incident, report);
	kind(e, TOWN, COUNTY, "callout", incident, P({ "point", "下山村3号隐患点", NULL }, { "phone", "13800000009", NULL },
	    { "attempt", "2", NULL }, { "outcome", "no-answer", NULL }, { "person", "周强", NULL }), id);
	kind(e, COUNTY, TOWN, "rollcall", NULL, P({ "round", "3", NULL }, { "question", "在岗几人", NULL }, { "due", DUE,
	    NULL },
	    { "person", "王建国", NULL }), call);
	kind(e, TOWN, COUNTY, "rollanswer", NULL, P({ "refs", call, NULL }, { "answer", "三人", NULL }, { "person", "周强",
	    NULL },
	    { "answer_ok", "yes", "true" }), id);
	kind(e, TOWN, COUNTY, "zero", NULL, P({ "period_from", DAY0, NULL }, { "period_to", DAY1, NULL }, { "person",
	    "周强", NULL }), id);
	kind(e, TOWN, COUNTY, "handover", NULL, P({ "shift", "早班", NULL }, { "outgoing", "甲某", NULL }, { "outgoing",
	    "乙某", NULL },
	    { "incoming", "丙某", NULL }, { "item", "仓库火灾待续报", NULL }, { "item", "水库水位每小时报", NULL }), id);
	kind(e, TOWN, COUNTY, "resource", incident, P({ "resource_step", "request", NULL }, { "resource", "冲锋舟", NULL },
	    { "quantity", "3", NULL }, { "unit", "艘", NULL }, { "holder", "县救援队", NULL }, { "eta", DUE, NULL }), id);
	kind(e, COUNTY, TOWN, "resource", incident, P({ "resource_step", "dispatch", NULL }, { "resource", "冲锋舟", NULL },
	    { "quantity", "2", NULL }, { "refs", id, NULL }), call);
	kind(e, TOWN, COUNTY, "hazard", NULL, P({ "hazard_step", "found", NULL }, { "hazard_level", "major", NULL },
	    { "point", "下山村", NULL },
	    { "text", "后山裂缝", NULL }, { "person", "周强", NULL }), id);
	kind(e, TOWN, COUNTY, "note", incident, P({ "topic", "会商", NULL }, { "attendees", "甲某", NULL }, { "attendees",
	    "乙某", NULL },
	    { "conclusion", "加强巡查", NULL }), id);
	kind(e, TOWN, COUNTY, "outside", incident, P({ "channel", "fax", NULL }, { "receipt_no", "F-12", NULL },
	    { "done_at", DAY1, NULL },
	    { "person", "周强", NULL }), id);
	kind(e, TOWN, COUNTY, "service", NULL, P({ "topic", "授时", NULL }, { "text", "请核对时钟", NULL }), id);
	kind(e, TOWN, CITY, "note", NULL, P({ "topic", "越级", NULL }, { "text", "直送市", NULL }), id);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	verify_all(e);
}
