/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the RecVer suite share: the store under test, groups that
 * are easy to make and to compare.
 */
#ifndef MST_TESTS_RECVER_SUITE_H
#define MST_TESTS_RECVER_SUITE_H

#include "tests/lib/t.h"

#include "recver/recver.h"

#define SOURCE "defender"

struct rv {
	const struct mst_recver_ops *ops;
	struct mst_recver *r;
	struct mst_err err;
	const char *where;
	/* Of a store on a server: how to get in, and a name for a database
	 * that nobody has used. NULL: where is a path. */
	struct mst_recver_conf server;
	const char *(*fresh)(void);
	/* Groups of the test with many, by thousands; 0: 100,000. */
	unsigned many;
};

extern struct rv rv;

/* What a load or a look at members saw, and the group `want` in it. */
struct rv_seen {
	struct mst_hash want;
	size_t rows, found, members;
	struct mst_group_row row;
	struct mst_hash last;
	char text[8192];
	struct mst_member m[64];
	int stop_after, stop_with;
};

const char *rv_fresh_place(void);
/* The store under test, at such a place. */
int rv_open(const char *where, const char *source, bool create,
	    struct mst_recver **r_r, struct mst_err *err);
void rv_open_again(void);
int rv_set_up(void **state);
int rv_tear_down(void **state);
struct mst_hash rv_key_of(struct mst_slice text);
struct mst_group_put rv_group(struct mst_slice text, uint32_t n,
			      bool with_remote);
void rv_group_free(struct mst_group_put *g);
void rv_put_text(const char *target, const char *set, const char *text,
		 uint32_t n);
int rv_see_row(void *ctx, const struct mst_group_row *row);
int rv_see_members(void *ctx, const struct mst_hash *key,
		   const struct mst_member *m, size_t n);
size_t rv_count(const char *target, const char *set);
struct rv_seen rv_look(const char *target, const char *set,
		       struct mst_slice text);
void rv_assert_stored(const char *target, const char *set,
		      const struct mst_group_put *g);
struct mst_recver_stats rv_stats(const char *target, const char *set);

/* The rules of every store, over rv.ops; how many failed. */
int rv_every_store(const char *name);
/* The tests of stores that keep a file; how many failed. */
int rv_file_tests(void);

#define T(fn) cmocka_unit_test_setup_teardown(fn, rv_set_up, rv_tear_down)

#endif
