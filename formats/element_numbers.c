/*
 * Numbers in a report's words that are not those of its figures.
 *
 * "3人死亡,5人受伤" in the course while the figures say two dead is how wrong numbers travel: people read the words,
 * totals take the figures.  The words are cut into clauses; in a clause each number of persons belongs to the nearest
 * word for a count (死亡, 被困, ...).  This is a reader's help with no claim to grammar: it errs towards silence where
 * it would guess (rescued persons, increments, parts of a number already given), and it only ever points out.
 *
 * The words of the language stand here; no number of any rule does.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "element_part.h"
#include "i18n.h"
#include "text.h"

#define TOKENS_MAX 48		     /* of one clause; what follows is read as another */
#define COUNT_MAX INT64_C(100000000) /* persons: beyond it it is some other number */
#define GAP_AFTER 27		     /* bytes between a word and the number after it */
#define GAP_BEFORE 45		     /* between a number and the word after it */
#define NEGATION_GAP 30

enum token_kind { TOK_NUMBER, TOK_WORD, TOK_NONE_OF, TOK_RESCUED, TOK_AMONG, TOK_MORE, TOK_OTHERS, TOK_NOTHING };
enum { WORD_CASUALTIES = 0 }; /* 伤亡: no count of its own, but there may be none of it */

struct token {
	enum token_kind kind;
	size_t from, to; /* bytes in the text */
	int64_t n;
	enum figure_q q;
	uint32_t key; /* of a word */
	bool latest;  /* a number: what the one before it rose to */
	bool used;
};

struct clause {
	struct token t[TOKENS_MAX];
	size_t n;
	size_t from, to;
};

struct claim {
	uint32_t key, where;
	size_t from, to; /* the clause */
	int64_t n;
	enum figure_q q;
};

struct claims {
	struct claim *v;
	size_t n;
};

static const struct {
	const char *s;
	enum token_kind kind;
	uint32_t key;
} words[] = {{"死亡率", TOK_NOTHING, 0}, {"轻重伤", TOK_WORD, F_INJURED}, {"重轻伤", TOK_WORD, F_INJURED}, {"死亡", TOK_WORD, F_DEAD}, {"遇难", TOK_WORD, F_DEAD}, {"身亡", TOK_WORD, F_DEAD},
    {"罹难", TOK_WORD, F_DEAD}, {"丧生", TOK_WORD, F_DEAD}, {"死者", TOK_WORD, F_DEAD}, {"重伤", TOK_WORD, F_SERIOUS},
    {"轻伤", TOK_WORD, F_LIGHT}, {"受伤", TOK_WORD, F_INJURED}, {"伤者", TOK_WORD, F_INJURED},
    {"失联", TOK_WORD, F_MISSING}, {"失踪", TOK_WORD, F_MISSING}, {"下落不明", TOK_WORD, F_MISSING},
    {"被困", TOK_WORD, F_TRAPPED}, {"受困", TOK_WORD, F_TRAPPED}, {"被埋", TOK_WORD, F_TRAPPED},
    {"伤亡", TOK_WORD, WORD_CASUALTIES}, {"没有", TOK_NONE_OF, 0}, {"未造成", TOK_NONE_OF, 0},
    {"未发现", TOK_NONE_OF, 0}, {"未出现", TOK_NONE_OF, 0}, {"未见", TOK_NONE_OF, 0}, {"无", TOK_NONE_OF, 0},
    {"救出", TOK_RESCUED, 0}, {"获救", TOK_RESCUED, 0}, {"脱险", TOK_RESCUED, 0}, {"脱困", TOK_RESCUED, 0},
    {"解救", TOK_RESCUED, 0}, {"找到", TOK_RESCUED, 0}, {"生还", TOK_RESCUED, 0}, {"其中", TOK_AMONG, 0},
    {"包括", TOK_AMONG, 0}, {"新增", TOK_MORE, 0}, {"又有", TOK_MORE, 0}, {"另有", TOK_MORE, 0},
    /* what stands on the other side of these is people who help, or their kin */
    {"救治", TOK_OTHERS, 0}, {"搜救", TOK_OTHERS, 0}, {"救援", TOK_OTHERS, 0}, {"营救", TOK_OTHERS, 0},
    {"寻找", TOK_OTHERS, 0}, {"搜寻", TOK_OTHERS, 0}, {"赶赴", TOK_OTHERS, 0}, {"转运", TOK_OTHERS, 0},
    {"转移", TOK_OTHERS, 0}, {"参与", TOK_OTHERS, 0}, {"已由", TOK_OTHERS, 0}, {"家属", TOK_OTHERS, 0},
    {"慰问", TOK_OTHERS, 0}, {"安抚", TOK_OTHERS, 0}};
static const char *const breaks[] = {	/* of one character each */
    ",", ";", "!", "(", ")", "\n", "，", "。", "；", "、", "！", "（", "）", "？", "?", "【", "】", "|"};
static const uint32_t read_in[] = {F_TITLE, F_BRIEF, F_CASUALTIES_TEXT, F_SCOPE, F_TREND, F_TEXT};

static size_t starts(const char *p, size_t len, const char *word);
static int digit_at(const char *p, size_t len, size_t *used, bool *chinese);
static int64_t unit_at(const char *p, size_t len, size_t *used);
static bool number_read(const char *p, size_t len, size_t *used, int64_t *out);
static bool number_token(const char *text, size_t len, size_t at, const struct clause *, struct token *);
static void text_read(const char *, size_t len, uint32_t where, struct claims *);
static bool agrees(const struct claim *, const struct body *, bool *stated, bool *known);

/* Characters of the lower plane that may begin something text_read() knows (most of a text begins nothing); of them those
 * that may begin a number, those that begin a word, and those that end a clause. */
static uint64_t begins[0x10000 / 64], numerals[0x10000 / 64], openers[0x10000 / 64], stops[0x10000 / 64];
static uint32_t word_begins[sizeof(words) / sizeof(words[0])];

static bool
is_among(const uint64_t *set, uint32_t cp)
{
	return cp < 0x10000 && (set[cp / 64] >> cp % 64 & 1) != 0;
}

/* Bytes of word when the text begins with it, else 0. */
static size_t
starts(const char *p, size_t len, const char *word)
{
	size_t n;

	if (len < 2 || p[0] != word[0] || (p[1] != word[1] && word[1] != '\0'))
		return len == 1 && p[0] == word[0] && word[1] == '\0';
	n = strlen(word);
	return n <= len && memcmp(p, word, n) == 0 ? n : 0;
}

static size_t
starts_any(const char *p, size_t len, const char *const *list)
{
	size_t n = 0;

	for (; *list != NULL && n == 0; list++)
		n = starts(p, len, *list);
	return n;
}

/* Does the text before `at` end with one of the words? */
static bool
ends_any(const char *text, size_t at, const char *const *list)
{
	for (; *list != NULL; list++) {
		size_t n = strlen(*list);

		if (n <= at && memcmp(text + at - n, *list, n) == 0)
			return true;
	}
	return false;
}

/* ---- numerals ---- */

/* 0-9, or -1.  Full-width digits count as digits. */
static int
digit_at(const char *p, size_t len, size_t *used, bool *chinese)
{
	static const uint32_t han[] = {U'零', U'一', U'二', U'三', U'四', U'五', U'六', U'七', U'八', U'九'};
	static const uint32_t formal[] = {U'零', U'壹', U'贰', U'叁', U'肆', U'伍', U'陆', U'柒', U'捌', U'玖'};
	uint32_t cp;

	if (len == 0)
		return -1;
	*used = text_decode(p, len, &cp);
	*chinese = false;
	if (cp >= 0xff10 && cp <= 0xff19)
		return (int)(cp - 0xff10);
	if (cp >= '0' && cp <= '9')
		return (int)(cp - '0');
	*chinese = true;
	if (!is_among(numerals, cp))
		return -1;
	for (int i = 0; i < 10; i++)
		if (cp == han[i] || cp == formal[i])
			return i;
	return cp == U'〇' ? 0 : cp == U'两' ? 2 : -1;
}

static int64_t
unit_at(const char *p, size_t len, size_t *used)
{
	static const struct {
		uint32_t cp;
		int64_t n;
	} units[] = {{U'十', 10}, {U'百', 100}, {U'千', 1000}, {U'万', 10000}, {U'拾', 10}, {U'佰', 100}, {U'仟', 1000}};
	uint32_t cp;

	*used = text_decode(p, len, &cp);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && is_among(numerals, cp); i++)
		if (cp == units[i].cp)
			return units[i].n;
	*used = 0;
	return 0;
}

/* 12, １２, 1,200, 十二, 一百零三, 两百三, 3万; no fractions.  *used is the whole numeral, also of one that is refused.
 */
static bool
number_read(const char *p, size_t len, size_t *used, int64_t *out)
{
	int64_t total = 0, section = 0, run = 0, unit = 0, last = 0;
	size_t i = 0, n = 0;
	bool any = false, chinese = false, zero = false, huge = false;
	int d;

	while (i < len) {
		if ((d = digit_at(p + i, len - i, &n, &chinese)) >= 0) {
			huge |= run > COUNT_MAX;
			run = huge ? 0 : run * 10 + d;
			zero |= chinese && d == 0;
			any = true;
		} else if (any && p[i] == ',' && i + 4 <= len && strspn(p + i + 1, "0123456789") >= 3 &&
			   (i + 4 == len || p[i + 4] < '0' || p[i + 4] > '9')) {
			n = 1; /* thousands */
		} else if ((unit = unit_at(p + i, len - i, &n)) != 0 && (any || unit == 10)) {
			if (run == 0 && (!any || unit == 10) && section % 100 == 0)
				run = 1; /* 十二 */
			huge |= run > COUNT_MAX || section > COUNT_MAX || total > COUNT_MAX;
			if (huge)
				total = section = run = 0;
			if (unit == 10000) {
				total += (section + run) * unit;
				section = 0;
			} else {
				section += run * unit;
			}
			run = 0;
			zero = false;
			last = unit;
			any = true;
		} else {
			break;
		}
		i += n;
	}
	*used = i;
	if (!any || huge || (i + 1 < len && p[i] == '.' && p[i + 1] >= '0' && p[i + 1] <= '9'))
		return false;
	if (last > 10 && run > 0 && run < 10 && !zero)
		run *= last / 10; /* 两百三 is 230 */
	*out = total + section + run;
	return *out <= COUNT_MAX;
}

/* A number of persons at `at`: with a counter behind it, or standing bare beside a word for a count. */
static bool
number_token(const char *text, size_t len, size_t at, const struct clause *c, struct token *out)
{
	static const char *const counters[] = {"人", "名", "位", "例", NULL};
	static const char *const no_counter[] = {"人民", "人次", "人机", "名称", "名单", "名义", "位于", "位置", NULL};
	static const char *const over[] = {"余", "多", "来", NULL};
	static const char *const bare_words[] = {"死", "亡", "伤", NULL};
	static const char *const least[] = {"至少", "不少于", "超过", "逾", "超", NULL};
	static const char *const most[] = {"至多", "不超过", "最多", NULL};
	static const char *const about[] = {"约", "近", "大约", "估计", NULL};
	static const char *const tail[] = {".", "-", "/", "~", NULL}; /* 2-3人 is no number */
	static const char *const ordinal[] = {"第", NULL};
	static const char *const ends[] = {",", ";", ")", "\n", "，", "。", "；", "、", "）", " ", NULL};
	static const char *const rose[] = {"升至", "升到", "增至", "增加至", "增加到", "更新为", "调整为", "降至", NULL};
	const char *p = text + at;
	size_t n, m;

	if (!number_read(p, len - at, &n, &out->n))
		return false;
	out->q = FIG_EXACT;
	out->kind = TOK_NUMBER;
	out->from = at;
	out->to = at + n;
	if ((m = starts_any(p + n, len - at - n, over)) != 0) {
		out->q = FIG_ATLEAST;
		n += m;
	}
	if (starts_any(p + n, len - at - n, no_counter) != 0)
		return false;
	if ((m = starts_any(p + n, len - at - n, counters)) != 0) {
		n += m;
		if (starts(p + n, len - at - n, "左右") != 0) {
			out->q = FIG_ABOUT;
			n += strlen("左右");
		}
	} else if (starts_any(p + n, len - at - n, bare_words) != 0) {
		/* 3死5伤 */
	} else {
		/* 死亡3, 失联:2 */
		const struct token *w = c->n > 0 ? &c->t[c->n - 1] : NULL;
		bool end = at + n == len || starts_any(p + n, len - at - n, ends) != 0;

		if (w == NULL || w->kind != TOK_WORD || !end || at - w->to > GAP_AFTER)
			return false;
	}
	/* what stands before it is asked last: most numbers count something else than persons */
	if (ends_any(text, at, ordinal) || ends_any(text, at, tail))
		return false;
	if (out->q == FIG_EXACT)
		out->q = ends_any(text, at, most)    ? FIG_ATMOST
			 : ends_any(text, at, least) ? FIG_ATLEAST
			 : ends_any(text, at, about) ? FIG_ABOUT
						     : FIG_EXACT;
	out->latest = ends_any(text, at, rose);
	out->to = at + n;
	return true;
}

/* ---- clauses ---- */

static void
claim_add(
    struct claims *cs, const struct clause *c, uint32_t where, uint32_t key, int64_t n, enum figure_q q, bool part)
{
	struct claim new = {.key = key, .where = where, .from = c->from, .to = c->to, .n = n, .q = q};

	for (size_t i = 0; i < cs->n; i++)
		if (cs->v[i].key == key && cs->v[i].where == where) {
			if (!part)
				cs->v[i] = new; /* the last word counts */
			return;
		}
	cs->v = xreallocarray(cs->v, cs->n + 1, sizeof(*cs->v));
	cs->v[cs->n++] = new;
}

/* The number that belongs to word w, or NULL.  Nearest counts; at a draw the side the clause began with. */
static struct token *
number_of(struct clause *c, size_t w)
{
	struct token *before = NULL, *after = NULL;
	bool first_number = false;
	size_t gap_b, gap_a;

	for (size_t i = 0; i < c->n; i++)
		if (c->t[i].kind == TOK_NUMBER || c->t[i].kind == TOK_WORD) {
			first_number = c->t[i].kind == TOK_NUMBER;
			break;
		}
	for (size_t i = w; i-- > 0 && c->t[i].kind != TOK_WORD && c->t[i].kind != TOK_OTHERS && before == NULL;)
		if (c->t[i].kind == TOK_NUMBER && !c->t[i].used)
			before = &c->t[i];
	for (size_t i = w + 1; i < c->n && c->t[i].kind != TOK_WORD && c->t[i].kind != TOK_OTHERS; i++) {
		if (c->t[i].kind != TOK_NUMBER || c->t[i].used)
			continue;
		if (after != NULL && c->t[i].latest) {
			c->t[i].used = true;
			after->n = c->t[i].n; /* 由2人上升至3人: in the place of the first */
			after->q = c->t[i].q;
		} else if (after == NULL)
			after = &c->t[i];
	}
	gap_b = before != NULL ? c->t[w].from - before->to : SIZE_MAX;
	gap_a = after != NULL ? after->from - c->t[w].to : SIZE_MAX;
	if (gap_b > GAP_BEFORE)
		before = NULL;
	if (gap_a > GAP_AFTER)
		after = NULL;
	if (before == NULL || after == NULL)
		return before != NULL ? before : after;
	return gap_b < gap_a || (gap_b == gap_a && first_number) ? before : after;
}

/* "无人员伤亡": only such words stand between the negation and the count. */
static bool
negated(const struct clause *c, const char *text, size_t w)
{
	static const char *const between[] = {"人", "员", "新", "增", "造成", "任何", "发生", "发现", "出现", "死亡",
	    "伤亡", "受伤", "重伤", "轻伤", "失联", "失踪", "被困", "及", "和", "或", "与", NULL};

	for (size_t i = w; i-- > 0;) {
		size_t at = c->t[i].to, n;

		if (c->t[i].kind == TOK_NUMBER)
			return false;
		if (c->t[i].kind != TOK_NONE_OF)
			continue;
		if (c->t[w].from - at > NEGATION_GAP)
			return false;
		for (; at < c->t[w].from; at += n)
			if ((n = starts_any(text + at, c->t[w].from - at, between)) == 0)
				return false;
		return true;
	}
	return false;
}

static void
clause_read(struct clause *c, const char *text, uint32_t where, struct claims *cs)
{
	static const uint32_t casualties[] = {F_DEAD, F_SERIOUS, F_LIGHT, F_INJURED};
	bool rescued = false, more = false, among = false;

	for (size_t i = 0; i < c->n; i++) {
		rescued |= c->t[i].kind == TOK_RESCUED;
		more |= c->t[i].kind == TOK_MORE;
	}
	for (size_t i = 0; i < c->n; i++) {
		struct token *w = &c->t[i], *num;

		among |= w->kind == TOK_AMONG;
		if (w->kind != TOK_WORD)
			continue;
		if ((num = w->key != WORD_CASUALTIES ? number_of(c, i) : NULL) != NULL) {
			num->used = true;
			if (!more && !(rescued && (w->key == F_TRAPPED || w->key == F_MISSING)))
				claim_add(cs, c, where, w->key, num->n, num->q, among);
			continue;
		}
		if (!negated(c, text, i))
			continue;
		if (w->key != WORD_CASUALTIES)
			claim_add(cs, c, where, w->key, 0, FIG_EXACT, among);
		for (size_t k = 0; w->key == WORD_CASUALTIES && k < sizeof(casualties) / sizeof(casualties[0]); k++)
			claim_add(cs, c, where, casualties[k], 0, FIG_EXACT, among);
	}
	c->n = 0;
}

/* set: of its own, or NULL.  Its first character. */
static uint32_t
begins_add(const char *s, uint64_t *set)
{
	uint32_t cp;

	(void)text_decode(s, strlen(s), &cp);
	assert(cp < 0x10000);
	begins[cp / 64] |= UINT64_C(1) << cp % 64;
	if (set != NULL)
		set[cp / 64] |= UINT64_C(1) << cp % 64;
	return cp;
}

static void
begins_make(void)
{
	static const char *const others[] = {"０", "１", "２", "３", "４", "５", "６", "７", "８", "９", "零", "〇", "一", "二",
	    "两", "三", "四", "五", "六", "七", "八", "九", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖", "十", "拾",
	    "百", "佰", "千", "仟", "万"};
	static const char *const singles[] = {"死", "亡", "伤"}; /* behind a number */

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		(void)begins_add(others[i], numerals);
	for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
		(void)begins_add(singles[i], NULL);
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
		(void)begins_add(breaks[i], stops);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		word_begins[i] = begins_add(words[i].s, openers);
	for (char c[2] = "0"; c[0] <= '9'; c[0]++)
		(void)begins_add(c, numerals);
}

static void
text_read(const char *text, size_t len, uint32_t where, struct claims *cs)
{
	static const char *const not_none[] = {"无法", "无锡", "无人机", "无从", "无关", NULL};
	static const char *const singles_dead[] = {"死", "亡", NULL};
	static const char *const no_injury[] = {"伤寒", "伤风", "伤害", "伤口", "伤情", NULL};
	struct clause c = {.n = 0};
	size_t at = 0, n;
	uint32_t cp;
	bool numeral;

	if (begins[0] == 0) /* the digits lie there */
		begins_make();
	while (at < len) {
		const char *p = text + at;
		struct token t;

		c.to = at;
		n = text_decode(p, len - at, &cp);
		if (!is_among(begins, cp)) {
			at += n > 0 ? n : 1;
			continue;
		}
		t = (struct token){0};
		numeral = is_among(numerals, cp);
		if (is_among(stops, cp)) {
			clause_read(&c, text, where, cs);
			c.from = at += n;
			continue;
		}
		n = 0;
		if (c.n == TOKENS_MAX) {
			clause_read(&c, text, where, cs);
			c.from = at;
		}
		if (numeral && number_token(text, len, at, &c, &t)) {
			c.t[c.n++] = t;
			at = t.to;
			continue;
		}
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && n == 0 && is_among(openers, cp); i++) {
			if (word_begins[i] != cp || (n = starts(p, len - at, words[i].s)) == 0)
				continue;
			t = (struct token){.kind = words[i].kind, .key = words[i].key, .from = at, .to = at + n};
			if (t.kind == TOK_NONE_OF && starts_any(p, len - at, not_none) != 0)
				t.kind = TOK_NOTHING; /* 无法, 无锡: no negation */
		}
		if (n == 0 && c.n > 0 && c.t[c.n - 1].kind == TOK_NUMBER && c.t[c.n - 1].to == at) {
			bool dead = starts_any(p, len - at, singles_dead) != 0; /* 3死5伤, 3人死 */

			if (dead || (starts(p, len - at, "伤") != 0 && starts_any(p, len - at, no_injury) == 0)) {
				n = text_decode(p, len - at, &cp);
				t = (struct token){
				    .kind = TOK_WORD, .key = dead ? F_DEAD : F_INJURED, .from = at, .to = at + n};
			}
		}
		if (n != 0) {
			if (t.kind != TOK_NOTHING)
				c.t[c.n++] = t;
			at += n;
			continue;
		}
		/* a number that is none of persons is passed over whole, or its tail would be read as one */
		if (numeral)
			(void)number_read(p, len - at, &n, &t.n);
		if (n > 0) {
			at += n;
			continue;
		}
		n = text_decode(p, len - at, &cp);
		at += n > 0 ? n : 1;
	}
	c.to = len;
	clause_read(&c, text, where, cs);
}

/* ---- against the figures ---- */

void
element_range(enum figure_q q, int64_t n, int64_t *lo, int64_t *hi)
{
	*lo = q == FIG_ATMOST ? 0 : q == FIG_ABOUT ? n - n / 5 - 1 : n;
	*hi = q == FIG_ATLEAST ? INT64_MAX : q == FIG_ABOUT && n < INT64_MAX / 2 ? n + n / 5 + 1 : n;
}

static bool
meets(const struct claim *c, int64_t lo, int64_t hi)
{
	int64_t a, b;

	element_range(c->q, c->n, &a, &b);
	return a <= hi && lo <= b;
}

int64_t
element_plus(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

bool
element_same_source(const struct figure *a, const struct figure *b)
{
	return (a->source == NULL) == (b->source == NULL) && (a->source == NULL || strcmp(a->source, b->source) == 0);
}

static bool
agrees(const struct claim *c, const struct body *b, bool *stated, bool *known)
{
	static const uint32_t degrees[] = {F_SERIOUS, F_LIGHT};
	int64_t lo, hi, lo2, hi2;

	for (const struct value *v = body_first(b, c->key); v != NULL; v = body_next(b, v)) {
		*stated = true;
		if (v->u.fig.q == FIG_UNKNOWN)
			continue;
		*known = true;
		element_range(v->u.fig.q, v->u.fig.n, &lo, &hi);
		if (meets(c, lo, hi))
			return true;
	}
	/* a degree nobody has stated is part of the injured: no contradiction while it is not more than all of them */
	for (const struct value *v = c->key == F_SERIOUS || c->key == F_LIGHT ? body_first(b, F_INJURED) : NULL;
	     v != NULL && body_first(b, c->key) == NULL; v = body_next(b, v)) {
		*stated = true;
		if (v->u.fig.q == FIG_UNKNOWN)
			continue;
		*known = true;
		element_range(v->u.fig.q, v->u.fig.n, &lo, &hi);
		element_range(c->q, c->n, &lo2, &hi2);
		if (lo2 <= hi)
			return true;
	}
	/* injured, the degree not said: the sum of one source's degrees, or one of them alone */
	for (size_t i = 0; c->key == F_INJURED && i < 2; i++)
		for (const struct value *v = body_first(b, degrees[i]); v != NULL; v = body_next(b, v)) {
			*stated = true;
			if (v->u.fig.q == FIG_UNKNOWN)
				continue;
			*known = true;
			element_range(v->u.fig.q, v->u.fig.n, &lo, &hi);
			if (meets(c, lo, hi))
				return true;
			for (const struct value *w = body_first(b, degrees[1 - i]); w != NULL; w = body_next(b, w)) {
				if (w->u.fig.q == FIG_UNKNOWN || !element_same_source(&v->u.fig, &w->u.fig))
					continue;
				element_range(w->u.fig.q, w->u.fig.n, &lo2, &hi2);
				if (meets(c, element_plus(lo, lo2), element_plus(hi, hi2)))
					return true;
			}
		}
	return false;
}

static void
tell(const struct claim *c, const char *text, struct element_conflict *out)
{
	static const char *const marks[] = {"", "", "~", ">=", "<="};
	const char *p = text + c->from, *where, *count;
	size_t len = c->to - c->from;

	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	(void)text_sanitise(p, len, out->said, sizeof(out->said), false);
	where = i18n_zh() ? out->where->zh : i18n_text(out->where->label);
	count = i18n_zh() ? out->field->zh : i18n_text(out->field->label);
	(void)snprintf(out->text, sizeof(out->text),
	    i18n_text(out->kind == ELEMENT_DIFFERS	      ? N_("%s: \"%s\" says %s %s%lld, the figures say otherwise")
		      : out->kind == ELEMENT_LEDGER_UNKNOWN ? N_("%s: \"%s\" says %s %s%lld, the figure stands as unknown")
							    : N_("%s: \"%s\" says %s %s%lld, no such figure is stated")),
	    where, out->said, count, marks[c->q], (long long)c->n);
}

size_t
element_conflicts(const struct body *b, struct element_conflict *out, size_t max)
{
	struct claims cs = {0};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(read_in) / sizeof(read_in[0]); i++)
		for (const struct value *v = body_first(b, read_in[i]); v != NULL; v = body_next(b, v))
			text_read(v->u.text.s, v->u.text.len, read_in[i], &cs);
	for (size_t i = 0; i < cs.n; i++) {
		const struct claim *c = &cs.v[i];
		bool stated = false, known = false;

		if (agrees(c, b, &stated, &known))
			continue;
		if (n < max) {
			out[n] = (struct element_conflict){.field = field_by_key(c->key),
			    .where = field_by_key(c->where),
			    .at = c->from,
			    .q = c->q,
			    .n = c->n,
			    .kind = known    ? ELEMENT_DIFFERS
				    : stated ? ELEMENT_LEDGER_UNKNOWN
					     : ELEMENT_LEDGER_ABSENT};
			tell(c, body_text(b, c->where), &out[n]);
		}
		n++;
	}
	free(cs.v);
	return element_sums(b, out, max, n);
}
