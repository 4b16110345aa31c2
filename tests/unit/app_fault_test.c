/* What a fault is called before people: a word of theirs or none, never a name of the protocol. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../formats/field.h"
#include "../../tui/app.h"
#include "../../tui/util.h"

static void
labels(void **state)
{
	static const struct { const char *name, *label; } table[] = {{"pin", "PIN"}, {"by_pin", "PIN"}, {"old", "PIN"}, {"questions", "read back"},
	    {"rid", NULL}, {"after", NULL}, {"", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *label = app_fault_label(table[i].name);

		if (table[i].label == NULL)
			assert_null(label);
		else {
			assert_non_null(label);
			assert_string_equal(label, table[i].label);
		}
	}
	assert_string_equal(app_fault_label("person"), field_label(field_by_name("person")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(labels)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
