#ifndef TESTS_E2E_H
#define TESTS_E2E_H
/*
 * Cases of the end-to-end test: each gets three fresh stations of its own (made, not started) and fails by stations_fail().
 */
#include <stdint.h>
#include "../lib/stations.h"

struct e2e {
	const char *build;
	char conf[512], data[512];	/* conf/ and tests/data/ */
	uint64_t seed;
	int kills;
	int slow;			/* factor on limits of time: 1, or more in a sanitized build */
	struct stations st;
	char note[300];			/* what a passed case tells besides */
	char mounted[400];		/* file system to take away after the case; "": none */
};

typedef void (*e2e_case_fn)(struct e2e *);
void case_main_job(struct e2e *);
void case_kill_county(struct e2e *);
void case_import_killed(struct e2e *);
void case_cap_import(struct e2e *);
void case_bad_input(struct e2e *);
void case_bad_wire(struct e2e *);
void case_bad_journal(struct e2e *);
void case_down_and_up(struct e2e *);
void case_graceful(struct e2e *);
void case_locale(struct e2e *);
void case_installed(struct e2e *);
void case_man_page(struct e2e *);
void case_command_line(struct e2e *);
void case_draft_life(struct e2e *);
void case_correction(struct e2e *);
void case_recall(struct e2e *);
void case_figures(struct e2e *);
void case_draft_killed(struct e2e *);
void case_event_steps(struct e2e *);
void case_merge_split(struct e2e *);
void case_outside_entry(struct e2e *);
void case_destroy(struct e2e *);
void case_grading(struct e2e *);
void case_foreign_life(struct e2e *);
void case_kinds(struct e2e *);
void case_originals(struct e2e *);
void case_relay_burnt(struct e2e *);
void case_other_way(struct e2e *);
void case_hosted(struct e2e *);
void case_disk_full(struct e2e *);
void case_commit_fails(struct e2e *);
void case_backup_online(struct e2e *);
void case_restore(struct e2e *);
void case_retention(struct e2e *);
void case_settling(struct e2e *);
void case_rules_change(struct e2e *);
void case_past_the_county(struct e2e *);
void case_stats(struct e2e *);
void case_exercise(struct e2e *);

/* ---- shared by cases (e2e_util.c) ---- */
json_t *report_body(const char *title);			/* a complete first report, no addressees */
const char *text_of(const json_t *, const char *member);	/* "" when it is none */
/* The first message of the kind in the inbox of s (waits); its id goes to out[80]. */
void await_inbox(struct station_proc *, const char *kind, char out[80], int ms);
/* Asks `op message` for every local message of the kind, many at a time. */
typedef void (*message_fn)(void *ctx, const char *id, const json_t *answer);
size_t each_message(struct station_proc *, const char *kind, message_fn, void *ctx);
/* Every delivery of the answer is at least 送达; fails naming it. */
void check_delivered(const struct station_proc *, const char *id, const json_t *answer);
void verify_all(struct e2e *);

#endif
