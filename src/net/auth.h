/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials as seen by the network. A credential makes the Authorization
 * header; one that needs a token says which request fetches it and reads the
 * answer (no I/O of its own). The client caches tokens: one fetch at a time,
 * renewed 60 s (or a tenth of its life) early, dropped once after a 401.
 */
#ifndef MST_NET_AUTH_H
#define MST_NET_AUTH_H

#include "base/secret.h"
#include "net/client.h"

struct mst_auth_ops {
	const char *name; /* "client_secret", "certificate", "basic", … */
	/* 1: *req_r fetches a token. 0: no token is needed, header() suffices
	 * at once. <0: error. */
	int (*begin)(struct mst_auth *a, struct mst_req *req_r,
		     struct mst_err *err);
	/* Reads the token answer. *ttl_ms_r is the token's life. Errors say
	 * what the login host said and what to do; code MST_E_AUTH stops the
	 * run, MST_E_TRANSIENT is tried again by the client. 1: this way is
	 * dead but there is another, call begin again at once. begin is called
	 * anew for each attempt. */
	int (*accept)(struct mst_auth *a, const struct mst_resp *resp,
		      int64_t *ttl_ms_r, struct mst_err *err);
	/* Appends "Authorization: …" to out (wiped after use by the caller). */
	int (*header)(struct mst_auth *a, struct mst_buf *out,
		      struct mst_err *err);
	/* The API refused the token (401): forget it. */
	void (*forget)(struct mst_auth *a);
	void (*free)(struct mst_auth *a);
};

/* First member of every credential. */
struct mst_auth {
	const struct mst_auth_ops *ops;
};

void mst_auth_free(struct mst_auth **a);

/* For a credential that is sent with every request as it is: no token is asked
 * for, so none is read and none forgotten. */
int mst_auth_still_begin(struct mst_auth *a, struct mst_req *req_r,
			 struct mst_err *err);
int mst_auth_still_accept(struct mst_auth *a, const struct mst_resp *resp,
			  int64_t *ttl_ms_r, struct mst_err *err);
void mst_auth_still_forget(struct mst_auth *a);

#endif
