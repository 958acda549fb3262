/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison. Tables are read in the order of their references, so that a
 * sys_id in a record can be named by the key of what it refers to. The record
 * that is compared is found by its key, never by its sys_id.
 */
#include "sim/verify_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/num.h"

#define PAGE	  10000
#define MAX_LINES 50
#define MAX_PAGE  (512u << 20)

void verify_say(struct verify *v, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	if (v->lines++ >= MAX_LINES)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\x1f' || *p == '\x1e')
			*p = *p == '\n' ? '|' : ' ';
	mst_buf_adds(v->report, text);
	mst_buf_addc(v->report, '\n');
}

/* ---- reading ------------------------------------------------------------- */

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
	(void)size;
	return mst_buf_add(ctx, p, n) ? n : 0;
}

int verify_page(struct verify *v, const char *table, const struct columns *cols,
		const char *after, struct mst_json *list_r, struct mst_err *err)
{
	struct mst_json root;
	struct mst_buf url;
	long status = 0;
	CURLcode rc;

	mst_buf_init(&url, 16384);
	mst_buf_addf(&url, "%s/api/now/table/%s?sysparm_limit=%d",
		     v->sim->url[MST_SIM_SERVICENOW], table, PAGE);
	mst_buf_adds(&url, "&sysparm_exclude_reference_link=true"
			   "&sysparm_no_count=true&sysparm_query=");
	if (after[0])
		mst_buf_addf(&url, "sys_id%%3E%s%%5E", after);
	mst_buf_adds(&url, "ORDERBYsys_id&sysparm_fields=sys_id");
	for (unsigned i = 0; i < cols->n; i++)
		mst_buf_addf(&url, "%%2C%s", cols->v[i]);
	mst_buf_reset(&v->page);
	curl_easy_setopt(v->curl, CURLOPT_URL, url.p);
	rc = curl_easy_perform(v->curl);
	mst_buf_fini(&url);
	if (rc != CURLE_OK)
		return mst_err_set(err, MST_E_IO,
				   "cannot read table \"%s\" of the simulated "
				   "ServiceNow: %s",
				   table, curl_easy_strerror(rc));
	curl_easy_getinfo(v->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return mst_err_set(err, MST_E_INVALID,
				   "table \"%s\" of the simulated ServiceNow "
				   "answers %ld: %.200s",
				   table, status, v->page.p ? v->page.p : "");
	if (mst_json_parse(v->json, mst_buf_slice(&v->page), &root, err) < 0)
		return mst_err_prefix(err, "table \"%s\"", table);
	*list_r = mst_json_get(root, "result");
	return 0;
}

struct mst_slice verify_text(struct mst_json row, const char *column)
{
	struct mst_json v = mst_json_get(row, column);

	/* a reference that comes with its link */
	if (mst_json_type(v) == MST_JSON_OBJECT)
		v = mst_json_get(v, "value");
	return mst_json_str(v);
}

/* ---- keys ---------------------------------------------------------------- */

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
}

static const char *ref_key(const struct verify *v, enum truth_set set,
			   struct mst_slice id)
{
	const char *key = mst_map_get(&v->key_of[set], id);

	return key ? key : "?";
}

static void row_key(const struct verify *v, enum truth_set set,
		    struct mst_json row, char *out, size_t n)
{
	const struct truth_table *t = &truth_tables[set];
	struct mst_slice a = verify_text(row, t->key[0]), b;

	switch (set) {
	case TRUTH_COMPANY:
		sim_truth_fold_company(a, out);
		return;
	case TRUTH_MODEL:
		b = verify_text(row, t->key[1]);
		snprintf(out, n, "%.*s\x1f%s", MST_SLICE_ARG(a),
			 ref_key(v, TRUTH_COMPANY, b));
		break;
	case TRUTH_CI:
		b = verify_text(row, t->key[1]);
		snprintf(out, n, "%.*s\x1f%.*s", MST_SLICE_ARG(a),
			 MST_SLICE_ARG(b));
		break;
	case TRUTH_INSTALL:
		b = verify_text(row, t->key[1]);
		snprintf(out, n, "%s\x1e%s", ref_key(v, TRUTH_CI, a),
			 ref_key(v, TRUTH_PACKAGE, b));
		break;
	case TRUTH_USE:
		b = verify_text(row, t->key[1]);
		snprintf(out, n, "%s\x1e%.*s\x1e%.*s", ref_key(v, TRUTH_APP, a),
			 MST_SLICE_ARG(b),
			 MST_SLICE_ARG(verify_text(row, t->key[2])));
		break;
	case TRUTH_PACKAGE:
	case TRUTH_CVE:
	case TRUTH_INSTANCE:
	case TRUTH_APP:
	case TRUTH__SETS:
		snprintf(out, n, "%.*s", MST_SLICE_ARG(a));
		break;
	}
	if (set == TRUTH_CI || set == TRUTH_APP)
		lower(out);
}

/* ---- comparing ----------------------------------------------------------- */

static bool between(struct mst_slice is, const char *low, const char *high)
{
	double v, a, b;

	if (!is.n || !low || !high)
		return false;
	if (mst_num_dbl(is, &v) && mst_num_dbl(mst_slice_str(low), &a) &&
	    mst_num_dbl(mst_slice_str(high), &b))
		return v > a - 1e-9 && v < b + 1e-9;
	return mst_slice_cmp(is, mst_slice_str(low)) >= 0 &&
	       mst_slice_cmp(is, mst_slice_str(high)) <= 0;
}

bool verify_agrees(const struct truth_field *f, struct mst_slice is,
		   const char *refers)
{
	switch (f->how) {
	case TRUTH_IS:
		return mst_slice_is(is, f->text);
	case TRUTH_ABSENT:
		return is.n == 0;
	case TRUTH_PRESENT:
		return is.n > 0;
	case TRUTH_BETWEEN:
		return between(is, f->text, f->text2);
	case TRUTH_EITHER:
		return mst_slice_is(is, f->text) || mst_slice_is(is, f->text2);
	case TRUTH_REF:
		return !strcmp(refers, f->text);
	}
	return false;
}

void verify_wrong(struct verify *v, const char *table, const char *key,
		  const struct truth_field *f, struct mst_slice is,
		  const char *refers)
{
	static const char *const words[] = {
	    "should be",	  "should be empty",  "should not be empty",
	    "should lie between", "should be one of", "should refer to"};

	v->wrong++;
	verify_say(v,
		   "wrong: %s \"%s\": %s is \"%.300s\", %s%s%.300s%s%s%.300s%s",
		   table, key, f->column,
		   f->how == TRUTH_REF ? refers
		   : is.n	       ? mst_arena_printf(&v->arena, "%.*s",
							  (int)MST_MIN(is.n, 300), is.p)
				       : "",
		   words[f->how], f->text ? " \"" : "", f->text ? f->text : "",
		   f->text ? "\"" : "", f->text2 ? " and \"" : "",
		   f->text2 ? f->text2 : "", f->text2 ? "\"" : "");
}

static void compare_row(struct verify *v, enum truth_set set, size_t i,
			struct mst_json row)
{
	struct truth_rec r;

	sim_truth_get(v->truth, set, i, &r);
	for (unsigned k = 0; k < r.n; k++) {
		struct mst_slice is = verify_text(row, r.f[k].column);

		const char *refers =
		    r.f[k].how == TRUTH_REF ? ref_key(v, r.f[k].ref, is) : "";

		if (!verify_agrees(&r.f[k], is, refers))
			verify_wrong(v, r.table, r.key, &r.f[k], is, refers);
	}
	v->compared++;
}

bool verify_ours(struct mst_json row)
{
	return mst_json_is_str(mst_json_get(row, "sys_created_by"),
			       MST_SIM_USER);
}

static void take_row(struct verify *v, enum truth_set set, const char *table,
		     struct mst_json row)
{
	struct mst_slice id = mst_json_str(mst_json_get(row, "sys_id"));
	char key[1400];
	size_t i;

	row_key(v, set, row, key, sizeof(key));
	if (set != TRUTH_INSTANCE && set != TRUTH_INSTALL && set != TRUTH_USE)
		mst_map_put(&v->key_of[set], mst_arena_dup(&v->arena, id),
			    mst_arena_strdup(&v->arena, key));
	i = (size_t)(uintptr_t)mst_map_get(&v->expected, mst_slice_str(key));
	if (!i) {
		if (!verify_ours(row) || verify_iot_owns(v, set, key, row))
			return;
		v->extra++;
		verify_say(v, "extra: %s \"%s\" should not be there", table,
			   key);
		return;
	}
	i--;
	if (v->seen[i]) {
		/* companies and models of others may share a folded name */
		if (!verify_ours(row))
			return;
		v->doubled++;
		verify_say(v, "double: %s \"%s\" is there twice", table, key);
		return;
	}
	v->seen[i] = true;
	compare_row(v, set, i, row);
}

void verify_column(struct columns *c, const char *name)
{
	for (unsigned i = 0; i < c->n; i++)
		if (!strcmp(c->v[i], name))
			return;
	if (c->n < VERIFY_COLUMNS)
		c->v[c->n++] = name;
}

/* What the records of a set are compared by: columns differ from record to
 * record, so a number of them is looked at. */
static void columns_of(struct verify *v, enum truth_set set, size_t n,
		       struct columns *c)
{
	struct truth_rec r;

	verify_column(c, "sys_created_by");
	/* whose records they are that another source made */
	if (set == TRUTH_CI)
		verify_column(c, "correlation_id");
	if (set == TRUTH_INSTANCE)
		verify_column(c, "u_source_connection");
	for (int i = 0; i < 3 && truth_tables[set].key[i]; i++)
		verify_column(c, truth_tables[set].key[i]);
	for (size_t i = 0; i < n; i++) {
		if (i > 2000 && (set == TRUTH_INSTANCE || set == TRUTH_USE))
			break;
		sim_truth_get(v->truth, set, i, &r);
		for (unsigned k = 0; k < r.n; k++)
			verify_column(c, r.f[k].column);
	}
}

static int read_table(struct verify *v, enum truth_set set, const char *table,
		      const struct columns *cols, struct mst_err *err)
{
	char after[40] = "";

	for (;;) {
		struct mst_json list, row;
		struct mst_json_iter it;
		int ret = verify_page(v, table, cols, after, &list, err);

		if (ret < 0)
			return ret;
		if (!mst_json_len(list))
			return 0;
		it = mst_json_iter(list);
		while (mst_json_next(&it, NULL, &row)) {
			take_row(v, set, table, row);
			snprintf(after, sizeof(after), "%.*s",
				 MST_SLICE_ARG(verify_text(row, "sys_id")));
		}
	}
}

static void expect(struct verify *v, enum truth_set set, size_t n)
{
	struct truth_rec r;

	mst_map_clear(&v->expected);
	free(v->seen);
	v->seen = mst_alloc((n + 1) * sizeof(*v->seen));
	for (size_t i = 0; i < n; i++) {
		sim_truth_get(v->truth, set, i, &r);
		if (r.gone) {
			v->seen[i] = true;
			continue;
		}
		mst_map_put(&v->expected,
			    mst_slice_str(mst_arena_strdup(&v->arena, r.key)),
			    (void *)(uintptr_t)(i + 1));
	}
}

static void miss(struct verify *v, enum truth_set set, size_t n)
{
	struct truth_rec r;

	for (size_t i = 0; i < n; i++) {
		if (v->seen[i])
			continue;
		sim_truth_get(v->truth, set, i, &r);
		v->missing++;
		verify_say(v, "missing: %s \"%s\" should be there", r.table,
			   r.key);
	}
}

static int verify_set(struct verify *v, enum truth_set set, struct mst_err *err)
{
	size_t n = sim_truth_count(v->truth, set);
	struct columns cols = {.n = 0};
	int ret;

	expect(v, set, n);
	columns_of(v, set, n, &cols);
	ret = read_table(v, set, truth_tables[set].table, &cols, err);
	if (ret == 0 && set == TRUTH_CI) {
		/* phones are no computers; an instance may lack the class */
		struct mst_err none = MST_ERR_INIT;

		if (read_table(v, set, "cmdb_ci_handheld_computing", &cols,
			       &none) < 0 &&
		    none.code != MST_E_INVALID) {
			*err = none;
			ret = -(int)none.code;
		}
	}
	if (ret == 0)
		miss(v, set, n);
	return ret;
}

static void finish(struct verify *v)
{
	if (v->lines > MAX_LINES)
		mst_buf_addf(v->report, "… and %u more\n",
			     v->lines - MAX_LINES);
	mst_buf_addf(
	    v->report,
	    "%llu records compared: %llu missing, %llu extra, %llu "
	    "doubled, %llu wrong columns\n",
	    (unsigned long long)v->compared, (unsigned long long)v->missing,
	    (unsigned long long)v->extra, (unsigned long long)v->doubled,
	    (unsigned long long)v->wrong);
}

static void setup_curl(struct verify *v)
{
	v->curl = curl_easy_init();
	curl_easy_setopt(v->curl, CURLOPT_USERPWD,
			 MST_SIM_USER ":" MST_SIM_PASSWORD);
	curl_easy_setopt(v->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(v->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(v->curl, CURLOPT_WRITEDATA, &v->page);
	curl_easy_setopt(v->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(v->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(v->curl, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(v->curl, CURLOPT_BUFFERSIZE, 512L * 1024);
}

static void verify_open(struct verify *v, struct mst_sim *sim,
			struct mst_buf *report, struct curl_slist *headers)
{
	*v = (struct verify){.sim = sim, .truth = sim->truth, .report = report};
	setup_curl(v);
	curl_easy_setopt(v->curl, CURLOPT_HTTPHEADER, headers);
	mst_buf_init(&v->page, MAX_PAGE);
	mst_arena_init(&v->arena, (size_t)4 << 30);
	v->json = mst_json_parser_new(MAX_PAGE);
}

static void verify_close(struct verify *v)
{
	curl_easy_cleanup(v->curl);
	mst_buf_fini(&v->page);
	mst_arena_fini(&v->arena);
	mst_json_parser_free(&v->json);
	for (int set = 0; set < TRUTH__SETS; set++)
		mst_map_fini(&v->key_of[set]);
	mst_map_fini(&v->expected);
	free(v->seen);
}

int sim_verify(struct mst_sim *sim, struct mst_buf *report,
	       uint64_t *differences_r, struct mst_err *err)
{
	struct curl_slist *headers =
	    curl_slist_append(NULL, "Accept: application/json");
	struct verify v;
	int ret = 0;

	verify_open(&v, sim, report, headers);
	for (int set = 0; set < TRUTH__SETS && ret == 0; set++)
		ret = verify_set(&v, (enum truth_set)set, err);
	if (ret == 0)
		ret = verify_iot(&v, err);
	if (ret == 0) {
		finish(&v);
		*differences_r = v.missing + v.extra + v.doubled + v.wrong;
	}
	verify_close(&v);
	curl_slist_free_all(headers);
	return ret;
}

int sim_verify_incidents(struct mst_sim *sim, const struct sim_incidents_of *of,
			 struct sim_incidents *n_r, struct mst_err *err)
{
	struct curl_slist *headers =
	    curl_slist_append(NULL, "Accept: application/json");
	struct verify v;
	int ret;

	verify_open(&v, sim, NULL, headers);
	ret = verify_incidents(&v, of, n_r, err);
	verify_close(&v);
	curl_slist_free_all(headers);
	return ret;
}
