/* SPDX-License-Identifier: Apache-2.0
 *
 * Record sets that need others.
 */
#include "sync/choice.h"

#include "base/log.h"

/* A part of the devices can only be chosen where devices are read; packages are
 * what the installs show. */
int mst_choice_check(const struct mst_job *j, bool part, struct mst_err *err)
{
	const struct mst_catalog *c = j->catalog;

	for (size_t i = 0; i < c->sets_n; i++) {
		const struct mst_set *set = &c->sets[i];
		const struct mst_set *need =
		    set->parent && part ? mst_catalog_set(c, set->parent)
		    : set->selected_by	? mst_catalog_set(c, set->selected_by)
					: NULL;

		if (need && mst_job_wants(j, set) && !mst_job_wants(j, need))
			return mst_err_set(err, MST_E_INVALID,
					   "record set '%s' needs '%s' here; "
					   "select both",
					   set->name, need->name);
	}
	return 0;
}

/* Definitions come with what refers to them. */
void mst_choice_advise(const struct mst_job *j)
{
	const struct mst_catalog *c = j->catalog;

	for (size_t i = 0; i < c->sets_n; i++) {
		const struct mst_set *set = &c->sets[i];
		const struct mst_set *by =
		    set->referenced_by ? mst_catalog_set(c, set->referenced_by)
				       : NULL;

		if (by && mst_job_wants(j, set) && !mst_job_wants(j, by))
			mst_warn("job %s: record set '%s' without '%s' adds "
				 "nothing: it only keeps up to date what is "
				 "delivered already; select both, unless "
				 "another job of '%s' delivers '%s'",
				 j->name, set->name, by->name, j->conf.source,
				 by->name);
	}
}
