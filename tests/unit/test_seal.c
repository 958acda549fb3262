/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealing: what opens, what must not, and the key file.
 */
#include "tests/lib/t.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/seal.h"

static struct mst_err err;
static struct mst_seal_keys *keys;

static int set_up(void **state)
{
	err = (struct mst_err)MST_ERR_INIT;
	keys = mst_seal_new();
	return mst_seal_add(keys, &err);
}

static int tear_down(void **state)
{
	mst_seal_free(&keys);
	return 0;
}

static void seal(const char *name, const char *text, struct mst_buf *out)
{
	struct mst_secret *s = mst_secret_new(mst_slice_str(text));

	mst_buf_init(out, 200000);
	mst_seal(keys, name, s, out);
	mst_secret_free(&s);
}

static void opens(const char *name, const struct mst_buf *sealed,
		  const char *want)
{
	struct mst_secret *s = NULL;

	t_ok(mst_seal_open(keys, name, mst_buf_slice(sealed), &s, &err), &err);
	t_is(mst_secret_get(s), want);
	mst_secret_free(&s);
}

static void opens_not(const char *name, struct mst_slice sealed,
		      enum mst_code code, const char *part)
{
	struct mst_secret *s = NULL;

	err = (struct mst_err)MST_ERR_INIT;
	t_failed(mst_seal_open(keys, name, sealed, &s, &err), &err, code, part);
	assert_null(s);
	err = (struct mst_err)MST_ERR_INIT;
}

static void test_round_trip(void **state)
{
	struct mst_buf a, b;
	char *large = mst_alloc(65537);

	seal("x", "hunter2", &a);
	seal("x", "hunter2", &b);
	opens("x", &a, "hunter2");
	assert_null(memmem(a.p, a.n, "hunter2", 7));
	/* a nonce of its own each time */
	assert_true(a.n == b.n && memcmp(a.p + 8, b.p + 8, a.n - 8) != 0);
	mst_buf_fini(&a);
	mst_buf_fini(&b);
	memset(large, 'x', 65536);
	seal("x", large, &a);
	opens("x", &a, large);
	mst_buf_fini(&a);
	free(large);
}

/* Each bit counts, and the name. */
static void test_changed(void **state)
{
	struct mst_buf a;

	seal("x", "hunter2", &a);
	opens_not("y", mst_buf_slice(&a), MST_E_CORRUPT, "another name");
	for (size_t i = 0; i < a.n; i++) {
		a.p[i] ^= 1;
		opens_not("x", mst_buf_slice(&a),
			  i < 8 ? MST_E_NOTFOUND : MST_E_CORRUPT, "\"x\"");
		a.p[i] ^= 1;
	}
	for (size_t n = 0; n < a.n; n++)
		opens_not("x", mst_slice(a.p, n),
			  n < 8 ? MST_E_NOTFOUND : MST_E_CORRUPT, "\"x\"");
	opens("x", &a, "hunter2");
	mst_buf_fini(&a);
}

static void test_several_keys(void **state)
{
	struct mst_buf old, new;

	seal("x", "one", &old);
	t_ok(mst_seal_add(keys, &err), &err);
	seal("x", "two", &new);
	opens("x", &old, "one");
	opens("x", &new, "two");
	mst_seal_keep_first(keys);
	opens("x", &new, "two");
	assert_false(mst_seal_has_key(keys, mst_buf_slice(&old)));
	opens_not("x", mst_buf_slice(&old), MST_E_NOTFOUND,
		  "a key that is not in the key file");
	for (int i = 0; i < 15; i++)
		t_ok(mst_seal_add(keys, &err), &err);
	t_failed(mst_seal_add(keys, &err), &err, MST_E_INVALID, "16 keys");
	mst_buf_fini(&old);
	mst_buf_fini(&new);
}

static void test_file(void **state)
{
	const char *path = t_path("below/seal.key");
	struct mst_seal_keys *back = NULL;
	struct mst_buf a;
	struct stat st;

	seal("x", "hunter2", &a);
	t_ok(mst_seal_add(keys, &err), &err);
	t_ok(mst_seal_save(path, keys, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	t_ok(mst_seal_load(path, &back, &err), &err);
	assert_int_equal(mst_seal_count(back), 2);
	mst_seal_free(&keys);
	keys = back;
	opens("x", &a, "hunter2");
	mst_buf_fini(&a);
}

static void refused(const char *path, enum mst_code code, const char *part)
{
	struct mst_seal_keys *k = NULL;

	err = (struct mst_err)MST_ERR_INIT;
	t_failed(mst_seal_load(path, &k, &err), &err, code, part);
	assert_null(k);
	assert_null(strstr(err.msg, "hunter2"));
}

static void test_bad_files(void **state)
{
	static const unsigned modes[] = {0604, 0602, 0620};
	static const char *const texts[] = {
	    "hunter2\n", "muster-seal-key-1 hunter2\n",
	    "muster-seal-key-2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"};
	const char *path = t_path("bad.key");

	refused(t_path("none.key"), MST_E_NOTFOUND, "none.key");
	for (size_t i = 0; i < MST_LEN(texts); i++) {
		t_write(path, mst_slice_str(texts[i]));
		assert_int_equal(chmod(path, 0600), 0);
		refused(path, MST_E_INVALID, "is no key file");
	}
	t_write(path, MST_SLICE_LIT("# only this\n\n"));
	refused(path, MST_E_INVALID, "is empty");
	for (size_t i = 0; i < MST_LEN(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		refused(path, MST_E_INVALID, "chmod 0600");
	}
}

static void is_at(const char *want, bool want_fixed)
{
	char *path = NULL;
	bool fixed;

	t_ok(mst_seal_path(&path, &fixed, &err), &err);
	assert_string_equal(path, want);
	assert_int_equal(fixed, want_fixed);
	free(path);
}

static void test_place(void **state)
{
	const char *credential = t_path("muster-seal-key");

	assert_int_equal(setenv("MUSTER_CONFIG", "/some/where", 1), 0);
	is_at("/some/where/seal.key", false);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", t_dir(), 1), 0);
	is_at("/some/where/seal.key", false);
	t_write(credential, MST_SLICE_LIT("x"));
	is_at(credential, true);
	assert_int_equal(setenv("MUSTER_SEAL_KEY", "/else/where", 1), 0);
	is_at("/else/where", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_changed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_several_keys, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_bad_files, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_place, set_up, tear_down),
	};

	if (mst_secret_setup(&err) < 0)
		return 1;
	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
