/* SPDX-License-Identifier: Apache-2.0
 *
 * What an inflater offers to gunzip.c; for gunzip*.c and their test. The gzip
 * header is read in gunzip.c, so an inflater starts at the deflate data of a
 * member and ends behind the member's trailer, which it checks.
 */
#ifndef MST_BASE_GUNZIP_PRIVATE_H
#define MST_BASE_GUNZIP_PRIVATE_H

#include "base/gunzip.h"

struct mst_inflate_ops {
	const char *name;
	void *(*make)(void);
	void (*drop)(void *state);
	void (*reset)(void *state); /* the next member begins */
	/* As mst_gunzip_step within one member. Returns 1 at its end, 0 when
	 * it wants more input or more room, -1 on damage with *why_r. */
	int (*step)(void *state, struct mst_slice *in, char *out, size_t out_n,
		    size_t *n_r, const char **why_r);
};

extern const struct mst_inflate_ops mst_inflate_zlib;
#ifdef MST_HAVE_ISAL
extern const struct mst_inflate_ops mst_inflate_isal;
#endif

struct mst_gunzip *mst_gunzip_new_with(const struct mst_inflate_ops *ops);

#endif
