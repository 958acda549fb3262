/* SPDX-License-Identifier: Apache-2.0
 *
 * update-set: lists muster's ServiceNow update sets, or writes one.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "servicenow/tables.h"
#include "servicenow/update_set.h"

static const struct cli_command update_set_cmd = {
    "update-set", "[NAME]",
    "Lists the ServiceNow update sets, or prints the one of that name as XML. "
    "Import it under\nSystem Update Sets > Retrieved Update Sets, preview, "
    "commit.",
    cmd_update_set};

static void list_text(struct mst_buf *out)
{
	for (size_t i = 0; i < mst_update_sets_n; i++) {
		const struct mst_update_set *s = &mst_update_sets[i];

		mst_buf_addf(out, "%-26s %s  %s\n", s->name,
			     MST_UPDATE_SET_VERSION, s->title);
	}
}

static void list_json(struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_arr(&j);
	for (size_t i = 0; i < mst_update_sets_n; i++) {
		const struct mst_update_set *s = &mst_update_sets[i];

		mst_jout_obj(&j);
		mst_jout_kstr(&j, "name", s->name);
		mst_jout_kstr(&j, "version", MST_UPDATE_SET_VERSION);
		mst_jout_kstr(&j, "title", s->title);
		mst_jout_kstr(&j, "description", s->description);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_buf_addc(out, '\n');
}

int cmd_update_set(int argc, char **argv)
{
	const char *out_file = NULL;
	const struct cli_opt opts[] = {
	    {"out", "FILE", "write it to this file", NULL, &out_file, NULL},
	    {0},
	};
	struct mst_buf out = MST_BUF_INIT(64u << 20);
	struct mst_err err = MST_ERR_INIT;
	int status, rc = 0;

	if (!cli_parse(&update_set_cmd, opts, &argc, &argv, 0, 1, &status))
		return status;
	if (argc)
		rc = mst_update_set_write(argv[0], &out, &err);
	else if (out_file)
		rc = mst_err_set(&err, MST_E_INVALID,
				 "--out wants the name of an update set; "
				 "'muster update-set' lists them");
	else if (cli.json)
		list_json(&out);
	else
		list_text(&out);
	if (rc == 0 && out_file)
		rc = cli_write_file(out_file, mst_buf_slice(&out), 0644, &err);
	else if (rc == 0)
		cli_print(&out);
	mst_buf_fini(&out);
	if (rc == -MST_E_INVALID && !argc) {
		(void)cli_fail(&err);
		return CLI_USAGE;
	}
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
