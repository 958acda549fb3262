/* SPDX-License-Identifier: Apache-2.0
 *
 * Cloud discovery's answers as JSON: for the API and for folders.
 */
#include <stdio.h>
#include <strings.h>

#include "base/time.h"
#include "sim/apps.h"
#include "sim/estate.h"
#include "json/out.h"

#define CONTEXT "https://graph.microsoft.com/beta/$metadata#"

/* Among the names of $select? */
static bool wanted(const char *select, const char *name)
{
	size_t n = strlen(name);

	if (!select)
		return true;
	for (const char *p = select; *p; p += *p == ',') {
		size_t len = strcspn(p, ",");

		if (len == n && !strncasecmp(p, name, n))
			return true;
		p += len;
	}
	return false;
}

static bool key(struct mst_jout *j, const char *select, const char *name)
{
	if (!wanted(select, name))
		return false;
	mst_jout_key(j, name);
	return true;
}

static void text(struct mst_jout *j, const char *select, const char *name,
		 const char *value)
{
	if (key(j, select, name))
		mst_jout_str(j, value);
}

static void number(struct mst_jout *j, const char *select, const char *name,
		   uint64_t value)
{
	if (key(j, select, name))
		mst_jout_i64(j, (int64_t)value);
}

static void list(struct mst_jout *j, const char *select, const char *name,
		 const char *const *values, unsigned n)
{
	if (!key(j, select, name))
		return;
	mst_jout_arr(j);
	for (unsigned i = 0; i < n; i++)
		mst_jout_str(j, values[i]);
	mst_jout_end_arr(j);
}

static void open_list(struct mst_jout *j, struct mst_buf *out,
		      const char *context)
{
	mst_jout_init(j, out);
	mst_jout_obj(j);
	mst_jout_kstr(j, "@odata.context", context);
	mst_jout_key(j, "value");
	mst_jout_arr(j);
}

/* The address of the request, with a token for what follows. */
static void next_link(struct mst_jout *j, const struct app_page *p,
		      uint64_t next)
{
	struct mst_buf url;

	if (p->no_next)
		return;
	mst_buf_init(&url, 16384);
	mst_buf_addf(&url, "%s%.*s?", p->base, (int)strcspn(p->url, "?"),
		     p->url);
	if (p->select) {
		mst_buf_adds(&url, "$select=");
		mst_buf_add_uri(&url, mst_slice_str(p->select));
		mst_buf_addc(&url, '&');
	}
	mst_buf_addf(&url, "$top=%llu&$skiptoken=%llu_%llu",
		     (unsigned long long)p->top, (unsigned long long)next,
		     (unsigned long long)p->page + 1);
	mst_jout_kslice(j, "@odata.nextLink", mst_buf_slice(&url));
	mst_buf_fini(&url);
}

static uint64_t room(const struct app_page *p)
{
	return p->hold_back ? 0 : p->top;
}

/* ---- streams ------------------------------------------------------------- */

static void types(struct mst_jout *j, const char *name, const char *const *v,
		  size_t n)
{
	mst_jout_key(j, name);
	mst_jout_arr(j);
	for (size_t i = 0; i < n; i++)
		mst_jout_str(j, v[i]);
	mst_jout_end_arr(j);
}

static void write_stream(const struct sim_apps *a, unsigned i,
			 const char *select, struct mst_jout *j)
{
	static const char *const entities[] = {"userName", "ipAddress",
					       "machineName"};
	static const char *const traffic[] = {"downloadedBytes",
					      "uploadedBytes"};
	const struct sim_stream *s = &a->streams[i];
	char when[21];

	mst_time_iso(EST_DAY0_US + a->day * EST_DAY_US - 3600000000ll, when);
	mst_jout_obj(j);
	mst_jout_kstr(j, "@odata.type",
		      "#microsoft.graph.security.cloudAppDiscoveryReport");
	text(j, select, "id", s->id);
	text(j, select, "displayName", s->name);
	text(j, select, "description", NULL);
	text(j, select, "createdDateTime", "2025-03-01T09:00:00Z");
	text(j, select, "lastDataReceivedDateTime", when);
	text(j, select, "lastModifiedDateTime", when);
	number(j, select, "logFileCount", s->endpoint ? 0 : 240 + i);
	text(j, select, "logDataProvider",
	     s->endpoint ? "microsoftDefenderForEndpoint" : "genericLeef");
	text(j, select, "receiverProtocol", s->snapshot ? "http" : "syslogTls");
	/* both shapes are documented */
	if (key(j, select, "anonymizeUserData")) {
		if (i % 2)
			mst_jout_i64(j, s->anonymous);
		else
			mst_jout_bool(j, s->anonymous);
	}
	if (key(j, select, "anonymizeMachineData"))
		mst_jout_bool(j, s->anonymous);
	if (key(j, select, "isSnapshotReport"))
		mst_jout_bool(j, s->snapshot);
	if (wanted(select, "supportedEntityTypes"))
		types(j, "supportedEntityTypes", entities,
		      s->endpoint ? MST_LEN(entities) : 2);
	if (wanted(select, "supportedTrafficTypes"))
		types(j, "supportedTrafficTypes", traffic, MST_LEN(traffic));
	mst_jout_end_obj(j);
}

bool sim_apps_page_streams(const struct sim_apps *a, const struct app_page *p,
			   struct mst_buf *out)
{
	uint64_t i = p->skip, end = MST_MIN(p->skip + room(p), a->streams_n);
	struct mst_jout j;

	open_list(&j, out,
		  CONTEXT "security/dataDiscovery/cloudAppDiscovery/"
			  "uploadedStreams");
	for (; i < end; i++)
		write_stream(a, (unsigned)i, p->select, &j);
	mst_jout_end_arr(&j);
	if (i < a->streams_n)
		next_link(&j, p, i);
	mst_jout_end_obj(&j);
	return i < a->streams_n;
}

void sim_apps_page_stream(const struct sim_apps *a, unsigned stream,
			  struct mst_buf *out)
{
	struct mst_jout j;

	mst_jout_init(&j, out);
	write_stream(a, stream, NULL, &j);
}

/* ---- apps ---------------------------------------------------------------- */

static void write_score(const struct sim_app *app, int score,
			const char *select, struct mst_jout *j)
{
	if (!key(j, select, app->rating ? "riskRating" : "riskScore"))
		return;
	if (score == APP_NO_SCORE)
		mst_jout_null(j);
	else
		mst_jout_i64(j, score);
}

/* A number as a text: some answers have that. */
static void write_count(const struct sim_app *app, uint64_t n,
			const char *select, struct mst_jout *j)
{
	char s[24];

	if (!key(j, select, "userCount"))
		return;
	(void)snprintf(s, sizeof(s), "%llu", (unsigned long long)n);
	if (app->h % 23 == 1 && !app->hand)
		mst_jout_str(j, s);
	else
		mst_jout_i64(j, (int64_t)n);
}

static void write_id(const struct sim_app *app, const char *select,
		     struct mst_jout *j)
{
	if (!key(j, select, "id"))
		return;
	if (app->id_number && app->id)
		mst_jout_raw(j, mst_slice_str(app->id));
	else
		mst_jout_str(j, app->id);
}

static void write_seen(const struct sim_apps *a, const struct sim_app *app,
		       unsigned stream, const char *select, struct mst_jout *j)
{
	int64_t us =
	    EST_DAY0_US +
	    ((int64_t)a->day - app->age_days - stream % 2) * EST_DAY_US;
	char when[21];

	if (!key(j, select, "lastSeenDateTime"))
		return;
	mst_time_iso(us, when);
	if (app->h % 17 == 2)
		when[10] = '\0'; /* an older form */
	mst_jout_str(j, app->last_seen ? app->last_seen : when);
}

void sim_apps_page_app(const struct sim_apps *a, const struct sim_app *app,
		       unsigned stream, unsigned period, const char *select,
		       struct mst_jout *j)
{
	bool endpoint = a->streams[stream].endpoint;
	uint64_t users = sim_app_user_count(a, app, stream, period);
	uint64_t h = est_mix(app->h, 40 + stream);
	struct app_now now;

	sim_app_now(a, app, &now);
	mst_jout_obj(j);
	mst_jout_kstr(j, "@odata.type",
		      endpoint ? "#microsoft.graph.security."
				 "endpointDiscoveredCloudAppDetail"
			       : "#microsoft.graph.security."
				 "discoveredCloudAppDetail");
	write_id(app, select, j);
	text(j, select, "displayName", now.name);
	text(j, select, "category", now.category);
	write_score(app, now.score, select, j);
	list(j, select, "tags", now.tags, now.tags_n);
	list(j, select, "domains", app->domains, app->domains_n);
	write_count(app, users, select, j);
	number(j, select, "ipAddressCount", users + h % 7);
	number(j, select, "transactionCount", users * (h % 400) + 1);
	number(j, select, "uploadNetworkTrafficInBytes", users * (h % 90001));
	number(j, select, "downloadNetworkTrafficInBytes",
	       users * (h % 7000001));
	write_seen(a, app, stream, select, j);
	if (endpoint)
		number(j, select, "deviceCount", users + h % 3);
	mst_jout_end_obj(j);
}

bool sim_apps_page_apps(const struct sim_apps *a, unsigned stream,
			unsigned period, const struct app_page *p,
			struct mst_buf *out)
{
	uint64_t at = 0, n = 0;
	bool more = false;
	struct mst_jout j;

	open_list(&j, out,
		  CONTEXT "Collection(microsoft.graph.security."
			  "discoveredCloudAppDetail)");
	for (size_t i = 0; i < a->apps_n && !more; i++) {
		if (!sim_app_shown(a, a->apps[i], stream, period))
			continue;
		if (at++ < p->skip)
			continue;
		if (n == room(p)) {
			more = true;
			continue;
		}
		n++;
		sim_apps_page_app(a, a->apps[i], stream, period, p->select, &j);
	}
	mst_jout_end_arr(&j);
	if (more)
		next_link(&j, p, p->skip + n);
	mst_jout_end_obj(&j);
	return more;
}

/* ---- users --------------------------------------------------------------- */

struct users {
	const struct app_page *p;
	struct mst_jout j;
	uint64_t at, n;
	bool more;
};

static bool write_user(void *ctx, const char *identifier)
{
	struct users *u = ctx;

	if (u->at++ < u->p->skip)
		return true;
	if (u->n == room(u->p)) {
		u->more = true;
		return false;
	}
	u->n++;
	mst_jout_obj(&u->j);
	mst_jout_kstr(&u->j, "userIdentifier", identifier);
	mst_jout_end_obj(&u->j);
	return true;
}

bool sim_apps_page_users(const struct sim_apps *a, const struct sim_app *app,
			 unsigned stream, unsigned period,
			 const struct app_page *p, struct mst_buf *out)
{
	struct users u = {.p = p};

	open_list(&u.j, out,
		  CONTEXT "Collection(microsoft.graph.security."
			  "discoveredCloudAppUser)");
	sim_app_users(a, app, stream, period, write_user, &u);
	mst_jout_end_arr(&u.j);
	if (u.more)
		next_link(&u.j, p, p->skip + u.n);
	mst_jout_end_obj(&u.j);
	return u.more;
}

/* ---- appInfo ------------------------------------------------------------- */

bool sim_apps_page_info(const struct sim_apps *a, const struct sim_app *app,
			struct mst_buf *out)
{
	unsigned shape = app->hand ? 0 : app->n % 16;
	struct mst_buf info;
	struct mst_jout j;
	bool there;

	if (shape != 4 && shape != 5)
		return sim_app_info(a, app, out);
	mst_buf_init(&info, 1u << 20);
	there = sim_app_info(a, app, &info);
	mst_jout_init(&j, out);
	mst_jout_obj(&j);
	mst_jout_key(&j, "value");
	if (shape == 5)
		mst_jout_arr(&j);
	mst_jout_raw(&j, mst_buf_slice(&info));
	if (shape == 5)
		mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_buf_fini(&info);
	return there;
}
