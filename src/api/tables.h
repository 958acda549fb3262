/* SPDX-License-Identifier: Apache-2.0
 *
 * All tables of routes and schemas, one of each for a resource file. A table
 * ends with an entry without a path, or a name. Whoever adds a resource adds
 * its line in tables.c, too.
 */
#ifndef MST_API_TABLES_H
#define MST_API_TABLES_H

#include "api/schema.h"
#include "http/http.h"

/* Below /api/v1. */
extern const struct mst_http_route mst_api_root[];
extern const struct mst_http_route mst_api_connections[];
extern const struct mst_http_route mst_api_settings[];
extern const struct mst_http_route mst_api_settings_past[];
extern const struct mst_http_route mst_api_mappings[];
extern const struct mst_http_route mst_api_forward_items[];
extern const struct mst_http_route mst_api_trials[];
extern const struct mst_http_route mst_api_asks[];
extern const struct mst_http_route mst_api_reports[];
extern const struct mst_http_route mst_api_forward_look[];
extern const struct mst_http_route mst_api_recver[];
extern const struct mst_http_route mst_api_choices[];
extern const struct mst_http_route mst_api_certificates[];
extern const struct mst_http_route mst_api_audit[];
extern const struct mst_http_route mst_api_secrets[];
extern const struct mst_http_route mst_api_jobs_write[];
extern const struct mst_http_route mst_api_commands[];
extern const struct mst_http_route mst_api_session[];
extern const struct mst_http_route mst_api_users[];
extern const struct mst_http_route mst_api_approvals[];
extern const struct mst_http_route mst_api_oidc[];
extern const struct mst_http_route mst_api_tokens[];
extern const struct mst_http_route mst_api_runs[];
extern const struct mst_http_route mst_api_run_events[];
extern const struct mst_http_route mst_api_tasks[];
extern const struct mst_http_route mst_api_plans[];
extern const struct mst_http_route mst_api_job_tasks[];
extern const struct mst_http_route mst_api_jobs[];
extern const struct mst_http_route mst_api_overview[];
extern const struct mst_http_route mst_api_nodes[];
extern const struct mst_http_route mst_api_openapi_routes[];

/* At the server's root: health, metrics. */
extern const struct mst_http_route mst_api_health[];
extern const struct mst_http_route mst_api_prometheus[];

extern const struct mst_api_schema mst_api_root_schemas[];
extern const struct mst_api_schema mst_api_run_schemas[];
extern const struct mst_api_schema mst_api_task_schemas[];
extern const struct mst_api_schema mst_api_plan_schemas[];
extern const struct mst_api_schema mst_api_job_task_schemas[];
extern const struct mst_api_schema mst_api_job_schemas[];
extern const struct mst_api_schema mst_api_overview_schemas[];
extern const struct mst_api_schema mst_api_node_schemas[];
extern const struct mst_api_schema mst_api_connection_schemas[];
extern const struct mst_api_schema mst_api_settings_schemas[];
extern const struct mst_api_schema mst_api_settings_past_schemas[];
extern const struct mst_api_schema mst_api_session_schemas[];
extern const struct mst_api_schema mst_api_user_schemas[];
extern const struct mst_api_schema mst_api_approval_schemas[];
extern const struct mst_api_schema mst_api_token_schemas[];
extern const struct mst_api_schema mst_api_mapping_schemas[];
extern const struct mst_api_schema mst_api_forward_item_schemas[];
extern const struct mst_api_schema mst_api_trial_schemas[];
extern const struct mst_api_schema mst_api_ask_schemas[];
extern const struct mst_api_schema mst_api_report_schemas[];
extern const struct mst_api_schema mst_api_forward_look_schemas[];
extern const struct mst_api_schema mst_api_recver_schemas[];
extern const struct mst_api_schema mst_api_choice_schemas[];
extern const struct mst_api_schema mst_api_certificate_schemas[];
extern const struct mst_api_schema mst_api_audit_schemas[];
extern const struct mst_api_schema mst_api_secret_schemas[];
extern const struct mst_api_schema mst_api_jobs_write_schemas[];
extern const struct mst_api_schema mst_api_command_schemas[];

extern const struct mst_http_table mst_api_tables[];
extern const size_t mst_api_tables_n;
/* NULL at its end. */
extern const struct mst_api_schema *const mst_api_schemas[];

#endif
