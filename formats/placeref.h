#ifndef FORMATS_PLACEREF_H
#define FORMATS_PLACEREF_H
/*
 * Places that have no address (F_WHERE): a stake on a road, a kilometre of a river, a position at sea.
 *
 *   road:G15 沈海高速 K1234+500 up to 宁波     number and/or name, stake in whole metres, up down left right both, towards
 *   river:甬江 12.5km left                     name, kilometres from the river's own origin (at most 3 decimals), left right both
 *   sea:29°12.5'N 122°03.1'E                   degrees and decimal minutes; stored as microdegrees
 *
 * Read besides (full-width forms and case apart): G15沈海高速K1234+500上行, 318国道桩号K20+5左幅, 沈海高速(G15) 1234公里500米
 * 往宁波方向, ramps and separate lines AK0+300 ZK12+050; 甬江12.5公里左岸, 甬江K12+500右岸; 北纬29度12.5分 东经122度3.1分,
 * 29°12'30"N 122°3'6"E, N29.208333 E122.051667, 29.208333,122.051667.  The word before the colon (also 公路 道路 河流 河道
 * 海上 海域) may be left out where the text says what it is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "body.h"
#include "fault.h"

#define PLACEREF_TEXT_MAX 257	/* bytes of the text with NUL: F_WHERE's bound */
#define PLACEREF_NAME_MAX 97	/* with NUL */
#define PLACEREF_TOWARD_MAX 49
#define PLACEREF_KM_MAX 99999

enum placeref_kind { PLACEREF_ROAD = 1, PLACEREF_RIVER, PLACEREF_SEA };
enum placeref_side {
	PLACEREF_NOT_SAID = 0,
	PLACEREF_UP,	/* 上行 */
	PLACEREF_DOWN,	/* 下行 */
	PLACEREF_LEFT,	/* 左幅; of a river the left bank (looking downstream) */
	PLACEREF_RIGHT,
	PLACEREF_BOTH	/* 双向, 两岸 */
};

struct placeref {
	enum placeref_kind kind;
	enum placeref_side side;
	char number[12];			/* road: "G15", "S34A"; "" when only its name is known */
	char name[PLACEREF_NAME_MAX];		/* road: "" when only its number is known */
	char stake[4];				/* road: "K", "AK", "ZK" */
	int64_t metres;				/* road, river */
	char toward[PLACEREF_TOWARD_MAX];	/* road: "" when not said */
	struct geo geo;				/* sea: microdegrees, for F_POSITION */
};

/* 0, or -1 + EX_DATAERR naming "where" and the reason; out is then empty.  Equal places are equal bytes (memcmp). */
int placeref_parse(const char *text, struct placeref *out, struct fault *);
/* The canonical text (zh: as people say it in Chinese).  What placeref_parse() gave comes back the same from the one
 * that is not zh, always.  Returns buf (PLACEREF_TEXT_MAX bytes hold any). */
const char *placeref_format(const struct placeref *, bool zh, char *buf, size_t size);

#endif
