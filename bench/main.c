/* SPDX-License-Identifier: Apache-2.0
 *
 * The benchmarks: one JSON object a line. ROWS and DEVICES in the environment
 * set the size; names on the command line choose ("delta", "apps", "iot",
 * "forward", "deliver", "rules", "store", "job", "api").
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "bench/bench.h"
#include "json/out.h"

double bench_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

uint64_t bench_rss(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (uint64_t)u.ru_maxrss * 1024;
}

void bench_one_core(void)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return;
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &one);
			break;
		}
	}
	(void)sched_setaffinity(0, sizeof(one), &one);
}

uint64_t bench_env(const char *name, uint64_t def)
{
	const char *text = getenv(name);
	uint64_t n;

	return text && mst_num_u64(mst_slice_str(text), &n) && n ? n : def;
}

void bench_print(const struct bench_line *l)
{
	struct mst_buf buf = MST_BUF_INIT(4096);
	struct mst_jout j;

	mst_jout_init(&j, &buf);
	mst_jout_obj(&j);
	mst_jout_kstr(&j, "name", l->name);
	mst_jout_ki64(&j, "rows", (int64_t)l->rows);
	mst_jout_kdbl(&j, "seconds", l->seconds);
	mst_jout_kdbl(&j, "rows_per_second",
		      l->seconds > 0 ? (double)l->rows / l->seconds : 0);
	mst_jout_ki64(&j, "peak_rss_bytes",
		      (int64_t)(l->rss ? l->rss : bench_rss()));
	if (l->ratio_to_limit >= 0)
		mst_jout_kdbl(&j, "ratio_to_limit", l->ratio_to_limit);
	if (l->ratio >= 0)
		mst_jout_kdbl(&j, "ratio", l->ratio);
	if (l->bytes_per_row >= 0)
		mst_jout_kdbl(&j, "bytes_per_row", l->bytes_per_row);
	if (l->requests >= 0)
		mst_jout_ki64(&j, "requests", l->requests);
	if (l->writes >= 0)
		mst_jout_ki64(&j, "writes", l->writes);
	if (bench_limit(l->name))
		mst_jout_kstr(&j, "limit", bench_limit(l->name));
	mst_jout_end_obj(&j);
	(void)puts(buf.p);
	(void)fflush(stdout);
	mst_buf_fini(&buf);
}

bool bench_child(bool (*fn)(struct bench *b, void *arg, double out[8]),
		 struct bench *b, void *arg, double out[8])
{
	int fds[2], status = -1;
	ssize_t n;
	pid_t pid;

	for (int i = 0; i < 8; i++)
		out[i] = 0;
	if (pipe(fds) != 0)
		return false;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		bool ok = fn(b, arg, out);

		n = write(fds[1], out, 8 * sizeof(*out));
		_exit(ok && n > 0 ? 0 : 1);
	}
	(void)close(fds[1]);
	n = read(fds[0], out, 8 * sizeof(*out));
	(void)close(fds[0]);
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	if (status != 0)
		(void)fprintf(stderr, "bench: a case ended with status %d\n",
			      status);
	return n == 8 * (ssize_t)sizeof(*out) && status == 0;
}

static bool chosen(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return argc < 2;
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	struct mst_err err = MST_ERR_INIT;
	struct bench b = {
	    .rows = bench_env("ROWS", 1000000),
	    .devices = bench_env("DEVICES", 5000),
	};
	bool ok = true;

	b.dir = mst_asprintf("%s/muster-bench-%ld",
			     tmp && *tmp ? tmp : P_tmpdir, (long)getpid());
	if (mst_secret_setup(&err) < 0 || mst_dir_make(b.dir, &err) < 0) {
		(void)fprintf(stderr, "bench: %s\n", err.msg);
		return 1;
	}
	if (chosen(argc, argv, "delta"))
		ok = bench_delta(&b) && ok;
	if (chosen(argc, argv, "apps"))
		ok = bench_apps(&b) && ok;
	if (chosen(argc, argv, "iot"))
		ok = bench_iot(&b) && ok;
	if (chosen(argc, argv, "forward"))
		ok = bench_forward(&b) && ok;
	if (chosen(argc, argv, "deliver"))
		ok = bench_deliver(&b) && ok;
	if (chosen(argc, argv, "rules"))
		ok = bench_rules(&b) && ok;
	if (chosen(argc, argv, "store"))
		ok = bench_store(&b) && ok;
	if (chosen(argc, argv, "job"))
		ok = bench_job(&b) && ok;
	if (chosen(argc, argv, "serve"))
		ok = bench_serve(&b) && ok;
	if (chosen(argc, argv, "api"))
		ok = bench_api(&b) && bench_history(&b) && ok;
	(void)mst_dir_remove(b.dir, &err);
	free(b.dir);
	return ok ? 0 : 1;
}
