/* SPDX-License-Identifier: Apache-2.0
 *
 * Inflating: both inflaters give the same bytes in any cut of input and
 * output, and find every damage.
 */
#include "tests/lib/t.h"

#include <stdlib.h>
#include <string.h>

#include "mst_config.h"

#include "base/gunzip_private.h"

static const struct mst_inflate_ops *const all[] = {
    &mst_inflate_zlib,
#ifdef MST_HAVE_ISAL
    &mst_inflate_isal,
#endif
};

#define MAX (32u << 20)

/* Inflates in steps of in_n to out_n bytes. Returns as mst_gunzip_step. */
static int inflate_all(struct mst_gunzip *g, struct mst_slice in, size_t in_n,
		       size_t out_n, struct mst_buf *out, struct mst_err *err)
{
	char *room = mst_alloc(out_n);
	int ret = 0;

	while (ret == 0 && in.n > 0) {
		struct mst_slice part = mst_slice(in.p, MST_MIN(in_n, in.n));
		size_t n = 0;

		in = mst_slice(in.p + part.n, in.n - part.n);
		do {
			ret = mst_gunzip_step(g, &part, room, out_n, &n, err);
			assert_true(mst_buf_add(out, room, n));
		} while (ret == 0 && (part.n > 0 || n == out_n));
	}
	free(room);
	return ret;
}

/* Rows like an export file's: repetitive, with some noise. */
static void make_rows(struct mst_buf *b, size_t rows)
{
	uint32_t x = 12345;

	for (size_t i = 0; i < rows; i++) {
		x = x * 1664525u + 1013904223u;
		mst_buf_addf(b,
			     "{\"deviceId\":\"%08x\",\"cveId\":\"CVE-20%02u-"
			     "%u\",\"score\":%u.%u}\n",
			     x, x >> 8 & 31, x >> 16, x & 7, x >> 5 & 7);
	}
}

static void add_gzip(struct mst_buf *out, struct mst_slice s, int level)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_gzip(s, level, out, &err), &err);
}

static void assert_inflates(const struct mst_inflate_ops *ops,
			    struct mst_slice gz, size_t in_n, size_t out_n,
			    struct mst_slice want)
{
	struct mst_gunzip *g = mst_gunzip_new_with(ops);
	struct mst_buf got = MST_BUF_INIT(MAX);
	struct mst_err err = MST_ERR_INIT;

	assert_false(mst_gunzip_whole(g));
	t_ok(inflate_all(g, gz, in_n, out_n, &got, &err), &err);
	if (!mst_slice_eq(mst_buf_slice(&got), want))
		fail_msg("%s: %zu bytes instead of %zu, steps of %zu to %zu",
			 ops->name, got.n, want.n, in_n, out_n);
	assert_true(mst_gunzip_whole(g));
	mst_buf_fini(&got);
	mst_gunzip_free(&g);
	assert_null(g);
}

static void test_cuts(void **state)
{
	static const size_t ins[] = {1, 2, 7, 8, 9, 100, 65536, MAX};
	static const size_t outs[] = {1, 3, 1000, 32768, 524288};
	struct mst_buf rows = MST_BUF_INIT(MAX), gz = MST_BUF_INIT(MAX);

	make_rows(&rows, 3000);
	add_gzip(&gz, mst_buf_slice(&rows), 6);
	for (size_t k = 0; k < MST_LEN(all); k++) {
		for (size_t i = 0; i < MST_LEN(ins); i++) {
			for (size_t o = 0; o < MST_LEN(outs); o++)
				assert_inflates(all[k], mst_buf_slice(&gz),
						ins[i], outs[o],
						mst_buf_slice(&rows));
		}
	}
	mst_buf_fini(&gz);
	mst_buf_fini(&rows);
}

static void test_levels_and_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 100, 32767, 32768, 100000};
	struct mst_buf rows = MST_BUF_INIT(MAX), gz = MST_BUF_INIT(MAX);

	make_rows(&rows, 3000);
	for (int level = 1; level <= 9; level++) {
		for (size_t i = 0; i < MST_LEN(sizes); i++) {
			mst_buf_reset(&gz);
			add_gzip(&gz, mst_slice(rows.p, sizes[i]), level);
			for (size_t k = 0; k < MST_LEN(all); k++)
				assert_inflates(all[k], mst_buf_slice(&gz),
						4096, 8192,
						mst_slice(rows.p, sizes[i]));
		}
	}
	mst_buf_fini(&gz);
	mst_buf_fini(&rows);
}

static void test_large(void **state)
{
	struct mst_buf rows = MST_BUF_INIT(MAX), gz = MST_BUF_INIT(MAX);

	make_rows(&rows, 120000);
	add_gzip(&gz, mst_buf_slice(&rows), 1);
	for (size_t k = 0; k < MST_LEN(all); k++)
		assert_inflates(all[k], mst_buf_slice(&gz), 256 << 10,
				512 << 10, mst_buf_slice(&rows));
	mst_buf_fini(&gz);
	mst_buf_fini(&rows);
}

static void test_members(void **state)
{
	struct mst_buf want = MST_BUF_INIT(MAX), gz = MST_BUF_INIT(MAX);

	for (int i = 0; i < 300; i++) {
		struct mst_buf rows = MST_BUF_INIT(MAX);

		make_rows(&rows, (size_t)(i % 5) * 7);
		add_gzip(&gz, mst_buf_slice(&rows), 1 + i % 9);
		mst_buf_add_slice(&want, mst_buf_slice(&rows));
		mst_buf_fini(&rows);
	}
	for (size_t k = 0; k < MST_LEN(all); k++) {
		assert_inflates(all[k], mst_buf_slice(&gz), 1, 13,
				mst_buf_slice(&want));
		assert_inflates(all[k], mst_buf_slice(&gz), MAX, 1 << 20,
				mst_buf_slice(&want));
	}
	mst_buf_fini(&gz);
	mst_buf_fini(&want);
}

/* ---- headers ----------------------------------------------------------- */

/* "hello" as a stored block, with its trailer. */
static const char hello_body[] = "\x01\x05\x00\xfa\xffhello"
				 "\x86\xa6\x10\x36\x05\x00\x00\x00";

static void header(struct mst_buf *b, unsigned flags)
{
	const char fixed[10] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";

	mst_buf_reset(b);
	mst_buf_add(b, fixed, sizeof(fixed));
	b->p[3] = (char)flags;
	if (flags & 4)
		mst_buf_add(b,
			    "\x05\x00"
			    "ab\0cd",
			    7);
	if (flags & 8)
		mst_buf_add(b, "a name.json", 12);
	if (flags & 16)
		mst_buf_add(b, "a comment", 10);
}

static void test_headers(void **state)
{
	struct mst_buf b = MST_BUF_INIT(4096);

	for (unsigned flags = 0; flags < 32; flags++) {
		if (flags & 2)
			continue; /* its check sum: next test */
		header(&b, flags);
		mst_buf_add(&b, hello_body, sizeof(hello_body) - 1);
		for (size_t k = 0; k < MST_LEN(all); k++) {
			assert_inflates(all[k], mst_buf_slice(&b), 1, 4096,
					MST_SLICE_LIT("hello"));
			assert_inflates(all[k], mst_buf_slice(&b), 4096, 4096,
					MST_SLICE_LIT("hello"));
		}
	}
	mst_buf_fini(&b);
}

static void assert_damaged(struct mst_slice gz, const char *why)
{
	for (size_t k = 0; k < MST_LEN(all); k++) {
		struct mst_gunzip *g = mst_gunzip_new_with(all[k]);
		struct mst_buf got = MST_BUF_INIT(MAX);
		struct mst_err err = MST_ERR_INIT;
		struct mst_slice none = {"", 0};
		char room[8];
		size_t n;

		t_failed(inflate_all(g, gz, 4096, 4096, &got, &err), &err,
			 MST_E_CORRUPT, why);
		assert_false(mst_gunzip_whole(g));
		/* and it stays damaged */
		t_failed(
		    mst_gunzip_step(g, &none, room, sizeof(room), &n, &err),
		    &err, MST_E_CORRUPT, "damaged");
		mst_gunzip_free(&g);
		mst_buf_fini(&got);
	}
}

static void test_header_sum(void **state)
{
	struct mst_buf b = MST_BUF_INIT(4096);

	header(&b, 2);
	mst_buf_add(&b, "\xa7\x77", 2);
	mst_buf_add(&b, hello_body, sizeof(hello_body) - 1);
	for (size_t k = 0; k < MST_LEN(all); k++)
		assert_inflates(all[k], mst_buf_slice(&b), 1, 64,
				MST_SLICE_LIT("hello"));
	b.p[10] ^= 1;
	assert_damaged(mst_buf_slice(&b), "check sum of its header");
	mst_buf_fini(&b);
}

static void test_header_damage(void **state)
{
	struct mst_buf b = MST_BUF_INIT(4096);

	assert_damaged(MST_SLICE_LIT("{\"value\":[]}"), "not gzip data");
	assert_damaged(MST_SLICE_LIT("\x1f"
				     "a"),
		       "not gzip data");
	assert_damaged(MST_SLICE_LIT("\x1f\x8b\x09"), "not gzip data");
	assert_damaged(MST_SLICE_LIT("\x1f\x8b\x08\xe0"), "unknown flags");
	assert_damaged(MST_SLICE_LIT("<!DOCTYPE html>"), "not gzip data");
	header(&b, 0);
	mst_buf_add(&b, hello_body, sizeof(hello_body) - 1);
	mst_buf_addc(&b, 0); /* not even padding may follow */
	assert_damaged(mst_buf_slice(&b), "not gzip data");
	mst_buf_fini(&b);
}

/* ---- damage ------------------------------------------------------------ */

/* Every beginning of a file is right so far, and is not whole. */
static void test_truncated(void **state)
{
	struct mst_buf rows = MST_BUF_INIT(MAX), gz = MST_BUF_INIT(MAX);

	make_rows(&rows, 40);
	add_gzip(&gz, mst_buf_slice(&rows), 6);
	for (size_t k = 0; k < MST_LEN(all); k++) {
		struct mst_gunzip *g = mst_gunzip_new_with(all[k]);

		for (size_t n = 0; n < gz.n; n++) {
			struct mst_buf got = MST_BUF_INIT(MAX);
			struct mst_err err = MST_ERR_INIT;

			mst_gunzip_reset(g);
			t_ok(inflate_all(g, mst_slice(gz.p, n), 50, 300, &got,
					 &err),
			     &err);
			assert_false(mst_gunzip_whole(g));
			mst_buf_fini(&got);
		}
		mst_gunzip_free(&g);
	}
	mst_buf_fini(&gz);
	mst_buf_fini(&rows);
}

/* No flipped bit goes unseen: damage, or not whole, or the same content (the
 * header's time, the padding behind the last block). */
static void test_flipped(void **state)
{
	struct mst_buf rows = MST_BUF_INIT(MAX), gz = MST_BUF_INIT(MAX);

	make_rows(&rows, 30);
	add_gzip(&gz, mst_buf_slice(&rows), 6);
	for (size_t k = 0; k < MST_LEN(all); k++) {
		struct mst_gunzip *g = mst_gunzip_new_with(all[k]);

		for (size_t bit = 0; bit < gz.n * 8; bit++) {
			struct mst_buf got = MST_BUF_INIT(MAX);
			struct mst_err err = MST_ERR_INIT;

			mst_gunzip_reset(g);
			gz.p[bit / 8] ^= (char)(1 << bit % 8);
			if (inflate_all(g, mst_buf_slice(&gz), 999, 999, &got,
					&err) == 0 &&
			    mst_gunzip_whole(g))
				assert_true(mst_slice_eq(mst_buf_slice(&got),
							 mst_buf_slice(&rows)));
			gz.p[bit / 8] ^= (char)(1 << bit % 8);
			mst_buf_fini(&got);
		}
		mst_gunzip_free(&g);
	}
	mst_buf_fini(&gz);
	mst_buf_fini(&rows);
}

static void test_trailer(void **state)
{
	struct mst_buf b = MST_BUF_INIT(4096);

	header(&b, 0);
	mst_buf_add(&b, hello_body, sizeof(hello_body) - 1);
	b.p[b.n - 1] ^= 1; /* length */
	assert_damaged(mst_buf_slice(&b), "check sum or length");
	b.p[b.n - 1] ^= 1;
	b.p[b.n - 8] ^= 1; /* check sum */
	assert_damaged(mst_buf_slice(&b), "check sum or length");
	mst_buf_fini(&b);
}

static void test_gzip_limits(void **state)
{
	struct mst_buf rows = MST_BUF_INIT(MAX), gz = MST_BUF_INIT(100);
	struct mst_err err = MST_ERR_INIT;

	make_rows(&rows, 1000);
	mst_buf_adds(&gz, "kept");
	for (int level = 1; level <= 9; level += 4) {
		t_failed(mst_gzip(mst_buf_slice(&rows), level, &gz, &err), &err,
			 MST_E_INVALID, "larger than 100 bytes");
		t_is(mst_buf_slice(&gz), "kept");
	}
	t_failed(mst_gzip(mst_buf_slice(&rows), 0, &gz, &err), &err,
		 MST_E_INVALID, "level");
	mst_buf_fini(&gz);
	mst_buf_fini(&rows);
}

static void test_name(void **state)
{
#ifdef MST_HAVE_ISAL
	assert_string_equal(mst_gunzip_name(), "isa-l");
#else
	assert_string_equal(mst_gunzip_name(), "zlib");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cuts),
	    cmocka_unit_test(test_levels_and_sizes),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_header_sum),
	    cmocka_unit_test(test_header_damage),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_flipped),
	    cmocka_unit_test(test_trailer),
	    cmocka_unit_test(test_gzip_limits),
	    cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
