/*
 * Room on the disk: the decision as a table and as a disk that fills and empties; the ballast file on a real folder.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../switch/log.h"
#include "../../switch/space.h"

#define MB ((uint64_t)1024 * 1024)
#define GB (1024 * MB)

static void
bounds(void **state)
{
	static const struct {
		uint64_t total;
		long room, ballast;
		uint64_t want_room, want_ballast, floor;
	} cases[] = {
	    {500 * GB, 256, 64, 256 * MB, 64 * MB, 8 * MB},
	    {0, 256, 64, 256 * MB, 64 * MB, 8 * MB},		/* not known */
	    {100 * MB, 256, 64, 10 * MB, 2 * MB, MB},		/* a small disk */
	    {20 * MB, 256, 64, 2 * MB, 20 * MB / 50, MB / 4},
	    {GB, 1024, 1024, GB / 10, GB / 50, GB / 320},
	    {500 * GB, 1, 1, MB, MB, MB / 8},
	    {500 * GB, 4096, 64, 4 * GB, 64 * MB, 8 * MB},
	};
	struct space_limits l;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		space_limits(&l, cases[i].total, cases[i].room, cases[i].ballast);
		if (l.need[PREC_ROUTINE] != cases[i].want_room || l.ballast != cases[i].want_ballast || l.floor != cases[i].floor)
			fail_msg("case %zu: room %llu ballast %llu floor %llu", i, (unsigned long long)l.need[PREC_ROUTINE],
			    (unsigned long long)l.ballast, (unsigned long long)l.floor);
		assert_true(l.need[PREC_ROUTINE] > l.need[PREC_PRIORITY] && l.need[PREC_PRIORITY] > l.need[PREC_URGENT]);
		assert_true(l.need[PREC_URGENT] > l.floor);
	}
}

static void
judged(void **state)
{
	/* room 256 128 64, floor 8, ballast 64; all in MB */
	static const struct {
		const char *what;
		uint64_t free, ballast;
		int lowest, want;
		uint64_t want_ballast;
	} cases[] = {
	    {"plenty", 1000, 64, PREC_ROUTINE, PREC_ROUTINE, 64},
	    {"at the bound", 256, 64, PREC_ROUTINE, PREC_ROUTINE, 64},
	    {"below it", 255, 64, PREC_ROUTINE, PREC_PRIORITY, 64},
	    {"below a half", 127, 64, PREC_ROUTINE, PREC_URGENT, 64},
	    {"below a quarter", 63, 64, PREC_ROUTINE, PREC_FLASH, 64},
	    {"near the floor", 8, 64, PREC_FLASH, PREC_FLASH, 64},
	    {"under the floor: the ballast goes in steps", 7, 64, PREC_FLASH, PREC_FLASH, 64 - 9},
	    {"and further", 0, 55, PREC_FLASH, PREC_FLASH, 55 - 16},
	    {"its rest", 3, 4, PREC_FLASH, PREC_FLASH, 0},
	    {"used up", 7, 0, PREC_FLASH, 0, 0},
	    {"used up, the floor free", 8, 0, PREC_FLASH, PREC_FLASH, 0},
	    {"not back at once", 15, 0, 0, 0, 0},
	    {"back", 16, 0, 0, PREC_FLASH, 0},
	    {"ballast first", 100, 0, PREC_FLASH, PREC_FLASH, 36},
	    {"ballast first, all of it", 128, 0, PREC_FLASH, PREC_FLASH, 64},
	    {"not for crumbs", 71, 0, PREC_FLASH, PREC_FLASH, 0},
	    {"not back on the bound", 64, 64, PREC_FLASH, PREC_FLASH, 64},
	    {"back a quarter above it", 80, 64, PREC_FLASH, PREC_URGENT, 64},
	    {"still refused", 159, 64, PREC_URGENT, PREC_URGENT, 64},
	    {"back", 160, 64, PREC_URGENT, PREC_PRIORITY, 64},
	    {"still refused", 319, 64, PREC_PRIORITY, PREC_PRIORITY, 64},
	    {"back", 320, 64, PREC_PRIORITY, PREC_ROUTINE, 64},
	    {"all at once, ballast counted", 400, 0, 0, PREC_ROUTINE, 64},
	    {"the ballast would take it", 383, 0, PREC_FLASH, PREC_PRIORITY, 64},
	    {"a start on a full disk", 0, 64, PREC_ROUTINE, PREC_FLASH, 48},
	    {"a smaller ballast was set", 1000, 100, PREC_ROUTINE, PREC_ROUTINE, 64},
	};
	struct space_limits l;

	(void)state;
	space_limits(&l, 500 * GB, 256, 64);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct space_now n = {cases[i].free * MB, cases[i].ballast * MB, cases[i].lowest};
		struct space_verdict v = space_judge(&l, &n);

		if (v.lowest != cases[i].want || v.ballast != cases[i].want_ballast * MB)
			fail_msg("%zu %s: lowest %d ballast %llu", i, cases[i].what, v.lowest,
			    (unsigned long long)(v.ballast / MB));
	}
}

/* A disk of `total` bytes filled to the last and emptied again, each byte accounted for: degrees go and come in order, the most urgent
 * is refused only at the very end, nothing flutters, and at the end all is as before. */
static void
fill_and_empty(uint64_t total, long room, long ballast)
{
	struct space_limits l;
	struct space_now n = {.lowest = PREC_ROUTINE};
	uint64_t used = 0, step = total / 4000;
	int changes = 0;
	bool zero = false;

	space_limits(&l, total, room, ballast);
	for (int way = 1; way >= -1; way -= 2)
		for (int i = 0; i <= 4000; i++) {
			struct space_verdict v;

			n.free = total - used - n.ballast;
			v = space_judge(&l, &n);
			/* the shell: the file is moved; a free byte more or less is the ballast's */
			assert_true(v.ballast <= n.ballast || v.ballast - n.ballast <= n.free);
			if (v.lowest != n.lowest) {
				assert_int_equal(v.lowest, n.lowest - way);
				changes++;
			}
			n.lowest = v.lowest;
			n.ballast = v.ballast;
			n.free = total - used - n.ballast;
			if (v.lowest == 0) {
				assert_true(n.ballast == 0 && n.free < 2 * l.floor);
				zero = true;
			} else if (v.lowest > PREC_FLASH)
				assert_true(n.ballast == l.ballast);
			/* Only what is not refused fills it. */
			if (way == 1) {
				if (n.free < step)
					break;
				used += step;
			} else
				used = used > step ? used - step : 0;
		}
	assert_true(zero);
	assert_int_equal(changes, 8);
	assert_int_equal(n.lowest, PREC_ROUTINE);
	assert_true(n.ballast == l.ballast);
}

static void
whole_way(void **state)
{
	(void)state;
	fill_and_empty(8 * GB, 256, 64);
	fill_and_empty(100 * MB, 256, 64);
	fill_and_empty(20 * MB, 256, 64);
	fill_and_empty(64 * MB, 1, 1);
	fill_and_empty(40 * GB, 10000, 3000);
}

static uint64_t
blocks_of(const char *path, uint64_t *size)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		*size = 0;
		return 0;
	}
	*size = (uint64_t)st.st_size;
	return (uint64_t)st.st_blocks * 512;
}

static void
ballast_file(void **state)
{
	char dir[] = "/tmp/space_test.XXXXXX", path[64];
	struct space *s;
	struct stat st;
	uint64_t size;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ballast", dir);
	s = space_open(dir, 16, 20);
	assert_true(space_free_bytes(s) > 0);
	assert_int_equal(space_lowest(s), PREC_ROUTINE);
	/* in steps, and really there */
	for (int i = 1; i <= 3; i++) {
		assert_false(space_look(s));
		assert_true(blocks_of(path, &size) >= size);
		assert_int_equal(size, i < 3 ? (uint64_t)i * 8 * MB : 20 * MB);
		assert_int_equal(space_again(s), i < 3 ? 200 : INT64_MAX);
	}
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(space_look(s));
	/* there is room: it does not give way, until told to */
	space_make_way(s, false);
	(void)blocks_of(path, &size);
	assert_int_equal(size, 20 * MB);
	space_make_way(s, true);
	(void)blocks_of(path, &size);
	assert_int_equal(size, 0);
	assert_int_equal(space_again(s), 5000);
	/* one with holes is no ballast */
	assert_int_equal(truncate(path, (off_t)(20 * MB)), 0);
	space_free(s);
	s = space_open(dir, 16, 20);
	(void)blocks_of(path, &size);
	assert_int_equal(size, 0);
	/* something else in its place: it is left alone and nothing is refused for it */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_false(space_look(s));
	assert_int_equal(space_lowest(s), PREC_ROUTINE);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	space_free(s);
	/* no folder: nothing is known, nothing refused */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	s = space_open(dir, 16, 20);
	assert_false(space_look(s));
	assert_int_equal(space_lowest(s), PREC_ROUTINE);
	space_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bounds), cmocka_unit_test(judged), cmocka_unit_test(whole_way),
	    cmocka_unit_test(ballast_file)};

	log_init(LOG_LV_ERROR, STDERR_FILENO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
