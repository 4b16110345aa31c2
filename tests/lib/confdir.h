#ifndef TESTS_LIB_CONFDIR_H
#define TESTS_LIB_CONFDIR_H
/*
 * A configuration folder of a test's own below /tmp, with one folder of tables in it, which the test writes itself (the
 * shipped ones: rulesdir.h).  To be included after cmocka.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFDIR_MAX 64

/* dir becomes its name.  False when it cannot be made. */
static inline bool
confdir_make(char dir[CONFDIR_MAX], const char *test, const char *folder)
{
	char sub[256];

	(void)snprintf(dir, CONFDIR_MAX, "/tmp/%s.XXXXXX", test);
	if (mkdtemp(dir) == NULL)
		return false;
	(void)snprintf(sub, sizeof(sub), "%s/%s", dir, folder);
	return mkdir(sub, 0700) == 0;
}

/* Writes FOLDER/NAME.tsv anew (never through a link to a shipped one); text NULL: takes it away. */
static inline void
confdir_put(const char *dir, const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/%s/%s.tsv", dir, folder, name);
	(void)unlink(path);
	if (text == NULL)
		return;
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
}

/* What was put must have been taken away.  0, or -1: something is left. */
static inline int
confdir_remove(const char *dir, const char *folder)
{
	char sub[256];

	(void)snprintf(sub, sizeof(sub), "%s/%s", dir, folder);
	return rmdir(sub) != 0 || rmdir(dir) != 0 ? -1 : 0;
}

#endif
