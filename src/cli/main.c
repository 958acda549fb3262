/* SPDX-License-Identifier: Apache-2.0
 *
 * The program: finds the command, catches the signals.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/remote.h"
#include "cli/worker.h"

atomic_bool cli_cancel;
static atomic_bool signalled;

const struct cli_command cli_commands[] = {
    {"apply", "-f FILE", "store connections, jobs and settings from YAML",
     cmd_apply},
    {"export", "[KIND [NAME]]", "print what is stored as YAML", cmd_export},
    {"connection", "list | show | test | setup",
     "list, show, test or set up connections", cmd_connection},
    {"settings", "WHAT CONNECTION", "look at settings, change and promote them",
     cmd_settings},
    {"rules", "[CONNECTION]", "print the rules and what overrides them",
     cmd_rules},
    {"plan", "JOB", "show what a run would write, field by field", cmd_plan},
    {"run", "JOB", "bring the destination in step", cmd_run},
    {"serve", "", "run jobs when they are due, answer the API and the console",
     cmd_serve},
    {"jobs", "[JOB]", "show when jobs run next", cmd_jobs},
    {"notices", "", "show what needs a person", cmd_notices},
    {"sync", "", "run jobs by themselves, each at its frequency", cmd_sync},
    {"runs", "[ID]", "show past runs, or one of them", cmd_runs},
    {"store", "[show | copy | script]",
     "say where the state store is, and move it", cmd_store},
    {"audit", "[list | verify | head]", "show who changed what", cmd_audit},
    {"explain", "JOB KEY", "say why a record is as it is", cmd_explain},
    {"check", "JOB", "compare the destination with what was delivered",
     cmd_check},
    {"undo", "RUN", "take the writes of a run back", cmd_undo},
    {"report", "NAME JOB", "report on coverage, CVEs, duplicates and more",
     cmd_report},
    {"recver", "verify | copy | script",
     "check, move or empty the checksum database", cmd_recver},
    {"forward", "run | status | list", "forward alerts, see what waits",
     cmd_forward},
    {"fetch", "CONNECTION --to DIR", "save a source's answers in a folder",
     cmd_fetch},
    {"import-cyberx", "FILE", "take over the proxy of the legacy integration",
     cmd_import_cyberx},
    {"ot", "rekey JOB", "move what sensors delivered to their console's ids",
     cmd_ot},
    {"cert", "list", "show certificates, their end and who uses them",
     cmd_cert},
    {"secret", "set NAME | list", "keep secrets sealed in the state store",
     cmd_secret},
    {"user", "list | add | set", "who may sign in to the service", cmd_user},
    {"token", "create | list | revoke", "API tokens of the service", cmd_token},
    {"update-set", "[NAME]", "list or print ServiceNow update sets",
     cmd_update_set},
    {"demo", "", "run the main job on simulators and check the result",
     cmd_demo},
    {"sim", "", "run the simulators", cmd_sim},
    {"version", "", "print the version", cmd_version},
    {NULL, NULL, NULL, NULL},
};

static void on_signal(int sig)
{
	static const char text[] =
	    "\nmuster: stopping: what is under way is finished and stored; "
	    "once more ends at once\n";
	ssize_t n;

	(void)sig;
	if (atomic_exchange(&signalled, true))
		_exit(CLI_CANCELLED);
	atomic_store(&cli_cancel, true);
	n = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)n;
}

static void usage(FILE *to)
{
	(void)fprintf(to, "usage: muster COMMAND [OPTIONS]\n\n"
			  "Keeps a ServiceNow CMDB in step with what Microsoft "
			  "Defender sees.\n\ncommands:\n");
	for (const struct cli_command *c = cli_commands; c->name; c++)
		(void)fprintf(to, "  %-13s %-20s %s\n", c->name, c->args,
			      c->help);
	(void)fprintf(to, "\n'muster COMMAND --help' says more; 'muster demo' "
			  "shows it at work.\n");
}

static int unknown(const char *word)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (const struct cli_command *c = cli_commands; c->name; c++)
		names[n++] = c->name;
	names[n] = NULL;
	near = mst_nearest(word, names);
	(void)fprintf(stderr, "muster: unknown command '%s'%s%s%s\n", word,
		      near ? "; did you mean '" : "", near ? near : "",
		      near ? "'?" : "; see 'muster --help'");
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct mst_err err = MST_ERR_INIT;
	const struct cli_command *c;
	int status;

	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = "version";
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (mst_secret_setup(&err) < 0 || mst_secret_no_dumps(&err) < 0)
		return cli_fail(&err);
	mst_log_level(MST_INFO);
	cli_worker_begin();
	if (cli_remote(&argc, argv, &status))
		return status;
	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	for (c = cli_commands; c->name; c++) {
		if (strcmp(argv[1], c->name) == 0)
			break;
	}
	if (!c->name)
		return unknown(argv[1]);
	status = cli_printed(c->run(argc - 1, argv + 1));
	cli_worker_end(atomic_load(&signalled));
	return status;
}
