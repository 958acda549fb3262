/* SPDX-License-Identifier: Apache-2.0
 *
 * Actions on trial.
 */
#include "forwarder/trial.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "forwarder/to.h"
#include "sync/proxy.h"

/* An action on trial; its name stands in front of its checks. */
struct trial {
	const struct mst_trial_conf *t;
	const struct mst_alert_action *action;
	const struct mst_to_ops *ops;
	struct mst_to *to;
	struct mst_arena arena;
	struct mst_connection connection;
	struct mst_proxy proxy;
	bool failed;
};

static void report(void *ctx, const struct mst_check *c)
{
	struct trial *r = ctx;
	struct mst_check named = *c;
	char name[256], title[256];

	(void)snprintf(name, sizeof(name), "%.100s:%.100s", r->action->name,
		       c->name);
	(void)snprintf(title, sizeof(title), "%.100s: %.100s", r->action->name,
		       c->title ? c->title : c->name);
	named.name = name;
	named.title = title;
	r->failed |= c->level == MST_CHECK_FAILED;
	r->t->report(r->t->ctx, &named);
}

static void say(struct trial *r, const char *name, const struct mst_err *err,
		const char *text)
{
	struct mst_check c = {.name = name, .code = err->code};

	mst_check_say(&c, err->code ? MST_CHECK_FAILED : MST_CHECK_OK, "%.760s",
		      err->code ? err->msg : text);
	report(r, &c);
}

/* ---- opening ------------------------------------------------------------- */

static int open_trial(struct trial *r, struct mst_state *state,
		      const struct mst_alert_action *action,
		      const struct mst_trial_conf *t, struct mst_err *err)
{
	struct mst_to_env env = {
	    .action = action, .proxy = &r->proxy, .stop = t->cancel};
	const struct mst_config config = {.state = state};
	int rc = 0;

	*r = (struct trial){.t = t, .action = action};
	r->ops = mst_to_find(action->type);
	mst_arena_init(&r->arena, MST_MAX_ARENA);
	if (action->connection) {
		rc = mst_connection_load(state, action->connection, &r->arena,
					 &r->connection, err);
		env.connection = &r->connection;
	} else {
		rc = mst_proxy_section(&config, &r->arena, &r->proxy, err);
	}
	return rc == 0 ? r->ops->open(&env, &r->to, err) : rc;
}

static void close_trial(struct trial *r)
{
	if (r->to)
		r->ops->close(&r->to);
	mst_arena_fini(&r->arena);
}

/* ---- the test alert ------------------------------------------------------ */

static struct mst_alert test_alert(struct trial *r, const char *rule,
				   enum mst_severity severity)
{
	struct mst_alert a = {
	    .time_us = mst_now_us(),
	    .severity = severity,
	    .engine = MST_ENGINE_OPERATIONAL,
	    .message = MST_SLICE_LIT(
		"This is a test that 'muster forward test' has sent. Nothing "
		"has happened in the plant, and nothing is to be done."),
	    .sensor = MST_SLICE_LIT("muster"),
	};

	a.title = mst_slice_str(mst_arena_printf(
	    &r->arena, "TEST of the forwarding rule %s", rule));
	return a;
}

static void send_one(struct trial *r, const char *name,
		     const struct mst_delivery *d, const struct mst_alert *a,
		     char remote_r[64])
{
	struct mst_sending s = {.d = d, .alert = a};
	struct mst_err err = MST_ERR_INIT;
	char text[160];

	if (r->ops->send(r->to, &s, 1, &err) == 0 &&
	    s.what != MST_DELIVERED_DONE)
		(void)mst_err_set(&err,
				  s.what == MST_DELIVERED_ASIDE
				      ? MST_E_INVALID
				      : MST_E_TRANSIENT,
				  "%s", s.why);
	(void)snprintf(remote_r, 64, "%s", s.remote);
	(void)snprintf(text, sizeof(text), "the far end has it%s%s",
		       *s.remote ? ": sys_id " : "", s.remote);
	say(r, name, &err, text);
}

/* What the test has opened, it closes: nobody is to work on it. */
static void send_test(struct trial *r, const char *rule,
		      const struct mst_alert_rule *conf)
{
	struct mst_alert a = test_alert(r, rule, conf->least);
	struct mst_delivery d = {
	    .op = MST_DELIVERY_OPEN,
	    .tries = 1,
	    .accepted_us = a.time_us,
	    .rule = rule,
	    .source = conf->source,
	    .remote = "",
	};
	char remote[64];

	d.key = mst_slice_str(mst_arena_printf(&r->arena, "muster-test-%lld",
					       (long long)(a.time_us / 1000)));
	send_one(r, "test alert", &d, &a, remote);
	if (r->failed || !r->action->connection)
		return;
	a.handled = true;
	d.op = MST_DELIVERY_CLOSE;
	d.id = 1;
	d.remote = remote;
	send_one(r, "test alert closed", &d, &a, (char[64]){0});
}

/* ---- all of it ----------------------------------------------------------- */

static int try_action(struct mst_state *state,
		      const struct mst_alert_action *action,
		      const struct mst_alert_rule *rule,
		      const struct mst_trial_conf *t, struct mst_err *err)
{
	struct mst_err why = MST_ERR_INIT;
	struct trial r;
	int rc = open_trial(&r, state, action, t, &why);

	say(&r, "settings", &why, mst_action_types[action->type]);
	if (rc == 0)
		rc = r.ops->check(r.to, report, &r, err);
	else
		rc = 0;
	if (rc == 0 && !r.failed && rule && !t->dry)
		send_test(&r, rule->name, rule);
	close_trial(&r);
	if (rc == 0 && t->cancel && atomic_load(t->cancel))
		rc = mst_err_set(err, MST_E_CANCELLED, "cancelled");
	return rc;
}

int mst_trial_rule(struct mst_state *state, const struct mst_forward_conf *conf,
		   const char *rule, const struct mst_trial_conf *t,
		   struct mst_err *err)
{
	const struct mst_alert_rule *r = mst_forward_conf_rule(conf, rule);
	int rc = 0;

	if (!r)
		return mst_err_set(err, MST_E_NOTFOUND,
				   "there is no forwarding rule '%s'; 'muster "
				   "export forward_rule' lists them",
				   rule);
	for (size_t i = 0; i < r->actions.n && rc == 0; i++) {
		const struct mst_alert_action *a =
		    mst_forward_conf_action(conf, r->actions.v[i]);

		if (a)
			rc = try_action(state, a, r, t, err);
	}
	return rc;
}

int mst_trial_connection(struct mst_state *state,
			 const struct mst_forward_conf *conf,
			 const char *connection, const struct mst_trial_conf *t,
			 size_t *n_r, struct mst_err *err)
{
	int rc = 0;

	*n_r = 0;
	for (size_t i = 0; i < conf->actions_n && rc == 0; i++) {
		const struct mst_alert_action *a = &conf->actions[i];

		if (!a->connection || strcmp(a->connection, connection) != 0)
			continue;
		++*n_r;
		rc = try_action(state, a, NULL, t, err);
	}
	return rc;
}
