/* SPDX-License-Identifier: Apache-2.0
 *
 * muster notices: what needs a person; and telling somebody.
 */
#include <stdio.h>

#include "base/time.h"
#include "cli/list.h"
#include "serve/notices.h"

static const struct cli_command notices_cmd = {
    "notices", "",
    "Lists what needs a person, as 'muster serve' found it: failed runs, "
    "waiting guards and\napprovals, secrets and certificates that end, nodes "
    "that are gone, alerts that wait, a full\ndisk. --tell tells what was not "
    "told yet by the actions that service.notify names.",
    cmd_notices};

static int show(void *ctx, const struct mst_notice *v)
{
	struct cli_list *l = ctx;
	char at[21];

	if (cli.json) {
		mst_jout_obj(&l->j);
		mst_jout_ki64(&l->j, "id", v->id);
		mst_jout_kstr(&l->j, "kind", v->kind);
		mst_jout_kstr(&l->j, "about", v->about);
		mst_jout_kstr(&l->j, "level", v->level);
		mst_jout_kstr(&l->j, "text", v->text);
		cli_json_time(&l->j, "since", v->since_us);
		cli_json_time(&l->j, "told", v->told_us);
		cli_json_time(&l->j, "over", v->over_us);
		mst_jout_end_obj(&l->j);
		return 0;
	}
	mst_time_iso(v->since_us, at);
	(void)mst_buf_addf(&l->out, "%-8s %s  %s%s\n", v->level, at, v->text,
			   v->over_us == MST_TIME_NONE ? "" : " (over)");
	return 0;
}

static int list(struct mst_state *state, bool all, struct mst_err *err)
{
	struct cli_list l;

	cli_list_begin(&l);
	return cli_list_end(&l, mst_notices(state, all, 1000, show, &l, err));
}

static int tell(struct mst_state *state, struct mst_err *err)
{
	size_t n = 0;
	int rc = mst_notices_tell(state, &cli_cancel, &n, err);

	if (rc < 0)
		return rc;
	if (cli.json)
		(void)printf("{\"told\":%zu}\n", n);
	else
		(void)printf("%zu told\n", n);
	return 0;
}

int cmd_notices(int argc, char **argv)
{
	bool all = false, do_tell = false;
	const struct cli_opt opts[] = {
	    {"all", NULL, "also those that are over", &all, NULL, NULL},
	    {"tell", NULL, "tell what was not told yet", &do_tell, NULL, NULL},
	    {0},
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int status, rc;

	if (!cli_parse(&notices_cmd, opts, &argc, &argv, 0, 0, &status))
		return status;
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = do_tell ? tell(state, &err) : list(state, all, &err);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
