/*
 * PINs at the command line: from the terminal without echo, or from a file descriptor; never from an argument or the environment, which every process
 * of the machine can read.  `pin set`.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "ctl_pin.h"
#include "ctl_submit.h"

#define LINE_MAX_ 256	/* bytes of a line: a person's name and his PIN */

void
ctl_pin_wipe(char *p, size_t n)
{
	sodium_memzero(p, n);
}

/* Up to the end of the line, byte by byte: what follows is somebody else's to read.  Bytes, or -1 at the end of the input. */
static ssize_t
read_line(int fd, char *buf, size_t size)
{
	size_t n = 0;
	bool any = false;
	char c;
	ssize_t got;

	for (;;) {
		got = read(fd, &c, 1);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0 || c == '\n')
			break;
		any = true;
		if (c != '\r' && n + 1 < size)
			buf[n++] = c;
	}
	buf[n] = '\0';
	return got <= 0 && !any ? -1 : (ssize_t)n;
}

int
ctl_pin_ask(const char *label, char out[CTL_PIN_MAX + 1], struct fault *f)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC), rc = 0;
	struct termios was, quiet;
	char *native;
	ssize_t n;

	if (fd == -1 || tcgetattr(fd, &was) != 0) {
		if (fd != -1)
			(void)close(fd);
		return fault_set(f, EX_NOINPUT, "pin", _("there is no terminal to ask at: give it by --pin-fd N"));
	}
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	quiet.c_lflag |= ICANON;
	native = ctl_edge_native(label);
	(void)tcsetattr(fd, TCSAFLUSH, &quiet);
	if (write(fd, native, strlen(native)) == -1 || write(fd, ": ", 2) == -1)
		rc = fault_set(f, EX_IOERR, "pin", _("the terminal cannot be written to"));
	free(native);
	n = rc == 0 ? read_line(fd, out, CTL_PIN_MAX + 1) : -1;
	(void)tcsetattr(fd, TCSAFLUSH, &was);
	if (write(fd, "\n", 1) == -1)
		rc = -1;
	(void)close(fd);
	if (rc == 0 && n <= 0)
		rc = fault_set(f, EX_NOINPUT, "pin", _("no PIN was typed"));
	return rc;
}

int
ctl_pin_line(const struct ctl_args *a, char *buf, size_t size, struct fault *f)
{
	long fd = -1;

	if (ctl_arg_num(a, "pin-fd", 0, 1023, &fd, f) != 0)
		return -1;
	if (fd < 0)
		return 1;
	if (fcntl((int)fd, F_GETFD) == -1)
		return fault_set(f, EX_USAGE, "pin-fd", _("%ld is no open file descriptor"), fd);
	return read_line((int)fd, buf, size) == -1 ? 1 : 0;
}

/* Whose PIN it is where nobody says. */
static const char *
acting(const json_t *request)
{
	static const char *const members[] = {"author", "signer", "person"};
	const json_t *body = json_object_get(request, "body");
	const char *name = json_string_value(json_object_get(request, "person"));
	const char *kind = json_string_value(json_object_get(body, "kind"));

	if (name != NULL && *name != '\0')
		return name;
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		/* the author of a report is not who answers for it */
		if (i == 0 && (kind == NULL || (strcmp(kind, "staff") != 0 && strcmp(kind, "roster") != 0)))
			continue;
		name = json_string_value(json_object_get(body, members[i]));
		if (name != NULL && *name != '\0')
			return name;
	}
	return NULL;
}

static int
put_pin(json_t *pins, const char *person, const char *pin, struct fault *f)
{
	json_t *o;

	if (person == NULL)
		return fault_set(f, EX_USAGE, "pin", _("whose PIN it is is not said"));
	if ((o = json_pack("{s:s, s:s}", "person", person, "pin", pin)) == NULL)
		return fault_set(f, EX_DATAERR, "pin", _("is no UTF-8 text"));
	(void)json_array_append_new(pins, o);
	return 0;
}

int
ctl_pins_attach(const struct ctl_args *a, json_t *request, struct fault *f)
{
	json_t *pins = json_array();
	const char *who = acting(request);
	char buf[LINE_MAX_], label[160], *space;
	int rc = 0;

	while (rc == 0 && (rc = ctl_pin_line(a, buf, sizeof buf, f)) == 0) {
		if (*buf == '\0')
			continue;
		space = strrchr(buf, ' ');
		if (space != NULL)
			*space = '\0';
		rc = put_pin(pins, space != NULL ? buf : who, space != NULL ? space + 1 : buf, f);
	}
	if (rc == 1)
		rc = 0;
	if (rc == 0 && ctl_flag(a, "pin")) {
		(void)snprintf(label, sizeof label, _("PIN of %s"), who != NULL ? who : "?");
		if ((rc = who == NULL ? put_pin(pins, NULL, "", f) : ctl_pin_ask(label, buf, f)) == 0)
			rc = put_pin(pins, who, buf, f);
	}
	ctl_pin_wipe(buf, sizeof buf);
	if (rc == 0 && json_array_size(pins) > 0)
		(void)json_object_set(request, "pins", pins);
	json_decref(pins);
	return rc;
}

/* ---- pin set ---- */

/* From --pin-fd, else asked. */
static int
get(const struct ctl_args *a, const char *label, const char *who, char out[CTL_PIN_MAX + 1], struct fault *f)
{
	char text[160];
	int rc = ctl_pin_line(a, out, CTL_PIN_MAX + 1, f);

	if (rc != 1)
		return rc;
	if (ctl_arg(a, "pin-fd") != NULL)
		return fault_set(f, EX_NOINPUT, "pin-fd", _("%s: the line is missing"), label);
	(void)snprintf(text, sizeof text, "%s (%s)", label, who);
	return ctl_pin_ask(text, out, f);
}

/* Has he one already?  -1 + fault. */
static int
has_pin(struct ctl *ctl, const char *name, struct fault *f)
{
	json_t *answer = ctl_ask(ctl, json_pack("{s:s}", "op", "staff"), 0, f), *p;
	size_t i;
	int rc = -2;

	if (answer == NULL)
		return -1;
	json_array_foreach(json_object_get(answer, "persons"), i, p)
	{
		const char *n = json_string_value(json_object_get(p, "name")), *unit = json_string_value(json_object_get(p, "unit"));

		if (n != NULL && strcmp(n, name) == 0 && (unit == NULL || *unit == '\0'))
			rc = json_is_true(json_object_get(p, "pin"));
	}
	json_decref(answer);
	return rc == -2 ? fault_set(f, EX_NOINPUT, "person", _("%s is not on the register of this station"), name) : rc;
}

static int
set(struct ctl *ctl, const struct ctl_args *a)
{
	char pin[CTL_PIN_MAX + 1] = "", again[CTL_PIN_MAX + 1] = "", other[CTL_PIN_MAX + 1] = "";
	const char *name = a->word[1], *by = ctl_arg(a, "by");
	struct fault f = {0};
	json_t *request, *answer;
	int had, rc = -1;

	if ((had = has_pin(ctl, name, &f)) == -1)
		return ctl_fail(&f);
	/* --pin-fd: the new one, then the old one or the leader's; at a terminal as people expect it */
	if (ctl_arg(a, "pin-fd") != NULL) {
		rc = get(a, _("new PIN"), name, pin, &f);
		if (rc == 0 && (by != NULL || had == 1))
			rc = get(a, by != NULL ? _("the leader's PIN") : _("old PIN"), by != NULL ? by : name, other, &f);
	} else {
		rc = by == NULL && had == 0 ? 0 : get(a, by != NULL ? _("the leader's PIN") : _("old PIN"), by != NULL ? by : name, other, &f);
		if (rc == 0 && (rc = get(a, _("new PIN"), name, pin, &f)) == 0 && (rc = get(a, _("new PIN again"), name, again, &f)) == 0 &&
		    strcmp(pin, again) != 0)
			rc = fault_set(&f, EX_DATAERR, "pin", _("the two are not the same"));
	}
	if (rc == 0 && (request = json_pack("{s:s, s:s, s:s}", "op", "pin_set", "person", name, "pin", pin)) != NULL) {
		if (by != NULL) {
			(void)json_object_set_new(request, "by", json_string(by));
			(void)json_object_set_new(request, "by_pin", json_string(other));
		} else if (had == 1)
			(void)json_object_set_new(request, "old", json_string(other));
		if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL)
			rc = -1;
		else if (!ctl->json)
			(void)printf(_("%s has a PIN now\n"), name);
		json_decref(answer);
	} else if (rc == 0)
		rc = fault_set(&f, EX_DATAERR, "pin", _("is no UTF-8 text"));
	ctl_pin_wipe(pin, sizeof pin);
	ctl_pin_wipe(again, sizeof again);
	ctl_pin_wipe(other, sizeof other);
	return rc == 0 ? EX_OK : ctl_fail(&f);
}

int
ctl_pin(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"by", true, false}, {"pin-fd", true, false}, {NULL, false, false}};
	struct ctl_args a;
	struct fault f = {0};
	int rc;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0)
		rc = ctl_usage("pin", f.field, f.text);
	else if (a.nword != 2 || strcmp(a.word[0], "set") != 0)
		rc = ctl_usage("pin", "", _("set NAME"));
	else {
		ctl->json |= a.json;
		rc = set(ctl, &a);
	}
	ctl_args_free(&a);
	return rc;
}
