/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses and how much is asked from each. IPv6 counts by network of 64
 * bits: that is what one customer has.
 */
#include "http/peers.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/time.h"
#include "http/http.h"

#define PROXIES_MAX 32u
#define SLOTS	    4096u /* of counts; power of two */
#define NEAR	    8u	  /* slots that one key may have */
#define BURST_LEAST 20.0

struct net {
	unsigned char a[16];
	unsigned bits;
};

struct bucket {
	uint64_t key; /* 0: free */
	int64_t at_us;
	double tokens;
};

struct tally {
	uint64_t key;
	unsigned n;
};

struct http_peers {
	struct net proxy[PROXIES_MAX];
	size_t proxies;
	pthread_mutex_t lock;
	struct bucket bucket[SLOTS];
	struct tally tally[SLOTS];
};

/* ---- addresses ----------------------------------------------------------- */

/* As IPv6; IPv4 in its place there. */
static bool read_address(const char *text, unsigned char a[16])
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		memset(a, 0, 10);
		a[10] = a[11] = 0xff;
		memcpy(a + 12, &v4, 4);
		return true;
	}
	return inet_pton(AF_INET6, text, a) == 1;
}

static bool is_v4(const unsigned char a[16])
{
	static const unsigned char head[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a, head, sizeof(head)) == 0;
}

static bool read_net(const char *text, struct net *n_r)
{
	size_t len = strcspn(text, "/");
	char address[64];
	int64_t bits;
	bool v4;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = 0;
	if (!read_address(address, n_r->a))
		return false;
	v4 = is_v4(n_r->a);
	bits = v4 ? 32 : 128;
	if (text[len] && (!mst_num_i64(mst_slice_str(text + len + 1), &bits) ||
			  bits < 0 || bits > (v4 ? 32 : 128)))
		return false;
	n_r->bits = (unsigned)bits + (v4 ? 96 : 0);
	return true;
}

static bool within(const struct net *n, const unsigned char a[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	return memcmp(n->a, a, whole) == 0 &&
	       (rest == 0 ||
		((n->a[whole] ^ a[whole]) & (0xff00u >> rest & 0xffu)) == 0);
}

void mst_http_peer_text(const struct sockaddr *a, char out[64])
{
	const void *at = NULL;
	int family = a->sa_family;

	out[0] = 0;
	if (family == AF_INET) {
		at = &((const struct sockaddr_in *)(const void *)a)->sin_addr;
	} else if (family == AF_INET6) {
		const struct in6_addr *v6 =
		    &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;

		at = v6;
		if (IN6_IS_ADDR_V4MAPPED(v6)) {
			family = AF_INET;
			at = v6->s6_addr + 12;
		}
	}
	if (at)
		(void)inet_ntop(family, at, out, 64);
}

int mst_http_peers_new(const char *const *proxies, struct http_peers **p_r,
		       struct mst_err *err)
{
	struct http_peers *p = mst_alloc(sizeof(*p));

	(void)pthread_mutex_init(&p->lock, NULL);
	for (; proxies && *proxies; proxies++) {
		if (p->proxies == PROXIES_MAX ||
		    !read_net(*proxies, &p->proxy[p->proxies])) {
			mst_http_peers_free(&p);
			return mst_err_set(
			    err, MST_E_INVALID,
			    "trusted proxy '%.64s' is no address like "
			    "10.0.0.5 or 10.0.0.0/8 (at most %u of them)",
			    *proxies, PROXIES_MAX);
		}
		p->proxies++;
	}
	*p_r = p;
	return 0;
}

void mst_http_peers_free(struct http_peers **p)
{
	if (!*p)
		return;
	(void)pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

bool mst_http_peers_is_proxy(const struct http_peers *p, const char *address)
{
	unsigned char a[16];

	if (!p->proxies || !read_address(address, a))
		return false;
	for (size_t i = 0; i < p->proxies; i++)
		if (within(&p->proxy[i], a))
			return true;
	return false;
}

/* "10.1.2.3", "10.1.2.3:55", "[2001:db8::1]:55" */
static bool bare_address(struct mst_slice s, char out[64])
{
	unsigned char a[16];
	size_t n;

	s = mst_slice_trim(s);
	if (s.n && s.p[0] == '[') {
		s = mst_slice(s.p + 1, s.n - 1);
		n = (size_t)((const char *)memchr(s.p, ']', s.n)
				 ? (const char *)memchr(s.p, ']', s.n) - s.p
				 : 0);
	} else {
		const char *dot = memchr(s.p, '.', s.n);
		const char *colon = memchr(s.p, ':', s.n);

		n = dot && colon && colon > dot ? (size_t)(colon - s.p) : s.n;
	}
	if (n == 0 || n >= 64)
		return false;
	memcpy(out, s.p, n);
	out[n] = 0;
	return read_address(out, a);
}

const char *mst_http_peers_behind(const struct http_peers *p,
				  struct mst_arena *a, const char *forwarded,
				  const char *peer)
{
	struct mst_slice rest = mst_slice_str(forwarded);
	const char *best = peer;
	char text[64];

	while (rest.n) {
		size_t at = rest.n;

		while (at > 0 && rest.p[at - 1] != ',')
			at--;
		if (!bare_address(mst_slice(rest.p + at, rest.n - at), text))
			break;
		best = mst_arena_strdup(a, text);
		if (!mst_http_peers_is_proxy(p, text))
			break;
		rest.n = at ? at - 1 : 0;
	}
	return best;
}

/* ---- counts -------------------------------------------------------------- */

static uint64_t key_of(const char *who)
{
	unsigned char a[16];
	uint64_t k;

	if (read_address(who, a))
		k = mst_hash64(a, is_v4(a) ? 16 : 8, 1);
	else
		k = mst_hash64(who, strlen(who), 2);
	return k ? k : 1;
}

/* Its place, or a free one; else NULL: as many others are here. */
static struct tally *tally_of(struct http_peers *p, uint64_t key)
{
	struct tally *free_one = NULL;

	for (unsigned i = 0; i < NEAR; i++) {
		struct tally *t = &p->tally[(key + i) & (SLOTS - 1)];

		if (t->n && t->key == key)
			return t;
		if (!t->n && !free_one)
			free_one = t;
	}
	if (free_one)
		free_one->key = key;
	return free_one;
}

bool mst_http_peers_come(struct http_peers *p, const char *address,
			 unsigned most)
{
	struct tally *t;
	bool ok = true;

	if (mst_http_peers_is_proxy(p, address))
		return true;
	(void)pthread_mutex_lock(&p->lock);
	t = tally_of(p, key_of(address));
	if (t) {
		ok = t->n < most;
		t->n += ok;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return ok;
}

void mst_http_peers_go(struct http_peers *p, const char *address)
{
	uint64_t key = key_of(address);

	if (mst_http_peers_is_proxy(p, address))
		return;
	(void)pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < NEAR; i++) {
		struct tally *t = &p->tally[(key + i) & (SLOTS - 1)];

		if (t->n && t->key == key) {
			t->n--;
			break;
		}
	}
	(void)pthread_mutex_unlock(&p->lock);
}

static struct bucket *bucket_of(struct http_peers *p, uint64_t key)
{
	struct bucket *oldest = NULL;

	for (unsigned i = 0; i < NEAR; i++) {
		struct bucket *b = &p->bucket[(key + i) & (SLOTS - 1)];

		if (b->key == key)
			return b;
		if (!oldest || b->at_us < oldest->at_us)
			oldest = b;
	}
	*oldest = (struct bucket){.key = key, .at_us = INT64_MAX, .tokens = -1};
	return oldest;
}

bool mst_http_peers_ask(struct http_peers *p, const char *who, unsigned rate,
			int64_t *wait_ms_r)
{
	double most = MST_MAX((double)rate / 6, BURST_LEAST);
	double per_us = (double)rate / 60e6;
	int64_t now_us = mst_mono_us();
	struct bucket *b;
	bool ok;

	if (rate == MST_HTTP_ANY)
		return true;
	(void)pthread_mutex_lock(&p->lock);
	b = bucket_of(p, key_of(who));
	if (b->tokens < 0)
		b->tokens = most;
	b->tokens += (double)MST_MAX(now_us - b->at_us, 0) * per_us;
	b->tokens = MST_MIN(most, b->tokens);
	b->at_us = now_us;
	ok = b->tokens >= 1;
	if (ok)
		b->tokens -= 1;
	*wait_ms_r = (int64_t)((1 - b->tokens) / per_us / 1000) + 1;
	(void)pthread_mutex_unlock(&p->lock);
	return ok;
}
