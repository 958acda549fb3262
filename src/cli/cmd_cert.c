/* SPDX-License-Identifier: Apache-2.0
 *
 * muster cert list: what is in the certificate stores, what connections use
 * beside them, and what is about to end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cred/certs.h"
#include "sync/connection.h"

#define DAY_US (24 * 3600 * (int64_t)1000000)

static const struct cli_command cert_cmd = {
    "cert", "list",
    "list shows the certificates in the stores and those that connections name "
    "by file:\nsubject, thumbprint, end, whether the private key is there, "
    "which connections use\nthem, and what is wrong with them or will be "
    "within 30 days.",
    cmd_cert};

/* ---- what connections name ----------------------------------------------- */

struct use {
	const char *connection;
	struct mst_cert_entry cert; /* without subject: it is not there */
};

struct uses {
	struct mst_arena arena;
	struct mst_state *state;
	struct use *v;
	size_t n;
	struct mst_err err;
};

static const char *value(const struct mst_connection *c, const char *key,
			 const char *otherwise)
{
	for (size_t i = 0; i < c->item->values_n; i++)
		if (strcmp(c->item->values[i].key, key) == 0 &&
		    c->item->values[i].texts_n == 1)
			return c->item->values[i].texts[0];
	return otherwise;
}

/* One of a static list, which outlives the connection. */
static const char *word_of(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return *words;
	return "";
}

static void look_up(const struct mst_connection *c, const char *name,
		    const struct mst_secret *password, struct mst_cert_entry *e)
{
	const char *location =
	    word_of(mst_cert_locations,
		    value(c, "certificate_location", mst_cert_locations[0]));
	const char *store = word_of(
	    mst_cert_stores, value(c, "certificate_store", mst_cert_stores[0]));
	struct mst_err err = MST_ERR_INIT;

	if (mst_cert_find(location, store, name, password, e, &err) < 0)
		*e = (struct mst_cert_entry){.location = location,
					     .store = store,
					     .path = mst_strdup(name),
					     .from_us = MST_TIME_NONE,
					     .to_us = MST_TIME_NONE,
					     .problem = mst_strdup(err.msg)};
}

static void take_use(struct uses *u, const struct mst_connection *c)
{
	const char *file = value(c, "certificate", NULL);
	const char *name = value(c, "certificate_name", NULL);
	const char *ref = value(c, "certificate_password", NULL);
	struct mst_secret *password = NULL;
	struct mst_err err = MST_ERR_INIT;
	struct use *use;

	if (!file && !name)
		return;
	u->v = mst_realloc(u->v, (u->n + 1) * sizeof(*u->v));
	use = &u->v[u->n++];
	use->connection = mst_arena_strdup(&u->arena, c->name);
	if (ref && mst_secret_ref(ref, &password, &err) < 0)
		mst_warn("connection '%s': certificate_password: %s", c->name,
			 err.msg);
	if (file)
		mst_cert_look(file, value(c, "certificate_key", NULL), password,
			      &use->cert);
	else
		look_up(c, name, password, &use->cert);
	mst_secret_free(&password);
}

static int each_connection(void *ctx, const struct mst_state_item *item)
{
	struct uses *u = ctx;
	struct mst_connection c;

	if (mst_connection_load(u->state, item->name, &u->arena, &c, &u->err) <
	    0)
		return -(int)u->err.code;
	take_use(u, &c);
	return 0;
}

/* ---- the list ------------------------------------------------------------ */

static int list_stores(struct mst_cert_list *l, struct mst_err *err)
{
	for (size_t i = 0; mst_cert_locations[i]; i++) {
		char *dir = mst_cert_dir(mst_cert_locations[i], NULL);
		bool is_there = dir != NULL;

		free(dir);
		for (size_t k = 0; is_there && mst_cert_stores[k]; k++)
			if (mst_cert_list(mst_cert_locations[i],
					  mst_cert_stores[k], NULL, l, err) < 0)
				return -(int)err->code;
	}
	return 0;
}

static bool is_same(const struct mst_cert_entry *a,
		    const struct mst_cert_entry *b)
{
	return a->path && b->path && strcmp(a->path, b->path) == 0;
}

/* What a connection uses and the stores do not show; what it can open with its
 * password and the list could not. */
static void merge(struct mst_cert_list *l, struct uses *u)
{
	for (size_t i = 0; i < u->n; i++) {
		struct mst_cert_entry *e = &u->v[i].cert, *at = NULL;

		for (size_t k = 0; k < l->n && !at; k++)
			if (is_same(&l->v[k], e))
				at = &l->v[k];
		if (at && (at->subject || !e->subject))
			continue;
		if (at) {
			e->location = at->location;
			e->store = at->store;
			mst_cert_entry_fini(at);
		} else {
			l->v = mst_realloc(l->v, (l->n + 1) * sizeof(*l->v));
			at = &l->v[l->n++];
		}
		*at = *e;
		*e = (struct mst_cert_entry){.path = mst_strdup(at->path)};
	}
}

static void users_of(const struct uses *u, const struct mst_cert_entry *e,
		     struct mst_buf *out)
{
	for (size_t i = 0; i < u->n; i++)
		if (is_same(&u->v[i].cert, e))
			(void)mst_buf_addf(out, "%s%s", out->n ? ", " : "",
					   u->v[i].connection);
}

/* "" when there is nothing to say. */
static void warning_of(const struct mst_cert_entry *e, struct mst_buf *out)
{
	int64_t left = e->to_us - mst_now_us();

	if (e->problem)
		(void)mst_buf_adds(out, e->problem);
	else if (e->subject && e->to_us != MST_TIME_NONE && left < 0)
		(void)mst_buf_adds(out, "it has expired");
	else if (e->subject && e->to_us != MST_TIME_NONE &&
		 left < MST_CERT_SOON_US)
		(void)mst_buf_addf(out,
				   "it expires in %lld day(s); make a new one "
				   "and upload it to the app registration "
				   "before",
				   (long long)(left / DAY_US));
}

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

static void print_json(struct mst_jout *j, const struct mst_cert_entry *e,
		       const struct uses *u, const char *warning)
{
	char end[21] = "", from[21] = "";

	if (e->to_us != MST_TIME_NONE)
		mst_time_iso(e->to_us, end);
	if (e->from_us != MST_TIME_NONE)
		mst_time_iso(e->from_us, from);
	mst_jout_obj(j);
	mst_jout_kstr(j, "location", e->location ? e->location : "");
	mst_jout_kstr(j, "store", e->store ? e->store : "");
	mst_jout_kstr(j, "path", e->path ? e->path : "");
	mst_jout_kstr(j, "subject", e->subject ? e->subject : "");
	mst_jout_kstr(j, "thumbprint", e->thumb);
	mst_jout_kstr(j, "thumbprint_sha256", e->thumb256);
	mst_jout_kstr(j, "valid_from", from);
	mst_jout_kstr(j, "valid_to", end);
	mst_jout_kbool(j, "private_key", e->has_key);
	mst_jout_key(j, "connections");
	mst_jout_arr(j);
	for (size_t i = 0; i < u->n; i++)
		if (is_same(&u->v[i].cert, e))
			mst_jout_str(j, u->v[i].connection);
	mst_jout_end_arr(j);
	mst_jout_kstr(j, "warning", warning);
	mst_jout_end_obj(j);
}

static void print_list(const struct mst_cert_list *l, const struct uses *u)
{
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
		users_of(u, &l->v[i], &users);
		warning_of(&l->v[i], &warning);
		if (cli.json)
			print_json(&j, &l->v[i], u, warning.p);
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
	struct uses u = {.err = MST_ERR_INIT};
	struct mst_cert_list l = {.n = 0};
	int status, rc;

	if (!cli_parse(&cert_cmd, opts, &argc, &argv, 1, 1, &status))
		return status;
	if (strcmp(argv[0], "list") != 0) {
		(void)fprintf(stderr, "muster: cert knows list, not '%s'\n",
			      argv[0]);
		return CLI_USAGE;
	}
	mst_arena_init(&u.arena, MST_MAX_ARENA);
	rc = cli_open_state(&u.state, &u.err);
	if (rc == 0)
		rc = mst_state_items(u.state, "connection", each_connection, &u,
				     &u.err);
	if (rc == 0)
		rc = list_stores(&l, &u.err);
	if (rc == 0) {
		merge(&l, &u);
		print_list(&l, &u);
	}
	for (size_t i = 0; i < u.n; i++)
		mst_cert_entry_fini(&u.v[i].cert);
	free(u.v);
	mst_cert_list_fini(&l);
	mst_state_close(&u.state);
	mst_arena_fini(&u.arena);
	return rc < 0 ? cli_fail(&u.err) : CLI_OK;
}
