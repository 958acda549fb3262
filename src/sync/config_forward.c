/* SPDX-License-Identifier: Apache-2.0
 *
 * Items of forwarding: what they say by themselves and of each other.
 */
#include "sync/config_forward.h"

#include <stdlib.h>

#include "base/map.h"
#include "forward/action.h"
#include "forward/exclude.h"
#include "forward/item.h"
#include "forward/outbox.h"
#include "forward/receiver.h"
#include "forward/rule.h"
#include "source/source.h"

#define DEST_TYPE "servicenow"

static const char *const kinds[] = {MST_FORWARD_RULE,	  MST_FORWARD_ACTION,
				    MST_FORWARD_RECEIVER, MST_EXCLUSION_WINDOW,
				    MST_OUTBOX,		  NULL};

bool mst_is_forward(const struct mst_conf_item *item)
{
	for (size_t i = 0; kinds[i]; i++) {
		if (strcmp(item->kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

struct looking {
	const struct mst_config *config;
	const struct mst_conf_item *item;
	struct mst_arena *arena;
	struct mst_err *err;
};

/* ---- one item ------------------------------------------------------------ */

/* The item that the value of `key` names. */
static int find_named(struct looking *l, const char *key, const char *kind,
		      const char *name, const struct mst_conf_item **item_r)
{
	if (mst_config_get(l->config, kind, name, l->arena, item_r, l->err) <
	    0) {
		if (l->err->code != MST_E_NOTFOUND)
			return -(int)l->err->code;
		return mst_item_fail(l->item, key, l->err, "is wrong: %s",
				     mst_arena_strdup(l->arena, l->err->msg));
	}
	return 0;
}

/* A connection of the destination that actions are made for. */
static int check_dest(struct looking *l, const char *name)
{
	const struct mst_conf_item *found = NULL;

	if (find_named(l, "connection", "connection", name, &found) < 0)
		return -(int)l->err->code;
	if (strcmp(found->type, DEST_TYPE) == 0)
		return 0;
	return mst_item_fail(l->item, "connection", l->err,
			     "\"%s\" is of type %s; a %s needs one of type %s",
			     name, found->type, mst_conf_entry(l->item->kind),
			     DEST_TYPE);
}

/* A connection of a source that shows alerts. */
static int check_source(struct looking *l, const char *key, const char *name)
{
	const struct mst_conf_item *found = NULL;
	const struct mst_source_ops *ops;

	if (find_named(l, key, "connection", name, &found) < 0)
		return -(int)l->err->code;
	ops = mst_source_find(found->type);
	if (ops && mst_catalog_feed(ops->catalog, MST_ALERT_FEED) >= 0)
		return 0;
	return mst_item_fail(l->item, key, l->err,
			     "\"%s\" is of type %s, which has no alerts to "
			     "forward",
			     name, found->type);
}

static int check_rule(struct looking *l)
{
	struct mst_alert_rule r;
	int rc =
	    mst_alert_rule_make(l->item, MST_TIME_NONE, l->arena, &r, l->err);

	if (rc == 0)
		rc = check_source(l, "source", r.source);
	for (size_t i = 0; rc == 0 && i < r.actions.n; i++) {
		const struct mst_conf_item *found = NULL;

		rc = find_named(l, "actions", MST_FORWARD_ACTION,
				r.actions.v[i], &found);
	}
	return rc;
}

static int check_action(struct looking *l)
{
	struct mst_alert_action a;
	int rc = mst_action_make(l->item, l->arena, &a, l->err);

	if (rc < 0)
		return rc;
	if (a.connection)
		rc = check_dest(l, a.connection);
	mst_action_fini(&a);
	return rc;
}

static int check_receiver(struct looking *l)
{
	struct mst_receiver r;
	int rc = mst_receiver_make(l->item, l->arena, &r, l->err);

	if (rc < 0)
		return rc;
	rc = check_source(l, "connection", r.connection);
	mst_receiver_fini(&r);
	return rc;
}

static int check_window(struct looking *l)
{
	struct mst_exclude x;
	int rc = mst_exclude_make(l->item, l->arena, &x, l->err);

	if (rc == 0)
		mst_exclude_fini(&x);
	return rc;
}

int mst_forward_check_item(const struct mst_config *c,
			   const struct mst_conf_item *item,
			   struct mst_arena *arena, struct mst_err *err)
{
	struct looking l = {c, item, arena, err};
	struct mst_outbox_conf outbox;

	if (strcmp(item->kind, MST_FORWARD_RULE) == 0)
		return check_rule(&l);
	if (strcmp(item->kind, MST_FORWARD_ACTION) == 0)
		return check_action(&l);
	if (strcmp(item->kind, MST_FORWARD_RECEIVER) == 0)
		return check_receiver(&l);
	if (strcmp(item->kind, MST_EXCLUSION_WINDOW) == 0)
		return check_window(&l);
	return mst_conf_apply(item, mst_outbox_opts, &outbox, arena, err);
}

/* ---- all of them --------------------------------------------------------- */

/* What was there before is not this file's fault: the place is the item's in
 * front, whichever of the two that is. */
static const struct mst_conf_item *front_of(const struct mst_config *c,
					    const struct mst_conf_item *a,
					    const struct mst_conf_item *b)
{
	return mst_config_is_front(c, a) ? a : b;
}

static bool same_address(const struct mst_receiver *a,
			 const struct mst_receiver *b)
{
	bool udp_a =
	    a->type == MST_RECEIVER_SYSLOG && a->transport == MST_TRANSPORT_UDP;
	bool udp_b =
	    b->type == MST_RECEIVER_SYSLOG && b->transport == MST_TRANSPORT_UDP;

	return udp_a == udp_b && a->at_n == b->at_n &&
	       memcmp(&a->at, &b->at, a->at_n) == 0;
}

static int check_addresses(const struct mst_config *c,
			   const struct mst_conf_item *const *items,
			   const struct mst_receiver *v, size_t n,
			   struct mst_err *err)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct mst_conf_item *item =
			    front_of(c, items[i], items[k]);

			if (v[i].enabled && v[k].enabled &&
			    mst_config_is_front(c, item) &&
			    same_address(&v[i], &v[k]))
				return mst_item_fail(
				    item, "listen", err,
				    "%s is the address of receiver \"%s\", too",
				    v[i].listen,
				    items[item == items[i] ? k : i]->name);
		}
	}
	return 0;
}

static int check_receivers(const struct mst_config *c, struct mst_arena *arena,
			   struct mst_err *err)
{
	const struct mst_conf_item **items;
	struct mst_receiver *v;
	size_t all, n = 0;
	int rc =
	    mst_config_items(c, MST_FORWARD_RECEIVER, arena, &items, &all, err);

	if (rc < 0)
		return rc;
	v = mst_arena_alloc(arena, all * sizeof(*v));
	for (size_t i = 0; i < all; i++) {
		struct mst_err old = MST_ERR_INIT;

		if (mst_receiver_make(items[i], arena, &v[n], &old) < 0)
			continue; /* it was wrong before */
		mst_receiver_fini(&v[n]);
		items[n++] = items[i];
	}
	return check_addresses(c, items, v, n, err);
}

/* An alert has at most so many deliveries, by whichever rules. */
static int check_actions(const struct mst_config *c,
			 const struct mst_conf_item *const *items,
			 const struct mst_alert_rule *v, size_t n, size_t one,
			 struct mst_err *err)
{
	struct mst_map names = {0};
	const struct mst_conf_item *item = items[one];
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		if (!v[i].enabled || strcmp(v[i].source, v[one].source) != 0)
			continue;
		item = front_of(c, item, items[i]);
		for (size_t k = 0; k < v[i].actions.n; k++)
			(void)mst_map_put(&names,
					  mst_slice_str(v[i].actions.v[k]),
					  (void *)(uintptr_t)1);
	}
	if (names.n > MST_ALERT_RULE_ACTIONS && mst_config_is_front(c, item))
		rc = mst_item_fail(
		    item, "actions", err,
		    "makes %zu actions of all rules with source %s; the most "
		    "is %d, since one alert may fit all of them",
		    names.n, v[one].source, MST_ALERT_RULE_ACTIONS);
	mst_map_fini(&names);
	return rc;
}

static int check_rules(const struct mst_config *c, struct mst_arena *arena,
		       struct mst_err *err)
{
	const struct mst_conf_item **items;
	struct mst_alert_rule *v;
	size_t all, n = 0;
	int rc =
	    mst_config_items(c, MST_FORWARD_RULE, arena, &items, &all, err);

	if (rc < 0)
		return rc;
	v = mst_arena_alloc(arena, all * sizeof(*v));
	for (size_t i = 0; i < all; i++) {
		struct mst_err old = MST_ERR_INIT;

		if (mst_alert_rule_make(items[i], MST_TIME_NONE, arena, &v[n],
					&old) == 0)
			items[n++] = items[i];
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (v[i].enabled)
			rc = check_actions(c, items, v, n, i, err);
	}
	return rc;
}

int mst_forward_check(const struct mst_config *c, struct mst_arena *arena,
		      struct mst_err *err)
{
	bool rules = false, receivers = false;
	int rc = 0;

	for (size_t i = 0; i < c->front_n; i++) {
		rules =
		    rules || strcmp(c->front[i].kind, MST_FORWARD_RULE) == 0;
		receivers = receivers ||
			    strcmp(c->front[i].kind, MST_FORWARD_RECEIVER) == 0;
	}
	if (rules)
		rc = check_rules(c, arena, err);
	if (rc == 0 && receivers)
		rc = check_receivers(c, arena, err);
	return rc;
}
