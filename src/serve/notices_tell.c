/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling notices by the actions of forwarding: a mail or a webhook gets one as
 * an alert of muster itself.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/time.h"
#include "forwarder/conf.h"
#include "forwarder/to.h"
#include "serve/notices.h"
#include "sync/proxy.h"
#include "sync/service.h"

#define MOST 100 /* at once */

struct untold {
	struct mst_notice v;
	bool over;
};

struct telling {
	struct mst_state *state;
	struct mst_arena arena;
	struct mst_service_conf service;
	struct mst_proxy proxy;
	struct mst_forward_conf *forward;
	const atomic_bool *cancel;
	struct untold v[MOST];
	size_t n;
};

static int take(void *ctx, const struct mst_notice *v)
{
	struct telling *t = ctx;
	struct untold *u = &t->v[t->n];

	if (!mst_notice_is_untold(v) || t->n == MOST)
		return 0;
	*u = (struct untold){*v, v->over_us != MST_TIME_NONE};
	u->v.kind = mst_arena_strdup(&t->arena, v->kind);
	u->v.about = mst_arena_strdup(&t->arena, v->about);
	u->v.level = mst_arena_strdup(&t->arena, v->level);
	u->v.text = mst_arena_strdup(&t->arena, v->text);
	t->n++;
	return 0;
}

/* Each end of a notice is an alert of its own: what forwarding calls closed is
 * not for mail. */
static void fill(struct telling *t, const struct untold *u,
		 struct mst_delivery *d, struct mst_alert *a)
{
	*a = (struct mst_alert){
	    .time_us = u->over ? u->v.over_us : u->v.since_us,
	    .severity = strcmp(u->v.level, "error") == 0 ? MST_SEVERITY_MAJOR
							 : MST_SEVERITY_MINOR,
	    .engine = MST_ENGINE_OPERATIONAL,
	    .message = mst_slice_str(u->v.text),
	    .sensor = MST_SLICE_LIT("muster"),
	};
	a->title = mst_alert_text(
	    &t->arena,
	    mst_slice_str(mst_arena_printf(&t->arena, "muster%s: %s",
					   u->over ? ", over" : "", u->v.text)),
	    MST_ALERT_TEXT, true);
	a->uuid = mst_slice_str(
	    mst_arena_printf(&t->arena, "muster-notice-%lld%s",
			     (long long)u->v.id, u->over ? "-over" : ""));
	*d = (struct mst_delivery){.op = MST_DELIVERY_OPEN,
				   .id = u->v.id,
				   .tries = 1,
				   .key = a->uuid,
				   .accepted_us = a->time_us,
				   .rule = "notify",
				   .source = "muster",
				   .remote = ""};
}

static int send_all(struct telling *t, const struct mst_to_ops *ops,
		    struct mst_to *to, struct mst_err *err)
{
	for (size_t i = 0; i < t->n; i++) {
		struct mst_delivery d;
		struct mst_alert a;
		struct mst_sending s = {.d = &d, .alert = &a};

		fill(t, &t->v[i], &d, &a);
		if (ops->send(to, &s, 1, err) < 0)
			return -(int)err->code;
		if (s.what != MST_DELIVERED_DONE)
			return mst_err_set(err, MST_E_TRANSIENT, "%s", s.why);
	}
	return 0;
}

static int tell_by(struct telling *t, const char *name, struct mst_err *err)
{
	const struct mst_alert_action *action =
	    mst_forward_conf_action(t->forward, name);
	struct mst_to_env env = {
	    .action = action, .proxy = &t->proxy, .stop = t->cancel};
	const struct mst_to_ops *ops;
	struct mst_to *to = NULL;
	int rc;

	if (!action || (action->type != MST_ACTION_MAIL &&
			action->type != MST_ACTION_WEBHOOK))
		return mst_err_set(err, MST_E_INVALID,
				   "service.notify: '%s' is no action of type "
				   "mail or webhook",
				   name);
	ops = mst_to_find(action->type);
	rc = ops->open(&env, &to, err);
	if (rc == 0)
		rc = send_all(t, ops, to, err);
	ops->close(&to);
	return rc < 0 ? mst_err_prefix(err, "action %s", name) : 0;
}

static int read_conf(struct telling *t, struct mst_err *err)
{
	const struct mst_config config = {.state = t->state};

	if (mst_service_section(&config, &t->arena, &t->service, err) < 0 ||
	    mst_proxy_section(&config, &t->arena, &t->proxy, err) < 0 ||
	    mst_forward_conf_load(t->state, &t->forward, err) < 0)
		return -(int)err->code;
	return mst_notices(t->state, true, 1000, take, t, err);
}

static int note_told(struct telling *t, struct mst_err *err)
{
	for (size_t i = 0; i < t->n; i++) {
		if (mst_notice_told(t->state, t->v[i].v.id, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

int mst_notices_tell(struct mst_state *state, const atomic_bool *cancel,
		     size_t *n_r, struct mst_err *err)
{
	static const atomic_bool never;
	struct telling *t = mst_alloc(sizeof(*t));
	int rc;

	t->state = state;
	t->cancel = cancel ? cancel : &never;
	mst_arena_init(&t->arena, MST_MAX_ARENA);
	rc = read_conf(t, err);
	for (size_t i = 0; rc == 0 && t->n && i < t->service.notify.n; i++)
		rc = tell_by(t, t->service.notify.v[i], err);
	/* Told twice, when one of several actions failed, is better than not.
	 */
	if (rc == 0 && t->service.notify.n) {
		rc = note_told(t, err);
		*n_r = t->n;
	}
	mst_forward_conf_free(&t->forward);
	mst_arena_fini(&t->arena);
	free(t);
	return rc;
}
