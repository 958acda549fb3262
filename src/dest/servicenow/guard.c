/* SPDX-License-Identifier: Apache-2.0
 *
 * What is looked at before a record that is there is written. Of one that an
 * insert found, what it holds, so that the run can be undone. Of a CI: may its
 * status be changed (settings status_updates, status_keep); does it hold all of
 * it already (write mode "table"; IRE says so by itself); and is the package
 * that shall be retired really gone, or does another source's installation
 * still refer to it? Fifty in a list, by sys_id.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

enum look { NOTHING, BEFORE, STATUS, CONTENTS, INSTALLS };

struct sn_guard {
	LIST_ENTRY(sn_guard) link;
	enum look look;
	const struct mst_set *set;
	const char *table; /* lent from the first item, or static */
	unsigned page, tries;
	struct sn_items items;
	size_t items_n;
};

static void ask(struct mst_dest *d, struct sn_guard *g);

/* ---- who is guarded ------------------------------------------------------
 */

static bool wants_newer(const struct sn_conf *conf)
{
	return conf->status_updates == SN_STATUS_NEWER_UPDATE ||
	       conf->status_updates == SN_STATUS_NEWER_DISCOVERY;
}

bool mst_sn_guard_status(const struct sn_conf *conf)
{
	return conf->status_keep.n || wants_newer(conf);
}

static bool has_status(const struct sn_item *it)
{
	for (size_t i = 0; i < it->c.cells_n; i++) {
		if (mst_sn_is_status(
			it->c.set->columns[it->cells[i].column].name))
			return true;
	}
	return false;
}

/* A record that this very run may have made is no find. */
static bool is_found(const struct mst_dest *d, const struct sn_item *it)
{
	return d->found && !it->told && !it->posted &&
	       it->c.action == MST_INSERT && !mst_sysid_is_zero(&it->remote);
}

static enum look look_of(const struct mst_dest *d, const struct sn_item *it)
{
	bool retire = it->c.action == MST_RETIRE;

	if (is_found(d, it))
		return BEFORE;
	if (it->guarded || it->c.set->writer != MST_WRITE_CI)
		return NOTHING;
	if (d->conf->write_mode == SN_WRITE_TABLE && it->c.action == MST_INSERT)
		return CONTENTS;
	if (mst_sn_is_package(it->c.set))
		return retire ? INSTALLS : NOTHING;
	if (!mst_sn_guard_status(d->conf))
		return NOTHING;
	if (retire)
		return d->conf->status_keep_retire && d->conf->status_keep.n
			   ? STATUS
			   : NOTHING;
	return has_status(it) ? STATUS : NOTHING;
}

bool mst_sn_guard_needed(const struct mst_dest *d, const struct sn_item *it)
{
	return look_of(d, it) != NOTHING;
}

static const char *table_of(const struct mst_dest *d, enum look look,
			    const struct sn_item *it)
{
	const char *kept = look == BEFORE && !it->held_class
			       ? mst_map_get(&d->classes, it->c.key)
			       : NULL;

	if (kept)
		return kept;
	if (look == INSTALLS)
		return "cmdb_software_instance";
	if (look == STATUS)
		return "cmdb_ci";
	/* All columns are only in its own class. */
	return it->held_class ? it->held_class : it->c.table.p;
}

bool mst_sn_guard_never(const struct mst_dest *d, const struct sn_item *it)
{
	return it->c.action == MST_RETIRE &&
	       d->conf->status_updates == SN_STATUS_NEVER &&
	       d->conf->status_keep_retire && !mst_sn_is_package(it->c.set);
}

void mst_sn_guard_add(struct mst_dest *d, struct sn_item *it)
{
	TAILQ_INSERT_TAIL(&d->guard, it, link);
	d->guard_n++;
}

/* ---- life of a list ---------------------------------------------------- */

static void leave(struct sn_guard *g, struct sn_item *it)
{
	TAILQ_REMOVE(&g->items, it, link);
	g->items_n--;
}

static void guard_free(struct sn_guard *g)
{
	LIST_REMOVE(g, link);
	free(g);
}

void mst_sn_guard_fini(struct mst_dest *d)
{
	while (!LIST_EMPTY(&d->guards))
		guard_free(LIST_FIRST(&d->guards));
}

static void go_on(struct mst_dest *d, struct sn_item *it)
{
	bool first = is_found(d, it);

	it->told = it->told || first;
	if (first && mst_sn_guard_needed(d, it)) {
		mst_sn_guard_add(d, it);
		return;
	}
	it->guarded = true;
	if (d->conf->write_mode == SN_WRITE_TABLE ||
	    it->c.set->writer != MST_WRITE_CI)
		mst_sn_record_guarded(d, it);
	else
		mst_sn_ci_guarded(d, it);
}

/* Those that nothing was found out about may be written. */
static void finish(struct mst_dest *d, struct sn_guard *g)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&g->items))) {
		leave(g, it);
		if (g->look == BEFORE)
			d->found(d->found_ctx, it->c.id, &it->remote, NULL);
		go_on(d, it);
	}
	guard_free(g);
}

static void fail(struct mst_dest *d, struct sn_guard *g, const char *why)
{
	struct sn_item *it;

	if (g->look == BEFORE && !d->cancelled) {
		finish(d, g);
		return;
	}
	while ((it = TAILQ_FIRST(&g->items))) {
		leave(g, it);
		mst_sn_failed(
		    d, it, "cannot look at %s: %s",
		    g->look == INSTALLS ? "its installations" : "the CI", why);
	}
	guard_free(g);
}

static struct sn_item *item_of(struct sn_guard *g, const struct mst_sysid *id)
{
	struct sn_item *it;

	TAILQ_FOREACH(it, &g->items, link)
	{
		if (memcmp(&it->remote, id, sizeof(*id)) == 0)
			return it;
	}
	return NULL;
}

/* ---- the status -------------------------------------------------------- */

static bool is_kept(const struct sn_conf *conf, struct mst_slice status)
{
	for (size_t i = 0; i < conf->status_keep.n; i++) {
		if (mst_slice_is(status, conf->status_keep.v[i]))
			return true;
	}
	return false;
}

/* Is what the source saw newer than what the CI says? Times of both sides have
 * one form. */
static bool is_newer(const struct mst_dest *d, const struct sn_item *it,
		     struct mst_json row)
{
	const struct mst_cell *seen = mst_sn_cell(it, "last_discovered");
	const char *than = d->conf->status_updates == SN_STATUS_NEWER_UPDATE
			       ? "sys_updated_on"
			       : "last_discovered";

	return seen && mst_slice_cmp(seen->text, mst_sn_member(row, than)) > 0;
}

static void judge(struct mst_dest *d, struct sn_item *it, struct mst_json row)
{
	struct mst_slice status = mst_sn_member(row, "install_status");
	bool retire = it->c.action == MST_RETIRE;
	char why[120];

	if (mst_sn_is_package(it->c.set))
		*why = 0;
	else if (is_kept(d->conf, status))
		snprintf(why, sizeof(why),
			 "its status is left alone: install_status is %.*s",
			 MST_SLICE_ARG(mst_sn_cut(status, 40)));
	else if (!retire && wants_newer(d->conf) && !is_newer(d, it, row))
		snprintf(why, sizeof(why),
			 "its status is left alone: the CI is newer");
	else
		*why = 0;
	if (*why && retire) {
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false, why);
		return;
	}
	it->keep_status = *why;
	if (*why && !it->note)
		it->note = mst_sn_intern(d, mst_slice_str(why));
	if (look_of(d, it) == CONTENTS && !mst_sn_by_name(d) &&
	    !mst_sn_row_differs(d, it, row)) {
		if (!mst_sn_owned_relate(d, it, MST_VERDICT_UNCHANGED, false))
			mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false,
				      NULL);
	} else
		go_on(d, it);
}

/* ---- what a find holds ------------------------------------------------- */

/* Names of the set's columns, each once. */
static size_t all_columns(const struct mst_set *set,
			  const char *names[MST_MAX_COLUMNS])
{
	size_t n = 0;

	for (size_t i = 0; i < set->columns_n; i++) {
		size_t k = 0;

		while (k < n && strcmp(names[k], set->columns[i].name) != 0)
			k++;
		if (k == n)
			names[n++] = set->columns[i].name;
	}
	return n;
}

static void tell(struct mst_dest *d, struct sn_item *it, struct mst_json row)
{
	const char *names[MST_MAX_COLUMNS];
	struct mst_slice values[MST_MAX_COLUMNS];
	struct mst_raw raw = {
	    .id = it->remote,
	    .names = names,
	    .values = values,
	    .n = all_columns(it->c.set, names),
	};

	mst_sn_raw_take(row, &raw, values);
	d->found(d->found_ctx, it->c.id, &it->remote, &raw);
	go_on(d, it);
}

static bool rows_of_cis(struct mst_dest *d, struct sn_guard *g,
			struct mst_json result)
{
	struct mst_json_iter iter = mst_json_iter(result);
	struct mst_json row;
	struct mst_sysid id;
	struct sn_item *it;

	/* One row too many, and none of them is believed. */
	while (mst_json_next(&iter, NULL, &row)) {
		if (!mst_sn_row_id(row, &id) || !item_of(g, &id))
			return false;
	}
	iter = mst_json_iter(result);
	while (mst_json_next(&iter, NULL, &row)) {
		mst_sn_row_id(row, &id);
		while ((it = item_of(g, &id))) {
			leave(g, it);
			if (g->look == BEFORE)
				tell(d, it, row);
			else
				judge(d, it, row);
		}
	}
	return true;
}

/* ---- installations ----------------------------------------------------- */

/* Every package that a row names stays; the others are asked for again. */
static bool rows_of_installs(struct mst_dest *d, struct sn_guard *g,
			     struct mst_json result, size_t *n_r)
{
	struct mst_json_iter iter = mst_json_iter(result);
	struct sn_items found = TAILQ_HEAD_INITIALIZER(found);
	struct mst_json row;
	struct mst_sysid id;
	struct sn_item *it;
	bool known = true;

	while (known && mst_json_next(&iter, NULL, &row)) {
		struct sn_item *before;

		known = mst_sysid_parse(mst_sn_member(row, "software"), &id);
		if (!known)
			break;
		known = false;
		while ((it = item_of(g, &id))) {
			leave(g, it);
			TAILQ_INSERT_TAIL(&found, it, link);
			++*n_r;
		}
		TAILQ_FOREACH(before, &found, link)
		known = known || memcmp(&before->remote, &id, sizeof(id)) == 0;
	}
	if (!known) { /* the query was not understood: no row counts */
		while ((it = TAILQ_FIRST(&found))) {
			TAILQ_REMOVE(&found, it, link);
			TAILQ_INSERT_TAIL(&g->items, it, link);
			g->items_n++;
		}
		return false;
	}
	while ((it = TAILQ_FIRST(&found))) {
		TAILQ_REMOVE(&found, it, link);
		it->left_alone = true;
		mst_sn_settle(d, it, MST_VERDICT_UNCHANGED, false,
			      "it is left alone: it is still installed "
			      "somewhere");
	}
	return true;
}

/* ---- answers and requests ---------------------------------------------- */

static void take(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct mst_json result = mst_json_get(a->root, "result");
	struct sn_guard *g = ctx;
	size_t n = 0;

	if (a->fate == SN_BROKEN && ++g->tries < SN_TRIES) {
		g->page = MST_MAX(g->page / 2, SN_PAGE_LEAST);
		ask(d, g);
		return;
	}
	/* An empty list is a 404 in the first version of the API. */
	if (a->fate == SN_REFUSED && a->status == 404) {
		finish(d, g);
		return;
	}
	if (a->fate != SN_DONE) {
		fail(d, g, a->why);
		return;
	}
	if (!(g->look == INSTALLS ? rows_of_installs(d, g, result, &n)
				  : rows_of_cis(d, g, result))) {
		fail(d, g,
		     "ServiceNow ignores the query: a column is missing or "
		     "hidden by an ACL");
		return;
	}
	/* The rows of one package may fill a page. */
	if (g->look == INSTALLS && n && g->items_n)
		ask(d, g);
	else
		finish(d, g);
}

static void add_fields(const struct sn_guard *g, struct mst_buf *fields)
{
	const char *names[MST_MAX_COLUMNS];
	size_t n = g->look == BEFORE ? all_columns(g->set, names) : 0;

	if (g->look == CONTENTS)
		mst_sn_row_fields(g->set, fields);
	else
		mst_buf_adds(fields, "sys_id");
	for (size_t i = 0; i < n; i++)
		mst_buf_addf(fields, ",%s", names[i]);
	if (g->look == BEFORE)
		mst_buf_adds(fields, ",sys_class_name");
	else
		mst_buf_adds(fields, g->look == INSTALLS
					 ? ",software"
					 : ",install_status,sys_updated_on,"
					   "last_discovered");
}

static void ask(struct mst_dest *d, struct sn_guard *g)
{
	struct mst_buf url = MST_BUF_INIT(16384), q = MST_BUF_INIT(4096);
	struct mst_buf fields = MST_BUF_INIT(8192);
	const struct sn_item *it;
	const char *sep = "";
	char hex[33];

	mst_buf_adds(&q, g->look == INSTALLS ? "softwareIN" : "sys_idIN");
	TAILQ_FOREACH(it, &g->items, link)
	{
		mst_sysid_hex(&it->remote, hex);
		mst_buf_addf(&q, "%s%s", sep, hex);
		sep = ",";
	}
	mst_buf_adds(&q, "^ORDERBYsys_id");
	add_fields(g, &fields);
	mst_sn_list_url(&url, mst_slice_str(g->table), mst_buf_slice(&q),
			fields.p, g->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take, g);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
	mst_buf_fini(&fields);
}

/* All that are looked at like the first. */
static void gather(struct mst_dest *d)
{
	struct sn_guard *g = mst_alloc(sizeof(*g));
	struct sn_item *it = TAILQ_FIRST(&d->guard), *next;

	g->page = SN_PAGE;
	g->set = it->c.set;
	g->look = look_of(d, it);
	g->table = table_of(d, g->look, it);
	TAILQ_INIT(&g->items);
	LIST_INSERT_HEAD(&d->guards, g, link);
	for (; it && g->items_n < SN_IN_LIST; it = next) {
		next = TAILQ_NEXT(it, link);
		if (look_of(d, it) != g->look || it->c.set != g->set ||
		    strcmp(table_of(d, g->look, it), g->table) != 0)
			continue;
		TAILQ_REMOVE(&d->guard, it, link);
		d->guard_n--;
		TAILQ_INSERT_TAIL(&g->items, it, link);
		g->items_n++;
	}
	ask(d, g);
}

void mst_sn_guard_pump(struct mst_dest *d)
{
	while (d->guard_n)
		gather(d);
}

void mst_sn_guard_cancel(struct mst_dest *d)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&d->guard))) {
		TAILQ_REMOVE(&d->guard, it, link);
		d->guard_n--;
		mst_sn_failed(d, it, "cancelled");
	}
}
