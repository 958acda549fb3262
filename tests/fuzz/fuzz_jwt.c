/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an id token, as a set of keys and as claims: they are refused
 * with one line, and never believed: nobody here has a key to sign with.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"
#include "tests/fuzz/fuzz.h"

/* A key of the set, so that signatures are looked at. */
static const char keys[] =
    "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static void check_error(const struct mst_err *err)
{
	assert(err->msg[0] && !strchr(err->msg, '\n') &&
	       !strchr(err->msg, '\r'));
}

static void token(struct mst_slice text, const struct mst_jwks *set)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena;
	struct mst_jwt t;
	int rc;

	mst_arena_init(&arena, 4u << 20);
	rc = mst_jwt_read(text, &arena, &t, &err);
	if (rc == 0) {
		rc = mst_jwt_verify(&t, set, &err);
		assert(rc < 0);
	}
	check_error(&err);
	mst_arena_fini(&arena);
}

static void claims(struct mst_slice text, struct mst_json_parser *p)
{
	static const struct mst_claims_want want = {
	    .issuer =
		"https://login.example/11111111-2222-4333-8444-555555555555/v2"
		".0",
	    .client_id = "client",
	    .nonce = "a nonce that nobody guesses",
	    .now_us = 1700000000000000,
	};
	struct mst_err err = MST_ERR_INIT;
	struct mst_json root;

	if (mst_json_parse(p, text, &root, &err) == 0) {
		(void)mst_claims_has(root, "roles", "x");
		if (mst_claims_check(root, &want, &err) == 0)
			return; /* it is good if it says all of that */
	}
	check_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mst_json_parser *p;
	static struct mst_jwks *set;
	struct mst_slice text = {(const char *)data, size};
	struct mst_err err = MST_ERR_INIT;
	struct mst_jwks *own = NULL;

	if (size > 65536)
		return 0;
	if (!p) {
		p = mst_json_parser_new(1u << 20);
		if (mst_jwks_read(mst_slice_str(keys), &set, &err) < 0)
			abort();
	}
	token(text, set);
	claims(text, p);
	if (mst_jwks_read(text, &own, &err) == 0)
		token(text, own);
	else
		check_error(&err);
	mst_jwks_free(&own);
	return 0;
}
