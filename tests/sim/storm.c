/*
 * What happens in a run: the storm of minutes, the hours of duty in a gentler one, and the calm in which all has to settle.
 */
#include <stdio.h>
#include "run.h"

#define CALM_MAX (INT64_C(30) * 3600000) /* the slowest re-offer is a day */
#define CALM_STEP 20000
#define DUTY_QUIET 600000 /* ms: the clockwork has looked, and what it has written has arrived */

static void
partition(struct run *r, bool cut)
{
	const struct map *m = world_map(r->w);
	uint64_t side = rng_next(world_rng(r->w));

	for (size_t l = 0; l < m->nlines; l++)
		if (!cut || ((side >> m->line[l].a % 61) & 1) != ((side >> m->line[l].b % 61) & 1))
			world_cut(r->w, l, cut);
}

/* The same in a run of hours: also by some hours, so that a shift or a day's end is gone through again. */
static void
set_clock_hours(struct run *r, size_t node)
{
	struct rng *g = world_rng(r->w);
	int64_t far = rng_chance(g, 300) ? 86400000 : (int64_t)rng_below(g, 4 * 3600000);

	world_skew(r->w, node, ((int64_t)rng_below(g, 3) - 1) * far);
}

/* A clock is set right or wrong, by half a minute or about a day. */
static void
set_clock(struct run *r, size_t node)
{
	struct rng *g = world_rng(r->w);
	int64_t far = rng_chance(g, 300) ? 86400000 + (int64_t)rng_below(g, 3600000) : 30000;

	world_skew(r->w, node, ((int64_t)rng_below(g, 3) - 1) * far);
}

/* A disk is lost: burnt, or put back to what a backup or a snapshot has.  Not while the clock there is far off: that
 * alone, with a day's luck, could open an epoch a second time. */
static void
lose_disk(struct run *r, size_t node)
{
	bool back = world_has_backup(r->w, node) && (r->rooms != NULL || rng_chance(world_rng(r->w), 600));

	if (world_skewed(r->w, node) != 0 || (r->rooms != NULL && !back))
		return;
	if (r->conf->verbose)
		fprintf(stderr, "%+.1f s: the disk of %s is %s\n", (double)(world_now(r->w) - world_began(r->w)) / 1000.0,
		    world_code(r->w, node), back ? "put back to its backup" : "lost");
	ledger_disaster(r, node);
	if (back)
		world_restore(r->w, node);
	else
		world_burn(r->w, node);
}

static void
mishap(struct run *r, unsigned disks)
{
	static const enum disk_plan plans[] = {
	    DISK_POWER, DISK_POWER, DISK_EIO_WRITE, DISK_EIO_SYNC, DISK_EIO_SYNC_DONE, DISK_FULL};
	struct rng *g = world_rng(r->w);
	size_t node = rng_below(g, world_size(r->w)), line = rng_below(g, world_map(r->w)->nlines);
	static const int rooms[] = {PREC_ROUTINE, PREC_ROUTINE, PREC_ROUTINE - 1, PREC_FLASH};

	switch (rng_below(g, 20)) {
	case 0:
	case 1:
	case 2:
		world_crash(r->w, node, rng_chance(g, world_weather(r->w)->power));
		break;
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
	case 8:
		world_restart(r->w, node);
		break;
	case 9:
		world_stop(r->w, node);
		break;
	case 10:
		world_cut(r->w, line, true);
		break;
	case 11:
		world_cut(r->w, line, false);
		break;
	case 12:
		world_mute(r->w, line, (unsigned)rng_below(g, 2), rng_chance(g, 400));
		break;
	case 13:
		world_reload(r->w, node);
		break;
	case 14:
		partition(r, rng_chance(g, 400));
		break;
	case 15:
		world_plan(r->w, node, plans[rng_below(g, 6)], 1 + (unsigned)rng_below(g, 60));
		break;
	case 16:
		world_room(r->w, node, rooms[rng_below(g, 4)]);
		break;
	case 17:
		world_backup(r->w, node);
		break;
	case 18:
		if (rng_chance(g, disks))
			lose_disk(r, node);
		break;
	default:
		if (r->rooms == NULL)
			set_clock(r, node);
		else if (disks == 0) /* or an epoch is opened a second time: a disk put back has forgotten those of the future */
			set_clock_hours(r, node);
		break;
	}
}

static void
set_weather(struct run *r, struct weather *wx)
{
	struct rng *g = world_rng(r->w);

	*wx = (struct weather){.lose_send = (unsigned)rng_below(g, 40),
	    .late_dead = (unsigned)rng_below(g, 700),
	    .repeat_dead = (unsigned)rng_below(g, 700),
	    .silent = (unsigned)rng_below(g, 900),
	    .break_conn = (unsigned)rng_below(g, 15),
	    .commit_fail = (unsigned)rng_below(g, 25),
	    .die_after = (unsigned)rng_below(g, 10),
	    .power = (unsigned)rng_below(g, 1000),
	    .gather = (unsigned)rng_below(g, 400),
	    .delay = (int64_t)rng_below(g, 800),
	    .jitter = (int64_t)rng_below(g, 400)};
	r->lose_reply = (unsigned)rng_below(g, 200);
}

static void
steps(struct run *r, int64_t until)
{
	while (world_step(r->w, until) && *world_wrong(r->w) == '\0')
		;
}

void
storm(struct run *r)
{
	struct rng *g = world_rng(r->w);
	int64_t end = world_began(r->w) + r->conf->minutes * 60000;
	uint64_t pace = 9000 * 6 / (world_size(r->w) + 3) + 200; /* more people do more */
	unsigned trouble = 150 + (unsigned)rng_below(g, 300), disks = rng_chance(g, 400) ? 600 : 0;

	set_weather(r, world_weather(r->w));
	while (world_now(r->w) < end && *r->why == '\0') {
		steps(r, world_now(r->w) + 100 + (int64_t)rng_below(g, pace));
		if (rng_chance(g, trouble))
			mishap(r, disks);
		else
			people_act(r);
		if (rng_chance(g, 30))
			people_attend(r);
		if (disks > 0 && rng_chance(g, 100))
			world_backup(r->w, rng_below(g, world_size(r->w)));
		ledger_look(r);
		if (rng_chance(g, 10)) {
			size_t node = rng_below(g, world_size(r->w));

			judge_journal(r, node);
			judge_rows(r, node);
		}
	}
}

/* Hours of duty: less happens, and all of it is looked at by people in their rooms. */
void
duty_hours(struct run *r)
{
	struct rng *g = world_rng(r->w);
	int64_t end = world_began(r->w) + r->conf->minutes * 60000;
	int64_t pace = r->conf->week ? 240000 : 120000;
	unsigned trouble = r->conf->week ? 8 : (unsigned)rng_below(g, 60), disks = !r->conf->week && rng_chance(g, 250) ? 900 : 0;
	unsigned busy = r->conf->week ? 25 : 30 + (unsigned)rng_below(g, 200), look = r->conf->week ? 4 : 15;

	if (!r->conf->week)
		set_weather(r, world_weather(r->w));
	world_weather(r->w)->commit_fail /= 8;
	world_weather(r->w)->die_after /= 2;
	world_weather(r->w)->break_conn /= 8;
	while (world_now(r->w) < end && *r->why == '\0') {
		steps(r, world_now(r->w) + pace / 2 + (int64_t)rng_below(g, (uint64_t)pace));
		if (rng_chance(g, trouble))
			mishap(r, disks);
		for (size_t i = 0; i < world_size(r->w); i++)
			if (world_station(r->w, i) == NULL && rng_chance(g, 150))
				world_restart(r->w, i);
		duty_act(r);
		if (rng_chance(g, busy))
			people_act(r);
		else
			people_ask_again(r, 300);
		if (rng_chance(g, 300))
			people_attend(r);
		if (disks > 0 && rng_chance(g, 60))
			world_backup(r->w, rng_below(g, world_size(r->w)));
		ledger_look(r);
		if (*r->why == '\0' && rng_chance(g, look))
			judge_duty(r, rng_below(g, world_size(r->w)), NULL);
		if (*r->why == '\0' && rng_chance(g, look / 2))
			judge_start(r, rng_below(g, world_size(r->w)));
	}
}

void
calm(struct run *r)
{
	int64_t end, quiet = 0, step = r->rooms != NULL ? 3 * CALM_STEP : CALM_STEP;

	*world_weather(r->w) = (struct weather){.delay = 20, .jitter = 10};
	r->calm = true;
	world_mend(r->w);
	end = world_now(r->w) + CALM_MAX;
	if (r->rooms != NULL) /* everybody sleeps */
		r->not_before = world_now(r->w) + (int64_t)rng_below(world_rng(r->w), 3 * 3600000);
	while (*r->why == '\0' && world_now(r->w) < end) {
		for (size_t i = 0; i < world_size(r->w); i++)
			world_restart(r->w, i);
		people_ask_again(r, 1000);
		people_attend(r);
		steps(r, world_now(r->w) + step);
		ledger_look(r);
		if (*r->why != '\0' || world_now(r->w) < r->not_before || !ledger_settled(r))
			quiet = 0;
		else if (!r->duty || (quiet != 0 && world_now(r->w) - quiet >= DUTY_QUIET))
			break;
		else if (quiet == 0)
			quiet = world_now(r->w);
	}
	if (*r->why == '\0')
		judge(r);
	if (*r->why == '\0')
		ledger_look(r);
}
