#ifndef FORMATS_RULES_PART_H
#define FORMATS_RULES_PART_H
/*
 * Private to rules*.c: the files behind the rules, and the tables made of them.
 *
 * Layers: the national tables, then the profiles in the order they are named, then the local ones.  A later one is nearer.
 */
#include <sodium.h>
#include "conf.h"
#include "rules.h"

#define RULES_ANY (-1)
#define RULES_PROFILES_MAX 8
#define RULES_LAYERS_MAX (RULES_PROFILES_MAX + 2)

enum rules_rank { RANK_NATIONAL, RANK_PROFILE, RANK_LOCAL };

/* ---- the files (rules_files.c) ---- */
struct rules_source {
	struct tsv *t;
	char *path;
	enum rules_rank rank;
	const char *profile;	/* "" national, its name, "local" */
};
struct rules_files {
	char *confdir;
	char *names;		/* profiles, comma separated, as rules_profiles() tells them */
	char *profile[RULES_PROFILES_MAX];
	size_t nprofile;
	struct rules_source **v;	/* every table read; owned */
	size_t n;
	crypto_generichash_state hash;
	uint8_t digest[32];	/* after rules_files_close() */
};
int rules_files_open(struct rules_files *, const char *confdir, const char *profiles, struct fault *);
/* The tables of that name, the national one first; columns: the headings it may have, NULL-terminated.  *n of them. */
int rules_files_table(struct rules_files *, const char *name, const char *const *columns,
    const struct rules_source *out[RULES_LAYERS_MAX], size_t *n, struct fault *);
/* A table that another module reads: counts for the digest. */
void rules_files_note(struct rules_files *, const char *name);
void rules_files_close(struct rules_files *);	/* the digest is complete */
void rules_files_free(struct rules_files *);

/* ---- deadlines (rules_limit.c, rules_match.c) ---- */
struct limit_row {
	struct deadline d;
	enum rules_rank rank;
	size_t place_len;	/* bytes of d.place that stations of it begin with; 0 any, or a private code (private_) */
	bool private_;
	int since, until;	/* YYYYMMDD, 0 open */
	uint16_t *at;
};
struct rules_chains;
struct rules_limits {
	struct limit_row *v;
	size_t n;
	char **made;		/* ids made for rows without one */
	size_t nmade;
};
int rules_limits_load(struct rules_limits *, struct rules_files *, const struct rules_chains *, struct fault *);
void rules_limits_free(struct rules_limits *);
/* "330200" is 4 bytes, "330225" 6, a private code all of them; "*" 0.  False: no place. */
bool rules_place(const char *place, size_t *len, bool *private_);
bool rules_place_holds(const char *place, size_t len, bool private_, const char *station);
int rules_minutes(const char *text, int64_t min, int64_t max, int64_t *out);	/* 0 or -1 */
bool rules_time_of_day(const char *text, size_t len, int *minutes);		/* "08:00", up to "24:00" */
bool rules_says(const char *clause);		/* anything but blanks of any width: "" and "\u3000" cite nothing */
int rules_day(const char *date, bool last);	/* of tsv_date(): YYYYMMDD; a year: its first or last day; "" 0 */

bool limit_matches(const struct limit_row *, const struct rule_ask *);		/* the date apart */
bool limit_in_force(const struct limit_row *, int64_t at);
int64_t limit_instant(int day);			/* noon of YYYYMMDD (UTC+08:00), ms UTC */
int limit_day_after(int day);			/* of and as YYYYMMDD */
bool limit_names_all_of(const struct limit_row *a, const struct limit_row *b);
bool limit_same_key(const struct limit_row *, const struct limit_row *);		/* the dates apart */
bool limit_overlap(const struct limit_row *, const struct limit_row *);		/* in time */
bool limit_both_match(const struct limit_row *, const struct limit_row *);	/* something, some time */
extern const char limit_same[];	/* why of one that is as good as the one that counts */
size_t limits_judge(const struct rules_limits *, const struct rule_ask *, struct rule_other *, size_t max);

/* ---- what is odd (rules_remark.c, rules_odd.c) ---- */
struct rules_telling {
	rules_remark_fn fn;
	void *ctx;
};
void rules_say(const struct rules_telling *, const char *file, size_t line, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void limits_remarks(const struct rules_limits *, const struct rules_files *, const struct rules_telling *);
/* Questions for which a row might count: the places and codes tried are those the tables name (only its own where own is set), the days those
 * at which something begins or ends while it is in force. */
struct rules_trial {
	const struct rules_limits *among;	/* the rows the answer is looked for in */
	const struct limit_row *l;
	struct rule_ask ask;
	const struct rules_telling *told;
};
bool limit_counts(const struct rules_trial *);	/* the row sets the clock of that question, or says the same as the one that does */
/* fn for each until it returns true; whether one did. */
bool limit_tries(struct rules_trial *, bool own, bool (*fn)(const struct rules_trial *));
void limits_odd(const struct rules_limits *, const struct rules_telling *);	/* rules_odd.c: limits beside each other, and in time */

/* ---- chains of chasing and zero reports (rules_chase.c) ---- */
struct rules_chains *rules_chains_load(struct rules_files *, struct fault *);
void rules_chains_free(struct rules_chains *);
bool rules_chain_known(const struct rules_chains *, const char *chain);
size_t rules_chain_rungs(const struct rules_chains *, const char *chain, enum owed what, int prec, const struct chase_rung **);
bool rules_chains_zero_at(const struct rules_chains *, size_t i, struct zero_hour *);
int rules_chains_zero(const struct rules_chains *, const char *station, const char *level, const char **clause);

void rules_chains_odd(const struct rules_chains *, const struct rules_telling *);

/* ---- scores.tsv (rules_scores.c) ---- */
struct rules_scores;
struct rules_scores *rules_scores_load(struct rules_files *, struct fault *);	/* free() */
bool rules_scores_row(const struct rules_scores *, enum rule_score, struct score_row *);

/* ---- numbers.tsv and classified.tsv (rules_singles.c) ---- */
struct rules_singles;
struct rules_singles *rules_singles_load(struct rules_files *, struct fault *);
void rules_singles_free(struct rules_singles *);
int64_t rules_singles_number(const struct rules_singles *, enum rule_number, const char **clause);
const struct field *rules_singles_mark(const struct rules_singles *, const struct body *, const char **mark);

#endif
