/*
 * What an administrator meets: a locale that is not UTF-8, an installed copy in an odd place, the examples of the man page typed as
 * they stand, grades and limits of time on the command line, the check before a start.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../formats/charset.h"
#include "e2e.h"

#define WAIT 30000

/* A line of shell, which finds dutyctl in the build folder and works in the case's folder. */
static void __attribute__((format(printf, 3, 4)))
shell(struct e2e *e, struct output *o, const char *fmt, ...)
{
	struct buf line = { 0 };
	char text[8192];
	const char *argv[4] = { "/bin/sh", "-c", NULL, NULL };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_printf(&line, "unset MAKEFLAGS MFLAGS MAKELEVEL; b=$(cd '%s' && pwd); PATH=$b:$PATH; cd '%s' || exit 99\n", e->build,
	    e->st.root);
	buf_puts(&line, text);
	argv[2] = buf_cstr(&line);
	run_command(argv, "", 0, 240000, o);
	buf_free(&line);
}

static void
holds(struct output *o, int status, const char *text)
{
	ST_CHECK(o->status == status, "wanted status %d, got %d: %s", status, o->status, output_text(o));
	ST_CHECK(text == NULL || strstr(buf_cstr(&o->out), text) != NULL || strstr(buf_cstr(&o->err), text) != NULL,
	    "no '%s' in: %s", text, output_text(o));
	output_free(o);
}

/* ---- a GBK locale ---- */

void
case_locale(struct e2e *e)
{
#define GBK "LOCPATH=. LC_ALL=zh_CN.GBK DUTYDESK_LANG=zh "
	struct station_proc *town = &e->st.s[TOWN];
	struct charset_loss loss;
	struct buf text = { 0 };
	struct output o;

	shell(e, &o, "command -v localedef >/dev/null && localedef -i zh_CN -f GBK ./zh_CN.GBK");
	if (o.status != 0) {
		output_free(&o);
		(void)snprintf(e->note, sizeof e->note, "(skipped: localedef makes no zh_CN.GBK here)");
		return;
	}
	output_free(&o);
	st_start(town);
	/* typed in GBK, with a name of a file in GBK too; 𠮷 is not in the set */
	shell(e, &o, "t=$(printf '西周仓库起火' | iconv -t GBK); " GBK "dutyctl -D %s intake --place p --title \"$t\"", town->dir);
	holds(&o, 0, NULL);
	shell(e, &o, "dutyctl -D %s intake --place p --title '𠮷家镇'", town->dir);
	holds(&o, 0, NULL);
	shell(e, &o, GBK "dutyctl -D %s list", town->dir);
	ST_CHECK(o.status == 0, "list in GBK: %s", output_text(&o));
	charset_decode(CHARSET_GBK, o.out.p, o.out.n, &text, &loss);
	ST_CHECK(loss.count == 0 && strstr(buf_cstr(&text), "西周仓库起火") != NULL && strstr(buf_cstr(&text), "[U+20BB7]家镇") != NULL,
	    "list in GBK: %s", buf_cstr(&text));
	output_free(&o);
	shell(e, &o, GBK "dutyctl -D %s list --json", town->dir);
	holds(&o, 0, "𠮷家镇");
	/* what is wrong is said in the set too */
	shell(e, &o, GBK "dutyctl -D %s nonsense", town->dir);
	ST_CHECK(o.status == EX_USAGE && o.out.n == 0, "an unknown verb: %s", output_text(&o));
	buf_clear(&text);
	charset_decode(CHARSET_GBK, o.err.p, o.err.n, &text, &loss);
	ST_CHECK(loss.count == 0 && strstr(buf_cstr(&text), "\xe4") != NULL, "no Chinese in GBK: %s", buf_cstr(&text));
	output_free(&o);
	/* half a character is refused before anybody is asked */
	shell(e, &o, "t=$(printf '\\316'); " GBK "DUTYDESK_LANG=en dutyctl -D %s intake --place p --title \"$t\"", town->dir);
	holds(&o, EX_DATAERR, "not in GBK");
	shell(e, &o, "f=$(printf '文件' | iconv -t GBK); printf '{\"kind\":\"log\",\"text\":\"好行\"}\\n' >\"$f\"; " GBK
	    "dutyctl -D %s submit --jsonl \"$f\"", town->dir);
	holds(&o, 0, NULL);
	/* long output, so that characters lie across the pieces it is written in */
	shell(e, &o, GBK "dutyctl codes --limit 3000 33 | iconv -f GBK -t UTF-8 >a; DUTYDESK_LANG=zh dutyctl codes --limit 3000 33 >b; cmp a b && wc -c <b");
	holds(&o, 0, NULL);
	json_decref(st_verify(town));
	buf_free(&text);
#undef GBK
}

/* ---- an installed copy ---- */

void
case_installed(struct e2e *e)
{
	struct output o;

	shell(e, &o, "make -s -C '%s/..' -o all install BUILD=\"$b\" DESTDIR=\"$PWD/stage\" PREFIX=/opt/duty 2>&1", e->conf);
	holds(&o, 0, NULL);
	shell(e, &o, "unset DUTYDESK_CONF DUTYDESK_LANG; mv stage/opt/duty elsewhere; elsewhere/bin/dutyctl codes 西周");
	holds(&o, 0, "330225102");
	shell(e, &o, "unset DUTYDESK_CONF DUTYDESK_LANG; elsewhere/bin/dutyctl help grade");
	holds(&o, 0, "定级");
	shell(e, &o, "unset DUTYDESK_CONF DUTYDESK_LANG; elsewhere/bin/dutyctl -D st init --station 330225 --name 象山县 && "
	    "elsewhere/sbin/dutyswitch -D st -n");
	holds(&o, 0, "330225 象山县");
	shell(e, &o, "cat elsewhere/share/dutydesk/README.md elsewhere/share/dutydesk/dutyswitch.service");
	holds(&o, 0, "ExecStart=/opt/duty/sbin/dutyswitch -D /var/lib/duty");
	/* and without its tables it says where it has looked */
	shell(e, &o, "unset DUTYDESK_CONF; mv elsewhere/share elsewhere/gone; elsewhere/bin/dutyctl codes 西周");
	ST_CHECK(o.status == EX_CONFIG || o.status == 0, "without tables: %s", output_text(&o));
	output_free(&o);
}

/* ---- the man page's examples ---- */

static void
replace(struct buf *b, const char *from, const char *to)
{
	struct buf out = { 0 };
	const char *p = buf_cstr(b), *at;

	for (; (at = strstr(p, from)) != NULL; p = at + strlen(from)) {
		buf_put(&out, p, (size_t)(at - p));
		buf_puts(&out, to);
	}
	buf_puts(&out, p);
	buf_clear(b);
	buf_put(b, out.p, out.n);
	buf_free(&out);
}

struct example {
	char past[40], ahead[40], id[2][80], number[16];
	size_t ids;
};

/* One command of the page; what stands there for an example becomes what is so today. */
static void
run_example(struct e2e *e, struct example *x, const char *command)
{
	struct buf line = { 0 };
	struct output o;

	buf_puts(&line, command);
	replace(&line, "14:10", x->past);
	replace(&line, "14:40", x->ahead);
	replace(&line, "tcp://*:7330", "'tcp://*:7330'");
	if (x->ids > 0)
		replace(&line, "1122-001", x->number);
	if (x->ids > 1)
		replace(&line, "330225102.1763787393.2", x->id[1]);
	stations_settle(&e->st, WAIT);
	shell(e, &o, "key=$(cat key 2>/dev/null); town=$(cat town_key 2>/dev/null); cd %s || exit 1\n%s\nr=$?; "
	    "[ -z \"$key\" ] || echo \"$key\" >../key; [ -z \"$town\" ] || echo \"$town\" >../town_key; exit $r",
	    strstr(command, "init") != NULL || strstr(command, "enrol") != NULL ? "new" : "live", buf_cstr(&line));
	ST_CHECK(o.status == 0, "the man page's example\n%s\nended with %d: %s", buf_cstr(&line), o.status, output_text(&o));
	if (x->ids < 2 && sscanf(buf_cstr(&o.out), "%79s %15s", x->id[x->ids], x->number) == 2 && strchr(x->id[x->ids], '.') != NULL) {
		const char *at = strrchr(x->number, '-');

		ST_CHECK(at != NULL && at - x->number >= 4, "a number: %s", x->number);
		memmove(x->number, at - 4, strlen(at - 4) + 1);
		x->ids++;
	}
	output_free(&o);
	buf_free(&line);
}

void
case_man_page(struct e2e *e)
{
	struct example x = { .ids = 0 };
	struct buf page = { 0 }, command = { 0 };
	struct output o;
	char path[600], *line, *rest;
	bool on = false, more = false;
	size_t n = 0;

	stations_start(&e->st);
	(void)when_text(-60000, x.past);
	(void)when_text(1800000, x.ahead);
	shell(e, &o, "mkdir new live && ln -s '%s' live/town && ln -s '%s' live/county", e->st.s[TOWN].dir, e->st.s[COUNTY].dir);
	holds(&o, 0, NULL);
	(void)snprintf(path, sizeof path, "%.500s/../switch/dutyctl.1", e->conf);
	file_read(path, &page);
	rest = strstr(buf_cstr(&page), "\n.Sh EXAMPLES\n");
	ST_CHECK(rest != NULL, "%s has no examples", path);
	for (line = rest + 1; *line != '\0' && strncmp(line, ".Sh SEE", 7) != 0; line = rest) {
		size_t len = strcspn(line, "\n");

		rest = line + len + (line[len] == '\n');
		if (len > 0 && line[0] == '.') {
			on = strncmp(line, ".Bd", 3) == 0;
			continue;
		}
		if (!on || (!more && strncmp(line, "$ ", 2) != 0))
			continue;
		if (!more)
			buf_clear(&command);
		more = len > 2 && strncmp(line + len - 2, "\\e", 2) == 0;
		buf_put(&command, line + (line[0] == '$' ? 2 : 0), len - (line[0] == '$' ? 2 : 0) - (more ? 2 : 0));
		buf_puts(&command, " ");
		if (more || strstr(buf_cstr(&command), "| jq") != NULL)
			continue;
		run_example(e, &x, buf_cstr(&command));
		n++;
	}
	ST_CHECK(n >= 8 && x.ids == 2, "only %zu examples were found", n);
	shell(e, &o, "rm live/town live/county");
	holds(&o, 0, NULL);
	stations_settle(&e->st, WAIT);
	verify_all(e);
	(void)snprintf(e->note, sizeof e->note, "%zu commands of the man page", n);
	buf_free(&page);
	buf_free(&command);
}

/* ---- grades and limits ---- */

void
case_command_line(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	char id[80], past[40], ahead[40];
	struct output o;
	json_t *a;

	st_start(town);
	(void)when_text(-120000, past);
	(void)when_text(600000, ahead);
	a = st_submit(town, "live", json_pack("{s:s, s:s, s:s}", "kind", "intake", "title", "起火", "place", "西周镇"));
	(void)snprintf(id, sizeof id, "%s", text_of(a, "incident"));
	json_decref(a);
#define CTL(status, text, ...) do { st_ctl(town, NULL, 0, &o, __VA_ARGS__, NULL); holds(&o, status, text); } while (0)
	/* as the issue types it; then without a reason, which may follow when raising */
	CTL(0, NULL, "grade", id, "III", "--reason", "多人被困");
	CTL(EX_DATAERR, "reason", "grade", id, "II");
	CTL(0, NULL, "grade", id, "II", "--reason-later");
	/* lowering is another matter */
	CTL(EX_DATAERR, "signer", "grade", id, "IV", "--reason", "r");
	CTL(EX_DATAERR, "reason", "grade", id, "IV", "--reason-later", "--signer", "赵副县长");
	CTL(0, NULL, "grade", id, "IV", "--reason", "已核实", "--signer", "赵副县长");
	CTL(EX_DATAERR, "due", "direct", id, "--to", "330225102-gongan", "--text", "t", "--due", past);
	CTL(EX_DATAERR, "due", "ack", id, "--as", "taken", "--person", "a", "--due", past);
	CTL(0, "\"realm\":\"live\"", "list", "--messages", "--json");
	/* the check before a start: beside a running switch, without one, and on a damaged journal */
	shell(e, &o, "dutyswitch -D %s -n", town->dir);
	holds(&o, 0, "the journal was not checked");
	ST_CHECK(st_stop(town, WAIT) == 0, "the switch did not stop well");
	shell(e, &o, "dutyswitch -D %s -n", town->dir);
	ST_CHECK(strstr(buf_cstr(&o.out), "not checked") == NULL, "%s", output_text(&o));
	holds(&o, 0, "in order");
	shell(e, &o, "mv %s/journal/journal.db kept && dutyswitch -D %s -n", town->dir, town->dir);
	holds(&o, EX_NOINPUT, "no journal");
	shell(e, &o, "head -c 8192 /dev/urandom >%s/journal/journal.db; dutyswitch -D %s -n", town->dir, town->dir);
	ST_CHECK(o.status != 0, "a damaged journal: %s", output_text(&o));
	output_free(&o);
#undef CTL
}
