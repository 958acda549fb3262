/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates: what is in the stores, what connections use beside them, and
 * what is about to end.
 */
#ifndef MST_CHECKUP_CERTS_H
#define MST_CHECKUP_CERTS_H

#include "base/arena.h"
#include "cred/certs.h"
#include "state/state.h"
#include "json/out.h"

struct mst_certs_use {
	const char *connection;
	struct mst_cert_entry cert; /* without subject: it is not there */
};

struct mst_certs {
	struct mst_arena arena;
	struct mst_state *state;
	struct mst_cert_list list;
	struct mst_certs_use *uses;
	size_t uses_n;
	struct mst_err err;
};

/* All of them; fini also after an error. */
int mst_certs_gather(struct mst_state *state, struct mst_certs *c,
		     struct mst_err *err);
void mst_certs_fini(struct mst_certs *c);
/* Appends names of connections that use it, with commas between. */
void mst_certs_users(const struct mst_certs *c, const struct mst_cert_entry *e,
		     struct mst_buf *out);
/* Appends what is wrong with it or soon will be; nothing when it is fine. */
void mst_certs_warning(const struct mst_cert_entry *e, struct mst_buf *out);
/* One as an object. */
void mst_certs_json(struct mst_jout *j, const struct mst_certs *c,
		    const struct mst_cert_entry *e);

#endif
