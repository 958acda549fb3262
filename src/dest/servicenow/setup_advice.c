/* SPDX-License-Identifier: Apache-2.0
 *
 * What an administrator should know of the instance: its release, its quotas,
 * settings that make a run slow. Nothing here stops a run.
 */
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "dest/servicenow/setup.h"

#define QUOTA_S	   60 /* what a batch should be given */
#define QUOTA_NAME "REST Batch API request timeout"

/* ---- release ------------------------------------------------------------- */

void mst_sn_ask_release(struct sn_setup *s)
{
	(void)mst_sn_ask_list(s, "sys_properties",
			      "nameINglide.buildname,glide.buildtag,glide.war",
			      "name,value", 10);
}

/* Is the family's name in "Zurich" or "glide-zurich-07-01-2025__patch4-…"? */
static const char *family(struct mst_slice name, struct mst_slice tag,
			  const char *const *names)
{
	for (; *names; names++) {
		if (mst_slice_ifind(name, *names) ||
		    mst_slice_ifind(tag, *names))
			return *names;
	}
	return NULL;
}

static void say_release(struct mst_check *c, struct mst_slice name,
			struct mst_slice tag)
{
	static const char *const good[] = {"Xanadu",	"Yokohama", "Zurich",
					   "Australia", "Brazil",   NULL};
	static const char *const old[] = {
	    "Washington", "Vancouver", "Utah",	   "Tokyo",  "San Diego",
	    "SanDiego",	  "Rome",      "Quebec",   "Paris",  "Orlando",
	    "New York",	  "NewYork",   "Madrid",   "London", "Kingston",
	    "Jakarta",	  "Istanbul",  "Helsinki", NULL};
	const char *known = family(name, tag, good);
	const char *before = known ? NULL : family(name, tag, old);

	name = mst_sn_cut(name.n ? name : tag, 60);
	tag = mst_sn_cut(tag, 120);
	mst_check_say(c,
		      known    ? MST_CHECK_OK
		      : before ? MST_CHECK_WARNING
			       : MST_CHECK_NOTE,
		      "%.*s%s%.*s%s", MST_SLICE_ARG(name), tag.n ? " (" : "",
		      MST_SLICE_ARG(tag), tag.n ? ")" : "");
	if (before)
		mst_check_remedy(c, "muster is made for Xanadu and later: try "
				    "it on a sub-production instance first");
	else if (!known)
		mst_check_remedy(c, "this muster does not know that release: "
				    "try it on a sub-production instance "
				    "first");
}

bool mst_sn_judge_release(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct mst_slice name = {NULL, 0}, tag = {NULL, 0}, war = {NULL, 0};
	struct mst_json_iter it;
	struct mst_json row;

	if (mst_sn_ask_ok(a)) {
		it = mst_json_iter(mst_sn_ask_result(s, a));
		while (mst_json_next(&it, NULL, &row)) {
			struct mst_slice key = mst_sn_member(row, "name");
			struct mst_slice v = mst_sn_member(row, "value");

			if (mst_slice_is(key, "glide.buildname"))
				name = v;
			else if (mst_slice_is(key, "glide.buildtag"))
				tag = v;
			else if (mst_slice_is(key, "glide.war"))
				war = v;
		}
	}
	if (!tag.n)
		tag = war;
	if (name.n || tag.n)
		say_release(c, name, tag);
	else
		mst_sn_unseen(c, a, "sys_properties",
			      "the release is not known");
	return true;
}

/* ---- batch time quota ---------------------------------------------------- */

/* The case of its name differs from release to release. */
void mst_sn_ask_quota(struct sn_setup *s)
{
	(void)mst_sn_ask_list(s, "sysrule_quota", "nameLIKEBatch",
			      "name,maximum_duration,active", 50);
}

/* "60", or as a duration "1970-01-01 00:01:00". */
static bool seconds(struct mst_slice v, int64_t *s_r)
{
	int64_t us;

	if (mst_num_i64(v, s_r))
		return *s_r > 0;
	if (!mst_time_parse(v, &us) || us == MST_TIME_NONE)
		return false;
	*s_r = us / 1000000;
	return *s_r > 0;
}

static void say_quota(const struct sn_setup *s, struct mst_check *c,
		      int64_t quota)
{
	long long batch = (long long)s->d->conf->batch_seconds;

	if (quota >= QUOTA_S) {
		mst_check_say(c, MST_CHECK_OK, "%lld s", (long long)quota);
		return;
	}
	if (quota <= batch)
		mst_check_say(c, MST_CHECK_WARNING,
			      "a batch is cut after %lld s, and muster fills "
			      "it for %lld s (batch_seconds)",
			      (long long)quota, batch);
	else
		mst_check_say(c, MST_CHECK_WARNING,
			      "batches are cut after %lld s, which slow "
			      "business rules use up; what is left is sent "
			      "again",
			      (long long)quota);
	mst_check_remedy(c,
			 "System Policy > Transaction Quotas: set Maximum "
			 "Duration of \"" QUOTA_NAME "\" to %d%s",
			 QUOTA_S,
			 quota <= batch ? ", or lower batch_seconds" : "");
}

bool mst_sn_judge_quota(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct mst_json_iter it;
	struct mst_json row;
	int64_t quota;

	if (!mst_sn_ask_ok(a)) {
		mst_sn_unseen(c, a, "sysrule_quota",
			      "how long a batch may take is not known");
		return true;
	}
	it = mst_json_iter(mst_sn_ask_result(s, a));
	while (mst_json_next(&it, NULL, &row)) {
		if (!mst_slice_iis(mst_sn_member(row, "name"), QUOTA_NAME))
			continue;
		if (mst_slice_iis(mst_sn_member(row, "active"), "false"))
			mst_check_say(c, MST_CHECK_OK, "switched off");
		else if (seconds(mst_sn_member(row, "maximum_duration"),
				 &quota))
			say_quota(s, c, quota);
		else
			mst_check_say(c, MST_CHECK_WARNING,
				      "its maximum duration cannot be read");
		return true;
	}
	mst_check_say(c, MST_CHECK_WARNING,
		      "there is no quota \"" QUOTA_NAME
		      "\" that this user may see");
	mst_check_remedy(c, "let the user read sysrule_quota, or look there as "
			    "an administrator");
	return true;
}

/* ---- display value of packages ------------------------------------------- */

void mst_sn_ask_package(struct sn_setup *s)
{
	(void)mst_sn_ask_list(s, "sys_dictionary",
			      "name=cmdb_ci_spkg^element=package_name",
			      "name,element,display", 5);
}

bool mst_sn_judge_package(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct mst_json_iter it;
	struct mst_json row;

	if (!mst_sn_ask_ok(a)) {
		mst_sn_unseen(c, a, "sys_dictionary",
			      "it is not known whether package_name is the "
			      "display value of packages");
		return true;
	}
	it = mst_json_iter(mst_sn_ask_result(s, a));
	while (mst_json_next(&it, NULL, &row)) {
		if (!mst_slice_is(mst_sn_member(row, "name"), "cmdb_ci_spkg") ||
		    !mst_slice_is(mst_sn_member(row, "element"),
				  "package_name"))
			continue;
		if (!mst_slice_iis(mst_sn_member(row, "display"), "true")) {
			mst_check_say(c, MST_CHECK_OK,
				      "package_name is no display value");
			return true;
		}
		mst_check_say(c, MST_CHECK_WARNING,
			      "cmdb_ci_spkg.package_name is calculated and "
			      "shown for every package: installed software "
			      "goes in about ten times slower");
		mst_check_remedy(c, "untick Display in the dictionary entry "
				    "cmdb_ci_spkg.package_name");
		return true;
	}
	mst_sn_unseen(c, a, "sys_dictionary",
		      "it is not known whether package_name is the display "
		      "value of packages");
	return true;
}
