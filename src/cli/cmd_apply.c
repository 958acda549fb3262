/* SPDX-License-Identifier: Apache-2.0
 *
 * muster apply: a YAML file into the state store.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/settings.h"
#include "cli/settings_save.h"
#include "cli/worker.h"

#define OUT_MAX (16u << 20)

static const struct cli_command apply_cmd = {
    "apply", "-f FILE",
    "Stores connections, jobs, settings and forwarding from a YAML file: new "
    "ones are added, existing ones\nreplaced, others stay. Nothing is stored "
    "when "
    "anything in the file is wrong. Settings\nthat differ from the stored "
    "ones are shown, and need --consent.",
    cmd_apply};

struct applying {
	struct mst_state *state;
	struct mst_conf conf;
	struct mst_buf out;
	struct mst_jout j;
	size_t added, changed;
	bool saved;
};

static int store(struct applying *a, bool consent, struct mst_err *err)
{
	const struct mst_config config = {a->state, a->conf.items,
					  a->conf.items_n};
	size_t sets = 0;

	if (mst_config_check(&config, err) < 0 ||
	    (cli_worker() && mst_config_no_programs(&config, err) < 0))
		return -(int)err->code;
	mst_jout_key(&a->j, "settings");
	mst_jout_arr(&a->j);
	if (cli_show_settings(a->state, &a->conf, cli.json ? &a->j : NULL,
			      &sets, err) < 0)
		return -(int)err->code;
	mst_jout_end_arr(&a->j);
	a->saved = sets == 0 || cli_consent(consent);
	return a->saved
		   ? mst_config_put(a->state, a->conf.items, a->conf.items_n,
				    NULL, NULL, &a->added, &a->changed, err)
		   : 0;
}

static void report(struct applying *a)
{
	size_t unchanged = a->conf.items_n - a->added - a->changed;

	if (cli.json) {
		mst_jout_kbool(&a->j, "saved", a->saved);
		mst_jout_ki64(&a->j, "added", (int64_t)a->added);
		mst_jout_ki64(&a->j, "changed", (int64_t)a->changed);
		mst_jout_ki64(&a->j, "unchanged",
			      a->saved ? (int64_t)unchanged : 0);
		mst_jout_end_obj(&a->j);
		(void)mst_buf_addc(&a->out, '\n');
		cli_print(&a->out);
	} else if (a->saved) {
		(void)printf("%zu added, %zu changed, %zu unchanged\n",
			     a->added, a->changed, unchanged);
	}
}

static int apply(const char *file, bool consent)
{
	struct applying a = {.out = MST_BUF_INIT(OUT_MAX)};
	struct mst_err err = MST_ERR_INIT;
	int rc = cli_load_conf(file, &a.conf, &err);

	if (rc < 0)
		return cli_fail(&err);
	mst_jout_init(&a.j, &a.out);
	mst_jout_obj(&a.j);
	rc = cli_open_state(&a.state, &err);
	if (rc == 0)
		rc = store(&a, consent, &err);
	if (rc == 0)
		report(&a);
	mst_conf_fini(&a.conf);
	mst_buf_fini(&a.out);
	mst_state_close(&a.state);
	if (rc < 0)
		return cli_fail(&err);
	return a.saved ? CLI_OK : cli_no_consent();
}

int cmd_apply(int argc, char **argv)
{
	const char *file = NULL;
	bool consent = false;
	const struct cli_opt opts[] = {
	    {"file", "FILE", "the YAML file (also -f); -: standard input", NULL,
	     &file, NULL},
	    {"consent", NULL, "save settings: they change what jobs write",
	     &consent, NULL, NULL},
	    {0},
	};
	int status;

	if (!cli_parse(&apply_cmd, opts, &argc, &argv, 0, 1, &status))
		return status;
	if (!file && argc == 1)
		file = argv[0];
	if (!file) {
		(void)fprintf(stderr, "muster: apply wants -f FILE\n");
		return CLI_USAGE;
	}
	return apply(file, consent);
}
