/* SPDX-License-Identifier: Apache-2.0
 *
 * Event Management: events come in many at a time, and those of one message key
 * are one alert. A 200 says how many events were taken, and nothing of what
 * became of each.
 */
#include <stdio.h>

#include "sim/sn.h"

#define CLEAR "0"

static void set(const struct sn_table *t, struct mst_slice *vals,
		const char *col, struct mst_slice v)
{
	vals[sn_col_at(t, col)] = v;
}

/* What both have, as far as the event says it. */
static void copy(const struct sn_table *from, const struct mst_slice *event,
		 const struct sn_table *to, struct mst_slice *alert)
{
	static const char *const columns[] = {
	    "source", "node",	     "resource",    "metric_name",
	    "type",   "message_key", "description", "additional_info"};

	for (size_t i = 0; i < MST_LEN(columns); i++) {
		struct mst_slice v = event[sn_col_at(from, columns[i])];

		if (v.n)
			set(to, alert, columns[i], v);
	}
}

/* By name, address or MAC: the CI, or nothing. */
static struct mst_slice ci_of(struct sim_sn *sn, struct mst_slice node)
{
	static const char *const columns[] = {"name", "fqdn", "ip_address",
					      "mac_address"};
	struct sn_table *t = sn_table(sn, "cmdb_ci");

	for (size_t i = 0; t && node.n && i < MST_LEN(columns); i++) {
		if (sn_search(sn, t, columns[i], node, true) == 1)
			return mst_slice(sn->found[0]->id, SN_ID);
	}
	return MST_SLICE_LIT("");
}

static struct mst_slice count_of(struct sim_sn *sn, const struct sn_row *alert)
{
	unsigned n = 0;

	if (alert)
		(void)sscanf(mst_arena_dup(&sn->scratch,
					   sn_get_named(alert, "event_count"))
				 .p,
			     "%u", &n);
	return mst_slice_str(mst_arena_printf(&sn->scratch, "%u", n + 1));
}

/* Opens, updates, closes or opens again the alert of an event. */
static struct sn_row *to_alert(struct sim_sn *sn, const struct sn_table *e,
			       const struct mst_slice *event, const char *user)
{
	struct sn_table *t = sn_table_any(sn, "em_alert");
	struct mst_slice key = event[sn_col_at(e, "message_key")];
	struct mst_slice severity = event[sn_col_at(e, "severity")];
	bool clear = mst_slice_is(severity, CLEAR);
	struct sn_row *row =
	    key.n ? sn_first(sn, t->name, "message_key", key) : NULL;
	bool was_closed =
	    row && mst_slice_is(sn_get_named(row, "state"), "Closed");
	struct mst_slice vals[SN_MAX_COLUMNS];

	/* A clear without an alert clears nothing. */
	if (!row && clear)
		return NULL;
	if (row)
		sn_values(row, vals);
	else
		sn_defaults(sn, t, vals);
	set(t, vals, "event_count", count_of(sn, row));
	set(t, vals, "state",
	    clear	 ? MST_SLICE_LIT("Closed")
	    : was_closed ? MST_SLICE_LIT("Reopen")
	    : row	 ? sn_get_named(row, "state")
			 : MST_SLICE_LIT("Open"));
	if (!clear) {
		copy(e, event, t, vals);
		set(t, vals, "severity", severity);
		set(t, vals, "cmdb_ci", ci_of(sn, event[sn_col_at(e, "node")]));
	}
	set(t, vals, "last_event_time", event[sn_col_at(e, "time_of_event")]);
	if (!row)
		set(t, vals, "initial_event_time",
		    event[sn_col_at(e, "time_of_event")]);
	if (!row)
		return sn_insert(sn, t, vals, NULL, user);
	sn_update(sn, row, vals, user);
	return row;
}

static void take_event(struct sim_sn *sn, const struct sn_req *r,
		       struct mst_json o)
{
	struct sn_table *t = sn_table_any(sn, "em_event");
	struct mst_json_iter it = mst_json_iter(o);
	struct mst_slice vals[SN_MAX_COLUMNS], key;
	struct mst_json v;
	struct sn_row *alert;
	char why[512];

	sn_defaults(sn, t, vals);
	while (mst_json_next(&it, &key, &v)) {
		uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, key);

		if (at > SN_C__N)
			(void)sn_take(sn, t, at - 1, sn_json_text(sn, v), false,
				      vals, why, sizeof(why));
	}
	if (!vals[sn_col_at(t, "time_of_event")].n)
		set(t, vals, "time_of_event", mst_slice_str(sn->now));
	alert = to_alert(sn, t, vals, r->user->name);
	set(t, vals, "state", MST_SLICE_LIT("Processed"));
	if (alert)
		set(t, vals, "alert", mst_slice(alert->id, SN_ID));
	sn_insert(sn, t, vals, NULL, r->user->name);
}

void sn_event_api(struct sim_sn *sn, const struct sn_req *r,
		  struct sim_reply *reply)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {0}, list, v;
	struct mst_json_iter it;
	unsigned n = 0;

	if (strcmp(r->method, "POST")) {
		sn_error(reply, 405, "Method not supported",
			 "%s is not supported here", r->method);
		return;
	}
	if (!sn_has_role(r->user, "evt_mgmt_integration") &&
	    !sn_has_role(r->user, "admin")) {
		sn->stats.forbidden++;
		sn_error(reply, 403, "User Not Authorized",
			 "Failed API level ACL Validation");
		return;
	}
	if (mst_json_parse(sn->json, r->body, &root, &err) == 0)
		list = mst_json_get(root, "records");
	else
		list = (struct mst_json){0};
	if (mst_json_type(list) != MST_JSON_ARRAY) {
		sn_error(reply, 400, "Exception while reading request",
			 "The payload has no records");
		return;
	}
	it = mst_json_iter(list);
	while (mst_json_next(&it, NULL, &v)) {
		if (mst_json_type(v) != MST_JSON_OBJECT)
			continue;
		take_event(sn, r, v);
		n++;
	}
	mst_buf_addf(&reply->body,
		     "{\"result\":{\"Default Bulk Endpoint\":"
		     "\"%u events were inserted\"}}",
		     n);
}
