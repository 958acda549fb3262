/* SPDX-License-Identifier: Apache-2.0
 *
 * serve.cost: the job of job.unchanged by a daemon that serves, against the
 * same at the shell, by turns; the seconds are those of the run itself. While
 * it runs, ten consoles follow it live (its task and everything), one of them
 * loads a page every second and Prometheus scrapes every five: their work
 * counts, too, on the same cores. ratio: of the rate at the shell.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/people.h"
#include "base/log.h"
#include "base/num.h"
#include "base/time.h"
#include "bench/job.h"
#include "bench/served.h"
#include "state/task.h"

#define ROUNDS	 5
#define RUNS	 4 /* of each kind in a round */
#define CONSOLES 10
#define STREAMS	 (2 * CONSOLES)
#define ANSWER	 (1u << 20)
#define LATE_S	 120

extern char **environ;

struct cost {
	char *dir, *env; /* "MUSTER_STATE=…" */
	/* Somebody has it open all the time, as the daemon does. */
	struct mst_state *state;
	struct served as; /* its token alone */
	int port;
	pid_t daemon;
	struct mst_run last;
};

/* ---- commands ------------------------------------------------------------ */

static bool muster(struct cost *c, const char *const *words, pid_t *pid)
{
	const char *argv[10] = {"muster"};
	posix_spawn_file_actions_t fds;
	char *env[1000] = {c->env};
	size_t n = 1;
	bool ok;

	for (size_t i = 0; words[i]; i++)
		argv[n++] = words[i];
	n = 1;
	for (char **e = environ; *e && n < MST_LEN(env) - 1; e++)
		env[n++] = *e;
	/* Standard output is for lines of figures. */
	(void)posix_spawn_file_actions_init(&fds);
	(void)posix_spawn_file_actions_addopen(&fds, 1, "/dev/null", O_WRONLY,
					       0);
	ok = posix_spawn(pid, BENCH_MUSTER, &fds, NULL,
			 (char *const *)(uintptr_t)argv, env) == 0;
	(void)posix_spawn_file_actions_destroy(&fds);
	return ok;
}

static int take_run(void *ctx, const struct mst_run *r)
{
	struct cost *c = ctx;

	c->last = *r;
	return 0;
}

/* How long the newest run took, in seconds; 0: it did not end well. */
static double newest(struct cost *c)
{
	const struct mst_run_filter f = {.job = "demo", .status = -1, .n = 1};
	struct mst_err err = MST_ERR_INIT;
	int64_t before = c->last.id;

	if (mst_state_runs(c->state, &f, take_run, c, &err) < 0)
		(void)served_fail(&err);
	return c->last.id > before && c->last.status == MST_RUN_OK
		   ? (double)(c->last.ended_us - c->last.started_us) / 1e6
		   : 0;
}

static double run_alone(struct cost *c)
{
	static const char *const words[] = {"run", "demo", "--quiet", NULL};
	int status = -1;
	pid_t pid;

	if (!muster(c, words, &pid) || waitpid(pid, &status, 0) != pid ||
	    status != 0)
		return 0;
	return newest(c);
}

/* ---- the daemon ---------------------------------------------------------- */

static int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(a);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
		  getsockname(fd, (struct sockaddr *)&a, &n) == 0;

	(void)close(fd);
	return ok ? ntohs(a.sin_port) : 0;
}

static bool start(struct cost *c)
{
	char listen[32];
	const char *const words[] = {"serve",  "--quiet", "--listen", listen,
				     "--node", "bench",	  NULL};

	c->port = free_port();
	(void)snprintf(listen, sizeof(listen), "127.0.0.1:%d", c->port);
	if (!muster(c, words, &c->daemon))
		return false;
	for (int i = 0; i < 100 * LATE_S; i++) {
		int fd = served_dial(c->port);

		if (fd >= 0) {
			(void)close(fd);
			return true;
		}
		(void)poll(NULL, 0, 10);
	}
	return false;
}

static bool stop(struct cost *c)
{
	int status = -1;

	if (c->daemon > 0 && kill(c->daemon, SIGTERM) == 0)
		(void)waitpid(c->daemon, &status, 0);
	c->daemon = 0;
	return status == 0;
}

/* ---- who watches --------------------------------------------------------- */

/* One request on a connection of its own, up to the answer's end. */
static bool ask(const struct cost *c, const char *method, const char *path,
		const char *body, char *out)
{
	char head[700];
	int fd = served_dial(c->port);
	size_t n = 0;
	ssize_t k;

	(void)snprintf(head, sizeof(head),
		       "%s %s HTTP/1.1\r\nHost: b\r\nConnection: close\r\n"
		       "Authorization: Bearer %s\r\nContent-Length: %zu\r\n"
		       "Content-Type: application/json\r\n\r\n%s",
		       method, path, c->as.token, strlen(body), body);
	if (fd < 0 || !served_send(fd, head, strlen(head))) {
		(void)close(fd);
		return false;
	}
	while (n < ANSWER - 1 && (k = recv(fd, out + n, ANSWER - 1 - n, 0)) > 0)
		n += (size_t)k;
	out[n] = 0;
	(void)close(fd);
	return strncmp(out, "HTTP/1.1 20", 11) == 0;
}

static bool page(const struct cost *c, const char *path, char *out)
{
	return ask(c, "GET", path, "", out);
}

static int follow(const struct cost *c, const char *path)
{
	char request[512];
	int fd = served_dial(c->port);

	served_get(&c->as, path, request);
	if (fd >= 0 && !served_send(fd, request, strlen(request))) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Reads what has come; *end: the task is over. */
static bool hear(struct pollfd *w, char *out, bool *end)
{
	for (int i = 0; i < STREAMS; i++) {
		ssize_t k;

		if (!w[i].revents)
			continue;
		k = recv(w[i].fd, out, ANSWER - 1, 0);
		if (k <= 0)
			return false;
		out[k] = 0;
		*end = *end || (i == 0 && strstr(out, "event: end"));
	}
	return true;
}

static bool watch(const struct cost *c, struct pollfd *w, char *out)
{
	static const char *const pages[] = {
	    "/api/v1/overview",	   "/api/v1/runs?limit=50",  "/api/v1/jobs",
	    "/api/v1/connections", "/api/v1/tasks?limit=50", "/metrics"};
	const int64_t late = mst_mono_us() + LATE_S * INT64_C(1000000);
	int64_t next = mst_mono_us();
	bool ok = true, end = false;
	size_t n = 0;

	while (ok && !end && mst_mono_us() < late) {
		ok = poll(w, STREAMS, 50) >= 0 && hear(w, out, &end);
		if (!ok || end || mst_mono_us() < next)
			continue;
		ok = page(c, pages[n++ % MST_LEN(pages)], out);
		next += 5000000 / MST_LEN(pages);
	}
	return ok && end;
}

/* In a process of its own. */
static bool view(const struct cost *c)
{
	char *out = mst_alloc(ANSWER), path[64];
	struct pollfd w[STREAMS];
	const char *at = NULL;
	bool ok = true;
	int n = 0;

	/* Those that follow everything are there before. */
	for (; n < CONSOLES && ok; n++) {
		w[n + CONSOLES] = (struct pollfd){
		    .fd = follow(c, "/api/v1/events"), .events = POLLIN};
		ok = w[n + CONSOLES].fd >= 0;
	}
	ok = ok && ask(c, "POST", "/api/v1/jobs/demo/runs", "{}", out);
	at = ok ? strstr(out, "{\"id\":") : NULL;
	(void)snprintf(path, sizeof(path), "/api/v1/tasks/%.*s/events",
		       at ? (int)strspn(at + 6, "0123456789") : 0,
		       at ? at + 6 : "");
	for (n = 0; n < CONSOLES && at; n++)
		w[n] = (struct pollfd){.fd = follow(c, path), .events = POLLIN};
	ok = at && watch(c, w, out);
	free(out);
	return ok;
}

static double run_served(struct cost *c)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(view(c) ? 0 : 1);
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	return status == 0 ? newest(c) : 0;
}

/* ---- by turns ------------------------------------------------------------ */

static int ascending(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

static double middle(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), ascending);
	return v[n / 2];
}

/* The middle of some runs; 0: one of them failed. */
static double some(struct cost *c, double (*run)(struct cost *c))
{
	double v[RUNS];

	for (int i = 0; i < RUNS; i++) {
		v[i] = run(c);
		if (v[i] <= 0)
			return 0;
	}
	return middle(v, RUNS);
}

static bool rounds(struct cost *c, double out[8])
{
	double ratio[ROUNDS], served[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double alone = some(c, run_alone);

		served[i] = alone > 0 && start(c) ? some(c, run_served) : 0;
		if (!stop(c) || served[i] <= 0)
			return false;
		ratio[i] = alone / served[i];
	}
	out[0] = middle(served, ROUNDS);
	out[1] = middle(ratio, ROUNDS);
	out[2] = (double)c->last.read;
	out[3] = (double)c->last.writes;
	return true;
}

static int prepare(struct cost *c, struct mst_slice yaml, struct mst_err *err)
{
	const struct mst_person who = {
	    .name = "bench",
	    .full_name = "",
	    .role = MST_ROLE_OPERATOR,
	    .password = MST_SLICE_LIT("fake-Password-of-nobody-17"),
	    .min_length = 12};
	char once[MST_PASSWORD_ONCE], id[MST_TOKEN_ID];
	int rc = mst_state_open(c->dir, &c->state, err);

	if (rc == 0)
		rc = bench_apply(c->state, yaml, err);
	if (rc == 0)
		rc = mst_people_add(c->state, &who, once, err);
	if (rc == 0)
		rc = mst_people_token(c->state, "bench", "bench", 0, 1, id,
				      c->as.token, err);
	/* The report of the day, which draws open CVEs, was made already. */
	if (rc == 0)
		rc = mst_trend_put(c->state, "demo", "open_cves.low",
				   mst_now_us(), 0, err);
	return rc;
}

static bool cost(struct bench *b, void *arg, double out[8])
{
	const struct mst_sim_conf sim = {.devices = (unsigned)b->devices,
					 .cve_rows = b->rows,
					 .apps = -1,
					 .iot_devices = -1};
	struct mst_buf yaml = MST_BUF_INIT(1u << 20);
	struct mst_err err = MST_ERR_INIT;
	struct cost c = {.dir = mst_asprintf("%s/cost", b->dir)};
	pid_t pid = bench_sim_start(&sim, &yaml);
	bool ok;

	(void)arg;
	(void)alarm(900);
	(void)signal(SIGPIPE, SIG_IGN);
	mst_log_level(MST_ERROR);
	c.env = mst_asprintf("MUSTER_STATE=%s", c.dir);
	ok = pid > 0 && prepare(&c, mst_buf_slice(&yaml), &err) == 0;
	if (err.code)
		(void)served_fail(&err);
	/* What is there is delivered first. */
	ok = ok && run_alone(&c) > 0 && rounds(&c, out);
	(void)stop(&c);
	bench_sim_stop(pid);
	mst_state_close(&c.state);
	mst_buf_fini(&yaml);
	free(c.env);
	free(c.dir);
	return ok;
}

bool bench_cost(struct bench *b)
{
	struct bench_line l = BENCH_LINE_INIT;
	double out[8];

	if (!bench_child(cost, b, NULL, out))
		return false;
	l.name = "serve.cost";
	l.seconds = out[0];
	l.ratio = out[1];
	l.rows = (uint64_t)out[2];
	l.writes = (int64_t)out[3];
	bench_print(&l);
	return true;
}
