/* SPDX-License-Identifier: Apache-2.0
 *
 * Which route a request means, and whether its parameters are what the route
 * says. A literal segment goes before a parameter at the same place.
 */
#include <assert.h>

#include "base/num.h"
#include "http/private.h"

/* ---- the table ----------------------------------------------------------- */

static void cut_way(struct mst_http *h, struct http_way *w, const char *base,
		    const struct mst_http_route *route)
{
	const char *p =
	    mst_arena_printf(&h->arena, "%s%s", base,
			     strcmp(route->path, "/") == 0 ? "" : route->path);

	*w = (struct http_way){.route = route};
	while (*p == '/') {
		size_t n = strcspn(++p, "/");

		assert(w->n < HTTP_SEGMENTS);
		w->seg[w->n].param = n > 2 && p[0] == '{';
		w->seg[w->n++].text =
		    p[0] == '{' ? mst_slice(p + 1, n - 2) : mst_slice(p, n);
		p += n;
	}
}

static size_t table_n(const struct mst_http_table *t)
{
	size_t n = t->n;

	if (n == 0 && t->routes)
		while (t->routes[n].path)
			n++;
	return n;
}

int mst_http_ways_make(struct mst_http *h, struct mst_err *err)
{
	size_t n = 0;

	(void)err;
	for (size_t i = 0; i < h->conf.tables_n; i++)
		n += table_n(&h->conf.tables[i]);
	h->ways = mst_arena_alloc(&h->arena, (n + 1) * sizeof(*h->ways));
	for (size_t i = 0; i < h->conf.tables_n; i++) {
		const struct mst_http_table *t = &h->conf.tables[i];

		for (size_t k = 0; k < table_n(t); k++)
			cut_way(h, &h->ways[h->ways_n++], t->base,
				&t->routes[k]);
	}
	return 0;
}

/* ---- finding ------------------------------------------------------------- */

static bool fits(const struct http_way *w, const struct http_exchange *x)
{
	bool base = strcmp(w->route->path, "/") == 0;

	/* A table's base with and without a slash is the same. */
	if (w->n != x->segs &&
	    !(base && x->segs == w->n + 1 && x->seg[w->n].n == 0))
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (w->seg[i].param ? x->seg[i].n == 0
				    : !mst_slice_eq(w->seg[i].text, x->seg[i]))
			return false;
	return true;
}

/* Is a the nearer one: where they differ first, it has a literal. */
static bool nearer(const struct http_way *a, const struct http_way *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->seg[i].param != b->seg[i].param)
			return !a->seg[i].param;
	return false;
}

static int take_params(struct http_exchange *x, const struct http_way *w,
		       struct mst_err *err)
{
	for (size_t i = 0; i < w->n; i++) {
		struct http_pair *p = &x->param[x->params];
		int rc;

		if (!w->seg[i].param)
			continue;
		assert(x->params < HTTP_PARAMS);
		p->name = mst_arena_dup(&x->r.arena, w->seg[i].text).p;
		rc = mst_http_uri_decode(&x->r.arena, x->seg[i], false,
					 &p->value, err);
		if (rc < 0)
			return rc;
		x->params++;
	}
	return 0;
}

static enum mst_http_method method_of(const char *m)
{
	if (strcmp(m, "GET") == 0)
		return MST_ROUTE_GET;
	if (strcmp(m, "POST") == 0)
		return MST_ROUTE_POST;
	if (strcmp(m, "PUT") == 0)
		return MST_ROUTE_PUT;
	return strcmp(m, "DELETE") == 0 ? MST_ROUTE_DELETE : MST_HTTP_METHODS;
}

static const char *allowed(unsigned methods)
{
	static const char *const names[] = {"GET, HEAD", "POST", "PUT",
					    "DELETE"};
	static char text[1u << MST_HTTP_METHODS][40];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	char *out = text[methods];

	(void)pthread_mutex_lock(&lock);
	if (!out[0]) {
		struct mst_buf b = MST_BUF_INIT(sizeof(text[0]));

		for (unsigned m = MST_ROUTE_GET; m < MST_HTTP_METHODS; m++)
			if (methods & 1u << m)
				(void)mst_buf_addf(&b, "%s%s", b.n ? ", " : "",
						   names[m - MST_ROUTE_GET]);
		memcpy(out, b.p, b.n + 1);
		mst_buf_fini(&b);
	}
	(void)pthread_mutex_unlock(&lock);
	return out;
}

int mst_http_way_find(struct http_exchange *x, const char **allow_r,
		      struct mst_err *err)
{
	enum mst_http_method m = method_of(x->method);
	const struct http_way *best = NULL;
	unsigned methods = 0;

	for (size_t i = 0; i < x->h->ways_n; i++) {
		const struct http_way *w = &x->h->ways[i];

		if (!fits(w, x))
			continue;
		methods |= 1u << w->route->method;
		if (w->route->method == m && (!best || nearer(w, best)))
			best = w;
	}
	if (!best && methods) {
		*allow_r = allowed(methods);
		return mst_err_set(err, MST_E_UNSUPPORTED,
				   "this address takes %s only", *allow_r);
	}
	if (!best)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is nothing at this address");
	x->r.method = m;
	x->r.route = best->route;
	return take_params(x, best, err);
}

/* ---- parameters of the query --------------------------------------------- */

static bool among(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *p = choices;; p++) {
		size_t k = strcspn(p, "|");

		if (k == n && memcmp(p, value, n) == 0)
			return true;
		p += k;
		if (!*p)
			return false;
	}
}

static const struct mst_http_query *known(const struct mst_http_route *route,
					  const char *name)
{
	static const struct mst_http_query page[] = {
	    {"limit", "", "integer", NULL},
	    {"after", "", "string", NULL},
	};

	for (size_t i = 0; i < MST_LEN(route->query) && route->query[i].name;
	     i++)
		if (strcmp(route->query[i].name, name) == 0)
			return &route->query[i];
	for (size_t i = 0; route->flags & MST_ROUTE_LIST && i < 2; i++)
		if (strcmp(page[i].name, name) == 0)
			return &page[i];
	return NULL;
}

static void check_one(struct http_exchange *x, const struct http_pair *q)
{
	const struct mst_http_query *k = known(x->r.route, q->name);
	const char *at = mst_arena_printf(&x->r.arena, "?%.64s", q->name);
	int64_t n;

	if (!k && x->r.route->flags & MST_ROUTE_ANY)
		return;
	if (!k)
		mst_http_wrong(&x->r, at, "there is no such parameter here");
	else if (k->choices && !among(k->choices, q->value))
		mst_http_wrong(&x->r, at, "is one of %s", k->choices);
	else if (strcmp(k->type, "integer") == 0 &&
		 !mst_num_i64(mst_slice_str(q->value), &n))
		mst_http_wrong(&x->r, at, "is a whole number");
	else if (strcmp(k->type, "boolean") == 0 &&
		 !among("true|false|1|0", q->value))
		mst_http_wrong(&x->r, at, "is true or false");
	for (const struct http_pair *o = x->query; o < q; o++)
		if (strcmp(o->name, q->name) == 0)
			mst_http_wrong(&x->r, at, "is given twice");
}

int mst_http_query_check(struct http_exchange *x, struct mst_err *err)
{
	size_t before = x->wrongs;

	for (size_t i = 0; i < x->queries; i++)
		check_one(x, &x->query[i]);
	if (x->wrongs == before)
		return 0;
	return mst_err_set(err, MST_E_INVALID, "parameter '%s' %s",
			   x->wrong[before].name + 1, x->wrong[before].value);
}
