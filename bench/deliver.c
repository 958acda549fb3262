/* SPDX-License-Identifier: Apache-2.0
 *
 * forward.deliver: alerts out of the outbox to the simulated ServiceNow, as
 * incidents, until all are done there. muster is bound to one core, the
 * simulator is a process of its own. DELIVER_ALERTS in the environment sets how
 * many; they come from 2,000 devices.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "bench/bench.h"
#include "forwarder/private.h"
#include "sim/sim.h"
#include "sync/config.h"

#define DEVICES 2000
#define GROUP	1000

struct arg {
	uint64_t alerts;
	char url[64];
};

/* ---- the simulator ------------------------------------------------------- */

static void sim_process(int fd)
{
	const struct mst_sim_conf conf = {
	    .devices = 1, .apps = -1, .iot_devices = -1, .empty = true};
	struct mst_err err = MST_ERR_INIT;
	struct mst_sim *sim;
	const char *url;
	ssize_t n;

	if (mst_sim_start(&conf, &sim, &err) < 0)
		_exit(1);
	url = mst_sim_url(sim, MST_SIM_SERVICENOW);
	n = write(fd, url, strlen(url) + 1);
	(void)close(fd);
	while (n > 0)
		(void)pause();
	_exit(1);
}

static pid_t start_sim(char url_r[64])
{
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe(fds) != 0)
		return -1;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)close(fds[0]);
		sim_process(fds[1]);
	}
	(void)close(fds[1]);
	n = read(fds[0], url_r, 63);
	(void)close(fds[0]);
	return n > 0 ? pid : -1;
}

/* ---- muster -------------------------------------------------------------- */

static int configure(struct mst_state *state, const char *url,
		     struct mst_err *err)
{
	char *yaml MST_CLEANUP(mst_freep) = mst_asprintf(
	    "connections:\n"
	    "  - name: plant\n    type: iot\n    url: https://127.0.0.1:1\n"
	    "    token: env:MUSTER_SIM_TOKEN\n"
	    "  - name: cmdb\n    type: servicenow\n    url: %s\n"
	    "    username: " MST_SIM_USER "\n"
	    "    password: env:MUSTER_SIM_PASSWORD\n"
	    "forward_actions:\n"
	    "  - name: tickets\n    type: incident\n    connection: cmdb\n"
	    "forward_rules:\n"
	    "  - name: all\n    source: plant\n    actions: [tickets]\n"
	    "    poll: no\n",
	    url);
	size_t added, changed;
	struct mst_conf conf;
	int rc = mst_conf_read(mst_slice_str(yaml), "bench", &conf, err);

	if (rc == 0)
		rc = mst_config_put(state, conf.items, conf.items_n, NULL, NULL,
				    &added, &changed, err);
	mst_conf_fini(&conf);
	return rc;
}

static int fill(struct mst_forwarder *f, uint64_t alerts, struct mst_err *err)
{
	static const struct mst_route route = {"all", "tickets", true};
	struct mst_outbox_alert *a = mst_alloc(GROUP * sizeof(*a));
	struct mst_arena arena;
	int rc = 0;

	mst_arena_init(&arena, 64u << 20);
	for (uint64_t i = 0; i < alerts && rc == 0; i += GROUP) {
		size_t n = (size_t)MST_MIN((uint64_t)GROUP, alerts - i);

		mst_arena_reset(&arena);
		for (size_t k = 0; k < n; k++) {
			unsigned long long id = i + k;
			const char *uuid = mst_arena_printf(
			    &arena, "1-%llu", 1594550000000ull + id);
			const char *device = mst_arena_printf(
			    &arena, "10.1.%llu.%llu", id % DEVICES >> 8,
			    id % DEVICES & 255);

			a[k] = (struct mst_outbox_alert){
			    .source = "plant",
			    .key = mst_slice_str(uuid),
			    .device = mst_slice_str(device),
			    .form = MST_FORM_JSON,
			    .digest = id + 1,
			    .routes = &route,
			    .routes_n = 1};
			a[k].body = mst_slice_str(mst_arena_printf(
			    &arena,
			    "{\"UUID\":\"%s\",\"title\":\"Modbus Address "
			    "Violation\",\"message\":\"A client tried to reach "
			    "an address that is not in its baseline.\","
			    "\"severity\":\"Major\",\"engine\":\"Policy "
			    "Violation\",\"sourceDeviceAddress\":\"%s\","
			    "\"sensorName\":\"north\",\"time\":1795168800000}",
			    uuid, device));
		}
		rc = mst_outbox_accept(f->outbox, a, n, mst_now_us(), err);
	}
	mst_arena_fini(&arena);
	free(a);
	return rc;
}

static void add_left(void *ctx, const char *action,
		     const struct mst_outbox_stats *s)
{
	if (action)
		return;
	for (size_t i = 0; i < MST_DELIVERY_DONE; i++)
		*(uint64_t *)ctx += s->n[i];
}

/* out: alerts delivered, seconds, peak memory */
static bool run(struct bench *b, void *arg, double out[8])
{
	const struct arg *a = arg;
	char *dir MST_CLEANUP(mst_freep) = mst_asprintf("%s/deliver", b->dir);
	struct mst_err err = MST_ERR_INIT;
	struct mst_forwarder *f = NULL;
	struct mst_state *state = NULL;
	atomic_bool stop = false;
	uint64_t left = 0;
	double from;
	int rc;

	bench_one_core();
	(void)setenv("MUSTER_SIM_TOKEN", MST_SIM_IOT_TOKEN, 1);
	(void)setenv("MUSTER_SIM_PASSWORD", MST_SIM_PASSWORD, 1);
	rc = mst_state_open(dir, &state, &err);
	if (rc == 0)
		rc = configure(state, a->url, &err);
	if (rc == 0)
		rc = mst_forwarder_open(state, &f, &err);
	if (rc == 0)
		rc = fill(f, a->alerts, &err);
	from = bench_now();
	if (rc == 0)
		rc = mst_deliver_due(f, &stop, &err);
	out[1] = bench_now() - from;
	if (rc == 0)
		rc = mst_outbox_stats(f->outbox, add_left, &left, &err);
	out[0] = (double)(a->alerts - left);
	out[2] = (double)bench_rss();
	mst_forwarder_close(&f);
	mst_state_close(&state);
	if (rc < 0)
		(void)fprintf(stderr, "bench: %s\n", err.msg);
	return rc == 0 && left == 0;
}

bool bench_deliver(struct bench *b)
{
	struct arg a = {.alerts = bench_env("DELIVER_ALERTS", 50000)};
	struct bench_line l = BENCH_LINE_INIT;
	pid_t sim = start_sim(a.url);
	double out[8];
	bool ok = sim > 0 && bench_child(run, b, &a, out);

	if (sim > 0) {
		(void)kill(sim, SIGKILL);
		(void)waitpid(sim, NULL, 0);
	}
	if (!ok)
		return false;
	l.name = "forward.deliver";
	l.rows = (uint64_t)out[0];
	l.seconds = out[1];
	l.rss = (uint64_t)out[2];
	bench_print(&l);
	return true;
}
