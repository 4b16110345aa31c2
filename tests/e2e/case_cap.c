/*
 * Real CAP files imported at the county: Actual ones are at the township within a second of the import's end, by pushes alone;
 * Exercise goes to the exercise realm; Test, System and Draft stay in the county's log; the original bytes are kept.
 * Some files are one alert as several hands wrote it down: by sender, identifier and time the first is taken, no other.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "e2e.h"

#define FILES 80

enum fate { LIVE, EXERCISE, LOG, FATES };

struct file {
	char path[700];
	struct buf bytes;
	enum fate fate;
	unsigned seen[FATES];	/* at the county */
};

struct caps {
	struct file v[FILES];
	size_t n, count[FATES];
	char twin[FILES][700];	/* paths of files whose identity another has */
	size_t ntwins;
};

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

/* The first <status> of the file, whatever its namespace prefix. */
static enum fate
fate_of(struct file *f)
{
	const char *at = strstr(buf_cstr(&f->bytes), "status>");

	ST_CHECK(at != NULL, "%s: no status", f->path);
	at += strlen("status>");
	at += strspn(at, " \t\r\n");
	return strncmp(at, "Actual", 6) == 0 ? LIVE : strncmp(at, "Exercise", 8) == 0 ? EXERCISE : LOG;
}

/* The text of the first element of that name, whatever its prefix. */
static void
first_text(struct file *f, const char *name, char out[200])
{
	const char *at = strstr(buf_cstr(&f->bytes), name);

	ST_CHECK(at != NULL, "%s: no %s", f->path, name);
	at += strlen(name);
	at += strspn(at, " \t\r\n");
	(void)snprintf(out, 200, "%.*s", (int)strcspn(at, " \t\r\n<"), at);
}

static bool
same_identity(struct file *a, struct file *b)
{
	static const char *const names[] = { "identifier>", "sender>", "sent>" };
	char x[200], y[200];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		first_text(a, names[i], x);
		first_text(b, names[i], y);
		if (strcmp(x, y) != 0)
			return false;
	}
	return true;
}

static void
load(struct e2e *e, struct caps *c)
{
	char dir[600];
	struct dirent *d;
	size_t firsts = 0;
	DIR *h;

	(void)snprintf(dir, sizeof dir, "%s/cap/valid", e->data);
	h = opendir(dir);
	ST_CHECK(h != NULL, "no %s", dir);
	while ((d = readdir(h)) != NULL) {
		size_t n = strlen(d->d_name);

		if (n < 4 || strcmp(d->d_name + n - 4, ".xml") != 0)
			continue;
		ST_CHECK(c->n < FILES, "more than %d files", FILES);
		(void)snprintf(c->v[c->n].path, sizeof c->v[c->n].path, "%s/%s", dir, d->d_name);
		c->n++;
	}
	(void)closedir(h);
	ST_CHECK(c->n > 0, "no files in %s", dir);
	qsort(c->v, c->n, sizeof c->v[0], by_path);
	for (size_t i = 0; i < c->n; i++) {
		size_t k = 0;

		file_read(c->v[i].path, &c->v[i].bytes);
		while (k < firsts && !same_identity(&c->v[k], &c->v[i]))
			k++;
		if (k < firsts) {
			memcpy(c->twin[c->ntwins++], c->v[i].path, sizeof c->v[i].path);
			buf_free(&c->v[i].bytes);
			continue;
		}
		c->v[i].fate = fate_of(&c->v[i]);
		c->count[c->v[i].fate]++;
		if (firsts != i) {
			c->v[firsts] = c->v[i];
			c->v[i].bytes = (struct buf){ 0 };
		}
		firsts++;
	}
	c->n = firsts;
}

static json_int_t
held(struct station_proc *s, const char *kind, const char *realm)
{
	json_t *a = st_ask(s, json_pack("{s:s, s:s, s:s, s:i, s:b}", "op", "list", "kind", kind, "realm", realm, "limit", 1000, "all", 1));
	json_int_t n = (json_int_t)json_array_size(json_object_get(a, "messages"));

	json_decref(a);
	return n;
}

static void
import(struct e2e *e, struct caps *c, unsigned long n[3])
{
	const char *args[FILES + 8] = { "import", "--format", "cap" };
	char out[300];
	struct buf b = { 0 };
	const char *at;
	size_t k = 3;
	int status;

	for (size_t i = 0; i < c->n; i++)
		args[k++] = c->v[i].path;
	(void)snprintf(out, sizeof out, "%s/import.out", e->st.root);
	status = wait_pid(st_ctl_spawn(&e->st.s[COUNTY], out, args), 60000 * e->slow);
	file_read(out, &b);
	at = strstr(buf_cstr(&b), "taken ");
	ST_CHECK(status == 0 && at != NULL && sscanf(at, "taken %lu, already there %lu, refused %lu", &n[0], &n[1], &n[2]) == 3,
	    "the import ended with status %d: %.1500s", status, buf_cstr(&b));
	buf_free(&b);
}

/* What has the identity of another file is there already or refused by name, and enters nothing. */
static void
import_twins(struct e2e *e, struct caps *c)
{
	struct station_proc *county = &e->st.s[COUNTY];
	json_int_t base = st_status(county, "messages");
	const char *args[FILES + 8] = { "import", "--format", "cap" };
	unsigned long n[3] = { 0, 0, 0 };
	char out[300];
	struct buf b = { 0 };
	const char *at;
	size_t k = 3;
	int status;

	for (size_t i = 0; i < c->ntwins; i++)
		args[k++] = c->twin[i];
	(void)snprintf(out, sizeof out, "%s/twins.out", e->st.root);
	status = wait_pid(st_ctl_spawn(county, out, args), 60000 * e->slow);
	file_read(out, &b);
	at = strstr(buf_cstr(&b), "taken ");
	while (at != NULL && sscanf(at, "taken %lu, already there %lu, refused %lu", &n[0], &n[1], &n[2]) != 3)
		at = strstr(at + 1, "taken ");
	ST_CHECK(at != NULL && n[0] == 0 && n[1] + n[2] == c->ntwins && status == (n[2] > 0 ? 65 : 0),
	    "twins: status %d, taken %lu, already there %lu, refused %lu of %zu: %.900s", status, n[0], n[1], n[2], c->ntwins,
	    buf_cstr(&b));
	ST_CHECK(st_status(county, "messages") == base, "a twin was entered");
	buf_free(&b);
}

/* Every kept message of the county is one of the files, in the realm it belongs to, and its bytes come back. */
struct kept {
	struct caps *c;
	struct station_proc *s;
	char (*digest)[80];
	char (*realm)[80];
	size_t n;
};

static void
note_original(void *ctx, const char *id, const json_t *answer)
{
	struct kept *k = ctx;
	const json_t *body = json_object_get(answer, "body");

	if (text_of(body, "original")[0] == '\0')
		return;
	ST_CHECK(k->n < 2 * FILES, "too many originals");
	(void)snprintf(k->digest[k->n], sizeof *k->digest, "%s", text_of(body, "original"));
	(void)snprintf(k->realm[k->n], sizeof *k->realm, "%c%s", id[0] == 'X' ? 'X' : 'L', text_of(body, "kind"));
	k->n++;
}

static void
check_original(struct kept *k, size_t i)
{
	enum fate fate = strcmp(k->realm[i] + 1, "log") == 0 ? LOG : k->realm[i][0] == 'X' ? EXERCISE : LIVE;
	json_t *a = st_ask(k->s, json_pack("{s:s, s:s}", "op", "blob", "digest", k->digest[i]));
	const struct buf *bytes = client_bytes(st_client(k->s));
	size_t f;

	for (f = 0; f < k->c->n; f++)
		if (k->c->v[f].bytes.n == bytes->n && memcmp(k->c->v[f].bytes.p, bytes->p, bytes->n) == 0)
			break;
	ST_CHECK(f < k->c->n, "the bytes of %s are those of no file", k->digest[i]);
	ST_CHECK(json_integer_value(json_object_get(a, "size")) == (json_int_t)bytes->n, "wrong size of %s", k->digest[i]);
	ST_CHECK(k->c->v[f].fate == fate, "%s went to the wrong place: %s", k->c->v[f].path, k->realm[i]);
	k->c->v[f].seen[fate]++;
	json_decref(a);
}

/* Waits for pushes alone. */
static double
await_pushed(struct e2e *e, struct caps *c, double since)
{
	struct station_proc *town = &e->st.s[TOWN];
	struct fault f = { 0 };
	double limit = 1.0 * e->slow;

	while (held(town, "warning", "live") < (json_int_t)c->count[LIVE]) {
		double left = since + limit - mono_s();

		ST_CHECK(left > 0 && client_step(st_client(town), (int)(left * 1000) + 1, NULL, NULL, NULL, &f) > 0,
		    "the township has %lld of %zu warnings %.1f s after the import", (long long)held(town, "warning", "live"),
		    c->count[LIVE], mono_s() - since);
	}
	return mono_s() - since;
}

void
case_cap_import(struct e2e *e)
{
	struct caps *c = xcalloc(1, sizeof *c);
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	struct kept k = { .c = c, .s = county };
	unsigned long n[3];
	double done;

	load(e, c);
	stations_start(&e->st);
	(void)held(town, "warning", "live");	/* the watching connection is up before */
	/* The links too, or the first second would measure connecting. */
	json_decref(st_submit(county, "live", json_pack("{s:s, s:s, s:[s], s:s}", "kind", "directive", "text", "链路检查", "to", town->code,
	    "author", "李敏")));
	stations_settle(&e->st, 30000);
	import(e, c, n);
	done = await_pushed(e, c, mono_s());
	ST_CHECK(n[0] == c->n && n[1] == 0 && n[2] == 0, "taken %lu, already there %lu, refused %lu of %zu files", n[0], n[1], n[2], c->n);
	stations_settle(&e->st, 30000 * e->slow);

	ST_CHECK(held(town, "warning", "live") == (json_int_t)c->count[LIVE], "live warnings at the township");
	ST_CHECK(held(town, "warning", "exercise") == (json_int_t)c->count[EXERCISE], "the township has %lld of %zu warnings of the exercise realm",
	    (long long)held(town, "warning", "exercise"), c->count[EXERCISE]);
	ST_CHECK(held(town, "log", "live") + held(town, "log", "exercise") == 0, "a log entry has left the county");
	ST_CHECK(held(county, "log", "live") + held(county, "log", "exercise") == (json_int_t)c->count[LOG], "the county's log");
	ST_CHECK(held(city, "warning", "live") + held(city, "log", "live") == 0, "something went to the city unasked");

	k.digest = xcalloc(2 * FILES, sizeof *k.digest);
	k.realm = xcalloc(2 * FILES, sizeof *k.realm);
	(void)each_message(county, "warning", note_original, &k);
	(void)each_message(county, "log", note_original, &k);
	ST_CHECK(k.n == c->n, "%zu originals of %zu files", k.n, c->n);
	for (size_t i = 0; i < k.n; i++)
		check_original(&k, i);
	for (size_t i = 0; i < c->n; i++)
		ST_CHECK(c->v[i].seen[c->v[i].fate] == 1, "%s was kept %u times", c->v[i].path, c->v[i].seen[c->v[i].fate]);

	import(e, c, n);
	ST_CHECK(n[0] == 0 && n[1] == c->n && n[2] == 0, "again: taken %lu, already there %lu, refused %lu", n[0], n[1], n[2]);
	import_twins(e, c);
	verify_all(e);
	(void)snprintf(e->note, sizeof e->note, "%zu live at the township %.0f ms after the import's end, %zu exercise, %zu to the log alone",
	    c->count[LIVE], done * 1000, c->count[EXERCISE], c->count[LOG]);
	for (size_t i = 0; i < c->n; i++)
		buf_free(&c->v[i].bytes);
	free(k.digest);
	free(k.realm);
	free(c);
}
