/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user may be called.
 */
#include <string.h>

#include "auth/people.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool mst_user_name_fold(struct mst_slice name, char out[MST_MAX_USER + 1])
{
	/* Who asks in the place of a person. */
	static const char *const ours[] = {"schedule", "service", "system"};

	if (name.n == 0 || name.n > MST_MAX_USER)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if (!is_letter(c) && (i == 0 || !c || !strchr("._-@+", c)))
			return false;
		out[i] = c;
	}
	out[name.n] = 0;
	for (size_t i = 0; i < MST_LEN(ours); i++) {
		if (strcmp(out, ours[i]) == 0)
			return false;
	}
	return true;
}
