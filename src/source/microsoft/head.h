/* SPDX-License-Identifier: Apache-2.0
 *
 * The beginning of a file of JSON, looked at without parsing it: it may end
 * anywhere.
 */
#ifndef MST_SOURCE_MICROSOFT_HEAD_H
#define MST_SOURCE_MICROSOFT_HEAD_H

#include "base/slice.h"

#define MS_HEAD_KEYS 64

/* Names of members, each once. */
struct ms_keys {
	struct mst_slice key[MS_HEAD_KEYS];
	size_t n;
};

struct ms_head {
	struct mst_slice s;
	size_t at;
	struct ms_keys top;	  /* of the document */
	struct ms_keys rec;	  /* of all records that are seen: exports
				   * leave out what is null */
	struct mst_slice context; /* text of @odata.context */
	size_t records;		  /* seen to their end */
	bool list;		  /* they stand in a list */
	bool cut;		  /* the text ends within the first record */
	const char *damage;	  /* this is no JSON: what it is instead */
};

/* text is lent as long as h is used. */
void ms_head_look(struct ms_head *h, struct mst_slice text);
/* Names fold ASCII case. */
bool ms_keys_have(const struct ms_keys *k, const char *key);

#endif
