/* SPDX-License-Identifier: Apache-2.0
 *
 * See list.h.
 */
#include "cli/list.h"

#include <stdio.h>

#include "base/time.h"

#define LIST_MAX (16u << 20)

void cli_list_begin(struct cli_list *l)
{
	mst_buf_init(&l->out, LIST_MAX);
	mst_jout_init(&l->j, &l->out);
	if (cli.json)
		mst_jout_arr(&l->j);
}

int cli_list_end(struct cli_list *l, int rc)
{
	if (cli.json) {
		mst_jout_end_arr(&l->j);
		(void)mst_buf_addc(&l->out, '\n');
	}
	if (rc >= 0)
		cli_print(&l->out);
	mst_buf_fini(&l->out);
	return rc;
}

void cli_json_time(struct mst_jout *j, const char *key, int64_t us)
{
	char text[21];

	if (us != MST_TIME_NONE)
		mst_time_iso(us, text);
	mst_jout_kstr(j, key, us == MST_TIME_NONE ? NULL : text);
}

void cli_print_once(const struct cli_once *o)
{
	struct mst_buf out = MST_BUF_INIT(4096);
	struct mst_jout j;

	(void)mst_buf_reserve(&out, 1024); /* no copies left behind */
	if (cli.json) {
		mst_jout_init(&j, &out);
		mst_jout_obj(&j);
		mst_jout_kstr(&j, o->key, o->value);
		mst_jout_kstr(&j, o->secret_key, o->secret);
		mst_jout_end_obj(&j);
		(void)mst_buf_addc(&out, '\n');
	} else {
		(void)fprintf(stderr, "muster: %s\n", o->note);
		(void)mst_buf_addf(&out, "%s\n", o->secret);
	}
	cli_print(&out);
	mst_buf_wipe_fini(&out);
}
