/* SPDX-License-Identifier: Apache-2.0
 *
 * muster secret: secrets that are kept sealed in the state store. Values come
 * in from a terminal or standard input and never go out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/time.h"
#include "cli/ask.h"
#include "cli/list.h"

static const struct cli_command secret_cmd = {
    "secret", "set NAME | list | remove NAME | rotate",
    "Keeps secrets in the state store, encrypted with a key that is not in it. "
    "A\nconnection reads one as sealed:NAME.\n\n"
    "set asks for the value on a terminal, else reads standard input. list "
    "never shows\nvalues. rotate makes a new key and encrypts all of them with "
    "it.",
    cmd_secret};

/* ---- what it does -------------------------------------------------------- */

static int set(struct mst_state *s, const char *name, struct mst_err *err)
{
	struct mst_secret *value = NULL;
	char *key = NULL;
	int rc;

	if (!mst_secret_name_ok(name))
		return mst_err_set(err, MST_E_INVALID,
				   "'%.64s' is no name for a secret: letters, "
				   "digits and any of . _ - : @, at most 64",
				   name);
	rc = cli_ask_secret(&value, err);
	if (rc == 0)
		rc = mst_state_secret_set(s, name, value, &key, err);
	mst_secret_free(&value);
	if (rc == 0 && key)
		(void)fprintf(
		    stderr,
		    "muster: made the key file %s; keep a copy of it, "
		    "apart from the state store\n",
		    key);
	free(key);
	return rc;
}

static int list_one(void *ctx, const struct mst_state_secret *e)
{
	struct cli_list *l = ctx;
	char when[21];

	mst_time_iso(e->changed_us, when);
	if (!cli.json) {
		(void)mst_buf_addf(&l->out, "%-32s %s%s\n", e->name, when,
				   e->opens ? ""
					    : "  the key that seals it is not "
					      "there");
		return 0;
	}
	mst_jout_obj(&l->j);
	mst_jout_kstr(&l->j, "name", e->name);
	mst_jout_kstr(&l->j, "set_at", when);
	mst_jout_kbool(&l->j, "key_is_there", e->opens);
	mst_jout_end_obj(&l->j);
	return 0;
}

static int list(struct mst_state *s, struct mst_err *err)
{
	struct cli_list l;

	cli_list_begin(&l);
	return cli_list_end(&l, mst_state_secrets(s, list_one, &l, err));
}

static int rotate(struct mst_state *s, struct mst_err *err)
{
	size_t n = 0;
	int rc = mst_state_secrets_rotate(s, &n, err);

	if (rc == 0)
		(void)fprintf(
		    stderr,
		    "muster: %zu secret(s) sealed with a new key; the "
		    "old one opens nothing any more. Copy the key "
		    "file anew\n",
		    n);
	return rc;
}

static int act(struct mst_state *s, const char *what, const char *name,
	       struct mst_err *err)
{
	if (strcmp(what, "set") == 0)
		return set(s, name, err);
	if (strcmp(what, "remove") == 0)
		return mst_state_secret_remove(s, name, err);
	if (strcmp(what, "rotate") == 0)
		return rotate(s, err);
	return list(s, err);
}

int cmd_secret(int argc, char **argv)
{
	static const char *const words[] = {"set", "list", "remove", "rotate",
					    NULL};
	const struct cli_opt opts[] = {{0}};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	const char *const *w = words;
	bool named;
	int status, rc;

	if (!cli_parse(&secret_cmd, opts, &argc, &argv, 1, 2, &status))
		return status;
	while (*w && strcmp(*w, argv[0]) != 0)
		w++;
	if (!*w) {
		(void)fprintf(stderr,
			      "muster: secret knows set, list, remove and "
			      "rotate, not '%s'\n",
			      argv[0]);
		return CLI_USAGE;
	}
	named = w == &words[0] || w == &words[2];
	if (named != (argc == 2)) {
		/* A value behind the name would be in the shell's history. */
		(void)fprintf(stderr, "muster: secret %s wants %s\n", *w,
			      named ? "a name" : "nothing more");
		return CLI_USAGE;
	}
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = act(state, *w, argv[1], &err);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
