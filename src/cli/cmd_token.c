/* SPDX-License-Identifier: Apache-2.0
 *
 * muster token: API tokens of the service, for whoever owns the machine.
 */
#include <stdio.h>
#include <string.h>

#include "auth/people.h"
#include "base/time.h"
#include "cli/list.h"
#include "cli/verbs.h"

static const struct cli_command token_cmd = {
    "token", "create NAME --user USER | list | revoke ID",
    "API tokens of the service ('muster serve'), for programs, this "
    "one on another machine among them.\n\n"
    "create prints the token, once: it is kept nowhere. It has the scopes "
    "given, or all that its\nowner's role may, and never more than that role "
    "may at the moment. revoke ends one at once.",
    cmd_token};

enum verb { CREATE = 1, LIST = 2, REVOKE = 4 };

struct token_opts {
	const char *user, *scopes;
	uint64_t days;
};

static int create(struct mst_state *s, const char *name,
		  const struct token_opts *o, struct mst_err *err)
{
	char id[MST_TOKEN_ID], text[MST_TOKEN_TEXT];
	unsigned scopes = 0;
	char note[128];
	int rc;

	if (!o->user)
		return mst_err_set(err, MST_E_INVALID,
				   "token create wants --user: whose it is");
	if (o->scopes && !mst_may_parse(mst_slice_str(o->scopes), &scopes))
		return mst_err_set(err, MST_E_INVALID,
				   "--scopes takes read, operate, configure, "
				   "administer and audit, with commas between");
	rc = mst_people_token(s, o->user, name, scopes,
			      o->days > MST_TOKEN_DAYS_MOST ? -1
							    : (int64_t)o->days,
			      id, text, err);
	if (rc < 0)
		return rc;
	(void)snprintf(note, sizeof(note),
		       "token %s ends in %llu days; it is shown this once", id,
		       (unsigned long long)o->days);
	cli_print_once(&(struct cli_once){.key = "id",
					  .value = id,
					  .secret_key = "token",
					  .secret = text,
					  .note = note});
	mst_wipe(text, sizeof(text));
	return 0;
}

/* ---- list ---------------------------------------------------------------- */

static void list_json(struct mst_jout *j, const struct mst_token *t)
{
	mst_jout_obj(j);
	mst_jout_kstr(j, "id", t->id);
	mst_jout_kstr(j, "name", t->name);
	mst_jout_kstr(j, "user", t->user);
	mst_jout_key(j, "scopes");
	mst_jout_arr(j);
	for (unsigned bit = 1; bit <= MST_MAY_ALL; bit <<= 1) {
		if (t->scopes & bit)
			mst_jout_str(j, mst_may_word(bit));
	}
	mst_jout_end_arr(j);
	cli_json_time(j, "created_at", t->created_us);
	cli_json_time(j, "expires_at", t->ends_us);
	cli_json_time(j, "last_used_at", t->seen_us);
	mst_jout_end_obj(j);
}

static int list_one(void *ctx, const struct mst_token *t)
{
	struct mst_buf scopes = MST_BUF_INIT(256);
	char ends[21] = "never", seen[21] = "never";
	struct cli_list *l = ctx;

	if (cli.json) {
		list_json(&l->j, t);
		return 0;
	}
	mst_may_text(t->scopes, &scopes);
	if (t->ends_us != MST_TIME_NONE)
		mst_time_iso(t->ends_us, ends);
	if (t->seen_us != MST_TIME_NONE)
		mst_time_iso(t->seen_us, seen);
	(void)mst_buf_addf(&l->out, "%-16s %-20s %-20s %-20s %-20s %s\n", t->id,
			   t->user, t->name, ends, seen, scopes.p);
	mst_buf_fini(&scopes);
	return 0;
}

static int list(struct mst_state *s, const char *user, struct mst_err *err)
{
	struct cli_list l;

	cli_list_begin(&l);
	if (!cli.json)
		(void)mst_buf_addf(&l.out, "%-16s %-20s %-20s %-20s %-20s %s\n",
				   "id", "user", "name", "ends", "last used",
				   "scopes");
	return cli_list_end(&l, mst_tokens(s, user, list_one, &l, err));
}

int cmd_token(int argc, char **argv)
{
	static const struct cli_verb verbs[] = {
	    {"create", CREATE, 1, 1, "a NAME"},
	    {"list", LIST, 0, 0, "nothing more"},
	    {"revoke", REVOKE, 1, 1, "an ID ('muster token list')"},
	    {NULL, 0, 0, 0, NULL},
	};
	struct token_opts o = {.days = MST_TOKEN_DAYS};
	const struct cli_opt opts[] = {
	    {"user", "USER", "whose token", NULL, &o.user, NULL},
	    {"scopes", "LIST", "read, operate, configure, administer, audit",
	     NULL, &o.scopes, NULL},
	    {"days", "N", "how long it lives (90)", NULL, NULL, &o.days},
	    {0}};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	const struct cli_verb *v;
	int status, rc;

	if (!cli_parse(&token_cmd, opts, &argc, &argv, 1, 2, &status))
		return status;
	v = cli_verb_find(
	    "token", verbs,
	    (struct cli_verb_opt[]){{"user", o.user != NULL, CREATE | LIST},
				    {"scopes", o.scopes != NULL, CREATE},
				    {"days", o.days != MST_TOKEN_DAYS, CREATE},
				    {NULL, false, 0}},
	    argc, argv);
	if (!v)
		return CLI_USAGE;
	rc = cli_open_state(&state, &err);
	if (rc == 0 && v->bit == CREATE)
		rc = create(state, argv[1], &o, &err);
	else if (rc == 0 && v->bit == REVOKE)
		rc = mst_token_remove(state, argv[1], &err);
	else if (rc == 0)
		rc = list(state, o.user, &err);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
