/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealing secrets for storage: XChaCha20-Poly1305 (libsodium) with the keys of
 * a key file. The file is text, one key a line; the first seals, all open. The
 * name of a secret is authenticated with it, so that one cannot be stored in
 * another's place.
 */
#ifndef MST_BASE_SEAL_H
#define MST_BASE_SEAL_H

#include "base/buf.h"
#include "base/secret.h"

struct mst_seal_keys;

/* Where the key file is: $MUSTER_SEAL_KEY, else the systemd credential
 * "muster-seal-key", else seal.key in the configuration folder: the system's
 * for root or when MUSTER_CONFIG is set, else the user's. fixed_r: it is a
 * credential, which cannot be written. free() the path. */
int mst_seal_path(char **path_r, bool *fixed_r, struct mst_err *err);
/* Reads the file. MST_E_NOTFOUND when it is not there; a file that others may
 * read, or that is no key file, is MST_E_INVALID. */
int mst_seal_load(const char *path, struct mst_seal_keys **k_r,
		  struct mst_err *err);
/* Writes it anew, mode 0600, synced; its folder is made when missing. */
int mst_seal_save(const char *path, const struct mst_seal_keys *k,
		  struct mst_err *err);
/* Without any key yet. */
struct mst_seal_keys *mst_seal_new(void);
void mst_seal_free(struct mst_seal_keys **k);
/* Puts a random key in front. MST_E_INVALID when there are too many. */
int mst_seal_add(struct mst_seal_keys *k, struct mst_err *err);
/* Forgets all but the first. */
void mst_seal_keep_first(struct mst_seal_keys *k);
size_t mst_seal_count(const struct mst_seal_keys *k);

/* Appends key id, nonce and ciphertext; there is at least one key. */
void mst_seal(const struct mst_seal_keys *k, const char *name,
	      const struct mst_secret *s, struct mst_buf *out);
/* MST_E_NOTFOUND: sealed with a key that is not in the file. MST_E_CORRUPT: it
 * was changed, or belongs to another name. */
int mst_seal_open(const struct mst_seal_keys *k, const char *name,
		  struct mst_slice sealed, struct mst_secret **s_r,
		  struct mst_err *err);
/* Is the key that sealed it there? Looks at the key id only. */
bool mst_seal_has_key(const struct mst_seal_keys *k, struct mst_slice sealed);

#endif
