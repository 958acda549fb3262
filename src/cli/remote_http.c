/* SPDX-License-Identifier: Apache-2.0
 *
 * See remote_http.h.
 */
#include "cli/remote_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "cli/cli.h"
#include "conf/url.h"
#include "net/auth.h"

#define BASE	   "/api/v1"
#define ANSWER_MAX (1u << 30)
#define RETRY_MS   30000
#define STOPPED_MS 3000 /* behind Ctrl-C */
#define LOOK_MS	   100	/* between two looks for Ctrl-C */
#define NAME	   "server"

struct bearer {
	struct mst_auth base;
	struct mst_secret *token;
};

struct cli_server {
	struct bearer auth;
	struct mst_client *client;
	const char *ca_file;
	char *url;
	char host[300]; /* and port */
	const char *hosts[2];
	struct mst_json_parser *parser;
	bool stopped; /* by Ctrl-C; what is asked from now on is not */
	bool told;    /* that it does not answer */
};

/* ---- the token ----------------------------------------------------------- */

static int bearer_header(struct mst_auth *a, struct mst_buf *out,
			 struct mst_err *err)
{
	const struct bearer *b = mst_container_of(a, struct bearer, base);

	(void)err;
	(void)mst_buf_adds(out, "Authorization: Bearer ");
	(void)mst_buf_add_slice(out, mst_secret_get(b->token));
	return 0;
}

static void bearer_free(struct mst_auth *a)
{
	(void)a;
}

static const struct mst_auth_ops bearer_ops = {
    .name = "token",
    .begin = mst_auth_still_begin,
    .accept = mst_auth_still_accept,
    .header = bearer_header,
    .forget = mst_auth_still_forget,
    .free = bearer_free,
};

/* ---- beginning and end --------------------------------------------------- */

static int take_url(struct cli_server *s, const char *url, struct mst_err *err)
{
	struct mst_slice clean = {NULL, 0};
	const char *wrong = mst_url_check(mst_slice_str(url), &clean);
	const char *host;

	if (wrong)
		return mst_err_set(err, MST_E_INVALID, "--server %s", wrong);
	s->url = mst_strndup(clean.p, clean.n);
	host = strstr(s->url, "://");
	host = host ? host + 3 : s->url;
	(void)snprintf(s->host, sizeof(s->host), "%.*s",
		       (int)strcspn(host, "/"), host);
	s->hosts[0] = s->host;
	return 0;
}

static int open_client(struct cli_server *s, struct mst_err *err)
{
	const struct mst_client_conf conf = {
	    .name = NAME,
	    .ca_file = s->ca_file,
	    .insecure_loopback = true,
	    .retry_total_ms = s->stopped ? STOPPED_MS : RETRY_MS,
	};

	s->client = mst_client_new(&conf, err);
	if (!s->client)
		return -(int)err->code;
	mst_client_add_auth(s->client, NAME, &s->auth.base, s->hosts);
	return 0;
}

int cli_server_open(const char *url, const char *token, const char *ca_file,
		    struct cli_server **s_r, struct mst_err *err)
{
	struct cli_server *s = mst_alloc(sizeof(*s));
	int rc = take_url(s, url, err);

	s->auth.base.ops = &bearer_ops;
	s->parser = mst_json_parser_new(ANSWER_MAX);
	s->ca_file = ca_file;
	if (rc == 0)
		rc = mst_secret_ref(token, &s->auth.token, err);
	if (rc < 0)
		(void)mst_err_prefix(err, "the server's token");
	if (rc == 0)
		rc = open_client(s, err);
	if (rc < 0)
		cli_server_close(&s);
	else
		*s_r = s;
	return rc;
}

int cli_server_again(struct cli_server *s, struct mst_err *err)
{
	s->stopped = true;
	mst_client_free(&s->client);
	return open_client(s, err);
}

void cli_server_close(struct cli_server **sp)
{
	struct cli_server *s = *sp;

	if (!s)
		return;
	mst_client_free(&s->client);
	mst_secret_free(&s->auth.token);
	mst_json_parser_free(&s->parser);
	free(s->url);
	free(s);
	*sp = NULL;
}

/* ---- asking -------------------------------------------------------------- */

/* A server that is being started again is waited for; who waits hears of it. */
static void tell_away(struct cli_server *s)
{
	struct mst_client_stats stats;

	mst_client_stats(s->client, &stats);
	if (s->told || stats.retries <= stats.throttled || cli.quiet)
		return;
	s->told = true;
	cli_progress_end();
	(void)fprintf(stderr,
		      "muster: the server at %s does not answer; it is tried "
		      "for %d seconds\n",
		      s->host, RETRY_MS / 1000);
}

static int await(struct cli_server *s, const struct mst_resp **resp_r,
		 struct mst_err *err)
{
	const struct mst_req *done;
	int rc;

	while ((rc = mst_client_wait(s->client, LOOK_MS, &done, resp_r, err)) ==
	       0) {
		tell_away(s);
		if (atomic_load(&cli_cancel) && !s->stopped) {
			s->stopped = true;
			mst_client_cancel(s->client);
		}
	}
	return MST_MIN(rc, 0);
}

/* The one line of a problem, with what is wrong with single members. */
static int refused(struct cli_server *s, const struct mst_resp *resp,
		   struct mst_err *err)
{
	enum mst_code code = mst_status_code(resp->status);
	struct mst_err none = MST_ERR_INIT;
	struct mst_json root, first;
	struct mst_slice detail = {NULL, 0};

	if (mst_json_parse(s->parser, resp->body, &root, &none) == 0) {
		struct mst_json_iter it =
		    mst_json_iter(mst_json_get(root, "errors"));

		detail = mst_json_str(mst_json_get(root, "detail"));
		if (mst_json_next(&it, NULL, &first) && !detail.n)
			detail = mst_json_str(mst_json_get(first, "detail"));
	}
	if (resp->status == 401)
		return mst_err_set(err, MST_E_AUTH,
				   "the server at %s does not take the token: "
				   "it is wrong, or its time is over",
				   s->host);
	if (detail.n)
		return mst_err_set(err, code, "%.*s",
				   (int)MST_MIN(detail.n, (size_t)900),
				   detail.p);
	return mst_err_set(err, code,
			   "the server at %s answers %d; is it a muster?",
			   s->host, resp->status);
}

static int take_answer(struct cli_server *s, const struct mst_resp *resp,
		       struct mst_buf *out, int *status_r, struct mst_err *err)
{
	if (resp->outcome != MST_OUT_ANSWER) {
		*err = resp->err;
		return mst_err_prefix(err, "the server at %s", s->host);
	}
	if (status_r)
		*status_r = resp->status;
	if (resp->status < 200 || resp->status > 299)
		return refused(s, resp, err);
	if (out && !mst_buf_add_slice(out, resp->body))
		return mst_err_set(err, MST_E_INVALID,
				   "the server's answer is too long");
	return 0;
}

int cli_server_ask(struct cli_server *s, enum mst_method method,
		   const char *path, struct mst_slice body, const char *key,
		   struct mst_buf *out, int *status_r, struct mst_err *err)
{
	const struct mst_resp *resp;
	struct mst_req req;
	int rc;

	mst_req_init(&req, method);
	req.url = mst_arena_printf(&req.arena, "%s" BASE "%s", s->url, path);
	req.auth = NAME;
	req.what = path;
	req.max_bytes = ANSWER_MAX;
	if (key || method != MST_HTTP_POST)
		req.repeat = MST_REPEAT_SAFE;
	if (key)
		mst_req_header(&req, "Idempotency-Key", key);
	if (body.p) {
		req.body = mst_arena_dup(&req.arena, body);
		mst_req_header(&req, "Content-Type", "application/json");
	}
	if (mst_client_submit(s->client, &req, err) < 0)
		return -(int)err->code;
	rc = await(s, &resp, err);
	if (rc < 0)
		return rc;
	rc = take_answer(s, resp, out, status_r, err);
	mst_client_done(s->client);
	return rc;
}
