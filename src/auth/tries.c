/* SPDX-License-Identifier: Apache-2.0
 *
 * A table of addresses, by hash; a row that collides takes the place of the
 * quietest of its neighbours.
 */
#include "auth/tries.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define ROWS	  4096u
#define NEIGHBOUR 8u
#define MINUTE_US 60000000LL

struct row {
	uint64_t address; /* its hash; 0: free */
	unsigned wrong;
	int64_t last_us, until_us;
};

struct mst_tries {
	pthread_mutex_t lock;
	uint64_t seed;
	struct row rows[ROWS];
};

struct mst_tries *mst_tries_new(void)
{
	struct mst_tries *t = mst_alloc(sizeof(*t));

	(void)pthread_mutex_init(&t->lock, NULL);
	randombytes_buf(&t->seed, sizeof(t->seed));
	return t;
}

void mst_tries_free(struct mst_tries **t)
{
	if (!*t)
		return;
	(void)pthread_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}

static uint64_t key_of(const struct mst_tries *t, const char *address)
{
	unsigned char bytes[16];
	uint64_t key;

	if (inet_pton(AF_INET6, address, bytes) == 1)
		key = mst_hash64(bytes, 8, t->seed);
	else
		key = mst_hash64(address, strlen(address), t->seed);
	return key ? key : 1;
}

/* The row of the address; make: the quietest one near it when it has none. */
static struct row *find(struct mst_tries *t, uint64_t key, bool make)
{
	struct row *quiet = NULL;

	for (size_t i = 0; i < NEIGHBOUR; i++) {
		struct row *r = &t->rows[(key + i) % ROWS];

		if (r->address == key)
			return r;
		if (!quiet || r->last_us < quiet->last_us)
			quiet = r;
	}
	if (!make)
		return NULL;
	*quiet = (struct row){.address = key};
	return quiet;
}

int mst_tries_ask(struct mst_tries *t, const char *address, int64_t now_us,
		  struct mst_err *err)
{
	const struct row *r;
	int64_t left = 0;

	pthread_mutex_lock(&t->lock);
	r = find(t, key_of(t, address), false);
	if (r && r->until_us > now_us)
		left = r->until_us - now_us;
	pthread_mutex_unlock(&t->lock);
	if (left <= 0)
		return 0;
	(void)mst_err_set(err, MST_E_THROTTLED,
			  "too many wrong sign-ins from this address; wait "
			  "%lld s",
			  (long long)((left + 999999) / 1000000));
	err->retry_after_ms = (left + 999) / 1000;
	return -MST_E_THROTTLED;
}

void mst_tries_wrong(struct mst_tries *t, const char *address, int64_t now_us)
{
	struct row *r;
	int64_t forgiven;

	pthread_mutex_lock(&t->lock);
	r = find(t, key_of(t, address), true);
	forgiven = r->wrong ? (now_us - r->last_us) / MINUTE_US : 0;
	if (forgiven > 0)
		r->wrong -= forgiven > r->wrong ? r->wrong : (unsigned)forgiven;
	r->wrong++;
	r->last_us = now_us;
	if (r->wrong > MST_TRIES_FREE) {
		unsigned over = r->wrong - MST_TRIES_FREE;
		int64_t wait =
		    over > 20 ? MST_TRIES_WAIT_US : (1000000LL << (over - 1));

		r->until_us =
		    now_us +
		    (wait < MST_TRIES_WAIT_US ? wait : MST_TRIES_WAIT_US);
	}
	pthread_mutex_unlock(&t->lock);
}
