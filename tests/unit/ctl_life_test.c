/*
 * dutyctl's verbs for the life of reports and events: what they ask the switch for, and what they refuse before that.
 * The switch is one of straw that writes the request down.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include "../../formats/i18n.h"
#include "../../switch/ctl.h"
#include "fake_switch.h"

#define REPORT "330225102.7.2"
#define INTAKE "330225102.7.1"
#define OTHER "330225102.7.40"
#define ANSWER "330225102.7.50"
#define RECEIPT "330225102.7.51"

static char kept[600];	/* the file the last request is written to */

/* Answers what a verb asks on its way; writes down what it wants done. */
static void
serve(int listener, void *arg)
{
	int fd = fake_hello(listener);
	json_t *r;

	(void)arg;
	while ((r = fake_read(fd, NULL)) != NULL) {
		const char *op = json_string_value(json_object_get(r, "op")), *ref = json_string_value(json_object_get(r, "ref"));
		const char *id = json_string_value(json_object_get(r, "id"));

		FAKE(op != NULL);
		if (strcmp(op, "show") == 0 && ref != NULL && strcmp(ref, "nothing") == 0)
			fake_ok(fd, fake_n(r), "\"incident\":{\"id\":\"" INTAKE "\"},\"lines\":[]");
		else if (strcmp(op, "show") == 0 && ref != NULL && strcmp(ref, "1122-002") == 0)
			fake_ok(fd, fake_n(r), "\"incident\":{\"id\":\"" OTHER "\"}");
		else if (strcmp(op, "show") == 0)
			fake_ok(fd, fake_n(r),
			    "\"incident\":{\"id\":\"" INTAKE "\"},\"lines\":[{\"id\":\"" INTAKE "\",\"kind\":\"intake\",\"mine\":true},"
			    "{\"id\":\"" REPORT "\",\"kind\":\"report\",\"mine\":true,\"stage\":\"first\"},"
			    "{\"id\":\"330225102.7.3\",\"kind\":\"report\",\"mine\":true,\"withdrawn\":true},"
			    "{\"id\":\"330225.7.4\",\"kind\":\"report\",\"mine\":false}]");
		else if (strcmp(op, "message") == 0)
			fake_ok(fd, fake_n(r), id != NULL && strcmp(id, INTAKE) == 0 ? "\"kind\":\"intake\"" :
			    id != NULL && strcmp(id, ANSWER) == 0 ? "\"kind\":\"feedback\",\"incident\":\"" INTAKE "\"" :
			    id != NULL && strcmp(id, RECEIPT) == 0 ? "\"kind\":\"receipt\",\"incident\":\"" INTAKE "\"" :
			    id != NULL && strcmp(id, OTHER) == 0 ? "\"kind\":\"directive\"" : "\"kind\":\"report\"");
		else if (strcmp(op, "drafts") == 0)
			fake_ok(fd, fake_n(r),
			    "\"drafts\":[{\"rid\":\"d1\",\"state\":\"writing\",\"json\":{\"request\":{\"realm\":\"live\",\"body\":{\"kind\":"
			    "\"report\"}}}},{\"rid\":\"d2\",\"state\":\"writing\",\"json\":{\"form\":\"report\"}},"
			    "{\"rid\":\"d3\",\"state\":\"signing\",\"json\":{}}]");
		else {
			FAKE(json_dump_file(r, kept, JSON_COMPACT | JSON_SORT_KEYS) == 0);
			fake_ok(fd, fake_n(r), strcmp(op, "submit") == 0 || strcmp(op, "destroy") == 0 ?
			    "\"id\":\"330225102.7.9\",\"number\":\"1122-001\",\"remarks\":[]" : "\"state\":\"checking\"");
		}
		json_decref(r);
	}
}

typedef int (*verb_fn)(struct ctl *, int, char **);

/* Runs a verb; the request it ended in, NULL when there was none.  *rc its exit status. */
static json_t *
run(verb_fn verb, const char *const *words, int *rc)
{
	struct fake fake = { .dir = "" };
	struct ctl ctl = { 0 };
	char *argv[24];
	json_t *o;
	int argc = 0;

	/* the folder first: the child must know where to write */
	(void)snprintf(fake.dir, sizeof fake.dir, "/tmp/ctl_life_test.XXXXXX");
	assert_non_null(mkdtemp(fake.dir));
	(void)snprintf(kept, sizeof kept, "%s/kept", fake.dir);
	fake_start(&fake, serve, NULL);
	for (; words[argc] != NULL; argc++) {
		assert_true(argc < 23);
		argv[argc] = strdup(words[argc]);
	}
	argv[argc] = NULL;
	ctl.dir = fake.dir;
	ctl.json = true;
	*rc = verb(&ctl, argc, argv);
	client_close(ctl.client);
	codebook_free(ctl.codebook);
	(void)kill(fake.pid, SIGKILL);
	(void)fake_wait(&fake);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	o = json_load_file(kept, 0, NULL);
	(void)unlink(kept);
	fake_remove(&fake);
	return o;
}

#define W(...) ((const char *const[]) { __VA_ARGS__, NULL })

struct case_ {
	const char *what;
	verb_fn verb;
	const char *const *words;
	int rc;
	const char *holds;	/* members of the request's body (submit), or of the request; NULL: no request */
};

/* Everything of `part` is in `whole`. */
static bool
holds(const json_t *whole, const json_t *part)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)part, key, v)
		if (!json_equal(json_object_get(whole, key), v))
			return false;
	return true;
}

static void
play(const struct case_ *c)
{
	int rc;
	json_t *o = run(c->verb, c->words, &rc), *want;
	const json_t *in = json_object_get(o, "body") != NULL ? json_object_get(o, "body") : o;
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;

	if (rc != c->rc || (o != NULL) != (c->holds != NULL))
		fail_msg("%s: exit %d, request %s", c->what, rc, text != NULL ? text : "none");
	if (c->holds != NULL) {
		want = json_loads(c->holds, 0, NULL);
		assert_non_null(want);
		if (!holds(in, want))
			fail_msg("%s: %s lacks %s", c->what, text, c->holds);
		if (json_string_length(json_object_get(o, "rid")) == 0)
			fail_msg("%s: no request id", c->what);
		json_decref(want);
	}
	free(text);
	json_decref(o);
}

static void
test_amend(void **state)
{
	const struct case_ cases[] = {
	    {"correct by id", ctl_correct, W(REPORT, "--dead", "2", "--reason", "x"), 0,
		"{\"kind\":\"report\",\"stage\":\"correction\",\"refs\":\"" REPORT "\",\"dead\":2,\"reason\":\"x\"}"},
	    {"correct by number: the last that stands", ctl_correct, W("1122-001", "--dead", "2"), 0, "{\"refs\":\"" REPORT "\"}"},
	    {"correct by the incident's id", ctl_correct, W(INTAKE, "--dead", "2"), 0, "{\"refs\":\"" REPORT "\"}"},
	    {"a feedback is corrected by one", ctl_correct, W(ANSWER, "--moved", "2"), 0,
		"{\"kind\":\"feedback\",\"stage\":\"correction\",\"refs\":\"" ANSWER "\"}"},
	    {"a receipt is no report: nothing else is corrected for it", ctl_correct, W(RECEIPT, "--dead", "2"), EX_DATAERR, NULL},
	    {"a directive is corrected by one", ctl_correct, W(OTHER, "--text", "x"), 0,
		"{\"kind\":\"directive\",\"stage\":\"correction\"}"},
	    {"no original", ctl_export, W(REPORT, "--format", "original"), EX_NOINPUT, NULL},
	    {"an incident has no original", ctl_export, W("1122-001", "--format", "original"), EX_USAGE, NULL},
	    {"no such form", ctl_export, W(REPORT, "--format", "telex"), EX_USAGE, NULL},
	    {"no such import", ctl_import, W("--format", "telex", "file"), EX_USAGE, NULL},
	    {"nothing to correct", ctl_correct, W("nothing", "--dead", "2"), EX_NOINPUT, NULL},
	    {"no word", ctl_correct, W("--dead", "2"), EX_USAGE, NULL},
	    {"the verb says the stage", ctl_correct, W(REPORT, "--stage", "first"), EX_USAGE, NULL},
	    {"a bad count", ctl_correct, W(REPORT, "--dead", "-3"), EX_DATAERR, NULL},
	    {"the other realm", ctl_correct, W(REPORT, "--realm", "exercise", "--dead", "1"), EX_DATAERR, NULL},
	    {"recall", ctl_recall, W(REPORT, "--reason", "误发"), 0, "{\"stage\":\"withdrawal\",\"reason\":\"误发\"}"},
	    {"recall says why", ctl_recall, W(REPORT), EX_DATAERR, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		play(&cases[i]);
}

static void
test_steps(void **state)
{
	const struct case_ cases[] = {
	    {"verify", ctl_step, W("1122-001", "verify", "--by", "李敏"), 0,
		"{\"kind\":\"step\",\"step\":\"verify\",\"person\":\"李敏\",\"incident\":\"" INTAKE "\"}"},
	    {"in Chinese", ctl_step, W("1122-001", "归档", "--by", "李敏"), 0, "{\"step\":\"archive\"}"},
	    {"close is a report's", ctl_step, W(REPORT, "close", "--by", "李敏"), 0,
		"{\"step\":\"close\",\"refs\":\"" REPORT "\"}"},
	    {"close of an incident", ctl_step, W("1122-001", "close", "--by", "李敏"), EX_DATAERR, NULL},
	    {"nobody", ctl_step, W("1122-001", "verify"), EX_USAGE, NULL},
	    {"two persons", ctl_step, W("1122-001", "verify", "--by", "a", "--person", "b"), EX_USAGE, NULL},
	    {"no such step", ctl_step, W("1122-001", "launch", "--by", "a"), EX_USAGE, NULL},
	    {"a step with a verb of its own", ctl_step, W("1122-001", "merge", "--by", "a"), EX_USAGE, NULL},
	    {"one word", ctl_step, W("1122-001", "--by", "a"), EX_USAGE, NULL},
	    {"merge", ctl_merge, W("1122-001", "1122-002", "--by", "a", "--reason", "同一起"), 0,
		"{\"step\":\"merge\",\"incident\":\"" INTAKE "\",\"other\":\"" OTHER "\"}"},
	    {"merge says why", ctl_merge, W("1122-001", "1122-002", "--by", "a"), EX_DATAERR, NULL},
	    {"split", ctl_split, W("1122-001", REPORT, "--by", "a", "--reason", "两起", "--title", "新"), 0,
		"{\"step\":\"split\",\"refs\":\"" REPORT "\",\"title\":\"新\"}"},
	    {"split into", ctl_split, W("1122-001", REPORT, "--by", "a", "--reason", "x", "--into", "1122-002"), 0,
		"{\"other\":\"" OTHER "\"}"},
	    {"split of nothing", ctl_split, W("1122-001", "--by", "a", "--reason", "x"), EX_USAGE, NULL},
	    {"split of no message", ctl_split, W("1122-001", "7", "--by", "a", "--reason", "x"), EX_DATAERR, NULL},
	    {"adopt", ctl_adopt, W("1122-001", "--dead", "3@119", "--by", "王建国"), 0,
		"{\"step\":\"adopt\",\"dead\":{\"q\":\"exact\",\"n\":3,\"source\":\"119\"}}"},
	    {"adopt nothing", ctl_adopt, W("1122-001", "--by", "a"), EX_USAGE, NULL},
	    {"countersign", ctl_countersign, W(REPORT, "--by", "赵"), 0, "{\"step\":\"countersign\",\"refs\":\"" REPORT "\"}"},
	    {"countersign an incident", ctl_countersign, W("1122-001", "--by", "赵"), EX_DATAERR, NULL},
	    {"verdict", ctl_verdict, W("1122-001", "较大涉险", "--confirm", "--by", "a"), 0,
		"{\"step\":\"verdict\",\"verdict\":\"较大涉险\",\"confirmed\":true}"},
	    {"denied", ctl_verdict, W("1122-001", "较大涉险", "--deny", "--by", "a"), 0, "{\"confirmed\":false}"},
	    {"neither", ctl_verdict, W("1122-001", "较大涉险", "--by", "a"), EX_USAGE, NULL},
	    {"both", ctl_verdict, W("1122-001", "x", "--confirm", "--deny", "--by", "a"), EX_USAGE, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		play(&cases[i]);
}

static void
test_outside(void **state)
{
	const struct case_ cases[] = {
	    {"outside", ctl_outside,
		W("1122-001", "--channel", "system", "--system", "省系统", "--receipt-no", "7", "--by", "李", "--to", "330225"), 0,
		"{\"kind\":\"outside\",\"channel\":\"system\",\"system\":\"省系统\",\"to\":\"330225\",\"person\":\"李\"}"},
	    {"on no incident", ctl_outside, W("-", "--channel", "fax", "--receipt-no", "7", "--by", "李"), 0,
		"{\"channel\":\"fax\"}"},
	    {"a call to the end of a chain", ctl_outside, W("-", "--channel", "phone", "--system", "ext:guojia", "--answered-by", "张", "--by", "李"), 0,
		"{\"kind\":\"outside\",\"channel\":\"phone\",\"system\":\"ext:guojia\",\"answered_by\":\"张\"}"},
	    {"that end is no station", ctl_outside, W("-", "--channel", "phone", "--to", "ext:guojia", "--by", "李"), EX_DATAERR, NULL},
	    {"by nothing", ctl_outside, W("-", "--by", "李"), EX_USAGE, NULL},
	    {"by nobody", ctl_outside, W("-", "--channel", "fax"), EX_USAGE, NULL},
	    {"an unknown channel", ctl_outside, W("-", "--channel", "pigeon", "--by", "李"), EX_DATAERR, NULL},
	    {"classified is a stub", ctl_outside, W("-", "--channel", "classified", "--by", "李"), EX_USAGE, NULL},
	    {"stub", ctl_stub, W("-", "--route", "机要", "--receipt-no", "7", "--by", "李"), 0,
		"{\"kind\":\"outside\",\"channel\":\"classified\",\"route\":\"机要\"}"},
	    {"stub says its channel", ctl_stub, W("-", "--channel", "fax", "--by", "李"), EX_USAGE, NULL},
	    {"destroy", ctl_destroy, W(REPORT, "--first", "甲", "--second", "乙", "--reason", "误入"), 0,
		"{\"op\":\"destroy\",\"id\":\"" REPORT "\",\"first\":\"甲\",\"second\":\"乙\",\"reason\":\"误入\"}"},
	    {"one person", ctl_destroy, W(REPORT, "--first", "甲", "--reason", "x"), EX_USAGE, NULL},
	    {"no reason", ctl_destroy, W(REPORT, "--first", "甲", "--second", "乙"), EX_DATAERR, NULL},
	    {"another field", ctl_destroy, W(REPORT, "--first", "a", "--second", "b", "--reason", "x", "--title", "y"), EX_USAGE,
		NULL},
	    {"no id", ctl_destroy, W("1122-001", "--first", "a", "--second", "b", "--reason", "x"), EX_DATAERR, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		play(&cases[i]);
}

static void
test_draft(void **state)
{
	const struct case_ cases[] = {
	    {"new", ctl_draft, W("new", "--title", "火灾", "--rid", "d9", "--incident", "1122-001"), 0,
		"{\"op\":\"draft_put\",\"rid\":\"d9\",\"json\":{\"title\":\"火灾\",\"request\":{\"realm\":\"live\",\"confirmed\":false,"
		"\"body\":{\"kind\":\"report\",\"incident\":\"" INTAKE "\",\"stage\":\"first\",\"title\":\"火灾\"}}}}"},
	    {"new of nothing", ctl_draft, W("new"), EX_USAGE, NULL},
	    {"submit what is kept", ctl_draft, W("submit", "d1"), 0,
		"{\"op\":\"draft_move\",\"event\":\"submit\",\"request\":{\"realm\":\"live\",\"body\":{\"kind\":\"report\"}}}"},
	    {"submit a desk's form", ctl_draft, W("submit", "d2"), EX_DATAERR, NULL},
	    {"submit what is not there", ctl_draft, W("submit", "d7"), EX_NOINPUT, NULL},
	    {"pass", ctl_draft, W("pass", "d1", "--by", "王"), 0, "{\"event\":\"pass\",\"person\":\"王\"}"},
	    {"pass by nobody", ctl_draft, W("pass", "d1"), EX_USAGE, NULL},
	    {"return", ctl_draft, W("return", "d1", "--by", "王", "--reason", "x"), 0, "{\"event\":\"return\",\"reason\":\"x\"}"},
	    {"return says why", ctl_draft, W("return", "d1", "--by", "王"), EX_USAGE, NULL},
	    {"take back", ctl_draft, W("take-back", "d1"), 0, "{\"event\":\"take-back\"}"},
	    {"try", ctl_draft, W("try", "d1", "--by", "赵", "--number", "138", "--outcome", "busy"), 0,
		"{\"event\":\"try\",\"person\":\"赵\",\"number\":\"138\",\"outcome\":3}"},
	    {"try what", ctl_draft, W("try", "d1", "--by", "赵", "--number", "138"), EX_USAGE, NULL},
	    {"try whom", ctl_draft, W("try", "d1", "--number", "138", "--outcome", "busy"), EX_USAGE, NULL},
	    {"sign", ctl_draft, W("sign", "d3", "--by", "赵"), 0, "{\"event\":\"approve\",\"person\":\"赵\"}"},
	    {"sign takes no fields", ctl_draft, W("sign", "d3", "--by", "赵", "--dead", "0"), EX_USAGE, NULL},
	    {"send what is being signed: nothing to bring", ctl_draft, W("send", "d3"), 0, "{\"event\":\"send\"}"},
	    {"send brings what is kept", ctl_draft, W("send", "d1"), 0,
		"{\"event\":\"send\",\"request\":{\"realm\":\"live\",\"body\":{\"kind\":\"report\"}}}"},
	    {"unsigned", ctl_draft, W("unsigned", "d3", "--by", "李"), 0, "{\"event\":\"unsigned\",\"person\":\"李\"}"},
	    {"delete", ctl_draft, W("delete", "d1"), 0, "{\"op\":\"draft_del\",\"rid\":\"d1\"}"},
	    {"no such step", ctl_draft, W("launch", "d1"), EX_USAGE, NULL},
	    {"which one", ctl_draft, W("pass", "--by", "a"), EX_USAGE, NULL},
	    {"list", ctl_draft, W("list"), 0, NULL},
	    {"list is the default", ctl_draft, W("--json"), 0, NULL},
	    {"show", ctl_draft, W("show", "d1"), 0, NULL},
	    {"show nothing", ctl_draft, W("show", "d7"), EX_NOINPUT, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		play(&cases[i]);
}

static void
test_reading(void **state)
{
	const struct case_ cases[] = {
	    {"diff", ctl_diff, W("1122-001"), 0, NULL},
	    {"diff of nothing", ctl_diff, W("--json"), EX_USAGE, NULL},
	    {"a version that is no number", ctl_diff, W("1122-001", "x"), EX_USAGE, NULL},
	    {"a version too large", ctl_diff, W("1122-001", "99999999999999999999"), EX_USAGE, NULL},
	    {"zero", ctl_diff, W("1122-001", "0"), EX_USAGE, NULL},
	    {"four words", ctl_diff, W("1122-001", "1", "2", "3"), EX_USAGE, NULL},
	    {"render how", ctl_render, W(REPORT), EX_USAGE, NULL},
	    {"render as what", ctl_render, W(REPORT, "--to", "telex"), EX_USAGE, NULL},
	    {"parts of a bulletin", ctl_render, W(REPORT, "--to", "bulletin", "--parts"), EX_USAGE, NULL},
	    {"render what", ctl_render, W("1122-001", "--to", "sms"), EX_DATAERR, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (cases[i].rc == 0) {	/* a reading verb's request is written down as any other */
			int rc;
			json_t *o = run(cases[i].verb, cases[i].words, &rc);

			assert_int_equal(rc, 0);
			assert_string_equal(json_string_value(json_object_get(o, "op")), "diff");
			json_decref(o);
			continue;
		}
		play(&cases[i]);
	}
}

/* Groups are spelt out before anything is sent; the station itself is left out. */
static void
test_groups(void **state)
{
	static const char *const words[] = {"-", "--to", "330225/children", "--text", "x", NULL};
	int rc;
	json_t *o, *to;

	(void)state;
	o = run(ctl_direct, words, &rc);
	assert_int_equal(rc, 0);
	to = json_object_get(json_object_get(o, "body"), "to");
	assert_true(json_is_array(to) && json_array_size(to) > 3);
	for (size_t i = 0; i < json_array_size(to); i++)
		assert_string_not_equal(json_string_value(json_array_get(to, i)), "330225");
	json_decref(o);
	o = run(ctl_direct, W("-", "--to", "@nobody", "--text", "x"), &rc);
	assert_null(o);
	assert_int_equal(rc, EX_NOHOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_amend), cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_outside), cmocka_unit_test(test_draft), cmocka_unit_test(test_reading),
	    cmocka_unit_test(test_groups)};

	i18n_init("en");
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
