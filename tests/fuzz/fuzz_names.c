/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of entries for the table of software names, then a product, as
 * "VENDOR|NAME": what it becomes stays what it is.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "rules/names.h"
#include "tests/fuzz/fuzz.h"

#define ENTRIES 32

static void look_up(const struct mst_names *names, char *product)
{
	const struct mst_name_entry *by[MST_NAME_STEPS];
	char *bar = strchr(product, '|');
	struct mst_slice vendor, name, v, n;

	if (bar)
		*bar = '\0';
	vendor = bar ? mst_slice_str(product) : mst_slice(NULL, 0);
	name = mst_slice_str(bar ? bar + 1 : product);
	assert(mst_names_find(names, &vendor, &name, by) < MST_NAME_STEPS);
	v = vendor;
	n = name;
	assert(mst_names_find(names, &v, &n, by) == 0);
	assert(mst_slice_eq(v, vendor) && mst_slice_eq(n, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *own[ENTRIES];
	const struct mst_names *names;
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	char *text, *at, *end;
	size_t n = 0;

	if (size == 0 || size > 4096)
		return 0;
	text = mst_alloc(size + 1);
	memcpy(text, data, size);
	for (at = text; n < ENTRIES && (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		own[n++] = at;
	}
	mst_arena_init(&arena, MST_MAX_ARENA);
	if (mst_names_make(&arena, text[0] != '!', own, n, &names, &err) == 0)
		look_up(names, at);
	else
		assert(err.code == MST_E_INVALID && err.msg[0]);
	mst_arena_fini(&arena);
	free(text);
	return 0;
}
