/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an address: what is taken has a host in one spelling, and the
 * form that goes out leads to the same place.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "net/url.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct mst_url *u)
{
	const char *self[] = {u->host, NULL}, *none[] = {"other.example", NULL};
	char *with_port = mst_asprintf("%s:%d", u->host, u->port);
	char *wrong_port = mst_asprintf("%s:%d", u->host, u->port + 1);
	const char *ported[] = {with_port, NULL}, *wrong[] = {wrong_port, NULL};

	assert(u->host[0] && strlen(u->host) < sizeof(u->host));
	for (const char *p = u->host; *p; p++)
		assert((unsigned char)*p > ' ' && (unsigned char)*p < 0x7f &&
		       !(*p >= 'A' && *p <= 'Z') && !strchr("/?#@\\", *p));
	assert(u->port >= 0 && u->port <= 65535);
	/* On a list, a dot in front means "below". */
	if (u->host[0] != '.')
		assert(mst_url_allowed(u, self) && mst_url_allowed(u, ported));
	assert(!mst_url_allowed(u, wrong));
	assert(!mst_url_allowed(u, NULL));
	assert(mst_url_allowed(u, none) == !strcmp(u->host, none[0]));
	if (mst_url_is_loopback(u))
		assert(u->host[0] == '1' || u->host[0] == '[' ||
		       u->host[0] == 'l');
	free(with_port);
	free(wrong_port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_arena arena = {0};
	struct mst_url u, again;
	const char *wire;
	char *url;

	if (size > MST_MAX_URL * 2)
		return 0;
	url = mst_alloc(size + 1);
	if (size)
		memcpy(url, data, size);
	if (mst_url_read(url, &u, &err) == 0) {
		check(&u);
		mst_arena_init(&arena, 1u << 20);
		wire = mst_url_wire(&arena, url);
		for (const char *p = wire; *p; p++)
			assert((unsigned char)*p > ' ' &&
			       (unsigned char)*p < 0x7f);
		if (strlen(wire) < MST_MAX_URL) {
			assert(mst_url_read(wire, &again, &err) == 0);
			assert(again.https == u.https && again.port == u.port &&
			       strcmp(again.host, u.host) == 0);
		}
		mst_arena_fini(&arena);
	} else {
		assert(err.code == MST_E_INVALID && err.msg[0]);
	}
	free(url);
	return 0;
}
