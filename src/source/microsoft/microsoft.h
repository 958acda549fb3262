/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sources that read Microsoft's APIs share: the credential and the
 * cloud of a connection, which hosts an answer may point to, what a token shows
 * of permissions, what a refusal means.
 */
#ifndef MST_SOURCE_MICROSOFT_H
#define MST_SOURCE_MICROSOFT_H

#include "base/check.h"
#include "conf/conf.h"
#include "cred/cred.h"
#include "net/client.h"
#include "json/json.h"

/* ---- options (options.h has their rows) ---------------------------------- */

enum ms_alg { MS_PS256, MS_RS256 };

struct ms_conf {
	const char *tenant_id, *client_id;
	const char *client_secret; /* a reference */
	const char *secret_expires;
	const char *certificate, *certificate_key;
	const char *certificate_password; /* a reference */
	/* indexes in mst_cert_locations, mst_cert_stores */
	int certificate_location, certificate_store;
	const char *certificate_name;
	int assertion_alg; /* enum ms_alg */
	bool send_x5c;
	const char *federated_token_file;
	int cloud; /* index in ms_clouds */
	const char *login_url, *graph_url;
	struct mst_opt_list environments;
	const char *alias;
};

/* ---- clouds.c ------------------------------------------------------------ */

struct ms_cloud {
	const char *name; /* as in the option's choices */
	const char *api;  /* "https://api.security.microsoft.com" */
	const char *login;
	const char *graph;
	const char *scope; /* of the Defender API */
};

#define MS_CLOUDS	 10
#define MS_CLOUD_CHOICES "commercial|us|eu|uk|au|swa|ina|gcc|gcc-high|dod"

extern const struct ms_cloud ms_clouds[];

/* The Defender API of a connection; a source that only reads Graph has none. */
struct ms_defender {
	const char *url, *scope; /* when they are not the cloud's */
};

/* Where a connection goes: the cloud with the overrides of the settings. */
struct ms_sites {
	char *api, *login, *graph; /* without a trailing slash */
	char *scope, *graph_scope;
	const char *api_hosts[8]; /* where the Defender token may go */
	const char *graph_hosts[2];
	char *own_hosts[2]; /* hosts of overrides: owned */
	bool api_loopback;
};

/* d NULL: there is no Defender API, api and scope stay NULL. MST_E_INVALID: an
 * address of the options is none. */
int ms_sites_make(const struct ms_conf *conf, const struct ms_defender *d,
		  struct ms_sites *s_r, struct mst_err *err);
void ms_sites_free(struct ms_sites *s);
/* May a link that an answer brought be followed with the token? */
bool ms_link_allowed(const struct ms_sites *s, bool graph, const char *url);
/* Host of an absolute URL with its port as written; false when the URL is not
 * one that we would send: other schemes, user names, control characters. */
bool ms_url_host(const char *url, struct mst_slice *host_r, bool *https_r);
bool ms_is_loopback(struct mst_slice host);
/* list is NULL ended. An entry with a leading dot stands for every host below
 * it; a port must be the same, none is 443. */
bool ms_host_in(const char *const *list, struct mst_slice host);

/* ---- credential.c -------------------------------------------------------- */

/* MST_E_INVALID: what is missing for a log-in, or cannot be right. */
int ms_conf_check(const struct ms_conf *c, struct mst_err *err);
/* The tenant, when it is given by its id: a domain may be of any tenant. Lent
 * by c; NULL: it is not. */
const char *ms_tenant(const struct ms_conf *c);
/* A credential that asks for tokens of this scope. *a_r is the caller's. */
int ms_auth(const struct ms_conf *c, const struct ms_sites *sites,
	    const char *scope, struct mst_auth **a_r, struct mst_err *err);
/* The op `credential` of a source (source.h) for a scope; c was checked. */
int ms_credential(const struct ms_conf *c, const struct ms_sites *sites,
		  const char *scope, struct mst_check *check,
		  struct mst_err *err);

/* ---- roles.c ------------------------------------------------------------- */

#define MS_AUTH_GRAPH "graph" /* name of the credential for Graph */
#define MS_GRAPH      "Microsoft Graph"

/* An application permission that reading something needs. */
struct ms_need {
	const char *permission, *resource; /* "Device.Read.All", MS_GRAPH */
	bool graph; /* reading the whole directory includes it */
};

/* roles as mst_cred_entra_roles has them. Do they show the permission, or a
 * greater one? NULL or "": no. */
bool ms_granted(const char *roles, const struct ms_need *need);
/* Are roles shown, and is this one not among them? */
bool ms_lacks(const char *roles, const struct ms_need *need);
/* One check, named as the permission; titles say what is read with it. lost:
 * what a run goes without when it is missing ("devices are not enriched"); NULL
 * when it does not go without. */
void ms_check_role(const struct ms_need *need, const char *roles,
		   const char *titles, const char *lost, struct mst_check *c);
/* The check whether the token can write. uses (NULL ended) are the permissions
 * that muster reads with. */
void ms_say_writes(const char *roles, const char *const *uses,
		   struct mst_check *c);

/* ---- refuse.c ------------------------------------------------------------ */

/* What the body of a refusal says. */
struct ms_told {
	char code[64];
	char message[200];
};

/* Printable and short: it comes from outside and ends in a log. */
void ms_quote(struct mst_slice s, char *out, size_t max);
void ms_told_read(struct mst_json_parser *parser, const struct mst_resp *resp,
		  struct ms_told *t);
/* Turns a final failure into the error that ends the feed. permitted: it is
 * known that the permission is there; optional: the feed is. what names the
 * request. Returns -code. */
int ms_refuse(const struct mst_resp *resp, const struct ms_told *t,
	      const struct ms_need *need, bool permitted, bool optional,
	      const char *what, struct mst_err *err);
/* The error of a body that says nothing of use: err says why, title of what. */
int ms_damaged(const struct mst_resp *resp, const char *title,
	       struct mst_err *err);
/* The answer's JSON. MST_E_CORRUPT: there is none, or an error with status 200.
 */
int ms_body_parse(struct mst_json_parser *parser, const struct mst_resp *resp,
		  struct mst_json *root_r, struct mst_err *err);
/* "@odata.nextLink": *link_r is its text, empty when there is none.
 * MST_E_CORRUPT: it is no address. MST_E_INVALID: it leads to a host where the
 * token may not go. */
int ms_next_link(struct mst_json root, const struct ms_sites *sites, bool graph,
		 const char *title, struct mst_slice *link_r,
		 struct mst_err *err);

#endif
