/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoded queries and what comes back from them. A clause that ServiceNow does
 * not understand is dropped without a word and the rest runs, and there is no
 * escape for "^" and ",": so values that could be syntax never go into a
 * query, and whoever reads rows compares what came back.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/num.h"
#include "dest/servicenow/sn.h"

bool mst_sn_list_safe(struct mst_slice v)
{
	if (v.n == 0 || v.n > 512)
		return false;
	if (v.p[0] == ' ' || v.p[v.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c < 0x20 || c == 0x7f || c == ',' || c == '^')
			return false;
	}
	/* "javascript:" is run by the server, NULL and EMPTY stand for no
	 * value. */
	return !mst_slice_ifind(v, "javascript:") &&
	       !mst_slice_iis(v, "NULL") && !mst_slice_iis(v, "EMPTY");
}

bool mst_sn_query_safe(struct mst_slice v)
{
	/* "@" splits date macros. */
	return mst_sn_list_safe(v) && !memchr(v.p, '@', v.n);
}

static void add_folded(struct mst_buf *q, struct mst_slice v, int (*fold)(int))
{
	for (size_t i = 0; i < v.n; i++)
		mst_buf_addc(q, (char)fold((unsigned char)v.p[i]));
}

void mst_sn_query_cases(struct mst_buf *q, struct mst_slice v)
{
	bool lower = false, upper = false;

	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		lower = lower || (c < 0x80 && islower(c));
		upper = upper || (c < 0x80 && isupper(c));
	}
	mst_buf_add_slice(q, v);
	if (upper) {
		mst_buf_addc(q, ',');
		add_folded(q, v, tolower);
	}
	if (lower) {
		mst_buf_addc(q, ',');
		add_folded(q, v, toupper);
	}
}

static bool plain(unsigned char c)
{
	return isalnum(c) || c >= 0x80 || c == '-' || c == '_' || c == '.' ||
	       c == ' ';
}

struct mst_slice mst_sn_query_prefix(struct mst_slice v)
{
	struct mst_slice s;
	size_t n = 0;

	while (n < v.n && plain((unsigned char)v.p[n]))
		n++;
	s = mst_sn_cut(mst_slice(v.p, n), 60);
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s.n && mst_sn_query_safe(s) ? s : mst_slice(NULL, 0);
}

bool mst_sn_name_ok(struct mst_slice name)
{
	if (name.n == 0 || name.n > 80)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (!isalnum(c) && c != '_')
			return false;
	}
	return true;
}

static void list_url(struct mst_buf *url, struct mst_slice table,
		     struct mst_slice query, const char *fields, unsigned limit)
{
	mst_buf_adds(url, "/api/now/table/");
	mst_buf_add_slice(url, table);
	mst_buf_adds(url, "?sysparm_query=");
	mst_buf_add_uri(url, query);
	mst_buf_addf(url, "&sysparm_fields=%s&sysparm_limit=%u", fields, limit);
	mst_buf_adds(url, "&sysparm_exclude_reference_link=true");
}

void mst_sn_list_url(struct mst_buf *url, struct mst_slice table,
		     struct mst_slice query, const char *fields, unsigned limit)
{
	list_url(url, table, query, fields, limit);
	mst_buf_adds(url, "&sysparm_no_count=true");
}

void mst_sn_counted_url(struct mst_buf *url, struct mst_slice table,
			struct mst_slice query, const char *fields,
			unsigned limit)
{
	list_url(url, table, query, fields, limit);
	mst_buf_adds(url, "&sysparm_suppress_pagination_header=true");
}

struct mst_slice mst_sn_member(struct mst_json row, const char *name)
{
	struct mst_json v = mst_json_get(row, name);

	if (mst_json_type(v) == MST_JSON_OBJECT)
		v = mst_json_get(v, "value");
	return mst_json_str(v);
}

bool mst_sn_row_id(struct mst_json row, struct mst_sysid *id_r)
{
	/* All zeros stand for "not known" everywhere in here. */
	return mst_sysid_parse(mst_sn_member(row, "sys_id"), id_r) &&
	       !mst_sysid_is_zero(id_r);
}

static bool boolean(struct mst_slice s, bool *r)
{
	if (mst_slice_iis(s, "true"))
		*r = true;
	else if (mst_slice_iis(s, "false"))
		*r = false;
	else
		return false;
	return true;
}

/* Equal but for \r: forms store line ends as they like. */
static bool same_lines(struct mst_slice a, struct mst_slice b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.n && a.p[i] == '\r')
			i++;
		while (j < b.n && b.p[j] == '\r')
			j++;
		if (i == a.n || j == b.n)
			return i == a.n && j == b.n;
		if (a.p[i++] != b.p[j++])
			return false;
	}
}

/* Columns that ServiceNow writes in its own form ("7" for 7.0). */
static bool is_typed(const struct mst_column *col)
{
	static const char *const names[] = {"u_cvss_score", "u_epss",
					    "u_exposed_machines"};

	for (size_t i = 0; i < MST_LEN(names); i++) {
		if (strcmp(col->name, names[i]) == 0)
			return true;
	}
	return col->max == 0;
}

bool mst_sn_same_text(const struct mst_column *col, struct mst_slice a,
		      struct mst_slice b)
{
	double x, y;
	bool p, q;

	a = mst_slice_trim(a);
	b = mst_slice_trim(b);
	if (mst_slice_eq(a, b))
		return true;
	if (same_lines(a, b))
		return true;
	/* In a text such as a version "1.10" is not "1.1". */
	if (!is_typed(col))
		return false;
	if (boolean(a, &p) && boolean(b, &q))
		return p == q;
	return mst_num_dbl(a, &x) && mst_num_dbl(b, &y) && !(x < y) && !(x > y);
}

static bool is_of_package(const struct mst_dest *d,
			  const struct mst_column *col)
{
	const struct mst_catalog *c = d->env.catalog;

	for (size_t i = 0; i < c->sets_n; i++) {
		const struct mst_set *set = &c->sets[i];

		if (col >= set->columns && col < set->columns + set->columns_n)
			return mst_sn_is_package(set);
	}
	return false;
}

bool mst_sn_same(const struct mst_dest *d, const struct mst_column *col,
		 struct mst_slice desired, struct mst_slice held)
{
	char a[256], b[256];

	if (col->max)
		desired = mst_sn_cut(desired, col->max);
	if (mst_sn_same_text(col, desired, held))
		return true;
	/* A status that muster left alone is not what was delivered. */
	if (mst_sn_is_status(col->name) && mst_sn_guard_status(d->conf) &&
	    !is_of_package(d, col))
		return true;
	if (!(col->flags & MST_COL_MASTER) || !col->ref_set)
		return false;
	if (strcmp(col->ref_set, SN_KIND_USER_RELATION) == 0 ||
	    strcmp(col->ref_set, SN_KIND_RELATION) == 0)
		return mst_slice_ieq(desired, held);
	/* What muster may not make is left out, and the CI keeps what it had:
	 * that says nothing about what others did. */
	if (!mst_sn_master_makes(d, col->ref_set))
		return true;
	/* Read by its name, which is the text without the version. */
	if (strcmp(col->ref_set, SN_KIND_SOFTWARE) == 0)
		return held.n && held.n < desired.n &&
		       desired.p[held.n] == ' ' &&
		       memcmp(held.p, desired.p, held.n) == 0;
	if (strcmp(col->ref_set, SN_KIND_COMPANY) != 0)
		return false;
	if (mst_slice_is(desired, SN_CLEAR))
		return held.n == 0;
	return mst_slice_eq(mst_sn_fold(desired, a, sizeof(a)),
			    mst_sn_fold(held, b, sizeof(b)));
}

struct mst_slice mst_sn_cut(struct mst_slice s, size_t max)
{
	if (s.n <= max)
		return s;
	s.n = max;
	while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}
