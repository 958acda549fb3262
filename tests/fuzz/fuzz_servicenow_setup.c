/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as answers to the set-up checks of an instance. The first byte
 * chooses log-in and mode; then each answer is a byte (status), two bytes of
 * length, and the body; behind the last one the same again from the start.
 * Whatever comes: each check is told once, in one line, with a level that it
 * has, and the requests end.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "dest/servicenow/setup.h"
#include "source/source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/apps_catalog.h"
#include "tests/lib/ot_catalog.h"

#define STEPS_MAX 400

static unsigned checks;

static void on_check(void *ctx, const struct mst_check *c)
{
	(void)ctx;
	checks++;
	assert(*c->name && *c->title && *c->text);
	assert(!strchr(c->text, '\n') && !strchr(c->remedy, '\n'));
	assert(c->level != MST_CHECK_FAILED || c->code != MST_OK);
	assert(c->level != MST_CHECK_OK || !*c->remedy);
}

static const struct mst_catalog *catalog(unsigned how)
{
	return how & 8	 ? &t_ot_catalog
	       : how & 4 ? &t_apps_catalog
			 : mst_sources[0]->catalog;
}

static struct mst_dest *open_dest(struct sn_conf *conf, unsigned how)
{
	struct mst_dest_env env = {
	    .connection = "fuzz",
	    .source = "defender",
	    .catalog = catalog(how),
	    .run = "1",
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_dest *d = NULL;

	(void)setenv("MUSTER_FUZZ_SECRET", "not-a-real-secret", 1);
	if (mst_secret_setup(&err) < 0)
		abort();
	*conf = (struct sn_conf){
	    .url = "https://dev.example.com",
	    .auth = how & 1 ? SN_CLIENT_CREDENTIALS : SN_BASIC,
	    .write_mode = how & 2 ? SN_WRITE_TABLE : SN_WRITE_IRE,
	    .username = "u",
	    .password = "env:MUSTER_FUZZ_SECRET",
	    .client_id = "c",
	    .client_secret = "env:MUSTER_FUZZ_SECRET",
	    .discovery_source = "muster",
	    .user_relation_type = "Uses",
	    .workers = 2,
	    .batch_seconds = 10,
	    .batch_max = 4,
	    .ire_items = 3,
	    .body_max = 65536,
	    .timeout_ms = 1000,
	};
	if (mst_dest_servicenow.open(&env, conf, &d, &err) < 0)
		abort();
	return d;
}

/* ---- answers ------------------------------------------------------------- */

struct input {
	const uint8_t *all, *p;
	size_t all_n, n;
};

static void answer(struct input *in, struct mst_resp *r)
{
	static const int statuses[] = {200, 200, 200, 201, 400, 401,
				       403, 404, 202, 429, 500};
	size_t n;

	if (in->n < 3) { /* once more */
		in->p = in->all;
		in->n = in->all_n;
	}
	*r = (struct mst_resp){.outcome = MST_OUT_ANSWER,
			       .status = 200,
			       .content_type = "",
			       .request_id = "",
			       .date_us = 0,
			       .rate_limit = -1,
			       .rate_rule = ""};
	if (in->n < 3)
		return;
	if (in->p[0] >= 250) {
		r->outcome = MST_OUT_FAILED;
		r->status = 0;
		mst_err_set(&r->err, MST_E_AUTH, "credential 'x': no");
	} else {
		r->status = statuses[in->p[0] % MST_LEN(statuses)];
		r->rate_limit = in->p[0] & 64 ? 7 : -1;
		r->rate_rule = in->p[0] & 32 ? "a^b" : "0123";
	}
	n = (size_t)in->p[1] << 8 | in->p[2];
	n = MST_MIN(n, in->n - 3);
	r->body = mst_slice((const char *)in->p + 3, n);
	in->p += 3 + n;
	in->n -= 3 + n;
}

static void pump(struct mst_checks *c, struct input *in)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_req under_way[4];
	size_t n = 0;

	for (unsigned step = 0;; step++) {
		struct mst_resp resp;
		int rc = c->ops->next(c, &under_way[n], &err);

		assert(rc >= 0 && step < STEPS_MAX);
		if (rc == MST_CHECKS_END)
			break;
		if (rc == MST_CHECKS_REQUEST) {
			assert(strncmp(under_way[n].url,
				       "https://dev.example.com/api/now/",
				       32) == 0);
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
	const struct mst_catalog *cat = catalog(size ? data[0] : 0);
	struct mst_check_use uses[8];
	struct mst_checks_env env = {.report = on_check, .uses = uses};
	struct input in = {data + 1, data + 1, size ? size - 1 : 0,
			   size ? size - 1 : 0};
	struct mst_err err = MST_ERR_INIT;
	struct mst_checks *c = NULL;
	struct mst_check_fix f[2];
	struct sn_conf conf;
	struct mst_dest *d;
	unsigned most;
	size_t n;

	if (!size)
		return 0;
	for (size_t i = 0; i < cat->sets_n && i < MST_LEN(uses); i++)
		uses[env.uses_n++] = (struct mst_check_use){
		    .set = &cat->sets[i], .jobs = "j", .catalog = cat};
	d = open_dest(&conf, data[0]);
	if (mst_dest_servicenow.checks(d, &env, &c, &err) < 0)
		abort();
	checks = 0;
	pump(c, &in);
	most = ((data[0] & 12) == 4 ? 16 : 18) - (data[0] & 2 ? 2 : 0);
	assert(checks == most);
	n = c->ops->fixes(c, f, MST_LEN(f));
	for (size_t i = 0; i < n; i++) {
		if (c->ops->fix(c, i, &err) < 0)
			abort();
		pump(c, &in);
		assert(checks == most + i + 1);
	}
	c->ops->free(&c);
	mst_dest_servicenow.close(&d);
	return 0;
}
