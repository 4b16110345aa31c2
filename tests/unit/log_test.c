/*
 * The log: whatever goes in, one clean line comes out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../formats/text.h"
#include "../../switch/log.h"

static int fds[2];
static char got[65536];

static const char *
written(void)
{
	ssize_t n = read(fds[0], got, sizeof(got) - 1);

	got[n < 0 ? 0 : n] = '\0';
	return got;
}

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	log_init(LOG_LV_INFO, fds[1]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(fds[0]);
	close(fds[1]);
	log_init(LOG_LV_INFO, STDERR_FILENO);
	return 0;
}

static void
quoting(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", "\"\""},
	    {NULL, "\"\""},
	    {"plain", "\"plain\""},
	    {"西周镇 火灾", "\"西周镇 火灾\""},
	    {"a\"b\\c", "\"a\\\"b\\\\c\""},
	    {"line\nfeed\ttab", "\"line\\nfeed\\ttab\""},
	    {"\x1b[31mred", "\"\\x1b[31mred\""},
	    {"\x7f\x01", "\"\\x7f\\x01\""},
	    {"\xc2\x9b"
	     "2J",
		"\"\\xc2\\x9b2J\""}, /* C1 CSI */
	    {"\xe2\x80\xae"
	     "evil",
		"\"\\xe2\\x80\\xaeevil\""}, /* right-to-left override */
	    {"\xff\xfe", "\"\\xff\\xfe\""},
	    {"\xe8\xa5", "\"\\xe8\\xa5\""}, /* cut character */
	    {"x\" event=ready y=\"", "\"x\\\" event=ready y=\\\"\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(log_quote(cases[i].in), cases[i].out);
}

static void
quoting_cuts(void **state)
{
	static const char *const units[] = {"a", "镇", "\n", "\x01", "\""};
	char in[4096];

	(void)state;
	for (size_t u = 0; u < 5; u++)
		for (size_t lead = 0; lead < 5; lead++) {
			size_t len = strlen(units[u]), n = 0, bad;
			const char *q;

			while (n < lead)
				in[n++] = 'x';
			while (n + len < sizeof(in) - 1) {
				memcpy(in + n, units[u], len);
				n += len;
			}
			in[n] = '\0';
			q = log_quote(in);
			assert_true(strlen(q) <= 204);
			assert_true(strlen(q) >= 190);
			assert_string_equal(q + strlen(q) - 4, "...\"");
			assert_true(text_clean(q, strlen(q), false, &bad));
		}
	/* just what fits is not cut */
	memset(in, 'a', 199);
	in[199] = '\0';
	assert_int_equal(strlen(log_quote(in)), 201);
}

static void
eight_at_once(void **state)
{
	const char *q[8];
	char text[8][16];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(text[i], sizeof(text[i]), "v%d", i);
		q[i] = log_quote(text[i]);
	}
	for (int i = 0; i < 8; i++)
		assert_memory_equal(q[i] + 1, text[i], 2);
}

static void
one_line(void **state)
{
	const char *s;
	size_t bad;

	(void)state;
	errno = ENOSPC;
	log_event(
	    LOG_LV_WARN, "link", "peer=%s old=up new=idle why=%s", log_quote("330225"), log_quote("gone\nevent=fake"));
	assert_int_equal(errno, ENOSPC);
	s = written();
	/* 2026-11-22T06:10:00.123Z */
	assert_int_equal(strspn(s, "0123456789"), 4);
	assert_true(
	    s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && s[16] == ':' && s[19] == '.' && s[23] == 'Z');
	assert_string_equal(s + 24, " warn event=link peer=\"330225\" old=up new=idle why=\"gone\\nevent=fake\"\n");
	log_event(LOG_LV_INFO, "ready", "%s", "");
	assert_non_null(strstr(written(), " info event=ready"));
	/* a caller who forgot to quote */
	log_event(LOG_LV_ERROR, "raw", "v=%s", "a\nb\x1b[2Jc\xff");
	s = written();
	assert_int_equal(strcspn(s, "\n"), strlen(s) - 1);
	assert_true(text_clean(s, strlen(s) - 1, false, &bad));
}

static void
long_line(void **state)
{
	char *fat = malloc(100001);
	const char *s;
	size_t bad;

	(void)state;
	assert_non_null(fat);
	for (size_t i = 0; i < 100000; i++)
		fat[i] = "镇"[i % 3];
	fat[99999] = '\0';
	for (int shift = 0; shift < 3; shift++) {
		log_event(LOG_LV_INFO, "long", "%.*sv=%s", shift, "xx", fat);
		s = written();
		assert_true(strlen(s) > 1000 && strlen(s) <= 2060);
		assert_int_equal(strcspn(s, "\n"), strlen(s) - 1);
		assert_true(text_clean(s, strlen(s) - 1, false, &bad));
	}
	free(fat);
}

static void
levels(void **state)
{
	enum log_level l = LOG_LV_INFO;

	(void)state;
	log_event(LOG_LV_DEBUG, "quiet", "a=1");
	assert_string_equal(written(), "");
	log_init(LOG_LV_DEBUG, fds[1]);
	log_event(LOG_LV_DEBUG, "loud", "a=1");
	assert_non_null(strstr(written(), " debug event=loud a=1\n"));
	assert_true(log_level_parse("warn", &l) && l == LOG_LV_WARN);
	assert_true(log_level_parse("debug", &l) && l == LOG_LV_DEBUG);
	assert_false(log_level_parse("WARN", &l));
	assert_false(log_level_parse("", &l));
}

/* A pipe nobody reads must not stop the switch. */
static void
full_pipe(void **state)
{
	(void)state;
	for (int i = 0; i < 5000; i++)
		log_event(LOG_LV_INFO, "flood", "i=%d pad=%s", i,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	assert_true(strlen(written()) > 1000);
}

static void
fatal(void **state)
{
	pid_t child;
	int status;

	(void)state;
	if ((child = fork()) == 0)
		log_fatal(74, "fatal", "why=%s", log_quote("disk"));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 74);
	assert_non_null(strstr(written(), " error event=fatal why=\"disk\"\n"));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(quoting), T(quoting_cuts), T(eight_at_once), T(one_line), T(long_line),
	    T(levels), T(full_pipe), T(fatal)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
