/* SPDX-License-Identifier: Apache-2.0
 *
 * The two hashes of update sets: identifiers from names, and payload_hash.
 */
#include <openssl/evp.h>
#include <stdio.h>

#include "servicenow/update_set.h"

void mst_update_set_id(const char *key, char out[33])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!EVP_Digest(key, strlen(key), md, &n, EVP_sha256(), NULL))
		mst_oom();
	for (size_t i = 0; i < 16; i++) {
		out[2 * i] = hex[md[i] >> 4];
		out[2 * i + 1] = hex[md[i] & 15];
	}
	out[32] = 0;
}

/* Length of <name …>…</name> or <name …/> at p, 0 when it is not that. */
static size_t element_at(const char *p, const char *end, const char *name)
{
	size_t n = strlen(name);
	const char *gt, *close;
	char tag[64];

	if ((size_t)(end - p) < n + 2 || p[0] != '<' || memcmp(p + 1, name, n))
		return 0;
	if (p[n + 1] != '>' && p[n + 1] != ' ' && p[n + 1] != '/')
		return 0;
	gt = memchr(p, '>', (size_t)(end - p));
	if (!gt)
		return 0;
	if (gt[-1] == '/')
		return (size_t)(gt + 1 - p);
	(void)snprintf(tag, sizeof(tag), "</%s>", name);
	close = memmem(gt, (size_t)(end - gt), tag, strlen(tag));
	return close ? (size_t)(close - p) + strlen(tag) : 0;
}

/* What the hash passes over at p. */
static size_t skipped_at(const char *p, const char *end)
{
	static const char *const names[] = {
	    "sys_updated_by", "sys_updated_on", "sys_mod_count",
	    "sys_created_by", "sys_created_on", "sys_id",
	    "sys_package",    "sys_update_name"};

	if ((size_t)(end - p) < 5 || memcmp(p, "<sys_", 5))
		return 0;
	for (size_t i = 0; i < MST_LEN(names); i++) {
		size_t n = element_at(p, end, names[i]);

		if (n)
			return n;
	}
	return 0;
}

/* One code point of valid UTF-8; damaged bytes count as themselves. */
static size_t decode(const char *p, const char *end, uint32_t *cp_r)
{
	unsigned char c = (unsigned char)p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t cp = n == 1 ? c : c & (0xffu >> (n + 1));

	if ((size_t)(end - p) < n)
		n = 1;
	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | ((unsigned char)p[i] & 0x3f);
	*cp_r = cp;
	return n;
}

int32_t mst_update_set_hash(struct mst_slice payload)
{
	const char *p = payload.p, *end = payload.p + payload.n;
	uint32_t h = 0;

	while (p < end) {
		size_t skip = skipped_at(p, end);
		uint32_t cp;

		if (skip) {
			p += skip;
			continue;
		}
		p += decode(p, end, &cp);
		if (cp >= 0x10000) {
			h = h * 31 + (0xd7c0 + (cp >> 10));
			h = h * 31 + (0xdc00 + (cp & 0x3ff));
		} else {
			h = h * 31 + cp;
		}
	}
	return (int32_t)h;
}
