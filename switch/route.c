/*
 * Topology and routing.
 *
 * The divisions' tree is in the codes themselves (330225102 lies under 330225 under 330200): so a city reaches every
 * township of a county through the county without a row for each, and a station that is added below needs no change
 * above.  What the tree cannot say (departments, stations hosted elsewhere, private codes) stands in `via`.
 *
 * Reading and writing the file is here too: it is the one thing that is made of neighbours.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "route.h"
#include "stationdir.h"

static const struct {
	enum role role;
	const char *name;
} roles[] = {
    {ROLE_PARENT, "parent"},
    {ROLE_CHILD, "child"},
    {ROLE_DEPARTMENT, "department"},
    {ROLE_NEIGHBOUR, "neighbour"},
    {ROLE_PHONE, "phone"},
};
#define NROLES (sizeof roles / sizeof roles[0])
#define RATE_MAX 1000000000u

const char *
role_name(enum role r)
{
	for (size_t i = 0; i < NROLES; i++)
		if (roles[i].role == r)
			return roles[i].name;
	return "";
}

enum role
role_parse(const char *s)
{
	for (size_t i = 0; i < NROLES; i++)
		if (strcmp(roles[i].name, s) == 0)
			return roles[i].role;
	return 0;
}

static int
neighbour_read(const struct tsv *t, size_t row, const char *self, struct neighbour *n, struct fault *f)
{
	const char *station = tsv_get(t, row, "station"), *role = tsv_get(t, row, "role");
	const char *rate = tsv_get(t, row, "rate"), *endpoint = tsv_get(t, row, "endpoint");
	const char *via = tsv_get(t, row, "via"), *name = tsv_get(t, row, "name");
	unsigned long bps;
	char *end;

	memset(n, 0, sizeof *n);
	if (!station_code_valid(station))
		return fault_set(f, EX_CONFIG, "station", _("'%s' is no station code"), station);
	if (strcmp(station, self) == 0)
		return fault_set(f, EX_CONFIG, "station", _("%s is this station itself"), station);
	if ((n->role = role_parse(role)) == 0)
		return fault_set(f, EX_CONFIG, "role", _("'%s' is none of parent, child, department, neighbour, phone"), role);
	if (strcmp(endpoint, "-") == 0)
		endpoint = "";
	if (n->role == ROLE_PHONE) { /* what it cannot have would be believed of it one day */
		if (strcmp(tsv_get(t, row, "key"), "-") != 0 && *tsv_get(t, row, "key") != '\0')
			return fault_set(f, EX_CONFIG, "key", _("%s is reached by telephone only: it has no key"), station);
		if (*endpoint != '\0')
			return fault_set(f, EX_CONFIG, "endpoint", _("%s is reached by telephone only: it has no address"), station);
		if (*via != '\0' && strcmp(via, "-") != 0)
			return fault_set(f, EX_CONFIG, "via", _("%s is reached by telephone only: nothing goes through it"), station);
	} else if (!key_parse(tsv_get(t, row, "key"), n->key))
		return fault_set(f, EX_CONFIG, "key", _("the key of %s is not 64 hex digits"), station);
	if (*endpoint != '\0' && !endpoint_valid(endpoint))
		return fault_set(f, EX_CONFIG, "endpoint", _("'%s' is not tcp://HOST:PORT"), endpoint);
	if (strcmp(via, "-") == 0)
		via = "";
	if (strlen(endpoint) >= sizeof n->endpoint || strlen(via) >= sizeof n->via || strlen(name) >= sizeof n->name)
		return fault_set(f, EX_CONFIG, "via", _("the row of %s is too long"), station);
	if (*rate == '\0' || strcmp(rate, "-") == 0)
		rate = "0";
	errno = 0;
	bps = strtoul(rate, &end, 10);
	if (*end != '\0' || errno != 0 || bps > RATE_MAX || *rate < '0' || *rate > '9')
		return fault_set(f, EX_CONFIG, "rate", _("'%s' is no line rate in bits a second"), rate);
	n->rate_bps = (unsigned)bps;
	snprintf(n->station, sizeof n->station, "%s", station);
	snprintf(n->name, sizeof n->name, "%s", name);
	snprintf(n->endpoint, sizeof n->endpoint, "%s", endpoint);
	snprintf(n->via, sizeof n->via, "%s", via);
	return 0;
}

int
topology_load(const char *path, const char *self, struct topology *topo, struct fault *f)
{
	struct tsv *t;
	int rc = -1;

	memset(topo, 0, sizeof *topo);
	snprintf(topo->self, sizeof topo->self, "%s", self);
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return 0;
	if ((t = tsv_load(path, f)) == NULL)
		return -1;
	topo->n = xcalloc(tsv_rows(t) + 1, sizeof *topo->n);
	for (size_t row = 0; row < tsv_rows(t); row++) {
		struct neighbour *n = &topo->n[topo->count];

		if (neighbour_read(t, row, self, n, f) == -1) {
			fault_at(f, path, tsv_line(t, row));
			goto out;
		}
		if (topology_find(topo, n->station) != NULL) {
			fault_set(f, EX_CONFIG, "station", _("%s stands there twice"), n->station);
			fault_at(f, path, tsv_line(t, row));
			goto out;
		}
		if (n->role != ROLE_PHONE && topology_by_key(topo, n->key) != NULL) {
			fault_set(f, EX_CONFIG, "key", _("%s has the key of another station"), n->station);
			fault_at(f, path, tsv_line(t, row));
			goto out;
		}
		topo->count++;
	}
	rc = 0;
out:
	tsv_free(t);
	if (rc == -1)
		topology_free(topo);
	return rc;
}

int
topology_save(const char *path, const struct topology *topo, struct fault *f)
{
	char tmp[PATH_MAX], dir[PATH_MAX], key[65], *slash;
	struct buf b = {0};
	int fd = -1, dfd = -1, rc = -1;

	buf_puts(&b, "station\tname\trole\tkey\tendpoint\trate\tvia\n");
	for (size_t i = 0; i < topo->count; i++) {
		const struct neighbour *n = &topo->n[i];

		key_format(n->key, key);
		if (n->role == ROLE_PHONE)
			snprintf(key, sizeof key, "-");
		buf_printf(&b, "%s\t%s\t%s\t%s\t%s\t%u\t%s\n", n->station, n->name, role_name(n->role), key,
		    *n->endpoint == '\0' ? "-" : n->endpoint, n->rate_bps, *n->via == '\0' ? "-" : n->via);
	}
	if (snprintf(tmp, sizeof tmp, "%s.new", path) >= (int)sizeof tmp ||
	    snprintf(dir, sizeof dir, "%s", path) >= (int)sizeof dir) {
		fault_set(f, EX_CONFIG, "", _("path too long"));
		goto out;
	}
	if ((slash = strrchr(dir, '/')) != NULL)
		slash[1] = '\0';
	else
		snprintf(dir, sizeof dir, ".");
	if ((fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640)) == -1)
		goto err;
	for (size_t off = 0; off < b.n;) {
		ssize_t w = write(fd, b.p + off, b.n - off);

		if (w == -1 && errno == EINTR)
			continue;
		if (w <= 0)
			goto err;
		off += (size_t)w;
	}
	if (fsync(fd) == -1)
		goto err;
	if (rename(tmp, path) == -1)
		goto err;
	if ((dfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 || fsync(dfd) == -1)
		goto err;
	rc = 0;
	goto out;
err:
	fault_set(f, EX_CANTCREAT, "", _("cannot write %s: %s"), path, strerror(errno));
out:
	if (fd != -1)
		close(fd);
	if (dfd != -1)
		close(dfd);
	buf_free(&b);
	return rc;
}

void
topology_free(struct topology *t)
{
	free(t->n);
	t->n = NULL;
	t->count = 0;
}

const struct neighbour *
topology_find(const struct topology *t, const char *station)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->n[i].station, station) == 0)
			return &t->n[i];
	return NULL;
}

const struct neighbour *
topology_by_key(const struct topology *t, const uint8_t key[32])
{
	for (size_t i = 0; i < t->count; i++)
		if (t->n[i].role != ROLE_PHONE && memcmp(t->n[i].key, key, 32) == 0)
			return &t->n[i];
	return NULL;
}

bool
topology_phone(const struct topology *t, const char *station)
{
	const struct neighbour *n = t != NULL ? topology_find(t, station) : NULL;

	return n != NULL && n->role == ROLE_PHONE;
}

const struct neighbour *
topology_parent(const struct topology *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->n[i].role == ROLE_PARENT)
			return &t->n[i];
	return NULL;
}

/* Digits of a division code that name the place: trailing zero groups (village, township: 3; above: 2) say "the whole".
 */
static size_t
place_digits(const char *code)
{
	size_t n = strspn(code, "0123456789");

	if (code[n] != '\0' && code[n] != '-')
		return 0; /* private code: no place in the tree */
	if (n == 12 && memcmp(code + 9, "000", 3) == 0)
		n = 9;
	if (n == 9 && memcmp(code + 6, "000", 3) == 0)
		n = 6;
	if (n == 6 && memcmp(code + 4, "00", 2) == 0)
		n = 4;
	if (n == 4 && memcmp(code + 2, "00", 2) == 0)
		n = 2;
	return n;
}

bool
station_under(const char *station, const char *place)
{
	size_t n, m;

	if (strcmp(station, place) == 0)
		return true;
	if (strchr(place, '-') != NULL)
		return false; /* an organ has nobody under it by the tree */
	n = place_digits(station);
	m = place_digits(place);
	if (n == 0 || m == 0 || n < m || memcmp(station, place, m) != 0)
		return false;
	return n > m || strchr(station, '-') != NULL;
}

static bool
via_names(const struct neighbour *n, const char *station)
{
	const char *p = n->via;
	size_t len = strlen(station);

	while (*p != '\0') {
		size_t w = strcspn(p, ",");

		if (w == len && memcmp(p, station, len) == 0)
			return true;
		p += w;
		if (*p == ',')
			p++;
	}
	return false;
}

/* The next "~PLACE" of `via` that covers the station; NULL: no more.  *at: where to look on. */
static const char *
via_place(const char **at, const char *station, char place[STATION_MAX])
{
	const char *p = *at;

	while (*p != '\0') {
		size_t w = strcspn(p, ",");
		const char *tilde = p;

		p += w;
		if (*p == ',')
			p++;
		if (*tilde != '~' || w < 2 || w - 1 >= STATION_MAX)
			continue;
		memcpy(place, tilde + 1, w - 1);
		place[w - 1] = '\0';
		if (station_under(station, place)) {
			*at = p;
			return place;
		}
	}
	return NULL;
}

/* "~330225" in `via`: that station and all below it may come this way too, and be reached by it, after the ways the tree says. */
static bool
via_instead(const struct neighbour *n, const char *station)
{
	const char *at = n->via;
	char place[STATION_MAX];

	return via_place(&at, station, place) != NULL;
}

static bool
excluded(const struct neighbour *n, const char (*hops)[STATION_MAX], size_t nhops)
{
	for (size_t i = 0; i < nhops; i++)
		if (strcmp(hops[i], n->station) == 0)
			return true;
	return false;
}

/* True when the neighbour stands for that station by name, via or tree (children and departments only by tree). */
static bool
serves(const struct neighbour *n, const char *station)
{
	return strcmp(n->station, station) == 0 || via_names(n, station) ||
	       (n->role == ROLE_CHILD && station_under(station, n->station));
}

struct ways {
	const char (*hops)[STATION_MAX];
	size_t nhops;
	route_fit_fn fit;
	const void *ctx;
	const struct neighbour **out;
	size_t n, max;
};

/*
 * A "~PLACE" that covers `to` says no more than that the neighbour can reach a station above it: us, to whom it would hand the parcel
 * back, or one below us where the parcel has been.  There it would stay.
 */
static bool
says_no_more(const struct topology *t, const struct neighbour *n, const char *place, const char *to, const struct ways *w)
{
	if (station_under(to, n->station))
		return false;
	if (station_under(to, t->self) && station_under(t->self, place))
		return true;
	for (size_t i = 0; i < w->nhops; i++)
		if (strcmp(w->hops[i], to) != 0 && station_under(to, w->hops[i]) && station_under(w->hops[i], place) &&
		    station_under(w->hops[i], t->self))
			return true;
	return false;
}

/* Has it a way there that need not lead through us? */
static bool
leads_past(const struct topology *t, const struct neighbour *n, const char *to, const struct ways *w)
{
	const char *at = n->via;
	char place[STATION_MAX];

	if (via_names(n, to) || (n->role == ROLE_CHILD && station_under(to, n->station)))
		return true;
	while (via_place(&at, to, place) != NULL)
		if (!says_no_more(t, n, place, to, w))
			return true;
	return false;
}

/* The ways instead; one that says no more than that is a way all the same when it leads to another neighbour of ours who has one. */
static bool
leads_instead(const struct topology *t, const struct neighbour *n, const char *to, const struct ways *w)
{
	const char *at = n->via;
	char place[STATION_MAX];

	while (via_place(&at, to, place) != NULL) {
		if (!says_no_more(t, n, place, to, w))
			return true;
		for (size_t i = 0; i < t->count; i++)
			if (&t->n[i] != n && strcmp(t->n[i].station, to) != 0 && station_under(t->n[i].station, place) &&
			    !excluded(&t->n[i], w->hops, w->nhops) && leads_past(t, &t->n[i], to, w))
				return true;
	}
	return false;
}

/* Below us, or ours by its role: a parent would only send it back. */
static bool
is_ours(const struct topology *t, const char *to)
{
	const struct neighbour *n = topology_find(t, to);

	return station_under(to, t->self) || (n != NULL && (n->role == ROLE_CHILD || n->role == ROLE_DEPARTMENT));
}

/* False when the list is full. */
static bool
way_add(struct ways *w, const struct neighbour *n)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->out[i] == n)
			return true;
	if (!excluded(n, w->hops, w->nhops) && (w->fit == NULL || w->fit(w->ctx, n)))
		w->out[w->n++] = n;
	return w->n < w->max;
}

/* Children whose place it lies under, the longest code first. */
static bool
ways_down(const struct topology *t, const char *to, struct ways *w)
{
	for (size_t len = STATION_MAX; len > 0;) {
		size_t longest = 0;

		for (size_t i = 0; i < t->count; i++) {
			size_t digits = place_digits(t->n[i].station);

			if (t->n[i].role == ROLE_CHILD && digits < len && digits > longest &&
			    station_under(to, t->n[i].station))
				longest = digits;
		}
		for (size_t i = 0; i < t->count && longest > 0; i++)
			if (t->n[i].role == ROLE_CHILD && place_digits(t->n[i].station) == longest &&
			    station_under(to, t->n[i].station) && !way_add(w, &t->n[i]))
				return false;
		len = longest;
	}
	return true;
}

size_t
route_ways(const struct topology *t, const char *to, const char (*hops)[STATION_MAX], size_t nhops, route_fit_fn fit,
    const void *ctx, const struct neighbour **out, size_t max)
{
	struct ways w = {.hops = hops, .nhops = nhops, .fit = fit, .ctx = ctx, .out = out, .max = max};

	if (max == 0 || strcmp(to, t->self) == 0 || topology_phone(t, to))
		return 0;
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->n[i].station, to) == 0 && !way_add(&w, &t->n[i]))
			return w.n;
	for (size_t i = 0; i < t->count; i++)
		if (via_names(&t->n[i], to) && !way_add(&w, &t->n[i]))
			return w.n;
	if (!ways_down(t, to, &w))
		return w.n;
	for (size_t i = 0; i < t->count; i++)
		if (leads_instead(t, &t->n[i], to, &w) && !way_add(&w, &t->n[i]))
			return w.n;
	if (is_ours(t, to))
		return w.n;
	for (size_t i = 0; i < t->count; i++)
		if (t->n[i].role == ROLE_PARENT && !way_add(&w, &t->n[i]))
			return w.n;
	return w.n;
}

const struct neighbour *
route_next(const struct topology *t, const char *to, const char (*hops)[STATION_MAX], size_t nhops)
{
	const struct neighbour *n;

	return route_ways(t, to, hops, nhops, NULL, NULL, &n, 1) == 1 ? n : NULL;
}

bool
route_plausible(const struct topology *t, const char *from, const char *origin)
{
	const struct neighbour *n = topology_find(t, from);

	if (n == NULL || n->role == ROLE_PHONE || strcmp(origin, t->self) == 0)
		return false;
	/* It has no switch: whoever says that this came from there says what cannot be. */
	if (topology_phone(t, origin))
		return false;
	if (via_instead(n, origin))
		return true;
	if (n->role != ROLE_PARENT)
		return serves(n, origin);
	for (size_t i = 0; i < t->count; i++)
		if (t->n[i].role != ROLE_PARENT && serves(&t->n[i], origin))
			return false;
	return true;
}
