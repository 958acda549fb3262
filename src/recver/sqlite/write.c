/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing to RecVer in SQLite: transactions, groups with their member lists,
 * marks, resets.
 */
#include <stdlib.h>

#include "recver/sqlite/private.h"

/* Numbers that a transaction gave are gone with it. */
static void undone(struct mst_sqlstore *s)
{
	mst_sqlstore_forget_sets(s);
	mst_sqlstore_list_forget(s);
}

int mst_sqlstore_begin(struct mst_recver *r, struct mst_err *err)
{
	return mst_db_begin(&mst_sqlstore_of(r)->db, err);
}

int mst_sqlstore_commit(struct mst_recver *r, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	int rc = mst_db_commit(&s->db, err);

	if (rc < 0)
		undone(s);
	return rc;
}

void mst_sqlstore_abort(struct mst_recver *r)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);

	mst_db_abort(&s->db);
	undone(s);
}

static int own_end(struct mst_sqlstore *s, bool own, int rc,
		   struct mst_err *err)
{
	rc = mst_db_own_end(&s->db, own, rc, err);
	if (own && rc < 0)
		undone(s);
	return rc;
}

static int put_one(struct mst_sqlstore *s, int64_t set,
		   const struct mst_group_put *g, struct mst_err *err)
{
	const struct mst_group_row *row = &g->row;
	int64_t list, n;
	uint8_t key[16], digest[16];
	struct sqlite3_stmt *st;
	bool found;
	int rc = mst_recver_check_put(g, err);

	if (rc < 0)
		return rc;
	mst_recver_hash_put(row->key, key);
	mst_recver_hash_put(row->digest, digest);
	rc = mst_sqlstore_list_of(s, set, &row->key, &found, &list, &n, err);
	if (rc < 0)
		return rc;
	/* A list that stays keeps its number of members; without any list the
	 * number is the caller's. */
	if (g->members || !list)
		n = row->members;
	if (g->members)
		rc = mst_sqlstore_list_put(s, g, &list, err);
	if (rc == 0)
		rc = mst_db_stmt(&s->db, Q_PUT, &st, err);
	if (rc < 0)
		return rc;
	mst_db_bind_int(st, 1, set);
	mst_db_bind_blob(st, 2, mst_bytes16(key));
	mst_db_bind_blob(st, 3, row->text);
	mst_db_bind_blob(st, 4, mst_bytes16(digest));
	mst_db_bind_int(st, 5, n);
	if (list)
		mst_db_bind_int(st, 6, list);
	if (!mst_sysid_is_zero(&row->remote))
		mst_db_bind_blob(st, 7, mst_bytes16(row->remote.b));
	mst_db_bind_time(st, 8, row->first_delivered_us);
	mst_db_bind_time(st, 9, row->last_changed_us);
	mst_db_bind_int(st, 10, row->last_run);
	mst_db_bind_int(st, 11, row->state);
	return mst_db_run(&s->db, st, err);
}

struct place {
	struct mst_hash key;
	size_t i;
};

static int by_key(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key.hi != y->key.hi)
		return x->key.hi < y->key.hi ? -1 : 1;
	if (x->key.lo != y->key.lo)
		return x->key.lo < y->key.lo ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i; /* of two, the later one wins */
}

/* A batch in order of key touches every page once. first: the key of the
 * first item, step: bytes from one item to the next. To be freed. */
static struct place *in_order(const struct mst_hash *first, size_t step,
			      size_t n)
{
	struct place *v = mst_alloc(n * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		memcpy(&v[i].key, (const char *)first + i * step,
		       sizeof(v[i].key));
		v[i].i = i;
	}
	qsort(v, n, sizeof(*v), by_key);
	return v;
}

int mst_sqlstore_put(struct mst_recver *r, const char *target, const char *set,
		     const struct mst_group_put *g, size_t n,
		     struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	struct place *v;
	int64_t id;
	bool own;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_db_own_begin(&s->db, &own, err);
	if (rc < 0)
		return rc;
	v = in_order(&g->row.key, sizeof(*g), n);
	rc = mst_sqlstore_set(s, target, set, true, &id, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_one(s, id, &g[v[i].i], err);
	free(v);
	return own_end(s, own, rc, err);
}

int mst_sqlstore_mark(struct mst_recver *r, const char *target, const char *set,
		      const struct mst_group_row *rows, size_t n,
		      struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	struct place *v;
	const struct mst_group_row *row;
	uint8_t key[16];
	struct sqlite3_stmt *st;
	int64_t id;
	bool own;
	int rc;

	if (n == 0)
		return 0;
	rc = mst_db_own_begin(&s->db, &own, err);
	if (rc < 0)
		return rc;
	v = in_order(&rows->key, sizeof(*rows), n);
	rc = mst_sqlstore_set(s, target, set, true, &id, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		row = &rows[v[i].i];
		rc = mst_db_stmt(&s->db, Q_MARK, &st, err);
		if (rc < 0)
			break;
		mst_recver_hash_put(row->key, key);
		mst_db_bind_int(st, 1, id);
		mst_db_bind_blob(st, 2, mst_bytes16(key));
		mst_db_bind_blob(st, 3, row->text);
		mst_db_bind_int(st, 4, row->state);
		rc = mst_db_run(&s->db, st, err);
	}
	free(v);
	return own_end(s, own, rc, err);
}

static int del_one(struct mst_sqlstore *s, int64_t set, struct mst_hash key,
		   struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int64_t list, n;
	uint8_t raw[16];
	bool found;
	int rc = mst_sqlstore_list_of(s, set, &key, &found, &list, &n, err);

	if (rc == 0)
		rc = mst_sqlstore_list_del(s, &list, err);
	if (rc == 0)
		rc = mst_db_stmt(&s->db, Q_DEL, &st, err);
	if (rc < 0)
		return rc;
	mst_recver_hash_put(key, raw);
	mst_db_bind_int(st, 1, set);
	mst_db_bind_blob(st, 2, mst_bytes16(raw));
	return mst_db_run(&s->db, st, err);
}

int mst_sqlstore_del(struct mst_recver *r, const char *target, const char *set,
		     const struct mst_hash *keys, size_t n, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	int64_t id;
	bool own;
	int rc = mst_db_own_begin(&s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = mst_sqlstore_set(s, target, set, false, &id, err);
	for (size_t i = 0; i < n && rc == 0 && id; i++)
		rc = del_one(s, id, keys[i], err);
	return own_end(s, own, rc, err);
}

static int run_with(struct mst_sqlstore *s, unsigned q, const char *text,
		    int64_t id, struct mst_err *err)
{
	struct sqlite3_stmt *st;
	int rc = mst_db_stmt(&s->db, q, &st, err);

	if (rc < 0)
		return rc;
	if (text)
		mst_db_bind_text(st, 1, text);
	else if (id)
		mst_db_bind_int(st, 1, id);
	return mst_db_run(&s->db, st, err);
}

static int reset_target(struct mst_sqlstore *s, const char *target,
			struct mst_err *err)
{
	int rc = run_with(s, Q_SET_RESET, target, 0, err);

	/* Without their set they go, and with them what had none before. */
	if (rc == 0)
		rc = run_with(s, Q_LIST_RESET_STRAYS, NULL, 0, err);
	if (rc == 0)
		rc = run_with(s, Q_RESET_STRAYS, NULL, 0, err);
	if (rc == 0)
		rc = run_with(s, Q_META_RESET, target, 0, err);
	mst_sqlstore_forget_sets(s);
	return rc;
}

int mst_sqlstore_reset(struct mst_recver *r, const char *target,
		       const char *set, struct mst_err *err)
{
	struct mst_sqlstore *s = mst_sqlstore_of(r);
	int64_t id;
	bool own;
	int rc;

	if (!mst_recver_target(target)[0])
		return mst_err_set(err, MST_E_INVALID,
				   "a reset of RecVer needs the destination's "
				   "name");
	rc = mst_db_own_begin(&s->db, &own, err);
	if (rc < 0)
		return rc;
	if (!set) {
		rc = reset_target(s, target, err);
	} else {
		rc = mst_sqlstore_set(s, target, set, false, &id, err);
		if (rc == 0 && id)
			rc = run_with(s, Q_LIST_RESET, NULL, id, err);
		if (rc == 0 && id)
			rc = run_with(s, Q_RESET, NULL, id, err);
	}
	mst_sqlstore_list_forget(s);
	return own_end(s, own, rc, err);
}
