/*
 * The allowlist and the connections of its keys.
 *
 * A connection belongs to the key it was authenticated with: when the list changes, it stays only if station and key
 * are still one.  libzmq has no call to end one connection of a ROUTER, so its descriptor is shut down; libzmq's thread
 * sees the end of the stream and cleans up.  Until then the frames of such a key are dropped by zsock.c, which looks
 * here at each.
 */
#include "zsock_peers.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "../formats/buf.h"

static void
conn_free(struct peer_conn *c)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}

/* Were the number stale, some other neighbour would have to reconnect: no harm beyond that. */
static void
conn_cut(struct peer_conn *c)
{
	if (c->id != 0 && c->fd >= 0)
		(void)shutdown(c->fd, SHUT_RDWR);
	conn_free(c);
}

void
peers_free(struct peers *t)
{
	free(t->p);
	memset(t, 0, sizeof(*t));
}

static int
peer_cmp(const void *a, const void *b)
{
	return strcmp(((const struct peer *)a)->station, ((const struct peer *)b)->station);
}

struct peer *
peers_find(const struct peers *t, const char *station)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(t->p[mid].station, station);
		if (c == 0)
			return &t->p[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct peer *
peers_by_key(const struct peers *t, const uint8_t key[32])
{
	for (size_t i = 0; i < t->n; i++)
		if (memcmp(t->p[i].key, key, 32) == 0)
			return &t->p[i];
	return NULL;
}

struct peer *
peers_by_user(const struct peers *t, const char *user_id)
{
	char station[STATION_MAX];
	size_t n = strcspn(user_id, " ");
	struct peer *p;

	if (n >= sizeof(station))
		return NULL;
	memcpy(station, user_id, n);
	station[n] = '\0';
	p = peers_find(t, station);
	return p != NULL && strcmp(p->user_id, user_id) == 0 ? p : NULL;
}

void
peers_allow(struct peers *t, const struct topology *top)
{
	struct peers old = *t;

	t->p = top->count > 0 ? xcalloc(top->count, sizeof(*t->p)) : NULL;
	t->n = 0;
	for (size_t i = 0; i < top->count; i++) {
		struct peer *p = &t->p[t->n];
		char hex[65];

		if (top->n[i].role == ROLE_PHONE)
			continue; /* it has no key: nobody comes in with none */
		t->n++;
		sodium_bin2hex(hex, sizeof(hex), top->n[i].key, 32);
		snprintf(p->station, sizeof(p->station), "%s", top->n[i].station);
		snprintf(p->user_id, sizeof(p->user_id), "%s %s", p->station, hex);
		memcpy(p->key, top->n[i].key, 32);
		for (size_t k = 0; k < PEERS_CONNS; k++)
			p->c[k].fd = -1;
	}
	if (t->n > 1)
		qsort(t->p, t->n, sizeof(*t->p), peer_cmp);
	for (size_t i = 0; i < old.n; i++) {
		struct peer *p = peers_find(t, old.p[i].station);
		if (p != NULL && memcmp(p->key, old.p[i].key, 32) == 0)
			memcpy(p->c, old.p[i].c, sizeof(p->c));
		else
			for (size_t k = 0; k < PEERS_CONNS; k++)
				conn_cut(&old.p[i].c[k]);
	}
	free(old.p);
}

bool
peers_rid_valid(const void *rid, size_t len)
{
	return len == PEERS_RID && *(const uint8_t *)rid == 0;
}

struct peer_conn *
peers_conn(struct peer *p, const void *rid)
{
	for (size_t k = 0; k < PEERS_CONNS; k++)
		if (p->c[k].id != 0 && !p->c[k].gone && memcmp(p->c[k].rid, rid, PEERS_RID) == 0)
			return &p->c[k];
	return NULL;
}

struct peer_conn *
peers_conn_by_id(struct peer *p, uint64_t id)
{
	for (size_t k = 0; k < PEERS_CONNS; k++)
		if (p->c[k].id == id && !p->c[k].gone)
			return &p->c[k];
	return NULL;
}

static void
mark_gone(struct peers *t, struct peer_conn *c)
{
	c->gone = true;
	c->fd = -1;
	t->gone = true;
}

struct peer_conn *
peers_conn_add(struct peers *t, struct peer *p, uint64_t id, const void *rid, int fd)
{
	struct peer_conn *c = NULL;

	/* A routing id is one connection's: whoever is still listed under it has gone. */
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < PEERS_CONNS; k++)
			if (t->p[i].c[k].id != 0 && memcmp(t->p[i].c[k].rid, rid, PEERS_RID) == 0)
				mark_gone(t, &t->p[i].c[k]);
	for (size_t k = 0; k < PEERS_CONNS; k++)
		if (p->c[k].id == 0) {
			c = &p->c[k];
			break;
		} else if (c == NULL || p->c[k].used < c->used) {
			c = &p->c[k];
		}
	conn_cut(c);
	c->id = id;
	c->fd = fd;
	memcpy(c->rid, rid, PEERS_RID);
	return c;
}

void
peers_fd_gone(struct peers *t, int fd)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < PEERS_CONNS; k++)
			if (t->p[i].c[k].id != 0 && t->p[i].c[k].fd == fd)
				mark_gone(t, &t->p[i].c[k]);
}

bool
peers_next_gone(struct peers *t, char station[STATION_MAX], uint64_t *id)
{
	if (!t->gone)
		return false;
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < PEERS_CONNS; k++)
			if (t->p[i].c[k].gone) {
				memcpy(station, t->p[i].station, STATION_MAX);
				*id = t->p[i].c[k].id;
				conn_free(&t->p[i].c[k]);
				return true;
			}
	t->gone = false;
	return false;
}
