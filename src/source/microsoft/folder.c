/* SPDX-License-Identifier: Apache-2.0
 *
 * Names are given freely: only the words in them count.
 */
#include "source/microsoft/folder.h"

#define NAME_MAX_ 128

/* Letters only, lower case: "SoftwareInventory-NonCpe_01" and
 * "software_inventory_noncpe" are one name. */
static void letters(struct mst_slice s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < NAME_MAX_; i++) {
		char c = (char)(s.p[i] | 0x20);

		if (c >= 'a' && c <= 'z')
			out[n++] = c;
	}
	out[n] = 0;
}

static int by_word(struct mst_slice part, const struct ms_word *words)
{
	char name[NAME_MAX_];

	letters(part, name);
	for (; words->word; words++) {
		if (strstr(name, words->word))
			return words->feed;
	}
	return MS_UNKNOWN;
}

int ms_feed_by_name(const char *rel, const struct ms_word *words)
{
	size_t end = strlen(rel);
	int feed = MS_UNKNOWN;

	while (end > 0 && feed == MS_UNKNOWN) {
		size_t from = end;

		while (from > 0 && rel[from - 1] != '/')
			from--;
		feed = by_word(mst_slice(rel + from, end - from), words);
		end = from ? from - 1 : 0;
	}
	return feed;
}

bool ms_json_name(const char *rel)
{
	static const char *const ends[] = {".json", ".ndjson", ".jsonl", ".gz",
					   ".zip"};
	size_t n = strlen(rel);

	for (size_t i = 0; i < MST_LEN(ends); i++) {
		size_t k = strlen(ends[i]);

		if (n > k && mst_slice_iis(mst_slice(rel + n - k, k), ends[i]))
			return true;
	}
	return false;
}

int ms_spoilt(struct mst_spoilt *sp, int named, bool damaged, const char *what)
{
	*sp = (struct mst_spoilt){named >= 0 ? named : -1, damaged, what};
	return MST_FILE_SPOILT;
}
