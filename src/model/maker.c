/* SPDX-License-Identifier: Apache-2.0
 *
 * See maker.h.
 */
#include "model/maker.h"

#include <ctype.h>
#include <string.h>

static const char *const forms[] = {
    "incorporated", "inc",  "corporation", "corp", "ltd",
    "limited",	    "gmbh", "llc",	   "ag",   "co",
};

/* Takes one legal form off the end; false when there is none, or nothing would
 * be left. */
static bool drop_form(struct mst_slice *s)
{
	for (size_t i = 0; i < MST_LEN(forms); i++) {
		size_t n = strlen(forms[i]);

		if (s->n > n && memcmp(s->p + s->n - n, forms[i], n) == 0) {
			s->n -= n;
			return true;
		}
	}
	return false;
}

struct mst_slice mst_maker_fold(struct mst_slice name, char *out, size_t n)
{
	struct mst_slice s = {out, 0};

	for (size_t i = 0; i < name.n && s.n < n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x80 && !isalnum(c))
			continue;
		out[s.n++] = (char)(c < 0x80 ? tolower(c) : c);
	}
	while (drop_form(&s))
		;
	return s;
}
