#ifndef TESTS_UNIT_CAP_SCHEMA_H
#define TESTS_UNIT_CAP_SCHEMA_H
/*
 * CAP 1.2 as an XML schema of its own, written after the standard's, so that what we write is judged by libxml2's
 * validator and not by the tables it was written from.  Times and identifiers are as strict as the data dictionary.
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>
#include "cap_make.h"

#define E(name, type, times) "<element name='" name "' type='" type "' " times "/>"
#define MAYBE "minOccurs='0'"
#define MANY "minOccurs='0' maxOccurs='unbounded'"
#define WORD(w) "<enumeration value='" w "'/>"
#define WORDS_OF(name, words) "<simpleType name='" name "'><restriction base='string'>" words "</restriction></simpleType>"

static const char cap_schema[] =
    "<schema xmlns='http://www.w3.org/2001/XMLSchema' targetNamespace='" NS12 "' xmlns:cap='" NS12
    "' elementFormDefault='qualified'>"
    "<simpleType name='time'><restriction base='dateTime'>"
    "<pattern value='\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[-+]\\d\\d:\\d\\d'/></restriction></simpleType>"
    "<simpleType name='id'><restriction base='string'><pattern value='[^\\s,&lt;&amp;]+'/></restriction></simpleType>"
    WORDS_OF("status", WORD("Actual") WORD("Exercise") WORD("System") WORD("Test") WORD("Draft"))
    WORDS_OF("type", WORD("Alert") WORD("Update") WORD("Cancel") WORD("Ack") WORD("Error"))
    WORDS_OF("scope", WORD("Public") WORD("Restricted") WORD("Private"))
    WORDS_OF("category", WORD("Geo") WORD("Met") WORD("Safety") WORD("Security") WORD("Rescue") WORD("Fire")
	WORD("Health") WORD("Env") WORD("Transport") WORD("Infra") WORD("CBRNE") WORD("Other"))
    WORDS_OF("response", WORD("Shelter") WORD("Evacuate") WORD("Prepare") WORD("Execute") WORD("Avoid")
	WORD("Monitor") WORD("Assess") WORD("AllClear") WORD("None"))
    WORDS_OF("urgency", WORD("Immediate") WORD("Expected") WORD("Future") WORD("Past") WORD("Unknown"))
    WORDS_OF("severity", WORD("Extreme") WORD("Severe") WORD("Moderate") WORD("Minor") WORD("Unknown"))
    WORDS_OF("certainty", WORD("Observed") WORD("Likely") WORD("Possible") WORD("Unlikely") WORD("Unknown"))
    "<complexType name='pair'><sequence>" E("valueName", "string", "") E("value", "string", "")
    "</sequence></complexType>"
    "<complexType name='resource'><sequence>" E("resourceDesc", "string", "") E("mimeType", "string", "")
    E("size", "integer", MAYBE) E("uri", "anyURI", MAYBE) E("derefUri", "string", MAYBE) E("digest", "string", MAYBE)
    "</sequence></complexType>"
    "<complexType name='area'><sequence>" E("areaDesc", "string", "") E("polygon", "string", MANY)
    E("circle", "string", MANY) E("geocode", "cap:pair", MANY) E("altitude", "decimal", MAYBE)
    E("ceiling", "decimal", MAYBE) "</sequence></complexType>"
    "<complexType name='info'><sequence>" E("language", "language", MAYBE)
    E("category", "cap:category", "maxOccurs='unbounded'") E("event", "string", "")
    E("responseType", "cap:response", MANY) E("urgency", "cap:urgency", "") E("severity", "cap:severity", "")
    E("certainty", "cap:certainty", "") E("audience", "string", MAYBE) E("eventCode", "cap:pair", MANY)
    E("effective", "cap:time", MAYBE) E("onset", "cap:time", MAYBE) E("expires", "cap:time", MAYBE)
    E("senderName", "string", MAYBE) E("headline", "string", MAYBE) E("description", "string", MAYBE)
    E("instruction", "string", MAYBE) E("web", "anyURI", MAYBE) E("contact", "string", MAYBE)
    E("parameter", "cap:pair", MANY) E("resource", "cap:resource", MANY) E("area", "cap:area", MANY)
    "</sequence></complexType>"
    "<element name='alert'><complexType><sequence>" E("identifier", "cap:id", "") E("sender", "cap:id", "")
    E("sent", "cap:time", "") E("status", "cap:status", "") E("msgType", "cap:type", "") E("source", "string", MAYBE)
    E("scope", "cap:scope", "") E("restriction", "string", MAYBE) E("addresses", "string", MAYBE)
    E("code", "string", MANY) E("note", "string", MAYBE) E("references", "string", MAYBE)
    E("incidents", "string", MAYBE) E("info", "cap:info", MANY) "</sequence></complexType></element></schema>";

static bool
schema_valid(const struct buf *xml)
{
	static xmlSchemaPtr schema;
	xmlSchemaParserCtxtPtr p;
	xmlSchemaValidCtxtPtr v;
	xmlDocPtr doc;
	int rc;

	if (schema == NULL) {
		p = xmlSchemaNewMemParserCtxt(cap_schema, (int)sizeof(cap_schema) - 1);
		schema = xmlSchemaParse(p);
		xmlSchemaFreeParserCtxt(p);
		assert_non_null(schema);
	}
	doc = xmlReadMemory((const char *)xml->p, (int)xml->n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
	assert_non_null(doc);
	v = xmlSchemaNewValidCtxt(schema);
	rc = xmlSchemaValidateDoc(v, doc);
	xmlSchemaFreeValidCtxt(v);
	xmlFreeDoc(doc);
	return rc == 0;
}

/* What holds of every document that is written; read again into a. */
static void
must_be_sound(const char *what, const struct buf *xml, struct cap_alert *a)
{
	struct fault f;
	char why[1024];

	if (read_bytes(xml->p, xml->n, a, &f) == -1)
		fail_msg("%s: what is written is refused: %s", what, fault_format(&f, why, sizeof(why)));
	assert_true(text_utf8_valid((const char *)xml->p, xml->n, NULL));
	if (!schema_valid(xml))
		fail_msg("%s: not valid by the schema", what);
}

#endif
