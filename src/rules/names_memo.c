/* SPDX-License-Identifier: Apache-2.0
 *
 * Names on the way of the first pass: a thread looks a product up once, then
 * compares its bytes. Rows whose product the table does not know cost the
 * same.
 */
#include <stdlib.h>

#include "rules/canon.h"
#include "rules/names.h"

#define SLOTS	  4096 /* products remembered; a power of two */
#define BYTES_MAX 256  /* of vendor and name; longer ones are not remembered */

struct slot {
	uint64_t hash;
	char *bytes; /* vendor and name; NULL: free */
	uint16_t vendor_n, name_n, cap;
	struct mst_slice vendor, name; /* n 0: as the record has it */
};

struct mst_names_memo {
	/* The same product is asked for by several columns of a record. */
	uint64_t record;
	const char *vendor_p, *name_p;
	struct mst_slice vendor, name;
	struct slot slots[SLOTS];
};

void mst_names_memo_free(struct mst_names_memo **m)
{
	for (size_t i = 0; *m && i < SLOTS; i++)
		free((*m)->slots[i].bytes);
	free(*m);
	*m = NULL;
}

static bool is_slot(const struct slot *s, uint64_t hash,
		    struct mst_slice vendor, struct mst_slice name)
{
	return s->bytes && s->hash == hash && s->vendor_n == vendor.n &&
	       s->name_n == name.n &&
	       same_bytes(s->bytes + s->vendor_n, name.p, name.n) &&
	       (vendor.n == 0 || same_bytes(s->bytes, vendor.p, vendor.n));
}

static void find(const struct mst_names *names, struct mst_slice vendor,
		 struct mst_slice name, struct slot *s)
{
	struct mst_slice v = vendor, n = name;

	(void)mst_names_find(names, &v, &n, NULL);
	s->vendor = mst_slice_eq(v, vendor) ? mst_slice(NULL, 0) : v;
	s->name = mst_slice_eq(n, name) ? mst_slice(NULL, 0) : n;
}

static void learn(struct slot *s, uint64_t hash, struct mst_slice vendor,
		  struct mst_slice name)
{
	size_t n = vendor.n + name.n;

	if (s->cap < n) {
		free(s->bytes);
		s->bytes = mst_alloc(n);
		s->cap = (uint16_t)n;
	}
	if (vendor.n)
		memcpy(s->bytes, vendor.p, vendor.n);
	memcpy(s->bytes + vendor.n, name.p, name.n);
	s->hash = hash;
	s->vendor_n = (uint16_t)vendor.n;
	s->name_n = (uint16_t)name.n;
}

static void look(struct mst_names_memo *m, const struct mst_names *names,
		 struct mst_slice vendor, struct mst_slice name)
{
	uint64_t hash = mst_hash64(
	    name.p, name.n, vendor.n ? mst_hash64(vendor.p, vendor.n, 0) : 0);
	struct slot *s = &m->slots[hash & (SLOTS - 1)], once;

	if (vendor.n + name.n > BYTES_MAX) {
		find(names, vendor, name, &once);
		s = &once;
	} else if (!is_slot(s, hash, vendor, name)) {
		find(names, vendor, name, s);
		learn(s, hash, vendor, name);
	}
	m->vendor = s->vendor;
	m->name = s->name;
}

void mst_rule_product(struct mst_rule_ctx *ctx, struct mst_slice *vendor,
		      struct mst_slice *name)
{
	const struct mst_names *names = ctx->env->catalog->names;
	struct mst_names_memo *m = ctx->names;

	if (!names || !name->n)
		return;
	if (MST_UNLIKELY(!m))
		m = ctx->names = mst_alloc(sizeof(*m));
	if (m->record != ctx->own.record || m->vendor_p != vendor->p ||
	    m->name_p != name->p) {
		look(m, names, *vendor, *name);
		m->record = ctx->own.record;
		m->vendor_p = vendor->p;
		m->name_p = name->p;
	}
	if (m->vendor.n)
		*vendor = m->vendor;
	if (m->name.n)
		*name = m->name;
}
