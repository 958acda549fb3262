/* SPDX-License-Identifier: Apache-2.0
 *
 * See busy.h.
 */
#include "serve/busy.h"

#include "api/api.h"
#include "base/time.h"

#define STAGE "busy"

int64_t mst_busy_tries(struct mst_json_parser *p, const char *progress,
		       struct mst_slice *why_r)
{
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json v;
	int64_t n = 0;

	if (!*progress ||
	    mst_json_parse(p, mst_slice_str(progress), &v, &ignored) < 0 ||
	    !mst_json_is_str(mst_json_get(v, "stage"), STAGE) ||
	    !mst_json_i64(mst_json_get(v, "done"), &n))
		return 0;
	if (why_r)
		*why_r = mst_json_str(mst_json_get(v, "waits"));
	return n;
}

void mst_busy_json(struct mst_buf *out, const char *job, int64_t tries,
		   const char *why, int64_t until_us)
{
	struct mst_jout j;

	mst_buf_reset(out);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "stage", STAGE);
	mst_jout_kstr(&j, "what", job);
	mst_jout_ki64(&j, "done", tries);
	mst_jout_ki64(&j, "total", MST_BUSY_TRIES);
	mst_jout_kbool(&j, "bytes", false);
	mst_jout_ki64(&j, "requests", 0);
	mst_jout_kstr(&j, "waits", why);
	mst_api_time(&j, "waits_until", until_us);
	mst_api_time(&j, "at", mst_now_us());
	mst_jout_end_obj(&j);
}
