/*
 * Searching the codebooks by what people type: a code or its beginning, a name or part of it, pinyin initials, a
 * station as division and organ (330225-gongan, 象山公安).
 *
 * A walk over the table: 45 000 rows take some milliseconds, and an index would have to be kept for every substring.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "codebook_part.h"
#include "text.h"

#define WORDS_MAX 16

struct words {
	const char *v[WORDS_MAX];
	char code12[WORDS_MAX][CODE12_MAX];	/* "" when the word is no division code */
	size_t n;
};

struct hits {
	struct code_hit *v;
	size_t n, cap;
};

static enum code_rank worse(enum code_rank, enum code_rank);
static enum code_rank rank_item(const struct item *, const struct words *, bool division);

static enum code_rank
worse(enum code_rank a, enum code_rank b)
{
	return a == CODE_NO_MATCH || b == CODE_NO_MATCH ? CODE_NO_MATCH : a > b ? a : b;
}

/* A name as it is compared; most are that already. */
static const char *
folded(const char *s, char *buf)
{
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++)
		if ((*p >= 'A' && *p <= 'Z') || *p == 0xef) {
			(void)text_fold(s, buf, FOLD_MAX);
			return buf;
		}
	return s;
}

/* Does the word stand at p of the initials?  "?" is any letter; two readings match letter by letter. */
static bool
reads(const char *first, const char *other, const char *word)
{
	for (; *word != '\0'; word++, first++) {
		if (*first == '\0')
			return false;
		if (*word != *first && (*first != '?' || *word < 'a' || *word > 'z') && (other == NULL || *word != *other))
			return false;
		if (other != NULL)
			other++;
	}
	return true;
}

static enum code_rank
rank_initials(const char *first, const char *other, const char *word)
{
	char buf[FOLD_MAX];
	size_t n = strlen(word), len;

	first = folded(first, buf);
	len = strlen(first);
	if (n == 0 || n > len)
		return CODE_NO_MATCH;
	if (reads(first, other, word))
		return n == len ? CODE_EXACT : CODE_BEGINS;
	/* one letter stands in most of them */
	for (size_t i = 1; n >= 2 && i + n <= len; i++)
		if (reads(first + i, other != NULL ? other + i : NULL, word))
			return CODE_HOLDS;
	return CODE_NO_MATCH;
}

/* Case and width of code and name are folded; the word is folded already. */
static enum code_rank
rank_word(const char *scheme, const char *code, const char *name, const char *initials, const char *other,
    const char *word)
{
	char buf[FOLD_MAX];
	size_t n = strlen(word), k = strlen(scheme);
	enum code_rank r = CODE_NO_MATCH;
	const char *s;

	if (n == 0)
		return CODE_NO_MATCH;
	s = folded(code, buf);
	if (strcmp(s, word) == 0 || (strncmp(word, scheme, k) == 0 && word[k] == ':' && strcmp(s, word + k + 1) == 0))
		return CODE_EXACT;
	if (strncmp(s, word, n) == 0 ||
	    (strncmp(word, scheme, k) == 0 && word[k] == ':' && strncmp(s, word + k + 1, n - k - 1) == 0))
		r = CODE_BEGINS;
	s = folded(name, buf);
	if (strcmp(s, word) == 0)
		return CODE_EXACT;
	if (strncmp(s, word, n) == 0)
		r = CODE_BEGINS;
	if (r == CODE_NO_MATCH && strstr(s, word) != NULL)
		r = CODE_HOLDS;
	if (r != CODE_BEGINS || strlen(initials) == n) {
		enum code_rank by = rank_initials(initials, other, word);

		if (by != CODE_NO_MATCH && (r == CODE_NO_MATCH || by < r))
			r = by;
	}
	return r;
}

enum code_rank
codebook_rank(const char *scheme, const char *code, const char *name, const char *initials, const char *word)
{
	char buf[FOLD_MAX];

	if (strlen(word) >= sizeof(buf))
		return CODE_NO_MATCH;
	(void)text_fold(word, buf, sizeof(buf));
	return rank_word(scheme, code, name, initials, NULL, buf);
}

/* The worst of the words' ranks: all must match. */
static enum code_rank
rank_item(const struct item *it, const struct words *w, bool division)
{
	enum code_rank r = CODE_EXACT;

	for (size_t i = 0; i < w->n && r != CODE_NO_MATCH; i++) {
		/* 3302, 330200 and 330200000000 are one code */
		if (division && w->code12[i][0] != '\0' && strcmp(w->code12[i], it->key) == 0)
			continue;
		r = worse(r, rank_word(it->e.scheme, it->e.code, it->e.name, it->e.initials, it->other, w->v[i]));
	}
	return r;
}

static void
hit_add(struct hits *h, enum code_kind kind, enum code_rank rank, const struct code_entry *e, const struct organ *o)
{
	if (h->n == h->cap) {
		h->cap = h->cap == 0 ? 64 : h->cap * 2;
		h->v = xreallocarray(h->v, h->cap, sizeof(*h->v));
	}
	h->v[h->n++] = (struct code_hit){.kind = kind,
	    .rank = rank,
	    .entry = e,
	    .organ = o != NULL ? o->suffix : NULL,
	    .organ_zh = o != NULL ? o->zh : NULL};
}

/* ---- stations as division and organ ---- */

/* Takes the organ out of a word: "330225-gongan", "象山公安", "公安".  False when it does not name this organ; rest gets what
 * is left (may be ""), *whole whether a code was given, which only its own division answers. */
static bool
take_organ(const struct organ *o, const char *word, char *rest, bool *whole)
{
	size_t n = strlen(word), z = strlen(o->zh);
	const char *dash = strchr(word, '-');

	*whole = false;
	if (dash != NULL && strcmp(dash + 1, o->suffix) == 0) {
		(void)snprintf(rest, FOLD_MAX, "%.*s", (int)(dash - word), word);
		*whole = true;
		return true;
	}
	if (strcmp(word, o->suffix) == 0) {
		rest[0] = '\0';
		return true;
	}
	if (n < z || strcmp(word + n - z, o->zh) != 0)
		return false;
	(void)snprintf(rest, FOLD_MAX, "%.*s", (int)(n - z), word);
	return true;
}

static void
find_stations(const struct codebook *cb, const struct organ *o, const struct words *w, struct hits *h)
{
	struct words left = {.n = 0};
	char rest[FOLD_MAX] = "";
	bool taken = false, whole = false;

	for (size_t i = 0; i < w->n; i++) {
		if (!taken && take_organ(o, w->v[i], rest, &whole)) {
			taken = true;
			if (rest[0] == '\0')
				continue;
			left.v[left.n] = rest;
		} else
			left.v[left.n] = w->v[i];
		if (!codebook_code12(left.v[left.n], left.code12[left.n]))
			left.code12[left.n][0] = '\0';
		left.n++;
	}
	if (!taken || left.n == 0)
		return;
	for (size_t i = 0; i < cb->division.n; i++) {
		const struct item *it = &cb->division.v[i];
		enum code_rank r = it->placeholder ? CODE_NO_MATCH : rank_item(it, &left, true);

		if (r == CODE_EXACT || (r == CODE_BEGINS && !whole))
			hit_add(h, CODE_STATION, r, &it->e, o);
	}
}

size_t
codebook_find(const struct codebook *cb, const char *const *word, size_t nword, unsigned kinds, struct code_hit *out,
    size_t max)
{
	char text[WORDS_MAX][FOLD_MAX];
	struct words w = {.n = 0};
	struct hits h = {0};
	enum code_rank r;
	size_t filled = 0, n;

	if (nword == 0 || nword > WORDS_MAX)
		return 0;
	for (size_t i = 0; i < nword; i++) {
		/* a word too long for the buffer would be cut and then match what was not asked for */
		if (word[i][0] == '\0' || strlen(word[i]) >= FOLD_MAX)
			return 0;
		(void)text_fold(word[i], text[i], FOLD_MAX);
		w.v[i] = text[i];
		if (!codebook_code12(strncmp(text[i], "div:", 4) == 0 ? text[i] + 4 : text[i], w.code12[i]))
			w.code12[i][0] = '\0';
		w.n++;
	}
	for (size_t i = 0; (kinds & CODE_EVENT) != 0 && i < cb->event.n; i++)
		if ((r = rank_item(&cb->event.v[i], &w, false)) != CODE_NO_MATCH)
			hit_add(&h, CODE_EVENT, r, &cb->event.v[i].e, NULL);
	for (size_t i = 0; (kinds & CODE_DIVISION) != 0 && i < cb->division.n; i++)
		if ((r = rank_item(&cb->division.v[i], &w, true)) != CODE_NO_MATCH)
			hit_add(&h, CODE_DIVISION, r, &cb->division.v[i].e, NULL);
	for (size_t i = 0; (kinds & CODE_ORGAN) != 0 && i < cb->organs; i++) {
		const struct organ *o = &cb->organ[i];

		r = CODE_EXACT;
		for (size_t k = 0; k < w.n; k++) {
			enum code_rank by = rank_word("organ", o->suffix, o->zh, "", NULL, w.v[k]);
			enum code_rank label = rank_word("organ", o->suffix, o->label, "", NULL, w.v[k]);

			r = worse(r, by == CODE_NO_MATCH || (label != CODE_NO_MATCH && label < by) ? label : by);
		}
		if (r != CODE_NO_MATCH)
			hit_add(&h, CODE_ORGAN, r, NULL, o);
	}
	for (size_t i = 0; (kinds & CODE_STATION) != 0 && i < cb->organs; i++)
		find_stations(cb, &cb->organ[i], &w, &h);
	for (r = CODE_EXACT; r <= CODE_HOLDS; r++)
		for (size_t i = 0; i < h.n && filled < max; i++)
			if (h.v[i].rank == r)
				out[filled++] = h.v[i];
	n = h.n;
	free(h.v);
	assert(filled <= n);
	return n;
}

const char *
codebook_hit_code(const struct code_hit *h, char *buf, size_t size)
{
	char station[STATION_MAX];

	assert(size > 0);
	switch (h->kind) {
	case CODE_EVENT:
	case CODE_DIVISION:
		(void)snprintf(buf, size, "%s:%s", h->entry->scheme, h->entry->code);
		break;
	case CODE_ORGAN:
		(void)snprintf(buf, size, "-%s", h->organ);
		break;
	case CODE_STATION:
		(void)snprintf(buf, size, "%s-%s", codebook_entry_station(h->entry, station, sizeof(station)), h->organ);
		break;
	}
	return buf;
}

const char *
codebook_hit_name(const struct code_hit *h, char *buf, size_t size)
{
	char raw[FOLD_MAX];

	assert(size > 0);
	(void)snprintf(raw, sizeof(raw), "%s%s", h->entry != NULL ? h->entry->name : "", h->organ_zh != NULL ? h->organ_zh : "");
	(void)text_sanitise(raw, strlen(raw), buf, size, false);
	return buf;
}
