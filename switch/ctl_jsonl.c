/*
 * submit --jsonl: one JSON object a line, and the tally that imports share.
 *
 * A line that cannot be read is refused with its number and the member it went wrong in, also where the text is no
 * JSON at all (cut short, bytes that are no UTF-8); the lines after it go on.  The request id of a line without one is
 * the digest of its bytes, so that the same file run again makes nothing twice.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "ctl_submit.h"
#include "deskproto.h"

/* ---- tally ---- */

void
submit_tally_done(void *ctx, const struct ctl_done *d)
{
	struct submit_tally *t = ctx;
	char id[MSGID_TEXT_MAX], number[128], text[512];
	struct fault f;
	json_t *o;
	bool duplicate;

	if (d->fault != NULL) {
		if (d->fault->code == EX_TEMPFAIL || d->fault->code == EX_UNAVAILABLE)
			t->unknown++;
		else if (d->line == 0 && d->rid[0] == '\0' &&
			 (d->fault->code == EX_NOINPUT || d->fault->code == EX_NOPERM || d->fault->code == EX_IOERR))
			t->unread++;
		else
			t->refused++;
		f = *d->fault;
		if (f.line == 0 || f.file[0] == '\0') {
			f.file[0] = '\0';
			fault_at(&f, d->where, d->line != 0 ? d->line : f.line);
		}
		(void)ctl_fail(&f);
		if (f.code == EX_TEMPFAIL && d->rid[0] != '\0') {
			(void)snprintf(text, sizeof text, _("%s: its request id is %s"), d->where, d->rid);
			ctl_note(text);
		}
		if (t->ctl->json) {
			o = json_pack("{s:s, s:I, s:b, s:i, s:s, s:s, s:s}", "file", d->where, "line",
			    (json_int_t)d->line, "ok", 0, "code", f.code, "field", f.field, "text", f.text, "rid",
			    d->rid);
			if (o != NULL)
				ctl_json(stdout, o);
			json_decref(o);
		}
		return;
	}
	duplicate = json_is_true(json_object_get(d->answer, "duplicate"));
	if (duplicate)
		t->there++;
	else
		t->taken++;
	if (t->ctl->json) {
		o = json_copy((json_t *)d->answer);
		(void)json_object_del(o, "re");
		(void)json_object_set_new(o, "file", json_string(d->where));
		(void)json_object_set_new(o, "line", json_integer((json_int_t)d->line));
		ctl_json(stdout, o);
		json_decref(o);
	} else if (t->each)
		(void)printf("%zu %s %s%s\n", d->line, ctl_text(d->answer, "id", id, sizeof id),
		    ctl_text(d->answer, "number", number, sizeof number), duplicate ? _(" already there") : "");
}

int
submit_tally_end(const struct submit_tally *t)
{
	char text[256];

	(void)snprintf(text, sizeof text, _("taken %zu, already there %zu, refused %zu"), t->taken, t->there,
	    t->refused + t->unread);
	if (t->ctl->json)
		ctl_note(text);
	else {
		(void)printf("%s\n", text);
		(void)fflush(stdout);
	}
	if (t->unknown > 0) {
		(void)snprintf(
		    text, sizeof text, _("without an answer: %zu; run it again, nothing is made twice"), t->unknown);
		ctl_note(text);
		return EX_TEMPFAIL;
	}
	return t->refused > 0 ? EX_DATAERR : t->unread > 0 ? EX_NOINPUT : EX_OK;
}

/* ---- lines ---- */

void
jsonl_member_at(const char *text, size_t n, size_t at, char *out, size_t size)
{
	size_t start = 0, key = 0, keylen = 0, i;
	int depth = 0;
	bool in = false, expect_key = false, is_key = false;

	for (i = 0; i < n && i < at; i++) {
		char c = text[i];

		if (in) {
			if (c == '\\')
				i++;
			else if (c == '"') {
				in = false;
				if (is_key) {
					key = start;
					keylen = i - start;
				}
			}
		} else if (c == '"') {
			in = true;
			start = i + 1;
			is_key = depth == 1 && expect_key;
			expect_key = false;
		} else if (c == '{' || c == '[') {
			depth++;
			expect_key = depth == 1 && c == '{';
		} else if (c == '}' || c == ']')
			depth--;
		else if (c == ',' && depth == 1)
			expect_key = true;
	}
	/* a name cut short is still the name of where it went wrong */
	if (in && is_key) {
		key = start;
		keylen = (i < n ? i : n) - start;
	}
	(void)text_sanitise(text + key, keylen, out, size, false);
}

static json_t *
parse_line(const char *p, size_t n, struct fault *f)
{
	json_error_t err;
	json_t *o = NULL;
	char member[64], why[160];
	size_t bad = 0;

	if (!text_utf8_valid(p, n, &bad)) {
		jsonl_member_at(p, n, bad, member, sizeof member);
		(void)fault_set(f, EX_DATAERR, member, _("no UTF-8 at byte %zu of the line"), bad + 1);
		return NULL;
	}
	if ((o = json_loadb(p, n, JSON_REJECT_DUPLICATES, &err)) == NULL) {
		jsonl_member_at(p, n, err.position > 0 ? (size_t)err.position : n, member, sizeof member);
		(void)fault_set(f, EX_DATAERR, member, _("no JSON at column %d: %s"), err.column,
		    ctl_json_why(&err, why, sizeof why));
		return NULL;
	}
	if (!json_is_object(o)) {
		json_decref(o);
		(void)fault_set(f, EX_DATAERR, "", _("no JSON object"));
		return NULL;
	}
	return o;
}

struct jsonl {
	struct ctl *ctl;
	const struct ctl_args *args;
	struct ctl_pipe *pipe;
	const struct codebook *cb;
	int kind, realm;	/* from the options; realm -1 = not given */
};

/* A member that is text; NULL when absent.  -1 + fault when it is something else. */
static int
text_member(const json_t *o, const char *name, const char **out, struct fault *f)
{
	const json_t *v = json_object_get(o, name);

	*out = json_string_value(v);
	if (v != NULL && !json_is_null(v) && *out == NULL)
		return fault_set(f, EX_DATAERR, name, _("must be text"));
	return 0;
}

/* "A,B" or ["A","B"]; absent: the option's. */
static int
stations_member(const json_t *o, const char *name, const char *option, struct body *b, uint32_t key, struct fault *f)
{
	json_t *v = json_object_get(o, name), *e;
	size_t i;

	if (v == NULL || json_is_null(v))
		return option != NULL ? ctl_stations(b, key, option, f) : 0;
	if (json_is_string(v))
		return ctl_stations(b, key, json_string_value(v), f);
	if (!json_is_array(v))
		return fault_set(f, EX_DATAERR, name, _("must be a station code or an array of them"));
	json_array_foreach(v, i, e)
		if (!json_is_string(e) || strchr(json_string_value(e), ',') != NULL)
			return fault_set(f, EX_DATAERR, name, _("must be a station code or an array of them"));
		else if (ctl_stations(b, key, json_string_value(e), f) != 0)
			return -1;
	return 0;
}

/* One object to a request; NULL + fault. */
static json_t *
line_request(struct jsonl *l, json_t *o, const char *bytes, size_t n, struct fault *f)
{
	static const char *const ours[] = { "kind", "realm", "rid", "incident", "to", "cc", "confirm", NULL };
	struct body *b = body_new();
	const char *kind, *realm, *rid, *ref;
	json_t *request = NULL;
	struct msgid incident;
	char derived[3 + 2 * DIGEST_LEN + 1] = "jl:";
	uint8_t digest[DIGEST_LEN];
	int k = l->kind, r = l->realm;
	bool confirmed = ctl_flag(l->args, "confirm") || json_is_true(json_object_get(o, "confirm"));

	if (text_member(o, "kind", &kind, f) != 0 || text_member(o, "realm", &realm, f) != 0 ||
	    text_member(o, "rid", &rid, f) != 0 || text_member(o, "incident", &ref, f) != 0)
		goto out;
	if (kind != NULL && submit_kind_parse(kind, &k, f) != 0)
		goto out;
	if (realm != NULL && strcmp(realm, "live") != 0 && strcmp(realm, "exercise") != 0) {
		(void)fault_set(f, EX_DATAERR, "realm", _("must be live or exercise"));
		goto out;
	}
	if (realm != NULL)
		r = strcmp(realm, "live") == 0 ? REALM_LIVE : REALM_EXERCISE;
	if (rid != NULL && !submit_rid_valid(rid)) {
		(void)fault_set(f, EX_DATAERR, "rid", _("must be 1 to 191 bytes of plain text"));
		goto out;
	}
	if (rid == NULL) {
		digest_of(bytes, n, digest);
		digest_hex(digest, derived + 3);
	} else if (strlen(rid) != json_string_length(json_object_get(o, "rid"))) {
		(void)fault_set(f, EX_DATAERR, "rid", _("must be 1 to 191 bytes of plain text"));
		goto out;
	}
	if (stations_member(o, "to", ctl_arg(l->args, "to"), b, F_TO, f) != 0 ||
	    stations_member(o, "cc", ctl_arg(l->args, "cc"), b, F_CC, f) != 0)
		goto out;
	if (ref == NULL)
		ref = ctl_arg(l->args, "incident");
	if (ref != NULL) {
		/* A number may be that of a line before, still under way. */
		if (!msgid_parse(ref, &incident) && ctl_pipe_drain(l->pipe, f) != 0)
			goto out;
		if (submit_incident(l->pipe, ref, &r, &incident, f) != 0)
			goto out;
		body_set_id(b, F_INCIDENT, &incident);
	}
	{
		json_t *rest = json_copy(o);
		int rc;

		for (size_t i = 0; ours[i] != NULL; i++)
			(void)json_object_del(rest, ours[i]);
		rc = json_to_body(rest, b, l->cb, ctl_now(), false, f);
		json_decref(rest);
		if (rc != 0)
			goto out;
	}
	submit_kind(b, k);
	if (submit_ahead(b, confirmed, f) != 0)
		goto out;
	request = submit_request(rid != NULL ? rid : derived, r < 0 ? REALM_LIVE : r, b, confirmed);
out:
	body_free(b);
	return request;
}

int
submit_jsonl(struct ctl *ctl, const struct ctl_args *args, const char *path, long retry, int kind, int realm)
{
	struct submit_tally tally = { .ctl = ctl, .each = true };
	struct jsonl l = { .ctl = ctl, .args = args, .kind = kind, .realm = realm };
	const char *where = strcmp(path, "-") == 0 ? "stdin" : path;
	struct ctl_lines lines;
	struct fault f = { 0 };
	json_t *o, *request;
	int rc = 0;

	if ((l.cb = ctl_codebook(ctl, &f)) == NULL || ctl_lines_open(&lines, path, DESK_JSON_MAX, &f) != 0)
		return ctl_fail(&f);
	/* Before the first line is read: a switch that is not running is one message, not one a line. */
	if (ctl_connect(ctl, &f) != 0) {
		ctl_lines_close(&lines);
		return ctl_fail(&f);
	}
	l.pipe = ctl_pipe_new(ctl, retry, submit_tally_done, &tally);
	while (rc == 0 && (rc = ctl_lines_next(&lines, &f)) > 0) {
		rc = 0;
		f = (struct fault){ 0 };
		if (lines.too_long) {
			(void)fault_set(&f, EX_DATAERR, "", _("line longer than %zu bytes"), lines.max);
			ctl_pipe_refuse(l.pipe, where, lines.line, &f);
			continue;
		}
		if (lines.n == 0)
			continue;	/* an empty line is no report */
		request = NULL;
		if ((o = parse_line(lines.p, lines.n, &f)) != NULL) {
			request = line_request(&l, o, lines.p, lines.n, &f);
			json_decref(o);
		}
		if (request == NULL) {
			ctl_pipe_refuse(l.pipe, where, lines.line, &f);
			if (f.code == EX_TEMPFAIL || f.code == EX_UNAVAILABLE || f.code == EX_PROTOCOL)
				rc = -1;	/* it was the switch, not the line */
			f = (struct fault){ 0 };
		} else
			rc = ctl_pipe_put(l.pipe, where, lines.line, request, NULL, 0, &f);
	}
	if (rc < 0 && f.code == EX_IOERR)
		(void)ctl_fail(&f);
	if (ctl_pipe_drain(l.pipe, &f) != 0 || rc < 0)
		rc = f.code != 0 ? f.code : EX_TEMPFAIL;
	ctl_pipe_free(l.pipe);
	ctl_lines_close(&lines);
	{
		int sum = submit_tally_end(&tally);

		return sum != EX_OK ? sum : rc;
	}
}
