/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer in one SQLite file. A group is a row of `grp`, clustered by set and
 * key, so that loading a set is one walk in order; its member list is a few
 * rows of `members`, appended (sqlite_list.c).
 *
 * Commits are synced: "a push of these groups was begun" must be on the disk
 * before the first request leaves, or a power cut could make the next run
 * write again what the destination cannot tell apart. There is a commit per
 * chunk of hundreds of groups, so the syncs do not show.
 *
 * One opener: the lock file names the process, and SQLite keeps its own lock
 * for as long as the file is open.
 */
#include "recver/recver.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "recver/scripts.h"
#include "recver/sqlite/private.h"

#define LIST_RESET                                                             \
	"DELETE FROM members WHERE id IN (SELECT m.id FROM grp g"              \
	" JOIN members m ON m.id BETWEEN g.list_id AND g.list_id"              \
	" + " MST_SQLSTORE_PARTS_TEXT " - 1 WHERE "

/* Bytes of a member in its list and in its page. */
#define MEMBER_TEXT "34"

static const char *const sql[Q__MAX] = {
    [Q_META_GET] = "SELECT value FROM meta WHERE target=?1 AND name=?2",
    [Q_META_PUT] = "INSERT INTO meta(target, name, value) VALUES(?1, ?2, ?3)"
		   " ON CONFLICT DO UPDATE SET value=?3",
    [Q_META_RESET] = "DELETE FROM meta WHERE target=?1",
    [Q_SET_GET] = "SELECT id FROM sets WHERE target=?1 AND name=?2",
    [Q_SET_ADD] = "INSERT INTO sets(target, name, id)"
		  /* Groups may be there whose set is gone. */
		  " SELECT ?1, ?2, max(ifnull((SELECT max(id) FROM sets), 0),"
		  " ifnull((SELECT max(set_id) FROM grp), 0)) + 1"
		  " RETURNING id",
    [Q_SET_RESET] = "DELETE FROM sets WHERE target=?1",
    [Q_LOAD] = "SELECT key, text, digest, members, remote, first_us,"
	       " changed_us, run, state FROM grp WHERE set_id=?1"
	       " ORDER BY key",
    [Q_LIST_OF] = "SELECT list_id, members FROM grp"
		  " WHERE set_id=?1 AND key=?2",
    [Q_PARTS] = "SELECT list FROM members WHERE id BETWEEN ?1 AND ?2"
		" ORDER BY id",
    [Q_PART_SIZES] = "SELECT length(list) FROM members"
		     " WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    [Q_PART_PUT] = "INSERT OR REPLACE INTO members(id, list) VALUES(?1, ?2)",
    [Q_PARTS_DEL] = "DELETE FROM members WHERE id BETWEEN ?1 AND ?2",
    [Q_LIST_RESET] = LIST_RESET "g.set_id=?1)",
    [Q_PUT] = "INSERT OR REPLACE INTO grp(set_id, key, text, digest, members,"
	      " list_id, remote, first_us, changed_us, run, state)"
	      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [Q_MARK] = "INSERT INTO grp(set_id, key, text, digest, members, run,"
	       " state) VALUES(?1, ?2, ?3, zeroblob(16), 0, 0, ?4)"
	       " ON CONFLICT DO UPDATE SET state=?4",
    [Q_DEL] = "DELETE FROM grp WHERE set_id=?1 AND key=?2",
    [Q_RESET] = "DELETE FROM grp WHERE set_id=?1",
    [Q_RESET_STRAYS] = "DELETE FROM grp WHERE set_id NOT IN"
		       " (SELECT id FROM sets)",
    [Q_LIST_RESET_STRAYS] = LIST_RESET "g.set_id NOT IN (SELECT id FROM sets))",
    [Q_STATS] = "SELECT count(*), total(members), total(state=1),"
		" total(state=2) FROM grp WHERE set_id IN (SELECT id"
		" FROM sets WHERE (?1 IS NULL OR target=?1)"
		" AND (?2 IS NULL OR name=?2))",
    [Q_STATS_TEXT] = "SELECT (SELECT total(length(text) + 96) FROM grp) +"
		     " (SELECT total(length(list) + 12) FROM members)",
    [Q_STATS_ROUGH] =
	"SELECT total(length(text) + 96 + members * " MEMBER_TEXT ") FROM grp",
};

static const struct mst_db_spec spec = {
    .what = "RecVer",
    .remedy = "put a backup back, or remove the file; the next run then looks "
	      "every record up and delivers what differs",
    .schema =
	"CREATE TABLE meta(target TEXT NOT NULL, name TEXT NOT NULL,"
	" value BLOB NOT NULL, PRIMARY KEY(target, name))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE sets(target TEXT NOT NULL, name TEXT NOT NULL,"
	" id INTEGER NOT NULL, PRIMARY KEY(target, name))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE grp(set_id INTEGER NOT NULL, key BLOB NOT NULL,"
	" text BLOB NOT NULL, digest BLOB NOT NULL, members INTEGER NOT NULL,"
	" list_id INTEGER, remote BLOB, first_us INTEGER, changed_us INTEGER,"
	" run INTEGER NOT NULL, state INTEGER NOT NULL,"
	" PRIMARY KEY(set_id, key)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE members(id INTEGER PRIMARY KEY, list BLOB NOT NULL)"
	" STRICT;",
    .app_id = MST_SQLSTORE_APP_ID,
    .page_bytes = 8192,
    .cache_kib = 4096,
    .log_kib = 32768,
    .exclusive = true,
    .durable = true,
    .sql = sql,
    .sql_n = Q__MAX,
};

/* ---- meta ---------------------------------------------------------------- */

static int meta_get(struct mst_recver *r, const char *target, const char *name,
		    struct mst_buf *val, bool *found_r, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_META_GET, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, mst_recver_target(target));
	mst_db_bind_text(st, 2, name);
	rc = mst_db_step(&s->db, st, err);
	if (rc < 0)
		return rc;
	*found_r = rc == 1;
	if (rc == 1 && !mst_buf_add_slice(val, mst_db_blob(st, 0)))
		rc = mst_err_set(err, MST_E_INVALID,
				 "RecVer's value '%s' is longer than the %zu "
				 "bytes that it may have",
				 name, val->max);
	mst_db_reset(st);
	return rc < 0 ? rc : 0;
}

static int meta_store(struct mst_sqlstore *s, const char *target,
		      const char *name, struct mst_slice val,
		      struct mst_err *err)
{
	sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_META_PUT, &st, err);

	if (rc < 0)
		return rc;
	mst_db_bind_text(st, 1, target);
	mst_db_bind_text(st, 2, name);
	mst_db_bind_blob(st, 3, val);
	return mst_db_run(&s->db, st, err);
}

static int meta_put(struct mst_recver *r, const char *target, const char *name,
		    struct mst_slice val, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	int rc;

	target = mst_recver_target(target);
	rc = mst_recver_check_meta(target, name, err);
	return rc < 0 ? rc : meta_store(s, target, name, val, err);
}

/* ---- open, close --------------------------------------------------------- */

/* What the database says of itself; one transaction, so that a database
 * without a seed is one that nobody has used yet. */
static int found(struct mst_sqlstore *s, const char *source,
		 struct mst_err *err)
{
	uint8_t seed[8];
	char schema[12];
	int rc = mst_recver_seed(seed, err);
	bool own;

	if (rc < 0)
		return rc;
	(void)snprintf(schema, sizeof(schema), "%u", mst_recver_schema());
	rc = mst_db_own_begin(&s->db, &own, err);
	if (rc < 0)
		return rc;
	rc = meta_store(s, "", "seed", mst_slice((char *)seed, 8), err);
	if (rc == 0)
		rc = meta_store(s, "", "schema", mst_slice_str(schema), err);
	if (rc == 0)
		rc = meta_store(s, "", "hash", MST_SLICE_LIT(MST_RECVER_HASH),
				err);
	if (rc == 0)
		rc = meta_store(s, "", "source", mst_slice_str(source), err);
	return mst_db_own_end(&s->db, own, rc, err);
}

static int check(struct mst_sqlstore *s, const char *where, const char *source,
		 struct mst_err *err)
{
	struct mst_buf val = MST_BUF_INIT(65536);
	int64_t sets = 0;
	bool has = false;
	int rc = meta_get(&s->base, "", "seed", &val, &has, err);

	if (rc == 0 && !has)
		rc = mst_db_number(&s->db, "SELECT count(*) FROM sets", &sets,
				   err);
	if (rc == 0 && !has && !sets)
		rc = found(s, source, err);
	else if (rc == 0 && val.n != 8)
		rc = mst_err_set(err, MST_E_CORRUPT,
				 "RecVer '%s' is damaged (its seed): %s", where,
				 spec.remedy);
	mst_buf_reset(&val);
	if (rc == 0)
		rc = meta_get(&s->base, "", "hash", &val, &has, err);
	if (rc == 0 && !mst_slice_is(mst_buf_slice(&val), MST_RECVER_HASH))
		rc = mst_err_set(err, MST_E_UNSUPPORTED,
				 "RecVer '%s' holds check sums of another kind "
				 "than " MST_RECVER_HASH
				 ": use the muster that wrote it",
				 where);
	mst_buf_reset(&val);
	if (rc == 0)
		rc = meta_get(&s->base, "", "source", &val, &has, err);
	if (rc == 0)
		rc = mst_recver_check_source(mst_buf_slice(&val), source, where,
					     err);
	mst_buf_fini(&val);
	return rc;
}

void mst_sqlstore_forget_sets(struct mst_sqlstore *s)
{
	for (unsigned i = 0; i < s->sets_n; i++) {
		free(s->sets[i].target);
		free(s->sets[i].name);
	}
	s->sets_n = 0;
}

static void store_close(struct mst_recver **r)
{
	struct mst_sqlstore *s;

	if (!*r)
		return;
	s = mst_sqlstore_of(*r);
	*r = NULL;
	mst_sqlstore_forget_sets(s);
	if (s->db.h)
		mst_db_close(&s->db);
	mst_lock_drop(&s->lock);
	mst_buf_fini(&s->list);
	mst_buf_fini(&s->raw);
	mst_buf_fini(&s->cuts);
	free(s);
}

static int take_lock(struct mst_sqlstore *s, const char *where,
		     struct mst_err *err)
{
	char *path = mst_asprintf("%s.lock", where);
	char *what = mst_asprintf("RecVer '%s'", where);
	int rc = mst_lock_take(&s->lock, path, what, NULL, err);

	free(path);
	free(what);
	return rc;
}

/* The version and the way to it, as scripts.h has them. */
static void fill_spec(struct mst_sqlstore *s)
{
	unsigned to = mst_recver_schema();

	s->spec = spec;
	s->spec.version = (int)to;
	s->spec.upgrade = s->upgrades;
	for (unsigned v = 1; v < to && v <= MST_SQLSTORE_UPGRADES; v++)
		s->upgrades[v - 1] = mst_recver_upgrade("sqlite", v);
}

static int store_open(const struct mst_recver_conf *conf, const char *source,
		      bool create, struct mst_recver **r_r, struct mst_err *err)
{
	const char *where = conf->path;
	struct mst_sqlstore *s;
	struct mst_recver *r;
	int rc = 0;

	rc = mst_db_find(&spec, where, create, err);
	if (rc < 0)
		return rc;
	s = mst_alloc(sizeof(*s));
	fill_spec(s);
	s->base.ops = &mst_recver_sqlite;
	s->lock.fd = -1;
	mst_buf_init(&s->list, MST_RECVER_MAX_LIST);
	mst_buf_init(&s->raw, MST_RECVER_MAX_LIST);
	mst_buf_init(&s->cuts, MST_SQLSTORE_PARTS * sizeof(size_t));
	rc = take_lock(s, where, err);
	if (rc == 0)
		rc = mst_db_open(&s->db, &s->spec, where, create, err);
	if (rc == 0)
		rc = check(s, where, source, err);
	r = &s->base;
	if (rc < 0)
		store_close(&r);
	else
		*r_r = r;
	return rc;
}

/* ---- sets ---------------------------------------------------------------- */

static void know_set(struct mst_sqlstore *s, const char *target,
		     const char *set, int64_t id)
{
	if (s->sets_n == MST_LEN(s->sets))
		mst_sqlstore_forget_sets(s);
	s->sets[s->sets_n++] = (struct mst_sqlset){
	    .target = mst_strdup(target), .name = mst_strdup(set), .id = id};
}

int mst_sqlstore_set(struct mst_sqlstore *s, const char *target,
		     const char *set, bool make, int64_t *id_r,
		     struct mst_err *err)
{
	sqlite3_stmt *st;
	int rc;

	target = mst_recver_target(target);
	for (unsigned i = 0; i < s->sets_n; i++) {
		if (strcmp(s->sets[i].name, set) == 0 &&
		    strcmp(s->sets[i].target, target) == 0) {
			*id_r = s->sets[i].id;
			return 0;
		}
	}
	*id_r = 0;
	for (int q = Q_SET_GET; q <= (make ? Q_SET_ADD : Q_SET_GET); q++) {
		rc = mst_db_stmt(&s->db, (unsigned)q, &st, err);
		if (rc < 0)
			return rc;
		mst_db_bind_text(st, 1, target);
		mst_db_bind_text(st, 2, set);
		rc = mst_db_step(&s->db, st, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		*id_r = mst_db_int(st, 0);
		rc = mst_db_run(&s->db, st, err); /* inserts at its end */
		if (rc < 0)
			return rc;
		know_set(s, target, set, *id_r);
		return 0;
	}
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

static int row_of(sqlite3_stmt *st, struct mst_group_row *row,
		  struct mst_err *err)
{
	struct mst_slice key = mst_db_blob(st, 0), digest = mst_db_blob(st, 2);
	struct mst_slice remote = mst_db_blob(st, 4);
	int64_t members = mst_db_int(st, 3), state = mst_db_int(st, 8);

	*row = (struct mst_group_row){.text = mst_db_blob(st, 1)};
	if (key.n == 16)
		row->key = mst_recver_hash_get((const uint8_t *)key.p);
	if (key.n != 16 || digest.n != 16 || (remote.n && remote.n != 16) ||
	    members < 0 || members > UINT32_MAX || state < 0 ||
	    state > MST_GROUP_PENDING)
		return mst_recver_corrupt(
		    &row->key, "its row holds impossible values", err);
	row->digest = mst_recver_hash_get((const uint8_t *)digest.p);
	row->members = (uint32_t)members;
	if (remote.n)
		memcpy(row->remote.b, remote.p, 16);
	row->first_delivered_us = mst_db_time(st, 5);
	row->last_changed_us = mst_db_time(st, 6);
	row->last_run = mst_db_int(st, 7);
	row->state = (enum mst_group_state)state;
	return 0;
}

static int load(struct mst_recver *r, const char *target, const char *set,
		int (*fn)(void *ctx, const struct mst_group_row *row),
		void *ctx, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	struct mst_group_row row;
	sqlite3_stmt *st;
	int64_t id;
	int rc = mst_sqlstore_set(s, target, set, false, &id, err);

	if (rc < 0 || !id)
		return rc;
	rc = mst_db_stmt(&s->db, Q_LOAD, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, id);
	while ((rc = mst_db_step(&s->db, st, err)) > 0) {
		rc = row_of(st, &row, err);
		if (rc == 0)
			rc = fn(ctx, &row);
		if (rc != 0)
			break;
	}
	mst_db_reset(st);
	return rc;
}

/* The members of a group into s->list; *found_r: there is such a group. */
static int read_list(struct mst_sqlstore *s, int64_t set,
		     const struct mst_hash *key, bool *found_r,
		     struct mst_err *err)
{
	struct mst_slice bytes;
	int64_t list, n;
	int rc = mst_sqlstore_list_of(s, set, key, found_r, &list, &n, err);

	mst_buf_reset(&s->list);
	if (rc < 0 || !list)
		return rc;
	rc = mst_sqlstore_list_get(s, list, &bytes, err);
	if (rc < 0)
		return rc;
	if (!bytes.n)
		return mst_recver_corrupt(key, "its member list is gone", err);
	if (n < 0 || n > UINT32_MAX)
		n = UINT32_MAX;
	return mst_recver_list_get(bytes, (uint32_t)n, key, &s->list, err);
}

static int members(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_hash *keys, size_t n,
		   int (*fn)(void *ctx, const struct mst_hash *key,
			     const struct mst_member *m, size_t m_n),
		   void *ctx, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	bool found = false;
	int64_t id;
	int rc = mst_sqlstore_set(s, target, set, false, &id, err);

	if (rc < 0 || !id)
		return rc;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = read_list(s, id, &keys[i], &found, err);
		if (rc == 0 && found)
			rc = fn(ctx, &keys[i],
				(const struct mst_member *)(void *)s->list.p,
				s->list.n / sizeof(struct mst_member));
	}
	return rc;
}

static int stats(struct mst_recver *r, const char *target, const char *set,
		 struct mst_recver_stats *s_r, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, Q_STATS, &st, err);

	if (rc < 0)
		return rc;
	if (target)
		mst_db_bind_text(st, 1, target);
	if (set)
		mst_db_bind_text(st, 2, set);
	rc = mst_db_step(&s->db, st, err);
	if (rc < 0)
		return rc;
	*s_r = (struct mst_recver_stats){
	    .groups = (uint64_t)mst_db_int(st, 0),
	    .members = (uint64_t)mst_db_int(st, 1),
	    .dirty = (uint64_t)mst_db_int(st, 2),
	    .pending = (uint64_t)mst_db_int(st, 3),
	    .bytes = mst_db_bytes(&s->db),
	};
	mst_db_reset(st);
	return 0;
}

const struct mst_recver_ops mst_recver_sqlite = {
    .type = "sqlite",
    .open = store_open,
    .close = store_close,
    .meta_get = meta_get,
    .meta_put = meta_put,
    .load = load,
    .members = members,
    .begin = mst_sqlstore_begin,
    .commit = mst_sqlstore_commit,
    .abort = mst_sqlstore_abort,
    .put = mst_sqlstore_put,
    .mark = mst_sqlstore_mark,
    .del = mst_sqlstore_del,
    .reset = mst_sqlstore_reset,
    .stats = stats,
    .verify = mst_sqlstore_verify,
    .adopt = mst_sqlstore_adopt,
    .compact = mst_sqlstore_compact,
    .tidy = mst_sqlstore_tidy,
};
