/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration items, as texts.
 */
#include <stdlib.h>

#include "base/time.h"
#include "conf/conf.h"
#include "state_private.h"

static const char q_item_get[] =
    "SELECT yaml, type FROM item WHERE kind=?1 AND name=?2";
/* When it came to be stays. */
static const char q_item_put[] =
    "INSERT INTO item(kind, name, type, yaml, changed_us,"
    " created_us) VALUES(?1, ?2, ?3, ?4, ?5, ?5)"
    " ON CONFLICT(kind, name) DO UPDATE SET type=?3, yaml=?4, changed_us=?5";
static const char q_item_del[] = "DELETE FROM item WHERE kind=?1 AND name=?2";
static const char q_items[] =
    "SELECT kind, name, type, yaml, created_us FROM item"
    " WHERE CAST(?1 AS TEXT) IS NULL OR kind=?1 ORDER BY kind, name";

/* How many names are compared for "did you mean". */
#define NEAR_MAX 256

static int audit(struct mst_state *s, const struct mst_state_item *it,
		 const char *before, struct mst_err *err)
{
	const struct mst_audit_entry e = {.kind = it->kind,
					  .name = it->name,
					  .before = before,
					  .after = it->yaml,
					  .what = it->what};

	return mst_audit_put(s, &e, err);
}

/* The stored text, NULL when there is none; same_r: nothing would change. */
static int stored(struct mst_state *s, const struct mst_state_item *it,
		  char **yaml_r, bool *same_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_item_get, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, it->kind);
	mst_sdb_bind_text(st, 2, it->name);
	rc = mst_sdb_step(st, err);
	if (rc < 0)
		return rc;
	*yaml_r = rc ? mst_strdup(mst_sdb_text(st, 0)) : NULL;
	*same_r = it->yaml ? rc && strcmp(*yaml_r, it->yaml) == 0 &&
				 strcmp(mst_sdb_text(st, 1), it->type) == 0
			   : !rc;
	mst_sdb_reset(st);
	return 0;
}

static int store(struct mst_state *s, const struct mst_state_item *it,
		 struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_item_put, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, it->kind);
	mst_sdb_bind_text(st, 2, it->name);
	mst_sdb_bind_text(st, 3, it->type);
	mst_sdb_bind_text(st, 4, it->yaml);
	mst_sdb_bind_int(st, 5, mst_now_us());
	return mst_sdb_run(st, NULL, err);
}

static int take_out(struct mst_state *s, const struct mst_state_item *it,
		    struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_item_del, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, it->kind);
	mst_sdb_bind_text(st, 2, it->name);
	return mst_sdb_run(st, NULL, err);
}

static int put_item(struct mst_state *s, const struct mst_state_item *it,
		    size_t *added, size_t *changed, struct mst_err *err)
{
	char *before = NULL;
	bool same = false;
	int rc = stored(s, it, &before, &same, err);

	if (rc == 0 && it->only_if &&
	    strcmp(it->only_if, before ? before : "") != 0)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "%s '%s' was changed by somebody else "
				 "meanwhile; nothing was saved; look again",
				 it->kind, it->name);
	if (rc == 0 && !same) {
		rc = it->yaml ? store(s, it, err) : take_out(s, it, err);
		if (rc == 0)
			rc = audit(s, it, before, err);
		if (before)
			++*changed;
		else
			++*added;
	}
	free(before);
	return rc;
}

int mst_state_put_items(struct mst_state *s, const struct mst_state_item *items,
			size_t n, size_t *added_r, size_t *changed_r,
			struct mst_err *err)
{
	size_t added = 0, changed = 0;
	bool own;
	int rc = mst_sdb_own_begin(s->db, &own, err);

	if (rc < 0)
		return rc;
	rc = mst_audit_lock(s, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_item(s, &items[i], &added, &changed, err);
	rc = mst_sdb_own_end(s->db, own, rc, err);
	if (rc == 0 && added + changed)
		rc = mst_sdb_sync(s->db, err);
	if (rc == 0) {
		*added_r = added;
		*changed_r = changed;
	}
	return rc;
}

int mst_state_items(struct mst_state *s, const char *kind,
		    int (*fn)(void *ctx, const struct mst_state_item *item),
		    void *ctx, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_items, &st, err);

	if (rc < 0)
		return rc;
	if (kind)
		mst_sdb_bind_text(st, 1, kind);
	while ((rc = mst_sdb_step(st, err)) > 0) {
		const struct mst_state_item it = {
		    .kind = mst_sdb_text(st, 0),
		    .name = mst_sdb_text(st, 1),
		    .type = mst_sdb_text(st, 2),
		    .yaml = mst_sdb_text(st, 3),
		    .created_us = mst_sdb_int(st, 4),
		};

		rc = fn(ctx, &it);
		if (rc != 0)
			break;
	}
	mst_sdb_reset(st);
	return rc;
}

struct names {
	char *name[NEAR_MAX + 1];
	size_t n;
};

static int add_name(void *ctx, const struct mst_state_item *item)
{
	struct names *v = ctx;

	if (v->n < NEAR_MAX)
		v->name[v->n++] = mst_strdup(item->name);
	return 0;
}

static int unknown_item(struct mst_state *s, const char *kind, const char *name,
			struct mst_err *err)
{
	struct names v = {.n = 0};
	const char *near = NULL;
	int rc = mst_state_items(s, kind, add_name, &v, err);

	if (rc == 0)
		near = mst_nearest(name, (const char *const *)v.name);
	if (rc == 0 && near)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "no %s '%s'; did you mean '%s'?", kind, name,
				 near);
	else if (rc == 0 && v.n)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "no %s '%s'; there are: %s%s", kind, name,
				 v.name[0], v.n > 1 ? " and others" : "");
	else if (rc == 0)
		rc = mst_err_set(err, MST_E_NOTFOUND,
				 "no %s '%s', and no other either: apply a "
				 "file that has one",
				 kind, name);
	for (size_t i = 0; i < v.n; i++)
		free(v.name[i]);
	return rc;
}

int mst_state_find(struct mst_state *s, const char *kind, const char *name,
		   struct mst_buf *yaml, bool *found_r, struct mst_err *err)
{
	struct mst_sdb_st *st;
	int rc = mst_sdb_stmt(s->db, q_item_get, &st, err);

	if (rc < 0)
		return rc;
	mst_sdb_bind_text(st, 1, kind);
	mst_sdb_bind_text(st, 2, name);
	rc = mst_sdb_step(st, err);
	if (rc < 0)
		return rc;
	*found_r = rc > 0;
	if (rc == 0)
		return 0;
	rc = 0;
	if (!mst_buf_adds(yaml, mst_sdb_text(st, 0)))
		rc = mst_err_set(err, MST_E_INVALID,
				 "%s '%s' is longer than the %zu bytes that "
				 "it may have",
				 kind, name, yaml->max);
	mst_sdb_reset(st);
	return rc;
}

int mst_state_item(struct mst_state *s, const char *kind, const char *name,
		   struct mst_buf *yaml, struct mst_err *err)
{
	bool found = false;
	int rc = mst_state_find(s, kind, name, yaml, &found, err);

	return rc == 0 && !found ? unknown_item(s, kind, name, err) : rc;
}
