/*
 * Answers to the desk's reading requests: choosing the answer by name, and taking members out of a request.
 *
 * A request comes from a client that may be anything: a member of the wrong type or out of its range is refused with
 * its name, nothing is guessed.  Nothing here writes.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "deskproto.h"
#include "query_chase.h"
#include "query_int.h"

static json_t *query_hello(struct query *);
static const char *level_of_code(const struct codebook *, const char *station);
static const char *level_of(const struct station_conf *, const char *parent);

static const struct {
	const char *op;
	json_t *(*answer)(struct query *);
} answers[] = {
	{ "hello", query_hello },
	{ "incidents", query_incidents },
	{ "show", query_show },
	{ "message", query_message_answer },
	{ "inbox", query_inbox },
	{ "owed", query_owed },
	{ "list", query_list },
	{ "log", query_log },
	{ "status", query_status },
	{ "rolls", query_rolls },
	{ "zeros", query_zeros },
	{ "verify", query_verify },
	{ "drafts", query_drafts },
	{ "review", query_review },
	{ "propose", query_propose },
	{ "diff", query_diff },
	{ "explain", query_explain },
	{ "rules", query_rules },
	{ "trace", query_trace },
	{ "ledger", query_ledger },
	{ "search", query_search },
	{ "stats", query_stats },
	{ "outlets", query_outlets },
	{ "staff", query_staff },
	{ "roster", query_roster },
	{ "handover", query_handover },
	{ "replay", query_replay },
	{ "track", query_track },
	{ "orders", query_orders },
	{ "claims", query_claims },
};

void
query_begin(const struct query_env *env, int64_t now, struct query *q)
{
	const struct station_conf *conf = station_conf(env->station);
	const struct neighbour *parent = conf->topology != NULL ? topology_parent(conf->topology) : NULL;

	*q = (struct query){
		.env = env,
		.s = env->station,
		.j = station_journal(env->station),
		.conf = conf,
		.now = now,
		.self = conf->self,
		.parent = parent != NULL ? parent->station : "",
		.zh = env->zh,
	};
	q->level = level_of(conf, q->parent);
}

json_t *
query_answer(const struct query_env *env, int64_t now, const char *op, const json_t *request, struct fault *f)
{
	struct query q;

	query_begin(env, now, &q);
	q.req = request;
	q.f = f;
	if (!json_is_object(request)) {
		(void)fault_set(f, EX_DATAERR, "", _("a request is a JSON object"));
		return NULL;
	}
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (strcmp(answers[i].op, op) == 0)
			return answers[i].answer(&q);
	(void)fault_set(f, EX_USAGE, "op", _("unknown request '%s'"), op);
	return NULL;
}

/* ---- levels ---- */

static const char *
level_of_code(const struct codebook *cb, const char *station)
{
	static const char *const known[] = { "province", "city", "county", "township" };
	char place[STATION_MAX];
	const struct code_entry *e;
	size_t n;

	(void)snprintf(place, sizeof place, "%s", station);
	place[strcspn(place, "-")] = '\0';
	if (!isdigit((unsigned char)place[0]))
		return NULL;
	e = codebook_division(cb, place);
	for (size_t i = 0; e != NULL && i < sizeof known / sizeof known[0]; i++)
		if (strcmp(e->level, known[i]) == 0)
			return known[i];
	n = strlen(place);
	if (n > 6)
		return "township";
	if (n == 6 && strcmp(place + 2, "0000") == 0)
		return "province";
	return n == 6 && strcmp(place + 4, "00") == 0 ? "city" : "county";
}

/* A private code (a scenic area, a port) tells no level: such a station stands one below its parent. */
static const char *
level_of(const struct station_conf *conf, const char *parent)
{
	const char *own = level_of_code(conf->codebook, conf->self);
	const char *above = own == NULL && parent[0] != '\0' ? level_of_code(conf->codebook, parent) : NULL;

	if (own != NULL)
		return own;
	if (above == NULL || strcmp(above, "township") == 0)
		return "unit";
	return strcmp(above, "county") == 0 ? "township" : strcmp(above, "city") == 0 ? "county" : "city";
}

const char *
query_level(const struct query *q, const char *station)
{
	const char *level = level_of_code(q->conf->codebook, station);

	if (strcmp(station, q->self) == 0)
		return q->level;
	return level != NULL ? level : strcmp(q->level, "county") == 0 ? "township" : strcmp(q->level, "city") == 0 ? "county" :
	    strcmp(q->level, "province") == 0 ? "city" : "unit";
}

/* ---- members ---- */

bool
query_get_int(struct query *q, const char *member, int64_t dflt, int64_t min, int64_t max, int64_t *out)
{
	const json_t *v = json_object_get(q->req, member);

	*out = dflt;
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_integer(v)) {
		(void)fault_set(q->f, EX_DATAERR, member, _("must be a whole number"));
		return false;
	}
	*out = json_integer_value(v);
	if (*out < min || *out > max) {
		(void)fault_set(
		    q->f, EX_DATAERR, member, _("must be between %lld and %lld"), (long long)min, (long long)max);
		return false;
	}
	return true;
}

bool
query_get_limit(struct query *q, int64_t dflt, int64_t max, int64_t *out)
{
	if (!query_get_int(q, "limit", dflt, 1, INT64_MAX, out))
		return false;
	if (*out > max)
		*out = max;
	return true;
}

bool
query_get_bool(struct query *q, const char *member, bool *out)
{
	const json_t *v = json_object_get(q->req, member);

	*out = false;
	if (v == NULL || json_is_null(v))
		return true;
	if (!json_is_boolean(v)) {
		(void)fault_set(q->f, EX_DATAERR, member, _("must be true or false"));
		return false;
	}
	*out = json_is_true(v);
	return true;
}

bool
query_get_text(struct query *q, const char *member, bool needed, const char **out)
{
	const json_t *v = json_object_get(q->req, member);

	*out = NULL;
	if (v == NULL || json_is_null(v)) {
		if (needed)
			(void)fault_set(q->f, EX_DATAERR, member, _("is missing"));
		return !needed;
	}
	if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v)) {
		(void)fault_set(q->f, EX_DATAERR, member, _("must be a text"));
		return false;
	}
	*out = json_string_value(v);
	return true;
}

bool
query_get_realm(struct query *q, int dflt, int *out)
{
	const json_t *v = json_object_get(q->req, "realm");
	const char *s = json_string_value(v);

	*out = dflt;
	if (v == NULL || json_is_null(v))
		return true;
	if (json_is_integer(v) && (json_integer_value(v) == REALM_LIVE || json_integer_value(v) == REALM_EXERCISE))
		*out = (int)json_integer_value(v);
	else if (s != NULL && strcmp(s, query_realm_name(REALM_LIVE)) == 0)
		*out = REALM_LIVE;
	else if (s != NULL && strcmp(s, query_realm_name(REALM_EXERCISE)) == 0)
		*out = REALM_EXERCISE;
	else
		return fault_set(q->f, EX_DATAERR, "realm", _("the realm is live or exercise")) == 0;
	return true;
}

bool
query_get_kind(struct query *q, int *out)
{
	const json_t *v = json_object_get(q->req, "kind");
	const char *s = json_string_value(v);
	const struct enum_name *e = s != NULL ? enum_by_name("kind", s) : NULL;

	*out = 0;
	if (v == NULL || json_is_null(v))
		return true;
	if (json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= ENUM_VALUE_MAX)
		*out = (int)json_integer_value(v);
	else if (e != NULL)
		*out = e->value;
	else if (s != NULL)
		(void)fault_set(q->f, EX_DATAERR, "kind", _("unknown kind '%s'"), s);
	else
		(void)fault_set(q->f, EX_DATAERR, "kind", _("must be the name of a kind"));
	return *out != 0;
}

bool
query_get_id(struct query *q, const char *member, struct msgid *id)
{
	const char *s;

	if (!query_get_text(q, member, true, &s))
		return false;
	if (!msgid_parse(s, id))
		return fault_set(q->f, EX_DATAERR, member, _("'%s' is no message id"), s) == 0;
	return true;
}

json_t *
query_unreadable(struct query *q)
{
	(void)fault_set(q->f, EX_IOERR, "", _("the journal cannot be read"));
	return NULL;
}

/* ---- hello ---- */

static json_t *
query_hello(struct query *q)
{
	int64_t proto;
	json_t *o;

	if (!query_get_int(q, "proto", DESK_PROTO, INT32_MIN, INT32_MAX, &proto))
		return NULL;
	if (proto != DESK_PROTO) {
		(void)fault_set(q->f, EX_PROTOCOL, "proto", _("this switch speaks desk protocol %d, not %lld"),
		    DESK_PROTO, (long long)proto);
		return NULL;
	}
	o = json_object();
	query_put(o, "proto", json_integer(DESK_PROTO));
	query_put_text(o, "station", q->self);
	if (q->env->dir != NULL && q->env->dir->name[0] != '\0') {
		query_put_text(o, "name", q->env->dir->name);
	} else {
		char name[160];

		query_put_text(o, "name", query_station(q, q->self, name, sizeof name));
	}
	query_put_text(o, "level", q->level);
	query_put_station(q, o, "parent", q->parent);
	query_put(o, "rev", json_integer((json_int_t)station_revision(q->s)));
	query_put(o, "now", json_integer(q->now));
	query_put(o, "epoch", json_integer((json_int_t)station_epoch(q->s)));
	return o;
}
