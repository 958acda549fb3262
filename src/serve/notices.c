/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging what a person must be told.
 */
#include "serve/notices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "cred/certs.h"
#include "forward/outbox.h"
#include "forwarder/forwarder.h"
#include "serve/notices_private.h"
#include "state/access.h"
#include "sync/connection.h"
#include "json/out.h"

#define DAY_US	     (INT64_C(86400) * 1000000)
#define STUCK_US     (INT64_C(900) * 1000000)
#define NOTICES_MOST 10000
#define PROGRESS_MAX (64u << 10)

/* ---- which are on -------------------------------------------------------- */

static const char *key_of(struct mst_arena *arena, const char *kind,
			  const char *about)
{
	return mst_arena_printf(arena, "%s\n%s", kind, about);
}

static int take_on(void *ctx, const struct mst_notice *v)
{
	struct judging *g = ctx;
	struct on *on = mst_arena_alloc(&g->arena, sizeof(*on));

	on->words = mst_arena_printf(&g->arena, "%s %s", v->level, v->text);
	(void)mst_map_put(
	    &g->on, mst_slice_str(key_of(&g->arena, v->kind, v->about)), on);
	return 0;
}

int mst_judging_begin(struct judging *g, const struct mst_notices_conf *c,
		      struct mst_err *err)
{
	*g = (struct judging){.c = c};
	mst_arena_init(&g->arena, MST_MAX_ARENA);
	g->parser = mst_json_parser_new(PROGRESS_MAX);
	return mst_notices(c->state, false, NOTICES_MOST, take_on, g, err);
}

void mst_judging_end(struct judging *g)
{
	mst_json_parser_free(&g->parser);
	mst_map_fini(&g->on);
	mst_arena_fini(&g->arena);
}

static void tell(const struct judging *g, const char *kind, const char *about,
		 const char *text, bool on)
{
	struct mst_buf b = MST_BUF_INIT(1u << 16);
	struct mst_jout j;

	mst_jout_init(&j, &b);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "kind", kind);
	mst_jout_kstr(&j, "about", about);
	mst_jout_kbool(&j, "on", on);
	mst_jout_kstr(&j, "text", text);
	mst_jout_end_obj(&j);
	mst_told_event(&g->c->told, "all", "notice", mst_buf_slice(&b));
	mst_buf_fini(&b);
}

int mst_judging_on(struct judging *g, const char *kind, const char *about,
		   const char *level, struct mst_err *err, const char *fmt, ...)
{
	struct on *on =
	    mst_map_get(&g->on, mst_slice_str(key_of(&g->arena, kind, about)));
	char text[1200], both[1300];
	bool fresh = false;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(both, sizeof(both), "%s %s", level, text);
	if (on)
		on->seen = true;
	if (on && strcmp(on->words, both) == 0)
		return 0;
	rc = mst_notice_on(g->c->state, kind, about, level, text, &fresh, err);
	/* Nearer by a step: who was told before is told again. */
	if (rc == 0 && on && strstr(kind, "_expires"))
		rc = mst_notice_again(g->c->state, kind, about, err);
	if (rc == 0)
		tell(g, kind, about, text, true);
	return rc;
}

static int off(struct judging *g, const char *kind, const char *about,
	       struct mst_err *err)
{
	bool was = false;
	int rc = mst_notice_off(g->c->state, kind, about, &was, err);

	if (rc == 0 && was)
		tell(g, kind, about, "", false);
	return rc;
}

int mst_judging_sweep(struct judging *g, const char *kind, const char *about,
		      struct mst_err *err)
{
	struct mst_slice key;
	size_t i = 0, n = strlen(kind);
	void *v;

	while (mst_map_next(&g->on, &i, &key, &v)) {
		const struct on *on = v;

		if (on->seen || strncmp(key.p, kind, n) != 0 ||
		    key.p[n] != '\n' ||
		    (about && strcmp(key.p + n + 1, about) != 0))
			continue;
		if (off(g, kind, key.p + n + 1, err) < 0)
			return -(int)err->code;
	}
	return 0;
}

/* ---- what waits, what is gone -------------------------------------------- */

struct taking {
	struct judging *g;
	struct mst_err *err;
};

static int take_approval(void *ctx, const struct mst_approval *a)
{
	struct taking *t = ctx;
	char about[24];

	(void)snprintf(about, sizeof(about), "%lld", (long long)a->id);
	return mst_judging_on(t->g, "approval", about, "warning", t->err,
			      "%s asks for a second person: %s", a->asked_by,
			      a->what);
}

static int take_node(void *ctx, const struct mst_node *n)
{
	struct taking *t = ctx;

	return n->alive
		   ? 0
		   : mst_judging_on(t->g, "node_gone", n->name, "error", t->err,
				    "node %s has not been heard of for "
				    "more than %d seconds; others go on "
				    "with what it did",
				    n->name,
				    (int)(mst_node_gone_us() / 1000000));
}

static int judge_store(struct judging *g, struct mst_err *err)
{
	struct taking t = {g, err};

	if (mst_approvals(g->c->state, "waiting", 0, 100, take_approval, &t,
			  err) < 0 ||
	    mst_nodes(g->c->state, take_node, &t, err) < 0 ||
	    mst_judging_sweep(g, "approval", NULL, err) < 0)
		return -(int)err->code;
	return mst_judging_sweep(g, "node_gone", NULL, err);
}

/* ---- this machine -------------------------------------------------------- */

static int judge_disk(struct judging *g, struct mst_err *err)
{
	const char *dir = mst_state_dir(g->c->state);
	struct statvfs v;
	uint64_t free_mib;
	double share;

	if (statvfs(dir, &v) < 0 || v.f_blocks == 0)
		return 0;
	free_mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
	share = 100 * (double)v.f_bavail / (double)v.f_blocks;
	if (share < 5 && free_mib < 5 * 1024 &&
	    mst_judging_on(
		g, "disk_full", g->c->node,
		share < 1 || free_mib < 256 ? "error" : "warning", err,
		"node %s: %.0f %% (%llu MiB) of the disk of '%s' "
		"are left: runs need room for what they read",
		g->c->node, share, (unsigned long long)free_mib, dir) < 0)
		return -(int)err->code;
	return mst_judging_sweep(g, "disk_full", g->c->node, err);
}

struct stuck {
	int64_t oldest_us;
	uint64_t aside;
};

static void take_stats(void *ctx, const char *action,
		       const struct mst_outbox_stats *s)
{
	struct stuck *k = ctx;

	if (action)
		return;
	k->oldest_us = s->oldest_us;
	k->aside = s->n[MST_DELIVERY_ASIDE];
}

static int judge_outbox(struct judging *g, int64_t now_us, struct mst_err *err)
{
	struct stuck k = {MST_TIME_NONE, 0};
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_outbox *o = NULL;
	int rc = 0;

	if (mst_forwarder_look(g->c->state, &o, &ignored) == 0 && o)
		(void)mst_outbox_stats(o, take_stats, &k, &ignored);
	mst_outbox_close(&o);
	if (k.aside || (k.oldest_us != MST_TIME_NONE && k.oldest_us &&
			now_us - k.oldest_us > STUCK_US))
		rc = mst_judging_on(g, "outbox_stuck", g->c->node, "error", err,
				    k.aside ? "alerts were refused and put "
					      "aside: 'muster forward list "
					      "--in aside' shows them"
					    : "alerts wait for more than "
					      "15 minutes: 'muster forward "
					      "status' says for what");
	return rc < 0 ? rc
		      : mst_judging_sweep(g, "outbox_stuck", g->c->node, err);
}

/* ---- what ends ----------------------------------------------------------- */

static const char *value(const struct mst_conf_item *item, const char *key)
{
	for (size_t i = 0; i < item->values_n; i++) {
		if (strcmp(item->values[i].key, key) == 0 &&
		    item->values[i].texts_n == 1)
			return item->values[i].texts[0];
	}
	return NULL;
}

/* 30, 7 and 1 days ahead each a new text, which is told. */
static int ends(struct judging *g, const char *kind, const char *what,
		const char *connection, int64_t end_us, int64_t now_us,
		struct mst_err *err)
{
	int64_t left;
	int within;
	char at[21];

	if (end_us == MST_TIME_NONE || end_us - now_us >= 30 * DAY_US)
		return 0;
	left = end_us - now_us;
	within = left < DAY_US ? 1 : left < 7 * DAY_US ? 7 : 30;
	mst_time_iso(end_us, at);
	if (end_us <= now_us)
		return mst_judging_on(g, kind, connection, "error", err,
				      "connection %s: the %s has expired on "
				      "%.10s",
				      connection, what, at);
	return mst_judging_on(
	    g, kind, connection, within > 7 ? "warning" : "error", err,
	    "connection %s: the %s expires on %.10s, within "
	    "%d day%s",
	    connection, what, at, within, within == 1 ? "" : "s");
}

static int judge_certificate(struct judging *g,
			     const struct mst_conf_item *item, int64_t now_us,
			     struct mst_err *err)
{
	const char *file = value(item, "certificate");
	const char *name = value(item, "certificate_name");
	const char *ref = value(item, "certificate_password");
	const char *location = value(item, "certificate_location");
	const char *store = value(item, "certificate_store");
	struct mst_cert_entry e = {.to_us = MST_TIME_NONE};
	struct mst_secret *password = NULL;
	struct mst_err ignored = MST_ERR_INIT;
	int rc;

	if (!file && !name)
		return 0;
	if (ref)
		(void)mst_secret_ref(ref, &password, &ignored);
	if (file)
		mst_cert_look(file, value(item, "certificate_key"), password,
			      &e);
	else if (mst_cert_find(location ? location : mst_cert_locations[0],
			       store ? store : mst_cert_stores[0], name,
			       password, &e, &ignored) < 0)
		e = (struct mst_cert_entry){.to_us = MST_TIME_NONE};
	mst_secret_free(&password);
	rc = ends(g, "certificate_expires", "certificate", item->name, e.to_us,
		  now_us, err);
	mst_cert_entry_fini(&e);
	return rc;
}

static int judge_ends(struct judging *g, int64_t now_us, struct mst_err *err)
{
	const struct mst_config config = {.state = g->c->state};
	const struct mst_conf_item **items;
	size_t n;

	if (mst_config_items(&config, "connection", &g->arena, &items, &n,
			     err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < n; i++) {
		const char *date = value(items[i], "secret_expires");
		int64_t end = MST_TIME_NONE;

		if (date && !mst_time_parse(mst_slice_str(date), &end))
			end = MST_TIME_NONE;
		if (ends(g, "secret_expires", "client secret", items[i]->name,
			 end, now_us, err) < 0 ||
		    judge_certificate(g, items[i], now_us, err) < 0)
			return -(int)err->code;
	}
	return mst_judging_sweep(g, "secret_expires", NULL, err) < 0
		   ? -(int)err->code
		   : mst_judging_sweep(g, "certificate_expires", NULL, err);
}

/* ---- all ----------------------------------------------------------------- */

bool mst_notice_is_untold(const struct mst_notice *v)
{
	if (v->over_us == MST_TIME_NONE)
		return v->told_us == MST_TIME_NONE;
	/* What came and went unheard needs nobody. */
	return v->told_us != MST_TIME_NONE && v->told_us < v->over_us;
}

static int take_untold(void *ctx, const struct mst_notice *v)
{
	bool *untold = ctx;

	*untold = *untold || mst_notice_is_untold(v);
	return 0;
}

int mst_notices_look(const struct mst_notices_conf *c, int64_t now_us,
		     bool *untold_r, struct mst_err *err)
{
	struct judging g;
	int rc = mst_judging_begin(&g, c, err);

	if (rc == 0)
		rc = judge_store(&g, err);
	if (rc == 0)
		rc = judge_disk(&g, err);
	if (rc == 0)
		rc = judge_outbox(&g, now_us, err);
	if (rc == 0)
		rc = mst_judge_busy(&g, err);
	if (rc == 0 && c->slow)
		rc = mst_judge_jobs(&g, err);
	if (rc == 0 && c->slow)
		rc = judge_ends(&g, now_us, err);
	mst_judging_end(&g);
	*untold_r = false;
	if (rc == 0)
		rc = mst_notices(c->state, true, 1000, take_untold, untold_r,
				 err);
	return rc;
}
