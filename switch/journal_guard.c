/*
 * The log read before SQLite reads it, and the anchor (journal_guard.h).  File format of the log: SQLite, "WAL-mode File Format",
 * section 4 (header of 32 bytes, frames of 24 + page size, checksums running from the header on).
 */
#include "journal_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "log.h"
#include "../formats/buf.h"
#include "../formats/i18n.h"

#define WAL_MAGIC 0x377f0682u	/* its last bit: words are big-endian */
#define WAL_HEADER 32
#define FRAME_HEADER 24
#define ANCHOR "anchor"
#define ANCHOR_SIZE 48

struct sum {
	uint32_t a, b;
	bool big;
};

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void
sum_add(struct sum *s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		s->a += (s->big ? be32(p + i) : le32(p + i)) + s->b;
		s->b += (s->big ? be32(p + i + 4) : le32(p + i + 4)) + s->a;
	}
}

static bool
read_all(int fd, void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = read(fd, at, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

int
journal_guard_log(const char *wal, struct fault *f)
{
	uint8_t h[WAL_HEADER], *frame = NULL;
	uint64_t number = 0, bad = 0, behind = 0;
	struct sum sum = { 0 };
	uint32_t page;
	bool sound;
	int fd = open(wal, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = 0;

	if (fd == -1)
		return 0;	/* not there, or SQLite will say what is wrong with it */
	if (!read_all(fd, h, sizeof h) || (be32(h) & ~1u) != WAL_MAGIC)
		goto out;	/* empty, or the header was never whole */
	page = be32(h + 8);
	if (page < 512 || page > 65536 || (page & (page - 1)) != 0)
		goto out;
	sum.big = (be32(h) & 1) != 0;
	sum_add(&sum, h, 24);
	sound = sum.a == be32(h + 24) && sum.b == be32(h + 28);
	frame = xmalloc(FRAME_HEADER + (size_t)page);
	while (read_all(fd, frame, FRAME_HEADER + (size_t)page)) {
		bool ours = memcmp(frame + 8, h + 16, 8) == 0;	/* the salts of this log, not of one it was written over */

		number++;
		if (sound) {
			sum_add(&sum, frame, 8);
			sum_add(&sum, frame + FRAME_HEADER, page);
			sound = ours && be32(frame) != 0 && sum.a == be32(frame + 16) && sum.b == be32(frame + 20);
			if (sound)
				continue;
		}
		if (bad == 0)
			bad = number;
		else if (ours && be32(frame) != 0 && be32(frame + 4) != 0)
			behind++;	/* a commit */
	}
	if (behind >= 2) {
		rc = fault_set(f, EX_DATAERR, "",
		    _("the journal's log is damaged at frame %llu: %llu commits behind it cannot be read; restore the journal"),
		    (unsigned long long)bad, (unsigned long long)behind);
		fault_at(f, wal, 0);
	}
out:
	free(frame);
	close(fd);
	return rc;
}

/* ---- the anchor ---- */

static uint32_t
check_of(const char *s, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)s[i]) * 16777619u;
	return h;
}

static int
anchor_path(const char *dir, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/" ANCHOR, dir);

	return n > 0 && (size_t)n < size ? 0 : -1;
}

int
journal_anchor_open(const char *dir)
{
	char path[600];
	int fd = -1;

	if (anchor_path(dir, path, sizeof path) != 0 || (fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		log_event(LOG_LV_WARN, "anchor", "why=%s", log_quote(strerror(errno)));
	return fd;
}

void
journal_anchor_set(int fd, const struct journal_anchor *a)
{
	char text[ANCHOR_SIZE + 1];
	int n = snprintf(text, sizeof text, "%020" PRIu64 " ", a->seq);

	if (fd == -1)
		return;
	for (size_t i = 0; i < GUARD_HASH; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%02x", a->hash[i]);
	n += snprintf(text + n, sizeof text - (size_t)n, " %08" PRIx32 "\n", check_of(text, (size_t)n));
	/* Not synced, and a full disk does not matter: an older anchor is true as well. */
	if (pwrite(fd, text, (size_t)n, 0) != n)
		log_event(LOG_LV_DEBUG, "anchor", "why=%s", log_quote(strerror(errno)));
}

static bool
hex_byte(const char *s, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *hi = s[0] != '\0' ? strchr(digits, s[0]) : NULL, *lo = hi != NULL && s[1] != '\0' ? strchr(digits, s[1]) : NULL;

	if (lo == NULL)
		return false;
	*out = (uint8_t)((hi - digits) << 4 | (lo - digits));
	return true;
}

bool
journal_anchor_get(const char *dir, struct journal_anchor *a)
{
	char path[600], text[ANCHOR_SIZE + 16] = "", check[16];
	ssize_t n;
	size_t head = 21 + 2 * GUARD_HASH;
	int fd;

	memset(a, 0, sizeof *a);
	if (anchor_path(dir, path, sizeof path) != 0 || (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n != (ssize_t)head + 10 || text[20] != ' ')
		return false;
	(void)snprintf(check, sizeof check, " %08" PRIx32 "\n", check_of(text, head));
	if (strcmp(text + head, check) != 0)
		return false;
	for (size_t i = 0; i < 20; i++) {
		if (text[i] < '0' || text[i] > '9' || a->seq > UINT64_MAX / 10 - 1)
			return false;
		a->seq = a->seq * 10 + (uint64_t)(text[i] - '0');
	}
	for (size_t i = 0; i < GUARD_HASH; i++)
		if (!hex_byte(text + 21 + 2 * i, &a->hash[i]))
			return false;
	return true;
}

int
journal_anchor_drop(const char *dir)
{
	char path[600];

	if (anchor_path(dir, path, sizeof path) != 0)
		return -1;
	return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}
