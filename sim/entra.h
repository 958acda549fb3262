/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the token end point (entra.c) and the check of client assertions
 * (assertion.c).
 */
#ifndef MST_SIM_ENTRA_H
#define MST_SIM_ENTRA_H

#include "sim/private.h"

struct sim_certs;

/* How an assertion fails; names are what Entra ID says. */
struct assertion_result {
	int aadsts; /* 0: good */
	char text[512];
};

struct sim_certs *sim_certs_new(void);
void sim_certs_free(struct sim_certs **c);
/* Registers every certificate of the PEM text. Returns how many, <0. */
int sim_certs_add(struct sim_certs *c, struct mst_slice pem,
		  struct mst_err *err);
void sim_certs_clear(struct sim_certs *c);
/* Checks header, thumbprint, signature, audience, names, times and jti.
 * audience is the end point's URL; v1 is the accepted older one. */
void sim_assertion_check(struct sim_certs *c, const char *assertion,
			 const char *client, const char *audience,
			 const char *audience_v1, int64_t now_us,
			 struct assertion_result *res);

#endif
