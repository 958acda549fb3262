/* SPDX-License-Identifier: Apache-2.0
 *
 * muster export: the state store's configuration as YAML.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct cli_command export_cmd = {
    "export", "[KIND [NAME]]",
    "Prints stored connections, jobs and settings as YAML that 'muster apply' "
    "reads back.\nKIND is connection, job or settings; settings are named "
    "CONNECTION/ENVIRONMENT.",
    cmd_export};

struct exporting {
	const char *name, *last_kind;
	size_t n;
};

static int print_item(void *ctx, const struct mst_state_item *item)
{
	struct exporting *e = ctx;

	if (e->name && strcmp(e->name, item->name) != 0)
		return 0;
	if (!e->last_kind || strcmp(e->last_kind, item->kind) != 0)
		(void)printf("%s:\n", mst_conf_section(item->kind));
	e->last_kind = strcmp(item->kind, "job") == 0	       ? "job"
		       : strcmp(item->kind, MST_SETTINGS) == 0 ? MST_SETTINGS
							       : "connection";
	(void)printf("%s", item->yaml);
	e->n++;
	return 0;
}

int cmd_export(int argc, char **argv)
{
	const struct cli_opt opts[] = {{0}};
	struct exporting e = {0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int status, rc;

	if (!cli_parse(&export_cmd, opts, &argc, &argv, 0, 2, &status))
		return status;
	if (argc > 0 && !mst_conf_section(argv[0])) {
		(void)fprintf(stderr,
			      "muster: export knows connection, job and "
			      "settings, not '%s'\n",
			      argv[0]);
		return CLI_USAGE;
	}
	e.name = argc > 1 ? argv[1] : NULL;
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = mst_state_items(state, argc > 0 ? argv[0] : NULL,
				     print_item, &e, &err);
	if (rc == 0 && e.name && e.n == 0)
		rc = mst_err_set(&err, MST_E_NOTFOUND, "there is no %s '%s'",
				 argv[0], e.name);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
