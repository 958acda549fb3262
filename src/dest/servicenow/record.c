/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows and links, and CIs in the write mode "table": one sub-request writes
 * one record. A POST whose fate is not known is looked up before anything else
 * happens; PUT and DELETE are simply repeated (by the batch), they cannot do
 * harm twice.
 */
#include <stdio.h>

#include "dest/servicenow/sn.h"

static void put(struct mst_dest *d, struct sn_item *it, enum sn_mode mode);
static void post(struct mst_dest *d, struct sn_item *it);
static void del(struct mst_dest *d, struct sn_item *it);

static bool is_ci(const struct sn_item *it)
{
	return it->c.set->writer == MST_WRITE_CI;
}

/* Where is it? CIs have no key column: they are looked for. */
static void find(struct mst_dest *d, struct sn_item *it)
{
	if (is_ci(it))
		mst_sn_match_add(d, it);
	else
		mst_sn_look_add(d, it);
}

/* ---- answers ----------------------------------------------------------- */

/* True when this was an attempt too many, and the verdict is given. */
static bool too_often(struct mst_dest *d, struct sn_item *it, const char *why)
{
	if (++it->tries < SN_TRIES)
		return false;
	mst_sn_failed(d, it, "%s (after %u attempts)", why, it->tries);
	return true;
}

/* The answer's text, plus what a person can do about it. */
static void refused(struct mst_dest *d, struct sn_item *it,
		    const struct sn_answer *a)
{
	if (a->status == 403 &&
	    mst_slice_ifind(mst_slice_str(a->why), "User Not Authorized"))
		mst_sn_refuse(d, it,
			      "%s (%d): the user may not write %.*s: it needs "
			      "the role \"asset\"",
			      a->why, a->status, MST_SLICE_ARG(it->c.table));
	else
		mst_sn_refuse(d, it, "%s (%d)", a->why, a->status);
}

static void record_url(const struct sn_item *it, struct mst_buf *url)
{
	char hex[33];

	mst_buf_adds(url, "/api/now/table/");
	if (it->held_class)
		mst_buf_adds(url, it->held_class);
	else
		mst_buf_add_slice(url, it->c.table);
	if (!mst_sysid_is_zero(&it->remote)) {
		mst_sysid_hex(&it->remote, hex);
		mst_buf_addf(url, "/%s", hex);
	}
	/* Only the sys_id comes back: answers stay small. */
	mst_buf_adds(url, "?sysparm_fields=sys_id"
			  "&sysparm_exclude_reference_link=true");
}

/* ---- makers by name ------------------------------------------------------ */

static void take_names(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_item *it = ctx;
	char why[SN_REASON];

	if (a->fate != SN_DONE && !it->note) {
		snprintf(why, sizeof(why), "its maker was not taken: %.400s",
			 a->why);
		it->note = mst_sn_intern(d, mst_slice_str(why));
	}
	mst_sn_settle(d, it, MST_VERDICT_APPLIED, it->inserted, NULL);
}

/* Display values would change how times are read, so they go alone. False when
 * there are none. */
static bool put_names(struct mst_dest *d, struct sn_item *it)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);
	struct mst_slice text;
	struct mst_jout j;
	bool any = false;

	mst_buf_reset(&d->scratch);
	mst_jout_init(&j, &d->scratch);
	mst_jout_obj(&j);
	for (size_t i = 0; i < it->c.set->columns_n; i++) {
		if (!mst_sn_name_value(d, it, i, it->inserted, &text))
			continue;
		mst_jout_kslice(&j, it->c.set->columns[i].name, text);
		any = true;
	}
	mst_jout_end_obj(&j);
	if (any) {
		record_url(it, &url);
		mst_buf_adds(&url, "&sysparm_input_display_value=true");
		mst_sn_sub_add(d, MST_HTTP_PUT, url.p,
			       mst_buf_slice(&d->scratch), take_names, it);
	}
	mst_buf_fini(&url);
	return any;
}

static void written(struct mst_dest *d, struct sn_item *it, bool inserted)
{
	it->inserted = inserted;
	if (mst_sn_owned_relate(d, it, MST_VERDICT_APPLIED, inserted))
		return;
	if (!is_ci(it) || it->c.action == MST_RETIRE || !put_names(d, it))
		mst_sn_settle(d, it, MST_VERDICT_APPLIED, inserted, NULL);
}

static void take_post(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_item *it = ctx;

	switch (a->fate) {
	case SN_DONE:
		if (mst_sn_row_id(mst_json_get(a->root, "result"),
				  &it->remote)) {
			written(d, it, true);
			return;
		}
		/* It is there, but where? */
		it->posted = true;
		if (!too_often(d, it, "the answer has no sys_id"))
			find(d, it);
		return;
	case SN_LOST:
		it->posted = true;
		if (!too_often(d, it, a->why))
			find(d, it);
		return;
	case SN_GIVEN_UP:
		mst_sn_failed(d, it, "%s", a->why);
		return;
	case SN_REFUSED:
	case SN_BROKEN:
		if (it->c.set->writer == MST_WRITE_ROW && !it->violated &&
		    mst_sn_is_unique(a->status, a->why)) {
			it->violated = true;
			find(d, it);
			return;
		}
		refused(d, it, a);
		return;
	}
}

/* ---- links of the other table -------------------------------------------- */

static void take_other(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_item *it = ctx;
	bool gone = a->fate == SN_DONE;

	/* Whoever may not delete there has not delivered there. */
	if (a->fate == SN_GIVEN_UP)
		mst_sn_failed(d, it, "%s", a->why);
	else if (it->c.action != MST_DELETE)
		find(d, it);
	else
		mst_sn_settle(
		    d, it, gone ? MST_VERDICT_APPLIED : MST_VERDICT_UNCHANGED,
		    false, NULL);
}

/* Installed software goes to one of two tables. What was delivered to the other
 * before the setting changed is deleted there; false when it cannot be. */
static bool leave_other(struct mst_dest *d, struct sn_item *it)
{
	const char *table = mst_sn_link_other(it->c.table);
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);
	char hex[33];

	if (!table || it->moved || mst_sysid_is_zero(&it->c.remote))
		return false;
	it->moved = true;
	mst_sysid_hex(&it->c.remote, hex);
	mst_buf_addf(&url, "/api/now/table/%s/%s", table, hex);
	mst_sn_sub_add(d, MST_HTTP_DELETE, url.p, mst_slice(NULL, 0),
		       take_other, it);
	mst_buf_fini(&url);
	return true;
}

static void take_put(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_item *it = ctx;

	if (a->fate == SN_DONE) {
		written(d, it, false);
	} else if (a->fate == SN_GIVEN_UP) {
		mst_sn_failed(d, it, "%s", a->why);
	} else if (a->status == 404) {
		/* Somebody deleted it; or it was made again under another
		 * sys_id; or the setting named another table then. */
		if (!too_often(d, it, a->why) && !leave_other(d, it))
			find(d, it);
	} else {
		refused(d, it, a);
	}
}

static void take_delete(struct mst_dest *d, void *ctx,
			const struct sn_answer *a)
{
	struct sn_item *it = ctx;

	if (a->fate == SN_DONE)
		mst_sn_settle(d, it, MST_VERDICT_APPLIED, false, NULL);
	else if (a->fate == SN_GIVEN_UP)
		mst_sn_failed(d, it, "%s", a->why);
	else if (a->status != 404)
		refused(d, it, a);
	else if (!leave_other(d, it))
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
}

/* ---- requests ---------------------------------------------------------- */

static void write(struct mst_dest *d, struct sn_item *it,
		  enum mst_method method, enum sn_mode mode, sn_take take)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);

	record_url(it, &url);
	mst_buf_reset(&d->scratch);
	mst_sn_row_body(d, it, mode, &d->scratch);
	if (d->scratch.overflow ||
	    mst_sn_sub_bytes(url.p, d->scratch.n) + 128 > d->conf->body_max)
		mst_sn_refuse(d, it, "the record is larger than body_max");
	else
		mst_sn_sub_add(d, method, url.p, mst_buf_slice(&d->scratch),
			       take, it);
	mst_buf_fini(&url);
}

static void put(struct mst_dest *d, struct sn_item *it, enum sn_mode mode)
{
	it->reopen = mode == SN_REOPEN;
	write(d, it, MST_HTTP_PUT, mode, take_put);
}

static void post(struct mst_dest *d, struct sn_item *it)
{
	it->reopen = false;
	it->remote = (struct mst_sysid){0};
	it->held_class = NULL;
	write(d, it, MST_HTTP_POST, SN_INSERT, take_post);
}

static void del(struct mst_dest *d, struct sn_item *it)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL);
	char hex[33];

	mst_sysid_hex(&it->remote, hex);
	mst_buf_addf(&url, "/api/now/table/%.*s/%s", MST_SLICE_ARG(it->c.table),
		     hex);
	mst_sn_sub_add(d, MST_HTTP_DELETE, url.p, mst_slice(NULL, 0),
		       take_delete, it);
	mst_buf_fini(&url);
}

/* ---- decisions --------------------------------------------------------- */

/* Writes to the record whose sys_id is known. */
static void write_known(struct mst_dest *d, struct sn_item *it)
{
	if (mst_sn_guard_needed(d, it)) {
		mst_sn_guard_add(d, it);
		return;
	}
	switch (it->c.action) {
	case MST_DELETE:
		del(d, it);
		break;
	case MST_CLOSE:
		put(d, it, SN_CLOSE);
		break;
	case MST_RETIRE:
		put(d, it, SN_RETIRE);
		break;
	case MST_INSERT:
	case MST_UPDATE:
	case MST_ACTION__MAX:
		put(d, it, it->reopened ? SN_REOPEN : SN_UPDATE);
		break;
	}
}

void mst_sn_record_guarded(struct mst_dest *d, struct sn_item *it)
{
	write_known(d, it);
}

void mst_sn_record_start(struct mst_dest *d, struct sn_item *it)
{
	if (it->c.action == MST_INSERT && !it->c.may_exist)
		post(d, it);
	else if (it->c.action == MST_INSERT || mst_sysid_is_zero(&it->remote) ||
		 (is_ci(it) && it->no_class) ||
		 (it->c.action == MST_UPDATE && mst_sn_row_asks(it)))
		find(d, it);
	else
		write_known(d, it);
}

void mst_sn_record_found(struct mst_dest *d, struct sn_item *it,
			 struct mst_json row, const struct mst_sysid *id)
{
	bool closed = mst_sn_row_is_closed(it->c.set, row);

	it->remote = *id;
	it->reopened = 0;
	it->ages = mst_sn_row_ages(it, row);
	if (it->c.action != MST_INSERT) {
		if ((it->c.action == MST_CLOSE && closed) ||
		    (it->c.action == MST_UPDATE && mst_sn_row_asks(it) &&
		     !it->ages && !mst_sn_row_differs(d, it, row)))
			mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false,
				      NULL);
		else
			write_known(d, it);
		return;
	}
	if (it->posted) {
		/* The POST of unknown fate did land. */
		written(d, it, true);
	} else if (is_ci(it)) {
		write_known(d, it);
	} else if (closed) {
		it->reopened = mst_sn_row_reopened(it->c.set, row) + 1;
		write_known(d, it);
	} else if (it->ages || mst_sn_row_differs(d, it, row)) {
		write_known(d, it);
	} else {
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
	}
}

void mst_sn_record_absent(struct mst_dest *d, struct sn_item *it)
{
	switch (it->c.action) {
	case MST_INSERT:
	case MST_UPDATE:
	case MST_ACTION__MAX:
		if (it->violated)
			mst_sn_refuse(d, it,
				      "a row with this key exists, but the "
				      "user cannot read it: check the ACLs of "
				      "%.*s",
				      MST_SLICE_ARG(it->c.table));
		else
			post(d, it);
		break;
	case MST_RETIRE:
	case MST_DELETE:
	case MST_CLOSE:
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
		break;
	}
}
