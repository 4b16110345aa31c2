#ifndef FORMATS_CAP_PART_H
#define FORMATS_CAP_PART_H
/*
 * What the parts of the CAP reader share and nobody else needs; with other readers of XML: xml_part.h.
 *
 *   cap_scan.c   bytes to UTF-8; limits that must hold before an XML parser sees the document
 *   cap_xml.c    libxml2's events into a small tree of the elements CAP knows
 *   cap_rules.c  the three versions' vocabulary and sequence, as tables
 *   cap_check.c  what a value must look like, and what the alert as a whole must say
 *   cap_codes.c  colour and division, where a document names them
 *   cap_sign.c   whether a signed document is what was signed (cap_sign_key.c: keys and algorithms)
 *   cap_body.c   the tree into a message body
 *   cap_more.c   other languages and parameters: fields of the body, and back
 *   cap_life.c   msgType and the life of messages; references
 *   cap_tree.c   the tree as the text of F_CAP_TREE, and that text as XML
 *   cap_emit.c   XML, as it is written
 *   cap_own.c    the fields of a message of our own that a document carries
 *   cap_write.c  bodies as CAP 1.2
 *   cap_feed.c   containers of alerts
 *   cap.c        the door
 */
#include <jansson.h>
#include "buf.h"
#include "cap.h"
#include "xml_part.h"

/* Versions as bits, so that one row may stand for several. */
#define CAP_V10 1u
#define CAP_V11 2u
#define CAP_V12 4u
#define CAP_ANY (CAP_V10 | CAP_V11 | CAP_V12)

#define CAP_TIME_TEXT_MAX 64	/* bytes of a time as written */
#define CAP_KEEP_MAX BODY_MAX	/* bytes of elements nothing but F_CAP_TREE reads: more would not fit into it */
#define CAP_NS12 "urn:oasis:names:tc:emergency:cap:1.2"
#define CAP_OWN "dutydesk:" /* begins the names of parameters of ours */

enum cap_el {
	CAP_EL_OTHER, /* checked and kept, read by none but F_CAP_TREE */
	CAP_EL_ALERT,
	CAP_EL_IDENTIFIER,
	CAP_EL_SENDER,
	CAP_EL_SENT,
	CAP_EL_STATUS,
	CAP_EL_MSGTYPE,
	CAP_EL_SCOPE,
	CAP_EL_RESTRICTION,
	CAP_EL_ADDRESSES,
	CAP_EL_NOTE,
	CAP_EL_REFERENCES,
	CAP_EL_INFO,
	CAP_EL_LANGUAGE,
	CAP_EL_EVENT,
	CAP_EL_URGENCY,
	CAP_EL_SEVERITY,
	CAP_EL_CERTAINTY,
	CAP_EL_EVENTCODE,
	CAP_EL_EFFECTIVE,
	CAP_EL_ONSET,
	CAP_EL_EXPIRES,
	CAP_EL_SENDERNAME,
	CAP_EL_HEADLINE,
	CAP_EL_DESCRIPTION,
	CAP_EL_INSTRUCTION,
	CAP_EL_PARAMETER,
	CAP_EL_AREA,
	CAP_EL_AREADESC,
	CAP_EL_GEOCODE,
	CAP_EL_VALUENAME,
	CAP_EL_VALUE
};

enum cap_type {
	CAP_T_GROUP, /* holds elements */
	CAP_T_PAIR,  /* holds valueName and value; in CAP 1.0 the text name=value */
	CAP_T_TEXT,
	CAP_T_ID,
	CAP_T_TIME,
	CAP_T_WORD,
	CAP_T_LANGUAGE,
	CAP_T_NUMBER,
	CAP_T_HEIGHT, /* a number in CAP 1.2; a text before */
	CAP_T_URI,
	CAP_T_POLYGON,
	CAP_T_CIRCLE
};

struct cap_word {
	const char *word; /* NULL ends the list */
	unsigned in;
};

/* One row: an element where it may stand in its parent's sequence. */
struct cap_rule {
	const char *name; /* NULL ends the sequence */
	enum cap_el el;
	enum cap_type type;
	unsigned in;   /* versions that have it */
	unsigned need; /* versions in which it is mandatory */
	bool many;
	const struct cap_word *words;  /* CAP_T_WORD */
	const struct cap_rule *inside; /* CAP_T_GROUP, CAP_T_PAIR */
};
extern const struct cap_rule cap_root;

/* Where a parent stands in its sequence. */
struct cap_place {
	const struct cap_rule *first; /* the whole sequence */
	const struct cap_rule *row;   /* next row that may match */
	bool taken;		      /* row has been there already */
};

struct cap_node {
	const struct cap_rule *rule;
	size_t line;
	struct buf text; /* NUL-terminated once the element has ended */
	bool dropped;	 /* the text was too much to keep (CAP_KEEP_MAX) */
	struct cap_place place;
	struct cap_node *parent, *child, *last, *next;
};

/* Things kept that are worth telling. */
enum cap_remark {
	CAP_R_POLYGON_SYNTAX,
	CAP_R_POLYGON_SHORT,
	CAP_R_POLYGON_OPEN,
	CAP_R_RANGE,
	CAP_R_CIRCLE,
	CAP_R_REF_TRIPLE,
	CAP_R_REF_SELF,
	CAP_R_RESTRICTION,
	CAP_R_ADDRESSES,
	CAP_R_SIGNATURE, /* not judged */
	CAP_R_SIGNED,
	CAP_R_SIGNED_LAID,
	CAP_R_EVENT,
	CAP_R_ID_LONG,
	CAP_R_ENDS,
	CAP_R_COLOURS,
	CAP_R_DIVISIONS,
	CAP_R_AREAS,
	CAP_R_PARTS,
	CAP_R_CUT,
	CAP_R_CONTROL,
	CAP_R_OLD,
	CAP_R_WHOLE,
	CAP_R_ZULU,
	CAP_R_OWN,
	CAP_R_COUNT
};

struct cap_notes {
	struct xml_note r[CAP_R_COUNT];
};
/* As xml_note(). */
void cap_note(struct cap_notes *, enum cap_remark, size_t line, const char *detail);
/* Whether any of them tells something wrong with the document, not only how it was read. */
bool cap_notes_odd(const struct cap_notes *);
/* Whether any tells what the body does not carry, or carries otherwise. */
bool cap_notes_lossy(const struct cap_notes *);
/* The remark for people, one line; false when there is none of that kind. */
bool cap_note_text(const struct cap_notes *, enum cap_remark, struct buf *out);

struct cap_doc {
	unsigned version; /* one of the bits */
	struct cap_node *alert;
	size_t kept;	/* bytes of elements CAP_EL_OTHER */
	bool whole;	/* set by the caller: all of them are kept, however many */
	size_t signatures, signature_line; /* how many, and where the first is */
	struct cap_notes notes;
};
void cap_doc_free(struct cap_doc *);

/* The document in UTF-8 without a byte order mark, within the limits above and without DOCTYPE.  0 or -1 + fault;
 * out is the caller's to free either way. */
int cap_scan(const uint8_t *, size_t, struct buf *out, struct fault *);
/* Well-formed, in the schema's sequence and vocabulary.  0 or -1 + fault with line and element; doc is to be freed
 * either way. */
int cap_parse(const struct buf *, struct cap_doc *doc, struct fault *);

/* The signatures of a parsed document (text as cap_parse() had it): a remark on what was found; -1 + fault when one is
 * provably broken: content, value or certificate are not what they were when it was made. */
int cap_signature(const struct buf *text, struct cap_doc *, struct fault *);

/* Version of a namespace, 0 when it is none of CAP's. */
unsigned cap_version(const char *uri);
/* The row for a child of this name, moving the place on; NULL + fault (out of sequence, unknown, something before it
 * missing). */
const struct cap_rule *cap_rule_next(struct cap_place *, const char *name, unsigned version, struct fault *);
/* Nothing mandatory is left. */
int cap_rule_end(const struct cap_place *, unsigned version, struct fault *);

/* An element has ended: its own value.  And the alert as a whole. */
int cap_check_value(const struct cap_node *, unsigned version, struct cap_notes *, struct fault *);
int cap_check_alert(struct cap_doc *, struct fault *);
/* A time in CAP's form; text is left NULL; norm gets it without blanks around. */
bool cap_time(const char *, unsigned version, struct when *, char norm[CAP_TIME_TEXT_MAX]);

const struct cap_node *cap_child(const struct cap_node *, enum cap_el);
const struct cap_node *cap_next(const struct cap_node *);   /* next of the same kind */
const char *cap_text(const struct cap_node *, enum cap_el); /* of the first such child; "" when there is none */

/* The colour the part names outright, COLOUR_UNKNOWN when it names none or several.  info may be NULL. */
int cap_colour(struct cap_doc *, const struct cap_node *info);
/* The division that holds all Chinese divisions the alert names (the first when nothing does): its station code.  False
 * when it names none the codebook knows.  cb may be NULL. */
bool cap_division(struct cap_doc *, const struct codebook *, char out[STATION_MAX]);

/*
 * F_CAP_TREE: the document in CAP 1.2's form, one line an element, in order:
 *   [.]... NAME               holds the elements that follow with one dot more (the root's have none)
 *   [.]... NAME=TEXT          without blanks at its ends; \\ \n \r and \u{HEX} stand for what a line cannot take
 *   [.]... NAME@FIELD         the text is that of the body's field of this name
 *   [.]... NAME!              too long: it stands in the original only
 * The first line is "alert VERSION", VERSION the original's; with a "!" behind it, nothing else follows.
 * What earlier versions have and 1.2 lacks is brought to its form, and told in a remark; so is a "!".
 */
void cap_tree_text(struct cap_doc *, const struct body *, size_t max, struct buf *out);
/* As a CAP 1.2 document.  0 or -1 + fault: no such text, or one with a "!". */
int cap_tree_write(const char *text, const struct body *, struct buf *out, struct fault *);
/* The row of an element of CAP 1.2 in a sequence; NULL when there is none.  Whether a word is of its vocabulary. */
const struct cap_rule *cap_rule_named(const struct cap_rule *, const char *name, size_t len);
bool cap_rule_word(const struct cap_rule *, const char *word, size_t len, unsigned version);
/* Beyond what cap_parse() refuses: a value as the schema of CAP 1.2 and its data dictionary want it written. */
bool cap_strict(const struct cap_node *);
bool cap_language_strict(const char *, size_t len);	/* xs:language */
/* The instant as CAP 1.2 writes it.  False when no year of four digits holds it. */
bool cap_time_text(const struct when *, char out[CAP_TIME_TEXT_MAX]);

/* An element's begin, end, or both with the text in between; one a line. */
void cap_emit_begin(struct buf *, const char *name);
void cap_emit_end(struct buf *, const char *name);
void cap_emit(struct buf *, const char *name, const char *text, size_t len);
void cap_emit_pair(struct buf *, const char *element, const char *name, const char *value);
/* The character may stand in a document and on a screen; others are written as references or, when XML has no place for
 * them at all, replaced. */
void cap_emit_text(struct buf *, const char *, size_t len);

/* The message of ours the document carries (CAP_OWN): exactly the body that was written; NULL when there is none, with
 * a note when there should be one. */
struct body *cap_own(struct cap_doc *, const struct codebook *, int64_t now);
/* Writes the parameters.  said: JSON object, name of a field -> element that holds its text (alert's note, or one of
 * the info).  whole: the body as one parameter, for what JSON does not bring back. */
void cap_own_write(const struct body *, const json_t *said, bool whole, struct buf *out);

/* The msgType of a body; cites: it refers to something. */
const char *cap_msgtype(const struct body *, bool cites);
/* The kind and stage a stranger's msgType stands for. */
int cap_life_of(const char *msgtype, int *stage);
/* F_FOREIGN_ID of sender, identifier and sent, added to out.  It tells messages apart, so where it must be shortened or
 * cleaned (*changed) a digest of the whole goes with it. */
void cap_foreign_id(const char *sender, size_t, const char *identifier, size_t, const char *sent, struct buf *out,
    bool *changed);

/* The language of an <info>, folded; the standard's default when it names none. */
void cap_language(const struct cap_node *info, char *, size_t size);
/* F_TRANSLATION and F_EXTENSION of the alert, as many bytes as there is room for; the chosen <info> is what the other
 * fields are of. */
void cap_more_take(struct cap_doc *, const struct cap_node *chosen, struct body *, size_t room);
/* F_EXTENSION as eventCode or parameter elements; F_TRANSLATION as further <info>, `words` the elements between event
 * and effective that all of them share. */
void cap_more_codes(const struct body *, struct buf *out);
void cap_more_parameters(const struct body *, struct buf *out);
void cap_more_infos(const struct body *, const char *category, const char *event, const struct buf *words,
    struct buf *out);

/* Writes the body but for the original's digest and size.  *expired as in cap.h. */
struct body *cap_body(struct cap_doc *, enum cap_fate, const struct codebook *, int64_t now, bool *expired);

#endif
