/*
 * Which rung of a chain of chasing rings now: pure, from the item, its rungs and the time.
 *
 * What has rung is known by key and rung, and the key holds the limit: so a rung rings once for one limit however often the station starts,
 * whatever the clock does, and a new promise is chased anew without anything having to be re-armed.  Of several rungs that came due while
 * nobody was there to ring them the highest rings, for all of them: whoever it calls is told how late it is, and the bell rings with it if any
 * of those passed over had one.  A rung below one that has rung is never made up for.
 *
 * Rungs that leave no message are passed over: what is only shown is the screen's, and that a receipt is missing the sender is told by its own
 * switch, which waits for the same receipt.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "../formats/text.h"
#include "chase.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define CN_OFFSET (INT64_C(8) * 3600 * 1000)

bool
chase_awaits(enum owed what)
{
	return what == OWED_AWAIT_SIGN || what == OWED_AWAIT_FEEDBACK || what == OWED_AWAIT_ZERO || what == OWED_AWAIT_ROLL ||
	    what == OWED_AWAIT_HANDOVER;
}

void
chase_key(const struct owed_item *it, const char *duty_key, char *out, size_t size)
{
	char about[MSGID_TEXT_MAX] = "";
	bool awaits = chase_awaits(it->what);

	if (msgid_is_set(&it->about))
		(void)msgid_format(&it->about, about, sizeof about);
	(void)snprintf(out, size, "%s%s%.90s %d %" PRId64 "%s%s%s%s", about, about[0] != '\0' && duty_key != NULL ? " " : "",
	    duty_key != NULL ? duty_key : "", (int)it->what, it->due, awaits ? " " : "", awaits ? it->towards : "",
	    it->scope == SCOPE_CHAIN ? " " : "", it->scope == SCOPE_CHAIN ? it->endpoint : "");
}

/* False: past what can be told in ms. */
static bool
rung_at(const struct chase_rung *r, const struct owed_item *it, int64_t *at)
{
	int64_t span;

	return !__builtin_mul_overflow(r->after, MINUTE_MS, &span) &&
	    !__builtin_add_overflow(r->from_due ? it->due : it->origin, span, at);
}

/* Does it leave a message, and is it of this item?  A warning before the limit of what has a shorter limit than that is none. */
static bool
counts(const struct chase_rung *r, const struct owed_item *it, int64_t *at)
{
	if ((r->by & ~CHASE_BY_SCREEN) == 0 ||
	    (r->to == CHASE_SENDER && (it->what == OWED_READ || it->what == OWED_SIGN || (r->by & CHASE_BY_MESSAGE) == 0) && !chase_awaits(it->what)))
		return false;
	return rung_at(r, it, at) && (!r->from_due || r->after >= 0 || *at >= it->origin);
}

bool
chase_pick(const struct chase_rung *r, size_t n, int64_t days, const struct owed_item *it, const char *key, int64_t now, chase_rung_fn rang,
    void *ctx, struct chase_due *out, int64_t *next)
{
	int64_t at, top = INT64_MIN;
	const struct chase_rung *found = NULL;
	unsigned skipped = 0, bell = 0;

	*next = INT64_MAX;
	if (days > 0 && days < INT64_MAX / DAY_MS && it->due < now - days * DAY_MS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!counts(&r[i], it, &at))
			continue;
		if (at > now && at < *next)
			*next = at;
		if (at <= now && at > top)
			top = at;
	}
	if (top == INT64_MIN)
		return false;
	for (size_t i = 0; i < n && found == NULL; i++)
		if (counts(&r[i], it, &at) && at == top && !rang(ctx, key, r[i].rung))
			found = &r[i];
	if (found == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!counts(&r[i], it, &at) || at == top)
			continue;
		if (at > top && rang(ctx, key, r[i].rung))
			return false; /* the clock was set back: a higher one has been heard already */
		if (at < top && !rang(ctx, key, r[i].rung)) {
			skipped++;
			bell |= r[i].by & CHASE_BY_BELL;
		}
	}
	memset(out, 0, sizeof *out);
	out->it = *it;
	(void)snprintf(out->key, sizeof out->key, "%s", key);
	out->rung = *found;
	out->rung.by |= bell;
	out->at = top;
	out->skipped = skipped;
	return true;
}

size_t
chase_rungs(const struct rules *rules, const struct owed_item *it, struct chase_rung out[CHASE_RUNGS])
{
	const struct chase_rung *r = NULL;
	size_t n = rules_chase(rules, it->chase, it->what, it->prec, &r);

	if (n > CHASE_RUNGS)
		n = CHASE_RUNGS;
	for (size_t i = 0; i < n; i++)
		out[i] = r[i];
	if (n > 0)
		return n;
	out[0] = (struct chase_rung){.rung = 1, .after = -rules_number(rules, NUMBER_AHEAD_MINUTES), .from_due = true, .to = CHASE_SEAT,
	    .by = CHASE_BY_BELL, .clause = rules_number_clause(rules, NUMBER_AHEAD_MINUTES)};
	out[1] = (struct chase_rung){.rung = 2, .after = 0, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL, .clause = out[0].clause};
	return 2;
}

bool
chase_next(const struct rules *rules, const struct owed_item *it, const char *key, int64_t now, chase_rung_fn rang, void *ctx,
    struct chase_due *out, int64_t *next)
{
	struct chase_rung r[CHASE_RUNGS];
	size_t n = chase_rungs(rules, it, r);

	return chase_pick(r, n, rules_number(rules, NUMBER_CHASE_DAYS), it, key, now, rang, ctx, out, next);
}

/* ---- words ---- */

const char *
chase_what(enum owed what, bool zh)
{
	static const struct { enum owed what; const char *en, *zh; } names[] = {
	    {OWED_REPORT_PHONE, "telephone report", "电话报告"},
	    {OWED_REPORT_WRITTEN, "written report", "书面首报"},
	    {OWED_READ, "reading", "已阅"},
	    {OWED_SIGN, "signing for", "签收"},
	    {OWED_FEEDBACK, "feedback", "反馈"},
	    {OWED_FOLLOWUP, "follow-up report", "续报"},
	    {OWED_FINAL, "final report", "终报"},
	    {OWED_SUPPLEMENT, "supplementary report", "补报"},
	    {OWED_AWAIT_SIGN, "no receipt from", "未签收:"},
	    {OWED_AWAIT_FEEDBACK, "no feedback from", "未反馈:"},
	    {OWED_ZERO, "zero report", "零报告"},
	    {OWED_AWAIT_ZERO, "no zero report from", "未报零报告:"},
	    {OWED_ROLL, "answer to the roll call", "点名应答"},
	    {OWED_AWAIT_ROLL, "no answer to the roll call from", "点名未应:"},
	    {OWED_HANDOVER, "handover", "交接班"},
	    {OWED_RELIEF, "relief has not come", "接班人未到"},
	    {OWED_EQUIPMENT, "equipment test", "设备测试"},
	    {OWED_GAP, "shift without people", "空班"},
	    {OWED_VERIFY, "verification", "核报"},
	    {OWED_AWAIT_HANDOVER, "handover not done at", "未交接班:"},
	    {OWED_GRADE_AGAIN, "grade to be stated", "定级"},
	    {OWED_SIGNATURE, "signature", "补签"},
	    {OWED_RETURNED, "not delivered", "未送达"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].what == what)
			return zh ? names[i].zh : names[i].en;
	return zh ? "应办事项" : "something owed";
}

static void
when(int64_t ms, char out[24])
{
	time_t t = (time_t)((ms + CN_OFFSET) / 1000);
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(out, 24, "%m-%d %H:%M", &tm);
}

/* What the rung asks for, beyond that it is owed. */
static const char *
asks(const struct chase_due *d, bool zh)
{
	if (d->it.what == OWED_AWAIT_SIGN || d->it.what == OWED_AWAIT_ROLL ||
	    (d->rung.to == CHASE_SENDER && chase_awaits(d->it.what)))
		return zh ? ";请改打电话" : "; telephone them";
	if (d->it.what == OWED_FEEDBACK && d->it.lapsed)
		return zh ? ";接办已退回未办" : "; it is not taken on any more";
	return "";
}

void
chase_text(const struct chase_due *d, int64_t now, bool zh, const char *title, const char *who, char *out, size_t size)
{
	int64_t late = now - d->it.due;
	char due[24], by[64], all[1024], person[160] = "";

	when(d->it.due, due);
	if (late >= MINUTE_MS)
		(void)snprintf(by, sizeof by, zh ? "已超%" PRId64 "分" : "%" PRId64 " min late", late / MINUTE_MS);
	else if (late >= 0)
		(void)snprintf(by, sizeof by, "%s", zh ? "到限" : "due now");
	else
		(void)snprintf(by, sizeof by, zh ? "还有%" PRId64 "分" : "%" PRId64 " min left", (-late + MINUTE_MS - 1) / MINUTE_MS);
	if (d->it.person[0] != '\0')
		(void)snprintf(person, sizeof person, zh ? " 责任人%s" : " (%s)", d->it.person);
	(void)snprintf(all, sizeof all, zh ? "催办:%s%s%s%s%s%s,限%s,%s%s%s%s" : "Chased: %s%s%s%s%s%s, due %s, %s%s%s%s",
	    chase_what(d->it.what, zh), who[0] != '\0' && !zh ? " " : "", chase_awaits(d->it.what) ? who : "",
	    title[0] != '\0' ? " " : "", title, person, due, by, asks(d, zh),
	    d->skipped > 0 ? (zh ? ";此前未及催办" : "; not chased until now") : "",
	    d->it.what == OWED_AWAIT_FEEDBACK && late >= 0 ? (zh ? ";按未办处理" : "; taken as not done") : "");
	(void)text_sanitise(all, strlen(all), out, size, false);
}
