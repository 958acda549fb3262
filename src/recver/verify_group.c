/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a group as it must be: its row, its list, its parent?
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

#include "recver_private.h"
#include "verify_private.h"

#define NAME_MAX_BYTES 120

/* What people call it: its text, when that can be shown. */
static const char *name_of(const struct mst_recver_raw *g,
			   char out[NAME_MAX_BYTES + 8])
{
	size_t n = MST_MIN(g->text.n, (size_t)NAME_MAX_BYTES);
	char hex[2 * 16 + 1] = "";
	bool shown = n > 0;

	for (size_t i = 0; i < n && shown; i++)
		shown =
		    (unsigned char)g->text.p[i] >= ' ' && g->text.p[i] != 127;
	if (shown) {
		(void)snprintf(out, NAME_MAX_BYTES + 8, "%.*s", (int)n,
			       g->text.p);
		return out;
	}
	for (size_t i = 0; i < MST_MIN(g->key.n, (size_t)16); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x",
			       (unsigned char)g->key.p[i]);
	(void)snprintf(out, NAME_MAX_BYTES + 8, "key %s",
		       hex[0] ? hex : "(none)");
	return out;
}

/* ---- the row ------------------------------------------------------------- */

static unsigned bit(bool is_wrong, enum verify_kind kind)
{
	return is_wrong ? 1u << kind : 0;
}

static bool is_hash_of_text(const struct verify *v,
			    const struct mst_recver_raw *g)
{
	uint8_t key[16];

	mst_recver_hash_put(mst_hash128(g->text.p, g->text.n, v->seed), key);
	return memcmp(key, g->key.p, 16) == 0;
}

static unsigned check_row(const struct verify *v, const struct verify_set *s,
			  const struct mst_recver_raw *g)
{
	bool key = g->key.n == 16;
	bool order = !key || !s->begun || memcmp(s->last, g->key.p, 16) < 0;
	unsigned wrong;

	wrong = bit(!key, V_KEY) | bit(!order, V_ORDER) |
		bit(g->digest.n != 16, V_DIGEST) |
		bit(g->remote.p && g->remote.n != 16, V_REMOTE) |
		bit(g->state < 0 || g->state > MST_GROUP_PENDING, V_STATE) |
		bit(g->members < 0 || g->members > UINT32_MAX || g->run < 0,
		    V_NUMBERS);
	/* Without a seed nobody knows. */
	if (key && (v->has & 1u << V_SEED) && !v->count[V_SEED])
		wrong |= bit(!is_hash_of_text(v, g), V_TEXT);
	return wrong;
}

/* ---- the list ------------------------------------------------------------ */

struct list_seen {
	bool intended, no_remote;
};

static unsigned check_members(const struct mst_recver_raw *g, size_t width,
			      struct list_seen *seen)
{
	static const uint8_t none[16];
	const char *p = g->list.p;
	uint64_t key, value, before = 0;

	for (int64_t i = 0; i < g->members; i++, p += width) {
		memcpy(&key, p, 8);
		memcpy(&value, p + 8, 8);
		key = le64toh(key);
		if (i && key <= before)
			return 1u << V_LIST_ORDER;
		before = key;
		if (le64toh(value) == MST_MEMBER_INTENDED)
			seen->intended = true;
		else if (width == 16 || memcmp(p + 16, none, 16) == 0)
			seen->no_remote = true;
	}
	return 0;
}

static unsigned check_list(const struct mst_recver_raw *g,
			   struct list_seen *seen)
{
	size_t n = (size_t)g->members;

	if (g->has_list != (g->list.p != NULL))
		return 1u << (g->has_list ? V_LIST_GONE : V_LIST_EXTRA);
	if (!g->has_list)
		return 0;
	if (g->members < 0 || g->members > MST_RECVER_MAX_MEMBERS ||
	    (g->list.n != n * 16 && g->list.n != n * 32))
		return 1u << V_LIST_LENGTH;
	return n ? check_members(g, g->list.n / n, seen) : 0;
}

/* ---- what the set's records need ------------------------------------------
 */

static unsigned check_records(const struct verify_set *s,
			      const struct mst_recver_raw *g,
			      const struct list_seen *seen)
{
	bool clean = g->state == MST_GROUP_CLEAN;
	unsigned wrong =
	    bit(seen->intended && g->state != MST_GROUP_PENDING, V_INTENDED);

	if (!s->def)
		return wrong;
	if (!s->def->parent)
		return wrong | bit(clean && !g->remote.p, V_NO_REMOTE);
	return wrong | bit(clean && seen->no_remote, V_NO_REMOTES) |
	       bit(!g->has_list && !g->list.p && g->members > 0, V_LIST_GONE);
}

static void keep_key(struct verify_set *s, const struct mst_recver_raw *g)
{
	if (s->keys_n == s->keys_cap) {
		s->keys_cap = s->keys_cap ? s->keys_cap * 2 : 1024;
		s->keys = mst_realloc(s->keys, s->keys_cap * sizeof(*s->keys));
	}
	memcpy(s->keys[s->keys_n].raw, g->key.p, 16);
	s->keys[s->keys_n++].clean = g->state == MST_GROUP_CLEAN;
}

static void count(struct verify *v, const struct mst_recver_raw *g)
{
	v->sum.groups++;
	if (g->members > 0)
		v->sum.members += (uint64_t)g->members;
	v->sum.dirty += g->state == MST_GROUP_DIRTY;
	v->sum.pending += g->state == MST_GROUP_PENDING;
	if (v->env->progress && v->sum.groups % 1000 == 0)
		v->env->progress(v->env->ctx, v->sum.groups);
}

void mst_verify_group(struct verify *v, size_t set,
		      const struct mst_recver_raw *g)
{
	struct verify_set *s = &v->sets[set];
	struct list_seen seen = {false, false};
	char name[NAME_MAX_BYTES + 8];
	unsigned wrong;

	count(v, g);
	wrong = check_row(v, s, g);
	/* A part that is gone says more than the length does. */
	if (!g->wrong)
		wrong |= check_list(g, &seen) | check_records(s, g, &seen);
	for (enum verify_kind k = 0; k < V__MAX; k++)
		if (wrong & 1u << k)
			mst_verify_found(v, k, set, s->target, name_of(g, name),
					 NULL);
	if (g->wrong)
		mst_verify_found(v, V_STORE, set, s->target, name_of(g, name),
				 g->wrong);
	if (g->key.n != 16)
		return;
	if (s->keeps_keys && !(wrong & 1u << V_ORDER))
		keep_key(s, g);
	memcpy(s->last, g->key.p, 16);
	s->begun = true;
}

/* ---- parents ------------------------------------------------------------- */

static const struct verify_set *parent_of(const struct verify *v,
					  const struct verify_set *s)
{
	for (size_t i = 0; i < v->sets_n; i++) {
		const struct verify_set *p = &v->sets[i];

		if (p->name && strcmp(p->target, s->target) == 0 &&
		    strcmp(p->name, s->def->parent) == 0)
			return p;
	}
	return NULL;
}

static int by_raw(const void *a, const void *b)
{
	const struct verify_key *x = a, *y = b;

	return memcmp(x->raw, y->raw, sizeof(x->raw));
}

/* What is not CLEAN may be on its way out, behind its parent. */
static void check_parents(struct verify *v, size_t set)
{
	const struct verify_set *s = &v->sets[set], *p = parent_of(v, s);
	char hex[33], name[40];

	for (size_t i = 0; i < s->keys_n; i++) {
		if (!s->keys[i].clean ||
		    (p && p->keys_n &&
		     bsearch(&s->keys[i], p->keys, p->keys_n, sizeof(*p->keys),
			     by_raw)))
			continue;
		mst_hash_hex(mst_recver_hash_get(s->keys[i].raw), hex);
		(void)snprintf(name, sizeof(name), "key %s", hex);
		mst_verify_found(v, V_PARENT, set, s->target, name, NULL);
	}
}

void mst_verify_parents(struct verify *v)
{
	for (size_t i = 0; i < v->sets_n; i++)
		if (v->sets[i].wanted && v->sets[i].def &&
		    v->sets[i].def->parent)
			check_parents(v, i);
}
