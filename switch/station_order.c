/*
 * Directives and what stands in for an addressee's own hand.
 *
 * 追加 and 收回 belong to a directive of this station and go where it went; 收回 takes its supplements along, says why, and takes no word
 * away: it is the fold that shows the directive as taken back and expects nothing more.
 *
 * 电话代签: the sender's own station writes down that an addressee has signed for, or taken on, over the telephone.  It counts only when the
 * code read back is that of the directive, and every figure said again is the one that stands there; a wrong one is refused, and the try is
 * kept in the log.  It never is the addressee's act: no delivery changes by it, custody goes on, and what the addressee says later stands
 * beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/phone.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "log.h"
#include "station_order.h"

#define ASKS_MAX 24
#define EVERY_MAX 10080	/* minutes: a week; longer is a slip of the hand */

int
order_type(const struct body *b)
{
	int type = body_enum(b, F_ORDER_TYPE);

	return type != 0 ? type : ORDER_PLAIN;
}

bool
order_proxied(const struct body *b)
{
	return body_enum(b, F_KIND) == KIND_RECEIPT && body_first(b, F_ON_BEHALF) != NULL;
}

/* ---- figures asked for ---- */

static const struct field *
figure_named(const char *name)
{
	static const struct { const char *word; uint32_t key; } said[] = {
	    {"应转", F_TO_MOVE}, {"已转", F_MOVED}, {"拒转", F_REFUSED}, {"返流", F_WENT_BACK}};
	const struct field *f = field_by_name(name);

	for (size_t i = 0; f == NULL && i < sizeof said / sizeof said[0]; i++)
		if (strcmp(said[i].word, name) == 0)
			f = field_by_key(said[i].key);
	for (size_t i = 0; f == NULL && field_at(i) != NULL; i++)
		if (strcmp(field_at(i)->zh, name) == 0 || strcmp(field_at(i)->label, name) == 0)
			f = field_at(i);
	return f != NULL && field_decimals(f) >= 0 ? f : NULL;
}

static bool
asks_already(const struct body *b, const char *name)
{
	for (const struct value *v = body_first(b, F_ASKS); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, name) == 0)
			return true;
	return false;
}

/* "to_move,moved", one a value or many, by name or label: the names, each once. */
static int
complete_asks(struct draft *d)
{
	static const char *const parts[] = {",", " ", ";", "\xef\xbc\x8c" /* ， */, "\xe3\x80\x81" /* 、 */, "\xe3\x80\x80" /* blank */};
	struct buf all = {0};
	const char *s;
	int rc = 0;

	for (const struct value *v = body_first(d->b, F_ASKS); v != NULL; v = body_next(d->b, v))
		buf_printf(&all, "%s,", v->u.text.s);
	body_unset(d->b, F_ASKS);
	s = buf_cstr(&all);
	while (*s != '\0' && rc == 0) {
		const char *end = s + strlen(s);
		char name[64];
		size_t skip = 0;

		for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
			const char *at = strstr(s, parts[i]);

			if (at != NULL && at < end) {
				end = at;
				skip = strlen(parts[i]);
			}
		}
		if (end > s) {
			const struct field *f;

			(void)snprintf(name, sizeof name, "%.*s", (int)(end - s), s);
			if ((f = figure_named(name)) == NULL)
				rc = fault_set(&d->f, EX_DATAERR, "asks", _("'%s' is no figure that could be asked for"), name);
			else if (body_count(d->b, F_ASKS) >= ASKS_MAX)
				rc = fault_set(&d->f, EX_DATAERR, "asks", _("at most %d figures are asked for"), ASKS_MAX);
			else if (!asks_already(d->b, f->name))
				body_add_text(d->b, F_ASKS, f->name, strlen(f->name));
		}
		s = end + skip;
	}
	buf_free(&all);
	return rc;
}

/* ---- 追加, 收回 ---- */

/* The directive a supplement or a revocation names: of this station.  NULL + fault; else the caller's. */
static struct body *
root_of(struct draft *d, struct msgid *id)
{
	const struct value *v = body_first(d->b, F_REFS);
	struct journal_msg m;
	struct body *b = NULL;
	struct fault bad = {0};

	if (v == NULL) {
		(void)draft_refuse(d, EX_DATAERR, "refs", _("which directive is meant is not said"));
		return NULL;
	}
	*id = v->u.id;
	if (draft_find(d, id, "refs", &m) == -1)
		return NULL;
	if (m.kind != KIND_DIRECTIVE)
		(void)draft_refuse(d, EX_DATAERR, "refs", _("that is no directive"));
	else if (strcmp(id->origin, d->s->conf.self) != 0)
		(void)draft_refuse(d, EX_NOPERM, "refs", _("only the station that gave the directive adds to it or takes it back"));
	else if (m.body.n == 0 || (b = wire_decode(m.body.p, m.body.n, &bad)) == NULL)
		(void)draft_refuse(d, EX_NOINPUT, "refs", _("the words of that directive are not here any more"));
	buf_free(&m.body);
	return b;
}

struct followers {
	const struct draft *d;
	struct idlist appended;
	bool revoked;
};

static int
follower_row(void *ctx, const struct journal_msg *m)
{
	struct followers *w = ctx;
	struct body *b;
	struct fault bad;

	if (m->kind != KIND_DIRECTIVE || strcmp(m->id.origin, w->d->s->conf.self) != 0 || m->body.n == 0 ||
	    (b = wire_decode(m->body.p, m->body.n, &bad)) == NULL)
		return 0;
	if (order_type(b) == ORDER_APPEND)
		idlist_add(&w->appended, &m->id);
	w->revoked |= order_type(b) == ORDER_REVOKED;
	body_free(b);
	return 0;
}

static void
add_addressees(struct draft *d, const struct msgid *id)
{
	struct journal_msg m;
	struct fault bad;
	struct body *b;

	memset(&m, 0, sizeof m);
	if (d->s->j->ops->get_message(d->s->j, id, &m) == 0 && m.body.n > 0 &&
	    (b = wire_decode(m.body.p, m.body.n, &bad)) != NULL) {
		for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v))
			draft_add_to(d, F_TO, v->u.text.s);
		for (const struct value *v = body_first(b, F_CC); v != NULL; v = body_next(b, v))
			draft_add_to(d, F_CC, v->u.text.s);
		body_free(b);
	}
	buf_free(&m.body);
}

bool
draft_order_to(struct draft *d)
{
	int type = order_type(d->b);
	struct idlist refs = {0};

	if (d->history || (type != ORDER_APPEND && type != ORDER_REVOKED))
		return false;
	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v))
		idlist_add(&refs, &v->u.id);
	for (size_t i = 0; i < refs.n; i++)
		add_addressees(d, &refs.v[i]);
	free(refs.v);
	return body_first(d->b, F_TO) != NULL;
}

static int
complete_follower(struct draft *d, int type)
{
	struct followers w = {.d = d};
	struct msgid id;
	struct body *root = root_of(d, &id);
	int rc = -1, prec;

	if (root == NULL)
		return -1;
	if (d->s->j->ops->each_referring(d->s->j, &id, follower_row, &w) == -1)
		(void)draft_refuse(d, EX_IOERR, "", _("the journal cannot be read"));
	else if (w.revoked)
		(void)draft_refuse(d, EX_DATAERR, "refs", _("that directive has been taken back already"));
	else if (order_type(root) == ORDER_REVOKED)
		(void)draft_refuse(d, EX_DATAERR, "refs", _("that is itself the taking back of a directive"));
	else if (type == ORDER_APPEND && order_type(root) == ORDER_APPEND)
		(void)draft_refuse(d, EX_DATAERR, "refs", _("name the directive itself, not what was added to it"));
	else if (type == ORDER_REVOKED && body_said(d->b, F_REASON) == NULL)
		(void)draft_refuse(d, EX_DATAERR, "reason", _("taking a directive back needs a reason"));
	else
		rc = 0;
	/* What was added to it goes with it. */
	for (size_t i = 0; rc == 0 && type == ORDER_REVOKED && i < w.appended.n; i++)
		body_add_id(d->b, F_REFS, &w.appended.v[i]);
	if (rc == 0) {
		char title[480];

		/* Nobody hears of it later, or more quietly, than of the directive. */
		prec = rules_precedence(d->s->conf.rules, root);
		if (body_enum(d->b, F_PRECEDENCE) == 0 || body_enum(d->b, F_PRECEDENCE) > prec)
			body_set_num(d->b, F_PRECEDENCE, prec);
		body_set_num(d->b, F_RING, 1);
		if (type == ORDER_REVOKED && body_said(d->b, F_TITLE) == NULL && body_said(d->b, F_TEXT) == NULL) {
			const char *of = body_said(root, F_TITLE) != NULL ? body_said(root, F_TITLE) : body_said(root, F_TEXT);
			size_t n;

			(void)snprintf(title, sizeof title, _("Taken back: %s"), of != NULL ? of : "");
			for (n = strcspn(title, "\n"); !text_utf8_valid(title, n, NULL) && n > 0; n--)
				;
			body_unset(d->b, F_TITLE);
			body_add_text(d->b, F_TITLE, title, n);
		}
	}
	free(w.appended.v);
	body_free(root);
	return rc;
}

int
draft_order(struct draft *d)
{
	int type = order_type(d->b);
	int64_t every;

	if (d->kind != KIND_DIRECTIVE || d->history)
		return 0;
	if (enum_by_value("order_type", type) == NULL)
		return draft_refuse(d, EX_DATAERR, "order_type", _("this type of directive is not known here"));
	if (complete_asks(d) == -1)
		return -1;
	if (body_num(d->b, F_EVERY, &every) && (every < 1 || every > EVERY_MAX))
		return fault_set(&d->f, EX_DATAERR, "every", _("must be from 1 to %d minutes"), EVERY_MAX);
	switch (type) {
	case ORDER_INSTRUCTION:
		if (body_said(d->b, F_PERSON) == NULL)
			return draft_refuse(d, EX_DATAERR, "person", _("whose instruction it is has to be said"));
		return 0;
	case ORDER_VERIFY:
		if (body_first(d->b, F_DUE) == NULL)
			return draft_refuse(d, EX_DATAERR, "due", _("by when it is to be verified has to be said"));
		return 0;
	case ORDER_APPEND:
	case ORDER_REVOKED:
		return complete_follower(d, type);
	default:
		return 0;
	}
}

/* ---- 电话代签 ---- */

/* "８８３０", "88-30", " 8 8 3 0": the digits. */
static void
digits_of(const char *s, char out[16])
{
	char folded[64];
	size_t n = 0;

	(void)text_fold(s, folded, sizeof folded);
	for (size_t i = 0; folded[i] != '\0' && n < 15; i++)
		if (strchr(" -.\t", folded[i]) == NULL)
			out[n++] = folded[i];
	out[n] = '\0';
}

/* Is the figure said of that station?  1 of it by name, 0 of nobody in particular, -1 of another. */
static int
figure_of(const struct draft *d, const struct value *v, const char *station)
{
	const char *source = v->u.fig.source;
	char name[160];

	if (source == NULL || *source == '\0' || strcmp(source, d->s->conf.self) == 0)
		return 0;
	if (strcmp(source, station) == 0 || strcmp(source, codebook_station(d->s->conf.codebook, station, name, sizeof name)) == 0)
		return 1;
	return -1;
}

/* What the directive says of that figure to that station; NULL: nothing. */
static const struct value *
figure_told(const struct draft *d, const struct body *order, uint32_t key, const char *station)
{
	const struct value *found = NULL;

	for (const struct value *v = body_first(order, key); v != NULL; v = body_next(order, v)) {
		int of = figure_of(d, v, station);

		if (of == 1)
			return v;
		if (of == 0)
			found = v;
	}
	return found;
}

static int
check_readback(struct draft *d, const struct body *order, const char *station)
{
	char right[5], said[16];
	const char *code = body_said(d->b, F_READBACK);

	if (code == NULL)
		return draft_refuse(d, EX_DATAERR, "readback", _("the code he read back is missing"));
	phone_code(order, right);
	digits_of(code, said);
	if (strcmp(right, said) != 0) {
		d->misread = true;
		return fault_set(&d->f, EX_DATAERR, "readback", _("the code read back, %.16s, is not that of the directive: not registered"), code);
	}
	for (size_t i = 0; i < d->b->n; i++) {
		const struct value *v = &d->b->v[i], *told;
		struct buf was = {0}, is = {0};

		if (v->field == NULL || field_decimals(v->field) < 0 ||
		    (told = figure_told(d, order, v->key, station)) == NULL ||
		    (v->u.fig.q == told->u.fig.q && v->u.fig.n == told->u.fig.n))
			continue;
		value_format(&was, told, NULL, i18n_zh());
		value_format(&is, v, NULL, i18n_zh());
		d->misread = true;
		(void)fault_set(&d->f, EX_DATAERR, v->field->name, _("read back as %s, the directive says %s: not registered"),
		    buf_cstr(&is), buf_cstr(&was));
		buf_free(&was);
		buf_free(&is);
		return -1;
	}
	return 0;
}

struct stood {
	const char *self, *station;
	int act, highest;
};

/* A proxy of ours for the same addressee that stands. */
static int
stood_row(void *ctx, const struct journal_msg *m)
{
	struct stood *w = ctx;
	struct fault bad;
	struct body *b;
	int act;

	if (m->kind != KIND_RECEIPT || m->body.n == 0 || (b = wire_decode(m->body.p, m->body.n, &bad)) == NULL)
		return 0;
	act = body_enum(b, F_ACT);
	/* Over the telephone it may be taken on again, with a new time; nobody signs twice. */
	if (order_proxied(b) ? strcmp(m->id.origin, w->self) == 0 && w->act == ACT_SIGNED &&
		strcmp(body_text(b, F_ON_BEHALF), w->station) == 0 :
	    strcmp(m->id.origin, w->station) == 0 && (act == ACT_SIGNED || act == ACT_TAKEN))
		w->highest = act > w->highest ? act : w->highest;
	body_free(b);
	return 0;
}

static int
check_proxy(struct draft *d, const struct msgid *id, const struct body *order, const char *station)
{
	struct stood w = {.self = d->s->conf.self, .station = station, .act = body_enum(d->b, F_ACT)};
	char name[160];

	if (!incident_addressed(order, station, true))
		return fault_set(&d->f, EX_DATAERR, "on_behalf", _("%s is none of its addressees"),
		    codebook_station(d->s->conf.codebook, station, name, sizeof name));
	if (d->s->j->ops->each_referring(d->s->j, id, stood_row, &w) == -1)
		return draft_refuse(d, EX_IOERR, "", _("the journal cannot be read"));
	if (w.highest >= w.act)
		return fault_set(&d->f, EX_DATAERR, "on_behalf", _("%s has signed for it already"),
		    codebook_station(d->s->conf.codebook, station, name, sizeof name));
	return check_readback(d, order, station);
}

static void
same_person(struct body *b, uint32_t have, uint32_t lacks)
{
	if (body_said(b, have) != NULL && body_said(b, lacks) == NULL)
		body_set_text(b, lacks, body_text(b, have));
}

int
draft_proxy(struct draft *d)
{
	const char *station = body_text(d->b, F_ON_BEHALF);
	const struct value *v = body_first(d->b, F_REFS);
	int act = body_enum(d->b, F_ACT), rc;
	const struct neighbour *n;
	struct journal_msg m;
	struct msgid id;
	struct body *order;
	struct fault bad;

	if (d->kind != KIND_RECEIPT || station == NULL || d->machine || d->history)
		return 0;
	if (act != ACT_SIGNED && act != ACT_TAKEN)
		return draft_refuse(d, EX_DATAERR, "act", _("for another station only signing for and taking on are registered, by telephone"));
	if (v == NULL || body_count(d->b, F_REFS) != 1)
		return draft_refuse(d, EX_DATAERR, "refs", _("one directive is signed for at a time"));
	id = v->u.id;
	if (strcmp(id.origin, d->s->conf.self) != 0)
		return draft_refuse(d, EX_NOPERM, "on_behalf", _("only the station that sent it registers a signature by telephone"));
	if (body_enum(d->b, F_CHANNEL) == 0)
		body_set_num(d->b, F_CHANNEL, CHANNEL_PHONE);
	if (body_enum(d->b, F_CHANNEL) != CHANNEL_PHONE && body_enum(d->b, F_CHANNEL) != CHANNEL_RADIO)
		return draft_refuse(d, EX_DATAERR, "channel", _("a signature is read back by telephone or radio"));
	same_person(d->b, F_PERSON, F_ANSWERED_BY);
	same_person(d->b, F_ANSWERED_BY, F_PERSON);
	if (body_said(d->b, F_PERSON) == NULL)
		return draft_refuse(d, EX_DATAERR, "person", _("who answered there has to be said"));
	if (body_said(d->b, F_RECEIPT_NO) == NULL)
		return draft_refuse(d, EX_DATAERR, "receipt_no", _("the number of the recording is missing"));
	if (act == ACT_TAKEN && body_first(d->b, F_DUE) == NULL)
		return draft_refuse(d, EX_DATAERR, "due", _("the time of the next feedback is missing"));
	if (draft_find(d, &id, "refs", &m) == -1)
		return -1;
	order = m.body.n > 0 ? wire_decode(m.body.p, m.body.n, &bad) : NULL;
	buf_free(&m.body);
	if (order == NULL)
		return draft_refuse(d, EX_NOINPUT, "refs", _("the words of that directive are not here any more"));
	rc = check_proxy(d, &id, order, station);
	body_free(order);
	if (rc == -1)
		return -1;
	body_set_num(d->b, F_READBACK_OK, 1);
	/* It sees what was signed in its name. */
	n = topology_find(d->s->conf.topology, station);
	if (n == NULL || n->role != ROLE_PHONE)
		draft_add_to(d, F_CC, station);
	return 0;
}

void
order_misread(struct draft *d)
{
	static const uint32_t kept[] = {F_REFS, F_ON_BEHALF, F_PHONE, F_ANSWERED_BY, F_RECEIPT_NO, F_READBACK, F_CHANNEL};
	struct station *s = d->s;
	const char *station = d->b != NULL ? body_text(d->b, F_ON_BEHALF) : NULL, *who;
	struct journal_request had;
	struct fault why = d->f;
	char name[160], text[1024], rid[192];
	uint8_t none[DIGEST_LEN] = {0};
	struct draft *t;
	struct body *b;
	struct msgid id;

	if (!d->misread || station == NULL)
		return;
	(void)snprintf(rid, sizeof rid, "misread %.180s", d->req->rid);
	if (s->j->ops->request_get(s->j, rid, &had) != 1)
		return;
	who = body_said(d->b, F_ANSWERED_BY);
	(void)snprintf(text, sizeof text, _("Signature by telephone of %s not registered (answered by %s): %s"),
	    codebook_station(s->conf.codebook, station, name, sizeof name), who != NULL ? who : "?", why.text);
	b = body_new();
	body_set_num(b, F_KIND, KIND_LOG);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		for (const struct value *v = body_first(d->b, kept[i]); v != NULL; v = body_next(d->b, v))
			body_add_value(b, v);
	body_set_text(b, F_TEXT, text);
	body_set_num(b, F_READBACK_OK, 0);
	if ((t = draft_twin(d, b)) != NULL) {
		if (station_issue(s, d->now, d->req->realm, t->b, d->req->seat, false, &id, &t->f) == 0)
			request_remember(s, d->now, rid, none, &id);
		draft_free(t);
		free(t);
	} else {
		log_event(LOG_LV_ERROR, "misread", "why=%s", log_quote(d->f.text));
	}
	d->f = why;
}
