#ifndef TUI_CHAIN_H
#define TUI_CHAIN_H
/*
 * The signing chain of a draft: 草稿 → 待核 → 待签 → 已发.  One table of steps with their keys; the drafts list and the view of
 * a draft under review act through it.  The switch says which step is open; what is not open is refused by it in words.
 *
 *   K F6   核过       B F7   退回       T F8   记请示
 *   Q F10  签发       U F9   先报后签   W F11  取回
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "app.h"

enum chain_step { CHAIN_NONE = 0, CHAIN_PASS, CHAIN_RETURN, CHAIN_TRY, CHAIN_APPROVE, CHAIN_UNSIGNED, CHAIN_TAKE_BACK };

/* The draft's row in the feed of drafts; NULL when it is not there. */
const json_t *chain_draft(const struct app *, const char *rid);
/* It is with the checker or the signer: its text is only read. */
bool chain_under_review(const json_t *draft);
/* The step that brought it where it stands (a leader who was tried has moved nothing); NULL: none. */
const json_t *chain_last(const json_t *draft);
/* "待核 送核 root 14:30": state, and who did the last step when; "" while it is being written. */
const char *chain_state(const json_t *draft, int64_t now, char *buf, size_t size);
/* One step of the trail as a line. */
const char *chain_trail_line(const json_t *step, int64_t now, char *buf, size_t size);
/* "首报 1122-001 柳河路仓库起火" */
const char *chain_name(const json_t *draft, char *buf, size_t size);
/* What the draft says, as far as it can be read; the caller's. */
struct body *chain_body(struct app *, const json_t *draft);
bool chain_exercise(const json_t *draft);
/* 先报后签 is in order: leaders were tried, or the minutes since the first try have passed. */
bool chain_unsigned_ok(const json_t *draft, int64_t now);

enum chain_step chain_key(const struct key *);
void chain_step(struct app *, struct view *owner, const json_t *draft, enum chain_step);

/* view_review.c: the text of a draft, read-only, with the strip, the trail and the steps. */
struct view *view_review_new(struct app *, const char *rid);
bool view_review_shows(const struct view *, const char *rid);

#endif
