/*
 * What is handed over: open incidents, promises, directives that wait for feedback, what is not signed for, drafts, warnings in force, zero reports
 * and roll calls, equipment, and what is told by word of mouth.
 *
 * Collected from the folds and clocks each time it is asked for, so that what comes in while people are going through the list is on it, and what
 * is done meanwhile has gone.  What has been gone through is known by its key, which is made of the message or draft it is about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../formats/conf.h"
#include "../formats/text.h"
#include "equipment.h"
#include "query_handover.h"
#include "query_live.h"

#define CN_OFFSET INT64_C(28800000)
#define WARNINGS_LOOKED 2000	/* warnings looked back at for those in force */

struct gather {
	struct query *q;
	struct handover *h;
	const struct watch *w;
};

/* ---- helpers ---- */

const char *
handover_time(int64_t ms, int64_t now, char buf[24])
{
	time_t t = (time_t)((ms + CN_OFFSET) / 1000), n = (time_t)((now + CN_OFFSET) / 1000);
	struct tm a, b;

	buf[0] = '\0';
	if (ms == 0 || gmtime_r(&t, &a) == NULL || gmtime_r(&n, &b) == NULL)
		return buf;
	(void)strftime(buf, 24, a.tm_yday == b.tm_yday && a.tm_year == b.tm_year ? "%H:%M" : "%m-%d %H:%M", &a);
	return buf;
}

static void
make_key(char out[HANDOVER_KEY + 1], const char *kind, const char *id)
{
	uint8_t digest[DIGEST_LEN];
	char hex[2 * DIGEST_LEN + 1];

	if ((size_t)snprintf(out, HANDOVER_KEY + 1, "%s%s%s", kind, *id != '\0' ? " " : "", id) <= HANDOVER_KEY)
		return;
	/* a request id may be longer than a key */
	digest_of(id, strlen(id), digest);
	digest_hex(digest, hex);
	(void)snprintf(out, HANDOVER_KEY + 1, "%s #%.32s", kind, hex);
}

static struct handover_item *
add(struct gather *g, const char *kind, const char *id)
{
	struct handover *h = g->h;
	struct handover_item *it;
	char key[HANDOVER_KEY + 1];

	make_key(key, kind, id);
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->v[i].key, key) == 0)
			return &h->v[i];
	if (h->n == HANDOVER_ITEMS) {
		h->more = true;
		return NULL;
	}
	h->v = xreallocarray(h->v, h->n + 1, sizeof *h->v);
	it = &h->v[h->n++];
	memset(it, 0, sizeof *it);
	memcpy(it->key, key, sizeof it->key);
	(void)snprintf(it->kind, sizeof it->kind, "%s", kind);
	return it;
}

/* Cut at a character, controls made visible. */
static void
set_text(struct handover_item *it, const char *text)
{
	(void)text_sanitise(text, strlen(text), it->text, sizeof it->text, false);
}

static void
set_owner(struct gather *g, struct handover_item *it, const char *id, const char *person)
{
	const struct watch_span *s = watch_now(g->w);

	if (person != NULL && *person != '\0')
		person = watch_owner(g->w, id, person, g->q->now);
	else
		person = s != NULL && s->n > 0 ? s->person[0] : "";
	(void)snprintf(it->owner, sizeof it->owner, "%s", person);
}

static const char *
member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* ---- what is owed ---- */

static bool
one_of(const char *what, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(what, names[i]) == 0)
			return true;
	return false;
}

/* A limit of this station's: what others owe, and the duty book's own matters, are none to be read back. */
static bool
our_limit(const char *what)
{
	static const char *const not[] = {"handover", "relief", "equipment", "gap", "grade", "returned", NULL};

	return strncmp(what, "await-", 6) != 0 && !one_of(what, not);
}

static void
count_limit(struct gather *g, int64_t due)
{
	struct handover *h = g->h;

	if (h->soonest == 0 || due < h->soonest)
		h->soonest = due;
	if (due >= g->q->now && (h->next == 0 || due < h->next))
		h->next = due;
}

/* Is it one of the words? */
static bool
names(const char *text, const char *name)
{
	size_t n = strlen(name);

	if (n == 0)
		return true;
	for (const char *p = text; (p = strstr(p, name)) != NULL; p += n)
		if ((p == text || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

/* What one thing owed becomes: an item of its own, or a part of its incident's. */
static void
take_owed(struct gather *g, const json_t *o)
{
	static const char *const receipt[] = {"sign", "read", NULL}, *const duty[] = {"handover", "relief", "equipment", "gap", "grade", NULL},
		   *const many[] = {"zero", "await-zero", "roll", "await-roll", NULL};
	struct query *q = g->q;
	const char *what = member(o, "what"), *about = member(o, "about"), *incident = member(o, "incident"), *kind;
	int64_t due = json_integer_value(json_object_get(o, "due"));
	struct handover_item *it;
	struct buf text = {0};
	char when[24];

	if (strcmp(member(o, "realm"), "exercise") == 0)
		return;
	if (our_limit(what))
		count_limit(g, due);
	if (one_of(what, duty) || strcmp(what, "await-handover") == 0)
		return;
	if (one_of(what, many)) {
		kind = strstr(what, "zero") != NULL ? "zero" : "roll";
		if ((it = add(g, kind, "")) == NULL)
			return;
		if (it->text[0] == '\0')
			buf_puts(&text, kind[0] == 'z' ? query_say(q, "zero reports: missing", "零报告 缺") : query_say(q, "roll call: no answer", "点名 未应"));
		else
			buf_puts(&text, it->text);
		buf_printf(&text, " %s", strncmp(what, "await-", 6) == 0 ? member(o, "towards_name") : query_say(q, "(ours)", "(本站)"));
		set_text(it, buf_cstr(&text));
		buf_free(&text);
		return;
	}
	if (strncmp(what, "await-", 6) == 0)
		kind = "directive";
	else if (one_of(what, receipt))
		kind = "receipt";
	else if (strcmp(what, "feedback") == 0)
		kind = "promise";
	else if (*incident != '\0')
		return; /* told with its incident */
	else
		kind = "owed";
	if ((it = add(g, kind, about)) == NULL)
		return;
	if (it->text[0] != '\0') { /* another addressee of the same, or the same one again, for another thing */
		buf_puts(&text, it->text);
		if (!names(it->text, member(o, "towards_name")))
			buf_printf(&text, " %s", member(o, "towards_name"));
	} else {
		buf_printf(&text, "%s", kind[0] == 'd' ? query_say(q, "feedback awaited", "待反馈指令") : kind[0] == 'r' ?
		    query_say(q, "not signed for", "未签收") : kind[0] == 'p' ? query_say(q, "taken on", "接办") : member(o, "what_name"));
		buf_printf(&text, " %s %s", member(o, "title"), kind[0] == 'd' ? member(o, "towards_name") : "");
	}
	set_text(it, buf_cstr(&text));
	buf_free(&text);
	if (it->due == 0 || due < it->due)
		it->due = due;
	(void)handover_time(due, q->now, when);
	set_owner(g, it, about, kind[0] == 'd' ? NULL : member(o, "person"));
}

/* ---- incidents ---- */

struct taken { char person[97]; struct msgid id; };

/* Who has taken something of it on last, at this station. */
static int
last_taken(struct query *q, const struct msgid *incident, struct taken *t)
{
	struct folded fd;
	int rc;

	memset(t, 0, sizeof *t);
	memset(&fd, 0, sizeof fd);
	if ((rc = station_fold(q->s, incident, &fd)) == -1)
		return -1;
	for (size_t i = 0; rc == 0 && i < fd.incident->nall; i++) {
		const struct incident_line *l = &fd.incident->all[i];

		if (l->kind == KIND_RECEIPT && l->act == ACT_TAKEN && strcmp(l->id.origin, q->self) == 0 && body_said(l->body, F_PERSON) != NULL) {
			(void)snprintf(t->person, sizeof t->person, "%s", body_text(l->body, F_PERSON));
			t->id = l->id;
		}
	}
	folded_free(&fd);
	return 0;
}

/* Its most urgent limit. */
static void
incident_due(const json_t *owed, const char *id, const json_t **first)
{
	size_t i;
	json_t *o;

	*first = NULL;
	json_array_foreach(owed, i, o)
		if (strcmp(member(o, "incident"), id) == 0 && our_limit(member(o, "what"))) {
			*first = o; /* in the order of their limits */
			return;
		}
}

/* What was opened by a directive, and has no other word to it, is an order and not an event: it is handed over as what it asks for. */
static bool
is_order(const json_t *o)
{
	const char *kind = member(o, "opener_kind");

	return *kind != '\0' && strcmp(kind, "intake") != 0 && strcmp(kind, "report") != 0 && json_integer_value(json_object_get(o, "version")) == 0 &&
	    *member(o, "grade") == '\0' && *member(o, "missing") == '\0';
}

static int
incidents(struct gather *g, struct live *l, const json_t *owed)
{
	struct query *q = g->q;

	for (size_t i = 0; i < l->nlisted; i++) {
		struct live_incident *inc = l->listed[i];
		struct handover_item *it;
		struct taken t;
		const json_t *o, *first;
		struct buf text = {0};
		char id[MSGID_TEXT_MAX], when[24];
		size_t bytes;

		if (!inc->open || inc->id.realm != REALM_LIVE)
			continue;
		if ((o = live_shown(q, inc, &bytes)) == NULL)
			return -1;
		if (is_order(o))
			continue;
		g->h->open++;
		msgid_format(&inc->id, id, sizeof id);
		if ((it = add(g, "incident", id)) == NULL)
			continue;
		if (last_taken(q, &inc->id, &t) == -1)
			return -1;
		buf_printf(&text, "%s %s %s %s", query_say(q, "open incident", "在办事件"), member(o, "number"), member(o, "grade_name"), member(o, "title"));
		incident_due(owed, id, &first);
		if (first != NULL) {
			it->due = json_integer_value(json_object_get(first, "due"));
			buf_printf(&text, query_say(q, " due: %s %s", " 待%s %s"), member(first, "what_name"), handover_time(it->due, q->now, when));
		}
		set_text(it, buf_cstr(&text));
		buf_free(&text);
		set_owner(g, it, id, t.person);
	}
	return 0;
}

/* ---- drafts, warnings, equipment ---- */

static int
draft_row(void *ctx, const struct journal_draft *d)
{
	struct gather *g = ctx;
	struct query *q = g->q;
	json_error_t err;
	json_t *o = d->json.n > 0 ? json_loadb((const char *)d->json.p, d->json.n, 0, &err) : NULL, *view = query_draft(q->s, d, q->now, q->zh);
	const json_t *fields = json_object_get(o, "fields");
	struct handover_item *it = add(g, "draft", d->rid);
	const char *title = *member(o, "title") != '\0' ? member(o, "title") : member(fields, "title"), *number = member(o, "number");
	struct buf text = {0};

	if (*title == '\0')
		title = member(fields, "place");
	if (*title == '\0')
		title = member(fields, "text");
	if (it != NULL) {
		buf_printf(&text, "%s %s %s%s%s (%s)", query_say(q, "draft", "未发草稿"), member(view, "state_name"), number, *number != '\0' ? " " : "", title,
		    d->seat);
		set_text(it, buf_cstr(&text));
		set_owner(g, it, d->rid, NULL);
	}
	buf_free(&text);
	json_decref(o);
	json_decref(view);
	return g->h->more;
}

struct warnings { struct gather *g; size_t looked; struct msgid *over; size_t nover; };

/* Newest first: what lifts or replaces a warning is met before it. */
static int
warning_row(void *ctx, const struct journal_msg *m)
{
	struct warnings *ws = ctx;
	struct gather *g = ws->g;
	struct query *q = g->q;
	struct body *b = m->kind == KIND_WARNING && m->id.realm == REALM_LIVE ? query_decode(m) : NULL;
	struct buf text = {0};
	struct handover_item *it;
	int64_t until;
	bool over = false;
	char id[MSGID_TEXT_MAX], when[24];

	if (b == NULL)
		return ++ws->looked >= WARNINGS_LOOKED;
	for (size_t i = 0; i < ws->nover; i++)
		over |= msgid_cmp(&ws->over[i], &m->id) == 0;
	for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v)) {
		ws->over = xreallocarray(ws->over, ws->nover + 1, sizeof *ws->over);
		ws->over[ws->nover++] = v->u.id;
	}
	if (!over && !body_flag(b, F_HISTORY) && body_enum(b, F_STAGE) != STAGE_WITHDRAWAL && body_time(b, F_EXPIRES, &until) && until > q->now) {
		msgid_format(&m->id, id, sizeof id);
		if ((it = add(g, "warning", id)) != NULL) {
			buf_printf(&text, "%s ", query_say(q, "warning in force", "预警有效"));
			query_title(q, b, QUERY_TITLE, &text);
			buf_printf(&text, query_say(q, " until %s", " 至%s"), handover_time(until, q->now, when));
			set_text(it, buf_cstr(&text));
			it->due = until;
		}
	}
	buf_free(&text);
	body_free(b);
	return ++ws->looked >= WARNINGS_LOOKED;
}

/* This shift's tests, the last of each. */
static void
equipment(struct gather *g)
{
	struct query *q = g->q;
	const struct watch_span *s = watch_now(g->w);
	const struct watch_test *t;
	size_t nt = watch_tests(g->w, s != NULL ? s->from : 0, &t), n = 0;
	struct equipment list[EQUIPMENT_MAX];
	struct handover_item *it = add(g, "equipment", "");
	struct fault f = {0};
	struct buf text = {0};
	char dir[1024], word[96];

	if (it == NULL)
		return;
	buf_puts(&text, query_say(q, "equipment", "设备"));
	if (conf_dir(dir, sizeof dir, &f) == NULL || equipment_load(dir, list, &n, &f) == -1)
		buf_printf(&text, " %s: %s", query_say(q, "the list cannot be read", "清单读不出"), f.text);
	for (size_t i = 0; i < n; i++) {
		const struct watch_test *last = NULL;

		for (size_t k = 0; k < nt; k++)
			if (strcmp(t[k].what, list[i].name) == 0 || strcmp(t[k].what, list[i].zh) == 0)
				last = &t[k];
		buf_printf(&text, " %s", query_say(q, list[i].en, list[i].zh));
		if (last == NULL)
			buf_puts(&text, query_say(q, ": not tested", "未试"));
		else if (last->outcome == OUTCOME_REACHED)
			buf_puts(&text, query_say(q, ": works", "正常"));
		else
			buf_printf(&text, "!%s", query_word(q, "outcome", last->outcome, word, sizeof word));
	}
	for (size_t k = 0; k < nt; k++) { /* what is on no list, such as an outlet by its name */
		bool known = false;

		for (size_t i = 0; i < n; i++)
			known |= strcmp(t[k].what, list[i].name) == 0 || strcmp(t[k].what, list[i].zh) == 0;
		for (size_t i = k + 1; i < nt; i++)
			known |= strcmp(t[k].what, t[i].what) == 0;
		if (!known)
			buf_printf(&text, " %s%s", t[k].what, t[k].outcome == OUTCOME_REACHED ? query_say(q, ": works", "正常") : "!");
	}
	set_text(it, buf_cstr(&text));
	buf_free(&text);
}

/* ---- the whole ---- */

static void
spoken(struct gather *g)
{
	struct handover_item *it = add(g, "spoken", "");
	const struct watch_item *gone = handover_gone(g->h, "spoken");
	struct buf text = {0};

	if (it == NULL)
		return;
	buf_printf(&text, "%s %s", query_say(g->q, "by word of mouth:", "口头交代"), gone != NULL ? gone->note : "");
	set_text(it, buf_cstr(&text));
	buf_free(&text);
}

int
handover_collect(struct query *q, struct handover *h)
{
	struct gather g = {.q = q, .h = h};
	struct warnings ws = {.g = &g};
	struct live *l;
	json_t *owed = NULL, *list, *o;
	size_t i;
	int rc = -1;

	memset(h, 0, sizeof *h);
	if ((h->duty = station_duty(q->s)) == NULL || (g.w = h->duty->watch) == NULL || (l = live_get(q)) == NULL ||
	    (owed = query_owed(q)) == NULL)
		goto out;
	list = json_object_get(owed, "items");
	if (incidents(&g, l, list) == -1)
		goto out;
	json_array_foreach(list, i, o)
		take_owed(&g, o);
	if (q->j->ops->draft_each(q->j, draft_row, &g) == -1 ||
	    q->j->ops->each_before(q->j, UINT64_MAX, KIND_WARNING, true, warning_row, &ws) == -1)
		goto out;
	equipment(&g);
	spoken(&g);
	rc = 0;
out:
	free(ws.over);
	json_decref(owed);
	return rc;
}

json_t *
query_owner(struct query *q, json_t *o, int what)
{
	const struct duty *d = *member(o, "person") != '\0' ? station_duty(q->s) : NULL;
	struct owed_item it = {.what = (enum owed)what};
	json_t *copy;

	if (d == NULL || d->watch == NULL)
		return o;
	(void)snprintf(it.person, sizeof it.person, "%s", member(o, "person"));
	if (!msgid_parse(member(o, "about"), &it.about))
		memset(&it.about, 0, sizeof it.about);
	if (!msgid_parse(member(o, "incident"), &it.incident))
		memset(&it.incident, 0, sizeof it.incident);
	watch_owner_of(d->watch, &it, q->now);
	if (strcmp(it.person, member(o, "person")) == 0)
		return o;
	copy = json_copy(o); /* o may be kept for other answers */
	query_put_text(copy, "taken_by", member(o, "person"));
	query_put_text(copy, "person", it.person);
	json_decref(o);
	return copy;
}

void
handover_free(struct handover *h)
{
	free(h->v);
	memset(h, 0, sizeof *h);
}

const struct watch_item *
handover_gone(const struct handover *h, const char *key)
{
	const struct watch_handover *u = watch_handover(h->duty->watch);

	for (size_t i = 0; u != NULL && i < u->nitem; i++)
		if (strcmp(u->item[i].key, key) == 0)
			return &u->item[i];
	return NULL;
}

const char *
handover_heir(const struct handover *h)
{
	const struct watch_handover *u = watch_handover(h->duty->watch);

	for (size_t i = 0; u != NULL && i < u->nin; i++)
		if (u->in_needed[i])
			return u->incoming[i];
	return u != NULL && u->nin > 0 ? u->incoming[0] : "";
}

/* ---- the read-back ---- */

static bool
is_time(const char *value, int64_t ms)
{
	time_t t = (time_t)((ms + CN_OFFSET) / 1000);
	struct tm tm;
	char full[24], half[24], bare[24];

	if (ms == 0 || gmtime_r(&t, &tm) == NULL)
		return false;
	(void)strftime(full, sizeof full, "%m-%d %H:%M", &tm);
	(void)strftime(half, sizeof half, "%H:%M", &tm);
	(void)snprintf(bare, sizeof bare, "%d:%02d", tm.tm_hour, tm.tm_min);
	return strcmp(value, full) == 0 || strcmp(value, half) == 0 || strcmp(value, bare) == 0;
}

bool
handover_right(const struct handover *h, const char *ask, const char *value)
{
	static const char *const none[] = {"0", "-", "无", "没有", "none", NULL};
	char folded[98], want[24];

	(void)text_fold(value, folded, sizeof folded);
	if (strcmp(ask, ASK_OPEN) == 0) {
		(void)snprintf(want, sizeof want, "%zu", h->open);
		return strcmp(folded, want) == 0;
	}
	if (strcmp(ask, ASK_LIMIT) != 0)
		return false;
	if (h->soonest == 0)
		return one_of(folded, none);
	return is_time(folded, h->soonest) || is_time(folded, h->next);
}
