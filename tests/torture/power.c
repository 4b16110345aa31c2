/*
 * Rounds of power loss.
 *
 * Three stations run under a shim that records every write, sync and change of a name in their journals, every byte to
 * a desk and every frame of a link, in one order.  Then, for many moments of that record, the directory is made that a
 * loss of power at that moment may leave (replay.c), opened as the switch opens it, and checked: it verifies, and what
 * had been promised to anybody before that moment (frames.c) is in it.  The moments are those right after a promise,
 * with nothing unsynced kept, and those before each sync, with any mixture of what was not synced.
 *
 * Then some losses are played for real: a switch dies at some call, its directory is replaced by what the disk may have
 * kept, and it starts on that, among neighbours who know nothing of it; at the end the ledger must be whole.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../switch/journal.h"
#include "power.h"

#define STATES 400 /* a station and round, about */
#define LOSSES 6   /* played for real */

struct scene {
	struct rig rig;
	struct disk *disk[STATIONS]; /* as before the record */
	char dir[64];		     /* where states are made: in memory, if there is a place */
};

static void
record_begin(struct scene *sc, int i, unsigned life)
{
	struct rig *r = &sc->rig;
	char dir[320];

	(void)snprintf(r->page[i]->log, sizeof r->page[i]->log, "%.250s/record.%d.%u", r->st.root, i, life);
	(void)snprintf(dir, sizeof dir, "%.255s/journal", r->st.s[i].dir);
	disk_free(sc->disk[i]);
	sc->disk[i] = disk_new(dir);
}

/* As if dutyctl init had been cut short before the first commit: the switch makes its journal itself, under the shim.
 */
static void
unmake_journal(const struct station_proc *s)
{
	static const char *const files[] = {"journal.db", "journal.db-wal", "journal.db-shm", "journal.db-journal", "anchor"};
	char path[400];

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		(void)snprintf(path, sizeof path, "%.255s/journal/%s", s->dir, files[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof path, "%.255s/journal/new", s->dir);
	file_write(path, "", 0);
}

/* ---- one state ---- */

static size_t
promised_before(const struct promises *ps, size_t at)
{
	size_t n = 0;

	while (n < ps->n && ps->v[n].at <= at)
		n++;
	return n;
}

static void
state_check(const struct scene *sc, const struct station_proc *s, const struct promises *ps, size_t at, enum crash how)
{
	size_t n = promised_before(ps, at);
	char path[128], text[MSGID_TEXT_MAX];
	struct journal_verify v;
	struct fault f = {0};
	struct journal *j = journal_sqlite_open(sc->dir, false, &f);

	atomic_fetch_add(&tally->states, 1);
	if (j == NULL && f.code == EX_NOINPUT && n == 0) { /* before its first commit: a fresh start will make it */
		(void)snprintf(path, sizeof path, "%s/new", sc->dir);
		ST_CHECK(access(path, F_OK) == 0,
		    "%s: power lost at record %zu (%d): neither a journal nor the mark that there is none", s->code, at,
		    how);
		return;
	}
	ST_CHECK(j != NULL, "%s: power lost at record %zu (%d): the journal does not open: %s (state in %s)", s->code,
	    at, how, f.text, sc->dir);
	memset(&v, 0, sizeof v);
	ST_CHECK(j->ops->verify(j, s->code, &v) == 0 && v.bad[0] == '\0',
	    "%s: power lost at record %zu (%d): verify: %s (state in %s)", s->code, at, how, v.bad, sc->dir);
	for (size_t i = 0; i < n; i++)
		if (j->ops->get_message(j, &ps->v[i].id, NULL) != 0) {
			(void)msgid_format(&ps->v[i].id, text, sizeof text);
			stations_fail(
			    "lost: %s: power lost at record %zu (%d): %s is gone, %s at record %zu (state in %s)",
			    s->code, at, how, text,
			    ps->v[i].custody ? "whose custody was told to a neighbour" : "which a desk was told of",
			    ps->v[i].at, sc->dir);
		}
	atomic_fetch_add(&tally->custody_checked, n);
	j->ops->close(j);
}

/* ---- one record ---- */

/* How often each moment is looked at, or one in how many, so that STATES are. */
static void
pace(const struct record_file *f, const struct promises *ps, size_t *samples, size_t *every)
{
	size_t syncs = 0;

	for (size_t i = 0; i < f->n; i++)
		syncs += f->v[i].head.what == REC_SYNC;
	*samples = syncs > 0 && ps->n < STATES ? (STATES - ps->n) / syncs + 1 : 3;
	if (*samples < 3)
		*samples = 3;
	*every = (ps->n + syncs * *samples) / STATES;
	if (*every == 0)
		*every = 1;
}

static void
replay(struct scene *sc, int i)
{
	const struct station_proc *s = &sc->rig.st.s[i];
	struct promises ps = {0};
	struct record_file f;
	size_t every, samples, told = 0, turn = 0;

	record_read(sc->rig.page[i]->log, &f);
	for (size_t k = 0; k < f.n; k++)
		promises_feed(&ps, k, &f.v[k].head, f.v[k].p);
	for (size_t k = 0; k < sc->rig.ledger.n; k++) { /* the record has seen what the clients have */
		const struct ledger_item *it = &sc->rig.ledger.v[k];
		struct msgid id;
		bool seen = false;

		if (it->at != i)
			continue;
		ST_CHECK(msgid_parse(it->id, &id), "%s", it->id);
		for (size_t m = 0; m < ps.n && !seen; m++)
			seen = !ps.v[m].custody && msgid_cmp(&ps.v[m].id, &id) == 0;
		ST_CHECK(seen, "%s: the record does not show the answer for %s", s->code, it->title);
	}
	for (size_t m = 0; m < ps.n; m++)
		told += ps.v[m].custody;
	ST_CHECK(told > 0, "%s: the record shows no custody passed", s->code);
	pace(&f, &ps, &samples, &every);
	for (size_t k = 0, next = 0; k < f.n; k++) {
		enum crash how = (enum crash)chance(4);

		if (f.v[k].head.what == REC_SYNC)
			for (size_t n = 0; n < samples; n++, how = chance(2) == 0 ? CRASH_SOME : CRASH_TORN)
				if (++turn % every == 0) {
					disk_crash(sc->disk[i], how, sc->dir);
					state_check(sc, s, &ps, k - 1, how); /* the sync itself did not come about */
				}
		disk_feed(sc->disk[i], &f.v[k].head, f.v[k].p);
		for (; next < ps.n && ps.v[next].at <= k; next++)
			if (++turn % every == 0) {
				disk_crash(sc->disk[i], CRASH_LOSE, sc->dir);
				state_check(sc, s, &ps, k, CRASH_LOSE);
			}
	}
	promises_free(&ps);
	record_free(&f);
}

/* ---- for real ---- */

static void
loss(struct scene *sc, int i, unsigned life)
{
	struct rig *r = &sc->rig;
	struct shim_page *p = r->page[i];
	int64_t deadline = mono_ms() + 20000 * r->slow;
	struct record_file f;
	char dir[320], why[300];

	r->excused[i] = MAY_DIE;
	r->hold[i] = true;
	atomic_store(&p->kill_kind, (uint32_t)SHIM_ANY);
	atomic_store(&p->kill_how, (uint32_t)chance(2));
	atomic_store(&p->kill_at, atomic_load(&p->count[SHIM_ANY]) + chance(60) + 1);
	ledger_traffic(&r->ledger, r, 6);
	do
		rig_turn(r, 10);
	while (r->st.s[i].pid != 0 && mono_ms() < deadline && !rig_is_quiet(r, why));
	if (r->st.s[i].pid != 0) {
		rig_disarm(r, i);
		(void)kill(r->st.s[i].pid, SIGKILL);
		while (r->st.s[i].pid != 0)
			rig_turn(r, 10);
	}
	record_read(p->log, &f);
	for (size_t k = 0; k < f.n; k++)
		disk_feed(sc->disk[i], &f.v[k].head, f.v[k].p);
	(void)snprintf(dir, sizeof dir, "%.255s/journal", r->st.s[i].dir);
	disk_crash(sc->disk[i], chance(2) == 0 ? CRASH_LOSE : (enum crash)chance(4), dir);
	record_free(&f);
	record_begin(sc, i, life);
	r->hold[i] = false;
	atomic_fetch_add(&tally->kills, 1);
	ledger_ask_again(&r->ledger, i);
	rig_quiet(r, 40000);
}

static void
scene_play(struct scene *sc)
{
	struct rig *r = &sc->rig;

	for (int batch = 0; batch < 10; batch++) {
		ledger_traffic(&r->ledger, r, 5 + (size_t)chance(4));
		rig_turns(r, 10 + (int)chance(30));
		if (batch % 4 == 3) { /* processes end, the disk goes on */
			int i = (int)chance(STATIONS);

			if (r->st.s[i].pid > 0) {
				r->excused[i] = MAY_DIE;
				(void)kill(r->st.s[i].pid, SIGKILL);
			}
		}
	}
	rig_quiet(r, 60000);
	ledger_traffic(&r->ledger, r, 6); /* with receipts for what has arrived */
	rig_check(r);
}

void
round_power(const struct torture *t, uint64_t turn)
{
	static struct scene sc;

	(void)turn;
	memset(&sc, 0, sizeof sc);
	rig_make(&sc.rig, t);
	(void)snprintf(
	    sc.dir, sizeof sc.dir, "%s/dutydesk-power.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ST_CHECK(mkdtemp(sc.dir) != NULL, "%s: %s", sc.dir, strerror(errno));
	for (int i = 0; i < STATIONS; i++) {
		unmake_journal(&sc.rig.st.s[i]);
		record_begin(&sc, i, 0);
	}
	rig_quiet(&sc.rig, 60000);
	scene_play(&sc);
	for (int i = 0; i < STATIONS; i++) {
		sc.rig.hold[i] = true;
		ST_CHECK(
		    st_stop(&sc.rig.st.s[i], 20000 * (int)t->slow) == 0, "%s did not stop well", sc.rig.st.s[i].code);
		sc.rig.ready[i] = false;
		ledger_drop(&sc.rig.ledger, i);
		replay(&sc, i);
		record_begin(&sc, i, 1);
	}
	for (int i = 0; i < STATIONS; i++)
		sc.rig.hold[i] = false;
	rig_quiet(&sc.rig, 60000);
	for (unsigned n = 0; n < LOSSES; n++)
		loss(&sc, (int)(n % STATIONS), n + 2);
	rig_check(&sc.rig);
	rig_verify_files(&sc.rig);
	disk_crash(sc.disk[0], CRASH_LOSE, sc.dir);
	for (int i = 0; i < STATIONS; i++)
		disk_free(sc.disk[i]);
	{
		struct output o;
		const char *argv[] = {"/bin/rm", "-rf", sc.dir, NULL};

		run_command(argv, NULL, 0, 20000, &o);
		output_free(&o);
	}
	rig_free(&sc.rig);
}
