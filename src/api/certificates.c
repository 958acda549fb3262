/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates on this machine and who uses them.
 */
#include "api/api.h"
#include "api/tables.h"
#include "checkup/certs.h"

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_certs c;
	struct mst_jout j;
	int rc = mst_certs_gather(mst_api_state(r), &c, err);

	mst_jout_init(&j, &resp->body);
	mst_api_all_begin(&j);
	for (size_t i = 0; rc == 0 && i < c.list.n; i++)
		mst_certs_json(&j, &c, &c.list.v[i]);
	mst_api_all_end(&j);
	mst_certs_fini(&c);
	return rc;
}

const struct mst_http_route mst_api_certificates[] = {
    {MST_ROUTE_GET, "/certificates", "list_certificates", "secrets",
     "Certificates of this node and who uses them.", MST_MAY_READ, 0, NULL,
     "certificate_list", .run = list},
    {0},
};

static const struct mst_api_field fields[] = {
    {"location", "string", "\"\": a file beside the stores"},
    {"store", "string", ""},
    {"path", "string", ""},
    {"subject", "string", "\"\": it is not there"},
    {"thumbprint", "string", ""},
    {"thumbprint_sha256", "string", ""},
    {"valid_from", "string", "a time, or \"\""},
    {"valid_to", "string", "a time, or \"\""},
    {"private_key", "boolean", "is there"},
    {"connections", "string[]", "that use it"},
    {"warning", "string", "\"\": nothing"},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&certificate[]", ""},
    {"next", "string?", ""},
    {0},
};

const struct mst_api_schema mst_api_certificate_schemas[] = {
    {"certificate", "A certificate.", fields},
    {"certificate_list", "", list_fields},
    {0},
};
