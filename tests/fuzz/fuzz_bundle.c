/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the answer to a bundle of requests: each request hears exactly
 * once, with a text that is one line, or none does.
 */
#include <assert.h>
#include <string.h>

#include "forward/bundle.h"
#include "tests/fuzz/fuzz.h"

#define N 5

static struct mst_bundle_reader *reader;
static unsigned heard[N];

static void take(void *ctx, size_t i, const struct mst_bundle_answer *a)
{
	(void)ctx;
	assert(i < N);
	heard[i]++;
	assert(a->status >= -1 && a->status < 1000);
	assert(memchr(a->why, 0, sizeof(a->why)));
	assert(!strpbrk(a->why, "\r\n\t"));
	(void)mst_json_get(a->root, "result");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_err err = MST_ERR_INIT;
	int rc;

	if (size > 1u << 20)
		return 0;
	if (!reader)
		reader = mst_bundle_reader_new();
	memset(heard, 0, sizeof(heard));
	rc = mst_bundle_read(reader, mst_slice((const char *)data, size), N,
			     take, NULL, &err);
	for (size_t i = 0; i < N; i++)
		assert(heard[i] == (rc == 0));
	return 0;
}
