/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a source connection in their order: settings, jobs, the
 * credential, the way to each host, log-in and token, permissions, and what its
 * connector adds.
 */
#include <stdio.h>

#include "checkup/private.h"
#include "cred/cred.h"

#define RETRIES	       3
#define RETRY_BASE_MS  250
#define RETRY_AFTER_MS 15000
#define TIMEOUT_MS     60000
#define AUTHS	       8
#define SHORT_LIFE_MS  300000 /* Entra ID gives no less than ten minutes */

/* ---- what failed --------------------------------------------------------- */

static void lost(struct mst_checkup *c, const char *name, const char *title)
{
	if (c->gone_n == MST_LEN(c->gone))
		return;
	c->gone[c->gone_n++] = (struct mst_check_gone){
	    .name = mst_arena_strdup(&c->arena, name),
	    .title = mst_arena_strdup(&c->arena, title),
	};
}

/* The title of a failed check whose name begins so, or NULL. */
static const char *gone(const struct mst_checkup *c, const char *name)
{
	for (size_t i = 0; i < c->gone_n; i++) {
		if (mst_slice_istarts(mst_slice_str(c->gone[i].name), name))
			return c->gone[i].title;
	}
	return NULL;
}

/* ---- opening ------------------------------------------------------------- */

static int make_client(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_client_conf conf = {
	    .name = c->c.name,
	    .proxy = c->c.source_conf->proxy,
	    .ca_file = c->c.source_conf->ca_file,
	    .pin = c->c.source_conf->pin,
	    .insecure_tls = c->c.source_conf->insecure_tls,
	    .insecure_loopback = true,
	    .retry_max = RETRIES,
	    .retry_base_ms = RETRY_BASE_MS,
	    .retry_total_ms = MST_CHECKUP_RETRY_TOTAL_MS,
	    .retry_after_max_ms = RETRY_AFTER_MS,
	    .timeout_ms = TIMEOUT_MS,
	};
	struct mst_source_auth auths[AUTHS];
	size_t n;

	conf.rates = c->c.source->rates(c->source, &conf.rates_n);
	c->client = mst_client_new(&conf, err);
	if (!c->client)
		return -(int)err->code;
	n = c->c.source->auths(c->source, auths, MST_LEN(auths));
	for (size_t i = 0; i < n; i++)
		mst_client_add_auth(c->client, auths[i].name, auths[i].auth,
				    auths[i].hosts);
	return 0;
}

static int open_source(struct mst_checkup *c, struct mst_err *err)
{
	if (c->c.source->open(c->c.name, c->c.source_conf, &c->source, err) <
		0 ||
	    make_client(c, err) < 0)
		return -(int)err->code;
	if (c->c.source->addresses)
		c->addresses_n = c->c.source->addresses(c->source, c->addresses,
							MST_CHECKUP_ADDRESSES);
	return 0;
}

/* Settings and credential are two checks, though opening needs both. */
static int look_at_settings(struct mst_checkup *c, struct mst_check *cred,
			    struct mst_err *err)
{
	int rc = 0;

	if (c->c.source->credential)
		rc = c->c.source->credential(c->c.name, c->c.source_conf, cred,
					     err);
	if (rc == 0 && cred->level != MST_CHECK_FAILED)
		rc = open_source(c, err);
	mst_checkup_say(c, "settings", "settings", err,
			*mst_checkup_address(c) ? mst_checkup_address(c)
						: c->c.type);
	return rc;
}

/* ---- the way ------------------------------------------------------------- */

static int look_at_ways(struct mst_checkup *c, struct mst_err *err)
{
	for (size_t i = 0; i < c->addresses_n; i++) {
		const char *failed;
		char name[64], title[64];

		if (mst_checkup_look_at_way(c, i, &failed, err) < 0)
			return -(int)err->code;
		(void)snprintf(name, sizeof(name), "reach:%.50s",
			       c->addresses[i].name);
		(void)snprintf(title, sizeof(title), "reach %.50s",
			       c->addresses[i].name);
		if (failed)
			lost(c, name, title);
	}
	return 0;
}

/* ---- log-in -------------------------------------------------------------- */

/* The remedy stands in the text of the error; here it has a line of its own. */
static void say_refused(struct mst_check *check, struct mst_err *err,
			const char *advice)
{
	char *at = *advice ? strstr(err->msg, advice) : NULL;
	size_t n = strlen(advice);

	check->code = err->code;
	if (at && at - err->msg > 2)
		memmove(at - 2, at + n, strlen(at + n) + 1);
	mst_check_say(check, MST_CHECK_FAILED, "%.760s", err->msg);
	if (*advice)
		mst_check_remedy(check, "%.500s", advice);
}

/* A log-in that was refused, and what the refusal advises. */
struct refusal {
	const char *title, *advice;
};

/* Tokens of one credential are refused together: the first tells. What is said
 * of one API alone has another advice. */
static void log_in(struct mst_checkup *c, const struct mst_source_auth *a,
		   struct refusal *first, struct mst_check *check)
{
	struct mst_err err = MST_ERR_INIT;
	const char *advice;

	if (mst_client_login(c->client, a->name, &err) == 0) {
		mst_check_say(check, MST_CHECK_OK, "a token is there");
		return;
	}
	advice = mst_cred_advice(a->auth);
	if (first->title && *advice && strcmp(advice, first->advice) == 0) {
		mst_check_say(check, MST_CHECK_SKIPPED, "needs the check '%s'",
			      first->title);
		lost(c, check->name, first->title);
		return;
	}
	say_refused(check, &err, advice);
	lost(c, check->name, check->title);
	if (!first->title)
		*first = (struct refusal){gone(c, check->name), advice};
}

static void list_hosts(const char *const *hosts, char *out, size_t n)
{
	size_t at = 0;

	out[0] = 0;
	for (size_t i = 0; hosts[i] && at < n; i++) {
		const char *h = hosts[i];

		/* the option api_url may name one of the cloud's again */
		if (i > 0 && strcmp(h, hosts[0]) == 0)
			continue;
		at += (size_t)snprintf(out + at, n - at, "%s%s%.80s",
				       at ? ", " : "", *h == '.' ? "*" : "", h);
	}
}

static void look_at_token(struct mst_checkup *c,
			  const struct mst_source_auth *a)
{
	int64_t life_ms = mst_cred_entra_life(a->auth);
	char name[96], title[96], hosts[500];
	struct mst_check check = {.name = name, .title = title};

	(void)snprintf(name, sizeof(name), "token:%.80s", a->name);
	(void)snprintf(title, sizeof(title), "token %.80s", a->name);
	list_hosts(a->hosts, hosts, sizeof(hosts));
	if (life_ms < 0) {
		mst_check_say(&check, MST_CHECK_OK,
			      "good until somebody takes it away; it is only "
			      "sent to %s",
			      hosts);
	} else if (life_ms >= SHORT_LIFE_MS) {
		mst_check_say(&check, MST_CHECK_OK,
			      "good for %lld min; it is only sent to %s",
			      (long long)(life_ms + 30000) / 60000, hosts);
	} else {
		mst_check_say(&check, MST_CHECK_WARNING,
			      "good for %lld s only; it is only sent to %s",
			      (long long)life_ms / 1000, hosts);
		mst_check_remedy(&check,
				 "a run logs in again each time; look at the "
				 "token lifetime policies of the tenant");
	}
	c->conf.report(c->conf.ctx, &check);
}

/* Returns how many tokens there are. */
static size_t log_in_all(struct mst_checkup *c)
{
	const char *broken = gone(c, "reach:login");
	struct refusal first = {.title = NULL};
	struct mst_source_auth auths[AUTHS];
	size_t n = c->c.source->auths(c->source, auths, MST_LEN(auths));
	size_t tokens = 0;

	for (size_t i = 0; i < n; i++) {
		char name[96], title[96];
		struct mst_check check = {.name = name, .title = title};

		(void)snprintf(name, sizeof(name), "login:%.80s",
			       auths[i].name);
		(void)snprintf(title, sizeof(title), "log-in %.80s",
			       auths[i].name);
		if (broken) {
			mst_check_say(&check, MST_CHECK_SKIPPED,
				      "needs the check '%s'", broken);
			lost(c, name, broken);
		} else {
			log_in(c, &auths[i], &first, &check);
		}
		c->conf.report(c->conf.ctx, &check);
		if (check.level != MST_CHECK_OK)
			continue;
		look_at_token(c, &auths[i]);
		tokens++;
	}
	return tokens;
}

/* ---- all of it ----------------------------------------------------------- */

static int check_api(struct mst_checkup *c, struct mst_err *err)
{
	size_t tokens;

	if (look_at_ways(c, err) < 0)
		return -(int)err->code;
	tokens = log_in_all(c);
	if (mst_checkup_cancelled(c))
		return mst_err_set(err, MST_E_CANCELLED, "cancelled");
	if (tokens)
		mst_checkup_permissions(c->c.source, c->source, &c->jobs,
					&c->conf);
	else
		mst_checkup_skip(c, "permissions", "permissions",
				 gone(c, "login:"));
	return mst_checkup_own(c, NULL, err);
}

int mst_checkup_source(struct mst_checkup *c, struct mst_err *err)
{
	struct mst_check cred = {.name = "credential", .title = "credential"};
	struct mst_err why = MST_ERR_INIT;
	bool folder = c->c.source_conf->read_from;
	int rc = folder ? 0 : look_at_settings(c, &cred, &why);

	if (mst_checkup_jobs(c->state, &c->c, &c->conf, &c->jobs, err) < 0)
		return -(int)err->code;
	if (folder) {
		mst_checkup_folder(c);
		return 0;
	}
	if (rc < 0) /* nobody to ask */
		return 0;
	if (c->c.source->credential)
		c->conf.report(c->conf.ctx, &cred);
	if (c->source)
		return check_api(c, err);
	mst_checkup_skip(c, "login", "log-in", cred.title);
	mst_checkup_skip(c, "permissions", "permissions", cred.title);
	return 0;
}
