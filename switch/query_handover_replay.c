/*
 * Op replay: a shift in three minutes.  Every act in the order it was stored, and between them what is no message: from when to when who was
 * responsible, a handover that was due and did not come, a limit that went by.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "query_handover.h"
#include "query_live.h"

#define ROWS_MAX 5000
#define DAY_MS INT64_C(86400000)
#define WINDOW_MAX (62 * DAY_MS)

struct row {
	int64_t at;
	uint64_t seq;		/* order among those of the same instant: place in the journal; 0: no message */
	const char *kind;	/* static */
	char id[MSGID_TEXT_MAX];
	char *text;
};
struct replay {
	struct query *q;
	const struct duty *duty;
	int64_t from, to;
	struct row *v;
	size_t n, cap, bytes;
	bool more;
};

static void
add(struct replay *r, int64_t at, uint64_t seq, const char *kind, const struct msgid *id, struct buf *text)
{
	if (r->n >= ROWS_MAX || r->bytes > QUERY_BYTES / 2)
		r->more = true;
	else {
		if (r->n == r->cap) {
			r->cap = r->cap == 0 ? 64 : 2 * r->cap;
			r->v = xreallocarray(r->v, r->cap, sizeof *r->v);
		}
		memset(&r->v[r->n], 0, sizeof r->v[r->n]);
		r->v[r->n] = (struct row){.at = at, .seq = seq, .kind = kind, .text = xstrdup(buf_cstr(text))};
		if (id != NULL)
			msgid_format(id, r->v[r->n].id, sizeof r->v[r->n].id);
		r->bytes += text->n + 200;
		r->n++;
	}
	buf_free(text);
}

/* ---- acts ---- */

static void
say_field(struct buf *out, const struct body *b, uint32_t key, const char *before)
{
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (v->field != NULL && v->field->type == FT_TEXT && v->u.text.len > 0) {
			buf_printf(out, "%s%s", before, v->u.text.s);
			before = " ";
		}
}

/* What the duty book's own messages say: "签交接 陈亮 接班". */
static void
duty_text(struct query *q, int kind, const struct body *b, struct buf *out)
{
	int step = body_enum(b, F_DUTY_STEP);
	char word[96];

	buf_puts(out, step != 0 ? query_word(q, "duty_step", step, word, sizeof word) : query_word(q, "kind", kind, word, sizeof word));
	say_field(out, b, F_PERSON, " ");
	if (kind == KIND_HANDOVER && body_text(b, F_QUESTION) != NULL) {
		buf_printf(out, " %s %s ", query_say(q, "read back", "复述"), body_text(b, F_QUESTION));
		say_field(out, b, F_ANSWER, "");
		buf_puts(out, body_flag(b, F_ANSWER_OK) ? query_say(q, " right", " 对") : query_say(q, " wrong", " 不对"));
		return;
	}
	if (body_enum(b, F_SIDE) != 0)
		buf_printf(out, " %s", query_word(q, "side", body_enum(b, F_SIDE), word, sizeof word));
	if (step == DUTY_HANDOVER_BEGUN || step == DUTY_STAY) {
		say_field(out, b, F_OUTGOING, query_say(q, " from ", " 交 "));
		say_field(out, b, F_INCOMING, query_say(q, " to ", " 接 "));
	}
	if (step == DUTY_STAY || step == DUTY_HANDOVER_BEGUN)
		say_field(out, b, F_SIGNER, query_say(q, ", ordered by ", " 令 "));
	if (step == DUTY_HANDOVER_ITEM)
		say_field(out, b, F_ITEM, query_say(q, ": ", ":"));
	if (step == DUTY_HANDOVER_SIGNED && body_count(b, F_ITEM) > 0)
		buf_printf(out, query_say(q, ", %zu items", " 共%zu项"), body_count(b, F_ITEM));
	say_field(out, b, F_EQUIPMENT, " ");
	if (step == DUTY_LOG_EQUIPMENT && body_enum(b, F_OUTCOME) == OUTCOME_REACHED)
		buf_puts(out, query_say(q, " works", " 正常"));
	else if (body_enum(b, F_OUTCOME) != 0)
		buf_printf(out, " %s", query_word(q, "outcome", body_enum(b, F_OUTCOME), word, sizeof word));
	if (kind == KIND_LOG) {
		say_field(out, b, F_CALLER_UNIT, " ");
		say_field(out, b, F_CALLER, " ");
	}
	if (step != DUTY_LOG_EQUIPMENT || body_text(b, F_EQUIPMENT) == NULL || body_text(b, F_TEXT) == NULL ||
	    strcmp(body_text(b, F_EQUIPMENT), body_text(b, F_TEXT)) != 0)
		say_field(out, b, F_TEXT, " ");
	if (kind == KIND_LOG)
		say_field(out, b, F_TOLD, query_say(q, "; told: ", ";已告知 "));
	say_field(out, b, F_REASON, " ");
}

static void
act_text(struct query *q, const struct journal_msg *m, const struct body *b, struct buf *out)
{
	struct buf title = {0};
	char word[192];

	if (strcmp(m->id.origin, q->self) != 0)
		buf_printf(out, "%s ", query_station(q, m->id.origin, word, sizeof word));
	if (m->kind == KIND_HANDOVER || m->kind == KIND_ROSTER || m->kind == KIND_STAFF || m->kind == KIND_LOG || m->kind == KIND_ROLLCALL ||
	    m->kind == KIND_ROLLANSWER || m->kind == KIND_ZERO) {
		duty_text(q, m->kind, b, out);
		return;
	}
	if (m->kind == KIND_CHASE) {
		buf_puts(out, query_say(q, "chased", "催办"));
		say_field(out, b, F_TEXT, " ");
		say_field(out, b, F_RUNG_TO, query_say(q, "; rang ", ";响 "));
		return;
	}
	query_title(q, b, QUERY_LINE, &title);
	(void)query_word(q, "kind", m->kind, word, sizeof word);
	if (strncmp(buf_cstr(&title), word, strlen(word)) != 0)
		buf_printf(out, "%s ", word);
	if (body_text(b, F_NUMBER) != NULL)
		buf_printf(out, "%s ", body_text(b, F_NUMBER));
	buf_puts(out, buf_cstr(&title));
	if (m->kind != KIND_RECEIPT)
		say_field(out, b, F_PERSON, " ");
	buf_free(&title);
}

static const char *
row_kind(const struct journal_msg *m, const struct body *b)
{
	switch (m->kind) {
	case KIND_CHASE:
		return "ring";
	case KIND_HANDOVER:
		return "handover";
	case KIND_LOG:
		return body_enum(b, F_DUTY_STEP) == DUTY_LOG_MUTE ? "mute" : "log";
	default:
		return "act";
	}
}

static int
act_row(void *ctx, const struct journal_msg *m)
{
	struct replay *r = ctx;
	struct buf text = {0};
	struct body *b;

	if (m->stored < r->from - DAY_MS)
		return 1; /* newest first; a day, for a clock that was set back */
	if (m->stored < r->from || m->stored > r->to || m->id.realm != REALM_LIVE)
		return 0;
	if ((b = query_decode(m)) == NULL)
		return 0;
	if (m->kind != KIND_SERVICE && !(m->kind == KIND_RECEIPT && body_enum(b, F_ACT) == ACT_DELIVERED)) {
		act_text(r->q, m, b, &text);
		add(r, m->stored, m->seq, row_kind(m, b), &m->id, &text);
	}
	body_free(b);
	return 0;
}

/* ---- what is no message ---- */

static void
say_names(struct buf *out, const char (*v)[97], size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, " %s", v[i]);
}

static void
spans(struct replay *r)
{
	const struct watch_span *v;
	size_t n = watch_spans(r->duty->watch, &v);

	for (size_t i = 0; i < n; i++) {
		struct buf text = {0};
		char when[24], until[24];

		if (v[i].from > r->to || (v[i].to != 0 && v[i].to <= r->from))
			continue;
		buf_printf(&text, "%s %s", query_say(r->q, "responsible", "责任"), v[i].shift);
		say_names(&text, v[i].person, v[i].n);
		buf_printf(&text, " %s-%s", handover_time(v[i].from, r->to, when),
		    v[i].to != 0 ? handover_time(v[i].to, r->to, until) : query_say(r->q, "now", "至今"));
		add(r, v[i].from < r->from ? r->from : v[i].from, 0, "span", &v[i].by, &text);
	}
}

static bool
all_there(const struct roster_shift *sh, const struct watch_span *s)
{
	for (size_t i = 0; i < sh->nofficer; i++) {
		bool there = false;

		for (size_t k = 0; k < s->n; k++)
			there |= strcmp(s->person[k], sh->officer[i]) == 0;
		if (!there)
			return false;
	}
	return true;
}

/* Shifts that were to begin, and did not at their hour. */
static void
handovers_due(struct replay *r)
{
	for (size_t i = 0; r->duty->roster != NULL && i < roster_count(r->duty->roster); i++) {
		const struct roster_shift *sh = roster_at(r->duty->roster, i);
		struct watch_span s;
		struct buf text = {0};
		char when[24];

		if (sh->from < r->from || sh->from > r->to || sh->from > r->q->now || sh->nofficer == 0 ||
		    !watch_at(r->duty->watch, sh->from, &s) || s.planned >= sh->from || s.from == sh->from || all_there(sh, &s))
			continue;
		buf_printf(&text, query_say(r->q, "handover due %s, not done: responsible", "应交 %s 未交 责任"),
		    handover_time(sh->from, r->to, when));
		say_names(&text, s.person, s.n);
		add(r, sh->from, 0, "due", &sh->id, &text);
	}
}

static void
late_add(void *ctx, const struct owed_item *it)
{
	struct replay *r = ctx;
	struct query *q = r->q;
	struct buf text = {0};
	char word[96], when[24];

	if (it->due < r->from || it->due > r->to || it->due > q->now || (it->met != 0 && it->met <= it->due) ||
	    (it->ended != 0 && it->ended <= it->due))
		return;
	buf_printf(&text, "%s %s", query_say(q, "limit passed:", "到点未办"), query_word(q, "owed", (int)it->what, word, sizeof word));
	if (*it->person != '\0')
		buf_printf(&text, " %s", watch_owner(r->duty->watch, "", it->person, it->due));
	if (it->met != 0)
		buf_printf(&text, query_say(q, " (done %s)", " (%s 补办)"), handover_time(it->met, it->due, when));
	add(r, it->due, 0, "late", &it->about, &text);
}

static int
limits(struct replay *r)
{
	struct query *q = r->q;
	struct live *l = live_get(q);

	if (l == NULL)
		return -1;
	for (size_t i = 0; i < l->nlisted; i++) {
		struct live_incident *inc = l->listed[i];
		struct folded fd;
		int rc;

		if (inc->id.realm != REALM_LIVE)
			continue;
		if (!inc->open && inc->changed < r->from)
			continue;
		memset(&fd, 0, sizeof fd);
		if ((rc = station_fold(q->s, &inc->id, &fd)) == -1)
			return -1;
		if (rc == 0)
			clock_all(fd.incident, q->self, q->parent, q->level, q->conf->rules, late_add, r);
		folded_free(&fd);
	}
	return 0;
}

/* ---- the whole ---- */

static int
cmp_row(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	/* of one instant: first who is responsible, then what he did, then what did not come */
	bool sx = strcmp(x->kind, "span") == 0, sy = strcmp(y->kind, "span") == 0;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (sx != sy)
		return sx ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Of which time: as said, else the present shift; "last": the one before it. */
static bool
window(struct query *q, const struct watch *w, int64_t *from, int64_t *to)
{
	const struct watch_span *v;
	size_t n = watch_spans(w, &v);
	const char *shift;

	if (!query_get_text(q, "shift", false, &shift) || !query_get_int(q, "to", q->now, 0, INT64_MAX, to))
		return false;
	*from = n > 0 ? v[n - 1].from : q->now - DAY_MS;
	if (shift != NULL && strcmp(shift, "last") == 0) {
		if (n < 2)
			return fault_set(q->f, EX_NOINPUT, "shift", _("there is no shift before this one")) == 0;
		*from = v[n - 2].from;
		if (json_object_get(q->req, "to") == NULL)
			*to = v[n - 2].to;
	} else if (shift != NULL && strcmp(shift, "now") != 0)
		return fault_set(q->f, EX_DATAERR, "shift", _("the shift is now or last")) == 0;
	if (!query_get_int(q, "from", *from, 0, INT64_MAX, from))
		return false;
	if (*from > *to)
		return fault_set(q->f, EX_DATAERR, "from", _("the time ends before it begins")) == 0;
	if (*to - *from > WINDOW_MAX)
		return fault_set(q->f, EX_DATAERR, "from", _("more than two months cannot be replayed at once")) == 0;
	return true;
}

json_t *
query_replay(struct query *q)
{
	struct replay r = {.q = q, .duty = station_duty(q->s)};
	json_t *o = NULL, *list, *row;

	if (r.duty == NULL || r.duty->watch == NULL)
		return query_unreadable(q);
	if (!window(q, r.duty->watch, &r.from, &r.to))
		return NULL;
	spans(&r);
	handovers_due(&r);
	if (q->j->ops->each_before(q->j, UINT64_MAX, 0, true, act_row, &r) == -1 || limits(&r) == -1) {
		(void)query_unreadable(q);
		goto out;
	}
	if (r.n > 1)
		qsort(r.v, r.n, sizeof *r.v, cmp_row);
	list = json_array();
	for (size_t i = 0; i < r.n; i++) {
		row = json_object();
		query_put(row, "at", json_integer(r.v[i].at));
		query_put_text(row, "kind", r.v[i].kind);
		query_put_text(row, "id", r.v[i].id);
		query_put_text(row, "text", r.v[i].text);
		(void)json_array_append_new(list, row);
	}
	o = json_object();
	query_put(o, "from", json_integer(r.from));
	query_put(o, "to", json_integer(r.to));
	query_put(o, "rows", list);
	query_put(o, "more", json_boolean(r.more));
out:
	for (size_t i = 0; i < r.n; i++)
		free(r.v[i].text);
	free(r.v);
	return o;
}
