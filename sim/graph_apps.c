/* SPDX-License-Identifier: Apache-2.0
 *
 * Microsoft Graph beta: cloud discovery of Defender for Cloud Apps. Streams,
 * the apps of a stream over 7, 30 or 90 days, and of an app its information,
 * users, addresses and devices. With and without /security in the path, with
 * and without the namespace in the function's name.
 */
#include <stdio.h>
#include <strings.h>

#include "base/num.h"
#include "sim/apps.h"
#include "sim/private.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000
#define EMPTY_EVERY  7 /* pages */

struct ask {
	struct mst_sim *sim;
	const struct sim_request *r;
	struct sim_reply *reply;
	const struct sim_apps *a;
	unsigned stream, period;
	const struct sim_app *app;
	struct app_page page;
};

static bool bad(struct ask *k, const char *message)
{
	sim_graph_error(k->r, k->reply, 400, "BadRequest", message);
	return false;
}

static bool gone(struct ask *k, const char *message)
{
	sim_graph_error(k->r, k->reply, 404, "ResourceNotFound", message);
	return false;
}

/* ---- the query ----------------------------------------------------------- */

static bool number(const struct ask *k, const char *name, uint64_t *v)
{
	const char *s = sim_iquery(k->r, name);

	return !s || mst_num_u64(mst_slice_str(s), v);
}

static bool take_query(struct ask *k)
{
	static const char *const not_here[] = {"$filter", "$orderby", "$search",
					       "$expand"};
	const char *token = sim_iquery(k->r, "$skiptoken");
	unsigned long long skip = 0, page = 1;

	k->page = (struct app_page){.base = k->sim->sw.foreign_next_link
						? "https://graph.example"
						: k->r->base,
				    .url = k->r->url,
				    .select = sim_iquery(k->r, "$select"),
				    .top = PAGE_DEFAULT,
				    .page = 1};
	for (size_t i = 0; i < MST_LEN(not_here); i++)
		if (sim_iquery(k->r, not_here[i]))
			return bad(k, "The query option is not supported.");
	if (!number(k, "$top", &k->page.top) || k->page.top < 1 ||
	    k->page.top > PAGE_MAX)
		return bad(k, "Invalid page size specified. Must be between 1 "
			      "and 1000 inclusive.");
	if (!number(k, "$skip", &k->page.skip))
		return bad(k, "Invalid value specified for $skip.");
	if (!token)
		return true;
	if (sscanf(token, "%llu_%llu", &skip, &page) != 2)
		return bad(k, "Skip token is not valid.");
	k->page.skip = skip;
	k->page.page = page;
	k->page.hold_back = page % EMPTY_EVERY == 0;
	return true;
}

/* ---- below an app -------------------------------------------------------- */

static void serve_users(struct ask *k)
{
	/* an app without users has no such list, or an empty one */
	if (!sim_app_user_count(k->a, k->app, k->stream, k->period) &&
	    (k->app->hand ? !k->app->hand[k->stream].users
			  : k->app->n % 2 == 1)) {
		gone(k, "No users were found for the app.");
		return;
	}
	sim_apps_page_users(k->a, k->app, k->stream, k->period, &k->page,
			    &k->reply->body);
}

/* As many as the app's record says, one page. */
static void serve_others(struct ask *k, const char *member, const char *prefix)
{
	uint64_t n = sim_app_user_count(k->a, k->app, k->stream, k->period);
	char name[64];
	struct mst_jout j;

	mst_jout_init(&j, &k->reply->body);
	mst_jout_obj(&j);
	mst_jout_key(&j, "value");
	mst_jout_arr(&j);
	for (uint64_t i = 0; i < MST_MIN(n, PAGE_MAX); i++) {
		(void)snprintf(name, sizeof(name), "%s.%u.%u", prefix,
			       (unsigned)(i / 250), (unsigned)(i % 250 + 1));
		mst_jout_obj(&j);
		mst_jout_kstr(&j, member, name);
		mst_jout_end_obj(&j);
	}
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
}

static void serve_app(struct ask *k, const char *rest)
{
	struct mst_jout j;

	if (!*rest) {
		mst_jout_init(&j, &k->reply->body);
		sim_apps_page_app(k->a, k->app, k->stream, k->period,
				  k->page.select, &j);
	} else if (!strcasecmp(rest, "appInfo")) {
		if (!sim_apps_page_info(k->a, k->app, &k->reply->body))
			gone(k, "The app has no information.");
	} else if (!strcasecmp(rest, "users")) {
		serve_users(k);
	} else if (!strcasecmp(rest, "ipAddresses")) {
		serve_others(k, "ipAddress", "198.51");
	} else if (!strcasecmp(rest, "devices") &&
		   k->a->streams[k->stream].endpoint) {
		serve_others(k, "name", "desktop");
	} else {
		bad(k, "Resource not found for the segment.");
	}
}

/* ---- the path ------------------------------------------------------------ */

static bool starts(const char **p, const char *with)
{
	size_t n = strlen(with);

	if (strncasecmp(*p, with, n) != 0)
		return false;
	*p += n;
	return true;
}

/* One segment into out; what follows its slash is left in *p. */
static bool segment(const char **p, char *out, size_t n)
{
	size_t len = strcspn(*p, "/");

	if (len >= n)
		return false;
	memcpy(out, *p, len);
	out[len] = '\0';
	*p += len + ((*p)[len] == '/');
	return true;
}

/* aggregatedAppsDetails(period=duration'P30D') */
static bool take_report(struct ask *k, const char *name)
{
	static const struct {
		const char *text;
		unsigned days;
	} periods[] = {{"'P7D')", 7}, {"'P30D')", 30}, {"'P90D')", 90}};
	const struct sim_switches *sw = &k->sim->sw;
	bool spaced = starts(&name, "microsoft.graph.security.");

	if (!starts(&name, "aggregatedAppsDetails(period=duration") ||
	    (sw->apps_namespace && !spaced))
		return bad(k, "Resource not found for the segment "
			      "'aggregatedAppsDetails'.");
	for (size_t i = 0; i < MST_LEN(periods); i++)
		if (!strcasecmp(name, periods[i].text))
			k->period = periods[i].days;
	return k->period || bad(k, "The period must be P7D, P30D or P90D.");
}

static void serve_report(struct ask *k, const char *p)
{
	char name[256];

	if (!segment(&p, name, sizeof(name)) || !take_report(k, name))
		return;
	if (!*p) {
		sim_apps_page_apps(k->a, k->stream, k->period, &k->page,
				   &k->reply->body);
		return;
	}
	if (!segment(&p, name, sizeof(name)))
		return;
	k->app = sim_apps_find(k->a, name);
	if (!k->app || !sim_app_shown(k->a, k->app, k->stream, k->period))
		gone(k, "The app was not found in the report.");
	else
		serve_app(k, p);
}

static void serve_streams(struct ask *k, const char *p)
{
	char id[256];
	int stream;

	if (*p == '/')
		p++;
	if (!*p) {
		sim_apps_page_streams(k->a, &k->page, &k->reply->body);
		return;
	}
	stream = segment(&p, id, sizeof(id)) ? sim_apps_stream(k->a, id) : -1;
	if (stream < 0) {
		gone(k, "The stream was not found.");
		return;
	}
	k->stream = (unsigned)stream;
	if (*p)
		serve_report(k, p);
	else
		sim_apps_page_stream(k->a, k->stream, &k->reply->body);
}

void sim_graph_apps_serve(struct mst_sim *sim, const struct sim_request *r,
			  struct sim_reply *reply)
{
	struct ask k = {.sim = sim, .r = r, .reply = reply, .a = sim->apps};
	const char *p = r->path;
	bool security, known;

	if (!sim_graph_authorised(sim, r, reply, "CloudApp-Discovery.Read.All"))
		return;
	(void)starts(&p, "/beta");
	security = starts(&p, "/security");
	known =
	    starts(&p, "/dataDiscovery/cloudAppDiscovery/uploadedStreams") &&
	    (!*p || *p == '/') && (!sim->sw.apps_old_path || !security);
	if (!known || strcmp(r->method, "GET") != 0) {
		gone(&k, "Resource not found for the segment.");
		return;
	}
	if (take_query(&k))
		serve_streams(&k, p);
}
