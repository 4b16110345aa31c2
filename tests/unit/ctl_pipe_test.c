/*
 * The window of submits against a switch of straw that goes away, comes back, says "not now", or dies for good: everything
 * is told once, in order, and nothing is lost.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include "fake_switch.h"
#include "../../formats/i18n.h"
#include "../../switch/ctl.h"

struct told {
	size_t count, taken, refused;
	size_t line[512];
	int code;
	char rid[64];
};

static void
on_done(void *ctx, const struct ctl_done *d)
{
	struct told *t = ctx;

	assert_true(t->count < 512);
	t->line[t->count++] = d->line;
	assert_true((d->answer == NULL) != (d->fault == NULL));
	if (d->answer != NULL)
		t->taken++;
	else {
		t->refused++;
		t->code = d->fault->code;
		(void)snprintf(t->rid, sizeof t->rid, "%s", d->rid);
	}
}

static json_t *
submit(size_t i)
{
	char rid[32];

	(void)snprintf(rid, sizeof rid, "r%zu", i);
	return json_pack("{s:s, s:s}", "op", "submit", "rid", rid);
}

static void
in_order(const struct told *t, size_t n)
{
	assert_int_equal((int)t->count, (int)n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal((int)t->line[i], (int)i + 1);
}

/* Keeps a list of request ids taken; dies after every 37 answers, with more taken than answered; answers in pairs
 * turned round. */
static void
script_dying(int l, void *arg)
{
	char taken[512][32];
	size_t ntaken = 0, total = *(size_t *)arg, lives = 0;

	for (;;) {
		int fd = fake_hello(l), answered = 0;
		json_t *hold = NULL, *j;

		lives++;
		while ((j = fake_read(fd, NULL)) != NULL) {
			const char *rid = json_string_value(json_object_get(j, "rid"));
			size_t i = 0;
			char more[64];

			FAKE(rid != NULL);
			while (i < ntaken && strcmp(taken[i], rid) != 0)
				i++;
			if (i == ntaken) {
				FAKE(ntaken < 512);
				(void)snprintf(taken[ntaken++], sizeof taken[0], "%s", rid);
			}
			if (answered >= 37 && ntaken < total) {	/* taken, not answered */
				json_decref(j);
				break;
			}
			(void)snprintf(
			    more, sizeof more, "\"id\":\"x\",\"duplicate\":%s", i < ntaken - 1 ? "true" : "false");
			if (hold == NULL && ntaken < total) {
				hold = j;
				continue;
			}
			fake_ok(fd, fake_n(j), more);
			if (hold != NULL)
				fake_ok(fd, fake_n(hold), more);
			answered += 2;
			json_decref(hold);
			json_decref(j);
			hold = NULL;
		}
		json_decref(hold);
		close(fd);
		if (j == NULL)
			break;
	}
	FAKE(ntaken == total);
	FAKE(lives > 3);
}

static void
test_window_dying(void **state)
{
	struct fake fk = { .dir = "" };
	struct told told = { .count = 0 };
	struct ctl ctl = { .dir = fk.dir };
	struct fault f = { 0 };
	struct ctl_pipe *p;
	size_t total = 200;

	(void)state;
	fake_start(&fk, script_dying, &total);
	p = ctl_pipe_new(&ctl, 30, on_done, &told);
	for (size_t i = 1; i <= total; i++)
		assert_int_equal(ctl_pipe_put(p, "f", i, submit(i), NULL, 0, &f), 0);
	assert_int_equal(ctl_pipe_drain(p, &f), 0);
	in_order(&told, total);
	assert_int_equal((int)told.taken, (int)total);
	ctl_pipe_free(p);
	client_close(ctl.client);
	assert_int_equal(fake_wait(&fk), 0);
	fake_remove(&fk);
}

/* Sees never more than the window unanswered; the third says "not now" twice. */
static void
script_window(int l, void *arg)
{
	int fd = fake_hello(l), later = 0;
	long long n[CTL_WINDOW + 1];
	int held = 0, limit = *(int *)arg;
	json_t *j;

	while (held < limit) {
		j = fake_read(fd, NULL);
		FAKE(j != NULL);
		n[held++] = fake_n(j);
		json_decref(j);
	}
	/* the window is full: nothing more may come */
	{
		char c;

		FAKE(recv(fd, &c, 1, MSG_DONTWAIT) < 0);
	}
	for (int i = held - 1; i >= 0; i--) {
		char text[96];

		if (i != 2) {
			fake_ok(fd, n[i], "");
			continue;
		}
		(void)snprintf(
		    text, sizeof text, "{\"re\":%lld,\"ok\":false,\"code\":75,\"text\":\"disk full\"}", n[i]);
		fake_send(fd, text);
	}
	while ((j = fake_read(fd, NULL)) != NULL) {
		const char *rid = json_string_value(json_object_get(j, "rid"));
		char text[96];

		if (strcmp(rid, "r3") == 0 && later++ < 1) {
			(void)snprintf(text, sizeof text,
			    "{\"re\":%lld,\"ok\":false,\"code\":75,\"text\":\"disk full\"}", fake_n(j));
			fake_send(fd, text);
		} else
			fake_ok(fd, fake_n(j), "");
		json_decref(j);
	}
	FAKE(later == 2);
}

static void
test_window(void **state)
{
	struct fake fk = { .dir = "" };
	struct told told = { .count = 0 };
	struct ctl ctl = { .dir = fk.dir };
	struct fault f = { 0 }, bad = { .code = EX_DATAERR, .text = "no JSON" };
	struct ctl_pipe *p;
	int window = CTL_WINDOW - 1;	/* one of the window is the line refused on this side */

	(void)state;
	fake_start(&fk, script_window, &window);
	p = ctl_pipe_new(&ctl, 30, on_done, &told);
	for (size_t i = 1; i <= 100; i++)
		if (i == 10)
			ctl_pipe_refuse(p, "f", i, &bad);
		else
			assert_int_equal(ctl_pipe_put(p, "f", i, submit(i), NULL, 0, &f), 0);
	assert_int_equal(ctl_pipe_drain(p, &f), 0);
	in_order(&told, 100);
	assert_int_equal((int)told.taken, 99);
	assert_int_equal(told.code, EX_DATAERR);
	ctl_pipe_free(p);
	client_close(ctl.client);
	assert_int_equal(fake_wait(&fk), 0);
	fake_remove(&fk);
}

static void
test_window_not_running(void **state)
{
	struct told told = { .count = 0 };
	struct ctl ctl = { .dir = "/tmp" };
	struct fault f = { 0 };
	struct ctl_pipe *p = ctl_pipe_new(&ctl, 600, on_done, &told);

	(void)state;
	assert_int_equal(ctl_pipe_put(p, "f", 1, submit(1), NULL, 0, &f), -1);
	assert_int_equal(f.code, EX_UNAVAILABLE);	/* at once, not after ten minutes */
	in_order(&told, 1);
	ctl_pipe_free(p);
}

/* Takes two requests and dies for good. */
static void
script_gone(int l, void *arg)
{
	int fd = fake_hello(l);
	json_t *a = fake_read(fd, NULL), *b = fake_read(fd, NULL);

	(void)arg;
	FAKE(a != NULL && b != NULL);
	close(l);
	fake_ok(fd, fake_n(a), "");
	close(fd);
}

static void
test_window_gone(void **state)
{
	struct fake fk = { .dir = "" };
	struct told told = { .count = 0 };
	struct ctl ctl = { .dir = fk.dir };
	struct fault f = { 0 };
	struct ctl_pipe *p;

	(void)state;
	fake_start(&fk, script_gone, NULL);
	p = ctl_pipe_new(&ctl, 0, on_done, &told);
	assert_int_equal(ctl_pipe_put(p, "f", 1, submit(1), NULL, 0, &f), 0);
	assert_int_equal(ctl_pipe_put(p, "f", 2, submit(2), NULL, 0, &f), 0);
	assert_int_equal(ctl_pipe_drain(p, &f), -1);
	assert_int_equal(f.code, EX_TEMPFAIL);
	in_order(&told, 2);
	assert_int_equal((int)told.taken, 1);
	assert_int_equal(told.code, EX_TEMPFAIL);
	assert_string_equal(told.rid, "r2");	/* so that it can be repeated */
	ctl_pipe_free(p);
	client_close(ctl.client);
	assert_int_equal(fake_wait(&fk), 0);
	fake_remove(&fk);
}

/* Killed while it was being greeted, before any request; then it is back. */
static void
script_early(int l, void *arg)
{
	int fd = fake_accept(l);
	json_t *j = fake_read(fd, NULL);

	(void)arg;
	FAKE(j != NULL);
	json_decref(j);
	close(fd);
	fd = fake_hello(l);
	j = fake_read(fd, NULL);
	FAKE(j != NULL);
	fake_ok(fd, fake_n(j), "");
	json_decref(j);
	FAKE(fake_read(fd, NULL) == NULL);
}

static void
test_window_early(void **state)
{
	struct fake fk = { .dir = "" };
	struct told told = { .count = 0 };
	struct ctl ctl = { .dir = fk.dir };
	struct fault f = { 0 };
	struct ctl_pipe *p;

	(void)state;
	fake_start(&fk, script_early, NULL);
	p = ctl_pipe_new(&ctl, 30, on_done, &told);
	assert_int_equal(ctl_pipe_put(p, "f", 1, submit(1), NULL, 0, &f), 0);
	assert_int_equal(ctl_pipe_drain(p, &f), 0);
	in_order(&told, 1);
	assert_int_equal((int)told.taken, 1);
	ctl_pipe_free(p);
	client_close(ctl.client);
	assert_int_equal(fake_wait(&fk), 0);
	fake_remove(&fk);
}

/* Dies of the request every time it gets it. */
static void
script_poison(int l, void *arg)
{
	(void)arg;
	for (;;) {
		int fd = fake_hello(l);
		json_t *j = fake_read(fd, NULL);

		close(fd);
		if (j == NULL)
			return;
		json_decref(j);
	}
}

static void
test_window_poison(void **state)
{
	struct fake fk = { .dir = "" };
	struct told told = { .count = 0 };
	struct ctl ctl = { .dir = fk.dir };
	struct fault f = { 0 };
	struct ctl_pipe *p;

	(void)state;
	fake_start(&fk, script_poison, NULL);
	p = ctl_pipe_new(&ctl, 1, on_done, &told);
	if (ctl_pipe_put(p, "f", 1, submit(1), NULL, 0, &f) == 0)
		assert_int_equal(ctl_pipe_drain(p, &f), -1);	/* ends, after a second */
	assert_int_equal(f.code, EX_TEMPFAIL);
	in_order(&told, 1);
	ctl_pipe_free(p);
	client_close(ctl.client);
	kill(fk.pid, SIGKILL);
	(void)fake_wait(&fk);
	fake_remove(&fk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_dying),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_window_not_running),
		cmocka_unit_test(test_window_gone),
		cmocka_unit_test(test_window_early),
		cmocka_unit_test(test_window_poison),
	};

	i18n_init("en");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
