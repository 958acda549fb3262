/* SPDX-License-Identifier: Apache-2.0
 *
 * The source name under which configuration items are written: is it a choice
 * of cmdb_ci.discovery_source, and the one record that makes it one.
 */
#include <stdio.h>

#include "dest/servicenow/setup.h"

void mst_sn_ask_source(struct sn_setup *s)
{
	(void)mst_sn_ask_list(s, "sys_choice",
			      "name=cmdb_ci^element=discovery_source",
			      "name,element,value,inactive,sys_id", 500);
}

struct source_seen {
	bool active, inactive;
	unsigned others;
	char near[64], sys_id[40];
};

static void look_for_source(struct sn_setup *s, const struct sn_ask *a,
			    struct source_seen *seen)
{
	struct mst_json_iter it = mst_json_iter(mst_sn_ask_result(s, a));
	const char *want = s->d->conf->discovery_source;
	struct mst_json row;

	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice v = mst_sn_member(row, "value");
		bool off =
		    mst_slice_iis(mst_sn_member(row, "inactive"), "true");

		if (!mst_slice_is(mst_sn_member(row, "element"),
				  "discovery_source"))
			continue; /* a dropped clause brings other choices */
		seen->others++;
		if (!mst_slice_iis(v, want))
			continue;
		if (!mst_slice_is(v, want)) {
			(void)snprintf(seen->near, sizeof(seen->near), "%.*s",
				       MST_SLICE_ARG(v));
		} else if (!off) {
			seen->active = true;
		} else {
			seen->inactive = true;
			(void)snprintf(
			    seen->sys_id, sizeof(seen->sys_id), "%.*s",
			    MST_SLICE_ARG(mst_sn_member(row, "sys_id")));
		}
	}
}

static void offer(struct sn_setup *s)
{
	const char *v = s->d->conf->discovery_source;
	struct mst_check_fix f = {
	    .check = "discovery_source",
	    .what = mst_arena_printf(
		&s->arena,
		"add the choice \"%s\" to cmdb_ci.discovery_source; the "
		"choices that are there stay as they are",
		v),
	    .table = "sys_choice",
	    .values = {{"name", "cmdb_ci"},
		       {"element", "discovery_source"},
		       {"value", v},
		       {"label", v},
		       {"language", "en"},
		       {"inactive", "false"}},
	};

	mst_sn_offer(s, SN_FIX_SOURCE, &f);
}

static void say_no_choice(struct sn_setup *s, const struct source_seen *seen,
			  struct mst_check *c)
{
	const char *v = s->d->conf->discovery_source;
	const char *why = s->fixes[SN_FIX_SOURCE].why;
	bool ire = s->d->conf->write_mode == SN_WRITE_IRE;

	offer(s);
	if (*why)
		mst_check_say(c, MST_CHECK_FAILED,
			      "the choice \"%.40s\" could not be added: %.300s",
			      v, why);
	else if (*seen->near)
		mst_check_say(c, MST_CHECK_FAILED,
			      "\"%.40s\" is no choice of "
			      "cmdb_ci.discovery_source, but \"%.60s\" is: IRE "
			      "wants the exact case",
			      v, seen->near);
	else
		mst_check_say(c, MST_CHECK_FAILED,
			      "\"%.40s\" is no choice of "
			      "cmdb_ci.discovery_source: %s",
			      v,
			      ire ? "IRE would refuse every item"
				  : "ServiceNow ignores such values");
	if (*why)
		mst_check_remedy(c,
				 "with an administrator's log-in: `muster "
				 "connection setup %.64s --admin USER "
				 "--admin-password env:NAME`; or add it by "
				 "hand to sys_choice",
				 s->d->env.connection);
	else
		mst_check_remedy(c, "`muster connection setup %.64s` adds it",
				 s->d->env.connection);
}

bool mst_sn_judge_source(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	const char *v = s->d->conf->discovery_source;
	struct source_seen seen = {0};

	s->fixes[SN_FIX_SOURCE].can = false;
	if (mst_sn_ask_ok(a))
		look_for_source(s, a, &seen);
	/* IRE itself knows best; its list may be older than the table's. */
	if (s->dry_run && !*s->bad_source) {
		mst_check_say(c, MST_CHECK_OK, "\"%.40s\" is taken by IRE", v);
	} else if (seen.active && !*s->bad_source) {
		mst_check_say(c, MST_CHECK_OK, "\"%.40s\" is a choice", v);
	} else if (seen.active) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "\"%.40s\" is a choice, but IRE does not take "
			      "it: %.300s",
			      v, s->bad_source);
		mst_check_remedy(c, "clear the instance's cache (cache.do), "
				    "then try again");
	} else if (seen.inactive) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "\"%.40s\" is a choice, but an inactive one", v);
		mst_check_remedy(c,
				 "untick Inactive on the record %.32s of "
				 "sys_choice",
				 seen.sys_id);
	} else if (seen.others || *s->fixes[SN_FIX_SOURCE].why) {
		say_no_choice(s, &seen, c);
	} else if (*s->bad_source) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "IRE does not take \"%.40s\": %.300s", v,
			      s->bad_source);
		mst_check_remedy(c,
				 "add a record to sys_choice: name cmdb_ci, "
				 "element discovery_source, value and label "
				 "\"%.40s\" (the user may not read that table, "
				 "so setup leaves it alone)",
				 v);
	} else {
		mst_sn_unseen(c, a, "sys_choice",
			      "it is not known whether IRE takes the "
			      "discovery source");
	}
	return true;
}
