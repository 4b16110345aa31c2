#ifndef FORMATS_GROUPS_H
#define FORMATS_GROUPS_H
/*
 * Address groups: one word for many addressees.  They may overlap and hold one another.
 *   conf/codebooks/groups.tsv   group name pinyin members note       (.local.tsv: same group replaces, else added)
 * members, separated by commas: station codes (330225102, 330225-gongan), all stations directly below a division
 * (330225/children, also written 330225*), other groups (@fangxun or @防汛成员).
 * Refused at loading with file and line: an unknown member, a cycle, one word for two groups.
 */
#include <stdbool.h>
#include <stddef.h>
#include "buf.h"
#include "codebook.h"
#include "fault.h"

#define GROUPS_STATIONS_MAX 512	/* addressees of one list: what F_TO and F_CC hold (FIELD_REPEAT_MAX) */

struct groups;	/* immutable after load */

struct group {	/* strings live as long as the groups */
	const char *id;		/* [a-z0-9_-], the key */
	const char *name;	/* Chinese */
	const char *initials;
	const char *members;	/* as written */
	const char *note;
};

struct groups *groups_load(const char *confdir, const struct codebook *, struct fault *);	/* no table: no groups */
void groups_free(struct groups *);							/* NULL is fine */

const struct group *groups_at(const struct groups *, size_t i);			/* table order; NULL past the end */
const struct group *groups_find(const struct groups *, const char *name);	/* id or name, with or without "@" */

/*
 * A comma separated list of stations, divisions with /children and @groups (also ，and 、) to stations, each once, in the
 * order first met, comma separated in out (appended).  Station codes are only looked at for their form, as everywhere a
 * relay passes codes on.  0, or -1 + EX_DATAERR (an empty or impossible member, too many stations), EX_NOHOST (an unknown
 * group or division, named; a group without anybody): out is then unchanged.  field names the fault's field ("to").
 */
int groups_expand(const struct groups *, const struct codebook *, const char *list, const char *field, struct buf *out,
    struct fault *);

#endif
