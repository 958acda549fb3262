/* SPDX-License-Identifier: Apache-2.0
 *
 * The permission, and the set-up checks that only this source has. One list
 * says what the next one is asked for: the streams, one app of the first, what
 * is known of it and who uses it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "source/cloudapps/attributes.h"
#include "source/cloudapps/cloudapps_private.h"
#include "source/microsoft/checks.h"

const struct ms_need ca_need = {"CloudApp-Discovery.Read.All", MS_GRAPH, false};

/* ---- the permission ------------------------------------------------------ */

size_t ca_permissions(struct mst_source *s, uint32_t feeds,
		      struct mst_check *out, size_t max)
{
	char titles[256] = "";
	size_t n = 0;

	if (!s->auth || !feeds || max == 0 || mst_cred_entra_life(s->auth) < 0)
		return 0; /* a folder, or a log-in that was refused */
	for (unsigned i = 0; i < CA__FEEDS && n < sizeof(titles); i++) {
		if (feeds & CA_BIT(i))
			n += (size_t)snprintf(titles + n, sizeof(titles) - n,
					      "%s%s", n ? ", " : "",
					      ca_feeds[i].title);
	}
	ms_check_role(&ca_need, mst_cred_entra_roles(s->auth), titles, NULL,
		      &out[0]);
	return 1;
}

/* ---- the list ------------------------------------------------------------ */

/* In the order in which they are reported. */
enum ca_check {
	CA_CHECK_CLOUD,
	CA_CHECK_WRITES,
	CA_CHECK_FEED, /* + enum ca_feed */
	CA_CHECK_ANONYMOUS = CA_CHECK_FEED + CA__FEEDS,
	CA_CHECK_CLOCK,
	CA_CHECK_RATE,
	CA_CHECK__N
};

enum {
	CA_PROBE_TENANT,
	CA_PROBE_FEED, /* + enum ca_feed */
	CA_PROBE__N = CA_PROBE_FEED + CA__FEEDS
};

struct ca_checks {
	struct ms_checks ms;
	struct mst_source *s;
	uint32_t feeds; /* that are looked at */
	bool idle;	/* no job takes any of them yet */
	bool no_security, namespaced;
	size_t streams, chosen, anonymous;
	char stream[CA_ID_MAX + 1], app[CA_ID_MAX + 1]; /* that are asked */
	char names[300];				/* of streams */
	char hidden[300]; /* of those that hide who people are */
};

static struct ca_checks *own(struct ms_checks *k)
{
	return mst_container_of(k, struct ca_checks, ms);
}

static const struct ca_checks *cown(const struct ms_checks *k)
{
	return mst_container_of((struct ms_checks *)(uintptr_t)k,
				struct ca_checks, ms);
}

/* ---- what stands on what ------------------------------------------------- */

static const char *gone_graph(const struct ms_checks *k)
{
	const char *title = ms_gone(k, "reach:graph");

	return title ? title : ms_gone(k, "login:" MS_AUTH_GRAPH);
}

/* The permission that the token lacks is a check of its own. */
static const char *gone_lists(const struct ms_checks *k)
{
	const char *title = gone_graph(k);

	if (!title &&
	    ms_lacks(mst_cred_entra_roles(cown(k)->s->auth), &ca_need))
		title = ca_need.permission;
	return title;
}

/* The list that says what this one is asked for, when it did not. */
static const char *no_answer(const struct ca_checks *k, unsigned feed)
{
	if (feed > CA_STREAMS && !*k->stream)
		return ca_feeds[CA_STREAMS].name;
	if (feed > CA_APPS &&
	    k->ms.probes[CA_PROBE_FEED + CA_APPS].status != 200)
		return ca_feeds[CA_APPS].name;
	return NULL;
}

static const char *lacks(const struct ms_checks *k, unsigned check)
{
	const char *login = ms_gone(k, "reach:login"), *title;

	switch (check) {
	case CA_CHECK_CLOUD:
		return login;
	case CA_CHECK_WRITES:
		return ms_gone(k, "login:" MS_AUTH_GRAPH);
	case CA_CHECK_RATE:
		return gone_graph(k);
	case CA_CHECK_CLOCK: /* any answer will do */
		return login && gone_graph(k) ? login : NULL;
	case CA_CHECK_ANONYMOUS:
		title = gone_lists(k);
		return title || cown(k)->streams ? title
						 : ca_feeds[CA_STREAMS].name;
	default:
		title = gone_lists(k);
		return title ? title
			     : no_answer(cown(k), check - CA_CHECK_FEED);
	}
}

/* ---- asking -------------------------------------------------------------- */

static void ask(struct ms_checks *k, unsigned probe, struct mst_req *req)
{
	struct mst_buf url = MST_BUF_INIT(MST_MAX_URL);
	unsigned feed = probe - CA_PROBE_FEED;
	struct ca_checks *c = own(k);

	if (probe == CA_PROBE_TENANT) {
		ms_ask_tenant(k, probe, req);
		return;
	}
	ms_ask(k, probe, req, ca_feeds[feed].title);
	ca_base_url(c->s, c->no_security, &url);
	if (feed != CA_STREAMS)
		ca_apps_path(c->s->conf, c->namespaced, c->stream, &url);
	if (feed == CA_APPS) {
		mst_buf_adds(&url, "?$top=1");
	} else if (feed != CA_STREAMS) {
		mst_buf_addc(&url, '/');
		mst_buf_add_uri(&url, mst_slice_str(c->app));
		mst_buf_adds(&url, feed == CA_INFO ? "/appInfo" : "/users");
	}
	req->url = mst_arena_strdup(&req->arena, url.p);
	req->auth = MS_AUTH_GRAPH;
	mst_req_header(req, "Accept", "application/json");
	mst_buf_fini(&url);
}

/* ---- answers ------------------------------------------------------------- */

static void add_name(char *list, size_t n, const char *name)
{
	size_t at = strlen(list);

	if (at + strlen(name) + 8 < n)
		(void)snprintf(list + at, n - at, "%s%s", at ? ", " : "", name);
	else if (at + 8 < n && (at < 3 || strcmp(list + at - 3, "…") != 0))
		(void)snprintf(list + at, n - at, ", …");
}

/* Text of an id, which may be a number; "": none to ask for. */
static void copy_id(struct mst_json record, char *out)
{
	struct mst_json id = mst_json_iget(record, "id");
	struct mst_slice s = mst_slice_trim(mst_json_str(id));
	int64_t number;

	*out = '\0';
	if (s.n > 0 && s.n <= CA_ID_MAX && !memchr(s.p, 0, s.n))
		(void)snprintf(out, CA_ID_MAX + 1, "%.*s", MST_SLICE_ARG(s));
	else if (!s.n && mst_json_type(id) == MST_JSON_INT &&
		 mst_json_i64(id, &number))
		(void)snprintf(out, CA_ID_MAX + 1, "%lld", (long long)number);
}

static void read_stream(struct ca_checks *k, struct mst_json e)
{
	struct mst_value hides =
	    ca_value_of(mst_json_iget(e, "anonymizeUserData"));
	struct mst_slice title =
	    mst_slice_trim(mst_json_str(mst_json_iget(e, "displayName")));
	char id[CA_ID_MAX + 1], name[80];

	copy_id(e, id);
	ms_quote(title.n ? title : mst_slice_str(id), name, sizeof(name));
	k->streams++;
	add_name(k->names, sizeof(k->names), name);
	if (!*id || !ca_stream_chosen(k->s->conf, mst_slice_str(id), title))
		return;
	k->chosen++;
	if (!*k->stream)
		memcpy(k->stream, id, sizeof(k->stream));
	if (!ca_is_true(&hides))
		return;
	k->anonymous++;
	add_name(k->hidden, sizeof(k->hidden), name);
}

static void read_list(struct ca_checks *k, unsigned feed, struct mst_json root)
{
	struct mst_json_iter it = mst_json_iter(mst_json_iget(root, "value"));
	struct mst_json e;

	while (mst_json_next(&it, NULL, &e)) {
		if (feed == CA_STREAMS)
			read_stream(k, e);
		else if (feed == CA_APPS && !*k->app)
			copy_id(e, k->app);
	}
}

static void read_answer(struct ms_checks *k, unsigned probe,
			struct mst_json root)
{
	struct ms_probe *p = &k->probes[probe];
	unsigned feed = probe - CA_PROBE_FEED;

	if (probe == CA_PROBE_TENANT) {
		ms_read_tenant(k, root);
	} else if (feed == CA_INFO) {
		p->body = mst_json_type(mst_json_iget(root, "error")) ==
				      MST_JSON_OBJECT ||
				  mst_json_type(root) != MST_JSON_OBJECT
			      ? MS_BODY_ERROR
			      : MS_BODY_FINE;
		p->records = 1;
	} else {
		p->body = ms_list_of(p, root);
		if (p->body == MS_BODY_FINE)
			read_list(own(k), feed, root);
	}
}

/* The other name that the documents give, once. */
static bool again(struct ms_probe *p, bool *other)
{
	if (*other || (p->status != 400 && p->status != 404))
		return false;
	*other = true;
	*p = (struct ms_probe){.wanted = true};
	return true;
}

static void taken(struct ms_checks *k, unsigned probe)
{
	struct ms_probe *p = &k->probes[probe],
			*lists = k->probes + CA_PROBE_FEED;
	struct ca_checks *c = own(k);

	if (probe == CA_PROBE_FEED + CA_STREAMS) {
		if (!again(p, &c->no_security))
			lists[CA_APPS].wanted = *c->stream;
	} else if (probe == CA_PROBE_FEED + CA_APPS) {
		if (again(p, &c->namespaced))
			return;
		for (unsigned i = CA_INFO; i < CA__FEEDS; i++)
			lists[i].wanted = *c->app && c->feeds & CA_BIT(i);
	}
}

static const char *far_end(unsigned probe MST_UNUSED)
{
	return MS_GRAPH;
}

/* ---- reporting ----------------------------------------------------------- */

static bool ready(const struct ms_checks *k, unsigned check)
{
	unsigned to = CA_PROBE__N;

	if (check == CA_CHECK_CLOUD)
		to = CA_PROBE_TENANT + 1;
	else if (check == CA_CHECK_WRITES)
		return true;
	else if (check < CA_CHECK_ANONYMOUS) /* each says what the next is */
		to = CA_PROBE_FEED + check - CA_CHECK_FEED + 1;
	return ms_answered(k, 0, to);
}

static bool applies(const struct ms_checks *k, unsigned check)
{
	const struct ca_checks *c = cown(k);

	if (check >= CA_CHECK_FEED && check < CA_CHECK_ANONYMOUS)
		return c->feeds & CA_BIT(check - CA_CHECK_FEED);
	return check != CA_CHECK_ANONYMOUS || c->feeds & CA_BIT(CA_USERS);
}

static void name_it(unsigned check, struct mst_check *c, char *name, size_t n)
{
	static const char *const names[CA_CHECK__N] = {
	    [CA_CHECK_CLOUD] = "cloud",
	    [CA_CHECK_WRITES] = "read_only:" MS_AUTH_GRAPH,
	    [CA_CHECK_ANONYMOUS] = "anonymised",
	    [CA_CHECK_CLOCK] = "clock",
	    [CA_CHECK_RATE] = "rate_limits",
	};
	static const char *const titles[CA_CHECK__N] = {
	    [CA_CHECK_WRITES] = "read-only " MS_AUTH_GRAPH,
	    [CA_CHECK_RATE] = "rate limits",
	};

	if (names[check]) {
		c->name = names[check];
		c->title = titles[check] ? titles[check] : names[check];
		return;
	}
	c->title = ca_feeds[check - CA_CHECK_FEED].name;
	(void)snprintf(name, n, "feed:%s", c->title);
	c->name = name;
}

static void say_streams(const struct ca_checks *k, const struct ms_list *l,
			struct mst_check *c)
{
	if (k->chosen) {
		mst_check_say(c, MST_CHECK_OK,
			      "%zu of %zu streams are read: %s", k->chosen,
			      k->streams, k->names);
		return;
	}
	c->code = MST_E_NOTFOUND;
	mst_check_say(c, MST_CHECK_FAILED,
		      "no stream's name or id fits the setting streams; there "
		      "are %s",
		      k->names);
	mst_check_remedy(c, "change the setting, or leave it out to read all");
	ms_say_weight(l, c);
}

static void say_feed(const struct ca_checks *k, unsigned feed,
		     struct mst_check *c)
{
	static const char *const paths[CA__FEEDS] = {
	    [CA_STREAMS] = "uploadedStreams",
	    [CA_APPS] = "aggregatedAppsDetails",
	    [CA_INFO] = "appInfo",
	    [CA_USERS] = "users",
	};
	const struct ms_probe *p = &k->ms.probes[CA_PROBE_FEED + feed];
	struct ms_list l = {
	    .path = paths[feed],
	    .title = ca_feeds[feed].title,
	    .need = &ca_need,
	    .granted = ms_granted(mst_cred_entra_roles(k->s->auth), &ca_need),
	    .urls = "graph_url",
	    .optional = ca_feeds[feed].optional,
	    .idle = k->idle,
	};

	if (feed == CA_STREAMS) {
		l.empty = "shows no stream";
		l.empty_remedy = "set up Cloud Discovery in the Defender "
				 "portal (the integration of Defender for "
				 "Endpoint, or uploads of logs); an empty list "
				 "takes nothing away";
	}
	if (feed > CA_APPS && !p->wanted) {
		mst_check_say(c, MST_CHECK_NOTE,
			      "not tried: the first stream shows no app");
		return;
	}
	if (feed == CA_STREAMS && p->status == 200 && p->records &&
	    p->body == MS_BODY_FINE)
		say_streams(k, &l, c);
	else
		ms_say_list(&l, p, c);
}

static void say_anonymous(const struct ca_checks *k, struct mst_check *c)
{
	if (!k->anonymous) {
		mst_check_say(c, MST_CHECK_OK,
			      "no stream that is read hides who people are");
		return;
	}
	mst_check_say(c, k->idle ? MST_CHECK_NOTE : MST_CHECK_WARNING,
		      "%zu of %zu streams hide who people are: %s; the users "
		      "there are nobody's",
		      k->anonymous, k->chosen, k->hidden);
	mst_check_remedy(c, "switch the anonymisation of these streams off in "
			    "the Defender portal, if that is allowed; or leave "
			    "them out by the setting streams");
}

static void judge(const struct ms_checks *k, unsigned check,
		  struct mst_check *c)
{
	static const char *const uses[] = {"CloudApp-Discovery.Read.All", NULL};
	const struct ca_checks *own_k = cown(k);

	switch (check) {
	case CA_CHECK_CLOUD:
		ms_say_cloud(k, &k->probes[CA_PROBE_TENANT], NULL, c);
		break;
	case CA_CHECK_WRITES:
		ms_say_writes(mst_cred_entra_roles(own_k->s->auth), uses, c);
		break;
	case CA_CHECK_ANONYMOUS:
		say_anonymous(own_k, c);
		break;
	case CA_CHECK_CLOCK:
		ms_say_clock(k, c);
		break;
	case CA_CHECK_RATE:
		ms_say_rate(k, "none are documented, and a 429 is waited for",
			    c);
		break;
	default:
		say_feed(own_k, check - CA_CHECK_FEED, c);
	}
}

/* ---- life ---------------------------------------------------------------- */

static void free_checks(struct ms_checks *k)
{
	free(own(k));
}

static const struct ms_checks_ops ops = {
    .checks_n = CA_CHECK__N,
    .probes_n = CA_PROBE__N,
    .ask = ask,
    .read = read_answer,
    .taken = taken,
    .ready = ready,
    .applies = applies,
    .lacks = lacks,
    .name = name_it,
    .judge = judge,
    .far_end = far_end,
    .free = free_checks,
};

int ca_checks(struct mst_source *s, const struct mst_checks_env *env,
	      struct mst_checks **c_r, struct mst_err *err MST_UNUSED)
{
	struct ca_checks *k;

	*c_r = NULL;
	if (!s->auth)
		return 0; /* a folder */
	k = mst_alloc(sizeof(*k));
	ms_checks_init(&k->ms, &ops, env, &s->conf->ms, &s->sites, s->parser);
	k->s = s;
	k->idle = true;
	for (size_t i = 0; i < env->uses_n; i++) {
		k->feeds |=
		    mst_source_cloudapps.needs(s, env->uses[i].set->name);
		k->idle = k->idle && !*env->uses[i].jobs;
	}
	k->ms.probes[CA_PROBE_TENANT].wanted = !ms_gone(&k->ms, "reach:login");
	k->ms.probes[CA_PROBE_FEED + CA_STREAMS].wanted =
	    k->feeds && !gone_lists(&k->ms);
	for (unsigned i = 0; env->skip && i < CA_PROBE__N; i++)
		k->ms.probes[i].wanted = false;
	*c_r = &k->ms.base;
	return 0;
}
