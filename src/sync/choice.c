/* SPDX-License-Identifier: Apache-2.0
 *
 * Record sets that need others.
 */
#include "sync/choice.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/log.h"

int mst_choice_known(const struct mst_job *j, const char *name,
		     struct mst_err *err)
{
	const struct mst_catalog *c = j->catalog;
	const struct mst_set *set = mst_catalog_set(c, name);
	const char *names[MST_MAX_SETS + 1];
	char all[512] = "";
	const char *near;
	size_t n = 0, at = 0;

	if (set && set->off)
		return mst_err_set(err, MST_E_INVALID,
				   "the source '%s' does not offer '%s': %s",
				   j->conf.source, name, set->off);
	if (set)
		return 0;
	for (size_t i = 0; i < c->sets_n && n < MST_MAX_SETS; i++) {
		names[n++] = c->sets[i].name;
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s",
				       i ? ", " : "", c->sets[i].name);
		at = MST_MIN(at, sizeof(all) - 1);
	}
	names[n] = NULL;
	near = mst_nearest(name, names);
	return mst_err_set(err, MST_E_INVALID,
			   "the source '%s' has no record set '%s'%s%s%s; it "
			   "has %s",
			   j->conf.source, name, near ? ", did you mean '" : "",
			   near ? near : "", near ? "'?" : "", all);
}

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
