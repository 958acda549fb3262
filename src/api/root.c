/* SPDX-License-Identifier: Apache-2.0
 *
 * What this is: GET /api/v1; and whether it is well: /healthz, /readyz.
 */
#include <string.h>

#include "api/private.h"
#include "api/tables.h"
#include "auth/door.h"
#include "mst_config.h"
#include "state/task.h"

/* What the provider is called on the button; NULL: there is none. */
static const char *oidc_name(const struct mst_http_req *r)
{
	struct mst_door *d = mst_api_door(r);
	const struct mst_door_conf *c;
	const char *name = NULL;

	if (!d || !mst_door_is_set(d))
		return NULL;
	c = mst_door_hold(d);
	if (mst_service_has_oidc(&c->service))
		name = strstr(c->service.oidc.issuer, "microsoftonline")
			   ? "Entra ID"
			   : "OpenID Connect";
	mst_door_release(d, c);
	return name;
}

static int get_root(struct mst_http_req *r, struct mst_http_resp *resp,
		    struct mst_err *err)
{
	const char *oidc = oidc_name(r);
	struct mst_jout j;

	(void)err;
	mst_jout_init(&j, &resp->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "version", MST_VERSION);
	mst_jout_kstr(&j, "node", mst_api_node(r));
	mst_jout_key(&j, "sign_in");
	mst_jout_arr(&j);
	mst_jout_str(&j, "password");
	if (oidc)
		mst_jout_str(&j, "oidc");
	mst_jout_end_arr(&j);
	mst_jout_kstr(&j, "oidc_name", oidc);
	mst_jout_end_obj(&j);
	return 0;
}

static int get_alive(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	(void)r;
	(void)err;
	resp->no_etag = true;
	mst_buf_adds(&resp->body, "{\"status\":\"alive\"}");
	return 0;
}

static int first_plan(void *ctx, const struct mst_state_item *item)
{
	(void)ctx;
	(void)item;
	return 1;
}

static int get_ready(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	const struct mst_api_keeper *k = mst_api_of(r)->conf.keeper;
	const char *why = NULL;
	int rc =
	    mst_state_items(mst_api_state(r), "job", first_plan, NULL, err);

	resp->no_etag = true;
	if (rc < 0)
		return mst_http_problem_as(r, resp, 503, "unavailable",
					   "the state store does not answer");
	if (k && k->ready && !k->ready(k->ctx, &why))
		return mst_http_problem_as(r, resp, 503, "unavailable", "%s",
					   why ? why : "not ready yet");
	mst_buf_adds(&resp->body, "{\"status\":\"ready\"}");
	return 0;
}

const struct mst_http_route mst_api_root[] = {
    {MST_ROUTE_GET, "/", "get_root", "service",
     "What this is, and how one may sign in.", 0, MST_ROUTE_OPEN, NULL, "root",
     .run = get_root},
    {0},
};

const struct mst_http_route mst_api_health[] = {
    {MST_ROUTE_GET, "/healthz", "get_health", "service",
     "Whether the process is alive.", 0, MST_ROUTE_OPEN, NULL, "health",
     .run = get_alive},
    {MST_ROUTE_GET, "/readyz", "get_readiness", "service",
     "Whether it can work: the state store answers, the keeper moves.", 0,
     MST_ROUTE_OPEN, NULL, "health", .run = get_ready},
    {0},
};

static const struct mst_api_field root_fields[] = {
    {"version", "string", "of muster"},
    {"node", "string", "that answered"},
    {"sign_in", "password|oidc[]", "ways in"},
    {"oidc_name", "string?", "what the identity provider is called"},
    {0},
};

static const struct mst_api_field health_fields[] = {
    {"status", "alive|ready", ""},
    {0},
};

const struct mst_api_schema mst_api_root_schemas[] = {
    {"root", "What this is.", root_fields},
    {"health", "How it is.", health_fields},
    {0},
};
