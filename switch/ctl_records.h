#ifndef SWITCH_CTL_RECORDS_H
#define SWITCH_CTL_RECORDS_H
/*
 * Messages out of files, for the verbs that need no station (convert, check).  Private to them.
 *
 * A file holds one XML document (CAP or a feed of it, 12379, EBD), or any number of messages: bodies one behind the
 * other (wire), or one JSON object a
 * line.  What cannot be taken is told with file and line (wire: the how-manieth message) and the others go on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/body.h"
#include "../formats/charset.h"
#include "../formats/codebook.h"
#include "../formats/fault.h"

enum record_format { RECORD_NONE, RECORD_WIRE, RECORD_JSON, RECORD_REPORTS, RECORD_CAP, RECORD_12379,
	RECORD_EBD };

/* One message taken; all borrowed. */
struct record {
	const char *file;
	size_t line;		/* 0: the whole file */
	const struct body *body;
	enum record_format format;
	const void *document;	/* CAP, 12379, EBD: the alert's document; else NULL */
	size_t size;
};

struct records {
	const struct codebook *cb;
	int64_t now;			/* ms UTC */
	enum charset told;		/* CHARSET_NONE: find out */
	bool lossy;			/* take damaged text, with U+FFFD and a warning */
	void *ctx;
	void (*taken)(void *ctx, const struct record *);
	void (*warned)(void *ctx, const struct fault *);	/* before the message is taken */
	void (*noted)(void *ctx, const struct fault *);		/* a sound document is not carried as it stands; may be NULL */
	void (*refused)(void *ctx, const struct fault *);
};

enum record_format records_format_by_name(const char *);	/* "wire", "json", "report-jsonl", "cap", "12379", "ebd" */
const char *records_format_name(enum record_format);
enum record_format records_format_of(const void *, size_t);	/* by its looks; RECORD_NONE: like none of them */
/* Every message of the bytes; the callbacks say what became of each. */
void records_read(const struct records *, enum record_format, const char *file, const void *, size_t);

#endif
