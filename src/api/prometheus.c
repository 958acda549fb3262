/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /metrics: what Prometheus reads. Names are a promise: docs/metrics.md.
 * What all nodes know is told by each of them; what is a node's own comes from
 * the keeper and the counts of its server.
 */
#include <inttypes.h>

#include "api/job.h"
#include "api/private.h"
#include "api/tables.h"
#include "base/time.h"
#include "mst_config.h"
#include "state/task.h"

/* ---- texts --------------------------------------------------------------- */

static void head(struct mst_buf *out, const char *name, const char *type,
		 const char *help)
{
	(void)mst_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help,
			   name, type);
}

/* A label's value: quotes, backslashes and line ends escaped. */
static void label(struct mst_buf *out, const char *name, const char *value)
{
	(void)mst_buf_addf(out, "%s=\"", name);
	for (const char *p = value; *p; p++) {
		if (*p == '\n')
			(void)mst_buf_adds(out, "\\n");
		else if (*p == '"' || *p == '\\')
			(void)mst_buf_addf(out, "\\%c", *p);
		else
			(void)mst_buf_addc(out, *p);
	}
	(void)mst_buf_addc(out, '"');
}

static void gauge(struct mst_buf *out, const char *name, const char *key,
		  const char *value, double v)
{
	(void)mst_buf_adds(out, name);
	if (key) {
		(void)mst_buf_addc(out, '{');
		label(out, key, value);
		(void)mst_buf_addc(out, '}');
	}
	(void)mst_buf_addf(out, " %.17g\n", v);
}

/* ---- jobs ---------------------------------------------------------------- */

struct last {
	bool some;
	int64_t id, started_us, ended_us, writes, requests;
	enum mst_run_status status;
};

static int take_run(void *ctx, const struct mst_run *run)
{
	struct last *l = ctx;

	*l = (struct last){true,
			   run->id,
			   run->started_us,
			   run->ended_us,
			   (int64_t)run->writes,
			   (int64_t)run->requests,
			   run->status};
	return 0;
}

struct job_facts {
	struct last last, whole;
	double next;
	bool paused;
};

static int look_job(struct mst_http_req *r, const struct mst_api_jobs *all,
		    const char *name, struct job_facts *f, struct mst_err *err)
{
	const struct mst_job_plan *p =
	    mst_map_get(&all->plans, mst_slice_str(name));
	struct mst_run_filter q = {.job = name, .status = -1, .n = 1};
	struct last partial = {0};
	int rc = mst_state_runs(mst_api_state(r), &q, take_run, &f->last, err);

	q.status = MST_RUN_OK;
	if (rc == 0)
		rc = mst_state_runs(mst_api_state(r), &q, take_run, &f->whole,
				    err);
	q.status = MST_RUN_PARTIAL;
	if (rc == 0)
		rc = mst_state_runs(mst_api_state(r), &q, take_run, &partial,
				    err);
	if (partial.some && partial.id > f->whole.id)
		f->whole = partial;
	f->paused = p && p->paused;
	if (p && p->next_us != MST_TIME_NONE)
		f->next = (double)p->next_us / 1e6;
	return rc;
}

/* One family for all jobs. */
#define FAMILY(name, help, have, value)                                        \
	do {                                                                   \
		head(out, name, "gauge", help);                                \
		for (size_t i = 0; i < all->n; i++)                            \
			if (have)                                              \
				gauge(out, name, "job", all->names[i],         \
				      (double)(value));                        \
	} while (0)

static void write_jobs(const struct mst_api_jobs *all,
		       const struct job_facts *f, struct mst_buf *out)
{
	FAMILY("muster_job_last_run_ok",
	       "1: the last run was whole (ok or partial); 0: it was not.",
	       f[i].last.some && f[i].last.status != MST_RUN_RUNNING,
	       f[i].last.status == MST_RUN_OK ||
		   f[i].last.status == MST_RUN_PARTIAL);
	FAMILY("muster_job_guard", "1: the guard holds something back.",
	       f[i].last.some, f[i].last.status == MST_RUN_GUARD);
	FAMILY("muster_job_running", "1: a run goes on.", f[i].last.some,
	       f[i].last.status == MST_RUN_RUNNING);
	FAMILY("muster_job_last_complete_timestamp_seconds",
	       "When the last whole run ended.", f[i].whole.some,
	       (double)f[i].whole.ended_us / 1e6);
	FAMILY("muster_job_last_duration_seconds",
	       "How long the last whole run took.", f[i].whole.some,
	       (double)(f[i].whole.ended_us - f[i].whole.started_us) / 1e6);
	FAMILY("muster_job_last_writes", "Records that it wrote.",
	       f[i].whole.some, f[i].whole.writes);
	FAMILY("muster_job_last_requests", "Requests that it made.",
	       f[i].whole.some, f[i].whole.requests);
	FAMILY("muster_job_next_timestamp_seconds", "When it is due.",
	       f[i].next > 0 && !f[i].paused, f[i].next);
	FAMILY("muster_job_paused", "1: it is paused.", true, f[i].paused);
}

static int jobs(struct mst_http_req *r, struct mst_buf *out,
		struct mst_err *err)
{
	struct mst_api_jobs all;
	struct job_facts *f;
	int rc = mst_api_jobs_read(r, &all, err);

	f = mst_arena_alloc(&r->arena, (all.n + 1) * sizeof(*f));
	for (size_t i = 0; i < all.n && rc == 0; i++)
		rc = look_job(r, &all, all.names[i], &f[i], err);
	if (rc == 0)
		write_jobs(&all, f, out);
	mst_api_jobs_fini(&all);
	return rc;
}

/* ---- tasks, nodes, notices ----------------------------------------------- */

struct live {
	uint64_t n[MST_TASK__MAX];
	int64_t oldest_us;
};

static int count_task(void *ctx, const struct mst_task *t)
{
	struct live *l = ctx;

	l->n[t->state]++;
	if (t->state == MST_TASK_QUEUED &&
	    (!l->oldest_us || t->created_us < l->oldest_us))
		l->oldest_us = t->created_us;
	return 0;
}

static int tasks(struct mst_http_req *r, struct mst_buf *out,
		 struct mst_err *err)
{
	const struct mst_task_filter f = {
	    .state = -1, .live = true, .n = 100000};
	struct live l = {0};
	int rc = mst_tasks(mst_api_state(r), &f, count_task, &l, err);

	head(out, "muster_tasks", "gauge", "Tasks that are live, by state.");
	for (int s = MST_TASK_WAITING; s <= MST_TASK_RUNNING; s++)
		gauge(out, "muster_tasks", "state",
		      mst_task_state_name((enum mst_task_state)s),
		      (double)l.n[s]);
	head(out, "muster_task_oldest_queued_seconds", "gauge",
	     "How long the oldest queued task has waited.");
	gauge(out, "muster_task_oldest_queued_seconds", NULL, NULL,
	      l.oldest_us ? (double)(mst_now_us() - l.oldest_us) / 1e6 : 0);
	return rc;
}

static int count_node(void *ctx, const struct mst_node *n)
{
	((uint64_t *)ctx)[n->alive]++;
	return 0;
}

static int count_notice(void *ctx, const struct mst_notice *v)
{
	((uint64_t *)ctx)[strcmp(v->level, "error") == 0]++;
	return 0;
}

static int rest(struct mst_http_req *r, struct mst_buf *out,
		struct mst_err *err)
{
	uint64_t nodes[2] = {0}, notices[2] = {0};
	int rc = mst_nodes(mst_api_state(r), count_node, nodes, err);

	if (rc == 0)
		rc = mst_notices(mst_api_state(r), false, 100000, count_notice,
				 notices, err);
	head(out, "muster_nodes", "gauge", "Nodes that are known, by state.");
	gauge(out, "muster_nodes", "state", "alive", (double)nodes[1]);
	gauge(out, "muster_nodes", "state", "gone", (double)nodes[0]);
	head(out, "muster_notices", "gauge",
	     "What a person must be told, by level.");
	gauge(out, "muster_notices", "level", "error", (double)notices[1]);
	gauge(out, "muster_notices", "level", "warning", (double)notices[0]);
	return rc;
}

/* ---- the page ------------------------------------------------------------ */

static void own(struct mst_http_req *r, struct mst_buf *out)
{
	const struct mst_api *a = mst_api_of(r);
	const struct mst_api_keeper *k = a->conf.keeper;
	unsigned connections, streams;

	head(out, "muster_info", "gauge", "Version and node.");
	(void)mst_buf_adds(out, "muster_info{");
	label(out, "version", MST_VERSION);
	(void)mst_buf_addc(out, ',');
	label(out, "node", a->conf.node);
	(void)mst_buf_adds(out, "} 1\n");
	head(out, "muster_start_timestamp_seconds", "gauge",
	     "When the server of this node started.");
	gauge(out, "muster_start_timestamp_seconds", NULL, NULL,
	      (double)a->started_us / 1e6);
	mst_http_counts(a->http, &connections, &streams);
	head(out, "muster_http_connections", "gauge",
	     "Connections that are open.");
	gauge(out, "muster_http_connections", NULL, NULL, connections);
	head(out, "muster_http_streams", "gauge", "Event streams among them.");
	gauge(out, "muster_http_streams", NULL, NULL, streams);
	mst_api_metrics_write(a->metrics, out);
	if (k && k->metrics)
		k->metrics(k->ctx, out);
}

static bool is_loopback(const char *peer)
{
	return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

static int get_metrics(struct mst_http_req *r, struct mst_http_resp *resp,
		       struct mst_err *err)
{
	const struct mst_who *who = mst_api_who(r);
	int rc;

	if (!(who && who->may & MST_MAY_READ) &&
	    !(r->direct && is_loopback(r->peer)))
		return mst_err_set(err, who ? MST_E_FORBIDDEN : MST_E_AUTH,
				   "metrics want a token with the scope read, "
				   "or to be asked from this machine");
	resp->type = "text/plain; version=0.0.4; charset=utf-8";
	resp->no_etag = true;
	own(r, &resp->body);
	rc = jobs(r, &resp->body, err);
	if (rc == 0)
		rc = tasks(r, &resp->body, err);
	return rc < 0 ? rc : rest(r, &resp->body, err);
}

const struct mst_http_route mst_api_prometheus[] = {
    {MST_ROUTE_GET, "/metrics", "get_metrics", "service",
     "Metrics for Prometheus; from this machine without a token.", 0,
     MST_ROUTE_OPEN | MST_ROUTE_PLAIN, NULL, NULL, .run = get_metrics},
    {0},
};
