/*
 * enrol: who may connect to this station, and as whom.
 *
 * The topology file is read, changed and written whole (topology_save: beside and renamed), under a lock on the
 * station's directory, so that two enrolments at once cannot lose one.  A key is a station's identity: it is never
 * changed without --replace, never given to two stations, and one's own is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "ctl.h"
#include "route.h"
#include "stationdir.h"

static const struct ctl_option enrol_options[] = {{"station", true, false}, {"key", true, false}, {"name", true, false},
    {"role", true, false}, {"endpoint", true, false}, {"rate", true, false}, {"via", true, false},
    {"replace", false, false}, {"remove", false, false}, {NULL, false, false}};

/* What a station is to us when nobody says: by the divisions' tree, an organ of the same place is a department. */
static enum role
role_guess(const char *self, const char *station)
{
	size_t a = strcspn(self, "-"), b = strcspn(station, "-");

	if (a == b && strncmp(self, station, a) == 0)
		return ROLE_DEPARTMENT;
	if (station_under(station, self))
		return ROLE_CHILD;
	return station_under(self, station) ? ROLE_PARENT : ROLE_NEIGHBOUR;
}

static int
check_via(const char *via, struct fault *f)
{
	struct body *b = body_new();
	char plain[sizeof(((struct neighbour *)0)->via)];
	size_t n = 0;
	int rc;

	/* ~CODE: another way for that station and all below it (route.h). */
	for (size_t i = 0; via[i] != '\0' && n + 1 < sizeof plain; i++)
		if (via[i] != '~' || (i > 0 && via[i - 1] != ','))
			plain[n++] = via[i];
	plain[n] = '\0';
	if ((rc = via[0] == '\0' ? 0 : ctl_stations(b, F_TO, plain, f)) != 0)
		(void)snprintf(f->field, sizeof f->field, "via");
	else if (strlen(via) >= sizeof(((struct neighbour *)0)->via))
		rc = fault_set(f, EX_DATAERR, "via", _("too long"));
	body_free(b);
	return rc;
}

/* The options onto a neighbour's row; fresh: it was not there. */
static int
change(struct ctl *ctl, const struct ctl_args *a, const struct stationdir *d, const struct topology *t,
    struct neighbour *n, bool fresh, struct fault *f)
{
	const char *key_text = ctl_arg(a, "key"), *name = ctl_arg(a, "name"), *role = ctl_arg(a, "role"),
		   *endpoint = ctl_arg(a, "endpoint"), *via = ctl_arg(a, "via");
	const struct neighbour *other;
	uint8_t key[32];
	size_t bad;
	long rate = (long)n->rate_bps;
	bool was_phone = !fresh && n->role == ROLE_PHONE;

	if (role != NULL && (n->role = role_parse(role)) == 0)
		return fault_set(f, EX_DATAERR, "role", _("must be child, department, neighbour, parent or phone"));
	if (n->role == ROLE_PHONE) {
		static const char *const none[] = {"key", "endpoint", "via", "rate"};

		for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
			if (ctl_arg(a, none[i]) != NULL)
				return fault_set(f, EX_USAGE, none[i], _("a station with a telephone only has none"));
		memset(n->key, 0, sizeof n->key);
		n->endpoint[0] = n->via[0] = '\0';
		n->rate_bps = 0;
	} else if (key_text == NULL && (fresh || was_phone))
		return fault_set(f, EX_USAGE, "key", _("is needed: the public key the station's init has printed"));
	if (key_text != NULL) {
		if (!key_parse(key_text, key))
			return fault_set(f, EX_DATAERR, "key", _("must be 64 hexadecimal digits"));
		if (memcmp(key, d->public_key, sizeof key) == 0)
			return fault_set(f, EX_DATAERR, "key", _("is this station's own key"));
		if ((other = topology_by_key(t, key)) != NULL && strcmp(other->station, n->station) != 0)
			return fault_set(f, EX_DATAERR, "key", _("is already that of %s"), other->station);
		if (!fresh && !was_phone && memcmp(key, n->key, sizeof key) != 0 && !ctl_flag(a, "replace"))
			return fault_set(f, EX_DATAERR, "key",
			    _("%s is enrolled with another key; --replace takes the new one"), n->station);
		memcpy(n->key, key, sizeof key);
	}
	if (name != NULL &&
	    (name[0] == '\0' || strlen(name) >= sizeof n->name || !text_utf8_valid(name, strlen(name), NULL) ||
		!text_clean(name, strlen(name), false, &bad)))
		return fault_set(f, EX_DATAERR, "name", _("must be 1 to %zu bytes of plain text"), sizeof n->name - 1);
	if (name != NULL)
		(void)snprintf(n->name, sizeof n->name, "%s", name);
	else if (fresh)
		(void)codebook_station(ctl->codebook, n->station, n->name, sizeof n->name);
	if (endpoint != NULL && endpoint[0] != '\0' &&
	    (!endpoint_valid(endpoint) || strlen(endpoint) >= sizeof n->endpoint))
		return fault_set(f, EX_DATAERR, "endpoint", _("not an address like tcp://HOST:PORT: %s"), endpoint);
	if (endpoint != NULL)
		(void)snprintf(n->endpoint, sizeof n->endpoint, "%s", endpoint);
	if (ctl_arg_num(a, "rate", 0, 1000000000, &rate, f) != 0 || (via != NULL && check_via(via, f) != 0))
		return -1;
	n->rate_bps = (unsigned)rate;
	if (via != NULL)
		(void)snprintf(n->via, sizeof n->via, "%s", via);
	return 0;
}

/* Reads, changes, writes.  0 or -1 + fault. */
static int
edit(struct ctl *ctl, const struct ctl_args *a, const char *station, struct fault *f)
{
	struct stationdir d;
	struct topology t = { 0 };
	size_t i = 0;
	bool fresh;
	int lock = -1, rc = -1;

	if (stationdir_load(ctl->dir, &d, f) != 0)
		return -1;
	if ((lock = open(ctl->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 || flock(lock, LOCK_EX) != 0) {
		(void)fault_set(f, EX_OSERR, "", _("cannot be locked: %s"), strerror(errno));
		fault_at(f, ctl->dir, 0);
		goto out;
	}
	if (topology_load(d.topology, d.station, &t, f) != 0)
		goto out;
	while (i < t.count && strcmp(t.n[i].station, station) != 0)
		i++;
	fresh = i == t.count;
	if (ctl_flag(a, "remove")) {
		if (fresh) {
			(void)fault_set(f, EX_NOHOST, "station", _("%s is not enrolled"), station);
			goto out;
		}
		memmove(&t.n[i], &t.n[i + 1], (t.count - i - 1) * sizeof *t.n);
		t.count--;
	} else {
		if (strcmp(station, d.station) == 0) {
			(void)fault_set(f, EX_DATAERR, "station", _("is this station itself"));
			goto out;
		}
		if (fresh) {
			t.n = xreallocarray(t.n, t.count + 1, sizeof *t.n);
			memset(&t.n[i], 0, sizeof t.n[i]);
			(void)snprintf(t.n[i].station, sizeof t.n[i].station, "%s", station);
			t.n[i].role = role_guess(d.station, station);
			t.count++;
		}
		if (change(ctl, a, &d, &t, &t.n[i], fresh, f) != 0)
			goto out;
	}
	rc = topology_save(d.topology, &t, f);
out:
	topology_free(&t);
	if (lock >= 0)
		close(lock);
	return rc;
}

int
ctl_enrol(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct fault f = { 0 };
	const struct codebook *cb;
	const char *station;
	json_t *answer;
	int rc = EX_OK;

	if (ctl_args_parse(&a, enrol_options, false, argc, argv, &f) != 0) {
		rc = ctl_usage("enrol", f.field, f.text);
		goto out;
	}
	ctl->json = ctl->json || a.json;
	station = ctl_arg(&a, "station");
	if (a.nword > 0 || station == NULL) {
		rc = ctl_usage("enrol", a.nword > 0 ? a.word[0] : "station",
		    a.nword > 0 ? _("one word too many") : _("is needed"));
		goto out;
	}
	if (ctl_flag(&a, "remove") && a.ngiven > 2) {
		rc = ctl_usage("enrol", "remove", _("goes with --station alone"));
		goto out;
	}
	/* A station that is to go needs not be one that could come. */
	if (ctl_dir(ctl, &f) != 0 || (cb = ctl_codebook(ctl, &f)) == NULL ||
	    (!ctl_flag(&a, "remove") && ctl_station_known(station, cb, "station", &f) != 0) ||
	    edit(ctl, &a, station, &f) != 0) {
		rc = f.code == EX_USAGE && f.field[0] != '-' ? ctl_usage("enrol", f.field, f.text) : ctl_fail(&f);
		goto out;
	}
	answer = ctl_ask(ctl, json_pack("{s:s}", "op", "reload"), 0, &f);
	if (answer == NULL && f.code != EX_UNAVAILABLE) {
		ctl_note(_("the topology is written, but the running switch did not take it:"));
		rc = ctl_fail(&f);
		goto out;
	}
	if (ctl->json) {
		json_t *o = json_pack("{s:s, s:b, s:b}", "station", station, "removed", ctl_flag(&a, "remove"),
		    "reloaded", answer != NULL);

		ctl_json(stdout, o);
		json_decref(o);
	} else {
		(void)printf(ctl_flag(&a, "remove") ? _("%s removed\n") : _("%s enrolled\n"), station);
		if (answer == NULL)
			ctl_note(_("the switch is not running: it takes effect when it starts"));
	}
	json_decref(answer);
out:
	ctl_args_free(&a);
	return rc;
}
