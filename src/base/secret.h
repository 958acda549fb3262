/* SPDX-License-Identifier: Apache-2.0
 *
 * A secret is a type, not a string: guarded, locked memory (libsodium), wiped
 * when freed, never printed. mst_secret_get lends the bytes for the moment of
 * use; do not keep them.
 */
#ifndef MST_BASE_SECRET_H
#define MST_BASE_SECRET_H

#include "base/err.h"
#include "base/slice.h"

struct mst_secret;

/* Copies s into guarded memory. The caller wipes its own copy. */
struct mst_secret *mst_secret_new(struct mst_slice s);
void mst_secret_free(struct mst_secret **s);
struct mst_slice mst_secret_get(const struct mst_secret *s);
bool mst_secret_eq(const struct mst_secret *a, const struct mst_secret *b);
/* Reads a reference: "env:NAME", "file:/path" (one trailing newline is
 * dropped; a file readable by others is refused), "credential:NAME" (systemd,
 * below $CREDENTIALS_DIRECTORY). Anything else is MST_E_INVALID with the list
 * of forms; a plain secret in the configuration is never accepted and never
 * echoed. */
int mst_secret_ref(const char *ref, struct mst_secret **s_r,
		   struct mst_err *err);
/* Only whether the form is right; reads nothing. */
bool mst_secret_ref_ok(const char *ref);
void mst_wipe(void *p, size_t n);
/* A buffer on the way (token, form body): wiped before it is freed. */
struct mst_buf;
void mst_buf_wipe_fini(struct mst_buf *b);
/* Once, before threads; fails only if libsodium cannot start. */
int mst_secret_setup(struct mst_err *err);

#endif
