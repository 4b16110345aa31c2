#ifndef TUI_ACT_H
#define TUI_ACT_H
/*
 * Decisions that fit into a few lines: act.c (log, receipts, telephone), act_grade.c (等级), act_life.c (更正 撤回 采用 环节
 * 补签 研判 清除).  Each is a question with one confirmation that defaults to cancel, and then one message; whether it may
 * be done is the switch's to say.  Those that every view uses are declared in compose.h.
 *
 * incident: member `incident` of an answer of op show; line: a row of its timeline.
 */
#include <stdbool.h>
#include <jansson.h>
#include "../formats/msgid.h"
#include "app.h"

struct deed {	/* what the answer is about, kept while the question stands */
	struct app *app;
	char incident[MSGID_TEXT_MAX];
	char id[MSGID_TEXT_MAX];
	char number[96];
	char towards[96];	/* station telephoned */
	char title[256];
	char other[MSGID_TEXT_MAX];	/* merging: where it goes */
	char name[96];		/* field adopted, verdict judged */
	char leader[128], reason[512], typed[64];	/* lowering: as typed, when the word was wrong */
	char first[128], second[128];	/* destroying: the same */
	char info[256];		/* what a lowering goes against */
	int grade;		/* now, 0 = none */
	int wanted;
	int step;		/* enum step */
	int kind;		/* of the message recalled */
	bool exercise;
	bool fill_back;
	bool yes;
	int act;
};

/* Shared by act*.c. */
struct deed *deed_new(struct app *, const json_t *about);	/* id, incident, number and realm of a message */
struct deed *deed_incident(struct app *, const json_t *incident);
struct deed *deed_copy(const struct deed *);
void deed_submit(const struct deed *, json_t *body, const char *what);	/* body taken over; what: for the note */
void deed_text(json_t *body, uint32_t key, const char *text);		/* "" = nothing */
const char *deed_grade(const struct app *, int grade);	/* "重大", "未定级" */
/* Asks again with what was typed before, the marker on field `at`: every field before it is filled. */
void deed_ask_again(const struct deed *, struct prompt *, size_t at);

/* States the grade `wanted`: one confirmation; a leader, a reason and the grade's word where it is laxer than what stands, what the
 * figures prove, or what the clock runs by while it is undetermined.  proposal: answer of op propose; NULL: the tables do not answer. */
void act_grade_state(struct app *, struct view *owner, const json_t *incident, const json_t *proposal, int wanted);
void act_verdict(struct app *, struct view *owner, const json_t *incident, const char *name);
/* shown: answer of op show; line: an own report in it. */
void act_correct(struct app *, struct view *owner, const json_t *shown, const json_t *line);
void act_recall(struct app *, struct view *owner, const json_t *incident, const json_t *line);
void act_adopt(struct app *, struct view *owner, const json_t *incident);
void act_event(struct app *, struct view *owner, const json_t *incident, const json_t *line);
void act_countersign(struct app *, struct view *owner, const json_t *incident, const json_t *lines, const json_t *line);
void act_destroy(struct app *, struct view *owner, const json_t *message);	/* message: answer of op message */

struct view *view_grade_new(struct app *, const json_t *incident);	/* copies */
/* What differs between two versions; line: one of the reports of the station meant, or NULL. */
struct view *view_diff_new(struct app *, const json_t *incident, const json_t *line);

#endif
