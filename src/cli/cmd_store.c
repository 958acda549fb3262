/* SPDX-License-Identifier: Apache-2.0
 *
 * muster store: where the state store is, and moving it into another database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "state/copy.h"

static const struct cli_command store_cmd = {
    "store", "show | copy | script",
    "Says where the state store is: configuration, runs, tasks, users, audit. "
    "copy writes\nall of it into another, empty one: from the file in the "
    "state "
    "folder to PostgreSQL,\nor back. Nothing may run meanwhile; afterwards "
    "MUSTER_STORE, or a file 'store' in the\nstate folder, names the new "
    "one.\n\nscript prints what a DBA runs where muster may not make its "
    "tables itself; with\n--role, what gives its login the least rights.",
    cmd_store};

struct asked {
	const char *to;
	bool role;
};

/* ---- show ---------------------------------------------------------------- */

static void show_json(const struct mst_store_look *l, struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "type", l->shared ? "postgresql" : "sqlite");
	mst_jout_kstr(&j, "place", l->place);
	mst_jout_ki64(&j, "items", (int64_t)l->items);
	mst_jout_ki64(&j, "runs", (int64_t)l->runs);
	mst_jout_ki64(&j, "tasks", (int64_t)l->tasks);
	mst_jout_ki64(&j, "users", (int64_t)l->users);
	mst_jout_ki64(&j, "audit_entries", (int64_t)l->entries);
	mst_jout_end_obj(&j);
	(void)mst_buf_addc(out, '\n');
}

static int show(struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(65536);
	struct mst_state *state = NULL;
	struct mst_store_look l;
	int rc = cli_open_state(&state, err);

	if (rc == 0)
		rc = mst_store_look(state, &l, err);
	if (rc == 0 && cli.json)
		show_json(&l, &out);
	else if (rc == 0)
		(void)mst_buf_addf(
		    &out,
		    "%s  %s\nitems of configuration  %llu\nruns  %llu\n"
		    "tasks  %llu\nusers  %llu\nentries of the audit  %llu\n",
		    l.shared ? "PostgreSQL" : "SQLite", l.place,
		    (unsigned long long)l.items, (unsigned long long)l.runs,
		    (unsigned long long)l.tasks, (unsigned long long)l.users,
		    (unsigned long long)l.entries);
	cli_print(&out);
	mst_buf_fini(&out);
	mst_state_close(&state);
	return rc;
}

/* ---- copy, script -------------------------------------------------------- */

static void say_table(void *ctx, const char *table, uint64_t rows)
{
	if (rows && !cli.quiet)
		(void)fprintf(stderr, "%s: %llu rows\n", table,
			      (unsigned long long)rows);
	*(uint64_t *)ctx += rows;
}

static int copy(const char *to, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(4096);
	uint64_t rows = 0;
	int rc;

	if (!to)
		return mst_err_set(err, MST_E_INVALID,
				   "store copy wants --to: "
				   "postgresql://HOST/DATABASE, or sqlite");
	rc = mst_store_copy(cli.state_dir, NULL, to, say_table, &rows, err);
	if (rc < 0)
		return rc;
	if (cli.json)
		(void)mst_buf_addf(&out, "{\"rows\":%llu}\n",
				   (unsigned long long)rows);
	else
		(void)mst_buf_addf(&out,
				   "%llu rows copied, the audit is whole; name "
				   "the new store in MUSTER_STORE or in the "
				   "file 'store' of the state folder\n",
				   (unsigned long long)rows);
	cli_print(&out);
	mst_buf_fini(&out);
	return 0;
}

static int script(bool role)
{
	struct mst_buf out = MST_BUF_INIT(1u << 20);

	(void)mst_buf_adds(&out,
			   role ? mst_store_role_script() : mst_store_script());
	cli_print(&out);
	mst_buf_fini(&out);
	return 0;
}

int cmd_store(int argc, char **argv)
{
	struct asked a = {NULL, false};
	const struct cli_opt opts[] = {
	    {"to", "ADDRESS", "copy: the new store, which must be empty", NULL,
	     &a.to, NULL},
	    {"role", NULL, "script: the rights of muster's login", &a.role,
	     NULL, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	const char *what;
	int status, rc;

	if (!cli_parse(&store_cmd, opts, &argc, &argv, 0, 1, &status))
		return status;
	what = argc ? argv[0] : "show";
	if (strcmp(what, "show") == 0) {
		rc = show(&err);
	} else if (strcmp(what, "copy") == 0) {
		rc = copy(a.to, &err);
	} else if (strcmp(what, "script") == 0) {
		rc = script(a.role);
	} else {
		(void)fprintf(stderr,
			      "muster: store knows show, copy and script, not "
			      "'%s'\n",
			      what);
		return CLI_USAGE;
	}
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
