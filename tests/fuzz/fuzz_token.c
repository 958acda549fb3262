/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the answer of a token end point: a token that can be sent, or
 * an error of one line without the secret. Each input is tried with several
 * statuses.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/secret.h"
#include "base/time.h"
#include "cred/cred.h"
#include "cred/private.h"
#include "tests/fuzz/fuzz.h"

static const char secret[] = "s3cret-of-the-fuzzer";

static struct mst_auth *credential(void)
{
	struct mst_cred_entra conf = {
	    .login = "https://login.microsoftonline.com",
	    .tenant = "tenant",
	    .client_id = "client",
	    .scope = "https://api.example/.default",
	    .client_secret = "env:MST_FUZZ_SECRET",
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_auth *a = NULL;

	(void)setenv("MST_FUZZ_SECRET", secret, 1);
	if (mst_secret_setup(&err) < 0 || mst_cred_entra(&conf, &a, &err) < 0)
		abort();
	return a;
}

static struct mst_slice input;

static void check_error(const struct mst_err *err)
{
	assert(err->msg[0] && !strchr(err->msg, '\n') &&
	       !strchr(err->msg, '\r'));
	/* Words of the login host are shown: it may say what it likes. */
	assert(!strstr(err->msg, secret) ||
	       memmem(input.p, input.n, "s3cret", 6));
}

static void check_token(struct mst_auth *a, int64_t ttl)
{
	struct mst_buf b = MST_BUF_INIT(4u << 20);
	struct mst_err err = MST_ERR_INIT;
	static const char start[] = "Authorization: Bearer ";

	assert(ttl >= 0);
	if (a->ops->header(a, &b, &err) < 0) {
		check_error(&err);
	} else {
		assert(b.n >= sizeof(start) &&
		       memcmp(b.p, start, sizeof(start) - 1) == 0);
		/* what goes into a request must not end the line */
		for (size_t i = sizeof(start) - 1; i < b.n; i++)
			assert((unsigned char)b.p[i] >= ' ' &&
			       (unsigned char)b.p[i] < 0x7f);
	}
	mst_buf_fini(&b);
}

static void answer(struct mst_auth *a, int status, struct mst_slice body)
{
	struct mst_resp r = {
	    .outcome = MST_OUT_ANSWER,
	    .status = status,
	    .body = body,
	    .content_type = "application/json",
	    .request_id = "",
	    .total_count = -1,
	    .date_us = MST_TIME_NONE,
	    .retry_after_ms = -1,
	};
	struct mst_err err = MST_ERR_INIT;
	const char *roles;
	int64_t ttl = -1;
	int rc = a->ops->accept(a, &r, &ttl, &err);

	if (rc < 0)
		check_error(&err);
	else if (rc == 0)
		check_token(a, ttl);
	roles = mst_cred_entra_roles(a);
	assert(!roles || (!strchr(roles, '\n') && strlen(roles) < (1u << 20)));
	a->ops->forget(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 429, 503};
	static struct mst_auth *a;
	static struct mst_json_parser *p;
	struct mst_slice body = {(const char *)data, size};

	if (size > 65536)
		return 0;
	input = body;
	if (!a) {
		a = credential();
		p = mst_json_parser_new(1u << 20);
	}
	for (size_t i = 0; i < MST_LEN(statuses); i++) {
		struct mst_resp r = {.outcome = MST_OUT_ANSWER,
				     .status = statuses[i],
				     .body = body,
				     .content_type = "",
				     .request_id = ""};
		struct mst_err err = MST_ERR_INIT;
		struct mst_json root;

		if (mst_answer_json(p, &r, "login.example", "", &root, &err) <
		    0)
			check_error(&err);
		else
			assert(mst_json_type(root) == MST_JSON_OBJECT);
		answer(a, statuses[i], body);
	}
	return 0;
}
