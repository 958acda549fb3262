/* SPDX-License-Identifier: Apache-2.0
 *
 * Which CI is meant, when the identification and reconciliation engine is not
 * asked, or does not look far enough: one attribute after the other, in all
 * classes that count, until one of them leads to a CI. Two CIs are never
 * guessed between: the record is refused with their sys_ids.
 *
 * An item stands at one step (attribute and class); items at the same step
 * share a list of fifty. Like IRE it compares without regard to case.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define PAGES_MAX 50
#define QUERY_MAX 4000 /* bytes of values in a list */

/* The order, by kind of CI. docs/man/muster-servicenow.7 has it for people. */
static const char *const devices[] = {
    "sys_id", "correlation_id", "serial_number", "mac_address", "name", "fqdn",
    NULL};
static const char *const packages[] = {"sys_id", "key", "name", NULL};
static const char *const owned[] = {"sys_id", "correlation_id", NULL};
static const char *const others[] = {"sys_id", "correlation_id", "name", NULL};

struct sn_match {
	LIST_ENTRY(sn_match) link;
	const char *column;
	const char *table; /* lent from the first item or the catalogue */
	char after[33];	   /* keyset */
	unsigned page, pages, tries;
	bool prefix; /* one item, whose value may not stand in a list */
	struct sn_items items;
	size_t items_n;
};

static void ask(struct mst_dest *d, struct sn_match *m);

/* ---- steps ----------------------------------------------------------------
 */

static const char *column_of(const struct sn_item *it)
{
	const struct mst_set *set = it->c.set;

	if (mst_sn_is_package(set))
		return packages[it->match_step];
	if (mst_sn_owned(set, NULL))
		return owned[it->match_step];
	return (mst_sn_is_device(set) ? devices : others)[it->match_step];
}

static bool is(const char *column, const char *name)
{
	return strcmp(column, name) == 0;
}

/* The value to look for; empty: this attribute says nothing. */
static struct mst_slice value_of(const struct mst_dest *d,
				 const struct sn_item *it, const char *column)
{
	const struct mst_cell *cell = mst_sn_cell(it, column);
	struct mst_slice v =
	    cell ? mst_slice_trim(cell->text) : mst_slice(NULL, 0);

	if (is(column, "sys_id"))
		return mst_slice_str(it->remote_hex);
	if (is(column, "correlation_id") && !v.n &&
	    mst_sn_owned(it->c.set, NULL))
		v = it->c.key;
	if (is(column, "serial_number") && mst_sn_junk_serial(v))
		v.n = 0;
	if (is(column, "mac_address") && d->conf->ignore_shared_macs &&
	    mst_sn_shared_mac(d->conf, v))
		v.n = 0;
	/* Packages of one name differ; the key tells them apart. */
	if (is(column, "name") && mst_sn_is_package(it->c.set) &&
	    mst_sn_cell(it, "key"))
		v.n = 0;
	return v;
}

static const char *const *further(const struct mst_dest *d,
				  const struct sn_item *it)
{
	const struct mst_set *set = it->c.set;

	if (!d->conf->cross_class)
		return NULL;
	for (size_t i = 0; i < set->classes_n; i++) {
		if (mst_slice_is(it->c.table, set->classes[i].table))
			return set->classes[i].also_search;
	}
	return NULL;
}

bool mst_sn_match_elsewhere(const struct mst_dest *d, const struct sn_item *it)
{
	const struct mst_set *set = it->c.set;

	if (!it->no_class)
		return mst_sn_match_further(d, it);
	for (size_t i = 0; i < set->classes_n && d->conf->cross_class; i++) {
		if (set->classes[i].also_search && *set->classes[i].also_search)
			return true;
	}
	return false;
}

bool mst_sn_match_further(const struct mst_dest *d, const struct sn_item *it)
{
	const char *const *classes = further(d, it);

	return classes && *classes;
}

/* The class that is searched at this step; NULL behind the last. What we made
 * ourselves is ours in whatever class it is by now. */
static const char *class_of(const struct mst_dest *d, const struct sn_item *it,
			    const char *column)
{
	const char *const *more = further(d, it);
	unsigned i = it->match_class;

	if (is(column, "sys_id") || is(column, "correlation_id"))
		return i ? NULL : "cmdb_ci";
	/* IRE has looked in the CI's own class. */
	if (d->conf->write_mode == SN_WRITE_TABLE && i-- == 0)
		return it->c.table.p; /* it has a NUL behind it */
	while (more && *more && i) {
		more++;
		i--;
	}
	return more ? *more : NULL;
}

/* ---- the end of an item's search ------------------------------------------
 */

static void done(struct mst_dest *d, struct sn_item *it, bool found)
{
	static const struct mst_json none;

	if (d->conf->write_mode != SN_WRITE_TABLE)
		mst_sn_ci_matched(d, it, found);
	else if (found)
		mst_sn_record_found(d, it, none, &it->hits[0]);
	else
		mst_sn_record_absent(d, it);
}

static void too_many(struct mst_dest *d, struct sn_item *it, const char *column)
{
	struct mst_slice v = mst_sn_cut(value_of(d, it, column), 80);
	char ids[SN_HITS * 34 + 1], hex[33];
	size_t n = 0;

	for (size_t i = 0; i < it->hits_n; i++) {
		mst_sysid_hex(&it->hits[i], hex);
		n += (size_t)snprintf(ids + n, sizeof(ids) - n, "%s%s",
				      i ? " " : "", hex);
	}
	mst_sn_refuse(d, it,
		      "%zu%s CIs have the %s \"%.*s\": %s; merge them, or give "
		      "the right one this record's correlation id",
		      it->hits_n, it->hits_n == SN_HITS ? " or more" : "",
		      column, MST_SLICE_ARG(v), ids);
}

/* To the next class or attribute that says something; or it is over. */
static void advance(struct mst_dest *d, struct sn_item *it)
{
	const char *column;

	for (; (column = column_of(it));
	     it->match_step++, it->match_class = 0) {
		if (value_of(d, it, column).n && class_of(d, it, column)) {
			TAILQ_INSERT_TAIL(&d->match, it, link);
			d->match_n++;
			return;
		}
		if (it->hits_n == 1) {
			done(d, it, true);
			return;
		}
		if (it->hits_n) {
			too_many(d, it, column);
			return;
		}
	}
	done(d, it, false);
}

void mst_sn_match_add(struct mst_dest *d, struct sn_item *it)
{
	it->match_step = it->match_class = 0;
	it->hits_n = 0;
	if (mst_sysid_is_zero(&it->remote))
		it->remote_hex[0] = 0;
	else
		mst_sysid_hex(&it->remote, it->remote_hex);
	it->held_class = NULL;
	advance(d, it);
}

/* ---- life of a list ---------------------------------------------------- */

static void leave(struct sn_match *m, struct sn_item *it)
{
	TAILQ_REMOVE(&m->items, it, link);
	m->items_n--;
}

static void match_free(struct sn_match *m)
{
	LIST_REMOVE(m, link);
	free(m);
}

void mst_sn_match_fini(struct mst_dest *d)
{
	while (!LIST_EMPTY(&d->matches))
		match_free(LIST_FIRST(&d->matches));
}

static void finish(struct mst_dest *d, struct sn_match *m)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&m->items))) {
		leave(m, it);
		it->match_class++;
		advance(d, it);
	}
	match_free(m);
}

static void fail(struct mst_dest *d, struct sn_match *m, bool refused,
		 const char *why)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&m->items))) {
		leave(m, it);
		if (refused && !it->posted)
			mst_sn_refuse(d, it, "cannot look for its CI: %s", why);
		else
			mst_sn_failed(d, it, "%s: %s",
				      it->posted ? "it is not known whether it "
						   "was written"
						 : "cannot look for its CI",
				      why);
	}
	match_free(m);
}

/* ---- answers ----------------------------------------------------------- */

/* Is the row one that was asked for by this item? */
static bool same_value(const struct mst_dest *d, const struct sn_match *m,
		       const struct sn_item *it, struct mst_json row)
{
	struct mst_slice want = value_of(d, it, m->column);
	struct mst_slice have = mst_slice_trim(mst_sn_member(row, m->column));

	return is(m->column, "mac_address") ? mst_sn_same_mac(want, have)
					    : mst_slice_ieq(want, have);
}

/* And is it the CI? One that is known as a duplicate does not count for IRE
 * either. */
static bool fits(const struct mst_dest *d, const struct sn_match *m,
		 const struct sn_item *it, struct mst_json row)
{
	const struct mst_cell *version;

	if (is(m->column, "sys_id"))
		return true;
	if (mst_sn_member(row, "duplicate_of").n)
		return false;
	if (is(m->column, "correlation_id"))
		return mst_slice_is(mst_sn_member(row, "discovery_source"),
				    d->conf->discovery_source);
	if (!is(m->column, "name") || !mst_sn_is_package(it->c.set))
		return true;
	version = mst_sn_cell(it, "version");
	return mst_slice_eq(version ? version->text : MST_SLICE_LIT(""),
			    mst_sn_member(row, "version"));
}

static void hit(struct mst_dest *d, struct sn_item *it, struct mst_json row,
		const struct mst_sysid *id)
{
	struct mst_slice klass = mst_sn_member(row, "sys_class_name");

	for (size_t i = 0; i < it->hits_n; i++) {
		if (memcmp(&it->hits[i], id, sizeof(*id)) == 0)
			return;
	}
	if (it->hits_n == SN_HITS)
		return;
	it->hits[it->hits_n++] = *id;
	if (it->hits_n == 1 && mst_sn_name_ok(klass) &&
	    !mst_slice_eq(klass, it->c.table))
		it->held_class = mst_sn_intern(d, klass);
}

/* False when the query was not understood: then nothing of it is believed. */
static bool rows(struct mst_dest *d, struct sn_match *m, struct mst_json result,
		 size_t *n_r)
{
	struct mst_json_iter iter = mst_json_iter(result);
	size_t strangers = 0;
	struct mst_json row;
	struct mst_sysid id;
	struct sn_item *it;

	while (mst_json_next(&iter, NULL, &row)) {
		bool known = false;

		if (!mst_sn_row_id(row, &id))
			return false;
		++*n_r;
		mst_sysid_hex(&id, m->after);
		TAILQ_FOREACH(it, &m->items, link)
		{
			if (!same_value(d, m, it, row))
				continue;
			known = true;
			if (fits(d, m, it, row))
				hit(d, it, row, &id);
		}
		if (!known && !m->prefix && ++strangers > m->items_n)
			return false;
	}
	return true;
}

static bool no_such_class(const struct sn_answer *a)
{
	return a->status == 400 &&
	       mst_slice_ifind(mst_slice_str(a->why), "invalid table");
}

static void take(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_match *m = ctx;
	size_t n = 0;

	if (a->fate == SN_BROKEN && ++m->tries < SN_TRIES) {
		m->page = MST_MAX(m->page / 2, SN_PAGE_LEAST);
		ask(d, m);
		return;
	}
	/* An empty list is a 404 in the first version of the API. */
	if (a->fate == SN_REFUSED && (a->status == 404 || no_such_class(a))) {
		finish(d, m);
		return;
	}
	if (a->fate != SN_DONE)
		fail(d, m, a->fate == SN_REFUSED, a->why);
	else if (!rows(d, m, mst_json_get(a->root, "result"), &n))
		fail(d, m, true,
		     "ServiceNow ignores the query: a column is missing or "
		     "hidden by an ACL");
	else if (n < (m->prefix ? 1 : 2 * m->items_n))
		finish(d, m);
	else if (++m->pages < PAGES_MAX)
		ask(d, m);
	else
		fail(d, m, true, "too many CIs look like it");
}

/* ---- requests ---------------------------------------------------------- */

static void query(const struct mst_dest *d, const struct sn_match *m,
		  struct mst_buf *q)
{
	const struct sn_item *it = TAILQ_FIRST(&m->items);
	const char *sep = "";

	if (m->prefix) {
		mst_buf_addf(q, "%sSTARTSWITH", m->column);
		mst_buf_add_slice(
		    q, mst_sn_query_prefix(value_of(d, it, m->column)));
	} else {
		mst_buf_addf(q, "%sIN", m->column);
		TAILQ_FOREACH(it, &m->items, link)
		{
			mst_buf_adds(q, sep);
			if (is(m->column, "sys_id"))
				mst_buf_adds(q, it->remote_hex);
			else
				mst_sn_query_cases(q,
						   value_of(d, it, m->column));
			sep = ",";
		}
	}
	if (is(m->column, "correlation_id"))
		mst_buf_addf(q, "^discovery_source=%s",
			     d->conf->discovery_source);
	if (*m->after)
		mst_buf_addf(q, "^sys_id>%s", m->after);
	mst_buf_adds(q, "^ORDERBYsys_id");
}

static void ask(struct mst_dest *d, struct sn_match *m)
{
	struct mst_buf url = MST_BUF_INIT(65536), q = MST_BUF_INIT(32768);
	char fields[160];

	query(d, m, &q);
	snprintf(fields, sizeof(fields),
		 "sys_id,sys_class_name,duplicate_of,discovery_source,version,"
		 "%s",
		 m->column);
	mst_sn_list_url(&url, mst_slice_str(m->table), mst_buf_slice(&q),
			fields, m->page);
	mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take, m);
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

/* ---- gathering --------------------------------------------------------- */

static struct sn_match *match_new(struct mst_dest *d, const struct sn_item *it)
{
	struct sn_match *m = mst_alloc(sizeof(*m));

	m->column = column_of(it);
	m->table = class_of(d, it, m->column);
	m->page = SN_PAGE;
	TAILQ_INIT(&m->items);
	LIST_INSERT_HEAD(&d->matches, m, link);
	return m;
}

static void join(struct mst_dest *d, struct sn_match *m, struct sn_item *it)
{
	TAILQ_REMOVE(&d->match, it, link);
	d->match_n--;
	TAILQ_INSERT_TAIL(&m->items, it, link);
	m->items_n++;
}

/* A value that could be syntax, or none of whose parts may stand in a query. */
static bool ask_alone(struct mst_dest *d, struct sn_item *it)
{
	struct mst_slice v = value_of(d, it, column_of(it));
	struct sn_match *m;

	if (mst_sn_query_safe(v))
		return false;
	if (!mst_sn_query_prefix(v).n) {
		TAILQ_REMOVE(&d->match, it, link);
		d->match_n--;
		mst_sn_refuse(d, it, "its CI cannot be looked for: %s \"%.*s\"",
			      column_of(it), MST_SLICE_ARG(mst_sn_cut(v, 120)));
		return true;
	}
	m = match_new(d, it);
	m->prefix = true;
	join(d, m, it);
	ask(d, m);
	return true;
}

/* All that stand at the same step as the first; false when none may go. */
static bool gather(struct mst_dest *d)
{
	struct sn_item *it, *next;
	struct sn_match *m = NULL;
	size_t bytes = 0;

	for (it = TAILQ_FIRST(&d->match); it; it = next) {
		next = TAILQ_NEXT(it, link);
		if (m && (m->items_n == SN_IN_LIST || bytes > QUERY_MAX))
			break;
		if (m && (!is(column_of(it), m->column) ||
			  !is(class_of(d, it, m->column), m->table)))
			continue;
		if (!mst_sn_ci_hold(d, it))
			continue;
		if (ask_alone(d, it))
			return true;
		if (!m)
			m = match_new(d, it);
		bytes += 3 * value_of(d, it, m->column).n;
		join(d, m, it);
	}
	if (m)
		ask(d, m);
	return m != NULL;
}

void mst_sn_match_pump(struct mst_dest *d)
{
	while (d->match_n && gather(d))
		;
}

void mst_sn_match_cancel(struct mst_dest *d)
{
	struct sn_item *it;

	while ((it = TAILQ_FIRST(&d->match))) {
		TAILQ_REMOVE(&d->match, it, link);
		d->match_n--;
		mst_sn_failed(d, it, "cancelled");
	}
}
