/* SPDX-License-Identifier: Apache-2.0
 *
 * The nearest word: edit distance with swapped neighbours as one edit, ASCII
 * case folded.
 */
#include <stdlib.h>

#include "conf/conf.h"

#define WORD_MAX 64

static char fold(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static unsigned distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
	unsigned char d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_n; i++)
		d[i][0] = (unsigned char)i;
	for (size_t j = 0; j <= b_n; j++)
		d[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= a_n; i++) {
		for (size_t j = 1; j <= b_n; j++) {
			char x = fold(a[i - 1]), y = fold(b[j - 1]);
			unsigned best = d[i - 1][j - 1] + (x != y);

			best = MST_MIN(best, d[i - 1][j] + 1u);
			best = MST_MIN(best, d[i][j - 1] + 1u);
			if (i > 1 && j > 1 && x == fold(b[j - 2]) &&
			    y == fold(a[i - 2]))
				best = MST_MIN(best, d[i - 2][j - 2] + 1u);
			d[i][j] = (unsigned char)best;
		}
	}
	return d[a_n][b_n];
}

/* "share" is what somebody means who knows "guard.share". */
static bool is_tail(const char *word, const char *of)
{
	const char *dot = strrchr(of, '.');

	return dot &&
	       mst_slice_ieq(mst_slice_str(word), mst_slice_str(dot + 1));
}

const char *mst_nearest(const char *word, const char *const *words)
{
	size_t n = strlen(word);
	unsigned best = (unsigned)MST_MAX(n / 3, 1) + 1;
	const char *near = NULL;

	if (n == 0 || n > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		size_t m = strlen(*words);
		unsigned d;

		if (m > WORD_MAX)
			continue;
		d = is_tail(word, *words) ? 0 : distance(word, n, *words, m);
		/* as many edits as letters: another word altogether */
		if (d < best && d < m) {
			best = d;
			near = *words;
		}
	}
	return near;
}
