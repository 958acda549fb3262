/* SPDX-License-Identifier: Apache-2.0
 *
 * Client and server for the hostile tests.
 */
#include "tests/lib/t.h"

#include <poll.h>

#include "tests/hostile/rig.h"

struct rig rig_up(const struct t_answer *script, size_t n,
		  const struct mst_client_conf *conf)
{
	struct mst_client_conf c = {0};
	struct mst_err err = MST_ERR_INIT;
	struct rig r = {0};

	if (conf)
		c = *conf;
	c.name = "test";
	c.insecure_loopback = true;
	if (!c.retry_base_ms)
		c.retry_base_ms = 2;
	if (!c.retry_cap_ms)
		c.retry_cap_ms = 2;
	if (!c.timeout_ms)
		c.timeout_ms = 60000;
	if (!c.connect_timeout_ms)
		c.connect_timeout_ms = 60000;
	t_clock_real();
	r.h = t_httpd_start(script, n);
	r.c = mst_client_new(&c, &err);
	if (!r.c)
		fail_msg("%s", err.msg);
	return r;
}

void rig_down(struct rig *r)
{
	mst_client_free(&r->c);
	t_httpd_stop(&r->h);
}

void rig_wait(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = mst_client_wait(r->c, 120000, &r->req, &r->resp, &err);

	if (rc != 1)
		fail_msg("no answer: %d %s", rc, err.msg);
}

static void submit(struct rig *r, struct mst_req *req, const char *path)
{
	struct mst_err err = MST_ERR_INIT;

	req->url = mst_arena_strdup(&req->arena, t_httpd_url(r->h, "%s", path));
	if (!req->what)
		req->what = mst_arena_printf(
		    &req->arena, "%s %s",
		    req->method == MST_HTTP_GET ? "read" : "write", path);
	t_ok(mst_client_submit(r->c, req, &err), &err);
	assert_null(req->url); /* taken over */
}

void rig_send(struct rig *r, struct mst_req *req, const char *path)
{
	submit(r, req, path);
	assert_int_equal(mst_client_pending(r->c), 1);
	rig_wait(r);
	assert_int_equal(mst_client_pending(r->c), 0);
}

void rig_get(struct rig *r, const char *path, enum mst_repeat repeat)
{
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_GET);
	req.repeat = repeat;
	rig_send(r, &req, path);
}

void rig_post(struct rig *r, const char *path, enum mst_repeat repeat)
{
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_POST);
	req.repeat = repeat;
	req.body = MST_SLICE_LIT("{}");
	rig_send(r, &req, path);
}

void rig_url(struct rig *r, enum mst_method method, enum mst_repeat repeat,
	     const char *url)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req req;

	mst_req_init(&req, method);
	req.repeat = repeat;
	req.url = mst_arena_strdup(&req.arena, url);
	if (method != MST_HTTP_GET)
		req.body = MST_SLICE_LIT("{}");
	t_ok(mst_client_submit(r->c, &req, &err), &err);
	rig_wait(r);
}

void rig_submit_get(struct rig *r, const char *path, const char *rate)
{
	struct mst_req req;

	mst_req_init(&req, MST_HTTP_GET);
	req.rate = rate;
	submit(r, &req, path);
}

void rig_idle(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;

	assert_int_equal(mst_client_wait(r->c, 5, &r->req, &r->resp, &err), 0);
}

bool rig_step(struct rig *r)
{
	struct mst_err err = MST_ERR_INIT;
	int rc = mst_client_wait(r->c, 0, &r->req, &r->resp, &err);

	if (rc < 0)
		fail_msg("no answer: %d %s", rc, err.msg);
	if (rc == 0) /* the server's threads want to run too */
		(void)poll(NULL, 0, 1);
	return rc == 1;
}

void rig_quick(struct rig *r)
{
	while (!rig_step(r)) {
		struct mst_client_stats s = rig_stats(r);

		if (s.pause_ms > 0)
			t_clock_add(s.pause_ms * 1000 + 1000);
	}
}

struct mst_client_stats rig_stats(struct rig *r)
{
	struct mst_client_stats s;

	mst_client_stats(r->c, &s);
	return s;
}

void expect(const struct rig *r, enum mst_outcome outcome, int status,
	    int attempts, enum mst_code code)
{
	if (r->resp->outcome != outcome || r->resp->status != status ||
	    r->resp->attempts != attempts || r->resp->err.code != code)
		fail_msg("outcome %d status %d attempts %d code %s: %s",
			 r->resp->outcome, r->resp->status, r->resp->attempts,
			 mst_code_name(r->resp->err.code), r->resp->err.msg);
}

void says(const struct rig *r, const char *part)
{
	if (!strstr(r->resp->err.msg, part))
		fail_msg("wanted \"%s\" in: %s", part, r->resp->err.msg);
}
