/* SPDX-License-Identifier: Apache-2.0
 *
 * The credential of a connection to Microsoft, out of its options.
 */
#include "cred/certs.h"
#include "source/microsoft/microsoft.h"

int ms_conf_check(const struct ms_conf *c, struct mst_err *err)
{
	if (!c->tenant_id || !c->client_id)
		return mst_err_set(err, MST_E_INVALID,
				   "%s is missing; or set read_from to read a "
				   "folder",
				   c->tenant_id ? "client_id" : "tenant_id");
	if (strcmp(c->tenant_id, "common") == 0 ||
	    strcmp(c->tenant_id, "consumers") == 0 ||
	    strcmp(c->tenant_id, "organizations") == 0)
		return mst_err_set(err, MST_E_INVALID,
				   "tenant_id '%s' stands for many tenants; "
				   "give the tenant's own id or domain",
				   c->tenant_id);
	return 0;
}

const char *ms_tenant(const struct ms_conf *c)
{
	const char *id = c->tenant_id;
	const size_t n = 36;

	return id && strlen(id) == n &&
		       strspn(id, "0123456789abcdefABCDEF-") == n
		   ? id
		   : NULL;
}

static struct mst_cred_entra cred_of(const struct ms_conf *c,
				     const struct ms_sites *sites,
				     const char *scope)
{
	return (struct mst_cred_entra){
	    .login = sites->login,
	    .tenant = c->tenant_id,
	    .client_id = c->client_id,
	    .scope = scope,
	    .client_secret = c->client_secret,
	    .secret_expires = c->secret_expires,
	    .certificate = c->certificate,
	    .certificate_key = c->certificate_key,
	    .certificate_password = c->certificate_password,
	    .certificate_location = mst_cert_locations[c->certificate_location],
	    .certificate_store = mst_cert_stores[c->certificate_store],
	    .certificate_name = c->certificate_name,
	    .assertion_alg = c->assertion_alg == MS_RS256 ? "RS256" : "PS256",
	    .send_x5c = c->send_x5c,
	    .federated_token_file = c->federated_token_file,
	};
}

int ms_auth(const struct ms_conf *c, const struct ms_sites *sites,
	    const char *scope, struct mst_auth **a_r, struct mst_err *err)
{
	struct mst_cred_entra cred = cred_of(c, sites, scope);

	return mst_cred_entra(&cred, a_r, err);
}

int ms_credential(const struct ms_conf *c, const struct ms_sites *sites,
		  const char *scope, struct mst_check *check,
		  struct mst_err *err)
{
	struct mst_cred_entra cred = cred_of(c, sites, scope);

	if (mst_cred_entra_check(&cred, err) < 0)
		return -(int)err->code;
	mst_cred_entra_look(&cred, check);
	return 0;
}
