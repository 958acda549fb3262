/* SPDX-License-Identifier: Apache-2.0
 *
 * What every test program needs beside cmocka: a temporary folder, a clock
 * that stands still, the log under watch, and files with data. Include it
 * first: it brings cmocka and what cmocka needs.
 */
#ifndef MST_TESTS_T_H
#define MST_TESTS_T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/* 1 in a program that is built with the address sanitizer: five times as slow,
 * so what is repeated with other numbers is repeated less often there. */
#if defined(__SANITIZE_ADDRESS__)
#define T_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define T_SANITIZED 1
#endif
#endif
#ifndef T_SANITIZED
#define T_SANITIZED 0
#endif

/* Whether MUSTER_TEST_ALL is set: what is repeated at many places, or with much
 * data, is then repeated at all of them, with all of it. HACKING.md tells of
 * it. */
bool t_all(void);

/* A fresh folder below $TMPDIR (in memory where that is not set and there is
 * room), removed with all its content when the program
 * ends. The same one for the whole program. */
const char *t_dir(void);
/* t_dir() + "/" + the formatted name; lives until the program ends. */
const char *t_path(const char *fmt, ...) MST_PRINTF(1, 2);
/* Writes a file, mode 0600; fails the test when it cannot. */
void t_write(const char *path, struct mst_slice data);

/* The injected clock: both clocks show us until they are moved. */
void t_clock_set(int64_t us);
void t_clock_add(int64_t us);
void t_clock_real(void);

/* Group set-up and tear-down, or per test: the log is caught. A warning or an
 * error that was not announced fails the test, and so does an announced one
 * that did not come. As cmocka wants them:
 *   cmocka_unit_test_setup_teardown(fn, t_log_watch, t_log_check) */
int t_log_watch(void **state);
int t_log_check(void **state);
/* A line of this level that holds this text will come, n times. */
void t_log_expect(enum mst_level level, const char *part, unsigned n);
/* The last line that was logged, "" when there was none. */
const char *t_log_last(void);

/* Reads tests/data/<name>; fails the test when it is not there. Lives until
 * the program ends. */
struct mst_slice t_data(const char *name);
/* The folder of sample bodies: $MUSTER_SAMPLES, or the one beside the source
 * tree; NULL when there is none (skip the test then). */
const char *t_samples(void);

/* The call worked; else the test fails with the error's text. */
#define t_ok(call, err)                                                        \
	do {                                                                   \
		if ((call) < 0)                                                \
			fail_msg("%s", (err)->msg);                            \
	} while (0)
/* The call failed with this code and this part in its text. */
void t_failed(int ret, const struct mst_err *err, enum mst_code code,
	      const char *part);
/* s equals the text; else both are shown. */
void t_is(struct mst_slice s, const char *want);

#endif
