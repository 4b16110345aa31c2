#ifndef FORMATS_I18N_H
#define FORMATS_I18N_H
/*
 * Language of what people read.  msgids are English; Chinese by default (DUTYDESK_LANG=en, or `language = en` in the
 * station's settings, chooses English), also on a machine without any locale installed (LC_CTYPE and LC_MESSAGES C.UTF-8,
 * LANGUAGE set by us).
 */
#include <stdbool.h>
#include <libintl.h>

#define _(s) gettext(s)
#define N_(s) (s)

/* As _(), remembered: for what is said of every message.  The msgid is a literal or stands in a constant table. */
const char *i18n_text(const char *msgid) __attribute__((format_arg(1)));
void i18n_init(const char *lang);	/* "zh", "en" or NULL: $DUTYDESK_LANG, else zh */
bool i18n_zh(void);

#endif
