/* SPDX-License-Identifier: Apache-2.0
 *
 * Inflater: zlib, on every machine.
 */
#include <stdlib.h>
#include <zlib.h>

#include "mst_config.h"

#include "base/gunzip_private.h"

#define CHUNK ((size_t)1 << 30) /* zlib counts in unsigned int */

struct inflater {
	z_stream z;
	uint32_t crc;
	uint32_t size;
	bool body_done;
	unsigned char trailer[8];
	size_t trailer_n;
};

static void *make(void)
{
	struct inflater *s = mst_alloc(sizeof(*s));

	if (inflateInit2(&s->z, -MAX_WBITS) != Z_OK)
		mst_oom();
	return s;
}

static void drop(void *state)
{
	struct inflater *s = state;

	(void)inflateEnd(&s->z);
	free(s);
}

static void reset(void *state)
{
	struct inflater *s = state;

	(void)inflateReset(&s->z);
	s->crc = 0;
	s->size = 0;
	s->body_done = false;
	s->trailer_n = 0;
}

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static int take_trailer(struct inflater *s, struct mst_slice *in,
			const char **why_r)
{
	size_t n = MST_MIN(in->n, sizeof(s->trailer) - s->trailer_n);

	if (n)
		memcpy(s->trailer + s->trailer_n, in->p, n);
	s->trailer_n += n;
	*in = mst_slice(in->p + n, in->n - n);
	if (s->trailer_n < sizeof(s->trailer))
		return 0;
	if (le32(s->trailer) != s->crc || le32(s->trailer + 4) != s->size) {
		*why_r = "its check sum or length does not match";
		return -1;
	}
	return 1;
}

static int step(void *state, struct mst_slice *in, char *out, size_t out_n,
		size_t *n_r, const char **why_r)
{
	struct inflater *s = state;
	size_t in_n = MST_MIN(in->n, CHUNK), got;
	int ret;

	*n_r = 0;
	if (s->body_done)
		return take_trailer(s, in, why_r);
	out_n = MST_MIN(out_n, CHUNK);
	s->z.next_in = (z_const Bytef *)(uintptr_t)in->p;
	s->z.avail_in = (uInt)in_n;
	s->z.next_out = (Bytef *)out;
	s->z.avail_out = (uInt)out_n;
	ret = inflate(&s->z, Z_NO_FLUSH);
	got = out_n - s->z.avail_out;
	in_n -= s->z.avail_in;
	*in = mst_slice(in->p + in_n, in->n - in_n);
	s->crc = (uint32_t)crc32_z(s->crc, (const Bytef *)out, got);
	s->size += (uint32_t)got;
	*n_r = got;
	if (ret == Z_STREAM_END) {
		s->body_done = true;
		return take_trailer(s, in, why_r);
	}
	if (ret == Z_OK || ret == Z_BUF_ERROR)
		return 0;
	*why_r = ret == Z_MEM_ERROR ? "zlib is out of memory"
				    : "its compressed data is damaged";
	return -1;
}

const struct mst_inflate_ops mst_inflate_zlib = {
    .name = "zlib",
    .make = make,
    .drop = drop,
    .reset = reset,
    .step = step,
};
