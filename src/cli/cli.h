/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands share. One file per command (cmd_*.c); stdout is data
 * (text or --json), stderr is log and progress.
 */
#ifndef MST_CLI_CLI_H
#define MST_CLI_CLI_H

#include <stdatomic.h>

#include "state/state.h"
#include "sync/run.h"
#include "json/out.h"

/* Exit statuses; documented in muster(1). */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_PARTIAL = 3,  /* done, but some records were refused */
	CLI_AUTH = 4,	  /* credentials or permissions */
	CLI_CONFLICT = 5, /* locked, or the plan no longer fits */
	CLI_GUARD = 6,	  /* waits for --approve */
	CLI_DRIFT = 7,	  /* check or plan: there are differences */
	CLI_CANCELLED = 130
};

struct cli_opt {
	const char *name; /* long name */
	const char *arg;  /* NULL: a switch; else the argument's word */
	const char *help;
	bool *flag;	   /* switch */
	const char **text; /* argument */
	uint64_t *number;  /* argument that must be a number */
};

struct cli_command {
	const char *name;
	const char *args; /* "JOB [KEY]" */
	const char *help; /* one sentence */
	int (*run)(int argc, char **argv);
};

extern const struct cli_command cli_commands[]; /* ends with name NULL */

/* Options that every command takes. */
struct cli_common {
	const char *state_dir;
	bool json, verbose, quiet, help;
};

extern struct cli_common cli;
extern atomic_bool cli_cancel; /* set by SIGINT and SIGTERM */

/* Reads options (own ones end with name NULL) and leaves least..most words in
 * argv[0..*n_r). Prints usage and returns false when that does not work out or
 * help was asked for; then *status_r is the exit status. */
bool cli_parse(const struct cli_command *cmd, const struct cli_opt *opts,
	       int *argc, char ***argv, int least, int most, int *status_r);
/* "muster: what" on stderr; the exit status that fits the error. */
int cli_fail(const struct mst_err *err);
int cli_status(const struct mst_err *err);
int cli_open_state(struct mst_state **s_r, struct mst_err *err);
/* Prints and empties. What cannot be printed is told by cli_printed. */
void cli_print(struct mst_buf *out);
/* At the end: did all of the output get to where it goes? Else the exit status
 * says so, whatever the command came to. A reader that went away early (head)
 * is no error. */
int cli_printed(int status);
/* Appends a file that the user named; NULL or "-": standard input to its end.
 */
int cli_read_file(const char *path, struct mst_buf *out, struct mst_err *err);
/* The same as configuration. */
int cli_load_conf(const char *path, struct mst_conf *conf_r,
		  struct mst_err *err);
/* Writes a file that the user named: a new one takes the place of an old one
 * when it is whole; a device, pipe or link is written to. */
int cli_write_file(const char *path, struct mst_slice data, unsigned mode,
		   struct mst_err *err);
/* Splits "a,b,c" into a list; texts live in arena. */
void cli_split(const char *text, struct mst_arena *arena,
	       struct mst_opt_list *list_r);
/* A terminal gets bars, everything else a line per finished stage. */
const struct mst_progress *cli_progress(void);
void cli_progress_end(void);

int cmd_apply(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_connection(int argc, char **argv);
int cmd_fetch(int argc, char **argv);
int cmd_forward(int argc, char **argv);
int cmd_import_cyberx(int argc, char **argv);
int cmd_jobs(int argc, char **argv);
int cmd_notices(int argc, char **argv);
int cmd_ot(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_runs(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_store(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_settings(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_undo(int argc, char **argv);
int cmd_recver(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_cert(int argc, char **argv);
int cmd_secret(int argc, char **argv);
int cmd_update_set(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* One run of a job, printed; returns the exit status (cmd_run.c). */
int cli_run(struct mst_state *state, const struct mst_run_conf *conf);

/* Counts of a run as a table or as JSON members (cmd_runs.c). */
void cli_counts_head(struct mst_buf *out);
void cli_counts_row(struct mst_buf *out, const char *set,
		    const struct mst_run_counts *c);
void cli_counts_json(struct mst_jout *j, const struct mst_run_counts *c);

/* Counts of a plan as a table, with a line of sums; returns how many changes
 * there are. Seconds that so many requests take, from what `asked` requests
 * took; a careful guess when there were none (cmd_plan.c). As a JSON object
 * (planfile.c). */
uint64_t cli_plan_summary(const struct mst_session *s, struct mst_buf *out,
			  uint64_t requests, double seconds);
double cli_plan_seconds(uint64_t requests, uint64_t asked, double took,
			unsigned workers);
void cli_plan_counts(struct mst_jout *j, const struct mst_session *s);

#endif
