/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading records back, for plan, check and explain: by sys_id, by the unique
 * key of a row, by the native key of a CI (sys_object_source), by the parent
 * of a link; of a CI that is in another class than it is made in, the class
 * first. Fifty at a time, several lists in a batch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define PAGES_MAX 2000

enum mode { BY_ID, BY_CLASS, BY_KEY, BY_SOURCE, BY_PARENT };

struct sn_read {
	TAILQ_ENTRY(sn_read) link;
	const struct mst_set *set;
	uint64_t tag;
	enum mode mode;
	bool last_try; /* no other way to find it is left */
	struct mst_sysid id, parent;
	struct mst_slice table, key; /* in this block */
	char target[81];	     /* the class that holds it */
};

struct sn_reading {
	LIST_ENTRY(sn_reading) link;
	struct sn_reads reads;
	size_t n;
	enum mode mode;
	const struct mst_set *set;
	struct mst_slice table;
	struct mst_sysid parent;
	char name[81]; /* what table points to */
	char after[33];
	bool listed; /* by an IN clause: one page is all of it */
	unsigned page, pages, tries;
};

static void ask(struct mst_dest *d, struct sn_reading *g);

/* ---- queue ------------------------------------------------------------- */

static void queue(struct mst_dest *d, struct sn_read *r)
{
	TAILQ_INSERT_TAIL(&d->reads, r, link);
	d->reads_new++;
}

int mst_sn_read_add(struct mst_dest *d, const struct mst_set *set, uint64_t tag,
		    const struct mst_sysid *id, struct mst_slice table,
		    struct mst_slice key, const struct mst_sysid *parent,
		    struct mst_err *err)
{
	static const enum mode modes[] = {
	    [MST_WRITE_CI] = BY_SOURCE,
	    [MST_WRITE_ROW] = BY_KEY,
	    [MST_WRITE_LINK] = BY_PARENT,
	};
	struct sn_read *r;
	char *p;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	if (d->reads_n >= SN_QUEUE_READS)
		return 1;
	if (!table.n)
		table = mst_slice_str(mst_sn_usual(d, set));
	if (!mst_sn_name_ok(table))
		return mst_err_set(err, MST_E_INVALID,
				   "\"%.*s\" is no name of a table",
				   MST_SLICE_ARG(mst_sn_cut(table, 80)));
	r = mst_alloc(sizeof(*r) + table.n + key.n);
	p = (char *)(r + 1);
	memcpy(p, table.p, table.n);
	if (key.n)
		memcpy(p + table.n, key.p, key.n);
	r->table = mst_slice(p, table.n);
	r->key = mst_slice(p + table.n, key.n);
	r->set = set;
	r->tag = tag;
	if (id)
		r->id = *id;
	if (parent)
		r->parent = *parent;
	r->mode = mst_sysid_is_zero(&r->id) ? modes[set->writer] : BY_ID;
	queue(d, r);
	d->reads_n++;
	return MST_OK;
}

void mst_sn_read_fini(struct mst_dest *d)
{
	struct sn_reading *g;
	struct sn_read *r;

	while ((g = LIST_FIRST(&d->readings))) {
		LIST_REMOVE(g, link);
		TAILQ_CONCAT(&d->reads, &g->reads, link);
		free(g);
	}
	while ((r = TAILQ_FIRST(&d->reads))) {
		TAILQ_REMOVE(&d->reads, r, link);
		free(r);
	}
}

/* ---- rows -------------------------------------------------------------- */

static void emit(struct mst_dest *d, struct sn_read *r, bool found,
		 struct mst_json row)
{
	struct mst_slice columns[MST_MAX_COLUMNS] = {{0}};
	size_t n = MST_MIN(r->set->columns_n, (size_t)MST_MAX_COLUMNS);
	char name[96];

	for (size_t i = 0; found && i < n; i++) {
		const struct mst_column *col = &r->set->columns[i];

		if (col->flags & MST_COL_MASTER) {
			snprintf(name, sizeof(name), "%s.name", col->name);
			columns[i] = mst_sn_member(row, name);
		}
		if (!columns[i].p)
			columns[i] = mst_sn_member(row, col->name);
	}
	if (d->row)
		d->row(d->row_ctx, r->tag, found, &r->id, columns);
	d->reads_n--;
	free(r);
}

static void leave(struct sn_reading *g, struct sn_read *r)
{
	TAILQ_REMOVE(&g->reads, r, link);
	g->n--;
}

/* A row of its parent, of the right kind and with its key. */
static bool is_link(const struct mst_dest *d, const struct sn_read *r,
		    struct mst_json row)
{
	const struct mst_column *col = mst_sn_column(r->set, MST_COL_PARENT);
	const char *member = mst_sn_link_key(r->set, r->table);
	struct mst_sysid id;

	return member && mst_slice_eq(r->key, mst_sn_member(row, member)) &&
	       mst_sysid_parse(mst_sn_member(row, col->name), &id) &&
	       memcmp(&id, &r->parent, sizeof(id)) == 0 &&
	       mst_sn_relation_ours(d, r->set, row);
}

static bool matches(const struct mst_dest *d, const struct sn_read *r,
		    enum mode mode, struct mst_json row)
{
	const struct mst_column *col;
	struct mst_sysid id;

	switch (mode) {
	case BY_ID:
	case BY_CLASS:
		return mst_sn_row_id(row, &id) &&
		       memcmp(&id, &r->id, sizeof(id)) == 0;
	case BY_KEY:
		col = mst_sn_column(r->set, MST_COL_KEY);
		return mst_slice_eq(r->key, mst_sn_member(row, col->name));
	case BY_SOURCE:
		return mst_slice_eq(r->key, mst_sn_member(row, "id"));
	case BY_PARENT:
		return is_link(d, r, row);
	}
	return false;
}

/* The native key leads to a record of some class, the sys_id to its class: that
 * is read next. */
static void follow(struct mst_dest *d, struct sn_read *r, struct mst_json row)
{
	bool source = r->mode == BY_SOURCE;
	struct mst_slice table =
	    mst_sn_member(row, source ? "target_table" : "sys_class_name");
	struct mst_json none = {0};

	if (source &&
	    !mst_sysid_parse(mst_sn_member(row, "target_sys_id"), &r->id)) {
		emit(d, r, false, none);
		return;
	}
	if (mst_sn_name_ok(table)) {
		snprintf(r->target, sizeof(r->target), "%.*s",
			 MST_SLICE_ARG(table));
		r->table = mst_slice_str(r->target);
	}
	r->mode = BY_ID;
	r->last_try = true;
	queue(d, r);
}

static void not_found(struct mst_dest *d, struct sn_read *r)
{
	struct mst_json none = {0};

	/* Held in another class. */
	if (r->mode == BY_ID && !r->last_try &&
	    r->set->writer == MST_WRITE_CI) {
		r->mode = BY_CLASS;
		queue(d, r);
		return;
	}
	/* Deleted and made again. */
	if ((r->mode == BY_ID || r->mode == BY_CLASS) && !r->last_try &&
	    r->key.n && r->set->writer != MST_WRITE_LINK) {
		r->last_try = true;
		r->mode = r->set->writer == MST_WRITE_CI ? BY_SOURCE : BY_KEY;
		queue(d, r);
		return;
	}
	r->id = (struct mst_sysid){0};
	emit(d, r, false, none);
}

static void finish(struct mst_dest *d, struct sn_reading *g)
{
	struct sn_read *r;

	while ((r = TAILQ_FIRST(&g->reads))) {
		leave(g, r);
		not_found(d, r);
	}
	LIST_REMOVE(g, link);
	free(g);
}

static void rows(struct mst_dest *d, struct sn_reading *g,
		 struct mst_json result, size_t *n_r)
{
	struct mst_json_iter it = mst_json_iter(result);
	struct sn_read *r, *next;
	struct mst_json row;
	struct mst_sysid id;

	while (mst_json_next(&it, NULL, &row)) {
		if (!mst_sn_row_id(row, &id))
			continue;
		mst_sysid_hex(&id, g->after);
		++*n_r;
		for (r = TAILQ_FIRST(&g->reads); r; r = next) {
			next = TAILQ_NEXT(r, link);
			if (!matches(d, r, g->mode, row))
				continue;
			leave(g, r);
			if (g->mode == BY_SOURCE || g->mode == BY_CLASS) {
				follow(d, r, row);
			} else {
				r->id = id;
				emit(d, r, true, row);
			}
		}
	}
}

static void fail(struct mst_dest *d, struct sn_reading *g,
		 const struct sn_answer *a)
{
	struct mst_err err = MST_ERR_INIT;

	/* Who may not see the native keys goes on without them. */
	if (g->mode == BY_SOURCE && a->fate == SN_REFUSED) {
		finish(d, g);
		return;
	}
	mst_err_set(&err,
		    a->fate == SN_REFUSED ? mst_status_code(a->status)
					  : MST_E_TRANSIENT,
		    "%s: cannot read %.*s: %s", d->env.connection,
		    MST_SLICE_ARG(g->table), a->why);
	mst_sn_die(d, &err);
}

static void take_rows(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_reading *g = ctx;
	size_t n = 0;

	if (a->fate == SN_BROKEN && ++g->tries < SN_TRIES) {
		g->page = MST_MAX(g->page / 2, SN_PAGE_LEAST);
		ask(d, g);
		return;
	}
	if (a->fate == SN_REFUSED && a->status == 404 &&
	    mst_slice_ifind(mst_slice_str(a->why), "No Record found")) {
		finish(d, g);
		return;
	}
	if (a->fate != SN_DONE) {
		fail(d, g, a);
		return;
	}
	rows(d, g, mst_json_get(a->root, "result"), &n);
	if (!g->listed && g->n && n && ++g->pages < PAGES_MAX)
		ask(d, g);
	else
		finish(d, g);
}

/* ---- requests ---------------------------------------------------------- */

static void fields(const struct sn_reading *g, struct mst_buf *out)
{
	const char *member = mst_sn_link_key(g->set, g->table);

	if (g->mode == BY_SOURCE) {
		mst_buf_adds(out, "sys_id,id,target_sys_id,target_table");
		return;
	}
	if (g->mode == BY_CLASS) {
		mst_buf_adds(out, "sys_id,sys_class_name");
		return;
	}
	mst_buf_adds(out, "sys_id");
	for (size_t i = 0; i < g->set->columns_n; i++) {
		const struct mst_column *col = &g->set->columns[i];

		if ((col->flags & MST_COL_INSERT) &&
		    (col->flags & MST_COL_UPDATE))
			continue; /* it never goes */
		mst_buf_addf(out, ",%s", col->name);
		if (col->flags & MST_COL_MASTER)
			mst_buf_addf(out, ",%s.name", col->name);
	}
	if (g->mode == BY_PARENT && member &&
	    !mst_sn_column(g->set, MST_COL_KEY))
		mst_buf_addf(out, ",%s", member);
}

static void query_in(const struct sn_reading *g, const char *column,
		     struct mst_buf *q)
{
	const struct sn_read *r;
	const char *sep = "";
	char hex[33];

	mst_buf_addf(q, "%sIN", column);
	TAILQ_FOREACH(r, &g->reads, link)
	{
		mst_buf_adds(q, sep);
		if (g->mode == BY_ID || g->mode == BY_CLASS) {
			mst_sysid_hex(&r->id, hex);
			mst_buf_adds(q, hex);
		} else {
			mst_buf_add_slice(q, r->key);
		}
		sep = ",";
	}
}

/* One key that may not stand in a list: rows that begin alike. */
static bool query_prefix(const struct sn_reading *g, const char *column,
			 struct mst_buf *q)
{
	struct mst_slice key = TAILQ_FIRST(&g->reads)->key;

	if (g->mode == BY_ID || g->mode == BY_CLASS || mst_sn_query_safe(key))
		return false;
	mst_buf_addf(q, "%sSTARTSWITH", column);
	mst_buf_add_slice(q, mst_sn_query_prefix(key));
	return true;
}

static void query(const struct mst_dest *d, struct sn_reading *g,
		  struct mst_buf *q)
{
	const char *column = "sys_id";
	char hex[33];

	if (g->mode == BY_PARENT) {
		mst_sysid_hex(&g->parent, hex);
		mst_buf_addf(q, "%s=%s",
			     mst_sn_column(g->set, MST_COL_PARENT)->name, hex);
	} else {
		if (g->mode == BY_KEY)
			column = mst_sn_column(g->set, MST_COL_KEY)->name;
		if (g->mode == BY_SOURCE) {
			mst_buf_addf(q, "name=%s^", d->conf->discovery_source);
			column = "id";
		}
		g->listed = !query_prefix(g, column, q);
		if (g->listed)
			query_in(g, column, q);
	}
	if (*g->after)
		mst_buf_addf(q, "^sys_id>%s", g->after);
	mst_buf_adds(q, "^ORDERBYsys_id");
}

static void ask(struct mst_dest *d, struct sn_reading *g)
{
	struct mst_buf url = MST_BUF_INIT(131072), q = MST_BUF_INIT(65536);
	struct mst_buf f = MST_BUF_INIT(8192);

	query(d, g, &q);
	fields(g, &f);
	mst_sn_list_url(&url,
			g->mode == BY_SOURCE
			    ? MST_SLICE_LIT("sys_object_source")
			: g->mode == BY_CLASS ? MST_SLICE_LIT("cmdb_ci")
					      : g->table,
			mst_buf_slice(&q), f.p, g->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take_rows,
		       g);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
	mst_buf_fini(&f);
}

/* ---- gathering --------------------------------------------------------- */

static bool askable(const struct sn_read *r)
{
	if (r->mode == BY_ID || r->mode == BY_CLASS)
		return true;
	if (r->mode == BY_PARENT)
		return !mst_sysid_is_zero(&r->parent) && r->key.n &&
		       mst_sn_column(r->set, MST_COL_PARENT);
	if (r->mode == BY_KEY && !mst_sn_column(r->set, MST_COL_KEY))
		return false;
	return mst_sn_query_safe(r->key) || mst_sn_query_prefix(r->key).n;
}

static bool together(const struct sn_reading *g, const struct sn_read *r)
{
	if (r->set != g->set || r->mode != g->mode)
		return false;
	if (g->mode == BY_PARENT)
		return memcmp(&r->parent, &g->parent, sizeof(r->parent)) == 0;
	if (g->n >= SN_IN_LIST)
		return false;
	if (g->mode == BY_ID)
		return mst_slice_eq(r->table, g->table);
	if (g->mode == BY_CLASS)
		return true;
	return mst_sn_query_safe(r->key) &&
	       mst_sn_query_safe(TAILQ_FIRST(&g->reads)->key);
}

static void move(struct mst_dest *d, struct sn_reading *g, struct sn_read *r)
{
	TAILQ_REMOVE(&d->reads, r, link);
	d->reads_new--;
	TAILQ_INSERT_TAIL(&g->reads, r, link);
	g->n++;
}

static void gather(struct mst_dest *d)
{
	struct sn_reading *g = mst_alloc(sizeof(*g));
	struct sn_read *r = TAILQ_FIRST(&d->reads), *next;

	TAILQ_INIT(&g->reads);
	LIST_INSERT_HEAD(&d->readings, g, link);
	g->mode = r->mode;
	g->set = r->set;
	g->parent = r->parent;
	g->page = SN_PAGE;
	snprintf(g->name, sizeof(g->name), "%.*s", MST_SLICE_ARG(r->table));
	g->table = mst_slice_str(g->name);
	move(d, g, r);
	/* Lists of a parent may have any length, others stop at fifty. */
	for (r = TAILQ_FIRST(&d->reads); r; r = next) {
		next = TAILQ_NEXT(r, link);
		if (together(g, r))
			move(d, g, r);
		else if (g->n >= SN_IN_LIST && g->mode != BY_PARENT)
			break;
	}
	ask(d, g);
}

void mst_sn_read_pump(struct mst_dest *d)
{
	struct sn_read *r;
	struct mst_json none = {0};

	while ((r = TAILQ_FIRST(&d->reads))) {
		if (askable(r)) {
			gather(d);
			continue;
		}
		TAILQ_REMOVE(&d->reads, r, link);
		d->reads_new--;
		r->id = (struct mst_sysid){0};
		emit(d, r, false, none);
	}
}

void mst_sn_read_cancel(struct mst_dest *d)
{
	struct mst_err err = MST_ERR_INIT;

	if (!d->reads_n)
		return;
	mst_err_set(&err, MST_E_CANCELLED, "%s: cancelled while reading",
		    d->env.connection);
	mst_sn_die(d, &err);
}
