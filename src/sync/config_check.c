/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a configuration right before it is stored? Each item by itself, then the
 * jobs that the items are part of.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "sync/choice.h"
#include "sync/config_forward.h"
#include "sync/job_schedule.h"
#include "sync/proxy.h"
#include "sync/service.h"
#include "sync/single.h"

struct checking {
	const struct mst_config *config;
	struct mst_arena arena;
	/* By item in front: a job was made of it, so there is no need to look
	 * at it alone. */
	bool *covered;
	struct mst_err *err;
};

/* ---- items --------------------------------------------------------------- */

static int check_connection(struct checking *k,
			    const struct mst_conf_item *item)
{
	struct mst_connection c;

	return mst_connection_get(k->config, item->name, MST_ENV__MAX,
				  &k->arena, &c, k->err);
}

static int check_job(struct checking *k, const struct mst_conf_item *item)
{
	struct mst_job_conf job;

	return mst_conf_apply(item, mst_job_opts, &job, &k->arena, k->err);
}

/* The connection that settings belong to, with them in force. */
static int connection_of(struct checking *k, const struct mst_conf_item *item,
			 struct mst_connection *c_r)
{
	const char *slash = strchr(item->name, '/');
	const char *name =
	    mst_arena_dup(&k->arena,
			  mst_slice(item->name, (size_t)(slash - item->name)))
		.p;
	enum mst_env env = MST_ENV_TEST;
	int rc;

	(void)mst_env_parse(slash + 1, &env);
	rc = mst_connection_get(k->config, name, env, &k->arena, c_r, k->err);
	if (rc == -MST_E_NOTFOUND)
		return mst_err_prefix(k->err, "%s:%d:%d", item->file,
				      item->line, item->column);
	return rc;
}

static int check_settings(struct checking *k, const struct mst_conf_item *item)
{
	struct mst_connection c;

	if (connection_of(k, item, &c) < 0)
		return -(int)k->err->code;
	if (!mst_connection_serves(&c, c.env))
		mst_warn("%s:%d: settings of '%s' for %s are never in force: "
			 "it is a connection for %s",
			 item->file, item->line, c.name, mst_env_name(c.env),
			 mst_connection_envs(&c));
	return 0;
}

/* Mappings that no job was made of. Those of a destination need one. */
static int check_alone(struct checking *k, const struct mst_conf_item *item)
{
	const struct mst_catalog *catalog;
	struct mst_connection c;

	if (connection_of(k, item, &c) < 0)
		return -(int)k->err->code;
	return c.source ? mst_job_catalog(&c, NULL, &k->arena, &catalog, k->err)
			: 0;
}

static int check_proxy(struct checking *k)
{
	struct mst_proxy proxy;

	return mst_proxy_section(k->config, &k->arena, &proxy, k->err);
}

static int check_service(struct checking *k)
{
	struct mst_service_conf service;

	return mst_service_section(k->config, &k->arena, &service, k->err);
}

/* ---- jobs ---------------------------------------------------------------- */

static bool is_of(const struct mst_conf_item *item, const char *connection)
{
	size_t n = strlen(connection);

	if (mst_is_settings(item))
		return strncmp(item->name, connection, n) == 0 &&
		       item->name[n] == '/';
	return strcmp(item->kind, "connection") == 0 &&
	       strcmp(item->name, connection) == 0;
}

/* Is anything of the stored job in front? */
static bool is_touched(const struct mst_config *c,
		       const struct mst_conf_item *job)
{
	for (size_t i = 0; i < job->values_n; i++) {
		const struct mst_conf_value *v = &job->values[i];

		if (v->texts_n != 1 || (strcmp(v->key, "source") != 0 &&
					strcmp(v->key, "destination") != 0))
			continue;
		for (size_t k = 0; k < c->front_n; k++) {
			if (is_of(&c->front[k], v->texts[0]))
				return true;
		}
	}
	return false;
}

static bool was_wrong(const struct mst_config *c, const char *name)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_job job;

	if (mst_job_load(c->state, name, &job, &err) < 0)
		return true;
	mst_job_fini(&job);
	return false;
}

static void cover(struct checking *k, const struct mst_job *job)
{
	for (size_t i = 0; i < k->config->front_n; i++) {
		const struct mst_conf_item *item = &k->config->front[i];

		if (item == job->source_end.overrides ||
		    item == job->dest_end.overrides)
			k->covered[i] = true;
	}
}

static int check_whole_job(struct checking *k, const char *name)
{
	const struct mst_conf_item *item = NULL;
	bool is_new;
	struct mst_job job;
	int rc;

	if (mst_config_get(k->config, "job", name, &k->arena, &item, k->err) <
	    0)
		return -(int)k->err->code;
	is_new = mst_config_is_front(k->config, item);
	if (!is_new && !is_touched(k->config, item))
		return 0;
	if (mst_job_get(k->config, name, &job, k->err) < 0)
		return !is_new && was_wrong(k->config, name)
			   ? 0
			   : -(int)k->err->code;
	cover(k, &job);
	rc = mst_choice_check(&job, false, k->err);
	if (rc == 0)
		rc = mst_single_check(k->config, &job, false, k->err);
	else if (!is_new)
		rc = 0; /* it was wrong before */
	else
		(void)mst_err_prefix(k->err, "%s:%d:%d: job %s", item->file,
				     item->line, item->column, name);
	if (rc == 0 && is_new)
		mst_choice_advise(&job);
	mst_job_fini(&job);
	return rc;
}

/* ---- all ----------------------------------------------------------------- */

static int check_item(struct checking *k, const struct mst_conf_item *item)
{
	if (mst_is_settings(item))
		return check_settings(k, item);
	if (mst_is_forward(item))
		return mst_forward_check_item(k->config, item, &k->arena,
					      k->err);
	if (strcmp(item->kind, "job") == 0)
		return check_job(k, item);
	if (strcmp(item->kind, MST_PROXY) == 0)
		return check_proxy(k);
	if (strcmp(item->kind, MST_SERVICE) == 0)
		return check_service(k);
	return check_connection(k, item);
}

static int check_items(struct checking *k)
{
	for (size_t i = 0; i < k->config->front_n; i++) {
		if (check_item(k, &k->config->front[i]) < 0)
			return -(int)k->err->code;
	}
	return 0;
}

static int check_jobs(struct checking *k)
{
	const char *const *names;

	if (mst_config_jobs(k->config, &k->arena, &names, k->err) < 0)
		return -(int)k->err->code;
	for (; *names; names++) {
		if (check_whole_job(k, *names) < 0)
			return -(int)k->err->code;
	}
	for (size_t i = 0; i < k->config->front_n; i++) {
		if (mst_is_settings(&k->config->front[i]) && !k->covered[i] &&
		    check_alone(k, &k->config->front[i]) < 0)
			return -(int)k->err->code;
	}
	return 0;
}

int mst_config_check(const struct mst_config *c, struct mst_err *err)
{
	struct checking k = {.config = c, .err = err};
	int rc;

	mst_arena_init(&k.arena, MST_MAX_ARENA);
	k.covered = mst_alloc(c->front_n * sizeof(*k.covered) + 1);
	rc = check_items(&k);
	if (rc == 0)
		rc = check_jobs(&k);
	if (rc == 0)
		rc = mst_job_schedule_order(c, &k.arena, err);
	if (rc == 0)
		rc = mst_forward_check(c, &k.arena, err);
	free(k.covered);
	mst_arena_fini(&k.arena);
	return rc;
}
