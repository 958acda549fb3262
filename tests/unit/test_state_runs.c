/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration, runs, their records and writes in whichever store: what
 * test_state.c asks of the file in more depth.
 */
#include "state_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "state/days.h"
#include "state/state_private.h"

struct list {
	char text[4096];
};

MST_PRINTF(2, 3) static void add(struct list *l, const char *fmt, ...)
{
	size_t n = strlen(l->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(l->text + n, sizeof(l->text) - n, fmt, ap);
	va_end(ap);
}

/* ---- configuration ------------------------------------------------------- */

static int add_item(void *ctx, const struct mst_state_item *it)
{
	add(ctx, "%s %s %s %s;", it->kind, it->name, it->type, it->yaml);
	return 0;
}

static void test_items(void **state)
{
	struct mst_state_item it[] = {
	    {.kind = "job", .name = "main", .type = "", .yaml = "a: 1"},
	    {.kind = "connection", .name = "b", .type = "iot", .yaml = "x"},
	    {.kind = "connection",
	     .name = "a",
	     .type = "iot",
	     .yaml = "\xc3\xa4"},
	};
	struct mst_buf yaml = MST_BUF_INIT(100);
	size_t added = 0, changed = 0;
	struct list l = {""};
	bool found = true;

	t_ok(mst_state_put_items(s, it, 3, &added, &changed, &err), &err);
	assert_int_equal(added, 3);
	it[0].yaml = "a: 2";
	t_ok(mst_state_put_items(s, it, 3, &added, &changed, &err), &err);
	assert_int_equal(added, 0);
	assert_int_equal(changed, 1);
	t_ok(mst_state_items(s, NULL, add_item, &l, &err), &err);
	assert_string_equal(l.text, "connection a iot \xc3\xa4;"
				    "connection b iot x;job main  a: 2;");
	l.text[0] = 0;
	t_ok(mst_state_items(s, "job", add_item, &l, &err), &err);
	assert_string_equal(l.text, "job main  a: 2;");
	t_ok(mst_state_item(s, "job", "main", &yaml, &err), &err);
	t_is(mst_buf_slice(&yaml), "a: 2");
	t_failed(mst_state_item(s, "job", "mian", &yaml, &err), &err,
		 MST_E_NOTFOUND, "did you mean 'main'?");
	it[0].only_if = "a: 1";
	it[0].yaml = NULL;
	t_failed(mst_state_put_items(s, it, 1, &added, &changed, &err), &err,
		 MST_E_CONFLICT, "somebody else");
	it[0].only_if = "a: 2";
	t_ok(mst_state_put_items(s, it, 1, &added, &changed, &err), &err);
	t_ok(mst_state_find(s, "job", "main", &yaml, &found, &err), &err);
	assert_false(found);
	mst_buf_fini(&yaml);
}

/* ---- runs ---------------------------------------------------------------- */

static int add_run(void *ctx, const struct mst_run *run)
{
	add(ctx, "%lld %s %s;", (long long)run->id, run->job,
	    mst_run_status_name(run->status));
	return 0;
}

static void assert_runs(struct mst_run_filter f, const char *want)
{
	struct list l = {""};

	if (!f.n)
		f.n = 100;
	t_ok(mst_state_runs(s, &f, add_run, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static int64_t begin(const char *job)
{
	int64_t id = 0;

	t_ok(mst_state_run_begin(s, job, &id, &err), &err);
	return id;
}

static void end(int64_t id, enum mst_run_status status)
{
	const struct mst_run run = {.id = id,
				    .ended_us = MST_TIME_NONE,
				    .status = status,
				    .error = "cut in a character \xc3",
				    .proof = "[]"};

	t_ok(mst_state_run_end(s, &run, &err), &err);
}

#define ANY .status = -1

static void test_runs(void **state)
{
	struct mst_state_lock *l;
	enum mst_run_status status;

	end(begin("a"), MST_RUN_OK);
	(void)begin("a"); /* died */
	end(begin("b"), MST_RUN_FAILED);
	t_ok(mst_state_lock(s, "a", &l, &err), &err);
	(void)begin("a");
	(void)begin("b"); /* died, without a lock */
	assert_runs((struct mst_run_filter){ANY},
		    "5 b dead;4 a running;3 b failed;2 a dead;1 a ok;");
	assert_runs((struct mst_run_filter){ANY, .job = "a"},
		    "4 a running;2 a dead;1 a ok;");
	assert_runs((struct mst_run_filter){ANY, .before = 3, .n = 1},
		    "2 a dead;");
	assert_runs((struct mst_run_filter){.status = MST_RUN_OK}, "1 a ok;");
	assert_runs((struct mst_run_filter){.status = MST_RUN_RUNNING},
		    "4 a running;");
	assert_runs((struct mst_run_filter){.status = MST_RUN_DEAD},
		    "5 b dead;2 a dead;");
	assert_runs((struct mst_run_filter){.status = MST_RUN_DEAD, .n = 1},
		    "5 b dead;");
	assert_runs((struct mst_run_filter){.status = MST_RUN_DEAD, .job = "a"},
		    "2 a dead;");
	assert_runs((struct mst_run_filter){.status = MST_RUN_FAILED,
					    .job = "b",
					    .before = 4},
		    "3 b failed;");
	/* A page of one that is passed over is not the end. */
	assert_runs((struct mst_run_filter){.status = MST_RUN_RUNNING, .n = 1},
		    "4 a running;");
	mst_state_unlock(&l);
	assert_runs((struct mst_run_filter){.status = MST_RUN_RUNNING}, "");
	assert_true(mst_run_status_parse(mst_slice_str("guard"), &status));
	assert_int_equal(status, MST_RUN_GUARD);
	assert_false(mst_run_status_parse(mst_slice_str("x"), &status));
}

static int add_counts(void *ctx, const char *set,
		      const struct mst_run_counts *c)
{
	add(ctx, "%s %llu %llu %lld;", set, (unsigned long long)c->read,
	    (unsigned long long)c->new_, (long long)c->us);
	return 0;
}

static int add_refused(void *ctx, const struct mst_run_item *i)
{
	add(ctx, "%lld %s %s %s;", (long long)i->id, i->set, i->key, i->what);
	return 0;
}

static void assert_items(int64_t run, struct mst_item_filter f,
			 const char *want)
{
	struct list l = {""};

	if (!f.n)
		f.n = 100;
	t_ok(mst_state_run_items(s, run, &f, add_refused, &l, &err), &err);
	assert_string_equal(l.text, want);
}

static void test_records(void **state)
{
	const struct mst_run_item items[] = {
	    {.set = "devices", .key = "k1", .what = "refused", .reason = "r"},
	    {.set = "devices", .key = "k2", .what = "skipped", .reason = "r"},
	    {.set = "installs", .key = "k3", .what = "refused", .reason = "r"},
	};
	struct mst_run_counts c = {.read = 3, .new_ = 1, .us = 9};
	int64_t run = begin("a");
	struct list l = {""};

	t_ok(mst_state_item_log(s, run, items, 3, &err), &err);
	assert_items(run, (struct mst_item_filter){.n = 2},
		     "1 devices k1 refused;2 devices k2 skipped;");
	assert_items(run, (struct mst_item_filter){.after = 2},
		     "3 installs k3 refused;");
	assert_items(run, (struct mst_item_filter){.what = "refused"},
		     "1 devices k1 refused;3 installs k3 refused;");
	assert_items(
	    run, (struct mst_item_filter){.what = "refused", .set = "installs"},
	    "3 installs k3 refused;");
	assert_items(run + 1, (struct mst_item_filter){.n = 2}, "");
	t_ok(mst_state_run_counts(s, run, "devices", &c, &err), &err);
	c.read = 4;
	t_ok(mst_state_run_counts(s, run, "devices", &c, &err), &err);
	t_ok(mst_state_run_sets(s, run, add_counts, &l, &err), &err);
	assert_string_equal(l.text, "devices 4 1 9;");
}

static int add_day(void *ctx, int64_t day_us, const struct mst_run_counts *c)
{
	add(ctx, "%lld %llu %llu;", (long long)(day_us / 86400000000ll),
	    (unsigned long long)c->new_, (unsigned long long)c->refused);
	return 0;
}

static void test_days(void **state)
{
	const struct mst_run_counts c = {.new_ = 3, .refused = 1};
	struct list l = {""};

	t_ok(mst_state_run_counts(s, begin("a"), "devices", &c, &err), &err);
	t_ok(mst_state_run_counts(s, begin("b"), "devices", &c, &err), &err);
	t_clock_add(86400000000ll);
	t_ok(mst_state_run_counts(s, begin("a"), "devices", &c, &err), &err);
	t_ok(mst_state_days(s, 0, add_day, &l, &err), &err);
	assert_string_equal(l.text, "20370 6 2;20371 3 1;");
	l.text[0] = 0;
	t_ok(mst_state_days(s, mst_now_us(), add_day, &l, &err), &err);
	assert_string_equal(l.text, "20371 3 1;");
	/* The newest of each job stays, whatever its age. */
	t_clock_add(86400000000ll);
	end(begin("a"), MST_RUN_OK);
	end(1, MST_RUN_OK);
	state_sql("UPDATE run SET ended_us=1");
	t_ok(mst_state_runs_trim(s, mst_now_us(), &err), &err);
	assert_runs((struct mst_run_filter){ANY}, "4 a ok;2 b dead;");
	/* One that died never ended. */
	(void)begin("b");
	state_sql("UPDATE run SET ended_us=NULL, started_us=2 WHERE id=2");
	t_ok(mst_state_runs_trim(s, mst_now_us(), &err), &err);
	assert_runs((struct mst_run_filter){ANY}, "5 b dead;4 a ok;");
}

/* Each page of a long history comes by an index, in order: whatever it is asked
 * by, nothing is gone through and nothing is sorted. */
static void test_long_history(void **state)
{
	static const struct mst_run_filter asked[] = {
	    {ANY, .n = 50},
	    {.job = "job7", .status = -1, .n = 50},
	    {.status = MST_RUN_FAILED, .n = 50},
	    {.job = "job7", .status = MST_RUN_FAILED, .n = 50},
	    {.status = MST_RUN_DEAD, .n = 50},
	    {.job = "job7", .status = MST_RUN_DEAD, .n = 50},
	};
	struct mst_state *other = NULL;
	unsigned seen = 0;

	state_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
		  " WHERE i<100000) INSERT INTO run(job, started_us, ended_us,"
		  " status) SELECT 'job' || (i%20), i, i, CASE WHEN i%97=0 THEN"
		  " 3 ELSE 1 END FROM n");
	state_other(&other);
	for (size_t i = 0; i < MST_LEN(asked); i++) {
		struct list l = {""};

		t_ok(mst_state_runs(other, &asked[i], add_run, &l, &err), &err);
	}
	for (size_t i = 0; i < MST_SDB_SLOTS; i++) {
		for (struct mst_sdb_st *st = other->db->st[i]; st;
		     st = st->next) {
			struct mst_buf plan = MST_BUF_INIT(1u << 20);
			bool slow = false;

			if (strstr(st->sql, "FROM run ")) {
				state_plan(st->sql, &plan, &slow);
				seen++;
			}
			if (slow)
				print_error("%s\n%s", st->sql, plan.p);
			assert_false(slow);
			mst_buf_fini(&plan);
		}
	}
	assert_int_equal(seen, MST_LEN(asked));
	mst_state_close(&other);
}

/* ---- writes, reasons ----------------------------------------------------- */

static struct mst_write_log entry(uint64_t i, int64_t run)
{
	return (struct mst_write_log){
	    .key = {.lo = i, .hi = i * 0xc2b2ae3d27d4eb4full},
	    .run = run,
	    .action = MST_UPDATE,
	    .at_us = T0 + run,
	    .request_id = "r",
	    .remote = {{(uint8_t)i}}};
}

static void assert_write(uint64_t i, int64_t run)
{
	struct mst_buf id = MST_BUF_INIT(100);
	struct mst_write_log w;
	bool found = false;

	t_ok(mst_state_last_write(s, "a", entry(i, 0).key, &w, &id, &found,
				  &err),
	     &err);
	assert_int_equal(found, run != 0);
	if (found)
		assert_true(w.run == run && w.remote.b[0] == (uint8_t)i);
	mst_buf_fini(&id);
}

static void test_writes(void **state)
{
	struct mst_write_log w[700];

	for (uint64_t i = 0; i < 700; i++)
		w[i] = entry(i + 1, 1);
	t_ok(mst_state_write_log(s, "a", w, 700, &err), &err);
	assert_write(700, 1);
	t_ok(mst_state_merge_writes(s, &err), &err);
	assert_write(700, 1);
	assert_write(701, 0);
	w[1] = w[0] = entry(5, 2);
	w[1].run = 3;
	t_ok(mst_state_write_log(s, "a", w, 2, &err), &err);
	assert_write(5, 3);
	t_ok(mst_state_merge_writes(s, &err), &err);
	assert_write(5, 3);
	assert_write(4, 1);
}

static int add_field(void *ctx, const struct mst_field_count *c)
{
	add(ctx, "%s %s %llu %llu %llu;", c->set, c->column,
	    (unsigned long long)c->seen, (unsigned long long)c->writes,
	    (unsigned long long)c->runs);
	return 0;
}

static int add_sample(void *ctx, struct mst_slice key, struct mst_slice bytes)
{
	add(ctx, "%.*s %zu;", (int)key.n, key.p, bytes.n);
	return 0;
}

static void test_reasons(void **state)
{
	const struct mst_field_count v[] = {
	    {.set = "devices", .column = "ip", .seen = 1, .writes = 10},
	    {.set = "devices", .column = "os", .seen = 2, .writes = 20}};
	struct mst_sample_row rows[] = {
	    {mst_slice_str("k"), mst_slice_str("12345678")},
	    {mst_slice_str("q"), mst_slice("", 0)}};
	int64_t run = begin("a");
	struct list l = {""};

	t_ok(mst_state_fields_add(s, run, v, 2, &err), &err);
	t_ok(mst_state_fields_add(s, run, v, 1, &err), &err);
	t_ok(mst_state_fields(s, "a", 10, add_field, &l, &err), &err);
	assert_string_equal(l.text, "devices ip 2 20 1;devices os 2 20 1;");
	l.text[0] = 0;
	t_ok(mst_state_sample_put(s, "a", "devices", true, rows, 2, &err),
	     &err);
	t_ok(mst_state_sample_put(s, "a", "devices", false, rows, 1, &err),
	     &err);
	t_ok(mst_state_sample(s, "a", "devices", add_sample, &l, &err), &err);
	assert_string_equal(l.text, "k 8;q 0;");
}

/* ---- one at a time ------------------------------------------------------- */

static void test_lock(void **state)
{
	struct mst_state_lock *l, *again;
	struct mst_state *other;
	char part[64];

	state_other(&other);
	t_ok(mst_state_lock(s, "a", &l, &err), &err);
	t_failed(mst_state_lock(other, "a", &again, &err), &err, MST_E_CONFLICT,
		 "job 'a' is in use by process ");
	t_ok(mst_state_lock(other, "b", &again, &err), &err);
	mst_state_unlock(&again);
	(void)snprintf(part, sizeof(part), ", run %lld: wait for it to end",
		       (long long)begin("a"));
	t_failed(mst_state_lock(other, "a", &again, &err), &err, MST_E_CONFLICT,
		 part);
	mst_state_unlock(&l);
	t_ok(mst_state_lock(other, "a", &again, &err), &err);
	mst_state_unlock(&again);
	mst_state_close(&other);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, state_set_up, state_tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_items),	  T(test_runs),	  T(test_records), T(test_days),
	    T(test_long_history), T(test_writes), T(test_reasons), T(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
