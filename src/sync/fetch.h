/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a source's requests into the spool: the only place where a source meets
 * the network.
 */
#ifndef MST_SYNC_FETCH_H
#define MST_SYNC_FETCH_H

#include <stdatomic.h>

#include "recver/recver.h"
#include "sync/job.h"
#include "sync/mirror.h"
#include "sync/progress.h"
#include "sync/spool.h"

struct mst_fetch {
	const struct mst_job *job;
	struct mst_client *client;
	struct mst_source *source;
	struct mst_spool *spool;
	struct mst_recver *recver; /* kept meanwhile; or NULL */
	/* What of the feeds is kept from run to run; NULL: they are read
	 * whole. Saved by mst_fetch_feeds. */
	struct mst_mirror *mirror;
	bool full;	 /* mirrors are not used: everything is read anew */
	const char *one; /* a single record of the primary feed */
	const struct mst_progress *progress;
	const atomic_bool *cancel;
	uint64_t bytes; /* in the spool so far */
};

/* A client with the source's credentials and rate classes registered. */
int mst_fetch_client(const struct mst_job *job, struct mst_source *source,
		     struct mst_client **c_r, struct mst_err *err);
/* Warns of a connection whose far end nobody verifies (insecure_tls). */
void mst_fetch_warn_insecure(const char *connection,
			     const struct mst_source_common *conf);
/* Gets tokens by asking for the roles, and names every permission that the
 * feeds (bits) need and the token does not carry. Feeds that only enrich are
 * taken out of *feeds with a warning. */
int mst_fetch_permissions(struct mst_fetch *f, uint32_t *feeds,
			  struct mst_err *err);
/* Reads the feeds (bits) one after the other. An optional feed that cannot be
 * read is left out with a warning. */
int mst_fetch_feeds(struct mst_fetch *f, uint32_t feeds, struct mst_err *err);

#endif
