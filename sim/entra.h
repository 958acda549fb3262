/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the token end point (entra.c) and the check of client assertions
 * (assertion.c).
 */
#ifndef MST_SIM_ENTRA_H
#define MST_SIM_ENTRA_H

#include "sim/private.h"

struct sim_certs;
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

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

/* ---- a JWT ----------------------------------------------------------------
 */

struct sim_jwt {
	struct mst_slice signed_part;
	struct mst_buf header, claims, sig;
};

/* False: it is none. sim_jwt_fini in either case. */
bool sim_jwt_split(const char *text, struct sim_jwt *p);
void sim_jwt_fini(struct sim_jwt *p);
/* SHA-256 with RSA: PSS with a salt of 32 bytes, or PKCS #1 v1.5. */
bool sim_jwt_signed_by(struct evp_pkey_st *key, bool pss,
		       const struct sim_jwt *p);

/* ---- federated.c: a token of another issuer --------------------------------
 */

struct sim_federated;

struct sim_federated *sim_federated_new(void);
void sim_federated_free(struct sim_federated **f);
/* {"issuer","subject","audience","pem"}: the one federated credential of the
 * application; pem is a certificate with the issuer's key. */
int sim_federated_set(struct sim_federated *f, struct mst_json v,
		      struct mst_err *err);
void sim_federated_clear(struct sim_federated *f);
/* Is it one of another issuer (no thumbprint of a certificate in it)? Then it
 * is checked: issuer, subject and audience letter by letter, signature, time.
 */
bool sim_federated_check(struct sim_federated *f, const char *assertion,
			 int64_t now_us, struct assertion_result *res);

/* ---- discovery.c -----------------------------------------------------------
 */

/* Where the tenant is, as its configuration says. */
struct sim_cloud {
	const char *name;
	const char *instance, *region;
	const char *sub; /* NULL: not said */
};

/* What client libraries ask for before the token: the instances of a cloud, the
 * OpenID configuration of a tenant, its keys. False: the path is none of
 * these. */
bool sim_discovery_serve(const struct sim_request *r, struct sim_cloud cloud,
			 bool issuer_here, struct sim_reply *reply);
/* "commercial", "gcc", "gcc-high", "dod", "china". False: none of these. */
bool sim_cloud_find(struct mst_slice name, struct sim_cloud *cloud_r);

/* ---- sign_in.c: people who sign in -----------------------------------------
 */

struct sim_sign_in;
struct sim_pair;

struct sim_sign_in *sim_sign_in_new(void);
void sim_sign_in_free(struct sim_sign_in **s);
/* Is the issuer's name this host's, not that of the real one? */
bool sim_sign_in_issuer(const struct sim_sign_in *s);
/* The page, the keys. False: the path is none of these. */
bool sim_sign_in_serve(struct sim_sign_in *s, const struct sim_request *r,
		       struct sim_reply *reply);
/* A code becomes an id token; the client was checked. */
void sim_sign_in_token(struct sim_sign_in *s, const struct sim_request *r,
		       struct sim_reply *reply, const struct sim_pair *form,
		       size_t n);
/* /_sim/sign_in */
void sim_sign_in_control(struct sim_sign_in *s, struct mst_json_parser *json,
			 const struct sim_request *r, struct sim_reply *reply);

/* ---- entra.c, entra_app.c --------------------------------------------------
 */

#define MAX_ROLES 16

/* A refusal that can be asked for. */
struct sim_refusal {
	int code; /* of AADSTS */
	int status;
	const char *error, *text;
};

struct role_list {
	char v[MAX_ROLES][64];
	size_t n;
};

struct sim_entra {
	struct sim_certs *certs;
	struct sim_federated *federated;
	struct sim_sign_in *sign_in;
	struct mst_json_parser *json;
	char secret[256];
	struct role_list roles[SIM_RES__MAX];
	bool secret_expired, disabled;
	const struct sim_refusal *refusal; /* NULL: lets in who is right */
	int refused; /* enum sim_resource that it is for; -1: any */
	struct sim_cloud cloud;
	int64_t life_s;
	uint64_t count; /* for trace ids */
};

/* As at the start; certificates and the federated credential stay. */
void sim_entra_app_reset(struct sim_entra *e);

#endif
