/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the catalogue, names of actions, sys_id text form.
 */
#include "model/model.h"

#include <string.h>

const struct mst_set *mst_catalog_set(const struct mst_catalog *c,
				      const char *name)
{
	for (size_t i = 0; i < c->sets_n; i++) {
		if (strcmp(c->sets[i].name, name) == 0)
			return &c->sets[i];
	}
	return NULL;
}

bool mst_column_replaces(const struct mst_column *c, struct mst_slice held)
{
	const char *at = c->only_over;

	if (!at)
		return true;
	while (*at) {
		size_t n = strcspn(at, "|");

		if (mst_slice_eq(held, mst_slice(at, n)))
			return true;
		at += n + (at[n] == '|');
	}
	return false;
}

int mst_catalog_feed(const struct mst_catalog *c, const char *name)
{
	for (size_t i = 0; i < c->feeds_n; i++) {
		if (strcmp(c->feeds[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

bool mst_sysid_is_zero(const struct mst_sysid *id)
{
	static const struct mst_sysid zero;

	return memcmp(id, &zero, sizeof(zero)) == 0;
}

bool mst_sysid_parse(struct mst_slice hex32, struct mst_sysid *id_r)
{
	struct mst_hash h;

	if (!mst_hash_parse(hex32, &h))
		return false;
	for (int i = 0; i < 8; i++) {
		id_r->b[i] = (uint8_t)(h.hi >> (56 - 8 * i));
		id_r->b[8 + i] = (uint8_t)(h.lo >> (56 - 8 * i));
	}
	return true;
}

void mst_sysid_hex(const struct mst_sysid *id, char out[33])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		out[2 * i] = digits[id->b[i] >> 4];
		out[2 * i + 1] = digits[id->b[i] & 15];
	}
	out[32] = 0;
}

const char *mst_action_name(enum mst_action a)
{
	static const char *const names[MST_ACTION__MAX] = {
	    [MST_INSERT] = "insert", [MST_UPDATE] = "update",
	    [MST_RETIRE] = "retire", [MST_DELETE] = "delete",
	    [MST_CLOSE] = "close",
	};

	return (unsigned)a < MST_ACTION__MAX ? names[a] : "?";
}
