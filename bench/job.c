/* SPDX-License-Identifier: Apache-2.0
 *
 * job.*: the whole job over HTTP, the simulators in a process of their own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "bench/job.h"

struct arg {
	struct mst_sim_conf sim;
	const char *sets; /* NULL: all */
	bool again;	  /* measure the second run, not the first */
	const char *state;
	const struct mst_recver_conf *recver; /* NULL: a file */
};

static bool fail(const struct mst_err *err)
{
	(void)fprintf(stderr, "bench: %s\n", err->msg);
	return false;
}

/* ---- the simulators ----- */

static void sim_process(const struct mst_sim_conf *conf, int fd)
{
	struct mst_buf yaml = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_sim *sim;
	ssize_t n;

	if (mst_sim_start(conf, &sim, &err) < 0) {
		(void)fail(&err);
		_exit(1);
	}
	(void)mst_sim_yaml(sim, &yaml);
	n = write(fd, yaml.p, yaml.n);
	(void)close(fd);
	while (n > 0)
		(void)pause();
	_exit(1);
}

pid_t bench_sim_start(const struct mst_sim_conf *conf, struct mst_buf *yaml)
{
	char part[4096];
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe(fds) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)close(fds[0]);
		sim_process(conf, fds[1]);
	}
	(void)close(fds[1]);
	while ((n = read(fds[0], part, sizeof(part))) > 0)
		(void)mst_buf_add(yaml, part, (size_t)n);
	(void)close(fds[0]);
	(void)setenv("MUSTER_SIM_SECRET", MST_SIM_SECRET, 1);
	(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
	return yaml->n ? pid : -1;
}

void bench_sim_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

int bench_apply(struct mst_state *state, struct mst_slice yaml,
		struct mst_err *err)
{
	struct mst_conf conf;
	size_t added, changed;
	int rc = mst_conf_read(yaml, "bench", &conf, err);

	for (size_t i = 0; rc == 0 && i < conf.items_n; i++) {
		struct mst_buf text = MST_BUF_INIT(1u << 20);
		struct mst_state_item item = {conf.items[i].kind,
					      conf.items[i].name,
					      conf.items[i].type, NULL};

		(void)mst_conf_write(&conf.items[i], &text);
		item.yaml = text.p;
		rc =
		    mst_state_put_items(state, &item, 1, &added, &changed, err);
		mst_buf_fini(&text);
	}
	mst_conf_fini(&conf);
	return rc;
}

/* The source connection with its RecVer on a server. */
static void move_recver(struct mst_buf *yaml,
			const struct mst_recver_conf *recver)
{
	static const char type[] = "    type: endpoint\n";
	struct mst_buf moved = MST_BUF_INIT(1u << 20);
	const char *at = strstr(yaml->p, type);
	size_t n = at ? (size_t)(at - yaml->p) + strlen(type) : 0;

	(void)mst_buf_add(&moved, yaml->p, n);
	(void)mst_buf_addf(&moved,
			   "    recver:\n"
			   "      type: %s\n"
			   "      server: %s\n"
			   "      database: %s\n"
			   "      user: %s\n",
			   recver->type, recver->server, recver->database,
			   recver->user);
	(void)mst_buf_adds(&moved, yaml->p + n);
	mst_buf_fini(yaml);
	*yaml = moved;
}

/* ---- a run ----- */

/* out: seconds, requests, writes, rows read, CVE members */
static int one_run(struct mst_state *state, const struct arg *arg,
		   double out[8], struct mst_err *err)
{
	const char *three[] = {"devices", "vulnerabilities",
			       "device_vulnerabilities"};
	struct mst_run_conf conf = {.job = "demo"};
	struct mst_session *s = mst_alloc(sizeof(*s));
	struct mst_client_stats stats;
	double from = bench_now();
	int rc;

	if (arg->sets) {
		conf.record_sets.v = three;
		conf.record_sets.n = MST_LEN(three);
	}
	rc = mst_session_open(s, state, &conf, true, err);
	if (rc == 0)
		rc = mst_session_read(s, err);
	if (rc == 0)
		rc = mst_session_compare(s, err);
	if (rc == 0)
		rc = mst_session_push(s, err);
	out[0] = bench_now() - from;
	out[1] = out[3] = 0;
	out[2] = (double)s->push.applied;
	for (size_t i = 0; i < s->delta.sets_n; i++) {
		out[3] += (double)s->delta.sets[i].read;
		if (strcmp(s->delta.sets[i].set->name,
			   "device_vulnerabilities") == 0)
			out[4] = (double)(s->delta.sets[i].inserts +
					  s->delta.sets[i].unchanged);
	}
	if (s->dest_client) {
		mst_client_stats(s->dest_client, &stats);
		out[1] += (double)stats.requests;
	}
	if (s->source_client) {
		mst_client_stats(s->source_client, &stats);
		out[1] += (double)stats.requests;
	}
	(void)mst_session_close(s, rc < 0 ? err : NULL);
	free(s);
	return rc;
}

/* Size of RecVer's file after its log was written back. */
static int recver_size(const char *state, double *bytes_r, struct mst_err *err)
{
	char *path MST_CLEANUP(mst_freep) =
	    mst_asprintf("%s/recver/defender.db", state);
	const struct mst_recver_ops *ops = mst_recver_find("sqlite");
	struct mst_recver *r;
	struct stat st;
	const struct mst_recver_conf at = {.path = path};
	int rc = ops->open(&at, "defender", false, &r, err);

	if (rc == 0)
		rc = ops->compact(r, err);
	if (rc == 0)
		ops->close(&r);
	if (rc == 0 && stat(path, &st) == 0)
		*bytes_r = (double)st.st_size;
	return rc;
}

static bool run_job(struct bench *b, void *p, double out[8])
{
	const struct arg *arg = p;
	struct mst_buf yaml = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct mst_state *state = NULL;
	pid_t sim = bench_sim_start(&arg->sim, &yaml);
	int rc;

	(void)b;
	mst_log_level(MST_ERROR);
	rc = sim < 0 ? mst_err_set(&err, MST_E_INTERNAL, "no simulator")
		     : mst_state_open(arg->state, &state, &err);
	if (rc == 0 && arg->recver)
		move_recver(&yaml, arg->recver);
	if (rc == 0)
		rc = bench_apply(state, mst_buf_slice(&yaml), &err);
	if (rc == 0)
		rc = one_run(state, arg, out, &err);
	for (int i = 0; rc == 0 && arg->again && i < 3; i++) {
		double now[8];

		rc = one_run(state, arg, now, &err);
		if (i == 0 || now[0] < out[0])
			memcpy(out, now, sizeof(now));
	}
	mst_state_close(&state);
	if (rc == 0 && !arg->recver)
		rc = recver_size(arg->state, &out[5], &err);
	bench_sim_stop(sim);
	mst_buf_fini(&yaml);
	out[6] = (double)bench_rss();
	return rc == 0 || fail(&err);
}

static struct bench_line line_of(const char *name, const double out[8])
{
	struct bench_line l = BENCH_LINE_INIT;

	l.name = name;
	l.rows = (uint64_t)out[3];
	l.seconds = out[0];
	l.requests = (int64_t)out[1];
	l.writes = (int64_t)out[2];
	l.rss = (uint64_t)out[6];
	return l;
}

bool bench_job(struct bench *b)
{
	char *first MST_CLEANUP(mst_freep) = mst_asprintf("%s/first", b->dir);
	char *again MST_CLEANUP(mst_freep) = mst_asprintf("%s/again", b->dir);
	struct arg load = {.sim = {.devices = (unsigned)b->devices,
				   .cve_rows = b->devices * 40,
				   .latency_ms = 5},
			   .sets = "three",
			   .state = first};
	struct arg unchanged = {
	    .sim = {.devices = (unsigned)b->devices, .cve_rows = b->rows},
	    .again = true,
	    .state = again};
	struct mst_err err = MST_ERR_INIT;
	struct mst_recver_conf postgres;
	struct bench_line l;
	double out[8], seconds;

	if (!bench_child(run_job, b, &load, out))
		return false;
	l = line_of("job.first_load", out);
	l.rows = (uint64_t)out[2];
	l.ratio = out[2] > 0 ? out[1] / out[2] : 1;
	bench_print(&l);
	l = line_of("recver.bytes", out);
	l.rows = (uint64_t)out[4];
	l.bytes_per_row = out[4] > 0 ? out[5] / out[4] : 0;
	l.requests = l.writes = -1;
	bench_print(&l);
	(void)mst_dir_remove(first, &err);
	if (!bench_child(run_job, b, &unchanged, out))
		return false;
	l = line_of("job.unchanged", out);
	bench_print(&l);
	(void)mst_dir_remove(again, &err);
	seconds = out[0];
	if (!bench_postgres("bench_job", &postgres))
		return true;
	unchanged.recver = &postgres;
	if (!bench_child(run_job, b, &unchanged, out))
		return false;
	l = line_of("job.unchanged.postgres", out);
	/* Of the rate with a file. */
	l.ratio = out[0] > 0 ? seconds / out[0] : 0;
	bench_print(&l);
	(void)mst_dir_remove(again, &err);
	return true;
}
