/* SPDX-License-Identifier: Apache-2.0
 *
 * What the answers to the probes hold. Nothing in them is believed: an address
 * is only asked for when it is one of Microsoft's storage.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/endpoint/checks.h"

static void copy_text(struct mst_json v, char *out, size_t n)
{
	ep_quote(mst_json_str(v), out, n);
}

static void read_tenant(struct ep_checks *k, struct mst_json root)
{
	struct ep_tenant *t = &k->tenant;

	copy_text(mst_json_iget(root, "cloud_instance_name"), t->instance,
		  sizeof(t->instance));
	copy_text(mst_json_iget(root, "tenant_region_scope"), t->region,
		  sizeof(t->region));
	copy_text(mst_json_iget(root, "tenant_region_sub_scope"), t->sub,
		  sizeof(t->sub));
}

/* The file whose storage is tried. */
static void read_export(struct ep_checks *k, struct mst_json root)
{
	struct mst_json files = mst_json_iget(root, "exportFiles"), v;
	struct mst_json_iter it = mst_json_iter(files);
	struct ep_probe *p = &k->probes[EP_PROBE_EXPORT];
	struct mst_slice host;
	bool https;

	if (mst_json_type(files) != MST_JSON_ARRAY) {
		p->body = EP_BODY_OTHER;
		return;
	}
	p->records = mst_json_len(files);
	copy_text(mst_json_iget(root, "generatedTime"), k->made,
		  sizeof(k->made));
	if (!mst_json_next(&it, NULL, &v))
		return;
	k->file_url =
	    (char *)(uintptr_t)mst_arena_dup(&k->arena, mst_json_str(v)).p;
	if (k->file_url && ep_url_host(k->file_url, &host, &https))
		ep_quote(host, k->storage, sizeof(k->storage));
	k->probes[EP_PROBE_FILE].wanted =
	    *k->storage && ep_blob_allowed(&k->s->sites, k->file_url);
}

static enum ep_body list_of(struct ep_probe *p, struct mst_json root)
{
	struct mst_json value = mst_json_iget(root, "value"), v;
	struct mst_json_iter it = mst_json_iter(value);

	if (mst_json_type(mst_json_iget(root, "error")) == MST_JSON_OBJECT)
		return EP_BODY_ERROR;
	if (mst_json_type(value) != MST_JSON_ARRAY)
		return EP_BODY_OTHER;
	while (mst_json_next(&it, NULL, &v)) {
		if (mst_json_type(v) != MST_JSON_OBJECT)
			return EP_BODY_OTHER;
		p->records++;
	}
	return EP_BODY_FINE;
}

static bool is_web_page(const struct mst_resp *resp)
{
	const char *type = resp->content_type ? resp->content_type : "";
	struct mst_slice body = mst_slice_trim(resp->body);

	return mst_slice_istarts(mst_slice_str(type), "text/html") ||
	       (body.n && body.p[0] == '<');
}

static void read_body(struct ep_checks *k, unsigned probe,
		      const struct mst_resp *resp)
{
	struct ep_probe *p = &k->probes[probe];
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root;

	if (!resp->body.n) {
		p->body = EP_BODY_NOTHING;
	} else if (is_web_page(resp)) {
		p->body = EP_BODY_WEB;
	} else if (mst_json_parse(k->s->parser, resp->body, &root, &ignored) <
		   0) {
		p->body = EP_BODY_NO_JSON;
	} else if (probe == EP_PROBE_TENANT) {
		read_tenant(k, root);
	} else if (probe == EP_PROBE_EXPORT) {
		read_export(k, root);
	} else {
		p->body = list_of(p, root);
	}
}

/* What every answer tells besides. */
static void read_headers(struct ep_checks *k, const struct mst_resp *resp,
			 bool graph)
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
		k->share_of = graph ? "Microsoft Graph" : "the Defender API";
	}
	k->rate_limit = MST_MAX(k->rate_limit, resp->rate_limit);
}

void ep_take(struct ep_checks *k, unsigned probe, const struct mst_resp *resp)
{
	struct ep_probe *p = &k->probes[probe];

	p->answered = true;
	p->status = resp->outcome == MST_OUT_ANSWER ? resp->status : 0;
	p->attempts = resp->attempts;
	p->retry_after_ms = resp->retry_after_ms;
	(void)snprintf(p->why, sizeof(p->why), "%.390s", resp->err.msg);
	if (p->status)
		read_headers(k, resp,
			     probe == EP_PROBE_FEED + (unsigned)EP_ENTRA);
	if (p->status >= 200 && p->status <= 299 && probe != EP_PROBE_FILE)
		read_body(k, probe, resp);
	else if (p->status && probe != EP_PROBE_FILE)
		ep_told_read(k->s, resp, &p->told);
}
