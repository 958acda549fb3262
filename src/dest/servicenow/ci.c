/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration items. What is new is asked for in a dry run first, because
 * insert-only columns may not go into a CI that is there already; then it is
 * committed. Both are idempotent by native key, so what became of a payload
 * need not be known: it is sent again, in halves.
 *
 * Two CIs that IRE could take for one (same name, MAC or serial number) are
 * never under way together: the second would be identified as the first, or
 * wait for its lock.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

/* ---- what IRE identifies by -------------------------------------------- */

static void add_token(struct sn_item *it, char kind, struct mst_slice a,
		      struct mst_slice b)
{
	char *t = mst_alloc(a.n + b.n + 3);
	size_t n = 0;

	t[n++] = kind;
	for (size_t i = 0; i < a.n; i++)
		t[n++] = (char)tolower((unsigned char)a.p[i]);
	t[n++] = '\n';
	for (size_t i = 0; i < b.n; i++)
		t[n++] = (char)tolower((unsigned char)b.p[i]);
	it->tokens[it->tokens_n++] = mst_slice(t, n);
}

static struct mst_slice text_of(const struct sn_item *it, const char *column)
{
	const struct mst_cell *cell = mst_sn_cell(it, column);

	return cell ? cell->text : mst_slice(NULL, 0);
}

/* Only devices have a MAC and a serial; packages of one name differ by their
 * version. */
static void find_tokens(struct sn_item *it)
{
	struct mst_slice name = text_of(it, "name");
	struct mst_slice mac = text_of(it, "mac_address");
	struct mst_slice serial = text_of(it, "serial_number");

	if (it->tokens_n)
		return;
	if (name.n)
		add_token(it, 'n', name, text_of(it, "version"));
	if (mac.n)
		add_token(it, 'm', mac, mst_slice(NULL, 0));
	if (serial.n)
		add_token(it, 's', serial, mst_slice(NULL, 0));
}

/* All or none, so that two CIs cannot wait for each other. */
bool mst_sn_ci_hold(struct mst_dest *d, struct sn_item *it)
{
	if (it->holds)
		return true;
	find_tokens(it);
	for (size_t i = 0; i < it->tokens_n; i++) {
		if (mst_map_has(&d->busy, it->tokens[i]))
			return false;
	}
	for (size_t i = 0; i < it->tokens_n; i++)
		mst_map_put(&d->busy, it->tokens[i], it);
	return it->holds = true;
}

void mst_sn_ci_release(struct mst_dest *d, struct sn_item *it)
{
	if (!it->holds)
		return;
	for (size_t i = 0; i < it->tokens_n; i++)
		mst_map_del(&d->busy, it->tokens[i]);
	it->holds = false;
}

/* ---- queues ------------------------------------------------------------ */

static void to_dry(struct mst_dest *d, struct sn_item *it)
{
	TAILQ_INSERT_TAIL(&d->dry, it, link);
	d->dry_n++;
}

static void to_commit(struct mst_dest *d, struct sn_item *it)
{
	TAILQ_INSERT_TAIL(&d->commit, it, link);
	d->commit_n++;
}

static void back(struct mst_dest *d, struct sn_item *it)
{
	if (it->probed)
		to_commit(d, it);
	else
		to_dry(d, it);
}

bool mst_sn_ci_admit(struct mst_dest *d, struct sn_item *it)
{
	if (!it->c.key.n)
		mst_sn_refuse(d, it, "it has no key to be identified by");
	else if (it->c.action == MST_DELETE || it->c.action == MST_CLOSE)
		mst_sn_refuse(d, it, "a CI is never deleted or closed");
	else if (mst_sn_guard_never(d, it))
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false,
			      "its status is never updated");
	else
		return true;
	return false;
}

/* It is known which CI is meant. */
static void ready(struct mst_dest *d, struct sn_item *it)
{
	it->probed = true;
	if (!mst_sysid_is_zero(&it->remote) && mst_sn_guard_needed(d, it))
		mst_sn_guard_add(d, it);
	else
		to_commit(d, it);
}

void mst_sn_ci_guarded(struct mst_dest *d, struct sn_item *it)
{
	to_commit(d, it);
}

void mst_sn_ci_start(struct mst_dest *d, struct sn_item *it)
{
	it->held_class = mst_map_get(&d->classes, it->c.key);
	/* An update is of a CI that we delivered. A retirement is asked for
	 * first: what a person deleted must not be made anew by it. */
	if (it->c.action == MST_UPDATE &&
	    !(mst_sysid_is_zero(&it->remote) && mst_sn_guard_needed(d, it)))
		ready(d, it);
	else
		to_dry(d, it);
}

void mst_sn_ci_cancel(struct mst_dest *d)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&d->dry))) {
		TAILQ_REMOVE(&d->dry, it, link);
		d->dry_n--;
		mst_sn_failed(d, it, "cancelled");
	}
	while ((it = TAILQ_FIRST(&d->commit))) {
		TAILQ_REMOVE(&d->commit, it, link);
		d->commit_n--;
		mst_sn_failed(d, it, "cancelled");
	}
}

/* ---- a payload --------------------------------------------------------- */

/* Moves what may go together from the list into the call and the body. */
static size_t fill(struct mst_dest *d, struct sn_call *call,
		   struct sn_items *list, size_t *list_n)
{
	size_t most = (size_t)d->conf->ire_items;
	struct sn_item *it, *next;

	mst_buf_reset(&d->body);
	mst_buf_adds(&d->body, "{\"items\":[");
	for (it = TAILQ_FIRST(list); it && call->items_n < most; it = next) {
		struct mst_jout j;

		next = TAILQ_NEXT(it, link);
		if (it->limit <= call->items_n || !mst_sn_ci_hold(d, it))
			continue;
		mst_buf_reset(&d->scratch);
		mst_jout_init(&j, &d->scratch);
		mst_sn_ire_item(d, it, &j);
		if (call->items_n &&
		    d->body.n + d->scratch.n + 8 > d->conf->body_max) {
			/* It keeps its tokens: it is next. */
			break;
		}
		TAILQ_REMOVE(list, it, link);
		(*list_n)--;
		if (call->items_n)
			mst_buf_addc(&d->body, ',');
		mst_buf_add_slice(&d->body, mst_buf_slice(&d->scratch));
		call->items[call->items_n++] = it;
		most = MST_MIN(most, it->limit);
	}
	mst_buf_adds(&d->body, "]}");
	return call->items_n;
}

static bool pack(struct mst_dest *d, struct sn_call *call, bool dry, bool flush,
		 struct mst_req *req_r)
{
	struct sn_items *list = dry ? &d->dry : &d->commit;
	size_t *n = dry ? &d->dry_n : &d->commit_n;
	struct mst_buf path = MST_BUF_INIT(1024);
	char what[64];

	if (!*n || (!flush && *n < (size_t)d->conf->ire_items))
		return false;
	call->items =
	    mst_alloc((size_t)d->conf->ire_items * sizeof(struct sn_item *));
	call->items_n = 0;
	if (!fill(d, call, list, n)) {
		free(call->items);
		call->items = NULL;
		return false;
	}
	call->kind = dry ? SN_CALL_DRY : SN_CALL_COMMIT;
	call->skip_option = d->skip_option;
	mst_sn_ire_path(d, dry, &path);
	snprintf(what, sizeof(what), "%s of %zu configuration items",
		 dry ? "dry run" : "commit", call->items_n);
	/* Payloads are idempotent, but a bad one is better split at once than
	 * sent eight times. */
	mst_sn_call_begin(d, call, path.p,
			  d->failures < SN_TROUBLE ? MST_REPEAT_UNSENT
						   : MST_REPEAT_SAFE,
			  req_r, what);
	mst_buf_fini(&path);
	return true;
}

bool mst_sn_ci_request(struct mst_dest *d, struct sn_call *call, bool flush,
		       struct mst_req *req_r)
{
	return pack(d, call, false, flush, req_r) ||
	       pack(d, call, true, flush, req_r);
}

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
		back(d, it);
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
		ready(d, it);
		return;
	}
	mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
}

/* IRE does not know the native key. Either the CI is gone, then there is
 * nothing to retire; or matching by source is switched off, then its sys_id
 * tells IRE which one is meant. Never would an insert be right. */
static void retire_unknown(struct mst_dest *d, struct sn_item *it)
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

static void dry_result(struct mst_dest *d, struct sn_item *it,
		       const struct sn_ire_result *r)
{
	bool fresh = is_op(r, "INSERT") || is_op(r, "INSERT_AS_PARTIAL") ||
		     is_op(r, "INSERT_AS_INCOMPLETE");

	if (it->c.action == MST_RETIRE &&
	    (fresh || (*r->error && nothing_there(r)))) {
		retire_unknown(d, it);
		return;
	}
	if (*r->error) {
		refuse_result(d, it, r);
		return;
	}
	keep_class(d, it, r);
	it->tries = 0;
	it->limit = MST_MAX_IRE_ITEMS;
	it->insert = fresh && it->c.action != MST_RETIRE;
	if (!fresh && !mst_sysid_is_zero(&r->id))
		it->remote = r->id;
	if (it->insert && !it->matched && mst_sn_match_further(d, it))
		mst_sn_match_add(d, it);
	else
		ready(d, it);
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
	ready(d, it);
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
	if (r->masked && !it->note)
		it->note = "a reconciliation rule keeps some of its attributes "
			   "for another source";
	it->remote = r->id;
	if (inserted && !it->insert && it->c.action != MST_RETIRE) {
		/* The CI of an update was gone, so this made it again: now
		 * it also wants its insert-only columns. */
		it->insert = it->inserted = true;
		it->tries = 0;
		to_commit(d, it);
		return;
	}
	/* Sent twice because the first answer was lost, it reads as an update,
	 * but it was our insert. */
	inserted = inserted || it->inserted || (it->insert && it->posted);
	if (is_op(r, "NO_CHANGE") && !inserted && !it->posted)
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
	else
		mst_sn_settle(d, it, MST_VERDICT_APPLIED, inserted, NULL);
}

static void take_results(struct mst_dest *d, struct sn_call *call,
			 const struct sn_ire_result *r)
{
	size_t n = call->items_n;

	d->failures = 0;
	for (size_t i = 0; i < n; i++) {
		struct sn_item *it = call->items[i];
		char why[SN_REASON];

		if (!r[i].present) {
			if (call->kind == SN_CALL_COMMIT)
				it->posted = true;
			retry(d, it, n, "the answer does not mention it");
		} else if (passing(&r[i])) {
			snprintf(why, sizeof(why), "%s: %.380s", r[i].error,
				 r[i].message);
			retry(d, it, n, why);
		} else if (call->kind == SN_CALL_DRY) {
			dry_result(d, it, &r[i]);
		} else {
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
			it->posted = true;
		if (d->cancelled || n == 1) {
			retry(d, it, 1, why);
			continue;
		}
		it->limit = (unsigned)((n + 1) / 2);
		back(d, it);
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
		back(d, call->items[i]);
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
		if (usable)
			take_results(d, call, r);
		free(r);
	}
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
