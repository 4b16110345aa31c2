/*
 * The one command table.  What a key does, what the hint line and the help screen say, what the ':' palette offers and
 * which verbs dutyctl has are all rows here, so that they cannot drift apart.
 *
 * Keys follow the drawings (screens 01 and 14): function keys and digits do the work because Chinese input methods
 * swallow letters; letters are aliases.  F8, F9 and the panes 4-6 belong to later steps and are left free.
 * Initials may clash (jb is 接报 and 接办): the palette then shows both; an exact look-up takes the earlier row.
 *
 * Table order is the order of help and palette: the desk's daily work first, administration after it.
 */
#include <assert.h>
#include <string.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "command.h"

#define BOTH (CMDF_CTL | CMDF_DESK)

static const char fields_more[] =
    N_("Every field of a message is an option of its own name: --title, --place, --dead, ...\n"
       "Figures: 3, 0, ? (unknown), ~20, >=3, <=5, each with @SOURCE; a figure may be repeated for several sources.\n"
       "Times: 2026-11-22T14:10+08:00, \"11-22 14:10\", 14:10.\n"
       "  --to A,B         addressees; default: the station above; @GROUP and 330225/children stand for many\n"
       "  --cc A,B         copies to\n"
       "  --incident REF   the incident it belongs to: number or id\n"
       "  --realm live|exercise\n"
       "  --confirm        a time ahead of the station's clock is meant\n"
       "  --rid RID        request id: repeating it makes nothing twice; default: a fresh one\n"
       "  --retry SECONDS  how long to try again with the same request id when the switch goes away (10)");

static const char grade_more[] =
    N_("--explain states nothing: it shows what the grading tables propose, by which clause and figure, how many more "
       "make the\n"
       "next grade, what is not known, and the second verdict of risk; of an incident, or (without REF, needing no "
       "station)\n"
       "of --type and figures: --type 12G00 --dead 3 --serious '>=9' --missing ?.  An unknown figure is not zero, and "
       "there is\n"
       "no default: a person states the grade.");

static const char step_more[] =
    N_("  verify, handle, resolve, archive, and reopen with --reason: of the event\n"
       "  close: of one report of this station; REF is the report's id\n"
       "Every step is a named person's: --by.  What is open is the switch's to say; a refusal names it.");

static const char direct_more[] =
    N_("  --order_type  append and revoked: REF is the directive's id, and it goes where that went; revoked needs --reason,\n"
       "                instruction --person (the leader), verify --due\n"
       "  --asks        figures asked for in every feedback: to_move,moved,refused,went_back\n"
       "  --every       minutes between two feedbacks; a figure older than that is not known any more\n"
       "Fields, --to, --cc, --confirm, --rid, --retry: as `dutyctl help report' says.");

static const char draft_more[] =
    N_("  list                        drafts and where they stand\n"
       "  new --FIELD VALUE ...       keeps a draft and prints its request id; --kind, --incident REF as for submit\n"
       "  show RID, edit RID --FIELD VALUE ..., delete RID\n"
       "  submit RID                  for checking; with fields: these\n"
       "  pass RID --by NAME          checked; return RID --by NAME --reason TEXT; take-back RID\n"
       "  try RID --by LEADER --number N --outcome reached|no-answer|busy|off|wrong-number|refused|by-other\n"
       "  sign RID --by NAME          approved by a leader: it goes\n"
       "  unsigned RID --by NAME      it goes before its signature, once leaders were tried; the signature is owed\n"
       "  send RID                    it goes as it is, at once\n"
       "Sending is never made to wait: what goes without a signature says whose is owed.");

static const char rules_more[] =
    N_("  check    of conf/ and the profiles the station's settings name; --all: every profile that is there.  Needs no switch.\n"
       "           Exit status 65 refused, with file and line; 1 taken, with remarks.  `dutyctl reload' puts them in force\n"
       "  list     in force in the running switch; without one what the files say\n"
       "  explain  of an incident or message, every clock: from when, the limit and its clause, the row and its file, why that\n"
       "           grade, whom it rings next, and which other rows matched and why they did not count");

static const char staff_more[] =
    N_("  list [--all]                       persons, numbers, when each was last reached\n"
       "  add NAME --post P --role leader,senior,officer --A TEL --B TEL --backup NAME   first entry; --unit CODE: of another station\n"
       "  number NAME --of A|B --number TEL --by NAME   proposes another number;  confirm ID --by NAME: a second person\n"
       "  decline ID --by NAME;  left NAME --by NAME\n"
       "  tried NAME --of A --outcome reached|no-answer|busy|off|wrong-number\n"
       "  station CODE --of duty|fax|satellite --number TEL;  number and tried take a CODE as well\n"
       "  import FILE                        lines of name,post,roles,A,B,backups; again makes nothing twice\n"
       "Who has a PIN gives it: --pin asks, --pin-fd N reads a line.");

static const char roster_more[] =
    N_("  list [--days N]                    shifts, swaps, gaps, who is on duty\n"
       "  add --from TIME --until TIME --shift NAME --leader NAME --senior NAME --officer NAME ...;  replace ID ...\n"
       "  cancel ID --reason TEXT\n"
       "  swap ID --out NAME --in NAME --by NAME [--return ID]\n"
       "  consent ID --by NAME; approve ID --by LEADER; decline ID --by NAME\n"
       "  unable NAME [ID];  on NAME: has come;  stay NAME --by LEADER: ordered to stay\n"
       "  plan --from 2026-10-03 --days N --pattern FILE   lines of day,shift,from,until,leader,senior,officers; the days repeat\n"
       "  import FILE                        lines of shift,from,until,leader,senior,officers\n"
       "Who has a PIN gives it: --pin asks, --pin-fd N reads a line.");

static const struct command commands[] = {
    /* the day's work */
    {CMD_HELP, "help", "帮助", "bz", "F1 ?", "[VERB]", N_("help on commands and keys"), "", BOTH | CMDF_OFFLINE},
    {CMD_INTAKE, "intake", "接报", "jb", "F2", "--FIELD VALUE ...", N_("log what was learned; opens an incident"),
	fields_more, BOTH},
    {CMD_FIND, "find", "查找", "cz", "F3 /", "", N_("find in what is shown"), "", CMDF_DESK},
    {CMD_PALETTE, NULL, "命令", "ml", "F4 :", "", N_("type a command"), "", CMDF_DESK},
    {CMD_SIGN, "sign", "签收", "qs", "F5 S", "", N_("sign for a message"), "", CMDF_DESK | CMDF_INCIDENT},
    {CMD_TAKE, "take", "接办", "jb", "J", "", N_("take a message on, with the time of the next feedback"), "",
	CMDF_DESK | CMDF_INCIDENT},
    {CMD_REPORT, "report", "报告", "bg", "F6 R", "REF --FIELD VALUE ...", N_("first report on an incident"),
	fields_more, BOTH | CMDF_INCIDENT},
    {CMD_FOLLOWUP, "followup", "续报", "xb", "F11", "REF --FIELD VALUE ...", N_("follow-up report on an incident"),
	fields_more, BOTH | CMDF_INCIDENT},
    {CMD_DIRECT, "direct", "指令", "zl", "F7 D", "REF|- --to A,B --text TEXT [--due TIME] "
	"[--order_type order|instruction|supervision|verify|append|revoked] [--asks FIGURE,...] [--every MINUTES]",
	N_("send a directive, on an incident or (-) on none"), direct_more, BOTH | CMDF_INCIDENT},
    {CMD_TRACK, "track", "跟踪", "gzh", "", "ID|REF [--csv] [--realm live|exercise]",
	N_("what a directive's addressees have made of it, with totals"),
	N_("A total is the sum of what is known, and names those of whom it is not, with what they said last and when.  A station that is\n"
	   "missing is never counted as 0.  --csv: for spreadsheets."),
	BOTH | CMDF_INCIDENT},
    {CMD_ORDERS, "orders", "督办", "db", "", "[--type order|instruction|supervision|verify] [--all]",
	N_("directives, instructions and supervised matters that wait"), "", BOTH},
    {CMD_PROXY, "proxy", "代签", "dq", "", "ID --station CODE --person NAME --code CODE --recording NUMBER [--act signed|taken] [--due TIME] "
	"[--FIGURE VALUE ...]",
	N_("register that an addressee signed for a directive over the telephone"),
	N_("The code is what he read back; a wrong one, or a figure that is not the directive's, is refused and the try is logged.  It is\n"
	   "no receipt of his: the message is still offered to his station."),
	BOTH | CMDF_INCIDENT},
    {CMD_CLAIM, "claim", "认领", "rl", "", "[ID --person NAME]",
	N_("what others entered in this station's name; claim it"), "", BOTH},
    {CMD_FEEDBACK, "feedback", "反馈", "fk", "F",
	"ID --text TEXT [--progress started|ongoing|done|cannot] [--FIELD VALUE ...]", N_("feed back on a directive"),
	fields_more, BOTH | CMDF_INCIDENT},
    {CMD_GRADE, "grade", "定级", "dj", "G F12",
	"REF I|II|III|IV|undetermined --reason TEXT|--reason-later [--author NAME] [--signer NAME] | "
	"[REF] --explain [--type CODE --FIELD FIGURE ...]",
	N_("state the incident's grade, with a reason; or see what the tables propose"), grade_more,
	BOTH | CMDF_INCIDENT},
    {CMD_SUBMIT, "submit", "签发", "qf", "F10", "[--kind KIND] [--stage STAGE] --FIELD VALUE ... | --jsonl FILE|-",
	N_("send a message: a report unless --kind says otherwise"),
	N_("With --jsonl, one JSON object a line, members by the fields' names, besides: kind, to, cc, incident, "
	   "realm, rid,\n"
	   "confirm.  Every line is answered with its number and the id or the reason; a line without rid gets one "
	   "from its\n"
	   "own bytes, so that running a file again makes nothing twice.  Exit status 65 when any line was refused."),
	BOTH},
    {CMD_ACK, "ack", "回执", "hz", "",
	"ID --as read|signed|taken|returned [--person NAME] [--due TIME] [--reason TEXT]",
	N_("receipt for a message: read, signed for, taken on, returned"),
	N_("--person defaults to the account's name for read alone: signing for and taking on name a person.\n"
	   "taken needs --due, the time of the next feedback; returned needs --reason."),
	CMDF_CTL | CMDF_INCIDENT},
    {CMD_CORRECT, "correct", "更正", "gz", "C", "ID|REF --FIELD VALUE ... [--reason TEXT] [--by NAME]",
	N_("correct a message of this station; of an incident (REF) its last report"),
	N_("A correction takes the place of what it corrects and goes to everyone who had that.  A count that falls "
	   "needs --reason, and so does a time (learned, occurred) that moves."),
	BOTH | CMDF_INCIDENT},
    {CMD_RECALL, "recall", "撤回", "ch", "Y", "ID|REF --reason TEXT",
	N_("take back a message just sent, while nobody has read it"),
	N_("Only within seconds (conf/rules/numbers.tsv), and while unread; after that it is corrected."),
	BOTH | CMDF_INCIDENT},
    {CMD_DRAFT, "draft", "拟稿", "ng", "",
	"[list|new|show|edit|submit|pass|return|take-back|try|sign|unsigned|send|delete] [RID] [--by NAME] ...",
	N_("a draft on its way: checked, signed, sent"), draft_more, CMDF_CTL},
    {CMD_STEP, "step", "环节", "hj", "E", "REF verify|handle|resolve|archive|reopen|close --by NAME [--reason TEXT]",
	N_("a step in the life of an event, or the close of a report"), step_more, BOTH | CMDF_INCIDENT},
    {CMD_MERGE, "merge", "并案", "ba", "", "REF OTHER --by NAME --reason TEXT",
	N_("merge an incident into another one: REF goes, OTHER stays"), "", BOTH | CMDF_INCIDENT},
    {CMD_SPLIT, "split", "拆分", "cf", "",
	"REF ID... --by NAME --reason TEXT [--into OTHER] [--FIELD VALUE ...]",
	N_("take messages out of an incident, into a new one or OTHER"),
	N_("Fields (--title, --place, --type ...) are those of the new incident; without them they are its messages'."),
	BOTH | CMDF_INCIDENT},
    {CMD_ADOPT, "adopt", "采用", "cy", "A", "REF --FIGURE VALUE[@SOURCE] ... --by NAME",
	N_("adopt figures: a named person says which source counts"),
	N_("--dead 3@119 --missing 0 --by NAME.  Until then texts that go up say \"at least\" with source and time."),
	BOTH | CMDF_INCIDENT},
    {CMD_COUNTERSIGN, "countersign", "补签", "bq", "K", "ID --by NAME",
	N_("sign afterwards for a report that went before its signature"), "", BOTH | CMDF_INCIDENT},
    {CMD_VERDICT, "verdict", "研判", "yp", "", "REF NAME --confirm|--deny --by NAME [--reason TEXT]",
	N_("confirm or deny a verdict, such as that of risk"),
	N_("What the figures show is in `dutyctl grade REF --explain'; a person says whether it is so."),
	BOTH | CMDF_INCIDENT},
    {CMD_DIFF, "diff", "差异", "cy", "=", "REF [FROM [TO]] [--station CODE] [--realm live|exercise]",
	N_("what differs between two versions of a report, field by field"),
	N_("FROM and TO are report numbers; without them the last two; with one, what that report changed.  Of this station's "
	   "own\n"
	   "reports, else the opener's, unless --station says whose."),
	BOTH | CMDF_INCIDENT},
    {CMD_OUTSIDE, "outside", "外部登记", "wbdj", "",
	"REF|- --channel phone|fax|system|sms|paper|... --done-at TIME --by NAME [--system NAME] [--receipt-no N] "
	"[--answered-by NAME] [--to A,B]",
	N_("note what was told another way, with its receipt"),
	N_("What was told to the station above by an accepted channel stops that clock.  A telephone call says who answered, a "
	   "system\n"
	   "and a fax their number."),
	CMDF_CTL | CMDF_INCIDENT},
    {CMD_STUB, "stub", "存根", "cgen", "",
	"REF|- --route TEXT --receipt-no N --done-at TIME --by NAME [--to A,B]",
	N_("the stub of what went by the classified channel"),
	N_("Time, route, number and handler, and nothing of the contents."), CMDF_CTL | CMDF_INCIDENT},
    {CMD_RULES, "rules", "规则", "gze", "", "check [--all|--profile A,B] | list [--what W] [--place CODE] [--profile A,B] | explain ID|REF",
	N_("the rules: whether they are in order, which there are, which set which clock"), rules_more,
	BOTH | CMDF_OFFLINE | CMDF_INCIDENT},
    {CMD_OWED, "owed", "限时", "xs", "1", "", N_("what is owed, to whom and when"), "", BOTH},
    {CMD_INBOX, "inbox", "收件", "sj", "2", "[--all] [--limit N]", N_("messages received and not yet signed for"), "",
	BOTH},
    {CMD_LIST, "list", "在办", "zb", "3",
	"[--history] [--realm live|exercise] [--limit N] | --messages [--kind KIND] [--after SEQ] [--all]",
	N_("incidents, last changed first; or messages in the order they were stored"),
	N_("--history adds what is settled and what was entered later; --messages --all what only passes through and machine receipts."),
	BOTH},
    {CMD_SHOW, "show", "时间线", "sjx", "", "REF [--realm live|exercise]",
	N_("an incident: timeline, receipts, grades, figures, what is missing"),
	N_("REF is a spoken number (1122-001) or an id."), BOTH | CMDF_INCIDENT},
    {CMD_STATUS, "status", "状态", "zt", "L", "", N_("the station, its links and what waits"), "", BOTH},
    {CMD_LOG, "log", "日志", "rz", "", "[--after SEQ] [--limit N]", N_("the duty log"), "", BOTH},
    {CMD_STATS, "stats", "统计", "tj", "", "[--month YYYY-MM] [--station CODE] [--origin learned|occurred] [--late|--grid] [--csv]",
	N_("timeliness of a month, a row a station, and where the time went"),
	N_("Late, untold and corrected are counted apart, and what a signature or the line took is not the duty officer's.\n"
	   "  --late   a row for each report that was late or is still untold, with its explanation\n"
	   "  --grid   what was learned of, by day and hour\n"
	   "  --csv    for spreadsheets; with --late the late ones"),
	BOTH},
    {CMD_HANDOVER, "handover", "交接班", "jjb", "F9",
	"[begin [--in A,B]|item KEY [--to NAME] [--note TEXT]|answer KEY VALUE|sign --person NAME|stay --person NAME --by LEADER|"
	"abandon --by NAME --reason TEXT]",
	N_("hand over the shift: what is collected, gone through and signed"),
	N_("  begin    who takes over is proposed from the roster; without one of them only by a leader's order: --by LEADER --reason TEXT\n"
	   "  item     an item gone through, by its key or its number in the list; --undo takes it back; `spoken' with --note is what is told\n"
	   "  answer   the read-back: open N, limit HH:MM; a wrong answer stands in the record and is asked again\n"
	   "  sign     --side out|in|leader, --pin or --pin-fd N; responsibility passes with the last signature wanted, never at the hour\n"
	   "  stay     a leader orders somebody to stay; --in A,B: these may begin without the others\n"
	   "What is not gone through goes along as open.  Nothing is held up meanwhile."), BOTH},
    {CMD_REPLAY, "replay", "重放", "cf", "", "[--from TIME] [--to TIME] [--shift now|last]",
	N_("a shift in three minutes: every act, who was responsible, what rang and what was late"), "", BOTH},
    {CMD_NOTE, "note", "记", "j", "",
	"TEXT | --phone TEXT --caller NAME [--caller_unit U] [--caller_post P] [--number N] [--told TEXT] [--measures TEXT] | --correct ID TEXT | "
	"--opinion --person NAME TEXT | --equipment NAME --outcome reached|no-answer|off TEXT",
	N_("an entry of the duty log, in one line"),
	N_("  --phone     the telephone log: when (--done_at), who, what, whom it was passed to, what was done\n"
	   "  --correct   adds to an entry; nothing is ever written over\n"
	   "  --opinion   a leader's opinion in his own words; it changes no clock and hides nothing\n"
	   "  --equipment this shift's test; on the desk `:note TEXT' writes the line at once"), BOTH},
    {CMD_ROLLCALL, "rollcall", "点名", "dm", "", "[--to A,B | --silent | --draw N] | log --station CODE --number N --outcome NAME [--rings N] "
	"[--answered-by NAME] [--on-roster yes|no] [--forwarded] | answer ID --person NAME | list",
	N_("call the roll of the stations below, and log calls by telephone"),
	N_("Without more: every station below.  --silent: those where nobody has touched a key for long; --draw N: those first, then by lot, the\n"
	   "same whoever draws.  Stations with a telephone only are named, to be rung and logged: --outcome reached|no-answer|busy|off|wrong-number|\n"
	   "refused|by-other.  Who answers has to be on the register; another is shown as against the rules."),
	BOTH},
    {CMD_ZERO, "zero", "零报告", "lbg", "", "--person NAME [--day YYYY-MM-DD] [--on-behalf CODE] | list [--day YYYY-MM-DD]",
	N_("send the zero report of a day, or see whose are missing"),
	N_("The day is yesterday's unless given.  What happened, and whose reports are missing, the switch adds.  A missing report is missing,\n"
	   "never zero.  --on-behalf enters what a station below has said by telephone."),
	BOTH},
    {CMD_EXPLAIN, "explain", "说明", "sm", "", "ID --person NAME --text TEXT [--cause link|no-answer|leader|power|facts|other] | "
	"ID --person NAME --accept|--decline [--text TEXT]",
	N_("say why a report was late, or judge such an explanation"),
	N_("ID is the late report's (or what it is about); it goes to the station above.  What that accepts is not counted as late."), CMDF_CTL},
    {CMD_EXERCISE, "exercise", "演练", "yl", "", "run NAME --script FILE|--like REF [--speed N|--at-once] [--start TIME] | list | report NAME",
	N_("inject a written or past case into the exercise realm, and see how the room did"),
	N_("  run     injects it by its own clock; --like takes a past incident; run again it goes on where it was cut\n"
	   "  report  every clock that ran, kept or not, and what was done\n"
	   "A script has a line an injection: {\"after\": \"10m\", \"body\": {\"title\": \"...\", \"learned\": \"+0s\", \"dead\": 1}}."), CMDF_CTL},
    /* dutyctl alone */
    {CMD_MESSAGE, "message", "正文", "zw", "", "ID", N_("a message with its deliveries and receipts"), "", CMDF_CTL},
    {CMD_RENDER, "render", "成文", "cw", "O", "ID --to bulletin|sms|phone|paste [--kind brief|special] "
	"[--parts] [--profile NAME] [--self NAME] [--exercise]",
	N_("a report in the form it leaves in: bulletin, short message, telephone script, paste text"),
	N_("  bulletin  pages for paper; --kind special: the special report instead of the brief one\n"
	   "  sms       at most 70 characters; --parts: all of it, in numbered parts\n"
	   "  phone     a script to be read out, with its read-back code\n"
	   "  paste     the lines of another system's form; --profile: which\n"
	   "What did not fit is told on standard error."),
	BOTH},
    {CMD_TRACE, "trace", "追踪", "zz", "", "ID", N_("the way of a message, hop by hop"),
	N_("Instants are those of each station's own clock.  What waits, and on which line, stands below."), CMDF_CTL},
    {CMD_LEDGER, "ledger", "台账", "tz", "", "[ID] [--open] [--limit N]",
	N_("what became of every addressee of this station's messages"),
	N_("--open: those neither delivered nor returned, the longest waiting first."), CMDF_CTL},
    {CMD_SEARCH, "search", "搜索", "ss", "Ctrl-F", "TEXT [--before SEQ] [--limit N]",
	N_("messages that hold all of the words, newest first"),
	N_("Words stand between spaces; Chinese text is found wherever it stands, Latin words and numbers as a whole.  --before\n"
	   "goes on where another search ended."), BOTH},
    {CMD_DESTROY, "destroy", "清除", "qc", "", "ID --first NAME --second NAME --reason TEXT",
	N_("two persons destroy this station's copy of what must not be here"),
	N_("Its bytes go, its row and digest stay as a tombstone; who else has it is told, by its id alone.  What went the\n"
	   "classified way leaves a stub: `dutyctl stub'."),
	BOTH},
    {CMD_STAFF, "staff", "人员", "ry", "", "list | add NAME ... | number NAME ... | confirm ID ... | tried NAME ... | import FILE",
	N_("persons of this station, and telephone numbers"), staff_more, CMDF_CTL},
    {CMD_ROSTER, "roster", "排班", "pb", "", "list | add ... | swap ID ... | unable NAME | plan ... | import FILE",
	N_("planned shifts, swaps, telephone numbers and roll calls"), roster_more, BOTH},
    {CMD_PIN, "pin", "口令", "kl", "", "set NAME [--by LEADER] [--pin-fd N]", N_("gives a person of the register a PIN"),
	N_("The old one is asked for, or with --by a leader's.  --pin-fd N: a line with the new one, then the old one or the leader's."), CMDF_CTL},
    {CMD_CHASE, "chase", "催办", "cb", "", "ID|STATION[,STATION] --by NAME [--text TEXT] [--to A,B]",
	N_("chase those who have not signed for a message, or a station that owes something"),
	N_("The switch chases by itself what the rules say (conf/rules/chase.tsv); this is a person's word besides.  With ID it goes to those of\n"
	   "its addressees who have not signed for it."),
	CMDF_CTL},
    {CMD_OUTLET, "outlet", "警铃", "jl", "", "[list] | test [NAME] --by PERSON | mute --until TIME --reason TEXT --by PERSON | unmute --by PERSON",
	N_("the alarm outlets, and their test"),
	N_("A test rings the outlet, is entered in the duty log, and exits with 69 when it did not work.  Each is to be tested every shift."), CMDF_CTL},
    {CMD_DRAFTS, "drafts", "草稿", "cg", "", "", N_("drafts kept by the switch"), "", CMDF_CTL},
    {CMD_WATCH, "watch", "监看", "jk", "", "[--count N]", N_("a line whenever something changed, until interrupted"),
	"", CMDF_CTL},
    {CMD_INIT, "init", "建站", "jz", "",
	"--station CODE --name NAME [--parent tcp://HOST:PORT --parent-key KEY [--parent-station CODE] [--parent-rate "
	"BPS]] "
	"[--listen tcp://HOST:PORT]",
	N_("make a station: directory, settings, keys, empty journal; prints the public key"),
	N_("The code of the station above comes from the divisions codebook unless --parent-station names it.  A place "
	   "that is\n"
	   "not in the codebook goes into conf/codebooks/divisions.local.tsv first."),
	CMDF_CTL | CMDF_OFFLINE},
    {CMD_ENROL, "enrol", "登记", "dj", "",
	"--station CODE --key KEY [--name NAME] [--role child|department|neighbour|parent|phone] [--endpoint "
	"tcp://HOST:PORT] "
	"[--rate BPS] [--via A,B] [--replace] | --station CODE --remove",
	N_("admit a neighbour's key, or remove it; tells a running switch"),
	N_("Enrolling the same again is no error and changes only what is given; another key for a known station needs "
	   "--replace."),
	CMDF_CTL | CMDF_OFFLINE},
    {CMD_RELOAD, "reload", "重读", "cd", "", "", N_("the running switch reads its topology and its rules again"), "", CMDF_CTL},
    {CMD_VERIFY, "verify", "校验", "jy", "", "",
	N_("verify journal and hash chain, through the switch or, when it is down, offline"),
	N_("Offline it takes the journal's lock.  Exit status 65 and the first bad row when anything is wrong."),
	CMDF_CTL | CMDF_OFFLINE},
    {CMD_BACKUP, "backup", "备份", "bf", "", "[PATH]", N_("a verified copy of the journal while the switch runs"),
	N_("Without a path: backup/ in the station's directory.  A path is for the switch's own account or root.  Keys, settings\n"
	   "and topology are not in it: keep copies of them elsewhere."),
	CMDF_CTL},
    {CMD_RESTORE, "restore", "恢复", "hf", "", "--from FILE | --empty", N_("put a backup in the journal's place; the switch is stopped"),
	N_("The backup is verified first; the journal that is there is moved aside, never deleted.  --empty: there is no backup;\n"
	   "an empty journal is made for the same station, keys untouched.  After the start the neighbours give back what they hold."),
	CMDF_CTL | CMDF_OFFLINE},
    {CMD_IMPORT, "import", "导入", "dr", "",
	"--format cap|12379|report-jsonl [--from STATION] [--to A,B] [--retry SECONDS] FILE...|-",
	N_("enter warnings, or another system's reports as history"),
	N_("cap (one alert, or a feed of them), 12379: Actual goes live, Exercise to the exercise realm, Test, System and "
	   "Draft to the log; the original bytes are kept.  A report of this program that comes as CAP is taken down as an intake.\n"
	   "report-jsonl: one report a line, entered as history in this station's own name; --from may only name this "
	   "station.\n"
	   "Running an import again makes nothing twice.  Exit status 65 when anything was refused."),
	CMDF_CTL},
    {CMD_EXPORT, "export", "导出", "dc", "", "ID|REF [--format json|original] [--incident] [--realm live|exercise]",
	N_("a message, or every message of an incident, as JSON lines with digests"),
	N_("An incident's id is that of its opening message: --incident exports the whole incident.\n"
	   "original: the bytes one message was imported from, as they were; status 66 when there are none."),
	CMDF_CTL},
    {CMD_CONVERT, "convert", "转换", "zh", "",
	"[--from FORMAT] --to FORMAT [--charset C] [--output-charset C] [--bom] [--lossy] [OPTION...] [FILE...]",
	N_("a file of messages in another format, on standard output"),
	N_("Needs no station.  Without FILE, or with -, it reads standard input; without --from it looks.\n"
	   "  --from            wire, json, report-jsonl, cap (also feeds), 12379, ebd\n"
	   "  --to              json, wire, csv, text, cap, 12379, ebd (one message), bulletin, sms, phone, paste\n"
	   "  --self            texts: the station that speaks; --exercise marks them; --kind brief or special (bulletin);\n"
	   "                    --parts (sms); --profile NAME (paste); --src, --dest (ebd: resource codes)\n"
	   "  --charset         what the text is in: utf-8, gb18030, gbk, gb2312, big5, utf-16le, utf-16be; else it looks\n"
	   "  --output-charset  csv and text: what to write; what it cannot hold becomes [U+20BB7]\n"
	   "  --bom             csv and text: begin with a byte order mark, for spreadsheets\n"
	   "  --lossy           take damaged text, with U+FFFD in its place\n"
	   "Exit status: 0 all taken, 1 all taken and warned of something, 65 something was refused."),
	CMDF_CTL | CMDF_OFFLINE},
    {CMD_CHECK, "check", "检查", "jc", "", "[--format wire|json|report-jsonl|cap|12379|ebd] [--charset C] FILE...",
	N_("whether files of messages would be taken"),
	N_("Needs no station.  A line a file: accept, warn or reject, the file and the reason, with tabs between.\n"
	   "Exit status: 0 all accepted, 1 some with warnings, 65 some refused."),
	CMDF_CTL | CMDF_OFFLINE},
    {CMD_CODES, "codes", "代码", "dm", "", "[--limit N] QUERY...",
	N_("event types, divisions, stations and groups by code, name, part of a name or initials"),
	N_("Several words must all match.  Needs no station.  Status 66 when nothing is found."), CMDF_CTL | CMDF_OFFLINE},
    /* the desk alone */
    {CMD_OVERVIEW, "overview", "值班台", "zbt", "Home 0", "", N_("back to the overview"), "", CMDF_DESK},
    {CMD_OPEN, "open", "打开", "dk", "Enter", "", N_("open what is selected"), "", CMDF_DESK},
    {CMD_BACK, "back", "返回", "fh", "Esc", "", N_("go back; a draft is kept"), "", CMDF_DESK},
    {CMD_UP, NULL, "上", "s", "Up Ctrl-P", "", N_("one up"), "", CMDF_DESK},
    {CMD_DOWN, NULL, "下", "x", "Down Ctrl-N", "", N_("one down"), "", CMDF_DESK},
    {CMD_PAGE_UP, NULL, "上页", "sy", "PgUp -", "", N_("a page up"), "", CMDF_DESK},
    {CMD_PAGE_DOWN, NULL, "下页", "xy", "PgDn Space", "", N_("a page down"), "", CMDF_DESK},
    {CMD_SAVE, "save", "存稿", "cg", "Ctrl-S", "", N_("save the draft"), "", CMDF_DESK},
    {CMD_REFRESH, "refresh", "重画", "ch", "Ctrl-L", "", N_("paint the screen again"), "", CMDF_DESK},
    {CMD_QUIT, "quit", "退出", "tc", "Q Ctrl-X", "", N_("leave the desk; the switch runs on"), "", CMDF_DESK},
};

#define NCOMMANDS (sizeof commands / sizeof commands[0])

const struct command *
command_at(size_t i)
{
	return i < NCOMMANDS ? &commands[i] : NULL;
}

const struct command *
command_by_id(enum command_id id)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (commands[i].id == id)
			return &commands[i];
	return NULL;
}

const struct command *
command_by_verb(const char *verb)
{
	if (verb == NULL || *verb == '\0')
		return NULL;
	for (size_t i = 0; i < NCOMMANDS; i++)
		if ((commands[i].verb != NULL && strcmp(commands[i].verb, verb) == 0) ||
		    strcmp(commands[i].zh, verb) == 0)
			return &commands[i];
	/* initials last: "log" shall never be taken for somebody's initials */
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(commands[i].initials, verb) == 0)
			return &commands[i];
	return NULL;
}

/* Bytes of the blank at p, ASCII or ideographic (U+3000: what an input method types); 0 when it is none. */
static size_t
space_at(const char *p)
{
	return *p == ' ' ? 1 : strncmp(p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

/* The first word of what was typed, folded: what follows it are the command's arguments. */
static size_t
typed_word(const char *typed, char *out, size_t size)
{
	char folded[128];
	size_t n, len, start = 0, end;

	n = text_fold(typed, folded, sizeof folded);
	assert(n < sizeof folded);
	while ((len = space_at(folded + start)) > 0)
		start += len;
	end = start;
	while (end < n && space_at(folded + end) == 0)
		end++;
	if (end - start >= size)
		end = start + size - 1;
	memcpy(out, folded + start, end - start);
	out[end - start] = '\0';
	return end - start;
}

const struct command *
command_match(const char *typed, unsigned flags, size_t i)
{
	char word[96];
	size_t n = typed_word(typed == NULL ? "" : typed, word, sizeof word);

	if (!text_utf8_valid(word, n, NULL))
		return NULL;	/* half a character is the beginning of nothing */
	for (size_t k = 0; k < NCOMMANDS; k++) {
		const struct command *c = &commands[k];

		if (flags != 0 && (c->flags & flags) == 0)
			continue;
		if ((c->verb == NULL || strncmp(c->verb, word, n) != 0) && strncmp(c->zh, word, n) != 0 &&
		    strncmp(c->initials, word, n) != 0)
			continue;
		if (i-- == 0)
			return c;
	}
	return NULL;
}
