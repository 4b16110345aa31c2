/*
 * PINs of persons (duty_pin.h).
 *
 * A PIN has six digits: what protects it is that a try costs some 30 ms and that five wrong ones lock the person out for a while, not its length.
 * Both are in the journal's meta, so a restart gives nobody new tries, and nothing of them is in a message, a log line or the chain.  The person
 * is locked and never the seat: whoever else sits there goes on.
 */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "duty_pin.h"

#define PIN_OPS 2			/* passes; with the next some 20-40 ms on the machines this runs on */
#define PIN_MEM ((size_t)32 << 20)	/* bytes */
#define MINUTE INT64_C(60000)

struct tries {
	int64_t wrong;
	int64_t until;	/* ms UTC, 0 not locked */
};

static void
key_of(const char *what, const char *person, char *out, size_t size)
{
	(void)snprintf(out, size, "pin.%s/%s", what, person);
}

/* 0, 1 none, -1. */
static int
hash_get(struct journal *j, const char *person, char out[crypto_pwhash_STRBYTES])
{
	char key[128];
	int rc;

	key_of("hash", person, key, sizeof key);
	rc = j->ops->meta_get(j, key, out, crypto_pwhash_STRBYTES);
	return rc == 0 && out[0] == '\0' ? 1 : rc;
}

bool
pin_has(struct journal *j, const char *person)
{
	char hash[crypto_pwhash_STRBYTES];

	return *person != '\0' && hash_get(j, person, hash) == 0;
}

bool
pin_any(struct journal *j)
{
	char v[8];

	return j->ops->meta_get(j, "pin.any", v, sizeof v) == 0;
}

/* ---- tries ---- */

static int
tries_get(struct journal *j, const struct rules *r, int64_t now, const char *person, struct tries *t)
{
	int64_t most = rules_number(r, NUMBER_PIN_LOCK_MINUTES) * MINUTE;
	char key[128], v[64];
	int rc;

	*t = (struct tries){0};
	key_of("tries", person, key, sizeof key);
	rc = j->ops->meta_get(j, key, v, sizeof v);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if (sscanf(v, "%" SCNd64 " %" SCNd64, &t->wrong, &t->until) != 2 || t->wrong < 0 || t->until < 0)
		*t = (struct tries){.wrong = rules_number(r, NUMBER_PIN_TRIES), .until = now + most};	/* not as we write it */
	/* a clock set back must not lock him out for the night */
	if (t->until > now + most)
		t->until = now + most;
	if (t->until != 0 && t->until <= now)
		*t = (struct tries){0};
	return 0;
}

static int
tries_put(struct journal *j, const char *person, const struct tries *t)
{
	char key[128], v[64];

	key_of("tries", person, key, sizeof key);
	(void)snprintf(v, sizeof v, "%" PRId64 " %" PRId64, t->wrong, t->until);
	return j->ops->meta_set(j, key, v);
}

static int64_t
left_of(const struct rules *r, const struct tries *t)
{
	int64_t most = rules_number(r, NUMBER_PIN_TRIES);

	return t->until != 0 || t->wrong >= most ? 0 : most - t->wrong;
}

void
pin_look(struct journal *j, const struct rules *r, int64_t now, const char *person, int64_t *left, int64_t *until)
{
	struct tries t;

	if (tries_get(j, r, now, person, &t) == -1)
		t = (struct tries){0};
	*left = left_of(r, &t);
	*until = t.until;
}

enum pin_state
pin_check(struct journal *j, const struct rules *r, int64_t now, const char *person, const char *pin, int64_t *left, int64_t *until)
{
	char hash[crypto_pwhash_STRBYTES];
	struct tries t, was;
	int rc = sodium_init() == -1 ? -1 : hash_get(j, person, hash);

	*left = *until = 0;
	if (rc != 0)
		return rc == 1 ? PIN_NONE : PIN_FAILED;
	if (tries_get(j, r, now, person, &t) == -1)
		return PIN_FAILED;
	*until = t.until;
	if (t.until != 0)
		return PIN_LOCKED;
	was = t;
	if (crypto_pwhash_str_verify(hash, pin, strnlen(pin, PIN_MAX + 1)) == 0) {
		t = (struct tries){0};
		if (was.wrong != 0 && tries_put(j, person, &t) == -1)
			return PIN_FAILED;
		*left = left_of(r, &t);
		return PIN_RIGHT;
	}
	t.wrong++;
	if (t.wrong >= rules_number(r, NUMBER_PIN_TRIES))
		t.until = now + rules_number(r, NUMBER_PIN_LOCK_MINUTES) * MINUTE;
	if (tries_put(j, person, &t) == -1)
		return PIN_FAILED;
	*left = left_of(r, &t);
	*until = t.until;
	return t.until != 0 ? PIN_LOCKED : PIN_WRONG;
}

/* ---- setting ---- */

/* All the same, or each one more or one less than the one before: 000000, 123456, 654321. */
static bool
trivial(const char *pin, size_t n)
{
	bool same = true, up = true, down = true, pair = n % 2 == 0;

	for (size_t i = 1; i < n; i++) {
		same &= pin[i] == pin[0];
		up &= pin[i] == pin[i - 1] + 1 || (pin[i] == '0' && pin[i - 1] == '9');
		down &= pin[i] == pin[i - 1] - 1 || (pin[i] == '9' && pin[i - 1] == '0');
		pair &= i < 2 || pin[i] == pin[i - 2];
	}
	return same || up || down || pair;
}

int
pin_fit(const struct rules *r, const char *field, const char *pin, struct fault *f)
{
	size_t n = strlen(pin), bad, chars = 0;
	int64_t least = rules_number(r, NUMBER_PIN_DIGITS);

	if (n > PIN_MAX)
		return fault_set(f, EX_DATAERR, field, _("a PIN has at most %d bytes"), PIN_MAX);
	if (!text_utf8_valid(pin, n, &bad) || !text_clean(pin, n, false, &bad))
		return fault_set(f, EX_DATAERR, field, _("a PIN holds characters that can be typed"));
	for (size_t i = 0; i < n; i++)
		chars += ((unsigned char)pin[i] & 0xc0) != 0x80;
	if ((int64_t)chars < least)
		return fault_set(f, EX_DATAERR, field, _("a PIN has at least %d characters"), (int)least);
	if (trivial(pin, n))
		return fault_set(f, EX_DATAERR, field, _("anybody would try that PIN first: choose another"));
	return 0;
}

int
pin_set(struct journal *j, const struct rules *r, int64_t now, const char *person, const char *old, const char *pin, const char *by,
    struct fault *f)
{
	char key[128], hash[crypto_pwhash_STRBYTES], when[48];
	struct tries none = {0};
	int64_t left, until;
	bool leader = by != NULL && *by != '\0' && strcmp(by, person) != 0;

	assert(*person != '\0');
	if (pin_fit(r, "pin", pin, f) == -1)
		return -1;
	if (!leader && pin_has(j, person)) {
		if (old == NULL || *old == '\0')
			return fault_set(f, EX_NOPERM, "old", _("%s has a PIN: the old one is needed, or a leader's proof"), person);
		switch (pin_check(j, r, now, person, old, &left, &until)) {
		case PIN_RIGHT:
		case PIN_NONE:
			break;
		case PIN_WRONG:
			return fault_set(f, EX_NOPERM, "old", _("wrong PIN for %s; %d tries left"), person, (int)left);
		case PIN_LOCKED:
			return fault_set(f, EX_TEMPFAIL, "old", _("%s is locked out until %s"), person,
			    time_format(until, TIME_CLOCK, when, sizeof when));
		case PIN_FAILED:
			return fault_set(f, EX_IOERR, "old", _("the journal cannot be read"));
		}
	}
	if (sodium_init() == -1 || crypto_pwhash_str(hash, pin, strlen(pin), PIN_OPS, PIN_MEM) != 0)
		return fault_set(f, EX_TEMPFAIL, "pin", _("there is no memory to keep a PIN safely at the moment"));
	key_of("hash", person, key, sizeof key);
	if (j->ops->meta_set(j, key, hash) == -1 || j->ops->meta_set(j, "pin.any", "1") == -1 || tries_put(j, person, &none) == -1)
		return fault_set(f, EX_IOERR, "pin", _("the PIN could not be kept"));
	return 0;
}
