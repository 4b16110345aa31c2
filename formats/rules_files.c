/*
 * The files behind the rules: the national tables, the profiles a station has chosen, and what is its own.
 *
 * Whatever stands in one of these files either counts or is refused: a heading nobody knows would be a condition that
 * silently does not hold, a table of an unknown name in a profile one that silently does not count.  The digest is over
 * what the tables say: comments may change without a change of the rules being recorded.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/stat.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"

/* What a profile may hold; other tables are not asked for by place. */
static const char *const profiled[] = {"precedence", "deadlines", "chase", "zero", "numbers", "classified", "scores"};

static int
profile_refuse(struct fault *f, const char *path, const char *reason, const char *name)
{
	(void)fault_set(f, EX_CONFIG, "profile", "%s: %s", name, reason);
	fault_at(f, path, 0);
	return -1;
}

/* Only tables that are read may lie in it. */
static int
profile_folder(const struct rules_files *rf, const char *name, struct fault *f)
{
	char path[PATH_MAX];
	struct dirent *e;
	size_t k, len;
	int n = snprintf(path, sizeof(path), "%s/rules/profiles/%s", rf->confdir, name), rc = 0, tables = 0;
	DIR *d;

	if (n < 0 || (size_t)n >= sizeof(path))
		return fault_set(f, EX_CONFIG, "profile", _("the path of the configuration is too long"));
	if ((d = opendir(path)) == NULL)
		return profile_refuse(f, path, errno == ENOENT ? _("there is no such profile") : strerror(errno), name);
	while (rc == 0 && (e = readdir(d)) != NULL) {
		len = strlen(e->d_name);
		if (len < 5 || strcmp(e->d_name + len - 4, ".tsv") != 0)
			continue;
		for (k = 0; k < sizeof(profiled) / sizeof(profiled[0]); k++)
			if (strlen(profiled[k]) == len - 4 && strncmp(profiled[k], e->d_name, len - 4) == 0)
				break;
		tables++;
		if (k == sizeof(profiled) / sizeof(profiled[0]))
			rc = profile_refuse(f, path, _("a table of this name counts for nothing in a profile"), e->d_name);
	}
	(void)closedir(d);
	if (rc == 0 && tables == 0)
		rc = profile_refuse(f, path, _("the profile has no tables"), name);
	return rc;
}

static int
profiles_take(struct rules_files *rf, const char *profiles, struct fault *f)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	struct buf names = {0};

	while (*profiles != '\0') {
		size_t len, lead = strspn(profiles, " ");
		char *name;

		profiles += lead;
		len = strcspn(profiles, ",");
		name = xstrndup(profiles, len);
		profiles += len + (profiles[len] == ',');
		for (len = strlen(name); len > 0 && name[len - 1] == ' '; len--)
			name[len - 1] = '\0';
		if (rf->nprofile == RULES_PROFILES_MAX) {
			(void)fault_set(f, EX_CONFIG, "profile", _("at most %d profiles"), RULES_PROFILES_MAX);
			free(name);
			goto fail;
		}
		rf->profile[rf->nprofile++] = name;
		if (len == 0 || name[strspn(name, allowed)] != '\0' || strcmp(name, "local") == 0) {
			(void)fault_set(f, EX_CONFIG, "profile", _("\"%s\" is not the name of a profile"), name);
			goto fail;
		}
		for (size_t i = 0; i + 1 < rf->nprofile; i++)
			if (strcmp(rf->profile[i], name) == 0) {
				(void)fault_set(f, EX_CONFIG, "profile", _("the profile %s is named twice"), name);
				goto fail;
			}
		if (profile_folder(rf, name, f) == -1)
			goto fail;
		buf_printf(&names, "%s%s", names.n > 0 ? "," : "", name);
	}
	rf->names = xstrdup(names.n > 0 ? buf_cstr(&names) : "");
	buf_free(&names);
	return 0;
fail:
	buf_free(&names);
	return -1;
}

int
rules_files_open(struct rules_files *rf, const char *confdir, const char *profiles, struct fault *f)
{
	memset(rf, 0, sizeof(*rf));
	rf->confdir = xstrdup(confdir);
	(void)crypto_generichash_init(&rf->hash, NULL, 0, sizeof(rf->digest));
	return profiles_take(rf, profiles != NULL ? profiles : "", f);
}

/* Hashes what the file says; columns not NULL: its headings must be among them. */
static int
read_through(struct rules_files *rf, const char *tag, const char *path, const char *const *columns, struct fault *f)
{
	FILE *fp = fopen(path, "rbe");
	char *line = NULL, *p;
	size_t cap = 0, no = 0;
	ssize_t n;
	bool head = true;
	int rc = 0;

	if (fp == NULL)
		return 0; /* who reads the table has said so */
	(void)crypto_generichash_update(&rf->hash, (const unsigned char *)tag, strlen(tag) + 1);
	while (rc == 0 && (n = getline(&line, &cap, fp)) > 0) {
		no++;
		p = no == 1 && n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
		p[strcspn(p, "\r\n")] = '\0';
		if (*p == '\0' || *p == '#')
			continue;
		(void)crypto_generichash_update(&rf->hash, (const unsigned char *)p, strlen(p) + 1);
		for (char *cell = p, *tab; head && columns != NULL && rc == 0; cell = tab + 1) {
			size_t k = 0;

			if ((tab = strchr(cell, '\t')) != NULL)
				*tab = '\0';
			while (columns[k] != NULL && strcmp(columns[k], cell) != 0)
				k++;
			if (columns[k] == NULL) {
				rc = fault_set(f, EX_CONFIG, cell, _("no column of this table: it would count for nothing"));
				fault_at(f, path, no);
			}
			if (tab == NULL)
				break;
		}
		head = false;
	}
	free(line);
	(void)fclose(fp);
	return rc;
}

int
rules_files_table(struct rules_files *rf, const char *name, const char *const *columns,
    const struct rules_source *out[RULES_LAYERS_MAX], size_t *n, struct fault *f)
{
	char path[PATH_MAX], what[256], tag[256];

	*n = 0;
	for (size_t layer = 0; layer < rf->nprofile + 2; layer++) {
		bool local = layer == rf->nprofile + 1, national = layer == 0;
		const char *profile = national ? "" : local ? "local" : rf->profile[layer - 1];
		struct rules_source *s;
		struct tsv *t;

		if (national || local)
			(void)snprintf(what, sizeof(what), "rules/%s", name);
		else
			(void)snprintf(what, sizeof(what), "rules/profiles/%s/%s", profile, name);
		if (tsv_open(rf->confdir, what, local, national, path, sizeof(path), &t, f) == -1)
			return -1;
		if (t == NULL)
			continue;
		rf->v = xreallocarray(rf->v, rf->n + 1, sizeof(*rf->v));
		s = rf->v[rf->n++] = xcalloc(1, sizeof(*s));
		*s = (struct rules_source){.t = t, .path = xstrdup(path), .profile = profile,
		    .rank = national ? RANK_NATIONAL : local ? RANK_LOCAL : RANK_PROFILE};
		(void)snprintf(tag, sizeof(tag), "%s/%s", profile, name);
		if (read_through(rf, tag, path, columns, f) == -1)
			return -1;
		assert(*n < RULES_LAYERS_MAX);
		out[(*n)++] = s;
	}
	return 0;
}

void
rules_files_note(struct rules_files *rf, const char *name)
{
	static const char *const ends[] = {"", ".local"};
	char path[PATH_MAX], tag[256];

	for (size_t i = 0; i < 2; i++) {
		int n = snprintf(path, sizeof(path), "%s/rules/%s%s.tsv", rf->confdir, name, ends[i]);

		(void)snprintf(tag, sizeof(tag), "%s/%s", ends[i], name);
		if (n > 0 && (size_t)n < sizeof(path))
			(void)read_through(rf, tag, path, NULL, NULL);
	}
}

void
rules_files_close(struct rules_files *rf)
{
	(void)crypto_generichash_final(&rf->hash, rf->digest, sizeof(rf->digest));
}

void
rules_files_free(struct rules_files *rf)
{
	for (size_t i = 0; i < rf->n; i++) {
		tsv_free(rf->v[i]->t);
		free(rf->v[i]->path);
		free(rf->v[i]);
	}
	free(rf->v);
	for (size_t i = 0; i < rf->nprofile; i++)
		free(rf->profile[i]);
	free(rf->names);
	free(rf->confdir);
}
