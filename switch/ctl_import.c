/*
 * import: CAP files, and another system's reports as history.
 *
 * A file or line that cannot be taken is refused by name and reason and the others go on.  The request id is the digest
 * of the bytes, so an import that was killed, or lost its switch half-way, is simply run again.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/cap.h"
#include "../formats/i18n.h"
#include "../formats/reportjsonl.h"
#include "ctl_submit.h"

#define TREE_SENT_MAX 1024		/* bytes of a CAP document's elements that go along to the addressees */
#define REPORT_LINE_MAX (1u << 20)	/* bytes; reportjsonl_read() refuses more */

static const struct ctl_option import_options[] = {
    {"format", true, false}, {"from", true, false}, {"to", true, false}, {"retry", true, false}, {NULL, false, false}};

struct import {
	struct ctl *ctl;
	struct ctl_pipe *pipe;
	const struct codebook *cb;
	const char *to;
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

/* 0 going on, -1 + fault the switch is gone. */
static int
import_cap(struct import *im, const char *path, struct fault *gone)
{
	const char *where = strcmp(path, "-") == 0 ? "stdin" : path;
	struct cap_alert alert = { 0 };
	struct fault f = { 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;
	char rid[80];
	const char *tree;
	json_t *request;
	int realm;

	if (ctl_file_read(path, CAP_MAX, &bytes, &len, &f) != 0 ||
	    cap_read(bytes, len, im->cb, ctl_now(), &alert, &f) != 0)
		goto refused;
	/* Every addressee's line would carry the whole document: beyond a line's worth the original bytes, kept here by
	 * digest, are enough. */
	if ((tree = body_text(alert.body, F_CAP_TREE)) != NULL && strlen(tree) > TREE_SENT_MAX)
		body_unset(alert.body, F_CAP_TREE);
	/* An entry of the log stays here, also one that the station may know as the answer to a message. */
	if (im->to != NULL && alert.fate != CAP_LOG && body_enum(alert.body, F_KIND) != KIND_LOG &&
	    ctl_stations(alert.body, F_TO, im->to, &f) != 0)
		goto refused;
	rid_of("cap:", bytes, len, rid, sizeof rid);
	realm = alert.fate == CAP_EXERCISE ? REALM_EXERCISE : REALM_LIVE;
	request = submit_request(rid, realm, alert.body, true);
	cap_alert_free(&alert);
	return ctl_pipe_put(im->pipe, where, 0, request, bytes, len, gone);
refused:
	cap_alert_free(&alert);
	free(bytes);
	ctl_pipe_refuse(im->pipe, where, 0, &f);
	return 0;
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
		rid_of("rj:", l->p, l->n, rid, sizeof rid);
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
	struct import im = { .ctl = ctl };
	struct ctl_args a;
	struct fault f = { 0 };
	const char *format, *from, *self;
	struct body *probe = NULL;
	bool cap;
	long retry = 30;
	int rc;

	if (ctl_args_parse(&a, import_options, false, argc, argv, &f) != 0) {
		rc = ctl_usage("import", f.field, f.text);
		goto out;
	}
	ctl->json = ctl->json || a.json;
	format = ctl_arg(&a, "format");
	cap = format != NULL && strcmp(format, "cap") == 0;
	if (format == NULL || (!cap && strcmp(format, "report-jsonl") != 0)) {
		rc = ctl_usage("import", "format", _("must be cap or report-jsonl"));
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
		rc = cap ? import_cap(&im, a.word[i], &f) : import_reports(&im, a.word[i], &f);
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
	body_free(probe);
	ctl_args_free(&a);
	return rc;
}
