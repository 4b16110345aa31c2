#ifndef SWITCH_STATION_ORIGINAL_H
#define SWITCH_STATION_ORIGINAL_H
/*
 * Private to station_original.c (asking, putting together) and station_original_give.c (giving out).
 */
#include "station_int.h"

enum original_word { WORD_NONE, WORD_WANTED, WORD_PART, WORD_REFUSED };

/* Reasons of a refusal, on the wire. */
#define WHY_STRANGER "not-addressed"
#define WHY_ABSENT "absent"
#define WHY_DESTROYED "destroyed"

enum original_word original_word(const struct body *);
/* A message of this word that refers to the other; the caller adds what it says.  Issuing takes the body. */
struct body *original_speak(enum original_word, const char *to, const struct msgid *refs);
int original_issue(struct station *, int64_t now, int realm, struct body *);
bool original_names(const struct body *, const char *station);	/* to or cc */
/* A message here: its body (owned; NULL when its bytes are not there), whether it was destroyed.  0; 1: none; -1. */
int original_load(struct station *, const struct msgid *, struct body **, bool *destroyed);

/* each_referring: the requests among what refers to a message, oldest first. */
struct original_earlier {
	const struct msgid *but;	/* not this one; NULL: none left out */
	const char *by;			/* asked by; NULL: anybody */
	struct idlist ids;		/* v: the caller's to free */
};
int original_earlier_row(void *ctx, const struct journal_msg *);

/* A request has come in: bytes, or why not. */
void original_asked(struct station *, int64_t now, const struct journal_msg *, const struct body *);

#endif
