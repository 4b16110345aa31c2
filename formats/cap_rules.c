/*
 * The vocabulary and the sequence of CAP 1.0, 1.1 and 1.2, as tables (OASIS CAP 1.0 2004, 1.1 2005, 1.2 2010, their
 * data dictionaries and schemas).
 *
 * One table serves the three versions: a row says which of them have the element and in which it is mandatory.  The
 * order of the rows is the schema's, and a document keeps to it or is refused: one that does not was written by
 * something that does not know CAP, and guessing what it meant is how a warning gets a wrong area.
 */
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"

#define NO 0u
#define NEW (CAP_V11 | CAP_V12)
#define ALL CAP_ANY

static const struct cap_word statuses[] = {
    {"Actual", ALL}, {"Exercise", ALL}, {"System", ALL}, {"Test", ALL}, {"Draft", NEW}, {NULL, NO}};
static const struct cap_word msgtypes[] = {
    {"Alert", ALL}, {"Update", ALL}, {"Cancel", ALL}, {"Ack", ALL}, {"Error", ALL}, {NULL, NO}};
static const struct cap_word scopes[] = {{"Public", ALL}, {"Restricted", ALL}, {"Private", ALL}, {NULL, NO}};
static const struct cap_word categories[] = {{"Geo", ALL}, {"Met", ALL}, {"Safety", ALL}, {"Security", ALL},
    {"Rescue", ALL}, {"Fire", ALL}, {"Health", ALL}, {"Env", ALL}, {"Transport", ALL}, {"Infra", ALL}, {"CBRNE", NEW},
    {"Other", ALL}, {NULL, NO}};
static const struct cap_word responses[] = {{"Shelter", NEW}, {"Evacuate", NEW}, {"Prepare", NEW}, {"Execute", NEW},
    {"Avoid", CAP_V12}, {"Monitor", NEW}, {"Assess", NEW}, {"AllClear", CAP_V12}, {"None", NEW}, {NULL, NO}};
static const struct cap_word urgencies[] = {
    {"Immediate", ALL}, {"Expected", ALL}, {"Future", ALL}, {"Past", ALL}, {"Unknown", ALL}, {NULL, NO}};
static const struct cap_word severities[] = {
    {"Extreme", ALL}, {"Severe", ALL}, {"Moderate", ALL}, {"Minor", ALL}, {"Unknown", ALL}, {NULL, NO}};
static const struct cap_word certainties[] = {{"Very Likely", CAP_V10}, {"Observed", NEW}, {"Likely", ALL},
    {"Possible", ALL}, {"Unlikely", ALL}, {"Unknown", ALL}, {NULL, NO}};

static const struct cap_rule pair[] = {
    {"valueName", CAP_EL_VALUENAME, CAP_T_TEXT, NEW, NEW, false, NULL, NULL},
    {"value", CAP_EL_VALUE, CAP_T_TEXT, NEW, NEW, false, NULL, NULL},
    {NULL, CAP_EL_OTHER, CAP_T_TEXT, NO, NO, false, NULL, NULL},
};

static const struct cap_rule resource[] = {
    {"resourceDesc", CAP_EL_OTHER, CAP_T_TEXT, ALL, ALL, false, NULL, NULL},
    {"mimeType", CAP_EL_OTHER, CAP_T_TEXT, ALL, CAP_V12, false, NULL, NULL},
    {"size", CAP_EL_OTHER, CAP_T_NUMBER, ALL, NO, false, NULL, NULL},
    {"uri", CAP_EL_OTHER, CAP_T_URI, ALL, NO, false, NULL, NULL},
    {"derefUri", CAP_EL_OTHER, CAP_T_TEXT, NEW, NO, false, NULL, NULL},
    {"digest", CAP_EL_OTHER, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {NULL, CAP_EL_OTHER, CAP_T_TEXT, NO, NO, false, NULL, NULL},
};

static const struct cap_rule area[] = {
    {"areaDesc", CAP_EL_AREADESC, CAP_T_TEXT, ALL, ALL, false, NULL, NULL},
    {"polygon", CAP_EL_OTHER, CAP_T_POLYGON, ALL, NO, true, NULL, NULL},
    {"circle", CAP_EL_OTHER, CAP_T_CIRCLE, ALL, NO, true, NULL, NULL},
    {"geocode", CAP_EL_GEOCODE, CAP_T_PAIR, ALL, NO, true, NULL, pair},
    {"altitude", CAP_EL_OTHER, CAP_T_HEIGHT, ALL, NO, false, NULL, NULL},
    {"ceiling", CAP_EL_OTHER, CAP_T_HEIGHT, ALL, NO, false, NULL, NULL},
    {NULL, CAP_EL_OTHER, CAP_T_TEXT, NO, NO, false, NULL, NULL},
};

static const struct cap_rule info[] = {
    {"language", CAP_EL_LANGUAGE, CAP_T_LANGUAGE, ALL, NO, false, NULL, NULL},
    {"category", CAP_EL_OTHER, CAP_T_WORD, ALL, NEW, true, categories, NULL},
    {"event", CAP_EL_EVENT, CAP_T_TEXT, ALL, ALL, false, NULL, NULL},
    {"responseType", CAP_EL_OTHER, CAP_T_WORD, NEW, NO, true, responses, NULL},
    {"urgency", CAP_EL_URGENCY, CAP_T_WORD, ALL, ALL, false, urgencies, NULL},
    {"severity", CAP_EL_SEVERITY, CAP_T_WORD, ALL, ALL, false, severities, NULL},
    {"certainty", CAP_EL_CERTAINTY, CAP_T_WORD, ALL, ALL, false, certainties, NULL},
    {"audience", CAP_EL_OTHER, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"eventCode", CAP_EL_EVENTCODE, CAP_T_PAIR, ALL, NO, true, NULL, pair},
    {"effective", CAP_EL_EFFECTIVE, CAP_T_TIME, ALL, NO, false, NULL, NULL},
    {"onset", CAP_EL_ONSET, CAP_T_TIME, ALL, NO, false, NULL, NULL},
    {"expires", CAP_EL_EXPIRES, CAP_T_TIME, ALL, NO, false, NULL, NULL},
    {"senderName", CAP_EL_SENDERNAME, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"headline", CAP_EL_HEADLINE, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"description", CAP_EL_DESCRIPTION, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"instruction", CAP_EL_INSTRUCTION, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"web", CAP_EL_OTHER, CAP_T_URI, ALL, NO, false, NULL, NULL},
    {"contact", CAP_EL_OTHER, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"parameter", CAP_EL_PARAMETER, CAP_T_PAIR, ALL, NO, true, NULL, pair},
    {"resource", CAP_EL_OTHER, CAP_T_GROUP, ALL, NO, true, NULL, resource},
    {"area", CAP_EL_AREA, CAP_T_GROUP, ALL, NO, true, NULL, area},
    {NULL, CAP_EL_OTHER, CAP_T_TEXT, NO, NO, false, NULL, NULL},
};

static const struct cap_rule alert[] = {
    {"identifier", CAP_EL_IDENTIFIER, CAP_T_ID, ALL, ALL, false, NULL, NULL},
    {"sender", CAP_EL_SENDER, CAP_T_ID, ALL, ALL, false, NULL, NULL},
    {"sent", CAP_EL_SENT, CAP_T_TIME, ALL, ALL, false, NULL, NULL},
    {"status", CAP_EL_STATUS, CAP_T_WORD, ALL, ALL, false, statuses, NULL},
    {"msgType", CAP_EL_MSGTYPE, CAP_T_WORD, ALL, ALL, false, msgtypes, NULL},
    {"password", CAP_EL_OTHER, CAP_T_TEXT, CAP_V10, NO, false, NULL, NULL},
    {"source", CAP_EL_OTHER, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"scope", CAP_EL_SCOPE, CAP_T_WORD, ALL, NEW, false, scopes, NULL},
    {"restriction", CAP_EL_RESTRICTION, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"addresses", CAP_EL_ADDRESSES, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"code", CAP_EL_OTHER, CAP_T_TEXT, ALL, NO, true, NULL, NULL},
    {"note", CAP_EL_NOTE, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"references", CAP_EL_REFERENCES, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"incidents", CAP_EL_OTHER, CAP_T_TEXT, ALL, NO, false, NULL, NULL},
    {"info", CAP_EL_INFO, CAP_T_GROUP, ALL, NO, true, NULL, info},
    {NULL, CAP_EL_OTHER, CAP_T_TEXT, NO, NO, false, NULL, NULL},
};

const struct cap_rule cap_root = {"alert", CAP_EL_ALERT, CAP_T_GROUP, ALL, ALL, false, NULL, alert};

unsigned
cap_version(const char *uri)
{
	static const struct {
		const char *uri;
		unsigned version;
	} known[] = {
	    {"http://www.incident.com/cap/1.0", CAP_V10},
	    {"urn:oasis:names:tc:emergency:cap:1.1", CAP_V11},
	    {"urn:oasis:names:tc:emergency:cap:1.2", CAP_V12},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].uri, uri) == 0)
			return known[i].version;
	return 0;
}

static bool
done(const struct cap_place *at, const struct cap_rule *row)
{
	return row == at->row && at->taken;
}

const struct cap_rule *
cap_rule_next(struct cap_place *at, const char *name, unsigned version, struct fault *f)
{
	const struct cap_rule *row, *missing = NULL;

	for (row = at->row; row->name != NULL; row++) {
		if ((row->in & version) == 0)
			continue;
		if (strcmp(row->name, name) == 0 && (row->many || !done(at, row))) {
			if (missing != NULL) {
				(void)fault_set(f, EX_DATAERR, missing->name, _("is missing before %s"), name);
				return NULL;
			}
			at->row = row;
			at->taken = true;
			return row;
		}
		if (missing == NULL && (row->need & version) != 0 && !done(at, row))
			missing = row;
	}
	for (row = at->first; row->name != NULL; row++)
		if ((row->in & version) != 0 && strcmp(row->name, name) == 0) {
			(void)fault_set(f, EX_DATAERR, name, _("stands out of the schema's order, or a second time"));
			return NULL;
		}
	(void)fault_set(f, EX_DATAERR, name, _("is no element of CAP %s at this place"),
	    version == CAP_V10	 ? "1.0"
	    : version == CAP_V11 ? "1.1"
				 : "1.2");
	return NULL;
}

int
cap_rule_end(const struct cap_place *at, unsigned version, struct fault *f)
{
	for (const struct cap_rule *row = at->row; row->name != NULL; row++)
		if ((row->in & row->need & version) != 0 && !done(at, row))
			return fault_set(f, EX_DATAERR, row->name, _("is missing"));
	return 0;
}
