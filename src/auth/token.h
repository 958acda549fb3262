/* SPDX-License-Identifier: Apache-2.0
 *
 * API tokens: "mst_", thirty random letters and digits, and six of a checksum,
 * so that scanners of source code know one when they see it and typing errors
 * need no look-up. Only a hash is kept.
 */
#ifndef MST_AUTH_TOKEN_H
#define MST_AUTH_TOKEN_H

#include "base/secret.h"
#include "base/slice.h"

#define MST_TOKEN_TEXT 41 /* with its NUL */
#define MST_TOKEN_ID   17

void mst_token_make(char out[MST_TOKEN_TEXT]);
/* Has it the form and the checksum? */
bool mst_token_ok(struct mst_slice text);
/* BLAKE2b-256: what the state store has of tokens and of session cookies. They
 * are random, so nothing slower is needed. */
void mst_token_hash(struct mst_slice text, unsigned char out[32]);
/* "tok_" and twelve letters and digits: what a token is called by. */
void mst_token_id(char out[MST_TOKEN_ID]);
/* 32 random bytes, base64url: cookies, CSRF tokens, states, nonces. */
#define MST_RANDOM_TEXT 44
void mst_random_text(char out[MST_RANDOM_TEXT]);
/* Equal, in the same time wherever they differ. NULL equals nothing. */
bool mst_text_same(const char *a, const char *b);

#endif
