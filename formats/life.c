/*
 * The life of a report and of an event, as tables: pure, no clock, no journal.
 *
 * Promises: what a table does not have moves nothing (0), so that neither a second station's odd step nor a later
 * version's unknown one can push an event anywhere.  Decided here, where DOMAIN 1 and 5 leave it open:
 *  - nothing holds up sending: a draft can be signed or sent from every state, checked or not, and a leader may be
 * tried at any time (one person alone is duty officer and checker in many townships);
 *  - whatever changes a draft's text makes a new draft of it: neither the check nor the signature is carried over;
 *  - an event's forward steps may skip, its backward ones are a reopening, with two exceptions that keep anything from
 * lying hidden: news after 归档 puts the event back in hand, and a final report after 归档 leaves it to be archived
 * again;
 *  - news after 终报 moves nothing: supplementary reports are ordinary then (Order 493 art. 13);
 *  - 归档 follows 终报, or 处置毕 where nothing was ever reported on: which of the two holds is for the fold and the
 * station to say, the table does not know what was sent;
 *  - a merged event stays merged until it is reopened: its news are read where it went.
 * Left to others: who may do it (station), whose views there are (incident_life.c), what is stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "i18n.h"
#include "text.h"
#include "value.h"
#include "life.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MINUTE_MS INT64_C(60000)

struct move {
	int state, event, next;
};

static const struct move draft_moves[] = {
    {DRAFT_WRITING, DRAFT_EDIT, DRAFT_WRITING},
    {DRAFT_WRITING, DRAFT_SUBMIT, DRAFT_CHECKING},
    {DRAFT_WRITING, DRAFT_TRY, DRAFT_WRITING},
    {DRAFT_WRITING, DRAFT_UNSIGNED, DRAFT_SENT},
    {DRAFT_WRITING, DRAFT_SEND, DRAFT_SENT},
    {DRAFT_CHECKING, DRAFT_EDIT, DRAFT_WRITING},
    {DRAFT_CHECKING, DRAFT_PASS, DRAFT_SIGNING},
    {DRAFT_CHECKING, DRAFT_RETURN, DRAFT_WRITING},
    {DRAFT_CHECKING, DRAFT_TAKE_BACK, DRAFT_WRITING},
    {DRAFT_CHECKING, DRAFT_TRY, DRAFT_CHECKING},
    {DRAFT_CHECKING, DRAFT_APPROVE, DRAFT_SENT},
    {DRAFT_CHECKING, DRAFT_UNSIGNED, DRAFT_SENT},
    {DRAFT_CHECKING, DRAFT_SEND, DRAFT_SENT},
    {DRAFT_SIGNING, DRAFT_EDIT, DRAFT_WRITING},
    {DRAFT_SIGNING, DRAFT_RETURN, DRAFT_WRITING},
    {DRAFT_SIGNING, DRAFT_TAKE_BACK, DRAFT_WRITING},
    {DRAFT_SIGNING, DRAFT_TRY, DRAFT_SIGNING},
    {DRAFT_SIGNING, DRAFT_APPROVE, DRAFT_SENT},
    {DRAFT_SIGNING, DRAFT_UNSIGNED, DRAFT_SENT},
    {DRAFT_SIGNING, DRAFT_SEND, DRAFT_SENT},
};

/* Steps of one state stand in the order a menu offers them: the ordinary one first. */
static const struct move event_moves[] = {
    {EVENT_REPORTED, STEP_VERIFIED, EVENT_VERIFIED},
    {EVENT_REPORTED, STEP_HANDLING, EVENT_HANDLING},
    {EVENT_REPORTED, STEP_RESOLVED, EVENT_RESOLVED},
    {EVENT_REPORTED, STEP_MERGED, EVENT_MERGED},
    {EVENT_REPORTED, EVENT_BY_TAKEN, EVENT_HANDLING},
    {EVENT_REPORTED, EVENT_BY_FINAL, EVENT_FINAL},
    {EVENT_VERIFIED, STEP_HANDLING, EVENT_HANDLING},
    {EVENT_VERIFIED, STEP_RESOLVED, EVENT_RESOLVED},
    {EVENT_VERIFIED, STEP_MERGED, EVENT_MERGED},
    {EVENT_VERIFIED, EVENT_BY_TAKEN, EVENT_HANDLING},
    {EVENT_VERIFIED, EVENT_BY_FINAL, EVENT_FINAL},
    {EVENT_HANDLING, STEP_RESOLVED, EVENT_RESOLVED},
    {EVENT_HANDLING, STEP_MERGED, EVENT_MERGED},
    {EVENT_HANDLING, EVENT_BY_FINAL, EVENT_FINAL},
    {EVENT_RESOLVED, STEP_ARCHIVED, EVENT_ARCHIVED},
    {EVENT_RESOLVED, STEP_REOPENED, EVENT_HANDLING},
    {EVENT_RESOLVED, STEP_MERGED, EVENT_MERGED},
    {EVENT_RESOLVED, EVENT_BY_FINAL, EVENT_FINAL},
    {EVENT_FINAL, STEP_ARCHIVED, EVENT_ARCHIVED},
    {EVENT_FINAL, STEP_REOPENED, EVENT_HANDLING},
    {EVENT_FINAL, STEP_MERGED, EVENT_MERGED},
    {EVENT_ARCHIVED, STEP_REOPENED, EVENT_HANDLING},
    {EVENT_ARCHIVED, STEP_MERGED, EVENT_MERGED},
    {EVENT_ARCHIVED, EVENT_BY_FINAL, EVENT_FINAL},
    {EVENT_ARCHIVED, EVENT_BY_NEWS, EVENT_HANDLING},
    {EVENT_MERGED, STEP_REOPENED, EVENT_HANDLING},
};

static const struct life_name draft_states[] = {
    {DRAFT_WRITING, "writing", N_("draft"), "草稿"},
    {DRAFT_CHECKING, "checking", N_("to be checked"), "待核"},
    {DRAFT_SIGNING, "signing", N_("to be signed"), "待签"},
    {DRAFT_SENT, "sent", N_("sent"), "已发"},
};

static const struct life_name draft_events[] = {
    {DRAFT_EDIT, "edit", N_("text changed"), "修改"},
    {DRAFT_SUBMIT, "submit", N_("submitted for checking"), "送核"},
    {DRAFT_PASS, "pass", N_("checked and passed on"), "核过"},
    {DRAFT_RETURN, "return", N_("returned"), "退回"},
    {DRAFT_TAKE_BACK, "take-back", N_("taken back"), "收回"},
    {DRAFT_TRY, "try", N_("leader tried"), "请示"},
    {DRAFT_APPROVE, "approve", N_("approved and sent"), "签发"},
    {DRAFT_UNSIGNED, "unsigned", N_("sent before signature"), "先报后签"},
    {DRAFT_SEND, "send", N_("sent as it is"), "直发"},
};

static const struct life_name report_states[] = {
    {REPORT_SENT, "sent", N_("sent"), "已发"},
    {REPORT_RETURNED, "returned", N_("returned"), "退回"},
    {REPORT_CORRECTED, "corrected", N_("superseded by a correction"), "更正"},
    {REPORT_WITHDRAWN, "withdrawn", N_("recalled"), "撤回"},
    {REPORT_CLOSED, "closed", N_("report closed"), "办结"},
};

static const struct life_name event_states[] = {
    {EVENT_REPORTED, "reported", N_("event reported"), "接报"},
    {EVENT_VERIFIED, "verified", N_("verified"), "核实"},
    {EVENT_HANDLING, "handling", N_("being handled"), "在办"},
    {EVENT_RESOLVED, "resolved", N_("resolved"), "处置毕"},
    {EVENT_FINAL, "final", N_("finally reported"), "终报"},
    {EVENT_ARCHIVED, "archived", N_("archived"), "归档"},
    {EVENT_MERGED, "merged", N_("merged away"), "并案"},
};

static int
move_next(const struct move *t, size_t n, int state, int event)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].state == state && t[i].event == event)
			return t[i].next;
	return 0;
}

static const struct life_name *
name_find(const struct life_name *t, size_t n, int value)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].value == value)
			return &t[i];
	return NULL;
}

int
life_draft_next(int state, int event)
{
	return move_next(draft_moves, COUNT(draft_moves), state, event);
}

const struct life_name *
life_draft_state(int state)
{
	return name_find(draft_states, COUNT(draft_states), state);
}

const struct life_name *
life_draft_event(int event)
{
	return name_find(draft_events, COUNT(draft_events), event);
}

int
life_draft_event_by_name(const char *name)
{
	for (size_t i = 0; name != NULL && i < COUNT(draft_events); i++)
		if (strcmp(draft_events[i].name, name) == 0)
			return draft_events[i].value;
	return 0;
}

const struct life_name *
life_report_state(int state)
{
	return name_find(report_states, COUNT(report_states), state);
}

int
life_event_next(int state, int event)
{
	return move_next(event_moves, COUNT(event_moves), state, event);
}

const struct life_name *
life_event_state(int state)
{
	return name_find(event_states, COUNT(event_states), state);
}

int
life_event_step(int state, size_t i)
{
	for (size_t k = 0; k < COUNT(event_moves); k++)
		if (event_moves[k].state == state && event_moves[k].event < EVENT_BY_TAKEN && i-- == 0)
			return event_moves[k].event;
	return 0;
}

/* ---- tries ---- */

/* A number is one word: a telephone number typed with blanks is the same number without them. */
static void
try_number(const char *in, char *out, size_t size)
{
	char clean[3 * sizeof(((struct life_try *)0)->number)];
	size_t n = 0;

	(void)text_sanitise(in, strlen(in), clean, sizeof clean, false);
	for (const char *p = clean; *p != '\0' && n + 1 < size; p++)
		if (*p != ' ')
			out[n++] = *p;
	out[n] = '\0';
	if (n == 0)
		(void)snprintf(out, size, "-");
}

/* An outcome of a later version has no name here and goes by its number. */
void
life_try_format(const struct life_try *t, char *out, size_t size)
{
	const struct enum_name *outcome = enum_by_value("outcome", t->outcome);
	char when[48], number[sizeof t->number], person[sizeof t->person], digits[16], all[256];

	try_number(t->number, number, sizeof number);
	(void)text_sanitise(t->person, strlen(t->person), person, sizeof person, false);
	(void)snprintf(digits, sizeof digits, "%d", t->outcome);
	(void)snprintf(all, sizeof all, "%s %s %s%s%s", time_format(t->at, TIME_RFC3339, when, sizeof when), number,
	    outcome != NULL ? outcome->name : digits, person[0] != '\0' ? " " : "", person);
	(void)text_sanitise(all, strlen(all), out, size, false);
}

static bool
try_outcome(const char *s, int *out)
{
	const struct enum_name *e = enum_by_name("outcome", s);
	char *end;
	long v;

	if (e != NULL) {
		*out = e->value;
		return true;
	}
	if (s[0] < '1' || s[0] > '9' || strlen(s) > 5)
		return false;
	v = strtol(s, &end, 10);
	if (*end != '\0' || v > ENUM_VALUE_MAX)
		return false;
	*out = (int)v;
	return true;
}

bool
life_try_parse(const char *s, struct life_try *t)
{
	char word[3][64];
	struct when when;

	memset(t, 0, sizeof *t);
	for (size_t i = 0; i < COUNT(word); i++) {
		size_t n = strcspn(s, " ");

		if (n == 0 || n >= sizeof word[i] || !text_clean(s, n, false, NULL))
			return false;
		memcpy(word[i], s, n);
		word[i][n] = '\0';
		s += n;
		if (*s == ' ')
			s++;
	}
	if (!time_parse_rfc3339(word[0], &when) || strlen(word[1]) >= sizeof t->number ||
	    !try_outcome(word[2], &t->outcome))
		return false;
	t->at = when.ms;
	if (strcmp(word[1], "-") != 0)
		memcpy(t->number, word[1], strlen(word[1]) + 1);
	(void)text_sanitise(s, strlen(s), t->person, sizeof t->person, false);
	return true;
}

/*
 * Which instants open the way: the first one at which enough different numbers had been tried, and the first try plus
 * the minutes.  Enough numbers count whatever the clock says now: a clock set back does not take the way away again.
 */
bool
life_unsigned_ok(const struct life_try *t, size_t n, int64_t now, const struct rules *rules, int64_t *from)
{
	int64_t want = rules_number(rules, NUMBER_UNSIGNED_NUMBERS), ms = rules_number(rules, NUMBER_UNSIGNED_MINUTES),
		first = INT64_MAX, enough = INT64_MAX, late;
	int64_t *at;
	size_t i, k, m = 0;

	*from = INT64_MAX;
	if (n == 0)
		return false;
	/* The first try of each number, by time: tries need not come in order. */
	at = xcalloc(n, sizeof *at);
	for (i = 0; i < n; i++) {
		bool earlier = t[i].number[0] == '\0';

		if (t[i].at < first)
			first = t[i].at;
		for (k = 0; k < n && !earlier; k++)
			earlier = k != i && strcmp(t[k].number, t[i].number) == 0 &&
				  (t[k].at < t[i].at || (t[k].at == t[i].at && k < i));
		if (earlier)
			continue;
		for (k = m++; k > 0 && at[k - 1] > t[i].at; k--)
			at[k] = at[k - 1];
		at[k] = t[i].at;
	}
	if (want < 1)
		want = 1;
	if ((uint64_t)want <= m)
		enough = at[want - 1];
	free(at);
	ms = ms > INT64_MAX / MINUTE_MS ? INT64_MAX : ms < 0 ? 0 : ms * MINUTE_MS;
	late = first > INT64_MAX - ms ? INT64_MAX : first + ms;
	*from = enough < late ? enough : late;
	return enough != INT64_MAX || now >= late;
}
