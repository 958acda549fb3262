/* SPDX-License-Identifier: Apache-2.0
 *
 * A token that somebody made at the far end, sent with every request as it is:
 * "Authorization: <token>", without a scheme.
 */
#include <stdlib.h>

#include "cred/private.h"

struct bare {
	struct mst_auth base;
	struct mst_secret *token;
};

static struct bare *bare_of(struct mst_auth *a)
{
	return mst_container_of(a, struct bare, base);
}

static int header(struct mst_auth *a, struct mst_buf *out, struct mst_err *err)
{
	mst_buf_adds(out, "Authorization: ");
	mst_buf_add_slice(out, mst_secret_get(bare_of(a)->token));
	return 0;
}

static void free_bare(struct mst_auth *a)
{
	mst_secret_free(&bare_of(a)->token);
	free(bare_of(a));
}

static const struct mst_auth_ops bare_ops = {
    .name = "token",
    .begin = mst_auth_still_begin,
    .accept = mst_auth_still_accept,
    .header = header,
    .forget = mst_auth_still_forget,
    .free = free_bare,
};

/* What is wrong with the text, without the text. */
static const char *fault_of(struct mst_slice token)
{
	if (!token.n)
		return "it is empty";
	if (mst_slice_istarts(token, "bearer ") ||
	    mst_slice_istarts(token, "token ") ||
	    mst_slice_istarts(token, "authorization:"))
		return "it is sent as it is: give the token alone, without "
		       "\"Bearer\" or \"Authorization\" in front";
	for (size_t i = 0; i < token.n; i++) {
		if (token.p[i] <= ' ' || token.p[i] > '~')
			return "it holds blanks, line ends or other characters "
			       "that no token has: copy it once more";
	}
	return NULL;
}

int mst_cred_bare(const char *token_ref, struct mst_auth **a_r,
		  struct mst_err *err)
{
	struct mst_secret *token = NULL;
	const char *fault;
	struct bare *b;

	if (!token_ref)
		return mst_err_set(err, MST_E_INVALID, "token is missing");
	if (mst_secret_ref(token_ref, &token, err))
		return mst_err_prefix(err, "token");
	fault = fault_of(mst_secret_get(token));
	if (fault) {
		mst_secret_free(&token);
		return mst_err_set(err, MST_E_INVALID, "token: %s", fault);
	}
	b = mst_alloc(sizeof(*b));
	b->base.ops = &bare_ops;
	b->token = token;
	*a_r = &b->base;
	return 0;
}
