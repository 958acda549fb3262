/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a gzip file, in odd steps, through both inflaters: what both
 * find whole must be the same bytes. The first byte chooses the steps.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "mst_config.h"

#include "base/buf.h"
#include "base/gunzip_private.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX	 (4u << 20)
#define STEP_MAX 65536u

/* ISA-L is assembly, which AddressSanitizer does not see into. So what it
 * reads and writes ends at a page that nobody may touch. */
static char *guarded(size_t n)
{
	static char *ends[2]; /* input, output */
	static bool turn;
	char *p;

	turn = !turn;
	if (!ends[turn]) {
		p = mmap(NULL, STEP_MAX + 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED ||
		    mprotect(p + STEP_MAX, 4096, PROT_NONE) < 0)
			abort();
		ends[turn] = p + STEP_MAX;
	}
	return ends[turn] - n;
}

/* False when it is damaged, not whole, or too long to look at. */
static bool inflate_with(const struct mst_inflate_ops *ops, struct mst_slice in,
			 size_t in_n, size_t out_n, struct mst_buf *out)
{
	struct mst_gunzip *g = mst_gunzip_new_with(ops);
	struct mst_err err = MST_ERR_INIT;
	int ret = 0;
	bool ok;

	while (ret == 0 && in.n > 0 && out->n <= OUT_MAX) {
		struct mst_slice part = {NULL, MST_MIN(in_n, in.n)};
		char *chunk = guarded(part.n), *room = guarded(out_n);
		size_t n = 0, before;

		memcpy(chunk, in.p, part.n);
		part.p = chunk;
		in = mst_slice(in.p + part.n, in.n - part.n);
		do {
			before = part.n;
			ret = mst_gunzip_step(g, &part, room, out_n, &n, &err);
			assert(n <= out_n && part.n <= before);
			(void)mst_buf_add(out, room, n);
			/* every step gets on, or nothing is left to do */
			assert(ret < 0 || n > 0 || part.n < before ||
			       part.n == 0);
		} while (ret == 0 && (part.n > 0 || n == out_n) &&
			 out->n <= OUT_MAX);
	}
	assert(ret == 0 || ret == -MST_E_CORRUPT);
	ok = ret == 0 && mst_gunzip_whole(g) && out->n <= OUT_MAX;
	mst_gunzip_free(&g);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = {1, 3, 17, 1000, 65536};
	struct mst_buf a = MST_BUF_INIT(2 * OUT_MAX);
	struct mst_buf b = MST_BUF_INIT(2 * OUT_MAX);
	struct mst_slice in;
	size_t in_n, out_n;
	bool a_ok, b_ok;

	if (size == 0)
		return 0;
	in_n = steps[data[0] % MST_LEN(steps)];
	out_n = steps[data[0] / MST_LEN(steps) % MST_LEN(steps)];
	in = mst_slice((const char *)data + 1, size - 1);
	a_ok = inflate_with(&mst_inflate_zlib, in, in_n, out_n, &a);
#ifdef MST_HAVE_ISAL
	b_ok = inflate_with(&mst_inflate_isal, in, in_n, out_n, &b);
#else
	b_ok = inflate_with(&mst_inflate_zlib, in, out_n, in_n, &b);
#endif
	if (a_ok && b_ok)
		assert(mst_slice_eq(mst_buf_slice(&a), mst_buf_slice(&b)));
	mst_buf_fini(&a);
	mst_buf_fini(&b);
	return 0;
}
