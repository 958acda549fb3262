/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything in the destination that leads from a sensor's keys to its
 * records: key columns of rows, native keys and correlation ids of CIs.
 */
#include <stdlib.h>

#include "base/map.h"
#include "rekey/private.h"

struct native {
	struct mst_sysid target;
	struct mst_slice table; /* of the CI */
	struct mst_slice old, now;
	size_t pair;
};

struct finding {
	struct mst_rekey *r;
	struct mst_map by_key;	/* old key of a pair → its number + 1 */
	struct mst_map by_ci;	/* sys_id of a device's CI → the same */
	struct mst_map claimed; /* native keys that the console has */
	struct native *natives;
	size_t natives_n, natives_cap;
	struct mst_slice old_prefix, now_prefix; /* of correlation ids */
	struct native *asked;			 /* of the list under way */
	size_t asked_n;
	struct mst_err err;
};

static size_t number(const struct mst_map *m, struct mst_slice key)
{
	return (size_t)(uintptr_t)mst_map_get(m, key);
}

static struct mst_rekey_write *add(struct finding *f, enum mst_rekey_step step,
				   size_t pair, struct mst_slice table,
				   const struct mst_sysid *id)
{
	struct mst_rekey *r = f->r;
	struct mst_rekey_write *w;

	if (r->writes_n == r->writes_cap) {
		r->writes_cap = r->writes_cap ? r->writes_cap * 2 : 1024;
		r->writes =
		    mst_realloc(r->writes, r->writes_cap * sizeof(*r->writes));
	}
	w = &r->writes[r->writes_n++];
	*w = (struct mst_rekey_write){
	    .step = step, .pair = pair, .table = table, .id = *id};
	r->counts[step]++;
	return w;
}

static void set(struct mst_rekey_write *w, const char *name,
		struct mst_slice value)
{
	w->names[w->n] = name;
	w->values[w->n++] = value;
}

static struct mst_slice connection_of(const struct mst_rekey *r)
{
	return mst_slice_str(r->now.job.conf.source);
}

/* The pair whose key this is, or begins: "S/17", "S/17/02:…". 0: none;
 * *rest_r: what follows. */
static size_t pair_of(const struct finding *f, struct mst_slice key,
		      struct mst_slice *rest_r)
{
	size_t from = strlen(f->r->old.job.conf.source) + 1;
	const char *slash;
	size_t n;

	if (!mst_rekey_is_of(key, f->r->old.job.conf.source))
		return 0;
	slash = memchr(key.p + from, '/', key.n - from);
	n = slash ? (size_t)(slash - key.p) : key.n;
	*rest_r = mst_slice(key.p + n, key.n - n);
	return number(&f->by_key, mst_slice(key.p, n));
}

static struct mst_slice new_key(struct finding *f, size_t pair,
				struct mst_slice rest)
{
	return mst_slice_str(mst_arena_printf(
	    &f->r->arena, "%.*s%.*s", MST_SLICE_ARG(f->r->pairs[pair].now),
	    MST_SLICE_ARG(rest)));
}

/* ---- rows of devices and sensors ----------------------------------------- */

static void take_row(void *ctx, const struct mst_sysid *id,
		     const struct mst_slice *v)
{
	struct finding *f = ctx;
	struct mst_slice rest = {NULL, 0};
	size_t at = pair_of(f, v[0], &rest);
	const struct mst_catalog *c = f->r->old.job.catalog;
	struct mst_rekey_write *w;
	bool sensor;

	if (!at || rest.n)
		return;
	sensor = f->r->pairs[at - 1].sensor;
	if (v[1].n && !sensor)
		(void)mst_map_put(&f->by_ci, mst_arena_dup(&f->r->arena, v[1]),
				  (void *)(uintptr_t)at);
	w = add(f, MST_REKEY_ROWS, at - 1,
		mst_slice_str(mst_catalog_set(c, sensor ? MST_REKEY_SENSORS
							: MST_REKEY_DEVICES)
				  ->table),
		id);
	set(w, "u_key", f->r->pairs[at - 1].now);
	set(w, "u_source", connection_of(f->r));
}

static int find_rows(struct finding *f, struct mst_err *err)
{
	static const char *const columns[] = {"u_key", "u_cmdb_ci"};
	static const char *const sets[] = {MST_REKEY_DEVICES,
					   MST_REKEY_SENSORS};
	const struct mst_cond ours = {"u_source", MST_COND_IS,
				      f->r->old.job.conf.source};
	int rc = 0;

	for (size_t i = 0; i < MST_LEN(sets) && rc == 0; i++) {
		struct mst_scan scan = {
		    .what = MST_SCAN_TABLE,
		    .table =
			mst_catalog_set(f->r->old.job.catalog, sets[i])->table,
		    .columns = columns,
		    .columns_n = MST_LEN(columns),
		    .conds = &ours,
		    .conds_n = 1,
		    .row = take_row,
		    .ctx = f,
		};

		rc = mst_rekey_scan(f->r, &scan, scan.table, err);
	}
	return rc;
}

/* ---- CVE instances ------------------------------------------------------- */

/* Behind "CONNECTION/". */
static struct mst_slice id_of(struct mst_slice key, const char *connection)
{
	size_t n = strlen(connection) + 1;

	return mst_slice(key.p + n, key.n - n);
}

static void take_cve(void *ctx, const struct mst_sysid *id,
		     const struct mst_slice *v)
{
	struct finding *f = ctx;
	const struct mst_job *old = &f->r->old.job, *now = &f->r->now.job;
	size_t at = number(&f->by_ci, v[1]);
	const struct mst_rekey_pair *p = at ? &f->r->pairs[at - 1] : NULL;
	struct mst_rekey_write *w;
	char key[33];

	/* Only what is the digest of what the row says: whatever else it is,
	 * it was not made by this rule. */
	if (!p ||
	    !old->source->member_key(MST_REKEY_CVE_SET, old->conf.source,
				     id_of(p->old, old->conf.source), v[2],
				     key) ||
	    !mst_slice_is(v[0], key) ||
	    !now->source->member_key(MST_REKEY_CVE_SET, now->conf.source,
				     id_of(p->now, now->conf.source), v[2],
				     key))
		return;
	w = add(f, MST_REKEY_CVES, at - 1,
		mst_slice_str(
		    mst_catalog_set(old->catalog, MST_REKEY_CVE_SET)->table),
		id);
	set(w, "u_key", mst_slice_str(mst_arena_strdup(&f->r->arena, key)));
	set(w, "u_source_connection", connection_of(f->r));
}

static int find_cves(struct finding *f, struct mst_err *err)
{
	static const char *const columns[] = {"u_key", "u_cmdb_ci",
					      "u_cve.u_cve_id"};
	const struct mst_cond ours = {"u_source_connection", MST_COND_IS,
				      f->r->old.job.conf.source};
	struct mst_scan scan = {
	    .what = MST_SCAN_TABLE,
	    .table = mst_catalog_set(f->r->old.job.catalog, MST_REKEY_CVE_SET)
			 ->table,
	    .columns = columns,
	    .columns_n = MST_LEN(columns),
	    .conds = &ours,
	    .conds_n = 1,
	    .row = take_cve,
	    .ctx = f,
	};

	return mst_rekey_scan(f->r, &scan, "the list of CVE instances", err);
}

/* ---- entities ------------------------------------------------------------ */

static void take_entity(void *ctx, const struct mst_sysid *id,
			const struct mst_slice *v)
{
	struct finding *f = ctx;
	struct mst_slice rest = {NULL, 0};
	size_t at = pair_of(f, v[0], &rest);

	if (at && !rest.n)
		set(add(f, MST_REKEY_ENTITIES, at - 1,
			MST_SLICE_LIT("cmdb_ot_entity"), id),
		    "ot_correlation_id", f->r->pairs[at - 1].now);
}

static int find_entities(struct finding *f, struct mst_err *err)
{
	static const char *const columns[] = {"ot_correlation_id"};
	const struct mst_cond filled = {"ot_correlation_id", MST_COND_FILLED,
					NULL};
	struct mst_scan scan = {
	    .what = MST_SCAN_TABLE,
	    .table = "cmdb_ot_entity",
	    .columns = columns,
	    .columns_n = 1,
	    .conds = &filled,
	    .conds_n = 1,
	    .row = take_entity,
	    .ctx = f,
	};

	return mst_rekey_scan(f->r, &scan, "the list of OT entities", err);
}

/* ---- CIs ----------------------------------------------------------------- */

static void take_native(void *ctx, const struct mst_sysid *id MST_UNUSED,
			const struct mst_slice *v)
{
	struct finding *f = ctx;
	struct mst_slice rest = {NULL, 0};
	size_t at = pair_of(f, v[0], &rest);
	struct native *n;

	if (mst_rekey_is_of(v[0], f->r->now.job.conf.source))
		(void)mst_map_put(&f->claimed,
				  mst_arena_dup(&f->r->arena, v[0]), f);
	if (!at)
		return;
	if (f->natives_n == f->natives_cap) {
		f->natives_cap = f->natives_cap ? f->natives_cap * 2 : 1024;
		f->natives = mst_realloc(f->natives,
					 f->natives_cap * sizeof(*f->natives));
	}
	n = &f->natives[f->natives_n++];
	*n = (struct native){.table = mst_arena_dup(&f->r->arena, v[2]),
			     .old = mst_arena_dup(&f->r->arena, v[0]),
			     .now = new_key(f, at - 1, rest),
			     .pair = at - 1};
	(void)mst_sysid_parse(v[1], &n->target);
}

/* What a setting puts in front of keys in correlation ids. */
static struct mst_slice prefix_of(const struct mst_job *j)
{
	const char *text = j->source->key_prefix
			       ? j->source->key_prefix(j->source_conf)
			       : NULL;

	return mst_slice_str(text ? text : "");
}

/* The key that a correlation id holds: behind the prefix of the connection, or
 * bare (adapters, addresses). Nowhere else in it: "line-S/17" is of another
 * connection. */
static bool key_in(const struct finding *f, struct mst_slice held,
		   struct mst_slice *key_r)
{
	const char *from = f->r->old.job.conf.source;
	struct mst_slice p = f->old_prefix;

	if (p.n && held.n > p.n && memcmp(held.p, p.p, p.n) == 0) {
		*key_r = mst_slice(held.p + p.n, held.n - p.n);
		if (mst_rekey_is_of(*key_r, from))
			return true;
	}
	*key_r = held;
	return mst_rekey_is_of(held, from);
}

/* "iot:S/17" → "iot:C/342", with the prefix that the console's job will look
 * for; false when it holds another key. */
static bool correlation(struct finding *f, const struct native *n,
			struct mst_slice held, struct mst_slice *now_r)
{
	struct mst_slice prefix = f->now_prefix, key;
	struct mst_slice id = id_of(n->old, f->r->old.job.conf.source);

	if (!key_in(f, held, &key) || !mst_slice_eq(key, n->old))
		return false;
	if (memchr(id.p, '/', id.n))
		prefix.n = 0;
	*now_r = mst_slice_str(mst_arena_printf(&f->r->arena, "%.*s%.*s",
						MST_SLICE_ARG(prefix),
						MST_SLICE_ARG(n->now)));
	return true;
}

static void take_ci(void *ctx, uint64_t tag MST_UNUSED,
		    const struct mst_raw *row, const char *why)
{
	struct finding *f = ctx;
	struct mst_slice now;

	if (!row) {
		if (why)
			(void)mst_err_set(&f->err, MST_E_TRANSIENT, "%s", why);
		return;
	}
	for (size_t i = 0; i < f->asked_n; i++) {
		const struct native *n = &f->asked[i];

		if (memcmp(&n->target, &row->id, sizeof(row->id)) != 0 ||
		    !correlation(f, n, row->values[0], &now))
			continue;
		set(add(f, MST_REKEY_CORRELATIONS, n->pair,
			row->table.n ? mst_arena_dup(&f->r->arena, row->table)
				     : n->table,
			&row->id),
		    "correlation_id", now);
	}
}

static int by_table(const void *a, const void *b)
{
	const struct native *x = a, *y = b;

	return mst_slice_cmp(x->table, y->table);
}

static int read_cis(struct finding *f, struct native *v, size_t n,
		    struct mst_err *err)
{
	static const char *const names[] = {"correlation_id"};
	struct mst_session *s = &f->r->old;
	struct mst_sysid ids[MST_RAW_IDS];
	int rc;

	f->asked = v;
	f->asked_n = n;
	for (size_t i = 0; i < n; i++)
		ids[i] = v[i].target;
	rc = s->job.dest->raw_read(
	    s->dest, mst_catalog_set(s->job.catalog, MST_REKEY_DEVICES),
	    v[0].table, ids, n, names, 1, 0, take_ci, f, err);
	if (rc == 0)
		rc = mst_dest_pump(s->job.dest, s->dest, s->dest_client, err);
	if (rc == 0 && f->err.code) {
		*err = f->err;
		rc = -(int)err->code;
	}
	return rc;
}

/* The old key stays beside the new one: only the identification engine of
 * the destination writes native keys, and it takes none away. */
static void claim(struct finding *f, const struct native *n)
{
	struct mst_rekey_write *w;

	if (mst_map_get(&f->claimed, n->now) == NULL) {
		w = add(f, MST_REKEY_NATIVES, n->pair, n->table, &n->target);
		w->key = n->now;
	}
}

/* Without native keys (write_mode table) a CI is known by its correlation id
 * alone. */
static void take_correlation(void *ctx, const struct mst_sysid *id,
			     const struct mst_slice *v)
{
	struct finding *f = ctx;
	struct mst_slice rest = {NULL, 0}, now;
	struct native ci = {.table = v[1]};
	size_t at = 0;

	if (key_in(f, v[0], &ci.old))
		at = pair_of(f, ci.old, &rest);
	if (!at)
		return;
	ci.now = new_key(f, at - 1, rest);
	if (correlation(f, &ci, v[0], &now))
		set(add(f, MST_REKEY_CORRELATIONS, at - 1,
			mst_arena_dup(&f->r->arena, v[1]), id),
		    "correlation_id", now);
}

static int find_by_correlation(struct finding *f, struct mst_err *err)
{
	static const char *const columns[] = {"correlation_id",
					      "sys_class_name"};
	const struct mst_cond filled = {"correlation_id", MST_COND_FILLED,
					NULL};
	struct mst_scan scan = {
	    .what = MST_SCAN_TABLE,
	    .table = "cmdb_ci",
	    .columns = columns,
	    .columns_n = MST_LEN(columns),
	    .conds = &filled,
	    .conds_n = 1,
	    .row = take_correlation,
	    .ctx = f,
	};

	return mst_rekey_scan(f->r, &scan, "the list of CIs", err);
}

static int find_cis(struct finding *f, struct mst_err *err)
{
	struct mst_scan scan = {
	    .what = MST_SCAN_NATIVE, .row = take_native, .ctx = f};
	int rc = mst_rekey_scan(f->r, &scan, "the list of native keys", err);
	size_t to;

	if (f->natives_n)
		qsort(f->natives, f->natives_n, sizeof(*f->natives), by_table);
	for (size_t i = 0; i < f->natives_n && rc == 0; i = to) {
		to = i + 1;
		while (to < f->natives_n && to - i < MST_RAW_IDS &&
		       mst_slice_eq(f->natives[i].table, f->natives[to].table))
			to++;
		rc = read_cis(f, f->natives + i, to - i, err);
	}
	for (size_t i = 0; i < f->natives_n && rc == 0; i++)
		claim(f, &f->natives[i]);
	if (rc == 0 && !f->natives_n)
		rc = find_by_correlation(f, err);
	return rc;
}

/* ---- all ----------------------------------------------------------------- */

static int by_step(const void *a, const void *b)
{
	const struct mst_rekey_write *x = a, *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	return x->pair < y->pair ? -1 : x->pair > y->pair;
}

int mst_rekey_find(struct mst_rekey *r, struct mst_err *err)
{
	struct finding f = {.r = r, .err = MST_ERR_INIT};
	int rc = 0;

	f.old_prefix = prefix_of(&r->old.job);
	f.now_prefix = prefix_of(&r->now.job);
	for (size_t i = 0; i < r->pairs_n; i++)
		(void)mst_map_put(&f.by_key, r->pairs[i].old,
				  (void *)(uintptr_t)(i + 1));
	if (r->pairs_n) {
		rc = find_rows(&f, err);
		if (rc == 0)
			rc = find_cves(&f, err);
		if (rc == 0)
			rc = find_entities(&f, err);
		if (rc == 0)
			rc = find_cis(&f, err);
	}
	if (r->writes_n)
		qsort(r->writes, r->writes_n, sizeof(*r->writes), by_step);
	free(f.natives);
	mst_map_fini(&f.by_key);
	mst_map_fini(&f.by_ci);
	mst_map_fini(&f.claimed);
	return rc;
}
