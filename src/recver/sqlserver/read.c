/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading RecVer from SQL Server. A load is one statement in order of the
 * table's own key, whose rows come as fast as they are taken.
 */
#include "base/time.h"
#include "recver/sqlserver/private.h"

/* So long may a text of a group be, and a name. */
#define TEXT_MAX ((size_t)64 << 20)

int mst_ms_sets(void *p, int (*fn)(void *ctx, const struct mst_batch_set *s),
		void *ctx, struct mst_err *err)
{
	struct mst_buf target = MST_BUF_INIT(65536);
	struct mst_buf name = MST_BUF_INIT(65536);
	struct mst_batch_set s;
	struct mst_ms *c = p;
	bool rows = false;
	int rc = mst_ms_exec(c,
			     "SELECT id, CONVERT(varbinary(max), target),"
			     " CONVERT(varbinary(max), name)"
			     " FROM muster.record_set ORDER BY id",
			     NULL, 0, &rows, NULL, err);

	while (rc == 0 && rows && (rc = mst_ms_fetch(c, err)) > 0) {
		mst_buf_reset(&target);
		mst_buf_reset(&name);
		rc = mst_ms_get_int(c, 1, &s.id, NULL, err);
		if (rc == 0)
			rc = mst_ms_get_text(c, 2, &target, err);
		if (rc == 0)
			rc = mst_ms_get_text(c, 3, &name, err);
		s.target = target.n ? target.p : "";
		s.name = name.n ? name.p : "";
		if (rc == 0)
			rc = fn(ctx, &s);
		if (rc != 0)
			break;
	}
	mst_buf_fini(&target);
	mst_buf_fini(&name);
	if (rc == 0)
		return mst_ms_finish(c, err);
	mst_ms_close(c);
	return rc;
}

int mst_ms_meta_get(void *p, const char *target, const char *name,
		    struct mst_buf *val, bool *found_r, struct mst_err *err)
{
	struct mst_buf stored = MST_BUF_INIT((size_t)128 << 20);
	struct mst_ms_pack pack;
	struct mst_ms *c = p;
	bool rows = false;
	int rc;

	*found_r = false;
	mst_ms_pack_init(&pack);
	mst_ms_add_text(&pack, target);
	mst_ms_add_text(&pack, name);
	rc = mst_ms_exec(
	    c,
	    "SELECT value FROM muster.meta WHERE target"
	    " = " MST_MS_TEXT1("0") " AND name = " MST_MS_TEXT1("8"),
	    &pack, 0, &rows, NULL, err);
	mst_ms_pack_fini(&pack);
	if (rc == 0 && rows)
		rc = mst_ms_fetch(c, err);
	if (rc > 0) {
		rc = mst_ms_get_bytes(c, 1, &stored, NULL, err);
		*found_r = rc == 0;
	}
	if (rc == 0)
		rc = mst_ms_finish(c, err);
	else
		mst_ms_close(c);
	if (rc == 0 && *found_r)
		(void)mst_buf_add_slice(val, mst_buf_slice(&stored));
	mst_buf_fini(&stored);
	return rc;
}

/* ---- groups -------------------------------------------------------------- */

struct loading {
	struct mst_ms *c;
	struct mst_buf key, digest, remote, text;
};

static void loading_init(struct loading *l, struct mst_ms *c)
{
	*l = (struct loading){.c = c};
	mst_buf_init(&l->key, 65536);
	mst_buf_init(&l->digest, 65536);
	mst_buf_init(&l->remote, 65536);
	mst_buf_init(&l->text, TEXT_MAX);
}

static void loading_fini(struct loading *l)
{
	mst_buf_fini(&l->key);
	mst_buf_fini(&l->digest);
	mst_buf_fini(&l->remote);
	mst_buf_fini(&l->text);
}

static int get_hash(struct mst_ms *c, int col, struct mst_buf *b,
		    struct mst_hash *h, struct mst_err *err)
{
	int rc;

	mst_buf_reset(b);
	rc = mst_ms_get_bytes(c, col, b, NULL, err);
	if (rc == 0 && b->n == 16)
		*h = mst_recver_hash_get((const uint8_t *)b->p);
	return rc;
}

static int get_time(struct mst_ms *c, int col, int64_t *us, struct mst_err *err)
{
	bool null;
	int rc = mst_ms_get_int(c, col, us, &null, err);

	if (rc == 0 && null)
		*us = MST_TIME_NONE;
	return rc;
}

static int get_remote(struct loading *l, int col, struct mst_group_row *row,
		      struct mst_err *err)
{
	bool null;
	int rc;

	mst_buf_reset(&l->remote);
	rc = mst_ms_get_bytes(l->c, col, &l->remote, &null, err);
	if (rc < 0 || null)
		return rc;
	if (l->remote.n != 16)
		return mst_recver_corrupt(
		    &row->key, "its row holds impossible values", err);
	memcpy(row->remote.b, l->remote.p, 16);
	return 0;
}

static int get_numbers(struct loading *l, struct mst_group_row *row,
		       bool *has_list, struct mst_err *err)
{
	int64_t members = -1, list = 0, state = -1;
	int rc = mst_ms_get_int(l->c, 3, &members, NULL, err);

	if (rc == 0)
		rc = mst_ms_get_int(l->c, 4, &list, NULL, err);
	if (rc == 0)
		rc = get_remote(l, 5, row, err);
	if (rc == 0)
		rc = get_time(l->c, 6, &row->first_delivered_us, err);
	if (rc == 0)
		rc = get_time(l->c, 7, &row->last_changed_us, err);
	if (rc == 0)
		rc = mst_ms_get_int(l->c, 8, &row->last_run, NULL, err);
	if (rc == 0)
		rc = mst_ms_get_int(l->c, 9, &state, NULL, err);
	if (rc < 0)
		return rc;
	if (l->key.n != 16 || l->digest.n != 16 || members < 0 ||
	    members > UINT32_MAX || state < 0 || state > MST_GROUP_PENDING)
		return mst_recver_corrupt(
		    &row->key, "its row holds impossible values", err);
	row->members = (uint32_t)members;
	row->state = (enum mst_group_state)state;
	*has_list = list != 0;
	return 0;
}

static int get_row(struct loading *l, struct mst_group_row *row, bool *has_list,
		   struct mst_err *err)
{
	int rc;

	*row = (struct mst_group_row){0};
	rc = get_hash(l->c, 1, &l->key, &row->key, err);
	if (rc == 0)
		rc = get_hash(l->c, 2, &l->digest, &row->digest, err);
	if (rc == 0)
		rc = get_numbers(l, row, has_list, err);
	mst_buf_reset(&l->text);
	if (rc == 0)
		rc = mst_ms_get_bytes(l->c, 10, &l->text, NULL, err);
	row->text = mst_buf_slice(&l->text);
	return rc;
}

#define LOAD                                                                   \
	"SELECT [key], digest, members, has_list, remote, first_us,"           \
	" changed_us, run, state, text FROM muster.grp WHERE set_id = @n"

int mst_ms_load(void *p, int64_t set, const uint8_t *after,
		int (*fn)(void *ctx, const struct mst_group_row *row,
			  bool has_list),
		void *ctx, struct mst_err *err)
{
	struct mst_group_row row;
	struct mst_ms_pack pack;
	struct mst_ms *c = p;
	struct loading l;
	bool has_list = false, rows = false;
	int rc;

	mst_ms_pack_init(&pack);
	mst_ms_add_raw(&pack, after, after ? 16 : 0);
	rc = mst_ms_exec(c,
			 after ? LOAD " AND [key] > CONVERT(varbinary(16),"
				      " @data) ORDER BY [key]"
			       : LOAD " ORDER BY [key]",
			 &pack, set, &rows, NULL, err);
	mst_ms_pack_fini(&pack);
	loading_init(&l, c);
	while (rc == 0 && rows && (rc = mst_ms_fetch(c, err)) > 0) {
		rc = get_row(&l, &row, &has_list, err);
		if (rc == 0)
			rc = fn(ctx, &row, has_list);
		if (rc != 0)
			break;
	}
	loading_fini(&l);
	if (rc == 0)
		return mst_ms_finish(c, err);
	mst_ms_close(c);
	return rc;
}

/* ---- lists --------------------------------------------------------------- */

static int give_list(struct loading *l, struct mst_buf *list,
		     int (*fn)(void *ctx, const struct mst_hash *key,
			       struct mst_slice list, uint32_t members),
		     void *ctx, struct mst_err *err)
{
	int64_t members = -1, has_list = 0;
	struct mst_hash key = {0};
	bool null = false;
	int rc = get_hash(l->c, 1, &l->key, &key, err);

	if (rc == 0)
		rc = mst_ms_get_int(l->c, 2, &members, NULL, err);
	if (rc == 0)
		rc = mst_ms_get_int(l->c, 3, &has_list, NULL, err);
	if (rc < 0)
		return rc;
	if (l->key.n != 16 || members < 0 || members > UINT32_MAX)
		return mst_recver_corrupt(
		    &key, "its row holds impossible values", err);
	if (!has_list)
		return fn(ctx, &key, (struct mst_slice){0}, (uint32_t)members);
	mst_buf_reset(list);
	rc = mst_ms_get_bytes(l->c, 4, list, &null, err);
	if (rc < 0)
		return rc;
	if (null)
		return mst_recver_corrupt(&key, "its member list is gone", err);
	return fn(ctx, &key, mst_buf_slice(list), (uint32_t)members);
}

static const char lists_sql[] =
    "TRUNCATE TABLE #keys; "
    "INSERT INTO #keys (set_id, [key])"
    " SELECT @n, " MST_MS_BYTES16(
	"16",
	"0") " FROM #n"
	     " WHERE i < DATALENGTH(@data) / 16; "
	     "SELECT g.[key], g.members, g.has_list, m.list FROM #keys AS k"
	     " JOIN muster.grp AS g ON g.set_id = k.set_id AND g.[key] = "
	     "k.[key]"
	     " LEFT JOIN muster.members AS m ON m.set_id = g.set_id"
	     " AND m.[key] = g.[key]";

int mst_ms_lists(void *p, int64_t set, const struct mst_hash *keys, size_t n,
		 int (*fn)(void *ctx, const struct mst_hash *key,
			   struct mst_slice list, uint32_t members),
		 void *ctx, struct mst_err *err)
{
	struct mst_buf list = MST_BUF_INIT(MST_RECVER_MAX_LIST + 1);
	struct mst_ms_pack pack;
	struct mst_ms *c = p;
	struct loading l;
	bool rows = false;
	uint8_t raw[16];
	int rc;

	mst_ms_pack_init(&pack);
	for (size_t i = 0; i < n; i++) {
		mst_recver_hash_put(keys[i], raw);
		mst_ms_add_raw(&pack, raw, 16);
	}
	rc = mst_ms_exec(c, lists_sql, &pack, set, &rows, NULL, err);
	mst_ms_pack_fini(&pack);
	loading_init(&l, c);
	while (rc == 0 && rows && (rc = mst_ms_fetch(c, err)) > 0) {
		rc = give_list(&l, &list, fn, ctx, err);
		if (rc != 0)
			break;
	}
	loading_fini(&l);
	mst_buf_fini(&list);
	if (rc == 0)
		return mst_ms_finish(c, err);
	mst_ms_close(c);
	return rc;
}

/* ---- statistics ---------------------------------------------------------- */

#define COUNT                                                                  \
	"SELECT COUNT(*), SUM(members),"                                       \
	" SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END),"                         \
	" SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END) FROM muster.grp"

static int count(struct mst_ms *c, const int64_t *sets, size_t n,
		 struct mst_recver_stats *s_r, struct mst_err *err)
{
	uint64_t *out[] = {&s_r->groups, &s_r->members, &s_r->dirty,
			   &s_r->pending};
	struct mst_ms_pack pack;
	bool rows = false, null;
	int64_t v;
	int rc;

	mst_ms_pack_init(&pack);
	for (size_t i = 0; i < n; i++)
		mst_ms_add_int8(&pack, sets[i]);
	rc = mst_ms_exec(
	    c,
	    n ? COUNT " WHERE set_id IN (SELECT " MST_MS_INT8(
		    "8", "0") " FROM #n WHERE i < DATALENGTH(@data) / 8)"
	      : COUNT,
	    &pack, 0, &rows, NULL, err);
	mst_ms_pack_fini(&pack);
	if (rc == 0 && rows)
		rc = mst_ms_fetch(c, err);
	if (rc > 0)
		rc = 0;
	for (int i = 0; rc == 0 && rows && i < 4; i++) {
		rc = mst_ms_get_int(c, i + 1, &v, &null, err);
		*out[i] += rc == 0 ? (uint64_t)v : 0;
	}
	if (rc == 0)
		return mst_ms_finish(c, err);
	mst_ms_close(c);
	return rc;
}

static int read_bytes(struct mst_ms *c, uint64_t *bytes_r, struct mst_err *err)
{
	int64_t pages = 0;
	bool found;
	int rc = mst_ms_number(
	    c,
	    "SELECT SUM(a.total_pages) FROM sys.tables AS t"
	    " JOIN sys.partitions AS p ON p.object_id = t.object_id"
	    " JOIN sys.allocation_units AS a ON a.container_id ="
	    " CASE WHEN a.type = 2 THEN p.partition_id ELSE p.hobt_id END"
	    " WHERE t.schema_id = SCHEMA_ID(N'muster')",
	    NULL, 0, &pages, &found, err);

	/* A server that is only like SQL Server may not know its pages. */
	if (rc < 0 && mst_ms_absent(c, "N'sys.allocation_units'", rc)) {
		mst_err_clear(err);
		pages = 0;
		rc = 0;
	}
	*bytes_r = (uint64_t)pages * 8192;
	return rc;
}

int mst_ms_stats(void *p, const int64_t *sets, size_t n,
		 struct mst_recver_stats *s_r, struct mst_err *err)
{
	size_t i = 0, some;
	int rc;

	do {
		some = MST_MIN(n - i, (size_t)MST_MS_ROWS);
		rc = count(p, n ? sets + i : NULL, some, s_r, err);
		i += some;
	} while (rc == 0 && i < n);
	return rc < 0 ? rc : read_bytes(p, &s_r->bytes, err);
}
