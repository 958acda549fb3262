/* SPDX-License-Identifier: Apache-2.0
 *
 * Records as ServiceNow keeps them, by sys_id and by the names of its own
 * columns: what undo reads before and after a write, and writes back. All by
 * the Table API, so that identification rules have no say in it; but for native
 * keys, which only the identification and reconciliation engine may write.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

/* Holds the columns of hardware; a computer's own are only seen in its class.
 * Where the class is not known, this is the best there is. */
#define ANY_DEVICE "cmdb_ci_hardware"

struct sn_raw {
	LIST_ENTRY(sn_raw) link;
	mst_raw_fn fn;
	void *ctx;
	uint64_t tag;
	bool removes;
	struct mst_sysid ids[MST_RAW_IDS];
	size_t ids_n;
	const char *const *names; /* lent by the caller */
	size_t names_n;
};

static void raw_free(struct sn_raw *r)
{
	LIST_REMOVE(r, link);
	free(r);
}

void mst_sn_raw_fini(struct mst_dest *d)
{
	while (!LIST_EMPTY(&d->raws))
		raw_free(LIST_FIRST(&d->raws));
}

static struct sn_raw *raw_new(struct mst_dest *d, mst_raw_fn fn, void *ctx,
			      uint64_t tag)
{
	struct sn_raw *r = mst_alloc(sizeof(*r));

	r->fn = fn;
	r->ctx = ctx;
	r->tag = tag;
	LIST_INSERT_HEAD(&d->raws, r, link);
	return r;
}

static void end(struct sn_raw *r, const char *why)
{
	r->fn(r->ctx, r->tag, NULL, why);
	raw_free(r);
}

/* ---- reading ----- */

static bool asked_for(const struct sn_raw *r, const struct mst_sysid *id)
{
	for (size_t i = 0; i < r->ids_n; i++) {
		if (memcmp(&r->ids[i], id, sizeof(*id)) == 0)
			return true;
	}
	return false;
}

void mst_sn_raw_take(struct mst_json row, struct mst_raw *raw,
		     struct mst_slice *values)
{
	for (size_t i = 0; i < raw->n; i++) {
		values[i] = mst_sn_member(row, raw->names[i]);
		/* An empty text is a value, an absent one is none. */
		if (!values[i].p && mst_json_type(mst_json_get(
					row, raw->names[i])) != MST_JSON_NULL)
			values[i] = mst_slice("", 0);
	}
	raw->table = mst_sn_member(row, "sys_class_name");
	raw->made_by = mst_sn_member(row, "sys_created_by");
	raw->changed_by = mst_sn_member(row, "sys_updated_by");
}

/* False when the rows are not what was asked for. */
static bool give_rows(struct sn_raw *r, struct mst_json result)
{
	struct mst_json_iter it = mst_json_iter(result);
	struct mst_slice values[MST_MAX_COLUMNS];
	struct mst_raw raw = {
	    .names = r->names, .values = values, .n = r->names_n};
	struct mst_json row;

	while (mst_json_next(&it, NULL, &row)) {
		if (!mst_sn_row_id(row, &raw.id) || !asked_for(r, &raw.id))
			return false;
		mst_sn_raw_take(row, &raw, values);
		r->fn(r->ctx, r->tag, &raw, NULL);
	}
	return true;
}

static void take_rows(struct mst_dest *d MST_UNUSED, void *ctx,
		      const struct sn_answer *a)
{
	struct sn_raw *r = ctx;

	/* An empty list is a 404 in the first version of the API. */
	if (a->fate == SN_REFUSED && a->status == 404 &&
	    mst_slice_ifind(mst_slice_str(a->why), "No Record found"))
		end(r, NULL);
	else if (a->fate != SN_DONE)
		end(r, a->why);
	else if (!give_rows(r, mst_json_get(a->root, "result")))
		end(r, "ServiceNow ignores the query: sys_id is hidden by an "
		       "ACL");
	else
		end(r, NULL);
}

static void list_url(const struct sn_raw *r, struct mst_slice table,
		     struct mst_buf *url)
{
	struct mst_buf query = MST_BUF_INIT(SN_MAX_URL);
	struct mst_buf fields = MST_BUF_INIT(SN_MAX_URL);
	char hex[33];

	(void)mst_buf_adds(&query, "sys_idIN");
	for (size_t i = 0; i < r->ids_n; i++) {
		mst_sysid_hex(&r->ids[i], hex);
		(void)mst_buf_addf(&query, "%s%s", i ? "," : "", hex);
	}
	(void)mst_buf_adds(&fields, "sys_id,sys_class_name,sys_created_by,"
				    "sys_updated_by");
	for (size_t i = 0; i < r->names_n; i++)
		(void)mst_buf_addf(&fields, ",%s", r->names[i]);
	mst_sn_list_url(url, table, mst_buf_slice(&query), fields.p,
			(unsigned)r->ids_n);
	mst_buf_fini(&query);
	mst_buf_fini(&fields);
}

int mst_sn_raw_read(struct mst_dest *d, const struct mst_set *set,
		    struct mst_slice table, const struct mst_sysid *ids,
		    size_t n, const char *const *names, size_t names_n,
		    uint64_t tag, mst_raw_fn fn, void *ctx, struct mst_err *err)
{
	struct mst_buf url = MST_BUF_INIT(2 * SN_MAX_URL);
	struct sn_raw *r;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	if (n == 0 || n > MST_RAW_IDS || names_n > MST_MAX_COLUMNS)
		return mst_err_set(err, MST_E_INTERNAL,
				   "%zu records of %zu columns at once", n,
				   names_n);
	if (!table.n)
		table = mst_slice_str(set->writer == MST_WRITE_CI &&
					      mst_sn_is_device(set)
					  ? ANY_DEVICE
					  : mst_sn_usual(d, set));
	r = raw_new(d, fn, ctx, tag);
	memcpy(r->ids, ids, n * sizeof(*ids));
	r->ids_n = n;
	r->names = names;
	r->names_n = names_n;
	list_url(r, table, &url);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_rows,
		       r);
	mst_buf_fini(&url);
	return MST_OK;
}

/* ---- writing ----- */

static void take_write(struct mst_dest *d MST_UNUSED, void *ctx,
		       const struct sn_answer *a)
{
	struct sn_raw *r = ctx;
	struct mst_raw raw = {.n = 0};

	if (r->removes && a->fate == SN_REFUSED && a->status == 404) {
		end(r, NULL); /* gone is gone */
	} else if (a->fate != SN_DONE) {
		end(r, a->why);
	} else {
		if (mst_sn_row_id(mst_json_get(a->root, "result"), &raw.id))
			r->fn(r->ctx, r->tag, &raw, NULL);
		end(r, NULL);
	}
}

int mst_sn_raw_write(struct mst_dest *d, struct mst_slice table,
		     const struct mst_sysid *id, const char *const *names,
		     const struct mst_slice *values, size_t n, uint64_t tag,
		     mst_raw_fn fn, void *ctx, struct mst_err *err)
{
	struct mst_buf body = MST_BUF_INIT(MST_MAX_REQUEST_BODY);
	bool fresh = mst_sysid_is_zero(id);
	char url[256], hex[33];
	struct mst_jout j;
	struct sn_raw *r;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	if (!mst_sn_name_ok(table) || (fresh && n == 0))
		return mst_err_set(err, MST_E_INTERNAL,
				   "\"%.*s\" is no record to write",
				   MST_SLICE_ARG(mst_sn_cut(table, 80)));
	mst_sysid_hex(id, hex);
	(void)snprintf(url, sizeof(url), "/api/now/table/%.*s%s%s%s",
		       MST_SLICE_ARG(table), fresh ? "" : "/", fresh ? "" : hex,
		       n ? "?sysparm_fields=sys_id" : "");
	mst_jout_init(&j, &body);
	mst_jout_obj(&j);
	for (size_t i = 0; i < n; i++)
		mst_jout_kslice(&j, names[i], values[i]);
	mst_jout_end_obj(&j);
	r = raw_new(d, fn, ctx, tag);
	r->removes = n == 0;
	mst_sn_sub_add(d,
		       n == 0  ? MST_HTTP_DELETE
		       : fresh ? MST_HTTP_POST
			       : MST_HTTP_PATCH,
		       url, n ? mst_buf_slice(&body) : mst_slice(NULL, 0),
		       take_write, r);
	mst_buf_fini(&body);
	return MST_OK;
}

/* ---- claiming ----- */

static void take_claim(struct mst_dest *d MST_UNUSED, void *ctx,
		       const struct sn_answer *a)
{
	struct sn_raw *r = ctx;
	struct sn_ire_result result = {.present = false};
	char why[700];

	if (a->fate != SN_DONE) {
		end(r, a->why);
		return;
	}
	if (!mst_sn_ire_results(a->root, &result, 1) || !result.present) {
		end(r, "ServiceNow's answer says nothing of the CI");
		return;
	}
	if (*result.error) {
		(void)snprintf(why, sizeof(why), "%s: %s", result.error,
			       result.message);
		end(r, why);
		return;
	}
	/* By its sys_id it is that CI, or none. */
	end(r, memcmp(&result.id, &r->ids[0], sizeof(result.id)) == 0
		   ? NULL
		   : "ServiceNow takes it for another CI");
}

int mst_sn_claim(struct mst_dest *d, struct mst_slice table,
		 const struct mst_sysid *id, struct mst_slice key,
		 const char *feed, uint64_t tag, mst_raw_fn fn, void *ctx,
		 struct mst_err *err)
{
	struct mst_buf body = MST_BUF_INIT(MST_MAX_REQUEST_BODY);
	struct mst_buf path = MST_BUF_INIT(SN_MAX_URL);
	struct mst_jout j;
	struct sn_raw *r;
	char hex[33];

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	mst_sysid_hex(id, hex);
	mst_jout_init(&j, &body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "items");
	mst_jout_arr(&j);
	mst_jout_obj(&j);
	mst_jout_kslice(&j, "className", table);
	mst_jout_key(&j, "values");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "sys_id", hex);
	mst_jout_end_obj(&j);
	mst_jout_key(&j, "sys_object_source_info");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "source_name", d->conf->discovery_source);
	mst_jout_kslice(&j, "source_native_key", key);
	mst_jout_kstr(&j, "source_feed", feed);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_sn_ire_path(d, false, &path);
	r = raw_new(d, fn, ctx, tag);
	r->ids[0] = *id;
	mst_sn_sub_add(d, MST_HTTP_POST, path.p, mst_buf_slice(&body),
		       take_claim, r);
	mst_buf_fini(&path);
	mst_buf_fini(&body);
	return MST_OK;
}
