/*
 * dutyctl: the linear twin of the desk, and administration.
 *
 *     dutyctl [-D DIR] [--json] VERB [options]
 *
 * Verbs are rows of the command table (command.c); this file finds the row and calls the function of its id.  It
 * promises that the exit status says what happened (sysexits), that errors stand on standard error with field and
 * reason, and that standard output holds nothing but the answer, written whole or EX_IOERR.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "ctl.h"
#include "command.h"

#define VERSION "0.1"

static const struct {
	enum command_id id;
	int (*run)(struct ctl *, int argc, char **argv);
} verbs[] = {
    {CMD_INTAKE, ctl_intake},
    {CMD_SUBMIT, ctl_submit},
    {CMD_REPORT, ctl_report},
    {CMD_FOLLOWUP, ctl_followup},
    {CMD_ACK, ctl_ack},
    {CMD_GRADE, ctl_grade},
    {CMD_DIRECT, ctl_direct},
    {CMD_FEEDBACK, ctl_feedback},
    {CMD_TRACK, ctl_track},
    {CMD_ORDERS, ctl_orders},
    {CMD_PROXY, ctl_proxy},
    {CMD_CLAIM, ctl_claim},
    {CMD_LIST, ctl_list},
    {CMD_SHOW, ctl_show},
    {CMD_MESSAGE, ctl_message},
    {CMD_INBOX, ctl_inbox},
    {CMD_OWED, ctl_owed},
    {CMD_STATUS, ctl_status},
    {CMD_LOG, ctl_log},
    {CMD_DRAFTS, ctl_drafts},
    {CMD_WATCH, ctl_watch},
    {CMD_INIT, ctl_init},
    {CMD_ENROL, ctl_enrol},
    {CMD_RELOAD, ctl_reload},
    {CMD_VERIFY, ctl_verify},
    {CMD_BACKUP, ctl_backup},
    {CMD_RESTORE, ctl_restore},
    {CMD_TRACE, ctl_trace},
    {CMD_SEARCH, ctl_search},
    {CMD_STATS, ctl_stats},
    {CMD_EXPLAIN, ctl_explain},
    {CMD_HANDOVER, ctl_handover},
    {CMD_REPLAY, ctl_replay},
    {CMD_NOTE, ctl_entry},
    {CMD_ROLLCALL, ctl_rollcall},
    {CMD_ZERO, ctl_zero},
    {CMD_EXERCISE, ctl_exercise},
    {CMD_LEDGER, ctl_ledger},
    {CMD_IMPORT, ctl_import},
    {CMD_EXPORT, ctl_export},
    {CMD_CONVERT, ctl_convert},
    {CMD_CHECK, ctl_check},
    {CMD_CODES, ctl_codes},
    {CMD_CORRECT, ctl_correct},
    {CMD_RECALL, ctl_recall},
    {CMD_DRAFT, ctl_draft},
    {CMD_STEP, ctl_step},
    {CMD_MERGE, ctl_merge},
    {CMD_SPLIT, ctl_split},
    {CMD_ADOPT, ctl_adopt},
    {CMD_COUNTERSIGN, ctl_countersign},
    {CMD_VERDICT, ctl_verdict},
    {CMD_DIFF, ctl_diff},
    {CMD_OUTSIDE, ctl_outside},
    {CMD_STUB, ctl_stub},
    {CMD_RENDER, ctl_render},
    {CMD_DESTROY, ctl_destroy},
    {CMD_STAFF, ctl_staff},
    {CMD_ROSTER, ctl_roster},
    {CMD_PIN, ctl_pin},
    {CMD_RULES, ctl_rules},
    {CMD_CHASE, ctl_chase},
    {CMD_OUTLET, ctl_outlet},
    {CMD_HELP, ctl_help},
};

/* The station's settings say in which language its people read, unless the environment does. */
static void
choose_language(const char *dir)
{
	static const char *const keys[] = {
	    "station", "name", "listen", "language", "group", "log_level", "reoffer_minutes", "return_hours", "hosted",
    "attended_minutes", "divert_seconds", "settle_days", "keep_days", "resend_days", "ballast_mb", "room_mb", "backup_keep", "profile", "pins", NULL};
	struct fault ignored = { 0 };
	struct settings *s;
	char path[512];

	if (getenv("DUTYDESK_LANG") != NULL || dir == NULL)
		return;
	(void)snprintf(path, sizeof path, "%s/dutyswitch.conf", dir);
	if ((s = settings_load(path, keys, &ignored)) == NULL)
		return;
	i18n_init(settings_get(s, "language", "zh"));
	settings_free(s);
}

static int
dispatch(struct ctl *ctl, int argc, char **argv)
{
	const struct command *c = command_by_verb(argv[0]);

	if (c != NULL && (c->flags & CMDF_CTL) != 0)
		for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
			if (verbs[i].id == c->id) {
				for (int k = 1; k < argc && strcmp(argv[k], "--") != 0; k++)
					if (strcmp(argv[k], "--help") == 0) {
						ctl_help_verb(stdout, c);
						return EX_OK;
					}
				return verbs[i].run(ctl, argc - 1, argv + 1);
			}
	return ctl_usage("", argv[0], _("unknown verb"));
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { .dir = getenv("DUTYDESK_DIR") };
	struct fault f = { 0 };
	char **word;
	bool help = false;
	int i, rc = EX_OK;

	if (ctl.dir != NULL && *ctl.dir == '\0')
		ctl.dir = NULL;
	i18n_init(NULL);
	ctl_edge_open();
	word = ctl_edge_words(argc, argv, &f);
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		/* the directory's name as it was typed: it is the file system's */
		if (strcmp(argv[i], "-D") == 0 && i + 1 < argc)
			ctl.dir = argv[++i];
		else if (strncmp(argv[i], "-D", 2) == 0 && argv[i][2] != '\0')
			ctl.dir = argv[i] + 2;
		else if (strcmp(argv[i], "--json") == 0)
			ctl.json = true;
		else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			help = true;
		else if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0) {
			(void)printf("dutyctl (Dutydesk) %s\n", VERSION);
			goto out;
		} else {
			choose_language(ctl.dir);
			rc = ctl_usage(
			    "", word[i], strcmp(argv[i], "-D") == 0 ? _("needs a value") : _("unknown option"));
			goto out;
		}
	}
	choose_language(ctl.dir);
	if (f.code != 0)
		rc = ctl_fail(&f);
	else if (help)
		ctl_help_all(stdout);
	else if (i == argc)
		rc = ctl_usage("", "", _("which verb?"));
	else
		rc = dispatch(&ctl, argc - i, word + i);
out:
	client_close(ctl.client);
	codebook_free(ctl.codebook);
	if (ctl_edge_close() != 0 && rc == EX_OK) {
		ctl_note(_("standard output cannot be written"));
		rc = EX_IOERR;
	}
	ctl_edge_words_free(word);
	return rc;
}
