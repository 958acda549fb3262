/* SPDX-License-Identifier: Apache-2.0
 *
 * The source "endpoint": its life and its table of functions.
 */
#include <stdio.h>
#include <stdlib.h>

#include "source/endpoint/endpoint_private.h"

/* ---- life ---------------------------------------------------------------- */

static int check_conf(const struct ep_conf *c, struct mst_err *err)
{
	return c->common.read_from ? 0 /* nobody logs in */
				   : ms_conf_check(&c->ms, err);
}

static int make_sites(const struct ep_conf *c, struct ms_sites *sites_r,
		      struct mst_err *err)
{
	struct ms_defender d = {c->api_url, c->scope};

	return ms_sites_make(&c->ms, &d, sites_r, err);
}

static const char *estate(const void *conf)
{
	const struct ep_conf *c = conf;

	return ms_tenant(&c->ms);
}

static int credential(const char *connection, const void *conf,
		      struct mst_check *c, struct mst_err *err)
{
	const struct ep_conf *own = conf;
	struct ms_sites sites = {.api = NULL};
	int rc = check_conf(own, err);

	if (rc == 0)
		rc = make_sites(own, &sites, err);
	if (rc == 0)
		rc = ms_credential(&own->ms, &sites, sites.scope, c, err);
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
	mst_auth_free(&s->auth[0]);
	mst_auth_free(&s->auth[1]);
	ep_read_clear(&s->read);
	ep_tally_fini(&s->tally);
	mst_json_parser_free(&s->parser);
	ms_sites_free(&s->sites);
	free(s->connection);
	free(s);
	*s_r = NULL;
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
	s->machines = -1;
	s->parser = mst_json_parser_new(MST_MAX_BODY);
	ep_tally_init(&s->tally);
	for (size_t i = 0; i < EP__FEEDS; i++)
		s->proofs[i] = (struct mst_proof){.as_of_us = s->tally.as_of_us,
						  .why = "it was not read"};
	rc = make_sites(s->conf, &s->sites, err);
	if (rc == 0 && !s->conf->common.read_from) {
		rc = ms_auth(&s->conf->ms, &s->sites, s->sites.scope,
			     &s->auth[0], err);
		if (rc == 0 && s->conf->enrich)
			rc = ms_auth(&s->conf->ms, &s->sites,
				     s->sites.graph_scope, &s->auth[1], err);
	}
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
	size_t n = 0;

	if (s->auth[0] && n < max)
		out[n++] = (struct mst_source_auth){EP_AUTH_API, s->auth[0],
						    s->sites.api_hosts};
	if (s->auth[1] && n < max)
		out[n++] = (struct mst_source_auth){MS_AUTH_GRAPH, s->auth[1],
						    s->sites.graph_hosts};
	return n;
}

/* As documented; for the list of vulnerabilities no page gives a limit, so it
 * gets that of the other lists. Graph counts by cost, not by calls: its 429
 * tells. */
static const struct mst_rate *rates(struct mst_source *s MST_UNUSED,
				    size_t *n_r)
{
	static const struct mst_rate table[] = {
	    {"machines", 100, 1500},
	    {"assessments", 30, 1000},
	    {"exports", 5, 20},
	    {"vulnerabilities", 100, 1500},
	};

	*n_r = MST_LEN(table);
	return table;
}

static uint32_t needs(struct mst_source *s, const char *set)
{
	const struct ep_conf *c = s->conf;
	uint32_t software = EP_BIT(EP_SOFTWARE) |
			    (c->software_non_cpe ? EP_BIT(EP_NON_CPE) : 0);

	if (strcmp(set, "devices") == 0)
		return EP_BIT(EP_MACHINES) |
		       (c->enrich ? EP_BIT(EP_ENTRA) : 0) |
		       (c->hardware ? EP_BIT(EP_HARDWARE) : 0);
	if (strcmp(set, "software_installs") == 0)
		return software;
	if (strcmp(set, "software_packages") == 0)
		return ep_has_packages(c) ? software : 0;
	if (strcmp(set, "vulnerabilities") == 0)
		return EP_BIT(EP_CVES) | EP_BIT(EP_DEVICE_CVES);
	if (strcmp(set, "device_vulnerabilities") == 0)
		return EP_BIT(EP_DEVICE_CVES);
	return 0;
}

static size_t addresses(struct mst_source *s, struct mst_address *out,
			size_t max)
{
	const struct mst_address all[] = {
	    {"login", s->sites.login},
	    {"api", s->sites.api},
	    {"graph", s->sites.graph},
	};
	size_t n = s->auth[1] ? 3 : 2;

	if (!s->auth[0])
		return 0; /* a folder is nowhere */
	for (size_t i = 0; i < n && i < max; i++)
		out[i] = all[i];
	return MST_MIN(n, max);
}

static void proof(struct mst_source *s, unsigned feed,
		  struct mst_proof *proof_r)
{
	if (feed < EP__FEEDS)
		*proof_r = s->proofs[feed];
	else
		*proof_r = (struct mst_proof){.why = "there is no such feed"};
}

const struct mst_source_ops mst_source_endpoint = {
    .type = "endpoint",
    .title = "Microsoft Defender for Endpoint",
    .opts = ep_opts,
    .conf_size = sizeof(struct ep_conf),
    .catalog = &ep_catalog,
    .asset_types = ep_asset_names,
    .adapt = ep_adapt,
    .estate = estate,
    .credential = credential,
    .open = open_source,
    .close = close_source,
    .auths = auths,
    .rates = rates,
    .permissions = ep_permissions,
    .addresses = addresses,
    .checks = ep_checks,
    .needs = needs,
    .begin = ep_begin,
    .next = ep_next,
    .accept = ep_accept,
    .proof = proof,
    .classify = ep_classify,
    .envelope = "value",
    .more = "@odata.nextLink",
};
