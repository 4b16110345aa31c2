/*
 * Bytes from files and standard input, bounded: a line or file larger than allowed is refused by its size and not
 * gathered in memory first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "ctl.h"

static int
file_open(const char *path, struct stat *st, struct fault *f)
{
	char *name;
	int fd, code;

	if (strcmp(path, "-") == 0)
		fd = dup(STDIN_FILENO);
	else {
		name = ctl_edge_native(path);
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		free(name);
	}
	if (fd < 0 || fstat(fd, st) != 0) {
		code = errno == EACCES || errno == EPERM     ? EX_NOPERM
		       : errno == ENOENT || errno == ENOTDIR ? EX_NOINPUT
							     : EX_IOERR;
		(void)fault_set(f, code, "", "%s", strerror(errno));
		goto bad;
	}
	if (S_ISDIR(st->st_mode)) {
		(void)fault_set(f, EX_NOINPUT, "", _("is a directory"));
		goto bad;
	}
	return fd;
bad:
	fault_at(f, path, 0);
	if (fd >= 0)
		close(fd);
	return -1;
}

int
ctl_lines_open(struct ctl_lines *l, const char *path, size_t max, struct fault *f)
{
	struct stat st;
	int fd = file_open(path, &st, f);

	memset(l, 0, sizeof *l);
	if (fd < 0)
		return -1;
	if ((l->f = fdopen(fd, "r")) == NULL) {
		close(fd);
		return fault_set(f, EX_OSERR, "", "%s", strerror(errno));
	}
	l->name = path;
	l->max = max;
	return 0;
}

int
ctl_lines_next(struct ctl_lines *l, struct fault *f)
{
	int c;

	l->n = 0;
	l->too_long = false;
	if (l->eof)
		return 0;
	l->line++;
	while ((c = getc_unlocked(l->f)) != EOF && c != '\n') {
		if (l->n == l->max) {
			l->too_long = true;
			continue;	/* the rest of it goes by unread */
		}
		if (l->n == l->cap) {
			l->cap = l->cap == 0 ? 4096 : l->cap * 2;
			l->p = xreallocarray(l->p, l->cap, 1);
		}
		l->p[l->n++] = (char)c;
	}
	if (c == EOF) {
		l->eof = true;
		if (ferror(l->f)) {
			(void)fault_set(f, EX_IOERR, "", "%s", strerror(errno));
			fault_at(f, l->name, l->line);
			return -1;
		}
		if (l->n == 0)
			return 0;
	}
	if (l->n > 0 && l->p[l->n - 1] == '\r')
		l->n--;
	return 1;
}

void
ctl_lines_close(struct ctl_lines *l)
{
	if (l->f != NULL)
		(void)fclose(l->f);
	free(l->p);
	memset(l, 0, sizeof *l);
}

int
ctl_file_read(const char *path, size_t max, uint8_t **out, size_t *len, struct fault *f)
{
	struct stat st;
	uint8_t *p = NULL;
	size_t n = 0, cap = 0;
	ssize_t got;
	int fd = file_open(path, &st, f), rc = -1;

	if (fd < 0)
		return -1;
	if (S_ISREG(st.st_mode) && (st.st_size < 0 || (uintmax_t)st.st_size > max))
		goto large;
	for (;;) {
		if (n == cap) {
			cap = cap == 0 ? 65536 : cap * 2;
			p = xreallocarray(p, cap, 1);
		}
		got = read(fd, p + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			(void)fault_set(f, EX_IOERR, "", "%s", strerror(errno));
			goto out;
		}
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max)
			goto large;
	}
	*out = p;
	*len = n;
	p = NULL;
	rc = 0;
	goto out;
large:
	(void)fault_set(f, EX_DATAERR, "", _("larger than %zu bytes"), max);
out:
	if (rc != 0)
		fault_at(f, path, 0);
	close(fd);
	free(p);
	return rc;
}
