/* SPDX-License-Identifier: Apache-2.0
 *
 * Streaming inflate of gzip files (RFC 1952; several members in a row are one
 * stream). ISA-L where the build has it, zlib as the portable fallback; both
 * behind this header and under the same tests.
 */
#ifndef MST_BASE_GUNZIP_H
#define MST_BASE_GUNZIP_H

#include "base/err.h"
#include "base/slice.h"

struct mst_gunzip;

struct mst_gunzip *mst_gunzip_new(void);
void mst_gunzip_free(struct mst_gunzip **g);
void mst_gunzip_reset(struct mst_gunzip *g); /* ready for another file */
/* Inflates from in to out. *in is moved behind what was taken. *n_r is how
 * much was written. Call until *in is empty and *n_r < out_n.
 * MST_E_CORRUPT on damage (bad header, data, check sum or length). */
int mst_gunzip_step(struct mst_gunzip *g, struct mst_slice *in, char *out,
		    size_t out_n, size_t *n_r, struct mst_err *err);
/* True when the stream ended on a member's end: the file is whole. */
bool mst_gunzip_whole(const struct mst_gunzip *g);
/* "isa-l" or "zlib" */
const char *mst_gunzip_name(void);
/* Makes one gzip member; used by the simulator and by tests. level 1..9.
 * Appends to out. */
struct mst_buf;
int mst_gzip(struct mst_slice in, int level, struct mst_buf *out,
	     struct mst_err *err);

#endif
