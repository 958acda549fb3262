/* SPDX-License-Identifier: Apache-2.0
 *
 * muster cert list: what is in the certificate stores, what connections use
 * beside them, and what is about to end.
 */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "checkup/certs.h"
#include "cli/cli.h"

static const struct cli_command cert_cmd = {
    "cert", "list",
    "list shows the certificates in the stores and those that connections name "
    "by file:\nsubject, thumbprint, end, whether the private key is there, "
    "which connections use\nthem, and what is wrong with them or will be "
    "within 30 days.",
    cmd_cert};

/* ---- output -------------------------------------------------------------- */

static void print_text(struct mst_buf *out, const struct mst_cert_entry *e,
		       const char *users, const char *warning)
{
	char end[21] = "";

	if (e->to_us != MST_TIME_NONE)
		mst_time_iso(e->to_us, end);
	(void)mst_buf_addf(out, "%s%s%s  %s\n", e->location ? e->location : "",
			   e->location ? "/" : "file",
			   e->location ? e->store : "",
			   e->subject ? e->subject : "?");
	if (e->subject)
		(void)mst_buf_addf(
		    out, "    %s  until %.10s  %s\n", e->thumb, end,
		    e->has_key ? "private key" : "no private key");
	(void)mst_buf_addf(out, "    %s\n", e->path ? e->path : "");
	if (*users)
		(void)mst_buf_addf(out, "    used by %s\n", users);
	if (*warning)
		(void)mst_buf_addf(out, "    Warning: %s\n", warning);
}

static void print_list(const struct mst_certs *c)
{
	const struct mst_cert_list *l = &c->list;
	struct mst_buf out = MST_BUF_INIT(16u << 20);
	struct mst_buf users = MST_BUF_INIT(65536);
	struct mst_buf warning = MST_BUF_INIT(4096);
	struct mst_jout j;

	mst_jout_init(&j, &out);
	if (cli.json)
		mst_jout_arr(&j);
	for (size_t i = 0; i < l->n; i++) {
		mst_buf_reset(&users);
		mst_buf_reset(&warning);
		(void)mst_buf_addc(&users, 0);
		users.n = 0;
		(void)mst_buf_addc(&warning, 0);
		warning.n = 0;
		mst_certs_users(c, &l->v[i], &users);
		mst_certs_warning(&l->v[i], &warning);
		if (cli.json)
			mst_certs_json(&j, c, &l->v[i]);
		else
			print_text(&out, &l->v[i], users.p, warning.p);
	}
	if (cli.json) {
		mst_jout_end_arr(&j);
		(void)mst_buf_addc(&out, '\n');
	} else if (!l->n) {
		(void)mst_buf_adds(&out,
				   "no certificates; "
				   "docs/certificates.md shows where they "
				   "go\n");
	}
	cli_print(&out);
	mst_buf_fini(&out);
	mst_buf_fini(&users);
	mst_buf_fini(&warning);
}

int cmd_cert(int argc, char **argv)
{
	const struct cli_opt opts[] = {{0}};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	struct mst_certs c = {.uses_n = 0};
	int status, rc;

	if (!cli_parse(&cert_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	if (strcmp(argv[0], "list") != 0) {
		(void)fprintf(stderr, "muster: cert knows list, not '%s'\n",
			      argv[0]);
		return CLI_USAGE;
	}
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = mst_certs_gather(state, &c, &err);
	if (rc == 0)
		print_list(&c);
	mst_certs_fini(&c);
	mst_state_close(&state);
	return rc < 0 ? cli_fail(&err) : CLI_OK;
}
