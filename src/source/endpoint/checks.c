/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks that only this source has: which requests they need, what
 * the answers hold, and when each check can be reported. Every list that a job
 * takes is asked for one record; nothing heavy is begun, nothing is written.
 */
#include "source/endpoint/checks.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "cred/cred.h"

#define ANSWER_MAX (4u << 20)
#define SAS_HOURS  1

static struct ep_checks *checks_of(struct mst_checks *c)
{
	return mst_container_of(c, struct ep_checks, base);
}

/* ---- what stands on what ------------------------------------------------- */

/* The title of a failed check, or NULL. */
static const char *gone(const struct ep_checks *k, const char *name)
{
	for (size_t i = 0; i < k->env.gone_n; i++) {
		if (strcmp(k->env.gone[i].name, name) == 0)
			return k->env.gone[i].title;
	}
	return NULL;
}

static const char *gone_token(const struct ep_checks *k, bool graph)
{
	return gone(k, graph ? "login:" EP_AUTH_GRAPH : "login:" EP_AUTH_API);
}

static const char *gone_api(const struct ep_checks *k, bool graph)
{
	const char *title = gone(k, graph ? "reach:graph" : "reach:api");

	return title ? title : gone_token(k, graph);
}

/* The permission that the token lacks, by its name: that is a check of its own.
 * NULL: it is there, or the token does not show any. */
static const char *gone_right(const struct ep_checks *k, unsigned feed)
{
	struct mst_auth *auth = k->s->auth[ep_io[feed].graph];
	const char *roles = auth ? mst_cred_entra_roles(auth) : NULL;

	return roles && *roles && !ep_permitted(k->s, feed)
		   ? ep_io[feed].permission
		   : NULL;
}

static const char *gone_feed(const struct ep_checks *k, unsigned feed)
{
	const char *title = gone_api(k, ep_io[feed].graph);

	return title ? title : gone_right(k, feed);
}

/* ---- asking -------------------------------------------------------------- */

static void ask(struct ep_checks *k, unsigned probe, struct mst_req *req,
		const char *what)
{
	mst_req_init(req, MST_HTTP_GET);
	req->id = probe;
	req->max_bytes = ANSWER_MAX;
	req->what = mst_arena_strdup(&req->arena, what);
	k->probes[probe].sent = true;
	k->pending++;
}

static void ask_tenant(struct ep_checks *k, struct mst_req *req)
{
	ask(k, EP_PROBE_TENANT, req, "the tenant's configuration");
	req->url = mst_arena_printf(
	    &req->arena, "%s/%s/v2.0/.well-known/openid-configuration",
	    k->s->sites.login, k->s->conf->tenant_id);
}

/* One record of the list. Exports have a twin that gives pages: it needs the
 * same permission, and does not count towards the few lists of files an hour.
 */
static void ask_feed(struct ep_checks *k, unsigned feed, struct mst_req *req)
{
	const struct ep_io *io = &ep_io[feed];
	const char *one = io->graph		     ? "$select=id&$top=1"
			  : io->pages == EP_WAY_SKIP ? "$top=1"
						     : "pageSize=1";

	ask(k, EP_PROBE_FEED + feed, req, ep_feeds[feed].title);
	req->url = mst_arena_printf(
	    &req->arena, "%s%s?%s",
	    io->graph ? k->s->sites.graph : k->s->sites.api, io->path, one);
	req->auth = io->graph ? EP_AUTH_GRAPH : EP_AUTH_API;
	req->rate = io->rate;
	mst_req_header(req, "Accept", "application/json");
}

static void ask_export(struct ep_checks *k, struct mst_req *req)
{
	const struct ep_io *io = &ep_io[k->export_feed];

	ask(k, EP_PROBE_EXPORT, req, "a list of export files");
	req->url =
	    mst_arena_printf(&req->arena, "%s%s", k->s->sites.api, io->files);
	if (io->sas_hours)
		req->url = mst_arena_printf(&req->arena, "%s?sasValidHours=%d",
					    req->url, SAS_HOURS);
	req->auth = EP_AUTH_API;
	req->rate = "exports";
	mst_req_header(req, "Accept", "application/json");
}

/* One byte of it, without the token; Azure's own name of the header. */
static void ask_file(struct ep_checks *k, struct mst_req *req)
{
	ask(k, EP_PROBE_FILE, req, "an export file");
	req->url = mst_arena_strdup(&req->arena, k->file_url);
	mst_req_header(req, "x-ms-range", "bytes=0-0");
}

static void send(struct ep_checks *k, unsigned probe, struct mst_req *req)
{
	if (probe == EP_PROBE_TENANT)
		ask_tenant(k, req);
	else if (probe == EP_PROBE_EXPORT)
		ask_export(k, req);
	else if (probe == EP_PROBE_FILE)
		ask_file(k, req);
	else
		ask_feed(k, probe - EP_PROBE_FEED, req);
}

static int accept(struct mst_checks *c, const struct mst_req *req,
		  const struct mst_resp *resp, struct mst_err *err MST_UNUSED)
{
	struct ep_checks *k = checks_of(c);

	k->pending--;
	ep_take(k, (unsigned)req->id, resp);
	return 0;
}

/* ---- reporting ----------------------------------------------------------- */

/* Is all there that the check is made of? */
static bool ready(const struct ep_checks *k, unsigned check)
{
	const struct ep_probe *p = k->probes;
	unsigned from = 0, to = EP_PROBE__N;

	if (check == EP_CHECK_CLOUD) {
		to = EP_PROBE_TENANT + 1;
	} else if (check == EP_CHECK_WRITES_API ||
		   check == EP_CHECK_WRITES_GRAPH) {
		return true;
	} else if (check < EP_CHECK_STORAGE) {
		from = EP_PROBE_FEED + check - EP_CHECK_FEED;
		to = from + 1;
	} else if (check == EP_CHECK_STORAGE) {
		from = EP_PROBE_EXPORT;
	}
	for (unsigned i = from; i < to; i++) {
		if (p[i].wanted && !p[i].answered)
			return false;
	}
	return true;
}

/* Is it one of this connection's? */
static bool applies(const struct ep_checks *k, unsigned check)
{
	if (check == EP_CHECK_WRITES_GRAPH)
		return k->s->auth[1];
	if (check >= EP_CHECK_FEED && check < EP_CHECK_STORAGE)
		return k->feeds & EP_BIT(check - EP_CHECK_FEED);
	if (check == EP_CHECK_STORAGE)
		return k->export_feed < EP__FEEDS;
	return true;
}

/* The title of what it stands on and that failed, or NULL. */
static const char *lacks(const struct ep_checks *k, unsigned check)
{
	const char *login = gone(k, "reach:login");

	switch (check) {
	case EP_CHECK_CLOUD:
		return login;
	case EP_CHECK_WRITES_API:
	case EP_CHECK_WRITES_GRAPH:
		return gone_token(k, check == EP_CHECK_WRITES_GRAPH);
	case EP_CHECK_STORAGE:
	case EP_CHECK_RATE:
		return gone_api(k, false);
	case EP_CHECK_CLOCK: /* any answer will do */
		return login && gone_api(k, false) ? login : NULL;
	default:
		return gone_feed(k, check - EP_CHECK_FEED);
	}
}

static void name_it(unsigned check, struct mst_check *c, char *name, size_t n)
{
	static const char *const names[EP_CHECK__N] = {
	    [EP_CHECK_CLOUD] = "cloud",
	    [EP_CHECK_WRITES_API] = "read_only:" EP_AUTH_API,
	    [EP_CHECK_WRITES_GRAPH] = "read_only:" EP_AUTH_GRAPH,
	    [EP_CHECK_STORAGE] = "storage",
	    [EP_CHECK_CLOCK] = "clock",
	    [EP_CHECK_RATE] = "rate_limits",
	};
	static const char *const titles[EP_CHECK__N] = {
	    [EP_CHECK_WRITES_API] = "read-only " EP_AUTH_API,
	    [EP_CHECK_WRITES_GRAPH] = "read-only " EP_AUTH_GRAPH,
	    [EP_CHECK_RATE] = "rate limits",
	};

	if (names[check]) {
		c->name = names[check];
		c->title = titles[check] ? titles[check] : names[check];
		return;
	}
	c->title = ep_feeds[check - EP_CHECK_FEED].name;
	(void)snprintf(name, n, "feed:%s", c->title);
	c->name = name;
}

static void judge(const struct ep_checks *k, unsigned check,
		  struct mst_check *c)
{
	switch (check) {
	case EP_CHECK_CLOUD:
		ep_say_cloud(k, c);
		break;
	case EP_CHECK_WRITES_API:
	case EP_CHECK_WRITES_GRAPH:
		ep_say_writes(k, check == EP_CHECK_WRITES_GRAPH, c);
		break;
	case EP_CHECK_STORAGE:
		ep_say_storage(k, c);
		break;
	case EP_CHECK_CLOCK:
		ep_say_clock(k, c);
		break;
	case EP_CHECK_RATE:
		ep_say_rate(k, c);
		break;
	default:
		ep_say_feed(k, check - EP_CHECK_FEED, c);
	}
}

static void report(struct ep_checks *k, unsigned check)
{
	const char *needs = lacks(k, check);
	struct mst_check c = {.code = MST_OK};
	char name[64];

	name_it(check, &c, name, sizeof(name));
	if (k->env.skip)
		mst_check_say(&c, MST_CHECK_SKIPPED, "%.700s", k->env.skip);
	else if (needs)
		mst_check_say(&c, MST_CHECK_SKIPPED, "needs the check '%s'",
			      needs);
	else
		judge(k, check, &c);
	if (c.level != MST_CHECK_FAILED)
		c.code = MST_OK;
	k->env.report(k->env.ctx, &c);
}

static int next(struct mst_checks *c, struct mst_req *req_r,
		struct mst_err *err MST_UNUSED)
{
	struct ep_checks *k = checks_of(c);

	for (; k->at < EP_CHECK__N && ready(k, k->at); k->at++) {
		if (applies(k, k->at))
			report(k, k->at);
	}
	for (unsigned i = 0; i < EP_PROBE__N; i++) {
		if (!k->probes[i].wanted || k->probes[i].sent)
			continue;
		send(k, i, req_r);
		return MST_CHECKS_REQUEST;
	}
	return k->pending ? MST_CHECKS_WAIT : MST_CHECKS_END;
}

/* ---- life ---------------------------------------------------------------- */

/* There is nothing at Microsoft's end that setup could write: permissions are
 * for an administrator of the tenant. */
static size_t fixes(struct mst_checks *c MST_UNUSED,
		    struct mst_check_fix *out MST_UNUSED, size_t max MST_UNUSED)
{
	return 0;
}

static int fix(struct mst_checks *c MST_UNUSED, size_t i MST_UNUSED,
	       struct mst_err *err)
{
	return mst_err_set(err, MST_E_NOTFOUND, "there is no such fix");
}

static void free_checks(struct mst_checks **cp)
{
	struct ep_checks *k = checks_of(*cp);

	mst_arena_fini(&k->arena);
	free(k);
	*cp = NULL;
}

static const struct mst_checks_ops ops = {
    .next = next,
    .accept = accept,
    .fixes = fixes,
    .fix = fix,
    .free = free_checks,
};

static void choose(struct ep_checks *k)
{
	struct ep_probe *p = k->probes;

	k->idle = true;
	for (size_t i = 0; i < k->env.uses_n; i++) {
		const struct mst_check_use *u = &k->env.uses[i];

		k->feeds |= mst_source_endpoint.needs(k->s, u->set->name);
		k->idle = k->idle && !*u->jobs;
	}
	for (unsigned i = 0; i < EP__FEEDS; i++) {
		const struct ep_io *io = &ep_io[i];

		if (!(k->feeds & EP_BIT(i)))
			continue;
		p[EP_PROBE_FEED + i].wanted = !gone_feed(k, i);
		if (io->files && k->export_feed == EP__FEEDS &&
		    !gone_right(k, i) && k->s->conf->read_method != EP_JSON)
			k->export_feed = i;
	}
	p[EP_PROBE_TENANT].wanted = !gone(k, "reach:login");
	p[EP_PROBE_EXPORT].wanted =
	    k->export_feed < EP__FEEDS && !gone_api(k, false);
	for (unsigned i = 0; k->env.skip && i < EP_PROBE__N; i++)
		p[i].wanted = false;
}

int ep_checks(struct mst_source *s, const struct mst_checks_env *env,
	      struct mst_checks **c_r, struct mst_err *err MST_UNUSED)
{
	struct ep_checks *k;

	*c_r = NULL;
	if (!s->auth[0])
		return 0; /* a folder */
	k = mst_alloc(sizeof(*k));
	k->base.ops = &ops;
	k->env = *env;
	k->s = s;
	k->skew_us = MST_TIME_NONE;
	k->share = k->rate_limit = -1;
	k->export_feed = EP__FEEDS;
	mst_arena_init(&k->arena, ANSWER_MAX);
	choose(k);
	*c_r = &k->base;
	return 0;
}
