/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of tables: what is not here does not exist.
 */
#include "api/tables.h"

#define V1(table)                                                              \
	{                                                                      \
		.base = "/api/v1", .routes = (table)                           \
	}

const struct mst_http_table mst_api_tables[] = {
    V1(mst_api_root),
    V1(mst_api_runs),
    V1(mst_api_run_events),
    V1(mst_api_tasks),
    V1(mst_api_plans),
    V1(mst_api_job_tasks),
    V1(mst_api_jobs),
    V1(mst_api_overview),
    V1(mst_api_nodes),
    V1(mst_api_openapi_routes),
    V1(mst_api_connections),
    V1(mst_api_settings),
    V1(mst_api_settings_past),
    V1(mst_api_mappings),
    V1(mst_api_forward_items),
    V1(mst_api_trials),
    V1(mst_api_asks),
    V1(mst_api_reports),
    V1(mst_api_forward_look),
    V1(mst_api_recver),
    V1(mst_api_choices),
    V1(mst_api_certificates),
    V1(mst_api_audit),
    V1(mst_api_secrets),
    V1(mst_api_jobs_write),
    V1(mst_api_commands),
    V1(mst_api_session),
    V1(mst_api_users),
    V1(mst_api_approvals),
    V1(mst_api_oidc),
    V1(mst_api_tokens),
    {.base = "", .routes = mst_api_health},
    {.base = "", .routes = mst_api_prometheus},
};
const size_t mst_api_tables_n = MST_LEN(mst_api_tables);

const struct mst_api_schema *const mst_api_schemas[] = {
    mst_api_root_schemas,
    mst_api_run_schemas,
    mst_api_task_schemas,
    mst_api_plan_schemas,
    mst_api_job_task_schemas,
    mst_api_job_schemas,
    mst_api_overview_schemas,
    mst_api_node_schemas,
    mst_api_connection_schemas,
    mst_api_settings_schemas,
    mst_api_settings_past_schemas,
    mst_api_mapping_schemas,
    mst_api_forward_item_schemas,
    mst_api_trial_schemas,
    mst_api_ask_schemas,
    mst_api_secret_schemas,
    mst_api_jobs_write_schemas,
    mst_api_command_schemas,
    mst_api_session_schemas,
    mst_api_user_schemas,
    mst_api_approval_schemas,
    mst_api_token_schemas,
    mst_api_report_schemas,
    mst_api_forward_look_schemas,
    mst_api_recver_schemas,
    mst_api_choice_schemas,
    mst_api_certificate_schemas,
    mst_api_audit_schemas,
    NULL,
};
