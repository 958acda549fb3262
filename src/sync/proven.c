/* SPDX-License-Identifier: Apache-2.0
 *
 * Is what a run does not see really gone? What the reads prove of each set, and
 * whatever puts that in doubt.
 */
#include <stdio.h>

#include "base/num.h"
#include "sync/delta_private.h"

/* Sources name the feed themselves, folders do not. */
static void say_feed(struct mst_set_delta *sd, const char *title,
		     const char *why)
{
	if (mst_slice_istarts(mst_slice_str(why), title))
		(void)snprintf(sd->why, sizeof(sd->why), "%s", why);
	else
		(void)snprintf(sd->why, sizeof(sd->why), "%s: %s", title, why);
}

/* What the reads of a set's own feeds prove; doubts of others come by
 * spread_doubt. */
void mst_proven_feeds(struct mst_delta *d, struct mst_set_delta *sd)
{
	const struct mst_catalog *c = d->job->catalog;

	sd->proven = true;
	if (d->one || d->limit) {
		sd->proven = false;
		(void)snprintf(sd->why, sizeof(sd->why),
			       "a partial run marks nothing missing");
	}
	for (size_t m = 0; m < c->mappings_n && sd->proven; m++) {
		if (c->mappings[m].fallback ||
		    strcmp(c->mappings[m].set, sd->set->name) != 0)
			continue;
		for (unsigned f = 0; f < c->feeds_n && sd->proven; f++) {
			const struct mst_spool_feed *feed = &d->spool->feeds[f];

			if (!(c->mappings[m].feeds & 1u << f) ||
			    (feed->present && feed->proof.complete))
				continue;
			sd->proven = false;
			say_feed(sd, c->feeds[f].title,
				 feed->present ? feed->proof.why
					       : "was not read");
		}
	}
}

/* ---- while reading ------------------------------------------------------- */

/* What is not shown of the sets of these feeds (bits) is not missing. */
static void doubt(struct mst_delta *d, uint32_t feeds, const char *why)
{
	const struct mst_catalog *c = d->job->catalog;

	for (size_t m = 0; m < c->mappings_n; m++) {
		struct mst_set_delta *sd = mst_delta_set(d, c->mappings[m].set);

		if (!sd->selected || c->mappings[m].fallback ||
		    !(c->mappings[m].feeds & feeds))
			continue;
		sd->proven = false;
		(void)snprintf(sd->why, sizeof(sd->why), "%s", why);
	}
}

static void feed_note(const struct mst_delta *d, unsigned feed, char out[96])
{
	(void)snprintf(out, 96, "feed.%s", d->job->catalog->feeds[feed].name);
}

/* Nothing where there was something: more often a failure than the truth, even
 * when the answer looks whole (msapi: an empty list must not delete). */
static int believe_empty(struct mst_delta *d, unsigned feed,
			 struct mst_err *err)
{
	struct mst_buf val = MST_BUF_INIT(64);
	uint64_t before = 0;
	bool found = false;
	char name[96], why[320];
	int rc;

	if (d->accept_empty)
		return 0;
	feed_note(d, feed, name);
	rc = d->recver->ops->meta_get(d->recver, d->target, name, &val, &found,
				      err);
	if (rc == 0 && found)
		(void)mst_num_u64(mst_buf_slice(&val), &before);
	mst_buf_fini(&val);
	if (rc == 0 && before > 0) {
		(void)snprintf(why, sizeof(why),
			       "%s shows no record at all, where it had some; "
			       "if that is so, run again with --approve",
			       d->job->catalog->feeds[feed].title);
		doubt(d, 1u << feed, why);
	}
	return rc;
}

/* A list that nobody wanted was not looked at. */
static bool is_noted(const struct mst_delta *d, unsigned f, bool empty)
{
	const struct mst_spool_feed *feed = &d->spool->feeds[f];

	if (!feed->present || !d->feed_read[f])
		return false;
	return empty ? feed->proof.complete && !d->feed_records[f]
		     : d->feed_records[f] > 0;
}

/* One transaction: on a server each is a wait for its disk. */
int mst_delta_note_feeds(struct mst_delta *d, bool empty, struct mst_err *err)
{
	const struct mst_catalog *c = d->job->catalog;
	int rc;

	if (d->one || (empty && !d->accept_empty))
		return 0;
	rc = d->recver->ops->begin(d->recver, err);
	if (rc < 0)
		return rc;
	for (unsigned f = 0; f < c->feeds_n && rc == 0; f++) {
		char name[96], text[32];

		if (!is_noted(d, f, empty))
			continue;
		feed_note(d, f, name);
		(void)snprintf(text, sizeof(text), "%llu",
			       (unsigned long long)d->feed_records[f]);
		rc = d->recver->ops->meta_put(d->recver, d->target, name,
					      mst_slice_str(text), err);
	}
	if (rc == 0)
		return d->recver->ops->commit(d->recver, err);
	d->recver->ops->abort(d->recver);
	return rc;
}

/* A saved source that has lost records since its manifest was written. */
static void doubt_fewer(struct mst_delta *d, unsigned feed, uint64_t records)
{
	uint64_t saved = d->spool->feeds[feed].proof.records;
	char why[256];

	if (records >= saved)
		return;
	(void)snprintf(why, sizeof(why),
		       "%s: %llu records are there, and %llu were when they "
		       "were saved",
		       d->job->catalog->feeds[feed].title,
		       (unsigned long long)records, (unsigned long long)saved);
	doubt(d, 1u << feed, why);
}

int mst_proven_read(struct mst_delta *d, unsigned feed,
		    const struct mst_read_stats *stats, struct mst_err *err)
{
	char why[320];

	/* A page that says another follows, and no other does. */
	if (stats->pages && stats->pages_more >= stats->pages) {
		(void)snprintf(why, sizeof(why),
			       "the last page of %s says that more follow",
			       d->job->catalog->feeds[feed].name);
		doubt(d, UINT32_MAX, why);
	}
	doubt_fewer(d, feed, stats->records);
	return stats->records == 0 ? believe_empty(d, feed, err) : 0;
}

/* ---- after it ------------------------------------------------------------ */

/* A derived set with no parent (packages) is only whole when the set that it
 * is derived from is. */
static void prove_derived(struct mst_delta *d, struct mst_set_delta *sd)
{
	const struct mst_set_delta *origin;

	if (!sd->set->selected_by || !sd->proven)
		return;
	origin = mst_delta_set(d, sd->set->selected_by);
	if (origin && origin->selected && !origin->proven) {
		sd->proven = false;
		(void)snprintf(sd->why, sizeof(sd->why), "%s", origin->why);
	}
}

/* A doubt, also one that came while reading, reaches the children and what is
 * derived. Parents come before their children. */
void mst_proven_spread(struct mst_delta *d)
{
	for (size_t i = 0; i < d->sets_n; i++) {
		struct mst_set_delta *sd = &d->sets[d->order[i]];
		const struct mst_set_delta *from = NULL;

		if (sd->set->parent)
			from = mst_delta_set(d, sd->set->parent);
		if (sd->proven && from && from->selected && !from->proven) {
			sd->proven = false;
			(void)snprintf(sd->why, sizeof(sd->why), "%s: %.250s",
				       from->set->title, from->why);
		}
	}
	for (size_t i = 0; i < d->sets_n; i++)
		prove_derived(d, &d->sets[i]);
}
