/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines: form, masking, bounds; and the helper that watches them.
 */
#include "tests/lib/t.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOV94 784111777123456ll

static int set_up(void **state)
{
	t_clock_set(NOV94);
	mst_log_level(MST_DEBUG);
	return t_log_watch(state);
}

static int tear_down(void **state)
{
	mst_log_json(false);
	mst_log_level(MST_INFO);
	t_clock_real();
	return t_log_check(state);
}

static void test_text(void **state)
{
	mst_info("run %d ends", 7);
	assert_string_equal(t_log_last(),
			    "1994-11-06T08:49:37.123Z info run 7 ends");
	mst_log_field("run", "7");
	mst_log_field("job", "a \"b\"=c\\\n");
	mst_debug("x");
	assert_string_equal(t_log_last(),
			    "1994-11-06T08:49:37.123Z debug x run=7 "
			    "job=\"a \\\"b\\\"=c\\\\\\n\"");
	mst_log_field("run", "8");
	mst_log_field("job", "");
	mst_debug("x");
	assert_non_null(strstr(t_log_last(), "x run=8 job=\"\""));
	mst_log_field("run", NULL);
	mst_log_field("job", NULL);
	mst_log_field("never", NULL);
	mst_debug("x");
	assert_string_equal(t_log_last(), "1994-11-06T08:49:37.123Z debug x");
}

static void test_json(void **state)
{
	mst_log_json(true);
	mst_log_field("job", "a\"b");
	t_log_expect(MST_WARN, "quo", 1);
	mst_warn("quo\"te\\ \n\x01 \xc3\xa4");
	assert_string_equal(t_log_last(),
			    "{\"time\":\"1994-11-06T08:49:37.123Z\","
			    "\"level\":\"warn\",\"job\":\"a\\\"b\","
			    "\"text\":\"quo\\\"te\\\\ \\n\\u0001 \xc3\xa4\"}");
	mst_log_field("job", NULL);
}

/* Nobody can forge a line with a line break. */
static void test_one_line(void **state)
{
	mst_info("a\nb\rc\x1b[31m");
	assert_string_equal(t_log_last() + 25, "info a\\nb\\u000dc\\u001b[31m");
}

static void test_level(void **state)
{
	mst_log_level(MST_WARN);
	assert_false(mst_log_wants(MST_INFO));
	assert_true(mst_log_wants(MST_ERROR));
	mst_info("not shown");
	assert_string_equal(t_log_last(), "");
}

static void test_bounds(void **state)
{
	char *big = mst_alloc(20000);

	memset(big, '"', 19999);
	mst_info("%s", big);
	assert_true(strlen(t_log_last()) < 8192);
	mst_log_json(true);
	mst_log_field(big, big);
	mst_info("%s", big);
	assert_true(strlen(t_log_last()) < 8192);
	assert_string_equal(t_log_last() + strlen(t_log_last()) - 2, "\"}");
	mst_log_field(big, NULL);
	for (char c = 'a'; c < 'a' + 12; c++) /* only eight are kept */
		mst_log_field((char[]){c, 0}, "v");
	mst_info("x");
	assert_non_null(strstr(t_log_last(), "\"h\":\"v\""));
	assert_null(strstr(t_log_last(), "\"i\":\"v\""));
	for (char c = 'a'; c < 'a' + 12; c++)
		mst_log_field((char[]){c, 0}, NULL);
	free(big);
}

static void test_redact(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
	    {"", ""},
	    {"nothing here", "nothing here"},
	    {"https://b.example/f?sv=1&sig=aB%2F1%3D&se=2",
	     "https://b.example/f?sv=1&sig=***&se=2"},
	    {"https://b.example/f?SIG=abc", "https://b.example/f?SIG=***"},
	    {"design=modern", "design=modern"},
	    {"Authorization: Bearer eyJ.x-y_z", "Authorization: Bearer ***"},
	    {"authorization: basic dXNlcjpwdw==", "authorization: basic ***"},
	    {"grant_type=password&username=u&password=p%20w",
	     "grant_type=password&username=u&password=***"},
	    {"client_secret=x&client_assertion=y&refresh_token=z",
	     "client_secret=***&client_assertion=***&refresh_token=***"},
	    {"{\"access_token\":\"abc\",\"expires_in\":1}",
	     "{\"access_token\":\"***\",\"expires_in\":1}"},
	    {"Bearer ", "Bearer "},
	    {"sig=", "sig="},
	    {"sig=a sig=b", "sig=*** sig=***"},
	};
	char out[200], small[12];

	for (size_t i = 0; i < MST_LEN(rows); i++) {
		mst_log_redact(rows[i].in, out, sizeof(out));
		assert_string_equal(out, rows[i].want);
	}
	mst_log_redact("a Bearer secretsecret", small, sizeof(small));
	assert_string_equal(small, "a Bearer **");
	mst_log_redact("x", small, 1);
	assert_string_equal(small, "");
	mst_log_redact("x", NULL, 0);
	mst_info("got %s", "Bearer hunter2");
	assert_null(strstr(t_log_last(), "hunter2"));
}

static void test_errno_kept(void **state)
{
	errno = ENOENT;
	mst_info("%m");
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(t_log_last(), strerror(ENOENT)));
}

/* Without a sink: to stderr, lines of threads never mixed. */
static void *many(void *arg)
{
	for (int i = 0; i < 200; i++)
		mst_info("%s", (const char *)arg);
	return NULL;
}

static void test_stderr(void **state)
{
	static char a[301], b[301];
	char line[1024];
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO), lines = 0;
	pthread_t t;

	assert_non_null(f);
	memset(a, 'a', 300);
	memset(b, 'b', 300);
	mst_log_sink(NULL, NULL);
	assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
	assert_int_equal(pthread_create(&t, NULL, many, a), 0);
	many(b);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(saved), 0);
	rewind(f);
	for (; fgets(line, sizeof(line), f); lines++) {
		line[strlen(line) - 1] = 0;
		assert_true(strcmp(line + 30, a) == 0 ||
			    strcmp(line + 30, b) == 0);
	}
	assert_int_equal(lines, 400);
	assert_int_equal(fclose(f), 0);
}

/* The watch itself: what must come, and what must not. */
static void test_watch(void **state)
{
	t_log_expect(MST_ERROR, "disk", 2);
	mst_error("disk full");
	mst_error("disk gone");
	assert_int_equal(t_log_check(state), 0);
	assert_int_equal(t_log_watch(state), 0);
	print_message("two complaints follow; they are part of the test\n");
	mst_error("surprise");
	assert_int_equal(t_log_check(state), -1);
	assert_int_equal(t_log_watch(state), 0);
	t_log_expect(MST_WARN, "never comes", 1);
	assert_int_equal(t_log_check(state), -1);
	assert_int_equal(t_log_watch(state), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_text),   TEST(test_json),	      TEST(test_one_line),
	    TEST(test_level),  TEST(test_bounds),     TEST(test_redact),
	    TEST(test_stderr), TEST(test_errno_kept), TEST(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
