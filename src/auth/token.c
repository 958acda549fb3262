/* SPDX-License-Identifier: Apache-2.0
 *
 * Making tokens and knowing one.
 */
#include "auth/token.h"

#include <sodium.h>
#include <string.h>
#include <zlib.h>

#include "base/b64.h"

#define PREFIX	   "mst_"
#define RANDOM_N   30u
#define CHECKSUM_N 6u

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz";

static void checksum(const char *random, char out[CHECKSUM_N])
{
	uint32_t sum =
	    (uint32_t)crc32(0, (const unsigned char *)random, RANDOM_N);

	for (size_t i = CHECKSUM_N; i-- > 0; sum /= 62)
		out[i] = alphabet[sum % 62];
}

static void random_letters(char *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = alphabet[randombytes_uniform(62)];
}

void mst_token_make(char out[MST_TOKEN_TEXT])
{
	memcpy(out, PREFIX, 4);
	random_letters(out + 4, RANDOM_N);
	checksum(out + 4, out + 4 + RANDOM_N);
	out[MST_TOKEN_TEXT - 1] = 0;
}

bool mst_token_ok(struct mst_slice text)
{
	char sum[CHECKSUM_N];

	if (text.n != MST_TOKEN_TEXT - 1 || memcmp(text.p, PREFIX, 4) != 0)
		return false;
	checksum(text.p + 4, sum);
	return memcmp(sum, text.p + 4 + RANDOM_N, CHECKSUM_N) == 0;
}

void mst_token_hash(struct mst_slice text, unsigned char out[32])
{
	(void)crypto_generichash(out, 32, (const unsigned char *)text.p, text.n,
				 NULL, 0);
}

void mst_token_id(char out[MST_TOKEN_ID])
{
	memcpy(out, "tok_", 4);
	random_letters(out + 4, 12);
	out[16] = 0;
}

void mst_random_text(char out[MST_RANDOM_TEXT])
{
	unsigned char bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	(void)sodium_bin2base64(out, MST_RANDOM_TEXT, bytes, sizeof(bytes),
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	mst_wipe(bytes, sizeof(bytes));
}

bool mst_text_same(const char *a, const char *b)
{
	size_t n = a ? strlen(a) : 0;

	return a && b && strlen(b) == n && sodium_memcmp(a, b, n) == 0;
}
