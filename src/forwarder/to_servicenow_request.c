/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of deliveries to ServiceNow.
 */
#include <stdio.h>

#include "forwarder/to_servicenow.h"

#define BODY_MAX (256u << 10)

void mst_to_sn_mark(const struct mst_delivery *d, char out[64])
{
	(void)snprintf(out, 64, "[muster %llx-%llx]",
		       (unsigned long long)d->accepted_us,
		       (unsigned long long)d->id);
}

static void find_url(const struct to_sn *t, const struct mst_delivery *d,
		     struct mst_buf *url)
{
	struct mst_buf q = MST_BUF_INIT(8192);

	(void)mst_buf_addf(url, "/api/now/table/%s?", t->table);
	if (!t->rows) {
		mst_incident_query(d->source, d->key, url);
	} else {
		(void)mst_buf_adds(&q, "u_key=");
		mst_application_key(d->source, d->key, &q);
		(void)mst_buf_adds(url, "sysparm_query=");
		(void)mst_buf_add_uri(url, mst_buf_slice(&q));
		(void)mst_buf_adds(
		    url, "&sysparm_fields=sys_id,u_key&sysparm_limit=1");
	}
	mst_buf_fini(&q);
}

static void row_body(const struct to_sn *t, const struct mst_sending *s,
		     struct mst_buf *out)
{
	const struct mst_alert *a = s->alert;
	const struct mst_ci *from =
	    mst_cis_get(t->cis, s->d->source, &a->source);
	const struct mst_ci *to =
	    mst_cis_get(t->cis, s->d->source, &a->destination);
	const struct mst_application_refs refs = {from->device, to->device,
						  from->ci};

	mst_application_body(s->d->source, s->d->key, a, &refs, out);
}

/* An alert whose source is not in the CMDB may be about its destination. */
static const char *ci_of(const struct to_sn *t, const struct mst_sending *s)
{
	const struct mst_ci *ci =
	    mst_cis_get(t->cis, s->d->source, &s->alert->source);

	if (!*ci->ci)
		ci = mst_cis_get(t->cis, s->d->source, &s->alert->destination);
	return ci->ci;
}

static void body_of(const struct to_sn *t, const struct sn_job *j,
		    struct mst_buf *out)
{
	const struct mst_incident_conf *c = &t->base.env.action->u.incident;
	const struct mst_sending *s = j->s;
	char mark[64];

	if (t->rows) {
		row_body(t, s, out);
	} else if (j->step == SN_MAKE) {
		mst_incident_open(c, s->d->source, s->d->key, s->alert,
				  ci_of(t, s), out);
	} else if (s->d->op == MST_DELIVERY_CLOSE) {
		mst_incident_close(c, s->alert, out);
	} else {
		mst_to_sn_mark(s->d, mark);
		mst_incident_update(s->alert, mark, out);
	}
}

struct mst_bundle_req mst_to_sn_request(struct to_sn *t, const struct sn_job *j)
{
	struct mst_buf url = MST_BUF_INIT(64u << 10);
	struct mst_buf body = MST_BUF_INIT(BODY_MAX);
	struct mst_bundle_req r = {.method = MST_HTTP_GET};

	switch (j->step) {
	case SN_FIND:
		find_url(t, j->s->d, &url);
		break;
	case SN_NOTES:
		(void)mst_buf_addf(&url,
				   "/api/now/table/%s/%s?sysparm_display_value="
				   "true&sysparm_fields=sys_id,work_notes",
				   t->table, j->sys_id);
		break;
	case SN_MAKE:
		r.method = MST_HTTP_POST;
		(void)mst_buf_addf(
		    &url, "/api/now/table/%s?sysparm_fields=sys_id", t->table);
		body_of(t, j, &body);
		break;
	case SN_CHANGE:
	default:
		r.method = MST_HTTP_PATCH;
		(void)mst_buf_addf(&url,
				   "/api/now/table/%s/%s?sysparm_fields=sys_id",
				   t->table, j->sys_id);
		body_of(t, j, &body);
	}
	r.url = mst_arena_dup(&t->arena, mst_buf_slice(&url));
	r.body = mst_arena_dup(&t->arena, mst_buf_slice(&body));
	mst_buf_fini(&url);
	mst_buf_fini(&body);
	return r;
}
