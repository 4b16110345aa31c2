/* What people type and what tables hold: place references, addressee lists and group tables, codebook queries, times,
 * figures, positions, and reports' words against their figures.  Nothing crashes; what is taken comes back the same. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/conf.h"
#include "../../formats/diff.h"
#include "../../formats/element.h"
#include "../../formats/groups.h"
#include "../../formats/placeref.h"
#include "../../formats/text.h"
#include "../../formats/value.h"

#define NOW INT64_C(1790000000000)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct codebook *cb;
static struct groups *shipped;
static char dir[64];

static void
leave(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/codebooks/groups.tsv", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/codebooks", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

static void
enter(void)
{
	char conf[4096], sub[128];
	struct fault f = {0};

	if (conf_dir(conf, sizeof(conf), &f) == NULL || (cb = codebook_load(conf, &f)) == NULL ||
	    (shipped = groups_load(conf, cb, &f)) == NULL) {
		(void)fprintf(stderr, "fuzz_text: %s: %s\n", f.file, f.text);
		exit(78);
	}
	(void)snprintf(dir, sizeof(dir), "/tmp/fuzz_text.XXXXXX");
	if (mkdtemp(dir) == NULL)
		exit(73);
	(void)snprintf(sub, sizeof(sub), "%s/codebooks", dir);
	if (mkdir(sub, 0700) == -1)
		exit(73);
	(void)atexit(leave);
}

static void
place(const char *s)
{
	struct placeref r, again;
	struct fault f = {0};
	char buf[PLACEREF_TEXT_MAX], small[9];

	if (placeref_parse(s, &r, &f) != 0) {
		assert(f.code != 0 && f.text[0] != '\0');
		return;
	}
	(void)placeref_format(&r, false, buf, sizeof(buf));
	assert(placeref_parse(buf, &again, &f) == 0);
	assert(memcmp(&r, &again, sizeof(r)) == 0);
	(void)placeref_format(&r, true, buf, sizeof(buf));
	assert(text_clean(buf, strlen(buf), false, NULL));
	(void)placeref_format(&r, true, small, sizeof(small));
}

static void
addressees(const struct groups *g, const char *s)
{
	struct buf out = {0}, again = {0};
	struct fault f = {0};

	if (groups_expand(g, cb, s, "to", &out, &f) == 0) {
		char *list = xstrdup(buf_cstr(&out));

		assert(groups_expand(g, cb, list, "to", &again, &f) == 0);
		assert(strcmp(buf_cstr(&again), list) == 0);
		free(list);
	} else
		assert(f.code != 0 && out.n == 0);
	buf_free(&out);
	buf_free(&again);
}

static void
table(const char *s, size_t n)
{
	char path[128];
	struct fault f = {0};
	struct groups *g;
	const struct group *e;
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/codebooks/groups.tsv", dir);
	if ((fp = fopen(path, "w")) == NULL)
		return;
	(void)fputs("group\tname\tpinyin\tmembers\tnote\n", fp);
	(void)fwrite(s, 1, n, fp);
	if (fclose(fp) != 0)
		return;
	if ((g = groups_load(dir, cb, &f)) == NULL) {
		assert(f.code != 0 && f.file[0] != '\0');
		return;
	}
	for (size_t i = 0; (e = groups_at(g, i)) != NULL; i++) {
		char at[64];

		assert(groups_find(g, e->name) == e && groups_find(g, e->id) == e);
		(void)snprintf(at, sizeof(at), "@%s", e->id);
		addressees(g, at);
	}
	groups_free(g);
}

static void
query(const char *s)
{
	struct code_hit hit[4];
	char name[64];
	size_t n = codebook_find(cb, &s, 1, CODE_EVENT | CODE_DIVISION | CODE_ORGAN | CODE_STATION, hit, 4);

	for (size_t i = 0; i < n && i < 4; i++) {
		(void)codebook_hit_code(&hit[i], name, sizeof(name));
		(void)codebook_hit_name(&hit[i], name, sizeof(name));
	}
}

/* What is parsed is formatted, and parsed from that again when it is a figure or a position. */
static void
value(uint32_t key, const char *s)
{
	const struct field *fd = field_by_key(key);
	struct body *b = body_new(), *c = body_new();
	struct fault f = {0};

	if (value_parse(b, fd, s, cb, NOW, &f) == 0) {
		struct buf out = {0};

		value_format(&out, body_first(b, key), cb, true);
		assert(text_clean(buf_cstr(&out), out.n, false, NULL));
		if (fd->type == FT_GEO || (field_decimals(fd) >= 0 && body_first(b, key)->u.fig.source == NULL &&
					      body_first(b, key)->u.fig.asof == 0)) {
			assert(value_parse(c, fd, buf_cstr(&out), cb, NOW, &f) == 0);
			assert(body_diff(b, c, cb, true, NULL, NULL) == 0);
		}
		buf_free(&out);
	} else
		assert(f.code != 0);
	body_free(b);
	body_free(c);
}

static void
tell(void *ctx, const struct diff *d)
{
	assert(text_clean(d->before, strlen(d->before), false, NULL) && text_clean(d->after, strlen(d->after), false, NULL));
	++*(size_t *)ctx;
}

static void
words(const char *s, size_t n)
{
	static const struct figure two = {.q = FIG_EXACT, .n = 2};
	struct body *a = body_new(), *b = body_new();
	struct element_conflict x[4];
	size_t told = 0, half = n / 2;

	body_add_text(a, F_BRIEF, s, half);
	body_add_text(b, F_BRIEF, s + half, n - half);
	body_add_figure(b, F_DEAD, &two);
	(void)element_conflicts(a, x, 4);
	(void)element_conflicts(b, x, 4);
	assert(body_diff(a, b, NULL, true, tell, &told) == told && told >= 1);
	body_free(a);
	body_free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint32_t keys[] = {F_OCCURRED, F_DUE, F_DEAD, F_LOSS, F_CROPS, F_POSITION, F_DIVISION, F_TYPE};
	char *s;

	if (n == 0)
		return 0;
	if (cb == NULL)
		enter();
	s = strndup((const char *)p + 1, n - 1);
	assert(s != NULL);
	switch (p[0] % 16) {
	case 0:
	case 1:
	case 2:
		place(s);
		break;
	case 3:
		addressees(shipped, s);
		break;
	case 4:
		table((const char *)p + 1, n - 1);
		break;
	case 5:
		query(s);
		break;
	case 6:
	case 7:
		words(s, strlen(s));
		break;
	default:
		value(keys[p[0] % 8], s);
	}
	free(s);
	return 0;
}
