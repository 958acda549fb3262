/* SPDX-License-Identifier: Apache-2.0
 *
 * See prod.h.
 */
#include "api/prod.h"

#include <string.h>

#include "base/limits.h"
#include "net/url.h"
#include "sync/config.h"
#include "sync/connection.h"
#include "sync/job.h"

static const char *value_of(const struct mst_conf_item *item, const char *key)
{
	for (size_t i = 0; item && i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0 &&
		    item->values[i].texts_n == 1)
			return item->values[i].texts[0];
	}
	return NULL;
}

/* ---- connections --------------------------------------------------------- */

/* The URL that a destination cannot do without. */
static bool address(const struct mst_connection *c, struct mst_url *u_r)
{
	struct mst_err err = MST_ERR_INIT;
	const char *text;

	for (const struct mst_opt *o = c->opts; c->dest && o->key; o++) {
		if (o->type != MST_OPT_URL || !(o->flags & MST_OPT_REQUIRED))
			continue;
		text = value_of(c->item, o->key);
		return text && mst_url_read(text, u_r, &err) == 0;
	}
	return false;
}

static bool is_where_prod_is(const struct mst_config *config,
			     const struct mst_connection *c,
			     struct mst_arena *arena)
{
	const struct mst_conf_item **items = NULL;
	struct mst_err err = MST_ERR_INIT;
	struct mst_url here, there;
	size_t n = 0;

	if (!address(c, &here))
		return false;
	if (mst_config_items(config, "connection", arena, &items, &n, &err) < 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		struct mst_connection other;

		if (mst_connection_get(config, items[i]->name, MST_ENV__MAX,
				       arena, &other, &err) == 0 &&
		    mst_connection_serves(&other, MST_ENV_PROD) &&
		    address(&other, &there) && here.port == there.port &&
		    strcmp(here.host, there.host) == 0)
			return true;
	}
	return false;
}

static bool connection_is_prod(struct mst_state *state, const char *name,
			       const struct mst_conf_item *front,
			       struct mst_arena *arena)
{
	const struct mst_config config = {state, front, front ? 1 : 0,
					  .bare = true};
	struct mst_err err = MST_ERR_INIT;
	struct mst_connection c;

	return !name ||
	       mst_connection_get(&config, name, MST_ENV__MAX, arena, &c,
				  &err) < 0 ||
	       mst_connection_serves(&c, MST_ENV_PROD) ||
	       is_where_prod_is(&config, &c, arena);
}

bool mst_api_is_prod(struct mst_state *state, const struct mst_conf_item *item,
		     const struct mst_conf_item *front, struct mst_arena *arena)
{
	if (!item)
		return false;
	if (strcmp(item->kind, "connection") == 0)
		return connection_is_prod(state, item->name, front, arena);
	if (strcmp(item->kind, "job") == 0)
		return connection_is_prod(state, value_of(item, "destination"),
					  NULL, arena);
	return true;
}

bool mst_api_job_is_prod(struct mst_state *state, const char *name,
			 bool unknown)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	struct mst_job job;
	bool prod;

	if (mst_job_load(state, name, &job, &err) < 0)
		return unknown;
	mst_arena_init(&arena, MST_MAX_ARENA);
	prod = job.env == MST_ENV_PROD ||
	       connection_is_prod(state, job.conf.destination, NULL, &arena);
	mst_arena_fini(&arena);
	mst_job_fini(&job);
	return prod;
}

/* ---- secrets ------------------------------------------------------------- */

const char *const mst_api_secret_kinds[] = {
    "connection", MST_FORWARD_ACTION, MST_FORWARD_RECEIVER,
    MST_PROXY,	  MST_SERVICE,	      NULL};

bool mst_api_refers(const struct mst_conf_item *item, const char *ref)
{
	for (size_t i = 0; i < item->values_n; i++) {
		if (item->values[i].texts_n == 1 &&
		    strcmp(item->values[i].texts[0], ref) == 0)
			return true;
	}
	return false;
}

int mst_api_secret_in_prod(struct mst_state *state, const char *secret,
			   struct mst_arena *arena, const char **user_r,
			   struct mst_err *err)
{
	const struct mst_config config = {.state = state};
	const char *ref = mst_arena_printf(arena, "sealed:%s", secret);

	*user_r = NULL;
	for (const char *const *kind = mst_api_secret_kinds; *kind; kind++) {
		const struct mst_conf_item **items = NULL;
		size_t n = 0;

		if (mst_config_items(&config, *kind, arena, &items, &n, err) <
		    0)
			return -(int)err->code;
		for (size_t i = 0; i < n; i++) {
			if (!mst_api_refers(items[i], ref) ||
			    !mst_api_is_prod(state, items[i], NULL, arena))
				continue;
			*user_r =
			    mst_conf_is_single(*kind)
				? mst_arena_printf(arena, "section %s", *kind)
				: mst_arena_printf(arena, "%s %s",
						   mst_conf_entry(*kind),
						   items[i]->name);
			return 0;
		}
	}
	return 0;
}
