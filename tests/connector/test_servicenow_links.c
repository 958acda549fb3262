/* SPDX-License-Identifier: Apache-2.0
 *
 * Links (software on a device): no key of their own, so look-ups decide.
 */
#include "sn_fake.h"

#include <stdio.h>
#include <string.h>

#define SET   "software_installs"
#define TABLE "cmdb_software_instance"
#define SAM   "cmdb_sam_sw_install"
#define D1    "000000000000000000000000000000d1"
#define P1    "000000000000000000000000000000a1"
#define P2    "000000000000000000000000000000a2"

static int setup(void **state)
{
	*state = fake_new();
	return t_log_watch(state);
}

static int teardown(void **state)
{
	fake_free(*state);
	return t_log_check(state);
}

static uint64_t install(struct fake *f, bool may_exist, const char *key,
			const char *package)
{
	return fake_offer(f, SET,
			  (struct fake_change){.action = MST_INSERT,
					       .key = key,
					       .parent = fake_nr(0xd1),
					       .may_exist = may_exist},
			  "name", key, "software", package, NULL);
}

static void test_insert(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	fake_begin(f, SET);
	c = install(f, false, "7-zip 24", P1);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	/* discovery_source does not exist in this table. */
	fake_golden(f->subs[0], "link-insert.txt");
}

static void test_found_below_its_parent(void **state)
{
	struct fake *f = *state;
	uint64_t same, renamed, fresh;

	fake_open(f);
	fake_add(f, TABLE, "installed_on", D1, "software", P1, "name",
		 "7-zip 24", NULL);
	fake_add(f, TABLE, "installed_on", D1, "software", P2, "name", "old",
		 NULL);
	fake_add(f, TABLE, "installed_on", "000000000000000000000000000000d2",
		 "software", "000000000000000000000000000000a3", NULL);
	fake_begin(f, SET);
	same = install(f, true, "7-zip 24", P1);
	renamed = install(f, true, "new", P2);
	fresh = install(f, true, "third", "000000000000000000000000000000a3");
	fake_end(f);
	fake_is(f, same, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, renamed, MST_VERDICT_APPLIED, NULL);
	fake_is(f, fresh, MST_VERDICT_APPLIED, NULL);
	assert_false(fake_verdict(f, renamed)->v.inserted);
	assert_true(fake_verdict(f, fresh)->v.inserted);
	assert_int_equal(fake_count(f, TABLE), 4);
}

/* Two rows say the same: one is taken, nothing is made. */
static void test_several_rows_match(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	fake_add(f, TABLE, "installed_on", D1, "software", P1, "name", "x",
		 NULL);
	fake_add(f, TABLE, "installed_on", D1, "software", P1, "name", "x",
		 NULL);
	fake_begin(f, SET);
	c = install(f, true, "x", P1);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_UNCHANGED, NULL);
	assert_int_equal(fake_count(f, TABLE), 2);
}

static bool commits_500(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "POST") != 0 || f->n-- <= 0)
		return false;
	fake_add(f, TABLE, "installed_on", D1, "software", P1, "name", "x",
		 NULL);
	s->status = 500;
	return true;
}

static void test_uncertain_post_is_looked_up(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = commits_500;
	f->n = 1;
	fake_begin(f, SET);
	c = install(f, false, "x", P1);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_true(fake_verdict(f, c)->v.inserted);
	assert_int_equal(fake_count(f, TABLE), 1);
	assert_int_equal(fake_asked(f, "POST"), 1);
}

static void test_delete(void **state)
{
	struct fake *f = *state;
	struct fake_change c = {.action = MST_DELETE, .parent = fake_nr(0xd1)};
	uint64_t there, gone, unknown;

	fake_open(f);
	c.remote = fake_id(fake_add(f, TABLE, "installed_on", D1, NULL));
	fake_begin(f, SET);
	there = fake_offer(f, SET, c, NULL);
	c.remote = fake_nr(0x999);
	gone = fake_offer(f, SET, c, NULL);
	c.remote = fake_nr(0);
	c.parent = fake_nr(0);
	unknown = fake_offer(f, SET, c, NULL);
	fake_end(f);
	fake_is(f, there, MST_VERDICT_APPLIED, NULL);
	fake_is(f, gone, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, unknown, MST_VERDICT_REFUSED, "neither its sys_id");
	assert_int_equal(fake_count(f, TABLE), 0);
}

static bool lose_deletes(struct fake *f, struct fake_sub *s)
{
	if (strcmp(s->method, "DELETE") != 0 || f->n-- <= 0)
		return false;
	s->status = 504;
	return true;
}

static void test_uncertain_delete_is_repeated(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	f->on_sub = lose_deletes;
	f->n = 2;
	fake_begin(f, SET);
	c = fake_offer(
	    f, SET,
	    (struct fake_change){.action = MST_DELETE,
				 .remote = fake_id(fake_add(
				     f, TABLE, "installed_on", D1, NULL))},
	    NULL);
	fake_end(f);
	fake_is(f, c, MST_VERDICT_APPLIED, NULL);
	assert_int_equal(fake_asked(f, "DELETE"), 3);
}

static void test_package_that_was_refused(void **state)
{
	struct fake *f = *state;
	uint64_t c;

	fake_open(f);
	fake_begin(f, SET);
	c = install(f, false, "x", "vendor|x|1");
	fake_end(f);
	fake_is(f, c, MST_VERDICT_REFUSED,
		"waits for software_packages \"vendor|x|1\"");
}

/* The other table: no packages, told apart by prod_id. */
static void test_sam_table(void **state)
{
	struct fake *f = *state;
	struct fake_change ch = {.action = MST_INSERT,
				 .table = SAM,
				 .parent = fake_nr(0xd1),
				 .may_exist = true};
	struct fake_row *row;
	uint64_t a, b;

	fake_open(f);
	fake_add(f, SAM, "installed_on", D1, "prod_id", "v|a, inc|1",
		 "display_name", "a", "version", "1", NULL);
	fake_begin(f, SET);
	ch.key = "v|a, inc|1";
	a = fake_offer(f, SET, ch, "display_name", "a", "version", "1",
		       "prod_id", ch.key, "discovery_source", "other", NULL);
	ch.key = "v|a, inc|2";
	b = fake_offer(f, SET, ch, "display_name", "a", "version", "2",
		       "prod_id", ch.key, "discovery_source", "other", NULL);
	fake_end(f);
	fake_is(f, a, MST_VERDICT_UNCHANGED, NULL);
	fake_is(f, b, MST_VERDICT_APPLIED, NULL);
	row = fake_find(f, SAM, "prod_id", "v|a, inc|2");
	t_is(mst_slice_str(fake_get(row, "discovery_source")), "muster");
	t_is(mst_slice_str(fake_get(row, "installed_on")), D1);
	for (size_t i = 0; i < f->subs_n; i++)
		assert_true(strncmp(f->subs[i], "GET", 3) != 0 ||
			    !strstr(f->subs[i], "inc"));
}

/* Many devices: one list each, all in few batches. */
/* The setting named the other table when these were delivered. */
static void test_rows_of_the_other_table(void **state)
{
	struct fake *f = *state;
	struct mst_sysid old, gone, kept;
	uint64_t update, deleted, nowhere, denied;

	fake_open(f);
	old = fake_id(
	    fake_add(f, TABLE, "installed_on", D1, "software", P1, NULL));
	gone = fake_id(
	    fake_add(f, TABLE, "installed_on", D1, "software", P2, NULL));
	kept = fake_nr(0xeee);
	fake_begin(f, SET);
	update =
	    fake_offer(f, SET,
		       (struct fake_change){.action = MST_UPDATE,
					    .key = "7-zip 24",
					    .table = SAM,
					    .parent = fake_nr(0xd1),
					    .remote = old},
		       "display_name", "7-Zip", "prod_id", "7-zip 24", NULL);
	deleted = fake_offer(f, SET,
			     (struct fake_change){.action = MST_DELETE,
						  .table = SAM,
						  .parent = fake_nr(0xd1),
						  .remote = gone},
			     NULL);
	nowhere = fake_offer(f, SET,
			     (struct fake_change){.action = MST_DELETE,
						  .table = SAM,
						  .parent = fake_nr(0xd1),
						  .remote = kept},
			     NULL);
	fake_end(f);
	fake_is(f, update, MST_VERDICT_APPLIED, NULL);
	fake_is(f, deleted, MST_VERDICT_APPLIED, NULL);
	fake_is(f, nowhere, MST_VERDICT_UNCHANGED, NULL);
	assert_int_equal(fake_count(f, TABLE), 0);
	assert_int_equal(fake_count(f, SAM), 1);
	/* who may not even ask has not delivered there */
	f->absent[0] = TABLE;
	fake_begin(f, SET);
	denied = fake_offer(f, SET,
			    (struct fake_change){.action = MST_DELETE,
						 .table = SAM,
						 .parent = fake_nr(0xd1),
						 .remote = kept},
			    NULL);
	fake_end(f);
	fake_is(f, denied, MST_VERDICT_UNCHANGED, NULL);
}

static void test_look_ups_of_many_parents(void **state)
{
	struct fake *f = *state;
	char key[32];

	fake_open(f);
	fake_begin(f, SET);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(key, sizeof(key), "p%u", i);
		fake_offer(f, SET,
			   (struct fake_change){.action = MST_INSERT,
						.key = key,
						.parent = fake_nr(i / 3 + 1),
						.may_exist = true},
			   "name", key, "software", P1, NULL);
	}
	fake_end(f);
	assert_int_equal(fake_asked(f, "GET"), 100);
	assert_int_equal(fake_asked(f, "POST"), 300);
	assert_true(f->requests_n <= 16);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_insert),
	    T(test_found_below_its_parent),
	    T(test_several_rows_match),
	    T(test_uncertain_post_is_looked_up),
	    T(test_delete),
	    T(test_uncertain_delete_is_repeated),
	    T(test_package_that_was_refused),
	    T(test_sam_table),
	    T(test_rows_of_the_other_table),
	    T(test_look_ups_of_many_parents),
	};

	return cmocka_run_group_tests_name("servicenow links", tests, NULL,
					   NULL);
}
