/*
 * See duty_kept.h.  The order is that of the ids: epoch and serial of one station only grow, on whatever machine it was restored.
 */
#include <stdlib.h>
#include <string.h>
#include "../formats/text.h"
#include "duty_kept.h"

bool
kept_add(struct kept *k, const struct duty_msg *m, bool *again)
{
	struct kept_msg *at;
	size_t i = k->n;

	while (i > 0 && msgid_cmp(&k->m[i - 1].id, &m->id) > 0)
		i--;
	*again = i > 0 && msgid_cmp(&k->m[i - 1].id, &m->id) == 0;
	if (*again)
		return false;
	if (k->n == k->cap) {
		k->cap = k->cap == 0 ? 16 : k->cap * 2;
		k->m = xreallocarray(k->m, k->cap, sizeof *k->m);
	}
	at = &k->m[i];
	memmove(at + 1, at, (k->n - i) * sizeof *at);
	k->n++;
	*at = (struct kept_msg){.id = m->id, .at = m->stored, .kind = m->kind, .body = body_copy(m->body)};
	(void)body_time(m->body, F_WRITTEN, &at->at);
	return i + 1 == k->n;
}

void
kept_free(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		body_free(k->m[i].body);
	free(k->m);
	*k = (struct kept){0};
}

void
kept_text(const struct body *b, uint32_t key, char *out, size_t size)
{
	const char *s = body_said(b, key);

	out[0] = '\0';
	if (s != NULL)
		(void)text_sanitise(s, strlen(s), out, size, false);
}
