/* SPDX-License-Identifier: Apache-2.0
 *
 * The Table API: GET (list and one), POST, PUT and PATCH (alike), DELETE.
 */
#include <stdio.h>

#include "base/num.h"
#include "sim/sn.h"

struct call {
	struct sim_sn *sn;
	const struct sn_req *r;
	struct sim_reply *reply;
	struct sn_table *t;
	const char *id;
};

static void not_found(struct call *c)
{
	sn_error(c->reply, 404, "No Record found",
		 "Record doesn't exist or ACL restricts the record retrieval");
}

static void denied(struct call *c, const char *what)
{
	c->sn->stats.forbidden++;
	sn_error(c->reply, 403, "Operation Failed",
		 "ACL Exception %s Failed due to security constraints", what);
}

static void refused(struct call *c, const char *why)
{
	sn_error(c->reply, 403, "Operation Failed", "%s", why);
}

/* ---- reading ------------------------------------------------------------- */

/* The query string without sysparm_offset, raw. */
static void add_url(struct call *c, struct mst_buf *b, size_t limit,
		    size_t offset)
{
	const char *q = c->r->query;
	const char *mark = strchr(c->r->url, '?');
	size_t path_n = mark ? (size_t)(mark - c->r->url) : strlen(c->r->url);
	bool limited = false;

	mst_buf_adds(b, c->r->base);
	mst_buf_add(b, c->r->url, path_n);
	mst_buf_addc(b, '?');
	while (*q) {
		size_t n = strcspn(q, "&");

		if (n && strncmp(q, "sysparm_offset=", 15)) {
			limited |= !strncmp(q, "sysparm_limit=", 14);
			mst_buf_add(b, q, n);
			mst_buf_addc(b, '&');
		}
		q += n + (q[n] == '&');
	}
	if (!limited)
		mst_buf_addf(b, "sysparm_limit=%zu&", limit);
	mst_buf_addf(b, "sysparm_offset=%zu", offset);
}

static void add_link(struct call *c, struct mst_buf *b, const char *rel,
		     size_t limit, size_t offset)
{
	if (b->n)
		mst_buf_addc(b, ',');
	mst_buf_addc(b, '<');
	add_url(c, b, limit, offset);
	mst_buf_addf(b, ">;rel=\"%s\"", rel);
}

static void paging_headers(struct call *c, size_t total, size_t limit,
			   size_t offset)
{
	struct mst_buf b = MST_BUF_INIT(4000);
	size_t last = total && limit ? (total - 1) / limit * limit : 0;

	/* Without a count there is no last page to link to. */
	if (sn_param_true(c->sn, c->r, "sysparm_no_count"))
		return;
	sim_reply_header(c->reply, "X-Total-Count", "%zu", total);
	if (sn_param_true(c->sn, c->r, "sysparm_suppress_pagination_header"))
		return;
	add_link(c, &b, "first", limit, 0);
	if (offset)
		add_link(c, &b, "prev", limit,
			 offset > limit ? offset - limit : 0);
	if (limit && offset + limit < total)
		add_link(c, &b, "next", limit, offset + limit);
	add_link(c, &b, "last", limit, last);
	/* A header that does not fit is left out, as a proxy would. */
	if (!b.overflow)
		sim_reply_header(c->reply, "Link", "%s", b.p);
	mst_buf_fini(&b);
}

/* False: the parameter is wrong and the error is written. */
static bool read_number(struct call *c, const char *name, size_t dflt,
			size_t *v_r)
{
	const char *s = sn_param(c->sn, c->r->query, name);
	int64_t v;

	*v_r = dflt;
	if (!s || !mst_num_i64(mst_slice_str(s), &v))
		return true; /* not a number: the default */
	if (v < 0) {
		bool offset = !strcmp(name, "sysparm_offset");

		sn_error(c->reply, 400,
			 mst_arena_printf(&c->sn->scratch, "%s is %lld",
					  offset ? "offset" : "limit",
					  (long long)v),
			 "Negative %s is not supported",
			 offset ? "offset" : "limit");
		return false;
	}
	*v_r = (size_t)v;
	return true;
}

static void list(struct call *c)
{
	struct sim_sn *sn = c->sn;
	size_t limit, offset, end;
	struct sn_view view;
	struct mst_jout j;
	bool admin = sn_has_role(c->r->user, "admin"), no_count;

	if (!read_number(c, "sysparm_limit", 10000, &limit) ||
	    !read_number(c, "sysparm_offset", 0, &offset))
		return;
	no_count = sn_param_true(sn, c->r, "sysparm_no_count");
	sn_query_run(sn,
		     sn_query_parse(sn, c->t,
				    sn_param(sn, c->r->query, "sysparm_query")),
		     no_count ? offset + limit : SIZE_MAX);
	c->t->reads++;
	if (!sn->found_n && c->r->version == 1) {
		not_found(c);
		return;
	}
	paging_headers(c, sn->found_n, limit, offset);
	sn_view_read(sn, c->r, &view);
	end = MST_MIN(sn->found_n, offset + limit);
	mst_jout_init(&j, &c->reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "result");
	mst_jout_arr(&j);
	for (size_t i = offset; i < end; i++) {
		struct sn_row *row = sn->found[i];

		/* The limit came first: hidden rows make a page short. */
		if (!row->hidden || admin)
			sn_write_row(sn, &j, c->t, row, &view);
	}
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}

static void write_result(struct call *c, struct sn_row *row)
{
	struct sn_view view;
	struct mst_jout j;

	sn_view_read(c->sn, c->r, &view);
	mst_jout_init(&j, &c->reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "result");
	sn_write_row(c->sn, &j, c->t, row, &view);
	mst_jout_end_obj(&j);
}

/* The row of the URL; NULL with the 404 written. */
static struct sn_row *row_of(struct call *c)
{
	struct sn_row *row = sn_find(c->sn, c->t->name, mst_slice_str(c->id));

	if (row && row->hidden && !sn_has_role(c->r->user, "admin"))
		row = NULL;
	if (!row)
		not_found(c);
	return row;
}

static void get_one(struct call *c)
{
	struct sn_row *row = row_of(c);

	c->t->reads++;
	if (row)
		write_result(c, row);
}

/* ---- writing ------------------------------------------------------------- */

/* The body's object; of an array only the first element counts. */
static bool body_object(struct call *c, struct mst_json *o_r)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json v;

	if (mst_json_parse(c->sn->json, c->r->body, &v, &err)) {
		sn_error(c->reply, 400, "Exception while reading request",
			 "The payload is not valid JSON");
		return false;
	}
	if (mst_json_type(v) == MST_JSON_ARRAY) {
		struct mst_json_iter it = mst_json_iter(v);

		if (!mst_json_next(&it, NULL, &v))
			v = (struct mst_json){0};
	}
	if (mst_json_type(v) != MST_JSON_OBJECT) {
		sn_error(c->reply, 400, "Exception while reading request",
			 "The payload is not an object");
		return false;
	}
	*o_r = v;
	return true;
}

/* Named fields into vals; unknown names are passed over. */
static bool take_all(struct call *c, struct sn_table *t, struct mst_json o,
		     struct mst_slice *vals)
{
	bool display =
	    sn_param_true(c->sn, c->r, "sysparm_input_display_value");
	struct mst_json_iter it = mst_json_iter(o);
	struct mst_slice key;
	struct mst_json v;
	char why[512];

	while (mst_json_next(&it, &key, &v)) {
		uintptr_t at = (uintptr_t)mst_map_get(&t->by_name, key);

		/* Columns of classes below the named table are not seen. */
		if (!at || !mst_map_has(&c->t->by_name, key))
			continue;
		if (sn_take(c->sn, t, at - 1, sn_json_text(c->sn, v), display,
			    vals, why, sizeof(why))) {
			refused(c, why);
			return false;
		}
	}
	return true;
}

static bool take_journals(struct call *c, struct sn_row *row, struct mst_json o)
{
	bool any = false;

	for (size_t i = SN_C__N; i < row->t->n; i++) {
		const struct sn_col *col = row->t->cols[i];
		struct mst_slice text;

		if (col->kind != SN_JOURNAL)
			continue;
		text = sn_json_text(c->sn, mst_json_get(o, col->name));
		if (!text.n)
			continue;
		sn_journal(c->sn, row, col->name, text, c->r->user->name);
		any = true;
	}
	return any;
}

static void answer_row(struct call *c, struct sn_row *row)
{
	if (c->r->no_body && !strcasecmp(c->r->no_body, "true"))
		return;
	write_result(c, row);
}

static void create(struct call *c)
{
	struct sim_sn *sn = c->sn;
	struct mst_slice *vals = sn->vals;
	struct sn_row *row;
	struct mst_json o;
	char why[512];

	if (!sn_may(c->r->user, c->t, SN_CREATE)) {
		denied(c, "Insert");
		return;
	}
	if (!body_object(c, &o))
		return;
	sn_defaults(sn, c->t, vals);
	if (!take_all(c, c->t, o, vals))
		return;
	if (sn_task_rules(sn, c->t, vals, NULL, why, sizeof(why)) ||
	    sn_check(sn, c->t, vals, NULL, why, sizeof(why))) {
		refused(c, why);
		return;
	}
	row = sn_insert(sn, c->t, vals, NULL, c->r->user->name);
	take_journals(c, row, o);
	c->reply->status = 201;
	sim_reply_header(c->reply, "Location", "%s/api/now/table/%s/%s",
			 c->r->base, c->t->name, row->id);
	answer_row(c, row);
}

static void update(struct call *c)
{
	struct sim_sn *sn = c->sn;
	struct mst_slice *vals = sn->vals;
	struct sn_row *row = row_of(c);
	struct mst_json o;
	char why[512];

	if (!row)
		return;
	if (!sn_may(c->r->user, row->t, SN_WRITE)) {
		denied(c, "Update");
		return;
	}
	if (!body_object(c, &o))
		return;
	sn_values(row, vals);
	if (!take_all(c, row->t, o, vals))
		return;
	if (sn_task_rules(sn, row->t, vals, row, why, sizeof(why)) ||
	    sn_check(sn, row->t, vals, row, why, sizeof(why))) {
		refused(c, why);
		return;
	}
	sn_update(sn, row, vals, c->r->user->name);
	take_journals(c, row, o);
	answer_row(c, row);
}

static void delete_one(struct call *c)
{
	struct sn_row *row = row_of(c);
	char why[512];

	if (!row)
		return;
	if (!sn_may(c->r->user, row->t, SN_DEL)) {
		denied(c, "Delete");
		return;
	}
	if (!sn_delete_cascade(c->sn, row, c->r->user->name, why,
			       sizeof(why))) {
		refused(c, why);
		return;
	}
	c->reply->status = 204;
}

static void method_unknown(struct call *c)
{
	sn_error(c->reply, 405, "Method not supported",
		 "%s is not supported here", c->r->method);
}

void sn_table_api(struct sim_sn *sn, const struct sn_req *r, const char *table,
		  const char *id, struct sim_reply *reply)
{
	struct call c = {.sn = sn, .r = r, .reply = reply, .id = id};
	const char *m = r->method;

	c.t = sn_table(sn, table);
	if (!c.t) {
		sn_error(reply, 400,
			 mst_arena_printf(&sn->scratch, "Invalid table %.80s",
					  table),
			 "%s", "");
		return;
	}
	if (!sn_may(r->user, c.t, SN_READ)) {
		sn->stats.forbidden++;
		sn_error(reply, 403, "User Not Authorized",
			 "Failed API level ACL Validation");
		return;
	}
	if (!strcmp(m, "GET") && id)
		get_one(&c);
	else if (!strcmp(m, "GET"))
		list(&c);
	else if (!strcmp(m, "POST") && !id)
		create(&c);
	else if ((!strcmp(m, "PUT") || !strcmp(m, "PATCH")) && id)
		update(&c);
	else if (!strcmp(m, "DELETE") && id)
		delete_one(&c);
	else
		method_unknown(&c);
}
