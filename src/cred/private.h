/* SPDX-License-Identifier: Apache-2.0
 *
 * What the credentials share among themselves: token requests and answers,
 * certificates, the assertion, Entra ID's errors.
 */
#ifndef MST_CRED_PRIVATE_H
#define MST_CRED_PRIVATE_H

#include "cred/cred.h"
#include "json/json.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

#define MST_LOGIN_ANSWER (1u << 20) /* bytes of a token answer */

/* ---- form.c: token requests and answers --------------------------------- */

void mst_form_init(struct mst_buf *form);
void mst_form_add(struct mst_buf *form, const char *key, struct mst_slice v);
/* A POST of the form, which is wiped and freed. */
int mst_form_req(struct mst_buf *form, const char *url, const char *what,
		 struct mst_req *req_r, struct mst_err *err);
/* "Authorization: <scheme> <value>" */
int mst_form_header(const char *scheme, const struct mst_secret *value,
		    struct mst_buf *out, struct mst_err *err);
/* https, or http to loopback; anything else is an error that names `key`.
 * host_r (256 bytes) may be NULL. */
int mst_form_url(const char *url, const char *key, char *host_r,
		 struct mst_err *err);

/* The answer's JSON. What is no JSON object is an error that names the host
 * and the usual reason: transient for 408, 429 and 5xx and for cut texts. */
int mst_answer_json(struct mst_json_parser *p, const struct mst_resp *resp,
		    const char *host, const char *usual,
		    struct mst_json *root_r, struct mst_err *err);
/* Reads a token; texts are borrowed from the parser, refresh may be absent. */
struct mst_answer {
	struct mst_slice access, refresh;
	int64_t ttl_ms;
};
int mst_answer_token(struct mst_json root, const char *host,
		     struct mst_answer *a_r, struct mst_err *err);
/* 408, 429, 5xx */
bool mst_answer_is_transient(int status);
/* One line of a text for a message: up to the first line break, control
 * characters replaced, cut at out_n. */
void mst_answer_line(struct mst_slice text, char *out, size_t out_n);

/* ---- certificate.c ------------------------------------------------------- */

#define MST_X5C_MAX 8 /* certificates of a chain */

struct mst_token_key; /* pkcs11.c */

struct mst_cert {
	struct evp_pkey_st *key;     /* NULL: it is on a token */
	struct mst_token_key *token; /* else NULL */
	char x5t[32];		     /* base64url of SHA-1 of the certificate */
	char x5t256[48];	     /* base64url of SHA-256 */
	char thumb[41];		     /* SHA-1 in hex, as the portal shows it */
	char *x5c[MST_X5C_MAX];	     /* base64 of DER, leaf first */
	size_t x5c_n;		     /* 0: not asked for */
	char *subject;		     /* "CN=muster, O=Example" */
	int64_t to_us;		     /* its end */
	char warning[300];
};

struct mst_cert_conf {
	const char *path;     /* a file, or "pkcs11:…" */
	const char *key_path; /* NULL: in the same file */
	/* of the file, the key or the token; NULL: none */
	const struct mst_secret *password;
	const char *chain_dir; /* further issuers, NULL: none */
	bool in_store;	       /* the key may lie beside it, as x.key */
	bool x5c;
};

/* Checks that certificate and key match, that it is RSA of 2048 bits or more,
 * not signed with SHA-1, and the dates against base/time.h. */
int mst_cert_load(const struct mst_cert_conf *conf, struct mst_cert *c_r,
		  struct mst_err *err);
void mst_cert_fini(struct mst_cert *c);
/* Appends the RSA signature over SHA-256 of the text: PSS with a salt of 32
 * bytes, or PKCS #1 v1.5. */
int mst_cert_sign(const struct mst_cert *c, bool is_pss, struct mst_slice text,
		  struct mst_buf *out, struct mst_err *err);

/* ---- assertion.c --------------------------------------------------------- */

#define MST_ASSERTION_S 600 /* life of an assertion */

/* Appends the signed JWT. alg is "PS256" or "RS256". */
int mst_assertion_make(const struct mst_cert *c, const char *alg,
		       const char *aud, const char *client_id,
		       struct mst_buf *out, struct mst_err *err);

/* ---- federated.c --------------------------------------------------------- */

/* The file that an option names: a path from the root, or "env:NAME" for the
 * one that the variable holds. free() the path. */
int mst_federated_path(const char *option, char **path_r, struct mst_err *err);
/* The token in the file. out is set up here; the caller wipes it. */
int mst_federated_read(const char *path, struct mst_buf *out,
		       struct mst_err *err);

/* ---- identity.c ---------------------------------------------------------- */

/* One of the first three. */
struct mst_entra_id {
	struct mst_secret *secret;
	char *token_file;
	struct mst_cert cert;
	const char *alg;   /* of the assertion with the certificate */
	char warning[300]; /* it ends within 30 days; "" */
};

/* Exactly one is named, and what goes with it; reads nothing. */
int mst_entra_id_check(const struct mst_cred_entra *conf, struct mst_err *err);
/* Reads it; conf was checked. */
int mst_entra_id_load(const struct mst_cred_entra *conf,
		      struct mst_entra_id *id_r, struct mst_err *err);
void mst_entra_id_fini(struct mst_entra_id *id);
/* secret_expires; MST_TIME_NONE when it is not set. */
int mst_secret_end(const struct mst_cred_entra *conf, int64_t *us_r,
		   struct mst_err *err);
/* 8-4-4-4-12 hex digits: the shape of a secret's ID, never of its value. */
bool mst_is_guid(struct mst_slice s);

/* ---- entra_error.c, roles.c ---------------------------------------------- */

struct mst_entra_who {
	const char *host, *tenant, *client_id;
	const char *thumb;	   /* of the certificate, NULL with a secret */
	bool secret_looks_like_id; /* a GUID where a secret is expected */
	bool asserts;		   /* by certificate or token: times matter */
};

/* Turns the error answer into one line with the remedy. *advice_r: the remedy
 * in it, behind "; ", a literal; "" when it has none. */
int mst_entra_error(const struct mst_entra_who *who, struct mst_json root,
		    const struct mst_resp *resp, const char **advice_r,
		    struct mst_err *err);

/* The claims of a JWT as text; false: it is none. Nothing is proven. */
bool mst_jwt_claims(struct mst_slice token, struct mst_buf *out);

/* Claim "roles" of a JWT, joined by blanks; "" when there is none. free(). */
char *mst_jwt_roles(struct mst_slice token);

#endif
