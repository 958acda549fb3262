/* SPDX-License-Identifier: Apache-2.0
 *
 * Passwords: argon2id, what one may look like, one-time passwords.
 *
 * Parameters: 3 passes over 64 MiB (MST_PASSWORD_OPS, MST_PASSWORD_MEM), one
 * lane, a salt of 16 bytes, as libsodium's crypto_pwhash_str writes it. They
 * stand in each hash: when they change here, a user's hash is made anew at the
 * next sign-in.
 */
#ifndef MST_AUTH_PASSWORD_H
#define MST_AUTH_PASSWORD_H

#include "base/err.h"
#include "base/secret.h"

#define MST_PASSWORD_OPS  3u
#define MST_PASSWORD_MEM  (64u << 20)
#define MST_PASSWORD_HASH 128 /* crypto_pwhash_STRBYTES */
#define MST_PASSWORD_MOST 1024

/* Tests take less of both. */
void mst_password_cost(unsigned long long ops, size_t mem);

/* About a tenth of a second, and the memory. MST_E_IO when there is no memory
 * for it. */
int mst_password_hash(struct mst_slice password, char out[MST_PASSWORD_HASH],
		      struct mst_err *err);
/* The same time whether it fits, does not, or hash is "" (nobody's): then it
 * never fits. *anew_r: the hash has other parameters than ours. */
bool mst_password_fits(const char *hash, struct mst_slice password,
		       bool *anew_r);

/* May the user have it? MST_E_INVALID says what is wrong with it: length, the
 * name in it, one of the commonest, a pattern. Never repeats it. */
int mst_password_check(struct mst_slice password, const char *user,
		       const char *full_name, int64_t min_length,
		       struct mst_err *err);
/* Is it one that people choose? Case, digits and signs at its ends, and signs
 * that stand for letters ("p4$$w0rd") do not matter. */
bool mst_password_is_common(struct mst_slice password);
/* A one-time password: five groups of four letters and digits that are not
 * mistaken for each other, 98 bits. */
#define MST_PASSWORD_ONCE 25
void mst_password_make(char out[MST_PASSWORD_ONCE]);

#endif
