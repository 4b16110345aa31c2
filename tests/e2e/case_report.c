/*
 * The life of a report through the command line: review and signature, correction and recall, figures of several sources, and a
 * county that dies between the approval and its answer.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "say.h"

/* ---- before it is sent ---- */

/* A draft with these fields, submitted and passed. */
static void
reviewed(const struct station_proc *s, const char *rid, const char *incident, const char *title)
{
	json_decref(say(s, "draft", "new", "--rid", rid, "--incident", incident, "--title", title, "--brief", "正在扑救",
	    "--dead", "1@119",
	    "--missing", "?", NULL));
	json_decref(say(s, "draft", "submit", rid, NULL));
	json_decref(say(s, "draft", "pass", rid, "--by", "核稿员", NULL));
}

static void
draft_is(const struct station_proc *s, const char *rid, const char *state)
{
	json_t *d = say(s, "draft", "show", rid, NULL);

	expect(s, d, "state", state);
	json_decref(d);
}

static void
sent_unsigned(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char incident[80], id[80];
	json_t *m, *l, *show, *owed;

	open_fire(e, "先报后签", incident);
	ST_CHECK(owes(town, "written", incident), "the written report is not owed");
	reviewed(town, "unsigned", incident, "先报后签首报");
	say_refused(town, 69, "no leader was tried", "draft", "unsigned", "unsigned", "--by", "值班长", NULL);
	json_decref(say(town, "draft", "try", "unsigned", "--by", "吴镇长", "--number", "13800000001", "--outcome",
	    "no-answer", NULL));
	say_refused(town, 69, "another number", "draft", "unsigned", "unsigned", "--by", "值班长", NULL);
	json_decref(say(town, "draft", "try", "unsigned", "--by", "吴镇长", "--number", "13800000002", "--outcome", "busy",
	    NULL));
	say_id(town, id, "draft", "unsigned", "unsigned", "--by", "值班长", NULL);
	ST_CHECK(!owes(town, "written", incident) && owes(town, "signature", incident),
	    "it went in time, and the signature is owed");

	await_message(e, county, id, "signature_owed", "true");
	m = say(county, "message", id, NULL);
	expect(county, m, "owed_by", "吴镇长");
	expect(county, m, "signer", "");
	expect(county, m, "body.unsigned", "true");
	expect(county, m, "body.signature_owed", "吴镇长");
	expect(county, m, "body.checker", "核稿员");
	expect(county, m, "body.person", "值班长");
	ST_CHECK(json_array_size(json_object_get(json_object_get(m, "body"), "tries")) == 2, "both tries go along");
	ST_CHECK(member(m, "body.drafted")[0] != '\0', "when it was drafted goes along");
	json_decref(m);

	say_refused(county, 65, id, "countersign", id, "--by", "吴镇长", NULL);
	json_decref(say(town, "countersign", id, "--by", "吴镇长", NULL));
	say_refused(town, 65, "no signature is owed", "countersign", id, "--by", "吴镇长", NULL);
	await_line(e, county, incident, id, "signature_owed", "false");
	for (int i = TOWN; i <= COUNTY; i++) {
		show = say(&e->st.s[i], "show", incident, NULL);
		l = line_at(&e->st.s[i], show, id);
		expect(&e->st.s[i], l, "signature_owed", "false");
		expect(&e->st.s[i], l, "signer", "吴镇长");
		expect(&e->st.s[i], show, "incident.signatures_owed", "0");
		json_decref(show);
	}
	owed = say_list(town, "owed", NULL);
	ST_CHECK(row_of(owed, "what", "signature") == NULL, "the signature is still owed");
	json_decref(owed);
}

static void
sent_signed(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char incident[80], id[80], again[80];
	json_t *m, *d;

	open_fire(e, "签发", incident);
	reviewed(town, "signed", incident, "签发首报");
	draft_is(town, "signed", "signing");
	say_refused(town, 64, "reason", "draft", "return", "signed", "--by", "核稿员", NULL);
	json_decref(say(town, "draft", "return", "signed", "--by", "核稿员", "--reason", "时间写错", NULL));
	draft_is(town, "signed", "writing");
	say_refused(town, 65, "not open", "draft", "pass", "signed", "--by", "核稿员", NULL);
	json_decref(say(town, "draft", "submit", "signed", NULL));
	json_decref(say(town, "draft", "pass", "signed", "--by", "核稿员", NULL));
	/* Other words take check and signature away. */
	json_decref(say(town, "draft", "edit", "signed", "--incident", incident, "--title", "改过的首报", "--brief",
	    "火已控制", "--dead", "1@119",
	    NULL));
	draft_is(town, "signed", "writing");
	say_refused(town, 65, "not open", "draft", "sign", "signed", "--by", "吴镇长", NULL);
	json_decref(say(town, "draft", "submit", "signed", NULL));
	json_decref(say(town, "draft", "pass", "signed", "--by", "另一人", NULL));
	d = say(town, "draft", "show", "signed", NULL);
	ST_CHECK(json_array_size(json_object_get(d, "trail")) >= 7, "the whole trail is kept");
	ST_CHECK(row_of(json_object_get(d, "trail"), "reason", "时间写错") != NULL, "the reason of the return is kept");
	json_decref(d);
	say_id(town, id, "draft", "sign", "signed", "--by", "吴镇长", NULL);
	say_id(town, again, "draft", "sign", "signed", "--by", "吴镇长", NULL);
	ST_CHECK(strcmp(id, again) == 0, "signing again answers as before");

	await_message(e, county, id, "signer", "吴镇长");
	m = say(county, "message", id, NULL);
	expect(county, m, "signature_owed", "false");
	expect(county, m, "body.title", "改过的首报");
	expect(county, m, "body.signer", "吴镇长");
	expect(county, m, "body.checker", "另一人");
	ST_CHECK(member(m, "body.signed_at")[0] != '\0' && member(m, "body.drafted")[0] != '\0',
	    "signed and drafted are stamped");
	ST_CHECK(json_object_get(json_object_get(m, "body"), "unsigned") == NULL, "it is not unsigned");
	json_decref(m);
}

void
case_draft_life(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char incident[80], id[80], code[16];
	json_t *m;

	stations_start(&e->st);
	sent_unsigned(e);
	sent_signed(e);

	/* At once, without check or leader: nothing holds it up, and it is booked to who sends it. */
	open_fire(e, "直发", incident);
	json_decref(say(town, "draft", "new", "--rid", "direct", "--incident", incident, "--title", "直发首报", "--brief",
	    "正在扑救",
	    "--author", "周强", NULL));
	say_id(town, id, "draft", "send", "direct", NULL);
	await_message(e, county, id, "signature_owed", "true");
	m = say(county, "message", id, NULL);
	expect(county, m, "owed_by", "周强");
	(void)snprintf(code, sizeof code, "%s", member(m, "readback"));
	json_decref(m);
	m = say(town, "message", id, NULL);
	expect(town, m, "readback", code);	/* both ends make the same code of the same record */
	json_decref(m);
	m = say_list(town, "draft", "list", NULL);
	ST_CHECK(json_array_size(m) == 0, "sent drafts are gone");
	json_decref(m);

	/* Sent back by the reader, with a reason; a correction mends it. */
	say_refused(county, 65, "reason", "ack", id, "--as", "returned", NULL);
	json_decref(say(county, "ack", id, "--as", "returned", "--reason", "缺伤亡情况", "--person", "王建国", NULL));
	await_message(e, town, id, "state", "returned");
	json_decref(say(town, "correct", id, "--dead", "0", "--signer", "吴镇长", NULL));
	await_message(e, county, id, "state", "corrected");
	verify_all(e);
}

/* ---- after it was sent ---- */

static void
inbox_says(struct e2e *e, struct station_proc *s, const char *id, const char *name, const char *value)
{
	json_t *list, *row;

	await_message(e, s, id, "id", id);
	list = say_list(s, "inbox", NULL);
	row = row_of(list, "id", id);
	ST_CHECK(row != NULL, "%s: %s is not in the inbox", s->name, id);
	expect(s, row, name, value);
	json_decref(list);
}

void
case_correction(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	char incident[80], id[80], first[80], second[80], wording[80], fallen[80], again[80];
	json_t *d, *rows, *m, *show;
	const json_t *dead;

	stations_start(&e->st);
	open_fire(e, "更正", incident);
	say_id(town, id, "report", incident, "--brief", "仓库起火,正在扑救", "--dead", "1@119", "--trapped", "2@119",
	    "--missing", "?", "--signer", "吴镇长",
	    "--cc", city->code, NULL);
	await_message(e, county, id, "id", id);
	await_message(e, city, id, "id", id);
	json_decref(say(county, "ack", id, "--as", "signed", "--person", "王建国", NULL));
	json_decref(say(city, "ack", id, "--as", "read", NULL));
	await_line(e, town, incident, id, "receipts.read", "2");
	(void)snprintf(first, sizeof first, "%s", id);

	/* Another count of the dead: everyone who had it, ringing. */
	say_id(town, second, "correct", first, "--dead", "3@119", "--signer", "吴镇长", NULL);
	inbox_says(e, county, second, "ring", "true");
	inbox_says(e, city, second, "ring", "true");
	inbox_says(e, county, second, "state", "unread");
	await_line(e, city, incident, first, "superseded", "true");
	for (int i = TOWN; i < STATIONS; i++) {
		m = say(&e->st.s[i], "message", first, NULL);
		expect(&e->st.s[i], m, "superseded", "true");
		expect(&e->st.s[i], m, "state", "corrected");
		json_decref(m);
		ST_CHECK(i == TOWN || owes(&e->st.s[i], "read", incident), "%s owes no new reading", e->st.s[i].name);
	}
	m = say(county, "message", second, NULL);
	expect(county, m, "body.brief", "仓库起火,正在扑救");	/* it stands in the whole message's place */
	ST_CHECK(json_object_get(json_object_get(m, "body"), "trapped") != NULL, "what was not corrected was lost");
	json_decref(m);

	d = say(county, "diff", incident, NULL);
	rows = json_object_get(d, "rows");
	dead = row_of(rows, "field", "dead");
	expect(county, d, "a.id", first);
	expect(county, d, "b.id", second);
	expect(county, dead, "old", "1(119)");
	expect(county, dead, "new", "3(119)");
	expect(county, dead, "falls", "false");
	ST_CHECK(row_of(rows, "field", "brief") == NULL && row_of(rows, "field", "trapped") == NULL,
	    "diff lists what is the same");
	json_decref(d);

	/* The wording alone does not ring. */
	say_id(town, wording, "correct", second, "--brief", "仓库起火,正在全力扑救", "--signer", "吴镇长", NULL);
	inbox_says(e, county, wording, "ring", "false");
	inbox_says(e, city, wording, "ring", "false");

	/* A count falls only with a reason. */
	say_refused(town, 65, "dead falls from 3", "correct", incident, "--dead", "2@119", "--signer", "吴镇长", NULL);
	say_refused(town, 65, "dead", "correct", incident, "--dead", "?@119", "--signer", "吴镇长", NULL);
	say_id(town, fallen, "correct", incident, "--dead", "2@119", "--reason", "一人复苏", "--signer", "吴镇长", NULL);
	inbox_says(e, city, fallen, "ring", "true");
	d = say(city, "diff", incident, NULL);
	expect(city, row_of(json_object_get(d, "rows"), "field", "dead"), "falls", "true");
	json_decref(d);
	show = say(city, "show", incident, NULL);
	expect(city, show, "incident.figures.dead", "2");
	expect(city, line_at(city, show, fallen), "superseded", "false");
	ST_CHECK(json_array_size(json_object_get(show, "lines")) >= 4, "the versions are all there");
	json_decref(show);
	/* The first corrected once more: one version stands, not two. */
	say_id(town, again, "correct", first, "--title", "更正标题", "--signer", "吴镇长", NULL);
	await_line(e, city, incident, again, "superseded", "false");
	await_line(e, city, incident, fallen, "superseded", "true");
	m = say(city, "message", again, NULL);
	expect(city, m, "body.brief", "仓库起火,正在全力扑救");
	json_decref(m);
	show = say(city, "show", incident, NULL);
	expect(city, show, "incident.figures.dead", "2");
	json_decref(show);
	say_refused(county, 65, "not this station's own", "correct", first, "--dead", "9", NULL);
	verify_all(e);
}

void
case_recall(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char incident[80], id[80], follow[80], wrong[80], order[80], again[80];
	json_t *m;

	stations_start(&e->st);
	open_fire(e, "撤回", incident);
	first_report(e, incident, id);
	say_refused(town, 65, "reason", "recall", id, NULL);
	json_decref(say(town, "recall", id, "--reason", "发错", NULL));
	await_message(e, county, id, "withdrawn", "true");
	m = say(county, "message", id, NULL);
	expect(county, m, "state", "withdrawn");
	expect(county, m, "body.brief", "仓库起火,正在扑救");	/* its text stays */
	json_decref(m);
	say_refused(town, 65, "recalled already", "recall", id, "--reason", "发错", NULL);
	ST_CHECK(!owes(county, "sign", incident), "a recalled report is still to be signed for");

	/* It was sent: a follow-up is taken.  Read, it is not recalled any more. */
	say_id(town, follow, "followup", incident, "--brief", "火势扩大", "--signer", "吴镇长", NULL);
	await_message(e, county, follow, "id", follow);
	json_decref(say(county, "ack", follow, "--as", "read", NULL));
	await_line(e, town, incident, follow, "receipts.read", "1");
	say_refused(town, 65, "write a correction", "recall", follow, "--reason", "发错", NULL);
	m = say(county, "message", follow, NULL);
	expect(county, m, "withdrawn", "false");
	json_decref(m);

	/* A recalled correction says nothing: what it corrected stands, and asks for what it asked. */
	say_id(town, wrong, "correct", follow, "--brief", "火势未扩大", "--dead", "7@119", "--signer", "吴镇长", NULL);
	inbox_says(e, county, wrong, "attention", "true");
	inbox_says(e, county, follow, "corrected", "true");
	inbox_says(e, county, follow, "attention", "false");
	json_decref(say(town, "recall", wrong, "--reason", "更正错了", NULL));
	await_message(e, county, wrong, "withdrawn", "true");
	inbox_says(e, county, follow, "corrected", "false");
	inbox_says(e, county, follow, "attention", "true");
	m = say(county, "show", incident, NULL);
	ST_CHECK(strcmp(member(m, "incident.figures.dead"), "7") != 0, "the recalled figure counts");
	json_decref(m);

	/* Directives, too: the old one asks for nothing any more. */
	say_id(county, order, "direct", incident, "--to", town->code, "--text", "立即清点人数", NULL);
	await_message(e, town, order, "id", order);
	say_id(county, again, "correct", order, "--text", "立即清点人数并疏散", NULL);
	inbox_says(e, town, again, "ring", "true");
	inbox_says(e, town, order, "corrected", "true");
	inbox_says(e, town, order, "attention", "false");
	json_decref(say(county, "recall", again, "--reason", "发错", NULL));
	await_message(e, town, again, "withdrawn", "true");
	inbox_says(e, town, order, "attention", "true");
	inbox_says(e, town, again, "attention", "false");
	verify_all(e);
}

/* ---- figures ---- */

static void
rendered(const struct station_proc *s, const char *id, const char *form, struct buf *out)
{
	buf_clear(out);
	say_text(s, out, "render", id, "--to", form, NULL);
}

void
case_figures(struct e2e *e)
{
	static const char *const forms[] = { "bulletin", "phone", "paste", "sms" };
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	char incident[80], id[80], up[80], after[80], other[80];
	struct buf t = { 0 };
	json_t *show, *m;
	const json_t *from;

	stations_start(&e->st);
	open_fire(e, "多源数字", incident);
	say_id(town, id, "report", incident, "--brief", "仓库起火", "--dead", "2@119", "--dead", "3@120", "--missing", "?",
	    "--signer", "吴镇长",
	    NULL);
	await_message(e, county, id, "id", id);
	show = say(county, "show", incident, NULL);
	from = json_object_get(json_object_get(show, "incident"), "figure_sources");
	expect(county, row_of(from, "source", "119"), "text", "2");
	expect(county, row_of(from, "source", "120"), "text", "3");
	expect(county, show, "incident.figures.missing", "?");
	ST_CHECK(strstr(member(show, "incident.figures.dead"), "5") == NULL, "figures of two sources were added");
	json_decref(show);

	say_id(county, up, "report", incident, "--signer", "赵副县长", NULL);
	await_message(e, city, up, "id", up);
	m = say(city, "message", up, NULL);
	ST_CHECK(json_array_size(json_object_get(json_object_get(m, "body"), "dead")) == 2, "both sources go up");
	ST_CHECK(strcmp(member(m, "body.missing"), "?") == 0 || strcmp(member(m, "body.missing.q"), "unknown") == 0,
	    "? goes up as ?");
	json_decref(m);
	(void)setenv("DUTYDESK_LANG", "zh", 1);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		rendered(county, up, forms[i], &t);
		ST_CHECK(holds(&t, "死亡至少3人") || holds(&t, "至少3人(三人)") || holds(&t, "死亡人数:至少3人"), "%s: %s",
		    forms[i],
		    buf_cstr(&t));
		ST_CHECK(strcmp(forms[i], "sms") == 0 || (holds(&t, "120") && holds(&t, "至少2人") && holds(&t, "119")),
		    "%s lacks a source: %s", forms[i], buf_cstr(&t));
		ST_CHECK(holds(&t, "不详") && !holds(&t, "失联0") && !holds(&t, "死亡5人") && !holds(&t, "死亡3人"),
		    "%s: %s", forms[i],
		    buf_cstr(&t));
	}
	(void)setenv("DUTYDESK_LANG", "en", 1);

	json_decref(say(county, "adopt", incident, "--dead", "3@120", "--by", "赵副县长", NULL));
	show = say(county, "show", incident, NULL);
	m = json_array_get(json_object_get(json_object_get(show, "incident"), "adopted"), 0);
	expect(county, m, "person", "赵副县长");
	expect(county, m, "source", "120");
	from = json_object_get(json_object_get(show, "incident"), "figure_sources");
	expect(county, row_of(from, "source", "119"), "text", "2");	/* adopting overwrites nothing */
	json_decref(show);
	say_id(county, after, "followup", incident, "--brief", "据核定", "--dead", "3", "--missing", "?", "--signer",
	    "赵副县长", NULL);
	await_message(e, city, after, "body.adopter", "赵副县长");
	(void)setenv("DUTYDESK_LANG", "zh", 1);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		rendered(i % 2 == 0 ? county : city, after, forms[i], &t);
		ST_CHECK((holds(&t, "死亡3人") || holds(&t, "死亡人数:3人")) && !holds(&t, "至少") && holds(&t, "不详"),
		    "%s: %s", forms[i],
		    buf_cstr(&t));
	}

	/* Adopted before the county's first report: the report speaks the adopted number by itself. */
	open_fire(e, "先采用", other);
	say_id(town, id, "report", other, "--brief", "仓库起火", "--dead", "1@119", "--dead", "2@120", "--signer", "吴镇长",
	    NULL);
	await_message(e, county, id, "id", id);
	json_decref(say(county, "adopt", other, "--dead", "2@120", "--by", "赵副县长", NULL));
	say_id(county, up, "report", other, "--signer", "赵副县长", NULL);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		rendered(county, up, forms[i], &t);
		ST_CHECK(holds(&t, "死亡2人") || holds(&t, "死亡人数:2人"), "%s: %s", forms[i], buf_cstr(&t));
	}
	(void)setenv("DUTYDESK_LANG", "en", 1);
	buf_free(&t);
	verify_all(e);
}

/* ---- a county that dies ---- */

struct count {
	const char *title;
	size_t n;
	char id[80];
};

static void
count_title(void *ctx, const json_t *row)
{
	struct count *c = ctx;

	if (strcmp(text_of(row, "title"), c->title) == 0) {
		c->n++;
		(void)snprintf(c->id, sizeof c->id, "%s", text_of(row, "id"));
	}
}

static void
note_answer(void *ctx, uint64_t n, const json_t *answer)
{
	(void)n;
	(void)answer;
	*(bool *)ctx = true;
}

/* The approval is on its way when the county is killed; dutyctl asks again, under the draft's own request id. */
void
case_draft_killed(struct e2e *e)
{
	struct station_proc *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	char incident[80], report[80], rid[32], title[64], file[300];
	int status = 0, early = 0, unreached = 0, rounds = e->kills < 8 ? e->kills : 8;
	struct buf b = { 0 };

	stations_start(&e->st);
	open_fire(e, "签发时断电", incident);
	first_report(e, incident, report);
	say_id(county, report, "report", incident, "--signer", "赵副县长", NULL);
	for (int i = 0; i < rounds; i++) {
		struct count at_county = { .title = title }, at_city = { .title = title };
		const char *args[] = { "--json", "draft", "sign", rid, "--by", "赵副县长", "--retry", "60", NULL };
		int64_t until = mono_ms() + (10 + (int64_t)chance(40)) * e->slow;
		struct fault f = { 0 };
		bool ended = false;
		pid_t pid;

		(void)snprintf(rid, sizeof rid, "killed-%d", i);
		(void)snprintf(title, sizeof title, "断电前第%d报", i);
		json_decref(say(county, "draft", "new", "--rid", rid, "--incident", incident, "--stage", "followup",
		    "--title", title,
		    "--brief", "正在扑救", NULL));
		json_decref(say(county, "draft", "submit", rid, NULL));
		json_decref(say(county, "draft", "pass", rid, "--by", "核稿员", NULL));
		buf_clear(&b);
		if (i % 2 == 0) {	/* dutyctl, which asks again by itself */
			(void)snprintf(file, sizeof file, "%s/sign.%d", e->st.root, i);
			pid = st_ctl_spawn(county, file, args);
			while (!ended && mono_ms() < until)
				ended = wait_poll(pid, &status);
			st_kill(county);
			st_start(county);
			if (!ended)
				status = wait_pid(pid, 120000);
			file_read(file, &b);
		} else {		/* a desk, whose question is under way */
			struct client *c = st_client(county);

			status = 0;
			(void)client_post(c, json_pack("{s:s, s:s, s:s, s:s}", "op", "draft_move", "rid", rid, "event",
			    "approve", "person",
			    "赵副县长"), NULL, 0);
			(void)client_step(c, (int)chance(3), note_answer, NULL, &ended, &f);
			st_kill(county);
			st_start(county);
		}
		early += ended;
		/* 69: it never reached the switch.  Told again in any case, as a person would. */
		ST_CHECK(status == 0 || status == 69, "signing ended with %d: %.600s", status, buf_cstr(&b));
		unreached += status == 69;
		json_decref(say(county, "draft", "sign", rid, "--by", "赵副县长", NULL));
		(void)st_each(county, "report", false, count_title, &at_county);
		ST_CHECK(at_county.n == 1, "round %d: %zu reports at the county: %.600s", i, at_county.n, buf_cstr(&b));
		await_message(e, city, at_county.id, "signer", "赵副县长");
		(void)st_each(city, "report", false, count_title, &at_city);
		ST_CHECK(at_city.n == 1, "round %d: %zu reports at the city", i, at_city.n);
	}
	buf_free(&b);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	verify_all(e);
	(void)snprintf(e->note, sizeof e->note, "%d kills, %d after the answer, %d before the question", rounds, early,
	    unreached);
}
