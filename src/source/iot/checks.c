/* SPDX-License-Identifier: Apache-2.0
 *
 * The set-up checks that only this source has: is the token taken, does each
 * list answer, and are there sensors that show less than they could.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/iot/checks.h"

static struct ot_checks *own(struct ms_checks *k)
{
	return mst_container_of(k, struct ot_checks, ms);
}

static const struct ot_checks *cown(const struct ms_checks *k)
{
	return mst_container_of((struct ms_checks *)(uintptr_t)k,
				struct ot_checks, ms);
}

/* ---- what stands on what ------------------------------------------------- */

bool ot_refused(const struct ms_probe *p)
{
	return p->status == 401 || p->status == 403;
}

/* Is any of the answers a refusal of the token? */
static bool token_refused(const struct ot_checks *k)
{
	for (unsigned i = 0; i < OT_FIRST_NESTED; i++) {
		if (ot_refused(&k->ms.probes[i]))
			return true;
	}
	return false;
}

static const char *lacks(const struct ms_checks *k, unsigned check)
{
	const struct ot_checks *c = cown(k);
	const char *title = ms_gone(k, "reach:");

	if (!title)
		title = ms_gone(k, "login:" OT_AUTH);
	if (title || check == OT_CHECK_TOKEN || check >= OT_CHECK_CLOCK)
		return title; /* any answer tells these */
	if (token_refused(c))
		return "token";
	if (check >= OT_CHECK_SENSORS &&
	    (k->probes[OT_SENSORS].status != 200 ||
	     k->probes[OT_SENSORS].body != MS_BODY_FINE))
		return ot_feeds[OT_SENSORS].name;
	return NULL;
}

/* ---- asking -------------------------------------------------------------- */

/* As little of each list as it can be asked for. */
static void console_path(unsigned feed, struct mst_buf *url)
{
	int64_t now_ms = mst_now_us() / 1000;

	switch (feed) {
	case OT_SENSORS:
		mst_buf_adds(url, "v3/integration/sensors");
		break;
	case OT_APPLIANCES:
		mst_buf_adds(url, "v2/appliances");
		break;
	case OT_DELETED_DEVICES:
		mst_buf_addf(url, "v3/integration/deleteddevices/%lld",
			     (long long)now_ms);
		break;
	case OT_DEVICES:
		mst_buf_adds(url, "v3/integration/devices/0?page=0&size=1");
		break;
	case OT_DEVICE_FLAGS: /* of no sensor */
		mst_buf_adds(url, "v1/devices?sensorId=0");
		break;
	case OT_CONNECTIONS:
		mst_buf_adds(url, "v3/integration/connections/0?page=0&size=1");
		break;
	case OT_DEVICE_CVES:
		mst_buf_adds(url, "v3/integration/devicecves/0?page=0&size=1");
		break;
	default:
		mst_buf_addf(url, "v2/alerts?fromTime=%lld", (long long)now_ms);
	}
}

static void sensor_path(unsigned feed, struct mst_buf *url)
{
	int64_t now_ms = mst_now_us() / 1000;

	switch (feed) {
	case OT_DEVICES:
		mst_buf_adds(url, "v1/devices");
		break;
	case OT_CONNECTIONS:
		mst_buf_addf(url, "v1/devices/connections?discoveredAfter=%lld",
			     (long long)now_ms);
		break;
	case OT_DEVICE_CVES:
		mst_buf_adds(url, "v1/devices/cves?top=1");
		break;
	default:
		mst_buf_addf(url, "v2/alerts?fromTime=%lld", (long long)now_ms);
	}
}

static void ask(struct ms_checks *k, unsigned probe, struct mst_req *req)
{
	struct mst_buf url = MST_BUF_INIT(MST_MAX_URL);
	const struct mst_source *s = own(k)->s;

	ms_ask(k, probe, req, ot_feeds[probe].title);
	mst_buf_addf(&url, "%s/%s/", s->base,
		     ot_console(s) ? "external" : "api");
	if (ot_console(s))
		console_path(probe, &url);
	else
		sensor_path(probe, &url);
	req->url = mst_arena_strdup(&req->arena, url.p);
	req->auth = OT_AUTH;
	req->max_bytes = MST_MAX_BODY; /* v1 has no pages */
	mst_req_header(req, "Accept", "application/json");
	mst_buf_fini(&url);
}

/* ---- answers ------------------------------------------------------------- */

static void count_sensors(struct ot_checks *k)
{
	const struct mst_source *s = k->s;

	for (size_t i = 0; i < s->sensors_n; i++) {
		const struct ot_sensor *e = &s->sensors[i];

		k->wanted += e->wanted;
		if (e->learning)
			ot_add_name(&k->learning, e->name);
		if (!e->activated)
			ot_add_name(&k->inactive, e->name);
		if (!e->connected)
			ot_add_name(&k->away, e->name);
		ot_add_name(&k->all, e->name);
	}
}

static void read_answer(struct ms_checks *k, unsigned probe,
			struct mst_json root)
{
	struct ms_probe *p = &k->probes[probe];
	struct mst_err why = MST_ERR_INIT;
	struct mst_json list, e;
	struct mst_json_iter it;
	struct ot_checks *c = own(k);
	int64_t count;

	if (!ot_records(c->s, probe, root, &list, &count, &why)) {
		p->body = mst_json_iget(root, "error").doc ? MS_BODY_ERROR
							   : MS_BODY_OTHER;
		return;
	}
	p->body = MS_BODY_FINE;
	p->records = mst_json_len(list);
	if (probe != OT_SENSORS)
		return;
	ot_found_clear(c->s);
	it = mst_json_iter(list);
	while (mst_json_next(&it, NULL, &e))
		ot_found_sensor(c->s, e);
	(void)ot_found_end(c->s, &why);
	count_sensors(c);
}

static const char *far_end(unsigned probe MST_UNUSED)
{
	return "the far end";
}

/* ---- reporting ----------------------------------------------------------- */

/* The token is told by whichever list refuses it, so all are waited for. */
static bool ready(const struct ms_checks *k, unsigned check MST_UNUSED)
{
	return ms_answered(k, 0, OT_FIRST_NESTED);
}

static bool applies(const struct ms_checks *k, unsigned check)
{
	const struct ot_checks *c = cown(k);

	if (check >= OT_CHECK_FEED && check < OT_CHECK_SENSORS)
		return c->feeds & OT_BIT(check - OT_CHECK_FEED);
	return check < OT_CHECK_SENSORS || check >= OT_CHECK_CLOCK ||
	       c->feeds & OT_BIT(OT_SENSORS);
}

static void name_it(unsigned check, struct mst_check *c, char *name, size_t n)
{
	static const char *const names[OT_CHECK__N] = {
	    [OT_CHECK_TOKEN] = "token",
	    [OT_CHECK_SENSORS] = "sensors",
	    [OT_CHECK_LEARNING] = "sensors:learning",
	    [OT_CHECK_INACTIVE] = "sensors:activated",
	    [OT_CHECK_AWAY] = "sensors:connected",
	    [OT_CHECK_CLOCK] = "clock",
	    [OT_CHECK_RATE] = "rate_limits",
	};
	static const char *const titles[OT_CHECK__N] = {
	    [OT_CHECK_TOKEN] = "token",
	    [OT_CHECK_SENSORS] = "sensors that are read",
	    [OT_CHECK_LEARNING] = "learning mode",
	    [OT_CHECK_INACTIVE] = "activation",
	    [OT_CHECK_AWAY] = "connection of sensors",
	    [OT_CHECK_CLOCK] = "clock",
	    [OT_CHECK_RATE] = "rate limits",
	};

	c->name = names[check];
	c->title = titles[check];
	if (c->name)
		return;
	c->title = ot_feeds[check - OT_CHECK_FEED].name;
	(void)snprintf(name, n, "feed:%s", c->title);
	c->name = name;
}

static void judge(const struct ms_checks *k, unsigned check,
		  struct mst_check *c)
{
	const struct ot_checks *of = cown(k);

	switch (check) {
	case OT_CHECK_TOKEN:
		ot_say_token(of, c);
		break;
	case OT_CHECK_SENSORS:
		ot_say_sensors(of, c);
		break;
	case OT_CHECK_LEARNING:
		ot_say_learning(of, c);
		break;
	case OT_CHECK_INACTIVE:
		ot_say_inactive(of, c);
		break;
	case OT_CHECK_AWAY:
		ot_say_away(of, c);
		break;
	case OT_CHECK_CLOCK:
		ot_say_clock(of, c);
		break;
	case OT_CHECK_RATE:
		ms_say_rate(k, "none are documented, and a 429 is waited for",
			    c);
		break;
	default:
		ot_say_feed(of, check - OT_CHECK_FEED, c);
	}
}

/* ---- life ---------------------------------------------------------------- */

static void free_checks(struct ms_checks *k)
{
	free(own(k));
}

static const struct ms_checks_ops ops = {
    .checks_n = OT_CHECK__N,
    .probes_n = OT_FIRST_NESTED,
    .ask = ask,
    .read = read_answer,
    .ready = ready,
    .applies = applies,
    .lacks = lacks,
    .name = name_it,
    .judge = judge,
    .far_end = far_end,
    .free = free_checks,
};

int ot_checks(struct mst_source *s, const struct mst_checks_env *env,
	      struct mst_checks **c_r, struct mst_err *err MST_UNUSED)
{
	struct ot_checks *k;
	bool gone;

	*c_r = NULL;
	if (!s->auth)
		return 0; /* a folder */
	k = mst_alloc(sizeof(*k));
	ms_checks_init(&k->ms, &ops, env, NULL, NULL, s->parser);
	k->s = s;
	k->idle = true;
	for (size_t i = 0; i < env->uses_n; i++) {
		k->feeds |= mst_source_iot.needs(s, env->uses[i].set->name);
		k->idle = k->idle && !*env->uses[i].jobs;
	}
	gone = ms_gone(&k->ms, "reach:") || ms_gone(&k->ms, "login:" OT_AUTH);
	for (unsigned i = 0; i < OT_FIRST_NESTED; i++)
		k->ms.probes[i].wanted =
		    !gone && !env->skip && k->feeds & OT_BIT(i);
	*c_r = &k->ms.base;
	return 0;
}
