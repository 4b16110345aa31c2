/*
 * Handing over reports, and looking at the process that takes them.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../formats/buf.h"
#include "load.h"

json_t *
load_report(const char *to)
{
	static unsigned long n;
	char title[64], rid[33];
	json_t *o;

	(void)snprintf(title, sizeof title, "关于第%lu号社区发生火灾事故的初报", ++n);
	client_rid(rid);
	o = json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}}", "op", "submit", "rid", rid, "realm", "live", "body",
	    "kind", "report", "title", title, "type", "12G00", "place", "西周镇振兴路12号", "learned", "2026-01-02T03:04:00+08:00", "brief",
	    "一楼门面起火，火势借风势扩大，波及相邻10户。初步判断为有待调查，烧毁粮仓、羊3只、鱼塘15亩。明火已扑灭，一人返回屋内取财物被困。",
	    "dead", 0, "missing", "?");
	if (to != NULL)
		(void)json_object_set_new(json_object_get(o, "body"), "to", json_string(to));
	return o;
}

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct load *l = ctx;

	ST_CHECK(json_is_true(json_object_get(answer, "ok")), "refused: %s: %s", json_string_value(json_object_get(answer, "field")),
	    json_string_value(json_object_get(answer, "text")));
	l->answered++;
	if (n > l->last) {
		l->last = n;
		(void)snprintf(l->id, sizeof l->id, "%s", json_string_value(json_object_get(answer, "id")));
	}
}

double
load_submit(struct station_proc *s, int count, int window, const char *to, struct load *l)
{
	struct client *c = st_client(s);
	struct fault f = { 0 };
	json_t **r = xcalloc((size_t)count, sizeof(json_t *));
	double began;
	int posted = 0;

	/* Made before the clock starts: the switch is what is measured. */
	for (int i = 0; i < count; i++)
		r[i] = load_report(to);
	memset(l, 0, sizeof *l);
	began = mono_s();
	while (l->answered < count) {
		for (; posted < count && posted - l->answered < window; posted++)
			(void)client_post(c, r[posted], NULL, 0);
		ST_CHECK(client_step(c, 30000, on_answer, NULL, l, &f) > 0, "no answer: %s", f.text);
	}
	began = mono_s() - began;
	free(r);
	return began;
}

static bool
has_message(struct station_proc *s, void *ctx)
{
	struct fault f;
	json_t *a = st_try(s, json_pack("{s:s, s:s}", "op", "message", "id", (const char *)ctx), NULL, 0, &f);
	bool yes = a != NULL;

	json_decref(a);
	return yes;
}

void
load_await_message(struct station_proc *s, const char *id)
{
	char copy[80];

	(void)snprintf(copy, sizeof copy, "%s", id);
	st_await(s, "the last report", 60000, has_message, copy);
}

/* ---- the process ---- */

static long
status_number(const char *path, const char *name)
{
	FILE *f = fopen(path, "re");
	char line[256];
	long n = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			n = strtol(line + strlen(name), NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return n;
}

long
load_rss_kb(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	return status_number(path, "VmRSS:");
}

long
load_wakeups(pid_t pid)
{
	char path[600];
	struct dirent *e;
	DIR *d;
	long n = 0;

	(void)snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	ST_CHECK((d = opendir(path)) != NULL, "no process %ld", (long)pid);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "/proc/%ld/task/%s/status", (long)pid, e->d_name);
		n += status_number(path, "voluntary_ctxt_switches:");
	}
	(void)closedir(d);
	return n;
}

double
load_cpu_us(pid_t pid)
{
	char path[64], line[1024] = "", *p;
	unsigned long user = 0, system = 0;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	if ((f = fopen(path, "re")) != NULL) {
		if (fgets(line, sizeof line, f) != NULL && (p = strrchr(line, ')')) != NULL)
			(void)sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
		(void)fclose(f);
	}
	return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}
