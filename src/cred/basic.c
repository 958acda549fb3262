/* SPDX-License-Identifier: Apache-2.0
 *
 * User name and password with every request (RFC 7617).
 */
#include <stdlib.h>

#include "base/b64.h"
#include "cred/private.h"

struct basic {
	struct mst_auth base;
	struct mst_secret *pair; /* base64 of user:password */
};

static struct basic *basic_of(struct mst_auth *a)
{
	return mst_container_of(a, struct basic, base);
}

static int header(struct mst_auth *a, struct mst_buf *out, struct mst_err *err)
{
	return mst_form_header("Basic", basic_of(a)->pair, out, err);
}

static void free_basic(struct mst_auth *a)
{
	mst_secret_free(&basic_of(a)->pair);
	free(basic_of(a));
}

static const struct mst_auth_ops basic_ops = {
    .name = "basic",
    .begin = mst_auth_still_begin,
    .accept = mst_auth_still_accept,
    .header = header,
    .forget = mst_auth_still_forget,
    .free = free_basic,
};

int mst_cred_basic(const char *username, const char *password_ref,
		   struct mst_auth **a_r, struct mst_err *err)
{
	struct mst_buf pair = MST_BUF_INIT(128u << 10);
	struct mst_buf text = MST_BUF_INIT(256u << 10);
	struct mst_secret *password = NULL;
	struct basic *b;

	if (!username || !*username)
		return mst_err_set(err, MST_E_INVALID, "username is missing");
	if (strchr(username, ':'))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "username '%.60s' holds a colon, which Basic "
		    "cannot send",
		    username);
	if (!password_ref)
		return mst_err_set(err, MST_E_INVALID, "password is missing");
	if (mst_secret_ref(password_ref, &password, err))
		return mst_err_prefix(err, "password");
	(void)mst_buf_reserve(&pair, 4096);
	(void)mst_buf_reserve(&text, 8192);
	mst_buf_addf(&pair, "%s:", username);
	mst_buf_add_slice(&pair, mst_secret_get(password));
	mst_b64_add(&text, mst_buf_slice(&pair));
	b = mst_alloc(sizeof(*b));
	b->base.ops = &basic_ops;
	b->pair = mst_secret_new(mst_buf_slice(&text));
	mst_buf_wipe_fini(&pair);
	mst_buf_wipe_fini(&text);
	mst_secret_free(&password);
	*a_r = &b->base;
	return 0;
}
