/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of CVE instances: counted by the far end, or here from all rows.
 *
 * The far end drops a condition that it does not understand without a word. So
 * one row is read with all columns first: what it shows of a row can be asked
 * for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/num.h"
#include "report/cve.h"

#define PAIRS_MAX     (UINT64_C(1) << 24) /* CVE and CI, counted here */
#define ASKED_TOP_MAX 200 /* CVEs whose CIs are counted one by one */

enum {
	R_STATUS,
	R_SEVERITY,
	R_FIRST,
	R_REOPENED,
	R_CVE,
	R_CI,
	R_RESOLVED,
	R__N
};

static const char *const columns[R__N] = {
    "u_status", "u_severity", "u_first_seen", "u_reopened_count",
    "u_cve",	"u_cmdb_ci",  "u_resolved_at"};

/* ---- shared -------------------------------------------------------------- */

static void add_status(struct cves *c, struct mst_slice name, uint64_t n)
{
	size_t i = 0;

	while (i < c->statuses_n && !mst_slice_eq(c->statuses[i].name, name))
		i++;
	if (i == CVE_STATUSES)
		return;
	if (i == c->statuses_n) {
		c->statuses[i].name = mst_arena_dup(&c->x->r->arena, name);
		c->statuses_n++;
	}
	c->statuses[i].n += n;
}

static size_t top_most(const struct cves *c)
{
	return (size_t)MST_MIN(c->x->conf->top, (uint64_t)CVE_TOP_MOST);
}

/* Groups by sys_id with their counts. */
struct tops {
	struct cve_top *v;
	size_t n, cap;
};

static struct cve_top *add_top(struct tops *t, const struct mst_sysid *id,
			       uint64_t n)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->v = mst_realloc(t->v, t->cap * sizeof(*t->v));
	}
	t->v[t->n] = (struct cve_top){.id = *id, .n = n};
	return &t->v[t->n++];
}

static int by_n(const void *a, const void *b)
{
	const struct cve_top *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return memcmp(&x->id, &y->id, sizeof(x->id));
}

static int by_cis(const void *a, const void *b)
{
	const struct cve_top *x = a, *y = b;

	if (x->cis != y->cis)
		return x->cis < y->cis ? 1 : -1;
	return by_n(a, b);
}

static void sort(struct tops *t, int (*order)(const void *, const void *))
{
	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), order);
}

/* ---- counted by the far end ---------------------------------------------- */

struct asking {
	struct cves *c;
	int age; /* -1: all open, -2: reopened */
	struct tops *tops;
	uint64_t groups; /* only how many there are */
	uint64_t sum;
};

static uint64_t count_of(struct mst_slice v)
{
	uint64_t n = 0;

	(void)mst_num_u64(v, &n);
	return n;
}

static void take_severity(void *ctx, const struct mst_sysid *id,
			  const struct mst_slice *v)
{
	struct asking *a = ctx;
	struct cve_counts *k = &a->c->counts[cve_severity(v[0])];
	uint64_t n = count_of(v[1]);

	(void)id;
	if (a->age == -1)
		k->open += n;
	else if (a->age == -2)
		k->reopened += n;
	else
		k->since[a->age] += n;
}

static void take_status(void *ctx, const struct mst_sysid *id,
			const struct mst_slice *v)
{
	struct asking *a = ctx;

	(void)id;
	add_status(a->c, v[0], count_of(v[1]));
}

static void take_group(void *ctx, const struct mst_sysid *id,
		       const struct mst_slice *v)
{
	struct asking *a = ctx;
	struct mst_sysid key;

	(void)id;
	a->groups++;
	if (a->tops && mst_sysid_parse(v[0], &key))
		(void)add_top(a->tops, &key, count_of(v[1]));
}

static void take_probe(void *ctx, const struct mst_sysid *id,
		       const struct mst_slice *v)
{
	(void)ctx;
	(void)id;
	(void)v;
}

/* Does a row show all columns that are asked for? No row: nothing to count. */
static int probe(struct cves *c, bool *ok_r, struct mst_err *err)
{
	struct mst_scan scan = {.table = c->set->table,
				.columns = columns,
				.columns_n = R__N,
				.conds = &c->source,
				.conds_n = 1,
				.most = 1,
				.row = take_probe};

	if (report_scan(c->x, &scan, 1, "CVE instances", err) < 0)
		return -(int)err->code;
	if (scan.end == MST_SCAN_ABSENT)
		return mst_err_set(
		    err, MST_E_NOTFOUND,
		    "connection '%s': %s; import muster's update "
		    "set (muster update-set)",
		    c->x->s->job.conf.destination, scan.why);
	*ok_r = scan.end == MST_SCAN_WHOLE && !scan.missing;
	return 0;
}

static struct mst_scan count_scan(const struct cves *c,
				  const char *const *group,
				  const struct mst_cond *conds, size_t n)
{
	return (struct mst_scan){.what = MST_SCAN_COUNT,
				 .table = c->set->table,
				 .columns = group,
				 .columns_n = group ? 1 : 0,
				 .conds = conds,
				 .conds_n = n};
}

/* How many CIs the greatest CVEs are on. A CVE cannot be on more CIs than it
 * has instances: once the next one has no more of those than the last of the
 * greatest has CIs, no other can be among them. */
static int count_cis(struct cves *c, struct tops *t, struct mst_err *err)
{
	static const char *const group[] = {"u_cmdb_ci"};
	size_t most = top_most(c), done = 0;
	uint64_t least = 0;

	for (; done < t->n && done < ASKED_TOP_MAX; done++) {
		struct asking a = {.c = c};
		char hex[33];
		struct mst_cond conds[] = {
		    c->source,
		    {"u_status", MST_COND_IN, CVE_OPEN},
		    {"u_cve", MST_COND_IS, hex},
		};
		struct mst_scan scan =
		    count_scan(c, group, conds, MST_LEN(conds));
		struct tops part = {.v = t->v, .n = done};

		if (done >= most && t->v[done].n <= least)
			break;
		mst_sysid_hex(&t->v[done].id, hex);
		scan.row = take_group;
		scan.ctx = &a;
		if (report_scan(c->x, &scan, 1, "CIs of a CVE", err) < 0)
			return -(int)err->code;
		t->v[done].cis = a.groups;
		part.n = done + 1;
		sort(&part, by_cis);
		if (part.n >= most && most)
			least = part.v[most - 1].cis;
	}
	if (done == ASKED_TOP_MAX && done < t->n && t->v[done].n > least)
		mst_report_note(c->x->r, true,
				"only the CIs of the %d CVEs with the most "
				"instances were counted",
				ASKED_TOP_MAX);
	t->n = MST_MIN(t->n, MST_MIN(most, done));
	return 0;
}

/* The counts that do not depend on another's outcome, side by side. */
static int ask_all(struct cves *c, struct tops *cves, struct tops *cis,
		   bool *done_r, struct mst_err *err)
{
	static const char *const severity[] = {"u_severity"};
	static const char *const status[] = {"u_status"};
	static const char *const cve[] = {"u_cve"}, *const ci[] = {"u_cmdb_ci"};
	const struct mst_cond open = {"u_status", MST_COND_IN, CVE_OPEN};
	const struct mst_cond all[] = {c->source, open};
	const struct mst_cond again[] = {
	    c->source, open, {"u_reopened_count", MST_COND_FROM, "1"}};
	struct mst_cond since[CVE_AGES][3];
	struct asking a[CVE_AGES + 5];
	struct mst_scan scans[CVE_AGES + 5];
	size_t n = 0;

	for (size_t i = 0; i < MST_LEN(a); i++)
		a[i] = (struct asking){.c = c, .age = -1};
	for (int i = 0; i < CVE_AGES; i++) {
		since[i][0] = c->source;
		since[i][1] = open;
		since[i][2] = (struct mst_cond){"u_first_seen", MST_COND_FROM,
						c->ages[i]};
		a[n].age = i;
		scans[n++] = count_scan(c, severity, since[i], 3);
	}
	scans[n++] = count_scan(c, severity, all, MST_LEN(all));
	a[n].age = -2;
	scans[n++] = count_scan(c, severity, again, MST_LEN(again));
	for (size_t i = 0; i < n; i++)
		scans[i].row = take_severity;
	scans[n] = count_scan(c, status, &c->source, 1);
	scans[n++].row = take_status;
	scans[n] = count_scan(c, cve, all, MST_LEN(all));
	scans[n].row = take_group;
	a[n++].tops = cves;
	scans[n] = count_scan(c, ci, all, MST_LEN(all));
	scans[n].row = take_group;
	a[n++].tops = cis;
	for (size_t i = 0; i < n; i++)
		scans[i].ctx = &a[i];
	if (report_scan(c->x, scans, n, "counts of CVE instances", err) < 0)
		return -(int)err->code;
	*done_r = true;
	for (size_t i = 0; i < n; i++) {
		if (scans[i].end != MST_SCAN_WHOLE)
			*done_r = false;
		if (scans[i].end != MST_SCAN_WHOLE)
			mst_debug("counted here instead: %s", scans[i].why);
	}
	return 0;
}

static void forget(struct cves *c)
{
	memset(c->counts, 0, sizeof(c->counts));
	c->statuses_n = 0;
}

int cve_count_there(struct cves *c, bool *done_r, struct mst_err *err)
{
	struct tops cves = {.n = 0}, cis = {.n = 0};
	bool ok = false;

	*done_r = false;
	if (probe(c, &ok, err) < 0)
		return -(int)err->code;
	if (!ok)
		return 0;
	if (ask_all(c, &cves, &cis, done_r, err) < 0)
		goto fail;
	if (!*done_r) {
		forget(c);
		free(cves.v);
		free(cis.v);
		return 0;
	}
	sort(&cves, by_n);
	sort(&cis, by_n);
	if (count_cis(c, &cves, err) < 0)
		goto fail;
	c->top_cves = cves.v;
	c->top_cves_n = cves.n;
	c->top_cis = cis.v;
	c->top_cis_n = MST_MIN(cis.n, top_most(c));
	return 0;
fail:
	free(cves.v);
	free(cis.v);
	return -(int)err->code;
}

/* ---- counted here -------------------------------------------------------- */

/* Numbers that were seen; open addressing, 0 is free. */
struct seen {
	uint64_t *v;
	uint64_t n, cap;
};

static bool see(struct seen *s, uint64_t x)
{
	uint64_t i;

	if (s->n * 2 >= s->cap) {
		struct seen old = *s;

		s->cap = MST_MAX(old.cap * 2, UINT64_C(4096));
		s->v = mst_alloc(s->cap * sizeof(*s->v));
		s->n = 0;
		for (uint64_t k = 0; k < old.cap; k++) {
			if (old.v[k])
				(void)see(s, old.v[k]);
		}
		free(old.v);
	}
	x = x ? x : 1;
	for (i = x & (s->cap - 1); s->v[i]; i = (i + 1) & (s->cap - 1)) {
		if (s->v[i] == x)
			return false;
	}
	s->v[i] = x;
	s->n++;
	return true;
}

struct counting {
	struct cves *c;
	struct tops cves, cis;
	struct mst_map by_cve, by_ci; /* 16 bytes → place plus 1 */
	struct mst_arena keys;
	struct seen pairs;
	bool full;
};

static struct cve_top *top_of(struct counting *k, struct tops *t,
			      struct mst_map *m, struct mst_slice hex)
{
	struct mst_sysid id;
	struct mst_slice key;
	uintptr_t at;

	if (!mst_sysid_parse(hex, &id))
		return NULL;
	key = mst_slice((const char *)id.b, 16);
	at = (uintptr_t)mst_map_get(m, key);
	if (at)
		return &t->v[at - 1];
	if (k->keys.used > k->keys.max - 4096) {
		k->full = true;
		return NULL;
	}
	(void)add_top(t, &id, 0);
	(void)mst_map_put(m, mst_arena_dup(&k->keys, key),
			  (void *)(uintptr_t)t->n);
	return &t->v[t->n - 1];
}

static void take_open(struct counting *k, const struct mst_slice *v)
{
	struct cve_counts *n = &k->c->counts[cve_severity(v[R_SEVERITY])];
	struct cve_top *cve = top_of(k, &k->cves, &k->by_cve, v[R_CVE]);
	struct cve_top *ci = top_of(k, &k->cis, &k->by_ci, v[R_CI]);
	int64_t reopened = 0;

	n->open++;
	(void)mst_num_i64(v[R_REOPENED], &reopened);
	n->reopened += reopened > 0;
	for (size_t i = 0; i < CVE_AGES; i++)
		n->since[i] += v[R_FIRST].n &&
			       mst_slice_cmp(v[R_FIRST],
					     mst_slice_str(k->c->ages[i])) >= 0;
	if (ci)
		ci->n++;
	if (!cve)
		return;
	cve->n++;
	if (k->pairs.n >= PAIRS_MAX)
		k->full = true;
	else if (ci && see(&k->pairs, mst_hash64(ci->id.b, 16,
						 mst_hash64(cve->id.b, 16, 0))))
		cve->cis++;
}

static void take_row(void *ctx, const struct mst_sysid *id,
		     const struct mst_slice *v)
{
	struct counting *k = ctx;

	(void)id;
	add_status(k->c, v[R_STATUS], 1);
	if (mst_slice_iis(v[R_STATUS], "unresolved") ||
	    mst_slice_iis(v[R_STATUS], "resolved_pending"))
		take_open(k, v);
}

int cve_count_here(struct cves *c, struct mst_err *err)
{
	struct counting k = {.c = c};
	struct mst_scan scan = {.table = c->set->table,
				.columns = columns,
				.columns_n = R__N,
				.conds = &c->source,
				.conds_n = 1,
				.row = take_row,
				.ctx = &k};
	int rc;

	mst_arena_init(&k.keys, 256u << 20);
	rc = report_scan(c->x, &scan, 1, "CVE instances", err);
	if (k.full)
		mst_report_note(c->x->r, true,
				"there are more CVEs on CIs than fit a report; "
				"their greatest are estimates");
	sort(&k.cves, by_cis);
	sort(&k.cis, by_n);
	c->top_cves = k.cves.v;
	c->top_cves_n = MST_MIN(k.cves.n, top_most(c));
	c->top_cis = k.cis.v;
	c->top_cis_n = MST_MIN(k.cis.n, top_most(c));
	mst_map_fini(&k.by_cve);
	mst_map_fini(&k.by_ci);
	mst_arena_fini(&k.keys);
	free(k.pairs.v);
	return rc;
}
