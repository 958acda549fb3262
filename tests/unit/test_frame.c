/* SPDX-License-Identifier: Apache-2.0
 *
 * Framing of syslog streams: lines and counted octets, mixed, cut, too long.
 * Any bytes at all: tests/fuzz/fuzz_frame.c.
 */
#include "tests/lib/t.h"

#include <stdio.h>

#include "forwarder/frame.h"

#define MAX 20

/* All messages with ';' behind each, '!' where one is too long, '?' where the
 * stream is lost, then '|' and what is left. */
static const char *frames(const char *bytes, size_t n)
{
	static char out[512];
	struct mst_framer f = {0};
	struct mst_slice in = {bytes, n}, s;
	enum mst_frame what;
	size_t used, at = 0;

	do {
		what = mst_frame_next(&f, in, MAX, &s, &used);
		if (what != MST_FRAME_MORE)
			at += (size_t)snprintf(out + at, sizeof(out) - at,
					       "%.*s%c", MST_SLICE_ARG(s),
					       what == MST_FRAME_MESSAGE ? ';'
					       : what == MST_FRAME_LONG	 ? '!'
									 : '?');
		in = mst_slice(in.p + used, in.n - used);
	} while (what != MST_FRAME_MORE && what != MST_FRAME_LOST);
	(void)mst_frame_rest(&f, in, &s);
	(void)snprintf(out + at, sizeof(out) - at, "|%.*s", MST_SLICE_ARG(s));
	return out;
}

#define IS(bytes, want)                                                        \
	assert_string_equal(frames(bytes, sizeof(bytes) - 1), want)

static void test_lines(void **state MST_UNUSED)
{
	IS("", "|");
	IS("<14>a\n<14>b\r\n", "<14>a;<14>b;|");
	IS("\n\r\n<14>a\n\n\n<14>b", "<14>a;|<14>b");
	IS("<14>a\0\n<14>b\n", "<14>a;<14>b;|");
	IS("no header at all\n", "no header at all;|");
	IS("12 is no count\n", "12 is no count;|");
	IS("2026\n", "2026;|");
	IS("0 <14>\n", "0 <14>;|");
	IS("1234567890 <14>\n", "1234567890 <14>;|");
}

static void test_octets(void **state MST_UNUSED)
{
	IS("5 <14>a6 <14>bc", "<14>a;<14>bc;|");
	/* A line end within is the message's own, one behind it is none. */
	IS("7 <14>a\nb\n5 <14>c", "<14>a\nb;<14>c;|");
	IS("5 <14>a<14>line\n5 <14>b", "<14>a;<14>line;<14>b;|");
	IS("9 <14>a", "|9 <14>a");
	IS("1", "|1");
	IS("12 ", "|12 ");
}

static void test_long(void **state MST_UNUSED)
{
	IS("<14>5678901234567890\nb\n", "<14>5678901234567890;b;|");
	IS("<14>56789012345678901\nb\n", "<14>5678901234567890!b;|");
	IS("<14>567890123456789012345678901234567890\nb\n",
	   "<14>5678901234567890!b;|");
	IS("30 <14>567890123456789012345678905 <14>b",
	   "<14>5678901234567890!<14>b;|");
	IS("99999999 <14>a", "99999999 <14>a?|99999999 <14>a");
}

/* A part of a counted message is no message when the stream ends; nor is what
 * is passed over. */
static void test_rest(void **state MST_UNUSED)
{
	static const char line[] = "<14>567890123456789012345678901234567890";
	struct mst_framer f = {0};
	struct mst_slice s;
	size_t used;

	assert_true(mst_frame_rest(&f, MST_SLICE_LIT("<14>a\r\n"), &s));
	t_is(s, "<14>a");
	assert_false(mst_frame_rest(&f, MST_SLICE_LIT("\r\n"), &s));
	assert_false(mst_frame_rest(&f, MST_SLICE_LIT("9 <14>a"), &s));
	t_is(s, "9 <14>a");
	assert_int_equal(
	    mst_frame_next(&f, mst_slice_str(line), MAX, &s, &used),
	    MST_FRAME_LONG);
	assert_false(mst_frame_rest(&f, mst_slice_str(line + used), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_octets),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_rest),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
