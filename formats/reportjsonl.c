/*
 * Incident reports of another system, one JSON object a line, as history.
 *
 * The line says less than a report of ours and some things otherwise; what it does not say is not made up:
 *   dtg        the report's date-time group, when it was issued: the time of approval, with its original text.  The
 * shape has no time learned; a first report gets dtg there too (it cannot have been learned later) and a remark that
 * says so. prec       0 flash .. 3 routine, one below ours. injured    whether seriously or slightly is not said: our
 * own field for that. loss       in 10 000 yuan (the unit of F_LOSS).     counts of 0 are the source's word: exact
 * zeros, not unknown. station, event, id, to, prev    codes of a world of its own: kept as foreign texts, never as
 * stations or ids of ours.
 *
 * Every member must be there, of its type; members nobody knows are refused, because a renamed count read as "no count"
 * would falsify the report.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <jansson.h>
#include "buf.h"
#include "i18n.h"
#include "reportjsonl.h"
#include "text.h"
#include "value.h"
#include "value_part.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)
#define SOURCE_FORMAT "report-jsonl"
#define DEFAULT_SCHEME "yjpt:"
#define FOREIGN_TEXT_MAX 256

struct in {
	const json_t *line;
	struct body *body;
	const struct codebook *cb;
	int64_t now;
	struct fault *fault;
};

static const char *const members[] = {"id", "station", "dtg", "event", "seq", "stage", "prev", "prec", "type", "grade",
    "lat", "lon", "dead", "missing", "injured", "trapped", "evacuated", "loss", "occurred", "to", "author", "approver",
    "phone", "title", "type_name", "place", "brief", "casualties", "measures", "next"};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static const struct {
	const char *member;
	uint32_t key;
} texts[] = {{"author", F_AUTHOR}, {"approver", F_SIGNER}, {"phone", F_CALLER_PHONE}, {"title", F_TITLE},
    {"type_name", F_EVENT_NAME}, {"place", F_PLACE}, {"brief", F_BRIEF}, {"casualties", F_CASUALTIES_TEXT},
    {"measures", F_MEASURES}, {"next", F_NEXT}},
  counts[] = {{"dead", F_DEAD}, {"missing", F_MISSING}, {"injured", F_INJURED}, {"trapped", F_TRAPPED},
      {"evacuated", F_EVACUATED}, {"loss", F_LOSS}};

static json_t *parse_line(const char *, size_t, struct fault *);
static int check_members(const struct in *);
static int take_ids(const struct in *);
static int take_degrees(const struct in *);
static int take_times(const struct in *);
static int take_texts(const struct in *);
static int take_counts(const struct in *);
static int take_position(const struct in *);

static int
wrong(const struct in *in, const char *member, const char *why)
{
	return fault_set(in->fault, EX_DATAERR, member, "%s", why);
}

static json_t *
parse_line(const char *s, size_t len, struct fault *f)
{
	json_error_t err;
	json_t *j;
	size_t bad;

	if (len > LINE_MAX_BYTES) {
		(void)fault_set(
		    f, EX_DATAERR, "", _("the line is %zu bytes long, at most %zu are allowed"), len, LINE_MAX_BYTES);
		return NULL;
	}
	if (!text_utf8_valid(s, len, &bad)) {
		(void)fault_set(f, EX_DATAERR, "", _("is not UTF-8 (byte %zu)"), bad + 1);
		return NULL;
	}
	j = json_loadb(s, len, JSON_REJECT_DUPLICATES, &err);
	if (j == NULL) {
		(void)fault_set(f, EX_DATAERR, "", _("is no JSON (column %d): %s"), err.column, err.text);
		return NULL;
	}
	if (!json_is_object(j)) {
		(void)fault_set(f, EX_DATAERR, "", _("is no JSON object"));
		json_decref(j);
		return NULL;
	}
	return j;
}

static int
check_members(const struct in *in)
{
	const char *name;
	json_t *value;
	size_t i;

	for (i = 0; i < MEMBERS; i++)
		if (json_object_get(in->line, members[i]) == NULL)
			return wrong(in, members[i], _("is missing"));
	json_object_foreach((json_t *)(uintptr_t)in->line, name, value)
	{
		for (i = 0; i < MEMBERS && strcmp(members[i], name) != 0; i++)
			;
		if (i == MEMBERS)
			return wrong(in, name, _("unknown member"));
		if (json_is_string(value) && strlen(json_string_value(value)) != json_string_length(value))
			return wrong(in, name, _("holds a NUL"));
	}
	return 0;
}

static int
whole(const struct in *in, const char *member, int64_t min, int64_t max, int64_t *out)
{
	const json_t *j = json_object_get(in->line, member);

	if (!json_is_integer(j))
		return wrong(in, member, _("must be a whole number"));
	*out = json_integer_value(j);
	if (*out < 0 && min >= 0)
		return wrong(in, member, _("cannot be negative"));
	if (*out < min || *out > max)
		return fault_set(in->fault, EX_DATAERR, member, _("%lld is out of range"), (long long)*out);
	return 0;
}

/* A non-empty string. */
static int
word(const struct in *in, const char *member, const char **out)
{
	*out = json_string_value(json_object_get(in->line, member));
	if (*out == NULL)
		return wrong(in, member, _("must be a string"));
	return **out == '\0' ? wrong(in, member, _("is empty")) : 0;
}

/* Refuses under the line's own name of the member, not ours. */
static int
add_text(const struct in *in, const char *member, uint32_t key, const char *s)
{
	struct fault inner = {0};

	if (value_text_ok(field_by_key(key), s, strlen(s), &inner) == -1)
		return wrong(in, member, inner.text);
	body_add_text(in->body, key, s, strlen(s));
	return 0;
}

static int
take_ids(const struct in *in)
{
	const json_t *to = json_object_get(in->line, "to");
	char text[FOREIGN_TEXT_MAX];
	int64_t id, event, prev;
	const char *station, *s;
	int n;

	if (whole(in, "id", 0, INT64_MAX, &id) == -1 || whole(in, "event", 0, INT64_MAX, &event) == -1 ||
	    whole(in, "prev", 0, INT64_MAX, &prev) == -1 || word(in, "station", &station) == -1 ||
	    add_text(in, "station", F_FOREIGN_STATION, station) == -1)
		return -1;
	(void)snprintf(text, sizeof(text), "%" PRId64, id);
	body_set_text(in->body, F_FOREIGN_ID, text);
	n = snprintf(text, sizeof(text), "%s/%" PRId64, station, event);
	if (n < 0 || (size_t)n >= sizeof(text))
		return wrong(in, "station", _("is too long"));
	body_set_text(in->body, F_FOREIGN_INCIDENT, text);
	if (prev != 0) {
		(void)snprintf(text, sizeof(text), "%" PRId64, prev);
		body_set_text(in->body, F_FOREIGN_PREV, text);
	}
	if (!json_is_array(to))
		return wrong(in, "to", _("must be a list of strings"));
	if (json_array_size(to) > FIELD_REPEAT_MAX)
		return fault_set(in->fault, EX_DATAERR, "to", _("at most %d values are allowed"), FIELD_REPEAT_MAX);
	for (size_t i = 0; i < json_array_size(to); i++) {
		const json_t *j = json_array_get(to, i);

		s = json_string_value(j);
		if (s == NULL || *s == '\0' || strlen(s) != json_string_length(j))
			return wrong(in, "to", _("must be a list of strings"));
		if (add_text(in, "to", F_FOREIGN_TO, s) == -1)
			return -1;
	}
	return 0;
}

static int
take_degrees(const struct in *in)
{
	int64_t stage, seq, prec, grade;
	struct fault inner = {0};
	const char *type;
	char code[FOREIGN_TEXT_MAX];

	if (whole(in, "stage", 0, 2, &stage) == -1 || whole(in, "seq", 1, INT32_MAX, &seq) == -1 ||
	    whole(in, "prec", 0, PREC_ROUTINE - PREC_FLASH, &prec) == -1 ||
	    whole(in, "grade", GRADE_I, GRADE_IV, &grade) == -1 || word(in, "type", &type) == -1)
		return -1;
	body_set_num(in->body, F_STAGE, STAGE_FIRST + stage);
	body_set_num(in->body, F_VERSION, seq);
	body_set_num(in->body, F_PRECEDENCE, PREC_FLASH + prec);
	body_set_num(in->body, F_GRADE, grade);
	(void)snprintf(code, sizeof(code), "%s%s", strchr(type, ':') == NULL ? DEFAULT_SCHEME : "", type);
	if (strlen(type) >= sizeof(code) - sizeof(DEFAULT_SCHEME) ||
	    value_code_ok(field_by_key(F_TYPE), code, in->cb, &inner) == -1)
		return wrong(in, "type", inner.code != 0 ? inner.text : _("is too long"));
	body_set_text(in->body, F_TYPE, code);
	return 0;
}

static int
instant(const struct in *in, const char *member, struct when *w)
{
	const char *s;

	if (word(in, member, &s) == -1)
		return -1;
	if (strlen(s) > SOURCE_MAX || !time_parse_rfc3339(s, w))
		return wrong(in, member, _("is no time (RFC 3339 with offset)"));
	w->text = s;
	return 0;
}

static int
take_times(const struct in *in)
{
	struct when issued, occurred;

	if (instant(in, "dtg", &issued) == -1 || instant(in, "occurred", &occurred) == -1)
		return -1;
	body_add_when(in->body, F_SIGNED_AT, &issued);
	body_add_when(in->body, F_OCCURRED, &occurred);
	if (body_enum(in->body, F_STAGE) == STAGE_FIRST) {
		static const char remark[] =
		    "learned: not said by the source, the time the report was issued stands here";

		body_add_when(in->body, F_LEARNED, &issued);
		body_add_text(in->body, F_REMARKS, remark, sizeof(remark) - 1);
	}
	return 0;
}

static int
take_texts(const struct in *in)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *s = json_string_value(json_object_get(in->line, texts[i].member));

		if (s == NULL)
			return wrong(in, texts[i].member, _("must be a string"));
		if (*s != '\0' && add_text(in, texts[i].member, texts[i].key, s) == -1)
			return -1;
	}
	return 0;
}

static int
take_counts(const struct in *in)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const json_t *j = json_object_get(in->line, counts[i].member);
		const struct field *f = field_by_key(counts[i].key);
		struct figure g = {.q = FIG_EXACT};
		struct fault inner = {0};
		int64_t scale = 1;
		char text[64];

		for (int d = 0; d < field_decimals(f); d++)
			scale *= 10;
		if (json_is_real(j) && field_decimals(f) > 0) {
			(void)snprintf(text, sizeof(text), "%.*f", field_decimals(f), json_real_value(j));
			if (json_real_value(j) < 0)
				return wrong(in, counts[i].member, _("cannot be negative"));
			if (value_parse(in->body, f, text, NULL, in->now, &inner) == -1)
				return wrong(in, counts[i].member, inner.text);
			continue;
		}
		if (whole(in, counts[i].member, 0, INT64_MAX / scale, &g.n) == -1)
			return -1;
		g.n *= scale;
		body_add_figure(in->body, counts[i].key, &g);
	}
	return 0;
}

static int
take_position(const struct in *in)
{
	const json_t *lat = json_object_get(in->line, "lat"), *lon = json_object_get(in->line, "lon");
	double y, x;

	if (!json_is_number(lat))
		return wrong(in, "lat", _("must be a number"));
	if (!json_is_number(lon))
		return wrong(in, "lon", _("must be a number"));
	y = json_number_value(lat);
	x = json_number_value(lon);
	if (!(y >= -90 && y <= 90))
		return wrong(in, "lat", _("lies outside of 90 and 180 degrees"));
	if (!(x >= -180 && x <= 180))
		return wrong(in, "lon", _("lies outside of 90 and 180 degrees"));
	body_set_geo(in->body, F_POSITION, value_microdegrees(y), value_microdegrees(x));
	return 0;
}

struct body *
reportjsonl_read(const char *s, size_t len, const struct codebook *cb, int64_t now, struct fault *f)
{
	json_t *line = parse_line(s, len, f);
	struct in in = {.line = line, .body = NULL, .cb = cb, .now = now, .fault = f};

	if (line == NULL)
		return NULL;
	in.body = body_new();
	body_set_num(in.body, F_KIND, KIND_REPORT);
	body_set_num(in.body, F_HISTORY, 1);
	body_set_text(in.body, F_SOURCE_FORMAT, SOURCE_FORMAT);
	if (check_members(&in) == -1 || take_ids(&in) == -1 || take_degrees(&in) == -1 || take_times(&in) == -1 ||
	    take_texts(&in) == -1 || take_counts(&in) == -1 || take_position(&in) == -1) {
		body_free(in.body);
		in.body = NULL;
	}
	json_decref(line);
	return in.body;
}
