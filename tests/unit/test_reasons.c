/* SPDX-License-Identifier: Apache-2.0
 *
 * Why records are written: what differs, what is no reason, how the sample is
 * kept small, what is stored.
 */
#include "sync_fixture.h"

#include <stdio.h>

#include "sync/reasons.h"

static struct mst_state *state;
static struct mst_job job;
static struct mst_delta d;
static struct mst_reasons *r;
static struct mst_err err;
static int64_t run;
static char told[2048]; /* "rows.u_value 3/5x1;" of the last read */

static int set_up(void **unused)
{
	static unsigned n;
	const struct mst_catalog *c = fx_source.catalog;

	err = (struct mst_err)MST_ERR_INIT;
	job = (struct mst_job){.name = "main", .catalog = c};
	d = (struct mst_delta){.job = &job, .sets_n = c->sets_n};
	for (size_t i = 0; i < c->sets_n; i++)
		d.sets[i] = (struct mst_set_delta){.set = &c->sets[i],
						   .selected = true,
						   .changes = {.recs_n = 1}};
	t_ok(mst_state_open(t_path("reasons-%u", n++), &state, &err), &err);
	return t_log_watch(unused);
}

static int tear_down(void **unused)
{
	mst_state_close(&state);
	return t_log_check(unused);
}

static void begin(void)
{
	struct mst_state_lock *l = NULL;

	t_ok(mst_state_lock(state, "main", &l, &err), &err);
	t_ok(mst_state_run_begin(state, "main", &run, &err), &err);
	mst_state_unlock(&l);
	r = mst_reasons_open(state, &d);
	assert_non_null(r);
}

static size_t set_of(const char *name)
{
	return (size_t)(mst_catalog_set(job.catalog, name) - job.catalog->sets);
}

/* A change of a device, number n: name, os, last_seen, source_id. NULL: no
 * value; name NULL: not shown any more. */
static void change(unsigned n, enum mst_action action,
		   enum mst_verdict_kind kind, const char *name, const char *os,
		   const char *seen)
{
	const char *texts[] = {name, os, seen};
	struct mst_desired want = {.table = MST_SLICE_LIT("cmdb_ci_computer")};
	struct mst_hash key =
	    mst_hash128(&n, sizeof(n), 0); /* any, spread well */
	struct mst_reason *why;
	size_t set = set_of("devices");

	for (unsigned i = 0; i < 3; i++) {
		if (texts[i])
			want.cells[want.cells_n++] = (struct mst_cell){
			    .column = i, .text = mst_slice_str(texts[i])};
	}
	if (os && strcmp(os, "server") == 0)
		want.table = MST_SLICE_LIT("cmdb_ci_server");
	why = mst_reasons_offer(r, set, key, name ? &want : NULL);
	mst_reasons_settle(r, set, action, kind, &why);
	assert_null(why);
}

static int take(void *ctx, const struct mst_field_count *c)
{
	size_t at = strlen(told);

	(void)ctx;
	(void)snprintf(told + at, sizeof(told) - at, "%s.%s %llu/%llux%llu;",
		       c->set, c->column, (unsigned long long)c->seen,
		       (unsigned long long)c->writes,
		       (unsigned long long)c->runs);
	return 0;
}

static void end(void)
{
	mst_reasons_close(&r, run);
	assert_null(r);
}

static void tells(size_t runs, const char *want)
{
	told[0] = 0;
	t_ok(mst_state_fields(state, "main", runs, take, NULL, &err), &err);
	assert_string_equal(told, want);
}

static void test_columns(void **unused MST_UNUSED)
{
	begin();
	for (unsigned n = 0; n < 5; n++)
		change(n, MST_INSERT, MST_VERDICT_APPLIED, "a", "x", "1");
	end();
	tells(10, ""); /* inserts have no reason */
	begin();
	change(0, MST_UPDATE, MST_VERDICT_APPLIED, "b", "x", "2");
	change(1, MST_UPDATE, MST_VERDICT_APPLIED, "b", "y", "2");
	change(2, MST_UPDATE, MST_VERDICT_APPLIED, "a", NULL, "2");
	/* a volatile column alone is no reason */
	change(3, MST_UPDATE, MST_VERDICT_APPLIED, "a", "x", "3");
	/* what was not written counts nowhere */
	change(4, MST_UPDATE, MST_VERDICT_REFUSED, "z", "z", "1");
	change(4, MST_UPDATE, MST_VERDICT_UNCHANGED, "a", "x", "1");
	end();
	tells(10, "devices. 4/4x1;devices.name 2/2x1;devices.os 2/2x1;"
		  "devices.(sent again) 1/1x1;");
	/* compared with what was delivered last */
	begin();
	change(0, MST_UPDATE, MST_VERDICT_APPLIED, "b", "server", "2");
	change(4, MST_UPDATE, MST_VERDICT_APPLIED, "a", "x", "1");
	change(9, MST_UPDATE, MST_VERDICT_APPLIED, "new", "x", "1");
	end();
	tells(1, "devices. 3/3x1;devices.(class) 1/1x1;"
		 "devices.(not known) 1/1x1;devices.(sent again) 1/1x1;"
		 "devices.os 1/1x1;");
	tells(2, "devices. 7/7x2;devices.os 3/3x2;devices.(sent again) 2/2x2;"
		 "devices.name 2/2x1;devices.(class) 1/1x1;"
		 "devices.(not known) 1/1x1;");
}

static void test_gone(void **unused MST_UNUSED)
{
	begin();
	change(1, MST_INSERT, MST_VERDICT_APPLIED, "a", "x", "1");
	change(1, MST_RETIRE, MST_VERDICT_APPLIED, NULL, NULL, NULL);
	change(2, MST_INSERT, MST_VERDICT_APPLIED, "a", "x", "1");
	end();
	begin();
	change(2, MST_RETIRE, MST_VERDICT_REFUSED, NULL, NULL, NULL);
	change(1, MST_UPDATE, MST_VERDICT_APPLIED, "b", "x", "1");
	change(2, MST_UPDATE, MST_VERDICT_APPLIED, "b", "x", "1");
	end();
	tells(1, "devices. 2/2x1;devices.(not known) 1/1x1;"
		 "devices.name 1/1x1;");
}

/* More records than the sample takes: estimates, and all of them counted. */
static void test_large(void **unused MST_UNUSED)
{
	uint32_t kept = mst_reasons_most;
	unsigned long long seen, writes, name;

	mst_reasons_most = 64;
	begin();
	for (unsigned n = 0; n < 5000; n++)
		change(n, MST_INSERT, MST_VERDICT_APPLIED, "a", "x", "1");
	end();
	begin();
	for (unsigned n = 0; n < 5000; n++)
		change(n, MST_UPDATE, MST_VERDICT_APPLIED, n % 2 ? "b" : "a",
		       n % 2 ? "x" : "y", "1");
	end();
	told[0] = 0;
	t_ok(mst_state_fields(state, "main", 1, take, NULL, &err), &err);
	assert_int_equal(sscanf(told, "devices. %llu/%llux1", &seen, &writes),
			 2);
	assert_int_equal(writes, 5000);
	assert_in_range(seen, 30, 64);
	assert_int_equal(
	    sscanf(strstr(told, "name "), "name %llu/%llu", &name, &writes), 2);
	assert_in_range(name, 1, seen - 1);
	assert_true(writes == (name * 5000 + seen / 2) / seen);
	assert_null(strstr(told, "not known"));
	mst_reasons_most = kept;
}

/* Without a store there is no sample, and a push goes on. */
static void test_without(void **unused MST_UNUSED)
{
	struct mst_reason *why = mst_reasons_offer(
	    NULL, 0, (struct mst_hash){1, 2}, &(struct mst_desired){0});

	assert_null(why);
	mst_reasons_settle(NULL, 0, MST_UPDATE, MST_VERDICT_APPLIED, &why);
	mst_reason_drop(&why);
	r = NULL;
	mst_reasons_close(&r, 1);
	begin();
	change(1, MST_INSERT, MST_VERDICT_APPLIED, "a", "x", "1");
	/* a change that never has its verdict */
	why = mst_reasons_offer(r, set_of("devices"), (struct mst_hash){0, 0},
				&(struct mst_desired){0});
	assert_non_null(why);
	mst_reason_drop(&why);
	end();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_columns),
	    T(test_gone),
	    T(test_large),
	    T(test_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
