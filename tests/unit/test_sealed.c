/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed secrets in the state store: set, list, remove, read by reference; a
 * rotation that ends behind each of its steps; keys that are wrong.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/seal.h"
#include "state/state_private.h"

static struct mst_err err;
static struct mst_state *s;
static char *dir, *key;

static int set_up(void **state)
{
	static int n;

	err = (struct mst_err)MST_ERR_INIT;
	free(dir);
	free(key);
	dir = mst_strdup(t_path("state%d", n));
	key = mst_strdup(t_path("etc%d/seal.key", n++));
	assert_int_equal(setenv("MUSTER_SEAL_KEY", key, 1), 0);
	return mst_state_open(dir, &s, &err);
}

static int tear_down(void **state)
{
	mst_state_close(&s);
	return 0;
}

static void reopen(void)
{
	mst_state_close(&s);
	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_state_open(dir, &s, &err), &err);
}

static int put(const char *name, const char *value, char **key_r)
{
	struct mst_secret *v = mst_secret_new(mst_slice_str(value));
	int rc = mst_state_secret_set(s, name, v, key_r, &err);

	mst_secret_free(&v);
	return rc;
}

static void set(const char *name, const char *value)
{
	char *made = NULL;

	t_ok(put(name, value, &made), &err);
	free(made);
}

static void is(const char *name, const char *want)
{
	struct mst_secret *v = NULL;
	char ref[100];

	(void)snprintf(ref, sizeof(ref), "sealed:%s", name);
	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_secret_ref(ref, &v, &err), &err);
	t_is(mst_secret_get(v), want);
	mst_secret_free(&v);
}

static void is_not(const char *name, enum mst_code code, const char *part)
{
	struct mst_secret *v = NULL;
	char ref[100];

	(void)snprintf(ref, sizeof(ref), "sealed:%s", name);
	err = (struct mst_err)MST_ERR_INIT;
	t_failed(mst_secret_ref(ref, &v, &err), &err, code, part);
	assert_null(v);
	err = (struct mst_err)MST_ERR_INIT;
}

static int list_one(void *ctx, const struct mst_state_secret *e)
{
	struct mst_buf *b = ctx;

	mst_buf_addf(b, "%s%s;", e->name, e->opens ? "" : "?");
	return 0;
}

static void lists(const char *want)
{
	struct mst_buf b = MST_BUF_INIT(1000);

	mst_buf_adds(&b, "");
	t_ok(mst_state_secrets(s, list_one, &b, &err), &err);
	t_is(mst_buf_slice(&b), want);
	mst_buf_fini(&b);
}

static size_t keys_in_file(void)
{
	struct mst_seal_keys *k = NULL;
	size_t n;

	t_ok(mst_seal_load(key, &k, &err), &err);
	n = mst_seal_count(k);
	mst_seal_free(&k);
	return n;
}

/* ---- tests --------------------------------------------------------------- */

static void test_set_and_read(void **state)
{
	char *made = NULL;

	lists("");
	is_not("a", MST_E_NOTFOUND, "muster secret set a");
	t_ok(put("a", "hunter2", &made), &err);
	assert_string_equal(made, key); /* the first one makes the key */
	free(made);
	t_ok(put("b", "other", &made), &err);
	assert_null(made);
	is("a", "hunter2");
	set("a", "hunter3");
	is("a", "hunter3");
	lists("a;b;");
	reopen();
	is("a", "hunter3");
	t_ok(mst_state_secret_remove(s, "a", &err), &err);
	is_not("a", MST_E_NOTFOUND, "no sealed secret \"a\"");
	t_failed(mst_state_secret_remove(s, "a", &err), &err, MST_E_NOTFOUND,
		 "no sealed secret");
	lists("b;");
	mst_state_close(&s);
	is_not("b", MST_E_INTERNAL, "no state store is open");
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "a b", "a/b", ".a", "ü"};
	char *made = NULL;

	for (size_t i = 0; i < MST_LEN(bad); i++) {
		err = (struct mst_err)MST_ERR_INIT;
		t_failed(put(bad[i], "x", &made), &err, MST_E_INVALID,
			 "a sealed secret's name is");
	}
}

static int add_entry(void *ctx, const struct mst_audit_entry *e)
{
	struct mst_buf *b = ctx;

	mst_buf_addf(b, "%s %s %s%s%s;", e->kind, e->name, e->what, e->before,
		     e->after);
	return 0;
}

static void test_audit(void **state)
{
	struct mst_buf b = MST_BUF_INIT(1000);
	size_t n;

	set("a", "hunter2");
	t_ok(mst_state_secrets_rotate(s, &n, &err), &err);
	t_ok(mst_state_secret_remove(s, "a", &err), &err);
	t_ok(mst_state_audit(s, &(struct mst_audit_filter){.n = 100}, add_entry,
			     &b, &err),
	     &err);
	t_is(mst_buf_slice(&b), "secret a remove;secret  rotate;secret a set;");
	mst_buf_fini(&b);
}

/* Killed behind any step, and a second time, it loses nothing; the next one
 * ends with one key. */
static void test_rotation_dies(void **state)
{
	size_t n;

	for (int one = MST_ROTATE_KEYED; one <= MST_ROTATE_DONE; one++) {
		for (int two = MST_ROTATE_KEYED; two <= MST_ROTATE_DONE;
		     two++) {
			tear_down(NULL);
			set_up(NULL);
			set("a", "hunter2");
			set("b", "other");
			t_ok(mst_state_secrets_rotate_to(
				 s, (enum mst_rotate_step)one, &n, &err),
			     &err);
			reopen();
			is("a", "hunter2");
			is("b", "other");
			set("c", "between");
			t_ok(mst_state_secrets_rotate_to(
				 s, (enum mst_rotate_step)two, &n, &err),
			     &err);
			reopen();
			is("a", "hunter2");
			is("c", "between");
			t_ok(mst_state_secrets_rotate(s, &n, &err), &err);
			assert_int_equal(n, 3);
			assert_int_equal(keys_in_file(), 1);
			reopen();
			is("a", "hunter2");
			is("b", "other");
			is("c", "between");
		}
	}
}

/* The old key opens nothing any more. */
static void test_rotation_replaces(void **state)
{
	struct mst_buf old = MST_BUF_INIT(4096);
	size_t n;

	set("a", "hunter2");
	t_ok(mst_file_read(key, &old, &err), &err);
	t_ok(mst_state_secrets_rotate(s, &n, &err), &err);
	is("a", "hunter2");
	t_ok(mst_file_write(key, mst_buf_slice(&old), 0600, &err), &err);
	is_not("a", MST_E_NOTFOUND, "a key that is not in the key file");
	lists("a?;");
	mst_buf_fini(&old);
}

/* One that does not open is told before anything is changed. */
static void test_rotation_of_damaged(void **state)
{
	struct mst_buf before = MST_BUF_INIT(4096);
	struct mst_buf after = MST_BUF_INIT(4096);
	size_t n;

	set("a", "hunter2");
	set("b", "other");
	t_ok(mst_file_read(key, &before, &err), &err);
	t_ok(mst_sdb_exec(s->db, "UPDATE secret SET name='c' WHERE name='b'",
			  &err),
	     &err);
	t_failed(mst_state_secrets_rotate(s, &n, &err), &err, MST_E_CORRUPT,
		 "\"c\" was changed in the state store");
	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_file_read(key, &after, &err), &err);
	t_is(mst_buf_slice(&after), before.p);
	is("a", "hunter2");
	mst_buf_fini(&before);
	mst_buf_fini(&after);
}

static void test_lost_key(void **state)
{
	char *made = NULL;

	set("a", "hunter2");
	assert_int_equal(unlink(key), 0);
	is_not("a", MST_E_NOTFOUND, "does not exist; put it back");
	/* no new key while there is something that it would not open */
	t_failed(put("b", "x", &made), &err, MST_E_NOTFOUND, "put it back");
	err = (struct mst_err)MST_ERR_INIT;
	lists("a?;");
	t_ok(mst_state_secret_remove(s, "a", &err), &err);
	set("b", "x");
	is("b", "x");
}

static void test_key_in_state(void **state)
{
	/* also where its folder would only be made with it: a user whose home
	 * is the state folder */
	static const char *const places[] = {"seal.key",
					     ".config/muster/seal.key"};
	char *made = NULL;

	for (size_t i = 0; i < MST_LEN(places); i++) {
		char *inside = mst_asprintf("%s/%s", dir, places[i]);

		assert_int_equal(setenv("MUSTER_SEAL_KEY", inside, 1), 0);
		t_failed(put("a", "x", &made), &err, MST_E_INVALID,
			 "is in the state folder");
		assert_false(mst_file_exists(inside));
		err = (struct mst_err)MST_ERR_INIT;
		free(inside);
	}
}

static void test_credential(void **state)
{
	char *credentials = mst_strdup(t_path("credentials"));
	char *path = mst_asprintf("%s/muster-seal-key", credentials);
	struct mst_buf b = MST_BUF_INIT(4096);
	size_t n;

	set("a", "hunter2");
	t_ok(mst_dir_make(credentials, &err), &err);
	t_ok(mst_file_read(key, &b, &err), &err);
	t_ok(mst_file_write(path, mst_buf_slice(&b), 0600, &err), &err);
	assert_int_equal(unsetenv("MUSTER_SEAL_KEY"), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", credentials, 1), 0);
	is("a", "hunter2");
	t_failed(mst_state_secrets_rotate(s, &n, &err), &err, MST_E_UNSUPPORTED,
		 "rotate with MUSTER_SEAL_KEY");
	err = (struct mst_err)MST_ERR_INIT;
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	mst_buf_fini(&b);
	free(path);
	free(credentials);
}

/* Nobody else changes them meanwhile. */
static void test_locked(void **state)
{
	char *path = mst_asprintf("%s/secrets.lock", dir), *made = NULL;
	struct mst_lock l = MST_LOCK_INIT;
	size_t n;

	set("a", "hunter2");
	t_ok(mst_lock_take(&l, path, "it", "somebody", &err), &err);
	t_failed(put("b", "x", &made), &err, MST_E_CONFLICT, "somebody");
	t_failed(mst_state_secrets_rotate(s, &n, &err), &err, MST_E_CONFLICT,
		 "sealed secrets is in use");
	t_failed(mst_state_secret_remove(s, "a", &err), &err, MST_E_CONFLICT,
		 "somebody");
	is("a", "hunter2"); /* reading goes on */
	mst_lock_drop(&l);
	free(path);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_set_and_read),
	    T(test_names),
	    T(test_audit),
	    T(test_rotation_dies),
	    T(test_rotation_replaces),
	    T(test_rotation_of_damaged),
	    T(test_lost_key),
	    T(test_key_in_state),
	    T(test_credential),
	    T(test_locked),
	};
	int rc;

	if (mst_secret_setup(&err) < 0)
		return 1;
	rc = cmocka_run_group_tests(tests, t_log_watch, t_log_check);
	free(dir);
	free(key);
	return rc;
}
