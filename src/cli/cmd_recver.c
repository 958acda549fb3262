/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver: which verb, and how much is remembered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/recver.h"
#include "cli/verbs.h"

static const struct cli_command recver_cmd = {
    "recver",
    "stats JOB | reset NAME | verify NAME | copy FROM TO | script [CONNECTION]",
    "stats prints how many groups and members RecVer holds for a job's "
    "destination.\nreset forgets them, or those of all destinations of a "
    "source "
    "connection: the next run\nlooks every record up in the destination and "
    "writes what differs. It asks first.\nverify checks every row for a job or "
    "a connection, and writes nothing.\ncopy moves a connection's RecVer to "
    "another store; FROM and TO are a connection or a\nstore in words: "
    "sqlite:path=FILE, postgres:server=db1,database=NAME,user=LOGIN.\nscript "
    "prints what a DBA runs, for a connection or for --type and --database.",
    cmd_recver};

static int stats(struct mst_session *s, struct mst_err *err)
{
	const struct mst_catalog *c = s->job.catalog;
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_jout j;
	int rc = 0;

	mst_jout_init(&j, &out);
	if (cli.json)
		mst_jout_obj(&j);
	else
		(void)mst_buf_addf(&out, "%-24s %9s %10s %12s %7s %8s\n",
				   "record set", "groups", "members", "bytes",
				   "dirty", "pending");
	for (size_t i = 0; i < c->sets_n && rc == 0; i++) {
		struct mst_recver_stats st = {0};

		rc = s->recver->ops->stats(s->recver, s->job.conf.destination,
					   c->sets[i].name, &st, err);
		if (rc < 0)
			break;
		if (!cli.json) {
			(void)mst_buf_addf(
			    &out, "%-24s %9llu %10llu %12llu %7llu %8llu\n",
			    c->sets[i].name, (unsigned long long)st.groups,
			    (unsigned long long)st.members,
			    (unsigned long long)st.bytes,
			    (unsigned long long)st.dirty,
			    (unsigned long long)st.pending);
			continue;
		}
		mst_jout_key(&j, c->sets[i].name);
		mst_jout_obj(&j);
		mst_jout_ki64(&j, "groups", (int64_t)st.groups);
		mst_jout_ki64(&j, "members", (int64_t)st.members);
		mst_jout_ki64(&j, "bytes", (int64_t)st.bytes);
		mst_jout_ki64(&j, "dirty", (int64_t)st.dirty);
		mst_jout_ki64(&j, "pending", (int64_t)st.pending);
		mst_jout_end_obj(&j);
	}
	if (cli.json) {
		mst_jout_end_obj(&j);
		(void)mst_buf_addc(&out, '\n');
	}
	if (rc == 0)
		cli_print(&out);
	mst_buf_fini(&out);
	return rc;
}

static int stats_of_job(struct mst_state *state, const char *job,
			struct mst_err *err)
{
	struct mst_run_conf conf = {.job = job};
	struct mst_session *s = mst_alloc(sizeof(*s));
	int rc = mst_session_open(s, state, &conf, false, err);

	if (rc == 0)
		rc = stats(s, err);
	(void)mst_session_close(s, rc < 0 ? err : NULL);
	free(s);
	return rc;
}

enum verb { STATS = 1, RESET = 2, VERIFY = 4, COPY = 8, SCRIPT = 16 };

static const struct cli_verb verbs[] = {
    {"stats", STATS, 1, 1, "JOB"},
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
		rc = stats_of_job(state, words[0], &err);
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
