/*
 * The shim's other half: wall clocks, which the harness may set anyhow, and the plain bytes of the links' frames, which
 * on the socket are encrypted.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "shim_int.h"

struct zmq_msg_t;

/* ---- clocks ---- */

static int64_t
shift_ms(void)
{
	uint64_t n = atomic_fetch_add(&shim_page->clock_reads, 1) + 1, at = atomic_load(&shim_page->clock_at);

	if (at != 0 && n >= at && atomic_compare_exchange_strong(&shim_page->clock_at, &at, 0))
		atomic_fetch_add(&shim_page->clock_shift, atomic_load(&shim_page->clock_step));
	return atomic_load(&shim_page->clock_shift);
}

static int
wall(struct timespec *ts, clockid_t id)
{
	int64_t ms;
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (rc == 0 && shim_page != NULL && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		ms = shift_ms();
		ts->tv_sec += (time_t)(ms / 1000);
		ts->tv_nsec += (long)(ms % 1000) * 1000000;
		if (ts->tv_nsec >= 1000000000) {
			ts->tv_nsec -= 1000000000;
			ts->tv_sec++;
		} else if (ts->tv_nsec < 0) {
			ts->tv_nsec += 1000000000;
			ts->tv_sec--;
		}
	}
	return rc;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	return wall(ts, id);
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	if (wall(&ts, CLOCK_REALTIME) != 0)
		return -1;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = (suseconds_t)(ts.tv_nsec / 1000);
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	if (wall(&ts, CLOCK_REALTIME) != 0)
		return (time_t)-1;
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

/* ---- frames of links, before they are encrypted and after ---- */

static void
frame(uint32_t what, const void *p, size_t n)
{
	struct iovec v = {(void *)(uintptr_t)p, n};

	shim_hold();
	shim_record_put(what, 0, 0, &v, 1);
	shim_release();
}

typedef int (*zmq_send_fn)(void *, const void *, size_t, int);
typedef int (*zmq_msg_recv_fn)(struct zmq_msg_t *, void *, int);
typedef void *(*zmq_msg_data_fn)(struct zmq_msg_t *);

int zmq_send(void *sock, const void *p, size_t n, int flags);
int zmq_msg_recv(struct zmq_msg_t *m, void *sock, int flags);

int
zmq_send(void *sock, const void *p, size_t n, int flags)
{
	static zmq_send_fn next;

	if (next == NULL)
		next = (zmq_send_fn)(uintptr_t)dlsym(RTLD_NEXT, "zmq_send");
	if (shim_log_fd >= 0 && (flags & 2) == 0) /* the last part */
		frame(REC_LINK_OUT, p, n);
	return next(sock, p, n, flags);
}

int
zmq_msg_recv(struct zmq_msg_t *m, void *sock, int flags)
{
	static zmq_msg_recv_fn next;
	static zmq_msg_data_fn data;
	int n;

	if (next == NULL) {
		next = (zmq_msg_recv_fn)(uintptr_t)dlsym(RTLD_NEXT, "zmq_msg_recv");
		data = (zmq_msg_data_fn)(uintptr_t)dlsym(RTLD_NEXT, "zmq_msg_data");
	}
	n = next(m, sock, flags);
	if (n > 0 && shim_log_fd >= 0)
		frame(REC_LINK_IN, data(m), (size_t)n);
	return n;
}
