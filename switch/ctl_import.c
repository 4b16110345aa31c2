/*
 * import: warnings as CAP (also in feeds) or 12379 documents, and another system's reports as history.
 *
 * A file or line that cannot be taken is refused by name and reason and the others go on.  The request id is the digest
 * of the bytes, so an import that was killed, or lost its switch half-way, is simply run again.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/cap.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/limits.h"
#include "../formats/reportjsonl.h"
#include "../formats/warn12379.h"
#include "ctl_import.h"
#include "ctl_submit.h"

#define TREE_SENT_MAX 1024		/* bytes of a CAP document's elements that go along to the addressees */
#define REPORT_LINE_MAX (1u << 20)	/* bytes; reportjsonl_read() refuses more */

static const struct ctl_option import_options[] = {
    {"format", true, false}, {"from", true, false}, {"to", true, false}, {"retry", true, false}, {NULL, false, false}};

struct import;
static int read_cap(struct import *, const char *, const uint8_t *, size_t, struct fault *);
static int read_12379(struct import *, const char *, const uint8_t *, size_t, struct fault *);

static const struct import_format {
	const char *name, *rid;	/* rid: what request ids begin with */
	/* 0, or -1 + fault when the switch is gone; what cannot be taken goes to the pipe as refused.  NULL: lines */
	int (*read)(struct import *, const char *where, const uint8_t *, size_t, struct fault *gone);
} formats[] = {
    {"cap", "cap:", read_cap},
    {"12379", "12379:", read_12379},
    {"report-jsonl", "rj:", NULL},
};

struct import {
	const struct import_format *format;
	struct ctl *ctl;
	struct ctl_pipe *pipe;
	struct submit_tally *tally;
	const struct codebook *cb;
	const char *to;
	char **places;		/* what the pipe's items are named by; owned */
	size_t nplaces;
};

static void
rid_of(const char *prefix, const void *p, size_t n, char *out, size_t size)
{
	uint8_t digest[DIGEST_LEN];
	char hex[2 * DIGEST_LEN + 1];

	digest_of(p, n, digest);
	digest_hex(digest, hex);
	(void)snprintf(out, size, "%s%s", prefix, hex);
}

/* What a document says, whatever format it is in. */
struct import_doc {
	struct body *body;	/* owned */
	bool exercise, log;
};

/* The documents of one file. */
struct import_file {
	struct import *im;
	const char *where;
	struct fault *gone;
	size_t n;
	int rc;			/* not 0: the switch is gone */
};

/* "FILE#2": where the pipe may go on naming it after the file has been closed. */
static const char *
place_of(struct import *im, const char *where, size_t n)
{
	char text[4200];

	(void)snprintf(text, sizeof text, "%.4096s#%zu", where, n);
	im->places = xreallocarray(im->places, im->nplaces + 1, sizeof *im->places);
	return im->places[im->nplaces++] = xstrdup(text);
}

/* Takes the body and the bytes. */
static int
put_document(struct import *im, const char *where, struct import_doc *doc, uint8_t *bytes, size_t len, struct fault *gone)
{
	struct fault f = { 0 };
	char rid[80];
	const char *tree;
	json_t *request;

	/* Every addressee's line would carry the whole document: beyond a line's worth the original bytes, kept here by
	 * digest, are enough. */
	if ((tree = body_text(doc->body, F_CAP_TREE)) != NULL && strlen(tree) > TREE_SENT_MAX)
		body_unset(doc->body, F_CAP_TREE);
	/* An entry of the log stays here, also one that the station may know as the answer to a message. */
	if (im->to != NULL && !doc->log && body_enum(doc->body, F_KIND) != KIND_LOG &&
	    ctl_stations(doc->body, F_TO, im->to, &f) != 0) {
		body_free(doc->body);
		free(bytes);
		ctl_pipe_refuse(im->pipe, where, 0, &f);
		return 0;
	}
	rid_of(im->format->rid, bytes, len, rid, sizeof rid);
	request = submit_request(rid, doc->exercise ? REALM_EXERCISE : REALM_LIVE, doc->body, true);
	body_free(doc->body);
	return ctl_pipe_put(im->pipe, where, 0, request, bytes, len, gone);
}

/* A message of this program that is held here already, by its own id: told like any other that is there. */
static void
tell_held(struct import *im, const char *where, const char *id)
{
	struct ctl_done done = { .where = where, .rid = "" };
	json_t *answer = json_pack("{s:b, s:s, s:b}", "ok", 1, "id", id, "duplicate", 1);
	char text[4600];

	(void)snprintf(text, sizeof text, _("%s is message %s, which is here already: nothing was entered"), where, id);
	ctl_note(text);
	done.answer = answer;
	submit_tally_done(im->tally, &done);
	json_decref(answer);
}

/* 0 not held here, 1 it is and that was told, -1 + fault the switch is gone. */
static int
held_already(struct import_file *file, const char *where, const struct body *own)
{
	struct import *im = file->im;
	char id[MSGID_TEXT_MAX];
	struct fault f = { 0 };
	struct msgid own_id;
	json_t *answer;

	if (!body_id(own, F_ID, &own_id))
		return 0;
	msgid_format(&own_id, id, sizeof id);
	if (ctl_pipe_drain(im->pipe, file->gone) != 0)
		return -1;
	answer = ctl_pipe_ask(im->pipe, json_pack("{s:s, s:s}", "op", "message", "id", id), &f);
	if (answer == NULL) {
		/* what only passes through here is not held for this station */
		if (f.code == EX_NOINPUT || f.code == EX_NOPERM)
			return 0;
		*file->gone = f;
		return -1;
	}
	if (import_held(own, answer, im->cb, ctl_now(), &f) == 0)
		tell_held(im, where, id);
	else
		ctl_pipe_refuse(im->pipe, where, 0, &f);
	json_decref(answer);
	return 1;
}

static void
one_alert(void *ctx, const void *bytes, size_t len, struct cap_alert *alert, const struct fault *refused)
{
	struct import_file *file = ctx;
	struct import_doc doc = { 0 };
	const char *where = ++file->n == 1 ? file->where : place_of(file->im, file->where, file->n);
	uint8_t *copy;
	int held;

	if (file->rc != 0)
		return;
	if (alert == NULL) {
		ctl_pipe_refuse(file->im->pipe, where, 0, refused);
		return;
	}
	if (alert->own != NULL && (held = held_already(file, where, alert->own)) != 0) {
		file->rc = held == -1 ? -1 : 0;
		return;
	}
	doc.exercise = alert->fate == CAP_EXERCISE;
	doc.log = alert->fate == CAP_LOG;
	if (alert->own != NULL && !doc.log) {
		doc.body = import_own(alert->own, alert->body);
	} else {
		doc.body = alert->body;
		alert->body = NULL;
	}
	for (const struct value *v = alert->odd ? body_first(doc.body, F_REMARKS) : NULL; v != NULL; v = body_next(doc.body, v)) {
		struct fault w = { 0 };

		(void)fault_set(&w, EX_DATAERR, "", "%.900s", v->u.text.s);
		fault_at(&w, where, 0);
		(void)ctl_fail(&w);
	}
	copy = xmalloc(len > 0 ? len : 1);
	memcpy(copy, bytes, len);
	file->rc = put_document(file->im, where, &doc, copy, len, file->gone);
}

/* One alert, or a feed or envelope of them. */
static int
read_cap(struct import *im, const char *where, const uint8_t *bytes, size_t len, struct fault *gone)
{
	struct import_file file = { .im = im, .where = where, .gone = gone };
	struct fault f = { 0 };

	if (cap_read_all(bytes, len, im->cb, ctl_now(), one_alert, &file, &f) == -1)
		ctl_pipe_refuse(im->pipe, where, 0, &f);
	return file.rc;
}

static int
read_12379(struct import *im, const char *where, const uint8_t *bytes, size_t len, struct fault *gone)
{
	struct warn12379 w = { 0 };
	struct import_doc doc = { 0 };
	struct fault f = { 0 };
	uint8_t *copy;

	if (warn12379_read(bytes, len, im->cb, ctl_now(), &w, &f) != 0) {
		ctl_pipe_refuse(im->pipe, where, 0, &f);
		return 0;
	}
	doc.body = w.body;
	doc.exercise = w.fate == WARN12379_EXERCISE;
	doc.log = w.fate == WARN12379_LOG;
	w.body = NULL;
	warn12379_free(&w);
	copy = xmalloc(len > 0 ? len : 1);
	memcpy(copy, bytes, len);
	return put_document(im, where, &doc, copy, len, gone);
}

/* A file of one document or a container of several.  0 going on, -1 + fault the switch is gone. */
static int
import_document(struct import *im, const char *path, struct fault *gone)
{
	const char *where = strcmp(path, "-") == 0 ? "stdin" : path;
	struct fault f = { 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;
	int rc = 0;

	if (ctl_file_read(path, CAP_MAX, &bytes, &len, &f) != 0)
		ctl_pipe_refuse(im->pipe, where, 0, &f);
	else
		rc = im->format->read(im, where, bytes, len, gone);
	free(bytes);
	return rc;
}

static int
import_line(struct import *im, const char *where, const struct ctl_lines *l, struct fault *gone)
{
	struct fault f = { 0 };
	struct body *b = NULL;
	json_t *request = NULL;
	char rid[80];

	if (l->too_long)
		(void)fault_set(&f, EX_DATAERR, "", _("line longer than %zu bytes"), l->max);
	else if ((b = reportjsonl_read(l->p, l->n, im->cb, ctl_now(), &f)) != NULL &&
	    (im->to == NULL || ctl_stations(b, F_TO, im->to, &f) == 0)) {
		rid_of(im->format->rid, l->p, l->n, rid, sizeof rid);
		request = submit_request(rid, REALM_LIVE, b, true);
	}
	body_free(b);
	if (request == NULL) {
		ctl_pipe_refuse(im->pipe, where, l->line, &f);
		return 0;
	}
	return ctl_pipe_put(im->pipe, where, l->line, request, NULL, 0, gone);
}

static int
import_reports(struct import *im, const char *path, struct fault *gone)
{
	const char *where = strcmp(path, "-") == 0 ? "stdin" : path;
	struct ctl_lines lines;
	struct fault f = { 0 };
	int rc = 0;

	if (ctl_lines_open(&lines, path, REPORT_LINE_MAX, &f) != 0) {
		ctl_pipe_refuse(im->pipe, where, 0, &f);
		return 0;
	}
	while (rc == 0 && (rc = ctl_lines_next(&lines, &f)) > 0) {
		rc = 0;
		if (lines.n > 0 || lines.too_long)
			rc = import_line(im, where, &lines, gone);
	}
	if (rc < 0 && f.code != 0) {	/* the file broke off, not the switch */
		ctl_pipe_refuse(im->pipe, where, 0, &f);
		rc = 0;
	}
	ctl_lines_close(&lines);
	return rc;
}

int
ctl_import(struct ctl *ctl, int argc, char **argv)
{
	struct submit_tally tally = { .ctl = ctl };
	struct import im = { .ctl = ctl, .tally = &tally };
	struct ctl_args a;
	struct fault f = { 0 };
	const char *format, *from, *self;
	struct body *probe = NULL;
	char confdir[512];
	long retry = 30;
	int rc;

	if (ctl_args_parse(&a, import_options, false, argc, argv, &f) != 0) {
		rc = ctl_usage("import", f.field, f.text);
		goto out;
	}
	ctl->json = ctl->json || a.json;
	format = ctl_arg(&a, "format");
	for (size_t i = 0; format != NULL && i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(format, formats[i].name) == 0)
			im.format = &formats[i];
	if (im.format == NULL) {
		rc = ctl_usage("import", "format", _("must be cap, 12379 or report-jsonl"));
		goto out;
	}
	if (a.nword == 0) {
		rc = ctl_usage("import", "", _("which file? (- is standard input)"));
		goto out;
	}
	im.to = ctl_arg(&a, "to");
	probe = body_new();
	if (ctl_arg_num(&a, "retry", 0, 86400, &retry, &f) != 0 ||
	    (im.to != NULL && ctl_stations(probe, F_TO, im.to, &f) != 0) || ctl_dir(ctl, &f) != 0 ||
	    conf_dir(confdir, sizeof confdir, &f) == NULL || limits_load(confdir, &f) != 0 ||
	    (im.cb = ctl_codebook(ctl, &f)) == NULL || ctl_connect(ctl, &f) != 0) {
		rc = ctl_fail(&f);
		goto out;
	}
	self = json_string_value(json_object_get(client_hello(ctl->client), "station"));
	if ((from = ctl_arg(&a, "from")) != NULL && (self == NULL || strcmp(from, self) != 0)) {
		(void)fault_set(&f, EX_NOPERM, "from",
		    _("a switch enters only in its own name, and this is the switch of %s"), self == NULL ? "?" : self);
		rc = ctl_fail(&f);
		goto out;
	}
	im.pipe = ctl_pipe_new(ctl, retry, submit_tally_done, &tally);
	rc = 0;
	for (size_t i = 0; i < a.nword && rc == 0; i++)
		rc = im.format->read != NULL ? import_document(&im, a.word[i], &f) : import_reports(&im, a.word[i], &f);
	if (rc == 0)
		rc = ctl_pipe_drain(im.pipe, &f);
	if (rc != 0)
		rc = f.code != 0 ? f.code : EX_TEMPFAIL;
	ctl_pipe_free(im.pipe);
	{
		int sum = submit_tally_end(&tally);

		if (sum != EX_OK)
			rc = sum;
	}
out:
	for (size_t i = 0; i < im.nplaces; i++)
		free(im.places[i]);
	free(im.places);
	body_free(probe);
	ctl_args_free(&a);
	return rc;
}
