/* SPDX-License-Identifier: Apache-2.0
 *
 * muster recver script: what a DBA runs.
 */
#include <string.h>

#include "base/num.h"
#include "cli/recver.h"
#include "recver/script_text.h"

static int of_connection(const char *name, const struct recver_opts *o,
			 struct mst_arena *arena,
			 struct mst_recver_script_ask *ask, struct mst_err *err)
{
	struct mst_state *state = NULL;
	struct recver_place p;
	int rc;

	if (o->type || o->database)
		return mst_err_set(err, MST_E_INVALID,
				   "connection '%s' says which type and "
				   "database: leave --type and --database out",
				   name);
	rc = cli_open_state(&state, err);
	if (rc == 0)
		rc = recver_place_get(state, name, arena, &p, err);
	if (rc == 0 && !p.source)
		rc = mst_err_set(err, MST_E_INVALID,
				 "name a connection, or give --type and "
				 "--database");
	if (rc == 0) {
		recver_place_fill(state, &p, p.source, arena);
		ask->type = p.conf.type;
		ask->database = p.conf.database;
		ask->login = o->login ? o->login : p.conf.user;
		ask->auth_source = p.conf.auth_source;
	}
	mst_state_close(&state);
	if (rc == 0 && !ask->database)
		rc = mst_err_set(err, MST_E_INVALID,
				 "RecVer of '%s' is a file: there is nothing "
				 "that a DBA would run",
				 name);
	return rc;
}

static int read_from(const struct recver_opts *o,
		     struct mst_recver_script_ask *ask, struct mst_err *err)
{
	uint64_t from = 0;

	if (o->from &&
	    (!mst_num_u64(mst_slice_str(o->from), &from) || from > 1000000))
		return mst_err_set(err, MST_E_INVALID,
				   "--upgrade-from wants the version of the "
				   "tables that are there, not '%s'",
				   o->from);
	ask->from = (unsigned)from;
	ask->which = o->script ? o->script : o->from ? "upgrade" : "all";
	if (strcmp(ask->which, "upgrade") == 0 && !o->from)
		return mst_err_set(err, MST_E_INVALID,
				   "--script upgrade needs --upgrade-from "
				   "VERSION; the script check says which "
				   "version is there");
	if (o->from && strcmp(ask->which, "upgrade") != 0)
		return mst_err_set(err, MST_E_INVALID,
				   "--upgrade-from goes with --script upgrade "
				   "alone, not with '%s'",
				   ask->which);
	return 0;
}

int recver_script(const char *name, const struct recver_opts *o,
		  struct mst_err *err)
{
	struct mst_recver_script_ask ask = {
	    .type = o->type,
	    .tool = o->tool,
	    .database = o->database,
	    .login = o->login ? o->login : "muster",
	};
	struct mst_buf out = MST_BUF_INIT(1u << 20);
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = read_from(o, &ask, err);
	if (rc == 0 && name)
		rc = of_connection(name, o, &arena, &ask, err);
	else if (rc == 0 && (!o->type || !o->database))
		rc = mst_err_set(err, MST_E_INVALID,
				 "name a connection, or give --type and "
				 "--database");
	if (rc == 0)
		rc = mst_recver_script_text(&ask, &out, err);
	if (rc == 0 && o->output)
		rc = cli_write_file(o->output, mst_buf_slice(&out), 0644, err);
	else if (rc == 0)
		cli_print(&out);
	mst_buf_fini(&out);
	mst_arena_fini(&arena);
	return rc;
}
