/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables from the first row to the last, for reports: calls of their own to
 * the Table API and the Aggregate API, because pages are large and a batch
 * would pack them once more.
 *
 * Pages are cut by sys_id (offsets shift when rows go meanwhile), and only an
 * empty one is the last: access rules take rows out of a page after it was
 * cut. How many rows there should be is said with the first page; when fewer
 * came, the end says so. Every row is held against the conditions (cond.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define PAGE	    2000  /* rows; halved when one cannot be read */
#define PAGE_LEAP   10000 /* over rows that are hidden */
#define COLUMNS_MAX 32	  /* those of the conditions included */
#define PAGES_MAX   100000

const char *const mst_scan_native[3] = {"key", "target", "table"};

struct sn_scan {
	TAILQ_ENTRY(sn_scan) link;
	struct mst_scan *s;
	const char *table;
	/* What is asked for: the caller's columns, then those that only the
	 * conditions need. */
	const char *columns[COLUMNS_MAX];
	size_t columns_n, own_n;
	struct mst_cond native; /* whose native keys */
	const struct mst_cond *conds;
	size_t conds_n;
	char after[33];
	unsigned page, pages, tries;
	bool busy, leapt;
	int64_t total; /* rows that there should be; -1: not said */
	uint64_t seen; /* rows that came */
};

static const char *const native_columns[] = {"id", "target_sys_id",
					     "target_table"};

bool mst_sn_identifies(const struct mst_dest *d, const char *column,
		       struct mst_slice text)
{
	if (strcmp(column, "serial_number") == 0)
		return !mst_sn_junk_serial(text);
	if (strcmp(column, "mac_address") == 0)
		return !mst_sn_shared_mac(d->conf, text);
	return mst_slice_trim(text).n > 0;
}

/* ---- life ---------------------------------------------------------------- */

static void scan_free(struct mst_dest *d, struct sn_scan *x)
{
	TAILQ_REMOVE(&d->scans, x, link);
	free(x);
}

static void finish(struct mst_dest *d, struct sn_scan *x, enum mst_scan_end end,
		   const char *why)
{
	x->s->end = end;
	(void)snprintf(x->s->why, sizeof(x->s->why), "%s", why);
	scan_free(d, x);
}

void mst_sn_scan_fini(struct mst_dest *d)
{
	while (!TAILQ_EMPTY(&d->scans))
		scan_free(d, TAILQ_FIRST(&d->scans));
}

void mst_sn_scan_cancel(struct mst_dest *d)
{
	struct mst_err err = MST_ERR_INIT;

	if (TAILQ_EMPTY(&d->scans))
		return;
	mst_err_set(&err, MST_E_CANCELLED, "%s: cancelled while reading",
		    d->env.connection);
	mst_sn_die(d, &err);
}

/* ---- what is asked ------------------------------------------------------- */

static int column_at(struct sn_scan *x, const char *name)
{
	for (size_t i = 0; i < x->columns_n; i++) {
		if (strcmp(x->columns[i], name) == 0)
			return (int)i;
	}
	if (x->columns_n == COLUMNS_MAX)
		return -1;
	x->columns[x->columns_n] = name;
	return (int)x->columns_n++;
}

static bool askable(struct sn_scan *x)
{
	bool ok = mst_sn_name_ok(mst_slice_str(x->table));

	for (size_t i = 0; i < x->columns_n; i++)
		ok = ok && mst_sn_path_ok(x->columns[i]);
	for (size_t i = 0; i < x->conds_n; i++)
		ok = ok && mst_sn_cond_ok(&x->conds[i]) &&
		     column_at(x, x->conds[i].column) >= 0;
	return ok;
}

int mst_sn_scan_add(struct mst_dest *d, struct mst_scan *scan,
		    struct mst_err *err)
{
	bool native = scan->what == MST_SCAN_NATIVE;
	size_t n = native ? MST_LEN(native_columns) : scan->columns_n;
	struct sn_scan *x;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	if (n > COLUMNS_MAX)
		return mst_err_set(err, MST_E_INVALID,
				   "too many columns to read at once");
	x = mst_alloc(sizeof(*x));
	x->s = scan;
	x->table = native ? "sys_object_source" : scan->table;
	memcpy(x->columns, native ? native_columns : scan->columns,
	       n * sizeof(*x->columns));
	x->own_n = x->columns_n = n;
	x->native =
	    (struct mst_cond){"name", MST_COND_IS, d->conf->discovery_source};
	x->conds = native ? &x->native : scan->conds;
	x->conds_n = native ? 1 : scan->conds_n;
	x->page = PAGE;
	x->total = -1;
	if (!askable(x)) {
		free(x);
		return mst_err_set(err, MST_E_INVALID,
				   "%s: this cannot be asked for in a query",
				   scan->table ? scan->table : "");
	}
	scan->end = MST_SCAN_RUNNING;
	scan->rows = scan->missing = 0;
	scan->why[0] = 0;
	TAILQ_INSERT_TAIL(&d->scans, x, link);
	return MST_OK;
}

static void add_list(const char *const *columns, size_t n, struct mst_buf *url)
{
	for (size_t i = 0; i < n; i++)
		mst_buf_addf(url, "%s%s", i ? "," : "", columns[i]);
}

static void count_url(const struct sn_scan *x, struct mst_slice query,
		      struct mst_buf *url)
{
	mst_buf_addf(url, "/api/now/stats/%s?sysparm_count=true", x->table);
	if (query.n) {
		mst_buf_adds(url, "&sysparm_query=");
		mst_buf_add_uri(url, query);
	}
	if (!x->own_n)
		return;
	mst_buf_adds(url, "&sysparm_group_by=");
	add_list(x->columns, x->own_n, url);
}

static void page_url(const struct sn_scan *x, struct mst_buf *query,
		     struct mst_buf *url)
{
	if (*x->after)
		mst_buf_addf(query, "%ssys_id>%s", query->n ? "^" : "",
			     x->after);
	mst_buf_addf(query, "%sORDERBYsys_id", query->n ? "^" : "");
	mst_buf_addf(url, "/api/now/table/%s?sysparm_query=", x->table);
	mst_buf_add_uri(url, mst_buf_slice(query));
	mst_buf_adds(url, "&sysparm_fields=sys_id,");
	add_list(x->columns, x->columns_n, url);
	mst_buf_addf(url,
		     "&sysparm_limit=%u&sysparm_exclude_reference_link=true"
		     "&sysparm_suppress_pagination_header=true",
		     x->page);
	if (x->pages)
		mst_buf_adds(url, "&sysparm_no_count=true");
}

bool mst_sn_scan_request(struct mst_dest *d, struct sn_call *call,
			 struct mst_req *req_r)
{
	struct mst_buf url = MST_BUF_INIT(131072), q = MST_BUF_INIT(65536);
	struct sn_scan *x;
	char what[128];

	TAILQ_FOREACH(x, &d->scans, link)
	{
		if (!x->busy)
			break;
	}
	if (!x)
		return false;
	for (size_t i = 0; i < x->conds_n; i++)
		mst_sn_cond_add(&x->conds[i], &q);
	if (x->s->what == MST_SCAN_COUNT)
		count_url(x, mst_buf_slice(&q), &url);
	else
		page_url(x, &q, &url);
	(void)snprintf(what, sizeof(what), "page %u of %.80s", x->pages + 1,
		       x->table);
	call->kind = SN_CALL_SCAN;
	call->scan = x;
	x->busy = true;
	mst_sn_call_prepare(d, call, MST_HTTP_GET, url.p, MST_REPEAT_SAFE,
			    req_r, what);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
	return true;
}

/* ---- rows ---------------------------------------------------------------- */

/* One row: 1 when it was handed on, 0 when a condition was dropped and it is
 * none of ours, -1 when that cannot be known. */
static int row(struct sn_scan *x, struct mst_json r, const struct mst_sysid *id)
{
	struct mst_slice v[COLUMNS_MAX];

	for (size_t i = 0; i < x->columns_n; i++)
		v[i] = mst_sn_member(r, x->columns[i]);
	for (size_t i = 0; i < x->conds_n; i++) {
		const char *name = x->conds[i].column;
		size_t at = (size_t)column_at(x, name);

		if (!v[at].p) {
			(void)snprintf(x->s->why, sizeof(x->s->why), "%s",
				       name);
			return -1;
		}
		if (!mst_sn_cond_holds(&x->conds[i], v[at]))
			return 0;
	}
	for (size_t i = 0; i < x->own_n; i++) {
		if (!v[i].p)
			x->s->missing |= UINT64_C(1) << i;
	}
	x->s->rows++;
	x->s->row(x->s->ctx, id, v);
	return 1;
}

/* The rows of a page. False: the scan is over, with its reason. */
static bool rows(struct mst_dest *d, struct sn_scan *x, struct mst_json result,
		 uint64_t *n_r)
{
	struct mst_json_iter it = mst_json_iter(result);
	struct mst_json r;
	struct mst_sysid id;
	char hex[33], why[320];

	while (mst_json_next(&it, NULL, &r)) {
		if (!mst_sn_row_id(r, &id)) {
			finish(d, x, MST_SCAN_PARTLY,
			       "rows came without their sys_id");
			return false;
		}
		mst_sysid_hex(&id, hex);
		if (strcmp(hex, x->after) <= 0) {
			finish(d, x, MST_SCAN_PARTLY,
			       "ServiceNow did not keep the order of sys_ids");
			return false;
		}
		memcpy(x->after, hex, sizeof(x->after));
		++*n_r;
		if (row(x, r, &id) >= 0 &&
		    (!x->s->most || x->s->rows < x->s->most))
			continue;
		if (!x->s->why[0]) {
			finish(d, x, MST_SCAN_WHOLE, "");
			return false;
		}
		(void)snprintf(why, sizeof(why),
			       "the column %.80s of %.80s is not there, or the "
			       "user may not read it",
			       x->s->why, x->table);
		finish(d, x, MST_SCAN_REFUSED, why);
		return false;
	}
	return true;
}

/* A page was empty: the end, unless so many rows are hidden that they filled
 * it. */
static void last_page(struct mst_dest *d, struct sn_scan *x)
{
	char why[320];

	if (x->total < 0 || x->seen >= (uint64_t)x->total) {
		finish(d, x, MST_SCAN_WHOLE, "");
		return;
	}
	if (!x->leapt) {
		x->leapt = true;
		x->page = PAGE_LEAP;
		return;
	}
	(void)snprintf(
	    why, sizeof(why),
	    "%.80s: %llu of %lld rows did not come: access rules "
	    "hide them from the user, or they were deleted meanwhile",
	    x->table, (unsigned long long)((uint64_t)x->total - x->seen),
	    (long long)x->total);
	finish(d, x, MST_SCAN_PARTLY, why);
}

static void take_page(struct mst_dest *d, struct sn_scan *x,
		      const struct mst_resp *resp, struct mst_json root)
{
	uint64_t n = 0;

	if (!x->pages)
		x->total = resp->total_count;
	if (!rows(d, x, mst_json_get(root, "result"), &n))
		return;
	x->seen += n;
	x->tries = 0;
	if (++x->pages >= PAGES_MAX)
		finish(d, x, MST_SCAN_PARTLY, "there are too many rows");
	else if (n == 0)
		last_page(d, x);
}

/* ---- counts -------------------------------------------------------------- */

static struct mst_slice group_value(struct mst_json fields, const char *name)
{
	struct mst_json_iter it = mst_json_iter(fields);
	struct mst_json f;

	while (mst_json_next(&it, NULL, &f)) {
		if (mst_json_is_str(mst_json_get(f, "field"), name))
			return mst_json_str(mst_json_get(f, "value"));
	}
	return mst_slice(NULL, 0);
}

static bool take_group(struct sn_scan *x, struct mst_json g)
{
	struct mst_json stats = mst_json_get(g, "stats");
	struct mst_slice v[COLUMNS_MAX + 1];
	int64_t n;

	for (size_t i = 0; i < x->own_n; i++) {
		v[i] = group_value(mst_json_get(g, "groupby_fields"),
				   x->columns[i]);
		if (!v[i].p)
			return false;
	}
	v[x->own_n] = mst_json_str(mst_json_get(stats, "count"));
	if (!mst_json_i64(mst_json_get(stats, "count"), &n) || n < 0 ||
	    !v[x->own_n].p)
		return false;
	x->s->rows++;
	x->s->row(x->s->ctx, NULL, v);
	return true;
}

static void take_counts(struct mst_dest *d, struct sn_scan *x,
			struct mst_json root)
{
	struct mst_json result = mst_json_get(root, "result"), g;
	struct mst_json_iter it = mst_json_iter(result);
	bool ok = true;

	if (mst_json_type(result) == MST_JSON_OBJECT)
		ok = take_group(x, result);
	else
		while (ok && mst_json_next(&it, NULL, &g))
			ok = take_group(x, g);
	if (ok)
		finish(d, x, MST_SCAN_WHOLE, "");
	else
		finish(d, x, MST_SCAN_REFUSED,
		       "the answer of the Aggregate API is not understood");
}

/* ---- answers ------------------------------------------------------------- */

/* What ends this scan alone: a table that is not there, or not for us. */
static void refused(struct mst_dest *d, struct sn_scan *x, int status,
		    struct mst_json root)
{
	char text[SN_REASON / 2], why[320];
	bool absent;

	if (!mst_sn_error_text(root, text, sizeof(text)))
		(void)snprintf(text, sizeof(text), "no reason given");
	/* An empty list is a 404 in the first version of the API. */
	if (status == 404 &&
	    mst_slice_ifind(mst_slice_str(text), "No Record found")) {
		finish(d, x, MST_SCAN_WHOLE, "");
		return;
	}
	absent = mst_slice_ifind(mst_slice_str(text), "invalid table");
	(void)snprintf(why, sizeof(why), "%.80s: %s (%d)", x->table, text,
		       status);
	finish(d, x, absent ? MST_SCAN_ABSENT : MST_SCAN_REFUSED, why);
}

static bool is_list(const struct mst_resp *resp, bool parsed,
		    struct mst_json root)
{
	return resp->status == 200 && parsed && !mst_sn_is_cut_list(root) &&
	       mst_json_type(mst_json_get(root, "result")) != MST_JSON_NULL;
}

/* Nothing came of it: smaller pages, a few times. */
static void again(struct mst_dest *d, struct sn_scan *x,
		  const struct mst_resp *resp)
{
	char why[320];

	if (mst_sn_count_failure(d, resp))
		return;
	x->page = MST_MAX(x->page / 2, SN_PAGE_LEAST);
	if (++x->tries < SN_TRIES)
		return;
	(void)snprintf(why, sizeof(why), "%.80s: ServiceNow answered %d%s",
		       x->table, resp->status,
		       resp->status == 200 ? " with a broken list" : "");
	finish(d, x, x->seen ? MST_SCAN_PARTLY : MST_SCAN_REFUSED, why);
}

void mst_sn_scan_accept(struct mst_dest *d, struct sn_call *call,
			const struct mst_resp *resp)
{
	struct sn_scan *x = call->scan;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root = {0};
	bool parsed = false;

	call->scan = NULL;
	x->busy = false;
	if (resp->outcome == MST_OUT_ANSWER)
		parsed =
		    mst_json_parse(d->outer, resp->body, &root, &err) == MST_OK;
	if (!parsed)
		root = (struct mst_json){0};
	if (is_list(resp, parsed, root)) {
		d->failures = 0;
		if (x->s->what == MST_SCAN_COUNT)
			take_counts(d, x, root);
		else
			take_page(d, x, resp, root);
		return;
	}
	if (resp->outcome != MST_OUT_ANSWER || resp->status == 401 ||
	    (mst_sn_is_html(resp) && resp->status < 500)) {
		if (resp->err.code == MST_E_CANCELLED) {
			d->cancelled = true;
			return;
		}
		mst_sn_call_error(d, resp, root, x->table, &err);
		mst_sn_die(d, &err);
		return;
	}
	if (resp->status >= 400 && resp->status < 500 && resp->status != 408 &&
	    resp->status != 429)
		refused(d, x, resp->status, root);
	else
		again(d, x, resp);
}
