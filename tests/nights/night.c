/*
 * Plays duty nights with the real programs on a clock of their own.
 *
 *   nights -B BUILD [-v] [-l] [-j N] [-k] [-s STEP] [FILE.night ...]
 *   -v a line a step    -l try the lines marked `later`, too    -j N nights at once (2)    -k keep the folders of failed ones
 *   -s end after this step    -t SECONDS a night may take (real; 300)
 *
 * A night is a text file, a line an act or a look.  Words stand between blanks, "quoted" where they hold any; # begins a remark.
 * $NAME is a variable, @21:30 @+30m @2026-08-12T21:30 an instant (all times are UTC+08:00); in {JSON} it becomes ms UTC.
 *
 *   begin 2026-08-12 21:00                       when the clocks start
 *   profile xs-sample                            rule profiles of all stations
 *   station ALIAS CODE NAME [under ALIAS] [as child|department|neighbour] [rate BITS] [rtt MS] [hosted] [phone] [outlet]
 *           [set "k = v"]                        phone: no machine, only a name for it; outlet: alarm outlets that always work
 *   include setting.inc                          from the same folder (FILE.inc: no night of its own)
 *   table rules/deadlines.local.tsv "a|b|c" ...  a local table of the configuration, a row a text, | for the tabs; also while it runs
 *   start                                        makes and starts them all
 *   step S1-1 21:30 ["words"]                    runs until then: the next such time of day; also YYYY-MM-DD HH:MM
 *   wait 22:53 | wait +30m                       runs until then
 *   on STATION [as NAME]: WORDS                  dutyctl --json WORDS, must be taken; $NAME is the id of the answer, $NAME_number ... its
 *                                                other members
 *   plain STATION: WORDS                         the same without --json
 *   refuse STATION [65]: WORDS                   must be refused with a sysexits code
 *   ask STATION [as NAME] OP [{JSON}], deny ...  a request of switch/deskproto.h as it stands, taken or refused (rid and realm are filled in)
 *   said TEXT, unsaid TEXT                       in what the last command printed
 *   see STATION OP [{JSON}] PATH TEST [VALUE] [within 2s]   a question of switch/deskproto.h and a test of the answer; asked again
 *                                                until it holds, 20 s of the night where nothing is said.  TEST: = != ~ !~ < > <= >= exists absent
 *   unsee ...                                    the same, must not hold now
 *   let NAME = STATION OP [{JSON}] PATH          paths: see look.c
 *   dump STATION [OP [{JSON}] [PATH]]            prints the answer, or the screen: for who writes a night
 *   desk STATION [80x24], undesk STATION         a dutydesk on a terminal;   unplug, plug: its line goes dead without a word
 *   type STATION "text<F2><Enter><C-s>"
 *   screen STATION TEXT... [within 2s], noscreen ...        the texts stand on its screen
 *   rung STATION TEXT... [within 60s], unrung    a job of its alarm outlet holds the texts
 *   cut STATION [drop], mend STATION             its line upwards: nothing comes through; drop: resets besides
 *   kill STATION, stop STATION, start STATION    the power, the orderly way
 *   clock STATION -2h                            its wall clock is moved
 *   verify all | STATION...                      journal, chain and folds
 *   walk STATION                                 goes through the handover under way: each item, and the read-back questions
 *   spans STATION FROM TO                        who was responsible, by its replay: no minute left out, none owned twice
 *   later LINE                                   not built yet: counted and told, never passed over in silence
 *
 * What fails is told with the night, the step, the line, what was expected, and the answer or the screen; the night goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "night.h"

#define JOBS 8
#define SAW_MOST 1200

struct options { const char *build, *until; bool verbose, try_later, keep; int jobs, seconds; };

static struct night night;	/* of this process */

/* ---- playing ---- */

static void
tell(struct night *n, const char *what)
{
	char now[40] = "";

	if (n->why != NULL && n->why[0] == '$') {	/* what should have set it has been told */
		printf("%s: %s %s (%s:%d): %s\n", what, n->name, n->step, n->file, n->lineno, n->why);
		return;
	}
	if (n->begun)
		(void)time_text(clock_wall(&n->w), now);
	printf("%s: %s %s (%s:%d, at %.19s)\n    %s\n    expected: %s\n", what, n->name, n->step, n->file, n->lineno, now, n->line,
	    n->why != NULL ? n->why : "?");
	if (n->saw.n > 0)
		printf("    there was: %.*s\n", (int)(n->saw.n > SAW_MOST ? SAW_MOST : n->saw.n), buf_cstr(&n->saw));
	(void)fflush(stdout);
}

static void
step_end(struct night *n)
{
	if (n->step[0] == '\0')
		return;
	n->steps++;
	n->failed_steps += n->step_failed;
	if (n->verbose)
		printf("  %-4s %s %s (%lld ms)\n", n->step_failed ? "FAIL" : "ok", n->name, n->step, (long long)(mono_ms() - n->step_began));
	(void)fflush(stdout);
	n->step_failed = false;
}

static bool
step_begin(struct night *n, struct word *v, size_t k)
{
	char text[64];
	int64_t at;
	bool day = k > 3 && strlen(v[2].text) == 10 && v[2].text[4] == '-';

	if (k < 3 || !n->started)
		return fail(n, "step NAME [YYYY-MM-DD] HH:MM [\"words\"], after start");
	step_end(n);
	(void)snprintf(n->step, sizeof n->step, "%s", v[1].text);
	(void)snprintf(text, sizeof text, "%s%s%s", v[2].text, day ? " " : "", day ? v[3].text : "");
	n->step_began = mono_ms();
	if (!time_read(n, text, false, &at))
		return fail(n, "no time: %s", text);
	clock_run(&n->w, at, 1000);
	return true;
}

static bool play_file(struct night *, const char *path);

static bool
play_line(struct night *n, char *line)
{
	struct word v[WORDS];
	size_t k;
	bool ok, later = strncmp(line, "later ", 6) == 0;

	n->why = NULL;
	buf_clear(&n->saw);
	if (later) {
		n->later++;
		if (!n->try_later)
			return true;
		line += 6;
	}
	ok = words_split(n, line, v, &k);
	if (ok && k > 0) {
		n->lines++;
		if (strcmp(v[0].text, "include") == 0 && k == 2) {
			char path[400];
			const char *slash = strrchr(n->file, '/');

			(void)snprintf(path, sizeof path, "%.*s%s", slash != NULL ? (int)(slash - n->file) + 1 : 0, n->file, v[1].text);
			words_free(v, k);
			return play_file(n, path);
		}
		ok = strcmp(v[0].text, "step") == 0 ? step_begin(n, v, k) : act_line(n, v, k);
	}
	words_free(v, k);
	if (later) {
		n->passed_later += ok;
		if (!ok)
			tell(n, "still later");
		else
			printf("no longer later: %s %s line %d: %s\n", n->name, n->step, n->lineno, n->line);
		return true;
	}
	if (!ok) {
		tell(n, "FAILED");
		n->failures++;
		n->step_failed = true;
	}
	return ok;
}

/* False: it cannot go on. */
static bool
play_file(struct night *n, const char *path)
{
	struct buf b = {0};
	char was[300], *at, *end;
	int lineno = n->lineno;
	bool go = true;

	(void)snprintf(was, sizeof was, "%s", n->file);
	(void)snprintf(n->file, sizeof n->file, "%s", path);
	n->lineno = 0;
	file_read(path, &b);
	buf_put(&b, "", 1);
	for (at = (char *)b.p; go && *at != '\0'; at = end) {
		size_t len = strcspn(at, "\n");

		end = at + len + (at[len] != '\0');
		at[len] = '\0';
		while (*at == ' ' || *at == '\t')
			at++;
		n->lineno++;
		(void)snprintf(n->line, sizeof n->line, "%s", at);
		if (!play_line(n, at) && !n->started)
			go = false;
		if (n->until != NULL && strncmp(at, "step ", 5) == 0 && n->over)
			go = false;
		n->over = n->until != NULL && strcmp(n->step, n->until) == 0;
	}
	buf_free(&b);
	(void)snprintf(n->file, sizeof n->file, "%s", was);
	n->lineno = lineno;
	return go;
}

/* ---- ends ---- */

static void
crashed(struct night *n)
{
	static const char *const marks[] = {"Sanitizer", "runtime error:", "Assertion", "*** "};

	for (size_t i = 0; i < n->w.n; i++) {
		struct buf log = {0};
		const char *at = NULL;

		if (n->w.s[i].phone || access(n->w.s[i].p.log, R_OK) != 0)
			continue;
		file_read(n->w.s[i].p.log, &log);
		for (size_t k = 0; k < sizeof marks / sizeof marks[0] && at == NULL && log.n > 0; k++)
			at = strstr(buf_cstr(&log), marks[k]);
		if (at != NULL) {
			printf("FAILED: %s: the log of %s: %.600s\n", n->name, n->w.s[i].alias, at);
			n->failures++;
		}
		buf_free(&log);
	}
}

static void
summary(struct night *n, int64_t began)
{
	printf("%s %s: %u steps, %u failed, %u lines, %u later", n->failures > 0 ? "FAIL" : "ok  ", n->name, n->steps, n->failed_steps, n->lines,
	    n->later);
	if (n->try_later)
		printf(" (%u of them hold)", n->passed_later);
	printf(", %.1f s, %llu leaps, %llu looks, %llu forced\n", (double)(mono_ms() - began) / 1000, (unsigned long long)n->w.leaps,
	    (unsigned long long)n->w.looks, (unsigned long long)n->w.forced);
	(void)fflush(stdout);
}

static int64_t night_began;

static void
on_failure(const char *why)
{
	struct night *n = &night;

	n->why = why;
	tell(n, "FAILED");
	n->failures++;
	n->w.keep = true;
	printf("the stations' folders and logs are in %s\n", n->w.root);
	step_end(n);
	summary(n, night_began);
	world_free(&n->w);
	exit(1);
}

static int
play(const struct options *o, const char *path)
{
	struct night *n = &night;
	const char *slash = strrchr(path, '/');
	char *dot;

	night_began = mono_ms();
	stations_on_failure(on_failure);
	(void)snprintf(n->name, sizeof n->name, "%.60s", slash != NULL ? slash + 1 : path);
	if ((dot = strrchr(n->name, '.')) != NULL)
		*dot = '\0';
	n->verbose = o->verbose;
	n->try_later = o->try_later;
	n->until = o->until;
	world_init(&n->w, o->build);
	(void)play_file(n, path);
	step_end(n);
	crashed(n);
	n->w.keep = o->keep && n->failures > 0;
	if (n->w.keep)
		printf("the stations' folders and logs are in %s\n", n->w.root);
	summary(n, night_began);
	world_free(&n->w);
	for (size_t i = 0; i < n->nvars; i++)
		free(n->var[i].text);
	buf_free(&n->said);
	buf_free(&n->saw);
	return n->failures > 0;
}

/* ---- several at once ---- */

struct job { pid_t pid; FILE *out; int64_t until; const char *path; };

static void
job_start(struct job *j, const struct options *o, const char *path)
{
	pid_t parent = getpid();

	j->out = tmpfile();
	ST_CHECK(j->out != NULL, "tmpfile: %s", strerror(errno));
	j->path = path;
	j->until = mono_ms() + (int64_t)o->seconds * 1000;
	(void)fflush(NULL);
	j->pid = fork();
	ST_CHECK(j->pid >= 0, "fork: %s", strerror(errno));
	if (j->pid > 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)dup2(fileno(j->out), 1);
	exit(play(o, path));
}

/* True when it has ended; *failed counts. */
static bool
job_look(struct job *j, unsigned *failed)
{
	char block[4096];
	size_t n;
	int status;
	bool late = mono_ms() > j->until;

	if (late)
		(void)kill(j->pid, SIGKILL);
	if (!late && !wait_poll(j->pid, &status))
		return false;
	if (late) {
		(void)waitpid(j->pid, NULL, 0);
		status = 1;
	}
	rewind(j->out);
	while ((n = fread(block, 1, sizeof block, j->out)) > 0)
		(void)fwrite(block, 1, n, stdout);
	(void)fclose(j->out);
	if (late)
		printf("FAIL %s: not over in its time\n", j->path);
	*failed += status != 0;
	j->pid = 0;
	(void)fflush(stdout);
	return true;
}

int
main(int argc, char **argv)
{
	struct options o = {.build = "build", .jobs = 2, .seconds = 300};
	struct job job[JOBS] = {{0}};
	unsigned failed = 0, played = 0;
	char pattern[] = "tests/nights/*.night";
	glob_t g = {0};
	size_t next = 0, running = 0;
	int c;

	while ((c = getopt(argc, argv, "B:vlj:ks:t:")) != -1)
		switch (c) {
		case 'B': o.build = optarg; break;
		case 'v': o.verbose = true; break;
		case 'l': o.try_later = true; break;
		case 'j': o.jobs = (int)strtol(optarg, NULL, 10); break;
		case 'k': o.keep = true; break;
		case 's': o.until = optarg; break;
		case 't': o.seconds = (int)strtol(optarg, NULL, 10); break;
		default: return 64;
		}
	o.jobs = o.jobs < 1 ? 1 : o.jobs > JOBS ? JOBS : o.jobs;
	o.seconds = o.seconds < 1 ? 300 : o.seconds;
	stations_setup(o.build);
	(void)setenv("DUTYDESK_LANG", "zh", 1);
	if (optind == argc)
		(void)glob(pattern, 0, NULL, &g);
	else
		for (int i = optind; i < argc; i++)
			(void)glob(argv[i], i == optind ? GLOB_NOCHECK : GLOB_NOCHECK | GLOB_APPEND, NULL, &g);
	while (next < g.gl_pathc || running > 0) {
		for (int i = 0; i < o.jobs; i++) {
			if (job[i].pid == 0 && next < g.gl_pathc) {
				job_start(&job[i], &o, g.gl_pathv[next++]);
				running++;
			}
			if (job[i].pid > 0 && job_look(&job[i], &failed)) {
				running--;
				played++;
			}
		}
		(void)poll(NULL, 0, 20);
	}
	globfree(&g);
	printf("%u passed, %u failed\n", played - failed, failed);
	return failed > 0 || played == 0;
}
