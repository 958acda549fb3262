/* SPDX-License-Identifier: Apache-2.0
 *
 * Any stream of bytes, cut anywhere: framing goes on, never reads beyond what
 * is there, never hands out more than the maximum, and comes to the same
 * messages whether the bytes come at once or one by one.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "forwarder/frame.h"
#include "tests/fuzz/fuzz.h"

#define MAX 64 /* of a message, so that long ones are seen */

struct run {
	uint64_t sum;
	size_t messages;
	bool lost;
};

static void add(struct run *r, enum mst_frame what, struct mst_slice s)
{
	assert(s.n <= MAX);
	r->sum = mst_hash64(s.p, s.n, r->sum + (uint64_t)what);
	r->messages++;
}

/* Feeds the bytes in steps into a buffer as large as a reader's. */
static struct run feed(const uint8_t *data, size_t size, size_t step)
{
	struct mst_framer f = {0};
	struct run r = {0};
	size_t n = 0, at = 0;

	for (;;) {
		size_t more =
		    MST_MIN(MST_MIN(step, size - at), MST_FRAME_ROOM(MAX) - n);
		/* Of its own size, so that one byte too far is seen. */
		char *buf = malloc(n + more + 1);
		struct mst_slice in, out;
		enum mst_frame what;
		static char kept[MST_FRAME_ROOM(MAX)];
		size_t used;

		assert(buf);
		memcpy(buf, kept, n);
		memcpy(buf + n, data + at, more);
		at += more;
		in = mst_slice(buf, n + more);
		do {
			what = mst_frame_next(&f, in, MAX, &out, &used);
			assert(used <= in.n);
			if (out.n)
				assert(out.p >= buf &&
				       out.p + out.n <= buf + n + more);
			if (what == MST_FRAME_MESSAGE || what == MST_FRAME_LONG)
				add(&r, what, out);
			/* It always gets on. */
			assert(what != MST_FRAME_MESSAGE || used > 0);
			in = mst_slice(in.p + used, in.n - used);
		} while (what == MST_FRAME_MESSAGE || what == MST_FRAME_LONG);
		r.lost = what == MST_FRAME_LOST;
		/* With a full buffer something must come. */
		assert(r.lost || in.n < MST_FRAME_ROOM(MAX));
		n = in.n;
		memcpy(kept, in.p, n);
		if (at == size && mst_frame_rest(&f, in, &out))
			add(&r, MST_FRAME_MESSAGE,
			    mst_slice(out.p, MST_MIN(out.n, (size_t)MAX)));
		free(buf);
		if (r.lost || at == size)
			return r;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run one, all, some;

	if (size == 0 || size > 4096)
		return 0;
	all = feed(data, size, size);
	one = feed(data, size, 1);
	some = feed(data, size, 7);
	assert(all.lost == one.lost && all.lost == some.lost);
	assert(all.messages == one.messages && all.sum == one.sum);
	assert(all.messages == some.messages && all.sum == some.sum);
	return 0;
}
