/* SPDX-License-Identifier: Apache-2.0
 *
 * Events for Event Management: several alerts a request, by its own API.
 */
#include <stdlib.h>

#include "base/time.h"
#include "forwarder/instance.h"
#include "forwarder/to.h"
#include "sync/step.h"

#define MOST	 100
#define PATH	 "/api/global/em/jsonv2"
#define BODY_MAX (4u << 20)

struct to_event {
	struct mst_to base;
	struct mst_instance *instance;
	struct mst_buf body;
};

static struct to_event *of(struct mst_to *to)
{
	return mst_container_of(to, struct to_event, base);
}

static void close_event(struct mst_to **to)
{
	struct to_event *t = *to ? of(*to) : NULL;

	if (!t)
		return;
	mst_instance_close(&t->instance);
	mst_buf_fini(&t->body);
	free(t);
	*to = NULL;
}

static int open_event(const struct mst_to_env *env, struct mst_to **to_r,
		      struct mst_err *err)
{
	struct to_event *t = mst_alloc(sizeof(*t));
	struct mst_to *to = &t->base;

	t->base = (struct mst_to){&mst_to_event, *env};
	mst_buf_init(&t->body, BODY_MAX);
	if (mst_instance_open(env->connection, &t->instance, err) < 0) {
		close_event(&to);
		return -(int)err->code;
	}
	*to_r = to;
	return 0;
}

/* Some of them in one request. A refusal of several says nothing of one. */
static int post(struct to_event *t, struct mst_sending *s, size_t n,
		struct mst_err *err)
{
	struct mst_event e[MOST];
	struct mst_bundle_answer a;
	int rc;

	for (size_t i = 0; i < n; i++)
		e[i] =
		    (struct mst_event){s[i].d->source, s[i].d->key, s[i].alert};
	mst_buf_reset(&t->body);
	mst_event_body(e, n, mst_now_us(), &t->body);
	mst_step();
	rc = mst_instance_post(t->instance, PATH, mst_buf_slice(&t->body), &a,
			       err);
	mst_step();
	if (rc < 0) {
		bool sent = a.status == -1 || a.status >= 500;

		mst_to_settle_rest(
		    s, n, sent ? MST_DELIVERED_UNCERTAIN : MST_DELIVERED_LATER,
		    err->msg);
		return rc;
	}
	for (size_t i = 0; i < n && a.status >= 200 && a.status < 300; i++)
		mst_to_done(&s[i], NULL);
	if (a.status >= 300 && n == 1)
		mst_to_settle(s, MST_DELIVERED_ASIDE,
			      "ServiceNow refused it, %d: %.400s", a.status,
			      a.why);
	return 0;
}

static int send_event(struct mst_to *to, struct mst_sending *s, size_t n,
		      struct mst_err *err)
{
	struct to_event *t = of(to);
	int rc = post(t, s, n, err);

	for (size_t i = 0; rc == 0 && i < n && !s[i].settled; i++)
		rc = post(t, &s[i], 1, err);
	mst_to_settle_rest(s, n, MST_DELIVERED_LATER, rc < 0 ? err->msg : "");
	return rc;
}

/* Sending none shows whether the API is there and open to the account. */
static int check_event(struct mst_to *to,
		       void (*report)(void *ctx, const struct mst_check *c),
		       void *ctx, struct mst_err *err)
{
	struct mst_check c = {.name = "events", .title = "Event Management"};
	struct mst_err why = MST_ERR_INIT;
	struct mst_bundle_answer a;

	(void)mst_instance_post(of(to)->instance, PATH,
				MST_SLICE_LIT("{\"records\":[]}"), &a, &why);
	if (why.code == MST_E_CANCELLED) {
		*err = why;
		return -(int)why.code;
	}
	if (!why.code && a.status >= 200 && a.status < 300) {
		mst_check_say(&c, MST_CHECK_OK, "%s takes events", PATH);
	} else {
		c.code = why.code ? why.code : mst_status_code(a.status);
		mst_check_say(&c, MST_CHECK_FAILED, "%.700s",
			      why.code ? why.msg : a.why);
		mst_check_remedy(&c, "activate Event Management and give the "
				     "user the role evt_mgmt_integration");
	}
	report(ctx, &c);
	return 0;
}

const struct mst_to_ops mst_to_event = {
    .most = MOST,
    .open = open_event,
    .close = close_event,
    .send = send_event,
    .check = check_event,
};
