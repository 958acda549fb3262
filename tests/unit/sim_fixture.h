/* SPDX-License-Identifier: Apache-2.0
 *
 * A running simulator and a plain HTTP client for the tests of sim/.
 */
#ifndef MST_TESTS_SIM_FIXTURE_H
#define MST_TESTS_SIM_FIXTURE_H

#include "lib/t.h"

#include "sim/sim.h"
#include "json/json.h"

struct fx {
	struct mst_sim *sim;
	struct mst_json_parser *json;
	struct mst_buf body; /* of the last answer */
	char header[8192];   /* all of its headers */
	char token[4096];    /* sent as Bearer when not empty */
	long status;	     /* 0: the connection broke */
	const char *bare;    /* sent as Authorization as it is, instead */
	bool basic;	     /* send ServiceNow's user and password instead */
};

/* Starts with devices and a token for Defender. */
void fx_start(struct fx *fx, const struct mst_sim_conf *conf);
void fx_stop(struct fx *fx);
/* A request; body NULL: GET. Paths begin with '/', URLs with "http". Returns
 * the status. */
long fx_send(struct fx *fx, enum mst_sim_host host, const char *method,
	     const char *path, const char *body, const char *type);
long fx_get(struct fx *fx, enum mst_sim_host host, const char *path);
/* The last body as JSON; fails the test when it is none. */
struct mst_json fx_json(struct fx *fx);
/* Control request that must succeed; its answer as JSON. */
struct mst_json fx_control(struct fx *fx, const char *method, const char *path,
			   const char *body);
/* Asks for a token with the secret; the status. fx->token is set on 200. */
long fx_token(struct fx *fx, const char *scope, const char *secret);
int64_t fx_int(struct mst_json o, const char *key);
/* A header of the last answer, "" when absent. */
const char *fx_header(struct fx *fx, const char *name);

#define FX_MDE	 "https://api.securitycenter.microsoft.com/.default"
#define FX_GRAPH "https://graph.microsoft.com/.default"

#endif
