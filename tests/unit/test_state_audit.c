/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain of the audit: what was changed, taken out or cut off is found, and
 * two that add at once keep one chain.
 */
#include "state_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/state_private.h"

static void put(struct mst_state *to, const char *name, const char *before,
		const char *after)
{
	const struct mst_audit_entry e = {.kind = "job",
					  .name = name,
					  .what = "set",
					  .before = before,
					  .after = after};

	t_ok(mst_audit_put(to, &e, &err), &err);
}

static void fill(void)
{
	put(s, "a", NULL, "1");
	put(s, "a", "1", "2");
	put(s, "b", NULL, "");
	put(s, "b", "", "x");
}

static struct mst_audit_check check(const unsigned char *want)
{
	struct mst_audit_check c;

	t_ok(mst_audit_verify(s, want, &c, &err), &err);
	return c;
}

static void assert_broken(int64_t id, const char *part)
{
	const struct mst_audit_check c = check(NULL);

	assert_int_equal(c.bad_id, id);
	if (!strstr(c.why, part))
		fail_msg("%s", c.why);
}

static void test_whole(void **state)
{
	unsigned char head[MST_AUDIT_HASH], other[MST_AUDIT_HASH] = {1};
	static const unsigned char none[MST_AUDIT_HASH];
	int64_t id = 9;

	t_ok(mst_audit_head(s, &id, head, &err), &err);
	assert_int_equal(id, 0);
	assert_memory_equal(head, none, sizeof(none));
	assert_int_equal(check(NULL).bad_id, 0);
	fill();
	t_ok(mst_audit_head(s, &id, head, &err), &err);
	assert_int_equal(id, 4);
	put(s, "c", NULL, "3");
	assert_int_equal(check(NULL).entries, 5);
	/* A head of before is still in it; so is that of an empty one. */
	assert_int_equal(check(head).bad_id, 0);
	assert_int_equal(check(none).bad_id, 0);
	assert_int_equal(check(other).bad_id, 6);
	assert_non_null(strstr(check(other).why, "cut off"));
}

static int fields(void *ctx, const struct mst_audit_entry *e)
{
	assert_string_equal(e->user, "ann");
	assert_string_equal(e->via, "console");
	assert_string_equal(e->address, "10.0.0.1");
	assert_true(e->at_us == T0);
	assert_non_null(e->hash);
	++*(int *)ctx;
	return 0;
}

static int count(void *ctx, const struct mst_audit_entry *e)
{
	++*(int *)ctx;
	return 0;
}

static int counted(struct mst_audit_filter f)
{
	int n = 0;

	if (!f.n)
		f.n = 100;
	t_ok(mst_state_audit(s, &f, count, &n, &err), &err);
	return n;
}

static void test_fields(void **state)
{
	const struct mst_audit_filter f = {.n = 1};
	int n = 0;

	fill();
	mst_state_actor_set(s, "ann", "console", "10.0.0.1");
	assert_string_equal(mst_state_actor(s), "ann");
	put(s, "c", NULL, "3");
	mst_state_actor_set(s, NULL, NULL, NULL);
	t_ok(mst_state_audit(s, &f, fields, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(counted((struct mst_audit_filter){.name = "a"}), 2);
	assert_int_equal(
	    counted((struct mst_audit_filter){.kind = "job", .name = "b"}), 2);
	assert_int_equal(counted((struct mst_audit_filter){.kind = "user"}), 0);
	assert_int_equal(counted((struct mst_audit_filter){.user = "ann"}), 1);
	assert_int_equal(counted((struct mst_audit_filter){.before = 3}), 2);
	assert_int_equal(
	    counted((struct mst_audit_filter){.kind = "job", .n = 3}), 3);
	assert_int_equal(counted((struct mst_audit_filter){
			     .kind = "job", .name = "a", .user = "ann"}),
			 0);
}

/* A worker's changes are those of who asked for it. */
static void test_worker(void **state)
{
	assert_int_equal(setenv("MUSTER_ACTOR", "ann", 1), 0);
	assert_int_equal(setenv("MUSTER_ACTOR_VIA", "api", 1), 0);
	put(s, "a", NULL, "1");
	assert_int_equal(unsetenv("MUSTER_ACTOR"), 0);
	assert_int_equal(unsetenv("MUSTER_ACTOR_VIA"), 0);
	assert_int_equal(counted((struct mst_audit_filter){.user = "ann"}), 1);
}

static void test_tampered(void **state)
{
	fill();
	state_sql(state_unlock_audit);
	state_sql("UPDATE audit SET after='9' WHERE id=2");
	assert_broken(2, "it was changed");
	state_sql("UPDATE audit SET after='2' WHERE id=2");
	assert_int_equal(check(NULL).bad_id, 0);
	/* No text before is not the same as an empty one. */
	state_sql("UPDATE audit SET before='' WHERE id=3");
	assert_broken(3, "it was changed");
	state_sql("UPDATE audit SET before=NULL WHERE id=3");
	state_sql("UPDATE audit SET \"user\"='eve' WHERE id=1");
	assert_broken(1, "it was changed");
}

static void test_taken_out(void **state)
{
	fill();
	state_sql(state_unlock_audit);
	state_sql("DELETE FROM audit WHERE id=2");
	assert_broken(3, "taken out");
}

static void test_cut_off(void **state)
{
	unsigned char head[MST_AUDIT_HASH];
	int64_t id;

	fill();
	t_ok(mst_audit_head(s, &id, head, &err), &err);
	state_sql(state_unlock_audit);
	state_sql("DELETE FROM audit WHERE id=4");
	assert_broken(4, "entries at the end are gone");
	/* With the head brought in step only what was kept elsewhere shows
	 * it. */
	state_sql("UPDATE audit_head SET id=3, hash=(SELECT hash FROM audit"
		  " WHERE id=3)");
	assert_int_equal(check(NULL).bad_id, 0);
	assert_int_equal(check(head).bad_id, 4);
}

/* An entry that nobody added by the head. */
static void test_put_behind(void **state)
{
	fill();
	state_sql(
	    "INSERT INTO audit(id, at_us, uid, \"user\", kind, name, after,"
	    " hash) SELECT 9, at_us, uid, 'eve', kind, name, after, hash"
	    " FROM audit WHERE id=4");
	assert_broken(9, "the head does not know it");
}

/* Who writes is not kept waiting, and does not keep waiting. */
static void test_beside_others(void **state)
{
	struct mst_audit_check c;
	struct mst_state *other;
	bool own;

	fill();
	state_other(&other);
	t_ok(mst_sdb_own_begin(s->db, &own, &err), &err);
	put(s, "c", NULL, "3");
	t_ok(mst_audit_verify(other, NULL, &c, &err), &err);
	assert_int_equal(c.bad_id, 0);
	assert_int_equal(c.entries, 4);
	t_ok(mst_sdb_own_end(s->db, own, 0, &err), &err);
	assert_int_equal(check(NULL).entries, 5);
	mst_state_close(&other);
}

static void test_kept(void **state)
{
	fill();
	state_sql_refused("DELETE FROM audit WHERE id=1", "never removed");
	state_sql_refused("UPDATE audit SET after='' WHERE id=1",
			  "never changed");
	assert_int_equal(check(NULL).entries, 4);
}

static void test_at_once(void **state)
{
	enum { PROCESSES = 3, EACH = 20 };
	pid_t pid[PROCESSES];
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			struct mst_state *mine;

			state_other(&mine);
			for (int k = 0; k < EACH; k++)
				put(mine, "a", NULL, "1");
			mst_state_close(&mine);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(check(NULL).entries, PROCESSES * EACH);
	assert_int_equal(check(NULL).bad_id, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, state_set_up, state_tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_whole),	   T(test_fields),    T(test_worker),
	    T(test_tampered),	   T(test_taken_out), T(test_cut_off),
	    T(test_kept),	   T(test_at_once),   T(test_put_behind),
	    T(test_beside_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
