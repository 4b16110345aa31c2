/*
 * Language of what people read (DESIGN 4.15).
 *
 * The language is a setting of ours, not of the machine: duty hosts are often installed without a locale, and
 * gettext gives no translation at all in locale "C".  So LC_CTYPE and LC_MESSAGES leave "C" for C.UTF-8, and
 * LANGUAGE is what chooses.  A user with another charset (GBK) keeps LC_CTYPE; messages are UTF-8 all the same,
 * and the terminal's edge converts.
 */
#include <libgen.h>
#include <locale.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "i18n.h"

#define DOMAIN "dutydesk"

#define REMEMBERED 256

static bool chinese = true;
static _Thread_local struct said {
	const char *msgid, *text;
} said[REMEMBERED];	/* by the msgid's address */

static void leave_c_locale(int category);
static bool beside_program(char *out, size_t size);

bool
i18n_zh(void)
{
	return chinese;
}

const char *
i18n_text(const char *msgid)
{
	struct said *s = &said[(uintptr_t)msgid * UINT64_C(0x9e3779b97f4a7c15) >> 56];

	if (s->msgid != msgid)
		*s = (struct said){ .msgid = msgid, .text = gettext(msgid) };
	return s->text;
}

static void
leave_c_locale(int category)
{
	static const char *const tries[] = { "C.UTF-8", "C.utf8", "zh_CN.UTF-8", "en_US.UTF-8" };
	const char *now = setlocale(category, "");
	size_t i;

	if (now != NULL && strcmp(now, "C") != 0 && strcmp(now, "POSIX") != 0)
		return;
	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		if (setlocale(category, tries[i]) != NULL)
			return;
}

/* A program run from the build tree has its catalogues beside it; an installed one, wherever it was put, in ../share. */
static bool
beside_program(char *out, size_t size)
{
	static const char *const places[] = { "locale", "../share/locale" };
	char exe[PATH_MAX], ours[PATH_MAX];
	const char *dir;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int len;

	if (n <= 0)
		return false;
	exe[n] = '\0';
	dir = dirname(exe);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		/* a share/locale may be there and hold everybody's catalogues but ours */
		len = snprintf(ours, sizeof(ours), "%s/%s/zh_CN/LC_MESSAGES/" DOMAIN ".mo", dir, places[i]);
		if (len <= 0 || (size_t)len >= sizeof(ours) || access(ours, R_OK) != 0)
			continue;
		len = snprintf(out, size, "%s/%s", dir, places[i]);
		if (len > 0 && (size_t)len < size)
			return true;
	}
	return false;
}

void
i18n_init(const char *lang)
{
	char beside[PATH_MAX];
	const char *dir;

	leave_c_locale(LC_CTYPE);
	leave_c_locale(LC_MESSAGES);
	if (lang == NULL)
		lang = secure_getenv("DUTYDESK_LANG");
	chinese = lang == NULL || strncmp(lang, "en", 2) != 0;
	(void)setenv("LANGUAGE", chinese ? "zh_CN" : "en", 1);

	dir = secure_getenv("DUTYDESK_LOCALE");
	if (dir == NULL || dir[0] == '\0')
		dir = beside_program(beside, sizeof(beside)) ? beside : DUTYDESK_LOCALEDIR;
	(void)bindtextdomain(DOMAIN, dir);
	(void)bind_textdomain_codeset(DOMAIN, "UTF-8");
	/* strerror() too: its texts stand within ours */
	(void)bind_textdomain_codeset("libc", "UTF-8");
	/* Also tells gettext that LANGUAGE may have changed since its last look. */
	(void)textdomain(DOMAIN);
	memset(said, 0, sizeof(said));
}
