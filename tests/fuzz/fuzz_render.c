/*
 * libFuzzer entry for what is written from a record: any body the wire lets in goes through the bulletin, the short
 * message, the telephone script, paste texts, CSV, CAP and 12379.
 *
 * Nothing crashes, no text holds what a terminal would act on, no line of a bulletin is wider than its page, no short
 * message longer than a short message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/bulletin.h"
#include "../../formats/cap_write.h"
#include "../../formats/conf.h"
#include "../../formats/csv.h"
#include "../../formats/element.h"
#include "../../formats/grade.h"
#include "../../formats/paste.h"
#include "../../formats/phone.h"
#include "../../formats/sms.h"
#include "../../formats/text.h"
#include "../../formats/warn12379.h"
#include "../../formats/wire.h"

#define NOW INT64_C(1790000000000)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct codebook *cb;
static struct paste *forms;
static struct bulletin_layout layout;
static struct grade_rules *grading;
static struct element_rules *elements;

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
enter(void)
{
	char conf[4096];
	struct fault f = {0};

	if (conf_dir(conf, sizeof(conf), &f) == NULL || (cb = codebook_load(conf, &f)) == NULL ||
	    (forms = paste_load(conf, &f)) == NULL || bulletin_layout_load(conf, &layout, &f) != 0 ||
	    (grading = grade_rules_load(conf, &f)) == NULL || (elements = element_rules_load(conf, &f)) == NULL) {
		(void)fprintf(stderr, "fuzz_render: %s: %s\n", f.file, f.text);
		exit(78);
	}
}

/* Lines of clean text; form feeds between pages. */
static void
clean_lines(const struct buf *b, int cells)
{
	const char *p = (const char *)b->p, *end = p + b->n;

	while (p != NULL && p < end) {
		size_t n = 0;
		char *line;

		while (p + n < end && p[n] != '\n' && p[n] != '\f')
			n++;
		must(text_utf8_valid(p, n, NULL) && text_clean(p, n, false, NULL));
		line = xstrndup(p, n);
		must(cells == 0 || text_cells(line) <= cells);
		free(line);
		p += n + 1;
	}
}

static void
texts(const struct body *b, const struct text_env *e)
{
	struct buf out = {0}, told = {0};
	struct fault f = {0};
	char code[5], again[5];

	(void)bulletin_write(b, BULLETIN_BRIEF, &layout, e, &out);
	clean_lines(&out, layout.cells);
	buf_clear(&out);
	(void)bulletin_write(b, BULLETIN_SPECIAL, &layout, e, &out);
	clean_lines(&out, layout.cells);
	buf_clear(&out);
	sms_write(b, e, &out, &told);
	clean_lines(&out, 0);
	must(sms_units(buf_cstr(&out)) <= 70);
	buf_clear(&out);
	sms_whole(b, e, &out);
	buf_clear(&told);
	(void)sms_split(buf_cstr(&out), &told);
	clean_lines(&told, 0);
	buf_clear(&out);
	phone_write(b, e, &out);
	clean_lines(&out, 0);
	phone_code(b, code);
	phone_code(b, again);
	must(strlen(code) == 4 && strcmp(code, again) == 0);
	buf_clear(&out);
	buf_clear(&told);
	must(paste_write(forms, NULL, b, e, &out, &told, &f) == 0);
	clean_lines(&out, 0);
	buf_free(&out);
	buf_free(&told);
}

static void
formats(const struct body *b)
{
	struct csv_notes notes = {0};
	struct buf out = {0}, told = {0};
	struct fault f = {0};

	csv_body(b, &out, &notes);
	must(text_utf8_valid((const char *)out.p, out.n, NULL));
	buf_clear(&out);
	if (cap_write(b, cb, &out, &f) != 0)
		must(f.code != 0 && f.text[0] != '\0');
	buf_clear(&out);
	memset(&f, 0, sizeof(f));
	if (warn12379_write(b, cb, &out, &told, &f) != 0)
		must(f.code != 0 && f.text[0] != '\0');
	buf_free(&out);
	buf_free(&told);
}

static void
judgements(const struct body *b)
{
	struct grade_verdict v;
	struct grade_mark m;
	struct element e;
	struct element_conflict c[4];

	grade_judge(grading, b, &v);
	must(v.grade == 0 || v.grade == GRADE_UNDETERMINED || (v.grade >= GRADE_I && v.grade <= GRADE_IV));
	(void)grade_for_clock(&v);
	grade_verdict_free(&v);
	for (size_t i = 0; grade_mark(grading, b, NOW, i, &m); i++)
		must(i < 1000);
	for (size_t i = 0; element_at(elements, b, i, &e); i++)
		must(i < 1000);
	(void)element_conflicts(b, c, 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct text_env e = {.self_name = "象山县", .now = NOW};
	struct fault f = {0};
	struct body *b;

	if (cb == NULL)
		enter();
	if (n < 2 || (b = wire_decode(p + 1, n - 1, &f)) == NULL)
		return 0;
	e.cb = (p[0] & 1) != 0 ? cb : NULL;
	e.zh = (p[0] & 2) != 0;
	e.exercise = (p[0] & 4) != 0;
	texts(b, &e);
	formats(b);
	judgements(b);
	body_free(b);
	return 0;
}
