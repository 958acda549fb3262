/* SPDX-License-Identifier: Apache-2.0
 *
 * A copy of what a source showed, for sources that only tell what changed
 * since a time. Below the state folder in mirror/CONNECTION/: for each feed
 * with a key a file of records, one a line, a file of their keys, and
 * mirror.json, which says which files count, up to when they are true and when
 * everything was read last. A run reads what is new, puts it in the place of
 * older records of the same key, and compares the result: proof and missing
 * records are as for any other feed.
 *
 * Whatever is lost or damaged is read anew. The caller holds the connection's
 * RecVer, so nobody else is at work in the folder. One thread.
 */
#ifndef MST_SYNC_MIRROR_H
#define MST_SYNC_MIRROR_H

#include "sync/spool.h"

struct mst_mirror;

/* Does the source have feeds that are mirrored? */
bool mst_mirror_wanted(const struct mst_source_ops *ops);
/* what: a text of everything that decides what is read (addresses, way of
 * reading); a mirror of something else is not used. */
int mst_mirror_open(const char *state_dir, const char *connection,
		    const struct mst_source_ops *ops, const char *what,
		    struct mst_mirror **m_r, struct mst_err *err);
void mst_mirror_close(struct mst_mirror **m);
/* What else decides what is read of a feed (source.h, scope), told before
 * mst_mirror_since; a mirror of something else is not used. NULL: it is not
 * mirrored in this run. "" when it is never told.
 */
void mst_mirror_scope(struct mst_mirror *m, unsigned feed, const char *scope);
/* From when on a feed is to be asked for; MST_TIME_NONE: everything. A feed
 * that names what is gone is asked for like the one that it is about. */
int64_t mst_mirror_since(const struct mst_mirror *m, unsigned feed,
			 int64_t now_us, int64_t full_read_ms);
/* The feed was read into the spool, as mst_mirror_since wanted it at now_us:
 * makes the new mirror of it, which becomes the feed's only part, with the
 * proof of both. What is gone was read before. */
int mst_mirror_merge(struct mst_mirror *m, struct mst_spool *s, unsigned feed,
		     int64_t since_us, int64_t now_us, struct mst_err *err);
/* Could a mirror not be read since this was asked last? It is none any more, so
 * that mst_mirror_since wants everything: the feeds are read once more. */
bool mst_mirror_spoilt(struct mst_mirror *m);
/* Makes what was merged count, and removes what does not any more. */
int mst_mirror_save(struct mst_mirror *m, struct mst_err *err);

#endif
