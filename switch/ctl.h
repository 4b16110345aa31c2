#ifndef SWITCH_CTL_H
#define SWITCH_CTL_H
/*
 * dutyctl's own parts, shared among ctl_*.c: options, the connection, the window of submits, printing.  Not for others.
 *
 * A verb is a function of the context and its words; it returns the exit status (sysexits) and has by then said on
 * standard error what was wrong: `dutyctl: FIELD: reason`.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>
#include "../formats/body.h"
#include "../formats/codebook.h"
#include "client.h"

struct ctl {
	const char *dir;		/* station directory, NULL when none was named */
	bool json;			/* --json */
	struct codebook *codebook;	/* loaded by ctl_codebook() */
	struct client *client;		/* opened by ctl_connect() */
};

/* ---- ctl_context.c ---- */
int ctl_fail(const struct fault *);		/* prints, returns the code (EX_SOFTWARE when it has none) */
int ctl_usage(
    const char *verb, const char *field, const char *reason); /* prints with the way to the help, returns EX_USAGE */
void ctl_note(const char *text);		/* `dutyctl: text` on standard error, sanitised */
int ctl_dir(struct ctl *, struct fault *);	/* a directory was named and is there: EX_USAGE, EX_NOINPUT */
int ctl_connect(struct ctl *, struct fault *);	/* opens the client unless it is alive */
const struct codebook *ctl_codebook(struct ctl *, struct fault *);	/* NULL + EX_CONFIG */
int64_t ctl_now(void);				/* ms UTC */
/* A reading request: connects, asks, returns the answer (new reference) or NULL + fault. */
json_t *ctl_ask(struct ctl *, json_t *request, int timeout, struct fault *);

/* ---- ctl_edge.c: people whose locale is not UTF-8 ---- */
void ctl_edge_open(void);	/* after i18n_init(): from here on stdout converts into the locale's character set */
int ctl_edge_close(void);	/* flushes; -1: something could not be written */
FILE *ctl_bytes(void);		/* standard output for programs: bytes as they are (JSON, files) */
/* The words in UTF-8 (malloc'd, NULL-terminated, always); a fault (EX_DATAERR) when one is not in the locale's set. */
char **ctl_edge_words(int argc, char **argv, struct fault *);
void ctl_edge_words_free(char **);
char *ctl_edge_native(const char *);	/* text, or a file's name, in the locale's set: malloc'd */

/* ---- ctl_args.c ---- */
struct ctl_option {
	const char *name;	/* NULL ends the table */
	bool value;		/* takes one */
	bool repeats;
};
struct ctl_given {
	const char *name, *value;
	const struct field *field;
}; /* field: a field option; value NULL: a flag */
struct ctl_args {
	struct ctl_given *given;	/* in the order given */
	size_t ngiven;
	const char **word;		/* what is no option */
	size_t nword;
	bool json, help;		/* --json, --help: known to every verb */
};
/* fields: the field table's names are options too (header fields are refused by name).  EX_USAGE naming the option. */
int ctl_args_parse(
    struct ctl_args *, const struct ctl_option *, bool fields, int argc, char *const *argv, struct fault *);
void ctl_args_free(struct ctl_args *);
const char *ctl_arg(
    const struct ctl_args *, const char *name); /* value of the option (not field), NULL when not given */
bool ctl_flag(const struct ctl_args *, const char *name);
/* A decimal number within bounds; -1 + EX_USAGE naming the option.  Not given: *out stays. */
int ctl_arg_num(const struct ctl_args *, const char *name, long min, long max, long *out, struct fault *);
/* "live" or "exercise" to enum realm; not given: *out stays. */
int ctl_arg_realm(const struct ctl_args *, int *out, struct fault *);
/* Adds the given field options to the body, in order. */
int ctl_args_body(const struct ctl_args *, struct body *, const struct codebook *, int64_t now, struct fault *);
/* Adds stations of a comma separated list to F_TO or F_CC: EX_DATAERR naming the field for an empty or impossible code.
 */
int ctl_stations(struct body *, uint32_t key, const char *list, struct fault *);
/* The same list, in which @NAME is an address group: its members are added (a station met again is no error then), and
 * who is meant is told on standard error. */
int ctl_addressees(struct ctl *, struct body *, uint32_t key, const char *list, struct fault *);
/* Code of a station of our own or a neighbour's: syntax (EX_DATAERR), and a division code must be in the codebook
 * (EX_NOHOST). */
int ctl_station_known(const char *code, const struct codebook *, const char *field, struct fault *);

/* ---- ctl_pipe.c: submits in a window ---- */
#define CTL_WINDOW 64
struct ctl_pipe;
struct ctl_done {
	const char *where;	/* "FILE" or "" */
	size_t line;		/* 0 = none */
	const json_t *answer;	/* NULL when refused */
	const struct fault *fault;	/* NULL when taken */
	const char *rid;	/* "" when it never got that far */
};
typedef void (*ctl_done_fn)(void *ctx, const struct ctl_done *);
/* done is called once for every item put, in the order they were put. */
struct ctl_pipe *ctl_pipe_new(struct ctl *, long retry_seconds, ctl_done_fn, void *ctx);
/* Reference and blob (malloc'd, may be NULL) are taken over.  Waits while the window is full.  -1 + fault when the
 * switch is gone for good: done was then called for everything outstanding. */
int ctl_pipe_put(
    struct ctl_pipe *, const char *where, size_t line, json_t *request, uint8_t *blob, size_t len, struct fault *);
/* An item refused on this side: takes its place in the order. */
void ctl_pipe_refuse(struct ctl_pipe *, const char *where, size_t line, const struct fault *);
int ctl_pipe_drain(struct ctl_pipe *, struct fault *);		/* waits for every answer */
/* A reading request between the submits, with the same patience.  Drain first. */
json_t *ctl_pipe_ask(struct ctl_pipe *, json_t *request, struct fault *);
void ctl_pipe_free(struct ctl_pipe *);

/* ---- ctl_lines.c: lines of a file, bounded ---- */
struct ctl_lines { FILE *f; const char *name; size_t max, line; char *p; size_t n, cap; bool too_long, eof; };
int ctl_lines_open(
    struct ctl_lines *, const char *path, size_t max, struct fault *); /* "-" is stdin; EX_NOINPUT, EX_NOPERM */
/* 1 a line (p, n without the line feed; too_long: its rest was skipped), 0 the end, -1 + EX_IOERR. */
int ctl_lines_next(struct ctl_lines *, struct fault *);
void ctl_lines_close(struct ctl_lines *);
/* A whole file of at most max bytes, "-" is stdin: malloc'd bytes.  A larger one is refused without being read. */
int ctl_file_read(const char *path, size_t max, uint8_t **out, size_t *len, struct fault *);

/* ---- ctl_out.c ---- */
void ctl_json(FILE *, const json_t *);	/* one line, UTF-8 (stdout: to ctl_bytes()); nothing a terminal would act on leaves raw */
/* Why something is no JSON, in the reader's language. */
const char *ctl_json_why(const json_error_t *, char *buf, size_t size);
/* The members of an answer without the envelope's ("re", "ok", "rev"). */
void ctl_json_answer(FILE *, const json_t *);
struct ctl_column {
	const char *title;
	const char *key;
	int max;
	bool right;
}; /* title: msgid; max cells, 0 = as long as it is */
struct ctl_table;
struct ctl_table *ctl_table_new(const struct ctl_column *, size_t n);
void ctl_table_set(struct ctl_table *, size_t column, const char *text);	/* of the row being made */
void ctl_table_row(struct ctl_table *);					/* ends the row */
void ctl_table_print(struct ctl_table *, FILE *);			/* prints (FILE NULL: not) and frees */
/* A member for people: text as it is, numbers in decimal, absent "-". */
const char *ctl_text(const json_t *object, const char *key, char *buf, size_t size);
const char *ctl_time(const json_t *object, const char *key, char *buf, size_t size);	/* MM-DD HH:MM or "-" */
/* Name in the reader's language of an enumerated member (number, ASCII name or spelling). */
const char *ctl_enum(const json_t *object, const char *key, const char *set, char *buf, size_t size);
void ctl_line(FILE *, const char *label, const char *text); /* "label  text", label padded to 12 cells, sanitised */

/* ---- verbs ---- */
int ctl_init(struct ctl *, int argc, char **argv);
int ctl_enrol(struct ctl *, int argc, char **argv);
int ctl_reload(struct ctl *, int argc, char **argv);
int ctl_verify(struct ctl *, int argc, char **argv);
int ctl_backup(struct ctl *, int argc, char **argv);	/* ctl_backup.c */
int ctl_restore(struct ctl *, int argc, char **argv);
int ctl_help(struct ctl *, int argc, char **argv);
void ctl_help_verb(FILE *, const struct command *);
void ctl_help_all(FILE *);
int ctl_submit(struct ctl *, int argc, char **argv);
int ctl_intake(struct ctl *, int argc, char **argv);
int ctl_report(struct ctl *, int argc, char **argv);
int ctl_followup(struct ctl *, int argc, char **argv);
int ctl_ack(struct ctl *, int argc, char **argv);
int ctl_grade(struct ctl *, int argc, char **argv);
int ctl_direct(struct ctl *, int argc, char **argv);	/* ctl_direct.c */
int ctl_feedback(struct ctl *, int argc, char **argv);
int ctl_track(struct ctl *, int argc, char **argv);
int ctl_orders(struct ctl *, int argc, char **argv);
int ctl_proxy(struct ctl *, int argc, char **argv);
int ctl_claim(struct ctl *, int argc, char **argv);
int ctl_import(struct ctl *, int argc, char **argv);
int ctl_export(struct ctl *, int argc, char **argv);
int ctl_list(struct ctl *, int argc, char **argv);
int ctl_show(struct ctl *, int argc, char **argv);
int ctl_message(struct ctl *, int argc, char **argv);
int ctl_inbox(struct ctl *, int argc, char **argv);
int ctl_owed(struct ctl *, int argc, char **argv);
int ctl_status(struct ctl *, int argc, char **argv);	/* ctl_status.c */
int ctl_trace(struct ctl *, int argc, char **argv);	/* ctl_trace.c */
int ctl_ledger(struct ctl *, int argc, char **argv);
int ctl_search(struct ctl *, int argc, char **argv);	/* ctl_search.c */
int ctl_log(struct ctl *, int argc, char **argv);
int ctl_drafts(struct ctl *, int argc, char **argv);
int ctl_watch(struct ctl *, int argc, char **argv);
int ctl_convert(struct ctl *, int argc, char **argv);	/* no station needed: ctl_convert.c, ctl_codes.c */
int ctl_check(struct ctl *, int argc, char **argv);
int ctl_codes(struct ctl *, int argc, char **argv);

int ctl_correct(struct ctl *, int argc, char **argv);	/* ctl_life.c */
int ctl_recall(struct ctl *, int argc, char **argv);
int ctl_step(struct ctl *, int argc, char **argv);
int ctl_merge(struct ctl *, int argc, char **argv);
int ctl_split(struct ctl *, int argc, char **argv);
int ctl_adopt(struct ctl *, int argc, char **argv);
int ctl_countersign(struct ctl *, int argc, char **argv);
int ctl_verdict(struct ctl *, int argc, char **argv);
int ctl_destroy(struct ctl *, int argc, char **argv);
int ctl_staff(struct ctl *, int argc, char **argv);	/* ctl_staff.c */
int ctl_roster(struct ctl *, int argc, char **argv);	/* ctl_roster.c */
int ctl_pin(struct ctl *, int argc, char **argv);	/* ctl_pin.c */
int ctl_draft(struct ctl *, int argc, char **argv);	/* ctl_draft.c */
int ctl_outside(struct ctl *, int argc, char **argv);	/* ctl_outside.c */
int ctl_stub(struct ctl *, int argc, char **argv);
int ctl_diff(struct ctl *, int argc, char **argv);	/* ctl_diff.c */
int ctl_render(struct ctl *, int argc, char **argv);
int ctl_rules(struct ctl *, int argc, char **argv);	/* ctl_rules.c */
int ctl_chase(struct ctl *, int argc, char **argv);	/* ctl_chase.c */
int ctl_outlet(struct ctl *, int argc, char **argv);
int ctl_stats(struct ctl *, int argc, char **argv);	/* ctl_stats.c */
int ctl_explain(struct ctl *, int argc, char **argv);
int ctl_handover(struct ctl *, int argc, char **argv);	/* ctl_handover.c */
int ctl_replay(struct ctl *, int argc, char **argv);
int ctl_entry(struct ctl *, int argc, char **argv);	/* note */
int ctl_rollcall(struct ctl *, int argc, char **argv);	/* ctl_rolls.c */
int ctl_zero(struct ctl *, int argc, char **argv);
int ctl_exercise(struct ctl *, int argc, char **argv);	/* ctl_exercise.c */

#endif
