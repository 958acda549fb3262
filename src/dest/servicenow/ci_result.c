/* SPDX-License-Identifier: Apache-2.0
 *
 * What the identification and reconciliation engine says of a payload: whose
 * result is whose, what it means for each CI, and what becomes of payloads
 * that came to nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

/* ---- verdicts ---------------------------------------------------------- */

static bool is_op(const struct sn_ire_result *r, const char *op)
{
	return mst_slice_is(r->operation, op);
}

/* Worth another attempt in a smaller payload. */
static bool passing(const struct sn_ire_result *r)
{
	return strcmp(r->error, "LOCK_TIMEOUT") == 0 ||
	       strcmp(r->error, "ABANDONED") == 0 ||
	       strcmp(r->error, "DUPLICATE_PAYLOAD_RECORDS") == 0;
}

/* Errors of a retirement that only say: nothing there to identify. */
static bool nothing_there(const struct sn_ire_result *r)
{
	return strcmp(r->error, "MISSING_MATCHING_ATTRIBUTES") == 0 ||
	       strcmp(r->error, "REQUIRED_ATTRIBUTE_EMPTY") == 0 ||
	       strcmp(r->error, "INSERT_NOT_ALLOWED_FOR_SOURCE") == 0;
}

static void retry(struct mst_dest *d, struct sn_item *it, size_t payload,
		  const char *why)
{
	if (d->cancelled) {
		mst_sn_failed(d, it, "cancelled: %s", why);
	} else if (++it->tries >= SN_IRE_TRIES) {
		/* Not a refusal when we cannot know what became of it. */
		if (it->posted)
			mst_sn_failed(d, it, "%s (after %u attempts)", why,
				      it->tries);
		else
			mst_sn_refuse(d, it, "%s (after %u attempts)", why,
				      it->tries);
	} else {
		it->limit = (unsigned)MST_MAX(payload / 8, 1);
		mst_sn_ci_back(d, it);
	}
}

static void refuse_result(struct mst_dest *d, struct sn_item *it,
			  const struct sn_ire_result *r)
{
	const char *more = "";

	if (mst_slice_ifind(mst_slice_str(r->message), "invalid data source"))
		more = ": add the value to the choice list of "
		       "cmdb_ci.discovery_source (exact case)";
	mst_sn_refuse(d, it, "%s%s%s%s", r->error, *r->message ? ": " : "",
		      r->message, more);
}

/* The class stays as it is (another source made it a server, say): applied,
 * and later payloads of this run name that class. */
static void keep_class(struct mst_dest *d, struct sn_item *it,
		       const struct sn_ire_result *r)
{
	struct mst_slice key;

	if (!r->kept_class || !mst_sn_name_ok(r->klass) ||
	    mst_slice_eq(r->klass, it->c.table))
		return;
	if (d->classes.n >= 100000 || mst_map_has(&d->classes, it->c.key))
		return;
	key = mst_arena_dup(&d->arena, it->c.key);
	mst_map_put(&d->classes, key,
		    (void *)(uintptr_t)mst_arena_dup(&d->arena, r->klass).p);
}

/* Is the CI that we once made still there? */
static void take_retire(struct mst_dest *d, void *ctx,
			const struct sn_answer *a)
{
	struct mst_json_iter rows =
	    mst_json_iter(mst_json_get(a->root, "result"));
	struct sn_item *it = ctx;
	struct mst_sysid id;
	struct mst_json row;

	if (a->fate != SN_DONE) {
		mst_sn_failed(d, it, "cannot see whether the CI exists: %s",
			      a->why);
		return;
	}
	while (mst_json_next(&rows, NULL, &row)) {
		if (!mst_sn_row_id(row, &id) ||
		    memcmp(&id, &it->c.remote, sizeof(id)) != 0)
			continue;
		it->by_id = true;
		mst_sn_ci_ready(d, it);
		return;
	}
	mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
}

/* IRE does not know the native key. Either the CI is gone, then there is
 * nothing to retire; or matching by source is switched off, then its sys_id
 * tells IRE which one is meant. Never would an insert be right. */
void mst_sn_ci_retire(struct mst_dest *d, struct sn_item *it)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);
	char query[64] = "sys_id=";

	if (mst_sysid_is_zero(&it->c.remote)) {
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
		return;
	}
	mst_sysid_hex(&it->c.remote, query + strlen(query));
	mst_sn_list_url(&url, MST_SLICE_LIT("cmdb_ci"), mst_slice_str(query),
			"sys_id", 1);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_retire,
		       it);
	mst_buf_fini(&url);
}

static void take_note(struct sn_item *it, const struct sn_ire_result *r)
{
	if (it->note)
		return;
	if (r->several)
		it->note = "several CIs are identified by its attributes: "
			   "ServiceNow takes the oldest and marks the others "
			   "as duplicates; merge them";
	else if (r->masked)
		it->note = "a reconciliation rule keeps some of its attributes "
			   "for another source";
}

static void dry_result(struct mst_dest *d, struct sn_item *it,
		       const struct sn_ire_result *r)
{
	bool fresh = is_op(r, "INSERT") || is_op(r, "INSERT_AS_PARTIAL") ||
		     is_op(r, "INSERT_AS_INCOMPLETE");

	if (it->c.action == MST_RETIRE &&
	    (fresh || (*r->error && nothing_there(r)))) {
		mst_sn_ci_retire(d, it);
		return;
	}
	if (*r->error) {
		refuse_result(d, it, r);
		return;
	}
	keep_class(d, it, r);
	take_note(it, r);
	it->tries = 0;
	it->limit = MST_MAX_IRE_ITEMS;
	it->insert = fresh && it->c.action != MST_RETIRE;
	if (!fresh && !mst_sysid_is_zero(&r->id))
		it->remote = r->id;
	if (it->insert && !it->matched && mst_sn_match_further(d, it))
		mst_sn_match_add(d, it);
	else
		mst_sn_ci_ready(d, it);
}

/* Found in another class, it stays there, and is meant by its sys_id. */
void mst_sn_ci_matched(struct mst_dest *d, struct sn_item *it, bool found)
{
	it->matched = true;
	if (found) {
		it->remote = it->hits[0];
		it->by_id = true;
		it->insert = false;
	}
	if (!found && it->c.action == MST_RETIRE)
		mst_sn_ci_back(d, it);
	else
		mst_sn_ci_ready(d, it);
}

/* A CI that has our discovery source and no correlation id can only be one
 * that an update made. */
static void take_half(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct mst_json_iter rows =
	    mst_json_iter(mst_json_get(a->root, "result"));
	struct sn_item *it = ctx;
	struct mst_sysid id;
	struct mst_json row;

	while (a->fate == SN_DONE && mst_json_next(&rows, NULL, &row)) {
		if (!mst_sn_row_id(row, &id) ||
		    memcmp(&id, &it->remote, sizeof(id)) != 0 ||
		    mst_sn_member(row, "correlation_id").n ||
		    !mst_slice_is(mst_sn_member(row, "discovery_source"),
				  d->conf->discovery_source))
			continue;
		it->insert = it->inserted = true;
		it->tries = 0;
		mst_sn_ci_commit(d, it);
		return;
	}
	mst_sn_verify_add(d, it, it->kind, it->inserted);
}

/* The answer to an update was lost, here or in the run before, and the next one
 * reads as an update, too: had the CI been gone, the first one made it, without
 * its insert-only columns. */
static bool may_be_half(const struct sn_item *it)
{
	return !it->insert && !it->inserted && it->c.action != MST_RETIRE &&
	       (it->posted || it->c.unsure) &&
	       mst_sn_cell(it, "correlation_id");
}

static void look_for_half(struct mst_dest *d, struct sn_item *it)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);
	char query[64] = "sys_id=";

	mst_sysid_hex(&it->remote, query + strlen(query));
	mst_sn_list_url(&url, MST_SLICE_LIT("cmdb_ci"), mst_slice_str(query),
			"sys_id,correlation_id,discovery_source", 1);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_half,
		       it);
	mst_buf_fini(&url);
}

static void commit_result(struct mst_dest *d, struct sn_item *it,
			  const struct sn_ire_result *r, size_t payload)
{
	bool inserted = is_op(r, "INSERT");

	if (*r->error) {
		refuse_result(d, it, r);
		return;
	}
	if (is_op(r, "INSERT_AS_PARTIAL") || is_op(r, "INSERT_AS_INCOMPLETE")) {
		mst_sn_refuse(d, it, "%.*s: ServiceNow parked it as incomplete",
			      MST_SLICE_ARG(r->operation));
		return;
	}
	if (mst_sysid_is_zero(&r->id)) {
		retry(d, it, payload, "the answer has no sys_id for it");
		return;
	}
	keep_class(d, it, r);
	take_note(it, r);
	it->remote = r->id;
	if (inserted && !it->insert && it->c.action != MST_RETIRE) {
		/* The CI of an update was gone, so this made it again: now
		 * it also wants its insert-only columns. */
		it->insert = it->inserted = true;
		it->tries = 0;
		mst_sn_ci_commit(d, it);
		return;
	}
	/* Sent twice because the first answer was lost, it reads as an update,
	 * but it was our insert. */
	inserted = inserted || it->inserted || (it->insert && it->posted);
	it->kind =
	    is_op(r, "NO_CHANGE") && !inserted && !it->posted && !r->related
		? MST_VERDICT_UNCHANGED
		: MST_VERDICT_APPLIED;
	if (may_be_half(it))
		look_for_half(d, it);
	else
		mst_sn_verify_add(d, it, it->kind, inserted);
}

/* ---- whose result it is -------------------------------------------------- */

#define GIVEN_MAX 300000

/* Results only have the index of their input. An answer that belongs to another
 * request (a gateway that mixes them up) shows by its class and key. */
static bool belongs(const struct sn_item *it, const struct sn_ire_result *r)
{
	struct mst_slice asked =
	    it->held_class ? mst_slice_str(it->held_class) : it->c.table;

	if (r->native_key.n && !mst_slice_eq(r->native_key, it->c.key))
		return false;
	return r->kept_class || !r->klass.n || mst_slice_eq(r->klass, asked);
}

/* Was the sys_id given to a CI of another key in this run? Else it is given to
 * this one. */
static bool is_others(struct mst_dest *d, const struct sn_item *it,
		      const struct mst_sysid *id)
{
	struct mst_slice key = {(const char *)id->b, sizeof(id->b)};
	const char *owner = mst_map_get(&d->given, key);

	if (!it->c.key.n)
		return false;
	if (owner)
		return !mst_slice_is(it->c.key, owner);
	if (d->given.n < GIVEN_MAX)
		mst_map_put(&d->given, mst_arena_dup(&d->arena, key),
			    (void *)(uintptr_t)mst_sn_intern(d, it->c.key));
	return false;
}

bool mst_sn_ci_given(const struct mst_dest *d, const struct mst_sysid *id)
{
	return mst_map_has(&d->given,
			   mst_slice((const char *)id->b, sizeof(id->b)));
}

/* Or by a sys_id that cannot be right: one that another CI was given, one that
 * is not the CI that was meant, an update of a CI that was not there. The
 * payload is idempotent, so it is sent once more, and then believed. */
static bool doubtful(struct mst_dest *d, struct sn_item *it,
		     const struct sn_ire_result *r)
{
	bool odd = is_others(d, it, &r->id);

	if (!is_op(r, "INSERT"))
		odd = odd || (it->insert && !it->posted) ||
		      (!mst_sysid_is_zero(&it->remote) &&
		       memcmp(&it->remote, &r->id, sizeof(r->id)) != 0);
	if (!odd || it->doubted || d->cancelled)
		return false;
	it->doubted = it->posted = d->mixed = true;
	mst_sn_ci_back(d, it);
	return true;
}

static void take_results(struct mst_dest *d, struct sn_call *call,
			 const struct sn_ire_result *r)
{
	size_t n = call->items_n;

	d->failures = 0;
	for (size_t i = 0; i < n; i++) {
		struct sn_item *it = call->items[i];
		char why[SN_REASON];

		if (!r[i].present || !belongs(it, &r[i])) {
			if (call->kind == SN_CALL_COMMIT)
				it->posted = d->mixed = true;
			retry(d, it, n,
			      r[i].present ? "the answer speaks of another "
					     "record"
					   : "the answer does not mention it");
		} else if (passing(&r[i])) {
			snprintf(why, sizeof(why), "%s: %.380s", r[i].error,
				 r[i].message);
			retry(d, it, n, why);
		} else if (call->kind == SN_CALL_DRY) {
			dry_result(d, it, &r[i]);
		} else if (*r[i].error || mst_sysid_is_zero(&r[i].id) ||
			   !doubtful(d, it, &r[i])) {
			commit_result(d, it, &r[i], n);
		}
	}
}

/* ---- payloads that came to nothing ------------------------------------- */

static void split(struct mst_dest *d, struct sn_call *call, bool sent,
		  const char *why)
{
	size_t n = call->items_n;

	for (size_t i = 0; i < n; i++) {
		struct sn_item *it = call->items[i];

		if (sent && call->kind == SN_CALL_COMMIT)
			it->posted = d->mixed = true;
		if (d->cancelled || n == 1) {
			retry(d, it, 1, why);
			continue;
		}
		it->limit = (unsigned)((n + 1) / 2);
		mst_sn_ci_back(d, it);
	}
}

static void give_up(struct mst_dest *d, struct sn_call *call, const char *why)
{
	for (size_t i = 0; i < call->items_n; i++)
		mst_sn_failed(d, call->items[i], "%s", why);
}

/* An option that this release does not know: on without it. */
static bool option_refused(struct mst_dest *d, struct sn_call *call,
			   const char *why)
{
	if (!call->skip_option ||
	    !mst_slice_ifind(mst_slice_str(why), "not a valid entry"))
		return false;
	d->skip_option = false;
	for (size_t i = 0; i < call->items_n; i++)
		mst_sn_ci_back(d, call->items[i]);
	return true;
}

void mst_sn_ci_accept(struct mst_dest *d, struct sn_call *call,
		      const struct mst_resp *resp)
{
	struct sn_ire_result *r;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {0};
	bool usable = false;
	char why[SN_REASON];

	if (resp->outcome == MST_OUT_ANSWER && resp->status != 202 &&
	    mst_json_parse(d->outer, resp->body, &root, &err) != MST_OK)
		root = (struct mst_json){0};
	/* A bad data source came with a 400 and a result in one recording, so
	 * results count whatever the status. */
	if (root.doc) {
		r = mst_alloc(call->items_n * sizeof(*r));
		usable = mst_sn_ire_results(root, r, call->items_n);
		mst_sn_ire_relations(root, call, r);
		mst_sn_owner_release(d, call);
		if (usable)
			take_results(d, call, r);
		free(r);
	}
	mst_sn_owner_release(d, call);
	if (usable)
		return;
	if (mst_sn_is_fatal(resp)) {
		mst_sn_call_error(d, resp, root, "identification", &err);
		mst_sn_die(d, &err);
		return;
	}
	if (resp->outcome != MST_OUT_ANSWER)
		snprintf(why, sizeof(why), "%.400s", resp->err.msg);
	else if (!mst_sn_error_text(root, why, sizeof(why)))
		snprintf(why, sizeof(why), "identification answered %d",
			 resp->status);
	if (option_refused(d, call, why) || mst_sn_count_failure(d, resp))
		return;
	if (resp->outcome == MST_OUT_FAILED || resp->status == 429)
		give_up(d, call, why);
	else
		split(d, call, resp->status != 400 && resp->status != 413, why);
}
