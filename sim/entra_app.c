/* SPDX-License-Identifier: Apache-2.0
 *
 * The application in Entra ID as the control API sets it (/_sim/app): roles,
 * credentials, where its tenant is, and refusals of the token end point that no
 * request brings about by itself.
 */
#include <stdio.h>

#include "sim/entra.h"

#define LIFE_S 3599

static const char *const res_names[SIM_RES__MAX] = {"mde", "graph"};

static const struct sim_refusal refusals[] = {
    {53003, 400, "access_denied",
     "Access has been blocked by Conditional Access policies. The access "
     "policy does not allow token issuance."},
    {530032, 400, "access_denied",
     "Tenant security policy does not allow this action."},
    {900382, 400, "invalid_request",
     "Confidential Client is not supported in Cross Cloud request."},
    {90038, 400, "invalid_request",
     "The tenant belongs to another national cloud."},
    {700027, 401, "invalid_client",
     "The certificate with identifier used to sign the client assertion is "
     "not registered on application."},
    {65001, 400, "invalid_grant",
     "The user or administrator has not consented to use the application."},
    {650052, 400, "invalid_client",
     "The app is trying to access a service that your organization lacks a "
     "service principal for."},
    {90055, 429, "temporarily_unavailable",
     "Tenant is throttled due to too many requests."},
    {90033, 503, "temporarily_unavailable",
     "A transient error has occurred. Please try again."},
};

/* NULL: none of those that can be asked for. */
static const struct sim_refusal *refusal_of(int64_t code)
{
	for (size_t i = 0; i < MST_LEN(refusals); i++) {
		if (refusals[i].code == code)
			return &refusals[i];
	}
	return NULL;
}

static void default_roles(struct sim_entra *e)
{
	static const char *const mde[] = {
	    "Machine.Read.All", "Software.Read.All", "Vulnerability.Read.All",
	    "User.Read.All", "SecurityRecommendation.Read.All"};

	e->roles[SIM_RES_MDE].n = e->roles[SIM_RES_GRAPH].n = 0;
	for (size_t i = 0; i < MST_LEN(mde); i++)
		snprintf(e->roles[SIM_RES_MDE].v[e->roles[SIM_RES_MDE].n++], 64,
			 "%s", mde[i]);
	snprintf(e->roles[SIM_RES_GRAPH].v[e->roles[SIM_RES_GRAPH].n++], 64,
		 "Device.Read.All");
	snprintf(e->roles[SIM_RES_GRAPH].v[e->roles[SIM_RES_GRAPH].n++], 64,
		 "CloudApp-Discovery.Read.All");
}

void sim_entra_app_reset(struct sim_entra *e)
{
	snprintf(e->secret, sizeof(e->secret), "%s", MST_SIM_SECRET);
	default_roles(e);
	e->secret_expired = e->disabled = false;
	e->refusal = NULL;
	e->refused = -1;
	(void)sim_cloud_find(mst_slice_str("commercial"), &e->cloud);
	e->life_s = LIFE_S;
}

static void take_roles(struct role_list *l, struct mst_json v)
{
	struct mst_json_iter it = mst_json_iter(v);
	struct mst_json role;

	if (mst_json_type(v) != MST_JSON_ARRAY)
		return;
	l->n = 0;
	while (l->n < MAX_ROLES && mst_json_next(&it, NULL, &role))
		snprintf(l->v[l->n++], 64, "%.*s",
			 MST_SLICE_ARG(mst_json_str(role)));
}

static void write_app(struct sim_entra *e, struct sim_reply *reply)
{
	struct mst_jout j;

	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	for (int res = 0; res < SIM_RES__MAX; res++) {
		mst_jout_key(&j, res_names[res]);
		mst_jout_arr(&j);
		for (size_t i = 0; i < e->roles[res].n; i++)
			mst_jout_str(&j, e->roles[res].v[i]);
		mst_jout_end_arr(&j);
	}
	mst_jout_kbool(&j, "secret_expired", e->secret_expired);
	mst_jout_kbool(&j, "disabled", e->disabled);
	mst_jout_ki64(&j, "refuse", e->refusal ? e->refusal->code : 0);
	mst_jout_kstr(&j, "cloud", e->cloud.name);
	mst_jout_ki64(&j, "token_life_s", e->life_s);
	mst_jout_end_obj(&j);
}

static void set_secret(struct sim_entra *e, struct mst_slice s)
{
	if (s.n && s.n < sizeof(e->secret))
		snprintf(e->secret, sizeof(e->secret), "%.*s",
			 MST_SLICE_ARG(s));
}

static void refuse(struct sim_entra *e, int64_t code, struct mst_json api)
{
	e->refusal = refusal_of(code);
	e->refused = -1;
	for (int res = 0; res < SIM_RES__MAX; res++) {
		if (mst_json_is_str(api, res_names[res]))
			e->refused = res;
	}
}

void sim_entra_control(struct mst_sim *sim, const struct sim_request *r,
		       struct sim_reply *reply)
{
	struct sim_entra *e = sim->entra;
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;
	int ret;

	if (!strcmp(r->method, "DELETE")) {
		sim_certs_clear(e->certs);
		sim_federated_clear(e->federated);
		sim_entra_app_reset(e);
	} else if (!strcmp(r->method, "POST")) {
		struct mst_slice pem;
		int64_t code;

		if (mst_json_parse(e->json, r->body, &root, &err) < 0) {
			sim_control_error(reply, 400, "%s", err.msg);
			return;
		}
		take_roles(&e->roles[SIM_RES_MDE], mst_json_get(root, "mde"));
		take_roles(&e->roles[SIM_RES_GRAPH],
			   mst_json_get(root, "graph"));
		mst_json_bool(mst_json_get(root, "secret_expired"),
			      &e->secret_expired);
		mst_json_bool(mst_json_get(root, "disabled"), &e->disabled);
		mst_json_i64(mst_json_get(root, "token_life_s"), &e->life_s);
		if (mst_json_i64(mst_json_get(root, "refuse"), &code))
			refuse(e, code, mst_json_get(root, "refuse_api"));
		(void)sim_cloud_find(mst_json_str(mst_json_get(root, "cloud")),
				     &e->cloud);
		set_secret(e, mst_json_str(mst_json_get(root, "secret")));
		pem = mst_json_str(mst_json_get(root, "pem"));
		ret = pem.n ? sim_certs_add(e->certs, pem, &err) : 0;
		if (ret >= 0)
			ret = sim_federated_set(e->federated,
						mst_json_get(root, "federated"),
						&err);
		if (ret < 0) {
			sim_control_error(reply, 400, "%s", err.msg);
			return;
		}
	}
	write_app(e, reply);
}

void sim_entra_sign_in(struct mst_sim *sim, const struct sim_request *r,
		       struct sim_reply *reply)
{
	sim_sign_in_control(sim->entra->sign_in, sim->entra->json, r, reply);
}
