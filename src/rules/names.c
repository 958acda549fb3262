/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of names: from entries as they are written to what is looked up.
 */
#include "rules/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/maker.h"

#define KEY_MAX 256

/* One entry, folded for looking up. */
struct rule {
	const struct mst_name_entry *entry; /* NULL: a name for itself */
	struct mst_slice alias;		    /* n 0: every product of a vendor */
	struct mst_slice vendor, maker;	    /* as written, folded; n 0: none */
	bool any_maker;
	struct mst_slice to_name, to_vendor; /* as delivered */
	struct mst_slice to_maker;	     /* folded */
	size_t order;
	bool pattern;
};

/* The entries of one origin that are in force. */
struct layer {
	struct rule **exact; /* by alias, then in their order */
	size_t exact_n;
	struct rule **patterns, **makers;
	size_t patterns_n, makers_n;
};

struct mst_names {
	struct layer layers[2]; /* own, built in */
	struct mst_name_entry *list;
	size_t list_n;
};

struct making {
	struct mst_arena *arena;
	struct rule *rules;
	size_t n, own_n; /* own ones first */
	struct mst_err *err;
};

/* ---- folding ------------------------------------------------------------- */

/* Marks that say nothing of the product. */
static size_t mark_at(const char *p, size_t n)
{
	static const char *const marks[] = {
	    "\xc2\xae", "\xc2\xa9", "\xc2\xa0", "\xe2\x84\xa2",
	    "(r)",	"(R)",	    "(tm)",	"(TM)",
	};

	for (size_t i = 0; i < MST_LEN(marks); i++) {
		size_t len = strlen(marks[i]);

		if (n >= len && memcmp(p, marks[i], len) == 0)
			return len;
	}
	return (unsigned char)*p <= ' ' || *p == '_' || *p == '-';
}

/* Empty: nothing is left, or more than a key may have. */
static struct mst_slice fold(struct mst_slice s, char out[KEY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		size_t skip = mark_at(s.p + i, s.n - i);
		char c = s.p[i];

		if (skip) {
			i += skip;
			continue;
		}
		if (n == KEY_MAX)
			return mst_slice(out, 0);
		out[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		i++;
	}
	return mst_slice(out, n);
}

static struct mst_slice keep_folded(struct making *k, struct mst_slice s)
{
	char buf[KEY_MAX];

	return mst_arena_dup(k->arena, fold(s, buf));
}

static struct mst_slice keep_maker(struct making *k, struct mst_slice s)
{
	char buf[KEY_MAX];

	return mst_arena_dup(k->arena, mst_maker_fold(s, buf, sizeof(buf)));
}

/* ---- one entry ----------------------------------------------------------- */

static int wrong(struct making *k, const char *text, const char *what)
{
	return mst_err_set(k->err, MST_E_INVALID,
			   "setting software_names: '%.200s' %s", text, what);
}

/* "VENDOR|NAME" or "NAME"; false: more than one '|'. */
static bool split(struct mst_slice s, struct mst_slice *vendor_r,
		  struct mst_slice *name_r, bool *bar_r)
{
	const char *bar = s.n ? memchr(s.p, '|', s.n) : NULL;
	size_t n = bar ? (size_t)(bar - s.p) : 0;

	*bar_r = bar != NULL;
	*vendor_r = mst_slice_trim(mst_slice(s.p, n));
	*name_r = mst_slice_trim(bar ? mst_slice(bar + 1, s.n - n - 1) : s);
	return !bar || !memchr(bar + 1, '|', s.n - n - 1);
}

static bool has_wildcard(struct mst_slice s)
{
	return s.n && (memchr(s.p, '*', s.n) || memchr(s.p, '?', s.n));
}

/* What stands in front of the '='. */
static int read_alias(struct making *k, struct rule *r, struct mst_slice s,
		      const char *text)
{
	struct mst_slice vendor, name;
	bool bar;

	if (!split(s, &vendor, &name, &bar) || (!vendor.n && !name.n))
		return wrong(k, text,
			     "must be ALIAS=NAME or VENDOR|ALIAS=VENDOR|NAME, "
			     "as in 'MSTeams=microsoft|teams'");
	r->any_maker = mst_slice_is(vendor, "*");
	r->alias = keep_folded(k, name);
	r->pattern = has_wildcard(r->alias);
	if (!r->any_maker) {
		r->vendor = mst_arena_dup(k->arena, vendor);
		r->maker = keep_maker(k, vendor);
	}
	if ((name.n && !r->alias.n) ||
	    (vendor.n && !r->any_maker && !r->maker.n) ||
	    (!name.n && r->any_maker))
		return wrong(k, text, "has an alias that fits nothing");
	return 0;
}

static int read_target(struct making *k, struct rule *r, struct mst_slice s,
		       const char *text)
{
	struct mst_slice vendor, name;
	bool bar;

	if (!split(s, &vendor, &name, &bar) || has_wildcard(s))
		return wrong(k, text,
			     "must lead to NAME or VENDOR|NAME, without '*' "
			     "and '?'");
	if (!r->alias.n && !bar) {
		vendor = name;
		name = mst_slice(NULL, 0);
	}
	if (!r->alias.n != !name.n)
		return wrong(k, text,
			     r->alias.n ? "leads to no name"
					: "leads a vendor to a product");
	r->to_vendor = mst_arena_dup(k->arena, vendor);
	r->to_name = mst_arena_dup(k->arena, name);
	r->to_maker = keep_maker(k, vendor);
	return 0;
}

/* *off_r: it switches built-in ones off. */
static int read_entry(struct making *k, const struct mst_name_entry *e,
		      struct rule *r, bool *off_r)
{
	const char *is = strchr(e->text, '=');
	struct mst_slice to;

	*r = (struct rule){.entry = e};
	if (!is)
		return wrong(k, e->text,
			     "has no '='; entries are written ALIAS=NAME, as "
			     "in 'MSTeams=microsoft|teams'");
	if (read_alias(k, r, mst_slice(e->text, (size_t)(is - e->text)),
		       e->text) < 0)
		return -(int)k->err->code;
	to = mst_slice_trim(mst_slice_str(is + 1));
	*off_r = to.n == 0;
	return *off_r ? 0 : read_target(k, r, to, e->text);
}

/* ---- own entries and built-in ones --------------------------------------- */

/* Do both speak of the same products? An own entry that names no vendor is for
 * all of its alias. */
static bool same_alias(const struct rule *own, const struct rule *builtin)
{
	const struct mst_slice *maker =
	    builtin->maker.n ? &builtin->maker : &builtin->to_maker;

	if (!mst_slice_eq(own->alias, builtin->alias))
		return false;
	return !own->maker.n || mst_slice_eq(own->maker, *maker);
}

/* Built-in entries that an own one stands for. Returns how many. */
static size_t put_out(struct mst_name_entry *list, const struct making *k,
		      const struct rule *own)
{
	size_t n = 0;

	for (size_t i = k->own_n; i < k->n; i++) {
		const struct rule *r = &k->rules[i];

		if (!same_alias(own, r))
			continue;
		list[r->entry - list].off = own->entry->text;
		n++;
	}
	return n;
}

static bool twice(const struct making *k, const struct rule *r)
{
	for (size_t i = 0; i < k->own_n; i++) {
		const struct rule *o = &k->rules[i];

		if (o != r && mst_slice_eq(o->alias, r->alias) &&
		    mst_slice_eq(o->maker, r->maker) &&
		    o->any_maker == r->any_maker)
			return true;
	}
	return false;
}

/* Own entries are read behind each other, those that switch off are not kept
 * as rules. */
static int settle(struct mst_names *n, struct making *k, struct rule *offs,
		  size_t offs_n)
{
	for (size_t i = 0; i < k->own_n; i++) {
		if (twice(k, &k->rules[i]))
			return wrong(k, k->rules[i].entry->text,
				     "is for an alias that another entry has");
		(void)put_out(n->list, k, &k->rules[i]);
	}
	for (size_t i = 0; i < offs_n; i++) {
		if (put_out(n->list, k, &offs[i]) == 0)
			return wrong(k, offs[i].entry->text,
				     "switches off no built-in entry; see "
				     "'muster rules names'");
	}
	return 0;
}

/* ---- layers -------------------------------------------------------------- */

static int by_alias(const void *a, const void *b)
{
	const struct rule *x = *(struct rule *const *)a;
	const struct rule *y = *(struct rule *const *)b;
	int c = mst_slice_cmp(x->alias, y->alias);

	return c ? c : x->order < y->order ? -1 : x->order > y->order;
}

static void put_rule(struct layer *l, struct rule *r, size_t order)
{
	r->order = order;
	if (r->pattern)
		l->patterns[l->patterns_n++] = r;
	else
		l->exact[l->exact_n++] = r;
}

static void make_makers(struct making *k, struct layer *l, size_t from,
			size_t to)
{
	l->makers = mst_arena_alloc(k->arena, (to - from) * sizeof(*l->makers));
	for (size_t i = from; i < to; i++) {
		if (!k->rules[i].alias.n && !k->rules[i].entry->off)
			l->makers[l->makers_n++] = &k->rules[i];
	}
}

/* A name that others lead to stands for itself, in this spelling. */
static struct rule *itself(struct making *k, const struct rule *r)
{
	struct rule *self = mst_arena_alloc(k->arena, sizeof(*self));

	self->alias = keep_folded(k, r->to_name);
	self->maker = r->to_maker;
	self->to_name = r->to_name;
	self->to_vendor = r->to_vendor;
	self->to_maker = r->to_maker;
	return self;
}

static void make_products(struct making *k, struct layer *l, size_t from,
			  size_t to)
{
	size_t n = to - from;

	l->exact = mst_arena_alloc(k->arena, 2 * n * sizeof(*l->exact));
	l->patterns = mst_arena_alloc(k->arena, n * sizeof(*l->patterns));
	for (size_t i = from; i < to; i++) {
		struct rule *r = &k->rules[i];

		if (r->entry->off || !r->alias.n)
			continue;
		put_rule(l, r, i);
		/* behind all that say something else of it */
		put_rule(l, itself(k, r), to + i);
	}
	if (l->exact_n)
		qsort(l->exact, l->exact_n, sizeof(*l->exact), by_alias);
}

/* ---- looking up ---------------------------------------------------------- */

static bool is_for(const struct rule *r, struct mst_slice maker)
{
	if (r->any_maker)
		return true;
	if (r->maker.n)
		return mst_slice_eq(r->maker, maker);
	return !maker.n || !r->to_maker.n || mst_slice_eq(r->to_maker, maker);
}

static const struct rule *find_exact(const struct layer *l,
				     struct mst_slice alias,
				     struct mst_slice maker)
{
	size_t low = 0, high = l->exact_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (mst_slice_cmp(l->exact[mid]->alias, alias) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < l->exact_n && mst_slice_eq(l->exact[low]->alias, alias);
	     low++) {
		if (is_for(l->exact[low], maker))
			return l->exact[low];
	}
	return NULL;
}

static const struct rule *find_product(const struct mst_names *n,
				       struct mst_slice alias,
				       struct mst_slice maker)
{
	for (size_t i = 0; i < MST_LEN(n->layers); i++) {
		const struct layer *l = &n->layers[i];
		const struct rule *r = find_exact(l, alias, maker);

		for (size_t k = 0; !r && k < l->patterns_n; k++) {
			/* arena texts end with a NUL */
			if (is_for(l->patterns[k], maker) &&
			    mst_slice_fits(alias, l->patterns[k]->alias.p))
				r = l->patterns[k];
		}
		if (r)
			return r;
	}
	return NULL;
}

static const struct rule *find_maker(const struct mst_names *n,
				     struct mst_slice maker)
{
	for (size_t i = 0; maker.n && i < MST_LEN(n->layers); i++) {
		for (size_t k = 0; k < n->layers[i].makers_n; k++) {
			if (mst_slice_eq(n->layers[i].makers[k]->maker, maker))
				return n->layers[i].makers[k];
		}
	}
	return NULL;
}

/* True when something changed. */
static bool follow(const struct rule *r, struct mst_slice *vendor,
		   struct mst_slice *name)
{
	bool same = true;

	if (r->to_vendor.n && !mst_slice_eq(*vendor, r->to_vendor)) {
		*vendor = r->to_vendor;
		same = false;
	}
	if (r->to_name.n && !mst_slice_eq(*name, r->to_name)) {
		*name = r->to_name;
		same = false;
	}
	return !same;
}

/* What the vendor is called. Both: MST_NAME_STEPS: it leads round in a
 * circle. */
static size_t lead_vendor(const struct mst_names *n, struct mst_slice *vendor,
			  const struct mst_name_entry *by[MST_NAME_STEPS])
{
	struct mst_slice none = {NULL, 0};
	char m[KEY_MAX];

	for (size_t steps = 0; steps < MST_NAME_STEPS; steps++) {
		const struct rule *r =
		    find_maker(n, mst_maker_fold(*vendor, m, sizeof(m)));

		if (!r || !follow(r, vendor, &none))
			return steps;
		by[steps] = r->entry;
	}
	return MST_NAME_STEPS;
}

static size_t lead(const struct mst_names *n, struct mst_slice *vendor,
		   struct mst_slice *name,
		   const struct mst_name_entry *by[MST_NAME_STEPS])
{
	size_t said = lead_vendor(n, vendor, by);
	char a[KEY_MAX], m[KEY_MAX];

	for (size_t steps = 0; steps < MST_NAME_STEPS; steps++) {
		struct mst_slice maker = mst_maker_fold(*vendor, m, sizeof(m));
		struct mst_slice alias = fold(*name, a);
		const struct rule *r =
		    alias.n ? find_product(n, alias, maker) : NULL;

		if (!r || !follow(r, vendor, name))
			return said;
		if (r->entry && said < MST_NAME_STEPS - 1)
			by[said++] = r->entry;
	}
	return MST_NAME_STEPS;
}

size_t mst_names_find(const struct mst_names *n, struct mst_slice *vendor,
		      struct mst_slice *name,
		      const struct mst_name_entry *by[MST_NAME_STEPS])
{
	const struct mst_name_entry *own[MST_NAME_STEPS];
	size_t said = lead(n, vendor, name, by ? by : own);

	return MST_MIN(said, (size_t)MST_NAME_STEPS - 1);
}

/* ---- making -------------------------------------------------------------- */

/* Vendors in the entries of products are called as the entries of vendors have
 * it, like those of rows. */
static void call_vendors(const struct mst_names *n, struct making *k)
{
	const struct mst_name_entry *by[MST_NAME_STEPS];
	char buf[KEY_MAX];

	for (size_t i = 0; i < k->n; i++) {
		struct rule *r = &k->rules[i];
		struct mst_slice vendor = r->vendor;

		if (!r->alias.n)
			continue;
		(void)lead_vendor(n, &r->to_vendor, by);
		r->to_maker = keep_maker(k, r->to_vendor);
		(void)lead_vendor(n, &vendor, by);
		if (r->maker.n)
			r->maker = mst_arena_dup(
			    k->arena, mst_maker_fold(vendor, buf, sizeof(buf)));
	}
}

static int check_circles(const struct mst_names *n, struct making *k)
{
	const struct mst_name_entry *by[MST_NAME_STEPS];

	for (size_t i = 0; i < k->own_n; i++) {
		struct mst_slice vendor = k->rules[i].to_vendor;
		struct mst_slice name = k->rules[i].to_name;

		if (lead_vendor(n, &vendor, by) == MST_NAME_STEPS ||
		    lead(n, &vendor, &name, by) == MST_NAME_STEPS)
			return wrong(k, k->rules[i].entry->text,
				     "leads round in a circle with other "
				     "entries");
	}
	return 0;
}

static int read_all(struct mst_names *n, struct making *k, size_t own_n,
		    struct rule *offs, size_t *offs_n)
{
	for (size_t i = 0; i < n->list_n; i++) {
		struct rule r;
		bool off = false;

		if (i == own_n)
			k->own_n = k->n;
		if (read_entry(k, &n->list[i], &r, &off) < 0)
			return -(int)k->err->code;
		if (off)
			offs[(*offs_n)++] = r;
		else
			k->rules[k->n++] = r;
	}
	return 0;
}

static void list_entries(struct mst_names *n, struct mst_arena *arena,
			 bool builtin, const char *const *own, size_t own_n)
{
	size_t all = own_n;

	while (mst_names_builtin[all - own_n])
		all++;
	n->list = mst_arena_alloc(arena, all * sizeof(*n->list));
	n->list_n = all;
	for (size_t i = 0; i < all; i++) {
		n->list[i].own = i < own_n;
		n->list[i].text =
		    i < own_n ? own[i] : mst_names_builtin[i - own_n];
		n->list[i].off =
		    i < own_n || builtin ? NULL : "software_names_builtin";
	}
}

int mst_names_make(struct mst_arena *arena, bool builtin,
		   const char *const *own, size_t own_n,
		   const struct mst_names **names_r, struct mst_err *err)
{
	struct mst_names *n = mst_arena_alloc(arena, sizeof(*n));
	struct making k = {.arena = arena, .err = err};
	struct rule *offs;
	size_t offs_n = 0;

	list_entries(n, arena, builtin, own, own_n);
	k.rules = mst_arena_alloc(arena, n->list_n * sizeof(*k.rules));
	offs = mst_arena_alloc(arena, n->list_n * sizeof(*offs));
	if (read_all(n, &k, own_n, offs, &offs_n) < 0 ||
	    settle(n, &k, offs, offs_n) < 0)
		return -(int)err->code;
	make_makers(&k, &n->layers[0], 0, k.own_n);
	make_makers(&k, &n->layers[1], k.own_n, k.n);
	call_vendors(n, &k);
	make_products(&k, &n->layers[0], 0, k.own_n);
	make_products(&k, &n->layers[1], k.own_n, k.n);
	if (check_circles(n, &k) < 0)
		return -(int)err->code;
	*names_r = n;
	return 0;
}

const struct mst_name_entry *mst_names_list(const struct mst_names *n,
					    size_t *n_r)
{
	*n_r = n->list_n;
	return n->list;
}
