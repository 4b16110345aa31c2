/*
 * The journal on SQLite: bodies and summaries at rest, compressed.
 *
 * A packed value begins with its version: 1, the bytes follow as they are; 2, a zstd frame without its four magic bytes, made
 * with the dictionary of this version (journal_sqlite_dict.c).  A later dictionary is another version beside it; none is ever
 * taken away, since nothing that is kept is rewritten.  What does not shrink is kept as it is.  Zero is no version: zeros are
 * what two persons leave of a message.
 *
 * Digests are of the plain bytes: whoever unpacks holds them against those.  What does not unpack is damaged, not an error.
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "journal_sqlite.h"
#include "journal_sqlite_dict.h"

#define VERSION_PLAIN 1
#define VERSION_ZSTD_1 2
#define LEVEL 3			/* four times as fast as 6, for 25 bytes a report */
#define LEAST 24			/* bytes; below, nothing is gained */

static const uint8_t magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };

struct sq_packer {
	ZSTD_CCtx *c;
	ZSTD_DCtx *d;
	ZSTD_CDict *cdict;
	ZSTD_DDict *ddict;
	struct buf frame;
};

static struct sq_packer *
packer(struct sq *j)
{
	struct buf dict = { NULL, 0, 0 };
	struct sq_packer *p = j->packer;

	if (p != NULL)
		return p;
	p = j->packer = xcalloc(1, sizeof(*p));
	sq_dict_1(&dict);
	p->c = ZSTD_createCCtx();
	p->d = ZSTD_createDCtx();
	p->cdict = ZSTD_createCDict(dict.p, dict.n, LEVEL);
	p->ddict = ZSTD_createDDict(dict.p, dict.n);
	if (p->c == NULL || p->d == NULL || p->cdict == NULL || p->ddict == NULL)
		(void)xmalloc(SIZE_MAX);	/* says so and ends */
	(void)ZSTD_CCtx_setParameter(p->c, ZSTD_c_dictIDFlag, 0);
	(void)ZSTD_CCtx_setParameter(p->c, ZSTD_c_checksumFlag, 0);
	(void)ZSTD_CCtx_refCDict(p->c, p->cdict);
	(void)ZSTD_DCtx_refDDict(p->d, p->ddict);
	buf_free(&dict);
	return p;
}

void
sq_packer_free(struct sq_packer *p)
{
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->c);
	ZSTD_freeDCtx(p->d);
	ZSTD_freeCDict(p->cdict);
	ZSTD_freeDDict(p->ddict);
	buf_free(&p->frame);
	free(p);
}

/* Room for n bytes in an empty buffer. */
static void
buf_room(struct buf *b, size_t n)
{
	buf_clear(b);
	if (b->cap < n) {
		b->p = xreallocarray(b->p, n, 1);
		b->cap = n;
	}
}

void
sq_pack(struct sq *j, const void *p, size_t n, struct buf *out)
{
	struct sq_packer *k;
	size_t got;

	if (n >= LEAST) {
		k = packer(j);
		buf_room(&k->frame, ZSTD_compressBound(n));
		got = ZSTD_compress2(k->c, k->frame.p, k->frame.cap, p, n);
		if (!ZSTD_isError(got) && got > sizeof(magic) && got - sizeof(magic) < n &&
		    memcmp(k->frame.p, magic, sizeof(magic)) == 0) {
			buf_clear(out);
			buf_put_u8(out, VERSION_ZSTD_1);
			buf_put(out, k->frame.p + sizeof(magic), got - sizeof(magic));
			return;
		}
	}
	buf_clear(out);
	buf_put_u8(out, VERSION_PLAIN);
	if (n > 0)
		buf_put(out, p, n);
}

int
sq_unpack(struct sq *j, const void *p, size_t n, size_t max, struct buf *out)
{
	const uint8_t *b = p;
	struct sq_packer *k;
	unsigned long long size;
	size_t got;

	if (n > 0 && b[0] == VERSION_PLAIN && n - 1 <= max) {
		buf_clear(out);
		if (n > 1)
			buf_put(out, b + 1, n - 1);
		return 0;
	}
	if (n > 1 && b[0] == VERSION_ZSTD_1) {
		k = packer(j);
		buf_clear(&k->frame);
		buf_put(&k->frame, magic, sizeof(magic));
		buf_put(&k->frame, b + 1, n - 1);
		size = ZSTD_getFrameContentSize(k->frame.p, k->frame.n);
		if (size <= max) {	/* unknown and broken are huge */
			buf_room(out, (size_t)size + 1);
			got = ZSTD_decompressDCtx(k->d, out->p, (size_t)size, k->frame.p, k->frame.n);
			if (!ZSTD_isError(got) && got == size) {
				out->n = got;
				return 0;
			}
		}
	}
	buf_clear(out);
	if (n > 0)
		buf_put(out, p, n);
	return -1;
}

size_t
sq_packed_len(const void *head, size_t nhead, size_t n)
{
	uint8_t frame[64];
	const uint8_t *b = head;
	unsigned long long size;

	if (nhead == 0 || n == 0)
		return 0;
	if (b[0] == VERSION_PLAIN)
		return n - 1;
	if (b[0] != VERSION_ZSTD_1 || nhead - 1 > sizeof(frame) - sizeof(magic))
		return 0;
	memcpy(frame, magic, sizeof(magic));
	memcpy(frame + sizeof(magic), b + 1, nhead - 1);
	size = ZSTD_getFrameContentSize(frame, sizeof(magic) + nhead - 1);
	return size > SQ_UNPACKED_MAX ? 0 : (size_t)size;
}
