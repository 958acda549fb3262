/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs: putting and removing them. How they go is jobs.c.
 */
#include "api/configure.h"
#include "api/tables.h"

static int put(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_put_item(r, resp, "job", mst_http_param(r, "name"),
				mst_api_show_item, err);
}

static int del(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	return mst_api_delete_item(r, resp, "job", mst_http_param(r, "name"),
				   err);
}

const struct mst_http_route mst_api_jobs_write[] = {
    {MST_ROUTE_PUT, "/jobs/{name}", "put_job", "jobs",
     "Makes or changes a job.", MST_MAY_CONFIGURE,
     MST_ROUTE_MATCH | MST_ROUTE_SECOND, "job_body", "job_item", .run = put},
    {MST_ROUTE_DELETE, "/jobs/{name}", "delete_job", "jobs",
     "Removes a job; its runs stay.", MST_MAY_CONFIGURE,
     MST_ROUTE_MATCH | MST_ROUTE_SECOND, NULL, NULL, .run = del},
    {0},
};

static const struct mst_api_field body_fields[] = {
    {"values", "object", "all of it: what is left out has its default"},
    {0},
};

static const struct mst_api_field item_fields[] = {
    {"name", "string", ""},
    {"type", "string", "\"\": jobs have no types"},
    {"values", "object", "by the keys of its options"},
    {0},
};

const struct mst_api_schema mst_api_jobs_write_schemas[] = {
    {"job_body", "What a job is to be.", body_fields},
    {"job_item", "A job as it is configured.", item_fields},
    {0},
};
