/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts as PostgreSQL wants them: parameters of statements, and UTF-8.
 */
#include <ctype.h>
#include <string.h>

#include "base/num.h"
#include "pg.h"

char *mst_pg_dollars(const char *sql, int *n_r)
{
	char *out = mst_strdup(sql);
	bool quoted = false;

	*n_r = 0;
	for (char *p = out; *p; p++) { /* numbers may be left out */
		uint64_t number = 0;

		if (*p == '\'')
			quoted = !quoted;
		if (quoted || *p != '?' || !isdigit((unsigned char)p[1]))
			continue;
		*p = '$';
		(void)mst_num_u64(mst_slice(p + 1, strspn(p + 1, "0123456789")),
				  &number);
		*n_r = MST_MAX(*n_r, (int)number);
	}
	return out;
}

size_t mst_pg_character(const unsigned char *p)
{
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc2 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf5 ? 4
			       : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than needed, a half of a pair, beyond the last one. */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}
