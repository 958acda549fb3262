/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client may not do although its user may: scopes of the OAuth client by
 * API and method. And access rules of tables as a person changes them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/sn.h"

static const char *const apis[] = {"table", "batch", "identifyreconcile",
				   "meta",  "stats", "events"};

/* Which API is behind "/api/now/" (and a version), or "/api/global/"? */
static size_t api_of(const char *rest)
{
	static const char *const starts[] = {
	    "table/",	  "batch",  "identifyreconcile",
	    "cmdb/meta/", "stats/", "em/jsonv2"};

	for (size_t i = 0; i < MST_LEN(starts); i++) {
		if (!strncmp(rest, starts[i], strlen(starts[i])))
			return i;
	}
	return MST_LEN(apis);
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n) {
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	}
	return false;
}

bool sn_scope_allows(struct sim_sn *sn, const struct sn_req *r,
		     const char *rest, struct sim_reply *reply)
{
	size_t api = api_of(rest);

	if (!sn->scoped || !r->bearer || api == MST_LEN(apis) ||
	    has_word(sn->scopes[api], r->method))
		return true;
	sn->stats.forbidden++;
	sn_error(reply, 403, "User Not Authorized",
		 "Access to unscoped api is not allowed");
	return false;
}

void sn_scopes_clear(struct sim_sn *sn)
{
	sn->scoped = false;
	memset(sn->scopes, 0, sizeof(sn->scopes));
}

/* {"table":["GET"],"batch":["POST"],…}; null: not limited. */
bool sn_scopes_set(struct sim_sn *sn, struct mst_json scopes)
{
	struct mst_json_iter all = mst_json_iter(scopes);
	struct mst_slice key;
	struct mst_json list;

	sn_scopes_clear(sn);
	if (mst_json_type(scopes) != MST_JSON_OBJECT)
		return mst_json_type(scopes) == MST_JSON_NULL;
	sn->scoped = true;
	while (mst_json_next(&all, &key, &list)) {
		struct mst_json_iter words = mst_json_iter(list);
		struct mst_json v;
		size_t i = 0;

		while (i < MST_LEN(apis) && !mst_slice_is(key, apis[i]))
			i++;
		if (i == MST_LEN(apis))
			return false;
		while (mst_json_next(&words, NULL, &v)) {
			size_t n = strlen(sn->scopes[i]);

			(void)snprintf(sn->scopes[i] + n,
				       sizeof(sn->scopes[i]) - n, "%s%.*s",
				       n ? " " : "",
				       MST_SLICE_ARG(mst_json_str(v)));
		}
	}
	return true;
}

void sn_scopes_write(const struct sim_sn *sn, struct mst_jout *j)
{
	if (!sn->scoped) {
		mst_jout_null(j);
		return;
	}
	mst_jout_obj(j);
	for (size_t i = 0; i < MST_LEN(apis); i++) {
		const char *p = sn->scopes[i];

		mst_jout_key(j, apis[i]);
		mst_jout_arr(j);
		while (*p) {
			size_t n = strcspn(p, " ");

			mst_jout_slice(j, mst_slice(p, n));
			p += n + (p[n] == ' ');
		}
		mst_jout_end_arr(j);
	}
	mst_jout_end_obj(j);
}

/* ---- access rules of a table --------------------------------------------- */

static const char *const ops[SN_OPS] = {"read", "write", "create", "delete"};

bool sn_access_set(struct sim_sn *sn, struct sn_table *t, struct mst_json rules)
{
	struct mst_json_iter all = mst_json_iter(rules);
	struct mst_slice key;
	struct mst_json list;

	while (mst_json_next(&all, &key, &list)) {
		struct mst_json_iter roles = mst_json_iter(list);
		struct mst_json v;
		int op = 0;

		while (op < SN_OPS && !mst_slice_is(key, ops[op]))
			op++;
		if (op == SN_OPS)
			return false;
		t->acl[op].n = 0;
		t->acl_set = true;
		while (mst_json_next(&roles, NULL, &v))
			sn_allow(
			    sn, t, (enum sn_op)op,
			    mst_arena_dup(&sn->scratch, mst_json_str(v)).p);
	}
	return true;
}

void sn_access_write(const struct sn_table *t, struct mst_jout *j)
{
	mst_jout_obj(j);
	for (int op = 0; op < SN_OPS; op++) {
		mst_jout_key(j, ops[op]);
		mst_jout_arr(j);
		for (size_t i = 0; i < t->acl[op].n; i++)
			mst_jout_str(j, t->acl[op].roles[i]);
		mst_jout_end_arr(j);
	}
	mst_jout_end_obj(j);
}
