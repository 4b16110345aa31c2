/*
 * Rounds in which a switch kills itself at one call of its own choosing by us, and rounds in which its clock steps at
 * one reading.
 *
 * The calls between "submits posted" and "all delivered" are counted once, in a round without orders; then the n-th is
 * the last one made, for n swept over that window (the stride is coprime to it, so that a short run is spread over all
 * of it and a long one is complete), before or after the call, at each of the three in turn.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "torture.h"

#define DAY_MS INT64_C(86400000)

static uint64_t window[STATIONS]; /* calls of one clean round; 0: not measured */
static uint64_t reads[STATIONS];  /* readings of the clock */

static void
measure(struct rig *r)
{
	uint64_t before[STATIONS], looks[STATIONS];

	for (int i = 0; i < STATIONS; i++) {
		before[i] = atomic_load(&r->page[i]->count[SHIM_ANY]);
		looks[i] = atomic_load(&r->page[i]->clock_reads);
	}
	ledger_traffic(&r->ledger, r, 4);
	rig_quiet(r, 30000);
	for (int i = 0; i < STATIONS; i++) {
		window[i] = atomic_load(&r->page[i]->count[SHIM_ANY]) - before[i];
		reads[i] = atomic_load(&r->page[i]->clock_reads) - looks[i];
		ST_CHECK(window[i] > 0 && reads[i] > 0, "%s: the shim counts nothing", r->st.s[i].code);
	}
}

/* Steps through 0 .. n - 1 so that any prefix is spread. */
static uint64_t
spread(uint64_t turn, uint64_t n)
{
	uint64_t step = n * 618 / 1000 + 1, a, b;

	for (;; step++) {
		for (a = step, b = n; b != 0;) {
			uint64_t c = a % b;

			a = b;
			b = c;
		}
		if (a == 1)
			return turn * step % n;
	}
}

void
round_kill(struct rig *r, uint64_t turn)
{
	static const struct {
		int kind;
		int how;
	} random_kinds[] = {{SHIM_SYNC, SHIM_AFTER}, {SHIM_SYNC, SHIM_BEFORE}, {SHIM_WRITE, SHIM_HALF},
	    {SHIM_SEND, SHIM_AFTER}, {SHIM_SEND, SHIM_BEFORE}, {SHIM_WRITE, SHIM_AFTER}};
	int i = (int)(turn % STATIONS), kind = SHIM_ANY, how = SHIM_BEFORE;
	struct shim_page *p = r->page[i];
	int64_t deadline;
	uint64_t n;
	char why[300];

	if (window[i] == 0)
		measure(r);
	if (turn % 4 == 3) {
		size_t k = (size_t)chance(COUNT_OF(random_kinds));

		kind = random_kinds[k].kind;
		how = random_kinds[k].how;
		n = chance(kind == SHIM_ANY ? window[i] : window[i] / 4 + 1) + 1;
	} else
		n = spread(turn / STATIONS, window[i]) + 1;
	r->excused[i] = MAY_DIE;
	atomic_store(&p->kill_kind, (uint32_t)kind);
	atomic_store(&p->kill_how, (uint32_t)how);
	/* A third of them within the start: what a switch does before it is ready. */
	if (chance(6) == 0) {
		(void)kill(r->st.s[i].pid, SIGKILL);
		n = chance(40) + 1;
	}
	atomic_store(&p->kill_at, atomic_load(&p->count[kind]) + n);
	ledger_traffic(&r->ledger, r, 4);
	deadline = mono_ms() + 20000 * r->slow;
	do
		rig_turn(r, 10);
	while (atomic_load(&p->kill_at) != 0 && mono_ms() < deadline && !rig_is_quiet(r, why));
	if (atomic_load(&p->kill_at) == 0)
		atomic_fetch_add(&tally->kills, 1);
	else {
		atomic_fetch_add(&tally->missed, 1);
		rig_disarm(r, i);
	}
	ledger_ask_again(&r->ledger, i);
	rig_quiet(r, 30000);
}

void
round_clock(struct rig *r, uint64_t turn)
{
	int i = (int)(turn % STATIONS);
	struct shim_page *p = r->page[i];
	int64_t now = atomic_load(&p->clock_shift), step;

	if (reads[i] == 0)
		measure(r);
	/* a day there, later back, later a day behind */
	step = now != 0 ? -now : chance(2) == 0 ? DAY_MS : -DAY_MS;
	atomic_store(&p->clock_step, step);
	atomic_store(&p->clock_at, atomic_load(&p->clock_reads) + 1 + chance(reads[i]));
	ledger_traffic(&r->ledger, r, 4);
	rig_quiet(r, 40000);
	atomic_fetch_add(&tally->steps, 1);
	ledger_traffic(&r->ledger, r, 3);
	rig_quiet(r, 40000);
	rig_disarm(r, i);
}
