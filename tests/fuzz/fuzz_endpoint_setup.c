/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as answers to the set-up checks of the endpoint source. The first
 * byte chooses cloud, way of reading and what failed before; then each answer
 * is a byte (status), two bytes of length, and the body; behind the last one
 * the same again from the start. Whatever comes: each check is told once, in
 * one line, with a level that it has; a token goes to its hosts only, and
 * storage is asked without one.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/endpoint/endpoint_private.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 100

static char names[32][48];
static size_t checks;

static void on_check(void *ctx, const struct mst_check *c)
{
	(void)ctx;
	assert(*c->name && *c->title && *c->text);
	assert(!strchr(c->text, '\n') && !strchr(c->remedy, '\n'));
	assert(c->level != MST_CHECK_FAILED || c->code != MST_OK);
	assert(c->level == MST_CHECK_FAILED || c->code == MST_OK);
	assert(c->level != MST_CHECK_OK || !*c->remedy);
	for (size_t i = 0; i < checks; i++)
		assert(strcmp(names[i], c->name) != 0);
	(void)snprintf(names[checks++], sizeof(names[0]), "%s", c->name);
	assert(checks < MST_LEN(names));
}

static struct mst_source *open_source(struct ep_conf *conf, unsigned how)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_source *s = NULL;

	(void)setenv("MUSTER_FUZZ_SECRET", "not-a-real-secret", 1);
	if (mst_secret_setup(&err) < 0)
		abort();
	*conf = (struct ep_conf){
	    .ms.tenant_id = "contoso.example",
	    .ms.client_id = "00000000-0000-4000-8000-00000000000b",
	    .ms.client_secret = "env:MUSTER_FUZZ_SECRET",
	    .enrich = how & 1,
	    .hardware = true,
	    .software_non_cpe = true,
	    .software_packages = true,
	    .read_method = (int)(how >> 1 & 3) % 3,
	    .ms.cloud = (int)(how >> 3 & 7),
	    .page_size = 3,
	    .sas_valid_hours = 6,
	};
	if (mst_source_endpoint.open("fuzz", conf, &s, &err) < 0)
		abort();
	return s;
}

static void check_request(const struct mst_source *s, const struct mst_req *req)
{
	bool graph = req->auth && strcmp(req->auth, MS_AUTH_GRAPH) == 0;
	size_t n = strlen(s->sites.login);

	if (req->auth)
		assert(ms_link_allowed(&s->sites, graph, req->url));
	else
		assert(strncmp(req->url, s->sites.login, n) == 0 ||
		       ep_blob_allowed(&s->sites, req->url));
	assert(req->method == MST_HTTP_GET && !req->file);
}

/* ---- answers ------------------------------------------------------------- */

struct input {
	const uint8_t *all, *p;
	size_t all_n, n;
};

static void answer(struct input *in, struct mst_resp *r)
{
	static const int statuses[] = {200, 200, 200, 200, 206, 204, 302,
				       400, 401, 403, 404, 429, 500, 503};
	size_t n;

	if (in->n < 3) { /* once more */
		in->p = in->all;
		in->n = in->all_n;
	}
	*r = (struct mst_resp){.outcome = MST_OUT_ANSWER,
			       .status = 200,
			       .content_type = "",
			       .request_id = "",
			       .date_us = MST_TIME_NONE,
			       .retry_after_ms = -1,
			       .throttle_share = -1,
			       .rate_limit = -1};
	if (in->n < 3)
		return;
	if (in->p[0] >= 250) {
		r->outcome = MST_OUT_FAILED;
		r->status = 0;
		mst_err_set(&r->err, MST_E_TRANSIENT, "no answer");
	} else {
		r->status = statuses[in->p[0] % MST_LEN(statuses)];
		r->rate_limit = in->p[0] & 64 ? 7 : -1;
		r->throttle_share = in->p[0] & 32 ? in->p[1] / 100.0 : -1;
		r->retry_after_ms = in->p[0] & 16 ? in->p[2] * 1000 : -1;
		r->date_us =
		    in->p[0] & 8 ? (int64_t)in->p[1] << 40 : r->date_us;
	}
	n = (size_t)in->p[1] << 8 | in->p[2];
	n = MST_MIN(n, in->n - 3);
	r->body = mst_slice((const char *)in->p + 3, n);
	in->p += 3 + n;
	in->n -= 3 + n;
}

static void pump(struct mst_source *s, struct mst_checks *c, struct input *in)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req under_way[16];
	size_t n = 0;

	for (unsigned step = 0;; step++) {
		struct mst_resp resp;
		int rc = c->ops->next(c, &under_way[n], &err);

		assert(rc >= 0 && step < STEPS_MAX);
		if (rc == MST_CHECKS_END)
			break;
		if (rc == MST_CHECKS_REQUEST) {
			check_request(s, &under_way[n]);
			n++;
			continue;
		}
		assert(n > 0);
		answer(in, &resp);
		rc = c->ops->accept(c, &under_way[0], &resp, &err);
		assert(rc == 0);
		mst_req_fini(&under_way[0]);
		memmove(&under_way[0], &under_way[1],
			--n * sizeof(under_way[0]));
	}
	assert(n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mst_check_gone gone[] = {
	    {"reach:graph", "reach graph"}, {"login:graph", "log-in graph"}};
	const struct mst_catalog *cat = mst_source_endpoint.catalog;
	struct mst_check_use uses[8];
	struct mst_checks_env env = {.report = on_check, .uses = uses};
	struct input in = {data + 1, data + 1, size ? size - 1 : 0,
			   size ? size - 1 : 0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_checks *c = NULL;
	struct mst_source *s;
	struct ep_conf conf;

	if (!size)
		return 0;
	for (size_t i = 0; i < cat->sets_n && i < MST_LEN(uses); i++)
		uses[env.uses_n++] = (struct mst_check_use){
		    .set = &cat->sets[i], .jobs = data[0] & 64 ? "j" : ""};
	env.gone = gone;
	env.gone_n = data[0] & 128 ? MST_LEN(gone) : 0;
	s = open_source(&conf, data[0]);
	if (mst_source_endpoint.checks(s, &env, &c, &err) < 0)
		abort();
	checks = 0;
	pump(s, c, &in);
	assert(checks >= 10 && checks <= 13);
	assert(c->ops->fixes(c, NULL, 0) == 0);
	c->ops->free(&c);
	mst_source_endpoint.close(&s);
	return 0;
}
