/*
 * Which rule set which clock, and why: what the clocks of an incident or a message run by, in words that can be shown to whoever is chased.
 *
 * Nothing here judges anew: the clocks are those of clock_all(), the row is the one they were set by, and the rows that did not count are those
 * rules_deadline_all() passed over for the same question.  Every clock comes with its lines of text as well, so that the desk and dutyctl say the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "chase.h"
#include "query_explain.h"
#include "query_int.h"
#include "rules_json.h"

#define MINUTE_MS INT64_C(60000)
#define CN_OFFSET (INT64_C(8) * 3600 * 1000)
#define OTHERS 32
#define CLOCKS 400

struct explain {
	struct query *q;
	const struct incident *inc;	/* NULL: a message of no incident */
	const char *code;		/* event code */
	const struct msgid *about;	/* only clocks that it started; NULL all */
	int proposal, proven;		/* what the figures prove; what a clock runs by while nobody has stated a grade; 0 nothing */
	json_t *clocks;
};

static json_t *
said(const char *text)
{
	json_t *o = json_object(), *s;

	query_put_lines(o, "s", text, 4096);
	s = json_incref(json_object_get(o, "s"));
	json_decref(o);
	return s != NULL ? s : json_string("");
}

static void
line(json_t *lines, struct buf *text)
{
	(void)json_array_append_new(lines, said(buf_cstr(text)));
	buf_clear(text);
}

static const char *
when(int64_t ms, char out[24])
{
	time_t t = (time_t)((ms + CN_OFFSET) / 1000);
	struct tm tm;

	if (ms == 0 || gmtime_r(&t, &tm) == NULL || strftime(out, 24, "%m-%d %H:%M", &tm) == 0)
		(void)snprintf(out, 24, "?");
	return out;
}

/* Why the clock runs by that grade. */
static const char *
grade_why(const struct explain *x, const struct owed_item *it, const char **zh)
{
	int stated = x->inc != NULL ? x->inc->grade : 0;
	bool graded = stated >= GRADE_I && stated <= GRADE_IV;

	if (it->grade == 0) {
		*zh = "";
		return "";
	}
	if (it->grade == GRADE_UNDETERMINED && graded) {
		*zh = "起算时未定";
		return "it was undetermined when the clock started";
	}
	if (it->grade == GRADE_UNDETERMINED && x->proposal != 0) {
		*zh = "未定级,数字未明,从严按未定计";
		return "nobody has stated it and figures are unknown: the stricter, as undetermined";
	}
	if (it->grade == GRADE_UNDETERMINED) {
		*zh = "无人定级,数字也证明不了,按未定计";
		return "nobody has stated it and no figure proves one: as undetermined";
	}
	if (graded && it->grade == stated) {
		*zh = "已定级";
		return "stated";
	}
	if (x->proposal != 0 && it->grade == x->proposal) {
		*zh = "数字已证明";
		return "proven by the figures";
	}
	if (!graded && x->proven != 0 && it->grade == x->proven) {
		*zh = "数字未明,从严一级";
		return "one step stricter than what is proven, because figures are unknown";
	}
	*zh = "起算时如此";
	return "as it stood when the clock started";
}

/* The row the clock was set by and those passed over.  The item does not say whether it was asked as marked: the answer that begins with its row is the
 * right one.  Returns how many; 0: its rule is no longer there. */
static size_t
rows_of(const struct explain *x, const struct owed_item *it, struct rule_other o[OTHERS])
{
	const struct query *q = x->q;
	struct rule_ask ask = { .what = it->what, .station = q->self, .level = q->level, .code = x->code, .grade = it->grade, .prec = it->prec,
		.scope = it->scope, .at = it->origin };
	size_t n = 0;

	for (int at = 0; at < 2; at++)	/* 核报 without a row of its own goes by that of feedback */
		for (int risk = 0; risk < 2; risk++) {
			ask.risk = risk == 1;
			ask.what = at == 1 && it->what == OWED_VERIFY ? OWED_FEEDBACK : it->what;
			n = rules_deadline_all(q->conf->rules, &ask, o, OTHERS);
			if (n > 0 && o[0].why[0] == '\0' && strcmp(o[0].d.id, it->rule) == 0)
				return n;
		}
	for (size_t i = 0; rules_deadline_at(q->conf->rules, i, &o[0].d); i++)
		if (strcmp(o[0].d.id, it->rule) == 0) {
			o[0].why = "";
			return 1;
		}
	return 0;
}

static void
put_limit(const struct query *q, struct buf *text, const struct deadline *d)
{
	char times[200];

	rules_json_times(d, times, sizeof times);
	if (times[0] != '\0')
		buf_printf(text, query_say(q, "by %s", "每日%s前"), times);
	else
		buf_printf(text, query_say(q, "%" PRId64 " min", "%" PRId64 "分"), d->minutes);
}

static void
put_rule(const struct explain *x, json_t *o, json_t *lines, struct buf *text, const struct owed_item *it)
{
	const struct query *q = x->q;
	struct rule_other rows[OTHERS];
	json_t *others = json_array();
	size_t n = it->rule[0] != '\0' ? rows_of(x, it, rows) : 0;

	query_put(o, "minutes", n > 0 ? json_integer(rows[0].d.minutes) : json_null());
	query_put_text(o, "rule", it->rule);
	query_put_text(o, "clause", it->clause);
	query_put_text(o, "since", n > 0 ? rows[0].d.since : "");
	query_put_text(o, "until", n > 0 ? rows[0].d.until : "");
	query_put_text(o, "profile", n > 0 ? rows[0].d.profile : "");
	query_put_text(o, "file", n > 0 ? rules_json_file(rows[0].d.file) : "");
	query_put(o, "line", json_integer(n > 0 ? (json_int_t)rows[0].d.line : 0));
	query_put_text(o, "who", n > 0 ? rows[0].d.who : "");
	if (n == 0) {
		buf_printf(text, query_say(q, "  by      %s", "  依据  %s"), it->promised ? query_say(q, "as promised when it was taken on", "接办(反馈)时自报") :
		    it->rule[0] == '\0' ? query_say(q, "as the message itself sets", "按来文时限") : it->clause);
		line(lines, text);
	} else {
		buf_puts(text, query_say(q, "  limit   ", "  时限  "));
		put_limit(q, text, &rows[0].d);
		buf_printf(text, "  %s", it->scope == SCOPE_CHAIN ? query_say(q, "one clock for all levels", "全链共用一钟") :
		    query_say(q, "this station's own clock", "本站自己的钟"));
		line(lines, text);
		buf_printf(text, query_say(q, "  by      %s", "  依据  %s"), it->clause);
		line(lines, text);
		buf_printf(text, query_say(q, "  rule    %s", "  规则  %s"), it->rule);
		if (rows[0].d.since[0] != '\0')
			buf_printf(text, query_say(q, ", in force since %s", ",%s起施行"), rows[0].d.since);
		if (rows[0].d.until[0] != '\0')
			buf_printf(text, query_say(q, " until %s", ",至%s"), rows[0].d.until);
		buf_printf(text, "  %s:%zu", rules_json_file(rows[0].d.file), rows[0].d.line);
		line(lines, text);
	}
	for (size_t i = 1; i < n; i++) {
		json_t *e = json_object();
		const char *why = explain_why_not(q, rows[i].why);

		query_put_text(e, "rule", rows[i].d.id);
		query_put_text(e, "clause", rows[i].d.clause);
		query_put(e, "minutes", json_integer(rows[i].d.minutes));
		query_put_text(e, "profile", rows[i].d.profile);
		query_put_text(e, "file", rules_json_file(rows[i].d.file));
		query_put(e, "line", json_integer((json_int_t)rows[i].d.line));
		query_put_text(e, "why", why);
		(void)json_array_append_new(others, e);
		buf_puts(text, query_say(q, "  not     ", "  未用  "));
		put_limit(q, text, &rows[i].d);
		buf_printf(text, query_say(q, "  %s (%s): %s", "  %s(%s):%s"), rows[i].d.clause, rows[i].d.id, why);
		line(lines, text);
	}
	query_put(o, "others", others);
}

static void
put_chase(const struct explain *x, json_t *o, json_t *lines, struct buf *text, const struct owed_item *it)
{
	const struct query *q = x->q;
	struct chase_rung rung[CHASE_RUNGS];
	size_t n = chase_rungs(q->conf->rules, it, rung);
	json_t *list = json_array();

	query_put_text(o, "chain", it->chase);
	for (size_t i = 0; i < n; i++) {
		json_t *e;
		char at[24], by[96];
		int64_t ms, span;

		if (__builtin_mul_overflow(rung[i].after, MINUTE_MS, &span) ||
		    __builtin_add_overflow(rung[i].from_due ? it->due : it->origin, span, &ms))
			continue;
		explain_by(q, rung[i].by, by, sizeof by);
		e = json_object();
		query_put(e, "rung", json_integer(rung[i].rung));
		query_put(e, "at", json_integer(ms));
		query_put_text(e, "to", rules_chase_to_name(rung[i].to));
		query_put_text(e, "to_name", explain_to(q, rung[i].to));
		query_put_text(e, "by", by);
		query_put_text(e, "clause", rung[i].clause);
		(void)json_array_append_new(list, e);
		buf_printf(text, "%s%s %s %s", i == 0 ? query_say(q, "  chased  ", "  催办  ") : query_say(q, "; ", ";"), when(ms, at), explain_to(q, rung[i].to),
		    by);
	}
	if (n > 0) {
		buf_printf(text, query_say(q, " (%s)", "(%s)"), rung[0].clause);
		line(lines, text);
	}
	query_put(o, "chase", list);
}

static int64_t
late_by(const struct query *q, const struct owed_item *it)
{
	int64_t until = it->met != 0 ? it->met : it->ended != 0 ? it->ended : q->now, late;

	return __builtin_sub_overflow(until, it->due, &late) || late < 0 ? 0 : late;
}

/* Whose word has ended it: "lowered to IV by X, 14:40". */
static void
put_ended(const struct explain *x, struct buf *text, const struct owed_item *it)
{
	const struct query *q = x->q;
	const char *by = it->ended_by.origin;
	char at[24], word[96] = "?";

	for (size_t i = 0; x->inc != NULL && i < x->inc->nall; i++) {
		const struct incident_line *l = &x->inc->all[i];

		if (msgid_cmp(&l->id, &it->ended_by) != 0)
			continue;
		(void)query_word(q, "grade", l->grade, word, sizeof word);
		if (body_said(l->body, F_SIGNER) != NULL)
			by = body_said(l->body, F_SIGNER);
	}
	buf_printf(text, query_say(q, "  ended   lowered to %s by %s, %s; no figure proves the graver one", "  终止  已降为%s(%s,%s),数字未证明原等级"), word, by,
	    when(it->ended, at));
}

/* What was typed to have been told in time, and typed after the limit; 0: told as it stands. */
static int64_t
entered_at(const struct incident *inc, const struct owed_item *it)
{
	for (size_t i = 0; i < inc->nall; i++)
		if (msgid_cmp(&inc->all[i].id, &it->met_by) == 0)
			return it->met <= it->due && inc->all[i].stored > it->due ? inc->all[i].stored : 0;
	return 0;
}

static void
put_head(const struct explain *x, const json_t *o, json_t *lines, struct buf *text, const struct owed_item *it)
{
	const struct query *q = x->q;
	int64_t entered;
	int64_t late = late_by(q, it);
	char due[24], met[24];

	buf_printf(text, "%s -> %s  ", json_string_value(json_object_get(o, "what_name")), json_string_value(json_object_get(o, "towards_name")));
	buf_printf(text, query_say(q, "due %s  ", "限%s  "), when(it->due, due));
	if (it->met != 0) {
		buf_printf(text, query_say(q, "done %s", "%s已办"), when(it->met, met));
		if (it->how[0] != '\0')
			buf_printf(text, query_say(q, " (%s)", "(%s)"), explain_how(q, it->how));
		if (x->inc != NULL && (entered = entered_at(x->inc, it)) != 0)
			buf_printf(text, query_say(q, " (entered %s)", "(%s补记)"), when(entered, met));
		if (late >= MINUTE_MS)
			buf_printf(text, query_say(q, ", %" PRId64 " min late", ",迟%" PRId64 "分"), late / MINUTE_MS);
		else
			buf_puts(text, query_say(q, ", in time", ",按时"));
	} else if (it->ended != 0) {
		buf_printf(text, query_say(q, "over since %s", "%s起不再计"), when(it->ended, met));
		if (late >= MINUTE_MS)
			buf_printf(text, query_say(q, ", %" PRId64 " min late by then", ",当时已超%" PRId64 "分"), late / MINUTE_MS);
	} else if (late > 0)
		buf_printf(text, query_say(q, "NOT DONE, %" PRId64 " min late", "未办,已超%" PRId64 "分"), late / MINUTE_MS);
	else
		buf_printf(text, query_say(q, "%" PRId64 " min left", "还有%" PRId64 "分"), (it->due - q->now + MINUTE_MS - 1) / MINUTE_MS);
	line(lines, text);
}

static void
clock_one(void *ctx, const struct owed_item *it)
{
	struct explain *x = ctx;
	const struct query *q = x->q;
	json_t *o, *lines;
	struct buf text = { 0 };
	const char *zh, *why = grade_why(x, it, &zh);
	char word[96], at[24];

	if ((x->about != NULL && msgid_cmp(&it->about, x->about) != 0) || json_array_size(x->clocks) == CLOCKS)
		return;
	o = json_object();
	lines = json_array();
	query_put_enum(q, o, "what", "owed", (int)it->what);
	query_put_id(o, "about", &it->about);
	query_put(o, "origin", json_integer(it->origin));
	query_put_text(o, "from", rules_origin_name(it->from));
	query_put_text(o, "from_name", explain_from(q, it->from));
	query_put(o, "due", json_integer(it->due));
	query_put_text(o, "scope", rules_scope_name(it->scope));
	query_put_text(o, "endpoint", it->endpoint);
	query_put_station(q, o, "towards", it->towards);
	if (strcmp(it->towards, "ext:guojia") == 0)
		query_put_text(o, "towards_name", query_say(q, "State Council duty office", "国务院总值班室"));
	query_put_enum(q, o, "grade", "grade", it->grade);
	query_put_text(o, "why", query_say(q, why, zh));
	query_put_text(o, "person", it->person);
	put_head(x, o, lines, &text, it);
	if (it->ended != 0) {
		put_ended(x, &text, it);
		line(lines, &text);
	}
	if (it->person[0] != '\0') {
		buf_printf(&text, query_say(q, "  person  %s", "  责任人  %s"), it->person);
		line(lines, &text);
	}
	buf_printf(&text, query_say(q, "  from    %s %s", "  起算  %s %s"), explain_from(q, it->from), when(it->origin, at));
	if (it->from == ORIGIN_OCCURRED && x->inc != NULL && x->inc->occurred == 0)
		buf_puts(&text, query_say(q, " (not known when it happened: the earliest instant known)", "(发生时刻不明,按所知最早时刻)"));
	line(lines, &text);
	put_rule(x, o, lines, &text, it);
	if (it->grade != 0) {
		buf_printf(&text, query_say(q, "  grade   %s: %s", "  等级  %s:%s"), query_word(q, "grade", it->grade, word, sizeof word),
		    query_say(q, why, zh));
		line(lines, &text);
	}
	if (it->passed != 0) {
		query_put(o, "passed", json_integer(it->passed));
		buf_printf(&text, query_say(q, "  told    the next level at %s; it has to pass it on", "  已报  %s报到上级,待其转报"), when(it->passed, at));
		line(lines, &text);
	}
	if (it->met == 0 && it->ended == 0)
		put_chase(x, o, lines, &text, it);
	else
		query_put(o, "chase", json_array());
	query_put(o, "met", it->met != 0 ? json_integer(it->met) : json_null());
	query_put_id(o, "met_by", &it->met_by);
	query_put(o, "ended", it->ended != 0 ? json_integer(it->ended) : json_null());
	query_put_id(o, "ended_by", &it->ended_by);
	query_put_text(o, "how", it->how);
	query_put(o, "late", json_integer(late_by(q, it)));
	query_put(o, "lines", lines);
	buf_free(&text);
	(void)json_array_append_new(x->clocks, o);
}

/* ---- what is asked about ---- */

static void
judge(struct explain *x)
{
	const struct grade_rules *tables = rules_grading(x->q->conf->rules);
	struct grade_verdict v;
	struct body *b;
	int by;

	if (tables == NULL || x->inc->type[0] == '\0')
		return;
	b = body_new();
	clock_figures(x->inc, b);
	grade_judge(tables, b, &v);
	x->proposal = v.proposal;
	by = grade_for_clock(&v);
	x->proven = by >= GRADE_I && by <= GRADE_IV ? by : 0;
	grade_verdict_free(&v);
	body_free(b);
}

static json_t *
answer(struct explain *x, const struct msgid *incident, const char *title)
{
	const struct query *q = x->q;
	char number[320];
	json_t *o = json_object(), *notes = json_array(), *change = NULL;

	query_put_id(o, "incident", incident);
	query_put_text(o, "number", x->inc != NULL ? query_number(q, x->inc->opener, x->inc->number, number, sizeof number) : "");
	query_put_text(o, "title", title);
	query_put_enum(q, o, "stated", "grade", x->inc != NULL ? x->inc->grade : 0);
	query_put_enum(q, o, "proven", "grade", x->proposal);
	query_put_text(o, "profiles", rules_profiles(q->conf->rules));
	query_put(o, "clocks", x->clocks);
	if (x->inc != NULL && (change = query_supplement(q, x->inc)) != NULL)
		(void)json_array_append(notes, json_object_get(change, "text"));
	query_put(o, "notes", notes);
	json_decref(change);
	return o;
}

/* of: only the clocks this message started, NULL all.  An incident's id is its first message's: that one stands for all. */
static json_t *
explain_incident(struct query *q, const struct msgid *id, const struct msgid *of)
{
	struct explain x = { .q = q };
	struct folded fd;
	json_t *o = NULL;

	memset(&fd, 0, sizeof fd);
	if (station_fold(q->s, id, &fd) == -1)
		return query_unreadable(q);
	if (fd.n == 0) {
		(void)fault_set(q->f, EX_NOINPUT, "ref", _("of that incident nothing is here"));
		goto out;
	}
	x.inc = fd.incident;
	x.code = fd.incident->type;
	x.about = of != NULL && msgid_cmp(of, id) != 0 ? of : NULL;
	x.clocks = json_array();
	judge(&x);
	clock_all(fd.incident, q->self, q->parent, q->level, q->conf->rules, clock_one, &x);
	if (x.about != NULL && json_array_size(x.clocks) == 0) {	/* it started none: those of its incident */
		x.about = NULL;
		clock_all(fd.incident, q->self, q->parent, q->level, q->conf->rules, clock_one, &x);
	}
	o = answer(&x, id, fd.incident->title);
out:
	folded_free(&fd);
	return o;
}

struct sent_to {
	char to[STATION_MAX];
	int done;
};
struct sent_tos {
	struct sent_to *v;
	size_t n;
};

static int
delivery_row(void *ctx, const struct journal_delivery *d)
{
	struct sent_tos *s = ctx;

	s->v = xreallocarray(s->v, s->n + 1, sizeof *s->v);
	(void)snprintf(s->v[s->n].to, sizeof s->v[s->n].to, "%s", d->to);
	s->v[s->n++].done = d->taken != 0 ? ACT_TAKEN : d->signed_ != 0 ? ACT_SIGNED : d->read != 0 ? ACT_READ : 0;
	return 0;
}

struct acts {
	struct query *q;
	const char *who;
	int done;
	bool answered;
};

static int
act_row(void *ctx, const struct journal_msg *m)
{
	struct acts *a = ctx;
	struct body *b = strcmp(m->id.origin, a->who) == 0 ? query_decode(m) : NULL;

	if (b != NULL && body_enum(b, F_KIND) == KIND_FEEDBACK)
		a->answered = true;
	else if (b != NULL && body_enum(b, F_KIND) == KIND_RECEIPT && body_enum(b, F_ACT) > a->done)
		a->done = body_enum(b, F_ACT);
	body_free(b);
	return 0;
}

/* A message of no incident. */
static json_t *
explain_message(struct query *q, const struct journal_msg *m, const struct body *b)
{
	struct explain x = { .q = q, .code = body_text(b, F_TYPE), .clocks = json_array() };
	struct acts a = { .q = q, .who = q->self };
	struct sent_tos to = { 0 };
	struct buf title = { 0 };
	json_t *o = NULL;

	if (strcmp(m->id.origin, q->self) == 0) {
		if (q->j->ops->delivery_each(q->j, &m->id, delivery_row, &to) == -1)
			goto failed;
		for (size_t i = 0; i < to.n; i++) {
			struct acts theirs = { .q = q, .who = to.v[i].to, .done = to.v[i].done };
			struct clock_sent s = { .id = m->id, .sent = m->stored, .body = b, .to = to.v[i].to };

			if (q->j->ops->each_referring(q->j, &m->id, act_row, &theirs) == -1)
				goto failed;
			s.done = theirs.done;
			s.answered = theirs.answered;
			clock_awaited(&s, q->level, q->conf->rules, clock_one, &x);
		}
	} else {
		struct clock_received r = { .id = m->id, .stored = m->stored, .body = b, .code = x.code };

		if (q->j->ops->each_referring(q->j, &m->id, act_row, &a) == -1)
			goto failed;
		r.done = a.done;
		r.answered = a.answered;
		clock_message(&r, q->self, q->level, q->conf->rules, clock_one, &x);
	}
	query_title(q, b, QUERY_TITLE, &title);
	o = answer(&x, &m->incident, buf_cstr(&title));
	x.clocks = NULL;
	goto out;
failed:
	(void)query_unreadable(q);
out:
	json_decref(x.clocks);
	buf_free(&title);
	free(to.v);
	return o;
}

json_t *
query_explain(struct query *q)
{
	const char *ref, *word;
	struct journal_msg m;
	struct body *b = NULL;
	struct msgid id, incident;
	int realm, rc;
	json_t *o = NULL;

	memset(&m, 0, sizeof m);
	if (!query_get_text(q, "id", false, &word) || !query_get_text(q, "ref", false, &ref) || !query_get_realm(q, REALM_LIVE, &realm))
		return NULL;
	if ((word == NULL) == (ref == NULL)) {
		(void)fault_set(q->f, EX_DATAERR, "ref", _("needs an incident's number, or the id of a message: one of them"));
		return NULL;
	}
	if (word == NULL)
		word = ref;
	if (!msgid_parse(word, &id)) {
		if (ref == NULL)
			(void)fault_set(q->f, EX_DATAERR, "id", _("no message id: %.80s"), word);
		else if (station_resolve(q->s, realm, ref, &incident, q->f) == 0)
			o = explain_incident(q, &incident, NULL);
		return o;
	}
	if ((rc = query_message(q, &id, &m, &b)) == -1)
		(void)query_unreadable(q);
	else if (msgid_is_set(&m.incident))
		o = explain_incident(q, &m.incident, &id);
	else if (rc == 0)
		o = explain_message(q, &m, b);
	else if (msgid_is_set(&m.id))
		(void)fault_set(q->f, EX_NOINPUT, "id", _("its text is not here: it starts no clock"));
	else if (station_resolve(q->s, realm, word, &incident, q->f) == 0)
		o = explain_incident(q, &incident, NULL);
	body_free(b);
	buf_free(&m.body);
	return o;
}

json_t *
query_rules(struct query *q)
{
	const char *what, *place;
	const struct enum_name *e = NULL;

	if (!query_get_text(q, "what", false, &what) || !query_get_text(q, "place", false, &place))
		return NULL;
	if (what != NULL && (e = enum_by_name("owed", what)) == NULL) {
		(void)fault_set(q->f, EX_DATAERR, "what", _("\"%s\" is not known here"), what);
		return NULL;
	}
	return rules_json(q->conf->rules, e != NULL ? e->name : NULL, place, q->zh);
}
