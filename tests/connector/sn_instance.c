/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables, queries, Batch and IRE of the tiny ServiceNow.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "base/num.h"

/* ---- rows -------------------------------------------------------------- */

static const char *dup_slice(struct fake *f, struct mst_slice s)
{
	return mst_arena_dup(&f->arena, s).p;
}

const char *fake_get(const struct fake_row *row, const char *column)
{
	for (size_t i = 0; i < row->n; i++) {
		if (strcmp(row->v[i].name, column) == 0)
			return row->v[i].value;
	}
	return "";
}

void fake_put(struct fake *f, struct fake_row *row, const char *column,
	      const char *value)
{
	for (size_t i = 0; i < row->n; i++) {
		if (strcmp(row->v[i].name, column) == 0) {
			row->v[i].value = mst_arena_strdup(&f->arena, value);
			return;
		}
	}
	assert_true(row->n < MST_LEN(row->v));
	row->v[row->n].name = mst_arena_strdup(&f->arena, column);
	row->v[row->n++].value = mst_arena_strdup(&f->arena, value);
}

static struct fake_row *row_new(struct fake *f, const char *table)
{
	struct fake_row *row;
	char id[33];

	if (f->rows_n == f->rows_cap) {
		f->rows_cap = f->rows_cap ? 2 * f->rows_cap : 64;
		f->rows = mst_realloc(f->rows, f->rows_cap * sizeof(*f->rows));
	}
	row = &f->rows[f->rows_n++];
	*row = (struct fake_row){.table = mst_arena_strdup(&f->arena, table)};
	snprintf(id, sizeof(id), "%032x", ++f->next_id);
	fake_put(f, row, "sys_id", id);
	if (strncmp(table, "cmdb_ci", 7) == 0)
		fake_put(f, row, "sys_class_name", table);
	fake_put(f, row, "sys_created_on",
		 mst_arena_printf(&f->arena, "2026-01-01 00:%02u:%02u",
				  f->next_id / 60 % 60, f->next_id % 60));
	return row;
}

const char *fake_add(struct fake *f, const char *table, ...)
{
	struct fake_row *row = row_new(f, table);
	const char *name;
	va_list ap;

	va_start(ap, table);
	while ((name = va_arg(ap, const char *)))
		fake_put(f, row, name, va_arg(ap, const char *));
	va_end(ap);
	return fake_get(row, "sys_id");
}

struct fake_row *fake_find(struct fake *f, const char *table,
			   const char *column, const char *value)
{
	for (size_t i = 0; i < f->rows_n; i++) {
		struct fake_row *row = &f->rows[i];

		if (!row->deleted && (!table || !strcmp(row->table, table)) &&
		    strcmp(fake_get(row, column), value) == 0)
			return row;
	}
	return NULL;
}

size_t fake_count(const struct fake *f, const char *table)
{
	size_t n = 0;

	for (size_t i = 0; i < f->rows_n; i++)
		n += !f->rows[i].deleted && !strcmp(f->rows[i].table, table);
	return n;
}

/* ---- queries ----------------------------------------------------------- */

static bool same(const struct fake *f, struct mst_slice a, struct mst_slice b)
{
	return f->case_blind ? mst_slice_ieq(a, b) : mst_slice_eq(a, b);
}

static bool clause(const struct fake *f, const struct fake_row *row,
		   struct mst_slice c)
{
	static const char *const ops[] = {"STARTSWITH", "ISNOTEMPTY", "IN",
					  "=",		">",	      "LIKE"};
	struct mst_slice value, have, item;
	char column[64];
	const char *op = NULL;
	size_t at = c.n;

	for (size_t i = 0; i < MST_LEN(ops); i++) {
		const char *p = memmem(c.p, c.n, ops[i], strlen(ops[i]));

		if (p && (size_t)(p - c.p) < at) {
			at = (size_t)(p - c.p);
			op = ops[i];
		}
	}
	if (!op)
		return true; /* dropped without a word */
	snprintf(column, sizeof(column), "%.*s", (int)at, c.p);
	value = mst_slice(c.p + at + strlen(op), c.n - at - strlen(op));
	have = mst_slice_str(fake_get(row, column));
	if (strcmp(op, "=") == 0)
		return same(f, have, value);
	if (strcmp(op, ">") == 0)
		return mst_slice_cmp(have, value) > 0;
	if (strcmp(op, "LIKE") == 0)
		return memmem(have.p, have.n, value.p, value.n) != NULL;
	if (strcmp(op, "ISNOTEMPTY") == 0)
		return have.n > 0;
	if (strcmp(op, "STARTSWITH") == 0)
		return have.n >= value.n &&
		       same(f, mst_slice(have.p, value.n), value);
	while (value.n) {
		const char *comma = memchr(value.p, ',', value.n);

		item = mst_slice(value.p,
				 comma ? (size_t)(comma - value.p) : value.n);
		if (same(f, have, item))
			return true;
		value.p += item.n + (comma != NULL);
		value.n -= item.n + (comma != NULL);
	}
	return false;
}

/* "a=1^b=2^ORb=3^ORDERBYsys_id" */
static bool matches(const struct fake *f, const struct fake_row *row,
		    const char *query)
{
	bool group = true, all = true;

	if (f->drop_clauses)
		return true;
	while (*query) {
		size_t n = strcspn(query, "^");
		struct mst_slice c = {query, n};

		if (mst_slice_istarts(c, "ORDERBY")) {
			;
		} else if (mst_slice_istarts(c, "OR")) {
			c.p += 2;
			c.n -= 2;
			group = group || clause(f, row, c);
		} else {
			all = all && group;
			group = clause(f, row, c);
		}
		query += n + (query[n] == '^');
	}
	return all && group;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(fake_get(*(struct fake_row *const *)a, "sys_id"),
		      fake_get(*(struct fake_row *const *)b, "sys_id"));
}

/* A dot-walk of one step, over any table. */
static const char *walk(struct fake *f, const struct fake_row *row,
			const char *name)
{
	const char *dot = strchr(name, '.');
	struct fake_row *other;
	char first[64];

	if (!dot)
		return fake_get(row, name);
	snprintf(first, sizeof(first), "%.*s", (int)(dot - name), name);
	other = fake_find(f, NULL, "sys_id", fake_get(row, first));
	return other ? fake_get(other, dot + 1) : "";
}

static void write_row(struct fake *f, const struct fake_row *row, char *fields,
		      struct mst_jout *j)
{
	char *copy = mst_arena_strdup(&f->arena, fields), *save, *name;

	mst_jout_obj(j);
	for (name = strtok_r(copy, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		if (!f->hidden || strcmp(f->hidden, name) != 0)
			mst_jout_kstr(j, name, walk(f, row, name));
	}
	mst_jout_end_obj(j);
}

/* Value of a query parameter, percent-decoded. */
static char *param(struct fake *f, const char *url, const char *name)
{
	const char *p = strchr(url, '?');
	size_t n = strlen(name);
	char *out, *o;

	while (p) {
		p++;
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			break;
		p = strchr(p, '&');
	}
	if (!p)
		return mst_arena_strdup(&f->arena, "");
	p += n + 1;
	out = o = mst_arena_bytes(&f->arena, strlen(p) + 1);
	for (; *p && *p != '&'; p++) {
		unsigned c = (unsigned char)*p;

		if (*p == '%') {
			sscanf(p + 1, "%2x", &c);
			p += 2;
		}
		*o++ = (char)c;
	}
	*o = 0;
	return out;
}

/* ---- the Table API ----------------------------------------------------- */

static void error(struct fake_sub *s, int status, const char *message,
		  const char *detail)
{
	s->status = status;
	mst_buf_reset(&s->out);
	mst_buf_addf(&s->out,
		     "{\"error\":{\"message\":\"%s\",\"detail\":\"%s\"},"
		     "\"status\":\"failure\"}",
		     message, detail);
}

/* Classes below a class are in its list. */
static bool is_in(const struct fake_row *row, const char *table)
{
	static const char *const below[][2] = {
	    {"cmdb_ci_computer", "cmdb_ci_win_server"},
	    {"cmdb_ci_computer", "cmdb_ci_linux_server"},
	    {"cmdb_ci_computer", "cmdb_ci_pc_hardware"},
	};

	if (strcmp(row->table, table) == 0 ||
	    (strcmp(table, "cmdb_ci") == 0 &&
	     strncmp(row->table, "cmdb_ci_", 8) == 0))
		return true;
	for (size_t i = 0; i < MST_LEN(below); i++) {
		if (strcmp(below[i][0], table) == 0 &&
		    strcmp(below[i][1], row->table) == 0)
			return true;
	}
	return false;
}

static void list(struct fake *f, struct fake_sub *s, const char *table,
		 const char *url)
{
	char *query = param(f, url, "sysparm_query");
	char *fields = param(f, url, "sysparm_fields");
	int64_t limit = 10000;
	struct fake_row **found =
	    mst_alloc((f->rows_n + 1) * sizeof(struct fake_row *));
	struct mst_jout j;
	size_t n = 0;

	mst_num_i64(mst_slice_str(param(f, url, "sysparm_limit")), &limit);
	for (size_t i = 0; i < f->rows_n; i++) {
		if (!f->rows[i].deleted && is_in(&f->rows[i], table) &&
		    matches(f, &f->rows[i], query))
			found[n++] = &f->rows[i];
	}
	qsort(found, n, sizeof(*found), by_id);
	mst_jout_init(&j, &s->out);
	mst_jout_obj(&j);
	mst_jout_key(&j, "result");
	mst_jout_arr(&j);
	for (size_t i = 0; i < n && i < (size_t)limit; i++)
		write_row(f, found[i], fields, &j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	free(found);
	s->status = 200;
}

static void store(struct fake *f, struct fake_row *row, struct fake_sub *s)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root, v;
	struct mst_json_iter it;
	struct mst_slice key;

	t_ok(mst_json_parse(f->inner, s->body, &root, &err), &err);
	it = mst_json_iter(root);
	while (mst_json_next(&it, &key, &v))
		fake_put(f, row, dup_slice(f, key),
			 dup_slice(f, mst_json_str(v)));
	mst_buf_addf(&s->out, "{\"result\":{\"sys_id\":\"%s\"}}",
		     fake_get(row, "sys_id"));
}

static const char *unique_of(const char *table)
{
	if (strcmp(table, "u_muster_cve") == 0)
		return "u_cve_id";
	return strcmp(table, "u_muster_cve_instance") == 0 ? "u_key" : NULL;
}

static void post(struct fake *f, struct fake_sub *s, const char *table)
{
	const char *unique = unique_of(table);
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	t_ok(mst_json_parse(f->inner, s->body, &root, &err), &err);
	if (unique &&
	    fake_find(f, table, unique,
		      dup_slice(f, mst_json_str(mst_json_get(root, unique))))) {
		error(s, 403, "Operation Failed",
		      "Unique Key violation detected by database "
		      "((conn=42) Duplicate entry)");
		return;
	}
	s->status = 201;
	store(f, row_new(f, table), s);
}

static void table_api(struct fake *f, struct fake_sub *s)
{
	const char *url = dup_slice(f, s->url);
	const char *rest = url + strlen("/api/now/table/");
	size_t n = strcspn(rest, "/?");
	char *table = mst_arena_printf(&f->arena, "%.*s", (int)n, rest);
	struct fake_row *row;

	for (size_t i = 0; i < MST_LEN(f->absent) && f->absent[i]; i++) {
		if (strcmp(f->absent[i], table) == 0) {
			error(s, 400,
			      mst_arena_printf(&f->arena, "Invalid table %s",
					       table),
			      "");
			return;
		}
	}
	if (rest[n] != '/') {
		if (strcmp(s->method, "POST") == 0)
			post(f, s, table);
		else
			list(f, s, table, url);
		return;
	}
	rest += n + 1;
	row = fake_find(f, NULL, "sys_id",
			mst_arena_printf(&f->arena, "%.32s", rest));
	if (!row || !is_in(row, table)) {
		error(s, 404, "No Record found",
		      "Record doesn't exist or ACL restricts the record "
		      "retrieval");
	} else if (strcmp(s->method, "DELETE") == 0) {
		row->deleted = true;
		s->status = 204;
	} else {
		s->status = 200;
		store(f, row, s);
	}
}

void fake_serve_sub(struct fake *f, struct fake_sub *s)
{
	if (f->on_sub && f->on_sub(f, s))
		return;
	if (mst_slice_istarts(s->url, "/api/now/table/")) {
		table_api(f, s);
	} else if (mst_slice_istarts(s->url, "/api/now/cmdb/meta/")) {
		const char *name =
		    dup_slice(f, mst_slice(s->url.p + 19, s->url.n - 19));

		for (size_t i = 0; i < MST_LEN(f->absent) && f->absent[i];
		     i++) {
			if (strcmp(f->absent[i], name) == 0) {
				error(s, 404, "Class does not exist", name);
				return;
			}
		}
		s->status = 200;
		mst_buf_addf(&s->out, "{\"result\":{\"name\":\"%s\"}}", name);
	} else {
		error(s, 400, "Requested URI does not represent any resource",
		      "");
	}
}

/* ---- Batch ------------------------------------------------------------- */

static void headers(const struct fake *f, struct mst_json request,
		    struct mst_slice url, struct mst_buf *out)
{
	bool without = false;

	(void)mst_json_bool(mst_json_get(request, "exclude_response_headers"),
			    &without);
	if (f->count && !without && !mst_slice_ifind(url, "no_count=true"))
		mst_buf_addf(out,
			     "{\"name\":\"X-Total-Count\",\"value\":\"%u\"}",
			     f->count);
}

void fake_serve_batch(struct fake *f, const struct mst_req *q,
		      struct mst_buf *out)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_buf not_done = MST_BUF_INIT(1u << 20);
	struct mst_json_iter it;
	struct mst_json root, v;
	const char *sep = "", *sep2 = "";

	t_ok(mst_json_parse(f->outer, q->body, &root, &err), &err);
	mst_buf_adds(out, "{\"batch_request_id\":\"1\","
			  "\"serviced_requests\":[");
	it = mst_json_iter(mst_json_get(root, "rest_requests"));
	while (mst_json_next(&it, NULL, &v)) {
		struct mst_buf body = MST_BUF_INIT(4u << 20);
		struct fake_sub s = {.out = MST_BUF_INIT(64u << 20)};
		struct mst_slice id = mst_json_str(mst_json_get(v, "id"));

		s.method =
		    dup_slice(f, mst_json_str(mst_json_get(v, "method")));
		s.url = mst_json_str(mst_json_get(v, "url"));
		mst_b64_decode(&body, mst_json_str(mst_json_get(v, "body")));
		s.body = mst_buf_slice(&body);
		assert_true(f->subs_n < MST_LEN(f->subs));
		f->subs[f->subs_n++] = mst_arena_printf(
		    &f->arena, "%s %.*s %.*s", s.method, MST_SLICE_ARG(s.url),
		    MST_SLICE_ARG(s.body));
		fake_serve_sub(f, &s);
		if (s.unserviced) {
			mst_buf_addf(&not_done, "%s\"%.*s\"", sep2,
				     MST_SLICE_ARG(id));
			sep2 = ",";
		} else {
			mst_buf_addf(out, "%s{\"id\":\"%.*s\",\"body\":\"", sep,
				     MST_SLICE_ARG(id));
			mst_b64_add(out, mst_buf_slice(&s.out));
			mst_buf_addf(out,
				     "\",\"status_code\":%d,"
				     "\"status_text\":\"\",\"headers\":[",
				     s.status);
			headers(f, v, s.url, out);
			mst_buf_adds(out, "],\"execution_time\":1}");
			sep = ",";
		}
		mst_buf_fini(&body);
		mst_buf_fini(&s.out);
	}
	mst_buf_adds(out, "],\"unserviced_requests\":[");
	mst_buf_add_slice(out, mst_buf_slice(&not_done));
	mst_buf_adds(out, "]}");
	mst_buf_fini(&not_done);
}

/* ---- IRE --------------------------------------------------------------- */

static struct fake_row *identify(struct fake *f, struct mst_json item)
{
	struct mst_json info = mst_json_get(item, "sys_object_source_info");
	struct mst_json values = mst_json_get(item, "values");
	const char *key =
	    dup_slice(f, mst_json_str(mst_json_get(info, "source_native_key")));
	struct mst_slice id = mst_json_str(mst_json_get(values, "sys_id"));
	struct fake_row *source = NULL;

	if (id.n)
		return fake_find(f, NULL, "sys_id", dup_slice(f, id));
	if (*key)
		source = fake_find(f, "sys_object_source", "id", key);
	if (source)
		return fake_find(f, NULL, "sys_id",
				 fake_get(source, "target_sys_id"));
	for (size_t i = 0; i < f->rows_n; i++) {
		struct fake_row *row = &f->rows[i];

		if (!row->deleted && strncmp(row->table, "cmdb_ci", 7) == 0 &&
		    mst_json_str(mst_json_get(values, "name")).n &&
		    mst_slice_ieq(mst_slice_str(fake_get(row, "name")),
				  mst_json_str(mst_json_get(values, "name"))) &&
		    mst_slice_eq(mst_slice_str(fake_get(row, "version")),
				 mst_json_str(mst_json_get(values, "version"))))
			return row;
	}
	return NULL;
}

static const char *put_values(struct fake *f, struct fake_row *row,
			      struct mst_json item, bool dry)
{
	struct mst_json_iter it = mst_json_iter(mst_json_get(item, "values"));
	const char *op = "NO_CHANGE";
	struct mst_slice key;
	struct mst_json v;

	while (mst_json_next(&it, &key, &v)) {
		const char *name = dup_slice(f, key);

		if (mst_slice_is(mst_json_str(v), fake_get(row, name)))
			continue;
		op = "UPDATE";
		if (!dry)
			fake_put(f, row, name, dup_slice(f, mst_json_str(v)));
	}
	return op;
}

static void ire_item(struct fake *f, bool dry, unsigned i, struct mst_json item,
		     struct mst_buf *out)
{
	const char *klass =
	    dup_slice(f, mst_json_str(mst_json_get(item, "className")));
	const char *code = NULL, *message = "", *op = "INSERT", *id = "Unknown";
	struct mst_json info = mst_json_get(item, "sys_object_source_info");
	struct fake_row *row;

	if (f->on_item)
		code = f->on_item(f, dry, item, &message);
	if (code) {
		mst_buf_addf(out,
			     "{\"className\":\"%s\",\"sysId\":\"Unknown\","
			     "\"identifierEntrySysId\":\"Unknown\","
			     "\"errors\":[{\"error\":\"%s\",\"message\":\"%s\"}"
			     "],\"errorCount\":1,\"inputIndices\":[%u]}",
			     klass, code, message, i);
		return;
	}
	row = identify(f, item);
	if (row) {
		op = put_values(f, row, item, dry);
		id = fake_get(row, "sys_id");
	} else if (!dry) {
		row = row_new(f, klass);
		put_values(f, row, item, false);
		id = fake_get(row, "sys_id");
	}
	if (!dry && row)
		fake_add(f, "sys_object_source", "name", "muster", "id",
			 dup_slice(f, mst_json_str(mst_json_get(
					  info, "source_native_key"))),
			 "target_sys_id", id, "target_table",
			 fake_find(f, NULL, "sys_id", id)->table, NULL);
	mst_buf_addf(out,
		     "{\"className\":\"%s\",\"operation\":\"%s\",\"sysId\":"
		     "\"%s\",\"inputIndices\":[%u],\"errorCount\":0}",
		     klass, op, id, i);
}

void fake_serve_ire(struct fake *f, const struct mst_req *q, struct mst_resp *r,
		    struct mst_buf *out)
{
	bool dry = strstr(q->url, "queryEnhanced") != NULL;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json_iter it;
	struct mst_json root, item;
	unsigned i = 0;

	if (f->no_skip_option && strstr(q->url, "skip_updating")) {
		r->status = 500;
		mst_buf_adds(out,
			     "{\"error\":{\"message\":\"Exception\",\"detail\":"
			     "\"Chunk [skip_updating_source_last_discovered_to_"
			     "now:true] is not a valid entry\"},"
			     "\"status\":\"failure\"}");
		return;
	}
	t_ok(mst_json_parse(f->outer, q->body, &root, &err), &err);
	mst_buf_adds(out, "{\"result\":{\"items\":[");
	it = mst_json_iter(mst_json_get(root, "items"));
	while (mst_json_next(&it, NULL, &item)) {
		if (i)
			mst_buf_addc(out, ',');
		ire_item(f, dry, i++, item, out);
	}
	mst_buf_adds(out, "],\"relations\":[]}}");
}
