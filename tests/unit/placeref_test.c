/* Places without an address: spellings, bounds, and that the canonical text reads back as the same place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/buf.h"
#include "../../formats/placeref.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
test_read(void **state)
{
	static const struct {
		const char *text, *canonical, *zh;
	} c[] = {
	    {"road:G15 K1234+500 up", "road:G15 K1234+500 up", "G15K1234+500上行"},
	    {"G15沈海高速K1234+500", "road:G15 沈海高速 K1234+500", "G15沈海高速K1234+500"},
	    {"G15沈海高速K1234+500上行", "road:G15 沈海高速 K1234+500 up", "G15沈海高速K1234+500上行"},
	    {"Ｇ１５沈海高速Ｋ１２３４＋５００上行", "road:G15 沈海高速 K1234+500 up", NULL},
	    {"沈海高速(G15) K1234+500 下行", "road:G15 沈海高速 K1234+500 down", NULL},
	    {"沈海高速（G15）桩号K1234+500处左幅", "road:G15 沈海高速 K1234+500 left", NULL},
	    {"沈海高速桩号(K1234+500)", "road:沈海高速 K1234+500", NULL},
	    {"沈海高速 G15 K1234", "road:G15 沈海高速 K1234+000", NULL},
	    {"road:g15w k3+5 right", "road:G15W K3+005 right", NULL},
	    {"318国道K20+50", "road:G318 K20+050", NULL},
	    {"S34省道 20公里300米往宁波方向", "road:S34 省道 K20+300 to 宁波", "S34省道K20+300往宁波方向"},
	    {"G15 K1 宁波方向", "road:G15 K1+000 to 宁波", NULL},
	    {"G15K1+000 上行 往处州方向", "road:G15 K1+000 up to 处州", NULL},
	    {"G15K1+000 处州方向", "road:G15 K1+000 to 处州", NULL},
	    {"G15K1+000 向阳方向", "road:G15 K1+000 to 向阳", NULL},
	    {"G15匝道AK0+300", "road:G15 匝道 AK0+300", "G15匝道AK0+300"},
	    {"公路:甬金连接线zk12+050双向", "road:甬金连接线 ZK12+050 both", NULL},
	    {"K1234+500", NULL, NULL},
	    {"road: K1+000", NULL, NULL},
	    {"road:G15", NULL, NULL},
	    {"road:G15 K123456", NULL, NULL},
	    {"road:G15 K1+2345", NULL, NULL},
	    {"road:G15 K1+5.5", NULL, NULL},
	    {"road:G15 K1.5", NULL, NULL},
	    {"road:G15 K-1", NULL, NULL},
	    {"road:G15 K1+000 sideways", NULL, NULL},
	    {"road:G15 K1+000 up down", NULL, NULL},
	    {"road:G15 K1+000 方向", NULL, NULL},
	    {"river:甬江 12.5km", "river:甬江 12.5km", "甬江12.5公里"},
	    {"river:甬江 12.5km left", "river:甬江 12.5km left", "甬江12.5公里左岸"},
	    {"river:甬江 12.5km right bank", "river:甬江 12.5km right", "甬江12.5公里右岸"},
	    {"甬江12.500公里处左岸", "river:甬江 12.5km left", NULL},
	    {"甬江K12+500两岸", "river:甬江 12.5km both", NULL},
	    {"甬江12公里５０米", "river:甬江 12.05km", NULL},
	    {"大目涂塘 0km", "river:大目涂塘 0km", NULL},
	    {"河道：甬江，12千米", "river:甬江 12km", NULL},
	    {"river:甬江 12.3456km", NULL, NULL},
	    {"river:甬江", NULL, NULL},
	    {"river:12km", NULL, NULL},
	    {"river:甬江 123456km", NULL, NULL},
	    {"river:甬江 12km up", NULL, NULL},
	    {"river:甬江 nankm", NULL, NULL},
    {"river:甬江-12km", NULL, NULL},
    {"甬江K12.5公里", "river:甬江 12.5km", NULL},
	    {"river:甬江 1e3km", NULL, NULL},
	    {"sea:29°12.5'N 122°03.1'E", "sea:29°12.5'N 122°03.1'E", "北纬29度12.5分 东经122度3.1分"},
	    {"北纬29度12.5分 东经122度3.1分", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"东经122度3.1分，北纬29度12.5分", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"北纬２９°１２．５′东经１２２°３．１′", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"29°12'30\"N 122°3'6\"E", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"29°12′30″N，122°3′6″E", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"N29°12.5' E122°03.1'", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"sea:29.208333,122.051667", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"N29.208333 E122.051667", "sea:29°12.5'N 122°03.1'E", NULL},
	    {"29.5 122", "sea:29°30'N 122°00'E", "北纬29度30分 东经122度0分"},
	    {"sea:-33.5,-70.25", "sea:33°30'S 70°15'W", "南纬33度30分 西经70度15分"},
	    {"sea:90,180", "sea:90°00'N 180°00'E", NULL},
	    {"sea:0,0", "sea:0°00'N 0°00'E", NULL},
	    {"sea:90.000001,0", NULL, NULL},
	    {"sea:91,0", NULL, NULL},
	    {"sea:0,180.0000006", NULL, NULL},
	    {"sea:0,181", NULL, NULL},
	    {"sea:29°60'N 122°E", NULL, NULL},
	    {"sea:29.5°12'N 122°E", NULL, NULL},
	    {"sea:29°12.5'30\"N 122°E", NULL, NULL},
	    {"sea:29°12'60\"N 122°E", NULL, NULL},
	    {"sea:29N", NULL, NULL},
	    {"sea:29N 30S", NULL, NULL},
	    {"sea:29N 122", NULL, NULL},
	    {"sea:122E 121E", NULL, NULL},
	    {"sea:-29N 122E", NULL, NULL},
	    {"sea:N-29 E122", NULL, NULL},
	    {"sea:NaN,NaN", NULL, NULL},
	    {"sea:inf,0", NULL, NULL},
	    {"sea:1e2,0", NULL, NULL},
	    {"sea:0x10,0", NULL, NULL},
	    {"sea:99999999999999999999,0", NULL, NULL},
	    {"sea:1.1234567890123456789,0", NULL, NULL},
	    {"sea:1,2,3", NULL, NULL},
	    {"", NULL, NULL},
	    {"  ", NULL, NULL},
	    {"road:", NULL, NULL},
	    {"西周镇政府", NULL, NULL},
	    {"road:G15\x1b[2J K1", NULL, NULL},
	    {"road:G15\n K1", NULL, NULL},
	    {"road:\xe6\xb2 K1", NULL, NULL},
	};
	char buf[PLACEREF_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct placeref r, again;
		struct fault f = {0};
		int rc = placeref_parse(c[i].text, &r, &f);

		if (c[i].canonical == NULL) {
			if (rc == 0)
				fail_msg("\"%s\" read as \"%s\"", c[i].text, placeref_format(&r, false, buf, sizeof(buf)));
			assert_int_equal(f.code, EX_DATAERR);
			assert_string_equal(f.field, "where");
			assert_true(f.text[0] != '\0');
			continue;
		}
		if (rc != 0)
			fail_msg("\"%s\": %s", c[i].text, f.text);
		assert_string_equal(placeref_format(&r, false, buf, sizeof(buf)), c[i].canonical);
		assert_int_equal(placeref_parse(buf, &again, &f), 0);
		assert_memory_equal(&r, &again, sizeof(r));
		(void)placeref_format(&r, true, buf, sizeof(buf));
		if (c[i].zh != NULL)
			assert_string_equal(buf, c[i].zh);
		if (placeref_parse(buf, &again, &f) != 0)
			fail_msg("\"%s\": %s", buf, f.text);
		assert_memory_equal(&r, &again, sizeof(r));
	}
}

static void
test_bounds(void **state)
{
	struct placeref r;
	struct fault f = {0};
	char text[PLACEREF_TEXT_MAX + 64], buf[PLACEREF_TEXT_MAX], small[8];

	(void)state;
	(void)snprintf(text, sizeof(text), "road:%.*s K1", 300, "");
	memset(text + 5, 'x', 300);
	memcpy(text + 305, " K1", 4);
	assert_int_equal(placeref_parse(text, &r, &f), -1);
	(void)snprintf(text, sizeof(text), "road:");
	for (int i = 0; i < 32; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "沈");
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " K99999+999 both to ");
	for (int i = 0; i < 16; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "宁");
	assert_int_equal(placeref_parse(text, &r, &f), 0);
	assert_string_equal(placeref_format(&r, false, buf, sizeof(buf)), text);
	assert_int_equal(r.metres, 99999999);
	(void)placeref_format(&r, false, small, sizeof(small));
	assert_int_equal(strlen(small), 7);
	memmove(text + 8, text + 5, strlen(text + 5) + 1);
	memcpy(text + 5, "沈", 3);
	assert_int_equal(placeref_parse(text, &r, &f), -1);
}

/* Every position is written so that it reads back to the microdegree. */
static void
test_positions(void **state)
{
	uint64_t seed = 99;
	char buf[PLACEREF_TEXT_MAX];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct placeref r = {.kind = PLACEREF_SEA}, again;
		struct fault f = {0};

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		r.geo.lat = (int32_t)((seed >> 33) % 180000001u) - 90000000;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		r.geo.lon = (int32_t)((seed >> 33) % 360000001u) - 180000000;
		if (placeref_parse(placeref_format(&r, i % 2 == 0, buf, sizeof(buf)), &again, &f) != 0)
			fail_msg("\"%s\": %s", buf, f.text);
		if (again.geo.lat != r.geo.lat || again.geo.lon != r.geo.lon)
			fail_msg("%d,%d: \"%s\"", r.geo.lat, r.geo.lon, buf);
	}
}

/* What is taken comes back the same from its canonical text, whatever it was made of. */
static void
test_pieces(void **state)
{
	static const char *const pieces[] = {"road:", "river:", "sea:", "G15", "S3", "K12", "K1+2", "km", "公里", "米", "12",
	    ".5", " ", ",", "(", ")", "桩号", "上行", "up", "to ", "方向", "往", "处", "左岸", "left", "A", "K", "江", "高速", "318国道",
	    "N", "E", "°", "'", "\"", "-", "1", "东经", "、", "甬", "+", ";"};
	uint32_t seed = 5;
	size_t taken = 0;

	(void)state;
	for (int i = 0; i < 400000; i++) {
		char text[PLACEREF_TEXT_MAX] = "", buf[PLACEREF_TEXT_MAX];
		struct placeref r, again;
		struct fault f = {0};
		size_t len = 0;

		for (unsigned k = 0, n = 2u + (unsigned)i % 9u; k < n; k++) {
			seed = seed * 1103515245u + 12345u;
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", pieces[(seed >> 16) % COUNT(pieces)]);
		}
		if (placeref_parse(text, &r, &f) != 0)
			continue;
		taken++;
		(void)placeref_format(&r, false, buf, sizeof(buf));
		if (placeref_parse(buf, &again, &f) != 0)
			fail_msg("\"%s\" to \"%s\": %s", text, buf, f.text);
		if (memcmp(&r, &again, sizeof(r)) != 0)
			fail_msg("\"%s\" to \"%s\"", text, buf);
	}
	assert_true(taken > 2000);
}

/* A name as long as a name may be, with the blank before the kilometre that our own text has. */
static void
test_name_at_its_bound(void **state)
{
	struct placeref r, again;
	struct fault f = {0};
	char text[PLACEREF_TEXT_MAX], canonical[PLACEREF_TEXT_MAX];

	(void)state;
	(void)memset(text, 'a', PLACEREF_NAME_MAX - 4 - 1);
	(void)snprintf(text + PLACEREF_NAME_MAX - 5, sizeof(text) - (PLACEREF_NAME_MAX - 5), "江 12.5km");
	assert_int_equal(placeref_parse(text, &r, &f), 0);
	(void)placeref_format(&r, false, canonical, sizeof(canonical));
	assert_int_equal(placeref_parse(canonical, &again, &f), 0);
	assert_memory_equal(&r, &again, sizeof(r));
	(void)memset(text, 'a', PLACEREF_NAME_MAX);
	(void)snprintf(text + PLACEREF_NAME_MAX, sizeof(text) - PLACEREF_NAME_MAX, "江 12.5km");
	assert_int_equal(placeref_parse(text, &r, &f), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_positions), cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_name_at_its_bound)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
