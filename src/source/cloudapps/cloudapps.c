/* SPDX-License-Identifier: Apache-2.0
 *
 * The source "cloudapps": its life and its table of functions.
 */
#include <stdlib.h>

#include "base/time.h"
#include "source/cloudapps/cloudapps_private.h"

/* ---- life ---------------------------------------------------------------- */

static int check_conf(const struct ca_conf *c, struct mst_err *err)
{
	return c->common.read_from ? 0 /* nobody logs in */
				   : ms_conf_check(&c->ms, err);
}

static const char *estate(const void *conf)
{
	const struct ca_conf *c = conf;

	return ms_tenant(&c->ms);
}

static int credential(const char *connection, const void *conf,
		      struct mst_check *c, struct mst_err *err)
{
	const struct ca_conf *own = conf;
	struct ms_sites sites = {.api = NULL};
	int rc = check_conf(own, err);

	if (rc == 0)
		rc = ms_sites_make(&own->ms, NULL, &sites, err);
	if (rc == 0)
		rc = ms_credential(&own->ms, &sites, sites.graph_scope, c, err);
	if (rc < 0)
		rc = mst_err_prefix(err, "connection '%s'", connection);
	ms_sites_free(&sites);
	return rc;
}

static void close_source(struct mst_source **s_r)
{
	struct mst_source *s = *s_r;

	if (!s)
		return;
	mst_auth_free(&s->auth);
	ca_read_clear(&s->read);
	ca_found_clear(s);
	mst_arena_fini(&s->arena);
	mst_json_parser_free(&s->parser);
	mst_picker_free(&s->picker);
	ms_sites_free(&s->sites);
	free(s->one);
	free(s->connection);
	free(s);
	*s_r = NULL;
}

/* Of an app as its list shows it; what comes from elsewhere has no name. */
static struct mst_picker *app_picker(void)
{
	const char *names[CF__N];

	for (unsigned i = 0; i < CF__N; i++) {
		const struct mst_field *f = &ca_feeds[CA_APPS].fields[i];

		names[i] = f->from == MST_FROM_RECORD ? f->name : "\x1f";
	}
	return mst_picker_new(names, CF__N);
}

static int open_source(const char *connection, const void *conf,
		       struct mst_source **s_r, struct mst_err *err)
{
	struct mst_source *s;
	int rc = check_conf(conf, err);

	if (rc < 0)
		return mst_err_prefix(err, "connection '%s'", connection);
	s = mst_alloc(sizeof(*s));
	s->conf = conf;
	s->connection = mst_strdup(connection);
	s->parser = mst_json_parser_new(MST_MAX_BODY);
	s->picker = app_picker();
	mst_arena_init(&s->arena, MST_MAX_ARENA);
	for (size_t i = 0; i < CA__FEEDS; i++)
		s->proofs[i] = (struct mst_proof){.as_of_us = MST_TIME_NONE,
						  .why = "it was not read"};
	rc = ms_sites_make(&s->conf->ms, NULL, &s->sites, err);
	if (rc == 0 && !s->conf->common.read_from)
		rc = ms_auth(&s->conf->ms, &s->sites, s->sites.graph_scope,
			     &s->auth, err);
	if (rc < 0) {
		close_source(&s);
		return mst_err_prefix(err, "connection '%s'", connection);
	}
	*s_r = s;
	return 0;
}

static size_t auths(struct mst_source *s, struct mst_source_auth *out,
		    size_t max)
{
	if (!s->auth || max == 0)
		return 0;
	out[0] = (struct mst_source_auth){MS_AUTH_GRAPH, s->auth,
					  s->sites.graph_hosts};
	return 1;
}

/* No page gives a limit; a 429 tells. */
static const struct mst_rate *rates(struct mst_source *s MST_UNUSED,
				    size_t *n_r)
{
	*n_r = 0;
	return NULL;
}

static uint32_t needs(struct mst_source *s, const char *set)
{
	const struct ca_conf *c = s->conf;
	uint32_t apps = CA_BIT(CA_STREAMS) | CA_BIT(CA_APPS);

	if (strcmp(set, "cloud_apps") == 0)
		return apps | (c->app_info ? CA_BIT(CA_INFO) : 0);
	if (strcmp(set, "cloud_app_users") == 0 && c->users)
		return apps | CA_BIT(CA_USERS);
	return 0;
}

static size_t addresses(struct mst_source *s, struct mst_address *out,
			size_t max)
{
	const struct mst_address all[] = {
	    {"login", s->sites.login},
	    {"graph", s->sites.graph},
	};

	if (!s->auth)
		return 0; /* a folder is nowhere */
	for (size_t i = 0; i < MST_LEN(all) && i < max; i++)
		out[i] = all[i];
	return MST_MIN(MST_LEN(all), max);
}

static void proof(struct mst_source *s, unsigned feed,
		  struct mst_proof *proof_r)
{
	if (feed < CA__FEEDS)
		*proof_r = s->proofs[feed];
	else
		*proof_r = (struct mst_proof){.why = "there is no such feed"};
}

const struct mst_source_ops mst_source_cloudapps = {
    .type = "cloudapps",
    .title = "Microsoft Defender for Cloud Apps",
    .opts = ca_opts,
    .conf_size = sizeof(struct ca_conf),
    .catalog = &ca_catalog,
    .adapt = ca_adapt,
    .estate = estate,
    .credential = credential,
    .open = open_source,
    .close = close_source,
    .auths = auths,
    .rates = rates,
    .permissions = ca_permissions,
    .addresses = addresses,
    .checks = ca_checks,
    .needs = needs,
    .begin = ca_begin,
    .next = ca_next,
    .accept = ca_accept,
    .proof = proof,
    .classify = ca_classify,
    .given = ca_given,
    .envelope = "value",
    .more = "@odata.nextLink",
};
