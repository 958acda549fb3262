/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a gzip member. Level 1 is ISA-L's where the build has it: several
 * times as fast as zlib's, at nearly its ratio.
 */
#include <zlib.h>

#include "mst_config.h"

#include "base/buf.h"
#include "base/gunzip.h"

#ifdef MST_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#endif

#define IN_CHUNK  ((size_t)1 << 30)
#define OUT_CHUNK ((size_t)256 << 10)

static int too_large(const struct mst_buf *out, struct mst_err *err)
{
	return mst_err_set(err, MST_E_INVALID,
			   "compressed data is larger than %zu bytes",
			   out->max);
}

/* Room for the next bytes; a little less when the maximum is near. */
static size_t make_room(struct mst_buf *out)
{
	size_t n = MST_MIN(OUT_CHUNK, out->max - MST_MIN(out->n, out->max));

	return n > 0 && mst_buf_reserve(out, n) ? n : 0;
}

#ifdef MST_HAVE_ISAL
static int gzip_isal(struct mst_slice in, struct mst_buf *out,
		     struct mst_err *err)
{
	struct isal_zstream *z = mst_alloc(sizeof(*z));
	uint8_t *level_buf = mst_alloc(ISAL_DEF_LVL1_DEFAULT);
	int ret = 0;

	isal_deflate_init(z);
	z->level = 1;
	z->level_buf = level_buf;
	z->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
	z->gzip_flag = IGZIP_GZIP;
	do {
		size_t part = MST_MIN(in.n, IN_CHUNK);

		z->next_in = (uint8_t *)(uintptr_t)in.p;
		z->avail_in = (uint32_t)part;
		z->end_of_stream = part == in.n;
		do {
			size_t room = make_room(out);

			if (room == 0) {
				ret = too_large(out, err);
				break;
			}
			z->next_out = (uint8_t *)out->p + out->n;
			z->avail_out = (uint32_t)room;
			if (isal_deflate(z) != COMP_OK) {
				ret = mst_err_set(err, MST_E_INTERNAL,
						  "isa-l cannot compress");
				break;
			}
			out->n += room - z->avail_out;
		} while (z->avail_in > 0 || z->avail_out == 0);
		in = mst_slice(in.p + part, in.n - part);
	} while (ret == 0 && in.n > 0);
	free(level_buf);
	free(z);
	return ret;
}
#endif

static int gzip_zlib(struct mst_slice in, int level, struct mst_buf *out,
		     struct mst_err *err)
{
	z_stream z = {0};
	int ret = 0, state = Z_OK;

	if (deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + 16, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return mst_err_set(err, MST_E_INTERNAL,
				   "zlib cannot compress at level %d", level);
	while (state != Z_STREAM_END) {
		size_t part = MST_MIN(in.n, IN_CHUNK);
		size_t room = make_room(out);

		if (room == 0) {
			ret = too_large(out, err);
			break;
		}
		z.next_in = (z_const Bytef *)(uintptr_t)in.p;
		z.avail_in = (uInt)part;
		z.next_out = (Bytef *)out->p + out->n;
		z.avail_out = (uInt)room;
		state = deflate(&z, part == in.n ? Z_FINISH : Z_NO_FLUSH);
		out->n += room - z.avail_out;
		part -= z.avail_in;
		in = mst_slice(in.p + part, in.n - part);
	}
	(void)deflateEnd(&z);
	return ret;
}

int mst_gzip(struct mst_slice in, int level, struct mst_buf *out,
	     struct mst_err *err)
{
	size_t before = out->n;
	int ret;

	if (level < 1 || level > 9)
		return mst_err_set(err, MST_E_INVALID,
				   "gzip level %d is not within 1 to 9", level);
	if (!in.p)
		in.p = "";
#ifdef MST_HAVE_ISAL
	ret = level == 1 ? gzip_isal(in, out, err)
			 : gzip_zlib(in, level, out, err);
#else
	ret = gzip_zlib(in, level, out, err);
#endif
	if (ret < 0)
		out->n = before;
	if (out->p)
		out->p[out->n] = 0;
	return ret;
}
