/*
 * `dutyctl staff`: the register of persons and telephone numbers.
 *
 * The first entry of a person is one step; a number that is there is changed by two persons (number, then confirm by another one).  A file of people is
 * read line by line; what is refused is named with its line, and the same file again makes nothing twice.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "../formats/wire.h"
#include "ctl_pin.h"
#include "ctl_staff.h"

#define LINE_BYTES 8192

static const struct ctl_option options[] = {STAFF_OPTIONS, {"all", false, false}, {"role", true, false}, {"A", true, false}, {"B", true, false},
    {"unit", true, false}, {"of", true, false}, {"number", true, false}, {NULL, false, false}};

/* ---- files ---- */

int
csv_split(char *line, size_t len, struct csv_row *r, struct fault *f)
{
	char *in = line, *out, *end = line + len;
	size_t bad;

	r->n = 0;
	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		in += 3;
	if (end > in && end[-1] == '\r')
		end--;
	if (!text_utf8_valid(in, (size_t)(end - in), &bad))
		return fault_set(f, EX_DATAERR, "", _("is no UTF-8 text"));
	for (;;) {
		bool quoted, open;

		if (r->n == CSV_CELLS)
			return fault_set(f, EX_DATAERR, "", _("more than %d cells"), CSV_CELLS);
		while (in < end && (*in == ' ' || *in == '\t'))
			in++;
		quoted = open = in < end && *in == '"';
		in += quoted;
		r->cell[r->n++] = out = in;
		while (in < end && (open || *in != ',')) {
			if (quoted && *in == '"') {
				if (open && in + 1 < end && in[1] == '"')
					in++;
				else {
					open = !open;
					in++;
					continue;
				}
			}
			*out++ = *in++;
		}
		if (open)
			return fault_set(f, EX_DATAERR, "", _("a quotation is left open"));
		while (!quoted && out > r->cell[r->n - 1] && (out[-1] == ' ' || out[-1] == '\t'))
			out--;
		if (in >= end) {
			*out = '\0';
			return 0;
		}
		in++;	/* before the cell is ended: the comma may be where its end goes */
		*out = '\0';
	}
}

const char *
csv_get(const struct csv_row *r, size_t i)
{
	return i < r->n ? r->cell[i] : "";
}

char *
csv_name(char **rest)
{
	static const char *const marks[] = {"/", ",", ";", "|", " ", "、", "；", "，"};
	char *s = *rest, *p;
	size_t skip = 1;

	while (*s == ' ')
		s++;
	if (*s == '\0')
		return NULL;
	for (p = s; *p != '\0'; p++)
		for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
			if (strncmp(p, marks[i], strlen(marks[i])) == 0) {
				skip = strlen(marks[i]);
				*rest = p + skip;
				*p = '\0';
				return p > s ? s : csv_name(rest);
			}
	*rest = p;
	return s;
}

void
staff_file_put(struct staff_file *file, struct body *b)
{
	uint8_t digest[DIGEST_LEN];
	char hex[2 * DIGEST_LEN + 1], rid[2 * DIGEST_LEN + 32];
	struct buf bytes = {0};
	json_t *request;

	wire_encode(b, &bytes);
	digest_of(bytes.p, bytes.n, digest);
	digest_hex(digest, hex);
	(void)snprintf(rid, sizeof rid, "book.%.48s", hex);
	request = submit_request(rid, REALM_LIVE, b, ctl_flag(file->a, "confirm"));
	if (file->pins != NULL)
		(void)json_object_set_new(request, "pins", json_deep_copy(file->pins));
	(void)ctl_pipe_put(file->pipe, file->path, file->line, request, NULL, 0, &file->f);
	buf_free(&bytes);
	body_free(b);
}

/* Who brings the file is proven for every line of it. */
static int
pins_once(struct staff_file *file)
{
	json_t *request = json_pack("{s:s*}", "person", ctl_arg(file->a, "by"));
	int rc = request != NULL ? ctl_pins_attach(file->a, request, &file->f) : 0;

	if (rc == 0 && json_object_get(request, "pins") != NULL)
		file->pins = json_incref(json_object_get(request, "pins"));
	json_decref(request);
	return rc;
}

int
staff_file_run(struct ctl *ctl, const struct ctl_args *a, const char *path, const char *heading, const char *heading_zh, staff_row_fn row, void *ctx)
{
	struct staff_file file = {.ctl = ctl, .a = a, .path = path, .tally = {.ctl = ctl}};
	struct ctl_lines l;
	struct csv_row r;
	long retry = 10;
	int rc;

	if (pins_once(&file) != 0 || ctl_arg_num(a, "retry", 0, 86400, &retry, &file.f) != 0 || ctl_lines_open(&l, path, LINE_BYTES, &file.f) != 0)
		return ctl_fail(&file.f);
	file.pipe = ctl_pipe_new(ctl, retry, submit_tally_done, &file.tally);
	while ((rc = ctl_lines_next(&l, &file.f)) == 1) {
		struct fault f = {0};

		file.line = l.line;
		if (l.too_long)
			(void)fault_set(&f, EX_DATAERR, "", _("a line has at most %d bytes"), LINE_BYTES);
		else if (csv_split(l.p, l.n, &r, &f) == 0) {
			if ((r.n == 1 && *csv_get(&r, 0) == '\0') || *csv_get(&r, 0) == '#' || strcmp(csv_get(&r, 0), heading) == 0 ||
			    strcmp(csv_get(&r, 0), heading_zh) == 0)
				continue;
			file.f = (struct fault){0};
			row(&file, &r, ctx);
			f = file.f;
		}
		if (f.code != 0)
			ctl_pipe_refuse(file.pipe, path, l.line, &f);
	}
	if (rc == -1)
		(void)ctl_fail(&file.f);
	(void)ctl_pipe_drain(file.pipe, &file.f);
	ctl_pipe_free(file.pipe);
	ctl_lines_close(&l);
	json_decref(file.pins);
	rc = submit_tally_end(&file.tally);
	return rc;
}

int
staff_field(struct body *b, uint32_t key, const char *text, struct fault *f)
{
	return *text == '\0' ? 0 : value_parse(b, field_by_key(key), text, NULL, ctl_now(), f);
}

int
staff_by(const struct ctl_args *a, const char *verb, struct body *b, uint32_t key, bool needed)
{
	const char *by = ctl_arg(a, "by");
	struct fault f = {0};

	if (by == NULL)
		return needed && body_said(b, key) == NULL ? ctl_usage(verb, "by", _("names the person who does it")) : 0;
	return staff_field(b, key, by, &f) == 0 ? 0 : ctl_fail(&f);
}

/* ---- entering ---- */

/* A role by its name in either language, or as people write it. */
static int
role_of(const char *word)
{
	static const struct {
		const char *word;
		int role;
	} spoken[] = {{"领导", ROLE_DUTY_LEADER}, {"带班", ROLE_DUTY_LEADER}, {"值班", ROLE_DUTY_OFFICER}};
	const struct enum_name *e = enum_by_name("duty_role", word);

	for (size_t i = 0; e == NULL && i < sizeof spoken / sizeof spoken[0]; i++)
		if (strcmp(spoken[i].word, word) == 0)
			return spoken[i].role;
	return e != NULL ? e->value : 0;
}

static struct body *
entry(const struct body *base, int step)
{
	struct body *b = base != NULL ? body_copy(base) : body_new();

	body_set_num(b, F_KIND, KIND_STAFF);
	body_set_num(b, F_DUTY_STEP, step);
	return b;
}

/* What one person's entry becomes: a message for each role, and one for number B.  The first holds the rest. */
static size_t
entries(const struct body *base, char *roles, const char *a, const char *b, struct body *out[8], struct fault *f)
{
	char *rest = roles, *word;
	size_t n = 0;

	out[n++] = entry(base, DUTY_PERSON);
	while ((word = csv_name(&rest)) != NULL && n < 6) {
		int role = role_of(word);

		if (role == 0) {
			(void)fault_set(f, EX_DATAERR, "role", _("no such role on duty: %.40s (leader, senior, officer, other)"), word);
			break;
		}
		if (body_enum(out[n - 1], F_DUTY_ROLE) != 0) {
			out[n] = entry(NULL, DUTY_PERSON);
			body_set_text(out[n], F_PERSON, body_text(base, F_PERSON));
			if (body_first(base, F_REGARDING) != NULL)
				body_add_value(out[n], body_first(base, F_REGARDING));
			if (body_text(base, F_AUTHOR) != NULL)
				body_set_text(out[n], F_AUTHOR, body_text(base, F_AUTHOR));
			n++;
		}
		body_set_num(out[n - 1], F_DUTY_ROLE, role);
	}
	if (f->code == 0 && *a != '\0') {
		body_set_num(out[0], F_NUMBER_OF, NUMBER_A);
		(void)staff_field(out[0], F_PHONE, a, f);
	}
	if (f->code == 0 && *b != '\0') {
		out[n] = entry(NULL, DUTY_PERSON);
		body_set_text(out[n], F_PERSON, body_text(base, F_PERSON));
		if (body_first(base, F_REGARDING) != NULL)
			body_add_value(out[n], body_first(base, F_REGARDING));
		if (body_text(base, F_AUTHOR) != NULL)
			body_set_text(out[n], F_AUTHOR, body_text(base, F_AUTHOR));
		body_set_num(out[n], F_NUMBER_OF, NUMBER_B);
		(void)staff_field(out[n++], F_PHONE, b, f);
	}
	if (f->code == 0)
		return n;
	for (size_t i = 0; i < n; i++)
		body_free(out[i]);
	return 0;
}

static void
import_row(struct staff_file *file, struct csv_row *r, void *ctx)
{
	struct body *base = body_new(), *out[8];
	char none[1] = "", *roles = r->n > 2 ? r->cell[2] : none, *backup = r->n > 5 ? r->cell[5] : none, *name;
	size_t n = 0;

	(void)ctx;
	if (*csv_get(r, 0) == '\0')
		(void)fault_set(&file->f, EX_DATAERR, "name", _("is missing"));
	else if (staff_field(base, F_PERSON, csv_get(r, 0), &file->f) == 0 && staff_field(base, F_POST, csv_get(r, 1), &file->f) == 0 &&
	    (ctl_arg(file->a, "by") == NULL || staff_field(base, F_AUTHOR, ctl_arg(file->a, "by"), &file->f) == 0)) {
		while (file->f.code == 0 && (name = csv_name(&backup)) != NULL)
			(void)staff_field(base, F_BACKUP, name, &file->f);
		if (file->f.code == 0)
			n = entries(base, roles, csv_get(r, 3), csv_get(r, 4), out, &file->f);
	}
	for (size_t i = 0; i < n; i++)
		staff_file_put(file, out[i]);
	body_free(base);
}

/* --unit CODE: somebody, or the duty room, of another station. */
static int
unit(struct ctl *ctl, const char *code, struct body *b, struct fault *f)
{
	const struct codebook *cb;
	struct value v = {.key = F_REGARDING, .field = field_by_key(F_REGARDING)};
	char copy[STATION_MAX];

	if (code == NULL)
		return 0;
	if ((cb = ctl_codebook(ctl, f)) == NULL || ctl_station_known(code, cb, "unit", f) != 0)
		return -1;
	(void)snprintf(copy, sizeof copy, "%s", code);
	v.u.text.s = copy;
	v.u.text.len = strlen(copy);
	body_add_value(b, &v);
	return 0;
}

static int
add(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	struct fault f = {0};
	struct body *out[8];
	char roles[128];
	size_t n;
	int rc = EX_OK;

	if (ctl_arg(a, "rid") != NULL)
		return ctl_usage("staff", "rid", _("one entry can be several messages: they cannot share one"));
	(void)snprintf(roles, sizeof roles, "%s", ctl_arg(a, "role") != NULL ? ctl_arg(a, "role") : "");
	for (char *p = roles; *p != '\0'; p++)
		if (*p == ',')
			*p = '/';
	n = entries(b, roles, ctl_arg(a, "A") != NULL ? ctl_arg(a, "A") : "", ctl_arg(a, "B") != NULL ? ctl_arg(a, "B") : "", out, &f);
	if (n == 0)
		return ctl_fail(&f);
	for (size_t i = 0; i < n; i++) {
		if (rc == EX_OK)
			rc = submit_send(ctl, a, out[i], NULL, REALM_LIVE);
		body_free(out[i]);
	}
	return rc;
}

/* ---- the other steps ---- */

static int
number_words(const struct ctl_args *a, struct body *b, struct fault *f)
{
	if (ctl_arg(a, "of") != NULL && value_parse(b, field_by_key(F_NUMBER_OF), ctl_arg(a, "of"), NULL, ctl_now(), f) != 0)
		return -1;
	return ctl_arg(a, "number") != NULL ? staff_field(b, F_PHONE, ctl_arg(a, "number"), f) : 0;
}

static int
send_step(struct ctl *ctl, const struct ctl_args *a, struct body *b, int step)
{
	body_set_num(b, F_KIND, KIND_STAFF);
	body_set_num(b, F_DUTY_STEP, step);
	return submit_send(ctl, a, b, NULL, REALM_LIVE);
}

/* NAME, or the CODE of a station. */
static int
about(struct ctl *ctl, const char *word, struct body *b, struct fault *f)
{
	if (station_code_valid(word))
		return unit(ctl, word, b, f);
	return staff_field(b, F_PERSON, word, f);
}

static int
step(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	static const struct {
		const char *word;
		int step;
		bool refers, by;
	} steps[] = {{"left", DUTY_LEFT, false, true}, {"number", DUTY_NUMBER, false, true}, {"confirm", DUTY_NUMBER_CONFIRMED, true, true},
	    {"decline", DUTY_NUMBER_DECLINED, true, true}, {"tried", DUTY_NUMBER_TRIED, false, false}, {"station", DUTY_PERSON, false, false}};
	struct fault f = {0};
	int rc, realm;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		if (strcmp(a->word[0], steps[i].word) != 0)
			continue;
		if ((rc = staff_by(a, "staff", b, F_AUTHOR, steps[i].by)) != 0)
			return rc;
		if ((steps[i].refers ? submit_refer(b, a->word[1], &realm, &f) : about(ctl, a->word[1], b, &f)) != 0 ||
		    unit(ctl, ctl_arg(a, "unit"), b, &f) != 0 || number_words(a, b, &f) != 0)
			return ctl_fail(&f);
		return send_step(ctl, a, b, steps[i].step);
	}
	return ctl_usage("staff", a->word[0], _("no such word: list, add, left, number, confirm, decline, tried, station, import"));
}

/* ---- listing ---- */

static void
join(const json_t *list, char *out, size_t size)
{
	const json_t *e;
	size_t i, n = 0;

	out[0] = '\0';
	json_array_foreach(list, i, e)
		if (json_is_string(e) && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? " " : "", json_string_value(e));
}

static const char *
number_text(const json_t *n, char *out, size_t size)
{
	char day[48];
	json_int_t verified = json_integer_value(json_object_get(n, "verified"));
	const char *outcome = json_string_value(json_object_get(n, "outcome"));

	(void)snprintf(out, size, "%s %s %s%s%s", json_string_value(json_object_get(n, "of_name")), json_string_value(json_object_get(n, "phone")),
	    verified == 0 ? _("never reached") : time_format(verified, TIME_DAY, day, sizeof day),
	    json_is_true(json_object_get(n, "stale")) ? "! " : "",
	    outcome != NULL && strcmp(outcome, enum_by_value("outcome", OUTCOME_WRONG)->name) == 0 ? _("no such number") : "");
	return out;
}

static const struct ctl_column columns[] = {{N_("name"), "name", 24, false}, {N_("unit"), "unit_name", 20, false}, {N_("post"), "post", 20, false},
    {N_("role"), "role_names", 24, false}, {N_("numbers"), "numbers", 0, false}, {N_("backups"), "backup", 24, false}, {N_("PIN"), "pin", 0, false}};

static void
person_rows(struct ctl_table *t, const json_t *p, const char *name)
{
	const json_t *numbers = json_object_get(p, "numbers");
	char text[512];

	for (size_t i = 0; i == 0 || i < json_array_size(numbers); i++) {
		if (i == 0) {
			ctl_table_set(t, 0, name);
			ctl_table_set(t, 1, ctl_text(p, name[0] == '\0' ? "station_name" : "unit_name", text, sizeof text));
			ctl_table_set(t, 2, ctl_text(p, "post", text, sizeof text));
			join(json_object_get(p, "role_names"), text, sizeof text);
			ctl_table_set(t, 3, text);
			join(json_object_get(p, "backup"), text, sizeof text);
			ctl_table_set(t, 5, text);
			ctl_table_set(t, 6, json_integer_value(json_object_get(p, "locked_until")) > 0 ? _("locked") :
				json_is_true(json_object_get(p, "pin")) ? _("yes") : "");
		}
		ctl_table_set(t, 4, i < json_array_size(numbers) ? number_text(json_array_get(numbers, i), text, sizeof text) : "-");
		ctl_table_row(t);
	}
}

static void
notes(const json_t *answer)
{
	const json_t *e;
	size_t i;
	char text[512];

	json_array_foreach(json_object_get(answer, "remarks"), i, e)
	{
		(void)snprintf(text, sizeof text, _("remark: %s"), json_string_value(e) != NULL ? json_string_value(e) : "-");
		ctl_note(text);
	}
}

static int
list(struct ctl *ctl, const struct ctl_args *a)
{
	json_t *request = json_pack("{s:s}", "op", "staff"), *answer;
	const json_t *e;
	struct ctl_table *t;
	struct fault f = {0};
	char id[MSGID_TEXT_MAX], who[128], phone[64], by[128];
	size_t i;

	if (ctl_flag(a, "all"))
		(void)json_object_set_new(request, "all", json_true());
	if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json)
		ctl_json_answer(stdout, answer);
	else {
		t = ctl_table_new(columns, sizeof columns / sizeof columns[0]);
		json_array_foreach(json_object_get(answer, "persons"), i, e)
			person_rows(t, e, json_string_value(json_object_get(e, "name")));
		json_array_foreach(json_object_get(answer, "stations"), i, e)
			person_rows(t, e, "");
		ctl_table_print(t, stdout);
		json_array_foreach(json_object_get(answer, "changes"), i, e)
			(void)printf(_("waits for a second person: %s %s %s, proposed by %s\n"), ctl_text(e, "id", id, sizeof id),
			    ctl_text(e, *json_string_value(json_object_get(e, "person")) != '\0' ? "person" : "station_name", who, sizeof who),
			    ctl_text(e, "phone", phone, sizeof phone), ctl_text(e, "by", by, sizeof by));
		notes(answer);
	}
	json_decref(answer);
	return EX_OK;
}

int
ctl_staff(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = {0};
	int rc = submit_begin(ctl, "staff", options, 0, 2, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (a.nword == 0 || (a.nword == 1 && strcmp(a.word[0], "list") == 0))
		return submit_end(&a, b, list(ctl, &a));
	if (a.nword != 2)
		return submit_end(&a, b, ctl_usage("staff", "", _("a word is missing: what is it about?")));
	if (strcmp(a.word[0], "import") == 0)
		return submit_end(&a, b, staff_file_run(ctl, &a, a.word[1], "name", "姓名", import_row, NULL));
	if (strcmp(a.word[0], "add") != 0)
		return submit_end(&a, b, step(ctl, &a, b));
	if (staff_field(b, F_PERSON, a.word[1], &f) != 0 || unit(ctl, ctl_arg(&a, "unit"), b, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	if ((rc = staff_by(&a, "staff", b, F_AUTHOR, false)) != 0)
		return submit_end(&a, b, rc);
	return submit_end(&a, b, add(ctl, &a, b));
}
