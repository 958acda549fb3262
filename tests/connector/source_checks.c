/* SPDX-License-Identifier: Apache-2.0
 *
 * See source_checks.h.
 */
#include "source_checks.h"

#include <stdio.h>

#include "base/time.h"

struct checks_told told;

static struct {
	struct drive d;
	struct mst_checks *checks;
	const struct say *says;
	size_t says_n;
	const char *(*usual)(const char *url);
} run;

int64_t checks_now(void)
{
	return NOW;
}

static void on_check(void *ctx, const struct mst_check *c)
{
	struct found *f = &told.found[told.found_n++];

	(void)ctx;
	assert_true(told.found_n <= MST_LEN(told.found));
	assert_true(*c->text);
	assert_true(c->level != MST_CHECK_FAILED || c->code != MST_OK);
	assert_true(c->level != MST_CHECK_OK || !*c->remedy);
	assert_true(c->level != MST_CHECK_WARNING || *c->remedy);
	f->c = *c;
	(void)snprintf(f->name, sizeof(f->name), "%s", c->name);
	(void)snprintf(f->title, sizeof(f->title), "%s", c->title);
}

const struct mst_check *check_of(const char *name)
{
	for (size_t i = 0; i < told.found_n; i++) {
		if (strcmp(told.found[i].name, name) == 0)
			return &told.found[i].c;
	}
	return NULL;
}

void shows(const char *name, enum mst_check_level level, const char *text,
	   const char *remedy)
{
	const struct mst_check *c = check_of(name);

	if (!c)
		fail_msg("there is no check %s", name);
	if (c->level != level || !strstr(c->text, text) ||
	    (*remedy ? !strstr(c->remedy, remedy) : *c->remedy))
		fail_msg("%s is not %s: %s -> %s, but %s: %s -> %s", name,
			 mst_check_level_name(level), text, remedy,
			 mst_check_level_name(c->level), c->text, c->remedy);
}

/* ---- answers ------------------------------------------------------------- */

static const struct say *said(const char *url)
{
	for (size_t i = 0; i < run.says_n; i++) {
		if (strstr(url, run.says[i].part))
			return &run.says[i];
	}
	return NULL;
}

static void answer(struct mst_req *req)
{
	const struct say *say = said(req->url);
	struct mst_err err = MST_ERR_INIT;
	const char *body = say && say->body ? say->body : run.usual(req->url);
	struct mst_resp resp = {
	    .outcome = MST_OUT_ANSWER,
	    .status = say ? say->status : 200,
	    .body = mst_slice_str(body),
	    .content_type = say && say->type ? say->type : "application/json",
	    .date_us = NOW - (say ? say->skew_us : 0),
	    .retry_after_ms = -1,
	    .rate_limit = -1,
	    .throttle_share = say && say->share > 0 ? say->share : -1,
	    .attempts = 1,
	};

	if (say && say->no_date)
		resp.date_us = MST_TIME_NONE;
	if (!resp.status) {
		resp.outcome = MST_OUT_FAILED;
		resp.date_us = MST_TIME_NONE;
		mst_err_set(&resp.err, MST_E_TRANSIENT, "no answer from there");
	}
	t_ok(run.checks->ops->accept(run.checks, req, &resp, &err), &err);
}

static void note(const struct mst_req *req)
{
	size_t n = strlen(told.asked);

	(void)snprintf(told.asked + n, sizeof(told.asked) - n, "%s %s %s%s%s\n",
		       req->url, req->auth ? req->auth : "-",
		       req->rate ? req->rate : "-", req->headers[0] ? " " : "",
		       req->headers[0] ? req->headers[0] : "");
	assert_int_equal(req->method, MST_HTTP_GET);
	assert_null(req->file);
}

static void pump(void)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req[16];
	size_t n = 0;
	int rc;

	while ((rc = run.checks->ops->next(run.checks, &req[n], &err)) !=
	       MST_CHECKS_END) {
		assert_true(rc >= 0);
		if (rc == MST_CHECKS_REQUEST) {
			note(&req[n]);
			assert_true(++n < MST_LEN(req));
			continue;
		}
		/* the latest first: the order of answers is nobody's */
		assert_true(n > 0);
		answer(&req[--n]);
		mst_req_fini(&req[n]);
	}
	assert_int_equal(n, 0);
}

static void finish(void)
{
	run.checks->ops->free(&run.checks);
	drive_close(&run.d);
}

void look_of(const struct mst_source_ops *ops, const char *options,
	     const char *jobs, const char *(*usual)(const char *url),
	     const struct say *says, size_t says_n,
	     const struct mst_check_gone *gone, size_t gone_n)
{
	struct mst_check_use uses[MST_MAX_SETS];
	struct mst_checks_env env = {
	    .report = on_check, .uses = uses, .gone = gone, .gone_n = gone_n};
	struct mst_err err = MST_ERR_INIT;

	drive_open_of(&run.d, ops, options);
	for (size_t i = 0; i < ops->catalog->sets_n; i++)
		uses[env.uses_n++] = (struct mst_check_use){
		    .set = &ops->catalog->sets[i], .jobs = jobs ? jobs : ""};
	run.usual = usual;
	run.says = says;
	run.says_n = says_n;
	told.found_n = 0;
	told.asked[0] = 0;
	t_ok(ops->checks(run.d.s, &env, &run.checks, &err), &err);
	pump();
	finish();
}
