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
/* The forms of references, for messages. */
#define MST_SECRET_FORMS                                                       \
	"env:NAME, file:/path, credential:NAME (systemd), exec:/program "      \
	"ARGUMENTS or sealed:NAME (muster secret)"
/* Reads a reference:
 *   env:NAME            an environment variable
 *   file:/path          one trailing newline is dropped; a file that others may
 *                       read is refused
 *   credential:NAME     systemd's, below $CREDENTIALS_DIRECTORY
 *   exec:/program ARGS  what it prints, one trailing newline dropped
 *   sealed:NAME         kept encrypted in the state store that is open
 * Anything else is MST_E_INVALID with the list of forms; a plain secret in the
 * configuration is never accepted and never echoed. */
int mst_secret_ref(const char *ref, struct mst_secret **s_r,
		   struct mst_err *err);
/* Only whether the form is right; reads nothing. */
bool mst_secret_ref_ok(const char *ref);
/* Would reading it have this machine run a program? */
bool mst_secret_ref_runs(const char *ref);
/* May a sealed secret be called this? */
bool mst_secret_name_ok(const char *name);

/* Who opens "sealed:NAME": the state store, while it is open. The last one that
 * was set in this thread counts, else the last one that was set in any. */
struct mst_secret_vault {
	int (*open)(void *ctx, const char *name, struct mst_secret **s_r,
		    struct mst_err *err);
	void *ctx;
};
void mst_secret_vault_set(const struct mst_secret_vault *v);
/* Takes it away if it is the one with this ctx. */
void mst_secret_vault_drop(const void *ctx);

/* What a person typed for this once: the reference MST_SECRET_TYPED reads it,
 * which no configuration may hold (mst_secret_ref_ok). Takes it over; NULL
 * wipes the last one. */
#define MST_SECRET_TYPED "typed:"
void mst_secret_typed(struct mst_secret *s);

/* No core dump of this process from now on, by whatever takes it, and no other
 * process of the user may read its memory. Secrets themselves are never in a
 * dump; copies on the way through libraries would be. Once, by the program. */
int mst_secret_no_dumps(struct mst_err *err);
void mst_wipe(void *p, size_t n);
/* A buffer on the way (token, form body): wiped before it is freed. */
struct mst_buf;
void mst_buf_wipe_fini(struct mst_buf *b);
/* Once, before threads; fails only if libsodium cannot start. */
int mst_secret_setup(struct mst_err *err);

#endif
