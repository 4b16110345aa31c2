#ifndef FORMATS_FIELD_H
#define FORMATS_FIELD_H
/*
 * The one field table (DESIGN 3) and the enumerations it names.  Rows stand in fields.def.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FT_TEXT,	/* UTF-8 */
	FT_CODE,	/* "scheme:code", e.g. yjpt:12G00, div:330225102 */
	FT_ENUM,	/* small integer of the enumeration named by arg */
	FT_TIME,	/* struct when */
	FT_FIGURE,	/* struct figure, 0 decimals */
	FT_FIGURE2,	/* struct figure, 2 decimals */
	FT_FIGURE4,	/* struct figure, 4 decimals */
	FT_STATION,	/* station code */
	FT_MSGID,	/* struct msgid */
	FT_UINT,	/* unsigned, at most INT64_MAX */
	FT_BOOL,
	FT_GEO,		/* latitude, longitude in microdegrees */
	FT_DIGEST	/* 32 bytes, BLAKE2b-256 */
};

enum field_flag {
	FF_HEADER = 1,		/* filled in by the switch; refused from a person's hand */
	FF_REPEAT = 2,		/* any number of values, order kept, at most FIELD_REPEAT_MAX */
	FF_LINES = 4,		/* text may hold line feeds */
	FF_FORM = 8,		/* shown on the intake and report form, in table order */
	FF_DECLARED = 16,	/* instant declared by a person: source and original text are kept */
	FF_CASUALTY = 32	/* unknown is not zero, and matters for the grade */
};

#define FIELD_REPEAT_MAX 512
#define BODY_MAX (256 * 1024)	/* bytes of one encoded body; larger originals are blobs */

#define FIELD(key, NAME, json, en, zh, type, flags, max, arg) F_##NAME = key,
enum field_key {
#include "fields.def"
	F_NONE = 0
};
#undef FIELD

struct field {
	uint32_t key;
	const char *name;	/* JSON name and --option */
	const char *label;	/* English msgid */
	const char *zh;		/* Chinese label */
	enum field_type type;
	unsigned flags;
	size_t max;
	const char *arg;
};

const struct field *field_by_key(uint32_t);		/* NULL: unknown */
const struct field *field_by_name(const char *);	/* JSON name; NULL: unknown */
const struct field *field_at(size_t i);			/* table order; NULL past the end */
int field_decimals(const struct field *);		/* 0, 2 or 4; -1 when not a figure */

/* Enumerations.  Values travel on the wire and are never reused. */
enum kind {
	KIND_REPORT = 1, KIND_GRADE = 2, KIND_RECEIPT = 3, KIND_DIRECTIVE = 4, KIND_FEEDBACK = 5, KIND_WARNING = 6,
	KIND_CALLOUT = 7, KIND_ROLLCALL = 8, KIND_ROLLANSWER = 9, KIND_ZERO = 10, KIND_LOG = 11, KIND_HANDOVER = 12,
	KIND_RESOURCE = 13, KIND_HAZARD = 14, KIND_NOTE = 15, KIND_OUTSIDE = 16, KIND_SERVICE = 17,
	KIND_INTAKE = 18,	/* 接报登记: opens an incident at the station that learned of it */
	KIND_STEP = 19,		/* 环节: a named person's act in the life of an event or report (enum step) */
	KIND_CHASE = 20,	/* 催办: written by the switch (F_CHASED, F_RUNG) or by a person (a manual chase) */
	KIND_STAFF = 21,	/* 在册: persons and telephone numbers (duty_staff.h) */
	KIND_ROSTER = 22,	/* 排班: shifts, swaps (duty_roster.h) */
	KIND_EXPLAIN = 23	/* 说明: why something was late, and whether the superior accepts it (F_CONFIRMED) */
};
enum stage { STAGE_FIRST = 1, STAGE_FOLLOWUP = 2, STAGE_FINAL = 3, STAGE_VERIFIED = 4, STAGE_CORRECTION = 5,
	STAGE_WITHDRAWAL = 6 };
enum grade { GRADE_I = 1, GRADE_II = 2, GRADE_III = 3, GRADE_IV = 4, GRADE_UNDETERMINED = 9 };	/* smaller is graver */
enum precedence { PREC_FLASH = 1 /* 特提 */, PREC_URGENT = 2 /* 特急 */, PREC_PRIORITY = 3 /* 加急 */,
	PREC_ROUTINE = 4 /* 平急 */ };	/* smaller goes first */
enum act { ACT_DELIVERED = 1 /* 送达 */, ACT_READ = 2 /* 已阅 */, ACT_SIGNED = 3 /* 签收 */, ACT_TAKEN = 4 /* 接办 */,
	ACT_RETURNED = 5 /* 退回 / 非投递通知 */ };
enum channel { CHANNEL_PHONE = 1, CHANNEL_FAX, CHANNEL_NET, CHANNEL_VISIT, CHANNEL_SUPERIOR, CHANNEL_PATROL,
	CHANNEL_MEDIA, CHANNEL_SYSTEM /* a national or provincial system beside this one */, CHANNEL_SMS, CHANNEL_RADIO,
	CHANNEL_PAPER, CHANNEL_CLASSIFIED /* 涉密渠道: the stub of what must not go through here */ };
enum step { STEP_VERIFIED = 1 /* 核实 */, STEP_HANDLING = 2 /* 在办 */, STEP_RESOLVED = 3 /* 处置毕 */,
	STEP_ARCHIVED = 5 /* 归档; 终报 is a report's stage */, STEP_REOPENED = 6, STEP_MERGED = 7 /* this one into F_OTHER */,
	STEP_ABSORBED = 8 /* F_OTHER into this one: the twin of MERGED */, STEP_SPLIT = 9 /* F_OTHER was taken out of this */,
	STEP_ADOPTED = 10 /* 采用数 */, STEP_COUNTERSIGNED = 11 /* 补签 of F_REFS */, STEP_VERDICT = 12 /* F_VERDICT, F_CONFIRMED */,
	STEP_CLOSED = 13 /* 办结 of the report F_REFS */, STEP_DESTROYED = 14 /* this station's copy of F_REFS is destroyed */ };
enum outcome { OUTCOME_REACHED = 1, OUTCOME_NO_ANSWER = 2, OUTCOME_BUSY = 3, OUTCOME_OFF = 4, OUTCOME_WRONG = 5,
	OUTCOME_REFUSED = 6, OUTCOME_BY_OTHER = 7 /* somebody else reached him */ };
enum resource_step { RESOURCE_STATE = 1, RESOURCE_REQUEST = 2, RESOURCE_DISPATCH = 3, RESOURCE_ARRIVED = 4,
	RESOURCE_RELEASED = 5, RESOURCE_DECLINED = 6 };
enum hazard_step { HAZARD_FOUND = 1, HAZARD_LISTED = 2, HAZARD_ASSIGNED = 3, HAZARD_RECTIFIED = 4, HAZARD_REVIEWED = 5,
	HAZARD_CLEARED = 6, HAZARD_RESURFACED = 7 };
enum hazard_level { HAZARD_GENERAL = 1, HAZARD_MAJOR = 2 };
enum response { RESPONSE_1 = 1 /* 一级 */, RESPONSE_2, RESPONSE_3, RESPONSE_4, RESPONSE_ENDED = 9 };
enum progress { PROGRESS_STARTED = 1, PROGRESS_ONGOING = 2, PROGRESS_DONE = 3, PROGRESS_CANNOT = 4 };
enum duty_step { /* KIND_STAFF */
	DUTY_PERSON = 1 /* entered or changed */, DUTY_LEFT = 2, DUTY_NUMBER = 3 /* a number proposed */,
	DUTY_NUMBER_CONFIRMED = 4 /* by a second person; F_REFS */, DUTY_NUMBER_DECLINED = 5, DUTY_NUMBER_TRIED = 6 /* dialled: F_OUTCOME */,
	/* KIND_ROSTER */
	DUTY_SHIFT = 20 /* planned; F_REFS: takes the place of that one */, DUTY_SHIFT_CANCELLED = 21, DUTY_SWAP = 22 /* asked for */,
	DUTY_SWAP_CONSENT = 23, DUTY_SWAP_APPROVED = 24, DUTY_SWAP_DECLINED = 25, DUTY_SIGN_ON = 26 /* 到岗 */, DUTY_STAY = 27 /* a leader orders
	somebody to stay */, DUTY_UNABLE = 28 /* cannot come */,
	/* KIND_HANDOVER; one without a step is a record of the whole */
	DUTY_HANDOVER_BEGUN = 40, DUTY_HANDOVER_ITEM = 41 /* gone through; F_PERSON: the new owner */, DUTY_HANDOVER_SIGNED = 42,
	DUTY_HANDOVER_ABANDONED = 43,
	/* KIND_LOG */
	DUTY_LOG_EQUIPMENT = 60 /* tested: F_EQUIPMENT, F_OUTCOME */, DUTY_LOG_OPINION = 61 /* 领导意见, in his words */,
	DUTY_LOG_MUTE = 62 /* F_DUE, F_REASON */, DUTY_LOG_RULES = 63 /* the rules were read again and have changed */,
	DUTY_LOG_CORRECTED = 64 /* adds to the entry F_REFS */, DUTY_LOG_OUTLET = 65 /* what an alarm outlet has said */ };
enum duty_role { ROLE_DUTY_LEADER = 1 /* 带班领导 */, ROLE_DUTY_SENIOR = 2 /* 值班长 */, ROLE_DUTY_OFFICER = 3 /* 值班员 */,
	ROLE_DUTY_OTHER = 9 };
enum number_of { NUMBER_A = 1 /* A号 */, NUMBER_B = 2 /* B号 */, NUMBER_DUTY = 3 /* 值班电话 */, NUMBER_FAX = 4, NUMBER_SATELLITE = 5,
	NUMBER_OTHER = 9 };
enum order_type { ORDER_PLAIN = 1 /* 指令 */, ORDER_INSTRUCTION = 2 /* 批示: F_PERSON the leader */, ORDER_SUPERVISION = 3 /* 督办 */,
	ORDER_VERIFY = 4 /* 核报要求 */, ORDER_APPEND = 5 /* 追加 to F_REFS */, ORDER_REVOKED = 6 /* 收回 of F_REFS, F_REASON */ };
enum charge { CHARGE_LINK = 1 /* 断网 */, CHARGE_NO_ANSWER = 2, CHARGE_LEADER = 3 /* 等领导签发 */, CHARGE_POWER = 4, CHARGE_UNKNOWN_FACTS = 5,
	CHARGE_OTHER = 9 };
enum duty_side { SIDE_OUT = 1 /* 交班 */, SIDE_IN = 2 /* 接班 */, SIDE_LEADER = 3 /* 带班知悉 */ };
enum colour { COLOUR_RED = 1, COLOUR_ORANGE = 2, COLOUR_YELLOW = 3, COLOUR_BLUE = 4, COLOUR_UNKNOWN = 9 };

/*
 * Names of an enumeration's value.  The ASCII name is what JSON and --options carry ("II", "signed", "flash");
 * label is the English msgid, zh the Chinese term.  Grades, precedences and colours have further accepted spellings in
 * conf/codebooks (formats/codebook.h).  An unknown value has no names (NULL) and travels as its number.
 */
struct enum_name {
	const char *set;	/* "kind", "stage", "grade", ... */
	int value;
	const char *name;
	const char *label;
	const char *zh;
};
const struct enum_name *enum_by_value(const char *set, int value);
const struct enum_name *enum_by_name(const char *set, const char *name);	/* exact ASCII name, label or zh */
const struct enum_name *enum_at(const char *set, size_t i);			/* i-th of the set, NULL past the end */

#endif
