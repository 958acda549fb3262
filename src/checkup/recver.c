/* SPDX-License-Identifier: Apache-2.0
 *
 * RecVer of a source connection: the checks of its store, and what setup makes
 * of it.
 */
#include "checkup/private.h"

#include "sync/store.h"

static bool on_server(const struct mst_recver_conf *conf)
{
	return strcmp(conf->type, "sqlite") != 0 &&
	       strcmp(conf->type, "mem") != 0;
}

int mst_checkup_recver_open(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_checkup_recver *r = &c->recver;

	mst_store_conf(c->state, c->c.name, &c->c.source_conf->recver,
		       &c->arena, &r->conf);
	r->ops = mst_recver_setup_find(r->conf.type);
	if (!c->conf.admin)
		return 0;
	if (!on_server(&r->conf))
		return mst_err_set(err, MST_E_INVALID,
				   "--admin means nothing here: RecVer of '%s' "
				   "is no database on a server (recver.type "
				   "%s)",
				   c->c.name, r->conf.type);
	r->admin = r->conf;
	r->admin.user = c->conf.admin;
	r->admin.password = c->conf.admin_password;
	r->admin.integrated_security = false;
	r->admin.auth_source = NULL;
	return 0;
}

/* ---- checks -------------------------------------------------------------- */

static void take(void *ctx, const struct mst_check *check)
{
	struct mst_checkup *c = ctx;
	struct mst_checkup_recver *r = &c->recver;

	if (check->level == MST_CHECK_FAILED) {
		if (strcmp(check->name, MST_RECVER_CHECK_CONNECT) == 0)
			r->unreachable = true;
		if (strncmp(check->name, "setup:", 6) == 0)
			r->step_failed = true;
	}
	if (check->level != MST_CHECK_OK && !r->mends)
		r->mends = mst_arena_strdup(&c->arena, check->name);
	c->conf.report(c->conf.ctx, check);
}

static struct mst_recver_setup_env env_of(struct mst_checkup *c)
{
	return (struct mst_recver_setup_env){
	    .conf = &c->recver.conf,
	    .source = c->c.name,
	    .admin = c->conf.admin ? &c->recver.admin : NULL,
	    .report = take,
	    .ctx = c,
	};
}

int mst_checkup_recver(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_checkup_recver *r = &c->recver;
	const struct mst_recver_setup_env env = env_of(c);

	if (mst_checkup_cancelled(c))
		return mst_err_set(err, MST_E_CANCELLED, "cancelled");
	if (!r->ops)
		return 0;
	r->unreachable = false;
	r->mends = NULL;
	if (r->ops->check(&env, err) < 0)
		return -(int)err->code;
	if (!r->unreachable)
		mst_recver_check_unfinished(&env);
	return 0;
}

/* ---- setup --------------------------------------------------------------- */

static void add_step(void *ctx, const char *what, const char *how)
{
	struct mst_checkup *c = ctx;
	struct mst_checkup_recver *r = &c->recver;

	/* The last pair ends the list. */
	if (r->steps + 1 >= MST_LEN(r->fix.values))
		return;
	r->fix.values[r->steps][0] = mst_arena_strdup(&c->arena, what);
	r->fix.values[r->steps][1] = mst_arena_strdup(&c->arena, how);
	r->steps++;
}

static const char *where(struct mst_checkup *c)
{
	struct mst_checkup_recver *r = &c->recver;
	char *database MST_CLEANUP(mst_freep) =
	    mst_recver_database(&r->conf, c->c.name);

	if (!on_server(&r->conf))
		return mst_arena_printf(&c->arena, "set up RecVer in '%s'",
					r->conf.path);
	return mst_arena_printf(
	    &c->arena, "set up RecVer '%s' on '%s'%s%s%s", database,
	    r->conf.server ? r->conf.server : "this machine",
	    c->conf.admin ? " as '" : "", c->conf.admin ? c->conf.admin : "",
	    c->conf.admin ? "'" : "");
}

bool mst_checkup_recver_plan(struct mst_checkup *c, struct mst_check_fix *out)
{
	struct mst_checkup_recver *r = &c->recver;
	const struct mst_recver_setup_env env = env_of(c);
	struct mst_err why = MST_ERR_INIT;

	r->steps = 0;
	r->fix = (struct mst_check_fix){
	    .check = r->mends ? r->mends : MST_RECVER_CHECK_RIGHTS,
	};
	/* Where the connection's own login does not get in, another may. */
	if (!r->ops || (r->unreachable && !c->conf.admin))
		return false;
	if (r->ops->plan(&env, add_step, c, &why) < 0) {
		mst_checkup_say(c, "setup:plan", "RecVer: set-up", &why, "");
		return false;
	}
	r->fix.what = where(c);
	*out = r->fix;
	return r->steps > 0;
}

int mst_checkup_recver_make(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_checkup_recver *r = &c->recver;
	const struct mst_recver_setup_env env = env_of(c);
	struct mst_err why = MST_ERR_INIT;

	r->step_failed = false;
	if (r->ops->make(&env, &why) < 0 && !r->step_failed)
		mst_checkup_say(c, "setup:make", "RecVer: set-up", &why, "");
	return mst_checkup_recver(c, err);
}
