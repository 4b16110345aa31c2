/*
 * The bare SQLite loop.  With bench_store.c the one place in tests that calls SQLite itself.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../lib/stations.h"
#include "bare.h"

#define TABLES_MAX 32
#define COLUMNS_MAX 40
#define SMALL_MAX 200		/* rows of a table that is copied and not replayed */

struct table {
	char name[64];
	int columns, per;	/* rows a report; 0: small, copied */
	sqlite3_value **v;	/* columns values a row, of the rows replayed; owned */
	sqlite3_stmt *insert;
};

struct bare {
	sqlite3 *from, *db;
	struct table t[TABLES_MAX];
	size_t n;
	int reports, next;
	sqlite3_stmt *begin, *commit, *meta, *head;
	char path[600];
};

static void
sq(sqlite3 *db, int rc)
{
	ST_CHECK(rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW, "sqlite: %s", sqlite3_errmsg(db));
}

static void
run(sqlite3 *db, const char *sql)
{
	ST_CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "sqlite: %s: %s", sql, sqlite3_errmsg(db));
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;

	ST_CHECK(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) == SQLITE_OK, "sqlite: %s: %s", sql,
	    sqlite3_errmsg(db));
	return s;
}

static void
step(sqlite3 *db, sqlite3_stmt *s)
{
	sq(db, sqlite3_step(s));
	sq(db, sqlite3_reset(s));
}

static long
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = prepare(db, sql);
	long n;

	sq(db, sqlite3_step(s));
	n = (long)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* Of a virtual table: filled behind custody, from idle time, and no part of taking a report. */
static bool
is_aside(sqlite3 *db, const char *name)
{
	sqlite3_stmt *s = prepare(db, "SELECT count(*) FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%' AND"
	    " (?1=name OR substr(?1,1,length(name)+1)=name||'_')");
	bool yes;

	sq(db, sqlite3_bind_text(s, 1, name, -1, SQLITE_TRANSIENT));
	sq(db, sqlite3_step(s));
	yes = sqlite3_column_int(s, 0) > 0;
	sqlite3_finalize(s);
	return yes;
}

/* The last rows of a table in the order they came. */
static void
table_learn(struct bare *b, struct table *t, long rows)
{
	char sql[200];
	sqlite3_stmt *s;
	long skip = t->per > 0 ? rows - (long)t->per * b->reports : 0, want = rows - skip, at = 0;

	(void)snprintf(sql, sizeof sql, "SELECT * FROM %s LIMIT %ld OFFSET %ld", t->name, want, skip);
	s = prepare(b->from, sql);
	t->columns = sqlite3_column_count(s);
	ST_CHECK(t->columns <= COLUMNS_MAX, "%s has many columns", t->name);
	t->v = xcalloc((size_t)want * (size_t)t->columns + 1, sizeof(sqlite3_value *));
	while (sqlite3_step(s) == SQLITE_ROW) {
		for (int c = 0; c < t->columns; c++)
			t->v[at * t->columns + c] = sqlite3_value_dup(sqlite3_column_value(s, c));
		at++;
	}
	sqlite3_finalize(s);
	ST_CHECK(at == want, "%s: %ld rows instead of %ld", t->name, at, want);
}

static void
row_put(struct bare *b, struct table *t, long row)
{
	for (int c = 0; c < t->columns; c++)
		sq(b->db, sqlite3_bind_value(t->insert, c + 1, t->v[row * t->columns + c]));
	step(b->db, t->insert);
}

static void
table_open(struct bare *b, struct table *t, long rows)
{
	char sql[64 + 64 + 3 * COLUMNS_MAX];
	int n = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES(", t->name);

	for (int c = 0; c < t->columns; c++)
		n += snprintf(sql + n, sizeof sql - (size_t)n, "%s?", c > 0 ? "," : "");
	(void)snprintf(sql + n, sizeof sql - (size_t)n, ")");
	t->insert = prepare(b->db, sql);
	for (long i = 0; t->per == 0 && i < rows; i++)
		row_put(b, t, i);
}

static void
schema_copy(struct bare *b, const char *type)
{
	sqlite3_stmt *s = prepare(b->from, "SELECT name, sql FROM sqlite_master WHERE type=?1 AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
	    " AND sql NOT LIKE 'CREATE VIRTUAL%'");

	sq(b->from, sqlite3_bind_text(s, 1, type, -1, SQLITE_STATIC));
	while (sqlite3_step(s) == SQLITE_ROW)
		if (!is_aside(b->from, (const char *)sqlite3_column_text(s, 0)))
			run(b->db, (const char *)sqlite3_column_text(s, 1));
	sqlite3_finalize(s);
}

struct bare *
bare_learn(const struct bench *bench, const char *journal, int reports)
{
	struct bare *b = xcalloc(1, sizeof *b);
	sqlite3_stmt *names;
	char sql[200];

	b->reports = reports;
	scratch_file(bench, "bare.db", b->path, sizeof b->path);
	scratch_remove(b->path);
	ST_CHECK(sqlite3_open_v2(journal, &b->from, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "%s: %s", journal, sqlite3_errmsg(b->from));
	sq(b->db, sqlite3_open(b->path, &b->db));
	(void)snprintf(sql, sizeof sql, "PRAGMA page_size=%ld; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;", number(b->from, "PRAGMA page_size"));
	run(b->db, sql);
	schema_copy(b, "table");
	schema_copy(b, "index");
	names = prepare(b->from, "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
	    " AND sql NOT LIKE 'CREATE VIRTUAL%'");
	while (sqlite3_step(names) == SQLITE_ROW) {
		struct table *t = &b->t[b->n];
		long rows;

		ST_CHECK(b->n < TABLES_MAX, "many tables");
		(void)snprintf(t->name, sizeof t->name, "%s", (const char *)sqlite3_column_text(names, 0));
		if (is_aside(b->from, t->name))
			continue;
		(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", t->name);
		rows = number(b->from, sql);
		t->per = (int)(rows / reports);
		if (rows == 0 || (t->per == 0 && rows > SMALL_MAX))
			continue;
		table_learn(b, t, rows);
		table_open(b, t, rows);
		b->n++;
	}
	sqlite3_finalize(names);
	sqlite3_close(b->from);
	b->from = NULL;
	b->begin = prepare(b->db, "BEGIN IMMEDIATE");
	b->commit = prepare(b->db, "COMMIT");
	b->meta = prepare(b->db, "UPDATE meta SET val=?1 WHERE key LIKE 'number.%'");
	b->head = prepare(b->db, "UPDATE head SET seq=?1");
	return b;
}

int
bare_left(const struct bare *b)
{
	return b->reports - b->next;
}

int
bare_rows(const struct bare *b)
{
	int n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->t[i].per;
	return n;
}

double
bare_round(struct bare *b, int batches, int batch)
{
	double began = mono_s();

	ST_CHECK(bare_left(b) >= batches * batch, "the rows do not reach");
	for (int i = 0; i < batches; i++) {
		step(b->db, b->begin);
		for (int k = 0; k < batch; k++, b->next++) {
			for (size_t t = 0; t < b->n; t++)
				for (int r = 0; r < b->t[t].per; r++)
					row_put(b, &b->t[t], (long)b->next * b->t[t].per + r);
			sq(b->db, sqlite3_bind_int(b->meta, 1, b->next));
			step(b->db, b->meta);
		}
		sq(b->db, sqlite3_bind_int(b->head, 1, b->next + 1000000));
		step(b->db, b->head);
		step(b->db, b->commit);
	}
	return (mono_s() - began) * 1e6 / (batches * batch);
}

void
bare_free(struct bare *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		struct table *t = &b->t[i];
		size_t values = (size_t)t->columns * (size_t)t->per * (size_t)b->reports;

		for (size_t k = 0; k < values; k++)
			sqlite3_value_free(t->v[k]);
		for (size_t k = 0; t->per == 0 && t->v[k] != NULL; k++)
			sqlite3_value_free(t->v[k]);
		free(t->v);
		sqlite3_finalize(t->insert);
	}
	sqlite3_finalize(b->begin);
	sqlite3_finalize(b->commit);
	sqlite3_finalize(b->meta);
	sqlite3_finalize(b->head);
	sqlite3_close(b->db);
	scratch_remove(b->path);
	free(b);
}
