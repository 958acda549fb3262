/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups: is the record there already, and what does it hold? Rows by lists
 * of their unique key, or all rows of a parent when many of them are asked
 * for; links always by parent, and those with a key column (what people use) by
 * lists of it below their parent. Lists are read by keyset (sys_id), because
 * rows that go meanwhile would shift offsets, and until a page is empty,
 * because rights may make any page a short one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define BY_PARENT 20   /* so many of one parent: read all of its rows */
#define PAGES_MAX 2000 /* of one parent */
#define KEYS_MAX  100  /* of one parent, in a list */

enum how { BY_KEYS, BY_PREFIX, BY_PARENTS };

struct sn_look {
	LIST_ENTRY(sn_look) link;
	const struct mst_set *set;
	enum how how;
	char table[81];
	struct mst_sysid parent; /* BY_PARENTS */
	bool keyed;		 /* and by the keys of the items */
	char after[33];		 /* keyset: the last sys_id seen */
	unsigned page, pages, tries;
	struct sn_items items;
	size_t items_n;
	struct mst_map by_key; /* ROW, or keyed: key → item */
};

static void ask(struct mst_dest *d, struct sn_look *l);

/* ---- which rows -------------------------------------------------------- */

static struct mst_slice key_of(const struct sn_item *it)
{
	const struct mst_set *set = it->c.set;

	if (*it->key_hex)
		return mst_slice_str(it->key_hex);
	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_cell *cell;

		if (!(set->columns[i].flags & MST_COL_KEY))
			continue;
		cell = mst_sn_cell_at(it, i);
		if (cell && cell->text.n)
			return mst_sn_cut(cell->text, set->columns[i].max
							  ? set->columns[i].max
							  : cell->text.n);
	}
	return it->c.key;
}

static struct mst_sysid parent_of(const struct sn_item *it)
{
	const struct mst_set *set = it->c.set;
	static const struct mst_sysid none;

	for (size_t i = 0; i < set->columns_n; i++) {
		const struct mst_cell *cell = mst_sn_cell_at(it, i);

		if ((set->columns[i].flags & MST_COL_PARENT) && cell &&
		    !mst_sysid_is_zero(&cell->ref))
			return cell->ref;
	}
	return mst_sn_column(set, MST_COL_PARENT) ? it->c.parent : none;
}

static const char *key_column(const struct mst_set *set)
{
	const struct mst_column *col = mst_sn_column(set, MST_COL_KEY);

	return col ? col->name : "";
}

/* A parent may have any number of such links: only those that are meant are
 * looked at. */
static bool has_keys(const struct mst_set *set)
{
	return set->writer == MST_WRITE_LINK &&
	       mst_sn_column(set, MST_COL_KIND) && *key_column(set);
}

/* ---- life of a look-up ------------------------------------------------- */

static struct sn_look *look_new(struct mst_dest *d, const struct sn_item *it,
				enum how how)
{
	struct sn_look *l = mst_alloc(sizeof(*l));

	l->set = it->c.set;
	l->how = how;
	snprintf(l->table, sizeof(l->table), "%.*s",
		 MST_SLICE_ARG(it->c.table));
	l->page = SN_PAGE;
	l->parent = parent_of(it);
	TAILQ_INIT(&l->items);
	LIST_INSERT_HEAD(&d->looks, l, link);
	return l;
}

static void look_free(struct sn_look *l)
{
	LIST_REMOVE(l, link);
	mst_map_fini(&l->by_key);
	free(l);
}

void mst_sn_look_fini(struct mst_dest *d)
{
	while (!LIST_EMPTY(&d->looks))
		look_free(LIST_FIRST(&d->looks));
}

static void join(struct sn_look *l, struct sn_item *it)
{
	TAILQ_INSERT_TAIL(&l->items, it, link);
	l->items_n++;
	if (l->set->writer == MST_WRITE_ROW || l->keyed)
		mst_map_put(&l->by_key, key_of(it), it);
}

static void leave(struct sn_look *l, struct sn_item *it)
{
	TAILQ_REMOVE(&l->items, it, link);
	l->items_n--;
	if (l->set->writer == MST_WRITE_ROW || l->keyed)
		mst_map_del(&l->by_key, key_of(it));
}

static void all_absent(struct mst_dest *d, struct sn_look *l)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&l->items))) {
		leave(l, it);
		mst_sn_record_absent(d, it);
	}
	look_free(l);
}

static void all_failed(struct mst_dest *d, struct sn_look *l, bool refused,
		       const char *why)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&l->items))) {
		leave(l, it);
		if (refused && !it->posted)
			mst_sn_refuse(d, it, "cannot look it up: %s", why);
		else
			mst_sn_failed(d, it, "%s: %s",
				      it->posted ? "it is not known whether it "
						   "was written"
						 : "cannot look it up",
				      why);
	}
	look_free(l);
}

/* ---- answers ----------------------------------------------------------- */

static struct sn_item *match(const struct mst_dest *d, struct sn_look *l,
			     struct mst_json row)
{
	struct sn_item *it;

	if (l->set->writer == MST_WRITE_ROW)
		return mst_map_get(&l->by_key,
				   mst_sn_member(row, key_column(l->set)));
	if (l->keyed) {
		it = mst_map_get(&l->by_key,
				 mst_sn_member(row, key_column(l->set)));
		return it && mst_sn_link_matches(d, it, row) ? it : NULL;
	}
	TAILQ_FOREACH(it, &l->items, link)
	{
		if (mst_sn_link_matches(d, it, row))
			return it;
	}
	return NULL;
}

/* A clause that was dropped gives the whole table: then nothing of it may be
 * believed. */
static bool is_of_parent(const struct sn_look *l, struct mst_json row)
{
	const struct mst_column *col = mst_sn_column(l->set, MST_COL_PARENT);
	struct mst_sysid id;

	return col && mst_sysid_parse(mst_sn_member(row, col->name), &id) &&
	       memcmp(&id, &l->parent, sizeof(id)) == 0;
}

/* Rows of a page; false when the query was not understood. */
static bool rows(struct mst_dest *d, struct sn_look *l, struct mst_json result,
		 size_t *n_r)
{
	struct mst_json_iter it = mst_json_iter(result);
	size_t asked = l->items_n, strangers = 0;
	struct mst_json row;
	struct mst_sysid id;

	while (mst_json_next(&it, NULL, &row)) {
		struct sn_item *item;

		if (!mst_sn_row_id(row, &id))
			return false;
		if (l->how == BY_PARENTS &&
		    (!is_of_parent(l, row) ||
		     !mst_sn_relation_shown(l->set, row)))
			return false;
		++*n_r;
		mst_sysid_hex(&id, l->after);
		item = match(d, l, row);
		if (!item && l->how == BY_KEYS && ++strangers > asked)
			return false;
		if (!item)
			continue;
		leave(l, item);
		mst_sn_record_found(d, item, row, &id);
	}
	return true;
}

/* Fewer rows at a time, or fewer keys. */
static void smaller(struct mst_dest *d, struct sn_look *l, const char *why)
{
	struct sn_look *half;

	if (++l->tries >= SN_TRIES) {
		all_failed(d, l, false, why);
		return;
	}
	l->page = MST_MAX(l->page / 2, SN_PAGE_LEAST);
	if (l->how == BY_KEYS && l->items_n > 1) {
		half = look_new(d, TAILQ_FIRST(&l->items), BY_KEYS);
		half->tries = l->tries;
		for (size_t n = l->items_n / 2; n; n--) {
			struct sn_item *it = TAILQ_FIRST(&l->items);

			leave(l, it);
			join(half, it);
		}
		ask(d, half);
	}
	ask(d, l);
}

static void take_look(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_look *l = ctx;
	size_t n = 0;

	if (a->fate == SN_BROKEN) {
		smaller(d, l, a->why);
		return;
	}
	/* An empty list is a 404 in the first version of the API. */
	if (a->fate == SN_REFUSED && a->status == 404 &&
	    mst_slice_ifind(mst_slice_str(a->why), "No Record found")) {
		all_absent(d, l);
		return;
	}
	if (a->fate != SN_DONE) {
		all_failed(d, l, a->fate == SN_REFUSED, a->why);
		return;
	}
	if (!rows(d, l, mst_json_get(a->root, "result"), &n)) {
		all_failed(d, l, true,
			   "ServiceNow ignores the query: a column is missing "
			   "or hidden by an ACL");
		return;
	}
	if (l->items_n && l->how != BY_KEYS && n && ++l->pages < PAGES_MAX)
		ask(d, l);
	else
		all_absent(d, l);
}

/* ---- requests ---------------------------------------------------------- */

static void query_keys(const struct sn_look *l, struct mst_buf *q)
{
	const struct sn_item *it;
	const char *sep = "";

	mst_buf_addf(q, "%sIN", key_column(l->set));
	TAILQ_FOREACH(it, &l->items, link)
	{
		mst_buf_adds(q, sep);
		mst_buf_add_slice(q, key_of(it));
		sep = ",";
	}
}

static void query_list(const struct sn_look *l, struct mst_buf *q)
{
	char hex[33];

	if (l->how == BY_PARENTS) {
		mst_sysid_hex(&l->parent, hex);
		mst_buf_addf(q, "%s=%s",
			     mst_sn_column(l->set, MST_COL_PARENT)->name, hex);
		if (l->keyed) {
			mst_buf_addc(q, '^');
			query_keys(l, q);
		}
	} else {
		mst_buf_addf(q, "%sSTARTSWITH", key_column(l->set));
		mst_buf_add_slice(
		    q, mst_sn_query_prefix(key_of(TAILQ_FIRST(&l->items))));
	}
	if (*l->after)
		mst_buf_addf(q, "^sys_id>%s", l->after);
	mst_buf_adds(q, "^ORDERBYsys_id");
}

static void ask(struct mst_dest *d, struct sn_look *l)
{
	struct mst_buf url = MST_BUF_INIT(65536), q = MST_BUF_INIT(32768);
	struct mst_buf fields = MST_BUF_INIT(8192);

	if (l->how == BY_KEYS)
		query_keys(l, &q);
	else
		query_list(l, &q);
	mst_sn_row_fields(l->set, &fields);
	mst_sn_list_url(&url, mst_slice_str(l->table), mst_buf_slice(&q),
			fields.p, l->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_look,
		       l);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
	mst_buf_fini(&fields);
}

/* ---- gathering --------------------------------------------------------- */

void mst_sn_look_add(struct mst_dest *d, struct sn_item *it)
{
	struct mst_sysid parent = parent_of(it);
	struct mst_slice key = key_of(it);

	/* A row that was there and is not any more, when all that is known of
	 * it is its sys_id: nothing is left to close. */
	if (!key.n && !mst_sysid_is_zero(&it->c.remote) &&
	    it->c.action != MST_INSERT && it->c.action != MST_UPDATE) {
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, NULL);
		return;
	}
	if ((it->c.set->writer == MST_WRITE_ROW || has_keys(it->c.set)) &&
	    !mst_sn_query_safe(key) &&
	    (has_keys(it->c.set) || !mst_sn_query_prefix(key).n)) {
		mst_sn_refuse(d, it, "its key cannot be looked up: \"%.*s\"",
			      MST_SLICE_ARG(mst_sn_cut(key, 120)));
		return;
	}
	if (it->c.set->writer == MST_WRITE_LINK && mst_sysid_is_zero(&parent)) {
		mst_sn_refuse(d, it,
			      "neither its sys_id nor its parent's is known");
		return;
	}
	TAILQ_INSERT_TAIL(&d->look, it, link);
	d->look_n++;
}

static struct sn_item *pop(struct mst_dest *d)
{
	struct sn_item *it = TAILQ_FIRST(&d->look);

	TAILQ_REMOVE(&d->look, it, link);
	d->look_n--;
	return it;
}

struct group {
	struct sn_items items;
	size_t n;
};

/* Sorts what waits by parent. Rows without one, or whose last write tells
 * that they may hang elsewhere, go by key. */
static void by_parent(struct mst_dest *d, struct mst_map *groups,
		      struct sn_items *rest)
{
	while (d->look_n) {
		struct sn_item *it = pop(d);
		struct mst_sysid parent = parent_of(it);
		struct mst_slice key = {(const char *)parent.b, 16};
		struct group *g;

		if (it->c.set->writer == MST_WRITE_ROW &&
		    (mst_sysid_is_zero(&parent) || it->posted || it->violated ||
		     it->c.action != MST_INSERT)) {
			TAILQ_INSERT_TAIL(rest, it, link);
			continue;
		}
		g = mst_map_get(groups, key);
		if (!g) {
			g = mst_alloc(sizeof(*g) + 16);
			TAILQ_INIT(&g->items);
			memcpy(g + 1, parent.b, 16);
			mst_map_put(groups, mst_slice((char *)(g + 1), 16), g);
		}
		TAILQ_INSERT_TAIL(&g->items, it, link);
		g->n++;
	}
}

/* The next of a parent's items; true when there are more. */
static bool ask_parent(struct mst_dest *d, struct group *g)
{
	struct sn_look *l = look_new(d, TAILQ_FIRST(&g->items), BY_PARENTS);
	struct sn_item *it;

	l->keyed = has_keys(l->set);
	while ((it = TAILQ_FIRST(&g->items)) &&
	       !(l->keyed && l->items_n == KEYS_MAX)) {
		TAILQ_REMOVE(&g->items, it, link);
		join(l, it);
	}
	ask(d, l);
	return it != NULL;
}

static void ask_keys(struct mst_dest *d, struct sn_items *list)
{
	struct sn_look *l = NULL;
	struct sn_item *it;

	while ((it = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, it, link);
		if (!mst_sn_query_safe(key_of(it))) {
			struct sn_look *alone = look_new(d, it, BY_PREFIX);

			join(alone, it);
			ask(d, alone);
			continue;
		}
		/* Two rows of one key cannot share a look-up. */
		if (l && (l->items_n >= SN_IN_LIST ||
			  mst_map_has(&l->by_key, key_of(it)))) {
			ask(d, l);
			l = NULL;
		}
		if (!l)
			l = look_new(d, it, BY_KEYS);
		join(l, it);
	}
	if (l)
		ask(d, l);
}

void mst_sn_look_pump(struct mst_dest *d)
{
	struct mst_map groups = {0};
	struct sn_items rest;
	struct mst_slice key;
	void *value;
	size_t i = 0;

	if (!d->look_n)
		return;
	TAILQ_INIT(&rest);
	by_parent(d, &groups, &rest);
	while (mst_map_next(&groups, &i, &key, &value)) {
		struct group *g = value;
		struct sn_item *it = TAILQ_FIRST(&g->items);

		if (it->c.set->writer == MST_WRITE_ROW && g->n < BY_PARENT)
			TAILQ_CONCAT(&rest, &g->items, link);
		else
			while (ask_parent(d, g))
				;
	}
	i = 0;
	while (mst_map_next(&groups, &i, NULL, &value))
		free(value);
	mst_map_fini(&groups);
	ask_keys(d, &rest);
}

void mst_sn_look_cancel(struct mst_dest *d)
{
	while (d->look_n) {
		struct sn_item *it = pop(d);

		mst_sn_failed(d, it, "cancelled%s",
			      it->posted ? ": it is not known whether it was "
					   "written"
					 : "");
	}
}
