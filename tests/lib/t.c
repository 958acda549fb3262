/* SPDX-License-Identifier: Apache-2.0
 *
 * The helpers of t.h.
 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

#define KEPT_MAX   4096
#define EXPECT_MAX 32
#define DATA_MAX   (64u << 20)

static char dir_path[512];
static void *kept[KEPT_MAX]; /* freed at the end, for the leak checker */
static size_t kept_n;

static void clean_up(void)
{
	struct mst_err err = MST_ERR_INIT;

	if (dir_path[0])
		(void)mst_dir_remove(dir_path, &err);
	while (kept_n > 0)
		free(kept[--kept_n]);
}

static void *keep(void *p)
{
	if (kept_n == 0 && !dir_path[0])
		(void)atexit(clean_up);
	if (kept_n == KEPT_MAX)
		fail_msg("too many paths and files in one test program");
	kept[kept_n++] = p;
	return p;
}

bool t_all(void)
{
	return getenv("MUSTER_TEST_ALL") != NULL;
}

/* Memory is kinder to the disk than hundreds of small databases that wait for
 * it: what dies in a test is a process, not the machine. Scripts run in the
 * folder, so it may not be noexec. */
static const char *place(void)
{
	static const char shm[] = "/dev/shm";
	const char *tmp = getenv("TMPDIR");
	struct statvfs fs;

	if (tmp && *tmp)
		return tmp;
	if (access(shm, W_OK) == 0 && statvfs(shm, &fs) == 0 &&
	    !(fs.f_flag & ST_NOEXEC) &&
	    (uint64_t)fs.f_bavail * fs.f_frsize >= (UINT64_C(1) << 30))
		return shm;
	return "/tmp";
}

const char *t_dir(void)
{
	char path[sizeof(dir_path)];

	if (dir_path[0])
		return dir_path;
	(void)snprintf(path, sizeof(path), "%s/muster-test-XXXXXX", place());
	if (!mkdtemp(path))
		fail_msg("cannot make a temporary folder \"%s\"", path);
	(void)keep(mst_strdup(path));
	memcpy(dir_path, path, sizeof(dir_path));
	return dir_path;
}

const char *t_path(const char *fmt, ...)
{
	char *name = NULL;
	const char *path;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&name, fmt, ap) < 0)
		mst_oom();
	va_end(ap);
	path = keep(mst_asprintf("%s/%s", t_dir(), name));
	free(name);
	return path;
}

void t_write(const char *path, struct mst_slice data)
{
	struct mst_err err = MST_ERR_INIT;

	t_ok(mst_file_write(path, data, 0600, &err), &err);
}

/* ---- clock ------------------------------------------------------------- */

static int64_t clock_us;

static int64_t read_clock(void)
{
	return clock_us;
}

void t_clock_set(int64_t us)
{
	clock_us = us;
	mst_clock_set(read_clock, read_clock);
}

void t_clock_add(int64_t us)
{
	clock_us += us;
}

void t_clock_real(void)
{
	mst_clock_set(NULL, NULL);
}

/* ---- log --------------------------------------------------------------- */

static struct {
	enum mst_level level;
	const char *part;
	unsigned left;
} expected[EXPECT_MAX];
static size_t expected_n;
static char last_line[8192];
static char surprise[8192];

static void catch_line(void *ctx, enum mst_level level, const char *line)
{
	(void)ctx;
	(void)snprintf(last_line, sizeof(last_line), "%s", line);
	for (size_t i = 0; i < expected_n; i++) {
		if (expected[i].left > 0 && expected[i].level == level &&
		    strstr(line, expected[i].part)) {
			expected[i].left--;
			return;
		}
	}
	/* may be another thread: only noted here */
	if (level >= MST_WARN && !surprise[0])
		(void)snprintf(surprise, sizeof(surprise), "%s", line);
}

int t_log_watch(void **state)
{
	(void)state;
	expected_n = 0;
	last_line[0] = 0;
	surprise[0] = 0;
	mst_log_sink(catch_line, NULL);
	return 0;
}

int t_log_check(void **state)
{
	int ret = 0;

	(void)state;
	mst_log_sink(NULL, NULL);
	if (surprise[0]) {
		print_error("unexpected log line: %s\n", surprise);
		ret = -1;
	}
	for (size_t i = 0; i < expected_n; i++) {
		if (expected[i].left > 0) {
			print_error("missing log line: \"%s\"\n",
				    expected[i].part);
			ret = -1;
		}
	}
	return ret;
}

void t_log_expect(enum mst_level level, const char *part, unsigned n)
{
	if (expected_n == EXPECT_MAX)
		fail_msg("too many expected log lines in one test");
	expected[expected_n].level = level;
	expected[expected_n].part = part;
	expected[expected_n++].left = n;
}

const char *t_log_last(void)
{
	return last_line;
}

/* ---- data -------------------------------------------------------------- */

struct mst_slice t_data(const char *name)
{
	struct mst_buf b = MST_BUF_INIT(DATA_MAX);
	struct mst_err err = MST_ERR_INIT;
	char *path = mst_asprintf("%s/%s", T_DATA_DIR, name);
	size_t n;

	t_ok(mst_file_read(path, &b, &err), &err);
	free(path);
	n = b.n;
	return mst_slice(keep(mst_buf_steal(&b)), n);
}

const char *t_samples(void)
{
	const char *dir = getenv("MUSTER_SAMPLES");

	if (!dir || !*dir)
		dir = T_SAMPLES_DIR;
	return mst_file_exists(dir) ? dir : NULL;
}

/* ---- checks ------------------------------------------------------------ */

void t_failed(int ret, const struct mst_err *err, enum mst_code code,
	      const char *part)
{
	if (ret != -(int)code || err->code != code)
		fail_msg("wanted \"%s\", got %d \"%s\": %s",
			 mst_code_name(code), ret, mst_code_name(err->code),
			 err->msg);
	if (!strstr(err->msg, part))
		fail_msg("wanted \"%s\" in: %s", part, err->msg);
}

void t_is(struct mst_slice s, const char *want)
{
	if (!mst_slice_is(s, want))
		fail_msg("wanted \"%s\", got \"%.*s\"", want, MST_SLICE_ARG(s));
}
