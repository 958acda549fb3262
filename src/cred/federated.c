/* SPDX-License-Identifier: Apache-2.0
 *
 * Workload identity: somebody else (a cluster, a pipeline) writes a token into
 * a file and renews it there; Entra ID trusts its issuer. So the file is read
 * anew for every log-in.
 */
#include <stdlib.h>

#include "base/b64.h"
#include "base/file.h"
#include "base/time.h"
#include "cred/private.h"

#define TOKEN_MAX (64u << 10)

int mst_federated_path(const char *option, char **path_r, struct mst_err *err)
{
	const char *path = option;

	if (strncmp(option, "env:", 4) == 0) {
		path = getenv(option + 4);
		if (!path || !*path)
			return mst_err_set(
			    err, MST_E_NOTFOUND,
			    "the environment variable '%.100s' that names the "
			    "token file is not set; is workload identity "
			    "switched on for this account (pod)?",
			    option + 4);
	}
	if (*path != '/')
		return mst_err_set(err, MST_E_INVALID,
				   "'%.100s' is not a path from the root; name "
				   "the file as /path, or its variable as env:"
				   "AZURE_FEDERATED_TOKEN_FILE",
				   path);
	*path_r = mst_strdup(path);
	return 0;
}

static bool part_ok(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((p[i] >= '0' && p[i] <= '9') ||
		      (p[i] >= 'a' && p[i] <= 'z') ||
		      (p[i] >= 'A' && p[i] <= 'Z') || p[i] == '-' ||
		      p[i] == '_'))
			return false;
	return n > 0;
}

/* Three parts of base64url. */
static bool is_jwt(struct mst_slice s, struct mst_slice *claims_r)
{
	const char *a = memchr(s.p, '.', s.n), *b;
	const char *end = s.p + s.n;

	b = a ? memchr(a + 1, '.', (size_t)(end - a - 1)) : NULL;
	if (!b || !part_ok(s.p, (size_t)(a - s.p)) ||
	    !part_ok(a + 1, (size_t)(b - a - 1)) ||
	    !part_ok(b + 1, (size_t)(end - b - 1)))
		return false;
	*claims_r = mst_slice(a + 1, (size_t)(b - a - 1));
	return true;
}

/* Its own end, when it tells; whether it is right is Entra ID's business. */
static int check_end(struct mst_slice part, const char *path,
		     struct mst_err *err)
{
	struct mst_json_parser *p = mst_json_parser_new(TOKEN_MAX);
	struct mst_buf claims = MST_BUF_INIT(TOKEN_MAX);
	struct mst_err ignored = MST_ERR_INIT;
	struct mst_json root;
	int64_t exp = INT64_MAX / 1000000;
	char text[21];

	if (mst_b64_decode(&claims, part) &&
	    mst_json_parse(p, mst_buf_slice(&claims), &root, &ignored) == 0)
		(void)mst_json_i64(mst_json_get(root, "exp"), &exp);
	mst_buf_fini(&claims);
	mst_json_parser_free(&p);
	exp = MST_MIN(exp, INT64_MAX / 1000000);
	if (exp > mst_now_us() / 1000000)
		return 0;
	mst_time_iso(MST_MAX(exp, 0) * 1000000, text);
	return mst_err_set(
	    err, MST_E_AUTH,
	    "the token in '%s' ended on %s; what writes the file "
	    "does not renew it: look there, and at this "
	    "machine's clock",
	    path, text);
}

int mst_federated_read(const char *path, struct mst_buf *out,
		       struct mst_err *err)
{
	struct mst_slice s, claims;
	int rc;

	mst_buf_init(out, TOKEN_MAX);
	/* One allocation, so that no copy of it stays behind. */
	(void)mst_buf_reserve(out, TOKEN_MAX);
	rc = mst_file_read(path, out, err);
	s = mst_slice_trim(mst_buf_slice(out));
	if (!rc && s.n == 0)
		rc = mst_err_set(err, MST_E_INVALID,
				 "the token file '%s' is empty; what writes it "
				 "has not done so yet",
				 path);
	else if (!rc && !is_jwt(s, &claims))
		rc = mst_err_set(err, MST_E_INVALID,
				 "'%s' holds no token (a JWT: three parts with "
				 "dots between them)",
				 path);
	if (!rc)
		rc = check_end(claims, path, err);
	if (rc) {
		mst_buf_wipe_fini(out);
		return mst_err_prefix(err, "federated_token_file");
	}
	memmove(out->p, s.p, s.n);
	mst_wipe(out->p + s.n, out->n - s.n);
	out->n = s.n;
	return 0;
}
