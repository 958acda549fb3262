/* SPDX-License-Identifier: Apache-2.0
 *
 * Small commands: fetch, sim, version.
 */
#include <stdio.h>
#include <string.h>

#include "api/console_files.h"
#include "base/file.h"
#include "base/gunzip.h"
#include "cli/cli.h"
#include "mst_config.h"
#include "sim/sim.h"

static const struct cli_command fetch_cmd = {
    "fetch", "CONNECTION --to DIR",
    "Saves everything that a source answers in a folder, as received, with a "
    "manifest of\ncounts and times. A connection with read_from: DIR reads it "
    "back, on another machine too.",
    cmd_fetch};

int cmd_fetch(int argc, char **argv)
{
	const char *to = NULL, *env_word = NULL;
	enum mst_env env = MST_ENV__MAX;
	const struct cli_opt opts[] = {
	    {"to", "DIR", "the folder; it is made when missing", NULL, &to,
	     NULL},
	    {"env", "test|prod", "read what its settings there want", NULL,
	     &env_word, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int status, rc;

	if (!cli_parse(&fetch_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	if (!to) {
		(void)fprintf(stderr, "muster: fetch wants --to DIR\n");
		return CLI_USAGE;
	}
	if (env_word && !mst_env_parse(env_word, &env)) {
		(void)fprintf(stderr, "muster: --env is test or prod\n");
		return CLI_USAGE;
	}
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = mst_fetch_to(state, argv[0], env, to, cli_progress(),
				  &cli_cancel, &err);
	mst_state_close(&state);
	cli_progress_end();
	if (rc < 0)
		return cli_fail(&err);
	if (cli.json)
		(void)printf("{\"saved\":true}\n");
	else
		(void)printf("saved in %s\n", to);
	return CLI_OK;
}

int cmd_sim(int argc, char **argv)
{
	return mst_sim_main(argc, argv);
}

static const struct cli_command version_cmd = {
    "version", "", "Prints the version and what it was built with.",
    cmd_version};

int cmd_version(int argc, char **argv)
{
	const struct cli_opt opts[] = {{0}};
	int status;

	if (!cli_parse(&version_cmd, opts, &argc, &argv, 0, 0, &status))
		return status;
	if (cli.json)
		(void)printf("{\"version\":\"%s\",\"inflate\":\"%s\","
			     "\"console\":%s}\n",
			     MST_VERSION, mst_gunzip_name(),
			     mst_console_files_n ? "true" : "false");
	else
		(void)printf("muster %s (inflate: %s, console: %s)\n",
			     MST_VERSION, mst_gunzip_name(),
			     mst_console_files_n ? "built in" : "none");
	return CLI_OK;
}
