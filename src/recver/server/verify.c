/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at all of a store on a server, and making an empty one another's
 * copy.
 */
#include "recver/server/private.h"

/* The caller's own value, apart from the server's errors. */
struct looking {
	const struct mst_recver_look *look;
	bool begun;
	int result;
};

#define STOPPED 1

static int take_set(void *ctx, int64_t id, const char *target, const char *name)
{
	struct looking *l = ctx;

	l->result = l->look->set(l->look->ctx, id, target, name);
	return l->result ? STOPPED : 0;
}

static int take_meta(void *ctx, const char *target, const char *name,
		     struct mst_slice value)
{
	struct looking *l = ctx;

	l->result = l->look->meta(l->look->ctx, target, name, value);
	return l->result ? STOPPED : 0;
}

static int take_group(void *ctx, const struct mst_recver_raw *g)
{
	struct looking *l = ctx;

	l->result = l->look->group(l->look->ctx, g);
	return l->result ? STOPPED : 0;
}

static int take_stray(void *ctx, const char *what)
{
	struct looking *l = ctx;

	l->result = l->look->stray(l->look->ctx, what);
	return l->result ? STOPPED : 0;
}

static int look_at(struct mst_server *s, void *arg, bool *moved_r,
		   struct mst_err *err)
{
	struct looking *l = arg;
	const struct mst_recver_look mine = {
	    .ctx = l,
	    .set = take_set,
	    .meta = take_meta,
	    .group = l->look->group ? take_group : NULL,
	    .stray = take_stray,
	};

	if (l->begun)
		l->look->again(l->look->ctx);
	l->begun = true;
	return s->d->verify(s->c, &mine, err);
}

int mst_server_verify(struct mst_recver *r, const struct mst_recver_look *look,
		      struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	struct looking l = {.look = look};
	int rc = mst_server_enter(s, err);

	if (rc < 0)
		return rc;
	s->busy = true;
	rc = mst_server_call(s, look_at, &l, err);
	s->busy = false;
	if (l.result || rc < 0)
		return l.result ? l.result : rc;
	/* It may have taken longer than a lease: what another run wrote in the
	 * meantime is no finding. */
	return mst_lease_confirm(s, err);
}

int mst_server_adopt(struct mst_recver *r, const uint8_t seed[8],
		     struct mst_err *err)
{
	struct mst_server *s = mst_server_of(r);
	int rc = mst_server_enter(s, err);

	if (rc == 0)
		rc = mst_server_sets(s, err);
	if (rc == 0 && (s->sets_n || s->tx.open))
		rc =
		    mst_err_set(err, MST_E_INVALID,
				"%s is not empty: it keeps its seed", s->where);
	if (rc < 0)
		return rc;
	s->tx.open = true;
	mst_tx_put_meta(s, "", "seed", mst_slice((const char *)seed, 8));
	return mst_server_commit(r, err);
}
