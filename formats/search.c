/*
 * Full-text search: folding, cutting, and looking.
 *
 * Unicode is taken by ranges, not by a table of every character: what matters is that the index and the query go through the
 * same code, and that no character of a name is lost because a library's tables are older than the character.  All that is
 * no known separator is a letter.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"
#include "text.h"
#include "wire.h"

enum class { BREAK, SKIP, WORD, RUN };

struct range { uint32_t first, last; enum class class; };

/* Above ASCII; in order; what lies between is WORD. */
static const struct range ranges[] = {
	{ 0x80, 0xa9, BREAK }, { 0xab, 0xac, BREAK }, { 0xad, 0xad, SKIP }, { 0xae, 0xb4, BREAK }, { 0xb6, 0xb9, BREAK },
	{ 0xbb, 0xbf, BREAK }, { 0xd7, 0xd7, BREAK }, { 0xf7, 0xf7, BREAK },
	{ 0x60c, 0x60d, BREAK }, { 0x61b, 0x61f, BREAK }, { 0x66a, 0x66d, BREAK }, { 0x6d4, 0x6d4, BREAK },	/* Arabic */
	{ 0xf04, 0xf14, BREAK },			/* Tibetan: the tsheg ends a syllable */
	{ 0x1680, 0x1680, BREAK }, { 0x1800, 0x180a, BREAK }, { 0x180b, 0x180f, SKIP },	/* Mongolian */
	{ 0x2000, 0x200a, BREAK }, { 0x200b, 0x200f, SKIP }, { 0x2010, 0x205f, BREAK }, { 0x2060, 0x2064, SKIP },
	{ 0x2065, 0x215f, BREAK },			/* Roman numerals stand between */
	{ 0x2180, 0x2bff, BREAK }, { 0x2e00, 0x2e7f, BREAK }, { 0x2e80, 0x2fdf, RUN }, { 0x2fe0, 0x3004, BREAK },
	{ 0x3005, 0x3007, RUN }, { 0x3008, 0x3020, BREAK }, { 0x3021, 0x3029, RUN }, { 0x302a, 0x3040, BREAK },
	{ 0x3041, 0x309f, RUN }, { 0x30a0, 0x30a0, BREAK }, { 0x30a1, 0x30fa, RUN }, { 0x30fb, 0x30fb, BREAK },
	{ 0x30fc, 0x31ef, RUN }, { 0x31f0, 0x31ff, RUN }, { 0x3200, 0x33ff, BREAK }, { 0x3400, 0x4dbf, RUN },
	{ 0x4dc0, 0x4dff, BREAK }, { 0x4e00, 0xa4cf, RUN }, { 0xac00, 0xd7ff, RUN },
	{ 0xe000, 0xfaff, RUN },			/* private use: characters a local font has */
	{ 0xfe00, 0xfe0f, SKIP }, { 0xfe10, 0xfe6f, BREAK }, { 0xfeff, 0xfeff, SKIP }, { 0xff5f, 0xff65, BREAK },
	{ 0xff66, 0xffdc, RUN }, { 0xffe0, 0xffff, BREAK }, { 0x1d000, 0x1ffff, BREAK }, { 0x20000, 0x3ffff, RUN },
	{ 0xe0000, 0xeffff, SKIP }, { 0xf0000, 0x10ffff, RUN },
};

static enum class
class_of(uint32_t cp)
{
	size_t lo = 0, hi = sizeof(ranges) / sizeof(ranges[0]), mid;

	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ? WORD : BREAK;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (cp > ranges[mid].last)
			lo = mid + 1;
		else if (cp < ranges[mid].first)
			hi = mid;
		else
			return ranges[mid].class;
	}
	return WORD;
}

/* One character for another. */
static uint32_t
fold_cp(uint32_t cp)
{
	if (cp >= 0xff01 && cp <= 0xff5e)
		cp -= 0xfee0;
	if (cp == 0x3000)
		return ' ';
	if ((cp >= 'A' && cp <= 'Z') || (cp >= 0xc0 && cp <= 0xde && cp != 0xd7) || (cp >= 0x391 && cp <= 0x3a9) ||
	    (cp >= 0x410 && cp <= 0x42f))
		return cp + 32;
	if (cp >= 0x400 && cp <= 0x40f)
		return cp + 80;
	return cp;
}

/* U+2160 and U+2170 begin the Roman numerals; the last four of each sixteen are 50, 100, 500, 1000. */
static const char *
roman(uint32_t cp)
{
	static const char *const letters[16] = { "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "l",
		"c", "d", "m" };

	return cp >= 0x2160 && cp <= 0x217f ? letters[cp & 15] : NULL;
}

/* ---- folding ---- */

struct folded {
	struct buf *out;
	uint32_t *from;			/* for every byte of out: where its character begins in what was folded; or NULL */
	size_t cap;
};

static void
put_bytes(struct folded *f, const char *s, size_t n, size_t from)
{
	size_t i;

	if (f->cap > 0) {
		if (f->out->n + n > f->cap) {
			f->cap = (f->out->n + n) * 2;
			f->from = xreallocarray(f->from, f->cap, sizeof(*f->from));
		}
		for (i = 0; i < n; i++)
			f->from[f->out->n + i] = (uint32_t)from;
	}
	buf_put(f->out, s, n);
}

static size_t
encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

static void
fold(struct folded *f, const char *s, size_t len)
{
	enum class last = BREAK, class;
	const char *letters;
	uint32_t cp, next;
	char one[4];
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = text_decode(s + i, len - i, &cp);
		if ((letters = roman(cp)) != NULL) {
			put_bytes(f, letters, strlen(letters), i);
			last = WORD;
			continue;
		}
		class = class_of(cp = fold_cp(cp));
		if (class == SKIP)
			continue;
		if (cp == '\n') {
			if (last == RUN && text_decode(s + i + n, len - i - n, &next) > 0 && class_of(next) == RUN)
				continue;	/* a wrapped line */
			cp = ' ';		/* the line feed ends the value */
		}
		put_bytes(f, one, encode(cp, one), i);
		last = class;
	}
}

static bool
is_searchable(const struct value *v)
{
	if (v->field == NULL || v->key == F_CAP_TREE || v->key == F_WAY)
		return false;
	return v->field->type == FT_TEXT || v->field->type == FT_STATION;
}

void
search_text(const struct body *b, struct buf *out)
{
	struct folded f = { .out = out };
	size_t i;

	for (i = 0; i < b->n; i++)
		if (is_searchable(&b->v[i])) {
			fold(&f, b->v[i].u.text.s, b->v[i].u.text.len);
			buf_put_u8(out, '\n');
		}
}

/* ---- cutting ---- */

#define TOKEN_MAX 64			/* bytes of a word in the index; longer ones are found by their beginning */

typedef void (*token_fn)(void *ctx, const char *, size_t, size_t run);

/* Calls put for every token of a folded text.  run: 0 a word; of a run 2 a pair, 1 its last character, 3 its only one. */
static void
cut(const char *s, size_t len, token_fn put, void *ctx)
{
	size_t i = 0, n, from, end, count;
	enum class class;
	uint32_t cp;

	while (i < len) {
		n = text_decode(s + i, len - i, &cp);
		class = class_of(cp);
		from = end = i;
		if (class == WORD) {
			for (; i < len && (n = text_decode(s + i, len - i, &cp)) > 0 && class_of(cp) == WORD; i += n)
				if (i + n - from <= TOKEN_MAX)
					end = i + n;
			put(ctx, s + from, end - from, 0);
		} else if (class == RUN) {
			for (count = 0; i < len && (n = text_decode(s + i, len - i, &cp)) > 0 && class_of(cp) == RUN; i += n) {
				if (count++ > 0)
					put(ctx, s + from, i + n - from, 2);
				from = i;
			}
			put(ctx, s + from, i - from, count == 1 ? 3 : 1);
		} else
			i += n;
	}
}

static void
put_token(void *ctx, const char *s, size_t n, size_t run)
{
	(void)run;
	buf_put(ctx, s, n);
	buf_put_u8(ctx, ' ');
}

void
search_cut(const struct buf *text, struct buf *out)
{
	cut((const char *)text->p, text->n, put_token, out);
}

/* ---- queries ---- */

static void
add_token(void *ctx, const char *s, size_t n, size_t run)
{
	struct search_query *q = ctx;
	bool prefix = run == 3;
	size_t i;

	if (run == 1 || q->ntoken == SEARCH_TOKENS_MAX)
		return;		/* the last of a run is in its last pair */
	for (i = 0; i < q->ntoken; i++)
		if (q->token[i].prefix == prefix && strlen(q->token[i].s) == n && memcmp(q->token[i].s, s, n) == 0)
			return;
	q->token = xreallocarray(q->token, q->ntoken + 1, sizeof(*q->token));
	q->token[q->ntoken].s = xstrndup(s, n);
	q->token[q->ntoken++].prefix = prefix;
}

static void
add_term(struct search_query *q, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < q->nterm; i++)
		if (strlen(q->term[i]) == n && memcmp(q->term[i], s, n) == 0)
			return;
	q->term = xreallocarray(q->term, q->nterm + 1, sizeof(*q->term));
	q->term[q->nterm++] = xstrndup(s, n);
	cut(s, n, add_token, q);
}

static bool
is_letter(enum class class)
{
	return class == WORD || class == RUN;
}

/* Does what begins at s belong to a term: a letter, or one of .:-/ before a letter or digit of ASCII and after one (`after`)? */
static size_t
of_term(const char *s, size_t len, bool after)
{
	uint32_t cp;
	size_t n = text_decode(s, len, &cp);

	if (n > 0 && is_letter(class_of(cp)))
		return n;
	if (n == 1 && after && strchr(".:-/", *s) != NULL && len > 1 && class_of((unsigned char)s[1]) == WORD &&
	    (unsigned char)s[1] < 0x80)
		return n;
	return 0;
}

struct search_query *
search_query_new(const char *text)
{
	struct search_query *q = xcalloc(1, sizeof(*q));
	struct buf folded = { NULL, 0, 0 };
	struct folded f = { .out = &folded };
	size_t len = strlen(text), i, n, from;
	const char *s;

	if (len > SEARCH_QUERY_MAX)
		for (len = SEARCH_QUERY_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	fold(&f, text, len);
	s = buf_cstr(&folded);
	for (i = 0; i < folded.n;) {
		for (from = i; i < folded.n; i += n) {
			bool after = i > from && (unsigned char)s[i - 1] < 0x80 && class_of((unsigned char)s[i - 1]) == WORD;

			if ((n = of_term(s + i, folded.n - i, after)) == 0)
				break;
		}
		if (i > from)
			add_term(q, s + from, i - from);
		else {
			uint32_t cp;

			i += text_decode(s + i, folded.n - i, &cp);
		}
	}
	buf_free(&folded);
	if (q->nterm > 0)
		return q;
	search_query_free(q);
	return NULL;
}

void
search_query_free(struct search_query *q)
{
	size_t i;

	if (q == NULL)
		return;
	for (i = 0; i < q->nterm; i++)
		free(q->term[i]);
	for (i = 0; i < q->ntoken; i++)
		free(q->token[i].s);
	free(q->term);
	free(q->token);
	free(q);
}

/* ---- looking ---- */

static enum class
class_before(const char *s, size_t at)
{
	size_t from = at;
	uint32_t cp;

	if (at == 0)
		return BREAK;
	do
		from--;
	while (from > 0 && at - from < 4 && ((unsigned char)s[from] & 0xc0) == 0x80);
	(void)text_decode(s + from, at - from, &cp);
	return class_of(cp);
}

static enum class
class_at(const char *s, size_t len, size_t at)
{
	uint32_t cp;

	return text_decode(s + at, len - at, &cp) > 0 ? class_of(cp) : BREAK;
}

/* Where the term stands in the folded text, its words whole; or len. */
static size_t
find_term(const char *s, size_t len, const char *term)
{
	size_t n = strlen(term), at = 0;
	bool word_first = class_at(term, n, 0) == WORD, word_last = class_before(term, n) == WORD;
	const char *hit;

	while (at < len && (hit = memmem(s + at, len - at, term, n)) != NULL) {
		at = (size_t)(hit - s);
		if ((!word_first || class_before(s, at) != WORD) && (!word_last || class_at(s, len, at + n) != WORD))
			return at;
		at++;
	}
	return len;
}

bool
search_finds(const struct search_query *q, const struct buf *text)
{
	size_t i;

	for (i = 0; i < q->nterm; i++)
		if (find_term((const char *)text->p, text->n, q->term[i]) == text->n)
			return false;
	return true;
}

bool
search_finds_in(const struct search_query *q, const void *p, size_t n)
{
	struct buf text = { NULL, 0, 0 };
	struct fault fault;
	struct body *body;
	bool found;

	memset(&fault, 0, sizeof(fault));
	if (n == 0 || (body = wire_decode(p, n, &fault)) == NULL)
		return false;
	search_text(body, &text);
	found = search_finds(q, &text);
	buf_free(&text);
	body_free(body);
	return found;
}

/* ---- showing ---- */

static size_t
chars_back(const char *s, size_t at, size_t chars)
{
	for (; chars > 0 && at > 0; chars--)
		do
			at--;
		while (at > 0 && ((unsigned char)s[at] & 0xc0) == 0x80);
	return at;
}

static size_t
chars_on(const char *s, size_t len, size_t at, size_t chars)
{
	uint32_t cp;

	for (; chars > 0 && at < len; chars--)
		at += text_decode(s + at, len - at, &cp);
	return at;
}

/* The text around a term in one value; false when it is not there. */
static bool
around(const struct search_query *q, const struct value *v, size_t chars, struct buf *out)
{
	const char *s = v->u.text.s;
	struct buf text = { NULL, 0, 0 };
	struct folded f = { .out = &text, .cap = 256 };
	size_t i, at, from, to, last, len = v->u.text.len;
	bool found = false;

	f.from = xcalloc(f.cap, sizeof(*f.from));
	fold(&f, s, len);
	for (i = 0; i < q->nterm && !found; i++) {
		at = find_term((const char *)text.p, text.n, q->term[i]);
		if ((found = at < text.n)) {
			last = f.from[at + strlen(q->term[i]) - 1];
			from = chars_back(s, f.from[at], chars);
			to = chars_on(s, len, last, chars + 1);
			if (from > 0)
				buf_puts(out, "...");
			buf_put(out, s + from, to - from);
			if (to < len)
				buf_puts(out, "...");
		}
	}
	free(f.from);
	buf_free(&text);
	return found;
}

void
search_around(const struct search_query *q, const struct body *b, size_t chars, struct buf *out)
{
	bool lines;
	size_t i;
	int pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < b->n; i++) {
			if (!is_searchable(&b->v[i]))
				continue;
			lines = (b->v[i].field->flags & FF_LINES) != 0;
			if (lines == (pass == 0) && around(q, &b->v[i], chars, out))
				return;
		}
}
