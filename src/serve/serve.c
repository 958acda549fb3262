/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's main thread: starting, signals, reload, the watchdog, stopping.
 */
#include "serve/serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "api/gate.h"
#include "auth/door.h"
#include "auth/people.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "db/db.h"
#include "serve/keeper.h"
#include "serve/systemd.h"
#include "sync/service.h"

#define HUB_KEEP     4096 /* events for those who come back */
#define API_GRACE_MS 3000
#define NAP_MS	     1000
#define STOP_POLL_MS 200
#define ENDED_NOW    130

struct serving {
	const struct mst_serve_conf *conf;
	struct mst_state *state; /* of this thread */
	struct mst_arena arena;	 /* of the texts of service */
	struct mst_service_conf service;
	char node[128];
	char address[300]; /* that other nodes are told */
	char url[300];
	struct mst_lock lock;
	struct mst_door *door;
	struct mst_http_hub *hub;
	struct mst_keeper *keeper;
	struct mst_api *api;
	struct mst_api_keeper around;
	int signals;
};

void mst_serve_block(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* ---- between the keeper and the API -------------------------------------- */

static void publish(void *ctx, const char *topic, const char *event,
		    struct mst_slice data)
{
	const struct serving *v = ctx;

	mst_http_hub_put(v->hub, topic, event, data);
}

static void publish_end(void *ctx, const char *topic)
{
	const struct serving *v = ctx;

	mst_http_hub_end(v->hub, topic);
}

static void wake(void *ctx)
{
	const struct serving *v = ctx;

	mst_keeper_wake(v->keeper);
}

static bool ready(void *ctx, const char **why_r)
{
	const struct serving *v = ctx;

	return mst_keeper_ready(v->keeper, why_r);
}

static void metrics(void *ctx, struct mst_buf *out)
{
	const struct serving *v = ctx;
	struct mst_keeper_counts c;

	mst_keeper_counts(v->keeper, &c);
	(void)mst_buf_addf(
	    out,
	    "# HELP muster_jobs Jobs that are configured.\n"
	    "# TYPE muster_jobs gauge\nmuster_jobs %llu\n"
	    "# HELP muster_tasks_running Workers of this node.\n"
	    "# TYPE muster_tasks_running gauge\nmuster_tasks_running %llu\n"
	    "# HELP muster_tasks_ended_total Tasks that ended on this node.\n"
	    "# TYPE muster_tasks_ended_total counter\n"
	    "muster_tasks_ended_total %llu\n"
	    "# HELP muster_tasks_failed_total Those that failed.\n"
	    "# TYPE muster_tasks_failed_total counter\n"
	    "muster_tasks_failed_total %llu\n"
	    "# HELP muster_schedule_due_total Runs that the schedule began.\n"
	    "# TYPE muster_schedule_due_total counter\n"
	    "muster_schedule_due_total %llu\n"
	    "# HELP muster_schedule_late_seconds_max The latest of them.\n"
	    "# TYPE muster_schedule_late_seconds_max gauge\n"
	    "muster_schedule_late_seconds_max %.3f\n"
	    "# HELP muster_store_errors_total Turns that the state store "
	    "ended.\n"
	    "# TYPE muster_store_errors_total counter\n"
	    "muster_store_errors_total %llu\n",
	    (unsigned long long)c.jobs, (unsigned long long)c.running,
	    (unsigned long long)c.ended, (unsigned long long)c.failed,
	    (unsigned long long)c.due, (double)c.late_us_max / 1e6,
	    (unsigned long long)c.store_errors);
	mst_keeper_gauges(v->keeper, out);
}

/* ---- starting ------------------------------------------------------------ */

static int read_service(struct serving *v, struct mst_err *err)
{
	const struct mst_config config = {.state = v->state};
	struct mst_arena arena;
	int rc;

	mst_arena_init(&arena, MST_MAX_ARENA);
	rc = mst_service_section(&config, &arena, &v->service, err);
	if (rc < 0) {
		mst_arena_fini(&arena);
		return rc;
	}
	mst_arena_fini(&v->arena);
	v->arena = arena;
	return 0;
}

static int take_folder(struct serving *v, struct mst_err *err)
{
	char *path = mst_asprintf("%s/serve.lock", mst_state_dir(v->state));
	char *what =
	    mst_asprintf("the state folder '%s'", mst_state_dir(v->state));
	int rc = mst_lock_take(&v->lock, path, what, NULL, err);

	free(path);
	free(what);
	return rc;
}

static int name_node(struct serving *v, struct mst_err *err)
{
	if (v->conf->node) {
		if (!*v->conf->node || strlen(v->conf->node) > 63)
			return mst_err_set(err, MST_E_INVALID,
					   "--node: a name has 1 to 63 bytes");
		(void)snprintf(v->node, sizeof(v->node), "%s", v->conf->node);
		return 0;
	}
	if (gethostname(v->node, sizeof(v->node) - 1) < 0 || !*v->node)
		(void)snprintf(v->node, sizeof(v->node), "muster");
	return 0;
}

/* Workers write their log in the same form. */
static void choose_log(const struct serving *v)
{
	int form = v->conf->log_form >= 0 ? v->conf->log_form : v->service.log;
	bool json = form == MST_LOG_JSON ||
		    (form == MST_LOG_AUTO && !isatty(STDERR_FILENO));

	mst_log_json(json);
	(void)setenv("MUSTER_LOG", json ? "json" : "text", 1);
}

static int first_user(struct serving *v, struct mst_err *err)
{
	char once[MST_PASSWORD_ONCE];
	bool made = false;
	int rc = mst_auth_first(v->state, once, &made, err);

	if (rc == 0 && made && v->conf->first)
		v->conf->first(v->conf->ctx, MST_FIRST_USER, once);
	explicit_bzero(once, sizeof(once));
	return rc;
}

/* The folder's lock lets in one daemon at a time, so this folder on this
 * machine is a node whatever process it has: one that was killed need not be
 * waited for. 0: not known. */
static uint64_t incarnation(const struct serving *v)
{
	struct mst_buf b = MST_BUF_INIT(4096);
	struct mst_err err = MST_ERR_INIT;
	struct stat st;
	uint64_t h = 0;

	if (mst_file_read("/proc/sys/kernel/random/boot_id", &b, &err) == 0 &&
	    stat(mst_state_dir(v->state), &st) == 0) {
		(void)mst_buf_addf(&b, " %llu %llu %s",
				   (unsigned long long)st.st_dev,
				   (unsigned long long)st.st_ino, v->node);
		h = mst_hash64(b.p, b.n, 0);
	}
	mst_buf_fini(&b);
	return h;
}

static int start_keeper(struct serving *v, struct mst_err *err)
{
	const struct mst_keeper_conf conf = {
	    .state_dir = v->conf->state_dir,
	    .node = v->node,
	    .incarnation = incarnation(v),
	    .address = v->address,
	    .version = v->conf->version,
	    .program = v->conf->program,
	    .slots = (unsigned)v->conf->slots,
	    .echo_log = true,
	    .forward = true,
	    .told = {publish, publish_end, v},
	};

	/* What the section says is another text after a reload. */
	(void)snprintf(v->address, sizeof(v->address), "%s",
		       v->service.public_url ? v->service.public_url
		       : v->conf->listen     ? v->conf->listen
					     : v->service.listen);
	return mst_keeper_start(&conf, &v->keeper, err);
}

static int start_api(struct serving *v, struct mst_err *err)
{
	const char *listen =
	    v->conf->listen ? v->conf->listen : v->service.listen;
	unsigned rate = v->service.rate_limit ? (unsigned)v->service.rate_limit
					      : MST_HTTP_ANY;
	const char **proxies = mst_arena_alloc(
	    &v->arena, (v->service.proxies.n + 1) * sizeof(*proxies));
	struct mst_api_conf conf = {
	    .state_dir = v->conf->state_dir,
	    .node = v->node,
	    .http = {.cert_file = v->service.tls.certificate,
		     .key_file = v->service.tls.key,
		     .address_rate = rate,
		     .caller_rate = rate,
		     .proxies = proxies},
	    .hub = v->hub,
	    .door = v->door,
	    .keeper = &v->around};
	char note[400];
	bool v6;

	for (size_t i = 0; i < v->service.proxies.n; i++)
		proxies[i] = v->service.proxies.v[i];
	if (!mst_service_address(listen, &v->arena, &conf.http.address,
				 &conf.http.port))
		return mst_err_set(err, MST_E_INVALID,
				   "'%s' is nothing to listen on: wanted is "
				   "ADDRESS:PORT, such as 127.0.0.1:8480",
				   listen);
	if (!conf.http.cert_file && v->service.proxies.n == 0 &&
	    !mst_service_is_loopback(conf.http.address))
		return mst_err_set(
		    err, MST_E_INVALID,
		    "'%s' is an address that others reach, and passwords would "
		    "travel in the clear: set tls.certificate and tls.key in "
		    "the section service, or name the proxy in front in "
		    "proxies",
		    listen);
	if (mst_api_open(&conf, &v->api, err) < 0)
		return -(int)err->code;
	v6 = strchr(conf.http.address, ':') != NULL;
	(void)snprintf(v->url, sizeof(v->url), "%s://%s%s%s:%d",
		       conf.http.cert_file ? "https" : "http", v6 ? "[" : "",
		       conf.http.address, v6 ? "]" : "", mst_api_port(v->api));
	(void)snprintf(note, sizeof(note), "process %ld, %s", (long)getpid(),
		       v->url);
	return mst_lock_note(&v->lock, note, err);
}

static int start(struct serving *v, struct mst_err *err)
{
	sigset_t set;

	if (mst_state_open(v->conf->state_dir, &v->state, err) < 0 ||
	    take_folder(v, err) < 0 || name_node(v, err) < 0 ||
	    read_service(v, err) < 0 || first_user(v, err) < 0)
		return -(int)err->code;
	choose_log(v);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (v->signals < 0)
		return mst_err_os(err, "signals cannot be taken");
	v->around = (struct mst_api_keeper){wake, ready, metrics, v};
	v->hub = mst_http_hub_new(HUB_KEEP);
	v->door = mst_door_new();
	if (mst_auth_load(v->door, v->state, err) < 0 ||
	    start_keeper(v, err) < 0)
		return -(int)err->code;
	return start_api(v, err);
}

/* ---- while it runs ------------------------------------------------------- */

/* What is wrong in the configuration leaves everything as it was. */
static void reload(struct serving *v)
{
	struct mst_err err = MST_ERR_INIT;

	mst_systemd_reloading();
	if (read_service(v, &err) < 0 ||
	    mst_auth_load(v->door, v->state, &err) < 0 ||
	    mst_api_reload(v->api, &err) < 0)
		mst_error("not everything could be read again: %s", err.msg);
	else
		mst_info("read again: configuration, certificate and key");
	mst_keeper_reload(v->keeper);
	mst_systemd_notify("READY=1");
}

/* The next signal, 0 when there is none for so long, -1 when there cannot be
 * any. */
static int next_signal(const struct serving *v, int64_t ms)
{
	struct pollfd p = {.fd = v->signals, .events = POLLIN};
	struct signalfd_siginfo info;

	if (poll(&p, 1, (int)ms) <= 0)
		return 0;
	if (read(v->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

/* The watchdog hears nothing while the keeper stands still. */
struct pulse {
	int64_t every_ms, next_us;
	uint64_t turns;
};

static void feed(const struct serving *v, struct pulse *p)
{
	uint64_t turns = mst_keeper_turns(v->keeper);

	if (!p->every_ms || mst_mono_us() < p->next_us || turns == p->turns)
		return;
	p->turns = turns;
	p->next_us = mst_mono_us() + p->every_ms * 1000;
	mst_systemd_notify("WATCHDOG=1");
}

static void run(struct serving *v, struct pulse *p)
{
	for (;;) {
		int64_t ms =
		    p->every_ms ? MST_MIN(p->every_ms, NAP_MS) : 60 * NAP_MS;
		int sig = next_signal(v, ms);

		feed(v, p);
		if (sig == SIGHUP)
			reload(v);
		else if (sig > 0)
			return;
	}
}

/* Workers are told to stop, and finish what is under way. */
static void stop(struct serving *v, struct pulse *p)
{
	mst_systemd_notify("STOPPING=1");
	mst_info("stopping: what is under way is finished and stored; once "
		 "more ends at once");
	mst_keeper_stop(v->keeper);
	while (!mst_keeper_stopped(v->keeper)) {
		int sig = next_signal(v, STOP_POLL_MS);

		feed(v, p);
		if (sig == SIGTERM || sig == SIGINT)
			_exit(ENDED_NOW); /* its workers hear of that */
	}
}

static void fini(struct serving *v)
{
	mst_api_close(&v->api, API_GRACE_MS);
	mst_keeper_free(&v->keeper);
	mst_door_free(&v->door);
	mst_http_hub_free(&v->hub);
	if (v->signals >= 0)
		close(v->signals);
	mst_lock_drop(&v->lock);
	mst_state_close(&v->state);
	mst_arena_fini(&v->arena);
}

int mst_serve(const struct mst_serve_conf *conf, struct mst_err *err)
{
	struct serving v = {.conf = conf, .signals = -1, .lock = MST_LOCK_INIT};
	struct pulse p = {.every_ms = mst_systemd_watchdog_ms()};
	char lines[400];
	int rc;

	mst_arena_init(&v.arena, MST_MAX_ARENA);
	rc = start(&v, err);
	if (rc == 0) {
		mst_info("node %s answers at %s", v.node, v.url);
		(void)snprintf(lines, sizeof(lines), "READY=1\nSTATUS=%s",
			       v.url);
		mst_systemd_notify(lines);
		if (conf->ready)
			conf->ready(conf->ctx, v.url);
		run(&v, &p);
		stop(&v, &p);
	}
	fini(&v);
	return rc;
}
