/*
 * Points a place takes off for what was late or missing (scores.tsv).  Nothing is shipped: without a row there is no score.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"

#define POINTS_MAX 100

static const char *const items[] = {
    [SCORE_LATE] = "late", [SCORE_UNTOLD] = "untold", [SCORE_FOLLOWUP] = "followup", [SCORE_FINAL] = "final", [SCORE_ROLL] = "roll",
    [SCORE_ZERO] = "zero"};
#define ITEMS (sizeof(items) / sizeof(items[0]))
static const char *const columns[] = {"item", "points", "clause", NULL};

struct rules_scores {
	struct score_row row[ITEMS];	/* item NULL: not scored */
	const struct rules_source *from[ITEMS];
};

/* The nearest layer comes last and wins. */
static int
score_row(struct rules_scores *sc, const struct rules_source *s, size_t row, struct fault *f)
{
	const char *item = tsv_get(s->t, row, "item"), *clause = tsv_get(s->t, row, "clause");
	int64_t points;
	size_t i;

	for (i = SCORE_LATE; i < ITEMS && strcmp(items[i], item) != 0; i++)
		;
	if (i == ITEMS)
		return fault_set(f, EX_CONFIG, "item", _("\"%s\" is not known here"), item);
	if (sc->from[i] == s)
		return fault_set(f, EX_CONFIG, "item", _("the same rule stands here twice"));
	if (rules_minutes(tsv_get(s->t, row, "points"), 0, POINTS_MAX, &points) == -1)
		return fault_set(f, EX_CONFIG, "points", _("must be a whole number from %d to %d, not \"%s\""), 0, POINTS_MAX,
		    tsv_get(s->t, row, "points"));
	if (!rules_says(clause))
		return fault_set(f, EX_CONFIG, "clause", _("a limit must cite its clause"));
	sc->row[i] = (struct score_row){.item = items[i], .clause = clause, .profile = s->profile, .file = s->path,
	    .line = tsv_line(s->t, row), .points = points};
	sc->from[i] = s;
	return 0;
}

struct rules_scores *
rules_scores_load(struct rules_files *rf, struct fault *f)
{
	struct rules_scores *sc = xcalloc(1, sizeof(*sc));
	const struct rules_source *src[RULES_LAYERS_MAX];
	size_t n;

	if (rules_files_table(rf, "scores", columns, src, &n, f) == -1)
		goto fail;
	for (size_t i = 0; i < n; i++)
		for (size_t row = 0; row < tsv_rows(src[i]->t); row++)
			if (score_row(sc, src[i], row, f) == -1) {
				fault_at(f, src[i]->path, tsv_line(src[i]->t, row));
				goto fail;
			}
	return sc;
fail:
	free(sc);
	return NULL;
}

bool
rules_scores_row(const struct rules_scores *sc, enum rule_score item, struct score_row *out)
{
	assert(item >= SCORE_LATE && item < ITEMS);
	*out = sc->row[item];
	return out->item != NULL;
}
