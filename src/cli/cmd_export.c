/* SPDX-License-Identifier: Apache-2.0
 *
 * muster export: the state store's configuration as YAML.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct cli_command export_cmd = {
    "export", "[KIND [NAME]]",
    "Prints the stored configuration as YAML that 'muster apply' reads back.\n"
    "KIND is connection, job, settings (named CONNECTION/ENVIRONMENT), "
    "forward_rule,\nforward_action, forward_receiver, exclusion_window, outbox "
    "or proxy.",
    cmd_export};

struct exporting {
	const char *name, *section;
	size_t n;
};

static int print_item(void *ctx, const struct mst_state_item *item)
{
	struct exporting *e = ctx;
	const char *section;

	if (e->name && strcmp(e->name, item->name) != 0)
		return 0;
	section = mst_conf_section(item->kind);
	if (section != e->section)
		(void)printf("%s:\n", section);
	e->section = section;
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
			      "muster: export knows connection, job, settings, "
			      "forward_rule, forward_action, forward_receiver, "
			      "exclusion_window, outbox and proxy, not '%s'\n",
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
