/* SPDX-License-Identifier: Apache-2.0
 *
 * muster serve: the daemon.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "conf/service.h"
#include "mst_config.h"
#include "serve/serve.h"

static const struct cli_command serve_cmd = {
    "serve", "",
    "Runs jobs when they are due, answers the REST API and serves the web "
    "console, until it is\nstopped. SIGHUP reads the configuration and the "
    "certificate again. The first start makes\na user \"admin\" and prints its "
    "one-time password.",
    cmd_serve};

static void first(void *ctx, const char *user, const char *password)
{
	(void)ctx;
	(void)printf("first start: sign in as \"%s\" with the one-time "
		     "password %s; it is shown only here and has to be "
		     "changed\n",
		     user, password);
	(void)fflush(stdout);
}

/* -1: as the configuration says. */
static bool log_form(const char *word, int *form_r)
{
	static const char *const words[] = {[MST_LOG_AUTO] = "auto",
					    [MST_LOG_TEXT] = "text",
					    [MST_LOG_JSON] = "json"};

	*form_r = -1;
	for (size_t i = 0; word && i < MST_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0)
			*form_r = (int)i;
	}
	return !word || *form_r >= 0;
}

int cmd_serve(int argc, char **argv)
{
	struct mst_serve_conf conf = {.version = MST_VERSION, .first = first};
	const char *log = NULL;
	const struct cli_opt opts[] = {
	    {"listen", "ADDRESS:PORT",
	     "instead of what the section service says", NULL, &conf.listen,
	     NULL},
	    {"node", "NAME",
	     "its name among several; the machine's when left out", NULL,
	     &conf.node, NULL},
	    {"workers", "N", "commands at once; 2 for each core when left out",
	     NULL, NULL, &conf.slots},
	    {"log", "auto|text|json", "form of the log", NULL, &log, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	int status;

	if (!cli_parse(&serve_cmd, opts, &argc, &argv, 0, 0, &status))
		return status;
	if (!log_form(log, &conf.log_form)) {
		(void)fprintf(stderr, "muster: --log is auto, text or json\n");
		return CLI_USAGE;
	}
	if (conf.slots > 256) {
		(void)fprintf(stderr, "muster: --workers: at most 256\n");
		return CLI_USAGE;
	}
	conf.state_dir = cli.state_dir;
	mst_serve_block();
	return mst_serve(&conf, &err) < 0 ? cli_fail(&err) : CLI_OK;
}
