/* SPDX-License-Identifier: Apache-2.0
 *
 * Workload identity: the token file is named, checked and read anew for each
 * log-in.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/time.h"
#include "cred/private.h"

static struct mst_err err;

static const char *write_token(const char *claims, const char *signature)
{
	const char *path = t_path("token");
	struct mst_buf b = MST_BUF_INIT(65536);

	mst_b64url_add(&b, MST_SLICE_LIT("{\"alg\":\"RS256\"}"));
	mst_buf_addc(&b, '.');
	mst_b64url_add(&b, mst_slice_str(claims));
	mst_buf_addf(&b, ".%s", signature);
	t_write(path, mst_buf_slice(&b));
	mst_buf_fini(&b);
	return path;
}

static int open_with(const char *option, const char *secret,
		     struct mst_auth **a_r)
{
	const struct mst_cred_entra conf = {
	    .login = "https://login.microsoftonline.com",
	    .tenant = "00000000-0000-4000-8000-00000000000a",
	    .client_id = "00000000-0000-4000-8000-00000000000b",
	    .scope = "https://api.securitycenter.microsoft.com/.default",
	    .federated_token_file = option,
	    .client_secret = secret,
	};

	err = (struct mst_err)MST_ERR_INIT;
	return mst_cred_entra(&conf, a_r, &err);
}

static void asks_with(struct mst_auth *a, const char *end)
{
	struct mst_req req;

	err = (struct mst_err)MST_ERR_INIT;
	assert_int_equal(a->ops->begin(a, &req, &err), 1);
	assert_non_null(strstr(req.body.p,
			       "&client_assertion_type=urn%3Aietf%3Aparams%3A"
			       "oauth%3Aclient-assertion-type%3Ajwt-bearer"
			       "&client_assertion=eyJ"));
	assert_true(req.body.n > strlen(end) &&
		    memcmp(req.body.p + req.body.n - strlen(end), end,
			   strlen(end)) == 0);
	assert_null(memmem(req.body.p, req.body.n, "client_secret", 13));
	mst_req_fini(&req);
}

/* What renews the file is trusted to do so at any moment. */
static void test_read_anew(void **state)
{
	const char *path = write_token("{\"exp\":99999999999}", "first\n");
	struct mst_auth *a = NULL;
	struct mst_req req;

	t_ok(open_with(path, NULL, &a), &err);
	assert_string_equal(a->ops->name, "federated_token");
	asks_with(a, ".first");
	(void)write_token("{\"exp\":99999999999}", "second");
	asks_with(a, ".second");
	(void)write_token("{}", "third\r\n"); /* it need not tell its end */
	asks_with(a, ".third");
	assert_int_equal(unlink(path), 0);
	err = (struct mst_err)MST_ERR_INIT;
	t_failed(a->ops->begin(a, &req, &err), &err, MST_E_NOTFOUND,
		 "federated_token_file: the file");
	mst_auth_free(&a);
}

static void refused(const char *option, enum mst_code code, const char *part)
{
	struct mst_auth *a = NULL;

	t_failed(open_with(option, NULL, &a), &err, code, part);
	assert_null(a);
	assert_null(strchr(err.msg, '\n'));
	assert_null(strstr(err.msg, "hunter2"));
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
	    "hunter2", "a.b",  "a.b.c.d", "a..c",
	    ".b.c",    "a.b.", "a.b.c d", "{\"hunter2\":1}"};
	const char *path = t_path("token");

	for (size_t i = 0; i < MST_LEN(texts); i++) {
		t_write(path, mst_slice_str(texts[i]));
		refused(path, MST_E_INVALID, "holds no token");
	}
	t_write(path, MST_SLICE_LIT(" \n"));
	refused(path, MST_E_INVALID, "is empty");
	(void)write_token("{\"exp\":1000000000}", "hunter2");
	refused(path, MST_E_AUTH,
		"ended on 2001-09-09T01:46:40Z; what writes the file does not");
	refused("relative/token", MST_E_INVALID, "not a path from the root");
	refused(t_path("absent"), MST_E_NOTFOUND, "absent");
	refused("env:MST_T_TOKEN_FILE", MST_E_NOTFOUND,
		"is workload identity switched on");
}

static void test_variable(void **state)
{
	struct mst_auth *a = NULL;

	assert_int_equal(
	    setenv("AZURE_FEDERATED_TOKEN_FILE", write_token("{}", "x"), 1), 0);
	t_ok(open_with("env:AZURE_FEDERATED_TOKEN_FILE", NULL, &a), &err);
	asks_with(a, ".x");
	mst_auth_free(&a);
	t_failed(open_with("env:AZURE_FEDERATED_TOKEN_FILE", "env:X", &a), &err,
		 MST_E_INVALID, "both client_secret and federated_token_file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read_anew),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_variable),
	};

	if (mst_secret_setup(&err) < 0)
		return 1;
	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
