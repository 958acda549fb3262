/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets in libsodium's guarded memory.
 */
#include "base/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/buf.h"

struct mst_secret {
	size_t n;
	char *p; /* guarded, read-only, a NUL behind n bytes */
};

int mst_secret_setup(struct mst_err *err)
{
	if (sodium_init() < 0)
		return mst_err_set(err, MST_E_INTERNAL,
				   "libsodium could not start; secrets cannot "
				   "be held safely");
	return 0;
}

struct mst_secret *mst_secret_new(struct mst_slice s)
{
	struct mst_secret *secret = mst_alloc(sizeof(*secret));

	if (sodium_init() < 0)
		mst_oom();
	secret->n = s.n;
	secret->p = sodium_malloc(s.n + 1);
	if (!secret->p)
		mst_oom();
	if (s.n)
		memcpy(secret->p, s.p, s.n);
	secret->p[s.n] = 0;
	(void)sodium_mprotect_readonly(secret->p);
	return secret;
}

void mst_secret_free(struct mst_secret **s)
{
	if (!*s)
		return;
	sodium_free((*s)->p); /* wipes */
	free(*s);
	*s = NULL;
}

struct mst_slice mst_secret_get(const struct mst_secret *s)
{
	return mst_slice(s->p, s->n);
}

bool mst_secret_eq(const struct mst_secret *a, const struct mst_secret *b)
{
	return a->n == b->n && sodium_memcmp(a->p, b->p, a->n) == 0;
}

void mst_wipe(void *p, size_t n)
{
	if (n)
		sodium_memzero(p, n);
}

void mst_buf_wipe_fini(struct mst_buf *b)
{
	mst_wipe(b->p, b->cap);
	mst_buf_fini(b);
}

int mst_secret_no_dumps(struct mst_err *err)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return mst_err_os(err, "cannot switch core dumps off");
	return 0;
}
