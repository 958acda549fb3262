/* SPDX-License-Identifier: Apache-2.0
 *
 * Which records hold one of these values in a column? Asked in lists, several
 * of them in a batch, each read by keyset (sys_id). An answer that shows a
 * record that nobody asked for, or hides what it is judged by, means that
 * ServiceNow understood another question: then nothing is believed at all,
 * because whoever asked would take silence for "there is none".
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/sn.h"

#define VALUES_MAX 100	/* of a list */
#define URL_BYTES  8000 /* of a list's values, as the URL has them */
#define PAGES_MAX  200	/* of a list */
#define MADE	   "sys_created_on"

struct sn_find_list {
	LIST_ENTRY(sn_find_list) link;
	size_t values[VALUES_MAX]; /* their indexes */
	size_t n;
	bool foreign;	/* some have bytes beyond ASCII */
	char after[33]; /* keyset */
	unsigned page, pages, tries;
	int64_t total; /* rows that fit, as the first page says; -1 */
	int64_t rows;  /* that came */
};

struct sn_find {
	struct mst_find *f;
	struct mst_map by_text; /* folded value → index + 1 */
	char *texts;		/* the folded values, one behind the other */
	size_t at;		/* the next one to be asked for */
	LIST_HEAD(, sn_find_list) lists; /* under way */
	bool failed;
};

static void ask(struct mst_dest *d, struct sn_find_list *l);

/* ---- life ---------------------------------------------------------------- */

static void list_free(struct sn_find_list *l)
{
	LIST_REMOVE(l, link);
	free(l);
}

void mst_sn_find_fini(struct mst_dest *d)
{
	struct sn_find *x = d->find;

	if (!x)
		return;
	while (!LIST_EMPTY(&x->lists))
		list_free(LIST_FIRST(&x->lists));
	mst_map_fini(&x->by_text);
	free(x->texts);
	free(x);
	d->find = NULL;
}

/* The first reason is the one that is told. */
static void fail(struct sn_find *x, const char *fmt, ...) MST_PRINTF(2, 3);

static void fail(struct sn_find *x, const char *fmt, ...)
{
	va_list ap;

	if (x->failed)
		return;
	x->failed = true;
	va_start(ap, fmt);
	(void)vsnprintf(x->f->why, sizeof(x->f->why), fmt, ap);
	va_end(ap);
}

/* All was asked, or there is no sense in asking more. */
static void end_if_done(struct mst_dest *d)
{
	struct sn_find *x = d->find;

	if (!LIST_EMPTY(&x->lists) || (!x->failed && x->at < x->f->values_n))
		return;
	x->f->whole = !x->failed;
	mst_sn_find_fini(d);
}

static struct mst_slice fold(struct mst_slice v, char *out)
{
	v = mst_slice_trim(v);
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	return mst_slice(out, v.n);
}

int mst_sn_find_add(struct mst_dest *d, struct mst_find *f, struct mst_err *err)
{
	struct sn_find *x;
	size_t bytes = 0;
	char *p;

	if (d->dead.code) {
		*err = d->dead;
		return -(int)err->code;
	}
	if (d->find)
		return mst_err_set(err, MST_E_INTERNAL,
				   "%s: one search at a time",
				   d->env.connection);
	if (!mst_sn_name_ok(mst_slice_str(f->table)) ||
	    !mst_sn_name_ok(mst_slice_str(f->column)) ||
	    (f->active && !mst_sn_name_ok(mst_slice_str(f->active))))
		return mst_err_set(err, MST_E_INVALID,
				   "%s: %s.%s cannot be asked for in a query",
				   d->env.connection, f->table, f->column);
	f->whole = false;
	f->hidden = 0;
	f->why[0] = 0;
	for (size_t i = 0; i < f->values_n; i++)
		bytes += f->values[i].n;
	x = d->find = mst_alloc(sizeof(*x));
	x->f = f;
	LIST_INIT(&x->lists);
	x->texts = p = mst_alloc(bytes + 1);
	for (size_t i = 0; i < f->values_n; i++) {
		struct mst_slice s = fold(f->values[i], p);

		p += f->values[i].n;
		if (s.n)
			(void)mst_map_put(&x->by_text, s,
					  (void *)(uintptr_t)(i + 1));
	}
	return MST_OK;
}

/* ---- answers ------------------------------------------------------------- */

static bool is_foreign(struct mst_slice v)
{
	for (size_t i = 0; i < v.n; i++) {
		if ((unsigned char)v.p[i] >= 0x80)
			return true;
	}
	return false;
}

static int by_number(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

/* The value of this list that a row answers, as index + 1; 0: none. One that
 * another list asked for is a stranger here, too: its own list counts it. */
static size_t asked_for(const struct sn_find *x, const struct sn_find_list *l,
			struct mst_slice have)
{
	char small[256],
	    *buf = have.n > sizeof(small) ? mst_alloc(have.n) : small;
	size_t i = (uintptr_t)mst_map_get(&x->by_text, fold(have, buf));
	size_t at = i - 1;

	if (buf != small)
		free(buf);
	return i && bsearch(&at, l->values, l->n, sizeof(at), by_number) ? i
									 : 0;
}

/* 1, 0, or -1 when the row does not say. */
static int is_active(const struct sn_find *x, struct mst_json row)
{
	struct mst_slice v;

	if (!x->f->active)
		return 1;
	v = mst_sn_member(row, x->f->active);
	if (!v.p)
		return -1;
	return mst_slice_iis(v, "true") || mst_slice_is(v, "1");
}

/* Are these rows an answer to what was asked, in the order of sys_ids that the
 * next page is cut by? Databases may take é for e: a
 * few rows of that sort are no sign that a clause was dropped. */
static bool are_believed(const struct sn_find *x, const struct sn_find_list *l,
			 struct mst_json result)
{
	struct mst_json_iter it = mst_json_iter(result);
	struct mst_json row;
	struct mst_sysid id, last = {{0}};
	size_t alike = 0;

	(void)mst_sysid_parse(mst_slice_str(l->after), &last);
	while (mst_json_next(&it, NULL, &row)) {
		struct mst_slice have = mst_sn_member(row, x->f->column);

		if (!mst_sn_row_id(row, &id) || !have.n ||
		    is_active(x, row) < 0 ||
		    memcmp(&id, &last, sizeof(id)) <= 0)
			return false;
		last = id;
		if (asked_for(x, l, have))
			continue;
		if ((!l->foreign && !is_foreign(have)) || ++alike > l->n)
			return false;
	}
	return true;
}

static size_t tell(const struct sn_find *x, struct sn_find_list *l,
		   struct mst_json result)
{
	struct mst_json_iter it = mst_json_iter(result);
	struct mst_json row;
	struct mst_sysid id;
	size_t n = 0;

	for (; mst_json_next(&it, NULL, &row); n++, l->rows++) {
		size_t i = asked_for(x, l, mst_sn_member(row, x->f->column));

		(void)mst_sn_row_id(row, &id);
		mst_sysid_hex(&id, l->after);
		if (i)
			x->f->hit(x->f->ctx, i - 1, &id, is_active(x, row) > 0,
				  mst_sn_member(row, MADE));
	}
	return n;
}

static void refused(struct sn_find *x, const struct sn_answer *a)
{
	const char *table = x->f->table;

	if (a->status == 400 &&
	    mst_slice_ifind(mst_slice_str(a->why), "invalid table"))
		fail(x, "the instance has no table %s", table);
	else
		fail(x,
		     "ServiceNow answered %d, \"%.120s\": let the user read "
		     "%.40s (a role, or an access rule)",
		     a->status, a->why, table);
}

/* Rows that rights hide make a page short, so only an empty page is surely the
 * last; but a list of few values fills no page of the usual size. */
static bool goes_on(const struct sn_find_list *l, size_t n)
{
	return n && (l->page < SN_PAGE || n > VALUES_MAX);
}

/* Fewer rows than fit: access rules took some out. */
static void end_list(struct sn_find *x, const struct sn_find_list *l)
{
	if (l->total > l->rows)
		x->f->hidden += (uint64_t)(l->total - l->rows);
}

/* The rows of a page. True when the list is to be asked on. */
static bool take_rows(struct sn_find *x, struct sn_find_list *l,
		      const struct sn_answer *a)
{
	if (!*l->after)
		l->total = a->total;
	if (!goes_on(l, tell(x, l, mst_json_get(a->root, "result")))) {
		end_list(x, l);
		return false;
	}
	if (++l->pages < PAGES_MAX)
		return true;
	fail(x, "too many records of %.40s have one %.40s", x->f->table,
	     x->f->column);
	return false;
}

/* True when the list is to be asked on. */
static bool take_page(struct mst_dest *d, struct sn_find_list *l,
		      const struct sn_answer *a)
{
	struct mst_json result = mst_json_get(a->root, "result");
	struct sn_find *x = d->find;

	if (a->fate == SN_BROKEN && ++l->tries < SN_TRIES) {
		l->page = MST_MAX(l->page / 2, SN_PAGE_LEAST);
		return true;
	}
	/* An empty list is a 404 in the first version of the API. */
	if (a->fate == SN_REFUSED && a->status == 404 &&
	    mst_slice_ifind(mst_slice_str(a->why), "No Record found"))
		return false;
	if (a->fate == SN_REFUSED)
		refused(x, a);
	else if (a->fate != SN_DONE)
		fail(x, "%.300s", a->why);
	else if (!are_believed(x, l, result))
		fail(x,
		     "the answer holds records that were not asked for, or "
		     "hides columns of them: let the user read the columns "
		     "%.40s%s%.40s of %.40s (an access rule hides one, or it "
		     "is not there)",
		     x->f->column, x->f->active ? " and " : "",
		     x->f->active ? x->f->active : "", x->f->table);
	else
		return take_rows(x, l, a);
	return false;
}

static void cancelled(struct mst_dest *d)
{
	struct mst_err err = MST_ERR_INIT;

	mst_err_set(&err, MST_E_CANCELLED, "%s: cancelled while looking up %s",
		    d->env.connection, d->find->f->table);
	mst_sn_die(d, &err);
}

static void take(struct mst_dest *d, void *ctx, const struct sn_answer *a)
{
	struct sn_find_list *l = ctx;

	if (d->cancelled) {
		cancelled(d);
	} else if (!d->find->failed && take_page(d, l, a)) {
		ask(d, l);
	} else {
		list_free(l);
		end_if_done(d);
	}
}

/* ---- requests ------------------------------------------------------------ */

static void ask(struct mst_dest *d, struct sn_find_list *l)
{
	struct mst_buf url = MST_BUF_INIT(65536), q = MST_BUF_INIT(32768);
	const struct mst_find *f = d->find->f;
	char fields[320];

	mst_buf_addf(&q, "%sIN", f->column);
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			mst_buf_addc(&q, ',');
		mst_sn_query_cases(&q, mst_slice_trim(f->values[l->values[i]]));
	}
	if (*l->after)
		mst_buf_addf(&q, "^sys_id>%s", l->after);
	mst_buf_adds(&q, "^ORDERBYsys_id");
	(void)snprintf(fields, sizeof(fields), "sys_id,%s%s%s," MADE, f->column,
		       f->active ? "," : "", f->active ? f->active : "");
	if (*l->after) {
		mst_sn_list_url(&url, mst_slice_str(f->table),
				mst_buf_slice(&q), fields, l->page);
		mst_sn_sub_add(d, MST_HTTP_GET, url.p, mst_slice(NULL, 0), take,
			       l);
	} else {
		mst_sn_counted_url(&url, mst_slice_str(f->table),
				   mst_buf_slice(&q), fields, l->page);
		mst_sn_sub_add_counted(d, url.p, take, l);
	}
	mst_buf_fini(&url);
	mst_buf_fini(&q);
}

/* Bytes of the value in a URL, in each case that it is asked for. */
static size_t url_bytes(struct mst_slice v)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += isalnum((unsigned char)v.p[i]) || v.p[i] == '.' ? 1 : 3;
	return 2 * (n + 3);
}

/* The next values that may stand in a list together. */
static void add_list(struct mst_dest *d)
{
	struct sn_find *x = d->find;
	const struct mst_find *f = x->f;
	struct sn_find_list *l = mst_alloc(sizeof(*l));
	size_t bytes = 0;

	l->page = SN_PAGE;
	l->total = -1;
	LIST_INSERT_HEAD(&x->lists, l, link);
	for (; x->at < f->values_n && l->n < VALUES_MAX; x->at++) {
		struct mst_slice v = mst_slice_trim(f->values[x->at]);

		if (!mst_sn_list_safe(v)) {
			f->odd(f->ctx, x->at,
			       "it cannot stand in a query of ServiceNow");
			continue;
		}
		bytes += url_bytes(v);
		if (l->n && bytes > URL_BYTES)
			break;
		l->foreign = l->foreign || is_foreign(v);
		l->values[l->n++] = x->at;
	}
	if (l->n)
		ask(d, l);
	else
		list_free(l);
}

void mst_sn_find_pump(struct mst_dest *d)
{
	struct sn_find *x = d->find;

	if (!x)
		return;
	while (!x->failed && x->at < x->f->values_n &&
	       d->subs_weight < d->batch_size)
		add_list(d);
	end_if_done(d);
}

void mst_sn_find_cancel(struct mst_dest *d)
{
	if (d->find)
		cancelled(d);
}
