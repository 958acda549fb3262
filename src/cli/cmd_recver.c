/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver: how much is remembered; and forgetting it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "sync/choice.h"

static const struct cli_command recver_cmd = {
    "recver", "stats JOB | reset JOB",
    "stats prints how many groups and members RecVer holds for a job's "
    "destination.\nreset forgets them: the next run looks every record up in "
    "the destination and\nwrites what differs. It asks first; --yes does not.",
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

static bool agreed(const struct mst_session *s)
{
	char line[16] = "";

	(void)fprintf(stderr,
		      "RecVer of '%s' for '%s' will be emptied. The next run "
		      "looks every record up again.\nType yes to go on: ",
		      s->job.conf.source, s->job.conf.destination);
	return fgets(line, sizeof(line), stdin) && strcmp(line, "yes\n") == 0;
}

int cmd_recver(int argc, char **argv)
{
	struct mst_run_conf conf = {0};
	bool yes = false;
	const char *set = NULL;
	const struct cli_opt opts[] = {
	    {"yes", NULL, "reset without asking", &yes, NULL, NULL},
	    {"record-set", "NAME", "only this record set", NULL, &set, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_session *s;
	int status, rc;

	if (!cli_parse(&recver_cmd, opts, &argc, &argv, 2, 2, &status))
		return status;
	if (strcmp(argv[0], "stats") != 0 && strcmp(argv[0], "reset") != 0) {
		(void)fprintf(stderr,
			      "muster: recver knows stats and reset, "
			      "not '%s'\n",
			      argv[0]);
		return CLI_USAGE;
	}
	conf.job = argv[1];
	s = mst_alloc(sizeof(*s));
	rc = cli_open_state(&state, &err);
	if (rc == 0) {
		rc = mst_session_open(s, state, &conf, false, &err);
		if (rc == 0 && set)
			rc = mst_choice_known(&s->job, set, &err);
		if (rc == 0 && strcmp(argv[0], "stats") == 0)
			rc = stats(s, &err);
		else if (rc == 0 && !yes && !agreed(s))
			rc = mst_err_set(&err, MST_E_CANCELLED,
					 "nothing was reset");
		else if (rc == 0)
			rc = s->recver->ops->reset(
			    s->recver, s->job.conf.destination, set, &err);
		(void)mst_session_close(s, rc < 0 ? &err : NULL);
	}
	free(s);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
