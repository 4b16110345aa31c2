/* The station: reports that amend, figures that fall, steps in an event's life. */
#include "station_help.h"

/* ---- signature ---- */

static void
signature(void **state)
{
	struct world *w = *state;
	const char *const bare[] = {FIRST, "author", "王五", NULL};
	struct msgid id = sent(w, "bare", bare), inc = id;
	struct body *b = stored(w, &id);
	struct folded fd;

	assert_false(body_flag(b, F_UNSIGNED)); /* nobody was tried: unsigned, and no 先报后签 */
	assert_string_equal(body_text(b, F_SIGNATURE_OWED), "王五");
	assert_null(body_first(b, F_DRAFTED));
	body_free(b);
	const char *const typed[] = {"kind", "report", "incident", text_of(&inc), "brief", "x", "signer", "赵", "checker", "钱", NULL};
	id = sent(w, "typed", typed);
	b = stored(w, &id);
	assert_false(body_flag(b, F_UNSIGNED));
	assert_null(body_text(b, F_SIGNATURE_OWED));
	assert_string_equal(body_text(b, F_CHECKER), "钱");
	body_free(b);
	const char *const forged[] = {"kind", "report", "incident", text_of(&inc), "brief", "y", "tries", "x", "unsigned", "no",
	    "signature_owed", "别人", "drafted", "2026-09-21T08:00:00+08:00", "adopter", "我", NULL};
	id = sent(w, "forged", forged);
	b = stored(w, &id);
	assert_null(body_first(b, F_TRIES));
	assert_null(body_first(b, F_DRAFTED));
	assert_null(body_first(b, F_ADOPTER));
	assert_string_equal(body_text(b, F_SIGNATURE_OWED), "seat1");
	body_free(b);
	/* 补签 */
	const char *const signs[] = {
	    "kind", "step", "step", "countersign", "incident", text_of(&inc), "refs", text_of(&id), "person", "赵", NULL};
	fold(w, &inc, &fd);
	assert_int_equal(fd.incident->signatures_owed, 2);
	folded_free(&fd);
	(void)sent(w, "countersign", signs);
	fold(w, &inc, &fd);
	assert_int_equal(fd.incident->signatures_owed, 1);
	folded_free(&fd);
	refused(w, "signed already", EX_DATAERR, "refs", signs);
	const char *const nobody[] = {
	    "kind", "step", "step", "countersign", "incident", text_of(&inc), "refs", text_of(&inc), "person", "　", NULL};
	refused(w, "nobody signs", EX_DATAERR, "person", nobody);
}

/* ---- 更正 and 撤回 ---- */

static void
corrections(void **state)
{
	struct world *w = *state;
	const char *const first[] = {FIRST, "dead", "1", "cc", "330225102", NULL};
	struct msgid a = sent(w, "a", first), c1, c2;
	struct body *b;
	struct {
		const char *what, *field, *value;
		bool ring;
	} t[] = {
	    {"place only", "scope", "三间", false},
	    {"more dead", "dead", "2", true},
	    {"the same dead", "dead", "2", false},
	    {"missing named", "missing", "?", true},
	    {"evacuated", "evacuated", "20", false},
	    {"grade", "grade", "III", true},
	    {"due", "due", "2026-09-23T21:00:00+08:00", true},
	};

	const char *const to101[] = {"kind", "report", "stage", "correction", "refs", text_of(&a), "to", "330225101", "brief", "改", NULL};
	c1 = sent(w, "c1", to101);
	b = stored(w, &c1);
	assert_true(addressed(b, "330200") && addressed(b, "330225101") && addressed(b, "330225102"));
	assert_true(incident_addressed(b, "330200", false));
	assert_false(incident_addressed(b, "330225102", false)); /* a copy stays a copy */
	body_free(b);
	/* of the first again: who was added on the way is told as well */
	const char *const again[] = {"kind", "report", "stage", "correction", "refs", text_of(&a), "brief", "再改", NULL};
	c2 = sent(w, "c2", again);
	b = stored(w, &c2);
	assert_true(addressed(b, "330200") && addressed(b, "330225101") && addressed(b, "330225102"));
	body_free(b);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *const f[] = {"kind", "report", "stage", "correction", "refs", text_of(&c2), "brief", "更正",
		    t[i].field, t[i].value, NULL};
		struct msgid id = sent(w, t[i].what, f);

		b = stored(w, &id);
		assert_non_null(body_first(b, F_RING));
		if (body_flag(b, F_RING) != t[i].ring)
			fail_msg("%s", t[i].what);
		body_free(b);
	}
	/* what is not said anew stays as it was last said, with its own time */
	const char *const title[] = {"kind", "report", "stage", "correction", "refs", text_of(&a), "title", "改标题", NULL};
	struct msgid only = sent(w, "title only", title);
	b = stored(w, &only);
	assert_non_null(body_first(b, F_DEAD));
	assert_int_equal(body_first(b, F_DEAD)->u.fig.n, 2);
	assert_true(body_first(b, F_DEAD)->u.fig.asof != 0);
	assert_int_equal(body_first(b, F_MISSING)->u.fig.q, FIG_UNKNOWN);
	assert_int_equal(body_first(b, F_EVACUATED)->u.fig.n, 20);
	assert_int_equal(body_enum(b, F_GRADE), GRADE_III);
	assert_non_null(body_text(b, F_BRIEF));
	assert_string_equal(body_text(b, F_TITLE), "改标题");
	assert_false(body_flag(b, F_RING));
	body_free(b);
	/* the first corrected once more: the corrections in between do not stand beside this one */
	const char *const once_more[] = {"kind", "report", "stage", "correction", "refs", text_of(&a), "title", "再改标题", NULL};
	struct msgid more = sent(w, "once more", once_more);
	b = stored(w, &more);
	assert_true(incident_refers(b, &a));
	assert_true(incident_refers(b, &only));
	body_free(b);
	const char *const none[] = {"kind", "report", "stage", "correction", "brief", "x", NULL};
	refused(w, "of nothing", EX_DATAERR, "refs", none);
	const char *const order[] = {"kind", "directive", "incident", text_of(&a), "to", "330225102", "text", "停工", NULL};
	struct msgid o = sent(w, "order", order);
	const char *const other[] = {"kind", "report", "stage", "correction", "refs", text_of(&o), "brief", "x", NULL};
	refused(w, "another kind", EX_DATAERR, "refs", other);
	const char *const reorder[] = {"kind", "directive", "stage", "correction", "refs", text_of(&o), "text", "撤人", NULL};
	struct msgid o2 = sent(w, "reorder", reorder);
	b = stored(w, &o2);
	assert_true(body_flag(b, F_RING));
	assert_true(addressed(b, "330225102"));
	body_free(b);
	const char *const off[] = {"kind", "directive", "stage", "withdrawal", "refs", text_of(&o), "text", "x", "reason", "误发", NULL};
	(void)sent(w, "off", off);
	refused(w, "off twice", EX_DATAERR, "refs", off);
}

static void
recalls(void **state)
{
	struct world *w = *state;
	const char *const first[] = {FIRST, "grade", "I", NULL};
	struct msgid a = sent(w, "a", first);
	const char *const recall[] = {"kind", "report", "stage", "withdrawal", "refs", text_of(&a), "reason", "误发", NULL};
	struct journal_delivery d;
	struct folded fd;
	struct body *b;

	w->now += 31000;
	refused(w, "too late", EX_DATAERR, "refs", recall);
	w->now -= 31000 - 30000;
	assert_int_equal(w->j->ops->delivery_get(w->j, &a, "330200", &d), 0);
	d.state = DLV_READ;
	d.read = w->now;
	w->j->ops->delivery_put(w->j, &d);
	refused(w, "read", EX_DATAERR, "refs", recall);
	d.state = DLV_RETURNED; /* sent back after it was read: it was read */
	w->j->ops->delivery_put(w->j, &d);
	refused(w, "read and returned", EX_DATAERR, "refs", recall);
	d.state = DLV_DELIVERED;
	d.read = 0;
	d.delivered = w->now;
	w->j->ops->delivery_put(w->j, &d);
	struct msgid r = sent(w, "recall", recall);
	b = stored(w, &r);
	assert_true(addressed(b, "330200"));
	assert_false(body_flag(b, F_UNSIGNED));
	assert_int_equal(body_enum(b, F_PRECEDENCE), PREC_FLASH); /* no slower than what it takes back */
	body_free(b);
	b = stored(w, &a); /* the text is kept */
	assert_string_equal(body_text(b, F_TITLE), "火灾");
	body_free(b);
	fold(w, &a, &fd);
	assert_true(fd.incident->lines[0].withdrawn);
	folded_free(&fd);
	refused(w, "twice", EX_DATAERR, "refs", recall);
	const char *const fix[] = {"kind", "report", "stage", "correction", "refs", text_of(&a), "brief", "x", NULL};
	refused(w, "correcting what was recalled", EX_DATAERR, "refs", fix);
	/* a directive's recall says which one it is, though nobody typed that */
	const char *const order[] = {"kind", "directive", "incident", text_of(&a), "to", "330225102", "text", "停工", NULL};
	struct msgid o = sent(w, "order", order);
	const char *const call_off[] = {"kind", "directive", "stage", "withdrawal", "refs", text_of(&o), "reason", "误发", NULL};
	o = sent(w, "call off", call_off);
	b = stored(w, &o);
	assert_string_equal(body_text(b, F_TEXT), "停工");
	body_free(b);
	/* it was sent: a follow-up is taken; nothing of it stands: so is another first report */
	const char *const follow[] = {"kind", "report", "incident", text_of(&a), "stage", "followup", "brief", "x", NULL};
	b = stored(w, (r = sent(w, "follow", follow), &r));
	int64_t v;
	assert_true(body_num(b, F_VERSION, &v));
	assert_int_equal(v, 3);
	body_free(b);
}

static void
first_again(void **state)
{
	struct world *w = *state;
	const char *const first[] = {FIRST, NULL};
	struct msgid a = sent(w, "a", first), id;
	const char *const recall[] = {"kind", "report", "stage", "withdrawal", "refs", text_of(&a), "reason", "误发", NULL};
	const char *const next[] = {"kind", "report", "incident", text_of(&a), "place", "西周镇", "title", "火灾", "type", "12G00",
	    "learned", "2026-09-21T21:00:00+08:00", NULL};
	struct body *b;

	(void)sent(w, "recall", recall);
	id = sent(w, "again", next);
	b = stored(w, &id);
	assert_int_equal(body_enum(b, F_STAGE), STAGE_FIRST);
	body_free(b);
}

static void
not_ours(void **state)
{
	struct world *w = *state;
	struct msgid id = {.epoch = 1, .serial = 4};
	struct journal_msg m = {.kind = KIND_REPORT, .precedence = PREC_PRIORITY, .stored = NOW, .local = true};
	const char *const fields[] = {FIRST, "stage", "first", "to", "330225", NULL};
	struct body *b = make(fields);

	snprintf(id.origin, sizeof id.origin, "330225102");
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_INCIDENT, &id);
	m.id = m.incident = id;
	snprintf(m.from, sizeof m.from, "330225102");
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	assert_int_equal(w->j->ops->put_message(w->j, &m), 0);
	buf_free(&m.body);
	body_free(b);
	assert_int_equal(w->j->ops->commit(w->j), 0);
	const char *const fix[] = {"kind", "report", "stage", "correction", "refs", text_of(&id), "brief", "x", NULL};
	const char *const recall[] = {"kind", "report", "stage", "withdrawal", "refs", text_of(&id), "reason", "x", NULL};
	const char *const close[] = {"kind", "step", "step", "close", "refs", text_of(&id), "person", "赵", NULL};
	refused(w, "correcting another's", EX_DATAERR, "refs", fix);
	refused(w, "recalling another's", EX_DATAERR, "refs", recall);
	refused(w, "closing another's", EX_DATAERR, "refs", close);
}

/* ---- figures ---- */

static void
falls(void **state)
{
	struct world *w = *state;
	const char *const first[] = {FIRST, "dead", "3", "missing", "5@119", "grade", "III", NULL};
	struct msgid a = sent(w, "a", first);
	struct {
		const char *what, *field, *value, *reason;
		const char *falls; /* NULL: taken */
	} t[] = {
	    {"fewer dead", "dead", "2", NULL, "dead"},
	    {"hidden", "dead", "?", NULL, "dead"},
	    {"blanks are no reason", "dead", "2", " 　", "dead"},
	    {"more", "dead", "4", NULL, NULL},
	    {"fewer than that", "dead", "3", NULL, "dead"},
	    {"with a reason", "dead", "3", "重复统计", NULL},
	    {"fewer of 119", "missing", "2@119", NULL, "missing"},
	    {"another source", "missing", "2@110", NULL, NULL},
	    {"119 with a reason", "missing", "2@119", "找到三人", NULL},
	};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *const f[] = {"kind", "report", "incident", text_of(&a), "brief", "续", t[i].field, t[i].value,
		    t[i].reason != NULL ? "reason" : NULL, t[i].reason, NULL};

		if (t[i].falls != NULL)
			refused(w, t[i].what, EX_DATAERR, t[i].falls, f);
		else
			(void)sent(w, t[i].what, f);
	}
	const char *const fix[] = {"kind", "report", "stage", "correction", "refs", text_of(&a), "dead", "1", "brief", "x", NULL};
	refused(w, "a correction, too", EX_DATAERR, "dead", fix);
}

static void
adopted(void **state)
{
	struct world *w = *state;
	const char *const intake[] = {"kind", "intake", "place", "西周镇", "title", "火灾", "type", "12G00", "learned",
	    "2026-09-21T21:00:00+08:00", "dead", "2@119", "missing", "?", "channel", "phone", NULL};
	struct msgid inc = sent(w, "i", intake), id;
	const char *const none[] = {"kind", "step", "step", "adopt", "incident", text_of(&inc), "person", "赵", NULL};
	const char *const adopt[] = {"kind", "step", "step", "adopt", "incident", text_of(&inc), "person", "赵", "dead", "2@119", NULL};
	const char *const fall[] = {"kind", "step", "step", "adopt", "incident", text_of(&inc), "person", "赵", "dead", "1", NULL};
	const char *const report[] = {"kind", "report", "incident", text_of(&inc), NULL};
	const char *const follow[] = {"kind", "report", "incident", text_of(&inc), "brief", "x", "dead", "2", NULL};
	const struct value *v;
	struct body *b;

	refused(w, "nothing adopted", EX_DATAERR, "step", none);
	(void)sent(w, "adopt", adopt);
	refused(w, "falls", EX_DATAERR, "dead", fall);
	id = sent(w, "r", report);
	b = stored(w, &id);
	assert_string_equal(body_text(b, F_ADOPTER), "赵");
	v = body_first(b, F_DEAD);
	assert_int_equal(body_count(b, F_DEAD), 1); /* beside its sources it would be read as one of them */
	assert_null(v->u.fig.source);
	assert_int_equal(v->u.fig.n, 2);
	assert_int_equal(body_first(b, F_MISSING)->u.fig.q, FIG_UNKNOWN);
	body_free(b);
	id = sent(w, "f", follow);
	b = stored(w, &id);
	assert_string_equal(body_text(b, F_ADOPTER), "赵");
	body_free(b);
}

/* What was taken down is not lost because another figure was typed: unknown goes up as unknown. */
static void
inherited(void **state)
{
	struct world *w = *state;
	const char *const intake[] = {"kind", "intake", "place", "西周镇", "title", "火灾", "type", "12G00", "learned",
	    "2026-09-21T21:00:00+08:00", "dead", "2@119", "missing", "?", "channel", "phone", NULL};
	struct msgid inc = sent(w, "i", intake), id;
	const char *const report[] = {"kind", "report", "incident", text_of(&inc), "dead", "3@120", NULL};
	struct body *b;

	id = sent(w, "r", report);
	b = stored(w, &id);
	assert_int_equal(body_count(b, F_DEAD), 1);
	assert_string_equal(body_first(b, F_DEAD)->u.fig.source, "120");
	assert_non_null(body_first(b, F_MISSING));
	assert_int_equal(body_first(b, F_MISSING)->u.fig.q, FIG_UNKNOWN);
	body_free(b);
}

/* ---- the event's life ---- */

static void
steps(void **state)
{
	struct world *w = *state;
	const char *const first[] = {FIRST, NULL};
	struct msgid inc = sent(w, "a", first);
	static const struct {
		const char *step, *person, *reason, *field; /* field NULL: taken */
	} t[] = {
	    {"verify", NULL, NULL, "person"},
	    {"reopen", "赵", "新情况", "step"},
	    {"archive", "赵", NULL, "step"},
	    {"verify", "赵", NULL, NULL},
	    {"verify", "赵", NULL, "step"},
	    {"handle", "赵", NULL, NULL},
	    {"resolve", "赵", NULL, NULL},
	    {"archive", "赵", NULL, "step"}, /* reported on: a final report first */
	    {"reopen", "赵", NULL, "reason"},
	    {"reopen", "赵", "复燃", NULL},
	    {"absorb", "赵", "x", "step"},
	    {"destroy", "赵", "x", "step"},
	    {"merge", "赵", "x", "other"},
	    {"split", "赵", "x", "refs"},
	};
	struct folded fd;

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char rid[32];
		const char *f[12] = {"kind", "step", "incident", text_of(&inc), "step", t[i].step};
		size_t n = 6;

		if (t[i].person != NULL) {
			f[n++] = "person";
			f[n++] = t[i].person;
		}
		if (t[i].reason != NULL) {
			f[n++] = "reason";
			f[n++] = t[i].reason;
		}
		snprintf(rid, sizeof rid, "step-%zu", i);
		if (t[i].field != NULL)
			refused(w, rid, EX_DATAERR, t[i].field, f);
		else
			(void)sent(w, rid, f);
	}
	fold(w, &inc, &fd);
	assert_int_equal(fd.incident->state, EVENT_HANDLING);
	folded_free(&fd);
	const char *const final[] = {"kind", "report", "stage", "final", "incident", text_of(&inc), "brief", "扑灭", NULL};
	const char *const archive[] = {"kind", "step", "step", "archive", "incident", text_of(&inc), "person", "赵", NULL};
	const char *const news[] = {"kind", "report", "incident", text_of(&inc), "brief", "复燃", NULL};
	(void)sent(w, "final", final);
	(void)sent(w, "archive", archive);
	fold(w, &inc, &fd);
	assert_int_equal(fd.incident->state, EVENT_ARCHIVED);
	folded_free(&fd);
	(void)sent(w, "news", news); /* nothing is refused for it */
	fold(w, &inc, &fd);
	assert_int_equal(fd.incident->state, EVENT_HANDLING);
	folded_free(&fd);
	const char *const verdict[] = {
	    "kind", "step", "step", "verdict", "incident", text_of(&inc), "person", "赵", "verdict", "较大涉险", NULL};
	const char *const confirmed[] = {"kind", "step", "step", "verdict", "incident", text_of(&inc), "person", "赵", "verdict",
	    "较大涉险", "confirmed", "yes", NULL};
	refused(w, "verdict half", EX_DATAERR, "confirmed", verdict);
	(void)sent(w, "verdict", confirmed);
	const char *const close[] = {"kind", "step", "step", "close", "refs", text_of(&inc), "person", "赵", NULL};
	(void)sent(w, "close", close);
}

static void
merging(void **state)
{
	struct world *w = *state;
	const char *const first[] = {FIRST, NULL};
	struct msgid a = sent(w, "a", first), b = sent(w, "b", first), x, id, made;
	const char *const self[] = {"kind", "step", "step", "merge", "incident", text_of(&a), "person", "赵", "reason", "同一起", "other",
	    text_of(&a), NULL};
	const char *const gone[] = {"kind", "step", "step", "merge", "incident", text_of(&a), "person", "赵", "reason", "同一起", "other",
	    "330225.1.99", NULL};
	const char *const why[] = {
	    "kind", "step", "step", "merge", "incident", text_of(&a), "person", "赵", "other", text_of(&b), NULL};
	const char *const merge[] = {"kind", "step", "step", "merge", "incident", text_of(&a), "person", "赵", "reason", "同一起", "other",
	    text_of(&b), NULL};
	const char *const back[] = {"kind", "step", "step", "merge", "incident", text_of(&b), "person", "赵", "reason", "同一起", "other",
	    text_of(&a), NULL};
	struct folded fd;

	assert_true(submit_as(w, "x", REALM_EXERCISE, first));
	x = w->id;
	const char *const cross[] = {"kind", "step", "step", "merge", "incident", text_of(&a), "person", "赵", "reason", "同一起", "other",
	    text_of(&x), NULL};
	refused(w, "itself", EX_DATAERR, "other", self);
	refused(w, "not here", EX_NOINPUT, "other", gone);
	refused(w, "no reason", EX_DATAERR, "reason", why);
	refused(w, "exercise", EX_DATAERR, "other", cross);
	(void)sent(w, "merge", merge);
	fold(w, &a, &fd);
	assert_int_equal(msgid_cmp(&fd.incident->merged_into, &b), 0);
	assert_int_equal(fd.incident->state, EVENT_MERGED);
	folded_free(&fd);
	fold(w, &b, &fd);
	assert_int_equal(fd.incident->nabsorbed, 1);
	assert_int_equal(msgid_cmp(&fd.incident->absorbed[0], &a), 0);
	folded_free(&fd);
	refused(w, "circle", EX_DATAERR, "other", back);
	assert_true(submit(w, "merge", merge)); /* a retry makes nothing twice */
	assert_true(w->duplicate);
	fold(w, &b, &fd);
	assert_int_equal(fd.n, 2);
	folded_free(&fd);
	/* split: a new incident, or one that is there */
	const char *const second[] = {"kind", "report", "incident", text_of(&b), "title", "另一起", "brief", "另一处也着火", NULL};
	id = sent(w, "second", second);
	const char *const away[] = {"kind", "step", "step", "split", "incident", text_of(&b), "person", "赵", "reason", "两起", "refs",
	    text_of(&id), NULL};
	const char *const wrong[] = {"kind", "step", "step", "split", "incident", text_of(&b), "person", "赵", "reason", "两起", "refs",
	    text_of(&a), NULL};
	refused(w, "of another incident", EX_DATAERR, "refs", wrong);
	(void)sent(w, "away", away);
	fold(w, &b, &fd);
	assert_int_equal(fd.incident->nsplit, 1);
	made = fd.incident->split_to[0];
	folded_free(&fd);
	fold(w, &made, &fd);
	assert_int_equal(fd.n, 1);
	assert_int_equal(msgid_cmp(&fd.incident->split_from, &b), 0);
	assert_string_equal(fd.incident->title, "另一起");
	assert_string_not_equal(fd.incident->number, "");
	folded_free(&fd);
	const char *const into[] = {"kind", "step", "step", "split", "incident", text_of(&b), "person", "赵", "reason", "属甲", "refs",
	    text_of(&id), "other", text_of(&a), NULL};
	(void)sent(w, "into", into);
	fold(w, &a, &fd);
	bool told = false; /* there, too */
	for (size_t i = 0; i < fd.n; i++)
		told = told || (body_enum(fd.bodies[i], F_KIND) == KIND_INTAKE && incident_refers(fd.bodies[i], &id));
	assert_true(told);
	folded_free(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T(signature), T(corrections), T(recalls), T(first_again), T(not_ours), T(falls),
	    T(adopted), T(inherited), T(steps), T(merging)};

	return cmocka_run_group_tests(tests, load, unload);
}
