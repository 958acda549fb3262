/* SPDX-License-Identifier: Apache-2.0
 *
 * What every store does alike: the form of keys and member lists at rest, and
 * the names that are the store's own.
 */
#ifndef MST_RECVER_PRIVATE_H
#define MST_RECVER_PRIVATE_H

#include "base/buf.h"
#include "recver/recver.h"

/* Of the tables as the program is built; mst_recver_schema() asks. */
#define MST_RECVER_SCHEMA 1
#define MST_RECVER_HASH	  "xxh3-128"

/* 16 bytes, highest first: memcmp orders them as the numbers. */
void mst_recver_hash_put(struct mst_hash h, uint8_t out[16]);
struct mst_hash mst_recver_hash_get(const uint8_t in[16]);

/* Refuses what no store may take: too many members, members out of order or
 * double. */
int mst_recver_check_put(const struct mst_group_put *g, struct mst_err *err);

/* Member list at rest: per member key and value, 8 bytes each, lowest first,
 * and with_remote the 16 bytes of the remote id. Appends to out. */
void mst_recver_list_put(const struct mst_group_put *g, struct mst_buf *out);
/* The other way into out (as an array of struct mst_member, emptied first).
 * n: what the group's row says. MST_E_CORRUPT names the group by key. */
int mst_recver_list_get(struct mst_slice list, uint32_t n,
			const struct mst_hash *key, struct mst_buf *out,
			struct mst_err *err);
int mst_recver_corrupt(const struct mst_hash *key, const char *what,
		       struct mst_err *err);

/* Target "" holds what belongs to the database; NULL means the same. */
const char *mst_recver_target(const char *target);
/* MST_E_INVALID for a name of target "" that only the store writes. */
int mst_recver_check_meta(const char *target, const char *name,
			  struct mst_err *err);
int mst_recver_check_source(struct mst_slice have, const char *source,
			    const char *where, struct mst_err *err);
/* 8 random bytes. */
int mst_recver_seed(uint8_t seed[8], struct mst_err *err);

/* The longest member list of a group, and the memory for one. */
#define MST_RECVER_MAX_MEMBERS 16000000u
#define MST_RECVER_MAX_LIST    ((size_t)MST_RECVER_MAX_MEMBERS * 32)

#endif
