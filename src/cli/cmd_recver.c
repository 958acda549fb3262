/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver: which verb.
 */
#include "cli/recver.h"
#include "cli/verbs.h"

static const struct cli_command recver_cmd = {
    "recver",
    "stats NAME | reset NAME | verify NAME | copy FROM TO | script "
    "[CONNECTION]",
    "stats prints how many groups and members RecVer holds for a job, or for "
    "a connection.\nreset forgets them, or those of all destinations of a "
    "source "
    "connection: the next run\nlooks every record up in the destination and "
    "writes what differs. It asks first.\nverify checks every row for a job or "
    "a connection, and writes nothing.\ncopy moves a connection's RecVer to "
    "another store; FROM and TO are a connection or a\nstore in words: "
    "sqlite:path=FILE, postgres:server=db1,database=NAME,user=LOGIN.\nscript "
    "prints what a DBA runs, for a connection or for --type and --database.",
    cmd_recver};

enum verb { STATS = 1, RESET = 2, VERIFY = 4, COPY = 8, SCRIPT = 16 };

static const struct cli_verb verbs[] = {
    {"stats", STATS, 1, 1, "JOB or CONNECTION"},
    {"reset", RESET, 1, 1, "JOB or CONNECTION"},
    {"verify", VERIFY, 1, 1, "JOB or CONNECTION"},
    {"copy", COPY, 2, 2, "FROM TO"},
    {"script", SCRIPT, 0, 1, "[CONNECTION]"},
    {NULL, 0, 0, 0, NULL},
};

static const struct cli_verb *find_verb(int argc, char **argv,
					const struct recver_opts *o)
{
	const struct cli_verb_opt opts[] = {
	    {"yes", o->yes, RESET | COPY},
	    {"force", o->force, COPY},
	    {"record-set", o->record_set != NULL, RESET},
	    {"target", o->target != NULL, RESET},
	    {"type", o->type != NULL, SCRIPT},
	    {"database", o->database != NULL, SCRIPT},
	    {"login", o->login != NULL, SCRIPT},
	    {"upgrade-from", o->from != NULL, SCRIPT},
	    {"script", o->script != NULL, SCRIPT},
	    {"for", o->tool != NULL, SCRIPT},
	    {"output", o->output != NULL, SCRIPT},
	    {NULL, false, 0},
	};

	return cli_verb_find("recver", verbs, opts, argc, argv);
}

static int run(enum verb verb, char **words, int n, const struct recver_opts *o)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int status = CLI_OK, rc = 0;

	if (verb != SCRIPT)
		rc = cli_open_state(&state, &err);
	if (rc == 0 && verb == STATS)
		rc = recver_stats(state, words[0], &err);
	else if (rc == 0 && verb == RESET)
		rc = recver_reset(state, words[0], o, &err);
	else if (rc == 0 && verb == VERIFY)
		rc = recver_verify(state, words[0], &status, &err);
	else if (rc == 0 && verb == COPY)
		rc = recver_copy(state, words[0], words[1], o, &err);
	else if (rc == 0)
		rc = recver_script(n ? words[0] : NULL, o, &err);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : status;
}

int cmd_recver(int argc, char **argv)
{
	struct recver_opts o = {0};
	const struct cli_opt opts[] = {
	    {"yes", NULL, "reset or empty without asking", &o.yes, NULL, NULL},
	    {"record-set", "NAME", "reset only this record set", NULL,
	     &o.record_set, NULL},
	    {"target", "NAME", "reset only this destination of a connection",
	     NULL, &o.target, NULL},
	    {"force", NULL, "copy: empty what is in TO", &o.force, NULL, NULL},
	    {"type", "TYPE", "script: postgres, sqlserver or mongodb", NULL,
	     &o.type, NULL},
	    {"database", "NAME", "script: the database's name", NULL,
	     &o.database, NULL},
	    {"login", "LOGIN", "script: whom muster logs in as (muster)", NULL,
	     &o.login, NULL},
	    {"script", "WHICH", "create, role, check, upgrade or all", NULL,
	     &o.script, NULL},
	    {"upgrade-from", "VERSION", "script: the tables that are there",
	     NULL, &o.from, NULL},
	    {"for", "TOOL", "script: psql, sqlcmd, ssms or mongosh", NULL,
	     &o.tool, NULL},
	    {"output", "FILE", "script: into a file", NULL, &o.output, NULL},
	    {0},
	};
	const struct cli_verb *verb;
	int status;

	if (!cli_parse(&recver_cmd, opts, &argc, &argv, 1, 3, &status))
		return status;
	verb = find_verb(argc, argv, &o);
	return verb ? run((enum verb)verb->bit, argv + 1, argc - 1, &o)
		    : CLI_USAGE;
}
