/*
 * Damage by hand: rows of a journal that real stations have written are changed with SQL, one at a time, and verification must name
 * each.  A township reports to its county and is ordered; some is signed, some sent back, some still waits because the line is cut.
 */
#include <sqlite3.h>
#include <sys/stat.h>
#include "line_net.h"
#include "journal_make.h"

static struct {
	char dir[64];
	struct buf file;
	struct msgid signed_, delivered, returned, waiting, destroyed;
} made[NNODE];

static void
path_of(int node, char path[128])
{
	snprintf(path, 128, "%s/journal.db", made[node].dir);
}

static void
file_get(int node)
{
	char path[128], block[65536];
	size_t n;
	FILE *f;

	path_of(node, path);
	assert_non_null(f = fopen(path, "rb"));
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_put(&made[node].file, block, n);
	assert_int_equal(fclose(f), 0);
}

static void
file_put(int node)
{
	char path[128];
	FILE *f;

	remove_dir(made[node].dir);	/* what says how far the journal had come goes with it */
	assert_int_equal(mkdir(made[node].dir, 0700), 0);
	path_of(node, path);
	assert_non_null(f = fopen(path, "wb"));
	assert_int_equal(fwrite(made[node].file.p, 1, made[node].file.n, f), made[node].file.n);
	assert_int_equal(fclose(f), 0);
}

static struct msgid
says_of(struct node *n, const char *rid, const char *act, const struct msgid *id)
{
	bool back = strcmp(act, "returned") == 0;

	return node_says(n, rid, (const char *const[]){"kind", "receipt", "act", act, "refs", text_of(id),
				     back ? "reason" : "person", back ? "不归本站" : "李四", NULL});
}

static void
live(struct net *net)
{
	struct node *county = &net->node[COUNTY], *town = &net->node[TOWN];

	made[TOWN].delivered = report(town, "r1");
	made[TOWN].signed_ = report(town, "r2");
	made[COUNTY].signed_ = order(county, "o1", "330225102");
	made[COUNTY].delivered = order(county, "o2", "330225102");
	made[COUNTY].returned = order(county, "o3", "330225102");
	net_run(net, 60000);
	says_of(county, "s1", "signed", &made[TOWN].signed_);
	says_of(town, "s2", "read", &made[COUNTY].signed_);
	net_run(net, 60000);
	says_of(town, "s3", "signed", &made[COUNTY].signed_);
	says_of(town, "s4", "returned", &made[COUNTY].returned);
	net_run(net, 60000);
	net->cut[COUNTY] = true;
	net_cut(net, COUNTY);
	net_deliver(net);
	made[TOWN].waiting = report(town, "r3");
	made[COUNTY].waiting = order(county, "o4", "330225102");
	order(county, "o5", "330225102");
	made[COUNTY].destroyed = order(county, "o6", "330225102");
	net_deliver(net);
	station_destroy(county->s, node_now(county), 1, &made[COUNTY].destroyed, "x1", "seat1", "张三", "李四", "误入");
	node_turn(county);
	assert_false(county->refused);
	net_deliver(net);
}

static int
make_all(void **state)
{
	struct fault f = {0};
	struct net *net;
	void *p = NULL;

	if (load(state) != 0)
		return -1;
	net_setup(&p);
	net = p;
	for (int i = 0; i < NNODE; i++) {
		make_dir(made[i].dir, sizeof made[i].dir);
		assert_non_null(net->node[i].j = journal_sqlite_open(made[i].dir, true, &f));
	}
	net_start(net);
	live(net);
	for (int i = 0; i < NNODE; i++) {
		station_free(net->node[i].s);
		net->node[i].s = NULL;
		net->node[i].j->ops->close(net->node[i].j);
		net->node[i].j = NULL;
		file_get(i);
	}
	net_teardown(&p);
	return 0;
}

static int
drop_all(void **state)
{
	for (int i = 0; i < NNODE; i++) {
		remove_dir(made[i].dir);
		buf_free(&made[i].file);
	}
	return unload(state);
}

static void
run_sql(int node, const char *text)
{
	char path[128], *why = NULL;
	sqlite3 *db;

	path_of(node, path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	if (*text != '\0' && sqlite3_total_changes(db) == 0)
		fail_msg("changes nothing: %s", text);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
verified(int node, struct journal_verify *v)
{
	struct fault f = {0};
	struct journal *j = journal_sqlite_open(made[node].dir, false, &f);

	if (j == NULL)
		fail_msg("%s", f.text);
	memset(v, 0, sizeof *v);
	assert_int_equal(j->ops->verify(j, node_codes[node], v), 0);
	j->ops->close(j);
}

/* @S, @D, @R, @W, @X: the condition that picks the message's row; in what must be named, its id. */
static void
fill(int node, const char *text, bool named, char *out, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < size; text++) {
		const struct msgid *id = text[0] != '@' ? NULL : text[1] == 'S' ? &made[node].signed_ : text[1] == 'D' ?
		    &made[node].delivered : text[1] == 'R' ? &made[node].returned : text[1] == 'W' ? &made[node].waiting : text[1] == 'X' ?
		    &made[node].destroyed : NULL;

		if (id == NULL)
			out[n++] = *text;
		else if (named)
			n += (size_t)snprintf(out + n, size - n, "%s", text_of(id));
		else
			n += (size_t)snprintf(out + n, size - n, "serial=%llu AND source=(SELECT n FROM source WHERE origin='%s' AND"
			    " epoch=%llu AND realm=0)", (unsigned long long)id->serial, id->origin, (unsigned long long)id->epoch);
		text += id != NULL;
		assert_true(n + 1 < size);
	}
	out[n] = '\0';
}

static void
clean(void **state)
{
	(void)state;
	for (int i = 0; i < NNODE; i++) {
		struct journal_verify v;

		file_put(i);
		verified(i, &v);
		assert_string_equal(v.bad, "");
		assert_true(v.chain > 0 && (i == CITY || (v.messages > 5 && v.deliveries > 2 && v.outbox > 0)));
	}
}

#define ROW(letter) "message @" letter ": its delivery to "
#define NOT_SO " is not as the chain tells"

static const struct {
	int node;
	const char *name, *sql, *bad;
} cases[] = {
	{TOWN, "open->delivered", "UPDATE delivery SET state=3,delivered=0 WHERE @W", ROW("W") "330225" NOT_SO},
	{TOWN, "open->signed", "UPDATE delivery SET state=5,delivered=0,signed=0,person='假人' WHERE @W", ROW("W") "330225" NOT_SO},
	{TOWN, "open->returned", "UPDATE delivery SET state=7,person='无路' WHERE @W", ROW("W") "330225" NOT_SO},
	{TOWN, "open, and read", "UPDATE delivery SET read=0 WHERE @W", ROW("W") "330225" NOT_SO},
	{TOWN, "open, and somebody's", "UPDATE delivery SET person='假人' WHERE @W", ROW("W") "330225" NOT_SO},
	{TOWN, "state 99", "UPDATE delivery SET state=99 WHERE @D", ROW("D") "330225" NOT_SO},
	{TOWN, "delivered->open", "UPDATE delivery SET state=1,delivered=NULL WHERE @D", ROW("D") "330225" NOT_SO},
	{TOWN, "delivered->custody", "UPDATE delivery SET state=2 WHERE @D", ROW("D") "330225" NOT_SO},
	{TOWN, "delivered->returned", "UPDATE delivery SET state=7 WHERE @D", ROW("D") "330225" NOT_SO},
	{TOWN, "delivered->read", "UPDATE delivery SET state=4,read=delivered WHERE @D", ROW("D") "330225" NOT_SO},
	{TOWN, "delivered by somebody", "UPDATE delivery SET person='假人' WHERE @D",
	    ROW("D") "330225 names another person than the receipt"},
	{TOWN, "signed->delivered", "UPDATE delivery SET state=3,signed=NULL WHERE @S", ROW("S") "330225" NOT_SO},
	{TOWN, "signed by another", "UPDATE delivery SET person='假人' WHERE @S",
	    ROW("S") "330225 names another person than the receipt"},
	{TOWN, "signed by nobody", "UPDATE delivery SET person='' WHERE @S",
	    ROW("S") "330225 names another person than the receipt"},
	{TOWN, "signed at another time", "UPDATE delivery SET signed=signed-3600000 WHERE @S", ROW("S") "330225" NOT_SO},
	{TOWN, "delivered at another time", "UPDATE delivery SET delivered=delivered+1 WHERE @S", ROW("S") "330225" NOT_SO},
	{TOWN, "since another time", "UPDATE delivery SET since=since+1 WHERE @D", ROW("D") "330225" NOT_SO},
	{TOWN, "delivery gone", "DELETE FROM delivery WHERE @S", ROW("S") "330225 is missing"},
	{TOWN, "delivery to another", "UPDATE delivery SET station=(SELECT n FROM name WHERE text='330225102') WHERE @W",
	    ROW("W") "330225 is missing"},
	{COUNTY, "one more delivery", "INSERT INTO name(text) VALUES('330299'); INSERT INTO delivery(source,serial,station,state,since,"
	    "offered,person) SELECT source,serial,(SELECT n FROM name WHERE text='330299'),1,since,offered,'' FROM delivery WHERE @D",
	    "message @D: has a delivery to 330299, and is not addressed to it"},
	{COUNTY, "read undone", "UPDATE delivery SET read=NULL WHERE @S", ROW("S") "330225102" NOT_SO},
	{COUNTY, "signed->taken", "UPDATE delivery SET state=6,taken=signed WHERE @S", ROW("S") "330225102" NOT_SO},
	{COUNTY, "returned->delivered", "UPDATE delivery SET state=3 WHERE @R", ROW("R") "330225102" NOT_SO},
	{COUNTY, "returned for another reason", "UPDATE delivery SET person='查无此人' WHERE @R",
	    ROW("R") "330225102 names another person than the receipt"},
	{COUNTY, "what came is not for us", "UPDATE message SET local=1-local WHERE seq=(SELECT min(m.seq) FROM message m JOIN source s ON"
	    " s.n=m.source WHERE s.origin='330225102' AND m.kind=3 AND m.local=0)", "differ in local"},
	{COUNTY, "our own is not", "UPDATE message SET local=0 WHERE @W", "message @W: its row and its body differ in local"},
	{TOWN, "parcel gone", "DELETE FROM outbox WHERE @W; UPDATE head SET outbox=outbox-1",
	    "passage 330225 out "},
	{TOWN, "all parcels gone", "DELETE FROM outbox; UPDATE head SET outbox=0", "has not passed, and is not in the outbox"},
	{COUNTY, "parcel twice", "INSERT INTO outbox SELECT n+100,link,source,serial,precedence,stream,number,envelope FROM outbox"
	    " WHERE @W; UPDATE head SET outbox=outbox+1", " has the number of "},
	{COUNTY, "parcel of another", "UPDATE outbox SET serial=(SELECT serial+0 FROM message WHERE @D) WHERE @W",
	    "another message stands under its number"},
	{COUNTY, "parcel to another", "INSERT INTO name(text) VALUES('330299'); UPDATE outbox SET link=(SELECT n FROM name WHERE"
	    " text='330299') WHERE @W",
	    "passage 330225102 out "},
	{COUNTY, "parcel of another number", "UPDATE outbox SET number=number+100 WHERE @W", "its row and its envelope differ in number"},
	{COUNTY, "parcel without number", "UPDATE outbox SET number=0,stream=0 WHERE @W", "its row and its envelope differ in number"},
	{COUNTY, "envelope garbage", "UPDATE outbox SET envelope=x'ff00ff' WHERE @W", "its envelope cannot be read"},
	{COUNTY, "envelope empty", "UPDATE outbox SET envelope=x'' WHERE @W", "its envelope cannot be read"},
	{COUNTY, "passed, and waits", "UPDATE passage SET passed=1 WHERE @W", "it has passed"},
	{COUNTY, "withdrawn, and waits", "UPDATE passage SET source=0,serial=0 WHERE @W", "nothing stands under its number"},
	{TOWN, "not passed, and waits not", "UPDATE passage SET passed=NULL WHERE @D", "has not passed, and is not in the outbox"},
	{COUNTY, "destroyed->open", "UPDATE delivery SET state=1 WHERE @X", ROW("X") "330225102" NOT_SO},
	{COUNTY, "destroyed->delivered", "UPDATE delivery SET state=3,delivered=0 WHERE @X", ROW("X") "330225102" NOT_SO},
	{TOWN, "the number gone", "DELETE FROM passage WHERE @W", " 330225 "},
};

static void
damage(void **state)
{
	char sql[2048], bad[512];
	unsigned missed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct journal_verify v;

		file_put(cases[i].node);
		fill(cases[i].node, cases[i].sql, false, sql, sizeof sql);
		fill(cases[i].node, cases[i].bad, true, bad, sizeof bad);
		run_sql(cases[i].node, sql);
		verified(cases[i].node, &v);
		if (strstr(v.bad, bad) == NULL) {
			print_message("%s: verify says \"%s\", expected \"%s\"\n", cases[i].name, v.bad, bad);
			missed++;
		}
	}
	assert_int_equal(missed, 0);
}

/* What retention let go is no damage, and hides none. */
static void
retired(void **state)
{
	struct journal_verify v;
	struct fault f = {0};
	struct journal *j;
	char sql[512], bad[256];
	size_t n = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		file_put(TOWN);
		assert_non_null(j = journal_sqlite_open(made[TOWN].dir, false, &f));
		if (round > 0) {
			assert_int_equal(j->ops->settle(j, &made[TOWN].signed_, true), 0);
			assert_int_equal(j->ops->settle(j, &made[TOWN].delivered, true), 0);
		}
		assert_int_equal(j->ops->retire(j, NOW + DAY, NOW + DAY, 1000, &n), 0);
		assert_true(n > 0);
		assert_int_equal(j->ops->commit(j), 0);
		j->ops->close(j);
		verified(TOWN, &v);
		assert_string_equal(v.bad, "");
		fill(TOWN, round < 2 ? "UPDATE delivery SET state=3,signed=NULL WHERE @S" : "DELETE FROM delivery WHERE @S", false, sql,
		    sizeof sql);
		fill(TOWN, round < 2 ? ROW("S") "330225" NOT_SO : ROW("S") "330225 is missing", true, bad, sizeof bad);
		run_sql(TOWN, sql);
		verified(TOWN, &v);
		assert_string_equal(v.bad, bad);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean),
	    cmocka_unit_test(damage),
	    cmocka_unit_test(retired),
	};

	return cmocka_run_group_tests(tests, make_all, drop_all);
}
