/* SPDX-License-Identifier: Apache-2.0
 *
 * See run_show.h.
 */
#include "sync/run_show.h"

void mst_run_counts_json(struct mst_jout *j, const struct mst_run_counts *c)
{
	mst_jout_ki64(j, "read", (int64_t)c->read);
	mst_jout_ki64(j, "new", (int64_t)c->new_);
	mst_jout_ki64(j, "changed", (int64_t)c->changed);
	mst_jout_ki64(j, "retired", (int64_t)c->retired);
	mst_jout_ki64(j, "deleted", (int64_t)c->deleted);
	mst_jout_ki64(j, "closed", (int64_t)c->closed);
	mst_jout_ki64(j, "reopened", (int64_t)c->reopened);
	mst_jout_ki64(j, "unchanged", (int64_t)c->unchanged);
	mst_jout_ki64(j, "refused", (int64_t)c->refused);
	mst_jout_ki64(j, "skipped", (int64_t)c->skipped);
	mst_jout_ki64(j, "requests", (int64_t)c->requests);
}
