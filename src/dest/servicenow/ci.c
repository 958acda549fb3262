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

	/* What is owned is told apart below its owner. */
	struct mst_slice below = it->owner_class
				     ? mst_slice((const char *)it->c.parent.b,
						 sizeof(it->c.parent.b))
				     : mst_slice(NULL, 0);

	if (it->tokens_n)
		return;
	if (name.n)
		add_token(it, 'n', name,
			  below.n ? below : text_of(it, "version"));
	if (mac.n)
		add_token(it, 'm', mac, below);
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

void mst_sn_ci_commit(struct mst_dest *d, struct sn_item *it)
{
	TAILQ_INSERT_TAIL(&d->commit, it, link);
	d->commit_n++;
}

void mst_sn_ci_back(struct mst_dest *d, struct sn_item *it)
{
	if (it->probed)
		mst_sn_ci_commit(d, it);
	else
		to_dry(d, it);
}

bool mst_sn_ci_admit(struct mst_dest *d, struct sn_item *it)
{
	if (!it->c.key.n && it->c.action == MST_RETIRE &&
	    mst_sn_owned(it->c.set, NULL))
		return true; /* by its sys_id */
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
void mst_sn_ci_ready(struct mst_dest *d, struct sn_item *it)
{
	it->probed = true;
	if (!mst_sysid_is_zero(&it->remote) && mst_sn_guard_needed(d, it))
		mst_sn_guard_add(d, it);
	else
		mst_sn_ci_commit(d, it);
}

void mst_sn_ci_guarded(struct mst_dest *d, struct sn_item *it)
{
	mst_sn_ci_commit(d, it);
}

void mst_sn_ci_start(struct mst_dest *d, struct sn_item *it)
{
	if (mst_sn_owned(it->c.set, NULL)) {
		if (it->c.action == MST_RETIRE) {
			mst_sn_owned_late(d, it);
			return;
		}
		if (!mst_sn_owner_known(d, it)) {
			mst_sn_owner_add(d, it);
			return;
		}
	}
	it->held_class = mst_map_get(&d->classes, it->c.key);
	/* It may be in a class that IRE does not look into for the one that
	 * the source names. */
	if (it->c.action != MST_INSERT && !mst_sysid_is_zero(&it->remote) &&
	    mst_sn_match_elsewhere(d, it)) {
		mst_sn_match_add(d, it);
		return;
	}
	/* An update is of a CI that we delivered. A retirement is asked for
	 * first: what a person deleted must not be made anew by it. */
	if (it->c.action == MST_UPDATE &&
	    !(mst_sysid_is_zero(&it->remote) && mst_sn_guard_needed(d, it)))
		mst_sn_ci_ready(d, it);
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

#define OWNED_BYTES 200 /* of an owner, or of a relation, at most */

/* Moves what may go together from the list into the call and the body. */
static size_t fill(struct mst_dest *d, struct sn_call *call,
		   struct sn_items *list, size_t *list_n)
{
	size_t most = (size_t)d->conf->ire_items;
	struct sn_item *it, *next;

	mst_buf_reset(&d->body);
	mst_buf_adds(&d->body, "{\"items\":[");
	for (it = TAILQ_FIRST(list);
	     it && call->items_n + call->owners_n < most; it = next) {
		struct mst_jout j;

		next = TAILQ_NEXT(it, link);
		if (it->limit <= call->items_n || !mst_sn_ci_hold(d, it) ||
		    !mst_sn_owner_hold(d, call, it))
			continue;
		mst_buf_reset(&d->scratch);
		mst_jout_init(&j, &d->scratch);
		mst_sn_ire_item(d, it, &j);
		if (call->items_n &&
		    d->body.n + d->scratch.n + 8 +
			    (call->owners_n + call->items_n) * OWNED_BYTES >
			d->conf->body_max) {
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
	mst_sn_owner_items(d, call);
	mst_buf_addc(&d->body, ']');
	mst_sn_owner_relations(d, call);
	mst_buf_addc(&d->body, '}');
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
		mst_sn_owner_release(d, call);
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
