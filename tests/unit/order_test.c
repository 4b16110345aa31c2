/* Types of directives, receipts by telephone, entries on behalf of another station, slips. */
#include "order_help.h"

static int
log_row(void *ctx, const struct journal_msg *m)
{
	char *text = ctx;
	struct fault f;
	struct body *b = wire_decode(m->body.p, m->body.n, &f);

	snprintf(text, 1024, "%s", b != NULL && body_text(b, F_TEXT) != NULL ? body_text(b, F_TEXT) : "");
	body_free(b);
	return 0;
}

static size_t
logged(struct world *w, char text[1024])
{
	struct { char *text; } last = {text};
	size_t n = 0;

	text[0] = '\0';
	w->j->ops->each_after(w->j, 0, KIND_LOG, true, log_row, last.text);
	n = text[0] != '\0';
	return n;
}

/* ---- types ---- */

static void
types(void **state)
{
	static const struct {
		const char *what, *field;
		const char *const fields[GIVEN];
	} bad[] = {
	    {"instruction of nobody", "person", {"kind", "directive", "order_type", "instruction", "to", XIZHOU, "text", "x"}},
	    {"verify without a time", "due", {"kind", "directive", "order_type", "verify", "to", XIZHOU, "text", "x"}},
	    {"asks for words", "asks", {"kind", "directive", "to", XIZHOU, "text", "x", "asks", "to_move,title"}},
	    {"asks for nothing known", "asks", {"kind", "directive", "to", XIZHOU, "text", "x", "asks", "haste"}},
	    {"every 0", "every", {"kind", "directive", "to", XIZHOU, "text", "x", "every", "0"}},
	    {"every year", "every", {"kind", "directive", "to", XIZHOU, "text", "x", "every", "525600"}},
	    {"append to nothing", "refs", {"kind", "directive", "order_type", "append", "text", "x"}},
	    {"revoke of nothing", "refs", {"kind", "directive", "order_type", "revoked", "reason", "x"}},
	};
	struct world *w = county_new(S1(21, 30));
	struct body *b;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refused(w, bad[i].what, EX_DATAERR, bad[i].field, bad[i].fields);
	const char *const asks[] = {"kind", "directive", "to", XIZHOU, "text", "转移", "asks", "应转，已转移、refused;返流 to_move", NULL};
	struct msgid id = sent(w, "asks", asks);

	b = stored(w, &id);
	assert_int_equal(body_count(b, F_ASKS), 4);
	assert_string_equal(body_text(b, F_ASKS), "to_move");
	assert_string_equal(body_next(b, body_first(b, F_ASKS))->u.text.s, "moved");
	body_free(b);
	const char *const leader[] = {"kind", "directive", "order_type", "instruction", "to", XIZHOU, "text", "全力搜救", "person", "赵副县长", NULL};
	(void)sent(w, "leader", leader);
	world_free(w);
}

static void
appended_and_revoked(void **state)
{
	struct world *w = county_new(S1(21, 30)), *town = town_new(XIZHOU, S1(21, 30));
	struct folded fd;
	struct body *b;

	(void)state;
	const char *const first[] = {"kind", "directive", "to", XIZHOU, "cc", "330225101", "text", "封闭下游道路", "precedence", "flash", NULL};
	struct msgid root = sent(w, "order", first), more, back;
	const char *const adds[] = {"kind", "directive", "order_type", "append", "refs", text_of(&root), "text", "再加一处", NULL};

	more = sent(w, "append", adds);
	b = stored(w, &more);
	assert_true(incident_addressed(b, XIZHOU, false));
	assert_true(incident_addressed(b, "330225101", true));
	assert_int_equal(body_enum(b, F_PRECEDENCE), PREC_FLASH); /* no more quietly than the directive */
	assert_true(body_flag(b, F_RING));
	body_free(b);
	const char *const wider[] = {"kind", "directive", "order_type", "append", "refs", text_of(&root), "to", QIANGTOU, "text", "增援", NULL};
	struct msgid wide = sent(w, "wider", wider);
	const char *const twice[] = {"kind", "directive", "order_type", "append", "refs", text_of(&more), "text", "x", NULL};

	refused(w, "append to an append", EX_DATAERR, "refs", twice);
	const char *const silent[] = {"kind", "directive", "order_type", "revoked", "refs", text_of(&root), NULL};

	refused(w, "no reason", EX_DATAERR, "reason", silent);
	carry(w, town, COUNTY, &root);
	carry(w, town, COUNTY, &more);
	const char *const theirs[] = {"kind", "directive", "order_type", "revoked", "refs", text_of(&root), "reason", "不想办", "to", COUNTY, NULL};

	refused(town, "another's directive", EX_NOPERM, "refs", theirs);
	json_t *o = ask_id(w, "track", &root);

	assert_int_equal(num(o, "open"), 1); /* the copy owes nothing */
	assert_int_equal(json_array_size(json_object_get(o, "appended")), 2);
	json_decref(o);
	const char *const takes[] = {"kind", "directive", "order_type", "revoked", "refs", text_of(&root), "reason", "险情解除", NULL};

	back = sent(w, "revoke", takes);
	b = stored(w, &back);
	assert_int_equal(body_count(b, F_REFS), 3);	/* what was added goes with it */
	assert_true(incident_addressed(b, XIZHOU, false));
	assert_true(incident_addressed(b, QIANGTOU, false)); /* whom only the supplement had reached */
	assert_true(incident_addressed(b, "330225101", true));
	assert_non_null(strstr(body_text(b, F_TITLE), "封闭下游道路"));
	body_free(b);
	const char *const again[] = {"kind", "directive", "order_type", "revoked", "refs", text_of(&root), "reason", "又", NULL};

	refused(w, "taken back twice", EX_DATAERR, "refs", again);
	refused(w, "added to what is taken back", EX_DATAERR, "refs", adds);
	b = stored(w, &root);
	assert_string_equal(body_text(b, F_TEXT), "封闭下游道路"); /* stays to be read */
	body_free(b);
	carry(w, town, COUNTY, &back);
	struct world *both[] = {w, town};

	for (size_t k = 0; k < 2; k++) {
		size_t gone = 0;

		fold(both[k], &root, &fd);
		for (size_t i = 0; i < fd.incident->nall; i++)
			gone += fd.incident->all[i].withdrawn;
		assert_int_equal(gone, k == 0 ? 3 : 2);
		folded_free(&fd);
	}
	o = ask_id(w, "track", &wide);
	assert_true(json_is_true(json_object_get(o, "revoked")));
	assert_string_equal(str(o, "revoked_why"), "险情解除");
	assert_int_equal(num(o, "open"), 0);
	assert_string_equal(str(row_where(o, "rows", "to", XIZHOU), "state_name"), "收回");
	json_decref(o);
	o = ask(w, "orders", json_object());
	assert_int_equal(json_array_size(json_object_get(o, "orders")), 0);
	json_decref(o);
	o = ask(town, "orders", json_object());
	assert_int_equal(json_array_size(json_object_get(o, "orders")), 0);
	json_decref(o);
	world_free(w);
	world_free(town);
}

/* ---- S1-4: 电话代签 ---- */

static void
by_telephone(void **state)
{
	struct world *w = county_new(S1(22, 50)), *town = town_new(XIZHOU, S1(22, 50)), *other = town_new(QIANGTOU, S1(22, 50));
	struct journal_delivery d;
	char text[1024];
	json_t *o;

	(void)state;
	/* 指0812-02: what West Zhou is told to its number, the others to theirs */
	const char *const order[] = {"kind", "directive", "to", XIZHOU, "to", QIANGTOU, "text", "封闭水库下游道路", "precedence", "flash",
	    "to_move", "412@西周镇", "to_move", "85@" QIANGTOU, "every", "30", NULL};
	struct msgid id = sent(w, "0812-02", order);
	const char *right = code_of(w, &id);
	char code[8], wrong[8];

	snprintf(code, sizeof code, "%s", right);
	snprintf(wrong, sizeof wrong, "%04d", (int)((strtol(right, NULL, 10) + 1) % 10000));
	w->now = S1(22, 54);
	const char *const misread[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
	    "031", "readback", wrong, "to_move", "412", NULL};

	refused_loud(w, "wrong code", "readback", wrong, misread);
	assert_int_equal(logged(w, text), 1);
	assert_non_null(strstr(text, "西周镇"));
	assert_non_null(strstr(text, "周强"));
	uint64_t at = w->j->ops->chain_seq(w->j);

	refused_loud(w, "wrong code", "readback", wrong, misread);
	assert_int_equal(w->j->ops->chain_seq(w->j), at);	/* the same request again: one entry */
	const char *const figure[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
	    "031", "readback", code, "to_move", "421", NULL};

	refused_loud(w, "wrong figure", "to_move", "421", figure);
	static const struct {
		const char *what, *field;
		const char *name, *value;	/* put in the place of what it says */
	} bad[] = {
	    {"nobody", "person", "person", NULL}, {"no recording", "receipt_no", "receipt_no", NULL}, {"no code", "readback", "readback", NULL},
	    {"no addressee", "on_behalf", "on_behalf", "330225101"}, {"reading is no signature", "act", "act", "read"},
	    {"by letter", "channel", "channel", "paper"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *f[GIVEN] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
		    "031", "readback", code, "channel", "phone", NULL}, *g[GIVEN];
		size_t n = 0;

		for (size_t k = 0; f[k] != NULL; k += 2)
			if (strcmp(f[k], bad[i].name) != 0 || bad[i].value != NULL) {
				g[n++] = f[k];
				g[n++] = strcmp(f[k], bad[i].name) == 0 ? bad[i].value : f[k + 1];
			}
		g[n] = NULL;
		refused(w, bad[i].what, EX_DATAERR, bad[i].field, g);
	}
	w->now = S1(22, 56);
	char spaced[32];

	snprintf(spaced, sizeof spaced, "%c %c %c %c", code[0], code[1], code[2], code[3]);
	const char *const signs[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
	    "031", "readback", spaced, "to_move", "412", NULL};
	struct msgid proxy = sent(w, "proxy", signs);

	refused(w, "twice", EX_DATAERR, "on_behalf", signs);
	const char *const takes[] = {"kind", "receipt", "act", "taken", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
	    "031", "readback", code, "due", "2026-08-12T23:20:00+08:00", NULL};

	(void)sent(w, "proxy takes on", takes);
	/* one more for the other town: not the same receipt */
	const char *const second[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", QIANGTOU, "person", "许宁", "receipt_no",
	    "032", "readback", code, "to_move", "85", NULL};

	(void)sent(w, "the other's proxy", second);
	assert_false(w->duplicate);
	/* No 送达 of it, nobody's act: custody goes on. */
	assert_int_equal(w->j->ops->delivery_get(w->j, &id, XIZHOU, &d), 0);
	assert_int_equal(d.state, DLV_OPEN);
	assert_int_equal(d.delivered, 0);
	assert_int_equal(d.signed_, 0);
	o = ask_id(w, "track", &id);
	const json_t *r = row_where(o, "rows", "to", XIZHOU), *p = json_object_get(r, "proxy");

	assert_string_equal(str(p, "person"), "周强");
	assert_string_equal(str(p, "recording"), "031");
	assert_string_equal(str(p, "word"), "电话代");
	assert_string_equal(str(p, "act"), "taken");
	assert_int_equal(num(r, "signed"), 0);
	assert_int_equal(num(r, "delivered"), 0);
	assert_int_equal(num(r, "misread"), 2);
	assert_int_equal(num(r, "next"), S1(23, 20));
	json_decref(o);
	/* S1-5: at 23:20 nothing was heard */
	w->now = S1(23, 20) + 1;
	o = ask_id(w, "track", &id);
	assert_string_equal(str(row_where(o, "rows", "to", XIZHOU), "state_name"), "超时 未办");
	json_decref(o);
	/* Its own receipt stands beside it. */
	town->now = S1(23, 30);
	w->now = S1(23, 30);
	carry(w, town, COUNTY, &id);
	carry(w, town, COUNTY, &proxy);
	const char *const own[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "person", "吴镇长", NULL};
	struct msgid theirs = sent(town, "own", own);

	assert_false(town->duplicate);
	carry(town, w, XIZHOU, &theirs);
	assert_int_equal(w->j->ops->delivery_get(w->j, &id, XIZHOU, &d), 0);
	assert_int_equal(d.state, DLV_SIGNED);
	o = ask_id(w, "track", &id);
	r = row_where(o, "rows", "to", XIZHOU);
	assert_string_equal(str(r, "signer"), "吴镇长");
	assert_string_equal(str(json_object_get(r, "proxy"), "person"), "周强");
	json_decref(o);
	const char *const late[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
	    "033", "readback", code, NULL};

	refused(w, "it has signed itself", EX_DATAERR, "on_behalf", late);
	/* A third station writes one: not taken from its keyboard, and no act of anybody when it comes from the wire. */
	carry(w, other, COUNTY, &id);
	const char *const forged[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "假", "receipt_no", "9",
	    "readback", code, NULL};

	refused(other, "a third station", EX_NOPERM, "on_behalf", forged);
	world_free(w);
	world_free(town);
	world_free(other);
}

/* A receipt on behalf of X by Y, as a broken or lying switch would send it: neither X's act nor Y's. */
static void
forged(void **state)
{
	struct world *w = county_new(S1(22, 50));
	struct journal_delivery d;
	struct envelope e;
	struct buf bytes = {0}, parcel = {0};

	(void)state;
	const char *const order[] = {"kind", "directive", "to", XIZHOU, "to", QIANGTOU, "text", "封路", "precedence", "flash", NULL};
	struct msgid id = sent(w, "order", order), fid = {.epoch = 1, .serial = 5};
	const char *const receipt[] = {"kind", "receipt", "act", "signed", "refs", text_of(&id), "on_behalf", XIZHOU, "person", "假", "to", COUNTY,
	    "readback_ok", "yes", "receipt_no", "9", NULL};
	struct body *b = make(receipt);

	snprintf(fid.origin, sizeof fid.origin, QIANGTOU);
	body_set_id(b, F_ID, &fid);
	body_set_id(b, F_INCIDENT, &id);
	body_set_time(b, F_WRITTEN, w->now);
	wire_encode(b, &bytes);
	memset(&e, 0, sizeof e);
	envelope_add_to(&e, COUNTY);
	assert_true(envelope_add_hop(&e, QIANGTOU));
	e.precedence = PREC_URGENT;
	parcel_encode(&e, bytes.p, bytes.n, &parcel);
	station_received(w->s, w->now, station_link(w->s, QIANGTOU), 1, parcel.p, parcel.n);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 0);
	static const char *const towns[] = {XIZHOU, QIANGTOU};

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(w->j->ops->delivery_get(w->j, &id, towns[i], &d), 0);
		assert_int_equal(d.state, DLV_OPEN);
	}
	json_t *o = ask_id(w, "track", &id);

	assert_null(json_object_get(row_where(o, "rows", "to", XIZHOU), "proxy"));
	assert_int_equal(num(o, "signed"), 0);
	json_decref(o);
	body_free(b);
	buf_free(&bytes);
	buf_free(&parcel);
	envelope_free(&e);
	world_free(w);
}

/* ---- S1-6, S1-8, S1-9 ---- */

static size_t
trapped(struct world *w, const struct msgid *incident, int64_t *n)
{
	struct folded fd;
	size_t sources = 0;

	fold(w, incident, &fd);
	*n = -1;
	for (size_t i = 0; i < fd.incident->nfigures; i++)
		if (fd.incident->figures[i].key == F_TRAPPED) {
			sources++;
			*n = fd.incident->figures[i].fig.n;
		}
	folded_free(&fd);
	return sources;
}

static void
slips(void **state)
{
	struct world *county = county_new(S1(23, 41)), *qt = town_new(QIANGTOU, S1(25, 50)), *xz = town_new(XIZHOU, S1(28, 30));
	struct msgid intake, statement, order, copy[5];
	struct body *b;
	int64_t n, ms;
	char code[8];
	json_t *o;

	(void)state;
	/* 22:50, 22:56: a directive, signed for over the telephone. */
	const char *const dir[] = {"kind", "directive", "to", XIZHOU, "text", "封闭道路", NULL};

	order = sent(county, "order", dir);
	snprintf(code, sizeof code, "%s", code_of(county, &order));
	const char *const sign[] = {"kind", "receipt", "act", "signed", "refs", text_of(&order), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
	    "031", "readback", code, NULL};
	struct msgid proxy = sent(county, "proxy", sign);
	const char *const takes[] = {"kind", "receipt", "act", "taken", "refs", text_of(&order), "on_behalf", XIZHOU, "person", "周强", "receipt_no",
	    "031", "readback", code, "due", "2026-08-13T00:20:00+08:00", NULL};
	struct msgid proxy2 = sent(county, "the same call", takes);
	/* 23:41, satellite telephone: the county takes it down for West Zhou. */
	const char *const call[] = {"kind", "intake", "place", "上坪村", "title", "上坪村滑坡被困", "type", "11D01", "learned", "2026-08-12T23:41:00+08:00",
	    "channel", "phone", "on_behalf", XIZHOU, "author", "李敏", "trapped", "5", NULL};

	intake = statement = sent(county, "statement", call);
	b = stored(county, &intake);
	assert_true(incident_addressed(b, XIZHOU, true)); /* it sees what stands in its name */
	assert_string_equal(body_first(b, F_TRAPPED)->u.fig.source, XIZHOU);
	body_free(b);
	assert_int_equal(trapped(county, &intake, &n), 1);
	/* 01:50: 许宁 enters four slips; the times on the paper stay, the entering is another. */
	qt->now = S1(25, 52);
	for (int i = 0; i < 4; i++) {
		char slip[16], rid[16];
		const char *const f[] = {"kind", "report", "place", i == 2 ? "上坪村" : "下坪村", "title", i == 2 ? "滑坡被困" : "道路中断", "type", "11D01",
		    "occurred", "2026-08-12T23:30:00+08:00", "learned", "2026-08-12T23:35:00+08:00", "on_behalf", XIZHOU, "slip", slip, "author", "许宁",
		    i == 2 ? "trapped" : "evacuated", "5", NULL};

		snprintf(slip, sizeof slip, "XZ-%02d", 7 + i);
		snprintf(rid, sizeof rid, "slip%d", i);
		copy[i] = sent(qt, rid, f);
		b = stored(qt, &copy[i]);
		assert_true(incident_addressed(b, COUNTY, true));
		assert_true(incident_addressed(b, XIZHOU, true));
		assert_true(body_time(b, F_LEARNED, &ms));
		assert_int_equal(ms, S1(23, 35));
		assert_true(body_time(b, F_WRITTEN, &ms));
		assert_int_equal(ms, S1(25, 52));
		assert_string_equal(body_text(b, F_AUTHOR), "许宁");
		body_free(b);
		county->now = S1(25, 52);
		carry(qt, county, QIANGTOU, &copy[i]);
	}
	/* 【账】 XZ-09 and the statement of 23:41 are one matter: proposed, and never 10. */
	o = ask(county, "claims", json_object());
	const json_t *same = json_array_get(json_object_get(o, "same"), 0);

	assert_non_null(same);
	assert_string_equal(str(same, "source_name"), "西周镇");
	assert_string_equal(str(same, "field"), "trapped");
	json_decref(o);
	const char *const merge[] = {"kind", "step", "step", "merge", "incident", text_of(&copy[2]), "other", text_of(&intake), "person", "李敏", "reason",
	    "同一事", NULL};

	(void)sent(county, "merge", merge);
	o = ask(county, "claims", json_object());
	assert_int_equal(json_array_size(json_object_get(o, "same")), 0);
	json_decref(o);
	/* The same said once more in the incident itself: one source, the newer word, no sum. */
	const char *const more[] = {"kind", "intake", "incident", text_of(&intake), "text", "断线单 XZ-09", "on_behalf", XIZHOU, "trapped", "5", NULL};

	(void)sent(county, "XZ-09 again", more);
	assert_int_equal(trapped(county, &intake, &n), 1);
	assert_int_equal(n, 5);
	/* A slip entered here after it came from there; whoever holds it refuses. */
	county->now = S1(26, 0);
	const char *const dup[] = {"kind", "intake", "text", "又一张", "on_behalf", XIZHOU, "slip", "ｘｚ-07", NULL};

	refused_loud(county, "slip at the county", "slip", "墙头镇", dup);
	const char *const others[] = {"kind", "intake", "text", "石浦的单", "on_behalf", "330225101", "slip", "XZ-07", NULL};

	(void)sent(county, "another station's slip", others);
	/* 04:30: the line is back. */
	carry(county, xz, COUNTY, &order);
	carry(county, xz, COUNTY, &proxy);
	carry(county, xz, COUNTY, &proxy2);
	carry(county, xz, COUNTY, &statement);
	for (int i = 0; i < 4; i++)
		carry(qt, xz, COUNTY, &copy[i]);
	o = ask(xz, "claims", json_object());
	assert_string_equal(str(o, "text"), "断线期间县代录1件、墙头代录4件、电话代签1件,请认领");
	assert_int_equal(json_array_size(json_object_get(o, "items")), 7);
	json_decref(o);
	const char *const own[] = {"kind", "report", "place", "下坪村", "title", "道路中断", "type", "11D01", "learned", "2026-08-12T23:35:00+08:00", "slip",
	    "XZ-07", NULL};

	refused_loud(xz, "S1-9", "slip", "墙头镇", own);
	if (!submit_confirmed(xz, "S1-9 as a supplement", own))
		fail_msg("%s: %s", xz->fault.field, xz->fault.text);
	b = stored(xz, &xz->id);
	struct msgid at;

	assert_true(incident_refers(b, &copy[0]));
	assert_true(body_id(b, F_INCIDENT, &at));
	assert_int_equal(msgid_cmp(&at, &copy[0]), 0);
	body_free(b);
	/* Claimed one by one, the proxy too. */
	const struct msgid *all[] = {&statement, &copy[0], &copy[1], &copy[2], &copy[3], &proxy, &proxy2};

	for (size_t i = 0; i < 7; i++) {
		const char *const claim[] = {"kind", "receipt", "act", "signed", "refs", text_of(all[i]), "person", "周强", NULL};
		char rid[16];

		snprintf(rid, sizeof rid, "claim%zu", i);
		(void)sent(xz, rid, claim);
		o = ask(xz, "claims", json_object());
		assert_int_equal(json_array_size(json_object_get(o, "items")), 6 - i);
		json_decref(o);
	}
	world_free(county);
	world_free(qt);
	world_free(xz);
}

static void
behalf(void **state)
{
	static const struct {
		const char *what, *station;
		int code;
	} bad[] = {{"itself", COUNTY, EX_DATAERR}, {"above", CITY, EX_NOPERM}, {"nowhere", "999999", EX_NOHOST}};
	struct world *w = county_new(S1(23, 41));
	struct body *b;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *const f[] = {"kind", "intake", "text", "x", "on_behalf", bad[i].station, NULL};

		refused(w, bad[i].what, bad[i].code, "on_behalf", f);
	}
	/* a station with nothing but a telephone gets no copy */
	const char *const phone[] = {"kind", "intake", "text", "x", "on_behalf", "330225203", "dead", "?", NULL};
	struct msgid id = sent(w, "phone only", phone);

	b = stored(w, &id);
	assert_false(incident_addressed(b, "330225203", true));
	assert_int_equal(body_first(b, F_DEAD)->u.fig.q, FIG_UNKNOWN);
	assert_string_equal(body_text(b, F_AUTHOR), "seat1");
	body_free(b);
	/* what people who walked over say: at once at the county, too, which sees that it has it already */
	struct world *qt = town_new(QIANGTOU, S1(25, 52));
	const char *const own[] = {"kind", "intake", "place", "上坪村", "title", "滑坡被困", "type", "11D01", "on_behalf", XIZHOU, "trapped", "5", NULL};
	const char *const paper[] = {"kind", "intake", "place", "上坪村", "title", "上坪村被困", "type", "11D01", "on_behalf", XIZHOU, "slip", "XZ-09",
	    "occurred", "2026-08-12T23:20:00+08:00", "trapped", "5@西周镇", NULL};

	(void)sent(w, "by satellite", own);
	id = sent(qt, "XZ-09", paper);
	b = stored(qt, &id);
	assert_true(incident_addressed(b, COUNTY, true));
	assert_true(incident_addressed(b, XIZHOU, true));
	body_free(b);
	w->now = S1(25, 52);
	carry(qt, w, QIANGTOU, &id);
	json_t *o = ask(w, "claims", json_object());

	assert_int_equal(json_array_size(json_object_get(o, "same")), 1);	/* one source by two names */
	json_decref(o);
	world_free(qt);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types),
	    cmocka_unit_test(appended_and_revoked),
	    cmocka_unit_test(by_telephone),
	    cmocka_unit_test(forged),
	    cmocka_unit_test(slips),
	    cmocka_unit_test(behalf),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
