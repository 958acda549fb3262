/* SPDX-License-Identifier: Apache-2.0
 *
 * The credentials: Entra ID client credentials by secret, by certificate or
 * by federated token (msapi.md section D), ServiceNow OAuth grants and Basic
 * (servicenow.md section 5), tokens that are sent as they are. All are struct
 * mst_auth (net/auth.h).
 */
#ifndef MST_CRED_CRED_H
#define MST_CRED_CRED_H

#include "base/check.h"
#include "net/auth.h"

/* Entra ID v2.0 client credentials. login is "https://host". All copied. One of
 * client_secret, certificate, certificate_name and federated_token_file says
 * who we are; the others are NULL. */
struct mst_cred_entra {
	const char *login, *tenant, *client_id, *scope;
	const char *client_secret;   /* reference */
	const char *secret_expires;  /* date, as a person saw it; or NULL */
	const char *certificate;     /* PEM, PKCS#12 file or "pkcs11:…" */
	const char *certificate_key; /* PEM of the key if it is a file of its
				      * own, else NULL */
	const char *certificate_password; /* reference: of the file, the key or
					   * the token's PIN; NULL: none */
	/* By name in a store (certs.h); NULL: LocalMachine, My */
	const char *certificate_location, *certificate_store;
	const char *certificate_name; /* subject or thumbprint */
	const char *assertion_alg;    /* "PS256" (x5t#S256) or "RS256" (x5t) */
	bool send_x5c;		      /* the chain goes along */
	const char *federated_token_file; /* path or "env:NAME" */
};

/* Reads secret references and key files now, so that a wrong one is found
 * before the first request. */
int mst_cred_entra(const struct mst_cred_entra *conf, struct mst_auth **a_r,
		   struct mst_err *err);
/* The application roles in the cached token (claim "roles" of a JWT), as
 * "Machine.Read.All Software.Read.All"; "" when the token is opaque or has
 * none. For the permission check only, never for control flow of security.
 * NULL before a token was fetched. */
const char *mst_cred_entra_roles(struct mst_auth *a);
/* How long the token lives from when it was given, in ms; -1: there is none. */
int64_t mst_cred_entra_life(struct mst_auth *a);
/* Something to tell a person that is no error: certificate or secret end within
 * 30 days, with what to do. "" when there is nothing. */
const char *mst_cred_warning(struct mst_auth *a);
/* The remedy in the text of the last refused log-in, where it stands behind
 * "; ". "" when there is none. */
const char *mst_cred_advice(struct mst_auth *a);

/* A client assertion (PS256) of a certificate, for one token end point: what a
 * sign-in proves itself with instead of a client secret. key NULL: in the same
 * file; password NULL: none. Appended to out, which the caller wipes. */
struct mst_secret;
int mst_cred_assertion(const char *certificate, const char *key,
		       const struct mst_secret *password, const char *aud,
		       const char *client_id, struct mst_buf *out,
		       struct mst_err *err);

/* For set-up checks. What mst_cred_entra refuses before it reads any secret,
 * key or token. */
int mst_cred_entra_check(const struct mst_cred_entra *conf,
			 struct mst_err *err);
/* Reads the credential and says what it is, whether it can be used and when it
 * ends: level, code, text and remedy. conf was checked. */
void mst_cred_entra_look(const struct mst_cred_entra *conf,
			 struct mst_check *c);

/* ServiceNow: grant "password", "client_credentials" or "refresh_token" at
 * url + "/oauth_token.do". A refresh token that an answer brings is used for
 * renewal; when it is refused, a configured password is the way back. */
struct mst_cred_oauth {
	const char *url, *grant;
	const char *client_id, *client_secret; /* secret: a reference */
	const char *username, *password;       /* password: a reference */
	const char *refresh_token;	       /* a reference */
};

int mst_cred_oauth(const struct mst_cred_oauth *conf, struct mst_auth **a_r,
		   struct mst_err *err);
int mst_cred_basic(const char *username, const char *password_ref,
		   struct mst_auth **a_r, struct mst_err *err);
/* A token that was made at the far end, sent as it is, without a scheme
 * (Defender for IoT). Read now; MST_E_INVALID when it cannot be one. */
int mst_cred_bare(const char *token_ref, struct mst_auth **a_r,
		  struct mst_err *err);

#endif
