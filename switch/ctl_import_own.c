/*
 * Messages of this program that come as CAP documents.
 *
 * They hold all fields of the message they were made of, and none of it is lost here; but a warning they are not, and
 * the station that wrote them is known by what the document says alone.  Where that very message is held it is not
 * entered a second time; a document that says something else under its id is refused.
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/wire.h"
#include "ctl_import.h"

/* What is of that one message, or of the hand that signed it there. */
static const uint32_t left_out[] = {F_KIND, F_STAGE, F_VERSION, F_REFS, F_REASON, F_AUTHOR, F_CHECKER, F_SIGNER, F_SIGNED_AT,
    F_LEARNED, F_TELEPHONED, F_PRECEDENCE, F_ORIGINAL, F_ORIGINAL_SIZE, F_SOURCE_FORMAT, F_FOREIGN_ID, F_FOREIGN_STATION,
    F_FOREIGN_INCIDENT, F_FOREIGN_PREV, F_CHANNEL, F_CALLER_UNIT, F_CALLER, F_CALLER_POST, F_CALLER_PHONE, F_REMARKS};

/* What tells where it came from, as with every import. */
static void
put_origin(struct body *b, const struct body *own, const struct body *came)
{
	static const uint32_t keys[] = {F_SOURCE_FORMAT, F_ORIGINAL, F_ORIGINAL_SIZE, F_FOREIGN_ID, F_REMARKS};
	struct msgid id;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		for (const struct value *v = body_first(came, keys[i]); v != NULL; v = body_next(came, v))
			body_add_value(b, v);
	if (body_id(own, F_ID, &id))
		body_set_text(b, F_FOREIGN_STATION, id.origin);
}

static struct body *
as_intake(const struct body *own, const struct body *came)
{
	struct body *b = body_new();
	struct msgid id;
	bool known = body_id(own, F_ID, &id);

	body_set_num(b, F_KIND, KIND_INTAKE);
	body_set_num(b, F_CHANNEL, CHANNEL_NET);
	for (size_t i = 0; i < own->n; i++) {
		const struct value *v = &own->v[i];
		bool skip = v->field == NULL || (v->field->flags & FF_HEADER) != 0;

		for (size_t k = 0; k < sizeof left_out / sizeof left_out[0]; k++)
			skip = skip || v->key == left_out[k];
		if (skip)
			continue;
		if (field_decimals(v->field) >= 0 && v->u.fig.source == NULL && known) {
			struct figure fig = v->u.fig;

			fig.source = id.origin;
			body_add_figure(b, v->key, &fig);
		} else
			body_add_value(b, v);
	}
	if (known)
		body_set_text(b, F_CALLER_UNIT, id.origin);
	put_origin(b, own, came);
	return b;
}

static struct body *
as_log(const struct body *own, const struct body *came)
{
	static const uint32_t said[] = {F_TITLE, F_TEXT, F_BRIEF, F_REASON};
	const struct enum_name *kind = enum_by_value("kind", body_enum(own, F_KIND));
	struct body *b = body_new();
	struct buf text = {0};
	struct msgid id;

	body_set_num(b, F_KIND, KIND_LOG);
	buf_printf(&text, "CAP: %s", kind == NULL ? "?" : i18n_zh() ? kind->zh : kind->name);
	if (body_id(own, F_ID, &id)) {
		char name[MSGID_TEXT_MAX];

		msgid_format(&id, name, sizeof name);
		buf_printf(&text, " %s", name);
	}
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		if (body_text(own, said[i]) != NULL)
			buf_printf(&text, "\n%s", body_text(own, said[i]));
	body_set_text(b, F_TEXT, buf_cstr(&text));
	put_origin(b, own, came);
	buf_free(&text);
	return b;
}

struct body *
import_own(const struct body *own, const struct body *came)
{
	int kind = body_enum(own, F_KIND), stage = body_enum(own, F_STAGE);
	bool report = kind == KIND_INTAKE || (kind == KIND_REPORT && stage != STAGE_WITHDRAWAL);

	/* an acknowledgement finds its message by the references of the document */
	return report						? as_intake(own, came)
	       : kind == KIND_WARNING || kind == KIND_RECEIPT ? body_copy(came)
							      : as_log(own, came);
}

int
import_held(const struct body *own, const json_t *answer, const struct codebook *cb, int64_t now, struct fault *f)
{
	const char *id = json_string_value(json_object_get(answer, "id"));
	struct buf said = {0}, stands = {0};
	struct body *b = body_new();
	bool same;

	if (json_is_true(json_object_get(answer, "destroyed"))) {
		body_free(b);
		return fault_set(f, EX_DATAERR, "id", _("this document was destroyed here by two persons"));
	}
	same = json_to_body(json_object_get(answer, "body"), b, cb, now, true, f) == 0;
	if (same) {
		wire_encode(own, &said);
		wire_encode(b, &stands);
		same = said.n == stands.n && memcmp(said.p, stands.p, said.n) == 0;
	}
	buf_free(&said);
	buf_free(&stands);
	body_free(b);
	return same ? 0
		    : fault_set(f, EX_DATAERR, "id",
			  _("the document says it is message %s, and that one has another content here"), id != NULL ? id : "?");
}
