/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON writer: appends to a bounded buffer, keeps commas and nesting right.
 * Invalid UTF-8 in a text becomes U+FFFD, so that what we send is always
 * valid JSON.
 */
#ifndef MST_JSON_OUT_H
#define MST_JSON_OUT_H

#include "base/buf.h"

struct mst_jout {
	struct mst_buf *buf;
	uint32_t depth;
	bool comma; /* the next item needs a comma */
	bool after_key;
};

void mst_jout_init(struct mst_jout *j, struct mst_buf *buf);
void mst_jout_obj(struct mst_jout *j);
void mst_jout_end_obj(struct mst_jout *j);
void mst_jout_arr(struct mst_jout *j);
void mst_jout_end_arr(struct mst_jout *j);
void mst_jout_key(struct mst_jout *j, const char *key);
void mst_jout_key_slice(struct mst_jout *j, struct mst_slice key);
void mst_jout_str(struct mst_jout *j, const char *s); /* NULL → null */
void mst_jout_slice(struct mst_jout *j, struct mst_slice s);
void mst_jout_i64(struct mst_jout *j, int64_t v);
void mst_jout_dbl(struct mst_jout *j, double v); /* shortest form */
void mst_jout_bool(struct mst_jout *j, bool v);
void mst_jout_null(struct mst_jout *j);
/* Bytes that are JSON already. */
void mst_jout_raw(struct mst_jout *j, struct mst_slice json);
/* key and value in one call */
void mst_jout_kstr(struct mst_jout *j, const char *key, const char *s);
void mst_jout_kslice(struct mst_jout *j, const char *key, struct mst_slice s);
void mst_jout_ki64(struct mst_jout *j, const char *key, int64_t v);
void mst_jout_kdbl(struct mst_jout *j, const char *key, double v);
void mst_jout_kbool(struct mst_jout *j, const char *key, bool v);

#endif
