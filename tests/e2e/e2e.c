/*
 * The end-to-end test: e2e -B BUILD [--seed S] [--kills N] [--case NAME]
 *
 * Three real daemons, the real dutyctl, the real client library.  Prints the seed, a line a case, and "N passed, M failed".
 * A failed case's folders are kept and named.  Random moments come from the seed; what the kernel makes of them does not.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>
#include "e2e.h"

static const struct {
	const char *name;
	e2e_case_fn fn;
} cases[] = {
	{ "main_job", case_main_job },
	{ "kill_county", case_kill_county },
	{ "import_killed", case_import_killed },
	{ "cap_import", case_cap_import },
	{ "bad_input", case_bad_input },
	{ "bad_wire", case_bad_wire },
	{ "bad_journal", case_bad_journal },
	{ "down_and_up", case_down_and_up },
	{ "graceful", case_graceful },
	{ "locale", case_locale },
	{ "installed", case_installed },
	{ "man_page", case_man_page },
	{ "command_line", case_command_line },
	{ "draft_life", case_draft_life },
	{ "correction", case_correction },
	{ "recall", case_recall },
	{ "figures", case_figures },
	{ "draft_killed", case_draft_killed },
	{ "event_steps", case_event_steps },
	{ "merge_split", case_merge_split },
	{ "outside_entry", case_outside_entry },
	{ "destroy", case_destroy },
	{ "grading", case_grading },
	{ "foreign_life", case_foreign_life },
	{ "kinds", case_kinds },
	{ "originals", case_originals },
	{ "relay_burnt", case_relay_burnt },
	{ "other_way", case_other_way },
	{ "hosted", case_hosted },
	{ "disk_full", case_disk_full },
	{ "commit_fails", case_commit_fails },
	{ "backup_online", case_backup_online },
	{ "restore", case_restore },
	{ "retention", case_retention },
	{ "settling", case_settling },
	{ "rules_change", case_rules_change },
	{ "past_the_county", case_past_the_county },
	{ "stats", case_stats },
	{ "exercise", case_exercise },
};

static jmp_buf escape;
static char why[4096];
static struct e2e env;

static void
on_failure(const char *text)
{
	(void)snprintf(why, sizeof why, "%s", text);
	longjmp(escape, 1);
}

static bool
run_case(size_t i)
{
	double began = mono_s();
	const char *trace;
	volatile bool ok = false;

	why[0] = env.note[0] = '\0';
	chance_seed(env.seed * 1000 + i);
	if (setjmp(escape) == 0) {
		stations_make(&env.st, env.build);
		cases[i].fn(&env);
		ok = true;
	}
	if (env.mounted[0] != '\0')
		(void)umount2(env.mounted, MNT_DETACH);
	env.mounted[0] = '\0';
	if ((trace = stations_trace(&env.st)) != NULL) {
		ok = false;
		(void)snprintf(why + strlen(why), sizeof why - strlen(why), "%s%s", why[0] != '\0' ? "; " : "", trace);
	}
	if (ok)
		printf("ok %s (%.1f s)%s%s\n", cases[i].name, mono_s() - began, env.note[0] != '\0' ? " " : "", env.note);
	else
		printf("FAIL %s: %s (kept: %s)\n", cases[i].name, why, env.st.root);
	(void)fflush(stdout);
	stations_free(&env.st, !ok);
	return ok;
}

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: e2e -B BUILD [--seed S] [--kills N] [--case NAME]\ncases:");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		fprintf(stderr, " %s", cases[i].name);
	fputc('\n', stderr);
	exit(64);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = { { "seed", required_argument, NULL, 's' }, { "kills", required_argument, NULL, 'k' },
		{ "case", required_argument, NULL, 'c' }, { NULL, 0, NULL, 0 } };
	const char *only = NULL;
	int c, passed = 0, failed = 0;

	env.seed = ((uint64_t)time(NULL) * 1000 + (uint64_t)getpid()) % 1000000007u;
	env.kills = 20;
	env.slow = 1;
#if defined(__SANITIZE_ADDRESS__)
	env.slow = 5;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	env.slow = 5;
#endif
#endif
	while ((c = getopt_long(argc, argv, "B:", longs, NULL)) != -1)
		switch (c) {
		case 'B':
			env.build = optarg;
			break;
		case 's':
			env.seed = strtoull(optarg, NULL, 10);
			break;
		case 'k':
			env.kills = (int)strtol(optarg, NULL, 10);
			break;
		case 'c':
			only = optarg;
			break;
		default:
			usage();
		}
	if (env.build == NULL || optind != argc || env.kills < 1 || env.kills > 10000)
		usage();
	stations_setup(env.build);
	(void)snprintf(env.conf, sizeof env.conf, "%s", stations_conf());
	(void)snprintf(env.data, sizeof env.data, "%.490s/../tests/data", env.conf);
	stations_on_failure(on_failure);
	printf("seed %llu kills %d\n", (unsigned long long)env.seed, env.kills);
	(void)fflush(stdout);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (only == NULL || strcmp(only, cases[i].name) == 0) {
			if (run_case(i))
				passed++;
			else
				failed++;
		}
	if (passed + failed == 0)
		usage();
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}
