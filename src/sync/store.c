/* SPDX-License-Identifier: Apache-2.0
 *
 * From the options of a source connection to its open RecVer.
 */
#include "sync/store.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"

static char *folder(struct mst_state *state, struct mst_arena *arena)
{
	return mst_arena_printf(arena, "%s/recver", mst_state_dir(state));
}

void mst_store_conf(struct mst_state *state, const char *source,
		    const struct mst_recver_conf *conf, struct mst_arena *arena,
		    struct mst_recver_conf *conf_r)
{
	*conf_r = *conf;
	if (!conf->path)
		conf_r->path = mst_arena_printf(arena, "%s/%s.db",
						folder(state, arena), source);
}

int mst_store_open_any(struct mst_state *state, const char *source,
		       const struct mst_recver_conf *conf, bool create,
		       struct mst_recver **r_r, struct mst_err *err)
{
	const struct mst_recver_ops *ops = mst_recver_find(conf->type);
	struct mst_recver_conf full;
	struct mst_arena arena;
	int rc = 0;

	if (!ops)
		return mst_err_set(err, MST_E_INVALID,
				   "connection '%s': unknown recver.type '%s'",
				   source, conf->type);
	mst_arena_init(&arena, 65536);
	mst_store_conf(state, source, conf, &arena, &full);
	if (create && !conf->path)
		rc = mst_dir_make(folder(state, &arena), err);
	if (rc == 0)
		rc = ops->open(&full, source, create, r_r, err);
	mst_arena_fini(&arena);
	return rc;
}

static int check_finished(struct mst_recver *r, const char *source,
			  struct mst_err *err)
{
	struct mst_buf from = MST_BUF_INIT(65536);
	bool found = false;
	int rc =
	    r->ops->meta_get(r, "", MST_RECVER_UNFINISHED, &from, &found, err);

	if (rc == 0 && found && from.n)
		rc = mst_err_set(
		    err, MST_E_CONFLICT,
		    "RecVer of '%s' is a copy of %.*s that was not "
		    "finished: run that 'muster recver copy' again "
		    "first, or give it up with 'muster recver reset %s'",
		    source, (int)MST_MIN(from.n, (size_t)200), from.p, source);
	mst_buf_fini(&from);
	return rc;
}

/* One node's runs would know nothing of another's. */
static void warn_of_file(struct mst_state *state, const char *source,
			 const struct mst_recver_conf *conf)
{
	if (mst_state_is_shared(state) && strcmp(conf->type, "sqlite") == 0)
		mst_warn("RecVer of '%s' is a file of this machine, while the "
			 "state store is shared: other nodes that run its jobs "
			 "do not see it; put it on a database server "
			 "(recver.type)",
			 source);
}

int mst_store_open(struct mst_state *state, const char *source,
		   const struct mst_recver_conf *conf, bool create,
		   struct mst_recver **r_r, struct mst_err *err)
{
	struct mst_recver *r = NULL;
	int rc;

	warn_of_file(state, source, conf);
	rc = mst_store_open_any(state, source, conf, create, &r, err);

	if (rc == 0)
		rc = check_finished(r, source, err);
	if (rc < 0 && r)
		r->ops->close(&r);
	*r_r = r;
	return rc;
}
