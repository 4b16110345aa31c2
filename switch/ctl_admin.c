/*
 * Administration: making a station, rereading its topology, verifying its journal, help.
 *
 * init makes the journal too, so that a switch that later finds none knows that it was lost.  What init prints on
 * standard output is the public key alone: it is what the neighbour's `enrol' takes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/i18n.h"
#include "command.h"
#include "ctl.h"
#include "foldcache.h"
#include "journal.h"
#include "stationdir.h"

#define VERIFY_TIMEOUT (30 * 60 * 1000)	/* ms: a large journal is read from end to end */

/* ---- init ---- */

/* The journal, under its lock.  Its chain begins here: an empty one is never right. */
static int
make_journal(const struct stationdir *d, struct fault *f)
{
	static const uint8_t none[DIGEST_LEN];
	struct journal *j = NULL;
	int lock = stationdir_lock(d, f), rc = -1;

	if (lock < 0)
		return -1;
	if ((j = journal_sqlite_open(d->journal, true, f)) == NULL)
		goto out;
	rc = j->ops->chain_add(j, ctl_now(), CHAIN_ADMIN, "made", d->station, none) == 0 ? j->ops->commit(j) : -1;
	j->ops->close(j);
	if (rc != 0)
		(void)fault_set(f, EX_IOERR, "", _("the journal cannot be written in %s"), d->journal);
	else
		rc = stationdir_used(d, f);
out:
	close(lock);
	return rc;
}

/* What the options say, checked as far as it can be here; stationdir_create() checks the rest. */
static int
init_options(struct ctl *ctl, const struct ctl_args *a, struct stationdir_new *n, uint8_t key[32],
    char parent[STATION_MAX], char *parent_name, size_t name_size, struct fault *f)
{
	const char *parent_key = ctl_arg(a, "parent-key"), *above = ctl_arg(a, "parent-station");
	const struct codebook *cb;
	long rate = 0;

	n->station = ctl_arg(a, "station");
	n->name = ctl_arg(a, "name");
	n->listen = ctl_arg(a, "listen");
	n->parent_endpoint = ctl_arg(a, "parent");
	if (n->station == NULL || n->name == NULL)
		return fault_set(f, EX_USAGE, n->station == NULL ? "station" : "name", _("is needed"));
	if (n->parent_endpoint == NULL && (parent_key != NULL || above != NULL || ctl_arg(a, "parent-rate") != NULL))
		return fault_set(f, EX_USAGE, "parent", _("is needed: where the station above listens"));
	if (n->parent_endpoint != NULL && parent_key == NULL)
		return fault_set(f, EX_USAGE, "parent-key", _("is needed: the key the station above has printed"));
	if ((cb = ctl_codebook(ctl, f)) == NULL || ctl_station_known(n->station, cb, "station", f) != 0)
		return -1;
	if (n->listen != NULL && !endpoint_listen_valid(n->listen))
		return fault_set(f, EX_DATAERR, "listen", _("not an address like tcp://HOST:PORT: %s"), n->listen);
	if (n->parent_endpoint == NULL)
		return 0;
	if (!endpoint_valid(n->parent_endpoint))
		return fault_set(
		    f, EX_DATAERR, "parent", _("not an address like tcp://HOST:PORT: %s"), n->parent_endpoint);
	if (!key_parse(parent_key, key))
		return fault_set(f, EX_DATAERR, "parent-key", _("must be 64 hexadecimal digits"));
	n->parent_key = key;
	if (above == NULL)
		above = codebook_parent_station(cb, n->station, parent, STATION_MAX);
	if (above[0] == '\0')
		return fault_set(
		    f, EX_NOHOST, "parent-station", _("the codebook knows no station above %s: name it"), n->station);
	if (ctl_station_known(above, cb, "parent-station", f) != 0 ||
	    ctl_arg_num(a, "parent-rate", 0, 1000000000, &rate, f) != 0)
		return -1;
	n->parent_station = above;
	n->parent_rate = (unsigned)rate;
	n->parent_name = codebook_station(cb, above, parent_name, name_size);
	return 0;
}

int
ctl_init(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"station", true, false}, {"name", true, false},
	    {"listen", true, false}, {"parent", true, false}, {"parent-key", true, false},
	    {"parent-station", true, false}, {"parent-rate", true, false}, {NULL, false, false}};
	struct ctl_args a;
	struct fault f = { 0 };
	struct stationdir_new n = { 0 };
	struct stationdir d;
	uint8_t key[32];
	char parent[STATION_MAX], parent_name[128], hex[65], text[512];
	int rc = EX_OK;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0) {
		rc = ctl_usage("init", f.field, f.text);
		goto out;
	}
	if (a.nword > 0) {
		rc = ctl_usage("init", a.word[0], _("one word too many"));
		goto out;
	}
	if (ctl->dir == NULL)
		(void)fault_set(&f, EX_USAGE, "-D", _("names no station directory, nor does $DUTYDESK_DIR"));
	else if (init_options(ctl, &a, &n, key, parent, parent_name, sizeof parent_name, &f) == 0 &&
		 stationdir_create(ctl->dir, &n, &f) == 0 && stationdir_load(ctl->dir, &d, &f) == 0 &&
		 make_journal(&d, &f) == 0) {
		key_format(d.public_key, hex);
		if (ctl->json || a.json)
			(void)printf("{\"station\":\"%s\",\"public_key\":\"%s\"}\n", d.station, hex);
		else
			(void)printf("%s\n", hex);
		(void)snprintf(text, sizeof text,
		    _("station %s (%s) made in %s; on standard output its public key, for the neighbours"), d.station,
		    d.name, ctl->dir);
		ctl_note(text);
		goto out;
	}
	rc = ctl_fail(&f);
out:
	ctl_args_free(&a);
	return rc;
}

/* ---- reload, verify ---- */

static int
plain_options(struct ctl *ctl, const char *verb, int argc, char **argv)
{
	static const struct ctl_option none[] = { { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	int rc = EX_OK;

	if (ctl_args_parse(&a, none, false, argc, argv, &f) != 0)
		rc = ctl_usage(verb, f.field, f.text);
	else if (a.nword > 0)
		rc = ctl_usage(verb, a.word[0], _("one word too many"));
	ctl->json = ctl->json || a.json;
	ctl_args_free(&a);
	return rc;
}

int
ctl_reload(struct ctl *ctl, int argc, char **argv)
{
	struct fault f = { 0 };
	json_t *answer;
	int rc = plain_options(ctl, "reload", argc, argv);

	if (rc != EX_OK)
		return rc;
	if ((answer = ctl_ask(ctl, json_pack("{s:s}", "op", "reload"), 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json)
		ctl_json_answer(stdout, answer);
	else
		(void)printf(_("topology read again: %lld neighbours\n"),
		    (long long)json_integer_value(json_object_get(answer, "neighbours")));
	json_decref(answer);
	return EX_OK;
}

/* Offline: the journal under its lock, with the switch's own verify. */
static json_t *
verify_offline(struct ctl *ctl, struct fault *f)
{
	struct stationdir d;
	struct journal_verify v = { 0 };
	struct foldcache_result folds = { .why = "" };
	struct journal *j = NULL;
	json_t *out = NULL;
	int lock = -1;

	if (stationdir_load(ctl->dir, &d, f) != 0 || (lock = stationdir_lock(&d, f)) < 0)
		return NULL;
	if ((j = journal_sqlite_open(d.journal, false, f)) == NULL) {
		if (f->code != EX_NOINPUT && f->code != EX_NOPERM && f->code != EX_TEMPFAIL)
			f->code = EX_DATAERR;	/* the journal is what was asked about */
		goto out;
	}
	if (j->ops->chain_seq(j) == 0 && !stationdir_fresh(&d)) {
		(void)fault_set(f, EX_DATAERR, "", _("the journal is empty, and this station has been at work: restore it"));
		goto close;
	}
	if (j->ops->verify(j, d.station, &v) != 0 && v.bad[0] == '\0') {
		(void)fault_set(f, EX_IOERR, "", _("the journal in %s cannot be read to its end"), d.journal);
		goto close;
	}
	if (!j->failed && foldcache_verify(j, FOLDCACHE_LOOK, &folds) == -1 && v.bad[0] == '\0')
		(void)snprintf(v.bad, sizeof v.bad, "%s", _("incident: the cached rows cannot be read to their end"));
	out = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b}", "messages", (json_int_t)v.messages, "chain",
	    (json_int_t)v.chain, "deliveries", (json_int_t)v.deliveries, "outbox", (json_int_t)v.outbox, "blobs",
	    (json_int_t)v.blobs, "destroyed", (json_int_t)v.destroyed, "bad", v.bad, "offline", 1);
	foldcache_answer(out, &folds);
close:
	j->ops->close(j);
out:
	close(lock);
	return out;
}

/* What is wrong, of the answer's `bad` and `fold_bad`; "" when nothing is. */
static void
verdict(const json_t *answer, char *buf, size_t size)
{
	const char *bad = json_string_value(json_object_get(answer, "bad"));
	const char *fold = json_string_value(json_object_get(answer, "fold_bad"));
	long long n = (long long)json_integer_value(json_object_get(answer, "fold_count"));
	long long rebuilt = (long long)json_integer_value(json_object_get(answer, "rebuilt"));
	char id[MSGID_TEXT_MAX], why[64];

	buf[0] = '\0';
	if (bad == NULL || fold == NULL)
		(void)snprintf(buf, size, "%s", _("the switch's answer is not understood"));
	else if (bad[0] != '\0')
		(void)ctl_text(answer, "bad", buf, size);
	else if (fold[0] != '\0' && rebuilt > 0)
		(void)snprintf(buf, size, _("cached fold differs: %s (%s); %lld cached incidents rebuilt"),
		    ctl_text(answer, "fold_bad", id, sizeof id), ctl_text(answer, "fold_why", why, sizeof why),
		    rebuilt);
	else if (fold[0] != '\0')
		(void)snprintf(buf, size,
		    _("cached fold differs: %s (%s); %lld cached incidents wrong, verify with the switch running to "
		      "rebuild them"),
		    ctl_text(answer, "fold_bad", id, sizeof id), ctl_text(answer, "fold_why", why, sizeof why), n);
}

int
ctl_verify(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *key, *label;
	} rows[] = {{"messages", N_("messages")}, {"chain", N_("chain rows")}, {"deliveries", N_("deliveries")},
	    {"outbox", N_("outbox")}, {"blobs", N_("blobs")}, {"destroyed", N_("destroyed")},
	    {"incidents", N_("incidents")}};
	struct fault f = { 0 };
	json_t *answer;
	char bad[700], buf[64];
	bool offline = false;
	int rc = plain_options(ctl, "verify", argc, argv);

	if (rc != EX_OK)
		return rc;
	answer = ctl_ask(ctl, json_pack("{s:s}", "op", "verify"), VERIFY_TIMEOUT, &f);
	if (answer == NULL && f.code == EX_UNAVAILABLE) {
		f = (struct fault){ 0 };
		offline = true;
		answer = verify_offline(ctl, &f);
	}
	if (answer == NULL)
		return ctl_fail(&f);
	verdict(answer, bad, sizeof bad);
	if (ctl->json) {
		(void)json_object_set_new(answer, "clean", json_boolean(bad[0] == '\0'));
		ctl_json_answer(stdout, answer);
	} else {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			ctl_line(stdout, _(rows[i].label), ctl_text(answer, rows[i].key, buf, sizeof buf));
		ctl_line(stdout, _("journal"),
		    bad[0] != '\0' ? _("BAD")
		    : offline	   ? _("clean (verified offline)")
				   : _("clean"));
	}
	if (bad[0] != '\0') {
		(void)fault_set(&f, EX_DATAERR, "journal", "%s", bad);
		rc = ctl_fail(&f);
	}
	json_decref(answer);
	return rc;
}

/* ---- help ---- */

static void
print_fields(FILE *out)
{
	const struct field *field;
	char name[80];

	(void)fprintf(out, "\n%s\n", _("Fields:"));
	for (size_t i = 0; (field = field_at(i)) != NULL; i++) {
		if ((field->flags & FF_HEADER) != 0)
			continue;
		(void)snprintf(name, sizeof name, "  --%-18s", field->name);
		ctl_line(out, name, i18n_zh() ? field->zh : _(field->label));
	}
}

void
ctl_help_verb(FILE *out, const struct command *c)
{
	bool fields = c->id == CMD_INTAKE || c->id == CMD_SUBMIT || c->id == CMD_REPORT || c->id == CMD_FOLLOWUP ||
		      c->id == CMD_GRADE || c->id == CMD_DIRECT || c->id == CMD_FEEDBACK;

	if (c->verb != NULL && (c->flags & CMDF_CTL) != 0)
		(void)fprintf(out, "dutyctl -D DIR %s%s%s\n", c->verb, c->args[0] != '\0' ? " " : "", c->args);
	else
		(void)fprintf(out, "%s\n", c->zh);
	(void)fprintf(out, "  %s", _(c->help));
	if (c->keys[0] != '\0' && (c->flags & CMDF_DESK) != 0)
		(void)fprintf(out, _(" (desk: %s)"), c->keys);
	(void)fputc('\n', out);
	if (c->more[0] != '\0')
		(void)fprintf(out, "\n%s\n", _(c->more));
	if (fields)
		print_fields(out);
}

void
ctl_help_all(FILE *out)
{
	static const char statuses[] =
	    N_("Exit status: 0 done; 64 usage; 65 data refused; 66 no such file, message or incident; 68 unknown "
	       "station;\n"
	       "69 the switch is not running; 70 internal; 71 system; 73 cannot be created; 74 I/O; 75 try again;\n"
	       "76 protocol; 77 no permission; 78 configuration.");
	const struct command *c;
	char name[64];

	(void)fprintf(out, "%s\n\n", _("dutyctl [-D DIR] [--json] VERB [options]   ($DUTYDESK_DIR when -D is absent)"));
	for (size_t i = 0; (c = command_at(i)) != NULL; i++)
		if (c->verb != NULL && (c->flags & CMDF_CTL) != 0) {
			(void)snprintf(name, sizeof name, "  %-10s", c->verb);
			ctl_line(out, name, _(c->help));
		}
	(void)fprintf(
	    out, "\n%s\n%s\n", _("`dutyctl help VERB' says more.  --json prints one JSON object a line."), _(statuses));
}

int
ctl_help(struct ctl *ctl, int argc, char **argv)
{
	const struct command *c;

	(void)ctl;
	if (argc == 0) {
		ctl_help_all(stdout);
		return EX_OK;
	}
	if (argc > 1)
		return ctl_usage("help", argv[1], _("one word too many"));
	if ((c = command_by_verb(argv[0])) == NULL)
		return ctl_usage("", argv[0], _("unknown verb"));
	ctl_help_verb(stdout, c);
	return EX_OK;
}
