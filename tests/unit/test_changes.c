/* SPDX-License-Identifier: Apache-2.0
 *
 * The change file: records and payloads as they were written, damage found.
 */
#include "tests/lib/t.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "sync/changes.h"

static struct mst_changes c;
static struct mst_err err;

static int set_up(void **state MST_UNUSED)
{
	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_changes_open(&c, t_dir(), "devices", &err), &err);
	return 0;
}

static int tear_down(void **state MST_UNUSED)
{
	mst_changes_close(&c);
	mst_changes_close(&c); /* does no harm */
	return 0;
}

static int count_file(void *ctx, const char *path, const char *rel,
		      uint64_t size, struct mst_err *e)
{
	++*(unsigned *)ctx;
	return 0;
}

static void test_records(void **state MST_UNUSED)
{
	struct mst_change_rec rec[100], got[64];
	unsigned files = 0;
	size_t n;

	for (unsigned i = 0; i < 100; i++)
		rec[i] = (struct mst_change_rec){.group = i,
						 .key = i * 3,
						 .value = i * 5,
						 .action = MST_UPDATE};
	t_ok(mst_changes_get(&c, 0, got, 64, &n, &err), &err);
	assert_int_equal(n, 0);
	t_ok(mst_changes_add(&c, rec, 30, &err), &err);
	t_ok(mst_changes_add(&c, rec + 30, 70, &err), &err);
	assert_int_equal(c.recs_n, 100);
	for (uint64_t at = 0, want = 64; at < 100; at += n, want = 36) {
		t_ok(mst_changes_get(&c, at, got, 64, &n, &err), &err);
		assert_int_equal(n, want);
		assert_memory_equal(got, rec + at, n * sizeof(*got));
	}
	t_ok(mst_changes_get(&c, 100, got, 64, &n, &err), &err);
	assert_int_equal(n, 0);
	t_ok(mst_changes_get(&c, UINT64_MAX, got, 64, &n, &err), &err);
	assert_int_equal(n, 0);
	/* nothing of it has a name */
	t_ok(mst_dir_walk(t_dir(), count_file, &files, &err), &err);
	assert_int_equal(files, 0);
}

static const struct mst_column columns[MST_MAX_COLUMNS] = {
    [0 ... MST_MAX_COLUMNS - 1] = {"column", 0, 0, NULL}};
static const struct mst_set set = {
    .name = "devices", .columns = columns, .columns_n = MST_MAX_COLUMNS};

static struct mst_change_rec written(const struct mst_desired *d)
{
	struct mst_buf b = MST_BUF_INIT(1u << 20);
	struct mst_change_rec rec = {.action = MST_INSERT};

	assert_true(mst_payload_encode(d, &b));
	rec.len = (uint32_t)b.n;
	t_ok(mst_changes_write(&c, mst_buf_slice(&b), &rec.off, &err), &err);
	mst_buf_fini(&b);
	return rec;
}

static void test_payload(void **state MST_UNUSED)
{
	struct mst_desired d = {.set = &set,
				.mapping = 5,
				.key = MST_SLICE_LIT("key\0with nul"),
				.group = MST_SLICE_LIT("group"),
				.table = MST_SLICE_LIT("cmdb_ci_computer")};
	struct mst_desired got;
	struct mst_change_rec none, all;
	struct mst_buf bytes = MST_BUF_INIT(1u << 20);

	none = written(&d);
	d.cells_n = MST_MAX_COLUMNS;
	for (unsigned i = 0; i < d.cells_n; i++) {
		d.cells[i].column = d.cells_n - 1 - i;
		d.cells[i].text =
		    mst_slice("abcdefghijklmnopqrstuvwxyz", i % 27);
		d.rows[i] = (uint8_t)(i * 5);
	}
	all = written(&d);
	t_ok(mst_payload_read(&c, &all, &bytes, &got, &err), &err);
	assert_int_equal(got.mapping, 5);
	assert_true(mst_slice_eq(got.key, d.key));
	t_is(got.group, "group");
	t_is(got.table, "cmdb_ci_computer");
	assert_int_equal(got.cells_n, d.cells_n);
	for (unsigned i = 0; i < d.cells_n; i++) {
		assert_int_equal(got.cells[i].column, d.cells[i].column);
		assert_int_equal(got.rows[i], d.rows[i]);
		assert_true(mst_slice_eq(got.cells[i].text, d.cells[i].text));
		assert_true(mst_sysid_is_zero(&got.cells[i].ref));
	}
	t_ok(mst_payload_read(&c, &none, &bytes, &got, &err), &err);
	assert_int_equal(got.cells_n, 0);
	mst_buf_fini(&bytes);
}

static void test_damage(void **state MST_UNUSED)
{
	struct mst_desired d = {
	    .set = &set,
	    .key = MST_SLICE_LIT("key"),
	    .group = MST_SLICE_LIT("group"),
	    .table = MST_SLICE_LIT("table"),
	    .cells_n = 1,
	    .cells = {{.column = 1, .text = MST_SLICE_LIT("text")}}};
	struct mst_desired got;
	struct mst_change_rec rec = written(&d), bad;
	struct mst_buf bytes = MST_BUF_INIT(1u << 16);

	/* every shorter length, one too long, and behind the end */
	for (uint32_t n = 0; n <= rec.len + 1; n++) {
		bad = rec;
		bad.len = n;
		if (n != rec.len)
			t_failed(mst_payload_read(&c, &bad, &bytes, &got, &err),
				 &err, MST_E_CORRUPT, "change file is damaged");
	}
	bad = rec;
	bad.off = 1000000;
	t_failed(mst_payload_read(&c, &bad, &bytes, &got, &err), &err,
		 MST_E_CORRUPT, "devices");
	bad.len = UINT32_MAX;
	t_failed(mst_payload_read(&c, &bad, &bytes, &got, &err), &err,
		 MST_E_INTERNAL, "too large");
	/* a length that points out of the payload; too many cells */
	assert_int_equal(pwrite(c.payload_fd, "\xff\xff\xff\xff", 4, 2), 4);
	t_failed(mst_payload_read(&c, &rec, &bytes, &got, &err), &err,
		 MST_E_CORRUPT, "");
	rec = written(&d);
	assert_int_equal(pwrite(c.payload_fd, "\xff", 1, (off_t)rec.off + 1),
			 1);
	t_failed(mst_payload_read(&c, &rec, &bytes, &got, &err), &err,
		 MST_E_CORRUPT, "");
	mst_buf_fini(&bytes);
}

/* ---- several writers ------------------------------------------------------
 */

#define WRITERS 3
#define EACH	400

static uint64_t offs[WRITERS][EACH];

static void *writer(void *p)
{
	unsigned w = (unsigned)(uintptr_t)p;
	struct mst_err e = MST_ERR_INIT;
	char text[64];

	memset(text, 'a' + (int)w, sizeof(text));
	for (unsigned i = 0; i < EACH; i++) {
		if (mst_changes_write(&c, mst_slice(text, 1 + i % 64),
				      &offs[w][i], &e) < 0)
			return p;
	}
	return NULL;
}

static void test_writers(void **state MST_UNUSED)
{
	pthread_t ids[WRITERS];
	char got[64];

	for (uintptr_t i = 0; i < WRITERS; i++)
		assert_int_equal(
		    pthread_create(&ids[i], NULL, writer, (void *)i), 0);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(ids[i], NULL), 0);
	for (unsigned w = 0; w < WRITERS; w++) {
		for (unsigned i = 0; i < EACH; i++) {
			size_t n = 1 + i % 64;

			assert_int_equal(
			    pread(c.payload_fd, got, n, (off_t)offs[w][i]), n);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(got[k], 'a' + (int)w);
		}
	}
}

static void test_no_folder(void **state MST_UNUSED)
{
	struct mst_changes x;

	assert_true(mst_changes_open(&x, t_path("missing"), "devices", &err) <
		    0);
	assert_non_null(strstr(err.msg, "missing"));
	mst_changes_close(&x);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_records), T(test_payload),	T(test_damage),
	    T(test_writers), T(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
