#ifndef TESTS_NIGHTS_NIGHT_H
#define TESTS_NIGHTS_NIGHT_H
/*
 * One night being played: its lines, its variables, what failed.  The language is told in night.c.
 */
#include "world.h"

#define WORDS 128
#define VARS 256

struct word {
	char *text;	/* variables and times put in */
	bool quoted, json;
};

struct var { char name[64]; char *text; };

struct night {
	struct world w;
	char name[64], step[64], file[300], line[2000];
	int lineno;
	bool verbose, try_later, begun, started, step_failed;
	unsigned steps, failed_steps, lines, later, failures, passed_later;
	struct var var[VARS];
	size_t nvars;
	struct buf said;	/* what the last command printed */
	const char *until;	/* end after this step */
	bool over;
	int64_t step_began;	/* real ms */
	const char *why;	/* set by an act that failed: what was expected */
	struct buf saw;		/* and what there was instead */
};

/* ---- script.c: text to words ---- */
/* Splits a line; false + n->why when it is malformed.  Words are freed by words_free(). */
bool words_split(struct night *, const char *line, struct word v[WORDS], size_t *n);
void words_free(struct word v[WORDS], size_t n);
void var_set(struct night *, const char *name, const char *text);
const char *var_get(const struct night *, const char *name);	/* NULL */
/* HH:MM[:SS], YYYY-MM-DD[T ]HH:MM[:SS], +30m, -2h: ms UTC.  near: a time of day is the one within 12 hours; else the next one. */
bool time_read(const struct night *, const char *text, bool near, int64_t *ms);
bool span_read(const char *text, int64_t *ms);			/* [+-]N[dhms], plain N: seconds */
char *time_text(int64_t ms, char out[40]);			/* RFC 3339, +08:00 */
size_t keys_read(const char *text, char *out, size_t size);	/* "abc<F2><Enter>" to what a terminal sends */

/* ---- look.c: tests of JSON ---- */
/* Whether `path op value` holds of the answer; what was found goes to saw.  -1: the path is none. */
int look_test(const json_t *answer, const char *path, const char *op, const char *value, struct buf *saw);
char *look_first(const json_t *answer, const char *path);	/* as text, malloc'd; NULL nothing there */

/* ---- acts.c ---- */
/* Does one line.  False + n->why. */
bool act_line(struct night *, struct word *, size_t n);
bool fail(struct night *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));	/* returns false */

/* ---- acts_watch.c ---- */
bool act_walk(struct night *, struct word *, size_t n);
bool act_spans(struct night *, struct word *, size_t n);

/* ---- acts_look.c ---- */
bool act_see(struct night *, struct word *, size_t n, bool wanted);
bool act_dump(struct night *, struct word *, size_t n);
bool act_let(struct night *, struct word *, size_t n);
bool act_screen(struct night *, struct word *, size_t n, bool wanted);
bool act_rung(struct night *, struct word *, size_t n, bool wanted);
bool act_verify(struct night *, struct word *, size_t n);
struct wstation *act_station(struct night *, const struct word *);	/* NULL + why */

#endif
