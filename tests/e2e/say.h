#ifndef TESTS_E2E_SAY_H
#define TESTS_E2E_SAY_H
/*
 * The command line as the cases speak it: `dutyctl -D DIR --json WORDS...`, what it answered, and waiting until a station sees it.
 * Whatever is not as expected fails the case with the command and all it printed.
 */
#include "e2e.h"

#define SAY_WAIT 30000	/* ms, times env->slow in a sanitized build */

/* Exit status 0; the one object printed (caller decrefs). */
json_t *say(const struct station_proc *, ...) __attribute__((sentinel));
/* The same, an array of the objects printed, one a line. */
json_t *say_list(const struct station_proc *, ...) __attribute__((sentinel));
/* The same; the answer's id goes to out. */
void say_id(const struct station_proc *, char out[80], ...) __attribute__((sentinel));
/* Without --json; what stands on standard output is appended. */
void say_text(const struct station_proc *, struct buf *, ...) __attribute__((sentinel));
/* This exit status, and `needle` on standard error. */
void say_refused(const struct station_proc *, int status, const char *needle, ...) __attribute__((sentinel));

/* A member as text: strings, "true", "false", integers, "" for null and what is not there; PATH is NAME.NAME...  Static buffer. */
const char *member(const json_t *, const char *path);
void expect(const struct station_proc *, const json_t *, const char *path, const char *value);
/* The element of the array whose member is the value; NULL. */
json_t *row_of(const json_t *array, const char *name, const char *value);
/* The message's line in the answer of show; fails when there is none. */
json_t *line_at(const struct station_proc *, const json_t *show, const char *id);

/* Waits for a change that a push tells: the member of `op message`, of `op show`, of the message's line there. */
void await_message(struct e2e *, struct station_proc *, const char *id, const char *path, const char *value);
void await_incident(struct e2e *, struct station_proc *, const char *incident, const char *path, const char *value);
void await_line(struct e2e *, struct station_proc *, const char *incident, const char *id, const char *path, const char *value);
/* Does it owe this (enum owed's word) about an incident? */
bool owes(const struct station_proc *, const char *what, const char *incident);

/* A fire at the township: its intake and, with `first`, its first report, which the county then has. */
void open_fire(struct e2e *, const char *title, char incident[80]);
void first_report(struct e2e *, const char *incident, char report[80]);
bool holds(const struct buf *, const char *text);
/* In a message's body, of the station's journal as its file stands now: bodies are compressed at rest, and no search of bytes finds them. */
bool journal_holds(const struct station_proc *, const char *text);
bool folder_holds(const char *dir, const char *text);	/* in any of its files' bytes, below it too */

#endif
