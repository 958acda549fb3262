/* SPDX-License-Identifier: Apache-2.0
 *
 * What a role may, and the words for it.
 */
#include "auth/auth.h"

static const struct {
	unsigned bit;
	const char *word;
} words[] = {
    {MST_MAY_READ, "read"},	      {MST_MAY_OPERATE, "operate"},
    {MST_MAY_CONFIGURE, "configure"}, {MST_MAY_ADMINISTER, "administer"},
    {MST_MAY_AUDIT, "audit"},
};

unsigned mst_role_may(enum mst_role role)
{
	switch (role) {
	case MST_ROLE_VIEWER:
		return MST_MAY_READ;
	case MST_ROLE_OPERATOR:
		return MST_MAY_READ | MST_MAY_OPERATE;
	case MST_ROLE_ADMINISTRATOR:
		return MST_MAY_ALL;
	case MST_ROLE_AUDITOR:
		return MST_MAY_READ | MST_MAY_AUDIT;
	case MST_ROLE__MAX:
		break;
	}
	return 0;
}

void mst_may_text(unsigned may, struct mst_buf *out)
{
	bool more = false;

	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (!(may & words[i].bit))
			continue;
		(void)mst_buf_addf(out, "%s%s", more ? ", " : "",
				   words[i].word);
		more = true;
	}
}

const char *mst_may_word(unsigned bit)
{
	for (size_t i = 0; i < MST_LEN(words); i++) {
		if (words[i].bit == bit)
			return words[i].word;
	}
	return NULL;
}

static bool is_gap(char c)
{
	return c == ',' || c == ' ';
}

bool mst_may_parse(struct mst_slice text, unsigned *may_r)
{
	const char *p = text.p, *end = text.p + text.n;
	unsigned may = 0;

	while (p < end) {
		const char *from = p;
		unsigned bit = 0;

		while (p < end && !is_gap(*p))
			p++;
		for (size_t i = 0; i < MST_LEN(words); i++) {
			if (mst_slice_is(mst_slice(from, (size_t)(p - from)),
					 words[i].word))
				bit = words[i].bit;
		}
		if (p > from && !bit)
			return false;
		may |= bit;
		while (p < end && is_gap(*p))
			p++;
	}
	if (may)
		*may_r = may;
	return may != 0;
}
