/*
 * Rounds in which a switch stands still (SIGSTOP) while the world goes on, for an hour by the others' clocks; and in
 * which a second one is started on the same directory.
 *
 * The hour is made of steps of the others' wall clocks, each shorter than what they take for a clock that was set;
 * between two steps they are asked something, so that they look at the clock.  The connection stays: the kernel of the
 * one that stands still goes on acknowledging.  Only the switch's own probes can find out.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "torture.h"

#define STEP_MS (9 * 60000)
#define STEPS 7

static bool
link_is_up(struct rig *r, int i, const char *peer)
{
	json_t *st = rig_status(r, i), *l;
	bool up = false;
	size_t k;

	ST_CHECK(st != NULL, "%s does not answer", r->st.s[i].code);
	json_array_foreach(json_object_get(st, "links"), k,
	    l) if (strcmp(json_string_value(json_object_get(l, "station")), peer) == 0) up =
	    strcmp(json_string_value(json_object_get(l, "state")), "up") == 0;
	json_decref(st);
	return up;
}

static void
second_daemon(struct rig *r, int i)
{
	struct station_proc *s = &r->st.s[i];
	const char *argv[] = {s->program, "-D", s->dir, NULL};
	char pid[24];
	struct output o;

	(void)snprintf(pid, sizeof pid, "%ld", (long)s->pid);
	run_command(argv, NULL, 0, 30000, &o);
	ST_CHECK(o.status == EX_TEMPFAIL && strstr(buf_cstr(&o.err), pid) != NULL,
	    "a second switch of %s (first: %s): %s", s->code, pid, output_text(&o));
	output_free(&o);
}

/* Whoever runs goes on by one step of the clock, and looks at it. */
static void
age(struct rig *r, int64_t ms)
{
	for (int i = 0; i < STATIONS; i++)
		if (!r->stopped[i])
			atomic_fetch_add(&r->page[i]->clock_shift, ms);
	for (int look = 0; look < 3; look++) {
		for (int i = 0; i < STATIONS; i++)
			json_decref(rig_status(r, i));
		rig_turns(r, 15);
	}
}

void
round_stop(struct rig *r, uint64_t turn)
{
	int i = (int)(turn % STATIONS);
	int64_t deadline = mono_ms() + 20000 * r->slow;
	bool hour = chance(2) == 0;

	second_daemon(r, i);
	ledger_traffic(&r->ledger, r, 5);
	rig_turns(r, (int)chance(30));
	ST_CHECK(r->st.s[i].pid > 0 && kill(r->st.s[i].pid, SIGSTOP) == 0, "SIGSTOP");
	r->stopped[i] = true;
	atomic_fetch_add(&tally->stops, 1);
	second_daemon(r, i); /* one that stands still has the directory all the same */
	ledger_traffic(&r->ledger, r, 4);
	rig_turns(r, 100 + (int)chance(200));
	if (hour) {
		bool up = true;

		for (int k = 0; k < STEPS; k++)
			age(r, STEP_MS);
		do {
			up = false;
			for (int k = 0; k < STATIONS; k++)
				up |= k != i && (k == i - 1 || k == i + 1) && r->ready[k] &&
				      link_is_up(r, k, r->st.s[i].code);
			rig_turns(r, 20);
		} while (up && mono_ms() < deadline);
		ST_CHECK(
		    !up, "%s stands still for an hour and its neighbours take its links for live", r->st.s[i].code);
	}
	ST_CHECK(kill(r->st.s[i].pid, SIGCONT) == 0, "SIGCONT");
	r->stopped[i] = false;
	if (hour) /* it wakes up in the others' time */
		atomic_fetch_add(&r->page[i]->clock_shift, (int64_t)STEP_MS * STEPS);
	rig_quiet(r, 60000);
}
