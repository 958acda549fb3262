/* SPDX-License-Identifier: Apache-2.0
 *
 * The roles in an access token. The token is its API's business, not ours; we
 * look into it only to say in time which permission is missing.
 */
#include <stdlib.h>

#include "base/b64.h"
#include "cred/private.h"

bool mst_jwt_claims(struct mst_slice token, struct mst_buf *out)
{
	const char *a = memchr(token.p, '.', token.n);
	const char *b;

	if (!a)
		return false;
	a++;
	b = memchr(a, '.', (size_t)(token.p + token.n - a));
	return b && b > a && mst_b64_decode(out, mst_slice(a, (size_t)(b - a)));
}

char *mst_jwt_roles(struct mst_slice token)
{
	struct mst_buf claims = MST_BUF_INIT(MST_LOGIN_ANSWER);
	struct mst_buf out = MST_BUF_INIT(MST_LOGIN_ANSWER);
	struct mst_json_parser *p = mst_json_parser_new(MST_LOGIN_ANSWER);
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root, v;
	struct mst_json_iter it;

	if (token.n && mst_jwt_claims(token, &claims) &&
	    !mst_json_parse(p, mst_buf_slice(&claims), &root, &ignored)) {
		it = mst_json_iter(mst_json_get(root, "roles"));
		while (mst_json_next(&it, NULL, &v)) {
			struct mst_slice s = mst_json_str(v);

			if (s.n && out.n)
				mst_buf_addc(&out, ' ');
			mst_buf_add_slice(&out, s);
		}
	}
	mst_buf_fini(&claims);
	mst_json_parser_free(&p);
	return mst_buf_steal(&out);
}
