/*
 * The shipped codebooks and rules with daily zero reports, and divisions for every station of the simulated map: the shipped ones know one county
 * only, and an addressee that is in no codebook is refused as a slip of the finger.  They stand in a folder of their own
 * for the moment of loading: the shipped files by link, the made ones as divisions.local.tsv.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include "../../formats/conf.h"
#include "world_int.h"

static void
quit(const char *what)
{
	fprintf(stderr, "sim: codebooks: ");
	perror(what);
	exit(74);
}

static void
write_divisions(const char *dir)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof path, "%s/codebooks/divisions.local.tsv", dir);
	if ((f = fopen(path, "w")) == NULL)
		quit(path);
	fprintf(f, "code12\tcode\tparent\tname\tlevel\tkind\tnote\tpinyin\n");
	for (int c = 1; c <= 99; c++) {
		if (c != MAP_COUNTY)
			fprintf(f, "3302%02d000000\t3302%02d\t3302\tcounty %d\tcounty\t\t\t\n", c, c, c);
		for (int t = MAP_TOWNSHIP; t < MAP_TOWNSHIP + MAP_TOWNSHIPS; t++)
			fprintf(f, "3302%02d%03d000\t3302%02d%03d\t3302%02d\ttownship %d.%d\ttownship\t\t\t\n", c, t, c, t, c,
			    c, t);
	}
	if (fclose(f) != 0)
		quit(path);
}

/* Links every file of the shipped folder, or (undo) removes what is there. */
static void
link_all(const char *from, const char *dir, bool undo)
{
	char src[PATH_MAX], books[PATH_MAX], dst[2 * PATH_MAX];
	const struct dirent *e;
	DIR *d;

	snprintf(src, sizeof src, "%s/codebooks", from);
	snprintf(books, sizeof books, "%s/codebooks", dir);
	if ((d = opendir(undo ? books : src)) == NULL)
		quit(src);
	while ((e = readdir(d)) != NULL) {
		char real[2 * PATH_MAX];

		if (*e->d_name == '.' || (!undo && strstr(e->d_name, ".local.") != NULL))
			continue;
		snprintf(real, sizeof real, "%s/%s", src, e->d_name);
		snprintf(dst, sizeof dst, "%s/%s", books, e->d_name);
		if ((undo ? unlink(dst) : symlink(real, dst)) == -1)
			quit(dst);
	}
	closedir(d);
}

void
world_books(struct world *w)
{
	static struct codebook *cb; /* of the process: they never change */
	static struct rules *rules;
	struct fault f = {0};
	char shipped[256], found[PATH_MAX], dir[] = "/tmp/dutydesk-sim-XXXXXX", books[64], text[800];

	if (cb == NULL) {
		snprintf(books, sizeof books, "%s", dir);
		if (conf_dir(shipped, sizeof shipped, &f) != NULL && (rules = rules_load_profiles(shipped, "zero-daily", &f)) != NULL) {
			if (realpath(shipped, found) == NULL || mkdtemp(dir) == NULL)
				quit(shipped);
			snprintf(books, sizeof books, "%s/codebooks", dir);
			if (mkdir(books, 0700) == -1)
				quit(books);
			link_all(found, dir, false);
			write_divisions(dir);
			cb = codebook_load(dir, &f);
			link_all(found, dir, true);
			(void)rmdir(books);
			(void)rmdir(dir);
		}
		if (cb == NULL) {
			fprintf(stderr, "sim: %s\n", fault_format(&f, text, sizeof text));
			exit(78);
		}
	}
	w->cb = cb;
	w->rules = rules;
}
