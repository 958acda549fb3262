/* SPDX-License-Identifier: Apache-2.0
 *
 * muster apply, muster export: configuration in and out of the state store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define YAML_MAX (1u << 20) /* of one item */

static const struct cli_command apply_cmd = {
    "apply", "-f FILE",
    "Stores connections and jobs from a YAML file: new ones are added, "
    "existing ones replaced,\nothers stay. Nothing is stored when anything in "
    "the file is wrong.",
    cmd_apply};

int cmd_apply(int argc, char **argv)
{
	const char *file = NULL;
	const struct cli_opt opts[] = {
	    {"file", "FILE", "the YAML file (also -f)", NULL, &file, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_conf conf = {0};
	size_t added = 0, changed = 0;
	int status, rc;

	if (!cli_parse(&apply_cmd, opts, &argc, &argv, 0, 1, &status))
		return status;
	if (!file && argc == 1)
		file = argv[0];
	if (!file) {
		(void)fprintf(stderr, "muster: apply wants -f FILE\n");
		return CLI_USAGE;
	}
	rc = mst_conf_load(file, &conf, &err);
	if (rc < 0)
		return cli_fail(&err);
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = mst_config_check(
		    &(struct mst_config){state, conf.items, conf.items_n},
		    &err);
	if (rc == 0)
		rc = mst_config_put(state, conf.items, conf.items_n, NULL, NULL,
				    &added, &changed, &err);
	if (rc == 0 && cli.json)
		(void)printf("{\"added\":%zu,\"changed\":%zu,\"unchanged\":"
			     "%zu}\n",
			     added, changed, conf.items_n - added - changed);
	else if (rc == 0)
		(void)printf("%zu added, %zu changed, %zu unchanged\n", added,
			     changed, conf.items_n - added - changed);
	mst_conf_fini(&conf);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}

/* ---- export ----- */

static const struct cli_command export_cmd = {
    "export", "[KIND [NAME]]",
    "Prints stored connections and jobs as YAML that 'muster apply' reads "
    "back. KIND is connection or job.",
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
		(void)printf("%ss:\n", item->kind);
	e->last_kind = strcmp(item->kind, "job") == 0 ? "job" : "connection";
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
