/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as answers to the cloudapps source, feed after feed, as a run reads
 * them. The first byte chooses settings and which of the answers under way
 * comes first; then each answer is a status byte, two bytes of length, and the
 * body. Requests never lead to hosts that are not the connection's, never more
 * than six are under way, and no two pages of a feed have one name.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "source/cloudapps/cloudapps_private.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 256

struct input {
	const uint8_t *p;
	size_t n;
	bool last_first;
};

static struct mst_source *open_source(struct ca_conf *conf, uint8_t how)
{
	static const char *pattern[] = {"*1*"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_source *s = NULL;

	(void)setenv("MUSTER_FUZZ_SECRET", "not-a-real-secret", 1);
	if (mst_secret_setup(&err) < 0)
		abort();
	*conf = (struct ca_conf){
	    .ms.tenant_id = "contoso.example",
	    .ms.client_id = "00000000-0000-4000-8000-00000000000b",
	    .ms.client_secret = "env:MUSTER_FUZZ_SECRET",
	    .users = true,
	    .app_info = true,
	    .max_risk_score = how & 2 ? 5 : 10,
	};
	if (how & 4)
		conf->streams = (struct mst_opt_list){pattern, 1};
	if (mst_source_cloudapps.open("fuzz", conf, &s, &err) < 0)
		abort();
	return s;
}

/* ---- names of parts ------------------------------------------------------ */

struct parts {
	char name[STEPS_MAX][256];
	size_t n;
};

static void check_part(struct parts *parts, const struct mst_req *req)
{
	char buf[256];
	struct mst_slice s;

	if (!req->part)
		return;
	assert(strlen(req->part) < 240 && !strchr(req->part, '/') &&
	       !strchr(req->part, '.'));
	assert(ca_part_element(req->part, 0, buf, sizeof(buf), &s));
	if (parts->n < STEPS_MAX)
		(void)snprintf(parts->name[parts->n++], sizeof(buf), "%s",
			       req->part);
}

/* What was kept by this name, and of further pages, is replaced. */
static void drop_kept(struct parts *kept, const char *part)
{
	size_t len = strlen(part), n = 0;

	for (size_t i = 0; i < kept->n; i++) {
		const char *name = kept->name[i];

		if (strncmp(name, part, len) == 0 &&
		    (!name[len] || name[len] == ','))
			continue;
		memmove(kept->name[n++], name, sizeof(kept->name[0]));
	}
	kept->n = n;
}

/* Of the pages that are kept. */
static void check_kept(struct parts *kept, const struct mst_req *req)
{
	const char *part = req->part;

	if (req->anew && part)
		drop_kept(kept, part);
	for (size_t i = 0; part && i < kept->n; i++)
		assert(strcmp(kept->name[i], part) != 0);
}

/* ---- answers ------------------------------------------------------------- */

static int status_of(uint8_t byte)
{
	static const int statuses[] = {200, 200, 200, 200, 400, 401,
				       403, 404, 410, 429, 500, 204};

	return statuses[byte % MST_LEN(statuses)];
}

static int answer(struct mst_source *s, const struct mst_req *req,
		  struct input *in, struct mst_err *err)
{
	size_t n = MST_MIN((size_t)(in->p[1] << 8 | in->p[2]), in->n - 3);
	struct mst_resp resp = {
	    .outcome = MST_OUT_ANSWER,
	    .status = status_of(in->p[0]),
	    .body = {(const char *)in->p + 3, n},
	    .bytes = n,
	    .content_type = in->p[0] & 0x80 ? "text/html" : "application/json",
	    .request_id = "",
	    .total_count = -1,
	    .retry_after_ms = -1,
	    .err = MST_ERR_INIT,
	};

	in->p += 3 + n;
	in->n -= 3 + n;
	return mst_source_cloudapps.accept(s, req, &resp, err);
}

/* Reads the feed; false: the input or the feed is at its end. */
static bool read_feed(struct mst_source *s, unsigned feed, struct input *in)
{
	static struct parts asked, kept;
	struct mst_req way[CA_IN_FLIGHT + 1];
	struct mst_err err = MST_ERR_INIT;
	size_t n = 0, at;
	int rc = mst_source_cloudapps.begin(s, feed, NULL, &err);

	asked.n = kept.n = 0;
	for (int i = 0; i < STEPS_MAX && rc >= 0 && in->n >= 3; i++) {
		rc = mst_source_cloudapps.next(s, &way[n], &err);
		if (rc == MST_NEXT_REQUEST) {
			assert(ms_link_allowed(&s->sites, true, way[n].url));
			assert(strcmp(way[n].auth, MS_AUTH_GRAPH) == 0);
			check_part(&asked, &way[n]);
			assert(++n <= CA_IN_FLIGHT);
			continue;
		}
		if (rc != MST_NEXT_WAIT)
			break;
		assert(n > 0);
		at = in->last_first ? n - 1 : 0;
		rc = answer(s, &way[at], in, &err);
		assert(rc >= 0 || (err.code != MST_OK && err.msg[0]));
		if (rc == MST_TAKE_RECORDS) {
			check_kept(&kept, &way[at]);
			check_part(&kept, &way[at]);
		}
		if (rc == MST_TAKE_RESTART)
			kept.n = 0;
		mst_req_fini(&way[at]);
		way[at] = way[--n];
	}
	while (n > 0)
		mst_req_fini(&way[--n]);
	return rc == MST_NEXT_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data + 1, size ? size - 1 : 0, size && data[0] & 1};
	struct mst_proof proof;
	struct mst_source *s;
	struct ca_conf conf;

	if (size < 1)
		return 0;
	s = open_source(&conf, data[0]);
	for (unsigned feed = 0; feed < CA__FEEDS; feed++) {
		bool ended = read_feed(s, feed, &in);

		mst_source_cloudapps.proof(s, feed, &proof);
		assert(proof.complete == !proof.why[0]);
		assert(ended || !proof.complete);
		if (!ended)
			break;
	}
	mst_source_cloudapps.close(&s);
	return 0;
}
