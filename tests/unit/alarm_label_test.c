/* Every alarm the switch raises has words of its own on the desk; what a later switch raises is shown as it is named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../tui/util.h"

static void
labels(void **state)
{
	static const char *const raised[] = {"outbox", "refused", "quarantine", "gap", "line", "close", "returned", "disk", "backup", "given back",
	    "old peer", "reload", "outlet", "chase"};
	json_t *a;

	(void)state;
	for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++) {
		a = json_pack("{s:s}", "what", raised[i]);
		if (strcmp(alarm_label(a), raised[i]) == 0 || alarm_label(a)[0] == '\0')
			fail_msg("%s has no label", raised[i]);
		json_decref(a);
	}
	a = json_pack("{s:s}", "what", "of a later version");
	assert_string_equal(alarm_label(a), "of a later version");
	json_decref(a);
	a = json_object();
	assert_string_equal(alarm_label(a), "");
	json_decref(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(labels)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
