/* SPDX-License-Identifier: Apache-2.0
 *
 * The section `service` of the configuration: how `muster serve` is reached,
 * who may sign in, what waits for a second person, how long history is kept.
 */
#ifndef MST_CONF_SERVICE_H
#define MST_CONF_SERVICE_H

#include "conf/conf.h"

/* What waits for a second person: changes of the configuration that PROD has,
 * runs that write to PROD, or both. */
enum mst_second {
	MST_SECOND_NONE,
	MST_SECOND_CHANGES,
	MST_SECOND_RUNS,
	MST_SECOND_ALL
};

enum mst_log_form { MST_LOG_AUTO, MST_LOG_TEXT, MST_LOG_JSON };

/* Filled by mst_service_opts; all borrowed. */
struct mst_service_conf {
	const char *listen;	/* "127.0.0.1:8480", "[::]:443" */
	const char *public_url; /* how browsers reach it; NULL: as listen says
				 */
	struct mst_opt_list proxies; /* addresses, subnets */
	struct {
		const char *certificate, *key; /* PEM files; NULL: no TLS */
	} tls;
	struct {
		int64_t idle, absolute; /* ms */
	} session;
	struct {
		int64_t min_length;
		int64_t tries; /* wrong ones in a row before it locks */
		int64_t lock;  /* ms, of the first lock; each next is twice as
				* long */
	} password;
	struct {
		const char *issuer; /* NULL: no OpenID Connect */
		const char *client_id, *client_secret;
		const char *certificate, *certificate_key,
		    *certificate_password;
		const char *ca_file;
		const char *claim, *name_claim;
		struct mst_opt_list viewer, operator_, administrator, auditor;
	} oidc;
	int64_t rate_limit; /* requests a minute; 0: no limit */
	int approval;	    /* enum mst_second */
	struct mst_opt_list notify;
	struct {
		int64_t runs_days, tasks_days;
	} retention;
	int log; /* enum mst_log_form */
};

extern const struct mst_opt mst_service_opts[];

/* Does what the item says make sense by itself? MST_E_INVALID with the place in
 * the file. */
int mst_service_check(const struct mst_conf_item *item,
		      const struct mst_service_conf *s, struct mst_err *err);
/* "host:port" in its parts; host without brackets, in arena. False: it is none.
 * Port 0 is a free one. */
bool mst_service_address(const char *listen, struct mst_arena *arena,
			 const char **host_r, int *port_r);
/* Does this address of a listener belong to this machine alone? */
bool mst_service_is_loopback(const char *host);
/* Would it take sign-ins by OpenID Connect? */
bool mst_service_has_oidc(const struct mst_service_conf *s);
/* Where the browser comes back to from the provider: "<public URL>/api/v1/
 * oidc/callback"; in arena. */
const char *mst_service_callback(const struct mst_service_conf *s,
				 struct mst_arena *arena);
/* "https://muster.example.com", without a slash at its end; in arena. */
const char *mst_service_url(const struct mst_service_conf *s,
			    struct mst_arena *arena);

#endif
