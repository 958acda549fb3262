/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashing passwords, and making them up.
 */
#include "auth/password.h"

#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

static_assert(MST_PASSWORD_HASH == crypto_pwhash_STRBYTES, "libsodium's");
static_assert(MST_PASSWORD_OPS >= crypto_pwhash_OPSLIMIT_MIN, "libsodium's");

static atomic_ullong ops = MST_PASSWORD_OPS;
static atomic_size_t mem = MST_PASSWORD_MEM;

void mst_password_cost(unsigned long long o, size_t m)
{
	atomic_store(&ops, o);
	atomic_store(&mem, m);
}

int mst_password_hash(struct mst_slice password, char out[MST_PASSWORD_HASH],
		      struct mst_err *err)
{
	if (crypto_pwhash_str_alg(out, password.p, password.n,
				  atomic_load(&ops), atomic_load(&mem),
				  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return mst_err_set(err, MST_E_IO,
				   "no memory to hash a password: it takes %zu "
				   "MiB",
				   atomic_load(&mem) >> 20);
	return 0;
}

bool mst_password_fits(const char *hash, struct mst_slice password,
		       bool *anew_r)
{
	char none[MST_PASSWORD_HASH];
	struct mst_err ignored = MST_ERR_INIT;

	*anew_r = false;
	if (password.n > MST_PASSWORD_MOST)
		password.n = MST_PASSWORD_MOST + 1;
	if (!*hash) {
		(void)mst_password_hash(password, none, &ignored);
		return false;
	}
	if (crypto_pwhash_str_verify(hash, password.p, password.n) != 0 ||
	    password.n > MST_PASSWORD_MOST)
		return false;
	*anew_r = crypto_pwhash_str_needs_rehash(hash, atomic_load(&ops),
						 atomic_load(&mem)) != 0;
	return true;
}

void mst_password_make(char out[MST_PASSWORD_ONCE])
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
	size_t n = 0;

	for (size_t i = 0; i < 20; i++) {
		if (i && i % 4 == 0)
			out[n++] = '-';
		out[n++] = letters[randombytes_uniform(sizeof(letters) - 1)];
	}
	out[n] = 0;
}
