/*
 * Custody end to end, by real programs: a relay whose journal is destroyed, a first way that is dead, and a hosted station where
 * nobody sits at the desk.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "say.h"

#define REOFFER_WAIT 200000	/* ms: reoffer_minutes = 1, a sweep each half minute, and what the lines take */

static void
setting(const struct station_proc *s, const char *line)
{
	char path[300];
	struct buf b = { 0 };

	(void)snprintf(path, sizeof path, "%s/dutyswitch.conf", s->dir);
	file_read(path, &b);
	buf_printf(&b, "\n%s\n", line);
	file_write(path, b.p, b.n);
	buf_free(&b);
}

/* The disk is gone, and an empty one is there: what `new` says. */
static void
destroy_journal(const struct station_proc *s)
{
	char path[300], file[600];
	struct dirent *d;
	DIR *dir;

	(void)snprintf(path, sizeof path, "%s/journal", s->dir);
	ST_CHECK((dir = opendir(path)) != NULL, "%s: %s", path, strerror(errno));
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.') {
			(void)snprintf(file, sizeof file, "%s/%s", path, d->d_name);
			ST_CHECK(unlink(file) == 0, "%s: %s", file, strerror(errno));
		}
	(void)closedir(dir);
	(void)snprintf(file, sizeof file, "%s/new", path);
	file_write(file, "", 0);
}

struct wanted {
	const char *id, *to, *state;
	char last[32];
};

static bool
is_in_state(struct station_proc *s, void *ctx)
{
	struct wanted *w = ctx;
	json_t *a = st_ask(s, json_pack("{s:s, s:s}", "op", "message", "id", w->id)), *d;
	size_t i;

	json_array_foreach(json_object_get(a, "deliveries"), i, d)
		if (strcmp(text_of(d, "to"), w->to) == 0)
			(void)snprintf(w->last, sizeof w->last, "%s", text_of(d, "state"));
	json_decref(a);
	return strcmp(w->last, w->state) == 0;
}

static void
await_state(struct station_proc *s, const char *id, const char *to, const char *state, int ms)
{
	struct wanted w = { .id = id, .to = to, .state = state };
	char what[120];

	(void)snprintf(what, sizeof what, "%s at %s being '%s'", id, to, state);
	st_await(s, what, ms, is_in_state, &w);
}

static void
send_report(struct station_proc *s, const char *to, const char *title, bool flash, char id[80])
{
	json_t *body = report_body(title), *answer;

	(void)json_object_set_new(body, "to", json_pack("[s]", to));
	if (flash)
		(void)json_object_set_new(body, "precedence", json_string("flash"));
	answer = st_ask(s, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", title, "realm", "live", "body", body));
	(void)snprintf(id, 80, "%s", text_of(answer, "id"));
	ST_CHECK(id[0] != '\0', "%s: no id", s->code);
	json_decref(answer);
}

static size_t
copies(struct station_proc *s, const char *id)
{
	json_t *a = st_ask(s, json_pack("{s:s, s:s, s:i}", "op", "list", "kind", "report", "limit", 1000)), *m;
	size_t i, n = 0;

	json_array_foreach(json_object_get(a, "messages"), i, m)
		n += strcmp(text_of(m, "id"), id) == 0;
	json_decref(a);
	return n;
}

void
case_relay_burnt(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	int64_t began;
	char id[80];

	for (size_t i = 0; i < STATIONS; i++)
		setting(&e->st.s[i], "reoffer_minutes = 1");
	st_start(county);
	st_start(town);
	send_report(town, city->code, "relay-burnt", false, id);
	await_state(town, id, city->code, "custody", SAY_WAIT * e->slow);
	st_kill(county);
	destroy_journal(county);
	st_start(county);
	st_start(city);
	began = mono_ms();
	await_state(town, id, city->code, "delivered", REOFFER_WAIT * e->slow);
	(void)snprintf(e->note, sizeof e->note, "there after %.1f s", (double)(mono_ms() - began) / 1000);
	ST_CHECK(copies(city, id) == 1, "the city has %zu copies", copies(city, id));
	verify_all(e);
}

/* The township's line to the city itself is dead from the start; the county is its other way. */
void
case_other_way(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	int64_t began;
	char flash[80], plain[80];

	setting(town, "divert_seconds = 1");
	json_decref(say(town, "enrol", "--station", city->code, "--key", city->key, "--role", "parent", "--endpoint",
	    "tcp://127.0.0.1:1", NULL));
	stations_start(&e->st);
	began = mono_ms();
	send_report(town, city->code, "other-way", true, flash);
	send_report(town, city->code, "other-way-later", false, plain);
	await_state(town, flash, city->code, "delivered", SAY_WAIT * e->slow);
	(void)snprintf(e->note, sizeof e->note, "flash there after %.1f s", (double)(mono_ms() - began) / 1000);
	await_state(town, plain, city->code, "delivered", (20000 + SAY_WAIT) * e->slow);
	ST_CHECK(copies(city, flash) == 1 && copies(city, plain) == 1, "not one copy each");
	ST_CHECK(st_status(town, "outbox") == 0, "the township's outbox is not empty");
	/* Passed over, it has its own copy (越级), and relays the city's beside it: one row, not two. */
	ST_CHECK(copies(county, flash) == 1, "the county, passed over, has %zu copies", copies(county, flash));
	verify_all(e);
}

void
case_hosted(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char first[80], second[80];

	setting(county, "hosted = yes");
	stations_start(&e->st);
	send_report(town, county->code, "nobody-there", false, first);
	await_message(e, county, first, "id", first);
	await_state(town, first, county->code, "custody", SAY_WAIT * e->slow);
	st_kill(county);	/* and nothing is forgotten */
	st_start(county);
	send_report(town, county->code, "nobody-there-still", false, second);
	await_message(e, county, second, "id", second);
	await_state(town, second, county->code, "custody", SAY_WAIT * e->slow);
	await_state(town, first, county->code, "custody", 1000);
	json_decref(st_ask(county, json_pack("{s:s}", "op", "attend")));	/* the first key */
	await_state(town, first, county->code, "delivered", SAY_WAIT * e->slow);
	await_state(town, second, county->code, "delivered", SAY_WAIT * e->slow);
	send_report(town, county->code, "somebody-there", false, second);
	await_state(town, second, county->code, "delivered", SAY_WAIT * e->slow);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	verify_all(e);
}
