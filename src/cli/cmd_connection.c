/* SPDX-License-Identifier: Apache-2.0
 *
 * muster connection: list and test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const struct cli_command connection_cmd = {
    "connection", "list | test NAME",
    "list prints the stored connections. test logs in and asks for what a run "
    "would need,\none line per check.",
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

/* ---- test -------------------------------------------------------------------
 */

struct report {
	struct mst_buf out;
	struct mst_jout j;
	size_t failed;
};

static void check(struct report *r, const char *name, int level,
		  const char *text)
{
	static const char *const levels[] = {"Ok", "Warning", "Failed"};

	if (level == MST_CHECK_FAILED)
		r->failed++;
	if (!cli.json) {
		(void)mst_buf_addf(&r->out, "%-8s %s%s%s\n", levels[level],
				   name, *text ? ": " : "", text);
		return;
	}
	mst_jout_obj(&r->j);
	mst_jout_kstr(&r->j, "check", name);
	mst_jout_kstr(&r->j, "level", levels[level]);
	mst_jout_kstr(&r->j, "text", text);
	mst_jout_end_obj(&r->j);
}

static void result(struct report *r, const char *name, int rc,
		   struct mst_err *err)
{
	check(r, name, rc < 0 ? MST_CHECK_FAILED : MST_CHECK_OK,
	      rc < 0 ? err->msg : "");
	mst_err_clear(err);
}

static int logins(struct report *r, struct mst_client *client,
		  const struct mst_source_auth *auths, size_t n,
		  struct mst_err *err)
{
	int all = 0;

	for (size_t i = 0; i < n; i++) {
		char name[96];
		int rc = mst_client_login(client, auths[i].name, err);

		(void)snprintf(name, sizeof(name), "log in (%s)",
			       auths[i].name);
		result(r, name, rc, err);
		all = rc < 0 ? rc : all;
	}
	return all;
}

static void test_source(struct report *r, const struct mst_connection *c,
			struct mst_err *err)
{
	struct mst_job job = {
	    .name = "test", .source = c->source, .source_conf = c->source_conf};
	struct mst_source *source = NULL;
	struct mst_client *client = NULL;
	struct mst_source_auth auths[8];
	struct mst_check checks[32];
	size_t n;
	int rc;

	job.conf.source = c->name;
	if (c->source_conf->read_from) {
		struct mst_spool spool = {0};

		rc =
		    mst_spool_open(&spool, c->source, c->source_conf->read_from,
				   c->source_conf->assume_complete, err);
		mst_spool_fini(&spool);
		result(r, "read the folder", rc, err);
		return;
	}
	rc = c->source->open(c->name, c->source_conf, &source, err);
	result(r, "settings and credentials", rc, err);
	if (rc == 0 && mst_fetch_client(&job, source, &client, err) == 0) {
		n = c->source->auths(source, auths, MST_LEN(auths));
		if (logins(r, client, auths, n, err) == 0) {
			n = c->source->permissions(source, UINT32_MAX, checks,
						   MST_LEN(checks));
			for (size_t i = 0; i < n; i++) {
				char text[1100];

				(void)snprintf(text, sizeof(text), "%s: %s",
					       checks[i].text,
					       checks[i].remedy);
				check(r, checks[i].name, checks[i].level,
				      checks[i].level == MST_CHECK_OK ? ""
								      : text);
			}
		}
	}
	mst_client_free(&client);
	if (source)
		c->source->close(&source);
}

static void no_verdict(void *ctx, const struct mst_verdict *v)
{
	(void)ctx;
	(void)v;
}

static void test_dest(struct report *r, const struct mst_connection *c,
		      struct mst_err *err)
{
	/* All sets of the first source: the widest use of the destination. */
	const struct mst_catalog *catalog = mst_sources[0]->catalog;
	const char *names[MST_MAX_SETS + 1] = {0};
	struct mst_dest_env env = {.connection = c->name,
				   .source = c->name,
				   .catalog = catalog,
				   .run = "test",
				   .verdict = no_verdict};
	struct mst_client_conf conf = {.name = c->name,
				       .insecure_loopback = true};
	struct mst_source_auth auths[4];
	struct mst_dest *dest = NULL;
	struct mst_client *client = NULL;
	size_t n;
	int rc;

	for (size_t i = 0; i < catalog->sets_n && i < MST_MAX_SETS; i++)
		names[i] = catalog->sets[i].name;
	if (c->dest->client)
		c->dest->client(c->dest_conf, &conf);
	rc = c->dest->open(&env, c->dest_conf, &dest, err);
	result(r, "settings and credentials", rc, err);
	client = rc == 0 ? mst_client_new(&conf, err) : NULL;
	if (client) {
		n = c->dest->auths(dest, auths, MST_LEN(auths));
		for (size_t i = 0; i < n; i++)
			mst_client_add_auth(client, auths[i].name,
					    auths[i].auth, auths[i].hosts);
		if (logins(r, client, auths, n, err) == 0) {
			rc = c->dest->prepare(dest, names, err);
			if (rc == 0)
				rc = mst_dest_pump(c->dest, dest, client, err);
			result(r, "tables, classes, roles and choices", rc,
			       err);
		}
	}
	if (dest)
		c->dest->close(&dest);
	mst_client_free(&client);
}

static int test(struct mst_state *state, const char *name, int *failed,
		struct mst_err *err)
{
	struct report r = {.out = MST_BUF_INIT(1u << 20)};
	struct mst_connection c;
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, 8u << 20);
	rc = mst_connection_load(state, name, &arena, &c, err);
	if (rc == 0) {
		mst_jout_init(&r.j, &r.out);
		if (cli.json)
			mst_jout_arr(&r.j);
		if (c.source)
			test_source(&r, &c, err);
		else
			test_dest(&r, &c, err);
		if (cli.json) {
			mst_jout_end_arr(&r.j);
			(void)mst_buf_addc(&r.out, '\n');
		}
		cli_print(&r.out);
		*failed = (int)r.failed;
	}
	mst_buf_fini(&r.out);
	mst_arena_fini(&arena);
	return rc;
}

int cmd_connection(int argc, char **argv)
{
	const struct cli_opt opts[] = {{0}};
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	int status, rc, failed = 0;

	if (!cli_parse(&connection_cmd, opts, &argc, &argv, 1, 2, &status))
		return status;
	if (!(strcmp(argv[0], "list") == 0 && argc == 1) &&
	    !(strcmp(argv[0], "test") == 0 && argc == 2)) {
		(void)fprintf(stderr, "usage: muster connection list | test "
				      "NAME\n");
		return CLI_USAGE;
	}
	rc = cli_open_state(&state, &err);
	if (rc == 0)
		rc = argc == 1 ? list(state, &err)
			       : test(state, argv[1], &failed, &err);
	mst_state_close(&state);
	if (rc < 0)
		return cli_fail(&err);
	return failed ? CLI_FAILED : CLI_OK;
}
