/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and member lists at rest, and the checks that all stores share.
 */
#include "recver_private.h"

#include <endian.h>
#include <sys/random.h>

void mst_recver_hash_put(struct mst_hash h, uint8_t out[16])
{
	uint64_t hi = htobe64(h.hi), lo = htobe64(h.lo);

	memcpy(out, &hi, 8);
	memcpy(out + 8, &lo, 8);
}

struct mst_hash mst_recver_hash_get(const uint8_t in[16])
{
	uint64_t hi, lo;

	memcpy(&hi, in, 8);
	memcpy(&lo, in + 8, 8);
	return (struct mst_hash){.lo = be64toh(lo), .hi = be64toh(hi)};
}

int mst_recver_check_put(const struct mst_group_put *g, struct mst_err *err)
{
	char hex[33];

	if (!g->members)
		return 0;
	mst_hash_hex(g->row.key, hex);
	if (g->row.members > MST_RECVER_MAX_MEMBERS)
		return mst_err_set(err, MST_E_INVALID,
				   "group %s has %u members, at most %u can be "
				   "stored",
				   hex, g->row.members, MST_RECVER_MAX_MEMBERS);
	for (uint32_t i = 1; i < g->row.members; i++) {
		if (g->members[i - 1].key >= g->members[i].key)
			return mst_err_set(err, MST_E_INTERNAL,
					   "members of group %s are not in "
					   "order at %u",
					   hex, i);
	}
	return 0;
}

void mst_recver_list_put(const struct mst_group_put *g, struct mst_buf *out)
{
	size_t width = g->with_remote ? 32 : 16;
	char *p;

	if (!mst_buf_reserve(out, g->row.members * width))
		return;
	p = out->p + out->n;
	for (uint32_t i = 0; i < g->row.members; i++, p += width) {
		uint64_t key = htole64(g->members[i].key);
		uint64_t value = htole64(g->members[i].value);

		memcpy(p, &key, 8);
		memcpy(p + 8, &value, 8);
		if (g->with_remote)
			memcpy(p + 16, g->members[i].remote.b, 16);
	}
	out->n += g->row.members * width;
}

int mst_recver_corrupt(const struct mst_hash *key, const char *what,
		       struct mst_err *err)
{
	char hex[33];

	mst_hash_hex(*key, hex);
	return mst_err_set(err, MST_E_CORRUPT,
			   "RecVer is damaged at group %s: %s; run 'muster "
			   "recver reset' for the job, the next run then looks "
			   "every record up",
			   hex, what);
}

int mst_recver_list_get(struct mst_slice list, uint32_t n,
			const struct mst_hash *key, struct mst_buf *out,
			struct mst_err *err)
{
	size_t width = n ? list.n / n : 0;
	struct mst_member m = {0};

	mst_buf_reset(out);
	if (n > MST_RECVER_MAX_MEMBERS || list.n != n * width ||
	    (n && width != 16 && width != 32))
		return mst_recver_corrupt(
		    key, "the length of its member list is wrong", err);
	if (!mst_buf_reserve(out, n * sizeof(m)))
		return mst_err_set(err, MST_E_INVALID,
				   "a group has %u members, more than this "
				   "program holds",
				   n);
	for (uint32_t i = 0; i < n; i++, list.p += width) {
		uint64_t before = m.key;

		memcpy(&m.key, list.p, 8);
		memcpy(&m.value, list.p + 8, 8);
		m.key = le64toh(m.key);
		m.value = le64toh(m.value);
		if (width == 32)
			memcpy(m.remote.b, list.p + 16, 16);
		if (i && m.key <= before)
			return mst_recver_corrupt(
			    key, "its members are out of order", err);
		memcpy(out->p + out->n, &m, sizeof(m));
		out->n += sizeof(m);
	}
	return 0;
}

const char *mst_recver_target(const char *target)
{
	return target ? target : "";
}

int mst_recver_check_meta(const char *target, const char *name,
			  struct mst_err *err)
{
	static const char *const own[] = {"seed", "schema", "hash", "source"};

	if (target[0])
		return 0;
	for (size_t i = 0; i < MST_LEN(own); i++) {
		if (strcmp(name, own[i]) == 0)
			return mst_err_set(err, MST_E_INVALID,
					   "'%s' is a value of RecVer itself "
					   "and cannot be set",
					   name);
	}
	return 0;
}

int mst_recver_check_source(struct mst_slice have, const char *source,
			    const char *where, struct mst_err *err)
{
	if (mst_slice_is(have, source))
		return 0;
	if (!have.n)
		return mst_err_set(err, MST_E_CORRUPT,
				   "RecVer '%s' is damaged (whose it is): put "
				   "a backup back, or drop the database; the "
				   "next run then looks every record up and "
				   "delivers what differs",
				   where);
	return mst_err_set(err, MST_E_INVALID,
			   "RecVer '%s' belongs to the connection '%.*s', not "
			   "to '%s': give each source a RecVer of its own",
			   where, MST_SLICE_ARG(have), source);
}

int mst_recver_seed(uint8_t seed[8], struct mst_err *err)
{
	if (getrandom(seed, 8, 0) != 8)
		return mst_err_os(err, "no random bytes for RecVer's seed");
	return 0;
}
