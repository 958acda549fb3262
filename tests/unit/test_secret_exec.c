/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that print secrets: arguments, time-out, bounds, what is said of
 * them, and that nothing of them stays behind.
 */
#include "tests/lib/t.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/secret_private.h"

static struct mst_err err;

/* "exec:<arguments in front><script><arguments behind>" */
static char *ref_of(const char *before, const char *script, const char *after)
{
	static int n;
	const char *path = t_path("helper%d", n++);
	char *text = mst_asprintf("#!/bin/sh\n%s\n", script);

	t_write(path, mst_slice_str(text));
	assert_int_equal(chmod(path, 0700), 0);
	free(text);
	return mst_asprintf("exec:%s%s%s", before, path, after);
}

static void prints(const char *script, const char *args, const char *want)
{
	struct mst_secret *s = NULL;
	char *ref = ref_of("", script, args);

	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_secret_ref(ref, &s, &err), &err);
	t_is(mst_secret_get(s), want);
	mst_secret_free(&s);
	free(ref);
}

static void fails(const char *before, const char *script, enum mst_code code,
		  const char *part)
{
	struct mst_secret *s = NULL;
	char *ref = ref_of(before, script, "");

	err = (struct mst_err)MST_ERR_INIT;
	t_failed(mst_secret_ref(ref, &s, &err), &err, code, part);
	assert_null(s);
	assert_null(strstr(err.msg, "hunter2"));
	assert_null(strchr(err.msg, '\n'));
	free(ref);
}

static void test_output(void **state)
{
	prints("printf hunter2", "", "hunter2");
	prints("echo hunter2", "", "hunter2");
	prints("printf 'hunter2\\r\\n'", "", "hunter2");
	prints("printf 'a\\nb\\n'", "", "a\nb");
	prints("echo hunter2; echo warning >&2", "", "hunter2");
	fails("", ":", MST_E_INVALID, "is empty");
	fails("", "printf 'hunter2\\000'", MST_E_INVALID, "zero byte");
}

/* No shell looks at them. */
static void test_arguments(void **state)
{
	prints("printf '%s|' \"$@\"", " a  b", "a|b|");
	prints("printf '%s|' \"$@\"", " \"a b\" c\"d e\"f", "a b|cd ef|");
	prints("printf '%s|' \"$@\"", " \"\" \"\\\"\\\\\"", "|\"\\|");
	prints("printf '%s|' \"$@\"", " $HOME `id` * ;x", "$HOME|`id`|*|;x|");
}

static void test_stdin_is_empty(void **state)
{
	prints("cat; echo end", "", "end");
}

static void test_failures(void **state)
{
	struct mst_secret *s = NULL;
	const char *path = t_path("plain");

	fails("", "echo hunter2; echo no such entry >&2; exit 3", MST_E_INVALID,
	      "failed with status 3: no such entry");
	fails("", "echo hunter2; exit 1", MST_E_INVALID,
	      "failed with status 1");
	fails("", "echo hunter2; echo a >&2; echo got hunter2 >&2; exit 1",
	      MST_E_INVALID, "repeats its output and is not shown");
	fails("", "printf 'one\\ntwo\\033[1m' >&2; exit 1", MST_E_INVALID,
	      ": two?[1m");
	fails("", "echo hunter2; kill -9 $$", MST_E_INVALID,
	      "ended by signal 9");
	err = (struct mst_err)MST_ERR_INIT;
	t_failed(mst_secret_ref("exec:/nowhere/at/all", &s, &err), &err,
		 MST_E_NOTFOUND, "does not exist");
	t_write(path, MST_SLICE_LIT("x"));
	assert_int_equal(chmod(path, 0600), 0);
	{
		char *ref = mst_asprintf("exec:%s", path);

		err = (struct mst_err)MST_ERR_INIT;
		t_failed(mst_secret_ref(ref, &s, &err), &err, MST_E_IO,
			 "cannot be started");
		assert_int_equal(chmod(path, 0702), 0);
		err = (struct mst_err)MST_ERR_INIT;
		t_failed(mst_secret_ref(ref, &s, &err), &err, MST_E_INVALID,
			 "chmod o-w");
		free(ref);
	}
}

static void test_too_much(void **state)
{
	char *want = mst_alloc(65537);
	struct mst_secret *s = NULL;
	char *ref = ref_of("", "yes x | tr -d '\\n' | head -c 65536", "");

	memset(want, 'x', 65536);
	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_secret_ref(ref, &s, &err), &err);
	t_is(mst_secret_get(s), want);
	mst_secret_free(&s);
	free(ref);
	free(want);
	fails("", "yes hunter2", MST_E_INVALID, "more than 65536 bytes");
	/* a long complaint does not block it */
	prints("yes x | head -c 300000 >&2; echo fine", "", "fine");
}

static bool is_gone(const char *path)
{
	struct mst_buf b = MST_BUF_INIT(64);
	uint64_t pid = 0;
	char stat[64];
	bool gone;
	FILE *f;
	char word = 0;

	err = (struct mst_err)MST_ERR_INIT;
	t_ok(mst_file_read(path, &b, &err), &err);
	assert_true(mst_num_u64(mst_slice_trim(mst_buf_slice(&b)), &pid));
	mst_buf_fini(&b);
	(void)snprintf(stat, sizeof(stat), "/proc/%llu/stat",
		       (unsigned long long)pid);
	f = fopen(stat, "r");
	/* a zombie that nobody has buried yet is gone, too */
	gone = !f || fscanf(f, "%*d (%*[^)]) %c", &word) != 1 || word == 'Z' ||
	       word == 'X';
	if (f)
		(void)fclose(f);
	return gone;
}

/* SIGKILL is sent before the call returns; the kernel may need a moment. */
static void wait_gone(const char *path)
{
	for (int i = 0; i < 100000 && !is_gone(path); i++)
		(void)usleep(100);
	assert_true(is_gone(path));
}

static void test_timeout(void **state)
{
	const char *pid = t_path("pid");
	char *script = mst_asprintf("sleep 1000 & echo $! >%s; echo hunter2;"
				    " echo waiting >&2; wait",
				    pid);

	fails("timeout=1500ms ", script, MST_E_TRANSIENT,
	      "printed no secret within 1.5 s and was ended: waiting");
	wait_gone(pid);
	free(script);
}

/* What it leaves behind neither holds us up nor lives on. */
static void test_children(void **state)
{
	const char *pid = t_path("child");
	char *script = mst_asprintf("sleep 1000 & echo $! >%s; echo fine", pid);

	prints(script, "", "fine");
	wait_gone(pid);
	free(script);
}

static void test_ignores_signals(void **state)
{
	fails("timeout=300ms ", "trap '' TERM INT HUP; while :; do :; done",
	      MST_E_TRANSIENT, "was ended");
}

/* Nothing of ours is open in it but the three. */
static void test_descriptors(void **state)
{
	assert_int_equal(dup2(0, 77), 77);
	prints("[ -e /proc/$$/fd/77 ] && echo open || echo closed", "",
	       "closed");
	(void)close(77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_output),
	    cmocka_unit_test(test_arguments),
	    cmocka_unit_test(test_stdin_is_empty),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_too_much),
	    cmocka_unit_test(test_timeout),
	    cmocka_unit_test(test_children),
	    cmocka_unit_test(test_ignores_signals),
	    cmocka_unit_test(test_descriptors),
	};

	if (mst_secret_setup(&err) < 0)
		return 1;
	return cmocka_run_group_tests(tests, t_log_watch, t_log_check);
}
