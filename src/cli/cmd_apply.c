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

/* A job may name connections of the file or of the store. */
static int check_jobs(struct mst_state *state, const struct mst_conf *conf,
		      struct mst_err *err)
{
	for (size_t i = 0; i < conf->items_n; i++) {
		const struct mst_conf_item *item = &conf->items[i];

		if (mst_item_check(item, err) < 0)
			return -(int)err->code;
		for (size_t k = 0;
		     k < item->values_n && strcmp(item->kind, "job") == 0;
		     k++) {
			const struct mst_conf_value *v = &item->values[k];
			struct mst_buf yaml = MST_BUF_INIT(YAML_MAX);
			bool found = false;

			if (strcmp(v->key, "source") != 0 &&
			    strcmp(v->key, "destination") != 0)
				continue;
			for (size_t m = 0; m < conf->items_n; m++)
				found = found || (strcmp(conf->items[m].kind,
							 "connection") == 0 &&
						  strcmp(conf->items[m].name,
							 v->texts[0]) == 0);
			if (!found)
				found = mst_state_item(state, "connection",
						       v->texts[0], &yaml,
						       err) == 0;
			mst_buf_fini(&yaml);
			if (!found)
				return mst_err_set(
				    err, MST_E_NOTFOUND,
				    "%s:%d:%d: job '%s': there is no "
				    "connection '%s'",
				    item->file, v->line, v->column, item->name,
				    v->texts[0]);
		}
	}
	return 0;
}

static int store(struct mst_state *state, const struct mst_conf *conf,
		 size_t *added, size_t *changed, struct mst_err *err)
{
	struct mst_state_item *items =
	    mst_alloc(conf->items_n * sizeof(*items));
	struct mst_buf *texts = mst_alloc(conf->items_n * sizeof(*texts));
	int rc = 0;

	for (size_t i = 0; i < conf->items_n && rc == 0; i++) {
		const struct mst_conf_item *item = &conf->items[i];

		mst_buf_init(&texts[i], YAML_MAX);
		if (!mst_conf_write(item, &texts[i]))
			rc = mst_err_set(err, MST_E_INVALID,
					 "%s:%d: '%s' is too large", item->file,
					 item->line, item->name);
		items[i] = (struct mst_state_item){item->kind, item->name,
						   item->type, texts[i].p};
	}
	if (rc == 0)
		rc = mst_state_put_items(state, items, conf->items_n, added,
					 changed, err);
	for (size_t i = 0; i < conf->items_n; i++)
		mst_buf_fini(&texts[i]);
	free(texts);
	free(items);
	return rc;
}

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
		rc = check_jobs(state, &conf, &err);
	if (rc == 0)
		rc = store(state, &conf, &added, &changed, &err);
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
