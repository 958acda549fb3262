/* SPDX-License-Identifier: Apache-2.0
 *
 * Microsoft Graph: GET /v1.0/devices with $select, $top and $skiptoken. Now
 * and then a page is empty and still has a next link, as the service may do.
 * What is below /beta is in graph_apps.c.
 */
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/num.h"
#include "base/time.h"
#include "sim/estate.h"
#include "sim/private.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     999
#define EMPTY_EVERY  7 /* pages */

void sim_graph_error(const struct sim_request *r, struct sim_reply *reply,
		     int status, const char *code, const char *message)
{
	char when[21], id[37];
	struct mst_jout j;

	mst_time_iso(r->now_us, when);
	when[19] = '\0'; /* Graph writes no zone here */
	sim_guid((uint64_t)r->now_us, 5, id);
	reply->status = status;
	mst_buf_reset(&reply->body);
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "error");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "code", code);
	mst_jout_kstr(&j, "message", message);
	mst_jout_key(&j, "innerError");
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "date", when);
	mst_jout_kstr(&j, "request-id", id);
	mst_jout_kstr(&j, "client-request-id", id);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
	mst_jout_end_obj(&j);
}

static bool wanted(const char *select, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = select; p && *p;) {
		size_t len = strcspn(p, ",");

		if (len == n && !strncasecmp(p, name, n))
			return true;
		p += len + (p[len] == ',');
	}
	return !select;
}

struct props {
	struct mst_jout *j;
	const char *select;
};

static void prop(struct props *p, const char *name, const char *value)
{
	if (wanted(p->select, name))
		mst_jout_kstr(p->j, name, value);
}

static void prop_bool(struct props *p, const char *name, int value)
{
	if (!wanted(p->select, name))
		return;
	if (value < 0)
		mst_jout_kstr(p->j, name, NULL);
	else
		mst_jout_kbool(p->j, name, value);
}

static void write_device(struct mst_jout *j, const struct est_device *d,
			 const char *select)
{
	struct props p = {j, select};
	uint64_t h = est_mix(d->h, 600);
	char id[37];

	sim_guid(d->h, 601, id);
	mst_jout_obj(j);
	prop(&p, "id", id);
	prop(&p, "deviceId", d->aad_id);
	prop(&p, "displayName", d->name);
	prop_bool(&p, "accountEnabled", h % 50 != 0);
	prop(&p, "approximateLastSignInDateTime",
	     h % 8 ? "2026-11-08T05:11:00Z" : NULL);
	prop_bool(&p, "isCompliant", h % 5 ? (int)(h % 2) : -1);
	prop_bool(&p, "isManaged", h % 6 ? 1 : -1);
	prop(&p, "manufacturer", d->manufacturer);
	prop(&p, "model", d->model);
	prop(&p, "mdmAppId",
	     h % 6 ? "0000000a-0000-0000-c000-000000000000" : NULL);
	prop_bool(&p, "onPremisesSyncEnabled", h % 3 ? -1 : 1);
	prop(&p, "operatingSystem", d->entra_os);
	prop(&p, "operatingSystemVersion", d->entra_os_version);
	prop(&p, "profileType", "RegisteredDevice");
	prop(&p, "trustType", h % 3 ? "AzureAd" : "ServerAd");
	mst_jout_end_obj(j);
}

bool sim_graph_authorised(struct mst_sim *sim, const struct sim_request *r,
			  struct sim_reply *reply, const char *roles)
{
	switch (sim_entra_check(sim, r, SIM_RES_GRAPH, roles)) {
	case SIM_TOKEN_OK:
		return true;
	case SIM_TOKEN_ROLE:
		sim_graph_error(r, reply, 403, "Authorization_RequestDenied",
				"Insufficient privileges to complete the "
				"operation.");
		return false;
	case SIM_TOKEN_EXPIRED:
		sim_graph_error(r, reply, 401, "InvalidAuthenticationToken",
				"Lifetime validation failed, the token is "
				"expired.");
		return false;
	case SIM_TOKEN_AUDIENCE:
		sim_graph_error(r, reply, 401, "InvalidAuthenticationToken",
				"Access token validation failure. Invalid "
				"audience.");
		return false;
	case SIM_TOKEN_MISSING:
	case SIM_TOKEN_BAD:
		break;
	}
	sim_graph_error(r, reply, 401, "InvalidAuthenticationToken",
			"Access token is empty.");
	return false;
}

/* Objects that Entra ID also has: the same device id is there once. */
static bool in_list(const struct sim_estate *e, size_t i)
{
	const struct est_device *d = &e->devices[i];

	return d->in_entra && !d->gone && d->reimaged_of < 0;
}

static void write_next(const struct sim_request *r, size_t at, int64_t page,
		       int64_t top, struct mst_jout *j)
{
	const char *select = sim_iquery(r, "$select");
	struct mst_buf url;

	mst_buf_init(&url, 16384);
	mst_buf_addf(&url, "%s/v1.0/devices?", r->base);
	if (select) {
		mst_buf_adds(&url, "$select=");
		mst_buf_add_uri(&url, mst_slice_str(select));
		mst_buf_addc(&url, '&');
	}
	mst_buf_addf(&url, "$top=%lld&$skiptoken=RFNwdAIAAQ%zu_%lld",
		     (long long)top, at, (long long)page);
	mst_jout_kslice(j, "@odata.nextLink", mst_buf_slice(&url));
	mst_buf_fini(&url);
}

static void serve_devices(struct mst_sim *sim, const struct sim_request *r,
			  struct sim_reply *reply)
{
	const struct sim_estate *e = sim->estate;
	const char *select = sim_iquery(r, "$select");
	const char *token = sim_iquery(r, "$skiptoken");
	const char *top_text = sim_iquery(r, "$top");
	int64_t top = PAGE_DEFAULT, n = 0;
	size_t i = 0;
	long long page = 0;
	struct mst_jout j;

	if (top_text && (!mst_num_i64(mst_slice_str(top_text), &top) ||
			 top < 1 || top > PAGE_MAX)) {
		sim_graph_error(r, reply, 400, "Request_BadRequest",
				"Invalid page size specified. Must be between "
				"1 and 999 inclusive.");
		return;
	}
	if (token && sscanf(token, "RFNwdAIAAQ%zu_%lld", &i, &page) != 2) {
		sim_graph_error(r, reply, 400, "Directory_ExpiredPageToken",
				"The specified page token value has expired "
				"and can no longer be included in your "
				"request.");
		return;
	}
	if (sim_iquery(r, "$skip")) {
		sim_graph_error(r, reply, 400, "Request_BadRequest",
				"'$skip' is not supported by the service.");
		return;
	}
	page++;
	mst_jout_init(&j, &reply->body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "@odata.context",
		      "https://graph.microsoft.com/v1.0/$metadata#devices");
	mst_jout_key(&j, "value");
	mst_jout_arr(&j);
	for (; i < e->devices_n && n < top && page % EMPTY_EVERY; i++)
		if (in_list(e, i)) {
			write_device(&j, &e->devices[i], select);
			n++;
		}
	mst_jout_end_arr(&j);
	if (i < e->devices_n)
		write_next(r, i, page, top, &j);
	mst_jout_end_obj(&j);
}

void sim_graph_serve(struct mst_sim *sim, const struct sim_request *r,
		     struct sim_reply *reply)
{
	if (sim->sw.throttle_share > 0)
		sim_reply_header(reply, "x-ms-throttle-limit-percentage",
				 "%.2f", sim->sw.throttle_share);
	if (!strncasecmp(r->path, "/beta/", 6)) {
		sim_graph_apps_serve(sim, r, reply);
		return;
	}
	if (!sim_graph_authorised(sim, r, reply,
				  "Device.Read.All|Device.ReadWrite.All|"
				  "Directory.Read.All"))
		return;
	if (strcasecmp(r->path, "/v1.0/devices") != 0 ||
	    strcmp(r->method, "GET") != 0) {
		sim_graph_error(r, reply, 404, "Request_ResourceNotFound",
				"Resource not found for the segment.");
		return;
	}
	serve_devices(sim, r, reply);
}
