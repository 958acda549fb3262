/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks that only this source has: which requests they need, what
 * the answers hold, and when each check can be reported. Every list that a job
 * takes is asked for one record; nothing heavy is begun, nothing is written.
 */
#include "source/endpoint/checks.h"

#include <stdio.h>
#include <stdlib.h>

#define SAS_HOURS 1

static struct ep_checks *own(struct ms_checks *k)
{
	return mst_container_of(k, struct ep_checks, ms);
}

static const struct ep_checks *cown(const struct ms_checks *k)
{
	return mst_container_of((struct ms_checks *)(uintptr_t)k,
				struct ep_checks, ms);
}

/* ---- what stands on what ------------------------------------------------- */

static const char *gone_token(const struct ms_checks *k, bool graph)
{
	return ms_gone(k,
		       graph ? "login:" MS_AUTH_GRAPH : "login:" EP_AUTH_API);
}

static const char *gone_api(const struct ms_checks *k, bool graph)
{
	const char *title = ms_gone(k, graph ? "reach:graph" : "reach:api");

	return title ? title : gone_token(k, graph);
}

/* The permission that the token lacks, by its name: that is a check of its own.
 * NULL: it is there, or the token does not show any. */
static const char *gone_right(const struct ep_checks *k, unsigned feed)
{
	const struct ms_need *need = &ep_io[feed].need;
	struct mst_auth *auth = k->s->auth[need->graph];

	return auth && ms_lacks(mst_cred_entra_roles(auth), need)
		   ? need->permission
		   : NULL;
}

static const char *gone_feed(const struct ep_checks *k, unsigned feed)
{
	const char *title = gone_api(&k->ms, ep_io[feed].need.graph);

	return title ? title : gone_right(k, feed);
}

static const char *lacks(const struct ms_checks *k, unsigned check)
{
	const char *login = ms_gone(k, "reach:login");

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
		return gone_feed(cown(k), check - EP_CHECK_FEED);
	}
}

/* ---- asking -------------------------------------------------------------- */

/* One record of the list. Exports have a twin that gives pages: it needs the
 * same permission, and does not count towards the few lists of files an hour.
 */
static void ask_feed(struct ms_checks *k, unsigned feed, struct mst_req *req)
{
	const struct ep_io *io = &ep_io[feed];
	const char *one = io->need.graph	     ? "$select=id&$top=1"
			  : io->pages == EP_WAY_SKIP ? "$top=1"
						     : "pageSize=1";

	ms_ask(k, EP_PROBE_FEED + feed, req, ep_feeds[feed].title);
	req->url = mst_arena_printf(
	    &req->arena, "%s%s?%s",
	    io->need.graph ? k->sites->graph : k->sites->api, io->path, one);
	req->auth = io->need.graph ? MS_AUTH_GRAPH : EP_AUTH_API;
	req->rate = io->rate;
	mst_req_header(req, "Accept", "application/json");
}

static void ask_export(struct ms_checks *k, struct mst_req *req)
{
	const struct ep_io *io = &ep_io[own(k)->export_feed];

	ms_ask(k, EP_PROBE_EXPORT, req, "a list of export files");
	req->url =
	    mst_arena_printf(&req->arena, "%s%s", k->sites->api, io->files);
	if (io->sas_hours)
		req->url = mst_arena_printf(&req->arena, "%s?sasValidHours=%d",
					    req->url, SAS_HOURS);
	req->auth = EP_AUTH_API;
	req->rate = "exports";
	mst_req_header(req, "Accept", "application/json");
}

/* One byte of it, without the token; Azure's own name of the header. */
static void ask_file(struct ms_checks *k, struct mst_req *req)
{
	ms_ask(k, EP_PROBE_FILE, req, "an export file");
	req->url = mst_arena_strdup(&req->arena, own(k)->file_url);
	mst_req_header(req, "x-ms-range", "bytes=0-0");
}

static void ask(struct ms_checks *k, unsigned probe, struct mst_req *req)
{
	if (probe == EP_PROBE_TENANT)
		ms_ask_tenant(k, probe, req);
	else if (probe == EP_PROBE_EXPORT)
		ask_export(k, req);
	else if (probe == EP_PROBE_FILE)
		ask_file(k, req);
	else
		ask_feed(k, probe - EP_PROBE_FEED, req);
}

/* ---- answers ------------------------------------------------------------- */

/* The file whose storage is tried. An address is only asked for when it is one
 * of Microsoft's storage. */
static void read_export(struct ep_checks *k, struct mst_json root)
{
	struct mst_json files = mst_json_iget(root, "exportFiles"), v;
	struct mst_json_iter it = mst_json_iter(files);
	struct ms_probe *p = &k->ms.probes[EP_PROBE_EXPORT];
	struct mst_slice host;
	bool https;

	if (mst_json_type(files) != MST_JSON_ARRAY) {
		p->body = MS_BODY_OTHER;
		return;
	}
	p->records = mst_json_len(files);
	ms_quote(mst_json_str(mst_json_iget(root, "generatedTime")), k->made,
		 sizeof(k->made));
	if (!mst_json_next(&it, NULL, &v))
		return;
	k->file_url =
	    (char *)(uintptr_t)mst_arena_dup(&k->arena, mst_json_str(v)).p;
	if (k->file_url && ms_url_host(k->file_url, &host, &https))
		ms_quote(host, k->storage, sizeof(k->storage));
	k->ms.probes[EP_PROBE_FILE].wanted =
	    *k->storage && ep_blob_allowed(&k->s->sites, k->file_url);
}

static void read_answer(struct ms_checks *k, unsigned probe,
			struct mst_json root)
{
	struct ms_probe *p = &k->probes[probe];

	if (probe == EP_PROBE_TENANT)
		ms_read_tenant(k, root);
	else if (probe == EP_PROBE_EXPORT)
		read_export(own(k), root);
	else
		p->body = ms_list_of(p, root);
}

static bool blind(unsigned probe)
{
	return probe == EP_PROBE_FILE;
}

static const char *far_end(unsigned probe)
{
	return probe == EP_PROBE_FEED + (unsigned)EP_ENTRA ? MS_GRAPH
							   : "the Defender API";
}

/* ---- reporting ----------------------------------------------------------- */

static bool ready(const struct ms_checks *k, unsigned check)
{
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
	return ms_answered(k, from, to);
}

static bool applies(const struct ms_checks *k, unsigned check)
{
	const struct ep_checks *e = cown(k);

	if (check == EP_CHECK_WRITES_GRAPH)
		return e->s->auth[1];
	if (check >= EP_CHECK_FEED && check < EP_CHECK_STORAGE)
		return e->feeds & EP_BIT(check - EP_CHECK_FEED);
	if (check == EP_CHECK_STORAGE)
		return e->export_feed < EP__FEEDS;
	return true;
}

static void name_it(unsigned check, struct mst_check *c, char *name, size_t n)
{
	static const char *const names[EP_CHECK__N] = {
	    [EP_CHECK_CLOUD] = "cloud",
	    [EP_CHECK_WRITES_API] = "read_only:" EP_AUTH_API,
	    [EP_CHECK_WRITES_GRAPH] = "read_only:" MS_AUTH_GRAPH,
	    [EP_CHECK_STORAGE] = "storage",
	    [EP_CHECK_CLOCK] = "clock",
	    [EP_CHECK_RATE] = "rate_limits",
	};
	static const char *const titles[EP_CHECK__N] = {
	    [EP_CHECK_WRITES_API] = "read-only " EP_AUTH_API,
	    [EP_CHECK_WRITES_GRAPH] = "read-only " MS_AUTH_GRAPH,
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

static void say_writes(const struct ep_checks *k, bool graph,
		       struct mst_check *c)
{
	const char *uses[EP__FEEDS + 1];
	size_t n = 0;

	for (unsigned i = 0; i < EP__FEEDS; i++) {
		if (ep_io[i].need.graph == graph)
			uses[n++] = ep_io[i].need.permission;
	}
	uses[n] = NULL;
	ms_say_writes(mst_cred_entra_roles(k->s->auth[graph]), uses, c);
}

static void judge(const struct ms_checks *k, unsigned check,
		  struct mst_check *c)
{
	const struct ep_checks *e = cown(k);

	switch (check) {
	case EP_CHECK_CLOUD:
		ms_say_cloud(k, &k->probes[EP_PROBE_TENANT],
			     e->s->conf->api_url, c);
		break;
	case EP_CHECK_WRITES_API:
	case EP_CHECK_WRITES_GRAPH:
		say_writes(e, check == EP_CHECK_WRITES_GRAPH, c);
		break;
	case EP_CHECK_STORAGE:
		ep_say_storage(e, c);
		break;
	case EP_CHECK_CLOCK:
		ms_say_clock(k, c);
		break;
	case EP_CHECK_RATE:
		ms_say_rate(k, "the documented ones are kept", c);
		break;
	default:
		ep_say_feed(e, check - EP_CHECK_FEED, c);
	}
}

/* ---- life ---------------------------------------------------------------- */

static void free_checks(struct ms_checks *k)
{
	mst_arena_fini(&own(k)->arena);
	free(own(k));
}

static const struct ms_checks_ops ops = {
    .checks_n = EP_CHECK__N,
    .probes_n = EP_PROBE__N,
    .ask = ask,
    .read = read_answer,
    .ready = ready,
    .applies = applies,
    .lacks = lacks,
    .name = name_it,
    .judge = judge,
    .blind = blind,
    .far_end = far_end,
    .free = free_checks,
};

static void choose(struct ep_checks *k)
{
	struct ms_probe *p = k->ms.probes;

	k->idle = true;
	for (size_t i = 0; i < k->ms.env.uses_n; i++) {
		const struct mst_check_use *u = &k->ms.env.uses[i];

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
	p[EP_PROBE_TENANT].wanted = !ms_gone(&k->ms, "reach:login");
	p[EP_PROBE_EXPORT].wanted =
	    k->export_feed < EP__FEEDS && !gone_api(&k->ms, false);
	for (unsigned i = 0; k->ms.env.skip && i < EP_PROBE__N; i++)
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
	ms_checks_init(&k->ms, &ops, env, &s->conf->ms, &s->sites, s->parser);
	k->s = s;
	k->export_feed = EP__FEEDS;
	mst_arena_init(&k->arena, MS_ANSWER_MAX);
	choose(k);
	*c_r = &k->ms.base;
	return 0;
}
