#ifndef FORMATS_BULLETIN_H
#define FORMATS_BULLETIN_H
/*
 * One record as the bulletin that goes on paper and to leaders (DOMAIN 7): 值班快报 or 突发事件信息专报.
 *
 *   marks (演练, 更正 with what it replaces, 先报后签 with who owes the signature)
 *   the form's name / 第N期 / unit left, date right / rule / title
 *   received, source, time, place, nature, scope, casualties and losses, trend, leaders and measures, next, asked for, others
 *   报: 送: / 编辑 审核 签发
 *
 * Monospaced: `cells` a line, `lines` a page, every page exactly that many, form feed between them; the head is repeated,
 * 第 x 页 共 y 页 stands at the foot.  Lines end by the rules of linebreak.h.  A heading never stands last on a page.
 */
#include "figuretext.h"
#include "fault.h"

#define BULLETIN_CELLS_MIN 40
#define BULLETIN_CELLS_MAX 240
#define BULLETIN_LINES_MIN 20
#define BULLETIN_LINES_MAX 200

enum bulletin_kind { BULLETIN_BRIEF, BULLETIN_SPECIAL };

struct bulletin_layout {
	int cells, lines;
	char brief[64], special[64];	/* the forms' names */
};

/* conf/rules/texts.tsv and texts.local.tsv; -1 + fault with file and line. */
int bulletin_layout_load(const char *confdir, struct bulletin_layout *, struct fault *);
/* Appends the pages.  Returns how many. */
size_t bulletin_write(const struct body *, enum bulletin_kind, const struct bulletin_layout *, const struct text_env *,
    struct buf *out);

#endif
