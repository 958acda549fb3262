/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of set-up checks of a source of Microsoft's: probes go side by side,
 * a check is told when its answers are in and all before it are told. Nothing
 * heavy is begun, nothing is written.
 */
#include "source/microsoft/checks.h"

#include "base/time.h"

static struct ms_checks *checks_of(struct mst_checks *c)
{
	return mst_container_of(c, struct ms_checks, base);
}

const char *ms_gone(const struct ms_checks *k, const char *name)
{
	for (size_t i = 0; i < k->env.gone_n; i++) {
		if (strcmp(k->env.gone[i].name, name) == 0)
			return k->env.gone[i].title;
	}
	return NULL;
}

/* ---- asking -------------------------------------------------------------- */

void ms_ask(struct ms_checks *k, unsigned probe, struct mst_req *req,
	    const char *what)
{
	mst_req_init(req, MST_HTTP_GET);
	req->id = probe;
	req->max_bytes = MS_ANSWER_MAX;
	req->what = mst_arena_strdup(&req->arena, what);
	k->probes[probe].sent = true;
	k->pending++;
}

void ms_ask_tenant(struct ms_checks *k, unsigned probe, struct mst_req *req)
{
	ms_ask(k, probe, req, "the tenant's configuration");
	req->url = mst_arena_printf(
	    &req->arena, "%s/%s/v2.0/.well-known/openid-configuration",
	    k->sites->login, k->conf->tenant_id);
}

bool ms_answered(const struct ms_checks *k, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		if (k->probes[i].wanted && !k->probes[i].answered)
			return false;
	}
	return true;
}

static int accept(struct mst_checks *c, const struct mst_req *req,
		  const struct mst_resp *resp, struct mst_err *err MST_UNUSED)
{
	struct ms_checks *k = checks_of(c);

	k->pending--;
	ms_take(k, (unsigned)req->id, resp);
	if (k->ops->taken)
		k->ops->taken(k, (unsigned)req->id);
	return 0;
}

/* ---- reporting ----------------------------------------------------------- */

static void report(struct ms_checks *k, unsigned check)
{
	const char *needs = k->ops->lacks(k, check);
	struct mst_check c = {.code = MST_OK};
	char name[64];

	k->ops->name(check, &c, name, sizeof(name));
	if (k->env.skip)
		mst_check_say(&c, MST_CHECK_SKIPPED, "%.700s", k->env.skip);
	else if (needs)
		mst_check_say(&c, MST_CHECK_SKIPPED, "needs the check '%s'",
			      needs);
	else
		k->ops->judge(k, check, &c);
	if (c.level != MST_CHECK_FAILED)
		c.code = MST_OK;
	k->env.report(k->env.ctx, &c);
}

static int next(struct mst_checks *c, struct mst_req *req_r,
		struct mst_err *err MST_UNUSED)
{
	struct ms_checks *k = checks_of(c);

	for (; k->at < k->ops->checks_n && k->ops->ready(k, k->at); k->at++) {
		if (k->ops->applies(k, k->at))
			report(k, k->at);
	}
	for (unsigned i = 0; i < k->ops->probes_n; i++) {
		if (!k->probes[i].wanted || k->probes[i].sent || k->env.skip)
			continue;
		k->ops->ask(k, i, req_r);
		return MST_CHECKS_REQUEST;
	}
	return k->pending ? MST_CHECKS_WAIT : MST_CHECKS_END;
}

/* ---- life ---------------------------------------------------------------- */

/* There is nothing at Microsoft's end that setup could write: permissions are
 * for an administrator of the tenant. */
static size_t fixes(struct mst_checks *c MST_UNUSED,
		    struct mst_check_fix *out MST_UNUSED, size_t max MST_UNUSED)
{
	return 0;
}

static int fix(struct mst_checks *c MST_UNUSED, size_t i MST_UNUSED,
	       struct mst_err *err)
{
	return mst_err_set(err, MST_E_NOTFOUND, "there is no such fix");
}

static void free_checks(struct mst_checks **cp)
{
	struct ms_checks *k = checks_of(*cp);

	k->ops->free(k);
	*cp = NULL;
}

static const struct mst_checks_ops ops = {
    .next = next,
    .accept = accept,
    .fixes = fixes,
    .fix = fix,
    .free = free_checks,
};

void ms_checks_init(struct ms_checks *k, const struct ms_checks_ops *own,
		    const struct mst_checks_env *env,
		    const struct ms_conf *conf, const struct ms_sites *sites,
		    struct mst_json_parser *parser)
{
	k->base.ops = &ops;
	k->ops = own;
	k->env = *env;
	k->conf = conf;
	k->sites = sites;
	k->parser = parser;
	k->skew_us = MST_TIME_NONE;
	k->share = -1;
	k->rate_limit = -1;
}
