/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that become a command of the CLI: tests and set-up of connections,
 * reports, RecVer, forwarding.
 */
#include <string.h>

#include "api/ask.h"
#include "api/configure.h"
#include "api/members.h"
#include "api/tables.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/secret.h"
#include "report/report.h"
#include "sync/job.h"

static void number(struct mst_api_members *b, struct mst_api_ask *a,
		   const char *key, int64_t least, int64_t most)
{
	int64_t v = mst_api_members_number(b, key, least, most);

	if (v)
		mst_api_ask_number(a, key, v);
}

/* The end of all of them. */
static int put(struct mst_api_members *b, struct mst_http_resp *resp,
	       struct mst_api_ask *a, int rc, struct mst_err *err)
{
	if (rc == 0 && mst_api_members_ok(b, resp))
		rc = mst_api_ask_put(b->r, resp, a, err);
	mst_api_ask_fini(a);
	return rc;
}

/* Is there such a thing, before a worker finds out? */
static int exists(struct mst_http_req *r, const char *kind, const char *name,
		  struct mst_err *err)
{
	const struct mst_config config = {.state = mst_api_state(r)};
	const struct mst_conf_item *item;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = mst_config_get(&config, kind, name, &arena, &item, err);
	mst_arena_fini(&arena);
	return rc;
}

/* ---- connections --------------------------------------------------------- */

static int post_test(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	const char *name = mst_http_param(r, "name");
	struct mst_api_ask a;
	struct mst_api_members b;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "test");
	a.connection = name;
	a.repeat = true;
	if (rc == 0)
		rc = exists(r, "connection", name, err);
	mst_api_ask_word(&a, "connection");
	mst_api_ask_word(&a, "test");
	mst_api_ask_name(&a, name);
	return put(&b, resp, &a, rc, err);
}

static int post_setup(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	const char *name = mst_http_param(r, "name"), *admin, *password;
	struct mst_api_ask a;
	struct mst_api_members b;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "setup");
	a.connection = name;
	if (rc == 0)
		rc = exists(r, "connection", name, err);
	mst_api_ask_word(&a, "connection");
	mst_api_ask_word(&a, "setup");
	admin = mst_api_members_text(&b, "admin", false);
	password = mst_api_members_text(&b, "admin_password", false);
	if (password &&
	    (!mst_secret_ref_ok(password) || mst_secret_ref_runs(password)))
		mst_api_members_wrong(
		    &b, "admin_password",
		    "is a reference: env:NAME, file:PATH, credential:NAME or "
		    "sealed:NAME");
	if (admin && !password)
		mst_api_members_wrong(&b, "admin_password",
				      "is missing: it goes with admin");
	mst_api_ask_option(&a, "admin", admin);
	mst_api_ask_option(&a, "admin-password", password);
	/* "write": false only shows what would be written. */
	if (mst_api_members_bool(&b, "write") != 0) {
		mst_api_ask_word(&a, "--yes");
		a.prod =
		    mst_arena_printf(&r->arena, "set up connection %s", name);
		a.needs = "configure";
	}
	mst_api_ask_name(&a, name);
	return put(&b, resp, &a, rc, err);
}

/* ---- explanations -------------------------------------------------------- */

static int post_explanation(struct mst_http_req *r, struct mst_http_resp *resp,
			    struct mst_err *err)
{
	const char *name = mst_http_param(r, "name"), *key;
	struct mst_api_members b;
	struct mst_api_ask a;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "explain");
	a.job = name;
	a.repeat = true;
	if (rc == 0)
		rc = exists(r, "job", name, err);
	mst_api_ask_word(&a, "explain");
	mst_api_ask_option(&a, "record-set",
			   mst_api_members_text(&b, "record_set", false));
	number(&b, &a, "count", 1, 1000);
	key = mst_api_members_text(&b, "key", true);
	mst_api_ask_name(&a, name);
	mst_api_ask_name(&a, key ? key : "");
	return put(&b, resp, &a, rc, err);
}

/* ---- reports ------------------------------------------------------------- */

static bool is_report(const char *name)
{
	for (const struct mst_report_kind *k = mst_reports; k->name; k++) {
		if (strcmp(k->name, name) == 0)
			return true;
	}
	return false;
}

static int post_report(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	const char *name = mst_http_param(r, "name"), *report;
	struct mst_api_ask a;
	struct mst_api_members b;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "report");
	a.job = name;
	a.repeat = true;
	if (rc == 0)
		rc = exists(r, "job", name, err);
	mst_api_ask_word(&a, "report");
	number(&b, &a, "days", 1, 36500);
	number(&b, &a, "runs", 1, 1000);
	number(&b, &a, "top", 1, 100);
	report = mst_api_members_text(&b, "report", true);
	if (report && !is_report(report))
		mst_api_members_wrong(&b, "report",
				      "is none of the reports; GET /reports "
				      "lists them");
	mst_api_ask_name(&a, report ? report : "");
	mst_api_ask_name(&a, name);
	return put(&b, resp, &a, rc, err);
}

/* ---- RecVer -------------------------------------------------------------- */

/* verify or stats: the last word of the path. */
static int post_look(struct mst_http_req *r, struct mst_http_resp *resp,
		     struct mst_err *err)
{
	const char *name = mst_http_param(r, "connection");
	struct mst_api_ask a;
	struct mst_api_members b;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "recver");
	a.connection = name;
	a.repeat = true;
	if (rc == 0)
		rc = exists(r, "connection", name, err);
	mst_api_ask_word(&a, "recver");
	mst_api_ask_word(&a, strrchr(r->route->path, '/') + 1);
	mst_api_ask_name(&a, name);
	return put(&b, resp, &a, rc, err);
}

static int post_reset(struct mst_http_req *r, struct mst_http_resp *resp,
		      struct mst_err *err)
{
	const char *name = mst_http_param(r, "connection"), *consent;
	struct mst_api_ask a;
	struct mst_api_members b;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "recver");
	a.connection = name;
	if (rc == 0)
		rc = exists(r, "connection", name, err);
	mst_api_ask_word(&a, "recver");
	mst_api_ask_word(&a, "reset");
	mst_api_ask_word(&a, "--yes");
	mst_api_ask_option(&a, "target",
			   mst_api_members_text(&b, "target", false));
	mst_api_ask_option(&a, "record-set",
			   mst_api_members_text(&b, "record_set", false));
	mst_api_ask_name(&a, name);
	consent = mst_api_members_text(&b, "consent", true);
	if (consent && strcmp(consent, name) != 0)
		mst_api_members_wrong(&b, "consent",
				      "is the name of the connection, typed: "
				      "what was delivered will be forgotten");
	a.prod = mst_arena_printf(&r->arena, "empty RecVer of %s", name);
	a.needs = "configure";
	return put(&b, resp, &a, rc, err);
}

/* ---- forwarding ---------------------------------------------------------- */

static int post_forward_test(struct mst_http_req *r, struct mst_http_resp *resp,
			     struct mst_err *err)
{
	struct mst_api_ask a;
	const char *rule;
	struct mst_api_members b;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "forward");
	mst_api_ask_word(&a, "forward");
	mst_api_ask_word(&a, "test");
	if (mst_api_members_bool(&b, "dry_run") == 1)
		mst_api_ask_word(&a, "--dry-run");
	rule = mst_api_members_text(&b, "rule", true);
	if (rc == 0 && rule)
		rc = exists(r, MST_FORWARD_RULE, rule, err);
	mst_api_ask_name(&a, rule ? rule : "");
	return put(&b, resp, &a, rc, err);
}

/* retry or drop: the last word of the path. */
static int post_delivery(struct mst_http_req *r, struct mst_http_resp *resp,
			 struct mst_err *err)
{
	struct mst_api_ask a;
	struct mst_api_members b;
	int64_t id;
	int rc = mst_api_members_maybe(&b, r, err);

	mst_api_ask_init(&a, "forward");
	if (rc == 0)
		rc = mst_http_param_id(r, "id", &id, err);
	mst_api_ask_word(&a, "forward");
	mst_api_ask_word(&a, strrchr(r->route->path, '/') + 1);
	mst_api_ask_name(&a, mst_http_param(r, "id"));
	return put(&b, resp, &a, rc, err);
}

/* ---- tables -------------------------------------------------------------- */

const struct mst_http_route mst_api_asks[] = {
    {MST_ROUTE_POST, "/connections/{name}/tests", "test_connection",
     "connections", "Looks at everything that a run would need.",
     MST_MAY_OPERATE, MST_ROUTE_TASK, NULL, "task", .run = post_test},
    {MST_ROUTE_POST, "/connections/{name}/setups", "set_up_connection",
     "connections", "Tests it, and makes what is missing.", MST_MAY_CONFIGURE,
     MST_ROUTE_TASK, "setup_body", "task", .run = post_setup},
    {MST_ROUTE_POST, "/jobs/{name}/explanations", "explain_record", "jobs",
     "Says why a record is as it is.", MST_MAY_READ, MST_ROUTE_TASK,
     "explanation_body", "task", .run = post_explanation},
    {MST_ROUTE_POST, "/jobs/{name}/reports", "make_report", "reports",
     "Makes a report of a job and its CMDB.", MST_MAY_READ, MST_ROUTE_TASK,
     "report_body", "task", .run = post_report},
    {MST_ROUTE_POST, "/recver/{connection}/verify", "verify_recver", "recver",
     "Checks every row of a connection's RecVer.", MST_MAY_OPERATE,
     MST_ROUTE_TASK, NULL, "task", .run = post_look},
    {MST_ROUTE_POST, "/recver/{connection}/stats", "count_recver", "recver",
     "Counts what a connection's RecVer holds; GET shows it. One on a server "
     "is counted so alone.",
     MST_MAY_OPERATE, MST_ROUTE_TASK, NULL, "task", .run = post_look},
    {MST_ROUTE_POST, "/recver/{connection}/reset", "reset_recver", "recver",
     "Forgets what was delivered; the next run looks every record up.",
     MST_MAY_CONFIGURE, MST_ROUTE_TASK, "reset_body", "task",
     .run = post_reset},
    {MST_ROUTE_POST, "/forward/tests", "test_forwarding", "forwarding",
     "Tries the actions of a rule out with an alert that is marked as a test.",
     MST_MAY_OPERATE, MST_ROUTE_TASK, "forward_test_body", "task",
     .run = post_forward_test},
    {MST_ROUTE_POST, "/forward/alerts/{id}/retry", "retry_delivery",
     "forwarding", "Sends a delivery again now.", MST_MAY_OPERATE,
     MST_ROUTE_TASK, NULL, "task", .run = post_delivery},
    {MST_ROUTE_POST, "/forward/alerts/{id}/drop", "drop_delivery", "forwarding",
     "Gives a delivery up.", MST_MAY_OPERATE, MST_ROUTE_TASK, NULL, "task",
     .run = post_delivery},
    {0},
};

static const struct mst_api_field setup_fields[] = {
    {"admin?", "string?", "write as this user, for once"},
    {"admin_password?", "string?", "a reference, never the password itself"},
    {"write?", "boolean", "false: only what would be written is shown"},
    {0},
};

static const struct mst_api_field explanation_fields[] = {
    {"key", "string", "an id, a whole name or a key of it"},
    {"record_set?", "string?", ""},
    {"count?", "integer?", "at most so many records"},
    {0},
};

static const struct mst_api_field report_fields[] = {
    {"report", "string", "cve, coverage …"},
    {"days?", "integer?", ""},
    {"runs?", "integer?", ""},
    {"top?", "integer?", ""},
    {0},
};

static const struct mst_api_field reset_fields[] = {
    {"target?", "string?", "only this destination"},
    {"record_set?", "string?", "only this record set"},
    {"consent", "string", "the connection's name"},
    {0},
};

static const struct mst_api_field forward_test_fields[] = {
    {"rule", "string", ""},
    {"dry_run?", "boolean", "look at everything, send nothing"},
    {0},
};

const struct mst_api_schema mst_api_ask_schemas[] = {
    {"setup_body", "How to set up.", setup_fields},
    {"explanation_body", "What is to be explained.", explanation_fields},
    {"report_body", "Which report.", report_fields},
    {"reset_body", "What is to be forgotten.", reset_fields},
    {"forward_test_body", "What is tried.", forward_test_fields},
    {0},
};
