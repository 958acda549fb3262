/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports: which there are, and one that a task made as CSV, workbook or JSON.
 */
#include <string.h>

#include "api/api.h"
#include "api/tables.h"
#include "base/num.h"
#include "report/report.h"
#include "state/task.h"

#define SHEET                                                                  \
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/* ---- which there are ----------------------------------------------------- */

/* Options of `muster report` and whose they are. */
static const struct {
	const char *report, *key, *def, *help;
} options[] = {
    {"cve", "days", "90", "how far back resolved ones count"},
    {"cve", "top", "10", "how many of the greatest"},
    {"noise", "runs", "10", "how many runs are looked at"},
    {"unmatched", "runs", "10", "how many runs are looked at"},
};

static void options_json(struct mst_jout *j, const char *report)
{
	mst_jout_key(j, "options");
	mst_jout_arr(j);
	for (size_t i = 0; i < MST_LEN(options); i++) {
		if (strcmp(options[i].report, report) != 0)
			continue;
		mst_jout_obj(j);
		mst_jout_kstr(j, "key", options[i].key);
		mst_jout_kstr(j, "kind", "int");
		mst_jout_kstr(j, "default", options[i].def);
		mst_jout_kstr(j, "help", options[i].help);
		mst_jout_end_obj(j);
	}
	mst_jout_end_arr(j);
}

static int list(struct mst_http_req *r, struct mst_http_resp *resp,
		struct mst_err *err)
{
	struct mst_jout j;

	(void)r;
	(void)err;
	mst_jout_init(&j, &resp->body);
	mst_api_all_begin(&j);
	for (const struct mst_report_kind *k = mst_reports; k->name; k++) {
		mst_jout_obj(&j);
		mst_jout_kstr(&j, "name", k->name);
		mst_jout_kstr(&j, "title", k->title);
		mst_jout_kstr(&j, "help", k->help);
		options_json(&j, k->name);
		mst_jout_end_obj(&j);
	}
	mst_api_all_end(&j);
	return 0;
}

/* ---- one in another form ------------------------------------------------- */

struct finding {
	bool report, done;
};

static int look(void *ctx, const struct mst_task *t)
{
	struct finding *f = ctx;

	f->report = strcmp(t->kind, "report") == 0;
	f->done = t->state == MST_TASK_DONE && t->exit_status == 0;
	return 0;
}

/* ?format=, else what the caller would rather have. */
static const char *form_of(const struct mst_http_req *r)
{
	const char *format = mst_http_query(r, "format");
	const char *accept = mst_http_header(r, "Accept");

	if (format)
		return format;
	if (accept && strstr(accept, "spreadsheetml"))
		return "xlsx";
	return accept && strstr(accept, "text/csv") ? "csv" : "json";
}

static int render(struct mst_http_req *r, struct mst_http_resp *resp,
		  const struct mst_report *report, const char *form,
		  struct mst_err *err)
{
	const char *section = mst_http_query(r, "section");
	int rc;

	resp->disposition =
	    mst_arena_printf(&r->arena, "%s-%s.%s", report->name, report->job,
			     strcmp(form, "text") == 0 ? "txt" : form);
	if (strcmp(form, "csv") == 0) {
		resp->type = "text/csv; charset=utf-8";
		rc = mst_report_csv(report, section, &resp->body, err);
	} else if (strcmp(form, "xlsx") == 0) {
		resp->type = SHEET;
		rc = mst_report_xlsx(report, section, &resp->body, err);
	} else if (strcmp(form, "text") == 0) {
		resp->type = MST_HTTP_TYPE_TEXT;
		mst_report_text(report, UINT64_MAX, &resp->body);
		rc = 0;
	} else {
		resp->disposition = NULL;
		rc = mst_report_json(report, section, &resp->body, err);
	}
	return rc;
}

static int get(struct mst_http_req *r, struct mst_http_resp *resp,
	       struct mst_err *err)
{
	struct mst_buf json = MST_BUF_INIT(MST_TASK_OUTPUT);
	struct mst_report report = {.name = NULL};
	struct finding f = {false, false};
	int64_t id;
	int rc = mst_http_param_id(r, "id", &id, err);

	if (rc == 0)
		rc = mst_task(mst_api_state(r), id, look, &f, err);
	if (rc == 0 && !f.report)
		rc = mst_err_set(err, MST_E_NOTFOUND, "task %lld is no report",
				 (long long)id);
	if (rc == 0 && !f.done)
		rc = mst_err_set(err, MST_E_CONFLICT,
				 "task %lld has not made its report",
				 (long long)id);
	if (rc == 0)
		rc = mst_task_output(mst_api_state(r), id, false, &json, err);
	if (rc == 0)
		rc = mst_report_read(mst_buf_slice(&json), &report, err);
	if (rc == 0)
		rc = render(r, resp, &report, form_of(r), err);
	mst_report_fini(&report);
	mst_buf_fini(&json);
	return rc;
}

const struct mst_http_route mst_api_reports[] = {
    {MST_ROUTE_GET, "/reports", "list_reports", "reports",
     "Which reports there are.", MST_MAY_READ, 0, NULL, "report_kind_list",
     .run = list},
    {MST_ROUTE_GET,
     "/tasks/{id}/report",
     "get_report",
     "reports",
     "The report that a task made, as a file.",
     MST_MAY_READ,
     MST_ROUTE_PLAIN,
     NULL,
     NULL,
     {{"format", "else as Accept says", "string", "csv|xlsx|json|text"},
      {"section", "only this part", "string", NULL}},
     .run = get},
    {0},
};

static const struct mst_api_field option_fields[] = {
    {"key", "string", ""},
    {"kind", "=int", ""},
    {"default", "string", ""},
    {"help", "string", ""},
    {0},
};

static const struct mst_api_field kind_fields[] = {
    {"name", "string", ""},
    {"title", "string", ""},
    {"help", "string", ""},
    {"options", "&report_option[]", ""},
    {0},
};

static const struct mst_api_field list_fields[] = {
    {"items", "&report_kind[]", ""},
    {"next", "string?", ""},
    {0},
};

const struct mst_api_schema mst_api_report_schemas[] = {
    {"report_option", "An option of a report.", option_fields},
    {"report_kind", "A report.", kind_fields},
    {"report_kind_list", "", list_fields},
    {0},
};
