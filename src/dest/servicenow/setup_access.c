/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is there, and what it lets us do: the instance itself, clocks, log-in,
 * the APIs with their scopes, rate limits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "dest/servicenow/setup.h"

#define SKEW_US	  ((int64_t)60 * 1000000)
#define RATE_LOW  1000 /* requests an hour that a first load feels */
#define ONE_USER  "/api/now/table/sys_user?sysparm_fields=sys_id&sysparm_limit=1"
#define NO_RECORD "00000000000000000000000000000000"

/* ---- the instance -------------------------------------------------------- */

/* Without credentials: what answers here, before anybody is told a password.
 */
void mst_sn_ask_instance(struct sn_setup *s)
{
	mst_sn_ask(s, MST_HTTP_GET, "instance", ONE_USER)->auth = NULL;
}

static void say_web_page(struct mst_check *c, const struct sn_ask *a)
{
	bool asleep = mst_slice_ifind(a->text, "hibernat");

	mst_check_say(c, MST_CHECK_FAILED,
		      asleep ? "the instance sleeps: it answered %d with the "
			       "page of a hibernating instance"
			     : "it answered %d with a web page instead of JSON",
		      a->status);
	mst_check_remedy(
	    c, asleep ? "wake it: sign in at developer.servicenow.com and open "
			"the instance there; that takes a few minutes"
		      : "check the url of the connection: a log-in page or a "
			"proxy may be in between; a developer instance that "
			"sleeps also answers with a page");
}

bool mst_sn_judge_instance(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct mst_json root = mst_sn_ask_json(s, a);

	c->code = MST_E_TRANSIENT;
	if (a->outcome != MST_OUT_ANSWER) {
		mst_check_say(c, MST_CHECK_FAILED, "%s", a->why);
		mst_check_remedy(c, "try again; if it stays so, look for a "
				    "firewall or proxy that cuts connections");
	} else if (a->html) {
		say_web_page(c, a);
	} else if (a->status >= 500) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "it is in trouble: it answered %d (%.300s)",
			      a->status, a->why);
		mst_check_remedy(c, "try again later");
	} else if ((a->status != 401 && a->status != 403 && a->status != 200 &&
		    a->status != 429) ||
		   mst_json_type(root) != MST_JSON_OBJECT) {
		mst_check_say(c, MST_CHECK_FAILED,
			      "what answers there is no ServiceNow: %.300s",
			      *a->why ? a->why : "a strange body");
		mst_check_remedy(c, "check the url of the connection, "
				    "https://NAME.service-now.com");
	} else {
		mst_check_say(c, MST_CHECK_OK, "awake, and its API answers");
	}
	return true;
}

static void span(int64_t us, char *out, size_t n)
{
	long long sec = (us < 0 ? -us : us) / 1000000;

	if (sec < 120)
		(void)snprintf(out, n, "%lld s", sec);
	else if (sec < 7200)
		(void)snprintf(out, n, "%lld min", sec / 60);
	else
		(void)snprintf(out, n, "%lld h", sec / 3600);
}

bool mst_sn_judge_clock(struct sn_setup *s, struct mst_check *c)
{
	char text[32];

	if (s->skew_us == MST_TIME_NONE) {
		mst_check_say(c, MST_CHECK_WARNING,
			      "the instance does not say what time it has");
		mst_check_remedy(c, "make sure that this machine's clock is "
				    "right");
		return true;
	}
	span(s->skew_us, text, sizeof(text));
	if (s->skew_us <= SKEW_US && s->skew_us >= -SKEW_US) {
		mst_check_say(c, MST_CHECK_OK, "same time as the instance");
		return true;
	}
	mst_check_say(c, MST_CHECK_WARNING,
		      "this machine is %s %s the instance: times of closed "
		      "CVEs and seen devices will be wrong",
		      text, s->skew_us > 0 ? "ahead of" : "behind");
	mst_check_remedy(c, "set this machine's clock, best by a time service "
			    "(timedatectl set-ntp true)");
	return true;
}

/* ---- log-in -------------------------------------------------------------- */

static const char *way_in(const struct sn_conf *conf)
{
	static const char *const names[] = {
	    [SN_BASIC] = "Basic",
	    [SN_PASSWORD] = "OAuth, password grant",
	    [SN_CLIENT_CREDENTIALS] = "OAuth, client credentials",
	    [SN_REFRESH_TOKEN] = "OAuth, refresh token",
	};

	return names[conf->auth];
}

void mst_sn_ask_login(struct sn_setup *s)
{
	mst_sn_ask(s, MST_HTTP_GET, "log-in", ONE_USER);
}

static void say_refused(const struct sn_setup *s, const struct sn_ask *a,
			struct mst_check *c)
{
	const struct sn_conf *conf = s->d->conf;

	c->code = MST_E_AUTH;
	if (conf->auth == SN_BASIC)
		mst_check_say(c, MST_CHECK_FAILED,
			      "the instance does not let \"%.80s\" in: %.300s",
			      conf->username, a->why);
	else if (a->outcome == MST_OUT_ANSWER)
		mst_check_say(c, MST_CHECK_FAILED,
			      "a token was issued, but the API refuses it: "
			      "%.300s",
			      a->why);
	else
		mst_check_say(c, MST_CHECK_FAILED, "no token: %s", a->why);
	if (conf->auth == SN_BASIC)
		mst_check_remedy(c, "check username and password; the user "
				    "must be active, not locked out, and must "
				    "not have to change the password");
	else if (conf->auth == SN_CLIENT_CREDENTIALS)
		mst_check_remedy(
		    c, "check client_id and client_secret, the property "
		       "glide.oauth.inbound.client.credential.grant_type."
		       "enabled, and the OAuth Application User of the "
		       "registry entry");
	else if (conf->auth == SN_REFRESH_TOKEN)
		mst_check_remedy(c, "store a new refresh token; check "
				    "client_id and client_secret");
	else
		mst_check_remedy(c, "check client_id and client_secret, "
				    "username and password, and that the "
				    "registry entry is active");
}

bool mst_sn_judge_login(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	const struct sn_conf *conf = s->d->conf;
	bool named = conf->auth == SN_BASIC || conf->auth == SN_PASSWORD;

	if (a->code == MST_E_AUTH || a->status == 401) {
		say_refused(s, a, c);
	} else if (a->outcome != MST_OUT_ANSWER || a->html ||
		   a->status >= 500 || a->status == 202) {
		c->code = MST_E_TRANSIENT;
		mst_check_say(c, MST_CHECK_FAILED, "%s", a->why);
		mst_check_remedy(c, "try again later");
	} else if (named) {
		mst_check_say(c, MST_CHECK_OK, "\"%.80s\" by %s",
			      conf->username, way_in(conf));
	} else {
		mst_check_say(c, MST_CHECK_OK, "%s", way_in(conf));
	}
	return true;
}

/* ---- the Table API and its methods --------------------------------------- */

static const struct {
	const char *name;
	enum mst_method method;
	const char *path;
} methods[] = {
    {"GET", MST_HTTP_GET, ONE_USER},
    /* A table that no instance has: whoever gets past the scope writes
     * nothing. */
    {"POST", MST_HTTP_POST, "/api/now/table/" SETUP_NO_TABLE},
    {"PUT", MST_HTTP_PUT, "/api/now/table/" SETUP_NO_TABLE "/" NO_RECORD},
    {"DELETE", MST_HTTP_DELETE, "/api/now/table/" SETUP_NO_TABLE "/" NO_RECORD},
};

static bool has_scopes(const struct sn_setup *s)
{
	return s->d->conf->auth != SN_BASIC;
}

/* Only OAuth clients are limited by method. */
void mst_sn_ask_table_api(struct sn_setup *s)
{
	size_t n = has_scopes(s) ? MST_LEN(methods) : 1;

	for (size_t i = 0; i < n; i++)
		mst_sn_ask(s, methods[i].method, methods[i].name, "%s",
			   methods[i].path);
}

static bool unscoped(const struct sn_ask *a)
{
	return a->status == 403 && mst_sn_is_unscoped(a->why);
}

bool mst_sn_judge_table_api(struct sn_setup *s, struct mst_check *c)
{
	char lack[64] = "", have[64] = "";
	const struct sn_ask *a;

	for (size_t i = 0; (a = mst_sn_asked(s, i)); i++)
		(void)mst_sn_add_word(unscoped(a) ? lack : have, sizeof(lack),
				      a->what);
	a = mst_sn_asked(s, 0);
	if (*lack) {
		mst_sn_unscoped(c, "Table API", lack);
		s->stands = !unscoped(a);
	} else if (!has_scopes(s)) {
		mst_check_say(c, MST_CHECK_OK, "answers");
	} else {
		mst_check_say(c, MST_CHECK_OK, "in scope: %s", have);
	}
	return true;
}

/* ---- the Batch API ------------------------------------------------------- */

void mst_sn_ask_batch_api(struct sn_setup *s)
{
	struct sn_ask *a =
	    mst_sn_ask(s, MST_HTTP_POST, "Batch API", "/api/now/v1/batch");
	struct mst_buf body = MST_BUF_INIT(4096);
	struct mst_jout j;

	mst_jout_init(&j, &body);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "batch_request_id", "check");
	mst_jout_key(&j, "rest_requests");
	mst_jout_arr(&j);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "id", "1");
	mst_jout_kstr(&j, "method", "GET");
	mst_jout_kstr(&j, "url", ONE_USER);
	mst_jout_kbool(&j, "exclude_response_headers", true);
	mst_jout_key(&j, "headers");
	mst_jout_arr(&j);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "name", "Accept");
	mst_jout_kstr(&j, "value", "application/json");
	mst_jout_end_obj(&j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	mst_jout_end_arr(&j);
	mst_jout_end_obj(&j);
	a->body = mst_arena_dup(&s->arena, mst_buf_slice(&body));
	mst_buf_fini(&body);
}

bool mst_sn_judge_batch_api(struct sn_setup *s, struct mst_check *c)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct mst_json root = mst_sn_ask_json(s, a);

	if (mst_json_type(mst_json_get(root, "serviced_requests")) !=
	    MST_JSON_NULL) {
		mst_check_say(c, MST_CHECK_OK, "%s",
			      has_scopes(s) ? "in scope: POST" : "answers");
	} else if (unscoped(a)) {
		mst_sn_unscoped(c, "Batch API", "POST");
	} else {
		c->code = a->status == 403 ? MST_E_FORBIDDEN : MST_E_TRANSIENT;
		mst_check_say(c, MST_CHECK_FAILED,
			      "it does not answer as it should: %.400s",
			      *a->why ? a->why : "no serviced requests");
		mst_check_remedy(c,
				 a->status == 400 || a->status == 404
				     ? "activate the plug-in REST API Provider "
				       "(com.glide.rest)"
				     : "look at System Logs > REST for the "
				       "reason");
	}
	return true;
}

/* ---- rate limits --------------------------------------------------------- */

/* The headers of the answers so far told whether a rule counts us; the table
 * only has its name. */
void mst_sn_ask_rate(struct sn_setup *s)
{
	char query[128];

	if (s->rate_limit < 0 ||
	    !mst_sn_query_safe(mst_slice_str(s->rate_rule)))
		return;
	(void)snprintf(query, sizeof(query), "sys_id=%.64s", s->rate_rule);
	(void)mst_sn_ask_list(s, "sys_rate_limit_rules", query, "sys_id,name",
			      1);
}

static struct mst_slice rule_name(struct sn_setup *s)
{
	const struct sn_ask *a = mst_sn_asked(s, 0);
	struct mst_json_iter it;
	struct mst_json row;

	if (!a || !mst_sn_ask_ok(a))
		return mst_slice_str(s->rate_rule);
	it = mst_json_iter(mst_sn_ask_result(s, a));
	while (mst_json_next(&it, NULL, &row)) {
		/* A dropped clause brings other rules. */
		if (mst_slice_is(mst_sn_member(row, "sys_id"), s->rate_rule))
			return mst_sn_member(row, "name");
	}
	return mst_slice_str(s->rate_rule);
}

bool mst_sn_judge_rate(struct sn_setup *s, struct mst_check *c)
{
	struct mst_slice name;

	if (s->rate_limit < 0) {
		mst_check_say(c, MST_CHECK_OK, "no rule counts these requests");
		return true;
	}
	name = mst_sn_cut(rule_name(s), 80);
	mst_check_say(
	    c, s->rate_limit < RATE_LOW ? MST_CHECK_WARNING : MST_CHECK_OK,
	    "%lld requests an hour (rule \"%.*s\")", (long long)s->rate_limit,
	    MST_SLICE_ARG(name));
	if (s->rate_limit < RATE_LOW)
		mst_check_remedy(c, "a first load takes hundreds to thousands "
				    "of requests: raise the limit in "
				    "sys_rate_limit_rules for this user");
	return true;
}
