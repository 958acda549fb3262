/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets and their references.
 */
#include "tests/lib/t.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static void assert_secret(const char *ref, const char *want)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_secret *s = NULL;

	t_ok(mst_secret_ref(ref, &s, &err), &err);
	t_is(mst_secret_get(s), want);
	assert_int_equal(mst_secret_get(s).p[strlen(want)], 0);
	mst_secret_free(&s);
	assert_null(s);
}

static void assert_refused(const char *ref, enum mst_code code,
			   const char *part)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_secret *s = NULL;

	t_failed(mst_secret_ref(ref, &s, &err), &err, code, part);
	assert_null(s);
	assert_null(strstr(err.msg, "hunter2"));
}

static void test_forms(void **state)
{
	static const struct {
		const char *ref;
		bool ok;
	} rows[] = {
	    {"env:NAME", true},
	    {"env:_a9", true},
	    {"file:/run/x y", true},
	    {"credential:sn.password", true},
	    {"credential:a-b_c@1", true},
	    {"", false},
	    {"hunter2", false},
	    {"env:", false},
	    {"env:9A", false},
	    {"env:A B", false},
	    {"env:A=B", false},
	    {"ENV:NAME", false},
	    {" env:NAME", false},
	    {"file:", false},
	    {"file:/", false},
	    {"file:relative", false},
	    {"credential:", false},
	    {"credential:../x", false},
	    {"credential:a/b", false},
	    {"credential:.x", false},
	    {"credential:..", false},
	    {"vault:x", false},
	    {"exec:/bin/echo a", true},
	    {"exec:timeout=5s /bin/echo \"a b\"", true},
	    {"exec:", false},
	    {"exec:echo", false},
	    {"exec:/bin/echo \"a", false},
	    {"exec:timeout=0s /bin/echo", false},
	    {"exec:timeout=1h /bin/echo", false},
	    {"exec:timeout=5s", false},
	    {"sealed:defender", true},
	    {"sealed:a.b-c_d:e@f", true},
	    {"sealed:", false},
	    {"sealed:.a", false},
	    {"sealed:a/b", false},
	    {"sealed:a b", false},
	};

	for (size_t i = 0; i < MST_LEN(rows); i++)
		assert_int_equal(mst_secret_ref_ok(rows[i].ref), rows[i].ok);
	assert_false(mst_secret_ref_ok(NULL));
	assert_refused("hunter2", MST_E_INVALID, "env:NAME");
	assert_refused("env:hunter2 x", MST_E_INVALID, "file:/path");
	assert_refused("https://hunter2", MST_E_INVALID, "credential:NAME");
}

static void test_env(void **state)
{
	assert_int_equal(setenv("MST_T_SECRET", "hunter2\n", 1), 0);
	assert_secret("env:MST_T_SECRET", "hunter2\n");
	assert_int_equal(setenv("MST_T_SECRET", "", 1), 0);
	assert_refused("env:MST_T_SECRET", MST_E_INVALID, "is empty");
	assert_int_equal(unsetenv("MST_T_SECRET"), 0);
	assert_refused("env:MST_T_SECRET", MST_E_NOTFOUND, "MST_T_SECRET");
}

static void test_file(void **state)
{
	static const struct {
		const char *content, *want;
	} rows[] = {
	    {"hunter2", "hunter2"},	{"hunter2\n", "hunter2"},
	    {"hunter2\r\n", "hunter2"}, {"hunter2\n\n", "hunter2\n"},
	    {" hunter2 ", " hunter2 "}, {"\nhunter2", "\nhunter2"},
	};
	const char *path = t_path("secret");
	char *ref = mst_asprintf("file:%s", path);

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		t_write(path, mst_slice_str(rows[i].content));
		assert_secret(ref, rows[i].want);
	}
	t_write(path, MST_SLICE_LIT("\n"));
	assert_refused(ref, MST_E_INVALID, "is empty");
	t_write(path, mst_slice("hunter2\0x", 9));
	assert_refused(ref, MST_E_INVALID, "zero byte");
	assert_int_equal(unlink(path), 0);
	assert_refused(ref, MST_E_NOTFOUND, "does not exist");
	free(ref);
}

static void test_file_bad(void **state)
{
	static const unsigned modes[] = {0604, 0602, 0620, 0666, 0644};
	const char *path = t_path("open"), *fifo = t_path("fifo");
	const char *large = t_path("large");
	char *ref = mst_asprintf("file:%s", path), *big = mst_alloc(70000);

	for (size_t i = 0; i < MST_LEN(modes); i++) {
		t_write(path, MST_SLICE_LIT("hunter2"));
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_refused(ref, MST_E_INVALID, "chmod 0600");
	}
	assert_int_equal(chmod(path, 0640), 0);
	assert_secret(ref, "hunter2");
	free(ref);
	ref = mst_asprintf("file:%s", t_dir());
	assert_refused(ref, MST_E_INVALID, "not a regular file");
	free(ref);
	assert_int_equal(mkfifo(fifo, 0600), 0); /* must not hang */
	ref = mst_asprintf("file:%s", fifo);
	assert_refused(ref, MST_E_INVALID, "not a regular file");
	free(ref);
	memset(big, 'x', 70000);
	t_write(large, mst_slice(big, 70000));
	ref = mst_asprintf("file:%s", large);
	assert_refused(ref, MST_E_INVALID, "larger than");
	t_write(large, mst_slice(big, 65536));
	big[65536] = 0;
	assert_secret(ref, big);
	free(ref);
	free(big);
}

static void test_credential(void **state)
{
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_refused("credential:sn", MST_E_NOTFOUND, "LoadCredential=sn");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", t_dir(), 1), 0);
	assert_refused("credential:sn", MST_E_NOTFOUND, "does not exist");
	t_write(t_path("sn"), MST_SLICE_LIT("hunter2\n"));
	assert_secret("credential:sn", "hunter2");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void test_type(void **state)
{
	struct mst_secret *a = mst_secret_new(MST_SLICE_LIT("same"));
	struct mst_secret *b = mst_secret_new(MST_SLICE_LIT("same"));
	struct mst_secret *c = mst_secret_new(MST_SLICE_LIT("sane"));
	struct mst_secret *none = mst_secret_new(mst_slice(NULL, 0));
	struct mst_buf buf = MST_BUF_INIT(100);
	char text[] = "hunter2";

	assert_true(mst_secret_eq(a, b));
	assert_false(mst_secret_eq(a, c));
	assert_false(mst_secret_eq(a, none));
	t_is(mst_secret_get(none), "");
	mst_secret_free(&a);
	mst_secret_free(&a); /* a second time is fine */
	mst_secret_free(&b);
	mst_secret_free(&c);
	mst_secret_free(&none);
	mst_wipe(text, sizeof(text));
	assert_int_equal(text[0] | text[6], 0);
	mst_wipe(NULL, 0);
	mst_buf_wipe_fini(&buf);
	mst_buf_adds(&buf, "hunter2");
	mst_buf_wipe_fini(&buf);
	assert_null(buf.p);
}

/* Nobody writes to a secret by mistake: the memory is read-only. */
static void test_read_only(void **state)
{
	struct mst_secret *s = mst_secret_new(MST_SLICE_LIT("hunter2"));
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		*(char *)(uintptr_t)mst_secret_get(s).p = 'x';
		_exit(0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	mst_secret_free(&s);
}

/* ---- sealed -------------------------------------------------------------- */

static int vault_open(void *ctx, const char *name, struct mst_secret **s_r,
		      struct mst_err *err)
{
	char text[100];

	(void)snprintf(text, sizeof(text), "%s of %s", name, (char *)ctx);
	*s_r = mst_secret_new(mst_slice_str(text));
	return 0;
}

static void test_typed(void **state)
{
	struct mst_err err = MST_ERR_INIT;
	struct mst_secret *s = NULL;

	assert_false(mst_secret_ref_ok(MST_SECRET_TYPED));
	t_failed(mst_secret_ref(MST_SECRET_TYPED, &s, &err), &err,
		 MST_E_INVALID, "as a reference");
	mst_secret_typed(mst_secret_new(MST_SLICE_LIT("fake-typed")));
	for (int i = 0; i < 2; i++) {
		t_ok(mst_secret_ref(MST_SECRET_TYPED, &s, &err), &err);
		assert_true(mst_slice_is(mst_secret_get(s), "fake-typed"));
		mst_secret_free(&s);
	}
	mst_secret_typed(NULL);
	t_failed(mst_secret_ref(MST_SECRET_TYPED, &s, &err), &err,
		 MST_E_INVALID, "as a reference");
}

static void test_vault(void **state)
{
	char one[] = "one", two[] = "two";

	assert_refused("sealed:a", MST_E_INTERNAL, "no state store is open");
	mst_secret_vault_set(&(struct mst_secret_vault){vault_open, one});
	assert_secret("sealed:a", "a of one");
	mst_secret_vault_set(&(struct mst_secret_vault){vault_open, two});
	mst_secret_vault_drop(one);
	assert_secret("sealed:a", "a of two");
	mst_secret_vault_drop(two);
	assert_refused("sealed:a", MST_E_INTERNAL, "no state store is open");
}

/* ---- core dumps ---------------------------------------------------------- */

/* VmFlags of the mapping that p is in. */
static void flags_of(const void *p, char *out, size_t out_n)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	bool here = false;
	char line[512];

	assert_non_null(f);
	*out = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(out, out_n, "%s", line);
	}
	(void)fclose(f);
}

/* Locked and left out of dumps, whatever becomes of the rest. */
static void test_not_in_dumps(void **state)
{
	static char plain; /* sanitizers keep stacks and heap out of dumps */
	struct mst_secret *s = mst_secret_new(MST_SLICE_LIT("hunter2"));
	char flags[512];

	flags_of(mst_secret_get(s).p, flags, sizeof(flags));
	assert_non_null(strstr(flags, " dd"));
#if !SANITIZED /* whose mlock does nothing */
	assert_non_null(strstr(flags, " lo"));
#endif
	flags_of(&plain, flags, sizeof(flags));
	assert_null(strstr(flags, " dd"));
	mst_secret_free(&s);
}

static void test_no_dumps(void **state)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct mst_err err = MST_ERR_INIT;
		struct rlimit limit = {1, 1};
		bool ok = mst_secret_no_dumps(&err) == 0 &&
			  prctl(PR_GET_DUMPABLE) == 0 &&
			  getrlimit(RLIMIT_CORE, &limit) == 0 &&
			  limit.rlim_cur == 0 && limit.rlim_max == 0;

		_exit(ok ? 0 : 1);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_env),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_file_bad),
	    cmocka_unit_test(test_credential),
	    cmocka_unit_test(test_type),
	    cmocka_unit_test(test_read_only),
	    cmocka_unit_test(test_vault),
	    cmocka_unit_test(test_typed),
	    cmocka_unit_test(test_not_in_dumps),
	    cmocka_unit_test(test_no_dumps),
	};
	struct mst_err err = MST_ERR_INIT;

	if (mst_secret_setup(&err) < 0)
		return 1;
	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
