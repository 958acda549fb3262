/* SPDX-License-Identifier: Apache-2.0
 *
 * All records below a parent, with their keys: among them is what a push that
 * died has left behind. Read by keyset (sys_id) until a page is empty, as
 * look.c does it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define PAGES_MAX 2000 /* of one parent */

struct sn_children {
	LIST_ENTRY(sn_children) link;
	const struct mst_set *set;
	char table[81];
	struct mst_sysid parent;
	const char *key; /* the member that tells the key */
	char after[33];	 /* keyset: the last sys_id seen */
	unsigned page, pages, tries;
	mst_child_fn fn;
	void *ctx;
	uint64_t tag;
};

static void ask(struct mst_dest *d, struct sn_children *c);

static void children_free(struct sn_children *c)
{
	LIST_REMOVE(c, link);
	free(c);
}

void mst_sn_children_fini(struct mst_dest *d)
{
	while (!LIST_EMPTY(&d->children))
		children_free(LIST_FIRST(&d->children));
}

static void end(struct sn_children *c, const char *why)
{
	c->fn(c->ctx, c->tag, NULL, mst_slice(NULL, 0), why);
	children_free(c);
}

static const char *parent_column(const struct sn_children *c)
{
	return mst_sn_column(c->set, MST_COL_PARENT)->name;
}

/* Rows of a page; false when they are not what was asked for. */
static bool rows(const struct mst_dest *d, struct sn_children *c,
		 struct mst_json result, size_t *n_r)
{
	struct mst_json_iter it = mst_json_iter(result);
	struct mst_sysid id, parent;
	struct mst_json row;

	while (mst_json_next(&it, NULL, &row)) {
		if (!mst_sn_row_id(row, &id) ||
		    !mst_sysid_parse(mst_sn_member(row, parent_column(c)),
				     &parent) ||
		    memcmp(&parent, &c->parent, sizeof(parent)) != 0 ||
		    !mst_sn_relation_shown(c->set, row))
			return false;
		++*n_r;
		mst_sysid_hex(&id, c->after);
		if (!mst_sn_row_is_closed(c->set, row) &&
		    mst_sn_relation_ours(d, c->set, row))
			c->fn(c->ctx, c->tag, &id, mst_sn_member(row, c->key),
			      NULL);
	}
	return true;
}

static void take(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_children *c = ctx;
	size_t n = 0;

	if (a->fate == SN_BROKEN && ++c->tries < SN_TRIES) {
		c->page = MST_MAX(c->page / 2, SN_PAGE_LEAST);
		ask(d, c);
		return;
	}
	/* An empty list is a 404 in the first version of the API. */
	if (a->fate == SN_REFUSED && a->status == 404 &&
	    mst_slice_ifind(mst_slice_str(a->why), "No Record found"))
		end(c, NULL);
	else if (a->fate != SN_DONE)
		end(c, a->why);
	else if (!rows(d, c, mst_json_get(a->root, "result"), &n))
		end(c, "ServiceNow ignores the query: a column is missing or "
		       "hidden by an ACL");
	else if (n == 0)
		end(c, NULL);
	else if (++c->pages < PAGES_MAX)
		ask(d, c);
	else
		end(c, "there are too many of them");
}

static void ask(struct mst_dest *d, struct sn_children *c)
{
	struct mst_buf url = MST_BUF_INIT(SN_MAX_URL), q = MST_BUF_INIT(1024);
	struct mst_buf fields = MST_BUF_INIT(1024);
	const struct mst_column *kind = mst_sn_column(c->set, MST_COL_KIND);
	const struct mst_column *key = mst_sn_column(c->set, MST_COL_KEY);
	const char *status = mst_sn_row_status(c->set);
	char hex[33];

	mst_sysid_hex(&c->parent, hex);
	mst_buf_addf(&q, "%s=%s", parent_column(c), hex);
	if (*c->after)
		mst_buf_addf(&q, "^sys_id>%s", c->after);
	mst_buf_adds(&q, "^ORDERBYsys_id");
	mst_buf_addf(&fields, "sys_id,%s,%s", parent_column(c), c->key);
	if (kind)
		mst_buf_addf(&fields, ",%s", kind->name);
	if (key && strcmp(key->name, c->key) != 0)
		mst_buf_addf(&fields, ",%s", key->name);
	if (status)
		mst_buf_addf(&fields, ",%s", status);
	mst_sn_list_url(&url, mst_slice_str(c->table), mst_buf_slice(&q),
			fields.p, c->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take, c);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
	mst_buf_fini(&fields);
}

int mst_sn_children_add(struct mst_dest *d, const struct mst_set *set,
			uint64_t tag, struct mst_slice table,
			const struct mst_sysid *parent, mst_child_fn fn,
			void *ctx, struct mst_err *err)
{
	struct sn_children *c;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	if (!table.n)
		table = mst_slice_str(set->table);
	if (!mst_sn_name_ok(table) || !mst_sn_column(set, MST_COL_PARENT) ||
	    !mst_sn_link_key(set, table))
		return mst_err_set(err, MST_E_INTERNAL,
				   "records of \"%s\" cannot be told apart",
				   set->name);
	c = mst_alloc(sizeof(*c));
	c->set = set;
	snprintf(c->table, sizeof(c->table), "%.*s", MST_SLICE_ARG(table));
	c->parent = *parent;
	c->key = mst_sn_link_key(set, table);
	c->page = SN_PAGE;
	c->fn = fn;
	c->ctx = ctx;
	c->tag = tag;
	LIST_INSERT_HEAD(&d->children, c, link);
	ask(d, c);
	return MST_OK;
}
