/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing to a store on a server: into the open transaction, or into one of
 * the call's own.
 */
#include "recver/server/private.h"

/* A call outside of a transaction is its own. */
static int own_begin(struct mst_server *s, bool *own_r, struct mst_err *err)
{
	int rc = mst_server_enter(s, err);

	*own_r = !s->tx.open;
	if (rc == 0)
		rc = mst_server_sets(s, err);
	if (rc == 0)
		s->tx.open = true;
	return rc;
}

static int own_end(struct mst_server *s, bool own, int rc, struct mst_err *err)
{
	if (rc == 0)
		rc = mst_tx_check(s, err);
	if (own && rc == 0)
		return mst_server_commit(&s->base, err);
	if (own)
		mst_server_abort(&s->base);
	return rc;
}

int mst_server_put(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_group_put *g, size_t n, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	struct mst_server_set *v;
	bool own = false;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = mst_recver_check_put(&g[i], err);
	if (rc < 0 || n == 0)
		return rc;
	rc = own_begin(s, &own, err);
	if (rc < 0)
		return rc;
	v = mst_server_set(s, target, set, true);
	for (size_t i = 0; i < n && rc == 0; i++) {
		mst_tx_put(s, v->id, &g[i]);
		rc = mst_tx_check(s, err);
	}
	return own_end(s, own, rc, err);
}

int mst_server_mark(struct mst_recver *r, const char *target, const char *set,
		    const struct mst_group_row *rows, size_t n,
		    struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	struct mst_server_set *v;
	bool own = false;
	int rc;

	if (n == 0)
		return 0;
	rc = own_begin(s, &own, err);
	if (rc < 0)
		return rc;
	v = mst_server_set(s, target, set, true);
	for (size_t i = 0; i < n; i++)
		mst_tx_mark(s, v->id, &rows[i]);
	return own_end(s, own, rc, err);
}

int mst_server_del(struct mst_recver *r, const char *target, const char *set,
		   const struct mst_hash *keys, size_t n, struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	struct mst_server_set *v;
	bool own = false;
	int rc = own_begin(s, &own, err);

	if (rc < 0)
		return rc;
	v = mst_server_set(s, target, set, false);
	for (size_t i = 0; i < n && v; i++)
		mst_tx_del(s, v->id, keys[i]);
	return own_end(s, own, rc, err);
}

int mst_server_meta_put(struct mst_recver *r, const char *target,
			const char *name, struct mst_slice val,
			struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	bool own = false;
	int rc;

	target = mst_recver_target(target);
	rc = mst_recver_check_meta(target, name, err);
	if (rc == 0)
		rc = own_begin(s, &own, err);
	if (rc < 0)
		return rc;
	mst_tx_put_meta(s, target, name, val);
	return own_end(s, own, rc, err);
}

int mst_server_reset(struct mst_recver *r, const char *target, const char *set,
		     struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	struct mst_server_set *v;
	bool own = false;
	int rc;

	target = mst_recver_target(target);
	if (!target[0])
		return mst_err_set(err, MST_E_INVALID,
				   "a reset of RecVer needs the destination's "
				   "name");
	rc = own_begin(s, &own, err);
	if (rc < 0)
		return rc;
	if (!set) {
		rc = mst_tx_reset_strays(s, err);
		if (rc == 0)
			mst_tx_reset(s, target);
	} else {
		v = mst_server_set(s, target, set, false);
		if (v) {
			mst_tx_drop(s, v->id);
			v->reset = true;
		}
	}
	return own_end(s, own, rc, err);
}
