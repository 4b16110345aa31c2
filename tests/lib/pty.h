#ifndef TESTS_LIB_PTY_H
#define TESTS_LIB_PTY_H
/*
 * A program on a pseudo-terminal with a vt behind it.  Nothing sleeps: every wait ends with what was waited for or at a deadline.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "vt.h"

struct pty {
	int fd;
	pid_t pid;
	bool ended;
	int status;		/* of waitpid */
	struct vt *vt;
	bool answers;		/* a request for a status report, as every terminal of flesh and blood does; off: none ever did */
	char *raw;		/* every byte it wrote */
	size_t nraw, cap;
};

/* env: NAME=VALUE strings added (NULL-terminated, may be NULL). */
struct pty *pty_spawn(char *const argv[], const char *const *env, int rows, int cols);
void pty_free(struct pty *);			/* ends the program (SIGHUP, SIGKILL) */
void pty_send(struct pty *, const char *keys);
void pty_bytes(struct pty *, const void *, size_t);
void pty_resize(struct pty *, int rows, int cols);
/* Reads what comes for at most ms; false when nothing came. */
bool pty_step(struct pty *, int ms);
/* Until the screen holds / no longer holds the text; false at the deadline. */
bool pty_wait(struct pty *, const char *text, int ms);
bool pty_wait_gone(struct pty *, const char *text, int ms);
/* Until nothing has come for `quiet` ms. */
void pty_settle(struct pty *, int quiet, int ms);
bool pty_wait_exit(struct pty *, int ms);
long long pty_clock(void);			/* monotonic ms */

#endif
