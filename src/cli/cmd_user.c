/* SPDX-License-Identifier: Apache-2.0
 *
 * muster user: who may sign in to the service, for whoever owns the machine.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/people.h"
#include "base/time.h"
#include "cli/ask.h"
#include "cli/list.h"
#include "cli/verbs.h"
#include "sync/service.h"

static const struct cli_command user_cmd = {
    "user",
    "list | add NAME | set NAME | password NAME | unlock NAME | "
    "remove NAME",
    "Users of the service ('muster serve').\n\n"
    "add makes one; its one-time password is printed once and has to be "
    "changed at the first\nsign-in. With --password it is asked for instead, "
    "or read from standard input.\nset changes role and name, disables and "
    "enables. password asks for another one, or, with\n--once, makes a "
    "one-time password; all sessions of the user end. unlock takes the lock "
    "after\nwrong passwords away. remove takes the user out with all sessions "
    "and tokens.",
    cmd_user};

struct user_opts {
	const char *role, *full_name;
	bool password, disable, enable, once;
};

enum verb {
	LIST = 1,
	ADD = 2,
	SET = 4,
	PASSWORD = 8,
	UNLOCK = 16,
	REMOVE = 32
};

/* ---- passwords ----------------------------------------------------------- */

/* b is wiped by the caller. */
static int get_password(struct mst_buf *b, struct mst_err *err)
{
	int rc;

	(void)mst_buf_reserve(b, CLI_VALUE_MAX + 2);
	rc = isatty(0) ? cli_ask_twice("Password (not shown): ", b, err)
		       : cli_read_value(b, true, err);
	if (rc == 0 && b->n == 0)
		rc = mst_err_set(err, MST_E_INVALID,
				 "the password is empty; nothing was changed");
	return rc;
}

static int min_length(struct mst_state *s, int64_t *n_r, struct mst_err *err)
{
	const struct mst_config config = {.state = s};
	struct mst_service_conf conf;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, 16u << 20);
	rc = mst_service_section(&config, &arena, &conf, err);
	if (rc == 0)
		*n_r = conf.password.min_length;
	mst_arena_fini(&arena);
	return rc;
}

static void print_once(const char *name, const char *once)
{
	char note[MST_MAX_USER + 64];

	(void)snprintf(note, sizeof(note), "one-time password of '%s':", name);
	cli_print_once(&(struct cli_once){.key = "name",
					  .value = name,
					  .secret_key = "password",
					  .secret = once,
					  .note = note});
}

/* ---- verbs --------------------------------------------------------------- */

static int role_of(const char *word, enum mst_role *role_r, struct mst_err *err)
{
	*role_r = MST_ROLE__MAX;
	if (!word || mst_role_parse(mst_slice_str(word), role_r))
		return 0;
	return mst_err_set(err, MST_E_INVALID,
			   "'%.32s' is no role: viewer, operator, "
			   "administrator, auditor",
			   word);
}

static int add(struct mst_state *s, const char *name, const struct user_opts *o,
	       struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(CLI_VALUE_MAX + 2);
	struct mst_person p = {
	    .name = name, .full_name = o->full_name, .must_change = true};
	char once[MST_PASSWORD_ONCE] = "";
	int rc = role_of(o->role, &p.role, err);

	if (rc == 0 && !o->role)
		p.role = MST_ROLE_VIEWER;
	if (rc == 0)
		rc = min_length(s, &p.min_length, err);
	if (rc == 0 && o->password) {
		p.must_change = false;
		rc = get_password(&b, err);
		p.password = mst_buf_slice(&b);
	}
	if (rc == 0)
		rc = mst_people_add(s, &p, once, err);
	if (rc == 0 && *once)
		print_once(name, once);
	mst_wipe(once, sizeof(once));
	mst_buf_wipe_fini(&b);
	return rc;
}

static int set(struct mst_state *s, const char *name, const struct user_opts *o,
	       struct mst_err *err)
{
	enum mst_role role;
	int rc = role_of(o->role, &role, err);

	if (rc == 0 && o->disable && o->enable)
		rc = mst_err_set(err, MST_E_INVALID,
				 "--disable and --enable at once");
	if (rc == 0)
		rc = mst_people_change(s, name, o->full_name, role,
				       o->disable  ? 1
				       : o->enable ? 0
						   : -1,
				       err);
	return rc;
}

static int password(struct mst_state *s, const char *name, bool is_once,
		    struct mst_err *err)
{
	struct mst_buf b = MST_BUF_INIT(CLI_VALUE_MAX + 2);
	char once[MST_PASSWORD_ONCE];
	int64_t least = 0;
	int rc;

	if (is_once) {
		rc = mst_people_password_once(s, name, once, err);
		if (rc == 0)
			print_once(name, once);
		mst_wipe(once, sizeof(once));
		return rc;
	}
	rc = min_length(s, &least, err);
	if (rc == 0)
		rc = get_password(&b, err);
	if (rc == 0)
		rc = mst_people_password(s, name, mst_buf_slice(&b), least,
					 false, err);
	if (rc == 0)
		rc = mst_people_sign_out(s, name, err);
	mst_buf_wipe_fini(&b);
	return rc;
}

/* ---- list ---------------------------------------------------------------- */

static int list_one(void *ctx, const struct mst_user *u)
{
	const char *way = *u->oidc_issuer ? "oidc" : "password";
	struct cli_list *l = ctx;
	char seen[21] = "never";

	if (u->seen_us != MST_TIME_NONE)
		mst_time_iso(u->seen_us, seen);
	if (!cli.json) {
		(void)mst_buf_addf(&l->out, "%-24s %-14s %-9s %-9s %-20s %s\n",
				   u->name, mst_role_name(u->role),
				   mst_people_state(u), way, seen,
				   u->full_name);
		return 0;
	}
	mst_jout_obj(&l->j);
	mst_jout_kstr(&l->j, "name", u->name);
	mst_jout_kstr(&l->j, "full_name", u->full_name);
	mst_jout_kstr(&l->j, "role", mst_role_name(u->role));
	mst_jout_kstr(&l->j, "state", mst_people_state(u));
	mst_jout_kstr(&l->j, "sign_in", way);
	cli_json_time(&l->j, "last_sign_in_at", u->seen_us);
	mst_jout_kbool(&l->j, "must_change", u->must_change);
	mst_jout_end_obj(&l->j);
	return 0;
}

static int list(struct mst_state *s, struct mst_err *err)
{
	struct cli_list l;

	cli_list_begin(&l);
	if (!cli.json)
		(void)mst_buf_addf(&l.out, "%-24s %-14s %-9s %-9s %-20s %s\n",
				   "name", "role", "state", "sign-in",
				   "last sign-in", "full name");
	return cli_list_end(&l, mst_users(s, list_one, &l, err));
}

/* ---- the command --------------------------------------------------------- */

static int act(struct mst_state *s, unsigned verb, const char *name,
	       const struct user_opts *o, struct mst_err *err)
{
	char folded[MST_MAX_USER + 1];

	switch (verb) {
	case ADD:
		return add(s, name, o, err);
	case SET:
		return set(s, name, o, err);
	case PASSWORD:
		return password(s, name, o->once, err);
	case UNLOCK:
		return mst_people_unlock(s, name, err);
	case REMOVE:
		return mst_user_remove(
		    s,
		    mst_user_name_fold(mst_slice_str(name), folded) ? folded
								    : name,
		    err);
	default:
		return list(s, err);
	}
}

int cmd_user(int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"list", LIST, 0, 0, "nothing more"},
	    {"add", ADD, 1, 1, "a NAME"},
	    {"set", SET, 1, 1, "a NAME"},
	    {"password", PASSWORD, 1, 1,
	     "a NAME; the password is asked for, or read from standard input"},
	    {"unlock", UNLOCK, 1, 1, "a NAME"},
	    {"remove", REMOVE, 1, 1, "a NAME"},
	    {NULL, 0, 0, 0, NULL},
	};
	struct user_opts o = {NULL};
	const struct cli_opt opts[] = {
	    {"role", "ROLE", "viewer, operator, administrator or auditor", NULL,
	     &o.role, NULL},
	    {"full-name", "TEXT", "how people call the user", NULL,
	     &o.full_name, NULL},
	    {"password", NULL, "ask for the password of a new user",
	     &o.password, NULL, NULL},
	    {"once", NULL, "make a one-time password", &o.once, NULL, NULL},
	    {"disable", NULL, "no sign-in; sessions end", &o.disable, NULL,
	     NULL},
	    {"enable", NULL, "sign-in again", &o.enable, NULL, NULL},
	    {0}};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	const struct cli_verb *v;
	int status, rc;

	if (!cli_parse(&user_cmd, opts, &argc, &argv, 1, 2, &status))
		return status;
	v = cli_verb_find("user", verbs,
			  (struct cli_verb_opt[]){
			      {"role", o.role != NULL, ADD | SET},
			      {"full-name", o.full_name != NULL, ADD | SET},
			      {"password", o.password, ADD},
			      {"once", o.once, PASSWORD},
			      {"disable", o.disable, SET},
			      {"enable", o.enable, SET},
			      {NULL, false, 0}},
			  argc, argv);
	if (!v)
		return CLI_USAGE;
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = act(state, v->bit, argv[1], &o, &err);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
