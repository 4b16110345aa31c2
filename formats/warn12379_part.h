#ifndef FORMATS_WARN12379_PART_H
#define FORMATS_WARN12379_PART_H
/*
 * What the parts of the 12379 reader and writer share and nobody else needs.
 *
 *   warn12379_xml.c     libxml2's events into a tree; which elements may stand where, and how often
 *   warn12379_check.c   what a value must look like, what the document as a whole must say, remarks
 *   warn12379_body.c    the tree into a message body
 *   warn12379_keep.c    the tree as values of F_EXTENSION, and those as XML
 *   warn12379_write.c   warnings of our own as a document
 *   warn12379.c         the door
 *   ebd.c               the emergency broadcast's messages, which are XML of the same kind
 * Bytes to UTF-8, the limits before parsing, and XML as it is written are CAP's (cap_part.h); texts, remarks and areas
 * are shared with it (xml_part.h).
 */
#include "buf.h"
#include "warn12379.h"
#include "xml_part.h"

#define W_BLANKS XML_BLANKS
#define W_TIME_MAX 48		   /* bytes of a time as written, with NUL */
#define W_ID_MAX 256		   /* bytes of an identifier */
#define W_NAME_MAX 128		   /* bytes of an element's name */
#define W_OTHER_SCHEME "warn12379" /* of event codes no codebook has */

enum w_el {
	W_OTHER, /* not known, or of no meaning here: kept */
	W_ALERT,
	W_IDENTIFIER,
	W_SENDER,
	W_SENDER_CODE,
	W_SEND_TIME,
	W_STATUS,
	W_MSG_TYPE,
	W_NOTE,
	W_REFERENCES,
	W_INFO,
	W_LANGUAGE,
	W_EVENT_TYPE,
	W_URGENCY,
	W_SEVERITY,
	W_CERTAINTY,
	W_EFFECTIVE,
	W_ONSET,
	W_EXPIRES,
	W_SENDER_NAME,
	W_HEADLINE,
	W_DESCRIPTION,
	W_INSTRUCTION,
	W_AREA,
	W_AREA_DESC,
	W_POLYGON,
	W_CIRCLE,
	W_GEOCODE,
	/* of the emergency broadcast's messages (ebd.c) */
	W_EBD_TYPE,
	W_EBD_TIME,
	W_EBM,
	W_RELATED,
	W_BASIC,
	W_CONTENT
};

enum w_holds {
	W_TEXT,	 /* text only */
	W_GROUP, /* elements only */
	W_ANY	 /* one or the other */
};

struct w_rule {
	const char *name; /* NULL ends the list */
	enum w_el el;
	enum w_holds holds;
	bool many;
	bool need;
	const struct w_rule *inside; /* of a group */
};

struct w_node {
	const struct w_rule *rule;
	char *name;
	size_t line;
	struct buf text; /* without blanks at its ends; NUL-terminated once the element has ended */
	uint32_t key;	 /* the field that may hold the text; 0: none */
	size_t nth;	 /* which of the field's values */
	struct w_node *parent, *child, *last, *next;
};

/* Things kept that are worth telling. */
enum w_remark {
	W_R_UNKNOWN,
	W_R_ATTRIBUTE,
	W_R_ID_FORM,
	W_R_SENDER_CODE,
	W_R_SENDER_NONE,
	W_R_SENDER_OTHER,
	W_R_REFERENCE,
	W_R_REF_SELF,
	W_R_EVENT_FORM,
	W_R_EVENT_UNKNOWN,
	W_R_SEVERITY,
	W_R_LEVEL,
	W_R_POLYGON,
	W_R_POLYGON_SHORT,
	W_R_POLYGON_OPEN,
	W_R_RANGE,
	W_R_CIRCLE,
	W_R_GEOCODE,
	W_R_DIVISION,
	W_R_DIVISIONS,
	W_R_HEADLINE,
	W_R_ENDS,
	W_R_PARTS,
	W_R_AREAS,
	W_R_CUT,
	W_R_CONTROL,
	W_R_WHOLE,
	W_R_COUNT
};

struct w_notes {
	struct xml_note r[W_R_COUNT];
};
/* As xml_note(). */
void w_note(struct w_notes *, enum w_remark, size_t line, const char *detail);
bool w_note_text(const struct w_notes *, enum w_remark, struct buf *out);

struct w_doc;
/* A format: its root, what begins its values of F_EXTENSION, its name for people, that of F_SOURCE_FORMAT, and what it
 * asks of values and of a document as a whole. */
struct w_format {
	const struct w_rule *root;
	const char *prefix;
	const char *name;
	const char *source;
	int (*check)(struct w_doc *, struct fault *);
};
extern const struct w_format w_format;

struct w_doc {
	const struct w_format *format; /* set by the caller */
	struct w_node *alert;	       /* the root */
	struct w_notes notes;
};
void w_doc_free(struct w_doc *);

/* Text as cap_scan() gives it into a tree that has what it must have, where it must be.  0 or -1 + fault with element
 * and line; doc is to be freed either way. */
int w_parse(const struct buf *, struct w_doc *, struct fault *);
/* The check of w_format. */
int w_check(struct w_doc *, struct fault *);
/* Bytes as w_parse() wants them, that, and the format's check. */
int w_document(const void *, size_t, struct w_doc *, struct fault *);
/* A comma list of divisions: what is none of 12 digits gets a remark.  An identifier that can be cited: 0, or -1 +
 * fault. */
void w_check_divisions(const struct w_node *, struct w_notes *);
int w_check_cited(const struct w_node *, struct fault *);

struct w_node *w_child(const struct w_node *, enum w_el); /* first such; NULL when there is none */
struct w_node *w_next(const struct w_node *);		  /* next of the same kind in the same parent */
const char *w_text(const struct w_node *, enum w_el);	  /* of the first such child; "" when there is none */

/* 2026-11-22 14:10:00 with T or a blank, with an offset or in Beijing time; text is left NULL. */
bool w_time(const char *, struct when *);
/* The colour a severity names, COLOUR_UNKNOWN for any other word. */
int w_colour(const char *severity);
/* The words of status and msgType. */
bool w_is_status(const char *);
bool w_is_msg_type(const char *);
/* The station code of the division behind 6, 9 or 12 digits; false when it is none, or the codebook does not know it.
 */
bool w_division(const struct codebook *, const char *, size_t len, char out[STATION_MAX]);
/* ZZZZZZDDDUUUXX_YYYYMMDDhhmmss with or without _N. */
bool w_id_form(const char *);

/* Into a body, text by text, within the fields' bounds and with remarks.  A node whose text went into a field knows it
 * then (key). */
struct w_mapping {
	struct body *b;
	struct w_doc *doc;
	const struct codebook *cb;
	struct w_node *info; /* the chosen one; NULL when there is none */
	size_t used;	     /* bytes of text so far */
	size_t divisions;    /* named so far */
};
bool w_put(struct w_mapping *, uint32_t key, const char *, size_t line); /* false: nothing of it is left */
bool w_put_child(struct w_mapping *, uint32_t key, const struct w_node *parent, enum w_el);
void w_put_time(struct w_mapping *, uint32_t key, struct w_node *); /* NULL and what is no time: nothing */
void w_put_type(struct w_mapping *, struct w_node *);		    /* F_TYPE and F_EVENT_NAME; NULL: nothing */
void w_put_divisions(struct w_mapping *, const struct w_node *); /* of a comma list; F_DIVISION is the first of all */
/* What is kept of the document and the remarks: the last to be put. */
void w_put_rest(struct w_mapping *);

/* YYYY-MM-DD hh:mm:ss in Beijing time; false when no year of four digits holds it. */
#define W_STAMP_MAX 20
bool w_stamp(int64_t ms, char out[W_STAMP_MAX]);

/* A body on its way into a document of elements; told has what is left behind. */
struct w_writing {
	const struct body *b;
	const struct codebook *cb;
	struct buf *out;
	struct buf *told;     /* may be NULL */
	uint32_t carried[32]; /* fields an element holds, each once */
	size_t ncarried;
};
void w_carry(struct w_writing *, uint32_t key);
void w_tell(struct w_writing *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void w_emit(struct w_writing *, const char *element, const char *);
bool w_emit_value(struct w_writing *, const char *element, const struct value *); /* false: absent or blank */
bool w_emit_text(struct w_writing *, const char *element, uint32_t key);
/* The code of F_TYPE when a table of the platform's has it or might; NULL for others.  Carries what it says. */
const char *w_event_code(struct w_writing *);
/* The 12 digits of F_DIVISION, which is carried then. */
bool w_division_code(struct w_writing *, char out[16]);
/* The body as a document of the format: what is kept of one, else what `own` writes; what the format's reader would
 * refuse is not given out.  Adds to told (may be NULL) what is left behind.  0 or -1 + fault. */
int w_write(const struct w_format *, const struct body *, const struct codebook *,
    int (*own)(struct w_writing *, const void *arg, struct fault *), const void *arg, struct buf *out, struct buf *told,
    struct fault *);
/* Every field that is not carried, but for those that move a message between stations. */
void w_tell_rest(struct w_writing *);

/* Writes the body but for the original's digest and size. */
struct body *w_body(struct w_doc *, enum warn12379_fate, const struct codebook *, int64_t now, bool *expired);
/* Adds the values of F_EXTENSION, as many bytes as there is room for. */
void w_keep(struct w_doc *, struct body *, size_t room);
/* Whether the body has such values; and they as a document.  0 or -1 + fault. */
bool w_kept(const struct w_format *, const struct body *);
int w_keep_write(const struct w_format *, const struct body *, struct buf *out, struct fault *);

#endif
