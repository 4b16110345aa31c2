/* `dutyctl grade --explain` from options alone: no station, no switch. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../formats/i18n.h"
#include "../../switch/ctl_grade.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Runs it on words separated by spaces; what it printed comes back cut to size. */
static int
run(const char *words, char *out, size_t size)
{
	char copied[512], *argv[32], *w = copied;
	struct ctl ctl = {.dir = NULL};
	FILE *heard = tmpfile(), *errors = tmpfile();
	int argc = 0, rc, kept[2];
	size_t n;

	assert_true(heard != NULL && errors != NULL);
	(void)snprintf(copied, sizeof(copied), "%s", words);
	while (*w != '\0' && argc < 31) {
		argv[argc++] = w;
		w += strcspn(w, " ");
		if (*w == ' ')
			*w++ = '\0';
	}
	argv[argc] = NULL;
	assert_true(ctl_grade_explains(argc, argv));
	(void)fflush(stdout);
	(void)fflush(stderr);
	kept[0] = dup(STDOUT_FILENO);
	kept[1] = dup(STDERR_FILENO);
	assert_true(kept[0] >= 0 && kept[1] >= 0);
	assert_true(dup2(fileno(heard), STDOUT_FILENO) != -1 && dup2(fileno(errors), STDERR_FILENO) != -1);
	rc = ctl_grade_explain(&ctl, argc, argv);
	(void)fflush(stdout);
	(void)fflush(stderr);
	(void)dup2(kept[0], STDOUT_FILENO);
	(void)dup2(kept[1], STDERR_FILENO);
	(void)close(kept[0]);
	(void)close(kept[1]);
	rewind(heard);
	n = fread(out, 1, size - 1, heard);
	out[n] = '\0';
	(void)fclose(heard);
	(void)fclose(errors);
	codebook_free(ctl.codebook);
	return rc;
}

static void
test_json(void **state)
{
	static const struct {
		const char *words, *scope, *grade, *proposal;
	} c[] = {
	    {"--explain --json --type 12G00 --dead 3 --serious 0 --missing 0 --trapped 0", "covered", "III", "III"},
	    {"--explain --json --type 12G00 --dead 2 --serious 10 --missing 0 --trapped 0", "covered", "III", "III"},
	    {"--json --type 12G00 --dead 0 --serious 0 --missing 0 --trapped 0 --loss 5000 --explain", "covered", "II",
		"II"},
	    {"--explain --json --type 12G00 --dead 3", "covered", "undetermined", "III"},
	    {"--explain --json --type 12G00 --dead ?", "covered", "undetermined", ""},
	    {"--explain --json --type 12Q01 --dead 30", "excepted", "", ""},
	    {"--explain --json --type 11D01 --dead 30", "no-table", "", ""},
	    {"--explain --json --dead 30", "no-type", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		char out[16384];
		int rc = run(c[i].words, out, sizeof(out));
		json_t *o = json_loads(out, 0, NULL);

		if (rc != EX_OK || o == NULL)
			fail_msg("%s: %d: %s", c[i].words, rc, out);
		assert_string_equal(json_string_value(json_object_get(o, "scope")), c[i].scope);
		assert_string_equal(json_string_value(json_object_get(o, "grade")), c[i].grade);
		assert_string_equal(json_string_value(json_object_get(o, "proposal")), c[i].proposal);
		json_decref(o);
	}
}

static void
test_words(void **state)
{
	char out[16384];

	(void)state;
	assert_int_equal(
	    run("--explain --type 12G00 --dead 4@119 --dead 2@330225 --trapped 3", out, sizeof(out)), EX_OK);
	assert_non_null(strstr(out, "119"));			   /* who proves it */
	assert_non_null(strstr(out, "国务院令第493号第三条(三)")); /* by which clause */
	assert_non_null(strstr(out, "6 persons more"));		   /* how many more */
	assert_non_null(strstr(out, "seriously injured: not stated"));
	assert_non_null(strstr(out, "较大涉险: the figures show it"));
	assert_non_null(strstr(out, "a person states it"));
	/* S3-1: about as many in danger as make it */
	assert_int_equal(run("--explain --type 12G00 --endangered ~20", out, sizeof(out)), EX_OK);
	assert_non_null(strstr(out, "较大涉险: about as much as makes it; a person confirms"));
	assert_non_null(strstr(out, "about 20: please confirm"));
	assert_int_equal(run("--explain --type 12G00 --endangered <=20", out, sizeof(out)), EX_OK);
	assert_null(strstr(out, "please confirm"));
	/* what a terminal would act on does not reach it */
	assert_int_equal(run("--explain --type 12G00 --dead 4@\x1b[2J", out, sizeof(out)), EX_DATAERR);
	assert_null(strchr(out, '\x1b'));
}

static void
test_refused(void **state)
{
	static const struct {
		const char *words;
		int rc;
	} c[] = {{"--explain", EX_USAGE}, {"--explain 1122-001 III", EX_USAGE},
	    {"--explain 1122-001 --dead 3", EX_USAGE}, {"--explain --type 12G00 --dead -1", EX_DATAERR},
	    {"--explain --type 12G00 --deaths 1", EX_USAGE}, {"--explain --dead 99999999999999999999", EX_DATAERR},
	    {"--explain --type nosuchtype --dead 3", EX_DATAERR},
	    {"--explain 1122-001", EX_USAGE /* no station directory */}};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		char out[1024];
		int rc = run(c[i].words, out, sizeof(out));

		if (rc != c[i].rc)
			fail_msg("%s: %d", c[i].words, rc);
		assert_string_equal(out, "");
	}
}

static int
setup(void **state)
{
	(void)state;
	i18n_init("en");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json), cmocka_unit_test(test_words), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, setup, NULL);
}
