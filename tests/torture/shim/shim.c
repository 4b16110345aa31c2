/*
 * Loaded into a program under test by LD_PRELOAD: counts its calls of file and socket, and at the one ordered kills it,
 * makes the call fail, or steps its clock; records what it writes.  See page.h.
 *
 * The calls go straight to the kernel, so that nothing depends on which library comes next (a sanitizer's, libc's);
 * only the two calls of libzmq are looked up.  Clocks and frames of links are in shim_world.c.  What is written by
 * stdio or by libc itself does not pass here: no journal is written that way. Without a page every call is just made.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "shim_int.h"

#define FDS 65536

struct shim_page *shim_page;
static size_t dir_len;
int shim_log_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t ino_of[FDS]; /* descriptors of files and folders below the directory; 0: not watched */

/* ---- the page ---- */

__attribute__((constructor)) static void
shim_open(void)
{
	const char *path = getenv("TORTURE_PAGE");
	int fd = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(struct shim_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)syscall(SYS_close, fd);
	if (p == MAP_FAILED)
		return;
	dir_len = strlen(((struct shim_page *)p)->dir);
	if (((struct shim_page *)p)->log[0] != '\0') {
		struct shim_record r = {SHIM_MAGIC, REC_START, 0, 0, 0};

		shim_log_fd = (int)syscall(SYS_openat, AT_FDCWD, ((struct shim_page *)p)->log,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (shim_log_fd >= 0) /* out of the way of select() and of guesses */
			shim_log_fd = (int)syscall(SYS_fcntl, shim_log_fd, F_DUPFD_CLOEXEC, 500);
		if (shim_log_fd >= 0)
			(void)syscall(SYS_write, shim_log_fd, &r, sizeof r);
	}
	shim_page = p;
}

static bool
below(const char *path)
{
	return shim_page != NULL && dir_len > 0 && strncmp(path, shim_page->dir, dir_len) == 0 &&
	       (path[dir_len] == '/' || path[dir_len] == '\0');
}

static const char *
rest_of(const char *path)
{
	return path[dir_len] == '/' ? path + dir_len + 1 : path + dir_len;
}

static bool
watched(int fd)
{
	return shim_page != NULL && fd >= 0 && fd < FDS && ino_of[fd] != 0;
}

static _Noreturn void
die(void)
{
	for (;;)
		(void)syscall(SYS_kill, (int)syscall(SYS_getpid), SIGKILL);
}

struct order {
	int kill;   /* -1 no, else enum shim_how */
	int err;    /* 0 none */
	size_t cut; /* a write: bytes at most, SIZE_MAX all */
};

static struct order
counted(int kind)
{
	struct order o = {-1, 0, SIZE_MAX};
	uint64_t n[2] = {
	    atomic_fetch_add(&shim_page->count[SHIM_ANY], 1) + 1, atomic_fetch_add(&shim_page->count[kind], 1) + 1};
	uint64_t at = atomic_load(&shim_page->kill_at), from = atomic_load(&shim_page->fail_from),
		 until = atomic_load(&shim_page->fail_until), k;
	uint32_t which = atomic_load(&shim_page->kill_kind);

	if (at != 0 && (which == SHIM_ANY || which == (uint32_t)kind) && n[which != SHIM_ANY] >= at)
		o.kill = (int)atomic_load(&shim_page->kill_how);
	which = atomic_load(&shim_page->fail_kind);
	k = n[which != SHIM_ANY];
	if (from != 0 && kind != SHIM_SEND && (which == SHIM_ANY || which == (uint32_t)kind) && k >= from &&
	    k <= until) {
		uint32_t cut = atomic_load(&shim_page->fail_short);

		atomic_fetch_add(&shim_page->failed, 1);
		if (kind == SHIM_WRITE && cut != 0 && k == from)
			o.cut = cut;
		else
			o.err = (int)atomic_load(&shim_page->fail_errno);
	}
	if (o.kill == SHIM_BEFORE)
		die();
	return o;
}

static void
done(const struct order *o)
{
	if (o->kill >= 0)
		die();
}

/* ---- the record ---- */

void
shim_record_put(uint32_t what, uint64_t ino, uint64_t off, const struct iovec *v, int n)
{
	struct shim_record r = {SHIM_MAGIC, what, ino, off, 0};
	struct iovec all[18];
	int64_t put;

	for (int i = 0; i < n; i++) {
		all[i + 1] = v[i];
		r.len += v[i].iov_len;
	}
	all[0].iov_base = &r;
	all[0].iov_len = sizeof r;
	put = syscall(SYS_writev, shim_log_fd, all, n + 1);
	if (put != (int64_t)(sizeof r + r.len))
		die(); /* half a record would be worse than none */
	atomic_fetch_add(&shim_page->log_bytes, (uint64_t)put);
}

static void
record_text(uint32_t what, uint64_t ino, const char *a, const char *b)
{
	struct iovec v[2] = {
	    {(void *)(uintptr_t)a, strlen(a) + (b != NULL)}, {(void *)(uintptr_t)b, b != NULL ? strlen(b) : 0}};

	if (shim_log_fd < 0)
		return;
	shim_record_put(what, ino, 0, v, b != NULL ? 2 : 1);
}

/* From the record of a call to its end nothing else is recorded: the order there is the order of the disk. */
void
shim_hold(void)
{
	if (shim_log_fd >= 0)
		(void)pthread_mutex_lock(&lock);
}

void
shim_release(void)
{
	if (shim_log_fd >= 0)
		(void)pthread_mutex_unlock(&lock);
}

/* ---- files ---- */

static int
open_at(const char *path, int flags, mode_t mode)
{
	struct stat st;
	bool ours = below(path), is_new;
	int fd;

	if (!ours)
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	shim_hold();
	is_new = (flags & O_CREAT) != 0 && syscall(SYS_access, path, F_OK) != 0;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (fd >= 0 && fd < FDS && fstat(fd, &st) == 0) {
		int err = errno;

		ino_of[fd] = (uint64_t)st.st_ino;
		if (is_new)
			record_text(REC_CREATE, (uint64_t)st.st_ino, rest_of(path), NULL);
		else if ((flags & O_TRUNC) != 0 && shim_log_fd >= 0)
			shim_record_put(REC_TRUNC, (uint64_t)st.st_ino, 0, NULL, 0);
		errno = err;
	}
	shim_release();
	return fd;
}

#define OPEN_BODY                                                                                                      \
	mode_t mode = 0;                                                                                               \
	va_list ap;                                                                                                    \
	if ((flags & (O_CREAT | O_TMPFILE)) != 0) {                                                                    \
		va_start(ap, flags);                                                                                   \
		mode = (mode_t)va_arg(ap, int);                                                                        \
		va_end(ap);                                                                                            \
	}                                                                                                              \
	return open_at(path, flags, mode)

int
open(const char *path, int flags, ...)
{
	OPEN_BODY;
}
int
open64(const char *path, int flags, ...)
{
	OPEN_BODY;
}
int __open_2(const char *path, int flags);
int
__open_2(const char *path, int flags)
{
	return open_at(path, flags, 0);
}
int __open64_2(const char *path, int flags);
int
__open64_2(const char *path, int flags)
{
	return open_at(path, flags, 0);
}

int
close(int fd)
{
	if (shim_page != NULL && fd >= 0 && fd == shim_log_fd)
		return 0;
	if (shim_page != NULL && fd >= 0 && fd < FDS) {
		if (ino_of[fd] == 0 && shim_log_fd >= 0) {
			shim_hold();
			shim_record_put(REC_CLOSE, (uint64_t)fd, 0, NULL, 0);
			shim_release();
		}
		ino_of[fd] = 0;
	}
	return (int)syscall(SYS_close, fd);
}

/* Where a write() would go. */
static int64_t
position(int fd)
{
	struct stat st;
	int64_t flags = syscall(SYS_fcntl, fd, F_GETFL, 0);

	if (flags >= 0 && (flags & O_APPEND) != 0 && fstat(fd, &st) == 0)
		return st.st_size;
	return syscall(SYS_lseek, fd, 0, SEEK_CUR);
}

/* off -1: at the file's position. */
static ssize_t
file_write(int fd, const struct iovec *v, int n, int64_t off)
{
	struct order o;
	struct iovec one[16];
	size_t total = 0, limit;
	int64_t at = off, rc;

	shim_hold();
	o = counted(SHIM_WRITE);
	if (o.err != 0) {
		shim_release();
		errno = o.err;
		return -1;
	}
	for (int i = 0; i < n; i++)
		total += v[i].iov_len;
	limit = o.kill == SHIM_HALF ? total / 2 : total;
	if (o.cut < limit)
		limit = o.cut;
	if (n > 16)
		n = 16;
	total = 0;
	for (int i = 0; i < n; i++) {
		one[i] = v[i];
		if (one[i].iov_len > limit - total)
			one[i].iov_len = limit - total;
		total += one[i].iov_len;
	}
	if (at < 0)
		at = position(fd);
	if (shim_log_fd >= 0)
		shim_record_put(REC_WRITE, ino_of[fd], (uint64_t)at, one, n);
	if (off >= 0)
		rc = syscall(SYS_pwritev, fd, one, n, (long)off, 0L);
	else
		rc = syscall(SYS_writev, fd, one, n);
	done(&o);
	shim_release();
	return (ssize_t)rc;
}

/* ---- sockets ---- */

static bool
is_socket(int fd, bool *local)
{
	struct stat st;
	int domain = 0, err = errno;
	socklen_t n = sizeof domain;
	bool yes = shim_page != NULL && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);

	*local = yes && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
	errno = err;
	return yes;
}

/* After the call: what the socket took, and no more, is what the world may know. */
static void
sent(int fd, const struct iovec *v, size_t n, bool local, int64_t taken)
{
	struct iovec one[16];
	size_t left = taken > 0 ? (size_t)taken : 0;
	int err = errno;

	if (!local || shim_log_fd < 0 || left == 0)
		return;
	n = n > 16 ? 16 : n;
	for (size_t i = 0; i < n; i++) {
		one[i] = v[i];
		if (one[i].iov_len > left)
			one[i].iov_len = left;
		left -= one[i].iov_len;
	}
	shim_record_put(REC_DESK, (uint64_t)fd, 0, one, (int)n);
	errno = err;
}

static ssize_t
any_writev(int fd, const struct iovec *v, int n)
{
	struct order o;
	bool local;
	int64_t rc;

	if (watched(fd))
		return file_write(fd, v, n, -1);
	if (fd == shim_log_fd || !is_socket(fd, &local))
		return (ssize_t)syscall(SYS_writev, fd, v, n);
	shim_hold();
	o = counted(SHIM_SEND);
	rc = syscall(SYS_writev, fd, v, n);
	sent(fd, v, (size_t)n, local, rc);
	done(&o);
	shim_release();
	return (ssize_t)rc;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	struct iovec v = {(void *)(uintptr_t)p, n};

	return any_writev(fd, &v, 1);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	return any_writev(fd, v, n);
}

static ssize_t
any_pwrite(int fd, const void *p, size_t n, int64_t off)
{
	struct iovec v = {(void *)(uintptr_t)p, n};

	return watched(fd) ? file_write(fd, &v, 1, off) : (ssize_t)syscall(SYS_pwrite64, fd, p, n, off);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t off)
{
	return any_pwrite(fd, p, n, off);
}
ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t off)
{
	return any_pwrite(fd, p, n, off);
}

static ssize_t
any_pwritev(int fd, const struct iovec *v, int n, int64_t off)
{
	return watched(fd) ? file_write(fd, v, n, off) : (ssize_t)syscall(SYS_pwritev, fd, v, n, (long)off, 0L);
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t off)
{
	return any_pwritev(fd, v, n, off);
}
ssize_t
pwritev64(int fd, const struct iovec *v, int n, off64_t off)
{
	return any_pwritev(fd, v, n, off);
}

ssize_t
sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to, socklen_t len)
{
	struct iovec v = {(void *)(uintptr_t)p, n};
	struct order o = {-1, 0, SIZE_MAX};
	bool local, ours = is_socket(fd, &local);
	int64_t rc;

	if (ours) {
		shim_hold();
		o = counted(SHIM_SEND);
	}
	rc = syscall(SYS_sendto, fd, p, n, flags, to, len);
	if (ours) {
		sent(fd, &v, 1, local, rc);
		done(&o);
		shim_release();
	}
	return (ssize_t)rc;
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	return sendto(fd, p, n, flags, NULL, 0);
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct order o = {-1, 0, SIZE_MAX};
	bool local, ours = is_socket(fd, &local);
	int64_t rc;

	if (ours) {
		shim_hold();
		o = counted(SHIM_SEND);
	}
	rc = syscall(SYS_sendmsg, fd, m, flags);
	if (ours) {
		sent(fd, m->msg_iov, m->msg_iovlen, local, rc);
		done(&o);
		shim_release();
	}
	return (ssize_t)rc;
}

/* ---- syncing, truncating, names ---- */

static int
any_sync(int fd, long number)
{
	struct order o;
	int rc;

	if (!watched(fd))
		return (int)syscall(number, fd);
	shim_hold();
	o = counted(SHIM_SYNC);
	if (o.err != 0) {
		shim_release();
		errno = o.err;
		return -1;
	}
	rc = (int)syscall(number, fd);
	if (rc == 0 && shim_log_fd >= 0) /* after it: only then is it true */
		shim_record_put(REC_SYNC, ino_of[fd], 0, NULL, 0);
	done(&o);
	shim_release();
	return rc;
}

int
fsync(int fd)
{
	return any_sync(fd, SYS_fsync);
}
int
fdatasync(int fd)
{
	return any_sync(fd, SYS_fdatasync);
}

static int
any_truncate(int fd, int64_t len)
{
	struct order o;
	int rc;

	if (!watched(fd))
		return (int)syscall(SYS_ftruncate, fd, len);
	shim_hold();
	o = counted(SHIM_TRUNC);
	if (o.err != 0) {
		shim_release();
		errno = o.err;
		return -1;
	}
	if (shim_log_fd >= 0)
		shim_record_put(REC_TRUNC, ino_of[fd], (uint64_t)len, NULL, 0);
	rc = (int)syscall(SYS_ftruncate, fd, len);
	done(&o);
	shim_release();
	return rc;
}

int
ftruncate(int fd, off_t len)
{
	return any_truncate(fd, len);
}
int
ftruncate64(int fd, off64_t len)
{
	return any_truncate(fd, len);
}

/* Returns the error itself, as posix_fallocate() does. */
static int
any_allocate(int fd, int mode, int64_t off, int64_t len)
{
	struct order o;
	struct stat st;
	int rc;

	if (!watched(fd))
		return syscall(SYS_fallocate, fd, mode, off, len) == 0 ? 0 : errno;
	shim_hold();
	o = counted(SHIM_TRUNC);
	if (o.err == 0 && shim_log_fd >= 0 && mode == 0 && fstat(fd, &st) == 0 && st.st_size < off + len)
		shim_record_put(REC_TRUNC, ino_of[fd], (uint64_t)(off + len), NULL, 0);
	rc = o.err != 0 ? o.err : syscall(SYS_fallocate, fd, mode, off, len) == 0 ? 0 : errno;
	if (o.err == 0)
		done(&o);
	shim_release();
	return rc;
}

static int
allocate_errno(int rc)
{
	if (rc == 0)
		return 0;
	errno = rc;
	return -1;
}

int
fallocate(int fd, int mode, off_t off, off_t len)
{
	return allocate_errno(any_allocate(fd, mode, off, len));
}
int
fallocate64(int fd, int mode, off64_t off, off64_t len)
{
	return allocate_errno(any_allocate(fd, mode, off, len));
}
int
posix_fallocate(int fd, off_t off, off_t len)
{
	return any_allocate(fd, 0, off, len);
}
int
posix_fallocate64(int fd, off64_t off, off64_t len)
{
	return any_allocate(fd, 0, off, len);
}

int
rename(const char *a, const char *b)
{
	struct order o;
	int rc;

	if (!below(a) && !below(b))
		return (int)syscall(SYS_rename, a, b);
	shim_hold();
	o = counted(SHIM_RENAME);
	if (o.err != 0) {
		shim_release();
		errno = o.err;
		return -1;
	}
	if (syscall(SYS_access, a, F_OK) == 0)
		record_text(REC_RENAME, 0, below(a) ? rest_of(a) : "?", below(b) ? rest_of(b) : "?");
	rc = (int)syscall(SYS_rename, a, b);
	done(&o);
	shim_release();
	return rc;
}

int
unlink(const char *path)
{
	struct order o;
	int rc;

	if (!below(path))
		return (int)syscall(SYS_unlink, path);
	shim_hold();
	o = counted(SHIM_UNLINK);
	if (o.err != 0) {
		shim_release();
		errno = o.err;
		return -1;
	}
	if (syscall(SYS_access, path, F_OK) == 0)
		record_text(REC_UNLINK, 0, rest_of(path), NULL);
	rc = (int)syscall(SYS_unlink, path);
	done(&o);
	shim_release();
	return rc;
}
