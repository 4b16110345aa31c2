/*
 * What the switch itself writes for the duty clockwork: that a rung has rung, entries of the duty log, and that the rules have changed.
 *
 * A rung is a message: it is in the chain, it can be asked for years later, and the next station gets it like any other.  It is written once for its
 * key: the key is kept (foreign_put) in the transaction of the message, so that a crash leaves both or neither.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "chase.h"
#include "incident.h"
#include "log.h"
#include "rules_changed.h"
#include "station_chase.h"
#include "station_int.h"

#define MINUTE_MS 60000
#define SPACE "chase"
#define RULES_KEY "rules.digest"
#define KEY_RUNG (CHASE_KEY + 16)

static const struct { unsigned by; const char *name; } ways[] = {
    {CHASE_BY_BELL, "bell"}, {CHASE_BY_PHONE, "phone"}, {CHASE_BY_SMS, "sms"}, {CHASE_BY_MESSAGE, "message"}};

void
chase_ways_format(unsigned by, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof ways / sizeof ways[0] && n < size; i++)
		if ((by & ways[i].by) != 0)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? " " : "", ways[i].name);
}

unsigned
chase_ways_parse(const char *s)
{
	unsigned by = 0;

	while (s != NULL && *s != '\0') {
		size_t n = strcspn(s, " ");

		for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
			if (strlen(ways[i].name) == n && strncmp(ways[i].name, s, n) == 0)
				by |= ways[i].by;
		s += n + strspn(s + n, " ");
	}
	return by;
}

static void
rung_key(const char *key, unsigned rung, char out[KEY_RUNG])
{
	(void)snprintf(out, KEY_RUNG, "%s#%u", key, rung);
}

bool
station_chased(struct station *s, const char *key, unsigned rung)
{
	char k[KEY_RUNG];
	struct msgid id;

	rung_key(key, rung, k);
	return s->j->ops->foreign_get(s->j, SPACE, k, &id) == 0;
}

/* One value of text, made clean and cut at what the field bears. */
static void
add_text(struct body *b, uint32_t key, const char *text)
{
	size_t max = field_by_key(key)->max;
	char clean[2048];

	(void)text_sanitise(text, strlen(text), clean, max > 0 && max + 1 < sizeof clean ? max + 1 : sizeof clean, false);
	if (clean[0] != '\0')
		body_add_text(b, key, clean, strlen(clean));
}

/* Behind what is held of the incident: without its place in the count it would stand before the incident's first word. */
static void
place_behind(struct station *s, const struct msgid *incident, struct body *b)
{
	struct folded fd;
	int64_t top = 0, n;

	if (station_fold(s, incident, &fd) != 0)
		return;
	for (size_t i = 0; i < fd.n; i++)
		if (body_num(fd.bodies[i], F_ORDER, &n) && n > top)
			top = n;
	if (top < INT64_MAX)
		body_set_num(b, F_ORDER, top + 1);
	/* The spoken number travels with every message: its opener need not be held where this is read. */
	if (fd.n > 0 && fd.incident->number[0] != '\0')
		body_set_text(b, F_NUMBER, fd.incident->number);
	folded_free(&fd);
}

static struct body *
chase_body(const struct chase_due *d, int64_t now, const char *text, const char *to, const char (*persons)[192], size_t npersons)
{
	struct body *b = body_new();
	char by[64];

	body_set_num(b, F_KIND, KIND_CHASE);
	body_set_num(b, F_CHASED, (int64_t)d->it.what);
	body_set_num(b, F_RUNG, d->rung.rung);
	if (msgid_is_set(&d->it.about))
		body_add_id(b, F_REFS, &d->it.about);
	else
		add_text(b, F_TOPIC, d->key);
	if (msgid_is_set(&d->it.incident))
		body_set_id(b, F_INCIDENT, &d->it.incident);
	body_set_time(b, F_DUE, d->it.due);
	add_text(b, F_TEXT, text);
	if (d->it.rule[0] != '\0')
		add_text(b, F_RULE, d->it.rule);
	if (d->it.prec >= PREC_FLASH && d->it.prec <= PREC_ROUTINE)
		body_set_num(b, F_PRECEDENCE, d->it.prec);
	if (chase_awaits(d->it.what) && station_code_valid(d->it.towards))
		body_add_text(b, F_REGARDING, d->it.towards, strlen(d->it.towards));
	if (to[0] != '\0')
		body_add_text(b, F_TO, to, strlen(to));
	for (size_t i = 0; i < npersons; i++)
		add_text(b, F_RUNG_TO, persons[i]);
	chase_ways_format(d->rung.by, by, sizeof by);
	if (by[0] != '\0')
		add_text(b, F_ROUTE, by);
	if (now > d->it.due)
		body_set_num(b, F_LATE_BY, (now - d->it.due) / MINUTE_MS);
	return b;
}

int
station_chase(struct station *s, int64_t now, int realm, const struct chase_due *d, const char *text, const char *to,
    const char (*persons)[192], size_t npersons, struct msgid *id, struct fault *f)
{
	char k[KEY_RUNG];
	struct msgid had;
	struct body *b;
	int rc;

	s->last_now = now;
	rung_key(d->key, d->rung.rung, k);
	if ((rc = s->j->ops->foreign_get(s->j, SPACE, k, &had)) != 1) {
		if (rc == 0 && id != NULL)
			*id = had;
		return rc == 0 ? 1 : fault_set(f, EX_IOERR, "", _("the journal cannot be read"));
	}
	b = chase_body(d, now, text, to, persons, npersons);
	if (msgid_is_set(&d->it.incident))
		place_behind(s, &d->it.incident, b);
	rc = station_refused_for_room(s, b, f) ? -1 : station_issue(s, now, realm, b, NULL, false, &had, f);
	body_free(b);
	if (rc != 0)
		return -1;
	if (s->j->ops->foreign_put(s->j, SPACE, k, &had) != 0)
		return fault_set(f, EX_IOERR, "", _("the journal cannot be written"));
	if (id != NULL)
		*id = had;
	log_event(LOG_LV_INFO, "chase", "key=%s rung=%u by=%u skipped=%u", log_quote(d->key), d->rung.rung, d->rung.by, d->skipped);
	return 0;
}

void
station_alarm(struct station *s, const char *what, const char *detail)
{
	s->ops->alarm(s->ctx, what, detail);
}

/* ---- the duty log ---- */

static int
log_issue(struct station *s, int64_t now, struct body *b, struct fault *f)
{
	struct msgid id;
	int rc;

	s->last_now = now;
	rc = station_refused_for_room(s, b, f) ? -1 : station_issue(s, now, REALM_LIVE, b, NULL, false, &id, f);
	body_free(b);
	return rc;
}

int
station_log(struct station *s, int64_t now, int step, const char *text, struct fault *f)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, KIND_LOG);
	body_set_num(b, F_DUTY_STEP, step);
	add_text(b, F_TEXT, text);
	return log_issue(s, now, b, f);
}

int
station_log_test(struct station *s, int64_t now, const char *equipment, bool ok, const char *detail, const char *person, struct fault *f)
{
	struct body *b = body_new();
	char text[700];

	(void)snprintf(text, sizeof text, ok ? _("tested: %s works") : _("tested: %s fails (%s)"), equipment, detail);
	body_set_num(b, F_KIND, KIND_LOG);
	body_set_num(b, F_DUTY_STEP, DUTY_LOG_EQUIPMENT);
	add_text(b, F_EQUIPMENT, equipment);
	body_set_num(b, F_OUTCOME, ok ? OUTCOME_REACHED : OUTCOME_NO_ANSWER);
	add_text(b, F_TEXT, text);
	if (person != NULL)
		add_text(b, F_PERSON, person);
	return log_issue(s, now, b, f);
}

/* ---- the rules ---- */

void
station_rules(struct station *s, int64_t now, const struct rules *r)
{
	char had[2 * DIGEST_LEN + 1] = "", hex[2 * DIGEST_LEN + 1], what[1200] = "", text[1800];
	const struct rules *was = s->conf.rules;
	uint8_t digest[32];
	struct fault f = {0};
	int rc;

	s->last_now = now;
	s->conf.rules = r;
	s->push = true;	/* what is owed may be another; readers see the other pointer (query_live.c) */
	rules_digest(r, digest);
	digest_hex(digest, hex);
	rc = s->j->ops->meta_get(s->j, RULES_KEY, had, sizeof had);
	if (rc == -1 || (rc == 0 && strcmp(had, hex) == 0))
		return;
	if (s->j->ops->meta_set(s->j, RULES_KEY, hex) != 0)
		return;
	s->wrote = true;
	station_audit(s, now, CHAIN_ADMIN, NULL, "rules", s->conf.self, digest);
	if (rc != 0)
		return;	/* the first that are ever used here have changed nothing */
	if (was != NULL && was != r)	/* the same at a start: which they were before is known by the digest alone */
		(void)rules_changed(was, r, what, sizeof what);
	(void)snprintf(text, sizeof text, _("the rules have changed: %.12s became %.12s, profiles: %s"), had, hex,
	    rules_profiles(r)[0] != '\0' ? rules_profiles(r) : "-");
	if (what[0] != '\0')
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), ": %s", what);
	if (station_log(s, now, DUTY_LOG_RULES, text, &f) != 0)
		log_event(LOG_LV_WARN, "rules", "why=%s", log_quote(f.text));
	log_event(LOG_LV_INFO, "rules", "digest=%s was=%s", hex, had);
}
