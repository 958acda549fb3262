/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the configuration of forwarding, and judging an alert by it.
 */
#include "forwarder/conf.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/time.h"
#include "sync/config_forward.h"

/* What a reader has got of the state store. */
struct loading {
	struct mst_forward_conf *conf;
	struct mst_config config;
	struct mst_err *err;
};

typedef int making(struct loading *l, const struct mst_conf_item *item,
		   size_t i);

static int each(struct loading *l, const char *kind, size_t item_size,
		void **v_r, size_t *n_r, making *make)
{
	const struct mst_conf_item **items;
	size_t n;
	int rc = mst_config_items(&l->config, kind, &l->conf->arena, &items, &n,
				  l->err);

	if (rc < 0)
		return rc;
	*v_r = mst_arena_alloc(&l->conf->arena, n * item_size);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = mst_forward_check_item(&l->config, items[i],
					    &l->conf->arena, l->err);
		if (rc == 0)
			rc = make(l, items[i], *n_r);
		*n_r += rc == 0;
	}
	return rc;
}

static int make_window(struct loading *l, const struct mst_conf_item *item,
		       size_t i)
{
	return mst_exclude_make(item, &l->conf->arena, &l->conf->windows[i],
				l->err);
}

static int make_action(struct loading *l, const struct mst_conf_item *item,
		       size_t i)
{
	return mst_action_make(item, &l->conf->arena, &l->conf->actions[i],
			       l->err);
}

static int make_receiver(struct loading *l, const struct mst_conf_item *item,
			 size_t i)
{
	return mst_receiver_make(item, &l->conf->arena, &l->conf->receivers[i],
				 l->err);
}

/* When items came to be. */
struct creation {
	const char *name;
	int64_t us;
};

static int find_created(void *ctx, const struct mst_state_item *item)
{
	struct creation *c = ctx;

	if (strcmp(item->name, c->name) != 0)
		return 0;
	c->us = item->created_us;
	return 1;
}

static int make_rule(struct loading *l, const struct mst_conf_item *item,
		     size_t i)
{
	struct creation c = {item->name, MST_TIME_NONE};

	if (mst_state_items(l->config.state, MST_FORWARD_RULE, find_created, &c,
			    l->err) < 0)
		return -(int)l->err->code;
	return mst_alert_rule_make(item, c.us, &l->conf->arena,
				   &l->conf->rules[i], l->err);
}

static int load_outbox(struct loading *l)
{
	static const struct mst_conf_item none = {.kind = MST_OUTBOX,
						  .name = MST_OUTBOX};
	const struct mst_conf_item *item = NULL;

	if (mst_config_find(&l->config, MST_OUTBOX, MST_OUTBOX, &l->conf->arena,
			    &item, l->err) < 0)
		return -(int)l->err->code;
	return mst_conf_apply(item ? item : &none, mst_outbox_opts,
			      &l->conf->outbox, &l->conf->arena, l->err);
}

static struct mst_forward_poll *poll_of(struct mst_forward_conf *c,
					const struct mst_alert_rule *r)
{
	for (size_t i = 0; i < c->polls_n; i++) {
		if (strcmp(c->polls[i].connection, r->source) == 0)
			return &c->polls[i];
	}
	c->polls[c->polls_n] =
	    (struct mst_forward_poll){r->source, r->poll_every};
	return &c->polls[c->polls_n++];
}

static bool is_received(const struct mst_forward_conf *c, const char *source)
{
	for (size_t i = 0; i < c->receivers_n; i++) {
		if (c->receivers[i].enabled &&
		    strcmp(c->receivers[i].connection, source) == 0)
			return true;
	}
	return false;
}

/* What is pushed has UUIDs, lists have none as far as the documents go: the
 * same alert by both ways would be two. */
static void find_polls(struct mst_forward_conf *c)
{
	c->polls = mst_arena_alloc(&c->arena, c->rules_n * sizeof(*c->polls));
	for (size_t i = 0; i < c->rules_n; i++) {
		struct mst_alert_rule *r = &c->rules[i];
		struct mst_forward_poll *p;

		r->polls =
		    r->poll == MST_POLL_YES ||
		    (r->poll == MST_POLL_AUTO && !is_received(c, r->source));
		if (!r->enabled || !r->polls)
			continue;
		p = poll_of(c, r);
		p->every_ms = MST_MIN(p->every_ms, r->poll_every);
	}
}

static int load(struct loading *l)
{
	struct mst_forward_conf *c = l->conf;
	int rc = load_outbox(l);

	if (rc == 0)
		rc = each(l, MST_EXCLUSION_WINDOW, sizeof(*c->windows),
			  (void **)&c->windows, &c->windows_n, make_window);
	if (rc == 0)
		rc = each(l, MST_FORWARD_ACTION, sizeof(*c->actions),
			  (void **)&c->actions, &c->actions_n, make_action);
	if (rc == 0)
		rc = each(l, MST_FORWARD_RECEIVER, sizeof(*c->receivers),
			  (void **)&c->receivers, &c->receivers_n,
			  make_receiver);
	if (rc == 0)
		rc = each(l, MST_FORWARD_RULE, sizeof(*c->rules),
			  (void **)&c->rules, &c->rules_n, make_rule);
	if (rc == 0)
		find_polls(c);
	return rc;
}

int mst_forward_conf_load(struct mst_state *state,
			  struct mst_forward_conf **c_r, struct mst_err *err)
{
	struct mst_forward_conf *c = mst_alloc(sizeof(*c));
	struct loading l = {.conf = c, .config = {.state = state}, .err = err};
	int rc;

	mst_arena_init(&c->arena, MST_MAX_ARENA);
	rc = load(&l);
	if (rc < 0)
		mst_forward_conf_free(&c);
	else
		*c_r = c;
	return rc;
}

void mst_forward_conf_free(struct mst_forward_conf **cp)
{
	struct mst_forward_conf *c = *cp;

	if (!c)
		return;
	for (size_t i = 0; i < c->windows_n; i++)
		mst_exclude_fini(&c->windows[i]);
	for (size_t i = 0; i < c->actions_n; i++)
		mst_action_fini(&c->actions[i]);
	for (size_t i = 0; i < c->receivers_n; i++)
		mst_receiver_fini(&c->receivers[i]);
	mst_arena_fini(&c->arena);
	free(c);
	*cp = NULL;
}

const struct mst_alert_rule *
mst_forward_conf_rule(const struct mst_forward_conf *c, const char *name)
{
	for (size_t i = 0; i < c->rules_n; i++) {
		if (strcmp(c->rules[i].name, name) == 0)
			return &c->rules[i];
	}
	return NULL;
}

const struct mst_alert_action *
mst_forward_conf_action(const struct mst_forward_conf *c, const char *name)
{
	for (size_t i = 0; i < c->actions_n; i++) {
		if (strcmp(c->actions[i].name, name) == 0)
			return &c->actions[i];
	}
	return NULL;
}

/* ---- judging ------------------------------------------------------------- */

static void add_routes(const struct mst_alert_rule *r, struct mst_judged *j)
{
	for (size_t i = 0; i < r->actions.n; i++) {
		size_t k = 0;

		while (k < j->routes_n &&
		       strcmp(j->routes[k].action, r->actions.v[i]) != 0)
			k++;
		if (k == j->routes_n && k < MST_OUTBOX_ROUTES)
			j->routes[j->routes_n++] = (struct mst_route){
			    r->name, r->actions.v[i], r->close_handled};
	}
}

/* Of a rule that would be the one to name the action, were it to take the
 * alert; NULL: there is none any more. */
static const struct mst_alert_rule *rule_of(const struct mst_forward_conf *c,
					    const char *source,
					    const char *action)
{
	for (size_t i = 0; i < c->rules_n; i++) {
		const struct mst_alert_rule *r = &c->rules[i];

		if (strcmp(r->source, source) != 0)
			continue;
		for (size_t k = 0; k < r->actions.n; k++) {
			if (strcmp(r->actions.v[k], action) == 0)
				return r;
		}
	}
	return NULL;
}

static bool has_route(const struct mst_judged *j, const char *action)
{
	for (size_t i = 0; i < j->routes_n; i++) {
		if (strcmp(j->routes[i].action, action) == 0)
			return true;
	}
	return false;
}

/* A rule that takes less than it did, or a window, must not leave open for ever
 * what was opened before: who has heard of an alert is told how it goes on. A
 * window holds back what is said of it meanwhile, but not that it is over. */
static void add_known(const struct mst_forward_conf *c, const char *source,
		      const struct mst_alert *a, struct mst_judged *j)
{
	for (size_t i = 0; i < c->actions_n; i++) {
		const char *action = c->actions[i].name;
		const struct mst_alert_rule *r = rule_of(c, source, action);
		bool closes = !r || r->close_handled;

		if (has_route(j, action) ||
		    j->routes_n + j->known_n == MST_OUTBOX_ROUTES ||
		    (j->window && !(a->handled && closes)))
			continue;
		j->routes[j->routes_n + j->known_n++] =
		    (struct mst_route){r ? r->name : "no rule", action, closes};
	}
}

void mst_forward_judge(const struct mst_forward_conf *c, const char *source,
		       const struct mst_alert *a, int64_t now_us,
		       struct mst_judged *j_r)
{
	j_r->window = NULL;
	j_r->routes_n = 0;
	j_r->known_n = 0;
	for (size_t i = 0; i < c->windows_n && !j_r->window; i++) {
		if (mst_exclude_fits(&c->windows[i], a, now_us))
			j_r->window = &c->windows[i];
	}
	for (size_t i = 0; i < c->rules_n && !j_r->window; i++) {
		if (mst_alert_rule_match(&c->rules[i], source, a, now_us) ==
		    MST_ALERT_RULE_TAKES)
			add_routes(&c->rules[i], j_r);
	}
	add_known(c, source, a, j_r);
}
