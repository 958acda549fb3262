/* SPDX-License-Identifier: Apache-2.0
 *
 * The changes of one desired set, on disk: a list of small records in order of
 * their groups, and the payloads (desired records) that they point at. Written
 * by the workers of the second pass, read once by the push and by plan. Lives
 * in the spool and dies with it: the form may change freely.
 */
#ifndef MST_SYNC_CHANGES_H
#define MST_SYNC_CHANGES_H

#include <stdatomic.h>

#include "rules/rules.h"

/* MST_FORGET: nothing is written. A group that is a record leaves RecVer if
 * another record owns what it had made; whether it does the push knows. A
 * member leaves its group; without a key the group is stored with its new
 * digest. */
#define MST_FORGET MST_ACTION__MAX

struct mst_change_rec {
	uint32_t group; /* position in the set's groups */
	uint32_t len;	/* of the payload; 0: none */
	uint64_t off;
	uint64_t key;	/* member key hash; 0 where a group is a record */
	uint64_t value; /* member value hash */
	uint8_t action; /* enum mst_action or MST_FORGET */
	uint8_t pad[7];
};

struct mst_changes {
	int recs_fd, payload_fd;
	uint64_t recs_n;
	_Atomic uint64_t payload_n;
	char *path; /* for errors */
};

/* Makes two unlinked files in dir. */
int mst_changes_open(struct mst_changes *c, const char *dir, const char *set,
		     struct mst_err *err);
void mst_changes_close(struct mst_changes *c);
int mst_changes_add(struct mst_changes *c, const struct mst_change_rec *recs,
		    size_t n, struct mst_err *err);
/* Up to n records from position at; *n_r fewer at the end. */
int mst_changes_get(const struct mst_changes *c, uint64_t at,
		    struct mst_change_rec *recs, size_t n, size_t *n_r,
		    struct mst_err *err);
/* Appends bytes to the payloads; any thread. */
int mst_changes_write(struct mst_changes *c, struct mst_slice bytes,
		      uint64_t *off_r, struct mst_err *err);
/* A payload as bytes, and back. Decoded texts point into bytes. */
bool mst_payload_encode(const struct mst_desired *d, struct mst_buf *out);
int mst_payload_read(const struct mst_changes *c,
		     const struct mst_change_rec *rec, struct mst_buf *bytes,
		     struct mst_desired *d_r, struct mst_err *err);

#endif
