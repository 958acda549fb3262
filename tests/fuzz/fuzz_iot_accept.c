/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as answers to the source iot, feed after feed, as a run reads them.
 * The first byte chooses the way of reading and the settings; then each answer
 * is a status byte, two bytes of length, and the body. Requests never lead to
 * another host, never more than one is under way, and no two pages that are
 * kept of a feed have one name.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/iot/handle.h"
#include "source/iot/iot_private.h"
#include "tests/fuzz/fuzz.h"

#define BASE	  "https://console.example"
#define STEPS_MAX 256

struct input {
	const uint8_t *p;
	size_t n;
};

static struct mst_source *open_source(struct ot_conf *conf, uint8_t how)
{
	static const char *pattern[] = {"*1*"};
	struct mst_err err = MST_ERR_INIT;
	struct mst_source *s = NULL;

	(void)setenv("MUSTER_FUZZ_SECRET", "not-a-real-secret", 1);
	if (mst_secret_setup(&err) < 0)
		abort();
	*conf = (struct ot_conf){
	    .read = how & 1 ? OT_SENSOR : OT_CONSOLE,
	    .url = BASE "/",
	    .token = "env:MUSTER_FUZZ_SECRET",
	    .device_flags = true,
	    .page_size = 2,
	    .alerts_days = 1,
	};
	if (!(how & 1) && how & 2)
		conf->sensors = (struct mst_opt_list){pattern, 1};
	if (!(how & 1) && how & 4)
		conf->learning_sensors = OT_LEARNING_SKIP;
	if (mst_source_iot.open("fuzz", conf, &s, &err) < 0)
		abort();
	for (unsigned f = 0; how & 8 && f < OT__FEEDS; f++)
		mst_source_iot.since(s, f, mst_now_us() - 1000000);
	return s;
}

/* ---- names of pages that are kept ---------------------------------------- */

struct parts {
	char name[STEPS_MAX][64];
	size_t n;
};

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

static void keep(struct parts *kept, const struct mst_req *req)
{
	assert(req->part && strlen(req->part) < sizeof(kept->name[0]));
	if (req->anew)
		drop_kept(kept, req->part);
	for (size_t i = 0; i < kept->n; i++)
		assert(strcmp(kept->name[i], req->part) != 0);
	if (kept->n < STEPS_MAX)
		(void)snprintf(kept->name[kept->n++], sizeof(kept->name[0]),
			       "%s", req->part);
}

/* ---- answers ------------------------------------------------------------- */

static int status_of(uint8_t byte)
{
	static const int statuses[] = {200, 200, 200, 200, 400, 401,
				       403, 404, 429, 500, 204};

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
	    .date_us = in->p[0] & 0x40 ? 1000000 : MST_TIME_NONE,
	    .retry_after_ms = -1,
	    .err = MST_ERR_INIT,
	};
	char why[80];

	(void)mst_iot_handle_answer(&resp, why, sizeof(why));
	in->p += 3 + n;
	in->n -= 3 + n;
	return mst_source_iot.accept(s, req, &resp, err);
}

/* Reads the feed; false: the input or the feed is at its end. */
static bool read_feed(struct mst_source *s, unsigned feed, const char *one,
		      struct input *in)
{
	static struct parts kept;
	struct mst_err err = MST_ERR_INIT;
	int rc = mst_source_iot.begin(s, feed, one, &err);

	kept.n = 0;
	for (int i = 0; i < STEPS_MAX && rc >= 0; i++) {
		struct mst_req req, more;

		rc = mst_source_iot.next(s, &req, &err);
		if (rc != MST_NEXT_REQUEST)
			break;
		assert(strncmp(req.url, BASE "/", strlen(BASE) + 1) == 0);
		assert(strcmp(req.auth, OT_AUTH) == 0);
		assert(mst_source_iot.next(s, &more, &err) == MST_NEXT_WAIT);
		if (in->n < 3) {
			mst_req_fini(&req);
			return false;
		}
		rc = answer(s, &req, in, &err);
		assert(rc >= 0 || (err.code != MST_OK && err.msg[0]));
		assert(rc != MST_TAKE_RESTART);
		if (rc == MST_TAKE_RECORDS)
			keep(&kept, &req);
		mst_req_fini(&req);
	}
	return rc == MST_NEXT_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data + 1, size ? size - 1 : 0};
	struct mst_proof proof;
	struct mst_source *s;
	struct ot_conf conf;
	const char *one;

	if (size < 1)
		return 0;
	s = open_source(&conf, data[0]);
	one = data[0] & 16 ? (data[0] & 32 ? "Pump 1" : "1") : NULL;
	for (unsigned feed = 0; feed < OT_FIRMWARES; feed++) {
		bool none =
		    conf.read == OT_SENSOR &&
		    (feed <= OT_DELETED_DEVICES || feed == OT_DEVICE_FLAGS);
		bool ended;

		if (none)
			continue;
		(void)mst_source_iot.scope(s, feed);
		ended = read_feed(s, feed, one, &in);
		mst_source_iot.proof(s, feed, &proof);
		assert(proof.complete == !proof.why[0]);
		assert(ended || !proof.complete);
		if (!ended)
			break;
	}
	mst_source_iot.close(&s);
	return 0;
}
