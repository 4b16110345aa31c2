/*
 * `dutyctl convert` of CAP documents of one megabyte: wall time and the most memory of the whole process, codebooks and
 * all.  Beside it, in the same rounds, a process that only parses the same bytes with libxml2 and writes them again.
 */
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../lib/stations.h"
#include "bench.h"

#define ROUNDS 9
#define POINTS 41000
#define PARTS 300

static const char head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n"
    "<identifier>bench-1</identifier><sender>bench@example.org</sender><sent>2026-07-12T14:02:00+08:00</sent>"
    "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>\n";
static const char info[] = "<info><language>%s</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency>"
			   "<severity>Severe</severity><certainty>Likely</certainty><headline>暴雨橙色预警</headline>";

static void
polygon_document(struct buf *out)
{
	buf_puts(out, head);
	buf_printf(out, info, "zh-CN");
	buf_puts(out, "<area><areaDesc>象山县</areaDesc><polygon>");
	/* a saw edge there, straight back: closed by its first point */
	for (int i = 0; i < POINTS; i++)
		buf_printf(out, "%s%.8f,%.8f", i == 0 ? "" : " ", 29.4 + 0.00001 * (i % 2), 121.5 + 0.00001 * i);
	buf_puts(out, " 29.30000000,121.70000000 29.40000000,121.50000000</polygon></area></info></alert>\n");
}

static void
parts_document(struct buf *out)
{
	buf_puts(out, head);
	for (int i = 0; i < PARTS; i++) {
		buf_printf(out, info, i % 2 == 0 ? "zh-CN" : "en");
		buf_puts(out, "<description>");
		for (int k = 0; k < 48; k++)
			buf_puts(out, "预计未来六小时有大到暴雨,局地大暴雨,请注意防范。");
		buf_printf(out, "</description><area><areaDesc>区域%d</areaDesc></area></info>\n", i);
	}
	buf_puts(out, "</alert>\n");
}

/* Runs the child to its end: milliseconds, and the most memory it had in MB. */
static void
measure(pid_t pid, double began, struct rounds *ms, struct rounds *mb)
{
	struct rusage ru;
	int status;

	ST_CHECK(pid > 0, "fork: %s", strerror(errno));
	ST_CHECK(wait4(pid, &status, 0, &ru) == pid, "wait4: %s", strerror(errno));
	ST_CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 1), "ended with %d", status);
	rounds_add(ms, (mono_s() - began) * 1000);
	rounds_add(mb, (double)ru.ru_maxrss / 1024);
}

static void
quiet(void)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1 || dup2(fd, STDERR_FILENO) == -1)
		_exit(127);
}

static pid_t
convert(const struct bench *b, const char *to, const char *file)
{
	char program[600];
	pid_t pid = fork();

	if (pid == 0) {
		quiet();
		(void)snprintf(program, sizeof program, "%s/dutyctl", b->build);
		(void)execl(program, "dutyctl", "convert", "--from", "cap", "--to", to, file, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static pid_t
parse_alone(const char *file)
{
	pid_t pid = fork();

	if (pid == 0) {
		xmlDocPtr doc;

		quiet();
		doc = xmlReadFile(file, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
		if (doc == NULL || xmlSaveFile("/dev/null", doc) < 0)
			_exit(127);
		xmlFreeDoc(doc);
		_exit(0);
	}
	return pid;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(struct buf *);
	} documents[] = {{"41 000-point polygon", polygon_document}, {"300 parts of text", parts_document}};
	static const char *const forms[] = {"json", "cap"};
	struct bench b;

	bench_begin(&b, argc, argv, "convert: a CAP document of 1 MB, a whole process (medians of 9 rounds)");
	for (size_t d = 0; d < sizeof documents / sizeof documents[0]; d++) {
		struct buf doc = {0};
		char file[600], name[120];
		FILE *fp;

		documents[d].make(&doc);
		scratch_file(&b, "doc.xml", file, sizeof file);
		ST_CHECK((fp = fopen(file, "wb")) != NULL && fwrite(doc.p, 1, doc.n, fp) == doc.n && fclose(fp) == 0, "%s: %s",
		    file, strerror(errno));
		(void)snprintf(name, sizeof name, "%s: size", documents[d].name);
		bench_plain(&b, name, (double)doc.n / 1e6, "MB");
		for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
			struct rounds ms = {.n = 0}, mb = {.n = 0}, ref_ms = {.n = 0}, ref_mb = {.n = 0};

			for (int r = 0; r < ROUNDS; r++) {
				double began = mono_s();

				measure(convert(&b, forms[k], file), began, &ms, &mb);
				began = mono_s();
				measure(parse_alone(file), began, &ref_ms, &ref_mb);
			}
			(void)snprintf(name, sizeof name, "%s to %s: time", documents[d].name, forms[k]);
			bench_figure(&b, name, rounds_median(&ms), "ms", 100, true);
			(void)snprintf(name, sizeof name, "%s to %s: most memory", documents[d].name, forms[k]);
			bench_figure(&b, name, rounds_median(&mb), "MB", 50, true);
			(void)snprintf(name, sizeof name, "%s: parse and write alone, time", documents[d].name);
			bench_plain(&b, name, rounds_median(&ref_ms), "ms");
			(void)snprintf(name, sizeof name, "%s: parse and write alone, memory", documents[d].name);
			bench_plain(&b, name, rounds_median(&ref_mb), "MB");
		}
		scratch_remove(file);
		buf_free(&doc);
	}
	return bench_end(&b);
}
