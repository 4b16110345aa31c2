#ifndef SWITCH_CTL_STAFF_H
#define SWITCH_CTL_STAFF_H
/* Shared by ctl_staff.c and ctl_roster.c: files of people and shifts, a message a line.  Private to dutyctl. */
#include "ctl_submit.h"

#define STAFF_OPTIONS                                                                                                                  \
	{"rid", true, false}, {"retry", true, false}, {"confirm", false, false}, {"by", true, false}, {"pin", false, false},           \
	{                                                                                                                              \
		"pin-fd", true, false                                                                                                  \
	}

#define CSV_CELLS 16
struct csv_row { char *cell[CSV_CELLS]; size_t n; };	/* cells lie in the line */
/* Splits a line by RFC 4180 in place; blanks around a cell go.  -1 + fault: more cells than that, a quotation left open, no UTF-8. */
int csv_split(char *line, size_t len, struct csv_row *, struct fault *);
const char *csv_get(const struct csv_row *, size_t i);	/* "" past the end */
/* Splits "a/b、c" into its names; NULL at the end. */
char *csv_name(char **rest);

/* Messages of a file: each under a request id that follows from its content, so that the same file twice makes nothing twice. */
struct staff_file {
	struct ctl *ctl;
	const struct ctl_args *a;
	const char *path;
	size_t line;
	struct ctl_pipe *pipe;
	json_t *pins;		/* of --by, asked for once; NULL none */
	struct submit_tally tally;
	struct fault f;
};
/* row: one line that holds something, heading apart; a fault in f->f refuses it by its line.  Exit status. */
typedef void (*staff_row_fn)(struct staff_file *, struct csv_row *, void *ctx);
int staff_file_run(struct ctl *, const struct ctl_args *, const char *path, const char *heading, const char *heading_zh, staff_row_fn, void *ctx);
void staff_file_put(struct staff_file *, struct body *);	/* takes the body */
/* A text into a field: 0, or -1 + fault naming it.  "" is left out. */
int staff_field(struct body *, uint32_t key, const char *text, struct fault *);
/* --by into the field; 0, or the exit status after having said that it is missing. */
int staff_by(const struct ctl_args *, const char *verb, struct body *, uint32_t key, bool needed);

#endif
