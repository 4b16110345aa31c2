#ifndef SWITCH_COMMAND_H
#define SWITCH_COMMAND_H
/*
 * The one command table: keys, help lines, the ':' palette and dutyctl's verbs come from its rows (command.c).
 */
#include <stddef.h>

enum command_id {
	CMD_NONE = 0,
	/* desk and dutyctl */
	CMD_INTAKE, CMD_SUBMIT, CMD_LIST, CMD_SHOW, CMD_ACK, CMD_GRADE, CMD_DIRECT, CMD_FEEDBACK, CMD_STATUS, CMD_INBOX, CMD_OWED, CMD_LOG,
	/* dutyctl only */
	CMD_INIT, CMD_ENROL, CMD_VERIFY, CMD_TRACE, CMD_LEDGER, CMD_SEARCH, CMD_IMPORT, CMD_EXPORT, CMD_HELP, CMD_MESSAGE, CMD_DRAFTS, CMD_WATCH, CMD_RELOAD,
	CMD_BACKUP, CMD_RESTORE,
	CMD_CONVERT, CMD_CHECK, CMD_CODES,
	CMD_CORRECT, CMD_RECALL, CMD_DRAFT, CMD_STEP, CMD_MERGE, CMD_SPLIT, CMD_ADOPT, CMD_COUNTERSIGN, CMD_VERDICT, CMD_DIFF,
	CMD_OUTSIDE, CMD_STUB, CMD_RENDER, CMD_DESTROY,
	/* the duty clockwork */
	CMD_RULES, CMD_STAFF, CMD_ROSTER, CMD_PIN, CMD_HANDOVER, CMD_REPLAY, CMD_NOTE, CMD_ROLLCALL, CMD_ZERO, CMD_TRACK, CMD_ORDERS, CMD_CHASE, CMD_PROXY,
	CMD_STATS, CMD_EXPLAIN, CMD_EXERCISE, CMD_OUTLET, CMD_CLAIM,
	/* desk only */
	CMD_OPEN, CMD_BACK, CMD_UP, CMD_DOWN, CMD_PAGE_UP, CMD_PAGE_DOWN, CMD_FIND, CMD_PALETTE, CMD_SAVE, CMD_REFRESH, CMD_QUIT, CMD_OVERVIEW,
	CMD_SIGN, CMD_TAKE, CMD_REPORT, CMD_FOLLOWUP
};

enum command_flag {
	CMDF_CTL = 1,		/* a dutyctl verb */
	CMDF_DESK = 2,		/* reachable on the desk */
	CMDF_OFFLINE = 4,	/* dutyctl: works without a running switch */
	CMDF_INCIDENT = 8	/* desk: acts on the selected incident or message */
};

struct command {
	enum command_id id;
	const char *verb;	/* dutyctl verb and palette word; NULL: none */
	const char *zh;		/* palette word in Chinese */
	const char *initials;	/* its pinyin initials */
	const char *keys;	/* as shown in hints and help: "F2", "S", "Ctrl-S"; several separated by a space; "" = none */
	const char *args;	/* synopsis after the verb, "" = none */
	const char *help;	/* one line, English msgid */
	const char *more;	/* further help for `dutyctl help VERB`, English msgid, may be "" */
	unsigned flags;
};

const struct command *command_at(size_t i);			/* NULL past the end */
const struct command *command_by_id(enum command_id);
const struct command *command_by_verb(const char *verb);	/* English, Chinese or initials; exact */
/* i-th row of the palette that matches what was typed (prefix of verb, zh, initials; full-width folded). */
const struct command *command_match(const char *typed, unsigned flags, size_t i);

#endif
