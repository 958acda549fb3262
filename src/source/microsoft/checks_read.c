/* SPDX-License-Identifier: Apache-2.0
 *
 * What the answers to the probes hold. Nothing in them is believed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/microsoft/checks.h"

static void copy_text(struct mst_json v, char *out, size_t n)
{
	ms_quote(mst_json_str(v), out, n);
}

void ms_read_tenant(struct ms_checks *k, struct mst_json root)
{
	struct ms_tenant_info *t = &k->tenant;

	copy_text(mst_json_iget(root, "cloud_instance_name"), t->instance,
		  sizeof(t->instance));
	copy_text(mst_json_iget(root, "tenant_region_scope"), t->region,
		  sizeof(t->region));
	copy_text(mst_json_iget(root, "tenant_region_sub_scope"), t->sub,
		  sizeof(t->sub));
}

enum ms_body ms_list_of(struct ms_probe *p, struct mst_json root)
{
	struct mst_json value = mst_json_iget(root, "value"), v;
	struct mst_json_iter it = mst_json_iter(value);

	if (mst_json_type(mst_json_iget(root, "error")) == MST_JSON_OBJECT)
		return MS_BODY_ERROR;
	if (mst_json_type(value) != MST_JSON_ARRAY)
		return MS_BODY_OTHER;
	while (mst_json_next(&it, NULL, &v)) {
		if (mst_json_type(v) != MST_JSON_OBJECT)
			return MS_BODY_OTHER;
		p->records++;
	}
	return MS_BODY_FINE;
}

static bool is_web_page(const struct mst_resp *resp)
{
	const char *type = resp->content_type ? resp->content_type : "";
	struct mst_slice body = mst_slice_trim(resp->body);

	return mst_slice_istarts(mst_slice_str(type), "text/html") ||
	       (body.n && body.p[0] == '<');
}

static void read_body(struct ms_checks *k, unsigned probe,
		      const struct mst_resp *resp)
{
	struct ms_probe *p = &k->probes[probe];
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root;

	if (!resp->body.n)
		p->body = MS_BODY_NOTHING;
	else if (is_web_page(resp))
		p->body = MS_BODY_WEB;
	else if (mst_json_parse(k->parser, resp->body, &root, &ignored) < 0)
		p->body = MS_BODY_NO_JSON;
	else
		k->ops->read(k, probe, root);
}

/* What every answer tells besides. */
static void read_headers(struct ms_checks *k, const struct mst_resp *resp,
			 const char *far_end)
{
	int64_t skew;

	if (resp->date_us != MST_TIME_NONE) {
		skew = mst_now_us() - resp->date_us;
		if (k->skew_us == MST_TIME_NONE ||
		    llabs(skew) < llabs(k->skew_us))
			k->skew_us = skew;
	}
	if (resp->throttle_share > k->share) {
		k->share = resp->throttle_share;
		k->share_of = far_end;
	}
	k->rate_limit = MST_MAX(k->rate_limit, resp->rate_limit);
}

void ms_take(struct ms_checks *k, unsigned probe, const struct mst_resp *resp)
{
	bool blind = k->ops->blind && k->ops->blind(probe);
	struct ms_probe *p = &k->probes[probe];

	p->answered = true;
	p->status = resp->outcome == MST_OUT_ANSWER ? resp->status : 0;
	p->attempts = resp->attempts;
	p->retry_after_ms = resp->retry_after_ms;
	(void)snprintf(p->why, sizeof(p->why), "%.390s", resp->err.msg);
	if (p->status)
		read_headers(k, resp, k->ops->far_end(probe));
	if (p->status >= 200 && p->status <= 299 && !blind)
		read_body(k, probe, resp);
	else if (p->status && !blind)
		ms_told_read(k->parser, resp, &p->told);
}
