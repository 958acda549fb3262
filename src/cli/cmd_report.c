/* SPDX-License-Identifier: Apache-2.0
 *
 * muster report: what a person asks about a job and its CMDB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "report/report.h"

#define OUT_MAX	   (2u << 30)
#define SHOWN	   20
#define DAYS_MAX   36500
#define NUMBER_MAX 1000

static const struct cli_command report_cmd = {
    "report", "NAME JOB",
    "Makes a report of a job and its CMDB; writes nothing there. NAME:\n"
    "  coverage    which devices or apps only one side has, by what the others "
    "are matched\n"
    "  cve         open CVEs by severity and age, reopened, time to remediate, "
    "the greatest\n"
    "  unmatched   records and references that found no target, with reasons\n"
    "  duplicates  CIs that look like one, devices or apps that others "
    "replaced\n"
    "  noise       the columns that made the last runs update records",
    cmd_report};

enum form { TEXT, CSV, JSON, XLSX };

struct asking {
	enum form form;
	const char *section, *out;
	uint64_t most;
};

static bool take_format(const char *text, enum form *form_r)
{
	static const char *const names[] = {"text", "csv", "json", "xlsx"};

	*form_r = cli.json ? JSON : TEXT;
	if (!text)
		return true;
	for (int i = 0; i < 4; i++) {
		*form_r = (enum form)i;
		if (strcmp(text, names[i]) == 0)
			return true;
	}
	(void)fprintf(stderr,
		      "muster: --format is text, csv, json or xlsx, not '%s'\n",
		      text);
	return false;
}

static bool in_range(const char *name, uint64_t v, uint64_t most)
{
	if (v >= 1 && v <= most)
		return true;
	(void)fprintf(stderr, "muster: --%s is 1 to %llu\n", name,
		      (unsigned long long)most);
	return false;
}

static int render(const struct mst_report *r, const struct asking *a,
		  struct mst_buf *out, struct mst_err *err)
{
	int rc = 0;

	if (a->form == CSV)
		rc = mst_report_csv(r, a->section, out, err);
	else if (a->form == JSON)
		rc = mst_report_json(r, a->section, out, err);
	else if (a->form == XLSX)
		rc = mst_report_xlsx(r, a->section, out, err);
	else
		mst_report_text(r, a->most, out);
	if (rc == 0 && out->overflow)
		rc = mst_err_set(err, MST_E_INVALID,
				 "the report is larger than 2 GiB; ask for one "
				 "section of it (--section)");
	return rc;
}

/* CSV has no place for what a report may lack. */
static void tell_notes(const struct mst_report *r)
{
	for (size_t i = 0; i < r->notes_n; i++)
		mst_warn("%s%s",
			 r->notes[i].lacks ? "the report may be incomplete: "
					   : "",
			 r->notes[i].text);
}

static int deliver(struct mst_buf *out, const struct asking *a,
		   struct mst_err *err)
{
	if (a->out)
		return cli_write_file(a->out, mst_buf_slice(out), 0600, err);
	cli_print(out);
	return 0;
}

static int report(const struct mst_report_conf *conf, const struct asking *a)
{
	struct mst_buf out = MST_BUF_INIT(OUT_MAX);
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_report r = {.name = NULL};
	int rc = cli_open_state(&state, &err);

	if (rc == 0)
		rc = mst_report_run(state, conf, &r, &err);
	cli_progress_end();
	if (rc == 0)
		rc = render(&r, a, &out, &err);
	if (rc == 0 && a->form == CSV)
		tell_notes(&r);
	if (rc == 0)
		rc = deliver(&out, a, &err);
	mst_report_fini(&r);
	mst_buf_fini(&out);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}

int cmd_report(int argc, char **argv)
{
	struct mst_report_conf conf = {
	    .days = 90, .runs = 10, .top = 10, .cancel = &cli_cancel};
	struct asking a = {.most = SHOWN};
	const char *format = NULL;
	bool all = false;
	const struct cli_opt opts[] = {
	    {"format", "FORM",
	     "text, csv, json (also --json), or xlsx: a workbook", NULL,
	     &format, NULL},
	    {"out", "FILE", "write it to a file (mode 0600)", NULL, &a.out,
	     NULL},
	    {"section", "NAME", "csv, json, xlsx: only this part of the report",
	     NULL, &a.section, NULL},
	    {"all", NULL, "text: show whole lists", &all, NULL, NULL},
	    {"days", "N", "cve: how far back resolved ones count (90)", NULL,
	     NULL, &conf.days},
	    {"runs", "N", "noise: how many runs are looked at (10)", NULL, NULL,
	     &conf.runs},
	    {"top", "N", "cve: how many of the greatest (10)", NULL, NULL,
	     &conf.top},
	    {0},
	};
	int status;

	if (!cli_parse(&report_cmd, opts, &argc, &argv, 2, 2, &status))
		return status;
	if (!take_format(format, &a.form) ||
	    !in_range("days", conf.days, DAYS_MAX) ||
	    !in_range("runs", conf.runs, NUMBER_MAX) ||
	    !in_range("top", conf.top, 100))
		return CLI_USAGE;
	if (a.form == XLSX && !a.out && isatty(STDOUT_FILENO)) {
		(void)fprintf(stderr, "muster: a workbook is no text for a "
				      "terminal; --out FILE says where to\n");
		return CLI_USAGE;
	}
	if (all)
		a.most = UINT64_MAX;
	conf.name = argv[0];
	conf.job = argv[1];
	conf.progress = cli_progress();
	return report(&conf, &a);
}
