/* SPDX-License-Identifier: Apache-2.0
 *
 * Why is a record as it is: its source record, its desired record with the
 * rule behind every column, what RecVer remembers, the last write, and what
 * the next run would do.
 */
#ifndef MST_SYNC_EXPLAIN_H
#define MST_SYNC_EXPLAIN_H

#include "sync/run.h"

struct mst_explained {
	const struct mst_set *set;
	struct mst_slice key;	     /* of the record */
	const struct mst_feed *feed; /* NULL: the source does not show it; then
				      * there are no values, no desired record
				      * and no mapping */
	const struct mst_value *values; /* the source record, by field */
	enum mst_keep keep;
	struct mst_slice why; /* of DROP and SKIP */
	/* Without cells: what it is about has no record. */
	const struct mst_desired *desired;
	const struct mst_mapping *mapping;
	const struct mst_group *group; /* NULL: not seen, not stored */
	bool stored;		       /* RecVer has exactly this record */
	bool member_known;	       /* RecVer has its key */
	struct mst_sysid remote;
	const struct mst_write_log *write; /* last write, or NULL */
	const char *fate; /* what the next run does, in words */
};

typedef int (*mst_explain_fn)(void *ctx, const struct mst_explained *e);

/* Calls fn for every record (at most most) that the key names: a member key, a
 * group key, a name, a CVE id, what the source calls a user of an app. When the
 * source shows none: for what RecVer has under that key. set: only this set, or
 * NULL. The session has compared.
 * *found_r: how many there were. */
int mst_explain(struct mst_session *s, const char *key, const char *set,
		uint64_t most, mst_explain_fn fn, void *ctx, uint64_t *found_r,
		struct mst_err *err);

#endif
