/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client library asks Entra ID for before it asks for a token. All
 * addresses are those of this host, so that a library that is pointed here
 * stays here.
 */
#include <stdio.h>

#include "sim/entra.h"

static void instances(const struct sim_request *r, struct mst_jout *j)
{
	const char *host = strstr(r->base, "://");
	char url[256];

	host = host ? host + 3 : r->base;
	(void)snprintf(url, sizeof(url),
		       "%.150s/" MST_SIM_TENANT
		       "/v2.0/.well-known/openid-configuration",
		       r->base);
	mst_jout_obj(j);
	mst_jout_kstr(j, "tenant_discovery_endpoint", url);
	mst_jout_kstr(j, "api-version", "1.1");
	mst_jout_key(j, "metadata");
	mst_jout_arr(j);
	mst_jout_obj(j);
	mst_jout_kstr(j, "preferred_network", host);
	mst_jout_kstr(j, "preferred_cache", host);
	mst_jout_key(j, "aliases");
	mst_jout_arr(j);
	mst_jout_str(j, host);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
	mst_jout_end_arr(j);
	mst_jout_end_obj(j);
}

static void put_url(struct mst_jout *j, const char *key, const char *base,
		    const char *tenant, const char *rest)
{
	char url[512];

	(void)snprintf(url, sizeof(url), "%.150s/%.80s/%.150s", base, tenant,
		       rest);
	mst_jout_kstr(j, key, url);
}

static void put_list(struct mst_jout *j, const char *key,
		     const char *const *words)
{
	mst_jout_key(j, key);
	mst_jout_arr(j);
	for (; *words; words++)
		mst_jout_str(j, *words);
	mst_jout_end_arr(j);
}

bool sim_cloud_find(struct mst_slice name, struct sim_cloud *cloud_r)
{
	static const struct sim_cloud clouds[] = {
	    {"commercial", "microsoftonline.com", "EU", NULL},
	    {"gcc", "microsoftonline.com", "NA", "GCC"},
	    {"gcc-high", "microsoftonline.us", "USGov", "DODCON"},
	    {"dod", "microsoftonline.us", "USGov", "DOD"},
	    {"china", "partner.microsoftonline.cn", "CN", NULL},
	};

	for (size_t i = 0; i < MST_LEN(clouds); i++) {
		if (!mst_slice_is(name, clouds[i].name))
			continue;
		*cloud_r = clouds[i];
		return true;
	}
	return false;
}

static void configuration(const struct sim_request *r, const char *tenant,
			  struct sim_cloud cloud, bool issuer_here,
			  struct mst_jout *j)
{
	static const char *const methods[] = {"client_secret_post",
					      "private_key_jwt",
					      "client_secret_basic", NULL};
	static const char *const algs[] = {"RS256", NULL};
	static const char *const subjects[] = {"pairwise", NULL};

	mst_jout_obj(j);
	put_url(j, "token_endpoint", r->base, tenant, "oauth2/v2.0/token");
	put_list(j, "token_endpoint_auth_methods_supported", methods);
	put_url(j, "jwks_uri", r->base, tenant, "discovery/v2.0/keys");
	put_list(j, "subject_types_supported", subjects);
	put_list(j, "id_token_signing_alg_values_supported", algs);
	/* a name, which clients compare; not where anything is */
	put_url(j, "issuer",
		issuer_here ? r->base : "https://login.microsoftonline.com",
		tenant, "v2.0");
	put_url(j, "authorization_endpoint", r->base, tenant,
		"oauth2/v2.0/authorize");
	put_url(j, "end_session_endpoint", r->base, tenant,
		"oauth2/v2.0/logout");
	mst_jout_kstr(j, "tenant_region_scope", cloud.region);
	if (cloud.sub)
		mst_jout_kstr(j, "tenant_region_sub_scope", cloud.sub);
	mst_jout_kstr(j, "cloud_instance_name", cloud.instance);
	mst_jout_end_obj(j);
}

bool sim_discovery_serve(const struct sim_request *r, struct sim_cloud cloud,
			 bool issuer_here, struct sim_reply *reply)
{
	const char *rest = strchr(r->path + 1, '/');
	char tenant[80];
	struct mst_jout j;

	if (strcmp(r->method, "GET") != 0 || !rest)
		return false;
	(void)snprintf(tenant, sizeof(tenant), "%.*s",
		       (int)(rest - r->path - 1), r->path + 1);
	mst_jout_init(&j, &reply->body);
	if (strcmp(rest, "/discovery/instance") == 0) {
		instances(r, &j);
	} else if (strcmp(rest, "/v2.0/.well-known/openid-configuration") ==
		   0) {
		if (strcmp(tenant, MST_SIM_TENANT) != 0 &&
		    strcmp(tenant, "simulated.example.com") != 0)
			return false;
		configuration(r, MST_SIM_TENANT, cloud, issuer_here, &j);
	} else {
		return false;
	}
	return true;
}
