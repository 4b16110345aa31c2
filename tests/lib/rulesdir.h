#ifndef TESTS_LIB_RULESDIR_H
#define TESTS_LIB_RULESDIR_H
/*
 * A rules folder of a test's own: the tables it does not write itself are the shipped ones, by symbolic link.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../../formats/conf.h"

static const char *const rulesdir_names[] = {"precedence", "deadlines", "chase", "zero", "scores", "numbers", "classified", "grading", "risk",
    "marks", "elements"};
#define RULESDIR_NAMES (sizeof(rulesdir_names) / sizeof(rulesdir_names[0]))

/* dir/rules is there; a table that is there already stays.  False when the shipped ones cannot be found. */
static inline bool
rulesdir_fill(const char *dir)
{
	char conf[4096], from[4400], to[4400];
	struct fault f = {0};

	if (conf_dir(conf, sizeof(conf), &f) == NULL)
		return false;
	for (size_t i = 0; i < RULESDIR_NAMES; i++) {
		(void)snprintf(from, sizeof(from), "%s/rules/%s.tsv", conf, rulesdir_names[i]);
		(void)snprintf(to, sizeof(to), "%s/rules/%s.tsv", dir, rulesdir_names[i]);
		if (access(to, F_OK) != 0 && symlink(from, to) != 0)
			return false;
	}
	return true;
}

static inline void
rulesdir_clear(const char *dir)
{
	char path[4400];

	for (size_t i = 0; i < RULESDIR_NAMES; i++) {
		(void)snprintf(path, sizeof(path), "%s/rules/%s.tsv", dir, rulesdir_names[i]);
		(void)unlink(path);
		(void)snprintf(path, sizeof(path), "%s/rules/%s.local.tsv", dir, rulesdir_names[i]);
		(void)unlink(path);
	}
}

#endif
