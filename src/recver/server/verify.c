/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking at all of a store on a server, and making an empty one another's
 * copy.
 */
#include <stdlib.h>

#include "recver/server/private.h"
#include "recver/setup.h"

/* The caller's own value, apart from the server's errors. */
struct looking {
	struct mst_server *s;
	const struct mst_recver_look *look;
	struct mst_err *err;
	void *side; /* a connection that keeps the lease meanwhile */
	bool begun;
	int result;
};

#define STOPPED 1

static int gave(struct looking *l, int result)
{
	l->result = result;
	return result ? STOPPED : 0;
}

static int take_set(void *ctx, int64_t id, const char *target, const char *name)
{
	struct looking *l = ctx;

	return gave(l, l->look->set(l->look->ctx, id, target, name));
}

static int take_meta(void *ctx, const char *target, const char *name,
		     struct mst_slice value)
{
	struct looking *l = ctx;

	return gave(l, l->look->meta(l->look->ctx, target, name, value));
}

/* Reading all groups may take much longer than a lease is for. */
static int take_group(void *ctx, const struct mst_recver_raw *g)
{
	struct looking *l = ctx;
	int rc = mst_server_keep_aside(l->s, &l->side, l->err);

	return gave(l, rc < 0 ? rc : l->look->group(l->look->ctx, g));
}

static int take_stray(void *ctx, const char *what)
{
	struct looking *l = ctx;

	return gave(l, l->look->stray(l->look->ctx, what));
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
	struct looking l = {.s = s, .look = look, .err = err};
	int rc = mst_server_enter(s, err);

	if (rc < 0)
		return rc;
	s->busy = true;
	rc = mst_server_call(s, look_at, &l, err);
	s->busy = false;
	mst_server_side_end(s, &l.side);
	if (l.result || rc < 0)
		return l.result ? l.result : rc;
	/* It may have taken longer than a lease: what another run wrote in the
	 * meantime is no finding. */
	return mst_server_lease_confirm(s, err);
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

int mst_server_unfinished(const struct mst_recver_ops *ops,
			  const struct mst_recver_conf *conf,
			  const char *source, struct mst_buf *from,
			  struct mst_err *err)
{
	char *database = mst_recver_database(conf, source);
	void *c = NULL;
	bool found;
	int rc;

	rc = ops->driver->connect(conf, database, false, &c, err);
	if (rc == 0)
		rc = ops->driver->meta_get(c, "", MST_RECVER_UNFINISHED, from,
					   &found, err);
	if (c)
		ops->driver->disconnect(c);
	free(database);
	return rc;
}
