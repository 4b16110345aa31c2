/*
 * The desk through a pseudo-terminal, against real switches (and a few cases against a scripted one): what is on whose
 * screen, what a key does, what a thin line is made to carry.
 *
 *   tty [-B BUILD] [-S SCREENS] [-u] [-l] [NAME...]     -u: write the .screen files instead of comparing
 *
 * One line a case, "ok" or "FAIL"; the last line is "N passed, M failed"; exit status 1 when any failed.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "world.h"

struct world world = { .build = "build", .screens = "tests/tty" };
jmp_buf test_failed;
static volatile int failed, passed;

static bool
chosen(char **names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return n == 0;
}

static void
run(const struct test *t)
{
	long long began = pty_clock();

	if (setjmp(test_failed) == 0) {
		t->run();
		desks_end(true);
		passed++;
		printf("ok   %s (%lld ms)\n", t->name, pty_clock() - began);
	} else {
		failed++;
		printf("FAIL %s\n", t->name);
	}
	(void)fflush(stdout);
	desks_end(false);
}

int
main(int argc, char **argv)
{
	static const struct test *const all[] = { cases_basic, cases_work, cases_report, cases_chain, cases_life, cases_line, cases_fake };
	const char *env = getenv("BUILD");
	bool list = false;
	int c;

	if (env && *env)
		world.build = env;
	while ((c = getopt(argc, argv, "B:S:ul")) != -1) {
		if (c == 'B')
			world.build = optarg;
		else if (c == 'S')
			world.screens = optarg;
		else if (c == 'u')
			world.update = true;
		else if (c == 'l')
			list = true;
		else
			return 64;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)unsetenv("DUTYDESK_DIR");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct test *t = all[i]; t->name; t++) {
			if (list)
				printf("%s\n", t->name);
			else if (chosen(argv + optind, argc - optind, t->name) || strcmp(t->name, "setup") == 0 ||
			    strcmp(t->name, "teardown") == 0)
				run(t);
		}
	if (!list)
		printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
