/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the server and the door (auth/door.h): what of a request says who
 * asks, and the section `service` on its way to the door.
 */
#ifndef MST_API_GATE_H
#define MST_API_GATE_H

#include "auth/door.h"
#include "http/http.h"

/* The server's gate: sets r->who, r->caller and who changes things through the
 * state store's handle, or refuses. */
int mst_auth_gate(struct mst_http_req *r, struct mst_http_resp *resp,
		  struct mst_err *err);
/* Tells the door what the section `service` says now. The gate does the same
 * every few seconds, so that what one node is told all of them know. */
int mst_auth_load(struct mst_door *d, struct mst_state *s, struct mst_err *err);

/* For the handlers of sign-in. */
struct mst_caller mst_api_caller(const struct mst_http_req *r);
/* Value of the session's cookie, or NULL. */
const char *mst_api_cookie(const struct mst_http_req *r);
/* Adds "Name: value" to the answer; in the request's arena. */
void mst_api_header(struct mst_http_resp *resp, const char *header);

#endif
