#ifndef FORMATS_FIGURETEXT_H
#define FORMATS_FIGURETEXT_H
/*
 * Words for figures in text that goes upward (DOMAIN 5), and what the texts made of one record (bulletin, SMS, telephone
 * script, paste) share: who speaks, as of when, what marks stand before everything.
 *
 *   exact, one value, adopted by a named person (F_ADOPTER)   死亡3人
 *   exact, not adopted                                        死亡至少3人(119 14:10)
 *   unknown                                                   死亡不详
 *   about, at least, at most                                  约20人(119 14:10)  至少3人(...)  至多5人(...)
 *   several sources                                           死亡至少3人(119 14:10)、至少1人(120 14:05)
 *
 * Unknown is never 0 and never left out.  Sources are never added up: all are listed, the strongest proven first.  Zero
 * proves nothing more than itself and is said as it is, 0人, with its source unless adopted.
 */
#include <stdbool.h>
#include <stdint.h>
#include "body.h"
#include "buf.h"
#include "codebook.h"

struct text_env {
	const struct codebook *cb;	/* NULL: codes stay codes */
	const char *self_name;		/* the station the text speaks for; NULL: the message's own */
	int64_t now;			/* ms UTC; 0: not known */
	bool zh;			/* Chinese words, else English */
	bool exercise;			/* an exercise even if the message's id does not say so */
};

/* Its signature is owed: 先报后签 (F_UNSIGNED), or simply not signed. */
bool text_unsigned(const struct body *);
/* The body as it stands now that `signer` has signed it afterwards (补签). */
void text_signed(struct body *, const char *signer);
/* Of the two the one in the text's language. */
const char *text_say(const struct text_env *, const char *zh, const char *en);
bool text_exercise(const struct body *, const struct text_env *);	/* or the realm of its id */
/* The station that says it: self_name, else the message's origin by its name, else the foreign station; "" when nobody
 * knows. */
const char *text_unit(const struct body *, const struct text_env *, char *buf, size_t size);
/* When the message says it, ms UTC: sent, else approved, learned, occurred; 0 when it names none. */
int64_t text_instant(const struct body *);
/* The name of an enumerated field's value; "" when absent. */
const char *text_enum(const struct body *, uint32_t key, const struct text_env *, char *buf, size_t size);
/* Event type: its name, else its code; "" when absent. */
const char *text_type(const struct body *, const struct text_env *, char *buf, size_t size);
/* One value of any kind but figures: what people read, without the code behind the name; control characters never. */
void text_value(struct buf *, const struct value *, const struct text_env *);

enum figure_form {
	FIGURES_FULL,		/* all sources, with source and time */
	FIGURES_SHORT,		/* the strongest one without them: where there is no room; still 至少 and 不详 */
	FIGURES_SPOKEN		/* all, with the number again in words: 至少3人(三人),119报,14时10分; who speaks is not named */
};
/* Appends one field's figures, with its label when `label`; false and nothing when the body has none of it. */
bool figuretext(struct buf *, const struct body *, uint32_t key, bool label, enum figure_form, const struct text_env *);
/* All figures of the body in the field table's order, parted by a comma; false when there is none. */
bool figuretext_all(struct buf *, const struct body *, enum figure_form, const struct text_env *);
/* A number in full Chinese numerals: 145 -> 一百四十五, 20 0000 -> 二十万; `decimals` of its places behind 点. */
void figuretext_numeral(struct buf *, int64_t n, int decimals);

#endif
