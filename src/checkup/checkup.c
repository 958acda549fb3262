/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a connection in their order, and the requests of those that
 * its connector brings.
 */
#include "checkup/private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cred/cred.h"

#define UNDER_WAY      4
#define RETRIES	       3
#define RETRY_AFTER_MS 15000
#define ADMIN	       "administrator"

int mst_checkup_open(struct mst_state *state, const char *connection,
		     const struct mst_checkup_conf *conf,
		     struct mst_checkup **c_r, struct mst_err *err)
{
	const struct mst_config config = {state, conf->front, conf->front_n};
	struct mst_checkup *c = mst_alloc(sizeof(*c));
	int rc;

	c->conf = *conf;
	c->state = state;
	mst_arena_init(&c->arena, MST_MAX_ARENA);
	rc = mst_connection_get(&config, connection, MST_ENV__MAX, &c->arena,
				&c->c, err);
	if (rc == 0 && c->c.source)
		rc = mst_checkup_recver_open(c, err);
	else if (rc == 0 && conf->admin)
		rc = mst_cred_basic(conf->admin, conf->admin_password,
				    &c->admin, err);
	if (rc < 0)
		mst_checkup_close(&c);
	else
		*c_r = c;
	return rc < 0 ? rc : 0;
}

void mst_checkup_close(struct mst_checkup **cp)
{
	struct mst_checkup *c = *cp;

	if (!c)
		return;
	if (c->checks)
		c->checks->ops->free(&c->checks);
	mst_client_free(&c->client);
	if (c->source)
		c->c.source->close(&c->source);
	if (c->dest)
		c->c.dest->close(&c->dest);
	if (c->admin)
		mst_auth_free(&c->admin);
	mst_checkup_jobs_fini(&c->jobs);
	mst_arena_fini(&c->arena);
	free(c);
	*cp = NULL;
}

const char *mst_checkup_type(const struct mst_checkup *c)
{
	return c->c.type;
}

const char *mst_checkup_address(const struct mst_checkup *c)
{
	return c->addresses_n ? c->addresses[0].url : "";
}

void mst_checkup_say(struct mst_checkup *c, const char *name, const char *title,
		     const struct mst_err *err, const char *text)
{
	struct mst_check check = {.name = name, .title = title};

	check.code = err->code;
	mst_check_say(&check, err->code ? MST_CHECK_FAILED : MST_CHECK_OK,
		      "%.760s", err->code ? err->msg : text);
	c->conf.report(c->conf.ctx, &check);
}

void mst_checkup_skip(struct mst_checkup *c, const char *name,
		      const char *title, const char *broken)
{
	struct mst_check check = {.name = name, .title = title};

	mst_check_say(&check, MST_CHECK_SKIPPED, "needs the check '%s'",
		      broken);
	c->conf.report(c->conf.ctx, &check);
}

bool mst_checkup_cancelled(const struct mst_checkup *c)
{
	return c->conf.cancel && atomic_load(c->conf.cancel);
}

/* ---- opening the ends ---------------------------------------------------- */

static void no_verdict(void *ctx, const struct mst_verdict *v)
{
	(void)ctx;
	(void)v;
}

static int open_dest(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_dest_env env = {
	    .connection = c->c.name,
	    .source = c->c.name,
	    .catalog = mst_sources[0]->catalog,
	    .run = "checks",
	    .verdict = no_verdict,
	};
	struct mst_client_conf conf = {
	    .name = c->c.name,
	    .insecure_loopback = true,
	    .retry_max = RETRIES,
	    .retry_total_ms = MST_CHECKUP_RETRY_TOTAL_MS,
	    .retry_after_max_ms = RETRY_AFTER_MS,
	};
	struct mst_source_auth auths[4];
	size_t n;

	if (c->c.dest->client)
		c->c.dest->client(c->c.dest_conf, &conf);
	if (c->c.dest->open(&env, c->c.dest_conf, &c->dest, err) < 0)
		return -(int)err->code;
	c->client = mst_client_new(&conf, err);
	if (!c->client)
		return -(int)err->code;
	n = c->c.dest->auths(c->dest, auths, MST_LEN(auths));
	for (size_t i = 0; i < n; i++)
		mst_client_add_auth(c->client, auths[i].name, auths[i].auth,
				    auths[i].hosts);
	if (c->admin && n)
		mst_client_add_auth(c->client, ADMIN, c->admin, auths[0].hosts);
	if (c->c.dest->addresses)
		c->addresses_n = c->c.dest->addresses(c->dest, c->addresses,
						      MST_CHECKUP_ADDRESSES);
	return 0;
}

/* ---- the way there ------------------------------------------------------- */

int mst_checkup_look_at_way(struct mst_checkup *c, size_t i,
			    const char **broken_r, struct mst_err *err)
{
	const struct mst_address *a = &c->addresses[i];
	struct mst_way w;

	if (mst_client_way(c->client, a->url, c->conf.cancel, &w, err) < 0)
		return -(int)err->code;
	*broken_r = mst_checkup_way(&c->conf, a, c->addresses_n > 1, &w);
	return 0;
}

/* ---- the connector's own checks ------------------------------------------ */

static int send_some(struct mst_checkup *c, bool *end_r, struct mst_err *err)
{
	while (mst_client_pending(c->client) < UNDER_WAY) {
		struct mst_req req = {.id = 0};
		int rc = c->checks->ops->next(c->checks, &req, err);

		if (rc < 0)
			return rc;
		*end_r = rc == MST_CHECKS_END;
		if (rc != MST_CHECKS_REQUEST)
			return 0;
		if (mst_client_submit(c->client, &req, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

static int pump(struct mst_checkup *c, struct mst_err *err)
{
	const struct mst_resp *resp;
	const struct mst_req *req;
	bool end = false;
	int rc;

	for (;;) {
		/* What is under way is left alone: it writes nothing, or is
		 * looked for the next time. */
		if (mst_checkup_cancelled(c))
			return mst_err_set(err, MST_E_CANCELLED, "cancelled");
		if (send_some(c, &end, err) < 0)
			return -(int)err->code;
		if (end)
			return 0;
		rc = mst_client_wait(c->client, 200, &req, &resp, err);
		if (rc < 0)
			return rc;
		if (rc > 0)
			rc = c->checks->ops->accept(c->checks, req, resp, err);
		mst_client_done(c->client);
		if (rc < 0)
			return rc;
	}
}

int mst_checkup_own(struct mst_checkup *c, const char *broken,
		    struct mst_err *err)
{
	char skip[128];
	struct mst_checks_env env = {
	    .uses = c->jobs.uses,
	    .uses_n = c->jobs.uses_n,
	    .report = c->conf.report,
	    .ctx = c->conf.ctx,
	    .gone = c->gone,
	    .gone_n = c->gone_n,
	    .writer = c->admin ? ADMIN : NULL,
	};
	int rc = 0;

	if (broken) {
		(void)snprintf(skip, sizeof(skip), "needs the check '%s'",
			       broken);
		env.skip = mst_arena_strdup(&c->arena, skip);
	}
	if (c->dest && c->c.dest->checks)
		rc = c->c.dest->checks(c->dest, &env, &c->checks, err);
	else if (c->source && c->c.source->checks)
		rc = c->c.source->checks(c->source, &env, &c->checks, err);
	if (rc < 0 || !c->checks)
		return rc;
	return pump(c, err);
}

/* ---- all of it ----------------------------------------------------------- */

static int run_dest(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_err why = MST_ERR_INIT;
	const char *broken = NULL, *failed;
	int rc = open_dest(c, &why);

	mst_checkup_say(c, "settings", "settings", &why,
			*mst_checkup_address(c) ? mst_checkup_address(c)
						: c->c.type);
	if (mst_checkup_jobs(c->state, &c->c, &c->conf, &c->jobs, err) < 0)
		return -(int)err->code;
	if (rc < 0) /* nobody to ask */
		return 0;
	for (size_t i = 0; i < c->addresses_n; i++) {
		if (mst_checkup_look_at_way(c, i, &failed, err) < 0)
			return -(int)err->code;
		broken = failed ? failed : broken;
	}
	return mst_checkup_own(c, broken, err);
}

int mst_checkup_run(struct mst_checkup *c, struct mst_err *err)
{
	int rc;

	if (!c->c.source)
		return run_dest(c, err);
	rc = mst_checkup_source(c, err);
	return rc < 0 ? rc : mst_checkup_recver(c, err);
}

/* Behind the connector's own fixes comes RecVer's. */
size_t mst_checkup_fixes(struct mst_checkup *c, struct mst_check_fix *out,
			 size_t max)
{
	c->own_fixes =
	    c->checks ? c->checks->ops->fixes(c->checks, out, max) : 0;
	if (c->own_fixes < max && c->c.source &&
	    mst_checkup_recver_plan(c, &out[c->own_fixes]))
		return c->own_fixes + 1;
	return c->own_fixes;
}

int mst_checkup_fix(struct mst_checkup *c, size_t i, struct mst_err *err)
{
	if (i >= c->own_fixes && c->recver.steps)
		return mst_checkup_recver_make(c, err);
	if (!c->checks)
		return mst_err_set(err, MST_E_NOTFOUND, "there is no such fix");
	if (c->checks->ops->fix(c->checks, i, err) < 0)
		return -(int)err->code;
	return pump(c, err);
}
