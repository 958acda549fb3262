/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection: list, show, test and set up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "checkup/checkup.h"
#include "cli/ask.h"
#include "cli/audit.h"
#include "cli/checks.h"
#include "cli/connection_show.h"
#include "cli/worker.h"
#include "forwarder/trial.h"

#define FIXES_MAX 16

static const struct cli_command connection_cmd = {
    "connection", "list | show NAME | test NAME | setup NAME",
    "list prints the stored connections. show says what one is, and when its "
    "jobs ran last and\nrun next. test looks at everything that a run "
    "would need\nand changes nothing: one line a check, with the remedy. setup "
    "does the same, then\noffers to make what is missing: a record of a "
    "destination, the RecVer database of a\nsource. It shows what it would do "
    "and asks first.",
    cmd_connection};

/* ---- list -------------------------------------------------------------------
 */

static int list_one(void *ctx, const struct mst_state_item *item)
{
	struct mst_jout *j = ctx;

	if (!cli.json) {
		(void)printf("%-24s %s\n", item->name, item->type);
		return 0;
	}
	mst_jout_obj(j);
	mst_jout_kstr(j, "name", item->name);
	mst_jout_kstr(j, "type", item->type);
	mst_jout_end_obj(j);
	return 0;
}

static int list(struct mst_state *state, struct mst_err *err)
{
	struct mst_buf out = MST_BUF_INIT(16u << 20);
	struct mst_jout j;
	int rc;

	mst_jout_init(&j, &out);
	if (cli.json)
		mst_jout_arr(&j);
	rc = mst_state_items(state, "connection", list_one, &j, err);
	if (cli.json) {
		mst_jout_end_arr(&j);
		(void)mst_buf_addc(&out, '\n');
		cli_print(&out);
	}
	mst_buf_fini(&out);
	return rc;
}

/* ---- setup ------------------------------------------------------------------
 */

struct setup {
	struct mst_state *state; /* for the audit */
	const char *name;
	bool on, yes;
	const char *admin, *admin_password;
	const char *file; /* test: what counts as stored */
};

static void show_fix(struct cli_checks *r, const struct mst_checkup *c,
		     const struct setup *setup, const struct mst_check_fix *f)
{
	(void)mst_buf_addf(&r->out, "\n%s\n\n", f->what);
	if (f->table)
		(void)mst_buf_addf(
		    &r->out, "  one new record in %s of %s%s%s\n", f->table,
		    mst_checkup_address(c), setup->admin ? ", as " : "",
		    setup->admin ? setup->admin : "");
	for (size_t i = 0; f->values[i][0]; i++)
		cli_checks_pair(r, f->values[i][0], f->values[i][1]);
	(void)mst_buf_addc(&r->out, '\n');
	cli_print(&r->out);
}

static void fix_to_json(struct cli_checks *r, const struct mst_check_fix *f,
			bool written)
{
	mst_jout_obj(&r->j);
	mst_jout_kstr(&r->j, "check", f->check);
	mst_jout_kstr(&r->j, "what", f->what);
	if (f->table)
		mst_jout_kstr(&r->j, "table", f->table);
	mst_jout_key(&r->j, "values");
	mst_jout_obj(&r->j);
	for (size_t i = 0; f->values[i][0]; i++)
		mst_jout_kstr(&r->j, f->values[i][0], f->values[i][1]);
	mst_jout_end_obj(&r->j);
	mst_jout_kbool(&r->j, "sent", written);
	mst_jout_end_obj(&r->j);
}

/* Nobody is asked where nobody can see what it is about. */
static bool can_ask(void)
{
	return !cli.json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool agreed(const struct setup *setup, const struct mst_check_fix *f)
{
	char answer[16] = "";

	if (setup->yes)
		return true;
	if (!can_ask())
		return false;
	(void)printf("Type yes to %s it: ", f->table ? "write" : "do");
	(void)fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) &&
	       strcmp(answer, "yes\n") == 0;
}

/* Offers each fix once; *sent_r says which were written. */
static int offer(struct mst_checkup *c, struct cli_checks *r,
		 const struct setup *setup, const struct mst_check_fix *fixes,
		 size_t n, bool *sent, struct mst_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!cli.json)
			show_fix(r, c, setup, &fixes[i]);
		sent[i] = agreed(setup, &fixes[i]);
		if (!sent[i] && !cli.json)
			(void)mst_buf_addf(
			    &r->out, "Nothing was %s.%s\n",
			    fixes[i].table ? "written" : "done",
			    can_ask() ? ""
				      : " There is nobody to ask here: run it "
					"in a terminal, or with --yes.");
		cli_print(&r->out);
		if (sent[i] &&
		    (cli_audit(setup->state, "setup", "connection", setup->name,
			       fixes[i].what, err) < 0 ||
		     mst_checkup_fix(c, i, err) < 0))
			return -(int)err->code;
	}
	return 0;
}

static int set_up(struct mst_checkup *c, struct cli_checks *r,
		  const struct setup *setup, struct mst_err *err)
{
	struct mst_check_fix fixes[FIXES_MAX];
	bool sent[FIXES_MAX] = {false};
	size_t n = mst_checkup_fixes(c, fixes, FIXES_MAX);
	int rc;

	n = MST_MIN(n, (size_t)FIXES_MAX);
	rc = offer(c, r, setup, fixes, n, sent, err);
	if (!cli.json) {
		if (rc == 0 && !n)
			(void)mst_buf_addf(
			    &r->out, "\nThere is nothing that setup could "
				     "write.\n");
		cli_print(&r->out);
		return rc;
	}
	mst_jout_end_arr(&r->j);
	mst_jout_key(&r->j, "writes");
	mst_jout_arr(&r->j);
	for (size_t i = 0; i < n; i++)
		fix_to_json(r, &fixes[i], sent[i]);
	return rc;
}

/* ---- the administrator ------------------------------------------------------
 */

/* Of an administrator without a password, nothing is typed. */
static int ask_password(struct setup *setup, struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(CLI_VALUE_MAX + 2);
	char *prompt =
	    mst_asprintf("Password of %s (not shown): ", setup->admin);
	int rc;

	(void)mst_buf_reserve(&b, CLI_VALUE_MAX + 2);
	rc = cli_ask(prompt, &b, err);
	if (rc == 0 && b.n) {
		mst_secret_typed(mst_secret_new(mst_buf_slice(&b)));
		setup->admin_password = MST_SECRET_TYPED;
	}
	mst_buf_wipe_fini(&b);
	free(prompt);
	return rc;
}

/* ---- test and setup ---------------------------------------------------------
 */

/* What forwarding needs of it, where an action uses it. */
static int check_actions(struct mst_state *state, const char *name,
			 struct cli_checks *r, struct mst_err *err)
{
	const struct mst_trial_conf t = {.report = cli_checks_take,
					 .ctx = r,
					 .dry = true,
					 .cancel = &cli_cancel};
	struct mst_check c = {.name = "forwarding"};
	struct mst_forward_conf *conf = NULL;
	struct mst_err why = MST_ERR_INIT;
	size_t n = 0;
	int rc = 0;

	if (mst_forward_conf_load(state, &conf, &why) < 0) {
		c.code = why.code;
		mst_check_say(&c, MST_CHECK_FAILED, "%.760s", why.msg);
		cli_checks_take(r, &c);
		return 0;
	}
	for (size_t i = 0; i < conf->actions_n; i++)
		n += conf->actions[i].connection &&
		     strcmp(conf->actions[i].connection, name) == 0;
	if (n && cli_checks_status(r) != CLI_OK) {
		mst_check_say(&c, MST_CHECK_SKIPPED,
			      "needs the checks above that failed");
		cli_checks_take(r, &c);
	} else if (n) {
		rc = mst_trial_connection(state, conf, name, &t, &n, err);
	}
	mst_forward_conf_free(&conf);
	return rc;
}

/* A file's items are right as if they were stored, or it is no test of them. */
static int take_file(struct mst_state *state, const struct setup *setup,
		     struct mst_conf *file, struct mst_err *err)
{
	struct mst_config config = {.state = state};

	if (!setup->file)
		return 0;
	if (mst_conf_load(setup->file, file, err) < 0)
		return -(int)err->code;
	config.front = file->items;
	config.front_n = file->items_n;
	if (cli_worker() && mst_config_no_programs(&config, err) < 0)
		return -(int)err->code;
	return mst_config_check(&config, err);
}

static int check(struct mst_state *state, const char *name,
		 const struct setup *setup, int *status, struct mst_err *err)
{
	struct cli_checks *r = mst_alloc(sizeof(*r));
	struct mst_checkup_conf conf = {
	    .report = cli_checks_take,
	    .ctx = r,
	    .admin = setup->admin,
	    .admin_password = setup->admin_password,
	    .cancel = &cli_cancel,
	};
	struct mst_conf file = {.items = NULL};
	struct mst_checkup *c = NULL;
	int rc = take_file(state, setup, &file, err);

	conf.front = file.items;
	conf.front_n = file.items_n;
	if (rc == 0)
		rc = mst_checkup_open(state, name, &conf, &c, err);
	if (rc == 0) {
		cli_checks_begin(r, name, mst_checkup_type(c));
		rc = mst_checkup_run(c, err);
		cli_checks_flush(r);
		if (rc == 0 && setup->on)
			rc = set_up(c, r, setup, err);
		if (rc == 0)
			rc = check_actions(state, name, r, err);
		if (rc == 0)
			cli_checks_end(r);
		*status = cli_checks_status(r);
	}
	mst_checkup_close(&c);
	mst_conf_fini(&file);
	cli_checks_fini(r);
	free(r);
	return rc;
}

static int usage(const char *what)
{
	(void)fprintf(stderr, "muster: %s\nusage: muster connection %s\n", what,
		      connection_cmd.args);
	return CLI_USAGE;
}

static int check_words(int argc, char **argv, const struct setup *setup)
{
	bool tests = strcmp(argv[0], "test") == 0;
	bool shows = strcmp(argv[0], "show") == 0;

	if (setup->file && !tests)
		return usage("--file goes with test");
	if (strcmp(argv[0], "list") == 0)
		return argc == 1 ? CLI_OK : usage("list takes no name");
	if (!tests && !shows && strcmp(argv[0], "setup") != 0)
		return usage("connection knows list, show, test and setup");
	if (argc != 2)
		return usage("the name of the connection is missing");
	tests = tests || shows;
	if (tests && (setup->yes || setup->admin || setup->admin_password))
		return usage("show and test write nothing; --yes and --admin "
			     "are for setup");
	if (!setup->admin && setup->admin_password)
		return usage("--admin-password goes with --admin");
	if (setup->admin && !setup->admin_password && !isatty(STDIN_FILENO))
		return usage("--admin needs --admin-password where nobody can "
			     "be asked for it");
	return CLI_OK;
}

int cmd_connection(int argc, char **argv)
{
	struct setup setup = {.on = false};
	const struct cli_opt opts[] = {
	    {"yes", NULL, "setup: write or make without asking", &setup.yes,
	     NULL, NULL},
	    {"admin", "USER", "setup: write or make as this user, for once",
	     NULL, &setup.admin, NULL},
	    {"admin-password", "SECRET",
	     "its password, as env:NAME, file:PATH or credential:NAME; else "
	     "asked for",
	     NULL, &setup.admin_password, NULL},
	    {"file", "FILE",
	     "test: as if what this YAML file holds were stored", NULL,
	     &setup.file, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int status = CLI_OK, rc;

	if (!cli_parse(&connection_cmd, opts, &argc, &argv, 1, 2, &status))
		return status;
	status = check_words(argc, argv, &setup);
	if (status != CLI_OK)
		return status;
	setup.on = strcmp(argv[0], "setup") == 0;
	rc = setup.admin && !setup.admin_password ? ask_password(&setup, &err)
						  : 0;
	if (rc == 0)
		rc = cli_open_state(&state, &err);
	setup.state = state;
	setup.name = argv[1];
	if (rc == 0)
		rc = argc == 1 ? list(state, &err)
		     : strcmp(argv[0], "show") == 0
			 ? cli_connection_show(state, argv[1], &err)
			 : check(state, argv[1], &setup, &status, &err);
	mst_state_close(&state);
	mst_secret_typed(NULL);
	return rc < 0 ? cli_fail(&err) : status;
}
